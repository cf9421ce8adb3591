/* OpenSSL (3.0 and later): a BIO over a stream of libbytesio: one call in place of BIO_new(BIO_s_mem()).
 *
 *     BIO *bio = bio_openssl_new(stream);
 *     PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
 *     EVP_PKEY *again = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
 *     BIO_free_all(bio);
 *
 * It behaves as BIO_s_mem() does: what is written is read from the beginning, and at the end a read gives -1 and
 * BIO_should_retry(), or what BIO_set_mem_eof_return() was told (0 for an end of file). BIO_reset() empties the stream.
 * What has been read stays in the stream until then; BIO_seek() moves the reading to any place and BIO_tell() says
 * where it is. BIO_get_mem_data() shows what is left to read, in place, until the next change of the stream;
 * BIO_get_mem_ptr() gives nothing. Two BIOs over one stream make a pipe.
 * Position: the BIO's own, one for reading, which begins at 0, and the end of the stream for writing, whoever else
 * appends to it. The stream's position is neither used nor moved, except by BIO_reset().
 * Ownership: the BIO holds a reference to the stream until it is freed.
 * Errors: 0 or -1 without BIO_should_retry(), and on OpenSSL's error queue the errno value with bio_strerror()'s text:
 * ERR_LIB_SYS and ENOSPC for a full stream.
 * Copies: one each way, between OpenSSL's buffer and the stream.
 *
 * Code that implements a BIO often names its own functions bio_read(), bio_write(), bio_new() and so on. To stand
 * beside those in one file, this header does not include bytesio.h; it declares the few functions that it calls. Both
 * may be included in either order; the compiler compares the declarations where this one comes first. A C file that
 * includes this header alone spells the type `struct bio_stream`.
 */
#ifndef BYTESIO_OPENSSL_H
#define BYTESIO_OPENSSL_H

#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef BYTESIO_H /* as it has them; a bio_status is an int32_t, and 0 is success */
struct bio_stream;
struct bio_stream *bio_retain(struct bio_stream *stream);
void bio_release(struct bio_stream *stream);
bool bio_is_closed(const struct bio_stream *stream);
uint64_t bio_len(const struct bio_stream *stream);
int32_t bio_pread(struct bio_stream *stream, void *buf, size_t len, uint64_t offset, size_t *nread);
int32_t bio_peek_at(struct bio_stream *stream, uint64_t offset, const uint8_t **ptr, size_t *len);
int32_t bio_append(struct bio_stream *stream, const void *data, size_t len);
int32_t bio_clear(struct bio_stream *stream);
const char *bio_strerror(int32_t status);
int32_t bio_status_errno(int32_t status);
#endif

/** What a BIO holds as its data. */
struct bio_openssl {
    struct bio_stream *stream;
    uint64_t position; /* of the next byte to read */
    int at_end;        /* what a read gives there */
};

static inline struct bio_openssl *bio_openssl_of(BIO *bio)
{
    return (struct bio_openssl *)BIO_get_data(bio);
}

static inline int bio_openssl_fail(int32_t status)
{
    ERR_raise_data(ERR_LIB_SYS, bio_status_errno(status), "%s", bio_strerror(status));
    return -1;
}

static inline int bio_openssl_read(BIO *bio, char *buffer, int len)
{
    struct bio_openssl *own = bio_openssl_of(bio);
    size_t got = 0;
    int32_t status;
    BIO_clear_retry_flags(bio);
    if (buffer == NULL || len <= 0)
        return 0;
    status = bio_pread(own->stream, buffer, (size_t)len, own->position, &got);
    if (status != 0)
        return bio_openssl_fail(status);
    own->position += got;
    if (got == 0 && own->at_end != 0)
        BIO_set_retry_read(bio);
    return got == 0 ? own->at_end : (int)got;
}

static inline int bio_openssl_write(BIO *bio, const char *bytes, int len)
{
    int32_t status;
    BIO_clear_retry_flags(bio);
    if (len <= 0)
        return 0;
    status = bio_append(bio_openssl_of(bio)->stream, bytes, (size_t)len);
    return status == 0 ? len : bio_openssl_fail(status);
}

static inline int bio_openssl_puts(BIO *bio, const char *text)
{
    size_t len = strlen(text);
    return len > INT_MAX ? -1 : bio_openssl_write(bio, text, (int)len);
}

/* A line with its line feed, or as much of it as `size` lets in, and a NUL; 0 at the end, as from BIO_s_mem(). */
static inline int bio_openssl_gets(BIO *bio, char *buffer, int size)
{
    struct bio_openssl *own = bio_openssl_of(bio);
    const char *feed;
    size_t got = 0;
    int32_t status;
    BIO_clear_retry_flags(bio);
    if (buffer == NULL || size <= 0)
        return 0;
    *buffer = '\0';
    status = bio_pread(own->stream, buffer, (size_t)size - 1, own->position, &got);
    if (status != 0)
        return bio_openssl_fail(status);
    feed = (const char *)memchr(buffer, '\n', got);
    if (feed != NULL)
        got = (size_t)(feed - buffer) + 1;
    buffer[got] = '\0';
    own->position += got;
    return (int)got;
}

