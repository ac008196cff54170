//! The effect `saturator`: bends the waveform as tape, tubes, transformers and consoles do.
//!
//! ```
//! use tonmeister_core::{Block, Context, Effect, Layout, Settings, Stream};
//! use tonmeister_dsp::color::Saturator;
//!
//! let settings = Settings::new(Saturator::SPEC).with("drive_db", 24.0).with("auto_gain", 0.0);
//! let stream = Stream { sample_rate: 48_000, layout: Layout::Mono, max_block: 1000, seed: 1 };
//! let mut saturator = Saturator::from_settings(&settings).build(&stream).unwrap();
//! let mut hum: Vec<f32> = (0..1000).map(|n| 0.3 * (n as f32 * 0.05).sin()).collect();
//! saturator.process(&mut Block::mono(&mut hum), &Context::default());
//! let flat = hum[500..].iter().filter(|y| y.abs() > 0.8).count();
//! assert!(flat > 350); // nearly a square wave
//! ```
//!
//! Drive, curve, then filters at the stream's rate: what stands still is taken away (5 Hz), the tone tilts. Curves are
//! smooth (analytic) functions, whose overtones fall off so fast that eight times the rate leaves no aliases to hear.

#![allow(
    clippy::inline_always,
    reason = "left out of line it would be compiled without its caller's vector instructions"
)]

#[cfg(test)]
mod tests;

use std::f64::consts::PI;

use tonmeister_core::{
    Block, BuildError, Choice, Context, Effect, EffectSpec, Event, Family, Frames, Memory, ParamSpec, Processor,
    Settings, Stream, Tail, Unit,
};

use super::level::{LoudnessMatch, clean};
use super::{TILE, Tiled, in_tiles, sane};
use crate::dynamics::parts::DelayLine;
use crate::math::amplitude_of_db;
use crate::oversample::Oversampler;
use crate::travel::Travel;

const KINDS: &[Choice] = &[
    Choice {
        id: "tape",
        doc: "a hyperbolic tangent, odd overtones; the treble is driven 6 dB harder from 3 kHz and given back after",
    },
    Choice { id: "tube", doc: "a hyperbolic tangent off its center: even overtones first, odd ones with more drive" },
    Choice {
        id: "transformer",
        doc: "clean for longer and then bends sooner, x/(1+x\u{2074})^\u{00bc}; lows are driven 9 dB harder below 150 Hz and given back after",
    },
    Choice {
        id: "console",
        doc: "x/\u{221a}(1+x\u{00b2}), a little off its center: soft from the start, a trace of even overtones",
    },
];

const QUALITIES: &[Choice] = &[
    Choice { id: "normal", doc: "eight times the rate" },
    Choice { id: "high", doc: "sixteen times the rate, for the hardest drives of bright sounds" },
];

const FACTORS: [usize; 2] = [8, 16];

const PARAMS: &[ParamSpec] = &[
    ParamSpec::choice("kind", "Kind", KINDS, "What the curve is like."),
    ParamSpec::number("drive_db", "Drive", Unit::Db, (0.0, 36.0), 6.0, "How far up the curve the sound is driven."),
    ParamSpec::number(
        "bias_percent",
        "Bias",
        Unit::Percent,
        (-100.0, 100.0),
        0.0,
        "Moves the curve off its center, so that one half-wave is bent sooner: even overtones.",
    ),
    ParamSpec::number(
        "tone_db",
        "Tone",
        Unit::Db,
        (-6.0, 6.0),
        0.0,
        "Tilts the saturated sound around 800 Hz: so much more treble and less bass.",
    ),
    ParamSpec::number("output_db", "Output", Unit::Db, (-24.0, 24.0), 0.0, "Level of the saturated sound."),
    ParamSpec::number(
        "mix_percent",
        "Mix",
        Unit::Percent,
        (0.0, 100.0),
        100.0,
        "0 is the dry sound alone, 100 the saturated alone. The dry sound is delayed by the same.",
    ),
    ParamSpec::switch(
        "auto_gain",
        "Auto gain",
        true,
        "Holds the saturated sound at the loudness of the dry one, K-weighted, over the last seconds, so that drive is \
         heard as color and not as level.",
    ),
    ParamSpec::choice("quality", "Quality", QUALITIES, "How many times the rate is raised."),
];

