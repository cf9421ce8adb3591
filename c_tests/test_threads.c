/* Two to eight threads on one stream: each call is atomic with respect to every other. */
#include "threads.h"

enum { RECORD = 32 };

/* A record says who wrote it and as which of his, in every byte that is left. */
static void record_fill(uint8_t *record, unsigned id, size_t number)
{
    memset(record, (int)(id * 31 + number), RECORD);
    record[0] = (uint8_t)id;
    memcpy(record + 1, &number, sizeof number);
}

static bool record_read(const uint8_t *record, unsigned *id, size_t *number)
{
    uint8_t want[RECORD];
    *id = record[0];
    memcpy(number, record + 1, sizeof *number);
    record_fill(want, *id, *number);
    return memcmp(record, want, RECORD) == 0;
}

/* Every record intact, every thread's in the order in which it wrote them, none missing. */
static void check_records(bio_stream *s, size_t threads, size_t rounds)
{
    bio_snapshot *all = value_of(s);
    size_t next[MOST] = {0}, torn = 0;
    CHECK_EQ(bio_snapshot_len(all), threads * rounds * RECORD);
    for (size_t at = 0; at + RECORD <= bio_snapshot_len(all); at += RECORD) {
        unsigned id;
        size_t number;
        if (record_read(bio_snapshot_data(all) + at, &id, &number) && id < threads && number == next[id])
            next[id]++;
        else
            torn++;
    }
    CHECK_EQ(torn, 0);
    for (size_t i = 0; i < threads; i++)
        CHECK_EQ(next[i], rounds);
    bio_snapshot_release(all);
}

static void *write_records(void *arg)
{
    worker *w = arg;
    for (size_t i = 0; i < w->rounds; i++) {
        uint8_t record[RECORD];
        record_fill(record, w->id, i);
        bio_slice pieces[] = {{record, 5}, {record + 5, 20}, {record + 25, RECORD - 25}};
        if (w->mutex)
            pthread_mutex_lock(w->mutex);
        CHECK_OK(i % 2 ? bio_write(w->s, record, RECORD) : bio_writev(w->s, pieces, 3));
        if (i % 16 == w->id)
            CHECK_OK(bio_shrink_to_fit(w->s)); /* the next one has to allocate, in the middle of its write */
        if (w->mutex)
            pthread_mutex_unlock(w->mutex);
    }
    return NULL;
}

/* Has to come first: a library may skip its locks until there is a second thread, and learns of it only here. */
static void the_first_thread_comes_after_the_stream(void)
{
    enum { BEFORE = 10 };
    worker workers[MOST], model = {.rounds = scaled(2000), .s = bio_new()};
    REQUIRE(model.s != NULL);
    for (size_t i = 0; i < BEFORE; i++) { /* used before, perhaps without any lock */
        uint8_t record[RECORD];
        record_fill(record, 0, i);
        CHECK_OK(bio_write(model.s, record, RECORD));
    }
    CHECK_OK(bio_clear(model.s));
    together(&model, 4, write_records, workers);
    check_records(model.s, 4, model.rounds);
    bio_release(model.s);
}

static void each_write_is_whole_whatever_the_others_do(void)
{
    for (size_t threads = 2; threads <= MOST; threads += 3) {
        ledger book;
        worker workers[MOST], model = {.rounds = scaled(500), .s = yielding_stream(&book)};
        together(&model, threads, write_records, workers);
        check_records(model.s, threads, model.rounds);
        bio_release(model.s);
        LEDGER_CLOSE(&book);
    }
}

static void an_unlocked_stream_is_ordered_by_its_caller(void)
{
    bio_options options = BYTESIO_OPTIONS_INIT;
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    worker workers[MOST], model = {.rounds = scaled(2000), .mutex = &mutex};
    options.flags = BYTESIO_STREAM_UNLOCKED;
    REQUIRE_OK(bio_new_with(&options, &model.s));
    together(&model, 4, write_records, workers);
    check_records(model.s, 4, model.rounds);
    bio_release(model.s);
}

