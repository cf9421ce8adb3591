/* bio_seek and bio_tell: one table of where a seek leads, and what a seek does not do. */
#include "support.h"

enum { LENGTH = 10, START = 4 };

typedef struct seek_case {
    int64_t offset;
    int32_t whence;
    bio_status status;
    uint64_t position; /* START when the call fails */
} seek_case;

static const seek_case seeks[] = {
    {0, BYTESIO_SEEK_SET, BYTESIO_OK, 0},
    {7, BYTESIO_SEEK_SET, BYTESIO_OK, 7},
    {LENGTH, BYTESIO_SEEK_SET, BYTESIO_OK, LENGTH}, /* exactly the end */
    {LENGTH + 1, BYTESIO_SEEK_SET, BYTESIO_OK, LENGTH + 1},
    {INT64_MAX, BYTESIO_SEEK_SET, BYTESIO_OK, INT64_MAX},
    {-1, BYTESIO_SEEK_SET, BYTESIO_INVALID, START},
    {INT64_MIN, BYTESIO_SEEK_SET, BYTESIO_INVALID, START},
    {0, BYTESIO_SEEK_CUR, BYTESIO_OK, START},
    {3, BYTESIO_SEEK_CUR, BYTESIO_OK, START + 3},
    {-3, BYTESIO_SEEK_CUR, BYTESIO_OK, START - 3},
    {-START, BYTESIO_SEEK_CUR, BYTESIO_OK, 0},
    {-START - 1, BYTESIO_SEEK_CUR, BYTESIO_OK, 0}, /* clamped */
    {INT64_MIN, BYTESIO_SEEK_CUR, BYTESIO_OK, 0},
    {INT64_MAX - START, BYTESIO_SEEK_CUR, BYTESIO_OK, INT64_MAX},
    {INT64_MAX - START + 1, BYTESIO_SEEK_CUR, BYTESIO_OVERFLOW, START},
    {INT64_MAX, BYTESIO_SEEK_CUR, BYTESIO_OVERFLOW, START},
    {0, BYTESIO_SEEK_END, BYTESIO_OK, LENGTH},
    {5, BYTESIO_SEEK_END, BYTESIO_OK, LENGTH + 5},
    {-1, BYTESIO_SEEK_END, BYTESIO_OK, LENGTH - 1},
    {-LENGTH, BYTESIO_SEEK_END, BYTESIO_OK, 0},
    {-LENGTH - 1, BYTESIO_SEEK_END, BYTESIO_OK, 0}, /* clamped */
    {INT64_MIN, BYTESIO_SEEK_END, BYTESIO_OK, 0},
    {INT64_MAX - LENGTH, BYTESIO_SEEK_END, BYTESIO_OK, INT64_MAX},
    {INT64_MAX - LENGTH + 1, BYTESIO_SEEK_END, BYTESIO_OVERFLOW, START},
    {INT64_MAX, BYTESIO_SEEK_END, BYTESIO_OVERFLOW, START},
    {0, 3, BYTESIO_INVALID, START},
    {0, -1, BYTESIO_INVALID, START},
    {0, INT32_MAX, BYTESIO_INVALID, START},
    {0, INT32_MIN, BYTESIO_INVALID, START},
    {-1, 256, BYTESIO_INVALID, START}, /* not cut down to a byte */
};

static void seek_each(bool with_result)
{
    for (size_t i = 0; i < COUNT(seeks); i++) {
        const seek_case *c = &seeks[i];
        bio_stream *s = stream_at(LIT("0123456789"), START);
        uint64_t position = 4711;
        bool good =
            CHECK_STATUS(bio_seek(s, c->offset, c->whence, with_result ? &position : NULL), c->status) &
            CHECK_EQ(bio_tell(s), c->position) & CHECK_STREAM(s, LIT("0123456789"));
        if (with_result)
            good &= CHECK_EQ(position, c->status == BYTESIO_OK ? c->position : 4711);
        if (!good)
            check_fail(__FILE__, __LINE__, "... by seek(%jd, %jd)", (intmax_t)c->offset, (intmax_t)c->whence);
        bio_release(s);
    }
}

static void each_seek_leads_where_it_must(void)
{
    seek_each(true);
}
static void the_result_may_be_left_out(void)
{
    seek_each(false);
}

static void relative_seeks_start_from_a_far_position_too(void)
{
    bio_stream *s = stream_of(LIT("abc"));
    uint64_t position = 0;
    move_to(s, INT64_MAX);
    CHECK_OK(bio_seek(s, 0, BYTESIO_SEEK_CUR, &position));
    CHECK_EQ(position, INT64_MAX);
    CHECK_STATUS(bio_seek(s, 1, BYTESIO_SEEK_CUR, &position), BYTESIO_OVERFLOW);
    CHECK_OK(bio_seek(s, -1, BYTESIO_SEEK_CUR, &position));
    CHECK_EQ(position, (uint64_t)INT64_MAX - 1);
    CHECK_OK(bio_seek(s, INT64_MIN, BYTESIO_SEEK_CUR, &position));
    CHECK_EQ(position, 0);
    bio_release(s);
}

