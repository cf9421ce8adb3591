//! The naive model: what a stream is, as a vector and a position, and which error each call gives.

use std::collections::BTreeMap;
use std::ops::Range;

use bytesio::{Error, NO_LIMIT, Result, Whence};

/// The furthest position.
const FURTHEST: u64 = i64::MAX as u64;
/// No machine has so much memory, and no case asks for anything between this and what it can afford.
const UNTHINKABLE: u64 = 1 << 40;

/// So much of the content a window over it covers at least.
const PAGE: u64 = 4096;

/// An open window.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    pub at: u64,
    pub capacity: usize,
}

#[derive(Clone, Debug)]
pub struct Naive {
    pub bytes: Vec<u8>,
    pub position: u64,
    pub limit: u64,
    /// The capacity of a fixed stream.
    pub fixed: Option<usize>,
    pub closed: bool,
    pub window: Option<Window>,
    /// How many views hold each export open.
    pub exports: BTreeMap<usize, usize>,
}

impl Naive {
    pub fn new(bytes: Vec<u8>) -> Self {
        Self { bytes, position: 0, limit: NO_LIMIT, fixed: None, closed: false, window: None, exports: BTreeMap::new() }
    }

    /// What a stream derived from this one is.
    pub fn duplicate(&self) -> Result<Self> {
        self.open()?;
        let (position, limit) = (self.position, self.limit);
        Ok(Self { position, limit, ..Self::new(self.bytes.clone()) })
    }

    pub fn open(&self) -> Result<()> {
        if self.closed { Err(Error::Closed) } else { Ok(()) }
    }

    /// Open, and no window in the way of a change.
    pub fn changeable(&self) -> Result<()> {
        self.open()?;
        if self.window.is_some() { Err(Error::Busy) } else { Ok(()) }
    }

    fn unexported(&self) -> Result<()> {
        if self.exports.is_empty() { Ok(()) } else { Err(Error::Exported) }
    }

    pub fn most(&self) -> u64 {
        self.fixed.map_or(self.limit, |capacity| self.limit.min(capacity as u64))
    }

    /// The position as an index, at most the end's.
    pub fn offset(&self) -> usize {
        self.position.min(self.bytes.len() as u64) as usize
    }

    pub fn rest(&self) -> &[u8] {
        &self.bytes[self.offset()..]
    }

    /// The end of a change of `n` bytes at `at`, in the order of the checks.
    fn end(&self, at: u64, n: u64) -> Result<u64> {
        let end = at.checked_add(n).filter(|end| *end <= FURTHEST).ok_or(Error::Overflow)?;
        if end > self.bytes.len() as u64 {
            self.unexported()?;
            if end > self.most() {
                return Err(Error::Limit);
            }
        }
        if end > UNTHINKABLE { Err(Error::NoMem) } else { Ok(end) }
    }

    fn put(&mut self, at: u64, data: &[u8]) -> Result<u64> {
        if data.is_empty() {
            return Ok(at);
        }
        let end = self.end(at, data.len() as u64)?;
        if end > self.bytes.len() as u64 {
            self.bytes.resize(end as usize, 0);
        }
        self.bytes[at as usize..end as usize].copy_from_slice(data);
        Ok(end)
    }

    pub fn write(&mut self, data: &[u8]) -> Result<()> {
        self.changeable()?;
        self.position = self.put(self.position, data)?;
        Ok(())
    }

    pub fn pwrite(&mut self, data: &[u8], offset: u64) -> Result<()> {
        self.changeable()?;
        if offset > FURTHEST {
            return Err(Error::Overflow);
        }
        self.put(offset, data).map(drop)
    }

    pub fn append(&mut self, data: &[u8]) -> Result<()> {
        self.changeable()?;
        self.put(self.bytes.len() as u64, data).map(drop)
    }

