/* The file system behind bytesio/sqlite3.h, which is to be included; nothing here is to be called by others.
 *
 * A database file is a stream, and so are its journal and SQLite's temporary files. Locks are kept in memory, by the
 * rules of SQLite's own. See https://sqlite.org/lockingv3.html and https://sqlite.org/vfs.html.
 */
#ifndef BYTESIO_SQLITE3_VFS_H
#define BYTESIO_SQLITE3_VFS_H

#include "../bytesio.h"
#include <sqlite3.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* For sqlite3_file_control(), which leaves what is above 100 to file systems: a bio_snapshot ** receives a checkpoint. */
#define BYTESIO_SQLITE3_CHECKPOINT 0x62696f

struct bio_sqlite3_file;
struct bio_sqlite3_system;

/* A database, shared by its connections; all fields behind bio_sqlite3_enter(). */
struct bio_sqlite3_database {
    struct bio_sqlite3_database *next;
    struct bio_sqlite3_system *system;
    bio_stream *stream;
    bio_stream *journal;             /* NULL: there is none */
    struct bio_sqlite3_file *writer; /* who has more than SQLITE_LOCK_SHARED */
    unsigned readers;                /* those that have SQLITE_LOCK_SHARED or more, the writer included */
    unsigned references;             /* open files, and calls of bio_sqlite3_open() */
    bool unfinished;                 /* the stream may hold a part of a transaction */
    char name[32];
};

/* What SQLite has as a file; it provides the memory. */
struct bio_sqlite3_file {
    sqlite3_file base;
    bio_stream *stream;
    struct bio_sqlite3_database *database; /* of a main file; NULL for journals and temporary files */
    int lock;
};

/* One for each process, found through SQLite's list of file systems by every module that includes this header. */
struct bio_sqlite3_system {
    sqlite3_vfs vfs;
    sqlite3_io_methods methods;
    sqlite3_vfs *host; /* for what has nothing to do with files */
    struct bio_sqlite3_database *databases;
};

static inline struct bio_sqlite3_system *bio_sqlite3_of(sqlite3_vfs *vfs)
{
    return (struct bio_sqlite3_system *)vfs->pAppData;
}

static inline sqlite3_mutex *bio_sqlite3_mutex(void)
{
    return sqlite3_mutex_alloc(SQLITE_MUTEX_STATIC_VFS3); /* SQLite's own, for file systems of applications */
}

static inline void bio_sqlite3_enter(void)
{
    sqlite3_mutex_enter(bio_sqlite3_mutex());
}

static inline void bio_sqlite3_leave(void)
{
    sqlite3_mutex_leave(bio_sqlite3_mutex());
}

/* What SQLite is told; `otherwise` says what was tried. */
static inline int bio_sqlite3_result(bio_status status, int otherwise)
{
    switch (status) {
    case BYTESIO_OK: return SQLITE_OK;
    case BYTESIO_LIMIT: return otherwise == SQLITE_IOERR_WRITE ? SQLITE_FULL : otherwise;
    case BYTESIO_NOMEM: return SQLITE_IOERR_NOMEM;
    default: return otherwise;
    }
}

/* ---- Databases ---- */

/* The database that `name` is, or is a journal of; `suffix` receives what follows the database's own name. */
static inline struct bio_sqlite3_database *bio_sqlite3_find(struct bio_sqlite3_system *system,
                                                            const char *name, const char **suffix)
{
    struct bio_sqlite3_database *database = system->databases;
    while (database != NULL && strncmp(database->name, name, strlen(database->name)) != 0)
        database = database->next;
    *suffix = database == NULL ? "" : name + strlen(database->name);
    return database;
}

/* A journal that begins with anything but a zero byte belongs to a transaction that is not finished. */
static inline bool bio_sqlite3_is_hot(const struct bio_sqlite3_database *database)
{
    char first = 0;
    size_t got = 0;
    return database->journal != NULL && bio_pread(database->journal, &first, 1, 0, &got) == BYTESIO_OK &&
           got == 1 && first != 0;
}

