//! De-plosive: the blast of a p or b into the microphone is cut, for as long as it lasts.
//!
//! Breath that hits a membrane is a stroke of air below 120 Hz, with nothing to go with it higher up, where a voice
//! has its partials. So lows are held against the range from 200 to 2000 Hz and against themselves a while ago; only
//! where they exceed both, a low-cut is faded in, before the blast arrives, and out behind it. Between blasts the sound
//! passes untouched, bit for bit.
//!
//! ```
//! use tonmeister_core::{Buffer, Effect, Layout, Settings, Stream};
//! use tonmeister_dsp::{repair::Deplosive, testing::{run, sine}};
//!
//! // Half a second of voice, then 60 ms of 50 Hz at full level.
//! let mut sound = sine(700.0, 0.1, 48_000, 48_000);
//! sound[24_000..26_880].iter_mut().zip(sine(50.0, 1.0, 48_000, 2880)).for_each(|(x, p)| *x += p);
//! let stream = Stream { sample_rate: 48_000, layout: Layout::Mono, max_block: 512, seed: 0 };
//! let mut processor = Deplosive::from_settings(&Settings::new(Deplosive::SPEC)).build(&stream).unwrap();
//! let out = run(&mut *processor, &Buffer::from_mono(sound), &[512], &[]);
//! assert!(out.channel(0).iter().all(|y| y.abs() < 0.5));
//! ```

#[cfg(test)]
mod tests;

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use tonmeister_core::{
    Automatable, Block, BuildError, Context, Effect, EffectSpec, Event, Family, Frames, ParamSpec, Processor, Settings,
    Stream, Tail, Unit,
};

use crate::biquad::{Biquad, tail_frames};
use crate::dynamics::parts::DelayLine;
use crate::math::amplitude_of_db;
use crate::travel::Travel;

/// How many frames are worked on at a time.
const PART: usize = 32;
/// States that have become nothing are put to rest on this grid of the stream's frames.
const SETTLE_GRID: u64 = 256;
/// States below this are put to rest (−500 dB).
const TINY: f64 = 1e-25;
/// The range of the voice that a blast is held against.
const VOICE_HZ: (f64, f64) = (200.0, 2000.0);
/// Over how long powers are averaged.
const FAST_MS: f64 = 6.0;
/// Over how long the lows of a while ago are averaged; they are heard this late, too.
const SLOW_MS: f64 = 250.0;
/// By how much lows must exceed themselves of a while ago: 6 dB.
const BURST: f64 = 4.0;
/// Lows below this are no blast: −60 dB.
const SOFTEST: f64 = 1e-6;
/// How much closer to the voice lows may come until a blast is over: 6 dB.
const HYSTERESIS: f64 = 0.25;
/// After the lows have fallen the cut stays this long.
const HOLD_MS: f64 = 40.0;
/// In which time the cut is faded in.
const ATTACK_MS: f64 = 8.0;
/// Dampings of the two sections of a Butterworth filter of fourth order.
const DAMPING: [f64; 2] = [1.847_759_065_022_573_5, 0.765_366_864_730_179_5];
const HZ: (f64, f64) = (60.0, 200.0);

const PARAMS: &[ParamSpec] = &[
    ParamSpec::number(
        "threshold_db",
        "Threshold",
        Unit::Db,
        (-12.0, 24.0),
        3.0,
        "How far lows must exceed the voice, from 200 to 2000 Hz, to be a blast. Lower finds more, and soon low voices.",
    ),
    ParamSpec::number(
        "range_db",
        "Range",
        Unit::Db,
        (0.0, 40.0),
        30.0,
        "Lows are turned down by no more than this during a blast.",
    ),
    ParamSpec::number(
        "frequency_hz",
        "Frequency",
        Unit::Hz,
        HZ,
        120.0,
        "Below this, blasts are looked for and cut, at 24 dB per octave.",
    )
    .logarithmic(),
    ParamSpec::number(
        "release_ms",
        "Release",
        Unit::Ms,
        (10.0, 500.0),
        60.0,
        "In which time lows come back after a blast.",
    )
    .logarithmic(),
    ParamSpec::switch("listen", "Listen", false, "Lets what is taken away be heard, alone.")
        .automatable(Automatable::Stepped),
    ParamSpec::number(
        "lookahead_ms",
        "Look-ahead",
        Unit::Ms,
        (0.0, 50.0),
        25.0,
        "Delays the sound, not the detector, so that the cut is there when the blast comes. Becomes latency.",
    )
    .automatable(Automatable::Fixed),
];
/// The parameters that may glide, in the order of the table.
const MOVING: usize = 4;
const THRESHOLD: usize = 0;
const RANGE: usize = 1;
const FREQUENCY: usize = 2;
const RELEASE: usize = 3;
const LISTEN: usize = 4;

