//! [`Writer`]: the one party that may change a block's bytes.
//!
//! A stream's content is the first `len` bytes of the writer's block. What snapshots cover is `[0, frozen)`:
//! the mark is the highest end of any run handed out since the writer last was the block's only holder.
//! Beyond it bytes are written in place, as far as there is room; below it a change first *forks* the block,
//! unless every run is gone meanwhile, which the block's count tells.
//!
//! A writer made from a run, or whose block a clone shares, *borrows*: its room ends with its bytes and all of them
//! are frozen, so its first change forks too, or takes the block over when nobody else holds it any more.

use std::ops::Range;
use std::ptr::NonNull;

use super::block::{Block, Kind};
use super::heap::amortised;
use super::region::{Input, Output};
use super::run::{NOWHERE, Run};
use super::trash::Trash;
use crate::error::Result;
use crate::sys::alloc::Allocator;
use crate::sys::count::{Counted, Weak};

/// Which of the old bytes must survive when a range is opened for writing.
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
}

/// The writing end of a block.
pub(crate) struct Writer {
    /// The first byte.
    data: NonNull<u8>,
    len: usize,
    /// No byte below may change in place.
    frozen: usize,
    /// How far [`Writer::put_in_place`] may go: at most `room`, less where the stream says so.
    ceiling: usize,
    /// How many bytes the block can hold from `data` on, for this writer.
    room: usize,
    block: Option<Block>,
    /// How many views pin the present block; they hold it, but do not freeze it.
    pins: usize,
    /// The run that the last `publish` of everything gave out, to give it out again while nothing changed;
    /// once its other holders are gone, it is a spare handle.
    published: Option<Counted<Run>>,
    /// The copy that the last `detach` of everything gave out, to give it out again if nothing has changed; not kept
    /// alive, for it is as large as the content.
    detached: Option<Weak<Run>>,
    allocator: Allocator,
    pub(crate) statistics: Statistics,
}

// SAFETY: a writer owns its part of the block's bytes; it is moved and used behind its stream's lock.
unsafe impl Send for Writer {}

impl Writer {
    /// No bytes, and nothing allocated.
    pub(crate) fn new(allocator: Allocator) -> Self {
        Self {
            data: NOWHERE,
            len: 0,
            frozen: 0,
            ceiling: 0,
            room: 0,
            block: None,
            pins: 0,
            published: None,
            detached: None,
            allocator,
            statistics: Statistics::default(),
        }
    }

    /// The bytes of a run, borrowed.
    pub(crate) fn borrow(&mut self, run: &Run, trash: &mut Trash) -> Result<()> {
        let block = run.block.as_ref().map(Block::retain).transpose()?;
        self.leave(trash);
        (self.block, self.data) = (block, run.data);
        (self.len, self.room, self.frozen) = (run.len, run.len, run.len);
        Ok(())
    }

