//! [`Stream`]: a seekable, growable byte stream in memory with one position.
//!
//! This module makes streams and ends them; its children hold what streams can do: `position`, `read`,
//! `write`, `size`, `window`, `publish`, `descriptor`.

mod descriptor;
mod position;
mod publish;
mod read;
mod size;
mod state;
mod window;
mod write;

use std::ffi::c_void;
use std::ptr::NonNull;

use crate::error::{Error, Result};
use crate::options::{Locking, NO_LIMIT, Options};
use crate::snapshot::Snapshot;
use crate::storage::{Block, Crossing, Input, Keep, Kind, ReleaseFn, Statistics, Trash, Writer};
use crate::sys::alloc::Allocator;
use crate::sys::count::Counted;
use crate::sys::lock::Lock;
use crate::sys::sync::{AtomicUsize, Ordering};
use crate::sys::threads;

pub use descriptor::Moved;
pub use position::Whence;
pub use read::Borrowed;
use state::Health;
pub(crate) use state::State;
pub use window::Window;

/// What all references to a stream share, and what its views keep after the last of them.
pub(crate) struct Core {
    lock: Lock<State>,
    /// References that may use the stream; the views' are not among them.
    owners: AtomicUsize,
}

/// One reference to a stream. Any thread may hold one; each call is atomic with respect to every other.
pub struct Stream(pub(crate) Counted<Core>);

impl Core {
    #[inline]
    pub(crate) fn with<R>(&self, f: impl FnOnce(&mut State) -> R) -> R {
        self.lock.with(f)
    }

    #[inline]
    pub(crate) fn try_with<R>(&self, f: impl FnOnce(&mut State) -> Result<R>) -> Result<R> {
        self.lock.try_with(f)
    }

    #[inline(always)]
    fn try_fast<A, R>(&self, argument: A, f: impl FnOnce(&mut State, A) -> R) -> Option<R> {
        self.lock.try_fast(argument, f)
    }
}

impl Stream {
    /// An empty stream.
    pub fn new() -> Result<Self> {
        Self::with_options(&Options::default())
    }

    /// An empty stream, as the options say.
    pub fn with_options(options: &Options) -> Result<Self> {
        let mut writer = Writer::new(options.allocator, Crossing::of(options.mapped_from));
        if options.capacity as u64 > options.limit {
            return Err(Error::Limit);
        }
        if options.capacity > 0 {
            writer.open(0, options.capacity, Keep::All, false, &mut Trash::default())?;
        }
        Self::over(writer, options.limit, options.locking)
    }

