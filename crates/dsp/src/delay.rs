//! The delay: echoes, left and right or bouncing between them.
//!
//! A frame goes this way:
//!
//! ```text
//! dry ──┬──▶(+)──▶ tape ──▶ line ──┬──▶ time ──▶ highpass ──▶ lowpass ──┬──▶(+)──▶ duck ──▶ wet
//!       │     ▲                    └──▶ taps ───────────────────────────│────▲       ▲
//!       │     └──────── bend ◀──────── feedback ◀───────────────────────┘            │
//!       └──────────────────────── keys the ducking ──────────────────────────────────┘
//! ```
//!
//! - **Time** ([`mod@line`]) may fall between frames: a band-limited interpolation, right to a thousandth of a frame and
//!   flat to 18 kHz. The interpolator's half-length stands inside the delay, so the processor has no latency.
//!   Under 16 frames (0.36 ms at 44.1 kHz) the interpolator is shorter and duller; the shortest delay is one frame.
//! - **Changes of time** ([`head`]) fade over to the new place in 30 ms, or glide there like tape with the pitch
//!   bent at most to a half or one and a half. They never jump.
//! - **Feedback** up to 100 % is stable. Up to full scale the loop is linear; above, what is fed back bends toward
//!   a limit of twice full scale (x = 1 + t/(1 + t), t the excess over 1), so even an endless loop that is fed for
//!   ever stays bounded. The filters' gains never exceed one.
//! - **Tape** ([`saturate`]), when written, bends what is recorded, so that each echo is warmer than the one before.
//!   It runs oversampled inside the loop, wrong notes below −80 dB; its latency is taken off the times, which stay exact
//!   from 3.9 ms on (at 44.1 kHz). Never a gain: full feedback stays stable. Its speed may waver ([`wobble`]).
//! - **Taps** ([`tap`]), when written, are further echoes of what was recorded, the main echo's repeats among it: mono,
//!   each with a time, a level, a place and filters of its own. They are not fed back.
//! - **Filters** ([`cut`]) sit in the loop: each echo is filtered once more than the one before, the first echo once.
//! - **Ping-pong** sums the input to the left line; left feeds right and right feeds left, each bounce at
//!   `feedback_percent` of the last.
//! - **Ducking** ([`duck`]) turns the echoes down while the dry signal is loud. What is fed back is not turned down.
//!
//! Numbers move without a click: automation in straight lines with rounded corners, jumps eased over 20 ms
//! ([`travel`](crate::travel)).
//!
//! ```
//! use tonmeister_core::{Context, Effect, Layout, Settings, Stream};
//! use tonmeister_dsp::{delay::Delay, testing};
//!
//! let settings = Settings::new(Delay::SPEC).with("time_ms", 10.0).with("feedback_percent", 50.0);
//! let stream = Stream { sample_rate: 48_000, layout: Layout::Stereo, max_block: 2000, seed: 1 };
//! let mut audio = testing::impulse(Layout::Stereo, 0, 2000);
//! Delay::from_settings(&settings).build(&stream).unwrap().process(&mut audio.block(2000), &Context::default());
//! assert_eq!([480, 960, 1440].map(|at| audio.channel(0)[at]), [1.0, 0.5, 0.25]);
//! ```

pub(crate) mod cut;
pub(crate) mod duck;
mod head;
#[cfg(test)]
pub(crate) mod probe;
pub(crate) mod saturate;
mod stretch;
pub(crate) mod tap;
pub(crate) mod wobble;

#[cfg(test)]
mod tests;

use tonmeister_core::{
    Block, BuildError, Choice, Context, Effect, EffectSpec, Event, Family, GroupSpec, Layout, ParamSpec, Processor,
    Settings, Slot, Stream, Tail, Unit,
};

use crate::line::{self, Line};
use crate::travel::Travel;
use cut::{Cut, Side};
use duck::Duck;
use head::{Change, Head};
use saturate::Tape;
use tap::Echo;
use wobble::Wobble;

const MODES: &[Choice] = &[
    Choice { id: "stereo", doc: "left echoes left, right echoes right" },
    Choice { id: "ping-pong", doc: "echoes of the mono sum bounce between left and right, left first" },
];

const CHANGES: &[Choice] = &[
    Choice { id: "crossfade", doc: "a new time fades in over 30 ms, at its own pitch" },
    Choice { id: "glide", doc: "the time travels like tape, and the pitch bends while it does" },
];

