/* bio_fopen: a stream as a FILE, mode by mode and error by error. What files do is compared in test_fopen_random.c. */
#include "support.h"

#include <errno.h>
#include <wchar.h>

#define TEXT "0123456789"

static FILE *opened(bio_stream *s, const char *mode)
{
    FILE *file = NULL;
    REQUIRE_OK(bio_fopen(s, mode, &file));
    REQUIRE(file != NULL);
    return file;
}

/* A FILE without a buffer, which shows at once what a call does to the stream. */
static FILE *direct(bio_stream *s, const char *mode)
{
    FILE *file = opened(s, mode);
    REQUIRE(setvbuf(file, NULL, _IONBF, 0) == 0);
    return file;
}

#define CHECK_FAILS(call, failure, number) \
    do {                                   \
        errno = 0;                         \
        CHECK_EQ(call, failure);           \
        CHECK_EQ(errno, number);           \
    } while (0)

/* ---- modes -------------------------------------------------------------------------------------------------- */

static void each_mode_reads_writes_and_truncates_as_it_says(void)
{
    static const struct {
        const char *mode, *left; /* what is left after "ab" */
        bool reads;
    } modes[] = {
        {"r", TEXT, true},          {"rb", TEXT, true},          {"re", TEXT, true},
        {"r+", "ab23456789", true}, {"rb+", "ab23456789", true}, {"r+b", "ab23456789", true},
        {"w", "ab", false},         {"wb", "ab", false},         {"w+", "ab", true},
        {"w+be", "ab", true},       {"a", TEXT "ab", false},     {"ab", TEXT "ab", false},
        {"a+", TEXT "ab", true},    {"ab+", TEXT "ab", true},
    };
    for (size_t i = 0; i < COUNT(modes); i++) {
        bio_stream *s = stream_at(LIT(TEXT), 3);
        bool writes = strcmp(modes[i].left, TEXT) != 0, truncates = modes[i].mode[0] == 'w';
        FILE *file = opened(s, modes[i].mode);
        CHECK_EQ(bio_len(s), truncates ? 0 : 10);
        CHECK_EQ(ftello(file), modes[i].mode[0] == 'a' && !modes[i].reads ? 10 : 0);
        errno = 0;
        CHECK_EQ(fputs("ab", file) >= 0 && fflush(file) == 0, writes);
        CHECK_EQ(errno, writes ? 0 : EBADF);
        rewind(file);
        errno = 0;
        CHECK_EQ(fgetc(file), modes[i].reads ? modes[i].left[0] : EOF);
        CHECK_EQ(errno, modes[i].reads ? 0 : EBADF);
        if (!(CHECK_EQ(fclose(file), 0) & CHECK_STREAM(s, modes[i].left, strlen(modes[i].left)) &
              CHECK_EQ(bio_tell(s), 3)))
            check_fail(__FILE__, __LINE__, "... with \"%s\"", modes[i].mode);
        bio_release(s);
    }
}

static void what_is_no_mode_is_invalid(void)
{
    static const char *const none[] = {"", "x", "+", "b", " r", "R", "wx", "w+x", "wbx", "r,ccs=UTF-8"};
    bio_stream *s = stream_of(LIT(TEXT));
    FILE *file = (FILE *)(uintptr_t)0x5a5a;
    for (size_t i = 0; i < COUNT(none); i++)
        if (!CHECK_STATUS(bio_fopen(s, none[i], &file), BYTESIO_INVALID))
            check_fail(__FILE__, __LINE__, "... with \"%s\"", none[i]);
    CHECK_OK(bio_close(s));
    CHECK_STATUS(bio_fopen(s, "x", &file), BYTESIO_CLOSED);
    CHECK_PTR(file, 0x5a5a);
    bio_release(s);
}

