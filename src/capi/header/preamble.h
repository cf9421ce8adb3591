/*
 * libbytesio: Python's io.BytesIO for every language that speaks C.
 *
 * Three handles. A stream (bio_stream) is a seekable, growable run of bytes in memory with one position. A
 * snapshot (bio_snapshot) is what a stream held at one moment: immutable, taken without a copy, valid while the
 * stream is written on. A view (bio_view) is a live window onto a stream's bytes. Each is counted: whoever is
 * given one releases it (bio_release, bio_snapshot_release, bio_view_release), NULL is fine, in any order;
 * snapshots and views outlive their stream.
 *
 *     bio_stream *stream = bio_new();
 *     bio_snapshot *before = NULL, *after = NULL;
 *     if (bio_write(stream, "hello, world", 12) == BYTESIO_OK &&
 *         bio_getvalue(stream, &before) == BYTESIO_OK &&
 *         bio_seek(stream, 0, BYTESIO_SEEK_SET, NULL) == BYTESIO_OK &&
 *         bio_write(stream, "HELLO", 5) == BYTESIO_OK &&
 *         bio_getvalue(stream, &after) == BYTESIO_OK) {
 *         printf("%.*s -> %.*s\n",
 *                (int)bio_snapshot_len(before), (const char *)bio_snapshot_data(before),
 *                (int)bio_snapshot_len(after), (const char *)bio_snapshot_data(after));
 *     }
 *     bio_snapshot_release(after);
 *     bio_snapshot_release(before);
 *     bio_release(stream);
 *
 * Errors. Functions return a bio_status: 0 (BYTESIO_OK) or a negative code, with a text from bio_strerror().
 * Results go to out-parameters, written only on success. On any error length, position, bytes, snapshots and views
 * are as before. Running out of memory is an error like any other; the library never aborts the process. Every
 * pointer is checked for NULL (NULL_ARG); (NULL, 0) is an empty buffer. Not checked: a pointer that was never a
 * handle, or one used after its last release.
 *
 * Ownership is said in the same words everywhere. "owned: f()": the caller ends it with f. "borrowed for the call":
 * not kept after the return. "borrowed until/while ...": good so long, released by nobody. "lent until ...": the
 * memory is in the other party's use so long. "consumed": the caller's reference is gone. "static": never released.
 *
 * Threads. "any": the function may be called from any thread at any time; calls on one handle are atomic with
 * respect to each other. Locks cost nothing while the process has one thread, where the platform can tell.
 * Callbacks that release adopted memory run with no lock held.
 *
 * No function is a cancellation point of pthread_cancel().
 *
 * fork(). Parent and child each go on with the bytes that they had. In the child, a handle that another thread was using
 * at that moment must not be used. Processes made by clone() or _Fork() without the handlers of pthread_atfork() are not
 * noticed; vfork() and posix_spawn() are no matter.
 *
 * Large streams keep their bytes in files in memory (Linux; bio_options.mapped_from): those descriptors are the library's,
 * close-on-exec, and not to be closed by others.
 *
 * Sizes and offsets are in bytes; nothing is larger than PTRDIFF_MAX.
 *
 * Generated from the library's source; do not edit.
 * Licence: MIT OR Apache-2.0
 */
