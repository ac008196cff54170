//! From an address to the table and key that hold it.

use std::ops::Range;

use tonmeister_core::{Diagnostic, ParamSpec, Slot};

use super::named::{self, NamedSort};
use crate::document::Document;
use crate::keys;
use crate::model::{Insert, Strip, Target};
use crate::read::{Addresses, Place};
use crate::report::suggestion;
use crate::tables;
use crate::tree::{Entry, Kind, Table};

/// A strip: its table in the text (none: the master, unwritten) and what it says.
#[derive(Clone, Copy)]
pub(crate) struct Desk<'d> {
    pub(crate) place: Place,
    pub(crate) table: Option<&'d Table>,
    pub(crate) strip: &'d Strip,
}

/// A key that may hold a value, in a table that is there.
pub(crate) struct Spot<'d> {
    /// None: the master's, unwritten.
    pub(crate) table: Option<&'d Table>,
    pub(crate) key: &'static str,
    /// What it takes, when a parameter describes it.
    pub(crate) spec: Option<&'static ParamSpec>,
    /// The parameter is in a table of that name that is not there yet.
    pub(crate) absent_group: Option<&'static str>,
}

impl<'d> Spot<'d> {
    fn new(table: &'d Table, key: &'static str, spec: Option<&'static ParamSpec>) -> Self {
        Spot { table: Some(table), key, spec, absent_group: None }
    }
}

/// An address that names nothing.
pub(crate) fn nowhere<'a>(address: &str, candidates: impl Iterator<Item = &'a str> + Clone) -> Diagnostic {
    let error = Diagnostic::error("unknown-address", format!("there is no \"{address}\" in this song"));
    let word = address.rsplit_once('/').map_or(address, |(_, last)| last);
    let help = suggestion(address, candidates.clone()).or_else(|| suggestion(word, candidates));
    match help {
        Some(help) => error.help(help),
        None => error,
    }
}

impl<'d> Desk<'d> {
    /// The strip of that id.
    pub(crate) fn find(document: &'d Document, id: &str) -> Result<Self, Diagnostic> {
        let song = document.song();
        if id == "master" {
            let table = document.tree.get("master").and_then(|node| node.table());
            return Ok(Desk { place: Place::Master, table, strip: &song.master.strip });
        }
        if let Some(place) = song.tracks.iter().position(|track| track.id == id) {
            let table = document.tree.tables("track").get(place).copied();
            return Ok(Desk { place: Place::Track(place), table, strip: &song.tracks[place].strip });
        }
        if let Some(place) = song.buses.iter().position(|bus| bus.id == id) {
            let table = document.tree.tables("bus").get(place).copied();
            return Ok(Desk { place: Place::Bus(place), table, strip: &song.buses[place].strip });
        }
        if let Some(place) = song.vcas.iter().position(|vca| vca.id == id) {
            let table = document.tree.tables("vca").get(place).copied();
            return Ok(Desk { place: Place::Vca(place), table, strip: &song.vcas[place].strip });
        }
        let tracks = song.tracks.iter().map(|track| track.id.as_str());
        let all = tracks.chain(song.buses.iter().map(|bus| bus.id.as_str())).chain(std::iter::once("master"));
        Err(nowhere(id, all))
    }

    /// The first word of its headers.
    pub(crate) fn header(&self) -> &'static str {
        match self.place {
            Place::Track(_) => "track",
            Place::Bus(_) => "bus",
            Place::Master => "master",
            Place::Vca(_) => "vca",
        }
    }

    /// The tables of one of its lists.
    pub(crate) fn tables(&self, key: &str) -> Vec<&'d Table> {
        self.table.map_or_else(Vec::new, |table| table.tables(key))
    }

    /// The key that holds one of its lists.
    pub(crate) fn list(&self, key: &str) -> Option<&'d Entry> {
        self.table.and_then(|table| table.entry(key))
    }

    /// An insert of its, with its place and table.
    pub(crate) fn insert(&self, id: &str) -> Result<(usize, &'d Insert, &'d Table), Diagnostic> {
        let place = self.strip.inserts.iter().position(|insert| insert.id == id);
        let found =
            place.and_then(|place| Some((place, &self.strip.inserts[place], *self.tables("insert").get(place)?)));
        found.ok_or_else(|| nowhere(id, self.strip.inserts.iter().map(|insert| insert.id.as_str())))
    }
}

