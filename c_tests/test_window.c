/* bio_prepare and bio_commit: a window that the caller fills, and what goes on, or not, while it is open. */
#include "calls.h"

typedef struct window {
    uint8_t *ptr;
    size_t room;
} window;

static window open_window(bio_stream *s, size_t min)
{
    window w = {NULL, 0};
    REQUIRE_OK(bio_prepare(s, min, &w.ptr, &w.room));
    REQUIRE(w.ptr != NULL && w.room >= min);
    memset(w.ptr, '~', w.room); /* all of it is the caller's */
    return w;
}

static void a_window_at_the_end_appends(void)
{
    bio_stream *s = stream_at(LIT("abc"), 3);
    window w = open_window(s, 4);
    memcpy(w.ptr, "defg", 4);
    CHECK_STREAM(s, LIT("abc")); /* uncommitted bytes are never part of the stream */
    CHECK_EQ(bio_tell(s), 3);
    CHECK_OK(bio_commit(s, 4));
    CHECK_STREAM(s, LIT("abcdefg"));
    CHECK_EQ(bio_tell(s), 7);
    bio_release(s);
}

static void every_size_can_be_committed_up_to_the_window(void)
{
    for (int64_t position = 0; position <= 8; position++) {
        for (size_t n = 0; n <= 6; n++) {
            bio_stream *s = stream_at(LIT("012345"), position);
            window w = open_window(s, 6);
            char want[32] = "012345";
            size_t len = n && (size_t)position + n > 6 ? (size_t)position + n : 6;
            memcpy(w.ptr, "ABCDEF", 6);
            CHECK_STREAM(s, LIT("012345"));
            CHECK_OK(bio_commit(s, n));
            memcpy(want + position, "ABCDEF", n); /* `want` is zero where the gap is */
            if (!CHECK_STREAM(s, want, len))
                check_fail(__FILE__, __LINE__, "... commit of %zu at %jd", n, (intmax_t)position);
            CHECK_EQ(bio_tell(s), (size_t)position + n);
            bio_release(s);
        }
    }
}

static void commit_of_all_the_room_is_legal_and_more_is_not(void)
{
    bio_stream *s = stream_at(LIT("abc"), 3);
    window w = open_window(s, 10);
    CHECK_STATUS(bio_commit(s, w.room + 1), BYTESIO_RANGE);
    CHECK_STATUS(bio_commit(s, SIZE_MAX), BYTESIO_RANGE);
    CHECK_STREAM(s, LIT("abc"));
    CHECK_STATUS(bio_write(s, LIT("x")), BYTESIO_BUSY); /* the window stays */
    CHECK_OK(bio_commit(s, w.room));
    CHECK_EQ(bio_len(s), 3 + w.room);
    char byte = 0;
    size_t n = 0;
    CHECK_OK(bio_pread(s, &byte, 1, 3 + w.room - 1, &n));
    CHECK_EQ(byte, '~');
    bio_release(s);
}

static void commit_without_a_window_is_invalid(void)
{
    bio_stream *s = stream_of(LIT("abc"));
    CHECK_STATUS(bio_commit(s, 0), BYTESIO_INVALID);
    CHECK_STATUS(bio_commit(s, 1), BYTESIO_INVALID);
    open_window(s, 1);
    CHECK_OK(bio_commit(s, 0));
    CHECK_STATUS(bio_commit(s, 0), BYTESIO_INVALID); /* once only */
    open_window(s, 1);
    CHECK_OK(bio_commit(s, 1));
    CHECK_STATUS(bio_commit(s, 1), BYTESIO_INVALID);
    CHECK_STREAM(s, LIT("~bc"));
    bio_release(s);
}

static void commit_of_nothing_gives_the_window_up(void)
{
    bio_stream *s = stream_at(LIT("abc"), 9);
    open_window(s, 100);
    CHECK_OK(bio_commit(s, 0));
    CHECK_STREAM(s, LIT("abc")); /* and fills no gap */
    CHECK_EQ(bio_tell(s), 9);
    CHECK_OK(bio_write(s, LIT("!")));
    CHECK_STREAM(s, LIT("abc\0\0\0\0\0\0!")); /* nor shows what the caller left in it */
    bio_release(s);
}

static void a_gap_before_the_window_is_zero(void)
{
    bio_stream *s = bio_new();
    REQUIRE(s != NULL);
    CHECK_OK(bio_fill(s, 0xEE, 500));
    CHECK_OK(bio_truncate(s, 1));
    move_to(s, 400);
    window w = open_window(s, 3);
    memcpy(w.ptr, "end", 3);
    CHECK_EQ(bio_len(s), 1);
    CHECK_OK(bio_commit(s, 3));
    uint8_t want[403] = {0xEE};
    memcpy(want + 400, "end", 3);
    CHECK_STREAM(s, want, sizeof want);
    bio_release(s);
}

