//! From bands to impulse responses.
//!
//! What all bands do to the level is sampled on a grid of frequencies, four or eight times as fine as the filter is
//! long, and taken back to time. Linear phase leaves it symmetric around 0; minimum phase gives it the phase that
//! belongs to its logarithm, by folding the cepstrum. Then it is cut to its length.
//!
//! Cutting is where such filters go wrong. A Kaiser window over the whole length weighs down what lies only a little
//! beside the middle, and so widens every band and lowers its peak. Here the first half (counted from the middle, or
//! from the beginning of a minimum-phase response) is left as it is, and the second half falls along the integral of a
//! Kaiser window of β = 8. A band rings down by e⁻²π within that length, so what is cut off is next to nothing, and the
//! spectrum of the edge falls away as fast as Kaiser's.

use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use tonmeister_core::Layout;

use super::LinearEq;
use crate::eq::prototype::Prototype;
use crate::eq::route::{Channel, Part};
use crate::eq::{Band, Placed, Shape};

/// The Kaiser window whose integral the edges are.
const BETA: f64 = 8.0;
/// Below this level of a band (−180 dB) its phase is that of this level.
const FLOOR: f64 = 1e-9;
/// How far off `auto` lets the filter be, in dB.
const GOOD_DB: f64 = 0.05;
/// From this level on down (−24 dB) a deviation counts as it would at this level.
const HEARD: f64 = 0.063;

/// What becomes of the phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Every frequency is equally late.
    Linear,
    /// No frequency is later than its level makes necessary.
    Minimum,
}

/// How long the filter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// As long as the bands need, up to [`Length::Longer`].
    Auto,
    /// 4097 taps at 48 kHz.
    Short,
    /// 8193 taps.
    Medium,
    /// 16 385 taps.
    Long,
    /// 32 769 taps.
    Longer,
    /// 65 537 taps.
    Longest,
}

impl Length {
    /// All of them, in the order of the parameter's choices.
    pub const ALL: [Length; 6] =
        [Length::Auto, Length::Short, Length::Medium, Length::Long, Length::Longer, Length::Longest];

    /// The least and the most taps on either side of the middle, at a sample rate.
    fn halves(self, rate: f64) -> (usize, usize) {
        let times = (rate / 48_000.0).log2().ceil().exp2();
        let half = |at_48: f64| (at_48 * times) as usize;
        match self {
            Length::Auto => (half(512.0), half(16_384.0)),
            Length::Short => (half(2048.0), half(2048.0)),
            Length::Medium => (half(4096.0), half(4096.0)),
            Length::Long => (half(8192.0), half(8192.0)),
            Length::Longer => (half(16_384.0), half(16_384.0)),
            Length::Longest => (half(32_768.0), half(32_768.0)),
        }
    }
}

/// The level of some bands in a row.
struct Model {
    sections: Vec<Prototype>,
    power: f64,
    /// The width in Hz of the narrowest band.
    narrowest: f64,
    /// Around notches no filter of any length is as deep as its model.
    notches: Vec<[f64; 2]>,
}

impl Model {
    fn of<'a>(bands: impl Iterator<Item = &'a Placed>) -> Model {
        let mut model = Model { sections: Vec::new(), power: 1.0, narrowest: f64::INFINITY, notches: Vec::new() };
        for band in bands.filter(|placed| placed.on).map(|placed| &placed.band) {
            let (sections, power) = band.analog();
            model.sections.extend(sections);
            model.power *= power;
            model.narrowest = model.narrowest.min(width(band));
            if band.shape == Shape::Notch {
                let aside = 0.5 * band.hz / band.q;
                model.notches.push([band.hz - aside, band.hz + aside]);
            }
        }
        model
    }

    fn amplitude(&self, hz: f64) -> f64 {
        (self.power * self.sections.iter().map(|section| section.power(hz)).product::<f64>()).sqrt()
    }

    fn notched(&self, hz: f64) -> bool {
        self.notches.iter().any(|[from, to]| (*from..*to).contains(&hz))
    }
}

/// How wide a band is, in Hz: what a filter must resolve.
fn width(band: &Band) -> f64 {
    let Band { shape, hz, gain_db, q } = *band;
    match shape {
        Shape::Bell | Shape::LowShelf { .. } | Shape::HighShelf { .. } | Shape::Tilt if gain_db == 0.0 => f64::INFINITY,
        // As its resonance is: the higher the boost, the narrower.
        Shape::Bell => hz / (q * 10f64.powf(gain_db.abs() / 40.0)),
        Shape::BandPass => hz / q,
        // Its depth grows with the length.
        Shape::Notch => 0.25 * hz / q,
        Shape::LowShelf { .. } | Shape::HighShelf { .. } => hz / q.max(1.0),
        Shape::HighPass { .. } | Shape::LowPass { .. } => hz / 10f64.powf(gain_db.max(0.0) / 20.0),
        // It levels off there.
        Shape::Tilt => 20.0,
        Shape::AllPass => f64::INFINITY,
    }
}

