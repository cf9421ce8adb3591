/* Writing from the stream's own bytes: the source lies in a snapshot, a view, or where a call that lends pointed.
 * The result must be as if the source had been copied away first, also when the write has to move the bytes. */
#include "support.h"

enum { LENGTH = 160 };
enum {
    FROM_SNAPSHOT,
    FROM_READONLY_VIEW,
    FROM_WRITABLE_VIEW,
    FROM_PEEK,
    FROM_PEEK_AT,
    FROM_TAKE,
    FROM_CSTR,
    FROM_WINDOW,
    SOURCES
};
enum { ON_HEAP, ON_HEAP_TIGHT, ON_HEAP_HELD, ON_FOREIGN, ON_FIXED, BACKINGS };
enum { BY_WRITE, BY_PWRITE, BY_WRITEV, BY_APPEND, BY_PRINTF, WAYS };

typedef struct bed {
    bio_stream *stream;
    bio_snapshot *held, *source_snapshot;
    bio_view *view;
    const uint8_t *source;
    uint8_t memory[2 * LENGTH];
    release_log log;
} bed;

/* A pattern without NULs, for text. */
static void text_fill(uint8_t *out)
{
    pattern_fill(out, LENGTH, 0);
    for (size_t i = 0; i < LENGTH; i++)
        out[i] |= 1;
}

static int is_text(bio_snapshot *snap)
{
    uint8_t want[LENGTH];
    text_fill(want);
    return CHECK_SNAPSHOT(snap, want, LENGTH);
}

/* The second half of the bytes comes through a window at the end: its memory is the content's from then on. */
static const uint8_t *through_a_window(bio_stream *s, const uint8_t *bytes)
{
    uint8_t *ptr = NULL;
    size_t room = 0;
    CHECK_OK(bio_truncate(s, LENGTH / 2));
    move_to(s, LENGTH / 2);
    REQUIRE_OK(bio_prepare(s, LENGTH / 2, &ptr, &room));
    memcpy(ptr, bytes + LENGTH / 2, LENGTH / 2);
    CHECK_OK(bio_commit(s, LENGTH / 2));
    return ptr - LENGTH / 2;
}

static void bed_make(bed *b, int backing, int source)
{
    uint8_t bytes[LENGTH];
    memset(b, 0, sizeof *b);
    text_fill(bytes);
    memcpy(b->memory, bytes, LENGTH);
    if (backing == ON_FOREIGN) {
        b->stream = adopted(b->memory, LENGTH, &b->log);
    } else if (backing == ON_FIXED) {
        REQUIRE_OK(bio_new_fixed(b->memory, sizeof b->memory, LENGTH, &b->stream));
    } else {
        b->stream = stream_of(b->memory, LENGTH);
        if (backing == ON_HEAP_TIGHT)
            CHECK_OK(bio_shrink_to_fit(b->stream));
        else
            CHECK_OK(bio_reserve(b->stream, LENGTH));
        if (backing == ON_HEAP_HELD)
            b->held = value_of(b->stream);
    }
    const char *text = NULL;
    size_t len = 0;
    switch (source) {
    case FROM_SNAPSHOT:
        b->source_snapshot = value_of(b->stream);
        b->source = bio_snapshot_data(b->source_snapshot);
        break;
    case FROM_READONLY_VIEW:
    case FROM_WRITABLE_VIEW:
        b->view =
            view_of(b->stream, source == FROM_WRITABLE_VIEW ? BYTESIO_VIEW_WRITABLE : BYTESIO_VIEW_READONLY);
        b->source = bio_view_data(b->view);
        break;
    case FROM_PEEK_AT: CHECK_OK(bio_peek_at(b->stream, 0, &b->source, &len)); break;
    case FROM_TAKE: CHECK_OK(bio_take(b->stream, SIZE_MAX, &b->source, &len)); break;
    case FROM_CSTR:
        CHECK_OK(bio_cstr(b->stream, &text, &len));
        b->source = (const uint8_t *)text;
        break;
    case FROM_WINDOW: b->source = through_a_window(b->stream, bytes); break;
    default: CHECK_OK(bio_peek(b->stream, &b->source, &len));
    }
}

