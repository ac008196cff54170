//! Hum of the mains: narrow lines at the multiples of 50 or 60 Hz that stand all the time.
//!
//! The sound is brought down to about 2.4 kHz and looked at through windows of 1.7 s. In each of them what is much louder
//! than its quietest fifth is blanked, so that hum is seen between the hits of a drum. Of every bin the tenth part of
//! the windows with the least power is kept away from the rest: there a note of the music has ended, but hum stands as
//! high as ever. In this quiet spectrum a line counts that rises above what surrounds it (3 to 9 Hz away) and lies at a
//! multiple of one fundamental within 0.8 Hz of 50 or 60 Hz (a tone of the scale, G at 49.0 Hz, lies just outside).
//! Hum is two such lines and more.

use std::sync::Arc;

use realfft::num_complex::Complex32;
use realfft::{RealFftPlanner, RealToComplex};
use tonmeister_core::SourceInfo;

use super::finder::{Finder, Sheet, Tile};
use super::finding::Finding;
use super::rules;
use crate::stft::Window;

/// The low rate lies near this.
const LOW_HZ: f64 = 2_400.0;
const SIZE: usize = 4096;
const HOP: usize = 1024;
/// What is blanked is blanked in blocks of about 27 ms.
const BLOCK: usize = 64;
/// Energy against that of the quietest fifth, from which on a block is blanked.
const LOUD: f32 = 8.0;
/// Lines below this together are nobody's business (mean square): −84 dBFS.
const FAINT: f64 = 4e-9;
/// Multiples that are looked at.
const LINES: usize = 9;
/// How far the mains may be off.
const REACH_HZ: f64 = 0.8;
/// Windows that are needed, about 5 s of sound.
const LEAST: usize = 8;
/// Spectra that are kept: of longer files every 2nd, 4th, …
const MOST: usize = 256;
/// Bins up to here are looked at.
const TOP_HZ: f64 = 620.0;
/// A window whose mean square lies below this is digital silence.
const SILENT: f32 = 1e-13;

/// Looks for lines.
pub(super) struct Hum {
    rate: f64,
    factor: usize,
    channels: Vec<Low>,
    transform: Arc<dyn RealToComplex<f32>>,
    window: Vec<f32>,
    spectrum: Vec<Complex32>,
}

/// One channel at the low rate.
struct Low {
    /// Sums of three running means in a row, as one symmetrical filter.
    taps: Vec<f32>,
    waiting: Vec<f32>,
    slow: Vec<f32>,
    windows: usize,
    stride: usize,
    /// Power of the lowest bins in each window that is kept.
    spectra: Vec<Vec<f32>>,
}

impl Hum {
    pub(super) fn new(info: SourceInfo) -> Self {
        let factor = (f64::from(info.sample_rate) / LOW_HZ).round().max(1.0) as usize;
        let rate = f64::from(info.sample_rate) / factor as f64;
        let transform = RealFftPlanner::new().plan_fft_forward(SIZE);
        let low = || Low {
            taps: taps(factor),
            waiting: Vec::new(),
            slow: Vec::new(),
            windows: 0,
            stride: 1,
            spectra: Vec::new(),
        };
        Hum {
            rate,
            factor,
            channels: (0..info.layout.channels()).map(|_| low()).collect(),
            spectrum: transform.make_output_vec(),
            transform,
            window: (0..SIZE).map(|n| Window::Hann.at(n as f64 / SIZE as f64) as f32).collect(),
        }
    }

    /// What three running means leave of a frequency (amplitude).
    fn passes(&self, hz: f64) -> f64 {
        let x = std::f64::consts::PI * hz / self.rate;
        let d = self.factor as f64;
        if x < 1e-9 { 1.0 } else { (x.sin() / (d * (x / d).sin())).powi(3) }
    }
}

fn taps(factor: usize) -> Vec<f32> {
    let mut taps = vec![1.0_f64];
    for _ in 0..3 {
        let mut next = vec![0.0; taps.len() + factor - 1];
        for (n, t) in taps.iter().enumerate() {
            next[n..n + factor].iter_mut().for_each(|x| *x += t / factor as f64);
        }
        taps = next;
    }
    taps.iter().map(|t| *t as f32).collect()
}

#[multiversion::multiversion(targets("x86_64+avx2", "x86_64+avx512f+avx512dq+avx512vl+avx512bw"))]
fn decimate(samples: &[f32], taps: &[f32], factor: usize, out: &mut Vec<f32>) -> usize {
    let mut at = 0;
    while at + taps.len() <= samples.len() {
        let mut parts = [0.0_f32; 8];
        let (xs, ts) = (samples[at..at + taps.len()].chunks_exact(8), taps.chunks_exact(8));
        for ((part, x), t) in parts.iter_mut().zip(xs.remainder()).zip(ts.remainder()) {
            *part = x * t;
        }
        for (x, t) in xs.zip(ts) {
            for i in 0..8 {
                parts[i] += x[i] * t[i];
            }
        }
        out.push(parts.iter().sum());
        at += factor;
    }
    at
}

