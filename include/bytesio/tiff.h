/* libtiff over a stream of libbytesio: one call in place of TIFFOpen().
 *
 *     TIFF *tiff = bio_tiff_open(stream, "picture", "w");
 *     TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, width);
 *     ...
 *     TIFFClose(tiff);
 *
 * The modes are TIFFOpen()'s: "r", "r+", "w" (empties the stream), "a", and the letters that may follow ("w8" for
 * BigTIFF, "rm" to read without mapping).
 *
 * Position: the TIFF's own. The stream's is neither used nor moved, except to 0 by "w".
 * Ownership: the TIFF holds a reference to the stream until TIFFClose(). What is opened with "r" is read out of a
 * snapshot of that moment: writing to the stream meanwhile does not disturb it.
 * Errors: libtiff's results; its error handler is told bio_strerror()'s text, and errno says the same (ENOSPC for a
 * full stream). TIFFClose() reports nothing: check TIFFWriteDirectory() or TIFFFlush() before it.
 * Copies: one each way, none with "r".
 */
#ifndef BYTESIO_TIFF_H
#define BYTESIO_TIFF_H

#include "../bytesio.h"
#include <errno.h>
#include <tiffio.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What libtiff holds as its client data. */
struct bio_tiff {
    bio_stream *stream;
    bio_snapshot *mapped;
    uint64_t position;
};

/* Tells libtiff's error handler, and errno, why a call failed. */
static inline void bio_tiff_tell(thandle_t handle, bio_status status)
{
    TIFFErrorExt(handle, "bytesio", "%s", bio_strerror(status));
    errno = bio_status_errno(status);
}

/* An error is a short read: libtiff would count the bytes of a -1, and clear a buffer from one before its beginning. */
static inline tmsize_t bio_tiff_read(thandle_t handle, void *buffer, tmsize_t len)
{
    struct bio_tiff *file = (struct bio_tiff *)handle;
    size_t got = 0;
    bio_status status = bio_pread(file->stream, buffer, (size_t)len, file->position, &got);
    if (status != BYTESIO_OK)
        bio_tiff_tell(handle, status);
    file->position += got;
    return (tmsize_t)got;
}

static inline tmsize_t bio_tiff_write(thandle_t handle, void *bytes, tmsize_t len)
{
    struct bio_tiff *file = (struct bio_tiff *)handle;
    bio_status status = bio_pwrite(file->stream, bytes, (size_t)len, file->position);
    if (status != BYTESIO_OK) {
        bio_tiff_tell(handle, status);
        return -1;
    }
    file->position += (uint64_t)len;
    return len;
}

/* toff_t is unsigned: a negative distance arrives as its complement, and adding it wraps to the right sum. */
static inline toff_t bio_tiff_seek(thandle_t handle, toff_t offset, int whence)
{
    struct bio_tiff *file = (struct bio_tiff *)handle;
    uint64_t from = whence == SEEK_CUR ? file->position : whence == SEEK_END ? bio_len(file->stream) : 0;
    if (from + offset > INT64_MAX) {
        errno = EINVAL;
        return (toff_t)-1;
    }
    return file->position = from + offset;
}

static inline toff_t bio_tiff_size(thandle_t handle)
{
    const struct bio_tiff *file = (const struct bio_tiff *)handle;
    return file->mapped != NULL ? bio_snapshot_len(file->mapped) : bio_len(file->stream);
}

/* A snapshot neither changes nor moves, which is what libtiff expects of a mapping. */
static inline int bio_tiff_map(thandle_t handle, void **base, toff_t *size)
{
    struct bio_tiff *file = (struct bio_tiff *)handle;
    if (bio_getvalue(file->stream, &file->mapped) != BYTESIO_OK)
        return 0;
    *base = (void *)(uintptr_t)bio_snapshot_data(file->mapped);
    *size = bio_snapshot_len(file->mapped);
    return 1;
}

static inline void bio_tiff_unmap(thandle_t handle, void *base, toff_t size)
{
    struct bio_tiff *file = (struct bio_tiff *)handle;
    (void)base;
    (void)size;
    bio_snapshot_release(file->mapped);
    file->mapped = NULL;
}

static inline int bio_tiff_close(thandle_t handle)
{
    bio_release(((struct bio_tiff *)handle)->stream);
    free(handle);
    return 0;
}

/** Opens the TIFF file in a stream, as TIFFOpen() opens one on disk; `name` is for messages. NULL on an error. */
static inline TIFF *bio_tiff_open(bio_stream *stream, const char *name, const char *mode)
{
    TIFF *tiff;
    bio_status status;
    struct bio_tiff *file = (struct bio_tiff *)malloc(sizeof *file);
    if (file == NULL)
        return NULL;
    file->stream = bio_retain(stream);
    file->mapped = NULL;
    file->position = 0;
    status = mode[0] == 'w' ? bio_clear(stream) : bio_is_closed(stream) ? BYTESIO_CLOSED : BYTESIO_OK;
    tiff = NULL;
    if (status != BYTESIO_OK)
        bio_tiff_tell(file, status);
    else
        tiff = TIFFClientOpen(name, mode, file, bio_tiff_read, bio_tiff_write, bio_tiff_seek, bio_tiff_close,
                              bio_tiff_size, bio_tiff_map, bio_tiff_unmap);
    if (tiff == NULL)
        bio_tiff_close(file);
    return tiff;
}

#ifdef __cplusplus
}
#endif

#endif
