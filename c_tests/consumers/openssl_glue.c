/* Glue as people write it: its own functions have the names of bytesio.h's, and the adapter stands beside them. */
#include "bytesio/openssl.h"

#include "openssl_parts.h"

static int uses;

static int bio_read(BIO *bio, char *buffer, int len)
{
    return BIO_read(BIO_next(bio), buffer, len);
}

static int bio_write(BIO *bio, const char *bytes, int len)
{
    uses++;
    return BIO_write(BIO_next(bio), bytes, len);
}

static int bio_puts(BIO *bio, const char *text)
{
    return BIO_puts(BIO_next(bio), text);
}

static int bio_gets(BIO *bio, char *buffer, int size)
{
    return BIO_gets(BIO_next(bio), buffer, size);
}

static long bio_ctrl(BIO *bio, int command, long number, void *ptr)
{
    return BIO_ctrl(BIO_next(bio), command, number, ptr);
}

static int bio_free(BIO *bio)
{
    return bio != NULL;
}

static BIO *bio_new(BIO_METHOD *method)
{
    BIO *bio = BIO_new(method);
    BIO_set_init(bio, 1);
    return bio;
}

int through_own_filter(struct bio_stream *stream, const char *text)
{
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_FILTER | 100, "filter");
    BIO *bio;
    BIO_meth_set_read(method, bio_read);
    BIO_meth_set_write(method, bio_write);
    BIO_meth_set_puts(method, bio_puts);
    BIO_meth_set_gets(method, bio_gets);
    BIO_meth_set_ctrl(method, bio_ctrl);
    BIO_meth_set_destroy(method, bio_free);
    bio = BIO_push(bio_new(method), bio_openssl_new(stream));
    BIO_write(bio, text, (int)strlen(text));
    BIO_free_all(bio);
    BIO_meth_free(method);
    return uses;
}