impl Finder for Hum {
    fn hear(&mut self, tile: &Tile<'_>) {
        let bins = (TOP_HZ * SIZE as f64 / self.rate) as usize;
        for (channel, samples) in self.channels.iter_mut().zip(tile.channels) {
            channel.waiting.extend_from_slice(samples);
            let done = decimate(&channel.waiting, &channel.taps, self.factor, &mut channel.slow);
            channel.waiting.drain(..done.min(channel.waiting.len()));
            while channel.slow.len() >= SIZE {
                if channel.windows.is_multiple_of(channel.stride)
                    && let Some(gain) = between_hits(&channel.slow[..SIZE], &self.window).map(|(mut shaped, gain)| {
                        // The lengths are the plan's own, the only thing it could object to.
                        let _ = self.transform.process(&mut shaped, &mut self.spectrum);
                        gain
                    })
                {
                    channel.spectra.push(self.spectrum[..bins].iter().map(|x| x.norm_sqr() * gain * gain).collect());
                }
                channel.windows += 1;
                channel.slow.drain(..HOP);
                channel.thin();
            }
        }
    }

    fn conclude(self: Box<Self>, sheet: &mut Sheet<'_>) {
        for (c, channel) in self.channels.iter().enumerate() {
            if channel.spectra.len() < LEAST {
                continue;
            }
            let quiet = quiet_spectrum(&channel.spectra);
            let limit = sheet.limit(&rules::HUM);
            let Some(found) = [50.0, 60.0]
                .iter()
                .filter_map(|mains| self.lines(&quiet, *mains, limit))
                .max_by(|a, b| a.score.total_cmp(&b.score))
            else {
                continue;
            };
            let level = 10.0 * found.power.log10();
            let count = found.lines.len();
            let lines = if count == 1 { "line" } else { "lines" };
            let message = format!(
                "the {} channel hums: {count} {lines} at multiples of {:.2} Hz, {level:.1} dBFS together, the clearest \
                 {:.0} dB over what surrounds it",
                sheet.name(c),
                found.hz,
                found.over
            );
            let mut finding = Finding::of(&rules::HUM, message)
                .graver(rules::HUM.severity_of(found.over))
                .on(c)
                .with("fundamental", found.hz, "Hz")
                .with("level", level, "dBFS")
                .with("over", found.over, "dB")
                .with("lines", count as f64, "");
            for (hz, line) in &found.lines {
                finding = finding.with("line", *hz, "Hz").with("line_level", *line, "dBFS");
            }
            sheet.put([finding]);
        }
    }
}

impl Low {
    /// Keeps every second spectrum when there are too many.
    fn thin(&mut self) {
        if self.spectra.len() > MOST {
            let mut n = 0;
            self.spectra.retain(|_| {
                n += 1;
                n % 2 == 1
            });
            self.stride *= 2;
        }
    }
}

/// A window's sound with what is much louder than its quietest fifth blanked, and what its spectrum is to be multiplied
/// by for a lasting sine of amplitude 1 to read 1; `None` in silence.
fn between_hits(low: &[f32], window: &[f32]) -> Option<(Vec<f32>, f32)> {
    let energy = |block: &[f32]| block.iter().map(|s| s * s).sum::<f32>();
    let energies: Vec<f32> = low.chunks(BLOCK).map(energy).collect();
    let mut sorted = energies.clone();
    let fifth = sorted.len() / 5;
    let quiet = *sorted.select_nth_unstable_by(fifth, f32::total_cmp).1;
    if quiet < SILENT * BLOCK as f32 {
        return None;
    }
    let mut shaped: Vec<f32> = low.iter().zip(window).map(|(s, w)| s * w).collect();
    let mut heard = 0.0;
    for (n, energy) in energies.iter().enumerate() {
        let block = n * BLOCK..(n + 1) * BLOCK;
        if *energy > LOUD * quiet {
            shaped[block].fill(0.0);
        } else {
            heard += window[block].iter().sum::<f32>();
        }
    }
    (heard > 0.0).then(|| (shaped, 2.0 / heard))
}

/// Lines of one mains.
struct Found {
    hz: f64,
    power: f64,
    over: f64,
    score: f64,
    /// Frequency and level (RMS, dBFS).
    lines: Vec<(f64, f64)>,
}

/// The power that one window in ten stays below, bin by bin.
fn quiet_spectrum(spectra: &[Vec<f32>]) -> Vec<f64> {
    let mut column = vec![0.0; spectra.len()];
    (0..spectra[0].len())
        .map(|bin| {
            column.iter_mut().zip(spectra).for_each(|(x, s)| *x = s[bin]);
            let rank = column.len() / 10;
            f64::from(*column.select_nth_unstable_by(rank, f32::total_cmp).1)
        })
        .collect()
}

