//! The rules as a table: what is looked for, from where on it counts, how grave it is, what to do.

use tonmeister_core::Severity;

/// One thing that can be wrong with audio.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    /// A stable name.
    pub id: &'static str,
    /// How grave it is.
    pub severity: Severity,
    /// From where on it counts.
    pub limit: f64,
    /// From where on it is graver, and how grave.
    pub graver: Option<(f64, Severity)>,
    /// The unit of the limit.
    pub unit: &'static str,
    /// What is looked for, and how.
    pub doc: &'static str,
    /// What to do about it.
    pub remedy: &'static str,
}

impl Rule {
    /// How grave a value is.
    pub fn severity_of(&self, value: f64) -> Severity {
        match self.graver {
            Some((from, severity)) if value >= from => severity,
            _ => self.severity,
        }
    }
}

/// No audio at all.
pub const EMPTY: Rule = Rule {
    id: "empty",
    severity: Severity::Error,
    limit: 0.0,
    graver: None,
    unit: "frames",
    doc: "The file holds no frame of audio.",
    remedy: "export it again, or take it out of the session",
};

/// NaN or infinity among the samples.
pub const NON_FINITE: Rule = Rule {
    id: "non-finite",
    severity: Severity::Error,
    limit: 0.0,
    graver: None,
    unit: "samples",
    doc: "Samples that are no numbers (NaN) or infinite. They are counted, and heard as silence by all other rules.",
    remedy: "export it again; a plug-in or a converter has failed at that place",
};

/// Nothing to be heard.
pub const SILENT: Rule = Rule {
    id: "silent",
    severity: Severity::Warning,
    limit: -90.0,
    graver: None,
    unit: "dBFS",
    doc: "No sample of the file rises above the limit.",
    remedy: "check what was exported; a muted or unarmed track makes such a file",
};

/// One side of a stereo file is silent.
pub const SILENT_CHANNEL: Rule = Rule {
    id: "silent-channel",
    severity: Severity::Warning,
    limit: -90.0,
    graver: None,
    unit: "dBFS",
    doc: "One channel of a stereo file never rises above the limit and the other does.",
    remedy: "use the other channel as a mono file, or pan it where it belongs",
};

/// Tops cut flat.
pub const CLIPPED: Rule = Rule {
    id: "clipped",
    severity: Severity::Note,
    limit: 1.0,
    graver: Some((3.0, Severity::Warning)),
    unit: "tops",
    doc: "Flat tops at the file's greatest value: runs of at least 3 samples within 1e-4 of it that the waveform runs \
          into at an angle, as no unclipped crest does. Counted for each polarity. Works at any gain, so a clipped \
          take that was turned down is found too. Counted per channel; where most of the high samples lie on the plateau \
          the sound is itself made of plateaus (a square-wave \
          synthesiser, fuzz) and it is a note.",
    remedy: "record or export it again with more headroom, or repair it with a declipper",
};

/// Beyond full scale.
pub const OVER_FULL_SCALE: Rule = Rule {
    id: "over-full-scale",
    severity: Severity::Warning,
    limit: 0.0,
    graver: None,
    unit: "dBFS",
    doc: "Samples beyond ±1. Floating-point files and decoded lossy files hold them unharmed; every fixed-point file \
          made of them is clipped.",
    remedy: "turn it down before it is written to a fixed-point format",
};

/// A mean that is not zero.
pub const DC_OFFSET: Rule = Rule {
    id: "dc-offset",
    severity: Severity::Note,
    limit: 1e-3,
    graver: Some((1e-2, Severity::Warning)),
    unit: "of full scale",
    doc: "The mean of all samples of a channel is farther from zero than −60 dBFS: it takes headroom and makes \
          edits click. Released music often leans a little; from −40 dBFS on it is worth mending.",
    remedy: "put a high-pass at 20 Hz on it",
};

/// Stereo with the same on both sides.
pub const DUAL_MONO: Rule = Rule {
    id: "dual-mono",
    severity: Severity::Note,
    limit: -90.0,
    graver: None,
    unit: "dB",
    doc: "Both channels of a stereo file carry one signal, at the same or at different levels: what is left when it is \
          taken away lies below the limit, relative to the file.",
    remedy: "use it as a mono file; it takes half the space and pans as one would expect",
};

/// Silence before the sound.
pub const LEADING_SILENCE: Rule = Rule {
    id: "leading-silence",
    severity: Severity::Note,
    limit: 10.0,
    graver: None,
    unit: "s",
    doc: "The file starts with digital silence (zeros on all channels) longer than the limit.",
    remedy: "nothing, if it keeps the file aligned with its siblings",
};

/// Silence after the sound.
pub const TRAILING_SILENCE: Rule = Rule {
    id: "trailing-silence",
    severity: Severity::Note,
    limit: 10.0,
    graver: None,
    unit: "s",
    doc: "The file ends with digital silence (zeros on all channels) longer than the limit.",
    remedy: "nothing, if it keeps the file as long as its siblings",
};

/// Left and right turned against each other.
pub const POLARITY_STEREO: Rule = Rule {
    id: "polarity-stereo",
    severity: Severity::Warning,
    limit: 0.5,
    graver: None,
    unit: "",
    doc: "Left and right of a stereo file are the same sound with opposite polarity: the normalised cross-correlation \
          from 100 Hz to 5 kHz within ±3 ms has its greatest magnitude beyond the limit and is negative there, and \
          the phase transform (GCC-PHAT, Knapp & Carter 1976) agrees over a broad band.",
    remedy: "turn the polarity of one channel; in mono this file cancels itself",
};

/// Two files turned against each other.
pub const POLARITY_PAIR: Rule = Rule {
    id: "polarity-pair",
    severity: Severity::Warning,
    limit: 0.5,
    graver: None,
    unit: "",
    doc: "Two files of a session hold the same sound with opposite polarity, as two microphones at one source do when \
          one is wired the other way: judged as for `polarity-stereo`, on the windows in which both sound.",
    remedy: "turn the polarity of one of the two and listen which way the low end is fuller",
};

/// A sample rate of its own.
pub const SAMPLE_RATE_DIFFERS: Rule = Rule {
    id: "sample-rate-differs",
    severity: Severity::Warning,
    limit: 0.0,
    graver: None,
    unit: "Hz",
    doc: "The file's sample rate is not that of most of its siblings.",
    remedy: "make sure that its speed and pitch are right, then convert it to the session's rate",
};

/// A length of its own.
pub const LENGTH_DIFFERS: Rule = Rule {
    id: "length-differs",
    severity: Severity::Warning,
    limit: 1.0,
    graver: None,
    unit: "frames",
    doc: "More than half of the files have one length to within the limit, and this one has not.",
    remedy: "check that it was exported from the same start to the same end as its siblings",
};

/// Every rule, in the order of the findings.
pub const RULES: &[Rule] = &[
    EMPTY,
    NON_FINITE,
    SILENT,
    SILENT_CHANNEL,
    CLIPPED,
    OVER_FULL_SCALE,
    DC_OFFSET,
    DUAL_MONO,
    POLARITY_STEREO,
    LEADING_SILENCE,
    TRAILING_SILENCE,
    SAMPLE_RATE_DIFFERS,
    LENGTH_DIFFERS,
    POLARITY_PAIR,
];
