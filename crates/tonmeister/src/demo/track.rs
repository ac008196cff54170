//! Where an instrument's notes are collected, and how they become a stem.

use tonmeister_core::Buffer;

use super::arithmetic::{RATE, follow, gain};
use super::score::FRAMES;

/// One channel of the song's length.
pub(super) struct Track {
    pub(super) samples: Vec<f32>,
}

impl Track {
    pub(super) fn new() -> Self {
        Track { samples: vec![0.0; FRAMES] }
    }

    /// The frames from a place on the timeline, at most so many seconds of them.
    pub(super) fn span(&mut self, from: f64, seconds: f64) -> &mut [f32] {
        let start = (from.max(0.0) as usize).min(FRAMES);
        let end = (start + (seconds * RATE) as usize).min(FRAMES);
        &mut self.samples[start..end]
    }
}

/// Left and right.
pub(super) struct Stereo {
    pub(super) left: Track,
    pub(super) right: Track,
}

impl Stereo {
    pub(super) fn new() -> Self {
        Stereo { left: Track::new(), right: Track::new() }
    }

    /// Both channels of [`Track::span`], frame by frame.
    pub(super) fn span(&mut self, from: f64, seconds: f64) -> impl Iterator<Item = (&mut f32, &mut f32)> {
        self.left.span(from, seconds).iter_mut().zip(self.right.span(from, seconds))
    }

    /// As a stem with its highest peak at that level.
    pub(super) fn stem(self, peak_db: f64) -> Buffer {
        let (left, right) = (settle(self.left.samples), settle(self.right.samples));
        let peak = peak(&left).max(peak(&right));
        Buffer::from_stereo(scale(left, peak, peak_db), scale(right, peak, peak_db))
    }
}

/// A mono stem with its highest peak at that level.
pub(super) fn mono_stem(track: Track, peak_db: f64) -> Buffer {
    let samples = settle(track.samples);
    let peak = peak(&samples);
    Buffer::from_mono(scale(samples, peak, peak_db))
}

/// The gains of left and right for a place from −1 to 1, at equal power.
pub(super) fn place(pan: f64) -> (f64, f64) {
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
