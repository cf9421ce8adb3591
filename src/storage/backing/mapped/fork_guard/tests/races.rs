//! Forks at any moment: in signal handlers, and beside other threads.

use std::sync::atomic::AtomicBool;

use super::*;
use crate::sys::linux::memfd;

/// Set by the handler of the signal when a child found something that must not be.
static WRONG: AtomicBool = AtomicBool::new(false);
static FORKED: AtomicUsize = AtomicUsize::new(0);

extern "C" fn fork_now(_: i32) {
    // SAFETY: what the test is about; the child ends at once.
    unsafe {
        let pid = libc::fork();
        if pid == 0 {
            // Nothing of this process's own thread is in the middle of anything.
            let held = |slot: &Slot| {
                use slot::State::{Claimed, Held, HeldEnd, Moving};
                matches!(slot.state(), Claimed | Moving | Held | HeldEnd) || slot.fd().is_some()
            };
            libc::_exit(i32::from(SLOTS[..64].iter().any(held)));
        }
        let mut status = 0;
        if pid < 0 || libc::waitpid(pid, &mut status, 0) != pid || status != 0 {
            WRONG.store(true, Ordering::Relaxed);
        }
    }
    FORKED.fetch_add(1, Ordering::Relaxed);
}

/// Everything an owner does, again and again, until `enough`.
fn use_slots(enough: impl Fn() -> bool) {
    while !enough() {
        let Ok(file) = file_of(SIZE) else { continue };
        put(file.base(), 1);
        let _ = file.with_file(|fd| memfd::set_size(fd, 2 * SIZE));
        let _ = file.resize(SIZE / 2, false);
        if !file.is_orphaned() && file.park(SIZE) {
            let Some((taken, _)) = Registered::take(|size, _| Some(size)) else { continue };
            taken.retire();
        }
    }
}

#[test]
fn forks_in_signal_handlers_that_interrupt_everything() {
    alone(|| {
        // SAFETY: installs a handler, and signals to this very thread.
        let this = unsafe {
            libc::signal(libc::SIGUSR1, fork_now as extern "C" fn(i32) as libc::sighandler_t);
            libc::pthread_self()
        };
        let enough = || FORKED.load(Ordering::Relaxed) >= 2000;
        std::thread::scope(|scope| {
            scope.spawn(move || {
                while !enough() {
                    let seen = FORKED.load(Ordering::Relaxed);
                    // SAFETY: the thread waits for this one at the scope's end.
                    unsafe { libc::pthread_kill(this, libc::SIGUSR1) };
                    while FORKED.load(Ordering::Relaxed) == seen {
                        std::thread::yield_now();
                    }
                }
            });
            use_slots(enough);
        });
        assert!(!WRONG.load(Ordering::Relaxed), "a child found something held or open");
    });
}

#[test]
fn forks_beside_threads_that_do_everything() {
    alone(|| {
        let over = AtomicBool::new(false);
        let enough = || over.load(Ordering::Relaxed);
        std::thread::scope(|scope| {
            scope.spawn(|| use_slots(enough));
            scope.spawn(|| {
                while !enough() {
                    assert_eq!(child(|| true), WELL);
                }
            });
            for round in 0..500 {
                let file = file_of(SIZE);
                let Ok(file) = file else { continue };
                let at = file.base();
                put(at, round as u8);
                let outcome = child(|| {
                    // Found, unless another fork's handler held it at that moment.
                    let found = file.slot.state() == slot::State::Lost || get(at) == round as u8;
                    let_go(&file);
                    let free = |slot: &Slot| slot.fd().is_none();
                    found && SLOTS.iter().all(free)
                });
                assert_eq!((outcome, get(at)), (WELL, round as u8));
            }
            over.store(true, Ordering::Relaxed);
        });
        trim(0, 0);
        assert!(SLOTS.iter().all(|slot| slot.state() == slot::State::Empty));
    });
}
