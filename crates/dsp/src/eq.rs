//! The parametric equalizer: high-pass, low shelves, bells, high shelves, low-pass, notches, band-pass, tilts,
//! all-passes, in this order.
//!
//! Every band keeps the shape of its analog model up to 20 kHz, at 44.1 kHz as at 192 kHz: a bell at 16 kHz is as
//! wide as one at 1 kHz, a high shelf at 12 kHz arrives at its gain, a low-pass does not sink too early. Latency 0,
//! minimum phase. Every band can be switched, and can work on one channel, the middle or the sides alone.
//!
//! 1. [`struct@Eq`] reads the settings into [`Band`]s; [`response`] tells what they will do, for plots.
//! 2. `fit`, `joint`, `butterworth`, `narrow` and `tilt` turn a band's analog `prototype` into digital sections.
//! 3. `route` says what of the stereo picture a band works on.
//! 4. `processor` runs them: what stands still in one row, like a [`Cascade`](crate::biquad::Cascade), what moves as
//!    state-variable filters (`svf`), each along its own way (`travel`).
//!
//! ```
//! use tonmeister_core::{Effect, Settings};
//! use tonmeister_dsp::eq::{Eq, response};
//!
//! let settings = Settings::new(Eq::SPEC)
//!     .with_item("highpass", &[("hz", 30.0), ("slope_db_oct", 24.0)])
//!     .with_item("bells", &[("hz", 16_000.0), ("gain_db", 6.0), ("q", 1.0)]);
//! let db = response(&settings, 44_100, &[30.0, 16_000.0]).unwrap();
//! assert!((db[0] + 3.01).abs() < 0.1 && (db[1] - 6.0).abs() < 0.35);
//! ```

pub(crate) mod band;
pub mod baxandall;
pub(crate) mod butterworth;
pub mod dynamic;
pub(crate) mod fit;
pub mod graphic;
pub(crate) mod joint;
pub mod linear;
pub(crate) mod narrow;
pub(crate) mod processor;
pub(crate) mod prototype;
pub(crate) mod route;
pub(crate) mod row;
pub mod semi;
pub(crate) mod svf;
pub(crate) mod tilt;
pub(crate) mod travel;

use tonmeister_core::{
    Automatable, BuildError, Effect, EffectSpec, Family, GroupSpec, ParamSpec, Processor, Settings, Stream, Unit,
};

pub use band::{Band, Placed, Shape};
use processor::{EqProcessor, Target};
pub use route::Channel;

use crate::biquad::Biquad;
use crate::simd::Level;

/// Bands lie below this part of the sample rate.
pub(crate) const HIGHEST: f64 = 0.49;
/// How many bands of one kind there may be.
const MOST_BANDS: usize = 64;

/// Slopes of the shelves, in dB per octave: orders 2 to 8.
const SHELF_SLOPES: &[f64] = &[12.0, 24.0, 36.0, 48.0];

/// Slopes of the high-pass and low-pass, in dB per octave: Butterworth orders 1 to 16.
pub const SLOPES: &[f64] = &[6.0, 12.0, 18.0, 24.0, 30.0, 36.0, 48.0, 60.0, 72.0, 96.0];

const fn hz(default: f64, doc: &'static str) -> ParamSpec {
    ParamSpec::number("hz", "Frequency", Unit::Hz, (10.0, 40_000.0), default, doc).logarithmic()
}

const fn gain(doc: &'static str) -> ParamSpec {
    ParamSpec::number("gain_db", "Gain", Unit::Db, (-24.0, 24.0), 0.0, doc)
}

const fn q(default: f64, doc: &'static str) -> ParamSpec {
    ParamSpec::number("q", "Q", Unit::None, (0.1, 40.0), default, doc).logarithmic()
}

const fn slope(doc: &'static str) -> ParamSpec {
    ParamSpec::steps("slope_db_oct", "Slope", Unit::DbPerOctave, SLOPES, 12.0, doc)
}

const SHELF_SLOPE: ParamSpec = ParamSpec::steps(
    "slope_db_oct",
    "Slope",
    Unit::DbPerOctave,
    SHELF_SLOPES,
    12.0,
    "How steeply the level may go from one side to the other: 12 dB per octave for each second-order step. A small \
     gain is reached before its slope is.",
);

