//! Writes whose source lies in the stream's own memory: a view's or a snapshot's bytes, or what peek gave.
//!
//! All of it is one memmove to the caller. In a mapped block the same byte may be at two addresses, and a large write
//! goes by another way than the address, so overlap has to be seen where addresses do not show it.

use bytesio::{Access, Input, Whence};

use crate::body::{BULK, Body, PAGE};
use crate::process::alone;

/// Large enough for every way of writing.
const SIZE: usize = 1 << 20;

/// Moves bytes within the content, and looks.
fn move_within(mut body: Body, (from, len, at): (usize, usize, usize)) {
    body.move_within(from, len, at);
    body.check();
}

/// Upwards and downwards, overlapping by much and by little, in one piece below and above the size of a large write.
const MOVES: [(usize, usize, usize); 6] = [
    (0, 3 * BULK, BULK),
    (BULK, 3 * BULK, 0),
    (0, 5 * BULK, 100),
    (PAGE + 1, 4 * BULK, 2 * PAGE),
    (0, 2 * PAGE, PAGE),
    (5, BULK + 1, BULK),
];

#[test]
fn within_a_live_view() {
    alone(|| {
        for writable in [false, true] {
            for (seed, way) in (1..).zip(MOVES) {
                let mut body = Body::mapped(SIZE, seed);
                body.show(writable);
                move_within(body, way);
            }
        }
    });
}

#[test]
fn within_a_view_while_a_snapshot_covers_the_front() {
    alone(|| {
        for (seed, way @ (_, len, at)) in (1..).zip(MOVES) {
            // The write begins under the snapshot, so that it forks the block, and ends beyond it.
            let mut body = Body::mapped(at + len / 4 + 1, seed);
            body.snap();
            body.append(SIZE, seed + 100);
            body.show(false);
            move_within(body, way);
        }
    });
}

#[test]
fn from_an_address_that_a_view_gave_before_the_block_was_left() {
    alone(|| {
        let mut body = Body::mapped(SIZE, 1);
        let stream = body.stream();
        // Freezes the first page only, so that the rest could be shared with what the stream goes on with.
        let front = {
            stream.seek(0, Whence::Start).unwrap();
            let front = stream.read_snapshot(PAGE).unwrap();
            stream.seek(0, Whence::End).unwrap();
            front
        };
        let view = stream.getbuffer(Access::ReadOnly).unwrap();
        let before = view.data();
        stream.pwrite(b"separated", 0).unwrap();
        body.bytes[..9].copy_from_slice(b"separated");
        // SAFETY: the address stays readable for the view's length until it is asked for again.
        let source = unsafe { Input::from_raw(before, SIZE - PAGE) };
        let old = [&front[..], &body.bytes[PAGE..SIZE - PAGE]].concat();
        body.stream().pwrite(source, PAGE as u64 - 96).unwrap();
        body.bytes[PAGE - 96..][..old.len()].copy_from_slice(&old);
        body.check();
        drop(view);
    });
}

#[test]
fn within_what_peek_shows_while_the_block_grows() {
    alone(|| {
        // Overlapping, and beyond the reserved file, wherever that ends.
        for quarters in 4..=7 {
            let mut body = Body::mapped(BULK, 1);
            let room = body.stream().capacity() as usize;
            body.append(room - BULK - PAGE, 2);
            move_within(body, (0, room * quarters / 8, room * 5 / 8));
        }
    });
}

#[test]
fn from_a_snapshot_of_the_same_file() {
    alone(|| {
        for (seed, (from, len, at)) in (1..).zip(MOVES) {
            let mut body = Body::mapped(SIZE, seed);
            let snapshot = body.stream().getvalue().unwrap();
            let old = body.bytes.clone();
            // Twice: once forking the block, once with pages that have changed already.
            for shift in [0, 17] {
                body.stream().pwrite(&snapshot[from..from + len], (at + shift) as u64).unwrap();
                body.bytes[at + shift..at + shift + len].copy_from_slice(&old[from..from + len]);
                body.check();
            }
            assert_eq!(&snapshot[..], old);
        }
    });
}

#[test]
fn reads_into_the_own_view() {
    alone(|| {
        for (seed, (from, len, at)) in (1..).zip(MOVES) {
            let mut body = Body::mapped(SIZE, seed);
            body.snap();
            body.show(true);
            body.snap();
            let base = body.view().unwrap().data();
            // SAFETY: within the writable view; a read may go there.
            let into = unsafe { bytesio::Output::from_raw(base.add(at), len) };
            assert_eq!(body.stream().pread(into, from as u64).unwrap(), len);
            body.bytes.copy_within(from..from + len, at);
            body.snap();
            body.check();
        }
    });
}
