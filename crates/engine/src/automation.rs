//! Automation lanes made ready to sound: values at any frame, gains without clicks, events for processors.
//!
//! Everything here is a pure function of the song's frame, so that it cannot depend on how time is cut into blocks.

use std::f64::consts::PI;

use tonmeister_core::{Automatable, Db, Event, ParamIndex, ParamSpec, Unit};
use tonmeister_session::model::{Curve, Lane};
use tonmeister_session::tables::SILENCE_DB;

/// Moving parameters reach processors as straight lines between the multiples of this many frames.
///
/// Joined straight lines of 64 frames are as quiet as a ramp per sample (−103 dB); steps of 64 are not (−57 dB).
const GRID: i64 = 64;

/// How long a jump of a fader, pan, mute or send takes, as a raised cosine: short enough to be heard as a cut, long
/// enough for its spectrum to stay below −100 dB from 3 kHz up.
const JUMP_S: f64 = 0.02;

/// In which quantity a curve is straight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Domain {
    /// Values are decibels; they are heard as amplitudes.
    Decibels,
    /// Values are heard as they stand.
    Plain,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    frame: i64,
    value: f64,
    curve: Curve,
    /// The heard value in the frame before, if the value jumps here.
    jumps_from: Option<f64>,
}

/// One parameter's value over the song: a lane, or a constant.
#[derive(Clone, Debug)]
pub(crate) struct Motion {
    nodes: Vec<Node>,
    domain: Domain,
    jump: i64,
    stepped: bool,
}

impl Motion {
    /// A value that never moves.
    pub(crate) fn constant(value: f64, spec: &ParamSpec) -> Self {
        let node = Node { frame: 0, value, curve: Curve::Hold, jumps_from: None };
        Motion { nodes: vec![node], domain: domain(spec), jump: 0, stepped: false }
    }

    /// The moves of a lane.
    pub(crate) fn new(lane: &Lane, spec: &ParamSpec, sample_rate: u32) -> Self {
        let rate = f64::from(sample_rate);
        let nodes = lane.points.iter().map(|p| Node {
            frame: (p.time_s * rate).round() as i64,
            value: p.value,
            curve: p.curve,
            jumps_from: None,
        });
        let stepped = spec.automatable == Automatable::Stepped;
        let mut motion =
            Motion { nodes: nodes.collect(), domain: domain(spec), jump: (JUMP_S * rate).round() as i64, stepped };
        for i in 1..motion.nodes.len() {
            let node = motion.nodes[i];
            if node.curve == Curve::Hold && node.value != motion.nodes[i - 1].value {
                motion.nodes[i].jumps_from = Some(motion.heard_after(i - 1, node.frame - 1));
            }
        }
        motion
    }

    /// The point at or before a frame; the first point for frames before it.
    fn segment(&self, frame: i64) -> usize {
        self.nodes.partition_point(|n| n.frame <= frame).saturating_sub(1)
    }

    /// The value as written, in the parameter's unit.
    #[cfg(test)]
    pub(crate) fn value(&self, frame: i64) -> f64 {
        self.value_after(self.segment(frame), frame)
    }

    fn value_after(&self, segment: usize, frame: i64) -> f64 {
        let from = self.nodes[segment];
        let Some(to) = self.nodes.get(segment + 1).filter(|_| frame > from.frame) else { return from.value };
        let part = (frame - from.frame) as f64 / (to.frame - from.frame) as f64;
        match to.curve {
            Curve::Hold => from.value,
            Curve::Linear if self.domain == Domain::Decibels => {
                let (a, b) = (fader_gain(from.value), fader_gain(to.value));
                Db::of_gain(a + (b - a) * part).0.max(SILENCE_DB)
            }
            Curve::Linear | Curve::DbLinear => from.value + (to.value - from.value) * part,
            Curve::S => from.value + (to.value - from.value) * (0.5 - 0.5 * (PI * part).cos()),
        }
    }

