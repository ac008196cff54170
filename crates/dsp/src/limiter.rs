//! Limiting: a ceiling that is kept between the samples too.
//!
//! The way of a signal through a [`Limiter`], 32 frames at a time:
//!
//! 1. The drive is laid on, and [`truepeak`](crate::truepeak) finds the peak of the waveform around each sample (or
//!    proves, for next to nothing, that it lies below the ceiling).
//! 2. [`envelope`] turns peaks into the reduction that each sample needs, and holds the greatest of a window: at
//!    least as long as the look-ahead, and as half a period of the lowest tone that shall stay clean.
//! 3. Three releases side by side let go of it: at once what was a click, slowly what was a passage.
//! 4. Two averages in a row make the gain smooth. Every value that they average is at most the gain that the peak in
//!    their middle needs, so the average is, too: the ceiling holds by convexity, not by luck. The sums are whole
//!    numbers and cannot drift.
//! 5. The audio, late by the look-ahead, is multiplied with it.
//!
//! What is below the ceiling passes bit for bit.
//!
//! Structure after S. Luff, "Designing a straightforward limiter" (Signalsmith Audio, 2022) for the smoothed sliding
//! minimum; detector and releases are this house's own.

pub mod effect;
pub mod envelope;

pub use effect::Limiter;
