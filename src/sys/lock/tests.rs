//! The lock with real threads, real fences and real processes; every interleaving is `models`' part.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;

use super::plain::Plain;
use super::{Gate, Lock};
use crate::error::Error;

#[derive(Default)]
struct Value {
    sum: usize,
    poisoned: bool,
    refuses: bool,
    /// What a watched lock has told.
    told: Vec<&'static str>,
}

impl super::Value for Value {
    fn poison(&mut self) {
        self.poisoned = true;
        self.told.push("poison");
    }

    fn begin(&mut self, can_fail: bool) -> bool {
        self.told.push("begin");
        !(self.refuses && can_fail)
    }

    fn end(&mut self) {
        self.told.push("end");
    }
}

fn lock<G: Gate>() -> Lock<Value, G> {
    // From here on the process does not count as single-threaded any more, so that no gate is skipped.
    thread::spawn(|| ()).join().unwrap();
    Lock::new(Value::default(), false)
}

fn add<G: Gate>(lock: &Lock<Value, G>) {
    lock.with(|value| value.sum += 1);
}

/// The fast way; says whether it was open.
fn add_fast<G: Gate>(lock: &Lock<Value, G>) -> bool {
    lock.try_fast((), |value, ()| value.sum += 1).is_some()
}

fn sum<G: Gate>(lock: &Lock<Value, G>) -> usize {
    lock.with(|value| value.sum)
}

/// Threads that have the lock in bursts of this length, now one by one and now at once.
fn hammer<G: Gate + Send>(burst: usize) {
    const THREADS: usize = 3;
    const ROUNDS: usize = 12;
    let (lock, barrier) = (lock::<G>(), Barrier::new(THREADS));
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (lock, barrier) = (&lock, &barrier);
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    if round % 2 == 0 || round % THREADS == thread {
                        for n in 0..burst {
                            if n % 3 == 0 || !add_fast(lock) {
                                add(lock);
                            }
                        }
                    }
                    barrier.wait();
                }
            });
        }
    });
    let turns: usize = (0..ROUNDS).map(|round| if round % 2 == 0 { THREADS } else { 1 }).sum();
    assert_eq!(sum(&lock), turns * burst, "an addition was lost");
}

#[test]
fn no_addition_is_lost() {
    for burst in [10, 3_000, 20_000] {
        hammer::<Plain>(burst);
        hammer::<super::Chosen>(burst);
    }
}

/// A thread that has the lock to itself, but for one use by another now and then, in the middle of its own.
fn interrupt<G: Gate + Send>() {
    const TIMES: usize = 4;
    let (lock, done, over) = (lock::<G>(), AtomicUsize::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        let owner = scope.spawn(|| {
            let mut uses = 0;
            while !over.load(Ordering::Relaxed) {
                if !add_fast(&lock) {
                    add(&lock);
                }
                uses += 1;
                done.store(uses, Ordering::Relaxed);
            }
            uses
        });
        for time in 1..=TIMES {
            // Enough for the lock to be the owner's again, where it can be.
            let until = done.load(Ordering::Relaxed) + (3_000 << time);
            while done.load(Ordering::Relaxed) < until {
                std::hint::spin_loop();
            }
            add(&lock);
        }
        over.store(true, Ordering::Relaxed);
        let uses = owner.join().unwrap();
        assert_eq!(sum(&lock), uses + TIMES, "an addition was lost");
    });
}

#[test]
fn no_addition_is_lost_where_a_bias_is_taken_back() {
    // Each time anew, for each time it takes longer until the lock is biased again.
    for _ in 0..50 {
        interrupt::<super::Chosen>();
    }
}

#[test]
fn an_opted_out_lock_is_always_open() {
    let lock = Lock::<Value>::new(Value::default(), true);
    assert!(lock.opted_out() && add_fast(&lock));
    add(&lock);
    assert_eq!(sum(&lock), 2);
}

