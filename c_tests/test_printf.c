/* bio_printf and bio_vprintf, which the header builds on prepare and commit. */
#include "support.h"

#include <wchar.h>

static bio_status print_list(bio_stream *s, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    bio_status status = bio_vprintf(s, format, args);
    va_end(args);
    return status;
}

static void it_prints_what_printf_prints(void)
{
    bio_stream *s = bio_new();
    REQUIRE(s != NULL);
    CHECK_OK(bio_printf(s, "%d|%-5s|%05.1f|%x%%", -42, "ab", 3.14159, 255u));
    CHECK_STREAM(s, LIT("-42|ab   |003.1|ff%"));
    CHECK_EQ(bio_tell(s), 19);
    CHECK_OK(bio_printf(s, "%c%s", '\0', "after NUL")); /* a NUL that is printed is a byte like any other */
    CHECK_STREAM(s, LIT("-42|ab   |003.1|ff%\0after NUL"));
    bio_release(s);
}

static void the_list_form_prints_the_same(void)
{
    bio_stream *s = bio_new();
    REQUIRE(s != NULL);
    CHECK_OK(print_list(s, "%s=%ld;", "key", 123456789L));
    CHECK_OK(print_list(s, "%s=%ld;", "long", -1L));
    CHECK_STREAM(s, LIT("key=123456789;long=-1;"));
    bio_release(s);
}

static void printing_nothing_changes_nothing(void)
{
    bio_stream *s = stream_at(LIT("abc"), 8);
    CHECK_OK(bio_printf(s, "%s", ""));
    CHECK_STREAM(s, LIT("abc")); /* no gap is filled */
    CHECK_EQ(bio_tell(s), 8);
    CHECK_OK(bio_write(s, LIT("!"))); /* and no window left open */
    bio_release(s);
}

static void every_length_fits_whatever_room_there_was(void)
{
    /* Around each size that a first guess may have had, from every fill of the block. */
    static char text[600], want[700];
    memset(text, 'p', sizeof text);
    for (size_t before = 0; before < 100; before += 11) {
        for (size_t n = 0; n < 600; n += n < 20 || n > 500 ? 1 : 13) {
            bio_stream *s = bio_new();
            REQUIRE(s != NULL);
            CHECK_OK(bio_fill(s, '-', before));
            CHECK_OK(bio_printf(s, "%.*s", (int)n, text));
            memset(want, '-', before);
            memset(want + before, 'p', n);
            if (!CHECK_STREAM(s, want, before + n))
                check_fail(__FILE__, __LINE__, "... %zu after %zu", n, before);
            bio_release(s);
        }
    }
}

static void a_long_text_comes_whole(void)
{
    enum { LONG = 200000 };
    bio_stream *s = stream_at(LIT("head:"), 5);
    bio_snapshot *head = value_of(s);
    CHECK_OK(bio_printf(s, "%*d|", LONG, 7));
    CHECK_EQ(bio_len(s), 5 + LONG + 1);
    bio_snapshot *all = value_of(s);
    size_t blanks = 0;
    bool ends = false;
    CHECK_OK(bio_snapshot_count(all, " ", 1, &blanks));
    CHECK_OK(bio_snapshot_ends_with(all, " 7|", 3, &ends));
    CHECK_EQ(blanks, LONG - 1);
    CHECK(ends);
    CHECK_SNAPSHOT(head, LIT("head:"));
    bio_snapshot_release(all);
    bio_snapshot_release(head);
    bio_release(s);
}

static void inside_the_stream_not_a_byte_behind_it_changes(void)
{
    /* vsnprintf writes a NUL behind the text: it must not land in the stream. */
    for (int64_t at = 0; at <= 10; at++) {
        bio_stream *s = stream_at(LIT("0123456789"), at);
        char want[16] = "0123456789";
        size_t len = at + 3 > 10 ? (size_t)at + 3 : 10;
        memcpy(want + at, "abc", 3);
        CHECK_OK(bio_printf(s, "%s", "abc"));
        CHECK_STREAM(s, want, len);
        CHECK_EQ(bio_tell(s), at + 3);
        bio_release(s);
    }
}

static void a_gap_before_it_is_zero(void)
{
    bio_stream *s = stream_of("\xee\xee\xee\xee\xee\xee\xee\xee", 8);
    CHECK_OK(bio_truncate(s, 1));
    move_to(s, 4);
    CHECK_OK(bio_printf(s, "%u", 77u));
    CHECK_STREAM(s, "\xee\0\0\00077", 6);
    bio_release(s);
}

