//! Freezing: handing out the content, or a part of it, without a copy.

use std::ops::Range;

use super::Writer;
use crate::error::Result;
use crate::storage::block::Block;
use crate::storage::deferred::Deferred;
use crate::storage::frozen::Frozen;
use crate::sys::count::Counted;

impl Writer {
    /// Freezes a range of the content and hands it out; no byte is copied.
    pub(crate) fn freeze(&mut self, range: Range<usize>, deferred: &mut Deferred) -> Result<Counted<Frozen>> {
        debug_assert!(!self.is_fixed() && range.end <= self.len);
        let whole = range == (0..self.len);
        if range.is_empty() {
            return self.freeze_nothing(whole, deferred);
        }
        let again = if whole { self.value_again() } else { None };
        let value = match again {
            Some(value) => value?,
            None => {
                let block = self.block.as_ref().map(Block::retain).transpose()?;
                let data = self.address(range.start);
                let value = Counted::new(Frozen { block, data, len: range.len() }, self.allocator)?;
                if whole {
                    self.remember(&value, deferred)?;
                }
                value
            }
        };
        self.frozen = self.frozen.max(range.end);
        self.update_in_place();
        Ok(value)
    }

    /// Hands out no bytes, which need no block.
    pub(super) fn freeze_nothing(&mut self, whole: bool, deferred: &mut Deferred) -> Result<Counted<Frozen>> {
        if whole && let Some(value) = self.value.as_ref().filter(|value| value.len == 0) {
            return value.retain();
        }
        let value = Counted::new(Frozen::empty(), self.allocator)?;
        if whole {
            self.remember(&value, deferred)?;
        }
        Ok(value)
    }

    /// Keeps what was handed out of all the content, to be given out again.
    fn remember(&mut self, value: &Counted<Frozen>, deferred: &mut Deferred) -> Result<()> {
        let replaced = self.value.replace(value.retain()?);
        deferred.value(replaced);
        Ok(())
    }

    /// The last value once more, if it is the content or, as a spare handle, can be made so.
    fn value_again(&mut self) -> Option<Result<Counted<Frozen>>> {
        let (data, len) = (self.data, self.len);
        let value = self.value.as_mut()?;
        if value.data != data || value.len != len {
            let block = self.block.as_ref()?;
            let spare = value.unique().filter(|value| value.block.as_ref().is_some_and(|b| b.same(block)))?;
            (spare.data, spare.len) = (data, len);
        }
        Some(value.retain())
    }
}
