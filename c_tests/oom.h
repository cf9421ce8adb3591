/* Each allocation failing in turn: the first, the second, and so on until none fails any more. After each failure
 * everything is as before, nothing has leaked, and the same call then succeeds.
 *
 * The scenarios are the same wherever the memory comes from; the two programs that include this differ in that:
 * one fails the caller's allocator, the other malloc itself.
 */
#ifndef BYTESIO_TEST_OOM_H
#define BYTESIO_TEST_OOM_H

#include "support.h"

enum { OOM_SIZE = 1000 };

typedef struct oom_bed {
    bio_stream *s, *t;
    bio_snapshot *snap, *other;
    bio_view *view;
    release_log log;
    uint8_t fixed[2 * OOM_SIZE];
} oom_bed;

typedef struct oom_source {
    bio_stream *(*make)(void);
    void (*arm)(size_t nth);
    bool (*disarm)(void); /* whether the n-th allocation came, and was refused */
} oom_source;

typedef struct oom_case {
    const char *name;
    void (*setup)(oom_bed *b);
    bio_status (*act)(oom_bed *b);
} oom_case;

/* ---- before ------------------------------------------------------------------------------------------------ */

static inline void oom_fill(bio_stream *s)
{
    uint8_t bytes[OOM_SIZE];
    pattern_fill(bytes, OOM_SIZE, 0);
    REQUIRE_OK(bio_write(s, bytes, OOM_SIZE));
    REQUIRE_OK(bio_shrink_to_fit(s)); /* no room left over: whatever grows has to ask */
    move_to(s, OOM_SIZE / 2);
}

static inline void oom_empty(oom_bed *b)
{
    (void)b;
}
static inline void oom_full(oom_bed *b)
{
    oom_fill(b->s);
}

static inline void oom_held(oom_bed *b)
{
    oom_fill(b->s);
    b->snap = value_of(b->s);
}

static inline void oom_held_at_end(oom_bed *b)
{
    oom_held(b);
    move_to(b->s, OOM_SIZE);
}

static inline void oom_held_twice(oom_bed *b)
{
    oom_held(b);
    REQUIRE_OK(bio_truncate(b->s, OOM_SIZE - 100));
    b->other = value_of(b->s);
}

static inline void oom_changed(oom_bed *b)
{
    oom_held(b);
    REQUIRE_OK(bio_fill(b->s, 9, 10));
}

static inline void oom_cut(oom_bed *b)
{
    oom_held(b);
    REQUIRE_OK(bio_truncate(b->s, OOM_SIZE / 2));
}

static inline void oom_changed_and_viewed(oom_bed *b)
{
    uint8_t bytes[OOM_SIZE];
    pattern_fill(bytes, OOM_SIZE, 0);
    oom_fill(b->s);
    b->snap = snapshot_of(bytes, OOM_SIZE);
    b->other = value_of(b->s); /* so that the bytes under the view have to be separated */
    b->view = view_of(b->s, BYTESIO_VIEW_READONLY);
}

static inline void oom_viewed(oom_bed *b)
{
    oom_held(b);
    b->view = view_of(b->s, BYTESIO_VIEW_READONLY);
}

static inline void oom_viewed_writable(oom_bed *b)
{
    oom_held(b);
    b->view = view_of(b->s, BYTESIO_VIEW_WRITABLE);
}

static inline void oom_two_streams(oom_bed *b)
{
    oom_held(b);
    REQUIRE_OK(bio_from_snapshot(b->snap, &b->t));
    REQUIRE_OK(bio_seek(b->t, 0, BYTESIO_SEEK_END, NULL));
}

/* These two replace the stream: their memory is foreign, their handles are malloc's. */
static inline void oom_adopted(oom_bed *b)
{
    uint8_t bytes[OOM_SIZE];
    pattern_fill(bytes, OOM_SIZE, 0);
    bio_release(b->s);
    b->s = adopted(bytes, OOM_SIZE, &b->log);
    move_to(b->s, OOM_SIZE / 2);
}