/// Designs filters of one length.
struct Shaper {
    phase: Phase,
    half: usize,
    /// Frequencies of the grid, both signs.
    size: usize,
    rate: f64,
    forward: Arc<dyn RealToComplex<f64>>,
    back: Arc<dyn ComplexToReal<f64>>,
}

impl Shaper {
    fn new(phase: Phase, half: usize, rate: f64) -> Shaper {
        let size = half * if phase == Phase::Linear { 8 } else { 16 };
        let mut planner = RealFftPlanner::new();
        Shaper {
            phase,
            half,
            size,
            rate,
            forward: planner.plan_fft_forward(size),
            back: planner.plan_fft_inverse(size),
        }
    }

    fn hz(&self, bin: usize) -> f64 {
        bin as f64 * self.rate / self.size as f64
    }

    fn to_time(&self, spectrum: &mut [Complex<f64>]) -> Vec<f64> {
        let last = spectrum.len() - 1;
        (spectrum[0].im, spectrum[last].im) = (0.0, 0.0);
        let mut time = vec![0.0; self.size];
        self.back.process(spectrum, &mut time).expect("the lengths are those of the plan");
        let scale = 1.0 / self.size as f64;
        for x in &mut time {
            *x *= scale;
        }
        time
    }

    fn to_frequency(&self, time: &mut [f64]) -> Vec<Complex<f64>> {
        let mut spectrum = vec![Complex::new(0.0, 0.0); self.size / 2 + 1];
        self.forward.process(time, &mut spectrum).expect("the lengths are those of the plan");
        spectrum
    }

    /// What the filter should do at each frequency of the grid.
    fn spectrum(&self, model: &Model) -> Vec<Complex<f64>> {
        let levels: Vec<f64> = (0..=self.size / 2).map(|bin| model.amplitude(self.hz(bin))).collect();
        if self.phase == Phase::Linear {
            return levels.into_iter().map(|level| Complex::new(level, 0.0)).collect();
        }
        let mut logs: Vec<Complex<f64>> = levels.iter().map(|a| Complex::new(a.max(FLOOR).ln(), 0.0)).collect();
        let mut cepstrum = self.to_time(&mut logs);
        let middle = self.size / 2;
        cepstrum[1..middle].iter_mut().for_each(|c| *c *= 2.0);
        cepstrum[middle + 1..].fill(0.0);
        let phases = self.to_frequency(&mut cepstrum);
        levels.iter().zip(phases).map(|(level, log)| Complex::from_polar(*level, log.im)).collect()
    }

    /// The filter itself.
    fn taps(&self, spectrum: &mut [Complex<f64>]) -> Vec<f64> {
        let time = self.to_time(spectrum);
        match self.phase {
            Phase::Linear => {
                let edge = edge(self.half);
                let tap = |i: usize| time[(i + self.size - self.half) % self.size] * edge[i.abs_diff(self.half)];
                (0..=2 * self.half).map(tap).collect()
            }
            Phase::Minimum => time.iter().zip(edge(2 * self.half)).map(|(h, edge)| h * edge).collect(),
        }
    }

    /// By how much the filter misses its model, in dB, from 20 Hz to 20 kHz.
    fn miss_db(&self, taps: &[f64], model: &Model) -> f64 {
        let mut time = vec![0.0; self.size];
        let start = if self.phase == Phase::Linear { self.size - self.half } else { 0 };
        for (i, tap) in taps.iter().enumerate() {
            time[(start + i) % self.size] = *tap;
        }
        let spectrum = self.to_frequency(&mut time);
        let top = 20_000.0_f64.min(0.45 * self.rate);
        let heard = (0..spectrum.len()).map(|bin| (self.hz(bin), spectrum[bin]));
        let heard = heard.filter(|(hz, _)| (20.0..top).contains(hz) && !model.notched(*hz));
        let miss = |(hz, got): (f64, Complex<f64>)| {
            let got = if self.phase == Phase::Linear { got.re } else { got.norm() };
            let meant = model.amplitude(hz);
            (got - meant).abs() / meant.max(HEARD)
        };
        20.0 * (1.0 + heard.map(miss).fold(0.0, f64::max)).log10()
    }
}

/// How much is left of a response so many frames from where it is whole: all of it up to half of `reach`, then less
/// along the integral of a Kaiser window.
fn edge(reach: usize) -> Vec<f64> {
    let flat = reach / 2;
    let last = (reach - flat) as f64;
    let kaiser = |j: usize| bessel(BETA * (1.0 - (2.0 * j as f64 / last - 1.0).powi(2)).max(0.0).sqrt());
    let mut edge = vec![1.0; reach + 1];
    let mut left = 0.0;
    for at in (flat..=reach).rev() {
        left += kaiser(at - flat);
        edge[at] = left;
    }
    edge[flat..].iter_mut().for_each(|e| *e /= left);
    edge
}

