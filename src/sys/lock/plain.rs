//! [`Plain`]: the ordinary gate, a mutex.

use super::Gate;
use crate::sys::sync::{Mutex, MutexGuard};

/// A mutex.
#[cfg_attr(not(test), allow(dead_code, reason = "the biased gate takes its place where it can"))]
pub(crate) struct Plain(Mutex<()>);

impl Gate for Plain {
    type Pass<'a> = MutexGuard<'a, ()>;

    fn new() -> Self {
        Self(Mutex::new(()))
    }

    #[inline(always)]
    fn try_enter(&self) -> Option<MutexGuard<'_, ()>> {
        None
    }

    #[inline]
    fn enter(&self) -> Option<MutexGuard<'_, ()>> {
        Some(self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()))
    }

    #[inline]
    fn leave(&self, held: MutexGuard<'_, ()>) {
        drop(held);
    }
}