const LONGEST_MS: f64 = 5000.0;
const WIDEST_PERCENT: f64 = 200.0;
const TAPS: usize = 8;
const WOW_PERCENT: f64 = 2.0;
const FLUTTER_PERCENT: f64 = 1.0;

const SPEC: EffectSpec = EffectSpec {
    id: "delay",
    name: "Delay",
    family: Family::Space,
    summary: "Echoes the sound, left and right or bouncing between them, darker and quieter each time.",
    doc: "Meant for a bus that tracks send to, where `mix_percent` stays at 100. With `feedback_percent` at 100 the \
          echoes go on for ever; they cannot grow, because whatever exceeds full scale in the loop is bent back. \
          Times may be written as note values. For a tape echo write `tape`, `wow` and a `lowpass`, and let `change` \
          glide; for a rhythm of echoes write `taps`, with `echo_percent` at 0 if they should stand alone.",
    params: &[
        ParamSpec::number("time_ms", "Time", Unit::Ms, (0.1, LONGEST_MS), 350.0, "From the sound to its first echo.")
            .logarithmic(),
        ParamSpec::number(
            "right_percent",
            "Right time",
            Unit::Percent,
            (20.0, WIDEST_PERCENT),
            100.0,
            "The right side's time as a part of `time_ms`: 75 sets dotted eighths against quarters.",
        ),
        ParamSpec::number(
            "feedback_percent",
            "Feedback",
            Unit::Percent,
            (0.0, 100.0),
            35.0,
            "Level of each echo against the one before.",
        ),
        ParamSpec::choice("mode", "Mode", MODES, "How the echoes sit between left and right."),
        ParamSpec::choice("change", "Change", CHANGES, "What is heard when the time changes."),
        ParamSpec::number(
            "echo_percent",
            "Echo",
            Unit::Percent,
            (0.0, 100.0),
            100.0,
            "Level of the main echo and its repeats; 0 leaves the taps alone. The loop goes on all the same.",
        ),
        ParamSpec::number(
            "mix_percent",
            "Mix",
            Unit::Percent,
            (0.0, 100.0),
            100.0,
            "0 is the dry sound alone, 100 the echoes alone.",
        ),
    ],
    groups: &[
        GroupSpec {
            id: "highpass",
            name: "High-pass",
            max: 1,
            params: &[
                ParamSpec::number("hz", "Frequency", Unit::Hz, (10.0, 5000.0), 120.0, "3 dB down here.").logarithmic()
            ],
            doc: "Takes lows from every echo, 12 dB per octave, once more each time round.",
        },
        GroupSpec {
            id: "lowpass",
            name: "Low-pass",
            max: 1,
            params: &[ParamSpec::number("hz", "Frequency", Unit::Hz, (200.0, 20_000.0), 6000.0, "3 dB down here.")
                .logarithmic()],
            doc: "Takes highs from every echo, 12 dB per octave, once more each time round.",
        },
        GroupSpec {
            id: "taps",
            name: "Tap",
            max: TAPS,
            params: &[
                ParamSpec::number(
                    "time_ms",
                    "Time",
                    Unit::Ms,
                    (0.1, LONGEST_MS),
                    250.0,
                    "From the sound to this echo.",
                )
                .logarithmic(),
                ParamSpec::number("level_db", "Level", Unit::Db, (-60.0, 6.0), -6.0, "How loud it is."),
                ParamSpec::number(
                    "pan",
                    "Pan",
                    Unit::None,
                    (-1.0, 1.0),
                    0.0,
                    "−1 is left, 1 is right; −3 dB at the center.",
                ),
                ParamSpec::number(
                    "highpass_hz",
                    "High-pass",
                    Unit::Hz,
                    (10.0, 5000.0),
                    20.0,
                    "Takes lows from this echo, 6 dB per octave.",
                )
                .logarithmic(),
                ParamSpec::number(
                    "lowpass_hz",
                    "Low-pass",
                    Unit::Hz,
                    (200.0, 22_000.0),
                    22_000.0,
                    "Takes highs from this echo, 6 dB per octave.",
                )
                .logarithmic(),
            ],
            doc: "Further echoes of what was recorded, from left and right together. They are not fed back.",
        },
        GroupSpec {
            id: "tape",
            name: "Tape",
            max: 1,
            params: &[ParamSpec::number(
                "drive_db",
                "Drive",
                Unit::Db,
                (0.0, 30.0),
                6.0,
                "How far below full scale the tape takes no more: 6 bends all but the quiet, 20 crushes.",
            )],
            doc: "What is recorded saturates, once more each time round; quiet sounds pass as they are, up to 17 kHz. What \
                  it adds are harmonics alone (wrong notes lie below −80 dB). A time shorter than 3.9 ms (at 44.1 kHz) \
                  is lengthened to it.",
        },
        GroupSpec {
            id: "wow",
            name: "Wow and flutter",
            max: 1,
            params: &[
                ParamSpec::number(
                    "wow_percent",
                    "Wow",
                    Unit::Percent,
                    (0.0, WOW_PERCENT),
                    0.3,
                    "How far the speed wavers slowly, 0.7 times a second.",
                ),
                ParamSpec::number(
                    "flutter_percent",
                    "Flutter",
                    Unit::Percent,
                    (0.0, FLUTTER_PERCENT),
                    0.1,
                    "How far it wavers quickly, 7.3 times a second.",
                ),
            ],
            doc: "The speed of the tape wavers, and the pitch of the echoes with it. A time shorter than the wave's swing \
                  (10 ms at 1 % wow) is lengthened to it.",
        },
        GroupSpec {
            id: "duck",
            name: "Ducking",
            max: 1,
            params: &[
                ParamSpec::number(
                    "threshold_db",
                    "Threshold",
                    Unit::Db,
                    (-60.0, 0.0),
                    -30.0,
                    "Peak of the dry sound above which the echoes give way.",
                ),
                ParamSpec::number("depth_db", "Depth", Unit::Db, (0.0, 40.0), 9.0, "The most they give way."),
                ParamSpec::number("release_ms", "Release", Unit::Ms, (10.0, 3000.0), 250.0, "How they come back.")
                    .logarithmic(),
            ],
            doc: "Turns the echoes down while the dry sound plays, so that they fill the gaps.",
        },
    ],
    files: &[],
    stereo_only: true,
    key: tonmeister_core::KeyUse::None,
    sources: &[
        "Laakso, Välimäki, Karjalainen, Laine: Splitting the unit delay, IEEE SP Magazine 13(1), 1996, §III",
        "Parker, Zavalishin, Le Bivic: Reducing the aliasing of nonlinear waveshaping, DAFx 2016, §3 (tape)",
        "Simper: Solving the continuous SVF equations using trapezoidal integration, 2013",
        "Giannoulis, Massberg, Reiss: Digital dynamic range compressor design, JAES 60(6), 2012, eq. 17",
    ],
};

