//! Each edit as splices of the text.

use tonmeister_core::{Diagnostic, GroupSpec, Note, ParamError, ParamSpec, Slot};

use super::locate::{self, Desk, Spot, bus_ids, nowhere};
use super::text::{New, Script};
use super::{Edit, Plain, Splice, checks, mentions, named, timeline};
use crate::document::Document;
use crate::model::{Destination, Insert, KeySource, Lane, Point, Send, SideChain, Strip, Target};
use crate::print::{Names, automation, explicit_ids, group_part, points, quoted, written};
use crate::read::{Addresses, Place};
use crate::tree::{Kind, Node, Table};

pub(super) type Splices = Result<Vec<Splice>, Diagnostic>;

impl Edit {
    /// What it does to the text of that document.
    pub(crate) fn splices(&self, document: &Document) -> Splices {
        let text = Script::new(document.text(), &document.tree);
        match self {
            Edit::SetParam { address, value } => set_param(document, &text, address, *value),
            Edit::SetNote { address, note } => set_note(document, &text, address, *note),
            Edit::SetPlain { address, value } => set_plain(document, &text, address, value),
            Edit::Reset { address } => reset(document, &text, address),
            Edit::AddTrack { at, track } => add_strip(document, &text, ("track", *at), &track.strip, |names| {
                let part = names.track(track);
                New { block: part.under("[[track]]", "track"), inline: part.inline(), followers: &BEHIND[1..] }
            }),
            Edit::AddBus { at, bus } => add_strip(document, &text, ("bus", *at), &bus.strip, |names| {
                let part = names.bus(bus);
                New { block: part.under("[[bus]]", "bus"), inline: part.inline(), followers: &BEHIND[2..] }
            }),
            Edit::RemoveTrack { id } => remove_strip(document, &text, "track", id),
            Edit::RemoveBus { id } => remove_strip(document, &text, "bus", id),
            Edit::AddInsert { strip, at, insert } => add_insert(document, &text, strip, *at, insert),
            Edit::RemoveInsert { strip, insert } => remove_insert(document, &text, strip, insert),
            Edit::AddItem { strip, insert, group, values } => {
                add_item(document, &text, &Item { strip, insert, group }, values)
            }
            Edit::RemoveItem { strip, insert, group, item } => {
                remove_item(document, &text, &Item { strip, insert, group }, *item)
            }
            Edit::AddSend { strip, send } => add_send(document, &text, strip, send),
            Edit::RemoveSend { strip, to } => remove_send(document, &text, strip, to),
            Edit::SetAutomation { strip, target, points } => set_automation(document, &text, strip, target, points),
            Edit::ReshapeAutomation { strip, target, from_s, to_s, how } => {
                timeline::reshape(document, &text, (strip, target), (*from_s, *to_s), *how)
            }
            Edit::SetLfos { strip, target, lfos } => timeline::set_lfos(document, &text, strip, target, lfos),
            Edit::SetFollow { strip, target, follow } => {
                timeline::set_follow(document, &text, strip, target, follow.as_ref())
            }
            Edit::AddClip { track, at, clip } => timeline::add_clip(document, &text, track, *at, clip),
            Edit::SetClip { track, number, clip } => timeline::set_clip(document, &text, track, *number, clip),
            Edit::RemoveClip { track, number } => timeline::remove_clip(document, &text, track, *number),
            Edit::AddToTimeline { at, entry } => timeline::add(document, &text, *at, entry),
            Edit::RemoveFromTimeline { address } => timeline::remove(document, &text, address),
            Edit::SetCheck { strip, rule, level, limit } => checks::set(document, &text, (strip, rule), *level, *limit),
            Edit::AddNamed { at, named } => named::add(document, &text, *at, named),
            Edit::SetNamed { named } => named::set(document, &text, named),
            Edit::RemoveNamed { sort, id } => named::remove(document, &text, *sort, id),
            Edit::Unfold { track } => unfold(document, &text, track),
            Edit::Rewrite(splices) => Ok(splices.clone()),
            // Each of them sees the text that the one before it left: the document does that.
            Edit::Together(_) => Ok(Vec::new()),
        }
    }
}

/// The lists at the top of a document in their usual order.
pub(super) const BEHIND: &[&str] = &["track", "bus", "master", "vca", "link", "stem", "scene", "version"];

pub(super) fn refused(code: &'static str, message: String) -> Diagnostic {
    Diagnostic::error(code, message)
}

