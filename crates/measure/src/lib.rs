//! What audio is, and what is wrong with it. This room reads audio and never changes it.
//!
//! * [`loudness`] measures a programme as broadcasters and stores do: integrated, momentary and short-term loudness,
//!   loudness range, true peak, in one streaming pass.
//! * [`ballistics`] are needles for a live display: peak, true peak, RMS, VU, PPM, K-System, gain reduction.
//! * [`align`] finds how far two recordings of one sound lie apart, and whether one is turned.
//! * [`compare`] holds two renderings of one music against each other: what cancels, what equalizer lies between.
//! * [`check`] finds faults: silence, clipping, offset, samples that are no numbers, turned polarity, and files that
//!   do not fit their siblings.
//! * [`portrait`] is all that a picture of a sound needs, in one pass: waveform, [`spectrum`], spectrogram and how it
//!   lies in [`space`].
//! * [`stft`] turns a stream into short-time spectra, for whoever looks at frequencies.
//! * [`tap`] is the effect `meter`: a place in a chain where all of this is read.
//! * [`weighting`] is the filter under loudness.
//!
//! Every meter takes its audio in pieces of any size, keeps little, gives the same bits however the audio was cut, and
//! ends in a plain value that serialises.
#![forbid(unsafe_code)]

pub mod align;
pub mod ballistics;
pub mod check;
pub mod compare;
mod fold;
pub mod loudness;
pub mod portrait;
pub mod space;
pub mod spectrum;
pub mod stft;
pub mod tap;
pub mod weighting;
