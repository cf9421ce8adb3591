//! Snapshots under writable views, and what raw writes between them leave behind.

use bytesio::{Access, Kind};

use crate::body::{Body, PAGE};
use crate::process::alone;

/// Enough to be watched.
const SIZE: usize = 400 * PAGE;

/// A stream that shares its pages with a snapshot.
fn sharing() -> Body {
    let mut body = Body::mapped(SIZE, 1);
    body.snap();
    body.write(0, 1, 2);
    assert_eq!(body.kind(), Kind::Mapped);
    body
}

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
