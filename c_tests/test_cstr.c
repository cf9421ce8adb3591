/* bio_cstr: the content with a NUL behind it that is no part of it. */
#include "support.h"

static int check_text(bio_stream *s, const char *want, size_t len)
{
    const char *text = NULL;
    size_t got = 99;
    return CHECK_OK(bio_cstr(s, &text, &got)) &&
           CHECK_MEM(text, got, want, len) & CHECK_EQ(text[len], '\0') & CHECK_STREAM(s, want, len);
}
#define CHECK_TEXT(...) check_text(__VA_ARGS__)

static void every_content_gets_its_nul(void)
{
    for (size_t len = 0; len < 300; len++) {
        char want[300];
        memset(want, 'x', sizeof want);
        bio_stream *s = stream_at(want, len, 5), *grown = bio_new();
        CHECK_TEXT(s, want, len); /* of bytes that are shared and have no room */
        CHECK_EQ(bio_tell(s), 5);
        for (size_t i = 0; i < len; i++)
            CHECK_OK(bio_write(grown, LIT("x")));
        CHECK_TEXT(grown, want, len);
        CHECK_OK(bio_append(grown, LIT("y")));
        CHECK_EQ(bio_len(grown), len + 1);
        bio_release(s);
        bio_release(grown);
    }
}

static void the_nul_is_seen_by_nobody_else(void)
{
    bio_stream *s = stream_of(LIT("0123456789"));
    CHECK_OK(bio_reserve(s, 100));
    CHECK_OK(bio_append(s, LIT("tail")));
    bio_snapshot *longer = value_of(s);
    CHECK_OK(bio_truncate(s, 10));
    CHECK_TEXT(s, LIT("0123456789")); /* where it would stand the snapshot has a byte */
    CHECK_SNAPSHOT(longer, LIT("0123456789tail"));
    move_to(s, 12);
    CHECK_OK(bio_write(s, LIT("!")));
    CHECK_STREAM(s, LIT("0123456789\0\0!"));
    CHECK_TEXT(s, LIT("0123456789\0\0!"));
    bio_snapshot_release(longer);
    bio_release(s);
}

static void the_same_address_as_long_as_nothing_changes(void)
{
    bio_stream *s = stream_of(LIT("text"));
    const char *text = NULL, *again = NULL;
    CHECK_OK(bio_cstr(s, &text, NULL));
    bio_snapshot *snap = value_of(s);
    CHECK_OK(bio_cstr(s, &again, NULL));
    CHECK_PTR(again, text);
    CHECK_PTR(bio_snapshot_data(snap), text);
    bio_snapshot_release(snap);
    bio_release(s);
}

static void a_limit_leaves_room_for_it_and_fixed_memory_may_not(void)
{
    char memory[6] = "01234#";
    const char *text = NULL;
    bio_stream *s = bio_new(), *fixed = NULL;
    CHECK_OK(bio_set_limit(s, 4));
    CHECK_OK(bio_write(s, LIT("full")));
    CHECK_TEXT(s, LIT("full"));
    CHECK_STATUS(bio_append(s, LIT("x")), BYTESIO_LIMIT);
    REQUIRE_OK(bio_new_fixed(memory, 5, 4, &fixed));
    CHECK_TEXT(fixed, LIT("0123"));
    CHECK_MEM(memory, 6, LIT("0123\0#"));
    CHECK_OK(bio_append(fixed, LIT("4")));
    CHECK_STATUS(bio_cstr(fixed, &text, NULL), BYTESIO_LIMIT);
    CHECK_MEM(memory, 6, LIT("01234#"));
    bio_release(s);
    bio_release(fixed);
}

static void under_a_view_it_takes_the_room_that_is_there(void)
{
    for (uint32_t flags = BYTESIO_VIEW_READONLY; flags <= BYTESIO_VIEW_WRITABLE; flags++) {
        bio_stream *s = bio_new(), *tight = stream_of(LIT("tight"));
        const char *text = NULL;
        CHECK_OK(bio_write(s, LIT("roomy")));
        CHECK_OK(bio_reserve(s, 10));
        CHECK_OK(bio_shrink_to_fit(tight));
        bio_view *view = view_of(s, flags);
        CHECK_TEXT(s, LIT("roomy"));
        CHECK_OK(bio_cstr(s, &text, NULL));
        CHECK_PTR(bio_view_data(view), text);
        bio_view_release(view);
        if (bio_capacity(tight) == bio_len(tight)) { /* mapped memory ends with a page */
            view = view_of(tight, BYTESIO_VIEW_READONLY);
            CHECK_STATUS(bio_cstr(tight, &text, NULL), BYTESIO_EXPORTED);
            bio_view_release(view);
        }
        CHECK_TEXT(tight, LIT("tight"));
        bio_release(s);
        bio_release(tight);
    }
}

static void adopted_memory_is_left_for_it(void)
{
    release_log log = {0};
    bio_stream *s = adopted(LIT("adopted"), &log);
    CHECK_TEXT(s, LIT("adopted"));
    CHECK_EQ(log.calls, 1);
    bio_release(s);
}

CHECK_MAIN(CASE(every_content_gets_its_nul), CASE(the_nul_is_seen_by_nobody_else),
           CASE(the_same_address_as_long_as_nothing_changes),
           CASE(a_limit_leaves_room_for_it_and_fixed_memory_may_not),
           CASE(under_a_view_it_takes_the_room_that_is_there), CASE(adopted_memory_is_left_for_it))
