//! Lows and highs, which add up to exactly what went in.

#![allow(
    clippy::inline_always,
    reason = "left out of line they would be compiled without their caller's vector instructions"
)]

use std::f64::consts::PI;

use super::rig::flush;

/// A first-order low-pass, trapezoidal; what it leaves over is the high-pass. Both are 3 dB down at its frequency and
/// fall by 6 dB an octave.
#[derive(Clone, Debug)]
pub(crate) struct Split {
    rate: f64,
    /// g/(1 + g), g the integrator's gain.
    part: f64,
    lows: [f64; 2],
}

impl Split {
    pub(crate) fn new(sample_rate: u32) -> Self {
        Split { rate: f64::from(sample_rate), part: 0.0, lows: [0.0; 2] }
    }

    /// Moves to that frequency, held below half the rate.
    pub(crate) fn tune(&mut self, hz: f64) {
        let g = (PI * (hz / self.rate).min(0.49)).tan();
        self.part = g / (1.0 + g);
    }

    /// The lows of this channel's next sample.
    #[inline(always)]
    pub(crate) fn low(&mut self, channel: usize, x: f64) -> f64 {
        let up = (x - self.lows[channel]) * self.part;
        let low = up + self.lows[channel];
        self.lows[channel] = low + up;
        low
    }

    pub(crate) fn flush(&mut self) {
        self.lows.iter_mut().for_each(flush);
    }

    pub(crate) fn reset(&mut self) {
        self.lows = [0.0; 2];
    }

    /// Frames until it has rung out by 120 dB.
    pub(crate) fn tail(&self, hz: f64) -> u64 {
        (13.9 * self.rate / (2.0 * PI * hz)).ceil() as u64 + 1
    }
}
