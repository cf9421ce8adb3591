/* Long random lists of inline reads and writes, mixed with calls on the same stream, against an array and a position.
 * Snapshots are kept with a copy of their bytes and compared to the end; views, windows, limits and clones come and
 * go. A run that fails prints its seed; BYTESIO_SEED runs that one alone. */
#include "support.h"

enum { MOST = 40000, PIECE = 100, SNAPS = 4, VIEWS = 2, STEPS = 1500 };

typedef struct kept {
    bio_snapshot *snap;
    uint8_t bytes[MOST];
    size_t len;
} kept;

static struct world {
    uint64_t random;
    bio_stream *s;
    bio_cursor *c;
    uint8_t bytes[MOST];
    size_t len, pos;
    uint64_t limit;
    kept snaps[SNAPS];
    bio_view *views[VIEWS];
    uint8_t *raw[VIEWS]; /* the writable ones' bytes */
    uint8_t *window;
    size_t window_at, window_room;
    size_t inlined;
} w;

static size_t inlined; /* in all runs */

static size_t below(size_t n)
{
    return random_below(&w.random, n);
}

static size_t data_of(uint8_t *data)
{
    size_t n = below(4) ? below(12) : below(PIECE);
    for (size_t i = 0; i < n; i++)
        data[i] = (uint8_t)below(256);
    return n;
}

static bool exported(void)
{
    return w.views[0] != NULL || w.views[1] != NULL;
}

/* What the contract says of a call that would leave the stream with `len` bytes. */
static bio_status verdict(size_t len)
{
    if (w.window)
        return BYTESIO_BUSY;
    if (len != w.len && exported())
        return BYTESIO_EXPORTED;
    return len > w.len && len > w.limit ? BYTESIO_LIMIT : BYTESIO_OK;
}

static bool went(bio_status got, bio_status want)
{
    return CHECK_STATUS(got, want) && want == BYTESIO_OK;
}

static void model_put(const uint8_t *data, size_t n, size_t at)
{
    if (n == 0)
        return;
    if (at > w.len)
        memset(w.bytes + w.len, 0, at - w.len);
    memcpy(w.bytes + at, data, n);
    w.len = at + n > w.len ? at + n : w.len;
}

static size_t end_of(size_t at, size_t n)
{
    return n && at + n > w.len ? at + n : w.len;
}

/* Whether a write fits into the model's memory. */
static bool fits(size_t at, size_t n)
{
    return at + n <= MOST;
}

static void do_put(void)
{
    uint8_t data[PIECE], *from = data;
    size_t n = data_of(data), in_view = below(PIECE);
    bool one = below(3) == 0;
    if (one)
        n = 1, data[0] = (uint8_t)below(256);
    /* Now and then from the stream's own bytes, as they are at that moment. */
    if (!one && n && w.raw[0] && in_view + n <= w.len) {
        from = w.raw[0] + in_view;
        memcpy(data, from, n);
    }
    if (!fits(w.pos, n))
        return;
    w.inlined += n && (ptrdiff_t)n <= w.c->write_end - w.c->next;
    bio_status status = one ? bio_put_byte(w.s, w.c, *data) : bio_put(w.s, w.c, from, n);
    if (went(status, verdict(end_of(w.pos, n)))) {
        model_put(data, n, w.pos);
        w.pos += n;
    }
}

static void do_get(void)
{
    uint8_t data[PIECE];
    size_t n = below(3) ? below(12) : below(PIECE), left = w.pos < w.len ? w.len - w.pos : 0;
    bool one = below(3) == 0;
    if (one)
        n = 1;
    w.inlined += n && (ptrdiff_t)n <= w.c->read_end - w.c->next;
    bio_status status = one ? bio_get_byte(w.s, w.c, data) : bio_get(w.s, w.c, data, n);
    if (went(status, n <= left ? BYTESIO_OK : BYTESIO_EOF) && n) {
        CHECK_MEM(data, n, w.bytes + w.pos, n);
        w.pos += n;
    }
}

/* By code of one's own: bytes written into the room are content if they were, or as far as `next` is moved. */
static void do_move_by_hand(void)
{
    ptrdiff_t room = w.c->write_end - w.c->next, rest = w.c->read_end - w.c->next;
    uint8_t data[PIECE];
    size_t n = data_of(data), at = w.pos, inside = at < w.len ? w.len - at : 0, moved = n;
    if ((ptrdiff_t)n <= room && below(3)) {
        if (!fits(at, n))
            return;
        memcpy(w.c->next, data, n);
        memcpy(w.bytes + at, data, n < inside ? n : inside);
        moved = below(n + 1);
        model_put(data, moved, at);
    } else if ((ptrdiff_t)n > rest) {
        return;
    }
    w.c->next += moved;
    w.pos += moved;
}

