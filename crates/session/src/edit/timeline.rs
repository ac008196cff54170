//! Edits of clips, generators and the timeline, as splices.

use super::locate::{self, Desk, bus_ids, nowhere};
use super::plan::{Splices, add_to, check, key_is_there, refused, remove_lanes, set_automation};
use super::text::{New, Script};
use super::{Entry, Splice};
use crate::document::Document;
use crate::keys::CLIP;
use crate::lane::{self, Reshape};
use crate::model::{Clip, Follower, Lfo};
use crate::print::{self, Names, Part, automation, lfos};
use crate::read::{Addresses, Place};
use crate::tree::{Form, Kind, Table};

/// What stands behind the timeline at the top of a document.
const FOLLOWERS: [&str; 13] =
    ["tempo", "meter", "marker", "range", "check", "track", "bus", "master", "vca", "link", "stem", "scene", "version"];

pub(super) fn add(document: &Document, text: &Script<'_>, at: usize, entry: &Entry) -> Splices {
    let song = document.song();
    let (list, part, count, behind) = match entry {
        Entry::Tempo(tempo) => ("tempo", print::tempo(tempo), song.tempos.len(), 1),
        Entry::Meter(meter) => ("meter", print::meter(*meter), song.meters.len(), 2),
        Entry::Marker(marker) => ("marker", print::marker(marker), song.markers.len(), 3),
        Entry::Range(range) => ("range", print::range(range), song.ranges.len(), 4),
    };
    if at > count {
        return Err(refused("unknown-address", format!("place {at} is past the last {list}: there are {count}")));
    }
    let new =
        New { block: part.under(&format!("[[{list}]]"), list), inline: part.inline(), followers: &FOLLOWERS[behind..] };
    Ok(text.add_table(&document.tree, list, at, &new))
}

pub(super) fn remove(document: &Document, text: &Script<'_>, address: &str) -> Splices {
    let found = address.split_once('/').and_then(|(list, name)| {
        let (_, place) = locate::timeline_place(document, list, name)?;
        Some((document.tree.entry(list)?, place))
    });
    let lists = ["tempo/1", "meter/1", "marker/…", "range/…"];
    let (entry, place) = found.ok_or_else(|| nowhere(address, lists.into_iter()))?;
    Ok(text.remove_tables(entry, &[place]))
}

pub(super) fn set_lfos(document: &Document, text: &Script<'_>, strip: &str, target: &str, new: &[Lfo]) -> Splices {
    let desk = Desk::find(document, strip)?;
    let buses = bus_ids(document);
    let addresses = Addresses::new(desk.strip, &buses);
    let local = target.strip_prefix(strip).and_then(|rest| rest.strip_prefix('/')).unwrap_or(target);
    let place = addresses.find(target).or_else(|| addresses.find(local));
    let place = place.ok_or_else(|| nowhere(target, addresses.names()))?;
    let spec = desk.strip.target_spec(place);
    let lane = desk.strip.automation.iter().position(|lane| lane.target == place);
    let Some(number) = lane else {
        if new.is_empty() {
            return Ok(Vec::new());
        }
        let part = automation(addresses.name(place).unwrap_or(target), spec, &[], new, None);
        return Ok(add_to(text, &desk, "automation", desk.strip.automation.len(), &part, &[]));
    };
    let Some(table) = desk.tables("automation").get(number).copied() else { return Ok(Vec::new()) };
    if !new.is_empty() {
        return set_list(text, table, "lfo", &lfos(new));
    }
    let lane = &desk.strip.automation[number];
    if lane.points.is_empty() && lane.follow.is_none() {
        return Ok(remove_lanes(text, &desk, |lane| lane.target == place));
    }
    Ok(table.entry("lfo").map_or_else(Vec::new, |entry| text.unset(entry)))
}

