//! Summing: how one strip's signal enters another, with fader, pan, width and send level in one matrix.

use multiversion::multiversion;
use tonmeister_core::pan::{self, Matrix};
use tonmeister_core::{Layout, View};
use tonmeister_session::model::{Follow, PanLaw, Strip, Tap, Target};
use tonmeister_session::tables::{SEND, STRIP, place};

use crate::automation::Motion;
use crate::follow::Moved;
use crate::live::{AUX, Hand, OUT};
use crate::name::ENTRY;
use crate::plan::Path;

mod cell;
#[cfg(test)]
mod tests;

use cell::{Cell, Drawn};

/// The motion of one entry of a strip's own table.
pub(crate) fn strip_motion(strip: &Strip, id: &str, sample_rate: u32) -> Motion {
    let index = place(STRIP, id);
    motion(strip, Target::Strip(index), strip.values[index], sample_rate)
}

fn send_motion(strip: &Strip, send: usize, id: &str, sample_rate: u32) -> Motion {
    let param = place(SEND, id);
    motion(strip, Target::Send { send, param }, strip.sends[send].values[param], sample_rate)
}

/// The lane of a target, or its written value.
pub(crate) fn motion(strip: &Strip, target: Target, value: f64, sample_rate: u32) -> Motion {
    let spec = strip.target_spec(target);
    match strip.automation.iter().find(|lane| lane.target == target) {
        Some(lane) => Motion::new(lane, value, spec, sample_rate),
        None => Motion::constant(value, spec),
    }
}

/// A fader that turns a strip besides its own.
fn followed(follow: &Follow, sample_rate: u32) -> Motion {
    let spec = &STRIP[place(STRIP, "fader_db")];
    match &follow.lane {
        Some(lane) => Motion::new(lane, follow.db, spec, sample_rate),
        None => Motion::constant(follow.db, spec),
    }
}

/// Whether a fader elsewhere turns a way out.
fn turns(path: Path, follow: &Follow) -> bool {
    match path {
        Path::Output => follow.ways.main,
        Path::Send(_, Tap::Post) => follow.ways.post,
        Path::Send(_, Tap::Pre) => follow.ways.pre,
        Path::Key { muted } => follow.ways.post && !(muted && follow.mutes),
        Path::Through => false,
    }
}

/// What of a strip follows a level and works on that way out of it.
pub(crate) fn moved_on(strip: &Strip, path: Path) -> Vec<Moved> {
    let works = |target: Target| match (target, path) {
        (_, Path::Through) | (Target::Insert { .. }, _) => false,
        (Target::Strip(at), _) => !ENTRY.contains(&STRIP[at].id) && !matches!(path, Path::Send(_, Tap::Pre)),
        (Target::Send { send, .. }, Path::Send(own, _)) => send == own,
        (Target::Send { .. }, _) => false,
    };
    let own = strip.automation.iter().filter(|lane| works(lane.target));
    let own = own.filter(|lane| lane.follow.is_some()).map(|lane| Moved::Lane(lane.target));
    let led = |follow: &Follow| follow.lane.as_ref().is_some_and(|lane| lane.follow.is_some());
    let above = strip.followed.iter().enumerate().filter(|(_, follow)| turns(path, follow) && led(follow));
    own.chain(above.map(|(at, _)| Moved::Above(at))).collect()
}

/// What multiplies the way besides fader and mute.
struct Factor {
    motion: Motion,
    /// It counts as a mute: 1 is silence.
    mutes: bool,
    /// Whose lane it is.
    moved: Moved,
}

impl Factor {
    /// Those of one way out: the trim of the fader, the faders that the strip follows, and the mute of a pre-fader send
    /// that it reaches.
    fn of(strip: &Strip, path: Path, sample_rate: u32) -> Vec<Factor> {
        let own = |id| strip_motion(strip, id, sample_rate);
        let pre = matches!(path, Path::Send(_, Tap::Pre));
        let lane = |id| Moved::Lane(Target::Strip(place(STRIP, id)));
        let factor = |id, mutes| Factor { motion: own(id), mutes, moved: lane(id) };
        let trim = (!pre).then(|| factor("fader_trim_db", false));
        let mute = (pre && strip.is("mute_pre")).then(|| factor("mute", true));
        let others = strip.followed.iter().enumerate().filter(|(_, follow)| turns(path, follow));
        let others = others.map(|(at, follow)| Factor {
            motion: followed(follow, sample_rate),
            mutes: false,
            moved: Moved::Above(at),
        });
        // What does nothing now may be turned; times 1 is the same to the bit.
        trim.into_iter().chain(mute).chain(others).collect()
    }

