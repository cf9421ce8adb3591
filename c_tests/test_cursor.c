/* The cursor: reads and writes without a call. Whether one was without a call is seen from the room that the cursor
 * showed before it, which is what the inline functions go by. */
#include "changes.h"
#include "cursor.h"

static void only_a_stream_without_a_lock_has_one(void)
{
    bio_cursor *untouched = (bio_cursor *)(uintptr_t)0x5a5a, *c = untouched;
    bio_stream *locked = stream_of(LIT("locked")), *s = unlocked(LIT("unlocked"), 0), *other = NULL;
    CHECK_STATUS(bio_cursor_of(locked, &c), BYTESIO_INVALID);
    CHECK_OK(bio_close(locked));
    CHECK_STATUS(bio_cursor_of(locked, &c), BYTESIO_CLOSED);
    CHECK_PTR(c, untouched);
    bio_release(locked);
    c = cursor_of(s);
    CHECK_PTR(cursor_of(s), c);
    CHECK_MEM(c->next, (size_t)rest(c), LIT("unlocked"));
    CHECK_OK(bio_clone(s, &other));
    CHECK(cursor_of(other) != c);
    bio_release(other);
    CHECK_OK(bio_close(s));
    CHECK_STATUS(bio_cursor_of(s, &c), BYTESIO_CLOSED);
    bio_release(s);
}

/* Appends `total` bytes in pieces; gives how many took a call. */
static size_t append(bio_stream *s, bio_cursor *c, size_t total, size_t piece)
{
    uint8_t data[64];
    size_t calls = 0, at = 0;
    for (; at < total; at += piece) {
        pattern_fill(data, piece, at);
        calls += room(c) < (ptrdiff_t)piece;
        if (!CHECK_OK(piece == 1 ? bio_put_byte(s, c, data[0]) : bio_put(s, c, data, piece)))
            break;
    }
    return calls;
}

static void appends_take_a_call_only_to_grow(void)
{
    enum { TOTAL = 1 << 20 };
    static const size_t pieces[] = {1, 8, 64};
    for (size_t i = 0; i < COUNT(pieces); i++) {
        bio_stream *s = unlocked_with(0);
        bio_cursor *c = cursor_of(s);
        size_t calls = append(s, c, TOTAL, pieces[i]);
        CHECK(calls >= 1 && calls <= 20); /* doublings from 64 bytes on */
        CHECK_EQ(bio_len(s), TOTAL);
        bio_snapshot *value = value_of(s);
        CHECK(pattern_holds(bio_snapshot_data(value), bio_snapshot_len(value), 0));
        bio_snapshot_release(value);
        bio_release(s);
    }
}

static void rewriting_and_reading_take_no_call(void)
{
    enum { TOTAL = 1 << 16 };
    bio_stream *s = unlocked_with(0);
    bio_cursor *c = cursor_of(s);
    append(s, c, TOTAL, 8);
    for (size_t piece = 1; piece <= 8; piece += 7) {
        move_to(s, 0);
        CHECK_EQ(append(s, c, TOTAL, piece), 0);
        move_to(s, 0);
        for (size_t at = 0; at < TOTAL; at += piece) {
            uint8_t data[8], want[8];
            pattern_fill(want, piece, at);
            REQUIRE(rest(c) >= (ptrdiff_t)piece);
            CHECK_OK(piece == 1 ? bio_get_byte(s, c, data) : bio_get(s, c, data, piece));
            CHECK_MEM(data, piece, want, piece);
        }
        CHECK_EQ(bio_tell(s), TOTAL);
    }
    bio_release(s);
}

/* The first write under a snapshot separates the two; what follows is in place again, to the end of what the library
 * has noted as changed, where it looks after such things. */
static void rewriting_under_snapshots_takes_few_calls(void)
{
    enum { TOTAL = 1 << 16, ROUNDS = 20 };
    bio_stream *s = unlocked_with(0);
    bio_cursor *c = cursor_of(s);
    bio_snapshot *held = NULL;
    append(s, c, TOTAL, 8);
    for (int round = 0; round < ROUNDS; round++) {
        bio_snapshot *value = value_of(s);
        bio_snapshot_release(held);
        held = value;
        CHECK(room(c) <= 0 || c->next == c->read_end);
        move_to(s, 0);
        CHECK_EQ(room(c), 0);
        size_t calls = append(s, c, TOTAL, 8);
        CHECK(calls >= 1 && calls <= TOTAL / 1024 + 1);
        CHECK(pattern_holds(bio_snapshot_data(held), TOTAL, 0));
    }
    bio_snapshot_release(held);
    bio_release(s);
}

