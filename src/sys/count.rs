//! [`Counted`]: a value with an atomic reference count, made without ever aborting.
//!
//! std's `Arc` aborts when memory or the count runs out and cannot take the caller's allocator. This one
//! returns an error for both. [`Weak`] is a reference that does not keep the value; [`Stock`] hands references out
//! without touching the count each time.

use std::alloc::Layout;
use std::ffi::c_void;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::ptr::NonNull;

use super::alloc::Allocator;
use super::malloc;
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
        Self::with_count(value, 1, allocator)
    }

    /// As [`new`](Self::new); of the `count` references the one returned is the first.
    fn with_count(value: T, count: usize, allocator: Allocator) -> Result<Self> {
        const { assert!(align_of::<Inner<T>>() <= malloc::ALIGN) }
        let ptr = allocator.allocate(Layout::new::<Inner<T>>())?.cast::<Inner<T>>();
        // SAFETY: fresh memory of this very layout.
        unsafe {
            ptr.write(Inner {
                count: AtomicUsize::new(count),
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
        self.add(1)?;
        Ok(Self(self.0))
    }

    /// Counts `n` more references, which the caller then has to account for.
    #[inline]
    fn add(&self, n: usize) -> Result<()> {
        let count = &self.inner().count;
        if threads::single() {
            let old = count.load(Ordering::Relaxed);
            if old >= MOST {
                return Err(Error::Overflow);
            }
            count.store(old + n, Ordering::Relaxed);
        } else if count.fetch_add(n, Ordering::Relaxed) >= MOST {
            // Relaxed: a new reference is made from one that exists, which orders all that matters.
            count.fetch_sub(n, Ordering::Relaxed);
            return Err(Error::Overflow);
        }
        Ok(())
    }

    /// Counts `n` references less; whether there is none left, in which case all that former holders did has
    /// happened before.
    #[inline]
    fn subtract(&self, n: usize) -> bool {
        let count = &self.inner().count;
        if threads::single() {
            let old = count.load(Ordering::Relaxed);
            count.store(old - n, Ordering::Relaxed);
            return old == n;
        }
        let last = count.fetch_sub(n, Ordering::Release) == n;
        if last {
            // Release above, Acquire here: what other holders did happens before what the last one does. A load
            // and not a fence, because race detectors follow loads.
            count.load(Ordering::Acquire);
        }
        last
    }

    /// Gives this reference up; if it was the last one, the value comes back with it.
    ///
    /// Only for values of which no weak reference was ever made: one could see the count at zero meanwhile and take the
    /// value for gone.
    pub(crate) fn into_last(self) -> Option<Self> {
        debug_assert_eq!(self.inner().weak.load(Ordering::Relaxed), 1, "never downgraded");
        // Alone already: nobody else can make another reference, so that no locked instruction is needed.
        if self.holders() == 1 {
            return Some(self);
        }
        let this = ManuallyDrop::new(self);
        this.subtract(1).then(|| {
            // Relaxed: nobody else knows of the value any more.
            this.inner().count.store(1, Ordering::Relaxed);
            Self(this.0)
        })
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
    /// Asked in this order: alone among the counted ones, then no weak one left, then still alone, for a weak one may
    /// have been turned into a counted one in between. Once all three hold, nobody is left to make another.
    #[inline]
    pub(crate) fn unique(&mut self) -> Option<&mut T> {
        // SAFETY: one reference, this one, is accounted for.
        unsafe { self.unique_beside(1) }
    }

    /// The value, if the `own` references that the caller accounts for are all there are of either sort.
    ///
    /// # Safety
    /// None but this one of those references is in anybody's hands.
    #[inline]
    unsafe fn unique_beside(&mut self, own: usize) -> Option<&mut T> {
        let alone = self.holders() == own && self.inner().weak.load(Ordering::Acquire) == 1 && self.holders() == own;
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
        if self.subtract(1) {
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

/// How many references a [`Stock`] counts at once.
const STOCK: usize = 64;

/// A reference that hands out others, which it has counted beforehand: one locked instruction for many.
///
/// Its owner orders the calls (a stream's state is used under its lock); what it hands out goes anywhere.
pub(crate) struct Stock<T> {
    counted: ManuallyDrop<Counted<T>>,
    /// Counted, but not handed out.
    left: usize,
}

impl<T> Stock<T> {
    /// Moves `value` into counted memory. On failure `value` is dropped.
    pub(crate) fn new(value: T, allocator: Allocator) -> Result<Self> {
        Ok(Self { counted: ManuallyDrop::new(Counted::with_count(value, 1 + STOCK, allocator)?), left: STOCK })
    }

    /// One more reference; `Overflow` when the count is at its end.
    #[inline]
    pub(crate) fn hand_out(&mut self) -> Result<Counted<T>> {
        if self.left == 0 {
            self.counted.add(STOCK)?;
            self.left = STOCK;
        }
        self.left -= 1;
        Ok(Counted(self.counted.0))
    }

    /// How many references there are besides this one and its stock. Acquire, as [`Counted::holders`].
    #[inline]
    pub(crate) fn holders_outside(&self) -> usize {
        self.counted.holders() - 1 - self.left
    }

    /// The value, if no reference of either sort is outside.
    #[inline]
    pub(crate) fn unique(&mut self) -> Option<&mut T> {
        // SAFETY: what is left of the stock is in nobody's hands.
        unsafe { self.counted.unique_beside(1 + self.left) }
    }

    /// The reference by itself; what is left of the stock is given back.
    pub(crate) fn into_counted(self) -> Counted<T> {
        let this = ManuallyDrop::new(self);
        if this.left > 0 {
            // Never the last ones: the reference itself remains.
            this.counted.subtract(this.left);
        }
        Counted(this.counted.0)
    }
}

impl<T> Drop for Stock<T> {
    fn drop(&mut self) {
        if self.counted.subtract(1 + self.left) {
            self.counted.end();
        }
    }
}

impl<T> Deref for Stock<T> {
    type Target = Counted<T>;

    #[inline]
    fn deref(&self) -> &Counted<T> {
        &self.counted
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

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    /// More than one stock.
    const MANY: usize = 3 * STOCK + 1;

    #[test]
    fn a_stock_counts_exactly_what_is_outside() {
        let mut stock = Stock::new(7, Allocator::SYSTEM).unwrap();
        let mut outside = Vec::new();
        for n in 0..MANY {
            assert_eq!(stock.holders_outside(), n);
            outside.push(stock.hand_out().unwrap());
        }
        assert!(stock.unique().is_none());
        for n in (0..MANY).rev() {
            outside.pop();
            assert_eq!(stock.holders_outside(), n);
        }
        *stock.unique().unwrap() = 8;
        assert_eq!(**stock, 8);
    }

    #[test]
    fn a_stock_gives_back_what_it_did_not_hand_out() {
        for handed_out in [0, 1, STOCK, STOCK + 1] {
            let mut stock = Stock::new((), Allocator::SYSTEM).unwrap();
            let outside: Vec<_> = (0..handed_out).map(|_| stock.hand_out().unwrap()).collect();
            let counted = stock.into_counted();
            assert_eq!(counted.holders(), 1 + handed_out);
            drop(outside);
            assert_eq!(counted.holders(), 1);
        }
    }

    #[test]
    fn references_beyond_the_end_of_the_count_are_refused() {
        let mut stock = Stock::new((), Allocator::SYSTEM).unwrap();
        let count = |stock: &Stock<()>, n| stock.inner().count.store(n, Ordering::Relaxed);
        let outside: Vec<_> = (0..STOCK).map(|_| stock.hand_out().unwrap()).collect();
        count(&stock, MOST);
        assert_eq!(stock.retain().err(), Some(Error::Overflow));
        assert_eq!(stock.hand_out().err(), Some(Error::Overflow));
        assert_eq!(stock.holders(), MOST, "as before");
        count(&stock, 1 + STOCK);
        drop(outside);
        assert!(stock.unique().is_some());
    }

    #[test]
    fn the_last_reference_gets_the_value_back() {
        let first = Counted::new(String::from("kept"), Allocator::SYSTEM).unwrap();
        let second = first.retain().unwrap();
        assert!(first.into_last().is_none());
        let mut last = second.into_last().unwrap();
        assert_eq!((last.as_str(), last.holders()), ("kept", 1));
        last.unique().unwrap().clear();
    }
}
