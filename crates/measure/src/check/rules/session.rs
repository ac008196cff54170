//! The files of a session against each other.

use tonmeister_core::Severity;

use super::between::{DELAY_PAIR, MASKED};
use super::{Group, Rule};

pub(super) const ALL: &[Rule] = &[SAMPLE_RATE_DIFFERS, WRONG_RATE, LENGTH_DIFFERS, POLARITY_PAIR, DELAY_PAIR, MASKED];

/// A sample rate of its own.
pub const SAMPLE_RATE_DIFFERS: Rule = Rule {
    id: "sample-rate-differs",
    title: "another sample rate",
    group: Group::Session,
    severity: Severity::Warning,
    limit: 0.0,
    graver: None,
    unit: "Hz",
    doc: "The file's sample rate is not that of most of its siblings.",
    why: "Where a program does not convert it, it plays too fast or too slow, out of tune and out of time.",
    remedy: "make sure that its speed and pitch are right, then convert it to the session's rate",
    source: "",
};

/// A sample rate in the header that is not that of the audio.
pub const WRONG_RATE: Rule = Rule {
    id: "wrong-rate",
    title: "a sample rate that is not its own",
    group: Group::Session,
    severity: Severity::Warning,
    limit: 2.0,
    graver: None,
    unit: "frames",
    doc: "The file would last as long as its siblings, to within the limit, if its header named another usual sample rate: \
          one of the other family (32, 48, 96, 192 kHz against 44.1, 88.2, 176.4 kHz), for within a family lengths of 1 : 2 \
          and 2 : 3 are lengths of music too. Files of less than ten seconds, and files that do not end together with any \
          of their siblings, are not judged.",
    why: "It plays too fast or too slow: 48 kHz for 44.1 is one and a half semitones sharp, and a bar ahead after twelve.",
    remedy: "listen to it together with its siblings; if it is out of tune and runs away, write the right rate into its header \
             (or export it again), and do not convert it",
    source: "",
};

/// A length of its own.
pub const LENGTH_DIFFERS: Rule = Rule {
    id: "length-differs",
    title: "another length",
    group: Group::Session,
    severity: Severity::Warning,
    limit: 1.0,
    graver: None,
    unit: "frames",
    doc: "More than half of the files have one length to within the limit, and this one has not.",
    why: "It may start elsewhere than its siblings and play out of time, or lack its end.",
    remedy: "check that it was exported from the same start to the same end as its siblings",
    source: "",
};

/// Two files turned against each other.
pub const POLARITY_PAIR: Rule = Rule {
    id: "polarity-pair",
    title: "two files turned against each other",
    group: Group::Session,
    severity: Severity::Warning,
    limit: 0.5,
    graver: None,
    unit: "",
    doc: "Two files of a session hold the same sound with opposite polarity, as two microphones at one source do when \
          one is wired the other way: judged as for `polarity-stereo`, on the windows in which both sound.",
    why: "Together they cancel: the low end goes thin and the place in the picture is blurred.",
    remedy: "turn the polarity of one of the two and listen which way the low end is fuller",
    source: "Knapp & Carter, IEEE Trans. ASSP 24, 1976",
};
