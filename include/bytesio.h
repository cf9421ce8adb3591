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

#ifndef BYTESIO_H
#define BYTESIO_H


#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** The version of this header; bio_version() and bio_version_number() give that of the library in use. */
#define BYTESIO_VERSION "0.1.0"
#define BYTESIO_VERSION_MAJOR 0
#define BYTESIO_VERSION_MINOR 1
#define BYTESIO_VERSION_PATCH 0
#define BYTESIO_VERSION_NUMBER ((BYTESIO_VERSION_MAJOR << 16) | (BYTESIO_VERSION_MINOR << 8) | BYTESIO_VERSION_PATCH)

/** Marks what the library exports; may be defined beforehand. */
#ifndef BYTESIO_API
#  if defined(__GNUC__) && !defined(_WIN32)
#    define BYTESIO_API __attribute__((__visibility__("default")))
#  else
#    define BYTESIO_API
#  endif
#endif

/** Marks a result that must not be ignored; define it as nothing beforehand to ignore results freely. */
#ifndef BYTESIO_NODISCARD
#  if defined(__GNUC__)
#    define BYTESIO_NODISCARD __attribute__((__warn_unused_result__))
#  elif defined(__cplusplus) && __cplusplus >= 201703L
#    define BYTESIO_NODISCARD [[nodiscard]]
#  else
#    define BYTESIO_NODISCARD
#  endif
#endif

/* BYTESIO_NO_INLINE, defined beforehand, hides the functions that have bodies here. */

#if defined(__GNUC__)
#  define BYTESIO_PRINTF(text, first) __attribute__((__format__(__printf__, text, first)))
#else
#  define BYTESIO_PRINTF(text, first)
#endif

/**
 * bio_set_limit(), bio_options.limit: no limit.
 *
 * Since: 0.1
 */
#define BYTESIO_NO_LIMIT UINT64_MAX

/**
 * What a search stores for a miss.
 *
 * Since: 0.1
 */
#define BYTESIO_NOT_FOUND SIZE_MAX

/** The initial value of a bio_options. */
#define BYTESIO_OPTIONS_INIT {sizeof(bio_options), 0, 0, NULL, 0, 0, 0, NULL}

/** The initial value of a bio_statistics. */
#define BYTESIO_STATISTICS_INIT {sizeof(bio_statistics), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}


/* --- Statuses ------------------------------------------------------------------------------------
 * 0 is success, negative is an error; bio_strerror() gives each a text.
 */

/**
 * Success.
 *
 * Since: 0.1
 */
#define BYTESIO_OK 0

/**
 * A required pointer was NULL, or a NULL buffer came with a length above 0.
 *
 * Since: 0.1
 */
#define BYTESIO_NULL_ARG (-1)

/**
 * An argument has a value that the function does not know or allow.
 *
 * Since: 0.1
 */
#define BYTESIO_INVALID (-2)

/**
 * The stream is closed.
 *
 * Since: 0.1
 */
#define BYTESIO_CLOSED (-3)

/**
 * A view is alive, and the call would change the length or move the bytes.
 *
 * Since: 0.1
 */
#define BYTESIO_EXPORTED (-4)

/**
 * The view is read-only.
 *
 * Since: 0.1
 */
#define BYTESIO_READONLY (-5)

/**
 * The stream's limit, or a fixed stream's capacity, would be passed.
 *
 * Since: 0.1
 */
#define BYTESIO_LIMIT (-6)

/**
 * A size, an offset or a reference count is beyond what can be represented.
 *
 * Since: 0.1
 */
#define BYTESIO_OVERFLOW (-7)

/**
 * Out of memory.
 *
 * Since: 0.1
 */
#define BYTESIO_NOMEM (-8)

/**
 * The range lies outside the snapshot, view or window.
 *
 * Since: 0.1
 */
#define BYTESIO_RANGE (-9)

/**
 * A window from bio_prepare() is open.
 *
 * Since: 0.1
 */
#define BYTESIO_BUSY (-10)

/**
 * The operating system reported an error; its number is in the function's out-parameter.
 *
 * Since: 0.1
 */
#define BYTESIO_IO (-11)

/**
 * This build or platform cannot do it.
 *
 * Since: 0.1
 */
#define BYTESIO_UNSUPPORTED (-12)

/**
 * A defect of the library; the stream it happened in gives this code from then on. Or a call on a stream from within a
 * call on the same stream, which is refused and changes nothing (see Threads, above).
 *
 * Since: 0.1
 */
#define BYTESIO_INTERNAL (-13)

/**
 * The content ends before what was asked for: bio_read_exact() and its kin.
 *
 * Since: 0.1
 */
#define BYTESIO_EOF (-14)

/* --- Types and constants -------------------------------------------------------------------------
 * Three handles, each with its own release function; plain structs that carry their size where they may
 * grow.
 */

/**
 * bio_seek(): the offset counts from the beginning.
 *
 * Since: 0.1
 */
#define BYTESIO_SEEK_SET 0

/**
 * bio_seek(): the offset counts from the position.
 *
 * Since: 0.1
 */
#define BYTESIO_SEEK_CUR 1

/**
 * bio_seek(): the offset counts from the end.
 *
 * Since: 0.1
 */
#define BYTESIO_SEEK_END 2

/**
 * bio_seek(): with one of the three above, a result before the beginning is INVALID, as in a file.
 *
 * Since: 0.1
 */
#define BYTESIO_SEEK_STRICT 256

/**
 * bio_getbuffer(): the view is for reading only.
 *
 * Since: 0.1
 */
#define BYTESIO_VIEW_READONLY 0

/**
 * bio_getbuffer(): the view may be written through.
 *
 * Since: 0.1
 */
#define BYTESIO_VIEW_WRITABLE 1

/**
 * bio_getbuffer(), with BYTESIO_VIEW_WRITABLE: bytes will come that the kernel does not note: from a device, or
 * through buffers that are registered with the kernel (io_uring's fixed buffers, RDMA). Snapshots under the view then
 * compare the bytes to find what has changed.
 *
 * Since: 0.1
 */
#define BYTESIO_VIEW_PINNED 2

/**
 * bio_options.flags: no lock; whoever holds references to the stream, its views included, orders all calls.
 *
 * Since: 0.1
 */
#define BYTESIO_STREAM_UNLOCKED 1

/**
 * bio_statistics.kind: nothing has been allocated.
 *
 * Since: 0.1
 */
#define BYTESIO_KIND_NONE 0

/**
 * bio_statistics.kind: memory from the stream's allocator.
 *
 * Since: 0.1
 */
#define BYTESIO_KIND_HEAP 1

/**
 * bio_statistics.kind: adopted memory, not yet changed.
 *
 * Since: 0.1
 */
#define BYTESIO_KIND_FOREIGN 2

/**
 * bio_statistics.kind: the caller's own memory, from bio_new_fixed().
 *
 * Since: 0.1
 */
#define BYTESIO_KIND_FIXED 3

/**
 * bio_statistics.kind: pages of a file in memory (Linux).
 *
 * Since: 0.1
 */
#define BYTESIO_KIND_MAPPED 4

/**
 * An immutable run of bytes that will not change, move or shrink while a reference to it is held. Ended by
 * bio_snapshot_release(); freely shared between threads.
 *
 * Since: 0.1
 */
typedef struct bio_snapshot bio_snapshot;

/**
 * A seekable, growable byte stream in memory with one position. Made by bio_new() and its kin, ended by
 * bio_release(); any thread may hold a reference, and every call is atomic with respect to every other.
 *
 * Since: 0.1
 */
typedef struct bio_stream bio_stream;

/**
 * A live window onto a stream's bytes: reads see later writes, and writes are seen by the stream. Ended by
 * bio_view_release(). The reference may be shared; access through the raw pointer is the caller's to order.
 *
 * Since: 0.1
 */
typedef struct bio_view bio_view;

/**
 * The result of a call: BYTESIO_OK (0), or one of the negative codes above.
 *
 * Since: 0.1
 */
typedef int32_t bio_status;

/**
 * New memory of `size` bytes (never 0) at a multiple of `align`, or NULL. Called on any thread, perhaps with the
 * stream's lock held: must not call the library with that stream (see Threads, above), nor start a thread that may do
 * so before it returns, and must not unwind.
 *
 * Since: 0.1
 */
