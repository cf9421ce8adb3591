//! Fallible allocation: the C library's malloc or the caller's own three functions.
//!
//! Everything the library allocates comes through here, handles included, so that running out of memory is
//! an error like any other and never reaches Rust's aborting paths.

use std::alloc::Layout;
use std::cell::Cell;
use std::ffi::c_void;
use std::ptr::NonNull;

use super::malloc;
use super::sync::{AtomicUsize, Ordering};
use crate::error::{Error, Result};

/// `allocate(ctx, size, align)`: new memory, or NULL. `size` is never 0, `align` is a power of two.
pub type AllocateFn = unsafe extern "C" fn(ctx: *mut c_void, size: usize, align: usize) -> *mut c_void;

/// `reallocate(ctx, ptr, old_size, new_size, align)`: the same bytes in `new_size`, or NULL with `ptr` intact.
pub type ReallocateFn = unsafe extern "C" fn(
    ctx: *mut c_void,
    ptr: *mut c_void,
    old_size: usize,
    new_size: usize,
    align: usize,
) -> *mut c_void;

/// `deallocate(ctx, ptr, size, align)`: gives back what one of the other two returned.
pub type DeallocateFn = unsafe extern "C" fn(ctx: *mut c_void, ptr: *mut c_void, size: usize, align: usize);

/// `done(ctx)`: called once, when nothing uses the allocator any more.
pub type DoneFn = unsafe extern "C" fn(ctx: *mut c_void);

/// A caller's own allocator: functions, and what is passed to each of them.
#[derive(Clone, Copy)]
pub struct Hooks {
    allocate: AllocateFn,
    reallocate: Option<ReallocateFn>,
    deallocate: DeallocateFn,
    done: Option<DoneFn>,
    ctx: *mut c_void,
}

// SAFETY: `new` demands functions and a context that any thread may use.
unsafe impl Send for Hooks {}
// SAFETY: as above.
unsafe impl Sync for Hooks {}

impl Hooks {
    /// Without `reallocate`, growth is allocate, copy, deallocate.
    ///
    /// # Safety
    /// The functions must keep the rules given at their types, may be called from any thread with `ctx`
    /// until everything allocated through them is freed, must not unwind and must not call the library with
    /// the stream on whose behalf they run.
    pub unsafe fn new(
        allocate: AllocateFn,
        reallocate: Option<ReallocateFn>,
        deallocate: DeallocateFn,
        ctx: *mut c_void,
    ) -> Self {
        Self { allocate, reallocate, deallocate, done: None, ctx }
    }

    /// With a function to be called once for each stream made with these hooks, when all that was allocated on behalf
    /// of it, of its clones, snapshots and views is freed: on the thread that let go last, with no lock held. It is not
    /// called for a stream that could not be made.
    ///
    /// # Safety
    /// `done` may be called from any thread, and must not unwind.
    pub unsafe fn with_done(self, done: DoneFn) -> Self {
        Self { done: Some(done), ..self }
    }
}

/// Where memory comes from. Copied into each handle and block, so that each can free itself.
///
/// A caller's allocator ends with the last allocation from it, so that a copy of this is used by what was allocated
/// from it, or while somebody holds such a thing, or an [`AllocatorGuard`].
#[derive(Clone, Copy)]
pub(crate) struct Allocator(Option<NonNull<Record>>);

/// A caller's allocator while it is in use. It is allocated from that allocator itself, and freed last.
struct Record {
    hooks: Hooks,
    /// Allocations that are not freed yet, and one for the guard.
    users: AtomicUsize,
    /// What to call in the end. Set before anybody but the guard's thread knows of the record.
    done: Cell<Option<DoneFn>>,
}

// SAFETY: hooks go anywhere; the count is atomic, and the cell is read by the last user, after all others.
unsafe impl Send for Allocator {}
// SAFETY: as above.
unsafe impl Sync for Allocator {}

/// Keeps an allocator while the first things are allocated from it.
///
/// If these cannot be made, it goes without a word: the allocator is still its caller's.
pub(crate) struct AllocatorGuard(Allocator);

impl AllocatorGuard {
    /// The caller's functions as an allocator, or malloc.
    pub(crate) fn new(hooks: Option<Hooks>) -> Result<Self> {
        let Some(hooks) = hooks else { return Ok(Self(Allocator::SYSTEM)) };
        let record = hooks.allocate(Layout::new::<Record>()).ok_or(Error::NoMem)?.cast();
        // SAFETY: fresh memory of this very layout.
        unsafe { record.write(Record { hooks, users: AtomicUsize::new(1), done: Cell::new(None) }) };
        Ok(Self(Allocator(Some(record))))
    }

    pub(crate) fn allocator(&self) -> Allocator {
        self.0
    }

    /// Leaves the allocator to what was allocated from it: from now on its end is told.
    pub(crate) fn commit(self) {
        if let Some(record) = self.0.record() {
            record.done.set(record.hooks.done);
        }
    }
}

