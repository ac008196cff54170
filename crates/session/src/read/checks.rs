//! `[check]` and `[track.check]`: which rules count how, and from where on.

use tonmeister_core::{Level, RuleSpec};

use super::Reader;
use crate::keys::{LEVEL, LIMIT, RULE};
use crate::model::Check;
use crate::tree::{Kind, Node, shortened};

impl Reader<'_> {
    /// `of_track`: only what concerns one file by itself has a limit there.
    pub(super) fn checks(&mut self, node: &Node, of_track: bool) -> Vec<Check> {
        let what = if of_track { "track.check" } else { "check" };
        let Some(table) = self.table(what, node) else { return Vec::new() };
        let registry = self.registry;
        let mut checks = Vec::new();
        for entry in &table.entries {
            let Some(rule) = registry.rule(&entry.key) else {
                let key = shortened(&entry.key);
                let near = self.suggest(&entry.key, registry.rules().iter().map(|rule| rule.id));
                let help = near.or_else(|| Some("`tonmeister check --rules` lists them".into()));
                let label = format!("expected the name of a rule, found `{key}`");
                let message = format!("there is no rule `{key}`");
                self.error_with_help("unknown-rule", message, (&entry.key_span, label), help);
                continue;
            };
            checks.extend(self.check(rule, &entry.node, of_track));
        }
        checks
    }

    fn check(&mut self, rule: &RuleSpec, node: &Node, of_track: bool) -> Option<Check> {
        let level = |place: f64| Level::ALL[place as usize];
        let table = match &node.kind {
            Kind::Text(_) => {
                let level = level(self.param(&LEVEL, node)?);
                return Some(Check { rule: rule.id, level: Some(level), limit: None });
            }
            Kind::Table(table) => table,
            _ => {
                let number = matches!(node.kind, Kind::Integer(_) | Kind::Float(_));
                let help = number.then(|| format!("a limit is written `{} = {{ limit = 1.0 }}`", rule.id));
                let expected = "\"allow\", \"note\", \"warn\", \"deny\", or a table with `level` and `limit`";
                self.wrong_type(rule.id, node, expected, help);
                return None;
            }
        };
        let what = format!("the rule `{}`", rule.id);
        self.known(&what, table, &[RULE[0].id, RULE[1].id]);
        if table.entries.is_empty() {
            let label = "expected `level` or `limit`, found neither".to_string();
            self.error("missing-key", format!("`{}` is set to nothing", rule.id), &node.span, label);
            return None;
        }
        let set = table.get(LEVEL.id).map(|node| self.param(&LEVEL, node));
        let limit = table.get(LIMIT.id).map(|node| self.limit(rule, node, of_track));
        // What is there must be right; what is not there need not.
        if set == Some(None) || limit == Some(None) {
            return None;
        }
        Some(Check { rule: rule.id, level: set.flatten().map(level), limit: limit.flatten() })
    }

    fn limit(&mut self, rule: &RuleSpec, node: &Node, of_track: bool) -> Option<f64> {
        if of_track && rule.together {
            let label = "expected no limit here, for it lays several files side by side".to_string();
            let help = Some(format!("set the limit for the song: `[check]`, `{} = {{ limit = … }}`", rule.id));
            let message = format!("`{}` has one limit for all tracks", rule.id);
            self.error_with_help("limit", message, (&node.span, label), help);
            return None;
        }
        if let Kind::Text(text) = &node.kind {
            let unit = if rule.unit.is_empty() { "a plain number".into() } else { format!("a number ({})", rule.unit) };
            let label = format!("expected {unit}, found \"{}\"", shortened(text));
            let number: Option<f64> = text.trim().strip_suffix(rule.unit).and_then(|number| number.trim().parse().ok());
            let help = match number {
                Some(number) => format!("write it without its unit: `limit = {number}`"),
                None => format!("its own limit is {}", quantity(rule)),
            };
            let message = format!("the limit of `{}` cannot be \"{}\"", rule.id, shortened(text));
            self.error_with_help("wrong-unit", message, (&node.span, label), Some(help));
            return None;
        }
        self.param(&LIMIT, node)
    }
}

/// A rule's own limit with its unit.
fn quantity(rule: &RuleSpec) -> String {
    if rule.unit.is_empty() { rule.limit.to_string() } else { format!("{} {}", rule.limit, rule.unit) }
}
