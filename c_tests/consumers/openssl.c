/* bytesio/openssl.h with OpenSSL: what BIO_s_mem() does, PEM, a chain of filters, and TLS between two streams. */
#include "bytesio/openssl.h" /* before bytesio.h: the declarations of both are compared */

#include "consumer.h"
#include "openssl_parts.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

static BIO *over(bio_stream *stream)
{
    BIO *bio = bio_openssl_new(stream);
    REQUIRE(bio != NULL);
    return bio;
}

/* Each step gives the same from BIO_s_mem() and from a stream. */
typedef struct step {
    enum { WRITE, PUTS, READ, GETS, PENDING, AT_EOF, RETRY, EOF_RETURN, RESET, FLUSH, SHOW, CLOSE_FLAG } verb;
    const char *text;
    int number;
} step;

static long do_step(BIO *bio, const step *s, char *out, size_t *len)
{
    long result = 0;
    char *shown = NULL;
    *len = 0;
    switch (s->verb) {
    case WRITE: return BIO_write(bio, s->text, s->number);
    case PUTS: return BIO_puts(bio, s->text);
    case READ:
        result = BIO_read(bio, out, s->number);
        *len = result > 0 ? (size_t)result : 0;
        return result;
    case GETS:
        result = BIO_gets(bio, out, s->number);
        *len = strlen(out) + 1;
        return result;
    case PENDING: return (long)(BIO_pending(bio) * 100 + BIO_wpending(bio));
    case AT_EOF: return BIO_eof(bio);
    case RETRY: return BIO_should_retry(bio) * 10 + BIO_should_read(bio);
    case EOF_RETURN: return BIO_set_mem_eof_return(bio, s->number);
    case RESET: return BIO_reset(bio);
    case FLUSH: return BIO_flush(bio);
    case SHOW:
        result = BIO_get_mem_data(bio, &shown);
        *len = (size_t)result;
        memcpy(out, shown, *len);
        return result;
    case CLOSE_FLAG: return BIO_set_close(bio, s->number) * 10 + BIO_get_close(bio);
    }
    return result;
}

static const step steps[] = {
    {PENDING, NULL, 0},     {AT_EOF, NULL, 0},         {READ, NULL, 5},
    {RETRY, NULL, 0},       {WRITE, "a line\n", 7},    {RETRY, NULL, 0},
    {PENDING, NULL, 0},     {AT_EOF, NULL, 0},         {PUTS, "and another\n", 0},
    {READ, NULL, 3},        {SHOW, NULL, 0},           {PENDING, NULL, 0},
    {GETS, NULL, 50},       {GETS, NULL, 5},           {GETS, NULL, 50},
    {GETS, NULL, 50},       {AT_EOF, NULL, 0},         {READ, NULL, 1},
    {RETRY, NULL, 0},       {PUTS, "no feed", 0},      {GETS, NULL, 50},
    {GETS, NULL, 50},       {EOF_RETURN, NULL, 0},     {READ, NULL, 1},
    {RETRY, NULL, 0},       {WRITE, "0123456789", 10}, {READ, NULL, 4},
    {FLUSH, NULL, 0},       {RESET, NULL, 0},          {PENDING, NULL, 0},
    {READ, NULL, 3},        {WRITE, "z", 1},           {READ, NULL, 3},
    {EOF_RETURN, NULL, -1}, {READ, NULL, 3},           {RETRY, NULL, 0},
    {CLOSE_FLAG, NULL, 0},  {CLOSE_FLAG, NULL, 1},     {WRITE, "", 0},
    {PENDING, NULL, 0},
};

static void it_behaves_as_a_memory_bio(void)
{
    bio_stream *s = bio_new();
    BIO *ours = over(s), *theirs = BIO_new(BIO_s_mem());
    for (size_t i = 0; i < COUNT(steps); i++) {
        char a[64] = "", b[64] = "";
        size_t a_len = 0, b_len = 0;
        long result = do_step(ours, &steps[i], a, &a_len), want = do_step(theirs, &steps[i], b, &b_len);
        if (!CHECK_EQ(result, want) || !CHECK_MEM(a, a_len, b, b_len))
            check_fail(__FILE__, __LINE__, "... at step %zu", i);
    }
    BIO_free(theirs);
    BIO_free(ours);
    bio_release(s);
}

