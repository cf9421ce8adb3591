/* libpng over a stream of libbytesio: one call in place of png_init_io().
 *
 *     png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
 *     png_infop info = png_create_info_struct(png);
 *     if (setjmp(png_jmpbuf(png)) == 0) {
 *         bio_png_write_to(png, stream);
 *         png_set_IHDR(png, info, width, height, 8, PNG_COLOR_TYPE_RGB, ...
 *
 * Position: the stream's own. What is written begins there and moves it, as bio_write() and bio_read() do; after
 * png_read_end() it is behind the picture.
 * Ownership: the stream is borrowed until the png_struct is destroyed, or is given another stream or FILE.
 * Errors: png_error() with the text of bio_strerror(), or "Read Error" where the stream ends too early. Nothing is
 * left open when libpng leaves by longjmp(): the stream holds what was written before, and can be used at once.
 * Copies: one each way, between libpng's buffer and the stream.
 */
#ifndef BYTESIO_PNG_H
#define BYTESIO_PNG_H

#include "../bytesio.h"
#include <png.h>

#ifdef __cplusplus
extern "C" {
#endif

static inline void bio_png_write(png_structp png, png_bytep data, size_t len)
{
    bio_status status = bio_write((bio_stream *)png_get_io_ptr(png), data, len);
    if (status != BYTESIO_OK)
        png_error(png, bio_strerror(status));
}

static inline void bio_png_read(png_structp png, png_bytep data, size_t len)
{
    size_t nread = 0;
    bio_status status = bio_read((bio_stream *)png_get_io_ptr(png), data, len, &nread);
    if (status != BYTESIO_OK)
        png_error(png, bio_strerror(status));
    if (nread != len)
        png_error(png, "Read Error");
}

/* libpng would flush a FILE where there is no function. */
static inline void bio_png_flush(png_structp png)
{
    (void)png;
}

/** What libpng writes goes to the stream, which is borrowed. */
static inline void bio_png_write_to(png_structp png, bio_stream *stream)
{
    png_set_write_fn(png, stream, bio_png_write, bio_png_flush);
}

/** What libpng reads comes from the stream, which is borrowed. */
static inline void bio_png_read_from(png_structp png, bio_stream *stream)
{
    png_set_read_fn(png, stream, bio_png_read);
}

#ifdef __cplusplus
}
#endif

#endif