const SPEC: EffectSpec = EffectSpec {
    id: "deplosive",
    name: "De-plosive",
    family: Family::Repair,
    summary: "Cuts the lows of p and b that hit the microphone, and only those.",
    doc: "\
For close voices without a pop filter. A blast is where lows exceed the voice by `threshold_db` and themselves, a quarter \
of a second ago, by 6 dB; then a low-cut is faded in over 8 ms, stays while they last and 40 ms longer, and is faded out. \
Between blasts the sound passes untouched. Both sides of a stereo track are cut together. The gasp above 200 Hz stays. A \
low-cut for rumble belongs behind it; thumps of a kick or a bass in the same track are blasts as far as this can tell.",
    params: PARAMS,
    groups: &[],
    files: &[],
    stereo_only: false,
    key: tonmeister_core::KeyUse::None,
    sources: &["A. Simper, \"Solving the continuous SVF equations using trapezoidal integration\", 2013 (the filters)"],
};

/// Settings of the effect `deplosive`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Deplosive {
    /// Threshold (dB against the voice), range (dB), frequency (Hz), release (ms).
    pub controls: [f64; MOVING],
    /// Only what is taken away is heard.
    pub listen: bool,
    /// How much earlier than the sound the detector hears.
    pub lookahead_ms: f64,
}

impl Effect for Deplosive {
    const SPEC: &'static EffectSpec = &SPEC;

    fn from_settings(settings: &Settings) -> Self {
        Deplosive {
            controls: std::array::from_fn(|i| settings.get(PARAMS[i].id)),
            listen: settings.get("listen") == 1.0,
            lookahead_ms: settings.get("lookahead_ms"),
        }
    }

    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        Ok(Box::new(Running::new(*self, *stream)))
    }
}

/// A state-variable filter's integrators.
#[derive(Clone, Copy, Debug, Default)]
struct Svf([f64; 2]);

impl Svf {
    /// Low, band (times damping: 1 at its middle) and high.
    #[inline]
    fn run(&mut self, x: f64, g: f64, damping: f64) -> [f64; 3] {
        let [s1, s2] = self.0;
        let high = (x - (g + damping) * s1 - s2) / (1.0 + g * (g + damping));
        let band = g * high + s1;
        let low = g * band + s2;
        self.0 = [2.0 * band - s1, 2.0 * low - s2];
        [low, damping * band, high]
    }
}

/// The integrators' gain of that frequency.
fn gain_of(hz: f64, rate: u32) -> f64 {
    (PI * (hz / f64::from(rate)).min(0.45)).tan()
}

/// The share of a mean that is renewed in one frame.
fn part_of(ms: f64, rate: u32) -> f64 {
    -(-1000.0 / (ms * f64::from(rate))).exp_m1()
}

#[derive(Default)]
struct Channel {
    lows: [Svf; 2],
    voice: [Svf; 2],
    cut: [Svf; 2],
}