static void it_has_its_own_positions(void)
{
    bio_stream *s = stream_at(LIT("content"), 3);
    BIO *one = over(s), *two = bio_from_other_file(s);
    char text[16] = "";
    size_t count = 0;
    CHECK_EQ(BIO_write(one, " more", 5), 5);
    CHECK_EQ(BIO_read(one, text, 4), 4);
    CHECK_EQ(BIO_tell(one), 4);
    CHECK_EQ(BIO_read(two, text + 4, 9), 9);
    CHECK_MEM(text, 13, LIT("contcontent m"));
    CHECK_EQ(BIO_seek(one, 1), 0);
    CHECK_EQ(BIO_read_ex(one, text, 3, &count), 1);
    CHECK_MEM(text, count, LIT("ont"));
    CHECK_EQ(BIO_seek(one, -1), -1);
    CHECK_EQ(BIO_seek(one, 100), 0);
    CHECK_EQ(BIO_pending(one), 0);
    CHECK_EQ(BIO_read(one, text, 3), -1);
    CHECK_EQ(bio_tell(s), 3);
    CHECK_STREAM(s, LIT("content more"));
    BIO_free(one);
    BIO_free(two);
    bio_release(s);
}

static void a_duplicate_goes_on_by_itself(void)
{
    bio_stream *s = stream_of(LIT("content"));
    BIO *one = over(s), *two = NULL;
    char text[16] = "";
    CHECK_EQ(BIO_read(one, text, 3), 3);
    BIO_set_mem_eof_return(one, 0);
    two = BIO_dup_chain(one);
    REQUIRE(two != NULL);
    BIO_free(one);
    bio_release(s);
    CHECK_EQ(BIO_read(two, text, 16), 4);
    CHECK_MEM(text, 4, LIT("tent"));
    CHECK_EQ(BIO_read(two, text, 16), 0);
    CHECK_EQ(BIO_puts(two, "!"), 1);
    CHECK_EQ(BIO_read(two, text, 16), 1);
    BIO_free(two);
}

static void it_stands_beside_glue_of_the_same_names(void)
{
    bio_stream *s = bio_new();
    CHECK_EQ(through_own_filter(s, "by the filter"), 1);
    CHECK_STREAM(s, LIT("by the filter"));
    bio_release(s);
}

static EVP_PKEY *new_key(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    REQUIRE(key != NULL);
    return key;
}

static X509 *certificate_of(EVP_PKEY *key)
{
    X509 *certificate = X509_new();
    X509_NAME *name = X509_get_subject_name(certificate);
    REQUIRE(X509_set_version(certificate, 2) && ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1));
    REQUIRE(X509_gmtime_adj(X509_getm_notBefore(certificate), -3600) != NULL);
    REQUIRE(X509_gmtime_adj(X509_getm_notAfter(certificate), 3600) != NULL);
    REQUIRE(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"test", -1, -1, 0));
    REQUIRE(X509_set_issuer_name(certificate, name) && X509_set_pubkey(certificate, key));
    REQUIRE(X509_sign(certificate, key, EVP_sha256()) > 0);
    return certificate;
}

