//! Why a verb could not do its work, and findings placed in their text.
//!
//! A [`Failure`] says what was expected, what was found and what to do. Its kinds are the kinds of trouble a caller
//! handles apart: the document, the audio that goes in, the file that comes out, the request itself, and a target
//! that cannot be met. The command line turns each into an exit code of its own.
//!
//! A [`Diagnostic`] knows its place as bytes; [`Finding`] is the same with file, line and column, ready to be
//! serialized for scripts.

use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::Serialize;
use tonmeister_core::{Diagnostic, Severity};
use tonmeister_session::line_col;

/// Why a verb gave up. Nothing half-written is left behind.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The document is not valid; at least one of the diagnostics is an error.
    #[error("{}", describe(path, diagnostics))]
    Document {
        /// The document's file.
        path: PathBuf,
        /// Its text, for showing the places (empty when it could not be read).
        text: String,
        /// What is wrong with it, in the order of the text.
        diagnostics: Vec<Diagnostic>,
    },
    /// The document is valid but cannot be rendered as things stand: audio is missing, an effect does not fit the rate.
    #[error("{}", describe(path, std::slice::from_ref(&**diagnostic)))]
    Render {
        /// The document's file.
        path: PathBuf,
        /// Its text, for showing the place.
        text: String,
        /// What is in the way, at its place in the text.
        diagnostic: Box<Diagnostic>,
    },
    /// A file that should be read cannot be, or is not what it should be.
    #[error("{}", named(path, message))]
    Input {
        /// The file (or folder).
        path: PathBuf,
        /// What was expected, what was found, what to do. It may name the file or leave that to the path.
        message: String,
    },
    /// What was asked for makes no sense: an option out of its range, two that exclude each other.
    #[error("{0}")]
    Usage(String),
    /// A file cannot be written, or must not be.
    #[error("{}", named(path, message))]
    Output {
        /// The file that was to be written.
        path: PathBuf,
        /// Why not, and what to do. It may name the file or leave that to the path.
        message: String,
    },
    /// The audio cannot be brought to what was asked for; the message says how near it came.
    #[error("{0}")]
    Target(String),
    /// Somebody asked to stop ([`crate::World::stop`]).
    #[error("interrupted; nothing was left half-written")]
    Interrupted,
}

fn describe(path: &Path, diagnostics: &[Diagnostic]) -> String {
    let errors: Vec<_> = diagnostics.iter().filter(|d| d.severity == Severity::Error).collect();
    match errors.as_slice() {
        [only] => format!("{}: {}", path.display(), only.message),
        _ => format!("{}: {} errors", path.display(), errors.len()),
    }
}

/// The message with the file in front, unless it names the file itself.
fn named(path: &Path, message: &str) -> String {
    let path = path.display().to_string();
    // A file called `m` is not named by the word "permission".
    let goes_on = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '/');
    let names =
        |at: usize| !goes_on(message[..at].chars().next_back()) && !goes_on(message[at + path.len()..].chars().next());
    if path.is_empty() || message.match_indices(&path).any(|(at, _)| names(at)) {
        message.into()
    } else {
        format!("{path}: {message}")
    }
}

impl Failure {
    /// A failure to write something on the way, in a folder that nobody knows of, told of the file that was asked for.
    pub(crate) fn of_output(self, scratch: &Path, output: &Path) -> Failure {
        match self {
            Failure::Output { path, message } if path.starts_with(scratch) => {
                let (path, told) = (path.display().to_string(), output.display().to_string());
                Failure::Output { path: output.into(), message: message.replace(&path, &told) }
            }
            other => other,
        }
    }

    /// The kind's stable name: `document`, `render`, `input`, `usage`, `output`, `target` or `interrupted`.
    pub fn kind(&self) -> &'static str {
        match self {
            Failure::Document { .. } => "document",
            Failure::Render { .. } => "render",
            Failure::Input { .. } => "input",
            Failure::Usage(_) => "usage",
            Failure::Output { .. } => "output",
            Failure::Target(_) => "target",
            Failure::Interrupted => "interrupted",
        }
    }

    /// A file that cannot be read, from a sentence or an error.
    #[expect(clippy::needless_pass_by_value, reason = "errors are handed over at the end of their life")]
    pub fn input(path: impl Into<PathBuf>, message: impl ToString) -> Self {
        Failure::Input { path: path.into(), message: message.to_string() }
    }

    /// A file that cannot be written, from a sentence or an error.
    #[expect(clippy::needless_pass_by_value, reason = "errors are handed over at the end of their life")]
    pub fn output(path: impl Into<PathBuf>, message: impl ToString) -> Self {
        Failure::Output { path: path.into(), message: message.to_string() }
    }
}

