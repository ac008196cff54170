//! Graphic equalizers: faders at fixed frequencies, an octave or a third of one apart, that do what they show.
//!
//! Bells side by side reach into each other: faders taken for their gains at face value miss by up to 10 dB. Here the
//! gains are solved for, at every setting, such that the response goes through every fader, boosts beside cuts
//! included. Minimum phase, no latency.
//!
//! ```
//! use tonmeister_core::{Effect, Settings};
//! use tonmeister_dsp::eq::graphic::{Graphic, response};
//!
//! let settings = Settings::new(Graphic::SPEC).with("gain_1k_db", 12.0).with("gain_2k_db", -12.0);
//! let db = response(&settings, 44_100, &[501.2, 1000.0, 1995.3, 3981.1]);
//! assert!(db[0].abs() < 0.05 && (db[1] - 12.0).abs() < 0.05 && (db[2] + 12.0).abs() < 0.05 && db[3].abs() < 0.05);
//! ```

mod bank;

use tonmeister_core::{BuildError, Effect, EffectSpec, Family, ParamSpec, Processor, Settings, Stream, Unit};

use super::row::{self, Row};
use bank::Bank;

/// A fader for each `id name`, and the output gain.
macro_rules! faders {
    ($($id:literal $name:literal),* $(,)?) => {
        &[
            $(ParamSpec::number(
                concat!("gain_", $id, "_db"),
                $name,
                Unit::Db,
                (-12.0, 12.0),
                0.0,
                concat!("The level at ", $name, "."),
            ),)*
            ParamSpec::number("output_db", "Output", Unit::Db, (-24.0, 24.0), 0.0, "Gain after all bands."),
        ]
    };
}

const SOURCES: &[&str] = &[
    "V. Välimäki, J. Liski, Accurate Cascade Graphic Equalizer, IEEE Signal Processing Letters 24(2), 2017, section III",
    "J. Rämö, J. Liski, V. Välimäki, Third-Octave and Bark Graphic-Equalizer Design with Symmetric Band Filters, \
     Applied Sciences 10(4), 2020",
    "M. Vicanek, Matched Second Order Digital Filters, 2016, section 2: bells that keep their shape",
    "IEC 61260-1:2014, section 5: the exact centers",
];

static OCTAVES: EffectSpec = EffectSpec {
    id: "graphic",
    name: "Graphic equalizer, 10 bands",
    family: Family::Equalizer,
    summary: "Ten faders, an octave apart: the response goes through every one of them.",
    doc: "For broad strokes over the whole spectrum, and where faders show more than numbers: monitoring, live sound, \
          broadcast. The interaction of the bands is solved for at every setting: the response is within 0.02 dB of \
          each fader at its center, boosts beside cuts included, and passes smoothly between them. Centers are the \
          exact ones of IEC 61260 (1000 Hz times powers of 10^0.3: \"31.5 Hz\" is 31.62 Hz). Bells keep their analog \
          shape up to 20 kHz. Minimum phase, no latency; flat it passes every sample untouched. Faders may be automated \
          without clicks: glides are followed about 2.5 ms late, jumps are eased over 20 ms. A fader whose center lies \
          above 0.46 of the sample rate has nothing to work on (16 kHz at 32 kHz). For one resonance or a shelf take \
          `eq`.",
    params: faders!(
        "31" "31.5 Hz", "63" "63 Hz", "125" "125 Hz", "250" "250 Hz", "500" "500 Hz",
        "1k" "1 kHz", "2k" "2 kHz", "4k" "4 kHz", "8k" "8 kHz", "16k" "16 kHz",
    ),
    groups: &[],
    files: &[],
    stereo_only: false,
    key: tonmeister_core::KeyUse::None,
    sources: SOURCES,
};

