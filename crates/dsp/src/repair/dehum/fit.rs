//! What stands while the music comes and goes.
//!
//! In each frame a harmonic is hum plus music. The hum is the same in all of them once the common phase is taken away; the
//! music is not. The estimate is a weighted mean over the memory in which a frame weighs the less the louder the music
//! beside the harmonic is and the farther the frame lies from the mean (Cauchy's likelihood, solved by reweighting:
//! Huber, *Robust statistics*, 1981, §3.2 and §6.7). So pauses decide, and notes that come and go on the harmonic's own
//! frequency count for little.

use rustfft::num_complex::Complex;

use super::ear::PER_FRAME;

/// A frame's power farther from the mean than this part of the lowest fifth does not count as equal to it.
const SCALE: f64 = 0.1;
/// No music is softer than −180 dB.
const NOTHING: f64 = 1e-18;
/// The estimate must be so many times more powerful than what it may be wrong by.
const SURE: f64 = 2.5;
/// Evidence (natural logarithm of the odds against no hum) below which nothing is believed, and above which everything.
const EVIDENCE: (f64, f64) = (2.0, 6.0);

/// One harmonic of one channel over the memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Harmonic {
    /// What was heard in each frame, the common phase taken away.
    pub heard: Vec<Complex<f64>>,
    /// The power beside it.
    pub beside: Vec<f64>,
    /// What stands, with the phase that it has when the common phase is none.
    pub hum: Complex<f64>,
    /// The part of it that is believed.
    pub trust: f64,
    /// How many times more likely (natural logarithm) it is there than not.
    pub evidence: f64,
    /// The weight of each frame.
    pub weights: Vec<f64>,
}

impl Harmonic {
    /// With room for that many frames.
    pub(super) fn new(room: usize) -> Self {
        Harmonic {
            heard: Vec::with_capacity(room),
            beside: Vec::with_capacity(room),
            weights: vec![0.0; room],
            ..Harmonic::default()
        }
    }

    /// Nothing was heard.
    pub(super) fn forget(&mut self) {
        self.heard.clear();
        self.beside.clear();
        self.hum = Complex::default();
        (self.trust, self.evidence) = (0.0, 0.0);
    }

    /// The lowest fifth of what is left when `hum` is taken away, made small.
    fn scale(&self, hum: Complex<f64>, counts: &[f64], sorted: &mut Vec<f64>) -> f64 {
        sorted.clear();
        let present = self.heard.iter().zip(counts).filter(|(_, count)| **count > 0.0);
        sorted.extend(present.map(|(heard, _)| (heard - hum).norm_sqr()));
        if sorted.is_empty() {
            return NOTHING;
        }
        let fifth = sorted.len() / 5;
        SCALE * *sorted.select_nth_unstable_by(fifth, f64::total_cmp).1 + NOTHING
    }

    /// Estimates the hum; `counts` says how much each frame counts, 0 for one that does not.
    pub(super) fn fit(&mut self, counts: &[f64], afresh: bool, sorted: &mut Vec<f64>) {
        let mut hum = self.hum;
        let mean = |harmonic: &Harmonic, weight: &dyn Fn(usize) -> f64| {
            let (mut sum, mut all) = (Complex::default(), 1e-300);
            for (k, heard) in harmonic.heard.iter().enumerate() {
                let w = counts[k] * weight(k);
                sum += heard * w;
                all += w;
            }
            sum / all
        };
        if afresh {
            let scale = self.scale(Complex::default(), counts, sorted);
            hum = mean(self, &|k| 1.0 / (self.beside[k] + scale));
        }
        for _ in 0..if afresh { 6 } else { 2 } {
            let scale = self.scale(hum, counts, sorted);
            hum = mean(self, &|k| 1.0 / (self.beside[k] + scale + (self.heard[k] - hum).norm_sqr()));
        }
        let scale = self.scale(hum, counts, sorted);
        let (mut evidence, mut wrong, mut all) = (0.0, 0.0, 1e-300);
        for (k, heard) in self.heard.iter().enumerate() {
            let rest = (heard - hum).norm_sqr();
            let (without, with) = (self.beside[k] + scale + heard.norm_sqr(), self.beside[k] + scale + rest);
            let weight = if counts[k] > 0.0 { 1.0 / with } else { 0.0 };
            self.weights[k] = weight;
            if counts[k] > 0.0 {
                evidence += counts[k] * (without / with).ln();
                wrong += (counts[k] * weight).powi(2) * rest;
                all += counts[k] * weight;
            }
        }
        // Frames overlap, so that so many of them say the same.
        let same = PER_FRAME as f64;
        let wrong = same * wrong / (all * all);
        self.hum = hum;
        self.evidence = evidence / same;
        let believed = ((self.evidence - EVIDENCE.0) / (EVIDENCE.1 - EVIDENCE.0)).clamp(0.0, 1.0);
        self.trust = believed * (1.0 - SURE * wrong / (hum.norm_sqr() + 1e-300)).clamp(0.0, 1.0);
    }
}
