//! K-weighting: the ear's rough frequency response, as ITU-R BS.1770-5 Annex 1 defines it, and its energy.
//!
//! Two second-order filters stand in series: a shelf of +4 dB above 1.7 kHz (the head) and a high-pass at 38 Hz (the
//! ear's loss of bass). The standard prints coefficients for 48 kHz only. For any other rate the analogue prototype
//! behind them is transformed again ([`Coefficients::at`]), and the high-pass' numerator is scaled by
//! a₀(48 kHz)/a₀(fs): the standard's `1, −2, 1` is not of unit gain in its pass-band, and copied to 96 kHz it would
//! read 0.022 LU low, to 192 kHz 0.033 LU.
//!
//! The filters run in `f64` as a [`Cascade`], two channels and two sections in lanes. The sums of squares
//! are taken at once; the filtered signal is never stored. However the input is cut, the sums have the same bits.

use std::f64::consts::PI;

use tonmeister_core::{Layout, View};
use tonmeister_dsp::biquad::{Biquad, Cascade};

/// The two filters of K-weighting at one sample rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coefficients {
    /// Stage 1, the shelf.
    pub shelf: Biquad,
    /// Stage 2, the high-pass.
    pub high_pass: Biquad,
}

// The analogue prototype that gives the standard's tables at 48 kHz.
const SHELF_HZ: f64 = 1681.974450955533;
const SHELF_GAIN_DB: f64 = 3.999843853973347;
const SHELF_Q: f64 = 0.7071752369554196;
const SHELF_BAND_EXPONENT: f64 = 0.4996667741545416;
const HIGH_PASS_HZ: f64 = 38.13547087602444;
const HIGH_PASS_Q: f64 = 0.5003270373238773;

impl Coefficients {
    /// The filters for a sample rate (above 3.4 kHz, or the shelf would lie beyond Nyquist).
    pub fn at(sample_rate: u32) -> Self {
        Coefficients { shelf: shelf(sample_rate), high_pass: high_pass(sample_rate) }
    }

    /// The magnitude of the series at a frequency, in decibels.
    pub fn gain_db(&self, hz: f64, sample_rate: u32) -> f64 {
        [self.shelf, self.high_pass].iter().map(|s| s.magnitude_db(hz, f64::from(sample_rate))).sum()
    }
}

fn shelf(sample_rate: u32) -> Biquad {
    let k = (PI * SHELF_HZ / f64::from(sample_rate)).tan();
    let high = 10f64.powf(SHELF_GAIN_DB / 20.0);
    let band = high.powf(SHELF_BAND_EXPONENT);
    let a0 = 1.0 + k / SHELF_Q + k * k;
    Biquad {
        b0: (high + band * k / SHELF_Q + k * k) / a0,
        b1: 2.0 * (k * k - high) / a0,
        b2: (high - band * k / SHELF_Q + k * k) / a0,
        a1: 2.0 * (k * k - 1.0) / a0,
        a2: (1.0 - k / SHELF_Q + k * k) / a0,
    }
}

fn high_pass(sample_rate: u32) -> Biquad {
    let warped = |rate: f64| (PI * HIGH_PASS_HZ / rate).tan();
    let leading = |k: f64| 1.0 + k / HIGH_PASS_Q + k * k;
    let k = warped(f64::from(sample_rate));
    let a0 = leading(k);
    let unit = leading(warped(48_000.0)) / a0;
    Biquad {
        b0: unit,
        b1: -2.0 * unit,
        b2: unit,
        a1: 2.0 * (k * k - 1.0) / a0,
        a2: (1.0 - k / HIGH_PASS_Q + k * k) / a0,
    }
}

/// K-weighting of one or two channels that keeps only the sums of squares.
#[derive(Clone, Debug)]
pub(crate) struct PairEnergy {
    cascade: Cascade,
    weighted: [f64; 2],
    plain: [Squares; 2],
}

impl PairEnergy {
    /// At rest, for that sample rate.
    pub(crate) fn new(sample_rate: u32, layout: Layout) -> Self {
        let k = Coefficients::at(sample_rate);
        PairEnergy {
            cascade: Cascade::new(&[k.shelf, k.high_pass], layout),
            weighted: [0.0; 2],
            plain: [Squares::default(); 2],
        }
    }

    /// Hears a stretch of its one or two channels.
    pub(crate) fn push(&mut self, audio: View<'_>) {
        self.cascade.add_squares(audio, &mut self.weighted);
        for (squares, channel) in self.plain.iter_mut().zip(audio.channels()) {
            squares.add(channel);
        }
    }

    /// The sums after K-weighting so far, which start again from zero.
    pub(crate) fn take_weighted(&mut self) -> [f64; 2] {
        std::mem::take(&mut self.weighted)
    }

