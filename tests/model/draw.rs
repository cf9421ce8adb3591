//! How operations are drawn: near the edges more often than elsewhere.

use bytesio::{Access, Whence};
use proptest::prelude::*;

use crate::ops::{Amount, Case, Data, OnSnapshot, OnStream, OnView, Op, Origin, Part, Place, Step};

fn place() -> BoxedStrategy<Place> {
    prop_oneof![
        8 => (0..1500_u16).prop_map(Place::Start),
        8 => (-40..40_i8).prop_map(Place::Position),
        10 => (-40..40_i8).prop_map(Place::End),
        4 => (-3..3_i8).prop_map(Place::Limit),
        1 => any::<i8>().prop_map(Place::Far),
        1 => any::<i8>().prop_map(Place::Furthest),
        1 => Just(Place::Max),
    ]
    .boxed()
}

fn amount() -> BoxedStrategy<Amount> {
    prop_oneof![
        6 => (0..20_u16).prop_map(Amount::Plain),
        6 => (0..400_u16).prop_map(Amount::Plain),
        6 => place().prop_map(Amount::Until),
        1 => Just(Amount::Max),
    ]
    .boxed()
}

fn data() -> BoxedStrategy<Data> {
    (amount(), any::<u8>()).prop_map(|(n, seed)| Data(n, seed)).boxed()
}

fn part() -> BoxedStrategy<Part> {
    (any::<u16>(), any::<u16>()).prop_map(|(a, b)| Part(a, b)).boxed()
}

fn origin() -> BoxedStrategy<Origin> {
    let options = (0..300_u16, proptest::option::of(200..1500_u16), any::<bool>(), any::<bool>());
    prop_oneof![
        6 => options.prop_map(|(capacity, limit, unlocked, reallocate)| {
            Origin::Options { capacity, limit, unlocked, reallocate }
        }),
        1 => data().prop_map(Origin::Bytes),
        2 => data().prop_map(Origin::Adopt),
        2 => (data(), any::<u8>()).prop_map(|(data, room)| Origin::AdoptMalloc(data, room)),
        2 => (0..600_u16, 0..610_u16).prop_map(|(capacity, len)| Origin::Fixed { capacity, len }),
        3 => any::<u8>().prop_map(Origin::Snapshot),
        2 => any::<u8>().prop_map(Origin::IntoStream),
        6 => any::<u8>().prop_map(Origin::Duplicate),
    ]
    .boxed()
}

fn seek() -> BoxedStrategy<OnStream> {
    let whence = prop_oneof![Just(Whence::Start), Just(Whence::Current), Just(Whence::End)];
    let near = -600..600_i64;
    let offset = prop_oneof![20 => near, 1 => Just(i64::MAX), 1 => Just(i64::MIN), 1 => Just(1 << 62)];
    prop_oneof![
        2 => (offset, whence, any::<bool>()).prop_map(|(offset, whence, strict)| match strict {
            true => OnStream::SeekStrict(offset, whence),
            false => OnStream::Seek(offset, whence),
        }),
        4 => place().prop_map(OnStream::SeekTo),
    ]
    .boxed()
}

fn writing() -> BoxedStrategy<OnStream> {
    prop_oneof![
        12 => data().prop_map(OnStream::Write),
        6 => (data(), place()).prop_map(|(data, at)| OnStream::Pwrite(data, at)),
        2 => prop::collection::vec(data(), 0..5).prop_map(OnStream::Writev),
        3 => any::<u8>().prop_map(OnStream::WriteSnapshot),
        3 => (any::<u8>(), part()).prop_map(|(from, part)| OnStream::WriteFromSnapshot(from, part)),
        4 => (any::<u8>(), part()).prop_map(|(from, part)| OnStream::WriteFromView(from, part)),
        2 => part().prop_map(OnStream::WriteFromPeek),
        5 => data().prop_map(OnStream::Append),
        3 => (place(), part()).prop_map(|(at, part)| OnStream::AppendFromPeek(at, part)),
        3 => (any::<u8>(), amount()).prop_map(|(byte, n)| OnStream::Fill(byte, n)),
        2 => amount().prop_map(OnStream::Prepare),
        4 => (amount(), amount()).prop_map(|(min, max)| OnStream::PrepareUpto(min, max)),
        8 => (any::<u16>(), any::<u8>()).prop_map(|(n, seed)| OnStream::Commit(n, seed)),
        2 => Just(OnStream::Cancel),
    ]
    .boxed()
}

