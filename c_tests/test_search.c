/* find, rfind, count, compare, starts_with, ends_with: on snapshots and on views, against the naive way. */
#include "support.h"

/* One set of cases for both handles: a haystack is a snapshot and a view of the same bytes, and each answer
 * is asked of both. */
typedef struct haystack {
    bio_stream *stream;
    bio_snapshot *snapshot;
    bio_view *view;
    const uint8_t *data;
    size_t len;
} haystack;

static haystack hay(const void *data, size_t len)
{
    haystack h = {stream_of(data, len), snapshot_of(data, len), NULL, data, len};
    h.view = view_of(h.stream, len % 2 ? BYTESIO_VIEW_READONLY : BYTESIO_VIEW_WRITABLE);
    return h;
}

static void hay_free(haystack *h)
{
    bio_view_release(h->view);
    bio_snapshot_release(h->snapshot);
    bio_release(h->stream);
}

static void check_find(haystack *h, const void *needle, size_t len, size_t start, size_t first, size_t last)
{
    size_t a = 4711, b = 4711, c = 4711, d = 4711;
    bool good = CHECK_OK(bio_snapshot_find(h->snapshot, needle, len, start, &a)) & CHECK_EQ(a, first) &
                CHECK_OK(bio_view_find(h->view, needle, len, start, &b)) & CHECK_EQ(b, first) &
                CHECK_OK(bio_snapshot_rfind(h->snapshot, needle, len, start, &c)) & CHECK_EQ(c, last) &
                CHECK_OK(bio_view_rfind(h->view, needle, len, start, &d)) & CHECK_EQ(d, last);
    if (!good)
        check_fail(__FILE__, __LINE__, "... %zu bytes from %zu in %zu", len, start, h->len);
}

static void check_count(haystack *h, const void *needle, size_t len, size_t want)
{
    size_t a = 4711, b = 4711;
    CHECK_OK(bio_snapshot_count(h->snapshot, needle, len, &a));
    CHECK_EQ(a, want);
    CHECK_OK(bio_view_count(h->view, needle, len, &b));
    CHECK_EQ(b, want);
}

static void check_ends(haystack *h, const void *data, size_t len, bool starts, bool ends)
{
    bool a = !starts, b = !starts, c = !ends, d = !ends;
    CHECK_OK(bio_snapshot_starts_with(h->snapshot, data, len, &a));
    CHECK_OK(bio_view_starts_with(h->view, data, len, &b));
    CHECK_OK(bio_snapshot_ends_with(h->snapshot, data, len, &c));
    CHECK_OK(bio_view_ends_with(h->view, data, len, &d));
    CHECK(a == starts && b == starts);
    CHECK(c == ends && d == ends);
}

static void check_order(haystack *h, const void *data, size_t len, int32_t want)
{
    int32_t a = 4711, b = 4711;
    CHECK_OK(bio_snapshot_compare(h->snapshot, data, len, &a));
    CHECK_EQ(a, want);
    CHECK_OK(bio_view_compare(h->view, data, len, &b));
    CHECK_EQ(b, want);
}

/* ---- against the naive way --------------------------------------------------------------------------------- */

static void naive(const haystack *h, const uint8_t *needle, size_t len, size_t start, size_t *first,
                  size_t *last)
{
    *first = *last = BYTESIO_NOT_FOUND;
    for (size_t at = start; at + len <= h->len; at++) {
        if (len && memcmp(h->data + at, needle, len) != 0)
            continue;
        if (*first == BYTESIO_NOT_FOUND)
            *first = at;
        *last = at;
    }
}

static size_t naive_count(const haystack *h, const uint8_t *needle, size_t len)
{
    size_t count = 0;
    if (len == 0)
        return h->len + 1;
    for (size_t at = 0; at + len <= h->len;) {
        bool here = memcmp(h->data + at, needle, len) == 0;
        count += here;
        at += here ? len : 1;
    }
    return count;
}

