//! The page map: what the kernel knows of each page of a range.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

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

/// Which pages a scan reports, and what it does to them: `struct pm_scan_arg` without the range and the answer.
struct Query {
    flags: u64,
    inverted: u64,
    all_of: u64,
    any_of: u64,
    returned: u64,
}

const PM_SCAN_WP_MATCHING: u64 = 1 << 0;
const PM_SCAN_CHECK_WPASYNC: u64 = 1 << 1;
const PAGE_IS_WRITTEN: u64 = 1 << 1;
const PAGE_IS_FILE: u64 = 1 << 2;
const PAGE_IS_PRESENT: u64 = 1 << 3;
const PAGE_IS_SWAPPED: u64 = 1 << 4;

const PAGEMAP_SCAN: libc::Ioctl = libc::_IOWR::<Scan>(b'f' as u32, 16);

/// Pages that belong to the mapping itself and not to its file.
const PRIVATE: Query = Query {
    flags: 0,
    inverted: PAGE_IS_FILE,
    all_of: PAGE_IS_FILE,
    any_of: PAGE_IS_PRESENT | PAGE_IS_SWAPPED,
    returned: PAGE_IS_PRESENT,
};

/// Pages written since they were last protected, each protected again as it is found. Ranges that are not watched are
/// an error, not silence. The kernel has a faster way for exactly this query.
const WRITTEN: Query = Query {
    flags: PM_SCAN_WP_MATCHING | PM_SCAN_CHECK_WPASYNC,
    inverted: 0,
    all_of: PAGE_IS_WRITTEN,
    any_of: 0,
    returned: PAGE_IS_WRITTEN,
};

/// Lists pages in `[start, end)` that belong to the mapping itself and not to its file. Gives how many regions were
/// found, and how far it came: less than `end` when `regions` was full.
pub(crate) fn scan_private(pagemap: &OwnedFd, start: u64, end: u64, regions: &mut [Region]) -> Result<(usize, u64)> {
    scan(pagemap.as_fd(), &PRIVATE, start, end, regions)
}

/// Lists the pages in `[start, end)` that were written since they were last listed here, and begins anew for those; the
/// answer as [`scan_private`]'s. With no room for regions it only begins anew.
pub(super) fn take_written(
    pagemap: BorrowedFd<'_>,
    start: u64,
    end: u64,
    regions: &mut [Region],
) -> Result<(usize, u64)> {
    scan(pagemap, &WRITTEN, start, end, regions)
}

fn scan(pagemap: BorrowedFd<'_>, query: &Query, start: u64, end: u64, regions: &mut [Region]) -> Result<(usize, u64)> {
    may()?;
    let mut scan = Scan {
        size: size_of::<Scan>() as u64,
        flags: query.flags,
        start,
        end,
        walk_end: 0,
        // The kernel gets the vector's address as a number, so its provenance has to be exposed. None is 0.
        vec: if regions.is_empty() { 0 } else { regions.as_mut_ptr().expose_provenance() as u64 },
        vec_len: regions.len() as u64,
        max_pages: 0,
        category_inverted: query.inverted,
        category_mask: query.all_of,
        category_anyof_mask: query.any_of,
        return_mask: query.returned,
    };
    // SAFETY: the argument is of the size it names, and its vector of the length it names.
    let found = unsafe { libc::ioctl(pagemap.as_raw_fd(), PAGEMAP_SCAN, &raw mut scan) };
    let found = usize::try_from(found).ok().filter(|found| *found <= regions.len()).ok_or(Refused)?;
    Ok((found, scan.walk_end))
}

/// Reads page map entries from that of the page at `start` on, for kernels without PAGEMAP_SCAN.
pub(crate) fn read_entries(pagemap: &OwnedFd, first_page: u64, entries: &mut [u64]) -> Result<usize> {
    may()?;
    let offset = i64::try_from(first_page * 8).map_err(|_| Refused)?;
    let bytes = size_of_val(entries);
    // SAFETY: room for that many bytes; any bytes make valid entries.
    let got = unsafe { libc::pread(pagemap.as_raw_fd(), entries.as_mut_ptr().cast(), bytes, offset) };
    usize::try_from(got).map(|got| got / 8).map_err(|_| Refused)
}

/// Whether a page map entry is of a page of the mapping's own: present or swapped, and not of a file.
pub(crate) fn is_private(entry: u64) -> bool {
    entry & (3 << 62) != 0 && entry & (1 << 61) == 0
}
