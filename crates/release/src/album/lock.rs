//! What was made, by hash: `release.lock` beside the files, and the steps on the way while a release is made.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::even::Tone;
use super::inputs::Source;
use super::levels::Levels;
use super::lossy::Looped;
use super::manifest;
use super::mono::Fold;
use super::sides::MediumReport;
use super::solve::Found;
use super::stages::Stages;
use super::studio::Trouble;
use crate::beside::{parent_of, sync_folder};

/// The name of the lock inside a release.
pub const NAME: &str = "release.lock";
/// The folder of the steps on the way, which is gone when a release is complete.
pub(crate) const WORK: &str = ".tonmeister-work";
/// The file in it by which one release knows of another.
const HELD: &str = "held";

/// Everything that decides a release's bytes, and the hash of each of its files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lock {
    /// The program and its version.
    pub program: String,
    /// The album's title.
    pub title: String,
    /// What the songs are made from.
    pub sources: Vec<Source>,
    /// The songs as they came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heard: Option<Heard>,
    /// The gains that were found.
    pub solution: Solution,
    /// What the codec loop did, under each set's key.
    #[serde(default)]
    pub loops: BTreeMap<String, Vec<Looped>>,
    /// What was found of the sides of a record or cassette, under the key of their files.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sides: BTreeMap<String, MediumReport>,
    /// What each stage did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stages: Option<Stages>,
    /// What the songs lose in mono, where that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folds: Option<Folds>,
    /// The files.
    pub files: Vec<Locked>,
}

/// The songs as they came.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Heard {
    /// What it follows from.
    pub key: String,
    /// Levels and tone of each song.
    pub songs: Vec<(Levels, Tone)>,
}

/// What the songs lose in mono.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Folds {
    /// What it follows from.
    pub key: String,
    /// Each song.
    pub songs: Vec<Fold>,
}

/// A file of a release.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Locked {
    /// Where it stands, from the release's folder, with `/`.
    pub path: String,
    /// What it follows from: sound, format, texts.
    pub key: String,
    /// Its size.
    pub bytes: u64,
    /// Its hash (BLAKE3), in hexadecimal.
    pub blake3: String,
    /// Its format, in words.
    pub format: String,
    /// Which song it is, counted from 0; none for what belongs to the whole album.
    pub song: Option<usize>,
    /// Which version of it; nothing for the one that the album has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Frames per second.
    pub sample_rate_hz: u32,
    /// Its length.
    pub frames: u64,
    /// Samples that had to be held at full scale.
    pub clipped_samples: u64,
    /// The levels of what was written; of a lossy file, of what it decodes to.
    pub levels: Levels,
}

/// The gains of an album.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Solution {
    /// What they follow from.
    pub key: String,
    /// Each song's levels as it came.
    pub inputs: Vec<Levels>,
    /// Each song's tone behind its chain, where that is measured.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tones: Vec<Tone>,
    /// The gain into each run's chain.
    pub staging_db: Vec<f64>,
    /// The gain of each run behind its chain.
    pub runs_db: Vec<f64>,
    /// The gain of all into the limiter.
    pub gain_db: f64,
    /// How each search ended: one for the album, or one for each run.
    pub found: Vec<Found>,
    /// The most that the limiter takes off any peak of each run.
    pub limiting_db: Vec<f64>,
}

/// The hash of texts that something follows from, short enough for a file's name.
pub(crate) fn key(parts: &[&str]) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().to_hex()[..32].to_string()
}

/// Reads what was written as JSON; nothing when it is not there or is something else.
pub(crate) fn recall<T: DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

/// Writes a value as JSON, whole or not at all.
pub(crate) fn keep<T: Serialize>(path: &Path, value: &T) -> Result<(), Trouble> {
    let mut text = serde_json::to_string_pretty(value).map_err(|e| Trouble::output(path, e))?;
    text.push('\n');
    put(path, text.as_bytes())
}

/// Writes a file beside its place, syncs it, and renames it.
pub(crate) fn put(path: &Path, bytes: &[u8]) -> Result<(), Trouble> {
    let trouble = |e: std::io::Error| Trouble::output(path, plain(&e));
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".part");
    let beside = path.with_file_name(name);
    let write = || -> std::io::Result<()> {
        let mut file = File::create(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        sync_folder(parent_of(path))
    };
    write().map_err(|e| {
        // What is half-written goes; that it cannot go either is no second error.
        let _ = fs::remove_file(&beside);
        trouble(e)
    })
}

