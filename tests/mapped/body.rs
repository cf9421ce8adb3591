//! [`Body`]: a stream beside its naive model.

use std::io::{Read, Write};
use std::slice;
use std::thread;

use bytesio::{Access, Input, Kind, Options, Snapshot, Stream, View, Whence};

/// The smallest page there is.
pub const PAGE: usize = 4096;
/// From here on large writes go through the file.
pub const BULK: usize = 64 << 10;

/// Numbers that look random and are the same each time.
#[derive(Clone)]
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        let mut random = Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        (0..4).for_each(|_| _ = random.next());
        random
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.next() >> 11) as usize % n.max(1)
    }

    /// True once in `n` times.
    pub fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

/// `n` bytes that belong to `seed`.
pub fn pattern(n: usize, seed: u64) -> Vec<u8> {
    let mut random = Random::new(seed);
    let mut bytes = vec![0; n];
    for word in bytes.chunks_mut(8) {
        word.copy_from_slice(&random.next().to_le_bytes()[..word.len()]);
    }
    bytes
}

/// One number for many bytes.
pub fn digest(bytes: &[u8]) -> u64 {
    let word = |chunk: &[u8]| chunk.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
    let words = bytes.chunks_exact(8);
    let rest = word(words.remainder());
    let whole = words.map(|chunk| u64::from_le_bytes(chunk.try_into().expect("eight bytes")));
    whole
        .chain([rest, bytes.len() as u64])
        .fold(0, |sum, word| (sum ^ word).wrapping_mul(0x100_0000_01B3).rotate_left(29))
}

/// Equal, or a short message: two MiB of hex help nobody.
#[track_caller]
pub fn assert_same(what: &str, bytes: &[u8], expected: &[u8]) {
    assert_eq!(bytes.len(), expected.len(), "the length of {what}");
    if bytes != expected {
        let differs = |at: &usize| bytes[*at] != expected[*at];
        let (first, last) = ((0..bytes.len()).find(differs), (0..bytes.len()).rfind(differs));
        panic!("{what} differs from {first:?} to {last:?} of {}", bytes.len());
    }
}

/// Options for a stream that is mapped as soon as may be.
pub fn options() -> Options {
    Options { mapped_from: 1, ..Options::default() }
}

/// A snapshot, unless it is a shadow's, and what it must show for ever.
pub struct Kept {
    snapshot: Option<Snapshot>,
    pub bytes: Vec<u8>,
}

impl Kept {
    pub fn check(&self) {
        if let Some(snapshot) = &self.snapshot {
            assert_same("a snapshot", snapshot, &self.bytes);
        }
    }
}

/// A stream beside its model: whatever is done is done to both. A *shadow* is the model alone, to learn what
/// another process must have come to.
pub struct Body {
    pub stream: Option<Stream>,
    pub bytes: Vec<u8>,
    pub kept: Vec<Kept>,
    view: Option<View>,
    /// More views and slices of the same bytes; the view above goes last.
    beside: Vec<View>,
}

impl Body {
    /// An empty stream.
    pub fn empty() -> Self {
        Self::empty_with(&options())
    }

    pub fn empty_with(options: &Options) -> Self {
        Self::over(Stream::with_options(options).unwrap(), Vec::new())
    }

    pub fn over(stream: Stream, bytes: Vec<u8>) -> Self {
        Self { stream: Some(stream), bytes, kept: Vec::new(), view: None, beside: Vec::new() }
    }

    /// A stream of `n` bytes that belong to `seed`, mapped unless another thread forks at this moment.
    pub fn filled(n: usize, seed: u64) -> Self {
        let mut body = Self::empty();
        body.append(n, seed);
        body
    }

    /// A mapped stream of `n` bytes that belong to `seed`.
    pub fn mapped(n: usize, seed: u64) -> Self {
        let body = Self::filled(n, seed);
        assert_eq!(body.kind(), Kind::Mapped, "this process can have mapped blocks");
        body
    }

    /// The model alone.
    pub fn shadow(&self) -> Self {
        let kept = self.kept.iter().map(|kept| Kept { snapshot: None, bytes: kept.bytes.clone() }).collect();
        Self { stream: None, bytes: self.bytes.clone(), kept, view: None, beside: Vec::new() }
    }

    pub fn stream(&self) -> &Stream {
        self.stream.as_ref().expect("not a shadow")
    }

    pub fn kind(&self) -> Kind {
        self.stream().statistics().unwrap().1
    }

