//! Real forks, each test in a process of its own: a fork orphans the files of every test beside it.

mod races;

use std::any::type_name;
use std::process::Command;
use std::ptr;

use super::*;
use crate::sys::linux::faults::{self, Plan};
use crate::sys::linux::memfd;

const PAGE: usize = 4096;
const SIZE: usize = 16 * PAGE;

const MARK: &str = "BYTESIO_FORK_TEST_ALONE";

/// Runs a test's closure in another process, which the closure's type names.
#[track_caller]
fn alone<F: FnOnce()>(body: F) {
    if std::env::var_os(MARK).is_some() {
        // SAFETY: ends the process should something wait for ever.
        unsafe { libc::alarm(60) };
        return body();
    }
    let name = type_name::<F>().trim_end_matches("::{{closure}}").split_once("::").expect("a path").1;
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", name, "--nocapture", "--test-threads=1"]).env(MARK, "1");
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "{}: {text}", output.status);
}

fn file() -> Registered {
    file_of(SIZE).unwrap()
}

fn file_of(size: usize) -> Result<Registered> {
    Registered::new(size, || {
        let fd = memfd::create()?;
        memfd::set_size(&fd, size).map(|()| fd)
    })
}

fn put(at: NonNull<u8>, byte: u8) {
    // SAFETY: the first byte of a mapping, or of none: then the process ends, as the test wants.
    unsafe { at.write_volatile(byte) }
}

fn get(at: NonNull<u8>) -> u8 {
    // SAFETY: as in `put`.
    unsafe { at.read_volatile() }
}

/// What a child came to.
#[derive(PartialEq, Eq, Debug)]
enum Outcome {
    Exit(i32),
    Signal(i32),
}

/// Lets a file go in the child, and not in the parent.
fn let_go(file: &Registered) {
    drop(Registered { slot: file.slot, born: file.born });
}

/// Runs `part` in a child, which ends with 0 when it says true.
fn child(part: impl FnOnce() -> bool) -> Outcome {
    // SAFETY: the child does nothing that needs a lock.
    let pid = unsafe { libc::fork() };
    finish(pid, part)
}

/// The same for a child that is made past the C library and its handlers.
fn raw_child(part: impl FnOnce() -> bool) -> Outcome {
    // SAFETY: as in `child`; a new process with a copy of this one's memory.
    let pid = unsafe { libc::syscall(libc::SYS_clone, libc::SIGCHLD, 0, 0, 0, 0) };
    finish(i32::try_from(pid).unwrap(), part)
}

fn finish(pid: i32, part: impl FnOnce() -> bool) -> Outcome {
    assert!(pid >= 0, "no fork");
    let mut status = 0;
    // SAFETY: ends the child; waits for our own child.
    unsafe {
        if pid == 0 {
            libc::_exit(i32::from(!part()));
        }
        assert_eq!(libc::waitpid(pid, &mut status, 0), pid);
    }
    if libc::WIFSIGNALED(status) {
        Outcome::Signal(libc::WTERMSIG(status))
    } else {
        Outcome::Exit(libc::WEXITSTATUS(status))
    }
}

const WELL: Outcome = Outcome::Exit(0);
const NO_ACCESS: Outcome = Outcome::Signal(libc::SIGSEGV);

fn is_open(fd: i32) -> bool {
    // SAFETY: asks about a number.
    unsafe { libc::fcntl(fd, libc::F_GETFD) >= 0 }
}

fn fd_of(file: &Registered) -> i32 {
    file.slot.fd().unwrap()
}

#[test]
fn each_process_goes_on_with_its_own_bytes() {
    alone(|| {
        let file = file();
        let at = file.base();
        put(at, 1);
        let outcome = child(|| {
            let found = get(at) == 1 && file.is_orphaned() && !file.is_shared();
            put(at, 2);
            found && get(at) == 2
        });
        assert_eq!(outcome, WELL);
        assert_eq!(get(at), 1, "what the child wrote is its own");
        assert!(file.is_orphaned() && !file.is_shared());
        assert_eq!(file.with_file(|_| Ok(())), Err(Refused), "nobody writes the file again");
        put(at, 3);
        assert_eq!(child(|| get(at) == 3), WELL, "and another fork has what came since");
    });
}

