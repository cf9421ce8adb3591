/* BYTESIO_VIEW_PINNED: views into which devices and registered buffers write, which no page table shows. */
#include "support.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__linux__) && defined(__has_include)
#if __has_include(<linux/io_uring.h>)
#include <linux/io_uring.h>
#define HAS_IO_URING 1
#endif
#endif

enum { PINNED = BYTESIO_VIEW_WRITABLE | BYTESIO_VIEW_PINNED, SIZE = 1 << 20, PAGE = 4096 };

static void pinned_is_a_sort_of_writable(void)
{
    static const uint32_t refused[] = {BYTESIO_VIEW_PINNED,
                                       BYTESIO_VIEW_READONLY | BYTESIO_VIEW_PINNED,
                                       4,
                                       BYTESIO_VIEW_WRITABLE | 4,
                                       PINNED | 8,
                                       UINT32_MAX};
    bio_stream *s = stream_of(LIT("0123456789"));
    for (size_t i = 0; i < COUNT(refused); i++) {
        bio_view *view = NULL;
        CHECK_STATUS(bio_getbuffer(s, refused[i], &view), BYTESIO_INVALID);
        CHECK(view == NULL);
        CHECK_EQ(bio_export_count(s), 0);
    }
    bio_view *view = view_of(s, PINNED);
    CHECK(!bio_view_is_readonly(view));
    memcpy(mutable_bytes(view), "abc", 3);
    CHECK_STREAM(s, LIT("abc3456789"));
    bio_view_release(view);
    bio_release(s);
}

static bio_stream *megabyte(void)
{
    bio_stream *s = bio_new();
    REQUIRE(s != NULL);
    CHECK_OK(bio_fill(s, 'a', SIZE));
    return s;
}

/* Takes a value and checks it against the view's bytes. */
static bio_snapshot *checked_value(bio_stream *s, bio_view *view)
{
    bio_snapshot *snap = value_of(s);
    CHECK_SNAPSHOT(snap, bio_view_data(view), SIZE);
    return snap;
}

static void values_under_pinned_views_are_right_and_the_same_if_nothing_changed(void)
{
    bio_stream *s = megabyte();
    bio_view *view = view_of(s, PINNED);
    for (int round = 0; round < 6; round++) {
        mutable_bytes(view)[round * 5 * PAGE] ^= 1;
        bio_snapshot *snap = checked_value(s, view), *again = checked_value(s, view);
        CHECK_PTR(again, snap);
        bio_snapshot_release(again);
        bio_snapshot_release(snap);
    }
    bio_view_release(view);
    bio_release(s);
}

static void the_statistics_tell_updates_from_copies(void)
{
    bio_stream *s = megabyte();
    /* the first separation copies; later ones bring the block up to date that came back */
    for (int round = 0; round < 6; round++) {
        bio_snapshot *snap = value_of(s);
        CHECK_OK(bio_pwrite(s, LIT("X"), (uint64_t)round * 7 * PAGE));
        bio_snapshot_release(snap);
    }
    bio_statistics changes = statistics_of(s);
    CHECK_EQ(changes.forks, 6);
    if (changes.kind == BYTESIO_KIND_HEAP) {
        CHECK(changes.updates >= 2);
        CHECK(changes.update_bytes >= changes.updates);
        CHECK(changes.update_bytes < (uint64_t)64 * PAGE);
    }
    bio_view *view = view_of(s, BYTESIO_VIEW_WRITABLE);
    for (int round = 0; round < 6; round++) {
        mutable_bytes(view)[round * 5 * PAGE] ^= 1;
        bio_snapshot_release(checked_value(s, view));
    }
    bio_statistics captures = statistics_of(s);
    CHECK(captures.updates > changes.updates);
    CHECK(captures.snapshot_copies < 6);
    CHECK_EQ(captures.forks, changes.forks);
    bio_view_release(view);
    bio_release(s);
}

#ifdef HAS_IO_URING
typedef struct ring {
    int fd;
    uint8_t *queues;
    size_t queues_size;
    struct io_uring_sqe *entries;
    struct io_uring_params params;
} ring;

static unsigned *at(const ring *r, unsigned offset)
{
    return (unsigned *)(void *)(r->queues + offset);
}

