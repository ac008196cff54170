//! What an effect does, found out by running it.

use std::f64::consts::{PI, TAU};
use std::sync::Arc;

use tonmeister_core::{Buffer, BuildError, Context, Layout, Processor, Registry, Settings, Stream};
use tonmeister_dsp::testing;

/// Everything is probed at this rate.
pub(super) const RATE: u32 = 48_000;
const BLOCK: usize = 512;
/// The short-time spectra.
const LENS: usize = 2048;

/// So many seconds in frames.
pub(super) fn frames(seconds: f64) -> usize {
    (seconds * f64::from(RATE)).round() as usize
}

/// Decibels of an amplitude, −160 at the least.
pub(super) fn db(amplitude: f64) -> f64 {
    20.0 * amplitude.abs().max(1e-8).log10()
}

/// An effect with settings, to be built as often as needed.
pub(super) struct Probe<'a> {
    registry: &'a Registry,
    settings: Settings,
}

impl<'a> Probe<'a> {
    /// Recordings that the effect needs are filled with noise that dies away in half a second.
    pub(super) fn new(registry: &'a Registry, mut settings: Settings) -> Self {
        for file in settings.spec().files.iter().filter(|file| file.required) {
            let fade = |(n, x): (usize, f32)| x * (-6.0 * n as f32 / frames(0.5) as f32).exp();
            let side = |seed| testing::noise(seed, 0.5, frames(0.5)).into_iter().enumerate().map(fade).collect();
            settings.load(file.id, Arc::new(Buffer::from_stereo(side(5), side(6))));
        }
        Probe { registry, settings }
    }

    pub(super) fn build(&self) -> Result<Box<dyn Processor>, BuildError> {
        let stream = Stream { sample_rate: RATE, layout: Layout::Stereo, max_block: BLOCK, seed: 1 };
        self.registry.build(&self.settings, &stream)
    }

    /// What comes of that input, moved back by the latency.
    pub(super) fn run(&self, input: &Buffer) -> Result<Buffer, BuildError> {
        let mut processor = self.build()?;
        let latency = processor.latency().0 as usize;
        let mut audio = input.clone();
        audio.append(Buffer::new(Layout::Stereo, latency).view(latency));
        let mut at = 0;
        while at < audio.frames() {
            let end = (at + BLOCK).min(audio.frames());
            processor.process(&mut audio.block_range(at, end), &Context::default());
            at = end;
        }
        Ok(Buffer::from_stereo(audio.channel(0)[latency..].to_vec(), audio.channel(1)[latency..].to_vec()))
    }
}

/// The same samples on both sides.
pub(super) fn both(samples: &[f32]) -> Buffer {
    Buffer::from_stereo(samples.to_vec(), samples.to_vec())
}

/// Real and imaginary parts.
type Spectrum = Vec<(f64, f64)>;

/// A radix-2 transform in `f64`, so that a picture does not depend on which vector code a machine has.
pub(super) fn fft(samples: impl Iterator<Item = f64>, size: usize) -> Spectrum {
    let mut z: Spectrum = samples.map(|x| (x, 0.0)).collect();
    z.resize(size, (0.0, 0.0));
    let bits = size.trailing_zeros();
    for i in 0..size {
        let j = i.reverse_bits() >> (usize::BITS - bits);
        if i < j {
            z.swap(i, j);
        }
    }
    let turn: Spectrum = (0..size / 2).map(|k| (TAU * k as f64 / size as f64).sin_cos()).collect();
    let mut half = 1;
    while half < size {
        for start in (0..size).step_by(2 * half) {
            for k in 0..half {
                let (sin, cos) = turn[k * size / (2 * half)];
                let (a, b) = (z[start + k], z[start + k + half]);
                let t = (b.0 * cos + b.1 * sin, b.1 * cos - b.0 * sin);
                z[start + k] = (a.0 + t.0, a.1 + t.1);
                z[start + k + half] = (a.0 - t.0, a.1 - t.1);
            }
        }
        half *= 2;
    }
    z.truncate(size / 2 + 1);
    z
}

/// So many frequencies from 20 Hz to 20 kHz at equal factors.
pub(super) fn hearing(count: usize) -> impl Iterator<Item = f64> {
    (0..count).map(move |k| 20.0 * 1000_f64.powf(k as f64 / (count - 1) as f64))
}

