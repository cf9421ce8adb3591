//! What only the inside can tell: which handle it is, and what a call has cost.

use super::*;
use crate::storage::Statistics;

fn with_bytes(n: usize) -> Stream {
    let stream = Stream::new().unwrap();
    stream.reserve(4 * n).unwrap();
    stream.write(&vec![1; n]).unwrap();
    stream
}

fn cost(stream: &Stream) -> Statistics {
    stream.statistics().unwrap().0
}

/// Whether `f` leaves the content where it is and copies none of it.
fn is_free<R>(stream: &Stream, f: impl FnOnce() -> R) -> bool {
    let place = |s: &Stream| s.0.with(|s| s.writer.address(0));
    let before = (cost(stream), place(stream));
    f();
    before == (cost(stream), place(stream))
}

/// A stream of each sort whose value is taken in a way of its own, with what makes it so.
fn each_sort(content: &'static [u8], f: impl Fn(&Stream)) {
    let stream = Stream::from_bytes(content).unwrap();
    let view = stream.getbuffer(Access::Writable).unwrap();
    f(&stream);
    drop(view);
    f(&Stream::from_bytes(content).unwrap());
    f(&Stream::from_snapshot(&crate::Snapshot::copied(content).unwrap()).unwrap());
    // SAFETY: static memory.
    f(&unsafe { Stream::adopt(content.as_ptr().cast(), content.len(), None, std::ptr::null_mut()) }.unwrap());
    let mut memory = content.to_vec();
    let start = NonNull::new(memory.as_mut_ptr()).unwrap();
    // SAFETY: the vector outlives the stream, and nobody else uses it meanwhile.
    f(&unsafe { Stream::over_fixed(start, memory.len(), memory.len()) }.unwrap());
}

#[test]
fn the_same_value_is_the_same_snapshot() {
    for content in [&b"content"[..], b""] {
        each_sort(content, |stream| {
            let first = stream.getvalue().unwrap();
            let second = stream.getvalue().unwrap();
            assert!(first.0.same(&second.0));
            drop(first);
            stream.seek(2, Whence::Start).unwrap();
            assert!(second.0.same(&stream.getvalue().unwrap().0), "the position is none of a value's business");
        });
    }
}

#[test]
fn another_value_is_another_snapshot() {
    each_sort(b"content", |stream| {
        let first = stream.getvalue().unwrap();
        stream.pwrite(b"C", 0).unwrap();
        let second = stream.getvalue().unwrap();
        assert!(!first.0.same(&second.0));
        assert_eq!((&first[..], &second[..]), (&b"content"[..], &b"Content"[..]));
    });
}

#[test]
fn a_value_whose_bytes_are_back_is_not_mistaken_for_a_shared_one() {
    let stream = with_bytes(10);
    let first = stream.getvalue().unwrap();
    stream.write(b"tail").unwrap();
    let second = stream.getvalue().unwrap();
    stream.truncate(10).unwrap();
    let third = stream.getvalue().unwrap();
    assert_eq!((first.len(), second.len(), third.len()), (10, 14, 10));
    assert_eq!((&first[..], &third[..]), (&[1; 10][..], &[1; 10][..]));
}

#[test]
fn appending_behind_snapshots_costs_nothing_while_there_is_room() {
    let stream = with_bytes(100);
    let mut kept = Vec::new();
    assert!(is_free(&stream, || for _ in 0..10 {
        kept.push(stream.getvalue().unwrap());
        kept.push(stream.read_snapshot(5).unwrap());
        stream.write(&[2; 10]).unwrap();
    }));
    assert!(kept.iter().step_by(2).enumerate().all(|(i, value)| value.len() == 100 + 10 * i));
}

#[test]
fn an_overwrite_under_a_snapshot_copies_what_is_kept() {
    let stream = Stream::with_options(&Options { mapped_from: usize::MAX, ..Options::default() }).unwrap();
    stream.write(&[1; 100]).unwrap();
    let value = stream.getvalue().unwrap();
    stream.pwrite(&[2; 30], 60).unwrap();
    assert_eq!((cost(&stream).forks, cost(&stream).fork_bytes), (1, 70));
    assert_eq!(value[..], [1; 100]);
}

#[test]
fn no_byte_under_a_snapshot_changes_wherever_the_write_begins() {
    for at in 0..=100 {
        for n in [1, 2, 70] {
            let stream = with_bytes(100);
            let value = stream.getvalue().unwrap();
            stream.seek(at, Whence::Start).unwrap();
            stream.write(&vec![2; n]).unwrap();
            assert_eq!(value[..], [1; 100], "{n} bytes at {at}");
        }
    }
}

