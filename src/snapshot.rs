//! [`Snapshot`]: immutable bytes at one address.

use std::ffi::c_void;
use std::ops::Deref;

use crate::error::{Error, Result};
use crate::search::{Bytes, Search};
use crate::storage::{Block, Deferred, Frozen, Keep, Policy, ReleaseFn, Writer};
use crate::sys::alloc::Allocator;
use crate::sys::count::Counted;
use crate::sys::memory::{Input, check_len};
use crate::sys::threads;

/// Bytes that never change, move or shrink while a reference to them is held.
///
/// Cheap to share, from any thread, and independent of the stream they came from.
pub struct Snapshot(pub(crate) Counted<Frozen>);

impl Snapshot {
    /// A copy of `data`.
    pub fn copied<'a>(data: impl Into<Input<'a>>) -> Result<Self> {
        threads::detect();
        let (data, deferred) = (data.into(), &mut Deferred::default());
        let mut writer = Writer::new(Allocator::SYSTEM, Policy::for_constant_bytes());
        if data.len() > 0 {
            writer.make_writable(0, data.len(), Keep::Outside, false, deferred)?;
            writer.put(0, data);
        }
        writer.freeze(0..data.len(), deferred).map(Self)
    }

    /// Foreign memory, without a copy.
    ///
    /// # Safety
    /// `data` is NULL for no bytes, or its `len` bytes stay readable and unchanged until `release` is called, which any
    /// thread may do, and the callback does not unwind. On failure it is not called.
    pub unsafe fn adopt(data: *const c_void, len: usize, release: Option<ReleaseFn>, ctx: *mut c_void) -> Result<Self> {
        threads::detect();
        check_len(len)?;
        // The handle first, so that its failure has no memory to give back.
        let mut frozen = Counted::new(Frozen::empty(), Allocator::SYSTEM)?;
        // SAFETY: passed on from the caller.
        let block = unsafe { Block::foreign(data, len, release, ctx) }?;
        *frozen.unique().expect("made just now") = Frozen::whole(block, len);
        Ok(Self(frozen))
    }

    /// `len` bytes from `offset` on, of the same memory.
    pub fn slice(&self, offset: usize, len: usize) -> Result<Self> {
        if offset > self.len() || len > self.len() - offset {
            return Err(Error::Range);
        }
        Counted::new(self.0.slice(offset, len)?, self.allocator()).map(Self)
    }

    /// Another reference to this snapshot.
    pub fn share(&self) -> Result<Self> {
        self.0.retain().map(Self)
    }

    pub(crate) fn frozen(&self) -> &Frozen {
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
