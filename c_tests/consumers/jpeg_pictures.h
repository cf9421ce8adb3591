/* For jpeg.c: pictures, how they are written and read, and where libjpeg's errors go. */
#ifndef BYTESIO_TEST_JPEG_PICTURES_H
#define BYTESIO_TEST_JPEG_PICTURES_H

#include "consumer.h"

#include "bytesio/jpeg.h"

enum { WIDTH = 203, HEIGHT = 151, ROW = WIDTH * 3, COMMENT = 40000 };

/* libjpeg's errors come back to where it was called; warnings are counted. */
typedef struct handler {
    struct jpeg_error_mgr base; /* first: libjpeg knows only this */
    jmp_buf back;
    char said[JMSG_LENGTH_MAX];
} handler;

static void keep_error(j_common_ptr cinfo)
{
    handler *h = (handler *)cinfo->err;
    h->base.format_message(cinfo, h->said);
    longjmp(h->back, 1);
}

static void be_silent(j_common_ptr cinfo)
{
    (void)cinfo;
}

static void handle(j_common_ptr cinfo, handler *h)
{
    cinfo->err = jpeg_std_error(&h->base);
    h->base.error_exit = keep_error;
    h->base.output_message = be_silent;
    h->said[0] = 0;
}

/* Runs what may end in a longjmp, and says whether it did not: the caller's variables are safe. */
static bool attempt(handler *h, void (*act)(void *cinfo), void *cinfo)
{
    if (setjmp(h->back))
        return false;
    act(cinfo);
    return true;
}

static uint8_t painted[HEIGHT * ROW], got[HEIGHT * ROW], wanted[HEIGHT * ROW], comment[COMMENT];

static void paint(uint32_t seed)
{
    noise_fill(painted, sizeof painted / 2, seed);
    memset(painted + sizeof painted / 2, (int)seed, sizeof painted - sizeof painted / 2);
}

typedef struct settings {
    int quality;
    bool progressive, optimised, commented;
} settings;

static const settings every_setting[] = {
    {30, false, false, false}, {100, false, false, false}, {75, true, false, true}, {90, false, true, true}};

static void begin(j_compress_ptr cinfo, settings how)
{
    cinfo->image_width = WIDTH;
    cinfo->image_height = HEIGHT;
    cinfo->input_components = 3;
    cinfo->in_color_space = JCS_RGB;
    jpeg_set_defaults(cinfo);
    jpeg_set_quality(cinfo, how.quality, TRUE);
    cinfo->optimize_coding = how.optimised;
    if (how.progressive)
        jpeg_simple_progression(cinfo);
    jpeg_start_compress(cinfo, TRUE);
    if (how.commented)
        jpeg_write_marker(cinfo, JPEG_COM, comment, COMMENT);
}

static void write_rows(j_compress_ptr cinfo, JDIMENSION end)
{
    while (cinfo->next_scanline < end) {
        JSAMPROW row = painted + cinfo->next_scanline * ROW;
        jpeg_write_scanlines(cinfo, &row, 1);
    }
}

static void compress_picture(j_compress_ptr cinfo, settings how)
{
    begin(cinfo, how);
    write_rows(cinfo, HEIGHT);
    jpeg_finish_compress(cinfo);
}

/* Whether the picture was written; what was said is in `h`. */
static bool write_jpeg(bio_stream *stream, settings how, handler *h)
{
    struct jpeg_compress_struct cinfo;
    memset(&cinfo, 0, sizeof cinfo);
    handle((j_common_ptr)&cinfo, h);
    if (setjmp(h->back)) {
        jpeg_destroy_compress(&cinfo);
        return false;
    }
    jpeg_create_compress(&cinfo);
    bio_jpeg_write_to(&cinfo, stream);
    compress_picture(&cinfo, how);
    jpeg_destroy_compress(&cinfo);
    return true;
}

static void decompress_picture(j_decompress_ptr cinfo, uint8_t *pixels)
{
    memset(pixels, 0, HEIGHT * ROW);
    jpeg_read_header(cinfo, TRUE);
    jpeg_start_decompress(cinfo);
    while (cinfo->output_scanline < cinfo->output_height && cinfo->output_scanline < HEIGHT) {
        JSAMPROW row = pixels + cinfo->output_scanline * ROW;
        jpeg_read_scanlines(cinfo, &row, 1);
    }
    jpeg_finish_decompress(cinfo);
}

/* From the stream, or from memory through libjpeg's own manager. Gives the number of warnings, -1 for an error. */
static long read_jpeg(bio_stream *stream, bio_snapshot *memory, uint8_t *pixels, handler *h)
{
    struct jpeg_decompress_struct cinfo;
    memset(&cinfo, 0, sizeof cinfo);
    handle((j_common_ptr)&cinfo, h);
    if (setjmp(h->back)) {
        jpeg_destroy_decompress(&cinfo);
        return -1;
    }
    jpeg_create_decompress(&cinfo);
    if (stream)
        bio_jpeg_read_from(&cinfo, stream);
    else
        jpeg_mem_src(&cinfo, bio_snapshot_data(memory), bio_snapshot_len(memory));
    decompress_picture(&cinfo, pixels);
    jpeg_destroy_decompress(&cinfo);
    return h->base.num_warnings;
}

static bio_stream *written(settings how)
{
    handler h;
    bio_stream *s = bio_new();
    REQUIRE(write_jpeg(s, how, &h));
    return s;
}

/* One setting for the pictures that are given up; its picture fills several windows. */
static const settings usual = {100, false, false, false};

static void compress_usual(void *cinfo)
{
    compress_picture((j_compress_ptr)cinfo, usual);
}

static void decompress(void *cinfo)
{
    decompress_picture((j_decompress_ptr)cinfo, got);
}

#endif
