#include "support.h"

size_t scaled(size_t n)
{
    const char *text = getenv("CHECK_SCALE");
    long scale = text ? strtol(text, NULL, 10) : 1;
    return scale > 1 ? n * (size_t)scale : n;
}

size_t random_below(uint64_t *state, size_t n) /* xorshift */
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return n ? (size_t)(*state >> 11) % n : 0;
}

uint8_t pattern_at(uint64_t offset)
{
    /* Neither a period that divides a page nor one that divides a record. */
    return (uint8_t)(offset * 167 + (offset >> 8) * 13 + 29);
}

void pattern_fill(uint8_t *out, size_t len, uint64_t offset)
{
    for (size_t i = 0; i < len; i++)
        out[i] = pattern_at(offset + i);
}

bool pattern_holds(const uint8_t *data, size_t len, uint64_t offset)
{
    for (size_t i = 0; i < len; i++)
        if (data[i] != pattern_at(offset + i))
            return false;
    return true;
}

bio_stream *stream_of(const void *data, size_t len)
{
    bio_stream *stream = NULL;
    REQUIRE_OK(bio_from_bytes(data, len, &stream));
    REQUIRE(stream != NULL);
    return stream;
}

bio_stream *stream_at(const void *data, size_t len, int64_t position)
{
    bio_stream *stream = stream_of(data, len);
    move_to(stream, position);
    return stream;
}

bio_snapshot *value_of(bio_stream *stream)
{
    bio_snapshot *snapshot = NULL;
    REQUIRE_OK(bio_getvalue(stream, &snapshot));
    REQUIRE(snapshot != NULL);
    return snapshot;
}

bio_view *view_of(bio_stream *stream, uint32_t flags)
{
    bio_view *view = NULL;
    REQUIRE_OK(bio_getbuffer(stream, flags, &view));
    REQUIRE(view != NULL);
    return view;
}

uint8_t *mutable_bytes(bio_view *view)
{
    uint8_t *data = NULL;
    REQUIRE_OK(bio_view_data_mut(view, &data));
    return data;
}

bio_snapshot *snapshot_of(const void *data, size_t len)
{
    bio_snapshot *snapshot = NULL;
    REQUIRE_OK(bio_snapshot_new(data, len, &snapshot));
    REQUIRE(snapshot != NULL);
    return snapshot;
}

bio_statistics statistics_of(bio_stream *stream)
{
    bio_statistics statistics;
    memset(&statistics, 0, sizeof statistics);
    statistics.struct_size = sizeof statistics;
    REQUIRE_OK(bio_get_statistics(stream, &statistics));
    return statistics;
}

void move_to(bio_stream *stream, int64_t position)
{
    REQUIRE_OK(bio_seek(stream, position, BYTESIO_SEEK_SET, NULL));
}

int check_stream(const char *file, int line, bio_stream *stream, const void *want, size_t len)
{
    bool good = check_eq(file, line, "stream length", bio_len(stream), len);
    uint8_t *got = malloc(len + 1);
    size_t n = 0;
    REQUIRE(got != NULL);
    /* One more than expected is asked for: what lies behind the end must not come along. */
    good = check_status(file, line, "bio_pread of all", bio_pread(stream, got, len + 1, 0, &n), BYTESIO_OK) &&
           check_mem(file, line, "stream", got, n, want, len) && good;
    free(got);
    return good;
}

int check_snapshot(const char *file, int line, const char *what, bio_snapshot *snapshot, const void *want,
                   size_t len)
{
    return check_true(file, line, "snapshot and its data", snapshot && bio_snapshot_data(snapshot)) &&
           check_mem(file, line, what, bio_snapshot_data(snapshot), bio_snapshot_len(snapshot), want, len);
}

int check_view(const char *file, int line, const char *what, bio_view *view, const void *want, size_t len)
{
    const uint8_t *data = view ? bio_view_data(view) : NULL;
    return check_true(file, line, "view and its data", data != NULL) &&
           check_mem(file, line, what, data, bio_view_len(view), want, len);
}

