//! [`File`]: a stream as a C library's stdio sees it, with a position of its own.

use std::cell::Cell;
use std::ffi::CStr;

use super::{Stream, Whence};
use crate::error::{Error, Result};
use crate::sys::memory::{Input, Output};

/// What a mode of fopen(3) begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Read,
    Write,
    Append,
}

/// A mode of fopen(3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mode {
    kind: Kind,
    /// `+`: both reading and writing.
    update: bool,
}

impl Mode {
    /// The mode that a text names. Other letters than those that matter here are passed over, as by glibc; refused are
    /// `x`, which wants to make what is there already, and what glibc takes after a comma.
    pub(crate) fn parse(text: &[u8]) -> Result<Self> {
        let kind = match text.first() {
            Some(b'r') => Kind::Read,
            Some(b'w') => Kind::Write,
            Some(b'a') => Kind::Append,
            _ => return Err(Error::Invalid),
        };
        if text.iter().any(|letter| b"x,".contains(letter)) {
            return Err(Error::Invalid);
        }
        Ok(Self { kind, update: text.contains(&b'+') })
    }

    /// The mode in its shortest form.
    pub(crate) fn name(self) -> &'static CStr {
        match (self.kind, self.update) {
            (Kind::Read, false) => c"r",
            (Kind::Read, true) => c"r+",
            (Kind::Write, false) => c"w",
            (Kind::Write, true) => c"w+",
            (Kind::Append, false) => c"a",
            (Kind::Append, true) => c"a+",
        }
    }

    /// Whether opening empties the stream.
    pub(crate) fn truncates(self) -> bool {
        self.kind == Kind::Write
    }
}

/// A reference to a stream, and a position in it. Who reads and who writes is for stdio to check.
pub(crate) struct File {
    stream: Stream,
    position: Cell<u64>,
    appends: bool,
}

impl File {
    /// At the beginning; where there is nothing to do but append, at the end.
    pub(crate) fn over(stream: &Stream, mode: Mode) -> Result<Self> {
        let (_, len) = stream.position_and_len()?;
        let appends = mode.kind == Kind::Append;
        let position = if appends && !mode.update { len } else { 0 };
        Ok(Self { stream: stream.share()?, position: Cell::new(position), appends })
    }

    /// Reads at the position and moves it.
    pub(crate) fn read(&self, into: Output<'_>) -> Result<usize> {
        let position = self.position.get();
        let n = self.stream.pread(into, position)?;
        self.position.set(position + n as u64);
        Ok(n)
    }

    /// Writes at the position, or at the end as it is at that moment, as much as the stream takes, and moves the
    /// position behind it; gives how many bytes that was, and why not all.
    pub(crate) fn write(&self, data: Input<'_>) -> (usize, Result<()>) {
        let mut written = 0;
        let result = self.stream.change(|s, deferred| {
            let at = if self.appends { s.writer.len() as u64 } else { self.position.get() };
            let all = s.check_end(at, data.len());
            let front = data.front(s.room_at(at)?);
            self.position.set(s.write_at(at, front, deferred)?);
            written = front.len();
            all.map(drop)
        });
        (written, result)
    }

    /// Moves the position, which may go past the end but not before the beginning; gives the new one.
    pub(crate) fn seek(&self, offset: i64, whence: Whence) -> Result<u64> {
        let target = self.stream.inspect(|s| s.target(self.position.get(), offset, whence, true))?;
        self.position.set(target);
        Ok(target)
    }

    /// What a call with an argument that is none gives: a closed stream says so first.
    pub(crate) fn refuse<R>(&self, error: Error) -> Result<R> {
        self.stream.refuse(error)
    }

