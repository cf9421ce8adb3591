/* bytesio/jpeg.h with libjpeg: the same bytes and pixels as with libjpeg's own memory managers, and no window left
 * open, however a picture is given up. */
#include "jpeg_pictures.h"

static void check_against_jpeg_mem_dest(settings how)
{
    struct jpeg_compress_struct cinfo;
    handler h;
    unsigned char *memory = NULL;
    unsigned long len = 0;
    bio_stream *s = written(how);
    handle((j_common_ptr)&cinfo, &h);
    jpeg_create_compress(&cinfo);
    jpeg_mem_dest(&cinfo, &memory, &len);
    compress_picture(&cinfo, how);
    jpeg_destroy_compress(&cinfo);
    CHECK_STREAM(s, memory, len);
    CHECK_EQ(bio_tell(s), len);
    free(memory);
    bio_release(s);
}

static void the_bytes_are_those_of_jpeg_mem_dest(void)
{
    for (size_t i = 0; i < COUNT(every_setting); i++) {
        paint((uint32_t)i);
        noise_fill(comment, COMMENT, 7);
        check_against_jpeg_mem_dest(every_setting[i]);
    }
}

static void the_pixels_are_those_of_jpeg_mem_src(void)
{
    for (size_t i = 0; i < COUNT(every_setting); i++) {
        handler h;
        bio_stream *s;
        bio_snapshot *memory;
        paint((uint32_t)i);
        s = written(every_setting[i]);
        memory = value_of(s);
        move_to(s, 0);
        CHECK_EQ(read_jpeg(s, NULL, got, &h), 0);
        CHECK_EQ(bio_tell(s), bio_len(s));
        CHECK_EQ(read_jpeg(NULL, memory, wanted, &h), 0);
        CHECK_MEM(got, sizeof got, wanted, sizeof wanted);
        bio_snapshot_release(memory);
        bio_release(s);
    }
}

static void one_object_writes_and_reads_pictures_one_after_the_other(void)
{
    struct jpeg_compress_struct out;
    struct jpeg_decompress_struct in;
    handler h;
    bio_stream *s = stream_at(LIT("head"), 4), *other = bio_new();
    handle((j_common_ptr)&out, &h);
    handle((j_common_ptr)&in, &h);
    jpeg_create_compress(&out);
    bio_jpeg_write_to(&out, s);
    paint(1);
    for (size_t i = 0; i < COUNT(every_setting); i++)
        compress_picture(&out, every_setting[i]);
    bio_jpeg_write_to(&out, other);
    compress_picture(&out, every_setting[0]);
    jpeg_destroy_compress(&out);
    CHECK_OK(bio_write(s, LIT("tail")));

    move_to(s, 4);
    jpeg_create_decompress(&in);
    bio_jpeg_read_from(&in, s);
    for (size_t i = 0; i < COUNT(every_setting); i++)
        CHECK(attempt(&h, decompress, &in));
    CHECK_EQ(bio_tell(s), bio_len(s) - 4);
    move_to(other, 0);
    bio_jpeg_read_from(&in, other);
    CHECK(attempt(&h, decompress, &in));
    CHECK_EQ(bio_tell(other), bio_len(other));
    jpeg_destroy_decompress(&in);
    bio_release(other);
    bio_release(s);
}

enum way_out { ABORT, DESTROY, WAYS_OUT };

static JDIMENSION rows_until_error;

static void fail_while_compressing(void *cinfo)
{
    bio_stream *s = ((struct bio_jpeg_destination *)((j_compress_ptr)cinfo)->dest)->stream;
    begin((j_compress_ptr)cinfo, usual);
    write_rows((j_compress_ptr)cinfo, rows_until_error);
    CHECK_STATUS(bio_write(s, LIT("x")), BYTESIO_BUSY);
    ERREXIT((j_common_ptr)cinfo, JERR_CANT_SUSPEND);
}

static void check_given_up_while_compressing(enum way_out way)
{
    struct jpeg_compress_struct cinfo;
    handler h;
    bio_stream *s = bio_new(), *whole = written(usual);
    bio_snapshot *value = value_of(whole);
    uint64_t len;
    handle((j_common_ptr)&cinfo, &h);
    jpeg_create_compress(&cinfo);
    bio_jpeg_write_to(&cinfo, s);
    CHECK(!attempt(&h, fail_while_compressing, &cinfo));
    if (way == ABORT)
        jpeg_abort_compress(&cinfo);
    else
        jpeg_destroy_compress(&cinfo);
    /* What is there is the beginning of the picture. */
    len = bio_len(s);
    CHECK(len < bio_snapshot_len(value));
    CHECK_EQ(bio_tell(s), len);
    CHECK_STREAM(s, bio_snapshot_data(value), (size_t)len);
    CHECK_OK(bio_write(s, LIT("usable")));
    if (way == ABORT) { /* and the object is, too */
        CHECK_OK(bio_clear(s));
        CHECK(attempt(&h, compress_usual, &cinfo));
        CHECK_STREAM(s, bio_snapshot_data(value), bio_snapshot_len(value));
        jpeg_destroy_compress(&cinfo);
    }
    bio_snapshot_release(value);
    bio_release(whole);
    bio_release(s);
}

