/* Random programs of stdio calls on a FILE over a stream and on one over a file on disk: each call gives the same, and
 * the bytes are the same in the end. A failure prints its seed; BYTESIO_SEED runs that one alone. */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST = 12000, STEPS = 250 };

typedef enum op_kind {
    OP_FREAD,
    OP_FGETC,
    OP_FGETS,
    OP_GETLINE,
    OP_FSCANF,
    OP_UNGETC,
    OP_READS = OP_UNGETC, /* those up to here read */
    OP_FWRITE,
    OP_FPUTC,
    OP_FPUTS,
    OP_FPRINTF,
    OP_WRITES = OP_FPRINTF, /* and those up to here write */
    OP_FSEEKO,
    OP_FFLUSH,
    OP_REWIND,
    OP_FTELLO,
    OP_CLEARERR,
    OP_KINDS
} op_kind;

static const char *const op_names[] = {"fread",  "fgetc",  "fgets",  "getline", "fscanf",
                                       "ungetc", "fwrite", "fputc",  "fputs",   "fprintf",
                                       "fseeko", "fflush", "rewind", "ftello",  "clearerr"};

typedef struct op {
    op_kind kind;
    size_t size, count;
    off_t offset;
    int whence, c;
} op;

typedef struct result {
    int64_t value, number;
    size_t len;
    int eof, error, os_error;
    char bytes[MOST];
} result;

/* One of the two, with what a program needs of it. */
typedef struct side {
    FILE *file;
    rlim_t limit; /* of a file's size: only while the file on disk is used */
    char buffer[MOST];
    char *line;
    size_t line_room;
    result got;
} side;

static struct {
    uint64_t random;
    side disk, memory;
    bio_stream *stream;
    int fd; /* of the file on disk, to look at it */
    char path[64];
    char text[MOST]; /* what is written */
    int last;        /* OP_READS, OP_WRITES, or -1: free to do either */
    bool pushed;     /* a character was pushed back, or must not be */
    bool lost;       /* something could not be written: C does not say where the position is then */
    bool can_read, can_write;
} w;

static size_t below(size_t n)
{
    return random_below(&w.random, n);
}

static size_t some_size(void)
{
    static const size_t most[] = {4, 40, 300, 3000, MOST / 2};
    return below(most[below(20) < 15 ? below(3) : below(COUNT(most))]);
}

static void fill_text(void)
{
    static const char letters[] = "0123456789 \n-ab\0\xff,z";
    for (size_t i = 0; i < sizeof w.text; i++)
        w.text[i] = letters[below(sizeof letters - 1)];
}

/* ---- one call on one side ----------------------------------------------------------------------------------- */

static void read_from(side *s, const op *o)
{
    result *r = &s->got;
    switch (o->kind) {
    case OP_FREAD:
        r->value = (int64_t)fread(r->bytes, o->size, o->count, s->file);
        r->len = o->size * (size_t)r->value; /* what there is of an element more is nobody's business */
        break;
    case OP_FGETC: r->value = fgetc(s->file); break;
    case OP_FGETS:
        r->value = fgets(r->bytes, (int)o->count + 2, s->file) != NULL;
        r->len = r->value ? o->count + 2 : 0;
        break;
    case OP_GETLINE:
        r->value = getline(&s->line, &s->line_room, s->file);
        r->len = r->value > 0 ? (size_t)r->value : 0;
        r->len = r->len < MOST ? r->len : MOST;
        memcpy(r->bytes, s->line, r->len);
        break;
    case OP_FSCANF: {
        int number = 0;
        switch (o->count % 4) {
        case 0: r->value = fscanf(s->file, "%4d", &number); break;
        case 1: r->value = fscanf(s->file, " %9[0-9a ]%n", r->bytes, &number); break;
        case 2: r->value = fscanf(s->file, "%7s -%c", r->bytes, &r->bytes[8]); break;
        default: r->value = fscanf(s->file, "%*[^\n]%n", &number); break;
        }
        r->number = number;
        r->len = 10;
        break;
    }
    default: r->value = ungetc(o->c, s->file); break;
    }
}

static void write_to(side *s, const op *o)
{
    const char *from = w.text + o->offset;
    switch (o->kind) {
    case OP_FWRITE: s->got.value = (int64_t)fwrite(from, o->size, o->count, s->file); break;
    case OP_FPUTC: s->got.value = fputc(o->c, s->file); break;
    case OP_FPUTS: s->got.value = fputs(from, s->file) >= 0; break;
    default:
        s->got.value = fprintf(s->file, "%*d:%.*s\n", (int)o->count % 50, o->c, (int)o->count, from);
        break;
    }
}

