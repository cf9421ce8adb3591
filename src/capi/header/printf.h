/**
 * Writes formatted text at the position and moves it, without a terminating NUL; as vprintf() otherwise.
 *
 * It opens a window for as long as it formats, so that another thread's change of the same stream gets BUSY meanwhile.
 *
 * stream: borrowed for the call.
 * format, args: borrowed for the call; as for vsnprintf().
 * Errors: NULL_ARG, CLOSED, BUSY, EXPORTED, LIMIT, OVERFLOW, NOMEM, INVALID (the C library cannot format it).
 * Threads: any.
 * Since: 0.1
 */
BYTESIO_NODISCARD BYTESIO_PRINTF(2, 0)
static inline bio_status bio_vprintf(bio_stream *stream, const char *format, va_list args) {
    uint8_t *window = NULL;
    size_t capacity = 0;
    va_list again;
    bio_status status, closed;
    int needed;

    if (format == NULL) {
        return BYTESIO_NULL_ARG;
    }
    status = bio_prepare(stream, 0, &window, &capacity);
    if (status == BYTESIO_LIMIT || status == BYTESIO_EXPORTED) {
        window = NULL; /* no room to format in; the text may be empty all the same */
        capacity = 0;
    } else if (status != BYTESIO_OK) {
        return status;
    }
    va_copy(again, args);
    needed = vsnprintf((char *)window, window ? capacity : 0, format, again);
    va_end(again);
    if (window != NULL) {
        if (needed >= 0 && (size_t)needed < capacity) {
            status = bio_commit(stream, (size_t)needed);
            if (status == BYTESIO_OK) {
                return status;
            }
        }
        closed = bio_commit(stream, 0);
        if (status != BYTESIO_OK || closed != BYTESIO_OK) {
            return status != BYTESIO_OK ? status : closed;
        }
    }
    if (needed < 0) {
        return BYTESIO_INVALID;
    }
    /* Too long for the window, or for the terminating NUL that vsnprintf() appends and the stream has no room for. */
    char *text = (char *)malloc((size_t)needed + 1);
    if (text == NULL) {
        return BYTESIO_NOMEM;
    }
    if (vsnprintf(text, (size_t)needed + 1, format, args) == needed) {
        status = bio_write(stream, text, (size_t)needed);
    } else {
        status = BYTESIO_INVALID;
    }
    free(text);
    return status;
}

/**
 * Writes formatted text at the position and moves it, without a terminating NUL; as printf() otherwise.
 *
 * Everything else as for bio_vprintf().
 *
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
