//! Where an instrument's notes are collected, and how they become a stem.

use tonmeister_core::Buffer;

use super::arithmetic::{RATE, follow, gain};

/// One channel of a song's length.
pub(crate) struct Track {
    pub(crate) samples: Vec<f32>,
}

impl Track {
    pub(crate) fn new(frames: usize) -> Self {
        Track { samples: vec![0.0; frames] }
    }

    /// The frames from a place on the timeline, at most so many seconds of them.
    pub(crate) fn span(&mut self, from: f64, seconds: f64) -> &mut [f32] {
        let start = (from.max(0.0) as usize).min(self.samples.len());
        let end = (start + (seconds * RATE) as usize).min(self.samples.len());
        &mut self.samples[start..end]
    }

    /// Adds a sound from a place on, at most so many seconds of it: its value at each of its frames.
    pub(crate) fn lay(&mut self, from: f64, seconds: f64, mut value: impl FnMut(usize) -> f64) {
        for (i, sample) in self.span(from, seconds).iter_mut().enumerate() {
            *sample += value(i) as f32;
        }
    }
}

/// Left and right.
pub(crate) struct Stereo {
    pub(crate) left: Track,
    pub(crate) right: Track,
}

impl Stereo {
    pub(crate) fn new(frames: usize) -> Self {
        Stereo { left: Track::new(frames), right: Track::new(frames) }
    }

    /// Both channels of [`Track::span`], frame by frame.
    pub(crate) fn span(&mut self, from: f64, seconds: f64) -> impl Iterator<Item = (&mut f32, &mut f32)> {
        self.left.span(from, seconds).iter_mut().zip(self.right.span(from, seconds))
    }

    /// Adds a sound at a place from −1 to 1 between the sides, as [`Track::lay`].
    pub(crate) fn lay(&mut self, from: f64, seconds: f64, pan: f64, mut value: impl FnMut(usize) -> f64) {
        let (left, right) = place(pan);
        for (i, (l, r)) in self.span(from, seconds).enumerate() {
            let value = value(i);
            *l += (value * left) as f32;
            *r += (value * right) as f32;
        }
    }

    /// As a stem with its highest peak at that level.
    pub(crate) fn stem(self, peak_db: f64) -> Buffer {
        let (left, right) = (settle(self.left.samples), settle(self.right.samples));
        let peak = peak(&left).max(peak(&right));
        Buffer::from_stereo(scale(left, peak, peak_db), scale(right, peak, peak_db))
    }
}

/// A mono stem with its highest peak at that level.
pub(crate) fn mono_stem(track: Track, peak_db: f64) -> Buffer {
    let samples = settle(track.samples);
    let peak = peak(&samples);
    Buffer::from_mono(scale(samples, peak, peak_db))
}

/// The gains of left and right for a place from −1 to 1, at equal power.
pub(crate) fn place(pan: f64) -> (f64, f64) {
    ((0.5 - 0.5 * pan).sqrt(), (0.5 + 0.5 * pan).sqrt())
}

/// Takes out what lies below hearing, as the transformer of a microphone does: no offset stays in the file.
fn settle(mut samples: Vec<f32>) -> Vec<f32> {
    let rate = follow(1.0 / (std::f64::consts::TAU * 6.0));
    let mut offset = 0.0;
    for sample in &mut samples {
        offset += rate * (f64::from(*sample) - offset);
        *sample = (f64::from(*sample) - offset) as f32;
    }
    samples
}

fn peak(samples: &[f32]) -> f32 {
    samples.iter().fold(0.0, |peak, s| peak.max(s.abs()))
}

fn scale(mut samples: Vec<f32>, peak: f32, peak_db: f64) -> Vec<f32> {
    if peak > 0.0 {
        let factor = gain(peak_db) / f64::from(peak);
        for sample in &mut samples {
            *sample = (f64::from(*sample) * factor) as f32;
        }
    }
    samples
}