const SPEC: EffectSpec = EffectSpec {
    id: "saturator",
    name: "Saturator",
    family: Family::Color,
    summary: "Bends the waveform as tape, tubes, transformers and consoles do: overtones, density, rounder peaks.",
    doc: "\
For tracks that are thin or clean, and gently on buses. The kinds are static curves between fixed filters, chosen for \
their overtones; they are no simulations of a machine (no hysteresis, no tape speed). With `auto_gain` the loudness \
stays within 0.2 LU of the dry sound after a few seconds; when the level of the music changes, the gain follows with a \
time constant of 3 s. Latency: 90 frames (high: 91).",
    params: PARAMS,
    groups: &[],
    files: &[],
    stereo_only: false,
    key: tonmeister_core::KeyUse::None,
    sources: &["ITU-R BS.1770-5 Annex 1 (loudness)", "Zölzer (ed.): DAFX, 2nd ed. 2011, §4.3 (nonlinear processing)"],
};

/// Corner of the filter that takes away what stands still.
const STILL_HZ: f64 = 5.0;
const TILT_HZ: f64 = 800.0;
/// What `bias_percent` at 100 adds to the input of the curve.
const BIAS: f64 = 0.8;

/// Settings of the effect `saturator`.
#[derive(Clone, Debug)]
pub struct Saturator(Settings);

impl Effect for Saturator {
    const SPEC: &'static EffectSpec = &SPEC;

    fn from_settings(settings: &Settings) -> Self {
        Saturator(settings.clone())
    }

    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        let kind = [Kind::Tape, Kind::Tube, Kind::Transformer, Kind::Console][self.0.get("kind") as usize];
        let over = Oversampler::new(FACTORS[self.0.get("quality") as usize]);
        let rate = stream.sample_rate;
        let channel = Channel { delay: DelayLine::new(over.latency()), over };
        let matched = (self.0.get("auto_gain") == 1.0).then(|| LoudnessMatch::new(rate));
        Ok(Box::new(Running {
            settings: self.0.clone(),
            stream: *stream,
            kind,
            controls: Controls::new(&self.0, rate),
            channels: vec![channel; stream.layout.channels()],
            filters: Filters::new(kind, rate),
            matched,
            still: (-2.0 * PI * STILL_HZ / f64::from(rate)).exp(),
            tilt: -(-2.0 * PI * TILT_HZ / f64::from(rate)).exp_m1(),
            clock: 0,
        }))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Tape,
    Tube,
    Transformer,
    Console,
}

impl Kind {
    /// How far off its center the curve is by nature.
    fn bias(self) -> f64 {
        match self {
            Kind::Tape | Kind::Transformer => 0.0,
            Kind::Tube => 0.45,
            Kind::Console => 0.12,
        }
    }

    /// The shelf before the curve and its inverse.
    fn emphasis(self, rate: u32) -> Option<[Shelf; 2]> {
        // H(s) = (s + zero) / (s + pole), or upside down for lows.
        let (zero, pole, level) = match self {
            Kind::Tape => (3000.0, 6000.0, 2.0),
            Kind::Transformer => (150.0 * 2.818, 150.0, 1.0),
            Kind::Tube | Kind::Console => return None,
        };
        Some([Shelf::new(zero, pole, level, rate), Shelf::new(pole, zero, 1.0 / level, rate)])
    }

    /// The slope where the curve rests.
    fn slope(self, bias: f64) -> f64 {
        match self {
            Kind::Tape | Kind::Tube => 1.0 - bias.tanh().powi(2),
            Kind::Transformer => (1.0 + bias.powi(4)).powf(-1.25),
            Kind::Console => (1.0 + bias * bias).powf(-1.5),
        }
    }

    /// Bends the samples of each frame.
    fn bend(self, fast: &mut [f32], factor: usize, now: &Now) {
        match self {
            Kind::Tape | Kind::Tube => tangent(fast, factor, now),
            Kind::Transformer => quartic(fast, factor, now),
            Kind::Console => root(fast, factor, now),
        }
    }
}

