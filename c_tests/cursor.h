/* Streams without a lock, their cursors, and what those show. */
#ifndef BYTESIO_TEST_CURSOR_H
#define BYTESIO_TEST_CURSOR_H

#include "support.h"

static inline bio_stream *unlocked_with(uint64_t limit)
{
    bio_options options = BYTESIO_OPTIONS_INIT;
    bio_stream *s = NULL;
    options.flags = BYTESIO_STREAM_UNLOCKED;
    options.limit = limit;
    REQUIRE_OK(bio_new_with(&options, &s));
    return s;
}

static inline bio_stream *unlocked(const void *data, size_t len, int64_t position)
{
    bio_stream *s = unlocked_with(0);
    REQUIRE_OK(bio_write(s, data, len));
    move_to(s, position);
    return s;
}

static inline bio_cursor *cursor_of(bio_stream *s)
{
    bio_cursor *c = NULL;
    REQUIRE_OK(bio_cursor_of(s, &c));
    REQUIRE(c != NULL);
    return c;
}

static inline ptrdiff_t room(const bio_cursor *c)
{
    return c->write_end - c->next;
}

static inline ptrdiff_t rest(const bio_cursor *c)
{
    return c->read_end - c->next;
}

#endif
