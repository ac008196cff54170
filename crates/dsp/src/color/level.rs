//! Holds a changed sound at the loudness of the one that came in.

#![allow(clippy::inline_always, reason = "the section must be compiled with its caller's vector instructions")]

use std::f64::consts::PI;

use super::TILE;

/// Loudness is compared over this time constant.
const MEMORY_S: f64 = 3.0;
/// Before anything is heard: so much energy, of this amplitude and length, on both sides.
const PRIOR: (f64, f64) = (0.01, 0.05);
/// Samples farther out are faults, not music.
const FARTHEST: f32 = 8.0;

/// What came in and what became of it, left and right: all four are weighted side by side.
const LANES: usize = 4;

/// One second-order section, transposed direct form II.
#[derive(Clone, Copy, Debug, Default)]
struct Section {
    b: [f64; 3],
    a: [f64; 2],
    state: [[f64; LANES]; 2],
}

impl Section {
    #[inline(always)]
    fn next(&mut self, x: [f64; LANES]) -> [f64; LANES] {
        let [one, two] = &mut self.state;
        let mut y = [0.0; LANES];
        for l in 0..LANES {
            y[l] = self.b[0] * x[l] + one[l];
            // In this order only a product and a difference wait for the output.
            one[l] = (self.b[1] * x[l] + two[l]) - self.a[0] * y[l];
            two[l] = self.b[2] * x[l] - self.a[1] * y[l];
        }
        y
    }
}

/// The energies of some frames, weighted.
#[multiversion::multiversion(targets("x86_64+avx2"))]
fn energies(weights: &mut [Section; 2], frames: &[[f64; LANES]], sums: &mut [f64; LANES]) {
    let ([mut shelf, mut high], mut all) = (*weights, *sums);
    for frame in frames {
        let y = high.next(shelf.next(*frame));
        for l in 0..LANES {
            all[l] += y[l] * y[l];
        }
    }
    (*weights, *sums) = ([shelf, high], all);
}

/// The K-weighting of ITU-R BS.1770 as two sections; the analog prototype behind the standard's coefficients at 48 kHz.
fn weighting(rate: f64) -> [Section; 2] {
    let k = (PI * 1681.974450955533 / rate).tan();
    let (q, high) = (0.7071752369554196, 10_f64.powf(3.999843853973347 / 20.0));
    let mid = high.powf(0.4996667741545416);
    let a0 = 1.0 + k / q + k * k;
    let b = [high + mid * k / q + k * k, 2.0 * (k * k - high), high - mid * k / q + k * k].map(|b| b / a0);
    let shelf = Section { b, a: [2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0], state: [[0.0; LANES]; 2] };
    let (k, q) = ((PI * 38.13547087602444 / rate).tan(), 0.5003270373238773);
    let a0 = 1.0 + k / q + k * k;
    let a = [2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0];
    [shelf, Section { b: [1.0 / a0, -2.0 / a0, 1.0 / a0], a, state: [[0.0; LANES]; 2] }]
}

/// Finds the gain that makes the changed sound as loud as the sound before, K-weighted, over the last seconds.
#[derive(Clone, Debug)]
pub(crate) struct LoudnessMatch {
    weights: [Section; 2],
    /// What was heard and is not weighted yet.
    heard: Box<[[f64; LANES]; TILE]>,
    /// Energies since the last multiple of a tile.
    sums: [f64; LANES],
    /// Energies of the last seconds.
    energies: [f64; 2],
    keep: f64,
    gain: f64,
    step: f64,
}

impl LoudnessMatch {
    pub(crate) fn new(rate: u32) -> Self {
        let rate = f64::from(rate);
        let prior = PRIOR.0 * PRIOR.0 * PRIOR.1 * rate;
        LoudnessMatch {
            weights: weighting(rate),
            heard: Box::new([[0.0; LANES]; TILE]),
            sums: [0.0; LANES],
            energies: [prior; 2],
            keep: (-(TILE as f64) / (MEMORY_S * rate)).exp(),
            gain: 1.0,
            step: 0.0,
        }
    }

    /// Listens to a tile of one channel: what came in, and what became of it. [`LoudnessMatch::weigh`] follows.
    pub(crate) fn listen(&mut self, channel: usize, before: &[f32], after: &[f32]) {
        for ((heard, x), y) in self.heard.iter_mut().zip(before).zip(after) {
            let sound = x.abs() < FARTHEST && y.abs() < FARTHEST;
            [heard[2 * channel], heard[2 * channel + 1]] =
                if sound { [f64::from(*x), f64::from(*y)] } else { [0.0; 2] };
        }
    }

    /// Weighs the frames of a tile, when all channels have been listened to.
    pub(crate) fn weigh(&mut self, frames: usize) {
        energies(&mut self.weights, &self.heard[..frames], &mut self.sums);
    }

    /// The gain one frame on.
    #[inline]
    pub(crate) fn step(&mut self) -> f64 {
        self.gain += self.step;
        self.gain
    }

    /// At every multiple of a tile: takes what was heard into account, and cleans the states.
    pub(crate) fn flush(&mut self) {
        for (k, energy) in self.energies.iter_mut().enumerate() {
            *energy = (*energy * self.keep + (self.sums[k] + self.sums[k + 2])).max(1e-12);
        }
        self.sums = [0.0; LANES];
        let target = (self.energies[0] / self.energies[1]).sqrt().clamp(0.03, 30.0);
        self.step = (target - self.gain) / TILE as f64;
        for state in self.weights.iter_mut().flat_map(|section| section.state.as_flattened_mut()) {
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
    let mut sums = [0.0; LANES];
    let frames: Vec<_> = x.iter().map(|x| [f64::from(*x), 0.0, 0.0, 0.0]).collect();
    energies(&mut sections, &frames, &mut sums);
    sums[0]
}
