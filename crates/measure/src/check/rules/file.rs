//! The file: what it holds, how long, how it was stored.

use tonmeister_core::Severity;

use super::{Group, Rule};

pub(super) const ALL: &[Rule] =
    &[EMPTY, NON_FINITE, LEADING_SILENCE, TRAILING_SILENCE, CUT_START, CUT_END, HOLE, PADDED_BITS, UPSAMPLED, LOSSY];

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

/// No beginning.
pub const CUT_START: Rule = Rule {
    id: "cut-start",
    title: "begins in the middle",
    group: Group::File,
    severity: Severity::Note,
    limit: -50.0,
    graver: Some((-30.0, Severity::Warning)),
    unit: "dBFS",
    doc: "The very first samples are off zero and the first millisecond is as loud as the 20 ms that follow, which lie \
          above the limit: the sound was on before the file began. An attack, however quick, starts from zero. Where it \
          starts near zero, what follows must not tell of far more before it (a model of the sound, read backwards): \
          that is a fade. \
          Of starts in the middle of music 97 % are found; of fades of 2 ms one in 30 raises a false alarm, of longer ones none.",
    why: "A click at the start, and what was before is missing.",
    remedy: "export it from an earlier start, or fade it in over a few milliseconds",
    source: "",
};

/// No end.
pub const CUT_END: Rule = Rule {
    id: "cut-end",
    title: "ends in the middle",
    group: Group::File,
    severity: Severity::Note,
    limit: -50.0,
    graver: Some((-30.0, Severity::Warning)),
    unit: "dBFS",
    doc: "The last millisecond is as loud as the 20 ms before it, which lie above the limit, and the last samples are \
          off zero: the sound was still on when the file ended. \
          Of ends in the middle of music 99 % are found; of fades of 2 ms one in 60 raises a false alarm, of longer ones none.",
    why: "A click at the end, and the tail is missing.",
    remedy: "export it to a later end, or fade it out",
    source: "",
};

/// Nothing in the middle.
pub const HOLE: Rule = Rule {
    id: "hole",
    title: "digital silence within",
    group: Group::File,
    severity: Severity::Note,
    limit: 2.0,
    graver: None,
    unit: "s",
    doc: "Between sound and sound all channels are zero for longer than the limit. (Shorter ones that begin and end at \
          once are a `dropout`.)",
    why: "In a mix even the room is gone: it sounds as if the player had stopped. In a track of a session it is usual.",
    remedy: "nothing, if it is a rest; else lay room tone under it, or look for the missing clip",
    source: "",
};

/// Bits that say nothing.
pub const PADDED_BITS: Rule = Rule {
    id: "padded-bits",
    title: "fewer bits than the file has",
    group: Group::File,
    severity: Severity::Note,
    limit: 4.0,
    graver: None,
    unit: "bits",
    doc: "So many of the lowest bits never change in the whole file: it was made of one with fewer bits, without dither \
          or fades since.",
    why: "It is not heard; the file promises a resolution that it has not, and takes half as much space again.",
    remedy: "nothing, if the take was recorded so; else look for the original",
    source: "",
};

/// From a lower rate.
pub const UPSAMPLED: Rule = Rule {
    id: "upsampled",
    title: "made at a lower sample rate",
    group: Group::File,
    severity: Severity::Note,
    limit: 20.0,
    graver: None,
    unit: "dB",
    doc: "The mean spectrum stands by the limit higher just below half of a lower usual rate (0.80 to 0.88) than from \
          there to the end, where there is nothing but a floor, and it had not been falling before: the filter of a \
          conversion from that rate. Needs sound near half of that rate. \
          Bright music converted with the steep filter of a good converter: more than 9 in 10 \
          are found, without a false alarm; a soft filter leaves no such edge and is often missed.",
    why: "It sounds like the lower rate; the file promises a resolution that it has not.",
    remedy: "nothing, if it was recorded so; else look for the original",
    source: "",
};

/// A lossy coder.
pub const LOSSY: Rule = Rule {
    id: "lossy",
    title: "was lossy once",
    group: Group::File,
    severity: Severity::Note,
    limit: 20.0,
    graver: None,
    unit: "dB",
    doc: "The mean spectrum falls by the limit within 300 Hz between 9 and 20.7 kHz, and nothing is above but a floor: \
          the low-pass of a lossy coder (16 kHz for MP3 at 128 kbit/s, 19 to 20 kHz at higher rates and for Opus). Where the \
          coder let less pass from moment to moment, the mean of the fourth roots of the power falls so. Said \
          of the sound, not of the file: a WAV made of an MP3 is meant. \
          Of bright music all are found again from MP3 (128 to 320 kbit/s), \
          AAC, Vorbis and Opus (17 excerpts), without a false alarm; dull music bears no trace.",
    why: "Its cymbals swirl and its echoes come before the sound; the next lossy coder makes it worse.",
    remedy: "look for the original; never master from it",
    source: "",
};
