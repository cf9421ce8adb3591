/* Long random lists of calls against a naive model: an array and a position. Snapshots are kept with a copy of
 * their bytes and compared to the end, views come and go, and allocations fail now and then. A run that fails
 * prints its seed; BYTESIO_SEED runs that one alone. */
#include "model.h"

static void do_write(void)
{
    uint8_t data[120];
    size_t n = below(5) ? below(40) : below(sizeof data), way = below(6), at = w.pos;
    memset(data, (int)below(256), sizeof data);
    for (size_t i = 0; i < n && way != 3; i++)
        data[i] = (uint8_t)below(256);
    if (way == 1)
        at = below(MOST - sizeof data);
    if (at + n > MOST)
        return;
    bio_status want = verdict(end_of(at, n)), got;
    bio_slice pieces[] = {{data, n / 2}, {NULL, 0}, {data + n / 2, n - n / 2}};
    switch (way) {
    case 0: got = bio_write(w.s, data, n); break;
    case 1: got = bio_pwrite(w.s, data, n, at); break;
    case 2: got = bio_writev(w.s, pieces, 3); break;
    case 3: got = bio_fill(w.s, data[0], n); break;
    case 4:
        for (size_t i = 0; i < n; i++)
            data[i] |= 1; /* no NUL: a string */
        got = bio_printf(w.s, "%.*s", (int)n, (const char *)data);
        break;
    default:
        at = w.len;
        if (at + n > MOST)
            return;
        want = verdict(end_of(at, n));
        got = bio_append(w.s, data, n);
    }
    if (!went(got, want))
        return;
    model_put(data, n, at);
    if (way != 1 && way != 5)
        w.pos += n;
}

/* What a stream shows of itself stays while a window is open, and no change comes in between. */
static void model_behind_a_window(void)
{
    uint64_t pos = 0, len = 0;
    CHECK_STATUS(bio_append(w.s, "x", 1), BYTESIO_BUSY);
    CHECK_OK(bio_where(w.s, &pos, &len));
    CHECK_EQ(pos, w.pos);
    CHECK_EQ(len, w.len);
    CHECK_STREAM(w.s, w.bytes, w.len);
}

static void do_window(void)
{
    size_t min = below(120), max = below(3) ? min + below(200) : min, room = 0, left = MOST - w.pos, n = 0;
    uint64_t end = exported() ? w.len : w.limit < w.room ? w.limit : w.room;
    bool bounded = below(2);
    uint8_t data[MOST], *ptr = NULL;
    min = min < left ? min : left;
    max = max < left ? max : left;
    bool none = bounded ? max == 0 : min == 0 && w.pos >= end; /* an empty window will do */
    size_t least = min + (min == 0 && !none);
    bio_status want = verdict(w.pos + least > w.len ? w.pos + least : w.len);
    if (exported() && w.pos >= w.len)
        want = BYTESIO_EXPORTED;
    if (!went(bounded ? bio_prepare_upto(w.s, min, max, &ptr, &room) : bio_prepare(w.s, min, &ptr, &room),
              want))
        return;
    CHECK(room >= least && room <= (bounded ? max : SIZE_MAX) && (room == 0 || room <= end - w.pos));
    memset(ptr, 0xEE, room);
    model_behind_a_window();
    n = below((room < left ? room : left) + 1);
    for (size_t i = 0; i < n; i++)
        data[i] = (uint8_t)below(256);
    if (n)
        memcpy(ptr, data, n);
    if (below(3) && went(bio_commit(w.s, n), BYTESIO_OK)) {
        model_put(data, n, w.pos);
        w.pos += n;
    } else {
        bio_cancel(w.s);
    }
}

