/* Snapshots as such: made from bytes, cut into slices, turned into streams. */
#include "support.h"

static void new_copies(void)
{
    char source[] = "source";
    bio_snapshot *snap = snapshot_of(source, 6);
    memset(source, 'z', 6);
    CHECK_SNAPSHOT(snap, LIT("source"));
    bio_snapshot_release(snap);
}

static void an_empty_snapshot_has_data_too(void)
{
    bio_snapshot *a = snapshot_of(NULL, 0), *b = snapshot_of("", 0);
    CHECK_SNAPSHOT(a, LIT("")); /* the data is never NULL for a handle */
    CHECK_SNAPSHOT(b, LIT(""));
    bio_snapshot_release(a);
    CHECK_SNAPSHOT(b, LIT(""));
    bio_snapshot_release(b);
}

static void every_slice_shares_the_bytes(void)
{
    bio_snapshot *snap = snapshot_of(LIT("0123456789"));
    for (size_t off = 0; off <= 10; off++) {
        for (size_t len = 0; off + len <= 10; len++) {
            bio_snapshot *slice = NULL;
            REQUIRE_OK(bio_snapshot_slice(snap, off, len, &slice));
            CHECK_SNAPSHOT(slice, &"0123456789"[off], len);
            if (len)
                CHECK_PTR(bio_snapshot_data(slice), bio_snapshot_data(snap) + off);
            bio_snapshot_release(slice);
        }
    }
    CHECK_SNAPSHOT(snap, LIT("0123456789"));
    bio_snapshot_release(snap);
}

static void a_slice_outside_is_out_of_range(void)
{
    static const struct {
        size_t off, len;
    } outside[] = {{0, 11},           {10, 1},       {11, 0},       {5, 6},
                   {SIZE_MAX, 0},     {0, SIZE_MAX}, {1, SIZE_MAX}, {SIZE_MAX, SIZE_MAX},
                   {SIZE_MAX - 4, 10}};
    bio_snapshot *snap = snapshot_of(LIT("0123456789"));
    for (size_t i = 0; i < COUNT(outside); i++) {
        bio_snapshot *slice = NULL;
        CHECK_STATUS(bio_snapshot_slice(snap, outside[i].off, outside[i].len, &slice), BYTESIO_RANGE);
        CHECK(slice == NULL);
    }
    bio_snapshot_release(snap);
}

static void a_slice_of_a_slice_outlives_both(void)
{
    bio_snapshot *snap = snapshot_of(LIT("0123456789")), *outer = NULL, *inner = NULL, *outside = NULL;
    REQUIRE_OK(bio_snapshot_slice(snap, 2, 6, &outer));
    REQUIRE_OK(bio_snapshot_slice(outer, 1, 3, &inner));
    CHECK_STATUS(bio_snapshot_slice(outer, 4, 3, &outside),
                 BYTESIO_RANGE); /* its own end, not its parent's */
    bio_snapshot_release(snap);
    bio_snapshot_release(outer);
    CHECK_SNAPSHOT(inner, LIT("345"));
    bio_snapshot_release(inner);
}

static void a_slice_freezes_what_it_covers(void)
{
    bio_stream *s = stream_of(LIT("0123456789"));
    bio_snapshot *snap = value_of(s), *slice = NULL;
    REQUIRE_OK(bio_snapshot_slice(snap, 6, 4, &slice));
    bio_snapshot_release(snap);
    CHECK_OK(bio_pwrite(s, LIT("abcdefghij"), 0));
    CHECK_SNAPSHOT(slice, LIT("6789"));
    CHECK_OK(bio_truncate(s, 0));
    CHECK_OK(bio_fill(s, '-', 10));
    CHECK_SNAPSHOT(slice, LIT("6789"));
    bio_release(s);
    CHECK_SNAPSHOT(slice, LIT("6789"));
    bio_snapshot_release(slice);
}