#[test]
fn a_child_keeps_no_descriptor_and_closes_no_other() {
    alone(|| {
        let file = file();
        let fd = fd_of(&file);
        let outcome = child(|| {
            let closed = !is_open(fd) && file.slot.fd().is_none();
            // SAFETY: what a daemon does: its own files get the numbers of those that were closed.
            let reused = unsafe { libc::dup2(0, fd) } == fd;
            let_go(&file);
            closed && reused && is_open(fd) && DESCRIPTORS.load(Ordering::Relaxed) == 0
        });
        assert_eq!(outcome, WELL);
        assert!(is_open(fd), "the parent keeps it");
    });
}

/// Forks with the first system call of the handler refused: that which makes a mapping private.
fn child_refused(part: impl FnOnce() -> bool) -> Outcome {
    faults::plan(Plan::Once(0));
    let outcome = child(part);
    assert_eq!(faults::plan(Plan::None), Plan::None, "it was asked for, and refused");
    outcome
}

#[test]
fn a_refused_mapping_stays_the_parents() {
    alone(|| {
        let file = file();
        let at = file.base();
        put(at, 1);
        assert_eq!(child_refused(|| get(at) == 1), NO_ACCESS);
        assert!(file.is_shared() && file.is_orphaned());
        let outcome = child_refused(|| {
            let known = file.slot.state() == slot::State::Lost;
            let_go(&file);
            known
        });
        assert_eq!(outcome, WELL, "a child that does not touch it can let it go");
    });
}

#[test]
fn the_system_refuses_private_memory() {
    alone(|| {
        let file = file();
        let at = file.base();
        put(at, 1);
        lower(libc::RLIMIT_DATA, PAGE as u64);
        assert_eq!(child(|| get(at) == 1), NO_ACCESS);
        let outcome = child(|| {
            let known = file.slot.state() == slot::State::Lost;
            let_go(&file);
            known
        });
        assert_eq!((outcome, get(at), file.is_shared()), (WELL, 1, true));
    });
}

#[test]
fn what_was_refused_once_is_inherited_by_the_next_child() {
    alone(|| {
        let file = file();
        let at = file.base();
        child_refused(|| true);
        put(at, 5);
        let outcome = child(|| {
            let found = get(at) == 5;
            put(at, 6);
            found
        });
        assert_eq!((outcome, get(at)), (WELL, 5));
    });
}

#[test]
fn a_lost_range_is_not_given_to_others() {
    alone(|| {
        let file = file_of(64 << 20).unwrap();
        let (from, to) = (file.base().addr().get(), file.base().addr().get() + file.size());
        let outcome = child_refused(|| {
            (0..64).all(|_| {
                // SAFETY: a new mapping.
                let at = unsafe { libc::mmap(ptr::null_mut(), 1 << 20, 0, ANONYMOUS, -1, 0) }.addr();
                !(from..to).contains(&at)
            })
        });
        assert_eq!(outcome, WELL);
    });
}

const ANONYMOUS: i32 = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;

#[test]
fn what_others_put_there_before_the_handler_ran_stays_theirs() {
    alone(|| {
        let file = file();
        let at = file.base();
        let outcome = raw_child(|| {
            let flags = ANONYMOUS | libc::MAP_FIXED_NOREPLACE;
            let access = libc::PROT_READ | libc::PROT_WRITE;
            // SAFETY: replaces nothing.
            let foreign = unsafe { libc::mmap(at.as_ptr().cast(), SIZE, access, flags, -1, 0) };
            put(at, 9);
            let_go(&file);
            foreign == at.as_ptr().cast() && get(at) == 9
        });
        assert_eq!(outcome, WELL);
    });
}

#[test]
fn a_child_without_handlers_has_no_access() {
    alone(|| {
        let file = file();
        let at = file.base();
        assert_eq!(raw_child(|| get(at) == 0), NO_ACCESS);
        assert!(file.is_shared() && !file.is_orphaned());
    });
}

#[test]
fn a_retired_mapping_is_inherited_as_it_is() {
    alone(|| {
        let file = file();
        let at = file.base();
        put(at, 4);
        file.retire();
        faults::plan(Plan::From(0));
        assert_eq!(child(|| get(at) == 4), WELL, "that takes no memory, so it is not refused either");
        faults::plan(Plan::None);
        assert_eq!(get(at), 4);
    });
}

