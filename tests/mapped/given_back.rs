//! What a snapshot keeps when its stream is gone: what it covers, and not what the stream had.

use std::fs;

use bytesio::{Snapshot, Stream};

use crate::body::{PAGE, options};
use crate::process::alone;

const SIZE: usize = 48 << 20;
const KEPT: usize = 1 << 20;
/// A page at either end, and what a thread's allocator holds.
const SLACK: usize = 256 << 10;

/// The memory of this process's files in memory, and its anonymous memory.
fn memory() -> usize {
    let is_ours = |link: &std::path::Path| link.to_string_lossy().contains("memfd:bytesio");
    let open = fs::read_dir("/proc/self/fd").unwrap().map(|entry| entry.unwrap().path());
    let files = open.filter(|path| fs::read_link(path).is_ok_and(|link| is_ours(&link)));
    let blocks = |path| std::os::unix::fs::MetadataExt::blocks(&fs::metadata::<std::path::PathBuf>(path).unwrap());
    let rollup = fs::read_to_string("/proc/self/smaps_rollup").unwrap();
    let anonymous = rollup.lines().find_map(|line| line.strip_prefix("Anonymous:")).unwrap();
    let anonymous: usize = anonymous.trim().trim_end_matches(" kB").parse().unwrap();
    files.map(blocks).sum::<u64>() as usize * 512 + (anonymous << 10)
}

/// Both kinds of memory, full of something.
fn each_kind(act: impl Fn(&Stream) -> Snapshot) {
    for mapped_from in [1, usize::MAX] {
        bytesio::trim();
        let before = memory();
        let stream = Stream::with_options(&bytesio::Options { mapped_from, ..options() }).unwrap();
        stream.fill(7, SIZE).unwrap();
        let kept = act(&stream);
        stream.close().unwrap();
        drop(stream);
        bytesio::trim();
        let held = memory() - before;
        assert!(held <= kept.len() + 2 * PAGE + SLACK, "{held} bytes for {}", kept.len());
        assert!(kept.iter().all(|byte| *byte == 7));
    }
}

#[test]
fn a_snapshot_of_the_front() {
    alone(|| {
        each_kind(|stream| {
            stream.truncate(KEPT as u64).unwrap();
            stream.getvalue().unwrap()
        });
    });
}

#[test]
fn a_snapshot_of_a_piece_in_the_middle() {
    alone(|| {
        each_kind(|stream| {
            stream.seek(SIZE as i64 / 2, bytesio::Whence::Start).unwrap();
            stream.read_snapshot(KEPT).unwrap()
        });
    });
}

#[test]
fn a_slice_of_ten_bytes_whose_snapshot_is_gone() {
    alone(|| {
        each_kind(|stream| {
            let whole = stream.getvalue().unwrap();
            // The stream goes first, and last the snapshot that the slice was made of.
            stream.close().unwrap();
            whole.slice(SIZE / 3, 10).unwrap()
        });
    });
}

#[test]
fn slices_beside_each_other() {
    alone(|| {
        each_kind(|stream| {
            let whole = stream.getvalue().unwrap();
            let pieces: Vec<_> = (0..8).map(|i| whole.slice(SIZE / 4 + i * PAGE, PAGE).unwrap()).collect();
            drop(whole);
            stream.close().unwrap();
            let middle = pieces[3].slice(9, 2000).unwrap();
            assert!(pieces.iter().all(|piece| piece.iter().all(|byte| *byte == 7)));
            middle
        });
    });
}
