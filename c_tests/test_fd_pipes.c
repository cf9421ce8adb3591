/* bio_read_fd and bio_write_fd where the other end moves as it likes: short transfers, and signals in between. */
#include "fd.h"

#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

static void *dribble(void *arg)
{
    static const size_t sizes[] = {1, 7, 4096, 3, 60000, 511};
    uint8_t chunk[60000];
    int fd = *(int *)arg;
    signal(SIGPIPE, SIG_IGN);
    for (size_t at = 0, i = 0; at < LARGE; i++) {
        size_t n = sizes[i % COUNT(sizes)];
        n = n < LARGE - at ? n : LARGE - at;
        pattern_fill(chunk, n, at);
        for (size_t done = 0; done < n;) {
            ssize_t put = write(fd, chunk + done, n - done);
            if (put <= 0) {
                close(fd);
                return NULL;
            }
            done += (size_t)put;
        }
        at += n;
    }
    close(fd);
    return NULL;
}

static void *drain(void *arg)
{
    static const size_t sizes[] = {1, 4097, 13, 30000};
    uint8_t chunk[30000];
    int fd = *(int *)arg;
    size_t at = 0;
    for (size_t i = 0;; i++) {
        ssize_t n = read(fd, chunk, sizes[i % COUNT(sizes)]);
        if (n <= 0)
            break;
        CHECK(pattern_holds(chunk, (size_t)n, at));
        at += (size_t)n;
    }
    CHECK_EQ(at, LARGE);
    return NULL;
}

static void short_reads_are_put_together(void)
{
    int ends[2];
    pthread_t thread;
    bio_stream *s = bio_new();
    REQUIRE(s != NULL && pipe(ends) == 0);
    thread_start(&thread, dribble, &ends[1]);
    moved m = take(s, ends[0], SIZE_MAX);
    close(ends[0]); /* a transfer that ended early must not leave the other side waiting for ever */
    thread_join(thread);
    CHECK_MOVED(m, BYTESIO_OK, LARGE, 0);
    bio_snapshot *all = value_of(s);
    CHECK_EQ(bio_snapshot_len(all), LARGE);
    CHECK(pattern_holds(bio_snapshot_data(all), bio_snapshot_len(all), 0));
    bio_snapshot_release(all);
    bio_release(s);
}

static void short_writes_are_carried_on(void)
{
    int ends[2];
    pthread_t thread;
    bio_stream *s = large_stream();
    REQUIRE(pipe(ends) == 0);
    thread_start(&thread, drain, &ends[0]);
    moved m = give(s, ends[1], SIZE_MAX);
    close(ends[1]);
    thread_join(thread);
    CHECK_MOVED(m, BYTESIO_OK, LARGE, 0);
    CHECK_EQ(bio_tell(s), LARGE);
    close(ends[0]);
    bio_release(s);
}

/* ---- signals ----------------------------------------------------------------------------------------------- */

static atomic_int interruptions;

static void interrupt(int number)
{
    (void)number;
    atomic_fetch_add(&interruptions, 1);
}

typedef struct pest {
    pthread_t victim;
    long victim_id;
    int fd;
    bool victim_reads;
} pest;

/* Whether the thread waits in the kernel, as far as /proc tells: then the next signal interrupts a transfer. */
static bool waits(long id)
{
    char name[64], text[256];
    snprintf(name, sizeof name, "/proc/self/task/%ld/stat", id);
    FILE *file = fopen(name, "r");
    size_t n = file ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file)
        fclose(file);
    text[n] = '\0';
    char *paren = strrchr(text, ')');
    return !paren || paren[2] == 'S';
}

static void *pester(void *arg)
{
    pest *p = arg;
    int before = atomic_load(&interruptions);
    for (int i = 1; i <= 10; i++) {
        while (!waits(p->victim_id))
            sched_yield();
        pthread_kill(p->victim, SIGUSR1);
        while (atomic_load(&interruptions) < before + i)
            sched_yield();
    }
    /* Only now does the other end move: every signal came before the transfer could end. */
    return p->victim_reads ? dribble(&p->fd) : drain(&p->fd);
}

static void interrupted_transfers_go_on(void)
{
    struct sigaction action, old;
    memset(&action, 0, sizeof action);
    action.sa_handler = interrupt; /* without SA_RESTART */
    REQUIRE(sigaction(SIGUSR1, &action, &old) == 0);
    for (int reads = 0; reads < 2; reads++) {
        int ends[2];
        pthread_t thread;
        bio_stream *s = reads ? bio_new() : large_stream();
        REQUIRE(s != NULL && pipe(ends) == 0);
        pest p = {pthread_self(), syscall(SYS_gettid), reads ? ends[1] : ends[0], reads};
        thread_start(&thread, pester, &p);
        moved m = reads ? take(s, ends[0], SIZE_MAX) : give(s, ends[1], SIZE_MAX);
        close(reads ? ends[0] : ends[1]);
        thread_join(thread);
        CHECK_MOVED(m, BYTESIO_OK, LARGE, 0);
        bio_snapshot *all = value_of(s);
        CHECK(bio_snapshot_len(all) == LARGE && pattern_holds(bio_snapshot_data(all), LARGE, 0));
        bio_snapshot_release(all);
        if (!reads)
            close(ends[0]);
        bio_release(s);
    }
    CHECK_EQ(interruptions, 20);
    sigaction(SIGUSR1, &old, NULL);
}

CHECK_MAIN(CASE(short_reads_are_put_together), CASE(short_writes_are_carried_on),
           CASE(interrupted_transfers_go_on))
