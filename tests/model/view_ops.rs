//! What each operation on a view or a snapshot does, in the model and in the library.

use std::cell::Cell;
use std::io::{Read, Write};
use std::ops::Range;
use std::ptr::NonNull;
use std::rc::Rc;

use bytesio::{Access, Error, Snapshot, View};

use crate::amounts::pattern;
use crate::common::Lent;
use crate::naive::Naive;
use crate::ops::{Choice, OnSnapshot, OnView, Part};
use crate::world::{Seen, VIEWS, World, chosen, read};

impl Part {
    /// Offset and length, at times beyond `len`.
    fn about(&self, len: usize) -> (usize, usize) {
        match self.1 {
            0..500 => (usize::MAX - usize::from(self.0 % 2), usize::from(self.1)),
            500..1000 => (usize::from(self.0) % (len + 2), usize::MAX),
            _ => {
                let from = usize::from(self.0) % (len + 2);
                (from, usize::from(self.1) % ((len + 2).saturating_sub(from).max(1)))
            }
        }
    }
}

/// Has the kernel write `bytes` at an address, which is writable for so many.
fn read_into(bytes: &[u8], at: NonNull<u8>) {
    let (mut reader, mut writer) = std::io::pipe().expect("a pipe");
    writer.write_all(bytes).expect("a pipe holds so much");
    // SAFETY: the caller's promise.
    let buffer = unsafe { std::slice::from_raw_parts_mut(at.as_ptr(), bytes.len()) };
    reader.read_exact(buffer).expect("what was written");
}

impl World {
    pub fn getbuffer(&mut self, core: usize, access: Access) {
        if self.views.len() >= VIEWS {
            return;
        }
        self.exports += 1;
        let export = self.exports;
        let writable = access != Access::ReadOnly;
        let made = self.call(core, |s| s.getbuffer(writable, export), |s| s.getbuffer(access));
        if let Some(((), view)) = made {
            assert_eq!((view.is_readonly(), view.is_empty()), (!writable, self.cores[core].naive.bytes.is_empty()));
            let range = 0..self.cores[core].naive.bytes.len();
            self.views.push(Seen { view, core, range, export, last: Rc::default() });
        }
    }

    /// Adds a view made from another one, which has given an address already if it is the same one.
    fn derive(&mut self, from: usize, range: Range<usize>, view: View, last: Rc<Cell<Option<NonNull<u8>>>>) {
        let Seen { core, export, .. } = self.views[from];
        let views = self.cores[core].naive.exports.get_mut(&export);
        *views.expect("open while a view of it is alive") += 1;
        self.views.push(Seen { view, core, range, export, last });
    }

    pub fn on_view(&mut self, at: usize, op: &OnView) {
        let seen = &self.views[at];
        let (len, full) = (seen.range.len(), self.views.len() >= VIEWS);
        match op {
            OnView::Slice(part) if !full => {
                let (offset, n) = part.about(len);
                let inside = offset <= len && n <= len - offset;
                let expected = if inside { Ok(()) } else { Err(Error::Range) };
                if let Some(slice) = self.agreed(expected, seen.view.slice(offset, n)) {
                    assert_eq!(slice.is_readonly(), seen.view.is_readonly());
                    let start = seen.range.start + offset;
                    self.derive(at, start..start + n, slice, Rc::default());
                }
            }
            OnView::ToReadonly if !full => {
                if let Some(view) = self.agreed(Ok(()), seen.view.to_readonly()) {
                    assert!(view.is_readonly());
                    self.derive(at, seen.range.clone(), view, Rc::default());
                }
            }
            OnView::Share if !full => {
                let view = seen.view.share().expect("the count is not at its end");
                self.derive(at, seen.range.clone(), view, Rc::clone(&seen.last));
            }
            OnView::Snapshot => {
                if let Some(snapshot) = self.agreed(Ok(()), seen.view.snapshot()) {
                    self.keep(snapshot, self.shown(&self.views[at]).to_vec());
                }
            }
            OnView::Scribble(part, seed) if !seen.view.is_readonly() => {
                let range = part.within(len);
                let bytes = pattern(range.len(), *seed);
                // SAFETY: within a writable view, and nobody else runs.
                unsafe { seen.address().add(range.start).copy_from(NonNull::from(&bytes[..]).cast(), bytes.len()) };
                self.scribbled(at, range.start, &bytes);
            }
            OnView::ReadInto(part, seed) if !seen.view.is_readonly() => {
                let range = part.within(len);
                let bytes = pattern(range.len(), *seed);
                // SAFETY: within a writable view, and nobody else runs.
                read_into(&bytes, unsafe { seen.address().add(range.start) });
                self.scribbled(at, range.start, &bytes);
            }
            OnView::Address => {
                let writable = if seen.view.is_readonly() { Err(Error::ReadOnly) } else { Ok(()) };
                let data = self.agreed(writable, seen.view.data_mut());
                assert!(data.is_none_or(|data| data == seen.address()));
                assert_eq!(read(seen.address(), len), self.shown(seen), "through the address");
            }
            OnView::Drop => {
                let Seen { core, export, view, .. } = self.views.swap_remove(at);
                drop(view);
                self.cores[core].naive.drop_view(export);
            }
            OnView::Slice(_) | OnView::ToReadonly | OnView::Share | OnView::Scribble(..) | OnView::ReadInto(..) => {}
        }
    }

    pub fn on_snapshot(&mut self, choice: Choice, op: &OnSnapshot) {
        let blank = Naive::new(Vec::new());
        match (op, chosen(choice, self.kept.len())) {
            (OnSnapshot::Copied(data), _) => {
                let data = data.make(&blank);
                self.keep(Snapshot::copied(&data).expect("memory"), data);
            }
            (OnSnapshot::Adopt(data), _) => {
                let lent = Lent::new(&data.make(&blank));
                // SAFETY: the world keeps the memory until everything else is gone.
                let made = unsafe { Snapshot::adopt(lent.data(), lent.len(), Some(Lent::release), lent.ctx()) };
                self.lent.push(lent);
                self.keep(made.expect("memory"), data.make(&blank));
            }
            (OnSnapshot::Slice(part), Some(at)) => {
                let from = &self.kept[at];
                let (offset, n) = part.about(from.copy.len());
                let inside = from.copy.get(offset..offset.saturating_add(n));
                let expected = inside.map(drop).ok_or(Error::Range);
                if let Some(slice) = self.agreed(expected, from.snapshot.slice(offset, n)) {
                    self.keep(slice, inside.expect("agreed").to_vec());
                }
            }
            (OnSnapshot::Share, Some(at)) => {
                let shared = self.kept[at].snapshot.share().expect("the count is not at its end");
                assert_eq!(shared.as_ptr(), self.kept[at].at);
                self.keep(shared, self.kept[at].copy.clone());
            }
            (OnSnapshot::Drop, Some(at)) => drop(self.kept.swap_remove(at)),
            (_, None) => {}
        }
    }
}