static inline void oom_fixed(oom_bed *b)
{
    bio_release(b->s);
    pattern_fill(b->fixed, OOM_SIZE, 0);
    REQUIRE_OK(bio_new_fixed(b->fixed, sizeof b->fixed, OOM_SIZE, &b->s));
    move_to(b->s, OOM_SIZE / 2);
}

/* ---- what is done ------------------------------------------------------------------------------------------ */

static const uint8_t oom_bytes[3 * OOM_SIZE] = {1, 2, 3};
#define OOM_ACT(name, ...)                          \
    static inline bio_status oom_##name(oom_bed *b) \
    {                                               \
        return __VA_ARGS__;                         \
    }
OOM_ACT(write, bio_write(b->s, oom_bytes, 10))
OOM_ACT(write_much, bio_write(b->s, oom_bytes, sizeof oom_bytes))
OOM_ACT(pwrite, bio_pwrite(b->s, oom_bytes, 10, 3))
OOM_ACT(pwrite_far, bio_pwrite(b->s, oom_bytes, 1, 9 * OOM_SIZE))
OOM_ACT(fill_act, bio_fill(b->s, 9, 4 * OOM_SIZE))
OOM_ACT(printf, bio_printf(b->s, "%s %d", "text", 12345))
OOM_ACT(printf_much, bio_printf(b->s, "%0700d", 1))
OOM_ACT(append, bio_append(b->s, oom_bytes, 10))
OOM_ACT(append_much, bio_append(b->s, oom_bytes, sizeof oom_bytes))
OOM_ACT(append_itself, bio_append(b->s, bio_snapshot_data(b->snap), OOM_SIZE))
OOM_ACT(restore, bio_restore(b->s, b->snap))
OOM_ACT(restore_elsewhere, bio_restore(b->t, b->snap))
OOM_ACT(truncate, bio_truncate(b->s, 1))
OOM_ACT(resize_up, bio_resize(b->s, 7 * OOM_SIZE))
OOM_ACT(clear, bio_clear(b->s))
OOM_ACT(reserve, bio_reserve(b->s, 20 * OOM_SIZE))
OOM_ACT(shrink, bio_shrink_to_fit(b->s))
static inline bio_status oom_detach(oom_bed *b)
{
    void *data = NULL;
    size_t len = 0;
    bio_status status = bio_detach(b->s, &data, &len);
    if (status == BYTESIO_OK)
        CHECK_EQ(bio_len(b->s) + bio_tell(b->s), 0);
    else
        CHECK(data == NULL && len == 0);
    free(data);
    return status;
}
OOM_ACT(from_itself, bio_write(b->s, bio_snapshot_data(b->snap) + 100, OOM_SIZE - 100))
OOM_ACT(write_snapshot, bio_write_snapshot(b->t, b->snap))

static inline bio_status oom_writev(oom_bed *b)
{
    bio_slice pieces[] = {{oom_bytes, 10}, {oom_bytes, OOM_SIZE}, {oom_bytes, 7}};
    return bio_writev(b->s, pieces, COUNT(pieces));
}

static inline bio_status oom_cstr(oom_bed *b)
{
    const char *text = NULL;
    size_t len = 0;
    bio_status status = bio_cstr(b->s, &text, &len);
    if (status == BYTESIO_OK)
        CHECK(len == bio_len(b->s) && text[len] == 0);
    else
        CHECK(text == NULL && len == 0);
    return status;
}

static inline bio_status oom_fill_window(oom_bed *b, uint8_t *ptr, size_t n)
{
    memset(ptr, 7, n);
    bio_status status = bio_commit(b->s, n);
    if (status)
        CHECK_OK(bio_commit(b->s, 0)); /* refused, so still open */
    return status;
}

static inline bio_status oom_window(oom_bed *b)
{
    uint8_t *ptr = NULL;
    size_t room = 0;
    bio_status status = bio_prepare(b->s, 100, &ptr, &room);
    return status ? status : oom_fill_window(b, ptr, 100);
}

