//! The height of a wave at every instant: two copies of the signal, a quarter of a wave apart.
//!
//! Two chains of all-pass filters leave every magnitude alone and differ in phase by 90° over the whole band from
//! 20 Hz up to 20 Hz below half the sample rate (from 40 Hz at 192 kHz, 80 Hz at 384 kHz). The root of the sum of their squares is the analytic envelope: for
//! a sine it is a constant, where the rectified wave swings between its peak and zero a hundred times a second.
//!
//! The all-passes are those of an elliptic half-band filter moved by a quarter of the sample rate: R. A. Valenzuela,
//! A. G. Constantinides, "Digital signal processing schemes for efficient interpolation and decimation", IEE
//! Proc. G 130(6), 1983, section 4 (closed form by theta series). Image rejection, that is the greatest ripple of the
//! envelope of a sine, is 80 dB or better; the smoothing behind it does the rest. No latency; high frequencies pass at once, and the chains' own group
//! delay grows to a few milliseconds only at the bottom of the band.

#![allow(
    clippy::inline_always,
    reason = "left out of line it would be compiled without its caller's vector instructions"
)]

use std::f64::consts::PI;

use tonmeister_core::Memory;

use super::curve::at_least;

/// The lowest frequency that still has its 90°, at sample rates up to [`FULL_BAND_RATE`].
const LOWEST_HZ: f64 = 20.0;
const FULL_BAND_RATE: f64 = 96_000.0;
/// Sections of each chain.
const SECTIONS: usize = 8;
/// Even and odd frames of both chains side by side: a section works on every second sample, so the two never meet.
type Lanes = [f64; 4];

