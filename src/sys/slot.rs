//! [`Slot`]: a place to which one value comes back when its last user lets it go.
//!
//! Who wants a value back *reserves* a slot under a tag that is used once, and gives slot and tag to the value. Whoever
//! lets the value go last, on any thread, *parks* it there; the owner *takes* it out again; anybody may *evict* it; and
//! the owner *cancels* the reservation in the end. All are one atomic exchange and none ever waits, so that they are
//! safe in a handler of fork(2), and whatever a thread that is gone was doing.
//!
//! ```text
//!   FREE --reserve--> RESERVED(tag) --park--> a value's address --take--> RESERVED(tag)
//!     ^                     |                     |      \--evict--> EVICTING --> RESERVED(tag)
//!     \------- cancel ------+---------------------/
//! ```
//!
//! Parking stores with Release and taking loads with Acquire, so that what was done to the value before comes first.

use std::ffi::c_void;
use std::ptr::NonNull;

use super::sync::{AtomicUsize, Ordering};

const FREE: usize = 0;
const EVICTING: usize = 2;
/// Beside an address: only the owner may take the value.
const OWNERS: usize = 2;

/// A reservation's word: odd, and never used again.
fn reserved(tag: usize) -> usize {
    tag << 1 | 1
}

fn address(word: usize) -> Option<NonNull<c_void>> {
    let parked = word & 1 == 0;
    if parked { NonNull::new(std::ptr::with_exposed_provenance_mut(word & !OWNERS)) } else { None }
}

/// A place for one value, known by its address, which is a multiple of 4.
pub(crate) struct Slot(AtomicUsize);

impl Slot {
    #[cfg(not(loom))]
    pub(crate) const fn new() -> Self {
        Self(AtomicUsize::new(FREE))
    }

    #[cfg(loom)]
    pub(crate) fn new() -> Self {
        Self(AtomicUsize::new(FREE))
    }

    /// Takes a free slot for values that carry `tag`; says whether it was free.
    pub(crate) fn reserve(&self, tag: usize) -> bool {
        self.0.load(Ordering::Relaxed) == FREE
            && self.0.compare_exchange(FREE, reserved(tag), Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// Leaves a value to whoever has reserved the slot under `tag`; refused if nobody has, any more.
    pub(crate) fn park(&self, tag: usize, value: NonNull<c_void>) -> bool {
        self.leave(tag, value.as_ptr().expose_provenance())
    }

    /// The same for a value that nobody may evict: its end has to come before its owner's.
    pub(crate) fn park_for_owner(&self, tag: usize, value: NonNull<c_void>) -> bool {
        self.leave(tag, value.as_ptr().expose_provenance() | OWNERS)
    }

    fn leave(&self, tag: usize, word: usize) -> bool {
        debug_assert!(word & 1 == 0 && word > OWNERS);
        self.0.compare_exchange(reserved(tag), word, Ordering::Release, Ordering::Relaxed).is_ok()
    }

    /// The value, if it has come back; the reservation stays. Only for who has reserved the slot under `tag`.
    pub(crate) fn take(&self, tag: usize) -> Option<NonNull<c_void>> {
        let word = self.0.load(Ordering::Relaxed);
        let value = address(word)?;
        // It fails when the value is evicted at this moment.
        self.0.compare_exchange(word, reserved(tag), Ordering::Acquire, Ordering::Relaxed).ok().map(|_| value)
    }

    /// Whether a value is here.
    pub(crate) fn is_parked(&self) -> bool {
        address(self.0.load(Ordering::Relaxed)).is_some()
    }

    /// Ends a reservation; gives what was parked. Only for who has made it.
    pub(crate) fn cancel(&self) -> Option<NonNull<c_void>> {
        address(self.0.swap(FREE, Ordering::Acquire))
    }

    /// Takes out whatever is parked here, for anybody: `tag_of` reads the tag off the value, whose reservation stays.
    pub(crate) fn evict(&self, tag_of: impl FnOnce(NonNull<c_void>) -> usize) -> Option<NonNull<c_void>> {
        let word = self.0.load(Ordering::Relaxed);
        let value = address(word).filter(|_| word & OWNERS == 0)?;
        self.0.compare_exchange(word, EVICTING, Ordering::Acquire, Ordering::Relaxed).ok()?;
        // Refused when the reservation was cancelled meanwhile.
        let _ = self.0.compare_exchange(EVICTING, reserved(tag_of(value)), Ordering::Relaxed, Ordering::Relaxed);
        Some(value)
    }
}

#[cfg(all(test, loom))]
mod model;
