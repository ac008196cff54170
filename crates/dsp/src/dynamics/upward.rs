//! The effect `upward_compressor`: a [`Leveler`] that turns up what is soft.
//!
//! ```
//! use tonmeister_core::{Buffer, Context, Effect, Layout, Settings, Stream};
//! use tonmeister_dsp::dynamics::UpwardCompressor;
//!
//! let settings = Settings::new(UpwardCompressor::SPEC).with("threshold_db", -20.0).with("release_ms", 50.0);
//! let stream = Stream { sample_rate: 48_000, layout: Layout::Mono, max_block: 48_000, seed: 0 };
//! let mut lift = UpwardCompressor::from_settings(&settings).build(&stream).unwrap();
//! // A tone at −40 dB, 20 below the threshold: 2:1 makes that 10.
//! let mut soft = Buffer::from_mono((0..48_000).map(|n| 0.01 * (n as f32 * 0.1).sin()).collect());
//! lift.process(&mut soft.block(48_000), &Context::default());
//! let peak = soft.channel(0)[40_000..].iter().fold(0.0_f32, |a, b| a.max(*b));
//! assert!((20.0 * peak.log10() + 30.0).abs() < 0.05);
//! ```

use tonmeister_core::{BuildError, Effect, EffectSpec, Family, ParamSpec, Processor, Settings, Stream, Unit};

use super::curve::{Direction, INFINITE_RATIO};
use super::leveler::Leveler;
use super::params;

const PARAMS: &[ParamSpec] = &[
    params::threshold(-60.0, -30.0, "Level below which it turns up."),
    params::ratio(
        INFINITE_RATIO,
        2.0,
        "How many decibels below the threshold make one decibel out. 1 does nothing; 100 is ∞:1.",
    ),
    params::KNEE_DB,
    ParamSpec::number("range_db", "Range", Unit::Db, (0.0, 40.0), 12.0, "The most that it turns up."),
    ParamSpec::number(
        "floor_db",
        "Floor",
        Unit::Db,
        (-120.0, -20.0),
        -70.0,
        "Below this level the lift is taken back, decibel for decibel, so that hiss and pauses stay down.",
    ),
    params::attack(10.0, "Time in which 63 % of a lift has gone, in decibels, when sound comes."),
    params::release(
        150.0,
        "Time in which 63 % of a lift has come, in decibels, when sound goes. Not shorter than the attack.",
    ),
    params::MAKEUP_DB,
    params::MIX_PERCENT,
    params::LINK_PERCENT,
    params::LINK,
    params::detector(params::LASTING_DETECTORS),
    params::RMS_MS,
    params::SIDECHAIN_HIGHPASS,
    params::SIDECHAIN_LOWPASS,
    params::LOOKAHEAD_MS,
];

const SPEC: EffectSpec = EffectSpec {
    id: "upward_compressor",
    name: "Upward compressor",
    family: Family::Dynamics,
    summary: "Turns soft passages up by a law, in a time, and leaves loud ones alone.",
    doc: "\
Compression from below: what lies under the threshold is brought nearer to it, and peaks pass untouched, transients and \
all. Reach for it to bring out room, breath, ghost notes and the ends of words where a compressor would flatten the hits. \
The lift ends at `range_db`; below `floor_db` it is taken back decibel for decibel, for otherwise pauses would hiss. \
The attack is the lift's way down, when sound comes, so that a long one lets a lifted transient through too loud: \
keep it short, or look ahead. There is no peak detector here: between the crests of a wave it would hear pauses, in \
which nothing is lifted. \
\
The needle shows a lift as a negative reduction. An external side-chain, when one is routed here, replaces what the \
detector hears and is aligned to the sample.",
    params: PARAMS,
    groups: &[params::SIDECHAIN_BELL],
    files: &[],
    stereo_only: false,
    key: tonmeister_core::KeyUse::Detector,
    sources: &["D. Giannoulis, M. Massberg, J. D. Reiss, \"Digital dynamic range compressor design: a tutorial and \
                analysis\", J. Audio Eng. Soc. 60(6), 2012, sections 2.2 and 3.2"],
};

/// Settings of the effect `upward_compressor`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UpwardCompressor(pub Leveler);

impl Effect for UpwardCompressor {
    const SPEC: &'static EffectSpec = &SPEC;

    fn from_settings(settings: &Settings) -> Self {
        UpwardCompressor(Leveler::read(Direction::Lift, settings))
    }

    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        Ok(self.0.build(&SPEC, stream))
    }
}
