//! [`Deferred`]: what a call leaves behind, to be dropped after its lock.
//!
//! Dropping the last reference to adopted memory runs the caller's callback, and freeing may run the caller's
//! allocator; both may take their time or call back. So whatever is replaced under the lock is put in here,
//! and the call drops it when the lock is open again. It allocates nothing.

use super::block::Block;
use super::frozen::Frozen;
use super::history::History;
use crate::sys::count::Counted;
use crate::sys::owned::Owned;

/// The most that a call replaces of each as a rule: a window's scratch, the writer's block, a view's pin; the value
/// given out before, the value given out last.
const PLACES: usize = 3;

/// Dropped at the end of a call, after its lock.
#[derive(Default)]
pub(crate) struct Deferred {
    // First: a watch has to end before the memory that it watches.
    history: Option<Owned<History>>,
    blocks: [Option<Block>; PLACES],
    values: [Option<Counted<Frozen>>; PLACES],
}

impl Deferred {
    pub(crate) fn block(&mut self, block: Option<Block>) {
        put(&mut self.blocks, block);
    }

    pub(super) fn value(&mut self, value: Option<Counted<Frozen>>) {
        put(&mut self.values, value);
    }

    pub(super) fn history(&mut self, history: Option<Owned<History>>) {
        self.history = history.or(self.history.take());
    }
}

fn put<T>(places: &mut [Option<T>; PLACES], thing: Option<T>) {
    // Only a call that changes blocks many times, as reading a long file does, fills the places. What it leaves then
    // is memory of the library's own, which runs no callback and may go at once: what came before is in the first.
    if thing.is_some()
        && let Some(free) = places.iter_mut().find(|place| place.is_none())
    {
        *free = thing;
    }
}
