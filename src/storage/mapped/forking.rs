//! fork(2): parent and child each go on with the bytes that they had.
//!
//! A shared mapping would let the two processes see each other's later writes. So before a fork every mapping that a
//! writer uses is turned private in place: from then on the kernel separates the processes page by page, views' raw
//! pointers included. Neither may write the file any more, which is what *orphaned* means; a stream's first
//! growth or fork of its block afterwards moves it to a new one.

use std::cell::UnsafeCell;
use std::ptr;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::{Mapping, pool};
use crate::sys::threads::Uncancelled;
use crate::sys::vm::{self, Refused, Result};

/// Held for reading by whoever changes mappings or writes files, for writing around a fork.
static STILL: RwLock<()> = RwLock::new(());

/// The mappings that writers use.
static USED: Mutex<Vec<Used>> = Mutex::new(Vec::new());

/// The write guard, between the handlers before and after a fork.
static HELD: Held = Held(UnsafeCell::new(None));

struct Held(UnsafeCell<Option<RwLockWriteGuard<'static, ()>>>);

// SAFETY: used by the handlers alone, which run on the thread that forks; two forks at once exclude each other by STILL.
unsafe impl Sync for Held {}

struct Used(*const Mapping);

// SAFETY: a mapping is in the list only while it lives, and is used through it only under STILL.
unsafe impl Send for Used {}

/// Proof that no fork happens now.
#[allow(dead_code, reason = "held, not used")]
pub(in crate::storage) struct Still(RwLockReadGuard<'static, ()>, Uncancelled);

/// Keeps forks away until dropped. Not to be taken twice by one thread.
pub(super) fn still() -> Still {
    // Some of the system calls that are made meanwhile are cancellation points.
    let here = Uncancelled::new();
    Still(STILL.read().unwrap_or_else(PoisonError::into_inner), here)
}

fn used() -> MutexGuard<'static, Vec<Used>> {
    USED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Registers the handlers when the library is loaded: handlers before a fork run newest first, so that ours, being older
/// than the application's, come last, when the application has taken its own locks.
// SAFETY: what the loader calls: a function without arguments, or with ones that it may ignore.
#[used]
#[unsafe(link_section = ".init_array")]
static ON_LOAD: extern "C" fn() = on_load;

extern "C" fn on_load() {
    // What allocators do around a fork must be older still, for the handlers below allocate: so the allocator comes first.
    drop(std::hint::black_box(Vec::<u8>::new().try_reserve(1)));
    // Refused here, it is tried again when it is needed.
    let _ = arm();
}

/// Sees to it that forks are noticed, and that a page of a file is not refused at its first use; without that there must be no shared mapping. Never waits: a fork in the middle of it
/// would leave the child waiting for ever.
pub(super) fn arm() -> Result<()> {
    const NEW: u8 = 0;
    const BEGUN: u8 = 1;
    const DONE: u8 = 2;
    static STATE: AtomicU8 = AtomicU8::new(NEW);
    let _here = Uncancelled::new();
    match STATE.compare_exchange(NEW, BEGUN, Ordering::Acquire, Ordering::Acquire) {
        Ok(_) if vm::overcommits() => {
            vm::at_fork(before, after, after).inspect_err(|_| STATE.store(NEW, Ordering::Release))?;
            STATE.store(DONE, Ordering::Release);
            Ok(())
        }
        Err(DONE) => Ok(()),
        Ok(_) | Err(_) => Err(Refused),
    }
}

/// Puts a mapping on the list; it must not move until [`leave`] has been called.
pub(super) fn enter(mapping: &Mapping, _: &Still) -> Result<()> {
    let mut used = used();
    used.try_reserve(1).map_err(|_| Refused)?;
    used.push(Used(mapping));
    Ok(())
}

/// Takes a mapping off the list, if it is on it.
pub(super) fn leave(mapping: &Mapping, _: &Still) {
    let mut used = used();
    // The newest are the likeliest to go.
    if let Some(at) = used.iter().rposition(|used| ptr::eq(used.0, mapping)) {
        used.swap_remove(at);
    }
    if used.is_empty() {
        *used = Vec::new();
    }
}

/// The memory of the largest mapping in use.
pub(super) fn largest(_: &Still) -> usize {
    // SAFETY: on the list, hence alive (see `before`), and a file's size is anybody's to ask for.
    used().iter().map(|used| unsafe { (*used.0).memory() }).max().unwrap_or(0)
}

extern "C" fn before() {
    let _here = Uncancelled::new();
    let guard = STILL.write().unwrap_or_else(PoisonError::into_inner);
    pool::empty();
    for mapping in used().iter() {
        // SAFETY: on the list, hence alive: it leaves before it is dropped, which STILL holds off.
        unsafe { (*mapping.0).orphan() }
    }
    // SAFETY: the guard in hand keeps every other fork out until `after` has taken it.
    unsafe { *HELD.0.get() = Some(guard) };
}

/// In the parent and in the child alike: the thread that forked holds the guard in both.
extern "C" fn after() {
    // SAFETY: `before` has run on this thread, and no other fork can have begun.
    let guard = unsafe { (*HELD.0.get()).take() };
    drop(guard);
}
