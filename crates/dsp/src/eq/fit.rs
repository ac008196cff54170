//! From an analog band to a digital section that keeps its shape up to half the sample rate.
//!
//! The bilinear transform squeezes the whole frequency axis below half the rate, so a bell at 16 kHz comes out
//! narrow and a high shelf never arrives. Here the poles are the analog ones carried over (`z = e^{sT}`), and the
//! numerator is fitted: over Vicanek's basis ("Matched Second Order Digital Filters", 2016) its squared magnitude is
//! *linear* in three unknowns, so that weighted least squares finds it in one step, and weighting again by the
//! deviation left (Lawson's algorithm) leads to the numerator whose worst deviation is least.
//!
//! Very low bands are left to the bilinear transform, which is as good as exact there and loses no digits.

use super::prototype::{Poles, Prototype, basis, dot};
use crate::biquad::Biquad;

/// Fits reach up to 20 kHz at 44.1 kHz, and as far in proportion at other rates.
pub(crate) const TOP: f64 = 20_000.0 / 44_100.0;
/// The frequencies of a fit: a sweep of the whole axis, and two stands where the band bends.
pub(crate) const SWEEP: usize = 44;
const STAND: usize = 15;
pub(crate) const POINTS: usize = SWEEP + 2 * STAND;
/// Rounds of reweighting: after these the worst deviation no longer falls by a hundredth of a decibel.
const ROUNDS: usize = 24;
/// Below this [`Prototype::bend`] the bilinear transform is within 0.02 dB.
pub(crate) const STRAIGHT: f64 = 0.01;
/// Least magnitude squared at either end, against that of the poles: keeps what is turned over stable.
const FLOOR: f64 = 1e-5;

/// Where a fit looks.
#[derive(Clone, Debug)]
pub(crate) struct Grid {
    pub(crate) hz: [f64; POINTS],
    /// sin²(ω/2) at each.
    pub(crate) sine: [f64; POINTS],
}

impl Grid {
    /// A logarithmic sweep and stands around two places, their spacing widening from 1/`q` of an octave or so.
    pub(crate) fn new(sample_rate: f64, places: [f64; 2], q: f64) -> Grid {
        let top = TOP * sample_rate;
        let bottom = 20.0_f64.min(0.5 * places[0]).min(0.1 * top);
        let octaves = (top / bottom).ln();
        let mut hz = [0.0; POINTS];
        for (i, hz) in hz.iter_mut().enumerate() {
            *hz = if i < SWEEP {
                bottom * (octaves * i as f64 / (SWEEP - 1) as f64).exp()
            } else {
                let (place, i) = ((i - SWEEP) / STAND, (i - SWEEP) % STAND);
                let u = 2.0 * i as f64 / (STAND - 1) as f64 - 1.0;
                // Two equal places share one stand, interleaved.
                let u = if places[0] == places[1] { u + (place as f64 - 0.5) / (STAND - 1) as f64 } else { u };
                let away = ((2.2 * u).sinh() / q).clamp(-5.0, 5.0);
                (places[place] * away.exp()).clamp(bottom, top)
            };
        }
        let sine = hz.map(|hz| (std::f64::consts::PI * hz / sample_rate).sin().powi(2));
        Grid { hz, sine }
    }

    /// The largest deviation of a section from `target`, in dB.
    fn worst_db(&self, section: &Biquad, target: &[f64; POINTS]) -> f64 {
        let of = |c0: f64, c1: f64, c2: f64| [(c0 + c1 + c2).powi(2), (c0 - c1 + c2).powi(2), -4.0 * c0 * c2];
        let (above, below) = (of(section.b0, section.b1, section.b2), of(1.0, section.a1, section.a2));
        let miss = |(sine, target): (&f64, &f64)| {
            let phi = basis(*sine);
            (10.0 * (dot(above, phi) / (dot(below, phi) * target)).log10()).abs()
        };
        self.sine.iter().zip(target).map(miss).fold(0.0, f64::max)
    }
}