/// Sets a key at a spot, in the master's own table if that has to be begun.
fn put(text: &Script<'_>, spot: &Spot<'_>, value: &str) -> Splice {
    match (spot.table, spot.absent_group) {
        (Some(table), None) => text.set(table, spot.key, value),
        (Some(table), Some(group)) => text.set(table, group, &format!("{{ {} = {value} }}", spot.key)),
        (None, _) => text.append(&format!("[master]\n{} = {value}\n", spot.key)),
    }
}

fn set_param(document: &Document, text: &Script<'_>, address: &str, value: f64) -> Splices {
    let spot = locate::param(document, address)?;
    if let Some(spec) = spot.spec {
        check(spec, value)?;
        return Ok(vec![put(text, &spot, &written(spec, value))]);
    }
    Err(nowhere(address, std::iter::empty()))
}

fn set_note(document: &Document, text: &Script<'_>, address: &str, note: Note) -> Splices {
    let spot = locate::param(document, address)?;
    match spot.spec {
        // Whether it fits is told when the text is read again.
        Some(spec) if spec.takes_notes() => Ok(vec![put(text, &spot, &quoted(&note.to_string()))]),
        Some(spec) => Err(refused("no-note", ParamError::NoNote(spec.id).to_string())),
        None => Err(nowhere(address, std::iter::empty())),
    }
}

pub(super) fn check(spec: &ParamSpec, value: f64) -> Result<(), Diagnostic> {
    spec.check(value).map_err(|error| refused("out-of-range", error.to_string()))
}

fn set_plain(document: &Document, text: &Script<'_>, address: &str, value: &Plain) -> Splices {
    let spot = locate::plain(document, address)?;
    let value = match (value, spot.spec) {
        (Plain::Text(word), _) => quoted(word),
        (Plain::Switch(on), _) => on.to_string(),
        (Plain::Number(number), Some(spec)) => {
            check(spec, *number)?;
            written(spec, *number)
        }
        (Plain::Number(number), None) => crate::print::decimal(*number),
    };
    Ok(vec![put(text, &spot, &value)])
}

fn reset(document: &Document, text: &Script<'_>, address: &str) -> Splices {
    let spot =
        locate::param(document, address).or_else(|unknown| locate::plain(document, address).map_err(|_| unknown))?;
    let entry = spot.table.filter(|_| spot.absent_group.is_none()).and_then(|table| table.entry(spot.key));
    Ok(entry.map_or_else(Vec::new, |entry| text.unset(entry)))
}

/// `audio = "a.wav"` becomes `clip = [{ audio = "a.wav" }]`; what stands behind it on the line stays.
fn unfold(document: &Document, text: &Script<'_>, track: &str) -> Splices {
    let desk = Desk::find(document, track)?;
    if !matches!(desk.place, Place::Track(_)) {
        return Err(refused("unknown-address", format!("\"{track}\" is no track")));
    }
    let entry = desk.list("audio").and_then(|entry| Some((entry, entry.node.text()?)));
    Ok(entry.map_or_else(Vec::new, |(entry, audio)| {
        let clip = format!("[{{ audio = {} }}]", quoted(audio));
        vec![text.replace(&entry.key_span, "clip"), text.replace(&entry.node.span, &clip)]
    }))
}

/// Whether everything that a new strip leads to is there.
fn check_routes(document: &Document, strip: &Strip) -> Result<(), Diagnostic> {
    let (tracks, buses) = (document.song().tracks.len(), document.song().buses.len());
    let output = matches!(strip.output, Some(Destination::Bus(bus)) if bus >= buses);
    let sends = strip.sends.iter().any(|send| send.to >= buses);
    let keys = strip.inserts.iter().any(|insert| !key_is_there(insert.key, tracks, buses));
    let followed = strip.automation.iter().filter_map(|lane| lane.follow);
    let levels = followed.into_iter().any(|follow| !key_is_there(Some(follow.of), tracks, buses));
    if output || sends || keys || levels {
        return Err(refused("unknown-bus", "the new strip leads to a track or bus that is not there".into()));
    }
    Ok(())
}

pub(super) fn key_is_there(key: Option<SideChain>, tracks: usize, buses: usize) -> bool {
    match key.map(|key| key.from) {
        Some(KeySource::Track(track)) => track < tracks,
        Some(KeySource::Bus(bus)) => bus < buses,
        None => true,
    }
}