    /// The first `len` bytes of a block that nobody else writes: a fixed or a foreign one.
    pub(crate) fn over(block: Block, len: usize, allocator: Allocator) -> Self {
        let mut writer = Self::new(allocator);
        let fixed = block.kind() == Kind::Fixed;
        (writer.data, writer.len, writer.room) = (block.data(), len, block.capacity());
        writer.frozen = if fixed { 0 } else { len };
        writer.block = Some(block);
        writer
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn room(&self) -> usize {
        self.room
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

    /// The address of the byte at `at`, which is not beyond the room.
    pub(crate) fn address(&self, at: usize) -> NonNull<u8> {
        assert!(at <= self.room);
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
        from < start + self.room && start < from + input.len()
    }

    /// Where the stream lets in-place writes end, whatever the room.
    pub(crate) fn set_ceiling(&mut self, ceiling: usize) {
        self.ceiling = ceiling.min(self.room);
    }

    /// Writes at `at` if that takes no more than a copy: no gap, nothing frozen, room enough.
    #[inline(always)]
    pub(crate) fn put_in_place(&mut self, at: usize, input: Input<'_>) -> bool {
        let n = input.len();
        // No bytes are the long way's, which says what is wrong with the stream.
        let fits = at >= self.frozen && at <= self.len && n > 0 && at <= self.ceiling && n <= self.ceiling - at;
        if fits {
            // SAFETY: the range ends at or before the ceiling, hence within the room, and begins at or above the
            // frozen mark, so that no run covers it.
            unsafe { input.copy_to(self.data.as_ptr().add(at)) }
            self.len = self.len.max(at + n);
        }
        fits
    }

    /// Makes `[at, end)` and the gap before it writable in place. `aliased`: the bytes to be written may lie in the
    /// block itself, which must then not be given back to the allocator yet.
    pub(crate) fn open(&mut self, at: usize, end: usize, keep: Keep, aliased: bool, trash: &mut Trash) -> Result<()> {
        if at.min(self.len) == end {
            return Ok(());
        }
        if at.min(self.len) < self.frozen && !self.reclaim() {
            let hole = if keep == Keep::Outside { at..end } else { end..end };
            self.fork(self.forked_capacity(end), hole, trash)
        } else if end > self.room {
            let in_place = self.reclaim() && !aliased && self.pins == 0;
            self.grow(end, in_place, trash)
        } else {
            Ok(())
        }
    }

    fn forked_capacity(&self, end: usize) -> usize {
        let needed = end.max(self.len);
        if end > self.room {
            amortised(needed, self.room)
        } else if needed >= self.room / 2 {
            self.room
        } else {
            needed
        }
    }

    /// Whether this writer may change all of its block: nobody else holds it, or nobody else any more.
    fn reclaim(&mut self) -> bool {
        let Some(block) = &self.block else { return true };
        match block.kind() {
            Kind::Fixed => true,
            Kind::Heap => {
                let spare = match &self.published {
                    Some(run) => run.holders() == 1 && run.block.as_ref().is_some_and(|b| b.same(block)),
                    None => false,
                };
                // `holders` loads with Acquire, which pairs with the Release of each run's drop: whoever read
                // the bytes has finished.
                let alone = block.holders() == 1 + self.pins + usize::from(spare) && self.data == block.data();
                if alone {
                    (self.frozen, self.room) = (0, block.capacity());
                }
                alone
            }
            Kind::Foreign | Kind::None => false,
        }
    }

    /// A new block with the bytes outside `hole`, for this writer alone.
    fn fork(&mut self, capacity: usize, hole: Range<usize>, trash: &mut Trash) -> Result<()> {
        let block = self.heap(capacity)?;
        let head = hole.start.min(self.len);
        let tail = hole.end.min(self.len)..self.len;
        self.statistics.forks += 1;
        self.statistics.fork_bytes += (head + tail.len()) as u64;
        // SAFETY: both ranges are within the content and, as the capacity is at least `len`, within the new
        // block, which nobody else knows.
        unsafe {
            block.data().copy_from_nonoverlapping(self.data, head);
            block.data().add(tail.start).copy_from_nonoverlapping(self.data.add(tail.start), tail.len());
        }
        self.settle(block, trash);
        Ok(())
    }

    /// More room; `in_place` where nobody else holds the block or looks into it.
    fn grow(&mut self, end: usize, in_place: bool, trash: &mut Trash) -> Result<()> {
        let capacity = amortised(end, self.room);
        match &self.block {
            Some(block) if in_place => {
                // SAFETY: nobody but this writer has a pointer into the block; the spare run's stale address is
                // given out only after `publish` has set it anew.
                unsafe { block.resize(capacity).or_else(|_| block.resize(end)) }?;
                (self.data, self.room) = (block.data(), block.capacity());
            }
            _ => {
                let block = self.heap(capacity).or_else(|_| self.heap(end))?;
                // SAFETY: `len` bytes of content, and the new block is larger and known to nobody else.
                unsafe { block.data().copy_from_nonoverlapping(self.data, self.len) };
                self.settle(block, trash);
            }
        }
        if self.len > 0 {
            self.statistics.moves += 1;
            self.statistics.move_bytes += self.len as u64;
        }
        Ok(())
    }

    fn heap(&self, capacity: usize) -> Result<Block> {
        Block::heap(capacity, self.allocator)
    }

    /// Changes over to a new block that holds the content.
    fn settle(&mut self, block: Block, trash: &mut Trash) {
        let len = self.len;
        self.leave(trash);
        (self.data, self.room) = (block.data(), block.capacity());
        (self.block, self.len) = (Some(block), len);
    }

    /// Lets block and bytes go.
    pub(crate) fn leave(&mut self, trash: &mut Trash) {
        trash.block(self.block.take());
        trash.run(self.published.take());
        (self.data, self.pins) = (NOWHERE, 0);
        (self.len, self.room, self.frozen, self.ceiling) = (0, 0, 0, 0);
    }

    /// Writes at `at`, in a range that [`open`](Self::open) has made writable, and fills the gap before it.
    pub(crate) fn put(&mut self, at: usize, input: Input<'_>) {
        self.check(at, input.len());
        // SAFETY: checked just now.
        unsafe { input.copy_to(self.data.as_ptr().add(at)) }
        self.reach(at, input.len());
    }

    /// Writes `n` times `byte`, otherwise as [`put`](Self::put).
    pub(crate) fn fill(&mut self, at: usize, byte: u8, n: usize) {
        self.check(at, n);
        // SAFETY: checked just now.
        unsafe { self.data.add(at).write_bytes(byte, n) }
        self.reach(at, n);
    }

    /// Takes `n` bytes at `at` into the content, which somebody has put there through [`Writer::window`].
    pub(crate) fn reach(&mut self, at: usize, n: usize) {
        self.check(at, n);
        if at > self.len {
            // SAFETY: between the content's end and `at`, which `check` has found to be within the room and
            // not frozen.
            unsafe { self.data.add(self.len).write_bytes(0, at - self.len) }
        }
        self.len = self.len.max(at + n);
    }

    /// The memory of a range that [`open`](Self::open) has made writable.
    pub(crate) fn window(&mut self, at: usize, n: usize) -> Output<'_> {
        self.check(at, n);
        // SAFETY: checked just now; nobody but this writer uses that memory.
        unsafe { Output::from_raw(self.data.add(at), n) }
    }

    /// The last line of defence of the immutability of runs: a defect above becomes a panic, not a wrong byte.
    fn check(&self, at: usize, n: usize) {
        assert!(at.min(self.len) >= self.frozen && at <= self.room && n <= self.room - at, "the range was not opened");
    }

    /// Cuts the content; adopted memory is left at once.
    pub(crate) fn truncate(&mut self, len: usize, trash: &mut Trash) -> Result<()> {
        if len >= self.len {
            return Ok(());
        }
        if self.kind() == Kind::Foreign {
            if len == 0 {
                self.leave(trash);
            } else {
                let whole = std::mem::replace(&mut self.len, len);
                self.fork(len, len..len, trash).inspect_err(|_| self.len = whole)?;
            }
        }
        self.len = len;
        Ok(())
    }

    /// Empties the content and keeps the capacity, in a new block where the old one is held by others.
    pub(crate) fn clear(&mut self, trash: &mut Trash) -> Result<()> {
        if self.kind() == Kind::Foreign {
            self.leave(trash);
        } else if self.frozen > 0 && self.room > 0 && !self.reclaim() {
            let block = self.heap(self.room)?;
            self.settle(block, trash);
        }
        self.len = 0;
        Ok(())
    }

    /// Gives back what the content does not need; where that cannot be had, nothing changes.
    pub(crate) fn shrink(&mut self, trash: &mut Trash) {
        if self.len == 0 && !self.is_fixed() {
            self.leave(trash);
        } else if self.kind() == Kind::Heap && self.reclaim() && self.room > self.len {
            let Some(block) = &self.block else { return };
            // SAFETY: as in `grow`: nobody else holds the block, and no view is alive to pin it.
            if self.pins == 0 && unsafe { block.resize(self.len) }.is_ok() {
                (self.data, self.room) = (block.data(), block.capacity());
            }
        }
    }

    /// Freezes a range of the content and hands it out; no byte is copied.
    pub(crate) fn publish(&mut self, range: Range<usize>, trash: &mut Trash) -> Result<Counted<Run>> {
        debug_assert!(!self.is_fixed() && range.end <= self.len);
        let whole = range == (0..self.len);
        if range.is_empty() {
            return self.publish_nothing(whole, trash);
        }
        let again = if whole { self.published_again() } else { None };
        let run = match again {
            Some(run) => run?,
            None => {
                let block = self.block.as_ref().map(Block::retain).transpose()?;
                let run =
                    Counted::new(Run { block, data: self.address(range.start), len: range.len() }, self.allocator)?;
                if whole {
                    let replaced = self.published.replace(run.retain()?);
                    trash.run(replaced);
                }
                run
            }
        };
        self.frozen = self.frozen.max(range.end);
        Ok(run)
    }

    /// Hands out no bytes, which need no block.
    fn publish_nothing(&mut self, whole: bool, trash: &mut Trash) -> Result<Counted<Run>> {
        if whole && let Some(run) = self.published.as_ref().filter(|run| run.len == 0) {
            return run.retain();
        }
        let run = Counted::new(Run::empty(), self.allocator)?;
        if whole {
            let replaced = self.published.replace(run.retain()?);
            trash.run(replaced);
        }
        Ok(run)
    }

    /// The published run once more, if it is the content or, as a spare, can be made so.
    fn published_again(&mut self) -> Option<Result<Counted<Run>>> {
        let (data, len) = (self.data, self.len);
        let run = self.published.as_mut()?;
        if run.data != data || run.len != len {
            let block = self.block.as_ref()?;
            let spare = run.unique().filter(|run| run.block.as_ref().is_some_and(|b| b.same(block)))?;
            (spare.data, spare.len) = (data, len);
        }
        Some(run.retain())
    }

    /// Hands out a copy of a range: what later writes in place do not reach.
    pub(crate) fn detach(&mut self, range: Range<usize>, trash: &mut Trash) -> Result<Counted<Run>> {
        debug_assert!(range.end <= self.len);
        let whole = range == (0..self.len);
        if range.is_empty() {
            return self.publish_nothing(whole, trash);
        }
        let last = self.detached.as_ref().filter(|_| whole).and_then(Weak::upgrade);
        if let Some(run) = last {
            if run.bytes() == self.bytes() {
                return Ok(run);
            }
            trash.run(Some(run));
        }
        let (from, len) = (self.address(range.start), range.len());
        let block = self.heap(len)?;
        // SAFETY: `len` bytes of content; the new block is that large and known to nobody else.
        unsafe { block.data().copy_from_nonoverlapping(from, len) };
        let run = Counted::new(Run { data: block.data(), block: Some(block), len }, self.allocator)?;
        self.statistics.snapshot_copies += 1;
        self.statistics.snapshot_copy_bytes += len as u64;
        if whole {
            self.detached = Some(run.downgrade());
        }
        Ok(run)
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

    /// Takes a pin back; the block goes to the trash.
    pub(crate) fn unpin(&mut self, pin: Option<Block>, trash: &mut Trash) {
        if pin.is_some() && self.is_pinned_by(&pin) {
            self.pins -= 1;
        }
        trash.block(pin);
    }
}
