//! Points of a lane as a curve: its value anywhere, points put in without a sound, stretches taken, copied, moved and
//! scaled, and dense lanes thinned.
//!
//! All functions take points in order of time and return them so.

mod thin;

use tonmeister_core::{Automatable, ParamSpec, Unit};

use crate::model::{Curve, Point, gain};
use crate::read::default_curve;

pub use thin::thin;

/// What is done to a stretch of a lane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reshape {
    /// Its moves are taken out: a straight line joins what is left on both sides.
    Cut,
    /// Its moves are laid over those at another place as well.
    Copy {
        /// Where the copy begins, in seconds.
        to_s: f64,
    },
    /// Its moves are laid over those at another place, and cut here.
    Move {
        /// Where they begin then, in seconds.
        to_s: f64,
    },
    /// Each value becomes `by` times itself plus `add`, as far as the parameter goes.
    Scale {
        /// The factor.
        by: f64,
        /// What is added, in the parameter's unit.
        add: f64,
    },
    /// Points that say little are taken out: the value is nowhere off by more than this, in the parameter's unit.
    Thin {
        /// The most that a value may change.
        max_error: f64,
    },
}

/// Whether a straight line of the parameter's decibels is not one of amplitude.
fn amplitude(spec: &ParamSpec) -> bool {
    spec.unit == Unit::Db
}

/// The curve that is straight in the parameter's own unit; jumps for one that is switched.
pub fn straight(spec: &ParamSpec) -> Curve {
    default_curve(spec)
}

/// The value at a time, in the parameter's unit; `None` without points.
pub fn value_at(points: &[Point], spec: &ParamSpec, time_s: f64) -> Option<f64> {
    let next = points.partition_point(|point| point.time_s <= time_s);
    match (next.checked_sub(1).map(|at| points[at]), points.get(next)) {
        (None, first) => first.map(|first| first.value),
        (Some(last), None) => Some(last.value),
        (Some(from), Some(to)) => {
            let part = (time_s - from.time_s) / (to.time_s - from.time_s);
            Some(to.curve.between(from.value, to.value, part, amplitude(spec)))
        }
    }
}

/// How many straight pieces of decibels stand for a straight line of amplitude.
const PIECES: usize = 64;

/// Puts a point at a time, so that the curve stays as it is. A raised cosine or a Bézier through it becomes straight
/// pieces that are off by less than 0.1 % of its way; everything else stays exact.
pub fn anchor(points: &mut Vec<Point>, spec: &ParamSpec, time_s: f64) {
    let next = points.partition_point(|point| point.time_s < time_s);
    if points.get(next).is_some_and(|point| point.time_s == time_s) {
        return;
    }
    let Some(value) = value_at(points, spec, time_s) else { return };
    let flat = Point::new(time_s, value, straight(spec));
    let (Some(from), Some(to)) = (next.checked_sub(1).map(|at| points[at]), points.get(next).copied()) else {
        points.insert(next, flat);
        return;
    };
    let part = (time_s - from.time_s) / (to.time_s - from.time_s);
    match to.curve {
        Curve::Hold | Curve::Linear | Curve::DbLinear => points.insert(next, Point { curve: to.curve, ..flat }),
        Curve::Bend(bend) => {
            points[next].curve = Curve::Bend(bend * (1.0 - part));
            points.insert(next, Point { curve: Curve::Bend(bend * part), ..flat });
        }
        Curve::S | Curve::Bezier(_) => {
            let length = to.time_s - from.time_s;
            let mut pieces: Vec<Point> = knots(to.curve)
                .into_iter()
                .map(|(x, y)| {
                    Point::new(from.time_s + length * x, from.value + (to.value - from.value) * y, straight(spec))
                })
                .filter(|piece| from.time_s < piece.time_s && piece.time_s < to.time_s)
                .collect();
            pieces.dedup_by(|b, a| a.time_s >= b.time_s);
            points[next].curve = straight(spec);
            points.splice(next..next, pieces);
            anchor(points, spec, time_s);
        }
    }
}

