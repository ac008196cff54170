//! Automation that follows a level.

use super::SideChain;

/// A value that follows how loud a signal is: at the floor it is one value, at the ceiling another, in between on the
/// straight line over decibels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Follower {
    /// Whose signal, and where it is taken.
    pub of: SideChain,
    /// How its level is heard.
    pub detector: Detector,
    /// How long the whole way from floor to ceiling takes at least, in milliseconds.
    pub attack_ms: f64,
    /// How long the whole way back takes at least, in milliseconds.
    pub release_ms: f64,
    /// The level where the value is `at_floor`, in dBFS.
    pub floor_db: f64,
    /// The level where the value is `at_ceiling`, in dBFS; above the floor.
    pub ceiling_db: f64,
    /// The value at the floor and below, in the parameter's unit.
    pub at_floor: f64,
    /// The value at the ceiling and above.
    pub at_ceiling: f64,
    /// How far the value goes from what is drawn or written to what follows, 0 to 1.
    pub depth: f64,
}

impl Follower {
    /// One that follows a signal between two values, everything else as it is where nothing is written.
    pub fn new(of: SideChain, at_floor: f64, at_ceiling: f64) -> Self {
        use crate::keys::{ATTACK, CEILING, FLOOR, RELEASE};
        Follower {
            of,
            detector: Detector::Rms,
            attack_ms: ATTACK.default,
            release_ms: RELEASE.default,
            floor_db: FLOOR.default,
            ceiling_db: CEILING.default,
            at_floor,
            at_ceiling,
            depth: 1.0,
        }
    }

    /// What comes of a drawn value where the level has come so far from floor (0) to ceiling (1).
    pub fn value(&self, drawn: f64, level: f64) -> f64 {
        let followed = self.at_floor + (self.at_ceiling - self.at_floor) * level;
        if self.depth == 1.0 { followed } else { drawn + (followed - drawn) * self.depth }
    }
}

/// How a level is heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Detector {
    /// The power of the last 40 ms, as the peak of a sine that has it.
    Rms,
    /// The largest sample.
    Peak,
}

impl Detector {
    /// In the order of [`crate::keys::DETECTORS`].
    pub const ALL: [Detector; 2] = [Detector::Rms, Detector::Peak];

    /// As the document writes it.
    pub fn word(self) -> &'static str {
        crate::keys::DETECTORS[self as usize].id
    }
}
