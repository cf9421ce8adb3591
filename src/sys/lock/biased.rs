//! [`Biased`]: a mutex that a thread passes without a locked instruction once it has had it to itself for a while.
//!
//! After so many uses in a row by one thread the gate is biased towards it: `owner` names the thread, which from then
//! on says in a flag of its own that it is inside, looks again whether it is still the owner, and that is all.
//! Another thread takes the mutex, makes `owner` nobody, and waits until the flag is down. The two must not miss each
//! other: the owner stores its flag and then loads `owner`, the other stores `owner` and then loads the flag, so that
//! each needs a full fence in between. The owner's would cost what it saves; it has a compiler fence, and the other
//! executes membarrier(2), which puts a full fence into whatever every thread of the process is doing at that
//! moment.
//!
//! A thread can be preempted between its first look at `owner` and the store to its flag, while the gate passes
//! through any number of hands. Hence a flag belongs to one thread for the gate's life: what such a thread stores
//! then, and takes back because it is the owner no more, is no statement about anybody else. There are [`FLAGS`] of
//! them; towards further threads the gate is never biased.

#[cfg_attr(loom, path = "biased/modelled.rs")]
pub(super) mod kernel;

use std::marker::PhantomData;
use std::ptr;
use std::time::Duration;

use super::Gate;
use crate::sys::sync::{AtomicU32, AtomicUsize, Ordering};
use kernel::Kernel;

/// What the gate needs of the machine and its operating system.
pub(crate) trait System: Sync {
    /// A number that no other living thread has: not 0, and a multiple of [`FLAGS`].
    fn thread() -> usize;
    /// Whether [`heavy_fence`](Self::heavy_fence) works.
    fn has_fences() -> bool;
    /// A fence for the one side: free, and good against `heavy_fence` only.
    fn light_fence();
    /// A full fence in this thread and, somewhere in what it is doing, in every other.
    fn heavy_fence();
    /// Sleeps while the word has that value: until woken, until the time is over, or for no reason.
    fn sleep(word: &AtomicU32, value: u32, at_most: Option<Duration>);
    /// Wakes one of those who sleep on the word.
    fn wake(word: &AtomicU32);
}

/// How many threads a gate can become biased towards in its life.
const FLAGS: usize = 4;

/// So many uses in a row by one thread bias the gate towards it; each time that this turns out to be wrong doubles
/// the number.
const USES: u32 = if cfg!(loom) { 1 } else { 2048 };
const MAX_USES: u32 = 1 << 15;

/// How often to look again before sleeping.
const SPINS: usize = if cfg!(loom) { 0 } else { 100 };

/// How long to sleep behind a stay at whose end nobody is woken: at first, and at most, for each time doubles it.
const NAP: Duration = Duration::from_micros(50);
const MAX_NAP: Duration = Duration::from_millis(1);

/// What a flag says of its thread.
const OUTSIDE: u32 = 0;
/// Inside, and will wake nobody when it leaves, but when it comes again and has to wait.
const SHORT: u32 = 1;
/// Inside, and will wake who waits for it.
const LONG: u32 = 2;

/// What the mutex says.
const FREE: u32 = 0;
const TAKEN: u32 = 1;
/// Taken, and somebody may be asleep.
const AWAITED: u32 = 2;
/// Not to be had: the gate is shut.
const SHUT: u32 = 3;

/// Added to a thread's number in `last`: it is inside by the mutex.
const INSIDE: usize = 1;

/// A mutex that can be biased towards a thread.
pub(crate) struct Biased<S: System = Kernel> {
    /// The thread that this gate is biased towards, plus the index of its flag; 0 for none. Changed under the mutex
    /// only.
    owner: AtomicUsize,
    flags: [AtomicU32; FLAGS],
    /// Whose flags they are; 0: not given away yet. Changed under the mutex only.
    threads: [AtomicUsize; FLAGS],
    /// The last thread that came by the mutex, plus [`INSIDE`] while it is in here. Changed under the mutex only.
    last: AtomicUsize,
    /// By the last thread, in a row. Changed under the mutex only, as the next.
    uses: AtomicU32,
    /// So many bias the gate.
    needed: AtomicU32,
    mutex: AtomicU32,
    system: PhantomData<S>,
}