typedef void *(*bio_allocate_fn)(void *ctx, size_t size, size_t align);

/**
 * The same bytes in `new_size` bytes, perhaps elsewhere, or NULL with `ptr` left as it was. `old_size` and
 * `align` are what `ptr` was allocated with. Otherwise as bio_allocate_fn.
 *
 * Since: 0.1
 */
typedef void *(*bio_reallocate_fn)(void *ctx,
                                   void *ptr,
                                   size_t old_size,
                                   size_t new_size,
                                   size_t align);

/**
 * Gives back memory, with the size and alignment it was last allocated with. Otherwise as bio_allocate_fn.
 *
 * Since: 0.1
 */
typedef void (*bio_deallocate_fn)(void *ctx, void *ptr, size_t size, size_t align);

/**
 * Where a stream's memory comes from, and that of its snapshots, views and clones, handles included, and of streams
 * made from its snapshots. The functions and `ctx` are in use until the last of them is released, which
 * bio_options.allocator_done tells.
 *
 * Since: 0.1
 */
typedef struct bio_allocator {
    /**
     * Required.
     */
    bio_allocate_fn allocate;
    /**
     * NULL: allocate, copy and deallocate instead.
     */
    bio_reallocate_fn reallocate;
    /**
     * Required.
     */
    bio_deallocate_fn deallocate;
    /**
     * Passed to each.
     */
    void *ctx;
} bio_allocator;

/**
 * Says that an allocator is not used any more, so that whatever `ctx` is may go. Called with no lock held, on any
 * thread; may call the library. Must not unwind.
 *
 * Since: 0.1
 */
typedef void (*bio_done_fn)(void *ctx);

/**
 * What can be chosen when a stream is made. Begin with BYTESIO_OPTIONS_INIT, or with zeros and the size.
 *
 * Since: 0.1
 */
typedef struct bio_options {
    /**
     * sizeof(bio_options) as the caller was compiled.
     */
    size_t struct_size;
    /**
     * Bytes to make room for at once.
     */
    size_t capacity;
    /**
     * The length beyond which the stream refuses to grow, in bytes; 0 and BYTESIO_NO_LIMIT: none.
     */
    uint64_t limit;
    /**
     * Copied; NULL: malloc and its kin.
     */
    const struct bio_allocator *allocator;
    /**
     * The size in bytes from which the content is kept in a mapped block, a file in memory whose pages snapshots share
     * (64-bit Linux): SIZE_MAX for never, 0 for the default. That is 32 MiB; 1 MiB where the memory of an earlier
     * mapped stream is kept; 256 KiB where older snapshots are held while the stream is overwritten; unless the
     * environment variable BYTESIO_MAPPED_FROM names another size, in bytes and decimal (not heeded in programs that
     * run with another user's rights). A stream with an allocator of its own has no mapped blocks.
     */
    size_t mapped_from;
    /**
     * BYTESIO_STREAM_UNLOCKED or 0.
     */
    uint32_t flags;
    /**
     * 0.
     */
    uint32_t reserved;
    /**
     * Called once for each stream made with it, as allocator_done(ctx) with the allocator's ctx, when the stream and
     * all that got its memory from that allocator on its behalf (handles, snapshots, views, clones) are gone and their
     * memory is given back: on the thread that released the last of them. NULL: nobody needs to know.
     */
    bio_done_fn allocator_done;
} bio_options;

/**
 * Gives adopted memory back. Called exactly once, on whichever thread lets the memory go, with no lock
 * held; may call the library. Must not unwind (no C++ exception).
 *
 * Since: 0.1
 */
typedef void (*bio_release_fn)(void *ctx, void *data, size_t len);

/**
 * A piece of memory to be written by bio_writev(); (NULL, 0) is an empty one.
 *
 * Since: 0.1
 */
typedef struct bio_slice {
    /**
     * The first byte.
     */
    const void *data;
    /**
     * How many bytes.
     */
    size_t len;
} bio_slice;

/**
 * Where a stream is, as bio_cursor_of() shows it. Whoever reads or writes there without the inline functions moves
 * `next` forward over what was read, at most to `read_end`, or over what was written, at most to `write_end`, and
 * leaves the other two alone. Every call on the stream and its views shows all three anew.
 *
 * No call follows a `next` that is outside of what was shown: position and content stay what they were at the last
 * call, and the next one on the stream that gives a status gives INVALID and does nothing else, bio_close() included.
 * The inline functions check nothing but the room from `next` on, and do follow it.
 *
 * Since: 0.1
 */
typedef struct bio_cursor {
    /**
     * The byte at the position.
     */
    uint8_t *next;
    /**
     * The end of the content, where bytes may be read; `next` itself or before it, where there are none.
     */
    uint8_t *read_end;
    /**
     * The end of the room in which bytes may be written in place; `next` itself or before it, where there is none and
     * bio_write() may make some. It may lie before or behind the end of the content.
     */
    uint8_t *write_end;
} bio_cursor;

/**
 * What a stream is made of, and what its storage has had to do since it was made.
 *
 * Since: 0.1
 */
typedef struct bio_statistics {
    /**
     * sizeof(bio_statistics) as the caller was compiled; set by the caller.
     */
    size_t struct_size;
    /**
     * Times the bytes were separated from snapshots, clones or adopted memory.
     */
    uint64_t forks;
    /**
     * Bytes copied for that; not what update_bytes counts, nor pages that the kernel copies when they are written or
     * that go back into a mapped block's file.
     */
    uint64_t fork_bytes;
    /**
     * Times growth gave the bytes another place or size.
     */
    uint64_t moves;
    /**
     * Bytes that were in them then.
     */
    uint64_t move_bytes;
    /**
     * Snapshots that had to copy: under a writable view, or of a fixed stream.
     */
    uint64_t snapshot_copies;
    /**
     * Bytes copied for that.
     */
    uint64_t snapshot_copy_bytes;
    /**
     * Times memory that the stream had used before was brought up to date by what had changed, instead of copying
     * everything: to separate the bytes (counted in forks too), or for a snapshot (not in snapshot_copies).
     */
    uint64_t updates;
    /**
     * Bytes copied for that; they are in none of the other sums.
     */
    uint64_t update_bytes;
    /**
     * One of BYTESIO_KIND_*.
     */
    uint32_t kind;
    /**
     * 0.
     */
    uint32_t reserved;
} bio_statistics;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/* --- Making and ending streams -------------------------------------------------------------------
 * A constructor gives the caller one reference. bio_retain() adds one, bio_release() takes one away, and
 * the last release ends the stream; snapshots and views go on without it.
 */

/**
 * Makes an empty stream without limit.
 *
 * Returns: a stream (owned: bio_release()), or NULL when out of memory.
 * Threads: any.
 * Calls back: never.
 * Since: 0.1
 */
BYTESIO_API BYTESIO_NODISCARD struct bio_stream *bio_new(void);