/// Whether every lane of a new strip moves something of its own.
fn check_lanes(document: &Document, strip: &Strip) -> Result<(), Diagnostic> {
    let buses = bus_ids(document);
    let addresses = Addresses::new(strip, &buses);
    if strip.automation.iter().any(|lane| addresses.name(lane.target).is_none()) {
        return Err(refused("unknown-target", "an automation of the new strip moves what is not there".into()));
    }
    Ok(())
}

fn add_strip<'n>(
    document: &Document,
    text: &Script<'_>,
    (list, at): (&str, usize),
    strip: &Strip,
    new: impl FnOnce(&Names) -> New<'n>,
) -> Splices {
    let count = if list == "track" { document.song().tracks.len() } else { document.song().buses.len() };
    check_place(at, count, list)?;
    check_routes(document, strip)?;
    check_lanes(document, strip)?;
    let names = Names::of(document.song());
    Ok(text.add_table(&document.tree, list, at, &new(&names)))
}

fn check_place(at: usize, count: usize, what: &str) -> Result<(), Diagnostic> {
    if at <= count {
        return Ok(());
    }
    Err(refused("unknown-address", format!("place {at} is past the last {what}: there are {count}")))
}

fn remove_strip(document: &Document, text: &Script<'_>, list: &str, id: &str) -> Splices {
    let names = Names::of(document.song());
    let ids = if list == "track" { names.tracks() } else { names.buses() };
    let place = ids.iter().position(|name| name == id);
    let place = place.ok_or_else(|| nowhere(id, ids.iter().map(String::as_str)))?;
    Ok(document.tree.entry(list).map_or_else(Vec::new, |entry| text.remove_tables(entry, &[place])))
}

/// The inserts of a strip as the text names them: effect, written id, and the id in force.
fn named<'d>(desk: &Desk<'d>) -> (Vec<&'d str>, Vec<Option<String>>, Vec<&'d str>) {
    let effects = desk.strip.inserts.iter().map(|insert| insert.settings.spec().id).collect();
    let written = |table: &&Table| table.get("id").and_then(Node::text).map(str::to_owned);
    let written = desk.tables("insert").iter().map(written).collect();
    (effects, written, desk.strip.inserts.iter().map(|insert| insert.id.as_str()).collect())
}

fn add_insert(document: &Document, text: &Script<'_>, strip: &str, at: usize, insert: &Insert) -> Splices {
    let desk = Desk::find(document, strip)?;
    check_place(at, desk.strip.inserts.len(), "insert")?;
    if !key_is_there(insert.key, document.song().tracks.len(), document.song().buses.len()) {
        return Err(refused("unknown-strip", "the new insert listens to what is not there".into()));
    }
    if desk.strip.inserts.iter().any(|other| other.id == insert.id) {
        return Err(refused("duplicate-id", format!("the insert id \"{}\" is taken on \"{strip}\"", insert.id)));
    }
    let (mut effects, mut ids, mut wanted) = named(&desk);
    effects.insert(at, insert.settings.spec().id);
    ids.insert(at, None);
    wanted.insert(at, &insert.id);
    let mut explicit = explicit_ids(&effects, ids, &wanted);
    let part = Names::of(document.song()).insert(insert, explicit.remove(at));
    let mut splices = pin(text, &desk, &explicit, &[]);
    splices.extend(add_to(text, &desk, "insert", at, &part, &["send", "automation"]));
    Ok(splices)
}

/// Adds a table to one of a strip's lists.
pub(super) fn add_to(
    text: &Script<'_>,
    desk: &Desk<'_>,
    key: &'static str,
    at: usize,
    part: &crate::print::Part,
    followers: &[&str],
) -> Vec<Splice> {
    let path = format!("{}.{key}", desk.header());
    let new = New { block: part.under(&format!("[[{path}]]"), &path), inline: part.inline(), followers };
    match desk.table {
        Some(table) => text.add_table(table, key, at, &new),
        None => vec![text.append(&new.block)],
    }
}

/// Writes the ids that would otherwise change because a neighbor came or went.
fn pin(text: &Script<'_>, desk: &Desk<'_>, explicit: &[bool], gone: &[usize]) -> Vec<Splice> {
    let tables = desk.tables("insert");
    let staying = desk.strip.inserts.iter().zip(tables).enumerate().filter(|(place, _)| !gone.contains(place));
    let pinned = staying.zip(explicit).filter(|(_, explicit)| **explicit);
    pinned.map(|((_, (insert, table)), _)| text.set(table, "id", &quoted(&insert.id))).collect()
}