static void what_was_put_is_content_at_once(void)
{
    bio_stream *s = unlocked(LIT("0123456789"), 10);
    bio_cursor *c = cursor_of(s);
    const uint8_t *ptr = NULL;
    size_t n = 0;
    uint64_t at = 0;
    uint8_t buf[16];
    REQUIRE(room(c) >= 8);
    CHECK_OK(bio_put(s, c, LIT("ab")));
    CHECK_EQ(bio_len(s), 12);
    CHECK_OK(bio_put_byte(s, c, 'c'));
    CHECK_EQ(bio_tell(s), 13);
    CHECK_OK(bio_put_byte(s, c, 'd'));
    CHECK_STREAM(s, LIT("0123456789abcd"));
    CHECK_OK(bio_put(s, c, LIT("e")));
    CHECK_OK(bio_seek(s, -5, BYTESIO_SEEK_CUR, &at));
    CHECK_EQ(at, 10);
    CHECK_OK(bio_get(s, c, buf, 3));
    CHECK_MEM(buf, 3, LIT("abc"));
    CHECK_OK(bio_peek(s, &ptr, &n));
    CHECK_MEM(ptr, n, LIT("de"));
    CHECK_OK(bio_get_byte(s, c, buf));
    CHECK_OK(bio_put_byte(s, c, 'E'));
    CHECK_OK(bio_put_byte(s, c, 'F'));
    CHECK_OK(bio_pread(s, buf, sizeof buf, 8, &n));
    CHECK_MEM(buf, n, LIT("89abcdEF"));
    bio_release(s);
}

/* Each begins with four bytes through the cursor that no call has seen yet. */
static void every_change_takes_them_in(void)
{
    for (size_t i = 0; i < COUNT(changes); i++) {
        bio_stream *s = unlocked(LIT("....456789"), 0);
        bio_cursor *c = cursor_of(s);
        CHECK(room(c) >= CHANGES_AT);
        CHECK_OK(bio_put(s, c, CHANGES_TEXT, CHANGES_AT));
        CHECK_OK(changes[i].apply(s));
        if (!expect_left(s, &changes[i]))
            check_fail(__FILE__, __LINE__, "after %s", changes[i].name);
        bio_release(s);
    }
}

static void reading_goes_to_the_end_and_no_further(void)
{
    bio_stream *s = unlocked(LIT("0123456789"), 8);
    bio_cursor *c = cursor_of(s);
    uint8_t buf[4] = {1, 1, 1, 1};
    CHECK_STATUS(bio_get(s, c, buf, 3), BYTESIO_EOF);
    CHECK_MEM(buf, 4, "\1\1\1\1", 4);
    CHECK_OK(bio_get(s, c, buf, 2));
    CHECK_MEM(buf, 2, LIT("89"));
    CHECK_STATUS(bio_get_byte(s, c, buf), BYTESIO_EOF);
    CHECK_OK(bio_put_byte(s, c, 'x'));
    CHECK_STATUS(bio_get_byte(s, c, buf),
                 BYTESIO_EOF); /* beyond what could be read when the cursor was shown */
    CHECK_EQ(bio_tell(s), 11);
    bio_release(s);
}

static void behind_the_end_there_is_neither_room_nor_content(void)
{
    bio_stream *s = unlocked(LIT("0123"), 6);
    bio_cursor *c = cursor_of(s);
    uint8_t byte = 1;
    CHECK(room(c) == 0 && rest(c) == 0);
    CHECK_STATUS(bio_get_byte(s, c, &byte), BYTESIO_EOF);
    CHECK_EQ(bio_tell(s), 6);
    CHECK_EQ(bio_len(s), 4);
    CHECK_OK(bio_put_byte(s, c, '!'));
    CHECK(room(c) > 0);
    CHECK_STREAM(s, LIT("0123\0\0!"));
    move_to(s, INT64_MAX);
    CHECK(room(c) == 0 && rest(c) == 0);
    CHECK_STATUS(bio_put_byte(s, c, '!'), BYTESIO_OVERFLOW);
    CHECK_EQ(bio_tell(s), INT64_MAX);
    bio_release(s);
}

static void the_room_ends_with_the_limit(void)
{
    bio_stream *s = unlocked_with(5);
    bio_cursor *c = cursor_of(s);
    CHECK_OK(bio_put(s, c, LIT("abc")));
    CHECK_EQ(room(c), 2);
    CHECK_STATUS(bio_put(s, c, LIT("xyz")), BYTESIO_LIMIT);
    CHECK_OK(bio_put(s, c, LIT("de")));
    CHECK_STATUS(bio_put_byte(s, c, 'f'), BYTESIO_LIMIT);
    CHECK_OK(bio_set_limit(s, 6));
    CHECK_OK(bio_put_byte(s, c, 'f'));
    CHECK_STREAM(s, LIT("abcdef"));
    bio_release(s);
}