/// The design for a band at rest: least worst deviation.
///
/// `q` says how narrow it is, `limit_db` how much it may deviate at most. Boosts and cuts of the same decibels undo one another exactly, because one of the two
/// is designed and turned over for the other: `turned` asks for 1/H.
pub(crate) fn settled(band: Prototype, q: f64, turned: bool, limit_db: f64, sample_rate: f64) -> Biquad {
    let section = if band.bend(sample_rate) < STRAIGHT {
        band.bilinear(sample_rate)
    } else {
        let corner = |[c, _, a]: [f64; 3]| band.hz * (c / a).sqrt();
        let grid = Grid::new(sample_rate, [corner(band.denominator), corner(band.numerator)], q);
        let target = grid.hz.map(|hz| band.power(hz));
        let poles = band.poles(sample_rate);
        // A deviation far below the band is a change of level of all that lies there, so it counts for more, as long
        // as what that costs elsewhere stays within `limit_db`.
        let bias = grid.hz.map(|hz| if hz < band.hz / 6.0 { 4.0 } else { 1.0 });
        let level = numerator(poles, &grid, &target, &bias);
        let even = || numerator(poles, &grid, &target, &[1.0; POINTS]);
        let fitted = if grid.worst_db(&level, &target) < limit_db { level } else { even() };
        // A very resonant shelf may leave its zeros on the unit circle; matched at three frequencies they lie inside.
        if fitted.inverse().is_stable() { fitted } else { invertible(band, q, sample_rate) }
    };
    if turned { section.inverse() } else { section }
}

/// The design for a band on the move: exact at three frequencies, in closed form.
pub(crate) fn moving(band: Prototype, q: f64, turned: bool, sample_rate: f64) -> Biquad {
    // Between "low enough" and "not low enough" the two designs are mixed, so that a glide crosses without a step.
    let straight = ((STRAIGHT - band.bend(sample_rate)) / (0.75 * STRAIGHT)).clamp(0.0, 1.0);
    let section = if straight == 1.0 {
        band.bilinear(sample_rate)
    } else {
        let matched = invertible(band, q, sample_rate);
        if straight == 0.0 { matched } else { mix(matched, band.bilinear(sample_rate), straight) }
    };
    if turned { section.inverse() } else { section }
}

/// Matched at three frequencies where that can be turned over, by the bilinear transform where it cannot.
fn invertible(band: Prototype, q: f64, sample_rate: f64) -> Biquad {
    let matched = match_three(band, q, sample_rate, FLOOR);
    if matched.inverse().is_stable() { matched } else { band.bilinear(sample_rate) }
}

/// So much of the other section.
pub(crate) fn mix(one: Biquad, other: Biquad, part: f64) -> Biquad {
    let mix = |one: f64, other: f64| one + part * (other - one);
    Biquad {
        b0: mix(one.b0, other.b0),
        b1: mix(one.b1, other.b1),
        b2: mix(one.b2, other.b2),
        a1: mix(one.a1, other.a1),
        a2: mix(one.a2, other.a2),
    }
}

/// Matched at 0 Hz and a little below and above the band's frequency. `floor` is the least |B|² at half the rate,
/// against |A|² there.
pub(crate) fn match_three(band: Prototype, q: f64, sample_rate: f64, floor: f64) -> Biquad {
    let above = (band.hz * (0.35 / q).exp()).min(0.476 * sample_rate);
    let below = (band.hz * (-0.35 / q).exp()).min(0.9 * above);
    let poles = band.poles(sample_rate);
    let below_line = poles.basis();
    let zero = band.power(0.0) * below_line[0];
    // What is left of |B|² at the two frequencies once the part fixed at 0 Hz is taken away: b₁φ₁ + b₂φ₂.
    let row = |hz: f64| {
        let phi = basis((std::f64::consts::PI * hz / sample_rate).sin().powi(2));
        (phi[1], phi[2], band.power(hz) * dot(below_line, phi) - zero * phi[0])
    };
    let ((p1, p2, p), (r1, r2, r)) = (row(below), row(above));
    let determinant = p1 * r2 - p2 * r1;
    let b1 = (p * r2 - p2 * r) / determinant;
    let b2 = (p1 * r - p * r1) / determinant;
    poles.with_numerator([zero, b1.max(floor * below_line[1]), b2])
}