/// Takes out the lanes that move what `gone` says.
pub(super) fn remove_lanes(text: &Script<'_>, desk: &Desk<'_>, gone: impl Fn(&Lane) -> bool) -> Vec<Splice> {
    let lanes = desk.strip.automation.iter().enumerate().filter(|(_, lane)| gone(lane));
    let places: Vec<usize> = lanes.map(|(place, _)| place).collect();
    match desk.list("automation") {
        Some(entry) if !places.is_empty() => text.remove_tables(entry, &places),
        _ => Vec::new(),
    }
}

fn remove_insert(document: &Document, text: &Script<'_>, strip: &str, id: &str) -> Splices {
    let desk = Desk::find(document, strip)?;
    let (place, _, _) = desk.insert(id)?;
    let (mut effects, mut ids, mut wanted) = named(&desk);
    effects.remove(place);
    ids.remove(place);
    wanted.remove(place);
    let explicit = explicit_ids(&effects, ids, &wanted);
    let mut splices = pin(text, &desk, &explicit, &[place]);
    if let Some(entry) = desk.list("insert") {
        splices.extend(text.remove_tables(entry, &[place]));
    }
    splices.extend(remove_lanes(
        text,
        &desk,
        |lane| matches!(lane.target, Target::Insert { insert, .. } if insert == place),
    ));
    splices.extend(mentions::forget_insert(document, text, desk.place, place));
    Ok(splices)
}

/// A table or list of an insert.
struct Item<'e> {
    strip: &'e str,
    insert: &'e str,
    group: &'e str,
}

impl Item<'_> {
    fn find<'d>(&self, document: &'d Document) -> Result<Found<'d>, Diagnostic> {
        let desk = Desk::find(document, self.strip)?;
        let (insert_place, insert, table) = desk.insert(self.insert)?;
        let groups = insert.settings.spec().groups;
        let group_place = groups.iter().position(|group| group.id == self.group);
        let group_place = group_place.ok_or_else(|| nowhere(self.group, groups.iter().map(|group| group.id)))?;
        Ok(Found { desk, insert_place, insert, table, group_place, group: &groups[group_place] })
    }
}

/// A table or list of an insert, found.
struct Found<'d> {
    desk: Desk<'d>,
    insert_place: usize,
    insert: &'d Insert,
    table: &'d Table,
    group_place: usize,
    group: &'static GroupSpec,
}

impl Found<'_> {
    /// The item and parameter of this group that a target is.
    fn moved_by(&self, target: Target) -> Option<(usize, usize)> {
        match target {
            Target::Insert { insert, param } if insert == self.insert_place => match self.insert.settings.slot(param) {
                Some(Slot::Grouped { group, item, param }) if group == self.group_place => Some((item, param)),
                _ => None,
            },
            _ => None,
        }
    }
}

fn add_item(document: &Document, text: &Script<'_>, item: &Item<'_>, values: &[(String, f64)]) -> Splices {
    let Found { desk, insert, table, group, .. } = item.find(document)?;
    let mut all: Vec<f64> = group.params.iter().map(|spec| spec.default).collect();
    for (key, value) in values {
        let place = group.params.iter().position(|spec| spec.id == key);
        let place = place.ok_or_else(|| nowhere(key, group.params.iter().map(|spec| spec.id)))?;
        check(&group.params[place], *value)?;
        all[place] = *value;
    }
    let count = insert.settings.items(group.id).len();
    if count >= group.max {
        return Err(refused("too-many", format!("`{}` holds at most {}", group.id, group.max)));
    }
    let part = group_part(group, &all, &mut std::iter::empty());
    let new = part.inline();
    Ok(match table.get(group.id) {
        None if group.many() => vec![text.set(table, group.id, &format!("[{new}]"))],
        None => vec![text.set(table, group.id, &new)],
        Some(Node { kind: Kind::List(items), span }) => text.add_item(items, span, count, &new),
        Some(_) => {
            let path = format!("{}.insert.{}", desk.header(), group.id);
            let block = part.under(&format!("[[{path}]]"), &path);
            text.add_table(table, group.id, count, &New { block, inline: new, followers: &[] })
        }
    })
}