impl Drop for AllocatorGuard {
    fn drop(&mut self) {
        self.0.count_down();
    }
}

impl Hooks {
    fn allocate(&self, layout: Layout) -> Option<NonNull<u8>> {
        // SAFETY: `new` promises that the hook may be called so.
        NonNull::new(unsafe { (self.allocate)(self.ctx, layout.size(), layout.align()) }.cast())
    }

    /// # Safety
    /// As for [`Allocator::reallocate`].
    unsafe fn reallocate(&self, ptr: NonNull<u8>, old: Layout, new_size: usize) -> Option<NonNull<u8>> {
        if let Some(reallocate) = self.reallocate {
            // SAFETY: passed on from the caller; the hook's rules are those of `new`.
            let new = unsafe { reallocate(self.ctx, ptr.as_ptr().cast(), old.size(), new_size, old.align()) };
            return NonNull::new(new.cast());
        }
        let new = self.allocate(Layout::from_size_align(new_size, old.align()).ok()?)?;
        // SAFETY: both runs hold at least the smaller size and are distinct; the old one is not used again.
        unsafe {
            new.copy_from_nonoverlapping(ptr, old.size().min(new_size));
            self.deallocate(ptr, old);
        }
        Some(new)
    }

    /// # Safety
    /// As for [`Allocator::deallocate`].
    unsafe fn deallocate(&self, ptr: NonNull<u8>, layout: Layout) {
        // SAFETY: passed on from the caller.
        unsafe { (self.deallocate)(self.ctx, ptr.as_ptr().cast(), layout.size(), layout.align()) }
    }
}

impl Allocator {
    /// The C library's `malloc` and its kin.
    pub(crate) const SYSTEM: Self = Self(None);

    /// Whether this is malloc, so that memory may as well come from the system itself.
    #[inline]
    pub(crate) fn is_system(&self) -> bool {
        self.0.is_none()
    }

    /// Whether both are the same one.
    pub(crate) fn same(&self, other: &Self) -> bool {
        self.0 == other.0
    }

    #[inline]
    fn record(&self) -> Option<&Record> {
        // SAFETY: whoever uses this holds a guard or an allocation, which keep the record.
        self.0.map(|record| unsafe { record.as_ref() })
    }

    /// New, uninitialised memory; `layout` must not be of size zero, nor aligned better than malloc aligns.
    pub(crate) fn allocate(&self, layout: Layout) -> Result<NonNull<u8>> {
        debug_assert!(layout.size() > 0 && layout.align() <= malloc::ALIGN);
        let new = match self.record() {
            None => malloc::allocate(layout.size()),
            Some(record) => record.hooks.allocate(layout).inspect(|_| {
                // Relaxed: whoever allocates is counted already. It cannot overflow: each takes some memory.
                record.users.fetch_add(1, Ordering::Relaxed);
            }),
        };
        new.ok_or(Error::NoMem)
    }

    /// The same bytes in a run of `new_size`; on failure the old run stays as it was.
    ///
    /// # Safety
    /// `ptr` came from this allocator with `old`, and `new_size` is neither zero nor above `isize::MAX`.
    pub(crate) unsafe fn reallocate(&self, ptr: NonNull<u8>, old: Layout, new_size: usize) -> Result<NonNull<u8>> {
        let new = match self.record() {
            // SAFETY: passed on from the caller.
            None => unsafe { malloc::reallocate(ptr, new_size) },
            // SAFETY: passed on from the caller.
            Some(record) => unsafe { record.hooks.reallocate(ptr, old, new_size) },
        };
        new.ok_or(Error::NoMem)
    }

    /// Gives memory back.
    ///
    /// # Safety
    /// `ptr` came from this allocator with `layout` and is not used again.
    pub(crate) unsafe fn deallocate(&self, ptr: NonNull<u8>, layout: Layout) {
        match self.record() {
            // SAFETY: passed on from the caller.
            None => unsafe { malloc::free(ptr) },
            Some(record) => {
                // SAFETY: passed on from the caller.
                unsafe { record.hooks.deallocate(ptr, layout) };
                self.count_down();
            }
        }
    }

    /// One user less; with the last one the record goes, and the caller is told.
    fn count_down(&self) {
        let (Some(place), Some(record)) = (self.0, self.record()) else { return };
        // Release here, Acquire below: all that other users did, the hooks' calls included, comes before the end. A
        // load and not a fence, because race detectors follow loads.
        if record.users.fetch_sub(1, Ordering::Release) > 1 {
            return;
        }
        record.users.load(Ordering::Acquire);
        let (hooks, done) = (record.hooks, record.done.get());
        // SAFETY: nobody is left who could use the record, which was allocated with this layout.
        unsafe { hooks.deallocate(place.cast(), Layout::new::<Record>()) };
        if let Some(done) = done {
            // SAFETY: promised in `with_done`; the last user comes by here once.
            unsafe { done(hooks.ctx) }
        }
    }
}
