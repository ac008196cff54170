//! The convolution reverb: a recorded room that the sound is put into.
//!
//! ```
//! # use std::sync::Arc;
//! # use tonmeister_core::{Buffer, Context, Effect, Layout, Settings, Stream};
//! # use tonmeister_dsp::convolution::Convolution;
//! // A "room" of one echo after 100 frames, on the right only, as loud as it was recorded.
//! let (mut left, mut right) = (vec![0.0; 101], vec![0.0; 101]);
//! (left[0], right[100]) = (0.5, 0.5);
//! let mut settings = Settings::new(Convolution::SPEC).with("level", 1.0).with("trim", 0.0);
//! settings.load("ir", Arc::new(Buffer::from_stereo(left, right)));
//! let stream = Stream { sample_rate: 48_000, layout: Layout::Stereo, max_block: 256, seed: 1 };
//! let mut room = Convolution::from_settings(&settings).build(&stream).unwrap();
//! let mut sound = tonmeister_dsp::testing::impulse(Layout::Stereo, 0, 256);
//! room.process(&mut sound.block(256), &Context::default());
//! assert!((sound.channel(0)[0] - 0.5).abs() < 1e-6 && (sound.channel(1)[100] - 0.5).abs() < 1e-6);
//! ```
//!
//! ```text
//! recording ──▶ trim ──▶ decay ──▶ early and late ──▶ length ──▶ reverse ──▶ level ──▶ pre-delay
//!                                                                                           │
//! dry ─────────────────────────────────────────────────────────────────────────────▶ convolver ──▶ highpass
//!                                                                  wet ◀── ducking ◀── width ◀── lowpass ◀──┘
//! ```
//!
//! What is done to the recording ([`shape`]) is done once, when the effect is built; the sound then goes through
//! [`convolve`](crate::convolve), without latency and within −130 dB of the direct sum. Levels, width and filters move
//! without a click.

mod shape;

#[cfg(test)]
mod tests;

use tonmeister_core::{
    Automatable, Block, BuildError, Choice, Context, Effect, EffectSpec, Event, Family, FileSpec, GroupSpec, Layout,
    Memory, ParamSpec, Processor, Settings, Slot, Stream, Tail, Unit,
};

use crate::convolve::{Convolver, Latency, Path};
use crate::delay::cut::{Cut, Side};
use crate::delay::duck::Duck;
use crate::math::amplitude_of_db;
use crate::travel::Travel;
use crate::wet;
use shape::Room;

const LEVELS: &[Choice] = &[
    Choice { id: "matched", doc: "music comes out of the room about as loud as it went in, whatever the recording" },
    Choice { id: "recorded", doc: "as loud as the recording is" },
];

const fn fixed(spec: ParamSpec) -> ParamSpec {
    spec.automatable(Automatable::Fixed)
}

const fn ratio(id: &'static str, name: &'static str, doc: &'static str) -> ParamSpec {
    fixed(ParamSpec::number(id, name, Unit::None, (0.1, 2.0), 1.0, doc).logarithmic())
}

