//! Running out of memory at each allocation in turn: the n-th, for every n, until none fails; the n-th alone, and with
//! all that follow.
//!
//! Each scenario ends in one call that is made again and again, with a later allocation failing each time. A
//! failing call must give `NoMem` and leave streams, views and snapshots as they were; then it is made once more
//! with memory, and must do what it does without any failure.

mod common;

use std::ptr::NonNull;
use std::sync::Arc;

use bytesio::{Access, Error, Input, NO_LIMIT, Options, Result, Search, Snapshot, Stream, View, Whence};

use common::Ledger;

/// What a scenario works on: all of it is compared before and after a failure.
#[derive(Default)]
struct Stage {
    streams: Vec<Stream>,
    views: Vec<View>,
    snapshots: Vec<Snapshot>,
}

/// All that can be seen of a stage.
#[derive(Debug, PartialEq)]
struct Sight {
    /// Bytes, position, exports, closed.
    streams: Vec<(Vec<u8>, u64, usize, bool)>,
    views: Vec<Vec<u8>>,
    snapshots: Vec<(*const u8, Vec<u8>)>,
}

impl Stage {
    fn sight(&self) -> Sight {
        let stream = |s: &Stream| {
            let mut bytes = vec![0; s.len() as usize];
            let _ = s.pread(&mut bytes, 0);
            (bytes, s.tell(), s.export_count(), s.is_closed())
        };
        let view = |view: &View| {
            // SAFETY: the view is alive, and nobody writes.
            unsafe { std::slice::from_raw_parts(view.data().as_ptr(), view.len()) }.to_vec()
        };
        Sight {
            streams: self.streams.iter().map(stream).collect(),
            views: self.views.iter().map(view).collect(),
            snapshots: self.snapshots.iter().map(|s| (s.as_ptr(), s.to_vec())).collect(),
        }
    }

    fn stream(&self) -> &Stream {
        &self.streams[0]
    }

    fn keep_value(&mut self) -> Result<()> {
        let value = self.stream().getvalue()?;
        self.snapshots.push(value);
        Ok(())
    }

    fn keep_view(&mut self, writable: bool) -> Result<()> {
        let view = self.stream().getbuffer(Access::writable(writable))?;
        self.views.push(view);
        Ok(())
    }
}

type Prepare = fn(&mut Stage) -> Result<()>;
type Call = fn(&mut Stage) -> Result<()>;

/// Runs `call` on what `prepare` makes, with the n-th allocation failing, alone or with all that follow, for every n
/// until none fails; says how many allocations the call makes.
fn every_failure(
    name: &str,
    allocator: &dyn Fn(&Arc<Ledger>) -> Options,
    lasting: bool,
    prepare: Prepare,
    call: Call,
) -> usize {
    for n in 0.. {
        let ledger = Ledger::new();
        let options = allocator(&ledger);
        let mut stage = Stage { streams: vec![Stream::with_options(&options).expect("memory")], ..Stage::default() };
        prepare(&mut stage).expect("memory");
        let before = stage.sight();
        ledger.fail_after(n, lasting);
        let result = call(&mut stage);
        let failed = ledger.relent();
        // A failure may also be made good, by asking for less.
        if let Err(error) = result {
            assert!(failed, "{name}: {error:?} without a failure");
            assert_eq!(error, Error::NoMem, "{name}, allocation {n}");
            assert_eq!(stage.sight(), before, "{name}, allocation {n} failed: nothing has changed");
            assert_eq!(call(&mut stage), Ok(()), "{name}, again after allocation {n} failed");
        }
        let sight = stage.sight();
        drop(stage);
        ledger.assert_settled();
        let undisturbed = undisturbed(allocator, prepare, call);
        assert_eq!((sight.streams, sight.views), (undisturbed.streams, undisturbed.views), "{name}, allocation {n}");
        let bytes = |snapshots: Vec<(_, Vec<u8>)>| snapshots.into_iter().map(|(_, bytes)| bytes).collect::<Vec<_>>();
        assert_eq!(bytes(sight.snapshots), bytes(undisturbed.snapshots), "{name}, allocation {n}");
        if !failed {
            return n;
        }
    }
    unreachable!("the numbers do not end")
}

/// What is to be seen when no allocation fails.
fn undisturbed(allocator: &dyn Fn(&Arc<Ledger>) -> Options, prepare: Prepare, call: Call) -> Sight {
    let ledger = Ledger::new();
    let mut stage =
        Stage { streams: vec![Stream::with_options(&allocator(&ledger)).expect("memory")], ..Stage::default() };
    prepare(&mut stage).and_then(|()| call(&mut stage)).expect("memory");
    stage.sight()
}