/* The stream's database with one more reference, a new one if need be; NULL when out of memory. */
static inline struct bio_sqlite3_database *bio_sqlite3_use(struct bio_sqlite3_system *system,
                                                           bio_stream *stream)
{
    struct bio_sqlite3_database *database;
    bio_sqlite3_enter();
    for (database = system->databases; database != NULL && database->stream != stream;
         database = database->next)
        ;
    if (database == NULL && (database = (struct bio_sqlite3_database *)malloc(sizeof *database)) != NULL) {
        memset(database, 0, sizeof *database);
        database->system = system;
        database->stream = bio_retain(stream);
        sqlite3_snprintf((int)sizeof database->name, database->name, "bytesio-%p.db", (void *)stream);
        database->next = system->databases;
        system->databases = database;
    }
    if (database != NULL)
        database->references++;
    bio_sqlite3_leave();
    return database;
}

/* Gives a reference up. What has still to be undone stays, unless the bytes are gone. */
static inline void bio_sqlite3_drop(struct bio_sqlite3_database *database)
{
    bool last;
    bio_sqlite3_enter();
    last = --database->references == 0 && (!database->unfinished || bio_is_closed(database->stream));
    if (last) {
        struct bio_sqlite3_database **link = &database->system->databases;
        while (*link != database)
            link = &(*link)->next;
        *link = database->next;
    }
    bio_sqlite3_leave();
    if (last) { /* with no lock held: it may call back */
        bio_release(database->journal);
        bio_release(database->stream);
        free(database);
    }
}

/* ---- Files ---- */

static inline int bio_sqlite3_read(sqlite3_file *base, void *buffer, int amount, sqlite3_int64 offset)
{
    struct bio_sqlite3_file *file = (struct bio_sqlite3_file *)base;
    size_t wanted = (size_t)amount, got = 0;
    bio_status status = bio_pread(file->stream, buffer, wanted, (uint64_t)offset, &got);
    if (status != BYTESIO_OK)
        return bio_sqlite3_result(status, SQLITE_IOERR_READ);
    if (got == wanted)
        return SQLITE_OK;
    memset((char *)buffer + got, 0, wanted - got);
    return SQLITE_IOERR_SHORT_READ;
}

static inline int bio_sqlite3_write(sqlite3_file *base, const void *bytes, int amount, sqlite3_int64 offset)
{
    struct bio_sqlite3_file *file = (struct bio_sqlite3_file *)base;
    return bio_sqlite3_result(bio_pwrite(file->stream, bytes, (size_t)amount, (uint64_t)offset),
                              SQLITE_IOERR_WRITE);
}

static inline int bio_sqlite3_truncate(sqlite3_file *base, sqlite3_int64 size)
{
    struct bio_sqlite3_file *file = (struct bio_sqlite3_file *)base;
    return bio_sqlite3_result(bio_truncate(file->stream, (uint64_t)size), SQLITE_IOERR_TRUNCATE);
}

static inline int bio_sqlite3_sync(sqlite3_file *base, int flags)
{
    (void)base;
    (void)flags;
    return SQLITE_OK;
}

/* A closed stream must not pass for an empty database. */
static inline int bio_sqlite3_size(sqlite3_file *base, sqlite3_int64 *size)
{
    uint64_t len = 0;
    bio_status status = bio_where(((struct bio_sqlite3_file *)base)->stream, NULL, &len);
    *size = (sqlite3_int64)len;
    return bio_sqlite3_result(status, SQLITE_IOERR_FSTAT);
}

/* SQLite's rules: many readers; one of them may prepare a change (RESERVED); it then keeps new readers out (PENDING),
 * and writes the file when the others have gone (EXCLUSIVE). */
