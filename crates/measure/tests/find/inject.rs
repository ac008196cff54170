//! Faults to put in.
#![allow(dead_code, reason = "each finder uses its own part")]

use tonmeister_core::Buffer;
use tonmeister_dsp::testing::{noise, sine};

pub(crate) fn amplitude(db: f64) -> f64 {
    10f64.powf(db / 20.0)
}

/// Every sample of every channel through a function.
pub(crate) fn map(audio: &mut Buffer, change: impl Fn(f32) -> f32) {
    for c in 0..audio.layout().channels() {
        audio.channel_mut(c).iter_mut().for_each(|s| *s = change(*s));
    }
}

pub(crate) fn gain(audio: &mut Buffer, db: f64) {
    let gain = amplitude(db) as f32;
    map(audio, |s| s * gain);
}

/// The greatest magnitude.
pub(crate) fn peak(audio: &Buffer) -> f32 {
    (0..audio.layout().channels()).flat_map(|c| audio.channel(c)).fold(0.0, |a, s| a.max(s.abs()))
}

/// As stored with that many bits, without dither, clipped at full scale as a converter does.
pub(crate) fn quantize(audio: &mut Buffer, bits: i32) {
    let full = 2f64.powi(bits - 1);
    map(audio, |s| ((f64::from(s) * full).round().clamp(-full, full - 1.0) / full) as f32);
}

/// The same added to every channel, from a frame on.
pub(crate) fn add(audio: &mut Buffer, from: usize, sound: &[f32]) {
    for c in 0..audio.layout().channels() {
        add_to(audio, c, from, sound);
    }
}

pub(crate) fn add_to(audio: &mut Buffer, channel: usize, from: usize, sound: &[f32]) {
    audio.channel_mut(channel)[from..].iter_mut().zip(sound).for_each(|(s, x)| *s += x);
}

/// White noise of that level (RMS), another on each channel.
pub(crate) fn add_noise(audio: &mut Buffer, seed: u64, dbfs: f64) {
    // Uniform noise of peak p has the power p²/3.
    let top = (amplitude(dbfs) * 3f64.sqrt()) as f32;
    for c in 0..audio.layout().channels() {
        let hiss = noise(seed + c as u64, top, audio.frames());
        add_to(audio, c, 0, &hiss);
    }
}

/// Mains hum: `levels` are the RMS levels of the fundamental and its multiples.
pub(crate) fn add_hum(audio: &mut Buffer, rate: u32, hz: f64, levels: &[f64]) {
    for (n, level) in levels.iter().enumerate() {
        let line = sine(hz * (n + 1) as f64, amplitude(*level) * 2f64.sqrt(), rate, audio.frames());
        add(audio, 0, &line);
    }
}