fn watch<G: Gate>() {
    let lock = Lock::<Value, G>::new(Value::default(), true);
    add(&lock);
    assert!(lock.with(|value| value.told.is_empty()));
    (0..2).for_each(|_| lock.watch());
    // More than would bias a gate.
    for _ in 0..MANY {
        assert!(lock.opted_out() && !add_fast(&lock));
        assert_eq!(lock.with(|value| std::mem::take(&mut value.told).pop()), Some("begin"));
        assert_eq!(lock.try_with(|value| Ok(std::mem::take(&mut value.told))), Ok(vec!["end", "begin"]));
    }
    lock.with(|value| value.refuses = true);
    lock.with(|value| value.told.clear());
    assert_eq!(lock.try_with(|_| Ok(())), Err(Error::Invalid));
    assert_eq!(lock.with(|value| value.told.clone()), ["end", "begin", "begin"], "what is refused has no end");
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| lock.with(|_| panic!("on purpose"))));
    assert!(result.is_err());
    assert!(lock.with(|value| value.poisoned && value.told.ends_with(&["begin", "poison", "end", "begin"])));
}

#[test]
fn a_watched_lock_tells_of_every_stay() {
    watch::<Plain>();
    watch::<super::Chosen>();
}

fn a_panic_poisons<G: Gate + Send + 'static>(uses_before: usize) {
    let lock = Arc::new(lock::<G>());
    (0..uses_before).for_each(|_| add(&lock));
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| lock.with(|_| panic!("on purpose"))));
    assert!(result.is_err() && lock.with(|value| value.poisoned));
    let other = Arc::clone(&lock);
    thread::spawn(move || add(&other)).join().unwrap();
    assert_eq!(sum(&lock), uses_before + 1, "free again");
}

#[test]
fn a_panic_poisons_the_value_and_frees_the_lock() {
    a_panic_poisons::<Plain>(0);
    for uses_before in [0, MANY] {
        a_panic_poisons::<super::Chosen>(uses_before);
    }
}

/// More uses than any number that biases.
const MANY: usize = 40_000;

#[cfg(all(target_os = "linux", target_arch = "x86_64", target_pointer_width = "64", not(miri)))]
mod biased {
    use std::fs;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    use super::super::biased::kernel::Kernel;
    use super::super::biased::{Biased, System};
    use super::*;
    use crate::sys::sync::AtomicU32;

    fn ours() -> Lock<Value, Biased> {
        lock()
    }

    /// A lock that is biased towards the thread that calls this.
    fn biased() -> Lock<Value, Biased> {
        let lock = ours();
        (0..MANY).for_each(|_| add(&lock));
        assert!(add_fast(&lock), "registered, and used in a row");
        lock
    }

    /// Runs `f` in the child of a fork, where it must not allocate; says whether it gave true.
    fn in_child(f: impl FnOnce() -> bool) -> bool {
        let mut status = 0;
        // SAFETY: the child does no more than `f`, and ends.
        unsafe {
            let child = libc::fork();
            if child == 0 {
                // A child that hangs is a failure, not a silence.
                libc::alarm(60);
                libc::_exit(if f() { 0 } else { 1 });
            }
            assert_eq!(libc::waitpid(child, &raw mut status, 0), child);
        }
        status == 0
    }

    #[test]
    fn the_fast_way_opens_after_so_many_uses_in_a_row() {
        let lock = ours();
        let uses = || {
            let mut uses = 0;
            while !add_fast(&lock) {
                add(&lock);
                uses += 1;
            }
            uses
        };
        let first = uses();
        let other = thread::scope(|scope| scope.spawn(uses).join().unwrap());
        assert_eq!(other, 2 * first, "each time that the bias was wrong doubles the number");
        assert!(!add_fast(&lock), "it is the other thread's now");
    }

    #[test]
    fn a_fifth_thread_is_never_favoured() {
        let lock = ours();
        // All are alive until the end, so that none has another one's number.
        let (barrier, mut favoured) = (Barrier::new(6), Vec::new());
        thread::scope(|scope| {
            for _ in 0..6 {
                let (sender, receiver) = channel();
                scope.spawn({
                    let (lock, barrier) = (&lock, &barrier);
                    move || {
                        (0..MANY).for_each(|_| add(lock));
                        sender.send(add_fast(lock)).unwrap();
                        barrier.wait();
                    }
                });
                favoured.push(receiver.recv().unwrap());
            }
        });
        assert_eq!(favoured, [true, true, true, true, false, false]);
    }

