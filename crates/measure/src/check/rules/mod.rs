//! The rules as a table: what is looked for, from where on it counts, how grave it is, what it does to the listener,
//! what to do. One file per [`Group`]; [`RULES`] lists all.

use tonmeister_core::Severity;

mod between;
mod file;
mod level;
mod session;
mod signal;
mod stereo;
mod tone;
mod width;

pub use between::*;
pub use file::*;
pub use level::*;
pub use session::*;
pub use signal::*;
pub use stereo::*;
pub use tone::*;
pub use width::*;

/// One thing that can be wrong with audio.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    /// A stable name.
    pub id: &'static str,
    /// A few words for a headline.
    pub title: &'static str,
    /// What it is about.
    pub group: Group,
    /// How grave it is.
    pub severity: Severity,
    /// From where on it counts.
    pub limit: f64,
    /// From where on it is graver, and how grave.
    pub graver: Option<(f64, Severity)>,
    /// The unit of the limit.
    pub unit: &'static str,
    /// What is looked for, and how; how surely it is found.
    pub doc: &'static str,
    /// What it does to the listener.
    pub why: &'static str,
    /// What to do about it.
    pub remedy: &'static str,
    /// The paper or the standard behind it; empty where there is none.
    pub source: &'static str,
}

/// What rules are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// The file: what it holds, how long, how it was stored.
    File,
    /// Levels and peaks.
    Level,
    /// Faults of the waveform: clipping, clicks, gaps, hum.
    Signal,
    /// Left against right.
    Stereo,
    /// The spectrum.
    Tone,
    /// The files of a session against each other.
    Session,
}

impl Group {
    /// Every group, in the order of the findings.
    pub const ALL: [Group; 6] = [Group::File, Group::Level, Group::Signal, Group::Stereo, Group::Tone, Group::Session];

    /// Its name in lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Group::File => "file",
            Group::Level => "level",
            Group::Signal => "signal",
            Group::Stereo => "stereo",
            Group::Tone => "tone",
            Group::Session => "session",
        }
    }
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

const GROUPS: [&[Rule]; 6] = [file::ALL, level::ALL, signal::ALL, stereo::ALL, tone::ALL, session::ALL];

const COUNT: usize = {
    let (mut group, mut count) = (0, 0);
    while group < GROUPS.len() {
        count += GROUPS[group].len();
        group += 1;
    }
    count
};

/// Every rule, in the order of the findings.
pub const RULES: &[Rule] = &{
    let mut rules = [EMPTY; COUNT];
    let (mut group, mut at) = (0, 0);
    while group < GROUPS.len() {
        let mut n = 0;
        while n < GROUPS[group].len() {
            rules[at] = GROUPS[group][n];
            (n, at) = (n + 1, at + 1);
        }
        group += 1;
    }
    rules
};

/// The rule of that name.
pub fn rule(id: &str) -> Option<&'static Rule> {
    RULES.iter().find(|r| r.id == id)
}

/// Where a rule stands in [`RULES`].
pub(super) fn place(id: &str) -> usize {
    RULES.iter().position(|r| r.id == id).unwrap_or(RULES.len())
}

#[cfg(test)]
mod tests {
    use super::{GROUPS, Group, RULES};

    #[test]
    fn every_rule_is_told_in_full_and_has_a_name_of_its_own() {
        for (n, rule) in RULES.iter().enumerate() {
            for text in [rule.id, rule.title, rule.doc, rule.why, rule.remedy] {
                assert!(!text.is_empty(), "{}", rule.id);
            }
            assert!(rule.id.chars().all(|c| c.is_ascii_lowercase() || c == '-' || c.is_ascii_digit()), "{}", rule.id);
            assert!(!RULES[..n].iter().any(|r| r.id == rule.id), "{} is there twice", rule.id);
        }
        for (group, rules) in Group::ALL.iter().zip(GROUPS) {
            assert!(rules.iter().all(|r| r.group == *group), "{group:?}");
        }
    }
}
