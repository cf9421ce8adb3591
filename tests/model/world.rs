//! The world of one case: streams with their models, every view, every snapshot with a copy of its bytes.

use std::cell::Cell;
use std::ops::Range;
use std::ptr::NonNull;
use std::rc::Rc;
use std::sync::Arc;

use bytesio::{Error, Result, Search, Snapshot, Statistics, Stream, View};

use crate::amounts::pattern;
use crate::common::{Fenced, Ledger, Lent, malloced};
use crate::naive::Naive;
use crate::ops::{Amount, Choice, Data, OnSnapshot, OnStream, OnView, Op, Origin, Step};

/// Streams, views and snapshots beyond these numbers are not made: sharing is met more often among few.
const STREAMS: usize = 4;
pub const VIEWS: usize = 6;
const SNAPSHOTS: usize = 20;
/// A stream, by all references to it, and what it should be. Views may outlive the references.
pub struct Core {
    pub handles: Vec<Stream>,
    pub naive: Naive,
    /// Where the open window's bytes go.
    pub window: Option<NonNull<u8>>,
    fence: Option<usize>,
    /// What its statistics were last.
    seen: Statistics,
}

/// How often blocks that streams had left before were brought up to date, by what for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Updates {
    pub by_changes: u64,
    pub by_captures: u64,
}

impl std::ops::Add for Updates {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { by_changes: self.by_changes + other.by_changes, by_captures: self.by_captures + other.by_captures }
    }
}

/// A view, and what it shows.
pub struct Seen {
    pub view: View,
    pub core: usize,
    pub range: Range<usize>,
    pub export: usize,
    /// The address it gave last; all references to one view have this in common.
    pub last: Rc<Cell<Option<NonNull<u8>>>>,
}

/// A snapshot, and what it must go on to be.
pub struct Kept {
    pub snapshot: Snapshot,
    pub copy: Vec<u8>,
    pub at: *const u8,
}

/// Fields are dropped in this order: memory last.
pub struct World {
    pub cores: Vec<Core>,
    pub views: Vec<Seen>,
    pub kept: Vec<Kept>,
    pub lent: Vec<Arc<Lent>>,
    fenced: Vec<Fenced>,
    pub ledger: Arc<Ledger>,
    /// How many streams were made with the ledger's hooks.
    with_hooks: usize,
    pub exports: usize,
    pub updates: Updates,
}

/// The element that a choice falls on, if there is one.
pub fn chosen(choice: Choice, len: usize) -> Option<usize> {
    (len > 0).then(|| usize::from(choice) % len)
}

impl World {
    pub fn new() -> Self {
        Self {
            cores: Vec::new(),
            views: Vec::new(),
            kept: Vec::new(),
            lent: Vec::new(),
            fenced: Vec::new(),
            ledger: Ledger::new(),
            with_hooks: 0,
            exports: 0,
            updates: Updates::default(),
        }
    }

    /// Runs one step and looks at everything.
    pub fn step(&mut self, step: &Step) {
        if let Some((successes, lasting)) = step.fail {
            self.ledger.fail_after(successes.into(), lasting);
        }
        match &step.op {
            Op::Make(origin) => self.make(origin),
            Op::Stream(choice, op) => match self.stream(*choice) {
                Some(at) => self.on_stream(at, op),
                None => self.make(&Origin::Bytes(Data(Amount::Plain(100), *choice))),
            },
            Op::Publish { stream, left, changes } => {
                let Some(at) = self.stream(*stream) else { return };
                for (data, place) in changes {
                    self.on_stream(at, &OnStream::Getvalue);
                    self.note_updates(true);
                    self.forget(usize::from(*left), *stream, false);
                    self.on_stream(at, &OnStream::Pwrite(data.clone(), place.clone()));
                    self.note_updates(false);
                    self.look();
                }
            }
            Op::View(choice, op) => {
                if let Some(at) = chosen(*choice, self.views.len()) {
                    self.on_view(at, op);
                }
            }
            Op::Snapshot(choice, op) => self.on_snapshot(*choice, op),
            Op::Forget { left, choice, elsewhere } => self.forget(usize::from(*left), *choice, *elsewhere),
            Op::Trim => _ = bytesio::trim(),
        }
        self.ledger.relent();
        self.note_updates(matches!(step.op, Op::View(_, OnView::Snapshot) | Op::Stream(_, OnStream::Getvalue)));
        self.look();
    }

