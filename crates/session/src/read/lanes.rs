//! Automation: what a strip can move, and the points of each lane.

use std::collections::{HashMap, HashSet};

use tonmeister_core::{Automatable, Note, ParamIndex, ParamSpec, Unit};

use super::Reader;
use crate::keys::{
    CURVES, FROM, LANE, LFO, LFO_DEPTH, LFO_PHASE, LFO_RATE, LFO_SEED, LFO_SHAPE, MAX_LANES, MAX_LFOS, MAX_POINTS,
    MAX_SECONDS, TO,
};
use crate::model::{Curve, Lane, Lfo, LfoShape, Point, Rate, Strip, StripAt, Target};
use crate::tables;
use crate::tree::{Kind, Node, Table, shortened};

/// Everything on a strip that has an address, movable or not.
pub(crate) struct Addresses<'s> {
    strip: &'s Strip,
    names: Vec<String>,
    targets: HashMap<String, Target>,
    /// Whether there are no other strips whose level could be followed.
    alone: bool,
}

impl<'s> Addresses<'s> {
    /// Those of the strip at a place: a VCA has fewer.
    pub(crate) fn at(at: StripAt, strip: &'s Strip, buses: &[String]) -> Self {
        let mut all = Addresses::new(strip, buses);
        if matches!(at, StripAt::Vca(_)) {
            all.names.retain(|name| tables::ON_VCA.contains(&name.as_str()));
            all.targets.retain(|name, _| tables::ON_VCA.contains(&name.as_str()));
        }
        all
    }

    /// Those of a strip whose inserts and fader alone are anybody's: a song's, on an album.
    pub(crate) fn of_inserts(strip: &'s Strip) -> Self {
        let mut all = Addresses { alone: true, ..Addresses::new(strip, &[]) };
        let ours = |name: &str| name == "fader_db" || name.contains('/');
        all.names.retain(|name| ours(name));
        all.targets.retain(|name, _| ours(name));
        all
    }

    pub(crate) fn new(strip: &'s Strip, buses: &[String]) -> Self {
        let mut all: Vec<(String, Target)> =
            tables::STRIP.iter().enumerate().map(|(place, spec)| (spec.id.to_owned(), Target::Strip(place))).collect();
        for (send, to) in strip.sends.iter().enumerate() {
            let bus = buses.get(to.to).map_or("", String::as_str);
            for (param, spec) in tables::SEND.iter().enumerate() {
                all.push((format!("send/{bus}/{}", spec.id), Target::Send { send, param }));
            }
        }
        for (place, insert) in strip.inserts.iter().enumerate() {
            for (number, address) in insert.settings.addresses().enumerate() {
                let target = Target::Insert { insert: place, param: ParamIndex(number as u32) };
                all.push((format!("{}/{address}", insert.id), target));
            }
        }
        let names = all.iter().map(|(name, _)| name.clone()).collect();
        Addresses { strip, names, targets: all.into_iter().collect(), alone: false }
    }

    /// What an address names.
    pub(crate) fn find(&self, address: &str) -> Option<Target> {
        self.targets.get(address).copied()
    }

    /// Every address, in order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.names.iter().map(String::as_str)
    }

    /// The address of a target.
    pub(crate) fn name(&self, target: Target) -> Option<&str> {
        self.names.iter().find(|name| self.targets.get(*name) == Some(&target)).map(String::as_str)
    }

    /// Every address that automation may move.
    fn movable(&self) -> impl Iterator<Item = &str> + Clone {
        let moves = |name: &&String| {
            self.find(name).is_some_and(|t| self.strip.target_spec(t).automatable != Automatable::Fixed)
        };
        self.names.iter().filter(moves).map(String::as_str)
    }

    /// The remedy when the address names a table that the insert does not have.
    fn absent_group(&self, address: &str) -> Option<String> {
        let mut parts = address.split('/');
        let (insert, group) = (parts.next()?, parts.next()?);
        let insert = self.strip.inserts.iter().find(|i| i.id == insert)?;
        let group = insert.settings.spec().groups.iter().find(|g| g.id == group)?;
        let count = insert.settings.items(group.id).len();
        let first = group.params.first()?.id;
        match (group.many(), count) {
            (false, 0) => Some(format!("the insert `{}` has no `{}` yet: add the table", insert.id, group.id)),
            (true, 0) => Some(format!("the insert `{}` has no `{}` yet", insert.id, group.id)),
            (true, 1) => Some(format!("`{}` has one item: `{}/{}/1/{first}`", group.id, insert.id, group.id)),
            (true, n) => {
                Some(format!("`{}` has {n} items, counted from 1: `{}/{}/1/{first}`", group.id, insert.id, group.id))
            }
            (false, _) => None,
        }
    }
}

