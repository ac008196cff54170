//! How far two recordings of one sound lie apart in time, and whether one of them is turned.
//!
//! Two microphones on one drum, a direct box and an amplifier: heard together they comb unless they are brought into
//! line. The delay is where the phases of the whole band agree (generalized cross-correlation with phase transform,
//! GCC-PHAT; Knapp & Carter, *The generalized correlation method for estimation of time delay*, IEEE Trans. ASSP 24(4),
//! 1976). Only phases count, so the colors of the microphones hardly matter, and a peak stays sharp where plain
//! correlation would be as wide as the sound is dark.
//!
//! ```
//! use tonmeister_measure::align::{AlignOptions, Polarity, align};
//!
//! let first = tonmeister_dsp::testing::noise(1, 0.5, 48_000);
//! let mut second = vec![0.0; 48_000];
//! second[123..].iter_mut().zip(&first).for_each(|(y, x)| *y = -0.3 * x);
//! let found = align(&first, &second, 48_000, AlignOptions::default());
//! assert!((found.delay_frames - 123.0).abs() < 0.05 && found.polarity == Polarity::Turned);
//! ```
//!
//! The recordings are cut into overlapping windows whose cross-spectra are summed (Welch), so an hour needs no more
//! memory than a second. Frequencies count by how much the two have in common there (their coherence): hum or
//! noise of one microphone alone, or a band that only one of them hears, does not pull.

#[cfg(test)]
mod tests;

use std::f64::consts::TAU;
use std::sync::Arc;

use realfft::num_complex::Complex64;
use realfft::{RealFftPlanner, RealToComplex};
use serde::Serialize;

/// Delays are looked at in so many parts of a frame before a parabola is laid through the highest three.
const FINE: usize = 4;
/// A window is at least so many times as long as the greatest delay, so that both hold nearly the same sound.
const WINDOW_PER_DELAY: f64 = 8.0;
/// The shortest window, in seconds.
const SHORTEST_S: f64 = 0.15;
/// A window with a mean square below this (−120 dB) is silent, and left out.
const SILENT_POWER: f64 = 1e-12;
/// Bins this far below the strongest, in power, carry nothing but what a window smears there from strong tones, which
/// would speak for no delay at all.
const CARRIES: f64 = 1e-8;
/// Peaks nearer than this to the highest are its own flanks.
const FLANK_S: f64 = 5e-4;

/// Where a delay is looked for, and in which frequencies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AlignOptions {
    /// The greatest delay either way, in seconds; 1 ms to 2 s. A meter is 3 ms.
    pub reach_s: f64,
    /// The band that is compared, in Hz; at the top it ends below half the sample rate.
    pub band_hz: (f64, f64),
}

impl Default for AlignOptions {
    /// 50 ms either way (17 m), 80 Hz to 16 kHz.
    fn default() -> Self {
        AlignOptions { reach_s: 0.05, band_hz: (80.0, 16_000.0) }
    }
}

/// Which way round the second recording is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Polarity {
    /// As the first.
    Same,
    /// Turned: what pushes in the first pulls in the second.
    Turned,
}

/// How the second recording lies to the first.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Alignment {
    /// How many frames the second comes later; negative: earlier. Right to a tenth of a frame where a broad band with
    /// 20 dB above the noise is common to both.
    pub delay_frames: f64,
    /// Which way round the second is.
    pub polarity: Polarity,
    /// 0 to 1: how far the agreement at this delay rises over that at any other. Below 0.3 or so, as with unrelated
    /// sounds or a single held note (which fits many delays), the rest means nothing; 0 when either was silent.
    pub confidence: f64,
    /// 0 to 1: the share of what the two have in common that agrees on this delay. One sound in two microphones reaches
    /// 0.7; a part played twice, or one beat played by two instruments, agrees on none.
    pub fit: f64,
    /// 0 to 1: how much of the band, in octaves, the two have in common (mean squared coherence over the windows).
    pub coherence: f64,
}

/// Aligns two whole recordings; of the longer one the end is not looked at.
pub fn align(reference: &[f32], other: &[f32], sample_rate: u32, options: AlignOptions) -> Alignment {
    let mut aligner = Aligner::new(sample_rate, options);
    let frames = reference.len().min(other.len());
    aligner.feed(&reference[..frames], &other[..frames]);
    aligner.finish()
}

/// Aligns two recordings that come in pieces. The result does not depend on how they were cut.
pub struct Aligner {
    sample_rate: f64,
    reach: usize,
    /// First and last bin of the band.
    band: (usize, usize),
    window: Vec<f64>,
    transform: Arc<dyn RealToComplex<f64>>,
    scratch: Vec<Complex64>,
    /// The window under way: reference, other.
    heard: [Vec<f32>; 2],
    filled: usize,
    weighted: Vec<f64>,
    spectra: [Vec<Complex64>; 2],
    cross: Vec<Complex64>,
    powers: [Vec<f64>; 2],
    windows: usize,
}

