/* bio_new_with: the sized options struct, capacity, limit, flags, and the caller's allocator. */
#include "support.h"

#define UNTOUCHED ((bio_stream *)(uintptr_t)0x5a5a)

static bio_stream *made_with(const bio_options *options)
{
    bio_stream *s = NULL;
    REQUIRE_OK(bio_new_with(options, &s));
    REQUIRE(s != NULL);
    return s;
}

static void refused_with(const bio_options *options, bio_status want)
{
    bio_stream *s = UNTOUCHED;
    CHECK_STATUS(bio_new_with(options, &s), want);
    CHECK_PTR(s, UNTOUCHED);
}

static void defaults_make_an_ordinary_stream(void)
{
    bio_options options = BYTESIO_OPTIONS_INIT;
    CHECK_EQ(options.struct_size, sizeof(bio_options));
    bio_stream *s = made_with(&options);
    CHECK_EQ(bio_len(s), 0);
    CHECK_EQ(bio_tell(s), 0);
    CHECK_OK(bio_write(s, LIT("ordinary")));
    CHECK_STREAM(s, LIT("ordinary"));
    bio_release(s);
}

static void a_struct_that_cannot_hold_its_own_size_is_invalid(void)
{
    bio_options options = BYTESIO_OPTIONS_INIT;
    static const size_t sizes[] = {0, 1, sizeof(size_t) - 1, (size_t)PTRDIFF_MAX + 1, SIZE_MAX};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        options.struct_size = sizes[i];
        refused_with(&options, BYTESIO_INVALID);
    }
}

/* Whatever an older caller's struct lacks counts as 0: here everything behind the limit. */
static void a_smaller_struct_leaves_the_rest_zero(void)
{
    bio_options options;
    memset(&options, 0xff, sizeof options);
    options.struct_size = offsetof(bio_options, allocator);
    options.capacity = 100;
    options.limit = 200;
    bio_stream *s = made_with(&options);
    CHECK(bio_capacity(s) >= 100);
    CHECK_OK(bio_fill(s, 'x', 200));
    CHECK_STATUS(bio_write(s, LIT("y")), BYTESIO_LIMIT);
    bio_release(s);
}

/* In a block of exactly struct_size bytes, so that memcheck sees a read behind it. */
static void no_byte_behind_a_smaller_struct_is_read(void)
{
    for (size_t size = sizeof(size_t); size <= sizeof(bio_options); size++) {
        bio_options *options = calloc(1, size);
        REQUIRE(options != NULL);
        memcpy(options, &size, sizeof size);
        bio_stream *s = made_with(options);
        CHECK_OK(bio_write(s, LIT("ordinary")));
        bio_release(s);
        free(options);
    }
}

static void a_larger_struct_is_taken_when_its_tail_is_zero(void)
{
    struct {
        bio_options known;
        unsigned char tail[40];
    } larger;
    memset(&larger, 0, sizeof larger);
    larger.known.struct_size = sizeof larger;
    larger.known.limit = 3;
    bio_stream *s = made_with(&larger.known);
    CHECK_STATUS(bio_write(s, LIT("four")), BYTESIO_LIMIT);
    CHECK_OK(bio_write(s, LIT("thr")));
    bio_release(s);
    for (size_t i = 0; i < sizeof larger.tail; i++) {
        larger.tail[i] = 1;
        refused_with(&larger.known, BYTESIO_UNSUPPORTED);
        larger.tail[i] = 0;
    }
}

static void unknown_flags_are_invalid(void)
{
    for (uint32_t bit = 1; bit < 32; bit++) {
        bio_options options = BYTESIO_OPTIONS_INIT;
        options.flags = UINT32_C(1) << bit;
        refused_with(&options, BYTESIO_INVALID);
        options.flags |= BYTESIO_STREAM_UNLOCKED;
        refused_with(&options, BYTESIO_INVALID);
    }
}

static void an_unlocked_stream_works_alike(void)
{
    bio_options options = BYTESIO_OPTIONS_INIT;
    options.flags = BYTESIO_STREAM_UNLOCKED;
    bio_stream *s = made_with(&options);
    CHECK_OK(bio_write(s, LIT("alone")));
    bio_snapshot *snap = value_of(s);
    CHECK_OK(bio_pwrite(s, LIT("A"), 0));
    CHECK_SNAPSHOT(snap, LIT("alone"));
    CHECK_STREAM(s, LIT("Alone"));
    bio_snapshot_release(snap);
    bio_release(s);
}

