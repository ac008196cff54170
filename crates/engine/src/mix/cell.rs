//! A moving matrix, drawn through a few of its values where it is smooth.
//!
//! A fader that rides for minutes need not be computed for every frame: over 1024 frames a cubic through four of its
//! values is the ride, to the last bit of 24. Whether it is, two more values tell, each time: where the cubic misses one,
//! it is tried over fewer frames, and where it misses over the fewest, every frame is computed. Cells lie on the song's
//! own frames and are cut where a point, a jump or a generator begins or ends, so that what they are depends on the song
//! alone, not on how time is cut into blocks.

use multiversion::multiversion;
use tonmeister_core::pan::Matrix;

use super::{Gains, Resting};

/// The lengths that are tried, in frames.
const LENGTHS: [i64; 5] = [1024, 512, 128, 32, 16];
/// The longest cell in which a generator may swing: it could come round between the values of a longer one and not be
/// seen. In this one it would have to swing at a thirty-second of the sample rate.
const SWINGING: i64 = 128;
/// Fewer frames than this are computed one by one.
const SHORTEST: i64 = 16;
/// By how much a curve may miss, as a part of the largest gain of the cell, where it is told: −148 dB.
const MISS: f64 = 4e-8;
/// What is below this is silence, in gain: −180 dB.
const SILENCE: f64 = 1e-9;

/// How many frames the longest cell has: what rests must be known to rest that far.
pub(super) const LONGEST: i64 = LENGTHS[0];

/// A cubic by its coefficients: the value at the cell's beginning first, then what goes with the frames since.
pub(super) type Curve = [f64; 4];

/// The curve of an entry that is not there.
pub(super) const NOTHING: Curve = [0.0; 4];

/// What a moving matrix is in a cell.
#[derive(Clone, Copy, Debug)]
pub(super) enum Drawn {
    /// The fader alone moves: the matrix with the fader at 0 dB, and the curve of the fader.
    Ridden(Matrix, Curve),
    /// Each entry goes its own way, row by row.
    Moving([Curve; 4]),
}

/// Some frames of a moving matrix.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell {
    from: i64,
    to: i64,
    /// Nothing where no curve fits.
    drawn: Option<Drawn>,
    /// The beginning of the last stretch of each length over which no curve fits: it is not tried again.
    misses: [i64; LENGTHS.len()],
}

impl Cell {
    /// The cell around a frame. `before` is the cell that was made last.
    pub(super) fn around(gains: &Gains, frame: i64, before: Option<&Cell>, rest: &Resting) -> Self {
        let mut misses = before.map_or([i64::MIN; LENGTHS.len()], |cell| cell.misses);
        let mut cell = Cell { from: frame, to: frame, drawn: None, misses };
        for (place, length) in LENGTHS.into_iter().enumerate() {
            let start = frame.div_euclid(length) * length;
            let (from, to) = gains.cut_at_edges(frame, start, start + length);
            if (cell.from, cell.to) == (from, to) {
                // As short already, and no curve fits.
                continue;
            }
            (cell.from, cell.to) = (from, to);
            if to - from < SHORTEST {
                break;
            }
            if misses[place] == from || (to - from > SWINGING && gains.swings_in(from, to)) {
                continue;
            }
            cell.drawn = gains.drawn(from, to, rest);
            if cell.drawn.is_some() {
                break;
            }
            misses[place] = from;
        }
        Cell { misses, ..cell }
    }

    /// Whether the frame lies in it.
    pub(super) fn holds(&self, frame: i64) -> bool {
        (self.from..self.to).contains(&frame)
    }

    /// How many frames of it are left from that one on.
    pub(super) fn left(&self, frame: i64) -> usize {
        (self.to - frame) as usize
    }

    /// What it holds, with the place of the frame in it; nothing where every frame is to be computed.
    pub(super) fn drawn(&self, frame: i64) -> Option<(&Drawn, i32)> {
        self.drawn.as_ref().map(|drawn| (drawn, (frame - self.from) as i32))
    }
}

impl Gains {
    /// What is drawn from `from` to `to`, if a curve fits there.
    fn drawn(&self, from: i64, to: i64, rest: &Resting) -> Option<Drawn> {
        // What rests in the whole block rests in the cell; otherwise the cell alone decides, so that blocks do not.
        let unit = rest.unit.or_else(|| self.resting(from, to).unit);
        match (unit, &self.strip) {
            (Some(unit), Some([fader, ..])) => {
                through(from, to, |frame| [fader.heard(frame)]).map(|[curve]| Drawn::Ridden(unit, curve))
            }
            _ => through(from, to, |frame| {
                let [[a, b], [c, d]] = self.at(frame, rest);
                [a, b, c, d]
            })
            .map(Drawn::Moving),
        }
    }
}

