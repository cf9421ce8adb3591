/* Every call on a stream, once, with arguments that are otherwise good: for the tables "on a closed stream",
 * "while a window is open", "while a view lives". Each one gives its results back, and checks that a call that
 * failed has not touched them. The stream under test is expected to be "0123456789" with position 10.
 */
#ifndef BYTESIO_TEST_CALLS_H
#define BYTESIO_TEST_CALLS_H

#include "support.h"

#include <fcntl.h>
#include <unistd.h>

enum {
    CALL_BUSY = 1,   /* refused with BUSY while a window is open */
    CALL_LENGTH = 2, /* would change the length: refused with EXPORTED while a view lives */
    CALL_ROOM = 4,   /* may have to move the bytes, and be refused likewise */
    CALL_CLOSES = 8, /* and with that gives an open window up */
};

typedef struct stream_call {
    const char *name;
    bio_status (*call)(bio_stream *stream);
    unsigned kind;
} stream_call;

#define UNTOUCHED_HANDLE(type) ((type *)(uintptr_t)0x5a5a)
#define UNTOUCHED_SIZE ((size_t)0x5a5a5a)

/* A call with one handle as its result: given back when it came, untouched when not. */
#define HANDLE_CALL(name, type, release, ...)                \
    static inline bio_status call_##name(bio_stream *stream) \
    {                                                        \
        type *out = UNTOUCHED_HANDLE(type);                  \
        bio_status status = __VA_ARGS__;                     \
        if (status == BYTESIO_OK)                            \
            release(out);                                    \
        else                                                 \
            CHECK_PTR(out, UNTOUCHED_HANDLE(type));          \
        return status;                                       \
    }
HANDLE_CALL(clone, bio_stream, bio_release, bio_clone(stream, &out))
HANDLE_CALL(close_take, bio_snapshot, bio_snapshot_release, bio_close_take(stream, &out))
HANDLE_CALL(read_snapshot, bio_snapshot, bio_snapshot_release, bio_read_snapshot(stream, 2, &out))
HANDLE_CALL(getvalue, bio_snapshot, bio_snapshot_release, bio_getvalue(stream, &out))
HANDLE_CALL(view_readonly, bio_view, bio_view_release, bio_getbuffer(stream, BYTESIO_VIEW_READONLY, &out))
HANDLE_CALL(view_writable, bio_view, bio_view_release, bio_getbuffer(stream, BYTESIO_VIEW_WRITABLE, &out))
HANDLE_CALL(fopen_read, FILE, fclose, bio_fopen(stream, "r", &out))
HANDLE_CALL(fopen_truncate, FILE, fclose, bio_fopen(stream, "w", &out))

/* A call with a size, and perhaps bytes, as its result. */
#define SIZE_CALL(name, ...)                                 \
    static inline bio_status call_##name(bio_stream *stream) \
    {                                                        \
        size_t n = UNTOUCHED_SIZE;                           \
        uint8_t buf[4] = {1, 1, 1, 1};                       \
        bio_status status = __VA_ARGS__;                     \
        if (status != BYTESIO_OK) {                          \
            CHECK_EQ(n, UNTOUCHED_SIZE);                     \
            CHECK_MEM(buf, 4, "\1\1\1\1", 4);                \
        }                                                    \
        return status;                                       \
    }
SIZE_CALL(read, bio_read(stream, buf, 2, &n))
SIZE_CALL(pread, bio_pread(stream, buf, 2, 1, &n))
SIZE_CALL(skip, bio_skip(stream, (size_t)buf[0], &n))

#define BYTES_CALL(name, ...)                                 \
    static inline bio_status call_##name(bio_stream *stream)  \
    {                                                         \
        const uint8_t *ptr = UNTOUCHED_HANDLE(const uint8_t); \
        size_t n = UNTOUCHED_SIZE;                            \
        bio_status status = __VA_ARGS__;                      \
        if (status != BYTESIO_OK) {                           \
            CHECK_PTR(ptr, UNTOUCHED_HANDLE(const uint8_t));  \
            CHECK_EQ(n, UNTOUCHED_SIZE);                      \
        }                                                     \
        return status;                                        \
    }
BYTES_CALL(peek, bio_peek(stream, &ptr, &n))
BYTES_CALL(peek_at, bio_peek_at(stream, 3, &ptr, &n))
BYTES_CALL(take, bio_take(stream, 3, &ptr, &n))
BYTES_CALL(readline, bio_readline(stream, SIZE_MAX, &ptr, &n))
BYTES_CALL(read_until, bio_read_until(stream, ';', SIZE_MAX, &ptr, &n))

#define PLAIN_CALL(name, ...)                                \
    static inline bio_status call_##name(bio_stream *stream) \
    {                                                        \
        return __VA_ARGS__;                                  \
    }