static inline int bio_openssl_attach(BIO *bio, struct bio_stream *stream, uint64_t position, int at_end)
{
    struct bio_openssl *own = (struct bio_openssl *)OPENSSL_malloc(sizeof *own);
    if (own == NULL)
        return 0;
    own->stream = bio_retain(stream);
    if (own->stream == NULL) {
        OPENSSL_free(own);
        return 0;
    }
    own->position = position;
    own->at_end = at_end;
    BIO_set_data(bio, own);
    BIO_set_init(bio, 1);
    return 1;
}

static inline long bio_openssl_left(const struct bio_openssl *own)
{
    uint64_t len = bio_len(own->stream), left = len > own->position ? len - own->position : 0;
    return left < LONG_MAX ? (long)left : LONG_MAX;
}

/* What is left to read, and in `ptr` where it is. */
static inline long bio_openssl_show(struct bio_openssl *own, const uint8_t **ptr)
{
    const uint8_t *bytes = NULL;
    size_t len = 0;
    if (ptr == NULL)
        return bio_openssl_left(own);
    if (bio_peek_at(own->stream, own->position, &bytes, &len) != 0)
        return 0;
    *ptr = bytes;
    return len < LONG_MAX ? (long)len : LONG_MAX;
}

static inline long bio_openssl_reset(struct bio_openssl *own)
{
    int32_t status = bio_clear(own->stream);
    if (status != 0)
        return bio_openssl_fail(status);
    own->position = 0;
    return 1;
}

static inline long bio_openssl_ctrl(BIO *bio, int command, long number, void *ptr)
{
    struct bio_openssl *own = bio_openssl_of(bio);
    if (own == NULL)
        return 0;
    switch (command) {
    case BIO_CTRL_RESET: return bio_openssl_reset(own);
    case BIO_CTRL_EOF: return bio_openssl_left(own) == 0;
    case BIO_CTRL_PENDING: return bio_openssl_left(own);
    case BIO_CTRL_INFO: return bio_openssl_show(own, (const uint8_t **)ptr);
    case BIO_C_FILE_SEEK:
        if (number < 0)
            return -1;
        own->position = (uint64_t)number;
        return 0;
    case BIO_C_FILE_TELL: return own->position < LONG_MAX ? (long)own->position : LONG_MAX;
    case BIO_C_SET_BUF_MEM_EOF_RETURN: own->at_end = (int)number; return 1;
    case BIO_CTRL_GET_CLOSE: return BIO_get_shutdown(bio);
    case BIO_CTRL_SET_CLOSE: BIO_set_shutdown(bio, (int)number); return 1;
    case BIO_CTRL_DUP: return bio_openssl_attach((BIO *)ptr, own->stream, own->position, own->at_end);
    case BIO_CTRL_FLUSH: return 1;
    default: return 0;
    }
}

static inline int bio_openssl_free(BIO *bio)
{
    struct bio_openssl *own = bio == NULL ? NULL : bio_openssl_of(bio);
    if (own != NULL)
        bio_release(own->stream);
    OPENSSL_free(own);
    if (bio != NULL)
        BIO_set_data(bio, NULL);
    return bio != NULL;
}

static inline BIO_METHOD **bio_openssl_method(void)
{
    static BIO_METHOD *method;
    return &method;
}

static inline void bio_openssl_make_method(void)
{
    int index = BIO_get_new_index();
    BIO_METHOD *made = index < 0 ? NULL : BIO_meth_new(index | BIO_TYPE_SOURCE_SINK, "bytesio");
    if (made == NULL)
        return;
    BIO_meth_set_read(made, bio_openssl_read);
    BIO_meth_set_write(made, bio_openssl_write);
    BIO_meth_set_puts(made, bio_openssl_puts);
    BIO_meth_set_gets(made, bio_openssl_gets);
    BIO_meth_set_ctrl(made, bio_openssl_ctrl);
    BIO_meth_set_destroy(made, bio_openssl_free);
    *bio_openssl_method() = made; /* for the rest of the process, as those that OpenSSL brings */
}

/** Makes a BIO over a stream (owned: BIO_free()); NULL when out of memory, or when the stream is NULL or closed. */
static inline BIO *bio_openssl_new(struct bio_stream *stream)
{
    static CRYPTO_ONCE once = CRYPTO_ONCE_STATIC_INIT;
    BIO *bio = NULL;
    if (!bio_is_closed(stream) && CRYPTO_THREAD_run_once(&once, bio_openssl_make_method) == 1 &&
        *bio_openssl_method() != NULL)
        bio = BIO_new(*bio_openssl_method());
    if (bio != NULL && bio_openssl_attach(bio, stream, 0, -1) == 0) {
        BIO_free(bio);
        bio = NULL;
    }
    return bio;
}

#ifdef __cplusplus
}
#endif

#endif
