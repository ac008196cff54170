//! The figures of the module's page, measured at the ratios that studios use.

use std::f64::consts::TAU;

use tonmeister_core::{Block, Buffer, Layout, Source, SourceError, SourceInfo, View};

use super::{Resampled, Resampler, resample, resampled_frames};
use crate::testing::{noise, sine, stereo_noise};

const RATIOS: [(u32, u32); 9] = [
    (96_000, 44_100),
    (44_100, 96_000),
    (48_000, 44_100),
    (44_100, 48_000),
    (88_200, 44_100),
    (44_100, 88_200),
    (192_000, 48_000),
    (384_000, 8_000),
    (8_000, 384_000),
];

fn db(ratio: f64) -> f64 {
    20.0 * ratio.log10()
}

/// Fits a tone to the middle of a signal whose frame `n` is at time `n / rate`: in-phase and quadrature amplitude, and
/// the root mean square of everything else.
fn fit(signal: &[f32], hz: f64, rate: u32) -> (f64, f64, f64) {
    let edge = signal.len() / 4;
    let part: Vec<(f64, f64, f64)> = (edge..signal.len() - edge)
        .map(|n| {
            let phase = TAU * (hz * n as f64 / f64::from(rate)).fract();
            (f64::from(signal[n]), phase.sin(), phase.cos())
        })
        .collect();
    let sum = |f: &dyn Fn(&(f64, f64, f64)) -> f64| part.iter().map(f).sum::<f64>();
    let (ss, cc, sc) = (sum(&|p| p.1 * p.1), sum(&|p| p.2 * p.2), sum(&|p| p.1 * p.2));
    let (ys, yc) = (sum(&|p| p.0 * p.1), sum(&|p| p.0 * p.2));
    let det = ss * cc - sc * sc;
    let (a, b) = ((ys * cc - yc * sc) / det, (yc * ss - ys * sc) / det);
    let rest = sum(&|p| (p.0 - a * p.1 - b * p.2).powi(2)) / part.len() as f64;
    (a, b, rest.sqrt())
}

/// A tone of peak 0.5 at another rate.
fn tone(hz: f64, from: u32, to: u32) -> Vec<f32> {
    let frames = (from as usize / 4).max(6_000);
    let input = Buffer::from_mono(sine(hz, 0.5, from, frames));
    resample(input.view(frames), from, to).channel(0).to_vec()
}

#[test]
fn the_pass_band_is_flat_within_a_thousandth_of_a_decibel_and_in_phase() {
    for (from, to) in RATIOS {
        let nyquist = f64::from(from.min(to)) / 2.0;
        for part in [0.01, 0.1, 0.31, 0.5, 0.7, 0.8, 0.88, 0.9, 0.905, 0.91] {
            let (a, b, _) = fit(&tone(part * nyquist, from, to), part * nyquist, to);
            let gain = db(a.hypot(b) / 0.5);
            assert!(gain.abs() <= 0.001, "{from} to {to} at {part} of Nyquist: {gain:.5} dB");
            assert!((b / a).abs() < 1e-5, "{from} to {to} at {part} of Nyquist: out of step by {} rad", b / a);
        }
    }
}

#[test]
fn nothing_folds_back_from_above_the_new_nyquist_frequency() {
    for (from, to) in RATIOS.into_iter().filter(|(from, to)| from > to) {
        let (new, old) = (f64::from(to) / 2.0, f64::from(from) / 2.0);
        for part in [0.0005, 0.003, 0.01, 0.03, 0.1, 0.3, 0.6, 0.95] {
            let hz = new + part * (old - new);
            let output = tone(hz, from, to);
            let edge = output.len() / 4;
            let inner = &output[edge..output.len() - edge];
            let power = inner.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / inner.len() as f64;
            let left = db(power.sqrt() / (0.5 / 2_f64.sqrt()));
            assert!(left <= -150.0, "{from} to {to}: {left:.1} dB is left of {hz:.0} Hz");
        }
    }
}

