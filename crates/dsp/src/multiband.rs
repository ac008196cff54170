//! Dynamics band by band: bass, middle and treble each turned up or down by their own law.
//!
//! The sound is split by a [`Crossover`], every band goes through a law of its own ([`band`]), and the bands are added
//! again. A band that does nothing costs nothing in sound: with every band idle the output is an all-pass of the
//! input, flat within 0.01 dB, or, in linear phase, the delayed input. The dry part of the mix is made of the same
//! bands, so a parallel mix does not comb.
//!
//! ```
//! use tonmeister_core::{Effect, Layout, Settings, Stream, Buffer, Context};
//! use tonmeister_dsp::{multiband::Multiband, testing::{run, sine, spread}};
//!
//! let bass = [("threshold_db", -30.0), ("ratio", 4.0)];
//! let settings = Settings::new(Multiband::SPEC).with_item("crossovers", &[("hz", 200.0)]).with_item("bands", &bass);
//! let stream = Stream { sample_rate: 48_000, layout: Layout::Mono, max_block: 4096, seed: 0 };
//! let peak = |hz: f64| {
//!     let mut processor = Multiband::from_settings(&settings).build(&stream).unwrap();
//!     let out = run(&mut *processor, &spread(&sine(hz, 0.5, 48_000, 48_000), Layout::Mono), &[512], &[]);
//!     out.channel(0)[40_000..].iter().fold(0.0_f32, |a, y| a.max(y.abs()))
//! };
//! assert!(peak(50.0) < 0.1 && peak(2000.0) > 0.49); // the bass note is compressed, the melody is not
//! ```

use tonmeister_core::{
    Automatable, Block, BuildError, Choice, Context, Effect, EffectSpec, Event, Family, Frames, GainReduction,
    GroupSpec, Memory, ParamSpec, Processor, Settings, Stream, Tail, Unit, View,
};

use crate::control::{Control, JUMP_MS};
use crate::crossover::{Bands, Crossover, MOST_BANDS, Phase, Slope};
use crate::dynamics::curve::Direction;
use crate::dynamics::detector::{DetectorKind, Listening};
use crate::dynamics::parts::Needle;

pub mod band;
#[cfg(test)]
mod tests;

use band::{Band, BandProcessor, MOVING};

/// How many frames are worked on at a time.
const PART: usize = 64;
/// States that have become nothing are put to rest on this grid of the stream's frames.
const SETTLE_GRID: u64 = 256;

const PHASES: &[Choice] = &[
    Choice { id: "minimum", doc: "no latency; the phase turns around each crossover" },
    Choice { id: "linear", doc: "the phase stays; 53 ms of latency, and a band that is turned far rings ahead" },
];

const DETECTORS: &[Choice] = &[
    Choice { id: "envelope", doc: "the analytic envelope of each band: quick, and clean down to the bass" },
    Choice { id: "peak", doc: "the rectified wave: quick and cheap; fast times distort low notes" },
    Choice { id: "rms", doc: "the mean power over `rms_ms`, reading a sine as its peak" },
];

const MODES: &[Choice] = &[
    Choice { id: "compress", doc: "turns down what lies above the threshold" },
    Choice { id: "lift", doc: "turns up what lies below the threshold (upward compression), by `range_db` at most" },
    Choice { id: "expand", doc: "turns down what lies below the threshold, by `range_db` at most" },
];

const PARAMS: &[ParamSpec] = &[
    ParamSpec::number(
        "mix_percent",
        "Mix",
        Unit::Percent,
        (0.0, 100.0),
        100.0,
        "Processed part of the output; the rest is the untouched bands, in the same phase.",
    ),
    ParamSpec::choice("phase", "Phase", PHASES, "What the crossovers do to time."),
    ParamSpec::steps(
        "slope_db_oct",
        "Slope",
        Unit::DbPerOctave,
        &[12.0, 24.0, 48.0],
        24.0,
        "How steeply neighboring bands part.",
    ),
    ParamSpec::choice("detector", "Detector", DETECTORS, "What counts as loud in each band."),
    ParamSpec::number("rms_ms", "RMS time", Unit::Ms, (1.0, 100.0), 10.0, "Window of the `rms` detector.")
        .logarithmic()
        .automatable(Automatable::Fixed),
];
/// The mix is the first of them.
const MIX: usize = 0;