static void call(side *s, const op *o)
{
    struct rlimit before, lowered;
    memset(&s->got, 0, sizeof s->got);
    getrlimit(RLIMIT_FSIZE, &before);
    lowered = before;
    lowered.rlim_cur = s->limit;
    setrlimit(RLIMIT_FSIZE, &lowered);
    errno = 0;
    if (o->kind <= OP_READS)
        read_from(s, o);
    else if (o->kind <= OP_WRITES)
        write_to(s, o);
    else if (o->kind == OP_FSEEKO)
        s->got.value = fseeko(s->file, o->offset, o->whence);
    else if (o->kind == OP_FFLUSH)
        s->got.value = fflush(s->file);
    else if (o->kind == OP_REWIND)
        rewind(s->file);
    else if (o->kind == OP_CLEARERR)
        clearerr(s->file);
    else
        s->got.value = ftello(s->file);
    s->got.os_error = errno == EFBIG ? ENOSPC : errno; /* the limit of a file's size stands for a full disk */
    setrlimit(RLIMIT_FSIZE, &before);
    s->got.eof = feof(s->file) != 0;
    s->got.error = ferror(s->file) != 0;
}

/* ---- both --------------------------------------------------------------------------------------------------- */

static int same_bytes(void)
{
    struct stat status;
    bio_snapshot *value = NULL;
    static char bytes[1 << 20];
    REQUIRE(fstat(w.fd, &status) == 0 && (size_t)status.st_size <= sizeof bytes);
    CHECK_EQ(pread(w.fd, bytes, sizeof bytes, 0), status.st_size);
    REQUIRE_OK(bio_getvalue(w.stream, &value));
    int same = CHECK_SNAPSHOT(value, bytes, (size_t)status.st_size);
    bio_snapshot_release(value);
    return same;
}

static int both(const op *o)
{
    call(&w.disk, o);
    call(&w.memory, o);
    const result *want = &w.disk.got, *got = &w.memory.got;
    int same = CHECK_EQ(got->value, want->value) & CHECK_EQ(got->number, want->number) &
               CHECK_MEM(got->bytes, got->len, want->bytes, want->len) & CHECK_EQ(got->eof, want->eof) &
               CHECK_EQ(got->error, want->error);
    bool failed = want->error || ((o->kind >= OP_FSEEKO) && want->value < 0);
    if (failed)
        same &= CHECK_EQ(got->os_error, want->os_error);
    if (o->kind == OP_FFLUSH && want->value == 0)
        same &= same_bytes();
    if (!same)
        check_fail(__FILE__, __LINE__, "... by %s(size %zu, count %zu, offset %jd, whence %d, c %d)",
                   op_names[o->kind], o->size, o->count, (intmax_t)o->offset, o->whence, o->c);
    return same;
}

static op some_seek(void)
{
    op o = {.kind = OP_FSEEKO, .whence = (int)below(3)};
    off_t size = (off_t)bio_len(w.stream);
    o.offset = (off_t)below((uint64_t)size + 20) - (o.whence == SEEK_SET ? 10 : size / 2);
    if (o.whence == SEEK_END)
        o.offset -= size / 3;
    if (below(30) == 0)
        o.offset = (off_t)below(2 * (uint64_t)size + 5000); /* a gap, perhaps */
    return o;
}

/* Between reading and writing C wants a seek or a flush; and what is pushed back must have been read before, since
 * before the beginning there is no position. Nothing is pushed back where a flush has ended writing: glibc 2.36 then
 * frees, of a file on disk too, what it has not allocated. */
static op some_op(void)
{
    op o = {.kind = (op_kind)below(OP_KINDS), .size = 1 + below(3)};
    if (w.lost)
        return (op){.kind = OP_FSEEKO, .offset = (off_t)below(bio_len(w.stream) + 1), .whence = SEEK_SET};
    if (o.kind == OP_FSEEKO)
        return some_seek();
    o.count = some_size() / o.size;
    o.c = (int)below(256);
    o.offset = (off_t)below(MOST - o.size * o.count - 1);
    if (o.kind <= OP_READS) {
        if (w.last == OP_WRITES)
            return some_seek();
        if (o.kind == OP_UNGETC && (w.pushed || w.last != OP_READS || w.disk.got.value < 1))
            o.kind = OP_FGETC;
    } else if (o.kind <= OP_WRITES) {
        if (w.last == OP_READS)
            return some_seek();
    } else if (o.kind == OP_FFLUSH && w.pushed) {
        o.kind = OP_FTELLO;
    }
    return o;
}

