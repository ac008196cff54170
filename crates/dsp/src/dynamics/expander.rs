//! The effect `expander`: a [`Leveler`] that turns down what is soft.
//!
//! ```
//! use tonmeister_core::{Buffer, Context, Effect, Layout, Settings, Stream};
//! use tonmeister_dsp::dynamics::Expander;
//!
//! let settings = Settings::new(Expander::SPEC).with("threshold_db", -40.0).with("ratio", 2.0).with("range_db", 15.0);
//! let stream = Stream { sample_rate: 48_000, layout: Layout::Mono, max_block: 48_000, seed: 0 };
//! let mut expander = Expander::from_settings(&settings).build(&stream).unwrap();
//! let mut hiss = Buffer::from_mono(vec![0.001; 48_000]); // −60 dB: 2:1 would take 20 dB, the range allows 15
//! expander.process(&mut hiss.block(48_000), &Context::default());
//! assert!((20.0 * hiss.channel(0)[47_999].log10() + 75.0).abs() < 0.01);
//! ```

use tonmeister_core::{BuildError, Effect, EffectSpec, Family, ParamSpec, Processor, Settings, Stream, Unit};

use super::curve::Direction;
use super::leveler::Leveler;
use super::params;

const PARAMS: &[ParamSpec] = &[
    params::threshold(-80.0, -45.0, "Level below which it turns down."),
    params::ratio(20.0, 2.0, "Into how many decibels every decibel below the threshold is spread. 1 does nothing."),
    params::KNEE_DB,
    ParamSpec::number("range_db", "Range", Unit::Db, (0.0, 100.0), 40.0, "The most that it turns down."),
    params::attack(1.0, "Time in which 63 % of the way up has been made, in decibels, when sound comes."),
    params::release(
        150.0,
        "Time in which 63 % of the way down has been made, in decibels, when sound goes. Not shorter than the attack.",
    ),
    params::LINK_PERCENT,
    params::LINK,
    params::detector(params::STEADY_DETECTORS),
    params::RMS_MS,
    params::SIDECHAIN_HIGHPASS,
    params::SIDECHAIN_LOWPASS,
    params::LOOKAHEAD_MS,
];

const SPEC: EffectSpec = EffectSpec {
    id: "expander",
    name: "Expander",
    family: Family::Dynamics,
    summary: "Turns soft passages down by a law, in a time, and leaves loud ones alone.",
    doc: "\
The mirror image of a compressor: every decibel below the threshold becomes `ratio` of them, down to `range_db`. Reach \
for it to push hiss, hum, bleed and room back without the open-and-shut of a gate: 1.5 to 2:1 with 6 to 12 dB of range \
is hardly noticed; 10:1 and more is a gate without hysteresis. The attack is the way up, when sound comes; the release \
the way down. \
\
The detector is the analytic envelope by default, which has no zeros between the crests of a wave. With `peak`, a \
release that is short against the period of a low note turns it down between its crests. An external side-chain, when \
one is routed here, replaces what the detector hears and is aligned to the sample.",
    params: PARAMS,
    groups: &[params::SIDECHAIN_BELL],
    files: &[],
    stereo_only: false,
    key: tonmeister_core::KeyUse::Detector,
    sources: &["D. Giannoulis, M. Massberg, J. D. Reiss, \"Digital dynamic range compressor design: a tutorial and \
                analysis\", J. Audio Eng. Soc. 60(6), 2012, sections 2.2 and 3.2"],
};

/// Settings of the effect `expander`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expander(pub Leveler);

impl Effect for Expander {
    const SPEC: &'static EffectSpec = &SPEC;

    fn from_settings(settings: &Settings) -> Self {
        Expander(Leveler::read(Direction::Expand, settings))
    }

    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        Ok(self.0.build(&SPEC, stream))
    }
}