static void prepare_of_nothing_gives_whatever_room_there_is(void)
{
    bio_stream *s = bio_new();
    REQUIRE(s != NULL);
    window w = open_window(s, 0);
    REQUIRE(w.room >= 1);
    w.ptr[0] = 'x';
    CHECK_OK(bio_commit(s, 1));
    for (int i = 1; i < 3000; i++) {
        w = open_window(s, 0);
        REQUIRE(w.room >= 1);
        size_t n = w.room < 7 ? w.room : 7;
        memset(w.ptr, 'x', n);
        CHECK_OK(bio_commit(s, n));
    }
    bio_snapshot *snap = value_of(s);
    size_t count = 0;
    CHECK_OK(bio_snapshot_count(snap, "x", 1, &count));
    CHECK_EQ(count, bio_len(s));
    bio_snapshot_release(snap);
    bio_release(s);
}

static void every_other_change_is_busy_while_a_window_is_open(void)
{
    for (size_t i = 0; i < COUNT(stream_calls); i++) {
        const stream_call *c = &stream_calls[i];
        for (int64_t at = 2; at <= 10; at += 8) { /* over existing bytes and at the end */
            bio_stream *s = stream_at(LIT("0123456789"), at);
            open_window(s, 4);
            stream_state before = state_of(s);
            bool good = CHECK_STATUS(c->call(s), c->kind & CALL_BUSY ? BYTESIO_BUSY : BYTESIO_OK);
            if (c->kind & CALL_BUSY)
                good &= CHECK_STATE(s, &before);
            state_free(&before);
            if (c->kind & CALL_CLOSES) {
                good &= CHECK_STATUS(bio_commit(s, 4), BYTESIO_CLOSED);
            } else {
                /* The window is still there, and still where it was opened. */
                good &= CHECK_OK(bio_commit(s, 4));
                good &= at == 2 ? CHECK_STREAM(s, LIT("01~~~~6789")) : CHECK_STREAM(s, LIT("0123456789~~~~"));
                good &= CHECK_EQ(bio_tell(s), at + 4);
            }
            if (!good)
                check_fail(__FILE__, __LINE__, "... with %s", c->name);
            bio_release(s);
        }
    }
}

static void not_even_nothing_is_written_while_a_window_is_open(void)
{
    bio_stream *s = bio_new();
    bio_slice nothing = {NULL, 0};
    REQUIRE(s != NULL);
    open_window(s, 4);
    CHECK_STATUS(bio_write(s, NULL, 0), BYTESIO_BUSY);
    CHECK_STATUS(bio_pwrite(s, NULL, 0, 0), BYTESIO_BUSY);
    CHECK_STATUS(bio_writev(s, &nothing, 1), BYTESIO_BUSY);
    CHECK_STATUS(bio_fill(s, 0, 0), BYTESIO_BUSY);
    CHECK_STATUS(bio_truncate(s, 0), BYTESIO_BUSY);
    CHECK_STATUS(bio_clear(s), BYTESIO_BUSY);
    CHECK_OK(bio_commit(s, 2));
    CHECK_STREAM(s, LIT("~~"));
    bio_release(s);
}

static void seeking_does_not_move_the_window(void)
{
    bio_stream *s = stream_at(LIT("abc"), 3);
    window w = open_window(s, 2);
    move_to(s, 1000);
    memcpy(w.ptr, "de", 2);
    CHECK_OK(bio_commit(s, 2));
    CHECK_STREAM(s, LIT("abcde"));
    CHECK_EQ(bio_tell(s), 5);
    bio_release(s);
}

static void snapshots_taken_meanwhile_do_not_see_the_window(void)
{
    for (int64_t at = 0; at <= 6; at += 3) {
        bio_stream *s = stream_at(LIT("012345"), at), *clone = NULL;
        bio_snapshot *before = value_of(s), *part = NULL;
        window w = open_window(s, 5);
        bio_snapshot *during = value_of(s);
        REQUIRE_OK(bio_clone(s, &clone));
        REQUIRE_OK(bio_read_snapshot(s, 2, &part));
        memcpy(w.ptr, "ABCDE", 5);
        bio_snapshot *filled = value_of(s);
        CHECK_OK(bio_commit(s, 5));
        bio_snapshot *after = value_of(s);
        char want[16] = "012345";
        memcpy(want + at, "ABCDE", 5);
        CHECK_SNAPSHOT(before, LIT("012345"));
        CHECK_SNAPSHOT(during, LIT("012345"));
        CHECK_SNAPSHOT(filled, LIT("012345"));
        CHECK_SNAPSHOT(part, &"012345"[at], at < 6 ? 2 : 0);
        CHECK_STREAM(clone, LIT("012345"));
        CHECK_SNAPSHOT(after, want, strlen(want));
        bio_snapshot_release(before);
        bio_snapshot_release(during);
        bio_snapshot_release(filled);
        bio_snapshot_release(part);
        bio_snapshot_release(after);
        bio_release(clone);
        bio_release(s);
    }
}

