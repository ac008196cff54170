//! What a check can find, described once: the document's `[check]`, the command line, the schema and the pages of the
//! rules read it here. Rooms that look for it hand the list over, as effects are handed over in a
//! [`Registry`](crate::Registry).

use crate::diagnostic::Severity;
use crate::param::Choice;

/// How a finding counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// It is not told.
    Allow,
    /// It is worth knowing, and no fault.
    Note,
    /// It deserves a look.
    Warn,
    /// It must not be: a check that finds it fails.
    Deny,
}

/// The words for [`Level`], in its order.
pub const LEVELS: &[Choice] = &[
    Choice { id: "allow", doc: "not told" },
    Choice { id: "note", doc: "worth knowing, and no fault" },
    Choice { id: "warn", doc: "deserves a look" },
    Choice { id: "deny", doc: "must not be: the check fails" },
];

impl Level {
    /// From the mildest to the gravest.
    pub const ALL: [Level; 4] = [Level::Allow, Level::Note, Level::Warn, Level::Deny];

    /// As the document writes it.
    pub fn word(self) -> &'static str {
        LEVELS[self as usize].id
    }

    /// The level of that word.
    pub fn of(word: &str) -> Option<Level> {
        Level::ALL.into_iter().find(|level| level.word() == word)
    }

    /// How grave a finding of that level is; `None`: it is not told.
    pub fn severity(self) -> Option<Severity> {
        match self {
            Level::Allow => None,
            Level::Note => Some(Severity::Note),
            Level::Warn => Some(Severity::Warning),
            Level::Deny => Some(Severity::Error),
        }
    }
}

impl From<Severity> for Level {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Note => Level::Note,
            Severity::Warning => Level::Warn,
            Severity::Error => Level::Deny,
        }
    }
}

/// One thing that a check can find, as far as its settings go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RuleSpec {
    /// A stable name: `dc-offset`.
    pub id: &'static str,
    /// What it is about, in a few words.
    pub title: &'static str,
    /// How it counts where nothing is set.
    pub level: Level,
    /// From where on it counts where nothing is set, in the rule's unit.
    pub limit: f64,
    /// The unit of the limit; empty for a plain number.
    pub unit: &'static str,
    /// What is looked for, and how.
    pub doc: &'static str,
    /// It lays several files side by side: a single track can set how it counts, not its limit.
    pub together: bool,
}

#[cfg(test)]
mod tests {
    use super::{LEVELS, Level};

    #[test]
    fn every_level_has_its_word() {
        for (level, word) in Level::ALL.into_iter().zip(LEVELS) {
            assert_eq!((level.word(), Level::of(word.id)), (word.id, Some(level)));
            assert!(level.severity().is_none_or(|severity| Level::from(severity) == level));
        }
        assert_eq!(Level::of("loud"), None);
    }
}
