//! What the system refuses: descriptors, address space, long files, /proc. The results stay the same, or the error is
//! `NoMem` and nothing has changed.

use std::ffi::CStr;
use std::fs::File;

use bytesio::{Access, Error, Kind, Whence};

use crate::body::{BULK, Body, PAGE, assert_same, digest, options, pattern};
use crate::process::{alone, alone_with, apart, descriptors, files, limit, mappings};

const SIZE: usize = 300 << 10;

/// What streams are for, in short; says how many of the streams were mapped on the way.
fn work(seed: u64) -> usize {
    let mut mapped = 0;
    for i in 0..3 {
        let seed = seed + i * 10;
        let mut body = Body::empty();
        body.append(SIZE, seed);
        for round in 0..4 {
            body.snap();
            body.write(round * 9 * PAGE, 2 * PAGE, seed + round as u64);
            body.append(BULK + 3, seed);
            mapped += usize::from(body.kind() == Kind::Mapped);
        }
        body.show(true);
        for at in [1, BULK, SIZE] {
            body.raw(at, PAGE, seed);
            body.snap();
        }
        body.check();
        body.hide();
        let mut clone = body.duplicate();
        body.truncate(SIZE / 2);
        body.append(3 * SIZE, seed);
        clone.write(0, SIZE, seed);
        clone.reincarnate();
        clone.append(1, seed);
        clone.check();
        body.check();
    }
    mapped
}

/// Duplicates of a descriptor, until there are no more.
fn exhaust_descriptors() -> Vec<File> {
    let null = File::open("/dev/null").unwrap();
    let mut all = vec![null];
    while let Ok(another) = all[0].try_clone() {
        all.push(another);
    }
    all
}

#[test]
fn no_descriptor_left() {
    alone(|| {
        limit(libc::RLIMIT_NOFILE, 256);
        let held = Body::mapped(SIZE, 1);
        let taken = exhaust_descriptors();
        let mut held = held;
        held.snap();
        held.write(0, 9, 2);
        held.show(true);
        // Which pages have changed cannot be asked now.
        held.raw(PAGE, 9, 3);
        held.snap();
        held.check();
        assert_eq!(work(1), 0, "without descriptors all is on the heap");
        drop(taken);
        assert!(work(2) > 0, "with descriptors it is not");
        held.raw(PAGE, 9, 4);
        held.snap();
        held.check();
    });
}

#[test]
fn a_low_limit_of_descriptors() {
    alone(|| {
        for most in [3, 4, 8, 16, 64] {
            apart(|| {
                let before = descriptors();
                limit(libc::RLIMIT_NOFILE, most);
                let bodies: Vec<_> = (0..40).map(|i| filled(SIZE / 4, i)).collect();
                work(1);
                bodies.iter().for_each(Body::check);
                limit(libc::RLIMIT_NOFILE, 1 << 20);
                let used = descriptors() - before;
                assert!(used as u64 <= most / 4, "{used} of {most}");
            });
        }
    });
}

fn filled(n: usize, seed: u64) -> Body {
    let mut body = Body::empty();
    body.append(n, seed);
    body
}

#[test]
fn a_thousand_large_streams() {
    alone(|| {
        for most in [200, 20_000] {
            limit(libc::RLIMIT_NOFILE, most);
            let before = descriptors();
            let mut bodies: Vec<_> = (0..1000).map(|i| filled(SIZE, i)).collect();
            for (i, body) in (0..).zip(&mut bodies) {
                let snapshot = body.stream().getvalue().unwrap();
                body.write(i % 70 * PAGE, 100, i as u64);
                assert_eq!(snapshot.len(), SIZE);
            }
            let used = descriptors() - before;
            assert!(used as u64 <= (most / 4).min(1024), "{used} descriptors of {most}");
            let mapped = bodies.iter().filter(|body| body.kind() == Kind::Mapped).count();
            assert!(mapped >= used / 2, "{mapped} mapped streams with {used} descriptors");
            bodies.iter().for_each(Body::check);
            drop(bodies);
            bytesio::trim();
            assert_eq!((descriptors(), mappings()), (before, 0));
        }
    });
}

/// What this process uses, in bytes, by its name in /proc/self/status.
fn in_use(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}