/// The magnitude in dB at these frequencies: between the bins of a long transform, where the bins are closer than the
/// frequencies their mean power.
pub(super) fn magnitude(samples: &[f64], count: usize) -> Vec<(f64, f64)> {
    let size = samples.len().next_power_of_two();
    let power: Vec<f64> = fft(samples.iter().copied(), size).iter().map(|(a, b)| a * a + b * b).collect();
    let step = 1000_f64.powf(0.5 / (count - 1) as f64);
    let bin = |hz: f64| hz * size as f64 / f64::from(RATE);
    let at = |hz: f64| {
        let (from, to) = (bin(hz / step), bin(hz * step));
        if to - from < 2.0 {
            let (below, part) = (bin(hz).floor() as usize, bin(hz).fract());
            return power[below] * (1.0 - part) + power[below + 1] * part;
        }
        let bins = from.ceil() as usize..=(to.floor() as usize).min(power.len() - 1);
        let count = bins.clone().count() as f64;
        power[bins].iter().sum::<f64>() / count
    };
    hearing(count).map(|hz| (hz, 10.0 * at(hz).max(1e-16).log10())).collect()
}

/// The response to a small impulse that comes after `wait` seconds, in dB over frequency.
pub(super) fn response(probe: &Probe<'_>, wait: f64) -> Result<Vec<(f64, f64)>, BuildError> {
    const HEIGHT: f64 = 0.1;
    let latency = probe.build()?.latency().0 as usize;
    let wait = frames(wait).max(latency);
    let mut samples = vec![0.0; wait + 65_536];
    samples[wait] = HEIGHT as f32;
    let output = probe.run(&both(&samples))?;
    // A linear phase sounds before its time as well: as long as the latency at most.
    let heard: Vec<f64> = output.channel(0)[wait - latency..].iter().map(|x| f64::from(*x) / HEIGHT).collect();
    Ok(magnitude(&heard, 300))
}

/// How loud a tone of 1 kHz leaves, at levels from −72 to 0 dB in steps of 2.
pub(super) fn transfer(probe: &Probe<'_>) -> Result<Vec<(f64, f64)>, BuildError> {
    (-36..=0)
        .map(|k| {
            let level = f64::from(2 * k);
            let tone = testing::sine(1000.0, 10_f64.powf(level / 20.0), RATE, frames(0.6));
            let output = probe.run(&both(&tone))?;
            Ok((level, db(rms(&output.channel(0)[frames(0.5)..]) * 2_f64.sqrt())))
        })
        .collect()
}

fn rms(samples: &[f32]) -> f64 {
    (samples.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / samples.len() as f64).sqrt()
}

/// Gain in dB over milliseconds while a tone of 1 kHz leaps from `low` to `high` dB for 200 ms and back.
pub(super) fn step(probe: &Probe<'_>, low: f64, high: f64) -> Result<Vec<(f64, f64)>, BuildError> {
    // It settles for so long before the picture begins.
    let settle = 0.9;
    let tone = testing::sine(1000.0, 1.0, RATE, frames(settle + 0.8));
    let level = |n: usize| {
        let loud = (frames(settle + 0.1)..frames(settle + 0.3)).contains(&n);
        10_f64.powf(if loud { high } else { low } / 20.0) as f32
    };
    let input: Vec<f32> = tone.iter().enumerate().map(|(n, x)| x * level(n)).collect();
    let output = probe.run(&both(&input))?;
    // Over one period of the tone at a time.
    let period = frames(0.001);
    let at = |n: usize| {
        let from = n * period;
        let gain = rms(&output.channel(0)[from..from + period]) / rms(&input[from..from + period]).max(1e-9);
        (n as f64 - 1000.0 * settle, db(gain))
    };
    Ok(((1000.0 * settle) as usize..output.frames() / period).map(at).collect())
}

/// Level over milliseconds after an impulse: the peak of each stretch of `stretch` seconds in dB, per side.
pub(super) fn echoes(output: &Buffer, stretch: f64, until: f64) -> [Vec<(f64, f64)>; 2] {
    let size = frames(stretch).max(1);
    [0, 1].map(|side| {
        let stretches = output.channel(side)[..frames(until).min(output.frames())].chunks(size);
        let peak = |part: &[f32]| part.iter().fold(0.0_f32, |peak, x| peak.max(x.abs()));
        stretches.enumerate().map(|(k, part)| (1000.0 * stretch * k as f64, db(f64::from(peak(part))))).collect()
    })
}

