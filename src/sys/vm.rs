//! The system calls of mapped blocks: a thin layer, so that each can be made to fail.
//!
//! Nothing here decides anything. Under test, [`faults`] makes the n-th call fail; everything above has to cope,
//! because any of them may: no memfd, no descriptor, no address space, no /proc.

use std::ffi::c_void;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::ptr::NonNull;

/// A system call said no; which number it gave makes no difference to anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refused;

pub(crate) type Result<T> = std::result::Result<T, Refused>;

/// How writes to a mapping reach the file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Share {
    /// They are the file's.
    Shared,
    /// They stay in pages of the mapping's own.
    Private,
}

#[cfg(test)]
pub(crate) mod faults {
    //! Makes system calls of this thread fail.

    use std::cell::Cell;

    /// Which calls are refused.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub(crate) enum Plan {
        None,
        /// One, after so many more.
        Once(u32),
        /// All, after so many more.
        From(u32),
    }

    thread_local! {
        static PLAN: Cell<Plan> = const { Cell::new(Plan::None) };
    }

    /// Follows a plan from here on; gives what is left of the one before.
    pub(crate) fn plan(next: Plan) -> Plan {
        PLAN.replace(next)
    }

    pub(super) fn strikes() -> bool {
        PLAN.with(|plan| {
            let (next, strikes) = match plan.get() {
                Plan::None | Plan::Once(0) => (Plan::None, plan.get() != Plan::None),
                Plan::Once(n) => (Plan::Once(n - 1), false),
                Plan::From(0) => (Plan::From(0), true),
                Plan::From(n) => (Plan::From(n - 1), false),
            };
            plan.set(next);
            strikes
        })
    }
}

#[cfg(not(test))]
mod faults {
    #[inline]
    pub(super) fn strikes() -> bool {
        false
    }
}

fn may() -> Result<()> {
    if faults::strikes() { Err(Refused) } else { Ok(()) }
}

fn done(result: i32) -> Result<()> {
    if result == 0 { Ok(()) } else { Err(Refused) }
}

pub(crate) fn page_size() -> usize {
    // SAFETY: asks for a constant.
    usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096)
}

/// A new, empty file in memory, close-on-exec.
pub(crate) fn memfd() -> Result<OwnedFd> {
    may()?;
    /// Never to be executed (Linux 6.3), which some systems insist on.
    const MFD_NOEXEC_SEAL: libc::c_uint = 8;
    // SAFETY: a static name; the descriptor is new and ours.
    let make = |flags| unsafe {
        let fd = libc::memfd_create(c"bytesio".as_ptr(), libc::MFD_CLOEXEC | flags);
        if fd < 0 { Err(Refused) } else { Ok(OwnedFd::from_raw_fd(fd)) }
    };
    make(MFD_NOEXEC_SEAL).or_else(|_| make(0))
}

/// How many descriptors this process may have.
pub(crate) fn most_descriptors() -> usize {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: a valid structure to be filled.
    let known = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) } == 0;
    if known { usize::try_from(limit.rlim_cur).unwrap_or(usize::MAX) } else { 0 }
}

/// Whether a file may become `size` bytes long. Asked first: to try and fail would raise SIGXFSZ.
fn may_be_long(size: usize) -> bool {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: a valid structure to be filled.
    let known = unsafe { libc::getrlimit(libc::RLIMIT_FSIZE, &mut limit) } == 0;
    known && (limit.rlim_cur == libc::RLIM_INFINITY || size as u64 <= limit.rlim_cur)
}

/// Whether memory is promised before it is there, as usual. Where it is not (vm.overcommit_memory is 2), a page of a file that
/// cannot be had is a SIGBUS at its first use, and files had better not be used.
pub(crate) fn overcommits() -> bool {
    let mut mode = [0_u8];
    // SAFETY: a static path, room for one byte, and a descriptor that is ours.
    unsafe {
        let fd = libc::open(c"/proc/sys/vm/overcommit_memory".as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC);
        if fd >= 0 {
            libc::read(fd, mode.as_mut_ptr().cast(), 1);
            libc::close(fd);
        }
    }
    mode[0] != b'2'
}

