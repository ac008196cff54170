//! Thinning: a dense lane becomes few points, nowhere further off than was allowed.

use tonmeister_core::ParamSpec;

use super::{amplitude, jumps, straight};
use crate::model::{Curve, Point};

/// How far a line is looked ahead behind the last place that it can end on.
const AHEAD: usize = 4096;
/// A curve that needs more pieces than this to be bounded stays a curve.
const PIECES: usize = 4096;

/// A place that a line has to pass within bounds.
struct Gate {
    time_s: f64,
    low: f64,
    high: f64,
    /// The point that stands there, if one does.
    point: Option<usize>,
}

/// The fewest points, within a walk from left to right, whose lane is nowhere further than `max_error` (in the
/// parameter's unit) from this one. First and last point and every jump stay; a curve is kept as it is where no straight
/// line can stand for it and its neighbors.
///
/// Each line from a kept point goes as far as a *cone* of slopes stays open: every point passed, and every piece of a
/// curved segment, closes it to the slopes that pass it within the error (Sklansky and Gonzalez, "Fast polygonal
/// approximation of digitized curves", 1980). Curves rise or fall between their points, so a line that passes both
/// corners of each of their boxes passes the curve: the bound holds between points too.
pub fn thin(points: &[Point], spec: &ParamSpec, max_error: f64) -> Vec<Point> {
    if points.len() < 3 {
        return points.to_vec();
    }
    if jumps(spec) {
        let mut out = vec![points[0]];
        for pair in points.windows(2) {
            if pair[1].value != pair[0].value {
                out.push(pair[1]);
            }
        }
        return out;
    }
    let mut out = vec![points[0]];
    let mut begin = 0;
    while begin + 1 < points.len() {
        // A run ends where a point is jumped to, or a curve is too steep to be bounded.
        let mut gates = vec![Gate { time_s: points[begin].time_s, low: 0.0, high: 0.0, point: Some(begin) }];
        let mut end = begin;
        while end + 1 < points.len() && push(&mut gates, points, end + 1, spec, max_error) {
            end += 1;
        }
        run(&gates, points, spec, &mut out);
        if end + 1 < points.len() {
            out.push(points[end + 1]);
            end += 1;
        }
        begin = end;
    }
    out
}

/// Adds the gates of a segment; false where it cannot be part of a line.
fn push(gates: &mut Vec<Gate>, points: &[Point], to: usize, spec: &ParamSpec, error: f64) -> bool {
    let (a, b) = (points[to - 1], points[to]);
    let own = |gates: &mut Vec<Gate>| {
        gates.push(Gate { time_s: b.time_s, low: b.value - error, high: b.value + error, point: Some(to) });
        true
    };
    if a.value == b.value || b.curve == straight(spec) || (b.curve == Curve::Linear && !amplitude(spec)) {
        return own(gates);
    }
    if b.curve == Curve::Hold {
        return false;
    }
    let mut pieces = 8;
    let values: Vec<f64> = loop {
        let at = |i: usize| b.curve.between(a.value, b.value, i as f64 / pieces as f64, amplitude(spec));
        let values: Vec<f64> = (0..=pieces).map(at).collect();
        if values.windows(2).all(|pair| (pair[1] - pair[0]).abs() <= 0.5 * error) {
            break values;
        }
        pieces *= 2;
        if pieces > PIECES {
            return false;
        }
    };
    // A line that goes past the point at which the curve begins passes the curve's first piece there.
    let (least, most) = (a.value.min(values[1]), a.value.max(values[1]));
    gates.push(Gate { time_s: a.time_s, low: most - error, high: least + error, point: None });
    for i in 1..pieces {
        let around = [values[i - 1], values[i], values[i + 1]];
        let (least, most) = around.iter().fold((f64::MAX, f64::MIN), |(l, m), v| (l.min(*v), m.max(*v)));
        let time_s = a.time_s + (b.time_s - a.time_s) * i as f64 / pieces as f64;
        gates.push(Gate { time_s, low: most - error, high: least + error, point: None });
    }
    let (least, most) = (b.value.min(values[pieces - 1]), b.value.max(values[pieces - 1]));
    gates.push(Gate { time_s: b.time_s, low: most - error, high: least + error, point: Some(to) });
    true
}

