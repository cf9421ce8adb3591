/* libarchive refused memory while an archive is opened: the stream's reference comes back. */
#include "archive_memory.h"

#include <archive.h>
#include <stdint.h>
#include <string.h>

#include "bytesio/archive.h"

static size_t fail_at;

/* In front of the C library's, for libarchive alone to notice: the others use malloc(). */
void *calloc(size_t count, size_t size)
{
    void *ptr;
    if ((fail_at > 0 && --fail_at == 0) || (size > 0 && count > SIZE_MAX / size))
        return NULL;
    ptr = malloc(count * size);
    return ptr == NULL ? NULL : memset(ptr, 0, count * size);
}

bool refused_writer(bio_stream *stream, size_t nth)
{
    struct archive *archive = archive_write_new();
    int result;
    archive_write_set_format_ustar(archive);
    fail_at = nth;
    result = bio_archive_write_open(archive, stream);
    fail_at = 0;
    archive_write_free(archive);
    return result == ARCHIVE_FATAL;
}

bool refused_reader(bio_stream *stream, size_t nth)
{
    struct archive *archive = archive_read_new();
    int result;
    archive_read_support_format_tar(archive);
    fail_at = nth;
    result = bio_archive_read_open(archive, stream);
    fail_at = 0;
    archive_read_free(archive);
    return result == ARCHIVE_FATAL;
}
