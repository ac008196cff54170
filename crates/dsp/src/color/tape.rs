//! The effect `tape`: a tape machine, with the hysteresis of its tape.
//!
//! ```
//! use tonmeister_core::{Block, Context, Effect, Layout, Settings, Stream};
//! use tonmeister_dsp::color::Tape;
//!
//! let settings = Settings::new(Tape::SPEC).with("drive_db", 12.0).with("auto_gain", 0.0);
//! let stream = Stream { sample_rate: 48_000, layout: Layout::Mono, max_block: 9600, seed: 1 };
//! let mut tape = Tape::from_settings(&settings).build(&stream).unwrap();
//! let mut tone: Vec<f32> = (0..9600).map(|n| 0.8 * (n as f32 * 0.1).sin()).collect();
//! tape.process(&mut Block::mono(&mut tone), &Context::default());
//! let peak = tone[4800..].iter().fold(0.0_f32, |peak, y| peak.max(y.abs()));
//! assert!(peak < 0.5); // the tape is full
//! ```
//!
//! In order: the field of the recording head, hysteresis at eight times the rate ([`hysteresis`]), wow and flutter, the
//! losses and the bump of the playback head ([`head`]), and a filter that takes away what stands still (5 Hz).

mod head;
mod hysteresis;
#[cfg(test)]
mod tests;

use std::f64::consts::PI;

use tonmeister_core::{
    Block, BuildError, Choice, Context, Effect, EffectSpec, Event, Family, Frames, ParamSpec, Processor, Settings,
    Stream, Tail, Unit,
};

use self::head::Losses;
use self::hysteresis::{Hysteresis, Tables, Tape as Magnet, magnetize};
use super::level::{LoudnessMatch, clean};
use super::{TILE, Tiled, in_tiles, sane};
use crate::delay::wobble::Wobble;
use crate::dynamics::parts::DelayLine;
use crate::line::{HALF, Line, Tap};
use crate::math::{amplitude_of_db, exp2};
use crate::oversample::Oversampler;
use crate::travel::Travel;

const SPEEDS: &[f64] = &[7.5, 15.0, 30.0];

const QUALITIES: &[Choice] = &[
    Choice { id: "normal", doc: "eight times the rate" },
    Choice { id: "high", doc: "sixteen times the rate, for the hardest drives of bright sounds" },
];

const FACTORS: [usize; 2] = [8, 16];

/// The most that speed may sway, in per cent.
const MOST_WOW: f64 = 1.0;
const MOST_FLUTTER: f64 = 0.5;

const PARAMS: &[ParamSpec] = &[
    ParamSpec::steps(
        "speed_ips",
        "Speed",
        Unit::None,
        SPEEDS,
        15.0,
        "How fast the tape runs, in inches per second. Faster: less loss of treble, and a bump higher up (32, 63, 126 Hz).",
    ),
    ParamSpec::number(
        "drive_db",
        "Drive",
        Unit::Db,
        (-12.0, 24.0),
        0.0,
        "How hot the tape is recorded; taken back on playback, so that quiet sounds keep their level.",
    ),
    ParamSpec::number(
        "saturation_percent",
        "Saturation",
        Unit::Percent,
        (0.0, 100.0),
        50.0,
        "How little the tape holds: from twice as much at 0 to half as much at 100, while its coercivity stays.",
    ),
    ParamSpec::number(
        "bias_percent",
        "Bias",
        Unit::Percent,
        (0.0, 100.0),
        75.0,
        "How strong the recording bias is: with much of it domains move freely and quiet sounds are clean; with little \
         they stick, so that loud sounds come out louder and rougher than quiet ones.",
    ),
    ParamSpec::number(
        "width_percent",
        "Width",
        Unit::Percent,
        (0.0, 100.0),
        50.0,
        "Width of the hysteresis loop: the coercivity, from a third to three times that of ferric tape. Heard with little \
         bias most.",
    ),
    ParamSpec::number(
        "bump_db",
        "Head bump",
        Unit::Db,
        (0.0, 6.0),
        1.5,
        "How much louder the lows are that the whole playback head picks up.",
    ),
    ParamSpec::number(
        "wow_percent",
        "Wow",
        Unit::Percent,
        (0.0, MOST_WOW),
        0.0,
        "The most that the speed sways slowly (0.7 Hz). The pitch goes with it.",
    ),
    ParamSpec::number(
        "flutter_percent",
        "Flutter",
        Unit::Percent,
        (0.0, MOST_FLUTTER),
        0.0,
        "The most that the speed sways quickly (7.3 Hz). The pitch goes with it.",
    ),
    ParamSpec::number("output_db", "Output", Unit::Db, (-24.0, 24.0), 0.0, "Level of the sound from tape."),
    ParamSpec::number(
        "mix_percent",
        "Mix",
        Unit::Percent,
        (0.0, 100.0),
        100.0,
        "0 is the dry sound alone, 100 the sound from tape alone. The dry sound is delayed by the same; with wow or \
         flutter, a mix sounds like a flanger.",
    ),
    ParamSpec::switch(
        "auto_gain",
        "Auto gain",
        true,
        "Holds the sound from tape at the loudness of the dry one, K-weighted, over the last seconds, so that drive is \
         heard as color and not as level.",
    ),
    ParamSpec::choice("quality", "Quality", QUALITIES, "How many times the rate is raised for the hysteresis."),
];