fn nothing(_: &mut Stage) -> Result<()> {
    Ok(())
}

/// 100 bytes, the position behind them.
fn some_bytes(stage: &mut Stage) -> Result<()> {
    stage.stream().write(&[7; 100])
}

fn room_to_spare(stage: &mut Stage) -> Result<()> {
    some_bytes(stage)?;
    stage.stream().reserve(500)
}

fn tight_bytes(stage: &mut Stage) -> Result<()> {
    some_bytes(stage)?;
    stage.stream().shrink_to_fit()
}

fn a_snapshot(stage: &mut Stage) -> Result<()> {
    some_bytes(stage)?;
    stage.keep_value()
}

fn a_snapshot_and_the_position_inside(stage: &mut Stage) -> Result<()> {
    a_snapshot(stage)?;
    stage.stream().seek(50, Whence::Start).map(drop)
}

fn a_snapshot_and_a_readonly_view(stage: &mut Stage) -> Result<()> {
    a_snapshot_and_the_position_inside(stage)?;
    stage.keep_view(false)
}

fn a_writable_view(stage: &mut Stage) -> Result<()> {
    some_bytes(stage)?;
    stage.keep_view(true)
}

fn an_open_scratch_window(stage: &mut Stage) -> Result<()> {
    a_snapshot_and_the_position_inside(stage)?;
    let (ptr, _) = stage.stream().prepare(20)?;
    // SAFETY: the window is ours to write.
    unsafe { ptr.write_bytes(9, 20) };
    Ok(())
}

fn an_empty_stream_and_a_snapshot(stage: &mut Stage) -> Result<()> {
    a_snapshot(stage)?;
    stage.stream().clear()
}

/// A snapshot of what the stream held before all of it was changed.
fn a_past(stage: &mut Stage) -> Result<()> {
    a_snapshot(stage)?;
    stage.stream().pwrite(&[8; 120], 0)
}

fn a_past_under_a_readonly_view(stage: &mut Stage) -> Result<()> {
    a_snapshot(stage)?;
    stage.stream().pwrite(&[8; 100], 0)?;
    stage.keep_value()?;
    stage.keep_view(false)
}

/// A snapshot that goes on behind the content's end.
fn cut_below_a_snapshot(stage: &mut Stage) -> Result<()> {
    a_snapshot(stage)?;
    stage.stream().truncate(10)
}

/// Read in place, and by a stream that takes its memory from the ledger.
fn adopted_bytes(stage: &mut Stage) -> Result<()> {
    static BYTES: [u8; 100] = [6; 100];
    // SAFETY: static memory.
    let adopted = unsafe { Snapshot::adopt(BYTES.as_ptr().cast(), BYTES.len(), None, std::ptr::null_mut()) }?;
    stage.stream().write_snapshot(&adopted)
}

