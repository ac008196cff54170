//! A compressor that listens to its own output.
//!
//! With a level l = x − r behind the reduction r, the loop asks for the reduction F(l) whose rest point is the written
//! law S(x): F(x − S(x)) = S(x). Above a hard threshold that is F = (R − 1)·(l − T), an amplification of R − 1 inside
//! the loop for a ratio of R. The reduction goes there in one stage, rising with the attack and falling with the
//! release:
//!
//! > r ← r + (e^{1/τ} − 1)·(F(x − r) − r), with the *new* r on both sides.
//!
//! Taking the new r instead of the last (backward Euler) is exact for a resting F and stable for every ratio, ∞
//! included, and every time, where a loop with a frame of delay would swing. F is made of a line and a parabola, so
//! the new r has a closed form: no iteration. It moves upward exactly when r lies below S(x), so the law itself says
//! which time counts.
//!
//! The loop makes itself quicker: where F has the slope k, both times are 1 + k times as short, that is R times above
//! the threshold. That is what makes such a compressor grip hard and let go late: its release is quick while the
//! output is still above the threshold, and as written below.

use super::ballistics::Times;
use super::curve::{Curve, at_least, at_most};

/// A reduction this small (in dB) is none.
const NOTHING_DB: f64 = 1e-12;

/// The loop of one channel (or of linked channels).
#[derive(Clone, Copy, Debug, Default)]
pub struct Loop {
    reduction: f64,
    /// The slow one of two releases. It stands beside the loop: what charges it is the written law.
    slow: f64,
}

impl Loop {
    /// One frame: the level before the reduction, the reduction. `times` are of [`Times::single`].
    #[inline]
    pub fn step(&mut self, level_db: f64, curve: &Curve, times: &Times) -> f64 {
        let written = curve.reduction_db(level_db);
        let part = if written > self.reduction { times.attack } else { times.release };
        self.reduction = at_most(next(level_db, self.reduction, curve, part), curve.range_db);
        at_least(self.reduction, times.remember(&mut self.slow, written))
    }

    /// Lets states that are as good as nothing come to rest. To be called on a fixed grid of the stream's frames.
    pub fn settle(&mut self) {
        let rest = |value: f64| if value < NOTHING_DB { 0.0 } else { value };
        (self.reduction, self.slow) = (rest(self.reduction), rest(self.slow));
    }

    /// Whether everything is at rest.
    pub fn resting(&self) -> bool {
        self.reduction == 0.0 && self.slow == 0.0
    }
}

/// The r of (1 + p)·r = r₀ + p·F(x − r), where p = part/(1 − part).
#[inline]
fn next(level_db: f64, last: f64, curve: &Curve, part: f64) -> f64 {
    let Curve { threshold_db, slope, knee_db, .. } = *curve;
    // Everything is multiplied by 1 − part, so that times of nothing (part 1) stay finite.
    let stay = 1.0 - part;
    let free = stay * last;
    // The level, counted from where the knee begins, if F were 0.
    let above = level_db - (threshold_db - knee_db / 2.0) - free;
    if above <= 0.0 || slope == 0.0 {
        return free;
    }
    // Inside the knee, e decibels behind its beginning before the reduction: F = S·e²/2W and e − (1 − part)·F = above.
    if above < knee_db * (1.0 - 0.5 * stay * slope) {
        let bend = stay * slope / (2.0 * knee_db);
        let e = 2.0 * above / (1.0 + at_least(1.0 - 4.0 * bend * above, 0.0).sqrt());
        return free + part * slope * e * e / (2.0 * knee_db);
    }
    // Behind it F = S/(1 − S)·(l − T), here multiplied by 1 − S: at a ratio of ∞ the output stays at the threshold.
    let open = 1.0 - slope;
    (open * free + part * slope * (level_db - threshold_db)) / (open + part * slope)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loop_rests_on_the_written_law() {
        let mut worst = 0.0_f64;
        for ratio in [1.0, 1.1, 2.0, 4.0, 20.0, 99.0, 100.0] {
            for knee in [0.0, 6.0, 24.0] {
                for (attack, release) in [(0.01, 5.0), (10.0, 100.0), (30.0, 10.0)] {
                    let curve = Curve::new(-30.0, ratio, knee).within(40.0);
                    let times = Times::single(attack, release, 48_000);
                    for level in [-60.0, -42.0, -36.0, -30.0, -25.0, -18.0, 0.0, 20.0] {
                        let mut state = Loop::default();
                        let mut taken = 0.0;
                        for _ in 0..48_000 {
                            taken = state.step(level, &curve, &times);
                        }
                        worst = worst.max((taken - curve.reduction_db(level)).abs());
                        for _ in 0..48_000 {
                            taken = state.step(level - 3.0, &curve, &times);
                        }
                        worst = worst.max((taken - curve.reduction_db(level - 3.0)).abs());
                    }
                }
            }
        }
        assert!(worst < 1e-3, "{worst} dB");
    }

    /// The same loop with a frame of delay, at a rate at which that delay is nothing.
    #[test]
    fn the_closed_form_is_the_loop() {
        let curve = Curve::new(-30.0, 4.0, 6.0);
        let (attack, release) = (5.0, 40.0);
        let (rate, fine) = (48_000, 100);
        let times = Times::single(attack, release, rate);
        // F by bisection of the written law.
        let asked = |output: f64| {
            let (mut low, mut high) = (output, output + 400.0);
            for _ in 0..60 {
                let middle = f64::midpoint(low, high);
                if middle - curve.reduction_db(middle) < output { low = middle } else { high = middle }
            }
            curve.reduction_db(low)
        };
        let (mut state, mut delayed) = (Loop::default(), 0.0_f64);
        let mut worst = 0.0_f64;
        for n in 0..2400 {
            let level = if n < 1200 { -10.0 } else { -31.0 };
            let taken = state.step(level, &curve, &times);
            for _ in 0..fine {
                let target = asked(level - delayed);
                let ms = if target > delayed { attack } else { release };
                delayed += (target - delayed) * 1000.0 / (ms * f64::from(rate * fine));
            }
            worst = worst.max((taken - delayed).abs());
        }
        println!("the loop against a finer one: {worst:.4} dB");
        assert!(worst < 0.05, "{worst} dB");
    }
}
