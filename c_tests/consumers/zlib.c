/* bytesio/zlib.h with zlib: every format, dictionaries, and more bytes than a uInt counts. */
#include "codec.h"

#include "bytesio/zlib.h"

/* The windowBits of the three formats. */
enum { ZLIB = 15, GZIP = 15 + 16, RAW = -15 };

static z_stream *open_format(enum way way, int bits)
{
    z_stream *z = calloc(1, sizeof *z);
    REQUIRE(z != NULL);
    REQUIRE((way == PACK ? deflateInit2(z, 6, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY)
                         : inflateInit2(z, bits)) == Z_OK);
    return z;
}

static void *codec_open(enum way way)
{
    return open_format(way, ZLIB);
}

static enum outcome codec_call(void *run, enum way way, bio_stream *from, bio_stream *to)
{
    z_stream *z = run;
    int result = way == PACK ? bio_zlib_deflate(z, from, to) : bio_zlib_inflate(z, from, to);
    switch (result) {
    case Z_STREAM_END: return DONE;
    case Z_BUF_ERROR: return ENDS_EARLY;
    case Z_DATA_ERROR: return DAMAGED;
    case Z_ERRNO: return z->msg != NULL ? REFUSED : UNEXPECTED;
    case Z_MEM_ERROR: return strcmp(z->msg, bio_strerror(BYTESIO_NOMEM)) == 0 ? NO_MEMORY : UNEXPECTED;
    default: return UNEXPECTED;
    }
}

static void codec_close(void *run, enum way way)
{
    if (way == PACK)
        deflateEnd(run);
    else
        inflateEnd(run);
    free(run);
}

static void what_is_written_is_what_zlib_reads_and_the_reverse(void)
{
    static uint8_t out[TEXT + 1000];
    uLongf len = sizeof out;
    bio_stream *s = packed(TEXT), *to = bio_new();
    bio_snapshot *value = value_of(s);
    CHECK_EQ(uncompress(out, &len, bio_snapshot_data(value), bio_snapshot_len(value)), Z_OK);
    CHECK_MEM(out, len, codec_text(), TEXT);
    len = sizeof out;
    CHECK_EQ(compress2(out, &len, codec_text(), TEXT, 6), Z_OK);
    CHECK_STREAM(s, out, len);
    CHECK_EQ(codec_once(UNPACK, s, to), DONE);
    CHECK_STREAM(to, codec_text(), TEXT);
    bio_snapshot_release(value);
    bio_release(to);
    bio_release(s);
}

static void every_format_comes_back(void)
{
    static const int formats[] = {ZLIB, GZIP, RAW};
    for (size_t i = 0; i < COUNT(formats); i++) {
        bio_stream *from = stream_of(codec_text(), TEXT), *small = bio_new(), *to = bio_new();
        z_stream *z = open_format(PACK, formats[i]);
        CHECK_EQ(codec_call(z, PACK, from, small), DONE);
        codec_close(z, PACK);
        CHECK_OK(bio_write(small, LIT("behind")));
        move_to(small, 0);
        z = open_format(UNPACK, formats[i]);
        CHECK_EQ(codec_call(z, UNPACK, small, to), DONE);
        CHECK_EQ(bio_tell(small), bio_len(small) - 6);
        codec_close(z, UNPACK);
        CHECK_STREAM(to, codec_text(), TEXT);
        bio_release(to);
        bio_release(small);
        bio_release(from);
    }
}

static void a_dictionary_is_asked_for_and_then_it_goes_on(void)
{
    bio_stream *from = stream_of(codec_text(), 5000), *small = bio_new(), *to = bio_new();
    z_stream *z = open_format(PACK, ZLIB);
    REQUIRE(deflateSetDictionary(z, codec_text(), 1000) == Z_OK);
    CHECK_EQ(bio_zlib_deflate(z, from, small), Z_STREAM_END);
    codec_close(z, PACK);
    move_to(small, 0);
    z = open_format(UNPACK, ZLIB);
    CHECK_EQ(bio_zlib_inflate(z, small, to), Z_NEED_DICT);
    REQUIRE(inflateSetDictionary(z, codec_text(), 1000) == Z_OK);
    CHECK_EQ(bio_zlib_inflate(z, small, to), Z_STREAM_END);
    codec_close(z, UNPACK);
    CHECK_STREAM(to, codec_text(), 5000);
    bio_release(to);
    bio_release(small);
    bio_release(from);
}

/* Stands in for deflate(), which would take its time: takes what it is given, and puts out its number. */
typedef struct meter {
    unsigned calls, asked_to_finish;
    uint64_t taken;
} meter;

static int ZEXPORT measure(z_streamp z, int flush)
{
    meter *m = z->opaque;
    m->calls++;
    m->asked_to_finish += flush == Z_FINISH;
    m->taken += z->avail_in;
    z->next_in += z->avail_in;
    z->avail_in = 0;
    *z->next_out++ = (Bytef)m->calls;
    z->avail_out--;
    return flush == Z_FINISH ? Z_STREAM_END : Z_OK;
}

static void more_than_a_uint_counts_goes_in_pieces(void)
{
    const unsigned pieces = scaled(1) > 1 ? 2 : 0; /* memcheck would take its time, too */
    const uint64_t len = (uint64_t)UINT_MAX * pieces + 5;
    meter m = {0, 0, 0};
    bio_stream *from = bio_new(), *to = bio_new();
    z_stream z;
    memset(&z, 0, sizeof z);
    z.opaque = &m;
    if (sizeof(size_t) < 8 || bio_resize(from, len) != BYTESIO_OK)
        CHECK_SKIP("no stream of 8 GiB here");
    for (unsigned i = 0; i <= pieces; i++)
        CHECK_EQ(bio_zlib_step(&z, measure, Z_FINISH, from, to), i < pieces ? Z_OK : Z_STREAM_END);
    CHECK_EQ(m.taken, len);
    CHECK_EQ(m.asked_to_finish, 1);
    CHECK_EQ(bio_tell(from), len);
    CHECK_STREAM(to, "\1\2\3", pieces + 1);
    bio_release(to);
    bio_release(from);
}

CHECK_MAIN(CODEC_CASES, CASE(what_is_written_is_what_zlib_reads_and_the_reverse),
           CASE(every_format_comes_back), CASE(a_dictionary_is_asked_for_and_then_it_goes_on),
           CASE(more_than_a_uint_counts_goes_in_pieces))
