/* Views: live windows onto a stream's bytes, what they allow and what they forbid. */
#include "calls.h"

static void reads_through_a_view_see_later_writes(void)
{
    for (uint32_t flags = BYTESIO_VIEW_READONLY; flags <= BYTESIO_VIEW_WRITABLE; flags++) {
        bio_stream *s = stream_of(LIT("0123456789"));
        bio_view *view = view_of(s, flags);
        const uint8_t *address = bio_view_data(view);
        CHECK_EQ(bio_view_is_readonly(view), flags == BYTESIO_VIEW_READONLY);
        CHECK_OK(bio_write(s, LIT("abc")));
        CHECK_OK(bio_pwrite(s, LIT("Z"), 9));
        CHECK_OK(bio_fill(s, '-', 2));
        CHECK_VIEW(view, LIT("abc--5678Z"));
        CHECK_PTR(bio_view_data(view), address); /* no snapshot in the way: nothing had to move */
        CHECK_EQ(statistics_of(s).forks, 0);
        bio_view_release(view);
        bio_release(s);
    }
}

static void writes_through_a_view_are_seen_by_the_stream(void)
{
    bio_stream *s = stream_at(LIT("line\nrest"), 0);
    bio_view *view = view_of(s, BYTESIO_VIEW_WRITABLE);
    uint8_t *data = mutable_bytes(view);
    const uint8_t *ptr = NULL;
    size_t n = 0;
    char buf[4];
    data[1] = '\n';
    CHECK_OK(bio_readline(s, SIZE_MAX, &ptr, &n));
    CHECK_MEM(ptr, n, LIT("l\n"));
    data[2] = 'N';
    CHECK_OK(bio_read(s, buf, 2, &n));
    CHECK_MEM(buf, n, LIT("Ne"));
    data[8] = '!';
    CHECK_OK(bio_pread(s, buf, 4, 7, &n));
    CHECK_MEM(buf, n, LIT("s!"));
    CHECK_PTR(bio_view_data(view), data);
    bio_view_release(view);
    CHECK_STREAM(s, LIT("l\nNe\nres!"));
    bio_release(s);
}

static void the_view_is_all_of_the_stream_wherever_the_position_is(void)
{
    for (int64_t position = 0; position <= 10; position += 5) {
        bio_stream *s = stream_at(LIT("01234"), position);
        bio_view *view = view_of(s, BYTESIO_VIEW_WRITABLE);
        CHECK_VIEW(view, LIT("01234"));
        CHECK_EQ(bio_tell(s), position);
        bio_view_release(view);
        bio_release(s);
    }
}

static void unknown_flags_are_invalid(void)
{
    static const uint32_t flags[] = {BYTESIO_VIEW_PINNED, 4, 5, 7, 0x80000000u, 0x80000001u, UINT32_MAX};
    bio_stream *s = stream_of(LIT("abc"));
    for (size_t i = 0; i < COUNT(flags); i++) {
        bio_view *view = NULL;
        CHECK_STATUS(bio_getbuffer(s, flags[i], &view), BYTESIO_INVALID);
        CHECK(view == NULL);
    }
    CHECK_EQ(bio_export_count(s), 0);
    bio_release(s);
}

static void exports_are_counted_per_getbuffer(void)
{
    bio_stream *s = stream_of(LIT("abcdef"));
    bio_view *a = view_of(s, BYTESIO_VIEW_READONLY), *b = view_of(s, BYTESIO_VIEW_WRITABLE), *slice = NULL,
             *readonly = NULL;
    CHECK_EQ(bio_export_count(s), 2);
    REQUIRE_OK(bio_view_slice(b, 1, 3, &slice));
    REQUIRE_OK(bio_view_to_readonly(slice, &readonly));
    CHECK_EQ(bio_export_count(s), 2); /* they share the export of the view that they are cut from */
    bio_view_release(a);
    CHECK_EQ(bio_export_count(s), 1);
    bio_view_release(b);
    bio_view_release(slice);
    CHECK_EQ(bio_export_count(s), 1); /* the last of them holds it open */
    CHECK_STATUS(bio_truncate(s, 1), BYTESIO_EXPORTED);
    CHECK_VIEW(readonly, LIT("bcd"));
    bio_view_release(readonly);
    CHECK_EQ(bio_export_count(s), 0);
    CHECK_OK(bio_truncate(s, 1));
    bio_release(s);
}