    /// One of the streams that there is a reference to.
    fn stream(&self, choice: Choice) -> Option<usize> {
        let alive: Vec<_> = (0..self.cores.len()).filter(|at| !self.cores[*at].handles.is_empty()).collect();
        chosen(choice, alive.len()).map(|at| alive[at])
    }

    /// `capture`: what was done was to take a snapshot.
    fn note_updates(&mut self, capture: bool) {
        for core in &mut self.cores {
            let Some(Ok((now, _))) = core.handles.last().map(Stream::statistics) else { continue };
            let more = now.updates - core.seen.updates;
            assert!(more > 0 || now.update_bytes == core.seen.update_bytes, "bytes without an update");
            *if capture { &mut self.updates.by_captures } else { &mut self.updates.by_changes } += more;
            core.seen = now;
        }
    }

    /// Lets snapshots go, in any order, until so many are left.
    fn forget(&mut self, left: usize, choice: Choice, elsewhere: bool) {
        let mut gone = Vec::new();
        while self.kept.len() > left {
            gone.push(self.kept.swap_remove(usize::from(choice) % self.kept.len()).snapshot);
        }
        if elsewhere {
            std::thread::spawn(move || drop(gone)).join().expect("no panic");
        }
    }

    /// Whether model and library agree on a call that involves no stream's state; what the library gave.
    pub fn agreed<T>(&self, expected: Result<()>, actual: Result<T>) -> Option<T> {
        match (expected, actual) {
            (Ok(()), Ok(made)) => Some(made),
            (Ok(()), Err(Error::NoMem)) if self.ledger.has_failed() => None,
            (Err(expected), Err(actual)) if expected == actual => None,
            (expected, actual) => panic!("{expected:?} expected, got {:?}", actual.map(drop)),
        }
    }

    /// A call on model and stream. On an error, which must be the same, the model is as before, and so must be
    /// the stream when it is looked at.
    pub fn call<T, U>(
        &mut self,
        at: usize,
        model: impl FnOnce(&mut Naive) -> Result<T>,
        real: impl FnOnce(&Stream) -> Result<U>,
    ) -> Option<(T, U)> {
        let core = &mut self.cores[at];
        let before = core.naive.clone();
        let expected = model(&mut core.naive);
        let actual = real(core.handles.last().expect("only streams with a reference are chosen"));
        match (expected, actual) {
            (Ok(expected), Ok(actual)) => return Some((expected, actual)),
            (Err(expected), Err(actual)) if expected == actual => {}
            // No allocation can be so large that its size, rounded up, is beyond the greatest.
            (Err(Error::NoMem), Err(Error::Overflow)) => {}
            (Ok(_), Err(Error::NoMem)) if self.ledger.has_failed() => {}
            (expected, actual) => panic!("{:?} expected, got {:?}", expected.map(drop), actual.map(drop)),
        }
        core.naive = before;
        None
    }

