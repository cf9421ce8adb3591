//! [`Stream`]: a seekable, growable byte stream in memory with one position.
//!
//! This module makes streams and ends them; its children hold what streams can do: `position`, `read`,
//! `write`, `size`, `memory`, `window`, `export`, `descriptor`, `file`, `cursor`.

mod cursor;
mod descriptor;
mod export;
mod file;
mod memory;
mod position;
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
use crate::storage::{Block, Deferred, Keep, Kind, Policy, ReleaseFn, Statistics, Writer};
use crate::sys::alloc::{Allocator, AllocatorGuard};
use crate::sys::count::Counted;
use crate::sys::lock::{Lock, Value};
use crate::sys::memory::{Input, check_len};
use crate::sys::sync::{AtomicUsize, Ordering};
use crate::sys::threads;

pub use descriptor::Moved;
pub use export::Access;
pub(crate) use file::{File, Mode};
pub use position::Whence;
pub use read::Borrowed;
use state::Health;
pub(crate) use state::State;

/// What all references to a stream share, and what its views keep after the last of them.
pub(crate) struct Shared {
    lock: Lock<State>,
    /// References that may use the stream; the views' are not among them.
    owners: AtomicUsize,
}

/// One reference to a stream. Any thread may hold one; each call is atomic with respect to every other.
pub struct Stream(pub(crate) Counted<Shared>);

impl Shared {
    #[inline]
    pub(crate) fn with<R>(&self, f: impl FnOnce(&mut State) -> R) -> R {
        self.lock.with(f)
    }

    #[inline]
    pub(crate) fn try_with<R>(&self, f: impl FnOnce(&mut State) -> Result<R>) -> Result<R> {
        self.lock.try_with(f)
    }

