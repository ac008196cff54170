//! Compressor, expander and upward compressor: one machine with three laws.
//!
//! Levels go through the [`Curve`], what it asks for through [`Ballistics`] (or through the [`Loop`] of a compressor
//! that hears its own output), and gain, make-up and dry part become one factor per sample, (1 − m) + m·g, so a
//! parallel mix can neither comb nor drift: at a ratio of 1 it is the input bit for bit.

use tonmeister_core::{EffectSpec, Event, Layout, Memory, Processor, Settings, Stream};

use super::ballistics::{Ballistics, Times};
use super::curve::{Curve, Direction, at_least};
use super::detector::Listening;
use super::feedback::Loop;
use super::machine::{Decision, Link, Machine, PART, Verdict, Work};
use super::params;
use super::parts::Knobs;
use crate::math::{OCTAVES_PER_DB, exp2, log2};

/// How many parameters may move.
const MOVING: usize = 10;
/// In the order of [`Controls::to_array`].
const IDS: [&str; MOVING] = [
    "threshold_db",
    "ratio",
    "knee_db",
    "attack_ms",
    "release_ms",
    "makeup_db",
    "mix_percent",
    "link_percent",
    "range_db",
    "floor_db",
];
/// What a parameter that an effect does not have amounts to. (Finite: a travel cannot start from an infinity.)
const NEUTRAL: [f64; MOVING] = [0.0, 1.0, 0.0, 1.0, 100.0, 0.0, 100.0, 100.0, 1e6, -1e6];
/// A level below all others.
const SILENCE_DB: f64 = -6160.0;

/// What may move while it sounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Controls {
    /// Middle of the knee, dB.
    pub threshold_db: f64,
    /// 1 to 100, 100 being ∞ for a compressor.
    pub ratio: f64,
    /// Width of the knee, dB.
    pub knee_db: f64,
    /// 63 % of the answer to more sound.
    pub attack_ms: f64,
    /// 63 % of the answer to less sound.
    pub release_ms: f64,
    /// Gain behind it, dB.
    pub makeup_db: f64,
    /// 100 is all processed, 0 all dry.
    pub mix_percent: f64,
    /// 100 is one gain for both sides.
    pub link_percent: f64,
    /// The most that it turns, dB.
    pub range_db: f64,
    /// Below this level, what is turned is taken back, dB.
    pub floor_db: f64,
}

impl Controls {
    fn from_array(values: [f64; MOVING]) -> Self {
        let [threshold_db, ratio, knee_db, attack_ms, release_ms, makeup_db, mix_percent, link_percent, rest @ ..] =
            values;
        let [range_db, floor_db] = rest;
        Controls {
            threshold_db,
            ratio,
            knee_db,
            attack_ms,
            release_ms,
            makeup_db,
            mix_percent,
            link_percent,
            range_db,
            floor_db,
        }
    }

    fn to_array(self) -> [f64; MOVING] {
        [
            self.threshold_db,
            self.ratio,
            self.knee_db,
            self.attack_ms,
            self.release_ms,
            self.makeup_db,
            self.mix_percent,
            self.link_percent,
            self.range_db,
            self.floor_db,
        ]
    }

    /// From an effect's settings; what it has no parameter for does nothing.
    pub(crate) fn read(settings: &Settings) -> Self {
        let mut values = NEUTRAL;
        for (value, id) in values.iter_mut().zip(IDS) {
            if settings.spec().params.iter().any(|param| param.id == id) {
                *value = settings.get(id);
            }
        }
        Controls::from_array(values)
    }
}

/// A compressor, an expander or an upward compressor, as set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Leveler {
    /// The law.
    pub direction: Direction,
    /// What may move.
    pub controls: Controls,
    /// The release follows the program.
    pub auto_release: bool,
    /// Half of the greatest reduction is given back.
    pub auto_makeup: bool,
    /// It hears its own output.
    pub feedback: bool,
    /// What the detector hears, and how.
    pub listening: Listening,
    /// How two sides are heard as one.
    pub link: Link,
    /// How much earlier than the audio the detector hears.
    pub lookahead_ms: f64,
}