static void the_capacity_is_there_from_the_start(void)
{
    ledger book;
    ledger_open(&book, LEDGER_PLAIN);
    bio_stream *s = ledger_stream(&book, 1000, 0, 0);
    CHECK(bio_capacity(s) >= 1000);
    CHECK_EQ(bio_len(s), 0); /* capacity is not length */
    CHECK_STREAM(s, LIT(""));
    size_t before = book.requests;
    for (int i = 0; i < 100; i++)
        CHECK_OK(bio_write(s, LIT("0123456789")));
    CHECK_EQ(book.requests, before);
    CHECK_EQ(bio_len(s), 1000);
    bio_release(s);
    LEDGER_CLOSE(&book);
}

static void the_limit_holds_from_the_start(void)
{
    static const uint64_t none[] = {0, BYTESIO_NO_LIMIT};
    for (size_t i = 0; i < COUNT(none); i++) {
        bio_options options = BYTESIO_OPTIONS_INIT;
        options.limit = none[i];
        bio_stream *s = made_with(&options);
        CHECK_OK(bio_fill(s, 1, 10000));
        bio_release(s);
    }
    bio_options options = BYTESIO_OPTIONS_INIT;
    options.limit = 4;
    bio_stream *s = made_with(&options);
    CHECK_STATUS(bio_write(s, LIT("12345")), BYTESIO_LIMIT);
    CHECK_EQ(bio_len(s), 0);
    CHECK_OK(bio_write(s, LIT("1234")));
    CHECK_STATUS(bio_write(s, LIT("5")), BYTESIO_LIMIT);
    CHECK_STREAM(s, LIT("1234"));
    bio_release(s);
}

static void an_absurd_capacity_is_refused(void)
{
    static const size_t sizes[] = {SIZE_MAX, (size_t)PTRDIFF_MAX + 1};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        bio_options options = BYTESIO_OPTIONS_INIT;
        options.capacity = sizes[i];
        refused_with(&options, BYTESIO_OVERFLOW);
    }
    bio_options options = BYTESIO_OPTIONS_INIT;
    options.capacity = (size_t)PTRDIFF_MAX / 2; /* representable, but nobody has it */
    refused_with(&options, BYTESIO_NOMEM);
}

static void an_allocator_without_its_functions_is_null_arg(void)
{
    ledger book;
    ledger_open(&book, LEDGER_PLAIN);
    bio_options options = BYTESIO_OPTIONS_INIT;
    bio_allocator partial = book.allocator;
    options.allocator = &partial;
    partial.allocate = NULL;
    refused_with(&options, BYTESIO_NULL_ARG);
    partial = book.allocator;
    partial.deallocate = NULL;
    refused_with(&options, BYTESIO_NULL_ARG);
    CHECK_EQ(book.requests, 0);
    LEDGER_CLOSE(&book);
}

static void the_allocator_struct_is_copied(void)
{
    ledger book;
    ledger_open(&book, LEDGER_PLAIN);
    bio_allocator temporary = book.allocator;
    bio_options options = BYTESIO_OPTIONS_INIT;
    options.allocator = &temporary;
    bio_stream *s = made_with(&options);
    memset(&temporary, 0, sizeof temporary);
    memset(&options, 0xff, sizeof options);
    CHECK_OK(bio_fill(s, 'x', 5000));
    CHECK_EQ(bio_len(s), 5000);
    bio_release(s);
    LEDGER_CLOSE(&book);
}

