//! A tape that does not run evenly.

use std::f64::consts::TAU;

use crate::modulation::follow::Follow;
use crate::modulation::lfo::{Lfo, Offset, Shape};

const WOW_HZ: f64 = 0.7;
const FLUTTER_HZ: f64 = 7.3;

/// Wow, a slow wave, and flutter, a quick one, as frames that echoes come later or sooner.
///
/// A delay that sways by A·sin ωt changes the speed by A·ω at the most, so A = speed/ω.
#[derive(Clone, Debug)]
pub(crate) struct Wobble {
    waves: [Lfo; 2],
    /// Frames to either side.
    sways: [Follow; 2],
    frames_per_percent: [f64; 2],
}

impl Wobble {
    pub(crate) fn new(wow_percent: f64, flutter_percent: f64, sample_rate: u32) -> Self {
        let wave = |hz: f64| {
            let mut lfo = Lfo::new(Shape::Sine, sample_rate, 0);
            lfo.set_hz(hz);
            lfo
        };
        let mut wobble = Wobble {
            waves: [wave(WOW_HZ), wave(FLUTTER_HZ)],
            sways: [Follow::new(sample_rate), Follow::new(sample_rate)],
            frames_per_percent: [WOW_HZ, FLUTTER_HZ].map(|hz| 0.01 * f64::from(sample_rate) / (TAU * hz)),
        };
        wobble.wow(wow_percent);
        wobble.flutter(flutter_percent);
        wobble
    }

    /// The most that the slow wave changes the speed by.
    pub(crate) fn wow(&mut self, percent: f64) {
        self.sways[0].to(percent * self.frames_per_percent[0]);
    }

    /// The most that the quick wave changes the speed by.
    pub(crate) fn flutter(&mut self, percent: f64) {
        self.sways[1].to(percent * self.frames_per_percent[1]);
    }

    /// Where it would be after that many frames.
    pub(crate) fn begin_at(&mut self, frame: u64) {
        self.waves.iter_mut().for_each(|wave| wave.begin_at(frame));
    }

    /// How far it goes to either side, in frames.
    pub(crate) fn reach(&self) -> f64 {
        self.sways[0].place() + self.sways[1].place()
    }

    /// One frame on: how many frames later.
    #[inline]
    pub(crate) fn step(&mut self) -> f64 {
        let mut later = 0.0;
        for (wave, sway) in self.waves.iter_mut().zip(&mut self.sways) {
            wave.step();
            later += sway.step() * wave.at(Offset::default());
        }
        later
    }
}