/**
 * Makes an empty stream with a capacity, a limit, flags and an allocator.
 *
 * options: borrowed for the call, the struct of the allocator too; fields beyond the caller's struct_size count as 0.
 * The allocator's functions and ctx are lent until allocator_done is called. On failure it is not called, and the
 * allocator is the caller's as before.
 * out: receives a stream (owned: bio_release()).
 * Errors: NULL_ARG (options, out, or an allocator without allocate or deallocate), INVALID (struct_size below its own
 * size, an unknown flag, allocator_done without an allocator), UNSUPPORTED (a larger struct with fields this version
 * does not know set), LIMIT (capacity above limit), OVERFLOW, NOMEM.
 * Threads: any.
 * Calls back: allocator.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_new_with(const struct bio_options *options,
                        struct bio_stream **out);

/**
 * Makes a stream that holds a copy of `len` bytes, at position 0.
 *
 * data: borrowed for the call.
 * out: receives a stream (owned: bio_release()).
 * Errors: NULL_ARG, OVERFLOW, NOMEM.
 * Threads: any.
 * Calls back: never.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_from_bytes(const void *data,
                          size_t len,
                          struct bio_stream **out);

/**
 * Makes a stream with a snapshot's bytes, at position 0, without a copy; the first change separates them.
 *
 * snapshot: borrowed for the call; the stream takes a reference of its own.
 * out: receives a stream (owned: bio_release()).
 * Errors: NULL_ARG, NOMEM.
 * Threads: any.
 * Calls back: allocator.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_from_snapshot(struct bio_snapshot *snapshot,
                             struct bio_stream **out);

/**
 * Makes a stream over foreign memory, at position 0, without a copy. The library only reads that memory: the first
 * change of the stream copies what it keeps and lets the memory go.
 *
 * data: lent until `release` is called; must not change meanwhile.
 * release: lent until it has returned: it is called exactly once, as release(ctx, data, len), as soon as neither the
 * stream nor a snapshot or view needs the memory, with no lock held, on the thread that let go last; NULL for memory
 * that needs no release. On failure it is not called, and the memory is the caller's as before.
 * ctx: lent until `release` has returned; passed to it, and may be NULL.
 * out: receives a stream (owned: bio_release()).
 * Errors: NULL_ARG, OVERFLOW, NOMEM.
 * Threads: any.
 * Calls back: never.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_adopt(const void *data,
                     size_t len,
                     bio_release_fn release,
                     void *ctx,
                     struct bio_stream **out);

/**
 * Makes a stream over the caller's own memory, at position 0: its content is the first `len` bytes, it is written in
 * place and never grows beyond `capacity` (LIMIT). Snapshots and clones of it copy, since the memory is not the
 * library's to keep.
 *
 * data: lent until the stream is closed or released, and its views are released.
 * out: receives a stream (owned: bio_release()).
 * Errors: NULL_ARG, INVALID (len above capacity), OVERFLOW, NOMEM.
 * Threads: any.
 * Calls back: never.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_new_fixed(void *data,
                         size_t capacity,
                         size_t len,
                         struct bio_stream **out);

/**
 * Makes a stream of memory from malloc, at position 0, without a copy: its content is the first `len` bytes, it is
 * written in place, and grown by realloc() whatever its size, as long as no snapshot, clone or view needs it where it
 * is. The other way round: bio_detach(). On Windows malloc and free are those of the C runtime that the library uses.
 *
 * data: consumed on success: memory that malloc(), calloc(), realloc() or bio_detach() gave; on failure it is the
 * caller's as before. NULL only with a len and a capacity of 0.
 * capacity: how many bytes there are at `data`, no more than was asked of malloc(); 0 gives the memory back at once.
 * out: receives a stream (owned: bio_release()).
 * Errors: NULL_ARG, OVERFLOW, INVALID (len above capacity), NOMEM.
 * Threads: any.
 * Calls back: never.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_adopt_malloc(void *data,
                            size_t len,
                            size_t capacity,
                            struct bio_stream **out);

/**
 * Hands the content out as memory to be freed by free(), and leaves the stream empty and open, at position 0, with its
 * limit. No copy where the stream alone holds a heap block of malloc's: no snapshot or clone shares it, it is neither
 * adopted by bio_adopt() nor the caller's nor mapped (see bio_options.mapped_from), and the stream has no allocator of
 * its own. Else the content is copied, and the stream lets its memory go, but for that of bio_new_fixed().
 *
 * stream: borrowed for the call.
 * data: receives the bytes (owned: free()), perhaps with room behind them; a null pointer where there are none.
 * len: receives how many there are.
 * Errors: NULL_ARG, CLOSED, BUSY, EXPORTED (a view lives), NOMEM (for a copy).
 * Threads: any.
 * Calls back: allocator, release.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_detach(struct bio_stream *stream,
                      void **data,
                      size_t *len);

/**
 * Makes another stream with the same bytes, position, limit, flags and allocator, independent from here on. No copy,
 * unless a writable view of the stream is alive or the stream is a fixed one.
 *
 * stream: borrowed for the call.
 * out: receives a stream (owned: bio_release()).
 * Errors: NULL_ARG, CLOSED, NOMEM.
 * Threads: any.
 * Calls back: allocator, release.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_clone(struct bio_stream *stream,
                     struct bio_stream **out);

/**
 * Adds a reference to a stream.
 *
 * stream: borrowed for the call; NULL gives NULL.
 * Returns: the same stream (owned: bio_release()), or NULL should the count be at its end.
 * Threads: any.
 * Calls back: never.
 * Since: 0.1
 */
BYTESIO_API struct bio_stream *bio_retain(struct bio_stream *stream);

/**
 * Gives a reference up; the last one ends the stream. Its bytes go, unless snapshots or views hold them.
 *
 * stream: consumed: the caller's reference is gone after the call; NULL does nothing.
 * Threads: any.
 * Calls back: allocator, release.
 * Since: 0.1
 */
BYTESIO_API
void bio_release(struct bio_stream *stream);

/**
 * Closes a stream: its bytes go at once, unless snapshots or views hold them, and every call but bio_close(),
 * bio_is_closed(), bio_cancel(), bio_retain() and bio_release() gives CLOSED from here on. Closing again does nothing.
 * Views may be alive; they keep the bytes. An open window is given up.
 *
 * stream: borrowed for the call; the caller's reference stays and has to be released.
 * Errors: NULL_ARG.
 * Threads: any.
 * Calls back: allocator, release.
 * Since: 0.1
 */
BYTESIO_API
bio_status bio_close(struct bio_stream *stream);

/**
 * Closes a stream and hands its bytes over, without a copy unless a writable view is alive or the stream is a fixed
 * one. An open window is given up.
 *
 * stream: borrowed for the call; the caller's reference stays and has to be released.
 * out: receives a snapshot (owned: bio_snapshot_release()).
 * Errors: NULL_ARG, CLOSED, NOMEM; on an error the stream is still open.
 * Threads: any.
 * Calls back: allocator, release.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_close_take(struct bio_stream *stream,
                          struct bio_snapshot **out);

/**
 * Says whether a stream is closed.
 *
 * stream: borrowed for the call.
 * Returns: true for a closed stream and for NULL.
 * Threads: any.
 * Calls back: never.
 * Since: 0.1
 */
BYTESIO_API bool bio_is_closed(const struct bio_stream *stream);

/* --- Position and length -------------------------------------------------------------------------
 * Positions run from 0 to INT64_MAX and may lie past the end. Lengths are questions that cannot fail: 0 for
 * a closed stream and for NULL.
 */

/**
 * Moves the position. Past the end is legal and changes nothing else. From the beginning, a negative offset is
 * INVALID; from the position and from the end, a result before the beginning becomes 0, or is INVALID too with
 * BYTESIO_SEEK_STRICT. On an error the position stays.
 *
 * stream: borrowed for the call.
 * whence: BYTESIO_SEEK_SET, BYTESIO_SEEK_CUR or BYTESIO_SEEK_END; may be combined with BYTESIO_SEEK_STRICT (|).
 * position: receives the new position, in bytes; may be NULL.
 * Errors: NULL_ARG, CLOSED, INVALID, OVERFLOW (beyond INT64_MAX).
 * Threads: any.
 * Calls back: never.
 * Since: 0.1
 */
BYTESIO_API
bio_status bio_seek(struct bio_stream *stream,
                    int64_t offset,
                    int32_t whence,
                    uint64_t *position);

/**
 * Gives position and length, in bytes, as they are at one moment.
 *
 * stream: borrowed for the call.
 * position: receives the position; may be NULL.
 * len: receives the length; may be NULL.
 * Errors: NULL_ARG, CLOSED.
 * Threads: any.
 * Calls back: never.
 * Since: 0.1
 */
BYTESIO_API
bio_status bio_where(const struct bio_stream *stream,
                     uint64_t *position,
                     uint64_t *len);

/**
 * Gives the position, in bytes.
 *
 * stream: borrowed for the call.
 * Returns: the position; 0 for a closed stream and for NULL.
 * Threads: any.
 * Calls back: never.
 * Since: 0.1
 */
BYTESIO_API uint64_t bio_tell(const struct bio_stream *stream);

/**
 * Gives the length, in bytes. It takes no view.
 *
 * stream: borrowed for the call.
 * Returns: the length; 0 for a closed stream and for NULL.
 * Threads: any.
 * Calls back: never.
 * Since: 0.1
 */
BYTESIO_API uint64_t bio_len(const struct bio_stream *stream);

/**
 * Gives the length that the present memory can hold, in bytes.
 *
 * stream: borrowed for the call.
 * Returns: the capacity; 0 for a closed stream and for NULL.
 * Threads: any.
 * Calls back: never.
 * Since: 0.1
 */
