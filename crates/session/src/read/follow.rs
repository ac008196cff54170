//! `follow` of an automation: whose level, how it is heard, and which values stand for it.

use std::ops::Range;

use tonmeister_core::{Automatable, Diagnostic, ParamSpec};

use super::{Place, Reader};
use crate::keys::{ATTACK, CEILING, DETECTOR, FLOOR, FOLLOW, FOLLOW_DEPTH, KEY_MUTED, KEY_TAP, LEAST_SPAN_DB, RELEASE};
use crate::model::{Detector, Follower, KeySource, KeyTap, SideChain, Target};
use crate::tree::{Entry, Node, Table, shortened};

/// A lane that follows a level, for the search of circles.
pub(super) struct Followed {
    /// Whose lane.
    pub(super) at: Place,
    pub(super) target: Target,
    pub(super) of: SideChain,
    /// Where the document says so.
    pub(super) span: Range<usize>,
}

impl Reader<'_> {
    /// The level that a lane follows.
    pub(super) fn follow(&mut self, node: &Node, target: Target, spec: &ParamSpec, drawn: bool) -> Option<Follower> {
        let Some(table) = node.table() else {
            let help = "such as `follow = { key = \"vocal\", at_floor = 0.0, at_ceiling = -6.0 }`".to_string();
            self.wrong_type("follow", node, "a table", Some(help));
            return None;
        };
        if spec.automatable == Automatable::Stepped {
            let label = "expected `points`, found a level to follow".to_string();
            let message = format!("`{}` is switched, so it cannot follow a level", spec.id);
            self.error("follow", message, &node.span, label);
            return None;
        }
        self.known("`follow`", table, &FOLLOW.iter().map(|key| key.id).collect::<Vec<_>>());
        let mut number = |spec: &ParamSpec| table.get(spec.id).and_then(|node| self.param(spec, node));
        let tap = KeyTap::ALL[number(&KEY_TAP).unwrap_or(0.0) as usize];
        let muted = number(&KEY_MUTED) == Some(1.0);
        let detector = Detector::ALL[number(&DETECTOR).unwrap_or(0.0) as usize];
        let mut or_usual = |spec: &ParamSpec| number(spec).unwrap_or(spec.default);
        let (attack_ms, release_ms, depth) = (or_usual(&ATTACK), or_usual(&RELEASE), or_usual(&FOLLOW_DEPTH));
        let (floor_db, ceiling_db) = (or_usual(&FLOOR), or_usual(&CEILING));
        if ceiling_db - floor_db < LEAST_SPAN_DB {
            let at = table.get(CEILING.id).or(table.get(FLOOR.id)).map_or(&table.span, |node| &node.span);
            let label =
                format!("expected a ceiling at least {LEAST_SPAN_DB} dB above {floor_db} dB, found {ceiling_db} dB");
            let help = Some("to turn the movement round, swap `at_floor` and `at_ceiling`".to_string());
            let message = "the ceiling of `follow` is not above its floor".to_string();
            self.error_with_help("follow", message, (at, label), help);
        }
        let mut end = |key: usize| {
            let key = &FOLLOW[key];
            let spec = ParamSpec { id: key.id, ..*spec };
            self.required("this `follow`", table, key).and_then(|node| self.param(&spec, node))
        };
        let (at_floor, at_ceiling) = (end(8), end(9));
        self.idle_follow(table, muted && tap != KeyTap::Post, drawn && depth == 1.0);
        let key = self.required("this `follow`", table, &FOLLOW[0])?;
        let from = self.signal("key", key)?;
        let of = SideChain { from, tap, muted };
        self.follows.push(Followed { at: Place::Master, target, of, span: key.span.clone() });
        let (at_floor, at_ceiling) = (at_floor?, at_ceiling?);
        Some(Follower { of, detector, attack_ms, release_ms, floor_db, ceiling_db, at_floor, at_ceiling, depth })
    }

    /// What of it does nothing.
    fn idle_follow(&mut self, table: &Table, muted: bool, points: bool) {
        let entry = |key: &str| table.entries.iter().find(|entry| entry.key == key);
        let mut warn = |entry: Option<&Entry>, message: &str, remedy: &str| {
            let (key, span) = entry.map_or(("follow", &table.span), |entry| (entry.key.as_str(), &entry.key_span));
            let warning = Diagnostic::warning("no-effect", format!("`{key}` {message}"));
            self.report.add(warning.at(span.clone(), remedy));
        };
        if muted {
            let message = "does nothing before the fader: no mute reaches it there";
            warn(entry(KEY_MUTED.id), message, "heard only with `key_tap = \"post\"`");
        }
        if points {
            let remedy = "with a `depth` below 1 the value lies between the two";
            warn(None, "takes the place of the points beside it", remedy);
        }
    }

    /// The track or bus of that name, whose signal is listened to.
    pub(super) fn signal(&mut self, what: &str, node: &Node) -> Option<KeySource> {
        let name = self.text(what, node)?;
        match self.names.get(name).copied() {
            Some(Place::Track(track)) => Some(KeySource::Track(track)),
            Some(Place::Bus(bus)) => Some(KeySource::Bus(bus)),
            _ => {
                let sounds = |(_, at): &(&String, &Place)| matches!(at, Place::Track(_) | Place::Bus(_));
                let mut names: Vec<String> = self.names.iter().filter(sounds).map(|(id, _)| id.clone()).collect();
                names.sort_unstable();
                let help = self.suggest(name, names.iter().map(String::as_str));
                let label = format!("expected the id of a track or bus, found \"{}\"", shortened(name));
                let message = format!("there is no track or bus \"{}\"", shortened(name));
                self.error_with_help("unknown-strip", message, (&node.span, label), help);
                None
            }
        }
    }
}
