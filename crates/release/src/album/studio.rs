//! What this room asks of the house around it: to run documents.

use std::path::{Path, PathBuf};

use tonmeister_core::{Diagnostic, Registry, Source, View};
use tonmeister_session::model::Song;

use super::crew::Share;

/// Where rendered frames go.
pub type Sink<'a> = &'a mut (dyn FnMut(View<'_>) -> Result<(), Trouble> + Send);

/// Somebody who can run documents and read song files.
pub trait Studio {
    /// The effects documents can name.
    fn registry(&self) -> &Registry;

    /// Renders a document, whose paths are absolute, into `sink`, block by block. Gives the greatest reduction of each
    /// dynamics processor, under its address.
    fn render(&mut self, song: &Song, what: &str, sink: Sink<'_>) -> Result<Vec<(String, f64)>, Trouble>;

    /// Renders the frames of such a document from one to another, as they would be in the whole.
    fn excerpt(
        &mut self,
        song: &Song,
        what: &str,
        span: (u64, u64),
        sink: Sink<'_>,
    ) -> Result<Vec<(String, f64)>, Trouble>;

    /// From now on a clip of that name, in whatever is rendered, sounds as this document: it is rendered as it is read, and
    /// converted where the rate is another.
    fn feed(&mut self, name: &str, song: Song);

    /// A document as a stream, rendered as it is read: the bits of [`Studio::render`].
    fn open(&mut self, song: &Song) -> Result<Box<dyn Source>, Trouble>;

    /// What a song document says of itself.
    fn look(&mut self, document: &Path) -> Result<Mixed, Trouble>;

    /// Mixes a song document into a WAV file of floats, and each of these versions of it into one beside it
    /// ([`beside`]), all in one pass.
    fn mix(&mut self, document: &Path, output: &Path, versions: &[String]) -> Result<(), Trouble>;

    /// Long work of a room's own begins, of so many frames.
    fn begin(&mut self, what: &str, frames: u64);

    /// So many frames more are done. An error when somebody asked to stop.
    fn advance(&mut self, frames: u64) -> Result<(), Trouble>;

    /// How many jobs it does at the same time.
    fn cores(&self) -> usize;

    /// Another like it for one of several jobs: it knows what this one knows, what one of them is told with
    /// [`Studio::feed`] all of them know, and how far it comes it tells that share.
    fn hand(&self, share: &Share) -> Box<dyn Studio + Send>;

    /// Whom it tells, if it is a hand.
    fn share(&self) -> Option<&Share>;
}

/// What a song document says of itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Mixed {
    /// Its title.
    pub title: String,
    /// Beats per minute.
    pub tempo_bpm: f64,
    /// Its rate.
    pub sample_rate: u32,
    /// How long its mix will be, in frames: at least, and at most (what rings on behind the last clip is known when it is
    /// mixed).
    pub frames: (u64, u64),
    /// Every file it is made from besides itself.
    pub sources: Vec<PathBuf>,
    /// Its versions.
    pub versions: Vec<MixedVersion>,
}

/// What a song document says of one of its versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MixedVersion {
    /// Its id.
    pub id: String,
    /// Its title, if it has one.
    pub title: Option<String>,
    /// Its time runs otherwise than the mix's: something was cut out.
    pub cut: bool,
    /// How long its mix will be, as [`Mixed::frames`].
    pub frames: (u64, u64),
}

/// Where the mix of a version stands: `song.wav` has `song-instrumental.wav` beside it.
pub fn beside(mix: &Path, version: &str) -> PathBuf {
    let name = mix.file_stem().unwrap_or_default().to_string_lossy();
    let extension = mix.extension().unwrap_or_default().to_string_lossy();
    mix.with_file_name(format!("{name}-{version}.{extension}"))
}

/// Why a release cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// The album document asks for what cannot be; each finding has its place.
    #[error("{}", first(.0))]
    Document(Vec<Diagnostic>),
    /// A file cannot be read, or is not what it should be.
    #[error("{path}: {message}", path = .path.display())]
    Input {
        /// The file.
        path: PathBuf,
        /// What was expected, what was found, what to do.
        message: String,
    },
    /// A file cannot be written.
    #[error("{path}: {message}", path = .path.display())]
    Output {
        /// The file.
        path: PathBuf,
        /// Why not, and what to do.
        message: String,
    },
    /// What was asked for cannot be reached.
    #[error("{0}")]
    Target(String),
    /// What the studio met.
    #[error(transparent)]
    Studio(Box<dyn std::error::Error + Send + Sync>),
}

fn first(found: &[Diagnostic]) -> String {
    match found {
        [only] => only.message.clone(),
        _ => format!("{} errors", found.len()),
    }
}

impl Trouble {
    /// A file that cannot be read.
    #[expect(clippy::needless_pass_by_value, reason = "errors are handed over at the end of their life")]
    pub fn input(path: impl Into<PathBuf>, message: impl ToString) -> Self {
        Trouble::Input { path: path.into(), message: message.to_string() }
    }

    /// A file that cannot be written.
    #[expect(clippy::needless_pass_by_value, reason = "errors are handed over at the end of their life")]
    pub fn output(path: impl Into<PathBuf>, message: impl ToString) -> Self {
        Trouble::Output { path: path.into(), message: message.to_string() }
    }
}
