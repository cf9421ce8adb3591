/* Foreign memory: the callback comes exactly once, as soon as nothing needs the bytes, with no lock held. */
#include "changes.h"

static bio_stream *adopted_to_change(release_log *log)
{
    bio_stream *s = adopted(LIT(CHANGES_TEXT), log);
    move_to(s, CHANGES_AT);
    return s;
}

static void each_change_lets_the_memory_go_at_once_and_once(void)
{
    for (size_t i = 0; i < COUNT(changes); i++) {
        const change *c = &changes[i];
        release_log log = {0};
        bio_stream *s = adopted_to_change(&log);
        bool good = CHECK_OK(c->apply(s)) & CHECK_EQ(log.calls, c->changes) & expect_left(s, c);
        bio_release(s);
        good &= CHECK_EQ(log.calls, 1) & CHECK_EQ(log.len, CHANGES_LEN);
        if (!good)
            check_fail(__FILE__, __LINE__, "... with %s", c->name);
    }
}

static void a_snapshot_keeps_the_memory_through_each_change(void)
{
    for (size_t i = 0; i < COUNT(changes); i++) {
        const change *c = &changes[i];
        release_log log = {0};
        bio_stream *s = adopted_to_change(&log);
        bio_snapshot *snap = value_of(s);
        bool good = CHECK_OK(c->apply(s)) & CHECK_EQ(log.calls, 0) & CHECK_SNAPSHOT(snap, LIT(CHANGES_TEXT)) &
                    expect_left(s, c);
        if (i % 2) { /* either may be the last */
            bio_release(s);
            good &= CHECK_EQ(log.calls, 0) & CHECK_SNAPSHOT(snap, LIT(CHANGES_TEXT));
            bio_snapshot_release(snap);
        } else {
            bio_snapshot_release(snap);
            good &= CHECK_EQ(log.calls, c->changes);
            bio_release(s);
        }
        good &= CHECK_EQ(log.calls, 1);
        if (!good)
            check_fail(__FILE__, __LINE__, "... with %s", c->name);
    }
}

static void a_clone_needs_the_memory_like_the_original(void)
{
    for (size_t i = 0; i < COUNT(changes); i++) {
        const change *c = &changes[i];
        release_log log = {0};
        bio_stream *s = adopted_to_change(&log), *twin = NULL;
        REQUIRE_OK(bio_clone(s, &twin));
        bool good = CHECK_OK(c->apply(s)) & CHECK_EQ(log.calls, 0) & CHECK_STREAM(twin, LIT(CHANGES_TEXT));
        bio_release(s);
        good &= CHECK_EQ(log.calls, 0) & CHECK_STREAM(twin, LIT(CHANGES_TEXT)) & CHECK_OK(c->apply(twin)) &
                CHECK_EQ(log.calls, c->changes) & expect_left(twin, c);
        bio_release(twin);
        good &= CHECK_EQ(log.calls, 1);
        if (!good)
            check_fail(__FILE__, __LINE__, "... with %s", c->name);
    }
}

static void the_callback_gets_what_was_adopted(void)
{
    release_log log = {0};
    void *memory = foreign_copy(LIT("whole\0run"));
    bio_stream *s = NULL;
    REQUIRE_OK(bio_adopt(memory, 9, log_release, &log, &s));
    const uint8_t *ptr = NULL;
    size_t len = 0;
    CHECK_OK(bio_peek(s, &ptr, &len));
    CHECK_PTR(ptr, memory); /* taken, not copied silently */
    CHECK_EQ(len, 9);
    CHECK_EQ(statistics_of(s).kind, BYTESIO_KIND_FOREIGN);
    bio_snapshot *snap = value_of(s);
    CHECK_PTR(bio_snapshot_data(snap), memory);
    bio_snapshot_release(snap);
    bio_release(s);
    CHECK_EQ(log.calls, 1);
    CHECK_PTR(log.data, memory);
    CHECK_EQ(log.len, 9);
}

static void the_callback_may_be_missing(void)
{
    static const char text[] = "static";
    bio_stream *s = NULL;
    REQUIRE_OK(bio_adopt(text, 6, NULL, NULL, &s));
    CHECK_OK(bio_write(s, LIT("S")));
    CHECK_STREAM(s, LIT("Static"));
    CHECK(strcmp(text, "static") == 0);
    bio_release(s);
    bio_snapshot *snap = NULL;
    REQUIRE_OK(bio_snapshot_adopt(text, 6, NULL, NULL, &snap));
    CHECK_PTR(bio_snapshot_data(snap), text);
    bio_snapshot_release(snap);
}

