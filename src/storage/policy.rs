//! Every threshold of the storage, and the choices that follow from them.
//!
//! The figures are measured (`make bench`); what each way of separating costs is said in `docs/snapshots.md`.

use std::ffi::CStr;
use std::sync::OnceLock;

/// From this size on a block is mapped from the start, and shares pages with its snapshots: a second copy is dear.
const MAPPED_FROM: usize = 32 << 20;
/// From this size on, where older versions are kept, so that no block comes free to be written again.
const MAPPED_FOR_VERSIONS_FROM: usize = 256 << 10;
/// From this size on, if an emptied file is at hand: its pages are there already.
const MAPPED_WITH_EMPTIED_FROM: usize = 1 << 20;

/// Below this size a copy costs less than to know what has changed.
pub(super) const SIBLINGS_FROM: usize = 8 << 10;
/// How many blocks a stream wants back at a time: enough for one or two values held, also under a writable view, whose
/// block does not take turns. Those that are held take no memory for it.
pub(super) const MAX_SIBLINGS: usize = 3;
/// A sibling that has been back for so many separations, while others served, goes.
pub(super) const MAX_IDLE_SEPARATIONS: u32 = 32;
/// After so many separations in a row without a free sibling they are given up for a while.
pub(super) const MAX_MISSES: u32 = 2;
/// For so many separations at first, and at the most.
pub(super) const MISSES_PAUSE: Pause = Pause::of(32, 1 << 12);
/// After so many changes without a separation the siblings go.
pub(super) const MAX_IDLE_CHANGES: u32 = 1024;

/// One in so many bytes differs: to go page by page does not pay any more.
pub(super) const DENSE: usize = 16;
/// So many separations copy everything then.
pub(super) const DENSE_PAUSE: Pause = Pause::of(8, 128);

/// From this size on raw writes are watched rather than found by comparing.
pub(super) const WATCH_FROM: usize = 512 << 10;
/// So many captures are compared after one that found the raw writes dense.
pub(super) const WATCH_PAUSE: Pause = Pause::of(8, 1 << 12);

/// The least that a block is asked to hold: the first few small writes then cost one allocation.
const MIN_CAPACITY: usize = 64;

/// Memory that no reader needs goes if it is so much.
pub(super) const MIN_GIVEN_BACK: usize = 256 << 10;

/// How many blocks may be wanted back in the whole process.
pub(super) const MAX_RESERVATIONS: usize = 1024;
/// How many emptied files are kept.
pub(super) const MAX_EMPTIED: usize = 8;
/// How many bytes of them.
pub(super) const MAX_EMPTIED_BYTES: usize = 64 << 20;
/// How many bytes of blocks that nobody uses are kept altogether.
pub(super) const MAX_KEPT_BYTES: usize = 512 << 20;

/// A number of times that something is left out after it has not paid; it doubles each time in a row.
#[derive(Clone, Copy)]
pub(super) struct Pause {
    left: u32,
    next: u32,
    first: u32,
    max: u32,
}

impl Pause {
    const fn of(first: u32, max: u32) -> Self {
        Self { left: 0, next: first, first, max }
    }

    /// It has not paid.
    pub(super) fn begin(&mut self) {
        self.left = self.next;
        self.next = self.next.saturating_mul(2).min(self.max);
    }

    /// It has paid.
    pub(super) fn reset(&mut self) {
        self.next = self.first;
    }

    /// Whether it is to be left out this time; counts the time.
    pub(super) fn skips(&mut self) -> bool {
        let skips = self.left > 0;
        self.left = self.left.saturating_sub(1);
        skips
    }

    /// Whether it is being left out.
    pub(super) fn is_on(&self) -> bool {
        self.left > 0
    }
}

/// The capacity to ask for when `needed` bytes must fit and `capacity` is what there was: amortised, never exact.
pub(super) fn amortised(needed: usize, capacity: usize) -> usize {
    const MAX: usize = isize::MAX as usize & !15;
    needed.max(capacity.saturating_mul(2)).clamp(MIN_CAPACITY, MAX).max(needed)
}

/// From which sizes on a stream's blocks are mapped.
#[derive(Clone, Copy)]
pub(crate) struct Policy {
    pub(super) mapped_from: usize,
    pub(super) for_versions_from: usize,
    pub(super) with_emptied_from: usize,
}

impl Policy {
    /// What a stream chose: a size in bytes, `usize::MAX` for never, 0 for the default.
    pub(crate) fn of(choice: usize) -> Self {
        match if choice == 0 { preset() } else { choice } {
            0 => Self {
                mapped_from: MAPPED_FROM,
                for_versions_from: MAPPED_FOR_VERSIONS_FROM,
                with_emptied_from: MAPPED_WITH_EMPTIED_FROM,
            },
            size => Self { mapped_from: size, for_versions_from: size, with_emptied_from: size },
        }
    }

    /// For bytes that may never change: mapped only where the process was told so.
    pub(crate) fn for_constant_bytes() -> Self {
        match preset() {
            0 => Self { mapped_from: usize::MAX, for_versions_from: usize::MAX, with_emptied_from: usize::MAX },
            size => Self::of(size),
        }
    }
}

/// What the environment says; 0 for nothing. Read without allocating, for that could abort.
fn preset() -> usize {
    /// Overrides the defaults for the whole process.
    const VARIABLE: &CStr = c"BYTESIO_MAPPED_FROM";
    static PRESET: OnceLock<usize> = OnceLock::new();
    *PRESET.get_or_init(|| {
        // SAFETY: a static name; the text is read at once. That nobody changes the environment meanwhile is a rule of
        // every C program.
        let text = unsafe {
            let text = crate::sys::environment(VARIABLE);
            (!text.is_null()).then(|| CStr::from_ptr::<'static>(text))
        };
        text.and_then(|text| text.to_str().ok()?.parse().ok()).unwrap_or(0)
    })
}
