//! Dehum: the hum of the mains, taken away as what it is, a steady tone and its harmonics.
//!
//! Hum stands; music comes and goes. The frequency is followed through all harmonics together, each harmonic's height and
//! phase are estimated from where the music beside it is soft, over many seconds and from both sides in time, and just
//! that tone is subtracted. There is no filter, so nothing beside the harmonics is touched.
//!
//! ```
//! use tonmeister_core::{Buffer, Effect, Layout, Settings, Stream};
//! use tonmeister_dsp::{repair::Dehum, testing::{run, sine}};
//!
//! let stream = Stream { sample_rate: 8_000, layout: Layout::Mono, max_block: 4096, seed: 0 };
//! let mut dehum = Dehum::from_settings(&Settings::new(Dehum::SPEC)).build(&stream).unwrap();
//! let hum = Buffer::from_mono(sine(50.0, 0.1, 8_000, 80_000));
//! let out = run(&mut *dehum, &hum, &[4096], &[]);
//! assert!(out.channel(0)[48_000..].iter().all(|y| y.abs() < 0.001)); // −40 dB
//! ```

mod ear;
mod fit;
mod track;

#[cfg(test)]
mod tests;

use rustfft::num_complex::Complex;
use tonmeister_core::{
    Automatable, Block, BuildError, Choice, Context, Effect, EffectSpec, Event, Family, Frames, ParamSpec, Processor,
    Settings, Stream, Tail, Unit,
};

use crate::travel::Travel;
use ear::{Ear, HIGHEST, PER_SECOND};
use track::{Search, Track};

const MAINS: &[Choice] = &[
    Choice { id: "auto", doc: "50 or 60 Hz, whichever hums" },
    Choice { id: "50_hz", doc: "Europe, most of Asia, Africa and Australia" },
    Choice { id: "60_hz", doc: "North America, parts of South America and Asia" },
    Choice { id: "other", doc: "around `frequency_hz`, for a recording that was played at another speed" },
];

const PARAMS: &[ParamSpec] = &[
    ParamSpec::choice("mains", "Mains", MAINS, "Where the hum is looked for."),
    ParamSpec::number(
        "frequency_hz",
        "Frequency",
        Unit::Hz,
        (40.0, 70.0),
        50.0,
        "With `mains = \"other\"`: where the hum is looked for.",
    )
    .automatable(Automatable::Fixed),
    ParamSpec::number(
        "range_hz",
        "Range",
        Unit::Hz,
        (0.1, 1.0),
        0.3,
        "How far to either side the hum is looked for and followed. The mains stay within 0.2 Hz; tape and film may \
         not. The wider, the more notes can be mistaken for hum.",
    )
    .automatable(Automatable::Fixed),
    ParamSpec::integer(
        "harmonics",
        "Harmonics",
        Unit::None,
        (1, 40),
        24,
        "How many are followed and taken away, the fundamental included; none above 2.9 kHz.",
    ),
    ParamSpec::number(
        "amount_percent",
        "Amount",
        Unit::Percent,
        (0.0, 100.0),
        100.0,
        "How much of the hum is taken away. At 0 the sound passes untouched.",
    ),
    ParamSpec::switch("listen", "Listen", false, "Lets what is taken away be heard, alone.")
        .automatable(Automatable::Stepped),
    ParamSpec::number(
        "memory_seconds",
        "Memory",
        Unit::Seconds,
        (4.0, 60.0),
        16.0,
        "How long the past is remembered. The longer, the less music disturbs the estimate, and the slower it follows a \
         hum whose level changes.",
    )
    .logarithmic()
    .automatable(Automatable::Fixed),
    ParamSpec::number(
        "look_ahead_seconds",
        "Look-ahead",
        Unit::Seconds,
        (1.0, 8.0),
        3.0,
        "How far ahead it listens; the output is late by this and half a second. More helps the beginning of a take, \
         and a hum that drifts.",
    )
    .automatable(Automatable::Fixed),
];
const AMOUNT: u32 = 4;
const LISTEN: u32 = 5;

