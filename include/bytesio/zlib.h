/* zlib over streams of libbytesio: what lies between one stream's position and its end goes to another, in one call.
 *
 *     z_stream z = {0};
 *     if (deflateInit(&z, Z_DEFAULT_COMPRESSION) == Z_OK) {
 *         result = bio_zlib_deflate(&z, from, to);
 *         deflateEnd(&z);
 *     }
 *
 * The z_stream is the program's own, so that every format, level and dictionary will do.
 * Positions: the streams' own. `from` is read to its end, or to the end of the compressed data, and its position is
 * behind what was used; `to` is written from its position on.
 * Ownership: all is borrowed for the call. `from` must not be changed meanwhile, hence not be `to`.
 * Result: Z_STREAM_END when all is done. Otherwise what zlib says (Z_BUF_ERROR: the data ends too early; Z_NEED_DICT;
 * Z_DATA_ERROR), or for a stream that refuses Z_MEM_ERROR (NOMEM) or Z_ERRNO, with errno as bio_status_errno() gives it
 * (ENOSPC at a limit) and z->msg as bio_strerror() does. No window is left open then, and nothing is lost for want of
 * room or memory in `to`: after a remedy the same call goes on. `to` needs room for a byte even where nothing comes
 * out.
 * Copies: none.
 */
#ifndef BYTESIO_ZLIB_H
#define BYTESIO_ZLIB_H

#include "../bytesio.h"
#include <errno.h>
#include <limits.h>
#include <zlib.h>

#ifdef __cplusplus
extern "C" {
#endif

static inline int bio_zlib_refused(z_stream *z, bio_status status)
{
    z->msg = (char *)bio_strerror(status);
    errno = bio_status_errno(status);
    return status == BYTESIO_NOMEM ? Z_MEM_ERROR : Z_ERRNO;
}

/* One call of deflate() or inflate(), from one stream's memory into the other's. */
static inline int bio_zlib_step(z_stream *z, int(ZEXPORT *step)(z_streamp, int), int at_end, bio_stream *from,
                                bio_stream *to)
{
    const uint8_t *in = NULL;
    uint8_t *out = NULL;
    size_t len = 0, room = 0;
    bio_status status = from == to ? BYTESIO_INVALID : bio_peek(from, &in, &len);
    int result;
    if (status == BYTESIO_OK)
        status = bio_prepare_upto(to, 1, UINT_MAX, &out, &room);
    if (status != BYTESIO_OK)
        return bio_zlib_refused(z, status);

    z->next_in = (z_const Bytef *)in;
    z->avail_in = len > UINT_MAX ? UINT_MAX : (uInt)len;
    z->next_out = out;
    z->avail_out = (uInt)room;
    result = step(z, z->avail_in == len ? at_end : Z_NO_FLUSH);

    status = bio_skip(from, (size_t)(z->next_in - in), NULL);
    if (status == BYTESIO_OK)
        status = bio_commit(to, room - z->avail_out);
    if (status == BYTESIO_OK)
        return result;
    bio_cancel(to);
    return bio_zlib_refused(z, status);
}

/** Deflates the rest of `from` into `to`. */
static inline int bio_zlib_deflate(z_stream *z, bio_stream *from, bio_stream *to)
{
    int result;
    do
        result = bio_zlib_step(z, deflate, Z_FINISH, from, to);
    while (result == Z_OK);
    return result;
}

/** Inflates from `from` into `to` until the compressed data ends. */
static inline int bio_zlib_inflate(z_stream *z, bio_stream *from, bio_stream *to)
{
    int result;
    do
        result = bio_zlib_step(z, inflate, Z_NO_FLUSH, from, to);
    while (result == Z_OK);
    return result;
}

#ifdef __cplusplus
}
#endif

#endif
