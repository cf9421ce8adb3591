//! [`Block`]: a counted, contiguous run of memory with a capacity.
//!
//! What the memory is, is the [`Backing`]'s affair: it decides how the block grows, whether it may be changed in place
//! and what it gives back; the writer asks. A block whose last user lets it go goes home where it has one
//! ([`Home`]): to the stream that wants to write into it again.
//!
//! A [`Block`] is a reference to all of it: a writer's, a view's, a snapshot's. A [`Part`] is that of a slice, to which
//! only a range matters. When only parts are left, the memory outside of all that they ever covered goes.

mod part;

use std::cell::Cell;
use std::ffi::c_void;
use std::mem::ManuallyDrop;
use std::ops::Range;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::backing::{Backing, Foreign, Mapping, ReleaseFn, heap};
use super::policy;
use super::spares::{self, Home};
use crate::error::{Error, Result};
use crate::sys::alloc::Allocator;
use crate::sys::count::Counted;
use crate::sys::malloc::{self, MallocBytes};
use crate::sys::memory::{Input, NOWHERE};

pub(super) use part::{Hold, Part};

/// What a stream's bytes are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nothing has been allocated.
    None,
    /// Memory from the stream's allocator.
    Heap,
    /// Adopted memory, read-only to the library.
    Foreign,
    /// The caller's own memory, written in place.
    Fixed,
    /// Pages of a file in memory.
    Mapped,
}

pub(super) struct Header {
    /// Changed only by the block's one writer, under its stream's lock, while it is the only party that
    /// looks at them: frozen pieces carry their own address and length. A mapped block's capacity is its file's.
    data: Cell<NonNull<u8>>,
    capacity: Cell<usize>,
    /// Where the block goes when nobody uses it any more. Set by its writer, who holds it then, and read by the last
    /// holder, for whom the count has ordered that before.
    home: Cell<Option<Home>>,
    /// How many bytes it is counted with while it is kept for reuse.
    kept: Cell<usize>,
    /// How many references are to all of it.
    wholes: AtomicUsize,
    /// The least range that covers all parts there were since the writer last was alone.
    parts: (AtomicUsize, AtomicUsize),
    backing: Backing,
    allocator: Allocator,
}

// SAFETY: the cells are used by one party at a time (see the fields' texts), the rest is only read.
unsafe impl Send for Header {}
// SAFETY: as above.
unsafe impl Sync for Header {}

impl Drop for Header {
    fn drop(&mut self) {
        if let Backing::Heap = self.backing
            && self.capacity.get() > 0
        {
            // Else its memory was taken.
            // SAFETY: a heap block's memory is its own, of this capacity, and nobody holds the block any more.
            unsafe { heap::free(self.data.get(), self.capacity.get(), self.allocator) }
        }
    }
}

/// A reference to all of a block.
pub(crate) struct Block(ManuallyDrop<Counted<Header>>);

impl Block {
    /// Heap memory of `capacity` bytes, which must not be zero; its bytes are not initialised.
    pub(crate) fn heap(capacity: usize, allocator: Allocator) -> Result<Self> {
        let data = heap::allocate(capacity, allocator)?;
        Self::new(data, capacity, Backing::Heap, allocator)
    }

    /// Adopted memory. On failure the callback is not called: the memory is still its giver's.
    ///
    /// # Safety
    /// `data` is NULL for no bytes, or its `len` bytes stay readable and unchanged until `release` is called, which
    /// any thread may do.
    pub(crate) unsafe fn foreign(
        data: *const c_void,
        len: usize,
        release: Option<ReleaseFn>,
        ctx: *mut c_void,
    ) -> Result<Self> {
        let start = NonNull::new(data.cast_mut().cast()).unwrap_or(NOWHERE);
        Self::taking_over(start, len, || Backing::Foreign(Foreign::new(data.cast_mut(), len, release, ctx)))
    }

    /// Memory from malloc, from now on the block's own; if it has no bytes it is freed, for they need no block. On
    /// failure it is still its giver's.
    ///
    /// # Safety
    /// `data` came from malloc with at least `capacity` bytes, and on success nobody else uses it.
    pub(crate) unsafe fn from_malloc(data: NonNull<u8>, capacity: usize) -> Result<Option<Self>> {
        if capacity == 0 {
            // SAFETY: passed on from the caller.
            unsafe { malloc::free(data) }
            return Ok(None);
        }
        Self::taking_over(data, capacity, || Backing::Heap).map(Some)
    }

    /// A block over memory that it owns only once it is made.
    fn taking_over(data: NonNull<u8>, capacity: usize, backing: impl FnOnce() -> Backing) -> Result<Self> {
        // The backing goes in last: a header that is dropped for want of memory must not give anything back.
        let mut block = Self::new(data, capacity, Backing::Fixed, Allocator::SYSTEM)?;
        block.0.unique().expect("made just now").backing = backing();
        Ok(block)
    }

