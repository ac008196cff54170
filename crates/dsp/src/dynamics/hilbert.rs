//! The height of a wave at every instant: two copies of the signal, a quarter of a wave apart.
//!
//! Two chains of all-pass filters leave every magnitude alone and differ in phase by 90° over the whole band from
//! 20 Hz up to 20 Hz below half the sample rate. The root of the sum of their squares is the analytic envelope: for
//! a sine it is a constant, where the rectified wave swings between its peak and zero a hundred times a second.
//!
//! The all-passes are those of an elliptic half-band filter moved by a quarter of the sample rate: R. A. Valenzuela,
//! A. G. Constantinides, "Digital signal processing schemes for efficient interpolation and decimation", IEE
//! Proc. G 130(6), 1983, section 4 (closed form by theta series). Image rejection, that is the greatest ripple of the
//! envelope of a sine, is 80 dB by design; the smoothing behind it does the rest. No latency; high frequencies pass at once, and the chains' own group
//! delay grows to a few milliseconds only at the bottom of the band.

#![allow(
    clippy::inline_always,
    reason = "left out of line it would be compiled without its caller's vector instructions"
)]

use std::f64::consts::PI;

use super::curve::at_least;

/// The lowest frequency that still has its 90°.
const LOWEST_HZ: f64 = 20.0;
/// How far the image lies below the signal, in dB.
const REJECTION_DB: f64 = 80.0;
/// The most sections a chain may have.
const SECTIONS: usize = 12;
/// Even and odd frames of both chains side by side: a section works on every second sample, so the two never meet.
type Lanes = [f64; 4];

/// Splits one channel and gives the power of its analytic signal.
#[derive(Clone, Debug)]
pub(crate) struct Hilbert {
    sections: usize,
    /// The chains' coefficients, the second chain's in the last two lanes.
    coefficients: [Lanes; SECTIONS],
    /// What each section was given two samples ago. Its own output of then is the next one's input of then.
    past: [Lanes; SECTIONS + 1],
    /// The sample before: the second chain comes one sample later.
    before: f64,
    /// Which of the two interleaved streams the next frame belongs to.
    odd: bool,
}

/// The coefficients of the half-band filter whose transition is `transition` of the sample rate wide.
fn half_band(transition: f64) -> Vec<f64> {
    let k = ((1.0 - 2.0 * transition) * PI / 4.0).tan().powi(2);
    let root = (1.0 - k * k).powf(0.25);
    let e = 0.5 * (1.0 - root) / (1.0 + root);
    let e4 = e.powi(4);
    let q = e * (1.0 + e4 * (2.0 + e4 * (15.0 + e4 * (150.0 + e4 * (1707.0 + e4 * (20_910.0 + e4 * 268_616.0))))));
    let stop = 10_f64.powf(-REJECTION_DB / 10.0);
    let ripple = stop / (1.0 - stop);
    let order = ((ripple * ripple / 16.0).ln() / q.ln()).ceil() as usize;
    // Both chains equally long: a multiple of two sections.
    let count = (order.saturating_sub(1).div_ceil(2)).next_multiple_of(2).clamp(2, 2 * SECTIONS);
    let order = (2 * count + 1) as f64;
    let coefficient = |place: usize| {
        let angle = place as f64 * PI / order;
        let (mut numerator, mut denominator) = (0.0, 0.5);
        for i in 0..12_i32 {
            let sign = if i % 2 == 0 { 1.0 } else { -1.0 };
            numerator += sign * q.powi(i * (i + 1)) * (f64::from(2 * i + 1) * angle).sin();
            denominator -= sign * q.powi((i + 1) * (i + 1)) * (f64::from(2 * (i + 1)) * angle).cos();
        }
        let w = (q.powf(0.25) * numerator / denominator).powi(2);
        let x = ((1.0 - w * k) * (1.0 - w / k)).sqrt() / (1.0 + w);
        (1.0 - x) / (1.0 + x)
    };
    (1..=count).map(coefficient).collect()
}

