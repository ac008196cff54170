//! Loudness as broadcasters, stores and streaming services count it, in one streaming pass.
//!
//! [`LoudnessMeter`] hears a programme once, in pieces of any size, and [`LoudnessMeter::finish`] says:
//!
//! * **integrated loudness** (LUFS) of the whole: blocks of 400 ms that start every 100 ms, those at or below
//!   −70 LUFS left out, then those more than 10 LU below the rest's mean left out (ITU-R BS.1770-5, Annex 1);
//! * **momentary** (400 ms) and **short-term** (3 s) loudness: their greatest values, and their present ones for
//!   a needle ([`LoudnessMeter::momentary_lufs`]; EBU Tech 3341 §2.2). Both windows step by at most 10 ms. A step of
//!   100 ms, common elsewhere, reads a short burst up to 0.6 LU low;
//! * **loudness range** (LU): the spread from the 10th to the 95th percentile of short-term loudness, gated at
//!   −70 LUFS and −20 LU (EBU Tech 3342);
//! * **true peak**, **sample peak**, RMS, crest factor, loudness and DR14 per channel, the peaks with their times;
//!   **PLR** (greatest true peak − integrated loudness) and, when asked for, the smallest **PSR** (true peak of 3 s −
//!   short-term loudness of the same 3 s);
//! * **DR14** of the programme, and the [`Gains`] that players turn it by. [`Album`] says the same of several
//!   programmes together.
//!
//! [`History`] has loudness, true peaks and PSR over time.
//!
//! ```
//! use tonmeister_core::{Layout, View};
//! use tonmeister_measure::loudness::LoudnessMeter;
//!
//! // EBU Tech 3341, case 1: a 1 kHz tone of −23 dBFS on both channels is −23 LUFS.
//! let tone: Vec<f32> = (0..96_000)
//!     .map(|n| 0.0708 * (std::f32::consts::TAU * (n % 48) as f32 / 48.0).sin())
//!     .collect();
//! let mut meter = LoudnessMeter::new(48_000, Layout::Stereo)?;
//! meter.push(View::stereo(&tone, &tone));
//! let loudness = meter.finish();
//! assert!((loudness.integrated_lufs.unwrap() + 23.0).abs() < 0.1);
//! # Ok::<(), tonmeister_measure::loudness::UnsupportedRate>(())
//! ```
//!
//! **How mono is counted.** The standard sums channels, so a file of one channel played over two loudspeakers is
//! 3.01 LU louder than it reads. By default a mono file is one channel, as the standard says; with
//! [`Mono::AsBothSides`] it reads like the stereo file that has it on both sides.
//!
//! **Channels beyond stereo** are measured through [`LoudnessMeter::with_roles`], which takes what each channel is for
//! ([`Role::of_speakers`]).
//!
//! **Memory.** One `f64` is kept per 100 ms and one more per channel ([`Blocks`]): under 1 MB for an hour of stereo. From
//! them the gates are applied exactly, without a histogram, and a history can be drawn afterwards. True peaks over time
//! keep another `f32` per channel and 100 ms.
//!
//! **Non-finite samples** are counted ([`Loudness::non_finite_samples`]) and heard as silence; they spoil nothing
//! else.

mod blocks;
mod dynamics;
mod gain;
pub(crate) mod grid;
mod meter;
mod report;

pub use blocks::{Blocks, Range};
pub use gain::{Album, Gains, R128_LUFS, REPLAY_GAIN_LUFS};
pub use meter::{LoudnessMeter, Mono, Options, Peaks, Role, UnsupportedRate};
pub use report::{ChannelLevels, History, Loudness};

pub(crate) use blocks::{
    ABSOLUTE_GATE_LUFS, INTEGRATED_GATE_LU, MOMENTARY_STEPS, RANGE_GATE_LU, RANGE_PERCENTILES, SHORT_TERM_STEPS,
};

/// −0.691 dB: what makes a 1 kHz tone of 0 dBFS on one channel read −3.01 LUFS (BS.1770-5, equation 2).
const OFFSET_DB: f64 = -0.691;

/// Loudness of a weighted mean square; `None` for silence.
pub(crate) fn lufs(mean_square: f64) -> Option<f64> {
    (mean_square > 0.0).then(|| OFFSET_DB + 10.0 * mean_square.log10())
}

/// The weighted mean square of a loudness.
pub(crate) fn mean_square(lufs: f64) -> f64 {
    10f64.powf((lufs - OFFSET_DB) / 10.0)
}

/// The amplitude of a level in decibels.
fn amplitude(db: f64) -> f64 {
    10f64.powf(db / 20.0)
}

/// Decibels of an amplitude; `None` for silence.
pub(crate) fn decibels(amplitude: f64) -> Option<f64> {
    (amplitude > 0.0).then(|| 20.0 * amplitude.log10())
}
