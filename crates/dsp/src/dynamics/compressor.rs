//! The effect `compressor`.
//!
//! Feed-forward, detector and smoothing in the log domain (Giannoulis, Massberg, Reiss 2012). Gain and dry part are
//! one factor per sample, (1 − m) + m·g, so a parallel mix can neither comb nor drift: at a ratio of 1 it is the
//! input bit for bit. A look-ahead delays the audio and never the detector; it is the only latency.

use tonmeister_core::{
    Automatable, Block, BuildError, Choice, Context, Effect, EffectSpec, Event, Family, Frames, GainReduction, Layout,
    ParamSpec, Processor, Settings, Stream, Unit, View,
};

use super::ballistics::{Ballistics, Times};
use super::curve::{Curve, INFINITE_RATIO, at_least};
use super::detector::{Detector, DetectorKind, Listening};
use super::parts::{DelayLine, Needle};
use crate::control::{Control, JUMP_MS};
use crate::math::{OCTAVES_PER_DB, exp2, log2};

/// How many frames are worked on at a time.
const PART: usize = 64;
/// States that have become nothing are put to rest on this grid of the stream's frames.
const SETTLE_GRID: u64 = 256;
const DETECTORS: &[Choice] = &[
    Choice { id: "peak", doc: "the rectified wave: quick and cheap; fast times distort low notes" },
    Choice { id: "envelope", doc: "the analytic envelope: as quick, and clean down to the bass; costs the most" },
    Choice { id: "rms", doc: "the mean power over `rms_ms`, reading a sine as its peak: loudness more than peaks" },
];

const RELEASES: &[Choice] = &[
    Choice { id: "manual", doc: "always `release_ms`" },
    Choice { id: "auto", doc: "0.6 × `release_ms` after a short burst, up to 6 × after sustained loudness" },
];

/// The parameters that may move, in the order of the table and of [`Controls`].
const MOVING: usize = 8;
const ATTACK: usize = 3;
const RELEASE: usize = 4;
const LINK: usize = 7;

const PARAMS: &[ParamSpec] = &[
    ParamSpec::number("threshold_db", "Threshold", Unit::Db, (-60.0, 0.0), -18.0, "Level from which it turns down."),
    ParamSpec::number(
        "ratio",
        "Ratio",
        Unit::Ratio,
        (1.0, INFINITE_RATIO),
        4.0,
        "How many decibels in make one decibel out above the threshold. 1 does nothing; 100 is ∞:1.",
    )
    .logarithmic(),
    ParamSpec::number("knee_db", "Knee", Unit::Db, (0.0, 24.0), 6.0, "Width of the bend around the threshold."),
    ParamSpec::number(
        "attack_ms",
        "Attack",
        Unit::Ms,
        (0.01, 500.0),
        10.0,
        "Time in which 63 % of a reduction has come, in decibels. (10 to 90 % takes 2.2 times as long.)",
    )
    .logarithmic(),
    ParamSpec::number(
        "release_ms",
        "Release",
        Unit::Ms,
        (1.0, 5000.0),
        100.0,
        "Time in which 63 % of a reduction has gone, in decibels. Not shorter than the attack.",
    )
    .logarithmic(),
    ParamSpec::number("makeup_db", "Make-up", Unit::Db, (-24.0, 36.0), 0.0, "Gain behind the compression."),
    ParamSpec::number(
        "mix_percent",
        "Mix",
        Unit::Percent,
        (0.0, 100.0),
        100.0,
        "Compressed part of the output; the rest is dry, equally late.",
    ),
    ParamSpec::number(
        "link_percent",
        "Stereo link",
        Unit::Percent,
        (0.0, 100.0),
        100.0,
        "100: the louder side turns both down and the image stays. 0: each side for itself.",
    ),
    ParamSpec::choice("release", "Release mode", RELEASES, "Whether the release follows the program."),
    ParamSpec::switch(
        "auto_makeup",
        "Automatic make-up",
        false,
        "Adds half of what is taken away from a signal at full scale.",
    ),
    ParamSpec::choice("detector", "Detector", DETECTORS, "What counts as loud."),
    ParamSpec::number("rms_ms", "RMS time", Unit::Ms, (1.0, 100.0), 10.0, "Window of the `rms` detector.")
        .logarithmic()
        .automatable(Automatable::Fixed),
    ParamSpec::number(
        "sidechain_highpass_hz",
        "Side-chain high-pass",
        Unit::Hz,
        (0.0, 1000.0),
        0.0,
        "Keeps lows (12 dB per octave below this) from the detector, so that bass does not pump the rest. 0 is off.",
    )
    .automatable(Automatable::Fixed),
    ParamSpec::number(
        "lookahead_ms",
        "Look-ahead",
        Unit::Ms,
        (0.0, 20.0),
        0.0,
        "Delays the audio, not the detector, so that the gain is down when a transient arrives. Becomes latency.",
    )
    .automatable(Automatable::Fixed),
];

