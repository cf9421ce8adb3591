/* What does it cost to look at what a stream holds? 50 chunks of 1 MiB are written to a stream; then each way
 * of getting at the bytes, and each change made afterwards, is measured on a fresh stream: how many bytes the
 * library copies (the stream's statistics), and how long it takes (the median of several runs).
 *
 * The first table is of streams with an allocator of our own, which counts what the library newly allocates. The
 * second is of streams that leave memory to the library: from some size on their blocks are mapped, and
 * snapshots share what has not changed page by page.
 *
 * usage: memory [RUNS]
 */
#include "memory_support.h"
#include <inttypes.h>
#include <string.h>

enum { CHUNKS = 50, TOTAL = CHUNKS * MIB, PAGE = 4096, ROUNDS = 20, MAX_RUNS = 101 };

/* ---- one measured case ------------------------------------------------------------------------------ */

/* Everything a case may hold; what is left in it is released when the case is over. */
typedef struct bench {
    counter count;
    bio_allocator allocator;
    bool counted;   /* whether the stream takes its memory from that allocator */
    uint8_t *chunk; /* 1 MiB to write */
    bio_stream *stream;
    bio_snapshot *snapshot; /* taken by the preparation */
    bio_snapshot *result;   /* taken by what is measured */
    bio_snapshot *older[ROUNDS];
    size_t rounds; /* overwrites so far, each in another page */
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
    options.allocator = b->counted ? &b->allocator : NULL;
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

/* All pages are looked at through the view, as its owner would: what changed is to be found among them. */
static void open_writable_view_then_snapshot(bench *b)
{
    size_t found = 0;
    open_writable_view(b);
    take_snapshot(b);
    require(bio_view_count(b->view, "!", 1, &found), "bio_view_count");
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
    require(bio_pwrite(b->stream, "!", 1, TOTAL / 2 + b->rounds * PAGE), "bio_pwrite");
}

static void overwrite_every_page(bench *b)
{
    for (size_t at = 0; at < TOTAL; at += PAGE) {
        require(bio_pwrite(b->stream, "!", 1, at), "bio_pwrite");
    }
}

/* What earlier rounds write is what is there already, so that every snapshot can be compared with the chunks. */
static void do_rounds(bench *b, bool keep, size_t pages)
{
    for (; b->rounds < ROUNDS; b->rounds++) {
        take_snapshot(b);
        for (size_t page = 0; page < pages; page++) {
            const size_t at = pages == 1 ? TOTAL / 2 + b->rounds * PAGE : page * PAGE;
            require(bio_pwrite(b->stream, &b->chunk[at % MIB], 1, at), "bio_pwrite");
        }
        if (keep) {
            b->older[b->rounds] = b->snapshot;
        } else {
            bio_snapshot_release(b->snapshot);
        }
    }
    take_snapshot(b);
}

static void do_rounds_and_drop_snapshots(bench *b)
{
    do_rounds(b, false, 1);
}

static void do_rounds_and_keep_snapshots(bench *b)
{
    do_rounds(b, true, 1);
}

static void do_rounds_on_every_page(bench *b)
{
    do_rounds(b, false, TOTAL / PAGE);
}

/* The page written is what is there already, but for the last time: every snapshot can be compared with the chunks. */
static void do_rounds_through_view(bench *b)
{
    open_writable_view(b);
    uint8_t *bytes = NULL;
    require(bio_view_data_mut(b->view, &bytes), "bio_view_data_mut");
    for (; b->rounds < ROUNDS; b->rounds++) {
        const size_t at = TOTAL / 2 + b->rounds * PAGE;
        bio_snapshot *const last = b->snapshot;
        take_snapshot(b);
        bio_snapshot_release(last);
        bytes[at] = b->chunk[at % MIB];
    }
    bytes[TOTAL / 2] = '!';
}

typedef struct benchcase {
    const char *name;
    void (*prepare)(bench *);
    void (*measured)(bench *);
} benchcase;

/* The first case of a table writes inside the measurement; all others start from a stream that is written already. */
static const benchcase counted_cases[] = {
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

static const benchcase library_cases[] = {
    {"write 50 chunks of 1 MiB", NULL, write_all},
    {"getvalue", do_nothing, getvalue},
    {"append 1 MiB after getvalue", take_snapshot, append_chunk},
    {"append 1 MiB after getvalue, no room left", take_snapshot_of_a_full_block, append_chunk},
    {"overwrite 1 byte after getvalue", take_snapshot, overwrite_byte},
    {"the same, round 21, older snapshots dropped", do_rounds_and_drop_snapshots, overwrite_byte},
    {"the same, round 21, older snapshots kept", do_rounds_and_keep_snapshots, overwrite_byte},
    {"overwrite every page after getvalue", take_snapshot, overwrite_every_page},
    {"the same, round 21", do_rounds_on_every_page, overwrite_every_page},
    {"getbuffer, writable, after getvalue", take_snapshot, open_writable_view},
    {"getvalue with a live writable view", open_writable_view, getvalue},
    {"getvalue again with that view, unchanged", open_writable_view_then_snapshot, getvalue},
    {"the same, round 21, 1 page changed each", do_rounds_through_view, getvalue},
};

typedef struct outcome {
    counter allocated;
    uint64_t copied;
    uint32_t kind;
    double seconds;
} outcome;

static uint64_t copied_by(const bio_stream *stream, uint32_t *kind)
{
    bio_statistics statistics = BYTESIO_STATISTICS_INIT;
    if (stream == NULL) {
        return 0; /* not made yet */
    }
    require(bio_get_statistics(stream, &statistics), "bio_get_statistics");
    *kind = statistics.kind;
    return statistics.fork_bytes + statistics.move_bytes + statistics.snapshot_copy_bytes +
           statistics.update_bytes;
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

static outcome run_once(const benchcase *c, bool counted, uint8_t *chunk)
{
    bench b = {.chunk = chunk, .counted = counted};
    b.allocator = counting_allocator(&b.count);
    if (c->prepare != NULL) {
        write_all(&b);
        c->prepare(&b);
    }
    outcome o = {0};
    const uint64_t copied_before = copied_by(b.stream, &o.kind);
    b.count = (counter){0, 0};

    const double start = now();
    c->measured(&b);
    o.seconds = now() - start;

    o.allocated = b.count;
    o.copied = copied_by(b.stream, &o.kind) - copied_before + b.copied_out;
    check_snapshot(&b);
    for (size_t i = 0; i < ROUNDS; i++) {
        bio_snapshot_release(b.older[i]);
    }
    bio_release(b.stream);
    bio_view_release(b.view);
    bio_snapshot_release(b.snapshot);
    bio_snapshot_release(b.result);
    free(b.buffer);
    return o;
}

static int by_size(const void *left, const void *right)
{
    const double a = *(const double *)left;
    const double b = *(const double *)right;
    return (a > b) - (a < b);
}

/* Runs a case several times; the time is the median. */
static outcome measure(const benchcase *c, bool counted, long runs, uint8_t *chunk)
{
    double seconds[MAX_RUNS];
    outcome first = {0};
    if (!counted) {
        /* The library keeps memory from one stream to the next: let there be some from the first run on. */
        (void)run_once(c, counted, chunk);
    }
    for (long run = 0; run < runs; run++) {
        const outcome o = run_once(c, counted, chunk);
        if (run == 0) {
            first = o;
        }
        expect(o.allocated.calls == first.allocated.calls && o.allocated.bytes == first.allocated.bytes &&
                   o.copied == first.copied && o.kind == first.kind,
               "the same work allocates and copies the same in every run");
        seconds[run] = o.seconds;
    }
    qsort(seconds, (size_t)runs, sizeof seconds[0], by_size);
    first.seconds = seconds[runs / 2];
    return first;
}

/* ---- the tables ------------------------------------------------------------------------------------- */

static void print_table(const benchcase *cases, size_t n, bool counted, long runs, uint8_t *chunk)
{
    static const char *const kinds[] = {"none", "heap", "foreign", "fixed", "mapped"};
    char allocated[32];
    char copied[32];
    char elapsed[32];

    if (counted) {
        printf("%-45s %12s %6s %12s %12s\n", "operation", "allocated", "calls", "copied", "time");
    } else {
        printf("%-45s %12s %6s %12s\n", "operation", "copied", "kind", "time");
    }
    for (size_t i = 0; i < n; i++) {
        const outcome o = measure(&cases[i], counted, runs, chunk);
        const char *c = amount(copied, sizeof copied, o.copied);
        const char *t = duration(elapsed, sizeof elapsed, o.seconds);
        if (counted) {
            const char *a = amount(allocated, sizeof allocated, o.allocated.bytes);
            printf("%-45s %12s %6" PRIu64 " %12s %12s\n", cases[i].name, a, o.allocated.calls, c, t);
        } else {
            printf("%-45s %12s %6s %12s\n", cases[i].name, c, kinds[o.kind], t);
        }
    }
}

int main(int argc, char **argv)
{
    static uint8_t chunk[MIB];

    const long runs = argc > 1 ? strtol(argv[1], NULL, 10) : 5;
    if (argc > 2 || runs < 1 || runs > MAX_RUNS) {
        fprintf(stderr, "usage: memory [RUNS]   (1 to %d)\n", MAX_RUNS);
        return 2;
    }
    for (size_t i = 0; i < sizeof chunk; i++) {
        chunk[i] = (uint8_t)(i * 2654435761u >> 13);
    }
    printf("A stream of %d chunks of 1 MiB; time is the median of %ld runs.\n", CHUNKS, runs);
    printf("\nWith an allocator of our own:\n\n");
    print_table(counted_cases, sizeof counted_cases / sizeof counted_cases[0], true, runs, chunk);
    printf("\nWhere a block grows by itself, malloc may do with less than the copies named here.\n");
    printf("\nWith the library's own memory:\n\n");
    print_table(library_cases, sizeof library_cases / sizeof library_cases[0], false, runs, chunk);
    printf("\nPages that the kernel copies when they are first written are in the time, not under "
           "\"copied\".\n");
    return fflush(stdout) == 0 ? 0 : 1;
}
