//! The slot under the loom model checker: see `sys::model` for how that is run.
//!
//! Every value carries its tag and a cell that loom watches: whoever gets a value writes it, as a stream writes into a
//! block that has come back, so that any access that is not ordered before is reported.

use std::ffi::c_void;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicIsize, Ordering};

use loom::thread;

use super::Slot;
use crate::sys::alloc::Allocator;
use crate::sys::count::Counted;
use crate::sys::model::{Plain, join};

/// What is parked.
struct Value {
    tag: usize,
    bytes: Plain,
}

/// A slot, and how many values are alive; std's atomics order nothing for loom.
struct Fixture {
    slot: Slot,
    alive: Arc<AtomicIsize>,
}

/// Runs `f` in every interleaving; in the end the slot is empty, and each value has ended once.
fn check(f: impl Fn(&Arc<Fixture>) + Sync + Send + 'static) {
    check_within(None, f);
}

/// [`check`] with so many preemptions at most, where there are too many interleavings.
fn check_within(preemptions: Option<usize>, f: impl Fn(&Arc<Fixture>) + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = preemptions.or(builder.preemption_bound);
    builder.check(move || {
        let fixture = Arc::new(Fixture { slot: Slot::new(), alive: Arc::default() });
        f(&fixture);
        assert!(!fixture.slot.is_parked(), "nothing is left behind");
        assert_eq!(fixture.alive.load(Ordering::Relaxed), 0, "each value has ended once");
    });
}

impl Fixture {
    fn value(&self, tag: usize) -> Box<Value> {
        Box::new(Value { tag, bytes: Plain::new(&self.alive) })
    }

    /// As whoever lets a value go last does it; says whether somebody waits for it.
    fn park(&self, value: Box<Value>) -> bool {
        value.bytes.read();
        let tag = value.tag;
        let ptr = NonNull::from(Box::leak(value)).cast();
        let parked = self.slot.park(tag, ptr);
        if !parked {
            drop(boxed(ptr));
        }
        parked
    }

    fn take(&self, tag: usize) -> Option<Box<Value>> {
        self.slot.take(tag).map(written)
    }

    fn evict(&self) -> Option<Box<Value>> {
        // SAFETY: a value in the slot, looked at by who has taken it out.
        self.slot.evict(|ptr| unsafe { ptr.cast::<Value>().as_ref() }.tag).map(written)
    }

    fn cancel(&self) -> Option<Box<Value>> {
        self.slot.cancel().map(written)
    }
}

/// The value at an address that came out of a slot, written as its new owner writes it.
fn written(ptr: NonNull<c_void>) -> Box<Value> {
    let value = boxed(ptr);
    value.bytes.write(value.tag);
    value
}

fn boxed(ptr: NonNull<c_void>) -> Box<Value> {
    // SAFETY: every address in these tests is a leaked box, which the slot gives out once; a second time would be a
    // value that ends twice, which the count and loom see.
    unsafe { Box::from_raw(ptr.as_ptr().cast()) }
}

#[test]
fn who_takes_a_value_writes_it_after_who_parked_it() {
    check(|fixture| {
        assert!(fixture.slot.reserve(1));
        let (value, there) = (fixture.value(1), Arc::clone(fixture));
        let parker = thread::spawn(move || assert!(there.park(value)));
        let early = fixture.take(1);
        join([parker]);
        let late = fixture.take(1);
        assert!(early.is_some() != late.is_some(), "the value comes back once");
        // The reservation is good for another round.
        assert!(fixture.park(early.or(late).expect("one of them")));
        assert!(fixture.take(1).is_some());
        assert!(fixture.cancel().is_none());
    });
}

#[test]
fn of_taker_evictor_and_canceller_one_gets_the_value() {
    check(|fixture| {
        assert!(fixture.slot.reserve(1));
        let (value, there) = (fixture.value(1), Arc::clone(fixture));
        let parker = thread::spawn(move || _ = there.park(value));
        let there = Arc::clone(fixture);
        let evictor = thread::spawn(move || drop(there.evict()));
        let taken = fixture.take(1);
        let cancelled = fixture.cancel();
        assert!(taken.is_none() || cancelled.is_none(), "once");
        join([parker, evictor]);
    });
}

