//! [`Slot`]: a place in the registry of files, and who may do what to the file's shared mapping at a moment.
//!
//! A slot is *held* by one thread at a time, with signals blocked, while the mapping is made, moved, turned private or
//! taken away. Nobody waits for a holder. The last column is what a child's handler makes of the state that it finds;
//! a holder that it finds is a thread that the child does not have.
//!
//! | state     | the mapping                   | handler before a fork     | owner's `end`      | in a child |
//! |-----------|-------------------------------|---------------------------|--------------------|------------|
//! | Empty     | none; the slot is free        | –                         | –                  | Empty      |
//! | Claimed   | an owner makes or ends it     | leaves it                 | its own: Empty     | Empty      |
//! | Written   | shared, a stream writes there | Held, private, Inherited  | Claimed            | Lost       |
//! | Retired   | shared, nobody writes there   | Held, as it is, Inherited | Claimed            | Lost       |
//! | Parked    | shared, kept for reuse        | leaves it                 | Claimed            | Empty      |
//! | Moving    | its owner moves it            | leaves it                 | its own: as before | Gone       |
//! | Held      | a handler works on it         | leaves it                 | HeldEnd            | Lost, Gone |
//! | HeldEnd   | so; the holder is to end it   | leaves it                 | – (it has left)    | Empty      |
//! | Inherited | children have it too          | –                         | Claimed            | Inherited  |
//! | Lost      | not inherited; reserved       | –                         | Claimed            | Lost       |
//! | Gone      | who knows what; not unmapped  | –                         | Claimed            | Gone       |
//!
//! What a handler leaves is not inherited. Why each meeting of a handler with somebody else is safe:
//! - *with an owner that ends* (Written to Claimed against Written to Held): one of the two exchanges fails. If it is
//!   the owner's, it leaves the unmapping to the handler and never touches the range again. If it is the handler's,
//!   the handler goes on to the next slot.
//! - *with an owner that makes or moves* (Claimed, Moving): the handler leaves the mapping. The child cannot have a
//!   stream that reaches a mapping which is being made; one that is being moved it loses.
//! - *with another handler* (Held): the other one may have made the mapping private already. Then the child inherits
//!   it, and the reservation fails (Gone: used, never unmapped). Otherwise the child loses it (Lost).
//! - *with a file that was put into the same slot meanwhile*: place and descriptor are read after the exchange, and
//!   while a slot is held they do not change. So they are those of the mapping that the state is of.

use std::ptr::{self, NonNull};

use super::atomic::{AtomicI32, AtomicPtr, AtomicU8, AtomicUsize, Ordering, constructor};
use crate::sys::linux::{Refused, Result};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum State {
    Empty,
    Claimed,
    Written,
    Retired,
    Parked,
    Moving,
    Held,
    HeldEnd,
    Inherited,
    Lost,
    Gone,
}

use State::{Claimed, Empty, Gone, Held, HeldEnd, Inherited, Lost, Moving, Parked, Retired, Written};

/// Every state, at the place of its number.
const STATES: [State; 11] = [Empty, Claimed, Written, Retired, Parked, Moving, Held, HeldEnd, Inherited, Lost, Gone];

/// A handler's attempts at a slot whose owner changes it again and again.
const ATTEMPTS: usize = 4;

/// A range of addresses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Place {
    pub(super) base: NonNull<u8>,
    pub(super) size: usize,
}

/// What is done to mappings and descriptors. None of it waits or allocates.
pub(super) trait Calls {
    /// Turns a shared mapping of the file private in place, which children inherit; says whether it has.
    fn make_private(&self, place: Place, fd: i32) -> bool;
    /// Has children inherit a mapping; says whether they will.
    fn make_inherited(&self, place: Place) -> bool;
    /// Keeps everybody out of a range where nothing is; says whether nothing was there.
    fn reserve(&self, place: Place) -> bool;
    fn unmap(&self, place: Place);
    fn close(&self, fd: i32);
}

pub(super) struct Slot {
    state: AtomicU8,
    /// The descriptor and one more; 0 is none, so that a table of free slots is all zeros.
    fd: AtomicI32,
    base: AtomicPtr<u8>,
    size: AtomicUsize,
    /// Of a parked one: how many bytes of memory are behind it.
    memory: AtomicUsize,
}

impl Slot {
    constructor! {
        pub(super) fn new() -> Self {
            Self {
                state: AtomicU8::new(Empty as u8),
                fd: AtomicI32::new(0),
                base: AtomicPtr::new(ptr::null_mut()),
                size: AtomicUsize::new(0),
                memory: AtomicUsize::new(0),
            }
        }
    }

    pub(super) fn state(&self) -> State {
        STATES[usize::from(self.state.load(Ordering::Acquire))]
    }

