/* The adapter behind bytesio.h; openssl.c has them the other way round. */
#include "bytesio.h"

#include "bytesio/openssl.h"

#include "openssl_parts.h"

BIO *bio_from_other_file(bio_stream *stream)
{
    return bio_openssl_new(stream);
}
