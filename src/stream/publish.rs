//! Handing bytes out: snapshots of everything, and views.

use std::ops::Range;
use std::ptr::NonNull;

use super::Stream;
use super::state::State;
use crate::error::Result;
use crate::snapshot::Snapshot;
use crate::storage::{Block, Run, Trash};
use crate::sys::count::Counted;
use crate::view::View;

impl Stream {
    /// The whole content as a snapshot: no copy, whatever its size. Without a change in between the same one
    /// again.
    pub fn getvalue(&self) -> Result<Snapshot> {
        self.inspect_with_trash(|s, trash| {
            let all = 0..s.writer.len();
            Snapshot::of(s, all, trash)
        })
    }

    /// A live view of the whole content. While it or a slice of it is alive, the length cannot change.
    pub fn getbuffer(&self, writable: bool) -> Result<View> {
        View::of(self, writable)
    }
}

impl State {
    /// Opens an export; gives the pin of the block that it shows, and its length.
    pub(crate) fn export(&mut self, writable: bool, trash: &mut Trash) -> Result<(Option<Block>, usize)> {
        self.check_open()?;
        let len = self.writer.len();
        if writable {
            self.check_no_window()?;
            self.writer.expose(self.exports == 0, trash)?;
        }
        let pin = self.writer.pin()?;
        self.exports += 1;
        self.writable_exports += usize::from(writable);
        self.refresh();
        Ok((pin, len))
    }

    /// Ends an export.
    pub(crate) fn unexport(&mut self, writable: bool, trash: &mut Trash) {
        self.exports -= 1;
        self.writable_exports -= usize::from(writable);
        self.refresh();
        self.let_go_if_over(trash);
    }

    /// A range of the content as a run: shared, unless the bytes may change at their address.
    pub(crate) fn publish(&mut self, range: Range<usize>, trash: &mut Trash) -> Result<Counted<Run>> {
        if self.is_shown_writable() { self.writer.detach(range, trash) } else { self.writer.publish(range, trash) }
    }

    /// The content, whether or not the stream is closed: views outlive it.
    pub(crate) fn content(&self) -> &[u8] {
        self.writer.bytes()
    }

    /// A view's hold on the block that it is about to show.
    pub(crate) fn pin(&mut self) -> Result<Option<Block>> {
        self.writer.pin()
    }

    pub(crate) fn unpin(&mut self, pin: Option<Block>, trash: &mut Trash) {
        self.writer.unpin(pin, trash);
    }

    /// The address of the byte at `at`; the view's pin moves to the block that it is in.
    pub(crate) fn repin(&mut self, pin: &mut Option<Block>, at: usize, trash: &mut Trash) -> NonNull<u8> {
        if !self.writer.is_pinned_by(pin)
            && let Ok(present) = self.writer.pin()
        {
            let past = std::mem::replace(pin, present);
            self.writer.unpin(past, trash);
        }
        self.writer.address(at)
    }
}