    pub fn fill(&mut self, byte: u8, n: usize) -> Result<()> {
        self.changeable()?;
        if n > 0 {
            self.end(self.position, n as u64)?;
            self.position = self.put(self.position, &vec![byte; n])?;
        }
        Ok(())
    }

    pub fn truncate(&mut self, size: u64) -> Result<()> {
        self.changeable()?;
        if size > FURTHEST {
            return Err(Error::Overflow);
        }
        if size < self.bytes.len() as u64 {
            self.unexported()?;
            self.bytes.truncate(size as usize);
        }
        Ok(())
    }

    pub fn resize(&mut self, size: u64) -> Result<()> {
        if self.changeable().is_ok() && size <= FURTHEST && size > self.bytes.len() as u64 {
            let end = self.end(size, 0)?;
            self.bytes.resize(end as usize, 0);
        }
        self.truncate(size)
    }

    pub fn clear(&mut self) -> Result<()> {
        self.changeable()?;
        if !self.bytes.is_empty() {
            self.unexported()?;
        }
        self.bytes.clear();
        self.position = 0;
        Ok(())
    }

    pub fn detach(&mut self) -> Result<Vec<u8>> {
        self.changeable()?;
        self.unexported()?;
        self.position = 0;
        Ok(std::mem::take(&mut self.bytes))
    }

    pub fn restore(&mut self, bytes: &[u8]) -> Result<()> {
        self.changeable()?;
        if bytes.len() != self.bytes.len() {
            self.unexported()?;
        }
        if bytes.len() as u64 > self.most() {
            return Err(Error::Limit);
        }
        self.bytes = bytes.to_vec();
        self.position = self.position.min(bytes.len() as u64);
        Ok(())
    }

    /// `room` is the capacity that the stream has now.
    pub fn cstr(&self, room: u64) -> Result<Vec<u8>> {
        self.changeable()?;
        if !self.bytes.is_empty() && self.bytes.len() as u64 == room {
            self.unexported()?;
            if self.fixed.is_some() {
                return Err(Error::Limit);
            }
        }
        Ok(self.bytes.clone())
    }

    /// `room` is the capacity that the stream has now.
    pub fn reserve(&mut self, additional: usize, room: u64) -> Result<()> {
        self.changeable()?;
        let needed = self.bytes.len().checked_add(additional).ok_or(Error::Overflow)? as u64;
        if needed > isize::MAX as u64 {
            return Err(Error::Overflow);
        }
        if needed > room {
            self.unexported()?;
        }
        if needed > self.most() && additional > 0 {
            return Err(Error::Limit);
        }
        if needed > UNTHINKABLE { Err(Error::NoMem) } else { Ok(()) }
    }

    pub fn shrink_to_fit(&mut self) -> Result<()> {
        self.changeable()?;
        self.unexported()
    }

    pub fn set_limit(&mut self, limit: u64) -> Result<()> {
        self.changeable()?;
        if limit < self.bytes.len() as u64 {
            return Err(Error::Limit);
        }
        self.limit = limit;
        Ok(())
    }

    /// Gives the least capacity that the window must have, and the greatest. A `max` is what the caller can use.
    pub fn prepare(&mut self, min: usize, max: Option<usize>) -> Result<Range<u64>> {
        if max.is_some_and(|max| max < min) {
            self.open()?;
            return Err(Error::Invalid);
        }
        self.changeable()?;
        let len = self.bytes.len() as u64;
        let most = if self.exports.is_empty() { self.most() } else { len };
        let room = most.saturating_sub(self.position);
        let wanted = match (min, max) {
            (0, None) => u64::from(room > 0),
            (0, Some(max)) => u64::from(max > 0),
            _ => min as u64,
        };
        self.end(self.position, wanted)?;
        if self.position >= len {
            self.unexported()?;
        }
        self.window = Some(Window { at: self.position, capacity: 0 });
        let most = room.min(max.map_or(u64::MAX, |max| max as u64));
        // Over content there is at least a page of it, as far as it goes and as the caller can use it.
        let content = len.saturating_sub(self.position).min(PAGE).min(most);
        Ok(wanted.max(content)..most)
    }