static const bio_slice call_pieces[2] = {{"x", 1}, {"yz", 2}};
PLAIN_CALL(read_exact, bio_read_exact(stream, NULL, 0))
PLAIN_CALL(write, bio_write(stream, "xy", 2))
PLAIN_CALL(write_nothing, bio_write(stream, NULL, 0))
PLAIN_CALL(pwrite, bio_pwrite(stream, "xy", 2, 9))
PLAIN_CALL(append, bio_append(stream, "xy", 2))
PLAIN_CALL(append_nothing, bio_append(stream, NULL, 0))
PLAIN_CALL(writev, bio_writev(stream, call_pieces, 2))
PLAIN_CALL(fill, bio_fill(stream, 7, 3))
PLAIN_CALL(truncate, bio_truncate(stream, 1))
PLAIN_CALL(resize_up, bio_resize(stream, 12))
PLAIN_CALL(resize_down, bio_resize(stream, 3))
PLAIN_CALL(clear, bio_clear(stream))
PLAIN_CALL(reserve, bio_reserve(stream, 1 << 20))
PLAIN_CALL(shrink, bio_shrink_to_fit(stream))
PLAIN_CALL(set_limit, bio_set_limit(stream, 1000))
PLAIN_CALL(printf, bio_printf(stream, "%d", 12345))
PLAIN_CALL(close, bio_close(stream))

SNAPSHOT_CALL(call_write_snapshot, snapshot_of(LIT("snapshot")), bio_write_snapshot(stream, snapshot))
SNAPSHOT_CALL(call_restore, snapshot_of(LIT("snapshot")), bio_restore(stream, snapshot))
SNAPSHOT_CALL(call_restore_same_length, snapshot_of(LIT("0123456789")), bio_restore(stream, snapshot))

static inline bio_status call_cstr(bio_stream *stream)
{
    const char *text = UNTOUCHED_HANDLE(const char);
    size_t len = UNTOUCHED_SIZE;
    bio_status status = bio_cstr(stream, &text, &len);
    CHECK((text != UNTOUCHED_HANDLE(const char)) == (status == BYTESIO_OK));
    CHECK((len != UNTOUCHED_SIZE) == (status == BYTESIO_OK));
    return status;
}

static inline bio_status call_detach(bio_stream *stream)
{
    void *data = UNTOUCHED_HANDLE(void);
    size_t len = UNTOUCHED_SIZE;
    bio_status status = bio_detach(stream, &data, &len);
    if (status == BYTESIO_OK) {
        free(data);
    } else {
        CHECK_PTR(data, UNTOUCHED_HANDLE(void));
        CHECK_EQ(len, UNTOUCHED_SIZE);
    }
    return status;
}

static inline bio_status call_seek(bio_stream *stream)
{
    uint64_t position = 0x5a5a;
    bio_status status = bio_seek(stream, 3, BYTESIO_SEEK_SET, &position);
    CHECK_EQ(position, status == BYTESIO_OK ? 3 : 0x5a5a);
    return status;
}

static inline bio_status call_where(bio_stream *stream)
{
    uint64_t position = 0x5a5a, len = 0x5a5a;
    bio_status status = bio_where(stream, &position, &len);
    CHECK((position != 0x5a5a) == (status == BYTESIO_OK) && (len != 0x5a5a) == (status == BYTESIO_OK));
    return status;
}

#define WINDOW_CALL(name, ...)                               \
    static inline bio_status call_##name(bio_stream *stream) \
    {                                                        \
        uint8_t *ptr = UNTOUCHED_HANDLE(uint8_t);            \
        size_t capacity = UNTOUCHED_SIZE;                    \
        bio_status status = __VA_ARGS__;                     \
        if (status == BYTESIO_OK)                            \
            return bio_commit(stream, 0);                    \
        CHECK_PTR(ptr, UNTOUCHED_HANDLE(uint8_t));           \
        CHECK_EQ(capacity, UNTOUCHED_SIZE);                  \
        return status;                                       \
    }
WINDOW_CALL(prepare, bio_prepare(stream, 1, &ptr, &capacity))
WINDOW_CALL(prepare_upto, bio_prepare_upto(stream, 0, 5, &ptr, &capacity))

/* The stream's, if it has one. */
static inline bio_cursor *call_cursor(bio_stream *stream)
{
    bio_cursor *cursor = NULL;
    return bio_cursor_of(stream, &cursor) == BYTESIO_OK ? cursor : NULL;
}
PLAIN_CALL(put, bio_put(stream, call_cursor(stream), "xy", 2))
PLAIN_CALL(put_byte, bio_put_byte(stream, call_cursor(stream), 'x'))
PLAIN_CALL(get, bio_get(stream, call_cursor(stream), NULL, 0))

static inline bio_status call_get_byte(bio_stream *stream)
{
    uint8_t byte = 1;
    bio_status status = bio_seek(stream, 3, BYTESIO_SEEK_SET, NULL);
    status = status ? status : bio_get_byte(stream, call_cursor(stream), &byte);
    CHECK(status == BYTESIO_OK || byte == 1);
    return status;
}

static inline bio_status call_statistics(bio_stream *stream)
{
    bio_statistics statistics = {.struct_size = sizeof statistics, .forks = UNTOUCHED_SIZE};
    bio_status status = bio_get_statistics(stream, &statistics);
    if (status != BYTESIO_OK)
        CHECK_EQ(statistics.forks, UNTOUCHED_SIZE);
    return status;
}

