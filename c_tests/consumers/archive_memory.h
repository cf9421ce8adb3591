/* Opens an archive over the stream while libarchive's `nth` request for memory is refused, and frees it. Whether that
 * was an error. */
#ifndef BYTESIO_TEST_ARCHIVE_MEMORY_H
#define BYTESIO_TEST_ARCHIVE_MEMORY_H

#include "bytesio.h"

bool refused_writer(bio_stream *stream, size_t nth);
bool refused_reader(bio_stream *stream, size_t nth);

#endif
