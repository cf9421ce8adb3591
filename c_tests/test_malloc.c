/* bio_adopt_malloc and bio_detach: memory from malloc goes in and comes out without a copy, where nobody shares it. */
#include "support.h"

static void *malloced(const void *data, size_t len, size_t capacity)
{
    void *memory = malloc(capacity);
    REQUIRE(memory != NULL);
    memcpy(memory, data, len);
    return memory;
}

static bio_stream *adopt_malloc(void *data, size_t len, size_t capacity)
{
    bio_stream *s = NULL;
    REQUIRE_OK(bio_adopt_malloc(data, len, capacity, &s));
    REQUIRE(s != NULL);
    return s;
}

/* On the heap, also where everything else is mapped. */
static bio_stream *heap_stream(size_t len)
{
    bio_options options = BYTESIO_OPTIONS_INIT;
    bio_stream *s = NULL;
    options.mapped_from = SIZE_MAX;
    REQUIRE_OK(bio_new_with(&options, &s));
    uint8_t *bytes = malloc(len + 1);
    REQUIRE(bytes != NULL);
    pattern_fill(bytes, len, 0);
    CHECK_OK(bio_write(s, bytes, len));
    free(bytes);
    return s;
}

static const void *address_of(bio_stream *s)
{
    const uint8_t *ptr = NULL;
    size_t n = 0;
    CHECK_OK(bio_peek_at(s, 0, &ptr, &n));
    return ptr;
}

/* Detaches "pattern" of `len` bytes, spoils and frees it; whether it was the stream's own memory. The stream is then
 * empty and goes on. */
static bool detach(bio_stream *s, size_t len)
{
    const void *before = address_of(s);
    void *data = NULL;
    size_t n = 0;
    move_to(s, 2);
    REQUIRE_OK(bio_detach(s, &data, &n));
    CHECK_EQ(n, len);
    CHECK(data && pattern_holds(data, n, 0));
    CHECK_EQ(bio_len(s), 0);
    CHECK_EQ(bio_tell(s), 0);
    CHECK(!bio_is_closed(s));
    bool same = data == before;
    void *larger = realloc(data, n + 100); /* malloc's in every respect */
    REQUIRE(larger != NULL);
    memset(larger, 0xD7, n + 100);
    free(larger);
    CHECK_OK(bio_write(s, LIT("again")));
    CHECK_STREAM(s, LIT("again"));
    return same;
}

static void what_is_adopted_is_written_where_it_is(void)
{
    void *data = malloced(LIT("0123456789"), 16);
    bio_stream *s = adopt_malloc(data, 10, 16);
    CHECK_EQ(bio_len(s), 10);
    CHECK_EQ(bio_tell(s), 0);
    CHECK_EQ(bio_capacity(s), 16);
    CHECK_EQ(statistics_of(s).kind, BYTESIO_KIND_HEAP);
    CHECK_OK(bio_write(s, LIT("abc")));
    CHECK_OK(bio_append(s, LIT("ABCDEF")));
    CHECK_PTR(address_of(s), data);
    CHECK_MEM(data, 16, LIT("abc3456789ABCDEF"));
    CHECK_OK(bio_append(s, LIT("and more than there is room for")));
    CHECK_STREAM(s, LIT("abc3456789ABCDEFand more than there is room for"));
    bio_release(s);
}

static void no_bytes_may_be_adopted(void)
{
    bio_stream *s[] = {adopt_malloc(NULL, 0, 0), adopt_malloc(malloc(1), 0, 0),
                       adopt_malloc(malloc(10), 0, 10)};
    for (size_t i = 0; i < COUNT(s); i++) {
        void *data = NULL;
        size_t len = 77;
        CHECK_EQ(bio_len(s[i]), 0);
        CHECK_OK(bio_detach(s[i], &data, &len)); /* and comes out as none */
        CHECK_PTR(data, NULL);
        CHECK_EQ(len, 0);
        CHECK_OK(bio_write(s[i], LIT("content")));
        CHECK_STREAM(s[i], LIT("content"));
        bio_release(s[i]);
    }
}

static void what_is_refused_stays_the_callers(void)
{
    void *data = malloced(LIT("mine"), 4);
    bio_stream *s = NULL;
    CHECK_STATUS(bio_adopt_malloc(data, 5, 4, &s), BYTESIO_INVALID);
    CHECK_STATUS(bio_adopt_malloc(data, 1, 0, &s), BYTESIO_INVALID);
    CHECK_STATUS(bio_adopt_malloc(data, 0, (size_t)PTRDIFF_MAX + 1, &s), BYTESIO_OVERFLOW);
    CHECK_STATUS(bio_adopt_malloc(data, SIZE_MAX, SIZE_MAX, &s), BYTESIO_OVERFLOW);
    CHECK_STATUS(bio_adopt_malloc(data, 0, 4, NULL), BYTESIO_NULL_ARG);
    CHECK_PTR(s, NULL);
    CHECK_MEM(data, 4, LIT("mine"));
    free(data);
}

