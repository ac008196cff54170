//! Releases: finished masters become what is handed to a plant, a distributor or a listener.
//!
//! This room knows the rules of the formats (where a disc may begin a track, what a side of a record can hold, which
//! characters a CD player can show) and refuses what they forbid instead of writing it. It makes no sound of its own.
//!
//! - [`cdtext`]: what a player shows, as packs of the lead-in.
//! - [`codes`]: ISRC and EAN, well-formed or not there.
//! - [`toc`]: a disc as sectors, and the Red Book's rules.
#![forbid(unsafe_code)]

pub mod cdtext;
pub mod codes;
pub mod toc;