static void *read_records(void *arg)
{
    worker *w = arg;
    for (;;) {
        uint8_t record[RECORD];
        const uint8_t *ptr = record;
        size_t n = 0, number;
        unsigned id;
        bio_status status = BYTESIO_OK;
        switch (w->result % 3) {
        case 0: status = bio_read(w->s, record, RECORD, &n); break;
        case 1: status = bio_take(w->s, RECORD, &ptr, &n); break;
        default:
            status = bio_read_exact(w->s, record, RECORD);
            n = status == BYTESIO_OK ? RECORD : 0;
            status = status == BYTESIO_EOF ? BYTESIO_OK : status;
        }
        if (!CHECK_OK(status) || n == 0)
            return NULL;
        if (!CHECK_EQ(n, RECORD) || !CHECK(record_read(ptr, &id, &number)))
            return NULL;
        w->result++;
    }
}

static void each_record_is_read_by_one_thread(void)
{
    size_t records = scaled(20000), total = 0;
    worker workers[MOST], model = {.s = bio_new()};
    REQUIRE(model.s != NULL);
    for (size_t i = 0; i < records; i++) {
        uint8_t record[RECORD];
        record_fill(record, 0, i);
        CHECK_OK(bio_write(model.s, record, RECORD));
    }
    move_to(model.s, 0);
    together(&model, 4, read_records, workers);
    for (size_t i = 0; i < 4; i++)
        total += workers[i].result;
    CHECK_EQ(total, records);
    bio_release(model.s);
}

static bool uniform(const uint8_t *data, size_t len)
{
    for (size_t i = 1; i < len; i++)
        if (data[i] != data[0])
            return false;
    return true;
}

/* Even threads overwrite all of the stream with one byte, odd ones look: never a mixture. */
static void *paint_or_look(void *arg)
{
    enum { SIZE = 256 };
    worker *w = arg;
    for (size_t i = 0; i < w->rounds; i++) {
        uint8_t bytes[SIZE];
        bio_snapshot *snap = NULL;
        bio_stream *clone = NULL;
        size_t n = 0;
        if (w->id % 2 == 0) {
            memset(bytes, (int)(i + w->id * 7), SIZE);
            CHECK_OK(bio_pwrite(w->s, bytes, SIZE, 0));
            continue;
        }
        switch (i % 3) {
        case 0:
            CHECK_OK(bio_pread(w->s, bytes, SIZE, 0, &n));
            CHECK(n == SIZE && uniform(bytes, n));
            break;
        case 1: /* released while the painters go on: the next overwrite may be in place again */
            if (CHECK_OK(bio_getvalue(w->s, &snap)))
                CHECK(bio_snapshot_len(snap) == SIZE && uniform(bio_snapshot_data(snap), SIZE));
            bio_snapshot_release(snap);
            break;
        default:
            if (CHECK_OK(bio_clone(w->s, &clone)) && CHECK_OK(bio_pread(clone, bytes, SIZE, 0, &n)))
                CHECK(n == SIZE && uniform(bytes, n));
            bio_release(clone);
        }
    }
    return NULL;
}

static void nobody_sees_half_an_overwrite(void)
{
    for (size_t threads = 2; threads <= MOST; threads *= 2) {
        ledger book;
        worker workers[MOST], model = {.rounds = scaled(2000), .s = yielding_stream(&book)};
        CHECK_OK(bio_fill(model.s, 0, 256));
        together(&model, threads, paint_or_look, workers);
        bio_release(model.s);
        LEDGER_CLOSE(&book);
    }
}

/* Even threads open and close views, odd ones append: refused or done, never half. */
static void *view_or_append(void *arg)
{
    worker *w = arg;
    for (size_t i = 0; i < w->rounds; i++) {
        if (w->id % 2) {
            bio_status status = bio_write(w->s, "0123456789", 10);
            CHECK(status == BYTESIO_OK || status == BYTESIO_EXPORTED);
            w->result += status == BYTESIO_OK;
            continue;
        }
        bio_view *view = NULL;
        if (!CHECK_OK(bio_getbuffer(w->s, BYTESIO_VIEW_READONLY, &view)))
            continue;
        size_t len = bio_view_len(view);
        CHECK(bio_export_count(w->s) >= 1);
        CHECK_EQ(len % 10, 0);
        CHECK_EQ(bio_len(w->s), len); /* held as long as the view is */
        CHECK(len == 0 || memcmp(bio_view_data(view) + len - 10, "0123456789", 10) == 0);
        bio_view_release(view);
    }
    return NULL;
}

