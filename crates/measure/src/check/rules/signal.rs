//! Faults of the waveform.

use tonmeister_core::Severity;

use super::{Group, Rule};

pub(super) const ALL: &[Rule] = &[CLIPPED, DC_OFFSET];

/// Tops cut flat.
pub const CLIPPED: Rule = Rule {
    id: "clipped",
    title: "clipping",
    group: Group::Signal,
    severity: Severity::Note,
    limit: 1.0,
    graver: Some((3.0, Severity::Warning)),
    unit: "tops",
    doc: "Flat tops at the file's greatest value: runs of at least 3 samples within 1e-4 of it that the waveform runs \
          into at an angle, as no unclipped crest does. Counted for each polarity. Works at any gain, so a clipped \
          take that was turned down is found too. Counted per channel; where most of the high samples lie on the plateau \
          the sound is itself made of plateaus (a square-wave \
          synthesizer, fuzz) and it is a note.",
    why: "Cut crests crackle, and the finer they are the more they sound like grit on every loud note; no later step \
          takes it away again.",
    remedy: "record or export it again with more headroom, or repair it with a declipper",
    source: "",
};

/// A mean that is not zero.
pub const DC_OFFSET: Rule = Rule {
    id: "dc-offset",
    title: "offset",
    group: Group::Signal,
    severity: Severity::Note,
    limit: 1e-3,
    graver: Some((1e-2, Severity::Warning)),
    unit: "of full scale",
    doc: "The mean of all samples of a channel is farther from zero than −60 dBFS: it takes headroom and makes \
          edits click. Released music often leans a little; from −40 dBFS on it is worth mending.",
    why: "It is not heard by itself, but it takes headroom on one side, makes every cut and fade click, and turns \
          into even harmonics in whatever saturates.",
    remedy: "put a high-pass at 20 Hz on it",
    source: "",
};
