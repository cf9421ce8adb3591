//! Makes system calls of this thread fail, for tests.

#[cfg(test)]
use std::cell::Cell;

/// Which calls are refused.
#[cfg(test)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Plan {
    None,
    /// One, after so many more.
    Once(u32),
    /// All, after so many more.
    From(u32),
}

#[cfg(test)]
thread_local! {
    static PLAN: Cell<Plan> = const { Cell::new(Plan::None) };
}

#[cfg(test)]
thread_local! {
    static LIES: Cell<bool> = const { Cell::new(false) };
}

/// From here on the kernel is taken for one that answers wrongly, where that is asked.
#[cfg(test)]
pub(crate) fn lie() {
    LIES.set(true);
}

#[cfg(test)]
pub(super) fn lies() -> bool {
    LIES.get()
}

#[cfg(not(test))]
#[inline]
pub(super) fn lies() -> bool {
    false
}

/// Follows a plan from here on; gives what is left of the one before.
#[cfg(test)]
pub(crate) fn plan(next: Plan) -> Plan {
    PLAN.replace(next)
}

#[cfg(test)]
pub(super) fn strikes() -> bool {
    PLAN.with(|plan| {
        let (next, strikes) = match plan.get() {
            Plan::None | Plan::Once(0) => (Plan::None, plan.get() != Plan::None),
            Plan::Once(n) => (Plan::Once(n - 1), false),
            Plan::From(0) => (Plan::From(0), true),
            Plan::From(n) => (Plan::From(n - 1), false),
        };
        plan.set(next);
        strikes
    })
}

#[cfg(not(test))]
#[inline]
pub(super) fn strikes() -> bool {
    false
}
