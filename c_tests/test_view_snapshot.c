/* Views and snapshots of one stream: the snapshot never changes, the view always shows the stream. */
#include "support.h"

static void a_writable_view_separates_from_a_snapshot_first(void)
{
    bio_stream *s = stream_of(LIT("0123456789"));
    bio_snapshot *snap = value_of(s);
    bio_view *view = view_of(s, BYTESIO_VIEW_WRITABLE);
    CHECK(bio_view_data(view) != bio_snapshot_data(snap));
    CHECK_EQ(statistics_of(s).forks, 1);
    memcpy(mutable_bytes(view), "abc", 3);
    CHECK_SNAPSHOT(snap, LIT("0123456789"));
    CHECK_STREAM(s, LIT("abc3456789"));
    bio_snapshot_release(snap);
    CHECK_VIEW(view, LIT("abc3456789"));
    bio_view_release(view);
    bio_release(s);
}

static void a_readonly_view_shares_with_a_snapshot(void)
{
    ledger book;
    ledger_open(&book, LEDGER_PLAIN);
    bio_stream *s = ledger_stream(&book, 0, 0, 0);
    CHECK_OK(bio_fill(s, 'x', 50000));
    bio_snapshot *snap = value_of(s);
    size_t bytes = book.bytes;
    bio_view *view = view_of(s, BYTESIO_VIEW_READONLY);
    CHECK_PTR(bio_view_data(view), bio_snapshot_data(snap));
    bio_snapshot *under = value_of(s); /* and getvalue under a read-only view shares too */
    CHECK_PTR(bio_snapshot_data(under), bio_snapshot_data(snap));
    CHECK_PTR(under, snap);
    CHECK(book.bytes - bytes < 1024);
    CHECK_EQ(statistics_of(s).forks + statistics_of(s).snapshot_copies, 0);
    bio_snapshot_release(under);
    bio_snapshot_release(snap);
    bio_view_release(view);
    bio_release(s);
    LEDGER_CLOSE(&book);
}

static void getvalue_first_taken_under_a_readonly_view_shares(void)
{
    bio_stream *s = stream_of(LIT("0123456789"));
    bio_view *view = view_of(s, BYTESIO_VIEW_READONLY);
    bio_snapshot *snap = value_of(s);
    CHECK_PTR(bio_snapshot_data(snap), bio_view_data(view));
    CHECK_EQ(statistics_of(s).snapshot_copies, 0);
    CHECK_OK(bio_pwrite(s, LIT("X"), 0));
    CHECK_SNAPSHOT(snap, LIT("0123456789"));
    CHECK_VIEW(view, LIT("X123456789"));
    bio_view_release(view);
    bio_snapshot_release(snap);
    bio_release(s);
}

static void after_a_separation_the_readonly_view_shows_new_bytes_at_a_new_address(void)
{
    bio_stream *s = stream_of(LIT("0123456789"));
    bio_snapshot *snap = value_of(s);
    bio_view *view = view_of(s, BYTESIO_VIEW_READONLY), *slice = NULL;
    REQUIRE_OK(bio_view_slice(view, 2, 4, &slice));
    const uint8_t *old = bio_view_data(view), *old_slice = bio_view_data(slice);
    CHECK_OK(bio_pwrite(s, LIT("abcd"), 1)); /* inside the snapshot: the stream moves away from it */
    bio_snapshot_release(snap);              /* the pointer handed out last must not need the snapshot */
    CHECK_MEM(old, 10, LIT("0123456789"));
    CHECK_MEM(old_slice, 4, LIT("2345"));
    CHECK_VIEW(view, LIT("0abcd56789"));
    CHECK_VIEW(slice, LIT("bcd5"));
    CHECK(bio_view_data(view) != old);
    CHECK_PTR(bio_view_data(slice), bio_view_data(view) + 2);
    const uint8_t *fresh = bio_view_data(view);
    CHECK_OK(bio_pwrite(s, LIT("Z"), 9)); /* nobody in the way now */
    CHECK_PTR(bio_view_data(view), fresh);
    CHECK_EQ(fresh[9], 'Z');
    bio_view_release(view);
    bio_view_release(slice);
    bio_release(s);
}

static void a_view_alone_makes_no_write_copy(void)
{
    /* The view holds the block, but it shows what is written: only a snapshot stands in the way. */
    bio_stream *s = stream_of(LIT("0123456789"));
    bio_snapshot *snap = value_of(s);
    bio_view *view = view_of(s, BYTESIO_VIEW_READONLY);
    const uint8_t *address = bio_view_data(view);
    bio_snapshot_release(snap);
    CHECK_OK(bio_pwrite(s, LIT("X"), 3));
    CHECK_EQ(statistics_of(s).forks, 0);
    CHECK_PTR(bio_view_data(view), address);
    CHECK_VIEW(view, LIT("012X456789"));
    bio_view_release(view);
    bio_release(s);
}

