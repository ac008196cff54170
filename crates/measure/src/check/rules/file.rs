//! The file: what it holds, how long, how it was stored.

use tonmeister_core::Severity;

use super::{Group, Rule};

pub(super) const ALL: &[Rule] = &[EMPTY, NON_FINITE, LEADING_SILENCE, TRAILING_SILENCE];

/// No audio at all.
pub const EMPTY: Rule = Rule {
    id: "empty",
    title: "no audio",
    group: Group::File,
    severity: Severity::Error,
    limit: 0.0,
    graver: None,
    unit: "frames",
    doc: "The file holds no frame of audio.",
    why: "There is nothing to hear, and what should be heard is missing.",
    remedy: "export it again, or take it out of the session",
    source: "",
};

/// NaN or infinity among the samples.
pub const NON_FINITE: Rule = Rule {
    id: "non-finite",
    title: "samples that are no numbers",
    group: Group::File,
    severity: Severity::Error,
    limit: 0.0,
    graver: None,
    unit: "samples",
    doc: "Samples that are no numbers (NaN) or infinite. They are counted, and heard as silence by all other rules.",
    why: "Many programs fall silent at the first of them, or play a bang at full scale; a filter that has heard one \
          stays broken.",
    remedy: "export it again; a plug-in or a converter has failed at that place",
    source: "",
};

/// Silence before the sound.
pub const LEADING_SILENCE: Rule = Rule {
    id: "leading-silence",
    title: "silence at the start",
    group: Group::File,
    severity: Severity::Note,
    limit: 10.0,
    graver: None,
    unit: "s",
    doc: "The file starts with digital silence (zeros on all channels) longer than the limit.",
    why: "In a song that is released the listener takes it for a fault of the player.",
    remedy: "nothing, if it keeps the file aligned with its siblings",
    source: "",
};

/// Silence after the sound.
pub const TRAILING_SILENCE: Rule = Rule {
    id: "trailing-silence",
    title: "silence at the end",
    group: Group::File,
    severity: Severity::Note,
    limit: 10.0,
    graver: None,
    unit: "s",
    doc: "The file ends with digital silence (zeros on all channels) longer than the limit.",
    why: "In a song that is released the next one comes late.",
    remedy: "nothing, if it keeps the file as long as its siblings",
    source: "",
};
