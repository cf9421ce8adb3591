/* bytesio/tiff.h with libtiff: pages come back pixel for pixel, directories are patched in place, and what a stream
 * refuses is libtiff's error. */
#include "consumer.h"

#include "bytesio/tiff.h"

#include <errno.h>

enum { WIDTH = 61, HEIGHT = 47, ROW = 3 * WIDTH };

typedef uint8_t picture[HEIGHT][ROW];

static picture wanted, got;

/* What libtiff's error handlers were told first, and for which client data. */
static char said[128];

static void keep_error(thandle_t handle, const char *module, const char *format, va_list args)
{
    if (handle != 0 && strcmp(module, "bytesio") == 0)
        vsnprintf(said, sizeof said, format, args);
}

static void quietly(void)
{
    said[0] = 0;
    TIFFSetErrorHandler(NULL);
    TIFFSetWarningHandler(NULL);
    TIFFSetErrorHandlerExt(keep_error);
}

static TIFF *opened(bio_stream *stream, const char *mode)
{
    TIFF *tiff = bio_tiff_open(stream, "test", mode);
    REQUIRE(tiff != NULL);
    return tiff;
}

static bool write_page(TIFF *tiff, uint32_t seed, uint16_t compression)
{
    noise_fill(&wanted[0][0], sizeof wanted, seed);
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, WIDTH);
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, HEIGHT);
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, 8);
    TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, 3);
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_RGB);
    TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
    TIFFSetField(tiff, TIFFTAG_COMPRESSION, compression);
    TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, 8);
    for (uint32_t y = 0; y < HEIGHT; y++)
        if (TIFFWriteScanline(tiff, wanted[y], y, 0) < 0)
            return false;
    return TIFFWriteDirectory(tiff) == 1;
}

static void check_page(TIFF *tiff, uint32_t seed)
{
    uint32_t width = 0, height = 0;
    noise_fill(&wanted[0][0], sizeof wanted, seed);
    memset(got, 0, sizeof got);
    TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &width);
    TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &height);
    REQUIRE(width == WIDTH && height == HEIGHT);
    for (uint32_t y = 0; y < HEIGHT; y++)
        CHECK_EQ(TIFFReadScanline(tiff, got[y], y, 0), 1);
    CHECK_MEM(got, sizeof got, wanted, sizeof wanted);
}

static void check_pages(bio_stream *stream, const char *mode, uint32_t count)
{
    TIFF *tiff = opened(stream, mode);
    for (uint32_t i = 0; i < count; i++) {
        check_page(tiff, i);
        CHECK_EQ(TIFFReadDirectory(tiff), i + 1 < count);
    }
    CHECK(TIFFSetDirectory(tiff, 0) == 1);
    check_page(tiff, 0);
    TIFFClose(tiff);
}

static bio_stream *with_pages(const char *mode, uint32_t count)
{
    bio_stream *s = bio_new();
    TIFF *tiff = opened(s, mode);
    for (uint32_t i = 0; i < count; i++)
        CHECK(write_page(tiff, i, COMPRESSION_NONE));
    TIFFClose(tiff);
    return s;
}

static void pages_come_back(void)
{
    static const char *const modes[] = {"w", "w8", "wb", "wl"};
    for (size_t i = 0; i < COUNT(modes); i++) {
        bio_stream *s = with_pages(modes[i], 4);
        CHECK_EQ(bio_tell(s), 0);
        move_to(s, 3);
        check_pages(s, "r", 4);
        check_pages(s, "rm", 4);
        check_pages(s, "r+", 4);
        CHECK_EQ(bio_tell(s), 3);
        CHECK_EQ(bio_export_count(s), 0);
        bio_release(s);
    }
}

static void pages_come_back_compressed(void)
{
    static const uint16_t compressions[] = {COMPRESSION_LZW, COMPRESSION_PACKBITS, COMPRESSION_ADOBE_DEFLATE};
    for (size_t i = 0; i < COUNT(compressions); i++) {
        bio_stream *s = bio_new();
        if (!TIFFIsCODECConfigured(compressions[i]))
            CHECK_SKIP("this libtiff lacks a compression");
        TIFF *tiff = opened(s, "w");
        CHECK(write_page(tiff, 0, compressions[i]));
        TIFFClose(tiff);
        check_pages(s, "r", 1);
        check_pages(s, "rm", 1);
        bio_release(s);
    }
}

static void pages_are_appended(void)
{
    bio_stream *s = bio_new();
    for (uint32_t i = 0; i < 5; i++) { /* the first into nothing */
        uint64_t before = bio_len(s);
        TIFF *tiff = opened(s, "a");
        CHECK(write_page(tiff, i, COMPRESSION_NONE));
        TIFFClose(tiff);
        CHECK(bio_len(s) > before + sizeof wanted);
        check_pages(s, "r", i + 1);
    }
    bio_release(s);
}

