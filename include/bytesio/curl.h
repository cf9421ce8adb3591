/* libcurl over streams of libbytesio: sends a stream or a snapshot, receives into a stream.
 *
 *     struct bio_curl_source source;
 *     curl_easy_setopt(easy, CURLOPT_URL, "https://example.org/inbox");
 *     if (bio_curl_upload(easy, stream, &source) == CURLE_OK && bio_curl_download(easy, answer) == CURLE_OK)
 *         result = curl_easy_perform(easy);
 *
 * Position: an upload sends the whole content and keeps a position of its own, so that a redirect or a request for
 * authentication may rewind it; the stream's is neither used nor moved. bio_curl_upload() is called anew before each
 * curl_easy_perform(): otherwise the second one goes on where the first has ended, and the server waits for bytes that
 * never come; nor must the stream become shorter before the transfer ends. A download writes at the stream's position
 * and moves it.
 * Ownership: libcurl does not say when it has done with the options of an easy handle, so nothing is retained for them:
 * stream, snapshot and source are borrowed until the options are set to something else, or the handle is reset or
 * cleaned up. A part of a form retains its stream, and releases it when the form is freed; libcurl shares such a part
 * between handles without a word, so that a handle with one is not to be given to curl_easy_duphandle().
 * Errors: a stream that refuses bytes (a limit, a view) ends the transfer with CURLE_WRITE_ERROR; what had arrived
 * before stays. A stream that cannot be read (closed) ends it with CURLE_ABORTED_BY_CALLBACK.
 * Copies: one between libcurl's buffer and a stream; none of a snapshot.
 */
#ifndef BYTESIO_CURL_H
#define BYTESIO_CURL_H

#include "../bytesio.h"
#include <curl/curl.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What is sent, and how far. To be filled by bio_curl_upload(). */
struct bio_curl_source {
    bio_stream *stream;
    uint64_t position;
};

static inline size_t bio_curl_read(char *buffer, size_t size, size_t count, void *data)
{
    struct bio_curl_source *source = (struct bio_curl_source *)data;
    size_t got = 0;
    if (bio_pread(source->stream, buffer, size * count, source->position, &got) != BYTESIO_OK)
        return CURL_READFUNC_ABORT;
    source->position += got;
    return got;
}

static inline int bio_curl_seek(void *data, curl_off_t offset, int whence)
{
    if (whence != SEEK_SET || offset < 0)
        return CURL_SEEKFUNC_CANTSEEK;
    ((struct bio_curl_source *)data)->position = (uint64_t)offset;
    return CURL_SEEKFUNC_OK;
}

static inline size_t bio_curl_write(char *bytes, size_t size, size_t count, void *data)
{
    return bio_write((bio_stream *)data, bytes, size * count) == BYTESIO_OK ? size * count : 0;
}

static inline void bio_curl_free(void *data)
{
    bio_release(((struct bio_curl_source *)data)->stream);
    free(data);
}

/** Has the transfer send the stream's content: PUT, or what CURLOPT_CUSTOMREQUEST says. */
static inline CURLcode bio_curl_upload(CURL *easy, bio_stream *stream, struct bio_curl_source *source)
{
    CURLcode code;
    source->stream = stream;
    source->position = 0;
    if ((code = curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L)) == CURLE_OK &&
        (code = curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)bio_len(stream))) == CURLE_OK &&
        (code = curl_easy_setopt(easy, CURLOPT_READFUNCTION, bio_curl_read)) == CURLE_OK &&
        (code = curl_easy_setopt(easy, CURLOPT_READDATA, source)) == CURLE_OK &&
        (code = curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, bio_curl_seek)) == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_SEEKDATA, source);
    return code;
}

/** Has the transfer send the snapshot's bytes, with no copy on our side: POST. */
static inline CURLcode bio_curl_post(CURL *easy, const bio_snapshot *snapshot)
{
    CURLcode code;
    if ((code = curl_easy_setopt(easy, CURLOPT_POST, 1L)) == CURLE_OK &&
        (code = curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                                 (curl_off_t)bio_snapshot_len(snapshot))) == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_POSTFIELDS, bio_snapshot_data(snapshot));
    return code;
}

/** Makes the stream's content the data of a form's part (curl_mime_addpart()). */
static inline CURLcode bio_curl_part(curl_mimepart *part, bio_stream *stream)
{
    CURLcode code;
    struct bio_curl_source *source = (struct bio_curl_source *)malloc(sizeof *source);
    if (source == NULL)
        return CURLE_OUT_OF_MEMORY;
    source->position = 0;
    source->stream = bio_retain(stream);
    code = curl_mime_data_cb(part, (curl_off_t)bio_len(stream), bio_curl_read, bio_curl_seek, bio_curl_free,
                             source);
    if (code != CURLE_OK)
        bio_curl_free(source);
    return code;
}

/** Has the transfer write what it receives to the stream. */
static inline CURLcode bio_curl_download(CURL *easy, bio_stream *stream)
{
    CURLcode code = curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, bio_curl_write);
    return code == CURLE_OK ? curl_easy_setopt(easy, CURLOPT_WRITEDATA, stream) : code;
}

#ifdef __cplusplus
}
#endif

#endif
