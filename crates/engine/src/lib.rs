//! The engine: a song becomes a [`Plan`], and an [`Executor`] runs it.
//!
//! 1. [`compile()`] decides everything, in named passes: *bodies* (clips placed, processors built), *routes* (outputs,
//!    sends and side-chains become edges), *graph* (who listens to whom and waits how long; what several outputs share
//!    is made once), *stages* (who comes after whom). [`compile_all`] does it for several versions of a song and their
//!    stems at once.
//! 2. [`Executor::render`] runs the plan offline over all cores; [`Executor::next_block`] runs it block by block, in
//!    order, for a live driver. Both call the same nodes and give the same bits.
//! 3. What a node makes is named by content ([`Name`]), so that a [`Shelf`] can keep it for the next render.
//!
//! The engine cannot name an effect: processors come from a [`tonmeister_core::Registry`] that somebody else filled.
//! Nor does it know files: audio comes from a [`Library`].
#![forbid(unsafe_code)]

mod automation;
mod clip;
mod compile;
mod executor;
mod follow;
mod kept;
mod live;
mod mix;
mod name;
mod node;
mod part;
mod plan;
mod played;
mod recording;
mod trim;

pub use clip::Library;
pub use compile::{
    Compiled, ENDLESS_S, EngineError, MAX_BLOCK, Stem, StemPath, Wanted, compile, compile_all, indivisible,
};
pub use executor::{Executor, RenderOptions, Rendered, Sink, Span};
pub use follow::Moved;
pub use kept::{Keeper, Kept, Shape, Shelf, Told};
pub use live::{Feed, Reel, Timeline, Turn, Turned, turns};
pub use name::Name;
pub use plan::{Entry, Part, Path, Plan, PlanEdge, PlanInsert, PlanNode, PlanOutput};
pub use played::Played;
pub use recording::load_recordings;
pub use trim::Trimmer;
