/* Packs files into an uncompressed tar archive that is built in a stream.
 *
 * A member's header is written with a placeholder for its size, the file is read from its descriptor straight
 * into the stream, and then the header is patched by seeking back: the size in it is what was read, whatever
 * the file's size was said to be. After each member a snapshot of the archive so far goes to a second thread,
 * which checks it while the archive is written on; nothing is copied for that. Only a complete, checked archive
 * reaches the disk.
 *
 * usage: tar ARCHIVE FILE...
 */
#define _POSIX_C_SOURCE 200809L
#include <bytesio.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tar_check.h"
#include "tar_format.h"

static bool library_failed(bio_status status, const char *what)
{
    if (status != BYTESIO_OK) {
        fprintf(stderr, "tar: %s: %s\n", what, bio_strerror(status));
    }
    return status != BYTESIO_OK;
}

/* For the calls that move bytes to or from a descriptor: the system's own reason when there is one. */
static bool transfer_failed(bio_status status, int os_error, const char *path)
{
    if (status == BYTESIO_IO) {
        fprintf(stderr, "tar: %s: %s\n", path, strerror(os_error));
        return true;
    }
    return library_failed(status, path);
}

static bool complain(const char *path, const char *reason)
{
    fprintf(stderr, "tar: %s: %s\n", path, reason);
    return false;
}

/* ---- one member ------------------------------------------------------------------------------------- */

/* The file's bytes and the zeros that fill its last block; *size becomes the number of the former. */
static bool append_contents(bio_stream *archive, int fd, const char *path, uint64_t *size)
{
    size_t moved = 0;
    int os_error = 0;
    const bio_status status = bio_read_fd(archive, fd, SIZE_MAX, &moved, &os_error);
    if (transfer_failed(status, os_error, path)) {
        return false;
    }
    *size = moved;
    return !library_failed(bio_fill(archive, 0, tar_padding(moved)), path);
}

static bool append_member(bio_stream *archive, int fd, const char *path)
{
    struct stat about;
    if (fstat(fd, &about) != 0) {
        return complain(path, strerror(errno));
    }
    if (!S_ISREG(about.st_mode)) {
        return complain(path, "not a regular file");
    }
    tar_header header;
    const char *refusal = tar_header_begin(&header, path, &about);
    if (refusal != NULL) {
        return complain(path, refusal);
    }
    const uint64_t header_at = bio_tell(archive);
    uint64_t size = 0;
    if (library_failed(bio_write(archive, &header, sizeof header), path) ||
        !append_contents(archive, fd, path, &size)) {
        return false;
    }
    if (!tar_header_finish(&header, size)) {
        return complain(path, "too large for a ustar header");
    }
    return !library_failed(bio_seek(archive, (int64_t)header_at, BYTESIO_SEEK_SET, NULL), path) &&
           !library_failed(bio_write(archive, &header, sizeof header), path) &&
           !library_failed(bio_seek(archive, 0, BYTESIO_SEEK_END, NULL), path);
}

static bool add_file(bio_stream *archive, const char *path)
{
    /* Without O_NONBLOCK, opening a FIFO would wait for a writer before it could be refused. */
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return complain(path, strerror(errno));
    }
    const bool added = append_member(archive, fd, path);
    close(fd);
    return added;
}

/* ---- the archive ------------------------------------------------------------------------------------ */

static bool publish(bio_stream *archive, checker *watcher)
{
    bio_snapshot *so_far = NULL;
    if (library_failed(bio_getvalue(archive, &so_far), "snapshot")) {
        return false;
    }
    if (!checker_give(watcher, so_far)) {
        bio_snapshot_release(so_far);
        return complain("checker", strerror(ENOMEM));
    }
    return true;
}

static bool build(bio_stream *archive, checker *watcher, int count, char **paths)
{
    for (int i = 0; i < count; i++) {
        if (!add_file(archive, paths[i]) || !publish(archive, watcher)) {
            return false;
        }
    }
    /* Two blocks of zeros end an archive. */
    return !library_failed(bio_fill(archive, 0, 2 * sizeof(tar_header)), "end of archive") &&
           publish(archive, watcher);
}

static bool write_all(bio_stream *archive, int fd, const char *path)
{
    size_t moved = 0;
    int os_error = 0;
    if (library_failed(bio_seek(archive, 0, BYTESIO_SEEK_SET, NULL), path)) {
        return false;
    }
    const bio_status status = bio_write_fd(archive, fd, SIZE_MAX, &moved, &os_error);
    return !transfer_failed(status, os_error, path);
}

/* Written beside the target and renamed onto it, so that a full disk leaves what was there before. */
static bool save(bio_stream *archive, const char *path)
{
    const size_t length = strlen(path);
    char *part = malloc(length + sizeof ".part");
    if (part == NULL) {
        return complain(path, strerror(ENOMEM));
    }
    memcpy(part, path, length);
    memcpy(part + length, ".part", sizeof ".part");

    bool saved = false;
    const int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) {
        complain(part, strerror(errno));
    } else {
        saved = write_all(archive, fd, part);
        if (close(fd) != 0 && saved) {
            saved = complain(part, strerror(errno));
        }
        if (saved && rename(part, path) != 0) {
            saved = complain(path, strerror(errno));
        }
        if (!saved) {
            unlink(part);
        }
    }
    free(part);
    return saved;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fputs("usage: tar ARCHIVE FILE...\n", stderr);
        return 2;
    }
    bio_stream *archive = bio_new();
    checker *watcher = checker_start();
    bool done = false;
    uint64_t checked = 0;
    if (archive == NULL || watcher == NULL) {
        complain(argv[1], strerror(ENOMEM));
    } else {
        done = build(archive, watcher, argc - 2, argv + 2);
    }
    const char *fault = checker_finish(watcher, &checked);
    if (fault != NULL) {
        done = complain("a snapshot is not what it must be", fault);
    }
    done = done && save(archive, argv[1]);
    if (done) {
        bio_statistics statistics = BYTESIO_STATISTICS_INIT;
        done = !library_failed(bio_get_statistics(archive, &statistics), "statistics");
        printf("%s: %d members, %" PRIu64 " bytes; %" PRIu64 " snapshots checked, %" PRIu64
               " bytes copied for them\n",
               argv[1], argc - 2, bio_len(archive), checked,
               statistics.fork_bytes + statistics.snapshot_copy_bytes);
    }
    bio_release(archive);
    return done ? 0 : 1;
}