    fn gain(&self, value: f64) -> f64 {
        if self.mutes { 1.0 - value } else { value }
    }
}

/// How far ahead it is worked out what rests, in frames.
const AHEAD: i64 = 8192;

/// What rests while something else moves: the values of [`Gains`], and what follows from them alone.
#[derive(Default)]
pub(crate) struct Resting {
    strip: [Option<f64>; 6],
    send: [Option<f64>; 3],
    factor: Option<f64>,
    placed: Option<Matrix>,
    aside: Option<Matrix>,
    /// All but the fader.
    unit: Option<Matrix>,
}

/// What rests between two frames.
pub(crate) struct Ahead {
    from: i64,
    to: i64,
    rest: Resting,
}

/// Everything between a strip's inserts and the place where it is summed.
pub(crate) struct Gains {
    pub(crate) layout: Layout,
    exponent: Option<f64>,
    dual: bool,
    /// Fader, mute, pan, pan of left, pan of right, width; absent on pre-fader sends.
    pub(crate) strip: Option<[Motion; 6]>,
    factors: Vec<Factor>,
    /// Level, pan, mute of the send.
    pub(crate) send: Option<[Motion; 3]>,
    /// The matrix while nothing moves, and until when that is known.
    pub(crate) held: Option<(Matrix, i64)>,
    /// What rests for a while, while something moves.
    pub(crate) ahead: Option<Ahead>,
    /// What only a live driver needs.
    pub(crate) hand: Hand,
    /// The cell that the last frame lay in, while something moves.
    pub(crate) cell: Option<Cell>,
}

impl Gains {
    /// The gains of one way out of a strip whose inserts deliver that layout.
    pub(crate) fn new(strip: &Strip, layout: Layout, path: Path, law: PanLaw, sample_rate: u32) -> Self {
        let own = |id| strip_motion(strip, id, sample_rate);
        let with_strip = !matches!(path, Path::Send(_, Tap::Pre));
        let point = if path == Path::Output { "mute_main" } else { "mute_post" };
        let mutes = strip.is(point) && path != Path::Key { muted: true };
        let unmuted = || Motion::constant(0.0, &STRIP[place(STRIP, "mute")]);
        let mute = || if mutes { own("mute") } else { unmuted() };
        let fader = || [own("fader_db"), mute(), own("pan"), own("pan_left"), own("pan_right"), own("width")];
        let send = match path {
            Path::Send(send, _) => {
                Some(["level_db", "pan", "mute"].map(|id| send_motion(strip, send, id, sample_rate)))
            }
            Path::Output | Path::Through | Path::Key { .. } => None,
        };
        Gains {
            layout,
            exponent: law.exponent(),
            dual: strip.get("pan_mode") == 1.0,
            strip: with_strip.then(fader),
            factors: Factor::of(strip, path, sample_rate),
            send,
            held: None,
            ahead: None,
            hand: Hand::new(path, mutes, sample_rate),
            cell: None,
        }
    }

    /// Takes the levels that one of its lanes follows, for the frames from `frame` on.
    pub(crate) fn hear(&mut self, moved: Moved, frame: i64, levels: &[f32]) {
        if let Some(motion) = self.motion(moved) {
            motion.hear(frame, levels);
        }
    }

    /// The motion of a control on this way out, if it works there.
    pub(crate) fn motion(&mut self, moved: Moved) -> Option<&mut Motion> {
        if let Some(factor) = self.factors.iter_mut().find(|factor| factor.moved == moved) {
            return Some(&mut factor.motion);
        }
        match moved {
            Moved::Lane(Target::Strip(at)) if self.hand.reaches(at) => {
                let place = OUT.iter().position(|id| *id == STRIP[at].id)?;
                self.strip.as_mut().map(|motions| &mut motions[place])
            }
            Moved::Lane(Target::Send { send, param }) if self.hand.is_send(send) => {
                let place = AUX.iter().position(|id| *id == SEND[param].id)?;
                self.send.as_mut().map(|motions| &mut motions[place])
            }
            Moved::Lane(_) | Moved::Above(_) => None,
        }
    }