static void seeking_past_the_end_changes_nothing_else(void)
{
    ledger book;
    ledger_open(&book, LEDGER_PLAIN);
    bio_stream *s = ledger_stream(&book, 0, 0, 0);
    CHECK_OK(bio_write(s, LIT("abc")));
    size_t requests = book.requests;
    uint64_t capacity = bio_capacity(s);
    char buf[4] = "....";
    size_t n = 9;
    move_to(s, INT64_MAX);
    CHECK_EQ(book.requests, requests);
    CHECK_EQ(bio_capacity(s), capacity);
    CHECK_EQ(bio_len(s), 3);
    CHECK_OK(bio_read(s, buf, sizeof buf, &n));
    CHECK_EQ(n, 0);
    CHECK_EQ(bio_tell(s), INT64_MAX); /* reading nothing does not move */
    CHECK_MEM(buf, 4, LIT("...."));
    CHECK_STREAM(s, LIT("abc"));
    bio_release(s);
    LEDGER_CLOSE(&book);
}

static void seek_end_follows_the_length(void)
{
    bio_stream *s = bio_new();
    uint64_t position = 1;
    REQUIRE(s != NULL);
    CHECK_OK(bio_seek(s, 0, BYTESIO_SEEK_END, &position));
    CHECK_EQ(position, 0);
    CHECK_OK(bio_fill(s, 'x', 100));
    move_to(s, 0);
    CHECK_OK(bio_seek(s, 0, BYTESIO_SEEK_END, &position));
    CHECK_EQ(position, 100);
    CHECK_OK(bio_truncate(s, 30));
    CHECK_OK(bio_seek(s, 0, BYTESIO_SEEK_END, &position));
    CHECK_EQ(position, 30);
    bio_release(s);
}

static void after_a_seek_back_the_length_is_not_the_position(void)
{
    bio_stream *s = stream_at(LIT("0123456789"), 10);
    move_to(s, 2);
    CHECK_EQ(bio_tell(s), 2);
    CHECK_EQ(bio_len(s), 10);
    bio_snapshot *snap = value_of(s);
    CHECK_EQ(bio_snapshot_len(snap), 10);
    bio_snapshot_release(snap);
    bio_release(s);
}

static void a_strict_seek_stays_in_the_file(void)
{
    static const struct {
        int64_t offset;
        int32_t whence;
        bio_status status;
        uint64_t position;
    } seeks[] = {
        {-1, BYTESIO_SEEK_SET, BYTESIO_INVALID, 4},
        {-5, BYTESIO_SEEK_CUR, BYTESIO_INVALID, 4},
        {-4, BYTESIO_SEEK_CUR, BYTESIO_OK, 0},
        {-11, BYTESIO_SEEK_END, BYTESIO_INVALID, 4},
        {-10, BYTESIO_SEEK_END, BYTESIO_OK, 0},
        {INT64_MIN, BYTESIO_SEEK_CUR, BYTESIO_INVALID, 4},
        {INT64_MIN, BYTESIO_SEEK_END, BYTESIO_INVALID, 4},
        {5, BYTESIO_SEEK_END, BYTESIO_OK, 15},
        {INT64_MAX, BYTESIO_SEEK_CUR, BYTESIO_OVERFLOW, 4},
        {0, 3, BYTESIO_INVALID, 4},
        {0, BYTESIO_SEEK_STRICT << 1, BYTESIO_INVALID, 4},
    };
    for (size_t i = 0; i < COUNT(seeks); i++) {
        bio_stream *s = stream_at(LIT("0123456789"), 4);
        uint64_t position = 99;
        CHECK_STATUS(bio_seek(s, seeks[i].offset, seeks[i].whence | BYTESIO_SEEK_STRICT, &position),
                     seeks[i].status);
        CHECK_EQ(position, seeks[i].status == BYTESIO_OK ? seeks[i].position : 99);
        CHECK_EQ(bio_tell(s), seeks[i].position);
        bio_release(s);
    }
}

static void position_and_length_come_together_or_alone(void)
{
    bio_stream *s = stream_at(LIT("0123456789"), 40);
    uint64_t position = 99, len = 99;
    CHECK_OK(bio_where(s, &position, &len));
    CHECK(position == 40 && len == 10);
    position = len = 99;
    CHECK_OK(bio_where(s, &position, NULL));
    CHECK_OK(bio_where(s, NULL, &len));
    CHECK_OK(bio_where(s, NULL, NULL));
    CHECK(position == 40 && len == 10);
    bio_release(s);
}

CHECK_MAIN(CASE(a_strict_seek_stays_in_the_file), CASE(position_and_length_come_together_or_alone),
           CASE(each_seek_leads_where_it_must), CASE(the_result_may_be_left_out),
           CASE(relative_seeks_start_from_a_far_position_too),
           CASE(seeking_past_the_end_changes_nothing_else), CASE(seek_end_follows_the_length),
           CASE(after_a_seek_back_the_length_is_not_the_position))
