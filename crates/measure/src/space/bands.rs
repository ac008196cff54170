//! Space band by band, and the bands that stay turned.

use realfft::num_complex::Complex32;
use serde::Serialize;

use super::{Pair, SILENT};
use crate::spectrum::{Band, Division, Rows};
use crate::stft::Shape;

/// Below this correlation a band is turned.
const TURNED: f64 = -0.3;
/// It must stay so for so long, in seconds.
const LASTING_S: f64 = 2.0;
/// Correlation of a band is taken over so many independent values (bandwidth × time), so that chance stays within
/// ±0.09 (one standard deviation).
const VALUES: f64 = 60.0;
/// And over at least so long, in seconds.
const BLOCK_S: f64 = 1.0;
/// A band this far below the whole sound is not worth a word.
const FAINT: f64 = 1e-4;
/// Stretches kept per band.
const KEPT: usize = 64;

/// How a third of an octave lies in space.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct BandSpace {
    /// The band.
    pub band: Band,
    /// Its mean square in dB (mean of both channels); −200 in silence.
    pub level_db: f64,
    /// Side over middle in dB; `None` when either is silent.
    pub width_db: Option<f64>,
    /// Correlation; `None` when a channel is silent.
    pub correlation: Option<f64>,
    /// How far the left channel's phase is ahead of the right's, −180 to 180 degrees, where they have something in common.
    pub phase_degrees: Option<f64>,
    /// How much they have in common at any phase (coherence over the band), 0 to 1.
    pub coherence: Option<f64>,
    /// Right over left in dB.
    pub balance_db: Option<f64>,
    /// What a mono sum loses in dB.
    pub mono_loss_db: Option<f64>,
    /// The share of the time that it sounds in which it is turned (correlation below −0.3), 0 to 1.
    pub turned: f64,
}

/// A stretch of time in which a band is turned against itself: left pushes while right pulls.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Against {
    /// The band.
    pub band: Band,
    /// When it begins, in seconds.
    pub from_s: f64,
    /// When it ends.
    pub to_s: f64,
    /// Correlation over this time.
    pub correlation: f64,
    /// Level over this time in dB.
    pub level_db: f64,
}

/// The sums of all bands.
pub(crate) struct BandSums {
    shape: Shape,
    sample_rate: u32,
    bands: Vec<Sums>,
    rows: Rows,
    windows: u64,
}

#[derive(Clone)]
struct Sums {
    band: Band,
    /// Windows in a block.
    block: u64,
    now: [f64; 3],
    in_block: u64,
    turned: u64,
    sounding: u64,
    /// The stretch under way: its first window, and its sums.
    running: Option<(u64, [f64; 3])>,
    stretches: Vec<Against>,
}

impl BandSums {
    pub(crate) fn new(shape: Shape, sample_rate: u32) -> Self {
        let bands = Division::Thirds.bands(sample_rate);
        let limits: Vec<(f64, f64)> =
            bands.iter().map(|b| (shape.bin(b.low_hz, sample_rate), shape.bin(b.high_hz, sample_rate))).collect();
        let hop_s = shape.hop as f64 / f64::from(sample_rate);
        let sums = |band: Band| Sums {
            band,
            block: ((VALUES / (band.high_hz - band.low_hz)).max(BLOCK_S) / hop_s).ceil() as u64,
            now: [0.0; 3],
            in_block: 0,
            turned: 0,
            sounding: 0,
            running: None,
            stretches: Vec::new(),
        };
        BandSums {
            shape,
            sample_rate,
            rows: Rows::new(&limits, shape.bins()),
            bands: bands.into_iter().map(sums).collect(),
            windows: 0,
        }
    }

    fn seconds(&self, window: u64) -> f64 {
        window as f64 * self.shape.hop as f64 / f64::from(self.sample_rate)
    }

    pub(crate) fn hear(&mut self, left: &[Complex32], right: &[Complex32]) {
        self.windows += 1;
        let scale = 0.5 / self.shape.window.noise_bandwidth();
        for k in 0..self.bands.len() {
            let (first, weights) = self.rows.row(k);
            let powers = powers(weights, &left[first..], &right[first..]).map(|p| p * scale);
            let sums = &mut self.bands[k];
            for (now, p) in sums.now.iter_mut().zip(powers) {
                *now += p;
            }
            sums.in_block += 1;
            if sums.in_block == sums.block {
                self.end_block(k);
            }
        }
    }

