//! What a playback head does to the spectrum.

use std::f64::consts::{PI, TAU};

use super::super::TILE;

/// Meters per second of one inch per second.
const INCH: f64 = 0.0254;
/// How far the tape is from the head: a loss of 55 dB for each wavelength of distance (Wallace 1951).
const SPACING_M: f64 = 1.0e-6;
/// How long the gap is: waves of its length vanish.
const GAP_M: f64 = 2.5e-6;
/// Taps on each side of the middle at 48 kHz, and at least.
const HALF_AT_48: f64 = 24.0;
const HALF_LEAST: usize = 8;

/// How much of a frequency the head picks up.
pub(super) fn loss(hz: f64, ips: f64) -> f64 {
    let waves = hz / (ips * INCH);
    let gap = PI * GAP_M * waves;
    let gap = if gap < 1e-6 { 1.0 } else { gap.sin() / gap };
    (-TAU * SPACING_M * waves).exp() * gap.max(0.0)
}

/// Where the head as a whole, and no longer its gap, picks up the wave: the middle of the bump.
pub(super) fn bump_hz(ips: f64) -> f64 {
    4.2 * ips
}

/// Spacing and gap loss of one channel. Neither turns the phase, so this is a symmetric filter.
#[derive(Clone, Debug)]
pub(super) struct Losses {
    /// The middle tap first.
    taps: Vec<f32>,
    memory: Vec<f32>,
}

impl Losses {
    pub(super) fn new(ips: f64, rate: u32) -> Self {
        let rate = f64::from(rate);
        let half = ((HALF_AT_48 * rate / 48_000.0).ceil() as usize).max(HALF_LEAST);
        let steps = 8 * half.max(64);
        let tap = |n: usize| {
            let at = |i: usize| {
                let turn = 0.5 * (i as f64 + 0.5) / steps as f64;
                loss(turn * rate, ips) * (TAU * turn * n as f64).cos()
            };
            let window = 0.5 + 0.5 * (PI * n as f64 / (half + 1) as f64).cos();
            window * (0..steps).map(at).sum::<f64>() / steps as f64
        };
        let taps: Vec<f64> = (0..=half).map(tap).collect();
        let sum = taps[0] + 2.0 * taps[1..].iter().sum::<f64>();
        Losses { taps: taps.iter().map(|tap| (tap / sum) as f32).collect(), memory: vec![0.0; 2 * half + TILE] }
    }

    /// Frames that the filter makes the sound late by.
    pub(super) fn latency(&self) -> usize {
        self.taps.len() - 1
    }

    pub(super) fn reset(&mut self) {
        self.memory.fill(0.0);
    }

    /// At most a tile.
    pub(super) fn run(&mut self, x: &mut [f32]) {
        let half = self.latency();
        self.memory[2 * half..][..x.len()].copy_from_slice(x);
        // What lies behind a short tile is old; its outputs are not read.
        let mut sums = [0.0_f32; TILE];
        fold(&self.taps, &self.memory, &mut sums);
        x.copy_from_slice(&sums[..x.len()]);
        self.memory.copy_within(x.len()..x.len() + 2 * half, 0);
    }
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn fold(taps: &[f32], memory: &[f32], sums: &mut [f32; TILE]) {
    let half = taps.len() - 1;
    let part = |from: usize| memory[from..].first_chunk::<TILE>();
    if let Some(middle) = part(half) {
        for (sum, x) in sums.iter_mut().zip(middle) {
            *sum = taps[0] * x;
        }
    }
    for (k, tap) in taps.iter().enumerate().skip(1) {
        if let (Some(before), Some(behind)) = (part(half - k), part(half + k)) {
            for ((sum, a), b) in sums.iter_mut().zip(before).zip(behind) {
                *sum += tap * (a + b);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filter_has_the_losses_of_the_formula() {
        // Measured: within 0.17 dB to 20 kHz at 7.5 ips, and closer at the others.
        for ips in [7.5, 15.0, 30.0] {
            let losses = Losses::new(ips, 48_000);
            let mut worst = 0.0_f64;
            for k in 0..=200 {
                let hz = 100.0 * f64::from(k);
                let sum: f64 = (1..losses.taps.len())
                    .map(|n| 2.0 * f64::from(losses.taps[n]) * (TAU * hz / 48_000.0 * n as f64).cos())
                    .sum();
                let apart = 20.0 * ((f64::from(losses.taps[0]) + sum) / loss(hz, ips)).log10();
                worst = worst.max(apart.abs());
            }
            println!("{ips} ips: {:.2} dB at 20 kHz, within {worst:.4} dB", 20.0 * loss(20_000.0, ips).log10());
            assert!(worst < 0.2, "{worst}");
        }
    }
}
