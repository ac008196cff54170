//! Compression: making loud things quieter, by a law and in a time.
//!
//! The way of a signal through a [`Compressor`]:
//!
//! 1. [`detector`] hears how loud the side-chain is: its peaks, its mean power, or its analytic envelope;
//! 2. [`curve`] says how much to take away at that level;
//! 3. [`ballistics`] says how fast that comes and goes;
//! 4. [`compressor`] turns it into a gain, laid on the audio that a look-ahead may have delayed.
//!
//! Everything from the second step on happens in decibels, where a compressor's times mean the same at every level.

pub mod ballistics;
pub mod compressor;
pub mod curve;
pub mod detector;
pub(crate) mod hilbert;
pub(crate) mod parts;

pub use compressor::Compressor;
