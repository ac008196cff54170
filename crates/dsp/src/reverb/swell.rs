//! The space backward: a swell after each sound that ends at once.
//!
//! The lines of the network cannot run backward, so what they would answer is drawn instead: velvet noise (one pulse of
//! either sign at a random place of each of equal parts; Karjalainen and Järveläinen, *Reverberation modeling using
//! velvet noise*, AES 30th conference, 2007), as dense as the kind of space, its size and the diffusion say, another
//! one for each way from a side to a side. It rises where the space would decay, every frequency by 60 dB in its own
//! T60: the slowest exactly, the others against it by gains on overlapping parts of 21 ms. The swell is convolved
//! without latency.

#[cfg(test)]
mod tests;

use std::f64::consts::{LN_10, PI};

use realfft::RealFftPlanner;
use realfft::num_complex::Complex;

use super::decay::Curve;
use super::ring::{CHUNK, Ring};
use super::tuning::{Draw, EARLY_TAPS, EarlyTap, Tuning};
use crate::convolve::{Convolver, Latency, Path};

/// Pulses per second at full diffusion, in a space as small as the room at a size of 100 %: closer than an ear tells
/// apart.
const DENSEST: f64 = 5000.0;
/// And what no diffusion leaves of them.
const SPARSEST: f64 = 0.01;
/// The shortest line of the room in milliseconds: density is measured against it.
const ROOM_MS: f64 = 18.0;
/// Parts of the swell that are shaped at once are about so long, in seconds: 1024 frames at 48 kHz.
const PART_S: f64 = 0.0213;
/// The end, without a click.
const END_MS: f64 = 3.0;
/// Set apart from the draws of early reflections and diffuser.
const SALT: u64 = 0x5EED_5E11;

/// The late reverberation of a reversed space.
#[derive(Debug)]
pub(super) struct Swell(Convolver);

impl Swell {
    /// Of so many frames, in the curve's decay, in a space of this kind, size and diffusion (as parts of one).
    pub(super) fn new(tuning: &Tuning, curve: &Curve, frames: usize, size: f64, diffusion: f64, rate: f64) -> Swell {
        let ways = ways(tuning, curve, frames, size, diffusion, rate);
        let paths = [0, 1, 2, 3].map(|k| Path { input: k / 2, output: k % 2, impulse: &ways[k] });
        Swell(Convolver::new(2, 2, &paths, Latency::None))
    }

    /// A run of frames, that begin `behind` frames before the next to be written into the memories of left and right.
    pub(super) fn run(&mut self, input: &[Ring; 2], behind: usize, frames: usize, out: &mut [[f32; CHUNK]; 2]) {
        let [left, right] = out;
        let input = [0, 1].map(|c| input[c].run(behind, frames));
        self.0.process(&input, &mut [&mut left[..frames], &mut right[..frames]]);
    }

    /// How long it is.
    pub(super) fn frames(&self) -> usize {
        self.0.length()
    }

    pub(super) fn reset(&mut self) {
        self.0.reset();
    }
}

/// The early reflections backward: as long before the end as they would come after the beginning. What would come
/// before the beginning is left out, and the others have its energy.
pub(super) fn early(taps: &[[EarlyTap; EARLY_TAPS]; 2], frames: usize) -> [[EarlyTap; EARLY_TAPS]; 2] {
    let energy = |taps: &[EarlyTap]| taps.iter().flat_map(|t| t.gains).map(|g| f64::from(g * g)).sum::<f64>();
    (*taps).map(|mut taps| {
        let whole = energy(&taps);
        for tap in &mut taps {
            if tap.delay < frames {
                tap.delay = frames - 1 - tap.delay;
            } else {
                *tap = EarlyTap { delay: 0, gains: [0.0; 2] };
            }
        }
        let left = energy(&taps);
        let scale = if left > 0.0 { (whole / left).sqrt() as f32 } else { 0.0 };
        taps.iter_mut().flat_map(|tap| &mut tap.gains).for_each(|gain| *gain *= scale);
        taps
    })
}

