//! Automation lanes made ready to sound: values at any frame, gains without clicks, events for processors.
//!
//! Everything here is a pure function of the song's frame, so that it cannot depend on how time is cut into blocks; but
//! for levels that are followed, which somebody else hears ([`crate::follow`]): these are handed over block by block, in
//! steps that lie on the song's own frames.

use std::cell::Cell;
use std::f64::consts::PI;

use tonmeister_core::Db;
use tonmeister_core::{Automatable, Event, ParamIndex, ParamKind, ParamSpec, Unit};
use tonmeister_session::model::{Curve, Follower, Lane, Lfo, gain as fader_gain};
use tonmeister_session::tables::SILENCE_DB;

mod levels;

use levels::Levels;

/// Moving parameters reach processors as straight lines between the multiples of this many frames.
///
/// Joined straight lines of 64 frames are as quiet as a ramp per sample (−103 dB); steps of 64 are not (−57 dB).
pub(crate) const GRID: i64 = 64;

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

/// A generator, and the frames in which it may move something.
#[derive(Clone, Debug)]
struct Swing {
    lfo: Lfo,
    from: i64,
    to: i64,
}

/// One parameter's value over the song: a lane, or a constant.
#[derive(Clone, Debug)]
pub(crate) struct Motion {
    nodes: Vec<Node>,
    swings: Vec<Swing>,
    /// What it follows, and how loud that is.
    follows: Option<(Follower, Levels)>,
    domain: Domain,
    /// What the parameter takes; generators stop there.
    range: (f64, f64),
    rate: f64,
    jump: i64,
    stepped: bool,
    /// Where the last question fell: the next one mostly falls there too, or into the segment behind it.
    last: Cell<usize>,
    /// How often that did not help.
    #[cfg(test)]
    searches: Cell<usize>,
}

impl Motion {
    /// A value that never moves.
    pub(crate) fn constant(value: f64, spec: &ParamSpec) -> Self {
        let node = Node { frame: 0, value, curve: Curve::Hold, jumps_from: None };
        Motion {
            nodes: vec![node],
            swings: Vec::new(),
            follows: None,
            domain: domain(spec),
            range: range(spec),
            rate: 1.0,
            jump: 0,
            stepped: false,
            last: Cell::new(0),
            #[cfg(test)]
            searches: Cell::new(0),
        }
    }

    /// Puts a value that never moves elsewhere; whether it is one.
    pub(crate) fn put(&mut self, value: f64) -> bool {
        match self.nodes.as_mut_slice() {
            [only] if self.swings.is_empty() && self.follows.is_none() => only.value = value,
            _ => return false,
        }
        true
    }

    /// The moves of a lane, of a parameter that is written as `value`.
    pub(crate) fn new(lane: &Lane, value: f64, spec: &ParamSpec, sample_rate: u32) -> Self {
        let rate = f64::from(sample_rate);
        let frame = |seconds: f64| (seconds * rate).round() as i64;
        let nodes = lane.points.iter().map(|p| Node {
            frame: frame(p.time_s),
            value: p.value,
            curve: p.curve,
            jumps_from: None,
        });
        let swings = lane.lfos.iter().map(|lfo| Swing {
            from: frame(lfo.from_s),
            to: lfo.ends_s().map_or(i64::MAX, |end| (end * rate).ceil() as i64),
            lfo: lfo.clone(),
        });
        let mut motion = Motion {
            nodes: nodes.collect(),
            swings: swings.collect(),
            follows: lane.follow.map(|follow| (follow, Levels::new(crate::compile::MAX_BLOCK))),
            rate,
            jump: (JUMP_S * rate).round() as i64,
            stepped: spec.automatable == Automatable::Stepped,
            ..Motion::constant(value, spec)
        };
        if motion.nodes.is_empty() {
            motion.nodes = Motion::constant(value, spec).nodes;
        }
        for i in 1..motion.nodes.len() {
            let node = motion.nodes[i];
            if node.curve == Curve::Hold && node.value != motion.nodes[i - 1].value {
                motion.nodes[i].jumps_from = Some(motion.still_heard(i - 1, node.frame - 1));
            }
        }
        motion
    }

