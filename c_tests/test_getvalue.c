/* bio_getvalue: one address that never changes, shared as long as that can be, at the cost the contract names. */
#include "changes.h"

static void it_is_all_of_the_stream_wherever_the_position_is(void)
{
    for (int64_t position = 0; position <= 20; position += 5) {
        bio_stream *s = stream_at(LIT("0123456789"), position);
        bio_snapshot *snap = value_of(s);
        CHECK_SNAPSHOT(snap, LIT("0123456789"));
        CHECK_EQ(bio_tell(s), position);
        CHECK_EQ(bio_export_count(s), 0);
        bio_snapshot_release(snap);
        bio_release(s);
    }
}

static void twice_without_a_change_is_the_same_handle_counted_up(void)
{
    bio_stream *s = stream_of(LIT("same"));
    bio_snapshot *a = value_of(s), *b = value_of(s);
    char byte;
    size_t n = 0;
    CHECK_PTR(a, b);
    move_to(s, 1);
    CHECK_OK(bio_read(s, &byte, 1, &n));
    CHECK_OK(bio_write(s, NULL, 0)); /* none of this is a change */
    CHECK_OK(bio_truncate(s, 4));
    bio_snapshot *c = value_of(s);
    CHECK_PTR(a, c);
    bio_snapshot_release(a);
    bio_snapshot_release(b);
    CHECK_SNAPSHOT(c, LIT("same"));
    bio_snapshot_release(c);
    c = value_of(s); /* after all of them have gone */
    CHECK_SNAPSHOT(c, LIT("same"));
    bio_snapshot_release(c);
    bio_release(s);
}

static void an_empty_stream_gives_the_same_handle_too(void)
{
    ledger book;
    ledger_open(&book, LEDGER_PLAIN);
    bio_stream *s = ledger_stream(&book, 0, 0, 0);
    for (int emptied = 0; emptied < 2; emptied++) {
        bio_snapshot *a = value_of(s);
        size_t requests = book.requests;
        bio_snapshot *b = value_of(s);
        CHECK_PTR(a, b);
        CHECK_EQ(book.requests, requests);
        CHECK_SNAPSHOT(a, LIT(""));
        bio_snapshot_release(a);
        bio_snapshot_release(b);
        CHECK_OK(bio_write(s, LIT("filled")));
        CHECK_OK(bio_clear(s)); /* and once more, with memory behind the nothing */
    }
    bio_release(s);
    LEDGER_CLOSE(&book);
}

static bio_stream *stream_to_change(void)
{
    return stream_at(LIT(CHANGES_TEXT), CHANGES_AT);
}

static void every_change_gives_another_snapshot_and_leaves_the_old(void)
{
    for (size_t i = 0; i < COUNT(changes); i++) {
        const change *c = &changes[i];
        if (!c->left)
            continue; /* closed: there is no snapshot after it */
        bio_stream *s = stream_to_change();
        bio_snapshot *before = value_of(s);
        const uint8_t *address = bio_snapshot_data(before);
        CHECK_OK(c->apply(s));
        bio_snapshot *after = value_of(s);
        bool good = CHECK((after != before) == c->changes) & CHECK_SNAPSHOT(before, LIT(CHANGES_TEXT)) &
                    CHECK_SNAPSHOT(after, c->left, c->len) & CHECK_PTR(bio_snapshot_data(before), address);
        bio_release(s);
        good &= CHECK_SNAPSHOT(before, LIT(CHANGES_TEXT));
        bio_snapshot_release(before);
        good &= CHECK_SNAPSHOT(after, c->left, c->len);
        bio_snapshot_release(after);
        if (!good)
            check_fail(__FILE__, __LINE__, "... with %s", c->name);
    }
}

static void a_write_of_the_same_bytes_hurts_no_snapshot(void)
{
    bio_stream *s = stream_of(LIT("0123456789"));
    bio_snapshot *before = value_of(s);
    CHECK_OK(bio_pwrite(s, LIT("5"), 5));
    CHECK_SNAPSHOT(before, LIT("0123456789"));
    CHECK_STREAM(s, LIT("0123456789"));
    bio_snapshot_release(before);
    bio_release(s);
}

