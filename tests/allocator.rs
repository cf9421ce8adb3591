//! The end of a caller's allocator: told once, when nothing uses it any more, with no lock held.

mod common;

use std::alloc::Layout;
use std::ffi::c_void;
use std::sync::Arc;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
use std::thread;

use bytesio::{Access, Hooks, Options, Result, Snapshot, Stream, View};

use common::Ledger;

/// Long enough for siblings.
const LONG: usize = 40_000;

fn stream_of(ledger: &Arc<Ledger>) -> Stream {
    Stream::with_options(&Options { allocator: Some(ledger.hooks(true)), ..Options::default() }).expect("memory")
}

/// Whatever can hold memory of a stream's allocator.
#[expect(dead_code, reason = "what matters is when they are dropped")]
enum Holder {
    Stream(Stream),
    Snapshot(Snapshot),
    View(View),
}

fn holders(ledger: &Arc<Ledger>) -> Result<Vec<Holder>> {
    let stream = stream_of(ledger);
    stream.write(&[7; LONG])?;
    let value = stream.getvalue()?;
    stream.pwrite(b"x", 0)?;
    let view = stream.getbuffer(Access::Writable)?;
    let other = Stream::new()?;
    other.write_snapshot(&value)?;
    Ok(vec![
        Holder::Stream(stream.duplicate()?),
        Holder::Stream(stream.share()?),
        Holder::Stream(Stream::from_snapshot(&value)?),
        Holder::Stream(other),
        Holder::Snapshot(value.slice(10, 20)?),
        Holder::Snapshot(view.snapshot()?),
        Holder::View(view.slice(1, 2)?),
        Holder::View(view),
        Holder::Snapshot(value),
        Holder::Stream(stream),
    ])
}

#[test]
fn the_last_holder_of_any_sort_ends_it() {
    let count = holders(&Ledger::new()).unwrap().len();
    for last in 0..count {
        let ledger = Ledger::new();
        let mut holders = holders(&ledger).unwrap();
        let kept = holders.swap_remove(last);
        drop(holders);
        assert_eq!(ledger.done(), 0, "holder {last} is left");
        drop(kept);
        assert_eq!(ledger.done(), 1, "after holder {last}");
        ledger.assert_settled();
    }
}

/// Blocks that a stream wants back are kept for it, but not beyond its end.
#[test]
fn memory_that_is_kept_for_reuse_does_not_delay_it() {
    for stream_first in [true, false] {
        let ledger = Ledger::new();
        let stream = stream_of(&ledger);
        stream.write(&[7; LONG]).unwrap();
        let mut held = Vec::new();
        for round in 0..20 {
            held.push(stream.getvalue().unwrap());
            stream.pwrite(b"changed", round * 100).unwrap();
            held.drain(..held.len().saturating_sub(2));
        }
        assert!(stream.statistics().unwrap().0.updates > 10, "memory was used again");
        let mut stream = Some(stream);
        if stream_first {
            stream = None;
        } else {
            held.clear();
        }
        assert_eq!(ledger.done(), 0);
        drop((stream, held));
        assert_eq!(ledger.done(), 1);
        ledger.assert_settled();
    }
}

#[test]
fn each_stream_made_with_the_same_hooks_tells_its_own_end() {
    let ledger = Ledger::new();
    let (one, two) = (stream_of(&ledger), stream_of(&ledger));
    drop(one);
    assert_eq!(ledger.done(), 1);
    drop(two);
    assert_eq!(ledger.done(), 2);
    ledger.assert_settled();
}

#[test]
fn racing_ends_are_told_once() {
    for _ in 0..200 {
        let ledger = Ledger::new();
        let holders = holders(&ledger).unwrap();
        thread::scope(|scope| {
            for holder in holders {
                scope.spawn(move || drop(holder));
            }
        });
        assert_eq!(ledger.done(), 1);
        ledger.assert_settled();
    }
}

/// An allocator that lives in its context, and goes with it.
struct Arena {
    live: AtomicUsize,
    /// What the end does beside that.
    user: AtomicPtr<Stream>,
    outcome: Arc<AtomicUsize>,
}

const NOT_TOLD: usize = 0;
const TOLD: usize = 1;
const REFUSED: usize = 2;

impl Arena {
    fn hooks(outcome: &Arc<AtomicUsize>) -> (Hooks, *const Self) {
        let arena = Self { live: AtomicUsize::new(0), user: AtomicPtr::default(), outcome: Arc::clone(outcome) };
        let arena = Box::into_raw(Box::new(arena));
        // SAFETY: the functions keep their types' rules; the arena lives until `end`.
        (unsafe { Hooks::new(Self::allocate, None, Self::deallocate, arena.cast()).with_done(Self::end) }, arena)
    }

    unsafe extern "C" fn allocate(ctx: *mut c_void, size: usize, align: usize) -> *mut c_void {
        // SAFETY: the context of `hooks`; the library's layouts are valid and not empty.
        unsafe {
            (*ctx.cast::<Self>()).live.fetch_add(1, Ordering::Relaxed);
            std::alloc::alloc(Layout::from_size_align_unchecked(size, align)).cast()
        }
    }

