/* A second thread that checks snapshots of an archive while the archive is written on. */
#ifndef TAR_CHECK_H
#define TAR_CHECK_H

#include <bytesio.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct checker checker;

/* NULL when there is no memory or no thread to be had. */
checker *checker_start(void);

/* Hands a snapshot over, reference and all, and does not wait. False: no memory, still the caller's. */
bool checker_give(checker *watcher, bio_snapshot *snapshot);

/* Waits until everything given is checked, frees the checker. NULL when all was well, else the first fault.
 * *checked becomes the number of snapshots checked. A NULL checker has found nothing. */
const char *checker_finish(checker *watcher, uint64_t *checked);

#endif