static void what_would_change_the_length_is_refused_and_the_rest_goes_on(void)
{
    for (size_t i = 0; i < COUNT(stream_calls); i++) {
        const stream_call *c = &stream_calls[i];
        if (c->call == call_close || c->call == call_close_take)
            continue; /* legal, and told of in test_close */
        for (uint32_t flags = BYTESIO_VIEW_READONLY; flags <= BYTESIO_VIEW_WRITABLE; flags++) {
            for (int held = 0; held < 2; held++) {
                bio_stream *s = stream_at(LIT("0123456789"), 10);
                bio_snapshot *snap = held ? value_of(s) : NULL;
                bio_view *view = view_of(s, flags);
                stream_state before = state_of(s);
                bio_status status = c->call(s);
                bool refuses = c->kind & CALL_LENGTH || (c->kind & CALL_ROOM && status != BYTESIO_OK);
                bool good = CHECK_STATUS(status, refuses ? BYTESIO_EXPORTED : BYTESIO_OK);
                if (refuses)
                    good &= CHECK_STATE(s, &before);
                good &= CHECK_VIEW(view, LIT("0123456789"));
                if (held)
                    good &= CHECK_SNAPSHOT(snap, LIT("0123456789"));
                if (!good)
                    check_fail(__FILE__, __LINE__, "... with %s", c->name);
                state_free(&before);
                bio_view_release(view);
                bio_snapshot_release(snap);
                bio_release(s);
            }
        }
    }
}

static void a_gap_before_a_view_is_not_filled(void)
{
    bio_stream *s = stream_at(LIT("abc"), 5);
    bio_view *view = view_of(s, BYTESIO_VIEW_WRITABLE);
    CHECK_STATUS(bio_write(s, LIT("x")), BYTESIO_EXPORTED);
    CHECK_OK(bio_write(s, NULL, 0));
    CHECK_EQ(bio_len(s), 3);
    bio_view_release(view);
    CHECK_OK(bio_write(s, LIT("x")));
    CHECK_STREAM(s, LIT("abc\0\0x"));
    bio_release(s);
}

static void an_empty_stream_gives_an_empty_view_that_counts(void)
{
    for (uint32_t flags = BYTESIO_VIEW_READONLY; flags <= BYTESIO_VIEW_WRITABLE; flags++) {
        bio_stream *s = bio_new();
        REQUIRE(s != NULL);
        bio_view *view = view_of(s, flags), *slice = NULL;
        bio_snapshot *snap = NULL;
        CHECK_VIEW(view, LIT(""));
        CHECK_EQ(bio_export_count(s), 1);
        CHECK_STATUS(bio_write(s, LIT("x")), BYTESIO_EXPORTED);
        REQUIRE_OK(bio_view_slice(view, 0, 0, &slice));
        REQUIRE_OK(bio_view_snapshot(view, &snap));
        CHECK_SNAPSHOT(snap, LIT(""));
        bio_view_release(view);
        CHECK_STATUS(bio_write(s, LIT("x")), BYTESIO_EXPORTED);
        bio_view_release(slice);
        CHECK_OK(bio_write(s, LIT("x")));
        CHECK_SNAPSHOT(snap, LIT(""));
        bio_snapshot_release(snap);
        bio_release(s);
    }
}

static void a_slice_is_a_window_onto_the_same_bytes(void)
{
    bio_stream *s = stream_of(LIT("0123456789"));
    bio_view *view = view_of(s, BYTESIO_VIEW_WRITABLE), *slice = NULL, *inner = NULL;
    REQUIRE_OK(bio_view_slice(view, 2, 6, &slice));
    REQUIRE_OK(bio_view_slice(slice, 1, 3, &inner));
    CHECK(!bio_view_is_readonly(inner));
    CHECK_PTR(bio_view_data(inner), bio_view_data(view) + 3);
    bio_view_release(view);
    mutable_bytes(inner)[0] = 'X';
    CHECK_VIEW(slice, LIT("2X4567"));
    CHECK_VIEW(inner, LIT("X45"));
    CHECK_OK(bio_pwrite(s, LIT("Y"), 5));
    CHECK_VIEW(inner, LIT("X4Y"));
    CHECK_STREAM(s, LIT("012X4Y6789"));
    bio_view_release(slice);
    bio_view_release(inner);
    bio_release(s);
}