/// An error of the file system in words a musician knows.
pub(crate) fn plain(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file or folder".into(),
        std::io::ErrorKind::PermissionDenied => "permission denied; check who may write there".into(),
        // A folder was to be made where, or in what, is a file.
        std::io::ErrorKind::NotADirectory | std::io::ErrorKind::AlreadyExists => {
            "is a file, and no folder; name another folder, or move the file away".into()
        }
        std::io::ErrorKind::ReadOnlyFilesystem => "the disk is read-only; name another folder".into(),
        std::io::ErrorKind::StorageFull => {
            "the disk is full; what was finished is kept, make room and run it again".into()
        }
        _ => error.to_string(),
    }
}

/// The steps on the way, in a folder of the release.
pub(crate) struct Work {
    pub(crate) folder: PathBuf,
    /// The release's own folder.
    out: PathBuf,
    /// Whether that was not there before.
    is_new: bool,
    /// Held while a release is made; the system lets go of it when the program ends, however it ends.
    alone: Option<File>,
    /// Several sets of files are made at the same time.
    book: Mutex<Book>,
}

/// What was finished, and what there is to tell of it.
#[derive(Default)]
struct Book {
    done: Vec<Locked>,
    loops: BTreeMap<String, Vec<Looped>>,
    sides: BTreeMap<String, MediumReport>,
}

impl Work {
    /// The folder, made if it is not there; and what an earlier run has finished, also if it ended well.
    pub(crate) fn open(out: &Path) -> Result<Work, Trouble> {
        let (folder, is_new) = (out.join(WORK), !out.exists());
        fs::create_dir_all(&folder).map_err(|e| Trouble::output(out, plain(&e)))?;
        let held = folder.join(HELD);
        let alone = File::create(&held).map_err(|e| Trouble::output(&held, plain(&e)))?;
        if let Err(fs::TryLockError::WouldBlock) = alone.try_lock() {
            let message = "another release is being made in this folder; wait until it is done, or name another folder";
            return Err(Trouble::output(out, message));
        }
        let mut book = Book {
            done: recall(&folder.join("done.json")).unwrap_or_default(),
            loops: recall(&folder.join("loops.json")).unwrap_or_default(),
            sides: recall(&folder.join("sides.json")).unwrap_or_default(),
        };
        if let Some(lock) = recall::<Lock>(&out.join(NAME)) {
            book.done.extend(lock.files);
            book.loops.extend(lock.loops);
            book.sides.extend(lock.sides);
        }
        Ok(Work { folder, out: out.into(), is_new, alone: Some(alone), book: Mutex::new(book) })
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        // Nothing in it is ever half changed.
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Clears away what a killed run has left half-written beside the files of these paths, beside the folder of the
    /// disc, and among the steps on the way.
    pub(crate) fn sweep(&self, out: &Path, paths: &[String]) {
        let own = [NAME, "release.json", "release.html", "release.pdf", "cd/ddp"].into_iter().chain(manifest::FILES);
        let mut names: BTreeMap<PathBuf, Vec<String>> = BTreeMap::new();
        for path in paths.iter().map(String::as_str).chain(own) {
            let at = out.join(path);
            if let (Some(folder), Some(name)) = (at.parent(), at.file_name()) {
                names.entry(folder.into()).or_default().push(format!(".{}.", name.to_string_lossy()));
            }
        }
        names.entry(self.folder.clone()).or_default().push(".".into());
        for (folder, names) in names {
            for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
                let path = entry.path();
                let name = entry.file_name().to_string_lossy().into_owned();
                let ours = name.starts_with(".tonmeister.") || names.iter().any(|begin| name.starts_with(begin));
                if ours && path.extension().is_some_and(|extension| extension == "part") {
                    // What cannot be cleared away is only litter.
                    let _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
                }
            }
        }
    }

    /// A file in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// A file of the release that an earlier run has finished from the same things, if it is still what it was.
    pub(crate) fn finished(&self, out: &Path, path: &str, key: &str) -> Option<Locked> {
        let known = self.book().done.iter().find(|file| file.path == path && file.key == key)?.clone();
        (hash_of(&out.join(path)).ok()? == (known.bytes, known.blake3.clone())).then_some(known)
    }

    /// Whether an earlier run made this file, whatever it was made from.
    pub(crate) fn made(&self, path: &str) -> bool {
        self.book().done.iter().any(|file| file.path == path)
    }

