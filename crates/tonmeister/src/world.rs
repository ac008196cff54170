//! Where the verbs act: files on disk behind the engine's idea of a library, and the cores to use.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use tonmeister_core::{Diagnostic, Registry, Severity, Source, SourceError, SourceInfo};
use tonmeister_dsp::resample::{Resampled, resampled_frames};
use tonmeister_engine::Library;
use tonmeister_media::NonFinite;
use tonmeister_release::ddp::{Fileset, is_fileset};
use tonmeister_session::model::Song;
use tonmeister_session::{Document, Edit};

use crate::failure::{Failure, Finding};
use crate::shelf::DiskShelf;
use crate::sound::Sound;
use crate::text_file::{self, Existing};

/// The largest document that is read: far beyond any song, small enough for any memory.
pub(crate) const MAX_DOCUMENT_BYTES: u64 = 64 << 20;

/// The verbs' surroundings: how many cores, in what blocks, with which effects.
#[derive(Clone)]
pub struct World {
    /// Worker threads; 0 takes every core. Changes no bit of the sound.
    pub threads: usize,
    /// Frames per block, 1 to 4096. Changes no bit of the sound.
    pub block: usize,
    /// Set it from anywhere (a signal, a button) and long work ends at its next block with [`Failure::Interrupted`],
    /// leaving no trace.
    pub stop: Arc<AtomicBool>,
    registry: Registry,
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World").field("threads", &self.threads).field("block", &self.block).finish_non_exhaustive()
    }
}

/// Every effect of the rack, the meter among them, and every rule of the check.
fn registry() -> Registry {
    let rack = tonmeister_dsp::rack().with::<tonmeister_measure::tap::MeterTap>();
    rack.with_rules(tonmeister_measure::check::specs())
}

impl Default for World {
    fn default() -> Self {
        World::new()
    }
}

impl World {
    /// Every core, blocks of the engine's own choice, every effect of the rack.
    pub fn new() -> Self {
        let options = tonmeister_engine::RenderOptions::default();
        World { threads: options.threads, block: options.block, stop: Arc::default(), registry: registry() }
    }

    /// The effects a document can name.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The same with so many threads.
    pub(crate) fn with_threads(&self, threads: usize) -> World {
        let mut world = self.clone();
        world.threads = threads;
        world
    }

    /// Whether to go on.
    pub(crate) fn go_on(&self) -> Result<(), Failure> {
        if self.stop.load(Ordering::Relaxed) { Err(Failure::Interrupted) } else { Ok(()) }
    }

    /// Reads and checks a document.
    pub fn open_document(&self, path: &Path) -> Result<(Document, Vec<Finding>), Failure> {
        self.document_of(path, read_text(path)?)
    }

    /// Checks a document whose text is at hand.
    pub(crate) fn document_of(&self, path: &Path, text: String) -> Result<(Document, Vec<Finding>), Failure> {
        match tonmeister_session::parse(&text, &self.registry) {
            Ok(document) => {
                let warnings = document.warnings().iter().map(|d| Finding::new(path, &text, d)).collect();
                Ok((document, warnings))
            }
            Err(diagnostics) => Err(Failure::Document { path: path.into(), text, diagnostics }),
        }
    }

    /// Changes a document and its file, as a whole or not at all; what the edit is not about keeps its bytes.
    pub(crate) fn change(path: &Path, document: &mut Document, edit: &Edit) -> Result<(), Failure> {
        if let Err(diagnostic) = document.apply(edit) {
            let text = document.to_text();
            return Err(Failure::Document { path: path.into(), text, diagnostics: vec![diagnostic] });
        }
        text_file::write(path, &document.to_text(), Existing::Replace)
            .map_err(|error| Failure::Output { path: path.into(), message: plain(&error) })
    }
}

/// Every audio file that a song is made from: what its tracks play, and what its effects sound with.
pub(crate) fn sources(song: &Song, base: &Path) -> Vec<PathBuf> {
    let clips = song.tracks.iter().flat_map(|t| &t.clips).map(|clip| base.join(&clip.audio));
    clips.chain(recordings(song).into_iter().map(|(_, path)| base.join(path))).collect()
}

/// The files that effects sound with, each with its address: `hall/convolution/ir`.
pub(crate) fn recordings(song: &Song) -> Vec<(String, &str)> {
    let tracks = song.tracks.iter().map(|track| (track.id.as_str(), &track.strip));
    let buses = song.buses.iter().map(|bus| (bus.id.as_str(), &bus.strip));
    let strips = tracks.chain(buses).chain([("master", &song.master.strip)]);
    let mut all = Vec::new();
    for (id, strip) in strips {
        for insert in &strip.inserts {
            let settings = &insert.settings;
            let files = settings.spec().files.iter().filter_map(|file| Some((file.id, settings.file(file.id)?)));
            all.extend(files.map(|(key, path)| (format!("{id}/{}/{key}", insert.id), path)));
        }
    }
    all
}