stream_state state_of(bio_stream *stream)
{
    stream_state state = {bio_len(stream), bio_tell(stream), bio_export_count(stream), NULL};
    size_t n = 0;
    state.bytes = malloc((size_t)state.len + 1);
    REQUIRE(state.bytes != NULL);
    REQUIRE_OK(bio_pread(stream, state.bytes, (size_t)state.len, 0, &n));
    REQUIRE(n == state.len);
    return state;
}

int check_state(const char *file, int line, bio_stream *stream, const stream_state *state)
{
    bool position = check_eq(file, line, "position as before", bio_tell(stream), state->position);
    bool exports = check_eq(file, line, "exports as before", bio_export_count(stream), state->exports);
    return check_stream(file, line, stream, state->bytes, (size_t)state->len) && position && exports;
}

void state_free(stream_state *state)
{
    free(state->bytes);
    state->bytes = NULL;
}

void log_release(void *ctx, void *data, size_t len)
{
    release_log *log = ctx;
    called_back(CALLS_RELEASE);
    log->data = data;
    log->len = len;
    log->thread = pthread_self();
    atomic_fetch_add(&log->calls, 1);
    if (log->then)
        log->then(log);
    free(data);
}

void *foreign_copy(const void *data, size_t len)
{
    void *copy = malloc(len ? len : 1);
    REQUIRE(copy != NULL);
    if (len)
        memcpy(copy, data, len);
    return copy;
}

bio_stream *adopted(const void *data, size_t len, release_log *log)
{
    bio_stream *stream = NULL;
    void *copy = foreign_copy(data, len);
    REQUIRE_OK(bio_adopt(copy, len, log_release, log, &stream));
    REQUIRE(stream != NULL);
    CHECK_EQ(log->calls, 0);
    return stream;
}

/* ---- the ledger ------------------------------------------------------------------------------------------- */

enum { RED_ZONE = 32, FRESH = 0xDD, GONE = 0xEE, RED = 0xA5 };

typedef struct ledger_block {
    struct ledger_block *next;
    uint8_t *base, *ptr;
    size_t size, align;
} ledger_block;

static void complain(ledger *book, const char *text)
{
    if (!book->complaint)
        book->complaint = text;
}

static bool refused(ledger *book)
{
    book->requests++;
    if (book->fail_at == 0 || --book->fail_at != 0)
        return false;
    book->fired = true;
    return true;
}

static void *hand_out(ledger *book, size_t size, size_t align)
{
    if (align == 0 || (align & (align - 1)) != 0) {
        complain(book, "an alignment that is no power of two was asked for");
        return NULL;
    }
    if (size == 0) /* malloc(0) may be NULL: nobody can tell that from a failure */
        complain(book, "an allocation of no bytes was asked for");
    if (size > PTRDIFF_MAX - 4 * align - RED_ZONE)
        return NULL;
    ledger_block *block = malloc(sizeof *block);
    uint8_t *base = block ? malloc(size + 3 * align + RED_ZONE) : NULL;
    if (!base) {
        free(block);
        return NULL;
    }
    uint8_t *ptr = base + (align - (uintptr_t)base % align) % align;
    if (book->skewed && (uintptr_t)ptr % (2 * align) == 0)
        ptr += align;
    /* Never zeroes: a library that counts on fresh memory being zero is found out. */
    memset(ptr, FRESH, size);
    memset(ptr + size, RED, RED_ZONE);
    *block = (ledger_block){book->blocks, base, ptr, size, align};
    book->blocks = block;
    book->live++;
    book->bytes += size;
    return ptr;
}

static void take_back(ledger *book, void *ptr, size_t size, size_t align)
{
    for (ledger_block **at = &book->blocks; *at; at = &(*at)->next) {
        ledger_block *block = *at;
        if (block->ptr != ptr)
            continue;
        if (block->size != size)
            complain(book, "a size given back is not the one handed out");
        if (block->align != align)
            complain(book, "an alignment given back is not the one handed out");
        for (size_t i = 0; i < RED_ZONE; i++)
            if (block->ptr[block->size + i] != RED)
                complain(book, "bytes were written behind an allocation");
        *at = block->next;
        memset(block->ptr, GONE, block->size);
        free(block->base);
        free(block);
        book->live--;
        return;
    }
    complain(book, "memory was given back that was not handed out, or twice");
}

