/* What the two files of the test with SQLite share: a database to change, and what it must hold. */
#ifndef BYTESIO_TEST_SQLITE3_DATABASE_H
#define BYTESIO_TEST_SQLITE3_DATABASE_H

#include "consumer.h"

#include "bytesio/sqlite3.h"

#define CHECK_SQL(call, want) CHECK_EQ((call) & 0xff, (want))
#define REQUIRE_SQL(call) REQUIRE((call) == SQLITE_OK)

static inline int sql(sqlite3 *db, const char *text)
{
    return sqlite3_exec(db, text, NULL, NULL, NULL);
}

/* The first value of the first row; -1 for none. */
static inline int64_t number(sqlite3 *db, const char *text)
{
    sqlite3_stmt *statement = NULL;
    int64_t result = -1;
    if (sqlite3_prepare_v2(db, text, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        result = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return result;
}

static inline bool says(sqlite3 *db, const char *text, const char *want)
{
    sqlite3_stmt *statement = NULL;
    bool same = sqlite3_prepare_v2(db, text, -1, &statement, NULL) == SQLITE_OK &&
                sqlite3_step(statement) == SQLITE_ROW &&
                strcmp((const char *)sqlite3_column_text(statement, 0), want) == 0;
    sqlite3_finalize(statement);
    return same;
}

static inline sqlite3 *opened(bio_stream *stream)
{
    sqlite3 *db = NULL;
    REQUIRE_SQL(bio_sqlite3_open(stream, &db));
    return db;
}

/* 100 rows of a kilobyte; with a cache of five pages, transactions reach the stream before they end. */
#define TABLE                                                                       \
    "PRAGMA cache_size = 5; CREATE TABLE t(k INTEGER PRIMARY KEY, v BLOB);"         \
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)" \
    "INSERT INTO t SELECT i, zeroblob(1000) FROM n"
#define MORE                                                                        \
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)" \
    "INSERT INTO t SELECT i + 1000, randomblob(1000) FROM n"
#define CHANGE "UPDATE t SET v = randomblob(1000)"

static inline sqlite3 *with_table(bio_stream *stream)
{
    sqlite3 *db = opened(stream);
    REQUIRE_SQL(sql(db, TABLE));
    return db;
}

static inline void check_table(sqlite3 *db, int64_t rows)
{
    CHECK(says(db, "PRAGMA integrity_check", "ok"));
    CHECK_EQ(number(db, "SELECT count(*) FROM t"), rows);
}

/* As with_table() left it: what a rollback has to bring back. */
static inline void check_untouched(sqlite3 *db)
{
    check_table(db, 100);
    CHECK_EQ(number(db, "SELECT count(*) FROM t WHERE v = zeroblob(1000)"), 100);
}

static inline void check_snapshot_is_database(bio_snapshot *snapshot, int64_t rows)
{
    sqlite3 *db = NULL;
    REQUIRE_SQL(sqlite3_open(":memory:", &db));
    REQUIRE_SQL(bio_sqlite3_deserialize(db, "main", snapshot));
    check_table(db, rows);
    CHECK_SQL(sqlite3_close(db), SQLITE_OK);
}

/* In sqlite3_faults.c, which has the adapter a second time: its bio_sqlite3_open() must find the locks of this one. */
int open_in_second_file(bio_stream *stream, sqlite3 **db);
void a_full_stream_is_a_full_disk(void);
void a_view_is_a_disk_error_to_a_writer_that_needs_room(void);
void what_could_not_be_undone_is_undone_by_the_next_connection(void);
void a_closed_stream_is_no_empty_database(void);
void short_reads_are_filled_with_zeros(void);
void bytes_that_are_no_database_are_not_touched(void);
void names_lead_only_to_open_databases(void);
void no_memory_is_an_error_and_undone(void);

#endif
