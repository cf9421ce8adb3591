//! The count under the loom model checker, which tries every interleaving and every value that the
//! memory model lets a load see.
//!
//! `RUSTFLAGS="--cfg loom" cargo test --release --lib model`, with a target directory of its own, for the flag
//! changes every dependency. All other unit tests are left out of that build: loom's atomics work inside
//! `loom::model` only.

use std::alloc::Layout;
use std::ffi::c_void;
use std::sync::Arc;
use std::sync::atomic::{AtomicIsize, Ordering};

use loom::cell::UnsafeCell;
use loom::thread;

use super::alloc::{Allocator, AllocatorGuard, DeallocateFn, Hooks};
use super::count::{Counted, Stock};
use crate::error::Result;

/// Plain data: loom reports any two accesses that are not ordered, unless both only read.
pub(super) struct Plain {
    value: UnsafeCell<usize>,
    /// How many of these are alive; std's atomic, so that it orders nothing for loom.
    alive: Arc<AtomicIsize>,
}

// SAFETY: that no access races is what the tests are about.
unsafe impl Sync for Plain {}

impl Plain {
    pub(super) fn new(alive: &Arc<AtomicIsize>) -> Self {
        alive.fetch_add(1, Ordering::Relaxed);
        Self { value: UnsafeCell::new(0), alive: Arc::clone(alive) }
    }

    pub(super) fn read(&self) -> usize {
        // SAFETY: loom checks it.
        self.value.with(|value| unsafe { *value })
    }

    pub(super) fn write(&self, new: usize) {
        // SAFETY: loom checks it.
        self.value.with_mut(|value| unsafe { *value = new });
    }
}