impl Hum {
    fn lines(&self, quiet: &[f64], mains: f64, limit: f64) -> Option<Found> {
        let bin_hz = self.rate / SIZE as f64;
        let peaks: Vec<(usize, f64, f64, f64)> = (1..=LINES).filter_map(|k| self.line(quiet, mains, k)).collect();
        // Each line proposes a fundamental; the one that most agree with wins.
        let mut best: Option<Found> = None;
        for (k, hz, ..) in &peaks {
            let proposed = hz / *k as f64;
            let agrees = |l: &&(usize, f64, f64, f64)| {
                (l.1 - proposed * l.0 as f64).abs() < 0.35 * bin_hz * (1.0 + l.0 as f64 / *k as f64)
            };
            let fitting: Vec<_> = peaks.iter().filter(agrees).filter(|l| l.3 >= limit).collect();
            let clearest = fitting.iter().map(|l| l.3).fold(0.0, f64::max);
            let score: f64 = fitting.iter().map(|l| l.3).sum();
            let power: f64 = fitting.iter().map(|l| l.2).sum();
            if fitting.len() < 2 || power < FAINT || best.as_ref().is_some_and(|b| b.score >= score) {
                continue;
            }
            best = Some(Found {
                hz: proposed,
                power,
                over: clearest,
                score,
                lines: fitting.iter().map(|l| (l.1, 10.0 * l.2.log10())).collect(),
            });
        }
        best
    }

    /// The line at a multiple: its number, frequency, power (mean square) and height over what surrounds it in dB.
    fn line(&self, quiet: &[f64], mains: f64, k: usize) -> Option<(usize, f64, f64, f64)> {
        let bin_hz = self.rate / SIZE as f64;
        let place = |hz: f64| hz / bin_hz;
        let reach = REACH_HZ * (k as f64).min(2.5);
        let (from, to) = (place(mains * k as f64 - reach).ceil(), place(mains * k as f64 + reach).floor());
        let (from, to) = (from as usize, to as usize);
        if to + 20 >= quiet.len() || from < 20 {
            return None;
        }
        let top = (from..=to).max_by(|a, b| quiet[*a].total_cmp(&quiet[*b]))?;
        if quiet[top] <= quiet[top - 1] || quiet[top] <= quiet[top + 1] {
            return None;
        }
        let (offset, power) = Window::Hann.tone(quiet[top - 1], quiet[top], quiet[top + 1]);
        // The line is narrow: three bins away nothing is left of it.
        let (near, far) = ((3.0 / bin_hz) as usize, (9.0 / bin_hz) as usize);
        let mut around: Vec<f64> = (near..=far.min(top)).flat_map(|d| [quiet[top - d], quiet[top + d]]).collect();
        let middle = around.len() * 3 / 4;
        let (_, usual, _) = around.select_nth_unstable_by(middle, f64::total_cmp);
        let over = 10.0 * (quiet[top] / usual.max(1e-20)).log10();
        let hz = (top as f64 + offset) * bin_hz;
        let passed = self.passes(hz).powi(2);
        Some((k, hz, power / passed / 2.0, over))
    }
}

#[cfg(test)]
mod tests {
    use crate::check::Inspector;
    use tonmeister_core::{Layout, SourceInfo, View};
    use tonmeister_dsp::testing::{noise, sine};

    /// Between the hits of a drum that lasts a quarter of the time, hum of −60 dBFS is read to 0.5 dB and 0.05 Hz.
    #[test]
    fn hum_is_read_between_hits() {
        for rate in [44_100, 48_000, 96_000] {
            let frames = 12 * rate as usize;
            let (hits, hiss) = (noise(1, 0.5, frames), noise(2, 1e-4, frames));
            let lines = [sine(50.3, 1.4e-3, rate, frames), sine(100.6, 3e-4, rate, frames)];
            let beat = rate as usize / 3;
            let sound: Vec<f32> = (0..frames)
                .map(|n| if n % beat < beat / 4 { hits[n] } else { hiss[n] } + lines[0][n] + lines[1][n])
                .collect();
            let info = SourceInfo { sample_rate: rate, layout: Layout::Mono, frames: frames as u64 };
            let mut inspector = Inspector::new(info);
            inspector.push(View::mono(&sound));
            let inspection = inspector.finish();
            let hum = inspection.findings.iter().find(|f| f.rule == "hum").expect("hum");
            assert!((hum.evidence("fundamental").unwrap() - 50.3).abs() < 0.05, "{hum:?}");
            let level = 10.0 * (0.5 * (1.4e-3_f64.powi(2) + 3e-4_f64.powi(2))).log10();
            assert!((hum.evidence("level").unwrap() - level).abs() < 0.5, "{level}: {hum:?}");
        }
    }
}
