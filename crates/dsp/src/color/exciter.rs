//! The effect `exciter`: adds overtones of the treble above it.
//!
//! ```
//! use tonmeister_core::{Block, Context, Effect, Layout, Settings, Stream};
//! use tonmeister_dsp::color::Exciter;
//!
//! let settings = Settings::new(Exciter::SPEC).with("amount_percent", 100.0).with("auto_gain", 0.0);
//! let stream = Stream { sample_rate: 48_000, layout: Layout::Mono, max_block: 1000, seed: 1 };
//! let mut exciter = Exciter::from_settings(&settings).build(&stream).unwrap();
//! let dry: Vec<f32> = (0..1000).map(|n| 0.5 * (n as f32 * 0.7).sin()).collect();
//! let mut air = dry.clone();
//! exciter.process(&mut Block::mono(&mut air), &Context::default());
//! assert!((500..1000).any(|n| (air[n] - dry[n - 90]).abs() > 0.05));
//! ```
//!
//! A high-pass, a curve at eight times the rate, and the same high-pass once more, which keeps difference tones out of
//! the middle; what is left is added to the sound.

#![allow(
    clippy::inline_always,
    reason = "left out of line it would be compiled without its caller's vector instructions"
)]

#[cfg(test)]
mod tests;

use std::f64::consts::{PI, SQRT_2};

use tonmeister_core::{
    Block, BuildError, Context, Effect, EffectSpec, Event, Family, Frames, ParamSpec, Processor, Settings, Stream,
    Tail, Unit,
};

use super::level::{LoudnessMatch, clean};
use super::{TILE, Tiled, in_tiles, sane};
use crate::dynamics::parts::DelayLine;
use crate::math::{amplitude_of_db, exp2, log2};
use crate::oversample::Oversampler;
use crate::travel::Travel;

const PARAMS: &[ParamSpec] = &[
    ParamSpec::number(
        "frequency_hz",
        "Frequency",
        Unit::Hz,
        (500.0, 12_000.0),
        3500.0,
        "Overtones are made of what lies above this, and kept above it.",
    )
    .logarithmic(),
    ParamSpec::number(
        "drive_db",
        "Drive",
        Unit::Db,
        (0.0, 36.0),
        18.0,
        "How hard the treble is bent: quiet treble needs more.",
    ),
    ParamSpec::number(
        "even_percent",
        "Even",
        Unit::Percent,
        (0.0, 100.0),
        50.0,
        "0 makes odd overtones alone, which sound edgy; more adds the octave, which sounds open.",
    ),
    ParamSpec::number(
        "amount_percent",
        "Amount",
        Unit::Percent,
        (0.0, 100.0),
        30.0,
        "How much of the bent treble is added to the sound.",
    ),
    ParamSpec::switch(
        "auto_gain",
        "Auto gain",
        true,
        "Holds the whole at the loudness of what came in, K-weighted, over the last seconds.",
    ),
];

const SPEC: EffectSpec = EffectSpec {
    id: "exciter",
    name: "Exciter",
    family: Family::Color,
    summary: "Adds overtones of the treble above it: presence and air that an equalizer cannot lift.",
    doc: "\
For voices, guitars and old recordings that lack treble: what is not there cannot be boosted, but it can be made of \
what lies below. Overtones grow with the level of the treble, so loud consonants and strokes are lit up most. Quiet \
treble, which is not bent yet, is lifted too, before `amount_percent` by half the drive in decibels. \
Latency: 90 frames.",
    params: PARAMS,
    groups: &[],
    files: &[],
    stereo_only: false,
    key: tonmeister_core::KeyUse::None,
    sources: &[
        "Zölzer (ed.): DAFX, 2nd ed. 2011, §4.3.3 (exciters)",
        "Simper: Solving the continuous SVF equations using trapezoidal integration, 2013",
    ],
};

/// What `even_percent` at 100 adds to the input of the curve.
const BIAS: f64 = 0.7;

/// Settings of the effect `exciter`.
#[derive(Clone, Debug)]
pub struct Exciter(Settings);

impl Effect for Exciter {
    const SPEC: &'static EffectSpec = &SPEC;

