//! The album document: a text and the album it describes.

use std::ops::Range;

use tonmeister_core::{Diagnostic, Registry};

use super::model::Album;
use crate::keys::MAX_BYTES;
use crate::read::album::Places;
use crate::tree::grow;

/// An album and the text that it was read from.
#[derive(Clone, Debug)]
pub struct AlbumDocument {
    text: String,
    album: Album,
    places: Places,
    warnings: Vec<Diagnostic>,
}

/// Reads an album document. The effects it may name are those of the registry.
///
/// Errors are all of the findings, in order of place, each with its bytes in the text, what was expected and found
/// there, and the remedy. When the text is no TOML at all, only that is told.
pub fn parse(text: &str, registry: &Registry) -> Result<AlbumDocument, Vec<Diagnostic>> {
    if text.len() > MAX_BYTES {
        let message = format!("the document has {} bytes; at most {MAX_BYTES} are read", text.len());
        return Err(vec![Diagnostic::error("too-many", message)]);
    }
    let tree = grow(text)?;
    let (album, places, warnings) = crate::read::album::album(&tree, registry)?;
    Ok(AlbumDocument { text: text.to_owned(), album, places, warnings })
}

impl AlbumDocument {
    /// What the text says.
    pub fn album(&self) -> &Album {
        &self.album
    }

    /// The text: exactly the one that was read.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What is odd about it, but no error.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// Where `[album]` stands, for findings that come later (a picture that is missing).
    pub fn span_of_album(&self) -> Range<usize> {
        self.places.album.clone()
    }

    /// Where a song stands (a file that is missing, a song too short for its fades); its place counts from 0.
    pub fn span_of_song(&self, place: usize) -> Option<Range<usize>> {
        self.places.songs.get(place).cloned()
    }

    /// Where `[cd]` stands, when the album has a disc.
    pub fn span_of_cd(&self) -> Option<Range<usize>> {
        self.places.cd.clone()
    }

    /// Where `[vinyl]` stands, when the album has a record.
    pub fn span_of_vinyl(&self) -> Option<Range<usize>> {
        self.places.vinyl.clone()
    }

    /// Where `[cassette]` stands, when the album has one.
    pub fn span_of_cassette(&self) -> Option<Range<usize>> {
        self.places.cassette.clone()
    }

    /// Where a set of files stands; its place counts from 0. `[album]` when nothing was said of files.
    pub fn span_of_deliver(&self, place: usize) -> Option<Range<usize>> {
        self.places.deliver.get(place).cloned()
    }
}
