//! The spectrum.

use tonmeister_core::Severity;

use super::{Group, Rule};

pub(super) const ALL: &[Rule] = &[RESONANCE, SIBILANT, PLOSIVE];

/// A band that stands out whatever is played.
pub const RESONANCE: Rule = Rule {
    id: "resonance",
    title: "something rings",
    group: Group::Tone,
    severity: Severity::Note,
    limit: 2.0,
    graver: Some((6.0, Severity::Warning)),
    unit: "dB",
    doc: "In a file that fills all octaves from 100 Hz to 12.8 kHz nearly all the time, as mixes and masters do: between \
          850 Hz and 8 kHz an eighth of an octave stands by the limit or more over the median of what lies within three \
          quarters of an octave around it in four fifths of all moments (0.17 s each). A note stands out only while it \
          lasts; what rings raises all that falls on it, drums and breath and tails too. Single instruments, thin music \
          and lower frequencies are not judged: notes and resonances cannot be told apart there. \
          A bell of 15 dB and Q 10 put into mixes and masters: 98 % found, 12 dB: 92 %, 8 dB: 77 %; one of 26 rings \
          untouched.",
    why: "A whistle, a honk or a clang that returns with every note and drum near it: tiring long before one can say what \
          it is, and worse on small loudspeakers.",
    remedy: "find it by ear with a narrow bell (Q of 5 to 10) and cut there by 3 to 8 dB, in the track that rings rather than \
             in the mix",
    source: "",
};

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
