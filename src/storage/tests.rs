//! One story under every fall-back: the bytes are right, and the statistics say that it was that fall-back.

use std::panic::catch_unwind;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Statistics;
use super::switches::{Switch, without};
use crate::sys::linux::faults::{self, Plan};
use crate::sys::linux::testing::Child;
use crate::sys::watch;
use crate::{Access, Options, Snapshot, Stream};

const PAGE: usize = 4096;
/// Long enough for siblings, and for a watch.
const SIZES: [usize; 2] = [10 * PAGE + 5, 200 * PAGE - 7];

/// The number of files is the process's, so one test at a time.
pub(in crate::storage) fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    let guard = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    crate::trim();
    guard
}

pub(in crate::storage) fn pattern(n: usize, seed: usize) -> Vec<u8> {
    (0..n).map(|i| (i * 31 + i / 251 + seed * 7) as u8).collect()
}

/// A stream, what it should hold, and every snapshot with what it should hold.
pub(in crate::storage) struct Scene {
    pub(in crate::storage) stream: Stream,
    pub(in crate::storage) model: Vec<u8>,
    pub(in crate::storage) kept: Vec<(Snapshot, Vec<u8>)>,
}

impl Scene {
    /// In memory that is mapped from this size on.
    pub(in crate::storage) fn new(mapped_from: usize, content: Vec<u8>) -> Self {
        let stream = Stream::with_options(&Options { mapped_from, ..Options::default() }).unwrap();
        stream.write(&content).unwrap();
        Self { stream, model: content, kept: Vec::new() }
    }

    pub(in crate::storage) fn put(&mut self, at: usize, bytes: &[u8]) {
        self.stream.pwrite(bytes, at as u64).unwrap();
        let end = at + bytes.len();
        self.model.resize(self.model.len().max(end), 0);
        self.model[at..end].copy_from_slice(bytes);
    }

    pub(in crate::storage) fn keep(&mut self) {
        self.kept.push((self.stream.getvalue().unwrap(), self.model.clone()));
    }

    pub(in crate::storage) fn check(&self) {
        assert!(self.stream.getvalue().unwrap()[..] == self.model[..], "the stream");
        for (i, (snapshot, bytes)) in self.kept.iter().enumerate() {
            assert!(snapshot[..] == bytes[..], "snapshot {i}");
        }
    }
}

/// What the story came to.
#[derive(Default, Debug)]
struct Outcome {
    /// What changes and what captures cost.
    changes: Statistics,
    captures: Statistics,
    /// How many ranges were watched at most, by this stream or another test's.
    watches: usize,
}

impl Scene {
    /// Values of which so many are held, and a small change after each.
    fn publish(&mut self, rounds: usize, held: usize) {
        for round in 0..rounds {
            self.keep();
            let gone = self.kept.len().saturating_sub(held);
            drop(self.kept.drain(..gone));
            let at = (round * 7 * PAGE + 100 * round) % self.model.len();
            let n = (self.model.len() - at).min(1 + 300 * round);
            self.put(at, &pattern(n, round + 10));
            self.check();
        }
    }

    /// The same by a view's address, with everything changed now and then.
    fn publish_raw(&mut self, rounds: usize, held: usize, dense: bool) -> usize {
        let view = self.stream.getbuffer(Access::Writable).unwrap();
        let mut watches = 0;
        for round in 0..rounds {
            self.keep();
            let gone = self.kept.len().saturating_sub(held);
            drop(self.kept.drain(..gone));
            let at = if dense && round % 3 == 2 { 0 } else { round * 7 * PAGE % self.model.len() };
            let n = if at == 0 && dense { self.model.len() } else { 30.min(self.model.len() - at) };
            let bytes = pattern(n, round + 50);
            // SAFETY: within the view, and nobody else uses its bytes now.
            unsafe { view.data().add(at).as_ptr().copy_from(bytes.as_ptr(), n) };
            self.model[at..][..n].copy_from_slice(&bytes);
            self.check();
            watches = watches.max(watch::watches());
        }
        watches
    }
}