    /// Whether nothing is ever heard that way: a fader is down or a mute is on, and nothing moves it.
    pub(crate) fn is_silent(&self) -> bool {
        let is = |motion: &Motion, value: f64| motion.constant_value() == Some(value);
        let strip = self.strip.as_ref().is_some_and(|m| is(&m[0], 0.0) || is(&m[1], 1.0));
        let send = self.send.as_ref().is_some_and(|m| is(&m[0], 0.0) || is(&m[2], 1.0));
        strip || send || self.factors.iter().any(|f| f.motion.constant_value().is_some_and(|v| f.gain(v) == 0.0))
    }

    /// The matrix all through `from..to`, if nothing moves there.
    fn still(&mut self, from: i64, to: i64) -> Option<Matrix> {
        if let Some((matrix, until)) = self.held
            && to <= until
        {
            return Some(matrix);
        }
        let matrix = self.unmoved(from, to);
        // As far ahead as possible, so that it need not be asked again soon.
        self.held = matrix.map(|near| self.unmoved(from, to + AHEAD).map_or((near, to), |far| (far, to + AHEAD)));
        matrix
    }

    fn unmoved(&self, from: i64, to: i64) -> Option<Matrix> {
        let still = |motions: &[Motion], values: &mut [f64]| {
            motions.iter().zip(values).all(|(m, v)| m.still(from, to).map(|value| *v = value).is_some())
        };
        let (mut strip, mut send) = ([0.0; 6], [0.0; 3]);
        let rests = self.strip.as_ref().is_none_or(|m| still(m, &mut strip))
            && self.send.as_ref().is_none_or(|m| still(m, &mut send));
        if !rests {
            return None;
        }
        let factor = self.factors.iter().try_fold(1.0, |all, f| f.motion.still(from, to).map(|v| all * f.gain(v)));
        factor.map(|factor| self.matrix(&strip, factor, &send, &Resting::default()))
    }

    /// What does not move all through `from..to`, so that it need not be asked for every frame.
    pub(crate) fn resting(&self, from: i64, to: i64) -> Resting {
        let still = |motion: &Motion| motion.still(from, to);
        let strip = self.strip.as_ref().map_or([Some(0.0); 6], |m| m.each_ref().map(still));
        let send = self.send.as_ref().map_or([Some(0.0); 3], |m| m.each_ref().map(still));
        let factor = self.factors.iter().try_fold(1.0, |all, f| still(&f.motion).map(|v| all * f.gain(v)));
        let placed = match strip {
            [_, _, Some(pan), Some(left), Some(right), Some(width)] => Some(self.placed(pan, left, right, width)),
            _ => None,
        };
        let aside = send[1].map(|pan| pan::balance(self.exponent, pan));
        let mut rest = Resting { strip, send, factor, placed, aside, unit: None };
        if let ([_, Some(mute), Some(pan), Some(left), Some(right), Some(width)], Some(factor)) = (strip, factor)
            && let [Some(level), Some(aside), Some(off)] = send
        {
            let strip = [1.0, mute, pan, left, right, width];
            rest.unit = Some(self.unit(&strip, factor, &[level, aside, off], &rest));
        }
        rest
    }

    pub(crate) fn at(&self, frame: i64, rest: &Resting) -> Matrix {
        if let (Some(unit), Some([fader, ..])) = (rest.unit, &self.strip) {
            let mut matrix = unit;
            scale(&mut matrix, rest.strip[0].unwrap_or_else(|| fader.heard(frame)));
            return matrix;
        }
        let strip = self
            .strip
            .as_ref()
            .map_or([0.0; 6], |m| std::array::from_fn(|i| rest.strip[i].unwrap_or_else(|| m[i].heard(frame))));
        let send = self
            .send
            .as_ref()
            .map_or([0.0; 3], |m| std::array::from_fn(|i| rest.send[i].unwrap_or_else(|| m[i].heard(frame))));
        let factor =
            rest.factor.unwrap_or_else(|| self.factors.iter().fold(1.0, |all, f| all * f.gain(f.motion.heard(frame))));
        self.matrix(&strip, factor, &send, rest)
    }

