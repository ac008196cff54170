//! What tracks do to each other.

use tonmeister_core::Severity;

use super::{Group, Rule};

/// Two files hold one sound at two times.
pub const DELAY_PAIR: Rule = Rule {
    id: "delay-pair",
    title: "two microphones out of time",
    group: Group::Session,
    severity: Severity::Note,
    limit: 0.1,
    graver: None,
    unit: "ms",
    doc: "Two files hold the same sound, and one has it later by the limit or more, up to 20 ms: the phase transform \
          (GCC-PHAT) of their common windows, 100 Hz to 5 kHz, has one clear peak, over a broad band. A shared beat or a \
          part played twice has none.",
    why: "Heard together they comb: some notes are hollow, others stand out, transients are smeared. A room microphone \
          may be late on purpose.",
    remedy: "move one by the delay (`tonmeister align` writes it into a song), or use only one of them",
    source: "Knapp & Carter, IEEE Trans. ASSP 24, 1976",
};

/// One file hides another.
pub const MASKED: Rule = Rule {
    id: "masked",
    title: "hidden by another track",
    group: Group::Session,
    severity: Severity::Note,
    limit: 0.7,
    graver: None,
    unit: "of its time",
    doc: "Energies in forty bands of the ear, in moments of 0.35 s, spread as the ear spreads them. A band is hidden \
          where the other file's excitation lies more than 4 dB above its energy; a moment is hidden when the hidden \
          bands hold half of the energy in the quarter of the bands that the file is heard by. Counted at the files' own \
          levels, without faders; for each file only the one that hides it most is named. Files that sound together for \
          less than 1.4 s are not compared. \
          Steady noise with the spectrum of a track over it: 12 dB louder 96 % found, 10 dB: 92 %, none of it 10 dB below. \
          At 10 dB those that are missed are hidden for 0.56 and 0.64 of their time, in their pauses they show. \
          Of 73 tracks in songs as their composers balanced them 10 are told.",
    why: "It is played, it takes headroom, and nobody hears it.",
    remedy: "turn it up, pan the two apart, or cut the hiding one where the hidden one lives",
    source: "Terhardt 1979 (spread); Hafezi & Reiss, J. AES 63(5), 2015; Ma, Reiss & Black 2014",
};
