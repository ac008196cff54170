//! The effect `bass_enhancer`: overtones that let small loudspeakers suggest a bass they cannot play.
//!
//! ```
//! use tonmeister_core::{Block, Context, Effect, Layout, Settings, Stream};
//! use tonmeister_dsp::color::BassEnhancer;
//!
//! let settings = Settings::new(BassEnhancer::SPEC).with("remove_fundamental", 1.0);
//! let stream = Stream { sample_rate: 48_000, layout: Layout::Mono, max_block: 48_000, seed: 1 };
//! let mut enhancer = BassEnhancer::from_settings(&settings).build(&stream).unwrap();
//! let mut bass: Vec<f32> = (0..48_000).map(|n| 0.5 * (n as f32 * 0.006).sin()).collect(); // 46 Hz
//! enhancer.process(&mut Block::mono(&mut bass), &Context::default());
//! let turns = bass[24_000..].windows(2).filter(|w| w[0] < 0.0 && w[1] >= 0.0).count();
//! assert!(turns > 40); // of 23 before: the overtones alone are left
//! ```
//!
//! The bass is cut out, divided by its own envelope (the analytic one, which has no ripple, falling slowly), bent by
//! Chebyshev polynomials, which turn a sine of height one into its second to eighth harmonic, and multiplied by the
//! envelope again. So the harmonics follow the level of the bass exactly, loud or soft. A polynomial of order 8 makes
//! nothing above eight times what it is given, hence nothing that could fold back.

#![allow(
    clippy::inline_always,
    reason = "left out of line it would be compiled without its caller's vector instructions"
)]

#[cfg(test)]
mod tests;

use std::f64::consts::{FRAC_PI_2, PI, SQRT_2};

use tonmeister_core::{
    Block, BuildError, Context, Effect, EffectSpec, Event, Family, Layout, ParamSpec, Processor, Settings, Stream,
    Tail, Unit,
};

use super::level::clean;
use super::{TILE, Tiled, in_tiles, sane};
use crate::crossover::{Bands, Crossover, Phase, Slope};
use crate::dynamics::hilbert::Hilbert;
use crate::math::{amplitude_of_db, exp2, log2};
use crate::travel::Travel;

const PARAMS: &[ParamSpec] = &[
    ParamSpec::number(
        "cutoff_hz",
        "Cutoff",
        Unit::Hz,
        (40.0, 300.0),
        100.0,
        "Harmonics are made of what lies below this, and kept between this and eight times this: the lowest that the \
         loudspeaker can play.",
    )
    .logarithmic(),
    ParamSpec::number(
        "amount_db",
        "Amount",
        Unit::Db,
        (-40.0, 12.0),
        -9.0,
        "Level of the harmonics of a bass note, all together, against the note itself.",
    ),
    ParamSpec::number(
        "even_percent",
        "Even",
        Unit::Percent,
        (0.0, 100.0),
        50.0,
        "0 makes odd harmonics alone (hollow, rough), 100 even ones alone (round, an octave up). Both together suggest \
         the missing note best.",
    ),
    ParamSpec::number(
        "brightness_percent",
        "Brightness",
        Unit::Percent,
        (0.0, 100.0),
        40.0,
        "How strong higher harmonics are: each is 14 dB weaker than the one below at 0, 1 dB at 100.",
    ),
    ParamSpec::number(
        "sub_db",
        "Sub",
        Unit::Db,
        (-24.0, 12.0),
        0.0,
        "Level of the bass itself below the cutoff, unless it is removed.",
    ),
    ParamSpec::switch(
        "remove_fundamental",
        "Remove fundamental",
        false,
        "Takes the bass below the cutoff out and leaves its harmonics: for loudspeakers that only waste strokes on it.",
    ),
];