    /// Remembers a finished file over a kill.
    pub(crate) fn finish(&self, file: &Locked) -> Result<(), Trouble> {
        let mut book = self.book();
        book.done.retain(|known| known.path != file.path);
        book.done.push(file.clone());
        keep(&self.path("done.json"), &book.done)
    }

    /// The same of a file that belongs to no song, a side or a sheet: its bytes are read here. The rate, and where it sounds
    /// how many frames it has, how many samples clipped, and its levels.
    pub(crate) fn finish_apart(
        &self,
        (out, path): (&Path, &str),
        format: &str,
        key: &str,
        (sample_rate_hz, frames, clipped_samples, levels): (u32, u64, u64, Levels),
    ) -> Result<Locked, Trouble> {
        let at = out.join(path);
        let (bytes, blake3) = hash_of(&at).map_err(|e| Trouble::output(&at, plain(&e)))?;
        let file = Locked {
            path: path.to_owned(),
            key: key.to_owned(),
            bytes,
            blake3,
            format: format.to_owned(),
            song: None,
            version: None,
            sample_rate_hz,
            frames,
            clipped_samples,
            levels,
        };
        self.finish(&file)?;
        Ok(file)
    }

    /// What the codec loop did for the set of these keys, in an earlier run.
    pub(crate) fn looped(&self, keys: &[String]) -> Vec<Looped> {
        self.book().loops.get(&together(keys)).cloned().unwrap_or_default()
    }

    /// Remembers it over a kill.
    pub(crate) fn remember(&self, keys: &[String], looped: &[Looped]) -> Result<(), Trouble> {
        if !looped.is_empty() {
            let mut book = self.book();
            book.loops.insert(together(keys), looped.to_vec());
            keep(&self.path("loops.json"), &book.loops)?;
        }
        Ok(())
    }

    /// Remembers what was found of sides over a kill.
    pub(crate) fn remember_sides(&self, key: &str, report: &MediumReport) -> Result<(), Trouble> {
        let mut book = self.book();
        book.sides.insert(key.to_owned(), report.clone());
        keep(&self.path("sides.json"), &book.sides)
    }

    /// What was found of the sides of this key, in this run or an earlier one.
    pub(crate) fn sides(&self, key: &str) -> Option<MediumReport> {
        self.book().sides.get(key).cloned()
    }

    /// All that is remembered: what the codec loop did, and what was found of sides.
    pub(crate) fn remembered(&self) -> (BTreeMap<String, Vec<Looped>>, BTreeMap<String, MediumReport>) {
        let book = self.book();
        (book.loops.clone(), book.sides.clone())
    }

    /// Removes files in a folder of the release that an earlier run made and that are not made any more.
    pub(crate) fn drop_made(&self, out: &Path, folder: &str, still: &[String]) -> Result<(), Trouble> {
        for file in self.book().done.iter().filter(|file| file.path.starts_with(folder) && !still.contains(&file.path))
        {
            let at = out.join(&file.path);
            // Only what is still what it was is ours to remove.
            if hash_of(&at).is_ok_and(|(_, hash)| hash == file.blake3) {
                fs::remove_file(&at).map_err(|e| Trouble::output(&at, plain(&e)))?;
            }
        }
        Ok(())
    }

    /// Removes the steps on the way.
    pub(crate) fn close(mut self) -> Result<(), Trouble> {
        // Some systems do not remove what is open.
        self.alone = None;
        fs::remove_dir_all(&self.folder).map_err(|e| Trouble::output(&self.folder, plain(&e)))
    }
}

/// A release that ends in an error leaves the steps that were done, and no trace when there were none.
impl Drop for Work {
    fn drop(&mut self) {
        if self.alone.take().is_some() {
            // Folders with something in them stay: the system does not remove them.
            let _ = fs::remove_file(self.path(HELD)).and_then(|()| fs::remove_dir(&self.folder));
            if self.is_new {
                let _ = fs::remove_dir(&self.out);
            }
        }
    }
}

fn together(keys: &[String]) -> String {
    key(&keys.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Removes a step on the way that nobody reads any more; what was measured of it stays.
pub(crate) fn forget(step: &Path) {
    // What is not there was not needed; what cannot be removed goes with the folder.
    let _ = fs::remove_file(step);
}

/// The size and hash of a file.
pub(crate) fn hash_of(path: &Path) -> std::io::Result<(u64, String)> {
    let mut hasher = blake3::Hasher::new();
    let bytes = std::io::copy(&mut File::open(path)?, &mut hasher)?;
    Ok((bytes, hasher.finalize().to_hex().to_string()))
}
