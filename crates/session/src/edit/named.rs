//! What stands under a name of its own at the top of a document, added, changed and taken out.

use super::Splice;
use super::locate::nowhere;
use super::plan::{BEHIND, Splices, key_is_there, refused};
use super::text::{New, Script};
use crate::document::Document;
use crate::keys::{MAX_LINKS, MAX_SCENES, MAX_STEMS, MAX_VCAS, MAX_VERSIONS};
use crate::model::{Link, Scene, Song, Stem, Vca, Version};
use crate::print::{Names, Part, versions};
use crate::tree::{Form, Node, Table};

/// Something with a name of its own at the top of a document.
#[derive(Clone, Debug, PartialEq)]
pub enum Named {
    /// `[[vca]]`.
    Vca(Vca),
    /// `[[link]]`.
    Link(Link),
    /// `[[stem]]`.
    Stem(Stem),
    /// `[[scene]]`.
    Scene(Scene),
    /// `[[version]]`.
    Version(Version),
}

/// The sorts of [`Named`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NamedSort {
    /// `[[vca]]`.
    Vca,
    /// `[[link]]`.
    Link,
    /// `[[stem]]`.
    Stem,
    /// `[[scene]]`.
    Scene,
    /// `[[version]]`.
    Version,
}

impl NamedSort {
    /// The word of its header, and of its addresses: `song/version/radio`.
    pub fn word(self) -> &'static str {
        match self {
            NamedSort::Vca => "vca",
            NamedSort::Link => "link",
            NamedSort::Stem => "stem",
            NamedSort::Scene => "scene",
            NamedSort::Version => "version",
        }
    }

    /// The sort of that word.
    pub fn of(word: &str) -> Option<NamedSort> {
        [NamedSort::Vca, NamedSort::Link, NamedSort::Stem, NamedSort::Scene, NamedSort::Version]
            .into_iter()
            .find(|sort| sort.word() == word)
    }

    fn most(self) -> usize {
        match self {
            NamedSort::Vca => MAX_VCAS,
            NamedSort::Link => MAX_LINKS,
            NamedSort::Stem => MAX_STEMS,
            NamedSort::Scene => MAX_SCENES,
            NamedSort::Version => MAX_VERSIONS,
        }
    }

    fn ids(self, song: &Song) -> Vec<&str> {
        match self {
            NamedSort::Vca => song.vcas.iter().map(|vca| vca.id.as_str()).collect(),
            NamedSort::Link => song.links.iter().map(|link| link.id.as_str()).collect(),
            NamedSort::Stem => song.stems.iter().map(|stem| stem.id.as_str()).collect(),
            NamedSort::Scene => song.scenes.iter().map(|scene| scene.id.as_str()).collect(),
            NamedSort::Version => song.versions.iter().map(|version| version.id.as_str()).collect(),
        }
    }
}

impl Named {
    fn sort(&self) -> NamedSort {
        match self {
            Named::Vca(_) => NamedSort::Vca,
            Named::Link(_) => NamedSort::Link,
            Named::Stem(_) => NamedSort::Stem,
            Named::Scene(_) => NamedSort::Scene,
            Named::Version(_) => NamedSort::Version,
        }
    }

    fn id(&self) -> &str {
        match self {
            Named::Vca(vca) => &vca.id,
            Named::Link(link) => &link.id,
            Named::Stem(stem) => &stem.id,
            Named::Scene(scene) => &scene.id,
            Named::Version(version) => &version.id,
        }
    }

    fn part(&self, song: &Song) -> Part {
        match self {
            Named::Vca(vca) => Names::of(song).vca(vca),
            Named::Link(link) => versions::link(link),
            Named::Stem(stem) => versions::stem(stem),
            Named::Scene(scene) => versions::scene(song, scene),
            Named::Version(version) => versions::version(song, version),
        }
    }
}

/// The place of one, and its table.
pub(super) fn find<'d>(document: &'d Document, sort: NamedSort, id: &str) -> Option<(usize, &'d Table)> {
    let place = sort.ids(document.song()).iter().position(|other| *other == id)?;
    Some((place, document.tree.tables(sort.word()).get(place).copied()?))
}

