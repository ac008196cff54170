//! Audio that was never written down: documents under names, rendered as they are read.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use tonmeister_core::{Source, SourceError, SourceInfo};
use tonmeister_dsp::resample::{Resampled, resampled_frames};
use tonmeister_engine::{Library, Played, Wanted, compile_all};
use tonmeister_session::model::Song;

use crate::world::{Files, World};

/// Files, and documents whose clips are files or such documents themselves. What one clone is fed all of them know.
#[derive(Clone)]
pub(crate) struct Fed {
    world: World,
    files: Arc<Files>,
    songs: Arc<RwLock<HashMap<String, Arc<Song>>>>,
}

impl Fed {
    /// Paths are absolute; no document has a name yet.
    pub(crate) fn new(world: &World) -> Fed {
        Fed { world: world.clone(), files: Files::new(Path::new("")), songs: Arc::default() }
    }

    /// Audio of that name is this document from now on.
    pub(crate) fn feed(&self, name: &str, song: Song) {
        self.songs.write().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), Arc::new(song));
    }

    /// The same for somebody who works beside others: with that many threads.
    pub(crate) fn with_threads(&self, threads: usize) -> Fed {
        Fed { world: self.world.with_threads(threads), ..self.clone() }
    }

    /// The document of that name, if it is one.
    fn song(&self, name: &str) -> Option<Arc<Song>> {
        self.songs.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// As a library.
    pub(crate) fn library(&self) -> Arc<dyn Library> {
        Arc::new(self.clone())
    }

    /// A document as a stream, at its own rate.
    pub(crate) fn play(&self, song: &Song) -> Result<Played, SourceError> {
        let compiled = compile_all(&[Wanted::mix(song)], self.world.registry(), self, None);
        let compiled = compiled.map_err(|e| SourceError::new(e.to_string()))?;
        Ok(Played::new(compiled, &self.library(), self.world.block))
    }
}

impl Library for Fed {
    fn info(&self, audio: &str, sample_rate: u32) -> Result<SourceInfo, SourceError> {
        let Some(song) = self.song(audio) else { return self.files.info(audio, sample_rate) };
        let info = self.play(&song)?.info();
        let frames = resampled_frames(info.frames, info.sample_rate, sample_rate);
        Ok(SourceInfo { sample_rate, frames, ..info })
    }

    fn open(&self, audio: &str, sample_rate: u32) -> Result<Box<dyn Source>, SourceError> {
        let Some(song) = self.song(audio) else { return self.files.open(audio, sample_rate) };
        let source = self.play(&song)?;
        if source.info().sample_rate == sample_rate {
            return Ok(Box::new(source));
        }
        Ok(Box::new(Resampled::new(Box::new(source), sample_rate)))
    }
}
