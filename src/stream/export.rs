//! Handing bytes out: snapshots of everything, and what views need.

use std::ptr::NonNull;

use super::Stream;
use super::state::State;
use crate::error::Result;
use crate::snapshot::Snapshot;
use crate::storage::{Block, Deferred};

/// What may be done through a view's raw pointers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Reading.
    ReadOnly,
    /// Writing, by the processor and by system calls.
    Writable,
    /// Writing, also by those who have the memory's pages registered: devices, io_uring's fixed buffers.
    Pinned,
}

impl Access {
    /// Writing or just reading, by the processor and by system calls.
    pub fn writable(writable: bool) -> Self {
        if writable { Self::Writable } else { Self::ReadOnly }
    }

    pub(crate) fn is_writable(self) -> bool {
        self != Self::ReadOnly
    }
}

impl Stream {
    /// The whole content as a snapshot: no copy, whatever its size. Without a change in between the same one
    /// again. While a writable view is alive, and of a fixed stream, what has changed is copied.
    pub fn getvalue(&self) -> Result<Snapshot> {
        self.inspect_deferring(|s, deferred| s.snapshot(0..s.writer.len(), deferred))
    }
}

impl State {
    /// Opens an export; gives the pin of the block that it shows, and its length.
    pub(crate) fn export(&mut self, access: Access, deferred: &mut Deferred) -> Result<(Option<Block>, usize)> {
        self.check_open()?;
        let len = self.writer.len();
        let pinned = self.exports.pinned + usize::from(access == Access::Pinned);
        if access.is_writable() {
            self.check_no_window()?;
            self.writer.begin_raw_writes(self.exports.writable == 0, pinned == 0, deferred)?;
        }
        let pin = self.writer.pin()?;
        self.exports.all += 1;
        self.exports.writable += usize::from(access.is_writable());
        self.exports.pinned = pinned;
        self.update_max_len();
        Ok((pin, len))
    }

    /// Ends an export.
    pub(crate) fn unexport(&mut self, access: Access, deferred: &mut Deferred) {
        self.exports.all -= 1;
        self.exports.pinned -= usize::from(access == Access::Pinned);
        if access.is_writable() {
            self.exports.writable -= 1;
            if self.exports.writable == 0 {
                self.writer.end_raw_writes();
            }
        }
        self.update_max_len();
        self.let_go_if_over(deferred);
    }

    /// The content, whether or not the stream is closed: views outlive it.
    pub(crate) fn content(&self) -> &[u8] {
        self.writer.bytes()
    }

    /// A view's hold on the block that it is about to show.
    pub(crate) fn pin(&mut self) -> Result<Option<Block>> {
        self.writer.pin()
    }

    pub(crate) fn unpin(&mut self, pin: Option<Block>, deferred: &mut Deferred) {
        self.writer.unpin(pin, deferred);
    }

    /// The address of the byte at `at`; the view's pin moves to the block that it is in.
    pub(crate) fn repin(&mut self, pin: &mut Option<Block>, at: usize, deferred: &mut Deferred) -> NonNull<u8> {
        if !self.writer.is_pinned_by(pin)
            && let Ok(present) = self.writer.pin()
        {
            let past = std::mem::replace(pin, present);
            self.writer.unpin(past, deferred);
        }
        self.writer.address(at)
    }
}
