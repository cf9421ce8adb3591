/* bio_readline and bio_read_until: delimiters, limits, the end. */
#include "support.h"

typedef struct line_case {
    const char *text;
    size_t text_len;
    int64_t position;
    uint8_t delimiter;
    size_t limit;
    const char *line;
    size_t line_len;
} line_case;

static const line_case lines[] = {
    {LIT("one\ntwo\n"), 0, '\n', SIZE_MAX, LIT("one\n")},
    {LIT("one\ntwo\n"), 2, '\n', SIZE_MAX, LIT("e\n")},
    {LIT("one\ntwo\n"), 3, '\n', SIZE_MAX, LIT("\n")},
    {LIT("one\ntwo\n"), 4, '\n', SIZE_MAX, LIT("two\n")},
    {LIT("one\ntwo\n"), 8, '\n', SIZE_MAX, LIT("")}, /* empty at the end */
    {LIT("one\ntwo\n"), 9, '\n', SIZE_MAX, LIT("")}, /* and past it */
    {LIT("one\ntwo\n"), INT64_MAX, '\n', SIZE_MAX, LIT("")},
    {LIT(""), 0, '\n', SIZE_MAX, LIT("")},
    {LIT("no end"), 0, '\n', SIZE_MAX, LIT("no end")}, /* a last line without newline */
    {LIT("no end"), 3, '\n', SIZE_MAX, LIT("end")},
    {LIT("one\ntwo"), 0, '\n', 0, LIT("")}, /* limits */
    {LIT("one\ntwo"), 0, '\n', 1, LIT("o")},
    {LIT("one\ntwo"), 0, '\n', 3, LIT("one")},
    {LIT("one\ntwo"), 0, '\n', 4, LIT("one\n")},
    {LIT("one\ntwo"), 0, '\n', 5, LIT("one\n")},
    {LIT("one\ntwo"), 4, '\n', 2, LIT("tw")},
    {LIT("one\ntwo"), 4, '\n', 3, LIT("two")},
    {LIT("one\ntwo"), 4, '\n', PTRDIFF_MAX, LIT("two")},
    {LIT("one\ntwo"), 4, '\n', SIZE_MAX - 1, LIT("two")}, /* position plus limit must not wrap */
    {LIT("one\ntwo"), 7, '\n', 0, LIT("")},
    {LIT("a\rb\r\nc"), 0, '\n', SIZE_MAX, LIT("a\rb\r\n")}, /* CR is an ordinary byte */
    {LIT("\r\n"), 0, '\n', SIZE_MAX, LIT("\r\n")},
    {LIT("a\0b\0\nc"), 0, '\n', SIZE_MAX, LIT("a\0b\0\n")}, /* so is NUL */
    {LIT("\xff\xfe\n\x80"), 0, '\n', SIZE_MAX, LIT("\xff\xfe\n")},
    {LIT("\n\n\n"), 1, '\n', SIZE_MAX, LIT("\n")},
    {LIT("a;b\n;"), 0, ';', SIZE_MAX, LIT("a;")},
    {LIT("a;b\n;"), 2, ';', SIZE_MAX, LIT("b\n;")},
    {LIT("a;b\n;"), 2, ';', 2, LIT("b\n")},
    {LIT("key\0value\0"), 0, '\0', SIZE_MAX, LIT("key\0")},
    {LIT("key\0value\0"), 4, '\0', SIZE_MAX, LIT("value\0")},
    {LIT("key\0value"), 4, '\0', SIZE_MAX, LIT("value")}, /* the end is not a NUL */
    {LIT("high\xff"
         "bit"),
     0, 0xff, SIZE_MAX, LIT("high\xff")},
    {LIT("miss"), 0, 0xff, SIZE_MAX, LIT("miss")},
};

static void each_line_ends_where_it_must(void)
{
    for (size_t i = 0; i < COUNT(lines); i++) {
        const line_case *c = &lines[i];
        for (int until = c->delimiter != '\n'; until < 2; until++) {
            bio_stream *s = stream_at(c->text, c->text_len, c->position);
            const uint8_t *ptr = NULL;
            size_t len = 4711;
            bool good = CHECK_OK(until ? bio_read_until(s, c->delimiter, c->limit, &ptr, &len)
                                       : bio_readline(s, c->limit, &ptr, &len)) &
                        CHECK_EQ(len, c->line_len);
            if (good && len)
                good = CHECK_MEM(ptr, len, c->line, c->line_len);
            good &= CHECK_EQ(bio_tell(s), (uint64_t)c->position + c->line_len);
            good &= CHECK_STREAM(s, c->text, c->text_len);
            if (!good)
                check_fail(__FILE__, __LINE__, "... in case %zu", i);
            bio_release(s);
        }
    }
}

static void lines_come_one_after_another_without_a_copy(void)
{
    static const char text[] = "first\n\nthird\nlast";
    static const size_t sizes[] = {6, 1, 6, 4, 0, 0};
    bio_stream *s = stream_of(LIT("first\n\nthird\nlast"));
    const uint8_t *base = NULL, *ptr = NULL;
    size_t len = 0, at = 0;
    CHECK_OK(bio_peek(s, &base, &len));
    for (size_t i = 0; i < COUNT(sizes); i++) {
        CHECK_OK(bio_readline(s, SIZE_MAX, &ptr, &len));
        CHECK_EQ(len, sizes[i]);
        if (len) {
            CHECK_PTR(ptr, base + at);
            CHECK_MEM(ptr, len, text + at, sizes[i]);
        }
        at += len;
    }
    CHECK_EQ(bio_tell(s), 17);
    bio_release(s);
}

static void a_line_longer_than_a_page_is_found_whole(void)
{
    enum { LONG = 10007 };
    bio_stream *s = bio_new();
    const uint8_t *ptr = NULL;
    size_t len = 0;
    REQUIRE(s != NULL);
    CHECK_OK(bio_fill(s, 'x', LONG));
    CHECK_OK(bio_fill(s, '\n', 1));
    CHECK_OK(bio_fill(s, 'y', LONG));
    move_to(s, 0);
    CHECK_OK(bio_readline(s, SIZE_MAX, &ptr, &len));
    CHECK_EQ(len, LONG + 1);
    CHECK_EQ(ptr[LONG], '\n');
    CHECK_EQ(ptr[LONG - 1], 'x');
    CHECK_OK(bio_readline(s, LONG - 1, &ptr, &len));
    CHECK_EQ(len, LONG - 1);
    CHECK_OK(bio_readline(s, SIZE_MAX, &ptr, &len));
    CHECK_EQ(len, 1);
    CHECK_EQ(ptr[0], 'y');
    bio_release(s);
}

static void a_newline_behind_the_end_is_not_found(void)
{
    /* Stale bytes behind a truncation are no part of the stream. */
    bio_stream *s = stream_of(LIT("cut here\nstale"));
    const uint8_t *ptr = NULL;
    size_t len = 0;
    CHECK_OK(bio_truncate(s, 8));
    CHECK_OK(bio_readline(s, SIZE_MAX, &ptr, &len));
    CHECK_MEM(ptr, len, LIT("cut here"));
    bio_release(s);
}

CHECK_MAIN(CASE(each_line_ends_where_it_must), CASE(lines_come_one_after_another_without_a_copy),
           CASE(a_line_longer_than_a_page_is_found_whole), CASE(a_newline_behind_the_end_is_not_found))