fn reading() -> BoxedStrategy<OnStream> {
    prop_oneof![
        4 => amount().prop_map(OnStream::Read),
        2 => amount().prop_map(OnStream::ReadExact),
        2 => amount().prop_map(OnStream::Take),
        2 => place().prop_map(OnStream::PeekAt),
        3 => Just(OnStream::Cstr),
        1 => Just(OnStream::Where),
        2 => (amount(), place()).prop_map(|(n, at)| OnStream::Pread(n, at)),
        2 => (any::<u8>(), part()).prop_map(|(into, part)| OnStream::ReadIntoView(into, part)),
        1 => (any::<u8>(), amount()).prop_map(|(byte, n)| OnStream::ReadUntil(byte, n)),
        2 => amount().prop_map(OnStream::Readline),
        1 => Just(OnStream::Peek),
        1 => amount().prop_map(OnStream::Skip),
        3 => amount().prop_map(OnStream::ReadSnapshot),
    ]
    .boxed()
}

fn sizing() -> BoxedStrategy<OnStream> {
    prop_oneof![
        5 => place().prop_map(OnStream::Truncate),
        3 => place().prop_map(OnStream::Resize),
        1 => Just(OnStream::Clear),
        2 => amount().prop_map(OnStream::Reserve),
        3 => Just(OnStream::ShrinkToFit),
        2 => Just(OnStream::Detach),
        1 => place().prop_map(OnStream::SetLimit),
        6 => any::<u8>().prop_map(OnStream::Restore),
    ]
    .boxed()
}

fn getbuffer() -> BoxedStrategy<OnStream> {
    let access = prop_oneof![3 => Just(Access::ReadOnly), 2 => Just(Access::Writable), 1 => Just(Access::Pinned)];
    access.prop_map(OnStream::Getbuffer).boxed()
}

fn on_stream() -> BoxedStrategy<OnStream> {
    prop_oneof![
        10 => writing(),
        5 => seek(),
        5 => reading(),
        4 => sizing(),
        4 => Just(OnStream::Getvalue),
        3 => getbuffer(),
        1 => prop_oneof![
            1 => Just(OnStream::Share),
            3 => Just(OnStream::Drop),
            1 => Just(OnStream::Close),
            1 => Just(OnStream::CloseTake),
        ],
    ]
    .boxed()
}

fn on_view() -> BoxedStrategy<OnView> {
    prop_oneof![
        2 => part().prop_map(OnView::Slice),
        1 => Just(OnView::ToReadonly),
        1 => Just(OnView::Share),
        2 => Just(OnView::Snapshot),
        4 => (part(), any::<u8>()).prop_map(|(part, seed)| OnView::Scribble(part, seed)),
        1 => (part(), any::<u8>()).prop_map(|(part, seed)| OnView::ReadInto(part, seed)),
        2 => Just(OnView::Address),
        8 => Just(OnView::Drop),
    ]
    .boxed()
}

fn on_snapshot() -> BoxedStrategy<OnSnapshot> {
    prop_oneof![
        1 => data().prop_map(OnSnapshot::Copied),
        1 => data().prop_map(OnSnapshot::Adopt),
        3 => part().prop_map(OnSnapshot::Slice),
        1 => Just(OnSnapshot::Share),
        8 => Just(OnSnapshot::Drop),
    ]
    .boxed()
}

fn op() -> BoxedStrategy<Op> {
    prop_oneof![
        1 => origin().prop_map(Op::Make),
        24 => (any::<u8>(), on_stream()).prop_map(|(at, op)| Op::Stream(at, op)),
        6 => (any::<u8>(), on_view()).prop_map(|(at, op)| Op::View(at, op)),
        4 => (any::<u8>(), on_snapshot()).prop_map(|(at, op)| Op::Snapshot(at, op)),
    ]
    .boxed()
}

fn edge() -> BoxedStrategy<Place> {
    (0..100_u8, -3..3_i8).prop_map(|(at, by)| Place::Edge(at, by)).boxed()
}

