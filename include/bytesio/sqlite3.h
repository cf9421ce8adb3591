/* SQLite: a database in a stream of libbytesio, read and written, or in a snapshot, read only.
 *
 *     sqlite3 *db = NULL;
 *     if (bio_sqlite3_open(stream, &db) == SQLITE_OK &&                  in place of sqlite3_open()
 *         sqlite3_exec(db, "CREATE TABLE t(a); INSERT INTO t VALUES (1)", NULL, NULL, NULL) == SQLITE_OK &&
 *         bio_sqlite3_checkpoint(db, &snapshot) == SQLITE_OK)            a whole database, without a copy
 *         send(bio_snapshot_data(snapshot), bio_snapshot_len(snapshot));
 *     sqlite3_close(db);
 *
 *     sqlite3_open(":memory:", &db);
 *     bio_sqlite3_deserialize(db, "main", snapshot);                     reads a snapshot in place
 *
 * A stream may be opened any number of times in one process, on any threads: the connections lock each other out as
 * those to a file do (SQLITE_BUSY, sqlite3_busy_timeout()). Journals and temporary files are kept in streams, too.
 * There is no write-ahead log: a request for one changes nothing and is answered with "delete", and a database left in
 * that mode does not open (SQLITE_CANTOPEN), nor does a transaction over several attached streams commit.
 * Between transactions the stream's content is the database: bio_getvalue() then is a checkpoint, and
 * bio_sqlite3_checkpoint() is one at any time, except after a first write with PRAGMA locking_mode = EXCLUSIVE, which
 * keeps it at SQLITE_BUSY. Other changes of the stream while connections are open corrupt it.
 * Position: offsets are SQLite's; the stream's position is neither used nor moved.
 * Ownership: the connections hold a reference to the stream until they are closed; a snapshot that was deserialized is
 * held until the connection is closed. Should the last connection be unable to undo an unfinished transaction, the
 * stream and its journal are kept, and the next bio_sqlite3_open() of that stream undoes it.
 * Errors: SQLITE_FULL from a full stream, SQLITE_NOMEM, and SQLITE_IOERR_... for what else a stream refuses: a
 * view is a disk error to a writer, so readers take checkpoints. SQLite then rolls back.
 * Copies: one each way between SQLite's page cache and the stream; none to deserialize a snapshot or take one.
 *
 * The first call registers a file system ("bytesio-" and the version) with SQLite for the rest of the process; the
 * module that made it must stay loaded.
 */
#ifndef BYTESIO_SQLITE3_H
#define BYTESIO_SQLITE3_H

#include "sqlite3_vfs.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Opens the database that the stream holds, or an empty one, as sqlite3_open() does: `*db` is to be closed, also after
 * an error where it is not NULL. */
static inline int bio_sqlite3_open(bio_stream *stream, sqlite3 **db)
{
    struct bio_sqlite3_system *system = bio_sqlite3_register();
    struct bio_sqlite3_database *database = NULL;
    int result;
    *db = NULL;
    if (system == NULL || bio_is_closed(stream))
        return SQLITE_CANTOPEN;
    database = bio_sqlite3_use(system, stream);
    if (database == NULL)
        return SQLITE_NOMEM;
    result =
        sqlite3_open_v2(database->name, db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, system->vfs.zName);
    bio_sqlite3_drop(database);
    return result;
}

/** Takes a snapshot of the database of a connection from bio_sqlite3_open(), as it is after the last finished
 * transaction (owned: bio_snapshot_release()). SQLITE_BUSY while a transaction is being written: try again. */
static inline int bio_sqlite3_checkpoint(sqlite3 *db, bio_snapshot **out)
{
    return sqlite3_file_control(db, "main", BYTESIO_SQLITE3_CHECKPOINT, out);
}

static inline void bio_sqlite3_nothing(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    (void)values;
    sqlite3_result_null(context);
}

static inline void bio_sqlite3_let_go(void *snapshot)
{
    bio_snapshot_release((bio_snapshot *)snapshot);
}

/** Makes `schema` ("main") of a connection the database in the snapshot: sqlite3_deserialize() without a copy. The
 * snapshot is held by an SQL function that nobody needs, since SQLite destroys those after the last use of its bytes:
 * when the connection is closed. */
static inline int bio_sqlite3_deserialize(sqlite3 *db, const char *schema, bio_snapshot *snapshot)
{
    sqlite3_int64 len = (sqlite3_int64)bio_snapshot_len(snapshot);
    unsigned char *bytes = (unsigned char *)(uintptr_t)bio_snapshot_data(snapshot);
    bio_snapshot *held = bio_snapshot_retain(snapshot);
    char name[64];
    int result;
    if (held == NULL)
        return SQLITE_MISUSE;
    sqlite3_snprintf((int)sizeof name, name, "bytesio_snapshot_%p", (void *)held);
    result = sqlite3_create_function_v2(db, name, 0, SQLITE_UTF8 | SQLITE_DIRECTONLY, held,
                                        bio_sqlite3_nothing, NULL, NULL, bio_sqlite3_let_go);
    return result != SQLITE_OK
               ? result
               : sqlite3_deserialize(db, schema, bytes, len, len, SQLITE_DESERIALIZE_READONLY);
}

#ifdef __cplusplus
}
#endif

#endif