/// Each call, what it is made on, and whether it must allocate.
const SCENARIOS: &[(&str, Prepare, Call, bool)] = &[
    ("first write", nothing, |s| s.stream().write(b"hello"), true),
    ("write over a gap", nothing, |s| s.stream().pwrite(b"x", 500), true),
    ("growing write", some_bytes, |s| s.stream().write(&[8; 5000]), true),
    ("growing write with a snapshot", a_snapshot, |s| s.stream().write(&[8; 5000]), true),
    ("overwrite with a snapshot", a_snapshot, |s| s.stream().pwrite(b"xyz", 10), true),
    ("overwrite under a read-only view", a_snapshot_and_a_readonly_view, |s| s.stream().write(b"xyz"), true),
    ("write in place", some_bytes, |s| s.stream().pwrite(b"xyz", 10), false),
    ("growing append", some_bytes, |s| s.stream().append(&[8; 5000]), true),
    ("append below a snapshot's end", cut_below_a_snapshot, |s| s.stream().append(b"xyz"), true),
    ("append of adopted bytes", adopted_bytes, |s| s.stream().append(b"xyz"), true),
    ("append from itself", some_bytes, append_itself, true),
    ("restore", a_past, |s| s.stream().restore(&s.snapshots[0]), false),
    ("restore of what was cut", cut_below_a_snapshot, |s| s.stream().restore(&s.snapshots[0]), false),
    ("restore under a read-only view", a_past_under_a_readonly_view, |s| s.stream().restore(&s.snapshots[0]), true),
    ("restore and overwrite", a_past, restore_and_overwrite, true),
    ("cstr without room", tight_bytes, |s| s.stream().cstr().map(drop), true),
    ("cstr with room", room_to_spare, |s| s.stream().cstr().map(drop), false),
    ("cstr below a snapshot's end", cut_below_a_snapshot, |s| s.stream().cstr().map(drop), true),
    ("cstr of adopted bytes", adopted_bytes, |s| s.stream().cstr().map(drop), true),
    ("writev", a_snapshot_and_the_position_inside, |s| s.stream().writev(&[&[1; 40], &[2; 40]].map(Input::from)), true),
    ("fill", a_snapshot_and_the_position_inside, |s| s.stream().fill(3, 4000), true),
    ("write_snapshot", a_snapshot_and_the_position_inside, |s| s.stream().write_snapshot(&s.snapshots[0]), true),
    (
        "write_snapshot into nothing",
        an_empty_stream_and_a_snapshot,
        |s| s.stream().write_snapshot(&s.snapshots[0]),
        false,
    ),
    ("resize", some_bytes, |s| s.stream().resize(3000), true),
    ("resize with a snapshot", a_snapshot, |s| s.stream().resize(3000), true),
    ("truncate with a snapshot", a_snapshot, |s| s.stream().truncate(3), false),
    ("truncate of adopted bytes", adopted_bytes, |s| s.stream().truncate(3), true),
    ("overwrite of adopted bytes", adopted_bytes, |s| s.stream().pwrite(b"xyz", 10), true),
    ("growth of adopted bytes", adopted_bytes, |s| s.stream().write(&[8; 50]), true),
    ("clear with a snapshot", a_snapshot, |s| s.stream().clear(), true),
    ("reserve", some_bytes, |s| s.stream().reserve(3000), true),
    ("shrink_to_fit", room_to_spare, |s| s.stream().shrink_to_fit(), true),
    ("detach", a_snapshot, |s| s.stream().detach().map(drop), false),
    ("getvalue", room_to_spare, Stage::keep_value, true),
    ("getvalue of nothing", nothing, Stage::keep_value, true),
    ("getvalue under a writable view", a_writable_view, Stage::keep_value, true),
    ("getvalue again", a_snapshot, Stage::keep_value, false),
    ("read_snapshot", a_snapshot_and_the_position_inside, |s| keep_snapshot(s, |s| s.stream().read_snapshot(20)), true),
    ("slice of a snapshot", a_snapshot, |s| keep_snapshot(s, |s| s.snapshots[0].slice(10, 20)), true),
    ("read-only view", a_snapshot, |s| s.keep_view(false), true),
    ("writable view of frozen bytes", a_snapshot, |s| s.keep_view(true), true),
    ("slice of a view", a_writable_view, |s| keep_view(s, |view| view.slice(1, 50)), true),
    ("read-only view of a view", a_writable_view, |s| keep_view(s, View::to_readonly), true),
    ("snapshot of a view", a_writable_view, |s| keep_snapshot(s, |s| s.views[0].snapshot()), true),
    ("duplicate", some_bytes, |s| keep_stream(s, |s| s.stream().duplicate()), true),
    ("duplicate under a writable view", a_writable_view, |s| keep_stream(s, |s| s.stream().duplicate()), true),
    ("from_snapshot", a_snapshot, |s| keep_stream(s, |s| Stream::from_snapshot(&s.snapshots[0])), true),
    ("close_take", some_bytes, |s| keep_snapshot(s, |s| s.stream().close_take()), true),
    ("prepare and commit", some_bytes, |s| window(s.stream(), 700), true),
    ("prepare and commit over bytes", a_snapshot_and_the_position_inside, |s| window(s.stream(), 30), true),
    ("prepare_upto and commit", some_bytes, |s| window_upto(s.stream(), 700, 5000), true),
    ("prepare_upto below a snapshot's end", cut_below_a_snapshot, |s| window_upto(s.stream(), 1, 50), true),
    (
        "prepare_upto and commit over bytes",
        a_snapshot_and_the_position_inside,
        |s| window_upto(s.stream(), 10, 30),
        true,
    ),
    ("commit over bytes", an_open_scratch_window, |s| s.stream().commit(20), true),
];

fn keep_snapshot(stage: &mut Stage, make: impl FnOnce(&Stage) -> Result<Snapshot>) -> Result<()> {
    let made = make(stage)?;
    stage.snapshots.push(made);
    Ok(())
}

fn keep_view(stage: &mut Stage, make: impl FnOnce(&View) -> Result<View>) -> Result<()> {
    let made = make(&stage.views[0])?;
    stage.views.push(made);
    Ok(())
}

fn keep_stream(stage: &mut Stage, make: impl FnOnce(&Stage) -> Result<Stream>) -> Result<()> {
    let made = make(stage)?;
    stage.streams.push(made);
    Ok(())
}

