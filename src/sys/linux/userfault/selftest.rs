//! Whether the kernel tells the truth. Emulators accept these calls and answer anything.

use std::ptr::NonNull;

use super::super::{Result, memfd, mmap, page_size};
use super::Watching;

const PAGES: usize = 4;

/// Memory of our own to try it on.
struct Area {
    base: NonNull<u8>,
    page: usize,
}

/// Whether exactly the pages that were written are reported, and each time again, without a file and with one.
pub(super) fn passes(watching: &Watching<'_>) -> Result<bool> {
    let page = page_size();
    let zeros = Area { base: mmap::map_zeros(PAGES * page)?, page };
    let file = memfd::create()?;
    memfd::set_size(&file, PAGES * page)?;
    let shared = Area { base: mmap::map(&file, PAGES * page, mmap::Share::Shared)?, page };
    Ok(zeros.is_watched_by(watching)? && shared.is_watched_by(watching)?)
}

impl Area {
    fn is_watched_by(&self, watching: &Watching<'_>) -> Result<bool> {
        // One page is in memory from the start, the others are not.
        self.write(1);
        let start = self.base.addr().get();
        let addresses = start..start + PAGES * self.page;
        watching.register(addresses.clone())?;
        watching.protect(addresses.clone())?;
        for written in [None, Some(2), Some(1), Some(2)] {
            if let Some(page) = written {
                self.write(page);
            }
            let expected = written.map(|page| start + page * self.page..start + (page + 1) * self.page);
            let (mut seen, mut runs) = (None, 0);
            watching.take_written(addresses.clone(), |run| (seen, runs) = (Some(run), runs + 1))?;
            if seen != expected || runs > 1 {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn write(&self, page: usize) {
        // SAFETY: within the area, which nobody else knows of. Volatile: the write itself is what matters.
        unsafe { self.base.add(page * self.page).write_volatile(1) }
    }
}

impl Drop for Area {
    fn drop(&mut self) {
        // SAFETY: made by `passes`, used by nobody any more. What was registered goes with it.
        unsafe { mmap::unmap(self.base, PAGES * self.page) }
    }
}
