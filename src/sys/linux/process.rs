//! This process: its limits, its forks, and what a child of fork(2) must not take for its own.

use std::cell::UnsafeCell;
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use super::{Refused, Result, done, may, page_size};

/// How many descriptors this process may have.
pub(crate) fn most_descriptors() -> usize {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: a valid structure to be filled.
    let known = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) } == 0;
    if known { usize::try_from(limit.rlim_cur).unwrap_or(usize::MAX) } else { 0 }
}

/// Whether memory is promised before it is there, as usual. Where it is not (vm.overcommit_memory is 2), a page of a
/// file that cannot be had is a SIGBUS at its first use, and files had better not be used.
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

/// Has three functions called around every fork(2): before it, after it in the parent, after it in the child.
pub(crate) fn at_fork(before: extern "C" fn(), parent: extern "C" fn(), child: extern "C" fn()) -> Result<()> {
    may()?;
    // SAFETY: functions of this library, which glibc forgets again when the library is unloaded.
    done(unsafe { libc::pthread_atfork(Some(before), Some(parent), Some(child)) })
}

/// Tells a process from its ancestors and their other children.
///
/// Process numbers would not do: they are used again, and cost a system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Generation(NonZeroU64);

/// What is this process's alone: all zero again in a child, whichever way it was forked.
#[derive(Default)]
#[repr(C)]
pub(super) struct Own {
    generation: AtomicU64,
    /// Descriptors that show the memory of the process that opened them; 0 is none.
    pub(super) descriptors: AtomicU64,
    /// How many ranges are watched through them.
    pub(super) watches: AtomicUsize,
}

/// The largest page there is on a machine of this kind.
const LARGEST_PAGE: usize = if cfg!(target_arch = "x86_64") { 4096 } else { 65536 };

/// Room for a whole page. Zeros at the start, so it lies in memory that no file stands behind (as the kernel demands of
/// pages to be wiped), and goes with the library when that is unloaded.
struct Room(UnsafeCell<[u8; 2 * LARGEST_PAGE]>);

// SAFETY: used as `Own` alone, which is made of atomics.
unsafe impl Sync for Room {}

static ROOM: Room = Room(UnsafeCell::new([0; 2 * LARGEST_PAGE]));

/// Where [`Own`] lies.
fn place() -> *mut Own {
    ROOM.0.get().cast::<u8>().map_addr(|at| at.next_multiple_of(LARGEST_PAGE)).cast()
}

/// What is this process's own, all zero as long as it has no generation.
pub(super) fn peek() -> &'static Own {
    // SAFETY: a whole page within a static, aligned; any bytes, zeros among them, make valid atomics.
    unsafe { &*place() }
}

/// The latest generation given, by this process or an ancestor: this one is *not* wiped.
static LATEST: AtomicU64 = AtomicU64::new(0);

/// The generation of this process; refused where the kernel cannot tell it from its children.
pub(crate) fn generation() -> Result<Generation> {
    let own = peek();
    if let Some(known) = NonZeroU64::new(own.generation.load(Ordering::Acquire)) {
        return Ok(Generation(known));
    }
    wipe_on_fork()?;
    // Counted before it is shown: whatever an ancestor ever showed is in its descendants' count.
    let next = LATEST.fetch_add(1, Ordering::SeqCst) + 1;
    let now = match own.generation.compare_exchange(0, next, Ordering::SeqCst, Ordering::Acquire) {
        Ok(_) => next,
        Err(another) => another,
    };
    NonZeroU64::new(now).map(Generation).ok_or(Refused)
}

/// Has the kernel give a child zeros in place of this page. Once more does no harm.
fn wipe_on_fork() -> Result<()> {
    may()?;
    let page = page_size();
    if page > LARGEST_PAGE {
        return Err(Refused);
    }
    // SAFETY: a whole page of ours; what it holds stays in this process.
    done(unsafe { libc::madvise(place().cast(), page, libc::MADV_WIPEONFORK) })
}

/// Whether this is the process that [`generation`] gave `then`.
pub(crate) fn is_same_process(then: Generation) -> bool {
    peek().generation.load(Ordering::Acquire) == then.0.get()
}

/// What is this process's own, if it is the process that `then` was given to.
pub(super) fn own(then: Generation) -> Result<&'static Own> {
    if is_same_process(then) { Ok(peek()) } else { Err(Refused) }
}

#[cfg(test)]
mod tests {
    use super::super::faults::{self, Plan};
    use super::super::testing::Child;
    use super::*;

    #[test]
    fn no_two_of_a_family_are_of_one_generation() {
        let ours = generation().unwrap();
        let child = Child::run(|| {
            let stale = !is_same_process(ours) && own(ours).is_err();
            let Ok(own) = generation() else { return false };
            let grandchild = Child::run(|| {
                let known = [ours, own];
                !known.into_iter().any(is_same_process) && generation().is_ok_and(|new| !known.contains(&new))
            });
            stale && own != ours && is_same_process(own) && generation() == Ok(own) && grandchild.succeeds()
        });
        assert!(child.succeeds());
        assert!(is_same_process(ours));
        assert_eq!(generation(), Ok(ours));
    }

    #[test]
    fn where_children_cannot_be_told_apart_there_is_no_generation() {
        let child = Child::run(|| {
            faults::plan(Plan::Once(0));
            generation().is_err() && generation().is_ok()
        });
        assert!(child.succeeds());
    }
}