/// A granule or two, some pages, or most of a stream.
fn wide() -> BoxedStrategy<Amount> {
    let n = prop_oneof![4 => 1..3_u8, 2 => 4..9_u8, 1 => 8..60_u8];
    prop_oneof![1 => (1..200_u16).prop_map(Amount::Plain), 3 => (n, -3..3_i8).prop_map(|(n, by)| Amount::Wide(n, by))]
        .boxed()
}

/// What long streams are for: changed in places while values and views are out.
fn long_op() -> BoxedStrategy<Op> {
    let data = || (wide(), any::<u8>()).prop_map(|(n, seed)| Data(n, seed));
    let on_stream = prop_oneof![
        12 => (data(), edge()).prop_map(|(data, at)| OnStream::Pwrite(data, at)),
        10 => Just(OnStream::Getvalue),
        2 => data().prop_map(OnStream::Write),
        1 => edge().prop_map(OnStream::SeekTo),
        1 => (any::<u8>(), wide()).prop_map(|(byte, n)| OnStream::Fill(byte, n)),
        1 => Just(OnStream::Detach),
        1 => wide().prop_map(OnStream::Prepare),
        2 => (wide(), wide()).prop_map(|(min, max)| OnStream::PrepareUpto(min, max)),
        1 => Just(OnStream::Cancel),
        4 => any::<u8>().prop_map(OnStream::Restore),
        2 => edge().prop_map(OnStream::Truncate),
        1 => edge().prop_map(OnStream::Resize),
        2 => Just(OnStream::Cstr),
        2 => data().prop_map(OnStream::Append),
        1 => (edge(), part()).prop_map(|(at, part)| OnStream::AppendFromPeek(at, part)),
        4 => (any::<u16>(), any::<u8>()).prop_map(|(n, seed)| OnStream::Commit(n, seed)),
        2 => (data(), any::<bool>()).prop_map(|(data, fails)| OnStream::ReadFd(data, fails)),
        1 => (30..60_u8, any::<u8>()).prop_map(|(n, seed)| OnStream::Rewrite(Data(Amount::Wide(n, 0), seed))),
        1 => getbuffer(),
        1 => wide().prop_map(OnStream::ReadSnapshot),
    ];
    let on_view = prop_oneof![
        4 => (part(), any::<u8>()).prop_map(|(part, seed)| OnView::Scribble(part, seed)),
        1 => (part(), any::<u8>()).prop_map(|(part, seed)| OnView::ReadInto(part, seed)),
        3 => Just(OnView::Snapshot),
        1 => part().prop_map(OnView::Slice),
        4 => Just(OnView::Drop),
    ];
    let changes = prop::collection::vec((data(), edge()), 1..10);
    let origin = (0..40_000_u16, any::<bool>(), any::<bool>())
        .prop_map(|(capacity, unlocked, reallocate)| Origin::Options { capacity, limit: None, unlocked, reallocate });
    prop_oneof![
        1 => origin.prop_map(Op::Make),
        20 => (any::<u8>(), on_stream).prop_map(|(at, op)| Op::Stream(at, op)),
        5 => (any::<u8>(), on_view).prop_map(|(at, op)| Op::View(at, op)),
        8 => (prop_oneof![3 => 0..2_u8, 1 => 2..5_u8], any::<u8>(), any::<bool>())
            .prop_map(|(left, choice, elsewhere)| Op::Forget { left, choice, elsewhere }),
        2 => (any::<u8>(), 0..5_u8, changes)
            .prop_map(|(stream, left, changes)| Op::Publish { stream, left, changes }),
        1 => Just(Op::Trim),
        2 => op(),
    ]
    .boxed()
}

/// A case of so many steps on short streams.
pub fn case(steps: std::ops::Range<usize>) -> impl Strategy<Value = Case> {
    case_of(op(), steps)
}

/// A case of so many steps on streams of up to some 100 KiB.
pub fn long_case(steps: std::ops::Range<usize>) -> impl Strategy<Value = Case> {
    case_of(long_op(), steps)
}

fn case_of(op: BoxedStrategy<Op>, steps: std::ops::Range<usize>) -> impl Strategy<Value = Case> {
    let fail = prop_oneof![7 => Just(None), 1 => (0..4_u8, any::<bool>()).prop_map(Some)];
    let step = (op, fail).prop_map(|(op, fail)| Step { op, fail });
    prop::collection::vec(step, steps).prop_map(Case)
}