static void all_pairs_of_changes_keep_every_snapshot(void)
{
    for (size_t i = 0; i < COUNT(changes); i++) {
        for (size_t j = 0; j < COUNT(changes); j++) {
            if (!changes[i].left)
                continue;
            bio_stream *s = stream_to_change();
            bio_snapshot *first = value_of(s);
            CHECK_OK(changes[i].apply(s));
            bio_snapshot *second = value_of(s);
            if (bio_len(s) < CHANGES_LEN)
                CHECK_OK(bio_resize(s, CHANGES_LEN)); /* the view writes to the last byte */
            CHECK_OK(changes[j].apply(s));
            if (!(CHECK_SNAPSHOT(first, LIT(CHANGES_TEXT)) &
                  CHECK_SNAPSHOT(second, changes[i].left, changes[i].len)))
                check_fail(__FILE__, __LINE__, "... with %s and %s", changes[i].name, changes[j].name);
            bio_snapshot_release(second);
            bio_snapshot_release(first);
            bio_release(s);
        }
    }
}

/* ---- the frozen length is the maximum over all live snapshots ---------------------------------------------- */

static void bytes_frozen_by_a_longer_snapshot_stay_after_truncation(void)
{
    bio_stream *s = stream_of(LIT("abcdefgh"));
    bio_snapshot *longer = value_of(s);
    CHECK_OK(bio_truncate(s, 4));
    bio_snapshot *shorter = value_of(s);
    CHECK_SNAPSHOT(shorter, LIT("abcd"));
    bio_snapshot_release(shorter); /* the last one taken is not the one that reaches farthest */
    move_to(s, 4);
    CHECK_OK(bio_write(s, LIT("XY")));
    CHECK_SNAPSHOT(longer, LIT("abcdefgh"));
    CHECK_STREAM(s, LIT("abcdXY"));
    bio_snapshot_release(longer);
    bio_release(s);
}

static void a_gap_over_frozen_bytes_is_zero_in_the_stream_only(void)
{
    bio_stream *s = stream_of(LIT("abcdefgh"));
    bio_snapshot *snap = value_of(s);
    CHECK_OK(bio_truncate(s, 2));
    CHECK_OK(bio_resize(s, 6));
    CHECK_SNAPSHOT(snap, LIT("abcdefgh"));
    CHECK_STREAM(s, LIT("ab\0\0\0\0"));
    CHECK_OK(bio_truncate(s, 1));
    CHECK_OK(bio_pwrite(s, LIT("z"), 7));
    CHECK_SNAPSHOT(snap, LIT("abcdefgh"));
    CHECK_STREAM(s, LIT("a\0\0\0\0\0\0z"));
    bio_snapshot_release(snap);
    bio_release(s);
}

static void any_order_of_taking_cutting_and_releasing_keeps_what_is_held(void)
{
    /* Six snapshots at going-up-and-down lengths; released one by one in several orders, writing in between. */
    static const size_t lengths[] = {10, 3, 7, 1, 9, 5};
    for (size_t step = 1; step < COUNT(lengths); step += 4) { /* 1 and 5 run through all six */
        bio_stream *s = bio_new();
        bio_snapshot *snaps[COUNT(lengths)];
        uint8_t want[COUNT(lengths)][16];
        REQUIRE(s != NULL);
        for (size_t i = 0; i < COUNT(lengths); i++) {
            CHECK_OK(bio_truncate(s, lengths[i]));
            while (bio_len(s) < lengths[i]) {
                uint8_t byte = (uint8_t)('a' + i);
                CHECK_OK(bio_pwrite(s, &byte, 1, bio_len(s)));
            }
            snaps[i] = value_of(s);
            memcpy(want[i], bio_snapshot_data(snaps[i]), lengths[i]);
        }
        for (size_t k = 0, at = step; k < COUNT(lengths); k++, at = (at + step) % COUNT(lengths)) {
            bio_snapshot_release(snaps[at]);
            snaps[at] = NULL;
            for (size_t i = 0; i < COUNT(lengths); i++)
                if (snaps[i])
                    CHECK_SNAPSHOT(snaps[i], want[i], lengths[i]);
            CHECK_OK(bio_truncate(s, k));
            CHECK_OK(bio_pwrite(s, LIT("#"), bio_len(s)));
        }
        bio_release(s);
    }
}

/* ---- cost -------------------------------------------------------------------------------------------------- */

