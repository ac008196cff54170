//! What frequencies a sound is made of: over the whole of it, and as it goes on.
//!
//! * [`LongTerm`]: the long-term average spectrum, fine enough to read a tone from, with curves smoothed and tilted for
//!   the eye.
//! * [`Spectrogram`]: level over time and frequency, of bounded size for any length.
//!
//! All of it is part of a [portrait](crate::portrait), which is made in one pass.

mod bands;
mod bank;
mod corridor;
mod long_term;
mod rows;
mod spectrogram;

pub use bands::{Band, Division};
pub use bank::{BandHistory, BandLevels, BandMeter};
pub use corridor::{BandFit, Corridor, CorridorBand, Fit, tone};
pub use long_term::{Curve, LongTerm, LongTermMeter, Smoothing, Spectrum};
pub(crate) use long_term::{LongTermSums, OVERLAP, WINDOW_S, covered};
pub(crate) use rows::Rows;
pub use spectrogram::Spectrogram;
pub(crate) use spectrogram::{SpectrogramSums, lead, trail};

/// Decibels of a power; silence is −200 dB, as far down as anything is told apart.
pub(crate) fn db(power: f64) -> f64 {
    10.0 * power.max(1e-20).log10()
}
