//! The effect `gate`: open or shut, by the level.
//!
//! It opens at the threshold and shuts `hysteresis_db` below it, not before it has been open for the hold. Each edge
//! of the gain is half a cosine, in amplitude, from wherever the gain is: no corner that would click, and an edge
//! that is called back halfway turns round without a jump.
//!
//! ```
//! use tonmeister_core::{Buffer, Context, Effect, Layout, Settings, Stream};
//! use tonmeister_dsp::dynamics::Gate;
//!
//! let settings = Settings::new(Gate::SPEC).with("threshold_db", -40.0).with("range_db", 60.0);
//! let stream = Stream { sample_rate: 48_000, layout: Layout::Mono, max_block: 48_000, seed: 0 };
//! let mut gate = Gate::from_settings(&settings).build(&stream).unwrap();
//! let mut audio = Buffer::from_mono([vec![0.5; 24_000], vec![0.001; 24_000]].concat()); // −6, then −60 dB
//! gate.process(&mut audio.block(48_000), &Context::default());
//! assert_eq!(audio.channel(0)[23_999], 0.5);
//! assert!((audio.channel(0)[47_999] / 0.001 - 0.001).abs() < 1e-6);
//! ```

use tonmeister_core::{
    BuildError, Choice, Effect, EffectSpec, Event, Family, ParamSpec, Processor, Settings, Stream, Unit,
};

use super::curve::at_least;
use super::detector::Listening;
use super::machine::{Decision, Link, Machine, Verdict, Work, lookahead};
use super::params;
use super::parts::{Knobs, word};
use crate::math::{DB_PER_OCTAVE, amplitude_of_db, exp2, log2};

const MODES: &[Choice] = &[
    Choice { id: "gate", doc: "lets through what is above the threshold and turns the rest down" },
    Choice { id: "duck", doc: "turns down while the side-chain is above the threshold, and lets the rest through" },
];

const MOVING: usize = 6;
const IDS: [&str; MOVING] = ["threshold_db", "hysteresis_db", "attack_ms", "hold_ms", "release_ms", "range_db"];

const PARAMS: &[ParamSpec] = &[
    ParamSpec::choice("mode", "Mode", MODES, "Which way round it works."),
    params::threshold(-80.0, -40.0, "Level at which it opens (or, ducking, begins to duck)."),
    ParamSpec::number(
        "hysteresis_db",
        "Hysteresis",
        Unit::Db,
        (0.0, 24.0),
        4.0,
        "How far below the threshold the level must fall before it shuts, so that a level near it does not flutter.",
    ),
    ParamSpec::number("range_db", "Range", Unit::Db, (0.0, 120.0), 80.0, "How far it turns down."),
    params::attack(2.0, "Length of the edge when sound comes, from end to end."),
    ParamSpec::number(
        "hold_ms",
        "Hold",
        Unit::Ms,
        (0.0, 2000.0),
        30.0,
        "How long the level must have been down before it shuts. (A look-ahead is added to it.)",
    ),
    params::release(120.0, "Length of the edge when sound goes, from end to end."),
    params::LINK,
    params::detector(params::STEADY_DETECTORS),
    params::RMS_MS,
    params::SIDECHAIN_HIGHPASS,
    params::SIDECHAIN_LOWPASS,
    params::LOOKAHEAD_MS,
];

const SPEC: EffectSpec = EffectSpec {
    id: "gate",
    name: "Gate",
    family: Family::Dynamics,
    summary: "Shuts out what lies below a threshold, or ducks while another sound is there.",
    doc: "\
Reach for it to separate the drums of a kit, to silence an amplifier between phrases, or, with `mode` at `duck` and an \
external side-chain, to make room for a voice or a kick. Both sides of a stereo sound open together. \
\
Edges are half cosines in amplitude: a change of gain that takes 2 ms or longer leaves no click (−87 dB and below on a \
low tone); shorter attacks pass more of a transient and are heard as a tick on sustained sounds. With a look-ahead as \
long as the attack it is open when the transient arrives. The threshold is compared with the analytic envelope by \
default, which does not fall to zero between the crests of a wave; with `peak`, hold at least half a period of the lowest \
note. A side-chain high-pass, low-pass or bell makes it listen to one drum among others. \
\
Changes of threshold, hysteresis and the three times are heard at the next edge only; changes of the range travel with \
rounded corners.",
    params: PARAMS,
    groups: &[params::SIDECHAIN_BELL],
    files: &[],
    stereo_only: false,
    key: tonmeister_core::KeyUse::Detector,
    sources: &[
        "U. Zölzer (ed.), \"DAFX: Digital Audio Effects\", 2nd ed., Wiley 2011, section 4.2.3 (noise gate with \
                hysteresis and hold)",
    ],
};

