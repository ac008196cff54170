//! The parametric equalizer: high-pass, low shelves, bells, high shelves, low-pass, in this order.
//!
//! Every band keeps the shape of its analog model up to 20 kHz, at 44.1 kHz as at 192 kHz: a bell at 16 kHz is as
//! wide as one at 1 kHz, a high shelf at 12 kHz arrives at its gain, a low-pass does not sink too early. Latency 0,
//! minimum phase.
//!
//! 1. [`struct@Eq`] reads the settings into [`Band`]s; [`response`] tells what they will do, for plots.
//! 2. `fit` and `butterworth` turn a band's analog `prototype` into digital sections.
//! 3. `processor` runs them: what stands still in one row, like a [`Cascade`](crate::biquad::Cascade), what moves as
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
pub(crate) mod butterworth;
pub(crate) mod fit;
pub(crate) mod processor;
pub(crate) mod prototype;
pub(crate) mod svf;
pub(crate) mod travel;

use tonmeister_core::{
    Automatable, BuildError, Effect, EffectSpec, Family, GroupSpec, ParamSpec, Processor, Settings, Stream, Unit,
};

pub use band::{Band, Shape};
use processor::{EqProcessor, Target};

use crate::biquad::Biquad;
use crate::simd::Level;

/// Bands lie below this part of the sample rate.
pub(crate) const HIGHEST: f64 = 0.49;
/// How many bands of one kind there may be.
const MOST_BANDS: usize = 16;

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
    ParamSpec::steps("slope_db_oct", "Slope", Unit::DbPerOctave, SLOPES, 12.0, doc).automatable(Automatable::Fixed)
}

const SHELF_Q: &str = "How steep: 0.7071 is as steep as goes without overshoot, less is gentler.";

static SPEC: EffectSpec = EffectSpec {
    id: "eq",
    name: "Parametric equalizer",
    family: Family::Equalizer,
    summary: "Raises and lowers parts of the spectrum: high-pass, low shelves, bells, high shelves, low-pass.",
    doc: "The console's equalizer, for cleaning, shaping and placing a sound. Each band keeps the shape of its \
          analog model up to 20 kHz at every sample rate (bells within 0.35 dB, shelves 0.15 dB, high-pass 0.1 dB, \
          low-pass 0.5 dB); a boost and a cut of the same numbers undo one another exactly. Minimum phase, no \
          latency. Every frequency, gain and Q may be automated without clicks: glides are followed about 1.5 ms late, \
          jumps are eased over 20 ms. While a band moves it may deviate by 1 or 2 dB more, at the very top. \
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
            ],
            doc: "Takes away what lies above: hiss, spill of cymbals.",
        },
    ],
    files: &[],
    stereo_only: false,
    takes_key: false,
    sources: &[
        "M. Vicanek, Matched Second Order Digital Filters, 2016, section 2: the numerator's basis and factorization",
        "C. L. Lawson, Contributions to the Theory of Linear Least Maximum Approximation, 1961: the reweighting",
        "A. Simper, Linear Trapezoidal Integrated State Variable Filter, 2013: bands that move",
        "R. Bristow-Johnson, Cookbook Formulae for Audio EQ Biquad Filter Coefficients: the analog prototypes",
    ],
};

/// The equalizer's settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Eq {
    /// The bands, in the order of the signal.
    pub bands: Vec<Band>,
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
        let limit = HIGHEST * f64::from(sample_rate);
        for band in &self.bands {
            let Band { shape, hz, gain_db, q } = *band;
            if hz >= limit {
                return Err(BuildError(format!(
                    "the {} at {hz} Hz lies too high for a sample rate of {sample_rate} Hz; \
                     move it below {limit:.0} Hz, take it out, or work at a higher rate",
                    shape.name(),
                )));
            }
            let order = shape.order().unwrap_or(1);
            let known = hz >= 10.0 && (-24.0..=24.0).contains(&gain_db) && (0.1..=40.0).contains(&q);
            if !known || !(1..=16).contains(&order) {
                return Err(BuildError(format!(
                    "expected bands from 10 Hz, gains from -24 to 24 dB, Q from 0.1 to 40 and orders from 1 to 16; \
                     found {band:?}"
                )));
            }
        }
        Ok(())
    }

    /// What each parameter's number means, in the order of [`ParamIndex`](tonmeister_core::ParamIndex).
    fn targets(&self) -> Vec<Target> {
        let mut targets = vec![Target::Output];
        for (voice, band) in self.bands.iter().enumerate() {
            targets.push(Target::Band(voice, 0));
            match band.shape {
                Shape::HighPass { .. } | Shape::LowPass { .. } => targets.push(Target::Fixed),
                _ => targets.extend([Target::Band(voice, 1), Target::Band(voice, 2)]),
            }
        }
        targets
    }

    /// All sections at rest, in the order of the signal.
    fn sections(&self, sample_rate: f64) -> Vec<Biquad> {
        self.bands.iter().flat_map(|band| band.settled(sample_rate).as_slice().to_vec()).collect()
    }
}

impl Effect for Eq {
    const SPEC: &'static EffectSpec = &SPEC;

    fn from_settings(settings: &Settings) -> Eq {
        let pass = |group: &str, shape: fn(usize) -> Shape| {
            let band = move |v: &Vec<f64>| Band {
                shape: shape((v[1] / 6.0).round() as usize),
                hz: v[0],
                gain_db: 0.0,
                q: std::f64::consts::FRAC_1_SQRT_2,
            };
            settings.items(group).iter().map(band).collect::<Vec<_>>()
        };
        let bands = |group: &str, shape: Shape| {
            let band = move |v: &Vec<f64>| Band { shape, hz: v[0], gain_db: v[1], q: v[2] };
            settings.items(group).iter().map(band).collect::<Vec<_>>()
        };
        let in_order = [
            pass("highpass", |order| Shape::HighPass { order }),
            bands("low_shelves", Shape::LowShelf),
            bands("bells", Shape::Bell),
            bands("high_shelves", Shape::HighShelf),
            pass("lowpass", |order| Shape::LowPass { order }),
        ];
        Eq { bands: in_order.concat(), output_db: settings.get("output_db") }
    }

    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        self.build_at(stream, Level::best())
    }
}

/// What an equalizer with these settings does to a sine of each frequency, in dB: exactly what will sound at rest,
/// the output gain included.
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