    /// The caller's own memory, written in place.
    ///
    /// # Safety
    /// The memory is readable and writable as long as the block lives.
    pub(crate) unsafe fn fixed(data: NonNull<u8>, capacity: usize) -> Result<Self> {
        Self::new(data, capacity, Backing::Fixed, Allocator::SYSTEM)
    }

    /// A range of addresses that shows a file in memory.
    pub(super) fn mapped(mapping: Mapping) -> Result<Self> {
        Self::new(mapping.base(), mapping.capacity(), Backing::Mapped(mapping), Allocator::SYSTEM)
    }

    /// Owns what `backing` says it owns, and gives it back on failure.
    fn new(data: NonNull<u8>, capacity: usize, backing: Backing, allocator: Allocator) -> Result<Self> {
        let header = Header {
            data: Cell::new(data),
            capacity: Cell::new(capacity),
            home: Cell::new(None),
            kept: Cell::new(0),
            wholes: AtomicUsize::new(1),
            parts: (AtomicUsize::new(usize::MAX), AtomicUsize::new(0)),
            backing,
            allocator,
        };
        Counted::new(header, allocator).map(|counted| Self(ManuallyDrop::new(counted)))
    }

    pub(super) fn backing(&self) -> &Backing {
        &self.0.backing
    }

    /// The mapping of a mapped block.
    pub(super) fn mapping(&self) -> Option<&Mapping> {
        match &self.0.backing {
            Backing::Mapped(mapping) => Some(mapping),
            _ => None,
        }
    }

    pub(crate) fn retain(&self) -> Result<Self> {
        Self::whole(self.0.retain()?)
    }

    fn whole(counted: Counted<Header>) -> Result<Self> {
        counted.wholes.fetch_add(1, Ordering::Relaxed);
        Ok(Self(ManuallyDrop::new(counted)))
    }

    /// A reference to a range of it.
    pub(super) fn part(&self, range: Range<usize>) -> Result<Part> {
        Part::within(&self.0, range)
    }

    /// No part is left. Only for who alone holds the block.
    pub(super) fn forget_parts(&self) {
        self.0.parts.0.store(usize::MAX, Ordering::Relaxed);
        self.0.parts.1.store(0, Ordering::Relaxed);
    }

    /// Gives the memory from `len` on back, while others read what is before. Only for the block's writer, who leaves
    /// it.
    pub(super) fn keep_front(&self, len: usize) {
        self.0.keep_only(0..len);
    }

    /// How many references there are; see [`Counted::holders`] for what seeing few of them means.
    pub(super) fn holders(&self) -> usize {
        self.0.holders()
    }

    pub(crate) fn same(&self, other: &Self) -> bool {
        self.0.same(&other.0)
    }

    pub(crate) fn data(&self) -> NonNull<u8> {
        self.0.data.get()
    }

    pub(crate) fn capacity(&self) -> usize {
        self.0.capacity()
    }

    pub(super) fn kind(&self) -> Kind {
        self.0.backing.kind()
    }

