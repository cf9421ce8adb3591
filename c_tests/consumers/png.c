/* bytesio/png.h with libpng: pictures come back pixel for pixel, errors are png_error()'s. */
#include "consumer.h"

#include "bytesio/png.h"

enum { WIDTH = 61, HEIGHT = 47, PIXEL = 4, ROW = WIDTH * PIXEL };

typedef struct picture {
    uint8_t pixels[HEIGHT * ROW];
    png_bytep rows[HEIGHT];
} picture;

typedef struct settings {
    int filters, interlace;
} settings;

/* Where libpng's errors go: the text is kept and control returns to the caller of write_png() or read_png(). */
static char said[128];

static void keep_error(png_structp png, png_const_charp text)
{
    snprintf(said, sizeof said, "%s", text);
    png_longjmp(png, 1);
}

static void ignore_warning(png_structp png, png_const_charp text)
{
    (void)png, (void)text;
}

static void clear_picture(picture *p)
{
    memset(p->pixels, 0, sizeof p->pixels);
    for (size_t y = 0; y < HEIGHT; y++)
        p->rows[y] = p->pixels + y * ROW;
}

static void paint(picture *p, uint32_t seed)
{
    clear_picture(p);
    noise_fill(p->pixels, sizeof p->pixels / 2, seed); /* half of it compresses well */
}

static bool write_png(bio_stream *stream, picture *p, settings how)
{
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, keep_error, ignore_warning);
    png_infop info = png_create_info_struct(png);
    if (setjmp(png_jmpbuf(png))) {
        png_destroy_write_struct(&png, &info);
        return false;
    }
    bio_png_write_to(png, stream);
    png_set_IHDR(png, info, WIDTH, HEIGHT, 8, PNG_COLOR_TYPE_RGBA, how.interlace,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_filter(png, PNG_FILTER_TYPE_BASE, how.filters);
    png_set_flush(png, 5);
    png_write_info(png, info);
    png_write_image(png, p->rows);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    return true;
}

static bool read_png(bio_stream *stream, picture *p)
{
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, keep_error, ignore_warning);
    png_infop info = png_create_info_struct(png);
    clear_picture(p);
    if (setjmp(png_jmpbuf(png))) {
        png_destroy_read_struct(&png, &info, NULL);
        return false;
    }
    bio_png_read_from(png, stream);
    png_read_info(png, info);
    if (png_get_image_width(png, info) != WIDTH || png_get_image_height(png, info) != HEIGHT)
        png_error(png, "another size");
    png_set_interlace_handling(png);
    png_read_update_info(png, info);
    png_read_image(png, p->rows);
    png_read_end(png, info);
    png_destroy_read_struct(&png, &info, NULL);
    return true;
}

static picture wanted, got;

static const settings every_setting[] = {
    {PNG_FILTER_NONE, PNG_INTERLACE_NONE},  {PNG_FILTER_SUB, PNG_INTERLACE_NONE},
    {PNG_FILTER_UP, PNG_INTERLACE_NONE},    {PNG_FILTER_AVG, PNG_INTERLACE_NONE},
    {PNG_FILTER_PAETH, PNG_INTERLACE_NONE}, {PNG_ALL_FILTERS, PNG_INTERLACE_NONE},
    {PNG_FILTER_NONE, PNG_INTERLACE_ADAM7}, {PNG_ALL_FILTERS, PNG_INTERLACE_ADAM7},
};

static void pictures_come_back_with_every_filter_and_interlaced(void)
{
    for (size_t i = 0; i < COUNT(every_setting); i++) {
        bio_stream *s = bio_new();
        paint(&wanted, (uint32_t)i);
        CHECK(write_png(s, &wanted, every_setting[i]));
        CHECK_EQ(bio_tell(s), bio_len(s));
        move_to(s, 0);
        CHECK(read_png(s, &got));
        CHECK_MEM(got.pixels, sizeof got.pixels, wanted.pixels, sizeof wanted.pixels);
        CHECK_EQ(bio_tell(s), bio_len(s));
        bio_release(s);
    }
}