/* Where it is refused, `why` says by what. */
static bool ring_open(ring *r, void *buffer, size_t size, const char **why)
{
    memset(r, 0, sizeof *r);
    *why = "io_uring_setup(2) is refused here";
    r->fd = (int)syscall(SYS_io_uring_setup, 4, &r->params);
    if (r->fd < 0)
        return false;
    *why = "io_uring without a single mapping, which is an old kernel";
    struct io_sqring_offsets *sq = &r->params.sq_off;
    struct io_cqring_offsets *cq = &r->params.cq_off;
    size_t sq_size = sq->array + r->params.sq_entries * sizeof(unsigned);
    size_t cq_size = cq->cqes + r->params.cq_entries * sizeof(struct io_uring_cqe);
    r->queues_size = sq_size > cq_size ? sq_size : cq_size;
    r->queues = mmap(NULL, r->queues_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, r->fd,
                     IORING_OFF_SQ_RING);
    r->entries = mmap(NULL, r->params.sq_entries * sizeof *r->entries, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_POPULATE, r->fd, IORING_OFF_SQES);
    bool mapped =
        (r->params.features & IORING_FEAT_SINGLE_MMAP) && r->queues != MAP_FAILED && r->entries != MAP_FAILED;
    struct iovec {
        void *base;
        size_t len;
    } memory = {buffer, size};
    if (mapped)
        *why = "registered buffers are refused here";
    return mapped && syscall(SYS_io_uring_register, r->fd, IORING_REGISTER_BUFFERS, &memory, 1) == 0;
}

static void ring_close(ring *r)
{
    munmap(r->entries, r->params.sq_entries * sizeof *r->entries);
    munmap(r->queues, r->queues_size);
    close(r->fd);
}

/* Reads n bytes from the file into the registered buffer. */
static void read_fixed(ring *r, int file, void *to, unsigned n)
{
    unsigned tail = *at(r, r->params.sq_off.tail), mask = *at(r, r->params.sq_off.ring_mask);
    struct io_uring_sqe *entry = &r->entries[tail & mask];
    memset(entry, 0, sizeof *entry);
    entry->opcode = IORING_OP_READ_FIXED;
    entry->fd = file;
    entry->addr = (uintptr_t)to;
    entry->len = n;
    at(r, r->params.sq_off.array)[tail & mask] = tail & mask;
    __atomic_store_n(at(r, r->params.sq_off.tail), tail + 1, __ATOMIC_RELEASE);
    REQUIRE(syscall(SYS_io_uring_enter, r->fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) == 1);
    unsigned head = *at(r, r->params.cq_off.head);
    REQUIRE(__atomic_load_n(at(r, r->params.cq_off.tail), __ATOMIC_ACQUIRE) == head + 1);
    unsigned slot = head & *at(r, r->params.cq_off.ring_mask);
    struct io_uring_cqe *done = (struct io_uring_cqe *)(void *)(r->queues + r->params.cq_off.cqes) + slot;
    CHECK_EQ(done->res, n);
    __atomic_store_n(at(r, r->params.cq_off.head), head + 1, __ATOMIC_RELEASE);
}

static void writes_through_registered_buffers_are_found(void)
{
    for (int beside = 0; beside < 2; beside++) {
        bio_stream *s = megabyte();
        /* an ordinary view first, whose writes are watched by the second value */
        bio_view *plain = beside ? view_of(s, BYTESIO_VIEW_WRITABLE) : NULL;
        for (int i = 0; beside && i < 3; i++)
            bio_snapshot_release(value_of(s));
        bio_view *view = view_of(s, PINNED);
        uint8_t *bytes = mutable_bytes(view);
        int file = memfd_create("bytes", 0);
        ring r;
        const char *why = NULL;
        if (file < 0 || !ring_open(&r, bytes, SIZE, &why)) {
            bio_view_release(view);
            bio_view_release(plain);
            bio_release(s);
            if (file >= 0)
                close(file);
            CHECK_SKIP(why ? why : "no memfd");
        }
        for (int round = 0; round < 6; round++) {
            uint8_t byte = (uint8_t)(round + 1);
            REQUIRE(pwrite(file, &byte, 1, 0) == 1);
            bio_snapshot *before = value_of(s);
            size_t place = (size_t)(round * 9 + 2) * PAGE + 17;
            uint8_t was = bytes[place];
            read_fixed(&r, file, bytes + place, 1);
            CHECK_EQ(bytes[place], byte);
            bio_snapshot_release(checked_value(s, view));
            CHECK_EQ(((const uint8_t *)bio_snapshot_data(before))[place], was);
            bio_snapshot_release(before);
        }
        ring_close(&r);
        close(file);
        bio_view_release(view);
        bio_view_release(plain);
        bio_release(s);
    }
}
#else
static void writes_through_registered_buffers_are_found(void)
{
    CHECK_SKIP("no linux/io_uring.h");
}
#endif

CHECK_MAIN(CASE(pinned_is_a_sort_of_writable),
           CASE(values_under_pinned_views_are_right_and_the_same_if_nothing_changed),
           CASE(the_statistics_tell_updates_from_copies), CASE(writes_through_registered_buffers_are_found))
