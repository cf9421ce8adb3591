//! What happens to files in memory around fork(2), and when the library is unloaded. Nothing here ever waits.
//!
//! A shared mapping would let parent and child see each other's later writes. Three rules prevent that:
//!
//! 1. **A shared mapping is not inherited** (MADV_DONTFORK, from its first moment). Whatever goes wrong, a child loses
//!    the range; it never gets one that its parent writes. Before a fork, the handler turns each shared mapping that a
//!    stream writes through private in place, and such a one is inherited: the kernel separates the processes page by
//!    page. Where that is refused, nothing has happened, and the child has no access.
//! 2. **A file that was there at a fork is orphaned**: neither process writes it again, so that private mappings of it
//!    and shared ones that are only read stay as they are. It is derived from [`Generation`]; nobody keeps a list.
//!    (A stream whose mapping could not be made private goes on writing through it: there must be no other mapping that
//!    shows those bytes.) What an operation does to a file while another thread forks it has to discard afterwards.
//! 3. **Who holds a slot of the registry has all signals blocked** ([`Undisturbed`]), and so has who uses a descriptor.
//!    So a fork in a signal handler comes before such a step or after it, and a slot that is held in a child is held
//!    by a thread that the child does not have: it can be reset.
//!
//! A handler and an owner that meet in a slot do not wait for each other either; see [`slot`] for who gives way.
//!
//! In the parent nothing has to be undone after a fork. A mapping that was refused to be made private is still shared
//! and still in the registry; its file holds all its bytes, so the next fork tries the same again.
//! In the child, descriptors of orphaned files are closed at once: later the application may have closed them itself
//! and given their numbers to something else. A range that was lost is reserved without access, so that a stream that
//! still points there faults instead of writing to whatever comes to lie there.

mod slot;
mod system;

#[cfg(all(test, loom))]
mod model;
#[cfg(all(test, not(loom)))]
mod tests;

use std::os::fd::{IntoRawFd, OwnedFd};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicI32, AtomicU8, AtomicU64, AtomicUsize, Ordering};

use slot::Slot;
use system::{Errno, Kernel, Undisturbed};

use crate::sys::linux::{Refused, Result, process, userfault};

/// The atomics of [`slot`], which the model checker replaces by its own; those are not made at compile time.
mod atomic {
    pub(super) use std::sync::atomic::{AtomicI32, AtomicPtr, AtomicU8, AtomicUsize, Ordering};

    macro_rules! constructor {
        ($visible:vis fn $($rest:tt)*) => { $visible const fn $($rest)* };
    }
    pub(super) use constructor;
}

/// How many files there may be.
const MAX_FILES: usize = 1024;

static SLOTS: [Slot; MAX_FILES] = [const { Slot::new() }; MAX_FILES];

/// Slots from here on have never been used.
static USED: AtomicUsize = AtomicUsize::new(0);

/// How many descriptors the slots hold.
static DESCRIPTORS: AtomicUsize = AtomicUsize::new(0);

/// The process that the slots describe.
static PROCESS: AtomicI32 = AtomicI32::new(0);

/// In the low bits how many forks are going on, above them a number that every fork raises twice: when it begins and
/// when it is over.
static FORKS: AtomicU64 = AtomicU64::new(0);
const UNDER_WAY: u64 = (1 << 16) - 1;
const STEP: u64 = UNDER_WAY + 1;

/// A span of time without a fork.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Generation(u64);

impl Generation {
    /// Refused while a fork is going on: what is made then may or may not be in the child.
    pub(super) fn current() -> Result<Self> {
        let forks = FORKS.load(Ordering::SeqCst);
        if forks & UNDER_WAY == 0 { Ok(Self(forks)) } else { Err(Refused) }
    }

    /// Whether no fork has begun since.
    pub(super) fn is_current(self) -> bool {
        FORKS.load(Ordering::SeqCst) == self.0
    }
}

fn used() -> &'static [Slot] {
    &SLOTS[..USED.load(Ordering::Acquire).min(MAX_FILES)]
}

/// Has signals blocked, and the registry in order: in a child the handlers of other libraries may come before ours, and
/// one that was made past the C library has none.
fn undisturbed() -> Undisturbed {
    let here = Undisturbed::new();
    if system::process() != PROCESS.load(Ordering::Relaxed) {
        settle();
    }
    here
}

/// A file in the registry with its shared mapping, which is unmapped, and closed, when this is dropped.
pub(super) struct Registered {
    slot: &'static Slot,
    born: Generation,
}

