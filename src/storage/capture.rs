//! [`State`]: what a stream knows of the snapshots it gives out under writable views, whose raw writes it cannot see.
//!
//! Such a snapshot is a *capture*: the view's block keeps its address, and a sibling, brought up to date, is handed
//! out. What raw pointers have changed since the last one is asked of the kernel, where pages are watched, or found by
//! comparing.

use super::frozen::Frozen;
use super::history::Step;
use super::policy::{self, Pause};
use crate::sys::count::{Counted, Weak};
use crate::sys::watch::Watch;

/// What is known about captures.
pub(super) struct State {
    /// The last capture of everything; not kept alive, for it is as large as the content.
    newest: Option<(Weak<Frozen>, Step)>,
    /// Notes raw writes, page by page.
    pub(super) watch: Option<Watch>,
    /// Captures since the first writable view was opened.
    pub(super) count: u32,
    pub(super) pause: Pause,
}

impl Default for State {
    fn default() -> Self {
        Self { newest: None, watch: None, count: 0, pause: policy::WATCH_PAUSE }
    }
}

impl State {
    pub(super) fn set_newest(&mut self, value: &Counted<Frozen>, step: Step) {
        self.newest = Some((value.downgrade(), step));
    }

    pub(super) fn forget_newest(&mut self) {
        self.newest = None;
    }

    /// The state of the last capture.
    pub(super) fn step(&self) -> Option<Step> {
        self.newest.as_ref().map(|(_, step)| *step)
    }

    pub(super) fn step_mut(&mut self) -> Option<&mut Step> {
        self.newest.as_mut().map(|(_, step)| step)
    }

    /// The last capture, if somebody still holds it.
    pub(super) fn newest(&self) -> Option<Counted<Frozen>> {
        self.newest.as_ref()?.0.upgrade()
    }
}
