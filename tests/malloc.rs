//! Memory from malloc, taken in and handed out: in a program whose own allocator is another.

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::ffi::c_void;
use std::ptr::NonNull;
use std::thread;

use bytesio::{Access, Error, Kind, NO_LIMIT, Options, Result, Snapshot, Stream, Whence};

use common::{Fenced, Ledger, Lent, malloced};

/// Gives out what lies further on: to give that to free(3), or memory of malloc's to this, ends the process.
struct Shifted;

fn shifted(layout: Layout) -> (Layout, usize) {
    let shift = layout.align().max(64);
    (Layout::from_size_align(layout.size() + shift, shift).expect("a size that a test asks for"), shift)
}

// SAFETY: the system's allocator, a constant further on.
unsafe impl GlobalAlloc for Shifted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let (layout, shift) = shifted(layout);
        // SAFETY: as the caller promises; what is returned lies within.
        unsafe {
            let start = System.alloc(layout);
            if start.is_null() { start } else { start.add(shift) }
        }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        let (layout, shift) = shifted(layout);
        // SAFETY: `alloc` had the same layout, and gave this.
        unsafe { System.dealloc(ptr.sub(shift), layout) }
    }
}

#[global_allocator]
static GLOBAL: Shifted = Shifted;

/// Long enough for siblings.
const LONG: usize = 40_000;

/// Content that says where it is.
fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i * 31 + i / 251) as u8).collect()
}

fn address(stream: &Stream) -> *const u8 {
    stream.seek(0, Whence::Start).unwrap();
    stream.peek().unwrap().ptr.as_ptr()
}

/// Detaches, frees by free(3), and says whether nothing was copied.
fn detached(stream: &Stream, expected: &[u8]) -> bool {
    let before = address(stream);
    stream.seek(3, Whence::Start).unwrap();
    let bytes = stream.detach().unwrap();
    assert!(bytes[..] == *expected);
    assert_eq!((stream.len(), stream.tell(), stream.is_closed()), (0, 0, false));
    let (data, len) = bytes.into_raw();
    assert_eq!(len, expected.len());
    // SAFETY: the caller's memory now, to be written and freed.
    unsafe {
        data.write_bytes(0xEE, len);
        libc::free(data);
    }
    stream.write(b"and so on").unwrap();
    assert_eq!(*stream.getvalue().unwrap(), *b"and so on");
    data.cast_const().cast() == before
}

fn adopted(content: &[u8], capacity: usize) -> Stream {
    // SAFETY: memory from malloc that nobody else uses.
    unsafe { Stream::adopt_malloc(Some(malloced(content, capacity)), content.len(), capacity) }.unwrap()
}

/// On the heap, whatever the environment says.
fn on_the_heap(content: &[u8]) -> Stream {
    let stream = Stream::with_options(&Options { mapped_from: usize::MAX, ..Options::default() }).unwrap();
    stream.write(content).unwrap();
    stream
}

#[test]
fn what_the_stream_alone_holds_is_not_copied() {
    for len in [1, 7, 100, LONG, 3 << 20] {
        let content = pattern(len);
        let alone: [fn(&Stream) -> Result<()>; 7] = [
            |_| Ok(()),
            |s| s.getvalue().map(drop),
            |s| s.getvalue().and_then(|value| value.slice(0, 1)).map(drop),
            |s| s.duplicate().map(drop),
            |s| s.getbuffer(Access::Writable).and_then(|view| view.snapshot()).map(drop),
            |s| s.prepare(10).map(|_| s.cancel()),
            |s| s.shrink_to_fit(),
        ];
        for prepare in alone {
            for stream in [on_the_heap(&content), adopted(&content, len), adopted(&content, 2 * len)] {
                prepare(&stream).unwrap();
                assert!(detached(&stream, &content), "{len} bytes");
            }
        }
    }
}

#[test]
fn what_others_hold_is_copied_and_stays_theirs() {
    for len in [7, LONG] {
        let content = pattern(len);
        let stream = on_the_heap(&content);
        let value = stream.getvalue().unwrap();
        assert!(!detached(&stream, &content));
        assert!(value[..] == content[..]);

        let stream = adopted(&content, len + 10);
        let slice = stream.getvalue().unwrap().slice(1, 5).unwrap();
        assert!(!detached(&stream, &content));
        assert!(slice[..] == content[1..6]);

        let stream = on_the_heap(&content);
        let other = stream.duplicate().unwrap();
        assert!(!detached(&stream, &content));
        assert!(detached(&other, &content), "nobody else's any more");
    }
}