const SPEC: EffectSpec = EffectSpec {
    id: "convolution",
    name: "Convolution",
    family: Family::Space,
    summary: "Puts the sound into a recorded room, or through a recorded device.",
    doc: "Give it the impulse response of a room: `ir = \"hall.wav\"`. A mono recording serves both sides, a stereo one \
          gives each side its own. With `ir_right`, `ir` is what the room makes of a source on the left and `ir_right` \
          of one on the right, both in stereo: each side is then heard on both. Meant for a bus that tracks send to, \
          where `mix_percent` stays at 100. The decay can be made longer only as far as the recording reaches: it ends \
          where the file ends. There is no latency.",
    params: &[
        ParamSpec::number(
            "mix_percent",
            "Mix",
            Unit::Percent,
            (0.0, 100.0),
            100.0,
            "0 is the dry sound alone, 100 the room alone.",
        ),
        ParamSpec::number("gain_db", "Gain", Unit::Db, (-40.0, 20.0), 0.0, "Level of the room."),
        ParamSpec::number(
            "width_percent",
            "Width",
            Unit::Percent,
            (0.0, 150.0),
            100.0,
            "Gain of the wet side signal: 0 is mono, 100 as recorded.",
        ),
        fixed(ParamSpec::number(
            "pre_delay_ms",
            "Pre-delay",
            Unit::Ms,
            (0.0, 500.0),
            0.0,
            "Silence between the dry sound and the room.",
        )),
        ParamSpec::choice("level", "Level", LEVELS, "How loud the room is before `gain_db`."),
        ParamSpec::switch(
            "trim",
            "Trim",
            true,
            "Takes away what lies more than a millisecond before the first sound of the recording.",
        ),
        fixed(
            ParamSpec::number(
                "length_s",
                "Length",
                Unit::Seconds,
                (0.02, 20.0),
                20.0,
                "The most of the recording that is used; the last tenth of it fades out.",
            )
            .logarithmic(),
        ),
        ParamSpec::switch("reverse", "Reverse", false, "Plays the room backward: it swells up to where it ends."),
        ratio("decay_ratio", "Decay ratio", "How long the middle lasts, as a part of what was recorded."),
        ratio("low_ratio", "Low ratio", "How long lows last, as a part of what was recorded."),
        ratio("high_ratio", "High ratio", "How long highs last, as a part of what was recorded."),
        fixed(
            ParamSpec::number(
                "low_hz",
                "Low crossover",
                Unit::Hz,
                (50.0, 1000.0),
                250.0,
                "Between `low_ratio` and `decay_ratio`, over two octaves.",
            )
            .logarithmic(),
        ),
        fixed(
            ParamSpec::number(
                "high_hz",
                "High crossover",
                Unit::Hz,
                (1000.0, 16_000.0),
                4000.0,
                "Between `decay_ratio` and `high_ratio`, over two octaves.",
            )
            .logarithmic(),
        ),
        fixed(ParamSpec::number(
            "early_db",
            "Early reflections",
            Unit::Db,
            (-40.0, 12.0),
            0.0,
            "Level of what comes before `early_ms`.",
        )),
        fixed(ParamSpec::number(
            "late_db",
            "Late reverberation",
            Unit::Db,
            (-40.0, 12.0),
            0.0,
            "Level of what comes after `early_ms`.",
        )),
        fixed(
            ParamSpec::number(
                "early_ms",
                "Early until",
                Unit::Ms,
                (5.0, 300.0),
                80.0,
                "From the first sound of the recording to the middle between early and late.",
            )
            .logarithmic(),
        ),
    ],
    groups: &[
        wet::HIGHPASS,
        wet::LOWPASS,
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
                    "Peak of the dry sound above which the room gives way.",
                ),
                ParamSpec::number("depth_db", "Depth", Unit::Db, (0.0, 40.0), 9.0, "The most it gives way."),
                ParamSpec::number("release_ms", "Release", Unit::Ms, (10.0, 3000.0), 250.0, "How it comes back.")
                    .logarithmic(),
            ],
            doc: "Turns the room down while the dry sound plays, so that it fills the gaps.",
        },
    ],
    files: &[
        FileSpec {
            id: "ir",
            name: "Impulse response",
            required: true,
            max_seconds: 20.0,
            doc: "What the room makes of a click; with `ir_right`, of a click on the left.",
        },
        FileSpec {
            id: "ir_right",
            name: "Impulse response of the right",
            required: false,
            max_seconds: 20.0,
            doc: "What the room makes of a click on the right: true stereo.",
        },
    ],
    stereo_only: true,
    key: tonmeister_core::KeyUse::None,
    sources: &[
        "Gardner: Efficient convolution without input-output delay, JAES 43(3), 1995",
        "Wefers: Partitioned convolution algorithms for real-time auralization, 2015, §5",
        "ISO 3382-1:2009, §5.3 and annex A: onset and decay of an impulse response",
        "Lundeby, Vigran, Bietz, Vorländer: Uncertainties of measurements in room acoustics, Acustica 81, 1995",
    ],
};

/// The effect `convolution`.
#[derive(Clone, Debug)]
pub struct Convolution(Settings);

impl Effect for Convolution {
    const SPEC: &'static EffectSpec = &SPEC;

    fn from_settings(settings: &Settings) -> Self {
        Convolution(settings.clone())
    }

    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        if stream.layout != Layout::Stereo {
            return Err(BuildError("a convolution needs a stereo stream".into()));
        }
        let rate = f64::from(stream.sample_rate);
        for group in ["highpass", "lowpass"] {
            if let Some([hz]) = self.0.items(group).first().map(Vec::as_slice)
                && *hz >= rate / 2.0
            {
                return Err(BuildError(format!(
                    "the convolution's {group} at {hz} Hz lies above half of {} Hz; choose one below {} Hz",
                    stream.sample_rate,
                    rate / 2.0
                )));
            }
        }
        let room = Room::new(&self.0, rate)?;
        let paths: Vec<Path<'_>> = match room.ways.as_slice() {
            [both] => [0, 1].map(|side| Path { input: side, output: side, impulse: both }).into(),
            [left, right] => {
                let path = |side, impulse| Path { input: side, output: side, impulse };
                vec![path(0, left), path(1, right)]
            }
            // Of the left source to left and right, then of the right one.
            four => four.iter().enumerate().map(|(k, impulse)| Path { input: k / 2, output: k % 2, impulse }).collect(),
        };
        let convolver = Convolver::new(2, 2, &paths, Latency::None);
        let controls = Controls::new(&self.0, stream.sample_rate);
        // The filters' poles are damped within a few periods of the lowest corner.
        let ringing = if controls.filters() { 0.5 * rate } else { 0.0 };
        Ok(Box::new(Running {
            settings: self.0.clone(),
            rate: stream.sample_rate,
            tail: convolver.length() as u64 + ringing as u64,
            convolver,
            controls,
            wet: [vec![0.0; RUN], vec![0.0; RUN]],
            frame: 0,
        }))
    }
}

