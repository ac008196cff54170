//! The inserts of a strip in both songs.

use std::collections::HashMap;

use tonmeister_core::{GroupSpec, Note, ParamIndex, ParamSpec, Settings, Slot};

use super::words::{LEAST, distance, from_to, name, plain, quantity};
use super::{About, Both, Pair};
use crate::edit::Plain;
use crate::model::{Insert, KeySource, KeyTap, Song, Target};

/// What an insert that comes or goes weighs.
const WHOLE: f64 = 6.0;

impl Pair<'_> {
    pub(super) fn inserts(&mut self, both: &Both<'_>) {
        let (a, b) = (&self.before.strip(both.before).inserts, &self.after.strip(both.after).inserts);
        let same = |x: &Insert, y: &Insert| x.id == y.id && x.settings.spec().id == y.settings.spec().id;
        let places: HashMap<&str, usize> = a.iter().enumerate().map(|(at, insert)| (insert.id.as_str(), at)).collect();
        let heard = |insert: &Insert| if insert.bypass { 0.0 } else { WHOLE };
        let mut found = Vec::new();
        for gone in a.iter().filter(|x| !b.iter().any(|y| same(x, y))) {
            found.push((gone.id.clone(), heard(gone), format!("{}: {} taken out", both.id, gone.id)));
        }
        let mut pairs: Vec<(usize, usize)> = Vec::new();
        for (at, insert) in b.iter().enumerate() {
            if let Some(was) = places.get(insert.id.as_str()).filter(|was| same(&a[**was], insert)) {
                pairs.push((*was, at));
                continue;
            }
            let place = match at.checked_sub(1).map(|at| &b[at]) {
                Some(other) => format!("behind {}", other.id),
                None => "in front".into(),
            };
            let bypassed = if insert.bypass { ", bypassed" } else { "" };
            let sentence = format!("{}: {} added {place}{bypassed}", both.id, insert.id);
            found.push((insert.id.clone(), heard(insert), sentence));
        }
        for at in moved(&pairs) {
            let place = match at.checked_sub(1).map(|at| &b[at]) {
                Some(other) => format!("behind {}", other.id),
                None => "to the front".into(),
            };
            found.push((b[at].id.clone(), heard(&b[at]) / 4.0, format!("{}: {} moved {place}", both.id, b[at].id)));
        }
        for (insert, weight, sentence) in found {
            self.add(About::Insert, format!("{}/{insert}", both.id), weight * both.reach, sentence);
        }
        for pair in pairs {
            self.insert(both, pair);
        }
    }

    fn insert(&mut self, both: &Both<'_>, (was, is): (usize, usize)) {
        let (a, b) = (&self.before.strip(both.before).inserts[was], &self.after.strip(both.after).inserts[is]);
        let place = format!("{}/{}", both.id, b.id);
        let what = format!("{}: {}", both.id, b.id);
        // What is left out of both is not heard.
        let reach = if a.bypass && b.bypass { 0.0 } else { both.reach };
        if a.bypass != b.bypass {
            let sentence = format!("{what} {}", if b.bypass { "bypassed" } else { "taken in again" });
            let found = self.add(About::Insert, format!("{place}/bypass"), WHOLE * reach, sentence);
            (found.before, found.after) = (Some(Plain::Switch(a.bypass)), Some(Plain::Switch(b.bypass)));
        }
        if a.channels != b.channels {
            let sentence = format!("{what} works on {} (was {})", b.channels.word(), a.channels.word());
            let found = self.add(About::Insert, format!("{place}/channels"), WHOLE / 2.0 * reach, sentence);
            let word = |insert: &Insert| Some(Plain::Text(insert.channels.word().into()));
            (found.before, found.after) = (word(a), word(b));
        }
        let (key_a, key_b) = (key(self.before, a), key(self.after, b));
        if key_a != key_b {
            let of = |key: &Option<String>| key.clone().unwrap_or("the signal itself".into());
            let sentence = format!("{what} listens to {} (was {})", of(&key_b), of(&key_a));
            let found = self.add(About::Routing, format!("{place}/key"), WHOLE / 2.0 * reach, sentence);
            (found.before, found.after) = (key_a.map(Plain::Text), key_b.clone().map(Plain::Text));
        }
        let own = |insert: &Insert| insert.key.map_or((KeyTap::Pre, false), |key| (key.tap, key.muted));
        let ((tap_a, muted_a), (tap_b, muted_b)) = (own(a), own(b));
        let source = key_b.unwrap_or("the signal itself".into());
        if tap_a != tap_b {
            let sentence = format!("{what} hears {source} {} (was {})", tapped(tap_b), tapped(tap_a));
            let found = self.add(About::Routing, format!("{place}/key_tap"), WHOLE / 4.0 * reach, sentence);
            let word = |tap: KeyTap| Some(Plain::Text(tap.word().into()));
            (found.before, found.after) = (word(tap_a), word(tap_b));
        }
        if muted_a != muted_b {
            let hears = if muted_b { "hears" } else { "no longer hears" };
            let sentence = format!("{what} {hears} {source} while it is muted");
            let found = self.add(About::Routing, format!("{place}/key_muted"), WHOLE / 4.0 * reach, sentence);
            (found.before, found.after) = (Some(Plain::Switch(muted_a)), Some(Plain::Switch(muted_b)));
        }
        for file in b.settings.spec().files {
            let (x, y) = (a.settings.file(file.id), b.settings.file(file.id));
            if x != y {
                let sentence = format!(
                    "{what} {}: {} (was {})",
                    file.name.to_lowercase(),
                    y.unwrap_or("none"),
                    x.unwrap_or("none")
                );
                let found = self.add(About::Value, format!("{place}/{}", file.id), WHOLE * reach, sentence);
                (found.before, found.after) = (x.map(|x| Plain::Text(x.into())), y.map(|y| Plain::Text(y.into())));
            }
        }
        let both = Both { reach, ..*both };
        for (param, spec) in b.settings.spec().params.iter().enumerate() {
            let index = ParamIndex(param as u32);
            self.param(&both, (was, is), (index, index), &format!("{} {}", b.id, name(spec)));
        }
        for group in 0..b.settings.spec().groups.len() {
            self.group(&both, (was, is), group);
        }
    }

    /// A table or list of an insert: what is the same on both sides is passed over, the rest is paired in order.
    fn group(&mut self, both: &Both<'_>, (was, is): (usize, usize), group: usize) {
        let (a, b) = (&self.before.strip(both.before).inserts[was], &self.after.strip(both.after).inserts[is]);
        let spec = &b.settings.spec().groups[group];
        let (old, new) = (a.settings.items(spec.id), b.settings.items(spec.id));
        let moved = |song: &Song, at, place, settings: &Settings, item| {
            (0..spec.params.len()).any(|param| {
                let index = index_of(settings, group, item, param);
                song.strip(at).lane(Target::Insert { insert: place, param: index }).is_some()
            })
        };
        // Items that automation moves keep their place: their lanes are compared.
        let fixed_old: Vec<bool> =
            (0..old.len()).map(|i| moved(self.before, both.before, was, &a.settings, i)).collect();
        let fixed_new: Vec<bool> = (0..new.len()).map(|i| moved(self.after, both.after, is, &b.settings, i)).collect();
        let mut left: Vec<usize> = (0..old.len()).collect();
        let mut fresh: Vec<usize> = Vec::new();
        for (item, values) in new.iter().enumerate() {
            let twin = left.iter().position(|at| old[*at] == *values && !fixed_old[*at] && !fixed_new[item]);
            match twin.filter(|_| notes(&b.settings, group, item) == notes(&a.settings, group, left[twin.unwrap_or(0)]))
            {
                Some(twin) => drop(left.remove(twin)),
                None => fresh.push(item),
            }
        }
        let pairs: Vec<(usize, usize)> = left.iter().copied().zip(fresh.iter().copied()).collect();
        let what = |item: usize| {
            let noun = spec.name.to_lowercase();
            if spec.many() { format!("{} {noun} {}", b.id, item + 1) } else { format!("{} {noun}", b.id) }
        };
        for (from, to) in &pairs {
            for (param, own) in spec.params.iter().enumerate() {
                let indices = (index_of(&a.settings, group, *from, param), index_of(&b.settings, group, *to, param));
                self.param(both, (was, is), indices, &format!("{} {}", what(*to), name(own)));
            }
        }
        let place = format!("{}/{}/{}", both.id, b.id, spec.id);
        let at = |item: usize| if spec.many() { format!("{place}/{}", item + 1) } else { place.clone() };
        for item in &left[pairs.len()..] {
            let sentence = format!("{}: {} taken out ({})", both.id, what(*item), outline(spec, &old[*item]));
            self.add(About::Value, at(*item), WHOLE / 2.0 * both.reach, sentence);
        }
        for item in &fresh[pairs.len()..] {
            let sentence = format!("{}: {} added ({})", both.id, what(*item), outline(spec, &new[*item]));
            self.add(About::Value, at(*item), WHOLE / 2.0 * both.reach, sentence);
        }
    }

    fn param(&mut self, both: &Both<'_>, (was, is): (usize, usize), (from, to): (ParamIndex, ParamIndex), what: &str) {
        let (a, b) = (&self.before.strip(both.before).inserts[was], &self.after.strip(both.after).inserts[is]);
        let targets = (Target::Insert { insert: was, param: from }, Target::Insert { insert: is, param: to });
        let local = format!("{}/{}", b.id, b.settings.address(to));
        let ((spec, x), (_, y)) = (a.settings.at(from), b.settings.at(to));
        let (note_a, note_b) = (a.settings.note(from), b.settings.note(to));
        if self.moves(both, targets, &local, what) || (x == y && note_a == note_b) {
            return;
        }
        let said = |note: Option<Note>, value| note.map_or_else(|| quantity(spec, value), |note| note.to_string());
        let change = if note_a.is_none() && note_b.is_none() {
            from_to(spec, x, y)
        } else {
            format!("{} → {}", said(note_a, x), said(note_b, y))
        };
        let weight = if x == y { 0.0 } else { distance(spec, x, y).max(LEAST) };
        let sentence = format!("{}: {what} {change}", both.id);
        let value = |note: Option<Note>, value| match note {
            Some(note) => Plain::Text(note.to_string()),
            None => plain(spec, value),
        };
        let found = self.add(About::Value, format!("{}/{local}", both.id), weight * both.reach, sentence);
        (found.before, found.after) = (Some(value(note_a, x)), Some(value(note_b, y)));
    }
}