/* A life in which everything is allocated that can be: the ledger says whether it all comes back, and right. */
static void live_a_full_life(ledger *book)
{
    bio_stream *s = ledger_stream(book, 0, 0, 0), *c = NULL, *f = NULL;
    bio_snapshot *snaps[8];
    bio_view *view, *slice = NULL, *readonly = NULL;
    uint8_t *ptr = NULL;
    size_t room = 0;
    CHECK(book->live > 0); /* the handle itself comes from the allocator */
    for (unsigned i = 0; i < 200; i++) {
        uint8_t chunk[64];
        pattern_fill(chunk, sizeof chunk, i * sizeof chunk);
        CHECK_OK(bio_write(s, chunk, sizeof chunk));
    }
    for (unsigned i = 0; i < COUNT(snaps); i++) {
        snaps[i] = value_of(s);
        CHECK_OK(bio_pwrite(s, "\xff", 1, i * 1000));
    }
    REQUIRE_OK(bio_clone(s, &c));
    REQUIRE_OK(bio_from_snapshot(snaps[0], &f));
    CHECK_OK(bio_truncate(c, 100));
    CHECK_OK(bio_shrink_to_fit(c));
    CHECK_OK(bio_resize(f, 40000));
    view = view_of(s, BYTESIO_VIEW_WRITABLE);
    REQUIRE_OK(bio_view_slice(view, 10, 20, &slice));
    REQUIRE_OK(bio_view_to_readonly(view, &readonly));
    bio_snapshot *of_view = NULL, *part = NULL, *under_view = value_of(s);
    REQUIRE_OK(bio_view_snapshot(view, &of_view));
    REQUIRE_OK(bio_snapshot_slice(of_view, 5, 5, &part));
    CHECK_STATUS(bio_prepare(s, 1, &ptr, &room), BYTESIO_EXPORTED);
    bio_view_release(view);
    bio_view_release(slice);
    CHECK_OK(bio_close(s));
    CHECK(pattern_holds(bio_view_data(readonly) + 7001, 5000, 7001));
    bio_view_release(readonly);
    CHECK(pattern_holds(bio_snapshot_data(snaps[0]), 12800, 0));
    for (unsigned i = 0; i < COUNT(snaps); i++)
        bio_snapshot_release(snaps[i]);
    bio_stream *into = NULL;
    REQUIRE_OK(bio_snapshot_into_stream(of_view, &into));
    CHECK_OK(bio_fill(into, 1, 13000));
    bio_release(into);
    bio_snapshot_release(part);
    bio_snapshot_release(under_view);
    REQUIRE_OK(bio_prepare(c, 9000, &ptr, &room));
    memset(ptr, 0, 9000); /* and the window stays open: the last release discards it */
    bio_release(c);
    bio_release(f);
    bio_release(s);
}

static void sizes_and_alignments_come_back_as_they_went_out(void)
{
    ledger book;
    ledger_open(&book, LEDGER_PLAIN);
    live_a_full_life(&book);
    LEDGER_CLOSE(&book);
}

static void an_allocator_without_reallocate_will_do(void)
{
    ledger book;
    ledger_open(&book, LEDGER_NO_REALLOCATE);
    live_a_full_life(&book);
    LEDGER_CLOSE(&book);
}

static void addresses_that_are_aligned_no_better_than_asked_will_do(void)
{
    /* A pointer's low bits are free for tags only as far as the alignment asked for says so. */
    ledger book;
    ledger_open(&book, LEDGER_SKEWED);
    live_a_full_life(&book);
    LEDGER_CLOSE(&book);
    ledger_open(&book, LEDGER_SKEWED | LEDGER_NO_REALLOCATE);
    live_a_full_life(&book);
    LEDGER_CLOSE(&book);
}

static void derived_handles_outlive_the_stream_and_go_back_to_its_allocator(void)
{
    ledger book;
    ledger_open(&book, LEDGER_PLAIN);
    bio_stream *s = ledger_stream(&book, 0, 0, 0), *other = bio_new(), *into = NULL;
    REQUIRE(other != NULL);
    CHECK_OK(bio_write(s, LIT("mine")));
    bio_snapshot *snap = value_of(s);
    bio_release(s);
    CHECK(book.live > 0);
    /* Into a stream of malloc's: the bytes stay the ledger's until the last of them is gone. */
    CHECK_OK(bio_write_snapshot(other, snap));
    REQUIRE_OK(bio_snapshot_into_stream(snap, &into));
    CHECK_OK(bio_write(into, LIT("M")));
    CHECK_OK(bio_fill(other, '.', 10000));
    CHECK_STREAM(into, LIT("Mine"));
    bio_release(into);
    bio_release(other);
    LEDGER_CLOSE(&book);
}