static void bed_free(bed *b)
{
    if (b->held)
        is_text(b->held);
    if (b->source_snapshot)
        is_text(b->source_snapshot);
    bio_snapshot_release(b->held);
    bio_snapshot_release(b->source_snapshot);
    bio_view_release(b->view);
    bio_release(b->stream);
}

static bio_status write_by(int by, bio_stream *s, const uint8_t *source, size_t n, size_t to)
{
    bio_slice piece = {source, n};
    if (by == BY_APPEND)
        return bio_append(s, source, n);
    if (by == BY_PWRITE)
        return bio_pwrite(s, source, n, to);
    move_to(s, (int64_t)to);
    return by == BY_WRITE    ? bio_write(s, source, n)
           : by == BY_WRITEV ? bio_writev(s, &piece, 1)
                             : bio_printf(s, "%.*s", (int)n, (const char *)source);
}

static bool is_view(int source)
{
    return source == FROM_READONLY_VIEW || source == FROM_WRITABLE_VIEW;
}

static void write_from_itself(int backing, int source, int by, size_t from, size_t to, size_t n)
{
    bed b;
    uint8_t model[2 * LENGTH];
    bed_make(&b, backing, source);
    text_fill(model);
    memset(model + LENGTH, 0, LENGTH);
    to = by == BY_APPEND ? LENGTH : to;
    memmove(model + to, model + from, n);
    size_t len = to + n > LENGTH && n ? to + n : LENGTH;
    bio_status status = write_by(by, b.stream, b.source + from, n, to);
    if (!(CHECK_OK(status) & CHECK_STREAM(b.stream, model, len)))
        check_fail(__FILE__, __LINE__, "... way %d, backing %d, source %d: %zu bytes from %zu to %zu", by,
                   backing, source, n, from, to);
    bed_free(&b);
}

static void inside_the_stream_it_moves_like_memmove(void)
{
    static const size_t places[] = {0, 3, 8, 64, 70}, sizes[] = {1, 8, 28, 90};
    for (int by = 0; by < WAYS; by++)
        for (int backing = 0; backing < BACKINGS; backing++)
            for (int source = 0; source < SOURCES; source++)
                for (size_t f = 0; f < COUNT(places); f++)
                    for (size_t t = 0; t < COUNT(places) && by != BY_APPEND; t++)
                        for (size_t n = 0; n < COUNT(sizes); n++)
                            write_from_itself(backing, source, by, places[f], places[t], sizes[n]);
}

static void past_the_end_it_grows_from_itself(void)
{
    static const size_t from[] = {0, 5, 60}, to[] = {100, 159, 160, 163}, sizes[] = {1, 10, 100};
    for (int by = 0; by < WAYS; by++)
        for (int backing = 0; backing < BACKINGS; backing++)
            for (int source = 0; source < SOURCES; source++) {
                if (is_view(source))
                    continue; /* while a view lives, nothing grows */
                for (size_t f = 0; f < COUNT(from); f++)
                    for (size_t t = 0; t < COUNT(to); t++)
                        for (size_t n = 0; n < COUNT(sizes); n++)
                            write_from_itself(backing, source, by, from[f], to[t], sizes[n]);
            }
}

static void doubling_from_its_own_bytes_again_and_again(void)
{
    bio_stream *s = stream_at(LIT("ab"), 2);
    for (int round = 0; round < 12; round++) {
        const uint8_t *ptr = NULL;
        size_t len = 0;
        move_to(s, 0);
        CHECK_OK(bio_peek(s, &ptr, &len));
        move_to(s, (int64_t)len);
        CHECK_OK(bio_write(s, ptr, len));
    }
    REQUIRE(bio_len(s) == 2 << 12);
    bio_snapshot *snap = value_of(s);
    for (size_t i = 0; i < bio_snapshot_len(snap); i++)
        if (bio_snapshot_data(snap)[i] != "ab"[i % 2])
            check_fail(__FILE__, __LINE__, "byte %zu", i);
    bio_snapshot_release(snap);
    bio_release(s);
}

