//! The crate `bytes` behind a C interface, for the benchmarks: a stream is a `BytesMut` until a value of it is taken
//! or it is read, then a `Bytes` until it is changed, which copies it while a value is alive.
#![allow(clippy::missing_safety_doc)]

use bytes::{Buf, BufMut, Bytes, BytesMut};
use std::slice;

#[derive(Clone)]
enum Content {
    Growing(BytesMut),
    Frozen(Bytes),
}
use Content::{Frozen, Growing};

pub struct Peer {
    content: Content,
    rest: Bytes,
}

impl Peer {
    fn growing(&mut self) -> &mut BytesMut {
        if let Frozen(bytes) = &mut self.content {
            let thawed = std::mem::take(bytes).try_into_mut().unwrap_or_else(|held| BytesMut::from(&held[..]));
            self.content = Growing(thawed);
        }
        match &mut self.content {
            Growing(bytes) => bytes,
            Frozen(_) => unreachable!(),
        }
    }

    fn frozen(&mut self) -> Bytes {
        if let Growing(bytes) = &mut self.content {
            self.content = Frozen(std::mem::take(bytes).freeze());
        }
        match &self.content {
            Frozen(bytes) => bytes.clone(),
            Growing(_) => unreachable!(),
        }
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn bytes_peer_new() -> Box<Peer> {
    Box::new(Peer { content: Growing(BytesMut::new()), rest: Bytes::new() })
}

#[unsafe(no_mangle)]
pub extern "C" fn bytes_peer_free(_peer: Option<Box<Peer>>) {}

#[unsafe(no_mangle)]
pub extern "C" fn bytes_peer_clone(peer: &Peer) -> Box<Peer> {
    Box::new(Peer { content: peer.content.clone(), rest: Bytes::new() })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn bytes_peer_write(peer: &mut Peer, data: *const u8, len: usize) {
    // SAFETY: the caller passes `len` readable bytes.
    peer.growing().put_slice(unsafe { slice::from_raw_parts(data, len) });
}

#[unsafe(no_mangle)]
pub extern "C" fn bytes_peer_len(peer: &Peer) -> usize {
    match &peer.content {
        Growing(bytes) => bytes.len(),
        Frozen(bytes) => bytes.len(),
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn bytes_peer_clear(peer: &mut Peer) {
    peer.growing().clear();
}

#[unsafe(no_mangle)]
pub extern "C" fn bytes_peer_rewind(peer: &mut Peer) {
    peer.rest = peer.frozen();
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn bytes_peer_read(peer: &mut Peer, data: *mut u8, len: usize) -> usize {
    let len = len.min(peer.rest.len());
    // SAFETY: the caller passes room for `len` bytes.
    peer.rest.copy_to_slice(unsafe { slice::from_raw_parts_mut(data, len) });
    len
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn bytes_peer_overwrite(peer: &mut Peer, offset: usize, data: *const u8, len: usize) {
    // SAFETY: the caller passes `len` readable bytes.
    peer.growing()[offset..offset + len].copy_from_slice(unsafe { slice::from_raw_parts(data, len) });
}

#[unsafe(no_mangle)]
pub extern "C" fn bytes_peer_value(peer: &mut Peer) -> Box<Bytes> {
    Box::new(peer.frozen())
}

#[unsafe(no_mangle)]
pub extern "C" fn bytes_value_len(value: &Bytes) -> usize {
    value.len()
}

#[unsafe(no_mangle)]
pub extern "C" fn bytes_value_data(value: &Bytes) -> *const u8 {
    value.as_ptr()
}

#[unsafe(no_mangle)]
pub extern "C" fn bytes_value_free(_value: Option<Box<Bytes>>) {}