/// A de-plosive that sounds.
struct Running {
    settings: Deplosive,
    rate: u32,
    controls: [Travel; MOVING],
    listen: Travel,
    channels: Vec<Channel>,
    delays: Vec<DelayLine>,
    /// The integrators' gain at the frequency.
    g: f64,
    /// The threshold as a power.
    over: f64,
    /// The part of the lows that is taken at most.
    depth: f64,
    /// How much of the fade goes in a frame.
    release: f64,
    /// At both ends of the voice.
    voice_g: [f64; 2],
    /// Mean powers of lows and voice.
    fast: [f64; 2],
    /// The mean power of the lows over a while, in two poles, so that a burst comes into it late.
    slow: [f64; 2],
    parts: [f64; 2],
    blast: bool,
    /// Frames that the cut still stays.
    hold: u32,
    /// How far the cut is faded in, in a straight line.
    fade: f64,
    late: usize,
    frame: u64,
}

impl Running {
    fn new(settings: Deplosive, stream: Stream) -> Self {
        let rate = stream.sample_rate;
        let late = Frames::from_seconds(settings.lookahead_ms / 1000.0, rate).0 as usize;
        let mut running = Running {
            settings,
            rate,
            controls: settings.controls.map(|value| Travel::new(value, rate)),
            listen: Travel::new(0.0, rate),
            channels: (0..stream.layout.channels()).map(|_| Channel::default()).collect(),
            delays: vec![DelayLine::new(late); stream.layout.channels()],
            g: 0.0,
            over: 0.0,
            depth: 0.0,
            release: 0.0,
            voice_g: [gain_of(VOICE_HZ.0, rate), gain_of(VOICE_HZ.1, rate)],
            fast: [0.0; 2],
            slow: [0.0; 2],
            parts: [part_of(FAST_MS, rate), part_of(SLOW_MS, rate)],
            blast: false,
            hold: 0,
            fade: 0.0,
            late,
            frame: 0,
        };
        running.reset();
        running
    }

    fn begin_event(&mut self, event: &Event) {
        match event.param.0 as usize {
            LISTEN => self.listen.to(event.value, event.glide),
            param if param < MOVING => self.controls[param].to(event.value, event.glide),
            _ => {}
        }
    }

    /// From the values of the parameters to what is needed in every frame.
    fn tune(&mut self) {
        self.over = amplitude_of_db(2.0 * self.controls[THRESHOLD].value());
        self.depth = 1.0 - amplitude_of_db(-self.controls[RANGE].value());
        self.g = gain_of(self.controls[FREQUENCY].value(), self.rate);
        self.release = 1000.0 / (self.controls[RELEASE].value() * f64::from(self.rate));
    }

    /// Listens to one frame; says whether a blast is on.
    #[inline]
    fn detect(&mut self, low: f64, voice: f64) -> bool {
        let over = self.over;
        self.fast[0] += self.parts[0] * (low - self.fast[0]);
        self.fast[1] += self.parts[0] * (voice - self.fast[1]);
        self.slow[0] += self.parts[1] * (self.fast[0] - self.slow[0]);
        self.slow[1] += self.parts[1] * (self.slow[0] - self.slow[1]);
        let [low, voice] = self.fast;
        if self.blast {
            self.blast = low > HYSTERESIS * over * voice && low > SOFTEST && low > self.slow[1];
        } else {
            self.blast = low > over * voice && low > SOFTEST && low > BURST * self.slow[1];
        }
        self.blast
    }