static void the_address_given_out_last_outlives_the_block_it_is_in(void)
{
    ledger book;
    ledger_open(&book, LEDGER_PLAIN); /* overwrites what it gets back: a stale address shows */
    bio_stream *s = ledger_stream(&book, 0, 0, 0);
    CHECK_OK(bio_write(s, LIT("0123456789")));
    bio_view *view = view_of(s, BYTESIO_VIEW_READONLY), *slice = NULL;
    REQUIRE_OK(bio_view_slice(view, 3, 4, &slice));
    char want[11] = "0123456789";
    for (int i = 0; i < 5; i++) {
        const uint8_t *whole = bio_view_data(view), *part = bio_view_data(slice);
        char byte = (char)('a' + i);
        bio_snapshot *snap = value_of(s);
        CHECK_OK(bio_pwrite(s, &byte, 1, (uint64_t)i + 2));
        bio_snapshot_release(snap); /* nobody but the views needs the old block now */
        CHECK_MEM(whole, 10, want, 10);
        CHECK_MEM(part, 4, want + 3, 4);
        want[i + 2] = byte;
        CHECK_VIEW(view, want, 10);
    }
    bio_view_release(view);
    bio_view_release(slice);
    bio_release(s);
    LEDGER_CLOSE(&book);
}

static void separated_again_and_again_each_snapshot_keeps_its_own(void)
{
    enum { ROUNDS = 20 };
    bio_stream *s = stream_of(LIT("0123456789"));
    bio_view *view = view_of(s, BYTESIO_VIEW_READONLY);
    bio_snapshot *snaps[ROUNDS];
    char want[11] = "0123456789";
    for (size_t i = 0; i < ROUNDS; i++) {
        char byte = (char)('a' + i);
        snaps[i] = value_of(s);
        CHECK_OK(bio_pwrite(s, &byte, 1, i % 10));
        want[i % 10] = byte;
        if (i % 3 == 0) /* asked for sometimes only: addresses of several rounds ago have to stay good */
            CHECK_VIEW(view, want, 10);
    }
    CHECK_VIEW(view, want, 10);
    memcpy(want, "0123456789", 10);
    for (size_t i = 0; i < ROUNDS; i++) {
        CHECK_SNAPSHOT(snaps[i], want, 10);
        want[i % 10] = (char)('a' + i);
        bio_snapshot_release(snaps[i]);
    }
    bio_view_release(view);
    bio_release(s);
}

static void the_searches_of_a_separated_view_see_the_new_bytes(void)
{
    bio_stream *s = stream_of(LIT("0123456789"));
    bio_snapshot *snap = value_of(s), *of_view = NULL;
    bio_view *view = view_of(s, BYTESIO_VIEW_READONLY);
    size_t at = 0;
    bool result = false;
    CHECK_OK(bio_pwrite(s, LIT("new"), 4));
    CHECK_OK(bio_view_find(view, LIT("new"), 0, &at));
    CHECK_EQ(at, 4);
    CHECK_OK(bio_view_starts_with(view, LIT("0123new"), &result));
    CHECK(result);
    REQUIRE_OK(bio_view_snapshot(view, &of_view));
    CHECK_SNAPSHOT(of_view, LIT("0123new789"));
    bio_snapshot_release(of_view);
    bio_snapshot_release(snap);
    bio_view_release(view);
    bio_release(s);
}

static void getvalue_under_a_writable_view_is_out_of_its_reach(void)
{
    bio_stream *s = stream_of(LIT("0123456789"));
    bio_view *view = view_of(s, BYTESIO_VIEW_WRITABLE);
    const uint8_t *address = bio_view_data(view);
    bio_snapshot *first = value_of(s);
    mutable_bytes(view)[0] = 'X';
    bio_snapshot *second = value_of(s);
    CHECK_OK(bio_pwrite(s, LIT("Y"), 9));
    bio_snapshot *third = value_of(s);
    mutable_bytes(view)[5] = 'Z';
    CHECK_PTR(bio_view_data(view), address); /* a writable view's address never changes */
    CHECK_SNAPSHOT(first, LIT("0123456789"));
    CHECK_SNAPSHOT(second, LIT("X123456789"));
    CHECK_SNAPSHOT(third, LIT("X12345678Y"));
    CHECK_STREAM(s, LIT("X1234Z678Y"));
    bio_view_release(view);
    bio_release(s);
    CHECK_SNAPSHOT(first, LIT("0123456789"));
    bio_snapshot_release(first);
    bio_snapshot_release(second);
    bio_snapshot_release(third);
}

