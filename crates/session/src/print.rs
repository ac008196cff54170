//! A [`Song`] built in code, printed as a document that a person would have written.
//!
//! Only what differs from its default is printed, in the order in which the signal passes it, and
//! `parse(print(song))` is the same song. Single tables and values are printed for [`crate::Edit`] too.

mod timeline;
pub(crate) mod versions;

use std::borrow::Cow;
use std::fmt::Write as _;

use tonmeister_core::{GroupSpec, Level, Note, ParamIndex, ParamKind, ParamSpec, Unit};

use crate::keys::{KEY_MUTED, KEY_TAP, PAN_LAW, SAMPLE_RATE, TEMPO};
use crate::model::{
    Bus, Channels, Check, Clip, Destination, Insert, Lane, Point, Send, SideChain, Song, Strip, Tap, Track, Vca,
};
use crate::read::{Addresses, automatic_ids, default_curve};
use crate::tables;
use crate::tree::written_key;

pub(crate) use timeline::{automation, clip, lfos, marker, meter, place, range, tempo};

/// A list on one line is at most this long; else it takes a line for each item.
const LINE: usize = 100;

/// The song as a document.
///
/// # Panics
/// When the song contradicts itself: a bus, send or parameter is named by a place that is not there.
pub fn print(song: &Song) -> String {
    let names = Names::of(song);
    let mut head = Part::default();
    head.put("title", quoted(&song.title));
    if let Some(artist) = &song.artist {
        head.put("artist", quoted(artist));
    }
    head.put(SAMPLE_RATE.id, song.sample_rate_hz.to_string());
    // A change at the very start says it too.
    if song.tempos.first().is_none_or(|tempo| tempo.at_s > 0.0) {
        head.param(&TEMPO, song.tempo_bpm);
    }
    head.param(&PAN_LAW, song.pan_law.db());
    if let Some(length) = song.length_s {
        head.put("length_s", decimal(length));
    }
    let mut blocks = vec![head.under("[song]", "song")];
    blocks.extend(song.tempos.iter().map(|tempo| timeline::tempo(tempo).under("[[tempo]]", "tempo")));
    blocks.extend(song.meters.iter().map(|meter| timeline::meter(*meter).under("[[meter]]", "meter")));
    blocks.extend(song.markers.iter().map(|marker| timeline::marker(marker).under("[[marker]]", "marker")));
    blocks.extend(song.ranges.iter().map(|range| timeline::range(range).under("[[range]]", "range")));
    if !song.check.is_empty() {
        blocks.push(checks(&song.check).under("[check]", "check"));
    }
    blocks.extend(song.tracks.iter().map(|track| names.track(track).under("[[track]]", "track")));
    blocks.extend(song.buses.iter().map(|bus| names.bus(bus).under("[[bus]]", "bus")));
    let master = names.strip(&song.master.strip);
    match (master.pairs.is_empty(), master.lists.is_empty()) {
        (true, true) => {}
        // Its inserts' headers imply the master.
        (true, false) => blocks.push(master.children("master")),
        (false, _) => blocks.push(master.under("[master]", "master")),
    }
    blocks.extend(song.vcas.iter().map(|vca| names.vca(vca).under("[[vca]]", "vca")));
    blocks.extend(song.links.iter().map(|link| versions::link(link).under("[[link]]", "link")));
    blocks.extend(song.stems.iter().map(|stem| versions::stem(stem).under("[[stem]]", "stem")));
    blocks.extend(song.scenes.iter().map(|scene| versions::scene(song, scene).under("[[scene]]", "scene")));
    blocks.extend(song.versions.iter().map(|version| versions::version(song, version).under("[[version]]", "version")));
    blocks.join("\n")
}

