//! Levels and peaks.

use tonmeister_core::Severity;

use super::{Group, Rule};

pub(super) const ALL: &[Rule] = &[SILENT, OVER_FULL_SCALE];

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
