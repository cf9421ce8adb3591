/* Every way to change a stream, and some calls that change nothing, each of "0123456789" at position 4. */
#ifndef BYTESIO_TEST_CHANGES_H
#define BYTESIO_TEST_CHANGES_H

#include "support.h"

#define CHANGES_TEXT "0123456789"
enum { CHANGES_LEN = 10, CHANGES_AT = 4 };

typedef struct change {
    const char *name;
    bio_status (*apply)(bio_stream *stream);
    bool changes;     /* the stream shows other bytes afterwards, or the same elsewhere */
    const char *left; /* the content afterwards; NULL: the stream is closed */
    size_t len;
} change;

#define CHANGE(name, ...)                                 \
    static inline bio_status change_##name(bio_stream *s) \
    {                                                     \
        return __VA_ARGS__;                               \
    }
CHANGE(write, bio_write(s, LIT("abc")))
CHANGE(write_all, bio_pwrite(s, LIT("replaced, all of it"), 0))
CHANGE(pwrite, bio_pwrite(s, LIT("Z"), 0))
CHANGE(append, bio_append(s, LIT("+")))
CHANGE(gap, bio_pwrite(s, LIT("!"), 12))
CHANGE(fill, bio_fill(s, '-', 20))
CHANGE(truncate, bio_truncate(s, 1))
CHANGE(truncate_to_nothing, bio_truncate(s, 0))
CHANGE(resize_up, bio_resize(s, 12))
CHANGE(resize_down, bio_resize(s, 3))
CHANGE(clear, bio_clear(s))
CHANGE(printf, bio_printf(s, "%d", 77))
CHANGE(close, bio_close(s))
CHANGE(truncate_nothing, bio_truncate(s, 10))
CHANGE(truncate_behind, bio_truncate(s, 100))
CHANGE(resize_same, bio_resize(s, 10))
CHANGE(write_nothing, bio_write(s, NULL, 0))
CHANGE(pwrite_nothing_far, bio_pwrite(s, NULL, 0, 100))
CHANGE(append_nothing, bio_append(s, NULL, 0))
CHANGE(seek, bio_seek(s, 0, BYTESIO_SEEK_END, NULL))
CHANGE(skip, bio_skip(s, 3, NULL))

static inline bio_status change_writev(bio_stream *s)
{
    bio_slice pieces[] = {{"<", 1}, {">", 1}};
    return bio_writev(s, pieces, 2);
}

SNAPSHOT_CALL(change_write_snapshot, snapshot_of(LIT("SNAPSHOT")), bio_write_snapshot(stream, snapshot))
SNAPSHOT_CALL(change_restore, snapshot_of(LIT("RESTORED")), bio_restore(stream, snapshot))
SNAPSHOT_CALL(change_restore_same, value_of(stream), bio_restore(stream, snapshot))

static inline bio_status change_cstr(bio_stream *s)
{
    const char *text = NULL;
    return bio_cstr(s, &text, NULL);
}

static inline bio_status change_cancel(bio_stream *s)
{
    uint8_t *ptr = NULL;
    size_t room = 0;
    bio_status status = bio_prepare_upto(s, 1, 100, &ptr, &room);
    if (status)
        return status;
    memset(ptr, '~', room);
    bio_cancel(s);
    return BYTESIO_OK;
}

static inline bio_status change_window(bio_stream *s)
{
    uint8_t *ptr = NULL;
    size_t room = 0;
    bio_status status = bio_prepare(s, 2, &ptr, &room);
    if (status)
        return status;
    memcpy(ptr, "ww", 2);
    return bio_commit(s, 2);
}

static inline bio_status change_cut_and_write(bio_stream *s)
{
    bio_status status = bio_truncate(s, 4);
    return status ? status : bio_write(s, LIT("ABCDEF"));
}

/* Opens the stream as a FILE, and writes what there is of a text. */
static inline bio_status change_by_file(bio_stream *s, const char *mode, const char *text)
{
    FILE *file = NULL;
    bio_status status = bio_fopen(s, mode, &file);
    if (status)
        return status;
    CHECK(fputs(text, file) >= 0); /* into the buffer */
    return fclose(file) == 0 ? BYTESIO_OK : BYTESIO_IO;
}
CHANGE(file_truncate, change_by_file(s, "w", ""))
CHANGE(file_write, change_by_file(s, "r+", "file"))
CHANGE(file_append, change_by_file(s, "a", "file"))
CHANGE(file_only, change_by_file(s, "r+", ""))

