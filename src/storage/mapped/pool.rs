//! The pool: emptied files with their mappings, kept to be used again.
//!
//! Fresh pages are what bulk writes cost, so the pages of a stream that is gone serve the next one. What they still
//! hold is never shown: whoever takes a mapping writes before it reads, gaps included.

use std::ptr::NonNull;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::file::File;
use crate::sys::count::Counted;
use crate::sys::vm;

/// How many are kept at the most.
const MOST: usize = 8;
/// How many bytes of memory are kept altogether; or as many as the largest stream in use has, for a stream that is rewritten
/// under snapshots goes back and forth between two files.
const MOST_BYTES: usize = 64 << 20;

/// A shared mapping that nobody uses.
pub(super) struct Spare {
    pub(super) base: NonNull<u8>,
    pub(super) size: usize,
    pub(super) file: Option<Counted<File>>,
    /// How many bytes of memory are behind it.
    pub(super) memory: usize,
    /// Up to here the page tables are filled.
    pub(super) present: usize,
}

// SAFETY: an address range that belongs to the spare alone.
unsafe impl Send for Spare {}

impl Drop for Spare {
    fn drop(&mut self) {
        if self.file.is_some() {
            // SAFETY: nobody uses the mapping; `take` has removed the file from what it hands out.
            unsafe { vm::unmap(self.base, self.size) }
        }
    }
}

static POOL: Mutex<[Option<Spare>; MOST]> = Mutex::new([const { None }; MOST]);

fn pool() -> MutexGuard<'static, [Option<Spare>; MOST]> {
    POOL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A spare of at least `size` bytes, the warmest there is.
pub(super) fn take(size: usize) -> Option<Spare> {
    let mut pool = pool();
    let fits = pool.iter_mut().filter(|slot| slot.as_ref().is_some_and(|spare| spare.size >= size));
    fits.max_by_key(|slot| slot.as_ref().map_or(0, |spare| spare.memory))?.take()
}

/// Keeps a spare if there is room for it; else, and for what there is no room for any more, gives the memory back. `largest`
/// says how much memory the largest stream in use has, which is asked only where it matters.
pub(super) fn give(spare: Spare, largest: impl FnOnce() -> usize) {
    let mut refused: [Option<Spare>; MOST] = [const { None }; MOST];
    let mut pool = pool();
    let mut held = pool.iter().flatten().map(|spare| spare.memory).sum::<usize>() + spare.memory;
    let bound = if held <= MOST_BYTES { MOST_BYTES } else { MOST_BYTES.max(largest()) };
    // What came last is warmest; the others make room.
    for (slot, out) in pool.iter_mut().zip(&mut refused) {
        if held > bound {
            *out = slot.take();
            held -= out.as_ref().map_or(0, |spare| spare.memory);
        }
    }
    if held <= bound
        && let Some(slot) = pool.iter_mut().find(|slot| slot.is_none())
    {
        *slot = Some(spare);
    }
    // Unmapping takes its time, and needs no lock.
    drop(pool);
    drop(refused);
}

/// Gives everything back; says how many bytes of memory that were.
pub(super) fn empty() -> usize {
    let spares = std::mem::replace(&mut *pool(), [const { None }; MOST]);
    spares.iter().flatten().map(|spare| spare.memory).sum()
}
