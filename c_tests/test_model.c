/* Long random lists of calls against a naive model: an array and a position. Snapshots are kept with a copy of
 * their bytes and compared to the end, views come and go, and allocations fail now and then. A run that fails
 * prints its seed; BYTESIO_SEED runs that one alone. */
#include "support.h"

enum { MOST = 700, SNAPS = 12, VIEWS = 3, STEPS = 400 };

typedef struct kept {
    bio_snapshot *snap;
    uint8_t bytes[MOST];
    size_t len;
} kept;

static struct world {
    uint64_t random;
    ledger book;
    bio_stream *s;
    uint8_t bytes[MOST];
    size_t len, pos;
    uint64_t limit, room; /* the limit that was set, and what fixed memory has */
    kept snaps[SNAPS];
    bio_view *views[VIEWS];
    bool writable[VIEWS];
    uint8_t memory[MOST];
    release_log log;
} w;

static size_t below(size_t n) /* xorshift: the same list on every machine */
{
    w.random ^= w.random << 13;
    w.random ^= w.random >> 7;
    w.random ^= w.random << 17;
    return n ? (size_t)(w.random >> 11) % n : 0;
}

static bool exported(void)
{
    for (size_t i = 0; i < VIEWS; i++)
        if (w.views[i])
            return true;
    return false;
}

/* What the contract says of a call that would leave the stream with `len` bytes. */
static bio_status verdict(size_t len)
{
    if (len != w.len && exported())
        return BYTESIO_EXPORTED;
    if (len > w.len && (len > w.limit || len > w.room))
        return BYTESIO_LIMIT;
    return BYTESIO_OK;
}

/* True when the call has done it; a refused allocation is the only other way out. */
static bool went(bio_status got, bio_status want)
{
    if (got == BYTESIO_NOMEM && w.book.fired)
        return false;
    return CHECK_STATUS(got, want) && want == BYTESIO_OK;
}

static void model_put(const uint8_t *data, size_t n, size_t offset)
{
    if (n == 0)
        return;
    if (offset > w.len)
        memset(w.bytes + w.len, 0, offset - w.len);
    memmove(w.bytes + offset, data, n);
    w.len = offset + n > w.len ? offset + n : w.len;
}

static size_t end_of(size_t offset, size_t n)
{
    return n && offset + n > w.len ? offset + n : w.len;
}

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
    uint8_t *ptr = NULL;
    size_t room = 0;
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
        n += n == 0;
        if (at + n > MOST)
            return;
        want = verdict(end_of(at, n));
        got = bio_prepare(w.s, n, &ptr, &room);
        if (got == BYTESIO_OK) {
            memcpy(ptr, data, n);
            if (below(4) == 0)
                n = below(n); /* fewer than asked for, or none */
            got = bio_commit(w.s, n);
            if (got != BYTESIO_OK)
                CHECK_OK(bio_commit(w.s, 0));
        }
    }
    if (!went(got, want))
        return;
    model_put(data, n, at);
    if (way != 1)
        w.pos += n;
}

static void do_write_own(void)
{
    const uint8_t *source = NULL;
    size_t len = 0, at = below(MOST / 2);
    kept *k = &w.snaps[below(SNAPS)];
    CHECK_OK(bio_peek(w.s, &source, &len));
    if (k->snap && below(2)) {
        source = bio_snapshot_data(k->snap);
        len = k->len;
    }
    size_t from = below(len), n = below(len - from + 1);
    uint8_t copy[MOST];
    if (at + n > MOST)
        return;
    memcpy(copy, source + from, n);
    if (went(bio_pwrite(w.s, source + from, n, at), verdict(end_of(at, n))))
        model_put(copy, n, at);
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
    if (below(2)) {
        CHECK_OK(bio_read(w.s, buf, max, &n));
        CHECK_MEM(buf, n, w.bytes + (w.pos < w.len ? w.pos : 0), want);
    } else {
        const uint8_t *found = want ? memchr(w.bytes + w.pos, w.bytes[w.pos + want / 2], want) : NULL;
        uint8_t delimiter = found ? *found : 0;
        if (found)
            want = (size_t)(found - (w.bytes + w.pos)) + 1;
        else if (want)
            return;
        CHECK_OK(bio_read_until(w.s, delimiter, max, &ptr, &n));
        if (CHECK_EQ(n, want) && n)
            CHECK_MEM(ptr, n, w.bytes + w.pos, want);
    }
    w.pos += want;
}

static void do_seek(void)
{
    size_t to = below(4) ? below(w.len + 1) : below(MOST / 2);
    CHECK_OK(bio_seek(w.s, (int64_t)to, BYTESIO_SEEK_SET, NULL));
    w.pos = to;
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
    static void (*const calls[])(void) = {do_write, do_write,   do_write,    do_write_own, do_write_snapshot,
                                          do_size,  do_read,    do_snapshot, do_seek,      do_release,
                                          do_view,  do_replace, do_detach};
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
