//! The filter bank of a third-octave analyzer.

use std::f64::consts::{FRAC_PI_2, PI};

use realfft::num_complex::Complex64;
use serde::Serialize;
use tonmeister_core::{Layout, View};
use tonmeister_dsp::biquad::{Biquad, Cascade};

use super::bands::{Band, Division};
use super::db;
use crate::fold::{Folded, add};

/// Sound is heard in tiles of so many frames.
const TILE: usize = 1024;
/// At most so many columns of the history.
const COLUMNS: usize = 1024;
/// Poles, at least, of the low-pass that each band-pass is made from: the filters are of twice this order.
const ORDER: usize = 8;
/// The sound is halved in rate so often, and a band is heard at the lowest rate that has its upper edge below a fifth.
const STAGES: usize = 6;
const EDGE: f64 = 0.2;
/// Filters ring on for so long behind the end, in seconds.
const RINGING_S: f64 = 1.0;

/// Levels in thirds of octaves, or in octaves.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BandLevels {
    /// How wide the bands are.
    pub division: Division,
    /// The bands, from low to high.
    pub bands: Vec<Band>,
    /// Of each channel, the mean square in each band over the whole length in dB; a full-scale sine reads −3.01, silence
    /// −200.
    pub channels: Vec<Vec<f64>>,
    /// The same over time.
    pub history: BandHistory,
}

/// Band levels over time, the mean of the channels: at most 1024 columns for any length.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BandHistory {
    /// The length of a column; the last may be shorter.
    pub frames_per_column: u64,
    /// How many columns there are.
    pub columns: usize,
    /// Mean square in dB, column after column, each from low to high. A filter answers the later the narrower it is:
    /// by 0.3 s at 20 Hz, 6 ms at 1 kHz.
    pub db: Vec<f32>,
}

impl BandLevels {
    /// The mean power of the channels in each band, in dB.
    pub fn both(&self) -> Vec<f64> {
        let mean = |k: usize| {
            let sum: f64 = self.channels.iter().map(|c| power(c[k])).sum();
            db(sum / self.channels.len().max(1) as f64)
        };
        (0..self.bands.len()).map(mean).collect()
    }

    /// Octaves out of thirds: the sum of three is within the standard's limits for an octave as well.
    pub fn octaves(&self) -> BandLevels {
        if self.division == Division::Octaves {
            return self.clone();
        }
        // The middles of the octaves among the thirds: 31.5, 63, …
        let middles: Vec<usize> = (2..self.bands.len().saturating_sub(1)).step_by(3).collect();
        let sum = |levels: &[f64]| {
            middles.iter().map(|k| db(levels[k - 1..=k + 1].iter().map(|l| power(*l)).sum())).collect()
        };
        let columns = self.history.db.chunks_exact(self.bands.len().max(1));
        let column = |column: &[f32]| -> Vec<f64> { sum(&column.iter().map(|v| f64::from(*v)).collect::<Vec<_>>()) };
        let band = |k: &usize| Band {
            nominal_hz: self.bands[*k].nominal_hz,
            center_hz: self.bands[*k].center_hz,
            low_hz: self.bands[k - 1].low_hz,
            high_hz: self.bands[k + 1].high_hz,
        };
        BandLevels {
            division: Division::Octaves,
            bands: middles.iter().map(band).collect(),
            channels: self.channels.iter().map(|c| sum(c)).collect(),
            history: BandHistory {
                frames_per_column: self.history.frames_per_column,
                columns: self.history.columns,
                db: columns.flat_map(column).map(|v| v as f32).collect(),
            },
        }
    }
}

/// The power of a level.
pub(crate) fn power(db: f64) -> f64 {
    10f64.powf(db / 10.0)
}

/// Measures levels in thirds of octaves with a bank of Butterworth band-passes of the sixteenth order or more (IEC 61260-1, class
/// 1: base-10 middles, half power at the edges), over time and on the whole.
///
/// The sum of all bands is the power of the sound, within 0.2 dB for a tone of any frequency (which filters of the
/// sixth order, enough for the class, would miss). A band whose upper edge lies above half the sample rate (20 kHz at 44.1 kHz) holds
/// what there is of it. Low bands are heard at a lower rate, behind half-band
/// filters that keep 100 dB away what would fold.
pub struct BandMeter {
    layout: Layout,
    bands: Vec<Band>,
    filters: Vec<Filter>,
    halvers: Vec<Halver>,
    /// The tile at each rate, per channel.
    stages: Vec<[Vec<f32>; 2]>,
    energies: Vec<f64>,
    totals: Vec<f64>,
    history: Folded,
    /// What was pushed and not yet heard.
    tile: [Vec<f32>; 2],
    frames: u64,
    ringing: usize,
}

struct Filter {
    stage: usize,
    cascade: Cascade,
}