    #[track_caller]
    fn apply(&self, act: impl FnOnce(&Stream) -> bytesio::Result<()>) {
        if let Some(stream) = &self.stream {
            act(stream).unwrap();
        }
    }

    /// Writes at the end.
    #[track_caller]
    pub fn append(&mut self, n: usize, seed: u64) {
        let data = pattern(n, seed);
        self.apply(|stream| {
            stream.seek(0, Whence::End)?;
            stream.write(&data)
        });
        self.bytes.extend_from_slice(&data);
    }

    /// Writes `data` at `at`, which may lie beyond the end.
    #[track_caller]
    pub fn put(&mut self, at: usize, data: &[u8]) {
        self.apply(|stream| stream.pwrite(data, at as u64));
        if !data.is_empty() {
            self.bytes.resize(self.bytes.len().max(at + data.len()), 0);
            self.bytes[at..][..data.len()].copy_from_slice(data);
        }
    }

    /// Writes `n` bytes at `at`.
    #[track_caller]
    pub fn write(&mut self, at: usize, n: usize, seed: u64) {
        self.put(at, &pattern(n, seed));
    }

    /// Writes through the writable view's address, up to the end.
    pub fn raw(&mut self, at: usize, n: usize, seed: u64) {
        let at = at.min(self.bytes.len());
        let data = pattern(n.min(self.bytes.len() - at), seed);
        if let Some(view) = &self.view {
            assert!(!view.is_readonly());
            // SAFETY: within the view, and nobody else uses its bytes now.
            unsafe { view.data().as_ptr().add(at).copy_from_nonoverlapping(data.as_ptr(), data.len()) }
        }
        self.bytes[at..][..data.len()].copy_from_slice(&data);
    }

    /// As [`raw`](Self::raw), by read(2) into the view, no more than a pipe holds.
    pub fn raw_read(&mut self, at: usize, n: usize, seed: u64) {
        let at = at.min(self.bytes.len());
        let data = pattern(n.min(self.bytes.len() - at).min(BULK), seed);
        if let Some(view) = &self.view {
            assert!(!view.is_readonly());
            let (mut reader, mut writer) = std::io::pipe().unwrap();
            writer.write_all(&data).unwrap();
            // SAFETY: within the view, and nobody else uses its bytes now.
            let buffer = unsafe { slice::from_raw_parts_mut(view.data().as_ptr().add(at), data.len()) };
            reader.read_exact(buffer).unwrap();
        }
        self.bytes[at..][..data.len()].copy_from_slice(&data);
    }

    /// Reads into the stream from a descriptor that has only so many bytes, and refuses to give more.
    pub fn read_fd(&mut self, at: usize, n: usize, seed: u64) {
        use std::os::fd::AsRawFd;
        let data = pattern(n.min(BULK), seed);
        let (reader, mut writer) = std::io::pipe().unwrap();
        writer.write_all(&data).unwrap();
        // SAFETY: a descriptor of this test's.
        assert_eq!(unsafe { libc::fcntl(reader.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK) }, 0);
        let stream = self.stream();
        stream.seek(at as i64, Whence::Start).unwrap();
        let moved = stream.read_fd(reader.as_raw_fd(), usize::MAX).unwrap();
        assert_eq!((moved.bytes, moved.os_error), (data.len(), Some(libc::EAGAIN)));
        self.bytes.resize(self.bytes.len().max(at + data.len()), 0);
        self.bytes[at..][..data.len()].copy_from_slice(&data);
    }

    /// Writes `len` of the stream's own bytes at `at`; they are where a view or peek shows them.
    #[track_caller]
    pub fn move_within(&mut self, from: usize, len: usize, at: usize) {
        let stream = self.stream();
        stream.seek(0, Whence::Start).unwrap();
        let base = self.view.as_ref().map_or_else(|| stream.peek().unwrap().ptr, View::data);
        // SAFETY: a part of the content, which stays readable during the call.
        let source = unsafe { Input::from_raw(base.add(from), len) };
        stream.pwrite(source, at as u64).unwrap();
        self.bytes.resize(self.bytes.len().max(at + len), 0);
        self.bytes.copy_within(from..from + len, at);
    }

    /// Writes the bytes of a snapshot where they were once.
    #[track_caller]
    pub fn put_back(&mut self, which: usize, at: usize, n: usize) {
        let data = self.kept[which].bytes[at..][..n].to_vec();
        self.put(at, &data);
    }

