//! What differs between two documents, two versions of one, or two states of one in a git repository.
//!
//! A document is named by its path, or as git names a file of a commit: `HEAD~1:mixes/song.toml`. That one is read
//! through the `git` of the machine, and nothing else about it is touched.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Serialize;
use tonmeister_session::cut::Cut;
use tonmeister_session::model::Song;
use tonmeister_session::{Difference, Document, Plain};

use crate::failure::{Failure, Finding};
use crate::world::{MAX_DOCUMENT_BYTES, World, plain, text_of};

/// Which versions of the documents are held against each other.
#[derive(Clone, Debug, Default)]
pub struct DiffOptions {
    /// The version of the second document; of the only one, when there is one.
    pub version: Option<String>,
    /// The version of the first. Without it: with two documents the same as of the second, with one the song itself.
    pub against: Option<String>,
}

/// What differs.
#[derive(Clone, Debug, Serialize)]
pub struct DiffReport {
    /// What was there before.
    pub before: Side,
    /// What is there now.
    pub after: Side,
    /// The differences, what is heard most first; none when there are none.
    pub differences: Vec<Told>,
    /// What is odd about the documents.
    pub warnings: Vec<Finding>,
}

/// One of the two.
#[derive(Clone, Debug, Serialize)]
pub struct Side {
    /// The document, as it was named.
    pub document: PathBuf,
    /// Which version of it, when it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// One difference.
#[derive(Clone, Debug, Serialize)]
pub struct Told {
    /// What it is about: `song`, `strip`, `value`, `automation`, `insert`, `send`, `routing`, `clips`, `cut`, `group` or
    /// `version`.
    pub about: &'static str,
    /// Where it is: `vocal/fader_db`.
    pub address: String,
    /// The value before, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// The value after, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
    /// From when it is heard, in seconds, where it is not all through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_s: Option<f64>,
    /// Until when; without it, to the song's end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_s: Option<f64>,
    /// How much is heard of it, about, in decibels: it orders the list, and is no measurement.
    pub weight: f64,
    /// For a reader: "vocal +0.8 dB".
    pub sentence: String,
}

/// A value as the document writes it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// A word or a text.
    Text(String),
    /// A number.
    Number(f64),
    /// On or off.
    Switch(bool),
}

impl From<Plain> for Value {
    fn from(plain: Plain) -> Self {
        match plain {
            Plain::Text(text) => Value::Text(text),
            Plain::Number(number) => Value::Number(number),
            Plain::Switch(on) => Value::Switch(on),
        }
    }
}

impl From<Difference> for Told {
    fn from(found: Difference) -> Self {
        Told {
            about: found.about.word(),
            address: found.address,
            before: found.before.map(Value::from),
            after: found.after.map(Value::from),
            from_s: found.during_s.map(|(from, _)| from),
            to_s: found.during_s.and_then(|(_, to)| to),
            weight: found.weight,
            sentence: found.sentence,
        }
    }
}

impl World {
    /// Tells what differs between two documents (or versions of them), or between one and a version of it. Audio is
    /// not looked at: paths are compared.
    pub fn diff(&self, first: &Path, second: Option<&Path>, options: &DiffOptions) -> Result<DiffReport, Failure> {
        let version = options.version.clone();
        let against = options.against.clone().or_else(|| version.clone().filter(|_| second.is_some()));
        if second.is_none() && version == against {
            let message = "there is nothing to tell apart: name a second document, or a version of this one \
                           (`--version instrumental`)";
            return Err(Failure::Usage(message.into()));
        }
        let (old, mut warnings) = self.open_any(first)?;
        let (new, after_path) = match second {
            Some(second) => {
                let (new, more) = self.open_any(second)?;
                warnings.extend(more);
                (new, second)
            }
            None => (old.clone(), first),
        };
        let (mut before, cuts_before) = song_of(first, &old, against.as_deref())?;
        let (mut after, cuts_after) = song_of(after_path, &new, version.as_deref())?;
        if version.is_some() || against.is_some() {
            // A version holds no versions; that the song does is no difference to hear.
            before.versions.clear();
            after.versions.clear();
        }
        // A cut is one difference, and not all that it does to clips, automation, tempo and markers.
        let mut told = cut_out(&cuts_before, &cuts_after);
        told.extend(tonmeister_session::diff(&before, &after).into_iter().map(Told::from));
        Ok(DiffReport {
            before: Side { document: first.into(), version: against },
            after: Side { document: after_path.into(), version },
            differences: told,
            warnings,
        })
    }

    /// Opens a document by its path, or by a commit of git and its path there.
    fn open_any(&self, named: &Path) -> Result<(Document, Vec<Finding>), Failure> {
        match of_commit(named) {
            Some(name) => self.document_of(named, from_git(named, name)?),
            None => self.open_document(named),
        }
    }
}

