//! When memory is taken and when it is given back.

mod common;

use std::ffi::c_void;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytesio::{Access, Kind, Options, Result, Snapshot, Stream, Whence};

use common::{Ledger, Lent};

/// Large enough to tell bytes from handles.
const LARGE: usize = 100_000;
/// More than all handles of a test together.
const HANDLES: usize = 5_000;

fn with_bytes(ledger: &Arc<Ledger>, n: usize) -> Stream {
    let options = Options { capacity: n, allocator: Some(ledger.hooks(true)), ..Options::default() };
    let stream = Stream::with_options(&options).expect("memory");
    stream.fill(1, n).expect("memory");
    stream
}

/// About so many times [`LARGE`] bytes are allocated.
#[track_caller]
fn assert_large(ledger: &Ledger, times: usize) {
    let live = ledger.live_bytes();
    assert!((times * LARGE..times * LARGE + HANDLES).contains(&live), "{live} bytes, not {times} times {LARGE}");
}

#[test]
fn a_separated_value_keeps_its_bytes_no_longer_than_it_lives() {
    let ledger = Ledger::new();
    let stream = with_bytes(&ledger, LARGE);
    let value = stream.getvalue().unwrap();
    assert_large(&ledger, 1);
    stream.pwrite(b"x", 0).unwrap();
    assert_large(&ledger, 2);
    drop(value);
    assert_large(&ledger, 1);
}

#[test]
fn bytes_left_behind_without_a_holder_go_at_once() {
    let ledger = Ledger::new();
    let stream = with_bytes(&ledger, LARGE);
    drop(stream.getvalue().unwrap());
    stream.pwrite(b"x", 0).unwrap();
    assert_large(&ledger, 1);
    stream.write(b"growth").unwrap();
    assert!(ledger.live_bytes() < 2 * LARGE + HANDLES);
    stream.truncate(0).unwrap();
    stream.shrink_to_fit().unwrap();
    assert_large(&ledger, 0);
}

#[test]
fn a_copy_made_under_a_writable_view_goes_with_its_snapshot() {
    let ledger = Ledger::new();
    let stream = with_bytes(&ledger, LARGE);
    let view = stream.getbuffer(Access::Writable).unwrap();
    let value = stream.getvalue().unwrap();
    assert_large(&ledger, 2);
    drop(value);
    assert_large(&ledger, 1);
    drop(view);
}

#[test]
fn a_view_holds_the_block_whose_address_it_gave_last_and_no_other() {
    let ledger = Ledger::new();
    let stream = with_bytes(&ledger, LARGE);
    let view = stream.getbuffer(Access::ReadOnly).unwrap();
    let values = [b"x", b"y"].map(|byte| {
        let value = stream.getvalue().unwrap();
        view.data();
        stream.pwrite(byte, 0).unwrap();
        value
    });
    assert_large(&ledger, 3);
    drop(values);
    assert_large(&ledger, 2);
    view.data();
    // What the stream has left a second time it wants back.
    assert_large(&ledger, 2);
    drop(view);
    stream.shrink_to_fit().unwrap();
    assert_large(&ledger, 1);
}

#[test]
fn close_lets_the_bytes_go_unless_a_view_or_a_snapshot_holds_them() {
    let ledger = Ledger::new();
    let streams: Vec<_> = (0..3).map(|_| with_bytes(&ledger, LARGE)).collect();
    streams[0].close().unwrap();
    assert_large(&ledger, 2);
    let value = streams[1].close_take().unwrap();
    let view = streams[2].getbuffer(Access::ReadOnly).unwrap();
    streams[2].close().unwrap();
    assert_large(&ledger, 2);
    drop(value);
    assert_large(&ledger, 1);
    drop(view);
    assert_large(&ledger, 0);
    drop(streams);
    ledger.assert_settled();
}

#[test]
fn a_view_keeps_the_bytes_of_a_stream_without_references() {
    let ledger = Ledger::new();
    let view = with_bytes(&ledger, LARGE).getbuffer(Access::Writable).unwrap();
    assert_large(&ledger, 1);
    drop(view);
    ledger.assert_settled();
}

