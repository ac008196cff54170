//! Width, balance and what mono loses.

use tonmeister_core::Severity;

use super::{Group, Rule};

/// Left and right cancel each other in mono.
pub const MONO_LOSS: Rule = Rule {
    id: "mono-loss",
    title: "disappears in mono",
    group: Group::Stereo,
    severity: Severity::Warning,
    limit: 5.0,
    graver: None,
    unit: "dB",
    doc: "The power of the mono sum against that of one signal on both sides, over the whole file. Two sounds that have \
          nothing in common lose 3 dB, which is what any wide mix comes near to; what loses the limit or more is in \
          part the same sound turned (at 6 dB the correlation is −0.5).",
    why: "On a telephone, a kitchen radio, one half of a pair of earphones or in a club it is faint or gone.",
    remedy: "look for a widener, a chorus or a delay that turns one side, and narrow or leave it",
    source: "",
};

/// A band cancels itself in mono.
pub const MONO_LOSS_BAND: Rule = Rule {
    id: "mono-loss-band",
    title: "a band disappears in mono",
    group: Group::Stereo,
    severity: Severity::Warning,
    limit: 7.0,
    graver: None,
    unit: "dB",
    doc: "The same as `mono-loss` for every octave (in steps of a third) that carries a hundredth of the power or more; \
          the worst is named.",
    why: "In mono the balance of the instruments is another, most often without body or without the snare's attack.",
    remedy: "look for what is turned, delayed or widened in that band only: a crossover, an equalizer on one side, a chorus",
    source: "",
};

/// Turned against each other for a while.
pub const OUT_OF_PHASE: Rule = Rule {
    id: "out-of-phase",
    title: "a stretch out of phase",
    group: Group::Stereo,
    severity: Severity::Warning,
    limit: 4.0,
    graver: None,
    unit: "s",
    doc: "The correlation of left and right, second by second, stays below −0.2 for as long as the limit. Seconds 40 dB \
          below the loudest are skipped.",
    why: "While it lasts the sound has no place between the speakers, presses on the ears, and is gone in mono.",
    remedy: "turn the polarity of one channel of the track that sounds there, or narrow it",
    source: "",
};

/// The low end is wide.
pub const LOW_END_WIDE: Rule = Rule {
    id: "low-end-wide",
    title: "low end too wide",
    group: Group::Stereo,
    severity: Severity::Note,
    limit: -3.0,
    graver: Some((0.0, Severity::Warning)),
    unit: "dB",
    doc: "The side against the middle below 110 Hz, both channels taken at one level, where the low end carries 3 % of \
          the power or more and is not simply panned. Finished music lies between −30 and −4.5 dB. From 0 dB on \
          left and right of the low end cancel each other.",
    why: "It eats headroom, loses its weight in clubs and on small speakers, where bass is mono, and cannot be cut to vinyl.",
    remedy: "make it mono below 100 to 150 Hz (the mono maker of the stereo tools keeps the middle as it is)",
    source: "",
};

/// One side is weaker.
pub const ONE_SIDED: Rule = Rule {
    id: "one-sided",
    title: "one side weaker",
    group: Group::Stereo,
    severity: Severity::Note,
    limit: 4.0,
    graver: Some((10.0, Severity::Warning)),
    unit: "dB",
    doc: "The power of left against right in each third of an octave from 100 Hz to 10 kHz that sounds, over the whole file: \
          the middle (median) of them all, so that one loud instrument on a side does not count for the whole. A mono sound \
          that is panned is not meant. Finished mixes stay within 2.5 dB.",
    why: "The whole sound leans to one side; a mix pulls the listener off the middle.",
    remedy: "raise the weaker channel, or look for what is panned without a counterpart",
    source: "",
};

/// Stereo that sounds mono.
pub const NEAR_MONO: Rule = Rule {
    id: "near-mono",
    title: "all but mono",
    group: Group::Stereo,
    severity: Severity::Note,
    limit: -45.0,
    graver: None,
    unit: "dB",
    doc: "What is left of one channel when as much of the other as fits is taken away lies below the limit, but is not \
          nothing: noise of a coder or of dither on a mono sound (`dual-mono` is exactly mono).",
    why: "It does no harm to the listener; who mixes it takes a point for a width that is not there.",
    remedy: "use it as a mono file",
    source: "",
};

/// Mono for a while.
pub const MONO_STRETCH: Rule = Rule {
    id: "mono-stretch",
    title: "mono for a while",
    group: Group::Stereo,
    severity: Severity::Note,
    limit: 5.0,
    graver: None,
    unit: "s",
    doc: "For as long as the limit left and right are one signal (nothing above −45 dB is left of one when the other \
          is taken away), in a file that is stereo as a whole.",
    why: "The width collapses; an insert that was exported in mono, a lost channel that was filled up with its twin.",
    remedy: "look at what was edited or inserted there",
    source: "",
};
