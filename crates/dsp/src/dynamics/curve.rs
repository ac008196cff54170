//! The static law of a dynamics effect: how much to turn at which level.
//!
//! Levels and what is done to them are decibels. With threshold T, slope S, knee W and the distance d *beyond* the
//! threshold (x − T for what turns at loud levels, T − x for what turns at soft ones), the law does 0 before the knee,
//! S·(d + W/2)²/(2W) inside it and S·d behind it, and never more than its range:
//! D. Giannoulis, M. Massberg, J. D. Reiss, "Digital dynamic range compressor design", J. Audio Eng. Soc. 60(6),
//! 2012, section 2.2, written without branches.
//!
//! | law | beyond | S | does |
//! |---|---|---|---|
//! | [`Curve::new`] | above T | 1 − 1/R | turns down |
//! | [`Curve::expanding`] | below T | R − 1 | turns down |
//! | [`Curve::lifting`] | below T | 1 − 1/R | turns up |

#![allow(
    clippy::inline_always,
    reason = "left out of line it would be compiled without its caller's vector instructions"
)]

/// Highest ratio that is meant as it stands; from here up to [`INFINITE_RATIO`] the ratio runs off to infinity.
const LAST_FINITE_RATIO: f64 = 99.0;
/// The ratio that stands for ∞:1.
pub const INFINITE_RATIO: f64 = 100.0;

/// Where the demand of a law that works at soft levels has its zero: beyond any range.
const FULL_DB: f64 = 200.0;

/// Which levels a law turns, and which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Turns down what is loud.
    Compress,
    /// Turns down what is soft.
    Expand,
    /// Turns up what is soft.
    Lift,
}

impl Direction {
    /// Turns (smoothed) demands into the reductions that they stand for; a boost is a negative reduction.
    pub fn reductions(self, demands: &mut [f64]) {
        match self {
            Direction::Compress => {}
            Direction::Expand => demands.iter_mut().for_each(|u| *u = FULL_DB - *u),
            Direction::Lift => demands.iter_mut().for_each(|u| *u -= FULL_DB),
        }
    }
}

/// A static law.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Curve {
    /// Level at which the middle of the knee lies, in dB.
    pub threshold_db: f64,
    /// How much every decibel beyond the threshold is turned.
    pub slope: f64,
    /// Width of the knee in dB.
    pub knee_db: f64,
    /// The most that it turns, in dB.
    pub range_db: f64,
    /// Below this level, what was turned is taken back decibel for decibel.
    pub floor_db: f64,
    /// 1 when loud is beyond the threshold, −1 when soft is.
    side: f64,
    /// The demand of a level at which nothing is turned.
    full: f64,
}

/// 1/R of a ratio of 1 to 100. Up to 99 it is taken as it is; at 100 it is infinite, and in between it goes there
/// steadily, so that a moving ratio never jumps.
fn inverse(ratio: f64) -> f64 {
    if ratio <= LAST_FINITE_RATIO {
        1.0 / ratio.max(1.0)
    } else {
        (INFINITE_RATIO - ratio).max(0.0) / LAST_FINITE_RATIO
    }
}

impl Curve {
    /// A compressor's: `ratio` decibels above the threshold become one. A ratio of 100 is infinite.
    pub fn new(threshold_db: f64, ratio: f64, knee_db: f64) -> Self {
        let slope = 1.0 - inverse(ratio);
        let (range_db, floor_db) = (f64::INFINITY, f64::NEG_INFINITY);
        Curve { threshold_db, slope, knee_db, range_db, floor_db, side: 1.0, full: 0.0 }
    }

    /// A downward expander's: one decibel below the threshold becomes `ratio`.
    pub fn expanding(threshold_db: f64, ratio: f64, knee_db: f64) -> Self {
        let slope = (ratio - 1.0).max(0.0);
        Curve { slope, side: -1.0, full: FULL_DB, ..Curve::new(threshold_db, ratio, knee_db) }
    }

