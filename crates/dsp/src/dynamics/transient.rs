//! The effect `transient_shaper`: more or less of how sounds begin, and of how they end.
//!
//! Three followers go after the level in decibels. Two differ in how fast they rise: what lies between them is an
//! attack. Two differ in how fast they fall: what lies between those is a sustain. Both distances are turned into
//! gain. As they are differences of logarithms, a soft hit is shaped as a loud one is, and a steady tone, on which all
//! three agree, is left alone.
//!
//! ```
//! use tonmeister_core::{Buffer, Context, Effect, Layout, Settings, Stream};
//! use tonmeister_dsp::dynamics::TransientShaper;
//!
//! let settings = Settings::new(TransientShaper::SPEC).with("attack_db", 6.0);
//! let stream = Stream { sample_rate: 48_000, layout: Layout::Mono, max_block: 48_000, seed: 0 };
//! let mut shaper = TransientShaper::from_settings(&settings).build(&stream).unwrap();
//! let mut hit = Buffer::from_mono([vec![0.0; 100], vec![0.1; 47_900]].concat());
//! shaper.process(&mut hit.block(48_000), &Context::default());
//! assert!(hit.channel(0)[300] > 0.18 && (hit.channel(0)[47_999] - 0.1).abs() < 0.001);
//! ```

#![allow(
    clippy::inline_always,
    reason = "left out of line they would be compiled without their caller's vector instructions"
)]

use tonmeister_core::{
    Automatable, BuildError, Effect, EffectSpec, Event, Family, Memory, ParamSpec, Processor, Settings, Stream, Unit,
};

use super::curve::{at_least, at_most};
use super::detector::{DetectorKind, Listening};
use super::machine::{Decision, Link, Machine, Verdict, Work};
use super::params;
use super::parts::Knobs;
use crate::math::{DB_PER_OCTAVE, OCTAVES_PER_DB, exp2, log2};

/// Levels outside these are taken as these: what comes out of silence has no greater attack than what comes out of
/// a hiss.
const SOFTEST_DB: f64 = -80.0;
const LOUDEST_DB: f64 = 20.0;
/// The followers that rise fast do so in this time, and the one that falls fast in this.
const RISE_MS: f64 = 1.0;
const FALL_MS: f64 = 20.0;
/// A distance between followers that gives half of the gain.
const HALF_DB: f64 = 4.0;
/// Followers this near to silence are there.
const NEAR_DB: f64 = 1e-9;

/// So many frames go through each pass at once while no knob moves.
const STRETCH: usize = 64;

const MOVING: usize = 6;
const IDS: [&str; MOVING] = ["attack_db", "sustain_db", "attack_ms", "sustain_ms", "output_db", "mix_percent"];

const PARAMS: &[ParamSpec] = &[
    ParamSpec::number(
        "attack_db",
        "Attack",
        Unit::Db,
        (-24.0, 24.0),
        0.0,
        "How much louder (or softer) beginnings become, at most.",
    ),
    ParamSpec::number(
        "sustain_db",
        "Sustain",
        Unit::Db,
        (-24.0, 24.0),
        0.0,
        "How much louder (or softer) endings become, at most.",
    ),
    ParamSpec::number("attack_ms", "Attack time", Unit::Ms, (5.0, 100.0), 20.0, "How long a beginning lasts.")
        .logarithmic(),
    ParamSpec::number("sustain_ms", "Sustain time", Unit::Ms, (50.0, 1000.0), 200.0, "How long an ending lasts.")
        .logarithmic(),
    ParamSpec::number("output_db", "Output", Unit::Db, (-24.0, 24.0), 0.0, "Gain behind it."),
    params::MIX_PERCENT,
    ParamSpec::number(
        "lookahead_ms",
        "Look-ahead",
        Unit::Ms,
        (0.0, 10.0),
        0.0,
        "Delays the audio, not the followers, so that the first instant of a hit is shaped too. Becomes latency.",
    )
    .automatable(Automatable::Fixed),
    params::SIDECHAIN_HIGHPASS,
    params::SIDECHAIN_LOWPASS,
];

