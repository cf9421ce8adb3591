/* Every way of writing against a naive model: gaps, overwriting, extending, positions; and all or nothing. */
#include "support.h"

typedef struct way {
    const char *name;
    bio_status (*put)(bio_stream *s, const char *data, size_t n, uint64_t offset);
    bool keeps_position;
} way;

/* Each writes n bytes at `offset`; all but pwrite do it by seeking there. */
static bio_status seek_to(bio_stream *s, uint64_t offset)
{
    return bio_seek(s, (int64_t)offset, BYTESIO_SEEK_SET, NULL);
}

static bio_status put_write(bio_stream *s, const char *data, size_t n, uint64_t offset)
{
    CHECK_OK(seek_to(s, offset));
    return bio_write(s, data, n);
}

static bio_status put_pwrite(bio_stream *s, const char *data, size_t n, uint64_t offset)
{
    return bio_pwrite(s, data, n, offset);
}

static bio_status put_writev(bio_stream *s, const char *data, size_t n, uint64_t offset)
{
    size_t a = n / 3, b = (n - a) / 2;
    bio_slice pieces[] = {{NULL, 0}, {data, a}, {data + a, b}, {data, 0}, {data + a + b, n - a - b}};
    CHECK_OK(seek_to(s, offset));
    return bio_writev(s, pieces, COUNT(pieces));
}

static bio_status put_snapshot(bio_stream *s, const char *data, size_t n, uint64_t offset)
{
    bio_snapshot *snap = snapshot_of(data, n);
    CHECK_OK(seek_to(s, offset));
    bio_status status = bio_write_snapshot(s, snap);
    bio_snapshot_release(snap);
    return status;
}

static bio_status put_window(bio_stream *s, const char *data, size_t n, uint64_t offset)
{
    uint8_t *ptr = NULL;
    size_t room = 0;
    CHECK_OK(seek_to(s, offset));
    bio_status status = bio_prepare(s, n, &ptr, &room);
    if (status)
        return status;
    CHECK(room >= n);
    if (n)
        memcpy(ptr, data, n);
    return bio_commit(s, n);
}

static bio_status put_printf(bio_stream *s, const char *data, size_t n, uint64_t offset)
{
    CHECK_OK(seek_to(s, offset));
    return bio_printf(s, "%.*s", (int)n, data);
}

static bio_status put_fill(bio_stream *s, const char *data, size_t n, uint64_t offset)
{
    CHECK_OK(seek_to(s, offset));
    return bio_fill(s, (uint8_t)data[0], n);
}

static const way ways[] = {
    {"bio_write", put_write, false},       {"bio_pwrite", put_pwrite, true},
    {"bio_writev", put_writev, false},     {"bio_write_snapshot", put_snapshot, false},
    {"prepare/commit", put_window, false}, {"bio_printf", put_printf, false},
    {"bio_fill", put_fill, false},
};

/* ---- the model: eight bytes in a block full of stale ones ------------------------------------------------- */

enum { LENGTH = 8, ROOM = 32, STALE = 0xEE };
enum { ON_HEAP, ON_HEAP_SHARED, ON_HEAP_TIGHT, ON_FOREIGN, ON_FIXED, BACKINGS };

typedef struct bed {
    bio_stream *stream;
    bio_snapshot *held; /* must never change */
    uint8_t memory[ROOM];
    release_log log;
} bed;

static void bed_make(bed *b, int backing)
{
    memset(b, 0, sizeof *b);
    memset(b->memory, STALE, ROOM);
    memcpy(b->memory, "01234567", LENGTH);
    switch (backing) {
    case ON_FOREIGN: b->stream = adopted(b->memory, LENGTH, &b->log); break;
    case ON_FIXED: REQUIRE_OK(bio_new_fixed(b->memory, ROOM, LENGTH, &b->stream)); break;
    default:
        b->stream = stream_of(b->memory, ROOM);
        if (backing == ON_HEAP_SHARED)
            b->held = value_of(b->stream); /* reaches over the stale bytes too */
        CHECK_OK(bio_truncate(b->stream, LENGTH));
        if (backing == ON_HEAP_TIGHT)
            CHECK_OK(bio_shrink_to_fit(b->stream));
    }
    move_to(b->stream, 5);
}

static void bed_free(bed *b)
{
    if (b->held) {
        CHECK_MEM(bio_snapshot_data(b->held), LENGTH, LIT("01234567"));
        for (size_t i = LENGTH; i < ROOM; i++)
            CHECK_EQ(bio_snapshot_data(b->held)[i], STALE);
    }
    bio_snapshot_release(b->held);
    bio_release(b->stream);
}

static size_t model_write(uint8_t *model, size_t len, const char *data, size_t n, size_t offset)
{
    if (n == 0)
        return len; /* fills no gap */
    if (offset > len)
        memset(model + len, 0, offset - len);
    memcpy(model + offset, data, n);
    return offset + n > len ? offset + n : len;
}