const RESONANCE: ParamSpec = ParamSpec::number(
    "resonance_db",
    "Resonance",
    Unit::Db,
    (-6.0, 24.0),
    0.0,
    "By how much the level at the frequency differs from −3.01 dB: 3 is flat to the corner, more is a peak that rings, \
     less a softer knee. A slope of 6 dB per octave has none.",
);

const ON: ParamSpec =
    ParamSpec::switch("on", "On", true, "Whether the band does anything. Switched over in 20 ms, without a click.")
        .automatable(Automatable::Stepped);

const CHANNEL: ParamSpec = ParamSpec::choice(
    "channel",
    "Channel",
    route::CHANNELS,
    "What the band works on. Sent elsewhere in 20 ms, without a click. A mono signal is left, right and middle at once, \
     and has no sides.",
)
.automatable(Automatable::Stepped);

const SHELF_Q: &str = "How steep: 0.7071 is as steep as goes without overshoot, less is gentler.";

static SPEC: EffectSpec = EffectSpec {
    id: "eq",
    name: "Parametric equalizer",
    family: Family::Equalizer,
    summary: "Raises, lowers and takes away parts of the spectrum: shelves, bells, high-pass, low-pass, notches, tilts.",
    doc: "The console's equalizer, for cleaning, shaping and placing a sound. Each band keeps the shape of its \
          analog model up to 20 kHz at every sample rate (bells and band-passes within 0.35 dB, shelves 0.15 dB, \
          high-pass 0.1 dB, low-pass 0.1 dB down to −90 dB, notches 0.3 dB); a tilt is a straight line \
          within 0.25 dB from 50 Hz to 16 kHz; a boost and a cut of the same numbers undo one \
          another exactly. Minimum phase, no latency. Every frequency, gain and Q may be automated without clicks: \
          glides are followed about 1.5 ms late, jumps are eased over 20 ms (of the output gain, notches, band-passes, \
          tilts and all-passes 8 ms and 60 ms). Bands can be switched, and can work on the left, the right, the middle \
          or the sides alone; the signal passes them in the order in \
          which they are listed here. While a band moves it may deviate by 1 or 2 dB more, at the very top. \
          Automation above 0.49 of the sample rate stays there.",
    params: &[ParamSpec::number("output_db", "Output", Unit::Db, (-24.0, 24.0), 0.0, "Gain after all bands.")],
    groups: &[
        GroupSpec {
            id: "highpass",
            name: "High-pass",
            max: 1,
            params: &[
                hz(30.0, "Where the level has fallen by 3.01 dB."),
                slope("How steeply what lies below falls away: Butterworth, 6 dB per octave for each order."),
                RESONANCE,
                ON,
                CHANNEL,
            ],
            doc: "Takes away what lies below: rumble, plosives, spill.",
        },
        GroupSpec {
            id: "low_shelves",
            name: "Low shelf",
            max: MOST_BANDS,
            params: &[
                hz(100.0, "Where half of the gain, in dB, is reached."),
                gain("Gain of everything well below."),
                q(std::f64::consts::FRAC_1_SQRT_2, SHELF_Q),
                SHELF_SLOPE,
                ON,
                CHANNEL,
            ],
            doc: "Raises or lowers everything below: weight, warmth, mud.",
        },
        GroupSpec {
            id: "bells",
            name: "Bell",
            max: MOST_BANDS,
            params: &[
                hz(1000.0, "The center."),
                gain("Gain at the center."),
                q(1.0, "Center over bandwidth (the bandwidth at half of the gain in dB): higher is narrower."),
                ON,
                CHANNEL,
            ],
            doc: "Raises or lowers what lies around a frequency: presence, boxiness, a resonance.",
        },
        GroupSpec {
            id: "high_shelves",
            name: "High shelf",
            max: MOST_BANDS,
            params: &[
                hz(8000.0, "Where half of the gain, in dB, is reached."),
                gain("Gain of everything well above."),
                q(std::f64::consts::FRAC_1_SQRT_2, SHELF_Q),
                SHELF_SLOPE,
                ON,
                CHANNEL,
            ],
            doc: "Raises or lowers everything above: air, brilliance, harshness.",
        },
        GroupSpec {
            id: "lowpass",
            name: "Low-pass",
            max: 1,
            params: &[
                hz(18_000.0, "Where the level has fallen by 3.01 dB."),
                slope("How steeply what lies above falls away: Butterworth, 6 dB per octave for each order."),
                RESONANCE,
                ON,
                CHANNEL,
            ],
            doc: "Takes away what lies above: hiss, spill of cymbals.",
        },
        GroupSpec {
            id: "notches",
            name: "Notch",
            max: MOST_BANDS,
            params: &[
                hz(50.0, "What is silenced."),
                q(
                    10.0,
                    "Frequency over bandwidth (the bandwidth at −3.01 dB): higher takes less of the music with it.",
                ),
                ON,
                CHANNEL,
            ],
            doc: "Takes one frequency away altogether: hum and its harmonics, a whistle, a ringing room.",
        },
        GroupSpec {
            id: "bandpass",
            name: "Band-pass",
            max: 1,
            params: &[
                hz(1000.0, "The center, which keeps its level."),
                q(std::f64::consts::FRAC_1_SQRT_2, "Center over bandwidth (the bandwidth at −3.01 dB)."),
                ON,
                CHANNEL,
            ],
            doc: "Keeps only what lies around a frequency, 6 dB per octave to both sides: a telephone, a search for a \
                  resonance.",
        },
        GroupSpec {
            id: "tilts",
            name: "Tilt",
            max: MOST_BANDS,
            params: &[
                hz(1000.0, "The hinge, which keeps its level."),
                ParamSpec::number(
                    "slope_db_oct",
                    "Slope",
                    Unit::DbPerOctave,
                    (-6.0, 6.0),
                    0.0,
                    "How much each octave lies above the one below: negative is darker, positive brighter. −3 makes \
                     white noise pink. It levels off below 20 Hz.",
                ),
                ON,
                CHANNEL,
            ],
            doc: "Leans the whole spectrum in a straight line: darker or brighter with one number.",
        },
        GroupSpec {
            id: "allpasses",
            name: "All-pass",
            max: MOST_BANDS,
            params: &[
                hz(100.0, "Where the phase is turned by half a circle; by none far below, by a whole one far above."),
                q(std::f64::consts::FRAC_1_SQRT_2, "How quickly the phase turns around the frequency."),
                ON,
                CHANNEL,
            ],
            doc: "Turns the phase and no level: brings two microphones of one source together, evens out a lopsided \
                  waveform for more headroom.",
        },
    ],
    files: &[],
    stereo_only: false,
    key: tonmeister_core::KeyUse::None,
    sources: &[
        "M. Vicanek, Matched Second Order Digital Filters, 2016, section 2: the numerator's basis and factorization",
        "C. L. Lawson, Contributions to the Theory of Linear Least Maximum Approximation, 1961: the reweighting",
        "A. Simper, Linear Trapezoidal Integrated State Variable Filter, 2013: bands that move",
        "F. Schultz, N. Hahn, S. Spors, Shelving Filters with Adjustable Transition Band, AES 148, 2020: the tilt",
        "M. Holters, U. Zölzer, Parametric Higher-Order Shelving Filters, EUSIPCO 2006: the steep shelves",
        "R. Bristow-Johnson, Cookbook Formulae for Audio EQ Biquad Filter Coefficients: the analog prototypes",
    ],
};

