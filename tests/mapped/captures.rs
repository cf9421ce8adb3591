//! Snapshots under writable views, and what raw writes between them leave behind.

use std::fs::File;
use std::os::unix::fs::FileExt;

use bytesio::Access;

use crate::body::{Body, PAGE, pattern};
use crate::process::{alone, files};
use crate::ranges::{SIZE, sharing};

#[test]
fn a_second_view_does_not_hide_what_the_first_one_wrote() {
    alone(|| {
        let mut body = sharing();
        body.show(true);
        body.snap();
        // So much that pages are not watched for a while.
        (0..100).for_each(|page| body.raw(page * PAGE, 1, 3));
        body.snap();
        body.raw(200 * PAGE, 10, 4);
        let second = body.stream().getbuffer(Access::Writable).unwrap();
        body.snap();
        body.check();
        drop(second);
        body.raw(300 * PAGE, 10, 5);
        body.hide();
        body.snap();
        for round in 0..4 {
            body.write(100 * PAGE, 1, 6 + round);
            body.check();
            body.drop_kept(0);
            body.snap();
        }
    });
}

/// The only file in memory that this process has, opened once more: a way to its bytes past the page tables.
fn only_file() -> File {
    assert_eq!(files().len(), 1);
    let entries = std::fs::read_dir("/proc/self/fd").unwrap().map(|entry| entry.unwrap().path());
    let ours = |path: &std::path::PathBuf| {
        std::fs::read_link(path).is_ok_and(|to| to.to_string_lossy().contains("memfd:bytesio"))
    };
    File::options().write(true).open(entries.into_iter().find(ours).unwrap()).unwrap()
}

#[test]
fn a_pinned_view_ends_what_another_views_pages_are_watched_for() {
    alone(|| {
        let mut body = Body::mapped(SIZE, 1);
        body.show(true);
        let file = only_file();
        // From the second one on, pages are watched.
        (0..3).for_each(|_| body.snap());
        let pinned = body.stream().getbuffer(Access::Pinned).unwrap();
        // As a device does, past the page tables.
        let data = pattern(10, 9);
        file.write_all_at(&data, 200 * PAGE as u64).unwrap();
        body.bytes[200 * PAGE..][..10].copy_from_slice(&data);
        body.snap();
        body.check();
        file.write_all_at(&data, 100 * PAGE as u64).unwrap();
        body.bytes[100 * PAGE..][..10].copy_from_slice(&data);
        drop(pinned);
        body.snap();
        body.snap();
        body.check();
    });
}