impl Hilbert {
    pub(crate) fn new(sample_rate: u32) -> Self {
        let chain = half_band(2.0 * LOWEST_HZ / f64::from(sample_rate));
        let mut coefficients = [[0.0; 4]; SECTIONS];
        for (row, pair) in coefficients.iter_mut().zip(chain.chunks_exact(2)) {
            *row = [pair[0], pair[0], pair[1], pair[1]];
        }
        Hilbert { sections: chain.len() / 2, coefficients, past: [[0.0; 4]; SECTIONS + 1], before: 0.0, odd: false }
    }

    pub(crate) fn reset(&mut self) {
        self.past = [[0.0; 4]; SECTIONS + 1];
        self.before = 0.0;
        self.odd = false;
    }

    /// Puts the power of the analytic signal in the place of each sample: for a sine of peak 1, the constant 1. It is never
    /// less than the sample's own power: at a sudden start the chains are a little late, the sample is not.
    pub(crate) fn powers(&mut self, x: &mut [f64]) {
        let (head, x) = x.split_at_mut(usize::from(self.odd).min(x.len()));
        for value in head {
            *value = self.single(*value);
        }
        let (pairs, tail) = x.as_chunks_mut::<2>();
        if !pairs.is_empty() {
            run_pairs(self, pairs);
        }
        for value in tail {
            *value = self.single(*value);
        }
    }

    /// States too small to be heard become zero.
    pub(crate) fn settle(&mut self) {
        for value in self.past.as_flattened_mut() {
            if value.abs() < 1e-25 {
                *value = 0.0;
            }
        }
    }

    /// One frame, on its own half of the lanes, by the operations of [`section`].
    fn single(&mut self, x: f64) -> f64 {
        let lane = usize::from(self.odd);
        let mut now = [x, self.before];
        self.before = x;
        self.odd = !self.odd;
        for s in 0..self.sections {
            for (chain, now) in now.iter_mut().enumerate() {
                let l = 2 * chain + lane;
                let past = self.past[s][l];
                self.past[s][l] = *now;
                *now = section(*now, past, self.past[s + 1][l], self.coefficients[s][l]);
            }
        }
        self.past[self.sections][lane] = now[0];
        self.past[self.sections][lane + 2] = now[1];
        at_least(now[0] * now[0] + now[1] * now[1], x * x)
    }
}

/// An all-pass section: its input now and two samples ago, its output two samples ago.
#[inline(always)]
fn section(now: f64, past: f64, past_output: f64, coefficient: f64) -> f64 {
    (now + past_output) * coefficient - past
}

/// Runs pairs of frames, the even one first, through all sections at once: section `s` works on the pair that came
/// `s` steps ago, so that no section waits for another. The wave fills in the first steps and empties in the last;
/// sections that have nothing to do keep their state.
#[multiversion::multiversion(targets("x86_64+avx2"))]
fn run_pairs(hilbert: &mut Hilbert, pairs: &mut [[f64; 2]]) {
    let (count, sections) = (pairs.len(), hilbert.sections);
    let coefficients = hilbert.coefficients.as_flattened().first_chunk().unwrap_or(&[0.0; 4 * SECTIONS]);
    let mut start = [0.0; 4 * (SECTIONS + 1)];
    start.copy_from_slice(hilbert.past.as_flattened());
    // What the sections are given at a step, one step before, and one step later. Before its first step a section
    // finds its own last output where the next one's input will stand.
    let (mut at, mut was, mut next) = (start, start, start);
    let (mut at, mut was, mut next) = (&mut at, &mut was, &mut next);
    for step in 0..count + sections - 1 {
        if let Some(x) = pairs.get(step) {
            at[..4].copy_from_slice(&[x[0], x[1], hilbert.before, x[0]]);
            hilbert.before = x[1];
        }
        // Later sections have not begun, earlier ones have ended.
        let (ended, begun) = ((step + 1).saturating_sub(count), (step + 1).min(sections));
        if ended == 0 && begun == sections {
            step_all(coefficients, at, was, next);
        } else {
            step_some(coefficients, at, was, next, (4 * ended, 4 * begun));
        }
        if let Some(done) = (step + 1).checked_sub(sections) {
            let out = &next[4 * sections..4 * sections + 4];
            let powers = [out[0] * out[0] + out[2] * out[2], out[1] * out[1] + out[3] * out[3]];
            let x = pairs[done];
            pairs[done] = [at_least(powers[0], x[0] * x[0]), at_least(powers[1], x[1] * x[1])];
        }
        (was, at, next) = (at, next, was);
    }
    hilbert.past.as_flattened_mut().copy_from_slice(&at[..]);
}