    /// Goes from one state to another, unless somebody else was faster.
    fn go(&self, from: State, to: State) -> bool {
        self.state.compare_exchange(from as u8, to as u8, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// Leaves a state in which nobody else changes the slot.
    fn leave_for(&self, state: State) {
        self.state.store(state as u8, Ordering::Release);
    }

    pub(super) fn claim(&self) -> bool {
        self.state() == Empty && self.go(Empty, Claimed)
    }

    /// Notes the descriptor of a slot that is claimed.
    pub(super) fn open(&self, fd: i32) {
        self.fd.store(fd + 1, Ordering::Relaxed);
    }

    /// Has handlers look after the mapping; of a slot that is claimed.
    pub(super) fn publish(&self, place: Place) {
        self.put(place);
        self.leave_for(Written);
    }

    fn put(&self, place: Place) {
        self.base.store(place.base.as_ptr(), Ordering::Relaxed);
        self.size.store(place.size, Ordering::Relaxed);
    }

    /// Where the mapping is. For its owner, and for who holds the slot.
    pub(super) fn place(&self) -> Place {
        let base = NonNull::new(self.base.load(Ordering::Relaxed)).unwrap_or(NonNull::dangling());
        Place { base, size: self.size.load(Ordering::Relaxed) }
    }

    /// The descriptor; none in a child of the process that opened it.
    pub(super) fn fd(&self) -> Option<i32> {
        Some(self.fd.load(Ordering::Relaxed)).filter(|fd| *fd > 0).map(|fd| fd - 1)
    }

    fn close(&self, calls: &impl Calls) {
        let fd = self.fd.swap(0, Ordering::Relaxed);
        if fd > 0 {
            calls.close(fd - 1);
        }
    }

    pub(super) fn is_shared(&self) -> bool {
        matches!(self.state(), Written | Retired | Parked)
    }

    /// Held by a handler, it is as if it had not been retired: that is safe, too.
    pub(super) fn retire(&self) {
        self.go(Written, Retired);
    }

    /// Says whether it could.
    pub(super) fn park(&self, memory: usize) -> bool {
        self.memory.store(memory, Ordering::Relaxed);
        self.go(Written, Parked) || self.go(Retired, Parked)
    }

    /// Size and memory, if it is parked. It may not be any more.
    pub(super) fn parked(&self) -> Option<(usize, usize)> {
        (self.state() == Parked).then(|| (self.size.load(Ordering::Relaxed), self.memory.load(Ordering::Relaxed)))
    }

    /// Makes the caller the owner of what is parked.
    pub(super) fn take(&self) -> Option<(usize, usize)> {
        (self.state() == Parked && self.go(Parked, Written))
            .then(|| (self.size.load(Ordering::Relaxed), self.memory.load(Ordering::Relaxed)))
    }

    /// Moves the mapping, while handlers leave it alone.
    pub(super) fn relocate(&self, remap: impl FnOnce(Place) -> Result<Place>) -> Result<Place> {
        let before = self.state();
        if !matches!(before, Written | Inherited) || !self.go(before, Moving) {
            return Err(Refused);
        }
        let moved = remap(self.place());
        if let Ok(place) = moved {
            self.put(place);
        }
        self.leave_for(before);
        moved
    }

    /// Takes the mapping away, closes the file and frees the slot, or leaves all that to a handler. For the owner, who
    /// does not use the slot again.
    pub(super) fn end(&self, calls: &impl Calls) {
        loop {
            let seen = self.state();
            let (next, mapped) = match seen {
                Written | Retired | Parked | Inherited | Lost => (Claimed, true),
                Claimed | Gone => (Claimed, false),
                Held => (HeldEnd, false),
                Empty | Moving | HeldEnd => return,
            };
            if self.go(seen, next) {
                if mapped {
                    calls.unmap(self.place());
                }
                if next == Claimed {
                    self.close(calls);
                    self.leave_for(Empty);
                }
                return;
            }
        }
    }

    /// What the handler before a fork does.
    pub(super) fn prepare(&self, calls: &impl Calls) {
        for _ in 0..ATTEMPTS {
            let seen = self.state();
            if !matches!(seen, Written | Retired) {
                return;
            }
            if self.go(seen, Held) {
                let place = self.place();
                let inherited = match (seen, self.fd()) {
                    (Written, Some(fd)) => calls.make_private(place, fd),
                    (Written, None) => false,
                    _ => calls.make_inherited(place),
                };
                self.let_go(if inherited { Inherited } else { seen }, calls);
                return;
            }
        }
    }

    /// Ends a handler's hold, and does what the owner has left to it.
    fn let_go(&self, next: State, calls: &impl Calls) {
        if self.go(Held, next) {
            return;
        }
        calls.unmap(self.place());
        self.close(calls);
        self.leave_for(Empty);
    }

    /// What the handler in the child does; for its only thread.
    pub(super) fn settle(&self, calls: &impl Calls) {
        self.close(calls);
        let next = match self.state() {
            Empty | Claimed | Parked | HeldEnd => Empty,
            Written | Retired | Held if calls.reserve(self.place()) => Lost,
            Written | Retired | Held | Moving | Gone => Gone,
            Inherited => Inherited,
            Lost => Lost,
        };
        // Not written where nothing changes: the pages of the table are shared with the parent.
        if next != self.state() {
            self.leave_for(next);
        }
    }
}
