//! The static law of a compressor: how much to turn down at which level.
//!
//! Levels and reductions are decibels; a reduction is positive. With threshold T, slope S = 1 − 1/R, knee W and the
//! level's distance d = x − T, the reduction is 0 below the knee, S·(d + W/2)²/(2W) inside it and S·d above:
//! D. Giannoulis, M. Massberg, J. D. Reiss, "Digital dynamic range compressor design", J. Audio Eng. Soc. 60(6),
//! 2012, section 2.2, written without branches.

#![allow(
    clippy::inline_always,
    reason = "left out of line it would be compiled without its caller's vector instructions"
)]

/// Highest ratio that is meant as it stands; from here up to [`INFINITE_RATIO`] the ratio runs off to infinity.
const LAST_FINITE_RATIO: f64 = 99.0;
/// The ratio that stands for ∞:1.
pub const INFINITE_RATIO: f64 = 100.0;

/// A static compression law.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Curve {
    /// Level at which the middle of the knee lies, in dB.
    pub threshold_db: f64,
    /// How much of every decibel above the threshold is taken away: 1 − 1/ratio.
    pub slope: f64,
    /// Width of the knee in dB.
    pub knee_db: f64,
}

impl Curve {
    /// From a ratio of 1 to 100. Up to 99 it is taken as it is; at 100 it is infinite, and in between it goes there
    /// steadily, so that a moving ratio never jumps.
    pub fn new(threshold_db: f64, ratio: f64, knee_db: f64) -> Self {
        let inverse = if ratio <= LAST_FINITE_RATIO {
            1.0 / ratio.max(1.0)
        } else {
            (INFINITE_RATIO - ratio).max(0.0) / LAST_FINITE_RATIO
        };
        Curve { threshold_db, slope: 1.0 - inverse, knee_db }
    }

    /// The reduction at a level.
    #[inline(always)]
    pub fn reduction_db(&self, level_db: f64) -> f64 {
        let half = self.knee_db / 2.0;
        let above = level_db - self.threshold_db;
        let into_knee = at_least(at_most(above + half, self.knee_db), 0.0);
        // A hard knee divides 0 by a number that does not matter.
        let width = 2.0 * at_least(self.knee_db, 1e-9);
        self.slope * (into_knee * into_knee / width + at_least(above - half, 0.0))
    }

    /// The level up to which nothing is taken away.
    pub fn starts_at_db(&self) -> f64 {
        self.threshold_db - self.knee_db / 2.0
    }

    /// Half of what is taken away from a signal at full scale: a make-up that brings back about the loudness.
    #[inline(always)]
    pub fn makeup_db(&self) -> f64 {
        self.reduction_db(0.0) / 2.0
    }
}

/// `max` without its care for NaN, which costs vector code three instructions.
#[inline(always)]
pub(crate) fn at_least(value: f64, floor: f64) -> f64 {
    if value > floor { value } else { floor }
}

#[inline(always)]
pub(crate) fn at_most(value: f64, ceiling: f64) -> f64 {
    if value < ceiling { value } else { ceiling }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published formula, branch by branch.
    fn published(x: f64, threshold: f64, ratio: f64, knee: f64) -> f64 {
        let d = x - threshold;
        let y = if 2.0 * d < -knee {
            x
        } else if 2.0 * d.abs() <= knee && knee > 0.0 {
            x + (1.0 / ratio - 1.0) * (d + knee / 2.0).powi(2) / (2.0 * knee)
        } else {
            threshold + d / ratio
        };
        x - y
    }

    #[test]
    fn the_curve_is_the_published_one() {
        for threshold in [-60.0, -31.5, -18.0, 0.0] {
            for ratio in [1.0, 1.1, 2.0, 4.0, 20.0, 99.0, 100.0] {
                let meant = if ratio == INFINITE_RATIO { f64::INFINITY } else { ratio };
                for knee in [0.0, 0.5, 6.0, 24.0] {
                    let curve = Curve::new(threshold, ratio, knee);
                    for tenth in -900..100 {
                        let x = f64::from(tenth) / 10.0;
                        let error = (curve.reduction_db(x) - published(x, threshold, meant, knee)).abs();
                        assert!(error < 1e-9, "T {threshold} R {ratio} W {knee} at {x}: {error}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_ratio_on_its_way_to_infinity_never_jumps() {
        let slopes: Vec<f64> = (0..=200).map(|i| Curve::new(0.0, 98.0 + f64::from(i) / 100.0, 0.0).slope).collect();
        assert!(slopes.windows(2).all(|pair| pair[1] > pair[0] && pair[1] - pair[0] < 2e-4));
        assert_eq!(slopes[200], 1.0);
    }

    #[test]
    fn nothing_is_taken_away_below_the_start() {
        let curve = Curve::new(-20.0, 4.0, 12.0);
        assert_eq!(curve.starts_at_db(), -26.0);
        assert_eq!(curve.reduction_db(-26.0), 0.0);
        assert_eq!(curve.reduction_db(-6160.0), 0.0);
        assert_eq!(Curve::new(-20.0, 1.0, 12.0).reduction_db(0.0), 0.0);
    }
}
