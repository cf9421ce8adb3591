/* OpenSSL's memory BIO and our stream in one translation unit and one program. */
#ifdef OPENSSL_before
#include <openssl/bio.h>
#include "bytesio.h"
#else
#include "bytesio.h"
#include <openssl/bio.h>
#endif

#include <openssl/crypto.h>
#include <string.h>

int main(void)
{
    static const char text[] = "the same bytes in both";
    BIO *theirs = BIO_new(BIO_s_mem());
    bio_stream *ours = bio_new();
    bio_snapshot *value = NULL;
    char *data = NULL;
    long len;
    int32_t order = 1;

    if (theirs == NULL || ours == NULL)
        return 2;
    if (BIO_write(theirs, text, (int)sizeof text) != (int)sizeof text)
        return 3;
    len = BIO_get_mem_data(theirs, &data);
    if (bio_write(ours, data, (size_t)len) != BYTESIO_OK || bio_getvalue(ours, &value) != BYTESIO_OK)
        return 4;
    if (bio_snapshot_compare(value, text, sizeof text, &order) != BYTESIO_OK || order != 0)
        return 5;
    bio_snapshot_release(value);
    bio_release(ours);
    BIO_free(theirs);
    OPENSSL_cleanup(); /* runs libcrypto's own bio_cleanup, bio_sock_cleanup_int, ... */
    return 0;
}