static inline int bio_sqlite3_raise(struct bio_sqlite3_file *file, int wanted)
{
    struct bio_sqlite3_database *database = file->database;
    if (wanted <= file->lock)
        return SQLITE_OK;
    if (wanted == SQLITE_LOCK_SHARED) {
        if (database->writer != NULL && database->writer->lock >= SQLITE_LOCK_PENDING)
            return SQLITE_BUSY;
        database->readers++;
        file->lock = wanted;
        return SQLITE_OK;
    }
    if (database->writer != NULL && database->writer != file)
        return SQLITE_BUSY;
    database->writer = file;
    file->lock = wanted == SQLITE_LOCK_EXCLUSIVE && database->readers > 1 ? SQLITE_LOCK_PENDING : wanted;
    database->unfinished = database->unfinished || file->lock == SQLITE_LOCK_EXCLUSIVE;
    return file->lock == wanted ? SQLITE_OK : SQLITE_BUSY;
}

/* The journal goes before the lock: where it does not, its transaction has still to be undone. */
static inline void bio_sqlite3_lower(struct bio_sqlite3_file *file, int wanted)
{
    struct bio_sqlite3_database *database = file->database;
    if (wanted >= file->lock)
        return;
    if (file->lock == SQLITE_LOCK_EXCLUSIVE)
        database->unfinished = bio_sqlite3_is_hot(database);
    if (database->writer == file)
        database->writer = NULL;
    if (wanted == SQLITE_LOCK_NONE)
        database->readers--;
    file->lock = wanted;
}

static inline int bio_sqlite3_lock(sqlite3_file *base, int wanted)
{
    struct bio_sqlite3_file *file = (struct bio_sqlite3_file *)base;
    int result = SQLITE_OK;
    bio_sqlite3_enter();
    if (file->database != NULL)
        result = bio_sqlite3_raise(file, wanted);
    bio_sqlite3_leave();
    return result;
}

static inline int bio_sqlite3_unlock(sqlite3_file *base, int wanted)
{
    struct bio_sqlite3_file *file = (struct bio_sqlite3_file *)base;
    bio_sqlite3_enter();
    if (file->database != NULL)
        bio_sqlite3_lower(file, wanted);
    bio_sqlite3_leave();
    return SQLITE_OK;
}

static inline int bio_sqlite3_check_reserved(sqlite3_file *base, int *reserved)
{
    struct bio_sqlite3_file *file = (struct bio_sqlite3_file *)base;
    bio_sqlite3_enter();
    *reserved = file->database != NULL && file->database->writer != NULL;
    bio_sqlite3_leave();
    return SQLITE_OK;
}

/* Behind the mutex nobody begins to write the stream: what no transaction has begun to change is a whole database. */
static inline int bio_sqlite3_take(struct bio_sqlite3_database *database, bio_snapshot **out)
{
    int result = SQLITE_BUSY;
    bio_sqlite3_enter();
    if (!database->unfinished)
        result = bio_sqlite3_result(bio_getvalue(database->stream, out), SQLITE_IOERR_READ);
    bio_sqlite3_leave();
    return result;
}

static inline int bio_sqlite3_control(sqlite3_file *base, int operation, void *argument)
{
    struct bio_sqlite3_file *file = (struct bio_sqlite3_file *)base;
    if (operation == BYTESIO_SQLITE3_CHECKPOINT && file->database != NULL)
        return bio_sqlite3_take(file->database, (bio_snapshot **)argument);
    return SQLITE_NOTFOUND;
}

static inline int bio_sqlite3_sector_size(sqlite3_file *base)
{
    (void)base;
    return 0; /* SQLite's own choice */
}

