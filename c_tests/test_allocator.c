/* allocator_done: the end of a caller's allocator is told once, when nothing uses it any more. */
#include "support.h"

/* An allocator that lives in its own context and goes with it: a use afterwards is seen by valgrind. */
typedef struct arena {
    atomic_size_t live;
    bio_stream *user; /* written by `arena_done`, when set */
    int *ends;        /* counts the calls of `arena_done` */
    bio_allocator allocator;
} arena;

static void *arena_allocate(void *ctx, size_t size, size_t align)
{
    arena *a = ctx;
    CHECK(align <= _Alignof(max_align_t));
    void *ptr = malloc(size);
    atomic_fetch_add(&a->live, ptr != NULL);
    return ptr;
}

static void arena_deallocate(void *ctx, void *ptr, size_t size, size_t align)
{
    arena *a = ctx;
    (void)size, (void)align;
    atomic_fetch_sub(&a->live, 1);
    free(ptr);
}

static void arena_done(void *ctx)
{
    arena *a = ctx;
    CHECK_EQ(atomic_load(&a->live), 0);
    if (a->user)
        CHECK_OK(bio_write(a->user, LIT("the end")));
    ++*a->ends;
    free(a);
}

static arena *arena_new(int *ends)
{
    arena *a = calloc(1, sizeof *a);
    REQUIRE(a != NULL);
    a->ends = ends;
    a->allocator = (bio_allocator){arena_allocate, NULL, arena_deallocate, a};
    return a;
}

static bio_options options_of(arena *a)
{
    bio_options options = BYTESIO_OPTIONS_INIT;
    options.allocator = &a->allocator;
    options.allocator_done = arena_done;
    return options;
}

static bio_stream *arena_stream(int *ends)
{
    bio_options options = options_of(arena_new(ends));
    bio_stream *s = NULL;
    REQUIRE_OK(bio_new_with(&options, &s));
    CHECK_EQ(*ends, 0);
    return s;
}

static void it_comes_with_the_last_release(void)
{
    int ends = 0;
    bio_stream *s = arena_stream(&ends);
    CHECK_OK(bio_write(s, LIT("content")));
    CHECK_PTR(bio_retain(s), s);
    bio_release(s);
    CHECK_OK(bio_close(s));
    CHECK_EQ(ends, 0); /* the handle is its memory too */
    bio_release(s);
    CHECK_EQ(ends, 1);
}

static void whoever_is_last_ends_it(void)
{
    enum { HOLDERS = 7 };
    for (size_t last = 0; last < HOLDERS; last++) {
        int ends = 0;
        bio_stream *s = arena_stream(&ends), *clone = NULL, *from = NULL, *other = bio_new();
        bio_snapshot *slice = NULL;
        CHECK_OK(bio_write(s, LIT("content")));
        bio_snapshot *snap = value_of(s);
        bio_view *view = view_of(s, BYTESIO_VIEW_WRITABLE);
        REQUIRE_OK(bio_clone(s, &clone));
        REQUIRE_OK(bio_from_snapshot(snap, &from));
        REQUIRE_OK(bio_snapshot_slice(snap, 2, 3, &slice));
        REQUIRE_OK(bio_write_snapshot(other, snap)); /* malloc's stream, but the bytes are the arena's */
        for (size_t turn = 1; turn <= HOLDERS; turn++) {
            CHECK_EQ(ends, 0);
            switch ((last + turn) % HOLDERS) {
            case 0: bio_release(s); break;
            case 1: bio_release(clone); break;
            case 2: bio_release(from); break;
            case 3: bio_release(other); break;
            case 4: bio_snapshot_release(slice); break;
            case 5: bio_view_release(view); break;
            default: bio_snapshot_release(snap);
            }
        }
        CHECK_EQ(ends, 1);
    }
}

/* Memory that a stream wants back from its readers is kept for it, and no longer than it lives. */
static void what_is_kept_for_reuse_goes_with_the_last_holder(void)
{
    for (int stream_last = 0; stream_last < 2; stream_last++) {
        int ends = 0;
        bio_stream *s = arena_stream(&ends);
        bio_snapshot *held[3] = {NULL};
        CHECK_OK(bio_fill(s, 'x', 50000));
        for (size_t i = 0; i < 30; i++) {
            bio_snapshot_release(held[i % COUNT(held)]);
            held[i % COUNT(held)] = value_of(s);
            CHECK_OK(bio_pwrite(s, LIT("changed"), 100 * i));
        }
        CHECK(statistics_of(s).updates > 0);
        if (!stream_last)
            bio_release(s);
        for (size_t i = 0; i < COUNT(held); i++) {
            CHECK_EQ(ends, 0);
            bio_snapshot_release(held[i]);
        }
        if (stream_last) {
            CHECK_EQ(ends, 0);
            bio_release(s);
        }
        CHECK_EQ(ends, 1); /* without bio_trim() */
    }
}

