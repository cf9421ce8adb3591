//! [`Snapshot`]: an immutable run of bytes at one address.

use std::ffi::c_void;
use std::ops::{Deref, Range};

use crate::error::{Error, Result};
use crate::search::{Bytes, Search};
use crate::storage::{Block, Crossing, Input, Keep, ReleaseFn, Run, Trash, Writer};
use crate::stream::{State, Stream};
use crate::sys::alloc::Allocator;
use crate::sys::count::Counted;
use crate::sys::threads;

/// Bytes that never change, move or shrink while a reference to them is held.
///
/// Cheap to share, from any thread, and independent of the stream they came from.
pub struct Snapshot(pub(crate) Counted<Run>);

impl Snapshot {
    /// A copy of `data`.
    pub fn copied<'a>(data: impl Into<Input<'a>>) -> Result<Self> {
        threads::detect();
        let (data, trash) = (data.into(), &mut Trash::default());
        let mut writer = Writer::new(Allocator::SYSTEM, Crossing::of(0));
        if data.len() > 0 {
            writer.open(0, data.len(), Keep::Outside, false, trash)?;
            writer.put(0, data);
        }
        writer.publish(0..data.len(), trash).map(Self)
    }

    /// Foreign memory, without a copy.
    ///
    /// # Safety
    /// `data` is NULL for no bytes, or its `len` bytes stay readable and unchanged until `release` is called, which any thread may do, and the
    /// callback does not unwind. On failure it is not called.
    pub unsafe fn adopt(data: *const c_void, len: usize, release: Option<ReleaseFn>, ctx: *mut c_void) -> Result<Self> {
        threads::detect();
        State::check_len(len)?;
        // The handle first, so that its failure has no memory to give back.
        let mut run = Counted::new(Run::empty(), Allocator::SYSTEM)?;
        // SAFETY: passed on from the caller.
        let block = unsafe { Block::foreign(data, len, release, ctx) }?;
        *run.unique().expect("made just now") = Run::whole(block, len);
        Ok(Self(run))
    }

    /// A range of a stream's content: shared, unless the bytes may change at their address.
    pub(crate) fn of(state: &mut State, range: Range<usize>, trash: &mut Trash) -> Result<Self> {
        state.publish(range, trash).map(Self)
    }

    /// `len` bytes from `offset` on, of the same memory.
    pub fn slice(&self, offset: usize, len: usize) -> Result<Self> {
        if offset > self.len() || len > self.len() - offset {
            return Err(Error::Range);
        }
        Counted::new(self.0.slice(offset, len)?, self.allocator()).map(Self)
    }

    /// A stream of these bytes; if this was the last reference to them, its changes copy nothing.
    pub fn into_stream(self) -> std::result::Result<Stream, (Self, Error)> {
        Stream::from_snapshot(&self).map_err(|error| (self, error))
    }

    /// Another reference to this snapshot.
    pub fn share(&self) -> Result<Self> {
        self.0.retain().map(Self)
    }

    pub(crate) fn run(&self) -> &Run {
        &self.0
    }

    pub(crate) fn allocator(&self) -> Allocator {
        self.0.allocator()
    }
}

impl Deref for Snapshot {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        self.0.bytes()
    }
}

impl AsRef<[u8]> for Snapshot {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl Search for Snapshot {}

impl Bytes for Snapshot {
    fn search<R>(&self, f: impl FnOnce(&[u8]) -> R) -> R {
        f(self)
    }
}