#[test]
fn when_no_snapshot_is_left_bytes_change_in_place() {
    let stream = with_bytes(100);
    drop((stream.getvalue().unwrap(), stream.read_snapshot(9).unwrap(), stream.duplicate().unwrap()));
    assert!(is_free(&stream, || stream.pwrite(&[2; 100], 0).unwrap()));
}

#[test]
fn views_are_no_snapshots() {
    let stream = with_bytes(100);
    drop(stream.getvalue().unwrap());
    let view = stream.getbuffer(Access::ReadOnly).unwrap();
    let slice = view.slice(3, 5).unwrap();
    assert!(is_free(&stream, || stream.pwrite(&[2; 100], 0).unwrap()), "in place under read-only views");
    assert!(is_free(&stream, || drop(stream.getbuffer(Access::Writable).unwrap())), "a writable view beside them");
    assert!(is_free(&stream, || drop(stream.getvalue().unwrap())), "a value while only read-only views live");
    drop((view, slice));
}

#[test]
fn values_copy_only_while_a_writable_view_lives() {
    let stream = with_bytes(100);
    let view = stream.getbuffer(Access::Writable).unwrap();
    drop(stream.getvalue().unwrap());
    assert_eq!(cost(&stream).snapshot_copies, 1);
    let readonly = view.to_readonly().unwrap();
    drop(view);
    drop(stream.getvalue().unwrap());
    assert_eq!(cost(&stream).snapshot_copies, 2, "what was made from it holds the writable export open");
    drop(readonly);
    assert!(is_free(&stream, || stream.getvalue().unwrap()));
}

#[test]
fn a_view_may_be_separated_and_meet_its_block_again() {
    let stream = with_bytes(100);
    let view = stream.getbuffer(Access::ReadOnly).unwrap();
    let old = view.data();
    let value = stream.getvalue().unwrap();
    stream.pwrite(&[2; 100], 0).unwrap();
    // SAFETY: the address given out last stays readable.
    assert_eq!(unsafe { old.read() }, 1);
    let new = view.data();
    assert_ne!(old, new);
    assert_eq!(cost(&stream).forks, 1);
    drop(value);
    // The pin has moved along, so that the writer knows all holders of its block.
    let value = stream.getvalue().unwrap();
    drop(value);
    assert!(is_free(&stream, || stream.pwrite(&[3; 100], 0).unwrap()));
    // SAFETY: as above; live, for nothing has separated the two.
    assert_eq!(unsafe { new.read() }, 3);
    drop(view);
    assert!(is_free(&stream, || stream.pwrite(&[4; 100], 0).unwrap()));
}

#[test]
fn a_view_that_was_separated_leaves_the_new_block_alone() {
    let stream = with_bytes(100);
    let (first, second) = (stream.getbuffer(Access::ReadOnly).unwrap(), stream.getbuffer(Access::ReadOnly).unwrap());
    let value = stream.getvalue().unwrap();
    stream.pwrite(&[2; 100], 0).unwrap();
    second.data();
    // Its pin is of the old block and counts for that one only.
    drop(first);
    drop(stream.getvalue().unwrap());
    assert!(is_free(&stream, || stream.pwrite(&[3; 100], 0).unwrap()));
    drop((second, value));
}

#[test]
fn the_last_reference_to_bytes_changes_them_in_place() {
    let value = with_bytes(100).close_take().unwrap();
    let at = value.as_ptr();
    let stream = value.into_stream().map_err(|(_, error)| error).unwrap();
    assert!(is_free(&stream, || stream.pwrite(&[2; 100], 0).unwrap()));
    assert_eq!(stream.getvalue().unwrap().as_ptr(), at);
}

/// The rest of the block belongs to nobody, but the stream does not begin where the block does.
#[test]
fn a_stream_of_a_slice_does_not_take_the_block_over() {
    let slice = {
        let value = with_bytes(100).close_take().unwrap();
        value.slice(40, 60).unwrap()
    };
    let stream = slice.into_stream().map_err(|(_, error)| error).unwrap();
    stream.pwrite(&[2; 10], 0).unwrap();
    stream.resize(400).unwrap();
    assert_eq!(cost(&stream).forks, 1);
    let expected: Vec<u8> = [&[2; 10][..], &[1; 50], &[0; 340]].concat();
    assert_eq!(stream.getvalue().unwrap()[..], expected);
}

