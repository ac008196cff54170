//! True peak: how high the waveform rises *between* its samples.
//!
//! The house has one estimator, and both its users stand on it: the meter that reads a level and the limiter that
//! promises one. A ceiling is then kept by the same ruler that checks it.
//!
//! 1. [`kernel`] rebuilds the waveform at eight places per sample with a 48-tap Kaiser-windowed sinc per phase, and
//!    lays a parabola through three points at every local maximum. The samples themselves are one of the eight
//!    phases, so a reading is never below the sample peak. For content up to 0.907 of half the sample rate (20 kHz
//!    at 44.1 kHz) the error is within ±0.01 dB; the figure holds relative to the sample rate, whatever it is.
//! 2. [`bound`] says, without interpolating, how high the waveform could possibly be over a stretch.
//! 3. [`TruePeakMeter`] is the greatest value over a recording (and over each of its windows). It skips every stretch
//!    whose bound cannot exceed what has been seen already. The pruning is exact: the reading has the same bits as
//!    if every point had been computed, at a small part of the cost.
//! 4. [`close`] has longer taps, for who must keep a ceiling to the hundredth of a decibel with content up to 0.965 of
//!    half the sample rate ([`TruePeakMeter::close`]).
//!
//! The peak of a *cell* is the peak of the waveform from one sample to just before the next one; everything here is
//! counted in cells. Silence is taken to surround the audio, so a file that starts or ends abruptly is read with the
//! overshoot that a converter would make of it.
//!
//! Method: ITU-R BS.1770-4 Annex 2 (oversampling interpolation) with more phases and taps than its example filter,
//! which ripples by ±0.17 dB; parabola: J. O. Smith, *Spectral Audio Signal Processing*, "Quadratic interpolation of
//! spectral peaks".

pub mod bound;
pub mod close;
pub mod kernel;
mod meter;
mod sinc;

pub use meter::TruePeakMeter;

#[cfg(test)]
pub(crate) mod ideal;
#[cfg(test)]
mod tests;
