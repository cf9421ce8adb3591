//! The C boundary: pointer checks, a guard against panics, delegation, and no logic of its own.
//!
//! What a C caller promises of a pointer is said by its parameter's type, in `handle` and `pointers`; the functions
//! themselves are safe Rust. The build script prints such a type as what it wraps.
//!
//! Every function of `include/bytesio.h` is here, documented once, and the header is printed from it. Each
//! child module is a group of the header, in reading order, headed by the module's own text.

// The names are C's.
#![allow(non_camel_case_types)]

mod guard;
mod handle;
mod pointers;

mod types;

mod lifecycle;
mod position;
mod reading;

mod writing;

mod sizing;
mod windows;

mod cursors;

mod descriptors;
mod files;

mod snapshots;

mod views;

mod searching;

mod information;

pub(crate) mod check {
    pub use super::handle::{Owned, release};
    pub use super::types::{bio_snapshot, bio_stream, bio_view};
}
