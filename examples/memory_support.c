#define _POSIX_C_SOURCE 200809L
#include "memory_support.h"
#include <inttypes.h>
#include <stdalign.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

void require(bio_status status, const char *what)
{
    if (status != BYTESIO_OK) {
        fprintf(stderr, "memory: %s: %s\n", what, bio_strerror(status));
        exit(1);
    }
}

void expect(bool fact, const char *what)
{
    if (!fact) {
        fprintf(stderr, "memory: not so: %s\n", what);
        exit(1);
    }
}

/* ---- the counting allocator ------------------------------------------------------------------------- */

void *counting_allocate(void *ctx, size_t size, size_t align)
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

bio_allocator counting_allocator(counter *count)
{
    return (bio_allocator){counting_allocate, counting_reallocate, counting_deallocate, count};
}

/* ---- time and amounts --------------------------------------------------------------------------------- */

double now(void)
{
    struct timespec t;
    expect(clock_gettime(CLOCK_MONOTONIC, &t) == 0, "there is a monotonic clock");
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

const char *amount(char *text, size_t size, uint64_t bytes)
{
    if (bytes < 10000) {
        snprintf(text, size, "%" PRIu64 " B", bytes);
    } else {
        snprintf(text, size, "%.2f MiB", (double)bytes / MIB);
    }
    return text;
}

const char *duration(char *text, size_t size, double seconds)
{
    if (seconds < 100e-6) {
        snprintf(text, size, "%.2f us", seconds * 1e6);
    } else {
        snprintf(text, size, "%.2f ms", seconds * 1e3);
    }
    return text;
}