impl Leveler {
    /// Manual release, no make-up, no feedback; the rest as set.
    pub(crate) fn read(direction: Direction, settings: &Settings) -> Self {
        Leveler {
            direction,
            controls: Controls::read(settings),
            auto_release: false,
            auto_makeup: false,
            feedback: false,
            listening: Listening::read(settings),
            link: params::link(settings),
            lookahead_ms: settings.get("lookahead_ms"),
        }
    }

    pub(crate) fn build(&self, spec: &EffectSpec, stream: &Stream) -> Box<dyn Processor> {
        let running = Running::new(*self, spec, *stream);
        Box::new(Machine::new(running, &self.listening, self.link, self.lookahead_ms, stream))
    }

    fn times(&self, controls: &Controls, sample_rate: u32) -> Times {
        let make = match (self.feedback, self.auto_release) {
            (false, false) => Times::manual,
            (false, true) => Times::automatic,
            (true, false) => Times::single,
            (true, true) => Times::single_automatic,
        };
        make(controls.attack_ms, controls.release_ms, sample_rate)
    }

    fn law(&self, controls: &Controls, times: Times) -> Law {
        let make = match self.direction {
            Direction::Compress => Curve::new,
            Direction::Expand => Curve::expanding,
            Direction::Lift => Curve::lifting,
        };
        let curve = make(controls.threshold_db, controls.ratio, controls.knee_db)
            .within(controls.range_db)
            .above_floor(controls.floor_db);
        let given_back = if self.auto_makeup { curve.makeup_db() } else { 0.0 };
        Law {
            curve,
            times,
            makeup_db: controls.makeup_db + given_back,
            mix: controls.mix_percent / 100.0,
            link: controls.link_percent / 100.0,
        }
    }
}

/// What the parameters amount to at one frame.
#[derive(Clone, Copy, Debug)]
struct Law {
    curve: Curve,
    times: Times,
    makeup_db: f64,
    mix: f64,
    link: f64,
}

/// A leveler that sounds.
struct Running {
    settings: Leveler,
    stream: Stream,
    knobs: Knobs<MOVING>,
    law: Law,
    /// What the detector reads where the knee begins, a hair less: below it there is nothing to compute. Less than
    /// nothing when silence asks for something too.
    silent_below: f64,
    ballistics: [Ballistics; 2],
    loops: [Loop; 2],
    /// Gains per frame: one, or one per side from the moment the link is anything but full.
    lanes: usize,
    /// The parameters of each frame, while they move.
    laws: Box<[Law]>,
}

impl Running {
    fn new(settings: Leveler, spec: &EffectSpec, stream: Stream) -> Self {
        let times = settings.times(&settings.controls, stream.sample_rate);
        let law = settings.law(&settings.controls, times);
        let mut running = Running {
            settings,
            stream,
            knobs: Knobs::new(spec, IDS, settings.controls.to_array(), stream.sample_rate),
            law,
            silent_below: 0.0,
            ballistics: [Ballistics::new(times); 2],
            loops: [Loop::default(); 2],
            lanes: 1,
            laws: vec![law; PART].into_boxed_slice(),
        };
        running.reset();
        running
    }

    /// Takes the law that the resting parameters have.
    fn arrive(&mut self) {
        self.law = self.settings.law(&Controls::from_array(self.knobs.values()), self.law.times);
        let octaves = self.law.curve.starts_at_db() / self.settings.listening.kind.db_per_octave();
        let compresses = self.settings.direction == Direction::Compress;
        self.silent_below = if compresses { exp2(octaves) * (1.0 - 1e-6) } else { -1.0 };
    }

    /// The law of each of the next frames.
    fn travel(&mut self, frames: usize) {
        for i in 0..frames {
            let times_move = self.knobs.times_moving();
            self.knobs.step();
            let controls = Controls::from_array(self.knobs.values());
            if times_move {
                self.law.times = self.settings.times(&controls, self.stream.sample_rate);
            }
            self.laws[i] = self.settings.law(&controls, self.law.times);
        }
        if !self.knobs.moving() {
            self.arrive();
        }
    }

