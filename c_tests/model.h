/* The naive model of a stream, an array and a position, and what the contract says of a call on it. */
#ifndef BYTESIO_TEST_MODEL_H
#define BYTESIO_TEST_MODEL_H

#include "support.h"

enum { MOST = 700, SNAPS = 12, VIEWS = 3, STEPS = 400 };

typedef struct kept {
    bio_snapshot *snap;
    uint8_t bytes[MOST];
    size_t len;
} kept;

static struct world {
    uint64_t random;
    ledger book;
    bio_stream *s;
    uint8_t bytes[MOST];
    size_t len, pos;
    uint64_t limit, room; /* the limit that was set, and what fixed memory has */
    kept snaps[SNAPS];
    bio_view *views[VIEWS];
    bool writable[VIEWS];
    uint8_t memory[MOST];
    release_log log;
} w;

static inline size_t below(size_t n)
{
    return random_below(&w.random, n);
}

static inline bool exported(void)
{
    for (size_t i = 0; i < VIEWS; i++)
        if (w.views[i])
            return true;
    return false;
}

/* What the contract says of a call that would leave the stream with `len` bytes. */
static inline bio_status verdict(size_t len)
{
    if (len != w.len && exported())
        return BYTESIO_EXPORTED;
    if (len > w.len && (len > w.limit || len > w.room))
        return BYTESIO_LIMIT;
    return BYTESIO_OK;
}

/* True when the call has done it; a refused allocation is the only other way out. */
static inline bool went(bio_status got, bio_status want)
{
    if (got == BYTESIO_NOMEM && w.book.fired)
        return false;
    return CHECK_STATUS(got, want) && want == BYTESIO_OK;
}

static inline void model_put(const uint8_t *data, size_t n, size_t offset)
{
    if (n == 0)
        return;
    if (offset > w.len)
        memset(w.bytes + w.len, 0, offset - w.len);
    memmove(w.bytes + offset, data, n);
    w.len = offset + n > w.len ? offset + n : w.len;
}

static inline size_t end_of(size_t offset, size_t n)
{
    return n && offset + n > w.len ? offset + n : w.len;
}

#endif
