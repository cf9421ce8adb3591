/* Handles: making, holding, letting go, in every order; what the library says about itself; fork(2). */
#include "support.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

static void null_is_released_and_retained_without_harm(void)
{
    bio_release(NULL);
    bio_snapshot_release(NULL);
    bio_view_release(NULL);
    CHECK(bio_retain(NULL) == NULL);
    CHECK(bio_snapshot_retain(NULL) == NULL);
    CHECK(bio_view_retain(NULL) == NULL);
}

static void accessors_of_null_answer_without_harm(void)
{
    CHECK_EQ(bio_len(NULL), 0);
    CHECK_EQ(bio_tell(NULL), 0);
    CHECK_EQ(bio_capacity(NULL), 0);
    CHECK_EQ(bio_export_count(NULL), 0);
    CHECK(bio_is_closed(NULL));
    CHECK(bio_snapshot_data(NULL) == NULL);
    CHECK_EQ(bio_snapshot_len(NULL), 0);
    CHECK(bio_view_data(NULL) == NULL);
    CHECK_EQ(bio_view_len(NULL), 0);
    CHECK(bio_view_is_readonly(NULL));
}

static void a_new_stream_is_empty_and_open(void)
{
    bio_stream *s = bio_new();
    REQUIRE(s != NULL);
    CHECK_EQ(bio_len(s), 0);
    CHECK_EQ(bio_tell(s), 0);
    CHECK_EQ(bio_export_count(s), 0);
    CHECK(!bio_is_closed(s));
    CHECK_STREAM(s, LIT(""));
    bio_release(s);
}

static void from_bytes_copies_and_starts_at_zero(void)
{
    char source[] = "a\0b";
    bio_stream *s = stream_of(source, 4);
    memset(source, 'z', sizeof source);
    CHECK_EQ(bio_tell(s), 0);
    CHECK_STREAM(s, "a\0b", 4);
    CHECK_OK(bio_write(s, LIT("X")));
    CHECK_STREAM(s, "X\0b", 4);
    CHECK_EQ(source[0], 'z');
    bio_release(s);
    s = stream_of(NULL, 0);
    CHECK_STREAM(s, LIT(""));
    CHECK_OK(bio_write(s, LIT("grows")));
    CHECK_STREAM(s, LIT("grows"));
    bio_release(s);
}

static void a_retained_stream_lives_until_the_last_release(void)
{
    bio_stream *s = stream_of(LIT("held"));
    CHECK_PTR(bio_retain(s), s);
    CHECK_PTR(bio_retain(s), s);
    bio_release(s);
    bio_release(s);
    CHECK_STREAM(s, LIT("held"));
    bio_release(s);
}

static void an_empty_stream_is_released_reused_and_appended_to(void)
{
    /* All empty handles may share one static block: nothing of one may show in another. */
    bio_stream *a = bio_new(), *b = bio_new();
    REQUIRE(a && b);
    bio_snapshot *empty = value_of(a);
    bio_view *view = view_of(b, BYTESIO_VIEW_WRITABLE);
    CHECK_SNAPSHOT(empty, LIT(""));
    CHECK_EQ(bio_view_len(view), 0);
    bio_view_release(view);
    CHECK_OK(bio_write(a, LIT("aaa")));
    CHECK_OK(bio_write(b, LIT("bb")));
    CHECK_SNAPSHOT(empty, LIT(""));
    CHECK_STREAM(a, LIT("aaa"));
    CHECK_STREAM(b, LIT("bb"));
    bio_snapshot_release(empty);
    bio_release(a);
    bio_release(b);
}

/* ---- every order of release ------------------------------------------------------------------------------- */

enum { HANDLES = 5 };
enum { SOURCE_COPIED, SOURCE_ADOPTED, SOURCE_FIXED, SOURCE_SNAPSHOT, SOURCES };

