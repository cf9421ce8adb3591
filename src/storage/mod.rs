//! Where bytes live: the only raw memory of the library.
//!
//! A [`Block`] is a counted, contiguous run of memory; its kinds (heap, mapped, foreign, fixed) differ in how they
//! grow, fork and end. A [`Writer`] is the one party that may change a block, and keeps the rule that no
//! byte under a snapshot changes. A [`Run`] is a frozen piece of a block: what a snapshot is made of.
//! [`Input`] and [`Output`] are the regions that bytes come from and go to. Above this module everything is
//! safe Rust.

mod block;
mod crossing;
mod foreign;
mod heap;
#[cfg(mapped)]
pub(crate) mod mapped;
mod region;
mod run;
mod trash;
mod writer;

pub(crate) use block::Block;
pub use block::Kind;
pub(crate) use crossing::Crossing;
pub use foreign::ReleaseFn;
pub(crate) use region::is_leaf;
pub use region::{Input, Output};
pub(crate) use run::Run;
pub(crate) use trash::Trash;
pub use writer::Statistics;
pub(crate) use writer::{Keep, Writer};

/// Gives back what is kept for reuse; says how many bytes that were.
pub fn trim() -> usize {
    #[cfg(mapped)]
    return mapped::trim();
    #[cfg(not(mapped))]
    0
}