static void truncation_that_is_refused_refuses_the_file(void)
{
    bio_stream *s = stream_of(LIT(TEXT));
    bio_view *view = view_of(s, BYTESIO_VIEW_READONLY);
    FILE *file = (FILE *)(uintptr_t)0x5a5a;
    CHECK_STATUS(bio_fopen(s, "w", &file), BYTESIO_EXPORTED);
    CHECK_PTR(file, 0x5a5a);
    bio_view_release(view);
    CHECK_STREAM(s, LIT(TEXT));
    for (int empty = 0; empty < 2; empty++) {
        uint8_t *ptr = NULL;
        size_t room = 0;
        CHECK_OK(bio_prepare(s, 1, &ptr, &room));
        CHECK_STATUS(bio_fopen(s, "w", &file), BYTESIO_BUSY);
        CHECK_PTR(file, 0x5a5a);
        bio_cancel(s);
        CHECK_OK(bio_clear(s));
    }
    bio_release(s); /* the last reference: a FILE left open would be a leak to valgrind */
}

static void wide_characters_are_refused_or_written(void)
{
    bio_stream *s = stream_of(LIT(TEXT));
    FILE *file = opened(s, "r+");
    bool wide = fwide(file, 1) > 0;
#ifdef __GLIBC__
    CHECK(!wide);
#endif
    CHECK_EQ(fwprintf(file, L"%s", "ab") == 2, wide);
    CHECK_EQ(fclose(file), 0);
    CHECK_STREAM(s, wide ? "ab23456789" : TEXT, 10);
    bio_release(s);
}

/* ---- positions ---------------------------------------------------------------------------------------------- */

static void each_file_has_its_own_position(void)
{
    bio_stream *s = stream_at(LIT(TEXT), 5);
    FILE *one = opened(s, "r+"), *two = opened(s, "r");
    char text[8] = "";
    CHECK_EQ(fseeko(one, 8, SEEK_SET), 0);
    CHECK(fputs("wxyz", one) >= 0);
    CHECK_EQ(bio_len(s), 10); /* in the buffer */
    CHECK_EQ(fflush(one), 0);
    CHECK_STREAM(s, LIT("01234567wxyz"));
    CHECK_EQ(ftello(two), 0);
    CHECK_EQ(fseeko(two, -4, SEEK_END), 0);
    CHECK_EQ(fread(text, 1, 8, two), 4);
    CHECK_MEM(text, 4, "wxyz", 4);
    CHECK(feof(two));
    CHECK_EQ(ftello(one), 12);
    CHECK_EQ(bio_tell(s), 5);
    CHECK_OK(bio_append(s, LIT("!")));
    CHECK_EQ(fseeko(two, 0, SEEK_CUR), 0);
    CHECK_EQ(fgetc(two), '!');
    CHECK_EQ(fclose(one) | fclose(two), 0);
    bio_release(s);
}

static void a_seek_from_where_writing_ended_counts_from_there(void)
{
    /* glibc by itself counts from where the write began, if it had read ahead. */
    bio_stream *s = stream_of(LIT(TEXT TEXT TEXT));
    FILE *file = opened(s, "r+");
    CHECK_EQ(fgetc(file), '0');
    CHECK_EQ(fseeko(file, 10, SEEK_SET), 0);
    CHECK(fputs("abcde", file) >= 0);
    CHECK_EQ(fseeko(file, 1, SEEK_CUR), 0);
    CHECK_EQ(ftello(file), 16);
    CHECK_EQ(fgetc(file), '6');
    CHECK_EQ(fclose(file), 0);
    CHECK_STREAM(s, LIT(TEXT "abcde56789" TEXT));
    bio_release(s);
}

