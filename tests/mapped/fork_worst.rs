//! fork(2) with the least help from the system: where a private mapping is refused, and in children that close
//! descriptors by themselves. Forks in signal handlers are tested in C (`fork_signal.c`): in a process with threads,
//! as every Rust test is, the C library itself does not allow them.

use std::os::unix::process::ExitStatusExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitStatus;
use std::ptr;

use crate::body::{BULK, Body, PAGE};
use crate::process::{alone, apart, files, limit};

const SIZE: usize = 2 << 20;

/// How a child ended, which the kernel may have done.
fn outcome(part: impl FnOnce()) -> ExitStatus {
    let mut status = 0;
    // SAFETY: one thread, so that no lock is held; the child ends here, and the parent waits for it.
    unsafe {
        let pid = libc::fork();
        assert!(pid >= 0, "no fork");
        if pid == 0 {
            libc::alarm(30);
            let outcome = catch_unwind(AssertUnwindSafe(part));
            libc::_exit(i32::from(outcome.is_err()));
        }
        assert_eq!(libc::waitpid(pid, &mut status, 0), pid);
    }
    ExitStatus::from_raw(status)
}

/// Has private memory refused: what there is, is more than is allowed.
fn refuse_private_memory() {
    limit(libc::RLIMIT_DATA, PAGE as u64);
}

/// Has one more mapping refused, and one more in place of another one.
fn refuse_mappings() {
    const FLAGS: i32 = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    let mut access = libc::PROT_READ;
    // Neighbours with another protection do not become one.
    // SAFETY: new mappings that nobody uses.
    while unsafe { libc::mmap(ptr::null_mut(), PAGE, access, FLAGS, -1, 0) } != libc::MAP_FAILED {
        access ^= libc::PROT_READ;
    }
}

type Refusal = (&'static str, fn());
const REFUSALS: [Refusal; 2] = [("RLIMIT_DATA", refuse_private_memory), ("vm.max_map_count", refuse_mappings)];

fn most_mappings() -> usize {
    std::fs::read_to_string("/proc/sys/vm/max_map_count").ok().and_then(|n| n.trim().parse().ok()).unwrap_or(usize::MAX)
}

/// Some states of streams in which the stream writes through a mapping that it would share.
fn sharing() -> [Body; 2] {
    let fresh = Body::mapped(SIZE, 1);
    let mut under_a_snapshot = Body::mapped(SIZE, 2);
    under_a_snapshot.snap();
    [fresh, under_a_snapshot]
}

#[test]
fn where_a_private_mapping_is_refused_the_child_has_no_access() {
    alone(|| {
        for (name, refuse) in REFUSALS {
            if name == "vm.max_map_count" && most_mappings() > 1 << 17 {
                eprintln!("skip {name}: too many are allowed");
                continue;
            }
            apart(|| {
                let bodies = sharing();
                refuse();
                for body in &bodies {
                    let data = body.stream().peek().unwrap().ptr;
                    // SAFETY: the stream's first byte. In the child the process ends there, as it must.
                    let read = outcome(|| _ = unsafe { data.as_ptr().read_volatile() });
                    assert_eq!(read.signal(), Some(libc::SIGSEGV), "{name}: {read}");
                    // SAFETY: as above; nobody else uses it.
                    let written = outcome(|| unsafe { data.as_ptr().write_volatile(77) });
                    assert_eq!(written.signal(), Some(libc::SIGSEGV), "{name}: {written}");
                    body.check();
                }
                let quiet = outcome(|| drop(bodies.map(|body| body.stream)));
                assert!(quiet.success(), "{name}: a child that only lets go: {quiet}");
            });
        }
    });
}

#[test]
fn where_a_private_mapping_is_refused_the_parent_goes_on() {
    alone(|| {
        let mut bodies = sharing();
        let unlimited = unlimited_data();
        refuse_private_memory();
        let child = outcome(|| ());
        limit(libc::RLIMIT_DATA, unlimited);
        assert!(child.success());
        for (seed, body) in (5..).zip(&mut bodies) {
            body.write(3, PAGE, seed);
            body.append(BULK, seed);
            body.check();
        }
        // And the next child has all of it.
        let mut child = Some(bodies);
        let status = outcome(|| {
            for body in child.iter_mut().flatten() {
                body.check();
                body.write(0, 2 * PAGE, 9);
                body.check();
            }
        });
        assert!(status.success(), "{status}");
        child.iter().flatten().for_each(Body::check);
    });
}

fn unlimited_data() -> u64 {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: a valid structure to be filled.
    unsafe { libc::getrlimit(libc::RLIMIT_DATA, &mut limit) };
    limit.rlim_cur
}

#[test]
fn a_child_has_none_of_the_descriptors() {
    alone(|| {
        let mut bodies: Vec<_> = (0..4).map(|i| Body::mapped(SIZE, i)).collect();
        for body in &mut bodies {
            body.snap();
            body.write(0, 9, 9);
        }
        drop(Body::mapped(SIZE, 9));
        assert!(files().len() >= 4);
        let mut bodies = Some(bodies);
        let status = outcome(|| {
            assert_eq!(files().len(), 0, "mappings live without");
            for body in bodies.iter_mut().flatten() {
                body.check();
                body.append(BULK, 3);
                body.check();
            }
            bodies = None;
            bytesio::trim();
            assert_eq!(files().len(), 0);
        });
        assert!(status.success(), "{status}");
        bodies.iter().flatten().for_each(Body::check);
    });
}

#[test]
fn a_daemon_that_closes_everything_keeps_what_it_opens_then() {
    alone(|| {
        let mut bodies = Some([1, 2, 3].map(|seed| Body::mapped(SIZE, seed)));
        drop(Body::mapped(SIZE, 9));
        let status = outcome(|| {
            // SAFETY: what daemons do; the numbers are this process's own from then on.
            let opened: Vec<i32> = unsafe {
                libc::close_range(3, u32::MAX, 0);
                (0..64).map(|_| libc::open(c"/dev/null".as_ptr(), libc::O_RDONLY)).collect()
            };
            bodies.iter().flatten().for_each(Body::check);
            bodies = None;
            bytesio::trim();
            // SAFETY: asks about numbers.
            let open = |fd: &&i32| unsafe { libc::fcntl(**fd, libc::F_GETFD) >= 0 };
            assert_eq!(opened.iter().filter(open).count(), 64);
        });
        assert!(status.success(), "{status}");
        bodies.iter().flatten().for_each(Body::check);
    });
}

#[test]
fn memory_kept_for_reuse_is_still_kept_by_the_parent_alone() {
    alone(|| {
        drop(Body::mapped(4 * SIZE, 1));
        let status = outcome(|| assert_eq!(bytesio::trim(), 0, "nothing is left to a child"));
        assert!(status.success(), "{status}");
        assert!(bytesio::trim() >= 4 * SIZE);
    });
}
