/* The tests of every compressor. The program that includes this says how to run one. */
#ifndef BYTESIO_TEST_CODEC_H
#define BYTESIO_TEST_CODEC_H

#include "consumer.h"

#include <errno.h>

enum way { PACK, UNPACK };
enum outcome { DONE, ENDS_EARLY, DAMAGED, REFUSED, NO_MEMORY, UNEXPECTED };

/* Given by the program: a new run, the adapter's one call, which may be repeated, and the run's end. */
static void *codec_open(enum way way);
static enum outcome codec_call(void *run, enum way way, bio_stream *from, bio_stream *to);
static void codec_close(void *run, enum way way);

static enum outcome codec_once(enum way way, bio_stream *from, bio_stream *to)
{
    void *run = codec_open(way);
    enum outcome outcome = codec_call(run, way, from, to);
    codec_close(run, way);
    return outcome;
}

enum { TEXT = 300000 };

/* A quarter compresses well, so that there are many windows on both sides. */
static const uint8_t *codec_text(void)
{
    static uint8_t text[TEXT];
    pattern_fill(text, TEXT / 4, 0);
    noise_fill(text + TEXT / 4, TEXT - TEXT / 4, 1);
    return text;
}

static bio_stream *packed(size_t len)
{
    bio_stream *from = stream_of(codec_text(), len), *to = bio_new();
    REQUIRE(codec_once(PACK, from, to) == DONE);
    bio_release(from);
    move_to(to, 0);
    return to;
}

/* What lies between the position and the end. */
static void check_rest(bio_stream *stream, const void *want, size_t len)
{
    const uint8_t *rest = NULL;
    size_t rest_len = 0;
    CHECK_OK(bio_peek(stream, &rest, &rest_len));
    CHECK_MEM(rest, rest_len, want, len);
}

static void every_size_comes_back(void)
{
    static const size_t sizes[] = {0, 1, 2, 100, 4095, 4096, 4097, 70000, TEXT};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        bio_stream *from = packed(sizes[i]), *to = bio_new();
        CHECK_EQ(codec_once(UNPACK, from, to), DONE);
        CHECK_EQ(bio_tell(from), bio_len(from));
        CHECK_EQ(bio_tell(to), sizes[i]);
        CHECK_STREAM(to, codec_text(), sizes[i]);
        bio_release(to);
        bio_release(from);
    }
}

static void positions_are_the_streams_own(void)
{
    bio_stream *from = stream_at(codec_text(), TEXT, TEXT - 1000), *to = stream_at(LIT("head"), 4), *back;
    CHECK_EQ(codec_once(PACK, from, to), DONE);
    CHECK_EQ(bio_tell(from), TEXT);
    CHECK_EQ(bio_tell(to), bio_len(to));
    CHECK_OK(bio_write(to, LIT("tail"))); /* is not looked at */
    move_to(to, 4);
    back = stream_at(codec_text(), 500, 100);
    CHECK_EQ(codec_once(UNPACK, to, back), DONE);
    CHECK_EQ(bio_tell(to), bio_len(to) - 4);
    CHECK_EQ(bio_len(back), 1100);
    CHECK_EQ(bio_tell(back), 1100);
    move_to(back, 100);
    check_rest(back, codec_text() + TEXT - 1000, 1000);
    bio_release(back);
    bio_release(to);
    bio_release(from);
}

static void views_and_snapshots_of_the_source_do_not_matter(void)
{
    bio_stream *from = packed(TEXT), *to = bio_new();
    bio_snapshot *snapshot = value_of(from);
    bio_view *view = view_of(from, BYTESIO_VIEW_WRITABLE);
    CHECK_EQ(codec_once(UNPACK, from, to), DONE);
    CHECK_STREAM(to, codec_text(), TEXT);
    bio_view_release(view);
    bio_snapshot_release(snapshot);
    bio_release(to);
    bio_release(from);
}