static void unchanged_under_a_writable_view_it_is_the_same_snapshot(void)
{
    bio_stream *s = stream_of(LIT("0123456789"));
    bio_view *view = view_of(s, BYTESIO_VIEW_WRITABLE);
    bio_snapshot *a = value_of(s), *b = value_of(s);
    CHECK_PTR(a, b);
    CHECK(statistics_of(s).snapshot_copies <= 1);
    mutable_bytes(view)[3] = 'X';
    bio_snapshot *c = value_of(s);
    CHECK(c != a);
    CHECK_SNAPSHOT(a, LIT("0123456789"));
    CHECK_SNAPSHOT(c, LIT("012X456789"));
    bio_snapshot_release(a);
    bio_snapshot_release(b);
    bio_snapshot_release(c);
    bio_view_release(view);
    bio_release(s);
}

static void a_snapshot_held_from_before_is_not_handed_out_again_after_view_writes(void)
{
    /* The last snapshot is remembered; a write through the pointer is no call that could make it forgotten. */
    bio_stream *s = stream_of(LIT("0123456789"));
    bio_snapshot *before = value_of(s);
    bio_view *view = view_of(s, BYTESIO_VIEW_WRITABLE);
    mutable_bytes(view)[0] = 'X';
    bio_snapshot *during = value_of(s);
    mutable_bytes(view)[1] = 'Y';
    bio_view_release(view);
    bio_snapshot *after = value_of(s);
    CHECK_SNAPSHOT(before, LIT("0123456789"));
    CHECK_SNAPSHOT(during, LIT("X123456789"));
    CHECK_SNAPSHOT(after, LIT("XY23456789"));
    bio_snapshot_release(before);
    bio_snapshot_release(during);
    bio_snapshot_release(after);
    bio_release(s);
}

static void a_writable_view_slice_keeps_writers_apart_from_snapshots(void)
{
    /* Only a slice of the writable view is left, and a read-only one beside it. */
    bio_stream *s = stream_of(LIT("0123456789"));
    bio_view *view = view_of(s, BYTESIO_VIEW_WRITABLE), *slice = NULL;
    bio_view *readonly = view_of(s, BYTESIO_VIEW_READONLY);
    REQUIRE_OK(bio_view_slice(view, 8, 2, &slice));
    bio_view_release(view);
    bio_snapshot *snap = value_of(s);
    mutable_bytes(slice)[1] = 'X';
    CHECK_SNAPSHOT(snap, LIT("0123456789"));
    CHECK_VIEW(readonly, LIT("012345678X"));
    bio_view_release(slice);
    bio_view_release(readonly);
    bio_snapshot_release(snap);
    bio_release(s);
}

static void other_snapshots_under_a_writable_view_are_out_of_reach_too(void)
{
    bio_stream *s = stream_at(LIT("0123456789"), 2), *clone = NULL;
    bio_view *view = view_of(s, BYTESIO_VIEW_WRITABLE), *slice = NULL;
    bio_snapshot *read = NULL, *of_view = NULL, *of_slice = NULL;
    REQUIRE_OK(bio_view_slice(view, 2, 3, &slice));
    REQUIRE_OK(bio_read_snapshot(s, 4, &read));
    REQUIRE_OK(bio_view_snapshot(view, &of_view));
    REQUIRE_OK(bio_view_snapshot(slice, &of_slice));
    REQUIRE_OK(bio_clone(s, &clone));
    memset(mutable_bytes(view), '#', 10);
    CHECK_SNAPSHOT(read, LIT("2345"));
    CHECK_SNAPSHOT(of_view, LIT("0123456789"));
    CHECK_SNAPSHOT(of_slice, LIT("234"));
    CHECK_STREAM(clone, LIT("0123456789"));
    CHECK_STREAM(s, LIT("##########"));
    bio_view_release(view);
    bio_view_release(slice);
    bio_snapshot_release(read);
    bio_snapshot_release(of_view);
    bio_snapshot_release(of_slice);
    bio_release(clone);
    bio_release(s);
}

static void a_snapshot_of_a_readonly_view_is_immutable(void)
{
    bio_stream *s = stream_of(LIT("0123456789"));
    bio_view *view = view_of(s, BYTESIO_VIEW_READONLY), *slice = NULL;
    bio_snapshot *whole = NULL, *part = NULL;
    REQUIRE_OK(bio_view_slice(view, 6, 4, &slice));
    REQUIRE_OK(bio_view_snapshot(view, &whole));
    REQUIRE_OK(bio_view_snapshot(slice, &part));
    bio_view_release(view);
    bio_view_release(slice);
    CHECK_OK(bio_pwrite(s, LIT("abcdefghij"), 0));
    CHECK_SNAPSHOT(whole, LIT("0123456789"));
    CHECK_SNAPSHOT(part, LIT("6789"));
    bio_snapshot_release(whole);
    CHECK_OK(bio_pwrite(s, LIT("ABCDEFGHIJ"), 0));
    CHECK_SNAPSHOT(part, LIT("6789"));
    bio_snapshot_release(part);
    bio_release(s);
}