    #[test]
    fn who_is_inside_already_is_refused() {
        let again = |lock: &Lock<Value, Biased>| {
            assert!(!add_fast(lock));
            assert_eq!(lock.try_with(|_| Ok(())), Err(Error::Internal));
        };
        let (plain, biased) = (ours(), biased());
        for lock in [&plain, &biased] {
            lock.with(|_| again(lock));
            add(lock);
        }
        assert!(biased.try_fast((), |_, ()| again(&biased)).is_some());
        assert!(add_fast(&biased), "as before");
    }

    #[test]
    fn who_waits_behind_a_long_stay_sleeps_and_is_woken() {
        let lock = biased();
        let (sender, receiver) = channel();
        thread::scope(|scope| {
            let waiter = lock.with(|_| {
                let lock = &lock;
                let waiter = scope.spawn(move || {
                    // SAFETY: no argument, no effect.
                    sender.send(unsafe { libc::gettid() }).unwrap();
                    add(lock);
                });
                let stat = format!("/proc/self/task/{}/stat", receiver.recv().unwrap());
                while !fs::read_to_string(&stat).unwrap().contains(") S") {
                    thread::yield_now();
                }
                waiter
            });
            waiter.join().unwrap();
        });
        assert!(!add_fast(&lock), "taken back");
    }

    #[test]
    fn a_child_process_takes_the_bias_of_a_thread_that_it_does_not_have() {
        let (lock, elsewhere) = (biased(), Arc::new(ours()));
        let theirs = Arc::clone(&elsewhere);
        // Keeps its bias, and lives.
        let (ready, until) = (Barrier::new(2), Barrier::new(2));
        thread::scope(|scope| {
            scope.spawn(|| {
                (0..MANY).for_each(|_| add(&theirs));
                ready.wait();
                until.wait();
            });
            ready.wait();
            let child = || {
                (0..MANY).for_each(|_| add(&elsewhere));
                add(&lock);
                add_fast(&elsewhere) && add_fast(&lock) && sum(&elsewhere) == 2 * MANY + 1
            };
            assert!(in_child(child));
            until.wait();
        });
    }

    #[test]
    fn a_bias_is_taken_back_where_the_fence_is_forbidden_since() {
        let lock = ours();
        thread::scope(|scope| {
            scope.spawn(|| (0..MANY).for_each(|_| add(&lock))).join().unwrap();
            let child = || {
                forbid_membarrier();
                add(&lock);
                (0..MANY).for_each(|_| add(&lock));
                !add_fast(&lock) && !Kernel::has_fences() && sum(&lock) == 2 * MANY + 1
            };
            assert!(in_child(child));
        });
    }

    /// As a sandbox would: membarrier(2) is refused in this process from here on.
    fn forbid_membarrier() {
        const LOAD_NUMBER: u16 = 0x20;
        const JUMP_EQUAL: u16 = 0x15;
        const RETURN: u16 = 0x06;
        let step = |code, jt, jf, k| libc::sock_filter { code, jt, jf, k };
        let mut filter = [
            step(LOAD_NUMBER, 0, 0, 0),
            step(JUMP_EQUAL, 0, 1, libc::SYS_membarrier as u32),
            step(RETURN, 0, 0, libc::SECCOMP_RET_ERRNO | libc::EPERM as u32),
            step(RETURN, 0, 0, libc::SECCOMP_RET_ALLOW),
        ];
        let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_mut_ptr() };
        // SAFETY: a program that lives for the call.
        unsafe {
            assert_eq!(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
            assert_eq!(libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program), 0);
        }
    }

    /// A kernel that does not know membarrier(2).
    struct Old;

    impl System for Old {
        fn thread() -> usize {
            Kernel::thread()
        }
        fn has_fences() -> bool {
            false
        }
        fn light_fence() {}
        fn heavy_fence() {
            unreachable!("never biased");
        }
        fn sleep(word: &AtomicU32, value: u32, at_most: Option<Duration>) {
            Kernel::sleep(word, value, at_most);
        }
        fn wake(word: &AtomicU32) {
            Kernel::wake(word);
        }
    }

    #[test]
    fn without_the_fence_nobody_is_favoured() {
        let lock = lock::<Biased<Old>>();
        (0..MANY).for_each(|_| add(&lock));
        assert!(!add_fast(&lock));
        hammer::<Biased<Old>>(3_000);
    }
}
