//! The dynamic equalizer: bands whose gain follows the level of what lies in them.
//!
//! A bell that dips only while a vocal is harsh, a shelf that lifts only while a bass is thin. Each band is a band of
//! the [`eq`](super) with a detector of its own: what the band hears (its own band of the sound, or of an external
//! side-chain) goes through the law and the ballistics of [`dynamics`](crate::dynamics), and comes out as a part of
//! `range_db`, sample by sample.
//!
//! The filter is the equalizer's settled design, within its figures of the analog bell or shelf at every gain: one is
//! computed for every decibel when the band is built, and coefficients in between are taken from the two neighbors
//! ([`band`]). At 0 dB it is the identity.
//!
//! ```
//! use tonmeister_core::{Effect, Layout, Settings, Stream};
//! use tonmeister_dsp::{eq::dynamic::DynamicEq, testing::{run, sine, spread}};
//!
//! let dip = [("hz", 3000.0), ("threshold_db", -30.0), ("ratio", 20.0), ("range_db", -9.0)];
//! let settings = Settings::new(DynamicEq::SPEC).with_item("bells", &dip);
//! let stream = Stream { sample_rate: 48_000, layout: Layout::Mono, max_block: 512, seed: 0 };
//! let level = |peak: f64| {
//!     let mut eq = DynamicEq::from_settings(&settings).build(&stream).unwrap();
//!     let out = run(&mut *eq, &spread(&sine(3000.0, peak, 48_000, 24_000), Layout::Mono), &[512], &[]);
//!     f64::from(out.channel(0)[20_000..].iter().fold(0.0_f32, |a, y| a.max(y.abs()))) / peak
//! };
//! assert!((level(0.5) - 0.355).abs() < 0.005 && (level(0.01) - 1.0).abs() < 0.001); // loud: −9 dB, soft: nothing
//! ```

pub(crate) mod band;

#[cfg(test)]
mod tests;

use tonmeister_core::{
    Automatable, Block, BuildError, Choice, Context, Effect, EffectSpec, Event, Family, GainReduction, GroupSpec,
    Layout, ParamSpec, Processor, Settings, Stream, Tail, Unit, View,
};

use super::{Band, MOST_BANDS, Shape};
use crate::dynamics::detector::{DetectorKind, Listening};
use crate::dynamics::params::{RMS_MS, STEADY_DETECTORS, attack, detector, release};
use crate::dynamics::parts::{Needle, word};
use crate::math::amplitude_of_db;
use crate::travel::Travel;
use band::{BELOW, PART, Running as BandRunning, WHOLE};

/// States that have become nothing are put to rest on this grid of the stream's frames.
const SETTLE_GRID: u64 = 256;

const WHENS: &[Choice] = &[
    Choice { id: "above", doc: "while the level lies above the threshold: louder is turned further" },
    Choice { id: "below", doc: "while the level lies below the threshold: softer is turned further" },
];

const HEARS: &[Choice] = &[
    Choice {
        id: "band",
        doc: "what lies in the band: a band-pass of the same frequency and Q, or what a shelf raises",
    },
    Choice { id: "whole", doc: "the whole sound" },
];

const fn hz(default: f64, doc: &'static str) -> ParamSpec {
    super::hz(default, doc).automatable(Automatable::Fixed)
}

const fn q(default: f64, doc: &'static str) -> ParamSpec {
    super::q(default, doc).automatable(Automatable::Fixed)
}

/// The parameters of a band: its place, its resting gain, and how it moves.
const fn params(hz: ParamSpec, q: ParamSpec) -> [ParamSpec; 12] {
    [
        hz,
        q,
        ParamSpec::number("gain_db", "Gain", Unit::Db, (-12.0, 12.0), 0.0, "Gain while nothing moves the band."),
        ParamSpec::number(
            "range_db",
            "Range",
            Unit::Db,
            (-24.0, 24.0),
            -6.0,
            "The most that the level adds to the gain: negative dips, positive lifts. 0 is an ordinary band.",
        ),
        ParamSpec::number(
            "threshold_db",
            "Threshold",
            Unit::Db,
            (-80.0, 0.0),
            -24.0,
            "Level of what the band hears from which it moves; a sine is heard as its peak.",
        ),
        ParamSpec::number(
            "ratio",
            "Ratio",
            Unit::Ratio,
            (1.0, 20.0),
            2.0,
            "How far it moves for each decibel beyond the threshold: where it evens out (dips above, lifts below), of so \
             many decibels one is left; where it exaggerates (lifts above, dips below), of one become so many.",
        )
        .logarithmic(),
        ParamSpec::number("knee_db", "Knee", Unit::Db, (0.0, 24.0), 6.0, "Width of the bend around the threshold."),
        attack(10.0, "Time in which 63 % of an answer to more sound has come."),
        release(120.0, "Time in which 63 % of an answer to less sound has come."),
        ParamSpec::choice("when", "When", WHENS, "On which side of the threshold it moves."),
        ParamSpec::choice("hears", "Hears", HEARS, "What of the side-chain moves it."),
        ParamSpec::switch("on", "On", true, "Whether the band does anything. Switched over in 20 ms, without a click.")
            .automatable(Automatable::Stepped),
    ]
}