    /// Where pan and width put the signal.
    fn placed(&self, pan: f64, pan_left: f64, pan_right: f64, width: f64) -> Matrix {
        match (self.layout, &self.strip) {
            (Layout::Mono, None) => from_mono(pan::mono(self.exponent, 0.0)),
            (Layout::Mono, Some(_)) => from_mono(pan::mono(self.exponent, pan)),
            (Layout::Stereo, None) => pan::IDENTITY,
            (Layout::Stereo, Some(_)) if self.dual => {
                pan::compose(pan::dual(self.exponent, pan_left, pan_right), pan::width(width))
            }
            (Layout::Stereo, Some(_)) => pan::compose(pan::balance(self.exponent, pan), pan::width(width)),
        }
    }

    /// The matrix of those values. The fader comes last, so that where only it moves the rest is one matrix.
    fn matrix(&self, strip: &[f64; 6], factor: f64, send: &[f64; 3], rest: &Resting) -> Matrix {
        let mut matrix = rest.unit.unwrap_or_else(|| self.unit(strip, factor, send, rest));
        if self.strip.is_some() {
            scale(&mut matrix, strip[0]);
        }
        matrix
    }

    /// The matrix with the fader at 0 dB.
    fn unit(&self, strip: &[f64; 6], factor: f64, send: &[f64; 3], rest: &Resting) -> Matrix {
        let &[_, mute, pan, pan_left, pan_right, width] = strip;
        let mut matrix = rest.placed.unwrap_or_else(|| self.placed(pan, pan_left, pan_right, width));
        if self.strip.is_some() {
            scale(&mut matrix, 1.0 - mute);
        }
        if !self.factors.is_empty() {
            scale(&mut matrix, factor);
        }
        if self.send.is_some() {
            let &[level, pan, mute] = send;
            matrix = pan::compose(rest.aside.unwrap_or_else(|| pan::balance(self.exponent, pan)), matrix);
            scale(&mut matrix, level * (1.0 - mute));
        }
        matrix
    }

    /// Adds `input`, which begins at that frame of the song, to the two sums.
    pub(crate) fn add(&mut self, frame: i64, input: View<'_>, sums: [&mut [f64]; 2]) {
        if self.follow(frame, input.frames()) {
            return self.add_crossing(frame, self.sides(input), sums);
        }
        self.add_settled(frame, input, sums);
    }

    /// What [`Gains::add`] makes of sums that are nothing, rounded to samples: for who hears this signal alone. `sums` is
    /// room to do it in.
    pub(crate) fn put(&mut self, frame: i64, input: View<'_>, sums: [&mut [f64]; 2], out: [&mut [f32]; 2]) {
        let crosses = self.follow(frame, input.frames());
        let still = if crosses { None } else { self.still(frame, frame + input.frames() as i64) };
        let ([x0, x1], [left, right]) = (self.sides(input), out);
        match (still, self.layout) {
            (Some([[a, _], [b, _]]), Layout::Mono) => {
                put_scaled(x0, a, left);
                put_scaled(x0, b, right);
            }
            (Some([[a, b], [c, d]]), Layout::Stereo) if b == 0.0 && c == 0.0 => {
                put_scaled(x0, a, left);
                put_scaled(x1, d, right);
            }
            _ => {
                let [one, other] = sums;
                one.fill(0.0);
                other.fill(0.0);
                if crosses {
                    self.add_crossing(frame, [x0, x1], [one, other]);
                } else {
                    self.add_settled(frame, input, [one, other]);
                }
                round_scaled(one, 1.0, left);
                round_scaled(other, 1.0, right);
            }
        }
    }