/// The effect `delay`.
#[derive(Clone, Debug)]
pub struct Delay(Settings);

impl Effect for Delay {
    const SPEC: &'static EffectSpec = &SPEC;

    fn from_settings(settings: &Settings) -> Self {
        Delay(settings.clone())
    }

    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        if stream.layout != Layout::Stereo {
            return Err(BuildError("a delay needs a stereo stream".into()));
        }
        for group in ["highpass", "lowpass"] {
            let half = f64::from(stream.sample_rate) / 2.0;
            if let Some([hz]) = self.0.items(group).first().map(Vec::as_slice)
                && *hz >= half
            {
                return Err(BuildError(format!(
                    "the delay's {group} at {hz} Hz lies above half of {} Hz; choose one below {half} Hz",
                    stream.sample_rate
                )));
            }
        }
        let rate = stream.sample_rate;
        let longest = 0.001 * LONGEST_MS * (WIDEST_PERCENT / 100.0) * f64::from(rate);
        let sway = 2.0 * Wobble::new(WOW_PERCENT, FLUTTER_PERCENT, rate).reach();
        let line = |longest: f64| Line::new((longest + sway).ceil() as usize);
        let lines = Lines {
            sides: [line(longest), line(longest)],
            middle: (!self.0.items("taps").is_empty()).then(|| line(0.001 * LONGEST_MS * f64::from(rate))),
        };
        let tape = self.0.items("tape").first().map(|item| Tape::new(item[0], rate));
        let controls = Controls::new(&self.0, rate, tape);
        Ok(Box::new(Running { settings: self.0.clone(), rate, lines, controls, frame: 0 }))
    }
}

/// What was recorded.
#[derive(Debug)]
struct Lines {
    sides: [Line; 2],
    /// For the taps, if there are any.
    middle: Option<Line>,
}