/* Every write is done wholly, in order, or not at all. */
static inline int bio_sqlite3_characteristics(sqlite3_file *base)
{
    (void)base;
    return SQLITE_IOCAP_ATOMIC | SQLITE_IOCAP_SAFE_APPEND | SQLITE_IOCAP_SEQUENTIAL |
           SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

/* ---- The file system ---- */

static inline int bio_sqlite3_close(sqlite3_file *base)
{
    struct bio_sqlite3_file *file = (struct bio_sqlite3_file *)base;
    bio_sqlite3_unlock(base, SQLITE_LOCK_NONE);
    bio_release(file->stream);
    if (file->database != NULL)
        bio_sqlite3_drop(file->database);
    return SQLITE_OK;
}

/* The journal, opened or made; only its database knows it by name. */
static inline bio_stream *bio_sqlite3_journal(struct bio_sqlite3_database *database, int flags)
{
    if (database->journal == NULL && (flags & SQLITE_OPEN_CREATE) != 0)
        database->journal = bio_new();
    return bio_retain(database->journal);
}

static inline int bio_sqlite3_open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags,
                                        int *given)
{
    struct bio_sqlite3_file *file = (struct bio_sqlite3_file *)base;
    struct bio_sqlite3_system *system = bio_sqlite3_of(vfs);
    const char *suffix = "";
    struct bio_sqlite3_database *database;
    memset(file, 0, sizeof *file);
    if (name == NULL) {
        file->stream = bio_new();
    } else {
        bio_sqlite3_enter();
        database = bio_sqlite3_find(system, name, &suffix);
        if (database != NULL && *suffix == '\0' && (flags & SQLITE_OPEN_MAIN_DB) != 0) {
            database->references++;
            file->database = database;
            file->stream = bio_retain(database->stream);
        } else if (database != NULL && strcmp(suffix, "-journal") == 0) {
            file->stream = bio_sqlite3_journal(database, flags);
        }
        bio_sqlite3_leave();
    }
    if (file->stream == NULL)
        return SQLITE_CANTOPEN;
    base->pMethods = &system->methods;
    if (given != NULL)
        *given = flags;
    return SQLITE_OK;
}

static inline int bio_sqlite3_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    const char *suffix;
    bio_stream *gone = NULL;
    struct bio_sqlite3_database *database;
    (void)sync;
    bio_sqlite3_enter();
    database = bio_sqlite3_find(bio_sqlite3_of(vfs), name, &suffix);
    if (database != NULL && strcmp(suffix, "-journal") == 0) {
        gone = database->journal;
        database->journal = NULL;
    }
    bio_sqlite3_leave();
    bio_release(gone);
    return gone == NULL ? SQLITE_IOERR_DELETE_NOENT : SQLITE_OK;
}

static inline int bio_sqlite3_access(sqlite3_vfs *vfs, const char *name, int flags, int *result)
{
    const char *suffix;
    struct bio_sqlite3_database *database;
    (void)flags;
    bio_sqlite3_enter();
    database = bio_sqlite3_find(bio_sqlite3_of(vfs), name, &suffix);
    *result = database != NULL &&
              (*suffix == '\0' || (strcmp(suffix, "-journal") == 0 && bio_len(database->journal) > 0));
    bio_sqlite3_leave();
    return SQLITE_OK;
}

static inline int bio_sqlite3_full_name(sqlite3_vfs *vfs, const char *name, int size, char *out)
{
    (void)vfs;
    sqlite3_snprintf(size, out, "%s", name);
    return strlen(name) < (size_t)size ? SQLITE_OK : SQLITE_CANTOPEN;
}

/* What is not about files is the host's. */
static inline sqlite3_vfs *bio_sqlite3_host(sqlite3_vfs *vfs)
{
    return bio_sqlite3_of(vfs)->host;
}

static inline void *bio_sqlite3_dl_open(sqlite3_vfs *vfs, const char *name)
{
    return bio_sqlite3_host(vfs)->xDlOpen(bio_sqlite3_host(vfs), name);
}

static inline void bio_sqlite3_dl_error(sqlite3_vfs *vfs, int size, char *out)
{
    bio_sqlite3_host(vfs)->xDlError(bio_sqlite3_host(vfs), size, out);
}

static inline void (*bio_sqlite3_dl_sym(sqlite3_vfs *vfs, void *library, const char *symbol))(void)
{
    return bio_sqlite3_host(vfs)->xDlSym(bio_sqlite3_host(vfs), library, symbol);
}

