//! The effect `clipper`: cuts peaks off, from a rounded corner to a hard edge.
//!
//! ```
//! use tonmeister_core::{Block, Context, Effect, Layout, Settings, Stream};
//! use tonmeister_dsp::clipper::Clipper;
//!
//! let settings = Settings::new(Clipper::SPEC).with("gain_db", 12.0).with("ceiling_db", -6.0);
//! let stream = Stream { sample_rate: 48_000, layout: Layout::Mono, max_block: 1000, seed: 1 };
//! let mut clipper = Clipper::from_settings(&settings).build(&stream).unwrap();
//! let mut hum: Vec<f32> = (0..1000).map(|n| (n as f32 * 0.013).sin()).collect();
//! clipper.process(&mut Block::mono(&mut hum), &Context::default());
//! assert!(hum.iter().all(|x| x.abs() < 0.56)); // 12 dB louder, and 6 dB under full scale
//! ```
//!
//! The curve ([`Knee`]) is laid on at four or eight times the rate with second-order antiderivative antialiasing. What
//! is computed there is only what the clipping takes away; it is subtracted from the untouched, delayed signal, so
//! whatever stays below the knee passes bit for bit.

#[cfg(test)]
mod tests;

use tonmeister_core::{
    Automatable, Block, BuildError, Choice, Context, Effect, EffectSpec, Event, Family, Frames, GainReduction, Memory,
    ParamSpec, Processor, Settings, Stream, Tail, Unit,
};

use crate::adaa::{Curve, Knee};
use crate::color::{TILE, Tiled, in_tiles, sane};
use crate::dynamics::parts::{DelayLine, Needle};
use crate::math::{amplitude_of_db, amplitudes_to_db};
use crate::oversample::Oversampler;
use crate::travel::Travel;

const QUALITIES: &[Choice] = &[
    Choice { id: "normal", doc: "four times the rate: aliases 90 dB down where they are worst" },
    Choice { id: "high", doc: "eight times the rate: aliases 105 dB down where they are worst" },
];

const FACTORS: [usize; 2] = [4, 8];

const PARAMS: &[ParamSpec] = &[
    ParamSpec::number("gain_db", "Gain", Unit::Db, (-12.0, 36.0), 0.0, "Drive into the ceiling."),
    ParamSpec::number("ceiling_db", "Ceiling", Unit::Db, (-24.0, 0.0), -0.3, "Where peaks are cut off."),
    ParamSpec::number(
        "knee_percent",
        "Knee",
        Unit::Percent,
        (0.0, 100.0),
        25.0,
        "0 is a hard edge. Otherwise the corner is a parabola that begins so far below the ceiling: at 25 with three \
         quarters of the ceiling (-2.5 dB), at 100 the whole curve is bent and reaches the ceiling 6 dB above it.",
    ),
    ParamSpec::choice("quality", "Quality", QUALITIES, "How many times the rate is raised.")
        .automatable(Automatable::Fixed),
];

const SPEC: EffectSpec = EffectSpec {
    id: "clipper",
    name: "Clipper",
    family: Family::Dynamics,
    summary: "Cuts peaks off at a ceiling, hard or with a rounded corner, without wrong notes.",
    doc: "\
For drums and dense mixes: takes a few dB off short peaks without the pumping of a limiter, and with harmonics \
instead. Both sides are cut for themselves. What stays below the knee passes bit for bit. \
\
The ceiling holds for the waveform before it is brought back to the sample rate; taking away the overtones that do \
not fit makes what was cut overshoot: a tone driven 12 dB over by 1.2 dB of true peak, white noise driven 6 dB over \
(nothing is worse) by 4.2 dB. So a limiter belongs behind it where a true peak must be kept. What lies above \
0.45 of the sample rate is cut only in part. Latency: 87 frames (high: 90).",
    params: PARAMS,
    groups: &[],
    files: &[],
    stereo_only: false,
    key: tonmeister_core::KeyUse::None,
    sources: &[
        "Bilbao, Esqueda, Parker, Välimäki: Antiderivative antialiasing for memoryless nonlinearities, IEEE SPL 24(7), 2017",
        "Parker, Zavalishin, Le Bivic: Reducing the aliasing of nonlinear waveshaping using continuous-time convolution, DAFx 2016",
    ],
};

/// Settings of the effect `clipper`.
#[derive(Clone, Debug)]
pub struct Clipper(Settings);

impl Effect for Clipper {
    const SPEC: &'static EffectSpec = &SPEC;

    fn from_settings(settings: &Settings) -> Self {
        Clipper(settings.clone())
    }

    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        let over = Oversampler::around(FACTORS[self.0.get("quality") as usize], 1);
        let delay = DelayLine::new(over.latency());
        let channel = Channel { over, delay, past: [0.0; 2] };
        Ok(Box::new(Running {
            settings: self.0.clone(),
            rate: stream.sample_rate,
            controls: Controls::new(&self.0, stream.sample_rate),
            channels: vec![channel; stream.layout.channels()],
            needle: Needle::default(),
            clock: 0,
        }))
    }
}