#[test]
fn other_sorts_of_memory_are_copied() {
    let content = pattern(LONG);
    let lent = Lent::new(&content);
    // SAFETY: the memory outlives the stream.
    let stream = unsafe { Stream::adopt(lent.data(), lent.len(), Some(Lent::release), lent.ctx()) }.unwrap();
    assert!(!detached(&stream, &content));
    assert_eq!(lent.releases(), 1);

    let fenced = Fenced::new(LONG + 5, &content);
    // SAFETY: the memory outlives the stream.
    let stream = unsafe { Stream::over_fixed(NonNull::new(fenced.data()).unwrap(), LONG + 5, LONG) }.unwrap();
    assert!(!detached(&stream, &content));
    assert_eq!((stream.capacity(), stream.statistics().unwrap().1), (LONG as u64 + 5, Kind::Fixed));
    drop(stream);
    fenced.assert_intact();

    let ledger = Ledger::new();
    let stream = Stream::with_options(&Options { allocator: Some(ledger.hooks(true)), ..Options::default() }).unwrap();
    stream.write(&content).unwrap();
    assert!(!detached(&stream, &content));
    drop(stream);
    ledger.assert_settled();

    let stream = Stream::with_options(&Options { mapped_from: 1, ..Options::default() }).unwrap();
    stream.write(&content).unwrap();
    let is_mapped = stream.statistics().unwrap().1 == Kind::Mapped;
    assert_eq!(detached(&stream, &content), !is_mapped);
    assert_eq!(is_mapped, cfg!(all(target_os = "linux", target_pointer_width = "64")));
}

/// A block that came from one stream and was taken over by another.
#[test]
fn a_stream_of_another_allocator_may_hand_out_what_it_has_taken_over() {
    let content = pattern(LONG);
    let ledger = Ledger::new();
    let stream = Stream::with_options(&Options { allocator: Some(ledger.hooks(true)), ..Options::default() }).unwrap();
    stream.write_snapshot(&on_the_heap(&content).close_take().unwrap()).unwrap();
    assert!(detached(&stream, &content), "malloc's all the time");
    drop(stream);
    ledger.assert_settled();
}

/// With blocks that are kept to be written again, and while some are held by readers.
#[test]
fn the_block_does_not_come_home() {
    for held in 0..4 {
        let mut content = pattern(LONG);
        let stream = on_the_heap(&content);
        let mut kept: Vec<(Snapshot, Vec<u8>)> = Vec::new();
        for round in 0..40 {
            kept.push((stream.getvalue().unwrap(), content.clone()));
            let at = round * 997;
            stream.pwrite(b"changed", at as u64).unwrap();
            content[at..at + 7].copy_from_slice(b"changed");
            kept.drain(..kept.len().saturating_sub(held));
            if round % 10 == 9 {
                detached(&stream, &content);
                stream.clear().unwrap();
                stream.write(&content).unwrap();
            }
        }
        assert!(held > 2 || stream.statistics().unwrap().0.updates > 0, "memory was used again");
        assert!(kept.iter().all(|(value, bytes)| value[..] == bytes[..]));
        assert!(detached(&stream, &content), "the last change has separated it from all values");
        assert!(kept.iter().all(|(value, bytes)| value[..] == bytes[..]));
        bytesio::trim();
    }
}

/// Captures under a writable view leave blocks of their own behind.
#[test]
fn after_captures_the_content_is_handed_out_as_it_is() {
    for len in [LONG, 1 << 20] {
        let mut content = pattern(len);
        let stream = on_the_heap(&content);
        let view = stream.getbuffer(Access::Writable).unwrap();
        let mut kept = Vec::new();
        for at in (0..len).step_by(len / 5) {
            kept.push((stream.getvalue().unwrap(), content.clone()));
            // SAFETY: within the view, and nobody else uses it now.
            unsafe { view.data().add(at).write(9) };
            content[at] = 9;
        }
        assert!(matches!(stream.detach(), Err(Error::Exported)));
        drop(view);
        assert!(detached(&stream, &content));
        assert!(kept.iter().all(|(value, bytes)| value[..] == bytes[..]));
    }
}

#[test]
fn nothing_is_handed_out_where_that_may_not_be() {
    let stream = on_the_heap(b"content");
    let view = stream.getbuffer(Access::ReadOnly).unwrap();
    assert_eq!(stream.detach().map(|bytes| bytes.len()), Err(Error::Exported));
    drop(view);
    stream.prepare(5).unwrap();
    assert_eq!(stream.detach().map(|bytes| bytes.len()), Err(Error::Busy));
    stream.cancel();
    assert_eq!((stream.len(), stream.tell()), (7, 7));
    stream.close().unwrap();
    assert_eq!(stream.detach().map(|bytes| bytes.len()), Err(Error::Closed));
}