type Wave = [f64; 4 * (SECTIONS + 1)];

#[inline(always)]
fn step_all(coefficients: &[f64; 4 * SECTIONS], at: &Wave, was: &Wave, next: &mut Wave) {
    next[..4].copy_from_slice(&at[..4]);
    for l in 0..4 * SECTIONS {
        next[l + 4] = section(at[l], was[l], at[l + 4], coefficients[l]);
    }
}

#[inline(always)]
fn step_some(coefficients: &[f64; 4 * SECTIONS], at: &Wave, was: &Wave, next: &mut Wave, (from, to): (usize, usize)) {
    next[..4].copy_from_slice(&at[..4]);
    for l in 0..4 * SECTIONS {
        let value = section(at[l], was[l], at[l + 4], coefficients[l]);
        next[l + 4] = if l >= from && l < to { value } else { at[l + 4] };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    #[test]
    fn the_envelope_of_a_sine_is_a_constant() {
        for rate in [8000_u32, 44_100, 48_000, 96_000, 192_000, 384_000] {
            for hz in [20.0, 41.0, 100.0, 997.0, f64::from(rate) / 5.0, f64::from(rate) / 2.0 - 100.0] {
                let mut hilbert = Hilbert::new(rate);
                let frames = rate as usize * 3;
                let mut x: Vec<f64> = (0..frames).map(|n| (TAU * hz * n as f64 / f64::from(rate)).sin()).collect();
                hilbert.powers(&mut x);
                let worst = x[frames * 5 / 6..].iter().fold(0.0_f64, |a, p| a.max((p.sqrt() - 1.0).abs()));
                println!("{hz} Hz at {rate}: {:.1} dB, {} sections", 20.0 * worst.log10(), hilbert.sections);
                assert!(
                    20.0 * worst.log10() < -78.0,
                    "{hz} Hz at {rate}: ripple {worst:.2e}, {} sections",
                    hilbert.sections
                );
            }
        }
    }

    #[test]
    fn cutting_changes_no_bit() {
        let x: Vec<f64> = crate::testing::noise(1, 1.0, 1000).iter().map(|x| f64::from(*x)).collect();
        let mut whole = x.clone();
        Hilbert::new(48_000).powers(&mut whole);
        for size in [1, 3, 64] {
            let mut cut = x.clone();
            let mut hilbert = Hilbert::new(48_000);
            cut.chunks_mut(size).for_each(|part| hilbert.powers(part));
            assert_eq!(cut, whole);
        }
    }

    #[test]
    #[ignore = "a stopwatch, not a check"]
    fn stopwatch() {
        let mut hilbert = Hilbert::new(48_000);
        println!("{} sections", hilbert.sections);
        let mut x = vec![0.3; 4800];
        let mut least = f64::MAX;
        for _ in 0..300 {
            let start = std::time::Instant::now();
            x.fill(0.3);
            x.chunks_mut(64).for_each(|x| hilbert.powers(x));
            least = least.min(start.elapsed().as_secs_f64());
        }
        println!("{:.2} ns", least * 1e9 / 4800.0);
    }
}