/// Settings of the effect `gate`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gate {
    /// It turns down while it is open.
    pub ducks: bool,
    /// Level at which it opens.
    pub threshold_db: f64,
    /// How far below that it shuts.
    pub hysteresis_db: f64,
    /// Length of the edge when it opens.
    pub attack_ms: f64,
    /// How long it stays open at least.
    pub hold_ms: f64,
    /// Length of the edge when it shuts.
    pub release_ms: f64,
    /// How far it turns down.
    pub range_db: f64,
    /// What the detector hears, and how.
    pub listening: Listening,
    /// How two sides are heard as one.
    pub link: Link,
    /// How much earlier than the audio the detector hears.
    pub lookahead_ms: f64,
}

impl Effect for Gate {
    const SPEC: &'static EffectSpec = &SPEC;

    fn from_settings(settings: &Settings) -> Self {
        Gate {
            ducks: word(settings, "mode") == "duck",
            threshold_db: settings.get("threshold_db"),
            hysteresis_db: settings.get("hysteresis_db"),
            attack_ms: settings.get("attack_ms"),
            hold_ms: settings.get("hold_ms"),
            release_ms: settings.get("release_ms"),
            range_db: settings.get("range_db"),
            listening: Listening::read(settings),
            link: params::link(settings),
            lookahead_ms: settings.get("lookahead_ms"),
        }
    }

    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        let born =
            [self.threshold_db, self.hysteresis_db, self.attack_ms, self.hold_ms, self.release_ms, self.range_db];
        let knobs = Knobs::new(&SPEC, IDS, born, stream.sample_rate);
        let mut swing = Swing {
            ducks: self.ducks,
            db_per_octave: self.listening.kind.db_per_octave(),
            frames_per_ms: f64::from(stream.sample_rate) / 1000.0,
            ahead: lookahead(self.lookahead_ms, stream.sample_rate).0,
            terms: Terms::default(),
            knobs,
            open: false,
            hold: 0,
            edge: Edge::default(),
        };
        swing.reset();
        Ok(Box::new(Machine::new(swing, &self.listening, self.link, self.lookahead_ms, stream)))
    }
}

/// Half a cosine from one value to another. What it was doing when it was called back fades out over the beginning of
/// the new edge, so that it turns round without a corner.
#[derive(Clone, Copy, Debug, Default)]
struct Edge {
    from: f64,
    to: f64,
    value: f64,
    passed: u64,
    length: u64,
    /// How much the value changed at the last frame.
    slope: f64,
    /// The slope that is fading out, and for how many frames.
    old_slope: f64,
    fade: f64,
}

impl Edge {
    fn start(&mut self, to: f64, frames: f64) {
        let length = (frames.round() as u64).max(1);
        // The fading slope leads at most 4/27 of its length astray, so with these bounds nothing overshoots.
        let room = if self.slope < 0.0 { self.value } else { 1.0 - self.value };
        let fade = (0.5 * length as f64).min(3.0 * room.max(0.0) / self.slope.abs().max(1e-12));
        *self = Edge { from: self.value, to, passed: 0, length, old_slope: self.slope, fade, ..*self };
    }

    fn moving(&self) -> bool {
        self.passed < self.length
    }

    #[inline]
    fn step(&mut self) -> f64 {
        if self.moving() {
            self.passed += 1;
            let (last, passed) = (self.value, self.passed as f64);
            let eased = 0.5 - 0.5 * (std::f64::consts::PI * passed / self.length as f64).cos();
            self.value = self.from + (self.to - self.from) * eased;
            if passed < self.fade {
                self.value += self.old_slope * passed * (1.0 - passed / self.fade).powi(2);
            }
            self.slope = self.value - last;
            if !self.moving() {
                (self.value, self.slope) = (self.to, 0.0);
            }
        }
        self.value
    }
}

/// What the parameters amount to at one frame.
#[derive(Clone, Copy, Debug, Default)]
struct Terms {
    /// What the detector reads where it opens, and where it may shut.
    opens_at: f64,
    shuts_below: f64,
    /// The lengths of the edges and of the hold, in frames.
    attack: f64,
    hold: u64,
    release: f64,
    /// The gain when turned down.
    down: f64,
}