const SPEC: EffectSpec = EffectSpec {
    id: "compressor",
    name: "Compressor",
    family: Family::Dynamics,
    summary: "Turns loud passages down by a law, in a time, and leaves quiet ones alone.",
    doc: "\
Feed-forward, smoothed in decibels in two decoupled stages: the reduction rises with the attack and falls with the \
release, both meant as 63 % of a step. Jumps of threshold, ratio, knee, make-up, mix and link travel in 50 ms, and \
the corners of every travel are rounded over 1 ms; attack and release jump at once, for a change of them makes no click. An external side-chain, when one is routed \
here, replaces what the detector hears and is aligned to the sample. \
\
On the detector: `peak` is the default, because it is what the numbers on most compressors mean and costs least \
(about 4 ns per frame, 1 ns while nothing exceeds the threshold). Its price is distortion of low notes when the times \
are short against their period: −60 dB at 100 Hz with 5/100 ms. On bass, and wherever fast times meet a clean sound, \
take `envelope`: −147 dB in the same place, at twice the cost (three times in stereo). `rms` (−84 dB) \
follows loudness rather than peaks and reacts later by its window.",
    params: PARAMS,
    groups: &[],
    files: &[],
    stereo_only: false,
    takes_key: true,
    sources: &[
        "D. Giannoulis, M. Massberg, J. D. Reiss, \"Digital dynamic range compressor design: a tutorial and \
         analysis\", J. Audio Eng. Soc. 60(6), 2012, sections 2.2 and 3.2",
        "R. A. Valenzuela, A. G. Constantinides, \"Digital signal processing schemes for efficient interpolation and \
         decimation\", IEE Proc. G 130(6), 1983 (the envelope detector's all-passes)",
    ],
};

/// What may move while it sounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Controls {
    /// Middle of the knee, dB.
    pub threshold_db: f64,
    /// 1 to 100, 100 being ∞.
    pub ratio: f64,
    /// Width of the knee, dB.
    pub knee_db: f64,
    /// 63 % of a rising reduction.
    pub attack_ms: f64,
    /// 63 % of a falling reduction.
    pub release_ms: f64,
    /// Gain behind it, dB.
    pub makeup_db: f64,
    /// 100 is all compressed, 0 all dry.
    pub mix_percent: f64,
    /// 100 is one gain for both sides.
    pub link_percent: f64,
}

impl Controls {
    fn from_array(values: [f64; MOVING]) -> Self {
        let [threshold_db, ratio, knee_db, attack_ms, release_ms, makeup_db, mix_percent, link_percent] = values;
        Controls { threshold_db, ratio, knee_db, attack_ms, release_ms, makeup_db, mix_percent, link_percent }
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
        ]
    }
}

/// Settings of the effect `compressor`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Compressor {
    /// What may move.
    pub controls: Controls,
    /// The release follows the program.
    pub auto_release: bool,
    /// Half of the greatest reduction is given back.
    pub auto_makeup: bool,
    /// What the detector hears, and how.
    pub listening: Listening,
    /// How much earlier than the audio the detector hears.
    pub lookahead_ms: f64,
}

impl Effect for Compressor {
    const SPEC: &'static EffectSpec = &SPEC;

