//! Automation: lanes, their points and curves, and what swings around them.

use tonmeister_core::{Db, Note};

use super::{Follower, Target};
use crate::tables::SILENCE_DB;
use crate::time::{BarBeat, TempoMap};

/// A parameter's moves over time.
#[derive(Clone, Debug, PartialEq)]
pub struct Lane {
    /// What moves.
    pub target: Target,
    /// Times strictly rising. The first value holds before it, the last after it. Empty only where something swings
    /// around the written value, or a level is followed.
    pub points: Vec<Point>,
    /// What swings around that; they add.
    pub lfos: Vec<Lfo>,
    /// A level that the value follows.
    pub follow: Option<Follower>,
}

impl Lane {
    /// A lane of points.
    pub fn new(target: Target, points: Vec<Point>) -> Self {
        Lane { target, points, lfos: Vec::new(), follow: None }
    }

    /// Whether it moves anything at all while the song plays.
    pub fn moves(&self) -> bool {
        self.points.len() > 1 || !self.lfos.is_empty() || self.follow.is_some()
    }

    /// Whether nothing is left of it.
    pub fn is_empty(&self) -> bool {
        self.points.is_empty() && self.lfos.is_empty() && self.follow.is_none()
    }
}

/// One point of a lane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// When, in seconds from the song's start.
    pub time_s: f64,
    /// The bar and beat that the time was written as.
    pub written: Option<BarBeat>,
    /// The value, in the parameter's unit.
    pub value: f64,
    /// How the value travels from the point before to this one.
    pub curve: Curve,
}

impl Point {
    /// A point at a time in seconds.
    pub fn new(time_s: f64, value: f64, curve: Curve) -> Self {
        Point { time_s, written: None, value, curve }
    }
}

/// How automation travels into a point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Curve {
    /// Stays on the value before, then jumps.
    Hold,
    /// A straight line in the parameter's own quantity. For decibels that is a straight line of *amplitude*.
    Linear,
    /// A straight line in decibels; only for parameters in decibels, and their default.
    DbLinear,
    /// A raised cosine, gentle at both ends; over decibels for parameters in decibels.
    S,
    /// Exponential: after the part x of the way in time, the part (eᵏˣ − 1)/(eᵏ − 1) of the way in value, with
    /// k = −10…10. Above zero slow first, below zero fast first. Over decibels for parameters in decibels.
    Bend(f64),
    /// A cubic Bézier from (0, 0) to (1, 1) with the handles (x₁, y₁) and (x₂, y₂), each 0…1: it never leaves the two
    /// values that it joins. Over decibels for parameters in decibels.
    Bezier([f64; 4]),
}

impl Curve {
    /// Those that are a word, in the order of [`crate::keys::CURVES`].
    pub const ALL: [Curve; 4] = [Curve::Hold, Curve::Linear, Curve::DbLinear, Curve::S];
    /// The most that [`Curve::Bend`] takes.
    pub const MAX_BEND: f64 = 10.0;

    /// As the document writes it, where a word says it.
    pub fn word(self) -> Option<&'static str> {
        let place = match self {
            Curve::Hold => 0,
            Curve::Linear => 1,
            Curve::DbLinear => 2,
            Curve::S => 3,
            Curve::Bend(_) | Curve::Bezier(_) => return None,
        };
        Some(crate::keys::CURVES[place].id)
    }

    /// The value after `part` (0 to 1) of the way in time from one value to another. `amplitude`: they are decibels
    /// that are heard as amplitudes, so that [`Curve::Linear`] is straight in amplitude.
    pub fn between(self, from: f64, to: f64, part: f64, amplitude: bool) -> f64 {
        match self {
            Curve::Hold => from,
            Curve::Linear if amplitude => {
                let (a, b) = (gain(from), gain(to));
                Db::of_gain(a + (b - a) * part).0.max(SILENCE_DB)
            }
            Curve::Linear | Curve::DbLinear => from + (to - from) * part,
            Curve::S => from + (to - from) * (0.5 - 0.5 * (std::f64::consts::PI * part).cos()),
            Curve::Bend(bend) => from + (to - from) * bent(bend, part),
            Curve::Bezier(handles) => from + (to - from) * bezier(handles, part),
        }
    }
}

/// The gain of a fader or send: −150 dB and below is exactly zero.
pub fn gain(db: f64) -> f64 {
    if db <= SILENCE_DB { 0.0 } else { Db(db).gain() }
}

fn bent(bend: f64, part: f64) -> f64 {
    // Below a millionth the curve is a straight line to the last bit that matters.
    if bend.abs() < 1e-6 { part } else { (bend * part).exp_m1() / bend.exp_m1() }
}

