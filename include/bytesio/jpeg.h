/* libjpeg (libjpeg-turbo) over a stream of libbytesio: one call in place of jpeg_stdio_dest() or jpeg_stdio_src().
 *
 *     jpeg_create_compress(&cinfo);
 *     bio_jpeg_write_to(&cinfo, stream);
 *     cinfo.image_width = width;
 *     ...
 *     jpeg_start_compress(&cinfo, TRUE);
 *
 * Position: the stream's own. A picture is written from there on, and the position ends behind it. Reading moves it
 * behind the picture in jpeg_finish_decompress(), and does not move it when the picture is given up before that.
 * Ownership: a stream that is read is borrowed until the picture is finished or given up, and not to be changed so
 * long. A stream that is written is borrowed until jpeg_start_compress(), which retains it and opens a window until
 * jpeg_finish_compress(), jpeg_abort_compress() or jpeg_destroy_compress(), whichever is first. Other changes get BUSY
 * so long, and it must not be closed.
 * Errors: ERREXIT with the text of bio_strerror(); JERR_FILE_WRITE or JERR_FILE_READ where the program has an add-on
 * message table of its own. After a longjmp() out of error_exit, abort or destroy, which libjpeg wants next, leaves no
 * window behind, if no other destination was set before; what stood in full windows stays written. A picture that ends
 * too early gives JWRN_JPEG_EOF and an EOI marker, as from a FILE.
 * Copies: none.
 */
#ifndef BYTESIO_JPEG_H
#define BYTESIO_JPEG_H

#include "../bytesio.h"
#include <stdio.h>
#include <string.h>
#include <jpeglib.h>
#include <jerror.h>

