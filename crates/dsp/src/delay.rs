//! The delay: echoes, left and right or bouncing between them.
//!
//! A frame goes this way:
//!
//! ```text
//! dry ──┬──▶(+)──▶ line ──▶ time ──▶ highpass ──▶ lowpass ──┬──▶ duck ──▶ wet
//!       │     ▲                                             │     ▲
//!       │     └──── saturation ◀──── feedback ◀─────────────┘     │
//!       └────────────────── keys the ducking ─────────────────────┘
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
//! - **Filters** ([`cut`]) sit in the loop: each echo is filtered once more than the one before, the first echo once.
//! - **Ping-pong** sums the input to the left line; left feeds right and right feeds left, each bounce at
//!   `feedback_percent` of the last.
//! - **Ducking** ([`duck`]) turns the echoes down while the dry signal is loud. What is fed back is not turned down.
//!
//! Numbers move without a click: automation in straight lines with rounded corners, jumps eased over 20 ms
//! ([`travel`](crate::travel)).

pub(crate) mod cut;
pub(crate) mod duck;
mod head;
#[cfg(test)]
pub(crate) mod probe;

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

const SPEC: EffectSpec = EffectSpec {
    id: "delay",
    name: "Delay",
    family: Family::Space,
    summary: "Echoes the sound, left and right or bouncing between them, darker and quieter each time.",
    doc: "Meant for a bus that tracks send to, where `mix_percent` stays at 100. With `feedback_percent` at 100 the \
          echoes go on for ever; they cannot grow, because whatever exceeds full scale in the loop is bent back.",
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
    takes_key: false,
    sources: &[
        "Laakso, Välimäki, Karjalainen, Laine: Splitting the unit delay, IEEE SP Magazine 13(1), 1996, §III",
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
        let longest = 0.001 * LONGEST_MS * (WIDEST_PERCENT / 100.0) * f64::from(stream.sample_rate);
        let lines = [Line::new(longest.ceil() as usize), Line::new(longest.ceil() as usize)];
        let controls = Controls::new(&self.0, stream.sample_rate);
        Ok(Box::new(Running { settings: self.0.clone(), rate: stream.sample_rate, lines, controls, frame: 0 }))
    }
}

/// Everything but the memory of the lines.
#[derive(Debug)]
struct Controls {
    time_ms: Travel,
    right_percent: Travel,
    feedback: Travel,
    mix: Travel,
    ping_pong: bool,
    heads: [Head; 2],
    highpass: Option<Cut>,
    lowpass: Option<Cut>,
    duck: Option<Duck>,
    frames_per_ms: f64,
}

/// What the numbers are at one frame.
struct Now {
    /// Frames of delay, left and right.
    times: [f64; 2],
    feedback: f64,
    mix: f64,
}

impl Controls {
    fn new(settings: &Settings, sample_rate: u32) -> Self {
        let travel = |id| Travel::new(settings.get(id), sample_rate);
        let cut = |group, side| settings.items(group).first().map(|item| Cut::new(side, item[0], sample_rate));
        let change = if settings.get("change") == 0.0 { Change::Crossfade } else { Change::Glide };
        let frames_per_ms = 0.001 * f64::from(sample_rate);
        let time = settings.get("time_ms") * frames_per_ms;
        let head = |delay| Head::new(change, delay, f64::from(sample_rate));
        Controls {
            time_ms: travel("time_ms"),
            right_percent: travel("right_percent"),
            feedback: travel("feedback_percent"),
            mix: travel("mix_percent"),
            ping_pong: settings.get("mode") == 1.0,
            heads: [head(time), head(time * settings.get("right_percent") / 100.0)],
            highpass: cut("highpass", Side::High),
            lowpass: cut("lowpass", Side::Low),
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
                "mix_percent" => self.mix.to(value, glide),
                _ => {}
            },
            Some(Slot::Grouped { group, param, .. }) => {
                let duck = self.duck.as_mut();
                match (SPEC.groups[group].id, SPEC.groups[group].params[param].id) {
                    ("highpass", _) => self.highpass.iter_mut().for_each(|cut| cut.to(value, glide)),
                    ("lowpass", _) => self.lowpass.iter_mut().for_each(|cut| cut.to(value, glide)),
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
        [&self.time_ms, &self.right_percent, &self.feedback, &self.mix].into_iter().any(Travel::moving)
    }

    /// The numbers one frame on.
    #[inline]
    fn step(&mut self) -> Now {
        let left = self.time_ms.step() * self.frames_per_ms;
        let right = left * self.right_percent.step() * 0.01;
        Now { times: [left, right], feedback: self.feedback.step() * 0.01, mix: self.mix.step() * 0.01 }
    }

    /// One frame: dry in, mixed out.
    #[inline]
    fn frame(&mut self, lines: &mut [Line; 2], now: &Now, dry: [f64; 2]) -> [f64; 2] {
        let Now { times, feedback, mix } = *now;
        let [left_head, right_head] = &mut self.heads;
        let mut wet = [left_head.read(&lines[0], times[0]), right_head.read(&lines[1], times[1])];
        for cut in [&mut self.highpass, &mut self.lowpass].into_iter().flatten() {
            cut.step();
            wet = cut.frame(wet);
        }
        let back = [bend(feedback * wet[0]), bend(feedback * wet[1])];
        if self.ping_pong {
            lines[0].push(audible(0.5 * (dry[0] + dry[1]) + back[1]));
            lines[1].push(audible(back[0]));
        } else {
            lines[0].push(audible(dry[0] + back[0]));
            lines[1].push(audible(dry[1] + back[1]));
        }
        let gain = mix * self.duck.as_mut().map_or(1.0, |duck| duck.gain(dry));
        [dry[0] * (1.0 - mix) + wet[0] * gain, dry[1] * (1.0 - mix) + wet[1] * gain]
    }

    fn flush(&mut self) {
        [&mut self.highpass, &mut self.lowpass].into_iter().flatten().for_each(Cut::flush);
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
    lines: [Line; 2],
    controls: Controls,
    frame: u64,
}

/// States are cleaned of denormals every so many frames of the processor's own life.
const FLUSH_EVERY: u64 = 256;

#[multiversion::multiversion(targets("x86_64+avx2", "x86_64+avx512f+avx512dq+avx512vl+avx512bw"))]
fn run(controls: &mut Controls, lines: &mut [Line; 2], left: &mut [f32], right: &mut [f32]) {
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
        // Each echo rings on in the filters; their poles are damped within a few periods of the lowest corner.
        let ringing = if controls.highpass.is_some() { 0.5 * f64::from(self.rate) } else { 0.0 };
        Tail::Frames((echoes * time * right.max(1.0) + ringing).ceil() as u64 + line::HALF as u64)
    }

    fn reset(&mut self) {
        self.lines.iter_mut().for_each(Line::clear);
        self.controls = Controls::new(&self.settings, self.rate);
        self.frame = 0;
    }
}
