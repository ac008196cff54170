//! Parameters that several dynamics effects have, written once.

use tonmeister_core::{Automatable, Choice, GroupSpec, ParamSpec, Settings, Unit};

use super::detector::{Accent, DetectorKind, Listening};
use super::machine::Link;
use super::parts::word;

const PEAK: Choice = Choice { id: "peak", doc: "the rectified wave: quick and cheap; fast times distort low notes" };
const ENVELOPE: Choice =
    Choice { id: "envelope", doc: "the analytic envelope: as quick, and clean down to the bass; costs the most" };
const RMS: Choice =
    Choice { id: "rms", doc: "the mean power over `rms_ms`, reading a sine as its peak: loudness more than peaks" };

/// Peak first, for what must cost little.
pub(crate) const DETECTORS: &[Choice] = &[PEAK, ENVELOPE, RMS];
/// Envelope first, for what must not be fooled by the zeros of a wave.
pub(crate) const STEADY_DETECTORS: &[Choice] = &[ENVELOPE, PEAK, RMS];
/// Without the rectified wave, for what must not take each zero of a wave for a pause.
pub(crate) const LASTING_DETECTORS: &[Choice] = &[ENVELOPE, RMS];

const LINKS: &[Choice] = &[
    Choice { id: "louder", doc: "the louder side counts" },
    Choice { id: "power", doc: "both sides' powers are added: what stands in the center counts 3 dB more" },
];

pub(crate) const LINK_PERCENT: ParamSpec = ParamSpec::number(
    "link_percent",
    "Stereo link",
    Unit::Percent,
    (0.0, 100.0),
    100.0,
    "100: both sides together turn both, and the image stays. 0: each side for itself.",
);

pub(crate) const LINK: ParamSpec =
    ParamSpec::choice("link", "Link mode", LINKS, "How the two sides are heard together.");

pub(crate) const MAKEUP_DB: ParamSpec =
    ParamSpec::number("makeup_db", "Make-up", Unit::Db, (-24.0, 36.0), 0.0, "Gain behind the effect.");

pub(crate) const MIX_PERCENT: ParamSpec = ParamSpec::number(
    "mix_percent",
    "Mix",
    Unit::Percent,
    (0.0, 100.0),
    100.0,
    "Processed part of the output; the rest is dry, equally late.",
);

pub(crate) const RMS_MS: ParamSpec =
    ParamSpec::number("rms_ms", "RMS time", Unit::Ms, (1.0, 100.0), 10.0, "Window of the `rms` detector.")
        .logarithmic()
        .automatable(Automatable::Fixed);

pub(crate) const SIDECHAIN_HIGHPASS: ParamSpec = ParamSpec::number(
    "sidechain_highpass_hz",
    "Side-chain high-pass",
    Unit::Hz,
    (0.0, 1000.0),
    0.0,
    "Keeps lows (12 dB per octave below this) from the detector, so that bass does not pump the rest. 0 is off.",
)
.automatable(Automatable::Fixed);

pub(crate) const SIDECHAIN_LOWPASS: ParamSpec = ParamSpec::number(
    "sidechain_lowpass_hz",
    "Side-chain low-pass",
    Unit::Hz,
    (0.0, 20_000.0),
    0.0,
    "Keeps highs (12 dB per octave above this) from the detector. 0 is off.",
)
.automatable(Automatable::Fixed);

/// The look-ahead, up to 20 ms.
pub(crate) const LOOKAHEAD_MS: ParamSpec = ParamSpec::number(
    "lookahead_ms",
    "Look-ahead",
    Unit::Ms,
    (0.0, 20.0),
    0.0,
    "Delays the audio, not the detector, so that the gain has moved when a transient arrives. Becomes latency.",
)
.automatable(Automatable::Fixed);

/// The bell before the detector.
pub(crate) const SIDECHAIN_BELL: GroupSpec = GroupSpec {
    id: "sidechain_bell",
    name: "Side-chain bell",
    max: 1,
    params: &[
        ParamSpec::number("hz", "Frequency", Unit::Hz, (20.0, 20_000.0), 3000.0, "Its center.")
            .logarithmic()
            .automatable(Automatable::Fixed),
        ParamSpec::number(
            "gain_db",
            "Gain",
            Unit::Db,
            (-24.0, 24.0),
            0.0,
            "How much more the detector hears of what lies there, or less.",
        )
        .automatable(Automatable::Fixed),
        ParamSpec::number("q", "Q", Unit::None, (0.1, 20.0), 1.0, "Its center over its width.")
            .logarithmic()
            .automatable(Automatable::Fixed),
    ],
    doc: "Makes the detector hear a band more, or less, than the rest. The audio is not filtered.",
};

/// A threshold, from `least` to full scale.
pub(crate) const fn threshold(least: f64, default: f64, doc: &'static str) -> ParamSpec {
    ParamSpec::number("threshold_db", "Threshold", Unit::Db, (least, 0.0), default, doc)
}

/// A ratio from 1 to `most`.
pub(crate) const fn ratio(most: f64, default: f64, doc: &'static str) -> ParamSpec {
    ParamSpec::number("ratio", "Ratio", Unit::Ratio, (1.0, most), default, doc).logarithmic()
}

/// The width of the knee.
pub(crate) const KNEE_DB: ParamSpec =
    ParamSpec::number("knee_db", "Knee", Unit::Db, (0.0, 24.0), 6.0, "Width of the bend around the threshold.");

/// An attack.
pub(crate) const fn attack(default: f64, doc: &'static str) -> ParamSpec {
    ParamSpec::number("attack_ms", "Attack", Unit::Ms, (0.01, 500.0), default, doc).logarithmic()
}

/// A release.
pub(crate) const fn release(default: f64, doc: &'static str) -> ParamSpec {
    ParamSpec::number("release_ms", "Release", Unit::Ms, (1.0, 5000.0), default, doc).logarithmic()
}

/// What counts as loud.
pub(crate) const fn detector(detectors: &'static [Choice]) -> ParamSpec {
    ParamSpec::choice("detector", "Detector", detectors, "What counts as loud.")
}

/// How the two sides are heard together.
pub(crate) fn link(settings: &Settings) -> Link {
    if word(settings, "link") == "power" { Link::Power } else { Link::Louder }
}

impl Listening {
    /// From the settings of an effect that has the parameters of this room.
    pub(crate) fn read(settings: &Settings) -> Self {
        let kind = match word(settings, "detector") {
            "rms" => DetectorKind::Rms,
            "envelope" => DetectorKind::Envelope,
            _ => DetectorKind::Peak,
        };
        let accent = settings.items("sidechain_bell").first();
        Listening {
            kind,
            rms_ms: settings.get("rms_ms"),
            highpass_hz: settings.get("sidechain_highpass_hz"),
            lowpass_hz: settings.get("sidechain_lowpass_hz"),
            accent: accent.map(|bell| Accent { hz: bell[0], gain_db: bell[1], q: bell[2] }),
        }
    }
}
