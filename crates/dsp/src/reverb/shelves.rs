//! A smooth decay curve in a line's loop: a few first-order shelves, fitted all at once.
//!
//! Octave bands can follow any table, but a curve that only bends at its lows and its highs needs nothing so fine.
//! Here each line's loss is one broadband gain and as few shelves as bring it within [`CLOSE`] of what is asked at
//! every quarter of an octave. Two to four shelves are enough for most spaces; they take a quarter of the time that
//! ten bands take, and follow the curve more closely.
//!
//! The shelf is the symmetrical one, half its gain in decibels at its place (Jot, *Proportional parametric
//! equalizers: application to digital reverberation and environmental audio processing*, AES 139, 2015). In terms of
//! w = tan(π·f/fs)/t, with t the same of its place and q the fourth root of its power gain,
//! |H|² = (1 + q²w²)/(1 + w²/q²). Places and gains are found by damped least squares (Levenberg and Marquardt) on the
//! relative error of the loss in decibels, which is that of T60.

use std::f64::consts::LN_10;

use super::decay::solve;

/// The most shelves that are tried.
pub(super) const MOST: usize = 6;
/// How far the loss may be off at any place of the fit, as a part of itself.
pub(super) const CLOSE: f64 = 0.015;
/// Rounds of the search; it rarely takes more than twenty.
const ROUNDS: usize = 60;
/// Unknowns: the broadband gain, and place and gain of each shelf.
const UNKNOWNS: usize = 1 + 2 * MOST;

/// One shelf: 0 dB far below its place, its gain far above.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Shelf {
    /// ln tan(π·f/fs).
    place: f64,
    gain_db: f64,
}

/// H = gain·(1 + b·z⁻¹)/(1 + a·z⁻¹).
#[derive(Clone, Copy, Debug)]
pub(super) struct FirstOrder {
    pub(super) gain: f64,
    pub(super) b: f64,
    pub(super) a: f64,
}

impl Shelf {
    pub(super) fn filter(&self) -> FirstOrder {
        let (t, q) = (self.place.exp(), 10f64.powf(self.gain_db / 40.0));
        let (front, back) = (1.0 + q / t, 1.0 + 1.0 / (t * q));
        FirstOrder { gain: front / back, b: (1.0 - q / t) / front, a: (1.0 - 1.0 / (t * q)) / back }
    }

    /// Gain in dB where tan(π·f/fs) is `tangent`, and by how much it grows with place and with gain.
    fn look(&self, tangent: f64) -> [f64; 3] {
        let (w, q) = (tangent * (-self.place).exp(), 10f64.powf(self.gain_db / 40.0));
        let (above, below) = ((q * w).powi(2), (w / q).powi(2));
        let (rise, fall) = (above / (1.0 + above), below / (1.0 + below));
        [10.0 * ((1.0 + above) / (1.0 + below)).log10(), -20.0 / LN_10 * (rise - fall), 0.5 * (rise + fall)]
    }
}

impl FirstOrder {
    /// In dB, without the gain, at π·f/fs = `angle`.
    pub(super) fn gain_db(&self, angle: f64) -> f64 {
        let power = |c: f64| 1.0 + c * c + 2.0 * c * (2.0 * angle).cos();
        10.0 * (power(self.b) / power(self.a)).log10()
    }
}

/// The loss of one line.
#[derive(Clone, Debug)]
pub(super) struct Fit {
    pub(super) broadband_db: f64,
    pub(super) shelves: Vec<Shelf>,
    /// The largest error at any place, as a part of the loss.
    pub(super) worst: f64,
}