static void views_hold_the_length_against_other_threads(void)
{
    worker workers[MOST], model = {.rounds = scaled(2000), .s = bio_new()};
    size_t appended = 0;
    REQUIRE(model.s != NULL);
    together(&model, 4, view_or_append, workers);
    for (size_t i = 0; i < 4; i++)
        appended += workers[i].result;
    CHECK_EQ(bio_len(model.s), appended * 10);
    CHECK_EQ(bio_export_count(model.s), 0);
    bio_release(model.s);
}

/* One thread rolls back again and again, the others append, look, and ask for text. */
static void *roll_back_or_append(void *arg)
{
    worker *w = arg;
    for (size_t i = 0; i < w->rounds; i++) {
        bio_snapshot *snap = NULL;
        uint64_t at = 0, len = 0;
        switch (w->id % 4) {
        case 0: CHECK_OK(bio_restore(w->s, w->snap)); break;
        case 1: CHECK_OK(bio_append(w->s, "0123456789", 10)); break;
        case 2:
            CHECK_OK(bio_where(w->s, &at, &len));
            CHECK(len % 10 == 0 && at <= len);
            CHECK_OK(bio_seek(w->s, 0, BYTESIO_SEEK_END, NULL));
            break;
        default:
            if (CHECK_OK(bio_getvalue(w->s, &snap))) {
                size_t size = bio_snapshot_len(snap), count = 0;
                CHECK_OK(bio_snapshot_count(snap, "0123456789", 10, &count));
                CHECK(size >= 20 && count * 10 == size);
            }
            bio_snapshot_release(snap);
        }
    }
    return NULL;
}

static void a_rollback_is_whole_whatever_the_others_do(void)
{
    for (size_t threads = 4; threads <= MOST; threads *= 2) {
        ledger book;
        worker workers[MOST], model = {.rounds = scaled(500), .s = yielding_stream(&book)};
        CHECK_OK(bio_write(model.s, LIT("01234567890123456789")));
        model.snap = value_of(model.s);
        CHECK_OK(bio_fill(model.s, '#', 10));
        CHECK_OK(bio_restore(model.s, model.snap));
        together(&model, threads, roll_back_or_append, workers);
        CHECK_SNAPSHOT(model.snap, LIT("01234567890123456789"));
        bio_snapshot_release(model.snap);
        bio_release(model.s);
        LEDGER_CLOSE(&book);
    }
}

/* Windows are opened, committed, given up, and closed by whoever comes: BUSY for the others, nothing torn. */
static void *windows_of_many(void *arg)
{
    worker *w = arg;
    for (size_t i = 0; i < w->rounds; i++) {
        uint8_t record[RECORD], *ptr = NULL;
        size_t room = 0;
        record_fill(record, w->id, w->result);
        bio_status status = bio_prepare_upto(w->s, RECORD, 2 * RECORD, &ptr, &room);
        if (!CHECK(status == BYTESIO_OK || status == BYTESIO_BUSY) || status != BYTESIO_OK)
            continue;
        memset(ptr, '~', room);
        if (i % 3 == 0) {
            bio_cancel(w->s); /* nobody else does: they are BUSY */
            continue;
        }
        memcpy(ptr, record, RECORD);
        w->result += CHECK_OK(bio_commit(w->s, RECORD)) != 0;
    }
    return NULL;
}

static void windows_of_threads_do_not_meet(void)
{
    ledger book;
    worker workers[MOST], model = {.rounds = scaled(1000), .s = yielding_stream(&book)};
    size_t records = 0;
    together(&model, 4, windows_of_many, workers);
    for (size_t i = 0; i < 4; i++)
        records += workers[i].result;
    CHECK_EQ(bio_len(model.s), records * RECORD);
    size_t next[4] = {0};
    for (size_t i = 0; i < records; i++) {
        uint8_t record[RECORD];
        size_t n = 0, number = 0;
        unsigned id = 0;
        CHECK_OK(bio_pread(model.s, record, RECORD, i * RECORD, &n));
        CHECK(record_read(record, &id, &number) && id < 4 && number == next[id]++);
    }
    bio_release(model.s);
    LEDGER_CLOSE(&book);
}

CHECK_MAIN(CASE(the_first_thread_comes_after_the_stream), CASE(each_write_is_whole_whatever_the_others_do),
           CASE(an_unlocked_stream_is_ordered_by_its_caller), CASE(each_record_is_read_by_one_thread),
           CASE(nobody_sees_half_an_overwrite), CASE(views_hold_the_length_against_other_threads),
           CASE(a_rollback_is_whole_whatever_the_others_do), CASE(windows_of_threads_do_not_meet))