static void do_write_own(void)
{
    const uint8_t *source = NULL;
    size_t len = 0, at = below(MOST / 2);
    kept *k = &w.snaps[below(SNAPS)];
    CHECK_OK(bio_peek_at(w.s, 0, &source, &len));
    CHECK_EQ(len, w.len);
    if (k->snap && below(2)) {
        source = bio_snapshot_data(k->snap);
        len = k->len;
    }
    size_t from = below(len), n = below(len - from + 1);
    uint8_t copy[MOST];
    bool append = below(2);
    at = append ? w.len : at;
    if (at + n > MOST)
        return;
    memcpy(copy, source + from, n);
    bio_status got = append ? bio_append(w.s, source + from, n) : bio_pwrite(w.s, source + from, n, at);
    if (went(got, verdict(end_of(at, n))))
        model_put(copy, n, at);
}

static void do_restore(void)
{
    kept *k = &w.snaps[below(SNAPS)];
    if (!k->snap || !went(bio_restore(w.s, k->snap), verdict(k->len)))
        return;
    memcpy(w.bytes, k->bytes, k->len);
    w.len = k->len;
    w.pos = w.pos < w.len ? w.pos : w.len;
}

static void do_cstr(void)
{
    const char *text = NULL;
    size_t len = 0;
    bool full = w.len && bio_capacity(w.s) == w.len;
    bio_status want = full && exported()        ? BYTESIO_EXPORTED
                      : full && w.len == w.room ? BYTESIO_LIMIT
                                                : BYTESIO_OK;
    if (went(bio_cstr(w.s, &text, &len), want) && CHECK_MEM(text, len, w.bytes, w.len))
        CHECK_EQ(text[len], 0);
}

static void do_write_snapshot(void)
{
    kept *k = &w.snaps[below(SNAPS)];
    if (!k->snap || w.pos + k->len > MOST)
        return;
    if (!went(bio_write_snapshot(w.s, k->snap), verdict(end_of(w.pos, k->len))))
        return;
    model_put(k->bytes, k->len, w.pos);
    w.pos += k->len;
}

static void do_size(void)
{
    size_t size = below(MOST), way = below(6);
    if (way == 0) {
        if (went(bio_truncate(w.s, size), verdict(size < w.len ? size : w.len)))
            w.len = size < w.len ? size : w.len;
    } else if (way == 1) {
        if (went(bio_resize(w.s, size), verdict(size))) {
            if (size > w.len)
                memset(w.bytes + w.len, 0, size - w.len);
            w.len = size;
        }
    } else if (way == 2 && w.len) {
        if (went(bio_clear(w.s), verdict(0)))
            w.len = w.pos = 0;
    } else if (way == 3 && !exported() && w.len + size <= w.limit && w.len + size <= w.room) {
        went(bio_reserve(w.s, size), BYTESIO_OK);
    } else if (way == 4) {
        went(bio_shrink_to_fit(w.s), exported() ? BYTESIO_EXPORTED : BYTESIO_OK);
    } else if (way == 5) {
        uint64_t limit = below(3) ? BYTESIO_NO_LIMIT : size;
        if (went(bio_set_limit(w.s, limit), limit < w.len ? BYTESIO_LIMIT : BYTESIO_OK))
            w.limit = limit;
    }
}

static void do_read(void)
{
    uint8_t buf[MOST];
    const uint8_t *ptr = NULL;
    size_t n = 0, max = below(200), avail = w.pos < w.len ? w.len - w.pos : 0,
           want = max < avail ? max : avail;
    const uint8_t *rest = w.bytes + (w.pos < w.len ? w.pos : 0);
    switch (below(4)) {
    case 0:
        CHECK_OK(bio_read(w.s, buf, max, &n));
        CHECK_MEM(buf, n, rest, want);
        break;
    case 1:
        CHECK_OK(bio_take(w.s, max, &ptr, &n));
        CHECK_MEM(ptr, n, rest, want);
        break;
    case 2:
        if (CHECK_STATUS(bio_read_exact(w.s, buf, max), max > avail ? BYTESIO_EOF : BYTESIO_OK) &&
            max <= avail)
            CHECK_MEM(buf, max, rest, want);
        want = max > avail ? 0 : want;
        break;
    default: {
        const uint8_t *found = want ? memchr(w.bytes + w.pos, w.bytes[w.pos + want / 2], want) : NULL;
        uint8_t delimiter = found ? *found : 0;
        if (found)
            want = (size_t)(found - (w.bytes + w.pos)) + 1;
        else if (want)
            return;
        CHECK_OK(bio_read_until(w.s, delimiter, max, &ptr, &n));
        CHECK_MEM(ptr, n, rest, want);
    }
    }
    w.pos += want;
}

