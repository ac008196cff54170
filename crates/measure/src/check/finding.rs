//! A finding: what a rule saw.

use serde::{Serialize, Serializer};
use tonmeister_core::Severity;

use super::rules::Rule;

/// One thing that a rule found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// The rule's stable name.
    pub rule: &'static str,
    /// How grave it is; `note`, `warning` or `error` in JSON.
    #[serde(serialize_with = "severity")]
    pub severity: Severity,
    /// The files concerned, when several were compared; the suspect first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
    /// Where in time; `None` when it concerns the whole.
    pub at: Option<TimeRange>,
    /// Which channel, from 0; `None` when it concerns all.
    pub channel: Option<usize>,
    /// The numbers.
    pub evidence: Vec<Evidence>,
    /// What was found, in a sentence.
    pub message: String,
    /// What to do about it.
    pub remedy: &'static str,
}

/// A stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct TimeRange {
    /// Its start.
    pub from_s: f64,
    /// Its end.
    pub to_s: f64,
}

/// A number that speaks for a finding.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Evidence {
    /// What it is.
    pub name: &'static str,
    /// How much.
    pub value: f64,
    /// Of what: `dBFS`, `s`, `samples`; empty for a plain number.
    pub unit: &'static str,
}

impl Finding {
    pub(super) fn of(rule: &Rule, message: String) -> Self {
        Finding {
            rule: rule.id,
            severity: rule.severity,
            files: Vec::new(),
            at: None,
            channel: None,
            evidence: Vec::new(),
            message,
            remedy: rule.remedy,
        }
    }

    pub(super) fn graver(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    pub(super) fn between(mut self, from: u64, to: u64, sample_rate: u32) -> Self {
        let seconds = |frame: u64| frame as f64 / f64::from(sample_rate);
        self.at = Some(TimeRange { from_s: seconds(from), to_s: seconds(to) });
        self
    }

    pub(super) fn on(mut self, channel: usize) -> Self {
        self.channel = Some(channel);
        self
    }

    pub(super) fn files<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        self.files = names.into_iter().map(str::to_owned).collect();
        self
    }

    pub(super) fn with(mut self, name: &'static str, value: f64, unit: &'static str) -> Self {
        self.evidence.push(Evidence { name, value, unit });
        self
    }

    /// The evidence of that name.
    pub fn evidence(&self, name: &str) -> Option<f64> {
        self.evidence.iter().find(|e| e.name == name).map(|e| e.value)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over references")]
fn severity<S: Serializer>(severity: &Severity, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(match severity {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    })
}
