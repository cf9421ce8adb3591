//! [`Writer`]: the one party that may change a block's bytes.
//!
//! A stream's content is the first `len` bytes of the writer's block. What snapshots cover is `[0, frozen)`: the mark
//! is the highest end of any frozen piece handed out since the writer last was the block's only holder.
//!
//! The writer is a cursor with one invariant: *a byte in `in_place` may be written at its address without asking
//! anybody*. Where a write does not begin and end there, [`make_writable`](Writer::make_writable) moves the bounds: it
//! claims the block back from readers that are gone, separates the stream from those that are not, makes room, and
//! marks what changes for those who will want to know.
//!
//! A writer made from a frozen piece, or whose block a clone shares, *borrows*: its capacity ends with its bytes and
//! all of them are frozen, so its first change separates too, or takes the block over when nobody else holds it any
//! more.

mod capture;
mod cursor;
mod freeze;
mod room;
mod separate;
mod share;

use std::ops::Range;
use std::ptr::NonNull;

use super::block::{Block, Hold, Kind};
use super::deferred::Deferred;
use super::frozen::Frozen;
use super::history::History;
use super::policy::Policy;
use crate::error::Result;
use crate::sys::alloc::Allocator;
use crate::sys::count::Stock;
use crate::sys::memory::{Input, NOWHERE, Output};
use crate::sys::owned::Owned;

pub(crate) use cursor::{Cursor, Pointers};

/// Which of the old bytes must survive when a range is made writable.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    /// Those outside the range: all of it is about to be overwritten.
    Outside,
    /// All: nobody knows yet how much of the range will be written.
    All,
}

/// What the storage had to do, counted since the stream was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Times the bytes were separated from snapshots, clones or adopted memory.
    pub forks: u64,
    /// Bytes copied for that.
    pub fork_bytes: u64,
    /// Times growth gave the bytes another place or size.
    pub moves: u64,
    /// Bytes that were in them.
    pub move_bytes: u64,
    /// Snapshots that had to copy: under a writable view, or of a fixed stream.
    pub snapshot_copies: u64,
    /// Bytes copied for that.
    pub snapshot_copy_bytes: u64,
    /// Times an older block was brought up to date instead of copying everything, for either.
    pub updates: u64,
    /// Bytes copied for that; they are in neither of the other sums.
    pub update_bytes: u64,
}

/// So many bytes at once had better go through the block than through its address.
const BULK: usize = 64 << 10;

/// The writing end of a block.
pub(crate) struct Writer {
    /// The first byte.
    data: NonNull<u8>,
    len: usize,
    /// A write that begins in here, at or before the content's end, and ends in here is a plain copy.
    in_place: Range<usize>,
    /// How many bytes the block can hold from `data` on, for this writer.
    capacity: usize,
    /// No byte below may change at its address.
    frozen: usize,
    /// How far the stream lets content reach without being asked.
    max_len: usize,
    block: Option<Block>,
    /// Whether this writer may write the block beyond its frozen part; a borrower may not.
    owns: bool,
    /// How many views pin the present block; they hold it, but do not freeze it.
    pins: usize,
    /// What the last `freeze` of everything gave out, to give it out again while nothing changed; once its other
    /// holders are gone, it is a spare handle.
    value: Option<Stock<Frozen>>,
    /// What changed when; made when a block is first wanted back.
    history: Option<Owned<History>>,
    policy: Policy,
    allocator: Allocator,
    pub(crate) statistics: Statistics,
}

// SAFETY: a writer owns its part of the block's bytes; it is moved and used behind its stream's lock.
unsafe impl Send for Writer {}

impl Writer {
    /// No bytes, and nothing allocated.
    pub(crate) fn new(allocator: Allocator, policy: Policy) -> Self {
        Self {
            data: NOWHERE,
            len: 0,
            in_place: 0..0,
            capacity: 0,
            frozen: 0,
            max_len: 0,
            block: None,
            owns: false,
            pins: 0,
            value: None,
            history: None,
            policy,
            allocator,
            statistics: Statistics::default(),
        }
    }

    /// The bytes of a frozen piece, borrowed.
    pub(crate) fn borrow(&mut self, frozen: &Frozen, deferred: &mut Deferred) -> Result<()> {
        let block = frozen.block.as_ref().map(Hold::block).transpose()?;
        self.leave(deferred);
        (self.block, self.data) = (block, frozen.data);
        (self.len, self.capacity, self.frozen) = (frozen.len, frozen.len, frozen.len);
        Ok(())
    }

