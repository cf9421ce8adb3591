//! Watching beside fork(2), threads, limits and refusals.

use super::super::super::faults::{self, Plan};
use super::super::super::testing::Child;
use super::*;

fn tell(end: &OwnedFd) -> bool {
    // SAFETY: one readable byte.
    unsafe { libc::write(end.as_raw_fd(), [1_u8].as_ptr().cast(), 1) == 1 }
}

fn hear(end: &OwnedFd) -> bool {
    // SAFETY: room for one byte.
    unsafe { libc::read(end.as_raw_fd(), [0_u8].as_mut_ptr().cast(), 1) == 1 }
}

/// Page numbers as bits, without memory: for children.
fn bits(watch: &Watch) -> Result<u64> {
    let mut bits = 0;
    watch.take_changes(|run| {
        (run.start / page_size()..run.end / page_size()).for_each(|page| bits |= 1 << page);
    })?;
    Ok(bits)
}

#[test]
fn parent_and_child_of_a_fork_watch_their_own_memory() {
    if !possible() {
        return;
    }
    for pages in [Pages::zeros(8), Pages::of_file(8, Share::Private)] {
        (0..8).for_each(|at| pages.write(at, 1));
        let watch = begin(&pages);
        let generation = process::generation();
        pages.write(1, 2);
        let ((to_child, from_parent), (to_parent, from_child)) = {
            let ((a, b), (c, d)) = (pipe(), pipe());
            ((b, a), (d, c))
        };
        let mut watch = Some(watch);
        let child = Child::run(|| {
            let inherited = watch.take();
            let refused = inherited.as_ref().is_some_and(|watch| bits(watch).is_err()) && watches() == 0;
            drop(inherited);
            // SAFETY: the mapping outlives the watch in this process too.
            let Ok(own) = (unsafe { Watch::begin(pages.base, pages.len) }) else { return false };
            pages.write(6, 3);
            let before = bits(&own) == Ok(1 << 6) && watches() == 1;
            let turns = tell(&to_parent) && hear(&from_parent);
            let after = bits(&own) == Ok(0);
            pages.write(2, 3);
            let again = bits(&own) == Ok(1 << 2) && bits(&own) == Ok(0);
            let other = process::generation().is_ok_and(|own| Ok(own) != generation);
            refused && before && turns && after && again && other
        });
        let watch = watch.unwrap();
        // So that a child that fails is noticed, instead of waited for.
        drop(to_parent);
        // Beside the child's scans, and its inherited watch's end, nothing is lost here.
        assert!(hear(&from_child));
        pages.write(3, 2);
        assert_eq!(bits(&watch), Ok(1 << 1 | 1 << 3));
        assert!(tell(&to_child));
        pages.write(4, 2);
        assert!(child.succeeds());
        assert_eq!(bits(&watch), Ok(1 << 4));
        assert_eq!(process::generation(), generation);
    }
}

#[test]
fn a_child_closes_what_it_inherited_and_a_grandchild_is_a_process_of_its_own() {
    if !possible() {
        return;
    }
    let pages = Pages::zeros(8);
    let watch = begin(&pages);
    let packed = process::peek().descriptors.load(Ordering::Relaxed);
    let open = |packed: u64| {
        // SAFETY: asks about a number.
        unpacked(packed).is_some_and(|(one, two)| unsafe {
            libc::fcntl(one, libc::F_GETFD) >= 0 && libc::fcntl(two, libc::F_GETFD) >= 0
        })
    };
    let child = Child::run(|| {
        // The handler of a fork has done so already; once more does no harm.
        let closed = !open(packed);
        close_inherited();
        // SAFETY: as everywhere here.
        let Ok(own) = (unsafe { Watch::begin(pages.base, pages.len) }) else { return false };
        let grandchild = Child::run(|| {
            // SAFETY: as everywhere here.
            bits(&own).is_err() && unsafe { Watch::begin(pages.base, pages.len) }.is_ok_and(|own| bits(&own) == Ok(0))
        });
        pages.write(5, 1);
        closed && grandchild.succeeds() && bits(&own) == Ok(1 << 5)
    });
    pages.write(7, 1);
    assert!(child.succeeds());
    assert!(open(packed));
    assert_eq!(bits(&watch), Ok(1 << 7));
}

#[test]
fn unloading_closes_the_descriptors() {
    if !possible() {
        return;
    }
    let pages = Pages::zeros(8);
    let child = Child::run(|| {
        // SAFETY: as everywhere here.
        let Ok(watch) = (unsafe { Watch::begin(pages.base, pages.len) }) else { return false };
        let Some((userfault, pagemap)) = unpacked(process::peek().descriptors.load(Ordering::Relaxed)) else {
            return false;
        };
        on_unload();
        // SAFETY: asks about numbers.
        let closed = [userfault, pagemap].map(|fd| unsafe { libc::fcntl(fd, libc::F_GETFD) } < 0);
        // A thread that still runs while the process exits gets an error.
        closed == [true; 2] && bits(&watch).is_err()
    });
    assert!(child.succeeds());
}