static inline bio_status oom_window_upto(oom_bed *b)
{
    uint8_t *ptr = NULL;
    size_t room = 0;
    bio_status status = bio_prepare_upto(b->s, 100, 10000, &ptr, &room);
    if (status == BYTESIO_OK)
        CHECK(room >= 100 && room <= 10000);
    return status ? status : oom_fill_window(b, ptr, room);
}

#define OOM_HANDLE(name, type, release, ...)        \
    static inline bio_status oom_##name(oom_bed *b) \
    {                                               \
        type *out = (type *)(uintptr_t)0x5a5a;      \
        bio_status status = __VA_ARGS__;            \
        (void)b;                                    \
        if (status == BYTESIO_OK)                   \
            release(out);                           \
        else                                        \
            CHECK_PTR(out, 0x5a5a);                 \
        return status;                              \
    }
OOM_HANDLE(clone, bio_stream, bio_release, bio_clone(b->s, &out))
OOM_HANDLE(getvalue, bio_snapshot, bio_snapshot_release, bio_getvalue(b->s, &out))
OOM_HANDLE(read_snapshot, bio_snapshot, bio_snapshot_release, bio_read_snapshot(b->s, 100, &out))
OOM_HANDLE(view_readonly, bio_view, bio_view_release, bio_getbuffer(b->s, BYTESIO_VIEW_READONLY, &out))
OOM_HANDLE(view_writable, bio_view, bio_view_release, bio_getbuffer(b->s, BYTESIO_VIEW_WRITABLE, &out))
OOM_HANDLE(fopen, FILE, fclose, bio_fopen(b->s, "r+", &out))
OOM_HANDLE(slice, bio_snapshot, bio_snapshot_release, bio_snapshot_slice(b->snap, 5, 50, &out))
OOM_HANDLE(from_snapshot, bio_stream, bio_release, bio_from_snapshot(b->snap, &out))
OOM_HANDLE(view_slice, bio_view, bio_view_release, bio_view_slice(b->view, 5, 50, &out))
OOM_HANDLE(view_to_readonly, bio_view, bio_view_release, bio_view_to_readonly(b->view, &out))
OOM_HANDLE(view_snapshot, bio_snapshot, bio_snapshot_release, bio_view_snapshot(b->view, &out))

static inline bio_status oom_into_stream(oom_bed *b)
{
    bio_stream *out = NULL;
    bio_status status = bio_snapshot_into_stream(b->snap, &out);
    if (status == BYTESIO_OK)
        b->snap = NULL; /* taken; on failure it is still the caller's */
    bio_release(out);
    return status;
}

static inline bio_status oom_close_take(oom_bed *b)
{
    bio_snapshot *out = NULL;
    bio_status status = bio_close_take(b->s, &out);
    bio_snapshot_release(out);
    return status;
}

/* ---- running ----------------------------------------------------------------------------------------------- */

static inline int oom_unchanged(oom_bed *b, const stream_state *s, const stream_state *t)
{
    bool good = CHECK_STATE(b->s, s);
    if (b->t)
        good &= CHECK_STATE(b->t, t);
    if (b->snap)
        good &= CHECK(pattern_holds(bio_snapshot_data(b->snap), OOM_SIZE, 0));
    if (b->other)
        good &= CHECK(pattern_holds(bio_snapshot_data(b->other), OOM_SIZE - 100, 0));
    if (b->view)
        good &= CHECK(pattern_holds(bio_view_data(b->view), OOM_SIZE, 0));
    return good; /* foreign memory may already be left behind: that it is let go once is checked at the end */
}