static void slices_survive_the_stream_writing_on(void)
{
    /* Of each record only its slice is kept, as a message queue would. */
    enum { RECORDS = 200, SIZE = 50 };
    bio_stream *s = bio_new();
    bio_snapshot *slices[RECORDS];
    REQUIRE(s != NULL);
    for (size_t i = 0; i < RECORDS; i++) {
        uint8_t record[SIZE];
        pattern_fill(record, SIZE, i * SIZE);
        CHECK_OK(bio_write(s, record, SIZE));
        bio_snapshot *all = value_of(s);
        REQUIRE_OK(bio_snapshot_slice(all, i * SIZE, SIZE, &slices[i]));
        bio_snapshot_release(all);
    }
    move_to(s, 0);
    CHECK_OK(bio_fill(s, 0, RECORDS * SIZE));
    bio_release(s);
    for (size_t i = 0; i < RECORDS; i++) {
        CHECK(pattern_holds(bio_snapshot_data(slices[i]), SIZE, i * SIZE));
        bio_snapshot_release(slices[i]);
    }
}

static void into_stream_takes_the_reference_and_copies_nothing(void)
{
    ledger book;
    ledger_open(&book, LEDGER_PLAIN);
    bio_stream *s = ledger_stream(&book, 0, 0, 0), *t = NULL;
    CHECK_OK(bio_fill(s, 'x', 50000));
    bio_snapshot *snap = value_of(s);
    bio_release(s);
    const uint8_t *address = bio_snapshot_data(snap), *ptr = NULL;
    size_t bytes = book.bytes, len = 0;
    REQUIRE_OK(bio_snapshot_into_stream(snap, &t)); /* `snap` is gone now */
    CHECK_OK(bio_pwrite(t, LIT("X"), 0));           /* it was the last one: written in place */
    CHECK_OK(bio_peek(t, &ptr, &len));
    CHECK_PTR(ptr, address);
    CHECK_EQ(len, 50000);
    CHECK(book.bytes - bytes < 1024);
    CHECK_EQ(statistics_of(t).forks, 0);
    CHECK_EQ(bio_tell(t), 0);
    bio_release(t);
    LEDGER_CLOSE(&book);
}

static void into_stream_leaves_other_references_alone(void)
{
    bio_snapshot *snap = snapshot_of(LIT("shared"));
    bio_stream *s = NULL;
    CHECK_PTR(bio_snapshot_retain(snap), snap);
    REQUIRE_OK(bio_snapshot_into_stream(snap, &s));
    CHECK_OK(bio_write(s, LIT("SH")));
    CHECK_SNAPSHOT(snap, LIT("shared"));
    CHECK_STREAM(s, LIT("SHared"));
    bio_snapshot_release(snap);
    bio_release(s);
}

static void into_stream_that_fails_keeps_the_reference(void)
{
    bio_snapshot *snap = snapshot_of(LIT("kept"));
    CHECK_STATUS(bio_snapshot_into_stream(snap, NULL), BYTESIO_NULL_ARG);
    CHECK_SNAPSHOT(snap, LIT("kept"));
    bio_snapshot_release(snap);
}

static void a_stream_from_a_slice_has_the_slice_only(void)
{
    bio_snapshot *snap = snapshot_of(LIT("0123456789")), *slice = NULL, *middle = NULL;
    bio_stream *s = NULL, *t = NULL;
    REQUIRE_OK(bio_snapshot_slice(snap, 3, 4, &slice));
    REQUIRE_OK(bio_from_snapshot(slice, &s));
    CHECK_STREAM(s, LIT("3456"));
    CHECK_OK(bio_seek(s, 0, BYTESIO_SEEK_END, NULL));
    CHECK_OK(bio_write(s, LIT("x"))); /* over the snapshot's '7', were it in place */
    CHECK_STREAM(s, LIT("3456x"));
    CHECK_SNAPSHOT(snap, LIT("0123456789"));
    REQUIRE_OK(bio_snapshot_slice(snap, 5, 2, &middle));
    REQUIRE_OK(bio_snapshot_into_stream(middle, &t));
    CHECK_OK(bio_pwrite(t, LIT("AB"), 4)); /* a gap over shared bytes */
    CHECK_STREAM(t, LIT("56\0\0AB"));
    CHECK_OK(bio_pwrite(t, LIT("C"), 0));
    CHECK_STREAM(t, LIT("C6\0\0AB"));
    CHECK_SNAPSHOT(snap, LIT("0123456789"));
    CHECK_SNAPSHOT(slice, LIT("3456"));
    bio_snapshot_release(snap);
    bio_snapshot_release(slice);
    bio_release(s);
    bio_release(t);
}

