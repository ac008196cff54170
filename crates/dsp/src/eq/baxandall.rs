//! Bass and treble, as Baxandall's amplifier has them: two knobs whose turnover frequencies move with them.
//!
//! The circuit of 1952 is solved as it stands, both arms loading each other, and carried over to the stream so that it
//! keeps its shape up to 20 kHz at every sample rate. Minimum phase, no latency.
//!
//! ```
//! use tonmeister_core::{Effect, Settings};
//! use tonmeister_dsp::eq::baxandall::{Baxandall, response};
//!
//! let settings = Settings::new(Baxandall::SPEC).with("bass_db", 12.0).with("treble_db", -6.0);
//! let db = response(&settings, 44_100, &[10.0, 1000.0, 20_000.0]);
//! assert!((db[0] - 12.0).abs() < 0.5 && db[1].abs() < 1.5 && (db[2] + 6.0).abs() < 0.5);
//! ```

mod circuit;

use tonmeister_core::{BuildError, Effect, EffectSpec, Family, ParamSpec, Processor, Settings, Stream, Unit};

use super::row::{self, Row};
use circuit::Circuit;

static SPEC: EffectSpec = EffectSpec {
    id: "baxandall",
    name: "Baxandall tone control",
    family: Family::Equalizer,
    summary: "Bass and treble: wide, gentle shelves that never sound like filters.",
    doc: "For the last touch on a mix or a group, and for anything that wants to be a little fuller or brighter and \
          nothing else. It is Baxandall's feedback circuit, both arms loading each other: the more bass, the farther its \
          shelf reaches toward the middle; the more treble, the farther up it rises. A strong boost of bass leaves a \
          shallow dip above it (1 dB at 1 kHz for +15 dB). Within 0.05 dB of the circuit up to 20 kHz at every sample \
          rate. Minimum phase, no latency; with both knobs in the middle every sample passes untouched. Everything may be automated \
          without clicks: glides are followed about 2.5 ms late, jumps are eased over 20 ms. Below a sample rate of \
          40 kHz there is less of the treble shelf to hear.",
    params: &[
        ParamSpec::number(
            "bass_db",
            "Bass",
            Unit::Db,
            (-15.0, 15.0),
            0.0,
            "What the lowest frequencies gain. Most of it has arrived an octave below `bass_hz`.",
        ),
        ParamSpec::number(
            "treble_db",
            "Treble",
            Unit::Db,
            (-15.0, 15.0),
            0.0,
            "What the highest frequencies gain. Most of it has arrived an octave and a half above `treble_hz`.",
        ),
        ParamSpec::number(
            "bass_hz",
            "Bass frequency",
            Unit::Hz,
            (40.0, 120.0),
            100.0,
            "Where half of the decibels are reached at +12 dB of bass. With less gain that lies lower.",
        )
        .logarithmic(),
        ParamSpec::number(
            "treble_hz",
            "Treble frequency",
            Unit::Hz,
            (5000.0, 12_000.0),
            5000.0,
            "Where half of the decibels are reached at +12 dB of treble. With less gain that lies lower.",
        )
        .logarithmic(),
        ParamSpec::number("output_db", "Output", Unit::Db, (-24.0, 24.0), 0.0, "Gain after the circuit."),
    ],
    groups: &[],
    files: &[],
    stereo_only: false,
    key: tonmeister_core::KeyUse::None,
    sources: &[
        "P. J. Baxandall, Negative-Feedback Tone Control, Wireless World 58(10), 1952: the circuit",
        "M. Vicanek, Matched Second Order Digital Filters, 2016, section 2: the fitted section's numerator",
    ],
};

fn values(settings: &Settings) -> Vec<f64> {
    settings.spec().params.iter().map(|param| settings.get(param.id)).collect()
}

/// What the tone control does to a sine of each frequency, in dB: exactly what sounds at rest, the output gain included.
pub fn response(settings: &Settings, sample_rate: u32, hz: &[f64]) -> Vec<f64> {
    let sample_rate = f64::from(sample_rate);
    let values = values(settings);
    let [knobs @ .., output_db] = values.as_slice() else { return vec![0.0; hz.len()] };
    row::response(&row::sections(&mut Circuit { sample_rate }, knobs), *output_db, sample_rate, hz)
}

/// The effect `baxandall`.
#[derive(Clone, Debug)]
pub struct Baxandall(Settings);

impl Effect for Baxandall {
    const SPEC: &'static EffectSpec = &SPEC;

    fn from_settings(settings: &Settings) -> Self {
        Baxandall(settings.clone())
    }

    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        Ok(Row::boxed(Circuit { sample_rate: f64::from(stream.sample_rate) }, values(&self.0), stream))
    }
}

#[cfg(test)]
mod tests;
