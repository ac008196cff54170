//! De-essing: turning down the hiss of s, sh and t, and nothing else.
//!
//! What makes a sibilant is not its level but its color: for a moment almost all power lies in one band. So the
//! threshold is relative: the power of the band against that of the whole sound, both over the same 5 ms. A whispered
//! and a shouted "s" are reduced alike, and a loud vowel not at all.
//!
//! ```
//! use tonmeister_core::{Effect, Layout, Settings, Stream};
//! use tonmeister_dsp::{deesser::DeEsser, testing::{run, sine, spread}};
//!
//! let stream = Stream { sample_rate: 48_000, layout: Layout::Mono, max_block: 4096, seed: 0 };
//! let peak = |hz: f64, level: f64| {
//!     let mut processor = DeEsser::from_settings(&Settings::new(DeEsser::SPEC)).build(&stream).unwrap();
//!     let out = run(&mut *processor, &spread(&sine(hz, level, 48_000, 24_000), Layout::Mono), &[512], &[]);
//!     f64::from(out.channel(0)[12_000..].iter().fold(0.0_f32, |a, y| a.max(y.abs()))) / level
//! };
//! assert!(peak(7000.0, 0.5) < 0.5 && peak(7000.0, 0.05) < 0.5); // a whistle in the band, loud or soft
//! assert!(peak(300.0, 0.5) > 0.99); // a hum below it
//! ```

use tonmeister_core::{
    Automatable, Block, BuildError, Choice, Context, Effect, EffectSpec, Event, Family, Frames, GainReduction,
    ParamSpec, Processor, Settings, Stream, Tail, Unit,
};

use crate::biquad::{Biquad, tail_frames};
use crate::control::{Control, JUMP_MS};
use crate::crossover::{Bands, Crossover, Phase, Slope};
use crate::dynamics::ballistics::{Ballistics, Times};
use crate::dynamics::curve::{Curve, INFINITE_RATIO, at_least};
use crate::dynamics::detector::{Detector, DetectorKind, Listening};
use crate::dynamics::parts::{DelayLine, Needle};
use crate::math::{DB_PER_OCTAVE, OCTAVES_PER_DB, exp2, log2};
use crate::travel::Travel;

#[cfg(test)]
mod tests;

/// How many frames are worked on at a time; the crossover's frequencies move on the same grid.
const PART: usize = 32;
/// States that have become nothing are put to rest on this grid of the stream's frames.
const SETTLE_GRID: u64 = 256;
/// Over how long the powers are averaged, in milliseconds.
const WINDOW_MS: f64 = 5.0;
/// Added to the power of the whole: in what is as quiet as this (−90 dB) there are no sibilants.
const FLOOR: f64 = 1e-9;
/// Width of the bend around the threshold, in dB.
const KNEE_DB: f64 = 4.0;
/// States below this are put to rest (−500 dB).
const TINY: f64 = 1e-25;

const MODES: &[Choice] = &[
    Choice { id: "split", doc: "turns down the whole band between the two frequencies; phase turns around both" },
    Choice { id: "bell", doc: "a bell over the band dips: gentler at the edges, and idle it is the input untouched" },
];

const PARAMS: &[ParamSpec] = &[
    ParamSpec::number(
        "threshold_db",
        "Threshold",
        Unit::Db,
        (-40.0, 0.0),
        -10.0,
        "Level of the band against the whole sound from which it is turned down. Vowels lie near −30, sibilants near 0.",
    ),
    ParamSpec::number("range_db", "Range", Unit::Db, (0.0, 24.0), 8.0, "The band is never turned down by more."),
    ParamSpec::number("low_hz", "From", Unit::Hz, (2000.0, 12_000.0), 4500.0, "Where the band begins.").logarithmic(),
    ParamSpec::number(
        "high_hz",
        "To",
        Unit::Hz,
        (3000.0, 18_000.0),
        11_000.0,
        "Where the band ends; at least a third of an octave above its beginning.",
    )
    .logarithmic(),
    ParamSpec::number(
        "attack_ms",
        "Attack",
        Unit::Ms,
        (0.05, 50.0),
        1.0,
        "Time in which 63 % of a reduction has come.",
    )
    .logarithmic(),
    ParamSpec::number("release_ms", "Release", Unit::Ms, (5.0, 500.0), 40.0, "Time in which 63 % of it has gone.")
        .logarithmic(),
    ParamSpec::number(
        "link_percent",
        "Stereo link",
        Unit::Percent,
        (0.0, 100.0),
        100.0,
        "100: the side that hisses more turns both down. 0: each side for itself.",
    ),
    ParamSpec::choice("mode", "Mode", MODES, "How the band is turned down."),
    ParamSpec::switch("listen", "Listen", false, "Lets the band alone be heard, as the detector hears it.")
        .automatable(Automatable::Stepped),
    ParamSpec::number(
        "lookahead_ms",
        "Look-ahead",
        Unit::Ms,
        (0.0, 15.0),
        4.0,
        "Delays the audio, not the detector, so that the beginning of an s is caught too. Becomes latency.",
    )
    .automatable(Automatable::Fixed),
];
/// The parameters that may move, in the order of the table.
const MOVING: usize = 7;
const THRESHOLD: usize = 0;
const RANGE: usize = 1;
const LOW: usize = 2;
const HIGH: usize = 3;
const ATTACK: usize = 4;
const RELEASE: usize = 5;
const LINK: usize = 6;
const LISTEN: usize = 8;