BYTESIO_API uint64_t bio_capacity(const struct bio_stream *stream);

/**
 * Gives the number of open exports: calls of bio_getbuffer() of whose view, slices included, a reference is left.
 * While it is not 0, the length cannot change.
 *
 * stream: borrowed for the call.
 * Returns: the number; 0 for a closed stream and for NULL.
 * Threads: any.
 * Calls back: never.
 * Since: 0.1
 */
BYTESIO_API
size_t bio_export_count(const struct bio_stream *stream);

/* --- Reading -------------------------------------------------------------------------------------
 * At the position, or at an offset; into the caller's memory, in place, or as a snapshot. At or past the
 * end there is nothing to read, and the position does not move. A pointer into the stream's own memory is borrowed
 * until the next call that changes the stream: one that writes, changes length, room or limit, opens or closes a
 * window, opens a writable view, or closes the stream. Moving the position and taking snapshots are no changes.
 */

/**
 * Reads up to `len` bytes at the position and moves it.
 *
 * stream: borrowed for the call.
 * buf: borrowed for the call; receives the bytes; may lie in a view of the same stream.
 * nread: receives how many bytes were read.
 * Errors: NULL_ARG, CLOSED, OVERFLOW.
 * Threads: any.
 * Calls back: never.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_read(struct bio_stream *stream,
                    void *buf,
                    size_t len,
                    size_t *nread);

/**
 * Reads up to `len` bytes at `offset`; the position stays.
 *
 * stream: borrowed for the call.
 * buf: borrowed for the call; receives the bytes; may lie in a view of the same stream.
 * nread: receives how many bytes were read; 0 at or past the end.
 * Errors: NULL_ARG, CLOSED, OVERFLOW.
 * Threads: any.
 * Calls back: never.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_pread(struct bio_stream *stream,
                     void *buf,
                     size_t len,
                     uint64_t offset,
                     size_t *nread);

/**
 * Reads `len` bytes at the position and moves it: all of them, or none.
 *
 * stream: borrowed for the call.
 * buf: borrowed for the call; receives the bytes; may lie in a view of the same stream. On an error it is not touched.
 * Errors: NULL_ARG, CLOSED, OVERFLOW, EOF (fewer bytes are left; the position stays).
 * Threads: any.
 * Calls back: never.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_read_exact(struct bio_stream *stream,
                          void *buf,
                          size_t len);

/**
 * Shows the bytes from the position to the end in place; the position stays.
 *
 * stream: borrowed for the call.
 * ptr: receives the first byte's address (borrowed until the next call that changes the stream); never NULL.
 * len: receives how many bytes there are.
 * Errors: NULL_ARG, CLOSED.
 * Threads: any; that no other thread changes the stream while the bytes are looked at is the caller's to order.
 * Calls back: never.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_peek(struct bio_stream *stream,
                    const uint8_t **ptr,
                    size_t *len);

/**
 * Shows the bytes from `offset` to the end in place; the position stays. A second position costs no seek.
 *
 * stream: borrowed for the call.
 * ptr: receives the first byte's address (borrowed until the next call that changes the stream); never NULL.
 * len: receives how many bytes there are; 0 at or past the end.
 * Errors: NULL_ARG, CLOSED, OVERFLOW (an offset beyond INT64_MAX).
 * Threads: any; that no other thread changes the stream while the bytes are looked at is the caller's to order.
 * Calls back: never.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_peek_at(struct bio_stream *stream,
                       uint64_t offset,
                       const uint8_t **ptr,
                       size_t *len);

/**
 * Reads up to `max` bytes in place and moves the position behind them: bio_peek() and bio_skip() in one.
 *
 * stream: borrowed for the call.
 * max: SIZE_MAX takes all that are left.
 * ptr: receives the first byte's address (borrowed until the next call that changes the stream); never NULL.
 * len: receives how many bytes; 0 at or past the end.
 * Errors: NULL_ARG, CLOSED.
 * Threads: any; that no other thread changes the stream while the bytes are looked at is the caller's to order.
 * Calls back: never.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_take(struct bio_stream *stream,
                    size_t max,
                    const uint8_t **ptr,
                    size_t *len);

/**
 * Moves the position over up to `len` bytes of content.
 *
 * stream: borrowed for the call.
 * skipped: receives how many bytes there were; may be NULL.
 * Errors: NULL_ARG, CLOSED.
 * Threads: any.
 * Calls back: never.
 * Since: 0.1
 */
BYTESIO_API bio_status bio_skip(struct bio_stream *stream, size_t len, size_t *skipped);

/**
 * Shows the whole content as a C string, in place: with a NUL behind it that is no part of it. Content that has NULs
 * of its own is shown with them. The position stays. Room for the NUL is made where there is none, also beyond a
 * limit: the bytes may move then, which ends what bio_peek() and the like have shown, as a change does.
 *
 * stream: borrowed for the call.
 * text: receives the first byte's address (borrowed until the next call that changes the stream); never NULL.
 * len: receives the content's length, the NUL not counted; may be NULL.
 * Errors: NULL_ARG, CLOSED, BUSY, EXPORTED (a view is alive, and there is no room), LIMIT (likewise in fixed memory),
 * NOMEM.
 * Threads: any; that no other thread changes the stream while the text is looked at is the caller's to order.
 * Calls back: allocator, release.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_cstr(struct bio_stream *stream,
                    const char **text,
                    size_t *len);

/**
 * Reads a line in place, through its line feed (0x0A; CR and NUL are ordinary bytes), or `limit` bytes, or to the
 * end, and moves the position.
 *
 * stream: borrowed for the call.
 * limit: 0 gives an empty line, SIZE_MAX sets none.
 * ptr: receives the first byte's address (borrowed until the next call that changes the stream); never NULL.
 * len: receives the line's length, its line feed included; 0 at the end.
 * Errors: NULL_ARG, CLOSED.
 * Threads: any; that no other thread changes the stream while the bytes are looked at is the caller's to order.
 * Calls back: never.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_readline(struct bio_stream *stream,
                        size_t limit,
                        const uint8_t **ptr,
                        size_t *len);

/**
 * Reads in place through the next `delimiter`, or `limit` bytes, or to the end, and moves the position.
 *
 * stream: borrowed for the call.
 * limit: 0 gives no bytes, SIZE_MAX sets none.
 * ptr: receives the first byte's address (borrowed until the next call that changes the stream); never NULL.
 * len: receives how many bytes, the delimiter included; 0 at the end.
 * Errors: NULL_ARG, CLOSED.
 * Threads: any; that no other thread changes the stream while the bytes are looked at is the caller's to order.
 * Calls back: never.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_read_until(struct bio_stream *stream,
                          uint8_t delimiter,
                          size_t limit,
                          const uint8_t **ptr,
                          size_t *len);

/**
 * Reads up to `len` bytes (SIZE_MAX: all that are left) at the position as a snapshot, and moves the position. No
 * copy, unless a writable view of the stream is alive or the stream is a fixed one.
 *
 * stream: borrowed for the call.
 * out: receives a snapshot (owned: bio_snapshot_release()); an empty one at the end.
 * Errors: NULL_ARG, CLOSED, NOMEM.
 * Threads: any.
 * Calls back: allocator.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_read_snapshot(struct bio_stream *stream,
                             size_t len,
                             struct bio_snapshot **out);

/* --- Writing -------------------------------------------------------------------------------------
 * Over what is there and beyond the end. A gap between the end and the position becomes zeros; writing no
 * bytes changes nothing, so it fills no gap. A source may lie in one of the stream's own snapshots or views.
 * While a view is alive, what would change the length gives EXPORTED. On any error nothing is written.
 */

