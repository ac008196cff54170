//! Breath: what lies between the phrases of a voice is turned down, breaths and gaps alike.
//!
//! Every 5 ms the last 20 ms are judged by their level against that of the phrases, by their color and by how often they
//! cross zero. A breath is soft, with most of its power above 500 Hz; the soft end of a sung word is as soft, but dark,
//! and stays. A gap is softer still, whatever its color. The sound waits for the judgment: a breath is turned down from
//! its beginning, and up again shortly before the voice comes. What is short, an f or the closure of a t, is left alone.
//! A gap has a depth of its own, taken where nothing but gap lasts as long, and left again shortly before a breath.
//!
//! ```
//! use tonmeister_core::{Buffer, Effect, Layout, Settings, Stream};
//! use tonmeister_dsp::{repair::Breath, testing::{noise, run, sine}};
//!
//! // A second of voice, then half a second of breath.
//! let mut sound = sine(220.0, 0.3, 48_000, 48_000);
//! sound.extend(noise(1, 0.01, 24_000));
//! let stream = Stream { sample_rate: 48_000, layout: Layout::Mono, max_block: 512, seed: 0 };
//! let settings = Settings::new(Breath::SPEC).with("range_db", 20.0);
//! let out = run(&mut *Breath::from_settings(&settings).build(&stream).unwrap(), &Buffer::from_mono(sound), &[512], &[]);
//! assert!(out.channel(0)[62_000..].iter().all(|y| y.abs() < 0.0011));
//! ```

#[cfg(test)]
mod tests;

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use tonmeister_core::{
    Automatable, Block, BuildError, Context, Effect, EffectSpec, Event, Family, Frames, ParamSpec, Processor, Settings,
    Stream, Tail, Unit,
};

use crate::dynamics::parts::DelayLine;
use crate::math::{amplitude_of_db, db_of_amplitude};
use crate::travel::Travel;

/// Judgments per second.
const JUDGMENTS: u32 = 200;
/// So many steps of 5 ms are judged together.
const STEPS: usize = 4;
/// What is dark has most of its power below this.
const DARK_HZ: f64 = 500.0;
/// A voice has at least this share of its power there (while it is soft), or crosses zero seldom.
const DARK_SHARE: f64 = 0.4;
/// Crossings of zero per second that no voice reaches which is not hissing.
const MANY_CROSSINGS: f64 = 2500.0;
/// The level of the phrases rises with this time constant.
const RISE_MS: f64 = 100.0;
/// And falls by so many dB in a second of sound, and of gap: a long rest must not make a voice of the room's noise.
const FALL_DB: f64 = 1.0;
const REST_DB: f64 = 0.1;
/// Where it is born, and never below: what is as soft as this is no voice.
const SOFTEST_DB: f64 = -60.0;
/// How much earlier than it is heard a voice may have begun when it is recognized.
const MARGIN_MS: f64 = 15.0;
/// States below this are put to rest (−500 dB).
const TINY: f64 = 1e-25;

