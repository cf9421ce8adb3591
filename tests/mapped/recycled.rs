//! Old bytes of memory that is used again never appear.
//!
//! A large stream full of one byte ends; what is made next gets its memory, which the file's number shows. Then the
//! byte is looked for wherever bytes come from. It is never written again.

use std::fs::File;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::slice;

use bytesio::{Access, Snapshot, Stream, View, Whence};

use crate::body::{BULK, PAGE, options, pattern};
use crate::process::{alone, files, pipe};

/// The byte of the stream that is gone.
const OLD: u8 = 0xEE;
const SIZE: usize = 2 << 20;

/// Leaves files behind that are full of the old byte, with nothing of them showing.
fn haunt() -> Vec<u64> {
    let streams: Vec<_> = (0..3).map(|_| Stream::with_options(&options()).unwrap()).collect();
    for (i, stream) in streams.iter().enumerate() {
        stream.fill(OLD, SIZE).unwrap();
        // By every way into a file: through the mapping, by write, out of private pages.
        stream.pwrite(&[OLD; 2 * BULK], (SIZE - BULK) as u64).unwrap();
        let kept = stream.getvalue().unwrap();
        stream.pwrite(&[OLD; PAGE + 1], (i * PAGE) as u64).unwrap();
        drop(kept);
    }
    let numbers = files();
    drop(streams);
    let left = files();
    assert!(!left.is_empty() && left.iter().all(|file| numbers.contains(file)), "files are kept for reuse");
    left
}

/// A stream in memory that is used again, with a few bytes in front.
fn stream_from(old: &[u64]) -> Stream {
    let stream = Stream::with_options(&options()).unwrap();
    stream.write(b"new").unwrap();
    assert!(files().iter().all(|file| old.contains(file)), "the memory is used again");
    stream
}

fn bytes_of(view: &View) -> &[u8] {
    // SAFETY: nothing changes the view's bytes while they are looked at.
    unsafe { slice::from_raw_parts(view.data().as_ptr(), view.len()) }
}

fn assert_clean(bytes: &[u8]) {
    let at = bytes.iter().position(|byte| *byte == OLD);
    assert_eq!(at, None, "an old byte among {}", bytes.len());
}

/// Looks through every way of getting bytes.
fn look_through(stream: &Stream) {
    let len = stream.len() as usize;
    let snapshot = stream.getvalue().unwrap();
    assert_clean(&snapshot);
    for writable in [false, true] {
        let view = stream.getbuffer(Access::writable(writable)).unwrap();
        assert_clean(bytes_of(&view));
        assert_clean(&stream.getvalue().unwrap());
        assert_clean(&view.snapshot().unwrap());
        assert_clean(&view.slice(len / 2, len - len / 2).unwrap().snapshot().unwrap());
    }
    let mut buffer = vec![0; len + 100];
    stream.seek(0, Whence::Start).unwrap();
    assert_eq!(stream.read(&mut buffer[..]).unwrap(), len);
    assert_clean(&buffer);
    let mut clone = stream.duplicate().unwrap();
    drop(snapshot);
    for _ in 0..2 {
        // Beyond what was there, on both sides; then with one side gone.
        clone.pwrite(b"x", clone.len() + PAGE as u64 + 1).unwrap();
        assert_clean(&clone.getvalue().unwrap());
        clone = clone.duplicate().unwrap();
    }
    let last = clone.close_take().unwrap();
    assert_clean(&last);
    let heir = last.into_stream().unwrap_or_else(|_| panic!("memory"));
    heir.resize(heir.len() + PAGE as u64).unwrap();
    assert_clean(&heir.getvalue().unwrap());
}

/// Fills a stream in memory that is used again, and looks; and again, with the stream in use.
fn looked_through(fill: impl Fn(&Stream)) {
    for _ in 0..3 {
        let old = haunt();
        let stream = stream_from(&old);
        for _ in 0..2 {
            stream.seek(0, Whence::End).unwrap();
            fill(&stream);
            look_through(&stream);
        }
    }
}

#[test]
fn in_gaps() {
    alone(|| {
        for gap in [1, PAGE, BULK + 1, SIZE / 3] {
            looked_through(|stream| {
                stream.seek(gap as i64, Whence::Current).unwrap();
                stream.write(b"beyond").unwrap();
                stream.seek(gap as i64, Whence::End).unwrap();
                stream.write(&[1; 2 * BULK]).unwrap();
            });
        }
    });
}

#[test]
fn in_zeros() {
    alone(|| {
        for more in [1, PAGE - 3, SIZE / 3] {
            looked_through(|stream| stream.resize(stream.len() + more as u64).unwrap());
        }
    });
}