/**
 * Writes `len` bytes at the position and moves it.
 *
 * stream: borrowed for the call.
 * data: borrowed for the call.
 * Errors: NULL_ARG, CLOSED, BUSY, EXPORTED, LIMIT, OVERFLOW, NOMEM.
 * Threads: any.
 * Calls back: allocator, release.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_write(struct bio_stream *stream,
                     const void *data,
                     size_t len);

/**
 * Writes `len` bytes at `offset`; the position stays.
 *
 * stream: borrowed for the call.
 * data: borrowed for the call.
 * Errors: NULL_ARG, CLOSED, BUSY, EXPORTED, LIMIT, OVERFLOW, NOMEM.
 * Threads: any.
 * Calls back: allocator, release.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_pwrite(struct bio_stream *stream,
                      const void *data,
                      size_t len,
                      uint64_t offset);

/**
 * Writes `len` bytes at the end, wherever that is at this moment; the position stays. Appends of several threads do
 * not overwrite each other.
 *
 * stream: borrowed for the call.
 * data: borrowed for the call.
 * Errors: NULL_ARG, CLOSED, BUSY, EXPORTED, LIMIT, OVERFLOW, NOMEM.
 * Threads: any.
 * Calls back: allocator, release.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_append(struct bio_stream *stream,
                      const void *data,
                      size_t len);

/**
 * Writes any number of pieces, one behind the other, at the position and moves it: all or nothing. A piece that lies
 * in the stream's own live view is read when its turn comes, after the pieces before it were written.
 *
 * stream: borrowed for the call.
 * slices: borrowed for the call: `count` pieces; NULL for none.
 * Errors: NULL_ARG (also a piece with NULL and a length), CLOSED, BUSY, EXPORTED, LIMIT, OVERFLOW, NOMEM.
 * Threads: any.
 * Calls back: allocator, release.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_writev(struct bio_stream *stream,
                      const struct bio_slice *slices,
                      size_t count);

/**
 * Writes a snapshot's bytes at the position and moves it; into an empty stream at position 0 without a copy.
 *
 * stream: borrowed for the call.
 * snapshot: borrowed for the call.
 * Errors: NULL_ARG, CLOSED, BUSY, EXPORTED, LIMIT, OVERFLOW, NOMEM.
 * Threads: any.
 * Calls back: allocator, release.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_write_snapshot(struct bio_stream *stream,
                              struct bio_snapshot *snapshot);

/**
 * Writes `len` times the same byte at the position and moves it.
 *
 * stream: borrowed for the call.
 * Errors: NULL_ARG, CLOSED, BUSY, EXPORTED, LIMIT, OVERFLOW, NOMEM.
 * Threads: any.
 * Calls back: allocator, release.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_fill(struct bio_stream *stream,
                    uint8_t byte,
                    size_t len);

/* --- Length, room and limit ----------------------------------------------------------------------
 */

/**
 * Cuts the content to at most `size` bytes. Never extends it, never moves the position.
 *
 * stream: borrowed for the call.
 * Errors: NULL_ARG, CLOSED, BUSY, EXPORTED, OVERFLOW; NOMEM where the bytes kept of adopted memory have to be copied.
 * Threads: any.
 * Calls back: allocator, release.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_truncate(struct bio_stream *stream,
                        uint64_t size);

/**
 * Cuts the content to `size` bytes, or extends it with zeros; the position stays.
 *
 * stream: borrowed for the call.
 * Errors: NULL_ARG, CLOSED, BUSY, EXPORTED, LIMIT, OVERFLOW, NOMEM.
 * Threads: any.
 * Calls back: allocator, release.
 * Since: 0.1
 */
BYTESIO_API BYTESIO_NODISCARD bio_status bio_resize(struct bio_stream *stream, uint64_t size);

/**
 * Makes length and position 0 and keeps the capacity; where snapshots hold the present memory, in other memory, which
 * is some that earlier snapshots have let go if there is any.
 *
 * stream: borrowed for the call.
 * Errors: NULL_ARG, CLOSED, BUSY, EXPORTED; NOMEM where snapshots hold the present memory.
 * Threads: any.
 * Calls back: allocator, release.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_clear(struct bio_stream *stream);

/**
 * Makes a snapshot's bytes the content again, without a copy: to roll back. They are shared until the next change. The
 * bytes are copied into fixed memory, and while a view is alive. The position stays, or becomes the end if it was
 * further.
 *
 * stream: borrowed for the call.
 * snapshot: borrowed for the call, of this stream or any other; the stream takes a reference of its own.
 * Errors: NULL_ARG, CLOSED, BUSY, EXPORTED (another length), LIMIT, NOMEM.
 * Threads: any.
 * Calls back: allocator, release.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_restore(struct bio_stream *stream,
                       struct bio_snapshot *snapshot);

/**
 * Makes room for `additional` bytes beyond the length, so that writing them needs no memory.
 *
 * stream: borrowed for the call.
 * Errors: NULL_ARG, CLOSED, BUSY, EXPORTED, LIMIT, OVERFLOW, NOMEM.
 * Threads: any.
 * Calls back: allocator, release.
 * Since: 0.1
 */
BYTESIO_API BYTESIO_NODISCARD bio_status bio_reserve(struct bio_stream *stream, size_t additional);

/**
 * Gives memory back that the content does not need, as far as no snapshot or clone holds it, and what is kept for
 * later changes under snapshots.
 *
 * stream: borrowed for the call.
 * Errors: NULL_ARG, CLOSED, BUSY, EXPORTED.
 * Threads: any.
 * Calls back: allocator, release.
 * Since: 0.1
 */
BYTESIO_API
bio_status bio_shrink_to_fit(struct bio_stream *stream);

/**
 * Sets the length beyond which the stream refuses to grow, in bytes.
 *
 * stream: borrowed for the call.
 * limit: BYTESIO_NO_LIMIT for none; 0 is a limit of no bytes.
 * Errors: NULL_ARG, CLOSED, BUSY, LIMIT (below the length).
 * Threads: any.
 * Calls back: never.
 * Since: 0.1
 */
BYTESIO_API BYTESIO_NODISCARD bio_status bio_set_limit(struct bio_stream *stream, uint64_t limit);

/* --- Windows and formatted output ----------------------------------------------------------------
 * A window is memory that the caller fills and then makes part of the stream: the way for code that wants a
 * pointer to write to (decompressors, image libraries, read callbacks). While one is open, reads, seeks, snapshots and
 * read-only views go on; other changes give BUSY, but for closing the stream, which gives the window up. Whoever may
 * leave the code between by longjmp() or an exception calls bio_cancel() on that way.
 * At the end of the content a window begins right behind it, in place: what lies before it in memory is the content,
 * which may be read there. Elsewhere the window is memory of its own, and what is committed replaces the content.
 * bio_printf() and bio_vprintf() are at the end of this header.
 */

/**
 * Opens a window of at least `min` bytes at the position. Its bytes are no part of the stream until bio_commit().
 *
 * stream: borrowed for the call.
 * min: in bytes; 0 takes what room there is. Over content the window has at least 4096 bytes, or as many as are left.
 * ptr: receives the window's address (lent for writing until bio_commit(), bio_cancel(), bio_close() or the stream's
 * last release); never NULL.
 * capacity: receives its size, in bytes; 0 only for a `min` of 0 where there is no room.
 * Errors: NULL_ARG, CLOSED, BUSY (a window is open already), EXPORTED, LIMIT, OVERFLOW, NOMEM.
 * Threads: any; who may write into the window is the caller's to order.
 * Calls back: allocator, release.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_prepare(struct bio_stream *stream,
                       size_t min,
                       uint8_t **ptr,
                       size_t *capacity);

/**
 * Opens a window of at least `min` and at most `max` bytes at the position, of what there is between the two: near a
 * limit, in fixed memory and under a view it becomes smaller before it is refused. Everything else as for
 * bio_prepare().
 *
 * stream: borrowed for the call.
 * min: in bytes; where not even so much is to be had, that is an error. 0 is as good as 1, unless `max` is 0.
 * max: in bytes; no more is given. The stream does not grow for it beyond 4096 bytes or `min`: to write more at once,
 * ask for more by `min`, or reserve.
 * ptr: receives the window's address (lent for writing until bio_commit(), bio_cancel(), bio_close() or the stream's
 * last release); never NULL.
 * capacity: receives its size, in bytes; 0 only for a `max` of 0.
 * Errors: NULL_ARG, CLOSED, INVALID (min above max), BUSY (a window is open already), EXPORTED, LIMIT, OVERFLOW,
 * NOMEM.
 * Threads: any; who may write into the window is the caller's to order.
 * Calls back: allocator, release.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_prepare_upto(struct bio_stream *stream,
                            size_t min,
                            size_t max,
                            uint8_t **ptr,
                            size_t *capacity);

/**
 * Makes the first `len` bytes of the open window part of the stream, at the position where it was opened, and closes
 * it; the position is then behind them. 0 gives the window up and changes nothing.
 *
 * stream: borrowed for the call.
 * len: in bytes; these have been written by the caller.
 * Errors: NULL_ARG, CLOSED, INVALID (no window is open), RANGE (more than the window's size), EXPORTED, NOMEM; on an
 * error the window stays open.
 * Threads: any.
 * Calls back: allocator, release.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_commit(struct bio_stream *stream,
                      size_t len);

/**
 * Gives an open window up: the content is as it was before bio_prepare(), which may be called again. Does nothing
 * without a window, so that it may stand on every way out.
 *
 * stream: borrowed for the call; NULL does nothing.
 * Threads: any.
 * Calls back: allocator.
 * Since: 0.1
 */
