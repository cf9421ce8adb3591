/* upload URL: draws pictures and posts each to URL followed by its number and ".png".
 *
 * libpng saves a picture into a stream. Its resolution is patched in place, libpng reads it back, and libcurl sends it
 * out of a snapshot, on a thread of its own, while the next picture is written into the same stream.
 */
#include <bytesio/curl.h>
#include <bytesio/png.h>
#include <pthread.h>
#include <zlib.h>

enum { PICTURES = 4, WIDTH = 640, HEIGHT = 480, PIXELS_A_METRE = 11811 /* 300 dpi */ };

struct upload {
    char url[512];
    bio_snapshot *picture;
    bio_stream *answer;
    char error[CURL_ERROR_SIZE]; /* empty: there was none */
    pthread_t thread;
};

/* Writes a picture at the stream's position. What goes wrong libpng says on stderr, here and below. */
static bool save(bio_stream *stream, unsigned shade)
{
    png_byte row[3 * WIDTH];
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info)
        return png_destroy_write_struct(&png, NULL), false;
    if (setjmp(png_jmpbuf(png)))
        return png_destroy_write_struct(&png, &info), false;
    bio_png_write_to(png, stream);
    png_set_IHDR(png, info, WIDTH, HEIGHT, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_pHYs(png, info, 1, 1, PNG_RESOLUTION_METER); /* not known yet */
    png_write_info(png, info);
    for (unsigned y = 0; y < HEIGHT; y++) {
        for (unsigned x = 0; x < sizeof row; x++)
            row[x] = (png_byte)(x * y / 256 + shade * 40);
        png_write_row(png, row);
    }
    png_write_end(png, NULL);
    png_destroy_write_struct(&png, &info);
    return true;
}

/* Overwrites the picture's resolution, and the checksum of the chunk that it stands in. */
static bio_status patch(bio_stream *stream)
{
    uint8_t chunk[17] = "pHYs";
    size_t at = BYTESIO_NOT_FOUND;
    bio_snapshot *value = NULL;
    bio_status status = bio_getvalue(stream, &value);
    if (status == BYTESIO_OK)
        status = bio_snapshot_find(value, chunk, 4, 0, &at);
    bio_snapshot_release(value); /* before the change, which need not spare it then */
    if (status != BYTESIO_OK || at == BYTESIO_NOT_FOUND)
        return status ? status : BYTESIO_INVALID;
    png_save_uint_32(chunk + 4, PIXELS_A_METRE);
    png_save_uint_32(chunk + 8, PIXELS_A_METRE);
    chunk[12] = PNG_RESOLUTION_METER;
    png_save_uint_32(chunk + 13, (png_uint_32)crc32(0, chunk, 13));
    return bio_pwrite(stream, chunk, sizeof chunk, at);
}

/* Reads the picture back, from the beginning of the stream to its end. */
static bool verify(bio_stream *stream)
{
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info)
        return png_destroy_read_struct(&png, NULL, NULL), false;
    if (setjmp(png_jmpbuf(png)))
        return png_destroy_read_struct(&png, &info, NULL), false;
    bio_seek(stream, 0, BYTESIO_SEEK_SET, NULL);
    bio_png_read_from(png, stream);
    png_read_png(png, info, PNG_TRANSFORM_IDENTITY, NULL);
    if (png_get_pixels_per_meter(png, info) != PIXELS_A_METRE || bio_tell(stream) != bio_len(stream))
        png_error(png, "the picture is not what was written");
    png_destroy_read_struct(&png, &info, NULL);
    return true;
}

/* Sends upload->picture; the thread's function. */
static void *post(void *argument)
{
    struct upload *upload = argument;
    CURL *easy = curl_easy_init();
    struct curl_slist *type = curl_slist_append(NULL, "Content-Type: image/png");
    CURLcode code = easy && type ? CURLE_OK : CURLE_OUT_OF_MEMORY;
    if (code || (code = curl_easy_setopt(easy, CURLOPT_URL, upload->url)) ||
        (code = curl_easy_setopt(easy, CURLOPT_HTTPHEADER, type)) ||
        (code = curl_easy_setopt(easy, CURLOPT_FAILONERROR, 1L)) ||
        (code = bio_curl_post(easy, upload->picture)) || (code = bio_curl_download(easy, upload->answer)) ||
        (code = curl_easy_perform(easy)))
        snprintf(upload->error, sizeof upload->error, "%s", curl_easy_strerror(code));
    curl_easy_cleanup(easy);
    curl_slist_free_all(type);
    return NULL;
}

/* Draws the stream's next picture and begins to send it. */
static bool begin(struct upload *upload, bio_stream *stream, const char *url, unsigned number)
{
    bio_status status = bio_clear(stream);
    *upload = (struct upload){.answer = bio_new()};
    snprintf(upload->url, sizeof upload->url, "%s%u.png", url, number);
    if (!status && save(stream, number) && !(status = patch(stream)) && verify(stream) &&
        !(status = bio_getvalue(stream, &upload->picture)) &&
        pthread_create(&upload->thread, NULL, post, upload) == 0)
        return true;
    fprintf(stderr, "%s: not sent: %s\n", upload->url, status ? bio_strerror(status) : "see above");
    bio_snapshot_release(upload->picture);
    bio_release(upload->answer);
    return false;
}

/* Waits for the end of an upload, says how it went, and lets go of what it used. */
static bool finish(struct upload *upload)
{
    const char *text = NULL;
    pthread_join(upload->thread, NULL);
    if (upload->error[0] || bio_cstr(upload->answer, &text, NULL))
        fprintf(stderr, "%s: %s\n", upload->url, upload->error[0] ? upload->error : "no answer");
    else
        printf("%s: %zu bytes, %s\n", upload->url, bio_snapshot_len(upload->picture), text);
    bio_snapshot_release(upload->picture);
    bio_release(upload->answer);
    return text != NULL;
}

int main(int argc, char **argv)
{
    struct upload uploads[PICTURES];
    int begun = 0;
    bio_stream *stream = bio_new();
    bool good = argc == 2 && curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    if (!good)
        fprintf(stderr, "usage: upload URL\n");
    while (good && begun < PICTURES) {
        good = begin(&uploads[begun], stream, argv[1], (unsigned)begun);
        begun += good;
    }
    bio_release(stream); /* the snapshots outlive it */
    for (int i = 0; i < begun; i++)
        good = finish(&uploads[i]) && good;
    curl_global_cleanup();
    return good ? 0 : 1;
}