static void do_stray(void)
{
    w.c->next =
        below(2) ? NULL : w.c->next + (below(2) ? -(ptrdiff_t)1 - (ptrdiff_t)below(9) : (ptrdiff_t)1 << 40);
    /* What was done through the cursor since the last call goes with it: so let there have been one. */
    CHECK_STATUS(bio_skip(w.s, 1, NULL), BYTESIO_INVALID);
}

static void do_seek(void)
{
    w.pos = below(8) ? below(w.len + 1) : below(MOST - PIECE);
    if (below(6) == 0)
        w.pos = 0;
    CHECK_OK(bio_seek(w.s, (int64_t)w.pos, BYTESIO_SEEK_SET, NULL));
}

static void do_write(void)
{
    uint8_t data[PIECE];
    size_t n = data_of(data), way = below(4), at = way == 1 ? below(w.len + 20) : way == 2 ? w.len : w.pos;
    if (!fits(at, n))
        return;
    bio_status status = way == 1   ? bio_pwrite(w.s, data, n, at)
                        : way == 2 ? bio_append(w.s, data, n)
                        : way == 3 ? bio_fill(w.s, n ? data[0] : 0, n)
                                   : bio_write(w.s, data, n);
    if (way == 3 && n)
        memset(data, data[0], n);
    if (went(status, verdict(end_of(at, n)))) {
        model_put(data, n, at);
        if (way == 0 || way == 3)
            w.pos += n;
    }
}

static void do_grow(void)
{
    static uint8_t data[MOST];
    size_t n = below(MOST / 4);
    pattern_fill(data, n, below(1000));
    if (fits(w.pos, n) && went(bio_write(w.s, data, n), verdict(end_of(w.pos, n)))) {
        model_put(data, n, w.pos);
        w.pos += n;
    }
}

static void do_read(void)
{
    uint8_t data[PIECE];
    size_t left = w.pos < w.len ? w.len - w.pos : 0, got = 0, n = below(PIECE), want = n < left ? n : left;
    const uint8_t *ptr = NULL;
    if (below(2)) {
        CHECK_OK(bio_read(w.s, data, n, &got));
        CHECK_MEM(data, got, w.bytes + w.pos, want);
    } else {
        CHECK_OK(bio_take(w.s, n, &ptr, &got));
        CHECK_MEM(ptr, got, w.bytes + w.pos, want);
    }
    w.pos += want;
}

static void do_size(void)
{
    size_t size = below(3) ? w.len - below(w.len < 200 ? w.len + 1 : 200) : below(w.len + 1), way = below(6);
    if (way == 0 && below(4) == 0) {
        if (went(bio_clear(w.s), verdict(0)))
            w.len = w.pos = 0;
    } else if (way == 1) {
        CHECK_STATUS(bio_shrink_to_fit(w.s), w.window     ? BYTESIO_BUSY
                                             : exported() ? BYTESIO_EXPORTED
                                                          : BYTESIO_OK);
    } else if (way == 2) {
        w.limit = verdict(w.len) ? w.limit : below(3) ? UINT64_MAX : w.len + below(50);
        CHECK_STATUS(bio_set_limit(w.s, w.limit), verdict(w.len));
    } else if (way == 3) {
        size = w.len + below(300);
        if (fits(size, 0) && went(bio_resize(w.s, size), verdict(size))) {
            memset(w.bytes + w.len, 0, size - w.len);
            w.len = size;
        }
    } else if (went(bio_truncate(w.s, size), verdict(size))) {
        w.len = size;
    }
}

static void do_snapshot(void)
{
    kept *k = &w.snaps[below(SNAPS)];
    if (k->snap) {
        CHECK_SNAPSHOT(k->snap, k->bytes, k->len);
        if (below(3) == 0 && went(bio_restore(w.s, k->snap), verdict(k->len == w.len ? w.len : k->len))) {
            memcpy(w.bytes, k->bytes, k->len);
            w.len = k->len;
            w.pos = w.pos < w.len ? w.pos : w.len;
        }
        bio_snapshot_release(k->snap);
        k->snap = NULL;
    } else {
        k->snap = value_of(w.s);
        k->len = w.len;
        memcpy(k->bytes, w.bytes, w.len);
    }
}

static void do_view(void)
{
    size_t i = below(VIEWS);
    if (w.views[i]) {
        if (w.raw[i] && w.len) {
            size_t at = below(w.len);
            w.raw[i][at] = w.bytes[at] = (uint8_t)below(256);
        }
        CHECK_VIEW(w.views[i], w.bytes, w.len);
        if (below(2))
            return;
        bio_view_release(w.views[i]);
        w.views[i] = NULL;
        w.raw[i] = NULL;
    } else if (below(3) == 0 && !w.window) {
        uint32_t flags = below(2) ? BYTESIO_VIEW_READONLY : BYTESIO_VIEW_WRITABLE;
        w.views[i] = view_of(w.s, flags);
        if (flags == BYTESIO_VIEW_WRITABLE)
            REQUIRE_OK(bio_view_data_mut(w.views[i], &w.raw[i]));
    }
}

