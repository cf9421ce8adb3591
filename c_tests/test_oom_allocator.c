/* The caller's allocator refuses each request in turn. */
#include "oom.h"

static ledger book;

static bio_stream *make(void)
{
    return ledger_stream(&book, 0, 0, 0);
}
static void arm(size_t nth)
{
    book.fired = false;
    book.fail_at = nth;
}

static bool disarm(void)
{
    book.fail_at = 0;
    return book.fired;
}

static const oom_source source = {make, arm, disarm};

static void each_scenario(unsigned flags)
{
    size_t refused = 0;
    for (size_t i = 0; i < COUNT(oom_cases); i++) {
        ledger_open(&book, flags);
        refused += oom_run(&source, &oom_cases[i]);
        if (!LEDGER_CLOSE(&book))
            check_fail(__FILE__, __LINE__, "... in \"%s\"", oom_cases[i].name);
    }
    CHECK(refused > COUNT(oom_cases) / 2); /* most need memory: else this has proved nothing */
}

static void every_allocation_fails_in_turn(void)
{
    each_scenario(LEDGER_PLAIN);
}
static void and_without_reallocate(void)
{
    each_scenario(LEDGER_NO_REALLOCATE | LEDGER_SKEWED);
}

static void making_a_stream_fails_in_turn(void)
{
    ledger_open(&book, LEDGER_PLAIN);
    bio_options options = BYTESIO_OPTIONS_INIT;
    options.capacity = 5000;
    options.allocator = &book.allocator;
    for (size_t n = 1;; n++) {
        bio_stream *s = NULL;
        arm(n);
        bio_status status = bio_new_with(&options, &s);
        bool refused = disarm();
        if (status == BYTESIO_OK) { /* with less than it wanted, perhaps, but not less than asked for */
            CHECK(bio_capacity(s) >= 5000);
            bio_release(s);
        } else {
            CHECK_STATUS(status, BYTESIO_NOMEM);
            CHECK(s == NULL);
        }
        CHECK_EQ(book.live, 0);
        CHECK(refused || n > 1);
        if (!refused)
            break;
    }
    LEDGER_CLOSE(&book);
}

static void what_needs_no_memory_asks_for_none(void)
{
    ledger_open(&book, LEDGER_PLAIN);
    bio_stream *s = make();
    oom_fill(s);
    CHECK_OK(bio_fill(s, '\n', 10));
    bio_snapshot *snap = value_of(s);
    bio_view *view = view_of(s, BYTESIO_VIEW_WRITABLE);
    uint8_t buf[16];
    const uint8_t *ptr = NULL;
    size_t n = 0, requests = book.requests;
    bool result = false;
    CHECK_OK(bio_seek(s, 10, BYTESIO_SEEK_SET, NULL));
    CHECK_OK(bio_read(s, buf, sizeof buf, &n));
    CHECK_OK(bio_pread(s, buf, sizeof buf, 0, &n));
    CHECK_OK(bio_peek(s, &ptr, &n));
    CHECK_OK(bio_readline(s, SIZE_MAX, &ptr, &n));
    CHECK_OK(bio_skip(s, 5, &n));
    CHECK_OK(bio_write(s, buf, sizeof buf)); /* inside, and its own by now */
    CHECK_OK(bio_snapshot_find(snap, "\n\n", 2, 0, &n));
    CHECK_OK(bio_view_ends_with(view, "xyz", 3, &result));
    CHECK_PTR(bio_snapshot_retain(snap), snap);
    bio_snapshot_release(snap);
    bio_view_release(view);
    CHECK_OK(bio_truncate(s, 100));
    CHECK_OK(bio_clear(s));
    CHECK_OK(bio_close(s));
    CHECK_EQ(book.requests, requests);
    bio_snapshot_release(snap);
    bio_release(s);
    LEDGER_CLOSE(&book);
}

static void retained_under_failure_a_long_job_ends_right(void)
{
    /* Not one scenario but a whole job, refused somewhere: whatever it says it has done, it has. */
    size_t rounds = 0;
    for (size_t n = 1;; n++, rounds++) {
        uint64_t done = 0;
        ledger_open(&book, LEDGER_PLAIN);
        bio_stream *s = make();
        bio_snapshot *snaps[20] = {NULL};
        uint64_t lengths[20] = {0};
        arm(n);
        for (size_t i = 0; i < COUNT(snaps); i++) {
            uint8_t chunk[300];
            pattern_fill(chunk, sizeof chunk, done);
            if (bio_write(s, chunk, sizeof chunk) == BYTESIO_OK)
                done += sizeof chunk;
            if (bio_getvalue(s, &snaps[i]) == BYTESIO_OK)
                lengths[i] = done;
            else
                CHECK(snaps[i] == NULL);
        }
        bool fired = disarm();
        CHECK_EQ(bio_len(s), done);
        for (size_t i = 0; i < COUNT(snaps); i++) {
            if (!snaps[i])
                continue;
            CHECK_EQ(bio_snapshot_len(snaps[i]), lengths[i]);
            CHECK(pattern_holds(bio_snapshot_data(snaps[i]), (size_t)lengths[i], 0));
            bio_snapshot_release(snaps[i]);
        }
        bio_release(s);
        LEDGER_CLOSE(&book);
        if (!fired)
            break;
    }
    CHECK(rounds > 5);
}

CHECK_MAIN(CASE(every_allocation_fails_in_turn), CASE(and_without_reallocate),
           CASE(making_a_stream_fails_in_turn), CASE(what_needs_no_memory_asks_for_none),
           CASE(retained_under_failure_a_long_job_ends_right))