const SPEC: EffectSpec = EffectSpec {
    id: "bass_enhancer",
    name: "Bass enhancer",
    family: Family::Color,
    summary: "Makes harmonics of the bass, by which small loudspeakers suggest notes that they cannot play.",
    doc: "\
The ear hears the note of a row of harmonics even when its fundamental is missing. For bass, kick drums and whole mixes \
that shall keep their bass line on a telephone; on large loudspeakers little of it is needed. Harmonics follow the \
level of the bass exactly, and die with its strokes (60 ms). Two bass notes at once also make tones of their sums and \
differences, together 2 dB louder than the harmonics: best on a single line. The bass is split off by a Linkwitz\u{2013}Riley \
crossover of 24 dB per octave, which turns the phase around the cutoff. Rumble below 20 Hz makes no harmonics. \
No latency.",
    params: PARAMS,
    groups: &[],
    files: &[],
    stereo_only: false,
    key: tonmeister_core::KeyUse::None,
    sources: &[
        "Larsen, Aarts: Audio Bandwidth Extension, 2004, ch. 2 (psychoacoustic bandwidth extension)",
        "Le Brun: Digital waveshaping synthesis, JAES 27(4), 1979 (Chebyshev polynomials)",
        "Simper: Solving the continuous SVF equations using trapezoidal integration, 2013",
    ],
};

/// The second to the eighth.
const HARMONICS: usize = 7;
/// Harmonics are kept up to so many times the cutoff.
const REACH: f64 = 8.0;
/// The envelope falls with this time constant.
const FALL_S: f64 = 0.06;
/// What lies below makes no harmonics.
const RUMBLE_HZ: f64 = 20.0;
/// Dampings of a Butterworth filter of order 4.
const DAMPINGS: [f64; 2] = [1.847_759_065_022_573_5, 0.765_366_864_730_179_6];
/// Ratio of one harmonic to the one below, at either end of `brightness_percent`.
const RATIOS: [f64; 2] = [0.2, 0.9];

/// Settings of the effect `bass_enhancer`.
#[derive(Clone, Debug)]
pub struct BassEnhancer(Settings);

impl Effect for BassEnhancer {
    const SPEC: &'static EffectSpec = &SPEC;

    fn from_settings(settings: &Settings) -> Self {
        BassEnhancer(settings.clone())
    }

    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        let rate = stream.sample_rate;
        let channel = Channel { hilbert: Hilbert::new(rate), envelope: 0.0 };
        Ok(Box::new(Running {
            settings: self.0.clone(),
            stream: *stream,
            controls: Controls::new(&self.0, rate),
            crossover: crossover(&self.0, rate, stream.layout),
            bands: Bands::new(2, TILE),
            channels: vec![channel; stream.layout.channels()],
            filters: Filters::default(),
            rumble: Corner::new(RUMBLE_HZ, SQRT_2, f64::from(rate)),
            fall: (-1.0 / (FALL_S * f64::from(rate))).exp(),
            clock: 0,
        }))
    }
}

fn crossover(settings: &Settings, rate: u32, layout: Layout) -> Crossover {
    Crossover::new(&[settings.get("cutoff_hz")], Slope::Db24, Phase::Minimum, rate, layout)
}

struct Controls {
    /// Octaves above 1 Hz.
    octaves: Travel,
    amount_db: Travel,
    even_percent: Travel,
    brightness_percent: Travel,
    sub_db: Travel,
    removed: bool,
}

impl Controls {
    fn new(settings: &Settings, rate: u32) -> Self {
        let travel = |id| Travel::new(settings.get(id), rate);
        Controls {
            octaves: Travel::new(log2(settings.get("cutoff_hz")), rate),
            amount_db: travel("amount_db"),
            even_percent: travel("even_percent"),
            brightness_percent: travel("brightness_percent"),
            sub_db: travel("sub_db"),
            removed: settings.get("remove_fundamental") == 1.0,
        }
    }

    fn moving(&self) -> bool {
        let travels = [&self.octaves, &self.amount_db, &self.even_percent, &self.brightness_percent, &self.sub_db];
        travels.iter().any(|travel| travel.moving())
    }