static void do_window(void)
{
    uint8_t data[PIECE];
    if (w.window) {
        size_t n = data_of(data);
        n = n < w.window_room ? n : w.window_room;
        memcpy(w.window, data, n);
        w.window = NULL;
        if (below(3) == 0) {
            bio_cancel(w.s);
        } else if (CHECK_OK(bio_commit(w.s, n)) && n) {
            model_put(data, n, w.window_at);
            w.pos = w.window_at + n;
        }
    } else if (below(3) == 0 && !exported() && fits(w.pos, PIECE) && w.limit == UINT64_MAX) {
        REQUIRE_OK(bio_prepare(w.s, below(PIECE), &w.window, &w.window_room));
        w.window_at = w.pos;
    }
}

/* Goes on with the clone, or with the stream. */
static void do_clone(void)
{
    bio_stream *other = NULL;
    REQUIRE_OK(bio_clone(w.s, &other));
    CHECK_STREAM(other, w.bytes, w.len);
    CHECK_EQ(bio_tell(other), w.pos);
    if (below(2) && !exported() && !w.window) {
        bio_stream *left = w.s;
        w.s = other;
        other = left;
        REQUIRE_OK(bio_cursor_of(w.s, &w.c));
    }
    if (w.limit == UINT64_MAX)
        CHECK_OK(bio_write(other, LIT("independent")));
    bio_release(other);
}

static void look(void)
{
    uint64_t len = 0, pos = 0;
    CHECK_OK(bio_where(w.s, &pos, &len));
    CHECK_EQ(len, w.len);
    CHECK_EQ(pos, w.pos);
    CHECK_STREAM(w.s, w.bytes, w.len);
}

static void (*const actions[])(void) = {do_put,   do_put,          do_put,  do_put,      do_get,  do_get,
                                        do_get,   do_seek,         do_seek, do_write,    do_read, do_size,
                                        do_stray, do_move_by_hand, do_view, do_snapshot, do_grow, do_snapshot,
                                        do_view,  do_window,       do_clone};

static void run(uint64_t seed)
{
    bio_options options = BYTESIO_OPTIONS_INIT;
    memset(&w, 0, sizeof w);
    w.random = seed * 0x9e3779b97f4a7c15u + 1;
    w.limit = UINT64_MAX;
    options.flags = BYTESIO_STREAM_UNLOCKED;
    options.mapped_from = below(3) ? 0 : 1;
    REQUIRE_OK(bio_new_with(&options, &w.s));
    REQUIRE_OK(bio_cursor_of(w.s, &w.c));
    int before = atomic_load(&check_failures);
    for (size_t step = 0; step < STEPS && atomic_load(&check_failures) == before; step++) {
        /* Several puts and gets in a row between two looks, or none of them would be inline. */
        size_t action = below(3) ? below(7) : below(COUNT(actions));
        if (actions[action] == do_stray)
            CHECK_EQ(bio_tell(w.s), w.pos);
        actions[action]();
        if (below(20) == 0)
            look();
    }
    look();
    for (size_t i = 0; i < SNAPS; i++) {
        if (w.snaps[i].snap)
            CHECK_SNAPSHOT(w.snaps[i].snap, w.snaps[i].bytes, w.snaps[i].len);
        bio_snapshot_release(w.snaps[i].snap);
    }
    bool stream_first = below(2) == 0;
    if (stream_first)
        bio_release(w.s);
    for (size_t i = 0; i < VIEWS; i++) {
        if (w.views[i])
            CHECK_VIEW(w.views[i], w.bytes, w.len);
        bio_view_release(w.views[i]);
    }
    if (!stream_first)
        bio_release(w.s);
    inlined += w.inlined;
    if (atomic_load(&check_failures) != before)
        check_fail(__FILE__, __LINE__, "BYTESIO_SEED=%llu", (unsigned long long)seed);
}

static void inline_and_called_agree_with_the_model(void)
{
    const char *seed = getenv("BYTESIO_SEED");
    if (seed) {
        run(strtoull(seed, NULL, 10));
        return;
    }
    uint64_t runs = 0;
    while (runs < scaled(20) && atomic_load(&check_failures) == 0)
        run(++runs);
    CHECK(inlined > runs * STEPS / 5);
}

CHECK_MAIN(CASE(inline_and_called_agree_with_the_model))
