//! Dynamics: turning sound up and down by its own level, by a law and in a time.
//!
//! The way of a signal through a [`Compressor`]:
//!
//! 1. [`detector`] hears how loud the side-chain is: its peaks, its mean power, or its analytic envelope;
//! 2. [`curve`] says how much to turn at that level;
//! 3. [`ballistics`] says how fast that comes and goes, or [`feedback`] when it listens to its own output;
//! 4. [`leveler`] turns it into a gain, and `machine` lays it on the audio that a look-ahead may have delayed.
//!
//! Everything from the second step on happens in decibels, where a compressor's times mean the same at every level.
//! The other effects of this room are the same machine with another law or another decision.

pub mod ballistics;
pub mod compressor;
pub mod curve;
pub mod detector;
pub mod expander;
pub mod feedback;
pub mod gate;
pub(crate) mod hilbert;
pub mod leveler;
pub(crate) mod machine;
pub(crate) mod params;
pub(crate) mod parts;
pub mod transient;
pub mod upward;

pub use compressor::Compressor;
pub use expander::Expander;
pub use gate::Gate;
pub use machine::Link;
pub use transient::TransientShaper;
pub use upward::UpwardCompressor;

#[cfg(test)]
mod tests;
