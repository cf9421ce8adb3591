/**
 * Writes formatted text at the position and moves it, without a terminating NUL; as vprintf() otherwise.
 *
 * stream: borrowed for the call.
 * format, args: borrowed for the call; as for vsnprintf(). They may point into the stream's own memory.
 * Errors: NULL_ARG, CLOSED, BUSY, EXPORTED, LIMIT, OVERFLOW, NOMEM, INVALID (the C library cannot format it).
 * Threads: any.
 * Calls back: allocator, release.
 * Since: 0.1
 */
BYTESIO_NODISCARD BYTESIO_PRINTF(2, 0)
static inline bio_status bio_vprintf(bio_stream *stream, const char *format, va_list args) {
    char small[256];
    char *text = small;
    va_list again;
    bio_status status;
    int len;

    if (stream == NULL || format == NULL) {
        return BYTESIO_NULL_ARG;
    }
    va_copy(again, args);
    len = vsnprintf(small, sizeof small, format, again);
    va_end(again);
    if (len < 0) {
        return BYTESIO_INVALID;
    }
    if ((size_t)len >= sizeof small) {
        /* Not in a window: to make room for one could move what the arguments point to. */
        text = (char *)malloc((size_t)len + 1);
        if (text == NULL) {
            return BYTESIO_NOMEM;
        }
        if (vsnprintf(text, (size_t)len + 1, format, args) != len) {
            free(text);
            return BYTESIO_INVALID;
        }
    }
    status = bio_write(stream, text, (size_t)len);
    if (text != small) {
        free(text);
    }
    return status;
}

/**
 * Writes formatted text at the position and moves it, without a terminating NUL; as printf() otherwise.
 *
 * Everything else as for bio_vprintf().
 *
 * stream: borrowed for the call.
 * format: borrowed for the call; as are the arguments.
 * Errors: NULL_ARG, CLOSED, BUSY, EXPORTED, LIMIT, OVERFLOW, NOMEM, INVALID (the C library cannot format it).
 * Threads: any.
 * Calls back: allocator, release.
 * Since: 0.1
 */
BYTESIO_NODISCARD BYTESIO_PRINTF(2, 3)
static inline bio_status bio_printf(bio_stream *stream, const char *format, ...) {
    va_list args;
    bio_status status;

    va_start(args, format);
    status = bio_vprintf(stream, format, args);
    va_end(args);
    return status;
}