const SPEC: EffectSpec = EffectSpec {
    id: "tape",
    name: "Tape",
    family: Family::Color,
    summary: "A tape machine: magnetic hysteresis, head bump, losses of the gap, wow and flutter.",
    doc: "\
Glues buses and drums, rounds peaks, thickens. The tape is solved as a magnet (Jiles and Atherton) that remembers where \
it was, not as a fixed curve; for a lighter touch on the processor there is `saturator`. Without drive a sine \
15 dB under full scale has 0.4 % of harmonics, all odd. Quiet sounds keep their level whatever the settings (with \
`auto_gain` off: loud ones lose what the tape does not hold). The bias stands for what the bias oscillator does to the \
domains; its tone itself is not computed. There is no hiss. Latency at 48 kHz: 2.9 ms, whether wow is used or not.",
    params: PARAMS,
    groups: &[],
    files: &[],
    stereo_only: false,
    key: tonmeister_core::KeyUse::None,
    sources: &[
        "Jiles, Atherton: Theory of ferromagnetic hysteresis, J. Magn. Magn. Mater. 61, 1986",
        "Chowdhury: Real-time physical modelling for analog tape machines, DAFx 2019",
        "Wallace: The reproduction of magnetically recorded signals, Bell Syst. Tech. J. 30, 1951 (losses)",
    ],
};

/// The field that a sample of full scale makes without drive, in units of the curve's width.
const FIELD: f64 = 3.0;
/// Coercivity against the curve's width: 27 to 22 kA/m (Chowdhury 2019).
const COERCIVITY: f64 = 27.0 / 22.0;
/// What springs back at no bias, and at full bias.
const ELASTIC: [f64; 2] = [0.55, 0.98];
/// Corner of the filter that takes away what stands still.
const STILL_HZ: f64 = 5.0;
/// Damping of the head bump.
const DAMPING: f64 = 0.9;

/// Settings of the effect `tape`.
#[derive(Clone, Debug)]
pub struct Tape(Settings);

impl Effect for Tape {
    const SPEC: &'static EffectSpec = &SPEC;