#[test]
fn needs_no_privileges() {
    const NOBODY: u32 = 65534;
    if !possible() {
        return;
    }
    let pages = Pages::zeros(8);
    let child = Child::run(|| {
        // A process that changes its credentials loses its files in /proc until it is dumpable, as after execve(2).
        // SAFETY: this child's own credentials.
        let dropped = unsafe {
            libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
                && (libc::geteuid() != 0
                    || libc::setgroups(0, std::ptr::null()) == 0
                        && libc::setresgid(NOBODY, NOBODY, NOBODY) == 0
                        && libc::setresuid(NOBODY, NOBODY, NOBODY) == 0)
                && libc::prctl(libc::PR_SET_DUMPABLE, 1, 0, 0, 0) == 0
        };
        // SAFETY: as everywhere here.
        let Ok(watch) = (unsafe { Watch::begin(pages.base, pages.len) }) else { return false };
        pages.write(2, 1);
        dropped && bits(&watch) == Ok(1 << 2)
    });
    assert!(child.succeeds());
}

#[test]
fn watches_are_counted_and_bounded() {
    if !possible() {
        return;
    }
    let page = page_size();
    let pages = Pages::zeros(2 * MAX_WATCHES + 2);
    let child = Child::run(|| {
        // SAFETY: as everywhere here: every other page, so that no two touch.
        let begin = |at: usize| unsafe { Watch::begin(pages.base.add(2 * at * page), page) };
        let mut all = [const { None }; MAX_WATCHES];
        for (at, slot) in all.iter_mut().enumerate() {
            *slot = begin(at).ok();
        }
        let full = all.iter().all(Option::is_some) && watches() == MAX_WATCHES && begin(MAX_WATCHES).is_err();
        all[7] = None;
        let one_less = watches() == MAX_WATCHES - 1;
        all[7] = begin(MAX_WATCHES).ok();
        full && one_less && all[7].is_some() && watches() == MAX_WATCHES
    });
    assert!(child.succeeds());
}

#[test]
fn any_refused_call_leaves_memory_as_it_was_and_watching_possible() {
    if !possible() {
        return;
    }
    let pages = Pages::of_file(4, Share::Shared);
    // In a child nothing is open yet, so that opening is refused too.
    let child = Child::run(|| {
        let mut refusals = 0;
        for n in 0..100 {
            faults::plan(Plan::Once(n));
            // SAFETY: as everywhere here.
            let watch = unsafe { Watch::begin(pages.base, pages.len) };
            let changes = watch.as_ref().map_or(Err(Refused), bits);
            let all = faults::plan(Plan::None) != Plan::None;
            refusals += u32::from(changes.is_err());
            pages.write(1, n as u8);
            // One that stands is still right.
            if watch.is_ok_and(|watch| bits(&watch) != Ok(1 << 1)) || watches() != 0 {
                return false;
            }
            if all {
                return refusals > 20;
            }
        }
        false
    });
    assert!(child.succeeds());
}

#[test]
fn threads_that_begin_at_once_share_the_descriptors() {
    if !possible() {
        return;
    }
    let child = Child::run(|| {
        // Threads in a child of a process with threads: nothing here takes a lock.
        extern "C" fn one(_: *mut libc::c_void) -> *mut libc::c_void {
            let base = mmap::map_zeros(4 * page_size()).unwrap_or(NonNull::dangling());
            // SAFETY: mapped just now, for the rest of this process.
            let Ok(watch) = (unsafe { Watch::begin(base, 4 * page_size()) }) else { return std::ptr::null_mut() };
            // SAFETY: as above.
            unsafe { base.add(page_size()).write_volatile(1) };
            let right = bits(&watch) == Ok(2) && bits(&watch) == Ok(0);
            std::ptr::without_provenance_mut(usize::from(right))
        }
        let mut threads = [0; 8];
        let mut right = 0;
        // SAFETY: a function without arguments, and threads that are waited for.
        unsafe {
            for thread in &mut threads {
                libc::pthread_create(thread, std::ptr::null(), one, std::ptr::null_mut());
            }
            for thread in threads {
                let mut result = std::ptr::null_mut();
                libc::pthread_join(thread, &raw mut result);
                right += result.addr();
            }
        }
        right == threads.len() && watches() == 0
    });
    assert!(child.succeeds());
}
