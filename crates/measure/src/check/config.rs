//! What a listener wants to be told: levels and limits of rules.

use std::collections::BTreeMap;

use tonmeister_core::{Level, Severity};

use super::finding::Finding;
use super::rules::{self, Rule};

/// There is no rule of that name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no rule `{0}`")]
pub struct UnknownRule(pub String);

/// Levels and limits of rules that are not the rules' own. The default changes nothing.
///
/// ```
/// use tonmeister_measure::check::{Config, Level, rules};
///
/// let config = Config::default().with_level("dc-offset", Level::Allow)?.with_limit("clipped", 10.0)?;
/// assert_eq!(config.severity(&rules::DC_OFFSET, 0.1), None);
/// assert_eq!(config.limit(&rules::CLIPPED), 10.0);
/// # Ok::<(), tonmeister_measure::check::UnknownRule>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    levels: BTreeMap<&'static str, Level>,
    limits: BTreeMap<&'static str, f64>,
}

impl Config {
    /// The same with the rule of that name taken as `level`.
    pub fn with_level(mut self, id: &str, level: Level) -> Result<Self, UnknownRule> {
        self.levels.insert(known(id)?.id, level);
        Ok(self)
    }

    /// The same with another limit for the rule of that name, in the rule's unit.
    pub fn with_limit(mut self, id: &str, limit: f64) -> Result<Self, UnknownRule> {
        self.limits.insert(known(id)?.id, limit);
        Ok(self)
    }

    /// From where on a rule counts.
    pub fn limit(&self, rule: &Rule) -> f64 {
        self.limits.get(rule.id).copied().unwrap_or(rule.limit)
    }

    /// The level a rule was given; `None` when it speaks for itself.
    pub fn level(&self, rule: &Rule) -> Option<Level> {
        self.levels.get(rule.id).copied()
    }

    /// Whether anything of a rule is told at all.
    pub fn asks(&self, rule: &Rule) -> bool {
        self.level(rule) != Some(Level::Allow)
    }

    /// How grave a value beyond the limit is; `None` when it is not to be told.
    pub fn severity(&self, rule: &Rule, value: f64) -> Option<Severity> {
        match self.level(rule) {
            Some(level) => level.severity(),
            None => Some(rule.severity_of(value)),
        }
    }

    /// A finding as it is to be told, if it is: a level that was given goes before the finding's own severity.
    pub(super) fn judged(&self, mut finding: Finding) -> Option<Finding> {
        if let Some(level) = self.levels.get(finding.rule) {
            finding.severity = level.severity()?;
        }
        Some(finding)
    }
}

fn known(id: &str) -> Result<&'static Rule, UnknownRule> {
    rules::rule(id).ok_or_else(|| UnknownRule(id.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::{Config, Finding, Level, UnknownRule, rules};
    use tonmeister_core::Severity;

    #[test]
    fn a_level_goes_before_the_rule() {
        let rule = &rules::DC_OFFSET;
        let own = Config::default();
        assert_eq!(
            (own.severity(rule, 0.002), own.severity(rule, 0.02)),
            (Some(Severity::Note), Some(Severity::Warning))
        );
        let denied = Config::default().with_level("dc-offset", Level::Deny).unwrap();
        assert_eq!(denied.severity(rule, 0.002), Some(Severity::Error));
        let finding = Finding::of(rule, String::new());
        assert_eq!(denied.judged(finding.clone()).unwrap().severity, Severity::Error);
        let allowed = denied.with_level("dc-offset", Level::Allow).unwrap();
        assert_eq!((allowed.judged(finding), allowed.asks(rule)), (None, false));
        assert_eq!(own.with_limit("clippd", 1.0), Err(UnknownRule("clippd".into())));
    }
}
