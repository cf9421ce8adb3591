/* memmove(), by way of a buffer where the length is a small constant: so compilers inline it that would not otherwise. */
#if defined(__GNUC__)
#  define BYTESIO_MOVE(to, from, len)                     \
      do {                                                \
          if (__builtin_constant_p(len) && (len) <= 64) { \
              uint8_t all[64];                            \
              memcpy(all, from, len);                     \
              memcpy(to, all, len);                       \
          } else {                                        \
              memmove(to, from, len);                     \
          }                                               \
      } while (0)
#else
#  define BYTESIO_MOVE(to, from, len) memmove(to, from, len)
#endif

/**
 * Writes `len` bytes at the position and moves it: bio_write(), inlined where the cursor has room for them.
 *
 * stream: borrowed for the call; looked at only where there is no room.
 * cursor: borrowed for the call; the stream's, from bio_cursor_of(), or NULL for a stream that has none: then this is
 * bio_write().
 * data: borrowed for the call; may lie in the stream's own snapshots and views.
 * Errors: NULL_ARG, CLOSED, BUSY, EXPORTED, LIMIT, OVERFLOW, NOMEM, INVALID (the cursor was moved to where it must not
 * be, see bio_cursor).
 * Threads: any; who uses the cursor when is the caller's to order.
 * Calls back: allocator, release.
 * Since: 0.1
 */
BYTESIO_NODISCARD
static inline bio_status bio_put(bio_stream *stream, bio_cursor *cursor, const void *data, size_t len) {
    if (cursor != NULL && data != NULL && (ptrdiff_t)len > 0 && (ptrdiff_t)len <= cursor->write_end - cursor->next) {
        uint8_t *to = cursor->next;
        BYTESIO_MOVE(to, data, len);
        cursor->next = to + len;
        return BYTESIO_OK;
    }
    return bio_write(stream, data, len);
}

/**
 * Writes a byte at the position and moves it, as bio_put().
 *
 * stream: borrowed for the call; looked at only where there is no room.
 * cursor: borrowed for the call; as for bio_put(), or NULL.
 * Errors: NULL_ARG, CLOSED, BUSY, EXPORTED, LIMIT, OVERFLOW, NOMEM, INVALID (as for bio_put()).
 * Threads: any; who uses the cursor when is the caller's to order.
 * Calls back: allocator, release.
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
 * cursor: borrowed for the call; the stream's, from bio_cursor_of(), or NULL for a stream that has none: then this is
 * bio_read_exact().
 * buf: borrowed for the call; may lie in a view of the same stream. On an error it is not touched.
 * Errors: NULL_ARG, CLOSED, OVERFLOW, EOF (fewer bytes are left; the position stays), INVALID (the cursor was moved to
 * where it must not be, see bio_cursor).
 * Threads: any; who uses the cursor when is the caller's to order.
 * Calls back: never.
 * Since: 0.1
 */
BYTESIO_NODISCARD
static inline bio_status bio_get(bio_stream *stream, bio_cursor *cursor, void *buf, size_t len) {
    if (cursor != NULL && buf != NULL && (ptrdiff_t)len > 0 && (ptrdiff_t)len <= cursor->read_end - cursor->next) {
        uint8_t *from = cursor->next;
        cursor->next = from + len;
        BYTESIO_MOVE(buf, from, len);
        return BYTESIO_OK;
    }
    return bio_read_exact(stream, buf, len);
}

/**
 * Reads a byte at the position and moves it, as bio_get().
 *
 * stream: borrowed for the call; looked at only where there is no byte.
 * cursor: borrowed for the call; as for bio_get(), or NULL.
 * byte: receives the byte.
 * Errors: NULL_ARG, CLOSED, EOF, INVALID (as for bio_get()).
 * Threads: any; who uses the cursor when is the caller's to order.
 * Calls back: never.
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

#undef BYTESIO_MOVE