const SPEC: EffectSpec = EffectSpec {
    id: "dehum",
    name: "Dehum",
    family: Family::Repair,
    summary: "Takes the hum of the mains and its harmonics away, and leaves the notes between them.",
    doc: "\
For the hum of a ground loop, a pickup, a lamp or a rectifier: a steady tone of 50 or 60 Hz with harmonics. Put it first in \
the chain, on the track that hums, before anything that changes the level. The hum is followed as it drifts, each harmonic with its own height \
and phase, and subtracted; nothing else is filtered, so that a bass keeps its notes. It must be sure: several harmonics (or one of the lowest three, beyond doubt) have to \
stand still over seconds, or nothing is taken away. Pauses and soft places tell it most. A dense mix without any hides the hum: one 20 dB \
below such music may stay as it is. Hum whose level jumps (a cable moved, a cut between takes) needs a part of `memory_seconds` to be known again. \
A tone of constant pitch and level that happens to lie within the range is hum to it: a drone on G (49.0 and 98.0 Hz) is outside the \
default range of 0.3 Hz around 50, and inside one of 1. Buzz with sharp edges above 2.9 kHz wants `denoise`. Late by \
`look_ahead_seconds` and half a second.",
    params: PARAMS,
    groups: &[],
    files: &[],
    stereo_only: false,
    key: tonmeister_core::KeyUse::None,
    sources: &[
        "M. G. Christensen, A. Jakobsson, Multi-pitch estimation, Synthesis Lectures on Speech and Audio Processing, 2009, \
         §2 (harmonics together, non-linear least squares)",
        "P. J. Huber, Robust statistics, 1981, §3.2, §6.7 (the weights)",
        "E. T. Whittaker, \"On a new method of graduation\", Proc. Edinburgh Mathematical Society 41, 1923 (the smooth phase)",
    ],
};

/// Settings of the effect `dehum`.
#[derive(Clone, Debug, PartialEq)]
pub struct Dehum {
    /// Around these frequencies hum is looked for, in Hz.
    pub around_hz: Vec<f64>,
    /// How far to either side, in Hz.
    pub range_hz: f64,
    /// How many harmonics are taken away.
    pub harmonics: usize,
    /// How much of them, 0 to 100.
    pub amount_percent: f64,
    /// Only what is taken away is heard.
    pub listen: bool,
    /// How long the past is remembered.
    pub memory_seconds: f64,
    /// How far ahead it listens.
    pub look_ahead_seconds: f64,
}

impl Effect for Dehum {
    const SPEC: &'static EffectSpec = &SPEC;

    fn from_settings(settings: &Settings) -> Self {
        Dehum {
            around_hz: match settings.get("mains") as usize {
                0 => vec![50.0, 60.0],
                1 => vec![50.0],
                2 => vec![60.0],
                _ => vec![settings.get("frequency_hz")],
            },
            range_hz: settings.get("range_hz"),
            harmonics: settings.get("harmonics") as usize,
            amount_percent: settings.get("amount_percent"),
            listen: settings.get("listen") == 1.0,
            memory_seconds: settings.get("memory_seconds"),
            look_ahead_seconds: settings.get("look_ahead_seconds"),
        }
    }

    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        Ok(Box::new(Running::new(self.clone(), *stream)))
    }
}

/// Frames of the ear from one estimate to the next.
const STEP: usize = 2;
/// Frames of the stream that are made at a time.
const CHUNK: usize = 256;
/// Is there less sound than hum, in so long a piece, …
const PIECE_SECONDS: f64 = 0.02;
/// … by as much as this (a quarter of the power), then the hum has stopped.
const STOPPED: f64 = 0.25;

/// This part of a piece without anything at all is silence.
const GAP: usize = 16;

/// A dehummer that sounds.
struct Running {
    settings: Dehum,
    rate: u32,
    ear: Ear,
    track: Track,
    look: usize,
    memory: f64,
    /// The sound, a ring as long as the latency, for each channel.
    heard: Vec<Vec<f32>>,
    at: usize,
    /// The hum of the present segment, for each channel.
    hum: Vec<Vec<f64>>,
    place: usize,
    /// The harmonics at the end of the last segment, channel by channel, and at that of this one.
    from: Vec<Complex<f64>>,
    to: Vec<Complex<f64>>,
    /// Phase and its slope at the end of the last segment; nothing when no hum was known.
    phase: Option<(f64, f64)>,
    /// Whether the hum was still there at the end of the last segment, for each channel.
    present: Vec<f64>,
    amount: Travel,
    listen: Travel,
}

