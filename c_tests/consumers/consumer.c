#include "consumer.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

void refusing_open(refusing *r, unsigned reason, size_t room)
{
    static const struct {
        const char *why;
        bio_status status;
    } reasons[REFUSALS] = {
        [REFUSES_LIMIT] = {"limit", BYTESIO_LIMIT},      [REFUSES_FIXED] = {"fixed memory", BYTESIO_LIMIT},
        [REFUSES_EXPORTED] = {"view", BYTESIO_EXPORTED}, [REFUSES_BUSY] = {"window", BYTESIO_BUSY},
        [REFUSES_CLOSED] = {"closed", BYTESIO_CLOSED},
    };
    uint8_t *window = NULL;
    size_t capacity = 0;

    r->why = reasons[reason].why;
    r->status = reasons[reason].status;
    r->view = NULL;
    REQUIRE(room <= sizeof r->fixed);
    if (reason == REFUSES_FIXED) {
        REQUIRE_OK(bio_new_fixed(r->fixed, room, 0, &r->stream));
        return;
    }
    r->stream = bio_new();
    REQUIRE(r->stream != NULL);
    switch (reason) {
    case REFUSES_LIMIT: REQUIRE_OK(bio_set_limit(r->stream, room)); break;
    case REFUSES_EXPORTED: r->view = view_of(r->stream, BYTESIO_VIEW_READONLY); break;
    case REFUSES_BUSY: REQUIRE_OK(bio_prepare(r->stream, 1, &window, &capacity)); break;
    case REFUSES_CLOSED: REQUIRE_OK(bio_close(r->stream)); break;
    }
}

void refusing_close(refusing *r)
{
    if (r->status == BYTESIO_BUSY)
        CHECK_OK(bio_commit(r->stream, 0));
    if (r->status != BYTESIO_CLOSED) {
        bio_view_release(r->view);
        CHECK_OK(bio_clear(r->stream));
        if (r->status != BYTESIO_LIMIT)
            CHECK_OK(bio_write(r->stream, "usable", 6));
    }
    bio_release(r->stream);
}

void noise_fill(uint8_t *out, size_t len, uint32_t seed)
{
    uint64_t state = seed * UINT64_C(2654435769) + 1;
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)random_below(&state, 256);
}

/* A file without a name, which the child inherits as its standard input or output. */
static FILE *passing_file(void)
{
    FILE *file = tmpfile();
    REQUIRE(file != NULL);
    return file;
}

bool run_python(const char *python, const char *script, const char *verb, bio_stream *in, bio_stream *out)
{
    char *argv[] = {(char *)python, (char *)script, (char *)verb, NULL};
    FILE *given = passing_file(), *printed = passing_file();
    posix_spawn_file_actions_t actions;
    bio_snapshot *content = NULL;
    int state = -1, os_error = 0;
    size_t moved = 0;
    pid_t child = -1;

    if (in) {
        content = value_of(in);
        REQUIRE(fwrite(bio_snapshot_data(content), 1, bio_snapshot_len(content), given) ==
                bio_snapshot_len(content));
        bio_snapshot_release(content);
        REQUIRE(fflush(given) == 0 && lseek(fileno(given), 0, SEEK_SET) == 0);
    }
    REQUIRE(posix_spawn_file_actions_init(&actions) == 0);
    REQUIRE(posix_spawn_file_actions_adddup2(&actions, fileno(given), STDIN_FILENO) == 0);
    REQUIRE(posix_spawn_file_actions_adddup2(&actions, fileno(printed), STDOUT_FILENO) == 0);
    REQUIRE(posix_spawn(&child, python, &actions, NULL, argv, environ) == 0);
    posix_spawn_file_actions_destroy(&actions);
    REQUIRE(waitpid(child, &state, 0) == child);
    if (out) {
        REQUIRE(lseek(fileno(printed), 0, SEEK_SET) == 0);
        REQUIRE_OK(bio_read_fd(out, fileno(printed), SIZE_MAX, &moved, &os_error));
    }
    fclose(given);
    fclose(printed);
    return WIFEXITED(state) && WEXITSTATUS(state) == 0;
}