#[test]
fn no_bytes_are_no_memory() {
    for stream in [Stream::new().unwrap(), on_the_heap(b""), adopted(b"", 10), adopted(b"", 0)] {
        stream.seek(5, Whence::Start).unwrap();
        assert_eq!(stream.detach().unwrap().into_raw(), (std::ptr::null_mut::<c_void>(), 0));
        assert_eq!((stream.len(), stream.tell()), (0, 0));
        stream.write(b"x").unwrap();
        assert!(stream.detach().unwrap()[..] == *b"x", "and dropped here");
    }
}

#[test]
fn adopted_memory_is_written_and_grown_where_it_is() {
    let data = malloced(b"0123456789", 20);
    // SAFETY: memory from malloc that nobody else uses.
    let stream = unsafe { Stream::adopt_malloc(Some(data), 10, 20) }.unwrap();
    assert_eq!((stream.len(), stream.tell(), stream.capacity()), (10, 0, 20));
    stream.write(b"ab").unwrap();
    stream.pwrite(b"cdefghijkl", 10).unwrap();
    assert_eq!((address(&stream), stream.capacity()), (data.as_ptr().cast_const(), 20));
    stream.pwrite(b"more than there was room for", 20).unwrap();
    assert_eq!(stream.statistics().unwrap().0.moves, 1);
    assert!(detached(&stream, b"ab23456789cdefghijklmore than there was room for"));
}

/// From where on other streams are mapped.
#[test]
fn adopted_memory_is_malloc_at_any_size() {
    let stream = adopted(&pattern(1000), 1000);
    stream.resize(33 << 20).unwrap();
    assert_eq!(stream.statistics().unwrap().1, Kind::Heap);
    let before = address(&stream);
    let bytes = stream.detach().unwrap();
    assert_eq!((bytes.as_ptr(), bytes.len()), (before, 33 << 20));
    assert!(bytes[..1000] == pattern(1000) && bytes[1000..].iter().all(|byte| *byte == 0));
}

#[test]
fn memory_that_is_refused_stays_the_callers() {
    let data = malloced(b"mine", 4);
    let refused =
        [(5, 4, Error::Invalid), (0, usize::MAX, Error::Overflow), (0, 1 << (usize::BITS - 1), Error::Overflow)];
    for (len, capacity, error) in refused {
        // SAFETY: refused before it is looked at.
        let made = unsafe { Stream::adopt_malloc(Some(data), len, capacity) };
        assert_eq!(made.map(drop), Err(error));
    }
    // SAFETY: no memory.
    assert_eq!(unsafe { Stream::adopt_malloc(None, 0, 1) }.map(drop), Err(Error::NullArg));
    // SAFETY: still the caller's.
    unsafe { libc::free(data.as_ptr().cast()) };
    // SAFETY: no memory.
    let stream = unsafe { Stream::adopt_malloc(None, 0, 0) }.unwrap();
    stream.write(b"content").unwrap();
    assert!(detached(&stream, b"content"));
}

#[test]
fn the_limit_stays() {
    let stream = Stream::with_options(&Options { limit: 12, ..Options::default() }).unwrap();
    stream.write(b"content").unwrap();
    detached(&stream, b"content");
    assert_eq!(stream.write(b"four"), Err(Error::Limit));
    stream.set_limit(NO_LIMIT).unwrap();
    stream.write(b"four").unwrap();
}

#[test]
fn racing_writers_and_takers_lose_nothing() {
    const WRITES: usize = 2000;
    let stream = Stream::new().unwrap();
    let (taken, values) = thread::scope(|scope| {
        let writers = [1_u8, 2].map(|id| {
            let stream = &stream;
            scope.spawn(move || (0..WRITES).for_each(|_| stream.append(&[id; 16]).unwrap()))
        });
        let taker = || {
            let (mut counts, mut held) = ([0; 3], Vec::new());
            loop {
                let over = writers.iter().all(|writer| writer.is_finished());
                held.push(stream.getvalue().unwrap());
                held.drain(..held.len().saturating_sub(2));
                let bytes = stream.detach().unwrap();
                for record in bytes.chunks(16) {
                    assert!(record.len() == 16 && record.iter().all(|byte| *byte == record[0]), "a torn record");
                    counts[usize::from(record[0])] += 1;
                }
                if over && bytes.is_empty() {
                    return (counts, held.len());
                }
            }
        };
        taker()
    });
    assert_eq!((taken, values), ([0, WRITES, WRITES], 2));
}