static void source_and_target_may_share_their_bytes(void)
{
    for (int at_end = 0; at_end < 2; at_end++) {
        bio_stream *from = packed(TEXT), *to = NULL;
        bio_snapshot *value = value_of(from);
        size_t len = bio_snapshot_len(value);
        REQUIRE_OK(bio_clone(from, &to));
        move_to(to, at_end ? (int64_t)len : 0);
        CHECK_EQ(codec_once(UNPACK, from, to), DONE);
        CHECK_STREAM(from, bio_snapshot_data(value), len);
        CHECK_EQ(bio_len(to), (at_end ? len : 0) + TEXT);
        CHECK_OK(bio_seek(to, -TEXT, BYTESIO_SEEK_CUR, NULL));
        check_rest(to, codec_text(), TEXT);
        bio_snapshot_release(value);
        bio_release(to);
        bio_release(from);
    }
}

static void content_is_overwritten_in_place_under_views(void)
{
    bio_stream *from = packed(TEXT), *to = bio_new();
    bio_view *view;
    CHECK_OK(bio_fill(to, 'x', TEXT));
    view = view_of(to, BYTESIO_VIEW_WRITABLE);
    move_to(to, 0);
    CHECK_EQ(codec_once(UNPACK, from, to), DONE);
    CHECK_VIEW(view, codec_text(), TEXT);
    bio_view_release(view);
    bio_release(to);
    bio_release(from);
}

/* The run has stopped at each of some limits, goes on when that is raised, and the result is the same. */
static void check_limits(enum way way, bio_stream *from, const void *want, size_t len)
{
    void *run = codec_open(way);
    bio_stream *to = bio_new();
    for (size_t limit = 0; limit < len; limit += 1 + limit / 3) {
        CHECK_OK(bio_set_limit(to, limit));
        errno = 0;
        CHECK_EQ(codec_call(run, way, from, to), REFUSED);
        CHECK_EQ(errno, ENOSPC);
        CHECK_EQ(bio_len(to), limit);
    }
    CHECK_OK(bio_set_limit(to, len)); /* exactly as much as is needed */
    CHECK_EQ(codec_call(run, way, from, to), DONE);
    CHECK_STREAM(to, want, len);
    codec_close(run, way);
    bio_release(to);
}

static void a_limit_is_no_space_and_raising_it_goes_on(void)
{
    bio_stream *from = stream_of(codec_text(), TEXT), *small = packed(TEXT);
    bio_snapshot *value = value_of(small);
    check_limits(PACK, from, bio_snapshot_data(value), bio_snapshot_len(value));
    check_limits(UNPACK, small, codec_text(), TEXT);
    bio_snapshot_release(value);
    bio_release(small);
    bio_release(from);
}

static void a_stream_that_refuses_bytes_says_why(void)
{
    for (unsigned reason = 0; reason < REFUSALS; reason++) {
        for (int way = PACK; way <= UNPACK; way++) {
            bio_stream *from = way == PACK ? stream_of(codec_text(), TEXT) : packed(TEXT);
            refusing r;
            refusing_open(&r, reason, 77);
            errno = 0;
            CHECK_EQ(codec_once((enum way)way, from, r.stream), REFUSED);
            if (!CHECK_EQ(errno, bio_status_errno(r.status)))
                check_fail(__FILE__, __LINE__, "... %s", r.why);
            CHECK_EQ(bio_len(r.stream), r.status == BYTESIO_LIMIT ? 77 : 0);
            refusing_close(&r);
            bio_release(from);
        }
    }
}

static void check_source(bio_stream *from, bio_stream *to, bio_status status)
{
    errno = 0;
    CHECK_EQ(codec_once(PACK, from, to), REFUSED);
    CHECK_EQ(errno, bio_status_errno(status));
    errno = 0;
    CHECK_EQ(codec_once(UNPACK, from, to), REFUSED);
    CHECK_EQ(errno, bio_status_errno(status));
}

static void a_source_that_cannot_be_read_says_why(void)
{
    bio_stream *from = stream_of(LIT("abc")), *to = bio_new();
    check_source(from, from, BYTESIO_INVALID);
    check_source(NULL, to, BYTESIO_NULL_ARG);
    check_source(from, NULL, BYTESIO_NULL_ARG);
    CHECK_OK(bio_close(from));
    check_source(from, to, BYTESIO_CLOSED);
    CHECK_OK(bio_write(to, LIT("usable")));
    bio_release(from);
    bio_release(to);
}

