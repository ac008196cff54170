//! Waves without aliasing: one period in a table, in as many versions as there are pitches.
//!
//! A saw computed sample by sample would fold its harmonics above half the sampling rate back into the music. Here
//! every wave is summed from its harmonics, once for each third of an octave, and each version stops where its
//! highest harmonic would pass 20 kHz at the top of its third.

use std::sync::OnceLock;

use super::arithmetic::{RATE, exp2, sine};

const PERIOD: usize = 4096;
const LOWEST_HZ: f64 = 40.0;
const HIGHEST_HARMONIC_HZ: f64 = 20_000.0;
/// Eight octaves in thirds: up to 10 kHz.
const VERSIONS: usize = 25;

/// The sum of a wave's harmonics, one table per third of an octave.
pub(crate) struct Wave {
    versions: Vec<Vec<f32>>,
}

impl Wave {
    /// From the sine and cosine amplitude of each harmonic, counted from 1.
    pub(crate) fn new(harmonic: impl Fn(usize) -> (f64, f64)) -> Self {
        let turn: Vec<f64> = (0..PERIOD).map(|i| sine(i as f64 / PERIOD as f64)).collect();
        let mut sum = vec![0.0; PERIOD];
        let mut versions = Vec::new();
        let mut next = 1;
        // From the highest pitch down: each version keeps what the one above it has and adds to it.
        for version in (0..VERSIONS).rev() {
            let top_hz = LOWEST_HZ * exp2(version as f64 / 3.0);
            while next as f64 * top_hz <= HIGHEST_HARMONIC_HZ {
                let (sines, cosines) = harmonic(next);
                for (i, value) in sum.iter_mut().enumerate() {
                    let place = i * next % PERIOD;
                    *value += sines * turn[place] + cosines * turn[(place + PERIOD / 4) % PERIOD];
                }
                next += 1;
            }
            // One sample more, so that the reader may look ahead without wrapping.
            versions.push(sum.iter().chain(&sum[..1]).map(|v| *v as f32).collect());
        }
        versions.reverse();
        Wave { versions }
    }

    /// The version for notes that never rise above this frequency.
    pub(crate) fn below(&self, hz: f64) -> &[f32] {
        let mut version = 0;
        while version + 1 < self.versions.len() && LOWEST_HZ * exp2(version as f64 / 3.0) < hz {
            version += 1;
        }
        &self.versions[version]
    }
}

/// A saw, falling, about ±1.
pub(crate) fn saw() -> &'static Wave {
    static WAVE: OnceLock<Wave> = OnceLock::new();
    WAVE.get_or_init(|| Wave::new(|h| (std::f64::consts::FRAC_2_PI / h as f64, 0.0)))
}

/// A square, about ±1.
pub(crate) fn square() -> &'static Wave {
    static WAVE: OnceLock<Wave> = OnceLock::new();
    WAVE.get_or_init(|| {
        Wave::new(|h| (if h % 2 == 1 { 2.0 * std::f64::consts::FRAC_2_PI / h as f64 } else { 0.0 }, 0.0))
    })
}

/// Runs through one version of a wave. Its phase is a whole number of 2⁻³² turns, which wraps by itself.
#[derive(Clone)]
pub(crate) struct Oscillator<'a> {
    table: &'a [f32],
    phase: u32,
}

/// Frequency in turns per frame (less than a half) as a step of the phase.
pub(crate) fn increment(turns: f64) -> u32 {
    (turns * 4_294_967_296.0) as i64 as u32
}

impl<'a> Oscillator<'a> {
    /// Starting at a phase from 0 to 1.
    pub(crate) fn new(table: &'a [f32], phase: f64) -> Self {
        Oscillator { table, phase: increment(phase) }
    }

    /// The next sample at this frequency in Hz.
    #[inline]
    pub(crate) fn step(&mut self, hz: f64) -> f64 {
        self.advance(increment(hz * (1.0 / RATE)))
    }

    /// The next sample, for an [`increment`] that was computed beforehand.
    #[inline]
    pub(crate) fn advance(&mut self, increment: u32) -> f64 {
        let index = (self.phase >> 20) as usize;
        let rest = f64::from((self.phase & 0x000f_ffff) as i32) * (1.0 / 1_048_576.0);
        let (a, b) = (f64::from(self.table[index]), f64::from(self.table[index + 1]));
        self.phase = self.phase.wrapping_add(increment);
        a + (b - a) * rest
    }
}

/// A table at a phase from 0 to 1, by straight lines (images below −80 dB in a table this fine).
#[inline]
pub(crate) fn read(table: &[f32], phase: f64) -> f64 {
    let place = phase * PERIOD as f64;
    let index = (place as i32).clamp(0, PERIOD as i32 - 1) as usize;
    let (a, b) = (f64::from(table[index]), f64::from(table[index + 1]));
    a + (b - a) * (place - index as f64)
}