    /// One frame on.
    fn step(&mut self, rate: f64) -> Now {
        let hz = exp2(self.octaves.step());
        let corner = |hz| DAMPINGS.map(|damping| Corner::new(hz, damping, rate));
        let even = 0.01 * FRAC_PI_2 * self.even_percent.step();
        let [dark, bright] = RATIOS;
        let ratio = dark + 0.01 * (bright - dark) * self.brightness_percent.step();
        let mut weights = [even.sin(), even.cos(), even.sin(), even.cos(), even.sin(), even.cos(), even.sin()];
        let mut strength = 1.0;
        for weight in &mut weights {
            *weight *= strength;
            strength *= ratio;
        }
        let power: f64 = weights.iter().map(|weight| weight * weight).sum();
        let amount = amplitude_of_db(self.amount_db.step()) / power.sqrt();
        let sub = amplitude_of_db(self.sub_db.step());
        Now {
            corners: [corner(hz), corner(REACH * hz)],
            weights: weights.map(|weight| weight * amount),
            sub: if self.removed { 0.0 } else { sub },
        }
    }
}

/// What the numbers are at one frame.
#[derive(Clone, Copy, Default)]
struct Now {
    /// The lowest and the highest that harmonics may be, of either section.
    corners: [[Corner; 2]; 2],
    /// Of the second harmonic and upward.
    weights: [f64; HARMONICS],
    sub: f64,
}

#[derive(Clone)]
struct Channel {
    hilbert: Hilbert,
    envelope: f64,
}

/// The filters of both channels.
#[derive(Clone, Copy, Default)]
struct Filters {
    rumble: Pair,
    /// What keeps harmonics above the cutoff, and below eight times that.
    lows: [Pair; 2],
    highs: [Pair; 2],
}

struct Running {
    settings: Settings,
    stream: Stream,
    controls: Controls,
    crossover: Crossover,
    bands: Bands,
    channels: Vec<Channel>,
    filters: Filters,
    rumble: Corner,
    fall: f64,
    clock: u64,
}

/// Where a state variable filter parts what is below from what is above. It may move at any frame.
#[derive(Clone, Copy, Default)]
struct Corner {
    /// tan(πf/rate)
    g: f64,
    damping: f64,
    a: f64,
}

impl Corner {
    fn new(hz: f64, damping: f64, rate: f64) -> Self {
        let g = (PI * (hz / rate).min(0.45)).tan();
        Corner { g, damping, a: 1.0 / (1.0 + g * (g + damping)) }
    }
}

/// Both states of a filter, left and right, which take turns: neither waits for itself alone.
type Pair = [[f64; 2]; 2];

/// The filter: what it lets through below, and above, left and right.
#[inline]
fn section(state: &mut Pair, x: [f64; 2], corner: &Corner) -> Pair {
    let Corner { g, damping, a } = *corner;
    let [one, two] = state;
    let (mut lows, mut highs) = ([0.0; 2], [0.0; 2]);
    for c in 0..2 {
        let v3 = x[c] - two[c];
        let band = a * (one[c] + g * v3);
        lows[c] = two[c] + g * band;
        highs[c] = x[c] - damping * band - lows[c];
        (one[c], two[c]) = (2.0 * band - one[c], 2.0 * lows[c] - two[c]);
    }
    [lows, highs]
}

/// The sum of weighted Chebyshev polynomials T₂ … T₈ at `u`, by Clenshaw's recurrence.
#[inline(always)]
fn harmonics(u: f64, weights: &[f64; HARMONICS]) -> f64 {
    let (mut one, mut two) = (0.0, 0.0);
    for weight in weights.iter().rev() {
        (one, two) = (weight + 2.0 * u * one - two, one);
    }
    // b₂ and b₃; there are no T₁ and T₀.
    let first = 2.0 * u * one - two;
    u * first - one
}

/// The harmonics of a bass of that height.
#[inline(always)]
fn bent(x: f64, height: f64, weights: &[f64; HARMONICS]) -> f64 {
    let u = x / if height > 1e-20 { height } else { 1.0 };
    height * harmonics(u, weights)
}

/// The harmonics of a stretch of bass.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn bend(bass: &mut [f64], heights: &[f64], weights: &[f64; HARMONICS]) {
    for (x, height) in bass.iter_mut().zip(heights) {
        *x = bent(*x, *height, weights);
    }
}

impl Tiled for Running {
    fn clock(&mut self) -> &mut u64 {
        &mut self.clock
    }

