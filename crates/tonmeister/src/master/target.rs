//! Named loudness targets: data with a source and a date, never constants in code.

use std::path::Path;

use serde::Serialize;
use toml_edit::{Document, Item, Table};
use tonmeister_core::diagnostic::nearest;
use tonmeister_release::album::services::{AlbumBy, AlbumPlay, Service};

use crate::failure::Failure;
use crate::text_file::{self, Existing};

/// The file that ships with the program.
pub const BUILT_IN: &str = include_str!("../../data/targets.toml");

/// What a service or a standard asks for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Target {
    /// Its name on the command line.
    pub name: String,
    /// Integrated loudness.
    pub loudness_lufs: f64,
    /// True peak that is not exceeded.
    pub ceiling_dbtp: f64,
    /// The name of the service that plays music at this loudness; `None` for a standard and for a mere level.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plays_as: Option<String>,
    /// The name of the standard that asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked_by: Option<String>,
    /// Whether it turns quiet songs up as well; `None` where nobody is known to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raises: Option<bool>,
    /// The true peak to which it raises at most; without one, the ceiling.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raises_to_dbtp: Option<f64>,
    /// What it does to an album that is heard as one; `None` where nobody is known to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub album: Option<AlbumPlay>,
    /// From what it takes an album's gain; without one, from all its songs as one programme.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub album_by: Option<AlbumBy>,
    /// Who says so.
    pub source: String,
    /// When that was looked up.
    pub date: String,
}

/// Every target of a file; without one, of the file that ships with the program.
pub fn targets(file: Option<&Path>) -> Result<Vec<Target>, Failure> {
    let Some(path) = file else { return parse(BUILT_IN).map_err(|message| Failure::input("targets.toml", message)) };
    let text = std::fs::read_to_string(path).map_err(|e| Failure::input(path, crate::world::plain(&e)))?;
    parse(&text).map_err(|message| Failure::input(path, message))
}

/// The target of that name; the error lists the names there are.
pub fn target(name: &str, file: Option<&Path>) -> Result<Target, Failure> {
    let all = targets(file)?;
    if let Some(found) = all.iter().find(|t| t.name == name) {
        return Ok(found.clone());
    }
    let names: Vec<&str> = all.iter().map(|t| t.name.as_str()).collect();
    let guess = nearest(name, names.iter().copied()).map_or(String::new(), |n| format!("; did you mean `{n}`?"));
    Err(Failure::Usage(format!("there is no target `{name}`{guess}; the targets are: {}", names.join(", "))))
}

/// Copies the file that ships with the program to a new file, to be edited.
pub fn write_built_in(path: &Path) -> Result<(), Failure> {
    text_file::write(path, BUILT_IN, Existing::Keep).map_err(|e| match e.kind() {
        std::io::ErrorKind::AlreadyExists => Failure::output(path, "is there already; name another file"),
        _ => Failure::output(path, crate::world::plain(&e)),
    })
}

fn parse(text: &str) -> Result<Vec<Target>, String> {
    let document = Document::parse(text).map_err(|e| e.to_string())?;
    let list = document.get("target").and_then(Item::as_array_of_tables);
    let list = list.ok_or("expected at least one [[target]] table")?;
    list.iter()
        .enumerate()
        .map(|(i, table)| entry(table).map_err(|e| format!("[[target]] number {}: {e}", i + 1)))
        .collect()
}

const ALBUM_PLAY: [(&str, AlbumPlay); 3] =
    [("in-a-row", AlbumPlay::InARow), ("always", AlbumPlay::Always), ("never", AlbumPlay::Never)];
const ALBUM_BY: [(&str, AlbumBy); 2] = [("whole", AlbumBy::Whole), ("loudest", AlbumBy::Loudest)];