static void do_seek(void)
{
    size_t to = below(4) ? below(w.len + 1) : below(MOST / 2);
    if (below(2)) {
        CHECK_OK(bio_seek(w.s, (int64_t)to, BYTESIO_SEEK_SET | BYTESIO_SEEK_STRICT, NULL));
        w.pos = to;
        return;
    }
    uint64_t at = 77;
    int64_t back = -(int64_t)to, target = (int64_t)w.pos + back;
    bio_status got = bio_seek(w.s, back, BYTESIO_SEEK_CUR | BYTESIO_SEEK_STRICT, &at);
    CHECK_STATUS(got, target < 0 ? BYTESIO_INVALID : BYTESIO_OK);
    CHECK_EQ(at, target < 0 ? 77 : target);
    w.pos = target < 0 ? w.pos : (size_t)target;
}

static void do_snapshot(void)
{
    kept *k = &w.snaps[below(SNAPS)];
    bio_snapshot *snap = NULL;
    size_t way = below(4), from = 0, len = w.len;
    bio_status got;
    if (way == 0) {
        from = w.pos < w.len ? w.pos : w.len;
        len = below(w.len - from + 1);
        got = bio_read_snapshot(w.s, len, &snap);
        w.pos += got == BYTESIO_OK ? len : 0;
    } else if (way == 1 && w.views[0]) {
        got = bio_view_snapshot(w.views[0], &snap);
    } else {
        got = bio_getvalue(w.s, &snap);
    }
    if (!went(got, BYTESIO_OK))
        return;
    if (below(3) == 0) { /* a slice of it instead */
        bio_snapshot *slice = NULL;
        size_t off = below(len + 1), part = below(len - off + 1);
        if (went(bio_snapshot_slice(snap, off, part, &slice), BYTESIO_OK)) {
            bio_snapshot_release(snap);
            snap = slice;
            from += off;
            len = part;
        }
    }
    bio_snapshot_release(k->snap);
    k->snap = snap;
    k->len = len;
    memcpy(k->bytes, w.bytes + from, len);
}

static void do_release(void)
{
    kept *k = &w.snaps[below(SNAPS)];
    bio_snapshot_release(k->snap);
    k->snap = NULL;
}

static void do_view(void)
{
    size_t i = below(VIEWS);
    if (w.views[i] && w.len && w.writable[i] && below(2)) {
        size_t at = below(w.len);
        mutable_bytes(w.views[i])[at] = w.bytes[at] = (uint8_t)below(256);
    } else if (w.views[i]) {
        bio_view_release(w.views[i]);
        w.views[i] = NULL;
    } else if (below(3) == 0) {
        bio_view *view = NULL;
        uint32_t flags = below(2) ? BYTESIO_VIEW_WRITABLE : BYTESIO_VIEW_READONLY;
        if (went(bio_getbuffer(w.s, flags, &view), BYTESIO_OK)) {
            w.views[i] = view;
            w.writable[i] = flags == BYTESIO_VIEW_WRITABLE;
        }
    }
}

static void do_replace(void) /* goes on with a clone, or with the stream that the last snapshot makes */
{
    bio_stream *other = NULL;
    bio_snapshot *last = NULL;
    if (exported() || below(3))
        return;
    if (below(2)) {
        if (!went(bio_clone(w.s, &other), BYTESIO_OK))
            return;
    } else {
        w.book.fail_at = 0; /* half way through there is no way back */
        if (!CHECK_OK(bio_close_take(w.s, &last)) || !CHECK_OK(bio_snapshot_into_stream(last, &other)))
            return;
        w.pos = 0;
    }
    bio_release(w.s);
    w.s = other;
    w.room = UINT64_MAX;
    CHECK_OK(bio_set_limit(w.s, w.limit));
}

