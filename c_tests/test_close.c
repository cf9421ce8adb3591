/* bio_close and bio_close_take: what goes, what stays, and what every other call says afterwards. */
#include "calls.h"

static bio_stream *closed_stream(void)
{
    bio_stream *s = stream_at(LIT("0123456789"), 10);
    REQUIRE_OK(bio_close(s));
    return s;
}

static void close_is_idempotent(void)
{
    bio_stream *s = stream_of(LIT("bytes"));
    CHECK(!bio_is_closed(s));
    for (int i = 0; i < 3; i++) {
        CHECK_OK(bio_close(s));
        CHECK(bio_is_closed(s));
    }
    bio_release(s);
}

static void every_call_on_a_closed_stream_says_closed(void)
{
    for (size_t i = 0; i < COUNT(stream_calls); i++) {
        bio_stream *s = closed_stream();
        bio_status want = stream_calls[i].call == call_close ? BYTESIO_OK : BYTESIO_CLOSED;
        if (!CHECK_STATUS(stream_calls[i].call(s), want))
            check_fail(__FILE__, __LINE__, "... by %s", stream_calls[i].name);
        CHECK(bio_is_closed(s));
        bio_release(s);
    }
}

static void a_closed_stream_takes_not_even_nothing(void)
{
    for (int empty = 0; empty < 2; empty++) {
        bio_stream *s = empty ? bio_new() : stream_of(LIT("0123456789"));
        bio_slice nothing = {NULL, 0};
        char byte;
        size_t n = 0;
        REQUIRE(s != NULL);
        CHECK_OK(bio_close(s));
        CHECK_STATUS(bio_write(s, NULL, 0), BYTESIO_CLOSED);
        CHECK_STATUS(bio_pwrite(s, NULL, 0, 0), BYTESIO_CLOSED);
        CHECK_STATUS(bio_writev(s, &nothing, 1), BYTESIO_CLOSED);
        CHECK_STATUS(bio_writev(s, NULL, 0), BYTESIO_CLOSED);
        CHECK_STATUS(bio_fill(s, 0, 0), BYTESIO_CLOSED);
        CHECK_STATUS(bio_printf(s, "%s", ""), BYTESIO_CLOSED);
        CHECK_STATUS(bio_read(s, NULL, 0, &n), BYTESIO_CLOSED);
        CHECK_STATUS(bio_read(s, &byte, 1, &n), BYTESIO_CLOSED);
        CHECK_STATUS(bio_skip(s, 0, NULL), BYTESIO_CLOSED);
        CHECK_STATUS(bio_truncate(s, 0), BYTESIO_CLOSED);
        CHECK_STATUS(bio_reserve(s, 0), BYTESIO_CLOSED);
        bio_release(s);
    }
}

static void closed_comes_before_the_values(void)
{
    bio_stream *s = closed_stream();
    size_t n = 0;
    char buf[1];
    bio_view *view = NULL;
    CHECK_STATUS(bio_seek(s, -1, BYTESIO_SEEK_SET, NULL), BYTESIO_CLOSED);
    CHECK_STATUS(bio_seek(s, 0, 99, NULL), BYTESIO_CLOSED);
    CHECK_STATUS(bio_getbuffer(s, 0xffff, &view), BYTESIO_CLOSED);
    CHECK_STATUS(bio_truncate(s, UINT64_MAX), BYTESIO_CLOSED);
    CHECK_STATUS(bio_resize(s, UINT64_MAX), BYTESIO_CLOSED);
    CHECK_STATUS(bio_pread(s, buf, 1, UINT64_MAX, &n), BYTESIO_CLOSED);
    CHECK_STATUS(bio_reserve(s, SIZE_MAX), BYTESIO_CLOSED);
    CHECK_STATUS(bio_fill(s, 0, SIZE_MAX), BYTESIO_CLOSED);
    CHECK_STATUS(bio_commit(s, 0), BYTESIO_CLOSED);
    CHECK_STATUS(bio_commit(s, 5), BYTESIO_CLOSED);
    bio_release(s);
}