    /// The value as it is heard: decibels as amplitude, jumps rounded off.
    pub(crate) fn heard(&self, frame: i64) -> f64 {
        self.heard_after(self.segment(frame), frame)
    }

    fn heard_after(&self, segment: usize, frame: i64) -> f64 {
        let plain = self.in_domain(self.value_after(segment, frame));
        let node = self.nodes[segment];
        match node.jumps_from {
            Some(from) if frame - node.frame < self.jump => {
                let part = (frame - node.frame + 1) as f64 / (self.jump + 1) as f64;
                from + (plain - from) * (0.5 - 0.5 * (PI * part).cos())
            }
            _ => plain,
        }
    }

    fn in_domain(&self, value: f64) -> f64 {
        match self.domain {
            Domain::Decibels => fader_gain(value),
            Domain::Plain => value,
        }
    }

    /// The heard value all through `from..to`, if it does not move there.
    pub(crate) fn still(&self, from: i64, to: i64) -> Option<f64> {
        let segment = self.segment(from);
        let node = self.nodes[segment];
        if node.jumps_from.is_some() && from - node.frame < self.jump {
            return None;
        }
        match self.nodes.get(segment + 1) {
            // Before the first point nothing moves; a point that is reached by `hold` moves nothing before its time.
            Some(next) if from >= node.frame || to > node.frame => {
                let level = next.curve == Curve::Hold || next.value == node.value;
                (level && to <= next.frame).then(|| self.in_domain(node.value))
            }
            _ => Some(self.in_domain(node.value)),
        }
    }

    /// The heard value, if it never moves at all.
    pub(crate) fn constant_value(&self) -> Option<f64> {
        match self.nodes.as_slice() {
            [only] => Some(self.in_domain(only.value)),
            _ => None,
        }
    }

    /// The changes inside `from..to` as events of blocks that start at `from`.
    pub(crate) fn events(&self, from: i64, to: i64, param: ParamIndex, events: &mut Vec<Event>) {
        let mut frame = from;
        while frame < to {
            let segment = self.segment(frame);
            let node = self.nodes[segment];
            if frame < node.frame {
                // Before the first point nothing happens.
                frame = node.frame;
                continue;
            }
            let next = self.nodes.get(segment + 1);
            let on_point = frame == node.frame;
            if on_point && segment > 0 && node.curve == Curve::Hold {
                events.push(Event { at: (frame - from) as u32, param, value: node.value, glide: 0 });
            }
            let moving = next.filter(|n| n.curve != Curve::Hold && n.value != node.value);
            let grid_end = (frame.div_euclid(GRID) + 1) * GRID;
            let end = next.map_or(grid_end, |n| grid_end.min(n.frame));
            if moving.is_some() && !self.stepped && (on_point || frame.rem_euclid(GRID) == 0) {
                let value =
                    self.value_after(segment, end).clamp_between(moving.map_or(node.value, |n| n.value), node.value);
                events.push(Event { at: (frame - from) as u32, param, value, glide: (end - frame) as u32 });
            }
            // Where nothing moves, straight on to the next point.
            frame = match (moving, next) {
                (Some(_), _) => end,
                (None, Some(next)) => next.frame.max(frame + 1),
                (None, None) => to,
            };
        }
    }
}

trait ClampBetween {
    /// Clamps to the range of two values in either order: rounding must not carry a curve past its ends.
    fn clamp_between(self, a: f64, b: f64) -> f64;
}

impl ClampBetween for f64 {
    fn clamp_between(self, a: f64, b: f64) -> f64 {
        self.clamp(a.min(b), a.max(b))
    }
}

fn domain(spec: &ParamSpec) -> Domain {
    if matches!(spec.unit, Unit::Db) { Domain::Decibels } else { Domain::Plain }
}

/// The gain of a fader or send: −150 dB and below is exactly zero.
pub(crate) fn fader_gain(db: f64) -> f64 {
    if db <= SILENCE_DB { 0.0 } else { Db(db).gain() }
}