static void it_copies_nothing(void)
{
    ledger book;
    ledger_open(&book, LEDGER_PLAIN);
    bio_stream *s = ledger_stream(&book, 0, 0, 0);
    CHECK_OK(bio_fill(s, 'x', 100000));
    move_to(s, 0);
    const uint8_t *ptr = NULL;
    size_t len = 0, bytes = book.bytes;
    CHECK_OK(bio_peek(s, &ptr, &len));
    bio_snapshot *snap = value_of(s);
    CHECK_PTR(bio_snapshot_data(snap), ptr);
    CHECK(book.bytes - bytes < 1024);
    bytes = book.bytes;
    bio_snapshot *again = value_of(s);
    CHECK_EQ(book.bytes, bytes);
    bio_statistics statistics = statistics_of(s);
    CHECK_EQ(statistics.snapshot_copies, 0);
    CHECK_EQ(statistics.forks, 0);
    bio_snapshot_release(snap);
    bio_snapshot_release(again);
    bio_release(s);
    LEDGER_CLOSE(&book);
}

static void appending_after_it_allocates_nothing_while_there_is_room(void)
{
    ledger book;
    ledger_open(&book, LEDGER_PLAIN);
    bio_stream *s = ledger_stream(&book, 10000, 0, 0);
    bio_snapshot *snaps[100];
    for (unsigned i = 0; i < COUNT(snaps); i++) {
        uint8_t chunk[100];
        pattern_fill(chunk, sizeof chunk, i * sizeof chunk);
        size_t requests = book.requests;
        CHECK_OK(bio_write(s, chunk, sizeof chunk));
        CHECK_EQ(book.requests, requests);
        snaps[i] = value_of(s);
    }
    bio_statistics statistics = statistics_of(s);
    CHECK_EQ(statistics.forks, 0);
    CHECK_EQ(statistics.moves, 0);
    const uint8_t *address = bio_snapshot_data(snaps[0]);
    for (size_t i = 0; i < COUNT(snaps); i++) {
        CHECK_EQ(bio_snapshot_len(snaps[i]), (i + 1) * 100);
        CHECK_PTR(bio_snapshot_data(snaps[i]), address);
        CHECK(pattern_holds(bio_snapshot_data(snaps[i]), (i + 1) * 100, 0));
        bio_snapshot_release(snaps[i]);
    }
    bio_release(s);
    LEDGER_CLOSE(&book);
}

static void a_growing_log_with_held_snapshots_copies_each_byte_a_bounded_number_of_times(void)
{
    enum { ROUNDS = 2000 };
    bio_stream *s = bio_new();
    bio_snapshot *held[8] = {NULL};
    REQUIRE(s != NULL);
    for (size_t i = 0; i < ROUNDS; i++) {
        CHECK_OK(bio_write(s, LIT("sixteen bytes...")));
        bio_snapshot_release(held[i % 8]);
        held[i % 8] = value_of(s);
    }
    bio_statistics statistics = statistics_of(s);
    CHECK(statistics.fork_bytes + statistics.move_bytes < UINT64_C(4) * 16 * ROUNDS);
    CHECK_EQ(statistics.snapshot_copies, 0);
    for (size_t i = 0; i < 8; i++)
        bio_snapshot_release(held[i]);
    bio_release(s);
}

static void an_overwrite_copies_once_and_only_what_is_kept(void)
{
    bio_stream *s = bio_new();
    REQUIRE(s != NULL);
    CHECK_OK(bio_fill(s, 'x', 1000));
    bio_snapshot *snap = value_of(s);
    static uint8_t fresh[600];
    CHECK_OK(bio_pwrite(s, fresh, sizeof fresh, 100));
    bio_statistics statistics = statistics_of(s);
    CHECK_EQ(statistics.forks, 1);
    CHECK(statistics.fork_bytes <= 400);
    for (uint64_t i = 0; i < 1000; i += 50) /* the stream has bytes of its own now */
        CHECK_OK(bio_pwrite(s, "y", 1, i));
    CHECK_EQ(statistics_of(s).forks, 1);
    for (size_t i = 0; i < 1000; i++)
        CHECK_EQ(bio_snapshot_data(snap)[i], 'x');
    bio_snapshot_release(snap);
    bio_release(s);
}

