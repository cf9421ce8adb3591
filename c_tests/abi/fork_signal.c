/* fork_signal LIBRARY: forks in a signal handler, thousands of times, whatever the signal interrupts. Most children end
 * at once; some go on with what was interrupted, and must find their own bytes, as the parent must.
 * One thread: with more, the C library itself does not allow a fork in a handler that interrupts malloc. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include "loaded.h"

#include <errno.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    FORKS = 3000,
    ONE_IN = 8,
    SECONDS = 100,
    PAGE = 4096,
    PIECE = 64 << 10,
    FIRST = 256 << 10,
    MOST = 2 << 20
};

static loaded lib;
static timer_t timer;
static volatile sig_atomic_t forks, bad, is_child;

/* The next signal, in 1 to 64 microseconds: a number that looks random, so that it comes at any moment. */
static void set_timer(void)
{
    struct itimerspec once = {.it_value.tv_nsec = 1000 * (1 + (long)(((uint32_t)forks * 0x9E3779B9u) >> 26))};
    timer_settime(timer, 0, &once, NULL);
}

static void fork_here(int number)
{
    int status = -1, before = errno;
    pid_t pid = fork();
    (void)number;
    if (pid == 0) {
        alarm(SECONDS);
        if (forks % ONE_IN != 0)
            _exit(0);
        is_child = 1;
        errno = before;
        return;
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
        bad++;
    forks++;
    errno = before;
    set_timer();
}

static bool fork_by_timer(void)
{
    struct sigaction action = {.sa_handler = fork_here};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    if (sigaction(SIGUSR1, &action, NULL) != 0 || timer_create(CLOCK_MONOTONIC, &event, &timer) != 0)
        return false;
    set_timer();
    return true;
}

/* A stream beside what it must hold, and two snapshots beside what they must. */
typedef struct kept {
    bio_snapshot *snapshot;
    uint8_t bytes[MOST];
    size_t len;
} kept;

static struct {
    bio_stream *stream;
    uint8_t bytes[MOST];
    size_t len;
    kept kept[2];
} body;

static uint8_t piece[FIRST];

static bool put(size_t at, size_t n, unsigned seed)
{
    for (size_t i = 0; i < n; i++)
        piece[i] = (uint8_t)(seed + i + i / 251);
    memcpy(body.bytes + at, piece, n);
    if (at + n > body.len)
        body.len = at + n;
    return lib.pwrite(body.stream, piece, n, at) == BYTESIO_OK;
}

static bool snap(kept *kept)
{
    lib.snapshot_release(kept->snapshot);
    kept->snapshot = NULL;
    memcpy(kept->bytes, body.bytes, body.len);
    kept->len = body.len;
    return lib.getvalue(body.stream, &kept->snapshot) == BYTESIO_OK;
}

static bool begin(unsigned seed)
{
    bio_options options = {.struct_size = sizeof options, .mapped_from = 1};
    lib.release(body.stream);
    body.stream = NULL;
    body.len = 0;
    return lib.new_with(&options, &body.stream) == BYTESIO_OK && put(0, FIRST, seed);
}

static bool right(void)
{
    bio_snapshot *now = NULL;
    bool same =
        lib.getvalue(body.stream, &now) == BYTESIO_OK && memcmp(lib.data(now), body.bytes, body.len) == 0;
    lib.snapshot_release(now);
    for (int i = 0; i < 2; i++)
        same = same && (body.kept[i].snapshot == NULL ||
                        memcmp(lib.data(body.kept[i].snapshot), body.kept[i].bytes, body.kept[i].len) == 0);
    return same;
}

/* Separation, writes through the file, growth, streams that end, and memory that is used again. */
static bool change(unsigned round)
{
    bool full = body.len + PIECE > MOST;
    if ((full || round % 16 == 0) && !begin(round))
        return false;
    return snap(&body.kept[round % 2]) && put(round % 50 * PAGE, 20, round) && put(body.len, PIECE, round) &&
           put(round % 30 * PAGE + 1, PAGE, round + 1);
}

int main(int argc, char **argv)
{
    bool fine = argc == 2;
    alarm(SECONDS);
    lib = loaded_from(argv[1]);
    fine = fine && begin(1) && fork_by_timer();
    for (unsigned round = 0; fine && !is_child && forks < FORKS; round++)
        fine = change(round) && (round % 16 != 15 || right());
    if (is_child) {
        fine = fine && right();
        for (unsigned round = 0; fine && round < 20; round++)
            fine = change(round) && right();
        _exit(fine ? 0 : 1);
    }
    printf("%d forks, %d bad children, the parent %s\n", (int)forks, (int)bad, fine ? "right" : "wrong");
    return fine && bad == 0 ? 0 : 1;
}