#[test]
fn small_reads_and_writes_allocate_nothing_in_the_steady_state() {
    let ledger = Ledger::new();
    let stream = with_bytes(&ledger, LARGE);
    let made = ledger.made();
    for _ in 0..10 {
        stream.seek(0, Whence::Start).unwrap();
        (0..1000).for_each(|_| stream.write(&[2; 16]).unwrap());
        stream.seek(0, Whence::Start).unwrap();
        (0..1000).for_each(|_| assert_eq!(stream.read(&mut [0; 16]), Ok(16)));
    }
    assert_eq!(ledger.made(), made);
}

#[test]
fn a_growing_log_with_values_allocates_a_handle_a_round() {
    let ledger = Ledger::new();
    let stream = with_bytes(&ledger, 64);
    let before = ledger.made();
    let kept: Vec<_> = (0..1000)
        .map(|_| {
            stream.write(&[3; 16]).unwrap();
            stream.getvalue().unwrap()
        })
        .collect();
    // One handle each, and a block, with its header, for each doubling.
    assert!(ledger.made() - before < 1000 + 30, "{} allocations", ledger.made() - before);
    assert!(kept.iter().enumerate().all(|(i, value)| value.len() == 64 + 16 * (i + 1)));
}

/// What makes a stream leave adopted memory behind.
type Change = fn(&Stream) -> Result<()>;

const CHANGES: &[(&str, Change)] = &[
    ("write", |s| s.write(b"x")),
    ("pwrite", |s| s.pwrite(b"x", 90)),
    ("truncate", |s| s.truncate(1)),
    ("truncate to nothing", |s| s.truncate(0)),
    ("resize", |s| s.resize(200)),
    ("clear", Stream::clear),
    ("reserve", |s| s.reserve(1)),
    ("a writable view", |s| s.getbuffer(Access::Writable).map(drop)),
    ("prepare", |s| s.seek(0, Whence::End).and_then(|_| s.prepare(1)).map(drop)),
    ("close", Stream::close),
];

#[test]
fn adopted_memory_is_let_go_by_the_first_change() {
    for (name, change) in CHANGES {
        let lent = Lent::new(&[7; 100]);
        // SAFETY: `lent` outlives the stream.
        let stream = unsafe { Stream::adopt(lent.data(), 100, Some(Lent::release), lent.ctx()) }.unwrap();
        assert_eq!(stream.statistics().unwrap().1, Kind::Foreign);
        drop((stream.getvalue().unwrap(), stream.getbuffer(Access::ReadOnly).unwrap(), stream.duplicate().unwrap()));
        assert_eq!(lent.releases(), 0, "{name}");
        change(&stream).unwrap();
        assert_eq!(lent.releases(), 1, "{name}");
    }
}

#[test]
fn a_holder_of_adopted_memory_defers_its_release() {
    for (name, change) in CHANGES {
        let lent = Lent::new(&[7; 100]);
        // SAFETY: `lent` outlives the stream and the value.
        let stream = unsafe { Stream::adopt(lent.data(), 100, Some(Lent::release), lent.ctx()) }.unwrap();
        let value = stream.getvalue().unwrap();
        change(&stream).unwrap();
        assert_eq!((lent.releases(), value[..] == [7; 100]), (0, true), "{name}");
        drop(value);
        assert_eq!(lent.releases(), 1, "{name}");
    }
}

/// A callback that uses the stream whose change has called it.
#[test]
fn the_release_callback_runs_with_no_lock_held() {
    struct Ctx(Stream, AtomicU64);
    unsafe extern "C" fn release(ctx: *mut c_void, _: *mut c_void, _: usize) {
        // SAFETY: the test's context, which outlives the call.
        let Ctx(stream, seen) = unsafe { &*ctx.cast() };
        seen.store(stream.len() + 1, Ordering::Relaxed);
    }
    // With a second thread the lock is not skipped: were it held, this would not end.
    std::thread::scope(|scope| {
        let (done, wait) = std::sync::mpsc::channel::<()>();
        scope.spawn(move || wait.recv());
        let ctx = Ctx(Stream::new().unwrap(), AtomicU64::new(0));
        static BYTES: [u8; 10] = [9; 10];
        let address = std::ptr::from_ref(&ctx).cast_mut().cast();
        // SAFETY: static memory, and a context that outlives all.
        let value = unsafe { Snapshot::adopt(BYTES.as_ptr().cast(), 10, Some(release), address) }.unwrap();
        ctx.0.write_snapshot(&value).unwrap();
        drop(value);
        ctx.0.truncate(4).unwrap();
        assert_eq!(ctx.1.load(Ordering::Relaxed), 5);
        drop(done);
    });
}
