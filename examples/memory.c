/* What does it cost to look at what a stream holds? 50 chunks of 1 MiB are written to a stream; then each way
 * of getting at the bytes, and each change made afterwards, is measured on a fresh stream: what the library
 * newly allocates (counted by an allocator of our own), how many bytes it copies (the stream's statistics),
 * and how long it takes (the median of several runs).
 *
 * usage: memory [RUNS]
 */
#define _POSIX_C_SOURCE 200809L
#include <bytesio.h>
#include <inttypes.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CHUNKS = 50, MIB = 1024 * 1024, TOTAL = CHUNKS * MIB, MAX_RUNS = 101 };

static void require(bio_status status, const char *what)
{
    if (status != BYTESIO_OK) {
        fprintf(stderr, "memory: %s: %s\n", what, bio_strerror(status));
        exit(1);
    }
}

static void expect(bool fact, const char *what)
{
    if (!fact) {
        fprintf(stderr, "memory: not so: %s\n", what);
        exit(1);
    }
}

/* ---- the counting allocator ------------------------------------------------------------------------- */

/* One thread uses it, so plain counters do. */
typedef struct counter {
    uint64_t calls;
    uint64_t bytes;
} counter;

static void *counting_allocate(void *ctx, size_t size, size_t align)
{
    counter *count = ctx;
    count->calls += 1;
    count->bytes += size;
    if (align <= alignof(max_align_t)) {
        return malloc(size);
    }
    void *memory = NULL;
    return posix_memalign(&memory, align, size) == 0 ? memory : NULL;
}

/* A block that grows counts with what it grows by; one that shrinks asks for nothing new. */
static void *counting_reallocate(void *ctx, void *old, size_t old_size, size_t new_size, size_t align)
{
    counter *count = ctx;
    void *memory = NULL;
    if (align <= alignof(max_align_t)) {
        memory = realloc(old, new_size);
    } else if (posix_memalign(&memory, align, new_size) == 0) {
        memcpy(memory, old, old_size < new_size ? old_size : new_size);
        free(old);
    }
    if (memory != NULL && new_size > old_size) {
        count->calls += 1;
        count->bytes += new_size - old_size;
    }
    return memory;
}

static void counting_deallocate(void *ctx, void *memory, size_t size, size_t align)
{
    (void)ctx;
    (void)size;
    (void)align;
    free(memory);
}

/* ---- one measured case ------------------------------------------------------------------------------ */

/* Everything a case may hold; what is left in it is released when the case is over. */
typedef struct bench {
    counter count;
    bio_allocator allocator;
    uint8_t *chunk; /* 1 MiB to write */
    bio_stream *stream;
    bio_snapshot *snapshot; /* taken by the preparation */
    bio_snapshot *result;   /* taken by what is measured */
    bio_view *view;
    void *buffer; /* the caller's own memory, counted like the library's */
    uint64_t copied_out;
} bench;

static void do_nothing(bench *b)
{
    (void)b;
}

static void write_all(bench *b)
{
    bio_options options = BYTESIO_OPTIONS_INIT;
    options.allocator = &b->allocator;
    require(bio_new_with(&options, &b->stream), "bio_new_with");
    for (int i = 0; i < CHUNKS; i++) {
        require(bio_write(b->stream, b->chunk, MIB), "bio_write");
    }
}

static void rewind_stream(bench *b)
{
    require(bio_seek(b->stream, 0, BYTESIO_SEEK_SET, NULL), "bio_seek");
}

static void take_snapshot(bench *b)
{
    require(bio_getvalue(b->stream, &b->snapshot), "bio_getvalue");
}

static void take_snapshot_and_drop_it(bench *b)
{
    take_snapshot(b);
    bio_snapshot_release(b->snapshot);
    b->snapshot = NULL;
}

static void take_snapshot_of_a_full_block(bench *b)
{
    require(bio_shrink_to_fit(b->stream), "bio_shrink_to_fit");
    take_snapshot(b);
}

