//! What a test can do without, to see that the results are the same: everywhere else all of it is on.

/// Something that has a fall-back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Switch {
    /// Blocks brought up to date.
    Siblings,
    /// A free slot for a block that is wanted back.
    Reservations,
    /// Raw writes noted by the kernel.
    Watch,
    /// Files in memory.
    Mapped,
}

#[cfg(test)]
thread_local! {
    static OFF: std::cell::Cell<Option<Switch>> = const { std::cell::Cell::new(None) };
}

/// Runs `f` without it, on this thread.
#[cfg(all(test, mapped, not(loom)))]
pub(super) fn without<R>(switch: Switch, f: impl FnOnce() -> R) -> R {
    OFF.set(Some(switch));
    let result = f();
    OFF.set(None);
    result
}

#[cfg(test)]
pub(super) fn is_on(switch: Switch) -> bool {
    OFF.get() != Some(switch)
}

#[cfg(not(test))]
#[inline(always)]
pub(super) fn is_on(_: Switch) -> bool {
    true
}