/// Bends every sample by a curve, in single precision: what that rounds off lies 140 dB below. While nothing moves, one
/// curve does for all of them.
macro_rules! bend {
    ($name:ident, $knob:ident: $knobs:expr, $x:ident => $curve:expr) => {
        #[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
        fn $name(fast: &mut [f32], factor: usize, now: &Now) {
            let knobs = $knobs;
            if !now.moves {
                let $knob = knobs(now, 0);
                for $x in fast {
                    *$x = $curve;
                }
                return;
            }
            for (n, group) in fast.chunks_exact_mut(factor).enumerate() {
                let $knob = knobs(now, n);
                for $x in group {
                    *$x = $curve;
                }
            }
        }
    };
}

bend!(quartic, knob: Knob::of(fourth), x => knob.bend(fourth, *x));
bend!(root, knob: Knob::of(second), x => knob.bend(second, *x));
bend!(tangent, knob: Tangent::at, x => knob.bend(*x));

#[inline(always)]
fn fourth(x: f32) -> f32 {
    x / (1.0 + (x * x) * (x * x)).sqrt().sqrt()
}

#[inline(always)]
fn second(x: f32) -> f32 {
    x / (1.0 + x * x).sqrt()
}

/// A curve off its center, where it rests at zero, and what is laid on behind it.
#[derive(Clone, Copy)]
struct Knob {
    bias: f32,
    rest: f32,
    after: f32,
}

impl Knob {
    #[inline(always)]
    fn of(curve: impl Fn(f32) -> f32) -> impl Fn(&Now, usize) -> Knob {
        move |now, n| {
            let bias = now.bias[n] as f32;
            Knob { bias, rest: curve(bias), after: now.after[n] as f32 }
        }
    }

    #[inline(always)]
    fn bend(self, curve: impl Fn(f32) -> f32, x: f32) -> f32 {
        (curve(x + self.bias) - self.rest) * self.after
    }
}

/// tanh x = x · P(x²) / Q(x²), the best such quotient up to [`FLAT`]: right to 1.7·10⁻⁸ (found by Lawson's method).
const ABOVE: [f32; 5] = [0.999_999_98, 0.133_939_95, 3.511_018_1e-3, 2.086_461_4e-5, 1.371_324_2e-8];
const BELOW: [f32; 5] = [1.0, 0.467_273_14, 0.025_935_609, 3.310_931e-4, 7.922_277e-7];
/// From here on it is one, in single precision.
const FLAT: f32 = 8.8;

/// tanh(x + bias) − tanh(bias), and what is laid on behind it. With T = tanh x and t = tanh(bias) it is
/// (1 − t²) T / (1 + tT): nothing cancels, so that single precision is enough, and one division does it all.
#[derive(Clone, Copy)]
struct Tangent {
    still: f32,
    after: f32,
}

impl Tangent {
    #[inline(always)]
    fn at(now: &Now, n: usize) -> Tangent {
        let still = now.still[n];
        Tangent { still: still as f32, after: (now.after[n] * (1.0 - still * still)) as f32 }
    }

    #[inline(always)]
    fn bend(self, x: f32) -> f32 {
        let x = if x > FLAT { FLAT } else { x };
        let x = if x < -FLAT { -FLAT } else { x };
        let t = x * x;
        let above = x * ((((ABOVE[4] * t + ABOVE[3]) * t + ABOVE[2]) * t + ABOVE[1]) * t + ABOVE[0]);
        let below = (((BELOW[4] * t + BELOW[3]) * t + BELOW[2]) * t + BELOW[1]) * t + BELOW[0];
        above * self.after / (below + self.still * above)
    }
}

/// A first-order shelf, for left and right side by side.
#[derive(Clone, Copy, Debug)]
struct Shelf {
    b: [f64; 2],
    a: f64,
    state: [f64; 2],
}

impl Shelf {
    /// level · (s + zero) / (s + pole) by the bilinear transform, corners in Hz (below half the rate).
    fn new(zero: f64, pole: f64, level: f64, rate: u32) -> Self {
        let corner = |hz: f64| (PI * hz.min(0.45 * f64::from(rate)) / f64::from(rate)).tan();
        let (z, p) = (corner(zero), corner(pole));
        let b = [level * (1.0 + z) / (1.0 + p), level * (z - 1.0) / (1.0 + p)];
        Shelf { b, a: (p - 1.0) / (1.0 + p), state: [0.0; 2] }
    }

    #[inline]
    fn next(&mut self, x: [f64; 2]) -> [f64; 2] {
        let mut y = [0.0; 2];
        for c in 0..2 {
            y[c] = self.b[0] * x[c] + self.state[c];
            self.state[c] = self.b[1] * x[c] - self.a * y[c];
        }
        y
    }
}