fn found<'d>(
    document: &'d Document,
    sort: NamedSort,
    id: &str,
) -> Result<(usize, &'d Table), tonmeister_core::Diagnostic> {
    find(document, sort, id).ok_or_else(|| nowhere(id, sort.ids(document.song()).into_iter()))
}

/// Whether everything that a VCA's automation follows is there.
fn check_levels(song: &Song, named: &Named) -> Result<(), tonmeister_core::Diagnostic> {
    let Named::Vca(vca) = named else { return Ok(()) };
    let mut follows = vca.strip.automation.iter().filter_map(|lane| lane.follow);
    if follows.any(|follow| !key_is_there(Some(follow.of), song.tracks.len(), song.buses.len())) {
        return Err(refused("unknown-strip", "the VCA follows a track or bus that is not there".into()));
    }
    Ok(())
}

pub(super) fn add(document: &Document, text: &Script<'_>, at: usize, named: &Named) -> Splices {
    let sort = named.sort();
    check_levels(document.song(), named)?;
    let ids = sort.ids(document.song());
    if at > ids.len() {
        let message = format!("place {at} is past the last {}: there are {}", sort.word(), ids.len());
        return Err(refused("unknown-address", message));
    }
    if ids.len() >= sort.most() {
        return Err(refused("too-many", format!("a song has at most {} of `{}`", sort.most(), sort.word())));
    }
    if ids.contains(&named.id()) {
        return Err(refused("duplicate-id", format!("the id \"{}\" is taken", named.id())));
    }
    let part = named.part(document.song());
    let word = sort.word();
    let behind = BEHIND.iter().position(|list| *list == word).map_or(&[][..], |place| &BEHIND[place + 1..]);
    let new = New { block: part.under(&format!("[[{word}]]"), word), inline: part.inline(), followers: behind };
    Ok(text.add_table(&document.tree, word, at, &new))
}

pub(super) fn remove(document: &Document, text: &Script<'_>, sort: NamedSort, id: &str) -> Splices {
    let (place, _) = found(document, sort, id)?;
    Ok(document.tree.entry(sort.word()).map_or_else(Vec::new, |entry| text.remove_tables(entry, &[place])))
}

/// Only the keys that say something else than before are touched.
pub(super) fn set(document: &Document, text: &Script<'_>, named: &Named) -> Splices {
    let (place, table) = found(document, named.sort(), named.id())?;
    let song = document.song();
    check_levels(song, named)?;
    let old = match named {
        Named::Vca(_) => Named::Vca(song.vcas[place].clone()),
        Named::Link(_) => Named::Link(song.links[place].clone()),
        Named::Stem(_) => Named::Stem(song.stems[place].clone()),
        Named::Scene(_) => Named::Scene(song.scenes[place].clone()),
        Named::Version(_) => Named::Version(song.versions[place].clone()),
    };
    let (old, new) = (old.part(song), named.part(song));
    let mut splices = Vec::new();
    for (key, value) in new.values().iter().filter(|pair| !old.values().contains(pair)) {
        splices.push(text.set(table, key, value));
    }
    for entry in &table.entries {
        let values = new.values().iter().any(|(key, _)| *key == entry.key);
        // Automation has an edit of its own.
        if !values && entry.key != "automation" && new.tables().iter().all(|(key, _)| *key != entry.key) {
            splices.extend(text.unset(entry));
        }
    }
    for (key, part) in new.tables() {
        let before = old.tables().iter().find(|(other, _)| other == key).map(|(_, part)| part.values());
        if before != Some(part.values()) {
            splices.extend(set_table(text, table, key, part));
        }
    }
    Ok(splices)
}

/// A table of a table: in braces as a whole, under a header key by key.
fn set_table(text: &Script<'_>, parent: &Table, key: &str, part: &Part) -> Vec<Splice> {
    let own = parent.get(key).and_then(Node::table);
    let Some(own) = own.filter(|own| matches!(own.form, Form::Header | Form::Dotted)) else {
        return vec![text.set(parent, key, &part.inline())];
    };
    let gone = own.entries.iter().filter(|entry| part.values().iter().all(|(key, _)| *key != entry.key));
    let mut splices: Vec<Splice> = gone.flat_map(|entry| text.unset(entry)).collect();
    splices.extend(part.values().iter().map(|(key, value)| text.set(own, key, value)));
    splices
}