static void nothing_adopted_is_let_go_once_too(void)
{
    release_log log = {0};
    bio_stream *s = adopted(LIT(""), &log);
    CHECK_STREAM(s, LIT(""));
    CHECK_OK(bio_write(s, LIT("more")));
    CHECK_STREAM(s, LIT("more"));
    bio_release(s);
    CHECK_EQ(log.calls, 1);

    atomic_store(&log.calls, 0); /* (NULL, 0) is an empty buffer; its callback is due like any other */
    REQUIRE_OK(bio_adopt(NULL, 0, log_release, &log, &s));
    CHECK_STREAM(s, LIT(""));
    bio_release(s);
    CHECK_EQ(log.calls, 1);
    CHECK_EQ(log.len, 0);
}

static void a_refused_adoption_leaves_the_memory_with_the_caller(void)
{
    release_log log = {0};
    char memory[4] = "mine";
    bio_stream *s = NULL;
    bio_snapshot *snap = NULL;
    CHECK_STATUS(bio_adopt(memory, 4, log_release, &log, NULL), BYTESIO_NULL_ARG);
    CHECK_STATUS(bio_adopt(NULL, 4, log_release, &log, &s), BYTESIO_NULL_ARG);
    CHECK_STATUS(bio_adopt(memory, SIZE_MAX, log_release, &log, &s), BYTESIO_OVERFLOW);
    CHECK_STATUS(bio_adopt(memory, (size_t)PTRDIFF_MAX + 1, log_release, &log, &s), BYTESIO_OVERFLOW);
    CHECK_STATUS(bio_snapshot_adopt(memory, 4, log_release, &log, NULL), BYTESIO_NULL_ARG);
    CHECK_STATUS(bio_snapshot_adopt(NULL, 4, log_release, &log, &snap), BYTESIO_NULL_ARG);
    CHECK_STATUS(bio_snapshot_adopt(memory, SIZE_MAX, log_release, &log, &snap), BYTESIO_OVERFLOW);
    CHECK(s == NULL && snap == NULL);
    CHECK_EQ(log.calls, 0);
}

static void close_take_hands_the_memory_on(void)
{
    release_log log = {0};
    bio_stream *s = adopted(LIT("foreign"), &log);
    bio_snapshot *last = NULL;
    REQUIRE_OK(bio_close_take(s, &last));
    CHECK_EQ(log.calls, 0);
    bio_release(s);
    CHECK_EQ(log.calls, 0);
    CHECK_SNAPSHOT(last, LIT("foreign"));
    bio_snapshot_release(last);
    CHECK_EQ(log.calls, 1);
}

static void an_adopted_snapshot_goes_with_its_last_user(void)
{
    release_log log = {0};
    void *memory = foreign_copy(LIT("snapshot"));
    bio_snapshot *snap = NULL, *slice = NULL;
    bio_stream *s = NULL, *t = NULL;
    REQUIRE_OK(bio_snapshot_adopt(memory, 8, log_release, &log, &snap));
    CHECK_PTR(bio_snapshot_data(snap), memory);
    REQUIRE_OK(bio_snapshot_slice(snap, 4, 4, &slice));
    REQUIRE_OK(bio_from_snapshot(snap, &s));
    REQUIRE_OK(bio_snapshot_into_stream(snap, &t));
    CHECK_OK(bio_truncate(t, 1));
    CHECK_OK(bio_clear(s));
    CHECK_EQ(log.calls, 0);
    CHECK_SNAPSHOT(slice, LIT("shot"));
    bio_snapshot_release(slice);
    CHECK_EQ(log.calls, 1);
    CHECK_STREAM(t, LIT("s"));
    bio_release(s);
    bio_release(t);
    CHECK_EQ(log.calls, 1);
}

static void a_view_keeps_the_memory(void)
{
    release_log log = {0};
    bio_stream *s = adopted(LIT("foreign"), &log);
    bio_view *view = view_of(s, BYTESIO_VIEW_READONLY);
    CHECK_OK(bio_close(s));
    bio_release(s);
    CHECK_EQ(log.calls, 0);
    CHECK_VIEW(view, LIT("foreign"));
    bio_view_release(view);
    CHECK_EQ(log.calls, 1);
}

