#define _POSIX_C_SOURCE 200809L
#include "tar_check.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "tar_format.h"

/* One snapshot on its way from the writer to the checker. */
typedef struct parcel {
    struct parcel *next;
    bio_snapshot *snapshot;
} parcel;

struct checker {
    pthread_t thread;
    pthread_mutex_t lock; /* for the fields down to `finished` */
    pthread_cond_t changed;
    parcel *first;
    parcel **last;
    bool finished;

    /* The thread's own until it is joined. */
    bio_snapshot *previous; /* the newest snapshot that has been checked */
    uint64_t digest;        /* of the bytes of `previous`, made from each snapshot's new bytes as they came */
    uint64_t checked;
    const char *fault;
};

/* FNV-1a, which goes on where it stopped. */
static const uint64_t digest_of_nothing = 14695981039346656037u;

static uint64_t digest_on(uint64_t digest, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        digest = (digest ^ bytes[i]) * 1099511628211u;
    }
    return digest;
}

static bool all_zero(const uint8_t *bytes, size_t len)
{
    return len == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, len - 1) == 0);
}

/* Every header of the archive so far, from the first on. */
static const char *check_members(const uint8_t *bytes, size_t len)
{
    size_t at = 0;
    while (len - at >= TAR_BLOCK && !all_zero(bytes + at, TAR_BLOCK)) {
        tar_header header;
        uint64_t size = 0;
        memcpy(&header, bytes + at, sizeof header);
        const char *fault = tar_header_check(&header, &size);
        if (fault != NULL) {
            return fault;
        }
        at += TAR_BLOCK;
        if (size > len - at || tar_padding(size) > len - at - size) {
            return "a member ends behind the snapshot";
        }
        at += (size_t)size;
        if (!all_zero(bytes + at, tar_padding(size))) {
            return "the padding behind a member is not zero";
        }
        at += tar_padding(size);
    }
    /* What is left is the end of the archive, or nothing while members are still to come. */
    if (len - at != 0 && len - at != 2 * (size_t)TAR_BLOCK) {
        return "a snapshot ends within a block";
    }
    return all_zero(bytes + at, len - at) ? NULL : "there is something behind the archive's end";
}

static const char *check(checker *self, bio_snapshot *snapshot)
{
    const uint8_t *bytes = bio_snapshot_data(snapshot);
    const size_t len = bio_snapshot_len(snapshot);
    const size_t known = bio_snapshot_len(self->previous); /* 0 for no snapshot */
    bool same = false;
    if (bio_snapshot_starts_with(snapshot, bio_snapshot_data(self->previous), known, &same) != BYTESIO_OK ||
        !same) {
        return "the members of an earlier snapshot have changed";
    }
    self->digest = digest_on(self->digest, bytes + known, len - known);
    return check_members(bytes, len);
}

/* The next parcel, waiting for it; NULL when there will be none. */
static parcel *next_parcel(checker *self)
{
    pthread_mutex_lock(&self->lock);
    while (self->first == NULL && !self->finished) {
        pthread_cond_wait(&self->changed, &self->lock);
    }
    parcel *got = self->first;
    if (got != NULL) {
        self->first = got->next;
        if (self->first == NULL) {
            self->last = &self->first;
        }
    }
    pthread_mutex_unlock(&self->lock);
    return got;
}

static void *check_all(void *argument)
{
    checker *self = argument;
    for (parcel *got; (got = next_parcel(self)) != NULL; free(got)) {
        if (self->fault == NULL) {
            self->fault = check(self, got->snapshot);
            self->checked += 1;
        }
        bio_snapshot_release(self->previous);
        self->previous = got->snapshot;
    }
    /* Piece by piece or all at once, the bytes give the same digest, or some have changed since they came. */
    const uint64_t all_at_once =
        digest_on(digest_of_nothing, bio_snapshot_data(self->previous), bio_snapshot_len(self->previous));
    if (self->fault == NULL && all_at_once != self->digest) {
        self->fault = "bytes have changed since a snapshot showed them";
    }
    bio_snapshot_release(self->previous);
    return NULL;
}

checker *checker_start(void)
{
    checker *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return NULL;
    }
    self->last = &self->first;
    self->digest = digest_of_nothing;
    if (pthread_mutex_init(&self->lock, NULL) != 0) {
        free(self);
        return NULL;
    }
    if (pthread_cond_init(&self->changed, NULL) != 0) {
        pthread_mutex_destroy(&self->lock);
        free(self);
        return NULL;
    }
    if (pthread_create(&self->thread, NULL, check_all, self) != 0) {
        pthread_cond_destroy(&self->changed);
        pthread_mutex_destroy(&self->lock);
        free(self);
        return NULL;
    }
    return self;
}

bool checker_give(checker *self, bio_snapshot *snapshot)
{
    parcel *given = malloc(sizeof *given);
    if (given == NULL) {
        return false;
    }
    *given = (parcel){NULL, snapshot};
    pthread_mutex_lock(&self->lock);
    *self->last = given;
    self->last = &given->next;
    pthread_cond_signal(&self->changed);
    pthread_mutex_unlock(&self->lock);
    return true;
}

const char *checker_finish(checker *self, uint64_t *checked)
{
    if (self == NULL) {
        return NULL;
    }
    pthread_mutex_lock(&self->lock);
    self->finished = true;
    pthread_cond_signal(&self->changed);
    pthread_mutex_unlock(&self->lock);
    pthread_join(self->thread, NULL);

    const char *fault = self->fault;
    *checked = self->checked;
    pthread_cond_destroy(&self->changed);
    pthread_mutex_destroy(&self->lock);
    free(self);
    return fault;
}