const SPEC: EffectSpec = EffectSpec {
    id: "transient_shaper",
    name: "Transient shaper",
    family: Family::Dynamics,
    summary: "Makes the beginnings and the endings of sounds louder or softer, at every level alike.",
    doc: "\
Reach for it where a compressor would need another threshold for every hit: to give drums more stick or less, to dry \
up a room or bring it out, to soften plucks. It has no threshold; only how the level moves counts, and a steady tone \
passes as it is. `attack_db` and `sustain_db` are the most that is given: a step of 4 dB in level gets half of it, \
one of 13 dB nine tenths. Gain follows within a millisecond; a look-ahead of 1 to 2 ms lets a softened attack be soft from its \
first sample. Noise and dense mixes, whose level never rests, get some of the sustain all the time. \
\
Both sides of a stereo sound get one gain, by the louder. An external side-chain, when one is routed here, is followed \
instead. The needle shows a boost as a negative reduction.",
    params: PARAMS,
    groups: &[],
    files: &[],
    stereo_only: false,
    key: tonmeister_core::KeyUse::Detector,
    sources: &["U. Zölzer (ed.), \"DAFX: Digital Audio Effects\", 2nd ed., Wiley 2011, section 4.2 (level followers \
                with attack and release)"],
};

/// Settings of the effect `transient_shaper`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TransientShaper {
    /// Gain of beginnings.
    pub attack_db: f64,
    /// Gain of endings.
    pub sustain_db: f64,
    /// How long a beginning lasts.
    pub attack_ms: f64,
    /// How long an ending lasts.
    pub sustain_ms: f64,
    /// Gain behind it.
    pub output_db: f64,
    /// 100 is all shaped, 0 all dry.
    pub mix_percent: f64,
    /// What the followers hear.
    pub listening: Listening,
    /// How much earlier than the audio they hear it.
    pub lookahead_ms: f64,
}

impl Effect for TransientShaper {
    const SPEC: &'static EffectSpec = &SPEC;

    fn from_settings(settings: &Settings) -> Self {
        TransientShaper {
            attack_db: settings.get("attack_db"),
            sustain_db: settings.get("sustain_db"),
            attack_ms: settings.get("attack_ms"),
            sustain_ms: settings.get("sustain_ms"),
            output_db: settings.get("output_db"),
            mix_percent: settings.get("mix_percent"),
            listening: Listening {
                highpass_hz: settings.get("sidechain_highpass_hz"),
                lowpass_hz: settings.get("sidechain_lowpass_hz"),
                ..Listening::new(DetectorKind::Envelope)
            },
            lookahead_ms: settings.get("lookahead_ms"),
        }
    }

    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        let born = [self.attack_db, self.sustain_db, self.attack_ms, self.sustain_ms, self.output_db, self.mix_percent];
        let knobs = Knobs::new(&SPEC, IDS, born, stream.sample_rate);
        let per_ms = f64::from(stream.sample_rate) / 1000.0;
        let mut followers = Followers { per_ms, knobs, terms: Terms::default(), levels: [SOFTEST_DB; 3] };
        followers.reset();
        Ok(Box::new(Machine::new(followers, &self.listening, Link::Louder, self.lookahead_ms, stream)))
    }
}

/// What the parameters amount to at one frame.
#[derive(Clone, Copy, Debug, Default)]
struct Terms {
    attack_db: f64,
    sustain_db: f64,
    output_db: f64,
    mix: f64,
    /// How much of the distance each follower rises, and falls, in a frame.
    rise: [f64; 3],
    fall: [f64; 3],
}

/// A transient shaper that sounds.
struct Followers {
    per_ms: f64,
    knobs: Knobs<MOVING>,
    terms: Terms,
    /// Fast up and slow down; slow up and fast down; fast up and fast down.
    levels: [f64; 3],
}

/// What a distance between two followers gives, 0 to 1: half at [`HALF_DB`].
#[inline(always)]
fn given(distance_db: f64) -> f64 {
    1.0 - exp2(-distance_db / HALF_DB)
}

impl Terms {
    /// The reduction at the distances between the followers.
    #[inline(always)]
    fn reduction_db(&self, [long, late, short]: [f64; 3]) -> f64 {
        -(self.attack_db * given(short - late) + self.sustain_db * given(long - short) + self.output_db)
    }

    #[inline(always)]
    fn gain(&self, reduction_db: f64) -> f64 {
        (1.0 - self.mix) + self.mix * exp2(-OCTAVES_PER_DB * reduction_db)
    }
}