fn run(gates: &[Gate], points: &[Point], spec: &ParamSpec, out: &mut Vec<Point>) {
    let mut at = 0;
    while at + 1 < gates.len() {
        let Some(from) = gates[at].point else { break };
        let start = points[from];
        let (mut low, mut high) = (f64::NEG_INFINITY, f64::INFINITY);
        let mut best = None;
        for (ahead, gate) in gates.iter().enumerate().skip(at + 1) {
            let length = gate.time_s - start.time_s;
            if length <= 0.0 {
                // The first piece of the curve that begins here: no piece is higher than half of what is allowed.
                continue;
            }
            if let Some(point) = gate.point {
                let slope = (points[point].value - start.value) / length;
                if (low..=high).contains(&slope) {
                    best = Some(ahead);
                }
            }
            low = low.max((gate.low - start.value) / length);
            high = high.min((gate.high - start.value) / length);
            if low > high || ahead - best.unwrap_or(at) > AHEAD {
                break;
            }
        }
        let next = gates.iter().enumerate().skip(at + 1).find(|(_, gate)| gate.point.is_some()).map(|(place, _)| place);
        let Some(next) = next else { break };
        let end = best.filter(|best| *best > next).unwrap_or(next);
        let Some(point) = gates[end].point else { break };
        // One segment stays the curve that it was.
        let curve = if end == next { points[point].curve } else { straight(spec) };
        out.push(Point { curve, ..points[point] });
        at = end;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::value_at;
    use super::*;
    use crate::tables::{STRIP, place};

    fn spec(id: &str) -> &'static ParamSpec {
        &STRIP[place(STRIP, id)]
    }

    fn worst(a: &[Point], b: &[Point], spec: &ParamSpec) -> f64 {
        let end = a[a.len() - 1].time_s;
        let at = |i: usize| end * i as f64 / 20_000.0;
        let apart = |time| (value_at(a, spec, time).unwrap() - value_at(b, spec, time).unwrap()).abs();
        let ends = a.iter().chain(b).map(|point| apart(point.time_s));
        (0..=20_000).map(|i| apart(at(i))).chain(ends).fold(0.0, f64::max)
    }

    /// A fader moved by hand, a point each 10 ms: 3000 points become 51 at 0.1 dB, off by 0.0997 dB at most.
    #[test]
    fn a_dense_lane_becomes_few_points() {
        let ride = |t: f64| -6.0 + 4.0 * (0.5 * t).sin() + 1.5 * (1.7 * t).sin();
        let points: Vec<Point> = (0..3000)
            .map(|i| {
                let time = f64::from(i) * 0.01;
                Point::new(time, ride(time), Curve::DbLinear)
            })
            .collect();
        let few = thin(&points, spec("fader_db"), 0.1);
        let off = worst(&points, &few, spec("fader_db"));
        println!("{} points, off by {off:.4} dB", few.len());
        assert!(few.len() < 60 && off <= 0.1 + 1e-9, "{} points, {off}", few.len());
    }

    #[test]
    fn jumps_stay_and_repeats_go() {
        let point = |time, value| Point::new(time, value, Curve::Hold);
        let mute = [point(0.0, 0.0), point(1.0, 0.0), point(2.0, 1.0), point(3.0, 1.0), point(4.0, 0.0)];
        assert_eq!(thin(&mute, spec("mute"), 0.1), [mute[0], mute[2], mute[4]]);
        let pan = [point(0.0, 0.0), point(1.0, 0.0), point(2.0, 0.5), point(3.0, 0.5)];
        assert_eq!(
            thin(&pan, spec("pan"), 0.9),
            [pan[0], Point { curve: Curve::Linear, ..pan[1] }, pan[2], pan[3]].map(|point| if point.time_s == 1.0 {
                Point { curve: Curve::Hold, ..point }
            } else {
                point
            })
        );
    }

    /// A curve that falls steeply from its first point: a line that leaves the point out must still pass it.
    #[test]
    fn a_line_passes_the_beginning_of_a_curve() {
        let points = [
            Point::new(0.01, -2.756_340_442_510_657, Curve::DbLinear),
            Point::new(0.438_469_586_333_163_7, -19.412_688_371_574_816, Curve::DbLinear),
            Point::new(
                0.898_704_789_232_800_3,
                -21.698_190_639_796_63,
                Curve::Bezier([0.0, 0.844_885_161_290_819_6, 0.0, 0.0]),
            ),
        ];
        let error = 7.579_087_209_347_653;
        let off = worst(&points, &thin(&points, spec("fader_db"), error), spec("fader_db"));
        assert!(off <= error, "{off} > {error}");
    }

    fn curves() -> impl Strategy<Value = Curve> {
        prop_oneof![
            4 => Just(Curve::DbLinear),
            1 => Just(Curve::Linear),
            1 => Just(Curve::S),
            1 => Just(Curve::Hold),
            1 => (-10.0..10.0_f64).prop_map(Curve::Bend),
            1 => proptest::array::uniform4(0.0..1.0_f64).prop_map(Curve::Bezier),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn no_value_is_further_off_than_allowed(
            drawn in prop::collection::vec((0.01..1.0_f64, -30.0..6.0_f64, curves()), 3..40),
            error in 0.01..8.0_f64,
        ) {
            let mut time = 0.0;
            let points: Vec<Point> = drawn.iter().map(|(step, value, curve)| {
                time += step;
                Point::new(time, *value, *curve)
            }).collect();
            let few = thin(&points, spec("fader_db"), error);
            prop_assert!(few.len() <= points.len());
            let off = worst(&points, &few, spec("fader_db"));
            prop_assert!(off <= error * (1.0 + 1e-9) + 1e-9, "{off} > {error}\n{few:?}");
        }
    }
}