static bool step(void)
{
    op o = some_op();
    if (!both(&o))
        return false;
    w.lost = w.disk.got.os_error == ENOSPC;
    if (o.kind == OP_UNGETC)
        w.pushed = true;
    if (o.kind <= OP_READS && w.can_read)
        w.last = OP_READS;
    else if (o.kind <= OP_WRITES && o.kind > OP_READS && w.can_write)
        w.last = OP_WRITES;
    else if (o.kind == OP_REWIND || (o.kind == OP_FSEEKO && w.disk.got.value == 0))
        w.last = -1, w.pushed = false;
    else if (o.kind == OP_FFLUSH && w.last == OP_WRITES && w.can_read && w.disk.got.value == 0)
        w.last = -1, w.pushed = true;
    return true;
}

/* ---- a program ---------------------------------------------------------------------------------------------- */

static void open_both(void)
{
    static const char *const modes[] = {"r", "r+", "w", "w+", "a", "a+", "rb", "r+b", "wb+", "ab", "a+e"};
    const char *mode = modes[below(COUNT(modes))];
    size_t len = below(4) ? some_size() * (1 + below(3)) % MOST : 0;
    w.can_read = mode[0] == 'r' || strchr(mode, '+');
    w.can_write = mode[0] != 'r' || strchr(mode, '+');
    w.last = -1;
    w.stream = stream_of(w.text, len);
    REQUIRE(ftruncate(w.fd, 0) == 0);
    CHECK_EQ(pwrite(w.fd, w.text, len, 0), len);
    w.disk.file = fopen(w.path, mode);
    REQUIRE(w.disk.file != NULL);
    REQUIRE_OK(bio_fopen(w.stream, mode, &w.memory.file));
    fill_text();
}

/* With a limit it counts how much is in the buffer when writing fails, which also is a matter of what has been read
 * ahead: there a FILE that can read has none. */
static void choose_buffers(bool limited)
{
    static const size_t sizes[] = {1, 2, 7, 64, 1000, 4096, 5000, MOST};
    static const int kinds[] = {_IOFBF, _IOFBF, _IOLBF, _IONBF};
    int kind = kinds[below(COUNT(kinds))];
    size_t size = sizes[below(COUNT(sizes))];
    if (!limited && below(2) == 0)
        return;
    if (limited && w.can_read)
        kind = _IONBF;
    CHECK_EQ(setvbuf(w.disk.file, w.disk.buffer, kind, size), 0);
    CHECK_EQ(setvbuf(w.memory.file, w.memory.buffer, kind, size), 0);
}

static bool run(uint64_t seed)
{
    int before = atomic_load(&check_failures);
    struct rlimit limit;
    w.random = seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
    getrlimit(RLIMIT_FSIZE, &limit);
    w.disk.limit = w.memory.limit = limit.rlim_cur;
    w.pushed = w.lost = false;
    fill_text();
    open_both();
    bool limited = below(4) == 0;
    choose_buffers(limited);
    if (limited) {
        w.disk.limit = bio_len(w.stream) + below(6000);
        REQUIRE_OK(bio_set_limit(w.stream, w.disk.limit));
    }
    for (int i = 0; i < STEPS && step(); i++)
        continue;
    op last = {.kind = OP_REWIND}; /* writes what is left, which fclose() would do without the limit */
    if (atomic_load(&check_failures) == before)
        both(&last);
    CHECK_EQ(fclose(w.memory.file), fclose(w.disk.file));
    CHECK(same_bytes());
    bio_release(w.stream);
    if (atomic_load(&check_failures) == before)
        return true;
    return check_fail(__FILE__, __LINE__, "... with BYTESIO_SEED=%ju", (uintmax_t)seed);
}

static void a_stream_is_to_stdio_what_a_file_is(void)
{
    const char *one = getenv("BYTESIO_SEED"), *folder = getenv("TMPDIR");
    bio_stream *probe = bio_new();
    FILE *file = NULL;
    bio_status status = bio_fopen(probe, "r", &file);
    bio_release(probe);
    if (status == BYTESIO_UNSUPPORTED)
        CHECK_SKIP("no FILE over a stream with this C library");
    REQUIRE_OK(status);
    fclose(file);
    signal(SIGXFSZ, SIG_IGN);
    snprintf(w.path, sizeof w.path, "%.40s/bytesio-XXXXXX", folder ? folder : "/tmp");
    w.fd = mkstemp(w.path);
    REQUIRE(w.fd >= 0);
    for (uint64_t seed = one ? strtoull(one, NULL, 10) : 0; run(seed) && !one && seed < scaled(60); seed++)
        continue;
    free(w.disk.line);
    free(w.memory.line);
    unlink(w.path);
    close(w.fd);
}

CHECK_MAIN(CASE(a_stream_is_to_stdio_what_a_file_is))
