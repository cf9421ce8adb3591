/* bytesio/curl.h with libcurl, against a server on the loopback interface (curl.py). */
#include "consumer.h"

#include "bytesio/curl.h"

enum { LARGE = 1000 * 1000 };

static uint8_t sent[LARGE];

static FILE *server; /* its standard output */
static int port;

static CURL *transfer(const char *path)
{
    CURL *easy = curl_easy_init();
    char url[64];
    REQUIRE(easy != NULL);
    snprintf(url, sizeof url, "http://127.0.0.1:%d%s", port, path);
    REQUIRE(curl_easy_setopt(easy, CURLOPT_URL, url) == CURLE_OK);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_TIMEOUT, 30L);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(easy, CURLOPT_EXPECT_100_TIMEOUT_MS,
                     1L); /* the body is sent before the server declines it */
    return easy;
}

/* Performs the transfer, and gives what the server answers as text. */
static CURLcode perform(CURL *easy, char *answer, size_t size)
{
    bio_stream *s = bio_new();
    CURLcode code = bio_curl_download(easy, s);
    size_t got = 0;
    if (code == CURLE_OK)
        code = curl_easy_perform(easy);
    CHECK_OK(bio_pread(s, answer, size - 1, 0, &got));
    answer[got] = '\0';
    bio_release(s);
    return code;
}

/* Performs the transfer and checks that the server has kept so many bytes, sent so many times. */
static void check_kept(CURL *easy, size_t len, int times)
{
    char answer[64], want[64];
    CHECK_EQ(perform(easy, answer, sizeof answer), CURLE_OK);
    snprintf(want, sizeof want, "%zu of %d", len, times);
    if (!CHECK(strcmp(answer, want) == 0))
        check_fail(__FILE__, __LINE__, "... %s, not %s", answer, want);
}

static void check_server_has(const char *path, const void *want, size_t len)
{
    CURL *easy = transfer(path);
    bio_stream *s = bio_new();
    CHECK_EQ(bio_curl_download(easy, s), CURLE_OK);
    CHECK_EQ(curl_easy_perform(easy), CURLE_OK);
    CHECK_STREAM(s, want, len);
    CHECK_EQ(bio_tell(s), len);
    curl_easy_cleanup(easy);
    bio_release(s);
}

static void start_server(void)
{
    if (server == NULL) {
        server = popen("exec '" CONSUMER_PYTHON "' '" CONSUMER_SCRIPT "'", "r");
        REQUIRE(server != NULL && fscanf(server, "%d", &port) == 1);
    }
    noise_fill(sent, sizeof sent, 1);
}

static void what_goes_up_comes_down(void)
{
    static const size_t sizes[] = {0, 1, 16384, 65537, LARGE};
    start_server();
    for (size_t i = 0; i < COUNT(sizes); i++) {
        bio_stream *s = stream_at(sent, sizes[i], 3);
        struct bio_curl_source source;
        CURL *easy = transfer("/store");
        CHECK_EQ(bio_curl_upload(easy, s, &source), CURLE_OK);
        check_kept(easy, sizes[i], 1);
        CHECK_EQ(bio_tell(s), 3);
        curl_easy_cleanup(easy);
        bio_release(s);
        check_server_has("/store", sent, sizes[i]);
        check_server_has("/chunked", sent, sizes[i]);
    }
}

static void a_download_goes_on_where_the_stream_is(void)
{
    bio_stream *s = stream_at(LIT("head and more"), 4), *up = stream_of(LIT("tail"));
    struct bio_curl_source source;
    start_server();
    CURL *easy = transfer("/store");
    CHECK_EQ(bio_curl_upload(easy, up, &source), CURLE_OK);
    check_kept(easy, 4, 1);
    curl_easy_cleanup(easy);
    easy = transfer("/store");
    CHECK_EQ(bio_curl_download(easy, s), CURLE_OK);
    CHECK_EQ(curl_easy_perform(easy), CURLE_OK);
    CHECK_STREAM(s, LIT("headtail more"));
    CHECK_EQ(bio_tell(s), 8);
    curl_easy_cleanup(easy);
    bio_release(s);
    bio_release(up);
}

/* Without the seek function libcurl gives up here with CURLE_SEND_FAIL_REWIND. */
static void an_upload_is_rewound(void)
{
    static const char *const paths[] = {"/moved", "/login/store"};
    bio_stream *s = stream_at(sent, LARGE, 7);
    struct bio_curl_source source;
    start_server();
    for (size_t i = 0; i < COUNT(paths); i++) {
        CURL *easy = transfer(paths[i]);
        curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_ANY);
        curl_easy_setopt(easy, CURLOPT_USERPWD, "user:secret");
        CHECK_EQ(bio_curl_upload(easy, s, &source), CURLE_OK);
        check_kept(easy, LARGE, 2);
        CHECK_EQ(source.position, LARGE);
        CHECK_EQ(bio_tell(s), 7);
        check_server_has("/store", sent, LARGE);
        curl_easy_cleanup(easy);
    }
    bio_release(s);
}

