//! Repair: taking away what should not be there.
//!
//! What works on spectra cuts the sound into overlapping frames on a fixed grid of the stream (`overlap`): the output is
//! late by one frame's length, and has the same bits however the sound was cut into blocks. What works on samples takes
//! and gives a hop at a time on such a grid (`grid`), and leaves what it does not repair as it was, to the bit.

mod ar;
pub(crate) mod breath;
pub(crate) mod declick;
pub(crate) mod declip;
pub(crate) mod dehum;
pub(crate) mod denoise;
pub(crate) mod deplosive;
mod grid;
#[cfg(test)]
mod on_material;
pub(crate) mod overlap;
pub(crate) mod phase_rotation;
#[cfg(test)]
mod probe;

pub use breath::Breath;
pub use declick::Declick;
pub use declip::Declip;
pub use dehum::Dehum;
pub use denoise::Denoise;
pub use deplosive::Deplosive;
pub use phase_rotation::PhaseRotation;
