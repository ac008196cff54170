//! The long-term average spectrum.

use realfft::num_complex::Complex32;
use serde::Serialize;
use tonmeister_core::{Layout, View};

use super::db;
use super::rows::Rows;
use crate::stft::{Shape, Stft, Window};

/// Windows of about this length: bins are 2.9 Hz apart at 48 kHz.
pub(crate) const WINDOW_S: f64 = 0.34;
/// How many windows lie over each frame.
pub(crate) const OVERLAP: usize = 4;
/// Windows with less than this mean square (−70 dBFS) are pauses.
const PAUSE: f64 = 1e-7;
/// Windows are gathered by level, in classes of so many dB, until the gate is known.
const CLASS_DB: f64 = 5.0;
const CLASSES: usize = 16;
/// The gate: so far below the mean of all that is no pause.
const GATE_DB: f64 = -10.0;

/// The long-term average spectrum of a sound: its channels, and of stereo their middle (L + R) / 2 and side
/// (L − R) / 2. Powers are averaged, not decibels, over all windows that are loud enough: above −70 dBFS, and not more
/// than 10 to 15 dB below the mean of those.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LongTerm {
    /// Left, or the only channel.
    pub left: Spectrum,
    /// Right; `None` for mono.
    pub right: Option<Spectrum>,
    /// The middle; `None` for mono.
    pub mid: Option<Spectrum>,
    /// The side; `None` for mono.
    pub side: Option<Spectrum>,
    /// The share of windows that were counted, 0 to 1.
    pub counted: f64,
}

/// A power spectrum.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Spectrum {
    /// How far bins lie apart; the first is at 0 Hz, the last at half the sample rate.
    pub bin_hz: f64,
    /// The window it was heard through.
    pub window: Window,
    /// The mean square that each bin adds to the whole.
    pub mean_square: Vec<f64>,
}

/// How much a curve is smoothed: each point is the mean power over a band of that width around it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Smoothing {
    /// A twenty-fourth of an octave: about the distance of the points.
    None,
    /// A twelfth of an octave: one semitone.
    Twelfth,
    /// A sixth: what a trained ear still tells apart.
    #[default]
    Sixth,
    /// A third: about how wide the ear's own filters are.
    Third,
    /// An octave: the tone of the whole.
    Octave,
}

impl Smoothing {
    /// The width in octaves.
    pub fn octaves(self) -> f64 {
        match self {
            Smoothing::None => 1.0 / 24.0,
            Smoothing::Twelfth => 1.0 / 12.0,
            Smoothing::Sixth => 1.0 / 6.0,
            Smoothing::Third => 1.0 / 3.0,
            Smoothing::Octave => 1.0,
        }
    }
}

/// A spectrum as it is drawn: a point each twenty-fourth of an octave, 1 kHz among them, from 20 Hz to 20 kHz or half
/// the sample rate.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Curve {
    /// Frequencies.
    pub hz: Vec<f64>,
    /// Power density at each, in dB: mean square per hertz. A full-scale sine is −3.01 dB altogether, white noise of
    /// −20 dBFS is at −63.8 dB everywhere (48 kHz).
    pub db: Vec<f64>,
}

impl Spectrum {
    /// The mean square in a band.
    pub fn band(&self, low_hz: f64, high_hz: f64) -> f64 {
        let rows = Rows::new(&[(low_hz / self.bin_hz, high_hz / self.bin_hz)], self.mean_square.len());
        rows.power(0, &self.mean_square)
    }

    /// The mean square of everything.
    pub fn total(&self) -> f64 {
        self.mean_square.iter().sum()
    }

    /// The curve to be drawn. `tilt_db_per_octave` lifts what lies above 1 kHz and lowers what lies below: 0 shows
    /// the density as it is, with 3 pink noise is level, with 4.5 much of today's music nearly is.
    pub fn curve(&self, smoothing: Smoothing, tilt_db_per_octave: f64) -> Curve {
        let top_hz = (self.bin_hz * self.mean_square.len().saturating_sub(1) as f64).min(20_100.0);
        let point = |k: i32| 1000.0 * (f64::from(k) / 24.0).exp2();
        let hz: Vec<f64> = (-135..=104).map(point).filter(|hz| *hz < top_hz).collect();
        let half = (smoothing.octaves() / 2.0).exp2();
        let bands: Vec<(f64, f64)> = hz.iter().map(|hz| (hz / half / self.bin_hz, hz * half / self.bin_hz)).collect();
        let rows = Rows::new(&bands, self.mean_square.len());
        let level = |(k, hz): (usize, &f64)| {
            let (low, high) = bands[k];
            let high = high.min(self.mean_square.len() as f64 - 0.5);
            db(rows.power(k, &self.mean_square) / ((high - low) * self.bin_hz))
                + tilt_db_per_octave * (hz / 1000.0).log2()
        };
        let db = hz.iter().enumerate().map(level).collect();
        Curve { hz, db }
    }

