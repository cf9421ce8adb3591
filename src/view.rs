//! [`View`]: a live window onto a stream's bytes.
//!
//! A view holds what the stream's references share, not a block: it shows whatever block the stream writes into. Beside
//! that it pins the block whose address it last gave out, so that a pointer stays readable when a write has had to
//! move the stream away from bytes that a snapshot keeps. Under a writable view that never happens: what
//! snapshots hold is separated first, and later snapshots are captures, in blocks of their own.

use std::ops::Range;
use std::ptr::NonNull;
use std::sync::{Mutex, PoisonError};

use crate::error::{Error, Result};
use crate::search::{Bytes, Search};
use crate::snapshot::Snapshot;
use crate::storage::{Block, Deferred};
use crate::stream::{Access, Shared, Stream};
use crate::sys::count::Counted;

pub(crate) struct ViewInner {
    shared: Counted<Shared>,
    /// What holds the export open: the view from `getbuffer` that this one is a part of, or this one itself.
    parent: Option<View>,
    range: Range<usize>,
    access: Access,
    /// The block whose address was given out last. Its lock is taken inside the stream's, never around it.
    pin: Mutex<Option<Block>>,
}

/// One reference to a live view of a stream's bytes. The reference may go to any thread; access through the
/// raw pointer is the caller's to order.
pub struct View(pub(crate) Counted<ViewInner>);

impl Stream {
    /// A live view of the whole content. While it or a slice of it is alive, the length cannot change.
    pub fn getbuffer(&self, access: Access) -> Result<View> {
        let shared = self.0.retain()?;
        let allocator = self.0.allocator();
        let deferred = &mut Deferred::default();
        let (pin, len) = shared.try_with(|s| s.export(access, deferred))?;
        let inner = ViewInner { shared, parent: None, range: 0..len, access, pin: Mutex::new(pin) };
        // One for which there is no memory is dropped, which ends the export.
        Counted::new(inner, allocator).map(View)
    }
}

impl View {
    /// `len` bytes from `offset` on; holds the same export.
    pub fn slice(&self, offset: usize, len: usize) -> Result<Self> {
        if offset > self.len() || len > self.len() - offset {
            return Err(Error::Range);
        }
        let start = self.0.range.start + offset;
        self.part(start..start + len, self.0.access)
    }

    /// The same bytes, read-only; holds the same export.
    pub fn to_readonly(&self) -> Result<Self> {
        self.part(self.0.range.clone(), Access::ReadOnly)
    }

    fn part(&self, range: Range<usize>, access: Access) -> Result<Self> {
        // The first view, not this one: a chain of parts of parts would keep them all.
        let root = self.0.parent.as_ref().unwrap_or(self);
        let (shared, parent) = (self.0.shared.retain()?, Some(root.share()?));
        let pin = Mutex::new(shared.try_with(|s| s.pin())?);
        let inner = ViewInner { shared, parent, range, access, pin };
        Counted::new(inner, self.0.allocator()).map(Self)
    }

    /// The address of the bytes. A writable view's never changes. A read-only view's may, when a write through the
    /// stream has to separate it from a snapshot; the one given out before stays readable until the next call
    /// or the view's end.
    pub fn data(&self) -> NonNull<u8> {
        let mut deferred = Deferred::default();
        self.0.shared.with(|s| {
            let mut pin = self.0.pin.lock().unwrap_or_else(PoisonError::into_inner);
            s.repin(&mut pin, self.0.range.start, &mut deferred)
        })
    }

    /// [`data`](Self::data) for writing; `ReadOnly` for a read-only view.
    pub fn data_mut(&self) -> Result<NonNull<u8>> {
        if self.is_readonly() { Err(Error::ReadOnly) } else { Ok(self.data()) }
    }

    /// How many bytes.
    pub fn len(&self) -> usize {
        self.0.range.len()
    }

    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the bytes may only be read.
    pub fn is_readonly(&self) -> bool {
        !self.0.access.is_writable()
    }

    /// The bytes as they are now.
    pub fn snapshot(&self) -> Result<Snapshot> {
        let mut deferred = Deferred::default();
        self.0.shared.try_with(|s| s.snapshot(self.0.range.clone(), &mut deferred))
    }

    /// Another reference to this view.
    pub fn share(&self) -> Result<Self> {
        self.0.retain().map(Self)
    }
}

impl Search for View {}

impl Bytes for View {
    fn search<R>(&self, f: impl FnOnce(&[u8]) -> R) -> R {
        self.0.shared.with(|s| f(&s.content()[self.0.range.clone()]))
    }
}

impl Drop for ViewInner {
    fn drop(&mut self) {
        let mut deferred = Deferred::default();
        let pin = self.pin.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        self.shared.with(|s| {
            s.unpin(pin, &mut deferred);
            if self.parent.is_none() {
                s.unexport(self.access, &mut deferred);
            }
        });
    }
}