    /// The first `len` bytes of a block that nobody else writes, and that is this writer's own unless it is foreign.
    pub(crate) fn over(block: Block, len: usize, allocator: Allocator, policy: Policy) -> Self {
        let mut writer = Self::new(allocator, policy);
        (writer.data, writer.len, writer.capacity) = (block.data(), len, block.capacity());
        writer.frozen = if block.kind() == Kind::Foreign { len } else { 0 };
        writer.owns = block.kind() == Kind::Heap;
        writer.block = Some(block);
        writer
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    pub(crate) fn kind(&self) -> Kind {
        self.block.as_ref().map_or(Kind::None, Block::kind)
    }

    pub(crate) fn is_fixed(&self) -> bool {
        self.kind() == Kind::Fixed
    }

    pub(crate) fn allocator(&self) -> Allocator {
        self.allocator
    }

    pub(crate) fn policy(&self) -> Policy {
        self.policy
    }

    /// The address of the byte at `at`, which is not beyond the capacity.
    pub(crate) fn address(&self, at: usize) -> NonNull<u8> {
        assert!(at <= self.capacity);
        // SAFETY: within the block.
        unsafe { self.data.add(at) }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        // SAFETY: `len` initialised bytes of the block, unchanged while the stream's lock is held, but for raw
        // writes through a writable view, which the caller orders against this.
        unsafe { std::slice::from_raw_parts(self.data.as_ptr(), self.len) }
    }

    /// Copies the bytes from `at` on into `out`, as many as there are; says how many.
    #[inline(always)]
    pub(crate) fn get(&self, at: usize, out: &Output<'_>) -> usize {
        let n = out.len().min(self.len.saturating_sub(at));
        if n > 0 {
            // SAFETY: `n` bytes from `at` on are within the content, and `n` is at most the output's length.
            unsafe { out.fill_from(self.data.as_ptr().add(at), n) }
        }
        n
    }

    /// Whether the input lies, even in part, in this writer's own block.
    pub(crate) fn holds(&self, input: Input<'_>) -> bool {
        let (from, start) = (input.as_ptr().addr(), self.data.addr().get());
        from < start + self.capacity && start < from.saturating_add(input.len())
    }

    /// Says where the stream lets plain writes end, whatever the capacity. Called after every change.
    pub(crate) fn set_max_len(&mut self, max_len: usize) {
        self.max_len = max_len;
        self.update_in_place();
    }

    /// Establishes the invariant of `in_place`.
    fn update_in_place(&mut self) {
        let known = self.block.as_ref().map_or(usize::MAX, |block| block.backing().zeros_from());
        let (mut start, mut end) = (self.frozen, self.capacity.min(self.max_len).min(known));
        if let Some(history) = self.history.as_ref().filter(|_| !self.is_fixed()) {
            let (tracked, marked) = (history.tracked(), history.marked());
            if marked.is_empty() {
                start = start.max(tracked);
            } else if tracked > start {
                // What follows in the granules marked last needs no further mark.
                start = start.max(marked.start);
                end = if marked.end < tracked { end.min(marked.end) } else { end };
            }
        }
        self.in_place = start..end;
    }

    /// Writes at `at` if that takes no more than a copy: no gap, within `in_place`, not much at once.
    #[inline(always)]
    pub(crate) fn put_in_place(&mut self, at: usize, input: Input<'_>) -> bool {
        let n = input.len();
        // No bytes are the long way's, which says what is wrong with the stream.
        let fits = at >= self.in_place.start
            && at <= self.len
            && n.wrapping_sub(1) < BULK
            && at <= self.in_place.end
            && n <= self.in_place.end - at;
        if fits {
            // SAFETY: the range lies in `in_place`, hence within the capacity, and nobody has frozen it.
            unsafe { input.copy_to(self.data.as_ptr().add(at)) }
            self.len = self.len.max(at + n);
        }
        fits
    }

    /// Makes `[at, end)` and the gap before it writable in place. `aliased`: the bytes to be written may lie in the
    /// block itself, which must then not be given back to the allocator yet.
    pub(crate) fn make_writable(
        &mut self,
        at: usize,
        end: usize,
        keep: Keep,
        aliased: bool,
        deferred: &mut Deferred,
    ) -> Result<()> {
        let start = at.min(self.len);
        if start == end {
            return Ok(());
        }
        if start < self.frozen && !self.reclaim() {
            let hole = if keep == Keep::Outside { at..end } else { end..end };
            self.separate(end, hole, deferred)?;
        } else if end > self.capacity {
            self.make_room(end, aliased, deferred)?;
        }
        if !self.is_fixed()
            && let Some(history) = &mut self.history
        {
            // Here and not when the bytes are there: a descriptor that fails half-way leaves some without saying so.
            history.mark(start, end);
        }
        Ok(())
    }

    /// Lets block and bytes go.
    pub(crate) fn leave(&mut self, deferred: &mut Deferred) {
        if self.owns
            && self.pins == 0
            && let Some(block) = &self.block
            && block.holders() > 1 + usize::from(self.has_spare_handle(block))
        {
            // Its readers need no more than what is frozen.
            block.keep_front(self.frozen);
        }
        deferred.block(self.block.take());
        deferred.value(self.value.take().map(Stock::into_counted));
        deferred.history(self.history.take());
        (self.data, self.pins, self.owns) = (NOWHERE, 0, false);
        (self.len, self.capacity, self.frozen, self.in_place) = (0, 0, 0, 0..0);
    }

    /// Writes at `at`, in a range that [`make_writable`](Self::make_writable) has made so, and fills the gap before it.
    pub(crate) fn put(&mut self, at: usize, input: Input<'_>) {
        self.check(at, input.len());
        self.fill_gap(at);
        // SAFETY: checked just now.
        let to = unsafe { self.data.add(at) };
        match &self.block {
            // SAFETY: as above.
            Some(block) if !self.holds(input) => unsafe { block.write(at, input) },
            // SAFETY: as above; from the block into itself only a memmove is right.
            _ => unsafe { input.copy_to(to.as_ptr()) },
        }
        self.note_written(at + input.len());
        self.reach(at, input.len());
    }

    /// Writes `n` times `byte`, otherwise as [`put`](Self::put).
    pub(crate) fn fill(&mut self, at: usize, byte: u8, n: usize) {
        self.check(at, n);
        if byte == 0 && at >= self.len {
            self.fill_gap(at + n);
        } else {
            self.fill_gap(at);
            // SAFETY: checked just now.
            unsafe { self.data.add(at).write_bytes(byte, n) }
            self.note_written(at + n);
        }
        self.reach(at, n);
    }

    /// The memory of a range that has been made writable; the gap before it is filled.
    pub(crate) fn window(&mut self, at: usize, n: usize) -> Output<'_> {
        self.check(at, n);
        self.fill_gap(at);
        self.note_written(at + n);
        if let Some(history) = &mut self.history {
            // Whether or not it becomes content.
            history.sharing.note_extent(at + n);
        }
        // SAFETY: checked just now; nobody but this writer uses that memory.
        unsafe { Output::from_raw(self.data.add(at), n) }
    }

