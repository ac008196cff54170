//! The engine: a song becomes a [`Plan`], and an [`Executor`] runs it.
//!
//! 1. [`compile()`] decides everything, in named passes: *resolve* (clips placed, processors built), *route* (outputs,
//!    sends and side-chains become edges), *order* (who comes after whom, in stages), *compensate* (everybody waits
//!    for the slowest path into the same place), *lengths* (how long the song rings).
//! 2. [`Executor::render`] runs the plan offline over all cores; [`Executor::next_block`] runs it block by block, in
//!    order, for a live driver. Both call the same nodes and give the same bits.
//!
//! The engine cannot name an effect: processors come from a [`tonmeister_core::Registry`] that somebody else filled.
//! Nor does it know files: audio comes from a [`Library`].
#![forbid(unsafe_code)]

mod automation;
mod clip;
mod compile;
mod executor;
mod mix;
mod node;
mod part;
mod plan;
mod recording;
mod trim;

pub use clip::Library;
pub use compile::{Compiled, ENDLESS_S, EngineError, MAX_BLOCK, compile};
pub use executor::{Executor, RenderOptions, Rendered};
pub use plan::{Path, Plan, PlanEdge, PlanInsert, PlanNode};
pub use recording::load_recordings;
pub use trim::Trimmer;
