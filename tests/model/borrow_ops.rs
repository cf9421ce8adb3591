//! What a stream shows of its own memory, and what is written from there.

use bytesio::{Borrowed, Input, Result, Stream};

use crate::naive::Naive;
use crate::ops::Part;
use crate::world::World;

/// No more of a stream's own bytes is written at once.
const PIECE: usize = 700;

fn bytes(piece: &Borrowed) -> &[u8] {
    // SAFETY: good until the next change of the stream, and none comes before the comparison.
    unsafe { std::slice::from_raw_parts(piece.ptr.as_ptr(), piece.len) }
}

impl World {
    /// A call that shows bytes in place: those that the model gives.
    pub fn borrow(
        &mut self,
        at: usize,
        model: impl FnOnce(&mut Naive) -> Result<Vec<u8>>,
        real: impl FnOnce(&Stream) -> Result<Borrowed>,
    ) -> Option<(Vec<u8>, Borrowed)> {
        let (expected, piece) = self.call(at, model, real)?;
        assert_eq!(bytes(&piece), expected, "what was shown");
        Some((expected, piece))
    }

    pub fn cstr(&mut self, at: usize) {
        let room = self.cores[at].handles[0].capacity();
        let Some((text, piece)) = self.borrow(at, |s| s.cstr(room), Stream::cstr) else { return };
        // SAFETY: what follows the content is the NUL, as good as the content.
        assert_eq!(unsafe { piece.ptr.add(text.len()).read() }, 0, "a NUL follows");
        self.ledger.relent();
        let again = self.cores[at].handles[0].cstr().expect("there is nothing to make room for");
        assert_eq!((again.ptr, again.len), (piece.ptr, piece.len), "the same text again");
    }

    /// Writes a piece of what is left behind the end, by the address that `peek` gives.
    pub fn write_from_peek(&mut self, at: usize, part: &Part) {
        let rest = |s: &mut Naive| s.open().map(|()| s.rest().to_vec());
        let Some((rest, piece)) = self.borrow(at, rest, Stream::peek) else { return };
        let end = self.cores[at].naive.bytes.len() as u64;
        let (data, input) = cut(&rest, &piece, part);
        self.call(at, |s| s.pwrite(data, end), |s| s.pwrite(input, end));
    }

    /// Appends a piece of what follows `from`, by the address that `peek_at` gives.
    pub fn append_from_peek(&mut self, at: usize, from: u64, part: &Part) {
        let shown = self.borrow(at, |s| s.read_at(usize::MAX, from), |s| s.peek_at(from));
        let Some((rest, piece)) = shown else { return };
        let (data, input) = cut(&rest, &piece, part);
        self.call(at, |s| s.append(data), |s| s.append(input));
    }
}

/// A part of what was shown: a copy, and in place.
fn cut<'a>(copy: &'a [u8], piece: &Borrowed, part: &Part) -> (&'a [u8], Input<'static>) {
    let range = part.within(copy.len().min(PIECE));
    // SAFETY: within the piece, which is good until the write that comes next is done with it.
    let input = unsafe { Input::from_raw(piece.ptr.add(range.start), range.len()) };
    (&copy[range], input)
}