impl Running {
    fn new(settings: Dehum, stream: Stream) -> Self {
        let rate = stream.sample_rate;
        let channels = stream.layout.channels();
        let ear = Ear::new(rate, channels);
        let look = (settings.look_ahead_seconds * PER_SECOND).round() as usize;
        let memory = settings.memory_seconds * PER_SECOND;
        let highest = settings.around_hz.iter().fold(0.0, |a: f64, b| a.max(*b)) + settings.range_hz;
        let harmonics = settings.harmonics.min((HIGHEST / highest) as usize);
        let search = Search { around: settings.around_hz.clone(), range: settings.range_hz };
        let track = Track::new(search, harmonics, channels, memory.round() as usize + look, ear.hop_seconds());
        let latency = 1 + ear.late() + (look + STEP) * ear.hop();
        let none = vec![Complex::default(); channels * harmonics];
        Running {
            rate,
            look,
            memory: memory / 2.0,
            heard: vec![vec![0.0; latency]; channels],
            at: 0,
            hum: vec![vec![0.0; STEP * ear.hop()]; channels],
            place: 0,
            from: none.clone(),
            to: none,
            phase: None,
            present: vec![1.0; channels],
            amount: Travel::new(settings.amount_percent / 100.0, rate),
            listen: Travel::new(f64::from(u8::from(settings.listen)), rate),
            settings,
            ear,
            track,
        }
    }

    /// The hum of the next segment, which begins with the oldest sample that is remembered.
    fn estimate(&mut self) {
        self.track.step(&self.ear);
        std::mem::swap(&mut self.from, &mut self.to);
        self.to.fill(Complex::default());
        let steps = STEP as f64;
        let end = if self.track.locked() {
            self.track.estimate(self.look, self.memory);
            let harmonics = self.to.len() / self.heard.len();
            for (channel, to) in self.to.chunks_exact_mut(harmonics).enumerate() {
                for (to, line) in to.iter_mut().zip(self.track.lines(channel)) {
                    *to = line.hum * line.trust;
                }
            }
            self.phase = self.phase.or_else(|| Some(self.track.phase(self.look + STEP)));
            Some(self.track.phase(self.look))
        } else {
            // Once more, to fade away.
            self.phase.map(|(phase, slope)| (phase + slope * steps, slope))
        };
        match (self.phase, end) {
            (Some(start), Some(end)) => self.make(start, end),
            _ => self.hum.iter_mut().for_each(|hum| hum.fill(0.0)),
        }
        self.phase = end.filter(|_| self.track.locked());
        self.place = 0;
    }

    fn make(&mut self, (phase, slope): (f64, f64), (end, end_slope): (f64, f64)) {
        let frames = self.hum[0].len();
        let channels = self.hum.len();
        let harmonics = self.to.len() / channels;
        let (slope, end_slope) = (slope * STEP as f64, end_slope * STEP as f64);
        let (mut base, mut turned) = ([[0.0; CHUNK]; 2], [[0.0; CHUNK]; 2]);
        for start in (0..frames).step_by(CHUNK) {
            let count = CHUNK.min(frames - start);
            for n in 0..count {
                // Hermite's cubic through both phases with both slopes.
                let s = (start + n) as f64 / frames as f64;
                let (d, r) = (end - phase, 1.0 - s);
                let way = s * s * (3.0 - 2.0 * s) * d + s * r * (r * slope - s * end_slope);
                let (sin, cos) = (phase + way).sin_cos();
                (base[0][n], base[1][n]) = (cos, sin);
                (turned[0][n], turned[1][n]) = (1.0, 0.0);
            }
            self.hum.iter_mut().for_each(|hum| hum[start..start + count].fill(0.0));
            for h in 0..harmonics {
                let [re, im] = &mut turned;
                for n in 0..count {
                    let (a, b) = (re[n], im[n]);
                    re[n] = a * base[0][n] - b * base[1][n];
                    im[n] = a * base[1][n] + b * base[0][n];
                }
                for (channel, hum) in self.hum.iter_mut().enumerate() {
                    let (from, to) = (self.from[channel * harmonics + h], self.to[channel * harmonics + h]);
                    if from == Complex::default() && to == Complex::default() {
                        continue;
                    }
                    let step = (to - from) / frames as f64;
                    let first = from + step * start as f64;
                    for (n, hum) in hum[start..start + count].iter_mut().enumerate() {
                        let n64 = n as f64;
                        *hum += (first.re + step.re * n64) * re[n] - (first.im + step.im * n64) * im[n];
                    }
                }
            }
        }
        self.leave_silence();
    }