static void a_readonly_view_keeps_the_old_address_readable_until_asked_again(void)
{
    release_log log = {0};
    bio_stream *s = adopted(LIT("foreign"), &log);
    bio_view *view = view_of(s, BYTESIO_VIEW_READONLY);
    const uint8_t *old = bio_view_data(view);
    CHECK_OK(bio_pwrite(s, LIT("F"), 0)); /* inside [0, L): goes on, and has to leave the foreign bytes */
    CHECK_EQ(log.calls, 0);
    CHECK_MEM(old, 7, LIT("foreign"));
    CHECK_VIEW(view, LIT("Foreign"));
    CHECK_EQ(log.calls, 1);
    CHECK_STREAM(s, LIT("Foreign"));
    bio_view_release(view);
    bio_release(s);
    CHECK_EQ(log.calls, 1);
}

/* ---- no lock is held: the callback uses the very stream that is letting go -------------------------------- */

static void use_the_stream(release_log *log)
{
    log->seen = bio_len(log->stream);
    if (bio_seek(log->stream, 0, BYTESIO_SEEK_END, NULL) == BYTESIO_OK)
        log->status = bio_write(log->stream, LIT("+cb"));
    else
        log->status = BYTESIO_CLOSED;
}

static void the_callback_may_call_the_library_on_the_same_stream(void)
{
    company
        others; /* with a single thread the library may not lock at all, and the test would prove nothing */
    company_start(&others);
    for (size_t i = 0; i < COUNT(changes); i++) {
        const change *c = &changes[i];
        if (!c->changes || c->apply == change_cut_and_write)
            continue; /* the latter is two calls: the callback comes between them */
        release_log log = {.then = use_the_stream, .status = BYTESIO_INTERNAL};
        bio_stream *s = adopted_to_change(&log);
        log.stream = s;
        bool good = CHECK_OK(c->apply(s)) & CHECK_EQ(log.calls, 1);
        if (c->left) {
            /* The change is complete when the callback comes; of a view that is the export. */
            bool exported = c->apply == change_view;
            good &= CHECK_STATUS(log.status, exported ? BYTESIO_EXPORTED : BYTESIO_OK);
            good &= CHECK_EQ(bio_len(s), exported ? log.seen : log.seen + 3);
            good &= CHECK_EQ(log.seen, c->len);
        } else {
            good &= CHECK_STATUS(log.status, BYTESIO_CLOSED);
        }
        bio_release(s);
        if (!good)
            check_fail(__FILE__, __LINE__, "... with %s", c->name);
    }
    company_stop(&others);
}

static void use_another_stream(release_log *log)
{
    log->status = bio_write(log->stream, LIT("from the callback"));
}

static void the_callback_of_a_last_release_may_use_other_streams(void)
{
    company others;
    company_start(&others);
    bio_stream *other = bio_new();
    REQUIRE(other != NULL);
    release_log log = {.then = use_another_stream, .stream = other, .status = BYTESIO_INTERNAL};
    bio_release(adopted(LIT("foreign"), &log));
    CHECK_OK(log.status);
    CHECK_STREAM(other, LIT("from the callback"));
    bio_release(other);
    company_stop(&others);
}

static void *release_stream(void *arg)
{
    bio_release(arg);
    return NULL;
}

static void the_callback_comes_on_the_thread_that_lets_go(void)
{
    release_log log = {0};
    bio_stream *s = adopted(LIT("foreign"), &log);
    pthread_t thread;
    CHECK_PTR(bio_retain(s), s);
    thread_start(&thread, release_stream, s);
    thread_join(thread);
    CHECK_EQ(log.calls, 0);
    thread_start(&thread, release_stream, s);
    thread_join(thread);
    CHECK_EQ(log.calls, 1);
    CHECK(pthread_equal(log.thread, thread));
}

CHECK_MAIN(CASE(each_change_lets_the_memory_go_at_once_and_once),
           CASE(a_snapshot_keeps_the_memory_through_each_change),
           CASE(a_clone_needs_the_memory_like_the_original), CASE(the_callback_gets_what_was_adopted),
           CASE(the_callback_may_be_missing), CASE(nothing_adopted_is_let_go_once_too),
           CASE(a_refused_adoption_leaves_the_memory_with_the_caller), CASE(close_take_hands_the_memory_on),
           CASE(an_adopted_snapshot_goes_with_its_last_user), CASE(a_view_keeps_the_memory),
           CASE(a_readonly_view_keeps_the_old_address_readable_until_asked_again),
           CASE(the_callback_may_call_the_library_on_the_same_stream),
           CASE(the_callback_of_a_last_release_may_use_other_streams),
           CASE(the_callback_comes_on_the_thread_that_lets_go))