impl Lines {
    /// Takes the next frame in.
    #[inline]
    fn record(&mut self, heard: [f64; 2]) {
        for (line, heard) in self.sides.iter_mut().zip(heard) {
            line.push(audible(heard));
        }
        if let Some(middle) = &mut self.middle {
            middle.push(audible(0.5 * (heard[0] + heard[1])));
        }
    }
}

/// Everything but the memory of the lines.
#[derive(Debug)]
struct Controls {
    time_ms: Travel,
    right_percent: Travel,
    feedback: Travel,
    echo: Travel,
    mix: Travel,
    ping_pong: bool,
    heads: [Head; 2],
    highpass: Option<Cut>,
    lowpass: Option<Cut>,
    taps: [Option<Echo>; TAPS],
    tape: Option<Tape>,
    wobble: Option<Wobble>,
    duck: Option<Duck>,
    frames_per_ms: f64,
}

/// What the numbers are at one frame.
struct Now {
    /// Frames of delay, left and right.
    times: [f64; 2],
    feedback: f64,
    echo: f64,
    mix: f64,
}

impl Controls {
    fn new(settings: &Settings, sample_rate: u32, tape: Option<Tape>) -> Self {
        let travel = |id| Travel::new(settings.get(id), sample_rate);
        let wobble = settings.items("wow").first().map(|item| Wobble::new(item[0], item[1], sample_rate));
        let least = tape.as_ref().map_or(1.0, Tape::shortest) + wobble.as_ref().map_or(0.0, Wobble::reach);
        let cut = |group, side| settings.items(group).first().map(|item| Cut::new(side, item[0], sample_rate));
        let change = if settings.get("change") == 0.0 { Change::Crossfade } else { Change::Glide };
        let frames_per_ms = 0.001 * f64::from(sample_rate);
        let time = settings.get("time_ms") * frames_per_ms;
        let head = |delay: f64| Head::new(change, delay.max(least), f64::from(sample_rate));
        let tap = |tap: &Vec<f64>| Echo::new(tap, change, sample_rate, least);
        Controls {
            time_ms: travel("time_ms"),
            right_percent: travel("right_percent"),
            feedback: travel("feedback_percent"),
            echo: travel("echo_percent"),
            mix: travel("mix_percent"),
            ping_pong: settings.get("mode") == 1.0,
            heads: [head(time), head(time * settings.get("right_percent") / 100.0)],
            highpass: cut("highpass", Side::High),
            lowpass: cut("lowpass", Side::Low),
            taps: std::array::from_fn(|i| settings.items("taps").get(i).map(tap)),
            tape,
            wobble,
            duck: settings.items("duck").first().map(|item| Duck::new(item[0], item[1], item[2], sample_rate)),
            frames_per_ms,
        }
    }

    fn apply(&mut self, slot: Option<Slot>, event: &Event) {
        let Event { value, glide, .. } = *event;
        match slot {
            Some(Slot::Scalar(place)) => match SPEC.params[place].id {
                // The heads have their own way of not jumping, so these two arrive at once.
                "time_ms" => self.time_ms.to(value, glide.max(1)),
                "right_percent" => self.right_percent.to(value, glide.max(1)),
                "feedback_percent" => self.feedback.to(value, glide),
                "echo_percent" => self.echo.to(value, glide),
                "mix_percent" => self.mix.to(value, glide),
                _ => {}
            },
            Some(Slot::Grouped { group, item, param }) => {
                let tap = self.taps.get_mut(item).and_then(Option::as_mut);
                let duck = self.duck.as_mut();
                match (SPEC.groups[group].id, SPEC.groups[group].params[param].id) {
                    ("highpass", _) => self.highpass.iter_mut().for_each(|cut| cut.to(value, glide)),
                    ("lowpass", _) => self.lowpass.iter_mut().for_each(|cut| cut.to(value, glide)),
                    ("taps", "time_ms") => tap.into_iter().for_each(|t| t.time_ms.to(value, glide.max(1))),
                    ("taps", "level_db") => tap.into_iter().for_each(|t| t.level_db.to(value, glide)),
                    ("taps", "pan") => tap.into_iter().for_each(|t| t.pan.to(value, glide)),
                    ("taps", "highpass_hz") => tap.into_iter().for_each(|t| t.highpass_hz.to(value, glide)),
                    ("taps", "lowpass_hz") => tap.into_iter().for_each(|t| t.lowpass_hz.to(value, glide)),
                    ("tape", _) => self.tape.iter_mut().for_each(|tape| tape.drive_db.to(value, glide)),
                    (_, "wow_percent") => self.wobble.iter_mut().for_each(|wobble| wobble.wow(value)),
                    (_, "flutter_percent") => self.wobble.iter_mut().for_each(|wobble| wobble.flutter(value)),
                    (_, "threshold_db") => duck.into_iter().for_each(|d| d.threshold_db.to(value, glide)),
                    (_, "depth_db") => duck.into_iter().for_each(|d| d.depth_db.to(value, glide)),
                    (_, "release_ms") => duck.into_iter().for_each(|d| d.release_ms.to(value, glide)),
                    _ => {}
                }
            }
            None => {}
        }
    }

