/* malloc itself refuses each request in turn: this program puts its own in front of the C library's, for itself
 * and for the shared library alike. Under valgrind that needs --soname-synonyms=somalloc=nouserintercepts. */
#include "oom.h"

#include <dlfcn.h>
#include <errno.h>

static struct {
    void *(*malloc)(size_t);
    void *(*calloc)(size_t, size_t);
    void *(*realloc)(void *, size_t);
    void *(*aligned_alloc)(size_t, size_t);
    int (*posix_memalign)(void **, size_t, size_t);
    void (*free)(void *);
} next;

/* Only what happens between arm() and disarm() on this thread counts. */
static size_t fail_at, seen, live;
static bool armed, fired;

static void find(void *function, const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    if (!found)
        abort();
    memcpy(function, &found, sizeof found); /* ISO C has no conversion from an object pointer */
}

static void find_all(void)
{
    static bool done;
    if (done)
        return;
    done = true; /* first: dlsym might allocate */
    find(&next.malloc, "malloc");
    find(&next.calloc, "calloc");
    find(&next.realloc, "realloc");
    find(&next.aligned_alloc, "aligned_alloc");
    find(&next.posix_memalign, "posix_memalign");
    find(&next.free, "free");
}

static bool refuse(void)
{
    find_all();
    if (!armed)
        return false;
    if (++seen != fail_at)
        return false;
    fired = true;
    errno = ENOMEM;
    return true;
}

static void *counted(void *ptr)
{
    live += ptr != NULL;
    return ptr;
}

void *malloc(size_t size)
{
    return refuse() ? NULL : counted(next.malloc(size));
}
void *calloc(size_t n, size_t size)
{
    return refuse() ? NULL : counted(next.calloc(n, size));
}
void *aligned_alloc(size_t align, size_t size)
{
    return refuse() ? NULL : counted(next.aligned_alloc(align, size));
}

void *realloc(void *ptr, size_t size)
{
    if (refuse())
        return NULL;
    return ptr ? next.realloc(ptr, size) : counted(next.realloc(ptr, size));
}

int posix_memalign(void **out, size_t align, size_t size)
{
    if (refuse())
        return ENOMEM;
    int error = next.posix_memalign(out, align, size);
    live += error == 0;
    return error;
}

void free(void *ptr)
{
    find_all();
    live -= ptr != NULL;
    next.free(ptr);
}

static void arm(size_t nth)
{
    fail_at = nth;
    seen = 0;
    fired = false;
    armed = true;
}

static bool disarm(void)
{
    armed = false;
    return fired;
}

static bool in_front(void)
{
    void *volatile probe;
    arm(0);
    probe = malloc(1);
    disarm();
    free(probe);
    return seen == 1;
}

#define NEEDS_TO_BE_IN_FRONT() \
    if (!in_front())           \
    CHECK_SKIP("malloc is not ours here; under valgrind pass --soname-synonyms=somalloc=nouserintercepts")

static bio_stream *make(void)
{
    bio_stream *s = bio_new();
    REQUIRE(s != NULL);
    return s;
}

static const oom_source source = {make, arm, disarm};

static void run_all(const oom_case *cases, size_t count)
{
    size_t refused = 0;
    for (size_t i = 0; i < count; i++) {
        size_t before = live;
        refused += oom_run(&source, &cases[i]);
        bio_trim(); /* what is kept for reuse is no leak */
        if (!CHECK_EQ(live, before))
            check_fail(__FILE__, __LINE__, "... in \"%s\"", cases[i].name);
    }
    CHECK(refused > count / 2); /* most need memory: else this has proved nothing */
}

static void every_allocation_fails_in_turn(void)
{
    NEEDS_TO_BE_IN_FRONT();
    run_all(oom_cases, COUNT(oom_cases));
}

static void also_with_foreign_and_fixed_memory(void)
{
    NEEDS_TO_BE_IN_FRONT();
    run_all(oom_malloc_cases, COUNT(oom_malloc_cases));
}

/* ---- constructors, which have no allocator to be given ------------------------------------------------------ */

static release_log refused_log;
static uint8_t memory[64];