/// Makes the file `size` bytes long; what is new costs nothing until it is written.
pub(crate) fn set_size(fd: &OwnedFd, size: usize) -> Result<()> {
    may()?;
    if !may_be_long(size) {
        return Err(Refused);
    }
    let size = i64::try_from(size).map_err(|_| Refused)?;
    // SAFETY: a descriptor that is ours.
    done(unsafe { libc::ftruncate(fd.as_raw_fd(), size) })
}

/// Maps `[0, size)` of the file wherever there is room.
pub(crate) fn map(fd: &OwnedFd, size: usize, share: Share) -> Result<NonNull<u8>> {
    map_at(fd, std::ptr::null_mut(), 0, size, share)
}

/// Maps `[from, to)` of the file over that range of a mapping of the same file that begins at `base`.
///
/// # Safety
/// The range belongs to such a mapping; whoever reads there finds the file's bytes afterwards.
pub(crate) unsafe fn map_over(fd: &OwnedFd, base: NonNull<u8>, from: usize, to: usize, share: Share) -> Result<()> {
    // SAFETY: within the mapping, as the caller promises.
    let at = unsafe { base.add(from) };
    map_at(fd, at.as_ptr().cast(), from, to - from, share).map(drop)
}

fn map_at(fd: &OwnedFd, at: *mut c_void, offset: usize, size: usize, share: Share) -> Result<NonNull<u8>> {
    may()?;
    let fixed = if at.is_null() { 0 } else { libc::MAP_FIXED };
    let share = if share == Share::Shared { libc::MAP_SHARED } else { libc::MAP_PRIVATE };
    let flags = share | fixed | libc::MAP_NORESERVE;
    let offset = i64::try_from(offset).map_err(|_| Refused)?;
    // SAFETY: a new mapping disturbs nobody; one at an address is `map_over`'s, whose caller vouches for it.
    let ptr = unsafe { libc::mmap(at, size, libc::PROT_READ | libc::PROT_WRITE, flags, fd.as_raw_fd(), offset) };
    if ptr == libc::MAP_FAILED { Err(Refused) } else { NonNull::new(ptr.cast()).ok_or(Refused) }
}

/// Takes a mapping away.
///
/// # Safety
/// The range is a mapping of ours that nobody uses any more.
pub(crate) unsafe fn unmap(base: NonNull<u8>, size: usize) {
    // SAFETY: passed on from the caller. It fails only for ranges that are none.
    unsafe { libc::munmap(base.as_ptr().cast(), size) };
}

/// Writes all of `[from, from + n)` into the file at `offset`.
///
/// # Safety
/// `from` is readable for `n` bytes.
pub(crate) unsafe fn write_at(fd: &OwnedFd, mut from: *const u8, mut n: usize, mut offset: usize) -> Result<()> {
    if !may_be_long(offset.saturating_add(n)) {
        return Err(Refused);
    }
    while n > 0 {
        may()?;
        let at = i64::try_from(offset).map_err(|_| Refused)?;
        // SAFETY: readable by the caller's promise.
        let moved = unsafe { libc::pwrite(fd.as_raw_fd(), from.cast(), n, at) };
        match usize::try_from(moved) {
            Ok(0) => return Err(Refused),
            Ok(moved) => {
                // SAFETY: at most `n`, so still within the caller's bytes.
                from = unsafe { from.add(moved) };
                (n, offset) = (n - moved, offset + moved);
            }
            Err(_) if std::io::Error::last_os_error().raw_os_error() == Some(libc::EINTR) => {}
            Err(_) => return Err(Refused),
        }
    }
    Ok(())
}

/// How many bytes of memory the file has behind it.
pub(crate) fn memory(fd: &OwnedFd) -> usize {
    let mut status = std::mem::MaybeUninit::<libc::stat>::uninit();
    // SAFETY: a descriptor that is ours, and room for what is filled in on success.
    let blocks = unsafe {
        if libc::fstat(fd.as_raw_fd(), status.as_mut_ptr()) != 0 { 0 } else { status.assume_init().st_blocks }
    };
    usize::try_from(blocks).unwrap_or(0) * 512
}