    fn law_at(&self, frame: usize, moving: bool) -> Law {
        if moving { self.laws[frame] } else { self.law }
    }

    /// From what is heard to levels in dB, each lane's drawn towards both together by the link.
    fn read(&self, work: &mut Work, frames: usize, moving: bool) {
        let kind = self.settings.listening.kind;
        let (scale, power) = (kind.db_per_octave(), kind.reads_power());
        let [first, second] = &mut work.lanes;
        for (i, (a, b)) in first[..frames].iter_mut().zip(&mut second[..frames]).enumerate() {
            let levels = (scale * log2(*a), scale * log2(*b));
            if self.lanes == 2 {
                let together = match self.settings.link {
                    Link::Louder => at_least(levels.0, levels.1),
                    Link::Power => scale * log2(Link::Power.together(*a, *b, power)),
                };
                let link = self.law_at(i, moving).link;
                (*a, *b) = (drawn(levels.0, together, link), drawn(levels.1, together, link));
            } else {
                *a = levels.0;
            }
        }
    }

    /// From what is heard to what is asked for.
    fn ask(&self, work: &mut Work, frames: usize, moving: bool) {
        let scale = self.settings.listening.kind.db_per_octave();
        let [first, second] = &mut work.lanes;
        match (moving, self.lanes, self.settings.link) {
            (false, 1, _) => return ask_one(&self.law.curve, scale, self.silent_below, &mut first[..frames]),
            (false, 2, Link::Louder) => {
                let (first, second) = (&mut first[..frames], &mut second[..frames]);
                return ask_two(&self.law.curve, self.law.link, scale, first, second);
            }
            _ => self.read(work, frames, moving),
        }
        for lane in &mut work.lanes[..self.lanes] {
            for (i, level) in lane[..frames].iter_mut().enumerate() {
                *level = self.law_at(i, moving).curve.demand_db(*level);
            }
        }
    }

    /// From what is asked for to what is given.
    fn smooth(&mut self, work: &mut Work, frames: usize, moving: bool) {
        for (ballistics, lane) in self.ballistics.iter_mut().zip(&mut work.lanes).take(self.lanes) {
            if moving {
                for (value, law) in lane[..frames].iter_mut().zip(&*self.laws) {
                    ballistics.set_times(law.times);
                    *value = ballistics.step(*value);
                }
            } else {
                ballistics.set_times(self.law.times);
                ballistics.run(&mut lane[..frames]);
            }
            self.settings.direction.reductions(&mut lane[..frames]);
        }
    }

    /// From what is heard to what is given, for one that hears its own output.
    fn circle(&mut self, work: &mut Work, frames: usize, moving: bool) {
        self.read(work, frames, moving);
        for (l, lane) in work.lanes[..self.lanes].iter_mut().enumerate() {
            let mut state = self.loops[l];
            for (i, level) in lane[..frames].iter_mut().enumerate() {
                let law = if moving { &self.laws[i] } else { &self.law };
                *level = state.step(*level, &law.curve, &law.times);
            }
            self.loops[l] = state;
        }
    }

    fn nothing_to_do(&self, work: &Work, frames: usize) -> bool {
        let quiet = |lane: &[f64; PART]| lane[..frames].iter().fold(0.0, |a, b| at_least(*b, a)) <= self.silent_below;
        let rests = |lane: usize| self.ballistics[lane].resting() && self.loops[lane].resting();
        // Two sides that are quiet each may not be so together.
        let apart = self.lanes == 1 || self.settings.link == Link::Louder;
        apart && (0..self.lanes).all(|lane| rests(lane) && quiet(&work.lanes[lane]))
    }
}

