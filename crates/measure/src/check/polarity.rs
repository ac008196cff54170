//! Whether two channels hold one sound, and which way round.
//!
//! Spectra of the windows in which both sound are multiplied and summed (Welch's method). From the sum follow
//!
//! * the normalised cross-correlation of the band, ρ(τ): how much of the energy is common;
//! * the phase transform φ(τ) (GCC-PHAT; Knapp & Carter, IEEE Trans. ASSP 24, 1976): every frequency counts alike,
//!   so it is ±1 only where the phases of the whole band fit one delay. It tells a turned microphone from two
//!   instruments that play one note, whose few common partials fit many delays and both signs.
//!
//! Both are searched within ±3 ms, the distance of one metre.

use std::sync::Arc;

use realfft::num_complex::{Complex32, Complex64};
use realfft::{ComplexToReal, RealFftPlanner};
use serde::Serialize;

use super::probe::{Band, LENGTH, Probe};

/// The greatest delay that is looked at.
const REACH_S: f64 = 3e-3;
/// Delays are looked at in quarters of a sample of the low rate.
const FINE: usize = 4;
/// The height φ must reach: the phases of a good part of the band fit one delay.
const PHASE_FIT: f64 = 0.3;
/// How much higher |φ| must be than the highest value of the other sign.
const PHASE_LEAD: f64 = 1.5;
/// The share of the band, in octaves, that must carry sound: below, a track is not broadband and nothing is said.
const BROAD: f64 = 0.5;
/// Bins this far below the strongest (power) carry no sound.
pub(super) const CARRIES: f64 = 1e-6;

/// How two channels are related.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Relation {
    /// The normalised cross-correlation of greatest magnitude within ±3 ms; −1 is the same sound turned.
    pub correlation: f64,
    /// The delay at which it lies: positive when the second comes later.
    pub delay_s: f64,
    /// The phase transform of greatest magnitude within ±3 ms.
    pub phase_fit: f64,
    /// The phase transform's highest value of the other sign.
    pub phase_rival: f64,
    /// The share of the band (in octaves) in which both carry sound.
    pub breadth: f64,
    /// In how many windows both sounded.
    pub windows: usize,
}

impl Relation {
    /// Whether it is one sound with opposite polarity, given the limit on the correlation.
    pub fn is_turned(&self, limit: f64) -> bool {
        self.correlation <= -limit
            && self.phase_fit <= -PHASE_FIT
            && self.phase_fit.abs() >= PHASE_LEAD * self.phase_rival
            && self.breadth >= BROAD
    }
}

/// Sums of products of spectra.
#[derive(Clone)]
pub(super) struct Cross {
    pub(super) both: Vec<Complex32>,
    pub(super) first: Vec<f32>,
    pub(super) second: Vec<f32>,
    pub(super) windows: usize,
}

impl Cross {
    pub(super) fn new(bins: usize) -> Self {
        Cross { both: vec![Complex32::default(); bins], first: vec![0.0; bins], second: vec![0.0; bins], windows: 0 }
    }

    /// The cross of two files over the windows they have in common.
    pub(super) fn of(bins: usize, a: &[Probe], b: &[Probe]) -> Self {
        let mut cross = Cross::new(bins);
        for x in a {
            if let Ok(at) = b.binary_search_by_key(&x.window, |p| p.window) {
                cross.add(&x.bins, &b[at].bins);
            }
        }
        cross
    }

    pub(super) fn add(&mut self, a: &[Complex32], b: &[Complex32]) {
        self.windows += 1;
        for (i, (x, y)) in a.iter().zip(b).enumerate() {
            self.both[i] += x * y.conj();
            self.first[i] += x.norm_sqr();
            self.second[i] += y.norm_sqr();
        }
    }

    fn energy(&self) -> f64 {
        let total = |power: &[f32]| power.iter().map(|p| f64::from(*p)).sum::<f64>();
        (total(&self.first) * total(&self.second)).sqrt()
    }

    /// No delay can have a correlation of greater magnitude than this.
    pub(super) fn bound(&self) -> f64 {
        let common: f64 = self.both.iter().map(|c| f64::from(c.norm())).sum();
        if self.windows == 0 { 0.0 } else { common / self.energy().max(f64::MIN_POSITIVE) }
    }
}

/// Turns crosses into relations.
pub(super) struct Correlator {
    inverse: Arc<dyn ComplexToReal<f64>>,
    pub(super) first: usize,
    rate: f64,
}

impl Correlator {
    pub(super) fn new(band: &Band) -> Self {
        Correlator {
            inverse: RealFftPlanner::new().plan_fft_inverse(FINE * LENGTH),
            first: band.first,
            rate: band.rate,
        }
    }

