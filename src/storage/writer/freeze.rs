//! Freezing: handing out the content, or a part of it, without a copy.

use std::ops::Range;

use super::Writer;
use crate::error::Result;
use crate::storage::block::{Block, Hold};
use crate::storage::deferred::Deferred;
use crate::storage::frozen::Frozen;
use crate::sys::count::{Counted, Stock};

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
                let hold = |block: &Block| match whole {
                    true => block.retain().map(Hold::All),
                    false => block.part(self.within_block(&range)).map(Hold::Part),
                };
                let block = self.block.as_ref().map(hold).transpose()?;
                let value = Frozen { block, data: self.address(range.start), len: range.len() };
                self.hand_out(value, whole, deferred)?
            }
        };
        if self.frozen < range.end {
            self.frozen = range.end;
            self.in_place.start = self.in_place.start.max(range.end);
        }
        Ok(value)
    }

    /// Hands out no bytes, which need no block.
    pub(super) fn freeze_nothing(&mut self, whole: bool, deferred: &mut Deferred) -> Result<Counted<Frozen>> {
        if whole && let Some(value) = self.value.as_mut().filter(|value| value.len == 0) {
            return value.hand_out();
        }
        self.hand_out(Frozen::empty(), whole, deferred)
    }

    /// Hands out a new value; one of all the content is kept, to be handed out again.
    fn hand_out(&mut self, value: Frozen, whole: bool, deferred: &mut Deferred) -> Result<Counted<Frozen>> {
        if !whole {
            return Counted::new(value, self.allocator);
        }
        let mut stock = Stock::new(value, self.allocator)?;
        let value = stock.hand_out();
        deferred.value(self.value.replace(stock).map(Stock::into_counted));
        value
    }

    /// The last value once more, if it is the content or, as a spare handle, can be made so.
    fn value_again(&mut self) -> Option<Result<Counted<Frozen>>> {
        let (data, len) = (self.data, self.len);
        let value = self.value.as_mut()?;
        if value.data != data || value.len != len {
            let block = self.block.as_ref()?;
            let spare = value.unique().filter(|value| value.block.as_ref().is_some_and(|part| part.is_of(block)))?;
            (spare.data, spare.len) = (data, len);
        }
        Some(value.hand_out())
    }

    /// Where a range of the content lies in the block, which begins earlier where the writer borrows a part of it.
    fn within_block(&self, range: &Range<usize>) -> Range<usize> {
        let start = self.block.as_ref().map_or(0, |block| self.data.addr().get() - block.data().addr().get());
        start + range.start..start + range.end
    }
}
