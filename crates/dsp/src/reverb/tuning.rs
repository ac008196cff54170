//! What makes a room a room and a hall a hall: lengths of lines, spans of the diffuser, early reflections.

use tonmeister_core::{Choice, pan};

use super::LINES;
use super::diffuser::STEPS;

/// The words of `kind`, in the order of [`TUNINGS`].
pub(crate) const KINDS: &[Choice] = &[
    Choice { id: "room", doc: "close walls: early reflections within 40 ms, dense at once" },
    Choice { id: "chamber", doc: "a live chamber: wider spaced, rounder onset" },
    Choice { id: "plate", doc: "hardly any reflections, dense from the first milliseconds" },
    Choice { id: "hall", doc: "far walls: reflections up to 85 ms, a slow swell" },
];

/// One kind of space at a size of 100 %.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tuning {
    /// The shortest and the longest line, in milliseconds.
    pub(crate) lines_ms: (f64, f64),
    /// What each step of the diffuser spreads over, in milliseconds.
    pub(crate) diffuse_ms: [f64; STEPS],
    /// The first and the last early reflection, in milliseconds after the direct sound.
    pub(crate) early_ms: (f64, f64),
    /// Energy of the early reflections against the late, in decibels.
    pub(crate) early_db: f64,
    /// For the random draws.
    pub(crate) seed: u64,
}

/// By the index of `kind`.
pub(crate) const TUNINGS: [Tuning; 4] = [
    Tuning {
        lines_ms: (18.0, 60.0),
        diffuse_ms: [4.0, 8.0, 16.0, 32.0],
        early_ms: (3.0, 40.0),
        early_db: -6.0,
        seed: 11,
    },
    Tuning {
        lines_ms: (20.0, 70.0),
        diffuse_ms: [7.0, 14.0, 28.0, 50.0],
        early_ms: (6.0, 60.0),
        early_db: -9.0,
        seed: 162,
    },
    Tuning {
        lines_ms: (20.0, 70.0),
        diffuse_ms: [3.0, 7.0, 13.0, 27.0],
        early_ms: (1.0, 20.0),
        early_db: -12.0,
        seed: 37,
    },
    Tuning {
        lines_ms: (29.0, 97.0),
        diffuse_ms: [10.0, 20.0, 40.0, 80.0],
        early_ms: (12.0, 85.0),
        early_db: -8.0,
        seed: 53,
    },
];

impl Tuning {
    /// Line lengths in frames: prime, all different, evenly spaced in octaves.
    pub(crate) fn lengths(&self, size: f64, rate: f64) -> [usize; LINES] {
        let (low, high) = (self.lines_ms.0 * size, self.lines_ms.1 * size);
        let mut lengths = [0; LINES];
        let mut last = 1;
        for (k, length) in lengths.iter_mut().enumerate() {
            let wanted = 0.001 * rate * low * (high / low).powf(k as f64 / (LINES - 1) as f64);
            last = prime_from((wanted.round() as usize).max(last + 1));
            *length = last;
        }
        lengths
    }
}

/// The first prime at or above `n`.
fn prime_from(n: usize) -> usize {
    let prime = |n: usize| n >= 2 && (2..=n.isqrt()).all(|d| !n.is_multiple_of(d));
    let n = n.max(2);
    // There is always one below twice any number.
    (n..2 * n).find(|n| prime(*n)).unwrap_or(n)
}

/// Early reflections of each input channel.
pub(crate) const EARLY_TAPS: usize = 14;

/// One early reflection: when, and how loud on each side.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EarlyTap {
    pub(crate) delay: usize,
    pub(crate) gains: [f32; 2],
}

/// Velvet noise with a decay: one tap of either sign at a random place of each of equal parts (in octaves of time),
/// falling as the square root of time, panned at random with a lean to the input's own side. Each input's taps
/// together have energy one, so that noise on both sides comes out as loud as it went in.
pub(crate) fn early_taps(tuning: &Tuning, size: f64, rate: f64, draw: &mut Draw) -> [[EarlyTap; EARLY_TAPS]; 2] {
    let (first, last) = (tuning.early_ms.0 * size, tuning.early_ms.1 * size);
    [-1.0, 1.0].map(|side| {
        let raw: [(f64, f64, [f64; 2]); EARLY_TAPS] = std::array::from_fn(|k| {
            let way = (k as f64 + draw.unit()) / EARLY_TAPS as f64;
            let sign = if draw.below(2) == 1 { -1.0 } else { 1.0 };
            let position = (0.25 * side + 1.5 * (draw.unit() - 0.5)).clamp(-1.0, 1.0);
            let ms = first * (last / first).powf(way);
            (ms, sign * (first / ms).sqrt(), pan::mono(Some(1.0), position))
        });
        let energy: f64 = raw.iter().map(|(_, height, _)| height * height).sum();
        let scale = (1.0 / energy).sqrt();
        let tap = |(ms, height, [left, right]): (f64, f64, [f64; 2])| EarlyTap {
            delay: (0.001 * rate * ms).round() as usize,
            gains: [(height * scale * left) as f32, (height * scale * right) as f32],
        };
        raw.map(tap)
    })
}

/// Random numbers for tunings: the same for every song, so that a kind of space always sounds the same.
#[derive(Clone, Debug)]
pub(crate) struct Draw(pub(crate) u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let x = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        x ^ (x >> 31)
    }

    /// From 0 up to but not including 1.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A whole number below `n`.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_different_primes_at_every_rate_and_size() {
        for tuning in TUNINGS {
            for (size, rate) in [(0.25, 8000.0), (1.0, 44_100.0), (1.0, 48_000.0), (2.0, 192_000.0)] {
                let lengths = tuning.lengths(size, rate);
                assert!(lengths.windows(2).all(|w| w[0] < w[1]), "{lengths:?}");
                assert!(lengths.iter().all(|n| prime_from(*n) == *n));
                let wanted = 0.001 * rate * size * tuning.lines_ms.1;
                // Primes near 200 may lie 14 apart.
                assert!((lengths[15] as f64 - wanted).abs() < 14.0 + 0.01 * wanted, "{lengths:?}");
            }
        }
    }

    #[test]
    fn no_early_reflection_stands_out() {
        for tuning in TUNINGS {
            let taps = early_taps(&tuning, 1.0, 48_000.0, &mut Draw(tuning.seed));
            let energy = |t: &EarlyTap| t.gains.iter().map(|g| f64::from(g * g)).sum::<f64>();
            for side in &taps {
                let sum: f64 = side.iter().map(energy).sum();
                assert!((sum - 1.0).abs() < 1e-5);
                let strongest = side.iter().map(|t| 10.0 * (energy(t) / sum).log10()).fold(f64::MIN, f64::max);
                assert!(strongest <= -6.0, "{strongest:.1} dB of the sum");
            }
        }
    }
}
