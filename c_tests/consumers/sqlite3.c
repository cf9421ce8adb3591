/* bytesio/sqlite3.h with SQLite: databases in streams that are written, locked, rolled back and checkpointed, and
 * databases in snapshots. */
#include "sqlite3_database.h"

static void a_database_comes_back_from_its_stream(void)
{
    bio_stream *s = bio_new();
    sqlite3 *db = with_table(s);
    CHECK_SQL(sqlite3_close(db), SQLITE_OK);
    CHECK_EQ(bio_tell(s), 0);
    CHECK_EQ(bio_export_count(s), 0);
    CHECK(bio_len(s) > 100 * 1000 && bio_len(s) % 4096 == 0);
    db = opened(s);
    bio_release(s); /* the connection has its own */
    check_untouched(db);
    CHECK_SQL(sqlite3_close(db), SQLITE_OK);
}

static const char *const journals[] = {"delete", "truncate", "persist", "memory"};

static void transactions_are_rolled_back_with_every_journal(void)
{
    for (size_t i = 0; i < COUNT(journals); i++) {
        bio_stream *s = bio_new();
        sqlite3 *db = with_table(s);
        char mode[64];
        snprintf(mode, sizeof mode, "PRAGMA journal_mode = %s", journals[i]);
        CHECK(says(db, mode, journals[i]));
        uint64_t len = bio_len(s);
        for (int round = 0; round < 3; round++) {
            CHECK_SQL(sql(db, "BEGIN; " MORE "; " CHANGE "; DELETE FROM t WHERE k % 3 = 0"), SQLITE_OK);
            CHECK(bio_len(s) > len); /* so there was something to undo */
            CHECK_SQL(sql(db, "ROLLBACK"), SQLITE_OK);
            CHECK_EQ(bio_len(s), len);
            check_untouched(db);
        }
        CHECK_SQL(sql(db, "BEGIN; SAVEPOINT a; " MORE "; ROLLBACK TO a; DELETE FROM t WHERE k = 7; COMMIT"),
                  SQLITE_OK);
        check_table(db, 99);
        CHECK_SQL(sqlite3_close(db), SQLITE_OK);
        bio_release(s);
    }
}

static void vacuum_gives_bytes_back(void)
{
    bio_stream *s = bio_new();
    sqlite3 *db = with_table(s);
    CHECK_SQL(sql(db, MORE), SQLITE_OK);
    uint64_t before = bio_len(s);
    CHECK_SQL(sql(db, "DELETE FROM t WHERE k > 1000"), SQLITE_OK);
    CHECK_EQ(bio_len(s), before);
    CHECK_SQL(sql(db, "VACUUM"), SQLITE_OK);
    CHECK(bio_len(s) < before / 2);
    check_untouched(db);
    CHECK_SQL(sqlite3_close(db), SQLITE_OK);
    bio_release(s);
}

static void temporary_files_need_no_disk(void)
{
    bio_stream *s = bio_new();
    sqlite3 *db = with_table(s);
    CHECK_SQL(
        sql(db,
            "PRAGMA temp_store = file; PRAGMA temp.cache_size = 1; CREATE TEMP TABLE u AS SELECT * FROM t;"
            "CREATE INDEX i ON t(v, k); UPDATE t SET k = -k, v = randomblob(100)"),
        SQLITE_OK);
    check_table(db, 100);
    CHECK_EQ(number(db, "SELECT count(*) FROM u, (SELECT v FROM t ORDER BY v)"), 100 * 100);
    CHECK_SQL(sqlite3_close(db), SQLITE_OK);
    bio_release(s);
}

static void a_write_ahead_log_is_declined(void)
{
    static const uint8_t written_with_one[2] = {2, 2}; /* what a database file then has at offset 18 */
    bio_stream *s = bio_new();
    sqlite3 *db = with_table(s);
    CHECK(says(db, "PRAGMA journal_mode = wal", "delete"));
    CHECK_SQL(sql(db, MORE), SQLITE_OK);
    CHECK(says(db, "PRAGMA locking_mode = exclusive", "exclusive"));
    CHECK(says(db, "PRAGMA main.journal_mode = W", "delete"));
    CHECK_SQL(sql(db, "DELETE FROM t WHERE k = 1"), SQLITE_OK);
    CHECK_SQL(sqlite3_close(db), SQLITE_OK);
    db = opened(s);
    check_table(db, 299);
    CHECK(says(db, "PRAGMA journal_mode = persist", "persist"));
    CHECK(says(db, "PRAGMA journal_mode", "persist"));
    CHECK_SQL(sqlite3_close(db), SQLITE_OK);

    CHECK_OK(bio_pwrite(s, written_with_one, sizeof written_with_one, 18));
    db = opened(s);
    CHECK_SQL(sql(db, "SELECT * FROM t"), SQLITE_CANTOPEN);
    CHECK_SQL(sqlite3_close(db), SQLITE_OK);
    bio_release(s);
}