    /// The strongest tone near a frequency (within ±3 % or ±3 bins): its frequency and its level, 20 log₁₀ of its
    /// amplitude. Right to 0.1 dB where nothing near disturbs. `None` when nothing stands out there.
    pub fn tone_near(&self, hz: f64) -> Option<(f64, f64)> {
        let reach = (0.03 * hz / self.bin_hz).max(3.0);
        let middle = hz / self.bin_hz;
        let last = self.mean_square.len().saturating_sub(2);
        let from = ((middle - reach).floor().max(1.0) as usize).min(last);
        let to = ((middle + reach).ceil() as usize).min(last);
        let p = &self.mean_square;
        let top = (from..=to)
            .filter(|k| *k > 0 && p[*k] > 0.0 && p[*k] >= p[*k - 1] && p[*k] >= p[*k + 1])
            .max_by(|a, b| p[*a].total_cmp(&p[*b]))?;
        let (offset, power) = self.window.tone(p[top - 1], p[top], p[top + 1]);
        // A bin's mean square is |X|² / 2 over the noise bandwidth.
        let amplitude_squared = power * 2.0 * self.window.noise_bandwidth();
        Some(((top as f64 + offset) * self.bin_hz, db(amplitude_squared)))
    }
}

/// Sums behind [`LongTerm`], class by class of level: |L|², |R|², Re L·R*, Im L·R*.
pub(crate) struct LongTermSums {
    shape: Shape,
    stereo: bool,
    classes: Vec<Class>,
    /// As long as no window lay wholly within the sound.
    edge: Option<Class>,
    windows: u64,
}

#[derive(Clone, Default)]
struct Class {
    weight: f64,
    power: f64,
    windows: u64,
    /// Four numbers a bin, or one for mono.
    sums: Vec<f64>,
}

/// What the gated windows hold on average, per bin: mean squares and cross powers in the same measure.
pub(crate) struct Means {
    pub(crate) bin_hz: f64,
    /// `[|L|², |R|², Re L·R*, Im L·R*]`; for mono the last three are 0.
    pub(crate) bins: Vec<[f64; 4]>,
    pub(crate) counted: f64,
}

impl LongTermSums {
    pub(crate) fn new(shape: Shape, stereo: bool) -> Self {
        LongTermSums {
            shape,
            stereo,
            classes: vec![Class::default(); CLASSES],
            edge: Some(Class::default()),
            windows: 0,
        }
    }

    /// Adds a window. `covered`: the share of the window's energy that lies over the sound; 1 for whole windows.
    pub(crate) fn hear(&mut self, spectra: &[Vec<Complex32>], covered: f64) {
        let whole = covered > 1.0 - 1e-9;
        if !whole && self.edge.is_none() {
            return;
        }
        let scale = 0.5 / self.shape.window.noise_bandwidth();
        let power: f64 = spectra
            .iter()
            .map(|s| {
                s.iter().map(|x| f64::from(x.re) * f64::from(x.re) + f64::from(x.im) * f64::from(x.im)).sum::<f64>()
            })
            .sum::<f64>()
            * scale;
        let class = if whole {
            self.edge = None;
            self.windows += 1;
            let mean = power / spectra.len() as f64;
            if mean < PAUSE {
                return;
            }
            let class = ((db(mean) - db(PAUSE)) / CLASS_DB) as usize;
            &mut self.classes[class.min(CLASSES - 1)]
        } else {
            match &mut self.edge {
                Some(edge) => edge,
                None => return,
            }
        };
        class.weight += covered;
        class.power += power;
        class.windows += 1;
        let per_bin = if self.stereo { 4 } else { 1 };
        class.sums.resize(per_bin * self.shape.bins(), 0.0);
        match spectra {
            [left, right, ..] => add_pair(&mut class.sums, left, right),
            [only] => {
                for (sum, x) in class.sums.iter_mut().zip(only) {
                    *sum += f64::from(x.re) * f64::from(x.re) + f64::from(x.im) * f64::from(x.im);
                }
            }
            [] => {}
        }
    }

    pub(crate) fn means(&self, sample_rate: u32) -> Means {
        let all_weight: f64 = self.classes.iter().map(|c| c.weight).sum();
        let all_power: f64 = self.classes.iter().map(|c| c.power).sum();
        let channels = if self.stereo { 2.0 } else { 1.0 };
        let gate = db(all_power / all_weight.max(1.0) / channels) + GATE_DB - db(PAUSE);
        let first = if gate > 0.0 { ((gate / CLASS_DB) as usize).min(CLASSES - 1) } else { 0 };
        let heard: Vec<&Class> = match &self.edge {
            Some(edge) => vec![edge],
            None => self.classes[first..].iter().filter(|c| c.windows > 0).collect(),
        };
        let weight: f64 = heard.iter().map(|c| c.weight).sum();
        let mut bins = vec![[0.0; 4]; self.shape.bins()];
        let per_bin = if self.stereo { 4 } else { 1 };
        for class in &heard {
            for (bin, sums) in bins.iter_mut().zip(class.sums.chunks_exact(per_bin)) {
                for (b, s) in bin.iter_mut().zip(sums) {
                    *b += s;
                }
            }
        }
        let last = bins.len() - 1;
        for (k, bin) in bins.iter_mut().enumerate() {
            let mirrored = if k == 0 || k == last { 0.25 } else { 0.5 };
            let scale = if weight > 0.0 { mirrored / self.shape.window.noise_bandwidth() / weight } else { 0.0 };
            *bin = bin.map(|b| b * scale);
        }
        let windows: u64 = heard.iter().map(|c| c.windows).sum();
        let counted = if self.edge.is_some() { 1.0 } else { windows as f64 / self.windows.max(1) as f64 };
        Means { bin_hz: self.shape.hz(1.0, sample_rate), bins, counted }
    }
}