    fn from_settings(settings: &Settings) -> Self {
        Tape(settings.clone())
    }

    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        let rate = stream.sample_rate;
        // The solver is late by one sample of the high rate.
        let over = Oversampler::around(FACTORS[self.0.get("quality") as usize], 1);
        let ips = self.0.get("speed_ips");
        let losses = Losses::new(ips, rate);
        let sway = Wobble::new(MOST_WOW, MOST_FLUTTER, rate).reach().ceil() as usize + HALF;
        let latency = over.latency() + sway + losses.latency();
        let channels = stream.layout.channels();
        let channel = || Channel {
            delay: DelayLine::new(latency),
            over: over.clone(),
            hysteresis: Hysteresis::default(),
            line: Line::new(2 * sway),
            tap: Tap::new(sway as f64),
            losses: losses.clone(),
            bump: [0.0; 2],
            still: [0.0; 2],
        };
        Ok(Box::new(Running {
            settings: self.0.clone(),
            rate,
            controls: Controls::new(&self.0, rate),
            wobble: wobble(&self.0, rate),
            channels: (0..channels).map(|_| channel()).collect(),
            tables: [Tables::new(), Tables::new()],
            matched: matched(&self.0, rate),
            sway: sway as f64,
            latency: Frames(latency as u64),
            bump: (PI * (head::bump_hz(ips) / f64::from(rate))).tan(),
            still: (-2.0 * PI * STILL_HZ / f64::from(rate)).exp(),
            clock: 0,
        }))
    }
}

fn wobble(settings: &Settings, rate: u32) -> Wobble {
    Wobble::new(settings.get("wow_percent"), settings.get("flutter_percent"), rate)
}

fn matched(settings: &Settings, rate: u32) -> Option<LoudnessMatch> {
    (settings.get("auto_gain") == 1.0).then(|| LoudnessMatch::new(rate))
}

/// The parameters that may move, in the order of [`MOVING`].
struct Controls([Travel; 9]);

const MOVING: [&str; 9] = [
    "drive_db",
    "saturation_percent",
    "bias_percent",
    "width_percent",
    "bump_db",
    "wow_percent",
    "flutter_percent",
    "output_db",
    "mix_percent",
];

impl Controls {
    fn new(settings: &Settings, rate: u32) -> Self {
        Controls(MOVING.map(|id| Travel::new(settings.get(id), rate)))
    }

    fn moving(&self) -> bool {
        self.0.iter().any(Travel::moving)
    }
}

/// What the numbers are at each frame of a tile.
struct Now {
    /// From samples to fields.
    gain: [f64; TILE],
    magnet: [Magnet; TILE],
    /// From magnetization to samples.
    after: [f64; TILE],
    /// What the bump adds.
    bump: [f64; TILE],
    output: [f64; TILE],
    mix: [f64; TILE],
    /// How many frames ago the tape is read.
    late: [f64; TILE],
}

struct Channel {
    delay: DelayLine,
    over: Oversampler<f32>,
    hysteresis: Hysteresis,
    line: Line,
    tap: Tap,
    losses: Losses,
    bump: [f64; 2],
    /// Last input and output of the filter that takes away what stands still.
    still: [f64; 2],
}

struct Running {
    settings: Settings,
    rate: u32,
    controls: Controls,
    wobble: Wobble,
    channels: Vec<Channel>,
    tables: [Tables; 2],
    matched: Option<LoudnessMatch>,
    /// How late the tape is read on the mean.
    sway: f64,
    latency: Frames,
    /// tan(πf/rate)
    bump: f64,
    still: f64,
    clock: u64,
}

impl Running {
    fn now(&mut self, frames: usize) -> Now {
        let mut now = Now {
            gain: [0.0; TILE],
            magnet: [Magnet::default(); TILE],
            after: [0.0; TILE],
            bump: [0.0; TILE],
            output: [0.0; TILE],
            mix: [0.0; TILE],
            late: [0.0; TILE],
        };
        let moving = self.controls.moving();
        for n in 0..frames {
            if n == 0 || moving {
                let values = self.controls.0.each_mut().map(Travel::step);
                let [drive_db, saturation, bias, width, bump_db, wow, flutter, output_db, mix] = values;
                let full = exp2(0.02 * (saturation - 50.0));
                let [stuck, free] = ELASTIC;
                let magnet = Magnet {
                    loose: 1.0 / (COERCIVITY * full * exp2(0.02 * 3.0_f64.log2() * (width - 50.0))),
                    elastic: stuck + 0.01 * (free - stuck) * bias,
                };
                now.gain[n] = FIELD * full * amplitude_of_db(drive_db);
                now.magnet[n] = magnet;
                now.after[n] = 1.0 / (now.gain[n] * magnet.slope());
                now.bump[n] = DAMPING * (amplitude_of_db(bump_db) - 1.0);
                now.output[n] = amplitude_of_db(output_db);
                now.mix[n] = 0.01 * mix;
                if moving {
                    self.wobble.wow(wow);
                    self.wobble.flutter(flutter);
                }
            } else {
                now.gain[n] = now.gain[0];
                now.magnet[n] = now.magnet[0];
                now.after[n] = now.after[0];
                now.bump[n] = now.bump[0];
                now.output[n] = now.output[0];
                now.mix[n] = now.mix[0];
            }
            now.late[n] = self.sway + self.wobble.step();
        }
        now
    }
}

