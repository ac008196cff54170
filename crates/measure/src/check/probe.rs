//! What is kept of a file for comparing its polarity with others: spectra of a bounded number of windows.
//!
//! Time is cut into windows of about a third of a second, numbered from the start of the file. Of long files only
//! every 2nd, 4th, 8th … is kept, so that never more than [`MOST`] are; because the strides are powers of two, the
//! windows of any two files have common ones. Each is brought down to about 12 kHz and kept as the spectrum from
//! 100 Hz to 5 kHz: polarity is a matter of the range where microphones agree.

use std::f64::consts::PI;
use std::sync::Arc;

use realfft::num_complex::Complex32;
use realfft::{RealFftPlanner, RealToComplex};

/// The transform's length, in samples at the low rate.
pub(super) const LENGTH: usize = 4096;
/// How many windows are kept.
const MOST: usize = 24;
/// The low rate lies near this.
const LOW_RATE_HZ: f64 = 12_000.0;
/// The band that is compared.
pub(super) const BAND_HZ: (f64, f64) = (100.0, 5_000.0);
/// A window whose mean square lies below this is silent.
const SILENT_POWER: f32 = 1e-7;

/// The spectrum of one window of one channel, within the band.
#[derive(Clone, Debug)]
pub(super) struct Probe {
    /// Which window of the file.
    pub(super) window: u64,
    /// Bins of the band, the lowest first.
    pub(super) bins: Vec<Complex32>,
}

/// Where the band lies, and how spectra of it are made.
#[derive(Clone)]
pub(super) struct Band {
    /// Samples at the file's rate for one at the low rate.
    factor: usize,
    /// The low rate.
    pub(super) rate: f64,
    /// The number of the first bin.
    pub(super) first: usize,
    /// How many bins.
    pub(super) count: usize,
    taps: Arc<Vec<f32>>,
    shape: Arc<Vec<f32>>,
    transform: Arc<dyn RealToComplex<f32>>,
}

impl Band {
    pub(super) fn at(sample_rate: u32) -> Self {
        let factor = (f64::from(sample_rate) / LOW_RATE_HZ).round().max(1.0) as usize;
        let rate = f64::from(sample_rate) / factor as f64;
        let bin = |hz: f64| (hz * LENGTH as f64 / rate).ceil() as usize;
        let first = bin(BAND_HZ.0);
        let last = bin(BAND_HZ.1.min(0.45 * rate));
        let hann = |n: usize| (0.5 - 0.5 * (2.0 * PI * n as f64 / LENGTH as f64).cos()) as f32;
        Band {
            factor,
            rate,
            first,
            count: last - first,
            taps: Arc::new(low_pass(factor)),
            shape: Arc::new((0..LENGTH).map(hann).collect()),
            transform: RealFftPlanner::new().plan_fft_forward(LENGTH),
        }
    }

    /// Frames of a window at the file's rate.
    pub(super) fn frames(&self) -> usize {
        LENGTH * self.factor
    }

    /// The spectrum of a window's samples; `None` when it is silent.
    pub(super) fn spectrum(&self, samples: &[f32]) -> Option<Vec<Complex32>> {
        let power = samples.iter().map(|s| s * s).sum::<f32>() / samples.len() as f32;
        if power < SILENT_POWER {
            return None;
        }
        let mut low = vec![0.0; LENGTH];
        decimate(samples, &self.taps, self.factor, &mut low);
        for (sample, shape) in low.iter_mut().zip(self.shape.iter()) {
            *sample *= shape;
        }
        let mut spectrum = self.transform.make_output_vec();
        // The lengths are the plan's own, the only thing it could object to.
        self.transform.process(&mut low, &mut spectrum).ok()?;
        Some(spectrum[self.first..self.first + self.count].to_vec())
    }
}

/// Low-passes with a symmetrical filter and keeps every `factor`-th sample; silence surrounds the input.
#[multiversion::multiversion(targets("x86_64+avx2", "x86_64+avx512f+avx512dq+avx512vl+avx512bw"))]
fn decimate(samples: &[f32], taps: &[f32], factor: usize, out: &mut [f32]) {
    let reach = taps.len() / 2;
    for (n, value) in out.iter_mut().enumerate() {
        let centre = n * factor;
        let (from, to) = (centre.saturating_sub(reach), samples.len().min(centre + reach + 1));
        let taps = &taps[from + reach - centre..];
        let mut parts = [0.0_f32; 16];
        let (heard, taps) = (samples[from..to].chunks_exact(16), taps[..to - from].chunks_exact(16));
        for ((part, sample), tap) in parts.iter_mut().zip(heard.remainder()).zip(taps.remainder()) {
            *part = sample * tap;
        }
        for (sample, tap) in heard.zip(taps) {
            for (i, part) in parts.iter_mut().enumerate() {
                *part += sample[i] * tap[i];
            }
        }
        *value = parts.iter().sum();
    }
}

