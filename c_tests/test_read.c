/* Reading: read, pread, peek, skip, read_snapshot; also into the stream's own bytes. */
#include "support.h"

static const char digits[] = "0123456789";

/* Every position in and around ten bytes, every size: what a read must give, said the naive way. */
static void reads_give_what_is_there(void)
{
    bio_stream *s = stream_of(LIT("0123456789"));
    for (int64_t p = 0; p <= 12; p++) {
        for (size_t n = 0; n <= 13; n++) {
            size_t avail = p < 10 ? (size_t)(10 - p) : 0, want = n < avail ? n : avail, got = 99;
            const char *from = digits + (p < 10 ? p : 10);
            char buf[16];
            memset(buf, '#', sizeof buf);
            move_to(s, p);
            CHECK_OK(bio_read(s, buf, n, &got));
            CHECK_MEM(buf, got, from, want);
            CHECK_EQ(buf[want], '#'); /* not a byte more */
            CHECK_EQ(bio_tell(s), p + (int64_t)want);

            move_to(s, 3);
            memset(buf, '#', sizeof buf);
            got = 99;
            CHECK_OK(bio_pread(s, buf, n, (uint64_t)p, &got));
            CHECK_MEM(buf, got, from, want);
            CHECK_EQ(buf[want], '#');
            CHECK_EQ(bio_tell(s), 3);

            move_to(s, p);
            got = 99;
            CHECK_OK(bio_skip(s, n, &got));
            CHECK_EQ(got, want);
            CHECK_EQ(bio_tell(s), p + (int64_t)want);

            move_to(s, p);
            memset(buf, '#', sizeof buf);
            bool all = n <= avail;
            CHECK_STATUS(bio_read_exact(s, buf, n), all ? BYTESIO_OK : BYTESIO_EOF);
            CHECK_MEM(buf, n, all ? from : "#############", n);
            CHECK_EQ(buf[n], '#');
            CHECK_EQ(bio_tell(s), p + (int64_t)(all ? n : 0));

            move_to(s, p);
            const uint8_t *taken = NULL;
            got = 99;
            CHECK_OK(bio_take(s, n, &taken, &got));
            CHECK_MEM(taken, got, from, want);
            CHECK_EQ(bio_tell(s), p + (int64_t)want);

            move_to(s, p);
            bio_snapshot *part = NULL;
            REQUIRE_OK(bio_read_snapshot(s, n, &part));
            CHECK_SNAPSHOT(part, from, want);
            CHECK_EQ(bio_tell(s), p + (int64_t)want);
            bio_snapshot_release(part);

            move_to(s, p);
            const uint8_t *ptr = NULL;
            got = 99;
            CHECK_OK(bio_peek(s, &ptr, &got));
            CHECK_EQ(got, avail);
            CHECK(ptr != NULL);
            CHECK_MEM(ptr, got, from, avail);
            CHECK_EQ(bio_tell(s), p);

            move_to(s, (int64_t)n);
            const uint8_t *at = NULL;
            got = 99;
            CHECK_OK(bio_peek_at(s, (uint64_t)p, &at, &got));
            CHECK(at != NULL);
            CHECK_MEM(at, got, from, avail);
            CHECK_EQ(bio_tell(s), (int64_t)n);
        }
    }
    CHECK_STREAM(s, LIT("0123456789"));
    bio_release(s);
}

static void an_empty_buffer_may_be_null(void)
{
    bio_stream *s = stream_of(LIT("abc"));
    size_t n = 5;
    CHECK_OK(bio_read(s, NULL, 0, &n));
    CHECK_EQ(n, 0);
    n = 5;
    CHECK_OK(bio_pread(s, NULL, 0, 1, &n));
    CHECK_EQ(n, 0);
    bio_release(s);
}

static void an_exact_read_beyond_the_end_touches_nothing(void)
{
    bio_stream *s = stream_at(LIT("0123456789"), 6);
    bio_view *view = view_of(s, BYTESIO_VIEW_WRITABLE);
    char buf[100];
    memset(buf, '#', sizeof buf);
    CHECK_STATUS(bio_read_exact(s, buf, 5), BYTESIO_EOF);
    CHECK_STATUS(bio_read_exact(s, buf, sizeof buf), BYTESIO_EOF);
    CHECK_STATUS(bio_read_exact(s, buf, PTRDIFF_MAX), BYTESIO_EOF);
    CHECK_STATUS(bio_read_exact(s, buf, SIZE_MAX), BYTESIO_OVERFLOW);
    CHECK_EQ(buf[0], '#');
    CHECK_EQ(bio_tell(s), 6);
    CHECK_OK(bio_read_exact(s, mutable_bytes(view), 4)); /* into the stream's own view */
    CHECK_EQ(bio_tell(s), 10);
    CHECK_OK(bio_read_exact(s, NULL, 0));
    CHECK_STATUS(bio_read_exact(s, buf, 1), BYTESIO_EOF);
    move_to(s, INT64_MAX);
    CHECK_STATUS(bio_read_exact(s, buf, 1), BYTESIO_EOF);
    CHECK_OK(bio_read_exact(s, buf, 0));
    CHECK_EQ(bio_tell(s), INT64_MAX);
    CHECK_STREAM(s, LIT("6789456789"));
    bio_view_release(view);
    bio_release(s);
}