const SPEC: EffectSpec = EffectSpec {
    id: "deesser",
    name: "De-esser",
    family: Family::Dynamics,
    summary: "Turns sibilants down, however loud or soft they are sung.",
    doc: "\
Compares the power between two frequencies with that of the whole sound, both over 5 ms, and turns the band down by \
what exceeds the threshold, up to `range_db`, with a bend of 4 dB. The level of the sound does not matter; only below \
−90 dB nothing happens. Set the band with `listen`, then lower the threshold until the s sits right; more than 6 to \
10 dB soon lisps. Cymbals and hi-hats in the same track are sibilants too as far as this can tell: use it on single \
voices. Jumps of threshold, range and link travel in 50 ms; the frequencies glide as a crossover's do.",
    params: PARAMS,
    groups: &[],
    files: &[],
    stereo_only: false,
    key: tonmeister_core::KeyUse::None,
    sources: &[
        "D. Giannoulis, M. Massberg, J. D. Reiss, \"Digital dynamic range compressor design: a tutorial and \
         analysis\", J. Audio Eng. Soc. 60(6), 2012 (curve and smoothing)",
        "A. Simper, \"Solving the continuous SVF equations using trapezoidal integration\", 2013 (the bell)",
    ],
};

/// Settings of the effect `deesser`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DeEsser {
    /// Threshold (dB against the whole), range (dB), begin and end of the band (Hz), attack and release (ms), link (%).
    pub controls: [f64; MOVING],
    /// A dipping bell instead of a split band.
    pub bell: bool,
    /// Only the band is heard.
    pub listen: bool,
    /// How much earlier than the audio the detector hears.
    pub lookahead_ms: f64,
}

impl Effect for DeEsser {
    const SPEC: &'static EffectSpec = &SPEC;

    fn from_settings(settings: &Settings) -> Self {
        DeEsser {
            controls: std::array::from_fn(|i| settings.get(PARAMS[i].id)),
            bell: settings.get("mode") == 1.0,
            listen: settings.get("listen") == 1.0,
            lookahead_ms: settings.get("lookahead_ms"),
        }
    }

    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        Ok(Box::new(Running::new(*self, *stream)))
    }
}

/// What happens to one channel.
struct Channel {
    band: Detector,
    whole: Detector,
    ballistics: Ballistics,
    /// The sound and its band, as late as the look-ahead is long.
    sound: DelayLine,
    aside: DelayLine,
    /// The bell's integrators.
    bell: [f64; 2],
    /// Relative levels, then reductions, then gains.
    lane: [f64; PART],
    /// The band.
    heard: [f32; PART],
}

/// A coefficient's straight line through one part of the grid.
#[derive(Clone, Copy)]
struct Line {
    from: f64,
    step: f64,
    to: f64,
}

impl Line {
    fn at(value: f64) -> Self {
        Line { from: value, step: 0.0, to: value }
    }

    fn on_to(&mut self, value: f64) {
        *self = Line { from: self.to, step: (value - self.to) / PART as f64, to: value };
    }
}

/// A de-esser that sounds.
struct Running {
    settings: DeEsser,
    stream: Stream,
    controls: [Control; MOVING],
    listen: Travel,
    crossover: Crossover,
    bands: Bands,
    channels: Vec<Channel>,
    /// The bell's integrator gain and damping.
    bell: [Line; 2],
    new_times: bool,
    needle: Needle,
    frame: u64,
}

