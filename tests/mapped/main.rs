//! Mapped blocks through the public interface: what unit tests cannot show, because it takes a process.
//!
//! Every test runs in a process of its own ([`process::alone`]): it forks, lowers limits, or counts mappings and
//! descriptors, none of which goes together with tests beside it. `MAPPED_CASES` multiplies the random parts;
//! `MAPPED_SEED` repeats one of their cases.
//!
//! - `process`: processes of their own, forks, and what the kernel says of this one
//! - `body`: a stream beside its naive model, with snapshots and views, and what both do
//! - `footprint`: how much memory files hold, and who gets one
//! - `fork`, `fork_more`: fork(2), in both directions
//! - `rules`: what the design needs to be right, one small story each
//! - `sources`: writes whose source lies in the stream's own memory
//! - `captures`: snapshots under writable views
//! - `limits`: descriptors, address space, file size, no /proc, many streams
//! - `pinned`: views through which bytes come that no page table shows
//! - `recycled`: old bytes of memory that is used again
//! - `ranges`: pages that ranges of one file have of their own
//! - `random`: the model test and the soak

#![cfg(target_os = "linux")]

mod body;
mod captures;
mod footprint;
mod fork;
mod fork_more;
mod fork_worst;
mod given_back;
mod limits;
mod pinned;
mod process;
mod random;
mod ranges;
mod recycled;
mod rules;
mod sources;
