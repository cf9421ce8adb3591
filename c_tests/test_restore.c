/* bio_restore: a snapshot's bytes become the content again, whatever happened to the stream since. */
#include "changes.h"

static void rolling_back_undoes_every_change(void)
{
    for (size_t i = 0; i < COUNT(changes); i++) {
        bio_stream *s = stream_at(LIT(CHANGES_TEXT), CHANGES_AT);
        bio_snapshot *savepoint = value_of(s);
        CHECK_OK(changes[i].apply(s));
        if (bio_is_closed(s)) {
            CHECK_STATUS(bio_restore(s, savepoint), BYTESIO_CLOSED);
        } else {
            uint64_t at = bio_tell(s);
            bool good = CHECK_OK(bio_restore(s, savepoint));
            good &= CHECK_STREAM(s, LIT(CHANGES_TEXT));
            good &= CHECK_EQ(bio_tell(s), at < CHANGES_LEN ? at : CHANGES_LEN);
            move_to(s, CHANGES_AT);
            good &=
                CHECK_OK(changes[i].apply(s)); /* the same again: the first time has left nothing behind */
            good &= expect_left(s, &changes[i]);
            good &= CHECK_SNAPSHOT(savepoint, LIT(CHANGES_TEXT));
            if (!good)
                check_fail(__FILE__, __LINE__, "... with %s", changes[i].name);
        }
        bio_snapshot_release(savepoint);
        bio_release(s);
    }
}

static void it_costs_no_copy_and_shares_until_the_next_change(void)
{
    ledger book;
    ledger_open(&book, LEDGER_PLAIN);
    bio_stream *s = ledger_stream(&book, 0, 0, 0);
    CHECK_OK(bio_fill(s, 'a', 100000));
    bio_snapshot *savepoint = value_of(s);
    CHECK_OK(bio_pwrite(s, LIT("changed"), 50));
    size_t before = book.bytes;
    CHECK_OK(bio_restore(s, savepoint));
    const uint8_t *ptr = NULL;
    size_t len = 0;
    CHECK_OK(bio_peek_at(s, 0, &ptr, &len));
    CHECK_PTR(ptr, bio_snapshot_data(savepoint));
    CHECK_EQ(len, 100000);
    CHECK(book.bytes - before < 1024);
    CHECK_OK(bio_pwrite(s, LIT("again"), 0));
    CHECK_EQ(bio_snapshot_data(savepoint)[0], 'a');
    bio_snapshot_release(savepoint);
    bio_release(s);
    LEDGER_CLOSE(&book);
}

static void what_was_appended_or_cut_since_costs_nothing(void)
{
    bio_stream *s = bio_new();
    CHECK_OK(bio_fill(s, 'a', 1000));
    bio_snapshot *savepoint = value_of(s);
    for (int i = 0; i < 20; i++) {
        CHECK_OK(i % 2 ? bio_append(s, LIT("tail")) : bio_truncate(s, 10));
        CHECK_OK(bio_restore(s, savepoint));
        CHECK_EQ(bio_len(s), 1000);
        CHECK_OK(bio_append(s, LIT("kept")));
        CHECK_OK(bio_truncate(s, 1000));
    }
    CHECK_EQ(statistics_of(s).forks, 0);
    CHECK(bio_snapshot_data(savepoint)[10] == 'a' && bio_snapshot_data(savepoint)[999] == 'a');
    bio_snapshot_release(savepoint);
    bio_release(s);
}

/* A part of a snapshot and the whole begin at the same address: the whole is more than a stream of the part may show. */
static void a_stream_of_a_part_becomes_the_whole(void)
{
    bio_stream *whole = stream_of(LIT("0123456789")), *s = NULL;
    bio_snapshot *all = value_of(whole), *part = NULL;
    REQUIRE_OK(bio_snapshot_slice(all, 0, 5, &part));
    REQUIRE_OK(bio_from_snapshot(part, &s));
    CHECK_OK(bio_restore(s, all));
    CHECK_STREAM(s, LIT("0123456789"));
    CHECK_OK(bio_pwrite(s, LIT("X"), 7));
    CHECK_OK(bio_append(s, LIT("!")));
    CHECK_STREAM(s, LIT("0123456X89!"));
    CHECK_OK(bio_restore(s, part));
    CHECK_STREAM(s, LIT("01234"));
    CHECK_OK(bio_append(s, LIT("-")));
    CHECK_STREAM(s, LIT("01234-"));
    CHECK_SNAPSHOT(all, LIT("0123456789"));
    bio_snapshot_release(all);
    bio_snapshot_release(part);
    bio_release(whole);
    bio_release(s);
}

