//! Limiting: a ceiling that is kept between the samples too.
//!
//! The way of a signal through a [`Limiter`], 32 frames at a time:
//!
//! 1. The drive is laid on, and [`truepeak`](crate::truepeak) finds the peak of the waveform around each sample (or
//!    proves, for next to nothing, that it lies below the ceiling).
//! 2. [`envelope`] turns peaks into the reduction that each sample needs, and parts what lasts from what is a single
//!    peak. A demand lasts when it is wide (the crest of a low note), or when others follow it without a long gap (the
//!    half waves of a tone): sliding extremes tell, as the openings and closings of mathematical morphology do.
//! 3. The body, what lasts, is held over the look-ahead and let go by three releases side by side, and made smooth by
//!    two averages in a row. A tone is turned down by a gain that does not move, and so stays a tone.
//! 4. What single peaks still need beyond it is answered within a quarter of a millisecond, by two averages of the gain.
//!    Every value that they average is at most the gain that the peak in their middle needs, so the average is, too:
//!    the ceiling holds by convexity, not by luck. The sums are whole numbers and cannot drift.
//! 5. The audio, as late as the gain, is multiplied with it.
//! 6. So fast a gain leaves new peaks between the samples, a few tenths of a dB high. A second detector finds them, and
//!    they are taken down over a millisecond.
//!
//! What is below the ceiling passes bit for bit.
//!
//! Structure after S. Luff, "Designing a straightforward limiter" (Signalsmith Audio, 2022) for the smoothed sliding
//! minimum; J. Serra, "Image analysis and mathematical morphology" (Academic Press, 1982) for openings and closings;
//! the detector, and what lasts, are this house's own. Against other limiters: `bench/limiters`.
//!
//! ```
//! use tonmeister_core::{Buffer, Context, Effect, Layout, Settings, Stream};
//! use tonmeister_dsp::{limiter::Limiter, testing};
//!
//! let stream = Stream { sample_rate: 48_000, layout: Layout::Mono, max_block: 48_000, seed: 0 };
//! let settings = Settings::new(Limiter::SPEC).with("gain_db", 12.0).with("ceiling_dbtp", -1.0);
//! let mut limiter = Limiter::from_settings(&settings).build(&stream).unwrap();
//! let mut audio = Buffer::from_mono(testing::sine(997.0, 0.5, 48_000, 48_000));
//! limiter.process(&mut audio.block(48_000), &Context::default());
//! assert!(audio.channel(0).iter().all(|x| x.abs() <= 0.8913));
//! ```

pub mod effect;
pub mod envelope;
mod window;

pub use effect::Limiter;