BYTESIO_API
void bio_cancel(struct bio_stream *stream);

/* --- Cursors -------------------------------------------------------------------------------------
 * Small reads and writes without a call, for streams without a lock: bio_cursor_of() shows where the stream is as
 * three pointers, and the inline functions bio_put(), bio_put_byte(), bio_get() and bio_get_byte(), at the end of this
 * header, read and write there as in an array. What they do is part of the stream at once: every other call takes the
 * cursor's place over before it does anything, and shows the cursor anew when it ends. Nothing has to be flushed.
 */

/**
 * Gives a stream's cursor: the same one each time. The first call makes it; from then on calls of the library that
 * read, write or peek a few bytes cost a little more on this stream, and inline ones next to nothing.
 *
 * stream: borrowed for the call.
 * out: receives the cursor (borrowed until the stream's last release); a closed stream's shows nothing.
 * Errors: NULL_ARG, CLOSED, INVALID (the stream was made without BYTESIO_STREAM_UNLOCKED), NOMEM.
 * Threads: any; who uses the cursor when is the caller's to order, as all use of such a stream.
 * Calls back: allocator.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_cursor_of(struct bio_stream *stream,
                         struct bio_cursor **out);

/* --- File descriptors ----------------------------------------------------------------------------
 * Bytes move between the stream's own memory and the descriptor, with no buffer in between. Interrupted and
 * short transfers go on by themselves. The stream is locked until the call ends, also while the descriptor lets it
 * wait.
 */

/**
 * Reads from a file descriptor into the stream, at the position, which moves: until the descriptor's end, until `max`
 * bytes, or until the limit (with a view alive: the end of the content) is reached.
 *
 * stream: borrowed for the call.
 * fd: borrowed for the call; read from where it stands.
 * max: in bytes; SIZE_MAX: all there is.
 * moved: receives how many bytes arrived, also on IO.
 * os_error: receives the errno on IO, else 0.
 * Errors: NULL_ARG, CLOSED, BUSY; EXPORTED, LIMIT, OVERFLOW, NOMEM where not one byte could be taken; IO (what had
 * arrived by then is in the stream; EAGAIN from a descriptor that does not wait is one).
 * Threads: any.
 * Calls back: allocator, release.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_read_fd(struct bio_stream *stream,
                       int32_t fd,
                       size_t max,
                       size_t *moved,
                       int32_t *os_error);

/**
 * Writes the bytes from the position on, at most `max`, to a file descriptor; the position moves behind what was
 * written.
 *
 * stream: borrowed for the call.
 * fd: borrowed for the call.
 * max: in bytes; SIZE_MAX: all that are left.
 * moved: receives how many bytes were written, also on IO.
 * os_error: receives the errno on IO, else 0.
 * Errors: NULL_ARG, CLOSED, IO (what was written by then is counted).
 * Threads: any.
 * Calls back: never.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_write_fd(struct bio_stream *stream,
                        int32_t fd,
                        size_t max,
                        size_t *moved,
                        int32_t *os_error);

/* --- Standard I/O --------------------------------------------------------------------------------
 * A stream as a FILE of the C library, for code that takes nothing else.
 */

/**
 * Opens the stream as a FILE of the C library, to be closed by fclose(), in each mode that fopen() has: "r" and "r+"
 * for what is there, "w" and "w+" truncate the stream, what "a" and "a+" write goes to the end of the stream as it is
 * at that moment. As with glibc other letters change nothing; "x" is refused, since the stream is there already.
 *
 * The FILE has a position of its own, in 64 bits, and leaves the stream's alone. It is at the beginning at first, with
 * "a" at the end. A seek past the end is legal, one before the beginning fails as in any file, with EINVAL. Any number
 * of FILEs may be open over one stream.
 *
 * Each FILE has stdio's buffer: what it writes is in the stream after fflush(), fseek() or fclose(), or at once after
 * setvbuf(file, NULL, _IONBF, 0); what it has read ahead it does not read again before the next seek. One fwrite() may
 * be several writes, so that memory from bio_peek() and its kin must not be its source: the first of them may end
 * that.
 *
 * What goes wrong later is told as for any file, by the stdio function's result, ferror() and errno, which is what
 * bio_status_errno() gives: ENOSPC at the limit and at the end of fixed memory, EBUSY where a view is alive and the
 * length would change or while a window is open, EBADF once the stream is closed, ENOMEM, EOVERFLOW. Before ENOSPC,
 * and before EBUSY for a view, what fits is written, as on a full disk.
 *
 * stream: borrowed for the call; the FILE has a reference of its own, which fclose() releases.
 * mode: borrowed for the call.
 * out: receives the FILE (owned: fclose()). It has no descriptor (fileno() fails), and must not be given to freopen():
 * glibc's does not expect such FILEs. With glibc it is for bytes only, as fwide() says, and must not be given to
 * functions for wide characters: some of them crash. Before the library is unloaded it must be closed.
 * Errors: NULL_ARG, CLOSED, INVALID, NOMEM, OVERFLOW; with "w" BUSY, and EXPORTED where the stream is not empty;
 * UNSUPPORTED on systems other than Linux.
 * Threads: any; the FILE has its lock, and each of its transfers is one call on the stream. glibc's fork() waits for
 * fflush(NULL), which waits for such calls: a signal handler that interrupts one must not fork beside it.
 * Calls back: allocator, release; so may stdio's functions, with the FILE.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_fopen(struct bio_stream *stream,
                     const char *mode,
                     FILE **out);

/* --- Snapshots -----------------------------------------------------------------------------------
 * The bytes of a snapshot will not change, move or shrink while a reference to it is held, whatever becomes of the
 * stream. Taking one copies nothing. The stream's first write over bytes that a held snapshot covers may copy the
 * bytes that are kept. Where that happens again and again it copies only what has changed: into memory that earlier
 * snapshots have let go, and which the stream keeps for this, or, in a mapped block, page by page.
 */

/**
 * Gives the whole content as a snapshot, whatever the position: no copy, whatever the size. Twice without a change in
 * between gives the same snapshot, counted up. While a writable view is alive, and of a fixed stream, the first two
 * copy everything, later ones only what has changed since; to find that out costs less from 512 KiB on (Linux 6.7),
 * where the kernel notes which pages are written.
 *
 * stream: borrowed for the call.
 * out: receives a snapshot (owned: bio_snapshot_release()).
 * Errors: NULL_ARG, CLOSED, NOMEM.
 * Threads: any; raw writes through a view at the same time are the caller's to order.
 * Calls back: allocator.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_getvalue(struct bio_stream *stream,
                        struct bio_snapshot **out);

/**
 * Makes a snapshot that holds a copy of `len` bytes.
 *
 * data: borrowed for the call.
 * out: receives a snapshot (owned: bio_snapshot_release()).
 * Errors: NULL_ARG, OVERFLOW, NOMEM.
 * Threads: any.
 * Calls back: never.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_snapshot_new(const void *data,
                            size_t len,
                            struct bio_snapshot **out);

/**
 * Makes a snapshot of foreign memory, without a copy.
 *
 * data: lent until `release` is called; must not change meanwhile.
 * release: lent until it has returned: it is called exactly once, as release(ctx, data, len), as soon as nothing needs
 * the memory, with no lock held, on the thread that let go last; NULL for memory that needs no release. On failure it
 * is not called, and the memory is the caller's as before.
 * ctx: lent until `release` has returned; passed to it, and may be NULL.
 * out: receives a snapshot (owned: bio_snapshot_release()).
 * Errors: NULL_ARG, OVERFLOW, NOMEM.
 * Threads: any.
 * Calls back: never.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_snapshot_adopt(const void *data,
                              size_t len,
                              bio_release_fn release,
                              void *ctx,
                              struct bio_snapshot **out);

/**
 * Gives the address of a snapshot's bytes. They need not end with a NUL.
 *
 * snapshot: borrowed for the call.
 * Returns: the first byte's address (borrowed while a reference to the snapshot is held); NULL only for NULL.
 * Threads: any.
 * Calls back: never.
 * Since: 0.1
 */