    fn moving(&self) -> bool {
        [&self.time_ms, &self.right_percent, &self.feedback, &self.echo, &self.mix].into_iter().any(Travel::moving)
    }

    /// The numbers one frame on.
    #[inline]
    fn step(&mut self) -> Now {
        let left = self.time_ms.step() * self.frames_per_ms;
        let right = left * self.right_percent.step() * 0.01;
        Now {
            times: [left, right],
            feedback: self.feedback.step() * 0.01,
            echo: self.echo.step() * 0.01,
            mix: self.mix.step() * 0.01,
        }
    }

    /// One frame: dry in, mixed out.
    #[inline]
    fn frame(&mut self, lines: &mut Lines, now: &Now, dry: [f64; 2]) -> [f64; 2] {
        let Now { times, feedback, echo, mix } = *now;
        let (least, later) = self.unevenness();
        let [left_head, right_head] = &mut self.heads;
        let mut wet = [
            left_head.read(&lines.sides[0], times[0].max(least), later),
            right_head.read(&lines.sides[1], times[1].max(least), later),
        ];
        for cut in [&mut self.highpass, &mut self.lowpass].into_iter().flatten() {
            cut.step();
            wet = cut.frame(wet);
        }
        // The tape holds the loop in bounds by itself, and at a higher rate.
        let back = wet.map(|wet| if self.tape.is_some() { feedback * wet } else { bend(feedback * wet) });
        let heard = if self.ping_pong {
            [0.5 * (dry[0] + dry[1]) + back[1], back[0]]
        } else {
            [dry[0] + back[0], dry[1] + back[1]]
        };
        let mut out = wet.map(|wet| wet * echo);
        if let Some(middle) = &lines.middle {
            for tap in self.taps.iter_mut().flatten() {
                let [left, right] = tap.frame(middle, least, later);
                out[0] += left;
                out[1] += right;
            }
        }
        if let Some(tape) = &mut self.tape {
            tape.record(heard, lines);
        } else {
            lines.record(heard);
        }
        let gain = mix * self.duck.as_mut().map_or(1.0, |duck| duck.gain(dry));
        [dry[0] * (1.0 - mix) + out[0] * gain, dry[1] * (1.0 - mix) + out[1] * gain]
    }

    /// The shortest time that the tape can carry, and how much later it is read than written, in frames.
    #[inline]
    fn unevenness(&mut self) -> (f64, f64) {
        let (least, late) = self.tape.as_ref().map_or((1.0, 0.0), |tape| (tape.shortest(), tape.latency()));
        match &mut self.wobble {
            Some(wobble) => {
                let later = wobble.step();
                (least + wobble.reach(), later - late)
            }
            None => (least, -late),
        }
    }

    fn flush(&mut self) {
        [&mut self.highpass, &mut self.lowpass].into_iter().flatten().for_each(Cut::flush);
        self.taps.iter_mut().flatten().for_each(Echo::flush);
        self.duck.iter_mut().for_each(Duck::flush);
    }
}

/// Leaves everything up to full scale alone and bends the rest toward twice full scale.
#[inline]
pub(crate) fn bend(x: f64) -> f64 {
    let over = x.abs() - 1.0;
    if over <= 0.0 { x } else { x.signum() * (1.0 + over / (1.0 + over)) }
}

/// For the line's memory: what is too small to hear, and what is no number, is silence.
#[inline]
fn audible(x: f64) -> f32 {
    if (1e-30..1e30).contains(&x.abs()) { x as f32 } else { 0.0 }
}

struct Running {
    settings: Settings,
    rate: u32,
    lines: Lines,
    controls: Controls,
    frame: u64,
}

/// States are cleaned of denormals every so many frames of the processor's own life.
const FLUSH_EVERY: u64 = 256;

/// So many frames are taken one by one before it is asked again whether everything rests.
const ASK_EVERY: usize = 32;

