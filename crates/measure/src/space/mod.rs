//! How a stereo sound lies in space: how alike its channels are, how wide, and what a mono loudspeaker loses.
//!
//! * [`Space`]: correlation, balance and width over time and on the whole; the same, and the phase between the
//!   channels, for each third of an octave; the bands that stay turned against each other.
//! * [`Goniometer`]: the picture of a sound in the plane of its channels, mono upright.
//! * [`CorrelationMeter`]: the needle of a correlation meter.
//!
//! Three figures say how wide a sound is. **Correlation** is 1 when the channels are alike, 0 when they have nothing in
//! common or only one sounds, −1 when one is the other turned. **Width** is the power of the side (L − R) / 2 over that
//! of the middle (L + R) / 2 in dB: −∞ for mono, 0 for unrelated channels, above it where they are turned. **Mono loss**
//! is what the mono sum (L + R) / 2 loses against the mean power of the channels: 0 dB for mono, 3 dB for unrelated
//! channels or a hard-panned one, everything for turned ones.

mod bands;
mod goniometer;
mod needle;
#[cfg(test)]
mod tests;

use serde::Serialize;

pub(crate) use bands::BandSums;
pub use bands::{Against, BandSpace};
pub use goniometer::{Goniometer, GoniometerMeter};
pub use needle::CorrelationMeter;

use crate::fold::{Folded, add};

/// Powers below this (−120 dBFS) are silence, of which nothing is said.
pub(crate) const SILENT: f64 = 1e-12;

/// How a stereo sound lies in space.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Space {
    /// Correlation of the whole, −1 to 1. `None` when a channel is silent throughout.
    pub correlation: Option<f64>,
    /// The right channel's power over the left's in dB: positive leans right. `None` when a channel is silent.
    pub balance_db: Option<f64>,
    /// Side over middle in dB. `None` when either is silent.
    pub width_db: Option<f64>,
    /// What a mono sum loses, in dB. `None` in silence or when nothing is left of it.
    pub mono_loss_db: Option<f64>,
    /// Side over middle below 120 Hz in dB: −∞ (`None`) is what vinyl and clubs like. `None` also where there is nothing.
    pub low_width_db: Option<f64>,
    /// The same over time.
    pub history: SpaceHistory,
    /// The same for each third of an octave.
    pub bands: Vec<BandSpace>,
    /// Where a band stays turned (correlation below −0.3) for two seconds or more, in order of time.
    pub against: Vec<Against>,
    /// The picture in the plane of the channels.
    pub goniometer: Goniometer,
}

/// Correlation, balance and width over time: at most 2048 points for any length. `None` where it is silent.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SpaceHistory {
    /// The time between points, over which each is taken; the last may span less.
    pub frames_per_point: u64,
    /// Correlation.
    pub correlation: Vec<Option<f32>>,
    /// Right over left in dB.
    pub balance_db: Vec<Option<f32>>,
    /// Side over middle in dB.
    pub width_db: Vec<Option<f32>>,
}

/// Powers of both channels and their product, over the same time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Pair {
    pub(crate) left: f64,
    pub(crate) right: f64,
    pub(crate) both: f64,
}

impl Pair {
    pub(crate) fn correlation(self) -> Option<f64> {
        let heard = self.left > SILENT && self.right > SILENT;
        heard.then(|| (self.both / (self.left * self.right).sqrt()).clamp(-1.0, 1.0))
    }

    pub(crate) fn balance_db(self) -> Option<f64> {
        ratio(self.right, self.left)
    }

    pub(crate) fn mid(self) -> f64 {
        0.25 * (self.left + self.right + 2.0 * self.both)
    }

    pub(crate) fn side(self) -> f64 {
        0.25 * (self.left + self.right - 2.0 * self.both)
    }

    pub(crate) fn width_db(self) -> Option<f64> {
        ratio(self.side(), self.mid())
    }

    pub(crate) fn mono_loss_db(self) -> Option<f64> {
        ratio(0.5 * (self.left + self.right), self.mid())
    }
}

/// Decibels between two powers; `None` when either is silent.
pub(crate) fn ratio(above: f64, below: f64) -> Option<f64> {
    (above > SILENT && below > SILENT).then(|| 10.0 * (above / below).log10())
}

/// The sums behind the history.
pub(crate) struct SpaceSums {
    unit: usize,
    history: Folded,
    total: Pair,
    frames: u64,
}

impl SpaceSums {
    /// `unit`: frames between the finest points.
    pub(crate) fn new(unit: usize) -> Self {
        SpaceSums { unit, history: Folded::new(3, 2048, add), total: Pair::default(), frames: 0 }
    }

    /// One unit of sound; the last may be shorter.
    pub(crate) fn push(&mut self, left: &[f32], right: &[f32]) {
        let [ll, rr, lr] = products(left, right);
        self.history.push(&[ll, rr, lr]);
        self.total = Pair { left: self.total.left + ll, right: self.total.right + rr, both: self.total.both + lr };
        self.frames += left.len() as u64;
    }

    pub(crate) fn total(&self) -> Pair {
        let n = self.frames.max(1) as f64;
        Pair { left: self.total.left / n, right: self.total.right / n, both: self.total.both / n }
    }

    pub(crate) fn history(&self) -> SpaceHistory {
        let mut history =
            SpaceHistory { frames_per_point: (self.unit * self.history.span()) as u64, ..SpaceHistory::default() };
        for (k, sums) in self.history.entries().enumerate() {
            let begins = k as u64 * history.frames_per_point;
            let frames = history.frames_per_point.min(self.frames - begins).max(1) as f64;
            let pair = Pair { left: sums[0] / frames, right: sums[1] / frames, both: sums[2] / frames };
            history.correlation.push(pair.correlation().map(|v| v as f32));
            history.balance_db.push(pair.balance_db().map(|v| v as f32));
            history.width_db.push(pair.width_db().map(|v| v as f32));
        }
        history
    }
}

/// Σ l², Σ r², Σ l·r, each in eight interleaved parts.
#[multiversion::multiversion(targets("x86_64+avx2", "x86_64+avx512f+avx512dq+avx512vl+avx512bw"))]
pub(crate) fn products(left: &[f32], right: &[f32]) -> [f64; 3] {
    let mut parts = [[0.0f64; 8]; 3];
    for (l, r) in left.chunks(8).zip(right.chunks(8)) {
        for (n, (l, r)) in l.iter().zip(r).enumerate() {
            let (l, r) = (f64::from(*l), f64::from(*r));
            parts[0][n] += l * l;
            parts[1][n] += r * r;
            parts[2][n] += l * r;
        }
    }
    parts.map(|p| p.iter().sum())
}
