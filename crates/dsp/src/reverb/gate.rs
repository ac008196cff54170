//! Cuts the space off while the dry sound rests.

use crate::math::amplitude_of_db;
use crate::travel::Travel;

/// How fast it opens; the space itself comes later than the dry sound anyway.
const ATTACK_MS: f64 = 2.0;

/// A gain on the wet sound that the dry one opens: it stays open for a while after the dry peak was last above the
/// threshold, and closes in half a cosine.
#[derive(Clone, Debug)]
pub(super) struct Gate {
    pub(super) threshold_db: Travel,
    pub(super) hold_ms: Travel,
    pub(super) release_ms: Travel,
    frames_per_ms: f64,
    threshold: f64,
    /// Frames for which it stays open.
    left: f64,
    /// How far it is open, on a straight way.
    open: f64,
}

impl Gate {
    pub(super) fn new(threshold_db: f64, hold_ms: f64, release_ms: f64, sample_rate: u32) -> Gate {
        let travel = |value| Travel::new(value, sample_rate);
        Gate {
            threshold_db: travel(threshold_db),
            hold_ms: travel(hold_ms),
            release_ms: travel(release_ms),
            frames_per_ms: 0.001 * f64::from(sample_rate),
            threshold: amplitude_of_db(threshold_db),
            left: 0.0,
            open: 0.0,
        }
    }

    /// The gain of the wet sound at this frame, from the dry frame.
    #[inline]
    pub(super) fn gain(&mut self, dry: [f64; 2]) -> f64 {
        if self.threshold_db.moving() {
            self.threshold = amplitude_of_db(self.threshold_db.step());
        }
        let (hold, release) = (self.hold_ms.step(), self.release_ms.step());
        if dry[0].abs().max(dry[1].abs()) > self.threshold {
            self.left = hold * self.frames_per_ms;
        }
        if self.left > 0.0 {
            self.left -= 1.0;
            self.open = (self.open + 1.0 / (ATTACK_MS * self.frames_per_ms)).min(1.0);
        } else {
            self.open = (self.open - 1.0 / (release * self.frames_per_ms)).max(0.0);
        }
        // The cubic that starts and ends flat: within a hundredth of half a cosine.
        self.open * self.open * (3.0 - 2.0 * self.open)
    }
}