    /// The point at or before a frame; the first point for frames before it.
    fn segment(&self, frame: i64) -> usize {
        let holds = |place: usize| {
            self.nodes[place].frame <= frame && self.nodes.get(place + 1).is_none_or(|next| frame < next.frame)
        };
        let last = self.last.get();
        if holds(last) {
            return last;
        }
        let found = match last + 1 {
            next if next < self.nodes.len() && holds(next) => next,
            _ => {
                #[cfg(test)]
                self.searches.update(|searches| searches + 1);
                self.nodes.partition_point(|n| n.frame <= frame).saturating_sub(1)
            }
        };
        self.last.set(found);
        found
    }

    /// By how much the generators move the value in a frame.
    fn swung(&self, frame: i64) -> f64 {
        let time_s = frame as f64 / self.rate;
        let active = self.swings.iter().filter(|swing| (swing.from..swing.to).contains(&frame));
        active.map(|swing| swing.lfo.at(time_s)).sum()
    }

    /// Whether a generator may move it in `from..to`.
    pub(crate) fn swings_in(&self, from: i64, to: i64) -> bool {
        self.swings.iter().any(|swing| swing.from < to && from < swing.to)
    }

    /// The next frame after this one at which a generator begins or ends.
    fn next_swing(&self, frame: i64) -> i64 {
        let ends = self.swings.iter().flat_map(|swing| [swing.from, swing.to]);
        ends.filter(|end| *end > frame).min().unwrap_or(i64::MAX)
    }

    /// The value as it is set, in the parameter's unit.
    pub(crate) fn value(&self, frame: i64) -> f64 {
        self.value_after(self.segment(frame), frame)
    }

    fn value_after(&self, segment: usize, frame: i64) -> f64 {
        let value = self.led(self.drawn_after(segment, frame), frame);
        if self.swings_in(frame, frame + 1) { self.within(value + self.swung(frame)) } else { value }
    }

    /// Takes the levels of what is followed, for the frames from `frame` on.
    pub(crate) fn hear(&mut self, frame: i64, ends: &[f32]) {
        if let Some((_, levels)) = &mut self.follows {
            levels.hear(frame, ends);
        }
    }

    /// What comes of a drawn value in a frame where a level is followed.
    fn led(&self, drawn: f64, frame: i64) -> f64 {
        match &self.follows {
            Some((follow, levels)) => self.within(follow.value(drawn, levels.at(frame))),
            None => drawn,
        }
    }

    /// The same of values as they are heard.
    fn led_heard(&self, follow: &Follower, still: f64, level: f64) -> f64 {
        match self.domain {
            Domain::Decibels => {
                // All the way, the drawn value is not heard.
                let drawn = if follow.depth == 1.0 { 0.0 } else { Db::of_gain(still).0.max(SILENCE_DB) };
                fader_gain(self.within(follow.value(drawn, level)))
            }
            Domain::Plain => self.within(follow.value(still, level)),
        }
    }

    /// Whether a level that is followed moves it in the step around a frame.
    fn led_in_step(&self, frame: i64) -> bool {
        let from = frame.div_euclid(GRID) * GRID;
        self.follows.as_ref().is_some_and(|(_, levels)| levels.still(from, from + GRID).is_none())
    }

    fn within(&self, value: f64) -> f64 {
        value.clamp(self.range.0, self.range.1)
    }

    /// The value as the points say it.
    fn drawn_after(&self, segment: usize, frame: i64) -> f64 {
        let from = self.nodes[segment];
        let moves = |to: &&Node| frame > from.frame && to.value != from.value;
        let Some(to) = self.nodes.get(segment + 1).filter(moves) else { return from.value };
        let part = (frame - from.frame) as f64 / (to.frame - from.frame) as f64;
        to.curve.between(from.value, to.value, part, self.domain == Domain::Decibels)
    }

    /// The value as it is heard: decibels as amplitude, jumps rounded off.
    pub(crate) fn heard(&self, frame: i64) -> f64 {
        let mut still = self.still_heard(self.segment(frame), frame);
        if let Some((follow, levels)) = &self.follows {
            still = self.led_heard(follow, still, levels.at(frame));
        }
        if self.swings.is_empty() || !self.swings_in(frame, frame + 1) {
            return still;
        }
        let swung = self.swung(frame);
        match self.domain {
            Domain::Decibels => (still * Db(swung).gain()).min(fader_gain(self.range.1)),
            Domain::Plain => self.within(still + swung),
        }
    }

