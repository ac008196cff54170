//! The folder: which files are audio, where the document goes, and writing it whole or not at all.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use serde::Serialize;
use tonmeister_core::Diagnostic;
use tonmeister_session::model::{Destination, PanLaw, Song};

use super::{NewSong, StemFile, name, note, plan};
use crate::failure::{Failure, Finding};
use crate::progress::Progress;
use crate::text_file::{self, Existing};
use crate::world::plain;

/// What files of audio end in.
const EXTENSIONS: &[&str] = &[
    "wav", "wave", "bwf", "rf64", "bw64", "flac", "aif", "aiff", "aifc", "caf", "mp3", "m4a", "mp4", "aac", "ogg",
    "oga", "opus",
];

/// What to make of the folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewOptions {
    /// Where `song.toml` goes; without it, into the folder of stems.
    pub output: Option<PathBuf>,
    /// The song's title; without it, made from the folder's name.
    pub title: Option<String>,
    /// Replace a `song.toml` that is there.
    pub force: bool,
    /// Leave out files that cannot be read, instead of giving up.
    pub skip_unreadable: bool,
}

/// What was made.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NewReport {
    /// The document.
    pub path: PathBuf,
    /// The song's title.
    pub title: String,
    /// The rate everything is mixed at.
    pub sample_rate_hz: u32,
    /// The pan law, in decibels.
    pub pan_law_db: f64,
    /// How long the longest stem is.
    pub seconds: f64,
    /// The tracks, in order.
    pub tracks: Vec<NewTrack>,
    /// The buses' ids.
    pub buses: Vec<String>,
    /// What was decided and what deserves a look.
    pub notes: Vec<Finding>,
}

/// One track of the new document.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NewTrack {
    /// Its id.
    pub id: String,
    /// What its name says that it plays.
    pub role: Option<String>,
    /// Its file, as the document names it.
    pub audio: String,
    /// The bus it goes to, or `master`.
    pub output: String,
}

/// Makes `song.toml` from a folder of stems.
///
/// Reads the folder itself, not what lies in folders inside it, and of the files those that are audio by their name.
///
/// # Errors
/// [`Failure::Input`] when the folder cannot be read, holds no stems, or holds audio that cannot be read;
/// [`Failure::Output`] when the document is already there or cannot be written.
pub fn create(stems: &Path, options: &NewOptions, progress: &mut dyn Progress) -> Result<NewReport, Failure> {
    // Told as it was named; worked with as it lies.
    let path = options.output.as_deref().unwrap_or(stems).join("song.toml");
    let stems = resolve(stems)?;
    let home = match &options.output {
        Some(folder) => {
            fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
            resolve(folder)?
        }
        None => stems.clone(),
    };
    if !options.force && path.exists() {
        return Err(exists(&path));
    }
    let listing = Listing::of(&stems)?;
    let mut notes = listing.notes;
    let files = probe(&listing.audio, &home, options.skip_unreadable, &mut notes, progress)?;
    let title = options.title.clone().unwrap_or_else(|| title_of(&stems));
    let new = plan(&files, &title).map_err(|why| Failure::input(&stems, format!("{}: {why}", stems.display())))?;
    write(&path, &text(&new.song), options.force)?;
    notes.extend(new.notes.iter().cloned());
    Ok(report(path, &new, &files, &notes))
}

/// An existing folder, absolute and without detours, so that paths between folders can be worked out.
fn resolve(folder: &Path) -> Result<PathBuf, Failure> {
    let absolute = fs::canonicalize(folder).map_err(|error| unreadable(folder, &error))?;
    if absolute.is_dir() {
        return Ok(absolute);
    }
    Err(Failure::input(folder, format!("{} is a file; expected a folder of stems", folder.display())))
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::input(path, format!("{} cannot be read: {}", path.display(), plain(error)))
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::output(path, format!("{} cannot be written: {}", path.display(), plain(error)))
}

fn exists(path: &Path) -> Failure {
    let remedy = "move it away, choose another folder for the new one, or ask for it to be replaced (--force)";
    Failure::output(path, format!("{} is already there and may hold work; {remedy}", path.display()))
}

/// What lies in the folder.
struct Listing {
    audio: Vec<PathBuf>,
    notes: Vec<Diagnostic>,
}

impl Listing {
    fn of(folder: &Path) -> Result<Self, Failure> {
        let failed = |error: io::Error| unreadable(folder, &error);
        let mut listing = Listing { audio: Vec::new(), notes: Vec::new() };
        for entry in fs::read_dir(folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if is_hidden(&path) {
                continue;
            }
            if path.is_dir() {
                let inside = audio_inside(&path);
                if inside > 0 {
                    let message =
                        format!("the folder `{}` with {inside} audio files in it is not looked at", base(&path));
                    let remedy = "move the stems into one folder if they belong to this song";
                    listing.notes.push(note("folder-inside", message).help(remedy));
                }
            } else if is_audio(&path) {
                listing.audio.push(path);
            }
        }
        // The order in which a disk lists files must not matter.
        listing.audio.sort();
        listing.notes.sort_by(|a, b| a.message.cmp(&b.message));
        Ok(listing)
    }
}

