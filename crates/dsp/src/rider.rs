//! A hand on the fader: a voice is kept at its loudness, phrase by phrase, without being compressed.
//!
//! Every 10 ms the loudness of what was sung last is measured, pauses left out ([`fader`]), and the fader moves
//! slowly to where that loudness meets the target. Inside a word nothing happens; in a pause the fader stands still.
//!
//! What the fader does can be had as a list of points instead: [`moves`], to be written as automation and edited.
//!
//! ```
//! use tonmeister_core::{Effect, Layout, Settings, Stream, View};
//! use tonmeister_dsp::{rider::{self, Rider}, testing::sine};
//!
//! let rider = Rider::from_settings(&Settings::new(Rider::SPEC).with("target_db", -20.0).with("weighting", 1.0));
//! let stream = Stream { sample_rate: 48_000, layout: Layout::Mono, max_block: 4096, seed: 0 };
//! let quiet = sine(440.0, 0.1, 48_000, 5 * 48_000); // 23 dB below full scale in RMS
//! let points = rider::moves(&rider, &stream, View::mono(&quiet), None, 0.05);
//! let (_, last_db) = points[points.len() - 1];
//! assert!((last_db - 3.0).abs() < 0.1 && points.len() < 20);
//! ```

use tonmeister_core::{
    Automatable, Block, BuildError, Choice, Context, Effect, EffectSpec, Event, Family, Frames, GainReduction,
    ParamSpec, Processor, Settings, Stream, Unit, View,
};

use crate::dynamics::parts::{DelayLine, Needle};
use crate::math::{OCTAVES_PER_DB, exp2};
use crate::travel::Travel;

pub mod fader;
mod points;
#[cfg(test)]
mod tests;

pub use points::moves;

use fader::{Ear, Fader};

/// How many frames are worked on at a time.
const PART: usize = 64;

const WEIGHTINGS: &[Choice] = &[
    Choice { id: "k", doc: "loudness as ITU-R BS.1770 hears it; levels are LUFS" },
    Choice { id: "rms", doc: "the plain power, averaged over the channels; levels are dB below full scale" },
];

const PARAMS: &[ParamSpec] = &[
    ParamSpec::number(
        "target_db",
        "Target",
        Unit::Db,
        (-50.0, 0.0),
        -20.0,
        "Loudness that the fader aims at: LUFS, or dB of RMS (`weighting`).",
    ),
    ParamSpec::number(
        "range_db",
        "Range",
        Unit::Db,
        (0.0, 24.0),
        9.0,
        "The fader goes up or down no further than this.",
    ),
    ParamSpec::number(
        "speed_ms",
        "Speed",
        Unit::Ms,
        (50.0, 5000.0),
        250.0,
        "Time in which 63 % of a move has passed. Short rides words, long rides verses.",
    )
    .logarithmic(),
    ParamSpec::number(
        "gate_db",
        "Gate",
        Unit::Db,
        (-80.0, -10.0),
        -45.0,
        "What is quieter (10 ms at a time, in the target's unit) is a pause: the fader holds.",
    ),
    ParamSpec::number(
        "over_key_db",
        "Over the key",
        Unit::Db,
        (-20.0, 20.0),
        3.0,
        "When an external side-chain (the backing) is routed here: how much louder than it the sound is kept. Takes the \
         target's place wherever the key is above −70.",
    ),
    ParamSpec::choice("weighting", "Weighting", WEIGHTINGS, "How loudness is measured."),
    ParamSpec::number(
        "window_ms",
        "Window",
        Unit::Ms,
        (100.0, 3000.0),
        400.0,
        "How much of what was last sung counts, pauses left out. The key is averaged over four times as long.",
    )
    .logarithmic()
    .automatable(Automatable::Fixed),
    ParamSpec::number(
        "lookahead_ms",
        "Look-ahead",
        Unit::Ms,
        (0.0, 1000.0),
        300.0,
        "Delays the audio, not the ear, so that the fader is there when a phrase begins. Becomes latency.",
    )
    .automatable(Automatable::Fixed),
];
/// The parameters that may move, in the order of the table.
const MOVING: usize = 5;

const SPEC: EffectSpec = EffectSpec {
    id: "rider",
    name: "Level rider",
    family: Family::Dynamics,
    summary: "Rides the fader so that every phrase has the same loudness.",
    doc: "\
Put it in front of a compressor: the rider evens out phrases, so the compressor need not, and works the same \
throughout. The gain is a fader's: it never acts inside a word, so it adds no color. Set `target_db` to about the \
voice's own loudness, `gate_db` between its quietest phrase and its breaths. With a side-chain from the backing it \
rides against that instead. Look-ahead should be about half the window plus the speed; without it the first syllable \
of a phrase still has the level of the phrase before. All numbers are read every 10 ms and reach the sound through \
the moving fader.",
    params: PARAMS,
    groups: &[],
    files: &[],
    stereo_only: false,
    key: tonmeister_core::KeyUse::Reference,
    sources: &[
        "ITU-R BS.1770-5, Annex 1 (K-weighting)",
        "D. H. Douglas, T. K. Peucker, \"Algorithms for the reduction of the number of points\", Cartographica 10(2), \
         1973 (thinning of `moves`)",
    ],
};

/// Settings of the effect `rider`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rider {
    /// Target, range, speed (ms), gate, and level over the key; dB but for the speed.
    pub controls: [f64; MOVING],
    /// Loudness is K-weighted; otherwise plain RMS.
    pub weighted: bool,
    /// How much of what was last sung counts.
    pub window_ms: f64,
    /// How much earlier than the audio the ear hears.
    pub lookahead_ms: f64,
}

