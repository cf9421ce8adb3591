//! Searches in snapshots and views, against the obvious way to do each.

use bytesio::{Access, Search, Snapshot, Stream};
use proptest::prelude::*;

fn occurrences(bytes: &[u8], needle: &[u8], start: usize) -> Vec<usize> {
    (start..=bytes.len()).filter(|at| bytes[*at..].starts_with(needle)).collect()
}

/// Occurrences that do not overlap, from the left.
fn counted(bytes: &[u8], needle: &[u8]) -> usize {
    let step = |(count, free): (usize, usize), at: usize| {
        if at < free { (count, free) } else { (count + 1, at + needle.len()) }
    };
    occurrences(bytes, needle, 0).into_iter().fold((0, 0), step).0
}

fn check(searched: &impl Search, bytes: &[u8], needle: &[u8], start: usize) {
    let all = occurrences(bytes, needle, start);
    assert_eq!(searched.find(needle, start), all.first().copied());
    assert_eq!(searched.rfind(needle, start), all.last().copied());
    assert_eq!(searched.count(needle), counted(bytes, needle));
    assert_eq!(searched.compare(needle), bytes.cmp(needle));
    assert_eq!(searched.starts_with(needle), bytes.starts_with(needle));
    assert_eq!(searched.ends_with(needle), bytes.ends_with(needle));
}

proptest! {
    #![proptest_config(proptest::test_runner::Config { failure_persistence: None, ..Default::default() })]

    #[test]
    fn searches_find_what_is_there(
        bytes in prop::collection::vec(0..3_u8, 0..60),
        needle in prop::collection::vec(0..3_u8, 0..4),
        start in 0..70_usize,
        (from, to) in (0..60_usize, 0..60_usize),
    ) {
        let stream = Stream::from_bytes(&bytes).unwrap();
        let view = stream.getbuffer(Access::Writable).unwrap();
        check(&Snapshot::copied(&bytes).unwrap(), &bytes, &needle, start);
        check(&view, &bytes, &needle, start);
        check(&view, &bytes, &bytes, 0);
        let (from, to) = (from.min(to).min(bytes.len()), from.max(to).min(bytes.len()));
        check(&view.slice(from, to - from).unwrap(), &bytes[from..to], &needle, start);
        check(&stream.getvalue().unwrap().slice(from, to - from).unwrap(), &bytes[from..to], &needle, start);
    }
}

#[test]
fn a_start_beyond_the_end_finds_nothing() {
    let snapshot = Snapshot::copied(b"abc").unwrap();
    for needle in [&b""[..], b"c"] {
        assert_eq!((snapshot.find(needle, 4), snapshot.rfind(needle, usize::MAX)), (None, None));
    }
    assert_eq!((snapshot.find(b"", 3), snapshot.rfind(b"", 3)), (Some(3), Some(3)));
}
