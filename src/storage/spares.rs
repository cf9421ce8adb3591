//! Blocks that nobody uses, kept to be written again, within one bound for the process.
//!
//! A block that a stream wants back goes *home*: to the slot that the stream has reserved for it, from which only that
//! stream takes it ([`Reservation`]). Beside these there are emptied files, which are warm memory and nothing more, and
//! anybody's (`backing::mapped`). [`trim`] gives all of it back. Nothing here waits: slots change by one exchange.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::backing;
use super::block::Block;
use super::policy;
use super::switches::{self, Switch};
use crate::sys::slot::Slot;

/// Blocks that streams want back.
#[cfg(not(loom))]
static SLOTS: [Slot; policy::MAX_RESERVATIONS] = [const { Slot::new() }; policy::MAX_RESERVATIONS];
#[cfg(loom)]
static SLOTS: [Slot; 0] = [];

/// How many bytes they hold.
static KEPT: AtomicUsize = AtomicUsize::new(0);

/// The number of the reservation made last.
static TAGS: AtomicUsize = AtomicUsize::new(0);

/// Where a block goes when nobody uses it any more.
#[derive(Clone, Copy)]
pub(super) struct Home {
    slot: usize,
    tag: usize,
}

/// A stream's claim on a block that others may still read: it comes back here.
pub(super) struct Reservation(Home);

impl Reservation {
    /// A free slot; there is a bound on them.
    pub(super) fn make() -> Option<Self> {
        if !switches::is_on(Switch::Reservations) {
            return None;
        }
        let tag = TAGS.fetch_add(1, Ordering::Relaxed) + 1;
        let slots = (0..SLOTS.len()).map(|i| (tag + i) % SLOTS.len());
        slots.into_iter().find(|slot| SLOTS[*slot].reserve(tag)).map(|slot| Self(Home { slot, tag }))
    }

    /// What the block needs to know to come back.
    pub(super) fn home(&self) -> Home {
        self.0
    }

    /// Whether the block is back.
    pub(super) fn is_back(&self) -> bool {
        SLOTS[self.0.slot].is_parked()
    }

    /// The block, if it is back; nobody else holds it then. The reservation can serve another block.
    pub(super) fn take(&self) -> Option<Block> {
        let ptr = SLOTS[self.0.slot].take(self.0.tag)?;
        // SAFETY: parked by `park`, and taken out by this call alone.
        let block = unsafe { Block::from_raw(ptr) };
        block.set_home(None);
        KEPT.fetch_sub(block.kept(), Ordering::Relaxed);
        Some(block)
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if let Some(ptr) = SLOTS[self.0.slot].cancel() {
            // SAFETY: parked by `park`, and taken out by this call alone.
            let block = unsafe { Block::from_raw(ptr) };
            block.set_home(None);
            KEPT.fetch_sub(block.kept(), Ordering::Relaxed);
        }
    }
}

/// Sends a block home that nobody else holds; it ends if nobody there waits for it, or there is no room.
pub(super) fn park(block: Block, home: Home) {
    let bytes = block.count_kept();
    let within = |held: usize| held.checked_add(bytes).filter(|sum| *sum <= policy::MAX_KEPT_BYTES);
    if KEPT.fetch_update(Ordering::Relaxed, Ordering::Relaxed, within).is_err() {
        return;
    }
    block.set_home(Some(home));
    let evictable = block.allocator().is_system();
    let ptr = block.into_raw();
    let slot = &SLOTS[home.slot];
    // Who gave the memory may take it back as soon as the stream has ended: nobody else may be at it then.
    let parked = if evictable { slot.park(home.tag, ptr) } else { slot.park_for_owner(home.tag, ptr) };
    if !parked {
        KEPT.fetch_sub(bytes, Ordering::Relaxed);
        // SAFETY: given out just above, and refused.
        let block = unsafe { Block::from_raw(ptr) };
        block.set_home(None);
    }
}

/// Gives everything back; says how many bytes that were.
pub(crate) fn trim() -> usize {
    let tag_of = |ptr| {
        // SAFETY: parked by `park`; looked at by who has taken it out, and not dropped here.
        let block = std::mem::ManuallyDrop::new(unsafe { Block::from_raw(ptr) });
        block.home().map_or(0, |home| home.tag)
    };
    let mut bytes = 0;
    for slot in &SLOTS {
        if let Some(ptr) = slot.evict(tag_of) {
            // SAFETY: as above, and taken out by this call alone.
            let block = unsafe { Block::from_raw(ptr) };
            KEPT.fetch_sub(block.kept(), Ordering::Relaxed);
            bytes += block.kept();
            block.set_home(None);
        }
    }
    bytes + backing::trim()
}