static void seeks_go_far_but_not_before_the_beginning(void)
{
    bio_stream *s = stream_of(LIT(TEXT));
    FILE *file = direct(s, "r+");
    const off_t far = (off_t)1 << 40;
    CHECK_EQ(fseeko(file, 4, SEEK_SET), 0);
    CHECK_FAILS(fseeko(file, -1, SEEK_SET), -1, EINVAL);
    CHECK_FAILS(fseeko(file, -5, SEEK_CUR), -1, EINVAL);
    CHECK_FAILS(fseeko(file, -11, SEEK_END), -1, EINVAL);
    CHECK_FAILS(fseeko(file, INT64_MAX, SEEK_END), -1, EOVERFLOW);
    CHECK_FAILS(fseeko(file, 0, 77), -1, EINVAL);
    CHECK_EQ(ftello(file), 4);
    CHECK_EQ(fseeko(file, far, SEEK_END), 0);
    CHECK_EQ(ftello(file), far + 10);
    CHECK_EQ(fgetc(file), EOF);
    CHECK(feof(file) && !ferror(file));
    CHECK_EQ(bio_len(s), 10);
    CHECK_EQ(fseeko(file, INT64_MAX, SEEK_SET), 0);
    CHECK_FAILS(fputc('x', file), EOF, EOVERFLOW);
    CHECK_EQ(fseeko(file, 12, SEEK_SET), 0);
    CHECK_EQ(fputc('x', file), 'x');
    CHECK_STREAM(s, LIT(TEXT "\0\0x"));
    rewind(file);
    CHECK_EQ(ftello(file), 0);
    CHECK(!ferror(file));
    CHECK_EQ(fclose(file), 0);
    bio_release(s);
}

static void appending_finds_the_end_of_that_moment(void)
{
    bio_stream *s = stream_of(LIT("0"));
    FILE *file = direct(s, "a+"), *other = direct(s, "a");
    CHECK_EQ(fputc('a', file), 'a');
    CHECK_EQ(fputc('b', other), 'b');
    CHECK_EQ(fseeko(file, 0, SEEK_SET), 0);
    CHECK_EQ(fgetc(file), '0');
    CHECK_EQ(fseeko(file, 0, SEEK_SET), 0);
    CHECK_OK(bio_append(s, LIT("c")));
    CHECK_EQ(fputc('d', file), 'd');
    CHECK_EQ(ftello(file), 5);
    CHECK_STREAM(s, LIT("0abcd"));
    CHECK_OK(bio_truncate(s, 1));
    CHECK_EQ(fputc('e', other), 'e');
    CHECK_STREAM(s, LIT("0e"));
    CHECK_EQ(fclose(file) | fclose(other), 0);
    bio_release(s);
}

/* ---- what goes wrong ---------------------------------------------------------------------------------------- */

static void a_limit_is_a_full_disk(void)
{
    uint8_t memory[14];
    for (int fixed = 0; fixed < 2; fixed++) {
        bio_stream *s = NULL;
        memcpy(memory, TEXT, 10);
        if (fixed)
            REQUIRE_OK(bio_new_fixed(memory, sizeof memory, 10, &s));
        else
            s = stream_of(LIT(TEXT));
        if (!fixed)
            REQUIRE_OK(bio_set_limit(s, sizeof memory));
        FILE *file = opened(s, "a");
        CHECK_EQ(fwrite("abcdefgh", 1, 8, file), 8); /* into the buffer */
        CHECK_FAILS(fflush(file), EOF, ENOSPC);
        CHECK(ferror(file));
        CHECK_STREAM(s, LIT(TEXT "abcd"));
        clearerr(file);
        CHECK_EQ(fputc('x', file), 'x');
        CHECK_FAILS(fclose(file), EOF, ENOSPC);
        CHECK_STREAM(s, LIT(TEXT "abcd"));
        file = direct(s, "r+");
        CHECK_EQ(fseeko(file, 12, SEEK_SET), 0);
        CHECK_FAILS(fwrite("1234", 1, 4, file), 2, ENOSPC);
        CHECK_EQ(ftello(file), 14);
        CHECK_EQ(fclose(file), 0);
        CHECK_STREAM(s, LIT(TEXT "ab12"));
        bio_release(s);
    }
}

static void under_a_view_the_length_stays(void)
{
    bio_stream *s = stream_of(LIT(TEXT));
    bio_view *view = view_of(s, BYTESIO_VIEW_WRITABLE);
    FILE *file = direct(s, "r+");
    CHECK_EQ(fputs("ab", file) >= 0, true);
    CHECK_EQ(fseeko(file, 8, SEEK_SET), 0);
    CHECK_FAILS(fwrite("wxyz", 1, 4, file), 2, EBUSY);
    CHECK_VIEW(view, LIT("ab234567wx"));
    clearerr(file);
    CHECK_EQ(fseeko(file, 4, SEEK_SET), 0);
    CHECK_EQ(fwrite(bio_view_data(view), 1, 6, file), 6); /* from its own memory, over itself */
    CHECK_STREAM(s, LIT("ab23ab2345"));
    CHECK_EQ(fseeko(file, 0, SEEK_SET), 0);
    CHECK_EQ(fgetc(file), 'a');
    bio_view_release(view);
    CHECK_EQ(fclose(file), 0);
    bio_release(s);
}