static void keys_and_certificates_come_back_from_pem(void)
{
    bio_stream *s = bio_new();
    BIO *bio = over(s);
    EVP_PKEY *key = new_key(), *key_again = NULL;
    X509 *certificate = certificate_of(key), *again = NULL;
    CHECK_EQ(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
    CHECK_EQ(BIO_puts(bio, "what stands between them\n"), 25);
    CHECK_EQ(PEM_write_bio_X509(bio, certificate), 1);
    key_again = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    again = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    REQUIRE(key_again != NULL && again != NULL);
    CHECK_EQ(EVP_PKEY_eq(key, key_again), 1);
    CHECK_EQ(X509_cmp(certificate, again), 0);
    CHECK(PEM_read_bio_X509(bio, NULL, NULL, NULL) == NULL);
    CHECK_EQ(ERR_GET_REASON(ERR_peek_last_error()), PEM_R_NO_START_LINE);
    ERR_clear_error();

    CHECK_EQ(BIO_reset(bio), 1); /* the same as DER */
    CHECK_EQ(bio_len(s), 0);
    CHECK_EQ(i2d_X509_bio(bio, certificate), 1);
    X509_free(again);
    again = d2i_X509_bio(bio, NULL);
    REQUIRE(again != NULL);
    CHECK_EQ(X509_cmp(certificate, again), 0);
    X509_free(again);
    X509_free(certificate);
    EVP_PKEY_free(key_again);
    EVP_PKEY_free(key);
    BIO_free(bio);
    bio_release(s);
}

/* bytes -> AES -> base64 -> stream for 1, and back for 0. */
static BIO *chain(bio_stream *stream, int encrypt)
{
    static const unsigned char key[32] = "a key of thirty-two bytes......", iv[16] = "an iv of sixteen";
    BIO *cipher = BIO_new(BIO_f_cipher());
    BIO *sink = over(stream);
    REQUIRE(BIO_set_cipher(cipher, EVP_aes_256_cbc(), key, iv, encrypt) == 1);
    BIO_set_mem_eof_return(sink, 0);
    return BIO_push(cipher, BIO_push(BIO_new(BIO_f_base64()), sink));
}

enum { LARGE = 300 * 1000 };
static uint8_t sent[LARGE], received[LARGE + 16];

static void a_chain_of_filters_comes_back(void)
{
    static const size_t sizes[] = {0, 1, 15, 16, 17, 1000, LARGE};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        bio_stream *s = bio_new();
        size_t done = 0, count = 0;
        noise_fill(sent, sizes[i], (uint32_t)i);
        BIO *bio = chain(s, 1);
        for (; done < sizes[i] && BIO_write_ex(bio, sent + done, sizes[i] - done, &count); done += count)
            ;
        CHECK_EQ(done, sizes[i]);
        CHECK_EQ(BIO_flush(bio), 1);
        BIO_free_all(bio);
        CHECK(bio_len(s) > sizes[i] * 4 / 3);
        bio = chain(s, 0);
        for (done = 0;
             done < sizeof received && BIO_read_ex(bio, received + done, sizeof received - done, &count);)
            done += count;
        CHECK_EQ(BIO_get_cipher_status(bio), 1);
        CHECK_MEM(received, done, sent, sizes[i]);
        BIO_free_all(bio);
        bio_release(s);
    }
}

/* One end: reads from one stream and writes to the other. */
static SSL *end_over(SSL_CTX *context, bio_stream *in, bio_stream *out)
{
    SSL *ssl = SSL_new(context);
    REQUIRE(ssl != NULL);
    SSL_set_bio(ssl, over(in), over(out));
    return ssl;
}

static void shake_hands(SSL *client, SSL *server)
{
    for (int turn = 0; turn < 20 && !(SSL_is_init_finished(client) && SSL_is_init_finished(server)); turn++) {
        SSL *ssl = turn % 2 ? server : client;
        int result = SSL_do_handshake(ssl);
        CHECK(result == 1 || SSL_get_error(ssl, result) == SSL_ERROR_WANT_READ);
    }
    REQUIRE(SSL_is_init_finished(client) && SSL_is_init_finished(server));
}

