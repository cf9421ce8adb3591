/* The files behind bytesio/sqlite3.h, which is to be included; nothing here is to be called by others.
 *
 * A database file is a stream, and so are its journal and SQLite's temporary files. Locks are kept in memory, by the
 * rules of SQLite's own. See https://sqlite.org/lockingv3.html and https://sqlite.org/vfs.html.
 */
#ifndef BYTESIO_SQLITE3_FILE_H
#define BYTESIO_SQLITE3_FILE_H

#include "../bytesio.h"
#include <sqlite3.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* For sqlite3_file_control(), which leaves what is above 100 to file systems: its argument is a bio_snapshot ** that
 * receives a checkpoint. */
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

static inline struct bio_sqlite3_database *bio_sqlite3_make(struct bio_sqlite3_system *system,
                                                            bio_stream *stream)
{
    struct bio_sqlite3_database *database = (struct bio_sqlite3_database *)malloc(sizeof *database);
    if (database == NULL)
        return NULL;
    memset(database, 0, sizeof *database);
    database->system = system;
    database->stream = bio_retain(stream);
    if (database->stream == NULL) {
        free(database);
        return NULL;
    }
    sqlite3_snprintf((int)sizeof database->name, database->name, "bytesio-%p.db", (void *)stream);
    database->next = system->databases;
    return system->databases = database;
}

/* The stream's database with one more reference, a new one if need be; NULL when out of memory. */
static inline struct bio_sqlite3_database *bio_sqlite3_use(struct bio_sqlite3_system *system,
                                                           bio_stream *stream)
{
    struct bio_sqlite3_database *database;
    bio_sqlite3_enter();
    for (database = system->databases; database != NULL && database->stream != stream;)
        database = database->next;
    if (database == NULL)
        database = bio_sqlite3_make(system, stream);
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

/* PRAGMA journal_mode = WAL is declined before SQLite marks the file as having a log, which in exclusive mode it would
 * do without asking. `text` is the answer, the pragma's name and its value, of which SQLite takes any prefix. */
static inline int bio_sqlite3_pragma(char **text)
{
    if (sqlite3_stricmp(text[1], "journal_mode") != 0 || text[2] == NULL || *text[2] == '\0' ||
        sqlite3_strnicmp(text[2], "wal", (int)strlen(text[2])) != 0)
        return SQLITE_NOTFOUND;
    text[0] = sqlite3_mprintf("delete");
    return SQLITE_OK;
}

static inline int bio_sqlite3_control(sqlite3_file *base, int operation, void *argument)
{
    struct bio_sqlite3_file *file = (struct bio_sqlite3_file *)base;
    if (operation == BYTESIO_SQLITE3_CHECKPOINT && file->database != NULL)
        return bio_sqlite3_take(file->database, (bio_snapshot **)argument);
    if (operation == SQLITE_FCNTL_PRAGMA)
        return bio_sqlite3_pragma((char **)argument);
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

static inline int bio_sqlite3_close(sqlite3_file *base)
{
    struct bio_sqlite3_file *file = (struct bio_sqlite3_file *)base;
    bio_sqlite3_unlock(base, SQLITE_LOCK_NONE);
    bio_release(file->stream);
    if (file->database != NULL)
        bio_sqlite3_drop(file->database);
    return SQLITE_OK;
}

#ifdef __cplusplus
}
#endif

#endif
