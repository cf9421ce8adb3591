/* "Calls back:" in the header, both ways: every function, on streams with an allocator and over adopted memory, in
 * every state that matters to what is freed. A callback that a function's text excludes fails the check in called_back();
 * one that it names has to happen here at least once.
 */
#include "support.h"

#include "calls.h"
#include "changes.h"

/* ---- streams of "0123456789" ------------------------------------------------------------------------------- */

static ledger book;
static release_log let_go;

typedef struct scene {
    bio_stream *s;
    bio_snapshot *snap;
    bio_view *view;
    bool adopted, allocated;
} scene;

static void from_allocator(scene *c)
{
    ledger_open(&book, LEDGER_PLAIN);
    c->s = ledger_stream(&book, 0, 0, 0);
    REQUIRE_OK(bio_write(c->s, LIT(CHANGES_TEXT)));
    c->allocated = true;
}

static void from_adopted(scene *c)
{
    let_go = (release_log){0};
    c->s = adopted(LIT(CHANGES_TEXT), &let_go);
    c->adopted = true;
    move_to(c->s, CHANGES_LEN);
}

/* A stream with an allocator, and without a lock, whose bytes are adopted memory. */
static void from_both(scene *c)
{
    bio_snapshot *snap = NULL;
    let_go = (release_log){0};
    ledger_open(&book, LEDGER_PLAIN);
    c->s = ledger_stream(&book, 0, 0, BYTESIO_STREAM_UNLOCKED);
    REQUIRE_OK(bio_snapshot_adopt(foreign_copy(LIT(CHANGES_TEXT)), CHANGES_LEN, log_release, &let_go, &snap));
    REQUIRE_OK(bio_write_snapshot(c->s, snap));
    bio_snapshot_release(snap);
    c->adopted = true;
    c->allocated = true;
}

static void alone(scene *c)
{
    (void)c;
}

static void snapshot_held(scene *c)
{
    c->snap = value_of(c->s);
}

static void snapshot_gone(scene *c)
{
    bio_snapshot_release(value_of(c->s));
}

static void view_held(scene *c)
{
    c->view = view_of(c->s, BYTESIO_VIEW_READONLY);
}

static void writable_view_held(scene *c)
{
    c->view = view_of(c->s, BYTESIO_VIEW_WRITABLE);
}

static void overwritten_view(scene *c)
{
    c->snap = value_of(c->s);
    c->view = view_of(c->s, BYTESIO_VIEW_READONLY);
    REQUIRE_OK(bio_pwrite(c->s, LIT("x"), 0));
    bio_snapshot_release(c->snap);
    c->snap = NULL;
}

static void overwritten_again_and_again(scene *c)
{
    for (int i = 0; i < 4; i++) {
        bio_snapshot *snap = value_of(c->s);
        REQUIRE_OK(bio_pwrite(c->s, LIT("x"), (uint64_t)i));
        bio_snapshot_release(snap);
    }
    c->snap = value_of(c->s);
}

static void captured(scene *c)
{
    c->view = view_of(c->s, BYTESIO_VIEW_WRITABLE);
    for (int i = 0; i < 3; i++) {
        bio_snapshot_release(value_of(c->s));
        mutable_bytes(c->view)[i] = 'c';
    }
}

static void window_open(scene *c)
{
    uint8_t *ptr = NULL;
    size_t capacity = 0;
    move_to(c->s, 2);
    REQUIRE_OK(bio_prepare(c->s, 3, &ptr, &capacity));
    memcpy(ptr, "www", 3);
}

static void emptied(scene *c)
{
    REQUIRE_OK(bio_truncate(c->s, 0));
}

static void (*const origins[])(scene *c) = {from_allocator, from_adopted, from_both};
static void (*const states[])(scene *c) = {
    alone,
    snapshot_held,
    snapshot_gone,
    view_held,
    writable_view_held,
    overwritten_view,
    overwritten_again_and_again,
    captured,
    window_open,
    emptied,
};

static void end(scene *c)
{
    bio_view_release(c->view);
    bio_snapshot_release(c->snap);
    bio_release(c->s);
    if (c->adopted)
        CHECK_EQ(let_go.calls, 1);
    if (c->allocated)
        LEDGER_CLOSE(&book);
}

