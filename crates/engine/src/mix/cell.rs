//! A moving matrix, drawn through a few of its values where it is smooth.
//!
//! A fader that rides for minutes need not be computed for every frame: between two multiples of 256 frames a parabola
//! through three values is the ride, to the last bit of 24. Whether it is, two more tell, each time: where the parabola
//! misses one, the cell is cut into cells of 64 and of 16 frames, and where these miss, every frame is computed. Cells lie on the
//! song's own frames, so that they do not depend on how time is cut into blocks.

use multiversion::multiversion;
use tonmeister_core::pan::Matrix;

/// The lengths that are tried, in frames.
const LENGTHS: [i64; 3] = [256, 64, 16];
/// By how much a parabola may miss, as a part of the largest gain of the cell, where it is told: −148 dB.
const MISS: f64 = 4e-8;
/// What is below this is silence, in gain: −180 dB.
const SILENCE: f64 = 1e-9;

/// How many frames the longest cell has: what rests must be known to rest that far.
pub(super) const LONGEST: i64 = LENGTHS[0];

/// Some frames of a moving matrix.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell {
    from: i64,
    to: i64,
    /// Per entry, row by row: the value at `from`, its slope and its bend per frame. None: no parabola fits.
    curves: Option<[[f64; 3]; 4]>,
    /// The matrix at `to`, where the next cell begins, if it was asked for.
    end: Option<Matrix>,
}

impl Cell {
    /// The cell around a frame of what is `at` each frame. `steady`: no jump begins or ends behind the first of these
    /// frames and up to the last. `before`: the cell that was made last.
    pub(super) fn around(
        frame: i64,
        before: Option<&Cell>,
        at: impl Fn(i64) -> Matrix,
        steady: impl Fn(i64, i64) -> bool,
    ) -> Self {
        for length in LENGTHS {
            let from = frame.div_euclid(length) * length;
            let to = from + length;
            if !steady(from, to) {
                continue;
            }
            let known = before.filter(|cell| cell.to == from).and_then(|cell| cell.end);
            let end = at(to);
            let curves = through([known.unwrap_or_else(|| at(from)), at(from + length / 2), end], length);
            // Two, since a miss may cross zero near one of them.
            if [length / 4, length - length / 4].iter().all(|told| fits(&curves, *told, &at(from + told))) {
                return Cell { from, to, curves: Some(curves), end: Some(end) };
            }
        }
        let shortest = LENGTHS[LENGTHS.len() - 1];
        let from = frame.div_euclid(shortest) * shortest;
        Cell { from, to: from + shortest, curves: None, end: None }
    }

    /// Whether the frame lies in it.
    pub(super) fn holds(&self, frame: i64) -> bool {
        (self.from..self.to).contains(&frame)
    }

    /// How many frames of it are left from that one on.
    pub(super) fn left(&self, frame: i64) -> usize {
        (self.to - frame) as usize
    }

    /// The curves from that frame on, with the place of the frame in them; none where every frame is to be computed.
    pub(super) fn curves(&self, frame: i64) -> Option<(&[[f64; 3]; 4], i32)> {
        self.curves.as_ref().map(|curves| (curves, (frame - self.from) as i32))
    }
}

/// Per entry the parabola through its values at the beginning, in the middle and at the end.
fn through([from, middle, to]: [Matrix; 3], length: i64) -> [[f64; 3]; 4] {
    let half = length as f64 / 2.0;
    std::array::from_fn(|entry| {
        let (row, column) = (entry / 2, entry % 2);
        let [a, m, b] = [from[row][column], middle[row][column], to[row][column]];
        // What does not move has no slope and no bend, exactly: it stays bit for bit what it is at rest.
        let bend = ((a - m) + (b - m)) / (2.0 * half * half);
        [a, (m - a) / half - bend * half, bend]
    })
}

fn fits(curves: &[[f64; 3]; 4], frames: i64, told: &Matrix) -> bool {
    let largest = curves.iter().zip(told.as_flattened()).fold(SILENCE, |l, (c, t)| l.max(c[0].abs()).max(t.abs()));
    let missed = |(curve, told): (&[f64; 3], &f64)| (value(curve, frames as f64) - told).abs();
    curves.iter().zip(told.as_flattened()).all(|pair| missed(pair) <= MISS * largest)
}

/// A curve so many frames behind its beginning.
#[inline]
fn value(curve: &[f64; 3], frames: f64) -> f64 {
    curve[0] + frames * (curve[1] + frames * curve[2])
}

/// Adds samples times a curve, whose frame `first` meets the first sample.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
pub(super) fn add_curved(input: &[f32], curve: &[f64; 3], first: i32, sum: &mut [f64]) {
    let curve = *curve;
    for (i, (s, x)) in sum.iter_mut().zip(input).enumerate() {
        *s += f64::from(*x) * value(&curve, frames_on(first, i));
    }
}

/// Adds one channel to both sides, each by a curve of its own.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
pub(super) fn add_curved_pair(input: &[f32], curves: [&[f64; 3]; 2], first: i32, left: &mut [f64], right: &mut [f64]) {
    let [a, b] = curves.map(|curve| *curve);
    for (i, ((l, r), x)) in left.iter_mut().zip(right).zip(input).enumerate() {
        let frames = frames_on(first, i);
        *l += f64::from(*x) * value(&a, frames);
        *r += f64::from(*x) * value(&b, frames);
    }
}

/// Adds both channels to one side, each by a curve of its own.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
pub(super) fn add_curved_cross(left: &[f32], right: &[f32], curves: [&[f64; 3]; 2], first: i32, sum: &mut [f64]) {
    let [a, b] = curves.map(|curve| *curve);
    for (i, ((s, l), r)) in sum.iter_mut().zip(left).zip(right).enumerate() {
        let frames = frames_on(first, i);
        *s += f64::from(*l) * value(&a, frames) + f64::from(*r) * value(&b, frames);
    }
}

/// The frame of a cell so many samples behind `first`; a cell is short, so that 32 bits hold it, which wide registers
/// turn into floating point fast.
#[inline]
fn frames_on(first: i32, samples: usize) -> f64 {
    f64::from(first.wrapping_add(samples as i32))
}