impl<S: System> Gate for Biased<S> {
    /// What says that the thread is inside: its flag, or the mutex.
    type Pass<'a>
        = &'a AtomicU32
    where
        S: 'a;

    fn new() -> Self {
        Self {
            owner: AtomicUsize::new(0),
            flags: std::array::from_fn(|_| AtomicU32::new(OUTSIDE)),
            threads: std::array::from_fn(|_| AtomicUsize::new(0)),
            last: AtomicUsize::new(0),
            uses: AtomicU32::new(0),
            needed: AtomicU32::new(USES),
            mutex: AtomicU32::new(FREE),
            system: PhantomData,
        }
    }

    #[inline(always)]
    fn try_enter(&self) -> Option<&AtomicU32> {
        self.raise(SHORT)
    }

    #[inline(always)]
    fn leave_short(&self, flag: &AtomicU32) {
        // Release: what was done inside happens before what is done by whoever sees the flag down.
        flag.store(OUTSIDE, Ordering::Release);
    }

    #[inline]
    fn enter(&self, if_shut: impl FnOnce() -> bool) -> Option<&AtomicU32> {
        self.raise(LONG).or_else(|| self.enter_ordinarily(if_shut))
    }

    #[inline]
    fn leave(&self, by: &AtomicU32, if_shut: impl FnOnce()) {
        if ptr::eq(by, &self.mutex) {
            return self.leave_ordinarily(if_shut);
        }
        self.leave_short(by);
        // Between the store and the load, as on entering: either whoever waits sees the flag down, or it is seen here
        // that somebody may be waiting.
        S::light_fence();
        if self.owner.load(Ordering::Relaxed) == 0 {
            S::wake(by);
        }
    }

    fn shut(&self) {
        self.mutex.store(SHUT, Ordering::Relaxed);
    }
}

impl<S: System> Biased<S> {
    /// Raises this thread's flag if the gate is biased towards it and it is outside.
    #[inline(always)]
    fn raise(&self, how: u32) -> Option<&AtomicU32> {
        let me = S::thread();
        // The thread's number has no bits where the index has its own.
        let flag = self.flags.get(self.owner.load(Ordering::Relaxed) ^ me)?;
        // Acquire: a thread that is gone may have had this one's number and flag.
        if flag.load(Ordering::Acquire) != OUTSIDE {
            return None;
        }
        flag.store(how, Ordering::Relaxed);
        S::light_fence();
        // Only this thread can have made itself the owner, and before that it had the mutex, so that all earlier
        // stays are known to it. Acquire keeps the stay from beginning before this load.
        if self.owner.load(Ordering::Acquire) ^ me < FLAGS {
            return Some(flag);
        }
        flag.store(OUTSIDE, Ordering::Release);
        None
    }

    #[cold]
    #[inline(never)]
    fn enter_ordinarily(&self, if_shut: impl FnOnce() -> bool) -> Option<&AtomicU32> {
        let me = S::thread();
        if self.is_inside(me) {
            return None;
        }
        if !self.take_mutex(me) {
            return if_shut().then_some(&self.mutex);
        }
        self.revoke();
        if self.last.load(Ordering::Relaxed) != me {
            self.uses.store(0, Ordering::Relaxed);
        }
        self.last.store(me + INSIDE, Ordering::Relaxed);
        Some(&self.mutex)
    }

    #[cold]
    #[inline(never)]
    fn leave_ordinarily(&self, if_shut: impl FnOnce()) {
        if self.mutex.load(Ordering::Relaxed) == SHUT {
            return if_shut();
        }
        self.count();
        if self.mutex.swap(FREE, Ordering::Release) == AWAITED {
            S::wake(&self.mutex);
        }
    }

