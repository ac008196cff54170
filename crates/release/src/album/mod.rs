//! From mixes and an album document to the files of a release.
//!
//! The way through the room:
//!
//! 1. [`inputs`] looks at every song: its audio (a document is mixed first), its length, a hash of what it is made from.
//! 2. [`sequence`] places the songs on one timeline, in frames, and says where the files are cut.
//! 3. [`documents`] writes what is done as song documents, which the engine runs: the chain of each song, the search
//!    for its level, the programme (all songs in sequence), and the master of each output rate: the programme converted
//!    first, then the limiter, so that the ceiling holds at the rate that is written.
//!    Before that, [`even`] compares the songs, and has those that lie apart brought nearer where the document says so.
//! 4. [`solve`] finds the gains, on the finished chain.
//! 5. [`lossy`] hears what decoders make of it, and takes back the moments that they make too high.
//! 6. [`files`] cuts the master into tracks, dithers once and last, measures what is written. One continuous programme
//!    is cut, so that joins stay continuous to the sample in every format.
//! 7. [`editions`] does the same, with the same gains, for versions of the songs: instrumentals, edits, mono.
//! 8. [`services`] says what players will make of it; `manifest` lists it for a distributor; [`lock`] holds what was made,
//!    by hash.
//!
//! Before any of it, `space` asks whether the disk has room.
//!
//! [`make()`] does all of this; what it cannot do itself (run documents) it asks of a [`Studio`]. Steps on the way are
//! kept under the hash of what they are made from, so that a release that was interrupted goes on where it was.

mod balance;
mod broadcast;
mod crew;
mod deliver;
mod disc;
pub mod documents;
pub mod editions;
pub mod even;
pub mod files;
pub mod image;
pub mod inputs;
pub mod levels;
pub mod lock;
pub mod lossy;
pub mod make;
mod manifest;
pub mod mono;
pub mod report;
pub mod sequence;
pub mod services;
pub mod sides;
pub mod solve;
mod sound;
mod space;
pub mod stages;
pub mod studio;
mod texts;
pub mod verify;

pub use crew::Share;
pub use levels::Levels;
pub use make::{KEPT_S, Made, Options, audition, make, plan};
pub use report::Report;
pub use studio::{Mixed, Studio, Trouble};
pub use verify::verify;
