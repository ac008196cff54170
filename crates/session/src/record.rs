//! Automation as it is recorded: moves of a control, while the song plays, become the points of a lane.
//!
//! The modes are those of mixing desks, as Pro Tools and Ardour define them:
//!
//! | mode | writes from | until | behind that |
//! |---|---|---|---|
//! | [`Mode::Write`] | the start | the stop | what was there |
//! | [`Mode::Touch`] | each touch | each release | returns to what was there, in the return time |
//! | [`Mode::Latch`] | the first touch | the stop | what was there |
//! | [`Mode::Trim`] | each touch | each release | adds to what was there; the offset returns to zero |
//! | [`Mode::TrimLatch`] | the first touch | the stop | adds to what was there |

mod moves;

use tonmeister_core::ParamSpec;

pub use moves::{Move, read_moves, record};

use crate::lane::{anchor, lay, straight, value_at, within};
use crate::model::{Curve, Point};

/// How moves are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// All that plays is overwritten by where the control stands, touched or not.
    Write,
    /// Only what is touched is overwritten.
    Touch,
    /// From the first touch on it is overwritten, by where the control was left.
    Latch,
    /// The control is an offset that is added while it is touched.
    Trim,
    /// The control is an offset that is added from the first touch on.
    TrimLatch,
}

impl Mode {
    fn adds(self) -> bool {
        matches!(self, Mode::Trim | Mode::TrimLatch)
    }

    fn ends_on_release(self) -> bool {
        matches!(self, Mode::Touch | Mode::Trim)
    }
}

/// A control that says nothing for this long rests where it was; in seconds.
const REST_S: f64 = 0.05;

/// Takes what a control does while the song plays, and yields the lane that it leaves. It knows no clock: every call
/// says when it was, and times rise.
#[derive(Clone, Debug)]
pub struct Recorder<'s> {
    spec: &'s ParamSpec,
    mode: Mode,
    old: Vec<Point>,
    return_s: f64,
    frame_s: f64,
    now_s: f64,
    value: f64,
    touched: bool,
    /// Where the pass that is being written began, and its moves.
    pass: Option<Vec<(f64, f64)>>,
    passes: Vec<Vec<(f64, f64)>>,
}

impl<'s> Recorder<'s> {
    /// The song begins to play at `start_s`, the control standing at `value`: a value of the parameter, or an offset in
    /// its unit in the trim modes. `old` are the lane's points; where it has none, one with the written value.
    /// `return_s` is the time in which [`Mode::Touch`] and [`Mode::Trim`] return after a release; `sample_rate_hz` says
    /// within which time a lane jumps where nothing returns.
    pub fn new(
        spec: &'s ParamSpec,
        mode: Mode,
        old: &[Point],
        (start_s, value): (f64, f64),
        return_s: f64,
        sample_rate_hz: u32,
    ) -> Self {
        let pass = (mode == Mode::Write).then(|| vec![(start_s, value)]);
        Recorder {
            spec,
            mode,
            old: old.to_vec(),
            return_s: return_s.max(0.0),
            frame_s: 1.0 / f64::from(sample_rate_hz),
            now_s: start_s,
            value,
            touched: false,
            pass,
            passes: Vec::new(),
        }
    }

    /// Where the control stands at a time if nobody touches it: where it was left while something is written, else on the
    /// lane; an offset on zero.
    pub fn stands(&self, time_s: f64) -> f64 {
        match &self.pass {
            Some(_) => self.value,
            None if self.mode.adds() => 0.0,
            None => value_at(&self.old, self.spec, time_s).unwrap_or(self.value),
        }
    }

    /// A hand is laid on the control, which stands at that value. A time before the last call's counts as that.
    pub fn touch(&mut self, time_s: f64, value: f64) {
        self.now_s = self.now_s.max(time_s);
        self.touched = true;
        match &mut self.pass {
            Some(_) => self.moved(time_s, value),
            none => *none = Some(vec![(self.now_s, value)]),
        }
        self.value = value;
    }

    /// The control was moved. Untouched, it is heard in the modes that write anyway.
    pub fn moved(&mut self, time_s: f64, value: f64) {
        self.now_s = self.now_s.max(time_s);
        let now = self.now_s;
        let before = std::mem::replace(&mut self.value, value);
        let Some(moves) = &mut self.pass else { return };
        if self.mode.ends_on_release() && !self.touched {
            return;
        }
        let Some(last) = moves.last().copied() else { return };
        if now - last.0 > REST_S {
            moves.push((now - REST_S, before));
        }
        match moves.last_mut() {
            // Of two at one time the later counts.
            Some(last) if last.0 >= now => last.1 = value,
            _ => moves.push((now, value)),
        }
    }