/// The source is memory that growth leaves or moves.
fn append_itself(stage: &mut Stage) -> Result<()> {
    let all = stage.stream().peek_at(0)?;
    // SAFETY: good until the append is done with it.
    stage.stream().append(unsafe { Input::from_raw(all.ptr, all.len) })
}

/// One call to the caller: where it fails half-way, what was there before is restored, which takes no memory.
fn restore_and_overwrite(stage: &mut Stage) -> Result<()> {
    let before = stage.stream().getvalue()?;
    stage.stream().restore(&stage.snapshots[0])?;
    let written = stage.stream().pwrite(b"xyz", 10);
    written.inspect_err(|_| stage.stream().restore(&before).expect("going back takes no memory"))
}

fn window(stream: &Stream, n: usize) -> Result<()> {
    let (ptr, _) = stream.prepare(n)?;
    commit(stream, ptr, n)
}

fn window_upto(stream: &Stream, min: usize, max: usize) -> Result<()> {
    let (ptr, _) = stream.prepare_upto(min, max)?;
    commit(stream, ptr, min)
}

/// Writes `n` bytes through a window, which is given up if the commit fails: the caller sees one call.
fn commit(stream: &Stream, ptr: NonNull<u8>, n: usize) -> Result<()> {
    // SAFETY: the window is ours to write, and at least so large.
    unsafe { ptr.write_bytes(4, n) };
    stream.commit(n).inspect_err(|_| stream.cancel())
}

fn run(with_reallocate: bool, capacity: usize) {
    let options = move |ledger: &Arc<Ledger>| Options {
        capacity,
        limit: NO_LIMIT,
        locking: bytesio::Locking::ON,
        mapped_from: 0,
        allocator: Some(ledger.hooks(with_reallocate)),
    };
    for (name, prepare, call, allocates) in SCENARIOS {
        for lasting in [true, false] {
            let made = every_failure(name, &options, lasting, *prepare, *call);
            if capacity == 0 {
                assert_eq!(made > 0, *allocates, "{name}: {made} allocations");
            }
        }
    }
}

#[test]
fn every_call_survives_every_failure() {
    run(true, 0);
}

#[test]
fn every_call_survives_every_failure_without_reallocate() {
    run(false, 0);
}

#[test]
fn every_call_survives_every_failure_with_room_to_spare() {
    run(true, 2048);
}

#[test]
fn a_stream_that_cannot_be_made_leaves_nothing_behind() {
    const NO_MEM: bytesio::Result<()> = Err(Error::NoMem);
    for (n, expected) in [NO_MEM, NO_MEM, NO_MEM, NO_MEM, Ok(())].into_iter().enumerate() {
        let ledger = Ledger::new();
        let options = Options { capacity: 10, allocator: Some(ledger.hooks(true)), ..Options::default() };
        ledger.fail_after(n, true);
        assert_eq!(Stream::with_options(&options).map(drop), expected, "hooks, bytes, block, handle");
        ledger.assert_settled();
        assert_eq!(ledger.done(), usize::from(expected.is_ok()), "without a stream the hooks are still the caller's");
    }
}

#[test]
fn into_stream_gives_the_snapshot_back_when_it_fails() {
    let ledger = Ledger::new();
    let options = Options { allocator: Some(ledger.hooks(true)), ..Options::default() };
    let stream = Stream::with_options(&options).expect("memory");
    stream.write(b"kept").expect("memory");
    let value = stream.close_take().expect("memory");
    drop(stream);
    ledger.fail_after(0, true);
    let Err((value, error)) = value.into_stream() else { panic!("there was no memory") };
    assert_eq!((error, &value[..]), (Error::NoMem, &b"kept"[..]));
    ledger.relent();
    let stream = value.into_stream().map_err(|(_, error)| error).expect("memory");
    assert!(stream.getbuffer(Access::ReadOnly).expect("memory").starts_with(b"kept"));
    drop(stream);
    ledger.assert_settled();
}

#[test]
fn growth_that_cannot_be_generous_is_exact() {
    let ledger = Ledger::new();
    let options = Options { allocator: Some(ledger.hooks(true)), ..Options::default() };
    let stream = Stream::with_options(&options).expect("memory");
    stream.write(&[1; 64]).expect("memory");
    ledger.fail_after(0, false);
    assert_eq!(stream.write(&[2; 10]), Ok(()), "the second attempt asks for 74 bytes");
    assert!(ledger.relent());
    assert_eq!((stream.len(), stream.capacity()), (74, 74));
}