impl Running {
    fn new(settings: DeEsser, stream: Stream) -> Self {
        let rate = stream.sample_rate;
        let edges = [settings.controls[LOW], settings.controls[HIGH]];
        let listening = Listening { rms_ms: WINDOW_MS, ..Listening::new(DetectorKind::Rms) };
        let times = Times::manual(settings.controls[ATTACK], settings.controls[RELEASE], rate);
        let late = Frames::from_seconds(settings.lookahead_ms / 1000.0, rate).0 as usize;
        let channel = |_| Channel {
            band: Detector::new(&listening, rate),
            whole: Detector::new(&listening, rate),
            ballistics: Ballistics::new(times),
            sound: DelayLine::new(late),
            aside: DelayLine::new(late),
            bell: [0.0; 2],
            lane: [0.0; PART],
            heard: [0.0; PART],
        };
        let mut running = Running {
            settings,
            stream,
            controls: settings.controls.map(|value| Control::rounded(value, rate)),
            listen: Travel::new(0.0, rate),
            crossover: Crossover::new(&edges, Slope::Db48, Phase::Minimum, rate, stream.layout),
            bands: Bands::new(3, PART),
            channels: (0..stream.layout.channels()).map(channel).collect(),
            bell: [Line::at(0.0); 2],
            new_times: false,
            needle: Needle::default(),
            frame: 0,
        };
        running.reset();
        running
    }

    /// Integrator gain and damping of a band-pass that is 3 dB down at both edges.
    fn bell_at_edges(&self) -> [f64; 2] {
        let [low, high] = self.crossover.edges();
        let warped = |hz: f64| (std::f64::consts::PI * hz / f64::from(self.stream.sample_rate)).tan();
        let g = (warped(low) * warped(high)).sqrt();
        [g, (warped(high) - warped(low)) / g]
    }

    fn begin_event(&mut self, event: &Event) {
        let jump = (JUMP_MS * f64::from(self.stream.sample_rate) / 1000.0) as u32;
        match event.param.0 as usize {
            LOW => self.crossover.to(0, event.value, event.glide),
            HIGH => self.crossover.to(1, event.value, event.glide),
            LISTEN => self.listen.to(event.value, event.glide),
            param @ (ATTACK | RELEASE) => self.controls[param].to(event.value, event.glide),
            param @ (THRESHOLD | RANGE | LINK) => {
                self.controls[param].to(event.value, if event.glide == 0 { jump } else { event.glide });
            }
            _ => {}
        }
    }

    /// On every [`PART`]th frame.
    fn tick(&mut self) {
        if self.new_times {
            let [attack, release] = [ATTACK, RELEASE].map(|param| self.controls[param].value());
            let times = Times::manual(attack, release, self.stream.sample_rate);
            self.channels.iter_mut().for_each(|channel| channel.ballistics.set_times(times));
            self.new_times = false;
        }
        if self.frame.is_multiple_of(SETTLE_GRID) {
            for channel in &mut self.channels {
                channel.band.settle();
                channel.whole.settle();
                channel.ballistics.settle();
                for state in &mut channel.bell {
                    if state.abs() < TINY {
                        *state = 0.0;
                    }
                }
            }
        }
    }

    /// From a part of the sound to how much each channel's band exceeds what, and the band itself.
    fn listen_to(&mut self, block: &Block<'_>) {
        let frames = block.frames();
        for (c, channel) in self.channels.iter_mut().enumerate() {
            for (heard, band) in channel.heard.iter_mut().zip(self.bands.channel(1, c)) {
                *heard = *band as f32;
            }
            let mut whole = [0.0; PART];
            channel.band.run(&channel.heard[..frames], &mut channel.lane[..frames]);
            channel.whole.run(block.channel(c), &mut whole[..frames]);
            relate(&mut channel.lane[..frames], &whole[..frames]);
        }
    }

    /// From relative levels to gains.
    fn reduce(&mut self, frames: usize) {
        let moving = self.controls.iter().any(Control::moving);
        let stereo = self.channels.len() == 2;
        let mut reductions = [0.0; PART];
        for n in 0..frames {
            if moving {
                self.new_times |= self.controls[ATTACK].moving() || self.controls[RELEASE].moving();
                for control in &mut self.controls {
                    control.step();
                }
            }
            let threshold = self.controls[THRESHOLD].value();
            let curve = Curve::new(threshold, INFINITE_RATIO, KNEE_DB).within(self.controls[RANGE].value());
            let ask = |level: f64| curve.reduction_db(level);
            if stereo {
                let link = self.controls[LINK].value() / 100.0;
                let (a, b) = (self.channels[0].lane[n], self.channels[1].lane[n]);
                let louder = at_least(a, b);
                self.channels[0].lane[n] = ask(a + link * (louder - a));
                self.channels[1].lane[n] = ask(b + link * (louder - b));
            } else {
                self.channels[0].lane[n] = ask(self.channels[0].lane[n]);
            }
        }
        for channel in &mut self.channels {
            let lane = &mut channel.lane[..frames];
            channel.ballistics.run(lane);
            reductions.iter_mut().zip(lane.iter()).for_each(|(most, own)| *most = at_least(*own, *most));
            to_gains(lane);
        }
        self.needle.read(&reductions[..frames]);
    }

