//! The pool: emptied files with their mappings, kept to be used again.
//!
//! Fresh pages are what bulk writes cost, so the pages of a stream that is gone serve the next one. What they still
//! hold is never shown: whoever takes a mapping writes before it reads, gaps included.

use std::ptr::NonNull;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::file::File;
use crate::sys::count::Counted;
use crate::sys::vm;

/// How many are kept at the most, and how many bytes of memory altogether.
const MOST: usize = 8;
const MOST_BYTES: usize = 64 << 20;

/// A shared mapping that nobody uses.
pub(super) struct Spare {
    pub(super) base: NonNull<u8>,
    pub(super) size: usize,
    pub(super) file: Option<Counted<File>>,
    /// So many bytes from the start have memory behind them.
    pub(super) warm: usize,
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
    fits.max_by_key(|slot| slot.as_ref().map_or(0, |spare| spare.warm))?.take()
}

/// Keeps a spare if there is room for it; else, and for what had to make room, gives the memory back.
pub(super) fn give(spare: Spare) {
    let mut refused = Some(spare);
    {
        let mut pool = pool();
        let held: usize = pool.iter().flatten().map(|spare| spare.warm).sum();
        let fits = refused.as_ref().is_some_and(|spare| spare.warm <= MOST_BYTES.saturating_sub(held));
        if fits && let Some(slot) = pool.iter_mut().find(|slot| slot.is_none()) {
            *slot = refused.take();
        }
    }
    drop(refused);
}

/// Gives everything back; says how many bytes of memory that were.
pub(super) fn empty() -> usize {
    let spares = std::mem::replace(&mut *pool(), [const { None }; MOST]);
    spares.iter().flatten().map(|spare| spare.warm).sum()
}
