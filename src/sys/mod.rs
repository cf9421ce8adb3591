//! What the library needs of the machine below it: memory, counts, a lock, file descriptors.
//!
//! Nothing here knows of streams. Each module is small enough to be checked by itself, and [`sync`] is the
//! one place from which counts and locks take their atomics, so that a model checker can stand in for them.

pub(crate) mod alloc;
pub(crate) mod count;
pub(crate) mod fd;
#[cfg(mapped)]
#[allow(dead_code, reason = "used from storage when it is built upon this")]
pub(crate) mod linux;
pub(crate) mod lock;
pub(crate) mod sync;
pub(crate) mod threads;
#[cfg(mapped)]
pub(crate) mod vm;

#[cfg(all(test, loom))]
mod model;