static void each_way_of_writing_follows_the_model(void)
{
    static const char letters[] = "ABCDEFGHIJ", same[] = "FFFFFFFFFF";
    for (size_t w = 0; w < COUNT(ways); w++) {
        const char *data = ways[w].put == put_fill ? same : letters;
        for (int backing = 0; backing < BACKINGS; backing++) {
            for (size_t offset = 0; offset <= LENGTH + 4; offset++) {
                for (size_t n = 0; n <= 10; n += n < 3 ? 1 : 3) {
                    bed b;
                    uint8_t model[ROOM];
                    bed_make(&b, backing);
                    memcpy(model, b.memory, ROOM);
                    size_t len = model_write(model, LENGTH, data, n, offset);
                    bool good = CHECK_OK(ways[w].put(b.stream, data, n, offset)) &
                                CHECK_STREAM(b.stream, model, len) &
                                CHECK_EQ(bio_tell(b.stream), ways[w].keeps_position ? 5 : offset + n);
                    if (!good)
                        check_fail(__FILE__, __LINE__, "... by %s of %zu at %zu, backing %d", ways[w].name, n,
                                   offset, backing);
                    bed_free(&b);
                }
            }
        }
    }
}

static void each_way_at_the_far_end_overflows_and_changes_nothing(void)
{
    for (size_t i = 0; i < 2 * COUNT(ways); i++) {
        const way *way = &ways[i / 2];
        bed b;
        bed_make(&b, ON_HEAP);
        /* With a view: the sizes are looked at before it. */
        bio_view *view = i % 2 ? view_of(b.stream, BYTESIO_VIEW_READONLY) : NULL;
        bool good = true;
        for (uint64_t past = 0; past <= 2; past++) {
            good &= CHECK_STATUS(way->put(b.stream, "ABC", 3, (uint64_t)INT64_MAX - past), BYTESIO_OVERFLOW);
            good &= CHECK_STREAM(b.stream, LIT("01234567"));
        }
        /* It fits the numbers, but not the memory. */
        good &= CHECK_STATUS(way->put(b.stream, "ABC", 3, UINT64_C(1) << 61),
                             view ? BYTESIO_EXPORTED : BYTESIO_NOMEM);
        good &= CHECK_STREAM(b.stream, LIT("01234567"));
        good &= CHECK_EQ(bio_tell(b.stream), way->keeps_position ? 5 : UINT64_C(1) << 61);
        /* Nothing is nothing even there; only a window cannot be had where no byte can ever be. */
        if (way->put != put_window)
            good &= CHECK_OK(way->put(b.stream, "ABC", 0, INT64_MAX));
        good &= CHECK_STREAM(b.stream, LIT("01234567"));
        if (!good)
            check_fail(__FILE__, __LINE__, "... by %s", way->name);
        bio_view_release(view);
        bed_free(&b);
    }
}

static void each_way_stops_at_the_limit_before_the_first_byte(void)
{
    for (size_t w = 0; w < COUNT(ways); w++) {
        for (int backing = 0; backing <= ON_FOREIGN; backing++) {
            bed b;
            bed_make(&b, backing);
            CHECK_OK(bio_set_limit(b.stream, 10));
            bool good =
                CHECK_STATUS(ways[w].put(b.stream, "AAAA", 4, 7), BYTESIO_LIMIT) &
                CHECK_STREAM(b.stream, LIT("01234567")) &
                CHECK_STATUS(ways[w].put(b.stream, "A", 1, 10), BYTESIO_LIMIT) &
                CHECK_STREAM(b.stream, LIT("01234567")) & CHECK_OK(ways[w].put(b.stream, "AAA", 3, 7)) &
                CHECK_STREAM(b.stream, LIT("0123456AAA")) & CHECK_OK(ways[w].put(b.stream, "AA", 2, 0)) &
                CHECK_STREAM(b.stream, LIT("AA23456AAA"));
            if (!good)
                check_fail(__FILE__, __LINE__, "... by %s, backing %d", ways[w].name, backing);
            bed_free(&b);
        }
    }
}

/* ---- gaps over stale bytes, by each way of leaving some ---------------------------------------------------- */

