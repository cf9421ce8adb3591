//! The operations.

use bytesio::{Access, Whence};

/// Chooses among what there is when the operation runs.
pub type Choice = u8;

/// An offset, relative to what the stream is when the operation runs.
#[derive(Clone, Debug)]
pub enum Place {
    Start(u16),
    Position(i8),
    End(i8),
    Limit(i8),
    /// Around so many KiB: where what a stream knows of its changes has edges, and every fourth a page.
    Edge(u8, i8),
    /// Beyond any memory.
    Far(i8),
    /// Around the greatest position.
    Furthest(i8),
    Max,
}

/// How many bytes.
#[derive(Clone, Debug)]
pub enum Amount {
    Plain(u16),
    /// Around so many KiB. What is written so makes a stream a long one.
    Wide(u8, i8),
    /// As many as from the position to there.
    Until(Place),
    Max,
}

/// Bytes to be written: so many, and what they are made from.
#[derive(Clone, Debug)]
pub struct Data(pub Amount, pub u8);

/// A part of something, at times one that lies outside.
#[derive(Clone, Debug)]
pub struct Part(pub u16, pub u16);

#[derive(Clone, Debug)]
pub enum Origin {
    Options {
        capacity: u16,
        limit: Option<u16>,
        unlocked: bool,
        reallocate: bool,
    },
    Bytes(Data),
    Adopt(Data),
    /// Memory from malloc, with so much room behind the bytes.
    AdoptMalloc(Data, u8),
    Fixed {
        capacity: u16,
        len: u16,
    },
    Snapshot(Choice),
    IntoStream(Choice),
    Duplicate(Choice),
}

#[derive(Clone, Debug)]
pub enum OnStream {
    Share,
    Drop,
    Close,
    CloseTake,
    Write(Data),
    Pwrite(Data, Place),
    Writev(Vec<Data>),
    WriteSnapshot(Choice),
    WriteFromSnapshot(Choice, Part),
    WriteFromView(Choice, Part),
    /// From the stream's own memory, as `peek` gives it.
    WriteFromPeek(Part),
    Append(Data),
    /// From the stream's own memory, as `peek_at` gives it.
    AppendFromPeek(Place, Part),
    Fill(u8, Amount),
    Seek(i64, Whence),
    SeekStrict(i64, Whence),
    SeekTo(Place),
    Where,
    Read(Amount),
    ReadExact(Amount),
    Pread(Amount, Place),
    ReadIntoView(Choice, Part),
    ReadUntil(u8, Amount),
    Readline(Amount),
    Peek,
    PeekAt(Place),
    Take(Amount),
    Cstr,
    Skip(Amount),
    ReadSnapshot(Amount),
    Truncate(Place),
    Resize(Place),
    Clear,
    Reserve(Amount),
    ShrinkToFit,
    Detach,
    SetLimit(Place),
    Restore(Choice),
    Prepare(Amount),
    PrepareUpto(Amount, Amount),
    Commit(u16, u8),
    Cancel,
    Getvalue,
    Getbuffer(Access),
    /// Cleared and written from the start.
    Rewrite(Data),
    /// From a descriptor that ends, or fails, behind these bytes.
    ReadFd(Data, bool),
}

#[derive(Clone, Debug)]
pub enum OnView {
    Slice(Part),
    ToReadonly,
    Share,
    Snapshot,
    Scribble(Part, u8),
    /// Bytes that the kernel writes: read(2) with the view as its buffer.
    ReadInto(Part, u8),
    Address,
    Drop,
}

#[derive(Clone, Debug)]
pub enum OnSnapshot {
    Copied(Data),
    Adopt(Data),
    Slice(Part),
    Share,
    Drop,
}

#[derive(Clone, Debug)]
pub enum Op {
    Make(Origin),
    Stream(Choice, OnStream),
    View(Choice, OnView),
    Snapshot(Choice, OnSnapshot),
    /// Lets snapshots go until so many are left, perhaps on another thread.
    Forget {
        left: u8,
        choice: Choice,
        elsewhere: bool,
    },
    /// Changes a stream in so many places, each time after a value of it was taken and others were let go.
    Publish {
        stream: Choice,
        left: u8,
        changes: Vec<(Data, Place)>,
    },
    /// Gives back what the library keeps.
    Trim,
}

/// An operation, and which of the allocations that it makes is to fail: that one only, or all that follow too.
#[derive(Clone, Debug)]
pub struct Step {
    pub op: Op,
    pub fail: Option<(u8, bool)>,
}

/// All steps of a case; printed one on a line.
#[derive(Clone)]
pub struct Case(pub Vec<Step>);

impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|Step { op, fail }| match fail {
            None => write!(f, "\n  {op:?}"),
            Some((n, false)) => write!(f, "\n  {op:?}, allocation {n} fails"),
            Some((n, true)) => write!(f, "\n  {op:?}, allocations from {n} on fail"),
        })
    }
}