#ifdef __cplusplus
extern "C" {
#endif

struct bio_jpeg_destination {
    struct jpeg_destination_mgr manager;
    bio_stream *stream;
    bool held;   /* the stream is retained, and the functions below stand in for libjpeg's */
    size_t room; /* of the open window; 0: none is open */
    bio_status refused;
    JOCTET spare; /* libjpeg asks for room when there is none left, even if it needs no more */
    void (*free_pool)(j_common_ptr cinfo, int pool);
    void (*self_destruct)(j_common_ptr cinfo);
};

struct bio_jpeg_source {
    struct jpeg_source_mgr manager;
    bio_stream *stream;
    size_t shown; /* bytes of the stream from its position on that libjpeg has been given */
    bool ended;   /* there were no more, and libjpeg has been given an EOI marker */
};

/* Leaves by error_exit() unless all is well. */
static inline void bio_jpeg_check(j_common_ptr cinfo, bio_status status, int otherwise)
{
    static const char *const messages[] = {"%s"};
    struct jpeg_error_mgr *err = cinfo->err;
    if (status == BYTESIO_OK)
        return;
    if (err->addon_message_table == NULL) {
        err->addon_message_table = messages;
        err->first_addon_message = err->last_addon_message = 2000; /* beyond libjpeg's own */
    }
    err->msg_code = otherwise;
    if (err->addon_message_table == messages) {
        err->msg_code = err->first_addon_message;
        snprintf(err->msg_parm.s, sizeof err->msg_parm.s, "%s", bio_strerror(status));
    }
    err->error_exit(cinfo);
}

/* Lets go of everything: the window, the stream, libjpeg's functions. */
static inline void bio_jpeg_let_go(j_compress_ptr cinfo)
{
    struct bio_jpeg_destination *to = (struct bio_jpeg_destination *)cinfo->dest;
    if (!to->held)
        return;
    to->held = false;
    cinfo->mem->free_pool = to->free_pool;
    cinfo->mem->self_destruct = to->self_destruct;
    if (to->room > 0)
        bio_cancel(to->stream);
    to->room = 0;
    bio_release(to->stream);
}

/* libjpeg tells a destination nothing of abort and destroy, only its memory manager, one for each object. */
static inline void bio_jpeg_free_pool(j_common_ptr cinfo, int pool)
{
    bio_jpeg_let_go((j_compress_ptr)cinfo);
    cinfo->mem->free_pool(cinfo, pool);
}

static inline void bio_jpeg_self_destruct(j_common_ptr cinfo)
{
    bio_jpeg_let_go((j_compress_ptr)cinfo);
    cinfo->mem->self_destruct(cinfo);
}

static inline void bio_jpeg_open_window(struct bio_jpeg_destination *to)
{
    to->refused = bio_prepare_upto(to->stream, 1, SIZE_MAX, &to->manager.next_output_byte, &to->room);
    to->manager.free_in_buffer = to->room;
    if (to->refused != BYTESIO_OK) {
        to->manager.next_output_byte = &to->spare;
        to->manager.free_in_buffer = 1;
    }
}

static inline void bio_jpeg_commit(j_compress_ptr cinfo, size_t len)
{
    struct bio_jpeg_destination *to = (struct bio_jpeg_destination *)cinfo->dest;
    bio_jpeg_check((j_common_ptr)cinfo, bio_commit(to->stream, len), JERR_FILE_WRITE);
    to->room = 0;
}

static inline void bio_jpeg_begin(j_compress_ptr cinfo)
{
    struct bio_jpeg_destination *to = (struct bio_jpeg_destination *)cinfo->dest;
    bio_jpeg_let_go(cinfo); /* of tables that were given up */
    bio_retain(to->stream);
    to->held = true;
    to->free_pool = cinfo->mem->free_pool;
    to->self_destruct = cinfo->mem->self_destruct;
    cinfo->mem->free_pool = bio_jpeg_free_pool;
    cinfo->mem->self_destruct = bio_jpeg_self_destruct;
    bio_jpeg_open_window(to);
}

static inline boolean bio_jpeg_full(j_compress_ptr cinfo)
{
    struct bio_jpeg_destination *to = (struct bio_jpeg_destination *)cinfo->dest;
    bio_jpeg_check((j_common_ptr)cinfo, to->refused, JERR_FILE_WRITE);
    bio_jpeg_commit(cinfo, to->room);
    bio_jpeg_open_window(to);
    return TRUE;
}

static inline void bio_jpeg_end(j_compress_ptr cinfo)
{
    struct bio_jpeg_destination *to = (struct bio_jpeg_destination *)cinfo->dest;
    if (to->refused == BYTESIO_OK)
        bio_jpeg_commit(cinfo, to->room - to->manager.free_in_buffer);
    bio_jpeg_let_go(cinfo);
}

/** What libjpeg writes goes to the stream; one picture after the other, until this is called with another one. */
static inline void bio_jpeg_write_to(j_compress_ptr cinfo, bio_stream *stream)
{
    struct bio_jpeg_destination *to;
    if (cinfo->dest == NULL || cinfo->dest->init_destination != bio_jpeg_begin) {
        cinfo->dest = (struct jpeg_destination_mgr *)cinfo->mem->alloc_small((j_common_ptr)cinfo,
                                                                             JPOOL_PERMANENT, sizeof *to);
        memset(cinfo->dest, 0, sizeof *to);
    }
    bio_jpeg_let_go(cinfo);
    to = (struct bio_jpeg_destination *)cinfo->dest;
    to->manager.init_destination = bio_jpeg_begin;
    to->manager.empty_output_buffer = bio_jpeg_full;
    to->manager.term_destination = bio_jpeg_end;
    to->stream = stream;
}

static inline void bio_jpeg_begin_source(j_decompress_ptr cinfo)
{
    struct bio_jpeg_source *from = (struct bio_jpeg_source *)cinfo->src;
    from->manager.bytes_in_buffer = from->shown = 0;
    from->ended = false;
}

static inline boolean bio_jpeg_fill(j_decompress_ptr cinfo)
{
    static const JOCTET eoi[] = {0xFF, JPEG_EOI};
    struct bio_jpeg_source *from = (struct bio_jpeg_source *)cinfo->src;
    bio_status status = bio_peek_at(from->stream, bio_tell(from->stream) + from->shown,
                                    &from->manager.next_input_byte, &from->manager.bytes_in_buffer);
    bio_jpeg_check((j_common_ptr)cinfo, status, JERR_FILE_READ);
    from->shown += from->manager.bytes_in_buffer;
    if (from->manager.bytes_in_buffer == 0) {
        if (from->shown == 0)
            ERREXIT(cinfo, JERR_INPUT_EMPTY);
        WARNMS(cinfo, JWRN_JPEG_EOF);
        from->ended = true;
        from->manager.next_input_byte = eoi;
        from->manager.bytes_in_buffer = sizeof eoi;
    }
    return TRUE;
}

static inline void bio_jpeg_skip_input(j_decompress_ptr cinfo, long len)
{
    while (len > 0 && (size_t)len > cinfo->src->bytes_in_buffer) {
        len -= (long)cinfo->src->bytes_in_buffer;
        bio_jpeg_fill(cinfo);
    }
    if (len > 0) {
        cinfo->src->next_input_byte += len;
        cinfo->src->bytes_in_buffer -= (size_t)len;
    }
}

static inline void bio_jpeg_end_source(j_decompress_ptr cinfo)
{
    struct bio_jpeg_source *from = (struct bio_jpeg_source *)cinfo->src;
    size_t unread = from->ended ? 0 : from->manager.bytes_in_buffer;
    bio_status status = bio_skip(from->stream, from->shown - unread, NULL);
    bio_jpeg_begin_source(cinfo);
    bio_jpeg_check((j_common_ptr)cinfo, status, JERR_FILE_READ);
}

/** What libjpeg reads comes from the stream; one picture after the other, until this is called with another one. */
static inline void bio_jpeg_read_from(j_decompress_ptr cinfo, bio_stream *stream)
{
    struct bio_jpeg_source *from;
    if (cinfo->src == NULL || cinfo->src->init_source != bio_jpeg_begin_source)
        cinfo->src = (struct jpeg_source_mgr *)cinfo->mem->alloc_small((j_common_ptr)cinfo, JPOOL_PERMANENT,
                                                                       sizeof *from);
    from = (struct bio_jpeg_source *)cinfo->src;
    from->manager.init_source = bio_jpeg_begin_source;
    from->manager.fill_input_buffer = bio_jpeg_fill;
    from->manager.skip_input_data = bio_jpeg_skip_input;
    from->manager.resync_to_restart = jpeg_resync_to_restart;
    from->manager.term_source = bio_jpeg_end_source;
    from->stream = stream;
    bio_jpeg_begin_source(cinfo);
}

#ifdef __cplusplus
}
#endif

#endif