    fn apply(&mut self, event: &Event) {
        let controls = &mut self.controls;
        match self.settings.at(event.param).0.id {
            "cutoff_hz" => {
                controls.octaves.to(log2(event.value), event.glide);
                self.crossover.to(0, event.value, event.glide);
            }
            "amount_db" => controls.amount_db.to(event.value, event.glide),
            "even_percent" => controls.even_percent.to(event.value, event.glide),
            "brightness_percent" => controls.brightness_percent.to(event.value, event.glide),
            "sub_db" => controls.sub_db.to(event.value, event.glide),
            _ => {}
        }
    }

    fn tile(&mut self, block: &mut Block<'_>) {
        let frames = block.frames();
        let rate = f64::from(self.stream.sample_rate);
        let mut all = [Now::default(); TILE];
        let moving = self.controls.moving();
        let different = if moving { frames } else { 1 };
        for now in &mut all[..different] {
            *now = self.controls.step(rate);
        }
        let at = |n: usize| &all[if moving { n } else { 0 }];
        for samples in block.channels_mut() {
            for x in samples {
                *x = sane(*x) as f32;
            }
        }
        self.crossover.split(block.view(), &mut self.bands);
        // Of mono, both sides are the one.
        let other = self.channels.len() - 1;
        let bands = |band: usize| [self.bands.channel(band, 0), self.bands.channel(band, other)];
        let ([low, low_right], [high, high_right]) = (bands(0), bands(1));
        let mut basses = [[0.0; TILE]; 2];
        let [left, right] = &mut basses;
        for (n, (left, right)) in left[..frames].iter_mut().zip(right).enumerate() {
            [_, [*left, *right]] = section(&mut self.filters.rumble, [low[n], low_right[n]], &self.rumble);
        }
        for (channel, bass) in self.channels.iter_mut().zip(&mut basses) {
            let mut powers = *bass;
            let (bass, heights) = (&mut bass[..frames], &mut powers[..frames]);
            channel.hilbert.powers(heights);
            for height in heights.iter_mut() {
                let (now, fallen) = (height.sqrt(), self.fall * channel.envelope);
                channel.envelope = if now > fallen { now } else { fallen };
                *height = channel.envelope;
            }
            if moving {
                for (n, (x, height)) in bass.iter_mut().zip(heights).enumerate() {
                    *x = bent(*x, *height, &all[n].weights);
                }
            } else {
                bend(bass, heights, &all[0].weights);
            }
        }
        let [left, right] = &mut basses;
        for (n, (left, right)) in left[..frames].iter_mut().zip(right).enumerate() {
            let [lowest, highest] = &at(n).corners;
            let mut made = [*left, *right];
            for (state, corner) in self.filters.lows.iter_mut().zip(lowest) {
                [_, made] = section(state, made, corner);
            }
            for (state, corner) in self.filters.highs.iter_mut().zip(highest) {
                [made, _] = section(state, made, corner);
            }
            let sub = at(n).sub;
            *left = high[n] + sub * low[n] + made[0];
            *right = high_right[n] + sub * low_right[n] + made[1];
        }
        for (samples, made) in block.channels_mut().zip(&basses) {
            for (y, made) in samples.iter_mut().zip(made) {
                *y = *made as f32;
            }
        }
    }

    fn flush(&mut self) {
        for channel in &mut self.channels {
            channel.hilbert.settle();
            clean(&mut channel.envelope);
        }
        let Filters { rumble, lows, highs } = &mut self.filters;
        let all = std::iter::once(rumble).chain(lows).chain(highs);
        all.flat_map(|pair| pair.as_flattened_mut()).for_each(clean);
    }
}

impl Processor for Running {
    fn process(&mut self, block: &mut Block<'_>, context: &Context<'_>) {
        in_tiles(self, block, context);
    }

    /// Until the envelope has fallen, and what follows it has rung out.
    fn tail(&self) -> Tail {
        let fall = (16.0 * FALL_S * f64::from(self.stream.sample_rate)) as u64;
        Tail::Frames(self.crossover.tail() + fall)
    }

    fn reset(&mut self) {
        self.controls = Controls::new(&self.settings, self.stream.sample_rate);
        self.crossover = crossover(&self.settings, self.stream.sample_rate, self.stream.layout);
        for channel in &mut self.channels {
            channel.hilbert.reset();
            channel.envelope = 0.0;
        }
        self.filters = Filters::default();
        self.clock = 0;
    }
}
