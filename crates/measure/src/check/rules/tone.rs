//! The spectrum.

use tonmeister_core::Severity;

use super::{Group, Rule};

pub(super) const ALL: &[Rule] = &[SIBILANT, PLOSIVE];

/// Esses as loud as vowels.
pub const SIBILANT: Rule = Rule {
    id: "sibilant",
    title: "sharp esses",
    group: Group::Tone,
    severity: Severity::Note,
    limit: -1.0,
    graver: None,
    unit: "dB",
    doc: "In a file that is like one voice: times of 40 to 350 ms in which 4 to 10 kHz lie over 200 Hz to 2 kHz and the \
          latter fall away, at the limit or above it against the mean of the vowels; three or more. Esses of a \
          voice that was recorded well lie 5 to 12 dB below its vowels.",
    why: "They spit: they are louder than the words, trouble coders and vinyl, and bite on headphones.",
    remedy: "a de-esser at 5 to 8 kHz, 4 to 8 dB, or turn the places down by hand; then look at the microphone's angle",
    source: "",
};

/// Bursts of breath.
pub const PLOSIVE: Rule = Rule {
    id: "plosive",
    title: "popped consonants",
    group: Group::Tone,
    severity: Severity::Note,
    limit: 0.0,
    graver: None,
    unit: "dB",
    doc: "In a file that is like one voice, with pauses: bursts of 20 to 200 ms below 120 Hz that lie over 200 Hz to \
          2 kHz, rise by 15 dB from nowhere and leave nothing, at the limit or above it against the mean of the vowels.",
    why: "Loudspeakers lurch, compressors duck the word that follows, and everybody hears the microphone.",
    remedy: "a high-pass at 80 to 120 Hz over the places (or the whole voice); next time a pop filter",
    source: "",
};