static void what_fits_the_limit_exactly_is_printed(void)
{
    for (int64_t at = 0; at <= 4; at++) {
        bio_stream *s = stream_at(LIT("0123"), at);
        CHECK_OK(bio_set_limit(s, 8));
        stream_state before = state_of(s);
        CHECK_STATUS(bio_printf(s, "%*d", 9 - (int)at, 1), BYTESIO_LIMIT);
        CHECK_STATE(s, &before);
        CHECK_OK(bio_printf(s, "%0*d", 8 - (int)at, 1)); /* its NUL has no room, and needs none */
        CHECK_EQ(bio_len(s), 8);
        CHECK_STATUS(bio_printf(s, "%d", 2), BYTESIO_LIMIT);
        CHECK_EQ(bio_len(s), 8);
        CHECK_OK(bio_printf(s, "%s", ""));
        state_free(&before);
        bio_release(s);
    }
}

static void what_fits_fixed_memory_exactly_is_printed(void)
{
    char memory[8] = "#######";
    bio_stream *s = NULL;
    memory[7] = '#';
    REQUIRE_OK(bio_new_fixed(memory, 6, 0, &s));
    CHECK_STATUS(bio_printf(s, "%s", "1234567"), BYTESIO_LIMIT);
    CHECK_EQ(bio_len(s), 0);
    CHECK_MEM(memory, 8, LIT("########"));
    CHECK_OK(bio_printf(s, "%d", 123456));
    CHECK_MEM(memory, 8, LIT("123456##"));
    CHECK_STATUS(bio_printf(s, "%c", 'x'), BYTESIO_LIMIT);
    move_to(s, 4);
    CHECK_OK(bio_printf(s, "%s", "AB"));
    move_to(s, 1);
    CHECK_OK(bio_printf(s, "%s", "C"));
    CHECK_MEM(memory, 8, LIT("1C34AB##"));
    bio_release(s);
}

static void under_a_view_it_prints_inside_only(void)
{
    bio_stream *s = stream_at(LIT("0123456789"), 7);
    bio_view *view = view_of(s, BYTESIO_VIEW_READONLY);
    CHECK_STATUS(bio_printf(s, "%d", 1234), BYTESIO_EXPORTED);
    CHECK_EQ(bio_tell(s), 7);
    CHECK_OK(bio_printf(s, "%d", 123)); /* to the end exactly */
    CHECK_VIEW(view, LIT("0123456123"));
    bio_view_release(view);
    bio_release(s);
}

static void a_format_that_fails_changes_nothing(void)
{
    /* In the "C" locale no multibyte character stands for this wide one: vsnprintf says so. */
    static const wchar_t unpaired[] = {(wchar_t)0xD800, L'\0'};
    char probe[16];
    if (snprintf(probe, sizeof probe, "%ls", unpaired) >= 0)
        CHECK_SKIP("this C library prints unpaired surrogates");
    for (int64_t at = 1; at <= 6; at++) {
        bio_stream *s = stream_at(LIT("abc"), at);
        stream_state before = state_of(s);
        CHECK_STATUS(bio_printf(s, "some %ls", unpaired), BYTESIO_INVALID);
        CHECK_STATE(s, &before);
        CHECK_OK(bio_write(s, LIT("still works"))); /* no window was left open */
        state_free(&before);
        bio_release(s);
    }
}

static void it_may_print_the_streams_own_bytes(void)
{
    bio_stream *s = stream_of(LIT("own text"));
    bio_snapshot *snap = value_of(s);
    CHECK_OK(bio_shrink_to_fit(s));
    move_to(s, 8);
    CHECK_OK(bio_printf(s, "/%.*s/", (int)bio_snapshot_len(snap), (const char *)bio_snapshot_data(snap)));
    CHECK_STREAM(s, LIT("own text/own text/"));
    bio_snapshot_release(snap);
    bio_release(s);
}

static void null_arguments_are_refused(void)
{
    bio_stream *s = stream_of(LIT("abc"));
    const char *volatile none = NULL; /* volatile: the compiler would warn of it */
    CHECK_STATUS(bio_printf(NULL, "%d", 1), BYTESIO_NULL_ARG);
    CHECK_STATUS(print_list(NULL, "%d", 1), BYTESIO_NULL_ARG);
    CHECK_STATUS(print_list(s, none), BYTESIO_NULL_ARG);
    CHECK_STREAM(s, LIT("abc"));
    bio_release(s);
}

CHECK_MAIN(CASE(it_prints_what_printf_prints), CASE(the_list_form_prints_the_same),
           CASE(printing_nothing_changes_nothing), CASE(every_length_fits_whatever_room_there_was),
           CASE(a_long_text_comes_whole), CASE(inside_the_stream_not_a_byte_behind_it_changes),
           CASE(a_gap_before_it_is_zero), CASE(what_fits_the_limit_exactly_is_printed),
           CASE(what_fits_fixed_memory_exactly_is_printed), CASE(under_a_view_it_prints_inside_only),
           CASE(a_format_that_fails_changes_nothing), CASE(it_may_print_the_streams_own_bytes),
           CASE(null_arguments_are_refused))