fn run(controls: &mut Controls, lines: &mut Lines, mut left: &mut [f32], mut right: &mut [f32]) {
    while !left.is_empty() {
        let rest = controls.at_rest(left.len());
        let (now, later) = left.split_at_mut(if rest > 0 { rest } else { left.len().min(ASK_EVERY) });
        let (now_right, later_right) = right.split_at_mut(now.len());
        let each = if rest > 0 { at_once } else { one_by_one };
        each(controls, lines, now, now_right);
        (left, right) = (later, later_right);
    }
}

#[multiversion::multiversion(targets("x86_64+avx2", "x86_64+avx512f+avx512dq+avx512vl+avx512bw"))]
fn at_once(controls: &mut Controls, lines: &mut Lines, left: &mut [f32], right: &mut [f32]) {
    controls.stretch(lines, left, right);
}

#[multiversion::multiversion(targets("x86_64+avx2", "x86_64+avx512f+avx512dq+avx512vl+avx512bw"))]
fn one_by_one(controls: &mut Controls, lines: &mut Lines, left: &mut [f32], right: &mut [f32]) {
    // A step at rest gives the same again, so whether it is taken makes no difference to the sound.
    let mut now = controls.step();
    let mut moving = controls.moving();
    for (n, (l, r)) in left.iter_mut().zip(right).enumerate() {
        if moving && n > 0 {
            now = controls.step();
            moving = controls.moving();
        }
        let [a, b] = controls.frame(lines, &now, [f64::from(*l), f64::from(*r)]);
        (*l, *r) = (a as f32, b as f32);
    }
}

impl Processor for Running {
    fn process(&mut self, block: &mut Block<'_>, context: &Context<'_>) {
        let frames = block.frames();
        let mut events = context.events.iter().peekable();
        let mut at = 0;
        while at < frames {
            while let Some(event) = events.next_if(|e| e.at as usize <= at) {
                self.controls.apply(self.settings.slot(event.param), event);
            }
            let event = events.peek().map_or(frames, |e| (e.at as usize).min(frames));
            let end = event.min(at + (FLUSH_EVERY - self.frame % FLUSH_EVERY) as usize);
            if let Some((left, right)) = block.part(at, end).pair_mut() {
                run(&mut self.controls, &mut self.lines, left, right);
            }
            self.frame += (end - at) as u64;
            at = end;
            if self.frame.is_multiple_of(FLUSH_EVERY) {
                self.controls.flush();
            }
        }
    }

    /// Until the echoes have fallen by 120 dB, with the feedback and time of now.
    fn tail(&self) -> Tail {
        let controls = &self.controls;
        let feedback = controls.feedback.value().max(controls.feedback.target()) * 0.01;
        if feedback >= 1.0 {
            return Tail::Endless;
        }
        let time = controls.time_ms.value().max(controls.time_ms.target()) * controls.frames_per_ms;
        let right = controls.right_percent.value().max(controls.right_percent.target()) * 0.01;
        let echoes = if feedback > 0.0 { 1.0 + (6.0 / -feedback.log10()).ceil() } else { 1.0 };
        let taps = controls.taps.iter().flatten().map(Echo::latest).fold(0.0, f64::max);
        let sway = controls.wobble.as_ref().map_or(0.0, |wobble| 2.0 * wobble.reach() + 1.0);
        // Each echo rings on in the filters; their poles are damped within a few periods of the lowest corner.
        let rings = controls.highpass.is_some() || taps > 0.0;
        let ringing = if rings { 0.5 * f64::from(self.rate) } else { 0.0 };
        // The tape's oversampling rings on as long as it is late, each time round, and short times are lengthened.
        let tape = controls.tape.as_ref().map_or(0.0, |tape| tape.shortest() + tape.latency());
        let rounds = echoes * (time * right.max(1.0) + sway + tape);
        Tail::Frames((rounds + taps + ringing).ceil() as u64 + line::HALF as u64)
    }

    fn reset(&mut self) {
        self.lines.sides.iter_mut().chain(&mut self.lines.middle).for_each(Line::clear);
        let mut tape = self.controls.tape.take();
        tape.iter_mut().for_each(Tape::reset);
        self.controls = Controls::new(&self.settings, self.rate, tape);
        self.frame = 0;
    }

    fn begin_at(&mut self, frame: u64) {
        self.controls.wobble.iter_mut().for_each(|wobble| wobble.begin_at(frame));
    }
}
