//! Pan, balance and width as mathematics: gains and 2×2 matrices that the summing mixer multiplies with.
//!
//! A position runs from −1 (hard left) over 0 (the centre) to 1 (hard right). A *law* is the exponent p of
//! L = cosᵖθ, R = sinᵖθ with θ = (position + 1)·π/4, or `None` for the balance law, which takes nothing at the
//! centre:
//!
//! | law | p | at the centre |
//! |---|---|---|
//! | `None` | – | 0 dB |
//! | −2.5 dB | 0.8305 | −2.50 dB |
//! | −3 dB | 1 | −3.01 dB: equal power |
//! | −4.5 dB | 1.5 | −4.52 dB |
//! | −6 dB | 2 | −6.02 dB: the mono sum stays constant |
//!
//! 1. A mono signal is placed by [`mono`]: two gains.
//! 2. A stereo signal is first made wider or narrower by [`width`], then placed by [`balance`] or [`dual`]:
//!    `compose(balance(law, pan), width(w))` is the one matrix to apply.
//!
//! Ends are exact (the far side is 0, the near side 1), the centre is exactly even, and a position and its mirror
//! image give exactly mirrored gains. Positions outside −1 to 1 count as the end they lie beyond.

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_PI_4};

/// What each output (row: left, right) takes of each input (column: left, right).
pub type Matrix = [[f64; 2]; 2];

/// The matrix that changes nothing.
pub const IDENTITY: Matrix = [[1.0, 0.0], [0.0, 1.0]];

/// Left and right gain of a mono signal at `position` under a law (see the module's table).
///
/// Under the balance law the near side stays at 0 dB and the far side falls as in [`balance`].
pub fn mono(law: Option<f64>, position: f64) -> [f64; 2] {
    let position = position.clamp(-1.0, 1.0);
    match law {
        Some(exponent) => {
            [power(quarter_sine(1.0 - position), exponent), power(quarter_sine(1.0 + position), exponent)]
        }
        None => [far_side(1.0, 1.0 - position), far_side(1.0, 1.0 + position)],
    }
}

/// Turns the far side of a stereo signal down and leaves the near side alone; at the centre nothing changes.
///
/// The far side falls as the law's own taper does, raised so that it is 0 dB at the centre:
/// (√2·sin((1 − |position|)·π/4))ᵖ. The balance law, which has no exponent, uses the taper of p = 1.
pub fn balance(law: Option<f64>, position: f64) -> Matrix {
    let position = position.clamp(-1.0, 1.0);
    let exponent = law.unwrap_or(1.0);
    [[far_side(exponent, 1.0 - position), 0.0], [0.0, far_side(exponent, 1.0 + position)]]
}

/// Places the left and the right channel of a stereo signal apart from each other, each as a mono signal under the
/// law. `(−1, 1)` changes nothing, `(1, −1)` swaps the channels, `(0, 0)` makes them mono.
pub fn dual(law: Option<f64>, left: f64, right: f64) -> Matrix {
    let [left, right] = [mono(law, left), mono(law, right)];
    [[left[0], right[0]], [left[1], right[1]]]
}

/// Multiplies the side signal (L − R)/2 by `side`: 0 makes mono, 1 changes nothing, 2 doubles the side.
///
/// The mid signal is not touched, so the mono sum L + R stays as it was.
pub fn width(side: f64) -> Matrix {
    let same = f64::midpoint(1.0, side);
    // Taken from `same`, so that each column adds up to one and the mono sum keeps its level exactly.
    let across = 1.0 - same;
    [[same, across], [across, same]]
}

/// The one matrix that does `first` and then `then`.
pub fn compose(then: Matrix, first: Matrix) -> Matrix {
    let cell = |row: usize, column: usize| then[row][0] * first[0][column] + then[row][1] * first[1][column];
    [[cell(0, 0), cell(0, 1)], [cell(1, 0), cell(1, 1)]]
}

/// One frame through a matrix.
#[inline]
pub fn apply(matrix: &Matrix, [left, right]: [f64; 2]) -> [f64; 2] {
    [matrix[0][0] * left + matrix[0][1] * right, matrix[1][0] * left + matrix[1][1] * right]
}

/// sin(x·π/4) for x in 0..=2. Cosine is taken as this sine from the other end, so that zeros are zeros and mirror
/// images agree to the last bit.
fn quarter_sine(x: f64) -> f64 {
    (x * FRAC_PI_4).sin()
}

fn power(base: f64, exponent: f64) -> f64 {
    match exponent {
        1.0 => base,
        1.5 => base * base.sqrt(),
        2.0 => base * base,
        other => base.powf(other),
    }
}