/// The height of the curve where it is `part` along. Newton's steps, kept in a bracket that halves where they leave it:
/// always the same steps for the same numbers.
fn bezier([x1, y1, x2, y2]: [f64; 4], part: f64) -> f64 {
    let at = |a: f64, b: f64, t: f64| {
        let s = 1.0 - t;
        3.0 * s * s * t * a + 3.0 * s * t * t * b + t * t * t
    };
    let slope = |a: f64, b: f64, t: f64| {
        let s = 1.0 - t;
        3.0 * (s * s * a + 2.0 * s * t * (b - a) + t * t * (1.0 - b))
    };
    let (mut low, mut high, mut t) = (0.0, 1.0, part.clamp(0.0, 1.0));
    for _ in 0..60 {
        let miss = at(x1, x2, t) - part;
        if miss.abs() < 1e-14 {
            break;
        }
        if miss > 0.0 {
            high = t;
        } else {
            low = t;
        }
        let step = t - miss / slope(x1, x2, t);
        t = if step > low && step < high { step } else { 0.5 * (low + high) };
    }
    at(y1, y2, t)
}

/// A generator: swings around what the points say, or around the written value where there are none.
#[derive(Clone, Debug, PartialEq)]
pub struct Lfo {
    /// How it swings.
    pub shape: LfoShape,
    /// How fast.
    pub rate: Rate,
    /// How far to either side, in the parameter's unit.
    pub depth: f64,
    /// Where in its cycle it is at the song's start, in cycles. Whole cycles matter to [`LfoShape::Random`] only.
    pub phase: f64,
    /// Chooses the values of [`LfoShape::Random`].
    pub seed: u32,
    /// Where it begins, in seconds from the song's start.
    pub from_s: f64,
    /// The bar and beat that the beginning was written as.
    pub from_written: Option<BarBeat>,
    /// Where it ends, in seconds; without it, never.
    pub to_s: Option<f64>,
    /// The bar and beat that the end was written as.
    pub to_written: Option<BarBeat>,
}

/// How a generator swings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LfoShape {
    /// A sine, upwards first.
    Sine,
    /// Straight lines, upwards first.
    Triangle,
    /// Half a cycle up, half a cycle down; the edges take 20 ms.
    Square,
    /// A new value for each cycle, evenly spread; the edges take 20 ms.
    Random,
}

impl LfoShape {
    /// In the order of [`crate::keys::LFO_SHAPES`].
    pub const ALL: [LfoShape; 4] = [LfoShape::Sine, LfoShape::Triangle, LfoShape::Square, LfoShape::Random];

    /// As the document writes it.
    pub fn word(self) -> &'static str {
        crate::keys::LFO_SHAPES[self as usize].id
    }
}

/// How fast a generator swings.
#[derive(Clone, Debug, PartialEq)]
pub enum Rate {
    /// So many cycles a second.
    Hz(f64),
    /// A cycle in each note, counted along the tempo map.
    Note {
        /// The note.
        note: Note,
        /// The song's tempo.
        tempo: TempoMap,
    },
}

/// How long an edge takes, as a raised cosine, in seconds: as long as a jump of a fader.
const EDGE_S: f64 = 0.02;

impl Lfo {
    /// The fastest, in cycles a second: an edge fits into half a cycle.
    pub const MAX_HZ: f64 = 20.0;

    /// A sine of that rate and depth, all through the song.
    pub fn sine(rate_hz: f64, depth: f64) -> Self {
        Lfo {
            shape: LfoShape::Sine,
            rate: Rate::Hz(rate_hz),
            depth,
            phase: 0.0,
            seed: 0,
            from_s: 0.0,
            from_written: None,
            to_s: None,
            to_written: None,
        }
    }

    /// How many cycles have passed since the song's start, the phase counted in, and how many pass in a second.
    fn cycles(&self, time_s: f64) -> (f64, f64) {
        let (cycles, hz) = match &self.rate {
            Rate::Hz(hz) => (hz * time_s, *hz),
            Rate::Note { note, tempo } => {
                let quarters = note.quarters();
                (tempo.quarters(time_s) / quarters, tempo.bpm(time_s) / (60.0 * quarters))
            }
        };
        (cycles + self.phase, hz)
    }

    /// Until when it may move anything, in seconds: its end and the edge behind it.
    pub fn ends_s(&self) -> Option<f64> {
        self.to_s.map(|to| to + EDGE_S)
    }

    /// By how much it moves the parameter at a time, in the parameter's unit. A pure function of the time.
    pub fn at(&self, time_s: f64) -> f64 {
        // It begins and ends over 20 ms, but for one that was always there.
        let begun = if self.from_s > 0.0 { edge(time_s - self.from_s) } else { 1.0 };
        let ended = self.to_s.map_or(0.0, |to| edge(time_s - to));
        if time_s < self.from_s || ended >= 1.0 {
            return 0.0;
        }
        let (cycles, hz) = self.cycles(time_s);
        let number = cycles.floor();
        let part = cycles - number;
        let swing = match self.shape {
            LfoShape::Sine => (std::f64::consts::TAU * part).sin(),
            LfoShape::Triangle => {
                let quarter = if part < 0.75 { part + 0.25 } else { part - 0.75 };
                1.0 - 4.0 * (quarter - 0.5).abs()
            }
            LfoShape::Square => {
                let (side, since) = if part < 0.5 { (1.0, part) } else { (-1.0, part - 0.5) };
                side * (2.0 * edge(since / hz) - 1.0)
            }
            LfoShape::Random => {
                let (before, now) = (self.drawn(number - 1.0), self.drawn(number));
                before + (now - before) * edge(part / hz)
            }
        };
        self.depth * swing * begun * (1.0 - ended)
    }

