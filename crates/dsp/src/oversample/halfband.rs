//! One doubling of the rate and one halving.

use std::f64::consts::PI;

use crate::math::bessel_i0;

/// Attenuation of the windows, in dB: of the steep first stage, and of the short further ones (for which Kaiser's
/// estimate of the length is a little low).
const STOP_DB: [f64; 2] = [110.0, 122.0];
/// Where the pass band ends, as a part of the base rate: 20 kHz at 44.1 kHz.
const PASS: f64 = 20_000.0 / 44_100.0;
/// So many outputs are computed side by side.
const LANES: usize = 32;

/// The taps of a half-band filter that are not zero, the middle one left out: half of the symmetric row, outermost
/// first. Together with their mirror image they sum up to ½.
#[derive(Clone, Debug)]
pub(crate) struct Taps(Vec<f64>);

impl Taps {
    /// Taps on each side of the middle, zeros counted: always odd. The filter's delay at its higher rate.
    pub(crate) fn half_length(&self) -> usize {
        2 * self.0.len() - 1
    }
}

/// The filter that doubles 2ⁱ times the base rate.
pub(crate) fn design(stage: usize) -> Taps {
    let rate = (2 << stage) as f64;
    // The first stage leaves a little above half the base rate; the further ones must not let that be mirrored.
    let pass = if stage == 0 { PASS } else { 1.0 - PASS };
    let transition = 0.5 - 2.0 * pass / rate;
    let stop_db = STOP_DB[stage.min(1)];
    let order = (stop_db - 7.95) / (14.36 * transition);
    let half = ((order / 2.0).ceil() as usize) | 1;
    let beta = 0.1102 * (stop_db - 8.7);
    let tap = |offset: usize| {
        let t = offset as f64;
        let inside = (1.0 - (t / (half + 1) as f64).powi(2)).max(0.0);
        (PI * t / 2.0).sin() / (PI * t) * bessel_i0(beta * inside.sqrt()) / bessel_i0(beta)
    };
    let taps: Vec<f64> = (0..=half).rev().filter(|offset| offset % 2 == 1).map(tap).collect();
    let sum: f64 = taps.iter().sum();
    Taps(taps.iter().map(|tap| 0.25 * tap / sum).collect())
}

/// The inner loop for one sample format.
pub trait Fold: Sized {
    /// From the taps' own precision.
    fn of(x: f64) -> Self;
    /// Half of it and another.
    fn half_and(self, other: Self) -> Self;
    /// The symmetric filter of those taps and their mirror image: output `n` reads `x[n..n + 2 · taps]`. Works in
    /// steps of so many outputs, so both slices need room behind what is wanted.
    fn fold(taps: &[Self], x: &[Self], out: &mut [Self]);
}

macro_rules! fold {
    ($name:ident, $type:ty) => {
        #[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
        fn $name(taps: &[$type], x: &[$type], out: &mut [$type]) {
            let reach = 2 * taps.len() - 1;
            let (fours, rest) = taps.as_chunks::<4>();
            for (i, out) in out.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
                let x = &x[i * LANES..][..LANES + reach];
                // Loops over nothing but the lanes: only those become vector code.
                let mut sums = [0.0; LANES];
                for (k, t) in fours.iter().enumerate() {
                    let (a, b) = (x[4 * k..].first_chunk(), x[reach - 4 * k - 3..].first_chunk());
                    if let (Some(a), Some(b)) = (a, b) {
                        let (a, b): (&[$type; LANES + 3], &[$type; LANES + 3]) = (a, b);
                        for l in 0..LANES {
                            let s = sums[l] + t[0] * (a[l] + b[l + 3]);
                            let s = s + t[1] * (a[l + 1] + b[l + 2]);
                            let s = s + t[2] * (a[l + 2] + b[l + 1]);
                            sums[l] = s + t[3] * (a[l + 3] + b[l]);
                        }
                    }
                }
                for (k, t) in rest.iter().enumerate() {
                    let k = 4 * fours.len() + k;
                    let (a, b) = (x[k..].first_chunk(), x[reach - k..].first_chunk());
                    if let (Some(a), Some(b)) = (a, b) {
                        let (a, b): (&[$type; LANES], &[$type; LANES]) = (a, b);
                        for l in 0..LANES {
                            sums[l] += t * (a[l] + b[l]);
                        }
                    }
                }
                *out = sums;
            }
        }

        impl Fold for $type {
            fn of(x: f64) -> Self {
                x as $type
            }

            fn half_and(self, other: Self) -> Self {
                0.5 * self + other
            }

            fn fold(taps: &[Self], x: &[Self], out: &mut [Self]) {
                $name(taps, x, out);
            }
        }
    };
}