#[test]
fn a_tone_keeps_its_purity_and_has_no_images() {
    for (from, to) in RATIOS {
        let nyquist = f64::from(from.min(to)) / 2.0;
        for hz in [997.0, 0.45 * nyquist, 0.9 * nyquist] {
            let (a, b, rest) = fit(&tone(hz, from, to), hz, to);
            let residual = db(rest / (a.hypot(b) / 2_f64.sqrt()));
            assert!(residual <= -140.0, "{from} to {to} at {hz} Hz: {residual:.1} dB of distortion and noise");
        }
    }
}

#[test]
fn there_and_back_again_nulls() {
    for rate in [96_000, 48_000, 176_400] {
        // Noise that lies inside the pass band.
        let low = resample(Buffer::from_mono(noise(4, 0.5, 20_000)).view(20_000), 38_000, 44_100);
        let there = resample(low.view(low.frames()), 44_100, rate);
        let back = resample(there.view(there.frames()), rate, 44_100);
        assert_eq!(back.frames(), low.frames());
        let inner = 1000..low.frames() - 1000;
        let power = |f: &dyn Fn(usize) -> f64| inner.clone().map(|n| f(n).powi(2)).sum::<f64>();
        let rest = power(&|n| f64::from(low.channel(0)[n] - back.channel(0)[n]));
        let depth = db((rest / power(&|n| f64::from(low.channel(0)[n]))).sqrt());
        assert!(depth <= -138.0, "44100 to {rate} and back: {depth:.1} dB");
    }
}

#[test]
fn lengths_are_exact_at_any_ratio() {
    for (from, to) in RATIOS.into_iter().chain([(44_100, 47_952), (48_048, 48_000), (22_254, 44_100), (44_056, 44_100)])
    {
        for frames in [0_usize, 1, 2, 3, 1000, 12_345] {
            let expected = (frames as f64 * f64::from(to) / f64::from(from)).round();
            assert_eq!(resampled_frames(frames as u64, from, to) as f64, expected);
            let output = resample(Buffer::new(Layout::Mono, frames).view(frames), from, to);
            assert_eq!(output.frames() as f64, expected, "{frames} frames from {from} to {to}");
        }
    }
    assert_eq!(resampled_frames(u64::MAX / 1000, 8_000, 384_000), u64::MAX / 1000 * 48);
}

#[test]
fn awkward_ratios_are_as_clean_as_the_common_ones() {
    for (from, to) in [(44_100, 47_952), (48_048, 48_000), (22_254, 44_100), (44_056, 44_100), (44_100, 44_101)] {
        let (a, b, rest) = fit(&tone(997.0, from, to), 997.0, to);
        assert!(db(a.hypot(b) / 0.5).abs() < 0.001);
        assert!((b / a).abs() < 1e-6);
        assert!(db(rest / (a / 2_f64.sqrt())) <= -140.0);
    }
}

#[test]
fn channels_stay_apart_and_mono_is_the_same_as_either() {
    let left = noise(1, 0.5, 30_000);
    let silent = Buffer::from_stereo(left.clone(), vec![0.0; 30_000]);
    let stereo = resample(silent.view(30_000), 48_000, 44_100);
    let leak = stereo.channel(1).iter().fold(0.0_f32, |most, s| most.max(s.abs()));
    assert!(db(f64::from(leak)) < -250.0, "the right channel hears the left at {:.0} dB", db(f64::from(leak)));
    let mono = resample(View::mono(&left), 48_000, 44_100);
    let differ = mono.channel(0).iter().zip(stereo.channel(0)).fold(0.0_f32, |most, (a, b)| most.max((a - b).abs()));
    assert!(differ < 1e-7);
}

#[test]
fn equal_rates_change_nothing() {
    let input = stereo_noise(3, 1.0, 5000);
    assert_eq!(resample(input.view(5000), 48_000, 48_000), input);
}

