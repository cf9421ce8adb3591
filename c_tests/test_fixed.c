/* bio_new_fixed: the caller's own memory, written in place, never grown, never freed. */
#include "support.h"

static bio_stream *fixed_of(void *memory, size_t capacity, size_t len)
{
    bio_stream *s = NULL;
    REQUIRE_OK(bio_new_fixed(memory, capacity, len, &s));
    REQUIRE(s != NULL);
    return s;
}

static void it_starts_with_the_callers_bytes(void)
{
    char memory[8] = "abcdefg";
    bio_stream *s = fixed_of(memory, 8, 3);
    CHECK_STREAM(s, LIT("abc"));
    CHECK_EQ(bio_tell(s), 0);
    CHECK_EQ(bio_capacity(s), 8);
    CHECK_EQ(statistics_of(s).kind, BYTESIO_KIND_FIXED);
    bio_release(s);
    CHECK_MEM(memory, 8, "abcdefg", 8);
}

static void it_writes_in_place(void)
{
    char memory[8] = "abc#####";
    bio_stream *s = fixed_of(memory, 8, 3);
    const uint8_t *ptr = NULL;
    size_t len = 0;
    CHECK_OK(bio_peek(s, &ptr, &len));
    CHECK_PTR(ptr, memory);
    CHECK_OK(bio_write(s, LIT("AB")));
    CHECK_MEM(memory, 8, LIT("ABc#####"));
    CHECK_OK(bio_pwrite(s, LIT("!"), 5));
    CHECK_MEM(memory, 8, "ABc\0\0!##", 8); /* the gap, and nothing behind it */
    CHECK_OK(bio_truncate(s, 1));
    CHECK_OK(bio_resize(s, 4));
    CHECK_MEM(memory, 8, "A\0\0\0\0!##", 8);
    bio_release(s);
}

static void past_the_capacity_nothing_is_written(void)
{
    char memory[10] = "0123######";
    bio_stream *s = fixed_of(memory, 8, 4); /* two bytes more than it knows of */
    stream_state before = state_of(s);
    bio_slice pieces[] = {{"abcd", 4}, {"e", 1}};
    bio_snapshot *snap = snapshot_of(LIT("abcde"));
    CHECK_STATUS(bio_pwrite(s, LIT("abcde"), 4), BYTESIO_LIMIT);
    CHECK_STATUS(bio_pwrite(s, LIT("x"), 8), BYTESIO_LIMIT);
    CHECK_STATUS(bio_write(s, LIT("abcdefghi")), BYTESIO_LIMIT);
    CHECK_STATUS(bio_fill(s, 0, 9), BYTESIO_LIMIT);
    CHECK_STATUS(bio_resize(s, 9), BYTESIO_LIMIT);
    CHECK_STATUS(bio_reserve(s, 5), BYTESIO_LIMIT);
    CHECK_STATE(s, &before);
    CHECK_MEM(memory, 10, LIT("0123######"));
    state_free(&before);
    move_to(s, 4);
    before = state_of(s);
    CHECK_STATUS(bio_writev(s, pieces, 2), BYTESIO_LIMIT);
    CHECK_STATUS(bio_write_snapshot(s, snap), BYTESIO_LIMIT);
    CHECK_STATUS(bio_printf(s, "%s", "abcde"), BYTESIO_LIMIT);
    CHECK_STATE(s, &before);
    CHECK_MEM(memory, 10, LIT("0123######"));
    CHECK_OK(bio_reserve(s, 4));
    CHECK_OK(bio_writev(s, pieces, 1)); /* what fits exactly */
    CHECK_MEM(memory, 10, LIT("0123abcd##"));
    state_free(&before);
    bio_snapshot_release(snap);
    bio_release(s);
}

static void a_limit_below_the_capacity_counts_too(void)
{
    char memory[8] = "0123####";
    bio_stream *s = fixed_of(memory, 8, 4);
    CHECK_OK(bio_set_limit(s, 6));
    CHECK_STATUS(bio_pwrite(s, LIT("abc"), 4), BYTESIO_LIMIT);
    CHECK_OK(bio_pwrite(s, LIT("ab"), 4));
    CHECK_OK(bio_set_limit(s, BYTESIO_NO_LIMIT)); /* the capacity stays */
    CHECK_STATUS(bio_pwrite(s, LIT("cde"), 6), BYTESIO_LIMIT);
    CHECK_OK(bio_pwrite(s, LIT("cd"), 6));
    CHECK_MEM(memory, 8, LIT("0123abcd"));
    bio_release(s);
}

static void a_length_beyond_the_capacity_is_invalid(void)
{
    char memory[4] = "abc";
    bio_stream *s = NULL;
    CHECK_STATUS(bio_new_fixed(memory, 4, 5, &s), BYTESIO_INVALID);
    CHECK_STATUS(bio_new_fixed(memory, 0, 1, &s), BYTESIO_INVALID);
    CHECK_STATUS(bio_new_fixed(memory, SIZE_MAX, 0, &s), BYTESIO_OVERFLOW);
    CHECK_STATUS(bio_new_fixed(memory, (size_t)PTRDIFF_MAX + 1, 0, &s), BYTESIO_OVERFLOW);
    CHECK_STATUS(bio_new_fixed(NULL, 4, 0, &s), BYTESIO_NULL_ARG);
    CHECK(s == NULL);
}

