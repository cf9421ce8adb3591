//! [`Lock`]: a value behind a mutex that is skipped where it cannot matter.
//!
//! Skipped when the owner opted out, and while the process has a single thread: nobody else can be inside,
//! and nobody else can come in before the closure ends, because only this thread could start another.

use std::cell::UnsafeCell;

use super::sync::Mutex;
use super::threads;

/// What becomes of a value in whose closure a panic happened.
pub(crate) trait Poison {
    /// Marks the value as not to be trusted any more.
    fn poison(&mut self);
}

/// A value that one closure at a time may use.
pub(crate) struct Lock<T: Poison> {
    mutex: Mutex<()>,
    opted_out: bool,
    value: UnsafeCell<T>,
}

// SAFETY: `with` gives the value to one thread at a time; who opts out promises to do the same.
unsafe impl<T: Poison + Send> Sync for Lock<T> {}

/// Poisons the value when dropped, which happens only while a panic unwinds.
struct Bomb<T: Poison>(*mut T);

impl<T: Poison> Drop for Bomb<T> {
    fn drop(&mut self) {
        // SAFETY: `with` still holds the lock while its frame unwinds, and the closure's borrow is over.
        unsafe { (*self.0).poison() };
    }
}

impl<T: Poison> Lock<T> {
    pub(crate) fn new(value: T, opted_out: bool) -> Self {
        Self { mutex: Mutex::new(()), opted_out, value: UnsafeCell::new(value) }
    }

    /// Runs `f` with the value, alone.
    #[inline]
    pub(crate) fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        let _held = if self.is_skipped() { None } else { Some(self.mutex.lock().unwrap_or_else(|e| e.into_inner())) };
        let bomb = Bomb(self.value.get());
        // SAFETY: the mutex is held, or nobody else can be in here (see the module's text). `f` cannot come
        // back in through `self`: no caller passes it on.
        let result = f(unsafe { &mut *self.value.get() });
        std::mem::forget(bomb);
        result
    }

    #[inline]
    fn is_skipped(&self) -> bool {
        self.opted_out || threads::single()
    }

    /// Runs `f` with the value if that takes no lock; for short ways, which have no lock to release and therefore
    /// nothing to do at their end. `f` must not panic.
    #[inline]
    pub(crate) fn with_unlocked<R>(&self, f: impl FnOnce(&mut T) -> R) -> Option<R> {
        // SAFETY: as in `with`.
        self.is_skipped().then(|| f(unsafe { &mut *self.value.get() }))
    }

    /// Whether the owner opted out of locking.
    pub(crate) fn opted_out(&self) -> bool {
        self.opted_out
    }
}
