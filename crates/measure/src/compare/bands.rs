//! Two aligned recordings side by side: what cancels, what is left, and in which bands.

use realfft::num_complex::Complex64;
use serde::Serialize;
use tonmeister_core::{Buffer, Layout, View};

use crate::stft::{Shape, Stft, Window};

/// Bands are a third of an octave wide; their centers are 10^(n/10) Hz with n from 14 (25 Hz) to 43 (20 kHz)
/// (IEC 61260-1, base 10).
const BANDS: std::ops::RangeInclusive<i32> = 14..=43;
/// A band counts where it holds more than this of the whole, in power.
const CARRIES: f64 = 1e-12;

/// Hears two recordings that lie at the same place and at the same level, and says how they differ. See
/// [the module](super).
pub struct Comparer {
    layout: Layout,
    sample_rate: u32,
    frames: u64,
    energies: [f64; 2],
    product: f64,
    rest: f64,
    rest_peak: f32,
    transform: Stft<f64>,
    bins: Vec<Bin>,
    residual: Buffer,
}

/// Sums of one bin over all windows and channels.
#[derive(Clone, Copy, Default)]
struct Bin {
    powers: [f64; 2],
    cross: Complex64,
    rest: f64,
    mids: [f64; 2],
    sides: [f64; 2],
}

/// How two recordings differ. A value that does not exist (of silence, of mono) is `None`, `null` in JSON.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// How many frames were heard of both.
    pub frames: u64,
    /// What is left when the second is taken from the first, against the first: −60 is a thousandth. `None` when nothing
    /// at all is left, or the first is silent.
    pub null_db: Option<f64>,
    /// The same if the second were given the gain at which least is left.
    pub deepest_null_db: Option<f64>,
    /// That gain.
    pub deepest_gain_db: Option<f64>,
    /// Nothing at all is left: the recordings are the same to the last bit.
    pub identical: bool,
    /// The greatest sample of what is left.
    pub residual_peak_dbfs: Option<f64>,
    /// The normalized correlation of the two, −1 to 1.
    pub correlation: Option<f64>,
    /// Third-octave bands, those in which at least one of the two sounds.
    pub bands: Vec<BandDifference>,
}

/// How two recordings differ in one third of an octave.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct BandDifference {
    /// The band's center.
    pub hz: f64,
    /// The level of the first, in dBFS (RMS; a full-scale sine is −3.01).
    pub first_dbfs: Option<f64>,
    /// The level of the second.
    pub second_dbfs: Option<f64>,
    /// Second − first: what equalizer stands between them.
    pub difference_db: Option<f64>,
    /// The same of that part alone which follows the first in phase: with added noise, reverb or distortion it tells
    /// the equalizer from what was added.
    pub transfer_db: Option<f64>,
    /// How much of the second follows the first there, 0 to 1.
    pub coherence: Option<f64>,
    /// What is left there when the second is taken from the first, against the first.
    pub null_db: Option<f64>,
    /// Width (side over mid) of the first; `None` in mono.
    pub first_width_db: Option<f64>,
    /// Width of the second.
    pub second_width_db: Option<f64>,
}

impl Comparer {
    /// For two recordings of that rate and layout.
    pub fn new(sample_rate: u32, layout: Layout) -> Self {
        // A third of a second: a bin of 3 Hz, fine enough for the lowest band.
        let shape = Shape::spanning(0.33, 2, Window::Hann, sample_rate);
        Comparer {
            layout,
            sample_rate,
            frames: 0,
            energies: [0.0; 2],
            product: 0.0,
            rest: 0.0,
            rest_peak: 0.0,
            transform: Stft::new(shape, 2 * layout.channels()),
            bins: vec![Bin::default(); shape.bins()],
            residual: Buffer::new(layout, 0),
        }
    }