/* One scene for every stream, state and `act`. */
static void in_every_state(void (*act)(scene *c, size_t which), size_t which)
{
    for (size_t origin = 0; origin < COUNT(origins); origin++) {
        for (size_t state = 0; state < COUNT(states); state++) {
            scene c = {0};
            origins[origin](&c);
            states[state](&c);
            act(&c, which);
            end(&c);
        }
    }
}

/* ---- what is done ------------------------------------------------------------------------------------------ */

static void call_table(scene *c, size_t which)
{
    (void)!stream_calls[which].call(c->s);
}

static void change_table(scene *c, size_t which)
{
    if (bio_len(c->s) == CHANGES_LEN) /* the table counts on that */
        (void)!changes[which].apply(c->s);
}

/* A call with a status that may be any: what counts is who is called meanwhile. */
#define ANY(call) ((void)!(call))

static void questions(scene *c, size_t which)
{
    bio_stream *s = c->s;
    (void)which;
    bio_tell(s);
    bio_len(s);
    bio_capacity(s);
    bio_export_count(s);
    bio_is_closed(s);
    bio_trim();
    bio_version();
    bio_version_number();
    bio_strerror(BYTESIO_BUSY);
    bio_status_errno(BYTESIO_BUSY);
    bio_release(bio_retain(s));
}

