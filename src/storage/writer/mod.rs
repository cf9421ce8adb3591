//! [`Writer`]: the one party that may change a block's bytes.
//!
//! A stream's content is the first `len` bytes of the writer's block. What snapshots cover is `[0, frozen)`:
//! the mark is the highest end of any run handed out since the writer last was the block's only holder.
//! Beyond it bytes are written in place, as far as there is room; below it a change first *forks* the block,
//! unless every run is gone meanwhile, which the block's count tells.
//!
//! A writer made from a run, or whose block a clone shares, *borrows*: its room ends with its bytes and all of them
//! are frozen, so its first change forks too, or takes the block over when nobody else holds it any more.

mod publish;
mod space;

use std::ptr::NonNull;

use super::block::{Block, Kind};
use super::crossing::Crossing;
use super::region::{Input, NOWHERE, Output};
use super::run::Run;
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
    /// No byte below may change in place without further ado: `frozen`, or more where the block wants to be told.
    floor: usize,
    /// How far [`Writer::put_in_place`] may go: at most `room`, less where the stream says so.
    ceiling: usize,
    /// How many bytes the block can hold from `data` on, for this writer.
    room: usize,
    /// So many bytes at once are better written through the block than through its address.
    bulk: usize,
    /// No byte below may change in place.
    frozen: usize,
    block: Option<Block>,
    /// Whether this writer may write the block beyond its frozen part; a borrower may not.
    owner: bool,
    /// How often yet a fork copies everything, because most of it would be copied page by page anyway.
    dense: u8,
    /// What `dense` will be set to the next time.
    patience: u8,
    crossing: Crossing,
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
    pub(crate) fn new(allocator: Allocator, crossing: Crossing) -> Self {
        Self {
            data: NOWHERE,
            len: 0,
            floor: 0,
            ceiling: 0,
            room: 0,
            bulk: usize::MAX,
            frozen: 0,
            block: None,
            owner: false,
            dense: 0,
            patience: space::PATIENCE,
            crossing,
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
        (self.len, self.room) = (run.len, run.len);
        self.freeze(run.len);
        Ok(())
    }

    /// The first `len` bytes of a block that nobody else writes: a fixed or a foreign one.
    pub(crate) fn over(block: Block, len: usize, allocator: Allocator, crossing: Crossing) -> Self {
        let mut writer = Self::new(allocator, crossing);
        let fixed = block.kind() == Kind::Fixed;
        (writer.data, writer.len, writer.room) = (block.data(), len, block.capacity());
        writer.freeze(if fixed { 0 } else { len });
        writer.block = Some(block);
        writer
    }

    /// Sets the frozen mark, and what follows from it and the block.
    fn freeze(&mut self, frozen: usize) {
        self.frozen = frozen;
        self.floor = frozen.max(self.tracked());
    }

    /// Below this, the block wants to be told of changes.
    fn tracked(&self) -> usize {
        self.block.as_ref().filter(|_| self.owner).map_or(0, Block::tracked)
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

    pub(crate) fn crossing(&self) -> Crossing {
        self.crossing
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
        from < start + self.room && start < from.saturating_add(input.len())
    }

    /// Where the stream lets in-place writes end, whatever the room.
    pub(crate) fn set_ceiling(&mut self, ceiling: usize) {
        self.ceiling = ceiling.min(self.room);
    }

    /// Writes at `at` if that takes no more than a copy: no gap, nothing frozen, room enough, not much at once.
    #[inline(always)]
    pub(crate) fn put_in_place(&mut self, at: usize, input: Input<'_>) -> bool {
        let n = input.len();
        // No bytes are the long way's, which says what is wrong with the stream.
        let fits = at >= self.floor
            && at <= self.len
            && n.wrapping_sub(1) < self.bulk
            && at <= self.ceiling
            && n <= self.ceiling - at;
        if fits {
            // SAFETY: the range ends at or before the ceiling, hence within the room, and begins at or above the
            // floor, so that no run covers it.
            unsafe { input.copy_to(self.data.as_ptr().add(at)) }
            self.len = self.len.max(at + n);
        }
        fits
    }

    /// Lets block and bytes go.
    pub(crate) fn leave(&mut self, trash: &mut Trash) {
        trash.block(self.block.take());
        trash.run(self.published.take());
        // A copy says nothing of another block, even if it holds the same bytes.
        self.detached = None;
        (self.data, self.pins, self.owner) = (NOWHERE, 0, false);
        (self.len, self.room, self.ceiling, self.bulk) = (0, 0, 0, usize::MAX);
        self.freeze(0);
    }

    /// Writes at `at`, in a range that [`open`](Self::open) has made writable, and fills the gap before it.
    pub(crate) fn put(&mut self, at: usize, input: Input<'_>) {
        self.check(at, input.len());
        // From the block into itself only a memmove is right.
        let stored = !self.holds(input) && self.block.as_ref().is_some_and(|block| block.store(at, input));
        if !stored {
            // SAFETY: checked just now.
            unsafe { input.copy_to(self.data.as_ptr().add(at)) }
        }
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
        let start = at.min(self.len);
        if start < self.floor
            && let Some(block) = &self.block
        {
            block.touch(start, at + n);
        }
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