/// What one of these words stands for; nothing when the key is not there.
fn one_of<T: Copy>(table: &Table, key: &str, words: &[(&str, T)]) -> Result<Option<T>, String> {
    let Some(item) = table.get(key) else { return Ok(None) };
    let found = item.as_str().and_then(|text| words.iter().find(|(word, _)| *word == text));
    let expected = || words.iter().map(|(word, _)| format!("\"{word}\"")).collect::<Vec<_>>().join(" or ");
    found.map(|(_, value)| Some(*value)).ok_or_else(|| format!("expected `{key}`, {}", expected()))
}

/// The service that a target stands for, if it is one.
pub(crate) fn service(target: &Target) -> Option<Service> {
    Some(Service {
        name: target.plays_as.clone()?,
        loudness_lufs: target.loudness_lufs,
        raises: target.raises,
        raises_to_dbtp: target.raises_to_dbtp.unwrap_or(target.ceiling_dbtp),
        album: target.album,
        album_by: target.album_by.unwrap_or(AlbumBy::Whole),
    })
}

fn entry(table: &Table) -> Result<Target, String> {
    let word = |key: &str| {
        let text = table.get(key).and_then(Item::as_str).map(str::to_owned);
        text.ok_or_else(|| format!("expected `{key}`, a text"))
    };
    let number = |key: &str, min: f64, max: f64| {
        let item = table.get(key);
        let value = item.and_then(|i| i.as_float().or_else(|| i.as_integer().map(|n| n as f64)));
        value
            .filter(|v| (min..=max).contains(v))
            .ok_or_else(|| format!("expected `{key}`, a number from {min} to {max}"))
    };
    let optional = |key: &str| table.get(key).map(|_| word(key)).transpose();
    let yes_or_no = |key: &str| {
        let item = table.get(key).map(|item| item.as_bool().ok_or_else(|| format!("expected `{key}`, true or false")));
        item.transpose()
    };
    Ok(Target {
        name: word("name")?,
        loudness_lufs: number("loudness_lufs", -70.0, 0.0)?,
        ceiling_dbtp: number("ceiling_dbtp", -24.0, 0.0)?,
        plays_as: optional("plays_as")?,
        asked_by: optional("asked_by")?,
        raises: yes_or_no("raises")?,
        raises_to_dbtp: table.get("raises_to_dbtp").map(|_| number("raises_to_dbtp", -24.0, 0.0)).transpose()?,
        album: one_of(table, "album", &ALBUM_PLAY)?,
        album_by: one_of(table, "album_by", &ALBUM_BY)?,
        source: word("source")?,
        date: word("date")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_targets_are_complete() {
        let all = targets(None).unwrap();
        assert!(all.len() >= 8);
        assert!(all.iter().all(|t| !t.source.is_empty() && t.date.len() == 10));
        assert!(all.iter().filter(|t| t.plays_as.is_some()).count() >= 5);
        assert!(all.iter().all(|t| t.plays_as.is_some() || t.raises.is_none()));
        assert_eq!(target("streaming", None).unwrap().loudness_lufs, -14.0);
    }

    #[test]
    fn a_wrong_name_is_told_the_right_one() {
        let error = target("spotifi", None).unwrap_err().to_string();
        assert!(error.contains("did you mean `spotify`?"), "{error}");
    }

    #[test]
    fn a_broken_entry_is_named() {
        let text = BUILT_IN.replacen("album = \"in-a-row\"", "album = \"sometimes\"", 1);
        assert_eq!(
            parse(&text).unwrap_err(),
            "[[target]] number 2: expected `album`, \"in-a-row\" or \"always\" or \"never\""
        );
        let error = parse("[[target]]\nname = \"a\"\nloudness_lufs = 3\n").unwrap_err();
        let text = BUILT_IN.replacen("raises = true", "raises = 1", 1);
        assert_eq!(parse(&text).unwrap_err(), "[[target]] number 2: expected `raises`, true or false");
        assert_eq!(error, "[[target]] number 1: expected `loudness_lufs`, a number from -70 to 0");
    }
}