impl Drop for Plain {
    fn drop(&mut self) {
        // As a value's end would: it needs every other access to be over.
        self.write(usize::MAX);
        self.alive.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The memory around a counted value: who frees it writes here, so that every user's reads must be over.
struct Memory {
    around: Plain,
    /// Read by every hook, and written when the allocator's end is told.
    hooks: Plain,
    allocated: AtomicIsize,
    /// How often its allocator's end was told.
    done: AtomicIsize,
}

impl Memory {
    fn new() -> Arc<Self> {
        let plain = || Plain::new(&Arc::default());
        Arc::new(Self { around: plain(), hooks: plain(), allocated: AtomicIsize::new(0), done: AtomicIsize::new(0) })
    }

    /// The allocator of this memory, which is to outlive everything made through it.
    fn guard(self: &Arc<Self>, deallocate: DeallocateFn) -> AllocatorGuard {
        let ctx = Arc::as_ptr(self).cast_mut().cast();
        // SAFETY: the hooks keep their types' rules, and the memory outlives what is made here.
        let hooks = unsafe { Hooks::new(allocate, None, deallocate, ctx).with_done(done) };
        AllocatorGuard::new(Some(hooks)).expect("memory")
    }

    fn assert_settled(&self) {
        assert_eq!(self.allocated.load(Ordering::Relaxed), 0, "freed once");
        assert_eq!(self.done.load(Ordering::Relaxed), 1, "told once");
    }
}

/// Runs `f` in every interleaving, with a counted value and its memory, and counts the ends of both.
fn check(f: impl Fn(Counted<Plain>, Arc<Memory>) + Sync + Send + 'static) {
    check_made(Counted::new, f);
}

/// [`check`] for a stock of references.
fn check_stock(f: impl Fn(Stock<Plain>) + Sync + Send + 'static) {
    check_made(Stock::new, move |stock, _| f(stock));
}

fn check_made<C: 'static>(make: fn(Plain, Allocator) -> Result<C>, f: impl Fn(C, Arc<Memory>) + Sync + Send + 'static) {
    loom::model(move || {
        let alive = Arc::default();
        let memory = Memory::new();
        let guard = memory.guard(deallocate_one);
        let made = make(Plain::new(&alive), guard.allocator()).expect("memory");
        guard.commit();
        f(made, Arc::clone(&memory));
        assert_eq!(alive.load(Ordering::Relaxed), 0, "dropped once");
        memory.assert_settled();
    });
}

pub(super) fn join<const N: usize>(threads: [thread::JoinHandle<()>; N]) {
    threads.into_iter().for_each(|thread| thread.join().expect("no panic"));
}

unsafe extern "C" fn allocate(ctx: *mut c_void, size: usize, align: usize) -> *mut c_void {
    // SAFETY: `check` gives its memory; the layout comes from the library, and its size is not zero.
    unsafe {
        (*ctx.cast::<Memory>()).hooks.read();
        (*ctx.cast::<Memory>()).allocated.fetch_add(1, Ordering::Relaxed);
        std::alloc::alloc(Layout::from_size_align_unchecked(size, align)).cast()
    }
}

unsafe extern "C" fn deallocate(ctx: *mut c_void, ptr: *mut c_void, size: usize, align: usize) {
    // SAFETY: as in `allocate`, whose memory this is.
    unsafe {
        (*ctx.cast::<Memory>()).hooks.read();
        (*ctx.cast::<Memory>()).allocated.fetch_sub(1, Ordering::Relaxed);
        std::alloc::dealloc(ptr.cast(), Layout::from_size_align_unchecked(size, align));
    }
}

/// Where there is one allocation beside the allocator's own.
unsafe extern "C" fn deallocate_one(ctx: *mut c_void, ptr: *mut c_void, size: usize, align: usize) {
    // SAFETY: as in `allocate`, whose memory this is.
    unsafe {
        (*ctx.cast::<Memory>()).around.write(1);
        deallocate(ctx, ptr, size, align);
    }
}

unsafe extern "C" fn done(ctx: *mut c_void) {
    // SAFETY: as in `allocate`.
    let memory = unsafe { &*ctx.cast::<Memory>() };
    assert_eq!(memory.allocated.load(Ordering::Relaxed), 0, "told last");
    memory.hooks.write(1);
    memory.done.fetch_add(1, Ordering::Relaxed);
}

#[test]
fn an_allocators_end_is_told_once_after_everything_else() {
    loom::model(|| {
        let memory = Memory::new();
        let guard = memory.guard(deallocate);
        let values = [1, 2].map(|n| Counted::new(n, guard.allocator()).expect("memory"));
        guard.commit();
        let free = |own: Counted<usize>| {
            move || {
                let another = Counted::new(*own, own.allocator()).expect("memory");
                drop(own);
                drop(another);
            }
        };
        join(values.map(|own| thread::spawn(free(own))));
        memory.assert_settled();
    });
}

#[test]
fn the_last_of_racing_references_drops_the_value_once() {
    check(|counted, _| {
        let threads = [1, 2].map(|_| {
            let own = counted.retain().expect("far from the end");
            thread::spawn(move || {
                let another = own.retain().expect("far from the end");
                drop(own);
                another.read();
            })
        });
        drop(counted);
        join(threads);
    });
}

#[test]
fn who_is_alone_may_write_where_former_holders_read() {
    check(|counted, _| {
        let readers = [1, 2].map(|_| {
            let own = counted.retain().expect("far from the end");
            thread::spawn(move || drop((own.read(), own)))
        });
        // Not joined first: seeing the count alone must be enough.
        if counted.holders() == 1 {
            counted.write(7);
        }
        join(readers);
        assert_eq!(counted.holders(), 1);
        counted.write(8);
    });
}

#[test]
fn a_weak_reference_gives_the_value_or_nothing() {
    check(|counted, memory| {
        let weak = counted.downgrade();
        let thread = thread::spawn(move || {
            if let Some(counted) = weak.upgrade() {
                counted.read();
            }
            memory.around.read();
            drop(weak);
        });
        counted.read();
        drop(counted);
        join([thread]);
    });
}

#[test]
fn a_weak_reference_may_outlive_the_value() {
    check(|counted, memory| {
        let (weak, other) = (counted.downgrade(), counted.retain().expect("far from the end"));
        let thread = thread::spawn(move || drop(other));
        drop(counted);
        join([thread]);
        assert!(weak.upgrade().is_none());
        memory.around.read();
    });
}

#[test]
fn a_unique_value_is_reached_by_no_weak_reference() {
    check(|mut counted, _| {
        let weak = counted.downgrade();
        // With the upgrade on this thread: loom remembers only the last access to an atomic, so that the load with
        // which an upgrade begins would hide from it that the exchange races with a load of `unique`.
        let thread = thread::spawn(move || {
            if let Some(value) = counted.unique() {
                value.write(7);
            }
        });
        let upgraded = weak.upgrade();
        drop(weak);
        if let Some(counted) = upgraded {
            counted.read();
        }
        join([thread]);
    });
}

#[test]
fn who_is_left_alone_is_unique() {
    check(|mut counted, _| {
        let (weak, other) = (counted.downgrade(), counted.retain().expect("far from the end"));
        join([thread::spawn(move || drop((weak, other)))]);
        counted.unique().expect("alone").write(8);
    });
}

#[test]
fn of_racing_references_one_gets_the_value_back() {
    check(|counted, _| {
        let owners = [1, 2].map(|_| counted.retain().expect("far from the end"));
        let threads = owners.map(|own| {
            thread::spawn(move || {
                own.read();
                if let Some(last) = own.into_last() {
                    last.write(7);
                    assert_eq!(last.holders(), 1);
                }
            })
        });
        let last = counted.into_last();
        last.into_iter().for_each(|last| last.write(8));
        join(threads);
    });
}

#[test]
fn a_stock_knows_when_nobody_outside_reads_any_more() {
    check_stock(|mut stock| {
        let readers = [1, 2].map(|_| {
            let own = stock.hand_out().expect("far from the end");
            thread::spawn(move || drop((own.read(), own)))
        });
        if stock.holders_outside() == 0 {
            stock.write(7);
        }
        if let Some(value) = stock.unique() {
            value.write(8);
        }
        join(readers);
        assert_eq!(stock.holders_outside(), 0);
        stock.unique().expect("alone").write(9);
    });
}

#[test]
fn the_last_of_a_stock_and_its_references_drops_the_value_once() {
    for whole in [true, false] {
        check_stock(move |mut stock| {
            let threads = [1, 2].map(|_| {
                let own = stock.hand_out().expect("far from the end");
                thread::spawn(move || drop((own.retain().expect("far from the end"), own.read(), own)))
            });
            if whole {
                drop(stock)
            } else {
                drop(stock.into_counted())
            }
            join(threads);
        });
    }
}
