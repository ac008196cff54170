//! Meters with needles: what a desk shows while the music plays.
//!
//! Each one hears audio block by block ([`Meter::push`]) and can be read at any time ([`Meter::read`]). Pushing never
//! allocates, and a reading has the same bits however the audio was cut into blocks. The needle's scale is data
//! ([`Meter::scale`]): where its marks stand, what is written on them, how far decibels move it.
//!
//! | meter | says | rises, falls |
//! |---|---|---|
//! | [`PeakMeter`] | the highest sample | at once; falls 20 dB in 1.7 s by default, holds for 1.5 s |
//! | [`TruePeakMeter`] | the highest point between the samples | as the sample peak |
//! | [`RmsMeter`] | the energy of the last 300 ms (or any time) | with its window |
//! | [`VuMeter`] | loudness as the oldest needle had it | 99 % in 300 ms, overshoots by 1.3 % |
//! | [`PpmMeter`] | programme peaks, the shortest left out | types I (DIN, Nordic) and II (BBC, EBU) of IEC 60268-10 |
//! | [`KMeter`] | energy over 600 ms around a fixed 0, with peaks above it | K-20, K-14, K-12 |
//! | [`ReductionMeter`] | what a dynamics processor takes off | at once; falls 20 dB in 1.7 s by default |
//!
//! All of them are aligned with a sine: one whose peak is −18 dBFS reads −18 on meters of dBFS, and 0 on those whose
//! reference is −18 dBFS.
//!
//! ```
//! use tonmeister_core::{Layout, View};
//! use tonmeister_measure::ballistics::{Meter, PpmMeter, PpmType};
//!
//! // A tone of −18 dBFS is the test level of a British meter: mark 4, where 0 stands here.
//! let tone: Vec<f32> = (0..48_000).map(|n| 0.1259 * (n as f32 * 0.131).sin()).collect();
//! let mut meter = PpmMeter::new(48_000, Layout::Mono, PpmType::Bbc);
//! meter.push(View::mono(&tone));
//! assert!(meter.read(0).level_db.abs() < 0.1);
//! assert!(meter.scale().marks.iter().any(|mark| mark.label == "4" && mark.at_db == 0.0));
//! ```

mod k;
mod peak;
mod ppm;
mod reduction;
mod rms;
mod scale;
mod true_peak;
mod vu;

use tonmeister_core::{Layout, View};

pub use k::{K, KMeter};
pub use peak::{Fall, PeakMeter};
pub use ppm::{PpmMeter, PpmType};
pub use reduction::ReductionMeter;
pub use rms::RmsMeter;
pub use scale::{Law, Mark, Scale, Zone};
pub use true_peak::TruePeakMeter;
pub use vu::VuMeter;

/// A meter for one or two channels.
pub trait Meter: Send {
    /// Hears on. Never allocates. Samples that are no numbers are heard as silence.
    ///
    /// # Panics
    /// When the view has fewer channels than the meter.
    fn push(&mut self, view: View<'_>);

    /// How many channels it shows.
    fn channels(&self) -> usize;

    /// Where the needle of a channel stands.
    ///
    /// # Panics
    /// When there is no such channel.
    fn read(&self, channel: usize) -> Reading;

    /// What is printed behind the needle.
    fn scale(&self) -> &'static Scale;

    /// Back to silence.
    fn reset(&mut self);
}

/// Where a needle stands, in decibels of its own scale; −∞ in silence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// The needle.
    pub level_db: f64,
    /// The mark that stays at the highest level for a while, where the meter has one.
    pub held_db: Option<f64>,
}

/// Every meter with a needle that moves by a standard, at rest, each with the name that it is asked for by: RMS over
/// 300 ms, VU with 0 at −18 dBFS (EBU R 68), the four peak programme meters, the three of the K-System. (The needles of the sample peak
/// and the true peak rise at once: what they reach is the peak itself.)
pub fn needles(sample_rate: u32, layout: Layout) -> Vec<(&'static str, Box<dyn Meter + Send>)> {
    let ppm = |kind| Box::new(PpmMeter::new(sample_rate, layout, kind));
    let k = |k| Box::new(KMeter::new(sample_rate, layout, k));
    vec![
        ("rms", Box::new(RmsMeter::new(sample_rate, layout))),
        ("vu", Box::new(VuMeter::new(sample_rate, layout))),
        ("ppm-din", ppm(PpmType::Din)),
        ("ppm-nordic", ppm(PpmType::Nordic)),
        ("ppm-bbc", ppm(PpmType::Bbc)),
        ("ppm-ebu", ppm(PpmType::Ebu)),
        ("k-20", k(K::K20)),
        ("k-14", k(K::K14)),
        ("k-12", k(K::K12)),
    ]
}

/// Decibels of an amplitude; −∞ for silence.
fn decibels(amplitude: f64) -> f64 {
    20.0 * amplitude.log10()
}

/// A sample as it is heard.
fn heard(sample: f32) -> f64 {
    if sample.is_finite() { f64::from(sample) } else { 0.0 }
}

/// What multiplies a level in every frame so that it falls by that many decibels in a second.
fn fall_per_frame(db_per_s: f64, sample_rate: u32) -> f64 {
    10f64.powf(-db_per_s / 20.0 / f64::from(sample_rate))
}

/// Below this a falling level is silence: far below any scale, far above denormal numbers.
const SILENCE: f64 = 1e-30;
