//! The guard: no panic leaves the library, and every result becomes a status.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::handle::{Handle, Pointer, Ref};
use super::types::bio_status;
use crate::error::{BYTESIO_OK, Error, Result};

/// Runs `f`; a panic in it becomes `fallback`.
pub(super) fn or<R>(fallback: R, f: impl FnOnce() -> R) -> R {
    // Unwind safety: what a panic may have left half done is behind a lock that marks it as broken.
    catch_unwind(AssertUnwindSafe(f)).unwrap_or_else(|payload| {
        // A payload's own drop may panic again; a leak after a defect is the lesser harm.
        std::mem::forget(payload);
        fallback
    })
}

/// Runs `f` and turns its result into a status.
#[inline]
pub(super) fn guard(f: impl FnOnce() -> Result<()>) -> bio_status {
    status(or(Err(Error::Internal), f))
}

/// Runs `f` with the owner behind `handle`; after a panic the owner is not trusted any more.
#[inline]
pub(super) fn call<P: Pointer>(
    handle: &Ref<P>,
    f: impl FnOnce(&<P::Handle as Handle>::Owner) -> Result<()>,
) -> bio_status {
    let owner = match handle.owner() {
        Ok(owner) => owner,
        Err(error) => return error.code(),
    };
    let mut finished = false;
    let status = guard(|| {
        let result = f(&owner);
        finished = true;
        result
    });
    if !finished {
        or((), || P::Handle::poison(&owner));
    }
    status
}

/// The fast door of a call: whether `f`, with the owner behind `handle`, has done it all. What there is to say
/// otherwise, errors included, is for the slow door, a function with a guard. This one has none, so `f` must not panic;
/// where it does not call anything either, it needs no frame, which is most of what a small read or write would cost.
#[inline(always)]
pub(super) fn fast<P: Pointer>(handle: &Ref<P>, f: impl FnOnce(&<P::Handle as Handle>::Owner) -> Option<()>) -> bool {
    handle.owner().is_ok_and(|owner| f(&owner).is_some())
}

#[inline(always)]
fn status(result: Result<()>) -> bio_status {
    result.map_or_else(Error::code, |()| BYTESIO_OK)
}

/// Asks the owner behind `handle` for a value; `fallback` for NULL and after a panic.
#[inline]
pub(super) fn ask<P: Pointer, R: Copy>(
    handle: &Ref<P>,
    fallback: R,
    f: impl FnOnce(&<P::Handle as Handle>::Owner) -> R,
) -> R {
    handle.owner().map_or(fallback, |owner| or(fallback, || f(&owner)))
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::super::handle::{Owned, give, release};
    use super::super::types::bio_stream;
    use super::*;
    use crate::stream::Stream;

    #[test]
    fn a_panic_becomes_a_status_and_stays_with_the_stream() {
        for inside_the_lock in [true, false] {
            let stream = give::<bio_stream>(Stream::new().unwrap());
            // SAFETY: the handle made just now, whose reference is given up once, at the end.
            let (handle, owned) = unsafe { (Ref::new(stream), Owned::new(stream)) };
            let status = call(&handle, |s| {
                if inside_the_lock { s.change(|_, _| panic!("on purpose")) } else { panic!("on purpose") }
            });
            assert_eq!(status, Error::Internal.code());
            let later = call(&handle, |s| s.write(b"x"));
            assert_eq!(later, Error::Internal.code());
            release(owned);
        }
    }

    #[test]
    fn a_panicking_question_gets_the_fallback() {
        assert_eq!(or(7, || panic!("on purpose")), 7);
    }
}