/* That takes a file by which the two find each other after a crash; it could be kept nowhere. */
static void a_transaction_over_two_streams_is_declined(void)
{
    bio_stream *a = bio_new(), *b = bio_new();
    sqlite3 *first = with_table(a), *second = with_table(b);
    char *attach = sqlite3_mprintf("ATTACH %Q AS x", sqlite3_db_filename(second, "main"));
    CHECK_SQL(sql(first, attach), SQLITE_OK);
    sqlite3_free(attach);
    CHECK_EQ(number(first, "SELECT count(*) FROM main.t JOIN x.t USING (k)"), 100);
    CHECK_SQL(sql(first, "DELETE FROM x.t WHERE k = 1"), SQLITE_OK);
    CHECK_SQL(sql(first, "BEGIN; DELETE FROM main.t; DELETE FROM x.t; COMMIT"), SQLITE_CANTOPEN);
    sql(first, "ROLLBACK");
    check_table(first, 100);
    check_table(second, 99);
    CHECK_SQL(sqlite3_close(first), SQLITE_OK);
    CHECK_SQL(sqlite3_close(second), SQLITE_OK);
    bio_release(a);
    bio_release(b);
}

static void connections_lock_each_other_out(void)
{
    bio_stream *s = bio_new();
    sqlite3 *writer = with_table(s), *reader = NULL;
    REQUIRE_SQL(open_in_second_file(s, &reader));
    CHECK_SQL(sql(writer, "BEGIN IMMEDIATE"), SQLITE_OK);
    CHECK_SQL(sql(reader, "BEGIN IMMEDIATE"), SQLITE_BUSY);
    check_untouched(reader); /* readers go on beside a transaction that is only prepared */
    CHECK_SQL(sql(writer, "DELETE FROM t WHERE k = 1"), SQLITE_OK);
    CHECK_SQL(sql(reader, "BEGIN"), SQLITE_OK);
    CHECK_EQ(number(reader, "SELECT count(*) FROM t"), 100);
    CHECK_SQL(sql(writer, "COMMIT"), SQLITE_BUSY); /* while somebody reads */
    CHECK_SQL(sql(reader, "COMMIT"), SQLITE_OK);
    CHECK_SQL(sql(reader, "SELECT * FROM t"), SQLITE_BUSY); /* the writer comes first now */
    CHECK_SQL(sql(writer, "COMMIT"), SQLITE_OK);
    check_table(reader, 99);
    CHECK_SQL(sql(reader, "BEGIN EXCLUSIVE"), SQLITE_OK);
    CHECK_SQL(sql(writer, "SELECT * FROM t"), SQLITE_BUSY);
    CHECK_SQL(sqlite3_close(reader), SQLITE_OK); /* ends its transaction */
    check_table(writer, 99);
    CHECK_SQL(sqlite3_close(writer), SQLITE_OK);
    bio_release(s);
}

static void streams_do_not_lock_each_other_out(void)
{
    bio_stream *a = bio_new(), *b = bio_new();
    sqlite3 *first = with_table(a), *second = with_table(b);
    CHECK_SQL(sql(first, "BEGIN EXCLUSIVE"), SQLITE_OK);
    CHECK_SQL(sql(second, "BEGIN EXCLUSIVE"), SQLITE_OK);
    CHECK_SQL(sqlite3_close(first), SQLITE_OK);
    CHECK_SQL(sqlite3_close(second), SQLITE_OK);
    bio_release(a);
    bio_release(b);
}

typedef struct worker {
    pthread_t thread;
    bio_stream *stream;
    int rounds, done;
} worker;

/* Moves amounts between accounts: their sum is 0 after every transaction, and at no moment in between. */
static void *move_amounts(void *data)
{
    worker *w = data;
    sqlite3 *db = NULL;
    if (CHECK(bio_sqlite3_open(w->stream, &db) == SQLITE_OK)) {
        sqlite3_busy_timeout(db, 60000);
        for (int i = 0; i < w->rounds; i++)
            if (sql(db,
                    "PRAGMA cache_size = 5; BEGIN IMMEDIATE; UPDATE t SET k = k; INSERT INTO a VALUES (1);"
                    "UPDATE t SET v = randomblob(1000); INSERT INTO a VALUES (-1); COMMIT") == SQLITE_OK)
                w->done++;
        CHECK(sqlite3_close(db) == SQLITE_OK);
    }
    return NULL;
}

