//! [`Lock`]: a value that one closure at a time may use, at no cost where nobody else can come.
//!
//! The gate is skipped when the owner opted out, and while the process has a single thread: nobody else can be inside,
//! and nobody else can come in before the closure ends, because only this thread could start another. Otherwise the
//! gate lets one in at a time: [`plain`] is a mutex, [`biased`] a mutex that a thread which has it to itself passes
//! without a locked instruction.
//!
//! A value that has to know of every stay in it (because it shows its owner a part of itself in between) has its lock
//! *watched*. That costs the others nothing: the gate of a lock whose owner opted out is never used, so it can be shut
//! and no longer skipped, and who finds it shut, late on the way in, tells the value.
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

use std::cell::{Cell, UnsafeCell};

use super::threads::Flag;
use crate::error::{Error, Result};

#[cfg(all(target_os = "linux", target_arch = "x86_64", target_pointer_width = "64", not(miri)))]
use biased::Biased as Chosen;
#[cfg(not(all(target_os = "linux", target_arch = "x86_64", target_pointer_width = "64", not(miri))))]
use plain::Plain as Chosen;

/// What a lock asks of the value that it keeps.
pub(crate) trait Value {
    /// Marks the value as not to be trusted any more: a panic happened in a closure that used it.
    fn poison(&mut self);

    /// A stay in a watched lock begins; says whether it may. One that is refused has no end either; none is but where
    /// the closure's result has room for an error (`can_fail`).
    fn begin(&mut self, _can_fail: bool) -> bool {
        true
    }

    /// A stay in a watched lock ends. Must not panic.
    fn end(&mut self) {}
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
    fn leave_short(&self, pass: Self::Pass<'_>);

    /// Waits for its turn, which ends with `leave`; `None` where the caller is inside already. A gate that is shut does
    /// no more than to run `if_shut`, on both ways; on this one it says whether there is a pass.
    fn enter(&self, if_shut: impl FnOnce() -> bool) -> Option<Self::Pass<'_>>;
    fn leave(&self, pass: Self::Pass<'_>, if_shut: impl FnOnce());

    /// Shuts the gate, for good. Nobody has ever entered it.
    fn shut(&self);
}

/// A value that one closure at a time may use.
pub(crate) struct Lock<T: Value, G: Gate = Chosen> {
    gate: G,
    opted_out: bool,
    /// Whether the gate is skipped whatever threads there are: who opted out, unless watched.
    open: Cell<bool>,
    /// Set where the gate is skipped for want of other threads; never, where watched.
    alone: Flag,
    value: UnsafeCell<T>,
}

// SAFETY: the gate gives the value to one thread at a time. Who opts out promises to do the same, and only for them
// `open` ever changes.
unsafe impl<T: Value + Send, G: Gate> Sync for Lock<T, G> {}

/// A stay, which ends when this is dropped. While a panic unwinds that poisons the value.
struct Stay<'a, T: Value, G: Gate> {
    lock: &'a Lock<T, G>,
    /// None where the gate is skipped.
    pass: Option<G::Pass<'a>>,
    finished: bool,
}

impl<T: Value, G: Gate> Stay<'_, T, G> {
    #[inline]
    fn run<R>(mut self, f: impl FnOnce(&mut T) -> R) -> R {
        // SAFETY: inside, or nobody else can be in here (see the module's text). `f` cannot come back in through the
        // lock: no caller passes it on.
        let result = f(unsafe { &mut *self.lock.value.get() });
        self.finished = true;
        result
    }
}

impl<T: Value, G: Gate> Drop for Stay<'_, T, G> {
    #[inline]
    fn drop(&mut self) {
        if !self.finished {
            // SAFETY: still inside, and the closure's borrow is over.
            unsafe { (*self.lock.value.get()).poison() };
        }
        if let Some(pass) = self.pass.take() {
            // SAFETY: still inside: nobody else uses a lock whose owner opted out, and only such a gate is shut.
            self.lock.gate.leave(pass, || unsafe { (*self.lock.value.get()).end() });
        }
    }
}

impl<T: Value, G: Gate> Lock<T, G> {
    pub(crate) fn new(value: T, opted_out: bool) -> Self {
        let (open, alone) = (Cell::new(opted_out), Flag::detected());
        Self { gate: G::new(), opted_out, open, alone, value: UnsafeCell::new(value) }
    }

    /// From now on the value is told of every stay, each of which takes the slow way. Only for a lock whose owner
    /// opted out, and from outside.
    pub(crate) fn watch(&self) {
        assert!(self.opted_out, "the gate may be in use");
        if self.open.replace(false) {
            self.gate.shut();
            self.alone.give_up();
        }
    }

    /// Runs `f` with the value, alone; `Internal` where this thread is inside already, `Invalid` where the value
    /// refuses the stay. The stay may be long: whoever waits for its end sleeps, and is woken.
    #[inline]
    pub(crate) fn try_with<R>(&self, f: impl FnOnce(&mut T) -> Result<R>) -> Result<R> {
        self.enter(true).ok_or_else(|| self.refusal())?.run(f)
    }

    /// [`try_with`](Self::try_with) for closures whose result has no room for an error.
    ///
    /// # Panics
    /// Where this thread is inside already.
    #[inline]
    pub(crate) fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        self.enter(false).unwrap_or_else(|| reentered()).run(f)
    }

    #[inline]
    fn enter(&self, can_fail: bool) -> Option<Stay<'_, T, G>> {
        // SAFETY: as for `end`, in `Stay`.
        let begin = move || unsafe { (*self.value.get()).begin(can_fail) };
        let pass = if self.is_skipped() { None } else { Some(self.gate.enter(begin)?) };
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

    /// Why there was no way in.
    #[cold]
    fn refusal(&self) -> Error {
        // Only the value refuses who comes into a watched lock.
        if self.opted_out { Error::Invalid } else { Error::Internal }
    }

    #[inline(always)]
    fn is_skipped(&self) -> bool {
        self.open.get() || self.alone.is_set()
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
