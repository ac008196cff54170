//! The document: a text and the song it describes, always in step.

use std::fmt;
use std::ops::Range;

use tonmeister_core::{Diagnostic, Registry};

use crate::edit::{Edit, Splice, locate};
use crate::keys::MAX_BYTES;
use crate::model::Song;
use crate::tree::{Table, grow};

/// A song and the text that it was read from. Comments, order, spaces and line endings are the text's own, and an edit
/// leaves every byte that it is not about as it was.
#[derive(Clone)]
pub struct Document {
    text: String,
    song: Song,
    warnings: Vec<Diagnostic>,
    pub(crate) tree: Table,
    pub(crate) registry: Registry,
}

/// Reads a document. The effects it may name are those of the registry.
///
/// Errors are all of the findings, in order of place, each with its bytes in the text, what was expected and found
/// there, and the remedy. When the text is no TOML at all, only that is told.
pub fn parse(text: &str, registry: &Registry) -> Result<Document, Vec<Diagnostic>> {
    if text.len() > MAX_BYTES {
        let message = format!("the document has {} bytes; at most {MAX_BYTES} are read", text.len());
        return Err(vec![Diagnostic::error("too-many", message)]);
    }
    let tree = grow(text)?;
    let (song, warnings) = crate::read::song(&tree, registry)?;
    Ok(Document { text: text.to_owned(), song, warnings, tree, registry: registry.clone() })
}

impl Document {
    /// What the text says.
    pub fn song(&self) -> &Song {
        &self.song
    }

    /// What is odd about it, but no error.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// The text: exactly the one that was read, when nothing was edited.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text, for writing.
    pub fn to_text(&self) -> String {
        self.text.clone()
    }

    /// The effects that the document may name.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The bytes of the text where something stands that an address names, for findings that come later (a file that
    /// is missing, a filter above half the sample rate): `kick`, `kick/audio`, `kick/compressor`,
    /// `kick/compressor/threshold_db`, `kick/send/room`, `kick/clip/2`, `song/tempo_bpm`, `song/version/radio`,
    /// `song/version/radio/set/vocal/fader_db`. What is left out of the text
    /// stands where its table stands. `None` when there is nothing of that name.
    pub fn span_of(&self, address: &str) -> Option<Range<usize>> {
        locate::span_of(self, address)
    }

    /// The numbers of a track's clips in the text, counted from 1, as addresses name them; in the order of
    /// [`Track::clips`](crate::model::Track::clips). Empty where its audio is no list of clips.
    pub fn clip_numbers(&self, track: &str) -> Vec<usize> {
        locate::clip_numbers(self, track)
    }

    /// Makes an edit: text and song change together, and the inverse is returned, which restores both to the byte.
    ///
    /// An edit that names what is not there, or would leave the song invalid, is refused and changes nothing.
    pub fn apply(&mut self, edit: &Edit) -> Result<Edit, Diagnostic> {
        if let Edit::Together(edits) = edit {
            return self.together(edits);
        }
        let splices = edit.splices(self)?;
        let inverse = self.splice(&splices)?;
        Ok(Edit::Rewrite(inverse))
    }

    /// One after another; when one is refused, those before it are taken back.
    fn together(&mut self, edits: &[Edit]) -> Result<Edit, Diagnostic> {
        let mut inverses = Vec::with_capacity(edits.len());
        let before = self.clone();
        for edit in edits {
            match self.apply(edit) {
                Ok(inverse) => inverses.push(inverse),
                Err(refused) => {
                    *self = before;
                    return Err(refused);
                }
            }
        }
        inverses.reverse();
        Ok(Edit::Together(inverses))
    }

    fn splice(&mut self, splices: &[Splice]) -> Result<Vec<Splice>, Diagnostic> {
        let (text, inverse) = Splice::apply_all(splices, &self.text)?;
        match parse(&text, &self.registry) {
            Ok(document) => {
                *self = document;
                Ok(inverse)
            }
            Err(found) => Err(refusal(&found)),
        }
    }
}

/// Why an edit was refused: the first error of the song it would have left.
fn refusal(found: &[Diagnostic]) -> Diagnostic {
    let first = found.iter().find(|d| d.severity == tonmeister_core::Severity::Error);
    let (why, help) = first.map_or((String::new(), None), |d| (d.message.clone(), d.help.clone()));
    let label = first.and_then(|d| d.label.clone()).map_or(String::new(), |label| format!(" ({label})"));
    let refused = Diagnostic::error("edit-refused", format!("the edit would leave the song invalid: {why}{label}"));
    match help {
        Some(help) => refused.help(help),
        None => refused,
    }
}

impl PartialEq for Document {
    /// The same text; the song follows from it.
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.song == other.song
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document").field("text", &self.text).field("song", &self.song).finish_non_exhaustive()
    }
}