static void while_a_window_is_open_nothing_is_written(void)
{
    bio_stream *s = stream_at(LIT(TEXT), 10);
    FILE *file = direct(s, "r+");
    uint8_t *ptr = NULL;
    size_t room = 0;
    REQUIRE_OK(bio_prepare(s, 4, &ptr, &room));
    CHECK_FAILS(fputc('x', file), EOF, EBUSY);
    CHECK_EQ(fseeko(file, 1, SEEK_SET), 0);
    CHECK_EQ(fgetc(file), '1');
    CHECK_OK(bio_commit(s, 0));
    CHECK_EQ(fclose(file), 0);
    CHECK_STREAM(s, LIT(TEXT));
    bio_release(s);
}

static void a_closed_stream_is_a_bad_descriptor(void)
{
    bio_stream *s = stream_of(LIT(TEXT));
    FILE *file = direct(s, "r+"), *buffered = opened(s, "r+");
    CHECK(fputs("ab", buffered) >= 0);
    CHECK_OK(bio_close(s));
    CHECK_FAILS(fgetc(file), EOF, EBADF);
    CHECK(ferror(file) && !feof(file));
    CHECK_FAILS(fputc('x', file), EOF, EBADF);
    CHECK_FAILS(fseeko(file, 0, SEEK_SET), -1, EBADF);
    CHECK_FAILS(fseeko(file, 0, SEEK_END), -1, EBADF);
    CHECK_EQ(fclose(file), 0);
    CHECK_FAILS(fclose(buffered), EOF, EBADF);
    bio_release(s);
}

static bool out_of_memory;

static void *allocate(void *ctx, size_t size, size_t align)
{
    void *ptr = NULL;
    (void)ctx;
    return out_of_memory || posix_memalign(&ptr, align < sizeof ptr ? sizeof ptr : align, size) ? NULL : ptr;
}

static void deallocate(void *ctx, void *ptr, size_t size, size_t align)
{
    (void)ctx, (void)size, (void)align;
    free(ptr);
}

static void memory_that_is_refused_is_enomem(void)
{
    bio_allocator allocator = {.allocate = allocate, .deallocate = deallocate};
    bio_options options = BYTESIO_OPTIONS_INIT;
    bio_stream *s = NULL;
    options.allocator = &allocator;
    REQUIRE_OK(bio_new_with(&options, &s));
    FILE *file = direct(s, "w");
    out_of_memory = true;
    CHECK_FAILS(fputc('x', file), EOF, ENOMEM);
    CHECK(ferror(file));
    out_of_memory = false;
    CHECK_EQ(fputc('y', file), 'y');
    CHECK_STREAM(s, LIT("y"));
    CHECK_EQ(fclose(file), 0);
    bio_release(s);
}

/* ---- ends --------------------------------------------------------------------------------------------------- */

static void fclose_gives_up_the_reference_and_its_memory(void)
{
    ledger book;
    ledger_open(&book, LEDGER_PLAIN);
    bio_stream *s = ledger_stream(&book, 0, 0, 0);
    FILE *file = opened(s, "w+"), *other = opened(s, "r");
    bio_release(s); /* the two keep it */
    CHECK_FAILS(fileno(file), -1, EBADF);
    CHECK_EQ(fprintf(file, "%d %s\n", 42, "text"), 8);
    CHECK_EQ(fflush(file), 0);
    int number = 0;
    char word[8] = "";
    CHECK_EQ(fscanf(other, "%d %7s", &number, word), 2);
    CHECK_EQ(number, 42);
    CHECK(strcmp(word, "text") == 0);
    CHECK_EQ(fclose(other), 0);
    CHECK(book.live > 0);
    CHECK_EQ(fclose(file), 0);
    CHECK_EQ(book.live, 0);
    LEDGER_CLOSE(&book);
}