static void a_last_slice_turned_into_a_stream_grows_over_what_nobody_sees(void)
{
    /* The bytes around the slice are nobody's any more, but they are not zeros either. */
    bio_snapshot *snap = snapshot_of(LIT("0123456789")), *slice = NULL;
    bio_stream *s = NULL;
    REQUIRE_OK(bio_snapshot_slice(snap, 2, 3, &slice));
    bio_snapshot_release(snap);
    REQUIRE_OK(bio_snapshot_into_stream(slice, &s));
    CHECK_OK(bio_resize(s, 6));
    CHECK_STREAM(s, LIT("234\0\0\0"));
    bio_snapshot *again = value_of(s);
    CHECK_OK(bio_pwrite(s, LIT("+"), 6));
    CHECK_SNAPSHOT(again, LIT("234\0\0\0"));
    CHECK_STREAM(s, LIT("234\0\0\0+"));
    bio_snapshot_release(again);
    bio_release(s);
}

static void many_streams_of_one_snapshot_go_their_ways(void)
{
    enum { STREAMS = 20 };
    bio_snapshot *snap = snapshot_of(LIT("common"));
    bio_stream *streams[STREAMS];
    for (size_t i = 0; i < STREAMS; i++) {
        char mark = (char)('a' + i);
        REQUIRE_OK(bio_from_snapshot(snap, &streams[i]));
        CHECK_OK(bio_pwrite(streams[i], &mark, 1, i % 2 ? 6 : 0)); /* append or overwrite */
    }
    for (size_t i = 0; i < STREAMS; i++) {
        char want[8] = "common";
        want[i % 2 ? 6 : 0] = (char)('a' + i);
        CHECK_STREAM(streams[i], want, i % 2 ? 7 : 6);
        bio_release(streams[i]);
    }
    CHECK_SNAPSHOT(snap, LIT("common"));
    bio_snapshot_release(snap);
}

static void snapshots_of_different_lengths_share_one_address(void)
{
    bio_stream *s = bio_new();
    REQUIRE(s != NULL);
    CHECK_OK(bio_reserve(s, 64));
    bio_snapshot *snaps[4];
    for (size_t i = 0; i < COUNT(snaps); i++) {
        CHECK_OK(bio_write(s, &"0123456789"[i], 1));
        snaps[i] = value_of(s);
    }
    const uint8_t *address = bio_snapshot_data(snaps[0]);
    for (size_t i = 0; i < COUNT(snaps); i++) {
        CHECK_SNAPSHOT(snaps[i], "0123", i + 1);
        CHECK_PTR(bio_snapshot_data(snaps[i]), address);
        bio_snapshot_release(snaps[i]);
    }
    bio_release(s);
}

static void absurd_sizes_are_refused(void)
{
    static const size_t sizes[] = {SIZE_MAX, (size_t)PTRDIFF_MAX + 1};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        bio_snapshot *snap = NULL;
        bio_stream *s = NULL;
        CHECK_STATUS(bio_snapshot_new("x", sizes[i], &snap), BYTESIO_OVERFLOW);
        CHECK_STATUS(bio_snapshot_adopt("x", sizes[i], NULL, NULL, &snap), BYTESIO_OVERFLOW);
        CHECK_STATUS(bio_from_bytes("x", sizes[i], &s), BYTESIO_OVERFLOW);
        CHECK(snap == NULL && s == NULL);
    }
}

CHECK_MAIN(CASE(new_copies), CASE(an_empty_snapshot_has_data_too), CASE(every_slice_shares_the_bytes),
           CASE(a_slice_outside_is_out_of_range), CASE(a_slice_of_a_slice_outlives_both),
           CASE(a_slice_freezes_what_it_covers), CASE(slices_survive_the_stream_writing_on),
           CASE(into_stream_takes_the_reference_and_copies_nothing),
           CASE(into_stream_leaves_other_references_alone), CASE(into_stream_that_fails_keeps_the_reference),
           CASE(a_stream_from_a_slice_has_the_slice_only),
           CASE(a_last_slice_turned_into_a_stream_grows_over_what_nobody_sees),
           CASE(many_streams_of_one_snapshot_go_their_ways),
           CASE(snapshots_of_different_lengths_share_one_address), CASE(absurd_sizes_are_refused))