    /// At most [`PART`] frames, inside the grid, without an event inside.
    fn part(&mut self, block: &mut Block<'_>) {
        let frames = block.frames();
        let moving = self.controls.iter().any(Travel::moving);
        if self.frame.is_multiple_of(SETTLE_GRID) {
            self.settle();
        }
        let attack = 1000.0 / (ATTACK_MS * f64::from(self.rate));
        let hold = (HOLD_MS * f64::from(self.rate) / 1000.0) as u32;
        let (mut cuts, mut listens, mut tunes) = ([0.0; PART], [0.0; PART], [0.0; PART]);
        let lanes = cuts.iter_mut().zip(&mut listens).zip(&mut tunes);
        for (n, ((cut, listen), tune)) in lanes.take(frames).enumerate() {
            if moving {
                self.controls.iter_mut().for_each(|control| {
                    control.step();
                });
                self.tune();
            }
            let (mut low, mut voice) = (0.0, 0.0);
            for (samples, channel) in block.channels_mut().zip(&mut self.channels) {
                if !samples[n].is_finite() {
                    samples[n] = 0.0;
                }
                let x = f64::from(samples[n]);
                let first = channel.lows[0].run(x, self.g, DAMPING[0])[0];
                low += channel.lows[1].run(first, self.g, DAMPING[1])[0].powi(2);
                let above = channel.voice[0].run(x, self.voice_g[0], 2.0 * FRAC_1_SQRT_2)[2];
                voice += channel.voice[1].run(above, self.voice_g[1], 2.0 * FRAC_1_SQRT_2)[0].powi(2);
            }
            if self.detect(low, voice) {
                self.hold = hold;
            } else {
                self.hold = self.hold.saturating_sub(1);
            }
            self.fade = if self.hold > 0 { (self.fade + attack).min(1.0) } else { (self.fade - self.release).max(0.0) };
            // Without corners.
            let eased = self.fade * self.fade * (3.0 - 2.0 * self.fade);
            *cut = eased * self.depth;
            *listen = self.listen.step();
            *tune = self.g;
        }
        for ((samples, channel), delay) in block.channels_mut().zip(&mut self.channels).zip(&mut self.delays) {
            delay.run(samples);
            for (n, x) in samples.iter_mut().enumerate() {
                let whole = f64::from(*x);
                let first = channel.cut[0].run(whole, tunes[n], DAMPING[0])[2];
                let high = channel.cut[1].run(first, tunes[n], DAMPING[1])[2];
                let taken = cuts[n] * (whole - high);
                let kept = whole - taken;
                *x = (kept + listens[n] * (taken - kept)) as f32;
            }
        }
        self.frame += frames as u64;
    }

    fn settle(&mut self) {
        let filters = self.channels.iter_mut().flat_map(|c| c.lows.iter_mut().chain(&mut c.voice).chain(&mut c.cut));
        let means = self.fast.iter_mut().chain(&mut self.slow);
        for state in filters.flat_map(|filter| &mut filter.0).chain(means).filter(|state| state.abs() < TINY) {
            *state = 0.0;
        }
    }
}

impl Processor for Running {
    fn process(&mut self, block: &mut Block<'_>, context: &Context<'_>) {
        let (mut at, mut next) = (0, 0);
        while at < block.frames() {
            while let Some(event) = context.events.get(next).filter(|event| event.at as usize <= at) {
                self.begin_event(event);
                next += 1;
            }
            let until = context.events.get(next).map_or(block.frames(), |event| event.at as usize);
            let grid = PART - (self.frame % PART as u64) as usize;
            let to = until.min(block.frames()).min(at + grid);
            self.part(&mut block.part(at, to));
            at = to;
        }
    }

    fn latency(&self) -> Frames {
        Frames(self.late as u64)
    }

    /// That of the cut at the lowest frequency it may be moved to.
    fn tail(&self) -> Tail {
        let g = gain_of(HZ.0, self.rate);
        let section = |k: f64| {
            let norm = 1.0 / (1.0 + g * (g + k));
            let (a1, a2) = (2.0 * norm * (g * g - 1.0), norm * (1.0 + g * (g - k)));
            Biquad { b0: norm, b1: -2.0 * norm, b2: norm, a1, a2 }
        };
        Tail::Frames(tail_frames(&DAMPING.map(section)))
    }

    fn reset(&mut self) {
        self.controls = self.settings.controls.map(|value| Travel::new(value, self.rate));
        self.listen = Travel::new(f64::from(u8::from(self.settings.listen)), self.rate);
        self.channels.iter_mut().for_each(|channel| *channel = Channel::default());
        self.delays.iter_mut().for_each(DelayLine::reset);
        self.tune();
        self.fast = [0.0; 2];
        self.slow = [0.0; 2];
        self.blast = false;
        self.hold = 0;
        self.fade = 0.0;
        self.frame = 0;
    }
}
