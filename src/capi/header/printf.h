/**
 * Writes formatted text at the position and moves it, without a terminating NUL; as vprintf() otherwise.
 *
 * Text of more than 255 bytes is formatted in a window, so that another thread's change of the same stream may get
 * BUSY meanwhile.
 *
 * stream: borrowed for the call.
 * format, args: borrowed for the call; as for vsnprintf(). They must not point into the stream's own memory, as bio_peek(),
 * bio_readline() and views show it: making room may move that.
 * Errors: NULL_ARG, CLOSED, BUSY, EXPORTED, LIMIT, OVERFLOW, NOMEM, INVALID (the C library cannot format it).
 * Threads: any.
 * Calls back: allocator, release.
 * Since: 0.1
 */
BYTESIO_NODISCARD BYTESIO_PRINTF(2, 0)
static inline bio_status bio_vprintf(bio_stream *stream, const char *format, va_list args) {
    char small[256];
    char *text = NULL;
    uint8_t *window = NULL;
    size_t capacity = 0;
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
    if ((size_t)len < sizeof small) {
        return bio_write(stream, small, (size_t)len);
    }
    status = bio_prepare(stream, (size_t)len + 1, &window, &capacity);
    if (status == BYTESIO_OK) {
        if (vsnprintf((char *)window, capacity, format, args) == len) {
            status = bio_commit(stream, (size_t)len);
            if (status == BYTESIO_OK) {
                return status;
            }
        } else {
            status = BYTESIO_INVALID;
        }
        /* Gives the window up; that cannot fail, and the first failure is the one to report. */
        return bio_commit(stream, 0) == BYTESIO_OK ? status : BYTESIO_INTERNAL;
    }
    if (status != BYTESIO_LIMIT && status != BYTESIO_EXPORTED) {
        return status;
    }
    /* The text may fit all the same: only the NUL that vsnprintf() appends need not. */
    text = (char *)malloc((size_t)len + 1);
    if (text == NULL) {
        return BYTESIO_NOMEM;
    }
    status = vsnprintf(text, (size_t)len + 1, format, args) == len ? bio_write(stream, text, (size_t)len) : BYTESIO_INVALID;
    free(text);
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