    /// The hand is taken off.
    pub fn release(&mut self, time_s: f64) {
        self.now_s = self.now_s.max(time_s);
        self.touched = false;
        if self.mode.ends_on_release() {
            self.end();
        }
    }

    /// Ends the pass that is being written.
    fn end(&mut self) {
        let Some(mut moves) = self.pass.take() else { return };
        if let Some(last) = moves.last().copied().filter(|last| last.0 < self.now_s) {
            moves.push((self.now_s, last.1));
        }
        self.passes.push(moves);
    }

    /// The song stops; the lane as it is now. Dense moves are [thinned](crate::lane::thin) by whoever asked for them.
    pub fn stop(mut self, time_s: f64) -> Vec<Point> {
        self.now_s = self.now_s.max(time_s);
        self.end();
        let mut lane = self.old.clone();
        let passes = std::mem::take(&mut self.passes);
        for (place, moves) in passes.iter().enumerate() {
            let Some((end_s, last)) = moves.last().copied().filter(|(end, _)| *end > moves[0].0) else { continue };
            // A return ends where the next touch begins.
            let most = passes.get(place + 1).map_or(f64::INFINITY, |next| next[0].0 - end_s);
            let returns = if self.mode.ends_on_release() { self.return_s.min(most) } else { 0.0 };
            let part = if self.return_s > 0.0 { returns / self.return_s } else { 0.0 };
            let mut piece = if self.mode.adds() {
                self.trimmed(moves, (end_s, last), (returns, part))
            } else {
                moves.iter().map(|(time, value)| self.point(*time, *value)).collect()
            };
            if !self.mode.adds() && returns > 0.0 {
                // Cut short, it has come as far as a straight line to its goal would have.
                let goal = value_at(&self.old, self.spec, end_s + self.return_s).unwrap_or(last);
                piece.push(self.point(end_s + returns, last + (goal - last) * part));
            }
            lane = lay(&lane, self.spec, piece, self.frame_s);
        }
        lane
    }

    fn point(&self, time_s: f64, value: f64) -> Point {
        Point::new(time_s, within(self.spec, value), straight(self.spec))
    }

    /// The old lane with the offset on it.
    fn trimmed(&self, moves: &[(f64, f64)], (end_s, last): (f64, f64), (returns, part): (f64, f64)) -> Vec<Point> {
        let mut offsets: Vec<Point> = moves.iter().map(|(t, v)| Point::new(*t, *v, Curve::Linear)).collect();
        if returns > 0.0 {
            offsets.push(Point::new(end_s + returns, last * (1.0 - part), Curve::Linear));
        }
        let (begin, end) = (moves[0].0, end_s + returns);
        let mut old = self.old.clone();
        for offset in &offsets {
            anchor(&mut old, self.spec, offset.time_s);
        }
        old.retain(|point| (begin..=end).contains(&point.time_s));
        let offset = |time: f64| {
            let next = offsets.partition_point(|point| point.time_s <= time);
            match (offsets[..next].last(), offsets.get(next)) {
                (Some(a), Some(b)) => a.value + (b.value - a.value) * (time - a.time_s) / (b.time_s - a.time_s),
                (Some(a), None) => a.value,
                (None, first) => first.map_or(0.0, |first| first.value),
            }
        };
        let mut out: Vec<Point> = Vec::with_capacity(old.len());
        for (place, point) in old.iter().enumerate() {
            let moved = Point { value: within(self.spec, point.value + offset(point.time_s)), ..*point };
            let before = place.checked_sub(1).map(|before| old[before]);
            // A curve moves up and down as it is; a curve that is turned while it moves is drawn in straight pieces.
            let turned = before.filter(|before| {
                let drawn = point.curve != straight(self.spec) && point.curve != Curve::Hold;
                drawn && offset(before.time_s) != offset(point.time_s)
            });
            let Some(before) = turned else {
                out.push(moved);
                continue;
            };
            for step in 1..TURNED {
                let time = before.time_s + (point.time_s - before.time_s) * step as f64 / TURNED as f64;
                let value = value_at(&self.old, self.spec, time).unwrap_or(point.value);
                out.push(self.point(time, value + offset(time)));
            }
            out.push(Point { curve: straight(self.spec), ..moved });
        }
        out
    }
}

/// Straight pieces of a curve that is turned while it moves.
const TURNED: usize = 64;

#[cfg(test)]
mod tests;
