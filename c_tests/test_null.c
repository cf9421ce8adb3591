/* NULL in place of every pointer parameter of every function, one after the other: NULL_ARG, before anything
 * else is looked at, with every result untouched. The accessors that cannot fail are in test_lifecycle. */
#include "support.h"

typedef struct bed {
    bio_stream *s;
    bio_snapshot *snap;
    bio_view *view;
} bed;

/* What the calls below could write to; each must still be as it was afterwards. */
static struct results {
    bio_stream *stream;
    bio_snapshot *snapshot;
    bio_view *view;
    const uint8_t *ptr;
    const char *text;
    void *memory;
    uint8_t *window;
    bio_cursor *cursor;
    size_t n, m;
    uint64_t position;
    int32_t order;
    bool truth;
    FILE *file;
    int os_error;
    char buf[8];
} out;

static void mark(struct results *r)
{
    memset(r, 0x5a, sizeof *r);
    r->truth = true; /* a bool has no other pattern */
}

#define REFUSED(call)                                                            \
    do {                                                                         \
        struct results marked;                                                   \
        mark(&marked);                                                           \
        mark(&out);                                                              \
        CHECK_STATUS(call, BYTESIO_NULL_ARG);                                    \
        if (memcmp(&marked, &out, sizeof out) != 0)                              \
            check_fail(__FILE__, __LINE__, "a result was touched by %s", #call); \
    } while (0)

static void refuse_streams(bed *b)
{
    bio_stream *s = b->s;
    bio_slice null_piece = {NULL, 1};
    bio_options options = BYTESIO_OPTIONS_INIT;
    bio_statistics statistics = {.struct_size = sizeof statistics};
    REFUSED(bio_new_with(NULL, &out.stream));
    REFUSED(bio_new_with(&options, NULL));
    REFUSED(bio_from_bytes(NULL, 1, &out.stream));
    REFUSED(bio_from_bytes("x", 1, NULL));
    REFUSED(bio_from_bytes(NULL, 0, NULL));
    REFUSED(bio_from_snapshot(NULL, &out.stream));
    REFUSED(bio_from_snapshot(b->snap, NULL));
    REFUSED(bio_adopt(NULL, 1, NULL, NULL, &out.stream));
    REFUSED(bio_adopt("x", 1, NULL, NULL, NULL));
    REFUSED(bio_new_fixed(NULL, 1, 0, &out.stream));
    REFUSED(bio_new_fixed(out.buf, 1, 0, NULL));
    REFUSED(bio_adopt_malloc(NULL, 0, 1, &out.stream));
    REFUSED(bio_adopt_malloc(NULL, 1, 0, &out.stream));
    REFUSED(bio_adopt_malloc(NULL, 2, 1, &out.stream));
    REFUSED(bio_adopt_malloc(NULL, 0, SIZE_MAX, &out.stream));
    REFUSED(bio_adopt_malloc(NULL, 0, 0, NULL));
    REFUSED(bio_adopt_malloc(out.buf, 0, 1, NULL));
    REFUSED(bio_detach(NULL, &out.memory, &out.n));
    REFUSED(bio_detach(s, NULL, &out.n));
    REFUSED(bio_detach(s, &out.memory, NULL));
    REFUSED(bio_clone(NULL, &out.stream));
    REFUSED(bio_clone(s, NULL));
    REFUSED(bio_close(NULL));
    REFUSED(bio_close_take(NULL, &out.snapshot));
    REFUSED(bio_close_take(s, NULL));
    REFUSED(bio_get_statistics(NULL, &statistics));
    REFUSED(bio_get_statistics(s, NULL));
    REFUSED(bio_seek(NULL, 0, BYTESIO_SEEK_SET, &out.position));
    REFUSED(bio_read(NULL, out.buf, 1, &out.n));
    REFUSED(bio_read(s, NULL, 1, &out.n));
    REFUSED(bio_read(s, out.buf, 1, NULL));
    REFUSED(bio_read(s, NULL, SIZE_MAX, &out.n)); /* before the size is looked at */
    REFUSED(bio_pread(NULL, out.buf, 1, 0, &out.n));
    REFUSED(bio_pread(s, NULL, 1, 0, &out.n));
    REFUSED(bio_pread(s, out.buf, 1, 0, NULL));
    REFUSED(bio_pread(s, NULL, 1, UINT64_MAX, &out.n));
    REFUSED(bio_peek(NULL, &out.ptr, &out.n));
    REFUSED(bio_peek(s, NULL, &out.n));
    REFUSED(bio_peek(s, &out.ptr, NULL));
    REFUSED(bio_peek_at(NULL, 0, &out.ptr, &out.n));
    REFUSED(bio_peek_at(s, 0, NULL, &out.n));
    REFUSED(bio_peek_at(s, UINT64_MAX, &out.ptr, NULL));
    REFUSED(bio_take(NULL, 1, &out.ptr, &out.n));
    REFUSED(bio_take(s, 1, NULL, &out.n));
    REFUSED(bio_take(s, 1, &out.ptr, NULL));
    REFUSED(bio_read_exact(NULL, out.buf, 1));
    REFUSED(bio_read_exact(s, NULL, 1));
    REFUSED(bio_read_exact(s, NULL, SIZE_MAX));
    REFUSED(bio_where(NULL, &out.position, &out.position));
    REFUSED(bio_skip(NULL, 1, &out.n));
    REFUSED(bio_skip(NULL, 1, NULL));
    REFUSED(bio_readline(NULL, SIZE_MAX, &out.ptr, &out.n));
    REFUSED(bio_readline(s, SIZE_MAX, NULL, &out.n));
    REFUSED(bio_readline(s, SIZE_MAX, &out.ptr, NULL));
    REFUSED(bio_read_until(NULL, 0, SIZE_MAX, &out.ptr, &out.n));
    REFUSED(bio_read_until(s, 0, SIZE_MAX, NULL, &out.n));
    REFUSED(bio_read_until(s, 0, SIZE_MAX, &out.ptr, NULL));
    REFUSED(bio_read_snapshot(NULL, 1, &out.snapshot));
    REFUSED(bio_read_snapshot(s, 1, NULL));
    REFUSED(bio_write(NULL, "x", 1));
    REFUSED(bio_write(NULL, NULL, 0));
    REFUSED(bio_write(s, NULL, 1));
    REFUSED(bio_write(s, NULL, SIZE_MAX));
    REFUSED(bio_pwrite(NULL, "x", 1, 0));
    REFUSED(bio_pwrite(s, NULL, 1, 0));
    REFUSED(bio_writev(NULL, &null_piece, 0));
    REFUSED(bio_writev(s, NULL, 1));
    REFUSED(bio_write_snapshot(NULL, b->snap));
    REFUSED(bio_write_snapshot(s, NULL));
    REFUSED(bio_fill(NULL, 0, 1));
    REFUSED(bio_prepare(NULL, 1, &out.window, &out.n));
    REFUSED(bio_prepare(s, 1, NULL, &out.n));
    REFUSED(bio_prepare(s, 1, &out.window, NULL));
    REFUSED(bio_prepare_upto(NULL, 1, 2, &out.window, &out.n));
    REFUSED(bio_prepare_upto(s, 1, 2, NULL, &out.n));
    REFUSED(bio_prepare_upto(s, 2, 1, &out.window, NULL));
    REFUSED(bio_cstr(NULL, &out.text, &out.n));
    REFUSED(bio_cstr(s, NULL, &out.n));
    REFUSED(bio_append(NULL, "x", 1));
    REFUSED(bio_append(s, NULL, 1));
    REFUSED(bio_restore(NULL, b->snap));
    REFUSED(bio_restore(s, NULL));
    REFUSED(bio_commit(NULL, 0));
    REFUSED(bio_truncate(NULL, 0));
    REFUSED(bio_resize(NULL, 0));
    REFUSED(bio_clear(NULL));
    REFUSED(bio_reserve(NULL, 1));
    REFUSED(bio_shrink_to_fit(NULL));
    REFUSED(bio_set_limit(NULL, 1));
    REFUSED(bio_cursor_of(NULL, &out.cursor));
    REFUSED(bio_cursor_of(s, NULL));
    REFUSED(bio_read_fd(NULL, 0, 1, &out.n, &out.os_error));
    REFUSED(bio_read_fd(s, -1, 1, NULL, &out.os_error));
    REFUSED(bio_read_fd(s, -1, 1, &out.n, NULL));
    REFUSED(bio_write_fd(NULL, 1, 1, &out.n, &out.os_error));
    REFUSED(bio_write_fd(s, -1, 1, NULL, &out.os_error));
    REFUSED(bio_write_fd(s, -1, 1, &out.n, NULL));
    REFUSED(bio_fopen(NULL, "r", &out.file));
    REFUSED(bio_fopen(s, NULL, &out.file));
    REFUSED(bio_fopen(s, "no mode", NULL));
    REFUSED(bio_printf(NULL, "%d", 1));
    REFUSED(bio_getvalue(NULL, &out.snapshot));
    REFUSED(bio_getvalue(s, NULL));
    REFUSED(bio_getbuffer(NULL, BYTESIO_VIEW_READONLY, &out.view));
    REFUSED(bio_getbuffer(s, BYTESIO_VIEW_READONLY, NULL));
}

static void refuse_snapshots(bed *b)
{
    bio_snapshot *snap = b->snap;
    REFUSED(bio_snapshot_new(NULL, 1, &out.snapshot));
    REFUSED(bio_snapshot_new("x", 1, NULL));
    REFUSED(bio_snapshot_adopt(NULL, 1, NULL, NULL, &out.snapshot));
    REFUSED(bio_snapshot_adopt("x", 1, NULL, NULL, NULL));
    REFUSED(bio_snapshot_slice(NULL, 0, 0, &out.snapshot));
    REFUSED(bio_snapshot_slice(snap, 0, 0, NULL));
    REFUSED(bio_snapshot_slice(snap, 999, 0, NULL));
    REFUSED(bio_snapshot_into_stream(NULL, &out.stream));
    REFUSED(bio_snapshot_into_stream(snap, NULL));
    REFUSED(bio_snapshot_find(NULL, "x", 1, 0, &out.n));
    REFUSED(bio_snapshot_find(snap, NULL, 1, 0, &out.n));
    REFUSED(bio_snapshot_find(snap, "x", 1, 0, NULL));
    REFUSED(bio_snapshot_rfind(NULL, "x", 1, 0, &out.n));
    REFUSED(bio_snapshot_rfind(snap, NULL, 1, 0, &out.n));
    REFUSED(bio_snapshot_rfind(snap, "x", 1, 0, NULL));
    REFUSED(bio_snapshot_count(NULL, "x", 1, &out.n));
    REFUSED(bio_snapshot_count(snap, NULL, 1, &out.n));
    REFUSED(bio_snapshot_count(snap, "x", 1, NULL));
    REFUSED(bio_snapshot_compare(NULL, "x", 1, &out.order));
    REFUSED(bio_snapshot_compare(snap, NULL, 1, &out.order));
    REFUSED(bio_snapshot_compare(snap, "x", 1, NULL));
    REFUSED(bio_snapshot_starts_with(NULL, "x", 1, &out.truth));
    REFUSED(bio_snapshot_starts_with(snap, NULL, 1, &out.truth));
    REFUSED(bio_snapshot_starts_with(snap, "x", 1, NULL));
    REFUSED(bio_snapshot_ends_with(NULL, "x", 1, &out.truth));
    REFUSED(bio_snapshot_ends_with(snap, NULL, 1, &out.truth));
    REFUSED(bio_snapshot_ends_with(snap, "x", 1, NULL));
}

static void refuse_views(bed *b)
{
    bio_view *view = b->view;
    REFUSED(bio_view_data_mut(NULL, &out.window));
    REFUSED(bio_view_data_mut(view, NULL));
    REFUSED(bio_view_slice(NULL, 0, 0, &out.view));
    REFUSED(bio_view_slice(view, 0, 0, NULL));
    REFUSED(bio_view_to_readonly(NULL, &out.view));
    REFUSED(bio_view_to_readonly(view, NULL));
    REFUSED(bio_view_snapshot(NULL, &out.snapshot));
    REFUSED(bio_view_snapshot(view, NULL));
    REFUSED(bio_view_find(NULL, "x", 1, 0, &out.n));
    REFUSED(bio_view_find(view, NULL, 1, 0, &out.n));
    REFUSED(bio_view_find(view, "x", 1, 0, NULL));
    REFUSED(bio_view_rfind(NULL, "x", 1, 0, &out.n));
    REFUSED(bio_view_rfind(view, NULL, 1, 0, &out.n));
    REFUSED(bio_view_rfind(view, "x", 1, 0, NULL));
    REFUSED(bio_view_count(NULL, "x", 1, &out.n));
    REFUSED(bio_view_count(view, NULL, 1, &out.n));
    REFUSED(bio_view_count(view, "x", 1, NULL));
    REFUSED(bio_view_compare(NULL, "x", 1, &out.order));
    REFUSED(bio_view_compare(view, NULL, 1, &out.order));
    REFUSED(bio_view_compare(view, "x", 1, NULL));
    REFUSED(bio_view_starts_with(NULL, "x", 1, &out.truth));
    REFUSED(bio_view_starts_with(view, NULL, 1, &out.truth));
    REFUSED(bio_view_starts_with(view, "x", 1, NULL));
    REFUSED(bio_view_ends_with(NULL, "x", 1, &out.truth));
    REFUSED(bio_view_ends_with(view, NULL, 1, &out.truth));
    REFUSED(bio_view_ends_with(view, "x", 1, NULL));
}

static bed bed_make(void)
{
    bed b = {stream_at(LIT("0123456789"), 4), NULL, NULL};
    b.snap = value_of(b.s);
    return b;
}

static void bed_free(bed *b)
{
    bio_view_release(b->view);
    bio_snapshot_release(b->snap);
    bio_release(b->s);
}

static void every_pointer_of_the_stream_functions(void)
{
    bed b = bed_make();
    stream_state before = state_of(b.s);
    refuse_streams(&b);
    CHECK_STATE(b.s, &before);
    CHECK_SNAPSHOT(b.snap, LIT("0123456789"));
    CHECK(!bio_is_closed(b.s));
    CHECK_OK(bio_write(b.s, LIT("x"))); /* and no window was left open */
    state_free(&before);
    bed_free(&b);
}

static void null_comes_before_closed_and_busy(void)
{
    bed b = bed_make();
    uint8_t *ptr = NULL;
    size_t room = 0;
    REQUIRE_OK(bio_prepare(b.s, 4, &ptr, &room));
    refuse_streams(&b);
    CHECK_OK(bio_commit(b.s, 0));
    CHECK_OK(bio_close(b.s));
    refuse_streams(&b);
    bed_free(&b);
}

static void every_pointer_of_the_snapshot_functions(void)
{
    bed b = bed_make();
    refuse_snapshots(&b);
    CHECK_SNAPSHOT(b.snap, LIT("0123456789"));
    bed_free(&b);
}

static void every_pointer_of_the_view_functions(void)
{
    for (uint32_t flags = BYTESIO_VIEW_READONLY; flags <= BYTESIO_VIEW_WRITABLE; flags++) {
        bed b = bed_make();
        b.view = view_of(b.s, flags);
        refuse_views(&b);
        CHECK_VIEW(b.view, LIT("0123456789"));
        CHECK_EQ(bio_export_count(b.s), 1);
        bed_free(&b);
    }
}

CHECK_MAIN(CASE(every_pointer_of_the_stream_functions), CASE(null_comes_before_closed_and_busy),
           CASE(every_pointer_of_the_snapshot_functions), CASE(every_pointer_of_the_view_functions))