    pub fn cancel(&mut self) {
        self.window = None;
    }

    pub fn commit(&mut self, data: &[u8]) -> Result<()> {
        self.open()?;
        let window = self.window.ok_or(Error::Invalid)?;
        if data.len() > window.capacity {
            return Err(Error::Range);
        }
        if !data.is_empty() {
            self.position = self.put(window.at, data)?;
        }
        self.window = None;
        Ok(())
    }

    /// How many of `n` bytes can be written at the position, and whether there is no room behind them.
    pub fn acceptable(&mut self, n: usize) -> Result<(usize, bool)> {
        self.changeable()?;
        self.end(self.position, 1)?;
        let most = if self.exports.is_empty() { self.most() } else { self.bytes.len() as u64 };
        let room = most - self.position;
        Ok((room.min(n as u64) as usize, room <= n as u64))
    }

    /// A read of up to `n` bytes.
    pub fn take(&mut self, n: usize) -> Result<Vec<u8>> {
        self.open()?;
        let taken = self.rest()[..n.min(self.rest().len())].to_vec();
        self.position += taken.len() as u64;
        Ok(taken)
    }

    pub fn read_exact(&mut self, n: usize) -> Result<Vec<u8>> {
        self.open()?;
        if n > self.rest().len() { Err(Error::Eof) } else { self.take(n) }
    }

    pub fn read_at(&self, n: usize, offset: u64) -> Result<Vec<u8>> {
        self.open()?;
        if offset > FURTHEST {
            return Err(Error::Overflow);
        }
        let from = offset.min(self.bytes.len() as u64) as usize;
        Ok(self.bytes[from..].iter().copied().take(n).collect())
    }

    pub fn read_until(&mut self, delimiter: u8, limit: usize) -> Result<Vec<u8>> {
        let through = self.rest().iter().position(|byte| *byte == delimiter);
        self.take(limit.min(through.map_or(usize::MAX, |at| at + 1)))
    }

    pub fn seek(&mut self, offset: i64, whence: Whence) -> Result<u64> {
        self.open()?;
        let base = match whence {
            Whence::Start if offset < 0 => return Err(Error::Invalid),
            Whence::Start => 0,
            Whence::Current => self.position,
            Whence::End => self.bytes.len() as u64,
        };
        let target = (i128::from(base) + i128::from(offset)).max(0);
        if target > i128::from(FURTHEST) {
            return Err(Error::Overflow);
        }
        self.position = target as u64;
        Ok(self.position)
    }

    pub fn seek_strict(&mut self, offset: i64, whence: Whence) -> Result<u64> {
        let before = self.position;
        let base = if whence == Whence::End { self.bytes.len() as u64 } else { before };
        self.seek(offset, whence)?;
        if whence != Whence::Start && i128::from(base) + i128::from(offset) < 0 {
            self.position = before;
            return Err(Error::Invalid);
        }
        Ok(self.position)
    }

    pub fn getbuffer(&mut self, writable: bool, export: usize) -> Result<()> {
        self.open()?;
        if writable {
            self.changeable()?;
        }
        self.exports.insert(export, 1);
        Ok(())
    }

    /// One view less of an export.
    pub fn drop_view(&mut self, export: usize) {
        let views = self.exports.get_mut(&export).expect("open while a view of it is alive");
        *views -= 1;
        if *views == 0 {
            self.exports.remove(&export);
        }
    }

    pub fn close(&mut self) -> Result<()> {
        self.window = None;
        self.closed = true;
        Ok(())
    }

    pub fn close_take(&mut self) -> Result<Vec<u8>> {
        self.open()?;
        self.window = None;
        self.closed = true;
        Ok(self.bytes.clone())
    }
}