/// The strip's id and the rest of an address.
pub(crate) fn split(address: &str) -> Result<(&str, &str), Diagnostic> {
    address.split_once('/').ok_or_else(|| {
        let error = Diagnostic::error("unknown-address", format!("\"{address}\" names no value"));
        error.help("an address is a strip and what is set on it: `kick/fader_db`")
    })
}

/// The bus ids of a song, by place.
pub(crate) fn bus_ids(document: &Document) -> Vec<String> {
    document.song().buses.iter().map(|bus| bus.id.clone()).collect()
}

/// The key of a parameter of a strip, send or insert.
pub(crate) fn param<'d>(document: &'d Document, address: &str) -> Result<Spot<'d>, Diagnostic> {
    let (id, local) = split(address)?;
    let desk = Desk::find(document, id)?;
    let buses = bus_ids(document);
    let addresses = Addresses::at(desk.place, desk.strip, &buses);
    let Some(target) = addresses.find(local) else {
        return absent_group(&desk, local).ok_or_else(|| nowhere(local, addresses.names()));
    };
    let spec = desk.strip.target_spec(target);
    let gone = || nowhere(address, std::iter::empty());
    match target {
        Target::Strip(place) => {
            let spec = &tables::STRIP[place];
            Ok(Spot { table: desk.table, key: spec.id, spec: Some(spec), absent_group: None })
        }
        Target::Send { send, .. } => {
            let table = desk.tables("send").get(send).copied().ok_or_else(gone)?;
            Ok(Spot::new(table, spec.id, Some(spec)))
        }
        Target::Insert { insert, param } => {
            let table = desk.tables("insert").get(insert).copied().ok_or_else(gone)?;
            let settings = &desk.strip.inserts[insert].settings;
            let table = match settings.slot(param) {
                Some(Slot::Grouped { group, item, .. }) => {
                    let group = &settings.spec().groups[group];
                    let single = table.get(group.id).and_then(|node| node.table());
                    let item = || table.tables(group.id).get(item).copied();
                    if group.many() { item() } else { single }.ok_or_else(gone)?
                }
                _ => table,
            };
            Ok(Spot::new(table, spec.id, Some(spec)))
        }
    }
}

/// `eq/highpass/hz` where the equalizer has no high-pass yet.
fn absent_group<'d>(desk: &Desk<'d>, local: &str) -> Option<Spot<'d>> {
    let mut parts = local.split('/');
    let (insert, group, key) = (parts.next()?, parts.next()?, parts.next()?);
    let (_, insert, table) = desk.insert(insert).ok()?;
    let group = insert.settings.spec().groups.iter().find(|g| g.id == group && !g.many())?;
    let spec = group.params.iter().find(|spec| spec.id == key)?;
    let absent = parts.next().is_none() && insert.settings.items(group.id).is_empty();
    absent.then_some(Spot { table: Some(table), key: spec.id, spec: Some(spec), absent_group: Some(group.id) })
}