static void accessors_of_a_closed_stream_say_zero(void)
{
    bio_stream *s = closed_stream();
    CHECK_EQ(bio_len(s), 0);
    CHECK_EQ(bio_tell(s), 0);
    CHECK_EQ(bio_capacity(s), 0);
    CHECK_EQ(bio_export_count(s), 0);
    bio_release(s);
}

static void a_closed_stream_is_still_counted(void)
{
    bio_stream *s = closed_stream();
    CHECK_PTR(bio_retain(s), s);
    bio_release(s);
    CHECK(bio_is_closed(s));
    bio_release(s);
}

static void close_lets_the_bytes_go_at_once(void)
{
    ledger book;
    ledger_open(&book, LEDGER_PLAIN);
    bio_stream *s = ledger_stream(&book, 0, 0, 0);
    size_t handle_alone = book.live;
    CHECK_OK(bio_fill(s, 1, 5000));
    CHECK(book.live > handle_alone);
    CHECK_OK(bio_close(s));
    CHECK(book.live <= handle_alone);
    bio_release(s);
    LEDGER_CLOSE(&book);
}

static void a_snapshot_keeps_the_bytes_of_a_closed_stream(void)
{
    bio_stream *s = stream_of(LIT("kept"));
    bio_snapshot *snap = value_of(s);
    CHECK_OK(bio_close(s));
    CHECK_SNAPSHOT(snap, LIT("kept"));
    bio_release(s);
    CHECK_SNAPSHOT(snap, LIT("kept"));
    bio_snapshot_release(snap);
}

static void close_is_legal_with_live_views(void)
{
    bio_stream *s = stream_of(LIT("0123456789"));
    bio_view *writable = view_of(s, BYTESIO_VIEW_WRITABLE);
    bio_view *readonly = view_of(s, BYTESIO_VIEW_READONLY), *slice = NULL;
    CHECK_OK(bio_close(s));
    CHECK_EQ(bio_export_count(s), 0);
    CHECK_VIEW(writable, LIT("0123456789"));
    /* The views are still windows onto the same bytes, and can be cut further. */
    mutable_bytes(writable)[3] = 'x';
    CHECK_VIEW(readonly, LIT("012x456789"));
    REQUIRE_OK(bio_view_slice(writable, 2, 3, &slice));
    CHECK_VIEW(slice, LIT("2x4"));
    bio_release(s);
    bio_snapshot *snap = NULL;
    REQUIRE_OK(bio_view_snapshot(slice, &snap));
    mutable_bytes(slice)[0] = 'y';
    CHECK_SNAPSHOT(snap, LIT("2x4"));
    CHECK_VIEW(writable, LIT("01yx456789"));
    bio_view_release(writable);
    bio_view_release(slice);
    CHECK_VIEW(readonly, LIT("01yx456789"));
    bio_view_release(readonly);
    bio_snapshot_release(snap);
}

static void close_take_hands_over_the_bytes_without_a_copy(void)
{
    ledger book;
    ledger_open(&book, LEDGER_PLAIN);
    bio_stream *s = ledger_stream(&book, 4096, 0, 0);
    bio_snapshot *last = NULL;
    CHECK_OK(bio_fill(s, 'f', 4096));
    move_to(s, 0);
    const uint8_t *ptr = NULL;
    size_t len = 0, before = book.bytes;
    CHECK_OK(bio_peek(s, &ptr, &len));
    CHECK_OK(bio_close_take(s, &last));
    REQUIRE(last != NULL);
    CHECK(bio_is_closed(s));
    CHECK_PTR(bio_snapshot_data(last), ptr);
    CHECK_EQ(bio_snapshot_len(last), 4096);
    CHECK(book.bytes - before < 1024); /* a handle at most */
    CHECK_STATUS(bio_close_take(s, &last), BYTESIO_CLOSED);
    CHECK_OK(bio_close(s));
    bio_release(s);
    CHECK_EQ(bio_snapshot_data(last)[4095], 'f');
    bio_snapshot_release(last);
    LEDGER_CLOSE(&book);
}