const PARAMS: &[ParamSpec] = &[
    ParamSpec::number(
        "range_db",
        "Range",
        Unit::Db,
        (0.0, 60.0),
        12.0,
        "By how much breaths are turned down. At 0 they stay; some 10 sound natural.",
    ),
    ParamSpec::number(
        "gap_range_db",
        "Gap range",
        Unit::Db,
        (0.0, 60.0),
        12.0,
        "By how much gaps are turned down. At 0 they stay; more than `range_db` for bleed and noise, less to keep the room.",
    ),
    ParamSpec::number(
        "threshold_db",
        "Threshold",
        Unit::Db,
        (-40.0, -6.0),
        -18.0,
        "Below this, against the level of the phrases, what hisses is breath.",
    ),
    ParamSpec::number(
        "gap_db",
        "Gap",
        Unit::Db,
        (-80.0, -20.0),
        -45.0,
        "Below this, against the level of the phrases, everything is a gap. Raise it for bleed and noise between phrases.",
    ),
    ParamSpec::number("close_ms", "Close", Unit::Ms, (5.0, 500.0), 60.0, "In which time it is turned down.")
        .logarithmic(),
    ParamSpec::number(
        "open_ms",
        "Open",
        Unit::Ms,
        (2.0, 100.0),
        20.0,
        "In which time it is turned up again, done when the voice begins (as far as `shortest_ms` reaches).",
    )
    .logarithmic(),
    ParamSpec::number(
        "hold_ms",
        "Hold",
        Unit::Ms,
        (0.0, 500.0),
        0.0,
        "So much of each gap is left as it is behind the end of a phrase.",
    ),
    ParamSpec::number(
        "shortest_ms",
        "Shortest",
        Unit::Ms,
        (20.0, 300.0),
        120.0,
        "What is shorter is left alone: consonants, closures. Becomes latency.",
    )
    .automatable(Automatable::Fixed),
];
/// The parameters that may glide, in the order of the table.
const MOVING: usize = 7;
const RANGE: usize = 0;
const GAP_RANGE: usize = 1;
const THRESHOLD: usize = 2;
const GAP: usize = 3;
const CLOSE: usize = 4;
const OPEN: usize = 5;
const HOLD: usize = 6;

const SPEC: EffectSpec = EffectSpec {
    id: "breath",
    name: "Breath",
    family: Family::Repair,
    summary: "Turns breaths and gaps between phrases down, and leaves the voice.",
    doc: "\
For a single voice, sung or spoken, before its compressor would raise the breaths. Levels are against those of the \
phrases, which are followed upwards in 100 ms and downwards by 1 dB in a second (0.1 dB in gaps), so loud and soft takes \
need no other settings. Breaths and gaps have a depth each: breaths 6 dB and gaps 20, or gaps alone. Phrases pass untouched, bit for bit. A whispered voice is one breath as far as this can tell, and the reverb \
of a room that was recorded along falls with the gaps. Late by `shortest_ms`.",
    params: PARAMS,
    groups: &[],
    files: &[],
    stereo_only: false,
    key: tonmeister_core::KeyUse::None,
    sources: &["B. Atal, L. Rabiner, \"A pattern recognition approach to voiced-unvoiced-silence classification with \
         applications to speech recognition\", IEEE Trans. ASSP 24(3), 1976 (level, color and crossings of zero)"],
};

/// Settings of the effect `breath`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Breath {
    /// Range, gap's range, threshold, gap (dB), close, open, hold (ms).
    pub controls: [f64; MOVING],
    /// What is shorter is left alone.
    pub shortest_ms: f64,
}

impl Effect for Breath {
    const SPEC: &'static EffectSpec = &SPEC;

    fn from_settings(settings: &Settings) -> Self {
        Breath {
            controls: std::array::from_fn(|i| settings.get(PARAMS[i].id)),
            shortest_ms: settings.get("shortest_ms"),
        }
    }

    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        Ok(Box::new(Running::new(*self, *stream)))
    }
}

/// What was heard in 5 ms.
#[derive(Clone, Copy, Debug, Default)]
struct Step {
    power: f64,
    dark: f64,
    crossings: u32,
}

/// One channel's low-pass, and the sign it had.
#[derive(Clone, Copy, Debug, Default)]
struct Ear {
    low: [f64; 2],
    positive: bool,
}

/// Whether something is over, and the straight line that follows it.
#[derive(Clone, Copy, Debug, Default)]
struct Shutter {
    /// Frames without it.
    quiet: u64,
    /// Frames until it opens, once it has come back.
    wait: u64,
    closed: bool,
    /// How far it is closed.
    fade: f64,
}

impl Shutter {
    /// What is heard now will be given out after `late` frames; the way up takes `ahead`.
    fn hear(&mut self, here: bool, step: usize, late: u64, ahead: u64, hold: u64) {
        if here {
            if self.closed && self.wait == 0 {
                self.wait = late.saturating_sub(ahead).max(1);
            }
            self.quiet = 0;
        } else {
            self.quiet += step as u64;
        }
        if self.quiet >= late + hold {
            self.closed = true;
            self.wait = 0;
        }
    }

