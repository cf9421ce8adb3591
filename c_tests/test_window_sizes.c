/* How large a window is, and how it is given up: bio_prepare_upto, bio_cancel, windows over content. */
#include "support.h"

static size_t upto(bio_stream *s, size_t min, size_t max)
{
    uint8_t *ptr = NULL;
    size_t room = SIZE_MAX;
    REQUIRE_OK(bio_prepare_upto(s, min, max, &ptr, &room));
    REQUIRE(ptr != NULL && room >= min && room <= max && (room > 0 || max == 0));
    memset(ptr, '~', room);
    return room;
}

static int refused(bio_stream *s, size_t min, size_t max, bio_status want)
{
    uint8_t *ptr = NULL;
    size_t room = 5;
    stream_state before = state_of(s);
    int good =
        CHECK_STATUS(bio_prepare_upto(s, min, max, &ptr, &room), want) & CHECK(ptr == NULL && room == 5);
    good &= CHECK_STATE(s, &before);
    good &= CHECK_STATUS(bio_commit(s, 0), BYTESIO_INVALID); /* none is open */
    state_free(&before);
    return good;
}

static void a_window_has_between_min_and_max(void)
{
    static const size_t sizes[] = {0, 1, 7, 100, 4095, 4096, 4097, 100000};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        for (size_t k = i; k < COUNT(sizes); k++) {
            for (int64_t at = 0; at <= 20; at += 5) {
                bio_stream *s = stream_at(LIT("0123456789"), at);
                size_t n = upto(s, sizes[i], sizes[k]);
                CHECK(n == sizes[k] || n >= 4096 || n == sizes[i]);
                CHECK_OK(bio_commit(s, n));
                CHECK_EQ(bio_tell(s), (size_t)at + n);
                bio_release(s);
            }
        }
    }
    bio_stream *s = bio_new();
    size_t n = upto(s, 1, SIZE_MAX); /* what the caller could use is not what is made */
    CHECK(n >= 1 && n < 1 << 20);
    CHECK_OK(bio_commit(s, 0));
    CHECK(refused(s, 2, 1, BYTESIO_INVALID));
    CHECK(refused(s, SIZE_MAX, SIZE_MAX, BYTESIO_OVERFLOW));
    CHECK(refused(s, PTRDIFF_MAX / 2, SIZE_MAX, BYTESIO_NOMEM));
    CHECK_OK(bio_close(s));
    uint8_t *ptr = NULL;
    CHECK_STATUS(bio_prepare_upto(s, 2, 1, &ptr, &n), BYTESIO_CLOSED);
    bio_release(s);
}

static void an_empty_window_needs_no_memory(void)
{
    for (int64_t at = 0; at <= 20; at += 5) {
        ledger book;
        ledger_open(&book, LEDGER_PLAIN);
        bio_stream *s = ledger_stream(&book, 0, 0, 0);
        CHECK_OK(bio_write(s, LIT("0123456789")));
        CHECK_OK(bio_reserve(s, 100));
        move_to(s, at);
        stream_state before = state_of(s);
        size_t requests = book.requests;
        CHECK_EQ(upto(s, 0, 0), 0);
        CHECK_EQ(book.requests, requests);
        CHECK_STATUS(bio_commit(s, 1), BYTESIO_RANGE);
        CHECK_STATUS(bio_append(s, LIT("x")), BYTESIO_BUSY);
        CHECK_OK(bio_commit(s, 0));
        CHECK_STATE(s, &before);
        state_free(&before);
        bio_release(s);
        LEDGER_CLOSE(&book);
    }
}

static void near_a_limit_it_becomes_smaller_before_it_is_refused(void)
{
    char memory[100];
    for (int fixed = 0; fixed < 2; fixed++) {
        bio_stream *s = bio_new();
        if (fixed) {
            bio_release(s);
            REQUIRE_OK(bio_new_fixed(memory, 100, 0, &s));
        }
        CHECK_OK(bio_set_limit(s, 100));
        CHECK_OK(bio_fill(s, 'x', 90));
        CHECK(refused(s, 11, 1000, BYTESIO_LIMIT));
        CHECK_EQ(upto(s, 10, 1000), 10);
        CHECK_OK(bio_commit(s, 4));
        CHECK_EQ(upto(s, 0, SIZE_MAX), 6);
        CHECK_OK(bio_commit(s, 6));
        CHECK(refused(s, 0, 1, BYTESIO_LIMIT)); /* never none with success ... */
        CHECK_EQ(upto(s, 0, 0), 0);             /* ... unless none is asked for */
        CHECK_OK(bio_commit(s, 0));
        move_to(s, 95); /* over content, and behind it no room either */
        CHECK_EQ(upto(s, 0, 1000), 5);
        CHECK_OK(bio_commit(s, 5));
        move_to(s, 200);
        CHECK(refused(s, 0, 10, BYTESIO_LIMIT));
        CHECK_EQ(bio_len(s), 100);
        bio_release(s);
    }
}

static void under_a_view_it_stays_within_the_content(void)
{
    bio_stream *s = stream_at(LIT("0123456789"), 4);
    bio_view *view = view_of(s, BYTESIO_VIEW_READONLY);
    CHECK_EQ(upto(s, 1, 1000), 6);
    CHECK_OK(bio_commit(s, 6));
    CHECK_VIEW(view, LIT("0123~~~~~~"));
    CHECK(refused(s, 0, 1, BYTESIO_EXPORTED));
    bio_view_release(view);
    bio_release(s);
}