/// A gate that sounds.
struct Swing {
    ducks: bool,
    db_per_octave: f64,
    frames_per_ms: f64,
    ahead: u64,
    terms: Terms,
    knobs: Knobs<MOVING>,
    open: bool,
    /// Frames until it may shut.
    hold: u64,
    /// 1 is open.
    edge: Edge,
}

impl Swing {
    fn terms(&self) -> Terms {
        let [threshold, hysteresis, attack, hold, release, range] = self.knobs.values();
        let read = |level_db: f64| exp2(level_db / self.db_per_octave);
        Terms {
            opens_at: read(threshold),
            shuts_below: read(threshold - hysteresis),
            attack: attack * self.frames_per_ms,
            // What opens it is heard early by the look-ahead, and so is what shuts it.
            hold: (hold * self.frames_per_ms).round() as u64 + self.ahead,
            release: release * self.frames_per_ms,
            down: amplitude_of_db(-range),
        }
    }

    /// One frame on: how far it is open.
    #[inline]
    fn step(&mut self, heard: f64) -> f64 {
        if heard >= self.terms.opens_at || (self.open && heard >= self.terms.shuts_below) {
            if !self.open {
                self.open = true;
                self.edge.start(1.0, self.terms.attack);
            }
            self.hold = self.terms.hold;
        } else if self.open {
            if self.hold == 0 {
                self.open = false;
                self.edge.start(0.0, self.terms.release);
            } else {
                self.hold -= 1;
            }
        }
        self.edge.step()
    }

    fn gain(&self, openness: f64) -> f64 {
        let up = if self.ducks { 1.0 - openness } else { openness };
        self.terms.down + (1.0 - self.terms.down) * up
    }
}

/// The reduction that the needle shows, in dB.
fn reduction_of(gain: f64) -> f64 {
    // Not −0, and never a boost by rounding.
    at_least(-DB_PER_OCTAVE * log2(gain), 0.0)
}

impl Decision for Swing {
    fn begin(&mut self, event: &Event) {
        self.knobs.begin(event);
    }

    fn lanes(&self) -> usize {
        1
    }

    fn decide(&mut self, work: &mut Work, frames: usize) -> Verdict {
        let still = !self.knobs.moving() && !self.edge.moving();
        let (opened, mut constant) = (self.edge.value, still);
        for (level, gain) in work.lanes[0][..frames].iter_mut().zip(&mut work.gains[0]) {
            if self.knobs.moving() {
                self.knobs.step();
                self.terms = self.terms();
            }
            let openness = self.step(*level);
            constant &= openness == opened;
            *gain = self.gain(openness);
        }
        if constant {
            let gain = self.gain(opened);
            return Verdict::Constant { gain, reduction_db: reduction_of(gain) };
        }
        for (level, gain) in work.lanes[0][..frames].iter_mut().zip(&work.gains[0]) {
            *level = reduction_of(*gain);
        }
        Verdict::Moving
    }

    fn settle(&mut self) {}

    fn reset(&mut self) {
        self.knobs.reset();
        self.terms = self.terms();
        self.open = false;
        self.hold = 0;
        self.edge = Edge::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edge_that_is_called_back_neither_overshoots_nor_jumps() {
        for seed in 0..200 {
            let draws: Vec<f64> =
                crate::testing::noise(seed, 1.0, 40).iter().map(|x| f64::from(*x) * 0.5 + 0.5).collect();
            let (mut edge, mut to, mut steepest) = (Edge::default(), 0.0, 0.0_f64);
            for pair in draws.as_chunks::<2>().0 {
                to = 1.0 - to;
                let (length, last) = (20.0 + 400.0 * pair[0], edge.value);
                // No step is greater than the steepest of both edges together.
                steepest = 1.7 / length + edge.slope.abs() * 1.01;
                edge.start(to, length);
                let mut before = last;
                for _ in 0..(pair[1] * 1.2 * length) as usize {
                    let value = edge.step();
                    assert!((-1e-12..=1.0 + 1e-12).contains(&value), "{value}");
                    assert!((value - before).abs() <= steepest, "from {before} to {value}");
                    before = value;
                }
            }
            assert!(steepest > 0.0);
        }
    }
}