    /// Marks the stream as broken.
    pub(crate) fn poison(&self) {
        self.stream.poison();
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::stream::Access;

    fn open(stream: &Stream, mode: &str) -> File {
        File::over(stream, Mode::parse(mode.as_bytes()).unwrap()).unwrap()
    }

    fn content(stream: &Stream) -> Vec<u8> {
        stream.getvalue().unwrap().to_vec()
    }

    #[test]
    fn a_mode_has_one_shortest_form() {
        for (text, name) in [
            ("r", c"r"),
            ("rb", c"r"),
            ("rb+", c"r+"),
            ("r+b", c"r+"),
            ("rt+me", c"r+"),
            ("we", c"w"),
            ("wb+", c"w+"),
            ("a", c"a"),
            ("a+", c"a+"),
        ] {
            assert_eq!(Mode::parse(text.as_bytes()).map(Mode::name), Ok(name), "{text}");
        }
        for text in ["", "b", "+r", "R", "x", "wx", "w+x", "wbx", "r,ccs=UTF-8"] {
            assert_eq!(Mode::parse(text.as_bytes()), Err(Error::Invalid), "{text}");
        }
    }

    #[test]
    fn the_position_is_the_files_own() {
        let stream = Stream::from_bytes(b"0123456789").unwrap();
        let (one, two) = (open(&stream, "r+"), open(&stream, "r+"));
        let mut bytes = [0; 4];
        assert_eq!(one.read((&mut bytes).into()), Ok(4));
        assert_eq!(two.write(Input::from(b"ab")), (2, Ok(())));
        assert_eq!((one.position.get(), two.position.get(), stream.tell()), (4, 2, 0));
        assert_eq!(content(&stream), b"ab23456789");
        assert_eq!(one.seek(-4, Whence::Current), Ok(0));
        assert_eq!(one.seek(-1, Whence::Current), Err(Error::Invalid));
        assert_eq!(one.seek(-11, Whence::End), Err(Error::Invalid));
        assert_eq!(one.seek(1, Whence::End), Ok(11));
        assert_eq!(one.seek(i64::MAX, Whence::End), Err(Error::Overflow));
        assert_eq!(one.read((&mut bytes).into()), Ok(0));
        assert_eq!(one.position.get(), 11);
        assert_eq!(one.write(Input::from(b"!")), (1, Ok(())));
        assert_eq!(content(&stream), b"ab23456789\0!");
    }

    #[test]
    fn appending_finds_the_end_of_that_moment() {
        let stream = Stream::from_bytes(b"0123").unwrap();
        let file = open(&stream, "a+");
        assert_eq!((file.position.get(), open(&stream, "a").position.get()), (0, 4));
        stream.pwrite(b"45", 4).unwrap();
        assert_eq!(file.write(Input::from(b"ab")), (2, Ok(())));
        assert_eq!((file.position.get(), content(&stream)), (8, b"012345ab".to_vec()));
    }

    #[test]
    fn what_fits_is_written_and_the_rest_has_a_reason() {
        let stream = Stream::from_bytes(b"0123").unwrap();
        stream.set_limit(8).unwrap();
        let file = open(&stream, "a");
        assert_eq!(file.write(Input::from(b"abcdef")), (4, Err(Error::Limit)));
        assert_eq!(file.write(Input::from(b"g")), (0, Err(Error::Limit)));
        assert_eq!((file.position.get(), content(&stream)), (8, b"0123abcd".to_vec()));
        let file = open(&stream, "r+");
        file.seek(6, Whence::Start).unwrap();
        let view = stream.getbuffer(Access::ReadOnly).unwrap();
        stream.set_limit(100).unwrap();
        assert_eq!(file.write(Input::from(b"xyz")), (2, Err(Error::Exported)));
        assert_eq!(file.write(Input::from(b"z")), (0, Err(Error::Exported)));
        drop(view);
        assert_eq!((file.position.get(), content(&stream)), (8, b"0123abxy".to_vec()));
        file.seek(i64::MAX, Whence::Start).unwrap();
        assert_eq!(file.write(Input::from(b"z")), (0, Err(Error::Overflow)));
        assert_eq!(file.position.get(), i64::MAX as u64);
    }

    #[test]
    fn a_closed_stream_is_a_closed_file() {
        let stream = Stream::from_bytes(b"0123").unwrap();
        let file = open(&stream, "r+");
        stream.close().unwrap();
        assert_eq!(file.read((&mut [0; 4]).into()), Err(Error::Closed));
        assert_eq!(file.write(Input::from(b"x")), (0, Err(Error::Closed)));
        assert_eq!(file.seek(0, Whence::Start), Err(Error::Closed));
    }
}
