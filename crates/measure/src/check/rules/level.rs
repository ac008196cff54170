//! Levels and peaks.

use tonmeister_core::Severity;

use super::{Group, Rule};

pub(super) const ALL: &[Rule] = &[SILENT, OVER_FULL_SCALE, TRUE_PEAK];

/// Nothing to be heard.
pub const SILENT: Rule = Rule {
    id: "silent",
    title: "silence",
    group: Group::Level,
    severity: Severity::Warning,
    limit: -90.0,
    graver: None,
    unit: "dBFS",
    doc: "No sample of the file rises above the limit.",
    why: "There is nothing to hear.",
    remedy: "check what was exported; a muted or unarmed track makes such a file",
    source: "",
};

/// Beyond full scale.
pub const OVER_FULL_SCALE: Rule = Rule {
    id: "over-full-scale",
    title: "samples beyond full scale",
    group: Group::Level,
    severity: Severity::Warning,
    limit: 0.0,
    graver: None,
    unit: "dBFS",
    doc: "Samples beyond ±1. Floating-point files and decoded lossy files hold them unharmed; every fixed-point file \
          made of them is clipped.",
    why: "Every player cuts them off: the loudest moments crackle.",
    remedy: "turn it down before it is written to a fixed-point format",
    source: "",
};

/// Between the samples beyond full scale.
pub const TRUE_PEAK: Rule = Rule {
    id: "true-peak",
    title: "true peak beyond the ceiling",
    group: Group::Level,
    severity: Severity::Note,
    limit: 0.0,
    graver: Some((1.0, Severity::Warning)),
    unit: "dBTP",
    doc: "The waveform between the samples rises above the limit (eight times oversampled, ±0.01 dB). Counted in \
          stretches of 10 ms that touch each other no more than once; where it is the samples themselves, \
          `over-full-scale` says so as well.",
    why: "Converters and lossy coders cut it off or overshoot: harshness that the sample meter does not show.",
    remedy: "limit it with a true-peak ceiling of −1 dBTP",
    source: "ITU-R BS.1770-5, Annex 2; EBU R 128",
};