static void no_memory_at_all_is_an_empty_stream(void)
{
    bio_stream *s = fixed_of(NULL, 0, 0);
    CHECK_STREAM(s, LIT(""));
    CHECK_OK(bio_write(s, NULL, 0));
    CHECK_STATUS(bio_write(s, LIT("x")), BYTESIO_LIMIT);
    CHECK_OK(bio_clear(s));
    bio_snapshot *snap = value_of(s);
    CHECK_SNAPSHOT(snap, LIT(""));
    bio_view *view = view_of(s, BYTESIO_VIEW_WRITABLE);
    CHECK_VIEW(view, LIT(""));
    bio_view_release(view);
    bio_snapshot_release(snap);
    bio_release(s);
}

static void snapshots_are_copies_since_the_memory_is_the_callers(void)
{
    char memory[8] = "01234567";
    bio_stream *s = fixed_of(memory, 8, 8), *clone = NULL;
    bio_snapshot *whole = value_of(s), *again = value_of(s), *part = NULL;
    CHECK_PTR(again, whole);
    move_to(s, 2);
    REQUIRE_OK(bio_read_snapshot(s, 3, &part));
    REQUIRE_OK(bio_clone(s, &clone));
    CHECK(bio_snapshot_data(whole) != (const uint8_t *)memory);
    CHECK(statistics_of(s).snapshot_copies >= 1);
    CHECK_OK(bio_pwrite(s, LIT("abcdefgh"), 0));
    bio_snapshot *later = value_of(s);
    CHECK(later != whole);
    CHECK_SNAPSHOT(whole, LIT("01234567"));
    CHECK_SNAPSHOT(part, LIT("234"));
    CHECK_SNAPSHOT(later, LIT("abcdefgh"));
    CHECK_STREAM(clone, LIT("01234567"));
    CHECK_EQ(bio_tell(clone), 5);
    CHECK_OK(bio_fill(clone, '-', 100)); /* a clone is an ordinary stream, or at least not in this memory */
    CHECK_MEM(memory, 8, LIT("abcdefgh"));
    bio_release(s);
    memset(memory, 'z', 8);
    CHECK_SNAPSHOT(later, LIT("abcdefgh"));
    bio_snapshot_release(whole);
    bio_snapshot_release(again);
    bio_snapshot_release(part);
    bio_snapshot_release(later);
    bio_release(clone);
}

static void a_view_is_the_memory_itself(void)
{
    char memory[8] = "01234567";
    bio_stream *s = fixed_of(memory, 8, 4);
    bio_snapshot *snap = value_of(s);
    bio_view *view = view_of(s, BYTESIO_VIEW_WRITABLE);
    CHECK_PTR(bio_view_data(view), memory);
    CHECK_EQ(bio_view_len(view), 4);
    mutable_bytes(view)[0] = 'X';
    CHECK_STREAM(s, LIT("X123"));
    CHECK_SNAPSHOT(snap, LIT("0123"));
    CHECK_STATUS(bio_pwrite(s, LIT("y"), 4), BYTESIO_EXPORTED);
    CHECK_STATUS(bio_pwrite(s, LIT("y"), 100), BYTESIO_EXPORTED); /* the view is asked before the room */
    bio_view_release(view);
    CHECK_OK(bio_pwrite(s, LIT("y"), 4));
    CHECK_MEM(memory, 8, LIT("X123y567"));
    bio_snapshot_release(snap);
    bio_release(s);
}

static void everything_else_works_as_on_any_stream(void)
{
    char memory[32];
    memset(memory, 0xEE, sizeof memory);
    bio_stream *s = fixed_of(memory, sizeof memory, 0);
    const uint8_t *ptr = NULL;
    size_t n = 0;
    CHECK_OK(bio_write(s, LIT("one\ntwo\n")));
    CHECK_OK(bio_printf(s, "%s\n", "three"));
    CHECK_OK(bio_seek(s, 4, BYTESIO_SEEK_SET, NULL));
    CHECK_OK(bio_readline(s, SIZE_MAX, &ptr, &n));
    CHECK_MEM(ptr, n, LIT("two\n"));
    CHECK_OK(bio_shrink_to_fit(s)); /* nothing to give back, and nothing moves */
    CHECK_OK(bio_peek(s, &ptr, &n));
    CHECK_PTR(ptr, memory + 8);
    CHECK_OK(bio_clear(s));
    CHECK_EQ(bio_len(s) + bio_tell(s), 0);
    CHECK_OK(bio_pwrite(s, LIT("end"), 29)); /* the gap over old bytes is zero */
    char want[32] = {0};
    memcpy(want + 29, "end", 3);
    CHECK_STREAM(s, want, 32);
    CHECK_OK(bio_close(s));
    memset(memory, 'x', sizeof memory); /* the caller's again */
    bio_release(s);
}

static void the_memory_is_let_alone_after_the_release(void)
{
    uint8_t *memory = malloc(16);
    REQUIRE(memory != NULL);
    bio_stream *s = fixed_of(memory, 16, 0);
    CHECK_OK(bio_write(s, LIT("bytes")));
    bio_snapshot *snap = value_of(s);
    bio_release(s);
    free(memory); /* not freed twice, nor read after this: valgrind would tell */
    CHECK_SNAPSHOT(snap, LIT("bytes"));
    bio_snapshot_release(snap);
}

CHECK_MAIN(CASE(it_starts_with_the_callers_bytes), CASE(it_writes_in_place),
           CASE(past_the_capacity_nothing_is_written), CASE(a_limit_below_the_capacity_counts_too),
           CASE(a_length_beyond_the_capacity_is_invalid), CASE(no_memory_at_all_is_an_empty_stream),
           CASE(snapshots_are_copies_since_the_memory_is_the_callers), CASE(a_view_is_the_memory_itself),
           CASE(everything_else_works_as_on_any_stream), CASE(the_memory_is_let_alone_after_the_release))