    fn from_settings(settings: &Settings) -> Self {
        Exciter(settings.clone())
    }

    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        let over = Oversampler::new(8);
        let channel = Channel { delay: DelayLine::new(over.latency()), over };
        let matched = (self.0.get("auto_gain") == 1.0).then(|| LoudnessMatch::new(stream.sample_rate));
        Ok(Box::new(Running {
            settings: self.0.clone(),
            stream: *stream,
            controls: Controls::new(&self.0, stream.sample_rate),
            channels: vec![channel; stream.layout.channels()],
            cuts: [[[0.0; 2]; 2]; 2],
            matched,
            clock: 0,
        }))
    }
}

struct Controls {
    /// Octaves above 1 Hz.
    octaves: Travel,
    drive_db: Travel,
    even_percent: Travel,
    amount_percent: Travel,
}

impl Controls {
    fn new(settings: &Settings, rate: u32) -> Self {
        let travel = |id| Travel::new(settings.get(id), rate);
        Controls {
            octaves: Travel::new(log2(settings.get("frequency_hz")), rate),
            drive_db: travel("drive_db"),
            even_percent: travel("even_percent"),
            amount_percent: travel("amount_percent"),
        }
    }

    fn moving(&self) -> bool {
        [&self.octaves, &self.drive_db, &self.even_percent, &self.amount_percent].iter().any(|travel| travel.moving())
    }
}

/// What the numbers are at one frame.
#[derive(Clone, Copy, Default)]
struct Now {
    /// tan(πf/rate), and 1/(1 + g·(g + √2)) of it.
    corner: [f64; 2],
    drive: f64,
    bias: f64,
    /// Laid on behind the curve.
    after: f64,
    amount: f64,
}

/// Both states of a high-pass, left and right.
type Cut = [[f64; 2]; 2];

#[derive(Clone)]
struct Channel {
    over: Oversampler<f32>,
    delay: DelayLine,
}

struct Running {
    settings: Settings,
    stream: Stream,
    controls: Controls,
    channels: Vec<Channel>,
    /// Before the curve and behind it. Both sides run through one loop, so that neither waits for itself alone.
    cuts: [Cut; 2],
    matched: Option<LoudnessMatch>,
    clock: u64,
}

/// A Butterworth high-pass, 12 dB per octave, as a state variable filter: its corner may move at any frame.
#[inline]
fn high_pass(state: &mut Cut, x: [f64; 2], [g, a]: [f64; 2]) -> [f64; 2] {
    let [one, two] = state;
    let mut y = [0.0; 2];
    for c in 0..2 {
        let v3 = x[c] - two[c];
        let band = a * (one[c] + g * v3);
        let low = two[c] + g * band;
        (one[c], two[c]) = (2.0 * band - one[c], 2.0 * low - two[c]);
        y[c] = x[c] - SQRT_2 * band - low;
    }
    y
}

/// What the curve is like at one frame: its bias, what it makes of that alone, and what is laid on behind it.
#[inline(always)]
fn knobs(now: &Now) -> [f32; 3] {
    let bias = now.bias as f32;
    [bias, bias / (1.0 + bias * bias).sqrt(), now.after as f32]
}

/// In single precision: what that rounds off lies 140 dB below.
#[inline(always)]
fn overtone(x: f32, [bias, rest, after]: [f32; 3]) -> f32 {
    let u = x + bias;
    (u / (1.0 + u * u).sqrt() - rest) * after
}

/// The overtones of all samples; while nothing moves, one curve does for all of them.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn overtones(fast: &mut [f32], factor: usize, moves: bool, now: &[Now; TILE]) {
    if !moves {
        let knobs = knobs(&now[0]);
        for x in fast {
            *x = overtone(*x, knobs);
        }
        return;
    }
    for (now, group) in now.iter().zip(fast.chunks_exact_mut(factor)) {
        let knobs = knobs(now);
        for x in group {
            *x = overtone(*x, knobs);
        }
    }
}

impl Running {
    fn now(&mut self, frames: usize) -> [Now; TILE] {
        let mut all = [Now::default(); TILE];
        let moving = self.controls.moving();
        let rate = f64::from(self.stream.sample_rate);
        for n in 0..frames {
            if n > 0 && !moving {
                all[n] = all[0];
                continue;
            }
            let drive = amplitude_of_db(self.controls.drive_db.step());
            let bias = 0.01 * BIAS * self.controls.even_percent.step();
            let root = (1.0 + bias * bias).sqrt();
            let g = (PI * (exp2(self.controls.octaves.step()) / rate).min(0.45)).tan();
            all[n] = Now {
                corner: [g, 1.0 / (1.0 + g * (g + SQRT_2))],
                drive,
                bias,
                // By the slope at rest, and half of the drive in decibels: the rest of it is what bends.
                after: root * root * root / drive.sqrt(),
                amount: 0.01 * self.controls.amount_percent.step(),
            };
        }
        all
    }
}