static void statistics_fill_as_much_as_the_caller_has(void)
{
    bio_options options = BYTESIO_OPTIONS_INIT;
    options.mapped_from = SIZE_MAX;
    bio_stream *s = NULL;
    REQUIRE_OK(bio_new_with(&options, &s));
    CHECK_OK(bio_write(s, LIT("abc")));
    bio_snapshot *snap = value_of(s);
    CHECK_OK(bio_pwrite(s, LIT("X"), 1));
    bio_statistics full = statistics_of(s);
    CHECK_EQ(full.struct_size, sizeof full);
    CHECK_EQ(full.forks, 1);
    CHECK_EQ(full.kind, BYTESIO_KIND_HEAP);

    bio_statistics partial;
    memset(&partial, 0x5a, sizeof partial);
    partial.struct_size = offsetof(bio_statistics, moves); /* an older caller's struct ends here */
    CHECK_OK(bio_get_statistics(s, &partial));
    CHECK_EQ(partial.forks, 1);
    CHECK_EQ(partial.fork_bytes, full.fork_bytes);
    CHECK_EQ(partial.moves, UINT64_C(0x5a5a5a5a5a5a5a5a));
    CHECK_EQ(partial.kind, 0x5a5a5a5a);

    struct {
        bio_statistics known;
        uint64_t later; /* a field that a later version may have */
    } larger;
    memset(&larger, 0x5a, sizeof larger);
    larger.known.struct_size = sizeof larger;
    CHECK_OK(bio_get_statistics(s, &larger.known));
    CHECK_EQ(larger.known.forks, 1);
    CHECK_EQ(larger.known.struct_size, sizeof larger);
    CHECK_EQ(larger.later, 0); /* told as nothing, not left as it was */

    static const size_t no_sizes[] = {0, sizeof(size_t) - 1, (size_t)PTRDIFF_MAX + 1, SIZE_MAX};
    partial.forks = 77;
    for (size_t i = 0; i < COUNT(no_sizes); i++) {
        partial.struct_size = no_sizes[i];
        CHECK_STATUS(bio_get_statistics(s, &partial), BYTESIO_INVALID);
        CHECK_EQ(partial.struct_size, no_sizes[i]);
        CHECK_EQ(partial.forks, 77);
    }
    bio_snapshot_release(snap);
    bio_release(s);
}

static void statistics_count_what_was_copied(void)
{
    ledger book;
    ledger_open(&book, LEDGER_PLAIN);
    bio_stream *s = ledger_stream(&book, 0, 0, 0);
    CHECK_EQ(statistics_of(s).kind, BYTESIO_KIND_NONE);
    CHECK_OK(bio_write(s, LIT("0123456789")));
    CHECK_EQ(statistics_of(s).moves, 0); /* nothing was there that could move */
    CHECK_OK(bio_fill(s, 'x', 100000));
    bio_statistics grown = statistics_of(s);
    CHECK(grown.moves >= 1 && grown.move_bytes >= 10);
    CHECK_EQ(grown.forks + grown.snapshot_copies, 0);
    CHECK_OK(bio_truncate(s, 10));
    bio_view *view = view_of(s, BYTESIO_VIEW_WRITABLE);
    bio_snapshot *snap = value_of(s);
    bio_statistics copied = statistics_of(s);
    CHECK_EQ(copied.snapshot_copies, 1);
    CHECK_EQ(copied.snapshot_copy_bytes, 10);
    CHECK_EQ(copied.moves, grown.moves);
    bio_snapshot_release(snap);
    bio_view_release(view);
    bio_release(s);
    LEDGER_CLOSE(&book);
}

CHECK_MAIN(CASE(defaults_make_an_ordinary_stream), CASE(a_struct_that_cannot_hold_its_own_size_is_invalid),
           CASE(a_smaller_struct_leaves_the_rest_zero), CASE(no_byte_behind_a_smaller_struct_is_read),
           CASE(a_larger_struct_is_taken_when_its_tail_is_zero), CASE(unknown_flags_are_invalid),
           CASE(an_unlocked_stream_works_alike), CASE(the_capacity_is_there_from_the_start),
           CASE(the_limit_holds_from_the_start), CASE(an_absurd_capacity_is_refused),
           CASE(an_allocator_without_its_functions_is_null_arg), CASE(the_allocator_struct_is_copied),
           CASE(sizes_and_alignments_come_back_as_they_went_out),
           CASE(an_allocator_without_reallocate_will_do),
           CASE(addresses_that_are_aligned_no_better_than_asked_will_do),
           CASE(derived_handles_outlive_the_stream_and_go_back_to_its_allocator),
           CASE(statistics_fill_as_much_as_the_caller_has), CASE(statistics_count_what_was_copied))