const BAND_PARAMS: &[ParamSpec] = &[
    ParamSpec::number("threshold_db", "Threshold", Unit::Db, (-80.0, 0.0), -24.0, "Level at which the law begins."),
    ParamSpec::number(
        "ratio",
        "Ratio",
        Unit::Ratio,
        (1.0, 20.0),
        2.0,
        "`compress` and `lift`: so many decibels in make one decibel out. `expand`: one decibel in makes so many out.",
    )
    .logarithmic(),
    ParamSpec::number("knee_db", "Knee", Unit::Db, (0.0, 24.0), 6.0, "Width of the bend around the threshold."),
    ParamSpec::number(
        "attack_ms",
        "Attack",
        Unit::Ms,
        (0.05, 500.0),
        10.0,
        "Time in which 63 % of the answer to a rising level has come, in decibels.",
    )
    .logarithmic(),
    ParamSpec::number(
        "release_ms",
        "Release",
        Unit::Ms,
        (1.0, 5000.0),
        120.0,
        "Time in which 63 % of the answer to a falling level has come, in decibels. Not shorter than the attack.",
    )
    .logarithmic(),
    ParamSpec::number("range_db", "Range", Unit::Db, (0.0, 60.0), 24.0, "The band is never moved further than this."),
    ParamSpec::number("makeup_db", "Make-up", Unit::Db, (-24.0, 24.0), 0.0, "Gain of the band behind its law."),
    ParamSpec::choice("mode", "Mode", MODES, "Which way levels are moved."),
    ParamSpec::switch(
        "on",
        "On",
        true,
        "Off: the band passes as it is, without make-up. Switching is eased over 20 ms.",
    )
    .automatable(Automatable::Stepped),
];

const SPEC: EffectSpec = EffectSpec {
    id: "multiband",
    name: "Multiband dynamics",
    family: Family::Dynamics,
    summary: "Splits the sound into up to six bands and compresses, lifts or expands each by its own law.",
    doc: "\
Give the crossovers, lowest first, and a table of `bands`, lowest first; bands without a table pass as they are, and \
without any crossover the one band is the whole sound. Each band is detected behind the crossover, both sides of a \
stereo sound together, so its image stays. An external side-chain, when one is routed here, is split by the same \
crossovers, and each band of it drives the band of the sound. \
\
Reach for it when one region misbehaves on its own: a bass that booms on some notes, a voice that turns harsh when it \
is loud, a mix whose lows pump its highs. For a fixed tone use an equalizer; for the whole level a compressor. \
`linear` keeps transients' shape at mild settings and costs 53 ms of latency; with strong reductions in the bass \
`minimum` sounds cleaner, for nothing rings ahead. Moving crossovers glide (three one-poles of 10 ms) and keep a third \
of an octave between each other. Jumps of the other numbers travel in 50 ms; times take effect within 64 frames.",
    params: PARAMS,
    groups: &[
        GroupSpec {
            id: "crossovers",
            name: "Crossover",
            max: MOST_BANDS - 1,
            params: &[ParamSpec::number(
                "hz",
                "Frequency",
                Unit::Hz,
                (20.0, 16_000.0),
                1000.0,
                "Where two bands meet. At least a third of an octave above the crossover before it.",
            )
            .logarithmic()],
            doc: "Where the sound is cut, lowest first.",
        },
        GroupSpec {
            id: "bands",
            name: "Band",
            max: MOST_BANDS,
            params: BAND_PARAMS,
            doc: "What is done to each band, lowest first; at most one more than there are crossovers.",
        },
    ],
    files: &[],
    stereo_only: false,
    key: tonmeister_core::KeyUse::Detector,
    sources: &[
        "S. H. Linkwitz, \"Active crossover networks for noncoincident drivers\", J. Audio Eng. Soc. 24(1), 1976",
        "J. D'Appolito, \"Active realization of multiway all-pass crossover systems\", J. Audio Eng. Soc. 35(4), 1987",
        "D. Giannoulis, M. Massberg, J. D. Reiss, \"Digital dynamic range compressor design: a tutorial and \
         analysis\", J. Audio Eng. Soc. 60(6), 2012, sections 2.2 and 3.2",
    ],
};