/// What streams are for, in short.
fn story(mapped_from: usize, size: usize) -> Outcome {
    let mut scene = Scene::new(mapped_from, pattern(size, 1));
    for held in [1, 2, 0, 4] {
        scene.publish(6, held);
    }
    scene.stream.truncate(size as u64 / 2).unwrap();
    scene.model.truncate(size / 2);
    scene.put(size / 2 + 100, &pattern(size / 2, 2));
    scene.publish(4, 1);
    scene.stream.clear().unwrap();
    scene.model.clear();
    scene.put(0, &pattern(size, 3));
    scene.publish(4, 1);
    let changes = scene.stream.statistics().unwrap().0;
    let sparse = scene.publish_raw(8, 1, false);
    let dense = scene.publish_raw(8, 2, true);
    scene.publish(3, 1);
    scene.stream.shrink_to_fit().unwrap();
    let twin = scene.stream.duplicate().unwrap();
    twin.write(b"only there").unwrap();
    scene.check();
    let captures = scene.stream.statistics().unwrap().0;
    Outcome { changes, captures, watches: sparse.max(dense) }
}

/// In every kind of memory, in every size.
fn stories() -> Vec<Outcome> {
    let kinds = [usize::MAX, 1, 0];
    kinds.into_iter().flat_map(|kind| SIZES.map(|size| story(kind, size))).collect()
}

#[test]
fn with_everything() {
    let _alone = alone();
    let all = stories();
    assert!(all[..2].iter().all(|on_heap| on_heap.changes.updates > 0), "{all:?}");
    assert!(all.iter().all(|any| any.captures.updates > any.changes.updates), "{all:?}");
}

#[test]
fn without_siblings() {
    let _alone = alone();
    for switch in [Switch::Siblings, Switch::Reservations] {
        let all = without(switch, stories);
        assert!(all.iter().all(|any| any.captures.updates == 0), "{switch:?}: {all:?}");
        assert!(all.iter().all(|any| any.captures.snapshot_copies > 8), "{switch:?}: {all:?}");
    }
}

/// In a child of its own, since the slots are the process's.
#[test]
fn without_a_free_reservation() {
    let _alone = alone();
    let child = Child::run(|| {
        let _taken: Vec<_> = std::iter::from_fn(super::spares::Reservation::make).collect();
        catch_unwind(stories).is_ok_and(|all| all.iter().all(|any| any.captures.updates == 0))
    });
    assert!(child.succeeds());
}

#[test]
fn without_a_watch() {
    let _alone = alone();
    without(Switch::Watch, stories);
}

#[test]
fn without_mapped_memory() {
    let _alone = alone();
    without(Switch::Mapped, || {
        let scene = Scene::new(1, pattern(SIZES[1], 1));
        assert_eq!(scene.stream.statistics().unwrap().1, crate::Kind::Heap);
        stories()
    });
}

#[test]
fn whichever_call_of_the_watch_is_refused() {
    let _alone = alone();
    for plan in [Plan::Once, Plan::From] {
        let mut n = 0;
        loop {
            faults::plan(plan(n));
            let mut scene = Scene::new(usize::MAX, pattern(SIZES[1], 1));
            scene.publish_raw(5, 1, false);
            scene.publish(1, 0);
            // What is left says whether a call was refused at all.
            if matches!(faults::plan(Plan::None), Plan::Once(_) | Plan::From(1..)) {
                break;
            }
            n += 1;
        }
        assert!(n > 3, "only {n} calls");
    }
}

/// In a child of its own, since what is known of the kernel is the process's.
#[test]
fn with_a_kernel_that_answers_wrongly() {
    let _alone = alone();
    let child = Child::run(|| {
        faults::lie();
        catch_unwind(|| story(usize::MAX, SIZES[1]).watches).is_ok_and(|watches| watches == 0)
    });
    assert!(child.succeeds());
}

/// That the test before can fail: with one that answers right, there are watches.
#[test]
fn with_a_kernel_that_answers_right() {
    let _alone = alone();
    let child = Child::run(|| {
        let bytes = vec![1; SIZES[1]];
        let start = std::ptr::NonNull::from(&bytes[..]).cast();
        // SAFETY: this test's memory, which nobody else watches; the watch ends before it.
        let possible = unsafe { watch::Watch::begin(start, bytes.len()) }.is_ok();
        catch_unwind(|| story(usize::MAX, SIZES[1]).watches).is_ok_and(|watches| (watches > 0) == possible)
    });
    assert!(child.succeeds());
}