impl Fit {
    /// So many shelves, evenly spread over the places, for a loss in dB (negative) at each of them.
    pub(super) fn new(tangents: &[f64], losses: &[f64], count: usize) -> Fit {
        let last = tangents.len() - 1;
        let edge = |k: usize| (k * last).checked_div(count).unwrap_or(0);
        let shelf = |k: usize| Shelf {
            place: 0.5 * (tangents[edge(k)].ln() + tangents[edge(k + 1)].ln()),
            gain_db: losses[edge(k + 1)] - losses[edge(k)],
        };
        let start = Fit { broadband_db: losses[0], shelves: (0..count).map(shelf).collect(), worst: f64::INFINITY };
        start.search(tangents, losses)
    }

    /// Goes on from the fit of another line, whose length against this one's is 1 to `ratio`.
    pub(super) fn rescaled(&self, tangents: &[f64], losses: &[f64], ratio: f64) -> Fit {
        let shelf = |s: &Shelf| Shelf { gain_db: ratio * s.gain_db, ..*s };
        let shelves = self.shelves.iter().map(shelf).collect();
        let start = Fit { broadband_db: ratio * self.broadband_db, shelves, worst: f64::INFINITY };
        start.search(tangents, losses)
    }

    fn errors<'a>(&'a self, tangents: &'a [f64], losses: &'a [f64]) -> impl Iterator<Item = f64> + 'a {
        tangents.iter().zip(losses).map(|(tangent, loss)| {
            (self.broadband_db + self.shelves.iter().map(|s| s.look(*tangent)[0]).sum::<f64>()) / loss - 1.0
        })
    }

    fn search(self, tangents: &[f64], losses: &[f64]) -> Fit {
        let cost = |fit: &Fit| fit.errors(tangents, losses).map(|e| e * e).sum::<f64>();
        let (mut best, mut damping) = (self, 1e-3);
        let mut least = cost(&best);
        for _ in 0..ROUNDS {
            let next = best.step(tangents, losses, damping);
            let reached = cost(&next);
            // What is not a number is no progress either.
            if reached < least {
                let settled = least - reached < 1e-6 * least;
                (best, least, damping) = (next, reached, (damping / 5.0).max(1e-9));
                if settled {
                    break;
                }
            } else if damping > 1e9 {
                break;
            } else {
                damping *= 4.0;
            }
        }
        best.worst = best.errors(tangents, losses).map(f64::abs).fold(0.0, f64::max);
        best
    }

    /// One step of damped least squares.
    fn step(&self, tangents: &[f64], losses: &[f64], damping: f64) -> Fit {
        let count = self.shelves.len();
        let unknowns = 1 + 2 * count;
        let mut normal = [[0.0; UNKNOWNS + 1]; UNKNOWNS];
        for (tangent, loss) in tangents.iter().zip(losses) {
            let (mut sum, mut slope) = (self.broadband_db, [1.0 / loss; UNKNOWNS]);
            for (k, shelf) in self.shelves.iter().enumerate() {
                let [gain_db, by_place, by_gain] = shelf.look(*tangent);
                sum += gain_db;
                (slope[1 + 2 * k], slope[2 + 2 * k]) = (by_place / loss, by_gain / loss);
            }
            for row in 0..unknowns {
                for column in 0..unknowns {
                    normal[row][column] += slope[row] * slope[column];
                }
                normal[row][unknowns] -= slope[row] * (sum / loss - 1.0);
            }
        }
        for (row, line) in normal.iter_mut().enumerate().take(unknowns) {
            line[row] += damping * line[row] + 1e-12;
        }
        let change = solve(&mut normal, unknowns);
        let moved = |(k, s): (usize, &Shelf)| Shelf {
            // At most an octave at once, and never so near to half the rate that the pole reaches the unit circle.
            place: (s.place + change[1 + 2 * k].clamp(-0.7, 0.7)).clamp(-8.0, 2.0),
            gain_db: (s.gain_db + change[2 + 2 * k]).clamp(-100.0, 100.0),
        };
        let shelves = self.shelves.iter().enumerate().map(moved).collect();
        Fit { broadband_db: self.broadband_db + change[0], shelves, worst: f64::INFINITY }
    }
}