static void over_content_a_window_is_comfortable_and_replaces(void)
{
    bio_stream *s = bio_new();
    uint8_t *ptr = NULL;
    size_t room = 0;
    CHECK_OK(bio_fill(s, 'x', 10000));
    for (int64_t at = 0; at < 10000; at += 999) {
        move_to(s, at);
        REQUIRE_OK(bio_prepare(s, 0, &ptr, &room));
        CHECK(room >= (10000 - at < 4096 ? (size_t)(10000 - at) : 4096));
        bio_cancel(s);
        REQUIRE_OK(bio_prepare(s, 3, &ptr, &room));
        CHECK(room >= (10000 - at < 4096 ? (size_t)(10000 - at) : 4096));
        memcpy(ptr, "abc", 3);
        CHECK_OK(bio_commit(s, 3));
        CHECK_OK(bio_peek_at(s, (uint64_t)at, (const uint8_t **)&ptr, &room));
        CHECK_MEM(ptr, 4, LIT("abcx"));
    }
    CHECK_EQ(bio_len(s), 10000);
    bio_release(s);
}

static void a_window_at_the_end_lies_behind_the_content(void)
{
    for (size_t len = 1; len < 100000; len *= 7) {
        bio_stream *s = bio_new();
        bio_snapshot *held = NULL;
        CHECK_OK(bio_fill(s, 'x', len));
        if (len % 2)
            held = value_of(s);
        uint8_t *ptr = NULL;
        const uint8_t *content = NULL;
        size_t room = 0, n = 0;
        REQUIRE_OK(bio_prepare_upto(s, 1, 1000, &ptr, &room));
        CHECK_OK(bio_peek_at(s, 0, &content, &n));
        CHECK_PTR(ptr, content + len); /* a decompressor looks back into it */
        bio_cancel(s);
        bio_snapshot_release(held);
        bio_release(s);
    }
}

static void a_window_given_up_leaves_no_trace(void)
{
    for (int64_t at = 0; at <= 20; at += 5) {
        bio_stream *s = stream_at(LIT("0123456789"), at);
        stream_state before = state_of(s);
        upto(s, 100, 1000);
        bio_cancel(s);
        CHECK_STATE(s, &before);
        bio_cancel(s); /* without one it does nothing */
        CHECK_STATUS(bio_commit(s, 0), BYTESIO_INVALID);
        CHECK_OK(bio_write(s, LIT("on")));
        CHECK_EQ(bio_tell(s), (uint64_t)at + 2);
        state_free(&before);
        upto(s, 1, 1);
        CHECK_OK(bio_close(s));
        bio_cancel(s); /* closing has done it */
        bio_release(s);
    }
    bio_cancel(NULL);
}

static void closing_gives_the_window_up_and_keeps_the_content(void)
{
    ledger book;
    ledger_open(&book, LEDGER_PLAIN);
    for (int64_t at = 0; at <= 10; at += 5) {
        bio_stream *s = ledger_stream(&book, 0, 0, 0);
        bio_snapshot *last = NULL;
        CHECK_OK(bio_write(s, LIT("0123456789")));
        move_to(s, at);
        upto(s, 5000, 5000);
        CHECK_OK(bio_close_take(s, &last));
        CHECK_SNAPSHOT(last, LIT("0123456789"));
        CHECK_STATUS(bio_commit(s, 1), BYTESIO_CLOSED);
        bio_snapshot_release(last);
        bio_release(s);
    }
    LEDGER_CLOSE(&book);
}

static void where_memory_is_short_the_least_will_do(void)
{
    for (int64_t at = 0; at <= 3; at += 3) {
        for (size_t n = 1; n < 6; n++) {
            ledger book;
            uint8_t *ptr = NULL;
            size_t room = 0;
            ledger_open(&book, LEDGER_PLAIN);
            bio_stream *s = ledger_stream(&book, 0, 0, 0);
            CHECK_OK(bio_write(s, LIT("abc")));
            move_to(s, at);
            stream_state before = state_of(s);
            book.fail_at = n;
            bio_status status = bio_prepare_upto(s, 100, 1000, &ptr, &room);
            CHECK(status == BYTESIO_OK || status == BYTESIO_NOMEM);
            CHECK(status == BYTESIO_NOMEM ? ptr == NULL : room >= 100);
            CHECK_STATE(s, &before);
            state_free(&before);
            bio_cancel(s);
            bio_release(s);
            LEDGER_CLOSE(&book);
        }
    }
}

CHECK_MAIN(CASE(a_window_has_between_min_and_max), CASE(an_empty_window_needs_no_memory),
           CASE(near_a_limit_it_becomes_smaller_before_it_is_refused),
           CASE(under_a_view_it_stays_within_the_content),
           CASE(over_content_a_window_is_comfortable_and_replaces),
           CASE(a_window_at_the_end_lies_behind_the_content), CASE(a_window_given_up_leaves_no_trace),
           CASE(closing_gives_the_window_up_and_keeps_the_content),
           CASE(where_memory_is_short_the_least_will_do))
