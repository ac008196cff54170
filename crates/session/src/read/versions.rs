//! `[[version]]` and `[[scene]]`: names that are there, values in range, and no circle of bases.

use std::collections::{HashMap, HashSet};

use tonmeister_core::Diagnostic;

use super::routes::circles;
use super::values::RESERVED;
use super::{Place, Reader};
use crate::keys::{
    CUT_CROSSFADE, CUT_SNAP, DYNAMICS, Key, MAX_SCENE_SETTINGS, MAX_SCENES, MAX_SETTINGS, MAX_VERSIONS, SCENE, VERSION,
};
use crate::model::{BusDynamics, Change, Scene, Setting, Song, Target, Version};
use crate::tables::{STRIP, place};
use crate::tree::{Entry, Kind, Node, Span, Table, shortened};
use crate::version::{self, in_decibels};

impl Reader<'_> {
    /// The versions, read when everything else of the song has been.
    pub(super) fn versions(&mut self, node: &Node, song: &mut Song) {
        // Where a strip is broken, what it holds cannot be found: that is not the version's fault.
        let whole = self.report.errors() == 0;
        let tables = self.tables("version", node, MAX_VERSIONS);
        let ids = self.section_ids("version", &VERSION[0], &tables);
        let known: Vec<&str> = ids.iter().map(String::as_str).filter(|id| !id.is_empty()).collect();
        for (table, id) in tables.iter().zip(&ids) {
            let version = self.version(table, id.clone(), &known, song, whole);
            song.versions.push(version);
        }
        self.find_base_loops(song, &tables);
        if self.report.errors() == 0 {
            self.lay_each(song, &tables);
        }
    }

    fn find_base_loops(&mut self, song: &Song, tables: &[&Table]) {
        let places: HashMap<&str, usize> =
            song.versions.iter().enumerate().rev().map(|(place, version)| (version.id.as_str(), place)).collect();
        let road = |(version, table): (&Version, &&Table)| {
            let to = places.get(version.base.as_deref()?)?;
            Some((*to, table.get("base")?.span.clone()))
        };
        let roads: Vec<Vec<(usize, Span)>> =
            song.versions.iter().zip(tables).map(|both| road(both).into_iter().collect()).collect();
        for (circle, span) in circles(&roads) {
            let names: Vec<&str> = circle.iter().chain(&circle[..1]).map(|at| song.versions[*at].id.as_str()).collect();
            let label = "expected a way back to the song, found the circle closing here".to_string();
            let message = format!("the versions start from each other in a circle: {}", names.join(" → "));
            let help = Some("let one of them start from the song: take its `base` out".to_string());
            self.error_with_help("version-loop", message, (&span, label), help);
        }
    }

    /// The scenes, read when everything that they set has been.
    pub(super) fn scenes(&mut self, node: &Node, song: &mut Song) {
        let whole = self.report.errors() == 0;
        let tables = self.tables("scene", node, MAX_SCENES);
        let ids = self.section_ids("scene", &SCENE[0], &tables);
        for (table, id) in tables.iter().zip(ids) {
            self.known("a scene", table, &SCENE.iter().map(|key| key.id).collect::<Vec<_>>());
            let title = table.get("title").and_then(|node| self.text("title", node)).map(Into::into);
            let mut inserts =
                |key: &str| table.get(key).map_or_else(Vec::new, |node| self.insert_names(key, node, song, whole));
            let (bypass, enable) = (inserts("bypass"), inserts("enable"));
            self.not_twice(table, ("bypass", &bypass), ("enable", &enable));
            let set = table.get("set").map_or_else(Vec::new, |node| self.settings_of("scene", node, song, whole));
            song.scenes.push(Scene { id, title, bypass, enable, set });
        }
    }

    /// The ids of tables that have one set of names.
    pub(super) fn section_ids(&mut self, what: &str, key: &Key, tables: &[&Table]) -> Vec<String> {
        let mut taken: HashSet<String> = HashSet::new();
        let mut ids = Vec::new();
        for table in tables {
            let node = self.required(&format!("this {what}"), table, key);
            let id = node.and_then(|node| Some((node, self.id(node, RESERVED)?)));
            ids.push(match id {
                Some((_, id)) if taken.insert(id.to_owned()) => id.to_owned(),
                Some((node, id)) => {
                    let label = format!("expected an id of its own, found that of a {what} above");
                    let help = Some(format!("try \"{id}-2\""));
                    self.error_with_help(
                        "duplicate-id",
                        format!("the id \"{id}\" is taken"),
                        (&node.span, label),
                        help,
                    );
                    String::new()
                }
                None => String::new(),
            });
        }
        ids
    }

    fn version(&mut self, table: &Table, id: String, known: &[&str], song: &Song, whole: bool) -> Version {
        self.known("a version", table, &VERSION.iter().map(|key| key.id).collect::<Vec<_>>());
        let title = table.get("title").and_then(|node| self.text("title", node)).map(Into::into);
        let base = table.get("base").and_then(|node| self.base(node, known));
        let mut strips = |key: &str| table.get(key).map_or_else(Vec::new, |node| self.strip_names(key, node, whole));
        let (mute, unmute, solo) = (strips("mute"), strips("unmute"), strips("solo"));
        self.not_twice(table, ("mute", &mute), ("unmute", &unmute));
        let mut inserts =
            |key: &str| table.get(key).map_or_else(Vec::new, |node| self.insert_names(key, node, song, whole));
        let (bypass, enable) = (inserts("bypass"), inserts("enable"));
        self.not_twice(table, ("bypass", &bypass), ("enable", &enable));
        let set = table.get("set").map_or_else(Vec::new, |node| self.settings_of("version", node, song, whole));
        let cut = table.get("cut").map_or_else(Vec::new, |node| self.range_names(node, song, whole));
        let cut_crossfade_s = self.maybe(table, &CUT_CROSSFADE);
        let cut_snap = self.maybe(table, &CUT_SNAP) == Some(1.0);
        let dynamics = self.maybe(table, &DYNAMICS).map(|place| BusDynamics::ALL[place as usize]);
        Version { id, title, base, mute, unmute, solo, bypass, enable, set, cut, cut_crossfade_s, cut_snap, dynamics }
    }

    fn range_names(&mut self, node: &Node, song: &Song, whole: bool) -> Vec<String> {
        let mut ranges = Vec::new();
        for (item, name) in self.names("cut", node) {
            if song.ranges.iter().any(|range| range.id == name) {
                ranges.push(name.to_owned());
            } else if whole {
                let help = self.suggest(name, song.ranges.iter().map(|range| range.id.as_str()));
                let label = format!("expected the id of a range, found \"{}\"", shortened(name));
                let message = format!("there is no range \"{}\"", shortened(name));
                self.error_with_help("unknown-range", message, (&item.span, label), help);
            }
        }
        ranges
    }

    fn base(&mut self, node: &Node, known: &[&str]) -> Option<String> {
        let base = self.text("base", node)?;
        if known.contains(&base) {
            return Some(base.to_owned());
        }
        let help = self.suggest(base, known.iter().copied());
        let label = format!("expected the id of a version, found \"{}\"", shortened(base));
        let message = format!("there is no version \"{}\"", shortened(base));
        self.error_with_help("unknown-version", message, (&node.span, label), help);
        None
    }

    /// What is in both of two lists.
    fn not_twice(&mut self, table: &Table, (one, these): (&str, &[String]), (other, those): (&str, &[String])) {
        let these: HashSet<&String> = these.iter().collect();
        for name in those.iter().filter(|name| these.contains(name)) {
            let span = table.get(other).map_or(table.span.clone(), |node| node.span.clone());
            let label = format!("expected it in one of the two, found it in `{one}` as well");
            self.error("contradiction", format!("\"{name}\" is in `{one}` and in `{other}`"), &span, label);
        }
    }

    /// The texts of a list, each once.
    fn names<'t>(&mut self, key: &str, node: &'t Node) -> Vec<(&'t Node, &'t str)> {
        let Kind::List(items) = &node.kind else {
            let help = node.text().map(|text| format!("write `{key} = [\"{}\"]`", shortened(text)));
            self.wrong_type(key, node, "a list of names", help);
            return Vec::new();
        };
        let mut names: Vec<(&Node, &str)> = Vec::new();
        let mut taken: HashSet<&str> = HashSet::new();
        for item in items {
            let Some(name) = self.text(key, item) else { continue };
            if taken.insert(name) {
                names.push((item, name));
            } else {
                let label = "expected each name once, found it a second time".to_string();
                self.error("duplicate-name", format!("\"{}\" is twice in `{key}`", shortened(name)), &item.span, label);
            }
        }
        names
    }

    /// A list of tracks and buses.
    pub(super) fn strip_names(&mut self, key: &str, node: &Node, whole: bool) -> Vec<String> {
        let mut strips = Vec::new();
        for (item, name) in self.names(key, node) {
            if self.names.contains_key(name) {
                strips.push(name.to_owned());
            } else if whole || name == "master" {
                self.unknown_strip(name, &item.span);
            }
        }
        strips
    }

    fn unknown_strip(&mut self, name: &str, span: &Span) {
        let mut known: Vec<String> = self.names.keys().cloned().collect();
        known.sort_unstable();
        let help = self.suggest(name, known.iter().map(String::as_str));
        let label = format!("expected the id of a track, bus or VCA, found \"{}\"", shortened(name));
        let message = format!("there is no track, bus or VCA \"{}\"", shortened(name));
        self.error_with_help("unknown-strip", message, (span, label), help);
    }

    /// The strip of an id, without a walk over all of them.
    fn place_of(&self, id: &str) -> Option<Place> {
        if id == "master" { Some(Place::Master) } else { self.names.get(id).copied() }
    }

    fn insert_names(&mut self, key: &str, node: &Node, song: &Song, whole: bool) -> Vec<String> {
        let mut inserts = Vec::new();
        for (item, name) in self.names(key, node) {
            let at = name.split_once('/').and_then(|(id, insert)| Some((self.place_of(id)?, insert)));
            let there = |(at, id): (Place, &str)| song.strip(at).inserts.iter().any(|insert| insert.id == id);
            if at.is_some_and(there) {
                inserts.push(name.to_owned());
                continue;
            }
            if !whole {
                continue;
            }
            let all: Vec<String> = match at {
                Some((at, _)) => {
                    let strip = song.strip(at);
                    strip.inserts.iter().map(|insert| format!("{}/{}", song.id(at), insert.id)).collect()
                }
                None => Vec::new(),
            };
            let help = self.suggest(name, all.iter().map(String::as_str));
            let help = help.or_else(|| Some("an insert is named by its strip and its id: \"vocal/deesser\"".into()));
            let label = format!("expected an insert, found \"{}\"", shortened(name));
            let message = format!("there is no insert \"{}\"", shortened(name));
            self.error_with_help("unknown-insert", message, (&item.span, label), help);
        }
        inserts
    }

    /// A table of addresses and what they are set to.
    pub(super) fn settings_of(&mut self, what: &str, node: &Node, song: &Song, whole: bool) -> Vec<Setting> {
        let Some(table) = node.table() else {
            let help = Some("write `set = { \"vocal/fader_db\" = -3.0 }`".to_string());
            self.wrong_type("set", node, "a table of addresses", help);
            return Vec::new();
        };
        let most = if what == "version" { MAX_SETTINGS } else { MAX_SCENE_SETTINGS };
        if let Some(surplus) = table.entries.get(most) {
            self.too_many(&format!("{} values in `set`", table.entries.len()), most, &surplus.key_span);
        }
        let entries = table.entries.iter().take(most);
        entries.filter_map(|entry| self.setting(what, entry, song, whole)).collect()
    }

    fn setting(&mut self, what: &str, entry: &Entry, song: &Song, whole: bool) -> Option<Setting> {
        let address = entry.key.as_str();
        let split = address.split_once('/').and_then(|(id, local)| Some((self.place_of(id)?, local)));
        let found = split.and_then(|(at, local)| Some((at, song.target_on(at, local)?)));
        let Some((at, target)) = found else {
            if whole {
                self.unknown_address(entry, song, split.map(|(at, _)| at));
            }
            return None;
        };
        let spec = song.strip(at).target_spec(target);
        if what == "version" && ["mute", "solo"].iter().any(|id| target == Target::Strip(place(STRIP, id))) {
            let label = format!("expected no `{}` here", spec.id);
            let message = format!("a version names what it {}s", spec.id);
            let help = Some(format!("write `{} = [\"{}\"]`", spec.id, song.id(at)));
            self.error_with_help("not-set", message, (&entry.key_span, label), help);
            return None;
        }
        let change = match signed(&entry.node) {
            Some(by) if what == "version" && in_decibels(spec) => Change::By(by),
            Some(_) => {
                let why =
                    if what == "version" { "only decibels are added to" } else { "only a version adds to a value" };
                let help = Some(format!("{why}: write the value itself"));
                self.wrong_type(spec.id, &entry.node, &spec.expected(), help);
                return None;
            }
            None => match (target, song.strip(at)) {
                (Target::Insert { .. }, _) => match self.timed(spec, &entry.node)? {
                    (_, Some(note)) => Change::Note(note),
                    (value, None) => Change::To(value),
                },
                _ => Change::To(self.param(spec, &entry.node)?),
            },
        };
        Some(Setting { address: address.to_owned(), change })
    }

    fn unknown_address(&mut self, entry: &Entry, song: &Song, at: Option<Place>) {
        let address = &entry.key;
        let label = format!("expected an address, found \"{}\"", shortened(address));
        let message = format!("there is no \"{}\" in this song", shortened(address));
        let help = if let Some(at) = at {
            let addresses = super::Addresses::new(song.strip(at), &self.buses);
            self.suggest(address.split_once('/').map_or("", |(_, local)| local), addresses.names())
        } else {
            let mut known: Vec<String> = self.names.keys().cloned().collect();
            known.sort_unstable();
            self.suggest(address.split('/').next().unwrap_or_default(), known.iter().map(String::as_str))
        };
        let help = help.or_else(|| Some("an address is a strip and what is set on it: \"vocal/fader_db\"".into()));
        self.error_with_help("unknown-address", message, (&entry.key_span, label), help);
    }

    /// Lays every version over the song, for what only shows then: sums out of range.
    fn lay_each(&mut self, song: &Song, tables: &[&Table]) {
        for place in 0..song.versions.len() {
            let Err(fault) = version::check(song, place, |id| self.place_of(id)) else { continue };
            let table = tables[fault.version];
            let set = table.get("set").and_then(Node::table);
            let entry = set.and_then(|set| set.entries.get(fault.setting?));
            let span = entry.map_or(table.span.clone(), |entry| entry.node.span.clone());
            let label = "expected a sum within range".to_string();
            let Diagnostic { code, message, help, .. } = *fault.error;
            self.error_with_help(code, message, (&span, label), help);
        }
    }
}

/// The number of decibels that a text with a sign adds.
fn signed(node: &Node) -> Option<f64> {
    let text = node.text()?.trim().replace('−', "-");
    let number = text.strip_suffix("dB").map_or(text.as_str(), str::trim_end);
    if !number.starts_with(['+', '-']) {
        return None;
    }
    number.parse().ok().filter(|by: &f64| by.is_finite())
}