OOM_HANDLE(make_new, bio_stream, bio_release,
           (out = bio_new(), out ? BYTESIO_OK : (out = (bio_stream *)(uintptr_t)0x5a5a, BYTESIO_NOMEM)))
OOM_HANDLE(make_from_bytes, bio_stream, bio_release, bio_from_bytes(oom_bytes, OOM_SIZE, &out))
OOM_HANDLE(make_from_nothing, bio_stream, bio_release, bio_from_bytes(NULL, 0, &out))
OOM_HANDLE(make_fixed, bio_stream, bio_release, bio_new_fixed(memory, 64, 10, &out))
OOM_HANDLE(make_snapshot, bio_snapshot, bio_snapshot_release, bio_snapshot_new(oom_bytes, OOM_SIZE, &out))
OOM_HANDLE(make_empty_snapshot, bio_snapshot, bio_snapshot_release, bio_snapshot_new(NULL, 0, &out))

static bio_status oom_make_with_capacity(oom_bed *b)
{
    bio_options options = BYTESIO_OPTIONS_INIT;
    bio_stream *out = NULL;
    (void)b;
    options.capacity = 100000;
    bio_status status = bio_new_with(&options, &out);
    bio_release(out);
    return status;
}

static void count_release(void *ctx, void *data, size_t len)
{
    release_log *log = ctx;
    CHECK(data == (void *)memory && len == sizeof memory);
    atomic_fetch_add(&log->calls, 1);
}

/* A refused adoption calls nothing; one that succeeds calls once. */
static bio_status adopt_as(bool stream)
{
    bio_stream *s = NULL;
    bio_snapshot *snap = NULL;
    int before = atomic_load(&refused_log.calls);
    bio_status status = stream
                            ? bio_adopt(memory, sizeof memory, count_release, &refused_log, &s)
                            : bio_snapshot_adopt(memory, sizeof memory, count_release, &refused_log, &snap);
    CHECK_EQ(refused_log.calls, before);
    CHECK(status == BYTESIO_OK || (s == NULL && snap == NULL));
    bio_release(s);
    bio_snapshot_release(snap);
    CHECK_EQ(refused_log.calls, before + (status == BYTESIO_OK));
    return status;
}

static bio_status oom_adopt(oom_bed *b)
{
    (void)b;
    return adopt_as(true);
}

static bio_status oom_snapshot_adopt(oom_bed *b)
{
    (void)b;
    return adopt_as(false);
}

/* A refused adoption leaves the memory to its caller, who frees it here. */
static bio_status oom_adopt_malloc(oom_bed *b)
{
    (void)b;
    bio_stream *s = NULL;
    void *data = malloc(100);
    if (!data)
        return BYTESIO_NOMEM;
    memset(data, 'x', 100);
    bio_status status = bio_adopt_malloc(data, 50, 100, &s);
    if (status != BYTESIO_OK) {
        CHECK_PTR(s, NULL);
        free(data);
    }
    bio_release(s);
    return status;
}

static void constructors_fail_in_turn(void)
{
    static const oom_case constructors[] = {
        {"bio_new", oom_empty, oom_make_new},
        {"bio_new_with", oom_empty, oom_make_with_capacity},
        {"bio_from_bytes", oom_empty, oom_make_from_bytes},
        {"bio_from_bytes of nothing", oom_empty, oom_make_from_nothing},
        {"bio_new_fixed", oom_empty, oom_make_fixed},
        {"bio_adopt", oom_empty, oom_adopt},
        {"bio_adopt_malloc", oom_empty, oom_adopt_malloc},
        {"bio_snapshot_new", oom_empty, oom_make_snapshot},
        {"bio_snapshot_new of nothing", oom_empty, oom_make_empty_snapshot},
        {"bio_snapshot_adopt", oom_empty, oom_snapshot_adopt},
    };
    NEEDS_TO_BE_IN_FRONT();
    run_all(constructors, COUNT(constructors));
}

CHECK_MAIN(CASE(every_allocation_fails_in_turn), CASE(also_with_foreign_and_fixed_memory),
           CASE(constructors_fail_in_turn))