    /// [`Gains::put`] of a stereo signal in its own place.
    pub(crate) fn put_back(&mut self, frame: i64, sums: [&mut [f64]; 2], (left, right): (&mut [f32], &mut [f32])) {
        let crosses = self.follow(frame, left.len());
        let still = if crosses { None } else { self.still(frame, frame + left.len() as i64) };
        if let Some([[a, 0.0], [0.0, d]]) = still {
            rescale(left, a);
            rescale(right, d);
            return;
        }
        let [one, other] = sums;
        one.fill(0.0);
        other.fill(0.0);
        if crosses {
            self.add_crossing(frame, [&*left, &*right], [one, other]);
        } else {
            self.add_settled(frame, View::stereo(left, right), [one, other]);
        }
        round_scaled(one, 1.0, left);
        round_scaled(other, 1.0, right);
    }

    /// Both channels of a signal. That of mono is there twice: its factor is zero there and it is never read.
    fn sides<'a>(&self, input: View<'a>) -> [&'a [f32]; 2] {
        [input.channel(0), input.channel(self.layout.channels() - 1)]
    }

    /// [`Gains::add`] while no hand moves them.
    fn add_settled(&mut self, frame: i64, input: View<'_>, [left, right]: [&mut [f64]; 2]) {
        let frames = input.frames();
        let [x0, x1] = self.sides(input);
        match (self.still(frame, frame + frames as i64), self.layout) {
            (Some([[a, _], [b, _]]), Layout::Mono) => add_scaled_pair(x0, a, b, left, right),
            (Some([[a, b], [c, d]]), Layout::Stereo) if b == 0.0 && c == 0.0 => {
                add_scaled(x0, a, left);
                add_scaled(x1, d, right);
            }
            (Some([[a, b], [c, d]]), Layout::Stereo) => {
                add_crossed(x0, x1, [a, b], left);
                add_crossed(x0, x1, [c, d], right);
            }
            (None, _) => {
                let ahead = self.resting_around(frame, frame + frames as i64);
                let mut done = 0;
                while done < frames {
                    let here = frame + done as i64;
                    let cell = self.cell_at(here, &ahead.rest);
                    let end = frames.min(done + cell.left(here));
                    let inputs = [&x0[done..end], &x1[done..end]];
                    let sums = [&mut left[done..end], &mut right[done..end]];
                    self.add_cell(&cell, here, &ahead.rest, inputs, sums);
                    done = end;
                }
                self.ahead = Some(ahead);
            }
        }
    }

    /// What rests in all the cells that those frames touch, and for a while behind them.
    fn resting_around(&mut self, from: i64, to: i64) -> Ahead {
        let (from, to) = (from - cell::LONGEST, to + cell::LONGEST);
        match self.ahead.take() {
            Some(ahead) if ahead.from <= from && to <= ahead.to => ahead,
            _ => Ahead { from, to: to + AHEAD, rest: self.resting(from, to + AHEAD) },
        }
    }

    fn cell_at(&mut self, frame: i64, rest: &Resting) -> Cell {
        if let Some(cell) = self.cell.filter(|cell| cell.holds(frame)) {
            return cell;
        }
        let cell = Cell::around(self, frame, self.cell.as_ref(), rest);
        self.cell = Some(cell);
        cell
    }

    fn motions(&self) -> impl Iterator<Item = &Motion> {
        let strip = self.strip.iter().flatten().chain(self.send.iter().flatten());
        strip.chain(self.factors.iter().map(|factor| &factor.motion))
    }

    /// The stretch around a frame in which everything follows the rule that it follows there, within `from..to`.
    fn cut_at_edges(&self, frame: i64, from: i64, to: i64) -> (i64, i64) {
        let (mut begin, mut end) = (from, to);
        for motion in self.motions() {
            let mut edge = motion.next_edge(from);
            while edge <= frame {
                begin = begin.max(edge);
                edge = motion.next_edge(edge);
            }
            end = end.min(edge);
        }
        (begin, end)
    }

    fn swings_in(&self, from: i64, to: i64) -> bool {
        self.motions().any(|motion| motion.swings_in(from, to))
    }

    /// Adds one frame, by the sums of [`Gains::add`] at rest.
    #[inline]
    pub(crate) fn add_frame(&self, [[a, b], [c, d]]: Matrix, input: [f32; 2], [left, right]: [&mut f64; 2]) {
        let [l, r] = input.map(f64::from);
        if self.layout == Layout::Mono {
            *left += l * a;
            *right += r * c;
        } else if b == 0.0 && c == 0.0 {
            *left += l * a;
            *right += r * d;
        } else {
            *left += l * a + r * b;
            *right += l * c + r * d;
        }
    }

    /// Adds frames that all lie in one cell.
    fn add_cell(&self, cell: &Cell, frame: i64, rest: &Resting, [x0, x1]: [&[f32]; 2], [left, right]: [&mut [f64]; 2]) {
        let mono = self.layout == Layout::Mono;
        // The same sums in the same order as at rest, so that cutting a block where a move begins changes no bit.
        match cell.drawn(frame) {
            Some((&Drawn::Ridden([[a, _], [c, _]], fader), first)) if mono => {
                cell::add_ridden_mono(x0, [a, c], &fader, first, left, right);
            }
            Some((&Drawn::Ridden([[a, 0.0], [0.0, d]], fader), first)) => {
                cell::add_ridden_sides([x0, x1], [a, d], &fader, first, left, right);
            }
            Some((&Drawn::Ridden(unit, fader), first)) => {
                cell::add_ridden_cross([x0, x1], unit, &fader, first, left, right);
            }
            Some((Drawn::Moving([a, _, c, _]), first)) if mono => {
                cell::add_curved(x0, a, first, left);
                cell::add_curved(x0, c, first, right);
            }
            Some((Drawn::Moving([a, cell::NOTHING, cell::NOTHING, d]), first)) => {
                cell::add_curved(x0, a, first, left);
                cell::add_curved(x1, d, first, right);
            }
            Some((Drawn::Moving([a, b, c, d]), first)) => {
                cell::add_curved_cross([x0, x1], [a, b], first, left);
                cell::add_curved_cross([x0, x1], [c, d], first, right);
            }
            None => {
                for (i, at) in (frame..).enumerate().take(x0.len()) {
                    self.add_frame(self.at(at, rest), [x0[i], x1[i]], [&mut left[i], &mut right[i]]);
                }
            }
        }
    }
}

