#ifndef BYTESIO_NO_INLINE
/* memmove(), which some compilers do not inline for short lengths, but copies by way of a buffer they do. */
static inline void bio_cursor_move(void *to, const void *from, size_t len) {
#if defined(__GNUC__)
    if (__builtin_constant_p(len) && len <= 64) {
        uint8_t all[64];
        memcpy(all, from, len);
        memcpy(to, all, len);
        return;
    }
#endif
    memmove(to, from, len);
}

/**
 * Writes `len` bytes at the position and moves it: bio_write(), inlined where the cursor has room for them.
 *
 * stream: borrowed for the call; looked at only where there is no room.
 * cursor: the stream's (bio_cursor_of()); NULL for a stream that has none: then this is bio_write().
 * data: borrowed for the call; may lie in the stream's own snapshots and views, as for bio_write().
 * Errors: those of bio_write(); INVALID (the cursor was moved to where it must not be, see bio_cursor).
 * Threads: as for bio_cursor_of().
 * Since: 0.1
 */
BYTESIO_NODISCARD
static inline bio_status bio_put(bio_stream *stream, bio_cursor *cursor, const void *data, size_t len) {
    if (cursor != NULL && data != NULL && (ptrdiff_t)len > 0 && (ptrdiff_t)len <= cursor->write_end - cursor->next) {
        uint8_t *to = cursor->next;
        bio_cursor_move(to, data, len);
        cursor->next = to + len;
        return BYTESIO_OK;
    }
    return bio_write(stream, data, len);
}

/**
 * Writes a byte at the position and moves it; everything else as for bio_put().
 *
 * Since: 0.1
 */
BYTESIO_NODISCARD
static inline bio_status bio_put_byte(bio_stream *stream, bio_cursor *cursor, uint8_t byte) {
    if (cursor != NULL && cursor->write_end - cursor->next > 0) {
        *cursor->next++ = byte;
        return BYTESIO_OK;
    }
    return bio_write(stream, &byte, 1);
}

/**
 * Reads `len` bytes at the position and moves it, all of them or none: bio_read_exact(), inlined where the cursor shows
 * so many.
 *
 * stream: borrowed for the call; looked at only where the cursor does not show so many.
 * cursor: the stream's (bio_cursor_of()); NULL for a stream that has none: then this is bio_read_exact().
 * buf: borrowed for the call; may lie in a view of the same stream. On an error it is not touched.
 * Errors: those of bio_read_exact(), among them EOF (fewer bytes are left; the position stays); INVALID (the cursor was
 * moved to where it must not be, see bio_cursor).
 * Threads: as for bio_cursor_of().
 * Since: 0.1
 */
BYTESIO_NODISCARD
static inline bio_status bio_get(bio_stream *stream, bio_cursor *cursor, void *buf, size_t len) {
    if (cursor != NULL && buf != NULL && (ptrdiff_t)len > 0 && (ptrdiff_t)len <= cursor->read_end - cursor->next) {
        uint8_t *from = cursor->next;
        cursor->next = from + len;
        bio_cursor_move(buf, from, len);
        return BYTESIO_OK;
    }
    return bio_read_exact(stream, buf, len);
}

/**
 * Reads a byte at the position and moves it; everything else as for bio_get().
 *
 * byte: receives the byte.
 * Since: 0.1
 */
BYTESIO_NODISCARD
static inline bio_status bio_get_byte(bio_stream *stream, bio_cursor *cursor, uint8_t *byte) {
    if (cursor != NULL && byte != NULL && cursor->read_end - cursor->next > 0) {
        *byte = *cursor->next++;
        return BYTESIO_OK;
    }
    return bio_read_exact(stream, byte, 1);
}
#endif /* BYTESIO_NO_INLINE */