/// Of the left to left and right, then of the right. Noise on both sides comes out as loud as it went in, at 1 kHz.
fn ways(tuning: &Tuning, curve: &Curve, frames: usize, size: f64, diffusion: f64, rate: f64) -> [Vec<f64>; 4] {
    let density = DENSEST * SPARSEST.powf(1.0 - diffusion) * ROOM_MS / tuning.lines_ms.0 / size;
    let apart = (rate / density).max(1.0);
    let end = ((0.001 * END_MS * rate) as usize).max(1);
    let fade = |at: usize| {
        let left = (frames - at) as f64 / (end + 1) as f64;
        if left < 1.0 { 0.5 - 0.5 * (PI * left).cos() } else { 1.0 }
    };
    let rise = |t60: f64, at: f64| (-3.0 * LN_10 * (frames as f64 - at).max(0.0) / (rate * t60)).exp();
    let (slowest, middle) = (curve.longest().max(curve.at(1000.0)), curve.at(1000.0));
    let mut draw = Draw(tuning.seed ^ SALT);
    let mut ways = [(); 4].map(|()| {
        let mut way = vec![0.0; frames];
        let mut energy = 0.0;
        for part in 0.. {
            let at = ((f64::from(part) + draw.unit()) * apart) as usize;
            if at >= frames {
                break;
            }
            let sign = if draw.below(2) == 1 { -1.0 } else { 1.0 };
            way[at] += sign * rise(slowest, at as f64);
            energy += (rise(middle, at as f64) * fade(at)).powi(2);
        }
        let scale = (0.5 / energy.max(f64::MIN_POSITIVE)).sqrt();
        for x in &mut way {
            *x *= scale;
        }
        way
    });
    let even = (0..=40).map(|k| curve.at(31.25 * 2f64.powf(f64::from(k) / 4.0))).all(|t| t > 0.999 * slowest);
    if !even {
        shape(&mut ways, curve, slowest, rate);
    }
    for way in &mut ways {
        way.iter_mut().enumerate().skip(frames.saturating_sub(end)).for_each(|(at, x)| *x *= fade(at));
    }
    ways
}

/// Turns every frequency down by how much faster than the slowest it rises.
fn shape(ways: &mut [Vec<f64>; 4], curve: &Curve, slowest: f64, rate: f64) {
    let frames = ways[0].len();
    let part = ((PART_S * rate) as usize).next_power_of_two().max(64);
    // A linear convolution: the part in the middle, and room for the gain's ringing on both sides.
    let (hop, size) = (part / 2, 2 * part);
    let mut planner = RealFftPlanner::<f64>::new();
    let (forward, back) = (planner.plan_fft_forward(size), planner.plan_fft_inverse(size));
    let (mut time, mut bins) = (forward.make_input_vec(), forward.make_output_vec());
    let mut scratch = vec![Complex::default(); forward.get_scratch_len().max(back.get_scratch_len())];
    // Nepers per frame that a frequency lies further below than the slowest.
    let slope = |k: usize| {
        let hz = (k as f64 * rate / size as f64).max(10.0);
        3.0 * LN_10 / rate * (1.0 / curve.at(hz) - 1.0 / slowest).max(0.0)
    };
    let slopes: Vec<f64> = (0..bins.len()).map(slope).collect();
    let window: Vec<f64> = (0..part).map(|n| (PI * (n as f64 + 0.5) / part as f64).sin().powi(2)).collect();
    let mut gains = vec![0.0; bins.len()];
    let mut shaped = [(); 4].map(|()| vec![0.0; frames]);
    // The first part begins before the swell, the last reaches behind it.
    for start in (0..frames + hop).step_by(hop) {
        let left = (frames as f64 - start as f64).max(0.0);
        for (gain, slope) in gains.iter_mut().zip(&slopes) {
            *gain = (-slope * left).exp() / size as f64;
        }
        for (way, shaped) in ways.iter().zip(&mut shaped) {
            time.fill(0.0);
            let here = |n: usize| (start + n).checked_sub(hop).filter(|at| *at < frames);
            for (n, weight) in window.iter().enumerate() {
                time[hop + n] = here(n).map_or(0.0, |at| weight * way[at]);
            }
            // Lengths are those of the plans: neither can fail.
            let _ = forward.process_with_scratch(&mut time, &mut bins, &mut scratch);
            bins.iter_mut().zip(&gains).for_each(|(bin, gain)| *bin *= *gain);
            let last = bins.len() - 1;
            (bins[0].im, bins[last].im) = (0.0, 0.0);
            let _ = back.process_with_scratch(&mut bins, &mut time, &mut scratch);
            for (n, x) in time.iter().enumerate() {
                if let Some(y) = (start + n).checked_sub(2 * hop).and_then(|at| shaped.get_mut(at)) {
                    *y += x;
                }
            }
        }
    }
    *ways = shaped;
}