/// Level in dB over seconds in the octaves around these frequencies, relative to the loudest moment of them all.
pub(super) fn octaves(output: &Buffer, centers: &[f64], seconds: f64) -> Vec<Vec<(f64, f64)>> {
    let hop = (frames(seconds) / 240).max(LENS / 4);
    let window = |n: usize| 0.5 - 0.5 * (TAU * n as f64 / LENS as f64).cos();
    let mut levels = vec![Vec::new(); centers.len()];
    let mut at = 0;
    while at + LENS < output.frames().min(frames(seconds)) {
        let part = &output.channel(0)[at..at + LENS];
        let spectrum = fft(part.iter().enumerate().map(|(n, x)| f64::from(*x) * window(n)), LENS);
        for (center, level) in centers.iter().zip(&mut levels) {
            let bin = |hz: f64| (hz * LENS as f64 / f64::from(RATE)).round().max(1.0) as usize;
            let bins = &spectrum[bin(center / 2_f64.sqrt())..=bin(center * 2_f64.sqrt())];
            level.push(bins.iter().map(|(a, b)| a * a + b * b).sum::<f64>());
        }
        at += hop;
    }
    let show = |level: Vec<f64>| {
        let loudest = level.iter().copied().fold(1e-16, f64::max);
        let point = |(k, power): (usize, f64)| {
            ((k * hop) as f64 / f64::from(RATE), 10.0 * (power / loudest).max(1e-12).log10())
        };
        level.into_iter().enumerate().map(point).collect()
    };
    levels.into_iter().map(show).collect()
}

/// Level in dB and pitch in cents over seconds of what was a tone at `hz`, on one side.
pub(super) fn swing(output: &Buffer, side: usize, hz: f64) -> [Vec<(f64, f64)>; 2] {
    // The tone turned down to nothing, and averaged under a window of 16 periods.
    let (size, hop) = (frames(16.0 / hz), frames(0.005));
    let window: Vec<f64> = (0..size).map(|n| 0.5 - 0.5 * (TAU * (n as f64 + 0.5) / size as f64).cos()).collect();
    let samples = output.channel(side);
    let phasor = |at: usize| {
        let turned = samples[at..at + size].iter().zip(&window).enumerate().map(|(n, (x, w))| {
            let (sin, cos) = (TAU * hz * (at + n) as f64 / f64::from(RATE)).sin_cos();
            (f64::from(*x) * w * cos, -f64::from(*x) * w * sin)
        });
        turned.fold((0.0, 0.0), |(a, b), (c, d)| (a + c, b + d))
    };
    let scale = 2.0 / window.iter().sum::<f64>();
    let (mut levels, mut cents) = (Vec::new(), Vec::new());
    for at in (0..samples.len().saturating_sub(size + hop)).step_by(hop) {
        let ((a, b), (c, d)) = (phasor(at), phasor(at + hop / 4));
        let time = (at + size / 2) as f64 / f64::from(RATE);
        levels.push((time, db(scale * a.hypot(b))));
        let turn = (a * d - b * c).atan2(a * c + b * d);
        let shift = turn / TAU / (hop as f64 / 4.0 / f64::from(RATE));
        cents.push((time, 1200.0 * ((hz + shift) / hz).max(0.01).log2()));
    }
    [levels, cents]
}

/// Harmonics of a tone of 1 kHz that goes in at `level` dB: number and dB relative to the fundamental.
pub(super) fn harmonics(probe: &Probe<'_>, level: f64) -> Result<Vec<(f64, f64)>, BuildError> {
    let tone = testing::sine(1000.0, 10_f64.powf(level / 20.0), RATE, frames(1.0));
    let output = probe.run(&both(&tone))?;
    // Half a second, so that every harmonic falls on a whole number of periods.
    let heard = &output.channel(0)[frames(0.5)..];
    let power = |k: u32| {
        let turned = heard.iter().enumerate().map(|(n, x)| {
            let w = 1.0 - (TAU * (n as f64 + 0.5) / heard.len() as f64).cos();
            let (sin, cos) = (TAU * 1000.0 * f64::from(k) * n as f64 / f64::from(RATE)).sin_cos();
            (f64::from(*x) * w * cos, f64::from(*x) * w * sin)
        });
        let (a, b) = turned.fold((0.0, 0.0), |(a, b), (c, d)| (a + c, b + d));
        a.hypot(b)
    };
    let fundamental = power(1).max(1e-9);
    Ok((1..=12).map(|k| (f64::from(k), db(power(k) / fundamental))).collect())
}