/// Gain of a side whose distance from its far end is `x`: 1 up from the centre (x ≥ 1), falling to 0 at x = 0.
fn far_side(exponent: f64, x: f64) -> f64 {
    if x >= 1.0 { 1.0 } else { power(quarter_sine(x) / FRAC_1_SQRT_2, exponent) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Db;

    const LAWS: [(Option<f64>, f64); 5] =
        [(None, 0.0), (Some(0.830_482_023_721_841), -2.5), (Some(1.0), -3.01), (Some(1.5), -4.52), (Some(2.0), -6.02)];

    fn positions() -> impl Iterator<Item = f64> {
        (-100..=100).map(|i| f64::from(i) / 100.0)
    }

    #[test]
    fn the_centre_loses_what_the_law_says() {
        for (law, db) in LAWS {
            let [left, right] = mono(law, 0.0);
            assert!((Db::of_gain(left).0 - db).abs() < 0.01, "{law:?}: {}", Db::of_gain(left));
            assert_eq!(left.to_bits(), right.to_bits());
        }
    }

    #[test]
    fn the_ends_are_exact() {
        for (law, _) in LAWS {
            assert_eq!(mono(law, -1.0), [1.0, 0.0]);
            assert_eq!(mono(law, 1.0), [0.0, 1.0]);
            assert_eq!(mono(law, 7.0), [0.0, 1.0]);
            assert_eq!(balance(law, 1.0), [[0.0, 0.0], [0.0, 1.0]]);
            assert_eq!(Db::of_gain(mono(law, 1.0)[0]), Db::SILENCE);
        }
    }

    #[test]
    fn gains_follow_the_formula_rise_and_mirror() {
        for (law, _) in LAWS {
            let mut before = -1.0;
            for at in positions() {
                let [left, right] = mono(law, at);
                if let Some(p) = law {
                    let theta = (at + 1.0) * FRAC_PI_4;
                    assert!((right - theta.sin().powf(p)).abs() < 1e-12, "{law:?} at {at}");
                    assert!((left - theta.cos().abs().powf(p)).abs() < 1e-12, "{law:?} at {at}");
                }
                assert_eq!(mono(law, -at), [right, left]);
                assert!(right >= before && (0.0..=1.0).contains(&right), "{law:?} at {at}");
                before = right;
            }
        }
    }

    #[test]
    fn equal_power_and_constant_mono_sum_hold_everywhere() {
        for at in positions() {
            let [left, right] = mono(Some(1.0), at);
            assert!((Db::of_power(left * left + right * right).0).abs() < 0.01);
            let [left, right] = mono(Some(2.0), at);
            assert!((Db::of_gain(left + right).0).abs() < 0.01);
        }
    }

    #[test]
    fn balance_leaves_the_centre_and_the_near_side_alone() {
        for (law, _) in LAWS {
            assert_eq!(balance(law, 0.0), IDENTITY);
            for at in positions() {
                let [[left, a], [b, right]] = balance(law, at);
                assert_eq!([a, b], [0.0, 0.0]);
                assert_eq!(left.max(right), 1.0);
                let exponent = law.unwrap_or(1.0);
                let expected = mono(Some(exponent), at)[usize::from(at < 0.0)] / mono(Some(exponent), 0.0)[0];
                assert!((left.min(right) - expected.min(1.0)).abs() < 1e-12, "{law:?} at {at}");
            }
        }
    }

    #[test]
    fn dual_pan_is_two_mono_pans() {
        for (law, _) in LAWS {
            assert_eq!(dual(law, -1.0, 1.0), IDENTITY);
            assert_eq!(dual(law, 1.0, -1.0), [[0.0, 1.0], [1.0, 0.0]]);
            let both = apply(&dual(law, -0.3, 0.6), [0.5, -0.25]);
            let [a, b] = [mono(law, -0.3), mono(law, 0.6)];
            assert!((both[0] - (0.5 * a[0] - 0.25 * b[0])).abs() < 1e-15);
            assert!((both[1] - (0.5 * a[1] - 0.25 * b[1])).abs() < 1e-15);
        }
    }

    #[test]
    fn width_never_touches_the_mono_sum() {
        assert_eq!(width(1.0), IDENTITY);
        assert_eq!(apply(&width(0.0), [1.0, 0.0]), [0.5, 0.5]);
        for i in 0..=200 {
            let side = f64::from(i) / 100.0;
            let [left, right] = apply(&width(side), [0.8, -0.3]);
            assert!((Db::of_gain((left + right) / 0.5).0).abs() < 0.01, "{side}");
            assert!((left - right - side * 1.1).abs() < 1e-12, "{side}");
        }
    }

    #[test]
    fn a_chain_of_matrices_is_one_matrix() {
        let (first, then) = (width(0.4), dual(Some(1.0), -0.7, 0.2));
        let frame = [0.3, -0.9];
        let one = apply(&compose(then, first), frame);
        let two = apply(&then, apply(&first, frame));
        assert!((one[0] - two[0]).abs() < 1e-15 && (one[1] - two[1]).abs() < 1e-15);
    }
}