    /// The fast door's way in: [`with`](Self::with) where that takes no lock. `f` must not panic.
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
        if options.capacity as u64 > options.limit {
            return Err(Error::Limit);
        }
        let guard = AllocatorGuard::new(options.allocator)?;
        let mut writer = Writer::new(guard.allocator(), Policy::of(options.mapped_from));
        if options.capacity > 0 {
            writer.make_writable(0, options.capacity, Keep::All, false, &mut Deferred::default())?;
        }
        let stream = Self::over(writer, options.limit, options.locking)?;
        guard.commit();
        Ok(stream)
    }

    /// A stream that holds a copy of `data`, at position 0.
    pub fn from_bytes<'a>(data: impl Into<Input<'a>>) -> Result<Self> {
        let copy = Snapshot::copied(data)?;
        let stream = Self::from_snapshot(&copy)?;
        drop(copy);
        Ok(stream)
    }

    /// A stream with a snapshot's bytes, shared until its first change, at position 0.
    pub fn from_snapshot(snapshot: &Snapshot) -> Result<Self> {
        let mut writer = Writer::new(snapshot.allocator(), Policy::of(0));
        writer.borrow(snapshot.frozen(), &mut Deferred::default())?;
        Self::over(writer, NO_LIMIT, Locking::ON)
    }

    /// A stream over foreign memory, read in place until the first change leaves it.
    ///
    /// # Safety
    /// `data` is NULL for no bytes, or its `len` bytes stay readable and unchanged until `release` is called, which any
    /// thread may do, and the callback does not unwind. On failure it is not called.
    pub unsafe fn adopt(data: *const c_void, len: usize, release: Option<ReleaseFn>, ctx: *mut c_void) -> Result<Self> {
        check_len(len)?;
        // The stream first, so that its failure has no memory to give back.
        let stream = Self::new()?;
        // SAFETY: passed on from the caller.
        let block = unsafe { Block::foreign(data, len, release, ctx) }?;
        stream.install(Writer::over(block, len, Allocator::SYSTEM, Policy::of(0)));
        Ok(stream)
    }

    /// A stream over the caller's own memory, whose first `len` bytes are its content; it never grows beyond
    /// `capacity`.
    ///
    /// # Safety
    /// The memory is readable and writable until stream and views are gone.
    pub unsafe fn over_fixed(data: NonNull<u8>, capacity: usize, len: usize) -> Result<Self> {
        check_len(capacity)?;
        if len > capacity {
            return Err(Error::Invalid);
        }
        // SAFETY: passed on from the caller.
        let block = unsafe { Block::fixed(data, capacity) }?;
        Self::over(Writer::over(block, len, Allocator::SYSTEM, Policy::of(0)), NO_LIMIT, Locking::ON)
    }

    fn over(writer: Writer, limit: u64, locking: Locking) -> Result<Self> {
        threads::detect();
        let allocator = writer.allocator();
        let lock = Lock::new(State::new(writer, limit), !locking.is_on());
        Counted::new(Shared { lock, owners: AtomicUsize::new(1) }, allocator).map(Self)
    }

    fn install(&self, writer: Writer) {
        self.0.with(|s| {
            s.writer = writer;
            s.update_max_len();
        });
    }

    /// Another stream with the same bytes, position and options, independent from here on.
    pub fn duplicate(&self) -> Result<Self> {
        // SAFETY: the twin is used as the options of this one said.
        let locking = if self.0.lock.opted_out() { unsafe { Locking::off() } } else { Locking::ON };
        let (snapshot, position, limit, policy) = self.inspect_deferring(|s, deferred| {
            let all = 0..s.writer.len();
            Ok((s.snapshot(all, deferred)?, s.position, s.limit, s.writer.policy()))
        })?;
        let mut writer = Writer::new(snapshot.allocator(), policy);
        writer.borrow(snapshot.frozen(), &mut Deferred::default())?;
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

    /// Closes the stream and gives an open window up; its bytes go at once, unless snapshots or views hold them.
    /// Closing again does nothing.
    pub fn close(&self) -> Result<()> {
        self.end(|_, _| Ok(()))
    }

    /// Closes the stream, as [`close`](Self::close) does, and hands its bytes over as a snapshot.
    pub fn close_take(&self) -> Result<Snapshot> {
        self.end(|s, deferred| {
            s.check_open()?;
            let all = 0..s.writer.len();
            s.snapshot(all, deferred)
        })
    }

    fn end<R>(&self, last_words: impl FnOnce(&mut State, &mut Deferred) -> Result<R>) -> Result<R> {
        let mut deferred = Deferred::default();
        self.0.try_with(|s| {
            if s.health == Health::Broken {
                return Err(Error::Internal);
            }
            let result = last_words(s, &mut deferred)?;
            s.discard_window(&mut deferred);
            s.health = Health::Closed;
            s.let_go_if_over(&mut deferred);
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

    /// Where this reference's memory came from.
    pub(crate) fn allocator(&self) -> Allocator {
        self.0.allocator()
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
        self.0.with(Value::poison);
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
    pub(crate) fn inspect_deferring<R>(&self, f: impl FnOnce(&mut State, &mut Deferred) -> Result<R>) -> Result<R> {
        let mut deferred = Deferred::default();
        self.inspect(|s| f(s, &mut deferred))
    }

    /// A call that may change length, bytes or memory.
    pub(crate) fn change<R>(&self, f: impl FnOnce(&mut State, &mut Deferred) -> Result<R>) -> Result<R> {
        let mut deferred = Deferred::default();
        self.0.try_with(|s| s.change(&mut deferred, f))
    }

    /// As [`change`](Self::change), unless `in_place` says that it has done all there is to do, and left nothing
    /// behind.
    #[inline(always)]
    fn change_unless(
        &self,
        in_place: impl FnOnce(&mut State) -> bool,
        f: impl FnOnce(&mut State, &mut Deferred) -> Result<()>,
    ) -> Result<()> {
        let mut deferred = None;
        self.0.try_with(|s| if in_place(s) { Ok(()) } else { s.change(deferred.insert(Deferred::default()), f) })
    }
}

impl State {
    /// Runs `f` where changes are allowed, and brings up to date what hangs on them.
    fn change<R>(
        &mut self,
        deferred: &mut Deferred,
        f: impl FnOnce(&mut Self, &mut Deferred) -> Result<R>,
    ) -> Result<R> {
        self.check_open()?;
        self.check_no_window()?;
        let result = f(self, deferred);
        self.update_max_len();
        result
    }

    /// Of a closed stream, what no view needs any more.
    pub(crate) fn let_go_if_over(&mut self, deferred: &mut Deferred) {
        if self.health != Health::Open {
            self.writer.set_max_len(0);
            if self.exports.all == 0 {
                self.writer.leave(deferred);
            }
        }
    }
}

impl Snapshot {
    /// A stream of these bytes; if this was the last reference to them, its changes copy nothing.
    pub fn into_stream(self) -> std::result::Result<Stream, (Self, Error)> {
        Stream::from_snapshot(&self).map_err(|error| (self, error))
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        // AcqRel, for what other owners did comes before the end. Views keep what is shared, not the stream: if
        // there are any, the stream is closed under them; if not, all goes with this reference.
        if self.0.owners.fetch_sub(1, Ordering::AcqRel) == 1 && self.0.holders() > 1 {
            let mut deferred = Deferred::default();
            self.0.with(|s| {
                s.health = Health::Closed;
                s.discard_window(&mut deferred);
                s.let_go_if_over(&mut deferred);
            });
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
