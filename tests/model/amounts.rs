//! What places, amounts and parts come to when an operation runs.

use std::ops::Range;

use crate::naive::Naive;
use crate::ops::{Amount, Data, Part, Place};

/// No stream grows much beyond this, so that comparing everything after every step stays cheap.
const LONG: usize = 4096;
/// But for those that [`Amount::Wide`] makes long.
const VERY_LONG: usize = 100 << 10;
/// What is written at once fits in a pipe.
const WIDE: usize = 60 << 10;

/// Bytes made from a seed, with line feeds among them.
pub fn pattern(n: usize, seed: u8) -> Vec<u8> {
    let byte = |i: usize| if i % 23 == 7 { b'\n' } else { seed.wrapping_add((i * 31) as u8) };
    (0..n).map(byte).collect()
}

impl Place {
    pub fn resolve(&self, s: &Naive) -> u64 {
        let len = s.bytes.len() as u64;
        let from = |base: u64, by: i8| base.saturating_add_signed(by.into());
        match *self {
            Self::Start(at) => at.into(),
            Self::Position(by) => from(s.position, by),
            Self::End(by) => from(len, by),
            Self::Limit(by) => from(if s.most() == u64::MAX { len } else { s.most() }, by),
            Self::Edge(at, by) => from(u64::from(at) << 10, by),
            Self::Far(by) => from(1 << 62, by),
            Self::Furthest(by) => from(i64::MAX as u64, by),
            Self::Max => u64::MAX,
        }
    }
}

impl Amount {
    /// A number for calls that take any.
    pub fn resolve(&self, s: &Naive) -> usize {
        match self {
            Self::Plain(n) => usize::from(*n),
            Self::Wide(n, by) => (usize::from(*n) << 10).saturating_add_signed((*by).into()),
            Self::Until(place) => place.resolve(s).saturating_sub(s.position) as usize,
            Self::Max => usize::MAX,
        }
    }

    /// A number of bytes that exist.
    pub fn affordable(&self, s: &Naive) -> usize {
        let wide = matches!(self, Self::Wide(..)) || s.bytes.len() > 2 * LONG;
        let (longest, least, most) = if wide { (VERY_LONG, 64, WIDE) } else { (LONG, 1, 700) };
        self.resolve(s).min(longest.saturating_sub(s.bytes.len()).clamp(least, most))
    }
}

impl Data {
    pub fn make(&self, s: &Naive) -> Vec<u8> {
        pattern(self.0.affordable(s), self.1)
    }
}

impl Part {
    /// A range within `len`.
    pub fn within(&self, len: usize) -> Range<usize> {
        let from = usize::from(self.0) % (len + 1);
        from..from + usize::from(self.1) % (len - from + 1)
    }
}