    /// How far it is closed one frame on, without corners.
    #[inline]
    fn step(&mut self, closing: f64, opening: f64) -> f64 {
        if self.wait > 0 {
            self.wait -= 1;
            self.closed = self.wait > 0;
        }
        if self.closed && self.fade < 1.0 {
            self.fade = (self.fade + closing).min(1.0);
        } else if !self.closed && self.fade > 0.0 {
            self.fade = (self.fade - opening).max(0.0);
        }
        self.fade * self.fade * (3.0 - 2.0 * self.fade)
    }
}

/// A breath reducer that sounds.
struct Running {
    settings: Breath,
    rate: u32,
    controls: [Travel; MOVING],
    ears: Vec<Ear>,
    delays: Vec<DelayLine>,
    /// The low-pass's gain.
    g: f64,
    steps: [Step; STEPS],
    /// Frames in a step.
    step: usize,
    /// The level of the phrases.
    phrase_db: f64,
    /// For the voice.
    shutter: Shutter,
    /// For all that sounds, breaths too: closed, what is heard is a gap.
    gaps: Shutter,
    late: usize,
    frame: u64,
}

impl Running {
    fn new(settings: Breath, stream: Stream) -> Self {
        let rate = stream.sample_rate;
        let late = Frames::from_seconds(settings.shortest_ms / 1000.0, rate).0 as usize;
        let mut running = Running {
            settings,
            rate,
            controls: settings.controls.map(|value| Travel::new(value, rate)),
            ears: vec![Ear::default(); stream.layout.channels()],
            delays: vec![DelayLine::new(late); stream.layout.channels()],
            g: (PI * DARK_HZ / f64::from(rate)).tan(),
            steps: [Step::default(); STEPS],
            step: (rate / JUDGMENTS) as usize,
            phrase_db: SOFTEST_DB,
            shutter: Shutter::default(),
            gaps: Shutter::default(),
            late,
            frame: 0,
        };
        running.reset();
        running
    }

    fn frames_of(&self, ms: f64) -> u64 {
        (ms * f64::from(self.rate) / 1000.0).round().max(0.0) as u64
    }

    fn hear(&mut self, block: &mut Block<'_>) {
        let g = self.g;
        let damping = 2.0 * FRAC_1_SQRT_2;
        let norm = 1.0 / (1.0 + g * (g + damping));
        let now = &mut self.steps[0];
        for (samples, ear) in block.channels_mut().zip(&mut self.ears) {
            for x in samples {
                if !x.is_finite() {
                    *x = 0.0;
                }
                let x = f64::from(*x);
                let [s1, s2] = ear.low;
                let high = (x - (g + damping) * s1 - s2) * norm;
                let band = g * high + s1;
                let low = g * band + s2;
                ear.low = [2.0 * band - s1, 2.0 * low - s2];
                now.power += x * x;
                now.dark += low * low;
                let positive = if x == 0.0 { ear.positive } else { x > 0.0 };
                now.crossings += u32::from(positive != ear.positive);
                ear.positive = positive;
            }
        }
    }

