/* The other translation unit. Every macro and struct of the header is named here once. */
#include "unit.h"

#include <string.h>

static int differs(bio_stream *stream, const char *text)
{
    bio_snapshot *value = NULL;
    int32_t order = 1;
    if (bio_getvalue(stream, &value) != BYTESIO_OK)
        return 1;
    if (bio_snapshot_compare(value, text, strlen(text), &order) != BYTESIO_OK)
        order = 1;
    bio_snapshot_release(value);
    return order != 0;
}

static int all_distinct(void)
{
    static const bio_status codes[] = {
        BYTESIO_OK,       BYTESIO_NULL_ARG, BYTESIO_INVALID,     BYTESIO_CLOSED,   BYTESIO_EXPORTED,
        BYTESIO_READONLY, BYTESIO_LIMIT,    BYTESIO_OVERFLOW,    BYTESIO_NOMEM,    BYTESIO_RANGE,
        BYTESIO_BUSY,     BYTESIO_IO,       BYTESIO_UNSUPPORTED, BYTESIO_INTERNAL, BYTESIO_EOF,
    };
    size_t count = sizeof codes / sizeof codes[0];
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < i; k++)
            if (codes[i] == codes[k] || strcmp(bio_strerror(codes[i]), bio_strerror(codes[k])) == 0)
                return 0;
    return 1;
}

int main(void)
{
    bio_options options = BYTESIO_OPTIONS_INIT;
    bio_statistics statistics = BYTESIO_STATISTICS_INIT;
    bio_slice slice = {"s", 1};
    bio_stream *stream = NULL;
    bio_view *view = NULL;
    uint64_t position = 0;
    size_t at = 0;
    int failed = 0;

    options.limit = BYTESIO_NO_LIMIT;
    options.flags = BYTESIO_STREAM_UNLOCKED;
    failed += bio_new_with(&options, &stream) != BYTESIO_OK;
    failed += unit_a_write(stream, 1) != BYTESIO_OK;
    failed += bio_printf(stream, "b%c", '2') != BYTESIO_OK;
    failed += bio_writev(stream, &slice, 1) != BYTESIO_OK;
    failed += differs(stream, "a1b2s");
    failed += bio_seek(stream, 0, BYTESIO_SEEK_SET, &position) != BYTESIO_OK || position != 0;
    failed += bio_seek(stream, 2, BYTESIO_SEEK_CUR, &position) != BYTESIO_OK || position != 2;
    failed += bio_seek(stream, -1, BYTESIO_SEEK_END, &position) != BYTESIO_OK || position != 4;
    failed += bio_getbuffer(stream, BYTESIO_VIEW_READONLY, &view) != BYTESIO_OK;
    failed += bio_view_find(view, "zz", 2, 0, &at) != BYTESIO_OK || at != BYTESIO_NOT_FOUND;
    bio_view_release(view);
    view = NULL;
    failed += bio_getbuffer(stream, BYTESIO_VIEW_WRITABLE, &view) != BYTESIO_OK;
    bio_view_release(view);
    failed += bio_get_statistics(stream, &statistics) != BYTESIO_OK;
    failed += statistics.kind != BYTESIO_KIND_HEAP;
    failed += BYTESIO_KIND_NONE + BYTESIO_KIND_FOREIGN + BYTESIO_KIND_FIXED != 5;
    failed += !all_distinct();
    bio_release(stream);
    return failed;
}
