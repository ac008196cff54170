//! Versions, as they are written.

use super::{Part, decimal, list, quoted, written};
use crate::keys::{CUT_CROSSFADE, CUT_SNAP, DYNAMICS};
use crate::model::{Change, Link, Scene, Setting, Song, Stem, Version};

/// A version and everything under it.
pub(crate) fn version(song: &Song, version: &Version) -> Part {
    let mut part = Part::default();
    part.put("id", quoted(&version.id));
    if let Some(title) = &version.title {
        part.put("title", quoted(title));
    }
    if let Some(base) = &version.base {
        part.put("base", quoted(base));
    }
    for (key, names) in names(version) {
        if !names.is_empty() {
            part.put(key, words(names));
        }
    }
    if !version.cut.is_empty() {
        part.put("cut", words(&version.cut));
    }
    if let Some(seconds) = version.cut_crossfade_s {
        part.put(CUT_CROSSFADE.id, decimal(seconds));
    }
    part.param(&CUT_SNAP, f64::from(u8::from(version.cut_snap)));
    if let Some(dynamics) = version.dynamics {
        part.put(DYNAMICS.id, quoted(dynamics.word()));
    }
    if !version.set.is_empty() {
        part.tables.push(("set", settings(song, &version.set)));
    }
    part
}

/// A scene and everything under it.
pub(crate) fn scene(song: &Song, scene: &Scene) -> Part {
    let mut part = Part::default();
    part.put("id", quoted(&scene.id));
    if let Some(title) = &scene.title {
        part.put("title", quoted(title));
    }
    for (key, names) in [("bypass", &scene.bypass), ("enable", &scene.enable)] {
        if !names.is_empty() {
            part.put(key, words(names));
        }
    }
    if !scene.set.is_empty() {
        part.tables.push(("set", settings(song, &scene.set)));
    }
    part
}

/// A link group.
pub(crate) fn link(link: &Link) -> Part {
    let mut part = Part::default();
    part.put("id", quoted(&link.id));
    part.put("members", words(&link.members));
    let properties: Vec<String> = link.properties.iter().map(|linked| linked.word().to_owned()).collect();
    part.put("properties", words(&properties));
    part
}

/// A stem.
pub(crate) fn stem(stem: &Stem) -> Part {
    let mut part = Part::default();
    part.put("id", quoted(&stem.id));
    if let Some(title) = &stem.title {
        part.put("title", quoted(title));
    }
    part.put("of", words(&stem.of));
    part
}

/// The lists of names of a version, by their keys.
pub(crate) fn names(version: &Version) -> [(&'static str, &[String]); 5] {
    [
        ("mute", &version.mute),
        ("unmute", &version.unmute),
        ("solo", &version.solo),
        ("bypass", &version.bypass),
        ("enable", &version.enable),
    ]
}

/// A list of texts.
pub(crate) fn words(words: &[String]) -> String {
    list(&words.iter().map(|word| quoted(word)).collect::<Vec<_>>())
}

/// Addresses with what they are set to.
pub(crate) fn settings(song: &Song, settings: &[Setting]) -> Part {
    let mut part = Part { short: true, ..Part::default() };
    for setting in settings {
        part.put(setting.address.clone(), change(song, setting));
    }
    part
}

/// What a parameter is set to.
pub(crate) fn change(song: &Song, setting: &Setting) -> String {
    match setting.change {
        Change::To(value) => match song.target(&setting.address) {
            Some((at, target)) => written(song.strip(at).target_spec(target), value),
            None => decimal(value),
        },
        Change::Note(note) => quoted(&note.to_string()),
        Change::By(db) => {
            let sign = if db.is_sign_negative() { "-" } else { "+" };
            quoted(&format!("{sign}{}", decimal(db.abs())))
        }
    }
}