    /// Every 5 ms: is there a voice?
    fn judge(&mut self) {
        let channels = self.ears.len() as f64;
        let window = channels * (STEPS * self.step) as f64;
        let power: f64 = self.steps.iter().map(|step| step.power).sum();
        let dark: f64 = self.steps.iter().map(|step| step.dark).sum();
        let crossings: u32 = self.steps.iter().map(|step| step.crossings).sum();
        let level_db = (0.5 * db_of_amplitude(power / window)).min(0.0);
        let [threshold, gap] = [THRESHOLD, GAP].map(|param| self.controls[param].value());
        if level_db > self.phrase_db {
            let part = -(-1000.0 / (f64::from(JUDGMENTS) * RISE_MS)).exp_m1();
            self.phrase_db += part * (level_db - self.phrase_db);
        } else {
            let fall = if level_db - self.phrase_db > gap { FALL_DB } else { REST_DB };
            self.phrase_db = (self.phrase_db - fall / f64::from(JUDGMENTS)).max(SOFTEST_DB);
        }
        let crossings = f64::from(crossings) * f64::from(self.rate) / window;
        let sung = dark > DARK_SHARE * power && crossings < MANY_CROSSINGS;
        let relative = level_db - self.phrase_db;
        let sounds = relative > gap;
        let voice = sounds && (sung || relative > threshold);
        let ahead = self.frames_of(self.controls[OPEN].value() + MARGIN_MS);
        let hold = self.frames_of(self.controls[HOLD].value());
        self.shutter.hear(voice, self.step, self.late as u64, ahead, hold);
        self.gaps.hear(sounds, self.step, self.late as u64, ahead, 0);
        self.steps.rotate_right(1);
        self.steps[0] = Step::default();
        for state in self.ears.iter_mut().flat_map(|ear| &mut ear.low).filter(|state| state.abs() < TINY) {
            *state = 0.0;
        }
    }

    /// One frame's gain.
    #[inline]
    fn gain(&mut self) -> f64 {
        if self.controls.iter().any(Travel::moving) {
            self.controls.iter_mut().for_each(|control| {
                control.step();
            });
        }
        let per_frame = |ms: f64| 1000.0 / (ms * f64::from(self.rate));
        let (closing, opening) = (per_frame(self.controls[CLOSE].value()), per_frame(self.controls[OPEN].value()));
        let down = self.shutter.step(closing, opening);
        let gap = self.gaps.step(closing, opening);
        if down == 0.0 {
            return 1.0;
        }
        let (range, gap_range) = (self.controls[RANGE].value(), self.controls[GAP_RANGE].value());
        amplitude_of_db(-down * (range + gap * (gap_range - range)))
    }

    /// Frames up to the next judgment at most, without an event inside.
    fn part(&mut self, block: &mut Block<'_>) {
        self.hear(block);
        for (samples, delay) in block.channels_mut().zip(&mut self.delays) {
            delay.run(samples);
        }
        for n in 0..block.frames() {
            let gain = self.gain();
            if gain != 1.0 {
                block.channels_mut().for_each(|samples| samples[n] = (f64::from(samples[n]) * gain) as f32);
            }
        }
        self.frame += block.frames() as u64;
        if self.frame.is_multiple_of(self.step as u64) {
            self.judge();
        }
    }
}

impl Processor for Running {
    fn process(&mut self, block: &mut Block<'_>, context: &Context<'_>) {
        let (mut at, mut next) = (0, 0);
        while at < block.frames() {
            while let Some(event) = context.events.get(next).filter(|event| event.at as usize <= at) {
                let Event { param, value, glide, .. } = *event;
                if let Some(control) = self.controls.get_mut(param.0 as usize) {
                    control.to(value, glide);
                }
                next += 1;
            }
            let until = context.events.get(next).map_or(block.frames(), |event| event.at as usize);
            let grid = self.step - (self.frame % self.step as u64) as usize;
            let to = until.min(block.frames()).min(at + grid);
            self.part(&mut block.part(at, to));
            at = to;
        }
    }

    fn latency(&self) -> Frames {
        Frames(self.late as u64)
    }

    fn tail(&self) -> Tail {
        Tail::Frames(0)
    }

    fn reset(&mut self) {
        self.controls = self.settings.controls.map(|value| Travel::new(value, self.rate));
        self.ears.fill(Ear::default());
        self.delays.iter_mut().for_each(DelayLine::reset);
        self.steps = [Step::default(); STEPS];
        self.phrase_db = SOFTEST_DB;
        self.shutter = Shutter::default();
        self.gaps = Shutter::default();
        self.frame = 0;
    }
}