static void under_a_window_it_only_reads(void)
{
    bio_stream *s = unlocked(LIT("0123456789"), 2);
    bio_cursor *c = cursor_of(s);
    uint8_t *ptr = NULL, byte = 0;
    size_t capacity = 0;
    CHECK_OK(bio_prepare(s, 3, &ptr, &capacity));
    CHECK_EQ(room(c), 0);
    CHECK_STATUS(bio_put_byte(s, c, 'x'), BYTESIO_BUSY);
    CHECK_OK(bio_get_byte(s, c, &byte));
    CHECK_EQ(byte, '2');
    memcpy(ptr, "win", 3);
    CHECK_OK(bio_commit(s, 3));
    CHECK(room(c) > 0);
    CHECK_OK(bio_put_byte(s, c, '!'));
    CHECK_STREAM(s, LIT("01win!6789"));
    bio_release(s);
}

static void under_a_view_the_length_stays(void)
{
    for (uint32_t flags = BYTESIO_VIEW_READONLY; flags <= BYTESIO_VIEW_WRITABLE; flags++) {
        bio_stream *s = unlocked(LIT("0123456789"), 8);
        bio_cursor *c = cursor_of(s);
        bio_view *view = view_of(s, flags);
        CHECK_EQ(room(c), 2);
        CHECK_STATUS(bio_put(s, c, LIT("xyz")), BYTESIO_EXPORTED);
        CHECK_OK(bio_put(s, c, LIT("xy")));
        CHECK_VIEW(view, LIT("01234567xy"));
        CHECK_STATUS(bio_put_byte(s, c, 'z'), BYTESIO_EXPORTED);
        bio_view_release(view);
        CHECK_OK(bio_put_byte(s, c, 'z'));
        CHECK_STREAM(s, LIT("01234567xyz"));
        bio_release(s);
    }
}

/* Both ways as memmove() would have it. */
static void source_and_target_may_lie_in_the_streams_own_views(void)
{
    bio_stream *s = unlocked(LIT("0123456789abcdef"), 1);
    bio_cursor *c = cursor_of(s);
    bio_view *view = view_of(s, BYTESIO_VIEW_WRITABLE);
    uint8_t *bytes = NULL;
    REQUIRE_OK(bio_view_data_mut(view, &bytes));
    REQUIRE(room(c) == 15);
    CHECK_OK(bio_put(s, c, bytes, 12));
    CHECK_VIEW(view, LIT("00123456789abdef"));
    move_to(s, 0);
    CHECK_OK(bio_get(s, c, bytes + 1, 12));
    CHECK_VIEW(view, LIT("000123456789adef"));
    bio_view_release(view);
    bio_release(s);
}

static void views_outlive_stream_and_cursor(void)
{
    bio_stream *s = unlocked(LIT("0123456789"), 4);
    bio_cursor *c = cursor_of(s);
    bio_view *view = view_of(s, BYTESIO_VIEW_READONLY), *part = NULL;
    CHECK_OK(bio_put(s, c, LIT("abc")));
    bio_release(s);
    CHECK_VIEW(view, LIT("0123abc789"));
    CHECK_OK(bio_view_slice(view, 3, 4, &part));
    bio_view_release(view);
    CHECK_VIEW(part, LIT("3abc"));
    bio_view_release(part);
}

static void a_closed_stream_shows_nothing(void)
{
    bio_stream *s = unlocked(LIT("0123456789"), 4);
    bio_cursor *c = cursor_of(s);
    bio_snapshot *value = NULL;
    uint8_t byte = 0;
    CHECK_OK(bio_put_byte(s, c, '!'));
    CHECK_OK(bio_close_take(s, &value));
    CHECK_SNAPSHOT(value, LIT("0123!56789"));
    CHECK(room(c) == 0 && rest(c) == 0);
    CHECK_STATUS(bio_put(s, c, LIT("x")), BYTESIO_CLOSED);
    CHECK_STATUS(bio_put(s, c, NULL, 0), BYTESIO_CLOSED);
    CHECK_STATUS(bio_put_byte(s, c, 'x'), BYTESIO_CLOSED);
    CHECK_STATUS(bio_get(s, c, &byte, 1), BYTESIO_CLOSED);
    CHECK_STATUS(bio_get_byte(s, c, &byte), BYTESIO_CLOSED);
    c->next += 3; /* nobody looks at it any more */
    CHECK_STATUS(bio_put_byte(s, c, 'x'), BYTESIO_CLOSED);
    CHECK(bio_is_closed(s));
    bio_snapshot_release(value);
    bio_release(s);
}