#[multiversion::multiversion(targets("x86_64+avx2", "x86_64+avx512f+avx512dq+avx512vl+avx512bw"))]
fn add_pair(sums: &mut [f64], left: &[Complex32], right: &[Complex32]) {
    for ((sum, l), r) in sums.chunks_exact_mut(4).zip(left).zip(right) {
        let (lr, li, rr, ri) = (f64::from(l.re), f64::from(l.im), f64::from(r.re), f64::from(r.im));
        sum[0] += lr * lr + li * li;
        sum[1] += rr * rr + ri * ri;
        sum[2] += lr * rr + li * ri;
        sum[3] += li * rr - lr * ri;
    }
}

impl LongTerm {
    pub(crate) fn of(means: &Means, stereo: bool, window: Window) -> Self {
        let spectrum = |power: fn(&[f64; 4]) -> f64| Spectrum {
            bin_hz: means.bin_hz,
            window,
            mean_square: means.bins.iter().map(|b| power(b).max(0.0)).collect(),
        };
        let second = |power| stereo.then(|| spectrum(power));
        LongTerm {
            left: spectrum(|b| b[0]),
            right: second(|b| b[1]),
            mid: second(|b| 0.25 * (b[0] + b[1] + 2.0 * b[2])),
            side: second(|b| 0.25 * (b[0] + b[1] - 2.0 * b[2])),
            counted: means.counted,
        }
    }

    /// The mean of the channels' powers: what the loudspeakers radiate together, per channel. Unlike the middle it does
    /// not lose what is out of phase.
    pub fn both(&self) -> Spectrum {
        let mut both = self.left.clone();
        if let Some(right) = &self.right {
            for (b, r) in both.mean_square.iter_mut().zip(&right.mean_square) {
                *b = 0.5 * (*b + r);
            }
        }
        both
    }
}

/// Measures a [`LongTerm`] alone. A [portrait](crate::portrait) holds it along with the rest.
pub struct LongTermMeter {
    sample_rate: u32,
    stft: Stft<f32>,
    sums: LongTermSums,
    frames: u64,
}

impl LongTermMeter {
    /// Ready for the first frame.
    pub fn new(sample_rate: u32, layout: Layout) -> Self {
        let shape = Shape::spanning(WINDOW_S, OVERLAP, Window::Hann, sample_rate);
        LongTermMeter {
            sample_rate,
            stft: Stft::new(shape, layout.channels()),
            sums: LongTermSums::new(shape, layout == Layout::Stereo),
            frames: 0,
        }
    }

    /// Hears more.
    ///
    /// # Panics
    /// When the layout is not the one it was built for.
    pub fn push(&mut self, view: View<'_>) {
        self.frames += view.frames() as u64;
        let sums = &mut self.sums;
        let hear = |_: u64, spectra: &[Vec<Complex32>]| sums.hear(spectra, 1.0);
        match view.layout() {
            Layout::Mono => self.stft.push_channels(&[view.channel(0)], hear),
            Layout::Stereo => self.stft.push_channels(&[view.channel(0), view.channel(1)], hear),
        }
    }

    /// The spectrum of all that was heard.
    pub fn finish(mut self) -> LongTerm {
        let shape = self.stft.shape();
        let (sums, frames) = (&mut self.sums, self.frames);
        self.stft.finish(|start, spectra| sums.hear(spectra, covered(shape, start as i64, frames)));
        LongTerm::of(&self.sums.means(self.sample_rate), self.sums.stereo, shape.window)
    }
}

/// The share of a window's energy that lies over the sound, when the window begins at `start`.
pub(crate) fn covered(shape: Shape, start: i64, frames: u64) -> f64 {
    let (size, end) = (shape.size as i64, frames as i64 - start);
    if start >= 0 && end >= size {
        return 1.0;
    }
    let energy = |n: i64| shape.window.at(n as f64 / size as f64).powi(2);
    let over: f64 = ((-start).max(0)..end.min(size)).map(energy).sum();
    over / (0..size).map(energy).sum::<f64>()
}

#[cfg(test)]
mod tests;