    /// Says whether the mutex is to be had at all.
    #[inline(always)]
    fn take_mutex(&self, me: usize) -> bool {
        let taken = self.mutex.compare_exchange(FREE, TAKEN, Ordering::Acquire, Ordering::Relaxed);
        match taken {
            Ok(_) => true,
            Err(SHUT) => false,
            Err(_) => {
                self.await_mutex(me);
                true
            }
        }
    }

    fn await_mutex(&self, me: usize) {
        let free = |now| self.mutex.compare_exchange(FREE, now, Ordering::Acquire, Ordering::Relaxed).is_ok();
        // Whoever has it may be asleep behind a stay of this thread that is over.
        self.threads
            .iter()
            .zip(&self.flags)
            .filter(|(of, _)| of.load(Ordering::Relaxed) == me)
            .for_each(|(_, flag)| S::wake(flag));
        for _ in 0..SPINS {
            match self.mutex.load(Ordering::Relaxed) {
                FREE if free(TAKEN) => return,
                // Others sleep already: it takes longer.
                AWAITED => break,
                _ => std::hint::spin_loop(),
            }
        }
        // Once it has slept it cannot know whether others do: the mutex stays awaited.
        while self.mutex.swap(AWAITED, Ordering::Acquire) != FREE {
            S::sleep(&self.mutex, AWAITED, None);
        }
    }

    /// Whether this thread is inside, by either way. Only itself could have said so, hence Relaxed.
    fn is_inside(&self, me: usize) -> bool {
        let mut flags = self.flags.iter().zip(&self.threads);
        self.last.load(Ordering::Relaxed) == me + INSIDE
            || flags
                .any(|(flag, thread)| flag.load(Ordering::Relaxed) != OUTSIDE && thread.load(Ordering::Relaxed) == me)
    }

    /// Makes nobody the owner, and waits until whoever was is outside.
    fn revoke(&self) {
        let owner = self.owner.load(Ordering::Relaxed);
        if owner != 0 {
            self.owner.store(0, Ordering::Relaxed);
            S::heavy_fence();
            Self::wait(&self.flags[owner % FLAGS]);
            let needed = self.needed.load(Ordering::Relaxed);
            self.needed.store(needed.saturating_mul(2).min(MAX_USES), Ordering::Relaxed);
            self.uses.store(0, Ordering::Relaxed);
        }
    }

    fn wait(flag: &AtomicU32) {
        // Acquire: see `leave_short`.
        for _ in 0..SPINS {
            if flag.load(Ordering::Acquire) == OUTSIDE {
                return;
            }
            std::hint::spin_loop();
        }
        let mut nap = NAP;
        loop {
            match flag.load(Ordering::Acquire) {
                OUTSIDE => return,
                LONG => S::sleep(flag, LONG, None),
                short => {
                    S::sleep(flag, short, Some(nap));
                    nap = (2 * nap).min(MAX_NAP);
                }
            }
        }
    }

    /// The end of a use by the mutex, which may be the one that biases the gate towards this thread.
    fn count(&self) {
        let me = self.last.load(Ordering::Relaxed) - INSIDE;
        self.last.store(me, Ordering::Relaxed);
        let uses = self.uses.load(Ordering::Relaxed) + 1;
        if uses < self.needed.load(Ordering::Relaxed) {
            self.uses.store(uses, Ordering::Relaxed);
        } else if S::has_fences()
            && let Some(index) = self.flag_of(me)
        {
            // From here on a signal handler of this thread may enter: hence Release, after all that was done inside.
            self.owner.store(me + index, Ordering::Release);
        }
    }

    /// The index of a thread's flag, which it may get only now.
    fn flag_of(&self, thread: usize) -> Option<usize> {
        let index = self.threads.iter().position(|of| [0, thread].contains(&of.load(Ordering::Relaxed)))?;
        self.threads[index].store(thread, Ordering::Relaxed);
        Some(index)
    }
}