fold!(fold_f32, f32);
fold!(fold_f64, f64);

/// Twice as many samples.
#[derive(Clone, Debug)]
pub(crate) struct Up<T> {
    taps: Vec<T>,
    /// As many samples of the past as the filter reaches back, and what comes in.
    memory: Vec<T>,
    filtered: Vec<T>,
}

impl<T: Fold + Copy + Default> Up<T> {
    /// For at most `longest` samples at a time.
    pub(crate) fn new(taps: &Taps, longest: usize) -> Self {
        let room = longest.next_multiple_of(LANES);
        Up {
            taps: taps.0.iter().map(|tap| T::of(2.0 * tap)).collect(),
            memory: vec![T::default(); taps.half_length() + room],
            filtered: vec![T::default(); room],
        }
    }

    pub(crate) fn run(&mut self, x: &[T], out: &mut [T]) {
        let past = 2 * self.taps.len() - 1;
        self.memory[past..][..x.len()].copy_from_slice(x);
        T::fold(&self.taps, &self.memory, &mut self.filtered[..x.len().next_multiple_of(LANES)]);
        let between = &self.memory[self.taps.len()..];
        for ((pair, filtered), between) in out.as_chunks_mut::<2>().0.iter_mut().zip(&self.filtered).zip(between) {
            *pair = [*filtered, *between];
        }
        self.memory.copy_within(x.len()..x.len() + past, 0);
    }

    pub(crate) fn reset(&mut self) {
        self.memory.fill(T::default());
    }
}

/// Half as many samples.
#[derive(Clone, Debug)]
pub(crate) struct Down<T> {
    taps: Vec<T>,
    /// Every second sample, from the first, with the past that the filter reaches.
    even: Vec<T>,
    /// The others, with the past that the middle tap reaches.
    odd: Vec<T>,
    filtered: Vec<T>,
}

impl<T: Fold + Copy + Default> Down<T> {
    /// For at most `longest` samples of the lower rate at a time.
    pub(crate) fn new(taps: &Taps, longest: usize) -> Self {
        let room = longest.next_multiple_of(LANES);
        Down {
            taps: taps.0.iter().map(|tap| T::of(*tap)).collect(),
            even: vec![T::default(); taps.half_length() + room],
            odd: vec![T::default(); taps.0.len() + room],
            filtered: vec![T::default(); room],
        }
    }

    pub(crate) fn run(&mut self, x: &[T], out: &mut [T]) {
        let (past, middle) = (2 * self.taps.len() - 1, self.taps.len());
        let new = self.even[past..].iter_mut().zip(&mut self.odd[middle..]);
        for (pair, (even, odd)) in x.as_chunks::<2>().0.iter().zip(new) {
            (*even, *odd) = (pair[0], pair[1]);
        }
        T::fold(&self.taps, &self.even, &mut self.filtered[..out.len().next_multiple_of(LANES)]);
        for ((out, filtered), odd) in out.iter_mut().zip(&self.filtered).zip(&self.odd) {
            *out = odd.half_and(*filtered);
        }
        self.even.copy_within(out.len()..out.len() + past, 0);
        self.odd.copy_within(out.len()..out.len() + middle, 0);
    }

    pub(crate) fn reset(&mut self) {
        self.even.fill(T::default());
        self.odd.fill(T::default());
    }
}