/// The cubics through four values of what is `at` each frame: the first, the last, and a quarter from either; if two
/// more values lie on them.
fn through<const N: usize>(from: i64, to: i64, at: impl Fn(i64) -> [f64; N]) -> Option<[Curve; N]> {
    let last = to - 1 - from;
    // The places of least error, but for rounding to frames.
    let places = [0, last / 4, last - last / 4, last];
    let values = places.map(|place| at(from + place));
    let curves: [Curve; N] =
        std::array::from_fn(|entry| cubic(places.map(|place| place as f64), values.map(|value| value[entry])));
    // In the middle a bend of the fourth order would show most, near an end one of the fifth.
    let fits = |place: i64| {
        let told = at(from + place);
        let largest = curves.iter().zip(told).fold(SILENCE, |most, (c, t)| most.max(c[0].abs()).max(t.abs()));
        curves.iter().zip(told).all(|(curve, told)| (value(curve, place as f64) - told).abs() <= MISS * largest)
    };
    (fits(last / 2) && fits(last / 8)).then_some(curves)
}

/// The cubic through four values at rising places of which the first is 0. What does not move has no slope and no bend,
/// exactly: it stays bit for bit what it is at rest.
fn cubic([_, p, q, r]: [f64; 4], [y, yp, yq, yr]: [f64; 4]) -> Curve {
    // Newton's divided differences, multiplied out.
    let (first, second, third) = ((yp - y) / p, (yq - yp) / (q - p), (yr - yq) / (r - q));
    let (bend, next) = ((second - first) / q, (third - second) / (r - p));
    let twist = (next - bend) / r;
    [y, first - p * (bend - q * twist), bend - (p + q) * twist, twist]
}

/// A curve so many frames behind its beginning.
#[inline]
fn value(curve: &Curve, frames: f64) -> f64 {
    curve[0] + frames * (curve[1] + frames * (curve[2] + frames * curve[3]))
}

/// Adds one channel to both sides, each by its gain times a curve.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
pub(super) fn add_ridden_mono(
    input: &[f32],
    [a, c]: [f64; 2],
    fader: &Curve,
    first: i32,
    left: &mut [f64],
    right: &mut [f64],
) {
    let fader = *fader;
    for (i, ((l, r), x)) in left.iter_mut().zip(right).zip(input).enumerate() {
        let (x, fader) = (f64::from(*x), value(&fader, frames_on(first, i)));
        *l += x * (a * fader);
        *r += x * (c * fader);
    }
}

/// Adds each channel to its side, by its gain times a curve.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
pub(super) fn add_ridden_sides(
    [x0, x1]: [&[f32]; 2],
    [a, d]: [f64; 2],
    fader: &Curve,
    first: i32,
    left: &mut [f64],
    right: &mut [f64],
) {
    let fader = *fader;
    for (i, ((l, r), (x0, x1))) in left.iter_mut().zip(right).zip(x0.iter().zip(x1)).enumerate() {
        let fader = value(&fader, frames_on(first, i));
        *l += f64::from(*x0) * (a * fader);
        *r += f64::from(*x1) * (d * fader);
    }
}

/// Adds both channels to both sides, by a matrix times a curve.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
pub(super) fn add_ridden_cross(
    [x0, x1]: [&[f32]; 2],
    [[a, b], [c, d]]: Matrix,
    fader: &Curve,
    first: i32,
    left: &mut [f64],
    right: &mut [f64],
) {
    let fader = *fader;
    for (i, ((l, r), (x0, x1))) in left.iter_mut().zip(right).zip(x0.iter().zip(x1)).enumerate() {
        let (x0, x1, fader) = (f64::from(*x0), f64::from(*x1), value(&fader, frames_on(first, i)));
        *l += x0 * (a * fader) + x1 * (b * fader);
        *r += x0 * (c * fader) + x1 * (d * fader);
    }
}

/// Adds samples times a curve, whose frame `first` meets the first sample.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
pub(super) fn add_curved(input: &[f32], curve: &Curve, first: i32, sum: &mut [f64]) {
    let curve = *curve;
    for (i, (s, x)) in sum.iter_mut().zip(input).enumerate() {
        *s += f64::from(*x) * value(&curve, frames_on(first, i));
    }
}

/// Adds both channels to one side, each by a curve of its own.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
pub(super) fn add_curved_cross([x0, x1]: [&[f32]; 2], curves: [&Curve; 2], first: i32, sum: &mut [f64]) {
    let [a, b] = curves.map(|curve| *curve);
    for (i, (s, (x0, x1))) in sum.iter_mut().zip(x0.iter().zip(x1)).enumerate() {
        let frames = frames_on(first, i);
        *s += f64::from(*x0) * value(&a, frames) + f64::from(*x1) * value(&b, frames);
    }
}

/// The frame of a cell so many samples behind `first`; a cell is short, so that 32 bits hold it, which wide registers
/// turn into floating point fast.
#[inline]
fn frames_on(first: i32, samples: usize) -> f64 {
    f64::from(first.wrapping_add(samples as i32))
}
