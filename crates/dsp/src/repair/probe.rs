//! Sounds to be spoilt and repaired, and how near the original a repair comes.

use tonmeister_core::{Buffer, Processor};

use super::ar::{Gaps, Model};
use crate::testing::{noise, run};

/// Plucked strings: chords of decaying, slightly stretched harmonics, one every quarter of a second or so.
pub(super) fn strings(seed: u64, sample_rate: u32, frames: usize) -> Vec<f32> {
    let rate = f64::from(sample_rate);
    let dice = noise(seed, 0.5, 400);
    let mut sound: Vec<f64> = noise(seed + 1, 2e-4, frames).iter().map(|x| f64::from(*x)).collect();
    let notes = [110.0, 146.83, 164.81, 196.0, 220.0, 261.63, 329.63, 392.0];
    for (k, start) in (0..frames).step_by(sample_rate as usize * 23 / 100).enumerate() {
        let fundamental = notes[((dice[k % 400] + 0.5) * 7.99) as usize];
        for h in 1..=16 {
            let h = f64::from(h);
            let hz = fundamental * h * (1.0 + 1e-4 * h * h).sqrt();
            if hz > 0.4 * rate {
                break;
            }
            let (decay, turn) = (-(1.2 + 0.5 * h) / rate, std::f64::consts::TAU * hz / rate);
            for n in 0..(frames - start).min(3 * sample_rate as usize) {
                let t = n as f64;
                // A fingertip leaves the string in five milliseconds.
                let attack =
                    (0.5 - 0.5 * (std::f64::consts::PI * t / (0.005 * rate)).cos()).max(f64::from(t > 0.005 * rate));
                sound[start + n] += 0.15 / h * attack * (decay * t).exp() * (turn * t + h).sin();
            }
        }
    }
    sound.iter().map(|x| *x as f32).collect()
}

/// Signal over distance, in dB.
pub(super) fn ratio_db(original: &[f32], repaired: &[f32]) -> f64 {
    let power = |x: f64| x * x;
    let signal: f64 = original.iter().map(|x| power(f64::from(*x))).sum();
    let apart: f64 = original.iter().zip(repaired).map(|(a, b)| power(f64::from(a - b))).sum();
    10.0 * (signal / apart.max(1e-30)).log10()
}

/// A mono sound through a processor, its latency taken away.
pub(super) fn through(processor: &mut dyn Processor, sound: &[f32]) -> Vec<f32> {
    let late = processor.latency().0 as usize;
    let padded = [sound, &vec![0.0; late]].concat();
    run(processor, &Buffer::from_mono(padded), &[4096], &[]).channel(0)[late..].to_vec()
}

pub(super) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The median of what so many gaps, `hop` samples apart, are filled to: the ratio of the sound to what is wrong in the gap, dB.
pub(super) fn gap_db(sound: &[f64], length: usize, count: usize, hop: usize) -> f64 {
    let (mut model, mut gaps) = (Model::new(8192, 512), Gaps::new(512));
    let ratios = (0..count).map(|k| {
        let original = &sound[k * hop..][..8192];
        let mut frame = original.to_vec();
        let span = (4096, 4096 + length);
        frame[span.0..span.1].fill(0.0);
        for _ in 0..2 {
            assert!(model.learn(&frame));
            gaps.fill(&model, &mut frame, &[span]);
        }
        let inside = |x: &[f64]| x[span.0..span.1].iter().map(|x| *x as f32).collect::<Vec<_>>();
        ratio_db(&inside(original), &inside(&frame))
    });
    median(ratios.collect())
}
