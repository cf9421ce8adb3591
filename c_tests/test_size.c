/* truncate, resize, clear, reserve, shrink_to_fit, set_limit: what they do to length, position and room. */
#include "support.h"

static void truncate_never_extends_and_never_moves(void)
{
    for (int64_t position = 0; position <= 14; position += 7) {
        for (uint64_t size = 0; size <= 13; size++) {
            bio_stream *s = stream_at(LIT("0123456789"), position);
            CHECK_OK(bio_truncate(s, size));
            CHECK_STREAM(s, "0123456789", size < 10 ? (size_t)size : 10);
            CHECK_EQ(bio_tell(s), position);
            bio_release(s);
        }
    }
}

static void resize_cuts_or_extends_with_zeros_and_never_moves(void)
{
    for (int64_t position = 0; position <= 14; position += 7) {
        for (uint64_t size = 0; size <= 13; size++) {
            char want[16] = "0123456789"; /* zeros behind */
            bio_stream *s = stream_at(LIT("0123456789"), position);
            CHECK_OK(bio_resize(s, size));
            CHECK_STREAM(s, want, (size_t)size);
            CHECK_EQ(bio_tell(s), position);
            bio_release(s);
        }
    }
}

static void what_was_cut_off_does_not_come_back(void)
{
    bio_stream *s = stream_of(LIT("secret bytes"));
    CHECK_OK(bio_truncate(s, 3));
    CHECK_OK(bio_resize(s, 8));
    CHECK_STREAM(s, LIT("sec\0\0\0\0\0"));
    CHECK_OK(bio_resize(s, 3));
    move_to(s, 6);
    CHECK_OK(bio_write(s, LIT("!")));
    CHECK_STREAM(s, LIT("sec\0\0\0!"));
    bio_release(s);
}

static void a_write_at_the_left_position_after_truncate_makes_a_gap(void)
{
    bio_stream *s = stream_of(LIT(""));
    CHECK_OK(bio_fill(s, 0xEE, 10));
    CHECK_OK(bio_truncate(s, 4));
    CHECK_EQ(bio_tell(s), 10);
    CHECK_OK(bio_write(s, LIT("X")));
    CHECK_STREAM(s, "\xee\xee\xee\xee\0\0\0\0\0\0X", 11);
    bio_release(s);
}

static void absurd_sizes_are_refused(void)
{
    static const uint64_t sizes[] = {UINT64_MAX, (uint64_t)INT64_MAX + 1};
    bio_stream *s = stream_at(LIT("abc"), 2);
    stream_state before = state_of(s);
    for (size_t i = 0; i < COUNT(sizes); i++) {
        CHECK_STATUS(bio_truncate(s, sizes[i]), BYTESIO_OVERFLOW);
        CHECK_STATUS(bio_resize(s, sizes[i]), BYTESIO_OVERFLOW);
        CHECK_STATUS(bio_reserve(s, (size_t)sizes[i]), BYTESIO_OVERFLOW);
        CHECK_STATE(s, &before);
    }
    CHECK_STATUS(bio_reserve(s, PTRDIFF_MAX), BYTESIO_OVERFLOW); /* behind three bytes it is one of them */
    CHECK_STATUS(bio_reserve(s, PTRDIFF_MAX / 2), BYTESIO_NOMEM);
    CHECK_STATUS(bio_resize(s, PTRDIFF_MAX / 2), BYTESIO_NOMEM);
    CHECK_OK(bio_truncate(s, INT64_MAX)); /* larger than the stream: nothing to do */
    CHECK_STATE(s, &before);
    state_free(&before);
    bio_release(s);
}

static void clear_forgets_length_and_position_and_keeps_the_room(void)
{
    ledger book;
    ledger_open(&book, LEDGER_PLAIN);
    bio_stream *s = ledger_stream(&book, 0, 0, 0);
    CHECK_OK(bio_fill(s, 'x', 5000));
    uint64_t capacity = bio_capacity(s);
    size_t requests = book.requests;
    for (int round = 0; round < 10; round++) {
        CHECK_OK(bio_clear(s));
        CHECK_EQ(bio_len(s), 0);
        CHECK_EQ(bio_tell(s), 0);
        CHECK_EQ(bio_capacity(s), capacity);
        CHECK_OK(bio_fill(s, 'y', 5000));
    }
    CHECK_EQ(book.requests, requests);
    bio_release(s);
    LEDGER_CLOSE(&book);
}

static void clear_leaves_snapshots_alone(void)
{
    bio_stream *s = stream_of(LIT("published"));
    bio_snapshot *snap = value_of(s);
    CHECK_OK(bio_clear(s));
    CHECK_OK(bio_write(s, LIT("something else, and longer")));
    CHECK_SNAPSHOT(snap, LIT("published"));
    bio_release(s);
    bio_snapshot_release(snap);
}