impl BandMeter {
    /// Ready for the first frame.
    pub fn new(sample_rate: u32, layout: Layout) -> Self {
        let bands = Division::Thirds.bands(sample_rate);
        let rate = f64::from(sample_rate);
        let lowest =
            |band: &Band| (0..=STAGES).rev().find(|s| band.high_hz <= EDGE * rate / (1u64 << s) as f64).unwrap_or(0);
        let mut steepness = 0.0;
        let filter = |band: &Band| {
            let stage = lowest(band);
            let sections = sections(band, rate / (1u64 << stage) as f64, &mut steepness);
            Filter { stage, cascade: Cascade::new(&sections, layout) }
        };
        let filters: Vec<Filter> = bands.iter().map(filter).collect();
        let deepest = filters.iter().map(|f| f.stage).max().unwrap_or(0);
        let width = bands.len() * layout.channels();
        BandMeter {
            layout,
            filters,
            halvers: (0..deepest * 2).map(|_| Halver::new()).collect(),
            stages: vec![[Vec::with_capacity(TILE), Vec::with_capacity(TILE)]; deepest + 1],
            energies: vec![0.0; width],
            totals: vec![0.0; width],
            history: Folded::new(bands.len(), COLUMNS, add),
            bands,
            tile: [Vec::with_capacity(TILE), Vec::with_capacity(TILE)],
            frames: 0,
            ringing: (RINGING_S * rate).ceil() as usize,
        }
    }

    /// Hears more. Samples that are no numbers are heard as silence.
    ///
    /// # Panics
    /// When the layout is not the one it was built for.
    pub fn push(&mut self, view: View<'_>) {
        assert_eq!(view.layout(), self.layout, "the layout it was built for");
        let mut at = 0;
        while at < view.frames() {
            let taken = (TILE - self.tile[0].len()).min(view.frames() - at);
            for (tile, channel) in self.tile.iter_mut().zip(view.channels()) {
                tile.extend(channel[at..at + taken].iter().map(|x| if x.is_finite() { *x } else { 0.0 }));
            }
            at += taken;
            if self.tile[0].len() == TILE {
                self.hear();
            }
        }
    }

    /// Hears the tile.
    fn hear(&mut self) {
        self.frames += self.tile[0].len() as u64;
        self.filter();
        self.tile.iter_mut().for_each(Vec::clear);
        let channels = self.layout.channels();
        // Both channels together into the history, each by itself into the totals.
        let bands = self.bands.len();
        for (total, energy) in self.totals.iter_mut().zip(&self.energies) {
            *total += energy;
        }
        if channels == 2 {
            let (left, right) = self.energies.split_at_mut(bands);
            add(left, right);
        }
        self.history.push(&self.energies[..bands]);
    }

    /// The energies of the tile, channel after channel.
    fn filter(&mut self) {
        let channels = self.layout.channels();
        for c in 0..channels {
            self.stages[0][c].clear();
            self.stages[0][c].extend_from_slice(&self.tile[c]);
            for s in 1..self.stages.len() {
                let (before, after) = self.stages.split_at_mut(s);
                self.halvers[2 * (s - 1) + c].run(&before[s - 1][c], &mut after[0][c]);
            }
        }
        for (k, filter) in self.filters.iter_mut().enumerate() {
            let [left, right] = &self.stages[filter.stage];
            let mut squares = [0.0; 2];
            let view = if channels == 2 { View::stereo(left, right) } else { View::mono(left) };
            filter.cascade.add_squares(view, &mut squares);
            // A frame at a lower rate stands for several.
            let frames = (1u64 << filter.stage) as f64;
            for (c, square) in squares.iter().take(channels).enumerate() {
                self.energies[c * self.bands.len() + k] = square * frames;
            }
        }
    }

    /// The levels of all that was heard.
    pub fn finish(mut self) -> BandLevels {
        if !self.tile[0].is_empty() {
            self.hear();
        }
        let mut rest = if self.frames == 0 { 0 } else { self.ringing };
        while rest > 0 {
            let taken = rest.min(TILE);
            rest -= taken;
            self.tile.iter_mut().take(self.layout.channels()).for_each(|t| t.resize(taken, 0.0));
            self.filter();
            self.tile.iter_mut().for_each(Vec::clear);
            add(&mut self.totals, &self.energies);
        }
        let frames = self.frames.max(1) as f64;
        let bands = self.bands.len();
        let channels = self.layout.channels();
        let frames_per_column = (self.history.span() * TILE) as u64;
        let mut levels = Vec::with_capacity(self.history.len() * bands);
        for (k, entry) in self.history.entries().enumerate() {
            let heard = frames_per_column.min(self.frames - k as u64 * frames_per_column) as f64 * channels as f64;
            levels.extend(entry.iter().map(|e| db(e / heard) as f32));
        }
        BandLevels {
            division: Division::Thirds,
            channels: (0..channels)
                .map(|c| self.totals[c * bands..(c + 1) * bands].iter().map(|e| db(e / frames)).collect())
                .collect(),
            history: BandHistory { frames_per_column, columns: self.history.len(), db: levels },
            bands: self.bands,
        }
    }
}

