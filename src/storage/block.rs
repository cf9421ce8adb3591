//! [`Block`]: a counted, contiguous run of memory with a capacity, of one of several kinds.
//!
//! This is the seam between what streams mean and where bytes are: everything above sees bytes up to a
//! length, room beyond it, how many hold the block, growth, and a new block with the same bytes. A further kind of
//! memory is a further [`Body`].

use std::cell::Cell;
use std::ffi::c_void;
use std::ptr::NonNull;

use super::foreign::{Foreign, ReleaseFn};
use super::heap;
#[cfg(mapped)]
use super::mapped::{self, Live, Mapping};
use super::region::{Input, NOWHERE};
use crate::error::{Error, Result};
use crate::sys::alloc::Allocator;
use crate::sys::count::Counted;
#[cfg(mapped)]
use crate::sys::vm;

/// What a stream's bytes are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nothing has been allocated.
    None,
    /// Memory from the stream's allocator.
    Heap,
    /// Adopted memory, read-only to the library.
    Foreign,
    /// The caller's own memory, written in place.
    Fixed,
    /// Pages of a file in memory.
    Mapped,
}

enum Body {
    Heap,
    #[cfg(mapped)]
    Mapped(Mapping),
    Foreign(Foreign),
    Fixed,
}

struct Header {
    /// Changed only by the block's one writer, under its stream's lock, while it is the only party that
    /// looks at them: runs carry their own address and length.
    data: Cell<NonNull<u8>>,
    capacity: Cell<usize>,
    body: Body,
    allocator: Allocator,
}

// SAFETY: the cells are used by one writer at a time (see the field's text), the rest is only read.
unsafe impl Send for Header {}
// SAFETY: as above.
unsafe impl Sync for Header {}

impl Drop for Header {
    fn drop(&mut self) {
        if let Body::Heap = self.body {
            // SAFETY: a heap body's memory is its own, of this capacity, and nobody holds the block any more.
            unsafe { heap::free(self.data.get(), self.capacity.get(), self.allocator) }
        }
    }
}

/// One reference to a block.
pub(crate) struct Block(Counted<Header>);

impl Block {
    /// Heap memory of `capacity` bytes, which must not be zero; its bytes are not initialised.
    pub(crate) fn heap(capacity: usize, allocator: Allocator) -> Result<Self> {
        let data = heap::allocate(capacity, allocator)?;
        Self::new(data, capacity, Body::Heap, allocator).inspect_err(|_| {
            // SAFETY: allocated just now; `new` takes ownership only on success.
            unsafe { heap::free(data, capacity, allocator) }
        })
    }

    /// Adopted memory. On failure the callback is not called: the memory is still its giver's.
    ///
    /// # Safety
    /// `data` is NULL for no bytes, or its `len` bytes stay readable and unchanged until `release` is called, which
    /// any thread may do.
    pub(crate) unsafe fn foreign(
        data: *const c_void,
        len: usize,
        release: Option<ReleaseFn>,
        ctx: *mut c_void,
    ) -> Result<Self> {
        let foreign = Foreign::new(data.cast_mut(), len, release, ctx);
        let data = NonNull::new(data.cast_mut().cast()).unwrap_or(NOWHERE);
        Self::new(data, len, Body::Foreign(foreign), Allocator::SYSTEM)
    }

    /// The caller's own memory, written in place.
    ///
    /// # Safety
    /// The memory is readable and writable as long as the block lives.
    pub(crate) unsafe fn fixed(data: NonNull<u8>, capacity: usize) -> Result<Self> {
        Self::new(data, capacity, Body::Fixed, Allocator::SYSTEM)
    }

    /// Owns what `body` says it owns on success only.
    fn new(data: NonNull<u8>, capacity: usize, body: Body, allocator: Allocator) -> Result<Self> {
        // The body goes in last: were it in a header that is dropped for want of memory, it would be released.
        let header = Header { data: Cell::new(data), capacity: Cell::new(capacity), body: Body::Fixed, allocator };
        match Counted::new(header, allocator) {
            Ok(mut counted) => {
                counted.unique().expect("made just now").body = body;
                Ok(Self(counted))
            }
            Err(error) => {
                if let Body::Foreign(mut foreign) = body {
                    foreign.disarm();
                }
                Err(error)
            }
        }
    }

    /// Pages of a file in memory, with room for `capacity` bytes; their content is whatever it is.
    #[cfg(mapped)]
    pub(super) fn mapped(capacity: usize) -> Result<Self> {
        Self::of_mapping(|still| Mapping::create(capacity, still).map(|mapping| (mapping, ()))).map(|(block, ())| block)
    }

    /// A block around a mapping, made while no fork can happen and noticed by forks from its first moment on.
    #[cfg(mapped)]
    fn of_mapping<X>(make: impl FnOnce(&mapped::Still) -> vm::Result<(Mapping, X)>) -> Result<(Self, X)> {
        // Declared first, dropped last: a mapping may not be dropped while forks are kept away.
        let mut block = Self::new(NOWHERE, 0, Body::Fixed, Allocator::SYSTEM)?;
        let still = mapped::still().map_err(|_| Error::NoMem)?;
        let (mapping, extra) = make(&still).map_err(|_| Error::NoMem)?;
        let header = block.0.unique().ok_or(Error::NoMem)?;
        (header.data, header.capacity) = (Cell::new(mapping.base()), Cell::new(mapping.size()));
        header.body = Body::Mapped(mapping);
        block.mapping().map_or(Err(vm::Refused), |mapping| mapping.settle(&still)).map_err(|_| Error::NoMem)?;
        drop(still);
        Ok((block, extra))
    }