static void every_part_of_repetitive_bytes_is_found_the_naive_way(void)
{
    /* Two letters, so that parts repeat and overlap; NUL is one of them. */
    uint8_t bytes[24];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)((0x6b2d49 >> i) & 1);
    haystack h = hay(bytes, sizeof bytes);
    for (size_t off = 0; off < sizeof bytes; off++) {
        for (size_t len = 0; off + len <= sizeof bytes && len < 7; len++) {
            for (size_t start = 0; start <= sizeof bytes + 1; start++) {
                size_t first, last;
                naive(&h, bytes + off, len, start, &first, &last);
                check_find(&h, bytes + off, len, start, first, last);
            }
            check_count(&h, bytes + off, len, naive_count(&h, bytes + off, len));
        }
    }
    hay_free(&h);
}

static void long_needles_in_long_haystacks(void)
{
    enum { SIZE = 20000 };
    static uint8_t bytes[SIZE];
    pattern_fill(bytes, SIZE, 0);
    haystack h = hay(bytes, SIZE);
    static const size_t sizes[] = {1, 2, 31, 64, 1000, 19999, SIZE};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        for (size_t off = 0; off + sizes[i] <= SIZE; off += 3331) {
            size_t first, last;
            naive(&h, bytes + off, sizes[i], off, &first, &last);
            CHECK_EQ(first, off);
            check_find(&h, bytes + off, sizes[i], off, first, last);
        }
        uint8_t changed = bytes[SIZE - 1];
        if (sizes[i] < 64)
            continue;
        bytes[SIZE - 1] ^= 0x55; /* the last byte differs: `h` holds copies of what was */
        check_find(&h, bytes + SIZE - sizes[i], sizes[i], 0, BYTESIO_NOT_FOUND, BYTESIO_NOT_FOUND);
        check_count(&h, bytes + SIZE - sizes[i], sizes[i], 0);
        bytes[SIZE - 1] = changed;
    }
    hay_free(&h);
}

/* ---- the edges by name ------------------------------------------------------------------------------------- */

static void an_empty_needle_is_everywhere_up_to_the_end(void)
{
    haystack h = hay("abc", 3), empty = hay("", 0);
    check_find(&h, NULL, 0, 0, 0, 3);
    check_find(&h, "x", 0, 2, 2, 3);
    check_find(&h, NULL, 0, 3, 3, 3);
    check_find(&h, NULL, 0, 4, BYTESIO_NOT_FOUND, BYTESIO_NOT_FOUND);
    check_find(&h, NULL, 0, SIZE_MAX, BYTESIO_NOT_FOUND, BYTESIO_NOT_FOUND);
    check_find(&empty, NULL, 0, 0, 0, 0);
    check_find(&empty, NULL, 0, 1, BYTESIO_NOT_FOUND, BYTESIO_NOT_FOUND);
    check_count(&h, NULL, 0, 4);
    check_count(&empty, NULL, 0, 1);
    hay_free(&h);
    hay_free(&empty);
}

static void a_start_behind_the_end_finds_nothing(void)
{
    haystack h = hay("abcabc", 6);
    static const size_t starts[] = {4, 6, 7, PTRDIFF_MAX, SIZE_MAX - 1, SIZE_MAX};
    for (size_t i = 0; i < COUNT(starts); i++)
        check_find(&h, "abc", 3, starts[i], BYTESIO_NOT_FOUND, BYTESIO_NOT_FOUND);
    check_find(&h, "abc", 3, 3, 3, 3);
    check_find(&h, "abc", 3, 1, 3, 3);
    CHECK_EQ(BYTESIO_NOT_FOUND, SIZE_MAX);
    hay_free(&h);
}