fn remove_item(document: &Document, text: &Script<'_>, item: &Item<'_>, number: usize) -> Splices {
    let found = item.find(document)?;
    let Found { desk, insert, table, group, .. } = &found;
    let strip = item.strip;
    let count = insert.settings.items(group.id).len();
    let gone = number.checked_sub(1).filter(|gone| *gone < count).ok_or_else(|| {
        refused("unknown-address", format!("`{}` has no item {number}: there are {count}, counted from 1", group.id))
    })?;
    let mut splices = match table.entry(group.id) {
        Some(entry) if group.many() => text.remove_tables(entry, &[gone]),
        Some(entry) => text.unset(entry),
        None => Vec::new(),
    };
    splices.extend(remove_lanes(text, desk, |lane| found.moved_by(lane.target).is_some_and(|(item, _)| item == gone)));
    for (lane, table) in desk.strip.automation.iter().zip(desk.tables("automation")) {
        // What stands behind the item counts one less from now on: item `n` (from 0) becomes number `n`.
        if let Some((item, param)) = found.moved_by(lane.target).filter(|(item, _)| *item > gone)
            && let Some(target) = table.get("target")
        {
            let address = format!("{}/{}/{item}/{}", insert.id, group.id, group.params[param].id);
            splices.push(text.replace(&target.span, &quoted(&address)));
        }
    }
    let slot = |target| found.moved_by(target);
    splices.extend(mentions::forget(document, text, desk.place, |target| {
        slot(target).is_some_and(|(item, _)| item == gone)
    }));
    splices.extend(mentions::rename(document, text, desk.place, |target| {
        let (item, param) = slot(target).filter(|(item, _)| *item > gone)?;
        Some(format!("{strip}/{}/{}/{item}/{}", insert.id, group.id, group.params[param].id))
    }));
    Ok(splices)
}

fn add_send(document: &Document, text: &Script<'_>, strip: &str, send: &Send) -> Splices {
    let desk = Desk::find(document, strip)?;
    if send.to >= document.song().buses.len() {
        return Err(refused("unknown-bus", "the new send leads to a bus that is not there".into()));
    }
    let part = Names::of(document.song()).send(send);
    Ok(add_to(text, &desk, "send", desk.strip.sends.len(), &part, &["automation"]))
}

fn remove_send(document: &Document, text: &Script<'_>, strip: &str, to: &str) -> Splices {
    let desk = Desk::find(document, strip)?;
    let buses = bus_ids(document);
    let place = desk.strip.sends.iter().position(|send| buses[send.to] == to);
    let place = place.ok_or_else(|| nowhere(to, desk.strip.sends.iter().map(|send| buses[send.to].as_str())))?;
    let mut splices = desk.list("send").map_or_else(Vec::new, |entry| text.remove_tables(entry, &[place]));
    splices.extend(remove_lanes(text, &desk, |l| matches!(l.target, Target::Send { send, .. } if send == place)));
    let gone = |target| matches!(target, Target::Send { send, .. } if send == place);
    splices.extend(mentions::forget(document, text, desk.place, gone));
    Ok(splices)
}

/// Whether something moves a lane that has no points.
pub(super) fn moves_alone(lane: &Lane) -> bool {
    !lane.lfos.is_empty() || lane.follow.is_some()
}

pub(super) fn set_automation(
    document: &Document,
    text: &Script<'_>,
    strip: &str,
    target: &str,
    new: &[Point],
) -> Splices {
    let desk = Desk::find(document, strip)?;
    let buses = bus_ids(document);
    let addresses = Addresses::at(desk.place, desk.strip, &buses);
    let local = target.strip_prefix(strip).and_then(|rest| rest.strip_prefix('/')).unwrap_or(target);
    let place = addresses.find(target).or_else(|| addresses.find(local));
    let place = place.ok_or_else(|| nowhere(target, addresses.names()))?;
    let spec = desk.strip.target_spec(place);
    for point in new {
        check(spec, point.value)?;
    }
    let lane = desk.strip.automation.iter().position(|lane| lane.target == place);
    match (lane, new) {
        (None, []) => Ok(Vec::new()),
        // What moves around the points moves around the written value then.
        (Some(lane), []) if moves_alone(&desk.strip.automation[lane]) => {
            let entry = desk.tables("automation").get(lane).and_then(|table| table.entry("points"));
            Ok(entry.map_or_else(Vec::new, |entry| text.unset(entry)))
        }
        (Some(_), []) => Ok(remove_lanes(text, &desk, |lane| lane.target == place)),
        (Some(lane), new) => {
            let table = desk.tables("automation").get(lane).copied();
            Ok(table.map(|table| text.set(table, "points", &points(spec, new))).into_iter().collect())
        }
        (None, new) => {
            let part = automation(addresses.name(place).unwrap_or(target), spec, new, &[], None);
            Ok(add_to(text, &desk, "automation", desk.strip.automation.len(), &part, &[]))
        }
    }
}
