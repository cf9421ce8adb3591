/* bio_read_fd and bio_write_fd: files, pipes, errors of the system, room. */
#include "fd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

static int file_of(const void *data, size_t len)
{
    char name[] = "/tmp/bytesio-test-XXXXXX";
    int fd = mkstemp(name);
    REQUIRE(fd >= 0);
    unlink(name);
    REQUIRE(write(fd, data, len) == (ssize_t)len);
    REQUIRE(lseek(fd, 0, SEEK_SET) == 0);
    return fd;
}

static void pipe_of(int ends[2], const void *data, size_t len)
{
    REQUIRE(pipe(ends) == 0);
    REQUIRE(write(ends[1], data, len) == (ssize_t)len);
}

static void a_file_goes_round(void)
{
    enum { SIZE = 300000 };
    uint8_t *bytes = malloc(SIZE);
    REQUIRE(bytes != NULL);
    pattern_fill(bytes, SIZE, 0);
    bio_stream *s = stream_of(bytes, SIZE), *t = bio_new();
    REQUIRE(t != NULL);
    int fd = file_of("", 0);
    moved m = give(s, fd, SIZE_MAX);
    CHECK_MOVED(m, BYTESIO_OK, SIZE, 0);
    CHECK_EQ(bio_tell(s), SIZE);
    CHECK_EQ(lseek(fd, 0, SEEK_CUR), SIZE);
    lseek(fd, 0, SEEK_SET);
    m = take(t, fd, SIZE_MAX);
    CHECK_MOVED(m, BYTESIO_OK, SIZE, 0);
    CHECK_EQ(bio_tell(t), SIZE);
    CHECK_STREAM(t, bytes, SIZE);
    m = take(t, fd, SIZE_MAX);
    CHECK_MOVED(m, BYTESIO_OK, 0, 0); /* at the end of the file */
    close(fd);
    free(bytes);
    bio_release(s);
    bio_release(t);
}

static void reading_goes_to_the_position_up_to_max(void)
{
    for (int64_t position = 0; position <= 8; position++) {
        for (size_t max = 0; max <= 7; max++) {
            char want[32] = "01234"; /* zeros where the gap will be */
            size_t n = max < 5 ? max : 5;
            size_t len = n && (size_t)position + n > 5 ? (size_t)position + n : 5;
            int ends[2];
            bio_stream *s = stream_at(LIT("01234"), position);
            bio_snapshot *held = value_of(s);
            pipe_of(ends, "ABCDE", 5);
            close(ends[1]);
            moved m = take(s, ends[0], max);
            memcpy(want + position, "ABCDE", n);
            if (!(CHECK_MOVED(m, BYTESIO_OK, n, 0) & CHECK_STREAM(s, want, len) &
                  CHECK_EQ(bio_tell(s), (size_t)position + n) & CHECK_SNAPSHOT(held, LIT("01234"))))
                check_fail(__FILE__, __LINE__, "... %zu at %jd", max, (intmax_t)position);
            char rest[8]; /* what was not asked for is still there */
            CHECK_EQ(read(ends[0], rest, sizeof rest), 5 - n);
            close(ends[0]);
            bio_snapshot_release(held);
            bio_release(s);
        }
    }
}

static void writing_comes_from_the_position_up_to_max(void)
{
    for (int64_t position = 0; position <= 7; position++) {
        for (size_t max = 0; max <= 7; max++) {
            size_t avail = position < 5 ? (size_t)(5 - position) : 0, n = max < avail ? max : avail;
            char out[8];
            int ends[2];
            bio_stream *s = stream_at(LIT("01234"), position);
            REQUIRE(pipe(ends) == 0);
            moved m = give(s, ends[1], max);
            close(ends[1]);
            CHECK_MOVED(m, BYTESIO_OK, n, 0);
            CHECK_EQ(bio_tell(s), (size_t)position + n);
            CHECK_EQ(read(ends[0], out, sizeof out), n);
            CHECK_MEM(out, n, &"01234"[position < 5 ? position : 5], n);
            CHECK_STREAM(s, LIT("01234"));
            close(ends[0]);
            bio_release(s);
        }
    }
}

/* ---- errors ------------------------------------------------------------------------------------------------ */

static void a_bad_descriptor_is_an_io_error_with_its_errno(void)
{
    bio_stream *s = stream_at(LIT("01234"), 2);
    stream_state before = state_of(s);
    int ends[2], directory = open("/", O_RDONLY);
    REQUIRE(pipe(ends) == 0 && directory >= 0);
    CHECK_MOVED(take(s, -1, SIZE_MAX), BYTESIO_IO, 0, EBADF);
    CHECK_MOVED(give(s, -1, SIZE_MAX), BYTESIO_IO, 0, EBADF);
    CHECK_MOVED(take(s, ends[1], SIZE_MAX), BYTESIO_IO, 0, EBADF);
    CHECK_MOVED(give(s, ends[0], SIZE_MAX), BYTESIO_IO, 0, EBADF);
    CHECK_MOVED(take(s, directory, SIZE_MAX), BYTESIO_IO, 0, EISDIR);
    CHECK_STATE(s, &before);
    move_to(s, 9);
    CHECK_MOVED(take(s, -1, 5), BYTESIO_IO, 0, EBADF);
    CHECK_EQ(bio_len(s), 5); /* and no gap is filled for nothing */
    CHECK_OK(bio_write(s, LIT("!")));
    state_free(&before);
    close(ends[0]);
    close(ends[1]);
    close(directory);
    bio_release(s);
}

