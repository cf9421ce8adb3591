/* Streams that refuse what SQLite asks of them: the error is SQLite's own, and the database is whole afterwards. */
#include "sqlite3_database.h"

int open_in_second_file(bio_stream *stream, sqlite3 **db)
{
    return bio_sqlite3_open(stream, db);
}

void a_full_stream_is_a_full_disk(void)
{
    static const uint64_t room[] = {0, 1, 4096, 5000, 20 * 4096, 40 * 4096};
    for (size_t i = 0; i < COUNT(room); i++) {
        bio_stream *s = bio_new();
        sqlite3 *db = with_table(s);
        REQUIRE_OK(bio_set_limit(s, bio_len(s) + room[i]));
        CHECK_SQL(sql(db, "BEGIN; " CHANGE "; " MORE "; COMMIT"), SQLITE_FULL);
        sql(db, "ROLLBACK"); /* an error where SQLite has done so by itself */
        check_untouched(db);
        REQUIRE_OK(bio_set_limit(s, BYTESIO_NO_LIMIT));
        CHECK_SQL(sql(db, MORE), SQLITE_OK);
        check_table(db, 300);
        CHECK_SQL(sqlite3_close(db), SQLITE_OK);
        bio_release(s);
    }
}

void a_view_is_a_disk_error_to_a_writer_that_needs_room(void)
{
    bio_stream *s = bio_new();
    sqlite3 *db = with_table(s);
    bio_view *view = view_of(s, BYTESIO_VIEW_READONLY);
    CHECK_SQL(sql(db, CHANGE), SQLITE_OK);
    CHECK_SQL(sql(db, MORE), SQLITE_IOERR);
    check_table(db, 100);
    bio_view_release(view);
    CHECK_SQL(sql(db, MORE), SQLITE_OK);
    check_table(db, 300);
    CHECK_SQL(sqlite3_close(db), SQLITE_OK);
    bio_release(s);
}

/* A view taken after the stream has grown keeps SQLite from undoing the transaction, even when it closes. */
void what_could_not_be_undone_is_undone_by_the_next_connection(void)
{
    bio_stream *s = bio_new();
    sqlite3 *db = with_table(s);
    uint64_t len = bio_len(s);
    CHECK_SQL(sql(db, "BEGIN; " CHANGE "; " MORE), SQLITE_OK);
    CHECK(bio_len(s) > len);
    bio_view *view = view_of(s, BYTESIO_VIEW_READONLY);
    bio_snapshot *snapshot = NULL;
    sql(db, "ROLLBACK"); /* SQLite does not say here that it could not */
    CHECK_SQL(bio_sqlite3_checkpoint(db, &snapshot), SQLITE_BUSY);
    CHECK_SQL(sqlite3_close(db), SQLITE_OK);
    CHECK(bio_len(s) > len);
    bio_view_release(view);
    db = opened(s);
    CHECK_SQL(bio_sqlite3_checkpoint(db, &snapshot), SQLITE_BUSY);
    check_untouched(db);
    CHECK_EQ(bio_len(s), len);
    CHECK_SQL(bio_sqlite3_checkpoint(db, &snapshot), SQLITE_OK);
    check_snapshot_is_database(snapshot, 100);
    bio_snapshot_release(snapshot);
    CHECK_SQL(sqlite3_close(db), SQLITE_OK);
    bio_release(s);
}

void a_closed_stream_is_no_empty_database(void)
{
    bio_stream *s = bio_new();
    sqlite3 *db = with_table(s), *none = NULL;
    CHECK_OK(bio_close(s));
    CHECK_SQL(sql(db, "SELECT * FROM t"), SQLITE_IOERR);
    CHECK_SQL(sql(db, "CREATE TABLE u(a)"), SQLITE_IOERR);
    CHECK_SQL(sqlite3_close(db), SQLITE_OK);
    CHECK_SQL(bio_sqlite3_open(s, &none), SQLITE_CANTOPEN);
    CHECK_SQL(bio_sqlite3_open(NULL, &none), SQLITE_CANTOPEN);
    CHECK(none == NULL);
    bio_release(s);
}