static void data_that_ends_too_early_goes_on_when_there_is_more(void)
{
    bio_stream *whole = packed(70000);
    bio_snapshot *value = value_of(whole);
    for (size_t cut = 0; cut < bio_snapshot_len(value); cut += 1 + cut / 2) {
        void *run = codec_open(UNPACK);
        bio_stream *from = stream_of(bio_snapshot_data(value), cut), *to = bio_new();
        CHECK_EQ(codec_call(run, UNPACK, from, to), ENDS_EARLY);
        CHECK_EQ(bio_tell(from), cut);
        CHECK_OK(bio_append(from, bio_snapshot_data(value) + cut, bio_snapshot_len(value) - cut));
        CHECK_EQ(codec_call(run, UNPACK, from, to), DONE);
        CHECK_STREAM(to, codec_text(), 70000);
        codec_close(run, UNPACK);
        bio_release(to);
        bio_release(from);
    }
    bio_snapshot_release(value);
    bio_release(whole);
}

static void damaged_data_is_the_codecs_error(void)
{
    bio_stream *from = packed(TEXT), *to = bio_new();
    CHECK_OK(bio_pwrite(from, "\xff\xff\xff\xff\xff\xff\xff\xff", 8, bio_len(from) / 2));
    CHECK_EQ(codec_once(UNPACK, from, to), DAMAGED);
    CHECK_OK(bio_write(to, LIT("usable")));
    CHECK_OK(bio_pwrite(from, "garbage!", 8, 0));
    move_to(from, 0);
    CHECK_EQ(codec_once(UNPACK, from, to), DAMAGED);
    CHECK_OK(bio_write(to, LIT("usable")));
    bio_release(to);
    bio_release(from);
}

/* An allocator that grants so many requests and no more. */
typedef struct purse {
    size_t requests;
} purse;

static void *purse_allocate(void *ctx, size_t size, size_t align)
{
    purse *p = ctx;
    if (p->requests == 0)
        return NULL;
    p->requests--;
    return aligned_alloc(align, (size + align - 1) / align * align);
}

static void purse_deallocate(void *ctx, void *ptr, size_t size, size_t align)
{
    (void)ctx, (void)size, (void)align;
    free(ptr);
}

static void memory_that_runs_out_goes_on_when_there_is_some(void)
{
    bio_stream *from = packed(TEXT), *to = NULL;
    purse p = {1000};
    bio_allocator allocator = {purse_allocate, NULL, purse_deallocate, &p};
    bio_options options = BYTESIO_OPTIONS_INIT;
    unsigned refused = 0;
    void *run = codec_open(UNPACK);
    options.allocator = &allocator;
    REQUIRE_OK(bio_new_with(&options, &to));
    while (refused < 1000) {
        enum outcome outcome;
        p.requests = refused; /* a little more each time */
        errno = 0;
        outcome = codec_call(run, UNPACK, from, to);
        if (outcome != NO_MEMORY) {
            CHECK_EQ(outcome, DONE);
            break;
        }
        CHECK_EQ(errno, ENOMEM);
        refused++;
    }
    CHECK(refused > 0);
    CHECK_STREAM(to, codec_text(), TEXT);
    codec_close(run, UNPACK);
    bio_release(to);
    bio_release(from);
}

#define CODEC_CASES                                                                                        \
    CASE(every_size_comes_back), CASE(positions_are_the_streams_own),                                      \
        CASE(views_and_snapshots_of_the_source_do_not_matter),                                             \
        CASE(source_and_target_may_share_their_bytes), CASE(content_is_overwritten_in_place_under_views),  \
        CASE(a_limit_is_no_space_and_raising_it_goes_on), CASE(a_stream_that_refuses_bytes_says_why),      \
        CASE(a_source_that_cannot_be_read_says_why),                                                       \
        CASE(data_that_ends_too_early_goes_on_when_there_is_more), CASE(damaged_data_is_the_codecs_error), \
        CASE(memory_that_runs_out_goes_on_when_there_is_some)

#endif
