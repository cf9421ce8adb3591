//! Processes: a test in one of its own, forks of it, and what the kernel says of it.

use std::any::type_name;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::{FromRawFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process::{Command, Stdio};

use crate::body::Body;

/// Set in a test's own process.
const MARK: &str = "MAPPED_TEST_ALONE";
/// No process lives longer, so that a deadlock is a failure and not a silence.
const SECONDS: u32 = 100;

/// The number in an environment variable.
pub fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|n| n.parse().ok())
}

/// Runs a test's body in a process of its own, with one thread. The body must be a closure in the test's function:
/// its type says the test's name.
#[track_caller]
pub fn alone<F: FnOnce()>(body: F) {
    alone_with(&[], body);
}

/// As [`alone`], with variables in the process's environment.
#[track_caller]
pub fn alone_with<F: FnOnce()>(variables: &[(&str, &str)], body: F) {
    if std::env::var_os(MARK).is_some() {
        expire();
        return body();
    }
    let name = type_name::<F>().trim_end_matches("::{{closure}}").split_once("::").expect("a path").1;
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", name, "--nocapture", "--test-threads=1"])
        .env(MARK, "1")
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null());
    let output = command.envs(variables.iter().copied()).output().unwrap();
    let (text, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let ran = text.contains("1 passed");
    assert!(output.status.success() && ran, "{name}: {}\n{text}\n{errors}", output.status);
    // What a test has to say, such as that it could not run, is said here too.
    eprint!("{errors}");
}

fn expire() {
    // SAFETY: sets a timer, which ends the process.
    unsafe { libc::alarm(SECONDS) };
}

/// The reading and the writing end.
pub fn pipe() -> (File, File) {
    let mut ends = [0; 2];
    // SAFETY: room for two descriptors, which are new and ours on success.
    unsafe {
        assert_eq!(libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC), 0);
        (File::from(OwnedFd::from_raw_fd(ends[0])), File::from(OwnedFd::from_raw_fd(ends[1])))
    }
}

/// A child process, which ends with 0 when what it was to do came to its end.
pub struct Child(libc::pid_t);

impl Child {
    #[track_caller]
    pub fn join(self) {
        let mut status = 0;
        // SAFETY: our own child, and room for its status.
        let pid = unsafe { libc::waitpid(self.0, &mut status, 0) };
        let status = std::process::ExitStatus::from_raw(status);
        assert!(pid == self.0 && status.success(), "the child: {status}");
    }
}

/// Forks. The child does its part and ends with _exit; it never comes back.
pub fn fork(part: impl FnOnce()) -> Child {
    // SAFETY: the test has made sure that no lock it needs is held by another thread.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0, "no fork");
    if pid == 0 {
        expire();
        let outcome = catch_unwind(AssertUnwindSafe(part));
        // SAFETY: ends the process, with nothing of the test harness having run twice.
        unsafe { libc::_exit(i32::from(outcome.is_err())) }
    }
    Child(pid)
}

/// Forks and waits: for what must not happen to the test's own process, such as a limit.
#[track_caller]
pub fn apart(part: impl FnOnce()) {
    fork(part).join();
}

/// Which of two processes this is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    Parent,
    Child,
}

impl Side {
    /// A seed that differs on the two sides.
    pub fn seed(self, seed: u64) -> u64 {
        seed * 2 + u64::from(self == Side::Child)
    }
}

/// The other process; or nobody, where a shadow does what the other process does.
pub struct Peer(Option<(File, File)>);

impl Peer {
    pub fn nobody() -> Self {
        Self(None)
    }

    pub fn is_nobody(&self) -> bool {
        self.0.is_none()
    }

    pub fn pair() -> (Self, Self) {
        let ((from_a, to_b), (from_b, to_a)) = (pipe(), pipe());
        (Self(Some((from_a, to_a))), Self(Some((from_b, to_b))))
    }

    /// Waits until the other process has come to the same point.
    #[track_caller]
    pub fn meet(&self) {
        if let Some((from, to)) = &self.0 {
            let mut byte = [0];
            (&*to).write_all(b"!").expect("the other process lives");
            (&*from).read_exact(&mut byte).expect("the other process lives");
        }
    }

    fn tell(&self, number: u64) {
        self.0.iter().for_each(|(_, to)| (&*to).write_all(&number.to_le_bytes()).unwrap());
    }

    fn hear(&self) -> u64 {
        let mut bytes = [0; 8];
        self.0.iter().for_each(|(from, _)| (&*from).read_exact(&mut bytes).expect("the other process lives"));
        u64::from_le_bytes(bytes)
    }
}

/// Forks; both processes go on with `act`, each as its side. Each must find in the end what its own models say, and
/// the child what the parent says that it must, by a shadow that does the same.
#[track_caller]
pub fn part_ways(bodies: &mut Vec<Body>, act: &dyn Fn(&mut Vec<Body>, Side, &Peer)) {
    let mut expected: Vec<Body> = bodies.iter().map(Body::shadow).collect();
    act(&mut expected, Side::Child, &Peer::nobody());
    let (ours, theirs) = Peer::pair();
    let mut theirs = Some(theirs);
    let mut ours = Some(ours);
    let child = fork(|| {
        // The other side's ends, so that its end is noticed.
        drop(ours.take());
        let peer = theirs.take().expect("not taken yet");
        act(bodies, Side::Child, &peer);
        bodies.iter().for_each(Body::check);
        peer.tell(sum(bodies));
        // The child's streams end in the child, before the parent goes on.
        bodies.clear();
        peer.meet();
    });
    drop(theirs.take());
    let peer = ours.take().expect("not taken yet");
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        act(bodies, Side::Parent, &peer);
        assert_eq!(peer.hear(), sum(&expected), "what the child has");
        peer.meet();
    }));
    drop(peer);
    outcome.unwrap_or_else(|panic| resume_unwind(panic));
    child.join();
    bodies.iter().for_each(Body::check);
}

fn sum(bodies: &[Body]) -> u64 {
    bodies.iter().fold(bodies.len() as u64, |sum, body| sum.rotate_left(11) ^ body.digest())
}

/// How many mappings of memfds this process has.
pub fn mappings() -> usize {
    fs::read_to_string("/proc/self/maps").unwrap().lines().filter(|line| line.contains("memfd:bytesio")).count()
}

/// The inodes of the library's files, one for each descriptor.
pub fn files() -> Vec<u64> {
    use std::os::unix::fs::MetadataExt;
    let ours = |path: &std::path::Path| {
        fs::read_link(path).is_ok_and(|target| target.to_string_lossy().contains("memfd:bytesio"))
    };
    let entries = fs::read_dir("/proc/self/fd").unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| ours(path)).map(|path| fs::metadata(path).unwrap().ino()).collect()
}

/// How many descriptors this process has.
pub fn descriptors() -> usize {
    // One of them is the directory's own.
    fs::read_dir("/proc/self/fd").unwrap().count() - 1
}

/// Sets a limit of this process, as far as the hard one goes.
pub fn limit(resource: libc::__rlimit_resource_t, value: u64) {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: a valid structure to be filled, and read.
    unsafe {
        assert_eq!(libc::getrlimit(resource, &mut limit), 0);
        limit.rlim_cur = value.min(limit.rlim_max);
        assert_eq!(libc::setrlimit(resource, &limit), 0);
    }
}