const STEEPNESS: ParamSpec = ParamSpec::number(
    "q",
    "Q",
    Unit::None,
    (0.1, 2.0),
    std::f64::consts::FRAC_1_SQRT_2,
    "How steep: 0.7071 is as steep as goes without overshoot, less is gentler.",
)
.logarithmic()
.automatable(Automatable::Fixed);
static LOW_SHELF: [ParamSpec; 12] = params(hz(100.0, "Where half of the gain, in dB, is reached."), STEEPNESS);
static BELL: [ParamSpec; 12] = params(
    hz(1000.0, "The center."),
    q(1.0, "Center over bandwidth (the bandwidth at half of the gain in dB): higher is narrower."),
);
static HIGH_SHELF: [ParamSpec; 12] = params(hz(8000.0, "Where half of the gain, in dB, is reached."), STEEPNESS);

static SPEC: EffectSpec = EffectSpec {
    id: "dynamic_eq",
    name: "Dynamic equalizer",
    family: Family::Equalizer,
    summary: "Bells and shelves that move with the level of what lies in them.",
    doc: "For what is wrong only now and then: a voice that turns harsh when it is loud, one bass note that booms, \
          cymbals that spill, a kick that should make room in the bass (feed it in as the side-chain). Cleaner than a \
          multiband compressor, because a band at rest is not there at all: no crossover, no phase, no latency. Every \
          band hears the sound as it comes in, not what other bands have made of it, or the external side-chain when one \
          is routed here; the louder side of a stereo sound moves both. Static gain within 0.1 dB of the law. Gain, \
          range and law may be automated without clicks (jumps travel in 50 ms); frequency and Q are fixed. The meter \
          shows the band that is moved furthest, a lift as a negative reduction. Narrow bands hear slowly: Q periods of \
          the frequency, whatever the attack.",
    params: &[
        detector(STEADY_DETECTORS),
        RMS_MS,
        ParamSpec::number("output_db", "Output", Unit::Db, (-24.0, 24.0), 0.0, "Gain after all bands."),
    ],
    groups: &[
        GroupSpec {
            id: "low_shelves",
            name: "Low shelf",
            max: MOST_BANDS,
            params: &LOW_SHELF,
            doc: "Moves everything below: boom, weight. It hears what lies below its frequency.",
        },
        GroupSpec {
            id: "bells",
            name: "Bell",
            max: MOST_BANDS,
            params: &BELL,
            doc: "Moves what lies around a frequency: harshness, a resonance, presence.",
        },
        GroupSpec {
            id: "high_shelves",
            name: "High shelf",
            max: MOST_BANDS,
            params: &HIGH_SHELF,
            doc: "Moves everything above: air, sibilance, spill. It hears what lies above its frequency.",
        },
    ],
    files: &[],
    stereo_only: false,
    key: tonmeister_core::KeyUse::Detector,
    sources: &[
        "D. Giannoulis, M. Massberg, J. D. Reiss, Digital Dynamic Range Compressor Design, JAES 60(6), 2012: law and times",
        "A. Simper, Linear Trapezoidal Integrated State Variable Filter, 2013: a filter that moves at every sample",
        "M. Vicanek, Matched Second Order Digital Filters, 2016: the shape of the bands",
    ],
};

/// One band's settings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DynamicBand {
    /// Bell, low shelf or high shelf of second order; its gain is the one at rest.
    pub band: Band,
    /// The most that the level adds to the gain, in dB.
    pub range_db: f64,
    /// Level from which it moves.
    pub threshold_db: f64,
    /// How far it moves for each decibel beyond.
    pub ratio: f64,
    /// Width of the bend around the threshold.
    pub knee_db: f64,
    /// 63 % of the answer to more sound.
    pub attack_ms: f64,
    /// 63 % of the answer to less sound.
    pub release_ms: f64,
    /// It moves while the level lies below the threshold, not above.
    pub below: bool,
    /// It hears the whole sound, not its band.
    pub whole: bool,
    /// Whether it does anything.
    pub on: bool,
}

/// The dynamic equalizer's settings.
#[derive(Clone, Debug, PartialEq)]
pub struct DynamicEq {
    /// The bands, in the order of the signal.
    pub bands: Vec<DynamicBand>,
    /// What counts as loud.
    pub listening: Listening,
    /// Gain after all bands, in dB.
    pub output_db: f64,
}

impl Effect for DynamicEq {
    const SPEC: &'static EffectSpec = &SPEC;