impl Tiled for Running {
    fn clock(&mut self) -> &mut u64 {
        &mut self.clock
    }

    fn apply(&mut self, event: &Event) {
        let controls = &mut self.controls;
        match self.settings.at(event.param).0.id {
            "frequency_hz" => controls.octaves.to(log2(event.value), event.glide),
            "drive_db" => controls.drive_db.to(event.value, event.glide),
            "even_percent" => controls.even_percent.to(event.value, event.glide),
            "amount_percent" => controls.amount_percent.to(event.value, event.glide),
            _ => {}
        }
    }

    fn tile(&mut self, block: &mut Block<'_>) {
        let frames = block.frames();
        let moves = self.controls.moving();
        let now = self.now(frames);
        let mut wets = [[0.0_f32; TILE]; 2];
        for (samples, wet) in block.channels_mut().zip(&mut wets) {
            for (x, wet) in samples.iter_mut().zip(wet) {
                *x = sane(*x) as f32;
                *wet = *x;
            }
        }
        let [left, right] = &mut wets;
        for ((l, r), now) in left[..frames].iter_mut().zip(right).zip(&now) {
            let cut = high_pass(&mut self.cuts[0], [f64::from(*l), f64::from(*r)], now.corner);
            [*l, *r] = cut.map(|y| (now.drive * y) as f32);
        }
        for ((channel, samples), wet) in self.channels.iter_mut().zip(block.channels_mut()).zip(&mut wets) {
            let factor = channel.over.factor();
            channel.over.run(&mut wet[..frames], |fast| overtones(fast, factor, moves, &now));
            channel.delay.run(samples);
        }
        let [left, right] = &mut wets;
        for ((l, r), now) in left[..frames].iter_mut().zip(right).zip(&now) {
            let cut = high_pass(&mut self.cuts[1], [f64::from(*l), f64::from(*r)], now.corner);
            [*l, *r] = cut.map(|y| (now.amount * y) as f32);
        }
        for (c, (samples, wet)) in block.channels_mut().zip(&mut wets).enumerate() {
            for (x, wet) in samples.iter().zip(wet.iter_mut()) {
                *wet += *x;
            }
            if let Some(matched) = &mut self.matched {
                matched.listen(c, samples, wet);
            }
            samples.copy_from_slice(&wet[..frames]);
        }
        if let Some(matched) = &mut self.matched {
            let mut gains = [0.0; TILE];
            matched.weigh(frames);
            gains[..frames].fill_with(|| matched.step());
            for samples in block.channels_mut() {
                for (x, gain) in samples.iter_mut().zip(&gains) {
                    *x = (f64::from(*x) * gain) as f32;
                }
            }
        }
    }

    fn flush(&mut self) {
        self.cuts.as_flattened_mut().as_flattened_mut().iter_mut().for_each(clean);
        if let Some(matched) = &mut self.matched {
            matched.flush();
        }
    }
}

impl Processor for Running {
    fn process(&mut self, block: &mut Block<'_>, context: &Context<'_>) {
        in_tiles(self, block, context);
    }

    fn latency(&self) -> Frames {
        Frames(self.channels[0].over.latency() as u64)
    }

    /// The filters' ringing: twice a Butterworth pair of 500 Hz or more.
    fn tail(&self) -> Tail {
        Tail::Frames(u64::from(self.stream.sample_rate) / 50 + self.latency().0)
    }

    fn reset(&mut self) {
        let rate = self.stream.sample_rate;
        self.controls = Controls::new(&self.settings, rate);
        for channel in &mut self.channels {
            channel.over.reset();
            channel.delay.reset();
        }
        self.cuts = [[[0.0; 2]; 2]; 2];
        self.matched = self.matched.as_ref().map(|_| LoudnessMatch::new(rate));
        self.clock = 0;
    }
}