/// The equalizer's settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Eq {
    /// The bands, in the order of the signal.
    pub bands: Vec<Placed>,
    /// Gain after all bands, in dB.
    pub output_db: f64,
}

impl Eq {
    /// A processor that runs with a chosen set of vector instructions; the sound is the same with all of them.
    pub fn build_at(&self, stream: &Stream, level: Level) -> Result<Box<dyn Processor>, BuildError> {
        self.check(stream.sample_rate)?;
        let shape = (stream.sample_rate, stream.layout);
        Ok(Box::new(EqProcessor::new(&self.bands, self.output_db, self.targets(), shape, level)))
    }

    /// Whether every band lies where this sample rate has sound, and is one that the specification knows.
    fn check(&self, sample_rate: u32) -> Result<(), BuildError> {
        self.bands.iter().try_for_each(|placed| placed.band.check(sample_rate))
    }

    /// What each parameter's number means, in the order of [`ParamIndex`](tonmeister_core::ParamIndex).
    fn targets(&self) -> Vec<Target> {
        let mut targets = vec![Target::Output];
        for (voice, placed) in self.bands.iter().enumerate() {
            let value = |value| Target::Band(voice, value);
            targets.push(value(0));
            match placed.band.shape {
                Shape::HighPass { .. } | Shape::LowPass { .. } => targets.extend([Target::Fixed, value(1)]),
                Shape::LowShelf { .. } | Shape::HighShelf { .. } => {
                    targets.extend([value(1), value(2), Target::Fixed]);
                }
                Shape::Bell => targets.extend([value(1), value(2)]),
                Shape::Tilt => targets.push(value(1)),
                Shape::Notch | Shape::BandPass | Shape::AllPass => targets.push(value(2)),
            }
            targets.extend([Target::On(voice), Target::Channel(voice)]);
        }
        targets
    }

