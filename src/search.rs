//! Searching bytes: what snapshots and views have in common.
//!
//! The substring search is `memchr`'s (Two-Way and vectorised prefilters; its documentation names the sources).

use std::cmp::Ordering;

use memchr::{memchr, memmem};

/// The bytes through the first `delimiter`; at most `limit`, or all.
pub(crate) fn through(bytes: &[u8], delimiter: u8, limit: usize) -> &[u8] {
    let within = bytes.get(..limit).unwrap_or(bytes);
    let n = memchr(delimiter, within).map_or(within.len(), |at| at + 1);
    within.get(..n).unwrap_or(within)
}

/// What can be searched.
pub(crate) trait Bytes {
    /// Runs `f` with the bytes; of a view, under its stream's lock.
    fn search<R>(&self, f: impl FnOnce(&[u8]) -> R) -> R;
}

/// Searches over immutable or live bytes; every offset counts from their beginning.
#[allow(private_bounds, reason = "sealed: under a view's lock no code of others may run")]
pub trait Search: Bytes {
    /// The first occurrence of `needle` that begins at or after `start`.
    fn find(&self, needle: &[u8], start: usize) -> Option<usize> {
        self.search(|bytes| memmem::find(bytes.get(start..)?, needle).map(|at| start + at))
    }

    /// The last occurrence of `needle` that begins at or after `start`.
    fn rfind(&self, needle: &[u8], start: usize) -> Option<usize> {
        self.search(|bytes| memmem::rfind(bytes.get(start..)?, needle).map(|at| start + at))
    }

    /// How many occurrences of `needle` there are that do not overlap; the empty one occurs once more than
    /// there are bytes.
    fn count(&self, needle: &[u8]) -> usize {
        self.search(|bytes| if needle.is_empty() { bytes.len() + 1 } else { memmem::find_iter(bytes, needle).count() })
    }

    /// Compares with `other`, byte by byte; a prefix is less than what it begins.
    fn compare(&self, other: &[u8]) -> Ordering {
        self.search(|bytes| bytes.cmp(other))
    }

    /// Whether the bytes begin with `prefix`.
    fn starts_with(&self, prefix: &[u8]) -> bool {
        self.search(|bytes| bytes.starts_with(prefix))
    }

    /// Whether the bytes end with `suffix`.
    fn ends_with(&self, suffix: &[u8]) -> bool {
        self.search(|bytes| bytes.ends_with(suffix))
    }
}
