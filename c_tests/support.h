/* What several of the test programs need: short constructors, whole-content checks, recorded states,
 * a release callback that counts, and an allocator that keeps a ledger and fails on demand. */
#ifndef BYTESIO_TEST_SUPPORT_H
#define BYTESIO_TEST_SUPPORT_H

#include "check.h"

#include <pthread.h>

/* A literal as (pointer, size), NUL bytes inside included. */
#define LIT(text) (text), (sizeof(text) - 1)
#define COUNT(array) (sizeof(array) / sizeof *(array))

/* A function that makes a call with `snapshot`, which holds what the expression gives, and lets that go again. */
#define SNAPSHOT_CALL(function, expression, ...)          \
    static inline bio_status function(bio_stream *stream) \
    {                                                     \
        bio_snapshot *snapshot = expression;              \
        bio_status status = __VA_ARGS__;                  \
        bio_snapshot_release(snapshot);                   \
        return status;                                    \
    }

/* n times the environment's CHECK_SCALE (1 when unset): the plain run can do more than the one under valgrind. */
size_t scaled(size_t n);

/* A number below n, the next of a list that begins with the seed in `state` (not 0): the same on every machine. */
size_t random_below(uint64_t *state, size_t n);

/* Bytes that depend on the absolute offset only, so that any part of a stream can be checked alone. */
uint8_t pattern_at(uint64_t offset);
void pattern_fill(uint8_t *out, size_t len, uint64_t offset);
bool pattern_holds(const uint8_t *data, size_t len, uint64_t offset);

/* Each of these leaves the test when it fails. */
bio_stream *stream_of(const void *data, size_t len); /* position 0 */
bio_stream *stream_at(const void *data, size_t len, int64_t position);
bio_snapshot *value_of(bio_stream *stream);
bio_view *view_of(bio_stream *stream, uint32_t flags);
uint8_t *mutable_bytes(bio_view *view);
bio_snapshot *snapshot_of(const void *data, size_t len);
bio_statistics statistics_of(bio_stream *stream);
void move_to(bio_stream *stream, int64_t position);

int check_stream(const char *file, int line, bio_stream *stream, const void *want, size_t len);
#define CHECK_STREAM(stream, ...) check_stream(__FILE__, __LINE__, (stream), __VA_ARGS__)
#define CHECK_SNAPSHOT(snapshot, ...) check_snapshot(__FILE__, __LINE__, #snapshot, (snapshot), __VA_ARGS__)
#define CHECK_VIEW(view, ...) check_view(__FILE__, __LINE__, #view, (view), __VA_ARGS__)
int check_snapshot(const char *file, int line, const char *what, bio_snapshot *snapshot, const void *want,
                   size_t len);
int check_view(const char *file, int line, const char *what, bio_view *view, const void *want, size_t len);

/* What must be as before after a call that failed. */
typedef struct stream_state {
    uint64_t len, position;
    size_t exports;
    uint8_t *bytes;
} stream_state;

stream_state state_of(bio_stream *stream);
int check_state(const char *file, int line, bio_stream *stream, const stream_state *state);
#define CHECK_STATE(stream, state) check_state(__FILE__, __LINE__, (stream), (state))
void state_free(stream_state *state);

/* Foreign memory that is really freed when the library lets it go: a use after that is seen by valgrind. */
typedef struct release_log {
    atomic_int calls;
    void *data;
    size_t len;
    void (*then)(struct release_log *log); /* called back from inside the release, when set */
    bio_stream *stream;                    /* for `then` */
    bio_status status;
    uint64_t seen;
    pthread_t thread;
} release_log;

void log_release(void *ctx, void *data, size_t len);
void *foreign_copy(const void *data, size_t len);
bio_stream *adopted(const void *data, size_t len, release_log *log);

/* An allocator that checks sizes and alignments given back, keeps red zones, moves on every reallocation,
 * and can fail the n-th request. */
typedef struct ledger {
    pthread_mutex_t lock;
    struct ledger_block *blocks;
    size_t live;     /* blocks not yet given back */
    size_t requests; /* allocate and reallocate calls, refused ones too */
    size_t bytes;    /* handed out since the start */
    size_t streams;  /* made by ledger_stream */
    size_t done;     /* calls of ledger_done */
    size_t fail_at;  /* counts down with each request; the one that takes it to 0 is refused */
    bool fired;
    bool skewed; /* addresses aligned as asked and never better */
    const char *complaint;
    bio_allocator allocator;
} ledger;

enum { LEDGER_PLAIN = 0, LEDGER_SKEWED = 1, LEDGER_NO_REALLOCATE = 2 };

void ledger_open(ledger *book, unsigned flags);
bio_stream *ledger_stream(ledger *book, size_t capacity, uint64_t limit, uint32_t flags);
/* The allocator's end: counts, and complains if anything is left but other streams' memory. */
void ledger_done(void *ctx);
int check_ledger(const char *file, int line, ledger *book);
/* Checks that everything came back, with the sizes it went out with, and that the end of each stream was told. */
#define LEDGER_CLOSE(book) check_ledger(__FILE__, __LINE__, (book))

/* glibc knows when a process has one thread and the library may skip its locks then: with company, it may not. */
typedef struct company {
    pthread_t thread;
    pthread_mutex_t gate;
} company;
void company_start(company *c);
void company_stop(company *c);

void thread_start(pthread_t *thread, void *(*body)(void *), void *arg);
void thread_join(pthread_t thread);

#endif
