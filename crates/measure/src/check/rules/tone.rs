//! The spectrum.

use tonmeister_core::Severity;

use super::{Group, Rule};

pub(super) const ALL: &[Rule] = &[RESONANCE, HARSH, MUDDY, SIBILANT, PLOSIVE];

/// A band that stands out whatever is played.
pub const RESONANCE: Rule = Rule {
    id: "resonance",
    title: "something rings",
    group: Group::Tone,
    severity: Severity::Note,
    limit: 1.0,
    graver: Some((5.0, Severity::Warning)),
    unit: "dB",
    doc: "In a file that fills all octaves from 100 Hz to 12.8 kHz nearly all the time, as mixes and masters do: between \
          850 Hz and 8 kHz a fifth of an octave (its middle, the median of five bands) stands by the limit or more over the \
          median of what lies within seven twelfths of an octave around it in four fifths of all moments (0.17 s each), of which \
          those count most whose surroundings are even: drums, breath, tails. A note stands out only while it \
          lasts and on its own line; what rings raises all that falls on it. Single instruments, thin music \
          and lower frequencies are not judged: notes and resonances cannot be told apart there. \
          A bell of Q 10 put into mixes and masters: 98 % found from 10 dB on, 94 % of 8 dB; one of 26 rings untouched. What \
          is much narrower (a whistle of a single line) is not found.",
    why: "A whistle, a honk or a clang that returns with every note and drum near it: tiring long before one can say what \
          it is, and worse on small loudspeakers.",
    remedy: "find it by ear with a narrow bell (Q of 5 to 10) and cut there by 3 to 8 dB, in the track that rings rather than \
             in the mix",
    source: "",
};

/// Too much of what bites.
pub const HARSH: Rule = Rule {
    id: "harsh",
    title: "harsh",
    group: Group::Tone,
    severity: Severity::Note,
    limit: 4.7,
    graver: Some((10.0, Severity::Warning)),
    unit: "dB",
    doc: "In a full mix: how high a bell of Q 1 in the middle of 2 to 5 kHz stands in it, held against 1223 minutes of released songs. \
          Of every third of an octave from 63 Hz to 12.8 kHz the mean, the median and how far it stands over its neighbours \
          in a tenth, half and nine tenths of the moments are looked at, and what differs from the songs' mean is weighed by \
          how these vary together from song to song (the unbiased estimate of least variance). A stretch of 30 to 80 % of the \
          song in which the band stands higher is told with its time, when it does so by 2 dB more than a whole song \
          must. A full mix fills all seven octaves from 100 Hz three quarters of the time (within 43 dB of the loudest, the \
          bell taken away), has a low end, and moves, and what stands out by more than 26 dB is one sound: single \
          instruments are not judged. \
          A bell of 10 dB over all of one of 27 other songs: all found, 8 dB: 93 %, 6 dB: 70 %, precision 0.96; over half \
          of the song 15 dB: all, 10 dB: 89 %. Of 1223 minutes of released songs 8 % are told untouched (each \
          collection judged by the others), and a bell of 12 dB in 98 %. A trained listener objects to a bell of 6 to 8 dB \
          in most songs. What is harsh away from the middle of the band is read lower.",
    why: "It bites: loud passages tire the ear, one turns it down, and small loudspeakers and earphones, which are loudest \
          there, make it worse.",
    remedy: "look for the track that bites (guitars, cymbals, a bright voice) and take 2 to 4 dB at 2 to 5 kHz out of it with a \
             wide bell, or with one that moves where only loud notes bite; of the whole mix only when all of it does, and \
             hold it against a release that you trust",
    source: "",
};

/// Too much of what covers.
pub const MUDDY: Rule = Rule {
    id: "muddy",
    title: "muddy",
    group: Group::Tone,
    severity: Severity::Note,
    limit: 6.6,
    graver: Some((10.0, Severity::Warning)),
    unit: "dB",
    doc: "In a full mix: how high a bell of Q 1 in the middle of 200 to 500 Hz stands in it, held against released songs as \
          for `harsh`; a third of the weight has a plain reading of the mean spectrum that is blind to its tilt (a dark song \
          is not muddy for being dark). \
          A bell of 12 dB over all of one of 27 other songs: 96 % found, 10 dB: 85 %, 8 dB: 67 %, precision 0.96; over half \
          of the song 18 dB: 96 %, 12 dB: 85 %. Of 1223 minutes of released songs 6 % are told untouched, and a \
          bell of 12 dB in 92 %, of 15 dB in 99 %. A trained listener objects to 6 to 8 dB in most songs.",
    why: "Voices and drums sound as from behind a door: the low middle of many tracks piles up, covers words and attacks, and \
          takes the headroom.",
    remedy: "high-pass what needs no low end, and take 2 to 4 dB at 200 to 500 Hz out of the tracks that share it (guitars, \
             keyboards, rooms, the reverb), the one that matters most excepted",
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
