/* zstd over streams of libbytesio: what lies between one stream's position and its end goes to another, in one call.
 *
 *     ZSTD_CCtx *context = ZSTD_createCCtx();
 *     ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, 19);
 *     result = bio_zstd_compress(context, from, to);
 *     ZSTD_freeCCtx(context);
 *
 * The context is the program's own, so that every parameter and dictionary will do.
 * Positions: the streams' own. `from` is read to its end, or to the end of the frame, and its position is behind what
 * was used; `to` is written from its position on.
 * Ownership: all is borrowed for the call. `from` must not be changed meanwhile, hence not be `to`.
 * Result: 0 when a whole frame is done. Otherwise an error for ZSTD_isError(): zstd's own; srcSize_wrong when a frame
 * ends too early; for a stream that refuses dstSize_tooSmall (LIMIT), memory_allocation (NOMEM) or GENERIC, with errno
 * as bio_status_errno() gives it. In these cases no window is left open, and nothing is lost for want of room or memory
 * in `to`, or of more in `from`: after a remedy the same call goes on. `to` needs room for a byte even where nothing
 * comes out.
 * Copies: none.
 */
#ifndef BYTESIO_ZSTD_H
#define BYTESIO_ZSTD_H

#include "../bytesio.h"
#include <errno.h>
#include <zstd.h>
#include <zstd_errors.h>

#ifdef __cplusplus
extern "C" {
#endif

static inline size_t bio_zstd_error(ZSTD_ErrorCode code)
{
    return (size_t)0 - (size_t)code;
}

static inline size_t bio_zstd_refused(bio_status status)
{
    errno = bio_status_errno(status);
    return bio_zstd_error(status == BYTESIO_LIMIT   ? ZSTD_error_dstSize_tooSmall
                          : status == BYTESIO_NOMEM ? ZSTD_error_memory_allocation
                                                    : ZSTD_error_GENERIC);
}

/* One step of either context, the other being NULL. Gives what zstd gives: 0 at the end, or an error. */
static inline size_t bio_zstd_step(ZSTD_CCtx *writer, ZSTD_DCtx *reader, bio_stream *from, bio_stream *to)
{
    const uint8_t *data = NULL;
    uint8_t *window = NULL;
    ZSTD_inBuffer in = {NULL, 0, 0};
    ZSTD_outBuffer out = {NULL, 0, 0};
    size_t result;
    bio_status status = from == to ? BYTESIO_INVALID : bio_peek(from, &data, &in.size);
    if (status == BYTESIO_OK)
        status = bio_prepare_upto(to, 1, SIZE_MAX, &window, &out.size);
    if (status != BYTESIO_OK)
        return bio_zstd_refused(status);

    in.src = data;
    out.dst = window;
    result = writer ? ZSTD_compressStream2(writer, &out, &in, ZSTD_e_end)
                    : ZSTD_decompressStream(reader, &out, &in);

    status = bio_skip(from, in.pos, NULL);
    if (status == BYTESIO_OK)
        status = bio_commit(to, out.pos);
    if (status != BYTESIO_OK) {
        bio_cancel(to);
        return bio_zstd_refused(status);
    }
    /* More is expected, nothing is held back for want of room, and there is no more. */
    if (reader && result > 0 && in.pos == in.size && out.pos < out.size && !ZSTD_isError(result))
        return bio_zstd_error(ZSTD_error_srcSize_wrong);
    return result;
}

/** Compresses the rest of `from` into `to`, as one frame. */
static inline size_t bio_zstd_compress(ZSTD_CCtx *context, bio_stream *from, bio_stream *to)
{
    size_t result;
    do
        result = bio_zstd_step(context, NULL, from, to);
    while (result > 0 && !ZSTD_isError(result));
    return result;
}

/** Decompresses one frame from `from` into `to`. */
static inline size_t bio_zstd_decompress(ZSTD_DCtx *context, bio_stream *from, bio_stream *to)
{
    size_t result;
    do
        result = bio_zstd_step(NULL, context, from, to);
    while (result > 0 && !ZSTD_isError(result));
    return result;
}

#ifdef __cplusplus
}
#endif

#endif
