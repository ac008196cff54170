//! What a report is about: files as they were measured, and the services they will be played by.

use tonmeister_core::Severity;
use tonmeister_measure::check::Finding;
use tonmeister_measure::loudness::{History, Loudness};
use tonmeister_measure::portrait::Portrait;

/// One file, measured.
#[derive(Clone, Debug)]
pub struct Subject {
    /// What it is called.
    pub name: String,
    /// What kind of file it is ("WAV, 24-bit").
    pub format: String,
    /// Loudness, peaks and dynamics.
    pub loudness: Loudness,
    /// The same over time.
    pub history: History,
    /// Spectrum, space and waveform.
    pub portrait: Portrait,
    /// What `check` found, the gravest first or in any order.
    pub findings: Vec<Finding>,
    /// What was odd about the file itself.
    pub remarks: Vec<String>,
}

/// Where music is played, or a standard it is delivered by.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    /// Its name among people ("Apple Music", "EBU R 128").
    pub name: String,
    /// The loudness it plays at, or asks for.
    pub loudness_lufs: f64,
    /// The true peak it asks for.
    pub ceiling_dbtp: f64,
    /// A service turns songs down to its loudness; a standard only asks for it.
    pub plays: bool,
    /// Whether it turns quiet songs up, as far as the ceiling allows; `None` when nobody knows.
    pub raises: Option<bool>,
    /// Who says so.
    pub source: String,
    /// When that was looked up.
    pub date: String,
}

/// How several files belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Story {
    /// One file, or several side by side.
    SideBySide,
    /// Two: before and after.
    BeforeAfter,
}

impl Subject {
    /// Length in seconds.
    pub fn seconds(&self) -> f64 {
        self.loudness.seconds()
    }

    /// The findings, the gravest first, then in time.
    pub fn by_gravity(&self) -> Vec<&Finding> {
        let mut findings: Vec<&Finding> = self.findings.iter().collect();
        let begins = |finding: &Finding| finding.at.map_or(-1.0, |at| at.from_s);
        findings.sort_by(|a, b| b.severity.cmp(&a.severity).then(begins(a).total_cmp(&begins(b))));
        findings
    }

    /// How many findings are so grave.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }
}

impl Service {
    /// What it turns a song by, in dB: down to its loudness, up as far as it does that and the ceiling allows. `None` for
    /// a standard, for silence, and for a quiet song where nobody knows.
    pub fn gain_db(&self, loudness: &Loudness) -> Option<f64> {
        let wanted = self.loudness_lufs - loudness.integrated_lufs.filter(|_| self.plays)?;
        if wanted <= 0.0 {
            return Some(wanted);
        }
        match self.raises {
            Some(true) => {
                let room = loudness.true_peak_dbtp.map_or(wanted, |peak| self.ceiling_dbtp - peak);
                Some(wanted.min(room.max(0.0)))
            }
            Some(false) => Some(0.0),
            None => None,
        }
    }
}