    /// An upward compressor's: `ratio` decibels below the threshold become one. A ratio of 100 is infinite.
    pub fn lifting(threshold_db: f64, ratio: f64, knee_db: f64) -> Self {
        Curve { side: -1.0, full: FULL_DB, ..Curve::new(threshold_db, ratio, knee_db) }
    }

    /// That turns at most so much.
    pub fn within(self, range_db: f64) -> Self {
        Curve { range_db, ..self }
    }

    /// That takes back what it turns, decibel for decibel, below a level.
    pub fn above_floor(self, floor_db: f64) -> Self {
        Curve { floor_db, ..self }
    }

    /// How much it turns at a level: never negative, down or up as the [`Direction`] says.
    #[inline(always)]
    pub fn turn_db(&self, level_db: f64) -> f64 {
        let half = self.knee_db / 2.0;
        let beyond = self.side * (level_db - self.threshold_db);
        let into_knee = at_least(at_most(beyond + half, self.knee_db), 0.0);
        // Of a hard knee, 0 times a number that does not matter. (A division for every sample would cost more than all the
        // rest.)
        let per_width = 1.0 / (2.0 * at_least(self.knee_db, 1e-9));
        let turned = self.slope * (into_knee * into_knee * per_width + at_least(beyond - half, 0.0));
        let most = at_most(self.range_db, at_least(self.range_db + (level_db - self.floor_db), 0.0));
        at_most(turned, most)
    }

    /// The reduction of a compressor or an expander at a level.
    #[inline(always)]
    pub fn reduction_db(&self, level_db: f64) -> f64 {
        self.turn_db(level_db)
    }

    /// What is asked of [`Ballistics`](super::ballistics::Ballistics) at a level: a number that rises as sound
    /// becomes louder, so that an attack is always the answer to more sound and a release that to less.
    #[inline(always)]
    pub fn demand_db(&self, level_db: f64) -> f64 {
        self.full + self.side * self.turn_db(level_db)
    }

    /// The level up to which nothing is asked for, for a compressor.
    pub fn starts_at_db(&self) -> f64 {
        self.threshold_db - self.knee_db / 2.0
    }

    /// Half of what is taken away from a signal at full scale: a make-up that brings back about the loudness.
    #[inline(always)]
    pub fn makeup_db(&self) -> f64 {
        self.turn_db(0.0) / 2.0
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
    fn the_laws_below_the_threshold_are_the_one_above_it_mirrored() {
        for knee in [0.0, 6.0, 24.0] {
            for tenth in -900..100 {
                let x = f64::from(tenth) / 10.0;
                let mirrored = -30.0 - (x - -30.0);
                let lift = Curve::lifting(-30.0, 3.0, knee).within(12.0);
                assert!((lift.turn_db(x) - published(mirrored, -30.0, 3.0, knee).min(12.0)).abs() < 1e-9);
                // A slope of R − 1 = 1 is twice that of 1 − 1/2.
                let expand = Curve::expanding(-30.0, 2.0, knee).within(40.0);
                let error = expand.reduction_db(x) - (2.0 * published(mirrored, -30.0, 2.0, knee)).min(40.0);
                assert!(error.abs() < 1e-9, "at {x}: {error}");
                for (curve, direction, sign) in [(lift, Direction::Lift, -1.0), (expand, Direction::Expand, 1.0)] {
                    let mut reduction = [curve.demand_db(x)];
                    direction.reductions(&mut reduction);
                    assert!((reduction[0] - sign * curve.turn_db(x)).abs() < 1e-9);
                }
            }
        }
    }

    #[test]
    fn below_its_floor_a_lift_is_taken_back() {
        let curve = Curve::lifting(-30.0, 100.0, 0.0).within(20.0).above_floor(-70.0);
        for (level, boost) in [(-30.0, 0.0), (-40.0, 10.0), (-60.0, 20.0), (-70.0, 20.0), (-80.0, 10.0), (-6160.0, 0.0)]
        {
            assert!((curve.turn_db(level) - boost).abs() < 1e-9, "at {level}");
        }
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