static void a_full_device_is_an_io_error(void)
{
    int fd = open("/dev/full", O_WRONLY);
    if (fd < 0)
        CHECK_SKIP("there is no /dev/full here");
    bio_stream *s = stream_of(LIT("01234"));
    CHECK_MOVED(give(s, fd, SIZE_MAX), BYTESIO_IO, 0, ENOSPC);
    CHECK_EQ(bio_tell(s), 0);
    close(fd);
    bio_release(s);
}

static void a_closed_reader_is_an_io_error(void)
{
    int ends[2];
    bio_stream *s = stream_of(LIT("01234"));
    void (*old)(int) = signal(SIGPIPE, SIG_IGN);
    REQUIRE(pipe(ends) == 0);
    close(ends[0]);
    CHECK_MOVED(give(s, ends[1], SIZE_MAX), BYTESIO_IO, 0, EPIPE);
    CHECK_EQ(bio_tell(s), 0);
    close(ends[1]);
    signal(SIGPIPE, old);
    bio_release(s);
}

static void what_came_before_the_error_counts(void)
{
    int ends[2];
    bio_stream *s = stream_at(LIT("abc"), 3);
    pipe_of(ends, "DEFGH", 5);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    CHECK_MOVED(take(s, ends[0], SIZE_MAX), BYTESIO_IO, 5, EAGAIN);
    CHECK_STREAM(s, LIT("abcDEFGH"));
    CHECK_EQ(bio_tell(s), 8);
    CHECK_MOVED(take(s, ends[0], SIZE_MAX), BYTESIO_IO, 0, EAGAIN);
    close(ends[1]);
    CHECK_MOVED(take(s, ends[0], SIZE_MAX), BYTESIO_OK, 0, 0);
    close(ends[0]);
    bio_release(s);
}

static void a_full_pipe_takes_what_it_can(void)
{
    int ends[2];
    bio_stream *s = large_stream();
    uint8_t *out = malloc(LARGE);
    size_t at = 0;
    REQUIRE(pipe(ends) == 0 && out != NULL);
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    while (at < LARGE) {
        moved m = give(s, ends[1], SIZE_MAX);
        bool rest = LARGE - at == m.n;
        CHECK_STATUS(m.status, rest ? BYTESIO_OK : BYTESIO_IO);
        CHECK_EQ(m.os_error, rest ? 0 : EAGAIN);
        REQUIRE(m.n > 0);
        CHECK_EQ(bio_tell(s), at + m.n);
        if (!rest) {
            CHECK_MOVED(give(s, ends[1], SIZE_MAX), BYTESIO_IO, 0, EAGAIN);
            CHECK_EQ(bio_tell(s), at + m.n);
        }
        size_t got = 0;
        for (ssize_t n; got < m.n && (n = read(ends[0], out + at + got, LARGE - at - got)) > 0;)
            got += (size_t)n;
        REQUIRE(got == m.n);
        at += got;
    }
    CHECK(pattern_holds(out, LARGE, 0));
    free(out);
    close(ends[0]);
    close(ends[1]);
    bio_release(s);
}

/* ---- room -------------------------------------------------------------------------------------------------- */

static void expect_room(bio_stream *s, size_t room, bio_status when_full)
{
    /* Three bytes fit: three come, the others stay in the pipe, and then the reason is given. */
    int ends[2];
    char rest[8];
    pipe_of(ends, "ABCDE", 5);
    uint64_t at = bio_tell(s);
    CHECK_MOVED(take(s, ends[0], SIZE_MAX), BYTESIO_OK, room, 0);
    CHECK_EQ(bio_tell(s), at + room);
    size_t n = 77;
    int os_error = 77;
    CHECK_STATUS(bio_read_fd(s, ends[0], 4, &n, &os_error), when_full);
    CHECK_EQ(bio_tell(s), at + room);
    CHECK_MOVED(take(s, ends[0], 0), BYTESIO_OK, 0, 0);
    CHECK_EQ(read(ends[0], rest, sizeof rest), 5 - room);
    CHECK_MEM(rest, 5 - room, &"ABCDE"[room], 5 - room);
    close(ends[0]);
    close(ends[1]);
}

static void the_limit_leaves_the_rest_in_the_pipe(void)
{
    bio_stream *s = stream_at(LIT("01234"), 4);
    CHECK_OK(bio_set_limit(s, 7));
    expect_room(s, 3, BYTESIO_LIMIT);
    CHECK_STREAM(s, LIT("0123ABC"));
    bio_release(s);
}

static void fixed_memory_leaves_the_rest_in_the_pipe(void)
{
    char memory[8] = "01234##!";
    bio_stream *s = NULL;
    REQUIRE_OK(bio_new_fixed(memory, 7, 5, &s));
    move_to(s, 4);
    expect_room(s, 3, BYTESIO_LIMIT);
    CHECK_MEM(memory, 8, LIT("0123ABC!"));
    bio_release(s);
}

static void a_view_leaves_the_rest_in_the_pipe(void)
{
    bio_stream *s = stream_at(LIT("01234"), 2);
    bio_view *view = view_of(s, BYTESIO_VIEW_READONLY);
    expect_room(s, 3, BYTESIO_EXPORTED);
    CHECK_VIEW(view, LIT("01ABC"));
    bio_view_release(view);
    bio_release(s);
}

CHECK_MAIN(CASE(a_file_goes_round), CASE(reading_goes_to_the_position_up_to_max),
           CASE(writing_comes_from_the_position_up_to_max),

           CASE(a_bad_descriptor_is_an_io_error_with_its_errno), CASE(a_full_device_is_an_io_error),
           CASE(a_closed_reader_is_an_io_error), CASE(what_came_before_the_error_counts),
           CASE(a_full_pipe_takes_what_it_can), CASE(the_limit_leaves_the_rest_in_the_pipe),
           CASE(fixed_memory_leaves_the_rest_in_the_pipe), CASE(a_view_leaves_the_rest_in_the_pipe))
