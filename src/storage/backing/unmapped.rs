//! What stands for mapped blocks where there are none: a [`Mapping`] that cannot be made.

use std::ops::Range;
use std::ptr::NonNull;

use crate::error::{Error, Result};
use crate::sys::memory::Input;

/// A range of addresses that shows a file: there is none.
pub(crate) enum Mapping {}

impl Mapping {
    pub(in crate::storage) fn create(_: usize) -> Result<Self> {
        Err(Error::Unsupported)
    }

    pub(in crate::storage) fn private_twin(&self) -> Result<Self> {
        match *self {}
    }

    pub(in crate::storage) fn base(&self) -> NonNull<u8> {
        match *self {}
    }

    pub(in crate::storage) fn capacity(&self) -> usize {
        match *self {}
    }

    pub(in crate::storage) fn is_shared(&self) -> bool {
        match *self {}
    }

    pub(in crate::storage) fn is_orphaned(&self) -> bool {
        match *self {}
    }

    pub(in crate::storage) fn is_shown_by(&self, _: usize) -> bool {
        match *self {}
    }

    pub(in crate::storage) fn is_writable(&self) -> bool {
        match *self {}
    }

    pub(in crate::storage) fn retire(&self) {
        match *self {}
    }

    pub(in crate::storage) fn write_bulk(&self, _: usize, _: Input<'_>) -> bool {
        match *self {}
    }

    pub(in crate::storage) fn zeros_from(&self) -> usize {
        match *self {}
    }

    pub(in crate::storage) fn note_written(&self, _: usize) {
        match *self {}
    }

    pub(in crate::storage) fn write_to_file(&self, _: Range<usize>) -> Result<()> {
        match *self {}
    }

    pub(in crate::storage) fn discard(&self, _: impl Iterator<Item = Range<usize>>) -> Result<()> {
        match *self {}
    }

    pub(in crate::storage) fn lengthen(&self, _: usize) -> Result<()> {
        match *self {}
    }

    pub(in crate::storage) fn relocate(&self, _: usize) -> Result<()> {
        match *self {}
    }

    pub(in crate::storage) fn shrink(&self, _: usize) {
        match *self {}
    }

    pub(in crate::storage) fn keep_only(&self, _: Range<usize>) {
        match *self {}
    }

    pub(in crate::storage) fn own_memory(&self) -> usize {
        match *self {}
    }
}

pub(in crate::storage) fn has_emptied() -> bool {
    false
}

pub(in crate::storage) fn trim() -> usize {
    0
}
