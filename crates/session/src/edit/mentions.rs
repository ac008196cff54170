//! What versions and scenes say of something that goes or moves.

use super::Splice;
use super::text::Script;
use crate::document::Document;
use crate::model::{Setting, StripAt, Target};
use crate::print::quoted;
use crate::tree::{Entry, Kind, Node, Table};

/// The tables that set parameters by their addresses, with what they set.
fn tables(document: &Document) -> Vec<(&Table, &[Setting])> {
    let song = document.song();
    let versions = document.tree.tables("version").into_iter();
    let scenes = document.tree.tables("scene").into_iter();
    let versions = versions.zip(song.versions.iter().map(|version| version.set.as_slice()));
    versions.chain(scenes.zip(song.scenes.iter().map(|scene| scene.set.as_slice()))).collect()
}

/// Each setting of a strip's parameter, with its key.
fn settings(document: &Document, at: StripAt) -> Vec<(&Table, &Entry, Target)> {
    let mut all = Vec::new();
    for (table, settings) in tables(document) {
        let entries = table.get("set").and_then(Node::table).map_or(&[][..], |set| &set.entries);
        for (entry, setting) in entries.iter().zip(settings) {
            if let Some((_, target)) = document.song().target(&setting.address).filter(|(strip, _)| *strip == at) {
                all.push((table, entry, target));
            }
        }
    }
    all
}

/// Takes out what is set of the parameters that are gone.
pub(super) fn forget(
    document: &Document,
    text: &Script<'_>,
    at: StripAt,
    gone: impl Fn(Target) -> bool,
) -> Vec<Splice> {
    let going = settings(document, at).into_iter().filter(|(_, _, target)| gone(*target));
    let going: Vec<(&Table, &Entry)> = going.map(|(table, entry, _)| (table, entry)).collect();
    let mut splices = Vec::new();
    for (table, _) in tables(document) {
        let own: Vec<&Entry> =
            going.iter().filter(|(other, _)| std::ptr::eq(*other, table)).map(|(_, entry)| *entry).collect();
        match table.entry("set") {
            // The last one takes the table along.
            Some(set) if set.node.table().is_some_and(|set| set.entries.len() == own.len()) => {
                splices.extend(text.unset(set));
            }
            _ => splices.extend(own.into_iter().flat_map(|entry| text.unset(entry))),
        }
    }
    splices
}

/// Writes the new addresses of parameters that are called otherwise.
pub(super) fn rename(
    document: &Document,
    text: &Script<'_>,
    at: StripAt,
    name: impl Fn(Target) -> Option<String>,
) -> Vec<Splice> {
    let renamed = |(_, entry, target): (&Table, &Entry, Target)| {
        name(target).map(|address| text.replace(&entry.key_span, &quoted(&address)))
    };
    settings(document, at).into_iter().filter_map(renamed).collect()
}

/// Takes out all that is said of an insert.
pub(super) fn forget_insert(document: &Document, text: &Script<'_>, at: StripAt, place: usize) -> Vec<Splice> {
    let song = document.song();
    let name = format!("{}/{}", song.id(at), song.strip(at).inserts[place].id);
    let mut splices =
        forget(document, text, at, |target| matches!(target, Target::Insert { insert, .. } if insert == place));
    for (table, _) in tables(document) {
        for entry in ["bypass", "enable"].into_iter().filter_map(|key| table.entry(key)) {
            if let Kind::List(items) = &entry.node.kind
                && let Some(item) = items.iter().position(|item| item.text() == Some(&name))
            {
                splices.extend(text.remove_tables(entry, &[item]));
            }
        }
    }
    splices
}
