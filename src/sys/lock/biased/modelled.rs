//! [`Kernel`] for the loom model checker: the heavy fence is a full one on both sides, and a futex is what the kernel
//! makes of it, a queue behind a lock.

use std::sync::atomic::AtomicUsize as Number;
use std::time::Duration;

use loom::sync::atomic::fence;
use loom::sync::{Condvar, Mutex};

use super::{FLAGS, System};
use crate::sys::sync::{AtomicU32, Ordering};

/// A machine of which it can be chosen whether its fences do anything.
pub(crate) struct Kernel<const FENCES: bool = true>;

loom::thread_local! {
    static THREAD: usize = {
        static LAST: Number = Number::new(0);
        (LAST.fetch_add(1, Ordering::Relaxed) + 1) * FLAGS
    };
}

loom::lazy_static! {
    static ref QUEUE: (Mutex<()>, Condvar) = (Mutex::new(()), Condvar::new());
}

impl<const FENCES: bool> System for Kernel<FENCES> {
    fn thread() -> usize {
        THREAD.with(|thread| *thread)
    }

    fn has_fences() -> bool {
        true
    }

    fn light_fence() {
        if FENCES {
            fence(Ordering::SeqCst);
        }
    }

    fn heavy_fence() {
        Self::light_fence();
    }

    fn sleep(word: &AtomicU32, value: u32, at_most: Option<Duration>) {
        if at_most.is_some() {
            return loom::thread::yield_now();
        }
        let (lock, queue) = &*QUEUE;
        let held = lock.lock().expect("no panic");
        if word.load(Ordering::Relaxed) == value {
            drop(queue.wait(held));
        }
    }

    fn wake(_: &AtomicU32) {
        let (lock, queue) = &*QUEUE;
        let _held = lock.lock().expect("no panic");
        queue.notify_one();
    }
}