    /// The heard value without the generators.
    fn still_heard(&self, segment: usize, frame: i64) -> f64 {
        let plain = self.in_domain(self.drawn_after(segment, frame));
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
        if self.swings_in(from, to) {
            return None;
        }
        let Some((follow, levels)) = &self.follows else { return self.still_drawn(from, to) };
        let level = levels.still(from, to)?;
        let drawn = if follow.depth == 1.0 { 0.0 } else { self.still_drawn(from, to)? };
        Some(self.led_heard(follow, drawn, level))
    }

    /// The same of what the points say.
    fn still_drawn(&self, from: i64, to: i64) -> Option<f64> {
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

    /// The next frame behind this one from which the value follows another rule: a point, the end of a jump, a
    /// generator's beginning or end, a step of a level.
    pub(crate) fn next_edge(&self, frame: i64) -> i64 {
        let step = self.follows.as_ref().map_or(i64::MAX, |_| (frame.div_euclid(GRID) + 1) * GRID);
        if self.nodes.len() == 1 && self.swings.is_empty() {
            return step;
        }
        let segment = self.segment(frame);
        let node = self.nodes[segment];
        let after = |edge: i64| if edge > frame { edge } else { i64::MAX };
        let jumped = node.jumps_from.map_or(i64::MAX, |_| after(node.frame + self.jump));
        let next = self.nodes.get(segment + 1).map_or(i64::MAX, |next| after(next.frame));
        let swing = if self.swings.is_empty() { i64::MAX } else { self.next_swing(frame) };
        after(node.frame).min(jumped).min(next).min(swing).min(step)
    }

    /// The heard value, if it never moves at all.
    pub(crate) fn constant_value(&self) -> Option<f64> {
        match self.nodes.as_slice() {
            [only] if self.swings.is_empty() && self.follows.is_none() => Some(self.in_domain(only.value)),
            _ => None,
        }
    }

    /// The changes inside `from..to` as events of blocks that start at `from`.
    pub(crate) fn events(&self, from: i64, to: i64, param: ParamIndex, events: &mut Vec<Event>) {
        self.events_from(false, from, to, param, events);
    }

    /// How many events a block of that many frames may bring at most: two wherever something begins.
    pub(crate) fn most_events(&self, block: usize) -> usize {
        let begins = self.nodes.len().min(block) + (2 * self.swings.len()).min(block);
        2 * (begins + block / GRID as usize + 2)
    }

    /// Where the parameter stands at `from`, and its changes from there on, for a processor that has heard of neither.
    pub(crate) fn first_events(&self, from: i64, to: i64, param: ParamIndex, events: &mut Vec<Event>) {
        events.push(Event { at: 0, param, value: self.value(from), glide: 0 });
        self.events_from(true, from, to, param, events);
    }

    fn events_from(&self, anew: bool, from: i64, to: i64, param: ParamIndex, events: &mut Vec<Event>) {
        let mut frame = from;
        while frame < to {
            let segment = self.segment(frame);
            let (node, next) = (self.nodes[segment], self.nodes.get(segment + 1));
            // Before the first point nothing happens, unless something swings there.
            let (before, on_point) = (frame < node.frame, frame == node.frame);
            let at = (frame - from) as u32;
            if on_point && segment > 0 && node.curve == Curve::Hold {
                events.push(Event { at, param, value: self.value_after(segment, frame), glide: 0 });
            }
            let drawn = next.filter(|n| !before && n.curve != Curve::Hold && n.value != node.value);
            let swings = self.swings_in(frame, frame + 1);
            let coming = if before { node.frame } else { next.map_or(i64::MAX, |n| n.frame) };
            let mut coming = coming.min(self.next_swing(frame));
            let led = self.led_in_step(frame);
            if self.follows.is_some() {
                coming = coming.min((frame.div_euclid(GRID) + 1) * GRID);
            }
            if drawn.is_none() && !swings && !led {
                // Where nothing moves, straight on to where something may.
                frame = coming.max(frame + 1);
                continue;
            }
            let end = ((frame.div_euclid(GRID) + 1) * GRID).min(coming);
            let begins = self.swings.iter().any(|swing| frame == swing.from || frame == swing.to);
            let on_grid = frame.rem_euclid(GRID) == 0 || (anew && frame == from);
            if !self.stepped && (on_point || begins || on_grid) {
                let still = self.drawn_after(segment, end);
                let still = still.clamp_between(drawn.map_or(node.value, |n| n.value), node.value);
                let swung = if swings { self.swung(end) } else { 0.0 };
                let still = self.led(still, end);
                let value = if swings { self.within(still + swung) } else { still };
                events.push(Event { at, param, value, glide: (end - frame) as u32 });
            }
            frame = end;
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

/// The value that a lane begins with, of a parameter that is written as `value`.
pub(crate) fn starting(lane: &Lane, value: f64, spec: &ParamSpec) -> f64 {
    // Any rate will do for the first frame, and the first point.
    let points = lane.points.first().copied().into_iter().collect();
    let first = Lane { points, ..lane.clone() };
    Motion::new(&first, value, spec, 48_000).value_after(0, 0)
}

/// What a parameter takes, from the least to the most.
fn range(spec: &ParamSpec) -> (f64, f64) {
    match spec.kind {
        ParamKind::Number { min, max, .. } => (min, max),
        ParamKind::Integer { min, max } => (min as f64, max as f64),
        ParamKind::Steps(steps) => steps.iter().fold((f64::MAX, f64::MIN), |(l, h), s| (l.min(*s), h.max(*s))),
        ParamKind::Switch => (0.0, 1.0),
        ParamKind::Choice(choices) => (0.0, choices.len().saturating_sub(1) as f64),
    }
}

#[cfg(test)]
mod tests {
    use tonmeister_session::model::{LfoShape, Point, Target};
    use tonmeister_session::tables::{STRIP, place};

    use super::*;

    const RATE: u32 = 1000;

    fn motion(param: &str, points: &[(f64, f64, Curve)]) -> Motion {
        swinging(param, points, Vec::new())
    }

    fn swinging(param: &str, points: &[(f64, f64, Curve)], lfos: Vec<Lfo>) -> Motion {
        let points = points.iter().map(|&(time_s, value, curve)| Point::new(time_s, value, curve)).collect();
        let place = place(STRIP, param);
        let lane = Lane { lfos, ..Lane::new(Target::Strip(place), points) };
        Motion::new(&lane, STRIP[place].default, &STRIP[place], RATE)
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

    /// A lane of a million points costs what a lane of ten costs: the next question falls into the same segment or the
    /// next.
    #[test]
    fn a_million_points_are_looked_up_without_a_search() {
        let points: Vec<_> = (0..1_000_000).map(|i| (f64::from(i) * 0.004, f64::from(i % 2), Curve::Linear)).collect();
        let m = motion("pan", &points);
        let mut events = Vec::new();
        for block in 0..5000 {
            let (from, to) = (block * 40, block * 40 + 40);
            assert!(m.still(from, to).is_none());
            (from..to).for_each(|frame| assert!(m.heard(frame).is_finite()));
            m.events(from, to, ParamIndex(0), &mut events);
        }
        // Ten segments a block: the events begin a block anew, once each; nothing else searches.
        assert!(m.searches.get() <= 5000, "{} searches", m.searches.get());
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
        let square = |from_s, to_s| Lfo { shape: LfoShape::Square, from_s, to_s: Some(to_s), ..Lfo::sine(9.0, 0.3) };
        let bezier = Curve::Bezier([0.9, 0.1, 0.3, 0.7]);
        let points =
            [(0.05, -1.0, Curve::Hold), (0.3, 0.5, Curve::Linear), (0.35, 0.7, Curve::Hold), (0.9, 0.0, Curve::S)];
        let drawn = [(0.05, -1.0, Curve::Hold), (0.3, 0.5, Curve::Bend(6.0)), (0.7, -0.2, bezier)];
        same_however_cut(&motion("pan", &points), 0.0);
        same_however_cut(&motion("pan", &drawn), -0.2);
        same_however_cut(&swinging("pan", &points, vec![square(0.013, 0.5), square(0.31, 0.77)]), 0.0);
        same_however_cut(&swinging("pan", &[], vec![Lfo { phase: 0.25, ..square(0.013, 0.5) }]), 0.0);
    }

    fn same_however_cut(m: &Motion, last: f64) {
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
        assert!(whole.len() > 8);
        for size in [1, 13, 64, 100] {
            assert_eq!(collect(size), whole);
        }
        // The straight lines join: each starts where the one before ended, and they end on the last point. What jumps
        // is set where it jumps.
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
        assert!((value - last).abs() < 1e-12, "{value}");
    }
}