static void do_detach(void) /* now and then it goes on with the memory that it gets */
{
    void *data = NULL;
    size_t len = 0, room = below(50);
    bio_stream *other = NULL;
    if (below(3) || !went(bio_detach(w.s, &data, &len), exported() ? BYTESIO_EXPORTED : BYTESIO_OK))
        return;
    if (!CHECK_MEM(data, len, w.bytes, w.len))
        return;
    w.pos = 0;
    if (below(2) || len + room > w.limit) {
        memset(data ? data : w.memory, 0xD7, len); /* nobody else sees that */
        free(data);
        w.len = 0;
        return;
    }
    void *larger = realloc(data, len + room + 1);
    REQUIRE(larger != NULL);
    if (!CHECK_OK(bio_adopt_malloc(larger, len, len + room, &other)))
        return;
    bio_release(w.s);
    w.s = other;
    w.room = UINT64_MAX;
    CHECK_OK(bio_set_limit(w.s, w.limit));
}

static void step(void)
{
    static void (*const calls[])(void) = {
        do_write, do_write,   do_write, do_write_own, do_write_snapshot, do_size,    do_read, do_snapshot,
        do_seek,  do_release, do_view,  do_replace,   do_window,         do_restore, do_cstr, do_detach};
    w.book.fired = false;
    w.book.fail_at = below(6) ? 0 : 1 + below(2);
    calls[below(COUNT(calls))]();
    w.book.fail_at = 0;
    CHECK_EQ(bio_tell(w.s), w.pos);
    CHECK_STREAM(w.s, w.bytes, w.len);
    kept *k = &w.snaps[below(SNAPS)];
    if (k->snap)
        CHECK_SNAPSHOT(k->snap, k->bytes, k->len);
    bio_view *view = w.views[below(VIEWS)];
    if (view)
        CHECK_VIEW(view, w.bytes, w.len);
}

static bool run(uint64_t seed)
{
    int before = atomic_load(&check_failures);
    memset(&w, 0, sizeof w);
    w.random = seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
    w.limit = w.room = UINT64_MAX;
    ledger_open(&w.book, seed % 2 ? LEDGER_NO_REALLOCATE : LEDGER_PLAIN);
    w.len = seed % 4 ? below(300) : 0;
    pattern_fill(w.bytes, w.len, seed);
    switch (seed % 4) {
    case 1: w.s = adopted(w.bytes, w.len, &w.log); break;
    case 2:
        w.room = w.len + below(300);
        memset(w.memory, 0xEE, sizeof w.memory);
        memcpy(w.memory, w.bytes, w.len);
        REQUIRE_OK(bio_new_fixed(w.memory, (size_t)w.room, w.len, &w.s));
        break;
    case 3: w.s = stream_of(w.bytes, w.len); break;
    default: w.s = ledger_stream(&w.book, below(100), 0, 0);
    }
    for (int i = 0; i < STEPS && atomic_load(&check_failures) == before; i++)
        step();
    for (size_t i = 0; i < VIEWS; i++)
        bio_view_release(w.views[i]);
    bio_release(w.s);
    for (size_t i = 0; i < SNAPS; i++) {
        if (w.snaps[i].snap)
            CHECK_SNAPSHOT(w.snaps[i].snap, w.snaps[i].bytes, w.snaps[i].len);
        bio_snapshot_release(w.snaps[i].snap);
    }
    CHECK_EQ(w.log.calls, seed % 4 == 1);
    LEDGER_CLOSE(&w.book);
    if (atomic_load(&check_failures) == before)
        return true;
    return check_fail(__FILE__, __LINE__, "... with BYTESIO_SEED=%ju", (uintmax_t)seed);
}

static void random_calls_do_what_the_model_does(void)
{
    const char *one = getenv("BYTESIO_SEED");
    if (one) {
        run(strtoull(one, NULL, 10));
        return;
    }
    for (uint64_t seed = 0; seed < scaled(200) && run(seed); seed++)
        continue;
}

CHECK_MAIN(CASE(random_calls_do_what_the_model_does))
