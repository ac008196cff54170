//! Records and tapes: songs split into sides, and what will be hard to cut.
//!
//! [`split()`] keeps the order of the songs and balances the sides. [`Table`] holds how long a side may be, as data with
//! sources (`data/sides.toml`), which can be replaced. [`Features`] are what a cutter listens for, taken from
//! [`measure`](tonmeister_measure): bass that is not in mono, treble that is sharp, channels turned against each other, level.
//! [`check()`] says where they meet the limits, and what to do.
//!
//! A side of a record turns at one speed, so that its inner turns pass the needle at a third of the outer ones' speed:
//! treble and level are lost there. Order is the artist's, so that what stands inward is only remarked upon.

mod check;
mod features;
mod split;
mod table;
#[cfg(test)]
mod tests;

pub use check::check;
pub use features::Features;
pub use split::{Side, Split, TooLong, split, split_to_fit};
pub use table::{BUILT_IN, Kind, Limits, Medium, Table, TableError};

/// A song on its way to a side.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Song {
    /// Its title, for messages.
    pub title: String,
    /// Its length in seconds.
    pub seconds: f64,
    /// The pause behind it in seconds, unless the side ends there.
    pub pause_s: f64,
    /// What was measured of it, if it was.
    pub features: Option<Features>,
}