    /// A stream that holds a copy of `data`, at position 0.
    pub fn from_bytes<'a>(data: impl Into<Input<'a>>) -> Result<Self> {
        let data = data.into();
        let mut writer = Writer::new(Allocator::SYSTEM, Crossing::of(0));
        if data.len() > 0 {
            writer.open(0, data.len(), Keep::Outside, false, &mut Trash::default())?;
            writer.put(0, data);
        }
        Self::over(writer, NO_LIMIT, Locking::ON)
    }

    /// A stream with a snapshot's bytes, shared until its first change, at position 0.
    pub fn from_snapshot(snapshot: &Snapshot) -> Result<Self> {
        let mut writer = Writer::new(snapshot.allocator(), Crossing::of(0));
        writer.borrow(snapshot.run(), &mut Trash::default())?;
        Self::over(writer, NO_LIMIT, Locking::ON)
    }

    /// A stream over foreign memory, read in place until the first change leaves it.
    ///
    /// # Safety
    /// `data` is NULL for no bytes, or its `len` bytes stay readable and unchanged until `release` is called, which any thread may do, and the
    /// callback does not unwind. On failure it is not called.
    pub unsafe fn adopt(data: *const c_void, len: usize, release: Option<ReleaseFn>, ctx: *mut c_void) -> Result<Self> {
        State::check_len(len)?;
        // The stream first, so that its failure has no memory to give back.
        let stream = Self::new()?;
        // SAFETY: passed on from the caller.
        let block = unsafe { Block::foreign(data, len, release, ctx) }?;
        stream.install(Writer::over(block, len, Allocator::SYSTEM, Crossing::of(0)));
        Ok(stream)
    }

    /// A stream over the caller's own memory, whose first `len` bytes are its content; it never grows beyond
    /// `capacity`.
    ///
    /// # Safety
    /// The memory is readable and writable until stream and views are gone.
    pub unsafe fn over_fixed(data: NonNull<u8>, capacity: usize, len: usize) -> Result<Self> {
        State::check_len(capacity)?;
        if len > capacity {
            return Err(Error::Invalid);
        }
        // SAFETY: passed on from the caller.
        let block = unsafe { Block::fixed(data, capacity) }?;
        Self::over(Writer::over(block, len, Allocator::SYSTEM, Crossing::of(0)), NO_LIMIT, Locking::ON)
    }

    fn over(writer: Writer, limit: u64, locking: Locking) -> Result<Self> {
        threads::detect();
        let allocator = writer.allocator();
        let lock = Lock::new(State::new(writer, limit), !locking.is_on());
        Counted::new(Core { lock, owners: AtomicUsize::new(1) }, allocator).map(Self)
    }

    fn install(&self, writer: Writer) {
        self.0.with(|s| {
            s.writer = writer;
            s.refresh();
        });
    }

    /// Another stream with the same bytes, position and options, independent from here on.
    pub fn duplicate(&self) -> Result<Self> {
        // SAFETY: the twin is used as the options of this one said.
        let locking = if self.0.lock.opted_out() { unsafe { Locking::off() } } else { Locking::ON };
        let (snapshot, position, limit, crossing) = self.inspect_with_trash(|s, trash| {
            let all = 0..s.writer.len();
            Ok((Snapshot::of(s, all, trash)?, s.position, s.limit, s.writer.crossing()))
        })?;
        let mut writer = Writer::new(snapshot.allocator(), crossing);
        writer.borrow(snapshot.run(), &mut Trash::default())?;
        let stream = Self::over(writer, limit, locking)?;
        stream.0.with(|s| s.position = position);
        Ok(stream)
    }

    /// Another reference to this stream.
    pub fn share(&self) -> Result<Self> {
        let counted = self.0.retain()?;
        // Relaxed, as any count going up: this reference keeps the number above zero.
        self.0.owners.fetch_add(1, Ordering::Relaxed);
        Ok(Self(counted))
    }

    /// Closes the stream; its bytes go at once, unless snapshots or views hold them. Closing again does nothing.
    pub fn close(&self) -> Result<()> {
        self.end(|_, _| Ok(()))
    }

    /// Closes the stream and hands its bytes over as a snapshot.
    pub fn close_take(&self) -> Result<Snapshot> {
        self.end(|s, trash| {
            s.check_open()?;
            let all = 0..s.writer.len();
            Snapshot::of(s, all, trash)
        })
    }

    fn end<R>(&self, last_words: impl FnOnce(&mut State, &mut Trash) -> Result<R>) -> Result<R> {
        let mut trash = Trash::default();
        self.0.try_with(|s| {
            if s.health == Health::Broken {
                return Err(Error::Internal);
            }
            s.check_no_window()?;
            let result = last_words(s, &mut trash)?;
            s.health = Health::Closed;
            s.let_go_if_over(&mut trash);
            Ok(result)
        })
    }

    /// Whether the stream is closed.
    pub fn is_closed(&self) -> bool {
        self.0.with(|s| s.health == Health::Closed)
    }

    /// What the storage has had to do for this stream, and what it is made of now.
    pub fn statistics(&self) -> Result<(Statistics, Kind)> {
        self.inspect(|s| Ok((s.writer.statistics, s.writer.kind())))
    }

    /// Gives this reference out as a raw pointer.
    pub(crate) fn into_raw(self) -> NonNull<c_void> {
        let stream = std::mem::ManuallyDrop::new(self);
        // SAFETY: `self` is not dropped, so the count is moved, not doubled.
        unsafe { std::ptr::read(&stream.0) }.into_raw()
    }

    /// Takes a reference back that [`into_raw`](Self::into_raw) gave out.
    ///
    /// # Safety
    /// As for [`Counted::from_raw`].
    pub(crate) unsafe fn from_raw(ptr: NonNull<c_void>) -> Self {
        // SAFETY: passed on from the caller.
        Self(unsafe { Counted::from_raw(ptr) })
    }

    /// Marks the stream as broken: a panic has happened in a call on it, outside the lock.
    pub(crate) fn poison(&self) {
        self.0.with(crate::sys::lock::Poison::poison);
    }

    /// A call that leaves length, bytes and memory as they are.
    #[inline]
    fn inspect<R>(&self, f: impl FnOnce(&mut State) -> Result<R>) -> Result<R> {
        self.0.try_with(|s| {
            s.check_open()?;
            f(s)
        })
    }

    /// As [`inspect`](Self::inspect), where something may have to be dropped after the lock.
    pub(crate) fn inspect_with_trash<R>(&self, f: impl FnOnce(&mut State, &mut Trash) -> Result<R>) -> Result<R> {
        let mut trash = Trash::default();
        self.inspect(|s| f(s, &mut trash))
    }

    /// A call that may change length, bytes or memory.
    pub(crate) fn change<R>(&self, f: impl FnOnce(&mut State, &mut Trash) -> Result<R>) -> Result<R> {
        self.inspect_with_trash(|s, trash| {
            s.check_no_window()?;
            let result = f(s, trash);
            s.refresh();
            result
        })
    }
}

impl State {
    /// Of a closed stream, what no view needs any more.
    pub(crate) fn let_go_if_over(&mut self, trash: &mut Trash) {
        if self.health != Health::Open {
            self.writer.set_ceiling(0);
            if self.exports == 0 {
                self.writer.leave(trash);
            }
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        // AcqRel, for what other owners did comes before the end. Views keep the core, not the stream: if
        // there are any, the stream is closed under them; if not, the core goes with this reference.
        if self.0.owners.fetch_sub(1, Ordering::AcqRel) == 1 && self.0.holders() > 1 {
            let mut trash = Trash::default();
            self.0.with(|s| {
                s.health = Health::Closed;
                Window::discard(s, &mut trash);
                s.let_go_if_over(&mut trash);
            });
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