    unsafe extern "C" fn deallocate(ctx: *mut c_void, ptr: *mut c_void, size: usize, align: usize) {
        // SAFETY: the context of `hooks`, and memory of `allocate`.
        unsafe {
            (*ctx.cast::<Self>()).live.fetch_sub(1, Ordering::Relaxed);
            std::alloc::dealloc(ptr.cast(), Layout::from_size_align_unchecked(size, align));
        }
    }

    unsafe extern "C" fn end(ctx: *mut c_void) {
        // SAFETY: from `hooks`; nobody uses it after this, as the test would find.
        let arena = unsafe { Box::from_raw(ctx.cast::<Self>()) };
        // SAFETY: the test's stream, or NULL; it is alive while it is set.
        let user = unsafe { arena.user.load(Ordering::Relaxed).as_ref() };
        let used = user.map_or(Ok(()), |stream| stream.pwrite(b"from the end", 0));
        let good = used.is_ok() && arena.live.load(Ordering::Relaxed) == 0;
        arena.outcome.store(if good { TOLD } else { REFUSED }, Ordering::Relaxed);
    }
}

#[test]
fn an_allocator_that_lives_in_its_context_may_go_in_the_end() {
    let outcome = Arc::default();
    let (hooks, _) = Arena::hooks(&outcome);
    let stream = Stream::with_options(&Options { allocator: Some(hooks), ..Options::default() }).unwrap();
    stream.write(b"content").unwrap();
    let value = stream.close_take().unwrap();
    drop(stream);
    assert_eq!((&value[..], outcome.load(Ordering::Relaxed)), (&b"content"[..], NOT_TOLD));
    drop(value);
    assert_eq!(outcome.load(Ordering::Relaxed), TOLD);
}

/// The last memory of an allocator may be a block that another stream has taken over. Whatever that stream does with
/// it, no lock is held in the end.
#[test]
fn the_end_may_use_the_stream_that_let_go_last() {
    // From here on the process does not count as single-threaded any more, so that the lock is not skipped.
    thread::spawn(|| ()).join().unwrap();
    let leave: [fn(&Stream); 3] = [
        |s| s.shrink_to_fit().unwrap(),
        |s| s.truncate(0).and_then(|()| s.clear()).unwrap(),
        |s| (0..2000).for_each(|i| s.pwrite(b"again and again", 1024 * (i % 30)).unwrap()),
    ];
    for leave in leave {
        let outcome = Arc::default();
        let (hooks, arena) = Arena::hooks(&outcome);
        let first = Stream::with_options(&Options { allocator: Some(hooks), ..Options::default() }).unwrap();
        first.write(&[1; LONG]).unwrap();
        let value = first.close_take().unwrap();
        drop(first);

        let stream = Stream::new().unwrap();
        stream.write(&[2; LONG]).unwrap();
        // Once separated from its readers, a stream keeps the blocks that it leaves.
        let own = stream.getvalue().unwrap();
        stream.pwrite(b"x", 0).unwrap();
        drop(own);
        stream.clear().unwrap();
        stream.write_snapshot(&value).unwrap();
        drop(value);
        stream.pwrite(b"taken over", 0).unwrap();
        let own = stream.getvalue().unwrap();
        stream.pwrite(b"left again", 0).unwrap();
        assert_eq!(outcome.load(Ordering::Relaxed), NOT_TOLD);
        // SAFETY: not told yet, hence alive.
        unsafe { &*arena }.user.store((&raw const stream).cast_mut(), Ordering::Relaxed);
        drop(own);
        leave(&stream);
        assert_eq!(outcome.load(Ordering::Relaxed), TOLD);
        assert_eq!(stream.close(), Ok(()));
    }
}

/// A block of another allocator is not kept for reuse, and hence never ends under the lock, even where the stream has
/// siblings of its own: here from snapshots under a writable view.
#[test]
fn another_allocators_block_is_not_kept_for_reuse() {
    let outcome = Arc::default();
    let (hooks, _) = Arena::hooks(&outcome);
    let first = Stream::with_options(&Options { allocator: Some(hooks), ..Options::default() }).unwrap();
    first.write(&[1; LONG]).unwrap();
    let value = first.close_take().unwrap();
    drop(first);

    let stream = Stream::new().unwrap();
    stream.write_snapshot(&value).unwrap();
    drop(value);
    let view = stream.getbuffer(Access::Writable).unwrap();
    let captures = [0, 1, 2].map(|round| {
        stream.pwrite(b"changed", 5000 * round).unwrap();
        stream.getvalue().unwrap()
    });
    drop((captures, view));
    let value = stream.getvalue().unwrap();
    stream.pwrite(b"x", 0).unwrap();
    assert_eq!((stream.statistics().unwrap().0.updates, outcome.load(Ordering::Relaxed)), (1, NOT_TOLD));
    drop(value);
    assert_eq!(outcome.load(Ordering::Relaxed), TOLD);
}