static void open_readonly_view(bench *b)
{
    require(bio_getbuffer(b->stream, BYTESIO_VIEW_READONLY, &b->view), "bio_getbuffer");
}

static void open_writable_view(bench *b)
{
    require(bio_getbuffer(b->stream, BYTESIO_VIEW_WRITABLE, &b->view), "bio_getbuffer");
}

static void open_writable_view_then_snapshot(bench *b)
{
    open_writable_view(b);
    take_snapshot(b);
}

static void read_into_buffer(bench *b)
{
    size_t nread = 0;
    b->buffer = counting_allocate(&b->count, TOTAL, 1);
    expect(b->buffer != NULL, "there is memory for the caller's buffer");
    require(bio_read(b->stream, b->buffer, TOTAL, &nread), "bio_read");
    expect(nread == TOTAL, "bio_read reads everything");
    b->copied_out = nread;
}

static void read_snapshot(bench *b)
{
    require(bio_read_snapshot(b->stream, SIZE_MAX, &b->result), "bio_read_snapshot");
    expect(bio_snapshot_len(b->result) == TOTAL, "the snapshot read is everything");
}

static void getvalue(bench *b)
{
    require(bio_getvalue(b->stream, &b->result), "bio_getvalue");
    expect(bio_snapshot_len(b->result) == TOTAL, "getvalue is everything");
}

static void append_chunk(bench *b)
{
    require(bio_seek(b->stream, 0, BYTESIO_SEEK_END, NULL), "bio_seek");
    require(bio_write(b->stream, b->chunk, MIB), "bio_write");
    expect(bio_len(b->stream) == TOTAL + MIB, "an append adds its bytes");
}

static void overwrite_byte(bench *b)
{
    require(bio_pwrite(b->stream, "!", 1, TOTAL / 2), "bio_pwrite");
}

typedef struct benchcase {
    const char *name;
    void (*prepare)(bench *);
    void (*measured)(bench *);
} benchcase;

/* The first case writes inside the measurement; all others start from a stream that is written already. */
static const benchcase cases[] = {
    {"write 50 chunks of 1 MiB", NULL, write_all},
    {"read all into a new buffer of the caller", rewind_stream, read_into_buffer},
    {"read all as a snapshot", rewind_stream, read_snapshot},
    {"getvalue", do_nothing, getvalue},
    {"getvalue again, nothing changed", take_snapshot, getvalue},
    {"getbuffer, read-only", do_nothing, open_readonly_view},
    {"getbuffer, writable", do_nothing, open_writable_view},
    {"getbuffer, read-only, after getvalue", take_snapshot, open_readonly_view},
    {"getbuffer, writable, after getvalue", take_snapshot, open_writable_view},
    {"append 1 MiB after getvalue", take_snapshot, append_chunk},
    {"append 1 MiB after getvalue, no room left", take_snapshot_of_a_full_block, append_chunk},
    {"overwrite 1 byte after getvalue", take_snapshot, overwrite_byte},
    {"overwrite 1 byte, snapshot dropped", take_snapshot_and_drop_it, overwrite_byte},
    {"getvalue with a live read-only view", open_readonly_view, getvalue},
    {"getvalue with a live writable view", open_writable_view, getvalue},
    {"getvalue again with that view, unchanged", open_writable_view_then_snapshot, getvalue},
};

typedef struct outcome {
    counter allocated;
    uint64_t copied;
    double seconds;
} outcome;

