/* bytesio/archive.h with libarchive, and with Python's zipfile at the other end. */
#include "consumer.h"

#include <archive_entry.h>
#include <errno.h>

#include "archive_memory.h"
#include "bytesio/archive.h"

enum { BIG = 190000 };

typedef struct member {
    const char *name;
    size_t len;
} member;

static const member members[] = {{"first.txt", 900}, {"folder/second.bin", BIG}, {"last", 1}, {"empty", 0}};

static const uint8_t *content_of(size_t i)
{
    static uint8_t bytes[BIG];
    noise_fill(bytes, members[i].len / 2, (uint32_t)i);
    memset(bytes + members[i].len / 2, 'a' + (int)i, members[i].len - members[i].len / 2);
    return bytes;
}

/* How an archive is made: its format, and what else is set. */
typedef int (*format)(struct archive *archive);

static int zip_stored(struct archive *a)
{
    return archive_write_set_format_zip(a) | archive_write_set_options(a, "zip:compression=store");
}

static int tar_gz(struct archive *a)
{
    return archive_write_set_format_pax_restricted(a) | archive_write_add_filter_gzip(a);
}

static int tar_in_blocks(struct archive *a)
{
    return archive_write_set_format_ustar(a) | archive_write_set_bytes_in_last_block(a, 10240);
}

/* Writes the members until something fails. The caller looks at the error, and frees. */
static int write_members(struct archive *a)
{
    int result = ARCHIVE_OK;
    for (size_t i = 0; i < COUNT(members) && result == ARCHIVE_OK; i++) {
        struct archive_entry *entry = archive_entry_new();
        archive_entry_set_pathname(entry, members[i].name);
        archive_entry_set_size(entry, (la_int64_t)members[i].len);
        archive_entry_set_filetype(entry, AE_IFREG);
        archive_entry_set_perm(entry, 0644);
        archive_entry_set_mtime(entry, 1000000000, 0);
        result = archive_write_header(a, entry);
        if (result == ARCHIVE_OK && archive_write_data(a, content_of(i), members[i].len) < 0)
            result = ARCHIVE_FATAL;
        archive_entry_free(entry);
    }
    return result == ARCHIVE_OK ? archive_write_close(a) : result;
}

static bio_stream *written(format set, bio_stream *stream)
{
    struct archive *a = archive_write_new();
    REQUIRE(set(a) == ARCHIVE_OK);
    CHECK_EQ(bio_archive_write_open(a, stream), ARCHIVE_OK);
    if (!CHECK_EQ(write_members(a), ARCHIVE_OK))
        fprintf(stderr, "... %s\n", archive_error_string(a));
    CHECK_EQ(archive_write_free(a), ARCHIVE_OK);
    return stream;
}

static struct archive *reader_of(bio_stream *stream, int want)
{
    struct archive *a = archive_read_new();
    archive_read_support_filter_all(a);
    archive_read_support_format_all(a);
    CHECK_EQ(bio_archive_read_open(a, stream), want);
    return a;
}

/* Reads the next member whole and compares it. */
static void check_next(struct archive *a, const char *name, const void *want, size_t len)
{
    static uint8_t got[BIG + 1];
    struct archive_entry *entry = NULL;
    if (!CHECK_EQ(archive_read_next_header(a, &entry), ARCHIVE_OK))
        return;
    CHECK(strcmp(archive_entry_pathname(entry), name) == 0);
    CHECK_EQ(archive_read_data(a, got, sizeof got), len);
    CHECK_MEM(got, len, want, len);
}

static void check_end(struct archive *a)
{
    struct archive_entry *entry = NULL;
    CHECK_EQ(archive_read_next_header(a, &entry), ARCHIVE_EOF);
}

static void every_format_comes_back(void)
{
    /* 7-Zip's directory stands at the end: it is only read by seeking. */
    static const format formats[] = {archive_write_set_format_zip, zip_stored, tar_gz, tar_in_blocks,
                                     archive_write_set_format_7zip};
    for (size_t f = 0; f < COUNT(formats); f++) {
        bio_stream *s = written(formats[f], bio_new());
        struct archive *a;
        CHECK_EQ(bio_tell(s), bio_len(s));
        a = reader_of(s, ARCHIVE_OK);
        for (size_t i = 0; i < COUNT(members); i++)
            check_next(a, members[i].name, content_of(i), members[i].len);
        check_end(a);
        CHECK_EQ(archive_read_free(a), ARCHIVE_OK);
        CHECK_EQ(bio_tell(s), bio_len(s)); /* reading has a position of its own */
        bio_release(s);
    }
}

static void padding_is_what_the_program_asks_for(void)
{
    bio_stream *s = written(tar_in_blocks, bio_new()),
               *t = written(archive_write_set_format_ustar, bio_new());
    CHECK_EQ(bio_len(s) % 10240, 0);
    CHECK(bio_len(t) < bio_len(s));
    bio_release(t);
    bio_release(s);
}

