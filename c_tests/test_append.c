/* bio_append: at the end as it is at that moment, in one step, with the position where it was. */
#include "support.h"

static void it_appends_whatever_the_position(void)
{
    for (int64_t at = 0; at <= 12; at += 3) {
        bio_stream *s = stream_at(LIT("012345"), at);
        CHECK_OK(bio_append(s, LIT("ab")));
        CHECK_STREAM(s, LIT("012345ab")); /* a position past the end makes no gap */
        CHECK_EQ(bio_tell(s), at);
        CHECK_OK(bio_append(s, NULL, 0));
        CHECK_OK(bio_append(s, LIT("c")));
        CHECK_STREAM(s, LIT("012345abc"));
        CHECK_EQ(bio_tell(s), at);
        bio_release(s);
    }
}

static void what_is_refused_changes_nothing(void)
{
    char memory[8] = "01234###";
    bio_stream *fixed = NULL, *s = stream_at(LIT("01234"), 2);
    CHECK_OK(bio_set_limit(s, 7));
    REQUIRE_OK(bio_new_fixed(memory, 7, 5, &fixed));
    for (int i = 0; i < 2; i++) {
        bio_stream *full = i ? fixed : s;
        stream_state before = state_of(full);
        CHECK_STATUS(bio_append(full, LIT("abc")), BYTESIO_LIMIT);
        CHECK_STATE(full, &before);
        CHECK_STATUS(bio_append(full, "x", SIZE_MAX), BYTESIO_OVERFLOW);
        CHECK_STATUS(bio_append(full, "x", PTRDIFF_MAX), BYTESIO_OVERFLOW);
        CHECK_STATE(full, &before);
        state_free(&before);
        bio_view *view = view_of(full, BYTESIO_VIEW_READONLY);
        CHECK_STATUS(bio_append(full, LIT("a")), BYTESIO_EXPORTED);
        CHECK_OK(bio_append(full, NULL, 0));
        bio_view_release(view);
        CHECK_OK(bio_append(full, LIT("ab")));
        CHECK_STATUS(bio_append(full, LIT("c")), BYTESIO_LIMIT);
        CHECK_STREAM(full, LIT("01234ab"));
        bio_release(full);
    }
    CHECK_MEM(memory, 8, LIT("01234ab#"));
}

static void it_appends_the_streams_own_bytes(void)
{
    bio_stream *s = stream_of(LIT("ab"));
    const uint8_t *ptr = NULL;
    size_t len = 0;
    for (int i = 0; i < 10; i++) {
        CHECK_OK(bio_peek_at(s, 0, &ptr, &len));
        CHECK_OK(bio_append(s, ptr, len)); /* grows and moves, with the source inside */
    }
    CHECK_EQ(bio_len(s), 2048);
    bio_snapshot *all = value_of(s);
    size_t count = 0;
    CHECK_OK(bio_snapshot_count(all, "ab", 2, &count));
    CHECK_EQ(count, 1024);
    bio_snapshot_release(all);
    bio_release(s);
}

static void snapshots_held_cost_no_copy(void)
{
    bio_stream *s = bio_new();
    bio_snapshot *held[8] = {NULL};
    CHECK_OK(bio_reserve(s, 10000));
    for (size_t i = 0; i < COUNT(held); i++) {
        CHECK_OK(bio_append(s, LIT("0123456789")));
        held[i] = value_of(s);
    }
    CHECK_EQ(statistics_of(s).forks, 0);
    for (size_t i = 0; i < COUNT(held); i++) {
        CHECK_EQ(bio_snapshot_len(held[i]), 10 * (i + 1));
        bio_snapshot_release(held[i]);
    }
    bio_release(s);
}

enum { THREADS = 4, ROUNDS = 2000, RECORD = 7 };

static void *append_records(void *arg)
{
    bio_stream *s = arg;
    for (unsigned i = 0; i < ROUNDS; i++)
        CHECK_OK(bio_append(s, "record\n", RECORD));
    return NULL;
}

static void appends_of_threads_do_not_overwrite_each_other(void)
{
    bio_stream *s = bio_new();
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        thread_start(&threads[i], append_records, s);
    for (int i = 0; i < 100; i++) /* the position is another thing */
        CHECK_OK(bio_seek(s, i, BYTESIO_SEEK_SET, NULL));
    for (int i = 0; i < THREADS; i++)
        thread_join(threads[i]);
    const uint8_t *line = NULL;
    size_t len = 0, lines = 0;
    move_to(s, 0);
    while (bio_readline(s, SIZE_MAX, &line, &len) == BYTESIO_OK && len > 0 &&
           CHECK_MEM(line, len, LIT("record\n")))
        lines++;
    CHECK_EQ(lines, THREADS * ROUNDS);
    bio_release(s);
}

CHECK_MAIN(CASE(it_appends_whatever_the_position), CASE(what_is_refused_changes_nothing),
           CASE(it_appends_the_streams_own_bytes), CASE(snapshots_held_cost_no_copy),
           CASE(appends_of_threads_do_not_overwrite_each_other))
