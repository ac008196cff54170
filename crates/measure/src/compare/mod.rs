//! Two renderings of one music held against each other: a mix and its master, a file and what a codec made of it, the
//! work of two programs.
//!
//! What is compared has to lie at the same place in time and at the same level first, or one hears only that: the
//! louder of two is nearly always preferred.
//!
//! 1. [`Outline`] finds where one lies in the other, be it minutes away ([`Outline::find`], ±0.3 ms).
//!    [`align`](crate::align) says how many frames.
//! 2. [`Fine`] says which fraction of a frame: the straight line through the phases of the cross-spectrum, each
//!    frequency counted by what its coherence says that its phase is worth (maximum likelihood; Hannan & Thomson,
//!    *Estimating group delay*, Biometrika 60(2), 1973). [`Fraction`] moves a signal by it.
//! 3. [`Comparer`] hears both, aligned and at one level, and ends in a [`Difference`]: how deep they cancel, in total
//!    and per band, what the one is equalized against the other, how alike they move, and how wide they are.
//!
//! ```
//! use tonmeister_core::{Layout, View};
//! use tonmeister_measure::compare::Comparer;
//!
//! let original = tonmeister_dsp::testing::stereo_noise(1, 0.5, 96_000);
//! let mut quieter = original.clone();
//! (0..2).for_each(|c| quieter.channel_mut(c).iter_mut().for_each(|x| *x *= 0.999));
//! let mut comparer = Comparer::new(48_000, Layout::Stereo);
//! comparer.push(original.view(96_000), quieter.view(96_000), |_residual| ());
//! // A thousandth of the signal is left: −60 dB.
//! assert!((comparer.finish().null_db.unwrap() + 60.0).abs() < 0.1);
//! ```

mod bands;
mod fine;
mod movement;
mod outline;
#[cfg(test)]
mod tests;

pub use bands::{BandDifference, Comparer, Difference};
pub use fine::{Fine, Fraction, Rest};
pub use movement::{Movement, movement};
pub use outline::{Offset, Outline};
