//! Several sections fitted together, so that what each misses by itself does not add up.
//!
//! The poles are the analog ones carried over; what is looked for are the numerators: Gauss-Newton steps on the level of
//! the whole cascade in decibels, frequencies weighted again after each step by the deviation left (Lawson's algorithm),
//! which spreads it evenly.

use super::butterworth::{MOST, Sections, TOLERABLE};
use super::fit::{Grid, POINTS};
use super::prototype::{Poles, Prototype, basis, dot};
use crate::biquad::Biquad;

/// One section being fitted: |B|² = p²φ₀ + m²φ₁ + rφ₂. The level at 0 Hz fixes p; m and r are free.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    poles: Poles,
    p: f64,
    m: f64,
    r: f64,
}

impl Part {
    const IDLE: Part = Part { poles: Poles { a1: 0.0, a2: 0.0, at_zero: 1.0, at_half: 1.0 }, p: 1.0, m: 1.0, r: 0.0 };

    /// Where a fit begins: right at 0 Hz, at half the rate, and half-way there from the corner (or at it, where it is
    /// high).
    pub(crate) fn start(section: Prototype, sample_rate: f64) -> Part {
        let (poles, half) = (section.poles(sample_rate), 0.5 * sample_rate);
        let (p, m) = (poles.at_zero, section.power(half).sqrt() * poles.at_half);
        let between = if section.hz < 0.25 * half { (section.hz * half).sqrt() } else { section.hz };
        let phi = basis((std::f64::consts::PI * between / sample_rate).sin().powi(2));
        let r = (section.power(between) * dot(poles.basis(), phi) - p * p * phi[0] - m * m * phi[1]) / phi[2];
        Part { poles, p, m, r: r.max(-(0.5 * (p + m)).powi(2)) }
    }

    /// From a section over these poles that is unity at 0 Hz.
    pub(crate) fn of(poles: Poles, start: &Biquad) -> Part {
        Part { poles, p: poles.at_zero, m: start.b0 - start.b1 + start.b2, r: -4.0 * start.b0 * start.b2 }
    }

    /// From a section designed alone, put right at 0 Hz.
    pub(crate) fn put_right(prototype: Prototype, start: &Biquad, sample_rate: f64) -> Part {
        let poles = prototype.poles(sample_rate);
        Part { p: prototype.power(0.0).sqrt() * poles.at_zero, ..Part::of(poles, start) }
    }

    /// Takes a step, but no further than a numerator can follow, and not too far at once.
    fn step(&mut self, m: f64, r: f64, inside: f64) {
        let reach = 0.5 * self.m.max(0.1 * self.p);
        self.m = (self.m + m.clamp(-reach, reach)).max(1e-4 * self.p);
        let most = (0.5 * (self.p + self.m)).powi(2);
        self.r = (self.r + r.clamp(-0.5 * most, 0.5 * most)).max((inside - 1.0) * most);
    }
}

/// Zeros of a shelf stay so far inside the unit circle (of their squared distance), for it to be turned over.
const INVERTIBLE: f64 = 1e-3;

/// How much narrower than the whole a look at a steep shelf's bends is: found by trial, orders 4 to 8.
const NARROW: f64 = 1.85;

/// The steps of a steep shelf of this quality, designed `alone`, once more as one: against the product of their
/// prototypes.
pub(crate) fn shelf(steps: &[Prototype], alone: &Sections, q: f64, sample_rate: f64) -> Sections {
    let corner = |[c, _, a]: [f64; 3]| (c / a).sqrt();
    let Some(first) = steps.first() else { return *alone };
    let places = [first.hz * corner(first.denominator), first.hz * corner(first.numerator)];
    let grid = Grid::new(sample_rate, places, NARROW * q);
    let target = grid.hz.map(|hz| steps.iter().map(|step| step.power(hz)).product::<f64>());
    let miss = |(hz, target): (&f64, &f64)| (alone.power(std::f64::consts::TAU * hz / sample_rate) / target).ln().abs();
    let off = grid.hz.iter().zip(&target).map(miss).fold(0.0, f64::max);
    if off < TOLERABLE {
        return *alone;
    }
    let mut joint = Joint::new(&grid, &target, 0.0, INVERTIBLE);
    for (step, section) in steps.iter().zip(alone.as_slice()) {
        joint.push(Part::put_right(*step, section, sample_rate));
    }
    let left = joint.fit();
    let together = Sections::new(joint.sections());
    let good = left < off && together.as_slice().iter().all(|section| section.inverse().is_stable());
    if good { together } else { *alone }
}

/// Two unknowns in each section.
const UNKNOWNS: usize = 2 * MOST;
/// Rounds at most; a fit that has become exact stops before.
const ROUNDS: usize = 60;

/// Sections being fitted together.
pub(crate) struct Joint<'a> {
    pub(crate) parts: [Part; MOST],
    pub(crate) len: usize,
    grid: &'a Grid,
    target: &'a [f64; POINTS],
    /// Where less than this of |H|² is asked for, nothing is.
    heard: f64,
    /// How far the zeros stay inside the unit circle: 0 lets them lie on it.
    inside: f64,
}

