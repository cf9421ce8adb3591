/* The cursor in the hands of the caller's own code: moved as it may be, and as it must not be. */
#include "cursor.h"

static void ones_own_code_may_move_it(void)
{
    bio_stream *s = unlocked(LIT("0123456789"), 3);
    bio_cursor *c = cursor_of(s);
    c->next += 2;
    CHECK_EQ(bio_tell(s), 5);
    memcpy(c->next, "abcdefgh", 8);
    c->next += 8;
    CHECK_EQ(bio_tell(s), 13);
    CHECK_STREAM(s, LIT("01234abcdefgh"));
    /* More was written than is taken in: that is a gap like any other afterwards. */
    memcpy(c->next, "scratch", 7);
    c->next += 1;
    CHECK_OK(bio_seek(s, 3, BYTESIO_SEEK_CUR, NULL));
    CHECK_OK(bio_put_byte(s, c, '!'));
    CHECK_STREAM(s, LIT("01234abcdefghs\0\0\0!"));
    bio_release(s);
}

/* Nor is it content where the stream goes on in memory that it has left before: in a mapped block two ranges of
 * addresses take turns, and what lies behind the end in one of them is written through the other. */
static void what_is_left_in_the_room_never_shows(void)
{
    enum { LEN = 1 << 19, GROWTH = 5000, ROUNDS = 12 };
    uint8_t *want = calloc(1, LEN + ROUNDS * (GROWTH + 1));
    bio_stream *s = unlocked(want, LEN, 0);
    bio_cursor *c = cursor_of(s);
    bio_snapshot *held = NULL;
    size_t len = LEN;
    for (size_t round = 0; round < ROUNDS; round++) {
        bio_snapshot *value = value_of(s);
        bio_snapshot_release(held);
        held = value;
        move_to(s, (int64_t)round * 1234);
        CHECK_OK(bio_put_byte(s, c, want[round * 1234] = (uint8_t)(round + 1)));
        move_to(s, (int64_t)len);
        if (round % 3 == 0) {
            CHECK_OK(bio_put_byte(s, c, want[len++] = 'e'));
            if (room(c) > 0)
                memset(c->next, 0xee, (size_t)room(c) < LEN ? (size_t)room(c) : LEN);
        } else if (round % 3 == 1) {
            pattern_fill(want + len, GROWTH, len);
            CHECK_OK(bio_write(s, want + len, GROWTH));
            len += GROWTH;
        }
        REQUIRE(CHECK_STREAM(s, want, len));
    }
    bio_snapshot_release(held);
    bio_release(s);
    free(want);
}

/* Where `next` must not be, of a cursor at 4 in "0123456789". */
typedef uint8_t *place(const bio_cursor *c);

static uint8_t *below(const bio_cursor *c)
{
    return c->next - 1;
}

static uint8_t *above(const bio_cursor *c)
{
    return (room(c) > rest(c) ? c->write_end : c->read_end) + 1;
}

static uint8_t *nowhere(const bio_cursor *c)
{
    (void)c;
    return NULL;
}

static uint8_t *wild(const bio_cursor *c)
{
    return (uint8_t *)((uintptr_t)c->next ^ (uintptr_t)1 << (sizeof c * 8 - 2));
}

static bio_status put(bio_stream *s)
{
    return bio_write(s, LIT("put"));
}

static bio_status value(bio_stream *s)
{
    bio_snapshot *taken = NULL;
    bio_status status = bio_getvalue(s, &taken);
    bio_snapshot_release(taken);
    return status;
}

static bio_status cut(bio_stream *s)
{
    return bio_truncate(s, 0);
}

static bio_status again(bio_stream *s)
{
    bio_cursor *c = NULL;
    return bio_cursor_of(s, &c);
}

static void a_wrong_place_is_reported_once_and_never_followed(void)
{
    static place *const places[] = {below, above, nowhere, wild};
    static bio_status (*const calls[])(bio_stream *) = {put, value, cut, again, bio_close};
    for (size_t i = 0; i < COUNT(places) * COUNT(calls) * 2; i++) {
        bio_stream *s = unlocked(LIT("0123456789"), 4);
        bio_cursor *c = cursor_of(s);
        c->next = places[i / 2 % COUNT(places)](c);
        /* Calls that give no status have nothing to say, and do not swallow it. */
        if (i % 2 == 0)
            CHECK_EQ(bio_tell(s), 4);
        CHECK_STATUS(calls[i / 2 / COUNT(places)](s), BYTESIO_INVALID);
        CHECK_STREAM(s, LIT("0123456789"));
        CHECK_EQ(bio_tell(s), 4);
        CHECK_OK(bio_put(s, c, LIT("abc")));
        CHECK_STREAM(s, LIT("0123abc789"));
        bio_release(s);
    }
}

static void a_place_that_is_gone_is_a_wrong_one(void)
{
    bio_stream *s = unlocked(LIT("0123456789"), 4);
    bio_cursor *c = cursor_of(s);
    uint8_t *old = c->next + 5;
    bio_snapshot *held = value_of(s);
    CHECK_OK(bio_truncate(s, 6));
    c->next = old;
    CHECK_STATUS(put(s), BYTESIO_INVALID);
    CHECK_EQ(bio_tell(s), 4);
    CHECK_STREAM(s, LIT("012345"));
    CHECK_OK(bio_put_byte(s, c, '!'));
    CHECK_STREAM(s, LIT("0123!5"));
    CHECK_SNAPSHOT(held, LIT("0123456789"));
    bio_snapshot_release(held);
    bio_release(s);
}

static void only_next_is_looked_at(void)
{
    bio_stream *s = unlocked(LIT("0123456789"), 4);
    bio_cursor *c = cursor_of(s);
    uint8_t *end = c->read_end;
    memset(c, 0xff, sizeof *c);
    c->next = end - 6;
    c->read_end = NULL;
    CHECK_EQ(bio_tell(s), 4);
    CHECK_PTR(c->read_end, end);
    CHECK_OK(put(s));
    CHECK_STREAM(s, LIT("0123put789"));
    bio_release(s);
}

CHECK_MAIN(CASE(ones_own_code_may_move_it), CASE(what_is_left_in_the_room_never_shows),
           CASE(a_wrong_place_is_reported_once_and_never_followed), CASE(a_place_that_is_gone_is_a_wrong_one),
           CASE(only_next_is_looked_at))