static void pictures_stand_one_behind_the_other(void)
{
    bio_stream *s = bio_new();
    CHECK_OK(bio_write(s, LIT("head")));
    for (uint32_t i = 0; i < 3; i++) {
        paint(&wanted, i);
        CHECK(write_png(s, &wanted, every_setting[i]));
    }
    CHECK_OK(bio_write(s, LIT("tail")));
    move_to(s, 4);
    for (uint32_t i = 0; i < 3; i++) {
        paint(&wanted, i);
        CHECK(read_png(s, &got));
        CHECK_MEM(got.pixels, sizeof got.pixels, wanted.pixels, sizeof wanted.pixels);
    }
    CHECK_EQ(bio_tell(s), bio_len(s) - 4);
    bio_release(s);
}

static void a_picture_overwrites_one_while_a_view_is_alive(void)
{
    bio_stream *s = bio_new();
    bio_view *view = NULL;
    paint(&wanted, 1);
    CHECK(write_png(s, &wanted, every_setting[0]));
    view = view_of(s, BYTESIO_VIEW_READONLY);
    move_to(s, 0);
    CHECK(write_png(s, &wanted, every_setting[0])); /* no byte longer than before */
    CHECK_EQ(bio_tell(s), bio_len(s));
    CHECK(!write_png(s, &wanted, every_setting[0])); /* and not one more */
    CHECK(strcmp(said, bio_strerror(BYTESIO_EXPORTED)) == 0);
    move_to(s, 0);
    CHECK(read_png(s, &got));
    CHECK_MEM(got.pixels, sizeof got.pixels, wanted.pixels, sizeof wanted.pixels);
    bio_view_release(view);
    bio_release(s);
}

static void a_stream_that_refuses_bytes_is_a_png_error(void)
{
    static const size_t rooms[] = {0, 1, 7, 8, 100, 4096};
    paint(&wanted, 1);
    for (unsigned reason = 0; reason < REFUSALS; reason++) {
        for (size_t i = 0; i < COUNT(rooms); i++) {
            refusing r;
            refusing_open(&r, reason, rooms[i]);
            said[0] = 0;
            CHECK(!write_png(r.stream, &wanted, every_setting[0]));
            if (!CHECK(strcmp(said, bio_strerror(r.status)) == 0))
                check_fail(__FILE__, __LINE__, "... %s: %s", r.why, said);
            CHECK(bio_len(r.stream) <= rooms[i]);
            refusing_close(&r);
        }
    }
}

static void a_picture_that_ends_too_early_is_a_png_error(void)
{
    bio_stream *s = bio_new();
    paint(&wanted, 1);
    CHECK(write_png(s, &wanted, every_setting[0]));
    for (uint64_t len = bio_len(s); len > 0; len -= len < 500 ? len : 500) {
        CHECK_OK(bio_truncate(s, len - 1));
        move_to(s, 0);
        said[0] = 0;
        CHECK(!read_png(s, &got));
        CHECK(strcmp(said, "Read Error") == 0);
        CHECK_OK(bio_seek(s, 0, BYTESIO_SEEK_END, NULL));
        CHECK_OK(bio_write(s, LIT(".")));
    }
    CHECK_OK(bio_close(s));
    CHECK(!read_png(s, &got));
    CHECK(strcmp(said, bio_strerror(BYTESIO_CLOSED)) == 0);
    bio_release(s);
}

CHECK_MAIN(CASE(pictures_come_back_with_every_filter_and_interlaced),
           CASE(pictures_stand_one_behind_the_other), CASE(a_picture_overwrites_one_while_a_view_is_alive),
           CASE(a_stream_that_refuses_bytes_is_a_png_error),
           CASE(a_picture_that_ends_too_early_is_a_png_error))