/// Fits the numerator over given poles to `target`, |H|² at each frequency of the grid; `bias` says how much more a
/// deviation counts there than elsewhere.
pub(crate) fn numerator(poles: Poles, grid: &Grid, target: &[f64; POINTS], bias: &[f64; POINTS]) -> Biquad {
    let below = poles.basis();
    let mut rows = [[0.0; 3]; POINTS];
    for (row, (s, target)) in rows.iter_mut().zip(grid.sine.iter().zip(target)) {
        let phi = basis(*s);
        let line = dot(below, phi) * target;
        *row = phi.map(|phi| phi / line);
    }
    let mut fitted = lawson(&rows, bias);
    // No magnitude is negative, at 0 Hz or at half the rate. Where the fit would have it so, it goes without.
    for end in 0..2 {
        if fitted[end] < FLOOR * below[end] {
            for row in &mut rows {
                row[end] = 0.0;
            }
            fitted = lawson(&rows, bias);
            fitted[end] = FLOOR * below[end];
        }
    }
    poles.with_numerator(fitted)
}

/// The `b` with the least worst |ln(row · b)| over all rows, nearly.
fn lawson(rows: &[[f64; 3]; POINTS], bias: &[f64; POINTS]) -> [f64; 3] {
    let mut weights = [1.0; POINTS];
    let mut best = ([0.0; 3], f64::INFINITY);
    for _ in 0..ROUNDS {
        let solution = least_squares(rows, &weights);
        let (mut worst, mut sum) = (0.0_f64, 0.0);
        for ((row, weight), bias) in rows.iter().zip(&mut weights).zip(bias) {
            let got = dot(*row, solution);
            let miss = bias * if got > 0.0 { got.ln().abs() } else { 10.0 };
            worst = worst.max(miss);
            *weight *= miss + 1e-9;
            sum += *weight;
        }
        for weight in &mut weights {
            *weight /= sum;
        }
        if worst < best.1 {
            best = (solution, worst);
        }
    }
    best.0
}

/// Weighted least squares of `row · b = 1`: normal equations with scaled columns, by Cholesky.
fn least_squares(rows: &[[f64; 3]; POINTS], weights: &[f64; POINTS]) -> [f64; 3] {
    let mut m = [[0.0; 4]; 3];
    for (row, weight) in rows.iter().zip(weights) {
        for i in 0..3 {
            let weighted = weight * row[i];
            for j in i..3 {
                m[i][j] += weighted * row[j];
            }
            m[i][3] += weighted;
        }
    }
    let scale = [m[0][0], m[1][1], m[2][2]].map(|d| if d > 0.0 { 1.0 / d.sqrt() } else { 0.0 });
    let l10 = m[0][1] * scale[0] * scale[1];
    let l20 = m[0][2] * scale[0] * scale[2];
    let d1 = (1.0 - l10 * l10).max(1e-15);
    let l21 = (m[1][2] * scale[1] * scale[2] - l10 * l20) / d1;
    let d2 = (1.0 - l20 * l20 - l21 * l21 * d1).max(1e-15);
    let y0 = m[0][3] * scale[0];
    let y1 = m[1][3] * scale[1] - l10 * y0;
    let y2 = m[2][3] * scale[2] - l20 * y0 - l21 * y1;
    let x2 = y2 / d2;
    let x1 = y1 / d1 - l21 * x2;
    let x0 = y0 - l10 * x1 - l20 * x2;
    [x0 * scale[0], x1 * scale[1], x2 * scale[2]]
}