BYTESIO_API
const uint8_t *bio_snapshot_data(const struct bio_snapshot *snapshot);

/**
 * Gives a snapshot's length, in bytes.
 *
 * snapshot: borrowed for the call.
 * Returns: the length; 0 for NULL.
 * Threads: any.
 * Calls back: never.
 * Since: 0.1
 */
BYTESIO_API size_t bio_snapshot_len(const struct bio_snapshot *snapshot);

/**
 * Gives a part of a snapshot as a snapshot of its own, without a copy.
 *
 * snapshot: borrowed for the call; may be released before the part.
 * out: receives a snapshot (owned: bio_snapshot_release()).
 * Errors: NULL_ARG, RANGE (not within the snapshot), NOMEM.
 * Threads: any.
 * Calls back: allocator.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_snapshot_slice(struct bio_snapshot *snapshot,
                              size_t offset,
                              size_t len,
                              struct bio_snapshot **out);

/**
 * Turns a snapshot into a stream at position 0. If the caller's was the last reference to the bytes, not even the
 * stream's changes copy them; of a slice that does not begin where its stream did, and of adopted memory, the first
 * one does; of bytes that a large stream has meanwhile left behind it may.
 *
 * snapshot: consumed on success: the caller's reference is gone; on an error it stays.
 * out: receives a stream (owned: bio_release()).
 * Errors: NULL_ARG, NOMEM.
 * Threads: any.
 * Calls back: allocator.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_snapshot_into_stream(struct bio_snapshot *snapshot,
                                    struct bio_stream **out);

/**
 * Adds a reference to a snapshot.
 *
 * snapshot: borrowed for the call; NULL gives NULL.
 * Returns: the same snapshot (owned: bio_snapshot_release()), or NULL should the count be at its end.
 * Threads: any.
 * Calls back: never.
 * Since: 0.1
 */
BYTESIO_API
struct bio_snapshot *bio_snapshot_retain(struct bio_snapshot *snapshot);

/**
 * Gives a reference up; the bytes go with the last one that needs them.
 *
 * snapshot: consumed: the caller's reference is gone after the call; NULL does nothing.
 * Threads: any.
 * Calls back: allocator, release.
 * Since: 0.1
 */
BYTESIO_API void bio_snapshot_release(struct bio_snapshot *snapshot);

/* --- Views ---------------------------------------------------------------------------------------
 * A live window onto the bytes that a stream had when the view was taken: reads see later writes, and writes are seen
 * by the stream. While a view is alive the stream reads, seeks, gives snapshots and writes within its length; what
 * would change the length gives EXPORTED. A view keeps its bytes when the stream is closed or released.
 * Snapshots under a writable view have to find out what was written through its pointer. The kernel is asked where it
 * can note that, and the bytes are compared where it cannot. Stores and system calls are seen either way.
 */

/**
 * Opens a live view of the whole content, an empty one included. A writable view over bytes that a snapshot covers
 * separates the two first, at the cost of an overwrite; a read-only one need not. The address of a writable view never
 * changes.
 *
 * stream: borrowed for the call.
 * flags: BYTESIO_VIEW_READONLY or BYTESIO_VIEW_WRITABLE; the latter with BYTESIO_VIEW_PINNED if devices or buffers
 * that are registered with the kernel will write into it, which the kernel does not note.
 * out: receives a view (owned: bio_view_release()).
 * Errors: NULL_ARG, CLOSED, INVALID, BUSY (a writable view while a window is open), NOMEM.
 * Threads: any.
 * Calls back: allocator, release.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_getbuffer(struct bio_stream *stream,
                         uint32_t flags,
                         struct bio_view **out);

/**
 * Gives the address of a view's bytes, for reading. That of a writable view never changes. That of a read-only view
 * may, when a write through the stream, or a writable view being opened, has to separate it from a snapshot or from
 * adopted memory: ask again after that. The address given out before stays readable until the next call for the same
 * view, with the bytes as they were then or have become since.
 *
 * view: borrowed for the call.
 * Returns: the first byte's address (borrowed while a reference to the view is held); NULL only for NULL.
 * Threads: any; access through the pointer is the caller's to order.
 * Calls back: allocator, release.
 * Since: 0.1
 */
BYTESIO_API
const uint8_t *bio_view_data(struct bio_view *view);

/**
 * Gives the address of a writable view's bytes, for reading and writing. It never changes.
 *
 * view: borrowed for the call.
 * data: receives the first byte's address (lent for writing while a reference to the view is held); never NULL.
 * Errors: NULL_ARG, READONLY (of a read-only view).
 * Threads: any; access through the pointer is the caller's to order.
 * Calls back: never.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_view_data_mut(struct bio_view *view,
                             uint8_t **data);

/**
 * Gives a view's length, in bytes.
 *
 * view: borrowed for the call.
 * Returns: the length; 0 for NULL.
 * Threads: any.
 * Calls back: never.
 * Since: 0.1
 */
BYTESIO_API size_t bio_view_len(const struct bio_view *view);

/**
 * Says whether a view's bytes may only be read.
 *
 * view: borrowed for the call.
 * Returns: true for a read-only view and for NULL.
 * Threads: any.
 * Calls back: never.
 * Since: 0.1
 */
BYTESIO_API bool bio_view_is_readonly(const struct bio_view *view);

/**
 * Gives a part of a view as a view of its own, of the same kind. It holds the same export.
 *
 * view: borrowed for the call; may be released before the part.
 * out: receives a view (owned: bio_view_release()).
 * Errors: NULL_ARG, RANGE (not within the view), NOMEM.
 * Threads: any.
 * Calls back: allocator, release.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_view_slice(struct bio_view *view,
                          size_t offset,
                          size_t len,
                          struct bio_view **out);

/**
 * Gives a read-only view of the same bytes. It holds the same export.
 *
 * view: borrowed for the call; may be released before the new one.
 * out: receives a view (owned: bio_view_release()).
 * Errors: NULL_ARG, NOMEM.
 * Threads: any.
 * Calls back: allocator, release.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_view_to_readonly(struct bio_view *view,
                                struct bio_view **out);

/**
 * Gives the view's bytes as they are now as a snapshot. While a writable view of the stream is alive, and of a fixed
 * stream, it costs what bio_getvalue() does; less than half of the content is copied by itself.
 *
 * view: borrowed for the call.
 * out: receives a snapshot (owned: bio_snapshot_release()).
 * Errors: NULL_ARG, NOMEM.
 * Threads: any; raw writes through a view at the same time are the caller's to order.
 * Calls back: allocator.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_view_snapshot(struct bio_view *view,
                             struct bio_snapshot **out);

/**
 * Adds a reference to a view.
 *
 * view: borrowed for the call; NULL gives NULL.
 * Returns: the same view (owned: bio_view_release()), or NULL should the count be at its end.
 * Threads: any.
 * Calls back: never.
 * Since: 0.1
 */
BYTESIO_API struct bio_view *bio_view_retain(struct bio_view *view);

/**
 * Gives a reference up. The export ends with the last one to the view and to the views made from it.
 *
 * view: consumed: the caller's reference is gone after the call; NULL does nothing.
 * Threads: any.
 * Calls back: allocator, release.
 * Since: 0.1
 */
BYTESIO_API
void bio_view_release(struct bio_view *view);

/* --- Searching -----------------------------------------------------------------------------------
 * The same six for snapshots and views. Offsets count from the beginning of the snapshot or view, in bytes.
 */