static void a_snapshot_outlives_adopted_memorys_stream(void)
{
    bio_stream *s = adopt_malloc(malloced(LIT("content"), 100), 7, 100);
    bio_snapshot *snap = value_of(s);
    CHECK_OK(bio_pwrite(s, LIT("C"), 0));
    CHECK_STREAM(s, LIT("Content"));
    bio_release(s);
    CHECK_SNAPSHOT(snap, LIT("content"));
    bio_snapshot_release(snap);
}

static void what_the_stream_alone_holds_comes_out_as_it_is(void)
{
    static const size_t sizes[] = {1, 15, 64, 5000, 300000};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        size_t len = sizes[i];
        bio_stream *s = heap_stream(len), *clone = NULL;
        CHECK(detach(s, len));
        bio_release(s);

        s = heap_stream(len); /* a snapshot that is gone again, a clone, a view, a window */
        bio_snapshot_release(value_of(s));
        REQUIRE_OK(bio_clone(s, &clone));
        bio_release(clone);
        bio_view_release(view_of(s, BYTESIO_VIEW_WRITABLE));
        uint8_t *ptr = NULL;
        size_t room = 0;
        CHECK_OK(bio_prepare(s, 10, &ptr, &room));
        bio_cancel(s);
        CHECK(detach(s, len));
        bio_release(s);

        void *data = malloc(len + 7);
        REQUIRE(data != NULL);
        pattern_fill(data, len, 0);
        s = adopt_malloc(data, len, len + 7);
        CHECK(detach(s, len));
        bio_release(s);
    }
}

static void what_others_need_is_copied(void)
{
    enum { LEN = 20000 };
    bio_stream *s = heap_stream(LEN), *clone = NULL;
    bio_snapshot *snap = value_of(s), *slice = NULL;
    CHECK(!detach(s, LEN));
    CHECK(pattern_holds(bio_snapshot_data(snap), LEN, 0));
    bio_release(s);

    s = heap_stream(LEN);
    bio_snapshot *whole = value_of(s);
    REQUIRE_OK(bio_snapshot_slice(whole, 100, 50, &slice));
    bio_snapshot_release(whole);
    CHECK(!detach(s, LEN));
    CHECK(pattern_holds(bio_snapshot_data(slice), 50, 100));
    bio_release(s);

    s = heap_stream(LEN);
    REQUIRE_OK(bio_clone(s, &clone));
    CHECK(!detach(s, LEN));
    CHECK(detach(clone, LEN)); /* nobody else's any more */
    bio_release(clone);
    bio_release(s);

    bio_stream *from = NULL;
    REQUIRE_OK(bio_from_snapshot(snap, &from));
    CHECK(!detach(from, LEN));
    bio_release(from);
    REQUIRE_OK(bio_snapshot_into_stream(snap, &from));
    CHECK(detach(from, LEN));
    bio_release(from);
    bio_snapshot_release(slice);
}

static void memory_that_is_not_mallocs_is_copied(void)
{
    enum { LEN = 3000 };
    uint8_t fixed[LEN + 10];
    release_log log = {0};
    pattern_fill(fixed, LEN, 0);
    bio_stream *s = adopted(fixed, LEN, &log);
    CHECK(!detach(s, LEN));
    CHECK_EQ(log.calls, 1); /* let go at once */
    bio_release(s);

    REQUIRE_OK(bio_new_fixed(fixed, sizeof fixed, LEN, &s));
    CHECK(!detach(s, LEN));
    CHECK_EQ(bio_capacity(s), sizeof fixed);
    CHECK_MEM(fixed, 5, LIT("again")); /* still its memory */
    bio_release(s);

    ledger book;
    ledger_open(&book, LEDGER_PLAIN);
    s = ledger_stream(&book, 0, 0, 0);
    pattern_fill(fixed, LEN, 0);
    CHECK_OK(bio_write(s, fixed, LEN));
    CHECK(!detach(s, LEN));
    bio_release(s);
    LEDGER_CLOSE(&book);

    bio_options options = BYTESIO_OPTIONS_INIT;
    options.mapped_from = 1;
    REQUIRE_OK(bio_new_with(&options, &s));
    CHECK_OK(bio_write(s, fixed, LEN));
    bool mapped = statistics_of(s).kind == BYTESIO_KIND_MAPPED;
    CHECK(detach(s, LEN) == !mapped);
    bio_release(s);
}

/* A stream that is overwritten under snapshots keeps blocks to write again; what has left it is none of them. */
static void detached_memory_does_not_come_home(void)
{
    enum { LEN = 50000, HELD = 3 };
    bio_stream *s = heap_stream(LEN);
    bio_snapshot *held[HELD] = {NULL};
    for (size_t i = 0; i < 60; i++) {
        bio_snapshot_release(held[i % HELD]);
        held[i % HELD] = value_of(s);
        uint8_t byte = pattern_at(i * 800);
        CHECK_OK(bio_pwrite(s, &byte, 1, i * 800)); /* the same byte: a change all the same */
        if (i % 7 == 6) {
            CHECK(detach(s, LEN));
            CHECK_OK(bio_clear(s));
            for (size_t at = 0; at < LEN; at += 1000) {
                uint8_t bytes[1000];
                pattern_fill(bytes, sizeof bytes, at);
                CHECK_OK(bio_write(s, bytes, sizeof bytes));
            }
        }
        for (size_t k = 0; k < HELD; k++)
            CHECK(!held[k] || pattern_holds(bio_snapshot_data(held[k]), LEN, 0));
    }
    CHECK(statistics_of(s).updates > 0);
    CHECK(detach(s, LEN));
    bio_release(s);
    for (size_t k = 0; k < HELD; k++) {
        CHECK(pattern_holds(bio_snapshot_data(held[k]), LEN, 0));
        bio_snapshot_release(held[k]);
    }
}