/// A windowed sinc that passes the band and keeps what would fold into it out by 70 dB.
fn low_pass(factor: usize) -> Vec<f32> {
    if factor == 1 {
        return vec![1.0];
    }
    let reach = 24 * factor as isize;
    let cutoff = 0.5 / factor as f64;
    let tap = |k: isize| {
        let t = 2.0 * cutoff * k as f64;
        let sinc = if k == 0 { 1.0 } else { (PI * t).sin() / (PI * t) };
        let w = PI * (k as f64 / (reach + 1) as f64);
        (2.0 * cutoff * sinc * (0.42 + 0.5 * w.cos() + 0.08 * (2.0 * w).cos())) as f32
    };
    (-reach..=reach).map(tap).collect()
}

/// Collects the windows of a stream of channels that are heard together.
#[derive(Clone)]
pub(super) struct Collector {
    pub(super) band: Band,
    /// Every window whose number this divides is kept.
    stride: u64,
    window: u64,
    /// The present window, per channel, when it is to be kept.
    samples: Vec<Vec<f32>>,
    heard: usize,
}

impl Collector {
    pub(super) fn new(sample_rate: u32, channels: usize) -> Self {
        Collector { band: Band::at(sample_rate), stride: 1, window: 0, samples: vec![Vec::new(); channels], heard: 0 }
    }

    /// Hears more, of any length, and hands each finished window to `keep` with its number.
    pub(super) fn push(&mut self, channels: &[&[f32]], mut keep: impl FnMut(&Band, u64, &[Vec<f32>])) {
        let frames = channels.first().map_or(0, |c| c.len());
        let mut at = 0;
        while at < frames {
            let end = frames.min(at + self.band.frames() - self.heard);
            if self.window.is_multiple_of(self.stride) {
                for (mine, channel) in self.samples.iter_mut().zip(channels) {
                    mine.extend_from_slice(&channel[at..end]);
                }
            }
            self.heard += end - at;
            at = end;
            if self.heard == self.band.frames() {
                self.end_window(&mut keep);
            }
        }
    }

    /// The stream has ended: a last window that is at least half full is completed with silence.
    pub(super) fn finish(&mut self, mut keep: impl FnMut(&Band, u64, &[Vec<f32>])) {
        if 2 * self.heard >= self.band.frames() {
            let frames = self.band.frames();
            if self.window.is_multiple_of(self.stride) {
                self.samples.iter_mut().for_each(|s| s.resize(frames, 0.0));
            }
            self.end_window(&mut keep);
        }
    }

    fn end_window(&mut self, keep: &mut impl FnMut(&Band, u64, &[Vec<f32>])) {
        if self.window.is_multiple_of(self.stride) {
            keep(&self.band, self.window, &self.samples);
            self.samples.iter_mut().for_each(Vec::clear);
        }
        self.window += 1;
        self.heard = 0;
        if self.window >= MOST as u64 * self.stride {
            self.stride *= 2;
        }
    }

    /// Takes out the windows that the present stride no longer keeps.
    pub(super) fn thin(&self, probes: &mut Vec<Probe>) {
        probes.retain(|p| p.window.is_multiple_of(self.stride));
    }
}

#[cfg(test)]
mod tests {
    use super::{Band, Collector, MOST, Probe};
    use tonmeister_dsp::testing::sine;

    #[test]
    fn any_length_keeps_a_bounded_number_of_windows_with_common_ones() {
        let collect = |windows: usize| {
            let mut collector = Collector::new(8_000, 1);
            let frames = collector.band.frames();
            let tone = sine(1000.0, 0.5, 8_000, frames);
            let mut probes = Vec::new();
            for _ in 0..windows {
                collector.push(&[&tone], |band, window, samples| {
                    probes.push(Probe { window, bins: band.spectrum(&samples[0]).unwrap() });
                });
                collector.thin(&mut probes);
            }
            probes.iter().map(|p| p.window).collect::<Vec<_>>()
        };
        assert_eq!(collect(10), (0..10).collect::<Vec<_>>());
        let (short, long) = (collect(30), collect(1000));
        assert!(short.len() <= MOST && long.len() <= MOST, "{} {}", short.len(), long.len());
        assert!(short.len() >= MOST / 2 && long.len() >= MOST / 2);
        assert!(long.iter().all(|w| *w > 30 || short.contains(w)));
    }

    #[test]
    fn a_tone_stands_at_its_bin_and_what_lies_above_does_not_fold() {
        for rate in [44_100, 48_000, 192_000] {
            let band = Band::at(rate);
            let level = |hz: f64| {
                let bins = band.spectrum(&sine(hz, 0.5, rate, band.frames())).unwrap();
                let top = (0..bins.len()).max_by(|a, b| bins[*a].norm().total_cmp(&bins[*b].norm())).unwrap();
                ((band.first + top) as f64 * band.rate / super::LENGTH as f64, bins[top].norm())
            };
            let (hz, passed) = level(1000.0);
            assert!((hz - 1000.0).abs() < band.rate / super::LENGTH as f64);
            for above in [6_200.0, 8_000.0, 11_000.0, 12_000.0, 19_000.0] {
                assert!(level(above).1 < passed * 3e-3, "{above} Hz at {rate}: {} of {passed}", level(above).1);
            }
        }
    }
}
