//! The page map: what the kernel knows of each page of a range.

use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

use super::{Refused, Result, descriptor, may};

/// Opens the page map of this process. It stays this process's: in a child of fork(2) it shows its parent.
pub(crate) fn open() -> Result<OwnedFd> {
    may()?;
    // SAFETY: a static path; the descriptor is new and ours.
    unsafe { descriptor(libc::open(c"/proc/self/pagemap".as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC)) }
}

/// A run of pages, as the PAGEMAP_SCAN ioctl reports it: addresses.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(crate) struct Region {
    pub(crate) start: u64,
    pub(crate) end: u64,
    categories: u64,
}

/// The argument of PAGEMAP_SCAN (linux/fs.h, since Linux 6.7).
#[repr(C)]
struct Scan {
    size: u64,
    flags: u64,
    start: u64,
    end: u64,
    walk_end: u64,
    vec: u64,
    vec_len: u64,
    max_pages: u64,
    category_inverted: u64,
    category_mask: u64,
    category_anyof_mask: u64,
    return_mask: u64,
}

const PM_SCAN_WP_MATCHING: u64 = 1 << 0;
const PM_SCAN_CHECK_WPASYNC: u64 = 1 << 1;
const PAGE_IS_WRITTEN: u64 = 1 << 1;

const PAGEMAP_SCAN: libc::Ioctl = libc::_IOWR::<Scan>(b'f' as u32, 16);

/// Lists the pages in `[start, end)` that were written since they were last listed here, and protects each again as it
/// is found. Gives how many regions were found, and how far it came: less than `end` when `regions` was full. With no
/// room for regions it only begins anew. Ranges that are not watched are an error, not silence.
pub(super) fn take_written(
    pagemap: BorrowedFd<'_>,
    start: u64,
    end: u64,
    regions: &mut [Region],
) -> Result<(usize, u64)> {
    may()?;
    // The kernel has a faster way for exactly this query.
    let mut scan = Scan {
        size: size_of::<Scan>() as u64,
        flags: PM_SCAN_WP_MATCHING | PM_SCAN_CHECK_WPASYNC,
        start,
        end,
        walk_end: 0,
        // The kernel gets the vector's address as a number, so its provenance has to be exposed. None is 0.
        vec: if regions.is_empty() { 0 } else { regions.as_mut_ptr().expose_provenance() as u64 },
        vec_len: regions.len() as u64,
        max_pages: 0,
        category_inverted: 0,
        category_mask: PAGE_IS_WRITTEN,
        category_anyof_mask: 0,
        return_mask: PAGE_IS_WRITTEN,
    };
    // SAFETY: the argument is of the size it names, and its vector of the length it names.
    let found = unsafe { libc::ioctl(pagemap.as_raw_fd(), PAGEMAP_SCAN, &raw mut scan) };
    let found = usize::try_from(found).ok().filter(|found| *found <= regions.len()).ok_or(Refused)?;
    Ok((found, scan.walk_end))
}
