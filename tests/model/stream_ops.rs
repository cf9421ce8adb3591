//! What each operation on a stream does, in the model and in the library.

use bytesio::{Error, Input, Output, Stream, Whence};

use crate::naive::Naive;
use crate::ops::{Choice, OnStream, Part};
use crate::world::World;

/// The two results of a read must be the same.
fn same(results: Option<(Vec<u8>, impl AsRef<[u8]>)>) {
    if let Some((expected, actual)) = results {
        assert_eq!(actual.as_ref(), expected, "what was read");
    }
}

/// Reads `n` bytes into memory that is a little longer and checks that no more is touched.
fn read_into(n: usize, read: impl FnOnce(Output<'_>) -> bytesio::Result<usize>) -> bytesio::Result<Vec<u8>> {
    let mut memory = vec![0x3C; n + 8];
    let got = read(Output::from(&mut memory[..n]))?;
    assert!(memory[got..].iter().all(|byte| *byte == 0x3C), "more was written than read");
    memory.truncate(got);
    Ok(memory)
}

impl World {
    pub fn on_stream(&mut self, at: usize, op: &OnStream) {
        let naive = &self.cores[at].naive;
        match op {
            OnStream::Share => {
                let core = &mut self.cores[at];
                core.handles.push(core.handles[0].share().expect("the count is not at its end"));
            }
            OnStream::Drop => self.drop_handle(at),
            OnStream::Close => drop(self.call(at, Naive::close, Stream::close)),
            OnStream::CloseTake => {
                if let Some((bytes, snapshot)) = self.call(at, Naive::close_take, Stream::close_take) {
                    self.keep(snapshot, bytes);
                }
            }
            OnStream::Write(data) => {
                let data = data.make(naive);
                self.call(at, |s| s.write(&data), |s| s.write(&data));
            }
            OnStream::Pwrite(data, place) => {
                let (data, offset) = (data.make(naive), place.resolve(naive));
                self.call(at, |s| s.pwrite(&data, offset), |s| s.pwrite(&data, offset));
            }
            OnStream::Writev(pieces) => {
                let pieces: Vec<_> = pieces.iter().map(|data| data.make(naive)).collect();
                self.call(
                    at,
                    |s| s.write(&pieces.concat()),
                    |s| s.writev(&pieces.iter().map(Input::from).collect::<Vec<_>>()),
                );
            }
            OnStream::WriteSnapshot(choice) => self.write_snapshot(at, *choice),
            OnStream::WriteFromSnapshot(choice, part) => {
                let Some(kept) = self.snapshot(*choice) else { return };
                let range = part.within(kept.bytes().len());
                let (data, snapshot) = (kept.bytes()[range.clone()].to_vec(), kept.snapshot.share());
                let snapshot = snapshot.expect("the count is not at its end");
                self.call(at, |s| s.write(&data), |s| s.write(&snapshot[range]));
            }
            OnStream::WriteFromView(choice, part) => self.write_from_view(at, *choice, part),
            OnStream::WriteFromPeek(part) => self.write_from_peek(at, part),
            OnStream::Append(data) => {
                let data = data.make(naive);
                self.call(at, |s| s.append(&data), |s| s.append(&data));
            }
            OnStream::AppendFromPeek(place, part) => self.append_from_peek(at, place.resolve(naive), part),
            OnStream::Fill(byte, n) => {
                let n = n.resolve(naive);
                self.call(at, |s| s.fill(*byte, n), |s| s.fill(*byte, n));
            }
            OnStream::Seek(offset, whence) => self.seek(at, *offset, *whence),
            OnStream::SeekStrict(offset, whence) => {
                let sought = self.call(at, |s| s.seek_strict(*offset, *whence), |s| s.seek_strict(*offset, *whence));
                assert!(sought.is_none_or(|(expected, actual)| actual == expected));
            }
            OnStream::Where => {
                let place = |s: &Naive| s.open().map(|()| (s.position, s.bytes.len() as u64));
                let found = self.call(at, |s| place(s), Stream::position_and_len);
                assert!(found.is_none_or(|(expected, actual)| actual == expected));
            }
            OnStream::SeekTo(place) => {
                let offset = i64::try_from(place.resolve(naive)).unwrap_or(-1);
                self.seek(at, offset, Whence::Start);
            }
            OnStream::Read(n) => {
                let n = n.affordable(naive);
                same(self.call(at, |s| s.take(n), |s| read_into(n, |into| s.read(into))));
            }
            OnStream::ReadExact(n) => {
                let n = n.affordable(naive);
                let read = |s: &Stream| read_into(n, |into| s.read_exact(into).map(|()| n));
                same(self.call(at, |s| s.read_exact(n), read));
            }
            OnStream::Pread(n, place) => {
                let (n, from) = (n.affordable(naive), place.resolve(naive));
                same(self.call(at, |s| s.read_at(n, from), |s| read_into(n, |into| s.pread(into, from))));
            }
            OnStream::ReadIntoView(choice, part) => self.read_into_view(at, *choice, part),
            OnStream::ReadUntil(byte, limit) => {
                let limit = limit.resolve(naive);
                self.borrow(at, |s| s.read_until(*byte, limit), |s| s.read_until(*byte, limit));
            }
            OnStream::Readline(limit) => {
                let limit = limit.resolve(naive);
                self.borrow(at, |s| s.read_until(b'\n', limit), |s| s.readline(limit));
            }
            OnStream::Peek => _ = self.borrow(at, |s| s.open().map(|()| s.rest().to_vec()), Stream::peek),
            OnStream::PeekAt(place) => {
                let from = place.resolve(naive);
                self.borrow(at, |s| s.read_at(usize::MAX, from), |s| s.peek_at(from));
            }
            OnStream::Take(max) => {
                let max = max.resolve(naive);
                self.borrow(at, |s| s.take(max), |s| s.take(max));
            }
            OnStream::Cstr => self.cstr(at),
            OnStream::Skip(n) => {
                let n = n.resolve(naive);
                if let Some((bytes, skipped)) = self.call(at, |s| s.take(n), |s| s.skip(n)) {
                    assert_eq!(bytes.len(), skipped);
                }
            }
            OnStream::ReadSnapshot(n) => {
                let n = n.resolve(naive);
                if let Some((bytes, snapshot)) = self.call(at, |s| s.take(n), |s| s.read_snapshot(n)) {
                    self.keep(snapshot, bytes);
                }
            }
            OnStream::Truncate(place) => {
                let size = place.resolve(naive);
                self.call(at, |s| s.truncate(size), |s| s.truncate(size));
            }
            OnStream::Resize(place) => {
                let size = place.resolve(naive);
                self.call(at, |s| s.resize(size), |s| s.resize(size));
            }
            OnStream::Clear => drop(self.call(at, Naive::clear, Stream::clear)),
            OnStream::Reserve(n) => self.reserve(at, n.resolve(naive)),
            OnStream::ShrinkToFit => {
                let capacity = |world: &Self| world.cores[at].handles[0].capacity();
                let before = capacity(self);
                self.call(at, Naive::shrink_to_fit, Stream::shrink_to_fit);
                assert!(capacity(self) <= before);
            }
            OnStream::Detach => {
                if let Some((expected, bytes)) = self.call(at, Naive::detach, Stream::detach) {
                    assert_eq!(bytes[..], expected);
                    let (data, len) = bytes.into_raw();
                    // SAFETY: this test's memory now: nobody notices what is written, and free(3) takes it.
                    unsafe {
                        data.write_bytes(0xD7, len);
                        libc::free(data);
                    }
                }
            }
            OnStream::SetLimit(place) => {
                let limit = place.resolve(naive);
                self.call(at, |s| s.set_limit(limit), |s| s.set_limit(limit));
            }
            OnStream::Restore(choice) => self.restore(at, *choice),
            OnStream::Prepare(min) => self.prepare(at, min.resolve(naive), None),
            OnStream::PrepareUpto(min, max) => {
                let (min, max) = (min.resolve(naive), max.resolve(naive));
                // Mostly in order.
                let (min, max) = if min % 8 == 1 { (min, max) } else { (min.min(max), min.max(max)) };
                self.prepare(at, min, Some(max));
            }
            OnStream::Cancel => self.cancel(at),
            OnStream::Commit(n, seed) => self.commit(at, *n, *seed),
            OnStream::Getvalue => self.getvalue(at),
            OnStream::Getbuffer(access) => self.getbuffer(at, *access),
            OnStream::Rewrite(data) => {
                if self.call(at, Naive::clear, Stream::clear).is_some() {
                    let data = data.make(&self.cores[at].naive);
                    self.call(at, |s| s.write(&data), |s| s.write(&data));
                }
            }
            OnStream::ReadFd(data, fails) => self.read_fd(at, &data.make(naive), *fails),
        }
    }

    fn seek(&mut self, at: usize, offset: i64, whence: Whence) {
        if let Some((expected, actual)) = self.call(at, |s| s.seek(offset, whence), |s| s.seek(offset, whence)) {
            assert_eq!(actual, expected);
        }
    }

    fn write_snapshot(&mut self, at: usize, choice: Choice) {
        let Some(kept) = self.snapshot(choice) else { return };
        let (data, snapshot) = (kept.bytes().to_vec(), kept.snapshot.share());
        let snapshot = snapshot.expect("the count is not at its end");
        self.call(at, |s| s.write(&data), |s| s.write_snapshot(&snapshot));
    }

    fn restore(&mut self, at: usize, choice: Choice) {
        let Some(kept) = self.snapshot(choice) else { return };
        let (data, snapshot) = (kept.bytes().to_vec(), kept.snapshot.share());
        let snapshot = snapshot.expect("the count is not at its end");
        self.call(at, |s| s.restore(&data), |s| s.restore(&snapshot));
    }

    fn write_from_view(&mut self, at: usize, choice: Choice, part: &Part) {
        let Some(seen) = self.view(choice) else { return };
        let range = part.within(seen.view.len());
        let data = self.shown(seen)[range.clone()].to_vec();
        // SAFETY: within the view, which stays alive meanwhile.
        let input = unsafe { Input::from_raw(seen.address().add(range.start), range.len()) };
        self.call(at, |s| s.write(&data), |s| s.write(input));
    }

    fn read_into_view(&mut self, at: usize, choice: Choice, part: &Part) {
        let Some(seen) = self.view(choice).filter(|seen| !seen.view.is_readonly()) else { return };
        let view = usize::from(choice) % self.views.len();
        let range = part.within(seen.view.len());
        // SAFETY: within the writable view, which stays alive meanwhile.
        let into = unsafe { Output::from_raw(seen.address().add(range.start), range.len()) };
        if let Some((bytes, n)) = self.call(at, |s| s.take(range.len()), |s| s.read(into)) {
            assert_eq!(bytes.len(), n);
            self.scribbled(view, range.start, &bytes);
        }
    }

    fn reserve(&mut self, at: usize, additional: usize) {
        let room = self.cores[at].handles[0].capacity();
        if self.call(at, |s| s.reserve(additional, room), |s| s.reserve(additional)).is_some() {
            let core = &self.cores[at];
            assert!(core.handles[0].capacity() >= (core.naive.bytes.len() + additional) as u64);
        }
    }

    /// Reads from a pipe that holds these bytes. Nobody writes more: it has ended, or, `fails`, it refuses.
    #[cfg(unix)]
    fn read_fd(&mut self, at: usize, data: &[u8], fails: bool) {
        use std::io::Write;
        use std::os::fd::AsRawFd;
        let (reader, mut writer) = std::io::pipe().expect("a pipe");
        writer.write_all(data).expect("a pipe holds so much");
        let writer = Some(writer).filter(|_| fails);
        // SAFETY: a descriptor of this test's.
        assert_eq!(unsafe { libc::fcntl(reader.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK) }, 0);
        let read = self.call(at, |s| s.acceptable(data.len()), |s| s.read_fd(reader.as_raw_fd(), usize::MAX));
        drop(writer);
        let Some(((n, is_full), moved)) = read else { return };
        let short = self.ledger.has_failed();
        assert!(moved.bytes == n || moved.bytes < n && short, "{} of {n} bytes", moved.bytes);
        assert!(moved.os_error == (fails && !is_full).then_some(libc::EAGAIN) || moved.os_error.is_none() && short);
        let naive = &mut self.cores[at].naive;
        naive.write(&data[..moved.bytes]).expect("acceptable");
    }

    #[cfg(not(unix))]
    fn read_fd(&mut self, _: usize, _: &[u8], _: bool) {}

    fn getvalue(&mut self, at: usize) {
        let value = |s: &Naive| s.open().map(|()| s.bytes.clone());
        let Some((bytes, first)) = self.call(at, |s| value(s), Stream::getvalue) else { return };
        let made = self.ledger.made();
        self.ledger.relent();
        let again = self.cores[at].handles[0].getvalue().expect("there is nothing to allocate");
        assert_eq!((again.as_ptr(), self.ledger.made()), (first.as_ptr(), made), "the same snapshot again");
        if bytes.len() % 2 == 0 {
            self.keep(again, bytes.clone());
        }
        self.keep(first, bytes);
    }
}

/// The guard of the model itself: a failure that only the other side can have.
#[test]
#[should_panic(expected = "expected")]
fn a_difference_is_noticed() {
    World::new().agreed::<()>(Ok(()), Err(Error::Closed));
}
