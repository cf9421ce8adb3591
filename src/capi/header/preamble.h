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
 * memory is in the other party's use so long. "consumed": the caller's reference, or memory, is the library's from then
 * on. "static": never released.
 *
 * Threads. "any": the function may be called from any thread at any time; calls on one handle are atomic with respect
 * to each other. Locks cost nothing while the process has one thread, where the platform can tell. Callbacks that
 * release adopted memory, or tell an allocator's end, run with no lock held. An allocator's function, or a signal
 * handler, must not use the stream in whose call it runs: that is INTERNAL beside other threads, where the library can
 * tell (on x86-64 Linux; elsewhere the call waits for ever), and undefined in a process with one thread and for
 * unlocked streams.
 *
 * Calls back. Which of the caller's functions a function may run before it returns. "never": none. "allocator": those of
 * the bio_allocator that the stream, snapshot or view has its memory from, and the allocator_done that belongs to it.
 * "release": a bio_release_fn, of memory that was adopted by this stream or by one that it shares bytes with.
 *
 * No function is a cancellation point of pthread_cancel().
 *
 * fork(). Parent and child each go on with the bytes that they had, and neither sees what the other does then. Where
 * the system refuses what that takes, the child has no access to the large streams in question: to touch them is a
 * SIGSEGV. In the child, a handle that another thread was using at that moment must not be used. A child made by
 * clone() or _Fork(), without the handlers of pthread_atfork(), must not use large streams, nor their snapshots and
 * views. vfork() and posix_spawn() need no care.
 *
 * Large streams keep their bytes in files in memory (Linux; bio_options.mapped_from), and what is written through views
 * may be watched through two more descriptors. All are the library's, close-on-exec, and not to be closed by others.
 *
 * Sizes and offsets are in bytes; nothing is larger than PTRDIFF_MAX.
 *
 * All of this as data, for bindings in other languages: bytesio.abi.json (pkg-config --variable=abi bytesio). Tools that
 * read declarations only define BYTESIO_NO_INLINE, which hides the functions that have bodies here.
 *
 * Generated from the library's source; do not edit.
 * Licence: MIT OR Apache-2.0
 */
