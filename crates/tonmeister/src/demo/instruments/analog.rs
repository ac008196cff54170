//! Subtractive synthesizers: oscillators rich in overtones, a filter that moves, an envelope.
//!
//! One voice, many patches: what a synthesizer of the seventies is (Moog, "Voltage-controlled electronic music modules",
//! JAES 13(3), 1965). Waves are band-limited tables, the filter is two state-variable ones in a row, driven softly between.

use super::arithmetic::{RATE, decay, ease, exp2, follow, pitch};
use super::filter::Svf;
use super::machine::bend;
use super::oscillator::{Oscillator, saw, square};

/// What an oscillator plays.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Shape {
    Saw,
    Square,
}

/// A patch.
#[derive(Clone, Copy)]
pub(crate) struct Patch {
    /// Shape, semitones and cents from the note, level.
    pub(crate) oscillators: &'static [(Shape, f64, f64, f64)],
    /// Where the filter rests: in Hz, and as times of the note's pitch, added.
    pub(crate) rest_hz: f64,
    pub(crate) rest_times: f64,
    /// How far the envelope opens it, in octaves at full force, and how long that takes to fall by 60 dB.
    pub(crate) open_octaves: f64,
    pub(crate) open_s: f64,
    pub(crate) resonance: f64,
    /// How hard the first filter drives the second.
    pub(crate) drive: f64,
    pub(crate) attack_s: f64,
    /// The level falls to `sustain` (0 to 1) in so many seconds.
    pub(crate) decay_s: f64,
    pub(crate) sustain: f64,
    pub(crate) release_s: f64,
}

/// A key that is held.
pub(crate) struct Key<'a> {
    patch: &'a Patch,
    oscillators: Vec<(Oscillator<'static>, f64, f64)>,
    filters: [Svf; 2],
    hz: f64,
    target: f64,
    glide: f64,
    force: f64,
    held: f64,
    open: f64,
    open_fall: f64,
    level: f64,
    settle: f64,
}

impl<'a> Key<'a> {
    /// A note (MIDI) with force 0 to 1 for so many frames; `slide_from` is the note that the pitch comes from, `phase`
    /// (0 to 1) turns the oscillators against each other.
    pub(crate) fn new(patch: &'a Patch, note: f64, force: f64, held: f64, slide_from: Option<f64>, phase: f64) -> Self {
        let (hz, target) = (pitch(slide_from.unwrap_or(note)), pitch(note));
        let top = hz.max(target) * 1.02;
        let oscillators = patch.oscillators.iter().enumerate().map(|(i, (shape, semitones, cents, level))| {
            let times = exp2(semitones / 12.0 + cents / 1200.0);
            let wave = if *shape == Shape::Saw { saw() } else { square() };
            let turn = phase * (i as f64 * 0.618_034 + 0.13);
            (Oscillator::new(wave.below(top * times), turn - turn as i64 as f64), times, *level)
        });
        Key {
            patch,
            oscillators: oscillators.collect(),
            filters: [Svf::new(1000.0, 0.7), Svf::new(1000.0, 0.6)],
            hz,
            target,
            glide: follow(0.03),
            force,
            held,
            open: 1.0,
            open_fall: decay(patch.open_s / 16.0),
            level: 1.0,
            settle: follow(patch.decay_s / 3.0),
        }
    }

    /// Seconds until it is over.
    pub(crate) fn seconds(&self) -> f64 {
        self.held / RATE + self.patch.release_s
    }

    /// The sound at a frame, which must be asked for in order.
    #[inline]
    pub(crate) fn step(&mut self, frame: usize) -> f64 {
        let t = frame as f64;
        if frame.is_multiple_of(16) {
            let rest = self.patch.rest_hz + self.patch.rest_times * self.target;
            let cutoff = (rest * exp2(self.patch.open_octaves * self.open * self.force)).min(17_000.0);
            self.filters[0].tune(cutoff, self.patch.resonance);
            self.filters[1].tune((cutoff * 1.3).min(18_000.0), 0.6);
            self.open *= self.open_fall;
        }
        self.hz += self.glide * (self.target - self.hz);
        let mut tone = 0.0;
        for (oscillator, times, level) in &mut self.oscillators {
            tone += oscillator.step(self.hz * *times) * *level;
        }
        let driven = bend(self.filters[0].step(tone).low * self.patch.drive) / self.patch.drive;
        self.level += self.settle * (self.patch.sustain - self.level);
        let rise = ease(t / (self.patch.attack_s * RATE));
        let fall = 1.0 - ease((t - self.held) / (self.patch.release_s * RATE));
        self.filters[1].step(driven).low * self.level * rise * fall * self.force
    }
}