static void a_needle_longer_than_the_haystack_is_not_there(void)
{
    haystack h = hay("abc", 3), empty = hay("", 0);
    check_find(&h, "abcd", 4, 0, BYTESIO_NOT_FOUND, BYTESIO_NOT_FOUND);
    check_find(&h, "bcd", 3, 1, BYTESIO_NOT_FOUND, BYTESIO_NOT_FOUND);
    check_find(&empty, "a", 1, 0, BYTESIO_NOT_FOUND, BYTESIO_NOT_FOUND);
    check_count(&h, "abcd", 4, 0);
    check_count(&empty, "a", 1, 0);
    hay_free(&h);
    hay_free(&empty);
}

static void occurrences_are_counted_without_overlap_and_found_with(void)
{
    haystack h = hay("aaaaa", 5);
    check_count(&h, "aa", 2, 2);
    check_count(&h, "a", 1, 5);
    check_count(&h, "aaaaa", 5, 1);
    check_find(&h, "aa", 2, 0, 0, 3);
    check_find(&h, "aa", 2, 1, 1, 3);
    check_find(&h, "aa", 2, 4, BYTESIO_NOT_FOUND, BYTESIO_NOT_FOUND);
    hay_free(&h);
}

static void a_nul_is_a_byte_like_any_other(void)
{
    haystack h = hay("ab\0cd\0cd", 8);
    check_find(&h, "\0", 1, 0, 2, 5);
    check_find(&h, "\0cd", 3, 0, 2, 5);
    check_find(&h, "\0cd\0", 4, 0, 2, 2);
    check_find(&h, "d", 1, 0, 4, 7);
    check_count(&h, "\0c", 2, 2);
    check_ends(&h, "ab\0", 3, true, false);
    check_ends(&h, "\0cd", 3, false, true);
    check_ends(&h, "ab\0x", 4, false, false);
    check_order(&h, "ab\0ce", 5, -1);
    check_order(&h, "ab\0cc", 5, 1);
    hay_free(&h);
}

static void starts_and_ends(void)
{
    haystack h = hay("abcab", 5), empty = hay("", 0);
    check_ends(&h, NULL, 0, true, true);
    check_ends(&h, "ab", 2, true, true);
    check_ends(&h, "abcab", 5, true, true);
    check_ends(&h, "abc", 3, true, false);
    check_ends(&h, "cab", 3, false, true);
    check_ends(&h, "abcabc", 6, false, false);
    check_ends(&h, "b", 1, false, true);
    check_ends(&empty, NULL, 0, true, true);
    check_ends(&empty, "a", 1, false, false);
    hay_free(&h);
    hay_free(&empty);
}

static void comparing_is_by_unsigned_bytes_then_by_length(void)
{
    static const struct {
        const char *a;
        size_t a_len;
        const char *b;
        size_t b_len;
        int32_t order;
    } orders[] = {
        {LIT("abc"), LIT("abc"), 0}, {LIT("abc"), LIT("abd"), -1}, {LIT("abd"), LIT("abc"), 1},
        {LIT("abc"), LIT("ab"), 1},  {LIT("ab"), LIT("abc"), -1},  {LIT(""), LIT(""), 0},
        {LIT(""), LIT("a"), -1},     {LIT("a"), LIT(""), 1},       {LIT("\x7f"), LIT("\x80"), -1},
        {LIT("\xff"), LIT("\0"), 1}, {LIT("b"), LIT("abc"), 1},    {LIT("a\0"), LIT("a"), 1},
    };
    for (size_t i = 0; i < COUNT(orders); i++) {
        haystack h = hay(orders[i].a, orders[i].a_len);
        check_order(&h, orders[i].b, orders[i].b_len, orders[i].order);
        hay_free(&h);
    }
    haystack empty = hay("", 0);
    check_order(&empty, NULL, 0, 0);
    hay_free(&empty);
}