static void nothing_foreign_and_other_streams_bytes_can_be_restored(void)
{
    release_log log = {0};
    bio_stream *s = stream_at(LIT("0123456789"), 8), *other = adopted(LIT("foreign"), &log);
    bio_snapshot *foreign = value_of(other), *nothing = snapshot_of(NULL, 0);
    bio_release(other);
    CHECK_OK(bio_restore(s, foreign));
    CHECK_STREAM(s, LIT("foreign"));
    CHECK_EQ(bio_tell(s), 7);
    bio_snapshot_release(foreign);
    CHECK_EQ(log.calls, 0);
    CHECK_OK(bio_restore(s, nothing));
    CHECK_STREAM(s, LIT(""));
    CHECK_EQ(bio_tell(s), 0);
    CHECK_EQ(log.calls, 1);
    CHECK_OK(bio_write(s, LIT("on")));
    CHECK_STREAM(s, LIT("on"));
    bio_snapshot_release(nothing);
    bio_release(s);
}

static void fixed_memory_is_written_in_place(void)
{
    char memory[10] = "01234#####";
    bio_stream *s = NULL;
    REQUIRE_OK(bio_new_fixed(memory, 8, 5, &s));
    bio_snapshot *five = value_of(s), *eight = snapshot_of(LIT("ABCDEFGH")),
                 *nine = snapshot_of(LIT("ABCDEFGHI"));
    CHECK_STATUS(bio_restore(s, nine), BYTESIO_LIMIT);
    CHECK_STREAM(s, LIT("01234"));
    CHECK_OK(bio_restore(s, eight));
    CHECK_STREAM(s, LIT("ABCDEFGH"));
    CHECK_MEM(memory, 10, LIT("ABCDEFGH##"));
    CHECK_OK(bio_restore(s, five));
    CHECK_STREAM(s, LIT("01234"));
    bio_snapshot_release(five);
    bio_snapshot_release(eight);
    bio_snapshot_release(nine);
    bio_release(s);
}

static void under_a_view_the_bytes_stay_and_change(void)
{
    for (uint32_t flags = BYTESIO_VIEW_READONLY; flags <= BYTESIO_VIEW_WRITABLE; flags++) {
        bio_stream *s = stream_of(LIT("0123456789"));
        bio_snapshot *savepoint = value_of(s), *shorter = snapshot_of(LIT("123"));
        CHECK_OK(bio_pwrite(s, LIT("changed"), 1));
        bio_view *view = view_of(s, flags);
        CHECK_STATUS(bio_restore(s, shorter), BYTESIO_EXPORTED);
        CHECK_VIEW(view, LIT("0changed89"));
        CHECK_OK(bio_restore(s, savepoint));
        CHECK_VIEW(view, LIT("0123456789"));
        bio_view_release(view);
        bio_snapshot_release(savepoint);
        bio_snapshot_release(shorter);
        bio_release(s);
    }
}

static void the_limit_counts(void)
{
    bio_stream *s = stream_at(LIT("0123456789"), 2);
    bio_snapshot *ten = value_of(s);
    CHECK_OK(bio_truncate(s, 4));
    CHECK_OK(bio_set_limit(s, 9));
    stream_state before = state_of(s);
    CHECK_STATUS(bio_restore(s, ten), BYTESIO_LIMIT);
    CHECK_STATE(s, &before);
    CHECK_OK(bio_set_limit(s, 10));
    CHECK_OK(bio_restore(s, ten));
    CHECK_STREAM(s, LIT("0123456789"));
    CHECK_STATUS(bio_append(s, LIT("x")), BYTESIO_LIMIT);
    state_free(&before);
    bio_snapshot_release(ten);
    bio_release(s);
}

CHECK_MAIN(CASE(rolling_back_undoes_every_change), CASE(it_costs_no_copy_and_shares_until_the_next_change),
           CASE(what_was_appended_or_cut_since_costs_nothing), CASE(a_stream_of_a_part_becomes_the_whole),
           CASE(nothing_foreign_and_other_streams_bytes_can_be_restored),
           CASE(fixed_memory_is_written_in_place), CASE(under_a_view_the_bytes_stay_and_change),
           CASE(the_limit_counts))
