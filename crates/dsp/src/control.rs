//! A parameter on its way, for processors whose parameters are heard in every frame.

use tonmeister_core::Glide;

/// A jump of a parameter that would click travels this long.
pub(crate) const JUMP_MS: f64 = 50.0;
/// The corners of a travel are rounded by a one-pole of this time constant; sharp ones would be heard as a tick.
const ROUNDING_MS: f64 = 1.0;

/// A parameter on its way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Control {
    glide: Glide,
    /// The way with its corners rounded.
    value: f64,
    /// How much of the distance is covered per frame; 1 does not round.
    part: f64,
}

impl Control {
    /// Goes in straight lines.
    pub(crate) fn plain(value: f64) -> Self {
        Control { glide: Glide::new(value), value, part: 1.0 }
    }

    /// Goes in straight lines with rounded corners.
    pub(crate) fn rounded(value: f64, sample_rate: u32) -> Self {
        let part = -(-1000.0 / (ROUNDING_MS * f64::from(sample_rate))).exp_m1();
        Control { part, ..Control::plain(value) }
    }

    /// Starts for `target`, to be there after `frames` frames.
    pub(crate) fn to(&mut self, target: f64, frames: u32) {
        self.glide.to(target, frames);
    }

    pub(crate) fn value(&self) -> f64 {
        self.value
    }

    pub(crate) fn moving(&self) -> bool {
        self.glide.moving() || self.value != self.glide.target()
    }

    /// One frame on.
    pub(crate) fn step(&mut self) -> f64 {
        let aim = self.glide.step();
        self.value += self.part * (aim - self.value);
        // The last hair of the way, far below anything audible, so that it arrives at all.
        if self.part == 1.0 || (aim == self.glide.target() && (self.value - aim).abs() < 1e-7) {
            self.value = aim;
        }
        self.value
    }
}