    /// Takes `n` bytes at `at` into the content, which somebody has put there through [`Writer::window`].
    pub(crate) fn reach(&mut self, at: usize, n: usize) {
        self.check(at, n);
        self.len = self.len.max(at + n);
    }

    /// Zeros between the content's end and `at`, as far as there are none yet.
    fn fill_gap(&mut self, at: usize) {
        let known = self.block.as_ref().map_or(0, |block| block.backing().zeros_from());
        let end = at.min(known);
        if end > self.len {
            // SAFETY: `check` has found this to be within the capacity and not frozen.
            unsafe { self.data.add(self.len).write_bytes(0, end - self.len) }
        }
    }

    fn note_written(&self, end: usize) {
        if let Some(block) = &self.block {
            block.backing().note_written(end);
        }
    }

    /// The last line of defence of the immutability of snapshots: a defect above becomes a panic, not a wrong byte.
    fn check(&self, at: usize, n: usize) {
        let free = at.min(self.len) >= self.frozen;
        assert!(free && at <= self.capacity && n <= self.capacity - at, "the range was not made writable");
    }

    /// Holds the present block for a view that shows its bytes.
    pub(crate) fn pin(&mut self) -> Result<Option<Block>> {
        let block = self.block.as_ref().map(Block::retain).transpose()?;
        self.pins += usize::from(block.is_some());
        Ok(block)
    }

    /// Whether a pin is of the present block.
    pub(crate) fn is_pinned_by(&self, pin: &Option<Block>) -> bool {
        match (pin, &self.block) {
            (Some(a), Some(b)) => a.same(b),
            (None, None) => true,
            _ => false,
        }
    }

    /// See [`History::age`].
    #[cfg(all(test, not(loom)))]
    pub(crate) fn age(&mut self) {
        if let Some(history) = &mut self.history {
            history.age();
        }
    }

    /// Takes a pin back; the block is let go after the call.
    pub(crate) fn unpin(&mut self, pin: Option<Block>, deferred: &mut Deferred) {
        if pin.is_some() && self.is_pinned_by(&pin) {
            self.pins -= 1;
        }
        deferred.block(pin);
    }
}