impl Decision for Running {
    fn begin(&mut self, event: &Event) {
        let begun = self.knobs.begin(event);
        if begun == Some("link_percent") && self.stream.layout == Layout::Stereo && self.lanes == 1 {
            self.ballistics[1] = self.ballistics[0];
            self.loops[1] = self.loops[0];
            self.lanes = 2;
        }
    }

    fn lanes(&self) -> usize {
        self.lanes
    }

    fn decide(&mut self, work: &mut Work, frames: usize) -> Verdict {
        let moving = self.knobs.moving();
        let law = self.law;
        if moving {
            self.travel(frames);
        } else if self.nothing_to_do(work, frames) {
            self.ballistics[..self.lanes].iter_mut().for_each(|b| {
                b.set_times(law.times);
                b.rest(frames);
            });
            return Verdict::Constant { gain: gain_of(0.0, law.makeup_db, law.mix), reduction_db: 0.0 };
        }
        if self.settings.feedback {
            self.circle(work, frames, moving);
        } else {
            self.ask(work, frames, moving);
            self.smooth(work, frames, moving);
        }
        for (lane, gains) in work.lanes.iter().zip(&mut work.gains).take(self.lanes) {
            let (lane, gains) = (&lane[..frames], &mut gains[..frames]);
            if moving {
                for ((gain, reduction), law) in gains.iter_mut().zip(lane).zip(&*self.laws) {
                    *gain = gain_of(*reduction, law.makeup_db, law.mix);
                }
            } else {
                gains_of(lane, law.makeup_db, law.mix, gains);
            }
        }
        Verdict::Moving
    }

    fn memory(&self) -> Memory {
        self.settings.times(&self.settings.controls, self.stream.sample_rate).memory()
    }

    fn settle(&mut self) {
        self.ballistics.iter_mut().for_each(Ballistics::settle);
        self.loops.iter_mut().for_each(Loop::settle);
    }

    fn reset(&mut self) {
        self.knobs.reset();
        self.law.times = self.settings.times(&self.settings.controls, self.stream.sample_rate);
        self.arrive();
        self.ballistics = [Ballistics::resting_on(self.law.times, self.law.curve.demand_db(SILENCE_DB)); 2];
        self.loops = [Loop::default(); 2];
        self.lanes = if self.stream.layout == Layout::Stereo && self.law.link < 1.0 { 2 } else { 1 };
    }
}

/// A lane's own level, drawn towards both together by the link.
#[inline]
fn drawn(own: f64, together: f64, link: f64) -> f64 {
    if link < 1.0 { own + link * (together - own) } else { together }
}

#[inline]
fn gain_of(reduction_db: f64, makeup_db: f64, mix: f64) -> f64 {
    (1.0 - mix) + mix * exp2(OCTAVES_PER_DB * (makeup_db - reduction_db))
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn ask_one(curve: &Curve, scale: f64, silent_below: f64, lane: &mut [f64]) {
    let (eights, rest) = lane.as_chunks_mut::<8>();
    for eight in eights {
        // Between the crests of a wave nothing is asked for, to the bit: a look is cheaper than eight logarithms.
        if eight.iter().fold(0.0, |most, heard| at_least(*heard, most)) <= silent_below {
            *eight = [0.0; 8];
        } else {
            for level in eight {
                *level = curve.demand_db(scale * log2(*level));
            }
        }
    }
    for level in rest {
        *level = curve.demand_db(scale * log2(*level));
    }
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn ask_two(curve: &Curve, link: f64, scale: f64, first: &mut [f64], second: &mut [f64]) {
    for (a, b) in first.iter_mut().zip(second) {
        let levels = (scale * log2(*a), scale * log2(*b));
        let louder = at_least(levels.0, levels.1);
        *a = curve.demand_db(drawn(levels.0, louder, link));
        *b = curve.demand_db(drawn(levels.1, louder, link));
    }
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn gains_of(reductions: &[f64], makeup_db: f64, mix: f64, gains: &mut [f64]) {
    for (gain, reduction) in gains.iter_mut().zip(reductions) {
        *gain = gain_of(*reduction, makeup_db, mix);
    }
}