static void a_longjmp_while_compressing_leaves_no_window_behind(void)
{
    paint(3);
    for (rows_until_error = 0; rows_until_error < HEIGHT; rows_until_error += 37) {
        check_given_up_while_compressing(ABORT);
        check_given_up_while_compressing(DESTROY);
    }
}

static void write_tables(void *cinfo)
{
    jpeg_write_tables((j_compress_ptr)cinfo);
}

static void a_longjmp_while_writing_tables_leaves_no_window_behind(void)
{
    struct jpeg_compress_struct cinfo;
    handler h;
    bio_stream *s = bio_new(), *other = bio_new();
    REQUIRE_OK(bio_set_limit(s, 100)); /* in the middle of the first table */
    handle((j_common_ptr)&cinfo, &h);
    jpeg_create_compress(&cinfo);
    cinfo.in_color_space = JCS_RGB;
    cinfo.input_components = 3;
    jpeg_set_defaults(&cinfo);
    bio_jpeg_write_to(&cinfo, s);
    for (int i = 0; i < 2; i++) { /* the second time without a jpeg_abort_compress() between */
        CHECK(!attempt(&h, write_tables, &cinfo));
        CHECK(strcmp(h.said, bio_strerror(BYTESIO_LIMIT)) == 0);
    }
    bio_jpeg_write_to(&cinfo, other);
    CHECK_OK(bio_clear(s));
    CHECK(attempt(&h, write_tables, &cinfo));
    CHECK(bio_len(other) > 100);
    jpeg_destroy_compress(&cinfo);
    bio_release(other);
    bio_release(s);
}

static void begin_only(void *cinfo)
{
    begin((j_compress_ptr)cinfo, usual);
}

static void the_stream_may_be_released_before_the_picture_is_given_up(void)
{
    struct jpeg_compress_struct cinfo;
    handler h;
    ledger book;
    bio_stream *s;
    ledger_open(&book, LEDGER_PLAIN);
    s = ledger_stream(&book, 0, BYTESIO_NO_LIMIT, 0);
    handle((j_common_ptr)&cinfo, &h);
    jpeg_create_compress(&cinfo);
    bio_jpeg_write_to(&cinfo, s);
    CHECK(attempt(&h, begin_only, &cinfo));
    bio_release(s);
    write_rows(&cinfo, 50);
    jpeg_destroy_compress(&cinfo);
    LEDGER_CLOSE(&book);
}

static void fail_while_decompressing(void *cinfo)
{
    JSAMPROW row = got;
    jpeg_read_header((j_decompress_ptr)cinfo, TRUE);
    jpeg_start_decompress((j_decompress_ptr)cinfo);
    jpeg_read_scanlines((j_decompress_ptr)cinfo, &row, 1);
    ERREXIT((j_common_ptr)cinfo, JERR_CANT_SUSPEND);
}

static void a_longjmp_while_decompressing_leaves_the_stream_as_it_was(void)
{
    paint(4);
    for (int way = 0; way < WAYS_OUT; way++) {
        struct jpeg_decompress_struct cinfo;
        handler h;
        bio_stream *s = written(usual);
        move_to(s, 0);
        handle((j_common_ptr)&cinfo, &h);
        jpeg_create_decompress(&cinfo);
        bio_jpeg_read_from(&cinfo, s);
        CHECK(!attempt(&h, fail_while_decompressing, &cinfo));
        CHECK_EQ(bio_tell(s), 0);
        if (way == ABORT) { /* the picture is read again, by the same object */
            jpeg_abort_decompress(&cinfo);
            CHECK(attempt(&h, decompress, &cinfo));
            CHECK_EQ(bio_tell(s), bio_len(s));
            move_to(s, 0);
        }
        jpeg_destroy_decompress(&cinfo);
        CHECK_OK(bio_write(s, LIT("usable")));
        move_to(s, 0);
        CHECK_EQ(read_jpeg(s, NULL, got, &h), -1); /* "Not a JPEG file" */
        bio_release(s);
    }
}