static void w_empties_the_stream(void)
{
    bio_stream *s = with_pages("w", 3);
    uint64_t before = bio_len(s);
    move_to(s, 9);
    TIFF *tiff = opened(s, "w");
    CHECK(write_page(tiff, 0, COMPRESSION_NONE));
    TIFFClose(tiff);
    CHECK(bio_len(s) < before / 2);
    CHECK_EQ(bio_tell(s), 0);
    check_pages(s, "r", 1);
    bio_release(s);
}

static void directories_are_patched_in_place(void)
{
    bio_stream *s = with_pages("w", 3);
    bio_snapshot *before = value_of(s);
    uint64_t len = bio_len(s);
    uint16_t unit = 0;
    char *text = NULL;

    TIFF *tiff = opened(s, "r+"); /* a value that fits where the old one was */
    REQUIRE(TIFFSetDirectory(tiff, 1) == 1);
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_YCBCR);
    CHECK_EQ(TIFFRewriteDirectory(tiff), 1);
    REQUIRE(TIFFSetDirectory(tiff, 0) == 1); /* and one that moves its directory to the end */
    TIFFSetField(tiff, TIFFTAG_IMAGEDESCRIPTION, "patched afterwards");
    CHECK_EQ(TIFFRewriteDirectory(tiff), 1);
    TIFFClose(tiff);
    CHECK(bio_len(s) > len);

    tiff = opened(s, "r");
    CHECK_EQ(TIFFNumberOfDirectories(tiff), 3);
    CHECK(TIFFGetField(tiff, TIFFTAG_IMAGEDESCRIPTION, &text) == 1 &&
          strcmp(text, "patched afterwards") == 0);
    check_page(tiff, 0);
    REQUIRE(TIFFSetDirectory(tiff, 1) == 1);
    CHECK(TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &unit) == 1);
    CHECK_EQ(unit, PHOTOMETRIC_YCBCR);
    TIFFClose(tiff);

    bio_stream *old = NULL; /* the snapshot knows nothing of it */
    REQUIRE_OK(bio_from_snapshot(before, &old));
    check_pages(old, "r", 3);
    tiff = opened(old, "r");
    CHECK(TIFFGetField(tiff, TIFFTAG_IMAGEDESCRIPTION, &text) == 0);
    TIFFClose(tiff);
    bio_release(old);
    bio_snapshot_release(before);
    bio_release(s);
}

static void pixels_are_rewritten_in_place(void)
{
    bio_stream *s = with_pages("w", 2);
    uint64_t len = bio_len(s);
    TIFF *tiff = opened(s, "r+");
    REQUIRE(TIFFSetDirectory(tiff, 1) == 1);
    noise_fill(&wanted[0][0], sizeof wanted, 77);
    for (uint32_t strip = 0, y = 0; y < HEIGHT; strip++, y += 8) {
        tmsize_t size = ROW * (tmsize_t)(HEIGHT - y < 8 ? HEIGHT - y : 8);
        CHECK_EQ(TIFFWriteEncodedStrip(tiff, strip, wanted[y], size), size);
    }
    CHECK_EQ(TIFFFlush(tiff), 1);
    TIFFClose(tiff);
    CHECK_EQ(bio_len(s), len);
    tiff = opened(s, "r");
    check_page(tiff, 0);
    REQUIRE(TIFFSetDirectory(tiff, 1) == 1);
    check_page(tiff, 77);
    TIFFClose(tiff);
    bio_release(s);
}

static void a_reader_sees_the_file_as_it_was_opened(void)
{
    bio_stream *s = with_pages("w", 2);
    TIFF *reader = opened(s, "r");
    bio_snapshot *value = value_of(s); /* the very bytes of the stream, no copy */
    CHECK_PTR(((struct bio_tiff *)TIFFClientdata(reader))->mapped, value);
    bio_snapshot_release(value);
    CHECK_OK(bio_clear(s));
    CHECK_OK(bio_write(s, LIT("something else")));
    bio_release(s); /* the reader has its own */
    check_page(reader, 0);
    CHECK_EQ(TIFFReadDirectory(reader), 1);
    check_page(reader, 1);
    TIFFClose(reader);
}

static void two_files_over_one_stream_have_their_own_positions(void)
{
    bio_stream *s = with_pages("w", 3);
    TIFF *one = opened(s, "rm"), *two = opened(s, "r+");
    noise_fill(&wanted[0][0], sizeof wanted, 0);
    for (uint32_t y = 0; y < HEIGHT; y++) {
        CHECK_EQ(TIFFReadScanline(one, got[y], y, 0), 1);
        CHECK_MEM(got[y], ROW, wanted[y], ROW);
        CHECK_EQ(TIFFReadScanline(two, got[y], y, 0), 1);
        CHECK_MEM(got[y], ROW, wanted[y], ROW);
    }
    TIFFClose(one);
    TIFFClose(two);
    bio_release(s);
}

