/* Snapshots, views and their counts, shared by several threads while one of them writes. */
#include "threads.h"

/* ---- one publishes, the others check ------------------------------------------------------------------------ */

typedef struct board {
    pthread_mutex_t lock;
    bio_snapshot *latest;
    bool over;
} board;

static bio_snapshot *board_take(board *b, bool *over)
{
    pthread_mutex_lock(&b->lock);
    bio_snapshot *snap = b->latest ? bio_snapshot_retain(b->latest) : NULL;
    *over = b->over;
    pthread_mutex_unlock(&b->lock);
    return snap;
}

static void board_put(board *b, bio_snapshot *snap)
{
    pthread_mutex_lock(&b->lock);
    bio_snapshot *old = b->latest;
    b->latest = snap;
    pthread_mutex_unlock(&b->lock);
    bio_snapshot_release(old);
}

typedef struct reader {
    board *board;
    size_t checked;
} reader;

static void *check_published(void *arg)
{
    reader *r = arg;
    bool over = false;
    while (!over) {
        bio_snapshot *snap = board_take(r->board, &over), *part = NULL;
        if (!snap) {
            sched_yield();
            continue;
        }
        size_t len = bio_snapshot_len(snap), from = len / 3;
        /* The first byte says which pattern; all that follow must agree. */
        const uint8_t *data = bio_snapshot_data(snap);
        uint64_t base = data[0];
        CHECK(pattern_holds(data + 1, len - 1, base + 1));
        if (CHECK_OK(bio_snapshot_slice(snap, from, len - from, &part))) {
            bio_snapshot_release(snap);
            snap = part; /* the slice alone keeps the bytes while the writer goes on */
        }
        sched_yield();
        data = bio_snapshot_data(snap);
        CHECK(from == 0 || pattern_holds(data, bio_snapshot_len(snap), base + from));
        bio_snapshot_release(snap);
        r->checked++;
    }
    return NULL;
}

static void publishing_goes_on_while_others_read(void)
{
    enum { READERS = 3 };
    board b = {PTHREAD_MUTEX_INITIALIZER, NULL, false};
    reader readers[READERS];
    pthread_t threads[READERS];
    ledger book;
    bio_stream *s = yielding_stream(&book);
    for (size_t i = 0; i < READERS; i++) {
        readers[i] = (reader){&b, 0};
        thread_start(&threads[i], check_published, &readers[i]);
    }
    size_t rounds = scaled(1000);
    for (size_t i = 0; i < rounds; i++) {
        uint8_t chunk[400];
        uint64_t base = i / 20 % 200, at = 0;
        if (i % 20 == 0) /* the log begins anew, over bytes that readers still hold */
            CHECK_OK(i % 40 ? bio_clear(s) : bio_truncate(s, 0));
        at = bio_len(s);
        pattern_fill(chunk, sizeof chunk, base + at);
        if (at == 0)
            chunk[0] = (uint8_t)base;
        CHECK_OK(bio_pwrite(s, chunk, sizeof chunk, at));
        board_put(&b, value_of(s));
    }
    pthread_mutex_lock(&b.lock);
    b.over = true;
    pthread_mutex_unlock(&b.lock);
    for (size_t i = 0; i < READERS; i++) {
        thread_join(threads[i]);
        CHECK(readers[i].checked >= 1);
    }
    bio_release(s);
    bio_snapshot_release(b.latest);
    LEDGER_CLOSE(&book);
}

/* ---- counts ------------------------------------------------------------------------------------------------- */

static void *retain_and_release(void *arg)
{
    worker *w = arg;
    for (size_t i = 0; i < w->rounds; i++) {
        bio_snapshot *slice = NULL, *same = NULL;
        bio_view *part = NULL;
        CHECK(bio_retain(w->s) == w->s);
        CHECK(bio_snapshot_retain(w->snap) == w->snap);
        CHECK(bio_view_retain(w->view) == w->view);
        if (CHECK_OK(bio_snapshot_slice(w->snap, i % 5, 5, &slice)))
            CHECK(memcmp(bio_snapshot_data(slice), &"0123456789"[i % 5], 5) == 0);
        if (CHECK_OK(bio_getvalue(w->s, &same)))
            CHECK(same == w->snap);
        if (CHECK_OK(bio_view_slice(w->view, i % 5, 5, &part)))
            CHECK_EQ(bio_view_len(part), 5);
        bio_view_release(part);
        bio_snapshot_release(same);
        bio_snapshot_release(slice);
        bio_view_release(w->view);
        bio_snapshot_release(w->snap);
        bio_release(w->s);
    }
    /* The last reference of each goes on whichever thread comes last. */
    bio_view_release(w->view);
    bio_snapshot_release(w->snap);
    bio_release(w->s);
    return NULL;
}

static void storms_of_references_end_with_nothing_left(void)
{
    for (size_t threads = 2; threads <= MOST; threads *= 2) {
        ledger book;
        ledger_open(&book, LEDGER_PLAIN);
        worker workers[MOST], model = {.rounds = scaled(200), .s = ledger_stream(&book, 0, 0, 0)};
        CHECK_OK(bio_write(model.s, LIT("0123456789")));
        model.snap = value_of(model.s);
        model.view = view_of(model.s, BYTESIO_VIEW_READONLY);
        for (size_t i = 1; i < threads; i++) {
            CHECK_PTR(bio_retain(model.s), model.s);
            CHECK_PTR(bio_snapshot_retain(model.snap), model.snap);
            CHECK_PTR(bio_view_retain(model.view), model.view);
        }
        together(&model, threads, retain_and_release, workers);
        LEDGER_CLOSE(&book);
    }
}

CHECK_MAIN(CASE(publishing_goes_on_while_others_read), CASE(storms_of_references_end_with_nothing_left))