static void release_in_order(const int *order, int source)
{
    release_log log = {0};
    uint8_t memory[8] = "released";
    bio_stream *s = NULL;
    bio_snapshot *base = NULL;
    if (source == SOURCE_COPIED) {
        s = stream_of(memory, 8);
    } else if (source == SOURCE_ADOPTED) {
        s = adopted(memory, 8, &log);
    } else if (source == SOURCE_FIXED) {
        REQUIRE_OK(bio_new_fixed(memory, 8, 8, &s));
    } else {
        base = snapshot_of(memory, 8);
        REQUIRE_OK(bio_from_snapshot(base, &s));
        bio_snapshot_release(base);
    }
    bio_snapshot *whole = value_of(s), *part = NULL;
    REQUIRE_OK(bio_snapshot_slice(whole, 2, 3, &part));
    bio_view *view = view_of(s, order[0] % 2 ? BYTESIO_VIEW_READONLY : BYTESIO_VIEW_WRITABLE), *slice = NULL;
    REQUIRE_OK(bio_view_slice(view, 4, 4, &slice));
    bool alive[HANDLES] = {true, true, true, true, true};
    for (int i = 0; i < HANDLES; i++) {
        alive[order[i]] = false;
        switch (order[i]) {
        case 0: bio_release(s); break;
        case 1: bio_snapshot_release(whole); break;
        case 2: bio_snapshot_release(part); break;
        case 3: bio_view_release(view); break;
        default: bio_view_release(slice); break;
        }
        /* Whatever is left still reads as it did. */
        if (alive[0]) {
            CHECK_EQ(bio_export_count(s), alive[3] || alive[4]);
            CHECK_STREAM(s, LIT("released"));
        }
        if (alive[1])
            CHECK_SNAPSHOT(whole, LIT("released"));
        if (alive[2])
            CHECK_SNAPSHOT(part, LIT("lea"));
        if (alive[3])
            CHECK_VIEW(view, LIT("released"));
        if (alive[4])
            CHECK_VIEW(slice, LIT("ased"));
    }
    CHECK_EQ(log.calls, source == SOURCE_ADOPTED ? 1 : 0);
}

static void permute(int *order, int at, int source)
{
    if (at == HANDLES) {
        release_in_order(order, source);
        return;
    }
    for (int i = at; i < HANDLES; i++) {
        int held = order[at];
        order[at] = order[i];
        order[i] = held;
        permute(order, at + 1, source);
        order[i] = order[at];
        order[at] = held;
    }
}

static void every_order_of_release_is_legal(void)
{
    for (int source = 0; source < SOURCES; source++) {
        int order[HANDLES] = {0, 1, 2, 3, 4};
        permute(order, 0, source);
    }
}

static void retained_snapshots_and_views_live_until_the_last_release(void)
{
    bio_stream *s = stream_of(LIT("counted"));
    bio_snapshot *snap = value_of(s);
    bio_view *view = view_of(s, BYTESIO_VIEW_READONLY);
    CHECK_PTR(bio_snapshot_retain(snap), snap);
    CHECK_PTR(bio_view_retain(view), view);
    CHECK_EQ(bio_export_count(s), 1); /* a reference to a view is not another export */
    bio_snapshot_release(snap);
    bio_view_release(view);
    CHECK_EQ(bio_export_count(s), 1);
    bio_release(s);
    CHECK_SNAPSHOT(snap, LIT("counted"));
    CHECK_VIEW(view, LIT("counted"));
    bio_snapshot_release(snap);
    bio_view_release(view);
}

static void a_clone_has_bytes_and_position_and_then_its_own_way(void)
{
    bio_stream *s = stream_at(LIT("original"), 3), *c = NULL;
    REQUIRE_OK(bio_clone(s, &c));
    CHECK(c != s);
    CHECK_EQ(bio_tell(c), 3);
    CHECK_STREAM(c, LIT("original"));
    CHECK_OK(bio_write(c, LIT("!!")));
    CHECK_OK(bio_pwrite(s, LIT("O"), 0));
    CHECK_STREAM(s, LIT("Original"));
    CHECK_STREAM(c, LIT("ori!!nal"));
    CHECK_EQ(bio_tell(s), 3);
    bio_release(s);
    move_to(c, 8);
    CHECK_OK(bio_write(c, LIT("+more")));
    CHECK_STREAM(c, LIT("ori!!nal+more"));
    bio_release(c);
}