/// Tries something that may lack memory: then nothing has changed.
#[track_caller]
fn try_to(body: &mut Body, expected: &mut Vec<u8>, seed: usize, data: &[u8]) -> bool {
    let stream = body.stream.as_ref().unwrap();
    let len = expected.len();
    let at = if seed.is_multiple_of(3) { len / 2 } else { len };
    let result = stream.pwrite(data, at as u64);
    match result {
        Ok(()) => {
            expected.resize(len.max(at + data.len()), 0);
            expected[at..at + data.len()].copy_from_slice(data);
        }
        Err(error) => assert_eq!(error, Error::NoMem),
    }
    stream.seek(0, Whence::Start).unwrap();
    let shown = stream.peek().unwrap();
    // SAFETY: the stream's bytes, which nothing changes during the comparison.
    assert_same("the stream", unsafe { std::slice::from_raw_parts(shown.ptr.as_ptr(), shown.len) }, expected);
    result.is_ok()
}

#[test]
fn little_address_space() {
    // Otherwise malloc has address space of its own in store.
    alone_with(&[("MALLOC_ARENA_MAX", "1"), ("MALLOC_MMAP_THRESHOLD_", "131072")], || {
        // The test's own memory, taken before there is none.
        let data = pattern(256 << 10, 1);
        for megabytes in [1, 4, 12, 40] {
            let mut body = Body::mapped(SIZE, 2);
            let mut expected = Vec::with_capacity(20 << 20);
            expected.extend_from_slice(&body.bytes);
            apart(|| {
                limit(libc::RLIMIT_AS, in_use("VmSize:") + (megabytes << 20));
                let refused = squeezed(&mut body, &mut expected, &data);
                eprintln!("{megabytes} MiB: {refused} refusals, {} bytes", expected.len());
                assert!(megabytes > 4 || refused > 0, "this much is too little");
            });
        }
    });
}

/// Grows, overwrites, snapshots and shows a stream with little memory; says how often there was none.
fn squeezed(body: &mut Body, expected: &mut Vec<u8>, data: &[u8]) -> usize {
    let mut refused = 0;
    let mut kept: Option<(bytesio::Snapshot, u64)> = None;
    for round in 0..60 {
        refused += usize::from(!try_to(body, expected, round, &data[round..]));
        let stream = body.stream();
        if round % 10 == 5 {
            kept.iter().for_each(|(snapshot, sum)| assert_eq!(digest(snapshot), *sum));
            kept = stream.getvalue().ok().map(|snapshot| {
                let sum = digest(&snapshot);
                (snapshot, sum)
            });
        }
        if round % 10 == 9
            && let Ok(view) = stream.getbuffer(Access::Writable)
        {
            // SAFETY: the first byte of a view that is not empty.
            unsafe { *view.data().as_ptr() = round as u8 };
            expected[0] = round as u8;
            match stream.getvalue() {
                Ok(snapshot) => assert_same("a snapshot", &snapshot, expected),
                Err(error) => assert_eq!(error, Error::NoMem),
            }
        }
    }
    refused
}

/// Forks with a limit at just what is in use, by the name that /proc/self/status has for it.
#[track_caller]
fn fork_within(resource: libc::__rlimit_resource_t, name: &str) {
    apart(|| {
        let mut bodies = [Body::mapped(SIZE, 1), Body::mapped(SIZE, 2), Body::mapped(SIZE, 3)];
        bodies[1].snap();
        bodies[1].write(PAGE, 9, 4);
        bodies[2].show(true);
        limit(resource, in_use(name));
        apart(|| bodies.iter_mut().for_each(|body| body.write(9, 9, 5)));
        apart(|| bodies[2].raw(PAGE, 9, 6));
        limit(resource, u64::MAX);
        bodies.iter().for_each(Body::check);
    });
}

#[test]
fn a_fork_with_no_address_space_to_spare() {
    alone(|| fork_within(libc::RLIMIT_AS, "VmSize:"));
}

#[test]
fn no_long_files() {
    alone(|| {
        for most in [0, 1, PAGE, BULK, 1 << 20, 3 << 20] {
            eprintln!("files to {most} bytes");
            apart(|| {
                limit(libc::RLIMIT_FSIZE, most as u64);
                work(1);
            });
        }
    });
}

