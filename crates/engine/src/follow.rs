//! Levels that automation follows: heard on one node, handed on like a signal, so that they are on their frame wherever
//! they arrive.
//!
//! The level of each step of [`GRID`] frames is brought to 0 (floor) … 1 (ceiling) and let go up and down no faster than
//! attack and release allow, in straight lines over decibels: first a peak that falls (max-plus), then a rise toward
//! it (min-plus). Unlike poles, both forget all that came before within the time of their whole way, to the bit, so that
//! a render from the middle has the bits of the whole behind that pre-roll.
//!
//! A step's level is known at its end, and the line over that step leads to it. So the level is late by one step, which
//! delay compensation takes off again.

use tonmeister_core::{Db, View};
use tonmeister_session::model::{Detector, Follower, Target};

use crate::automation::GRID;
use crate::node::{DelayLine, Signals};
use crate::plan::PlanControl;

/// How long the power of [`Detector::Rms`] is looked at, in seconds: under a Hann window, so that what is left of a
/// tone's own swing is below 0.15 dB from 25 Hz up.
const RMS_S: f64 = 0.04;

/// What moves on a strip: a hand turns it, or a lane, which may follow a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Moved {
    /// One of its own controls.
    Lane(Target),
    /// The fader at that place of those that it follows.
    Above(usize),
}

/// How a level is heard: what of a [`Follower`] is not about the value that follows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Hearing {
    pub(crate) detector: Detector,
    pub(crate) attack_ms: f64,
    pub(crate) release_ms: f64,
    pub(crate) floor_db: f64,
    pub(crate) ceiling_db: f64,
}

impl Hearing {
    pub(crate) fn of(follow: &Follower) -> Self {
        let Follower { detector, attack_ms, release_ms, floor_db, ceiling_db, .. } = *follow;
        Hearing { detector, attack_ms, release_ms, floor_db, ceiling_db }
    }

    /// How far it goes in a step that takes that long for all of the way.
    fn step(ms: f64, sample_rate: u32) -> f64 {
        let frames = ms / 1000.0 * f64::from(sample_rate);
        if frames <= GRID as f64 { 1.0 } else { GRID as f64 / frames }
    }

    fn window(sample_rate: u32) -> usize {
        (RMS_S * f64::from(sample_rate) / GRID as f64).round().max(1.0) as usize
    }

    /// After so many frames it has forgotten all that came before.
    pub(crate) fn memory(&self, sample_rate: u32) -> u64 {
        let steps = |ms: f64| (1.0 / Hearing::step(ms, sample_rate)).ceil() as u64 + 1;
        let window = match self.detector {
            Detector::Rms => Hearing::window(sample_rate) as u64,
            Detector::Peak => 1,
        };
        (steps(self.attack_ms) + steps(self.release_ms) + window + 2) * GRID as u64
    }
}

/// Hears a level.
pub(crate) struct Ear {
    hearing: Hearing,
    rise: f64,
    fall: f64,
    /// The step that is being heard: its largest sample, and both channels' power so far.
    peak: f32,
    power: [f64; 2],
    /// Powers of the last steps of each channel, the oldest at `at`, and how much each counts, the oldest first.
    powers: Vec<[f64; 2]>,
    weights: Vec<f64>,
    at: usize,
    /// Where the level has fallen to, and where it has risen to under that.
    held: f64,
    level: f64,
    /// The frame that is expected next: time may jump.
    next: Option<i64>,
}

impl Ear {
    pub(crate) fn new(hearing: Hearing, sample_rate: u32) -> Self {
        let steps = Hearing::window(sample_rate);
        let hann = |step: usize| {
            let part = (step as f64 + 0.5) / steps as f64;
            (std::f64::consts::PI * part).sin().powi(2)
        };
        let all: f64 = (0..steps).map(hann).sum();
        let weights: Vec<f64> = (0..steps).map(|step| hann(step) / (all * GRID as f64)).collect();
        Ear {
            rise: Hearing::step(hearing.attack_ms, sample_rate),
            fall: Hearing::step(hearing.release_ms, sample_rate),
            hearing,
            peak: 0.0,
            power: [0.0; 2],
            powers: vec![[0.0; 2]; steps],
            weights,
            at: 0,
            held: 0.0,
            level: 0.0,
            next: None,
        }
    }

    /// Hears frames, which begin at that frame of the song, and says for each which level the step before it ended on.
    pub(crate) fn process(&mut self, frame: i64, view: View<'_>, out: &mut [f32]) {
        let next = self.next.replace(frame + out.len() as i64);
        if next.is_some_and(|next| next != frame && next.rem_euclid(GRID) == 0) && frame.rem_euclid(GRID) != 0 {
            // A step was whole when time jumped.
            self.end_step();
        }
        let mut done = 0;
        while done < out.len() {
            let here = frame + done as i64;
            if here.rem_euclid(GRID) == 0 {
                self.end_step();
            }
            let left = (GRID - here.rem_euclid(GRID)) as usize;
            let end = out.len().min(done + left);
            for (channel, samples) in view.channels().enumerate() {
                let samples = &samples[done..end];
                match self.hearing.detector {
                    Detector::Peak => self.peak = samples.iter().fold(self.peak, |most, x| most.max(x.abs())),
                    Detector::Rms => {
                        let power = &mut self.power[channel];
                        *power = samples.iter().fold(*power, |sum, x| sum + f64::from(*x) * f64::from(*x));
                    }
                }
            }
            out[done..end].fill(self.level as f32);
            done = end;
        }
    }

    fn end_step(&mut self) {
        let db = match self.hearing.detector {
            Detector::Peak => Db::of_gain(f64::from(std::mem::take(&mut self.peak))).0,
            Detector::Rms => {
                self.powers[self.at] = std::mem::take(&mut self.power);
                self.at = (self.at + 1) % self.powers.len();
                let oldest_first = self.powers[self.at..].iter().chain(&self.powers[..self.at]);
                let mut sums = [0.0; 2];
                for (power, weight) in oldest_first.zip(&self.weights) {
                    sums[0] += power[0] * weight;
                    sums[1] += power[1] * weight;
                }
                // The peak of a sine of that power.
                Db::of_gain((2.0 * sums[0].max(sums[1])).sqrt()).0
            }
        };
        let Hearing { floor_db, ceiling_db, .. } = self.hearing;
        // Silence is −∞ dB, and below the floor.
        let heard = ((db - floor_db) / (ceiling_db - floor_db)).clamp(0.0, 1.0);
        self.held = heard.max(self.held - self.fall);
        self.level = self.held.min(self.level + self.rise);
    }
}

/// A level on its way to a lane.
pub(crate) struct Control {
    pub(crate) from: usize,
    moved: Moved,
    delay: DelayLine<f32>,
    buffer: Vec<f32>,
}

impl Control {
    /// All that arrive at one place, for blocks of at most `block` frames.
    pub(crate) fn all(controls: &[PlanControl], block: usize) -> Vec<Control> {
        let control = |control: &PlanControl| Control {
            from: control.from,
            moved: control.moved,
            delay: DelayLine::new(control.delay),
            buffer: vec![0.0; block],
        };
        controls.iter().map(control).collect()
    }

    /// Hands the levels of the next frames to who moves by them.
    pub(crate) fn hand_on(&mut self, frames: usize, signals: &impl Signals, mut to: impl FnMut(Moved, &[f32])) {
        let levels = &mut self.buffer[..frames];
        levels.copy_from_slice(&signals.of(self.from).channel(0)[..frames]);
        self.delay.process(levels);
        to(self.moved, levels);
    }
}