    fn from_settings(settings: &Settings) -> DynamicEq {
        let bands = |group: &str, shape| {
            let band = move |v: &Vec<f64>| DynamicBand {
                band: Band { shape, hz: v[0], q: v[1], gain_db: v[2] },
                range_db: v[3],
                threshold_db: v[4],
                ratio: v[5],
                knee_db: v[6],
                attack_ms: v[7],
                release_ms: v[8],
                below: v[9] == BELOW,
                whole: v[10] == WHOLE,
                on: v[11] != 0.0,
            };
            settings.items(group).iter().map(band).collect::<Vec<_>>()
        };
        let kind = match word(settings, "detector") {
            "rms" => DetectorKind::Rms,
            "peak" => DetectorKind::Peak,
            _ => DetectorKind::Envelope,
        };
        let all = [
            bands("low_shelves", Shape::LowShelf { order: 2 }),
            bands("bells", Shape::Bell),
            bands("high_shelves", Shape::HighShelf { order: 2 }),
        ];
        DynamicEq {
            bands: all.concat(),
            listening: Listening { rms_ms: settings.get("rms_ms"), ..Listening::new(kind) },
            output_db: settings.get("output_db"),
        }
    }

    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        self.bands.iter().try_for_each(|band| band.band.check(stream.sample_rate))?;
        let bands: Vec<_> =
            self.bands.iter().map(|band| BandRunning::new(band, &self.listening, stream.sample_rate)).collect();
        // The events' numbers: three scalars, then twelve for each band.
        let mut running = Running {
            output: Travel::new(self.output_db, stream.sample_rate),
            gain: 1.0,
            born: (self.output_db, stream.sample_rate),
            needle: Needle::default(),
            frame: 0,
            bands,
        };
        running.reset();
        Ok(Box::new(running))
    }
}

/// The number of `output_db` among the parameters, and of the first band's first.
const OUTPUT: u32 = 2;
const FIRST: u32 = 3;

/// A dynamic equalizer that sounds.
struct Running {
    bands: Vec<BandRunning>,
    output: Travel,
    gain: f64,
    born: (f64, u32),
    needle: Needle,
    frame: u64,
}

impl Running {
    fn begin(&mut self, event: &Event) {
        match event.param.0 {
            OUTPUT => self.output.to(event.value, event.glide),
            place if place >= FIRST => {
                let (band, param) = ((place - FIRST) / BELL.len() as u32, (place - FIRST) % BELL.len() as u32);
                if let Some(band) = self.bands.get_mut(band as usize) {
                    band.begin(param as usize, event.value, event.glide);
                }
            }
            _ => {}
        }
    }

    /// At most [`PART`] frames, without an event inside.
    fn part(&mut self, block: &mut Block<'_>, key: Option<View<'_>>) {
        let frames = block.frames();
        for x in block.channels_mut().flatten() {
            *x = if x.is_finite() { *x } else { 0.0 };
        }
        let mut moved = [0.0_f64; PART];
        for band in &mut self.bands {
            band.listen(key.unwrap_or(block.view()));
            band.furthest(&mut moved[..frames]);
        }
        self.needle.read(&moved[..frames]);
        let mut wire = [[0.0; PART]; 2];
        for (wire, samples) in wire.iter_mut().zip(block.channels()) {
            wire.iter_mut().zip(samples).for_each(|(y, x)| *y = f64::from(*x));
        }
        let stereo = block.layout() == Layout::Stereo;
        for band in &mut self.bands {
            if stereo { band.run::<2>(&mut wire, frames) } else { band.run::<1>(&mut wire, frames) }
        }
        for n in 0..frames {
            if self.output.moving() {
                self.gain = amplitude_of_db(self.output.step());
            }
            for (samples, wire) in block.channels_mut().zip(&wire) {
                samples[n] = (wire[n] * self.gain) as f32;
            }
        }
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
                self.begin(event);
                events = rest;
            }
            if self.frame.is_multiple_of(PART as u64) {
                self.bands.iter_mut().for_each(BandRunning::tick);
            }
            let to_event = events.first().map_or(frames, |event| (event.at as usize).min(frames)) - at;
            let to_grid = (PART as u64 - self.frame % PART as u64) as usize;
            let count = to_grid.min(frames - at).min(to_event);
            self.part(&mut block.part(at, at + count), key.map(|key| key.part(at, at + count)));
            at += count;
            self.frame += count as u64;
            if self.frame.is_multiple_of(SETTLE_GRID) {
                self.bands.iter_mut().for_each(BandRunning::settle);
            }
        }
    }

    /// Of the settings it was born with. Allocates: not for the audio thread.
    fn tail(&self) -> Tail {
        let sections: Vec<_> = self.bands.iter().map(BandRunning::longest).collect();
        Tail::Frames(crate::biquad::tail_frames(&sections))
    }

    fn reset(&mut self) {
        self.bands.iter_mut().for_each(BandRunning::reset);
        self.output = Travel::new(self.born.0, self.born.1);
        self.gain = amplitude_of_db(self.born.0);
        self.needle = Needle::default();
        self.frame = 0;
    }

    fn gain_reduction(&self) -> Option<GainReduction> {
        Some(self.needle.reading())
    }
}