impl Channel {
    /// The way through the machine, behind the tape.
    fn play(&mut self, wet: &mut [f32], now: &Now, corner: f64, still: f64) {
        for ((x, late), after) in wet.iter_mut().zip(&now.late).zip(&now.after) {
            self.tap.set(*late);
            let y = self.tap.read(&self.line);
            self.line.push((f64::from(*x) * after) as f32);
            *x = y;
        }
        self.losses.run(wet);
        let a = 1.0 / (1.0 + corner * (corner + DAMPING));
        for (x, bump) in wet.iter_mut().zip(&now.bump) {
            let input = f64::from(*x);
            let v3 = input - self.bump[1];
            let band = a * (self.bump[0] + corner * v3);
            let low = self.bump[1] + corner * band;
            self.bump = [2.0 * band - self.bump[0], 2.0 * low - self.bump[1]];
            let bumped = input + bump * band;
            self.still = [bumped, bumped - self.still[0] + still * self.still[1]];
            *x = self.still[1] as f32;
        }
    }
}

impl Tiled for Running {
    fn clock(&mut self) -> &mut u64 {
        &mut self.clock
    }

    fn apply(&mut self, event: &Event) {
        let id = self.settings.at(event.param).0.id;
        if let Some(place) = MOVING.iter().position(|moving| *moving == id) {
            self.controls.0[place].to(event.value, event.glide);
        }
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
        let [left, right] = wets.each_mut().map(|wet| &mut wet[..frames]);
        let (gain, magnet, tables) = (&now.gain, &now.magnet, &mut self.tables);
        match &mut self.channels[..] {
            [one, two] => {
                let (factor, first, second) = (one.over.factor(), &mut one.hysteresis, &mut two.hysteresis);
                Oversampler::run_together([&mut one.over, &mut two.over], [left, right], |fast| {
                    magnetize([&mut *first, &mut *second], fast, factor, gain, magnet, tables);
                });
            }
            channels => {
                for Channel { over, hysteresis, .. } in channels {
                    let factor = over.factor();
                    Oversampler::run_together([over], [&mut *left], |fast| {
                        magnetize([&mut *hysteresis], fast, factor, gain, magnet, tables);
                    });
                }
            }
        }
        for (c, (channel, samples)) in self.channels.iter_mut().zip(block.channels_mut()).enumerate() {
            let wet = &mut wets[c][..frames];
            channel.play(wet, &now, self.bump, self.still);
            channel.delay.run(samples);
            if let Some(matched) = &mut self.matched {
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
        for channel in &mut self.channels {
            channel.bump.iter_mut().chain(&mut channel.still).for_each(clean);
        }
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
        self.latency
    }

    /// Until what the tape keeps standing still is filtered away.
    fn tail(&self) -> Tail {
        Tail::Frames(u64::from(self.rate) + self.latency.0)
    }

    fn reset(&mut self) {
        self.controls = Controls::new(&self.settings, self.rate);
        self.wobble = wobble(&self.settings, self.rate);
        for channel in &mut self.channels {
            channel.delay.reset();
            channel.over.reset();
            channel.hysteresis = Hysteresis::default();
            channel.line.clear();
            channel.tap = Tap::new(self.sway);
            channel.losses.reset();
            channel.bump = [0.0; 2];
            channel.still = [0.0; 2];
        }
        self.matched = matched(&self.settings, self.rate);
        self.clock = 0;
    }

    fn begin_at(&mut self, frame: u64) {
        self.wobble.begin_at(frame);
    }
}