static void an_overwrite_copies_nothing_once_the_snapshot_is_gone(void)
{
    bio_stream *s = stream_of(LIT("0123456789"));
    for (int i = 0; i < 10; i++) {
        bio_snapshot_release(value_of(s));
        CHECK_OK(bio_pwrite(s, LIT("X"), (uint64_t)i));
    }
    CHECK_EQ(statistics_of(s).forks, 0);
    CHECK_STREAM(s, LIT("XXXXXXXXXX"));
    bio_release(s);
}

static void clone_and_from_snapshot_copy_nothing(void)
{
    ledger book;
    ledger_open(&book, LEDGER_PLAIN);
    bio_stream *s = ledger_stream(&book, 0, 0, 0), *clone = NULL, *from = NULL;
    CHECK_OK(bio_fill(s, 'x', 100000));
    size_t bytes = book.bytes;
    REQUIRE_OK(bio_clone(s, &clone));
    bio_snapshot *snap = value_of(clone);
    REQUIRE_OK(bio_from_snapshot(snap, &from));
    CHECK(book.bytes - bytes < 4096);
    bio_snapshot_release(snap);
    CHECK_EQ(bio_len(from), 100000);
    bio_release(s);
    bio_release(clone);
    bio_release(from);
    LEDGER_CLOSE(&book);
}

/* In mapped memory the stream takes turns in two ranges; what was appended in one has to fit in the other. */
static void growth_between_changes_while_values_are_held(void)
{
    enum { START = 300000, END = 800000, HELD = 4, PIECE = 10000 };
    bio_options options = BYTESIO_OPTIONS_INIT;
    static uint8_t want[END], tail[PIECE];
    options.mapped_from = 1;
    for (size_t held = 1; held <= HELD; held++) {
        bio_snapshot *ring[HELD] = {NULL}, *end = NULL;
        bio_stream *s = NULL;
        size_t len = START;
        bool good = true;
        memset(want, 0, sizeof want);
        REQUIRE_OK(bio_new_with(&options, &s));
        CHECK_OK(bio_resize(s, START));
        for (size_t i = 0; good && len + PIECE <= END; i++) {
            bio_snapshot_release(ring[i % held]);
            ring[i % held] = value_of(s);
            good = CHECK_OK(bio_pwrite(s, "x", 1, i * 4096)) && CHECK(bio_capacity(s) >= len);
            want[i * 4096] = 'x';
            move_to(s, (int64_t)len - 10);
            good =
                good && CHECK_OK(bio_read_snapshot(s, 10, &end)) && CHECK_SNAPSHOT(end, want + len - 10, 10);
            bio_snapshot_release(end);
            end = NULL;
            memset(tail, (int)i, PIECE);
            good = good && CHECK_OK(bio_append(s, tail, PIECE));
            memcpy(want + len, tail, PIECE);
            len += PIECE;
            good = good && CHECK_STREAM(s, want, len);
        }
        for (size_t i = 0; i < held; i++)
            bio_snapshot_release(ring[i]);
        bio_release(s);
    }
}

CHECK_MAIN(CASE(it_is_all_of_the_stream_wherever_the_position_is),
           CASE(twice_without_a_change_is_the_same_handle_counted_up),
           CASE(an_empty_stream_gives_the_same_handle_too),
           CASE(every_change_gives_another_snapshot_and_leaves_the_old),
           CASE(a_write_of_the_same_bytes_hurts_no_snapshot), CASE(all_pairs_of_changes_keep_every_snapshot),
           CASE(bytes_frozen_by_a_longer_snapshot_stay_after_truncation),
           CASE(a_gap_over_frozen_bytes_is_zero_in_the_stream_only),
           CASE(any_order_of_taking_cutting_and_releasing_keeps_what_is_held), CASE(it_copies_nothing),
           CASE(appending_after_it_allocates_nothing_while_there_is_room),
           CASE(a_growing_log_with_held_snapshots_copies_each_byte_a_bounded_number_of_times),
           CASE(an_overwrite_copies_once_and_only_what_is_kept),
           CASE(an_overwrite_copies_nothing_once_the_snapshot_is_gone),
           CASE(clone_and_from_snapshot_copy_nothing), CASE(growth_between_changes_while_values_are_held))