    fn end_block(&mut self, k: usize) {
        let (window, from) = (self.windows, self.windows - self.bands[k].in_block);
        let sums = &mut self.bands[k];
        let now = std::mem::take(&mut sums.now);
        let frames = std::mem::take(&mut sums.in_block);
        let pair = pair_of(now, frames);
        if pair.left + pair.right > SILENT {
            sums.sounding += frames;
        }
        if pair.correlation().is_some_and(|c| c < TURNED) {
            sums.turned += frames;
            let (_, running) = sums.running.get_or_insert((from, [0.0; 3]));
            for (r, n) in running.iter_mut().zip(now) {
                *r += n;
            }
        } else {
            self.end_stretch(k, window - frames);
        }
    }

    fn end_stretch(&mut self, k: usize, to: u64) {
        let Some((from, sums)) = self.bands[k].running.take() else { return };
        let (from_s, to_s) = (self.seconds(from), self.seconds(to));
        let pair = pair_of(sums, to - from);
        let band = &mut self.bands[k];
        if to_s - from_s < LASTING_S || band.stretches.len() == KEPT {
            return;
        }
        band.stretches.push(Against {
            band: band.band,
            from_s,
            to_s,
            correlation: pair.correlation().unwrap_or(0.0),
            level_db: crate::spectrum::db(0.5 * (pair.left + pair.right)),
        });
    }

    /// The bands on the whole, from the means of the gated windows (`[|L|², |R|², Re L·R*, Im L·R*]` per bin), and
    /// the stretches in which one is turned.
    pub(crate) fn finish(mut self, means: &[[f64; 4]]) -> (Vec<BandSpace>, Vec<Against>) {
        for k in 0..self.bands.len() {
            // A block that is half full at least is worth something.
            if 2 * self.bands[k].in_block >= self.bands[k].block {
                self.end_block(k);
            }
            let to = self.windows - self.bands[k].in_block;
            self.end_stretch(k, to);
        }
        let total: f64 = means.iter().map(|m| 0.5 * (m[0] + m[1])).sum();
        let mut spaces = Vec::new();
        let mut against = Vec::new();
        for (k, sums) in self.bands.iter().enumerate() {
            let (first, weights) = self.rows.row(k);
            let mut sum = [0.0; 4];
            for (w, mean) in weights.iter().zip(means.get(first..).unwrap_or_default()) {
                for (s, m) in sum.iter_mut().zip(mean) {
                    *s += w * m;
                }
            }
            let pair = Pair { left: sum[0], right: sum[1], both: sum[2] };
            let common = sum[2].hypot(sum[3]);
            let coherence = pair.correlation().map(|_| (common / (sum[0] * sum[1]).sqrt()).min(1.0));
            spaces.push(BandSpace {
                band: sums.band,
                level_db: crate::spectrum::db(0.5 * (pair.left + pair.right)),
                width_db: pair.width_db(),
                correlation: pair.correlation(),
                phase_degrees: coherence.filter(|c| *c > 0.1).map(|_| sum[3].atan2(sum[2]).to_degrees()),
                coherence,
                balance_db: pair.balance_db(),
                mono_loss_db: pair.mono_loss_db(),
                turned: sums.turned as f64 / sums.sounding.max(1) as f64,
            });
            let loud = |a: &&Against| a.level_db > crate::spectrum::db(total * FAINT);
            against.extend(sums.stretches.iter().filter(loud).copied());
        }
        against.sort_by(|a, b| a.from_s.total_cmp(&b.from_s));
        (spaces, against)
    }
}

fn pair_of(sums: [f64; 3], windows: u64) -> Pair {
    let n = windows.max(1) as f64;
    Pair { left: sums[0] / n, right: sums[1] / n, both: sums[2] / n }
}

fn powers(weights: &[f64], left: &[Complex32], right: &[Complex32]) -> [f64; 3] {
    let mut sums = [0.0; 3];
    for ((w, l), r) in weights.iter().zip(left).zip(right) {
        let (lr, li, rr, ri) = (f64::from(l.re), f64::from(l.im), f64::from(r.re), f64::from(r.im));
        sums[0] += w * (lr * lr + li * li);
        sums[1] += w * (rr * rr + ri * ri);
        sums[2] += w * (lr * rr + li * ri);
    }
    sums
}
