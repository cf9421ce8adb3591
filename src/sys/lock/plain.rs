//! [`Plain`]: the ordinary gate, a mutex.

use super::Gate;
use crate::sys::sync::{Mutex, MutexGuard};

/// A mutex, which knows whether it is shut.
#[cfg_attr(not(test), allow(dead_code, reason = "the biased gate takes its place where it can"))]
pub(crate) struct Plain(Mutex<bool>);

impl Gate for Plain {
    type Pass<'a> = MutexGuard<'a, bool>;

    fn new() -> Self {
        Self(Mutex::new(false))
    }

    #[inline(always)]
    fn try_enter(&self) -> Option<MutexGuard<'_, bool>> {
        None
    }

    #[inline(always)]
    fn leave_short(&self, held: MutexGuard<'_, bool>) {
        drop(held);
    }

    #[inline]
    fn enter(&self, if_shut: impl FnOnce() -> bool) -> Option<MutexGuard<'_, bool>> {
        let held = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        (!*held || if_shut()).then_some(held)
    }

    #[inline]
    fn leave(&self, held: MutexGuard<'_, bool>, if_shut: impl FnOnce()) {
        if *held {
            if_shut();
        }
        drop(held);
    }

    fn shut(&self) {
        *self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = true;
    }
}