static void close_take_of_an_empty_stream_gives_an_empty_snapshot(void)
{
    bio_stream *s = bio_new();
    bio_snapshot *last = NULL;
    REQUIRE(s != NULL);
    move_to(s, 77);
    REQUIRE_OK(bio_close_take(s, &last));
    CHECK_SNAPSHOT(last, LIT(""));
    bio_snapshot_release(last);
    bio_release(s);
}

static void close_take_is_independent_of_the_position_and_of_earlier_snapshots(void)
{
    bio_stream *s = stream_at(LIT("whole"), 3);
    bio_snapshot *earlier = value_of(s), *last = NULL;
    CHECK_OK(bio_write(s, LIT("--+")));
    REQUIRE_OK(bio_close_take(s, &last));
    CHECK_SNAPSHOT(earlier, LIT("whole"));
    CHECK_SNAPSHOT(last, LIT("who--+"));
    bio_release(s);
    bio_snapshot_release(earlier);
    CHECK_SNAPSHOT(last, LIT("who--+"));
    bio_snapshot_release(last);
}

static void what_close_take_gives_is_out_of_reach_of_a_writable_view(void)
{
    bio_stream *s = stream_of(LIT("fixed now"));
    bio_view *view = view_of(s, BYTESIO_VIEW_WRITABLE);
    bio_snapshot *last = NULL;
    REQUIRE_OK(bio_close_take(s, &last));
    CHECK(bio_is_closed(s));
    mutable_bytes(view)[0] = 'X';
    CHECK_SNAPSHOT(last, LIT("fixed now"));
    CHECK_VIEW(view, LIT("Xixed now"));
    bio_view_release(view);
    bio_snapshot_release(last);
    bio_release(s);
}

static void close_take_of_fixed_memory_leaves_the_caller_his(void)
{
    char memory[8] = "callers";
    bio_stream *s = NULL;
    bio_snapshot *last = NULL;
    REQUIRE_OK(bio_new_fixed(memory, 8, 7, &s));
    REQUIRE_OK(bio_close_take(s, &last));
    bio_release(s);
    memset(memory, 'z', sizeof memory); /* the memory is the caller's again; the snapshot must not see it */
    CHECK_SNAPSHOT(last, LIT("callers"));
    bio_snapshot_release(last);
}

static void close_gives_an_open_window_up(void)
{
    for (int taken = 0; taken < 2; taken++) {
        bio_stream *s = stream_at(LIT("abc"), 3);
        bio_snapshot *last = NULL;
        uint8_t *ptr = NULL;
        size_t room = 0;
        REQUIRE_OK(bio_prepare(s, 3, &ptr, &room));
        memcpy(ptr, "def", 3);
        CHECK_OK(taken ? bio_close_take(s, &last) : bio_close(s));
        CHECK(bio_is_closed(s));
        CHECK_STATUS(bio_commit(s, 3), BYTESIO_CLOSED);
        if (taken)
            CHECK_SNAPSHOT(last, LIT("abc"));
        bio_snapshot_release(last);
        bio_release(s);
    }
}

CHECK_MAIN(CASE(close_is_idempotent), CASE(every_call_on_a_closed_stream_says_closed),
           CASE(a_closed_stream_takes_not_even_nothing), CASE(closed_comes_before_the_values),
           CASE(accessors_of_a_closed_stream_say_zero), CASE(a_closed_stream_is_still_counted),
           CASE(close_lets_the_bytes_go_at_once), CASE(a_snapshot_keeps_the_bytes_of_a_closed_stream),
           CASE(close_is_legal_with_live_views), CASE(close_take_hands_over_the_bytes_without_a_copy),
           CASE(close_take_of_an_empty_stream_gives_an_empty_snapshot),
           CASE(close_take_is_independent_of_the_position_and_of_earlier_snapshots),
           CASE(what_close_take_gives_is_out_of_reach_of_a_writable_view),
           CASE(close_take_of_fixed_memory_leaves_the_caller_his), CASE(close_gives_an_open_window_up))