    /// `None` when the two never sound together.
    pub(super) fn relation(&self, cross: &Cross) -> Option<Relation> {
        if cross.windows == 0 {
            return None;
        }
        let energy = cross.energy();
        let plain: Vec<Complex64> =
            cross.both.iter().map(|c| Complex64::new(f64::from(c.re), f64::from(c.im)) / energy).collect();
        let strongest = |power: &[f32]| power.iter().fold(0.0_f32, |a, b| a.max(*b));
        let floors = [&cross.first, &cross.second].map(|p| f64::from(strongest(p)) * CARRIES);
        let carries = |i: usize| f64::from(cross.first[i]) > floors[0] && f64::from(cross.second[i]) > floors[1];
        let carrying = (0..plain.len()).filter(|i| carries(*i)).count();
        let octaves = |bins: &mut dyn Iterator<Item = usize>| bins.map(|i| 1.0 / (self.first + i) as f64).sum::<f64>();
        let breadth = octaves(&mut (0..plain.len()).filter(|i| carries(*i))) / octaves(&mut (0..plain.len()));
        let phases: Vec<Complex64> = plain
            .iter()
            .enumerate()
            .map(
                |(i, c)| {
                    if carries(i) && c.norm() > 0.0 { c / c.norm() / carrying as f64 } else { Complex64::default() }
                },
            )
            .collect();
        let correlation = self.over_delay(&plain, REACH_S)?;
        let fit = self.over_delay(&phases, REACH_S)?;
        let (at, peak) = crest(&correlation);
        let (_, phase_fit) = crest(&fit);
        let phase_rival = fit.iter().map(|(_, v)| -v * phase_fit.signum()).fold(0.0, f64::max);
        Some(Relation { correlation: peak, delay_s: at, phase_fit, phase_rival, breadth, windows: cross.windows })
    }

    /// The correlation that belongs to a cross-spectrum of the band, over the delays within reach: (seconds, value).
    pub(super) fn over_delay(&self, bins: &[Complex64], reach_s: f64) -> Option<Vec<(f64, f64)>> {
        let mut spectrum = self.inverse.make_input_vec();
        spectrum[self.first..self.first + bins.len()].copy_from_slice(bins);
        let mut values = self.inverse.make_output_vec();
        // The lengths are the plan's own, and the first and last bins are real (zero).
        self.inverse.process(&mut spectrum, &mut values).ok()?;
        let step = 1.0 / (self.rate * FINE as f64);
        let reach = (reach_s / step) as isize;
        let value = |delay: isize| {
            // A·conj(B) turns one way for a later B; one-sided spectra count half.
            let place = (-delay).rem_euclid(values.len() as isize) as usize;
            (delay as f64 * step, values[place] / 2.0)
        };
        Some((-reach..=reach).map(value).collect())
    }
}

/// Delay and value of the greatest magnitude, between the delays looked at by a parabola.
pub(super) fn crest(values: &[(f64, f64)]) -> (f64, f64) {
    let top = (0..values.len()).max_by(|a, b| values[*a].1.abs().total_cmp(&values[*b].1.abs())).unwrap_or(0);
    let around = top.checked_sub(1).and_then(|before| values.get(before..top + 2));
    let Some([(_, a), (at, b), (next, c)]) = around else {
        return values.get(top).copied().unwrap_or((0.0, 0.0));
    };
    let bend = a - 2.0 * b + c;
    let shift = if bend == 0.0 { 0.0 } else { 0.5 * (a - c) / bend };
    (at + shift * (next - at), b - 0.25 * (a - c) * shift)
}

#[cfg(test)]
mod tests {
    use super::super::probe::Band;
    use super::{Correlator, Cross, Relation};
    use tonmeister_dsp::testing::noise;

    fn relate(a: &[f32], b: &[f32]) -> Relation {
        let band = Band::at(48_000);
        let mut cross = Cross::new(band.count);
        for (a, b) in a.chunks_exact(band.frames()).zip(b.chunks_exact(band.frames())) {
            cross.add(&band.spectrum(a).unwrap(), &band.spectrum(b).unwrap());
        }
        Correlator::new(&band).relation(&cross).unwrap()
    }

    #[test]
    fn delay_and_sign_of_a_noise_are_read() {
        let source = noise(1, 0.5, 70_000);
        for delay in [0_usize, 3, 48, 100] {
            for sign in [1.0, -1.0] {
                let later: Vec<f32> = (0..65_536).map(|n| sign * source[n + 200 - delay]).collect();
                let relation = relate(&source[200..65_736], &later);
                assert!((relation.correlation * f64::from(sign) - 1.0).abs() < 0.05, "{relation:?}");
                assert!((relation.phase_fit * f64::from(sign) - 1.0).abs() < 0.1, "{relation:?}");
                let error = relation.delay_s * 48_000.0 - delay as f64;
                assert!(error.abs() < 0.1, "{delay}: off by {error} samples, {relation:?}");
                assert_eq!(relation.is_turned(0.5), sign < 0.0);
            }
        }
    }

    #[test]
    fn two_noises_are_unrelated() {
        let relation = relate(&noise(1, 0.5, 65_536), &noise(2, 0.5, 65_536));
        assert!(relation.correlation.abs() < 0.1 && relation.phase_fit.abs() < 0.15, "{relation:?}");
    }
}