impl<'a> Joint<'a> {
    pub(crate) fn new(grid: &'a Grid, target: &'a [f64; POINTS], heard: f64, inside: f64) -> Self {
        Joint { parts: [Part::IDLE; MOST], len: 0, grid, target, heard, inside }
    }

    pub(crate) fn push(&mut self, part: Part) {
        self.parts[self.len] = part;
        self.len += 1;
    }

    /// Improves the parts; gives the worst deviation left, as a natural logarithm of power.
    pub(crate) fn fit(&mut self) -> f64 {
        let heard = self.target.map(|target| if target > self.heard { 1.0 } else { 0.0 });
        let mut weights = heard;
        let mut best = (self.parts, f64::INFINITY);
        for _ in 0..ROUNDS {
            let (mut matrix, mut right) = ([[0.0; UNKNOWNS]; UNKNOWNS], [0.0; UNKNOWNS]);
            let (mut worst, mut sum) = (0.0_f64, 0.0);
            for (i, weight) in weights.iter_mut().enumerate().filter(|(i, _)| heard[*i] > 0.0) {
                let (slopes, left) = self.row(i);
                worst = worst.max(left.abs());
                *weight *= left.abs() + 1e-4;
                sum += *weight;
                self.accumulate(&mut matrix, &mut right, &slopes, *weight, left);
            }
            for weight in &mut weights {
                *weight /= sum;
            }
            if worst < best.1 {
                best = (self.parts, worst);
            }
            if worst < 0.1 * TOLERABLE {
                break;
            }
            let step = solve(&mut matrix, &mut right, 2 * self.len);
            for (part, step) in self.parts.iter_mut().zip(step.chunks_exact(2)).take(self.len) {
                part.step(step[0], step[1], self.inside);
            }
        }
        self.parts = best.0;
        best.1
    }

    /// How the level at one frequency answers to each unknown, and how much it still lacks.
    fn row(&self, i: usize) -> ([f64; UNKNOWNS], f64) {
        let phi = basis(self.grid.sine[i]);
        let mut slopes = [0.0; UNKNOWNS];
        let mut level = 1.0 / self.target[i];
        for (part, slopes) in self.parts[..self.len].iter().zip(slopes.chunks_exact_mut(2)) {
            let above = dot([part.p * part.p, part.m * part.m, part.r], phi).max(1e-30);
            level *= above / dot(part.poles.basis(), phi);
            slopes[0] = 2.0 * part.m * phi[1] / above;
            slopes[1] = phi[2] / above;
        }
        (slopes, -level.ln())
    }

    fn accumulate(
        &self,
        matrix: &mut [[f64; UNKNOWNS]; UNKNOWNS],
        right: &mut [f64; UNKNOWNS],
        slopes: &[f64; UNKNOWNS],
        weight: f64,
        left: f64,
    ) {
        let count = 2 * self.len;
        for j in 0..count {
            let weighted = weight * slopes[j];
            for k in j..count {
                matrix[j][k] += weighted * slopes[k];
            }
            right[j] += weighted * left;
        }
    }

    pub(crate) fn sections(&self) -> impl Iterator<Item = Biquad> + use<> {
        let parts = self.parts;
        (0..self.len).map(move |k| {
            let part = parts[k];
            part.poles.with_numerator([part.p * part.p, part.m * part.m, part.r])
        })
    }
}

/// Solves a symmetric system, given its upper triangle, slightly damped (Levenberg), columns scaled to unity.
fn solve(matrix: &mut [[f64; UNKNOWNS]; UNKNOWNS], right: &mut [f64; UNKNOWNS], count: usize) -> [f64; UNKNOWNS] {
    let mut scale = [0.0; UNKNOWNS];
    for (j, scale) in scale.iter_mut().enumerate().take(count) {
        *scale = if matrix[j][j] > 0.0 { 1.0 / matrix[j][j].sqrt() } else { 0.0 };
    }
    for j in 0..count {
        for k in j..count {
            matrix[j][k] *= scale[j] * scale[k];
        }
        matrix[j][j] = 1.0 + 1e-6;
        right[j] *= scale[j];
    }
    for j in 0..count {
        // Directions that the others already span are left alone.
        if matrix[j][j] < 1e-12 {
            matrix[j][j] = f64::INFINITY;
            continue;
        }
        for k in j + 1..count {
            let factor = matrix[j][k] / matrix[j][j];
            let (upper, lower) = matrix.split_at_mut(k);
            for (below, above) in lower[0][k..count].iter_mut().zip(&upper[j][k..count]) {
                *below -= factor * above;
            }
            right[k] -= factor * right[j];
        }
    }
    let mut solution = [0.0; UNKNOWNS];
    for j in (0..count).rev() {
        let known: f64 = (j + 1..count).map(|k| matrix[j][k] * solution[k]).sum();
        solution[j] = (right[j] - known) / matrix[j][j];
    }
    for (x, scale) in solution.iter_mut().zip(&scale) {
        *x *= scale;
    }
    solution
}