static void a_stream_that_was_not_made_leaves_the_allocator_to_its_caller(void)
{
    int ends = 0;
    arena *a = arena_new(&ends);
    bio_options options = options_of(a);
    bio_stream *s = NULL;
    options.flags = UINT32_MAX;
    CHECK_STATUS(bio_new_with(&options, &s), BYTESIO_INVALID);
    options.flags = 0;
    options.capacity = 10;
    options.limit = 5;
    CHECK_STATUS(bio_new_with(&options, &s), BYTESIO_LIMIT);
    options.capacity = SIZE_MAX;
    options.limit = 0;
    CHECK_STATUS(bio_new_with(&options, &s), BYTESIO_OVERFLOW);
    CHECK_STATUS(bio_new_with(&options, NULL), BYTESIO_NULL_ARG);
    CHECK_EQ(a->live, 0);
    free(a);

    ledger book;
    ledger_open(&book, LEDGER_PLAIN);
    options = (bio_options)BYTESIO_OPTIONS_INIT;
    options.capacity = 100;
    options.allocator = &book.allocator;
    options.allocator_done = ledger_done;
    size_t refused = 0;
    for (size_t n = 1; n < 10; n++) {
        size_t done = book.done;
        book.fail_at = n;
        bio_status status = bio_new_with(&options, &s);
        CHECK_EQ(book.done, done);
        if (status == BYTESIO_OK) {
            book.streams++;
            bio_release(s);
        } else {
            CHECK_STATUS(status, BYTESIO_NOMEM);
            refused++;
        }
        CHECK_EQ(book.live, 0);
    }
    CHECK(refused >= 2); /* the first one and the last one; the block has a second chance */
    book.fail_at = 0;
    LEDGER_CLOSE(&book);
    CHECK_EQ(ends, 0);
}

static void without_an_allocator_it_is_invalid(void)
{
    bio_options options = BYTESIO_OPTIONS_INIT;
    bio_stream *s = NULL;
    options.allocator_done = arena_done;
    CHECK_STATUS(bio_new_with(&options, &s), BYTESIO_INVALID);
    CHECK_PTR(s, NULL);
}

static void an_older_callers_struct_has_none(void)
{
    ledger book;
    ledger_open(&book, LEDGER_PLAIN);
    bio_options options = BYTESIO_OPTIONS_INIT;
    options.struct_size = offsetof(bio_options, allocator_done);
    options.allocator = &book.allocator;
    options.allocator_done = (bio_done_fn)(uintptr_t)0x5a5a; /* not looked at */
    bio_stream *s = NULL;
    REQUIRE_OK(bio_new_with(&options, &s));
    CHECK_OK(bio_write(s, LIT("content")));
    bio_release(s);
    LEDGER_CLOSE(&book);
}

static void each_stream_tells_its_own_end(void)
{
    ledger book;
    ledger_open(&book, LEDGER_PLAIN);
    bio_stream *one = ledger_stream(&book, 0, 0, 0),
               *two = ledger_stream(&book, 10, 0, BYTESIO_STREAM_UNLOCKED);
    bio_release(one);
    CHECK_EQ(book.done, 1);
    bio_release(two);
    CHECK_EQ(book.done, 2);
    LEDGER_CLOSE(&book);
}

/* The arena's last bytes are in a stream of malloc's, which a change makes let go: no lock is held then. */
static void it_may_use_the_stream_that_let_go(void)
{
    company c;
    company_start(&c);
    int ends = 0;
    arena *a = arena_new(&ends);
    bio_options options = options_of(a);
    bio_stream *first = NULL, *s = bio_new();
    bio_snapshot *snap = NULL;
    REQUIRE_OK(bio_new_with(&options, &first));
    CHECK_OK(bio_write(first, LIT("content")));
    REQUIRE_OK(bio_close_take(first, &snap));
    bio_release(first);
    CHECK_OK(bio_write_snapshot(s, snap));
    bio_snapshot_release(snap);
    CHECK_EQ(ends, 0);
    a->user = s;
    CHECK_OK(bio_truncate(s, 0));
    CHECK_EQ(ends, 0);
    CHECK_OK(bio_shrink_to_fit(s));
    CHECK_EQ(ends, 1);
    CHECK_STREAM(s, LIT("\0\0\0\0\0\0\0the end"));
    bio_release(s);
    company_stop(&c);
}

static void *release_one(void *snapshot)
{
    bio_snapshot_release(snapshot);
    return NULL;
}

static void of_racing_threads_one_tells_it(void)
{
    for (size_t round = 0; round < scaled(20); round++) {
        pthread_t threads[4];
        int ends = 0;
        bio_stream *s = arena_stream(&ends);
        for (size_t i = 0; i < COUNT(threads); i++) {
            CHECK_OK(bio_write(s, LIT("more")));
            thread_start(&threads[i], release_one, value_of(s));
        }
        bio_release(s);
        for (size_t i = 0; i < COUNT(threads); i++)
            thread_join(threads[i]);
        CHECK_EQ(ends, 1);
    }
}

CHECK_MAIN(CASE(it_comes_with_the_last_release), CASE(whoever_is_last_ends_it),
           CASE(what_is_kept_for_reuse_goes_with_the_last_holder),
           CASE(a_stream_that_was_not_made_leaves_the_allocator_to_its_caller),
           CASE(without_an_allocator_it_is_invalid), CASE(an_older_callers_struct_has_none),
           CASE(each_stream_tells_its_own_end), CASE(it_may_use_the_stream_that_let_go),
           CASE(of_racing_threads_one_tells_it))