#[test]
fn a_reservation_survives_an_eviction() {
    check(|fixture| {
        assert!(fixture.slot.reserve(1));
        assert!(fixture.park(fixture.value(1)));
        let there = Arc::clone(fixture);
        let evictor = thread::spawn(move || drop(there.evict()));
        let taken = fixture.take(1);
        join([evictor]);
        drop(taken);
        assert!(fixture.park(fixture.value(1)), "the slot is still reserved under this tag");
        assert!(fixture.cancel().is_some());
    });
}

#[test]
fn a_value_of_an_ended_reservation_does_not_come_to_the_next() {
    check(|fixture| {
        assert!(fixture.slot.reserve(1));
        let (value, there) = (fixture.value(1), Arc::clone(fixture));
        let parker = thread::spawn(move || there.park(value));
        let cancelled = fixture.cancel().is_some();
        assert!(fixture.slot.reserve(2));
        let parked = parker.join().expect("no panic");
        assert_eq!(parked, cancelled);
        assert!(fixture.take(2).is_none());
        assert!(fixture.park(fixture.value(2)));
        assert_eq!(fixture.cancel().map(|value| value.tag), Some(2));
    });
}

#[test]
fn two_that_want_a_slot_do_not_both_have_it() {
    check(|fixture| {
        let others = [1, 2].map(|tag| {
            let there = Arc::clone(fixture);
            thread::spawn(move || {
                let mine = there.slot.reserve(tag);
                if mine {
                    assert!(there.park(there.value(tag)));
                    assert_eq!(there.take(tag).map(|value| value.tag), Some(tag));
                    assert!(there.cancel().is_none());
                }
                mine
            })
        });
        let had = others.map(|other| other.join().expect("no panic"));
        assert!(had.contains(&true));
    });
}

/// An eviction that sleeps while slot and value change hands puts an ended reservation back: the next owner's value
/// then ends instead of coming back, and nothing worse.
#[test]
fn evictions_across_two_reservations_lose_nothing() {
    check_within(Some(3), |fixture| {
        assert!(fixture.slot.reserve(1));
        assert!(fixture.park(fixture.value(1)));
        let evictors = [1, 2].map(|_| {
            let there = Arc::clone(fixture);
            thread::spawn(move || drop(there.evict()))
        });
        drop(fixture.cancel());
        assert!(fixture.slot.reserve(2));
        fixture.park(fixture.value(2));
        drop(fixture.take(2));
        fixture.park(fixture.value(2));
        join(evictors);
        drop(fixture.cancel());
        assert!(fixture.slot.reserve(3), "the slot is free again");
        assert!(fixture.cancel().is_none());
    });
}

/// A block's way home: whoever lets it go last parks it, and its stream writes into it.
#[test]
fn what_the_last_of_two_readers_parks_is_the_owners_to_write() {
    check_within(Some(3), |fixture| {
        assert!(fixture.slot.reserve(1));
        let value = Counted::new(Plain::new(&fixture.alive), Allocator::SYSTEM).expect("memory");
        let other = value.retain().expect("far from the end");
        let readers = [value, other].map(|own| {
            let there = Arc::clone(fixture);
            thread::spawn(move || {
                own.read();
                if let Some(last) = own.into_last() {
                    assert!(there.slot.park(1, last.into_raw()));
                }
            })
        });
        // SAFETY: parked just so, and given out once.
        let take = || fixture.slot.take(1).map(|ptr| unsafe { Counted::<Plain>::from_raw(ptr) });
        let early = take();
        early.iter().for_each(|value| value.write(7));
        join(readers);
        let late = take();
        late.iter().for_each(|value| value.write(8));
        assert!(early.is_some() != late.is_some(), "the value comes back once");
        assert!(fixture.slot.cancel().is_none());
    });
}