    fn make(&mut self, origin: &Origin) {
        if self.cores.iter().filter(|core| !core.handles.is_empty()).count() >= STREAMS {
            return;
        }
        let blank = Naive::new(Vec::new());
        match origin {
            Origin::Options { capacity, limit, unlocked, reallocate } => {
                let options = bytesio::Options {
                    capacity: (*capacity).into(),
                    limit: limit.map_or(bytesio::NO_LIMIT, u64::from),
                    // SAFETY: one thread does everything here.
                    locking: if *unlocked { unsafe { bytesio::Locking::off() } } else { bytesio::Locking::ON },
                    mapped_from: 0,
                    allocator: Some(self.ledger.hooks(*reallocate)),
                };
                let expected = if options.capacity as u64 > options.limit { Err(Error::Limit) } else { Ok(()) };
                if let Some(stream) = self.agreed(expected, Stream::with_options(&options)) {
                    assert!(stream.capacity() >= options.capacity as u64);
                    self.with_hooks += 1;
                    self.add(stream, Naive { limit: options.limit, ..blank });
                }
            }
            Origin::Bytes(data) => {
                let data = data.make(&blank);
                self.add(Stream::from_bytes(&data).expect("memory"), Naive::new(data));
            }
            Origin::Adopt(data) => {
                let data = data.make(&blank);
                let lent = Lent::new(&data);
                // SAFETY: the world keeps the memory until everything else is gone.
                let stream = unsafe { Stream::adopt(lent.data(), lent.len(), Some(Lent::release), lent.ctx()) };
                self.lent.push(lent);
                self.add(stream.expect("memory"), Naive::new(data));
            }
            Origin::AdoptMalloc(data, room) => {
                let data = data.make(&blank);
                let capacity = data.len() + usize::from(*room);
                // SAFETY: memory from malloc that nobody else uses.
                let stream = unsafe { Stream::adopt_malloc(Some(malloced(&data, capacity)), data.len(), capacity) };
                self.add(stream.expect("memory"), Naive::new(data));
            }
            Origin::Fixed { capacity, len } => {
                let (capacity, len) = (usize::from(*capacity), usize::from(*len));
                let data = pattern(len, 0x51);
                let fenced = Fenced::new(capacity, &data[..len.min(capacity)]);
                let start = NonNull::new(fenced.data()).expect("inside a box");
                // SAFETY: the world keeps the memory until everything else is gone.
                let stream = unsafe { Stream::over_fixed(start, capacity, len) };
                let expected = if len > capacity { Err(Error::Invalid) } else { Ok(()) };
                self.fenced.push(fenced);
                if let Some(stream) = self.agreed(expected, stream) {
                    self.add(stream, Naive { fixed: Some(capacity), ..Naive::new(data) });
                    self.cores.last_mut().expect("just added").fence = Some(self.fenced.len() - 1);
                }
            }
            Origin::Snapshot(choice) => {
                let Some(at) = chosen(*choice, self.kept.len()) else { return };
                let made = Stream::from_snapshot(&self.kept[at].snapshot);
                if let Some(stream) = self.agreed(Ok(()), made) {
                    self.add(stream, Naive::new(self.kept[at].copy.clone()));
                }
            }
            Origin::IntoStream(choice) => {
                let Some(at) = chosen(*choice, self.kept.len()) else { return };
                let Kept { snapshot, copy, at } = self.kept.swap_remove(at);
                match snapshot.into_stream() {
                    Ok(stream) => self.add(stream, Naive::new(copy)),
                    Err((snapshot, error)) => {
                        self.agreed::<()>(Ok(()), Err(error));
                        self.kept.push(Kept { snapshot, copy, at });
                    }
                }
            }
            Origin::Duplicate(choice) => {
                let Some(at) = chosen(*choice, self.cores.len()) else { return };
                if self.cores[at].handles.is_empty() {
                    return;
                }
                if let Some((naive, stream)) = self.call(at, |s| s.duplicate(), Stream::duplicate) {
                    self.add(stream, naive);
                }
            }
        }
    }

    fn add(&mut self, stream: Stream, naive: Naive) {
        self.cores.push(Core { handles: vec![stream], naive, window: None, fence: None, seen: Statistics::default() });
    }

    /// One reference to a stream less; the last one closes it under its views.
    pub fn drop_handle(&mut self, at: usize) {
        let core = &mut self.cores[at];
        core.handles.pop();
        if core.handles.is_empty() {
            (core.naive.closed, core.naive.window, core.window) = (true, None, None);
        }
    }

    /// A snapshot goes into the collection, with a copy of its bytes.
    pub fn keep(&mut self, snapshot: Snapshot, copy: Vec<u8>) {
        assert_eq!(snapshot[..], copy, "a new snapshot");
        if self.kept.len() >= SNAPSHOTS {
            let any = copy.len() % SNAPSHOTS;
            self.kept.swap_remove(any);
        }
        self.kept.push(Kept { at: snapshot.as_ptr(), snapshot, copy });
    }

    pub fn snapshot(&self, choice: Choice) -> Option<&Kept> {
        chosen(choice, self.kept.len()).map(|at| &self.kept[at])
    }

    pub fn view(&self, choice: Choice) -> Option<&Seen> {
        chosen(choice, self.views.len()).map(|at| &self.views[at])
    }

    /// What a view shows, by the model.
    pub fn shown(&self, seen: &Seen) -> &[u8] {
        &self.cores[seen.core].naive.bytes[seen.range.clone()]
    }