static void a_slice_outside_is_out_of_range(void)
{
    static const struct {
        size_t off, len;
    } outside[] = {{0, 7},        {6, 1},        {7, 0},        {3, 4},
                   {SIZE_MAX, 0}, {0, SIZE_MAX}, {2, SIZE_MAX}, {SIZE_MAX, 2}};
    bio_stream *s = stream_of(LIT("0123456789"));
    bio_view *view = view_of(s, BYTESIO_VIEW_READONLY), *slice = NULL, *none = NULL;
    REQUIRE_OK(bio_view_slice(view, 2, 6, &slice));
    for (size_t i = 0; i < COUNT(outside); i++) {
        CHECK_STATUS(bio_view_slice(slice, outside[i].off, outside[i].len, &none), BYTESIO_RANGE);
        CHECK(none == NULL);
    }
    REQUIRE_OK(bio_view_slice(slice, 6, 0, &none));
    CHECK_VIEW(none, LIT(""));
    bio_view_release(none);
    bio_view_release(slice);
    bio_view_release(view);
    bio_release(s);
}

static void to_readonly_sees_what_the_writable_one_writes(void)
{
    bio_stream *s = stream_of(LIT("01234"));
    bio_view *view = view_of(s, BYTESIO_VIEW_WRITABLE), *readonly = NULL, *again = NULL, *slice = NULL;
    REQUIRE_OK(bio_view_to_readonly(view, &readonly));
    REQUIRE_OK(bio_view_to_readonly(readonly, &again));
    REQUIRE_OK(bio_view_slice(readonly, 1, 2, &slice));
    CHECK(!bio_view_is_readonly(view));
    CHECK(bio_view_is_readonly(readonly));
    CHECK(bio_view_is_readonly(again));
    CHECK(bio_view_is_readonly(slice));
    mutable_bytes(view)[2] = 'X';
    CHECK_VIEW(readonly, LIT("01X34"));
    CHECK_VIEW(slice, LIT("1X"));
    bio_view_release(view);
    bio_view_release(readonly);
    bio_view_release(slice);
    CHECK_VIEW(again, LIT("01X34"));
    bio_view_release(again);
    bio_release(s);
}

static void only_a_writable_view_is_for_writing(void)
{
    for (uint32_t flags = BYTESIO_VIEW_READONLY; flags <= BYTESIO_VIEW_WRITABLE; flags++) {
        bio_stream *s = stream_of(LIT("0123456789"));
        bio_view *view = view_of(s, flags), *slice = NULL, *readonly = NULL;
        REQUIRE_OK(bio_view_slice(view, 3, 4, &slice));
        REQUIRE_OK(bio_view_to_readonly(view, &readonly));
        CHECK_OK(bio_close(s)); /* which takes nothing from a view */
        bio_view *views[] = {view, slice, readonly};
        for (size_t i = 0; i < COUNT(views); i++) {
            uint8_t *data = NULL;
            bool writable = flags == BYTESIO_VIEW_WRITABLE && views[i] != readonly;
            CHECK_STATUS(bio_view_data_mut(views[i], &data), writable ? BYTESIO_OK : BYTESIO_READONLY);
            CHECK_PTR(data, writable ? bio_view_data(views[i]) : NULL);
            bio_view_release(views[i]);
        }
        bio_release(s);
    }
}

static void a_view_outlives_stream_and_close(void)
{
    bio_stream *s = stream_of(LIT("0123456789"));
    bio_view *view = view_of(s, BYTESIO_VIEW_WRITABLE), *slice = NULL, *readonly = NULL;
    bio_snapshot *snap = NULL;
    bio_release(s);
    CHECK_VIEW(view, LIT("0123456789"));
    mutable_bytes(view)[0] = 'X';
    REQUIRE_OK(bio_view_slice(view, 0, 3, &slice));
    REQUIRE_OK(bio_view_to_readonly(view, &readonly));
    REQUIRE_OK(bio_view_snapshot(view, &snap));
    bio_view_release(view);
    mutable_bytes(slice)[1] = 'Y';
    CHECK_VIEW(readonly, LIT("XY23456789"));
    CHECK_SNAPSHOT(snap, LIT("X123456789"));
    bio_view_release(slice);
    bio_view_release(readonly);
    CHECK_SNAPSHOT(snap, LIT("X123456789"));
    bio_snapshot_release(snap);
}