/// Splits one channel and gives the power of its analytic signal.
#[derive(Clone, Debug)]
pub(crate) struct Hilbert {
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
fn half_band(transition: f64) -> [f64; 2 * SECTIONS] {
    let k = ((1.0 - 2.0 * transition) * PI / 4.0).tan().powi(2);
    let root = (1.0 - k * k).powf(0.25);
    let e = 0.5 * (1.0 - root) / (1.0 + root);
    // The nome of the elliptic functions, by its series in e⁴.
    let terms = [1.0, 2.0, 15.0, 150.0, 1707.0, 20_910.0, 268_616.0];
    let q = e * terms.iter().rev().fold(0.0, |sum, term| sum * e.powi(4) + term);
    let order = f64::from(4 * SECTIONS as u32 + 1);
    let coefficient = |place: usize| {
        let angle = (place + 1) as f64 * PI / order;
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
    std::array::from_fn(coefficient)
}

impl Hilbert {
    pub(crate) fn new(sample_rate: u32) -> Self {
        let rate = f64::from(sample_rate);
        let lowest = LOWEST_HZ * (rate / FULL_BAND_RATE).max(1.0);
        let mut coefficients = [[0.0; 4]; SECTIONS];
        for (row, pair) in coefficients.iter_mut().zip(half_band(2.0 * lowest / rate).as_chunks::<2>().0) {
            *row = [pair[0], pair[0], pair[1], pair[1]];
        }
        Hilbert { coefficients, past: [[0.0; 4]; SECTIONS + 1], before: 0.0, odd: false }
    }

    /// How far back it remembers: each all-pass 1/(z² − a) has its poles at a radius of √a.
    pub(crate) fn memory(&self) -> Memory {
        let frames = |a: &f64| if *a > 0.0 { -2.0 / a.ln() } else { 1.0 };
        Memory::of_mean(self.coefficients.as_flattened().iter().map(frames).sum())
    }

    pub(crate) fn reset(&mut self) {
        self.past = [[0.0; 4]; SECTIONS + 1];
        self.before = 0.0;
        self.odd = false;
    }

    /// Puts the power of the analytic signal in the place of each sample: for a sine of peak 1, the constant 1. It is
    /// never less than the sample's own power: at a sudden start the chains are a little late, the sample is not.
    pub(crate) fn powers(&mut self, x: &mut [f64]) {
        let (head, x) = x.split_at_mut(usize::from(self.odd).min(x.len()));
        for value in head {
            *value = self.single(*value);
        }
        let (pairs, tail) = x.as_chunks_mut::<2>();
        run_pairs(self, pairs);
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
        for s in 0..SECTIONS {
            for (chain, now) in now.iter_mut().enumerate() {
                let l = 2 * chain + lane;
                let past = self.past[s][l];
                self.past[s][l] = *now;
                *now = (*now + self.past[s + 1][l]) * self.coefficients[s][l] - past;
            }
        }
        self.past[SECTIONS][lane] = now[0];
        self.past[SECTIONS][lane + 2] = now[1];
        at_least(now[0] * now[0] + now[1] * now[1], x * x)
    }
}

/// An all-pass section in four lanes: y = c·(x + y of two samples ago) − x of two samples ago.
#[inline(always)]
fn section(now: Lanes, past: Lanes, past_output: Lanes, c: Lanes) -> Lanes {
    [
        (now[0] + past_output[0]) * c[0] - past[0],
        (now[1] + past_output[1]) * c[1] - past[1],
        (now[2] + past_output[2]) * c[2] - past[2],
        (now[3] + past_output[3]) * c[3] - past[3],
    ]
}

/// Runs pairs of frames, the even one first. The sections are written out one after the other, which is what the
/// compiler needs to keep four lanes in one register; the processor then works on several pairs at once, because a
/// section of the next pair waits for its neighbor only.
#[multiversion::multiversion(targets("x86_64+avx2"))]
fn run_pairs(hilbert: &mut Hilbert, pairs: &mut [[f64; 2]]) {
    let (c, mut past, mut before) = (hilbert.coefficients, hilbert.past, hilbert.before);
    for pair in pairs {
        let x = *pair;
        let i0 = [x[0], x[1], before, x[0]];
        before = x[1];
        let i1 = section(i0, past[0], past[1], c[0]);
        past[0] = i0;
        let i2 = section(i1, past[1], past[2], c[1]);
        past[1] = i1;
        let i3 = section(i2, past[2], past[3], c[2]);
        past[2] = i2;
        let i4 = section(i3, past[3], past[4], c[3]);
        past[3] = i3;
        let i5 = section(i4, past[4], past[5], c[4]);
        past[4] = i4;
        let i6 = section(i5, past[5], past[6], c[5]);
        past[5] = i5;
        let i7 = section(i6, past[6], past[7], c[6]);
        past[6] = i6;
        let y = section(i7, past[7], past[8], c[7]);
        past[7] = i7;
        past[8] = y;
        *pair = [at_least(y[0] * y[0] + y[2] * y[2], x[0] * x[0]), at_least(y[1] * y[1] + y[3] * y[3], x[1] * x[1])];
    }
    (hilbert.past, hilbert.before) = (past, before);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    #[test]
    fn the_envelope_of_a_sine_is_a_constant() {
        for rate in [8000_u32, 44_100, 48_000, 96_000, 192_000, 384_000] {
            for hz in [
                20.0 * (f64::from(rate) / 96_000.0).max(1.0),
                101.0,
                100.0,
                997.0,
                f64::from(rate) / 5.0,
                f64::from(rate) / 2.0 - 100.0,
            ] {
                let mut hilbert = Hilbert::new(rate);
                let frames = rate as usize * 3;
                let mut x: Vec<f64> = (0..frames).map(|n| (TAU * hz * n as f64 / f64::from(rate)).sin()).collect();
                hilbert.powers(&mut x);
                let worst = x[frames * 5 / 6..].iter().fold(0.0_f64, |a, p| a.max((p.sqrt() - 1.0).abs()));
                println!("{hz} Hz at {rate}: {:.1} dB", 20.0 * worst.log10());
                assert!(20.0 * worst.log10() < -78.0, "{hz} Hz at {rate}: ripple {worst:.2e}");
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
