//! A channel strip: its own parameters, its inserts with their groups, its sends, its output.

use std::collections::HashSet;

use tonmeister_core::{Diagnostic, EffectSpec, FileSpec, GroupSpec, Note, ParamIndex, ParamSpec, Settings};

use super::lanes::Addresses;
use super::values::RESERVED_INSERTS;
use super::{Edge, Place, Reader, Way, place_of};
use crate::keys::{BYPASS, CHANNELS, INSERT, KEY_MUTED, KEY_TAP, MAX_INSERTS, MAX_SENDS, SEND, TAP};
use crate::model::{Channels, Destination, Insert, KeySource, KeyTap, Send, SideChain, Strip, Tap};
use crate::tables;
use crate::tree::{Entry, Kind, Node, Table, shortened};

/// A value, and the note that it was written as.
type Timed = (f64, Option<Note>);

/// The table's place among the documents' headers: `track`, `bus` or `master`.
fn header(place: Place) -> &'static str {
    match place {
        Place::Track(_) => "track",
        Place::Bus(_) => "bus",
        Place::Master => "master",
        Place::Vca(_) => "vca",
    }
}

impl Reader<'_> {
    pub(super) fn strip(&mut self, table: &Table, place: Place, id: &str) -> Strip {
        let errors = self.report.errors();
        let ends = matches!(place, Place::Master | Place::Vca(_));
        let output = if ends { None } else { Some(self.output(table, place)) };
        let mut strip = Strip::new(output);
        for (value, spec) in strip.values.iter_mut().zip(tables::STRIP) {
            if let Some(read) = table.get(spec.id).and_then(|node| self.param(spec, node)) {
                *value = read;
            }
        }
        self.idle_pans(table, &strip);
        if let Some(node) = table.get("solo").filter(|_| strip.is("solo")) {
            let message = format!("`{}` is soloed, so not all of the song is heard", shortened(id));
            let warning = Diagnostic::warning("solo", message).at(node.span.clone(), "every render follows it");
            self.report.add(warning.help("take the solo out before the mix goes out"));
        }
        strip.inserts = self.inserts(table, header(place), place);
        strip.sends = self.sends(table, place);
        // Where an insert or a send is broken, its addresses are missing: that is not the automation's fault.
        let whole = self.report.errors() == errors;
        if let Some(node) = table.get("automation") {
            let addresses = Addresses::at(place, &strip, &self.buses);
            let before = self.follows.len();
            strip.automation = self.lanes(node, header(place), id, &addresses, whole);
            self.follows[before..].iter_mut().for_each(|follow| follow.at = place);
        }
        strip
    }

    /// Pans of the two channels that are written but not heard, whatever the audio's layout.
    fn idle_pans(&mut self, table: &Table, strip: &Strip) {
        if strip.get("pan_mode") != 0.0 {
            return;
        }
        for entry in table.entries.iter().filter(|entry| ["pan_left", "pan_right"].contains(&entry.key.as_str())) {
            let message = format!("`{}` does nothing while `pan_mode` is \"balance\"", entry.key);
            let warning = Diagnostic::warning("no-effect", message);
            self.report.add(warning.at(entry.key_span.clone(), "heard only with `pan_mode = \"dual\"`"));
        }
    }

    fn output(&mut self, table: &Table, place: Place) -> Destination {
        let Some(node) = table.get("output") else { return Destination::Master };
        let Some(name) = self.text("output", node) else { return Destination::Master };
        if name == "master" {
            return Destination::Master;
        }
        match self.bus("output", name, node, &["master"]) {
            Some(bus) => {
                self.edges.push(Edge::new(place, Place::Bus(bus), &node.span));
                Destination::Bus(bus)
            }
            None => Destination::Master,
        }
    }

    /// The bus of that name.
    fn bus(&mut self, what: &str, name: &str, node: &Node, besides: &[&str]) -> Option<usize> {
        let found = match self.names.get(name) {
            Some(Place::Bus(bus)) => return Some(*bus),
            Some(Place::Vca(_)) => format!("the VCA \"{name}\""),
            Some(_) => format!("the track \"{name}\""),
            None => format!("\"{}\"", shortened(name)),
        };
        let buses = self.buses.iter().map(String::as_str).filter(|id| !id.is_empty()).chain(besides.iter().copied());
        let help = self.suggest(name, buses).or_else(|| Some("add a `[[bus]]` with that id".into()));
        let label = format!("expected the id of a bus, found {found}");
        let message = format!("`{what}` leads to {found}, which is no bus");
        self.error_with_help("unknown-bus", message, (&node.span, label), help);
        None
    }

    fn sends(&mut self, table: &Table, place: Place) -> Vec<Send> {
        let Some(node) = table.get("send").filter(|_| !matches!(place, Place::Master | Place::Vca(_))) else {
            return Vec::new();
        };
        let what = format!("{}.send", header(place));
        let mut sends: Vec<Send> = Vec::new();
        for table in self.tables(&what, node, MAX_SENDS) {
            let keys: Vec<&str> = SEND.iter().map(|k| k.id).chain(tables::SEND.iter().map(|p| p.id)).collect();
            self.known("a send", table, &keys);
            let values: Vec<f64> = tables::SEND
                .iter()
                .map(|spec| table.get(spec.id).and_then(|node| self.param(spec, node)).unwrap_or(spec.default))
                .collect();
            let tap = table.get(TAP.id).and_then(|node| self.param(&TAP, node)).unwrap_or(0.0);
            let Some(to_node) = self.required("this send", table, &SEND[0]) else { continue };
            let Some(name) = self.text("to", to_node) else { continue };
            let Some(to) = self.bus("to", name, to_node, &[]) else { continue };
            if sends.iter().any(|send| send.to == to) {
                let label = "expected a bus that has no send yet, found it a second time".to_string();
                let help = Some("one send goes to each bus, so that automation can name it".to_string());
                let message = format!("there are two sends to \"{name}\"");
                self.error_with_help("duplicate-send", message, (&to_node.span, label), help);
                continue;
            }
            let tap = Tap::ALL[tap as usize];
            let way = Way::Send { number: sends.len(), pre: tap == Tap::Pre };
            self.edges.push(Edge { way, ..Edge::new(place, Place::Bus(to), &to_node.span) });
            sends.push(Send { to, tap, values });
        }
        sends
    }

    /// The inserts of a table that stands under such a header.
    pub(super) fn inserts(&mut self, table: &Table, header: &str, place: Place) -> Vec<Insert> {
        let Some(node) = table.get("insert") else { return Vec::new() };
        let tables = self.tables(&format!("{header}.insert"), node, MAX_INSERTS);
        let mut taken = HashSet::new();
        let mut written: Vec<Option<String>> = Vec::new();
        for table in &tables {
            written.push(self.insert_id(table, &mut taken));
        }
        let effects: Vec<&str> =
            tables.iter().map(|t| t.get("effect").and_then(Node::text).unwrap_or_default()).collect();
        let ids = automatic_ids(&effects, &written);
        tables.into_iter().zip(ids).filter_map(|(table, id)| self.insert(table, id, place)).collect()
    }

    fn insert_id(&mut self, table: &Table, taken: &mut HashSet<String>) -> Option<String> {
        let node = table.get("id")?;
        let reserved: Vec<&str> =
            RESERVED_INSERTS.iter().copied().chain(tables::STRIP.iter().map(|spec| spec.id)).collect();
        let id = self.id(node, &reserved)?;
        if !taken.insert(id.to_owned()) {
            let label = "expected an id of its own, found that of another insert of this strip".to_string();
            self.error("duplicate-id", format!("the insert id \"{id}\" is taken"), &node.span, label);
            return None;
        }
        Some(id.to_owned())
    }

    fn insert(&mut self, table: &Table, id: String, place: Place) -> Option<Insert> {
        let node = self.required("this insert", table, &INSERT[0])?;
        let effect = self.text("effect", node)?;
        let Some(spec) = self.registry.spec(effect) else {
            let help = self.suggest(effect, self.registry.specs().map(|spec| spec.id).collect::<Vec<_>>().into_iter());
            let label = format!("expected the name of an effect, found \"{}\"", shortened(effect));
            let message = format!("there is no effect \"{}\"", shortened(effect));
            self.error_with_help("unknown-effect", message, (&node.span, label), help);
            return None;
        };
        let keys: Vec<&str> = INSERT
            .iter()
            .map(|key| key.id)
            .chain(spec.params.iter().map(|p| p.id))
            .chain(spec.groups.iter().map(|g| g.id))
            .chain(spec.files.iter().map(|f| f.id))
            .collect();
        self.known(&format!("the effect \"{}\"", spec.id), table, &keys);
        let bypass = table.get(BYPASS.id).and_then(|node| self.param(&BYPASS, node)) == Some(1.0);
        let channels = self.channels(spec, table);
        let key = self.side_chain(spec, table, place);
        let settings = self.settings(spec, table);
        Some(Insert { id, bypass, channels, key, settings })
    }

    /// The part of the signal that it works on.
    fn channels(&mut self, spec: &EffectSpec, table: &Table) -> Channels {
        let Some(node) = table.get(CHANNELS.id) else { return Channels::Stereo };
        let channels = self.param(&CHANNELS, node).map_or(Channels::Stereo, |place| Channels::ALL[place as usize]);
        if spec.stereo_only && channels != Channels::Stereo {
            let label = format!("expected \"stereo\", found \"{}\"", channels.word());
            let message = format!("the effect \"{}\" makes stereo, so it works on the whole signal only", spec.id);
            let help = Some("take the `channels` out".to_string());
            self.error_with_help("stereo-only", message, (&node.span, label), help);
        }
        channels
    }

    /// What it listens to, and where that is taken.
    fn side_chain(&mut self, spec: &EffectSpec, table: &Table, place: Place) -> Option<SideChain> {
        let tap = table.get(KEY_TAP.id).and_then(|node| self.param(&KEY_TAP, node)).unwrap_or(0.0);
        let tap = KeyTap::ALL[tap as usize];
        let muted = table.get(KEY_MUTED.id).and_then(|node| self.param(&KEY_MUTED, node)) == Some(1.0);
        let idle = |entry: &&Entry| match entry.key.as_str() {
            "key_tap" => table.get("key").is_none(),
            "key_muted" => table.get("key").is_none() || (muted && tap != KeyTap::Post),
            _ => false,
        };
        for entry in table.entries.iter().filter(idle) {
            let (why, remedy) = match table.get("key") {
                None => ("without a `key`", "name the track or bus with `key`"),
                Some(_) => ("before the fader: no mute reaches it there", "heard only with `key_tap = \"post\"`"),
            };
            let warning = Diagnostic::warning("no-effect", format!("`{}` does nothing {why}", entry.key));
            self.report.add(warning.at(entry.key_span.clone(), remedy));
        }
        let from = self.key_source(spec, table.get("key")?, tap, place)?;
        Some(SideChain { from, tap, muted })
    }

    fn key_source(&mut self, spec: &EffectSpec, node: &Node, tap: KeyTap, place: Place) -> Option<KeySource> {
        let name = self.text("key", node)?;
        if !spec.takes_key() {
            let label = format!("expected no `key`, found \"{}\"", shortened(name));
            let message = format!("the effect \"{}\" listens to no side-chain", spec.id);
            self.error_with_help("no-side-chain", message, (&node.span, label), Some("take the `key` out".into()));
            return None;
        }
        let source = self.signal("key", node)?;
        let pre_inserts = tap == KeyTap::PreInserts;
        let post = tap == KeyTap::Post;
        self.edges.push(Edge { way: Way::Key { pre_inserts, post }, ..Edge::new(place_of(source), place, &node.span) });
        Some(source)
    }

    fn settings(&mut self, spec: &'static EffectSpec, table: &Table) -> Settings {
        let mut settings = Settings::new(spec);
        for file in spec.files {
            if let Some(path) = self.file(spec, file, table) {
                let _ = settings.set_file(file.id, &path);
            }
        }
        // Every value was checked against this very description, so none is refused.
        for (place, param) in spec.params.iter().enumerate() {
            if let Some((value, note)) = table.get(param.id).and_then(|node| self.timed(param, node)) {
                let _ = settings.set(param.id, value);
                if let Some(note) = note {
                    let _ = settings.set_note(ParamIndex(place as u32), note, self.tempo_bpm);
                }
            }
        }
        for group in spec.groups {
            let Some(node) = table.get(group.id) else { continue };
            for item in self.group_items(group, node) {
                let read = self.group_values(group.params, &format!("`{}`", group.id), item);
                let values: Vec<(&str, f64)> = read.iter().map(|(id, (value, _))| (*id, *value)).collect();
                let _ = settings.push(group.id, &values);
                let number = settings.items(group.id).len();
                for (id, note) in read.iter().filter_map(|(id, (_, note))| Some((id, (*note)?))) {
                    let (single, many) = (format!("{}/{id}", group.id), format!("{}/{number}/{id}", group.id));
                    if let Ok(index) = settings.index_of(if group.many() { &many } else { &single }) {
                        let _ = settings.set_note(index, note, self.tempo_bpm);
                    }
                }
            }
        }
        settings
    }

    /// The path of a recording that an effect sounds with.
    fn file(&mut self, effect: &EffectSpec, file: &FileSpec, table: &Table) -> Option<String> {
        let Some(node) = table.get(file.id) else {
            if file.required {
                let label = format!("expected `{}` here", file.id);
                let message = format!("the effect \"{}\" has no `{}`", effect.id, file.id);
                let what = file.name.to_lowercase();
                let help = format!("name the audio file of its {what}: `{} = \"{what}.wav\"`", file.id);
                self.error_with_help("missing-key", message, (&table.span, label), Some(help));
            }
            return None;
        };
        self.path(file.id, node)
    }

    fn group_items<'t>(&mut self, group: &GroupSpec, node: &'t Node) -> Vec<&'t Table> {
        if !group.many() {
            if node.table().is_none() {
                let sample = sample(group);
                self.wrong_type(group.id, node, "a table", Some(format!("write `{} = {sample}`", group.id)));
            }
            return node.table().into_iter().collect();
        }
        let (Kind::List(items) | Kind::Headers(items)) = &node.kind else {
            let sample = sample(group);
            self.wrong_type(group.id, node, "a list of tables", Some(format!("write `{} = [{sample}]`", group.id)));
            return Vec::new();
        };
        if let Some(surplus) = items.get(group.max) {
            self.too_many(&format!("{} in `{}`", items.len(), group.id), group.max, &surplus.span);
        }
        let mut tables = Vec::new();
        for item in items.iter().take(group.max) {
            match item.table() {
                Some(table) => tables.push(table),
                None => self.wrong_type(group.id, item, "a table", Some(format!("such as `{}`", sample(group)))),
            }
        }
        tables
    }

    fn group_values(&mut self, params: &'static [ParamSpec], what: &str, table: &Table) -> Vec<(&'static str, Timed)> {
        self.known(what, table, &params.iter().map(|p| p.id).collect::<Vec<_>>());
        params
            .iter()
            .filter_map(|param| Some((param.id, table.get(param.id).and_then(|node| self.timed(param, node))?)))
            .collect()
    }
}

/// How one item of a group is written.
fn sample(group: &GroupSpec) -> String {
    match group.params.first() {
        Some(param) => format!("{{ {} = {} }}", param.id, crate::print::written(param, param.default)),
        None => "{}".into(),
    }
}

/// Every insert's id: what is written, else the first of `effect`, `effect-2`, `effect-3`, … that is free.
pub(crate) fn automatic_ids(effects: &[&str], written: &[Option<String>]) -> Vec<String> {
    let mut taken: HashSet<String> = written.iter().flatten().cloned().collect();
    let mut ids = Vec::with_capacity(effects.len());
    for (effect, written) in effects.iter().zip(written) {
        let id = written.clone().unwrap_or_else(|| {
            let names = std::iter::once((*effect).to_owned()).chain((2..).map(|n| format!("{effect}-{n}")));
            names.into_iter().find(|name| !taken.contains(name)).unwrap_or_default()
        });
        taken.insert(id.clone());
        ids.push(id);
    }
    ids
}