    /// The sums of the samples as they came, which start again from zero.
    pub(crate) fn take_plain(&mut self) -> [f64; 2] {
        self.plain.each_mut().map(|squares| std::mem::take(&mut squares.parts).iter().sum())
    }
}

/// A sum of squares in eight interleaved parts: each sample goes to the same part however the stretches are cut.
#[derive(Clone, Copy, Debug, Default)]
struct Squares {
    parts: [f64; 8],
    /// The part of the next sample.
    next: usize,
}

impl Squares {
    fn add(&mut self, samples: &[f32]) {
        let lead = ((8 - self.next) % 8).min(samples.len());
        let (lead, rest) = samples.split_at(lead);
        for s in lead {
            self.add_one(*s);
        }
        let chunks = rest.chunks_exact(8);
        let tail = chunks.remainder();
        add_squares(&mut self.parts, &rest[..rest.len() - tail.len()]);
        for s in tail {
            self.add_one(*s);
        }
    }

    fn add_one(&mut self, sample: f32) {
        self.parts[self.next] += f64::from(sample) * f64::from(sample);
        self.next = (self.next + 1) % 8;
    }
}

/// Whole groups of eight.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn add_squares(parts: &mut [f64; 8], samples: &[f32]) {
    let mut sums = *parts;
    for chunk in samples.chunks_exact(8) {
        for (sum, s) in sums.iter_mut().zip(chunk) {
            *sum += f64::from(*s) * f64::from(*s);
        }
    }
    *parts = sums;
}

#[cfg(test)]
mod tests {
    use super::{Biquad, Coefficients, PairEnergy};
    use tonmeister_core::{Layout, View};
    use tonmeister_dsp::testing::noise;

    /// The plain series in direct form I, as one would write it from the standard.
    fn reference(section: &Biquad, x: &[f64]) -> Vec<f64> {
        let mut y = vec![0.0; x.len()];
        let back = |v: &[f64], n: usize, k: usize| if n >= k { v[n - k] } else { 0.0 };
        for n in 0..x.len() {
            y[n] = section.b0 * x[n] + section.b1 * back(x, n, 1) + section.b2 * back(x, n, 2)
                - section.a1 * back(&y, n, 1)
                - section.a2 * back(&y, n, 2);
        }
        y
    }

    #[test]
    fn the_formula_gives_the_tables_of_the_standard() {
        let k = Coefficients::at(48_000);
        let shelf = [1.53512485958697, -2.69169618940638, 1.19839281085285, -1.69065929318241, 0.73248077421585];
        let high_pass = [1.0, -2.0, 1.0, -1.99004745483398, 0.99007225036621];
        for (section, table) in [(k.shelf, shelf), (k.high_pass, high_pass)] {
            let found = [section.b0, section.b1, section.b2, section.a1, section.a2];
            for (f, t) in found.iter().zip(table) {
                assert!((f - t).abs() < 1e-8, "{f} is not {t}");
            }
        }
    }

    #[test]
    fn every_rate_weighs_a_thousand_hertz_alike() {
        let at_48k = Coefficients::at(48_000).gain_db(1000.0, 48_000);
        for rate in [44_100, 88_200, 96_000, 176_400, 192_000, 384_000] {
            let gain = Coefficients::at(rate).gain_db(1000.0, rate);
            assert!((gain - at_48k).abs() < 0.006, "{rate}: {gain} against {at_48k}");
        }
    }

    #[test]
    fn the_sums_are_those_of_the_series() {
        for rate in [8_000, 44_100, 48_000, 96_000, 192_000, 768_000] {
            let (left, right) = (noise(1, 0.5, 20_000), noise(2, 0.7, 20_000));
            let mut pair = PairEnergy::new(rate, Layout::Stereo);
            pair.push(View::stereo(&left, &right));
            let (weighted, unweighted) = (pair.take_weighted(), pair.take_plain());
            let mut single = PairEnergy::new(rate, Layout::Mono);
            single.push(View::mono(&left));
            assert_eq!(single.take_weighted()[0].to_bits(), weighted[0].to_bits());
            let k = Coefficients::at(rate);
            for (c, channel) in [left, right].iter().enumerate() {
                let x: Vec<f64> = channel.iter().map(|s| f64::from(*s)).collect();
                let y = reference(&k.high_pass, &reference(&k.shelf, &x));
                let expected: f64 = y.iter().map(|s| s * s).sum();
                let error = weighted[c] / expected - 1.0;
                // Poles close to one amplify the rounding of either form; 1e-6 are 4 millionths of a decibel.
                let allowed = if rate > 192_000 { 1e-6 } else { 1e-8 };
                assert!(error.abs() < allowed, "{rate} Hz, channel {c}: {error:e}");
                let plain: f64 = x.iter().map(|s| s * s).sum();
                assert!((unweighted[c] / plain - 1.0).abs() < 1e-12);
            }
        }
    }
}
