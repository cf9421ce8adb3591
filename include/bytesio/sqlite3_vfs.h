/* The file system behind bytesio/sqlite3.h, which is to be included; nothing here is to be called by others. */
#ifndef BYTESIO_SQLITE3_VFS_H
#define BYTESIO_SQLITE3_VFS_H

#include "sqlite3_file.h"

#ifdef __cplusplus
extern "C" {
#endif

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
            file->stream = bio_retain(database->stream);
            file->database = database;
            database->references += file->stream != NULL;
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
