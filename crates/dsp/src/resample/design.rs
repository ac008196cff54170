//! The filter, and how large the blocks are.

use std::f64::consts::PI;

use crate::math::bessel_i0;

/// Attenuation of the stop band, in dB.
const STOP_DB: f64 = 170.0;
/// Where the pass band ends, as a part of the lower Nyquist frequency. The stop band begins at Nyquist itself.
const PASS: f64 = 0.913;

/// The shape of a conversion: blocks of `m · p` frames in become `m · q` frames out.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// The input rate over the greatest common divisor of both.
    p: usize,
    /// The output rate over it.
    q: usize,
    /// Steps of `p` (in) and `q` (out) frames in a block.
    steps: usize,
    /// Of those, on each side, how many the filter's reach spoils.
    margin: usize,
    /// Half the filter's length in frames of the lower rate.
    half: f64,
    /// The Kaiser window's shape.
    beta: f64,
}

impl Plan {
    pub(crate) fn new(from: u32, to: u32) -> Plan {
        let common = gcd(from, to);
        let (p, q) = ((from / common) as usize, (to / common) as usize);
        // Kaiser's estimate of the length, at the lower rate, for a transition of (1 − PASS) of its Nyquist frequency.
        let taps = (STOP_DB - 8.0) / (2.285 * PI * (1.0 - PASS));
        let half = (taps / 2.0).ceil();
        // In frames of the input.
        let reach = half * p as f64 / p.min(q) as f64;
        let margin = ((reach + 1.0) / p as f64).ceil().max(1.0) as usize;
        let steps = best_steps(p, q, margin);
        Plan { p, q, steps, margin, half, beta: 0.1102 * (STOP_DB - 8.7) }
    }

    /// Frames of a block in.
    pub(crate) fn block_in(&self) -> usize {
        self.p * self.steps
    }

    /// Frames of a block out.
    pub(crate) fn block_out(&self) -> usize {
        self.q * self.steps
    }

    /// New frames per block in.
    pub(crate) fn hop_in(&self) -> usize {
        self.p * (self.steps - 2 * self.margin)
    }

    /// Good frames per block out.
    pub(crate) fn hop_out(&self) -> usize {
        self.q * (self.steps - 2 * self.margin)
    }

    /// Frames of a block that stand before its first good one, in.
    pub(crate) fn reach_in(&self) -> usize {
        self.p * self.margin
    }

    /// The same, out.
    pub(crate) fn reach_out(&self) -> usize {
        self.q * self.margin
    }

    /// The filter's impulse response around time zero, at the higher rate, wrapped around a block of that rate: its
    /// transform is the (real) response at the frequencies of the block's bins.
    pub(crate) fn impulse(&self) -> Vec<f64> {
        let (high, low) = (self.p.max(self.q), self.p.min(self.q));
        let size = high * self.steps;
        let ratio = low as f64 / high as f64;
        let cutoff = f64::midpoint(1.0, PASS);
        let mut out = vec![0.0; size];
        let reach = (self.half / ratio).floor() as usize;
        let norm = bessel_i0(self.beta);
        for n in 0..=reach.min(size / 2) {
            // Time in frames of the lower rate.
            let t = n as f64 * ratio;
            let x = PI * cutoff * t;
            let sinc = if n == 0 { 1.0 } else { x.sin() / x };
            let u = t / self.half;
            let window = bessel_i0(self.beta * (1.0 - u * u).max(0.0).sqrt()) / norm;
            let tap = sinc * window;
            out[n] = tap;
            if n > 0 {
                out[size - n] = tap;
            }
        }
        let sum: f64 = out.iter().sum();
        for tap in &mut out {
            *tap /= sum;
        }
        out
    }
}

/// The block size with the least work per good frame.
fn best_steps(p: usize, q: usize, margin: usize) -> usize {
    /// Larger blocks leave the processor's caches.
    const MOST: usize = 16_384;
    let least = 2 * margin + 1;
    let most = (MOST / p.max(q)).max(2 * least).max(4);
    let work = |steps: usize| {
        let transforms = transform_work(p * steps) + transform_work(q * steps);
        transforms / (steps - 2 * margin) as f64
    };
    (least..=most).min_by(|a, b| work(*a).total_cmp(&work(*b))).unwrap_or(least)
}

/// About how long a transform of that size takes, in operations: a pass over the data for each prime factor.
fn transform_work(size: usize) -> f64 {
    let (mut rest, mut per_frame, mut factor) = (size, 6.0, 2);
    while rest > 1 && factor * factor <= rest {
        while rest.is_multiple_of(factor) {
            rest /= factor;
            per_frame += pass_work(factor);
        }
        factor += 1;
    }
    if rest > 1 {
        per_frame += pass_work(rest);
    }
    size as f64 * per_frame
}

/// Operations per frame in a pass of that prime factor.
fn pass_work(factor: usize) -> f64 {
    match factor {
        2 => 4.0,
        3 => 8.0,
        5 => 14.0,
        7 => 22.0,
        // Beyond, a direct sum, or Bluestein's detour over a power of two.
        _ => (4.0 * factor as f64).min(300.0),
    }
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}