/// Settings of the effect `multiband`.
#[derive(Clone, Debug, PartialEq)]
pub struct Multiband {
    /// Where the sound is cut, lowest first.
    pub crossovers_hz: Vec<f64>,
    /// What is done to each band, lowest first.
    pub bands: Vec<Band>,
    /// 100 is all processed, 0 untouched.
    pub mix_percent: f64,
    /// What the crossovers do to time.
    pub phase: Phase,
    /// How steeply bands part.
    pub slope: Slope,
    /// What counts as loud.
    pub listening: Listening,
}

impl Effect for Multiband {
    const SPEC: &'static EffectSpec = &SPEC;

    fn from_settings(settings: &Settings) -> Self {
        let band = |values: &Vec<f64>| Band {
            controls: std::array::from_fn(|i| values[i]),
            direction: match values[MOVING] as usize {
                0 => Direction::Compress,
                1 => Direction::Lift,
                _ => Direction::Expand,
            },
            on: values[MOVING + 1] == 1.0,
        };
        let kind = match settings.get("detector") as usize {
            0 => DetectorKind::Envelope,
            1 => DetectorKind::Peak,
            _ => DetectorKind::Rms,
        };
        Multiband {
            crossovers_hz: settings.items("crossovers").iter().map(|item| item[0]).collect(),
            bands: settings.items("bands").iter().map(band).collect(),
            mix_percent: settings.get("mix_percent"),
            phase: if settings.get("phase") == 1.0 { Phase::Linear } else { Phase::Minimum },
            slope: match settings.get("slope_db_oct") as u32 {
                12 => Slope::Db12,
                24 => Slope::Db24,
                _ => Slope::Db48,
            },
            listening: Listening { rms_ms: settings.get("rms_ms"), ..Listening::new(kind) },
        }
    }

    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        let room = self.crossovers_hz.len() + 1;
        if self.bands.len() > room {
            let message = format!("{} bands need {} crossovers", self.bands.len(), self.bands.len() - 1);
            return Err(BuildError(message));
        }
        Ok(Box::new(Running::new(self.clone(), *stream)))
    }
}

/// A multiband processor that sounds.
struct Running {
    settings: Multiband,
    stream: Stream,
    mix: Control,
    /// One splits the sound, one the key.
    crossovers: Option<[Crossover; 2]>,
    bands: Vec<BandProcessor>,
    needle: Needle,
    frame: u64,
    sound: Bands,
    key: Bands,
    mixes: [f64; PART],
    reductions: [f64; PART],
}

impl Running {
    fn new(settings: Multiband, stream: Stream) -> Self {
        let make = |layout| {
            Crossover::new(&settings.crossovers_hz, settings.slope, settings.phase, stream.sample_rate, layout)
        };
        let cut = !settings.crossovers_hz.is_empty();
        let count = settings.crossovers_hz.len() + 1;
        // A key may have another layout than the sound: it is always split as stereo.
        let crossovers = cut.then(|| [make(stream.layout), make(tonmeister_core::Layout::Stereo)]);
        let band = |band: &Band| BandProcessor::new(*band, &settings.listening, stream.sample_rate);
        Running {
            mix: Control::rounded(settings.mix_percent, stream.sample_rate),
            crossovers,
            bands: settings.bands.iter().map(band).collect(),
            needle: Needle::default(),
            frame: 0,
            sound: Bands::new(count, PART),
            key: Bands::new(count, PART),
            mixes: [1.0; PART],
            reductions: [0.0; PART],
            settings,
            stream,
        }
    }