static inline bio_status call_read_fd(bio_stream *stream)
{
    int ends[2], os_error = 4711;
    size_t moved = UNTOUCHED_SIZE;
    REQUIRE(pipe(ends) == 0);
    CHECK_EQ(write(ends[1], "pipe", 4), 4);
    close(ends[1]);
    bio_status status = bio_read_fd(stream, ends[0], SIZE_MAX, &moved, &os_error);
    if (status == BYTESIO_CLOSED) {
        CHECK_EQ(moved, UNTOUCHED_SIZE);
        CHECK_EQ(os_error, 4711);
    }
    if (status != BYTESIO_OK) {
        char left[8];
        CHECK_EQ(read(ends[0], left, sizeof left), 4); /* a refused call has not swallowed anything */
    }
    close(ends[0]);
    return status;
}

static inline bio_status call_write_fd(bio_stream *stream)
{
    int fd = open("/dev/null", O_WRONLY), os_error = 4711;
    size_t moved = UNTOUCHED_SIZE;
    REQUIRE(fd >= 0);
    bio_status status = bio_write_fd(stream, fd, SIZE_MAX, &moved, &os_error);
    if (status == BYTESIO_CLOSED) {
        CHECK_EQ(moved, UNTOUCHED_SIZE);
        CHECK_EQ(os_error, 4711);
    }
    close(fd);
    return status;
}

static const stream_call stream_calls[] = {
    {"bio_clone", call_clone, 0},
    {"bio_get_statistics", call_statistics, 0},
    {"bio_seek", call_seek, 0},
    {"bio_read", call_read, 0},
    {"bio_pread", call_pread, 0},
    {"bio_peek", call_peek, 0},
    {"bio_skip", call_skip, 0},
    {"bio_read_exact", call_read_exact, 0},
    {"bio_get", call_get, 0},
    {"bio_get_byte", call_get_byte, 0},
    {"bio_peek_at", call_peek_at, 0},
    {"bio_take", call_take, 0},
    {"bio_where", call_where, 0},
    {"bio_readline", call_readline, 0},
    {"bio_read_until", call_read_until, 0},
    {"bio_read_snapshot", call_read_snapshot, 0},
    {"bio_getvalue", call_getvalue, 0},
    {"bio_write_fd", call_write_fd, 0},
    {"bio_getbuffer(READONLY)", call_view_readonly, 0},
    {"bio_getbuffer(WRITABLE)", call_view_writable, CALL_BUSY},
    {"bio_fopen(r)", call_fopen_read, 0},
    {"bio_fopen(w)", call_fopen_truncate, CALL_BUSY | CALL_LENGTH},
    {"bio_set_limit", call_set_limit, CALL_BUSY},
    {"bio_write of nothing", call_write_nothing, CALL_BUSY},
    {"bio_write", call_write, CALL_BUSY | CALL_LENGTH},
    {"bio_pwrite", call_pwrite, CALL_BUSY | CALL_LENGTH},
    {"bio_append of nothing", call_append_nothing, CALL_BUSY},
    {"bio_append", call_append, CALL_BUSY | CALL_LENGTH},
    {"bio_put", call_put, CALL_BUSY | CALL_LENGTH},
    {"bio_put_byte", call_put_byte, CALL_BUSY | CALL_LENGTH},
    {"bio_restore", call_restore, CALL_BUSY | CALL_LENGTH},
    {"bio_restore to the same length", call_restore_same_length, CALL_BUSY},
    {"bio_cstr", call_cstr, CALL_BUSY | CALL_ROOM},
    {"bio_writev", call_writev, CALL_BUSY | CALL_LENGTH},
    {"bio_write_snapshot", call_write_snapshot, CALL_BUSY | CALL_LENGTH},
    {"bio_fill", call_fill, CALL_BUSY | CALL_LENGTH},
    {"bio_truncate", call_truncate, CALL_BUSY | CALL_LENGTH},
    {"bio_resize up", call_resize_up, CALL_BUSY | CALL_LENGTH},
    {"bio_resize down", call_resize_down, CALL_BUSY | CALL_LENGTH},
    {"bio_clear", call_clear, CALL_BUSY | CALL_LENGTH},
    {"bio_reserve", call_reserve, CALL_BUSY | CALL_LENGTH},
    {"bio_detach", call_detach, CALL_BUSY | CALL_LENGTH},
    {"bio_shrink_to_fit", call_shrink, CALL_BUSY | CALL_LENGTH},
    {"bio_prepare", call_prepare, CALL_BUSY | CALL_LENGTH},
    {"bio_prepare_upto", call_prepare_upto, CALL_BUSY | CALL_LENGTH},
    {"bio_printf", call_printf, CALL_BUSY | CALL_LENGTH},
    {"bio_read_fd", call_read_fd, CALL_BUSY | CALL_LENGTH},
    {"bio_close", call_close, CALL_CLOSES},
    {"bio_close_take", call_close_take, CALL_CLOSES},
};

#endif