static void slices_are_searched_within_their_own_bounds(void)
{
    bio_snapshot *snap = snapshot_of(LIT("xx-abc-xx")), *slice = NULL;
    bio_stream *s = stream_of(LIT("xx-abc-xx"));
    bio_view *view = view_of(s, BYTESIO_VIEW_READONLY), *part = NULL;
    REQUIRE_OK(bio_snapshot_slice(snap, 3, 3, &slice));
    REQUIRE_OK(bio_view_slice(view, 3, 3, &part));
    haystack h = {s, slice, part, (const uint8_t *)"abc", 3};
    check_find(&h, "-", 1, 0, BYTESIO_NOT_FOUND, BYTESIO_NOT_FOUND);
    check_find(&h, "c-", 2, 0, BYTESIO_NOT_FOUND, BYTESIO_NOT_FOUND);
    check_find(&h, "c", 1, 0, 2, 2);
    check_count(&h, "x", 1, 0);
    check_ends(&h, "abc", 3, true, true);
    check_order(&h, "abc", 3, 0);
    bio_snapshot_release(slice);
    bio_snapshot_release(snap);
    bio_view_release(part);
    bio_view_release(view);
    bio_release(s);
}

static void the_needle_may_lie_in_the_haystack(void)
{
    haystack h = hay("say it again, say it", 20);
    const uint8_t *inside = bio_snapshot_data(h.snapshot);
    check_find(&h, inside, 6, 1, 14, 14);
    check_find(&h, bio_view_data(h.view), 6, 0, 0, 14);
    check_order(&h, inside, 20, 0);
    hay_free(&h);
}

static void absurd_needles_are_refused(void)
{
    static const size_t sizes[] = {SIZE_MAX, (size_t)PTRDIFF_MAX + 1};
    haystack h = hay("abc", 3);
    for (size_t i = 0; i < COUNT(sizes); i++) {
        size_t n = 77, huge = sizes[i];
        int32_t order = 77;
        bool result = true;
        CHECK_STATUS(bio_snapshot_find(h.snapshot, "a", huge, 0, &n), BYTESIO_OVERFLOW);
        CHECK_STATUS(bio_snapshot_rfind(h.snapshot, "a", huge, 0, &n), BYTESIO_OVERFLOW);
        CHECK_STATUS(bio_snapshot_count(h.snapshot, "a", huge, &n), BYTESIO_OVERFLOW);
        CHECK_STATUS(bio_snapshot_compare(h.snapshot, "a", huge, &order), BYTESIO_OVERFLOW);
        CHECK_STATUS(bio_snapshot_starts_with(h.snapshot, "a", huge, &result), BYTESIO_OVERFLOW);
        CHECK_STATUS(bio_snapshot_ends_with(h.snapshot, "a", huge, &result), BYTESIO_OVERFLOW);
        CHECK_STATUS(bio_view_find(h.view, "a", huge, 0, &n), BYTESIO_OVERFLOW);
        CHECK_STATUS(bio_view_rfind(h.view, "a", huge, 0, &n), BYTESIO_OVERFLOW);
        CHECK_STATUS(bio_view_count(h.view, "a", huge, &n), BYTESIO_OVERFLOW);
        CHECK_STATUS(bio_view_compare(h.view, "a", huge, &order), BYTESIO_OVERFLOW);
        CHECK_STATUS(bio_view_starts_with(h.view, "a", huge, &result), BYTESIO_OVERFLOW);
        CHECK_STATUS(bio_view_ends_with(h.view, "a", huge, &result), BYTESIO_OVERFLOW);
        CHECK(n == 77 && order == 77 && result);
    }
    hay_free(&h);
}

CHECK_MAIN(CASE(every_part_of_repetitive_bytes_is_found_the_naive_way), CASE(long_needles_in_long_haystacks),
           CASE(an_empty_needle_is_everywhere_up_to_the_end), CASE(a_start_behind_the_end_finds_nothing),
           CASE(a_needle_longer_than_the_haystack_is_not_there),
           CASE(occurrences_are_counted_without_overlap_and_found_with), CASE(a_nul_is_a_byte_like_any_other),
           CASE(starts_and_ends), CASE(comparing_is_by_unsigned_bytes_then_by_length),
           CASE(slices_are_searched_within_their_own_bounds), CASE(the_needle_may_lie_in_the_haystack),
           CASE(absurd_needles_are_refused))
