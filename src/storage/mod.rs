//! Where bytes live: the only raw memory of the library.
//!
//! A [`Block`] is a counted, contiguous run of memory; its kinds (heap, foreign, fixed) differ in how they
//! grow and how they end. A [`Writer`] is the one party that may change a block, and keeps the rule that no
//! byte under a snapshot changes. A [`Run`] is a frozen piece of a block: what a snapshot is made of.
//! [`Input`] and [`Output`] are the regions that bytes come from and go to. Above this module everything is
//! safe Rust.

mod block;
mod foreign;
mod heap;
#[cfg(target_os = "linux")]
pub(crate) mod mapped;
mod region;
mod run;
mod trash;
mod writer;

pub(crate) use block::Block;
pub use block::Kind;
pub use foreign::ReleaseFn;
pub use region::{Input, Output};
pub(crate) use run::Run;
pub(crate) use trash::Trash;
pub use writer::Statistics;
pub(crate) use writer::{Keep, Writer};