/* SQLite asks for pages beyond the end and relies on zeros; a file has them nowhere else to come from. */
void short_reads_are_filled_with_zeros(void)
{
    bio_stream *s = bio_new();
    sqlite3 *db = with_table(s);
    sqlite3_file *file = NULL;
    sqlite3_int64 size = 0;
    uint8_t bytes[8], want[8] = {0};
    REQUIRE_SQL(sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file));
    REQUIRE_SQL(file->pMethods->xFileSize(file, &size));
    CHECK_EQ(size, bio_len(s));
    memset(bytes, 'x', sizeof bytes);
    CHECK_EQ(file->pMethods->xRead(file, bytes, sizeof bytes, size - 3), SQLITE_IOERR_SHORT_READ);
    CHECK_MEM(bytes + 3, sizeof bytes - 3, want, sizeof bytes - 3);
    CHECK_EQ(file->pMethods->xRead(file, bytes, sizeof bytes, size + 10), SQLITE_IOERR_SHORT_READ);
    CHECK_MEM(bytes, sizeof bytes, want, sizeof bytes);
    CHECK_OK(bio_close(s));
    CHECK_EQ(file->pMethods->xFileSize(file, &size), SQLITE_IOERR_FSTAT);
    CHECK_EQ(file->pMethods->xRead(file, bytes, sizeof bytes, 0), SQLITE_IOERR_READ);
    CHECK_SQL(sqlite3_close(db), SQLITE_OK);
    bio_release(s);
}

void bytes_that_are_no_database_are_not_touched(void)
{
    bio_stream *s = bio_new();
    CHECK_OK(bio_fill(s, 'x', 5000));
    sqlite3 *db = opened(s);
    CHECK_SQL(sql(db, "CREATE TABLE u(a)"), SQLITE_NOTADB);
    CHECK_SQL(sqlite3_close(db), SQLITE_OK);
    CHECK_EQ(bio_len(s), 5000);
    bio_release(s);
}

void names_lead_only_to_open_databases(void)
{
    bio_stream *s = bio_new();
    sqlite3 *db = with_table(s), *other = NULL;
    CHECK_SQL(sql(db, "ATTACH '/etc/passwd' AS x"), SQLITE_CANTOPEN);
    CHECK_SQL(sql(db, "ATTACH 'bytesio-1234567.db' AS x"), SQLITE_CANTOPEN);
    CHECK_SQL(sqlite3_open_v2("file:x?vfs=bytesio-" BYTESIO_VERSION, &other,
                              SQLITE_OPEN_READWRITE | SQLITE_OPEN_URI, NULL),
              SQLITE_CANTOPEN);
    CHECK_SQL(sqlite3_close(other), SQLITE_OK);
    check_untouched(db);
    CHECK_SQL(sqlite3_close(db), SQLITE_OK);
    bio_release(s);
}

/* Gives what it is asked for `left` times more. */
typedef struct running_out {
    ledger book;
    size_t left;
} running_out;

static bool one_more(running_out *r)
{
    return r->left > 0 && r->left--;
}

static void *allocate_some(void *ctx, size_t size, size_t align)
{
    running_out *r = ctx;
    return one_more(r) ? r->book.allocator.allocate(r->book.allocator.ctx, size, align) : NULL;
}

static void *reallocate_some(void *ctx, void *ptr, size_t old_size, size_t new_size, size_t align)
{
    running_out *r = ctx;
    return one_more(r) ? r->book.allocator.reallocate(r->book.allocator.ctx, ptr, old_size, new_size, align)
                       : NULL;
}

static void deallocate_all(void *ctx, void *ptr, size_t size, size_t align)
{
    running_out *r = ctx;
    r->book.allocator.deallocate(r->book.allocator.ctx, ptr, size, align);
}

/* Whenever the stream's memory runs out, the database is whole once there is some again. */
void no_memory_is_an_error_and_undone(void)
{
    size_t refused = 0;
    int result = SQLITE_NOMEM;
    for (size_t granted = 0; result != SQLITE_OK; granted++) {
        running_out r = {.left = SIZE_MAX};
        bio_allocator allocator = {allocate_some, reallocate_some, deallocate_all, &r};
        bio_options options = BYTESIO_OPTIONS_INIT;
        bio_stream *s = NULL;
        ledger_open(&r.book, LEDGER_PLAIN);
        options.allocator = &allocator;
        REQUIRE_OK(bio_new_with(&options, &s));
        sqlite3 *db = with_table(s);
        bio_snapshot *held = value_of(s); /* so that overwriting needs memory, too */
        r.left = granted;
        result = sql(db, "BEGIN; " CHANGE "; " MORE "; COMMIT");
        sql(db, "ROLLBACK");
        r.left = SIZE_MAX; /* to undo it takes some, too */
        if (result == SQLITE_OK) {
            check_table(db, 300);
        } else {
            CHECK_EQ(result, SQLITE_NOMEM);
            check_untouched(db);
            refused++;
        }
        check_snapshot_is_database(held, 100);
        bio_snapshot_release(held);
        CHECK_SQL(sqlite3_close(db), SQLITE_OK);
        bio_release(s);
        CHECK_EQ(r.book.live, 0);
        CHECK(r.book.complaint == NULL);
    }
    CHECK(refused > 0);
}
