//! What several test programs need: an allocator that keeps books, and adopted memory that counts its release.

#![allow(dead_code, reason = "each test program uses a part of it")]

use std::alloc::Layout;
use std::collections::HashMap;
use std::ffi::c_void;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytesio::Hooks;

/// What fresh memory holds, so that bytes nobody has written are seen.
const FRESH: u8 = 0xA5;
/// What memory holds when it is given back, so that reading it afterwards is seen.
const GONE: u8 = 0xDD;
/// What lies beside memory that must not be left.
const FENCE: [u8; 32] = [0xFE; 32];
/// Nothing larger is given out: such a request comes from a size near the end of the number range.
const MOST: usize = 1 << 40;

#[derive(Default)]
struct Books {
    /// Size and alignment of each live allocation, by address.
    live: HashMap<usize, (usize, usize)>,
    /// How many allocations succeed before one fails, if one is to fail.
    countdown: Option<usize>,
    /// Whether all that follow fail too, so that asking for less does not help.
    lasting: bool,
    failed: bool,
    made: usize,
    /// How often the library said that it is done.
    done: usize,
    /// Broken rules. The hooks must not unwind, so that the books are checked later.
    faults: Vec<String>,
}

/// An allocator that knows what is allocated, moves on every reallocation, and fails when told to.
#[derive(Default)]
pub struct Ledger(Mutex<Books>);

impl Ledger {
    /// Books without an entry.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// The library's way to this ledger, which must outlive everything made through it.
    pub fn hooks(self: &Arc<Self>, with_reallocate: bool) -> Hooks {
        let ctx = Arc::as_ptr(self).cast_mut().cast();
        let reallocate = with_reallocate.then_some(reallocate as _);
        // SAFETY: the hooks keep their types' rules, and the ledger is outlived by nothing it has given out:
        // `assert_settled` would find it.
        unsafe { Hooks::new(allocate, reallocate, deallocate, ctx).with_done(done) }
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets `successes` allocations through and then one fail, or, `lasting`, all until [`relent`](Self::relent).
    pub fn fail_after(&self, successes: usize, lasting: bool) {
        let mut books = self.books();
        (books.countdown, books.lasting, books.failed) = (Some(successes), lasting, false);
    }

    /// Ends what [`fail_after`](Self::fail_after) began; says whether it came to a failure.
    pub fn relent(&self) -> bool {
        let mut books = self.books();
        books.countdown = None;
        std::mem::take(&mut books.failed)
    }

    /// Whether an allocation has failed on demand since `fail_after`.
    pub fn has_failed(&self) -> bool {
        self.books().failed
    }

    /// How many allocations have been made, reallocations included.
    pub fn made(&self) -> usize {
        self.books().made
    }

    /// How often the library said that it is done with one of the streams.
    pub fn done(&self) -> usize {
        self.books().done
    }

    /// How many bytes are allocated.
    pub fn live_bytes(&self) -> usize {
        self.books().live.values().map(|(size, _)| size).sum()
    }

    /// Every rule was kept so far.
    pub fn assert_kept(&self) {
        assert_eq!(self.books().faults, Vec::<String>::new(), "the allocator's rules");
    }

    /// Every rule was kept, and everything was given back.
    pub fn assert_settled(&self) {
        self.assert_kept();
        assert!(self.books().live.is_empty(), "leaked: {:?}", self.books().live);
    }
}

impl Books {
    fn refuses(&mut self, size: usize) -> bool {
        if size > MOST {
            return true;
        }
        match &mut self.countdown {
            Some(0) => {
                self.countdown = self.lasting.then_some(0);
                self.failed = true;
                true
            }
            Some(n) => {
                *n -= 1;
                false
            }
            None => false,
        }
    }

    fn allocate(&mut self, size: usize, align: usize) -> *mut u8 {
        if size == 0 || !align.is_power_of_two() {
            self.faults.push(format!("allocate({size}, {align})"));
            return std::ptr::null_mut();
        }
        if self.refuses(size) {
            return std::ptr::null_mut();
        }
        // SAFETY: the size is not zero; the memory is written within its bounds.
        let ptr = unsafe {
            let ptr = std::alloc::alloc(fenced(size, align));
            ptr.write_bytes(FRESH, size);
            ptr.add(size).cast::<[u8; FENCE.len()]>().write_unaligned(FENCE);
            ptr
        };
        self.live.insert(ptr.addr(), (size, align));
        self.made += 1;
        ptr
    }

    /// Whether `ptr` is live with just this size and alignment.
    fn knows(&mut self, ptr: *mut u8, size: usize, align: usize) -> bool {
        let entry = self.live.get(&ptr.addr());
        let known = entry == Some(&(size, align));
        if !known {
            let fault = format!("{ptr:?} is not {size} bytes aligned to {align}, but {entry:?}");
            self.faults.push(fault);
        }
        known
    }