#[test]
fn silence_stays_silence() {
    let output = resample(Buffer::new(Layout::Stereo, 50_000).view(50_000), 44_100, 48_000);
    assert!(output.channel(0).iter().chain(output.channel(1)).all(|s| *s == 0.0));
}

fn bits(buffer: &Buffer) -> Vec<u32> {
    (0..buffer.layout().channels()).flat_map(|c| buffer.channel(c).iter().map(|s| s.to_bits())).collect()
}

#[test]
fn the_pieces_it_is_fed_with_do_not_matter() {
    for (layout, input) in
        [(Layout::Stereo, stereo_noise(9, 0.8, 40_000)), (Layout::Mono, Buffer::from_mono(noise(9, 0.8, 40_000)))]
    {
        for (from, to) in [(96_000, 44_100), (44_100, 48_000)] {
            let whole = bits(&resample(input.view(40_000), from, to));
            for sizes in [&[1_usize, 4096, 13][..], &[480], &[20_000]] {
                let mut resampler = Resampler::new(layout, from, to);
                let mut out = Buffer::new(layout, 0);
                let mut at = 0;
                for size in sizes.iter().cycle() {
                    let end = (at + size).min(40_000);
                    resampler.push(input.view(end).part(at, end), &mut out);
                    at = end;
                    if at == 40_000 {
                        break;
                    }
                }
                resampler.finish(&mut out);
                assert!(bits(&out) == whole, "pieces of {sizes:?} from {from} to {to} differ");
            }
        }
    }
}

/// A buffer as a source.
struct Held {
    audio: Buffer,
    at: usize,
    sample_rate: u32,
}

impl Source for Held {
    fn info(&self) -> SourceInfo {
        let (layout, frames) = (self.audio.layout(), self.audio.frames() as u64);
        SourceInfo { sample_rate: self.sample_rate, layout, frames }
    }

    fn read(&mut self, out: &mut Block<'_>) -> Result<usize, SourceError> {
        let count = out.frames().min(self.audio.frames() - self.at);
        for (channel, lane) in out.channels_mut().enumerate() {
            lane[..count].copy_from_slice(&self.audio.channel(channel)[self.at..self.at + count]);
        }
        self.at += count;
        Ok(count)
    }

    fn skip(&mut self, frames: u64) -> Result<u64, SourceError> {
        let count = frames.min((self.audio.frames() - self.at) as u64);
        self.at += count as usize;
        Ok(count)
    }
}

#[test]
fn a_source_is_converted_with_the_same_bits_however_it_is_read_or_skipped() {
    for input in [stereo_noise(5, 0.9, 100_001), Buffer::from_mono(noise(5, 0.9, 100_001))] {
        let layout = input.layout();
        for (from, to) in [(96_000, 44_100), (44_100, 48_000), (48_000, 48_000)] {
            let whole = resample(input.view(100_001), from, to);
            let total = whole.frames();
            let open = || Resampled::new(Box::new(Held { audio: input.clone(), at: 0, sample_rate: from }), to);
            assert_eq!(open().info(), SourceInfo { sample_rate: to, layout, frames: total as u64 });
            for (skip, read) in [(0, 777), (1, 4096), (20_000, 1000), (31_000, 1), (0, 200_000), (200_000, 5)] {
                let mut source = open();
                let mut at = 0;
                while at < total {
                    assert_eq!(source.skip(skip as u64).unwrap(), (skip as u64).min((total - at) as u64));
                    at = (at + skip).min(total);
                    let mut part = Buffer::new(layout, read);
                    let got = source.read(&mut part.block(read)).unwrap();
                    assert_eq!(got, read.min(total - at));
                    for channel in 0..layout.channels() {
                        let (ours, theirs) = (&part.channel(channel)[..got], &whole.channel(channel)[at..at + got]);
                        assert!(ours == theirs, "at frame {at} after skipping {skip}");
                    }
                    at += got;
                }
            }
        }
    }
}