static void a_peek_elsewhere_takes_any_offset(void)
{
    bio_stream *s = stream_at(LIT("0123456789"), 2);
    static const uint64_t ends[] = {10, 11, INT64_MAX};
    const uint8_t *ptr = NULL;
    size_t len = 99;
    for (size_t i = 0; i < COUNT(ends); i++) {
        CHECK_OK(bio_peek_at(s, ends[i], &ptr, &len));
        CHECK(ptr != NULL && len == 0);
    }
    len = 99;
    CHECK_STATUS(bio_peek_at(s, (uint64_t)INT64_MAX + 1, &ptr, &len), BYTESIO_OVERFLOW);
    CHECK_STATUS(bio_peek_at(s, UINT64_MAX, &ptr, &len), BYTESIO_OVERFLOW);
    CHECK_EQ(len, 99);
    CHECK_OK(bio_take(s, SIZE_MAX, &ptr, &len));
    CHECK_MEM(ptr, len, LIT("23456789"));
    CHECK_EQ(bio_tell(s), 10);
    bio_release(s);
}

static void pread_at_and_far_past_the_end_reads_nothing(void)
{
    bio_stream *s = stream_of(LIT("abc"));
    static const uint64_t offsets[] = {3, 4, INT64_MAX};
    for (size_t i = 0; i < COUNT(offsets); i++) {
        char byte = '#';
        size_t n = 5;
        CHECK_OK(bio_pread(s, &byte, 1, offsets[i], &n));
        CHECK_EQ(n, 0);
        CHECK_EQ(byte, '#');
    }
    char byte = '#';
    size_t n = 5;
    CHECK_STATUS(bio_pread(s, &byte, 1, (uint64_t)INT64_MAX + 1, &n), BYTESIO_OVERFLOW);
    CHECK_STATUS(bio_pread(s, &byte, 1, UINT64_MAX, &n), BYTESIO_OVERFLOW);
    CHECK_EQ(n, 5);
    bio_release(s);
}

static void skip_takes_any_size_and_needs_no_result(void)
{
    bio_stream *s = stream_at(LIT("0123456789"), 4);
    size_t skipped = 0;
    CHECK_OK(bio_skip(s, 2, NULL));
    CHECK_EQ(bio_tell(s), 6);
    CHECK_OK(bio_skip(s, SIZE_MAX, &skipped));
    CHECK_EQ(skipped, 4);
    CHECK_EQ(bio_tell(s), 10);
    CHECK_OK(bio_skip(s, SIZE_MAX, &skipped));
    CHECK_EQ(skipped, 0);
    move_to(s, INT64_MAX);
    CHECK_OK(bio_skip(s, SIZE_MAX, &skipped));
    CHECK_EQ(skipped, 0);
    CHECK_EQ(bio_tell(s), INT64_MAX);
    bio_release(s);
}

static void peek_does_not_copy_and_reads_do_not_disturb_it(void)
{
    bio_stream *s = stream_at(LIT("0123456789"), 6);
    const uint8_t *ptr = NULL, *again = NULL;
    size_t len = 0;
    char buf[4];
    CHECK_OK(bio_peek(s, &ptr, &len));
    CHECK_MEM(ptr, len, LIT("6789"));
    CHECK_OK(bio_read(s, buf, 2, &len));
    move_to(s, 6);
    CHECK_OK(bio_peek(s, &again, &len));
    CHECK_PTR(again, ptr);
    CHECK_MEM(ptr, 4, LIT("6789")); /* seeks and reads change nothing: the first pointer is still good */
    move_to(s, 0);
    CHECK_OK(bio_peek(s, &again, &len));
    CHECK_PTR(again, ptr - 6);
    bio_release(s);
}