struct Controls {
    gain_db: Travel,
    ceiling_db: Travel,
    knee_percent: Travel,
}

impl Controls {
    fn new(settings: &Settings, rate: u32) -> Self {
        let travel = |id| Travel::new(settings.get(id), rate);
        Controls { gain_db: travel("gain_db"), ceiling_db: travel("ceiling_db"), knee_percent: travel("knee_percent") }
    }
}

/// What the numbers are at each frame of a tile.
struct Now {
    gain: [f64; TILE],
    ceiling: [f64; TILE],
    width: [f64; TILE],
}

#[derive(Clone)]
struct Channel {
    over: Oversampler<f32>,
    delay: DelayLine,
    /// The last two samples of the high rate.
    past: [f64; 2],
}

struct Running {
    settings: Settings,
    rate: u32,
    controls: Controls,
    channels: Vec<Channel>,
    needle: Needle,
    clock: u64,
}

impl Channel {
    /// One tile of one channel. `left` is what is left of each frame's peak, where that is less than before.
    fn tile(&mut self, samples: &mut [f32], now: &Now, left: &mut [f64; TILE]) -> bool {
        for (x, gain) in samples.iter_mut().zip(&now.gain) {
            *x = (sane(*x) * gain) as f32;
        }
        let mut taken = [0.0_f32; TILE];
        let taken = &mut taken[..samples.len()];
        taken.copy_from_slice(samples);
        let (factor, past) = (self.over.factor(), &mut self.past);
        let mut clipped = false;
        self.over.run(taken, |fast| {
            for (n, group) in fast.chunks_exact_mut(factor).enumerate() {
                let (curve, ceiling) = (Knee { width: now.width[n] }, now.ceiling[n]);
                let (scale, edge) = (1.0 / ceiling, ceiling * (1.0 - curve.width));
                let mut top = 0.0_f64;
                for x in group {
                    let samples = [past[0], past[1], f64::from(*x)];
                    *past = [samples[1], samples[2]];
                    top = top.max(samples[1].abs());
                    let quiet = samples.iter().all(|x| x.abs() <= edge);
                    let bend = if quiet { 0.0 } else { ceiling * curve.bend_over_triangle(samples.map(|x| x * scale)) };
                    *x = bend as f32;
                }
                if top > edge {
                    left[n] = left[n].min(curve.at(top * scale) / (top * scale));
                    clipped = true;
                }
            }
        });
        self.delay.run(samples);
        for (x, taken) in samples.iter_mut().zip(taken) {
            *x += *taken;
        }
        clipped
    }
}

impl Tiled for Running {
    fn clock(&mut self) -> &mut u64 {
        &mut self.clock
    }

    fn apply(&mut self, event: &Event) {
        let controls = &mut self.controls;
        match self.settings.at(event.param).0.id {
            "gain_db" => controls.gain_db.to(event.value, event.glide),
            "ceiling_db" => controls.ceiling_db.to(event.value, event.glide),
            "knee_percent" => controls.knee_percent.to(event.value, event.glide),
            _ => {}
        }
    }

    fn tile(&mut self, block: &mut Block<'_>) {
        let frames = block.frames();
        let Controls { gain_db, ceiling_db, knee_percent } = &mut self.controls;
        let mut now = Now { gain: [0.0; TILE], ceiling: [0.0; TILE], width: [0.0; TILE] };
        for n in 0..frames {
            now.gain[n] = amplitude_of_db(gain_db.step());
            now.ceiling[n] = amplitude_of_db(ceiling_db.step());
            now.width[n] = 0.01 * knee_percent.step();
        }
        let mut left = [1.0; TILE];
        let mut clipped = false;
        for (channel, samples) in self.channels.iter_mut().zip(block.channels_mut()) {
            clipped |= channel.tile(samples, &now, &mut left);
        }
        if clipped {
            let left = &mut left[..frames];
            amplitudes_to_db(left);
            for db in left.iter_mut() {
                *db = (-*db).max(0.0);
            }
            self.needle.read(left);
        } else {
            self.needle.rest(frames);
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

    /// The filters' ringing.
    fn tail(&self) -> Tail {
        Tail::Frames(self.channels[0].over.latency() as u64 + 2)
    }

    fn memory(&self) -> Memory {
        Memory::Frames(self.latency().0).then(Memory::of_ringing(self.tail()))
    }

    fn reset(&mut self) {
        self.controls = Controls::new(&self.settings, self.rate);
        for channel in &mut self.channels {
            channel.over.reset();
            channel.delay.reset();
            channel.past = [0.0; 2];
        }
        self.needle = Needle::default();
        self.clock = 0;
    }

    fn gain_reduction(&self) -> Option<GainReduction> {
        Some(self.needle.reading())
    }
}