static void clones_append_apart_after_the_same_bytes(void)
{
    /* Both think that the tail of the shared block is theirs: only one of them may be right. */
    bio_stream *s = bio_new(), *c = NULL, *d = NULL;
    REQUIRE(s != NULL);
    CHECK_OK(bio_reserve(s, 4096));
    CHECK_OK(bio_write(s, LIT("common")));
    REQUIRE_OK(bio_clone(s, &c));
    REQUIRE_OK(bio_clone(c, &d));
    CHECK_OK(bio_write(c, LIT("-c-c")));
    CHECK_OK(bio_write(s, LIT("-sss")));
    CHECK_OK(bio_write(d, LIT("-d")));
    CHECK_STREAM(s, LIT("common-sss"));
    CHECK_STREAM(c, LIT("common-c-c"));
    CHECK_STREAM(d, LIT("common-d"));
    bio_release(s);
    bio_release(d);
    CHECK_STREAM(c, LIT("common-c-c"));
    bio_release(c);
}

static void a_clone_has_no_exports_and_no_window(void)
{
    bio_stream *s = stream_at(LIT("0123"), 4), *c = NULL;
    bio_view *view = view_of(s, BYTESIO_VIEW_WRITABLE);
    REQUIRE_OK(bio_clone(s, &c));
    CHECK_EQ(bio_export_count(c), 0);
    CHECK_OK(bio_write(c, LIT("4")));
    mutable_bytes(view)[0] = 'X'; /* through the view, behind the stream's back: not into the clone */
    CHECK_STREAM(c, LIT("01234"));
    CHECK_STREAM(s, LIT("X123"));
    bio_view_release(view);
    bio_release(c);

    uint8_t *ptr = NULL;
    size_t capacity = 0;
    REQUIRE_OK(bio_prepare(s, 8, &ptr, &capacity));
    memcpy(ptr, "windowed", 8);
    REQUIRE_OK(bio_clone(s, &c));
    CHECK_OK(bio_write(c, LIT("clone")));
    CHECK_OK(bio_commit(s, 8));
    CHECK_STREAM(s, LIT("X123windowed"));
    CHECK_STREAM(c, LIT("X123clone"));
    bio_release(c);
    bio_release(s);
}

static void from_snapshot_shares_and_leaves_the_caller_its_reference(void)
{
    bio_snapshot *snap = snapshot_of(LIT("shared"));
    bio_stream *s = NULL, *t = NULL;
    REQUIRE_OK(bio_from_snapshot(snap, &s));
    REQUIRE_OK(bio_from_snapshot(snap, &t));
    CHECK_EQ(bio_tell(s), 0);
    CHECK_OK(bio_write(s, LIT("SH")));
    CHECK_OK(bio_seek(t, 0, BYTESIO_SEEK_END, NULL));
    CHECK_OK(bio_write(t, LIT("!")));
    CHECK_SNAPSHOT(snap, LIT("shared"));
    bio_snapshot_release(snap);
    CHECK_STREAM(s, LIT("SHared"));
    CHECK_STREAM(t, LIT("shared!"));
    bio_release(s);
    bio_release(t);
}