static void reserve_makes_room_and_nothing_else(void)
{
    ledger book;
    ledger_open(&book, LEDGER_PLAIN);
    bio_stream *s = ledger_stream(&book, 0, 0, 0);
    CHECK_OK(bio_write(s, LIT("abc")));
    move_to(s, 1);
    CHECK_OK(bio_reserve(s, 10000));
    CHECK(bio_capacity(s) >= 10003); /* beyond the length, wherever the position is */
    CHECK_EQ(bio_tell(s), 1);
    CHECK_STREAM(s, LIT("abc"));
    size_t requests = book.requests;
    CHECK_OK(bio_reserve(s, 0));
    CHECK_OK(bio_reserve(s, 10000));
    move_to(s, 3);
    CHECK_OK(bio_fill(s, 'x', 10000));
    CHECK_EQ(book.requests, requests);
    bio_release(s);
    LEDGER_CLOSE(&book);
}

static void reserve_under_a_snapshot_serves_appends(void)
{
    ledger book;
    ledger_open(&book, LEDGER_PLAIN);
    bio_stream *s = ledger_stream(&book, 0, 0, 0);
    CHECK_OK(bio_write(s, LIT("published")));
    bio_snapshot *snap = value_of(s);
    CHECK_OK(bio_reserve(s, 5000));
    size_t requests = book.requests;
    CHECK_OK(bio_fill(s, '+', 5000));
    CHECK_EQ(book.requests, requests);
    CHECK_SNAPSHOT(snap, LIT("published"));
    bio_snapshot_release(snap);
    bio_release(s);
    LEDGER_CLOSE(&book);
}

static void shrink_gives_room_back_and_nothing_else(void)
{
    bio_stream *s = stream_of(LIT("abc"));
    CHECK_OK(bio_reserve(s, 100000));
    move_to(s, 2);
    CHECK_OK(bio_shrink_to_fit(s));
    CHECK(bio_capacity(s) >= 3 && bio_capacity(s) < 1000);
    CHECK_STREAM(s, LIT("abc"));
    CHECK_EQ(bio_tell(s), 2);
    CHECK_OK(bio_clear(s));
    CHECK_OK(bio_shrink_to_fit(s));
    CHECK(bio_capacity(s) < 1000);
    CHECK_OK(bio_write(s, LIT("grows again")));
    CHECK_STREAM(s, LIT("grows again"));
    bio_release(s);
}

static void shrink_leaves_snapshots_where_they_are(void)
{
    bio_stream *s = stream_of(LIT("published"));
    CHECK_OK(bio_reserve(s, 100000));
    bio_snapshot *snap = value_of(s);
    const uint8_t *address = bio_snapshot_data(snap);
    CHECK_OK(bio_shrink_to_fit(s));
    CHECK_PTR(bio_snapshot_data(snap), address);
    CHECK_SNAPSHOT(snap, LIT("published"));
    CHECK_STREAM(s, LIT("published"));
    bio_release(s);
    CHECK_SNAPSHOT(snap, LIT("published"));
    bio_snapshot_release(snap);
}

/* ---- the limit --------------------------------------------------------------------------------------------- */

static void a_limit_below_the_length_is_refused(void)
{
    bio_stream *s = stream_of(LIT("abc"));
    CHECK_STATUS(bio_set_limit(s, 2), BYTESIO_LIMIT);
    CHECK_OK(bio_seek(s, 0, BYTESIO_SEEK_END, NULL));
    CHECK_OK(bio_write(s, LIT("d"))); /* and was not set */
    CHECK_OK(bio_set_limit(s, 4));
    CHECK_STATUS(bio_write(s, LIT("e")), BYTESIO_LIMIT);
    CHECK_STREAM(s, LIT("abcd"));
    bio_release(s);
}

static void a_limit_can_be_raised_lowered_and_lifted(void)
{
    bio_stream *s = bio_new();
    REQUIRE(s != NULL);
    CHECK_OK(bio_set_limit(s, 2));
    CHECK_STATUS(bio_write(s, LIT("abc")), BYTESIO_LIMIT);
    CHECK_OK(bio_set_limit(s, 3));
    CHECK_OK(bio_write(s, LIT("abc")));
    CHECK_OK(bio_truncate(s, 1));
    CHECK_OK(bio_set_limit(s, 1));
    move_to(s, 1);
    CHECK_STATUS(bio_write(s, LIT("b")), BYTESIO_LIMIT);
    CHECK_OK(bio_set_limit(s, BYTESIO_NO_LIMIT));
    CHECK_OK(bio_fill(s, 'b', 10000));
    CHECK_EQ(bio_len(s), 10001);
    bio_release(s);
}

static bio_status to_resize(bio_stream *s)
{
    return bio_resize(s, 9);
}
static bio_status to_reserve(bio_stream *s)
{
    return bio_reserve(s, 6);
}
static bio_status to_write_past(bio_stream *s)
{
    return bio_pwrite(s, LIT("x"), 8);
}
static bio_status to_write_far_past(bio_stream *s)
{
    return bio_pwrite(s, LIT("x"), UINT64_C(1) << 40);
}