static void a_clone_and_a_window_do_not_meet_in_the_tail(void)
{
    /* Both the window and the clone's append want the room behind the shared bytes. */
    bio_stream *s = stream_at(LIT("shared"), 6), *clone = NULL;
    CHECK_OK(bio_reserve(s, 1000));
    window w = open_window(s, 4);
    REQUIRE_OK(bio_clone(s, &clone));
    move_to(clone, 6);
    CHECK_OK(bio_write(clone, LIT("-clone")));
    memcpy(w.ptr, "-win", 4);
    CHECK_STREAM(clone, LIT("shared-clone"));
    CHECK_OK(bio_commit(s, 4));
    CHECK_STREAM(s, LIT("shared-win"));
    CHECK_STREAM(clone, LIT("shared-clone"));
    bio_release(clone);
    bio_release(s);
}

static void under_a_view_the_window_stays_inside(void)
{
    bio_stream *s = stream_at(LIT("0123456789"), 2);
    bio_view *view = view_of(s, BYTESIO_VIEW_WRITABLE);
    uint8_t *ptr = NULL;
    size_t room = 0;
    CHECK_STATUS(bio_prepare(s, 9, &ptr, &room), BYTESIO_EXPORTED);
    CHECK(ptr == NULL && room == 0);
    window w = open_window(s, 4);
    CHECK(w.room <= 8);
    memcpy(w.ptr, "ABCD", 4);
    CHECK_VIEW(view, LIT("0123456789"));
    CHECK_OK(bio_commit(s, 4));
    CHECK_VIEW(view, LIT("01ABCD6789")); /* the write is seen */
    move_to(s, 10);
    CHECK_STATUS(bio_prepare(s, 1, &ptr, &room), BYTESIO_EXPORTED);
    bio_view_release(view);
    w = open_window(s, 1);
    CHECK_OK(bio_commit(s, 1));
    CHECK_STREAM(s, LIT("01ABCD6789~"));
    bio_release(s);
}

static void a_view_taken_meanwhile_holds_the_length(void)
{
    bio_stream *s = stream_at(LIT("0123"), 4);
    open_window(s, 4);
    bio_view *view = view_of(s, BYTESIO_VIEW_READONLY);
    stream_state before = state_of(s);
    CHECK_STATUS(bio_commit(s, 4), BYTESIO_EXPORTED); /* it would change the length */
    CHECK_STATE(s, &before);
    CHECK_VIEW(view, LIT("0123"));
    state_free(&before);
    bio_view_release(view);
    CHECK_OK(bio_commit(s, 4)); /* refused is not given up */
    CHECK_STREAM(s, LIT("0123~~~~"));
    bio_release(s);
}

static void the_limit_caps_the_window(void)
{
    bio_stream *s = stream_at(LIT("0123"), 4);
    uint8_t *ptr = NULL;
    size_t room = 0;
    CHECK_OK(bio_set_limit(s, 10));
    CHECK_STATUS(bio_prepare(s, 7, &ptr, &room), BYTESIO_LIMIT);
    CHECK(ptr == NULL && room == 0);
    CHECK_OK(bio_write(s, NULL, 0)); /* a window that was refused is not open */
    window w = open_window(s, 6);
    CHECK_EQ(w.room, 6);
    CHECK_OK(bio_commit(s, 6));
    CHECK_STREAM(s, LIT("0123~~~~~~"));
    CHECK_STATUS(bio_prepare(s, 1, &ptr, &room), BYTESIO_LIMIT);
    move_to(s, 8);
    w = open_window(s, 0);
    CHECK(w.room <= 2);
    CHECK_OK(bio_commit(s, w.room));
    CHECK_EQ(bio_len(s), 10);
    bio_release(s);
}

