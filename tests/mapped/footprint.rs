//! How much memory files in memory hold, and who gets one.

use std::fs;
use std::os::unix::fs::MetadataExt;

use bytesio::{Access, Kind, Snapshot, Stream};

use crate::body::{Body, PAGE};
use crate::process::{alone, alone_with, apart, files};

const MIB: usize = 1 << 20;

/// The library's files, by the paths that open them once more.
fn paths() -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir("/proc/self/fd").unwrap().map(|entry| entry.unwrap().path());
    let ours = |path: &std::path::PathBuf| {
        fs::read_link(path).is_ok_and(|target| target.to_string_lossy().contains("memfd:bytesio"))
    };
    entries.filter(ours).collect()
}

/// How many bytes of memory they hold.
fn held() -> usize {
    paths().iter().map(|path| fs::metadata(path).unwrap().blocks() as usize * 512).sum()
}

#[test]
fn what_takes_over_the_memory_of_a_large_stream_does_not_keep_all_of_it() {
    alone(|| {
        let bodies: Vec<_> = (0..30)
            .map(|seed| {
                Body::empty().stream().fill(7, 20 * MIB).unwrap();
                Body::mapped(MIB, seed)
            })
            .collect();
        // What they need twice; what streams may have beyond that together; what is kept for reuse.
        assert!(held() <= 60 * MIB + 64 * MIB + 64 * MIB, "{} MiB", held() / MIB);
        bytesio::trim();
        assert!(held() <= 60 * MIB + 64 * MIB, "{} MiB after trim", held() / MIB);
        bodies.iter().for_each(Body::check);
        drop(bodies);
        assert!(held() <= 64 * MIB, "{} MiB kept for reuse", held() / MIB);
        bytesio::trim();
        assert_eq!(held(), 0);
    });
}

#[test]
fn bytes_that_may_never_change_take_no_file() {
    alone_with(&[("BYTESIO_MAPPED_FROM", "0")], || {
        // With warm memory at hand, too.
        drop(Body::mapped(2 * MIB, 1));
        let before = files();
        let bytes = vec![7; MIB];
        let value = Snapshot::copied(&bytes).unwrap();
        let stream = Stream::from_bytes(&bytes).unwrap();
        assert_eq!(stream.statistics().unwrap().1, Kind::Heap);
        let borrowing = value.into_stream().unwrap_or_else(|(_, error)| panic!("{error}"));
        assert_eq!(borrowing.statistics().unwrap().1, Kind::Heap);
        assert_eq!(files(), before);
    });
}

#[test]
fn locked_memory_is_not_several_times_the_content() {
    alone(|| {
        apart(|| {
            // SAFETY: of this process, which ends soon.
            if unsafe { libc::mlockall(libc::MCL_CURRENT | libc::MCL_FUTURE) } != 0 {
                let error = std::io::Error::last_os_error();
                eprintln!("SKIPPED footprint: this sandbox does not let memory be locked: {error}");
                return;
            }
            let mut body = Body::filled(16 * MIB, 1);
            if body.kind() != Kind::Mapped {
                eprintln!("SKIPPED footprint: no mapped block can be locked here");
                return;
            }
            assert!(held() <= 33 * MIB, "{} MiB of files for 16 MiB", held() / MIB);
            body.append(MIB, 2);
            body.snap();
            body.write(0, 1, 3);
            body.check();
        });
    });
}

#[test]
fn nobody_can_cut_a_stream_short_through_proc() {
    alone(|| {
        let mut body = Body::mapped(MIB, 1);
        body.snap();
        body.write(3 * PAGE, 1, 2);
        for path in paths() {
            let file = fs::File::options().write(true).open(path).unwrap();
            assert!(file.set_len(0).is_err() && file.set_len(PAGE as u64).is_err());
        }
        body.append(2 * MIB, 3);
        body.check();
    });
}

#[test]
fn a_borrower_of_no_bytes_leaves_its_lender_alone() {
    alone(|| {
        for emptied in [false, true] {
            let mut lender = Body::mapped(MIB, 1);
            let borrower = if emptied {
                let clone = lender.duplicate().stream.take().unwrap();
                clone.truncate(0).unwrap();
                clone
            } else {
                let value = lender.stream().getvalue().unwrap();
                Stream::from_snapshot(&value.slice(5 * PAGE, 0).unwrap()).unwrap()
            };
            let view = borrower.getbuffer(Access::Writable).unwrap();
            assert!(view.is_empty());
            for round in 0..4 {
                lender.write(round * 9 * PAGE, 9, 2);
                lender.append(9, 3);
                lender.snap();
                lender.check();
            }
            let pages = lender.stream().statistics().unwrap().0;
            assert!(pages.fork_bytes <= (4 * MIB / 3) as u64, "its pages are shared as before: {pages:?}");
            drop(view);
            borrower.write(b"its own").unwrap();
            lender.check();
        }
    });
}