static void a_stream_appends_its_own_snapshot(void)
{
    bio_stream *s = stream_at(LIT("echo "), 5);
    bio_snapshot *snap = value_of(s), *slice = NULL;
    CHECK_OK(bio_write_snapshot(s, snap));
    CHECK_STREAM(s, LIT("echo echo "));
    REQUIRE_OK(bio_snapshot_slice(snap, 1, 3, &slice));
    move_to(s, 0);
    CHECK_OK(bio_write_snapshot(s, slice)); /* shifts left over what it reads from */
    CHECK_STREAM(s, LIT("choo echo "));
    CHECK_SNAPSHOT(snap, LIT("echo "));
    move_to(s, 1);
    CHECK_OK(bio_write_snapshot(s, snap));
    CHECK_STREAM(s, LIT("cecho cho "));
    bio_snapshot_release(snap);
    bio_snapshot_release(slice);
    bio_release(s);
}

static void pieces_from_an_own_snapshot_are_those_of_before(void)
{
    bio_stream *s = stream_of(LIT("0123456789"));
    bio_snapshot *snap = value_of(s);
    const uint8_t *data = bio_snapshot_data(snap);
    /* Each piece lies where the pieces before it are being written. */
    bio_slice pieces[] = {{data + 5, 5}, {data, 5}, {"-", 1}, {data + 2, 3}};
    CHECK_OK(bio_writev(s, pieces, COUNT(pieces)));
    CHECK_STREAM(s, LIT("5678901234-234"));
    CHECK_SNAPSHOT(snap, LIT("0123456789"));
    bio_snapshot_release(snap);
    bio_release(s);
}

static void pieces_from_a_peeked_pointer_survive_growth(void)
{
    bio_stream *s = stream_of(LIT("0123456789"));
    const uint8_t *data = NULL;
    size_t len = 0;
    CHECK_OK(bio_shrink_to_fit(s));
    CHECK_OK(bio_peek(s, &data, &len));
    static char filler[5000];
    memset(filler, '.', sizeof filler);
    bio_slice pieces[] = {{filler, sizeof filler}, {data + 3, 4}, {data, 2}};
    move_to(s, 10);
    CHECK_OK(bio_writev(s, pieces, COUNT(pieces)));
    CHECK_EQ(bio_len(s), 5016);
    char tail[8];
    size_t n = 0;
    CHECK_OK(bio_pread(s, tail, sizeof tail, 5010, &n));
    CHECK_MEM(tail, n, LIT("345601"));
    bio_release(s);
}

static void foreign_memory_that_is_let_go_by_the_write_is_read_before(void)
{
    release_log log = {0};
    const uint8_t *data = NULL;
    size_t len = 0;
    bio_stream *s = adopted(LIT("0123456789"), &log);
    CHECK_OK(bio_peek(s, &data, &len));
    move_to(s, 8);
    CHECK_OK(bio_write(s, data + 1, 6));
    CHECK_EQ(log.calls, 1);
    CHECK_STREAM(s, LIT("01234567123456"));
    bio_release(s);
    CHECK_EQ(log.calls, 1);
}

static void a_window_is_filled_from_the_stream_itself(void)
{
    bio_stream *s = stream_of(LIT("0123456789"));
    uint8_t *ptr = NULL;
    const uint8_t *data = NULL;
    size_t room = 0, len = 0, n = 0;
    REQUIRE_OK(bio_prepare(s, 10, &ptr, &room)); /* over existing bytes: scratch memory */
    CHECK_OK(bio_peek(s, &data, &len));
    for (size_t i = 0; i < 10; i++)
        ptr[i] = data[9 - i]; /* reversing in place would read its own output */
    CHECK_OK(bio_commit(s, 10));
    CHECK_STREAM(s, LIT("9876543210"));
    REQUIRE_OK(bio_prepare(s, 4, &ptr, &room));
    CHECK_OK(bio_pread(s, ptr, 4, 6, &n)); /* the library may write into its own window */
    CHECK_OK(bio_commit(s, n));
    CHECK_STREAM(s, LIT("98765432103210"));
    bio_release(s);
}

CHECK_MAIN(CASE(inside_the_stream_it_moves_like_memmove), CASE(past_the_end_it_grows_from_itself),
           CASE(doubling_from_its_own_bytes_again_and_again), CASE(a_stream_appends_its_own_snapshot),
           CASE(pieces_from_an_own_snapshot_are_those_of_before),
           CASE(pieces_from_a_peeked_pointer_survive_growth),
           CASE(foreign_memory_that_is_let_go_by_the_write_is_read_before),
           CASE(a_window_is_filled_from_the_stream_itself))