/// A version of a document before its cuts and with them, or the song as it stands.
fn song_of(path: &Path, document: &Document, version: Option<&str>) -> Result<(Song, Vec<(String, Cut)>), Failure> {
    let Some(version) = version else { return Ok((document.song().clone(), Vec::new())) };
    document.song().version_before_cuts(version).map_err(|error| {
        let help = error.help.map_or_else(String::new, |help| format!(" ({help})"));
        Failure::input(path, format!("{}{help}", error.message))
    })
}

/// What is cut out of one and not of the other.
fn cut_out(before: &[(String, Cut)], after: &[(String, Cut)]) -> Vec<Told> {
    let told = |(range, cut): &(String, Cut), how: &str| Told {
        about: "cut",
        address: format!("song/range/{range}"),
        before: None,
        after: None,
        from_s: Some(cut.from_s),
        to_s: Some(cut.to_s),
        weight: CUT_WEIGHT,
        sentence: format!("{how}: `{range}`, {} to {}", clock(cut.from_s), clock(cut.to_s)),
    };
    let new = after.iter().filter(|cut| !before.contains(cut)).map(|cut| told(cut, "cut out"));
    new.chain(before.iter().filter(|cut| !after.contains(cut)).map(|cut| told(cut, "no longer cut out"))).collect()
}

/// Nothing is heard more than a part of the song that is missing.
const CUT_WEIGHT: f64 = 1000.0;

/// Minutes and seconds, to a tenth.
fn clock(seconds: f64) -> String {
    let tenths = (seconds * 10.0).round();
    format!("{}:{:04.1}", (tenths / 600.0).floor(), tenths % 600.0 / 10.0)
}

/// The name as git reads it, when no such file is there and it has the form `REV:path`.
fn of_commit(named: &Path) -> Option<&str> {
    let name = named.to_str().filter(|_| !named.exists())?;
    let (revision, path) = name.split_once(':')?;
    // One letter before a colon is a drive.
    (revision.len() > 1 && !path.is_empty() && !path.starts_with(['/', '\\'])).then_some(name)
}

/// The text of a file of a commit.
fn from_git(named: &Path, name: &str) -> Result<String, Failure> {
    let refuse = |message: String| Failure::input(named, message);
    if name.starts_with('-') {
        return Err(refuse("begins with `-`: that is no commit".into()));
    }
    // As git has it, a path counts from the top of the repository; one that is not there, from where we stand.
    let from_here = name.split_once(':').map(|(revision, path)| format!("{revision}:./{path}"));
    let bytes = match blob(named, name) {
        Err(first) => match from_here.map(|name| blob(named, &name)) {
            Some(Ok(bytes)) => bytes,
            _ => return Err(first),
        },
        Ok(bytes) => bytes,
    };
    if bytes.len() as u64 > MAX_DOCUMENT_BYTES {
        return Err(refuse("is larger than 64 MiB: that is no song document".into()));
    }
    text_of(named, bytes)
}

/// The bytes of a blob, no more of them than a document may have and one.
fn blob(named: &Path, name: &str) -> Result<Vec<u8>, Failure> {
    let refuse = |message: String| Failure::input(named, message);
    let mut git = Command::new("git")
        .args(["cat-file", "blob", name])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => {
                refuse("is a file of a commit, and git is not installed here; give it as a file of its own".into())
            }
            _ => refuse(format!("git cannot be run: {}", plain(&error))),
        })?;
    let mut bytes = Vec::new();
    if let Some(out) = git.stdout.take() {
        let read = out.take(MAX_DOCUMENT_BYTES + 1).read_to_end(&mut bytes);
        read.map_err(|error| refuse(format!("git cannot be read: {}", plain(&error))))?;
    }
    // With its output closed, a git that had more to say ends by itself.
    let ended = git.wait_with_output().map_err(|error| refuse(format!("git cannot be read: {}", plain(&error))))?;
    if !ended.status.success() && bytes.len() as u64 <= MAX_DOCUMENT_BYTES {
        let said = String::from_utf8_lossy(&ended.stderr);
        let said = said.lines().next().unwrap_or_default().trim_start_matches("fatal: ").to_owned();
        return Err(refuse(format!("there is no such file, and git has none of that name: {said}")));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_is_told_from_a_path() {
        let of = |name: &str| of_commit(Path::new(name)).is_some();
        assert!(of("HEAD:song.toml") && of("HEAD~1:mixes/song.toml") && of("v1.0:./song.toml"));
        assert!(!of("song.toml") && !of("C:song.toml") && !of("C:\\song.toml") && !of("file:///song.toml"));
        assert!(!of("HEAD:"));
    }
}