/// The modified Bessel function I₀, by its series.
fn bessel(x: f64) -> f64 {
    let quarter = 0.25 * x * x;
    let (mut sum, mut term) = (1.0, 1.0);
    for k in 1..64 {
        term *= quarter / f64::from(k * k);
        sum += term;
        if term < 1e-17 * sum {
            break;
        }
    }
    sum
}

/// The shaper of the right length, and the filter of all bands together.
fn sized(eq: &LinearEq, rate: f64) -> (Shaper, Vec<f64>) {
    let model = Model::of(eq.bands.iter());
    let (mut half, most) = eq.length.halves(rate);
    while half < most && ((2 * half + 1) as f64) < 4.0 * rate / model.narrowest {
        half *= 2;
    }
    loop {
        let shaper = Shaper::new(eq.phase, half, rate);
        let taps = shaper.taps(&mut shaper.spectrum(&model));
        if half >= most || shaper.miss_db(&taps, &model) <= GOOD_DB {
            return (shaper, taps);
        }
        half *= 2;
    }
}

/// The filter of all bands together, wherever in the picture they work.
pub(super) fn whole(eq: &LinearEq, rate: f64) -> Vec<f64> {
    sized(eq, rate).1
}

/// |H| of a filter at a frequency.
pub(super) fn magnitude(taps: &[f64], hz: f64, rate: f64) -> f64 {
    let radians = std::f64::consts::TAU * hz / rate;
    let turn = |n: usize| Complex::from_polar(1.0, -radians * n as f64);
    // Turning by multiplication drifts; every thousand taps it starts afresh.
    let of = |(k, part): (usize, &[f64])| {
        let (mut sum, mut at) = (Complex::new(0.0, 0.0), turn(1024 * k));
        for tap in part {
            sum += at * tap;
            at *= turn(1);
        }
        sum
    };
    taps.chunks(1024).enumerate().map(of).sum::<Complex<f64>>().norm()
}

/// One way through the filter.
pub(super) struct Way {
    pub(super) input: usize,
    pub(super) output: usize,
    pub(super) taps: Vec<f64>,
}

/// All ways through the filter.
pub(super) struct Design {
    /// Half of the taps, the middle one not counted.
    pub(super) half: usize,
    pub(super) ways: Vec<Way>,
}

impl Design {
    pub(super) fn of(eq: &LinearEq, rate: f64, layout: Layout) -> Design {
        let (shaper, taps) = sized(eq, rate);
        let channels = layout.channels();
        let part = |channel: Channel| Part::of(true, channel, layout);
        let on = || eq.bands.iter().filter(|placed| placed.on);
        let ways = if on().all(|placed| part(placed.channel) == Part::WHOLE) {
            (0..channels).map(|c| Way { input: c, output: c, taps: taps.clone() }).collect()
        } else {
            Design::across(eq, &shaper, layout)
        };
        Design { half: shaper.half, ways }
    }

    /// The ways of bands that work on parts of the picture: at each frequency a matrix, the product of every band's
    /// `1 + P(H − 1)`. Neighbors that work on the same part share one.
    fn across(eq: &LinearEq, shaper: &Shaper, layout: Layout) -> Vec<Way> {
        let (zero, one) = (Complex::new(0.0, 0.0), Complex::new(1.0, 0.0));
        let bins = shaper.size / 2 + 1;
        // From left to left, from right to left, from left to right, from right to right.
        let mut ways = [vec![one; bins], vec![zero; bins], vec![zero; bins], vec![one; bins]];
        let on: Vec<Placed> = eq.bands.iter().filter(|placed| placed.on).copied().collect();
        for run in on.chunk_by(|a, b| a.channel == b.channel) {
            let Part([left, across, right]) = Part::of(true, run[0].channel, layout);
            let spectrum = shaper.spectrum(&Model::of(run.iter()));
            for (bin, h) in spectrum.into_iter().enumerate() {
                let change = h - one;
                let [ll, rl, lr, rr] = [0, 1, 2, 3].map(|way: usize| ways[way][bin]);
                let (l, x, r) = (change * left, change * across, change * right);
                ways[0][bin] = ll + l * ll + x * lr;
                ways[1][bin] = rl + l * rl + x * rr;
                ways[2][bin] = lr + x * ll + r * lr;
                ways[3][bin] = rr + x * rl + r * rr;
            }
        }
        let channels = layout.channels();
        let all = ways.into_iter().enumerate().map(|(way, spectrum)| (way % 2, way / 2, spectrum));
        let there = all.filter(|(input, output, spectrum)| {
            *input < channels && *output < channels && spectrum.iter().any(|h| *h != zero)
        });
        there.map(|(input, output, mut spectrum)| Way { input, output, taps: shaper.taps(&mut spectrum) }).collect()
    }
}
