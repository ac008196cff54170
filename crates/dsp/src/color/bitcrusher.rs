//! The effect `bitcrusher`: fewer bits and a lower sample rate, as in early samplers.
//!
//! ```
//! use tonmeister_core::{Block, Context, Effect, Layout, Settings, Stream};
//! use tonmeister_dsp::color::Bitcrusher;
//!
//! let settings = Settings::new(Bitcrusher::SPEC).with("bits", 3.0).with("rate_hz", 48_000.0).with("steps", 1.0);
//! let stream = Stream { sample_rate: 48_000, layout: Layout::Mono, max_block: 1000, seed: 1 };
//! let mut crusher = Bitcrusher::from_settings(&settings).build(&stream).unwrap();
//! let mut hum: Vec<f32> = (0..1000).map(|n| (n as f32 * 0.05).sin()).collect();
//! crusher.process(&mut Block::mono(&mut hum), &Context::default());
//! assert!(hum.iter().all(|y| (y * 4.0).fract() == 0.0)); // three bits: steps of a quarter
//! ```

#[cfg(test)]
mod tests;

use tonmeister_core::{
    Block, BuildError, Choice, Context, Effect, EffectSpec, Event, Family, Frames, ParamSpec, Processor, Settings,
    Stream, Tail, Unit,
};

use super::{TILE, Tiled, in_tiles, sane};
use crate::dynamics::parts::DelayLine;
use crate::math::exp2;
use crate::oversample::Oversampler;
use crate::travel::Travel;

const STEPS: &[Choice] = &[
    Choice {
        id: "band-limited",
        doc: "samples are taken at exact moments between the frames, and the steps are drawn at 16 times the rate: what is \
              heard is the lower rate's own folding and images, as from a converter without filters, and nothing else",
    },
    Choice {
        id: "raw",
        doc: "samples are taken and held on the stream's frames: where its rate is no multiple of the lower one the \
              moments jitter, and the steps alias. Dirtier, no latency",
    },
];

const PARAMS: &[ParamSpec] = &[
    ParamSpec::number(
        "bits",
        "Bits",
        Unit::Bits,
        (1.0, 16.0),
        8.0,
        "Bits of a sample; parts of a bit set steps in between. Zero is always one of the steps.",
    ),
    ParamSpec::number(
        "rate_hz",
        "Rate",
        Unit::Hz,
        (200.0, 48_000.0),
        12_000.0,
        "Samples per second. No filter stands before or behind it: what lies above half of it folds. The stream's own \
         rate is the most. When it moves, the images sweep.",
    )
    .logarithmic(),
    ParamSpec::choice("steps", "Steps", STEPS, "How the samples of the lower rate are taken and drawn."),
    ParamSpec::switch(
        "dither",
        "Dither",
        false,
        "Triangular noise of one step before rounding: hiss in place of a distortion that follows the sound. Digital \
         silence stays silent.",
    ),
    ParamSpec::number(
        "mix_percent",
        "Mix",
        Unit::Percent,
        (0.0, 100.0),
        100.0,
        "0 is the dry sound alone, 100 the crushed alone. The dry sound is delayed by the same.",
    ),
];

const SPEC: EffectSpec = EffectSpec {
    id: "bitcrusher",
    name: "Bitcrusher",
    family: Family::Color,
    summary: "Fewer bits and a lower sample rate: the grain and the folded treble of early samplers.",
    doc: "\
For drums, loops and voices that should sound small, old or broken. Distortion is the purpose: rounding and folding \
follow the sound and belong to no harmony, with every setting. The sound is cut off at full scale, as in a converter. \
Latency: 91 frames with band-limited steps, none with raw ones; the held samples lie half their time later still.",
    params: PARAMS,
    groups: &[],
    files: &[],
    stereo_only: false,
    key: tonmeister_core::KeyUse::None,
    sources: &["Lipshitz, Wannamaker, Vanderkooy: Quantization and dither, JAES 40(5), 1992"],
};

/// How far the rate is raised for band-limited steps.
const FACTOR: usize = 16;

/// Settings of the effect `bitcrusher`.
#[derive(Clone, Debug)]
pub struct Bitcrusher(Settings);

impl Effect for Bitcrusher {
    const SPEC: &'static EffectSpec = &SPEC;

    fn from_settings(settings: &Settings) -> Self {
        Bitcrusher(settings.clone())
    }

    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        let over = Oversampler::new(if self.0.get("steps") == 0.0 { FACTOR } else { 1 });
        let channels = (0..stream.layout.channels()).map(|c| Channel {
            delay: DelayLine::new(over.latency()),
            over: over.clone(),
            hold: Hold::new(stream.seed.wrapping_add(c as u64)),
        });
        Ok(Box::new(Running {
            settings: self.0.clone(),
            stream: *stream,
            controls: Controls::new(&self.0, stream.sample_rate),
            channels: channels.collect(),
            dither: self.0.get("dither") == 1.0,
            clock: 0,
        }))
    }
}

struct Controls {
    bits: Travel,
    rate_hz: Travel,
    mix_percent: Travel,
}

impl Controls {
    fn new(settings: &Settings, rate: u32) -> Self {
        let travel = |id| Travel::new(settings.get(id), rate);
        Controls { bits: travel("bits"), rate_hz: travel("rate_hz"), mix_percent: travel("mix_percent") }
    }
}

