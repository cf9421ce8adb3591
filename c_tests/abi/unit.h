/* Between the two translation units, either of which may be C or C++. */
#ifndef BYTESIO_TEST_UNIT_H
#define BYTESIO_TEST_UNIT_H

#include "bytesio.h"
#include "bytesio.h" /* the guard */

#ifdef __cplusplus
extern "C" {
#endif

bio_status unit_a_write(bio_stream *stream, int number);

#ifdef __cplusplus
}
#endif

#endif
