//! Left against right.

use tonmeister_core::Severity;

use super::width::{LOW_END_WIDE, MONO_LOSS, MONO_LOSS_BAND, MONO_STRETCH, NEAR_MONO, ONE_SIDED, OUT_OF_PHASE};
use super::{Group, Rule};

pub(super) const ALL: &[Rule] = &[
    SILENT_CHANNEL,
    DUAL_MONO,
    NEAR_MONO,
    MONO_STRETCH,
    ONE_SIDED,
    POLARITY_STEREO,
    MONO_LOSS,
    MONO_LOSS_BAND,
    OUT_OF_PHASE,
    LOW_END_WIDE,
];

/// One side of a stereo file is silent.
pub const SILENT_CHANNEL: Rule = Rule {
    id: "silent-channel",
    title: "one channel silent",
    group: Group::Stereo,
    severity: Severity::Warning,
    limit: -90.0,
    graver: None,
    unit: "dBFS",
    doc: "One channel of a stereo file never rises above the limit and the other does.",
    why: "With headphones one ear hears nothing.",
    remedy: "use the other channel as a mono file, or pan it where it belongs",
    source: "",
};

/// Stereo with the same on both sides.
pub const DUAL_MONO: Rule = Rule {
    id: "dual-mono",
    title: "mono in a stereo file",
    group: Group::Stereo,
    severity: Severity::Note,
    limit: -90.0,
    graver: None,
    unit: "dB",
    doc: "Both channels of a stereo file carry one signal, at the same or at different levels: what is left when it is \
          taken away lies below the limit, relative to the file.",
    why: "It does no harm to the listener; who mixes it takes a point for a width that is not there.",
    remedy: "use it as a mono file; it takes half the space and pans as one would expect",
    source: "",
};

/// Left and right turned against each other.
pub const POLARITY_STEREO: Rule = Rule {
    id: "polarity-stereo",
    title: "channels turned against each other",
    group: Group::Stereo,
    severity: Severity::Warning,
    limit: 0.5,
    graver: None,
    unit: "",
    doc: "Left and right of a stereo file are the same sound with opposite polarity: the normalized cross-correlation \
          from 100 Hz to 5 kHz within ±3 ms has its greatest magnitude beyond the limit and is negative there, and \
          the phase transform (GCC-PHAT) agrees over a broad band.",
    why: "In mono, on a telephone and in many a kitchen, the sound disappears; in stereo it has no place and presses \
          on the ears.",
    remedy: "turn the polarity of one channel; in mono this file cancels itself",
    source: "Knapp & Carter, IEEE Trans. ASSP 24, 1976",
};