static void a_stream_that_refuses_bytes_is_an_error(void)
{
    static const size_t rooms[] = {0, 7, 8, 1000, 4096};
    for (unsigned reason = 0; reason < REFUSALS; reason++) {
        for (size_t i = 0; i < COUNT(rooms); i++) {
            refusing r;
            refusing_open(&r, reason, rooms[i]);
            quietly();
            errno = 0;
            TIFF *tiff = bio_tiff_open(r.stream, "test", "w");
            int first = errno;
            if (tiff != NULL) {
                CHECK(!write_page(tiff, 1, COMPRESSION_NONE));
                first = first ? first : errno;
                TIFFClose(tiff);
            }
            if (!CHECK(strcmp(said, bio_strerror(r.status)) == 0) ||
                !CHECK_EQ(first, bio_status_errno(r.status)))
                check_fail(__FILE__, __LINE__, "... %s: %s", r.why, said);
            CHECK(bio_len(r.stream) <= rooms[i]);
            refusing_close(&r);
        }
    }
}

static void a_directory_that_finds_no_room_is_an_error(void)
{
    bio_stream *s = with_pages("w", 2);
    REQUIRE_OK(bio_set_limit(s, bio_len(s)));
    quietly();
    TIFF *tiff = opened(s, "r+");
    TIFFSetField(tiff, TIFFTAG_IMAGEDESCRIPTION, "a text for which there is no room");
    CHECK_EQ(TIFFRewriteDirectory(tiff), 0);
    CHECK_EQ(errno, ENOSPC);
    CHECK(strcmp(said, bio_strerror(BYTESIO_LIMIT)) == 0);
    TIFFClose(tiff);
    bio_release(s);
}

static void what_is_no_file_does_not_open(void)
{
    bio_stream *s = stream_of(LIT("this is no TIFF"));
    static const char *const modes[] = {"r", "rm", "r+", "a"};
    quietly();
    for (size_t i = 0; i < COUNT(modes); i++)
        CHECK(bio_tiff_open(s, "test", modes[i]) == NULL);
    CHECK_STREAM(s, LIT("this is no TIFF"));
    CHECK_OK(bio_clear(s));
    CHECK(bio_tiff_open(s, "test", "r") == NULL);
    CHECK_EQ(bio_export_count(s), 0);
    CHECK_OK(bio_close(s));
    for (size_t i = 0; i < COUNT(modes); i++) {
        said[0] = 0;
        CHECK(bio_tiff_open(s, "test", modes[i]) == NULL);
        CHECK(strcmp(said, bio_strerror(BYTESIO_CLOSED)) == 0);
    }
    bio_release(s);
}

static void what_is_cut_off_does_not_read(void)
{
    bio_stream *s = with_pages("w", 1);
    quietly();
    TIFF *mapped = opened(s, "r"), *unmapped = opened(s, "rm");
    CHECK_OK(bio_truncate(s, 100));
    CHECK(TIFFReadScanline(unmapped, got[0], 20, 0) < 0);
    check_page(mapped, 0);
    CHECK_OK(bio_close(s));
    CHECK(TIFFReadScanline(unmapped, got[0], 30, 0) < 0);
    CHECK(strcmp(said, bio_strerror(BYTESIO_CLOSED)) == 0);
    TIFFClose(mapped);
    TIFFClose(unmapped);
    bio_release(s);
}

static void seeks_are_those_of_a_file(void)
{
    bio_stream *s = with_pages("w", 1);
    TIFF *tiff = opened(s, "r+");
    TIFFSeekProc seek = TIFFGetSeekProc(tiff);
    thandle_t file = TIFFClientdata(tiff);
    CHECK_EQ(TIFFGetSizeProc(tiff)(file), bio_len(s));
    CHECK_EQ(seek(file, 10, SEEK_SET), 10);
    CHECK_EQ(seek(file, (toff_t)-3, SEEK_CUR), 7);
    CHECK_EQ(seek(file, (toff_t)-1, SEEK_END), bio_len(s) - 1);
    CHECK_EQ(seek(file, (toff_t)1 << 40, SEEK_SET), (toff_t)1 << 40);
    CHECK_EQ(seek(file, 5, SEEK_SET), 5);
    CHECK_EQ(seek(file, (toff_t)-6, SEEK_CUR), (toff_t)-1);
    CHECK_EQ(errno, EINVAL);
    CHECK_EQ(seek(file, 0, SEEK_CUR), 5);
    TIFFClose(tiff);
    bio_release(s);
}

CHECK_MAIN(CASE(pages_come_back), CASE(pages_come_back_compressed), CASE(pages_are_appended),
           CASE(w_empties_the_stream), CASE(directories_are_patched_in_place),
           CASE(pixels_are_rewritten_in_place), CASE(a_reader_sees_the_file_as_it_was_opened),
           CASE(two_files_over_one_stream_have_their_own_positions),
           CASE(a_stream_that_refuses_bytes_is_an_error), CASE(a_directory_that_finds_no_room_is_an_error),
           CASE(what_is_no_file_does_not_open), CASE(what_is_cut_off_does_not_read),
           CASE(seeks_are_those_of_a_file))