#[test]
fn no_long_files_any_more() {
    alone(|| {
        for most in [0, PAGE, BULK, SIZE] {
            eprintln!("files to {most} bytes");
            apart(|| {
                let mut bodies: Vec<_> = (0..4).map(|i| Body::mapped(SIZE, i)).collect();
                bodies[1].snap();
                bodies[1].write(70 * PAGE, PAGE, 1);
                bodies[1].drop_kept(0);
                bodies[2].show(true);
                bodies[2].raw(70 * PAGE, PAGE, 2);
                bodies[2].snap();
                bodies[2].raw(70 * PAGE, PAGE, 3);
                bodies[2].drop_kept(0);
                drop(bodies.pop());
                limit(libc::RLIMIT_FSIZE, most as u64);
                // Writes back, by either way.
                bodies[1].snap();
                bodies[1].write(0, 1, 2);
                bodies[2].snap();
                bodies[2].hide();
                for body in &mut bodies {
                    body.append(2 * BULK, 5);
                    body.snap();
                    body.write(PAGE, 2 * BULK, 6);
                    body.check();
                }
                work(1);
            });
        }
    });
}

/// Hides /proc from this process. Needs the right to, by itself or by a user namespace.
fn hide_proc() -> Result<(), std::io::Error> {
    let done = |result| if result == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) };
    let none: Option<&CStr> = None;
    // SAFETY: system calls with static strings, and NULL where nothing is wanted.
    unsafe {
        let plain = libc::unshare(libc::CLONE_NEWNS);
        done(if plain == 0 { 0 } else { libc::unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWNS) })?;
        let null = none.map_or(std::ptr::null(), CStr::as_ptr);
        done(libc::mount(null, c"/".as_ptr(), null, libc::MS_REC | libc::MS_PRIVATE, std::ptr::null()))?;
        done(libc::mount(c"none".as_ptr(), c"/proc".as_ptr(), c"tmpfs".as_ptr(), 0, std::ptr::null()))
    }
}

#[test]
fn no_proc() {
    alone(|| {
        apart(|| {
            let mut held = Body::mapped(SIZE, 1);
            held.show(true);
            held.raw(0, 9, 2);
            held.snap();
            if let Err(error) = hide_proc() {
                eprintln!("SKIPPED limits::no_proc: this sandbox does not let /proc be hidden: {error}");
                return;
            }
            assert!(!std::path::Path::new("/proc/self/pagemap").exists());
            for round in 0..4 {
                held.raw(round * PAGE, PAGE + 1, 3 + round as u64);
                held.snap();
                held.check();
            }
            held.hide();
            held.snap();
            held.write(5, 5, 5);
            held.check();
            assert!(work(1) > 0, "mapped blocks need no /proc");
        });
    });
}

#[test]
fn files_are_not_inherited_by_programs() {
    alone(|| {
        let _body = Body::mapped(SIZE, 1);
        assert_eq!(files().len(), 1);
        let output = std::process::Command::new("ls").args(["-l", "/proc/self/fd"]).output().unwrap();
        assert!(!String::from_utf8_lossy(&output.stdout).contains("bytesio"), "close-on-exec");
    });
}

#[test]
fn options_for_never() {
    alone(|| {
        let never = bytesio::Options { mapped_from: usize::MAX, ..options() };
        let mut body = Body::over(bytesio::Stream::with_options(&never).unwrap(), Vec::new());
        body.append(40 << 20, 1);
        body.snap();
        body.write(0, 1, 2);
        body.snap();
        body.write(0, 1, 3);
        assert_eq!((body.kind(), files().len()), (Kind::Heap, 0));
    });
}

#[test]
fn what_no_machine_has_is_refused_whatever_is_at_hand() {
    alone(|| {
        const MUCH: u64 = 1 << 46;
        for _ in 0..3 {
            let mut body = Body::mapped(100, 1);
            let stream = body.stream();
            assert_eq!(stream.resize(MUCH).unwrap_err(), Error::NoMem);
            assert_eq!(stream.fill(0, MUCH as usize).unwrap_err(), Error::NoMem);
            assert_eq!(stream.reserve(MUCH as usize).unwrap_err(), Error::NoMem);
            assert_eq!(stream.pwrite(b"far", MUCH).unwrap_err(), Error::NoMem);
            body.snap();
            body.write(0, 1, 2);
            assert_eq!(body.stream().resize(MUCH).unwrap_err(), Error::NoMem);
            body.check();
        }
    });
}
