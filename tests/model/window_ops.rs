//! Windows: opened, filled in full, committed in part or given up.

use std::ptr::NonNull;

use bytesio::Stream;

use crate::amounts::pattern;
use crate::world::{Core, World};

/// Room for a window's filling: what is not committed must not be seen.
const UNCOMMITTED: u8 = 0xEE;

impl World {
    pub fn prepare(&mut self, at: usize, min: usize, max: Option<usize>) {
        let open = |s: &Stream| max.map_or_else(|| s.prepare(min), |max| s.prepare_upto(min, max));
        let Some((mut bounds, (ptr, capacity))) = self.call(at, |s| s.prepare(min, max), open) else { return };
        if self.ledger.has_failed() {
            // Where memory is short, what was asked for will do.
            bounds.start = bounds.start.min(min.max(1) as u64).min(bounds.end);
        }
        assert!((bounds.start..=bounds.end).contains(&(capacity as u64)), "{capacity} not in {bounds:?}");
        // SAFETY: the window is the caller's to write until it is closed.
        unsafe { ptr.write_bytes(UNCOMMITTED, capacity) };
        let core = &mut self.cores[at];
        core.naive.window.as_mut().expect("just opened").capacity = capacity;
        core.window = Some(ptr);
    }

    pub fn commit(&mut self, at: usize, n: u16, seed: u8) {
        let core = &self.cores[at];
        let capacity = core.naive.window.map_or(0, |window| window.capacity);
        // Small amounts mostly, and now and then all, or one more than there is.
        let n = match n {
            0..2000 => capacity + 1,
            2000..4000 => capacity.min(2000),
            4000..12000 => 0,
            _ => usize::from(n) % (capacity.min(if seed.is_multiple_of(4) { 20_000 } else { 300 }) + 1),
        };
        let data = pattern(n, seed);
        if let Some(ptr) = core.window {
            // SAFETY: as in `prepare`; no more than the window's capacity.
            unsafe { ptr.copy_from(NonNull::from(&data[..]).cast(), n.min(capacity)) };
        }
        if self.call(at, |s| s.commit(&data), |s| s.commit(n)).is_some() {
            self.cores[at].window = None;
        }
    }

    pub fn cancel(&mut self, at: usize) {
        let Core { naive, handles, window, .. } = &mut self.cores[at];
        naive.cancel();
        handles[0].cancel();
        *window = None;
    }
}
