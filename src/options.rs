//! [`Options`]: what can be chosen when a stream is made.

use crate::sys::alloc::Hooks;

/// A limit that no length reaches.
pub const NO_LIMIT: u64 = u64::MAX;

/// What can be chosen when a stream is made.
#[derive(Clone, Copy)]
pub struct Options {
    /// Bytes to make room for at once.
    pub capacity: usize,
    /// The length beyond which the stream refuses to grow; [`NO_LIMIT`] for none.
    pub limit: u64,
    /// The size in bytes from which blocks are mapped, in place of all sizes of the default; `usize::MAX` for never, 0
    /// for the default. Streams with an allocator of their own have no mapped blocks.
    pub mapped_from: usize,
    /// Whether calls from several threads are put in order by the stream.
    pub locking: Locking,
    /// Where the stream's memory comes from, and that of its snapshots, views and clones; `None` for malloc.
    pub allocator: Option<Hooks>,
}

/// Whether a stream has a lock.
#[derive(Clone, Copy)]
pub struct Locking(bool);

impl Locking {
    /// Any thread may use the stream at any time.
    pub const ON: Self = Self(true);

    /// No lock.
    ///
    /// # Safety
    /// Whoever holds references to the stream, its views included, orders all calls.
    pub unsafe fn off() -> Self {
        Self(false)
    }

    pub(crate) fn is_on(self) -> bool {
        self.0
    }
}

impl Default for Options {
    fn default() -> Self {
        Self { capacity: 0, limit: NO_LIMIT, mapped_from: 0, locking: Locking::ON, allocator: None }
    }
}