    /// The first `n` bytes, as something to be copied; somebody has written them.
    pub(crate) fn front(&self, n: usize) -> Input<'_> {
        assert!(n <= self.capacity());
        // SAFETY: within the block, which lives as long as this reference.
        unsafe { Input::from_raw(self.data(), n) }
    }

    /// Copies a range of `from` to the same place in this block.
    ///
    /// # Safety
    /// Nobody else uses this range of this block, and `from` is readable there and not this block.
    pub(super) unsafe fn copy_from(&self, from: NonNull<u8>, range: Range<usize>) {
        assert!(range.start <= range.end && range.end <= self.capacity());
        // SAFETY: within both, as the assertion and the caller say.
        unsafe {
            let input = Input::from_raw(from.add(range.start), range.len());
            self.write(range.start, input);
        }
    }

    /// Writes `input` at `at`, the way that is cheapest for this kind of memory.
    ///
    /// # Safety
    /// The range lies within the block, and nobody else uses it.
    pub(super) unsafe fn write(&self, at: usize, input: Input<'_>) {
        if !self.0.backing.write_bulk(at, input) {
            // SAFETY: passed on from the caller.
            unsafe { input.copy_to(self.data().add(at).as_ptr()) }
        }
    }

    /// Makes the block hold `needed` bytes where it is, whoever reads it. Only for its writer.
    pub(super) fn lengthen(&self, needed: usize) -> Result<()> {
        self.mapping().ok_or(Error::Unsupported)?.lengthen(needed)
    }

    /// Makes the block hold at least `needed` bytes, `wanted` if that can be had, perhaps elsewhere in memory; its
    /// bytes stay.
    ///
    /// # Safety
    /// The caller is the block's writer and its only user: no pointer into the block is used again.
    pub(super) unsafe fn grow(&self, needed: usize, wanted: usize) -> Result<()> {
        match &self.0.backing {
            // SAFETY: passed on from the caller.
            Backing::Heap => unsafe { self.resize(wanted).or_else(|_| self.resize(needed)) },
            Backing::Mapped(mapping) => {
                let grown = mapping.relocate(needed);
                // It may have moved before something was refused.
                self.0.data.set(mapping.base());
                grown
            }
            Backing::Foreign(_) | Backing::Fixed => Err(Error::Unsupported),
        }
    }

    /// Gives back what lies beyond `len` bytes; where that cannot be had, nothing changes.
    ///
    /// # Safety
    /// As for [`grow`](Self::grow).
    pub(super) unsafe fn shrink(&self, len: usize) {
        match &self.0.backing {
            Backing::Heap if self.capacity() > len => {
                // SAFETY: passed on from the caller.
                let _ = unsafe { self.resize(len) };
            }
            Backing::Mapped(mapping) => mapping.shrink(len),
            _ => {}
        }
    }

    /// # Safety
    /// As for [`grow`](Self::grow); a heap block.
    unsafe fn resize(&self, capacity: usize) -> Result<()> {
        // SAFETY: a heap block's memory came from `heap` with this capacity and allocator.
        let data = unsafe { heap::resize(self.data(), self.capacity(), capacity, self.0.allocator) }?;
        self.0.data.set(data);
        self.0.capacity.set(capacity);
        Ok(())
    }

    /// Hands out the memory of a heap block of malloc's with its first `len` bytes; the block is left without any.
    ///
    /// # Safety
    /// As for [`grow`](Self::grow), and `len` bytes are initialised.
    pub(super) unsafe fn take_malloc(&self, len: usize) -> Option<MallocBytes> {
        let is_mallocs = matches!(self.0.backing, Backing::Heap) && self.0.allocator.is_system();
        is_mallocs.then(|| {
            self.0.capacity.set(0);
            // SAFETY: the block's own memory, which it has just given up.
            unsafe { MallocBytes::from_raw(self.0.data.replace(NOWHERE), len) }
        })
    }

    /// Says where the block goes when nobody uses it any more. Only for its writer.
    pub(super) fn set_home(&self, home: Option<Home>) {
        self.0.home.set(home);
    }

    pub(super) fn allocator(&self) -> Allocator {
        self.0.allocator
    }

    pub(super) fn home(&self) -> Option<Home> {
        self.0.home.get()
    }

    /// How much memory it keeps while nobody uses it; settled when it begins to be kept.
    pub(super) fn count_kept(&self) -> usize {
        let bytes = match &self.0.backing {
            Backing::Heap => self.capacity(),
            Backing::Mapped(mapping) => mapping.own_memory(),
            Backing::Foreign(_) | Backing::Fixed => 0,
        };
        self.0.kept.set(bytes);
        bytes
    }

    /// What [`count_kept`](Self::count_kept) has said.
    pub(super) fn kept(&self) -> usize {
        self.0.kept.get()
    }

    /// Gives the reference out as an address.
    pub(super) fn into_raw(self) -> NonNull<c_void> {
        let mut this = ManuallyDrop::new(self);
        // SAFETY: `this` is not dropped, so the reference is moved and not doubled.
        unsafe { ManuallyDrop::take(&mut this.0) }.into_raw()
    }

    /// Takes a reference back that [`into_raw`](Self::into_raw) gave out.
    ///
    /// # Safety
    /// As for [`Counted::from_raw`].
    pub(super) unsafe fn from_raw(ptr: NonNull<c_void>) -> Self {
        // SAFETY: passed on from the caller.
        Self(ManuallyDrop::new(unsafe { Counted::from_raw(ptr) }))
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        // SAFETY: taken once, here.
        let counted = unsafe { ManuallyDrop::take(&mut self.0) };
        // AcqRel: what was done to the block by those to whom all of it matters comes before memory of it goes.
        if counted.wholes.fetch_sub(1, Ordering::AcqRel) == 1 && counted.holders() > 1 {
            counted.keep_parts();
        }
        let_go(counted);
    }
}

impl Header {
    fn capacity(&self) -> usize {
        match &self.backing {
            // Another range of the file may have made it longer.
            Backing::Mapped(mapping) => mapping.capacity(),
            _ => self.capacity.get(),
        }
    }

    /// Gives the memory outside the parts back.
    fn keep_parts(&self) {
        let (start, end) = (self.parts.0.load(Ordering::Relaxed), self.parts.1.load(Ordering::Relaxed));
        if start < end {
            self.keep_only(start..end);
        }
    }

    /// Gives the memory outside a range back, if it is much and nobody wants all of the block again.
    fn keep_only(&self, range: Range<usize>) {
        let capacity = self.capacity();
        if capacity.saturating_sub(range.len()) >= policy::MIN_GIVEN_BACK && self.home.get().is_none() {
            self.backing.keep_only(range, self.data.get(), capacity, self.allocator);
        }
    }
}

/// Gives a reference up; the last one sends the block home, where it has one.
fn let_go(counted: Counted<Header>) {
    let Some(last) = counted.into_last() else { return };
    if let Some(home) = last.home.take() {
        last.wholes.store(1, Ordering::Relaxed);
        spares::park(Block(ManuallyDrop::new(last)), home);
    }
}