static void refused_files_leave_nothing_behind(void)
{
    ledger book;
    ledger_open(&book, LEDGER_PLAIN);
    bio_stream *s = ledger_stream(&book, 0, 0, 0);
    FILE *file = NULL;
    REQUIRE_OK(bio_write(s, LIT(TEXT)));
    size_t live = book.live;
    book.fail_at = 1;
    CHECK_STATUS(bio_fopen(s, "w", &file), BYTESIO_NOMEM);
    CHECK(file == NULL);
    CHECK_STREAM(s, LIT(TEXT)); /* not truncated either */
    bio_view *view = view_of(s, BYTESIO_VIEW_READONLY);
    CHECK_STATUS(bio_fopen(s, "w", &file), BYTESIO_EXPORTED);
    bio_view_release(view);
    CHECK_EQ(book.live, live);
    bio_release(s);
    CHECK_EQ(book.live, 0);
    LEDGER_CLOSE(&book);
}

static void adopted_memory_is_let_go_by_the_last_fclose(void)
{
    release_log log = {0};
    bio_stream *s = adopted(LIT(TEXT), &log);
    FILE *file = opened(s, "r");
    char line[16];
    bio_release(s);
    CHECK(fgets(line, sizeof line, file) && strcmp(line, TEXT) == 0);
    CHECK_EQ(log.calls, 0);
    CHECK_EQ(fclose(file), 0);
    CHECK_EQ(log.calls, 1);
}

/* ---- threads ------------------------------------------------------------------------------------------------ */

enum { WRITERS = 4, RECORD = 16 };

static void *append_records(void *arg)
{
    FILE *file = arg;
    char record[2 * RECORD];
    for (size_t i = 0; i < scaled(100); i++) {
        snprintf(record, sizeof record, "%015zu\n", i);
        if (fwrite(record, RECORD, 1, file) != 1 || fflush(file) != 0)
            return check_fail(__FILE__, __LINE__, "a record was refused: %s", strerror(errno)), NULL;
    }
    return NULL;
}

/* Two share a FILE, two have one each: no record is torn or lost. */
static void threads_append_whole_records(void)
{
    bio_stream *s = bio_new();
    FILE *shared = opened(s, "a"), *files[WRITERS] = {shared, shared, opened(s, "a"), opened(s, "a")};
    pthread_t threads[WRITERS];
    size_t seen = 0;
    char line[RECORD + 8];
    for (size_t i = 0; i < WRITERS; i++)
        thread_start(&threads[i], append_records, files[i]);
    for (size_t i = 0; i < WRITERS; i++)
        thread_join(threads[i]);
    CHECK_EQ(fclose(shared) | fclose(files[2]) | fclose(files[3]), 0);
    FILE *file = opened(s, "r");
    while (fgets(line, sizeof line, file) && strlen(line) == RECORD &&
           strspn(line, "0123456789") == RECORD - 1)
        seen++;
    CHECK_EQ(seen, WRITERS * scaled(100));
    CHECK_EQ(bio_len(s), seen * RECORD);
    CHECK_EQ(fclose(file), 0);
    bio_release(s);
}

CHECK_MAIN(CASE(each_mode_reads_writes_and_truncates_as_it_says), CASE(what_is_no_mode_is_invalid),
           CASE(truncation_that_is_refused_refuses_the_file), CASE(wide_characters_are_refused_or_written),
           CASE(each_file_has_its_own_position), CASE(a_seek_from_where_writing_ended_counts_from_there),
           CASE(seeks_go_far_but_not_before_the_beginning), CASE(appending_finds_the_end_of_that_moment),
           CASE(a_limit_is_a_full_disk), CASE(under_a_view_the_length_stays),
           CASE(while_a_window_is_open_nothing_is_written), CASE(a_closed_stream_is_a_bad_descriptor),
           CASE(memory_that_is_refused_is_enomem), CASE(fclose_gives_up_the_reference_and_its_memory),
           CASE(refused_files_leave_nothing_behind), CASE(adopted_memory_is_let_go_by_the_last_fclose),
           CASE(threads_append_whole_records))