/// The key of what is no parameter of a strip, send or effect.
pub(crate) fn plain<'d>(document: &'d Document, address: &str) -> Result<Spot<'d>, Diagnostic> {
    let (id, local) = split(address)?;
    if id == "song" {
        if let Some((table, keys, key)) = timeline(document, local) {
            return of_keys(Some(table), keys, key).ok_or_else(|| nowhere(key, keys.iter().map(|key| key.id)));
        }
        let table = document.tree.get("song").and_then(|node| node.table());
        return of_keys(table, keys::SONG, local).ok_or_else(|| nowhere(local, keys::SONG.iter().map(|key| key.id)));
    }
    let desk = Desk::find(document, id)?;
    let parts: Vec<&str> = local.split('/').collect();
    let spot = match (parts.as_slice(), desk.place) {
        ([key], Place::Track(_)) if *key != "id" => {
            of_keys(desk.table, keys::TRACK, key).or_else(|| of_keys(desk.table, keys::ROUTE, key))
        }
        ([key], Place::Bus(_)) => of_keys(desk.table, keys::ROUTE, key),
        (["send", bus, key], _) => of_keys(send_table(document, &desk, bus), keys::SEND, key),
        (["clip", number, key], _) => {
            let place = number.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
            of_keys(place.and_then(|place| desk.tables("clip").get(place).copied()), keys::CLIP, key)
        }
        ([insert, key], _) if *key != "id" && *key != "effect" => {
            desk.insert(insert).ok().and_then(|(_, insert, table)| {
                let file = || insert.settings.spec().files.iter().find(|file| file.id == *key);
                of_keys(Some(table), keys::INSERT, key).or_else(|| Some(Spot::new(table, file()?.id, None)))
            })
        }
        _ => None,
    };
    let known = ["role", "audio", "output", "bypass", "key", "tap", "to"];
    spot.ok_or_else(|| nowhere(address, known.into_iter()))
}

/// The table, its keys and the key of `marker/chorus/at`, `range/verse/from`, `tempo/2/bpm` and `meter/1/bar`.
fn timeline<'d, 'l>(document: &'d Document, local: &'l str) -> Option<(&'d Table, &'static [keys::Key], &'l str)> {
    let (list, rest) = local.split_once('/')?;
    let (name, key) = rest.split_once('/')?;
    let (keys, place) = timeline_place(document, list, name)?;
    document.tree.tables(list).get(place).map(|table| (*table, keys, key))
}

/// The keys of a list of the timeline, and the place of one of its tables: by id, or by number counted from 1.
pub(crate) fn timeline_place(document: &Document, list: &str, name: &str) -> Option<(&'static [keys::Key], usize)> {
    let song = document.song();
    let number = |count: usize| name.parse::<usize>().ok()?.checked_sub(1).filter(|place| *place < count);
    match list {
        "tempo" => Some((keys::TEMPO_CHANGE, number(song.tempos.len())?)),
        "meter" => Some((keys::METER, number(song.meters.len())?)),
        "marker" => Some((keys::MARKER, song.markers.iter().position(|marker| marker.id == name)?)),
        "range" => Some((keys::RANGE, song.ranges.iter().position(|range| range.id == name)?)),
        _ => None,
    }
}

fn send_table<'d>(document: &Document, desk: &Desk<'d>, bus: &str) -> Option<&'d Table> {
    let to = document.song().buses.iter().position(|b| b.id == bus)?;
    let place = desk.strip.sends.iter().position(|send| send.to == to)?;
    desk.tables("send").get(place).copied()
}

/// A key among some that holds a value, not tables.
fn of_keys<'d>(table: Option<&'d Table>, keys: &'static [keys::Key], id: &str) -> Option<Spot<'d>> {
    let key = keys.iter().find(|key| key.id == id)?;
    let spec = match key.takes {
        keys::Takes::Param(spec) | keys::Takes::Place(spec) | keys::Takes::Timed(spec) => Some(spec),
        keys::Takes::Table(_) | keys::Takes::Tables(_) | keys::Takes::Rules | keys::Takes::TrackRules => return None,
        _ => None,
    };
    Some(Spot::new(table?, key.id, spec))
}

/// The parts of `song/check/dc-offset` and `kick/check/dc-offset`.
fn checked(address: &str) -> Option<(&str, &str, &str)> {
    let mut parts = address.split('/');
    let all = (parts.next()?, parts.next()?, parts.next()?);
    parts.next().is_none().then_some(all)
}

