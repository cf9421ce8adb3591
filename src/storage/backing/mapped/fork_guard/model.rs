//! The handshake of owners and handlers over a slot, under the loom model checker: every interleaving. The slot is the
//! library's own source, compiled once more with loom's atomics.

use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize as Plain, Ordering};

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread;

mod atomic {
    pub(super) use loom::sync::atomic::{AtomicI32, AtomicPtr, AtomicU8, AtomicUsize, Ordering};

    macro_rules! constructor {
        ($($function:tt)*) => { $($function)* };
    }
    pub(super) use constructor;
}

#[path = "slot.rs"]
#[expect(dead_code, reason = "what is done in a child, and what only asks, is not modelled")]
mod slot;

use crate::sys::linux::Refused;
use slot::{Calls, Place, Slot, State};

const RANGES: usize = 2;

/// What lies at a range of addresses: loom reports two accesses that are not ordered. So a range that is unmapped while
/// somebody changes it, or changed after it was given away, is found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Range {
    Nothing,
    Shared,
    Private,
    Foreign,
}

struct System {
    ranges: [UnsafeCell<Range>; RANGES],
    /// How often each range was unmapped and each descriptor closed; std's atomics, which order nothing for loom.
    unmapped: [Plain; RANGES],
    closed: [Plain; RANGES],
    refuses: bool,
}

// SAFETY: that no access to a range races is what the models are about.
unsafe impl Sync for System {}
// SAFETY: plain data.
unsafe impl Send for System {}

impl System {
    fn new(refuses: bool) -> Self {
        Self {
            ranges: [const { Range::Nothing }; RANGES].map(UnsafeCell::new),
            unmapped: [const { Plain::new(0) }; RANGES],
            closed: [const { Plain::new(0) }; RANGES],
            refuses,
        }
    }

    fn at(&self, n: usize) -> Range {
        // SAFETY: loom checks it.
        self.ranges[n].with(|range| unsafe { *range })
    }

    fn set(&self, n: usize, to: Range) {
        // SAFETY: loom checks it.
        self.ranges[n].with_mut(|range| unsafe { *range = to });
    }

    /// Maps range `n`, whose descriptor has the same number.
    fn map(&self, n: usize) -> Place {
        self.set(n, Range::Shared);
        place(n)
    }
}

/// Range `n`: the address says which one it is.
fn place(n: usize) -> Place {
    Place { base: NonNull::without_provenance((n + 1).try_into().expect("not zero")), size: n + 1 }
}

fn number(place: Place) -> usize {
    assert_eq!(place.base.addr().get(), place.size, "base and size of the same mapping");
    place.size - 1
}

impl Calls for System {
    fn make_private(&self, place: Place, fd: i32) -> bool {
        assert_eq!(self.at(number(place)), Range::Shared, "nothing private is made anew, nothing foreign replaced");
        let fd = usize::try_from(fd).expect("a descriptor");
        assert_eq!(self.closed[fd].load(Ordering::Relaxed), 0, "the descriptor is open, hence this mapping's");
        if !self.refuses {
            self.set(number(place), Range::Private);
        }
        !self.refuses
    }

    fn make_inherited(&self, place: Place) -> bool {
        assert_eq!(self.at(number(place)), Range::Shared);
        true
    }

    fn reserve(&self, _: Place) -> bool {
        unreachable!("no child here")
    }

    fn unmap(&self, place: Place) {
        let n = number(place);
        assert!(matches!(self.at(n), Range::Shared | Range::Private), "what is unmapped is ours");
        self.unmapped[n].fetch_add(1, Ordering::Relaxed);
        // From here on the addresses are somebody else's.
        self.set(n, Range::Foreign);
    }

    fn close(&self, fd: i32) {
        self.closed[usize::try_from(fd).expect("a descriptor")].fetch_add(1, Ordering::Relaxed);
    }
}

struct Scene {
    slot: Slot,
    system: System,
}

