//! The rules as the document, the command line and the reference pages know them.

use tonmeister_core::RuleSpec;

use super::rules::{Group, RULES, Rule};

impl Rule {
    /// What can be set on it.
    pub fn spec(&self) -> RuleSpec {
        RuleSpec {
            id: self.id,
            title: self.title,
            level: self.severity.into(),
            limit: self.limit,
            unit: self.unit,
            doc: self.doc,
            together: self.group == Group::Session,
        }
    }
}

/// Every rule as far as its settings go, in the order of the findings.
pub fn specs() -> impl Iterator<Item = RuleSpec> {
    RULES.iter().map(Rule::spec)
}
