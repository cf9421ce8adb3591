/* What no machine could back is refused at once, in every kind of memory, and nothing has changed. */
#include "support.h"

/* More than any machine has; both within what an address can be. */
static const uint64_t FAR[] = {UINT64_C(30000) << 30, UINT64_C(1) << 46};

static bio_stream *with_options(size_t mapped_from)
{
    bio_options options = BYTESIO_OPTIONS_INIT;
    options.mapped_from = mapped_from;
    bio_stream *s = NULL;
    REQUIRE_OK(bio_new_with(&options, &s));
    CHECK_OK(bio_fill(s, 'a', 100000));
    return s;
}

static bio_stream *on_the_heap(void)
{
    return with_options(SIZE_MAX);
}

static bio_stream *mapped(void)
{
    return with_options(1);
}

static bio_stream *by_default(void)
{
    return with_options(0);
}

static bio_stream *borrowing(void)
{
    bio_snapshot *snap = snapshot_of(LIT("0123456789"));
    bio_stream *s = NULL;
    REQUIRE_OK(bio_from_snapshot(snap, &s));
    bio_snapshot_release(snap);
    return s;
}

static bio_stream *of_adopted_memory(void)
{
    static release_log adopted_log;
    adopted_log = (release_log){0};
    return adopted(LIT("0123456789"), &adopted_log);
}

static bio_stream *(*const KINDS[])(void) = {on_the_heap, mapped, by_default, borrowing, of_adopted_memory};
/* The first ones leave files behind, which the default takes over. */

static bio_status far_pwrite(bio_stream *s, uint64_t far)
{
    return bio_pwrite(s, "x", 1, far);
}

static bio_status far_write(bio_stream *s, uint64_t far)
{
    move_to(s, (int64_t)far);
    bio_status status = bio_write(s, "x", 1);
    move_to(s, 3);
    return status;
}

static bio_status far_resize(bio_stream *s, uint64_t far)
{
    return bio_resize(s, far);
}

static bio_status far_fill(bio_stream *s, uint64_t far)
{
    return bio_fill(s, 'x', (size_t)far);
}

static bio_status far_zeros(bio_stream *s, uint64_t far)
{
    return bio_fill(s, 0, (size_t)far);
}

static bio_status far_reserve(bio_stream *s, uint64_t far)
{
    return bio_reserve(s, (size_t)far);
}

static bio_status far_prepare(bio_stream *s, uint64_t far)
{
    uint8_t *window = NULL;
    size_t capacity = 0;
    return bio_prepare(s, (size_t)far, &window, &capacity);
}

static bio_status (*const CALLS[])(bio_stream *, uint64_t) = {
    far_pwrite, far_write, far_resize, far_fill, far_zeros, far_reserve, far_prepare,
};

/* Whether this system promises memory that it cannot have. */
static bool malloc_grants(uint64_t n)
{
    void *volatile memory = malloc((size_t)n);
    bool granted = memory != NULL;
    free(memory);
    return granted;
}

static void everywhere(bool held)
{
    for (size_t f = 0; f < COUNT(FAR); f++) {
        if (malloc_grants(FAR[f]))
            CHECK_SKIP("malloc grants any size here");
        for (size_t kind = 0; kind < COUNT(KINDS); kind++)
            for (size_t call = 0; call < COUNT(CALLS); call++) {
                bio_stream *s = KINDS[kind]();
                move_to(s, 3);
                bio_snapshot *snap = held ? value_of(s) : NULL;
                stream_state before = state_of(s);
                bio_status status = CALLS[call](s, FAR[f]);
                if (status != BYTESIO_NOMEM)
                    check_fail(__FILE__, __LINE__, "kind %zu, call %zu: %s", kind, call,
                               bio_strerror(status));
                CHECK_STATE(s, &before);
                state_free(&before);
                bio_snapshot_release(snap);
                bio_release(s);
            }
    }
}

static void far_away_there_is_no_memory(void)
{
    everywhere(false);
}

static void nor_while_a_snapshot_covers_the_content(void)
{
    everywhere(true);
}

CHECK_MAIN(CASE(far_away_there_is_no_memory), CASE(nor_while_a_snapshot_covers_the_content))
