//! Releases: finished masters become what is handed to a plant, a distributor or a listener.
//!
//! This room knows the rules of the formats (where a disc may begin a track, what a side of a record can hold, which
//! characters a CD player can show) and refuses what they forbid instead of writing it. It makes no sound of its own: what
//! is done to the sound is a document that the engine runs.
//!
//! - [`album`]: mixes in, a release out: mastered, sequenced, cut into files, verified.
//! - [`chain`]: the standard mastering chain as a document.
//! - [`cdtext`]: what a player shows, as packs of the lead-in.
//! - [`cue`]: cue sheets, and disc images beside them.
//! - [`ddp`]: DDP filesets, the form in which a disc goes to the plant; written, read, verified, compared.
//! - [`pq`]: the sheet that says where everything stands, for people.
//! - [`toc`]: a disc as sectors, and the Red Book's rules.
//! - [`vinyl`]: records and tapes, songs split into sides, and what will be hard to cut.
//!
//! Whatever is written appears under its name when it is whole, or not at all.
#![forbid(unsafe_code)]

pub mod album;
mod beside;
pub mod cdtext;
pub mod chain;
pub mod cue;
pub mod ddp;
mod error;
pub mod pq;
mod raw;
pub mod toc;
pub mod vinyl;

pub use error::ReleaseError;
