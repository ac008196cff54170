//! The waveform between the samples, looked at closely: sixteen phases, 192 taps each, and a parabola on top.
//!
//! The taps of [`kernel`](super::kernel) read within ±0.01 dB up to 0.907 of half the sample rate; loud cymbals of a
//! master at 44.1 or 48 kHz reach beyond, and there they read some hundredths of a decibel low. These read within
//! ±0.003 dB up to 0.965 of half the sample rate. They cost forty times as much, so only those cells are looked at
//! whose peak by the shorter taps comes near the greatest.

#![allow(
    clippy::inline_always,
    reason = "a helper left out of line would be compiled without its caller's vector instructions"
)]

use std::sync::LazyLock;

use super::sinc::{self, crest};

/// How many samples before and after a cell its peak depends on.
pub const REACH: usize = 96;
/// Places per sample.
const PHASES: usize = 16;
/// Taps of each phase.
const TAPS: usize = 2 * REACH;
/// How many products are summed side by side.
const LANES: usize = 16;
/// Shape of the Kaiser window: 100 dB down, and as steep as so many taps can be then.
const KAISER_BETA: f64 = 10.0;
/// How far below the greatest peak one may read by the shorter taps and be the greater one: 0.5 dB.
pub(super) const NEAR: f32 = 0.944;

/// The taps of each phase, for the samples `n − 95` to `n + 96`; each phase's sum is 1.
static KERNEL: LazyLock<Box<[[f64; TAPS]; PHASES]>> =
    LazyLock::new(|| Box::new(std::array::from_fn(|p| sinc::phase(p, PHASES, KAISER_BETA))));

/// Works the taps out, so that no audio thread does.
pub(super) fn prepare() {
    LazyLock::force(&KERNEL);
}

/// The height of the waveform at one phase; `x[95]` is the sample that the cell starts from.
#[inline(always)]
fn height(taps: &[f64; TAPS], x: &[f32]) -> f64 {
    let mut sums = [0.0; LANES];
    for (taps, x) in taps.as_chunks::<LANES>().0.iter().zip(x.as_chunks::<LANES>().0) {
        for l in 0..LANES {
            sums[l] += taps[l] * f64::from(x[l]);
        }
    }
    let mut width = LANES;
    while width > 1 {
        width /= 2;
        for l in 0..width {
            sums[l] += sums[l + width];
        }
    }
    sums[0]
}

/// The peak of a cell. It starts from sample `x[96]`; there are 96 samples before that one and 97 behind it.
///
/// # Panics
/// When there are not so many.
pub fn cell_peak(x: &[f32]) -> f32 {
    assert_eq!(x.len(), TAPS + 2, "a cell is looked at with {REACH} samples before it and {} behind", REACH + 1);
    peak(&KERNEL, x)
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn peak(kernel: &[[f64; TAPS]; PHASES], x: &[f32]) -> f32 {
    let mut heights = [0.0; PHASES + 2];
    heights[0] = height(&kernel[PHASES - 1], &x[..TAPS]);
    for (taps, to) in kernel.iter().zip(&mut heights[1..]) {
        *to = height(taps, &x[1..=TAPS]);
    }
    heights[PHASES + 1] = f64::from(x[REACH + 1]);
    let crests = heights.windows(3).map(|three| crest(three[0], three[1], three[2]));
    crests.fold(0.0, f64::max) as f32
}

#[cfg(test)]
mod tests {
    use super::super::ideal;
    use super::*;
    use crate::testing::sine;

    /// The greatest peak of all cells.
    fn read(x: &[f32]) -> f64 {
        let padded = [&[0.0; REACH][..], x, &[0.0; REACH + 2][..]].concat();
        padded.windows(TAPS + 2).map(|x| f64::from(cell_peak(x))).fold(0.0, f64::max)
    }

    /// Found: 0.0006 dB up to 0.96 of half the rate.
    #[test]
    fn a_tone_up_to_the_edge_is_read_at_its_height() {
        for part in [0.01, 0.3, 0.5, 0.907, 0.93, 0.95, 0.96] {
            // Not tied to the grid of phases; it swells, so that its ends do not overshoot.
            let tone = sine(24_000.0 * part + 0.37, 0.5, 48_000, 6000);
            let swell =
                |n: usize| 0.5 - 0.5 * (std::f64::consts::PI * (n.min(5999 - n) as f64 / 1500.0).min(1.0)).cos();
            let x: Vec<f32> = tone.iter().enumerate().map(|(n, x)| (f64::from(*x) * swell(n)) as f32).collect();
            let off = 20.0 * (read(&x[1000..5000]) / ideal::peak(&x[1000..5000], 64)).log10();
            let whole = 20.0 * (read(&x) / ideal::peak(&x, 64)).log10();
            println!("{part}: {whole:+.5} dB, cut {off:+.5} dB");
            assert!(whole.abs() < 0.003, "{part}: {whole:+.4} dB");
        }
    }
}