static void a_picture_that_ends_too_early_is_read_as_jpeg_mem_src_reads_it(void)
{
    bio_stream *s;
    uint64_t whole;
    noise_fill(comment, COMMENT, 7);
    paint(5);
    s = written(every_setting[3]);
    whole = bio_len(s);
    for (uint64_t len = whole - 1; len > 0; len -= len < 3001 ? len : 3001) {
        handler h, other;
        bio_snapshot *memory;
        long warnings;
        CHECK_OK(bio_truncate(s, len));
        memory = value_of(s);
        move_to(s, 0);
        warnings = read_jpeg(NULL, memory, wanted, &other);
        CHECK_EQ(read_jpeg(s, NULL, got, &h), warnings);
        CHECK(h.base.num_warnings > 0);
        CHECK_EQ(h.base.num_warnings, other.base.num_warnings);
        CHECK(strcmp(h.said, other.said) == 0);
        CHECK_MEM(got, sizeof got, wanted, sizeof wanted);
        CHECK_EQ(bio_tell(s), warnings < 0 ? 0 : len);
        bio_snapshot_release(memory);
    }
    bio_release(s);
}

static void what_cannot_be_read_is_libjpegs_error(void)
{
    handler h;
    bio_stream *s = bio_new();
    CHECK_EQ(read_jpeg(s, NULL, got, &h), -1);
    CHECK(strcmp(h.said, "Empty input file") == 0);
    CHECK_OK(bio_close(s));
    CHECK_EQ(read_jpeg(s, NULL, got, &h), -1);
    CHECK(strcmp(h.said, bio_strerror(BYTESIO_CLOSED)) == 0);
    bio_release(s);
}

static void a_stream_that_refuses_bytes_is_libjpegs_error(void)
{
    static const size_t rooms[] = {0, 1, 2, 100, 1000, 4096};
    paint(6);
    for (unsigned reason = 0; reason < REFUSALS; reason++) {
        for (size_t i = 0; i < COUNT(rooms); i++) {
            refusing r;
            handler h;
            refusing_open(&r, reason, rooms[i]);
            CHECK(!write_jpeg(r.stream, usual, &h));
            if (!CHECK(strcmp(h.said, bio_strerror(r.status)) == 0))
                check_fail(__FILE__, __LINE__, "... %s: %s", r.why, h.said);
            CHECK_EQ(bio_len(r.stream), r.status == BYTESIO_LIMIT ? rooms[i] : 0);
            refusing_close(&r);
        }
    }
}

static void a_picture_overwrites_one_while_a_view_is_alive(void)
{
    handler h;
    bio_stream *s;
    bio_view *view;
    bio_snapshot *value;
    paint(7);
    s = written(usual);
    value = value_of(s);
    CHECK_OK(bio_pwrite(s, LIT("something else"), 20));
    view = view_of(s, BYTESIO_VIEW_READONLY);
    move_to(s, 0);
    CHECK(write_jpeg(s, usual, &h));
    CHECK_STREAM(s, bio_snapshot_data(value), bio_snapshot_len(value));
    bio_snapshot_release(value);
    bio_view_release(view);
    bio_release(s);
}

static void a_program_with_messages_of_its_own_keeps_them(void)
{
    static const char *const messages[] = {"mine"};
    struct jpeg_compress_struct cinfo;
    handler h;
    bio_stream *s = bio_new();
    REQUIRE_OK(bio_set_limit(s, 10));
    handle((j_common_ptr)&cinfo, &h);
    h.base.addon_message_table = messages;
    h.base.first_addon_message = h.base.last_addon_message = 1000;
    jpeg_create_compress(&cinfo);
    bio_jpeg_write_to(&cinfo, s);
    CHECK(!attempt(&h, compress_usual, &cinfo));
    CHECK_EQ(h.base.msg_code, JERR_FILE_WRITE);
    CHECK(h.base.addon_message_table == messages);
    jpeg_destroy_compress(&cinfo);
    bio_release(s);
}

CHECK_MAIN(CASE(the_bytes_are_those_of_jpeg_mem_dest), CASE(the_pixels_are_those_of_jpeg_mem_src),
           CASE(one_object_writes_and_reads_pictures_one_after_the_other),
           CASE(a_longjmp_while_compressing_leaves_no_window_behind),
           CASE(a_longjmp_while_writing_tables_leaves_no_window_behind),
           CASE(the_stream_may_be_released_before_the_picture_is_given_up),
           CASE(a_longjmp_while_decompressing_leaves_the_stream_as_it_was),
           CASE(a_picture_that_ends_too_early_is_read_as_jpeg_mem_src_reads_it),
           CASE(what_cannot_be_read_is_libjpegs_error), CASE(a_stream_that_refuses_bytes_is_libjpegs_error),
           CASE(a_picture_overwrites_one_while_a_view_is_alive),
           CASE(a_program_with_messages_of_its_own_keeps_them))
