//! What stands for a watch on raw writes where pages cannot be watched: a [`Watch`] that cannot be made.

use std::ops::Range;
use std::ptr::NonNull;

use crate::error::{Error, Result};

/// Notes which pages are written: there is none.
pub(crate) enum Watch {}

impl Watch {
    /// # Safety
    /// None is needed.
    pub(crate) unsafe fn begin(_: NonNull<u8>, _: usize) -> Result<Self> {
        Err(Error::Unsupported)
    }

    pub(crate) fn covered(&self) -> Range<usize> {
        match *self {}
    }

    pub(crate) fn take_changes(&self, _: impl FnMut(Range<usize>)) -> Result<()> {
        match *self {}
    }
}