/// Out over in for the last two periods of a tone of 100 Hz at full scale.
pub(super) fn shape(probe: &Probe<'_>) -> Result<Vec<(f64, f64)>, BuildError> {
    let tone = testing::sine(100.0, 1.0, RATE, frames(0.5));
    let output = probe.run(&both(&tone))?;
    let last = frames(0.48)..frames(0.5) + 1;
    let pairs = tone[frames(0.48)..].iter().zip(&output.channel(0)[last.start..]);
    Ok(pairs.step_by(3).map(|(x, y)| (f64::from(*x), f64::from(*y))).collect())
}

/// A room full of sound: something in the middle, something half left, something in both that is not alike.
pub(super) fn scene(seconds: f64) -> Buffer {
    let count = frames(seconds);
    let noises: Vec<Vec<f32>> = (0..4).map(|seed| testing::noise(40 + seed, 0.3, count)).collect();
    let mix = |parts: [f32; 4]| -> Vec<f32> {
        (0..count).map(|n| noises.iter().zip(parts).map(|(noise, part)| part * noise[n]).sum()).collect()
    };
    Buffer::from_stereo(mix([0.8, 0.5, 0.35, 0.0]), mix([0.8, 0.15, 0.0, 0.35]))
}

/// A worn recording: a chord, hum, hiss, a click every so often, a hot sibilant.
pub(super) fn worn(seconds: f64) -> Buffer {
    let count = frames(seconds);
    let hiss = testing::noise(61, 0.006, count);
    let sibilant = testing::noise(62, 0.12, count);
    let tone = |hz: f64, n: usize| (TAU * hz * n as f64 / f64::from(RATE)).sin();
    let sample = |n: usize| {
        let time = n as f64 / f64::from(RATE);
        let chord: f64 = [220.0, 277.18, 329.63, 440.0, 880.0].iter().map(|hz| 0.07 * tone(*hz, n)).sum();
        let swell = 0.5 - 0.5 * (TAU * time / 1.2).cos();
        let hum: f64 = [(50.0, 0.02), (100.0, 0.012), (150.0, 0.006)].iter().map(|(hz, a)| a * tone(*hz, n)).sum();
        let click = if n % 14_411 == 9000 { 0.7 } else { 0.0 };
        let hot = (time * 0.8).fract();
        let s = if hot > 0.8 { f64::from(sibilant[n]) * (PI * (hot - 0.8) / 0.2).sin() } else { 0.0 };
        (chord * swell + hum + f64::from(hiss[n]) + click + s) as f32
    };
    both(&(0..count).map(sample).collect::<Vec<_>>())
}

/// A chord that was recorded too hot: cut off at half of full scale.
pub(super) fn overdriven(seconds: f64) -> Buffer {
    let tone = |hz: f64, n: usize| (TAU * hz * n as f64 / f64::from(RATE)).sin();
    let sample = |n: usize| {
        let swell = 0.5 - 0.5 * (TAU * n as f64 / f64::from(RATE) / 1.2).cos();
        let chord: f64 = [220.0, 277.18, 329.63, 440.0, 880.0].iter().map(|hz| 0.25 * tone(*hz, n)).sum();
        (chord * swell).clamp(-0.5, 0.5) as f32
    };
    both(&(0..frames(seconds)).map(sample).collect::<Vec<_>>())
}

/// The mean spectrum of one side in dB per third of an octave or less, under windows that overlap by half.
pub(super) fn spectrum(samples: &[f32], count: usize) -> Vec<(f64, f64)> {
    const SIZE: usize = 8192;
    let window = |n: usize| 0.5 - 0.5 * (TAU * n as f64 / SIZE as f64).cos();
    let mut power = vec![0.0; SIZE / 2 + 1];
    let mut parts = 0.0;
    for from in (0..samples.len().saturating_sub(SIZE)).step_by(SIZE / 2) {
        let part = samples[from..from + SIZE].iter().enumerate().map(|(n, x)| f64::from(*x) * window(n));
        for (sum, (a, b)) in power.iter_mut().zip(fft(part, SIZE)) {
            *sum += a * a + b * b;
        }
        parts += 1.0;
    }
    let scale = 16.0 / (SIZE * SIZE) as f64 / f64::max(parts, 1.0);
    let step = 1000_f64.powf(0.5 / (count - 1) as f64);
    let bin = |hz: f64| (hz * SIZE as f64 / f64::from(RATE)).round() as usize;
    let at = |hz: f64| power[bin(hz / step)..=bin(hz * step)].iter().copied().fold(0.0, f64::max) * scale;
    hearing(count).map(|hz| (hz, 10.0 * at(hz).max(1e-16).log10())).collect()
}
