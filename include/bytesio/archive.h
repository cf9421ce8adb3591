/* libarchive (3.5 or later) over a stream of libbytesio: one call in place of archive_write_open_filename() or
 * archive_read_open_filename().
 *
 *     struct archive *zip = archive_write_new();
 *     archive_write_set_format_zip(zip);
 *     if (bio_archive_write_open(zip, stream) == ARCHIVE_OK) {
 *         ...
 *     }
 *     archive_write_free(zip);
 *
 * Positions: writing begins at the stream's position and moves it. Reading has a position of its own: an archive is
 * the whole content of the stream, from its beginning, and the stream's position stays.
 * Ownership: the stream is retained, until archive_write_free(), archive_read_close() or archive_read_free(). While it
 * is read it must not be changed by others: libarchive, and archive_read_data_block(), are given its own memory.
 * Errors: ARCHIVE_FATAL, with bio_status_errno() in archive_errno() (ENOSPC at a limit) and the text of bio_strerror().
 * Copies: one for writing, none for reading. No padding to a block of 10240 bytes, unless the program has asked for it
 * by archive_write_set_bytes_in_last_block().
 */
#ifndef BYTESIO_ARCHIVE_H
#define BYTESIO_ARCHIVE_H

#include "../bytesio.h"
#include <errno.h>
#include <stdlib.h>
#include <archive.h>

#ifdef __cplusplus
extern "C" {
#endif

struct bio_archive_reader {
    bio_stream *stream;
    uint64_t position;
};

struct bio_archive_writer {
    bio_stream *stream;
    bool *opened; /* to be told once that libarchive has taken this over; then NULL */
};

static inline int bio_archive_fail(struct archive *archive, bio_status status)
{
    archive_set_error(archive, bio_status_errno(status), "%s", bio_strerror(status));
    return ARCHIVE_FATAL;
}

static inline la_ssize_t bio_archive_write(struct archive *archive, void *context, const void *data,
                                           size_t len)
{
    bio_status status = bio_write(((struct bio_archive_writer *)context)->stream, data, len);
    return status == BYTESIO_OK ? (la_ssize_t)len : bio_archive_fail(archive, status);
}

static inline int bio_archive_begin(struct archive *archive, void *context)
{
    struct bio_archive_writer *writer = (struct bio_archive_writer *)context;
    (void)archive;
    *writer->opened = true;
    writer->opened = NULL;
    return ARCHIVE_OK;
}

static inline int bio_archive_release(struct archive *archive, void *context)
{
    struct bio_archive_writer *writer = (struct bio_archive_writer *)context;
    (void)archive;
    if (writer->opened == NULL) {
        bio_release(writer->stream);
        free(writer);
    }
    return ARCHIVE_OK;
}

/** What libarchive writes goes to the stream. */
static inline int bio_archive_write_open(struct archive *archive, bio_stream *stream)
{
    bool opened = false;
    int result;
    struct bio_archive_writer *writer = (struct bio_archive_writer *)malloc(sizeof *writer);
    if (writer == NULL)
        return bio_archive_fail(archive, BYTESIO_NOMEM);
    writer->stream = bio_retain(stream);
    writer->opened = &opened;
    if (archive_write_get_bytes_in_last_block(archive) < 0) {
        archive_write_set_bytes_in_last_block(archive, 1);
        archive_write_set_bytes_per_block(archive, 0); /* straight through */
    }
    result =
        archive_write_open2(archive, writer, bio_archive_begin, bio_archive_write, NULL, bio_archive_release);
    if (!opened) { /* libarchive has failed before that, and forgets the writer */
        writer->opened = NULL;
        bio_archive_release(archive, writer);
    }
    return result;
}

static inline la_ssize_t bio_archive_read(struct archive *archive, void *context, const void **data)
{
    struct bio_archive_reader *reader = (struct bio_archive_reader *)context;
    const uint8_t *ptr = NULL;
    size_t len = 0;
    bio_status status = bio_peek_at(reader->stream, reader->position, &ptr, &len);
    if (status != BYTESIO_OK)
        return bio_archive_fail(archive, status);
    *data = ptr;
    reader->position += len;
    return (la_ssize_t)len;
}

static inline la_int64_t bio_archive_seek(struct archive *archive, void *context, la_int64_t offset,
                                          int whence)
{
    struct bio_archive_reader *reader = (struct bio_archive_reader *)context;
    uint64_t to = (uint64_t)offset;
    if (whence == SEEK_CUR)
        to += reader->position;
    else if (whence == SEEK_END)
        to += bio_len(reader->stream);
    if (to > INT64_MAX) { /* below 0, too */
        archive_set_error(archive, EINVAL, "no such position");
        return ARCHIVE_FATAL;
    }
    reader->position = to;
    return (la_int64_t)to;
}

static inline int bio_archive_close(struct archive *archive, void *context)
{
    (void)archive;
    bio_release(((struct bio_archive_reader *)context)->stream);
    free(context);
    return ARCHIVE_OK;
}

/** What libarchive reads is the stream's content. */
static inline int bio_archive_read_open(struct archive *archive, bio_stream *stream)
{
    int result;
    struct bio_archive_reader *reader = (struct bio_archive_reader *)malloc(sizeof *reader);
    if (reader == NULL)
        return bio_archive_fail(archive, BYTESIO_NOMEM);
    reader->stream = bio_retain(stream);
    reader->position = 0;
    archive_read_set_read_callback(archive, bio_archive_read);
    archive_read_set_seek_callback(archive, bio_archive_seek);
    archive_read_set_close_callback(archive, bio_archive_close);
    if (archive_read_set_callback_data(archive, reader) != ARCHIVE_OK) {
        bio_archive_close(archive, reader);
        return ARCHIVE_FATAL;
    }
    result = archive_read_open1(archive);
    /* Out of memory at the beginning, libarchive takes no note of the reader: it then can be given another one. */
    if (result != ARCHIVE_OK && archive_read_set_callback_data(archive, NULL) == ARCHIVE_OK)
        bio_archive_close(archive, reader);
    return result;
}

#ifdef __cplusplus
}
#endif

#endif