static void tls_works_over_two_streams(void)
{
    bio_stream *up = bio_new(), *down = bio_new();
    EVP_PKEY *key = new_key();
    X509 *certificate = certificate_of(key);
    SSL_CTX *server_context = SSL_CTX_new(TLS_server_method()),
            *client_context = SSL_CTX_new(TLS_client_method());
    size_t count = 0, done = 0;
    REQUIRE(SSL_CTX_use_certificate(server_context, certificate) &&
            SSL_CTX_use_PrivateKey(server_context, key));
    REQUIRE(X509_STORE_add_cert(SSL_CTX_get_cert_store(client_context), certificate));
    SSL_CTX_set_verify(client_context, SSL_VERIFY_PEER, NULL);
    SSL *client = end_over(client_context, down, up), *server = end_over(server_context, up, down);
    SSL_set_connect_state(client);
    SSL_set_accept_state(server);
    shake_hands(client, server);
    CHECK_EQ(SSL_get_verify_result(client), X509_V_OK);

    noise_fill(sent, sizeof sent, 9);
    CHECK_EQ(SSL_write_ex(client, sent, sizeof sent, &count), 1);
    CHECK_EQ(count, sizeof sent);
    while (done < sizeof sent && SSL_read_ex(server, received + done, sizeof sent - done, &count))
        done += count;
    CHECK_MEM(received, done, sent, sizeof sent);
    int result = SSL_read(server, received, 1);
    CHECK_EQ(SSL_get_error(server, result), SSL_ERROR_WANT_READ); /* nothing is there yet: not the end */

    CHECK_EQ(BIO_reset(SSL_get_rbio(server)), 1); /* what has been read is not kept for ever */
    CHECK_EQ(bio_len(up), 0);
    CHECK_EQ(SSL_write(client, "bye", 3), 3);
    CHECK_EQ(SSL_read(server, received, 10), 3);

    REQUIRE_OK(bio_set_limit(up, bio_len(up)));
    ERR_clear_error();
    result = SSL_write(client, "more", 4);
    CHECK_EQ(SSL_get_error(client, result), SSL_ERROR_SYSCALL);
    CHECK_EQ(ERR_GET_REASON(ERR_peek_error()), ENOSPC);
    ERR_clear_error();
    SSL_free(client);
    SSL_free(server);
    SSL_CTX_free(client_context);
    SSL_CTX_free(server_context);
    X509_free(certificate);
    EVP_PKEY_free(key);
    bio_release(up);
    bio_release(down);
}

static void a_stream_that_refuses_bytes_is_a_system_error(void)
{
    for (unsigned reason = 0; reason < REFUSALS; reason++) {
        refusing r;
        refusing_open(&r, reason, 2);
        BIO *bio = bio_openssl_new(r.stream);
        CHECK((bio == NULL) == (r.status == BYTESIO_CLOSED));
        if (bio != NULL) {
            ERR_clear_error();
            CHECK_EQ(BIO_write(bio, "abc", 3), -1);
            CHECK_EQ(BIO_should_retry(bio), 0);
            CHECK_EQ(ERR_GET_LIB(ERR_peek_error()), ERR_LIB_SYS);
            CHECK_EQ(ERR_GET_REASON(ERR_peek_error()), bio_status_errno(r.status));
            const char *text = NULL;
            ERR_peek_error_data(&text, NULL);
            CHECK(strcmp(text, bio_strerror(r.status)) == 0);
            ERR_clear_error();
            CHECK_EQ(bio_len(r.stream), 0);
            BIO_free(bio);
        }
        refusing_close(&r);
    }
}

static void a_closed_stream_is_a_system_error(void)
{
    bio_stream *s = stream_of(LIT("content"));
    BIO *bio = over(s);
    char text[8] = "?";
    CHECK_OK(bio_close(s));
    CHECK_EQ(BIO_read(bio, text, 3), -1);
    CHECK_EQ(BIO_should_retry(bio), 0);
    CHECK_EQ(ERR_GET_REASON(ERR_get_error()), bio_status_errno(BYTESIO_CLOSED));
    CHECK_EQ(BIO_gets(bio, text, 3), -1);
    CHECK_EQ(text[0], 0);
    CHECK_EQ(BIO_reset(bio), -1);
    CHECK_EQ(BIO_pending(bio), 0);
    ERR_clear_error();
    BIO_free(bio);
    CHECK(bio_openssl_new(s) == NULL);
    CHECK(bio_openssl_new(NULL) == NULL);
    bio_release(s);
}

CHECK_MAIN(CASE(it_behaves_as_a_memory_bio), CASE(it_has_its_own_positions),
           CASE(a_duplicate_goes_on_by_itself), CASE(it_stands_beside_glue_of_the_same_names),
           CASE(keys_and_certificates_come_back_from_pem), CASE(a_chain_of_filters_comes_back),
           CASE(tls_works_over_two_streams), CASE(a_stream_that_refuses_bytes_is_a_system_error),
           CASE(a_closed_stream_is_a_system_error))