/// Gives the file's pages in `[from, to)` back to the system; they read as zeros then.
pub(crate) fn punch(fd: &OwnedFd, from: usize, to: usize) -> Result<()> {
    may()?;
    let (from, len) = (i64::try_from(from).map_err(|_| Refused)?, i64::try_from(to - from).map_err(|_| Refused)?);
    let mode = libc::FALLOC_FL_PUNCH_HOLE | libc::FALLOC_FL_KEEP_SIZE;
    // SAFETY: a descriptor that is ours.
    done(unsafe { libc::fallocate(fd.as_raw_fd(), mode, from, len) })
}

/// Drops a private mapping's own pages in a range: the file's show again.
///
/// # Safety
/// The range is page-aligned and within a private mapping of ours.
pub(crate) unsafe fn forget_private(at: NonNull<u8>, n: usize) -> Result<()> {
    may()?;
    // SAFETY: passed on from the caller.
    done(unsafe { libc::madvise(at.as_ptr().cast(), n, libc::MADV_DONTNEED) })
}

/// Has pages ready for writing throughout a range, at once instead of one fault each. A hint.
///
/// # Safety
/// The range is page-aligned and within a mapping of ours.
pub(crate) unsafe fn populate(at: NonNull<u8>, n: usize) {
    // SAFETY: passed on from the caller; refusal leaves everything as it was.
    unsafe { libc::madvise(at.as_ptr().cast(), n, libc::MADV_POPULATE_WRITE) };
}

/// Opens the page map of this process. Anew each time: after fork(2) an old descriptor shows the other process.
pub(crate) fn pagemap() -> Result<OwnedFd> {
    may()?;
    // SAFETY: a static path; the descriptor is new and ours.
    unsafe {
        let fd = libc::open(c"/proc/self/pagemap".as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC);
        if fd < 0 { Err(Refused) } else { Ok(OwnedFd::from_raw_fd(fd)) }
    }
}

/// A run of pages, as the PAGEMAP_SCAN ioctl reports it.
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

const PAGE_IS_FILE: u64 = 1 << 2;
const PAGE_IS_PRESENT: u64 = 1 << 3;
const PAGE_IS_SWAPPED: u64 = 1 << 4;
/// _IOWR('f', 16, struct pm_scan_arg)
const PAGEMAP_SCAN: u64 = (3 << 30) | ((size_of::<Scan>() as u64) << 16) | ((b'f' as u64) << 8) | 16;

/// Lists pages in `[start, end)` that belong to the mapping itself and not to its file. Gives how many regions were found,
/// and how far it came: less than `end` when `regions` was full.
pub(crate) fn scan_private(pagemap: &OwnedFd, start: u64, end: u64, regions: &mut [Region]) -> Result<(usize, u64)> {
    may()?;
    let mut scan = Scan {
        size: size_of::<Scan>() as u64,
        flags: 0,
        start,
        end,
        walk_end: 0,
        vec: regions.as_mut_ptr().addr() as u64,
        vec_len: regions.len() as u64,
        max_pages: 0,
        category_inverted: PAGE_IS_FILE,
        category_mask: PAGE_IS_FILE,
        category_anyof_mask: PAGE_IS_PRESENT | PAGE_IS_SWAPPED,
        return_mask: PAGE_IS_PRESENT,
    };
    // The kernel gets the vector's address as a number, so its provenance has to be exposed.
    let _ = regions.as_mut_ptr().expose_provenance();
    // SAFETY: the argument is of the size it names, and its vector of the length it names.
    let found = unsafe { libc::ioctl(pagemap.as_raw_fd(), PAGEMAP_SCAN, &raw mut scan) };
    usize::try_from(found).map(|found| (found, scan.walk_end)).map_err(|_| Refused)
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

/// Has three functions called around every fork(2): before it, after it in the parent, after it in the child.
pub(crate) fn at_fork(before: extern "C" fn(), parent: extern "C" fn(), child: extern "C" fn()) -> Result<()> {
    may()?;
    // SAFETY: functions of this library, which glibc forgets again when the library is unloaded.
    done(unsafe { libc::pthread_atfork(Some(before), Some(parent), Some(child)) })
}
