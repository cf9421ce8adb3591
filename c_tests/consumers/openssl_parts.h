#ifndef BYTESIO_TEST_OPENSSL_PARTS_H
#define BYTESIO_TEST_OPENSSL_PARTS_H

#include <openssl/bio.h>

struct bio_stream;

/* In openssl_glue.c: writes a text through a filter of its own, and gives how often that was used. */
int through_own_filter(struct bio_stream *stream, const char *text);

/* In openssl_after.c: bio_openssl_new(). */
BIO *bio_from_other_file(struct bio_stream *stream);

#endif