#[cfg(test)]
mod tests {
    use tonmeister_session::model::{Point, Target};
    use tonmeister_session::tables::{STRIP, place};

    use super::*;

    const RATE: u32 = 1000;

    fn motion(param: &str, points: &[(f64, f64, Curve)]) -> Motion {
        let points = points.iter().map(|&(time_s, value, curve)| Point { time_s, value, curve }).collect();
        let place = place(STRIP, param);
        Motion::new(&Lane { target: Target::Strip(place), points }, &STRIP[place], RATE)
    }

    #[test]
    fn curves_pass_through_their_points_and_their_middles() {
        let m = motion(
            "fader_db",
            &[
                (0.1, 0.0, Curve::Hold),
                (0.2, -20.0, Curve::DbLinear),
                (0.3, 0.0, Curve::Linear),
                (0.4, -10.0, Curve::S),
                (0.5, -3.0, Curve::Hold),
            ],
        );
        assert_eq!(m.value(0), 0.0);
        assert_eq!(m.value(150), -10.0);
        assert_eq!(m.value(200), -20.0);
        assert!((m.heard(250) - 0.55).abs() < 1e-12, "half way in amplitude between 0.1 and 1");
        assert!((m.value(350) + 5.0).abs() < 1e-12);
        assert_eq!(m.value(499), -10.0);
        assert_eq!(m.value(500), -3.0);
        assert_eq!(m.value(10_000), -3.0);
    }

    #[test]
    fn a_jump_is_rounded_off_after_its_frame_and_never_before() {
        let m = motion("fader_db", &[(0.0, -150.0, Curve::Hold), (0.1, 0.0, Curve::Hold)]);
        assert_eq!(m.heard(99), 0.0);
        assert!(m.heard(100) > 0.0 && m.heard(100) < 0.01);
        assert_eq!(m.heard(120), 1.0);
        assert_eq!(m.still(0, 100), Some(0.0));
        assert_eq!(m.still(0, 101), None);
        assert_eq!(m.still(110, 112), None);
        assert_eq!(m.still(120, 5000), Some(1.0));
    }

    #[test]
    fn stillness_agrees_with_the_heard_value_everywhere() {
        let m = motion(
            "pan",
            &[
                (0.05, -1.0, Curve::Hold),
                (0.1, 0.5, Curve::Linear),
                (0.15, 0.5, Curve::Linear),
                (0.2, 0.0, Curve::S),
                (0.21, 1.0, Curve::Hold),
                (0.215, -1.0, Curve::Hold),
            ],
        );
        for from in 0..300 {
            for length in [1, 2, 7, 40] {
                if let Some(value) = m.still(from, from + length) {
                    assert!((from..from + length).all(|f| m.heard(f) == value), "{from}+{length}");
                }
            }
        }
    }

    #[test]
    fn events_are_the_same_however_time_is_cut() {
        let m = motion(
            "pan",
            &[(0.05, -1.0, Curve::Hold), (0.3, 0.5, Curve::Linear), (0.35, 0.7, Curve::Hold), (0.9, 0.0, Curve::S)],
        );
        let collect = |size: i64| {
            let mut all = Vec::new();
            for from in (0..1000).step_by(size as usize) {
                let mut events = Vec::new();
                m.events(from, (from + size).min(1000), ParamIndex(0), &mut events);
                all.extend(events.into_iter().map(|e| (i64::from(e.at) + from, e.value, e.glide)));
            }
            all
        };
        let whole = collect(1000);
        assert!(whole.len() > 10);
        for size in [1, 13, 64, 100] {
            assert_eq!(collect(size), whole);
        }
        // The straight lines join: each starts where the one before ended, and they end on the last point.
        let mut value = m.value(0);
        let mut at = 0;
        for &(frame, to, glide) in &whole {
            assert!(frame >= at);
            if glide > 0 {
                assert!((m.value(frame) - value).abs() < 1e-9, "at {frame}");
            }
            value = to;
            at = frame + i64::from(glide);
        }
        assert_eq!(value, 0.0);
    }
}