pub(super) fn set_follow(
    document: &Document,
    text: &Script<'_>,
    strip: &str,
    target: &str,
    new: Option<&Follower>,
) -> Splices {
    let desk = Desk::find(document, strip)?;
    let buses = bus_ids(document);
    let addresses = Addresses::at(desk.place, desk.strip, &buses);
    let local = target.strip_prefix(strip).and_then(|rest| rest.strip_prefix('/')).unwrap_or(target);
    let place = addresses.find(target).or_else(|| addresses.find(local));
    let place = place.ok_or_else(|| nowhere(target, addresses.names()))?;
    let spec = desk.strip.target_spec(place);
    let (tracks, buses) = (document.song().tracks.len(), document.song().buses.len());
    if let Some(new) = new {
        if !key_is_there(Some(new.of), tracks, buses) {
            return Err(refused("unknown-strip", "it follows a track or bus that is not there".into()));
        }
        check(spec, new.at_floor)?;
        check(spec, new.at_ceiling)?;
    }
    let follow = new.map(|new| Names::of(document.song()).follow(new, spec));
    let lane = desk.strip.automation.iter().position(|lane| lane.target == place);
    let Some(number) = lane else {
        let name = addresses.name(place).unwrap_or(target);
        let added = follow.map(|follow| automation(name, spec, &[], &[], Some(follow)));
        return Ok(added
            .map_or_else(Vec::new, |part| add_to(text, &desk, "automation", desk.strip.automation.len(), &part, &[])));
    };
    let Some(table) = desk.tables("automation").get(number).copied() else { return Ok(Vec::new()) };
    let lane = &desk.strip.automation[number];
    match follow {
        Some(follow) => {
            // A table under a header of its own goes; the new one stands in the lane.
            let own = table.entry("follow");
            let apart = own.filter(|own| own.node.table().is_some_and(|own| own.form != Form::Inline));
            let mut splices = apart.map_or_else(Vec::new, |own| text.unset(own));
            if apart.is_some() {
                splices.extend(text.set_all(table, &[("follow", &follow)]));
            } else {
                splices.push(text.set(table, "follow", &follow));
            }
            Ok(splices)
        }
        None if lane.points.is_empty() && lane.lfos.is_empty() => {
            Ok(remove_lanes(text, &desk, |lane| lane.target == place))
        }
        None => Ok(table.entry("follow").map_or_else(Vec::new, |entry| text.unset(entry))),
    }
}

pub(super) fn reshape(
    document: &Document,
    text: &Script<'_>,
    (strip, target): (&str, &str),
    (from_s, to_s): (f64, f64),
    how: Reshape,
) -> Splices {
    let desk = Desk::find(document, strip)?;
    let buses = bus_ids(document);
    let addresses = Addresses::new(desk.strip, &buses);
    let local = target.strip_prefix(strip).and_then(|rest| rest.strip_prefix('/')).unwrap_or(target);
    let place = addresses.find(target).or_else(|| addresses.find(local));
    let place = place.ok_or_else(|| nowhere(target, addresses.names()))?;
    let numbers = match how {
        Reshape::Copy { to_s: to } | Reshape::Move { to_s: to } => vec![from_s, to_s, to, to + (to_s - from_s)],
        Reshape::Scale { by, add } => vec![from_s, to_s, by.abs(), add.abs()],
        Reshape::Thin { max_error } => vec![from_s, to_s, max_error],
        Reshape::Cut => vec![from_s, to_s],
    };
    let timeline = 0.0..=crate::keys::MAX_SECONDS;
    if to_s <= from_s || numbers.iter().any(|number| !timeline.contains(number)) {
        let message = format!("there is nothing from {from_s} s to {to_s} s to be changed so");
        return Err(refused("out-of-range", message).help("a stretch ends after it begins, and stays on the timeline"));
    }
    let Some(lane) = desk.strip.lane(place).filter(|lane| !lane.points.is_empty()) else { return Ok(Vec::new()) };
    let frame_s = 1.0 / f64::from(document.song().sample_rate_hz);
    let new = lane::reshape(&lane.points, desk.strip.target_spec(place), from_s, to_s, how, frame_s);
    set_automation(document, text, strip, target, &new)
}