static void fixed_memory_caps_the_window(void)
{
    char memory[10] = "01234#####";
    bio_stream *s = NULL;
    uint8_t *ptr = NULL;
    size_t room = 0;
    REQUIRE_OK(bio_new_fixed(memory, 9, 5, &s));
    move_to(s, 5);
    CHECK_STATUS(bio_prepare(s, 5, &ptr, &room), BYTESIO_LIMIT);
    window w = open_window(s, 4);
    CHECK_EQ(w.room, 4);
    CHECK_OK(bio_commit(s, 4));
    CHECK_MEM(memory, 10, LIT("01234~~~~#"));
    move_to(s, 1);
    w = open_window(s, 3);
    CHECK(w.room <= 8);
    CHECK_MEM(memory, 10, LIT("01234~~~~#")); /* over existing bytes nothing shows before the commit */
    CHECK_OK(bio_commit(s, 2));
    CHECK_MEM(memory, 10, LIT("0~~34~~~~#"));
    bio_release(s);
}

static void absurd_windows_are_refused(void)
{
    bio_stream *s = stream_at(LIT("abc"), 3);
    static const size_t sizes[] = {SIZE_MAX, (size_t)PTRDIFF_MAX + 1, PTRDIFF_MAX - 1};
    stream_state before = state_of(s);
    for (size_t i = 0; i < COUNT(sizes); i++) {
        uint8_t *ptr = NULL;
        size_t room = 5;
        CHECK_STATUS(bio_prepare(s, sizes[i], &ptr, &room), BYTESIO_OVERFLOW);
        CHECK(ptr == NULL && room == 5);
        CHECK_STATE(s, &before);
    }
    uint8_t *ptr = NULL;
    size_t room = 5;
    CHECK_STATUS(bio_prepare(s, PTRDIFF_MAX / 2, &ptr, &room), BYTESIO_NOMEM);
    CHECK_STATE(s, &before);
    CHECK_OK(bio_write(s, LIT("d")));
    state_free(&before);
    bio_release(s);
}

static void a_window_left_open_goes_with_the_stream(void)
{
    for (int64_t at = 0; at <= 20; at += 5) {
        ledger book;
        ledger_open(&book, LEDGER_PLAIN);
        bio_stream *s = ledger_stream(&book, 0, 0, 0);
        CHECK_OK(bio_fill(s, 'x', 10));
        move_to(s, at);
        open_window(s, 5000);
        CHECK_PTR(bio_retain(s), s);
        bio_release(s);
        CHECK_OK(bio_commit(s, 5000));
        open_window(s, 9000);
        bio_release(s);
        LEDGER_CLOSE(&book);
    }
}

static void appending_through_windows_moves_no_byte_twice(void)
{
    ledger book;
    ledger_open(&book, LEDGER_PLAIN);
    bio_stream *s = ledger_stream(&book, 100000, 0, 0);
    bio_snapshot *held = NULL;
    size_t requests = 0;
    for (unsigned i = 0; i < 1000; i++) {
        uint8_t *ptr = NULL;
        size_t room = 0;
        if (i == 500) { /* a snapshot ends before the window and does not force a copy */
            held = value_of(s);
            requests = book.requests;
        }
        REQUIRE_OK(bio_prepare(s, 100, &ptr, &room));
        pattern_fill(ptr, 100, i * UINT64_C(100));
        CHECK_OK(bio_commit(s, 100));
    }
    CHECK_EQ(book.requests, requests);
    CHECK_EQ(statistics_of(s).forks + statistics_of(s).moves, 0);
    CHECK_EQ(bio_snapshot_len(held), 50000);
    bio_snapshot *all = value_of(s);
    CHECK(pattern_holds(bio_snapshot_data(all), 100000, 0));
    bio_snapshot_release(all);
    bio_snapshot_release(held);
    bio_release(s);
    LEDGER_CLOSE(&book);
}

CHECK_MAIN(CASE(a_window_at_the_end_appends), CASE(every_size_can_be_committed_up_to_the_window),
           CASE(commit_of_all_the_room_is_legal_and_more_is_not), CASE(commit_without_a_window_is_invalid),
           CASE(commit_of_nothing_gives_the_window_up), CASE(a_gap_before_the_window_is_zero),
           CASE(prepare_of_nothing_gives_whatever_room_there_is),
           CASE(every_other_change_is_busy_while_a_window_is_open),
           CASE(not_even_nothing_is_written_while_a_window_is_open), CASE(seeking_does_not_move_the_window),
           CASE(snapshots_taken_meanwhile_do_not_see_the_window),
           CASE(a_clone_and_a_window_do_not_meet_in_the_tail), CASE(under_a_view_the_window_stays_inside),
           CASE(a_view_taken_meanwhile_holds_the_length), CASE(the_limit_caps_the_window),
           CASE(fixed_memory_caps_the_window), CASE(absurd_windows_are_refused),
           CASE(a_window_left_open_goes_with_the_stream), CASE(appending_through_windows_moves_no_byte_twice))