    /// At most [`PART`] frames, inside the grid, without an event inside.
    fn part(&mut self, block: &mut Block<'_>) {
        let frames = block.frames();
        let passed = (self.frame % PART as u64) as usize;
        for samples in block.channels_mut() {
            samples.iter_mut().filter(|x| !x.is_finite()).for_each(|x| *x = 0.0);
        }
        self.crossover.split(block.view(), &mut self.bands);
        if passed == 0 {
            let [g, k] = self.bell_at_edges();
            self.bell[0].on_to(g);
            self.bell[1].on_to(k);
        }
        self.listen_to(block);
        self.reduce(frames);
        if !self.settings.bell {
            self.bands.sum_into(block);
        }
        let mut listens = [0.0; PART];
        listens[..frames].iter_mut().for_each(|listen| *listen = self.listen.step());
        for (samples, channel) in block.channels_mut().zip(&mut self.channels) {
            channel.sound.run(samples);
            channel.aside.run(&mut channel.heard[..frames]);
            let Channel { lane, heard, bell, .. } = channel;
            for (n, (x, listen)) in samples.iter_mut().zip(&listens).enumerate() {
                let (whole, band) = (f64::from(*x), f64::from(heard[n]));
                let y = if self.settings.bell {
                    let [g, k] = self.bell.map(|line| line.from + line.step * (passed + n) as f64);
                    whole + (lane[n] - 1.0) * k * band_pass(whole, g, k, bell)
                } else {
                    whole + (lane[n] - 1.0) * band
                };
                *x = (y + listen * (band - y)) as f32;
            }
        }
    }
}

/// The band-pass output of a trapezoidal state-variable filter; times the damping it is 1 in the middle.
#[inline]
fn band_pass(x: f64, g: f64, k: f64, s: &mut [f64; 2]) -> f64 {
    let a1 = 1.0 / (1.0 + g * (g + k));
    let v3 = x - s[1];
    let v1 = a1 * (s[0] + g * v3);
    let v2 = s[1] + g * v1;
    *s = [2.0 * v1 - s[0], 2.0 * v2 - s[1]];
    v1
}

/// Powers of a band and of the whole into the difference of their levels.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn relate(band: &mut [f64], whole: &[f64]) {
    for (band, whole) in band.iter_mut().zip(whole) {
        *band = 0.5 * DB_PER_OCTAVE * (log2(*band) - log2(*whole + FLOOR));
    }
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn to_gains(reductions: &mut [f64]) {
    for value in reductions {
        *value = exp2(-OCTAVES_PER_DB * *value);
    }
}

impl Processor for Running {
    fn process(&mut self, block: &mut Block<'_>, context: &Context<'_>) {
        let frames = block.frames();
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
            let to_grid = (PART as u64 - self.frame % PART as u64) as usize;
            let count = to_grid.min(frames - at).min(to_event);
            if self.frame.is_multiple_of(PART as u64) {
                self.tick();
            }
            self.part(&mut block.part(at, at + count));
            at += count;
            self.frame += count as u64;
        }
    }

    fn latency(&self) -> Frames {
        Frames::from_seconds(self.settings.lookahead_ms / 1000.0, self.stream.sample_rate)
    }

    fn tail(&self) -> Tail {
        let [g, k] = self.bell.map(|line| line.to);
        let scale = 1.0 / (1.0 + g * (g + k));
        let poles = Biquad {
            b0: g * scale,
            b1: 0.0,
            b2: -g * scale,
            a1: 2.0 * (g * g - 1.0) * scale,
            a2: (1.0 + g * (g - k)) * scale,
        };
        Tail::Frames(self.crossover.tail().max(tail_frames(&[poles])))
    }

    fn reset(&mut self) {
        let rate = self.stream.sample_rate;
        self.controls = self.settings.controls.map(|value| Control::rounded(value, rate));
        self.listen = Travel::new(if self.settings.listen { 1.0 } else { 0.0 }, rate);
        self.crossover.reset();
        self.bell = self.bell_at_edges().map(Line::at);
        let times = Times::manual(self.settings.controls[ATTACK], self.settings.controls[RELEASE], rate);
        for channel in &mut self.channels {
            channel.band.reset();
            channel.whole.reset();
            channel.ballistics = Ballistics::new(times);
            channel.sound.reset();
            channel.aside.reset();
            channel.bell = [0.0; 2];
        }
        self.new_times = false;
        self.needle = Needle::default();
        self.frame = 0;
    }

    fn gain_reduction(&self) -> Option<GainReduction> {
        Some(self.needle.reading())
    }
}