static void *ledger_allocate(void *ctx, size_t size, size_t align)
{
    ledger *book = ctx;
    called_back(CALLS_ALLOCATOR);
    pthread_mutex_lock(&book->lock);
    void *ptr = refused(book) ? NULL : hand_out(book, size, align);
    pthread_mutex_unlock(&book->lock);
    return ptr;
}

static void *ledger_reallocate(void *ctx, void *ptr, size_t old_size, size_t new_size, size_t align)
{
    ledger *book = ctx;
    called_back(CALLS_ALLOCATOR);
    pthread_mutex_lock(&book->lock);
    /* Always to another place: a stale pointer is found out. */
    void *fresh = refused(book) ? NULL : hand_out(book, new_size, align);
    if (fresh) {
        memcpy(fresh, ptr, old_size < new_size ? old_size : new_size);
        take_back(book, ptr, old_size, align);
    }
    pthread_mutex_unlock(&book->lock);
    return fresh;
}

static void ledger_deallocate(void *ctx, void *ptr, size_t size, size_t align)
{
    ledger *book = ctx;
    called_back(CALLS_ALLOCATOR);
    pthread_mutex_lock(&book->lock);
    take_back(book, ptr, size, align);
    pthread_mutex_unlock(&book->lock);
}

void ledger_open(ledger *book, unsigned flags)
{
    memset(book, 0, sizeof *book);
    pthread_mutex_init(&book->lock, NULL);
    book->skewed = (flags & LEDGER_SKEWED) != 0;
    book->allocator.allocate = ledger_allocate;
    book->allocator.reallocate = (flags & LEDGER_NO_REALLOCATE) ? NULL : ledger_reallocate;
    book->allocator.deallocate = ledger_deallocate;
    book->allocator.ctx = book;
}

bio_stream *ledger_stream(ledger *book, size_t capacity, uint64_t limit, uint32_t flags)
{
    bio_options options = BYTESIO_OPTIONS_INIT;
    bio_stream *stream = NULL;
    options.capacity = capacity;
    options.limit = limit;
    options.allocator = &book->allocator;
    options.flags = flags;
    options.allocator_done = ledger_done;
    REQUIRE_OK(bio_new_with(&options, &stream));
    REQUIRE(stream != NULL);
    book->streams++;
    return stream;
}

void ledger_done(void *ctx)
{
    ledger *book = ctx;
    called_back(CALLS_ALLOCATOR);
    pthread_mutex_lock(&book->lock);
    if (book->streams <= 1 && book->live)
        complain(book, "its end was told while memory was handed out");
    book->done++;
    pthread_mutex_unlock(&book->lock);
}

int check_ledger(const char *file, int line, ledger *book)
{
    bool good = check_eq(file, line, "allocations not given back", book->live, 0) &&
                check_eq(file, line, "ends told", book->done, book->streams);
    if (book->complaint)
        good = check_fail(file, line, "allocator: %s", book->complaint);
    pthread_mutex_destroy(&book->lock);
    return good;
}

/* ---- threads ---------------------------------------------------------------------------------------------- */

void thread_start(pthread_t *thread, void *(*body)(void *), void *arg)
{
    REQUIRE(pthread_create(thread, NULL, body, arg) == 0);
}

void thread_join(pthread_t thread)
{
    REQUIRE(pthread_join(thread, NULL) == 0);
}

static void *keep_company(void *arg)
{
    company *c = arg;
    pthread_mutex_lock(&c->gate);
    pthread_mutex_unlock(&c->gate);
    return NULL;
}

void company_start(company *c)
{
    pthread_mutex_init(&c->gate, NULL);
    pthread_mutex_lock(&c->gate);
    thread_start(&c->thread, keep_company, c);
}

void company_stop(company *c)
{
    pthread_mutex_unlock(&c->gate);
    thread_join(c->thread);
    pthread_mutex_destroy(&c->gate);
}