static void start(worker *w, size_t count, bio_stream *s, int rounds)
{
    for (size_t i = 0; i < count; i++) {
        w[i] = (worker){.stream = s, .rounds = rounds};
        REQUIRE(pthread_create(&w[i].thread, NULL, move_amounts, &w[i]) == 0);
    }
}

static int64_t finish(worker *w, size_t count)
{
    int64_t done = 0;
    for (size_t i = 0; i < count; i++) {
        REQUIRE(pthread_join(w[i].thread, NULL) == 0);
        done += w[i].done;
    }
    return done;
}

static void threads_lose_no_transaction(void)
{
    bio_stream *s = bio_new();
    sqlite3 *db = with_table(s);
    worker w[4];
    CHECK_SQL(sql(db, "CREATE TABLE a(n)"), SQLITE_OK);
    start(w, COUNT(w), s, (int)scaled(3));
    CHECK_EQ(finish(w, COUNT(w)), COUNT(w) * scaled(3));
    check_table(db, 100);
    CHECK_EQ(number(db, "SELECT count(*) FROM a"), 2 * COUNT(w) * scaled(3));
    CHECK_EQ(number(db, "SELECT sum(n) FROM a"), 0);
    CHECK_SQL(sqlite3_close(db), SQLITE_OK);
    bio_release(s);
}

/* However a checkpoint falls among the writer's transactions, it is a whole database. */
static void checkpoints_are_whole_while_writes_go_on(void)
{
    bio_stream *s = bio_new();
    sqlite3 *db = with_table(s), *copy = NULL;
    worker w[2];
    int64_t seen = 0, last = 0;
    CHECK_SQL(sql(db, "CREATE TABLE a(n)"), SQLITE_OK);
    start(w, COUNT(w), s, (int)scaled(5));
    while (seen < (int64_t)(2 * COUNT(w) * scaled(5))) {
        bio_snapshot *snapshot = NULL;
        int result = bio_sqlite3_checkpoint(db, &snapshot);
        if (result == SQLITE_BUSY) {
            sqlite3_sleep(0);
            continue;
        }
        REQUIRE(result == SQLITE_OK);
        REQUIRE_SQL(sqlite3_open(":memory:", &copy));
        REQUIRE_SQL(bio_sqlite3_deserialize(copy, "main", snapshot));
        bio_snapshot_release(snapshot);
        check_table(copy, 100);
        CHECK_EQ(number(copy, "SELECT coalesce(sum(n), 0) FROM a"), 0);
        seen = number(copy, "SELECT count(*) FROM a");
        CHECK(seen >= last);
        last = seen;
        CHECK_SQL(sqlite3_close(copy), SQLITE_OK);
    }
    CHECK_EQ(finish(w, COUNT(w)), COUNT(w) * scaled(5));
    CHECK_SQL(sqlite3_close(db), SQLITE_OK);
    bio_release(s);
}

static void a_checkpoint_waits_for_what_is_half_written(void)
{
    bio_stream *s = bio_new();
    sqlite3 *db = with_table(s), *other = opened(s);
    bio_snapshot *before = value_of(s), *snapshot = NULL;
    CHECK_SQL(sql(db, "BEGIN; DELETE FROM t WHERE k = 1"), SQLITE_OK); /* still in the page cache */
    CHECK_SQL(bio_sqlite3_checkpoint(other, &snapshot), SQLITE_OK);
    CHECK_PTR(snapshot, before); /* O(1): the very same */
    bio_snapshot_release(snapshot);
    snapshot = NULL;
    CHECK_SQL(sql(db, CHANGE), SQLITE_OK); /* more than the cache holds */
    CHECK_SQL(bio_sqlite3_checkpoint(other, &snapshot), SQLITE_BUSY);
    CHECK_SQL(bio_sqlite3_checkpoint(db, &snapshot), SQLITE_BUSY);
    CHECK(snapshot == NULL);
    CHECK_SQL(sql(db, "COMMIT"), SQLITE_OK);
    CHECK_SQL(bio_sqlite3_checkpoint(other, &snapshot), SQLITE_OK);
    check_snapshot_is_database(snapshot, 99);
    check_snapshot_is_database(before, 100);
    bio_snapshot_release(snapshot);
    bio_snapshot_release(before);
    CHECK_SQL(sqlite3_close(other), SQLITE_OK);
    CHECK_SQL(sqlite3_close(db), SQLITE_OK);
    bio_release(s);
    REQUIRE_SQL(sqlite3_open(":memory:", &db));
    CHECK_SQL(bio_sqlite3_checkpoint(db, &snapshot), SQLITE_NOTFOUND); /* not one of ours */
    CHECK_SQL(sqlite3_close(db), SQLITE_OK);
}

