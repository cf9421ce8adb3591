//! Ranges that take turns at one file: what one of them keeps in pages of its own must not come back with it.

use bytesio::{Kind, Whence};

use crate::body::{Body, PAGE, pattern};
use crate::process::alone;

/// Some hundred pages.
pub const SIZE: usize = 400 * PAGE;

/// A stream that shares its pages with a snapshot.
pub fn sharing() -> Body {
    let mut body = Body::mapped(SIZE, 1);
    body.snap();
    body.write(0, 1, 2);
    assert_eq!(body.kind(), Kind::Mapped);
    body
}

/// The ranges take turns, while something changes behind what sharing began with.
fn take_turns(body: &mut Body) {
    let tail = SIZE + 10_000;
    body.drop_kept(0);
    for round in 0..6 {
        body.snap();
        body.write(0, 1, 3 + round);
        body.write(tail + 100 * round as usize, 1, 40 + round);
        body.drop_kept(0);
        body.check();
    }
}

#[test]
fn what_small_appends_leave_in_a_range_does_not_come_back() {
    alone(|| {
        let mut body = sharing();
        for round in 0..20 {
            body.append(1000, 10 + round);
        }
        take_turns(&mut body);
    });
}

#[test]
fn what_a_window_leaves_in_a_range_does_not_come_back() {
    alone(|| {
        let mut body = sharing();
        let stream = body.stream.take().unwrap();
        stream.seek(0, Whence::End).unwrap();
        let (at, room) = stream.prepare(0).unwrap();
        let data = pattern(20_000, 7);
        assert!(room >= data.len());
        // SAFETY: within the window.
        unsafe { at.as_ptr().copy_from_nonoverlapping(data.as_ptr(), data.len()) };
        stream.commit(data.len()).unwrap();
        body.stream = Some(stream);
        body.bytes.extend_from_slice(&data);
        take_turns(&mut body);
    });
}

#[test]
fn what_was_cut_off_does_not_come_back() {
    alone(|| {
        let mut body = sharing();
        (0..20).for_each(|round| body.append(1000, 10 + round));
        body.truncate(SIZE);
        body.drop_kept(0);
        for round in 0..6 {
            body.snap();
            body.write(0, 1, 3 + round);
            body.append(3000, 40 + round);
            body.drop_kept(0);
            body.check();
        }
    });
}

#[test]
fn a_range_left_before_the_file_grew_holds_as_much_as_the_others() {
    alone(|| {
        let mut body = Body::mapped(SIZE, 1);
        let room = body.stream().capacity() as usize - SIZE;
        body.append(room, 2);
        for round in 0..2 {
            body.snap();
            body.write(0, 1, 3 + round);
            body.drop_kept(0);
        }
        // The range left last is back, and it is by way of the other one that the file becomes longer.
        body.append(PAGE, 5);
        body.snap();
        body.write(body.bytes.len() - PAGE, PAGE, 6);
        assert!(body.stream().capacity() as usize >= body.bytes.len());
        body.check();
    });
}
