/* fork_handlers LIBRARY: handlers of pthread_atfork that are older and newer than the library's own use it, and take
 * a lock under which another thread does. Nothing hangs, and each process has its own bytes. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include "loaded.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 60, SECONDS = 60 };

static loaded lib;
static atomic_int failures, over, works;

static void expect(bool right, const char *what)
{
    if (!right) {
        fprintf(stderr, "process %d: %s\n", (int)getpid(), what);
        atomic_fetch_add(&failures, 1);
    }
}

/* A lock that is held around every fork, as an application does that wants its own data whole in the child. */
static pthread_mutex_t older_lock = PTHREAD_MUTEX_INITIALIZER, newer_lock = PTHREAD_MUTEX_INITIALIZER;
/* A stream that is used by the handlers, under the lock. */
static bio_stream *older_stream, *newer_stream;

static void touch(bio_stream *stream, const char *who)
{
    if (stream != NULL) {
        expect(loaded_overwrite(&lib, stream, 's', 't'), who);
        expect(loaded_overwrite(&lib, stream, 't', 's'), who);
        expect(loaded_use(&lib), who);
    }
}

static void older_before(void)
{
    pthread_mutex_lock(&older_lock);
    touch(older_stream, "an older handler before the fork");
}

static void older_after(void)
{
    touch(older_stream, "an older handler after the fork");
    pthread_mutex_unlock(&older_lock);
}

static void newer_before(void)
{
    pthread_mutex_lock(&newer_lock);
    touch(newer_stream, "a newer handler before the fork");
}

static void newer_after(void)
{
    touch(newer_stream, "a newer handler after the fork");
    pthread_mutex_unlock(&newer_lock);
}

/* Uses the library under one lock or the other, all the time. */
static void *worker(void *lock)
{
    while (!atomic_load(&over)) {
        pthread_mutex_lock(lock);
        expect(loaded_use(&lib), "a thread that holds the lock");
        pthread_mutex_unlock(lock);
        atomic_fetch_add(&works, 1);
        usleep(100); /* a mutex is not fair: let the others in */
    }
    return NULL;
}

/* What a child finds, and does; says whether all was right. */
static int in_child(bio_stream *stream)
{
    alarm(SECONDS);
    expect(loaded_overwrite(&lib, stream, 'p', 'c'), "the stream of the parent");
    expect(loaded_overwrite(&lib, stream, 'c', 'd'), "the stream of the parent, again");
    expect(loaded_use(&lib), "a stream of the child");
    lib.release(stream);
    return atomic_load(&failures);
}

static void fork_once(bio_stream *stream)
{
    int status = -1;
    pid_t pid = fork();
    if (pid == 0)
        _exit(in_child(stream));
    expect(loaded_overwrite(&lib, stream, 'p', 'q') && loaded_overwrite(&lib, stream, 'q', 'p'),
           "the parent's own");
    expect(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0, "a child");
}

int main(int argc, char **argv)
{
    pthread_t threads[2];
    alarm(SECONDS);
    /* The library's handlers come between these two. */
    if (argc != 2 || pthread_atfork(older_before, older_after, older_after) != 0)
        return 2;
    lib = loaded_from(argv[1]);
    if (pthread_atfork(newer_before, newer_after, newer_after) != 0)
        return 2;
    older_stream = loaded_stream(&lib, 's');
    newer_stream = loaded_stream(&lib, 's');
    bio_stream *stream = loaded_stream(&lib, 'p');
    if (older_stream == NULL || newer_stream == NULL || stream == NULL)
        return 2;
    /* Alone first, then beside threads. */
    for (int round = 0; round < 20; round++)
        fork_once(stream);
    if (pthread_create(&threads[0], NULL, worker, &older_lock) != 0 ||
        pthread_create(&threads[1], NULL, worker, &newer_lock) != 0)
        return 2;
    for (int round = 0; round < ROUNDS && atomic_load(&failures) == 0; round++) {
        /* Each round has something going on beside it. */
        for (int seen = atomic_load(&works); atomic_load(&works) < seen + 2;)
            usleep(50);
        bio_stream *fresh = loaded_stream(&lib, 'p');
        fork_once(stream);
        if (fresh != NULL)
            fork_once(fresh);
        lib.release(fresh);
    }
    atomic_store(&over, 1);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    lib.release(stream);
    lib.release(older_stream);
    lib.release(newer_stream);
    printf("%d failures\n", atomic_load(&failures));
    return atomic_load(&failures) == 0 ? 0 : 1;
}
