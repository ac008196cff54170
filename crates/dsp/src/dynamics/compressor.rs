//! The effect `compressor`.
//!
//! Detector and smoothing in the log domain (Giannoulis, Massberg, Reiss 2012): a [`Leveler`] that turns down what is
//! loud. A look-ahead delays the audio and never the detector; it is the only latency.
//!
//! ```
//! use tonmeister_core::{Buffer, Context, Effect, Layout, Settings, Stream};
//! use tonmeister_dsp::dynamics::Compressor;
//!
//! let settings = Settings::new(Compressor::SPEC).with("threshold_db", -20.0).with("knee_db", 0.0);
//! let stream = Stream { sample_rate: 48_000, layout: Layout::Mono, max_block: 48_000, seed: 0 };
//! let mut compressor = Compressor::from_settings(&settings).build(&stream).unwrap();
//! let mut audio = Buffer::from_mono(vec![1.0; 48_000]); // 20 dB above the threshold: 5 remain of them at 4:1
//! compressor.process(&mut audio.block(48_000), &Context::default());
//! assert!((20.0 * audio.channel(0)[47_999].log10() + 15.0).abs() < 0.01);
//! ```

use tonmeister_core::{BuildError, Choice, Effect, EffectSpec, Family, ParamSpec, Processor, Settings, Stream, Unit};

use super::curve::{Direction, INFINITE_RATIO};
use super::leveler::Leveler;
use super::params;
use super::parts::word;

const RELEASES: &[Choice] = &[
    Choice { id: "manual", doc: "always `release_ms`" },
    Choice { id: "auto", doc: "0.6 × `release_ms` after a short burst, up to 6 × after sustained loudness" },
];

const TOPOLOGIES: &[Choice] = &[
    Choice { id: "feed-forward", doc: "hears what comes in: times are as written" },
    Choice {
        id: "feedback",
        doc: "hears what it gives out: the same law, but it grips and eases up to `ratio` times quicker above the threshold",
    },
];

const PARAMS: &[ParamSpec] = &[
    params::threshold(-60.0, -18.0, "Level from which it turns down."),
    params::ratio(
        INFINITE_RATIO,
        4.0,
        "How many decibels in make one decibel out above the threshold. 1 does nothing; 100 is ∞:1.",
    ),
    params::KNEE_DB,
    params::attack(
        10.0,
        "Time in which 63 % of a reduction has come, in decibels. (10 to 90 % takes 2.2 times as long.)",
    ),
    params::release(100.0, "Time in which 63 % of a reduction has gone, in decibels. Not shorter than the attack."),
    params::MAKEUP_DB,
    params::MIX_PERCENT,
    params::LINK_PERCENT,
    ParamSpec::number(
        "range_db",
        "Range",
        Unit::Db,
        (0.0, 100.0),
        100.0,
        "The most that it turns down, however loud it gets.",
    ),
    params::LINK,
    ParamSpec::choice("topology", "Topology", TOPOLOGIES, "Which way round it listens."),
    ParamSpec::choice("release", "Release mode", RELEASES, "Whether the release follows the program."),
    ParamSpec::switch(
        "auto_makeup",
        "Automatic make-up",
        false,
        "Adds half of what is taken away from a signal at full scale.",
    ),
    params::detector(params::DETECTORS),
    params::RMS_MS,
    params::SIDECHAIN_HIGHPASS,
    params::SIDECHAIN_LOWPASS,
    params::LOOKAHEAD_MS,
];

const SPEC: EffectSpec = EffectSpec {
    id: "compressor",
    name: "Compressor",
    family: Family::Dynamics,
    summary: "Turns loud passages down by a law, in a time, and leaves quiet ones alone.",
    doc: "\
Smoothed in decibels in decoupled stages: the reduction rises with the attack and falls with the release, both \
meant as 63 % of a step; the fall begins with a bend, so that the pause between two crests of a low note hardly moves it. Jumps of threshold, ratio, knee, range, make-up, mix and link travel in 50 ms, and the corners \
of every travel are rounded over 1 ms; attack and release jump at once, for a change of them makes no click. An \
external side-chain, when one is routed here, replaces what the detector hears and is aligned to the sample. \
\
On the detector: `peak` is the default, because it is what the numbers on most compressors mean and costs least \
(about 4 ns per frame, 1 ns while nothing exceeds the threshold). Its price is distortion of low notes when the times \
are short against their period: −74 dB at 100 Hz with 5/100 ms, −54 dB at 40 Hz. On bass, and wherever fast times meet a clean sound, \
take `envelope`: −150 dB in the same place, at twice the cost (three times in stereo). `rms` (−97 dB) \
follows loudness rather than peaks and reacts later by its window. \
\
On the topology: `feedback` compares the threshold with what comes out (before make-up and mix, and behind the same \
reduction for an external key). A steady sound is turned down by the written law all the same, but the times shorten \
themselves: while the output is above the threshold, both act up to `ratio` times as fast (at ∞:1, at once), and a \
release slows to its written time once the output is below. That is one stage, not two, so take `envelope` or `rms` with it: \
`peak` would sag between the crests of a wave.",
    params: PARAMS,
    groups: &[params::SIDECHAIN_BELL],
    files: &[],
    stereo_only: false,
    key: tonmeister_core::KeyUse::Detector,
    sources: &[
        "D. Giannoulis, M. Massberg, J. D. Reiss, \"Digital dynamic range compressor design: a tutorial and \
         analysis\", J. Audio Eng. Soc. 60(6), 2012, sections 2.2 and 3.2",
        "R. A. Valenzuela, A. G. Constantinides, \"Digital signal processing schemes for efficient interpolation and \
         decimation\", IEE Proc. G 130(6), 1983 (the envelope detector's all-passes)",
    ],
};

/// Settings of the effect `compressor`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Compressor(pub Leveler);

impl Effect for Compressor {
    const SPEC: &'static EffectSpec = &SPEC;

    fn from_settings(settings: &Settings) -> Self {
        Compressor(Leveler {
            auto_release: word(settings, "release") == "auto",
            auto_makeup: settings.get("auto_makeup") == 1.0,
            feedback: word(settings, "topology") == "feedback",
            ..Leveler::read(Direction::Compress, settings)
        })
    }

    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        Ok(self.0.build(&SPEC, stream))
    }
}

#[cfg(test)]
pub(crate) mod tests;