static double now(void)
{
    struct timespec t;
    expect(clock_gettime(CLOCK_MONOTONIC, &t) == 0, "there is a monotonic clock");
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static uint64_t copied_by(const bio_stream *stream)
{
    bio_statistics statistics = BYTESIO_STATISTICS_INIT;
    if (stream == NULL) {
        return 0; /* not made yet */
    }
    require(bio_get_statistics(stream, &statistics), "bio_get_statistics");
    return statistics.fork_bytes + statistics.move_bytes + statistics.snapshot_copy_bytes;
}

/* The bytes of a snapshot taken earlier must be what they were, whatever was done to the stream since. */
static void check_snapshot(const bench *b)
{
    if (b->snapshot == NULL) {
        return;
    }
    expect(bio_snapshot_len(b->snapshot) == TOTAL, "a snapshot keeps its length");
    for (int i = 0; i < CHUNKS; i++) {
        const uint8_t *at = bio_snapshot_data(b->snapshot) + (size_t)i * MIB;
        expect(memcmp(at, b->chunk, MIB) == 0, "a snapshot keeps its bytes");
    }
}

static outcome run_once(const benchcase *c, uint8_t *chunk)
{
    bench b = {.chunk = chunk};
    b.allocator = (bio_allocator){counting_allocate, counting_reallocate, counting_deallocate, &b.count};
    if (c->prepare != NULL) {
        write_all(&b);
        c->prepare(&b);
    }
    const uint64_t copied_before = copied_by(b.stream);
    b.count = (counter){0, 0};

    const double start = now();
    c->measured(&b);
    const double seconds = now() - start;

    outcome o = {.allocated = b.count, .seconds = seconds};
    o.copied = copied_by(b.stream) - copied_before + b.copied_out;
    check_snapshot(&b);
    bio_release(b.stream);
    bio_view_release(b.view);
    bio_snapshot_release(b.snapshot);
    bio_snapshot_release(b.result);
    free(b.buffer);
    return o;
}

/* ---- the table -------------------------------------------------------------------------------------- */

static int by_size(const void *left, const void *right)
{
    const double a = *(const double *)left;
    const double b = *(const double *)right;
    return (a > b) - (a < b);
}

static const char *amount(char *text, size_t size, uint64_t bytes)
{
    if (bytes < 10000) {
        snprintf(text, size, "%" PRIu64 " B", bytes);
    } else {
        snprintf(text, size, "%.2f MiB", (double)bytes / MIB);
    }
    return text;
}

static const char *duration(char *text, size_t size, double seconds)
{
    if (seconds < 100e-6) {
        snprintf(text, size, "%.2f us", seconds * 1e6);
    } else {
        snprintf(text, size, "%.2f ms", seconds * 1e3);
    }
    return text;
}

int main(int argc, char **argv)
{
    static uint8_t chunk[MIB];
    double seconds[MAX_RUNS];
    char allocated[32];
    char copied[32];
    char elapsed[32];

    const long runs = argc > 1 ? strtol(argv[1], NULL, 10) : 5;
    if (argc > 2 || runs < 1 || runs > MAX_RUNS) {
        fprintf(stderr, "usage: memory [RUNS]   (1 to %d)\n", MAX_RUNS);
        return 2;
    }
    for (size_t i = 0; i < sizeof chunk; i++) {
        chunk[i] = (uint8_t)(i * 2654435761u >> 13);
    }

    printf("A stream of %d chunks of 1 MiB; time is the median of %ld runs.\n\n", CHUNKS, runs);
    printf("%-42s %12s %6s %12s %12s\n", "operation", "allocated", "calls", "copied", "time");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        outcome first = {0};
        for (long run = 0; run < runs; run++) {
            const outcome o = run_once(&cases[i], chunk);
            if (run == 0) {
                first = o;
            }
            expect(o.allocated.calls == first.allocated.calls && o.allocated.bytes == first.allocated.bytes &&
                       o.copied == first.copied,
                   "the same work allocates and copies the same in every run");
            seconds[run] = o.seconds;
        }
        qsort(seconds, (size_t)runs, sizeof seconds[0], by_size);
        printf("%-42s %12s %6" PRIu64 " %12s %12s\n", cases[i].name,
               amount(allocated, sizeof allocated, first.allocated.bytes), first.allocated.calls,
               amount(copied, sizeof copied, first.copied),
               duration(elapsed, sizeof elapsed, seconds[runs / 2]));
    }
    printf("\nWhere a block grows by itself, malloc may do with less than the copies named here.\n");
    return fflush(stdout) == 0 ? 0 : 1;
}
