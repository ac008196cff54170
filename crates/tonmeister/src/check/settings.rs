//! Which rule counts how, and from where on.

use serde::Serialize;
use tonmeister_core::diagnostic::nearest;
use tonmeister_measure::check::rules::{self, Group, RULES, Rule};
use tonmeister_measure::check::{Config, Finding as AudioFinding, Level};
use tonmeister_session::model::Check;

use super::Song;
use crate::failure::Failure;
use crate::world::World;

/// What a check is told on the way in. It goes before what a document says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CheckOptions {
    /// Levels and limits. A rule's own name goes before its group's, and that before `all`.
    pub rules: Vec<RuleSetting>,
    /// Every warning counts as an error.
    pub deny_warnings: bool,
}

/// A level or a limit, or both, for a rule.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleSetting {
    /// The rule; for levels also a group (`signal`, `level`, …) or `all`.
    pub rule: String,
    /// How its findings count.
    pub level: Option<Level>,
    /// From where on it counts, in its unit.
    pub limit: Option<f64>,
}

/// A rule and how it stands.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct RuleState {
    /// Its name.
    pub id: &'static str,
    /// Its group.
    pub group: &'static str,
    /// A few words.
    pub title: &'static str,
    /// How it counts; the rule's own word may grow graver with the finding.
    pub level: &'static str,
    /// From where on it counts.
    pub limit: f64,
    /// The unit of the limit.
    pub unit: &'static str,
    /// Whether level or limit is not the rule's own.
    pub set: bool,
}

impl CheckOptions {
    /// Refuses rules that are not there, limits that are no numbers, and one rule with two levels.
    pub(crate) fn verify(&self) -> Result<(), Failure> {
        for (place, setting) in self.rules.iter().enumerate() {
            let name = setting.rule.as_str();
            if rules::rule(name).is_none() && !(setting.limit.is_none() && is_group(name)) {
                return Err(Failure::Usage(unknown(name)));
            }
            if setting.limit.is_some_and(|limit| !limit.is_finite()) {
                return Err(Failure::Usage(format!("the limit of `{name}` is no number")));
            }
            let earlier = self.rules[..place].iter().filter(|other| other.rule == setting.rule);
            if earlier.clone().any(|other| other.level.is_some() && setting.level.is_some())
                || earlier.clone().any(|other| other.limit.is_some() && setting.limit.is_some())
            {
                return Err(Failure::Usage(format!("`{name}` is set twice; say once how it counts")));
            }
        }
        Ok(())
    }

    /// The level that is asked for, by the rule's name, its group's, or `all`.
    pub(crate) fn level(&self, rule: &Rule) -> Option<Level> {
        let of = |name: &str| self.rules.iter().find(|set| set.rule == name && set.level.is_some())?.level;
        of(rule.id).or_else(|| of(rule.group.name())).or_else(|| of("all"))
    }

    fn limit(&self, rule: &Rule) -> Option<f64> {
        self.rules.iter().filter(|set| set.rule == rule.id).find_map(|set| set.limit)
    }
}

fn is_group(name: &str) -> bool {
    name == "all" || Group::ALL.iter().any(|group| group.name() == name)
}

/// That there is no such rule, and the nearest there is.
pub(crate) fn unknown(name: &str) -> String {
    let help = match nearest(name, RULES.iter().map(|rule| rule.id)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`tonmeister check --rules` lists them".into(),
    };
    format!("there is no rule `{name}`; {help}")
}

/// The rules' own word, under each of these in turn, under what the command says.
pub(crate) fn config(layers: &[&[Check]], options: &CheckOptions) -> Config {
    let mut config = Config::default();
    for rule in RULES {
        let of_document = || layers.iter().rev().flat_map(|layer| layer.iter()).filter(|set| set.rule == rule.id);
        let level = options.level(rule).or_else(|| of_document().find_map(|set| set.level));
        let limit = options.limit(rule).or_else(|| of_document().find_map(|set| set.limit));
        // The names are those of the table itself.
        if let Some(level) = level {
            config = config.with_level(rule.id, level).unwrap_or_default();
        }
        if let Some(limit) = limit {
            config = config.with_limit(rule.id, limit).unwrap_or_default();
        }
    }
    config
}

/// Only the limits.
pub(crate) fn limits(song: &[Check], options: &CheckOptions) -> Config {
    let bare: Vec<Check> = song.iter().map(|set| Check { level: None, ..*set }).collect();
    let limits = options.rules.iter().filter(|set| set.limit.is_some());
    let limits = limits.map(|set| RuleSetting { level: None, ..set.clone() });
    config(&[&bare], &CheckOptions { rules: limits.collect(), deny_warnings: false })
}

/// The mildest level that a track among those concerned gives to the rule of a finding.
pub(crate) fn mildest(song: &Song, finding: &AudioFinding) -> Option<Level> {
    let tracks = song.document.song().tracks.iter().filter(|track| {
        track.clips.iter().any(|clip| finding.files.contains(&song.file(&clip.audio).display().to_string()))
    });
    tracks.flat_map(|track| &track.check).filter(|set| set.rule == finding.rule).filter_map(|set| set.level).min()
}

impl World {
    /// Every rule with its level and limit: as it is, or as a document and options set it.
    pub fn rules(&self, song: Option<&std::path::Path>, options: &CheckOptions) -> Result<Vec<RuleState>, Failure> {
        options.verify()?;
        let said = match song {
            Some(path) => self.open_document(path)?.0.song().check.clone(),
            None => Vec::new(),
        };
        let config = config(&[&said], options);
        let state = |rule: &Rule| RuleState {
            id: rule.id,
            group: rule.group.name(),
            title: rule.title,
            level: config.level(rule).unwrap_or(rule.severity.into()).word(),
            limit: config.limit(rule),
            unit: rule.unit,
            set: config.level(rule).is_some() || config.limit(rule) != rule.limit,
        };
        Ok(RULES.iter().map(state).collect())
    }

    /// The page of a rule.
    pub fn explain(&self, rule: &str) -> Result<String, Failure> {
        let rule = rules::rule(rule).ok_or_else(|| Failure::Usage(unknown(rule)))?;
        Ok(crate::rule_pages::page(rule))
    }
}
