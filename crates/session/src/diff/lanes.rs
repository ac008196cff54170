//! Automation in both songs: from when to when two lanes differ, and by how much.

use tonmeister_core::{Automatable, ParamSpec};

use super::words::{clock, distance, number};
use super::{About, Both, Pair};
use crate::model::{Follower, Lane, Lfo, Strip, Target};
use crate::version::in_decibels;

/// Levels nearer than this are the same, in decibels (and so are other values, by [`distance`]).
const SAME: f64 = 0.01;
/// Places inside a segment of two lanes that are looked at, besides its ends.
const STEPS: usize = 16;
/// With more points than this in both lanes, fewer.
const MANY: usize = 20_000;

/// How much of what swings is looked at, in seconds, and in how many places.
const SWUNG_S: f64 = 64.0;
const SWINGS: usize = 1000;

/// How a value of a strip goes over time.
struct Course<'s> {
    spec: &'s ParamSpec,
    written: f64,
    lane: Option<&'s Lane>,
}

impl<'s> Course<'s> {
    fn of(strip: &'s Strip, target: Target) -> Self {
        Course { spec: strip.target_spec(target), written: strip.value(target), lane: strip.lane(target) }
    }

    fn at(&self, time_s: f64) -> f64 {
        self.drawn(time_s) + self.lfos().iter().map(|lfo| lfo.at(time_s)).sum::<f64>()
    }

    fn lfos(&self) -> &'s [Lfo] {
        self.lane.map_or(&[][..], |lane| &lane.lfos)
    }

    fn drawn(&self, time_s: f64) -> f64 {
        let points = self.lane.map_or(&[][..], |lane| &lane.points);
        let next = points.partition_point(|point| point.time_s <= time_s);
        match (next.checked_sub(1).map(|at| points[at]), points.get(next)) {
            (None, None) => self.written,
            (None, Some(first)) => first.value,
            (Some(last), None) => last.value,
            (Some(from), Some(to)) => {
                let part = (time_s - from.time_s) / (to.time_s - from.time_s);
                to.curve.between(from.value, to.value, part, in_decibels(self.spec))
            }
        }
    }
}

/// Every time at which one of two courses may turn, and some between.
fn times(a: &Course<'_>, b: &Course<'_>) -> Vec<f64> {
    let points =
        |course: &Course<'_>| course.lane.map_or(Vec::new(), |lane| lane.points.iter().map(|p| p.time_s).collect());
    let mut turns: Vec<f64> = points(a);
    turns.extend(points(b));
    for lfo in a.lfos().iter().chain(b.lfos()) {
        let length = lfo.to_s.map_or(SWUNG_S, |to| (to - lfo.from_s).min(SWUNG_S));
        turns.extend((0..=SWINGS).map(|step| lfo.from_s + length * step as f64 / SWINGS as f64));
        turns.extend(lfo.ends_s());
    }
    turns.push(0.0);
    turns.sort_by(f64::total_cmp);
    turns.dedup();
    let steps = if turns.len() > MANY { 2 } else { STEPS };
    let mut times = Vec::with_capacity(turns.len() * steps);
    for pair in turns.windows(2) {
        times.extend((0..steps).map(|step| pair[0] + (pair[1] - pair[0]) * step as f64 / steps as f64));
    }
    times.extend(turns.last());
    times
}

impl Pair<'_> {
    /// Compares what moves a value; false where nothing moves it in either song, so that its written values count.
    pub(super) fn moves(&mut self, both: &Both<'_>, (from, to): (Target, Target), local: &str, what: &str) -> bool {
        let a = Course::of(self.before.strip(both.before), from);
        let b = Course::of(self.after.strip(both.after), to);
        let (follow_a, follow_b) = (a.lane.and_then(|lane| lane.follow), b.lane.and_then(|lane| lane.follow));
        self.follows(both, (follow_a, follow_b), b.spec, (local, what));
        let whole = |follow: Option<Follower>| follow.is_some_and(|follow| follow.depth == 1.0);
        if whole(follow_a) && whole(follow_b) {
            // What is drawn or written is not heard in either.
            if !same_points(a.lane, b.lane) {
                let sentence =
                    format!("{}: {what} automation changed under the level that it follows, unheard", both.id);
                self.add(About::Automation, format!("{}/{local}", both.id), 0.0, sentence);
            }
            return true;
        }
        let drawn = |lane: &&Lane| !lane.points.is_empty() || !lane.lfos.is_empty();
        let (a, b) = (Course { lane: a.lane.filter(drawn), ..a }, Course { lane: b.lane.filter(drawn), ..b });
        if a.lane.is_none() && b.lane.is_none() {
            return false;
        }
        let verb = match (a.lane, b.lane) {
            (None, _) => "added",
            (_, None) => "taken out",
            _ => "changed",
        };
        let times = times(&a, &b);
        let (mut first, mut last, mut most) = (None, None, 0.0_f64);
        for (place, time) in times.iter().enumerate() {
            let apart = distance(b.spec, a.at(*time), b.at(*time));
            if apart > SAME {
                first = first.or(Some(place));
                last = Some(place);
                most = most.max(apart);
            }
        }
        let mut sentence = format!("{}: {what} automation {verb}", both.id);
        let mut during = None;
        if let (Some(first), Some(last)) = (first, last) {
            let begin = times[first.saturating_sub(1)];
            let end = times.get(last + 1).copied();
            let when = match (begin, end) {
                (0.0, None) => "all through".into(),
                (begin, None) => format!("from {} on", clock(begin)),
                (begin, Some(end)) => format!("between {} and {}", clock(begin), clock(end)),
            };
            let most = number((most * 10.0).round() / 10.0);
            let how = if in_decibels(b.spec) { format!(" (up to {most} dB)") } else { String::new() };
            sentence = format!("{sentence} {when}{how}");
            during = Some((begin, end));
        } else if verb == "changed" {
            if a.lane == b.lane || same_points(a.lane, b.lane) {
                return true;
            }
            sentence = format!("{}: {what} automation written otherwise, to the same effect", both.id);
        }
        let weight = match b.spec.automatable {
            _ if during.is_none() => 0.0,
            Automatable::Stepped if local == "mute" => 60.0,
            _ => most,
        };
        let found = self.add(About::Automation, format!("{}/{local}", both.id), weight * both.reach, sentence);
        found.during_s = during;
        true
    }
}

/// The same but for what they move by its place.
fn same_points(a: Option<&Lane>, b: Option<&Lane>) -> bool {
    a.map(|lane| (&lane.points, &lane.lfos)) == b.map(|lane| (&lane.points, &lane.lfos))
}