impl Scene {
    /// A slot with the mapping of range 0.
    fn registered(refuses: bool) -> Arc<Self> {
        let scene = Arc::new(Self { slot: Slot::new(), system: System::new(refuses) });
        scene.register(0);
        scene
    }

    fn register(&self, n: usize) -> bool {
        let claimed = self.slot.claim();
        if claimed {
            self.slot.open(i32::try_from(n).expect("small"));
            self.slot.publish(self.system.map(n));
        }
        claimed
    }

    fn ended(&self, n: usize) {
        assert_eq!(self.system.unmapped[n].load(Ordering::Relaxed), 1, "unmapped once");
        assert_eq!(self.system.closed[n].load(Ordering::Relaxed), 1, "closed once");
    }
}

/// Every interleaving with up to three preemptions: without a bound, two handlers beside an owner take minutes.
fn check(f: impl Fn() + Sync + Send + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(f);
}

fn handler(scene: &Arc<Scene>) -> thread::JoinHandle<()> {
    let scene = Arc::clone(scene);
    thread::spawn(move || scene.slot.prepare(&scene.system))
}

fn join<const N: usize>(threads: [thread::JoinHandle<()>; N]) {
    threads.into_iter().for_each(|thread| thread.join().expect("no panic"));
}

#[test]
fn an_owner_that_ends_meets_handlers() {
    for refuses in [false, true] {
        check(move || {
            let scene = Scene::registered(refuses);
            let handlers = [handler(&scene), handler(&scene)];
            scene.slot.end(&scene.system);
            join(handlers);
            assert_eq!(scene.slot.state(), State::Empty);
            scene.ended(0);
        });
    }
}

#[test]
fn a_slot_that_is_used_anew_meets_handlers() {
    check(|| {
        let scene = Scene::registered(false);
        let handlers = [handler(&scene), handler(&scene)];
        scene.slot.end(&scene.system);
        let anew = scene.register(1);
        join(handlers);
        scene.ended(0);
        if anew {
            scene.slot.end(&scene.system);
            scene.ended(1);
        }
        assert_eq!(scene.slot.state(), State::Empty);
    });
}

#[test]
fn an_owner_that_retires_and_parks_meets_a_handler() {
    check(|| {
        let scene = Scene::registered(false);
        let handlers = [handler(&scene)];
        scene.slot.retire();
        if scene.slot.park(7) {
            assert_eq!(scene.system.at(0), Range::Shared, "what is parked can be used again");
            let taken = scene.slot.take();
            assert_eq!(taken, Some((1, 7)));
        }
        scene.slot.end(&scene.system);
        join(handlers);
        assert_eq!(scene.slot.state(), State::Empty);
        scene.ended(0);
    });
}

#[test]
fn what_is_parked_is_taken_once() {
    check(|| {
        let scene = Scene::registered(false);
        assert!(scene.slot.park(7));
        let takers = [1, 2].map(|_| {
            let scene = Arc::clone(&scene);
            thread::spawn(move || {
                if scene.slot.take().is_some() {
                    scene.slot.end(&scene.system);
                }
            })
        });
        scene.slot.prepare(&scene.system);
        join(takers);
        assert_eq!(scene.slot.state(), State::Empty);
        scene.ended(0);
    });
}

#[test]
fn an_owner_that_moves_meets_handlers() {
    check(|| {
        let scene = Scene::registered(false);
        let handlers = [handler(&scene), handler(&scene)];
        let moved = scene.slot.relocate(|from| {
            let was = scene.system.at(number(from));
            scene.system.set(number(from), Range::Foreign);
            scene.system.set(1, was);
            Ok(place(1))
        });
        join(handlers);
        let now = usize::from(moved != Err(Refused));
        assert!(matches!(scene.system.at(now), Range::Shared | Range::Private));
        let private = scene.system.at(now) == Range::Private;
        assert_eq!(scene.slot.state(), if private { State::Inherited } else { State::Written });
    });
}