/* Returns how many allocations failed before the scenario went through without. */
static inline size_t oom_run(const oom_source *source, const oom_case *c)
{
    for (size_t n = 1;; n++) {
        static oom_bed b; /* static: longjmp may pass over it */
        memset(&b, 0, sizeof b);
        b.s = source->make();
        c->setup(&b);
        stream_state s = state_of(b.s), t = {0, 0, 0, NULL};
        if (b.t)
            t = state_of(b.t);
        source->arm(n);
        bio_status status = c->act(&b);
        bool fired = source->disarm();
        bool good = true;
        if (status != BYTESIO_OK) {
            good = CHECK_STATUS(status, BYTESIO_NOMEM) & CHECK(fired) & oom_unchanged(&b, &s, &t);
            good &= CHECK_OK(c->act(&b)); /* the failure has left nothing in the way */
        }
        if (b.snap)
            good &= CHECK(pattern_holds(bio_snapshot_data(b.snap), OOM_SIZE, 0));
        state_free(&s);
        state_free(&t);
        bio_view_release(b.view);
        bio_snapshot_release(b.snap);
        bio_snapshot_release(b.other);
        bio_release(b.s);
        bio_release(b.t);
        good &= CHECK_EQ(b.log.calls, c->setup == oom_adopted);
        if (!good)
            check_fail(__FILE__, __LINE__, "... in \"%s\" with allocation %zu refused", c->name, n);
        if (!fired)
            return n - 1;
    }
}

static const oom_case oom_cases[] = {
    {"write to empty", oom_empty, oom_write},
    {"fill empty", oom_empty, oom_fill_act},
    {"print to empty", oom_empty, oom_printf},
    {"window on empty", oom_empty, oom_window},
    {"reserve on empty", oom_empty, oom_reserve},
    {"resize empty", oom_empty, oom_resize_up},
    {"getvalue of empty", oom_empty, oom_getvalue},
    {"view of empty", oom_empty, oom_view_writable},
    {"clone of empty", oom_empty, oom_clone},
    {"grow", oom_full, oom_write_much},
    {"gather and grow", oom_full, oom_writev},
    {"gap", oom_full, oom_pwrite_far},
    {"print and grow", oom_full, oom_printf_much},
    {"reserve", oom_full, oom_reserve},
    {"getvalue", oom_full, oom_getvalue},
    {"read_snapshot", oom_full, oom_read_snapshot},
    {"readonly view", oom_full, oom_view_readonly},
    {"writable view", oom_full, oom_view_writable},
    {"fopen", oom_full, oom_fopen},
    {"close_take", oom_full, oom_close_take},
    {"window over bytes", oom_full, oom_window},
    {"overwrite a snapshot", oom_held, oom_write},
    {"overwrite a snapshot and grow", oom_held, oom_write_much},
    {"pwrite over a snapshot", oom_held, oom_pwrite},
    {"gather over a snapshot", oom_held, oom_writev},
    {"fill over a snapshot", oom_held, oom_fill_act},
    {"print over a snapshot", oom_held, oom_printf},
    {"print much over a snapshot", oom_held, oom_printf_much},
    {"window over a snapshot", oom_held, oom_window},
    {"truncate above a snapshot", oom_held, oom_truncate},
    {"resize above a snapshot", oom_held, oom_resize_up},
    {"clear above a snapshot", oom_held, oom_clear},
    {"shrink above a snapshot", oom_held, oom_shrink},
    {"detach", oom_full, oom_detach},
    {"detach below a snapshot", oom_held, oom_detach},
    {"writable view above a snapshot", oom_held, oom_view_writable},
    {"clone of a snapshot's stream", oom_held, oom_clone},
    {"from its own snapshot", oom_held, oom_from_itself},
    {"close_take above a snapshot", oom_held, oom_close_take},
    {"slice", oom_held, oom_slice},
    {"from_snapshot", oom_held, oom_from_snapshot},
    {"into_stream", oom_held, oom_into_stream},
    {"append behind a snapshot", oom_held_at_end, oom_write},
    {"window behind a snapshot", oom_held_at_end, oom_window},
    {"gap behind a snapshot", oom_held_at_end, oom_pwrite_far},
    {"between two snapshots", oom_held_twice, oom_write_much},
    {"resize between two snapshots", oom_held_twice, oom_resize_up},
    {"write under a readonly view", oom_viewed, oom_write},
    {"window under a readonly view", oom_viewed, oom_window},
    {"getvalue under a readonly view", oom_viewed, oom_getvalue},
    {"writable view beside a readonly one", oom_viewed, oom_view_writable},
    {"view slice", oom_viewed, oom_view_slice},
    {"view snapshot", oom_viewed, oom_view_snapshot},
    {"window under a writable view", oom_viewed_writable, oom_window},
    {"getvalue under a writable view", oom_viewed_writable, oom_getvalue},
    {"read_snapshot under a writable view", oom_viewed_writable, oom_read_snapshot},
    {"clone under a writable view", oom_viewed_writable, oom_clone},
    {"snapshot of a writable view", oom_viewed_writable, oom_view_snapshot},
    {"to_readonly", oom_viewed_writable, oom_view_to_readonly},
    {"close_take under a writable view", oom_viewed_writable, oom_close_take},
    {"write_snapshot", oom_two_streams, oom_write_snapshot},
    {"append to empty", oom_empty, oom_append},
    {"append and grow", oom_full, oom_append_much},
    {"append to a snapshot's stream", oom_held, oom_append},
    {"append below a snapshot's end", oom_cut, oom_append},
    {"append its own snapshot", oom_held, oom_append_itself},
    {"restore", oom_changed, oom_restore},
    {"restore what was cut", oom_cut, oom_restore},
    {"restore elsewhere", oom_two_streams, oom_restore_elsewhere},
    {"restore under a readonly view", oom_changed_and_viewed, oom_restore},
    {"cstr of empty", oom_empty, oom_cstr},
    {"cstr without room", oom_full, oom_cstr},
    {"cstr of a snapshot's stream", oom_held, oom_cstr},
    {"cstr below a snapshot's end", oom_cut, oom_cstr},
    {"bounded window on empty", oom_empty, oom_window_upto},
    {"bounded window over bytes", oom_full, oom_window_upto},
    {"bounded window over a snapshot", oom_held, oom_window_upto},
    {"bounded window behind a snapshot", oom_held_at_end, oom_window_upto},
    {"bounded window below a snapshot's end", oom_cut, oom_window_upto},
};