static void python_reads_what_is_written(void)
{
    static const format formats[] = {archive_write_set_format_zip, zip_stored};
    for (size_t f = 0; f < COUNT(formats); f++) {
        bio_stream *s = written(formats[f], bio_new()), *said = bio_new(), *want = bio_new();
        bio_snapshot *value;
        for (size_t i = 0; i < COUNT(members); i++) {
            CHECK_OK(bio_printf(want, "%s %zu\n", members[i].name, members[i].len));
            CHECK_OK(bio_write(want, content_of(i), members[i].len));
        }
        CHECK(PYTHON("read", s, said));
        value = value_of(want);
        CHECK_STREAM(said, bio_snapshot_data(value), bio_snapshot_len(value));
        bio_snapshot_release(value);
        bio_release(want);
        bio_release(said);
        bio_release(s);
    }
}

static void what_python_writes_is_read(void)
{
    bio_stream *s = bio_new(), *want = bio_new();
    struct archive *a;
    bio_snapshot *value;
    CHECK(PYTHON("write", NULL, s));
    a = reader_of(s, ARCHIVE_OK);
    for (int i = 0; i < 100; i++)
        CHECK_OK(bio_write(want, LIT("as it is\n")));
    value = value_of(want);
    check_next(a, "stored.txt", bio_snapshot_data(value), bio_snapshot_len(value));
    bio_snapshot_release(value);
    CHECK_OK(bio_clear(want));
    for (int i = 0; i < 5000; i++)
        CHECK_OK(bio_write(want, LIT("squeezed\n")));
    value = value_of(want);
    check_next(a, "folder/deflated.txt", bio_snapshot_data(value), bio_snapshot_len(value));
    bio_snapshot_release(value);
    check_next(a, "empty", "", 0);
    check_end(a);
    CHECK_EQ(archive_read_free(a), ARCHIVE_OK);
    bio_release(want);
    bio_release(s);
}

static void stored_bytes_are_the_streams_own(void)
{
    bio_stream *s = written(zip_stored, bio_new());
    struct archive *a = reader_of(s, ARCHIVE_OK);
    struct archive_entry *entry = NULL;
    const uint8_t *content = NULL;
    const void *block = NULL;
    size_t len = 0, block_len = 0;
    la_int64_t offset = -1;
    CHECK_OK(bio_peek_at(s, 0, &content, &len));
    CHECK_EQ(archive_read_next_header(a, &entry), ARCHIVE_OK);
    CHECK_EQ(archive_read_data_block(a, &block, &block_len, &offset), ARCHIVE_OK);
    CHECK((const uint8_t *)block > content && (const uint8_t *)block + block_len < content + len);
    CHECK_EQ(archive_read_free(a), ARCHIVE_OK);
    bio_release(s);
}

static void two_readers_have_positions_of_their_own(void)
{
    bio_stream *s = written(archive_write_set_format_zip, bio_new());
    struct archive *a = reader_of(s, ARCHIVE_OK), *b = reader_of(s, ARCHIVE_OK);
    move_to(s, 5);
    for (size_t i = 0; i < COUNT(members); i++) {
        check_next(a, members[i].name, content_of(i), members[i].len);
        check_next(b, members[i].name, content_of(i), members[i].len);
    }
    CHECK_EQ(bio_tell(s), 5);
    CHECK_EQ(archive_read_free(b), ARCHIVE_OK);
    CHECK_EQ(archive_read_free(a), ARCHIVE_OK);
    bio_release(s);
}

static void the_stream_lives_as_long_as_the_archive(void)
{
    ledger book;
    bio_stream *s;
    struct archive *a = archive_write_new(), *b;
    ledger_open(&book, LEDGER_PLAIN);
    s = ledger_stream(&book, 0, BYTESIO_NO_LIMIT, 0);
    archive_write_set_format_zip(a);
    CHECK_EQ(bio_archive_write_open(a, s), ARCHIVE_OK);
    b = archive_read_new();
    CHECK_EQ(write_members(a), ARCHIVE_OK);
    archive_read_support_format_zip(b);
    CHECK_EQ(bio_archive_read_open(b, s), ARCHIVE_OK);
    bio_release(s);
    check_next(b, members[0].name, content_of(0), members[0].len);
    CHECK_EQ(archive_write_free(a), ARCHIVE_OK);
    check_next(b, members[1].name, content_of(1), members[1].len);
    CHECK_EQ(archive_read_free(b), ARCHIVE_OK);
    LEDGER_CLOSE(&book);
}