impl Registered {
    /// Takes over a new file of `size` bytes, which `make` makes, and maps it shared. `make` must not fork.
    pub(super) fn new(size: usize, make: impl FnOnce() -> Result<OwnedFd>) -> Result<Self> {
        arm()?;
        let born = Generation::current()?;
        let _here = undisturbed();
        let slot = claim()?;
        let made = Self { slot, born };
        // From here on a refusal drops `made`, which ends what there is of it.
        if DESCRIPTORS.fetch_add(1, Ordering::Relaxed) >= process::descriptor_shares().0 {
            DESCRIPTORS.fetch_sub(1, Ordering::Relaxed);
            return Err(Refused);
        }
        let file = make().inspect_err(|_| _ = DESCRIPTORS.fetch_sub(1, Ordering::Relaxed))?;
        slot.open(file.into_raw_fd());
        let fd = slot.fd().ok_or(Refused)?;
        slot.publish(system::map_uninherited(&system::borrow(fd), size)?);
        Ok(made)
    }

    /// A parked mapping, the one that `rank` gives most for by its size and the memory behind it; with that memory.
    pub(super) fn take<K: Ord>(rank: impl Fn(usize, usize) -> Option<K>) -> Option<(Self, usize)> {
        let _here = undisturbed();
        let born = Generation::current().ok()?;
        let rated = |slot: &'static Slot| slot.parked().and_then(|(size, memory)| rank(size, memory));
        let slot = used().iter().filter_map(|slot| Some((rated(slot)?, slot))).max_by(|a, b| a.0.cmp(&b.0))?.1;
        // Another thread may have been faster, and have parked another one there since.
        let (size, memory) = slot.take()?;
        let taken = Self { slot, born };
        if rank(size, memory).is_some() {
            return Some((taken, memory));
        }
        taken.park(memory);
        None
    }

    /// Where the mapping is.
    pub(super) fn base(&self) -> NonNull<u8> {
        self.slot.place().base
    }

    pub(super) fn size(&self) -> usize {
        self.slot.place().size
    }

    /// Whether the process has forked since the file was made: then nobody may write the file.
    pub(super) fn is_orphaned(&self) -> bool {
        !self.born.is_current()
    }

    /// Whether the mapping still is as it was made: what is written there is in the file.
    pub(super) fn is_shared(&self) -> bool {
        self.slot.is_shared()
    }

    /// Says that nobody will write through the mapping from now on; children inherit it as it is.
    pub(super) fn retire(&self) {
        self.slot.retire();
    }

    /// Uses the descriptor, with signals blocked: not for long. Refused for an orphaned file, and also when the file
    /// became orphaned meanwhile: what was done has to be discarded then, and what `f` gave is dropped.
    /// `f` must not fork.
    pub(super) fn with_file<R>(&self, f: impl FnOnce(&OwnedFd) -> Result<R>) -> Result<R> {
        let _here = undisturbed();
        let fd = self.slot.fd().filter(|_| !self.is_orphaned()).ok_or(Refused)?;
        let result = f(&system::borrow(fd))?;
        if self.is_orphaned() { Err(Refused) } else { Ok(result) }
    }

    /// Makes the mapping longer or shorter; it may move only if `may_move`. A child that is forked meanwhile loses it.
    pub(super) fn resize(&self, size: usize, may_move: bool) -> Result<NonNull<u8>> {
        let _here = undisturbed();
        // SAFETY: the mapping is this slot's, and handlers keep away while it moves; who points into it does not let it
        // move, as `may_move` says.
        let moved = self.slot.relocate(|place| unsafe { system::remap(place, size, may_move) });
        moved.map(|place| place.base)
    }

    /// Keeps the file and its mapping for reuse, where `take` finds it; says whether it could. There must be no other
    /// mapping of the file. What can not be kept is given back.
    pub(super) fn park(self, memory: usize) -> bool {
        let _here = undisturbed();
        let parked = !self.is_orphaned() && self.slot.park(memory);
        if parked {
            std::mem::forget(self);
        }
        parked
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        let _here = undisturbed();
        self.slot.end(&Kernel);
    }
}

/// A slot for a new file, the first that is free.
fn claim() -> Result<&'static Slot> {
    let at = SLOTS.iter().position(Slot::claim).ok_or(Refused)?;
    USED.fetch_max(at + 1, Ordering::AcqRel);
    Ok(&SLOTS[at])
}