/**
 * Finds the first occurrence of `needle` that begins at or after `start`.
 *
 * snapshot: borrowed for the call.
 * needle: borrowed for the call; an empty one is found everywhere.
 * start: in bytes from the beginning.
 * at: receives the offset in bytes, or BYTESIO_NOT_FOUND: a miss is no error.
 * Errors: NULL_ARG, OVERFLOW.
 * Threads: any.
 * Calls back: never.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_snapshot_find(const struct bio_snapshot *snapshot,
                             const void *needle,
                             size_t len,
                             size_t start,
                             size_t *at);

/**
 * Finds the last occurrence of `needle` that begins at or after `start`; to bound the end, search a slice.
 *
 * snapshot: borrowed for the call.
 * needle: borrowed for the call; an empty one is found everywhere.
 * start: in bytes from the beginning.
 * at: receives the offset in bytes, or BYTESIO_NOT_FOUND: a miss is no error.
 * Errors: NULL_ARG, OVERFLOW.
 * Threads: any.
 * Calls back: never.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_snapshot_rfind(const struct bio_snapshot *snapshot,
                              const void *needle,
                              size_t len,
                              size_t start,
                              size_t *at);

/**
 * Counts the occurrences of `needle` that do not overlap; an empty one occurs once more than there are bytes.
 *
 * snapshot: borrowed for the call.
 * needle: borrowed for the call.
 * count: receives the number.
 * Errors: NULL_ARG, OVERFLOW.
 * Threads: any.
 * Calls back: never.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_snapshot_count(const struct bio_snapshot *snapshot,
                              const void *needle,
                              size_t len,
                              size_t *count);

/**
 * Compares all bytes with `data`, as memcmp() does; where one begins the other, the shorter is less.
 *
 * snapshot: borrowed for the call.
 * data: borrowed for the call.
 * order: receives -1, 0 or 1.
 * Errors: NULL_ARG, OVERFLOW.
 * Threads: any.
 * Calls back: never.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_snapshot_compare(const struct bio_snapshot *snapshot,
                                const void *data,
                                size_t len,
                                int32_t *order);

/**
 * Says whether the bytes begin with `data`.
 *
 * snapshot: borrowed for the call.
 * data: borrowed for the call.
 * result: receives the answer.
 * Errors: NULL_ARG, OVERFLOW.
 * Threads: any.
 * Calls back: never.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_snapshot_starts_with(const struct bio_snapshot *snapshot,
                                    const void *data,
                                    size_t len,
                                    bool *result);

/**
 * Says whether the bytes end with `data`.
 *
 * snapshot: borrowed for the call.
 * data: borrowed for the call.
 * result: receives the answer.
 * Errors: NULL_ARG, OVERFLOW.
 * Threads: any.
 * Calls back: never.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_snapshot_ends_with(const struct bio_snapshot *snapshot,
                                  const void *data,
                                  size_t len,
                                  bool *result);

/**
 * Finds the first occurrence of `needle` that begins at or after `start`.
 *
 * view: borrowed for the call.
 * needle: borrowed for the call; an empty one is found everywhere.
 * start: in bytes from the beginning.
 * at: receives the offset in bytes, or BYTESIO_NOT_FOUND: a miss is no error.
 * Errors: NULL_ARG, OVERFLOW.
 * Threads: any; raw writes through a view at the same time are the caller's to order.
 * Calls back: never.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_view_find(const struct bio_view *view,
                         const void *needle,
                         size_t len,
                         size_t start,
                         size_t *at);

/**
 * Finds the last occurrence of `needle` that begins at or after `start`; to bound the end, search a slice.
 *
 * view: borrowed for the call.
 * needle: borrowed for the call; an empty one is found everywhere.
 * start: in bytes from the beginning.
 * at: receives the offset in bytes, or BYTESIO_NOT_FOUND: a miss is no error.
 * Errors: NULL_ARG, OVERFLOW.
 * Threads: any; raw writes through a view at the same time are the caller's to order.
 * Calls back: never.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_view_rfind(const struct bio_view *view,
                          const void *needle,
                          size_t len,
                          size_t start,
                          size_t *at);

/**
 * Counts the occurrences of `needle` that do not overlap; an empty one occurs once more than there are bytes.
 *
 * view: borrowed for the call.
 * needle: borrowed for the call.
 * count: receives the number.
 * Errors: NULL_ARG, OVERFLOW.
 * Threads: any; raw writes through a view at the same time are the caller's to order.
 * Calls back: never.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_view_count(const struct bio_view *view,
                          const void *needle,
                          size_t len,
                          size_t *count);

/**
 * Compares all bytes with `data`, as memcmp() does; where one begins the other, the shorter is less.
 *
 * view: borrowed for the call.
 * data: borrowed for the call.
 * order: receives -1, 0 or 1.
 * Errors: NULL_ARG, OVERFLOW.
 * Threads: any; raw writes through a view at the same time are the caller's to order.
 * Calls back: never.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_view_compare(const struct bio_view *view,
                            const void *data,
                            size_t len,
                            int32_t *order);

/**
 * Says whether the bytes begin with `data`.
 *
 * view: borrowed for the call.
 * data: borrowed for the call.
 * result: receives the answer.
 * Errors: NULL_ARG, OVERFLOW.
 * Threads: any; raw writes through a view at the same time are the caller's to order.
 * Calls back: never.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_view_starts_with(const struct bio_view *view,
                                const void *data,
                                size_t len,
                                bool *result);

/**
 * Says whether the bytes end with `data`.
 *
 * view: borrowed for the call.
 * data: borrowed for the call.
 * result: receives the answer.
 * Errors: NULL_ARG, OVERFLOW.
 * Threads: any; raw writes through a view at the same time are the caller's to order.
 * Calls back: never.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_view_ends_with(const struct bio_view *view,
                              const void *data,
                              size_t len,
                              bool *result);

/* --- Information ---------------------------------------------------------------------------------
 */

/**
 * Says what a stream is made of, and what its storage has had to do since it was made.
 *
 * stream: borrowed for the call.
 * statistics: borrowed for the call; receives as many bytes as its struct_size says, which the caller sets; zeros
 * where this version knows no more.
 * Errors: NULL_ARG, CLOSED, INVALID (struct_size below its own size).
 * Threads: any.
 * Calls back: never.
 * Since: 0.1
 */
BYTESIO_API
BYTESIO_NODISCARD
bio_status bio_get_statistics(const struct bio_stream *stream,
                              struct bio_statistics *statistics);

/**
 * Gives back the memory that is kept to be written again: what streams keep of blocks that snapshots have let go (in
 * the whole process at most 512 MiB), and emptied mapped blocks (at most 8, with at most 64 MiB together). Later
 * changes under snapshots have to copy again. What belongs to an allocator of a caller's own stays with its stream.
 *
 * Returns: how many bytes that was.
 * Threads: any.
 * Calls back: never.
 * Since: 0.1
 */
BYTESIO_API
size_t bio_trim(void);

/**
 * Gives a status code's text: a short English phrase in ASCII.
 *
 * Returns: the text (static: never released), also for a code that no version defines; never NULL.
 * Threads: any.
 * Calls back: never.
 * Since: 0.1
 */
BYTESIO_API const char *bio_strerror(bio_status status);

/**
 * Gives the errno value that says the same as a status code, for code behind an interface that reports errors so.
 *
 * Returns: OK: 0; NULL_ARG, INVALID: EINVAL; CLOSED: EBADF; EXPORTED, BUSY: EBUSY; READONLY: EACCES; LIMIT: ENOSPC;
 * OVERFLOW: EOVERFLOW; NOMEM: ENOMEM; RANGE: ERANGE; IO: EIO (the call that gave it has the system's own number);
 * UNSUPPORTED: ENOTSUP; INTERNAL: ENOTRECOVERABLE; EOF: ENODATA; a code that no version defines: EINVAL. errno itself
 * is not set.
 * Threads: any.
 * Calls back: never.
 * Since: 0.1
 */
BYTESIO_API
int32_t bio_status_errno(bio_status status);

/**
 * Gives the version of the library in use, "major.minor.patch"; BYTESIO_VERSION is that of this header.
 *
 * Returns: the text (static: never released).
 * Threads: any.
 * Calls back: never.
 * Since: 0.1
 */
BYTESIO_API
const char *bio_version(void);

/**
 * Gives the version of the library in use as a number, to be compared with BYTESIO_VERSION_NUMBER.
 *
 * Returns: major << 16 | minor << 8 | patch.
 * Threads: any.
 * Calls back: never.
 * Since: 0.1
 */
BYTESIO_API uint32_t bio_version_number(void);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#ifndef BYTESIO_NO_INLINE

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

#endif /* BYTESIO_NO_INLINE */

#undef BYTESIO_PRINTF

#endif /* BYTESIO_H */