static void read_snapshot_shares_the_streams_bytes(void)
{
    ledger book;
    ledger_open(&book, LEDGER_PLAIN);
    bio_stream *s = ledger_stream(&book, 0, 0, 0);
    bio_snapshot *part = NULL, *rest = NULL;
    CHECK_OK(bio_fill(s, 'a', 60000));
    move_to(s, 10000);
    const uint8_t *ptr = NULL;
    size_t len = 0, before = book.bytes;
    CHECK_OK(bio_peek(s, &ptr, &len));
    REQUIRE_OK(bio_read_snapshot(s, 40000, &part));
    REQUIRE_OK(bio_read_snapshot(s, SIZE_MAX, &rest));
    CHECK_PTR(bio_snapshot_data(part), ptr);
    CHECK_EQ(bio_snapshot_len(part), 40000);
    CHECK_PTR(bio_snapshot_data(rest), ptr + 40000);
    CHECK_EQ(bio_snapshot_len(rest), 10000);
    CHECK_EQ(bio_tell(s), 60000);
    CHECK(book.bytes - before < 1024); /* handles, no bytes */
    CHECK_EQ(statistics_of(s).snapshot_copies, 0);
    move_to(s, 10000);
    CHECK_OK(bio_fill(s, 'b', 50000));
    CHECK_OK(bio_truncate(s, 5));
    CHECK_OK(bio_shrink_to_fit(s));
    for (size_t i = 0; i < 40000; i += 999)
        CHECK_EQ(bio_snapshot_data(part)[i], 'a');
    bio_release(s);
    CHECK_EQ(bio_snapshot_data(rest)[9999], 'a');
    bio_snapshot_release(part);
    bio_snapshot_release(rest);
    LEDGER_CLOSE(&book);
}

static void reading_allocates_nothing(void)
{
    ledger book;
    ledger_open(&book, LEDGER_PLAIN);
    bio_stream *s = ledger_stream(&book, 0, 0, 0);
    CHECK_OK(bio_fill(s, '\n', 1000));
    size_t requests = book.requests, n = 0;
    const uint8_t *ptr = NULL;
    char buf[64];
    move_to(s, 0);
    for (int i = 0; i < 10; i++) {
        CHECK_OK(bio_read(s, buf, sizeof buf, &n));
        CHECK_OK(bio_pread(s, buf, sizeof buf, 500, &n));
        CHECK_OK(bio_peek(s, &ptr, &n));
        CHECK_OK(bio_readline(s, SIZE_MAX, &ptr, &n));
        CHECK_OK(bio_skip(s, 3, &n));
    }
    CHECK_EQ(book.requests, requests);
    bio_release(s);
    LEDGER_CLOSE(&book);
}

/* Source and destination in one writable view, each overlap in both directions: memmove is the model. */
static void reads_into_the_streams_own_view_move_like_memmove(void)
{
    for (size_t from = 0; from <= 60; from += 15) {
        for (size_t to = 0; to <= 60; to += 15) {
            for (size_t n = 0; n <= 130; n += n < 40 ? 4 : 30) {
                uint8_t model[192], out[192];
                size_t got = 99;
                pattern_fill(model, sizeof model, 0);
                for (int positional = 0; positional < 2; positional++) {
                    bio_stream *s = stream_at(model, sizeof model, (int64_t)from);
                    bio_view *view = view_of(s, BYTESIO_VIEW_WRITABLE);
                    uint8_t *data = mutable_bytes(view);
                    CHECK_OK(positional ? bio_pread(s, data + to, n, from, &got)
                                        : bio_read(s, data + to, n, &got));
                    CHECK_EQ(got, n);
                    memcpy(out, model, sizeof out);
                    memmove(out + to, out + from, n);
                    CHECK_VIEW(view, out, sizeof out);
                    CHECK_STREAM(s, out, sizeof out);
                    bio_view_release(view);
                    bio_release(s);
                }
            }
        }
    }
}

static void absurd_buffer_sizes_are_refused(void)
{
    bio_stream *s = stream_at(LIT("abc"), 1);
    static const size_t sizes[] = {SIZE_MAX, (size_t)PTRDIFF_MAX + 1};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        char buf[4] = "...";
        size_t n = 77;
        CHECK_STATUS(bio_read(s, buf, sizes[i], &n), BYTESIO_OVERFLOW);
        CHECK_STATUS(bio_pread(s, buf, sizes[i], 0, &n), BYTESIO_OVERFLOW);
        CHECK_EQ(n, 77);
        CHECK_MEM(buf, 4, "...", 4);
        CHECK_EQ(bio_tell(s), 1);
    }
    bio_release(s);
}

CHECK_MAIN(CASE(reads_give_what_is_there), CASE(an_empty_buffer_may_be_null),
           CASE(an_exact_read_beyond_the_end_touches_nothing), CASE(a_peek_elsewhere_takes_any_offset),
           CASE(pread_at_and_far_past_the_end_reads_nothing), CASE(skip_takes_any_size_and_needs_no_result),
           CASE(peek_does_not_copy_and_reads_do_not_disturb_it), CASE(read_snapshot_shares_the_streams_bytes),
           CASE(reading_allocates_nothing), CASE(reads_into_the_streams_own_view_move_like_memmove),
           CASE(absurd_buffer_sizes_are_refused))
