//! Keeps echoes down while the dry sound plays.

use crate::travel::Travel;

/// Width of the knee, in decibels.
const KNEE_DB: f64 = 6.0;
/// How fast it goes down; fixed, because a delay's echoes come later than this anyway.
const ATTACK_MS: f64 = 5.0;

/// A gain on the wet signal that the dry one pushes down: every decibel of the dry peak above the threshold takes
/// one from the echoes, down to `depth_db`, with a soft knee of 6 dB.
///
/// The detector is the smooth decoupled one in the level domain (Giannoulis, Massberg and Reiss, *Digital dynamic
/// range compressor design*, JAES 60(6), 2012, eq. 17): 5 ms down, the release up.
#[derive(Clone, Debug)]
pub(crate) struct Duck {
    pub(crate) threshold_db: Travel,
    pub(crate) depth_db: Travel,
    pub(crate) release_ms: Travel,
    rate: f64,
    attack: f64,
    release: f64,
    held: f64,
    smooth: f64,
}

impl Duck {
    pub(crate) fn new(threshold_db: f64, depth_db: f64, release_ms: f64, sample_rate: u32) -> Self {
        let rate = f64::from(sample_rate);
        let travel = |value| Travel::new(value, sample_rate);
        Duck {
            threshold_db: travel(threshold_db),
            depth_db: travel(depth_db),
            release_ms: travel(release_ms),
            rate,
            attack: coefficient(ATTACK_MS, rate),
            release: coefficient(release_ms, rate),
            held: 0.0,
            smooth: 0.0,
        }
    }

    /// The gain of the echoes at this frame, from the dry frame.
    #[inline]
    pub(crate) fn gain(&mut self, dry: [f64; 2]) -> f64 {
        if self.release_ms.moving() {
            self.release = coefficient(self.release_ms.step(), self.rate);
        }
        let (threshold, depth) = (self.threshold_db.step(), self.depth_db.step());
        let peak = dry[0].abs().max(dry[1].abs());
        let over = 20.0 * peak.max(1e-10).log10() - threshold;
        let wanted = if over <= -0.5 * KNEE_DB {
            0.0
        } else if over < 0.5 * KNEE_DB {
            (over + 0.5 * KNEE_DB).powi(2) / (2.0 * KNEE_DB)
        } else {
            over
        };
        let wanted = wanted.min(depth);
        self.held = wanted.max(self.release * self.held + (1.0 - self.release) * wanted);
        self.smooth = self.attack * self.smooth + (1.0 - self.attack) * self.held;
        if self.smooth < 1e-9 { 1.0 } else { 10f64.powf(self.smooth * -0.05) }
    }

    /// See [`super::cut::Cut::flush`].
    pub(crate) fn flush(&mut self) {
        for state in [&mut self.held, &mut self.smooth] {
            if state.abs() < 1e-25 {
                *state = 0.0;
            }
        }
    }
}

fn coefficient(ms: f64, rate: f64) -> f64 {
    (-1.0 / (0.001 * ms * rate)).exp()
}