/// An empty value is kept to be given out again, and is no reference to the block.
#[test]
fn an_empty_value_hides_no_other_holder() {
    let stream = Stream::new().unwrap();
    stream.reserve(100).unwrap();
    drop(stream.getvalue().unwrap());
    stream.write(&[1; 100]).unwrap();
    let part = stream.0.with(|s| s.snapshot(10..20, &mut Deferred::default())).unwrap();
    stream.pwrite(&[2; 100], 0).unwrap();
    assert_eq!(part[..], [1; 10]);
}

#[test]
fn writing_a_snapshot_into_nothing_shares_it() {
    let value = crate::Snapshot::copied(&[1; 100]).unwrap();
    let stream = Stream::new().unwrap();
    stream.write_snapshot(&value).unwrap();
    assert_eq!(stream.tell(), 100);
    assert_eq!(stream.getvalue().unwrap().as_ptr(), value.as_ptr());
    stream.write(b"more").unwrap();
    assert_eq!(value[..], [1; 100]);
}

#[test]
fn clear_keeps_the_capacity() {
    for held in [false, true] {
        let stream = with_bytes(100);
        let value = held.then(|| stream.getvalue().unwrap());
        let capacity = stream.capacity();
        stream.clear().unwrap();
        assert_eq!((stream.len(), stream.tell()), (0, 0));
        // A file that is used again may be longer than what is asked for.
        assert!(stream.capacity() >= capacity);
        assert!(is_free(&stream, || stream.write(&[2; 100]).unwrap()));
        assert!(value.is_none_or(|value| value[..] == [1; 100]));
    }
}

#[test]
fn writing_no_bytes_is_checked_like_any_write() {
    let stream = Stream::new().unwrap();
    stream.prepare(4).unwrap();
    assert_eq!(stream.write(b""), Err(Error::Busy));
    stream.commit(0).unwrap();
    assert_eq!(stream.write(b""), Ok(()));
    stream.close().unwrap();
    assert_eq!(stream.write(b""), Err(Error::Closed));
}

#[test]
fn an_empty_writable_view_stays_where_it_is() {
    let stream = with_bytes(10);
    let value = stream.getvalue().unwrap();
    stream.truncate(0).unwrap();
    let view = stream.getbuffer(Access::Writable).unwrap();
    let at = view.data();
    stream.clear().unwrap();
    assert_eq!(view.data(), at);
    assert_eq!(value[..], [1; 10]);
}

/// Each would hold the one before it, and the end of the last would end them all, one inside the other.
#[test]
fn a_long_chain_of_slices_ends_flat() {
    let stream = with_bytes(10);
    let first = stream.getbuffer(Access::ReadOnly).unwrap();
    let last = (0..100_000).fold(first, |view, _| view.slice(0, 10).unwrap());
    assert_eq!(stream.export_count(), 1);
    drop(last);
    assert_eq!(stream.export_count(), 0);
}

#[test]
fn nothing_is_mistaken_when_the_epochs_begin_anew() {
    const SIZE: usize = 64 << 10;
    for (mapped_from, held, viewed) in [1, usize::MAX]
        .into_iter()
        .flat_map(|from| [1, 2, 3].map(|held| (from, held)))
        .flat_map(|(from, held)| [(from, held, false), (from, held, true)])
    {
        let stream = Stream::with_options(&Options { mapped_from, ..Options::default() }).unwrap();
        let mut model = vec![1; SIZE];
        stream.write(&model).unwrap();
        let mut kept = std::collections::VecDeque::new();
        for round in 0..40_usize {
            if round % 13 == 12 {
                stream.0.with(|s| s.writer.age());
            }
            let view = (viewed && round % 10 > 5).then(|| stream.getbuffer(Access::Writable).unwrap());
            kept.push_back((stream.getvalue().unwrap(), model.clone()));
            if kept.len() > held {
                kept.pop_front();
            }
            for at in [round * 977 % SIZE, round * 5501 % SIZE] {
                model[at] = round as u8;
                stream.pwrite(&model[at..=at], at as u64).unwrap();
            }
            drop(view);
            let matches = kept.iter().all(|(value, bytes)| value[..] == bytes[..]);
            assert!(matches, "a value in round {round}, {held} held, mapped from {mapped_from}");
            let now = stream.getvalue().unwrap();
            assert!(now[..] == model[..], "round {round}, {held} held, mapped from {mapped_from}");
        }
    }
}