/* Scenarios whose handles are malloc's whatever the stream's allocator. */
static const oom_case oom_malloc_cases[] = {
    {"overwrite foreign bytes", oom_adopted, oom_write},
    {"grow foreign bytes", oom_adopted, oom_write_much},
    {"truncate foreign bytes", oom_adopted, oom_truncate},
    {"resize foreign bytes", oom_adopted, oom_resize_up},
    {"print over foreign bytes", oom_adopted, oom_printf},
    {"append to foreign bytes", oom_adopted, oom_append},
    {"cstr of foreign bytes", oom_adopted, oom_cstr},
    {"bounded window over foreign bytes", oom_adopted, oom_window_upto},
    {"window over foreign bytes", oom_adopted, oom_window},
    {"writable view of foreign bytes", oom_adopted, oom_view_writable},
    {"clone of foreign bytes", oom_adopted, oom_clone},
    {"getvalue of foreign bytes", oom_adopted, oom_getvalue},
    {"shrink foreign bytes", oom_adopted, oom_shrink},
    {"detach foreign bytes", oom_adopted, oom_detach},
    {"detach fixed bytes", oom_fixed, oom_detach},
    {"getvalue of fixed bytes", oom_fixed, oom_getvalue},
    {"read_snapshot of fixed bytes", oom_fixed, oom_read_snapshot},
    {"clone of fixed bytes", oom_fixed, oom_clone},
    {"window over fixed bytes", oom_fixed, oom_window},
    {"close_take of fixed bytes", oom_fixed, oom_close_take},
    {"view of fixed bytes", oom_fixed, oom_view_writable},
};

#endif