/// A [`Diagnostic`] with its file and its place in lines and columns, ready to be serialized.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// `error`, `warning` or `note`.
    pub severity: &'static str,
    /// The stable name of the kind of finding, such as `unknown-key`.
    pub code: &'static str,
    /// What was found.
    pub message: String,
    /// The file it concerns.
    pub path: PathBuf,
    /// Where it begins and ends, when it concerns a place in a text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// What stands at the place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The remedy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

impl Finding {
    /// The diagnostic about that file; `text` is the file's text when the diagnostic points into one.
    pub fn new(path: &Path, text: &str, diagnostic: &Diagnostic) -> Self {
        Finding {
            severity: severity_name(diagnostic.severity),
            code: diagnostic.code,
            message: diagnostic.message.clone(),
            path: path.into(),
            place: diagnostic.span.clone().map(|span| Place::of(text, span)),
            label: diagnostic.label.clone(),
            help: diagnostic.help.clone(),
        }
    }
}

impl Finding {
    /// A warning about a file as a whole.
    pub fn warning(path: &Path, code: &'static str, message: impl Into<String>) -> Self {
        Finding::new(path, "", &Diagnostic::warning(code, message))
    }

    /// What is worth knowing about a file as a whole.
    pub fn note(path: &Path, code: &'static str, message: impl Into<String>) -> Self {
        let note = Diagnostic { severity: Severity::Note, ..Diagnostic::warning(code, message) };
        Finding::new(path, "", &note)
    }
}

/// `error`, `warning` or `note`.
pub fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// A stretch of a text in lines and columns, both counted from 1; columns count characters. The end is exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The line it begins on.
    pub line: usize,
    /// The character it begins with.
    pub column: usize,
    /// The line it ends on.
    pub end_line: usize,
    /// The character before which it ends.
    pub end_column: usize,
}

impl Place {
    /// The place of these bytes. Bytes past the end or inside a character count as the boundary before them.
    pub fn of(text: &str, span: Range<usize>) -> Self {
        let (line, column) = line_col(text, span.start);
        let (end_line, end_column) = line_col(text, span.end.max(span.start));
        Place { line, column, end_line, end_column }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_lines_and_characters_from_one() {
        let text = "title = \"Übung\"\npan = 3\n";
        assert_eq!(Place::of(text, 0..5), Place { line: 1, column: 1, end_line: 1, end_column: 6 });
        let three = text.find('3').unwrap();
        assert_eq!(Place::of(text, three..three + 1), Place { line: 2, column: 7, end_line: 2, end_column: 8 });
        let end = text.len() + 40;
        assert_eq!(Place::of(text, end..end).line, 3);
        // Inside the two bytes of `Ü`.
        assert_eq!(Place::of(text, 10..10).column, 10);
    }

    #[test]
    fn a_failure_names_the_file_and_what_is_wrong() {
        let one = vec![Diagnostic::error("unknown-key", "there is no key `fadre_db`")];
        let failure = Failure::Document { path: "song.toml".into(), text: String::new(), diagnostics: one };
        assert_eq!(failure.to_string(), "song.toml: there is no key `fadre_db`");
        assert_eq!(failure.kind(), "document");
        assert_eq!(Failure::input("a.wav", "a.wav is empty").to_string(), "a.wav is empty");
        assert_eq!(Failure::output("a.wav", "the disk is full").to_string(), "a.wav: the disk is full");
        let step = Failure::output("b/.x/step.wav", "b/.x/step.wav was not written: the disk is full");
        let told = step.of_output(Path::new("b/.x"), Path::new("b/a.wav"));
        assert_eq!(told.to_string(), "b/a.wav was not written: the disk is full");
        assert_eq!(Failure::output("m", "permission denied").to_string(), "m: permission denied");
        assert_eq!(Failure::input("m", "`m` is empty").to_string(), "`m` is empty");
    }
}