static void arguments_are_checked_as_in_the_calls(void)
{
    bio_stream *s = unlocked(LIT("0123456789"), 2), *locked = stream_of(LIT("locked"));
    bio_cursor *c = cursor_of(s);
    uint8_t byte = 0;
    CHECK_STATUS(bio_put(s, c, NULL, 1), BYTESIO_NULL_ARG);
    CHECK_STATUS(bio_get(s, c, NULL, 1), BYTESIO_NULL_ARG);
    CHECK_STATUS(bio_get_byte(s, c, NULL), BYTESIO_NULL_ARG);
    CHECK_STATUS(bio_put(NULL, NULL, LIT("x")), BYTESIO_NULL_ARG);
    CHECK_STATUS(bio_put_byte(NULL, NULL, 'x'), BYTESIO_NULL_ARG);
    CHECK_STATUS(bio_get(NULL, NULL, &byte, 1), BYTESIO_NULL_ARG);
    CHECK_STATUS(bio_get_byte(NULL, NULL, &byte), BYTESIO_NULL_ARG);
    CHECK_STATUS(bio_put(s, c, &byte, SIZE_MAX), BYTESIO_OVERFLOW);
    CHECK_STATUS(bio_get(s, c, &byte, SIZE_MAX), BYTESIO_OVERFLOW);
    CHECK_OK(bio_put(s, c, NULL, 0));
    CHECK_OK(bio_get(s, c, NULL, 0));
    CHECK_EQ(bio_tell(s), 2);
    /* Without a cursor they are the calls. */
    CHECK_OK(bio_put(locked, NULL, LIT("LO")));
    CHECK_OK(bio_put_byte(locked, NULL, 'C'));
    CHECK_OK(bio_get_byte(locked, NULL, &byte));
    CHECK_EQ(byte, 'k');
    CHECK_OK(bio_get(locked, NULL, &byte, 1));
    CHECK_EQ(byte, 'e');
    CHECK_STREAM(locked, LIT("LOCked"));
    bio_release(locked);
    bio_release(s);
}

static void it_is_made_by_the_streams_allocator(void)
{
    ledger book;
    ledger_open(&book, LEDGER_PLAIN);
    bio_stream *s = ledger_stream(&book, 0, 0, BYTESIO_STREAM_UNLOCKED);
    bio_cursor *c = NULL;
    REQUIRE(s != NULL);
    book.fail_at = 1;
    CHECK_STATUS(bio_cursor_of(s, &c), BYTESIO_NOMEM);
    CHECK_PTR(c, NULL);
    CHECK_OK(bio_write(s, LIT("as before")));
    size_t live = book.live;
    CHECK_OK(bio_cursor_of(s, &c));
    CHECK_EQ(book.live, live + 1);
    CHECK_OK(bio_put(s, c, LIT("!")));
    CHECK_STREAM(s, LIT("as before!"));
    for (int i = 0; i < 200; i++) {
        book.fail_at = 1;
        bio_status status = bio_put_byte(s, c, 'x');
        book.fail_at = 0;
        if (status != BYTESIO_OK) {
            CHECK_STATUS(status, BYTESIO_NOMEM);
            CHECK_OK(bio_put_byte(s, c, 'x'));
        }
    }
    CHECK_EQ(bio_len(s), 210);
    bio_release(s);
    LEDGER_CLOSE(&book);
}

CHECK_MAIN(CASE(only_a_stream_without_a_lock_has_one), CASE(appends_take_a_call_only_to_grow),
           CASE(rewriting_and_reading_take_no_call), CASE(rewriting_under_snapshots_takes_few_calls),
           CASE(what_was_put_is_content_at_once), CASE(every_change_takes_them_in),
           CASE(reading_goes_to_the_end_and_no_further),
           CASE(behind_the_end_there_is_neither_room_nor_content), CASE(the_room_ends_with_the_limit),
           CASE(under_a_window_it_only_reads), CASE(under_a_view_the_length_stays),
           CASE(source_and_target_may_lie_in_the_streams_own_views), CASE(views_outlive_stream_and_cursor),
           CASE(a_closed_stream_shows_nothing), CASE(arguments_are_checked_as_in_the_calls),
           CASE(it_is_made_by_the_streams_allocator))