#[test]
fn where_it_is_filled() {
    alone(|| looked_through(|stream| stream.fill(7, SIZE / 3).unwrap()));
}

#[test]
fn where_it_is_cut_and_grown_again() {
    alone(|| {
        looked_through(|stream| {
            stream.write(&[1; SIZE / 3]).unwrap();
            stream.truncate(PAGE as u64 + 5).unwrap();
            stream.resize(SIZE as u64 / 3).unwrap();
            stream.truncate(2 * PAGE as u64).unwrap();
            stream.pwrite(b"far", SIZE as u64 / 2).unwrap();
        });
    });
}

#[test]
fn behind_short_reads_from_a_descriptor() {
    alone(|| {
        looked_through(|stream| {
            let (from, mut to) = pipe();
            to.write_all(&[3; 1000]).unwrap();
            drop(to);
            let moved = stream.read_fd(from.as_raw_fd(), SIZE / 3).unwrap();
            assert_eq!(moved.bytes, 1000);
            let null = File::open("/dev/null").unwrap();
            assert_eq!(stream.read_fd(null.as_raw_fd(), SIZE / 3).unwrap().bytes, 0);
            stream.seek(PAGE as i64, Whence::Current).unwrap();
            assert_eq!(stream.read_fd(null.as_raw_fd(), SIZE / 3).unwrap().bytes, 0);
        });
    });
}

#[test]
fn behind_what_is_committed() {
    alone(|| {
        looked_through(|stream| {
            stream.seek(PAGE as i64 + 1, Whence::Current).unwrap();
            let (window, n) = stream.prepare(BULK).unwrap();
            assert!(n >= BULK);
            // SAFETY: the window is open and longer than that.
            unsafe { window.as_ptr().write_bytes(5, 100) };
            stream.commit(100).unwrap();
            stream.prepare(BULK).unwrap();
            stream.commit(0).unwrap();
        });
    });
}

#[test]
fn with_room_reserved_and_given_back() {
    alone(|| {
        looked_through(|stream| {
            stream.reserve(SIZE / 2).unwrap();
            stream.write(&pattern_without_old(PAGE)).unwrap();
            stream.shrink_to_fit().unwrap();
            stream.resize(stream.len() + BULK as u64).unwrap();
        });
    });
}

#[test]
fn with_snapshots_from_before() {
    alone(|| {
        looked_through(|stream| {
            stream.write(&pattern_without_old(SIZE / 4)).unwrap();
            let kept: Vec<Snapshot> = (0..4)
                .map(|round| {
                    let snapshot = stream.getvalue().unwrap();
                    stream.pwrite(b"over", round * 3 * PAGE as u64).unwrap();
                    stream.pwrite(b"beyond", stream.len() + PAGE as u64).unwrap();
                    snapshot
                })
                .collect();
            kept.iter().for_each(|snapshot| assert_clean(snapshot));
        });
    });
}

fn pattern_without_old(n: usize) -> Vec<u8> {
    pattern(n, 3).into_iter().map(|byte| if byte == OLD { 0 } else { byte }).collect()
}

/// How much memory the files of this process hold.
fn memory_of_files() -> u64 {
    use std::os::unix::fs::MetadataExt;
    let numbers = files();
    let entries = std::fs::read_dir("/proc/self/fd").unwrap().filter_map(|entry| entry.unwrap().path().metadata().ok());
    entries.filter(|file| numbers.contains(&file.ino())).map(|file| file.blocks() * 512).sum()
}

#[test]
fn the_holes_of_a_file_are_holes_when_it_is_used_again() {
    alone(|| {
        const LARGE: u64 = 256 << 20;
        let small = |byte| {
            let stream = Stream::with_options(&options()).unwrap();
            stream.fill(byte, SIZE).unwrap();
            stream
        };
        let large: [&dyn Fn(&Stream); 3] =
            [&|stream| stream.resize(LARGE).unwrap(), &|stream| stream.pwrite(b"far", LARGE).unwrap(), &|stream| {
                stream.resize(LARGE).unwrap();
                drop(stream.getvalue().unwrap());
                stream.write(b"x").unwrap();
            }];
        for make in large {
            let stream = Stream::with_options(&options()).unwrap();
            stream.fill(OLD, SIZE).unwrap();
            make(&stream);
            drop(stream);
            let next = small(1);
            assert!(memory_of_files() < 10 * SIZE as u64, "{} bytes", memory_of_files());
            next.resize(LARGE / 2).unwrap();
            assert!(memory_of_files() < 10 * SIZE as u64, "{} bytes", memory_of_files());
            assert_clean(&next.getvalue().unwrap());
            drop(next);
            bytesio::trim();
        }
    });
}
