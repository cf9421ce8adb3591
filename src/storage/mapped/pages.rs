//! [`PageSet`]: which pages of a private mapping differ from its file; and how to ask the kernel.

use std::ops::Range;
use std::os::fd::OwnedFd;

use crate::sys::vm::{self, Refused, Region, Result};

/// A set of page numbers below a bound.
#[derive(Default)]
pub(super) struct PageSet {
    words: Vec<u64>,
    count: usize,
}

impl PageSet {
    /// An empty set for pages below `bound`.
    pub(super) fn below(bound: usize) -> Result<Self> {
        let mut words = Vec::new();
        let n = bound.div_ceil(64);
        words.try_reserve_exact(n).map_err(|_| Refused)?;
        words.resize(n, 0);
        Ok(Self { words, count: 0 })
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Takes all pages out.
    pub(super) fn clear(&mut self) {
        self.words.fill(0);
        self.count = 0;
    }

    /// Adds pages, all below the bound.
    pub(super) fn add(&mut self, pages: Range<usize>) {
        for page in pages {
            let (word, bit) = (&mut self.words[page / 64], 1 << (page % 64));
            self.count += usize::from(*word & bit == 0);
            *word |= bit;
        }
    }

    /// The runs of neighbouring pages, in order.
    pub(super) fn runs(&self) -> impl Iterator<Item = Range<usize>> {
        let mut next = 0;
        std::iter::from_fn(move || {
            let start = self.seek(next, true)?;
            let end = self.seek(start, false).unwrap_or(self.words.len() * 64);
            next = end;
            Some(start..end)
        })
    }

    /// The first page from `from` on that is in the set, or is not.
    fn seek(&self, from: usize, member: bool) -> Option<usize> {
        let mut word = from / 64;
        let mut mask = !0 << (from % 64);
        while word < self.words.len() {
            let bits = if member { self.words[word] } else { !self.words[word] } & mask;
            if bits != 0 {
                return Some(word * 64 + bits.trailing_zeros() as usize);
            }
            (word, mask) = (word + 1, !0);
        }
        None
    }

    /// Adds the pages in `[start, end)` that the kernel says belong to the mapping and not to its file; addresses, of
    /// which `base` is page 0's.
    pub(super) fn add_private(&mut self, base: usize, end: usize, page: usize) -> Result<()> {
        let pagemap = vm::pagemap()?;
        self.scan(&pagemap, base, end, page).or_else(|_| self.read(&pagemap, base, end, page))
    }

    fn scan(&mut self, pagemap: &OwnedFd, base: usize, end: usize, page: usize) -> Result<()> {
        let mut regions = [Region::default(); 64];
        let mut at = base as u64;
        while at < end as u64 {
            let (found, reached) = vm::scan_private(pagemap, at, end as u64, &mut regions)?;
            for region in &regions[..found] {
                self.add((region.start as usize - base) / page..(region.end as usize - base) / page);
            }
            if reached <= at {
                return Err(Refused);
            }
            at = reached;
        }
        Ok(())
    }

    fn read(&mut self, pagemap: &OwnedFd, base: usize, end: usize, page: usize) -> Result<()> {
        let mut entries = [0_u64; 512];
        let (mut at, all) = (0, (end - base) / page);
        while at < all {
            let room = entries.len().min(all - at);
            let got = vm::read_entries(pagemap, (base / page + at) as u64, &mut entries[..room])?;
            if got == 0 {
                return Err(Refused);
            }
            for (i, entry) in entries[..got].iter().enumerate() {
                if vm::is_private(*entry) {
                    self.add(at + i..at + i + 1);
                }
            }
            at += got;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_what_was_added() {
        let mut set = PageSet::below(300).unwrap();
        assert_eq!(set.runs().count(), 0);
        for pages in [3..4, 60..70, 127..128, 128..200, 299..300] {
            set.add(pages);
        }
        set.add(62..64);
        let runs: Vec<_> = set.runs().collect();
        assert_eq!(runs, [3..4, 60..70, 127..200, 299..300]);
        assert_eq!(set.count(), 1 + 10 + 73 + 1);
    }

    #[test]
    fn a_full_set_is_one_run() {
        let mut set = PageSet::below(128).unwrap();
        set.add(0..128);
        assert!(set.runs().eq(std::iter::once(0..128)));
    }
}