    /// Changes what a view shows in the model, as raw writes did.
    pub fn scribbled(&mut self, view: usize, offset: usize, bytes: &[u8]) {
        let Seen { core, range, .. } = &self.views[view];
        let start = range.start + offset;
        self.cores[*core].naive.bytes[start..start + bytes.len()].copy_from_slice(bytes);
    }

    /// Everything is as the models say.
    fn look(&self) {
        for core in self.cores.iter().filter(|core| !core.handles.is_empty()) {
            core.look();
        }
        for seen in &self.views {
            assert_eq!(seen.view.len(), seen.range.len());
            assert!(seen.view.compare(self.shown(seen)).is_eq(), "a view shows the stream's bytes");
            if let Some(last) = seen.last.get() {
                // Readable, whatever has become of the stream meanwhile; what it reads may be of the past.
                std::hint::black_box(read(last, seen.range.len()));
            }
        }
        for kept in &self.kept {
            kept.look();
        }
        for core in &self.cores {
            if let Some(fence) = core.fence {
                self.fenced[fence].assert_intact();
            }
        }
        assert!(self.lent.iter().all(|lent| lent.releases() <= 1), "released twice");
        self.ledger.assert_kept();
    }

    /// Lets everything go in an order made from `seed`, looking at what is left, and settles all accounts.
    pub fn end(mut self, mut seed: u8) {
        while self.cores.iter().any(|core| !core.handles.is_empty()) || self.views.len() + self.kept.len() > 0 {
            seed = seed.wrapping_mul(141).wrapping_add(77);
            let alive = self.cores.iter().position(|core| !core.handles.is_empty());
            match (seed >> 4) % 3 {
                0 => alive.into_iter().for_each(|at| self.drop_handle(at)),
                1 => self.on_snapshot(seed, &OnSnapshot::Drop),
                _ => chosen(seed, self.views.len()).into_iter().for_each(|at| self.on_view(at, &OnView::Drop)),
            }
            self.look();
        }
        self.ledger.assert_settled();
        assert_eq!(self.ledger.done(), self.with_hooks, "the end of each stream's allocator is told once");
        assert!(self.lent.iter().all(|lent| lent.releases() == 1), "adopted memory is released exactly once");
    }
}

/// A copy of what is at an address that a view gave.
pub fn read(from: NonNull<u8>, len: usize) -> Vec<u8> {
    // SAFETY: a view keeps the address that it gave last readable, for its length; nobody writes meanwhile.
    unsafe { std::slice::from_raw_parts(from.as_ptr(), len) }.to_vec()
}

impl Seen {
    /// Where the bytes are now.
    pub fn address(&self) -> NonNull<u8> {
        let present = self.view.data();
        let last = self.last.replace(Some(present));
        assert!(
            self.view.is_readonly() || last.is_none_or(|last| last == present),
            "a writable view's address never changes"
        );
        present
    }
}

impl Core {
    fn look(&self) {
        let Self { handles, naive, .. } = self;
        let stream = &handles[0];
        assert_eq!(stream.is_closed(), naive.closed);
        if naive.closed {
            let rest = (stream.len(), stream.tell(), stream.capacity(), stream.export_count());
            return assert_eq!(rest, (0, 0, 0, 0), "of a closed stream");
        }
        let len = naive.bytes.len();
        let figures = (stream.len(), stream.tell(), stream.export_count());
        assert_eq!(figures, (len as u64, naive.position, naive.exports.len()), "length, position, exports");
        match naive.fixed {
            Some(capacity) => assert_eq!(stream.capacity(), capacity as u64),
            None => assert!(stream.capacity() >= len as u64, "the capacity is below the length"),
        }
        let mut bytes = vec![0x77; len + 1];
        assert_eq!(stream.pread(&mut bytes, 0), Ok(len));
        assert_eq!(bytes[..len], naive.bytes, "the stream's bytes");
    }
}

impl Kept {
    pub fn bytes(&self) -> &[u8] {
        &self.copy
    }

    fn look(&self) {
        assert_eq!(self.snapshot.as_ptr(), self.at, "a snapshot does not move");
        assert_eq!(self.snapshot[..], self.copy, "a snapshot does not change");
    }
}