/* Under a writable view snapshots are captures, in blocks of their own. */
static void after_captures_the_content_comes_out(void)
{
    enum { LEN = 700000 };
    bio_stream *s = heap_stream(LEN);
    bio_view *view = view_of(s, BYTESIO_VIEW_WRITABLE);
    bio_snapshot *snaps[4];
    for (size_t i = 0; i < COUNT(snaps); i++) {
        uint8_t *to = NULL;
        snaps[i] = value_of(s);
        REQUIRE_OK(bio_view_data_mut(view, &to));
        to[i * 100000] = pattern_at(i * 100000);
    }
    bio_view_release(view);
    CHECK(detach(s, LEN));
    for (size_t i = 0; i < COUNT(snaps); i++) {
        CHECK(pattern_holds(bio_snapshot_data(snaps[i]), LEN, 0));
        bio_snapshot_release(snaps[i]);
    }
    bio_release(s);
}

static void a_view_or_a_window_is_in_the_way(void)
{
    void *data = NULL;
    size_t len = 0, room = 0;
    uint8_t *ptr = NULL;
    bio_stream *s = heap_stream(10);
    bio_view *view = view_of(s, BYTESIO_VIEW_READONLY);
    CHECK_STATUS(bio_detach(s, &data, &len), BYTESIO_EXPORTED);
    bio_view_release(view);
    CHECK_OK(bio_prepare(s, 1, &ptr, &room));
    CHECK_STATUS(bio_detach(s, &data, &len), BYTESIO_BUSY);
    bio_cancel(s);
    CHECK_OK(bio_clear(s));
    view = view_of(s, BYTESIO_VIEW_READONLY); /* of nothing, and still one */
    CHECK_STATUS(bio_detach(s, &data, &len), BYTESIO_EXPORTED);
    bio_view_release(view);
    CHECK_OK(bio_close(s));
    CHECK_STATUS(bio_detach(s, &data, &len), BYTESIO_CLOSED);
    CHECK(data == NULL && len == 0);
    bio_release(s);
}

static void growth_stays_mallocs_at_any_size(void)
{
    size_t len = (size_t)33 << 20; /* other streams are mapped by then */
    bio_stream *s = adopt_malloc(malloc(100), 0, 100);
    CHECK_OK(bio_fill(s, 'x', len));
    CHECK_EQ(statistics_of(s).kind, BYTESIO_KIND_HEAP);
    const void *before = address_of(s);
    void *data = NULL;
    size_t n = 0;
    CHECK_OK(bio_detach(s, &data, &n));
    CHECK_PTR(data, before);
    CHECK_EQ(n, len);
    bio_release(s);
    free(data);
}

static void *append_much(void *stream)
{
    for (size_t i = 0; i < scaled(500); i++)
        CHECK_OK(bio_append(stream, LIT("0123456789")));
    return NULL;
}

static void what_threads_append_comes_out_once(void)
{
    pthread_t threads[3];
    bio_stream *s = bio_new();
    size_t total = 0, want = COUNT(threads) * scaled(500) * 10;
    for (size_t i = 0; i < COUNT(threads); i++)
        thread_start(&threads[i], append_much, s);
    while (total < want) {
        void *data = NULL;
        size_t len = 0;
        bio_snapshot *snap = value_of(s);
        REQUIRE_OK(bio_detach(s, &data, &len));
        bio_snapshot_release(snap);
        CHECK_EQ(len % 10, 0);
        for (size_t at = 0; at < len; at += 10)
            CHECK_MEM((char *)data + at, 10, LIT("0123456789"));
        free(data);
        total += len;
    }
    for (size_t i = 0; i < COUNT(threads); i++)
        thread_join(threads[i]);
    CHECK_EQ(total + bio_len(s), want);
    bio_release(s);
}

CHECK_MAIN(CASE(what_is_adopted_is_written_where_it_is), CASE(no_bytes_may_be_adopted),
           CASE(what_is_refused_stays_the_callers), CASE(a_snapshot_outlives_adopted_memorys_stream),
           CASE(what_the_stream_alone_holds_comes_out_as_it_is), CASE(what_others_need_is_copied),
           CASE(memory_that_is_not_mallocs_is_copied), CASE(detached_memory_does_not_come_home),
           CASE(after_captures_the_content_comes_out), CASE(a_view_or_a_window_is_in_the_way),
           CASE(growth_stays_mallocs_at_any_size), CASE(what_threads_append_comes_out_once))