static void all_of_a_stream_can_be_rewritten_under_a_view(void)
{
    /* Every way of writing inside [0, L], to its very end. */
    bio_stream *s = stream_of(LIT("0123456789"));
    bio_view *view = view_of(s, BYTESIO_VIEW_WRITABLE);
    const uint8_t *address = bio_view_data(view);
    bio_slice pieces[] = {{"ab", 2}, {"cd", 2}};
    bio_snapshot *snap = snapshot_of(LIT("ef"));
    uint8_t *ptr = NULL;
    size_t room = 0;
    CHECK_OK(bio_writev(s, pieces, 2));
    CHECK_OK(bio_write_snapshot(s, snap));
    CHECK_OK(bio_fill(s, 'g', 1));
    CHECK_OK(bio_printf(s, "%c", 'h'));
    REQUIRE_OK(bio_prepare(s, 1, &ptr, &room));
    ptr[0] = 'i';
    CHECK_OK(bio_commit(s, 1));
    CHECK_OK(bio_pwrite(s, LIT("j"), 9));
    CHECK_VIEW(view, LIT("abcdefghij"));
    CHECK_PTR(bio_view_data(view), address);
    bio_view_release(view);
    bio_snapshot_release(snap);
    bio_release(s);
}

static void a_long_chain_of_slices_is_held_by_its_last_alone(void)
{
    /* As a parser makes it that cuts the rest off the rest: no stack may grow with it when it is let go. */
    enum { LONG = 200000 };
    ledger book;
    ledger_open(&book, LEDGER_PLAIN);
    bio_stream *s = ledger_stream(&book, 0, 0, 0);
    CHECK_OK(bio_write(s, LIT("0123456789")));
    bio_snapshot *snap = value_of(s);
    bio_view *view = view_of(s, BYTESIO_VIEW_READONLY);
    size_t live = book.live;
    for (int i = 0; i < LONG; i++) {
        bio_view *part = NULL;
        bio_snapshot *piece = NULL;
        REQUIRE_OK(i % 2 ? bio_view_slice(view, 0, 10, &part) : bio_view_to_readonly(view, &part));
        REQUIRE_OK(bio_snapshot_slice(snap, 0, 10, &piece));
        bio_view_release(view);
        bio_snapshot_release(snap);
        view = part;
        snap = piece;
    }
    CHECK(book.live <= live + 4); /* nor does it keep what is behind it */
    CHECK_EQ(bio_export_count(s), 1);
    CHECK_VIEW(view, LIT("0123456789"));
    CHECK_SNAPSHOT(snap, LIT("0123456789"));
    bio_view_release(view);
    bio_snapshot_release(snap);
    CHECK_EQ(bio_export_count(s), 0);
    bio_release(s);
    LEDGER_CLOSE(&book);
}

CHECK_MAIN(CASE(reads_through_a_view_see_later_writes), CASE(writes_through_a_view_are_seen_by_the_stream),
           CASE(the_view_is_all_of_the_stream_wherever_the_position_is), CASE(unknown_flags_are_invalid),
           CASE(exports_are_counted_per_getbuffer),
           CASE(what_would_change_the_length_is_refused_and_the_rest_goes_on),
           CASE(a_gap_before_a_view_is_not_filled), CASE(an_empty_stream_gives_an_empty_view_that_counts),
           CASE(a_slice_is_a_window_onto_the_same_bytes), CASE(a_slice_outside_is_out_of_range),
           CASE(to_readonly_sees_what_the_writable_one_writes), CASE(only_a_writable_view_is_for_writing),
           CASE(a_view_outlives_stream_and_close), CASE(all_of_a_stream_can_be_rewritten_under_a_view),
           CASE(a_long_chain_of_slices_is_held_by_its_last_alone))