/// Places along a curve from (0, 0) to (1, 1), so close that straight lines between them are off by less than 0.1 %.
fn knots(curve: Curve) -> Vec<(f64, f64)> {
    let at = |t: f64| {
        let s = 1.0 - t;
        let cubic = |a: f64, b: f64| 3.0 * s * s * t * a + 3.0 * s * t * t * b + t * t * t;
        match curve {
            Curve::Bezier([x1, y1, x2, y2]) => (cubic(x1, x2), cubic(y1, y2)),
            other => (t, other.between(0.0, 1.0, t, false)),
        }
    };
    // Four pieces to begin with: the middle of a curve that is the same both ways says nothing.
    let mut all = Vec::new();
    let mut open: Vec<(f64, f64, u32)> =
        (0..4).rev().map(|quarter| (0.25 * f64::from(quarter), 0.25 * f64::from(quarter + 1), 0)).collect();
    while let Some((from, to, depth)) = open.pop() {
        let (a, b) = (at(from), at(to));
        let off = |part: f64| {
            let x = a.0 + (b.0 - a.0) * part;
            (curve.between(0.0, 1.0, x, false) - (a.1 + (b.1 - a.1) * part)).abs()
        };
        if depth < 12 && [0.2, 0.5, 0.8].into_iter().any(|part| off(part) > 5e-4) {
            let middle = 0.5 * (from + to);
            open.push((middle, to, depth + 1));
            open.push((from, middle, depth + 1));
        } else {
            all.push(b);
        }
    }
    all.pop();
    all
}

/// The points from one time to another, both ends included.
fn slice(points: &[Point], spec: &ParamSpec, from_s: f64, to_s: f64) -> Vec<Point> {
    let mut all = points.to_vec();
    anchor(&mut all, spec, from_s);
    anchor(&mut all, spec, to_s);
    all.retain(|point| (from_s..=to_s).contains(&point.time_s));
    all
}

/// Lays a piece of a lane over another. Where it does not begin or end on the value that is there, the lane jumps there,
/// within `frame_s`. What is outside the piece stays as it is.
pub(crate) fn lay(points: &[Point], spec: &ParamSpec, mut piece: Vec<Point>, frame_s: f64) -> Vec<Point> {
    let (Some(first), Some(last)) = (piece.first().copied(), piece.last().copied()) else { return points.to_vec() };
    let same = |a: f64, b: f64| (a - b).abs() < 1e-9;
    let mut rest = points.to_vec();
    let (begin, end) = (first.time_s, last.time_s);
    let ends_on = value_at(points, spec, end).is_some_and(|value| same(value, last.value));
    let begins_on = value_at(points, spec, begin).is_some_and(|value| same(value, first.value));
    anchor(&mut rest, spec, end);
    let before = begin - frame_s;
    let mut out: Vec<Point> = Vec::with_capacity(rest.len() + piece.len() + 2);
    if begins_on {
        anchor(&mut rest, spec, begin);
        out.extend(rest.iter().take_while(|point| point.time_s <= begin));
        piece.remove(0);
    } else {
        if before > 0.0 {
            anchor(&mut rest, spec, before);
        }
        out.extend(rest.iter().take_while(|point| point.time_s <= before));
        // A first point has nothing to jump from.
        piece[0].curve = Curve::Hold;
    }
    let mut behind: Vec<Point> = rest.into_iter().filter(|point| point.time_s >= end).collect();
    if ends_on {
        // The piece's own way into its end.
        if let (Some(next), Some(last)) = (behind.first_mut(), piece.pop()) {
            next.curve = last.curve;
        }
    } else if end - frame_s > begin {
        anchor(&mut piece, spec, end - frame_s);
        piece.retain(|point| point.time_s <= end - frame_s);
        if let Some(next) = behind.first_mut() {
            next.curve = Curve::Hold;
        }
    } else {
        behind.retain(|point| point.time_s > end);
    }
    out.extend(piece);
    out.extend(behind);
    out
}