#[test]
fn what_is_parked_stays_with_the_parent() {
    alone(|| {
        let file = file();
        let (at, fd) = (file.base(), fd_of(&file));
        assert!(file.park(SIZE));
        let outcome = child(|| {
            let none = parked().0 == 0 && Registered::take(|_, memory| Some(memory)).is_none();
            none && !is_open(fd)
        });
        assert_eq!((outcome, parked().1), (WELL, SIZE));
        assert!(Registered::take(|size, _| (size > SIZE).then_some(())).is_none(), "none is as large");
        let (taken, memory) = Registered::take(|size, _| (size >= SIZE).then_some(size)).expect("the parked one");
        assert_eq!((memory, taken.base(), taken.is_orphaned(), parked().1), (SIZE, at, false, 0));
        put(at, 1);
        assert!(taken.park(SIZE));
        assert_eq!((trim(1, SIZE), trim(0, 0), is_open(fd)), (0, SIZE, false));
    });
}

#[test]
fn a_mapping_grows_in_place_or_elsewhere() {
    alone(|| {
        let file = file();
        put(file.base(), 7);
        let size = 100 * SIZE;
        file.with_file(|fd| memfd::set_size(fd, size)).unwrap();
        let at = file.resize(size, true).unwrap();
        assert_eq!((get(at), file.base(), file.size()), (7, at, size));
        assert_eq!(raw_child(|| get(at) == 7), NO_ACCESS, "still nobody else's");
        // SAFETY: within the mapping.
        let last = unsafe { at.add(size - 1) };
        put(last, 8);
        assert_eq!(child(|| get(last) == 8 && get(at) == 7), WELL);
        file.resize(SIZE, false).unwrap();
        assert_eq!(child(|| get(at) == 7), WELL);
    });
}

#[test]
fn nothing_is_made_while_another_fork_goes_on() {
    alone(|| {
        let file = file();
        before();
        assert!(file.is_orphaned() && file_of(SIZE).is_err());
        after_in_parent();
        assert!(file.is_orphaned() && file_of(SIZE).is_ok());
        before();
        before();
        after_in_parent();
        assert!(file_of(SIZE).is_err(), "one is over, one is not");
        after_in_parent();
        after_in_parent();
        assert!(file_of(SIZE).is_ok(), "and an end without a beginning does no harm");
    });
}

#[test]
fn errno_and_the_signal_mask_stay() {
    alone(|| {
        let _file = file();
        // SAFETY: this thread's errno, and room for its signal mask.
        unsafe {
            *libc::__errno_location() = 123;
            before();
            after_in_parent();
            assert_eq!(*libc::__errno_location(), 123);
            let mut mask = std::mem::zeroed();
            libc::pthread_sigmask(0, ptr::null(), &mut mask);
            assert_eq!(libc::sigismember(&mask, libc::SIGALRM), 0);
        }
    });
}

#[test]
fn refused_calls_leave_nothing_behind() {
    alone(|| {
        let open = || std::fs::read_dir("/proc/self/fd").unwrap().count();
        let before = open();
        let refusals = (0..10).take_while(|calls| {
            faults::plan(Plan::Once(*calls));
            let refused = file_of(SIZE).is_err();
            let left = faults::plan(Plan::None);
            let slots = SLOTS.iter().filter(|slot| slot.state() != slot::State::Empty).count();
            assert_eq!((open(), slots, DESCRIPTORS.load(Ordering::Relaxed)), (before, 0, 0), "after {calls}");
            refused || left == Plan::None
        });
        assert!(refusals.count() >= 3, "the file, its length, its mapping");
    });
}

fn lower(resource: libc::__rlimit_resource_t, value: u64) {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: a valid structure to be filled, and read.
    unsafe {
        libc::getrlimit(resource, &mut limit);
        limit.rlim_cur = value;
        assert_eq!(libc::setrlimit(resource, &limit), 0);
    }
}

#[test]
fn files_take_a_share_of_the_descriptors() {
    alone(|| {
        lower(libc::RLIMIT_NOFILE, 64);
        let mut files: Vec<_> = (0..64).map_while(|_| file_of(PAGE).ok()).collect();
        assert_eq!(files.len(), process::descriptor_shares().0);
        files.truncate(3);
        assert!(file_of(PAGE).is_ok());
    });
}
