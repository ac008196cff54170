//! Holds a changed sound at the loudness of the one that came in.

use std::f64::consts::PI;

use super::TILE;

/// Loudness is compared over this time constant.
const MEMORY_S: f64 = 3.0;
/// Before anything is heard: so much energy, of this amplitude and length, on both sides.
const PRIOR: (f64, f64) = (0.01, 0.05);
/// Samples farther out are faults, not music.
const FARTHEST: f32 = 8.0;

/// One second-order section, transposed direct form II.
#[derive(Clone, Copy, Debug, Default)]
struct Section {
    b: [f64; 3],
    a: [f64; 2],
    state: [f64; 2],
}

impl Section {
    #[inline]
    fn next(&mut self, x: f64) -> f64 {
        let y = self.b[0] * x + self.state[0];
        self.state = [self.b[1] * x - self.a[0] * y + self.state[1], self.b[2] * x - self.a[1] * y];
        y
    }
}

/// The K-weighting of ITU-R BS.1770 as two sections; the analog prototype behind the standard's coefficients at 48 kHz.
fn weighting(rate: f64) -> [Section; 2] {
    let k = (PI * 1681.974450955533 / rate).tan();
    let (q, high) = (0.7071752369554196, 10_f64.powf(3.999843853973347 / 20.0));
    let mid = high.powf(0.4996667741545416);
    let a0 = 1.0 + k / q + k * k;
    let b = [high + mid * k / q + k * k, 2.0 * (k * k - high), high - mid * k / q + k * k].map(|b| b / a0);
    let shelf = Section { b, a: [2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0], state: [0.0; 2] };
    let (k, q) = ((PI * 38.13547087602444 / rate).tan(), 0.5003270373238773);
    let a0 = 1.0 + k / q + k * k;
    let a = [2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0];
    [shelf, Section { b: [1.0 / a0, -2.0 / a0, 1.0 / a0], a, state: [0.0; 2] }]
}

/// Finds the gain that makes the changed sound as loud as the sound before, K-weighted, over the last seconds.
#[derive(Clone, Debug)]
pub(crate) struct LoudnessMatch {
    /// For each channel, the weighting of what came in and of what comes out.
    weights: Vec<[[Section; 2]; 2]>,
    /// Energies since the last multiple of a tile.
    sums: [f64; 2],
    /// Energies of the last seconds.
    energies: [f64; 2],
    keep: f64,
    gain: f64,
    step: f64,
}

impl LoudnessMatch {
    pub(crate) fn new(rate: u32, channels: usize) -> Self {
        let rate = f64::from(rate);
        let prior = PRIOR.0 * PRIOR.0 * PRIOR.1 * rate;
        LoudnessMatch {
            weights: vec![[weighting(rate); 2]; channels],
            sums: [0.0; 2],
            energies: [prior; 2],
            keep: (-(TILE as f64) / (MEMORY_S * rate)).exp(),
            gain: 1.0,
            step: 0.0,
        }
    }

    /// Listens to a stretch of one channel: what came in, and what became of it.
    pub(crate) fn listen(&mut self, channel: usize, before: &[f32], after: &[f32]) {
        let [one, two] = &mut self.weights[channel];
        for (x, y) in before.iter().zip(after) {
            let sound = x.abs() < FARTHEST && y.abs() < FARTHEST;
            let (x, y) = if sound { (f64::from(*x), f64::from(*y)) } else { (0.0, 0.0) };
            let (x, y) = (one[0].next(x), two[0].next(y));
            let (x, y) = (one[1].next(x), two[1].next(y));
            self.sums[0] += x * x;
            self.sums[1] += y * y;
        }
    }

    /// The gain one frame on.
    #[inline]
    pub(crate) fn step(&mut self) -> f64 {
        self.gain += self.step;
        self.gain
    }

    /// At every multiple of a tile: takes what was heard into account, and cleans the states.
    pub(crate) fn flush(&mut self) {
        for (energy, sum) in self.energies.iter_mut().zip(&mut self.sums) {
            *energy = (*energy * self.keep + *sum).max(1e-12);
            *sum = 0.0;
        }
        let target = (self.energies[0] / self.energies[1]).sqrt().clamp(0.03, 30.0);
        self.step = (target - self.gain) / TILE as f64;
        for state in self.weights.iter_mut().flatten().flatten().flat_map(|section| &mut section.state) {
            clean(state);
        }
    }
}

/// What is too small to be heard is zero.
#[inline]
pub(crate) fn clean(state: &mut f64) {
    if state.abs() < 1e-25 {
        *state = 0.0;
    }
}

/// The K-weighted energy of a stretch of sound.
#[cfg(test)]
pub(crate) fn energy(x: &[f32], rate: u32) -> f64 {
    let mut sections = weighting(f64::from(rate));
    x.iter().map(|x| sections.iter_mut().fold(f64::from(*x), |x, section| section.next(x)).powi(2)).sum()
}