    /// The value of a cycle, from −1 to 1.
    fn drawn(&self, cycle: f64) -> f64 {
        // SplitMix64 of the seed and the number of the cycle.
        let mut x = (u64::from(self.seed) << 32) ^ (cycle as i64 as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        x = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        x ^= x >> 31;
        (x >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }
}

/// How far an edge has come so many seconds after its beginning, 0 to 1.
fn edge(seconds: f64) -> f64 {
    if seconds >= EDGE_S { 1.0 } else { 0.5 - 0.5 * (std::f64::consts::PI * (seconds.max(0.0) / EDGE_S)).cos() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_join_their_ends_and_never_turn_back() {
        let curves = [
            Curve::Linear,
            Curve::DbLinear,
            Curve::S,
            Curve::Bend(10.0),
            Curve::Bend(-4.0),
            Curve::Bend(0.0),
            Curve::Bend(1e-5),
            Curve::Bezier([0.4, 0.0, 0.6, 1.0]),
            Curve::Bezier([1.0, 0.0, 0.0, 1.0]),
            Curve::Bezier([0.0, 1.0, 1.0, 0.0]),
            Curve::Bezier([0.0, 0.0, 0.0, 0.0]),
        ];
        for curve in curves {
            for amplitude in [false, true] {
                assert!((curve.between(-20.0, 4.0, 0.0, amplitude) + 20.0).abs() < 1e-9, "{curve:?}");
                assert!((curve.between(-20.0, 4.0, 1.0, amplitude) - 4.0).abs() < 1e-9, "{curve:?}");
                let values: Vec<f64> =
                    (0..=1000).map(|i| curve.between(-20.0, 4.0, f64::from(i) / 1000.0, amplitude)).collect();
                assert!(values.windows(2).all(|pair| pair[1] >= pair[0] - 1e-9), "{curve:?}");
            }
        }
        // Handles on the diagonal are a straight line, and the middle of a bend is where the formula has it.
        let straight = Curve::Bezier([0.25, 0.25, 0.8, 0.8]);
        assert!((straight.between(0.0, 1.0, 0.37, false) - 0.37).abs() < 1e-12);
        assert!((Curve::Bend(2.0).between(0.0, 1.0, 0.5, false) - 1.0 / (1.0 + 1f64.exp())).abs() < 1e-12);
    }

    #[test]
    fn generators_swing_as_far_as_they_say_and_begin_where_they_say() {
        for shape in LfoShape::ALL {
            let lfo = Lfo { shape, from_s: 1.0, to_s: Some(9.0), seed: 7, ..Lfo::sine(2.0, 3.0) };
            assert_eq!((lfo.at(0.99), lfo.at(9.02)), (0.0, 0.0));
            let values: Vec<f64> = (0..10_000).map(|i| lfo.at(f64::from(i) * 0.001)).collect();
            let (low, high) = values.iter().fold((0_f64, 0_f64), |(l, h), v| (l.min(*v), h.max(*v)));
            assert!(high <= 3.0 && low >= -3.0 && high > 2.0 && low < -2.0, "{shape:?}: {low} {high}");
            // No step between two milliseconds is larger than an edge of 20 ms allows: 6·π/2/20.
            assert!(values.windows(2).all(|pair| (pair[1] - pair[0]).abs() < 0.48), "{shape:?}");
        }
        let random = |seed| Lfo { shape: LfoShape::Random, seed, ..Lfo::sine(1.0, 1.0) };
        assert_ne!(random(1).at(5.5), random(2).at(5.5));
        assert_eq!(random(1).at(5.5), random(1).at(5.9));
    }

    #[test]
    fn a_rate_in_notes_follows_the_tempo() {
        let (tempo, _) =
            TempoMap::new(120.0, &[crate::time::Tempo { at_s: 4.0, written: None, bpm: 60.0, ramp_to_bpm: None }], &[]);
        let lfo = Lfo { rate: Rate::Note { note: "1/4".parse().unwrap(), tempo }, ..Lfo::sine(1.0, 1.0) };
        assert!((lfo.at(0.125) - 1.0).abs() < 1e-12, "a quarter of a beat of half a second");
        assert!((lfo.at(4.25) - 1.0).abs() < 1e-9, "a quarter of a beat of a second");
    }
}
