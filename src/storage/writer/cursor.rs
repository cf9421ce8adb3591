//! [`Cursor`]: a place in the content, shown to the stream's user, who reads and writes there without a call.
//!
//! What may be written through it is what [`put_in_place`](Writer::put_in_place) would write, and what was written is
//! taken over as if that had been done: the same range, the same rise of the length, and nothing else to be noted.

use std::cell::{Cell, UnsafeCell};
use std::ptr::NonNull;

use super::Writer;
use crate::error::Result;
use crate::sys::alloc::Allocator;
use crate::sys::memory::NOWHERE;
use crate::sys::owned::Owned;

/// What the user sees, and may move the first of: the next byte, the end of what may be read from there on, the end of
/// what may be written. The header's bio_cursor.
pub(crate) type Pointers = [*mut u8; 3];

/// Pointers that the user sees, in memory of their own, and what they were when they were shown.
pub(crate) struct Cursor(Owned<Inner>);

/// Only ever looked at through a shared reference, so that the user's pointer to it stays good.
struct Inner {
    /// Written by the user too, at any time between two calls.
    pointers: UnsafeCell<Pointers>,
    /// Where `next` was shown.
    next: Cell<*mut u8>,
    /// How far from there it may be moved.
    reach: Cell<usize>,
}

// SAFETY: plain pointers, which are used under the stream's lock and, by its user, in between.
unsafe impl Send for Inner {}

impl Cursor {
    /// A cursor that shows nothing yet.
    pub(crate) fn new(allocator: Allocator) -> Result<Self> {
        let nowhere = NOWHERE.as_ptr();
        let (pointers, next, reach) = (UnsafeCell::new([nowhere; 3]), Cell::new(nowhere), Cell::new(0));
        Owned::new(Inner { pointers, next, reach }, allocator).map(Self)
    }

    /// Where the user finds the pointers, as long as this lives.
    pub(crate) fn pointers(&self) -> NonNull<Pointers> {
        NonNull::from(&self.0.pointers).cast()
    }

    /// Shows neither bytes nor room.
    pub(crate) fn hide(&self) {
        self.show(NOWHERE, 0, 0);
    }

    /// Shows bytes from `next` on that may be read, and those that may be written. Both counts stay within what `next`
    /// points into.
    fn show(&self, next: NonNull<u8>, readable: usize, writable: usize) {
        let next = next.as_ptr();
        let pointers = [next, next.wrapping_add(readable), next.wrapping_add(writable)];
        // SAFETY: no reference to the pointers exists, and their user does not touch them during a call.
        unsafe { self.0.pointers.get().write(pointers) }
        self.0.next.set(next);
        self.0.reach.set(readable.max(writable));
    }

    /// How far the user has moved `next`; `None` if that is not within what was shown. What else the user may have
    /// written is not looked at.
    fn moved(&self) -> Option<usize> {
        // SAFETY: as above.
        let [next, ..] = unsafe { self.0.pointers.get().read() };
        // From before the place where it was shown it wraps to more than can be reached.
        let by = next.addr().wrapping_sub(self.0.next.get().addr());
        (by <= self.0.reach.get()).then_some(by)
    }
}

impl Writer {
    /// Shows the bytes from `position` on, and the room for plain writes there.
    pub(crate) fn show(&mut self, cursor: &Cursor, position: u64) {
        let at = usize::try_from(position).unwrap_or(usize::MAX);
        let place = at.min(self.len);
        let plain = at >= self.in_place.start && at <= self.len;
        let writable = if plain { self.in_place.end.saturating_sub(at) } else { 0 };
        if let Some(history) = &mut self.history {
            // Whether or not it becomes content.
            history.sharing.note_extent(place + writable);
        }
        cursor.show(self.address(place), self.len - place, writable);
    }

    /// Takes over what was done through the cursor at `position`: the bytes before its new place are content. Gives
    /// that place, or `None` if the cursor was moved to where it must not be.
    pub(crate) fn take_over(&mut self, cursor: &Cursor, position: u64) -> Option<u64> {
        let by = cursor.moved()?;
        let position = position + by as u64;
        // From a position behind the end nothing can be reached.
        if by > 0
            && let Ok(end) = usize::try_from(position)
        {
            self.len = self.len.max(end);
        }
        Some(position)
    }
}