static void fork_parts_the_two_processes(void)
{
    /* Both write to what they share; each sees its own. The child answers with its exit status. */
    bio_stream *s = stream_at(LIT("before"), 6);
    bio_snapshot *snap = value_of(s);
    bio_view *view = view_of(s, BYTESIO_VIEW_WRITABLE);
    pid_t child = fork();
    REQUIRE(child >= 0);
    mutable_bytes(view)[0] = child ? 'P' : 'C';
    bio_view_release(view);
    CHECK_OK(bio_write(s, child ? "-parent" : "-child", child ? 7 : 6));
    if (child)
        CHECK_STREAM(s, LIT("Pefore-parent"));
    else
        CHECK_STREAM(s, LIT("Cefore-child"));
    CHECK_SNAPSHOT(snap, LIT("before"));
    bio_snapshot_release(snap);
    bio_release(s);
    if (!child)
        _exit(atomic_load(&check_failures) ? 1 : 0);
    int status = -1;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* ---- what the library says about itself ------------------------------------------------------------------- */

static void every_code_has_its_own_text(void)
{
    static const bio_status codes[] = {
        BYTESIO_OK,       BYTESIO_NULL_ARG, BYTESIO_INVALID,     BYTESIO_CLOSED,   BYTESIO_EXPORTED,
        BYTESIO_READONLY, BYTESIO_LIMIT,    BYTESIO_OVERFLOW,    BYTESIO_NOMEM,    BYTESIO_RANGE,
        BYTESIO_BUSY,     BYTESIO_IO,       BYTESIO_UNSUPPORTED, BYTESIO_INTERNAL, BYTESIO_EOF,
    };
    CHECK_EQ(BYTESIO_OK, 0);
    for (size_t i = 0; i < COUNT(codes); i++) {
        const char *text = bio_strerror(codes[i]);
        REQUIRE(text != NULL && text[0] != '\0');
        for (const char *c = text; *c; c++)
            CHECK(*c >= 0x20 && *c < 0x7f);
        CHECK_PTR(bio_strerror(codes[i]), text); /* static */
        CHECK(i == 0 || codes[i] < 0);
        for (size_t j = 0; j < i; j++) {
            CHECK(codes[i] != codes[j]);
            CHECK(strcmp(text, bio_strerror(codes[j])) != 0);
        }
    }
}

static void an_unknown_code_has_a_text_too(void)
{
    static const bio_status codes[] = {1, 17, -15, -1000, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < COUNT(codes); i++) {
        const char *text = bio_strerror(codes[i]);
        REQUIRE(text != NULL && text[0] != '\0');
        CHECK(strcmp(text, bio_strerror(BYTESIO_OK)) != 0);
    }
}

static void every_code_has_its_errno(void)
{
    static const struct {
        bio_status code;
        int32_t number;
    } meanings[] = {
        {BYTESIO_OK, 0},
        {BYTESIO_NULL_ARG, EINVAL},
        {BYTESIO_INVALID, EINVAL},
        {BYTESIO_CLOSED, EBADF},
        {BYTESIO_EXPORTED, EBUSY},
        {BYTESIO_READONLY, EACCES},
        {BYTESIO_LIMIT, ENOSPC},
        {BYTESIO_OVERFLOW, EOVERFLOW},
        {BYTESIO_NOMEM, ENOMEM},
        {BYTESIO_RANGE, ERANGE},
        {BYTESIO_BUSY, EBUSY},
        {BYTESIO_IO, EIO},
        {BYTESIO_UNSUPPORTED, ENOTSUP},
        {BYTESIO_INTERNAL, ENOTRECOVERABLE},
        {BYTESIO_EOF, ENODATA},
    };
    errno = 4711;
    for (size_t i = 0; i < COUNT(meanings); i++) {
        CHECK_EQ(meanings[i].code, -(bio_status)i); /* so that none is left out */
        CHECK_EQ(bio_status_errno(meanings[i].code), meanings[i].number);
    }
    const bio_status unknown[] = {1, -(bio_status)COUNT(meanings), -1000, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < COUNT(unknown); i++) {
        CHECK_EQ(bio_status_errno(unknown[i]), EINVAL);
        CHECK(strcmp(bio_strerror(unknown[i]), bio_strerror(INT32_MIN)) == 0);
    }
    CHECK_EQ(errno, 4711);
}

static void the_version_is_the_headers(void)
{
    char text[64];
    snprintf(text, sizeof text, "%d.%d.%d", BYTESIO_VERSION_MAJOR, BYTESIO_VERSION_MINOR,
             BYTESIO_VERSION_PATCH);
    CHECK(strcmp(bio_version(), BYTESIO_VERSION) == 0);
    CHECK(strcmp(bio_version(), text) == 0);
    CHECK_EQ(bio_version_number(), BYTESIO_VERSION_NUMBER);
    CHECK_EQ(bio_version_number(),
             BYTESIO_VERSION_MAJOR << 16 | BYTESIO_VERSION_MINOR << 8 | BYTESIO_VERSION_PATCH);
}

CHECK_MAIN(CASE(null_is_released_and_retained_without_harm), CASE(accessors_of_null_answer_without_harm),
           CASE(a_new_stream_is_empty_and_open), CASE(from_bytes_copies_and_starts_at_zero),
           CASE(a_retained_stream_lives_until_the_last_release),
           CASE(an_empty_stream_is_released_reused_and_appended_to), CASE(every_order_of_release_is_legal),
           CASE(retained_snapshots_and_views_live_until_the_last_release),
           CASE(a_clone_has_bytes_and_position_and_then_its_own_way),
           CASE(clones_append_apart_after_the_same_bytes), CASE(a_clone_has_no_exports_and_no_window),
           CASE(from_snapshot_shares_and_leaves_the_caller_its_reference), CASE(fork_parts_the_two_processes),
           CASE(every_code_has_its_own_text), CASE(an_unknown_code_has_a_text_too),
           CASE(every_code_has_its_errno), CASE(the_version_is_the_headers))
