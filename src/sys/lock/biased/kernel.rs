//! [`Kernel`]: Linux on x86-64.

use std::arch::asm;
use std::sync::atomic::{AtomicBool, Ordering, compiler_fence};
use std::time::Duration;

use super::System;
use crate::sys::sync::AtomicU32;
use crate::sys::threads::{self, Uncancelled};

/// Linux on x86-64.
pub(crate) struct Kernel;

/// Whether the process is registered for membarrier(2).
static REGISTERED: AtomicBool = AtomicBool::new(false);

/// So long after it was executed a store has certainly left the processor's store buffer, which takes less than a
/// microsecond.
const DRAINED: Duration = Duration::from_millis(1);

/// Registers when the library is loaded, and only into a single thread: that takes some microseconds, but milliseconds
/// beside others.
// SAFETY: what the loader calls: a function without arguments, or with ones that it may ignore.
#[used]
#[unsafe(link_section = ".init_array")]
static ON_LOAD: extern "C" fn() = on_load;

extern "C" fn on_load() {
    threads::detect();
    if threads::single() {
        REGISTERED.store(membarrier(libc::MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED), Ordering::Relaxed);
    }
}

/// Whether the system has done it.
fn membarrier(command: libc::c_int) -> bool {
    // SAFETY: numbers only; no command has an effect on memory but to order accesses.
    unsafe { libc::syscall(libc::SYS_membarrier, command, 0, 0) == 0 }
}

impl System for Kernel {
    #[inline(always)]
    fn thread() -> usize {
        let thread;
        // SAFETY: by the ABI of thread-local storage the word at fs:0 is the address of the thread's control block,
        // which is itself: aligned as pointers are, unlike any other thread's, and the same for all of a thread's
        // life.
        unsafe { asm!("mov {}, fs:0", out(reg) thread, options(pure, nomem, nostack, preserves_flags)) };
        thread
    }

    fn has_fences() -> bool {
        REGISTERED.load(Ordering::Relaxed)
    }

    #[inline(always)]
    fn light_fence() {
        compiler_fence(Ordering::SeqCst);
    }

    fn heavy_fence() {
        // The child of fork(2) inherits the registration; a process restored from a checkpoint need not have it.
        let done = membarrier(libc::MEMBARRIER_CMD_PRIVATE_EXPEDITED)
            || membarrier(libc::MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED)
                && membarrier(libc::MEMBARRIER_CMD_PRIVATE_EXPEDITED);
        if !done {
            // Forbidden since, by a sandbox. What is biased has to be taken back all the same; no more is to come.
            REGISTERED.store(false, Ordering::Relaxed);
            let _here = Uncancelled::new();
            std::thread::sleep(DRAINED);
        }
    }

    fn sleep(word: &AtomicU32, value: u32, at_most: Option<Duration>) {
        let time = at_most.map(|time| libc::timespec {
            tv_sec: time.as_secs().try_into().unwrap_or(libc::time_t::MAX),
            tv_nsec: time.subsec_nanos().into(),
        });
        let time = time.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
        // SAFETY: a word that lives, and a time that does too, or none.
        unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), WAIT, value, time) };
    }

    #[cold]
    #[inline(never)]
    fn wake(word: &AtomicU32) {
        // SAFETY: an address, which need not even be mapped.
        unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), WAKE, 1) };
    }
}

const WAIT: libc::c_int = libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG;
const WAKE: libc::c_int = libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG;