/// Sets a key that may be a list under headers of its own.
fn set_list(text: &Script<'_>, table: &Table, key: &str, value: &str) -> Splices {
    if let Some(entry) = table.entry(key)
        && matches!(entry.node.kind, Kind::Headers(_))
    {
        let message = format!("`{key}` is written under headers of its own");
        return Err(refused("edit-refused", message).help(format!("write it as a list: `{key} = [{{ … }}]`")));
    }
    Ok(vec![text.set(table, key, value)])
}

/// A track's desk, and its tables of clips.
fn clips<'d>(document: &'d Document, track: &str) -> Result<(Desk<'d>, Vec<&'d Table>), tonmeister_core::Diagnostic> {
    let desk = Desk::find(document, track)?;
    if !matches!(desk.place, Place::Track(_)) {
        return Err(refused("unknown-address", format!("\"{track}\" is no track")));
    }
    let tables = desk.tables("clip");
    if tables.is_empty() {
        let message = format!("the audio of \"{track}\" is a file, not a list of clips");
        return Err(refused("edit-refused", message).help("unfold it first"));
    }
    Ok((desk, tables))
}

fn place_of(track: &str, number: usize, count: usize) -> Result<usize, tonmeister_core::Diagnostic> {
    number.checked_sub(1).filter(|place| *place < count).ok_or_else(|| {
        refused("unknown-address", format!("\"{track}\" has no clip {number}: there are {count}, counted from 1"))
    })
}

pub(super) fn add_clip(document: &Document, text: &Script<'_>, track: &str, at: usize, clip: &Clip) -> Splices {
    let (desk, tables) = clips(document, track)?;
    if at > tables.len() {
        let message = format!("place {at} is past the last clip: there are {}", tables.len());
        return Err(refused("unknown-address", message));
    }
    Ok(add_to(text, &desk, "clip", at, &print::clip(clip), &["check", "insert", "send", "automation"]))
}

pub(super) fn remove_clip(document: &Document, text: &Script<'_>, track: &str, number: usize) -> Splices {
    let (desk, tables) = clips(document, track)?;
    let place = place_of(track, number, tables.len())?;
    Ok(desk.list("clip").map_or_else(Vec::new, |entry| text.remove_tables(entry, &[place])))
}

pub(super) fn set_clip(document: &Document, text: &Script<'_>, track: &str, number: usize, clip: &Clip) -> Splices {
    let (desk, tables) = clips(document, track)?;
    let place = place_of(track, number, tables.len())?;
    let Place::Track(strip) = desk.place else { return Ok(Vec::new()) };
    let order = locate::clip_numbers(document, track);
    let now = order.iter().position(|n| *n == number).map(|at| &document.song().tracks[strip].clips[at]);
    let Some(now) = now else { return Ok(Vec::new()) };
    let (old, new): (Part, Part) = (print::clip(now), print::clip(clip));
    let table = tables[place];
    let mut splices: Vec<Splice> = Vec::new();
    let mut fresh: Vec<(&str, &str)> = Vec::new();
    for key in CLIP {
        let entry = table.entry(key.id);
        let shape = key.id.ends_with("_shape");
        match (old.get(key.id), new.get(key.id)) {
            // A shape may be said by another key, which may go.
            (before, Some(after)) if before != Some(after) || (shape && entry.is_none()) => match entry {
                Some(entry) if matches!(&entry.node.kind, Kind::Table(own) if own.form != Form::Inline) => {
                    splices.extend(text.unset(entry));
                    fresh.push((key.id, after));
                }
                Some(_) => splices.push(text.set(table, key.id, after)),
                None => fresh.push((key.id, after)),
            },
            (before, None) => {
                let gone = entry.filter(|_| before.is_some() || shape);
                splices.extend(gone.into_iter().flat_map(|entry| text.unset(entry)));
            }
            (_, Some(_)) => {}
        }
    }
    splices.extend(text.set_all(table, &fresh));
    Ok(splices)
}
