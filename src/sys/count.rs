//! [`Counted`]: a value with an atomic reference count, made without ever aborting.
//!
//! std's `Arc` aborts when memory or the count runs out and cannot take the caller's allocator. This one
//! returns an error for both. [`Weak`] is a reference that does not keep the value.

use std::alloc::Layout;
use std::ffi::c_void;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::ptr::NonNull;

use super::alloc::Allocator;
use super::sync::{AtomicUsize, Ordering};
use super::threads;
use crate::error::{Error, Result};

struct Inner<T> {
    count: AtomicUsize,
    /// Weak references, and one more for all counted ones together: who takes it to zero frees the memory.
    weak: AtomicUsize,
    allocator: Allocator,
    value: ManuallyDrop<T>,
}

/// One reference to a counted value; the last one to go drops it.
pub(crate) struct Counted<T>(NonNull<Inner<T>>);

// SAFETY: as for Arc: a reference gives shared access from wherever it is, and the last one drops the value.
unsafe impl<T: Send + Sync> Send for Counted<T> {}
// SAFETY: as above.
unsafe impl<T: Send + Sync> Sync for Counted<T> {}

/// References beyond this are refused; far enough below the edge that racing retains cannot reach it.
const MOST: usize = isize::MAX as usize;

impl<T> Counted<T> {
    /// Moves `value` into counted memory, with a count of one. On failure `value` is dropped.
    pub(crate) fn new(value: T, allocator: Allocator) -> Result<Self> {
        let ptr = allocator.allocate(Layout::new::<Inner<T>>())?.cast::<Inner<T>>();
        // SAFETY: fresh memory of this very layout.
        unsafe {
            ptr.write(Inner {
                count: AtomicUsize::new(1),
                weak: AtomicUsize::new(1),
                allocator,
                value: ManuallyDrop::new(value),
            });
        }
        Ok(Self(ptr))
    }

    fn inner(&self) -> &Inner<T> {
        // SAFETY: this reference is counted, so the memory lives.
        unsafe { self.0.as_ref() }
    }

    /// One more reference; `Overflow` when the count is at its end.
    #[inline]
    pub(crate) fn retain(&self) -> Result<Self> {
        let count = &self.inner().count;
        if threads::single() {
            let old = count.load(Ordering::Relaxed);
            if old >= MOST {
                return Err(Error::Overflow);
            }
            count.store(old + 1, Ordering::Relaxed);
        } else if count.fetch_add(1, Ordering::Relaxed) >= MOST {
            // Relaxed: a new reference is made from one that exists, which orders all that matters.
            count.fetch_sub(1, Ordering::Relaxed);
            return Err(Error::Overflow);
        }
        Ok(Self(self.0))
    }

    /// How many references there are.
    ///
    /// Acquire: pairs with the Release in `drop`, so that whoever sees the count without a former holder
    /// also sees that all that holder's reads are over, and may write where it read.
    #[inline]
    pub(crate) fn holders(&self) -> usize {
        self.inner().count.load(Ordering::Acquire)
    }

    /// The value, if this is the only reference of either sort.
    ///
    /// Asked in this order: alone among the counted ones, then no weak one left, then still alone, for a weak one may have
    /// been turned into a counted one in between. Once all three hold, nobody is left to make another.
    #[inline]
    pub(crate) fn unique(&mut self) -> Option<&mut T> {
        let alone = self.holders() == 1 && self.inner().weak.load(Ordering::Acquire) == 1 && self.holders() == 1;
        // SAFETY: no other reference exists, and none can be made but through this one, which is borrowed.
        alone.then(|| unsafe { &mut *self.0.as_mut().value })
    }

    /// A reference that does not keep the value.
    pub(crate) fn downgrade(&self) -> Weak<T> {
        // Relaxed, as for `retain`. It cannot overflow: each stream keeps at most one.
        self.inner().weak.fetch_add(1, Ordering::Relaxed);
        Weak(self.0)
    }

    /// Whether both refer to the same value.
    #[inline]
    pub(crate) fn same(&self, other: &Self) -> bool {
        self.0 == other.0
    }

    /// The allocator this value was made with.
    pub(crate) fn allocator(&self) -> Allocator {
        self.inner().allocator
    }

    /// Gives the reference out as a raw pointer.
    pub(crate) fn into_raw(self) -> NonNull<c_void> {
        let ptr = self.0.cast();
        std::mem::forget(self);
        ptr
    }

    /// Takes a reference back that [`into_raw`](Self::into_raw) gave out.
    ///
    /// # Safety
    /// `ptr` came from `into_raw` of the same type, and its reference is not taken back twice.
    pub(crate) unsafe fn from_raw(ptr: NonNull<c_void>) -> Self {
        Self(ptr.cast())
    }

    #[cold]
    fn end(&mut self) {
        let weak = Weak(self.0);
        // SAFETY: the count is zero: nobody uses the value any more, and nobody will.
        unsafe { ManuallyDrop::drop(&mut self.0.as_mut().value) };
        drop(weak);
    }
}

impl<T> Drop for Counted<T> {
    #[inline]
    fn drop(&mut self) {
        let count = &self.inner().count;
        let last = if threads::single() {
            let old = count.load(Ordering::Relaxed);
            count.store(old - 1, Ordering::Relaxed);
            old == 1
        } else if count.fetch_sub(1, Ordering::Release) == 1 {
            // Release above, Acquire here: what other holders did happens before the value is dropped. A load
            // and not a fence, because race detectors follow loads.
            count.load(Ordering::Acquire);
            true
        } else {
            false
        };
        if last {
            self.end();
        }
    }
}

impl<T> Deref for Counted<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.inner().value
    }
}

/// A reference that does not keep the value, only the memory around it.
pub(crate) struct Weak<T>(NonNull<Inner<T>>);

// SAFETY: as for `Counted`, which it may become.
unsafe impl<T: Send + Sync> Send for Weak<T> {}
// SAFETY: as above.
unsafe impl<T: Send + Sync> Sync for Weak<T> {}

impl<T> Weak<T> {
    /// A counted reference, unless the last one is gone.
    pub(crate) fn upgrade(&self) -> Option<Counted<T>> {
        // SAFETY: a weak reference keeps the memory.
        let count = unsafe { &(*self.0.as_ptr()).count };
        let mut old = count.load(Ordering::Relaxed);
        while old != 0 && old < MOST {
            // Acquire: the value is used from here on, as after any hand-over.
            match count.compare_exchange_weak(old, old + 1, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => return Some(Counted(self.0)),
                Err(now) => old = now,
            }
        }
        None
    }
}

impl<T> Drop for Weak<T> {
    fn drop(&mut self) {
        // SAFETY: a weak reference keeps the memory.
        let (weak, allocator) = unsafe { (&(*self.0.as_ptr()).weak, (*self.0.as_ptr()).allocator) };
        // Only this one left: nobody can add or take another, so no locked instruction is needed.
        let last = weak.load(Ordering::Acquire) == 1 || {
            let last = weak.fetch_sub(1, Ordering::Release) == 1;
            // As in `Counted::drop`.
            last && weak.load(Ordering::Acquire) == 0
        };
        if last {
            // SAFETY: no reference of either sort is left.
            unsafe { allocator.deallocate(self.0.cast(), Layout::new::<Inner<T>>()) }
        }
    }
}