fn from_mono([left, right]: [f64; 2]) -> Matrix {
    [[left, 0.0], [right, 0.0]]
}

fn scale(matrix: &mut Matrix, factor: f64) {
    for row in matrix {
        *row = row.map(|x| x * factor);
    }
}

#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn add_scaled(input: &[f32], gain: f64, sum: &mut [f64]) {
    for (s, x) in sum.iter_mut().zip(input) {
        *s += f64::from(*x) * gain;
    }
}

#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn add_scaled_pair(input: &[f32], left_gain: f64, right_gain: f64, left: &mut [f64], right: &mut [f64]) {
    for ((l, r), x) in left.iter_mut().zip(right).zip(input) {
        *l += f64::from(*x) * left_gain;
        *r += f64::from(*x) * right_gain;
    }
}

#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn add_crossed(left: &[f32], right: &[f32], [a, b]: [f64; 2], sum: &mut [f64]) {
    for ((s, l), r) in sum.iter_mut().zip(left).zip(right) {
        *s += f64::from(*l) * a + f64::from(*r) * b;
    }
}

/// Samples times a gain, as the sum of it and nothing: a zero comes out positive.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn put_scaled(input: &[f32], gain: f64, out: &mut [f32]) {
    for (y, x) in out.iter_mut().zip(input) {
        *y = (f64::from(*x) * gain + 0.0) as f32;
    }
}

/// The same, in place.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn rescale(samples: &mut [f32], gain: f64) {
    for x in samples {
        *x = (f64::from(*x) * gain + 0.0) as f32;
    }
}

/// Rounds sums, times a gain, to samples.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
pub(crate) fn round_scaled(sum: &[f64], gain: f64, out: &mut [f32]) {
    for (y, s) in out.iter_mut().zip(sum) {
        *y = (*s * gain) as f32;
    }
}

/// Multiplies samples by a gain.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
pub(crate) fn scale_samples(samples: &mut [f32], gain: f64) {
    for x in samples {
        *x = (f64::from(*x) * gain) as f32;
    }
}

/// Adds samples times a gain.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
pub(crate) fn add_samples(from: &[f32], gain: f64, sum: &mut [f32]) {
    for (y, x) in sum.iter_mut().zip(from) {
        *y += (gain * f64::from(*x)) as f32;
    }
}