static void a_gap_is_zero_whatever_lay_there(void)
{
    for (size_t w = 0; w < COUNT(ways); w++) {
        for (int leave = 0; leave < 4; leave++) {
            bio_stream *s = bio_new();
            uint8_t *ptr = NULL;
            size_t room = 0;
            REQUIRE(s != NULL);
            CHECK_OK(bio_fill(s, STALE, 4000));
            switch (leave) {
            case 0: CHECK_OK(bio_truncate(s, 2)); break;
            case 1: CHECK_OK(bio_resize(s, 2)); break;
            case 2:
                CHECK_OK(bio_clear(s));
                CHECK_OK(bio_fill(s, STALE, 2));
                break;
            default: /* bytes written into a window and then not committed */
                CHECK_OK(bio_truncate(s, 2));
                move_to(s, 2);
                REQUIRE_OK(bio_prepare(s, 3000, &ptr, &room));
                memset(ptr, STALE, 3000);
                CHECK_OK(bio_commit(s, 0));
            }
            CHECK_OK(ways[w].put(s, "X", 1, 3000));
            uint8_t want[3001] = {STALE, STALE};
            want[3000] = 'X';
            if (!CHECK_STREAM(s, want, sizeof want))
                check_fail(__FILE__, __LINE__, "... by %s after %d", ways[w].name, leave);
            bio_release(s);
        }
    }
}

/* ---- pieces ------------------------------------------------------------------------------------------------ */

static void more_pieces_than_the_kernel_takes_are_one_write(void)
{
    enum { PIECES = 5000 };
    static bio_slice pieces[PIECES];
    static uint8_t source[PIECES * 3];
    size_t total = 0;
    pattern_fill(source, sizeof source, 0);
    for (size_t i = 0; i < PIECES; i++) {
        pieces[i].len = i % 4; /* empty ones among them, some of them NULL */
        pieces[i].data = pieces[i].len || i % 8 ? source + total : NULL;
        total += pieces[i].len;
    }
    bio_stream *s = stream_at(LIT("ab"), 2);
    CHECK_OK(bio_writev(s, pieces, PIECES));
    CHECK_EQ(bio_tell(s), 2 + total);
    move_to(s, 2);
    const uint8_t *ptr = NULL;
    size_t len = 0;
    CHECK_OK(bio_peek(s, &ptr, &len));
    CHECK_MEM(ptr, len, source, total);
    bio_release(s);
}

static void no_pieces_write_nothing(void)
{
    bio_stream *s = stream_at(LIT("abc"), 9);
    bio_slice empty[] = {{NULL, 0}, {"x", 0}};
    CHECK_OK(bio_writev(s, NULL, 0));
    CHECK_OK(bio_writev(s, empty, 0));
    CHECK_OK(bio_writev(s, empty, 2));
    CHECK_EQ(bio_tell(s), 9);
    CHECK_STREAM(s, LIT("abc"));
    bio_release(s);
}

static void pieces_are_written_all_or_none(void)
{
    bio_slice with_null[] = {{"good", 4}, {"fine", 4}, {NULL, 1}};
    bio_slice overflowing[] = {{"good", 4}, {"huge", PTRDIFF_MAX}, {"huge", PTRDIFF_MAX}, {"huge", 3}};
    bio_slice too_large[] = {{"good", 4}, {"huge", (size_t)PTRDIFF_MAX + 1}};
    bio_slice past_the_limit[] = {{"good", 4}, {"good", 4}, {"!", 1}};
    bio_stream *s = stream_at(LIT("01234"), 3);
    CHECK_OK(bio_set_limit(s, 11));
    stream_state before = state_of(s);
    CHECK_STATUS(bio_writev(s, with_null, 3), BYTESIO_NULL_ARG);
    CHECK_STATE(s, &before);
    CHECK_STATUS(bio_writev(s, NULL, 3), BYTESIO_NULL_ARG);
    CHECK_STATE(s, &before);
    CHECK_STATUS(bio_writev(s, overflowing, 4), BYTESIO_OVERFLOW);
    CHECK_STATE(s, &before);
    CHECK_STATUS(bio_writev(s, too_large, 2), BYTESIO_OVERFLOW);
    CHECK_STATE(s, &before);
    CHECK_STATUS(bio_writev(s, with_null, SIZE_MAX), BYTESIO_OVERFLOW);
    CHECK_STATE(s, &before);
    CHECK_STATUS(bio_writev(s, past_the_limit, 3), BYTESIO_LIMIT);
    CHECK_STATE(s, &before);
    bio_view *view = view_of(s, BYTESIO_VIEW_WRITABLE);
    CHECK_STATUS(bio_writev(s, past_the_limit, 2), BYTESIO_EXPORTED);
    bio_view_release(view);
    CHECK_STATE(s, &before);
    CHECK_OK(bio_writev(s, past_the_limit, 2));
    CHECK_STREAM(s, LIT("012goodgood"));
    state_free(&before);
    bio_release(s);
}

/* ---- sizes and costs --------------------------------------------------------------------------------------- */