/// Frames that are convolved at once; on this grid states are cleaned of denormals.
const RUN: usize = 256;

/// Everything that may move.
struct Controls {
    mix: Travel,
    gain_db: Travel,
    width: Travel,
    highpass: Option<Cut>,
    lowpass: Option<Cut>,
    duck: Option<Duck>,
}

impl Controls {
    fn new(settings: &Settings, sample_rate: u32) -> Controls {
        let travel = |id| Travel::new(settings.get(id), sample_rate);
        let cut = |group, side| settings.items(group).first().map(|item| Cut::new(side, item[0], sample_rate));
        Controls {
            mix: travel("mix_percent"),
            gain_db: travel("gain_db"),
            width: travel("width_percent"),
            highpass: cut("highpass", Side::High),
            lowpass: cut("lowpass", Side::Low),
            duck: settings.items("duck").first().map(|item| Duck::new(item[0], item[1], item[2], sample_rate)),
        }
    }

    /// What is fixed never comes here: the parameter table says so to whoever writes automation.
    fn apply(&mut self, slot: Option<Slot>, event: &Event) {
        let Event { value, glide, .. } = *event;
        match slot {
            Some(Slot::Scalar(place)) => match SPEC.params[place].id {
                "mix_percent" => self.mix.to(value, glide),
                "gain_db" => self.gain_db.to(value, glide),
                "width_percent" => self.width.to(value, glide),
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

    fn filters(&self) -> bool {
        self.highpass.is_some() || self.lowpass.is_some()
    }

    /// Filters, width, ducking and mix of a run.
    fn finish(&mut self, [wet_left, wet_right]: [&[f32]; 2], left: &mut [f32], right: &mut [f32]) {
        let mut gain = amplitude_of_db(self.gain_db.value());
        for (((l, r), wl), wr) in left.iter_mut().zip(right).zip(wet_left).zip(wet_right) {
            let dry = [f64::from(*l), f64::from(*r)];
            let mut wet = [f64::from(*wl), f64::from(*wr)];
            for cut in [&mut self.highpass, &mut self.lowpass].into_iter().flatten() {
                cut.step();
                wet = cut.frame(wet);
            }
            if self.gain_db.moving() {
                gain = amplitude_of_db(self.gain_db.step());
            }
            let (side, mix) = (self.width.step() * 0.01, self.mix.step() * 0.01);
            let wet_gain = mix * gain * self.duck.as_mut().map_or(1.0, |duck| duck.gain(dry));
            let (mid, across) = (0.5 * (wet[0] + wet[1]), 0.5 * side * (wet[0] - wet[1]));
            *l = (dry[0] * (1.0 - mix) + wet_gain * (mid + across)) as f32;
            *r = (dry[1] * (1.0 - mix) + wet_gain * (mid - across)) as f32;
        }
    }

    fn flush(&mut self) {
        [&mut self.highpass, &mut self.lowpass].into_iter().flatten().for_each(Cut::flush);
        self.duck.iter_mut().for_each(Duck::flush);
    }
}

/// A room with its memory.
struct Running {
    settings: Settings,
    rate: u32,
    convolver: Convolver,
    controls: Controls,
    wet: [Vec<f32>; 2],
    frame: u64,
    tail: u64,
}

impl Running {
    fn run(&mut self, left: &mut [f32], right: &mut [f32]) {
        let [wet_left, wet_right] = self.wet.each_mut().map(|wet| &mut wet[..left.len()]);
        for (wet, dry) in [(&mut *wet_left, &mut *left), (&mut *wet_right, &mut *right)] {
            dry.iter_mut().filter(|x| !x.is_finite()).for_each(|x| *x = 0.0);
            wet.copy_from_slice(dry);
        }
        self.convolver.process_in_place(&mut [&mut *wet_left, &mut *wet_right]);
        self.controls.finish([wet_left, wet_right], left, right);
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
            let end = event.min(at + RUN - (self.frame % RUN as u64) as usize);
            if let Some((left, right)) = block.part(at, end).pair_mut() {
                self.run(left, right);
            }
            self.frame += (end - at) as u64;
            at = end;
            if self.frame.is_multiple_of(RUN as u64) {
                self.controls.flush();
            }
        }
    }

    fn tail(&self) -> Tail {
        Tail::Frames(self.tail)
    }

    fn memory(&self) -> Memory {
        if self.controls.duck.is_some() {
            return Memory::Endless;
        }
        // A cut at 20 Hz has forgotten within a second.
        let filters = if self.controls.filters() { 2 * u64::from(self.rate) } else { 0 };
        self.convolver.memory().then(Memory::Frames(filters))
    }

    fn reset(&mut self) {
        self.convolver.reset();
        self.controls = Controls::new(&self.settings, self.rate);
        self.frame = 0;
    }
}