impl Aligner {
    /// Ready for the first frames.
    pub fn new(sample_rate: u32, options: AlignOptions) -> Self {
        let rate = f64::from(sample_rate);
        let reach_s = options.reach_s.clamp(1e-3, 2.0);
        let size = ((reach_s * WINDOW_PER_DELAY).max(SHORTEST_S) * rate).ceil() as usize;
        let size = size.next_power_of_two();
        let transform = RealFftPlanner::new().plan_fft_forward(size);
        let bin = |hz: f64| hz * size as f64 / rate;
        let last = (bin(options.band_hz.1).floor() as usize).min((0.48 * size as f64) as usize);
        let bins = size / 2 + 1;
        Aligner {
            sample_rate: rate,
            reach: (reach_s * rate).ceil() as usize,
            band: ((bin(options.band_hz.0).ceil() as usize).clamp(1, last), last),
            window: (0..size).map(|n| 0.5 - 0.5 * (TAU * n as f64 / size as f64).cos()).collect(),
            scratch: transform.make_scratch_vec(),
            transform,
            heard: [vec![0.0; size], vec![0.0; size]],
            filled: 0,
            weighted: vec![0.0; size],
            spectra: [vec![Complex64::default(); bins], vec![Complex64::default(); bins]],
            cross: vec![Complex64::default(); bins],
            powers: [vec![0.0; bins], vec![0.0; bins]],
            windows: 0,
        }
    }

    /// The next frames of both.
    ///
    /// # Panics
    /// When the two differ in length.
    pub fn feed(&mut self, reference: &[f32], other: &[f32]) {
        assert_eq!(reference.len(), other.len(), "both recordings advance together");
        let size = self.window.len();
        let mut at = 0;
        while at < reference.len() {
            let count = (reference.len() - at).min(size - self.filled);
            for (heard, samples) in self.heard.iter_mut().zip([reference, other]) {
                heard[self.filled..][..count].copy_from_slice(&samples[at..][..count]);
            }
            at += count;
            self.filled += count;
            if self.filled == size {
                self.add_window();
                self.heard.iter_mut().for_each(|heard| heard.copy_within(size / 2.., 0));
                self.filled = size / 2;
            }
        }
    }

    /// What was found.
    pub fn finish(mut self) -> Alignment {
        // The rest, when it was not in a window yet: the second half of one at most, or all there is.
        if self.windows == 0 || self.filled > 3 * self.window.len() / 4 {
            let filled = self.filled;
            self.heard.iter_mut().for_each(|heard| heard[filled..].fill(0.0));
            self.add_window();
        }
        self.look()
    }

    fn add_window(&mut self) {
        for (heard, spectrum) in self.heard.iter().zip(&mut self.spectra) {
            let mut energy = 0.0;
            for ((weighted, x), window) in self.weighted.iter_mut().zip(heard).zip(&self.window) {
                let x = if x.is_finite() { f64::from(*x) } else { 0.0 };
                energy += x * x;
                *weighted = x * window;
            }
            if energy < SILENT_POWER * self.window.len() as f64 {
                return;
            }
            let done = self.transform.process_with_scratch(&mut self.weighted, spectrum, &mut self.scratch);
            debug_assert!(done.is_ok(), "the lengths are the plan's own");
        }
        let [first, second] = &self.spectra;
        for k in self.band.0..=self.band.1 {
            self.cross[k] += first[k].conj() * second[k];
            self.powers[0][k] += first[k].norm_sqr();
            self.powers[1][k] += second[k].norm_sqr();
        }
        self.windows += 1;
    }

    /// The phase transform, and its highest peak.
    fn look(&self) -> Alignment {
        let nothing =
            Alignment { delay_frames: 0.0, polarity: Polarity::Same, confidence: 0.0, fit: 0.0, coherence: 0.0 };
        let size = self.window.len() * FINE;
        let inverse = RealFftPlanner::<f64>::new().plan_fft_inverse(size);
        let mut phases = inverse.make_input_vec();
        let mut fit = inverse.make_output_vec();
        let strongest = self.powers.each_ref().map(|powers| powers.iter().copied().fold(0.0, f64::max));
        // So many windows of two unrelated sounds have this coherence by accident.
        let accident = 1.0 / self.windows.max(1) as f64;
        let (mut sum, mut octaves, mut in_common) = (0.0, 0.0, 0.0);
        for k in self.band.0..=self.band.1 {
            let [first, second] = self.powers.each_ref().map(|powers| powers[k]);
            let common = self.cross[k].norm();
            octaves += 1.0 / k as f64;
            if first <= CARRIES * strongest[0] || second <= CARRIES * strongest[1] || common == 0.0 {
                continue;
            }
            let coherence = common * common / (first * second);
            phases[k] = self.cross[k] / common * coherence;
            in_common += ((coherence - accident) / (1.0 - accident).max(accident)).max(0.0) / k as f64;
            sum += coherence;
        }
        if sum == 0.0 || inverse.process(&mut phases, &mut fit).is_err() {
            return nothing;
        }
        let at = |delay: isize| fit[delay.rem_euclid(size as isize) as usize] / (2.0 * sum);
        let reach = (self.reach * FINE) as isize;
        let mut best = 0;
        for delay in -reach..=reach {
            if at(delay).abs() > at(best).abs() {
                best = delay;
            }
        }
        let peak = at(best);
        let flank = (FLANK_S * self.sample_rate * FINE as f64) as isize;
        let others = (-reach..=reach).filter(|delay| (delay - best).abs() > flank);
        let rival = others.map(|delay| at(delay).abs()).fold(0.0, f64::max);
        let sign = peak.signum();
        let [before, here, after] = [-1, 0, 1].map(|step| sign * at(best + step));
        let bend = before - 2.0 * here + after;
        let offset = if bend < 0.0 { (0.5 * (before - after) / bend).clamp(-0.5, 0.5) } else { 0.0 };
        Alignment {
            delay_frames: (best as f64 + offset) / FINE as f64,
            polarity: if peak < 0.0 { Polarity::Turned } else { Polarity::Same },
            confidence: (1.0 - rival / peak.abs()).clamp(0.0, 1.0),
            fit: peak.abs().min(1.0),
            coherence: (in_common / octaves).min(1.0),
        }
    }
}
