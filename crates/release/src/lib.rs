//! Releases: finished masters become what is handed to a plant, a distributor or a listener.
//!
//! This room knows the rules of the formats (where a disc may begin a track, what a side of a record can hold, which
//! characters a CD player can show) and refuses what they forbid instead of writing it. It makes no sound of its own.
#![forbid(unsafe_code)]