/// Whether the unit is a level, so that a straight line in decibels has a meaning.
fn in_decibels(spec: &ParamSpec) -> bool {
    matches!(spec.unit, Unit::Db | Unit::Dbtp)
}

/// The curve of a point that names none.
pub(crate) fn default_curve(spec: &ParamSpec) -> Curve {
    match spec.automatable {
        Automatable::Stepped => Curve::Hold,
        _ if in_decibels(spec) => Curve::DbLinear,
        _ => Curve::Linear,
    }
}

impl Reader<'_> {
    /// The lanes of a strip. `whole`: every insert and send of the strip could be read.
    pub(super) fn lanes(
        &mut self,
        node: &Node,
        header: &str,
        id: &str,
        known: &Addresses<'_>,
        whole: bool,
    ) -> Vec<Lane> {
        let mut lanes = Vec::new();
        let mut moved: HashSet<Target> = HashSet::new();
        for table in self.tables(&format!("{header}.automation"), node, MAX_LANES) {
            // On an album there is nobody to follow.
            let keys: Vec<&str> = LANE.iter().map(|key| key.id).filter(|id| *id != "follow" || !known.alone).collect();
            self.known("an automation", table, &keys);
            let target = self.required("this automation", table, &LANE[0]);
            let target = target.and_then(|node| Some((node, self.target(node, id, known, whole)?)));
            let (points, lfos) = (table.get(LANE[1].id), table.get(LANE[2].id));
            let follow = table.get(LANE[3].id).filter(|_| !known.alone);
            if lfos.is_none() && follow.is_none() {
                self.required("this automation", table, &LANE[1]);
            }
            let Some((target_node, target)) = target else { continue };
            if !moved.insert(target) {
                let name = known.name(target).unwrap_or_default();
                let label = "expected something not yet moved, found it a second time".to_string();
                let help = Some("put all of its points into one list".to_string());
                let message = format!("`{name}` is moved by two automations");
                self.error_with_help("duplicate-target", message, (&target_node.span, label), help);
                continue;
            }
            let spec = known.strip.target_spec(target);
            let lfos = lfos.map(|node| self.lfos(node, &format!("{header}.automation.lfo"), spec));
            let follow = follow.map(|node| self.follow(node, target, spec, points.is_some()));
            let points = match points {
                Some(node) => self.points_of(node, spec, Times::Song),
                None => (lfos.is_some() || follow.is_some()).then(Vec::new),
            };
            let Some(points) = points else { continue };
            lanes.push(Lane { target, points, lfos: lfos.unwrap_or_default(), follow: follow.flatten() });
        }
        lanes
    }

    fn lfos(&mut self, node: &Node, what: &str, spec: &ParamSpec) -> Vec<Lfo> {
        if spec.automatable == Automatable::Stepped {
            let label = "expected `points`, found a generator".to_string();
            let message = format!("`{}` is switched, so nothing can swing around it", spec.id);
            self.error("lfo", message, &node.span, label);
            return Vec::new();
        }
        let tables = self.tables(what, node, MAX_LFOS);
        if tables.is_empty() {
            self.error("lfo", "`lfo` is empty".into(), &node.span, "expected at least one, found none".into());
        }
        tables.into_iter().filter_map(|table| self.lfo(table)).collect()
    }

    fn lfo(&mut self, table: &Table) -> Option<Lfo> {
        self.known("an lfo", table, &LFO.iter().map(|key| key.id).collect::<Vec<_>>());
        let mut maybe = |spec: &'static ParamSpec| table.get(spec.id).and_then(|node| self.param(spec, node));
        let shape = LfoShape::ALL[maybe(&LFO_SHAPE).unwrap_or(0.0) as usize];
        let phase = maybe(&LFO_PHASE).unwrap_or(0.0);
        let seed = maybe(&LFO_SEED).unwrap_or(0.0) as u32;
        let rate = self.required("this lfo", table, &LFO[1]).and_then(|node| self.rate(node));
        let depth = self.required("this lfo", table, &LFO[2]).and_then(|node| self.param(&LFO_DEPTH, node));
        let from = table.get(FROM.id).and_then(|node| self.place(&FROM, node));
        let (from_s, from_written) = from.unwrap_or_default();
        let to = table.get(TO.id).and_then(|node| Some((node, self.place(&TO, node)?)));
        if let Some((node, (to_s, _))) = to.filter(|(_, (to_s, _))| *to_s <= from_s) {
            let label = format!("expected a time after {from_s} s, found {to_s} s");
            self.error("times", "the lfo ends before it begins".into(), &node.span, label);
        }
        let (to_s, to_written) = to.map_or((None, None), |(_, (to_s, written))| (Some(to_s), written));
        Some(Lfo { shape, rate: rate?, depth: depth?, phase, seed, from_s, from_written, to_s, to_written })
    }

    /// Cycles a second, or a note that is one cycle wherever the song is.
    fn rate(&mut self, node: &Node) -> Option<Rate> {
        let Kind::Text(text) = &node.kind else { return self.param(&LFO_RATE, node).map(Rate::Hz) };
        let Ok(note) = text.parse::<Note>() else {
            let label =
                format!("expected {} or {}, found \"{}\"", LFO_RATE.expected(), Note::EXPECTED, shortened(text));
            let message = format!("`{}` cannot be \"{}\", which is no note", LFO_RATE.id, shortened(text));
            self.error("no-note", message, &node.span, label);
            return None;
        };
        let fastest = self.tempo.fastest_bpm();
        if let Err(error) = LFO_RATE.resolve(note, fastest) {
            let label = format!("expected {}, at the song's fastest tempo too", LFO_RATE.expected());
            self.error("out-of-range", error.to_string(), &node.span, label);
            return None;
        }
        Some(Rate::Note { note, tempo: self.tempo.clone() })
    }

    fn target(&mut self, node: &Node, id: &str, known: &Addresses<'_>, whole: bool) -> Option<Target> {
        let address = self.text("target", node)?;
        let own = address.strip_prefix(id).and_then(|rest| rest.strip_prefix('/'));
        let found = known.find(address).or_else(|| own.and_then(|own| known.find(own)));
        let Some(target) = found else {
            if !whole && address.contains('/') {
                return None;
            }
            let absent = known.absent_group(own.unwrap_or(address));
            let help = absent
                .or_else(|| self.of_another(address, id))
                .or_else(|| self.suggest(own.unwrap_or(address), known.movable()));
            let label = format!("expected an address on this strip, found \"{}\"", shortened(address));
            let message = format!("there is no \"{}\" on this strip", shortened(address));
            self.error_with_help("unknown-target", message, (&node.span, label), help);
            return None;
        };
        let spec = known.strip.target_spec(target);
        if spec.automatable == Automatable::Fixed {
            let label = format!("expected a parameter that can move, found `{}`", spec.id);
            let message = format!("`{}` is fixed while it sounds", spec.id);
            let help = Some("it is set once for the whole song; take the automation out".to_string());
            self.error_with_help("fixed-parameter", message, (&node.span, label), help);
            return None;
        }
        Some(target)
    }

    /// The remedy when the address begins with another strip's id.
    fn of_another(&self, address: &str, id: &str) -> Option<String> {
        let (other, _) = address.split_once('/')?;
        let is_strip = other != id && (other == "master" || self.names.contains_key(other));
        is_strip.then(|| format!("automation moves its own strip: put this one under `{other}`"))
    }

    /// The points of a lane.
    pub(super) fn points_of(&mut self, node: &Node, spec: &ParamSpec, times: Times) -> Option<Vec<Point>> {
        let expected = "a list of points: [[0.0, -60.0], [4.0, -3.5]]";
        let Kind::List(items) = &node.kind else {
            self.wrong_type("points", node, expected, None);
            return None;
        };
        if items.is_empty() {
            let label = "expected at least one point, found none".to_string();
            self.error("points", "`points` is empty".into(), &node.span, label);
            return None;
        }
        self.points += items.len();
        if self.points > MAX_POINTS {
            self.too_many(&format!("{} automation points", self.points), MAX_POINTS, &node.span);
            return None;
        }
        let mut points: Vec<Point> = Vec::with_capacity(items.len());
        for item in items {
            let Some(point) = self.point(item, spec, times) else { continue };
            if let Some(last) = points.last().filter(|last| last.time_s >= point.time_s) {
                let label = format!("expected a time after {} s, found {} s", last.time_s, point.time_s);
                let help = Some("points stand in order of time; for a jump use the curve \"hold\"".to_string());
                let message = "the times of the points do not rise".to_string();
                self.error_with_help("times", message, (&item.span, label), help);
                continue;
            }
            points.push(point);
        }
        Some(points)
    }

    fn point(&mut self, node: &Node, spec: &ParamSpec, times: Times) -> Option<Point> {
        let parts = match &node.kind {
            Kind::List(parts) if (2..=3).contains(&parts.len()) => parts,
            Kind::List(parts) => {
                let label =
                    format!("expected [seconds, value] or [seconds, value, curve], found {} of them", parts.len());
                self.error("points", "a point has two or three parts".into(), &node.span, label);
                return None;
            }
            _ => {
                self.wrong_type("points", node, "[seconds, value] or [seconds, value, curve]", None);
                return None;
            }
        };
        let time = match times {
            Times::Song => self.place(&TIME, &parts[0]),
            Times::Own => self.param(&TIME, &parts[0]).map(|time_s| (time_s, None)),
        };
        let value = self.param(spec, &parts[1]);
        let curve = match parts.get(2) {
            Some(node) => self.curve(node, spec)?,
            None => default_curve(spec),
        };
        let (time_s, written) = time?;
        Some(Point { time_s, written, value: value?, curve })
    }

    fn curve(&mut self, node: &Node, spec: &ParamSpec) -> Option<Curve> {
        let curve = match &node.kind {
            Kind::Table(table) => self.drawn_curve(table)?,
            _ => Curve::ALL[self.param(&CURVE, node)? as usize],
        };
        if spec.automatable == Automatable::Stepped && curve != Curve::Hold {
            self.refuse_curve(node, spec, "is switched, so it only jumps", "\"hold\"");
            return None;
        }
        if curve == Curve::DbLinear && !in_decibels(spec) {
            self.refuse_curve(node, spec, "is no number of decibels", "\"linear\", \"s\" or \"hold\"");
            return None;
        }
        Some(curve)
    }

    /// `{ bend = 2.0 }` or `{ bezier = [0.4, 0.0, 0.6, 1.0] }`.
    fn drawn_curve(&mut self, table: &Table) -> Option<Curve> {
        self.known("a curve", table, &[BEND.id, "bezier"]);
        match (table.get(BEND.id), table.get("bezier")) {
            (Some(node), None) => self.param(&BEND, node).map(Curve::Bend),
            (None, Some(node)) => {
                let expected = "a list of two handles: [x1, y1, x2, y2], each 0 to 1";
                let Kind::List(items) = &node.kind else {
                    self.wrong_type("bezier", node, expected, None);
                    return None;
                };
                let read: Vec<f64> = items.iter().filter_map(|item| self.param(&HANDLE, item)).collect();
                if items.len() != 4 {
                    let label = format!("expected {expected}, found {} numbers", items.len());
                    self.error("curve", "a Bézier curve has two handles".into(), &node.span, label);
                }
                <[f64; 4]>::try_from(read).ok().map(Curve::Bezier)
            }
            _ => {
                let label = "expected `bend` or `bezier`, and one of them only".to_string();
                self.error("curve", "the curve is not one curve".into(), &table.span, label);
                None
            }
        }
    }

    fn refuse_curve(&mut self, node: &Node, spec: &ParamSpec, why: &str, expected: &str) {
        let found = node.describe();
        let label = format!("expected {expected}, found {found}");
        let help = Some("leave the curve out for the usual one".to_string());
        self.error_with_help("curve", format!("`{}` {why}", spec.id), (&node.span, label), help);
    }
}

/// Which times the points of a lane have.
#[derive(Clone, Copy)]
pub(super) enum Times {
    /// The song's: seconds, or a bar and beat.
    Song,
    /// A clip's own: seconds.
    Own,
}

/// The curvature of a point's curve.
const BEND: ParamSpec = ParamSpec::number(
    "bend",
    "Bend",
    Unit::None,
    (-Curve::MAX_BEND, Curve::MAX_BEND),
    0.0,
    "Exponential: above zero slow first, below zero fast first.",
);
/// A coordinate of a handle.
const HANDLE: ParamSpec = ParamSpec::number("bezier", "Handle", Unit::None, (0.0, 1.0), 0.0, "");
/// The time of a point.
const TIME: ParamSpec =
    ParamSpec::number("time", "Time", Unit::Seconds, (0.0, MAX_SECONDS), 0.0, "When, from the song's start.");
/// The curve of a point.
const CURVE: ParamSpec = ParamSpec::choice("curve", "Curve", CURVES, "How the value travels to the point.");