    fn deallocate(&mut self, ptr: *mut u8, size: usize, align: usize) {
        if self.knows(ptr, size, align) {
            self.live.remove(&ptr.addr());
            // SAFETY: live with this layout until now.
            let fence = unsafe {
                let fence = ptr.add(size).cast::<[u8; FENCE.len()]>().read_unaligned();
                ptr.write_bytes(GONE, size);
                std::alloc::dealloc(ptr, fenced(size, align));
                fence
            };
            if fence != FENCE {
                self.faults.push(format!("written beyond the {size} bytes at {ptr:?}: {fence:?}"));
            }
        }
    }
}

/// A layout with room for a fence behind it.
fn fenced(size: usize, align: usize) -> Layout {
    Layout::from_size_align(size + FENCE.len(), align).expect("far below the greatest size")
}

/// # Safety
/// `ctx` is a ledger's address.
unsafe fn books<'a>(ctx: *mut c_void) -> MutexGuard<'a, Books> {
    // SAFETY: passed on from the caller.
    unsafe { &*ctx.cast::<Ledger>() }.books()
}

unsafe extern "C" fn allocate(ctx: *mut c_void, size: usize, align: usize) -> *mut c_void {
    // SAFETY: `ctx` is what `Ledger::hooks` gave.
    unsafe { books(ctx) }.allocate(size, align).cast()
}

unsafe extern "C" fn reallocate(
    ctx: *mut c_void,
    ptr: *mut c_void,
    old_size: usize,
    new_size: usize,
    align: usize,
) -> *mut c_void {
    // SAFETY: `ctx` is what `Ledger::hooks` gave.
    let mut books = unsafe { books(ctx) };
    if !books.knows(ptr.cast(), old_size, align) {
        return std::ptr::null_mut();
    }
    let new = books.allocate(new_size, align);
    if !new.is_null() {
        // SAFETY: both are live and at least so long; they are distinct.
        unsafe { new.copy_from_nonoverlapping(ptr.cast(), old_size.min(new_size)) };
        books.deallocate(ptr.cast(), old_size, align);
    }
    new.cast()
}

unsafe extern "C" fn deallocate(ctx: *mut c_void, ptr: *mut c_void, size: usize, align: usize) {
    // SAFETY: `ctx` is what `Ledger::hooks` gave.
    unsafe { books(ctx) }.deallocate(ptr.cast(), size, align);
}

unsafe extern "C" fn done(ctx: *mut c_void) {
    // SAFETY: `ctx` is what `Ledger::hooks` gave.
    unsafe { books(ctx) }.done += 1;
}

/// Memory to be adopted, which counts how often it is released and is spoiled by it.
pub struct Lent {
    data: *mut [u8],
    releases: AtomicUsize,
}

// SAFETY: the memory is touched by the library, which may do so on any thread, and by the callback at its end.
unsafe impl Send for Lent {}
// SAFETY: as above.
unsafe impl Sync for Lent {}

impl Lent {
    /// A copy of `bytes` that can be adopted once.
    pub fn new(bytes: &[u8]) -> Arc<Self> {
        let data = Box::into_raw(Box::<[u8]>::from(bytes));
        Arc::new(Self { data, releases: AtomicUsize::new(0) })
    }

    /// The first byte's address.
    pub fn data(&self) -> *const c_void {
        self.data.cast()
    }

    /// How many bytes.
    pub fn len(&self) -> usize {
        self.data.len()
    }

    /// What to give as the callback's context.
    pub fn ctx(&self) -> *mut c_void {
        std::ptr::from_ref(self).cast_mut().cast()
    }

    /// How often the memory was released.
    pub fn releases(&self) -> usize {
        self.releases.load(Ordering::Relaxed)
    }

    /// The callback. The memory itself lives as long as this value, so that a late reader is found by what
    /// it reads.
    pub unsafe extern "C" fn release(ctx: *mut c_void, data: *mut c_void, len: usize) {
        // SAFETY: `ctx` came from `ctx`, and the value outlives what adopted its memory.
        let lent = unsafe { &*ctx.cast::<Self>() };
        let right = data == lent.data.cast() && len == lent.data.len();
        lent.releases.fetch_add(if right { 1 } else { 1000 }, Ordering::Relaxed);
        // SAFETY: nobody reads the memory any more.
        unsafe { lent.data.cast::<u8>().write_bytes(GONE, lent.data.len()) };
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        // SAFETY: from `Box::into_raw`, freed once.
        drop(unsafe { Box::from_raw(self.data) });
    }
}

/// Memory for a fixed stream, between two fences that must stay as they are.
pub struct Fenced {
    memory: *mut [u8],
    capacity: usize,
}

impl Fenced {
    /// `capacity` bytes that begin with `content`.
    pub fn new(capacity: usize, content: &[u8]) -> Self {
        let mut memory = vec![FRESH; capacity + 2 * FENCE.len()];
        memory[..FENCE.len()].copy_from_slice(&FENCE);
        memory[FENCE.len()..][..content.len()].copy_from_slice(content);
        memory[FENCE.len() + capacity..].copy_from_slice(&FENCE);
        Self { memory: Box::into_raw(memory.into_boxed_slice()), capacity }
    }

    /// The first byte between the fences.
    pub fn data(&self) -> *mut u8 {
        self.memory.cast::<u8>().wrapping_add(FENCE.len())
    }

    /// The bytes between the fences.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// The fences are intact.
    pub fn assert_intact(&self) {
        // SAFETY: from `Box::into_raw`; the library writes between the fences only.
        let (before, after) = unsafe {
            let first = self.memory.cast::<[u8; FENCE.len()]>();
            (first.read(), first.byte_add(FENCE.len() + self.capacity).read())
        };
        assert_eq!((before, after), (FENCE, FENCE), "written outside fixed memory");
    }
}

impl Drop for Fenced {
    fn drop(&mut self) {
        // SAFETY: from `Box::into_raw`, freed once.
        drop(unsafe { Box::from_raw(self.memory) });
    }
}

/// Memory from malloc that begins with this content.
pub fn malloced(content: &[u8], capacity: usize) -> NonNull<u8> {
    // SAFETY: checked by `expect`; no more is copied than both are long.
    unsafe {
        let ptr = NonNull::new(libc::malloc(capacity.max(1)).cast::<u8>()).expect("memory");
        ptr.copy_from(NonNull::from(content).cast(), content.len().min(capacity));
        ptr
    }
}