    #[track_caller]
    pub fn truncate(&mut self, size: usize) {
        self.apply(|stream| stream.truncate(size as u64));
        self.bytes.truncate(size);
    }

    #[track_caller]
    pub fn resize(&mut self, size: usize) {
        self.apply(|stream| stream.resize(size as u64));
        self.bytes.resize(size, 0);
    }

    #[track_caller]
    pub fn clear(&mut self) {
        self.apply(Stream::clear);
        self.bytes.clear();
    }

    /// Takes a snapshot and keeps it.
    #[track_caller]
    pub fn snap(&mut self) {
        let snapshot = self.stream.as_ref().map(|stream| stream.getvalue().unwrap());
        self.kept.push(Kept { snapshot, bytes: self.bytes.clone() });
    }

    /// Lets a snapshot go.
    pub fn drop_kept(&mut self, which: usize) {
        if which < self.kept.len() {
            self.kept.swap_remove(which);
        }
    }

    /// The same with another thread to drop it.
    pub fn drop_kept_elsewhere(&mut self, which: usize) {
        let gone = (which < self.kept.len()).then(|| self.kept.swap_remove(which));
        thread::spawn(move || drop(gone)).join().unwrap();
    }

    #[track_caller]
    pub fn show(&mut self, writable: bool) {
        self.show_for(Access::writable(writable));
    }

    #[track_caller]
    pub fn show_for(&mut self, access: Access) {
        self.hide();
        self.view = self.stream.as_ref().map(|stream| stream.getbuffer(access).unwrap());
    }

    /// Another view, or a part of the first one; the last one of them goes, if there are enough.
    #[track_caller]
    pub fn show_beside(&mut self, access: Access, slice: bool) {
        if self.beside.len() > 2 {
            self.beside.pop();
        }
        let view = self.view.as_ref().filter(|_| slice);
        let n = self.bytes.len() / 2;
        self.beside.push(match view {
            Some(view) => view.slice(n / 2, n).unwrap(),
            None => self.stream().getbuffer(access).unwrap(),
        });
    }

    pub fn view(&self) -> Option<&View> {
        self.view.as_ref()
    }

    pub fn hide(&mut self) {
        self.beside.clear();
        self.view = None;
    }

    /// As [`hide`](Self::hide), with one view after another going, and values taken in between.
    #[track_caller]
    pub fn hide_one_by_one(&mut self) {
        while self.beside.pop().is_some() {
            self.snap();
        }
        self.hide();
    }

    /// A clone, with its own model.
    #[track_caller]
    pub fn duplicate(&self) -> Self {
        let stream = self.stream.as_ref().map(|stream| stream.duplicate().unwrap());
        Self { stream, bytes: self.bytes.clone(), kept: Vec::new(), view: None, beside: Vec::new() }
    }

    /// Closes the stream and goes on with a stream of its final snapshot.
    #[track_caller]
    pub fn reincarnate(&mut self) {
        self.hide();
        self.stream = self.stream.take().map(|stream| {
            let last = stream.close_take().unwrap();
            assert_same("the final snapshot", &last, &self.bytes);
            last.into_stream().unwrap_or_else(|(_, error)| panic!("{error}"))
        });
    }

    /// The stream shows what the model says, the view what the stream shows.
    #[track_caller]
    pub fn check_content(&self) {
        let Some(stream) = &self.stream else { return };
        stream.seek(0, Whence::Start).unwrap();
        let shown = stream.peek().unwrap();
        // SAFETY: the stream's bytes, which nothing changes during the comparison.
        assert_same("the stream", unsafe { slice::from_raw_parts(shown.ptr.as_ptr(), shown.len) }, &self.bytes);
        if let Some(view) = &self.view {
            // SAFETY: as above.
            assert_same("the view", unsafe { slice::from_raw_parts(view.data().as_ptr(), view.len()) }, &self.bytes);
        }
    }

    /// Everything shows what the model says.
    #[track_caller]
    pub fn check(&self) {
        self.check_content();
        self.kept.iter().for_each(Kept::check);
    }

    /// One number for the content and all snapshots, as the stream itself has them, or the model of a shadow.
    pub fn digest(&self) -> u64 {
        let content = match &self.stream {
            Some(stream) => digest(&stream.getvalue().unwrap()),
            None => digest(&self.bytes),
        };
        let kept = self.kept.iter().map(|kept| digest(kept.snapshot.as_deref().unwrap_or(&kept.bytes)));
        kept.fold(content, |sum, next| sum.rotate_left(7) ^ next)
    }
}