/// A table as it will be written: its keys, then the tables under it.
#[derive(Debug, Default)]
pub(crate) struct Part {
    pairs: Vec<(Cow<'static, str>, String)>,
    tables: Vec<(&'static str, Part)>,
    lists: Vec<(&'static str, Vec<Part>)>,
    /// Under another table it stands in braces where these fit on a line.
    short: bool,
}

impl Part {
    fn put(&mut self, key: impl Into<Cow<'static, str>>, value: String) {
        self.pairs.push((key.into(), value));
    }

    /// What a key will hold.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.pairs.iter().find(|(id, _)| *id == key).map(|(_, value)| value.as_str())
    }

    /// A parameter, unless it is at its default.
    fn param(&mut self, spec: &'static ParamSpec, value: f64) {
        if value != spec.default {
            self.put(spec.id, written(spec, value));
        }
    }

    /// A parameter of an effect: as the note that it is, else unless it is at its default.
    fn timed(&mut self, spec: &'static ParamSpec, value: f64, note: Option<Note>) {
        match note {
            Some(note) => self.put(spec.id, quoted(&note.to_string())),
            None => self.param(spec, value),
        }
    }

    fn list(&mut self, key: &'static str, parts: Vec<Part>) {
        if !parts.is_empty() {
            self.lists.push((key, parts));
        }
    }

    /// Under that header, with the tables below it.
    pub(crate) fn under(&self, header: &str, path: &str) -> String {
        let mut out = format!("{header}\n");
        for (key, value) in &self.pairs {
            let _ = writeln!(out, "{} = {value}", written_key(key));
        }
        for (key, part) in self.tables.iter().filter(|(_, part)| part.fits()) {
            let _ = writeln!(out, "{key} = {}", part.inline());
        }
        if !(self.tables.iter().all(|(_, part)| part.fits()) && self.lists.is_empty()) {
            out.push('\n');
            out.push_str(&self.children(path));
        }
        out
    }

    fn children(&self, path: &str) -> String {
        let block = |key: &str, part: &Part| part.under(&format!("[[{path}.{key}]]"), &format!("{path}.{key}"));
        let table = |key: &str, part: &Part| part.under(&format!("[{path}.{key}]"), &format!("{path}.{key}"));
        let tables = self.tables.iter().filter(|(_, part)| !part.fits()).map(|(key, part)| table(key, part));
        let blocks = self.lists.iter().flat_map(|(key, parts)| parts.iter().map(move |part| block(key, part)));
        tables.chain(blocks).collect::<Vec<_>>().join("\n")
    }

    fn fits(&self) -> bool {
        self.short && self.inline().len() <= LINE
    }

    /// Its keys and values.
    pub(crate) fn values(&self) -> &[(Cow<'static, str>, String)] {
        &self.pairs
    }

    /// The tables under it.
    pub(crate) fn tables(&self) -> &[(&'static str, Part)] {
        &self.tables
    }

    /// In braces.
    pub(crate) fn inline(&self) -> String {
        let pairs = self.pairs.iter().map(|(key, value)| format!("{} = {value}", written_key(key)));
        let lists = self.lists.iter().map(|(key, parts)| {
            let items: Vec<String> = parts.iter().map(Part::inline).collect();
            format!("{key} = [{}]", items.join(", "))
        });
        let tables = self.tables.iter().map(|(key, part)| format!("{key} = {}", part.inline()));
        let all: Vec<String> = pairs.chain(tables).chain(lists).collect();
        if all.is_empty() { "{}".into() } else { format!("{{ {} }}", all.join(", ")) }
    }
}

/// What places in a song are called.
pub(crate) struct Names {
    tracks: Vec<String>,
    buses: Vec<String>,
}

impl Names {
    pub(crate) fn of(song: &Song) -> Self {
        Names {
            tracks: song.tracks.iter().map(|track| track.id.clone()).collect(),
            buses: song.buses.iter().map(|bus| bus.id.clone()).collect(),
        }
    }

    pub(crate) fn buses(&self) -> &[String] {
        &self.buses
    }

    pub(crate) fn tracks(&self) -> &[String] {
        &self.tracks
    }

    /// A track and everything under it.
    pub(crate) fn track(&self, track: &Track) -> Part {
        let mut part = Part::default();
        part.put("id", quoted(&track.id));
        if let Some(role) = &track.role {
            part.put("role", quoted(role));
        }
        match track.clips.as_slice() {
            [clip] if *clip == Clip::whole(clip.audio.clone()) => part.put("audio", quoted(&clip.audio)),
            clips => part.list("clip", clips.iter().map(timeline::clip).collect()),
        }
        if !track.check.is_empty() {
            part.tables.push(("check", checks(&track.check)));
        }
        self.strip_into(part, &track.strip)
    }

    /// A bus and everything under it.
    pub(crate) fn bus(&self, bus: &Bus) -> Part {
        let mut part = Part::default();
        part.put("id", quoted(&bus.id));
        self.strip_into(part, &bus.strip)
    }

    /// A VCA and everything under it.
    pub(crate) fn vca(&self, vca: &Vca) -> Part {
        let mut part = Part::default();
        part.put("id", quoted(&vca.id));
        part.put("members", versions::words(&vca.members));
        self.strip_into(part, &vca.strip)
    }

    fn strip(&self, strip: &Strip) -> Part {
        self.strip_into(Part::default(), strip)
    }

    fn strip_into(&self, mut part: Part, strip: &Strip) -> Part {
        for (spec, value) in tables::STRIP.iter().zip(&strip.values) {
            part.param(spec, *value);
        }
        if let Some(Destination::Bus(bus)) = strip.output {
            part.put("output", quoted(&self.buses[bus]));
        }
        let wanted: Vec<&str> = strip.inserts.iter().map(|insert| insert.id.as_str()).collect();
        let effects: Vec<&str> = strip.inserts.iter().map(|insert| insert.settings.spec().id).collect();
        let explicit = explicit_ids(&effects, vec![None; wanted.len()], &wanted);
        part.list("insert", strip.inserts.iter().zip(explicit).map(|(i, explicit)| self.insert(i, explicit)).collect());
        part.list("send", strip.sends.iter().map(|send| self.send(send)).collect());
        let addresses = Addresses::new(strip, &self.buses);
        let lane = |lane: &Lane| {
            let address = addresses.name(lane.target).unwrap_or_else(|| panic!("a lane moves what is not there"));
            let spec = strip.target_spec(lane.target);
            let follow = lane.follow.as_ref().map(|follow| self.follow(follow, spec));
            automation(address, spec, &lane.points, &lane.lfos, follow)
        };
        part.list("automation", strip.automation.iter().map(lane).collect());
        part
    }

    /// An insert; its id only where the automatic one would be another.
    pub(crate) fn insert(&self, insert: &Insert, explicit: bool) -> Part {
        let settings = &insert.settings;
        let mut part = Part::default();
        part.put("effect", quoted(settings.spec().id));
        if explicit {
            part.put("id", quoted(&insert.id));
        }
        if insert.bypass {
            part.put("bypass", "true".into());
        }
        if insert.channels != Channels::Stereo {
            part.put("channels", quoted(insert.channels.word()));
        }
        if let Some(SideChain { from, tap, muted }) = insert.key {
            part.put("key", quoted(self.signal(from)));
            part.param(&KEY_TAP, f64::from(tap as u8));
            part.param(&KEY_MUTED, f64::from(u8::from(muted)));
        }
        for file in settings.spec().files {
            if let Some(path) = settings.file(file.id) {
                part.put(file.id, quoted(path));
            }
        }
        let mut notes = (0..settings.count() as u32).map(|index| settings.note(ParamIndex(index)));
        for spec in settings.spec().params {
            part.timed(spec, settings.get(spec.id), notes.next().flatten());
        }
        for group in settings.spec().groups {
            let mut item = |item: &Vec<f64>| group_part(group, item, &mut notes).inline();
            let items: Vec<String> = settings.items(group.id).iter().map(&mut item).collect();
            match (group.many(), items.as_slice()) {
                (_, []) => {}
                (false, [item, ..]) => part.put(group.id, item.clone()),
                (true, items) => part.put(group.id, list(items)),
            }
        }
        part
    }

    /// A send.
    pub(crate) fn send(&self, send: &Send) -> Part {
        let mut part = Part::default();
        part.put("to", quoted(&self.buses[send.to]));
        if send.tap != Tap::Post {
            part.put("tap", quoted(send.tap.word()));
        }
        for (spec, value) in tables::SEND.iter().zip(&send.values) {
            part.param(spec, *value);
        }
        part
    }
}

/// What the check is told.
fn checks(checks: &[Check]) -> Part {
    let mut part = Part::default();
    for set in checks {
        part.put(set.rule, check(set.level, set.limit));
    }
    part
}

/// How a rule is set: `"warn"`, or `{ level = "warn", limit = 0.01 }`.
pub(crate) fn check(level: Option<Level>, limit: Option<f64>) -> String {
    let word = level.map(|level| quoted(level.word()));
    match (word, limit) {
        (Some(word), None) => word,
        (Some(word), Some(limit)) => format!("{{ level = {word}, limit = {} }}", decimal(limit)),
        (None, Some(limit)) => format!("{{ limit = {} }}", decimal(limit)),
        (None, None) => "{}".into(),
    }
}

/// Which inserts must write an id that they do not write yet, so that all are called what is wanted.
pub(crate) fn explicit_ids(effects: &[&str], mut written: Vec<Option<String>>, wanted: &[&str]) -> Vec<bool> {
    let mut explicit = vec![false; wanted.len()];
    // An id that is written frees or takes a name for the others; each round writes one more.
    loop {
        let automatic = automatic_ids(effects, &written);
        match wanted.iter().zip(&automatic).position(|(wanted, automatic)| wanted != automatic) {
            Some(place) if !explicit[place] => {
                written[place] = Some(wanted[place].to_owned());
                explicit[place] = true;
            }
            _ => return explicit,
        }
    }
}

/// One item of a group: what differs from its default, and what is a note.
pub(crate) fn group_part(group: &GroupSpec, values: &[f64], notes: &mut impl Iterator<Item = Option<Note>>) -> Part {
    let mut part = Part::default();
    for (spec, value) in group.params.iter().zip(values) {
        part.timed(spec, *value, notes.next().flatten());
    }
    part
}

/// A list of points.
pub(crate) fn points(spec: &ParamSpec, points: &[Point]) -> String {
    let items: Vec<String> = points
        .iter()
        .map(|point| {
            let (time, value) = (place(point.time_s, point.written), written(spec, point.value));
            if point.curve == default_curve(spec) {
                format!("[{time}, {value}]")
            } else {
                format!("[{time}, {value}, {}]", timeline::curve(point.curve))
            }
        })
        .collect();
    list(&items)
}

pub(crate) fn list(items: &[String]) -> String {
    let line = format!("[{}]", items.join(", "));
    if line.len() <= LINE { line } else { format!("[\n    {},\n]", items.join(",\n    ")) }
}

/// A parameter's value as the document writes it: `-18.0`, `24`, `true`, `"inverted"`.
pub fn written(spec: &ParamSpec, value: f64) -> String {
    match spec.kind {
        ParamKind::Switch => (value != 0.0).to_string(),
        ParamKind::Choice(choices) => match choices.get(value as usize) {
            Some(choice) if value >= 0.0 => quoted(choice.id),
            _ => decimal(value),
        },
        ParamKind::Integer { .. } => whole_or_decimal(value),
        ParamKind::Steps(_) if spec.unit != Unit::Db => whole_or_decimal(value),
        ParamKind::Steps(_) | ParamKind::Number { .. } => decimal(value),
    }
}

fn whole_or_decimal(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e15 { (value as i64).to_string() } else { decimal(value) }
}

/// The shortest number that reads back as the same, always with a point.
pub(crate) fn decimal(value: f64) -> String {
    // Numbers that are none have words of their own in TOML; the reader refuses them.
    let text = if value.is_nan() { "nan".into() } else { format!("{value}") };
    if text.contains(['.', 'n']) { text } else { format!("{text}.0") }
}

/// A text in quotes, on one line.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
