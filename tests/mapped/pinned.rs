//! Pinned views: bytes come that no page table shows. As a device would, the tests write into the file behind a
//! stream's memory.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;

use bytesio::{Access, Stream};

use crate::body::{Body, PAGE, assert_same};
use crate::process::alone;

const SIZE: usize = 1 << 20;

/// A stream of bytes in the one file of this process, and that file, opened once more.
fn with_file() -> (Body, File) {
    let body = Body::mapped(SIZE, 1);
    let entries = fs::read_dir("/proc/self/fd").unwrap().map(|entry| entry.unwrap().path());
    let ours = |path: &std::path::PathBuf| {
        fs::read_link(path).is_ok_and(|target| target.to_string_lossy().contains("memfd:bytesio"))
    };
    let mut all = entries.filter(ours);
    let path = all.next().expect("a mapped stream");
    assert!(all.next().is_none(), "one stream, one file");
    (body, File::options().write(true).open(path).unwrap())
}

/// Takes values while one byte after another changes behind the back of everybody.
fn check_values(body: &mut Body, file: &File) {
    for round in 0..6 {
        let at = round * 17 * PAGE + 5;
        body.bytes[at] = !body.bytes[at];
        file.write_all_at(&body.bytes[at..=at], at as u64).unwrap();
        let value = body.stream().getvalue().unwrap();
        assert_same("a value", &value, &body.bytes);
        let again = body.stream().getvalue().unwrap();
        assert_eq!(again.as_ptr(), value.as_ptr(), "nothing changed");
    }
}

fn pinned(stream: &Stream) -> bytesio::View {
    stream.getbuffer(Access::Pinned).unwrap()
}

#[test]
fn under_a_pinned_view_every_change_is_found() {
    alone(|| {
        let (mut body, file) = with_file();
        let view = pinned(body.stream());
        check_values(&mut body, &file);
        let slice = view.slice(0, 10).unwrap();
        drop(view);
        check_values(&mut body, &file);
        drop(slice);
        body.check_content();
    });
}

#[test]
fn a_pinned_view_beside_one_whose_writes_are_watched() {
    alone(|| {
        let (mut body, file) = with_file();
        let plain = body.stream().getbuffer(Access::Writable).unwrap();
        // From the second value on, pages are watched.
        let values: Vec<_> = (0..4).map(|_| body.stream().getvalue().unwrap()).collect();
        let view = pinned(body.stream());
        check_values(&mut body, &file);
        drop((values, plain));
        check_values(&mut body, &file);
        drop(view);
        body.snap();
        body.write(3, 9, 2);
        body.check();
    });
}