    /// The next frames of both; `residual` gets first − second.
    ///
    /// # Panics
    /// When the two differ in length or in layout: faults of the caller.
    pub fn push(&mut self, first: View<'_>, second: View<'_>, residual: impl FnOnce(View<'_>)) {
        let (frames, channels) = (first.frames(), self.layout.channels());
        assert_eq!(frames, second.frames(), "both recordings advance together");
        if self.residual.frames() < frames {
            self.residual = Buffer::new(self.layout, frames);
        }
        for channel in 0..channels {
            let pair = first.channel(channel).iter().zip(second.channel(channel));
            for (rest, (a, b)) in self.residual.channel_mut(channel).iter_mut().zip(pair) {
                let (x, y) = (f64::from(*a), f64::from(*b));
                let left = x - y;
                self.energies[0] += x * x;
                self.energies[1] += y * y;
                self.product += x * y;
                self.rest += left * left;
                *rest = left as f32;
                self.rest_peak = self.rest_peak.max(rest.abs());
            }
        }
        residual(self.residual.view(frames));
        let all: Vec<&[f32]> = first.channels().chain(second.channels()).collect();
        let bins = &mut self.bins;
        self.transform.push_channels(&all, |_, spectra| add(bins, channels, spectra));
        self.frames += frames as u64;
    }

    /// What was found.
    pub fn finish(mut self) -> Difference {
        let (channels, bins) = (self.layout.channels(), &mut self.bins);
        self.transform.finish(|_, spectra| add(bins, channels, spectra));
        let [first, second] = self.energies;
        let against_first = |rest: f64| (first > 0.0 && rest > 0.0).then(|| 10.0 * (rest / first).log10());
        let best = (second > 0.0 && self.product != 0.0).then(|| self.product / second);
        // In this form nothing is lost to rounding when nearly nothing is left.
        let deepest = best.map(|gain| {
            let off = gain - 1.0;
            (self.rest - off * off * second).max(0.0)
        });
        Difference {
            frames: self.frames,
            null_db: against_first(self.rest),
            deepest_null_db: deepest.and_then(against_first),
            deepest_gain_db: best.map(|gain| 20.0 * gain.abs().log10()),
            identical: self.rest == 0.0,
            residual_peak_dbfs: (self.rest_peak > 0.0).then(|| 20.0 * f64::from(self.rest_peak).log10()),
            correlation: (first > 0.0 && second > 0.0).then(|| self.product / (first * second).sqrt()),
            bands: self.bands(),
        }
    }

    fn bands(&self) -> Vec<BandDifference> {
        let shape = self.transform.shape();
        // From |X|² to the mean square it stands for, the mean over all windows being taken by total power: Parseval.
        let total: f64 = self.bins.iter().map(|bin| bin.powers[0] + bin.powers[1]).sum();
        let mean_square = (self.energies[0] + self.energies[1]) / self.frames.max(1) as f64;
        let scale = if total > 0.0 { mean_square / total } else { 0.0 };
        let floor = CARRIES * total;
        let decibels = |x: f64| 10.0 * x.log10();
        let over = |x: f64, y: f64| (x > floor && y > floor).then(|| decibels(x / y));
        let band = |n: i32| {
            let hz = |n: f64| 10f64.powf(n / 10.0);
            let n = f64::from(n);
            let edges = [hz(n - 0.5), hz(n + 0.5)].map(|hz| shape.bin(hz, self.sample_rate));
            let mut sum = Bin::default();
            // What follows the first, per bin: the cross-spectrum's square over the first's power.
            let mut follows = 0.0;
            let last = (edges[1] + 0.5).floor().min((self.bins.len() - 1) as f64) as usize;
            for k in (edges[0] + 0.5).floor() as usize..=last {
                let share = (edges[1].min(k as f64 + 0.5) - edges[0].max(k as f64 - 0.5)).max(0.0);
                let bin = &self.bins[k];
                for side in 0..2 {
                    sum.powers[side] += share * bin.powers[side];
                    sum.mids[side] += share * bin.mids[side];
                    sum.sides[side] += share * bin.sides[side];
                }
                sum.rest += share * bin.rest;
                if bin.powers[0] > 0.0 {
                    follows += share * bin.cross.norm_sqr() / bin.powers[0];
                }
            }
            let sounds = sum.powers[0].max(sum.powers[1]) > floor;
            let level = |power: f64| (power > floor).then(|| decibels(power * scale / self.layout.channels() as f64));
            sounds.then(|| BandDifference {
                hz: hz(n),
                first_dbfs: level(sum.powers[0]),
                second_dbfs: level(sum.powers[1]),
                difference_db: over(sum.powers[1], sum.powers[0]),
                transfer_db: over(follows, sum.powers[0]),
                coherence: (sum.powers[1] > floor).then(|| (follows / sum.powers[1]).clamp(0.0, 1.0)),
                null_db: (sum.powers[0] > floor && sum.rest > 0.0).then(|| decibels(sum.rest / sum.powers[0])),
                first_width_db: over(sum.sides[0], sum.mids[0]),
                second_width_db: over(sum.sides[1], sum.mids[1]),
            })
        };
        BANDS.filter_map(band).collect()
    }
}

/// Adds the spectra of one window: the first's channels, then the second's.
fn add(bins: &mut [Bin], channels: usize, spectra: &[Vec<Complex64>]) {
    for (k, bin) in bins.iter_mut().enumerate() {
        for channel in 0..channels {
            let (a, b) = (spectra[channel][k], spectra[channels + channel][k]);
            bin.powers[0] += a.norm_sqr();
            bin.powers[1] += b.norm_sqr();
            bin.cross += a.conj() * b;
            bin.rest += (a - b).norm_sqr();
        }
        if channels == 2 {
            for side in 0..2 {
                let (left, right) = (spectra[2 * side][k], spectra[2 * side + 1][k]);
                bin.mids[side] += (left + right).norm_sqr();
                bin.sides[side] += (left - right).norm_sqr();
            }
        }
    }
}