/// The level of a power, as the followers take it.
#[inline(always)]
fn level_db(power: f64) -> f64 {
    at_most(at_least(DB_PER_OCTAVE / 2.0 * log2(power), SOFTEST_DB), LOUDEST_DB)
}

/// Powers become levels. A loop of its own, so that it becomes vector code: the followers wait from frame to frame.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn to_levels(powers: &mut [f64]) {
    for power in powers {
        *power = level_db(*power);
    }
}

/// What becomes of the followers' places: reductions and gains.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn to_gains(terms: &Terms, places: &[[f64; STRETCH]; 3], reductions: &mut [f64], gains: &mut [f64]) {
    let [long, late, short] = places;
    for ((((reduction, gain), long), late), short) in reductions.iter_mut().zip(gains).zip(long).zip(late).zip(short) {
        *reduction = terms.reduction_db([*long, *late, *short]);
        *gain = terms.gain(*reduction);
    }
}

impl Followers {
    fn terms(&self) -> Terms {
        let [attack_db, sustain_db, attack_ms, sustain_ms, output_db, mix_percent] = self.knobs.values();
        let part = |ms: f64| -(-1.0 / (ms * self.per_ms)).exp_m1();
        let (rise, slow_rise, fall, slow_fall) = (part(RISE_MS), part(attack_ms), part(FALL_MS), part(sustain_ms));
        Terms {
            attack_db,
            sustain_db,
            output_db,
            mix: mix_percent / 100.0,
            rise: [rise, slow_rise, rise],
            fall: [slow_fall, fall, fall],
        }
    }

    /// One frame on: where the followers of a level are.
    #[inline]
    fn step(&mut self, level: f64) -> [f64; 3] {
        for ((follower, rise), fall) in self.levels.iter_mut().zip(self.terms.rise).zip(self.terms.fall) {
            let distance = level - *follower;
            *follower += distance * if distance > 0.0 { rise } else { fall };
        }
        self.levels
    }

    /// Whether it hears silence and has heard it for long.
    fn resting(&self, heard: &[f64]) -> bool {
        let silent = exp2(SOFTEST_DB / (DB_PER_OCTAVE / 2.0)) * (1.0 - 1e-6);
        !self.knobs.moving() && self.levels == [SOFTEST_DB; 3] && heard.iter().all(|power| *power < silent)
    }
}

impl Decision for Followers {
    fn begin(&mut self, event: &Event) {
        self.knobs.begin(event);
    }

    fn lanes(&self) -> usize {
        1
    }

    fn decide(&mut self, work: &mut Work, frames: usize) -> Verdict {
        if self.resting(&work.lanes[0][..frames]) {
            let reduction_db = self.terms.reduction_db(self.levels);
            return Verdict::Constant { gain: self.terms.gain(reduction_db), reduction_db };
        }
        if !self.knobs.moving() {
            let (levels, gains) = (&mut work.lanes[0][..frames], &mut work.gains[0][..frames]);
            for (levels, gains) in levels.chunks_mut(STRETCH).zip(gains.chunks_mut(STRETCH)) {
                to_levels(levels);
                let mut places = [[0.0; STRETCH]; 3];
                for (frame, level) in levels.iter().enumerate() {
                    let at = self.step(*level);
                    for (place, at) in places.iter_mut().zip(at) {
                        place[frame] = at;
                    }
                }
                to_gains(&self.terms, &places, levels, gains);
            }
            return Verdict::Moving;
        }
        for (level, gain) in work.lanes[0][..frames].iter_mut().zip(&mut work.gains[0]) {
            if self.knobs.moving() {
                self.knobs.step();
                self.terms = self.terms();
            }
            let levels = self.step(level_db(*level));
            let reduction_db = self.terms.reduction_db(levels);
            *gain = self.terms.gain(reduction_db);
            *level = reduction_db;
        }
        Verdict::Moving
    }

    fn memory(&self) -> Memory {
        let slowest = self.terms.rise.into_iter().chain(self.terms.fall).fold(1.0, f64::min);
        Memory::of_mean(1.0 / slowest)
    }

    fn settle(&mut self) {
        for level in &mut self.levels {
            if *level - SOFTEST_DB < NEAR_DB {
                *level = SOFTEST_DB;
            }
        }
    }

    fn reset(&mut self) {
        self.knobs.reset();
        self.terms = self.terms();
        self.levels = [SOFTEST_DB; 3];
    }
}