static void absurd_sizes_are_refused(void)
{
    static const size_t sizes[] = {SIZE_MAX, (size_t)PTRDIFF_MAX + 1};
    bio_stream *s = stream_at(LIT("abc"), 1);
    stream_state before = state_of(s);
    for (size_t i = 0; i < COUNT(sizes); i++) {
        CHECK_STATUS(bio_write(s, "x", sizes[i]), BYTESIO_OVERFLOW);
        CHECK_STATUS(bio_pwrite(s, "x", sizes[i], 0), BYTESIO_OVERFLOW);
        CHECK_STATUS(bio_fill(s, 'x', sizes[i]), BYTESIO_OVERFLOW);
    }
    CHECK_STATUS(bio_fill(s, 'x', (size_t)PTRDIFF_MAX / 2), BYTESIO_NOMEM);
    CHECK_STATUS(bio_pwrite(s, "x", 1, (uint64_t)INT64_MAX + 1), BYTESIO_OVERFLOW);
    CHECK_STATUS(bio_pwrite(s, "x", 1, UINT64_MAX), BYTESIO_OVERFLOW);
    CHECK_STATE(s, &before);
    state_free(&before);
    bio_release(s);
}

static void small_writes_reach_a_steady_state_without_allocating(void)
{
    ledger book;
    ledger_open(&book, LEDGER_PLAIN);
    bio_stream *s = ledger_stream(&book, 0, 0, 0);
    for (int i = 0; i < 20000; i++)
        CHECK_OK(bio_write(s, "0123456789abcdef", 16));
    /* Exact-fit or linear growth would need thousands. */
    CHECK(book.requests < 100);
    CHECK(statistics_of(s).move_bytes < 4 * bio_len(s));
    size_t requests = book.requests;
    move_to(s, 0);
    for (int i = 0; i < 20000; i++)
        CHECK_OK(bio_write(s, "fedcba9876543210", 16));
    CHECK_EQ(book.requests, requests);
    CHECK_EQ(bio_len(s), 320000);
    bio_release(s);
    LEDGER_CLOSE(&book);
}

static void a_snapshot_into_an_empty_stream_is_shared(void)
{
    bio_snapshot *snap = snapshot_of(LIT("shared bytes"));
    bio_stream *s = bio_new();
    REQUIRE(s != NULL);
    CHECK_OK(bio_write_snapshot(s, snap));
    CHECK_EQ(bio_tell(s), 12);
    move_to(s, 0);
    const uint8_t *ptr = NULL;
    size_t len = 0;
    CHECK_OK(bio_peek(s, &ptr, &len));
    CHECK_PTR(ptr, bio_snapshot_data(snap));
    CHECK_OK(bio_write(s, LIT("S")));
    CHECK_SNAPSHOT(snap, LIT("shared bytes"));
    CHECK_STREAM(s, LIT("Shared bytes"));
    move_to(s, 12);
    CHECK_OK(bio_write_snapshot(s, snap)); /* into one that is not empty: a write like any other */
    CHECK_STREAM(s, LIT("Shared bytesshared bytes"));
    bio_snapshot_release(snap);
    bio_release(s);
}

static void a_snapshot_into_an_empty_stream_obeys_limit_gap_and_export(void)
{
    bio_snapshot *snap = snapshot_of(LIT("12345")), *empty = snapshot_of(NULL, 0);
    bio_stream *s = bio_new();
    REQUIRE(s != NULL);
    CHECK_OK(bio_set_limit(s, 4));
    CHECK_STATUS(bio_write_snapshot(s, snap), BYTESIO_LIMIT);
    CHECK_EQ(bio_len(s) + bio_tell(s), 0);
    CHECK_OK(bio_set_limit(s, BYTESIO_NO_LIMIT));
    bio_view *view = view_of(s, BYTESIO_VIEW_READONLY);
    CHECK_STATUS(bio_write_snapshot(s, snap), BYTESIO_EXPORTED);
    CHECK_OK(bio_write_snapshot(s, empty)); /* changes no length */
    bio_view_release(view);
    move_to(s, 2);
    CHECK_OK(bio_write_snapshot(s, empty));
    CHECK_EQ(bio_len(s), 0);
    CHECK_OK(bio_write_snapshot(s, snap));
    CHECK_STREAM(s, LIT("\0\00012345"));
    CHECK_EQ(bio_tell(s), 7);
    bio_release(s);
    bio_snapshot_release(snap);
    bio_snapshot_release(empty);
}

CHECK_MAIN(CASE(each_way_of_writing_follows_the_model),
           CASE(each_way_at_the_far_end_overflows_and_changes_nothing),
           CASE(each_way_stops_at_the_limit_before_the_first_byte), CASE(a_gap_is_zero_whatever_lay_there),
           CASE(more_pieces_than_the_kernel_takes_are_one_write), CASE(no_pieces_write_nothing),
           CASE(pieces_are_written_all_or_none), CASE(absurd_sizes_are_refused),
           CASE(small_writes_reach_a_steady_state_without_allocating),
           CASE(a_snapshot_into_an_empty_stream_is_shared),
           CASE(a_snapshot_into_an_empty_stream_obeys_limit_gap_and_export))