/// What a track or the song (`song`) tells the check, where it is written.
pub(crate) fn checks<'d>(document: &'d Document, strip: &str) -> Option<&'d Table> {
    let parent = if strip == "song" { &document.tree } else { Desk::find(document, strip).ok()?.table? };
    parent.get("check").and_then(|node| node.table())
}

/// See [`Document::clip_numbers`].
pub(crate) fn clip_numbers(document: &Document, track: &str) -> Vec<usize> {
    let Ok(desk) = Desk::find(document, track) else { return Vec::new() };
    let tempo = document.song().tempo_map();
    let start = |table: &Table| match table.get("start_s").map(|node| &node.kind) {
        Some(Kind::Text(text)) => text.parse().ok().and_then(|place| tempo.seconds_of(place).ok()).unwrap_or(0.0),
        Some(Kind::Integer(whole)) => *whole as f64,
        Some(Kind::Float(number)) => *number,
        _ => 0.0,
    };
    let mut all: Vec<(f64, usize)> = desk.tables("clip").iter().zip(1..).map(|(table, n)| (start(table), n)).collect();
    // As the reader sorts them.
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    all.into_iter().map(|(_, number)| number).collect()
}

/// The bytes of `radio`, `radio/mute`, `radio/set/vocal/fader_db`.
fn named_span(document: &Document, sort: NamedSort, address: &str) -> Option<Range<usize>> {
    let (id, key) = address.split_once('/').map_or((address, None), |(id, key)| (id, Some(key)));
    let (_, table) = named::find(document, sort, id)?;
    let Some(key) = key else { return Some(table.span.clone()) };
    if let Some(node) = table.get(key) {
        return Some(node.span.clone());
    }
    let (key, inner) = key.split_once('/').map_or((key, None), |(key, inner)| (key, Some(inner)));
    let node = table.get(key)?;
    let entry = node.table()?.entry(inner?)?;
    Some(entry.key_span.start..entry.node.span.end)
}

/// See [`Document::span_of`].
pub(crate) fn span_of(document: &Document, address: &str) -> Option<Range<usize>> {
    if let Some((strip, "check", rule)) = checked(address) {
        let table = checks(document, strip)?;
        return Some(table.entry(rule).map_or(table.span.clone(), |entry| entry.key_span.start..entry.node.span.end));
    }
    if let Some((sort, rest)) = address.strip_prefix("song/").and_then(|rest| rest.split_once('/'))
        && let Some(sort) = NamedSort::of(sort)
    {
        return named_span(document, sort, rest);
    }
    if let Some((list, name)) = address.strip_prefix("song/").and_then(|local| local.split_once('/'))
        && let Some((_, place)) = timeline_place(document, list, name)
    {
        return document.tree.tables(list).get(place).map(|table| table.span.clone());
    }
    if address == "song" {
        return document.tree.get("song").map(|node| node.span.clone());
    }
    let Some((id, local)) = address.split_once('/') else {
        return Desk::find(document, address).ok()?.table.map(|table| table.span.clone());
    };
    if let Ok(spot) = param(document, address).or_else(|_| plain(document, address)) {
        let table = spot.table?;
        return Some(table.get(spot.key).map_or(table.span.clone(), |node| node.span.clone()));
    }
    let desk = Desk::find(document, id).ok()?;
    let table = match local.split('/').collect::<Vec<_>>().as_slice() {
        ["id"] => return desk.table?.get("id").map(|node| node.span.clone()),
        ["send", bus] => send_table(document, &desk, bus),
        ["clip", number] => desk.tables("clip").get(number.parse::<usize>().ok()?.checked_sub(1)?).copied(),
        [insert] => desk.insert(insert).ok().map(|(_, _, table)| table),
        [insert, group] => {
            let (_, _, table) = desk.insert(insert).ok()?;
            return table.get(group).map(|node| node.span.clone());
        }
        [insert, group, number] => {
            let (_, _, table) = desk.insert(insert).ok()?;
            table.tables(group).get(number.parse::<usize>().ok()?.checked_sub(1)?).copied()
        }
        _ => None,
    };
    table.map(|table| table.span.clone())
}
