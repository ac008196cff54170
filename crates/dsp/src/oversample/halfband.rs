//! One doubling of the rate and one halving.

#![allow(
    clippy::inline_always,
    reason = "left out of line it would be compiled without its caller's vector instructions"
)]

use std::f64::consts::PI;
use std::ops::{Add, Mul};

use crate::math::bessel_i0;

/// Attenuation of the windows, in dB: of the steep first stage, and of the short further ones (for which Kaiser's
/// estimate of the length is a little low).
const STOP_DB: [f64; 2] = [110.0, 122.0];
/// Where the pass band ends, as a part of the base rate: 20 kHz at 44.1 kHz.
const PASS: f64 = 20_000.0 / 44_100.0;
/// So many outputs are computed side by side.
const LANES: usize = 64;

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
    /// steps of [`LANES`] outputs, so both slices need room behind what is wanted.
    fn fold(taps: &[Self], x: &[Self], out: &mut [Self]);
}

/// [`Fold::fold`] for any number of taps, output after output: the twin of the others, and what runs a filter of another
/// length.
fn fold_any<T: Number>(taps: &[T], x: &[T], out: &mut [T]) {
    let reach = 2 * taps.len() - 1;
    for (n, out) in out.iter_mut().enumerate() {
        let folded = taps.iter().enumerate().map(|(k, t)| *t * (x[n + k] + x[n + reach - k]));
        *out = folded.fold(T::default(), |sum, x| sum + x);
    }
}

/// What a fold computes with.
trait Number: Copy + Default + Add<Output = Self> + Mul<Output = Self> {}
impl Number for f32 {}
impl Number for f64 {}

/// How many outputs stand in a row.
const ROW: usize = LANES / 4;

/// Adds `G` taps, from the `4q`-th, to all outputs. `OVER` and `quarter`: a filter reaches back 4 · `quarter` + `OVER`.
#[allow(clippy::needless_range_loop, reason = "taps and outputs are counted together")]
#[inline(always)]
fn add<T: Number, const G: usize, const OVER: usize, const LONG: usize>(
    sums: &mut [[T; ROW]; 4],
    taps: &[T; G],
    rows: &[[T; LONG]; 4],
    (q, quarter): (usize, usize),
) {
    let near = rows.each_ref().map(|row| row[q..].first_chunk::<{ ROW + 2 }>());
    let far = rows.each_ref().map(|row| row[quarter - q - 1..].first_chunk::<{ ROW + 3 }>());
    let ([Some(a), Some(b), Some(c), Some(d)], [Some(e), Some(f), Some(g), Some(h)]) = (near, far) else { return };
    let (near, far) = ([a, b, c, d], [e, f, g, h]);
    let [s0, s1, s2, s3] = sums;
    for l in 0..ROW {
        let mut s = [s0[l], s1[l], s2[l], s3[l]];
        for k in 0..G {
            for r in 0..4 {
                let (ahead, behind) = (r + k, 4 + OVER + r - k);
                let pair = near[ahead % 4][ahead / 4 + l] + far[behind % 4][behind / 4 + l];
                s[r] = s[r] + taps[k] * pair;
            }
        }
        [s0[l], s1[l], s2[l], s3[l]] = s;
    }
}

/// [`Fold::fold`] for a known number of taps. What such a filter waits for are its loads, most of which straddle two lines
/// of the cache. So the samples are dealt out to four rows as cards are, and four outputs share what they load: output
/// 4j + r lies in lane j of row r, and what it reads k samples on, in row (r + k) mod 4.
macro_rules! fold {
    ($name:ident, $type:ty, $taps:literal) => {
        #[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
        fn $name(taps: &[$type; $taps], x: &[$type], out: &mut [$type]) {
            const REACH: usize = 2 * $taps - 1;
            const QUARTER: usize = REACH / 4;
            const LONG: usize = ROW + QUARTER + 2;
            let (fours, rest) = taps.as_chunks::<4>();
            for (i, out) in out.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
                let Some(x) = x[i * LANES..].first_chunk::<{ LANES + REACH }>() else { return };
                let mut rows = [[0.0; LONG]; 4];
                let (cards, last) = x.as_chunks::<4>();
                for (j, card) in cards.iter().enumerate() {
                    for r in 0..4 {
                        rows[r][j] = card[r];
                    }
                }
                for (row, card) in rows.iter_mut().zip(last) {
                    row[cards.len()] = *card;
                }
                let mut sums = [[0.0; ROW]; 4];
                for (q, taps) in fours.iter().enumerate() {
                    add::<_, 4, { REACH % 4 }, LONG>(&mut sums, taps, &rows, (q, QUARTER));
                }
                if let Some(rest) = rest.first_chunk::<{ $taps % 4 }>() {
                    add::<_, { $taps % 4 }, { REACH % 4 }, LONG>(&mut sums, rest, &rows, (fours.len(), QUARTER));
                }
                for (j, card) in out.as_chunks_mut::<4>().0.iter_mut().enumerate() {
                    *card = [sums[0][j], sums[1][j], sums[2][j], sums[3][j]];
                }
            }
        }
    };
}

macro_rules! folds {
    ($type:ty, $steep:ident, $second:ident, $short:ident) => {
        fold!($steep, $type, 39);
        fold!($second, $type, 10);
        fold!($short, $type, 6);

        impl Fold for $type {
            fn of(x: f64) -> Self {
                x as $type
            }

            fn half_and(self, other: Self) -> Self {
                0.5 * self + other
            }

            fn fold(taps: &[Self], x: &[Self], out: &mut [Self]) {
                match taps.len() {
                    39 => taps.first_chunk().into_iter().for_each(|taps| $steep(taps, x, out)),
                    10 => taps.first_chunk().into_iter().for_each(|taps| $second(taps, x, out)),
                    6 => taps.first_chunk().into_iter().for_each(|taps| $short(taps, x, out)),
                    _ => fold_any(taps, x, out),
                }
            }
        }
    };
}

folds!(f32, steep_f32, second_f32, short_f32);
folds!(f64, steep_f64, second_f64, short_f64);

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::noise;

    #[test]
    fn every_length_has_the_bits_of_its_twin() {
        // The lengths that there are, and one that there is not.
        let lengths: Vec<usize> = (0..4).map(|stage| design(stage).0.len()).collect();
        assert_eq!(lengths, [39, 10, 6, 6]);
        for count in [39, 10, 6, 7] {
            let taps = noise(count as u64, 0.3, count);
            let x = noise(9, 1.0, 4 * LANES + 2 * count - 1);
            let (mut out, mut twin) = (vec![0.0_f32; 4 * LANES], vec![0.0_f32; 4 * LANES]);
            f32::fold(&taps, &x, &mut out);
            fold_any(&taps, &x, &mut twin);
            assert!(out.iter().zip(&twin).all(|(a, b)| a.to_bits() == b.to_bits()), "{count} taps");
            let wide = |x: &[f32]| x.iter().map(|x| f64::from(*x)).collect::<Vec<f64>>();
            let (mut out, mut twin) = (vec![0.0; 4 * LANES], vec![0.0; 4 * LANES]);
            f64::fold(&wide(&taps), &wide(&x), &mut out);
            fold_any(&wide(&taps), &wide(&x), &mut twin);
            assert!(out.iter().zip(&twin).all(|(a, b)| a.to_bits() == b.to_bits()), "{count} taps");
        }
    }
}