    /// The mapping of a mapped block.
    #[cfg(mapped)]
    pub(super) fn mapping(&self) -> Option<&Mapping> {
        match &self.0.body {
            Body::Mapped(mapping) => Some(mapping),
            _ => None,
        }
    }

    /// The writer's next block in the same file, this one's mapping being left to its runs; how many bytes of it are
    /// tracked goes with it. Refused for other kinds.
    #[cfg(mapped)]
    pub(super) fn successor(&self, frozen: usize, needed: usize) -> Result<(Self, usize)> {
        let mapping = self.mapping().ok_or(Error::Unsupported)?;
        let made = Self::of_mapping(|still| mapping.successor(frozen, needed, still))?;
        mapping.retire();
        Ok(made)
    }

    /// A snapshot's block while a view goes on writing to this one; `None` if `last` still says it all.
    #[cfg(mapped)]
    pub(super) fn live(&self, len: usize, last: Option<&[u8]>) -> Result<Option<(Self, usize)>> {
        let mapping = self.mapping().ok_or(Error::Unsupported)?;
        let mut same = false;
        let made = Self::of_mapping(|still| match mapping.live(len, last, still)? {
            Live::New(next, copied) => Ok((next, copied)),
            Live::Same => {
                same = true;
                Err(vm::Refused)
            }
        });
        if same { Ok(None) } else { made.map(Some) }
    }

    /// Below this, changes in place have to be announced by [`touch`](Self::touch).
    pub(super) fn tracked(&self) -> usize {
        #[cfg(mapped)]
        if let Some(mapping) = self.mapping() {
            return mapping.tracked();
        }
        0
    }

    /// The bytes in `[from, to)` are about to change in place.
    pub(super) fn touch(&self, from: usize, to: usize) {
        #[cfg(mapped)]
        if let Some(mapping) = self.mapping() {
            mapping.touch(from, to);
        }
        #[cfg(not(mapped))]
        let _ = (from, to);
    }

    /// Writes `input` at `at` by another way than the address, where that is cheaper; says whether it has. Only for the
    /// block's writer, and as if through the address.
    pub(super) fn store(&self, at: usize, input: Input<'_>) -> bool {
        #[cfg(mapped)]
        if let Some(mapping) = self.mapping() {
            return mapping.store(at, input);
        }
        let _ = (at, input);
        false
    }

    /// From how many bytes on [`store`](Self::store) is worth asking.
    pub(super) fn bulk(&self) -> usize {
        #[cfg(mapped)]
        if self.mapping().is_some() {
            return mapped::BULK;
        }
        usize::MAX
    }

    /// Whether the block's bytes may be changed by whoever alone holds it.
    pub(super) fn is_writable(&self) -> bool {
        match &self.0.body {
            Body::Heap => true,
            #[cfg(mapped)]
            Body::Mapped(mapping) => !mapping.is_retired(),
            Body::Foreign(_) | Body::Fixed => false,
        }
    }

    pub(crate) fn retain(&self) -> Result<Self> {
        self.0.retain().map(Self)
    }

    /// How many references there are; see [`Counted::holders`] for what seeing few of them means.
    pub(super) fn holders(&self) -> usize {
        self.0.holders()
    }

    pub(crate) fn same(&self, other: &Self) -> bool {
        self.0.same(&other.0)
    }

    pub(crate) fn data(&self) -> NonNull<u8> {
        self.0.data.get()
    }

    pub(crate) fn capacity(&self) -> usize {
        self.0.capacity.get()
    }

    /// The first `n` bytes, as something to be copied; somebody has written them.
    pub(crate) fn front(&self, n: usize) -> Input<'_> {
        assert!(n <= self.capacity());
        // SAFETY: within the block, which lives as long as this reference.
        unsafe { Input::from_raw(self.data(), n) }
    }

    pub(super) fn kind(&self) -> Kind {
        match self.0.body {
            Body::Heap => Kind::Heap,
            #[cfg(mapped)]
            Body::Mapped(_) => Kind::Mapped,
            Body::Foreign(_) => Kind::Foreign,
            Body::Fixed => Kind::Fixed,
        }
    }

    /// Makes a heap block larger or smaller, perhaps elsewhere, keeping the bytes that fit.
    ///
    /// # Safety
    /// The caller is the block's writer, and no pointer into the block is used again.
    pub(super) unsafe fn resize(&self, capacity: usize) -> Result<()> {
        debug_assert!(matches!(self.0.body, Body::Heap));
        // SAFETY: a heap body's memory came from `heap` with this capacity and allocator.
        let data = unsafe { heap::resize(self.data(), self.capacity(), capacity, self.0.allocator) }?;
        self.0.data.set(data);
        self.0.capacity.set(capacity);
        Ok(())
    }
}