#define SEARCHES(sort, handle)                                 \
    do {                                                       \
        size_t n;                                              \
        int32_t order;                                         \
        bool truth;                                            \
        ANY(bio_##sort##_find(handle, "5", 1, 0, &n));         \
        ANY(bio_##sort##_rfind(handle, "5", 1, 0, &n));        \
        ANY(bio_##sort##_count(handle, "5", 1, &n));           \
        ANY(bio_##sort##_compare(handle, "5", 1, &order));     \
        ANY(bio_##sort##_starts_with(handle, "5", 1, &truth)); \
        ANY(bio_##sort##_ends_with(handle, "5", 1, &truth));   \
    } while (0)

static void with_a_snapshot(scene *c, size_t which)
{
    bio_snapshot *snap = value_of(c->s), *part = NULL;
    bio_stream *stream = NULL;
    (void)which;
    SEARCHES(snapshot, snap);
    bio_snapshot_data(snap);
    bio_snapshot_len(snap);
    bio_snapshot_release(bio_snapshot_retain(snap));
    if (bio_snapshot_slice(snap, bio_snapshot_len(snap) / 2, 0, &part) == BYTESIO_OK)
        bio_snapshot_release(part);
    if (bio_from_snapshot(snap, &stream) == BYTESIO_OK)
        bio_release(stream);
    ANY(bio_write_snapshot(c->s, snap));
    ANY(bio_close(c->s)); /* gives way: the snapshot is the last to hold the bytes */
    if (bio_snapshot_into_stream(snap, &stream) == BYTESIO_OK)
        bio_release(stream);
}

static void the_snapshot_last(scene *c, size_t which)
{
    bio_snapshot *snap = value_of(c->s);
    (void)which;
    bio_view_release(c->view);
    c->view = NULL;
    ANY(bio_close(c->s));
    bio_snapshot_release(snap);
}

static void with_a_view(scene *c, size_t which)
{
    bio_view *view = view_of(c->s, BYTESIO_VIEW_READONLY), *part = NULL;
    bio_snapshot *snap = NULL;
    (void)which;
    SEARCHES(view, view);
    bio_view_len(view);
    bio_view_is_readonly(view);
    bio_view_release(bio_view_retain(view));
    REQUIRE_OK(bio_view_slice(view, 0, 0, &part));
    bio_view_release(part);
    REQUIRE_OK(bio_view_to_readonly(view, &part));
    bio_view_release(part);
    if (bio_view_snapshot(view, &snap) == BYTESIO_OK)
        bio_snapshot_release(snap);
    ANY(bio_pwrite(c->s, "y", 1, 0)); /* may move the bytes away from under the view */
    bio_view_data(view);
    if (c->view)
        bio_view_data(c->view);
    bio_view_release(view);
}

static void the_view_last(scene *c, size_t which)
{
    bio_view *view = view_of(c->s, BYTESIO_VIEW_READONLY);
    (void)which;
    ANY(bio_close(c->s));
    bio_view_release(c->view);
    c->view = NULL;
    bio_view_release(view);
}

static bio_status print_list(bio_stream *stream, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    bio_status status = bio_vprintf(stream, format, args);
    va_end(args);
    return status;
}

static void print_from_a_list(scene *c, size_t which)
{
    (void)which;
    ANY(print_list(c->s, "%0300d", 1));
}

static void commit_the_window(scene *c, size_t which)
{
    (void)which;
    ANY(bio_commit(c->s, 2));
}

static void cancel_the_window(scene *c, size_t which)
{
    (void)which;
    bio_cancel(c->s);
}

/* ---- the tests --------------------------------------------------------------------------------------------- */

static void every_call_in_every_state(void)
{
    void (*const acts[])(scene *c, size_t which) = {questions,         with_a_snapshot,  the_snapshot_last,
                                                    with_a_view,       the_view_last,    print_from_a_list,
                                                    commit_the_window, cancel_the_window};
    for (size_t i = 0; i < COUNT(stream_calls); i++)
        in_every_state(call_table, i);
    for (size_t i = 0; i < COUNT(changes); i++)
        in_every_state(change_table, i);
    for (size_t i = 0; i < COUNT(acts); i++)
        in_every_state(acts[i], 0);
}

/* Adopted memory without bytes is held too, and let go by calls that have nothing else to do. */
static void adopted_memory_of_no_bytes(void)
{
    for (size_t i = 0; i < COUNT(stream_calls); i++) {
        release_log log = {0};
        bio_stream *s = adopted("", 0, &log);
        ANY(stream_calls[i].call(s));
        bio_release(s);
        CHECK_EQ(log.calls, 1);
    }
}

static void constructors(void)
{
    char text[] = "constructed";
    bio_stream *s = bio_new();
    bio_snapshot *snap = NULL;
    bio_release(s);
    REQUIRE_OK(bio_from_bytes(text, 5, &s));
    bio_release(s);
    REQUIRE_OK(bio_new_fixed(text, 5, 5, &s));
    bio_release(s);
    REQUIRE_OK(bio_adopt_malloc(malloc(5), 0, 5, &s));
    bio_release(s);
    REQUIRE_OK(bio_snapshot_new(text, 5, &snap));
    bio_snapshot_release(snap);
    release_log log = {0};
    REQUIRE_OK(bio_snapshot_adopt(foreign_copy(text, 5), 5, log_release, &log, &snap));
    bio_snapshot_release(snap);
    CHECK_EQ(log.calls, 1);
}

/* What is true and cannot be brought about on one thread. */
static const struct {
    int function;
    unsigned may;
} not_seen_here[] = {
    /* Another thread makes the stream leave the memory while this one runs out of it for the handle. */
    {CALL_bio_clone, CALLS_RELEASE},
    {CALL_bio_view_slice, CALLS_RELEASE},
    {CALL_bio_view_to_readonly, CALLS_RELEASE},
};

static unsigned expected(int function, unsigned may)
{
    for (size_t i = 0; i < COUNT(not_seen_here); i++)
        if (not_seen_here[i].function == function)
            may &= ~not_seen_here[i].may;
    return may | CALLS_HAPPENED;
}

static void what_is_said_has_happened(void)
{
#define SAID(name, may) {#name, CALL_##name, may},
    static const struct {
        const char *name;
        int function;
        unsigned may;
    } said[] = {CALLS_BACK_TABLE(SAID)};
    for (size_t i = 0; i < COUNT(said); i++) {
        unsigned want = expected(said[i].function, said[i].may);
        unsigned missing = want & ~calls_back_seen(said[i].function);
        if (missing)
            check_fail(__FILE__, __LINE__, "%s:%s%s%s", said[i].name,
                       missing & CALLS_HAPPENED ? " not called" : "",
                       missing & CALLS_ALLOCATOR ? " the allocator was never called" : "",
                       missing & CALLS_RELEASE ? " no release function was ever called" : "");
    }
}

static void functions_call_back_as_their_texts_say(void)
{
    every_call_in_every_state();
    adopted_memory_of_no_bytes();
    constructors();
    what_is_said_has_happened();
}

CHECK_MAIN(CASE(functions_call_back_as_their_texts_say))
