//! [`Trash`]: what a call leaves behind, to be dropped after its lock.
//!
//! Dropping the last reference to adopted memory runs the caller's callback, and freeing may run the caller's
//! allocator; both may take their time or call back. So whatever is replaced under the lock is thrown in here,
//! and the call drops it when the lock is open again. It allocates nothing.

use super::block::Block;
use super::run::Run;
use crate::sys::count::Counted;

/// The most that a call replaces of each as a rule: a window's scratch, the writer's block, a view's pin; the run
/// published before, the run published last.
const SLOTS: usize = 3;

/// Dropped at the end of a call, after its lock.
#[derive(Default)]
pub(crate) struct Trash {
    blocks: [Option<Block>; SLOTS],
    runs: [Option<Counted<Run>>; SLOTS],
}

impl Trash {
    pub(crate) fn block(&mut self, block: Option<Block>) {
        throw(&mut self.blocks, block);
    }

    pub(super) fn run(&mut self, run: Option<Counted<Run>>) {
        throw(&mut self.runs, run);
    }
}

fn throw<T>(slots: &mut [Option<T>; SLOTS], thing: Option<T>) {
    // Only a call that changes blocks many times, as reading a long file does, fills the slots. What it throws away then
    // is memory of the library's own, which runs no callback and may go at once: what came before is in the first.
    if thing.is_some()
        && let Some(free) = slots.iter_mut().find(|slot| slot.is_none())
    {
        *free = thing;
    }
}