/* The ledger finds a stream that somebody still holds. */
static void what_is_not_opened_holds_no_stream(void)
{
    ledger book;
    bio_stream *s;
    size_t writers = 1, readers = 1;
    struct archive *a = archive_read_new();
    ledger_open(&book, LEDGER_PLAIN);
    s = ledger_stream(&book, 0, BYTESIO_NO_LIMIT, 0);
    while (refused_writer(s, writers))
        writers++;
    while (refused_reader(s, readers))
        readers++;
    CHECK(writers > 1 && readers > 1);

    archive_read_support_format_all(a);
    CHECK_EQ(bio_archive_read_open(a, s), ARCHIVE_OK);
    CHECK_EQ(bio_archive_read_open(a, s), ARCHIVE_FATAL);
    CHECK_EQ(archive_read_free(a), ARCHIVE_OK);
    bio_release(s);
    LEDGER_CLOSE(&book);
}

static void check_refusal(format set, unsigned reason, size_t room)
{
    refusing r;
    struct archive *a = archive_write_new();
    refusing_open(&r, reason, room);
    set(a);
    if (bio_archive_write_open(a, r.stream) == ARCHIVE_OK)
        CHECK_EQ(write_members(a), ARCHIVE_FATAL);
    if (!(CHECK_EQ(archive_errno(a), bio_status_errno(r.status)) &
          CHECK(strcmp(archive_error_string(a), bio_strerror(r.status)) == 0)))
        check_fail(__FILE__, __LINE__, "... %s, room for %zu", r.why, room);
    archive_write_close(
        a); /* which archive_write_free() leaves out after an error: libarchive's filters stay */
    archive_write_free(a);
    CHECK(bio_len(r.stream) <= room);
    refusing_close(&r);
}

static void a_stream_that_refuses_bytes_is_fatal_and_says_why(void)
{
    static const size_t rooms[] = {0, 1, 100, 512, 4096};
    for (unsigned reason = 0; reason < REFUSALS; reason++) {
        for (size_t i = 0; i < COUNT(rooms); i++) {
            check_refusal(zip_stored, reason, rooms[i]); /* deflated, libarchive itself would leak */
            check_refusal(tar_gz, reason, rooms[i]);
            check_refusal(tar_in_blocks, reason, rooms[i]);
        }
    }
}

static void a_stream_that_cannot_be_read_is_fatal_and_says_why(void)
{
    bio_stream *s = written(archive_write_set_format_zip, bio_new());
    struct archive *a = reader_of(NULL, ARCHIVE_FATAL);
    CHECK_EQ(archive_errno(a), bio_status_errno(BYTESIO_NULL_ARG));
    archive_read_free(a);
    CHECK_OK(bio_close(s));
    a = reader_of(s, ARCHIVE_FATAL);
    CHECK_EQ(archive_errno(a), bio_status_errno(BYTESIO_CLOSED));
    CHECK(strcmp(archive_error_string(a), bio_strerror(BYTESIO_CLOSED)) == 0);
    archive_read_free(a);
    bio_release(s);
}

static void an_archive_that_ends_too_early_is_libarchives_error(void)
{
    bio_stream *s = written(archive_write_set_format_ustar, bio_new());
    for (uint64_t len = bio_len(s); len > 0; len -= len < 9999 ? len : 9999) {
        struct archive *a;
        struct archive_entry *entry = NULL;
        int result;
        CHECK_OK(bio_truncate(s, len));
        a = reader_of(s, ARCHIVE_OK);
        do
            result = archive_read_next_header(a, &entry);
        while (result == ARCHIVE_OK);
        CHECK(result == ARCHIVE_EOF || result == ARCHIVE_FATAL);
        archive_read_free(a);
    }
    bio_release(s);
}

static void views_and_snapshots_do_not_matter_to_a_reader(void)
{
    bio_stream *s = written(archive_write_set_format_zip, bio_new());
    bio_view *view = view_of(s, BYTESIO_VIEW_WRITABLE);
    bio_snapshot *value = value_of(s);
    struct archive *a = reader_of(s, ARCHIVE_OK);
    for (size_t i = 0; i < COUNT(members); i++)
        check_next(a, members[i].name, content_of(i), members[i].len);
    CHECK_EQ(archive_read_free(a), ARCHIVE_OK);
    bio_snapshot_release(value);
    bio_view_release(view);
    bio_release(s);
}

CHECK_MAIN(CASE(every_format_comes_back), CASE(padding_is_what_the_program_asks_for),
           CASE(python_reads_what_is_written), CASE(what_python_writes_is_read),
           CASE(stored_bytes_are_the_streams_own), CASE(two_readers_have_positions_of_their_own),
           CASE(the_stream_lives_as_long_as_the_archive), CASE(what_is_not_opened_holds_no_stream),
           CASE(a_stream_that_refuses_bytes_is_fatal_and_says_why),
           CASE(a_stream_that_cannot_be_read_is_fatal_and_says_why),
           CASE(an_archive_that_ends_too_early_is_libarchives_error),
           CASE(views_and_snapshots_do_not_matter_to_a_reader))
