//! [`Backing`]: the kinds of memory that a block is made of, each with its own way to grow, to be written and to end.
//!
//! This is the seam below which kinds differ. A further kind is a further variant, and answers the same questions.

mod foreign;
pub(super) mod heap;
#[cfg(mapped)]
mod mapped;
#[cfg(not(mapped))]
#[path = "unmapped.rs"]
mod mapped;

use std::ops::Range;
use std::ptr::NonNull;

use super::block::Kind;
use crate::sys::alloc::Allocator;
use crate::sys::memory::Input;

pub(crate) use foreign::Foreign;
pub use foreign::ReleaseFn;
pub(super) use mapped::{Mapping, has_emptied, trim};

pub(super) enum Backing {
    /// Memory from an allocator.
    Heap,
    /// A range of addresses that shows a file in memory.
    Mapped(Mapping),
    /// Adopted memory, read-only.
    #[expect(dead_code, reason = "what it does it does when it is dropped")]
    Foreign(Foreign),
    /// The caller's own memory, written in place.
    Fixed,
}

impl Backing {
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Heap => Kind::Heap,
            Self::Mapped(_) => Kind::Mapped,
            Self::Foreign(_) => Kind::Foreign,
            Self::Fixed => Kind::Fixed,
        }
    }

    /// Whether who alone holds the block may change its bytes. What a snapshot would share with fixed memory it gets
    /// as a copy, so that nobody else ever holds that.
    pub(super) fn is_writable(&self) -> bool {
        match self {
            Self::Heap | Self::Fixed => true,
            Self::Mapped(mapping) => mapping.is_writable(),
            Self::Foreign(_) => false,
        }
    }

    /// Whether its memory is all its own, rather than a file's that other blocks show too.
    pub(super) fn is_self_contained(&self) -> bool {
        match self {
            Self::Heap => true,
            Self::Mapped(mapping) => mapping.is_shared() && mapping.is_shown_by(1),
            Self::Foreign(_) | Self::Fixed => false,
        }
    }

    /// Whether pages of it can be watched for raw writes: memory that is the library's.
    pub(super) fn is_watchable(&self) -> bool {
        matches!(self, Self::Heap | Self::Mapped(_))
    }

    /// Writes `input` at `at` by another way than the address, where that is cheaper; says whether it has.
    pub(super) fn write_bulk(&self, at: usize, input: Input<'_>) -> bool {
        match self {
            Self::Mapped(mapping) => mapping.write_bulk(at, input),
            _ => false,
        }
    }

    /// Gives back what memory there is outside a range, as far as that can be done in place. Nobody uses it.
    pub(super) fn keep_only(&self, range: Range<usize>, data: NonNull<u8>, capacity: usize, allocator: Allocator) {
        match self {
            // SAFETY: the block's own memory from malloc, outside the range that somebody reads.
            Self::Heap if allocator.is_system() => unsafe {
                crate::sys::give_back(data, 0..range.start);
                crate::sys::give_back(data, range.end..capacity);
            },
            Self::Mapped(mapping) => mapping.keep_only(range),
            _ => {}
        }
    }

    /// From here on the memory is known to hold zeros.
    pub(super) fn zeros_from(&self) -> usize {
        match self {
            Self::Mapped(mapping) => mapping.zeros_from(),
            _ => usize::MAX,
        }
    }

    /// Notes that the bytes before `end` may hold anything from now on. Only for the block's writer.
    pub(super) fn note_written(&self, end: usize) {
        if let Self::Mapped(mapping) = self {
            mapping.note_written(end);
        }
    }
}
