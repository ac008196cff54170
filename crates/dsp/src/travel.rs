//! How a parameter moves: in a straight line with rounded corners when automation says so, in a raised cosine when it
//! jumps.

use std::f64::consts::PI;

/// The corners of a straight line are rounded by a one-pole of this time constant; sharp ones would be heard as a tick.
const ROUNDING_MS: f64 = 1.0;

/// A parameter's value in time.
///
/// A travel with a length is a straight line over that many frames. A jump is smoothed to half a cosine of 20 ms,
/// whose spectrum falls so fast that no zipper noise is left (−130 dB against −89 for a one-pole of 5 ms). Frames
/// are counted, so values do not depend on blocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Travel {
    from: f64,
    target: f64,
    passed: u32,
    length: u32,
    eased: bool,
    jump: u32,
    /// The way with its corners rounded.
    heard: f64,
    /// How much of the distance to the way is covered per frame.
    part: f64,
}

impl Travel {
    /// At rest on `value`.
    pub(crate) fn new(value: f64, sample_rate: u32) -> Self {
        let part = -(-1000.0 / (ROUNDING_MS * f64::from(sample_rate))).exp_m1();
        let jump = (sample_rate / 50).max(1);
        Travel { from: value, target: value, passed: 0, length: 0, eased: false, jump, heard: value, part }
    }

    /// Starts for `target`: in a straight line over `glide` frames, or eased over 20 ms when that is 0.
    pub(crate) fn to(&mut self, target: f64, glide: u32) {
        self.from = self.value();
        self.target = target;
        self.eased = glide == 0;
        self.length = if self.eased { self.jump } else { glide };
        self.passed = 0;
    }

    /// The value now.
    #[inline]
    pub(crate) fn value(&self) -> f64 {
        self.heard
    }

    /// Where a sharp-cornered way would be.
    #[inline]
    fn way(&self) -> f64 {
        if self.passed >= self.length {
            return self.target;
        }
        let way = f64::from(self.passed) / f64::from(self.length);
        let way = if self.eased { 0.5 - 0.5 * (PI * way).cos() } else { way };
        self.from + (self.target - self.from) * way
    }

    /// Moves one frame on, then gives the value.
    #[inline]
    pub(crate) fn step(&mut self) -> f64 {
        if !self.moving() {
            return self.heard;
        }
        self.passed = (self.passed + 1).min(self.length);
        let way = self.way();
        self.heard += self.part * (way - self.heard);
        // The last hair of the way, far below anything audible, so that it arrives at all.
        if self.passed == self.length && (way - self.heard).abs() <= 1e-7 * way.abs().max(1.0) {
            self.heard = way;
        }
        self.heard
    }

    /// Whether it still moves.
    #[inline]
    pub(crate) fn moving(&self) -> bool {
        self.passed < self.length || self.heard != self.target
    }

    /// Where it is going, or rests.
    pub(crate) fn target(&self) -> f64 {
        self.target
    }
}