    /// All sections at rest of bands that are on, in the order of the signal.
    fn sections(&self, sample_rate: f64) -> Vec<Biquad> {
        let on = self.bands.iter().filter(|placed| placed.on);
        on.flat_map(|placed| placed.band.settled(sample_rate).as_slice().to_vec()).collect()
    }
}

impl Effect for Eq {
    const SPEC: &'static EffectSpec = &SPEC;

    fn from_settings(settings: &Settings) -> Eq {
        Eq { bands: bands(settings), output_db: settings.get("output_db") }
    }

    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        self.build_at(stream, Level::best())
    }
}

/// Every band of the settings, in the order of the signal. An equalizer that has no bands of a kind has none of it.
pub(crate) fn bands(settings: &Settings) -> Vec<Placed> {
    const PLAIN_Q: f64 = std::f64::consts::FRAC_1_SQRT_2;
    let order = |slope: f64| (slope / 6.0).round() as usize;
    let bands = |group: &str, band: &dyn Fn(&[f64]) -> Band| -> Vec<Placed> {
        let placed = |values: &Vec<f64>| match values.as_slice() {
            [values @ .., on, channel] => Placed { band: band(values), on: *on != 0.0, channel: Channel::of(*channel) },
            _ => unreachable!("every band has `on` and `channel` at its end"),
        };
        let known = settings.spec().groups.iter().any(|known| known.id == group);
        if known { settings.items(group).iter().map(placed).collect() } else { Vec::new() }
    };
    let pass = |v: &[f64], shape| Band { shape, hz: v[0], gain_db: v[2], q: PLAIN_Q };
    let shaped = |v: &[f64], shape| Band { shape, hz: v[0], gain_db: v[1], q: v[2] };
    let plain = |v: &[f64], shape| Band { shape, hz: v[0], gain_db: 0.0, q: v[1] };
    let in_order = [
        bands("highpass", &|v| pass(v, Shape::HighPass { order: order(v[1]) })),
        bands("low_shelves", &|v| shaped(v, Shape::LowShelf { order: order(v[3]) })),
        bands("bells", &|v| shaped(v, Shape::Bell)),
        bands("high_shelves", &|v| shaped(v, Shape::HighShelf { order: order(v[3]) })),
        bands("lowpass", &|v| pass(v, Shape::LowPass { order: order(v[1]) })),
        bands("notches", &|v| plain(v, Shape::Notch)),
        bands("bandpass", &|v| plain(v, Shape::BandPass)),
        bands("tilts", &|v| Band { shape: Shape::Tilt, hz: v[0], gain_db: v[1], q: PLAIN_Q }),
        bands("allpasses", &|v| plain(v, Shape::AllPass)),
    ];
    in_order.concat()
}

/// What an equalizer with these settings does to a sine of each frequency, in dB: exactly what will sound at rest,
/// the output gain included. Of a band that is for a part of the stereo picture, it is what that part hears.
pub fn response(settings: &Settings, sample_rate: u32, hz: &[f64]) -> Result<Vec<f64>, BuildError> {
    let eq = Eq::from_settings(settings);
    eq.check(sample_rate)?;
    let rate = f64::from(sample_rate);
    let sections = eq.sections(rate);
    let level = |hz: &f64| eq.output_db + sections.iter().map(|s| s.magnitude_db(*hz, rate)).sum::<f64>();
    Ok(hz.iter().map(level).collect())
}

#[cfg(test)]
mod tests;