/// The number of a parameter of an item.
fn index_of(settings: &Settings, group: usize, item: usize, param: usize) -> ParamIndex {
    let wanted = Slot::Grouped { group, item, param };
    let all = (0..settings.count() as u32).map(ParamIndex);
    all.into_iter().find(|index| settings.slot(*index) == Some(wanted)).unwrap_or(ParamIndex(u32::MAX))
}

fn notes(settings: &Settings, group: usize, item: usize) -> Vec<Option<Note>> {
    let params = settings.spec().groups[group].params.len();
    (0..params).map(|param| settings.note(index_of(settings, group, item, param))).collect()
}

/// What is said of an item: what differs from its defaults, else its first value.
fn outline(group: &GroupSpec, values: &[f64]) -> String {
    let all: Vec<(&ParamSpec, f64)> = group.params.iter().zip(values.iter().copied()).collect();
    let mut said: Vec<String> =
        all.iter().filter(|(spec, value)| *value != spec.default).map(|(spec, value)| quantity(spec, *value)).collect();
    if said.is_empty() {
        said.extend(all.first().map(|(spec, value)| quantity(spec, *value)));
    }
    said.join(", ")
}

/// Where a key is taken, in words.
fn tapped(tap: KeyTap) -> &'static str {
    match tap {
        KeyTap::Pre => "before its fader",
        KeyTap::Post => "behind its fader",
        KeyTap::PreInserts => "before its inserts",
    }
}

fn key(song: &Song, insert: &Insert) -> Option<String> {
    match insert.key?.from {
        KeySource::Track(track) => Some(song.tracks[track].id.clone()),
        KeySource::Bus(bus) => Some(song.buses[bus].id.clone()),
    }
}

/// Which of the inserts in the later order changed places: all but the longest row that kept its order.
fn moved(pairs: &[(usize, usize)]) -> Vec<usize> {
    // Longest rising subsequence of the places before; strips hold at most 128 inserts.
    let count = pairs.len();
    let (mut best, mut from) = (vec![1; count], vec![None; count]);
    for i in 0..count {
        for j in 0..i {
            if pairs[j].0 < pairs[i].0 && best[j] + 1 > best[i] {
                (best[i], from[i]) = (best[j] + 1, Some(j));
            }
        }
    }
    let mut kept = vec![false; count];
    let mut at = (0..count).rev().max_by_key(|at| best[*at]);
    while let Some(place) = at {
        kept[place] = true;
        at = from[place];
    }
    pairs.iter().zip(kept).filter(|(_, kept)| !kept).map(|((_, is), _)| *is).collect()
}