static void an_upload_goes_on_where_it_ended(void)
{
    bio_stream *s = stream_of(sent, LARGE);
    struct bio_curl_source source;
    start_server();
    CURL *easy = transfer("/store");
    CHECK_EQ(bio_curl_upload(easy, s, &source), CURLE_OK);
    curl_easy_setopt(easy, CURLOPT_RESUME_FROM_LARGE, (curl_off_t)1234);
    check_kept(easy, LARGE - 1234, 1);
    check_server_has("/store", sent + 1234, LARGE - 1234);
    CHECK_EQ(bio_curl_seek(&source, 5, SEEK_CUR), CURL_SEEKFUNC_CANTSEEK);
    CHECK_EQ(bio_curl_seek(&source, -1, SEEK_SET), CURL_SEEKFUNC_CANTSEEK);
    CHECK_EQ(source.position, LARGE);
    curl_easy_cleanup(easy);
    bio_release(s);
}

static void a_snapshot_is_posted_in_place(void)
{
    static const char *const paths[] = {"/store", "/moved"};
    bio_stream *s = stream_of(sent, LARGE);
    bio_snapshot *snapshot = value_of(s);
    CHECK_OK(bio_fill(s, 'x', LARGE)); /* later than the snapshot */
    start_server();
    for (size_t i = 0; i < COUNT(paths); i++) {
        CURL *easy = transfer(paths[i]);
        CHECK_EQ(bio_curl_post(easy, snapshot), CURLE_OK);
        check_kept(easy, LARGE, (int)i + 1);
        check_server_has("/store", sent, LARGE);
        curl_easy_cleanup(easy);
    }
    bio_snapshot_release(snapshot);
    snapshot = snapshot_of("", 0);
    CURL *easy = transfer("/store");
    CHECK_EQ(bio_curl_post(easy, snapshot), CURLE_OK);
    check_kept(easy, 0, 1);
    curl_easy_cleanup(easy);
    bio_snapshot_release(snapshot);
    bio_release(s);
}

static void a_part_of_a_form_holds_its_stream(void)
{
    static const char *const paths[] = {"/store", "/moved"};
    start_server();
    for (size_t i = 0; i < COUNT(paths); i++) {
        release_log log = {0};
        bio_stream *s = adopted(sent, LARGE, &log);
        CURL *easy = transfer(paths[i]);
        curl_mime *form = curl_mime_init(easy);
        curl_mimepart *part = curl_mime_addpart(form);
        curl_mime_name(part, "file");
        CHECK_EQ(bio_curl_part(part, s), CURLE_OK);
        curl_easy_setopt(easy, CURLOPT_MIMEPOST, form);
        bio_release(s);
        check_kept(easy, LARGE, (int)i + 1);
        check_server_has("/store", sent, LARGE);
        CHECK_EQ(atomic_load(&log.calls), 0);
        curl_easy_cleanup(easy);
        curl_mime_free(form);
        CHECK_EQ(atomic_load(&log.calls), 1);
    }
}

static void a_stream_that_refuses_bytes_is_a_write_error(void)
{
    bio_stream *up = stream_of(sent, LARGE);
    struct bio_curl_source source;
    start_server();
    CURL *easy = transfer("/store");
    CHECK_EQ(bio_curl_upload(easy, up, &source), CURLE_OK);
    check_kept(easy, LARGE, 1);
    curl_easy_cleanup(easy);
    for (unsigned reason = 0; reason < REFUSALS; reason++) {
        refusing r;
        refusing_open(&r, reason, 4096);
        easy = transfer("/store");
        CHECK_EQ(bio_curl_download(easy, r.stream), CURLE_OK);
        if (!CHECK_EQ(curl_easy_perform(easy), CURLE_WRITE_ERROR))
            check_fail(__FILE__, __LINE__, "... %s", r.why);
        CHECK(bio_len(r.stream) <= 4096);
        curl_easy_cleanup(easy);
        refusing_close(&r);
    }
    bio_release(up);
}

static void a_limit_that_suffices_is_no_error(void)
{
    bio_stream *s = bio_new();
    REQUIRE_OK(bio_set_limit(s, LARGE));
    start_server();
    CURL *easy = transfer("/store");
    CHECK_EQ(bio_curl_download(easy, s), CURLE_OK);
    CHECK_EQ(curl_easy_perform(easy), CURLE_OK);
    CHECK_STREAM(s, sent, LARGE);
    curl_easy_cleanup(easy);
    bio_release(s);
}

static void a_closed_stream_is_not_sent(void)
{
    bio_stream *s = stream_of(sent, LARGE);
    struct bio_curl_source source;
    char answer[64];
    start_server();
    CURL *easy = transfer("/store");
    CHECK_EQ(bio_curl_upload(easy, s, &source), CURLE_OK);
    CHECK_OK(bio_close(s));
    CHECK_EQ(perform(easy, answer, sizeof answer), CURLE_ABORTED_BY_CALLBACK);
    curl_easy_cleanup(easy);
    bio_release(s);
}

static void the_server_ends(void)
{
    start_server();
    check_server_has("/quit", "", 0);
    CHECK_EQ(pclose(server), 0);
    server = NULL;
}

CHECK_MAIN(CASE(what_goes_up_comes_down), CASE(a_download_goes_on_where_the_stream_is),
           CASE(an_upload_is_rewound), CASE(an_upload_goes_on_where_it_ended),
           CASE(a_snapshot_is_posted_in_place), CASE(a_part_of_a_form_holds_its_stream),
           CASE(a_stream_that_refuses_bytes_is_a_write_error), CASE(a_limit_that_suffices_is_no_error),
           CASE(a_closed_stream_is_not_sent), CASE(the_server_ends))