impl Effect for Rider {
    const SPEC: &'static EffectSpec = &SPEC;

    fn from_settings(settings: &Settings) -> Self {
        Rider {
            controls: std::array::from_fn(|i| settings.get(PARAMS[i].id)),
            weighted: settings.get("weighting") == 0.0,
            window_ms: settings.get("window_ms"),
            lookahead_ms: settings.get("lookahead_ms"),
        }
    }

    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        Ok(Box::new(Running::new(*self, *stream)))
    }
}

impl Rider {
    fn lookahead(&self, sample_rate: u32) -> u64 {
        Frames::from_seconds(self.lookahead_ms / 1000.0, sample_rate).0
    }
}

/// Ears and fader on the stream's grid of hops.
struct Riding {
    controls: [Travel; MOVING],
    ear: Ear,
    key_ear: Ear,
    keyed: bool,
    fader: Fader,
    hop: usize,
    /// Frames of the current hop that have gone by.
    place: usize,
}

impl Riding {
    fn new(settings: &Rider, sample_rate: u32) -> Self {
        let hop = fader::hop(sample_rate);
        Riding {
            controls: settings.controls.map(|value| Travel::new(value, sample_rate)),
            ear: Ear::new(settings.weighted, sample_rate),
            key_ear: Ear::new(settings.weighted, sample_rate),
            keyed: false,
            fader: Fader::new(settings.window_ms, sample_rate),
            hop,
            place: 0,
        }
    }

    /// How many frames are left of the hop.
    fn left(&self) -> usize {
        self.hop - self.place
    }

    /// Hears frames inside one hop and gives the fader's position at each, in dB.
    fn run(&mut self, sound: View<'_>, key: Option<View<'_>>, positions: &mut [f64]) {
        self.ear.hear(sound);
        if let Some(key) = key {
            self.key_ear.hear(key);
            self.keyed = true;
        }
        for (n, position) in positions.iter_mut().enumerate() {
            *position = self.fader.position_db((self.place + n) as f64 / self.hop as f64);
            for control in &mut self.controls {
                control.step();
            }
        }
        self.place += positions.len();
        if self.place == self.hop {
            self.place = 0;
            let power = self.ear.take(self.hop);
            let key_power = self.key_ear.take(self.hop);
            let keyed = std::mem::take(&mut self.keyed);
            let [target, range, speed, gate, over_key] = self.controls.map(|control| control.value());
            let wish = fader::Wish { target, range, speed, gate, over_key };
            self.fader.hop(power, keyed.then_some(key_power), &wish);
        }
    }
}

/// A rider that sounds.
struct Running {
    settings: Rider,
    stream: Stream,
    riding: Riding,
    delays: Vec<DelayLine>,
    needle: Needle,
    positions: [f64; PART],
}

impl Running {
    fn new(settings: Rider, stream: Stream) -> Self {
        let late = settings.lookahead(stream.sample_rate) as usize;
        Running {
            settings,
            stream,
            riding: Riding::new(&settings, stream.sample_rate),
            delays: vec![DelayLine::new(late); stream.layout.channels()],
            needle: Needle::default(),
            positions: [0.0; PART],
        }
    }

    fn begin_event(&mut self, event: &Event) {
        if let Some(control) = self.riding.controls.get_mut(event.param.0 as usize) {
            control.to(event.value, event.glide);
        }
    }

    /// At most [`PART`] frames, inside one hop, without an event inside.
    fn part(&mut self, block: &mut Block<'_>, key: Option<View<'_>>) {
        for samples in block.channels_mut() {
            samples.iter_mut().filter(|x| !x.is_finite()).for_each(|x| *x = 0.0);
        }
        let positions = &mut self.positions[..block.frames()];
        self.riding.run(block.view(), key, positions);
        for (samples, delay) in block.channels_mut().zip(&mut self.delays) {
            delay.run(samples);
            lay_on(positions, samples);
        }
        for position in positions.iter_mut() {
            *position = (-*position).max(0.0);
        }
        self.needle.read(positions);
    }
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn lay_on(positions: &[f64], samples: &mut [f32]) {
    for (x, position) in samples.iter_mut().zip(positions) {
        *x = (f64::from(*x) * exp2(OCTAVES_PER_DB * position)) as f32;
    }
}

impl Processor for Running {
    fn process(&mut self, block: &mut Block<'_>, context: &Context<'_>) {
        let frames = block.frames();
        let key = context.key.filter(|key| key.frames() == frames);
        let mut events = context.events;
        let mut at = 0;
        while at < frames {
            while let [event, rest @ ..] = events
                && event.at as usize <= at
            {
                self.begin_event(event);
                events = rest;
            }
            let to_event = events.first().map_or(frames, |event| (event.at as usize).min(frames)) - at;
            let count = PART.min(self.riding.left()).min(frames - at).min(to_event);
            self.part(&mut block.part(at, at + count), key.map(|key| key.part(at, at + count)));
            at += count;
        }
    }

    fn latency(&self) -> Frames {
        Frames(self.settings.lookahead(self.stream.sample_rate))
    }

    fn reset(&mut self) {
        // In place: a processor that sounds does not allocate.
        let rate = self.stream.sample_rate;
        self.riding.controls = self.settings.controls.map(|value| Travel::new(value, rate));
        self.riding.ear.reset();
        self.riding.key_ear.reset();
        self.riding.keyed = false;
        self.riding.fader.reset();
        self.riding.place = 0;
        self.delays.iter_mut().for_each(DelayLine::reset);
        self.needle = Needle::default();
    }

    fn gain_reduction(&self) -> Option<GainReduction> {
        Some(self.needle.reading())
    }
}