static THIRDS: EffectSpec = EffectSpec {
    id: "graphic_31",
    name: "Graphic equalizer, 31 bands",
    family: Family::Equalizer,
    summary: "Thirty-one faders, a third of an octave apart: the response goes through every one of them.",
    doc: "For correcting loudspeakers and rooms by measured curves, and for notching out feedback by the fader. The \
          interaction of the bands is solved for at every setting: the response is within 0.02 dB of each fader at its \
          center, boosts beside cuts included, and passes smoothly between them. Centers are the exact ones of \
          IEC 61260 (1000 Hz times powers of 10^0.1: \"20 kHz\" is 19 953 Hz). Bells keep their analog shape up to \
          20 kHz. Minimum phase, no latency; flat it passes every sample untouched. Faders may be automated without \
          clicks: glides are followed about 2.5 ms late, jumps are eased over 20 ms. A fader whose center lies above \
          0.46 of the sample rate has nothing to work on (16 and 20 kHz at 32 kHz).",
    params: faders!(
        "20" "20 Hz", "25" "25 Hz", "31" "31.5 Hz", "40" "40 Hz", "50" "50 Hz", "63" "63 Hz", "80" "80 Hz",
        "100" "100 Hz", "125" "125 Hz", "160" "160 Hz", "200" "200 Hz", "250" "250 Hz", "315" "315 Hz",
        "400" "400 Hz", "500" "500 Hz", "630" "630 Hz", "800" "800 Hz", "1k" "1 kHz", "1k25" "1.25 kHz",
        "1k6" "1.6 kHz", "2k" "2 kHz", "2k5" "2.5 kHz", "3k15" "3.15 kHz", "4k" "4 kHz", "5k" "5 kHz",
        "6k3" "6.3 kHz", "8k" "8 kHz", "10k" "10 kHz", "12k5" "12.5 kHz", "16k" "16 kHz", "20k" "20 kHz",
    ),
    groups: &[],
    files: &[],
    stereo_only: false,
    key: tonmeister_core::KeyUse::None,
    sources: SOURCES,
};

/// The bank of that effect: so many bands per octave (nearly: ten thirds are a factor of ten), the lowest so many
/// below 1 kHz.
fn bank(spec: &'static EffectSpec, sample_rate: f64) -> Bank {
    let (thirds, lowest) = if spec.id == OCTAVES.id { (3, -15) } else { (1, -17) };
    let power = |tenths: i32| 10f64.powf(f64::from(tenths) / 10.0);
    let bands = spec.params.len() as i32 - 1;
    let centers: Vec<f64> = (0..bands).map(|n| 1000.0 * power(lowest + n * thirds)).collect();
    Bank::new(&centers, power(thirds), sample_rate)
}

fn values(settings: &Settings) -> Vec<f64> {
    settings.spec().params.iter().map(|param| settings.get(param.id)).collect()
}

/// What a graphic equalizer of either kind does to a sine of each frequency, in dB: exactly what sounds at rest, the
/// output gain included.
pub fn response(settings: &Settings, sample_rate: u32, hz: &[f64]) -> Vec<f64> {
    let rate = f64::from(sample_rate);
    let values = values(settings);
    let [shape @ .., output_db] = values.as_slice() else { return vec![0.0; hz.len()] };
    let sections = row::sections(&mut bank(settings.spec(), rate), shape);
    row::response(&sections, *output_db, rate, hz)
}

fn build(settings: &Settings, stream: &Stream) -> Box<dyn Processor> {
    Row::boxed(bank(settings.spec(), f64::from(stream.sample_rate)), values(settings), stream)
}

/// The effect `graphic`: ten bands.
#[derive(Clone, Debug)]
pub struct Graphic(Settings);

impl Effect for Graphic {
    const SPEC: &'static EffectSpec = &OCTAVES;

    fn from_settings(settings: &Settings) -> Self {
        Graphic(settings.clone())
    }

    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        Ok(build(&self.0, stream))
    }
}

/// The effect `graphic_31`: thirty-one bands.
///
/// ```
/// use tonmeister_core::{Effect, Settings};
/// use tonmeister_dsp::eq::graphic::{Graphic31, response};
///
/// let settings = Settings::new(Graphic31::SPEC).with("gain_1k_db", 6.0).with("gain_1k25_db", -6.0);
/// let db = response(&settings, 44_100, &[1000.0, 1258.9]);
/// assert!((db[0] - 6.0).abs() < 0.05 && (db[1] + 6.0).abs() < 0.05);
/// ```
#[derive(Clone, Debug)]
pub struct Graphic31(Settings);

impl Effect for Graphic31 {
    const SPEC: &'static EffectSpec = &THIRDS;

    fn from_settings(settings: &Settings) -> Self {
        Graphic31(settings.clone())
    }

    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        Ok(build(&self.0, stream))
    }
}

#[cfg(test)]
mod tests;