/// How many files are parked, and how much memory.
pub(super) fn parked() -> (usize, usize) {
    used().iter().filter_map(Slot::parked).fold((0, 0), |(files, bytes), (_, memory)| (files + 1, bytes + memory))
}

/// Gives back what is parked, but for so many files, and bytes, or less of it; says how many bytes that were.
pub(super) fn trim(files: usize, bytes: usize) -> usize {
    let mut given = 0;
    loop {
        let parked = parked();
        if parked.0 <= files && parked.1 <= bytes {
            break;
        }
        let Some((taken, memory)) = Registered::take_any() else { break };
        drop(taken);
        given += memory;
    }
    given
}

impl Registered {
    /// A parked mapping to be given back, which is allowed while a fork is going on.
    fn take_any() -> Option<(Self, usize)> {
        let _here = undisturbed();
        let (slot, (_, memory)) = used().iter().find_map(|slot| Some((slot, slot.take()?)))?;
        Some((Self { slot, born: Generation(u64::MAX) }, memory))
    }
}

/// How many files there are, parked ones included.
#[cfg(all(test, not(loom)))]
pub(super) fn files() -> usize {
    DESCRIPTORS.load(Ordering::Relaxed)
}

/// Sees to it that forks are noticed, and that a page of a file is not refused at its first use; without that there
/// must be no shared mapping.
pub(super) fn arm() -> Result<()> {
    const NEW: u8 = 0;
    const BEGUN: u8 = 1;
    const DONE: u8 = 2;
    static STATE: AtomicU8 = AtomicU8::new(NEW);
    if STATE.load(Ordering::Acquire) == DONE {
        return Ok(());
    }
    // The C library may hold its list of handlers locked around a fork.
    Generation::current()?;
    let _here = Undisturbed::new();
    match STATE.compare_exchange(NEW, BEGUN, Ordering::Acquire, Ordering::Acquire) {
        Ok(_) if process::overcommits() => {
            PROCESS.store(system::process(), Ordering::Relaxed);
            process::at_fork(before, after_in_parent, after_in_child)
                .inspect_err(|_| STATE.store(NEW, Ordering::Release))?;
            STATE.store(DONE, Ordering::Release);
            Ok(())
        }
        Err(DONE) => Ok(()),
        Ok(_) | Err(_) => Err(Refused),
    }
}

/// Registers the handlers when the library is loaded: handlers before a fork run newest first, so that ours, being
/// older than the application's, come last, when the application has taken its own locks.
// SAFETY: what the loader calls: a function without arguments, or with ones that it may ignore.
#[used]
#[unsafe(link_section = ".init_array")]
static ON_LOAD: extern "C" fn() = on_load;

extern "C" fn on_load() {
    // Refused here, it is tried again when it is needed.
    let _ = arm();
}

/// Gives back what the library keeps, when it is unloaded or the process ends.
// SAFETY: as for `ON_LOAD`.
#[used]
#[unsafe(link_section = ".fini_array")]
static ON_UNLOAD: extern "C" fn() = on_unload;

extern "C" fn on_unload() {
    trim(0, 0);
}

extern "C" fn before() {
    let _errno = Errno::kept();
    let _here = undisturbed();
    FORKS.fetch_add(STEP + 1, Ordering::SeqCst);
    used().iter().for_each(|slot| slot.prepare(&Kernel));
}

extern "C" fn after_in_parent() {
    // A child may have been made, and the count reset, by a signal handler in the middle of this fork.
    let over = |forks: u64| Some(forks + STEP - u64::from(forks & UNDER_WAY != 0));
    let _ = FORKS.fetch_update(Ordering::SeqCst, Ordering::SeqCst, over);
}

extern "C" fn after_in_child() {
    let _errno = Errno::kept();
    // Not a second time, after what may have been made in the child since.
    if FORKS.load(Ordering::SeqCst) & UNDER_WAY != 0 {
        let _here = Undisturbed::new();
        userfault::close_inherited();
        settle();
    } else {
        drop(undisturbed());
    }
}

/// In a child: notes what it did not inherit, and resets what belongs to threads that it does not have.
fn settle() {
    SLOTS.iter().for_each(|slot| slot.settle(&Kernel));
    DESCRIPTORS.store(0, Ordering::Relaxed);
    PROCESS.store(system::process(), Ordering::Relaxed);
    let over = |forks: u64| Some((forks | UNDER_WAY) + 1);
    let _ = FORKS.fetch_update(Ordering::SeqCst, Ordering::SeqCst, over);
}