/* A snapshot of a database in memory that is freed, and counted, when it is let go. */
static bio_snapshot *lent_database(release_log *log)
{
    bio_stream *s = bio_new(), *lent = NULL;
    sqlite3_close(with_table(s));
    bio_snapshot *value = value_of(s);
    lent = adopted(bio_snapshot_data(value), bio_snapshot_len(value), log);
    bio_snapshot_release(value);
    bio_release(s);
    value = value_of(lent);
    bio_release(lent);
    return value;
}

static void a_snapshot_is_read_in_place_and_held(void)
{
    release_log log = {0};
    bio_snapshot *snapshot = lent_database(&log);
    sqlite3 *db = NULL;
    REQUIRE_SQL(sqlite3_open(":memory:", &db));
    REQUIRE_SQL(sql(db, "PRAGMA cache_size = 2"));
    sqlite3_int64 before = sqlite3_memory_used();
    REQUIRE_SQL(bio_sqlite3_deserialize(db, "main", snapshot));
    CHECK(sqlite3_memory_used() - before < 4096);
    CHECK_PTR(sqlite3_serialize(db, "main", NULL, SQLITE_SERIALIZE_NOCOPY), bio_snapshot_data(snapshot));
    bio_snapshot_release(snapshot);
    check_untouched(db);
    CHECK_SQL(sql(db, "DELETE FROM t"), SQLITE_READONLY);
    CHECK_EQ(atomic_load(&log.calls), 0);
    CHECK_SQL(sqlite3_close(db), SQLITE_OK);
    CHECK_EQ(atomic_load(&log.calls), 1);
}

static void a_connection_may_read_several_snapshots(void)
{
    release_log one = {0}, two = {0};
    bio_snapshot *first = lent_database(&one), *second = lent_database(&two);
    sqlite3 *db = NULL;
    REQUIRE_SQL(sqlite3_open(":memory:", &db));
    REQUIRE_SQL(sql(db, "ATTACH ':memory:' AS x"));
    CHECK_SQL(bio_sqlite3_deserialize(db, "main", first), SQLITE_OK);
    CHECK_SQL(bio_sqlite3_deserialize(db, "main", second), SQLITE_OK);
    CHECK_SQL(bio_sqlite3_deserialize(db, "x", second), SQLITE_OK); /* the same twice */
    CHECK_SQL(bio_sqlite3_deserialize(db, "nowhere", first), SQLITE_ERROR);
    CHECK_SQL(bio_sqlite3_deserialize(db, "main", NULL), SQLITE_MISUSE);
    bio_snapshot_release(first);
    bio_snapshot_release(second);
    check_untouched(db);
    CHECK_EQ(number(db, "SELECT count(*) FROM main.t JOIN x.t USING (k)"), 100);
    CHECK_SQL(sqlite3_close(db), SQLITE_OK);
    CHECK_EQ(atomic_load(&one.calls), 1);
    CHECK_EQ(atomic_load(&two.calls), 1);
}

CHECK_MAIN(CASE(a_database_comes_back_from_its_stream), CASE(transactions_are_rolled_back_with_every_journal),
           CASE(vacuum_gives_bytes_back), CASE(temporary_files_need_no_disk),
           CASE(a_write_ahead_log_is_declined), CASE(a_transaction_over_two_streams_is_declined),
           CASE(connections_lock_each_other_out), CASE(streams_do_not_lock_each_other_out),
           CASE(threads_lose_no_transaction), CASE(checkpoints_are_whole_while_writes_go_on),
           CASE(a_checkpoint_waits_for_what_is_half_written), CASE(a_full_stream_is_a_full_disk),
           CASE(a_view_is_a_disk_error_to_a_writer_that_needs_room),
           CASE(what_could_not_be_undone_is_undone_by_the_next_connection),
           CASE(a_closed_stream_is_no_empty_database), CASE(short_reads_are_filled_with_zeros),
           CASE(bytes_that_are_no_database_are_not_touched), CASE(names_lead_only_to_open_databases),
           CASE(no_memory_is_an_error_and_undone), CASE(a_snapshot_is_read_in_place_and_held),
           CASE(a_connection_may_read_several_snapshots))