/// The sample that is held.
#[derive(Clone, Debug)]
struct Hold {
    seed: u64,
    random: u64,
    /// How much of the way to the next sample has passed.
    phase: f64,
    before: f64,
    held: f64,
}

impl Hold {
    fn new(seed: u64) -> Self {
        let random = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        Hold { seed, random, phase: 1.0, before: 0.0, held: 0.0 }
    }

    /// Uniform from −½ to ½.
    fn draw(&mut self) -> f64 {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 40) as f64 / (1_u64 << 24) as f64 - 0.5
    }

    /// Rounded to that many steps in full scale.
    fn rounded(&mut self, x: f64, steps: f64, dither: bool) -> f64 {
        let noise = if dither { self.draw() + self.draw() } else { 0.0 };
        if x == 0.0 {
            return 0.0;
        }
        ((x.clamp(-1.0, 1.0) * steps + noise).round() / steps).clamp(-1.0, 1.0)
    }

    /// On the frames: takes a sample when its time has come.
    fn raw(&mut self, x: f64, pace: f64, steps: f64, dither: bool) -> f64 {
        self.phase += pace;
        if self.phase >= 1.0 {
            self.phase = (self.phase - 1.0).min(1.0);
            self.held = self.rounded(x, steps, dither);
        }
        self.held
    }

    /// Between the frames: what was held and what is held now both count for their part of the time.
    fn exact(&mut self, x: f64, pace: f64, steps: f64, dither: bool) -> f64 {
        self.phase += pace;
        let mut y = self.held;
        if self.phase >= 1.0 {
            self.phase = (self.phase - 1.0).min(pace);
            // So much of the way from the last point to this one has passed since the moment.
            let since = self.phase / pace;
            let taken = self.rounded(x - since * (x - self.before), steps, dither);
            y += since * (taken - y);
            self.held = taken;
        }
        self.before = x;
        y
    }
}

struct Channel {
    over: Oversampler<f32>,
    delay: DelayLine,
    hold: Hold,
}

struct Running {
    settings: Settings,
    stream: Stream,
    controls: Controls,
    channels: Vec<Channel>,
    dither: bool,
    clock: u64,
}

impl Tiled for Running {
    fn clock(&mut self) -> &mut u64 {
        &mut self.clock
    }

    fn apply(&mut self, event: &Event) {
        let travel = match self.settings.at(event.param).0.id {
            "bits" => &mut self.controls.bits,
            "rate_hz" => &mut self.controls.rate_hz,
            "mix_percent" => &mut self.controls.mix_percent,
            _ => return,
        };
        travel.to(event.value, event.glide);
    }

    fn tile(&mut self, block: &mut Block<'_>) {
        let frames = block.frames();
        let (mut steps, mut paces, mut mixes) = ([0.0; TILE], [0.0; TILE], [0.0; TILE]);
        for n in 0..frames {
            steps[n] = exp2(self.controls.bits.step() - 1.0);
            paces[n] = (self.controls.rate_hz.step() / f64::from(self.stream.sample_rate)).min(1.0);
            mixes[n] = 0.01 * self.controls.mix_percent.step();
        }
        let dither = self.dither;
        for (channel, samples) in self.channels.iter_mut().zip(block.channels_mut()) {
            let mut wet = [0.0; TILE];
            let wet = &mut wet[..frames];
            for (x, wet) in samples.iter_mut().zip(wet.iter_mut()) {
                *x = sane(*x) as f32;
                *wet = *x;
            }
            let (hold, factor) = (&mut channel.hold, channel.over.factor());
            if factor == 1 {
                for (n, x) in wet.iter_mut().enumerate() {
                    *x = hold.raw(f64::from(*x), paces[n], steps[n], dither) as f32;
                }
            } else {
                channel.over.run(wet, |fast| {
                    for (n, group) in fast.chunks_exact_mut(factor).enumerate() {
                        let pace = paces[n] / factor as f64;
                        for x in group {
                            // What is too small for any step is silence; the filters' rounding leaves such hairs.
                            let input = if x.abs() < 1e-12 { 0.0 } else { f64::from(*x) };
                            *x = hold.exact(input, pace, steps[n], dither) as f32;
                        }
                    }
                });
            }
            channel.delay.run(samples);
            for (n, x) in samples.iter_mut().enumerate() {
                let dry = f64::from(*x);
                *x = (dry + mixes[n] * (f64::from(wet[n]) - dry)) as f32;
            }
        }
    }

    fn flush(&mut self) {}
}

impl Processor for Running {
    fn process(&mut self, block: &mut Block<'_>, context: &Context<'_>) {
        in_tiles(self, block, context);
    }

    fn latency(&self) -> Frames {
        Frames(self.channels[0].over.latency() as u64)
    }

    /// The longest that a sample is held, and the filters' ringing.
    fn tail(&self) -> Tail {
        Tail::Frames(u64::from(self.stream.sample_rate) / 200 + 2 + self.latency().0)
    }

    fn reset(&mut self) {
        self.controls = Controls::new(&self.settings, self.stream.sample_rate);
        for channel in &mut self.channels {
            channel.over.reset();
            channel.delay.reset();
            channel.hold = Hold::new(channel.hold.seed);
        }
        self.clock = 0;
    }
}