static inline bio_status change_detach(bio_stream *s)
{
    void *data = NULL;
    size_t len = 0;
    bio_status status = bio_detach(s, &data, &len);
    if (len)
        memset(data, 0xD7, len); /* the caller's alone now */
    free(data);
    return status;
}

static inline bio_status change_view(bio_stream *s)
{
    bio_view *view = NULL;
    bio_status status = bio_getbuffer(s, BYTESIO_VIEW_WRITABLE, &view);
    if (status)
        return status;
    mutable_bytes(view)[9] = 'v';
    bio_view_release(view);
    return BYTESIO_OK;
}

static inline bio_status change_readonly_view(bio_stream *s)
{
    bio_view *view = NULL;
    bio_status status = bio_getbuffer(s, BYTESIO_VIEW_READONLY, &view);
    if (status == BYTESIO_OK)
        bio_view_release(view);
    return status;
}

static inline bio_status change_read(bio_stream *s)
{
    char buf[16];
    size_t n = 0;
    return bio_read(s, buf, sizeof buf, &n);
}

static const change changes[] = {
    {"write", change_write, true, LIT("0123abc789")},
    {"overwrite of all", change_write_all, true, LIT("replaced, all of it")},
    {"pwrite", change_pwrite, true, LIT("Z123456789")},
    {"append", change_append, true, LIT("0123456789+")},
    {"gap", change_gap, true, LIT("0123456789\0\0!")},
    {"fill", change_fill, true, LIT("0123--------------------")},
    {"truncate(1)", change_truncate, true, LIT("0")},
    {"truncate(0)", change_truncate_to_nothing, true, LIT("")},
    {"resize up", change_resize_up, true, LIT("0123456789\0\0")},
    {"resize down", change_resize_down, true, LIT("012")},
    {"clear", change_clear, true, LIT("")},
    {"detach", change_detach, true, LIT("")},
    {"printf", change_printf, true, LIT("0123776789")},
    {"writev", change_writev, true, LIT("0123<>6789")},
    {"write_snapshot", change_write_snapshot, true, LIT("0123SNAPSHOT")},
    {"restore", change_restore, true, LIT("RESTORED")},
    {"cstr", change_cstr, true, LIT(CHANGES_TEXT)}, /* the bytes have to move to where a NUL has room */
    {"window", change_window, true, LIT("0123ww6789")},
    {"truncate and write", change_cut_and_write, true, LIT("0123ABCDEF")},
    {"writable view", change_view, true, LIT("012345678v")},
    {"FILE that truncates", change_file_truncate, true, LIT("")},
    {"FILE that writes", change_file_write, true, LIT("file456789")},
    {"FILE that appends", change_file_append, true, LIT("0123456789file")},
    {"close", change_close, true, NULL, 0},
    {"truncate(L)", change_truncate_nothing, false, LIT(CHANGES_TEXT)},
    {"truncate(>L)", change_truncate_behind, false, LIT(CHANGES_TEXT)},
    {"resize(L)", change_resize_same, false, LIT(CHANGES_TEXT)},
    {"write of nothing", change_write_nothing, false, LIT(CHANGES_TEXT)},
    {"pwrite of nothing", change_pwrite_nothing_far, false, LIT(CHANGES_TEXT)},
    {"FILE that writes nothing", change_file_only, false, LIT(CHANGES_TEXT)},
    {"append of nothing", change_append_nothing, false, LIT(CHANGES_TEXT)},
    {"restore of the value", change_restore_same, false, LIT(CHANGES_TEXT)},
    {"cancel", change_cancel, false, LIT(CHANGES_TEXT)},
    {"readonly view", change_readonly_view, false, LIT(CHANGES_TEXT)},
    {"read", change_read, false, LIT(CHANGES_TEXT)},
    {"seek", change_seek, false, LIT(CHANGES_TEXT)},
    {"skip", change_skip, false, LIT(CHANGES_TEXT)},
};

/* Whether the stream is as the change leaves it. */
static inline int expect_left(bio_stream *s, const change *c)
{
    return c->left ? CHECK_STREAM(s, c->left, c->len) : CHECK(bio_is_closed(s));
}

#endif