struct Controls {
    drive_db: Travel,
    bias_percent: Travel,
    tone_db: Travel,
    output_db: Travel,
    mix_percent: Travel,
}

impl Controls {
    fn new(settings: &Settings, rate: u32) -> Self {
        let travel = |id| Travel::new(settings.get(id), rate);
        Controls {
            drive_db: travel("drive_db"),
            bias_percent: travel("bias_percent"),
            tone_db: travel("tone_db"),
            output_db: travel("output_db"),
            mix_percent: travel("mix_percent"),
        }
    }

    fn moving(&self) -> bool {
        [&self.drive_db, &self.bias_percent, &self.tone_db, &self.output_db, &self.mix_percent]
            .iter()
            .any(|travel| travel.moving())
    }
}

/// What the numbers are at each frame of a tile.
struct Now {
    /// Whether they differ from frame to frame.
    moves: bool,
    drive: [f64; TILE],
    bias: [f64; TILE],
    /// What a tangent makes of the bias.
    still: [f64; TILE],
    /// Laid on behind the curve.
    after: [f64; TILE],
    /// Gains of what lies above and below the tilt's middle.
    tilt: [[f64; 2]; TILE],
    output: [f64; TILE],
    mix: [f64; TILE],
}

#[derive(Clone)]
struct Channel {
    over: Oversampler<f32>,
    delay: DelayLine,
}

/// The filters around the curve, for left and right side by side, so that neither waits for itself alone.
#[derive(Clone, Copy, Debug)]
struct Filters {
    emphasis: Option<[Shelf; 2]>,
    /// Last input and output of the filter that takes away what stands still.
    still: [[f64; 2]; 2],
    tilt: [f64; 2],
}

impl Filters {
    fn new(kind: Kind, rate: u32) -> Self {
        Filters { emphasis: kind.emphasis(rate), still: [[0.0; 2]; 2], tilt: [0.0; 2] }
    }

    /// Before the curve.
    fn before(&mut self, [left, right]: [&mut [f32]; 2], now: &Now) {
        for ((l, r), drive) in left.iter_mut().zip(right).zip(&now.drive) {
            let driven = [f64::from(*l) * drive, f64::from(*r) * drive];
            let shaped = self.emphasis.as_mut().map_or(driven, |[shelf, _]| shelf.next(driven));
            [*l, *r] = shaped.map(|y| y as f32);
        }
    }

    /// Behind it. `keep` and `part` are the coefficients of the filter against what stands still and of the tilt.
    fn behind(&mut self, [left, right]: [&mut [f32]; 2], now: &Now, keep: f64, part: f64) {
        for ((l, r), [high, low]) in left.iter_mut().zip(right).zip(&now.tilt) {
            let bent = [f64::from(*l), f64::from(*r)];
            let x = self.emphasis.as_mut().map_or(bent, |[_, shelf]| shelf.next(bent));
            let mut y = [0.0; 2];
            for c in 0..2 {
                let moves = x[c] - self.still[0][c] + keep * self.still[1][c];
                (self.still[0][c], self.still[1][c]) = (x[c], moves);
                self.tilt[c] += part * (moves - self.tilt[c]);
                y[c] = high * (moves - self.tilt[c]) + low * self.tilt[c];
            }
            [*l, *r] = y.map(|y| y as f32);
        }
    }
}

struct Running {
    settings: Settings,
    stream: Stream,
    kind: Kind,
    controls: Controls,
    channels: Vec<Channel>,
    filters: Filters,
    matched: Option<LoudnessMatch>,
    still: f64,
    tilt: f64,
    clock: u64,
}