static void a_writable_view_beside_a_readonly_one_moves_it_along(void)
{
    /* The readonly view shares with the snapshot; the writable one has to leave; both show the stream. */
    bio_stream *s = stream_of(LIT("0123456789"));
    bio_snapshot *snap = value_of(s);
    bio_view *readonly = view_of(s, BYTESIO_VIEW_READONLY);
    const uint8_t *old = bio_view_data(readonly);
    bio_view *writable = view_of(s, BYTESIO_VIEW_WRITABLE);
    CHECK_MEM(old, 10, LIT("0123456789"));
    mutable_bytes(writable)[0] = 'W';
    CHECK_VIEW(readonly, LIT("W123456789"));
    CHECK_SNAPSHOT(snap, LIT("0123456789"));
    bio_view_release(writable);
    CHECK_OK(bio_pwrite(s, LIT("V"), 1));
    CHECK_VIEW(readonly, LIT("WV23456789"));
    bio_view_release(readonly);
    bio_snapshot_release(snap);
    bio_release(s);
}

static void an_emptied_stream_over_frozen_bytes_gives_empty_views_and_snapshots(void)
{
    for (int way = 0; way < 4; way++) {
        ledger book;
        ledger_open(&book, LEDGER_PLAIN); /* complains when it is asked for no bytes at all */
        bio_stream *s = ledger_stream(&book, 0, 0, 0), *clone = NULL;
        CHECK_OK(bio_write(s, LIT("frozen")));
        bio_snapshot *held = value_of(s), *empty = NULL;
        CHECK_OK(way % 2 ? bio_truncate(s, 0) : bio_clear(s));
        bio_view *view = view_of(s, way < 2 ? BYTESIO_VIEW_WRITABLE : BYTESIO_VIEW_READONLY);
        CHECK_VIEW(view, LIT(""));
        REQUIRE_OK(bio_clone(s, &clone));
        REQUIRE_OK(bio_view_snapshot(view, &empty));
        CHECK_SNAPSHOT(empty, LIT(""));
        bio_snapshot_release(empty);
        bio_view_release(view);
        CHECK_OK(bio_shrink_to_fit(s));
        CHECK_OK(bio_pwrite(s, LIT("new"), 0));
        CHECK_OK(bio_pwrite(clone, LIT("clone"), 0));
        REQUIRE_OK(bio_close_take(s, &empty));
        CHECK_SNAPSHOT(empty, LIT("new"));
        CHECK_SNAPSHOT(held, LIT("frozen"));
        CHECK_STREAM(clone, LIT("clone"));
        bio_snapshot_release(empty);
        bio_snapshot_release(held);
        bio_release(clone);
        bio_release(s);
        LEDGER_CLOSE(&book);
    }
}

static void after_the_views_the_stream_writes_in_place_again(void)
{
    bio_stream *s = stream_of(LIT("0123456789"));
    for (int i = 0; i < 5; i++) {
        bio_view *view = view_of(s, i % 2 ? BYTESIO_VIEW_READONLY : BYTESIO_VIEW_WRITABLE);
        bio_view_release(view);
        CHECK_OK(bio_pwrite(s, LIT("X"), (uint64_t)i));
        CHECK_OK(bio_pwrite(s, LIT("+"), bio_len(s)));
    }
    CHECK_EQ(statistics_of(s).forks, 0);
    CHECK_STREAM(s, LIT("XXXXX56789+++++"));
    bio_release(s);
}

CHECK_MAIN(CASE(a_writable_view_separates_from_a_snapshot_first),
           CASE(a_readonly_view_shares_with_a_snapshot),
           CASE(getvalue_first_taken_under_a_readonly_view_shares),
           CASE(after_a_separation_the_readonly_view_shows_new_bytes_at_a_new_address),
           CASE(a_view_alone_makes_no_write_copy),
           CASE(the_address_given_out_last_outlives_the_block_it_is_in),
           CASE(separated_again_and_again_each_snapshot_keeps_its_own),
           CASE(the_searches_of_a_separated_view_see_the_new_bytes),
           CASE(getvalue_under_a_writable_view_is_out_of_its_reach),
           CASE(unchanged_under_a_writable_view_it_is_the_same_snapshot),
           CASE(a_snapshot_held_from_before_is_not_handed_out_again_after_view_writes),
           CASE(a_writable_view_slice_keeps_writers_apart_from_snapshots),
           CASE(other_snapshots_under_a_writable_view_are_out_of_reach_too),
           CASE(a_snapshot_of_a_readonly_view_is_immutable),
           CASE(a_writable_view_beside_a_readonly_one_moves_it_along),
           CASE(an_emptied_stream_over_frozen_bytes_gives_empty_views_and_snapshots),
           CASE(after_the_views_the_stream_writes_in_place_again))