/// A Butterworth band-pass for a band at a sample rate, by the bilinear transform with both edges on their places;
/// a high-pass where the band reaches half the rate.
///
/// Near half the rate the transform widens bands, and the wider is the less steep. Where the slopes of two neighbors
/// are unlike, what one loses is not what the other gains; so the order grows to keep the steepness near that of the
/// band below, which is handed on.
fn sections(band: &Band, rate: f64, steepness: &mut f64) -> Vec<Biquad> {
    /// A band may be less steep than the one below it by so much.
    const GIVE: f64 = 0.93;
    let warped = |hz: f64| (PI * hz / rate).tan();
    let low = warped(band.low_hz);
    if band.high_hz >= 0.499 * rate {
        let order = 2 * (GIVE * *steepness / 2.0).ceil().max(ORDER as f64) as usize;
        let turned = |p: Complex64| Complex64::new(low, 0.0) / p;
        return poles(order).map(|p| section(turned(p), turned(p).conj(), [1.0, -2.0, 1.0], PI)).collect();
    }
    let high = warped(band.high_hz);
    // d ln q / d ln f at an edge, where |H|² = 1 / (1 + q²ᴺ).
    let slope = (high + low) / (high - low);
    let order = (GIVE * *steepness / slope - 0.1).ceil().max(ORDER as f64) as usize;
    *steepness = order as f64 * slope;
    let (width, squared) = (high - low, low * high);
    let middle = 2.0 * squared.sqrt().atan();
    let split = |p: Complex64| {
        let half = p * width * 0.5;
        let root = (half * half - squared).sqrt();
        [half + root, half - root]
    };
    let pairs = poles(order).flat_map(split).map(|s| (s, s.conj()));
    // The real pole of an odd order becomes a pair by itself.
    let real = split(Complex64::new(-1.0, 0.0));
    let odd = (!order.is_multiple_of(2)).then_some((real[0], real[1]));
    pairs.chain(odd).map(|(s, t)| section(s, t, [1.0, 0.0, -1.0], middle)).collect()
}

/// The complex poles of a Butterworth low-pass in the upper left quarter.
fn poles(order: usize) -> impl Iterator<Item = Complex64> {
    (0..order / 2).map(move |k| Complex64::from_polar(1.0, FRAC_PI_2 + PI * (2 * k + 1) as f64 / (2 * order) as f64))
}

/// A section with two analog poles (a conjugate pair, or both real) and these zeros, of gain 1 at an angular frequency.
fn section(first: Complex64, second: Complex64, zeros: [f64; 3], unit_at: f64) -> Biquad {
    let [z, y] = [first, second].map(|s| (Complex64::new(1.0, 0.0) + s) / (Complex64::new(1.0, 0.0) - s));
    let plain = Biquad { b0: zeros[0], b1: zeros[1], b2: zeros[2], a1: -(z + y).re, a2: (z * y).re };
    let gain = 1.0 / plain.magnitude(unit_at);
    Biquad { b0: gain * zeros[0], b1: gain * zeros[1], b2: gain * zeros[2], ..plain }
}

/// Weights of a half-band low-pass at odd distances from the middle: 23 values in all, flat to a tenth of the rate within
/// 0.0001 dB, down by 100 dB from four tenths on.
const HALF_BAND: usize = 6;

/// Halves the rate.
#[derive(Clone)]
struct Halver {
    weights: [f64; HALF_BAND],
    /// The last frames, the newest first.
    past: Vec<f64>,
    odd: bool,
}

impl Halver {
    fn new() -> Self {
        // A sinc under a Kaiser window (β = 10: −100 dB).
        let beta = 10.0;
        let reach = (2 * HALF_BAND) as f64;
        let weight = |k: usize| {
            let d = (2 * k + 1) as f64;
            let sign = if k.is_multiple_of(2) { 1.0 } else { -1.0 };
            sign / (PI * d) * bessel(beta * (1.0 - (d / reach).powi(2)).sqrt()) / bessel(beta)
        };
        let mut weights: [f64; HALF_BAND] = std::array::from_fn(weight);
        let sum: f64 = weights.iter().sum();
        for weight in &mut weights {
            *weight *= 0.25 / sum;
        }
        Halver { weights, past: vec![0.0; 4 * HALF_BAND - 2], odd: false }
    }

    fn run(&mut self, input: &[f32], out: &mut Vec<f32>) {
        const LENGTH: usize = 4 * HALF_BAND - 1;
        out.clear();
        self.past.extend(input.iter().map(|x| f64::from(*x)));
        // A window over each even frame of the stream as its newest.
        for (n, window) in self.past.windows(LENGTH).enumerate() {
            if n.is_multiple_of(2) == self.odd {
                continue;
            }
            let middle = LENGTH / 2;
            let mut sum = 0.5 * window[middle];
            for (k, w) in self.weights.iter().enumerate() {
                sum += w * (window[middle - 1 - 2 * k] + window[middle + 1 + 2 * k]);
            }
            out.push(sum as f32);
        }
        self.odd ^= !input.len().is_multiple_of(2);
        let past = self.past.len() - (LENGTH - 1);
        self.past.drain(..past);
    }
}

/// The modified Bessel function of order 0.
fn bessel(x: f64) -> f64 {
    let mut term = 1.0;
    let mut sum = 1.0;
    for k in 1..60 {
        term *= (x / 2.0 / f64::from(k)).powi(2);
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests;