/// What a lane is after something was done to the stretch from one time to another. `frame_s`: the length of a frame,
/// within which a lane jumps where the two sides do not meet.
///
/// ```
/// use tonmeister_session::lane::{Reshape, reshape};
/// use tonmeister_session::model::{Curve, Point};
/// use tonmeister_session::tables::{STRIP, place};
///
/// let point = |time_s, value| Point::new(time_s, value, Curve::DbLinear);
/// let lane = [point(0.0, 0.0), point(4.0, -8.0), point(5.0, 0.0), point(9.0, 0.0)];
/// let cut = reshape(&lane, &STRIP[place(STRIP, "fader_db")], 3.0, 6.0, Reshape::Cut, 1.0 / 48_000.0);
/// assert_eq!(cut, [point(0.0, 0.0), point(3.0, -6.0), point(6.0, 0.0), point(9.0, 0.0)]);
/// ```
pub fn reshape(points: &[Point], spec: &ParamSpec, from_s: f64, to_s: f64, how: Reshape, frame_s: f64) -> Vec<Point> {
    if points.is_empty() || to_s <= from_s {
        return points.to_vec();
    }
    let shifted = |to: f64| {
        let mut piece = slice(points, spec, from_s, to_s);
        for point in &mut piece {
            *point = Point { time_s: to + (point.time_s - from_s), written: None, ..*point };
        }
        piece
    };
    match how {
        Reshape::Cut => cut(points, spec, from_s, to_s),
        Reshape::Copy { to_s: to } => lay(points, spec, shifted(to), frame_s),
        Reshape::Move { to_s: to } => lay(&cut(points, spec, from_s, to_s), spec, shifted(to), frame_s),
        Reshape::Scale { by, add } => {
            let mut piece = slice(points, spec, from_s, to_s);
            if by != 1.0 && amplitude(spec) {
                piece = in_decibels(&piece, spec);
            }
            for point in &mut piece {
                point.value = within(spec, by * point.value + add);
            }
            lay(points, spec, piece, frame_s)
        }
        Reshape::Thin { max_error } => {
            let mut out: Vec<Point> = points.to_vec();
            anchor(&mut out, spec, from_s);
            anchor(&mut out, spec, to_s);
            let inside = |point: &&Point| (from_s..=to_s).contains(&point.time_s);
            let (first, behind) =
                (out.partition_point(|point| point.time_s < from_s), out.partition_point(|point| point.time_s <= to_s));
            let piece: Vec<Point> = out.iter().filter(inside).copied().collect();
            out.splice(first..behind, thin(&piece, spec, max_error));
            out
        }
    }
}

/// The same with straight lines of amplitude drawn in decibels, in pieces that are equally high: off by less than 0.1 %
/// of their way.
fn in_decibels(points: &[Point], spec: &ParamSpec) -> Vec<Point> {
    let mut out: Vec<Point> = Vec::with_capacity(points.len());
    for point in points {
        let Some(from) = out.last().copied().filter(|_| point.curve == Curve::Linear) else {
            out.push(*point);
            continue;
        };
        let (a, b) = (gain(from.value), gain(point.value));
        for step in 1..PIECES {
            let value = from.value + (point.value - from.value) * step as f64 / PIECES as f64;
            let part = if a == b { step as f64 / PIECES as f64 } else { (gain(value) - a) / (b - a) };
            let time_s = from.time_s + (point.time_s - from.time_s) * part;
            if out.last().is_some_and(|last| last.time_s < time_s) && time_s < point.time_s {
                out.push(Point::new(time_s, value, straight(spec)));
            }
        }
        out.push(Point { curve: straight(spec), ..*point });
    }
    out
}

fn cut(points: &[Point], spec: &ParamSpec, from_s: f64, to_s: f64) -> Vec<Point> {
    let mut out = points.to_vec();
    anchor(&mut out, spec, from_s);
    anchor(&mut out, spec, to_s);
    out.retain(|point| point.time_s <= from_s || point.time_s >= to_s);
    if let Some(end) = out.iter_mut().find(|point| point.time_s == to_s) {
        end.curve = straight(spec);
    }
    out
}

/// The nearest value that the parameter takes.
pub(crate) fn within(spec: &ParamSpec, value: f64) -> f64 {
    use tonmeister_core::ParamKind;
    match spec.kind {
        ParamKind::Number { min, max, .. } => value.clamp(min, max),
        ParamKind::Integer { min, max } => value.round().clamp(min as f64, max as f64),
        ParamKind::Steps(steps) => {
            steps.iter().copied().min_by(|a, b| (a - value).abs().total_cmp(&(b - value).abs())).unwrap_or(value)
        }
        ParamKind::Switch => f64::from(u8::from(value >= 0.5)),
        ParamKind::Choice(choices) => value.round().clamp(0.0, choices.len().saturating_sub(1) as f64),
    }
}

/// Whether a lane of that parameter only jumps.
fn jumps(spec: &ParamSpec) -> bool {
    spec.automatable == Automatable::Stepped
}

#[cfg(test)]
mod tests;
