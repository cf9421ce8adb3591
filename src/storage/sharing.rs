//! [`State`]: how a stream shares the pages of a file with its readers.
//!
//! ```text
//!   addresses     the file's: shared       twin: private             the stream's: private
//!                 +----------------+       +--#-------------+        +-------#--------+
//!                 |                |       |                |        |                |
//!                 +-------+--------+       +--------+-------+        +--------+-------+
//!   file          +-------v-------------------------v-------------------------v-------+
//!                 | the content as it was in step `file`                              |
//!                 +-------------------------------------------------------------------+
//!   #: pages of the range's own, which differ from the file
//! ```
//!
//! The *shared* range is the one that the stream wrote first, before anybody shared the file. Once its readers are
//! gone it is the way into the file that takes no system call. The *twin* is the range that the stream left last, for
//! its readers. When it comes back, what the stream has changed since goes into the file, the twin lets its own pages
//! go, and both are in step again. While anybody reads another range of the file, the file must not change: then what
//! differs from it is copied on to the stream's next range.

use super::history::Step;
use super::policy::{self, Pause};
use super::spares::Reservation;

/// A private range: since `clean` it may have pages of its own, up to `extent` bytes.
#[derive(Clone, Copy)]
pub(super) struct Range {
    pub(super) clean: Step,
    pub(super) extent: usize,
}

/// What is known of the file and its ranges.
pub(super) struct Sharing {
    /// What the file holds.
    pub(super) file: Step,
    /// The content at the last separation.
    pub(super) left: Step,
    /// The stream's range.
    pub(super) current: Range,
    /// The range left last.
    pub(super) twin: Option<(Reservation, Range)>,
    /// Bytes copied from range to range since the file held everything.
    pub(super) copied: usize,
}

/// Whether pages are shared, and whether that is left out for a while.
pub(super) struct State {
    pub(super) active: Option<Sharing>,
    pub(super) dense_pause: Pause,
}

impl Default for State {
    fn default() -> Self {
        Self { active: None, dense_pause: policy::DENSE_PAUSE }
    }
}

impl State {
    pub(super) fn is_active(&self) -> bool {
        self.active.is_some()
    }

    pub(super) fn end(&mut self) {
        self.active = None;
    }

    /// Bytes up to `end` are about to be written in the stream's range, or were: appends that are written in place are
    /// noted before the content becomes shorter, and before the stream leaves the range.
    pub(super) fn note_extent(&mut self, end: usize) {
        if let Some(sharing) = &mut self.active {
            sharing.current.extent = sharing.current.extent.max(end);
        }
    }

    /// The states that changes have to be told apart from.
    pub(super) fn steps(&self) -> impl Iterator<Item = Step> {
        let twin = self.active.iter().filter_map(|sharing| sharing.twin.as_ref()).map(|(_, range)| range.clean);
        self.active.iter().flat_map(|sharing| [sharing.file, sharing.current.clean]).chain(twin)
    }

    /// The same, to be cut.
    pub(super) fn steps_mut(&mut self) -> impl Iterator<Item = &mut Step> {
        self.active.iter_mut().flat_map(|sharing| {
            let Sharing { file, current, twin, .. } = sharing;
            [file, &mut current.clean].into_iter().chain(twin.iter_mut().map(|(_, range)| &mut range.clean))
        })
    }
}