    fn begin_event(&mut self, event: &Event) {
        let index = event.param.0 as usize;
        let jump = (JUMP_MS * f64::from(self.stream.sample_rate) / 1000.0) as u32;
        if index == MIX {
            self.mix.to(event.value, if event.glide == 0 { jump } else { event.glide });
            return;
        }
        let Some(index) = index.checked_sub(PARAMS.len()) else { return };
        let cuts = self.settings.crossovers_hz.len();
        if index < cuts {
            for crossover in self.crossovers.iter_mut().flatten() {
                crossover.to(index, event.value, event.glide);
            }
        } else if let Some(band) = self.bands.get_mut((index - cuts) / BAND_PARAMS.len()) {
            band.begin_event((index - cuts) % BAND_PARAMS.len(), event, jump);
        }
    }

    /// At most [`PART`] frames, without an event inside.
    fn part(&mut self, block: &mut Block<'_>, key: Option<View<'_>>) {
        let frames = block.frames();
        let channels = block.layout().channels();
        if let Some([for_sound, for_key]) = &mut self.crossovers {
            for_sound.split(block.view(), &mut self.sound);
            if let Some(key) = key {
                let both = View::stereo(key.channel(0), key.channel(key.layout().channels() - 1));
                for_key.split(both, &mut self.key);
            }
        } else {
            self.sound.take_in(block.view());
            if let Some(key) = key {
                self.key.take_in(key);
            }
        }
        for mix in &mut self.mixes[..frames] {
            *mix = self.mix.step() / 100.0;
        }
        let reductions = &mut self.reductions[..frames];
        reductions.fill(0.0);
        for (place, band) in self.bands.iter_mut().enumerate() {
            let keys = if key.is_some() { 2 } else { channels };
            let heard = if key.is_some() { &self.key } else { &self.sound };
            let second = (keys == 2).then(|| heard.channel(place, 1));
            let Some(gains) = band.gains(heard.channel(place, 0), second, &self.mixes[..frames], reductions) else {
                continue;
            };
            for c in 0..channels {
                let samples = self.sound.channel_mut(place, c);
                samples.iter_mut().zip(gains).for_each(|(x, gain)| *x *= gain);
            }
        }
        self.needle.read(reductions);
        self.sound.sum_into(block);
    }
}

impl Processor for Running {
    fn process(&mut self, block: &mut Block<'_>, context: &Context<'_>) {
        let frames = block.frames();
        let key = context.key.filter(|key| key.frames() == frames);
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
                self.bands.iter_mut().for_each(BandProcessor::set_times);
            }
            self.part(&mut block.part(at, at + count), key.map(|key| key.part(at, at + count)));
            at += count;
            self.frame += count as u64;
            if self.frame.is_multiple_of(SETTLE_GRID) {
                self.bands.iter_mut().for_each(BandProcessor::settle);
            }
        }
    }

    fn latency(&self) -> Frames {
        self.crossovers.as_ref().map_or(Frames(0), |[crossover, _]| crossover.latency())
    }

    /// Longer than the crossovers' by as much as bands may be raised.
    fn tail(&self) -> Tail {
        let raised = self.settings.bands.iter().map(Band::highest_gain_db).fold(0.0, f64::max);
        let tail = self.crossovers.as_ref().map_or(0, |[crossover, _]| crossover.tail());
        Tail::Frames((tail as f64 * (1.0 + raised / 120.0)).ceil() as u64)
    }

    fn memory(&self) -> Memory {
        let crossovers =
            Memory::of_ringing(Tail::Frames(self.crossovers.as_ref().map_or(0, |[sound, _]| sound.tail())));
        let bands = self.bands.iter().map(BandProcessor::memory).fold(Memory::NONE, Memory::or);
        Memory::Frames(self.latency().0).then(crossovers).then(bands)
    }

    fn reset(&mut self) {
        self.mix = Control::rounded(self.settings.mix_percent, self.stream.sample_rate);
        self.crossovers.iter_mut().flatten().for_each(Crossover::reset);
        self.bands.iter_mut().for_each(BandProcessor::reset);
        self.needle = Needle::default();
        self.frame = 0;
    }

    fn gain_reduction(&self) -> Option<GainReduction> {
        Some(self.needle.reading())
    }
}