    fn from_settings(settings: &Settings) -> Self {
        let mut values = [0.0; MOVING];
        for (value, param) in values.iter_mut().zip(PARAMS) {
            *value = settings.get(param.id);
        }
        let kind = match settings.get("detector") as usize {
            0 => DetectorKind::Peak,
            1 => DetectorKind::Envelope,
            _ => DetectorKind::Rms,
        };
        Compressor {
            controls: Controls::from_array(values),
            auto_release: settings.get("release") == 1.0,
            auto_makeup: settings.get("auto_makeup") == 1.0,
            listening: Listening {
                kind,
                rms_ms: settings.get("rms_ms"),
                highpass_hz: settings.get("sidechain_highpass_hz"),
            },
            lookahead_ms: settings.get("lookahead_ms"),
        }
    }

    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        Ok(Box::new(Running::new(*self, *stream)))
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

impl Compressor {
    fn times(&self, controls: &Controls, sample_rate: u32) -> Times {
        let make = if self.auto_release { Times::automatic } else { Times::manual };
        make(controls.attack_ms, controls.release_ms, sample_rate)
    }

    fn law(&self, controls: &Controls, times: Times) -> Law {
        let curve = Curve::new(controls.threshold_db, controls.ratio, controls.knee_db);
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

/// A compressor that sounds.
struct Running {
    settings: Compressor,
    stream: Stream,
    controls: [Control; MOVING],
    law: Law,
    /// What the detector reads where the knee begins, a hair less: below it there is nothing to compute.
    silent_below: f64,
    detectors: [Detector; 2],
    ballistics: [Ballistics; 2],
    /// Gains per frame: one, or one per side from the moment the link is anything but full.
    lanes: usize,
    delays: Vec<DelayLine>,
    needle: Needle,
    frame: u64,
    scratch: Box<Scratch>,
}

/// Room for one part.
struct Scratch {
    /// Levels, then reductions.
    lanes: [[f64; PART]; 2],
    gains: [f64; PART],
    /// The parameters of each frame, while they move.
    laws: [Law; PART],
}

impl Running {
    fn new(settings: Compressor, stream: Stream) -> Self {
        let times = settings.times(&settings.controls, stream.sample_rate);
        let law = settings.law(&settings.controls, times);
        let detector = Detector::new(&settings.listening, stream.sample_rate);
        let delay = Frames::from_seconds(settings.lookahead_ms / 1000.0, stream.sample_rate);
        let mut running = Running {
            settings,
            stream,
            controls: settings.controls.to_array().map(Control::plain),
            law,
            silent_below: 0.0,
            detectors: [detector.clone(), detector],
            ballistics: [Ballistics::new(times); 2],
            lanes: 1,
            delays: vec![DelayLine::new(delay.0 as usize); stream.layout.channels()],
            needle: Needle::default(),
            frame: 0,
            scratch: Box::new(Scratch { lanes: [[0.0; PART]; 2], gains: [0.0; PART], laws: [law; PART] }),
        };
        running.reset();
        running
    }

    fn begin_event(&mut self, event: &Event) {
        let param = event.param.0 as usize;
        let Some(control) = self.controls.get_mut(param) else { return };
        let times = param == ATTACK || param == RELEASE;
        let jump = (JUMP_MS * f64::from(self.stream.sample_rate) / 1000.0) as u32;
        control.to(event.value, if event.glide == 0 && !times { jump } else { event.glide });
        if param == LINK && self.stream.layout == Layout::Stereo && self.lanes == 1 {
            self.ballistics[1] = self.ballistics[0];
            self.lanes = 2;
        }
    }

    fn controls_now(&self) -> Controls {
        Controls::from_array(self.controls.map(|control| control.value()))
    }

    fn moving(&self) -> bool {
        self.controls.iter().any(Control::moving)
    }

    /// Takes the law that the resting parameters have.
    fn arrive(&mut self) {
        self.law = self.settings.law(&self.controls_now(), self.law.times);
        let octaves = self.law.curve.starts_at_db() / self.settings.listening.kind.db_per_octave();
        self.silent_below = exp2(octaves) * (1.0 - 1e-6);
    }

    /// The law of each of the next frames.
    fn travel(&mut self, frames: usize) {
        for i in 0..frames {
            let times_move = self.controls[ATTACK].moving() || self.controls[RELEASE].moving();
            for control in &mut self.controls {
                control.step();
            }
            let controls = self.controls_now();
            if times_move {
                self.law.times = self.settings.times(&controls, self.stream.sample_rate);
            }
            self.scratch.laws[i] = self.settings.law(&controls, self.law.times);
        }
        if !self.moving() {
            self.arrive();
        }
    }

    /// How loud each lane is, as the detector reads it: the louder side when there is one lane.
    fn listen(&mut self, heard: View<'_>) {
        let frames = heard.frames();
        let [first, second] = &mut self.scratch.lanes;
        self.detectors[0].run(heard.channel(0), &mut first[..frames]);
        if heard.layout() == Layout::Stereo {
            self.detectors[1].run(heard.channel(1), &mut second[..frames]);
            if self.lanes == 1 {
                for (a, b) in first[..frames].iter_mut().zip(&second[..frames]) {
                    *a = at_least(*a, *b);
                }
            }
        } else if self.lanes == 2 {
            second[..frames].copy_from_slice(&first[..frames]);
        }
    }

    /// From levels to the reductions asked for.
    fn ask(&mut self, frames: usize, moving: bool) {
        let scale = self.settings.listening.kind.db_per_octave();
        let Scratch { lanes: [first, second], laws, .. } = &mut *self.scratch;
        let (first, second) = (&mut first[..frames], &mut second[..frames]);
        if moving {
            for (i, law) in laws[..frames].iter().enumerate() {
                let (a, b) = (scale * log2(first[i]), scale * log2(second[i]));
                first[i] = law.curve.reduction_db(if self.lanes == 2 { linked(a, b, law.link) } else { a });
                second[i] = law.curve.reduction_db(linked(b, a, law.link));
            }
        } else if self.lanes == 2 {
            ask_two(&self.law.curve, self.law.link, scale, first, second);
        } else {
            ask_one(&self.law.curve, scale, first);
        }
    }

    /// From the reductions asked for to those given.
    fn smooth(&mut self, frames: usize, moving: bool) {
        for (ballistics, lane) in self.ballistics.iter_mut().zip(&mut self.scratch.lanes).take(self.lanes) {
            if moving {
                for (value, law) in lane[..frames].iter_mut().zip(&self.scratch.laws) {
                    ballistics.set_times(law.times);
                    *value = ballistics.step(*value);
                }
            } else {
                ballistics.set_times(self.law.times);
                ballistics.run(&mut lane[..frames]);
            }
        }
    }

    fn nothing_to_do(&self, frames: usize) -> bool {
        let quiet = |lane: &[f64; PART]| lane[..frames].iter().fold(0.0, |a, b| at_least(*b, a)) <= self.silent_below;
        (0..self.lanes).all(|lane| self.ballistics[lane].resting() && quiet(&self.scratch.lanes[lane]))
    }

    /// At most [`PART`] frames, without an event inside.
    fn part(&mut self, block: &mut Block<'_>, key: Option<View<'_>>) {
        let frames = block.frames();
        let moving = self.moving();
        self.listen(key.unwrap_or(block.view()));
        let law = self.law;
        if moving {
            self.travel(frames);
        } else if self.nothing_to_do(frames) {
            self.ballistics[..self.lanes].iter_mut().for_each(|b| {
                b.set_times(law.times);
                b.rest(frames);
            });
            self.needle.rest(frames);
            self.lay_on_constant(block);
            return;
        }
        self.ask(frames, moving);
        self.smooth(frames, moving);
        for (c, delay) in self.delays.iter_mut().enumerate() {
            let samples = block.channel_mut(c);
            delay.run(samples);
            let Scratch { lanes, gains, laws } = &mut *self.scratch;
            if c < self.lanes {
                let lane = &lanes[c][..frames];
                if moving {
                    for (i, gain) in gains[..frames].iter_mut().enumerate() {
                        *gain = gain_of(lane[i], laws[i].makeup_db, laws[i].mix);
                    }
                } else {
                    gains_of(lane, law.makeup_db, law.mix, &mut gains[..frames]);
                }
            }
            lay_on(&gains[..frames], samples);
        }
        let [first, second] = &mut self.scratch.lanes;
        if self.lanes == 2 {
            first[..frames].iter_mut().zip(&second[..frames]).for_each(|(a, b)| *a = at_least(*a, *b));
        }
        self.needle.read(&first[..frames]);
    }

    /// Make-up alone.
    fn lay_on_constant(&mut self, block: &mut Block<'_>) {
        let gain = gain_of(0.0, self.law.makeup_db, self.law.mix);
        for (samples, delay) in block.channels_mut().zip(&mut self.delays) {
            delay.run(samples);
            if gain != 1.0 {
                for x in samples.iter_mut() {
                    *x = (f64::from(*x) * gain) as f32;
                }
            }
        }
    }

    fn settle(&mut self) {
        for detector in &mut self.detectors {
            detector.settle();
        }
        for ballistics in &mut self.ballistics {
            ballistics.settle();
        }
    }
}

/// A lane's own level, drawn towards the louder one's by the link.
#[inline]
fn linked(own: f64, other: f64, link: f64) -> f64 {
    let louder = at_least(own, other);
    if link < 1.0 { own + link * (louder - own) } else { louder }
}

#[inline]
fn gain_of(reduction_db: f64, makeup_db: f64, mix: f64) -> f64 {
    (1.0 - mix) + mix * exp2(OCTAVES_PER_DB * (makeup_db - reduction_db))
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn ask_one(curve: &Curve, scale: f64, lane: &mut [f64]) {
    for level in lane {
        *level = curve.reduction_db(scale * log2(*level));
    }
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn ask_two(curve: &Curve, link: f64, scale: f64, first: &mut [f64], second: &mut [f64]) {
    for (a, b) in first.iter_mut().zip(second) {
        let levels = (scale * log2(*a), scale * log2(*b));
        *a = curve.reduction_db(linked(levels.0, levels.1, link));
        *b = curve.reduction_db(linked(levels.1, levels.0, link));
    }
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn gains_of(reductions: &[f64], makeup_db: f64, mix: f64, gains: &mut [f64]) {
    for (gain, reduction) in gains.iter_mut().zip(reductions) {
        *gain = gain_of(*reduction, makeup_db, mix);
    }
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn lay_on(gains: &[f64], samples: &mut [f32]) {
    for (x, gain) in samples.iter_mut().zip(gains) {
        *x = (f64::from(*x) * gain) as f32;
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
            let to_grid = (SETTLE_GRID - self.frame % SETTLE_GRID) as usize;
            let count = PART.min(frames - at).min(to_event).min(to_grid);
            self.part(&mut block.part(at, at + count), key.map(|key| key.part(at, at + count)));
            at += count;
            self.frame += count as u64;
            if self.frame.is_multiple_of(SETTLE_GRID) {
                self.settle();
            }
        }
    }

    fn latency(&self) -> Frames {
        Frames::from_seconds(self.settings.lookahead_ms / 1000.0, self.stream.sample_rate)
    }

    fn reset(&mut self) {
        self.detectors.iter_mut().for_each(Detector::reset);
        self.delays.iter_mut().for_each(DelayLine::reset);
        let rate = self.stream.sample_rate;
        self.controls = self.settings.controls.to_array().map(|value| Control::rounded(value, rate));
        self.controls[ATTACK] = Control::plain(self.settings.controls.attack_ms);
        self.controls[RELEASE] = Control::plain(self.settings.controls.release_ms);
        self.law.times = self.settings.times(&self.settings.controls, self.stream.sample_rate);
        self.ballistics = [Ballistics::new(self.law.times); 2];
        self.needle = Needle::default();
        self.frame = 0;
        self.arrive();
        self.lanes = if self.stream.layout == Layout::Stereo && self.law.link < 1.0 { 2 } else { 1 };
    }

    fn gain_reduction(&self) -> Option<GainReduction> {
        Some(self.needle.reading())
    }
}

#[cfg(test)]
pub(crate) mod tests;