static inline void bio_sqlite3_dl_close(sqlite3_vfs *vfs, void *library)
{
    bio_sqlite3_host(vfs)->xDlClose(bio_sqlite3_host(vfs), library);
}

static inline int bio_sqlite3_randomness(sqlite3_vfs *vfs, int size, char *out)
{
    return bio_sqlite3_host(vfs)->xRandomness(bio_sqlite3_host(vfs), size, out);
}

static inline int bio_sqlite3_sleep(sqlite3_vfs *vfs, int microseconds)
{
    return bio_sqlite3_host(vfs)->xSleep(bio_sqlite3_host(vfs), microseconds);
}

static inline int bio_sqlite3_time(sqlite3_vfs *vfs, double *out)
{
    return bio_sqlite3_host(vfs)->xCurrentTime(bio_sqlite3_host(vfs), out);
}

static inline int bio_sqlite3_last_error(sqlite3_vfs *vfs, int size, char *out)
{
    (void)vfs;
    (void)size;
    (void)out;
    return 0;
}

static inline void bio_sqlite3_fill(struct bio_sqlite3_system *system, sqlite3_vfs *host)
{
    sqlite3_io_methods *methods = &system->methods;
    sqlite3_vfs *vfs = &system->vfs;
    methods->iVersion = 1;
    methods->xClose = bio_sqlite3_close;
    methods->xRead = bio_sqlite3_read;
    methods->xWrite = bio_sqlite3_write;
    methods->xTruncate = bio_sqlite3_truncate;
    methods->xSync = bio_sqlite3_sync;
    methods->xFileSize = bio_sqlite3_size;
    methods->xLock = bio_sqlite3_lock;
    methods->xUnlock = bio_sqlite3_unlock;
    methods->xCheckReservedLock = bio_sqlite3_check_reserved;
    methods->xFileControl = bio_sqlite3_control;
    methods->xSectorSize = bio_sqlite3_sector_size;
    methods->xDeviceCharacteristics = bio_sqlite3_characteristics;
    vfs->iVersion = 1;
    vfs->szOsFile = (int)sizeof(struct bio_sqlite3_file);
    vfs->mxPathname = 64;
    vfs->zName = "bytesio-" BYTESIO_VERSION;
    vfs->pAppData = system;
    vfs->xOpen = bio_sqlite3_open_file;
    vfs->xDelete = bio_sqlite3_delete;
    vfs->xAccess = bio_sqlite3_access;
    vfs->xFullPathname = bio_sqlite3_full_name;
    vfs->xDlOpen = bio_sqlite3_dl_open;
    vfs->xDlError = bio_sqlite3_dl_error;
    vfs->xDlSym = bio_sqlite3_dl_sym;
    vfs->xDlClose = bio_sqlite3_dl_close;
    vfs->xRandomness = bio_sqlite3_randomness;
    vfs->xSleep = bio_sqlite3_sleep;
    vfs->xCurrentTime = bio_sqlite3_time;
    vfs->xGetLastError = bio_sqlite3_last_error;
    system->host = host;
}

/* The one that the first call in this process has registered, whichever module made it; NULL when SQLite cannot. */
static inline struct bio_sqlite3_system *bio_sqlite3_register(void)
{
    static struct bio_sqlite3_system own;
    sqlite3_vfs *vfs = NULL, *host;
    if (sqlite3_initialize() != SQLITE_OK)
        return NULL;
    bio_sqlite3_enter();
    vfs = sqlite3_vfs_find("bytesio-" BYTESIO_VERSION);
    host = sqlite3_vfs_find(NULL);
    if (vfs == NULL && host != NULL) {
        bio_sqlite3_fill(&own, host);
        if (sqlite3_vfs_register(&own.vfs, 0) == SQLITE_OK)
            vfs = &own.vfs;
    }
    bio_sqlite3_leave();
    return vfs == NULL ? NULL : bio_sqlite3_of(vfs);
}

#ifdef __cplusplus
}
#endif

#endif
