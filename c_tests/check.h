/* A tiny test harness: named tests in a table, checks that print where and what, one line of result.
 *
 *     static void an_empty_stream(void) { CHECK_EQ(bio_len(s), 0); }
 *     CHECK_MAIN(CASE(an_empty_stream))
 *
 * A failed CHECK is counted and the test goes on; a failed REQUIRE leaves the test (main thread only).
 * Run without arguments for every test, with names for those, with --list for the names.
 */
#ifndef BYTESIO_CHECK_H
#define BYTESIO_CHECK_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1 /* the tests use POSIX, one of them RTLD_NEXT: include this before any system header */
#endif

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bytesio.h"
#ifdef CHECK_CALLS_BACK
#include "calls_back.h"
#else
#define called_back(kind) ((void)0) /* only the tests in this folder have the generated header */
#endif

typedef struct check_case {
    const char *name;
    void (*run)(void);
} check_case;

/* Defined by CHECK_MAIN. Atomic, since checks also run on the threads that a test starts. */
extern atomic_int check_failures;
extern atomic_int check_skipped;
extern jmp_buf check_escape;

/* The checks give int and not bool, so that `CHECK(a) & CHECK(b)`, which runs both, is no mistake to clang. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
static inline int check_fail(const char *file, int line, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    fprintf(stderr, "%s:%d: %s\n", file, line, text);
    atomic_fetch_add(&check_failures, 1);
    return false;
}

static inline int check_true(const char *file, int line, const char *what, bool holds)
{
    return holds || check_fail(file, line, "not so: %s", what);
}

/* Every integer type converts to uintmax_t without losing a distinction, so one function serves all. */
static inline int check_eq(const char *file, int line, const char *what, uintmax_t got, uintmax_t want)
{
    return got == want || check_fail(file, line, "%s: got %ju (%jd), want %ju (%jd)", what, got,
                                     (intmax_t)got, want, (intmax_t)want);
}

static inline int check_status(const char *file, int line, const char *what, bio_status got, bio_status want)
{
    return got == want || check_fail(file, line, "%s: got %d (%s), want %d (%s)", what, (int)got,
                                     bio_strerror(got), (int)want, bio_strerror(want));
}

static inline int check_mem(const char *file, int line, const char *what, const void *got, size_t got_len,
                            const void *want, size_t want_len)
{
    const unsigned char *g = got, *w = want;
    size_t common = got_len < want_len ? got_len : want_len;
    for (size_t i = 0; i < common; i++)
        if (g[i] != w[i])
            return check_fail(file, line, "%s: byte %zu is 0x%02x, want 0x%02x (of %zu)", what, i, g[i], w[i],
                              want_len);
    return got_len == want_len || check_fail(file, line, "%s: %zu bytes, want %zu", what, got_len, want_len);
}

#define CHECK(condition) check_true(__FILE__, __LINE__, #condition, (condition))
#define CHECK_EQ(got, want) check_eq(__FILE__, __LINE__, #got, (uintmax_t)(got), (uintmax_t)(want))
#define CHECK_PTR(got, want) check_eq(__FILE__, __LINE__, #got, (uintptr_t)(got), (uintptr_t)(want))
#define CHECK_STATUS(call, want) check_status(__FILE__, __LINE__, #call, (call), (want))
#define CHECK_OK(call) CHECK_STATUS(call, BYTESIO_OK)
/* Variadic, so that a LIT() can stand for the wanted bytes and their size. */
#define CHECK_MEM(got, got_len, ...) check_mem(__FILE__, __LINE__, #got, (got), (got_len), __VA_ARGS__)

#define REQUIRE(condition) ((void)(CHECK(condition) || (longjmp(check_escape, 1), 0)))
#define REQUIRE_OK(call) ((void)(CHECK_OK(call) || (longjmp(check_escape, 1), 0)))

#define CHECK_SKIP(reason)                           \
    do {                                             \
        printf("skip %s: %s\n", __func__, (reason)); \
        atomic_fetch_add(&check_skipped, 1);         \
        return;                                      \
    } while (0)

#define CASE(function) {#function, function}

static inline bool check_one(const check_case *test)
{
    int before = atomic_load(&check_failures);
    if (setjmp(check_escape) == 0)
        test->run();
    if (atomic_load(&check_failures) == before)
        return true;
    printf("FAILED %s\n", test->name);
    return false;
}

static inline int check_run(int argc, char **argv, const check_case *cases, size_t count)
{
    int passed = 0, failed = 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc == 2 && strcmp(argv[1], "--list") == 0) {
        for (size_t i = 0; i < count; i++)
            puts(cases[i].name);
        return EXIT_SUCCESS;
    }
    for (int a = 1; a < argc || (a == 1 && argc == 1); a++) {
        bool known = argc == 1;
        for (size_t i = 0; i < count; i++) {
            if (argc > 1 && strcmp(argv[a], cases[i].name) != 0)
                continue;
            known = true;
            if (check_one(&cases[i]))
                passed++;
            else
                failed++;
        }
        if (!known) {
            fprintf(stderr, "no test is named %s\n", argv[a]);
            failed++;
        }
    }
    bio_trim(); /* what is kept on purpose is no leak */
    printf("%d passed, %d failed\n", passed - atomic_load(&check_skipped), failed);
    return failed == 0 && passed > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#define CHECK_MAIN(...)                                                    \
    atomic_int check_failures;                                             \
    atomic_int check_skipped;                                              \
    jmp_buf check_escape;                                                  \
    int main(int argc, char **argv)                                        \
    {                                                                      \
        static const check_case cases[] = {__VA_ARGS__};                   \
        return check_run(argc, argv, cases, sizeof cases / sizeof *cases); \
    }

#endif