static bio_status to_write_snapshot(bio_stream *s)
{
    bio_snapshot *snap = snapshot_of(LIT("123456"));
    bio_status status = bio_write_snapshot(s, snap);
    bio_snapshot_release(snap);
    return status;
}

static void the_limit_is_checked_before_anything_is_accepted(void)
{
    static bio_status (*const past[])(bio_stream *) = {to_resize, to_reserve, to_write_past,
                                                       to_write_far_past, to_write_snapshot};
    for (size_t i = 0; i < COUNT(past); i++) {
        ledger book;
        ledger_open(&book, LEDGER_PLAIN);
        bio_stream *s = ledger_stream(&book, 0, 8, 0);
        CHECK_OK(bio_write(s, LIT("abc")));
        stream_state before = state_of(s);
        size_t bytes = book.bytes;
        if (!(CHECK_STATUS(past[i](s), BYTESIO_LIMIT) & CHECK_STATE(s, &before) &
              CHECK_EQ(book.bytes, bytes)))
            check_fail(__FILE__, __LINE__, "... number %zu", i);
        CHECK_OK(bio_resize(s, 8)); /* exactly */
        CHECK_OK(bio_reserve(s, 0));
        CHECK(bio_capacity(s) >= 8);
        state_free(&before);
        bio_release(s);
        LEDGER_CLOSE(&book);
    }
}

static void reading_and_shrinking_go_on_at_the_limit(void)
{
    bio_stream *s = stream_of(LIT("12345678"));
    CHECK_OK(bio_set_limit(s, 8));
    CHECK_OK(bio_pwrite(s, LIT("ABCDEFGH"), 0));
    CHECK_STATUS(bio_pwrite(s, LIT("ABCDEFGHI"), 0), BYTESIO_LIMIT);
    bio_snapshot *snap = value_of(s);
    CHECK_OK(bio_pwrite(s, LIT("z"), 7)); /* separates; needs no room beyond the limit */
    CHECK_SNAPSHOT(snap, LIT("ABCDEFGH"));
    CHECK_STREAM(s, LIT("ABCDEFGz"));
    CHECK_OK(bio_truncate(s, 2));
    CHECK_OK(bio_resize(s, 8));
    bio_snapshot_release(snap);
    bio_release(s);
}

/* ---- under a view ------------------------------------------------------------------------------------------ */

static void what_leaves_the_length_alone_goes_on_under_a_view(void)
{
    for (uint32_t flags = BYTESIO_VIEW_READONLY; flags <= BYTESIO_VIEW_WRITABLE; flags++) {
        bio_stream *s = stream_of(LIT("0123456789"));
        bio_view *view = view_of(s, flags);
        CHECK_OK(bio_truncate(s, 10));
        CHECK_OK(bio_truncate(s, 99));
        CHECK_OK(bio_resize(s, 10));
        CHECK_OK(bio_reserve(s, 0));
        CHECK_OK(bio_set_limit(s, 10));
        CHECK_STATUS(bio_truncate(s, 9), BYTESIO_EXPORTED);
        CHECK_STATUS(bio_truncate(s, 0), BYTESIO_EXPORTED);
        CHECK_STATUS(bio_resize(s, 11), BYTESIO_EXPORTED); /* not LIMIT: the view is asked first */
        CHECK_STATUS(bio_resize(s, 9), BYTESIO_EXPORTED);
        CHECK_STATUS(bio_clear(s), BYTESIO_EXPORTED);
        CHECK_STATUS(bio_shrink_to_fit(s), BYTESIO_EXPORTED);
        CHECK_VIEW(view, LIT("0123456789"));
        bio_view_release(view);
        CHECK_OK(bio_truncate(s, 9));
        bio_release(s);
    }
}

CHECK_MAIN(CASE(truncate_never_extends_and_never_moves),
           CASE(resize_cuts_or_extends_with_zeros_and_never_moves), CASE(what_was_cut_off_does_not_come_back),
           CASE(a_write_at_the_left_position_after_truncate_makes_a_gap), CASE(absurd_sizes_are_refused),
           CASE(clear_forgets_length_and_position_and_keeps_the_room), CASE(clear_leaves_snapshots_alone),
           CASE(reserve_makes_room_and_nothing_else), CASE(reserve_under_a_snapshot_serves_appends),
           CASE(shrink_gives_room_back_and_nothing_else), CASE(shrink_leaves_snapshots_where_they_are),
           CASE(a_limit_below_the_length_is_refused), CASE(a_limit_can_be_raised_lowered_and_lifted),
           CASE(the_limit_is_checked_before_anything_is_accepted),
           CASE(reading_and_shrinking_go_on_at_the_limit),
           CASE(what_leaves_the_length_alone_goes_on_under_a_view))
