//! Sharing pages: separating in a mapped block at the cost of the pages that changed.

use super::Writer;
use crate::storage::block::Block;
use crate::storage::deferred::Deferred;
use crate::storage::history::{History, Step};
use crate::storage::policy;
use crate::storage::sharing::{Range, Sharing};
use crate::storage::spares::Reservation;

/// What the kernel copies at a time, on most machines.
const PAGE: usize = 4096;

impl Writer {
    /// Whether to share pages in this separation: where a second copy is too dear, and most pages stay as they are.
    pub(super) fn wants_pages_shared(&mut self, end: usize) -> bool {
        let (len, policy) = (self.len, self.policy);
        let Some(mapping) = self.block.as_ref().filter(|_| self.owns).and_then(Block::mapping) else { return false };
        let possible = !mapping.is_orphaned() && len > 0 && end.max(len) <= mapping.capacity();
        if !possible {
            return false;
        }
        let Ok(history) = self.ensure_history() else { return false };
        let wanted = len >= policy.mapped_from || history.keeps_versions() && len >= policy.for_versions_from;
        // In this order: a pause counts the separations that it is asked in.
        wanted && !history.sharing.dense_pause.skips()
    }

    /// Goes on in another range of the file; says whether that was possible.
    pub(super) fn share_pages(&mut self, deferred: &mut Deferred) -> bool {
        let sharing = self.history.as_mut().and_then(|history| history.sharing.take(self.len));
        let made = match sharing {
            None => self.begin_sharing(),
            Some(sharing) => self.go_on_sharing(sharing),
        };
        let Some((block, sharing)) = made else { return false };
        self.switch_to(block, deferred);
        if let Some(history) = &mut self.history {
            history.sharing.active = Some(sharing);
        }
        true
    }

    /// The first separation: the file holds the content, and this range stays with its readers.
    fn begin_sharing(&mut self) -> Option<(Block, Sharing)> {
        let mapping = self.block.as_ref().and_then(Block::mapping).filter(|mapping| mapping.is_shared())?;
        let next = mapping.private_twin().and_then(Block::mapped).ok()?;
        let history = self.history.as_mut()?;
        let file = history.step(self.len).ok()?;
        history.forget();
        mapping.retire();
        let current = Range { clean: file, extent: file.len };
        Some((next, Sharing { file, left: file, current, twin: None, copied: 0 }))
    }

    /// A further separation. What is not handed back goes: the caller copies everything then.
    fn go_on_sharing(&mut self, mut sharing: Sharing) -> Option<(Block, Sharing)> {
        let twin = sharing.twin.take_if(|(reservation, _)| reservation.is_back());
        let twin = twin.and_then(|(reservation, range)| Some((reservation.take()?, reservation, range)));
        let alone = self.block.as_ref()?.mapping()?.is_shown_by(1 + usize::from(twin.is_some()));
        self.check_density(self.lacking(sharing.left))?;
        if alone {
            self.update_file(sharing.file)?;
        } else {
            sharing.copied += self.lacking(sharing.file);
            // Once these copies have cost as much as a new file, a new file it is: no more than twice the best in all.
            (sharing.copied <= self.len).then_some(())?;
        }
        sharing.left = self.step().ok()?;
        // Epochs have begun anew: what was noted before says nothing any more.
        (sharing.file.epoch < sharing.left.epoch).then_some(())?;
        if alone {
            (sharing.file, sharing.copied) = (sharing.left, 0);
        }
        let (next, reservation) = match twin {
            Some((block, reservation, range)) => {
                block.mapping()?.discard(self.history.as_ref()?.differing(range.clean, range.extent)).ok()?;
                (block, reservation)
            }
            None => {
                let twin = self.block.as_ref()?.mapping()?.private_twin();
                (twin.and_then(Block::mapped).ok()?, Reservation::make()?)
            }
        };
        if !alone {
            self.statistics.fork_bytes += self.bring_up(&next, sharing.file, &(self.len..self.len));
        }
        self.block.as_ref()?.set_home(Some(reservation.home()));
        sharing.twin = Some((reservation, sharing.current));
        sharing.current = Range { clean: sharing.file, extent: self.len };
        self.note_readers(alone);
        Some((next, sharing))
    }

    /// How many bytes the pages have in which the content is not as it was at `step`.
    fn lacking(&self, step: Step) -> usize {
        let pages = |range: std::ops::Range<usize>| range.end.next_multiple_of(PAGE) - range.start / PAGE * PAGE;
        self.history.as_ref().map_or(0, |history| history.differing(step, self.len).map(pages).sum())
    }

    /// Refuses where so much has changed that everything is better copied.
    fn check_density(&mut self, changed: usize) -> Option<()> {
        let pause = &mut self.history.as_mut()?.sharing.dense_pause;
        if changed > (self.len / policy::DENSE).max(policy::SIBLINGS_FROM) {
            pause.begin();
            return None;
        }
        pause.reset();
        Some(())
    }

    /// Writes what the file lacks into it, which nobody else reads now.
    fn update_file(&self, file: Step) -> Option<()> {
        let mapping = self.block.as_ref()?.mapping()?;
        let mut lacks = self.history.as_ref()?.differing(file, self.len);
        lacks.try_for_each(|range| mapping.write_to_file(range)).ok()
    }

    /// Below the size from which pages are shared in any case, they are while older versions are kept.
    fn note_readers(&mut self, alone: bool) {
        if self.len < self.policy.mapped_from
            && alone
            && let Some(history) = &mut self.history
        {
            history.misses_pause.skips();
        }
    }

    /// Puts everything into the file, if nobody but this writer shows it, and lets pages beside it go.
    pub(super) fn stop_sharing(&mut self) {
        let Some(mut sharing) = self.history.as_mut().and_then(|history| history.sharing.take(self.len)) else {
            return;
        };
        sharing.twin = None;
        let (Some(mapping), Some(history)) = (self.block.as_ref().and_then(Block::mapping), &self.history) else {
            return;
        };
        if mapping.is_shown_by(1) && self.update_file(sharing.file).is_some() {
            // Refused, the memory simply stays.
            let _ = mapping.discard(history.differing(sharing.current.clean, sharing.current.extent));
        }
    }
}

impl History {
    /// Whether older versions of the stream are kept, so that no sibling comes free, and most pages stay as they are.
    pub(in crate::storage) fn keeps_versions(&self) -> bool {
        self.misses_pause.is_on() && !self.sharing.dense_pause.is_on()
    }
}
