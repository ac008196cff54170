//! The dark part of a recording, thinned out: enough to find the same music in another file, minutes away.

use realfft::RealFftPlanner;
use realfft::num_complex::Complex64;
use tonmeister_core::View;

/// Samples of the outline per second, about: what lies below 1 kHz is kept, which every rendering of a music has.
const RATE: f64 = 4000.0;
/// Outlines end after so long: two files of one music need not be held against each other for hours to be lined up.
const LONGEST_S: f64 = 300.0;
/// Two outlines must share so much time to be compared at a distance.
const SHARED_S: f64 = 2.0;

/// The sum of a recording's channels below 1 kHz or so, about 4000 samples per second. Gain, equalization and
/// compression leave where it crosses zero nearly as it was.
#[derive(Clone, Debug)]
pub struct Outline {
    /// Frames per value.
    step: usize,
    step_s: f64,
    filled: usize,
    sum: f64,
    /// The means of the last two steps: two boxes in a row are a gentle low-pass, their difference takes the weight off
    /// the bass.
    means: [f64; 2],
    values: Vec<f32>,
}

/// Where one outline lies in another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Offset {
    /// How much later the second is, in seconds, to about ±0.3 ms.
    pub seconds: f64,
    /// The normalized correlation of the two there, 0 to 1, whichever way round the second is; unrelated music stays
    /// below 0.2 or so.
    pub agreement: f64,
}

impl Outline {
    /// Ready for the first frames of a recording at that rate.
    pub fn new(sample_rate: u32) -> Self {
        let step = ((f64::from(sample_rate) / RATE).round() as usize).max(1);
        let step_s = step as f64 / f64::from(sample_rate);
        Outline { step, step_s, filled: 0, sum: 0.0, means: [0.0; 2], values: Vec::new() }
    }

    /// The next frames. What comes after five minutes is not kept.
    pub fn push(&mut self, view: View<'_>) {
        if self.is_full() {
            return;
        }
        let channels = view.layout().channels();
        for frame in 0..view.frames() {
            for channel in 0..channels {
                let x = view.channel(channel)[frame];
                self.sum += if x.is_finite() { f64::from(x) } else { 0.0 };
            }
            self.filled += 1;
            if self.filled == self.step {
                let mean = self.sum / self.step as f64;
                // (now + before) / 2 against (before + before that) / 2.
                self.values.push((0.5 * (mean - self.means[1])) as f32);
                self.means = [mean, self.means[0]];
                (self.sum, self.filled) = (0.0, 0);
            }
        }
    }

    /// Whether five minutes are kept, so that no more need be read.
    pub fn is_full(&self) -> bool {
        self.seconds() >= LONGEST_S
    }

    /// How long it is.
    pub fn seconds(&self) -> f64 {
        self.values.len() as f64 * self.step_s
    }

    /// A stretch of it by itself, to be found where the whole is not because the two drift apart; with where it begins.
    pub fn stretch(&self, from_s: f64, length_s: f64) -> (Outline, f64) {
        let from = ((from_s.max(0.0) / self.step_s) as usize).min(self.values.len());
        let to = (from + (length_s.max(0.0) / self.step_s) as usize).min(self.values.len());
        (Outline { values: self.values[from..to].to_vec(), ..self.clone() }, from as f64 * self.step_s)
    }

    /// Where `other`, of the same rate, lies in this one: the distance at which the two agree. `None` when either is
    /// silent or they are shorter than a few milliseconds.
    pub fn find(&self, other: &Outline) -> Option<Offset> {
        let (a, b) = (&self.values, &other.values);
        let (energy_a, energy_b) = (running(a), running(b));
        let (total_a, total_b) = (*energy_a.last()?, *energy_b.last()?);
        if total_a <= 0.0 || total_b <= 0.0 {
            return None;
        }
        let common = correlate(a, b);
        let size = common.len();
        let shortest = a.len().min(b.len());
        let least = ((SHARED_S / self.step_s) as usize).min(shortest / 2).max(1);
        // A stretch that holds little of the music says little about it.
        let floor = 0.05 * (total_a * total_b).sqrt();
        let mut best: Option<(f64, Offset)> = None;
        for lag in 1 - a.len() as isize..b.len() as isize {
            // The stretch of `a` from `from` on lies over that of `b` from `from + lag` on.
            let from = (-lag).max(0) as usize;
            let to = a.len().min((b.len() as isize - lag).max(0) as usize);
            if to < from + least {
                continue;
            }
            // Little in common may agree by chance: what a correlation is worth grows with the root of its length.
            let worth = ((to - from) as f64 / shortest as f64).sqrt();
            let ea = energy_a[to] - energy_a[from];
            let eb = energy_b[(to as isize + lag) as usize] - energy_b[(from as isize + lag) as usize];
            let norm = (ea * eb).sqrt().max(floor);
            let agreement = common[lag.rem_euclid(size as isize) as usize].abs() / norm;
            if best.is_none_or(|(most, _)| agreement * worth > most) {
                best = Some((agreement * worth, Offset { seconds: lag as f64 * self.step_s, agreement }));
            }
        }
        best.map(|(_, offset)| offset)
    }
}

/// Σ a(n) b(n + lag) for every lag, negative ones from the end backwards.
fn correlate(a: &[f32], b: &[f32]) -> Vec<f64> {
    let size = (a.len() + b.len()).next_power_of_two();
    let mut planner = RealFftPlanner::<f64>::new();
    let (forward, inverse) = (planner.plan_fft_forward(size), planner.plan_fft_inverse(size));
    let spectrum = |values: &[f32]| {
        let mut input = forward.make_input_vec();
        input.iter_mut().zip(values).for_each(|(x, value)| *x = f64::from(*value));
        let mut output = forward.make_output_vec();
        // The lengths are the plan's own.
        let _ = forward.process(&mut input, &mut output);
        output
    };
    let mut product: Vec<Complex64> =
        spectrum(a).iter().zip(&spectrum(b)).map(|(x, y)| x.conj() * y / size as f64).collect();
    let mut common = inverse.make_output_vec();
    let _ = inverse.process(&mut product, &mut common);
    common
}

/// The energy before each place.
fn running(values: &[f32]) -> Vec<f64> {
    let mut sums = Vec::with_capacity(values.len() + 1);
    let mut sum = 0.0;
    sums.push(sum);
    for value in values {
        sum += f64::from(*value).powi(2);
        sums.push(sum);
    }
    sums
}
