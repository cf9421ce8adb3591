/* Several threads that begin together, and streams in whose calls another thread is let in wherever it could be. */
#ifndef BYTESIO_TEST_THREADS_H
#define BYTESIO_TEST_THREADS_H

#include "support.h"

#include <sched.h>

enum { MOST = 8 };

typedef struct worker {
    pthread_t thread;
    unsigned id;
    size_t rounds;
    bio_stream *s;
    bio_snapshot *snap;
    bio_view *view;
    pthread_mutex_t *mutex;
    pthread_barrier_t *start;
    void *(*body)(void *);
    size_t result;
} worker;

/* Without a common start the first thread would be done before the second begins. */
static inline void *begin(void *arg)
{
    worker *w = arg;
    pthread_barrier_wait(w->start);
    return w->body(w);
}

static inline void together(worker *model, size_t threads, void *(*body)(void *), worker *workers)
{
    pthread_barrier_t start;
    REQUIRE(pthread_barrier_init(&start, NULL, (unsigned)threads) == 0);
    for (size_t i = 0; i < threads; i++) {
        workers[i] = *model;
        workers[i].id = (unsigned)i;
        workers[i].start = &start;
        workers[i].body = body;
        thread_start(&workers[i].thread, begin, &workers[i]);
    }
    for (size_t i = 0; i < threads; i++)
        thread_join(workers[i].thread);
    pthread_barrier_destroy(&start);
}

/* An allocator that lets the other threads run in the middle of each call that allocates: on one processor too, a
 * call that is not alone in the stream is then met by another. */
static inline void *yield_and_allocate(void *ctx, size_t size, size_t align)
{
    ledger *book = ctx;
    sched_yield();
    void *ptr = book->allocator.allocate(book, size, align);
    sched_yield();
    return ptr;
}

static inline bio_stream *yielding_stream(ledger *book)
{
    bio_options options = BYTESIO_OPTIONS_INIT;
    bio_stream *s = NULL;
    ledger_open(book, LEDGER_NO_REALLOCATE);
    bio_allocator allocator = {yield_and_allocate, NULL, book->allocator.deallocate, book};
    options.allocator = &allocator;
    REQUIRE_OK(bio_new_with(&options, &s));
    return s;
}

#endif
