//! [`Lock`]: a value that one closure at a time may use, at no cost where nobody else can come.
//!
//! The gate is skipped when the owner opted out, and while the process has a single thread: nobody else can be inside,
//! and nobody else can come in before the closure ends, because only this thread could start another. Otherwise the
//! gate lets one in at a time: [`plain`] is a mutex, [`biased`] a mutex that a thread which has it to itself passes
//! without a locked instruction.
//!
//! A thread that comes back in while it is inside (from a signal handler, from a callback of the allocator) is refused
//! where the gate can tell; the plain one cannot, and waits for ever.

#[cfg(all(target_os = "linux", target_arch = "x86_64", target_pointer_width = "64", not(miri)))]
mod biased;
#[cfg(all(test, loom))]
mod models;
mod plain;
#[cfg(all(test, not(loom)))]
mod tests;

use std::cell::UnsafeCell;

use super::threads;
use crate::error::{Error, Result};

#[cfg(all(target_os = "linux", target_arch = "x86_64", target_pointer_width = "64", not(miri)))]
use biased::Biased as Chosen;
#[cfg(not(all(target_os = "linux", target_arch = "x86_64", target_pointer_width = "64", not(miri))))]
use plain::Plain as Chosen;

/// What becomes of a value in whose closure a panic happened.
pub(crate) trait Poison {
    /// Marks the value as not to be trusted any more.
    fn poison(&mut self);
}

/// Lets one in at a time, and makes what one did inside known to the next.
pub(crate) trait Gate: Sync {
    /// What who is inside leaves with.
    type Pass<'a>
    where
        Self: 'a;

    fn new() -> Self;

    /// The fast way in, where there is one: for short stays, since whoever waits meanwhile is not woken at their end.
    /// Neither this nor its end, `leave_short`, contains a call.
    fn try_enter(&self) -> Option<Self::Pass<'_>>;
    fn leave_short(&self, pass: Self::Pass<'_>) {
        self.leave(pass);
    }

    /// Waits for its turn, which ends with `leave`; `None` where the caller is inside already.
    fn enter(&self) -> Option<Self::Pass<'_>>;
    fn leave(&self, pass: Self::Pass<'_>);
}

/// A value that one closure at a time may use.
pub(crate) struct Lock<T: Poison, G: Gate = Chosen> {
    gate: G,
    opted_out: bool,
    value: UnsafeCell<T>,
}

// SAFETY: the gate gives the value to one thread at a time; who opts out promises to do the same.
unsafe impl<T: Poison + Send, G: Gate> Sync for Lock<T, G> {}

/// A stay, which ends when this is dropped. While a panic unwinds that poisons the value.
struct Stay<'a, T: Poison, G: Gate> {
    lock: &'a Lock<T, G>,
    /// None where the gate is skipped.
    pass: Option<G::Pass<'a>>,
    finished: bool,
}

impl<T: Poison, G: Gate> Stay<'_, T, G> {
    #[inline]
    fn run<R>(mut self, f: impl FnOnce(&mut T) -> R) -> R {
        // SAFETY: inside, or nobody else can be in here (see the module's text). `f` cannot come back in through the
        // lock: no caller passes it on.
        let result = f(unsafe { &mut *self.lock.value.get() });
        self.finished = true;
        result
    }
}

impl<T: Poison, G: Gate> Drop for Stay<'_, T, G> {
    #[inline]
    fn drop(&mut self) {
        if !self.finished {
            // SAFETY: still inside, and the closure's borrow is over.
            unsafe { (*self.lock.value.get()).poison() };
        }
        if let Some(pass) = self.pass.take() {
            self.lock.gate.leave(pass);
        }
    }
}

impl<T: Poison, G: Gate> Lock<T, G> {
    pub(crate) fn new(value: T, opted_out: bool) -> Self {
        Self { gate: G::new(), opted_out, value: UnsafeCell::new(value) }
    }

    /// Runs `f` with the value, alone; `Internal` where this thread is inside already. The stay may be long: whoever
    /// waits for its end sleeps, and is woken.
    #[inline]
    pub(crate) fn try_with<R>(&self, f: impl FnOnce(&mut T) -> Result<R>) -> Result<R> {
        self.enter().ok_or(Error::Internal)?.run(f)
    }

    /// [`try_with`](Self::try_with) for closures whose result has no room for an error.
    ///
    /// # Panics
    /// Where this thread is inside already.
    #[inline]
    pub(crate) fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        self.enter().unwrap_or_else(|| reentered()).run(f)
    }

    #[inline]
    fn enter(&self) -> Option<Stay<'_, T, G>> {
        let pass = if self.is_skipped() { None } else { Some(self.gate.enter()?) };
        Some(Stay { lock: self, pass, finished: false })
    }

    /// Runs `f` with the value and the argument if that takes no lock and no call; for short operations. `f` must not
    /// panic. A function that is always inlined is inlined into both ways here, which closures are not.
    #[inline(always)]
    pub(crate) fn try_fast<A, R>(&self, argument: A, f: impl FnOnce(&mut T, A) -> R) -> Option<R> {
        if self.is_skipped() {
            // SAFETY: nobody else can be in here (see the module's text).
            return Some(f(unsafe { &mut *self.value.get() }, argument));
        }
        let pass = self.gate.try_enter()?;
        // SAFETY: inside.
        let result = f(unsafe { &mut *self.value.get() }, argument);
        self.gate.leave_short(pass);
        Some(result)
    }

    #[inline(always)]
    fn is_skipped(&self) -> bool {
        self.opted_out || threads::single()
    }

    /// Whether the owner opted out of locking.
    pub(crate) fn opted_out(&self) -> bool {
        self.opted_out
    }
}

#[cold]
#[inline(never)]
fn reentered() -> ! {
    panic!("a stream was used from within a call on the same stream")
}
