/* bytesio/zstd.h with zstd. */
#include "codec.h"

#include "bytesio/zstd.h"

static void *codec_open(enum way way)
{
    void *run = way == PACK ? (void *)ZSTD_createCCtx() : (void *)ZSTD_createDCtx();
    REQUIRE(run != NULL);
    if (way == PACK) /* so that damage is found wherever it is */
        REQUIRE(!ZSTD_isError(ZSTD_CCtx_setParameter(run, ZSTD_c_checksumFlag, 1)));
    return run;
}

static enum outcome codec_call(void *run, enum way way, bio_stream *from, bio_stream *to)
{
    size_t result;
    errno = 0;
    result = way == PACK ? bio_zstd_compress(run, from, to) : bio_zstd_decompress(run, from, to);
    if (!ZSTD_isError(result))
        return result == 0 ? DONE : UNEXPECTED;
    switch (ZSTD_getErrorCode(result)) {
    case ZSTD_error_srcSize_wrong: return ENDS_EARLY;
    case ZSTD_error_dstSize_tooSmall: return errno == ENOSPC ? REFUSED : UNEXPECTED;
    case ZSTD_error_GENERIC: return REFUSED;
    case ZSTD_error_memory_allocation: return NO_MEMORY;
    default: return DAMAGED;
    }
}

static void codec_close(void *run, enum way way)
{
    if (way == PACK)
        ZSTD_freeCCtx(run);
    else
        ZSTD_freeDCtx(run);
}

static void what_is_written_is_what_zstd_reads_and_the_reverse(void)
{
    static uint8_t out[TEXT + 10000];
    bio_stream *s = packed(TEXT), *from, *to = bio_new();
    bio_snapshot *value = value_of(s);
    size_t len = ZSTD_decompress(out, sizeof out, bio_snapshot_data(value), bio_snapshot_len(value));
    CHECK_MEM(out, len, codec_text(), TEXT);
    /* Since all was there from the first call on, the frame says how long it is. */
    CHECK_EQ(ZSTD_getFrameContentSize(bio_snapshot_data(value), bio_snapshot_len(value)), TEXT);
    len = ZSTD_compress(out, sizeof out, codec_text(), TEXT, 3);
    REQUIRE(!ZSTD_isError(len));
    from = stream_of(out, len);
    CHECK_EQ(codec_once(UNPACK, from, to), DONE);
    CHECK_STREAM(to, codec_text(), TEXT);
    bio_snapshot_release(value);
    bio_release(to);
    bio_release(from);
    bio_release(s);
}

static void frames_are_read_one_by_one(void)
{
    bio_stream *from = packed(1000), *second = packed(2000), *to = bio_new();
    bio_snapshot *value = value_of(second);
    void *run = codec_open(UNPACK);
    CHECK_OK(bio_append(from, bio_snapshot_data(value), bio_snapshot_len(value)));
    CHECK_EQ(codec_call(run, UNPACK, from, to), DONE);
    CHECK_EQ(bio_len(to), 1000);
    CHECK_EQ(codec_call(run, UNPACK, from, to), DONE);
    CHECK_EQ(bio_len(to), 3000);
    CHECK_EQ(bio_tell(from), bio_len(from));
    codec_close(run, UNPACK);
    bio_snapshot_release(value);
    bio_release(to);
    bio_release(second);
    bio_release(from);
}

CHECK_MAIN(CODEC_CASES, CASE(what_is_written_is_what_zstd_reads_and_the_reverse),
           CASE(frames_are_read_one_by_one))
