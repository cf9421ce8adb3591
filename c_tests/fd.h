/* Moving bytes between a stream and a file descriptor, with all that comes back in one value. */
#ifndef BYTESIO_TEST_FD_H
#define BYTESIO_TEST_FD_H

#include "support.h"

typedef struct moved {
    bio_status status;
    size_t n;
    int os_error;
} moved;

static inline moved take(bio_stream *s, int fd, size_t max)
{
    moved m = {0, 4711, 4711};
    m.status = bio_read_fd(s, fd, max, &m.n, &m.os_error);
    return m;
}

static inline moved give(bio_stream *s, int fd, size_t max)
{
    moved m = {0, 4711, 4711};
    m.status = bio_write_fd(s, fd, max, &m.n, &m.os_error);
    return m;
}

static inline int check_moved(const char *file, int line, moved got, bio_status status, size_t n,
                              int os_error)
{
    return check_status(file, line, "status", got.status, status) & check_eq(file, line, "moved", got.n, n) &
           check_eq(file, line, "os_error", (uintmax_t)got.os_error, (uintmax_t)os_error);
}
#define CHECK_MOVED(...) check_moved(__FILE__, __LINE__, __VA_ARGS__)

enum { LARGE = 1 << 20 }; /* more than a pipe holds, many times */

static inline bio_stream *large_stream(void)
{
    uint8_t *bytes = malloc(LARGE);
    REQUIRE(bytes != NULL);
    pattern_fill(bytes, LARGE, 0);
    bio_stream *s = stream_of(bytes, LARGE);
    free(bytes);
    return s;
}

#endif
