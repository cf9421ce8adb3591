//! Atomics and mutex, from std or from the loom model checker (`--cfg loom`).

#![allow(unused_imports, reason = "not every platform's lock needs all of them")]

#[cfg(loom)]
pub(crate) use loom::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicU32, AtomicUsize, Ordering},
};
#[cfg(not(loom))]
pub(crate) use std::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicU32, AtomicUsize, Ordering},
};
