//! Repair: taking away what should not be there.
//!
//! What works on spectra cuts the sound into overlapping frames on a fixed grid of the stream (`overlap`): the output is
//! late by one frame's length, and has the same bits however the sound was cut into blocks.

pub(crate) mod breath;
pub(crate) mod denoise;
pub(crate) mod deplosive;
pub(crate) mod overlap;
pub(crate) mod phase_rotation;

pub use breath::Breath;
pub use denoise::Denoise;
pub use deplosive::Deplosive;
pub use phase_rotation::PhaseRotation;