/// The text of a document.
pub(crate) fn read_text(path: &Path) -> Result<String, Failure> {
    let meta = std::fs::metadata(path).map_err(|e| Failure::input(path, plain(&e)))?;
    if meta.is_dir() {
        return Err(Failure::input(path, "is a folder; name the document inside it, such as `song.toml`"));
    }
    if meta.len() > MAX_DOCUMENT_BYTES {
        return Err(Failure::input(path, "is larger than 64 MiB: that is no song document"));
    }
    text_of(path, std::fs::read(path).map_err(|e| Failure::input(path, plain(&e)))?)
}

/// The text that some bytes are.
pub(crate) fn text_of(path: &Path, bytes: Vec<u8>) -> Result<String, Failure> {
    String::from_utf8(bytes).map_err(|e| {
        let at = e.utf8_error().valid_up_to();
        Failure::input(
            path,
            format!("is not UTF-8 text (byte {at}); save it as UTF-8, or name an audio file elsewhere"),
        )
    })
}

/// An error of the file system in words a musician knows.
pub(crate) fn plain(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".into(),
        std::io::ErrorKind::PermissionDenied => "permission denied; check who may read or write it".into(),
        std::io::ErrorKind::StorageFull => "the disk is full".into(),
        std::io::ErrorKind::NotADirectory => "a part of that path is a file, and no folder; name another".into(),
        _ => error.to_string(),
    }
}

/// The audio files around a document, at whatever rate the song runs at.
pub(crate) struct Files {
    base: PathBuf,
    /// Where renders of them are kept: then files are known by what is in them, not by their names.
    shelf: Option<Arc<DiskShelf>>,
    warnings: Mutex<Vec<(PathBuf, Diagnostic)>>,
}

impl Files {
    /// Paths are taken relative to `base`.
    pub(crate) fn new(base: impl Into<PathBuf>) -> Arc<Self> {
        Files::kept_on(base, None)
    }

    /// [`Files::new`] for renders that are kept.
    pub(crate) fn kept_on(base: impl Into<PathBuf>, shelf: Option<Arc<DiskShelf>>) -> Arc<Self> {
        Arc::new(Files { base: base.into(), shelf, warnings: Mutex::default() })
    }

    /// What was odd about the files opened so far, each told once.
    pub(crate) fn warnings(&self) -> Vec<Finding> {
        let warnings = self.warnings.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        warnings.iter().map(|(path, diagnostic)| Finding::new(path, "", diagnostic)).collect()
    }

    /// An audio file, or the program of a disc: of a folder that holds a DDP fileset.
    fn open_native(&self, audio: &str) -> Result<Box<dyn Source>, SourceError> {
        let path = self.base.join(audio);
        let opened = Sound::open(&path, NonFinite::Refuse).map_err(|e| SourceError::new(e.to_string()))?;
        for warning in &opened.warnings {
            self.remark(&path, warning.clone());
        }
        Ok(opened.source)
    }

    fn remark(&self, path: &Path, remark: Diagnostic) {
        let mut warnings = self.warnings.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if !warnings.iter().any(|(p, d)| *p == path && *d == remark) {
            warnings.push((path.into(), remark));
        }
    }
}

impl Library for Files {
    fn info(&self, audio: &str, sample_rate: u32) -> Result<SourceInfo, SourceError> {
        let info = self.open_native(audio)?.info();
        if info.sample_rate != sample_rate {
            let path = self.base.join(audio);
            let what = format!(
                "{} runs at {} Hz and is converted to the song's {sample_rate} Hz",
                path.display(),
                info.sample_rate
            );
            self.remark(&path, Diagnostic { severity: Severity::Note, ..Diagnostic::warning("converted", what) });
        }
        let frames = resampled_frames(info.frames, info.sample_rate, sample_rate);
        Ok(SourceInfo { sample_rate, layout: info.layout, frames })
    }

    fn content(&self, audio: &str) -> Result<String, SourceError> {
        let Some(shelf) = &self.shelf else { return Ok(audio.to_owned()) };
        let path = self.base.join(audio);
        let about = |e: std::io::Error| SourceError::new(format!("{}: {}", path.display(), plain(&e)));
        if !is_fileset(&path) {
            return shelf.content(&path).map_err(about);
        }
        let disc = Fileset::open(&path).map_err(|e| SourceError::new(e.to_string()))?;
        let files = disc.files().iter().map(|name| Ok(format!("{name} {}", shelf.content(&path.join(name))?)));
        let all = files.collect::<std::io::Result<Vec<String>>>().map_err(about)?;
        Ok(blake3::hash(all.join("\n").as_bytes()).to_hex().to_string())
    }

    fn open(&self, audio: &str, sample_rate: u32) -> Result<Box<dyn Source>, SourceError> {
        let source = self.open_native(audio)?;
        if source.info().sample_rate == sample_rate {
            return Ok(source);
        }
        Ok(Box::new(Resampled::new(source, sample_rate)))
    }
}

#[cfg(test)]
mod tests;