fn base(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

/// Files that other systems leave behind (`._kick.wav`) begin with a dot.
fn is_hidden(path: &Path) -> bool {
    base(path).starts_with('.')
}

fn is_audio(path: &Path) -> bool {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    extension.is_some_and(|extension| EXTENSIONS.contains(&extension.as_str())) && path.is_file()
}

fn audio_inside(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter(|entry| is_audio(&entry.path()) && !is_hidden(&entry.path())).count()
}

/// What each file is. Files that cannot be read are all named at once, so that they can be mended at once.
fn probe(
    audio: &[PathBuf],
    home: &Path,
    skip_unreadable: bool,
    notes: &mut Vec<Diagnostic>,
    progress: &mut dyn Progress,
) -> Result<Vec<StemFile>, Failure> {
    let mut files = Vec::new();
    let mut bad: Vec<(&Path, String)> = Vec::new();
    progress.begin("Looking at stems", audio.len() as u64);
    for path in audio {
        match tonmeister_media::probe(path) {
            Ok(probed) => match relative(home, path) {
                Some(name) => {
                    notes.extend(probed.warnings);
                    let clock = probed.info.bext.as_ref().map(|bext| bext.time_reference);
                    files.push(StemFile { path: name, info: probed.info.source_info(), clock });
                }
                None => bad.push((path, format!("{}: its name is not Unicode text; rename it", path.display()))),
            },
            Err(error) => bad.push((path, error.to_string())),
        }
        progress.advance(1);
    }
    progress.end();
    match bad.as_slice() {
        [] => Ok(files),
        _ if skip_unreadable => {
            let left_out = |(_, why): (_, String)| Diagnostic::warning("unreadable", format!("left out: {why}"));
            notes.extend(bad.into_iter().map(left_out));
            Ok(files)
        }
        [(path, why)] => Err(Failure::input(*path, format!("{why}\n{SKIP}"))),
        several => {
            let why: Vec<&str> = several.iter().map(|(_, why)| why.as_str()).collect();
            let message = format!("{} files cannot be read:\n  {}\n{SKIP}", why.len(), why.join("\n  "));
            Err(Failure::input(several[0].0.parent().unwrap_or(home), message))
        }
    }
}

const SKIP: &str = "mend or remove what cannot be read, or ask for it to be left out (--skip-unreadable)";

/// The file as seen from the folder, with `/` between folders. `None` when its name is no text. Absolute where there
/// is no way from one to the other (another drive).
fn relative(from: &Path, file: &Path) -> Option<String> {
    let (here, there): (Vec<_>, Vec<_>) = (from.components().collect(), file.components().collect());
    let shared = here.iter().zip(&there).take_while(|(a, b)| a == b).count();
    if shared == 0 {
        return file.to_str().map(str::to_owned);
    }
    let up = here[shared..].iter().map(|_| Some(".."));
    let down = there[shared..].iter().map(|part| match part {
        Component::Normal(name) => name.to_str(),
        _ => None,
    });
    let parts: Option<Vec<&str>> = up.chain(down).collect();
    parts.map(|parts| parts.join("/"))
}

/// The folder's name, or the name of the folder around it where its own says only "stems".
fn title_of(stems: &Path) -> String {
    let own = base(stems);
    let around = stems.parent().map(base).filter(|name| !name.is_empty());
    let title = match around {
        Some(around) if name::is_container(&own) => name::title(&around),
        _ => name::title(&own),
    };
    if title.is_empty() { "Untitled".into() } else { title }
}

/// The document's text.
fn text(song: &Song) -> String {
    let text = tonmeister_session::print(song);
    if song.pan_law != PanLaw::Zero {
        return text;
    }
    // The printer writes values; the reason for this one is ours to give.
    let reason = "# 0 dB: mono stems come out of the center as loud as they were delivered, so that this document, as it\n\
                  # stands, is the plain sum of its stems. The usual -3.0 (equal power) lowers centered mono tracks by 3 dB.\n";
    text.replacen("pan_law_db", &format!("{reason}pan_law_db"), 1)
}

/// Puts the document in its place; without `replace` never over another.
fn write(path: &Path, text: &str, replace: bool) -> Result<(), Failure> {
    let existing = if replace { Existing::Replace } else { Existing::Keep };
    text_file::write(path, text, existing).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => exists(path),
        _ => unwritable(path, &error),
    })
}

fn report(path: PathBuf, new: &NewSong, files: &[StemFile], notes: &[Diagnostic]) -> NewReport {
    let song = &new.song;
    let output = |destination: &Option<Destination>| match destination {
        Some(Destination::Bus(place)) => song.buses[*place].id.clone(),
        _ => "master".into(),
    };
    let tracks = song.tracks.iter().map(|track| NewTrack {
        id: track.id.clone(),
        role: track.role.clone(),
        audio: track.clips.first().map_or_else(String::new, |clip| clip.audio.clone()),
        output: output(&track.strip.output),
    });
    let tracks: Vec<NewTrack> = tracks.collect();
    let used = files.iter().filter(|file| tracks.iter().any(|track| track.audio == file.path));
    NewReport {
        title: song.title.clone(),
        sample_rate_hz: song.sample_rate_hz,
        pan_law_db: song.pan_law.db(),
        seconds: used.map(StemFile::seconds).fold(0.0, f64::max),
        buses: song.buses.iter().map(|bus| bus.id.clone()).collect(),
        notes: notes.iter().map(|diagnostic| Finding::new(&path, "", diagnostic)).collect(),
        tracks,
        path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_from_the_document_to_the_stem() {
        let seen = |from: &str, file: &str| relative(Path::new(from), Path::new(file)).unwrap();
        assert_eq!(seen("/songs/night", "/songs/night/kick.wav"), "kick.wav");
        assert_eq!(seen("/songs/night", "/songs/night/stems/kick.wav"), "stems/kick.wav");
        assert_eq!(seen("/songs/night/mix", "/songs/stems/kick.wav"), "../../stems/kick.wav");
    }

    #[test]
    fn the_title_is_the_songs_and_not_the_stems() {
        assert_eq!(title_of(Path::new("/songs/night_drive/stems")), "Night Drive");
        assert_eq!(title_of(Path::new("/songs/night_drive")), "Night Drive");
        assert_eq!(title_of(Path::new("/stems")), "Stems");
    }
}