impl Running {
    fn now(&mut self, frames: usize) -> Now {
        let moving = self.controls.moving();
        let mut now = Now {
            moves: moving,
            drive: [0.0; TILE],
            bias: [0.0; TILE],
            still: [0.0; TILE],
            after: [0.0; TILE],
            tilt: [[0.0; 2]; TILE],
            output: [0.0; TILE],
            mix: [0.0; TILE],
        };
        let controls = &mut self.controls;
        for n in 0..frames {
            if n > 0 && !moving {
                now.drive[n] = now.drive[0];
                now.bias[n] = now.bias[0];
                now.still[n] = now.still[0];
                now.after[n] = now.after[0];
                now.tilt[n] = now.tilt[0];
                now.output[n] = now.output[0];
                now.mix[n] = now.mix[0];
                continue;
            }
            now.drive[n] = amplitude_of_db(controls.drive_db.step());
            now.bias[n] = self.kind.bias() + 0.01 * BIAS * controls.bias_percent.step();
            if matches!(self.kind, Kind::Tape | Kind::Tube) {
                now.still[n] = now.bias[n].tanh();
            }
            let held = if self.matched.is_some() { now.drive[n] } else { 1.0 };
            now.after[n] = 1.0 / (self.kind.slope(now.bias[n]) * held);
            let tone = controls.tone_db.step();
            now.tilt[n] = [amplitude_of_db(tone), amplitude_of_db(-tone)];
            now.output[n] = amplitude_of_db(controls.output_db.step());
            now.mix[n] = 0.01 * controls.mix_percent.step();
        }
        now
    }
}

impl Tiled for Running {
    fn clock(&mut self) -> &mut u64 {
        &mut self.clock
    }

    fn apply(&mut self, event: &Event) {
        let controls = &mut self.controls;
        let travel = match self.settings.at(event.param).0.id {
            "drive_db" => &mut controls.drive_db,
            "bias_percent" => &mut controls.bias_percent,
            "tone_db" => &mut controls.tone_db,
            "output_db" => &mut controls.output_db,
            "mix_percent" => &mut controls.mix_percent,
            _ => return,
        };
        travel.to(event.value, event.glide);
    }

    fn tile(&mut self, block: &mut Block<'_>) {
        let frames = block.frames();
        let now = self.now(frames);
        let mut wets = [[0.0_f32; TILE]; 2];
        for (samples, wet) in block.channels_mut().zip(&mut wets) {
            for (x, wet) in samples.iter_mut().zip(wet) {
                *x = sane(*x) as f32;
                *wet = *x;
            }
        }
        self.filters.before(wets.each_mut().map(|wet| &mut wet[..frames]), &now);
        for ((channel, samples), wet) in self.channels.iter_mut().zip(block.channels_mut()).zip(&mut wets) {
            let factor = channel.over.factor();
            channel.over.run(&mut wet[..frames], |fast| self.kind.bend(fast, factor, &now));
            channel.delay.run(samples);
        }
        self.filters.behind(wets.each_mut().map(|wet| &mut wet[..frames]), &now, self.still, self.tilt);
        if let Some(matched) = &mut self.matched {
            for (c, (samples, wet)) in block.channels_mut().zip(&wets).enumerate() {
                matched.listen(c, samples, wet);
            }
        }
        let mut gains = now.output;
        if let Some(matched) = &mut self.matched {
            matched.weigh(frames);
            for gain in &mut gains[..frames] {
                *gain *= matched.step();
            }
        }
        for (samples, wet) in block.channels_mut().zip(&wets) {
            for (n, x) in samples.iter_mut().enumerate() {
                let dry = f64::from(*x);
                *x = (dry + now.mix[n] * (f64::from(wet[n]) * gains[n] - dry)) as f32;
            }
        }
    }

    fn flush(&mut self) {
        let Filters { emphasis, still, tilt } = &mut self.filters;
        still.as_flattened_mut().iter_mut().chain(tilt).for_each(clean);
        emphasis.iter_mut().flatten().flat_map(|shelf| &mut shelf.state).for_each(clean);
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

    /// Until what stood still has gone.
    fn tail(&self) -> Tail {
        Tail::Frames(u64::from(self.stream.sample_rate) + self.latency().0)
    }

    /// The filters' is six times their ringing of a second at most; the gain that holds the loudness is a mean over
    /// everything loud enough.
    fn memory(&self) -> Memory {
        if self.matched.is_some() { Memory::Endless } else { Memory::of_ringing(self.tail()) }
    }

    fn reset(&mut self) {
        let rate = self.stream.sample_rate;
        self.controls = Controls::new(&self.settings, rate);
        for channel in &mut self.channels {
            channel.over.reset();
            channel.delay.reset();
        }
        self.filters = Filters::new(self.kind, rate);
        self.matched = self.matched.as_ref().map(|_| LoudnessMatch::new(rate));
        self.clock = 0;
    }
}