    /// Where there is less sound than hum the hum has stopped: nothing is taken away. In digital silence, not a sample.
    fn leave_silence(&mut self) {
        let frames = self.hum[0].len();
        let pieces = (frames as f64 / (PIECE_SECONDS * f64::from(self.rate))).round().max(1.0) as usize;
        for (channel, (hum, heard)) in self.hum.iter_mut().zip(&self.heard).enumerate() {
            let sound = |n: usize| f64::from(heard[(self.at + n) % heard.len()]);
            for piece in 0..pieces {
                let (from, to) = (frames * piece / pieces, frames * (piece + 1) / pieces);
                let before = self.present[channel];
                let gap = (to - from) / GAP;
                let first = if before == 0.0 { (from..to).find(|n| sound(*n) != 0.0).unwrap_or(to) } else { from };
                let end = (first..to).rev().find(|n| sound(*n) != 0.0).map_or(first, |n| n + 1);
                let end = if to - end > gap { end } else { to };
                hum[from..first].fill(0.0);
                hum[end..to].fill(0.0);
                let (mut power, mut tone) = (0.0, 0.0);
                for (n, hum) in (first..end).zip(&hum[first..end]) {
                    power += sound(n).powi(2);
                    tone += hum * hum;
                }
                let now = if first == end || power < STOPPED * tone { 0.0 } else { 1.0 };
                let before = if first > from { now } else { before };
                if before + now < 2.0 {
                    let length = (end - first).max(1) as f64;
                    for (n, x) in hum[first..end].iter_mut().enumerate() {
                        *x *= before + (now - before) * n as f64 / length;
                    }
                }
                self.present[channel] = if end < to { 0.0 } else { now };
            }
        }
    }

    fn begin_event(&mut self, event: &Event) {
        match event.param.0 {
            AMOUNT => self.amount.to(event.value / 100.0, event.glide),
            LISTEN => self.listen.to(event.value, event.glide),
            _ => {}
        }
    }
}

impl Processor for Running {
    fn process(&mut self, block: &mut Block<'_>, context: &Context<'_>) {
        let mut next = 0;
        let channels = self.heard.len();
        for at in 0..block.frames() {
            while let Some(event) = context.events.get(next).filter(|event| event.at as usize <= at) {
                self.begin_event(event);
                next += 1;
            }
            let (amount, listen) = (self.amount.step(), self.listen.step());
            let mut heard = [0.0; 2];
            for (channel, heard) in heard.iter_mut().enumerate().take(channels) {
                let sample = &mut block.channel_mut(channel)[at];
                let x = if sample.is_finite() { *sample } else { 0.0 };
                *heard = f64::from(x);
                let old = std::mem::replace(&mut self.heard[channel][self.at], x);
                let taken = amount * self.hum[channel][self.place];
                *sample = if taken == 0.0 && listen == 0.0 {
                    old
                } else {
                    let old = f64::from(old);
                    (old - taken + listen * (2.0 * taken - old)) as f32
                };
            }
            self.at = if self.at + 1 == self.heard[0].len() { 0 } else { self.at + 1 };
            self.place += 1;
            if self.ear.hear(heard) && self.ear.frames().is_multiple_of(STEP as u64) {
                self.estimate();
            }
        }
    }

    fn latency(&self) -> Frames {
        Frames(self.heard[0].len() as u64)
    }

    fn tail(&self) -> Tail {
        Tail::Frames(u64::from(self.rate) / 10)
    }

    fn reset(&mut self) {
        self.ear.reset();
        self.track.reset();
        self.heard.iter_mut().for_each(|ring| ring.fill(0.0));
        self.hum.iter_mut().for_each(|hum| hum.fill(0.0));
        (self.at, self.place) = (0, 0);
        self.from.fill(Complex::default());
        self.to.fill(Complex::default());
        self.phase = None;
        self.present.fill(1.0);
        self.amount = Travel::new(self.settings.amount_percent / 100.0, self.rate);
        self.listen = Travel::new(f64::from(u8::from(self.settings.listen)), self.rate);
    }
}
