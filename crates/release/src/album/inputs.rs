//! What a release is made from: every song's audio, looked at and hashed before any work is done.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tonmeister_core::{Block, Buffer, Diagnostic};
use tonmeister_media as media;
use tonmeister_session::album::AlbumDocument;
use tonmeister_session::album::model::Audio;

use super::levels::{Levels, meter};
use super::studio::{Studio, Trouble};

/// A file that something was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// As the document names it, or as its documents do.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// Its hash (BLAKE3), in hexadecimal.
    pub blake3: String,
}

/// A song's audio.
#[derive(Clone, Debug)]
pub struct Input {
    /// The file that the document names.
    pub named: PathBuf,
    /// The audio, as an absolute path in UTF-8: the file itself, or the mix of a document.
    pub audio: String,
    /// What to call it when the album does not say.
    pub title: String,
    /// Beats per minute, when known.
    pub tempo_bpm: Option<f64>,
    /// Frames per second.
    pub sample_rate: u32,
    /// Its length.
    pub frames: u64,
    /// What it is made from.
    pub sources: Vec<Source>,
    /// The hash of all of that.
    pub hash: String,
    /// What was odd about it.
    pub warnings: Vec<Diagnostic>,
}

/// Looks at every song. `scratch` takes the mixes of documents.
pub(crate) fn gather(
    studio: &mut dyn Studio,
    document: &AlbumDocument,
    base: &Path,
    scratch: &Path,
) -> Result<Vec<Input>, Trouble> {
    let songs = &document.album().songs;
    let mut missing = Vec::new();
    for (place, song) in songs.iter().enumerate() {
        let path = base.join(song.audio.path());
        let found = match std::fs::metadata(&path) {
            Ok(data) if data.is_file() => continue,
            Ok(_) => "a folder".to_string(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => "no such file".into(),
            Err(error) => error.to_string(),
        };
        let told = Diagnostic::error("audio", format!("song {}: {} cannot be read", place + 1, path.display()));
        missing.push(match document.span_of_song(place) {
            Some(span) => told.at(span, format!("expected a file, found {found}")),
            None => told,
        });
    }
    if !missing.is_empty() {
        return Err(Trouble::Document(missing));
    }
    songs.iter().map(|song| one(studio, &song.audio, base, scratch)).collect()
}

fn one(studio: &mut dyn Studio, audio: &Audio, base: &Path, scratch: &Path) -> Result<Input, Trouble> {
    let named = base.join(audio.path());
    let own = hash_file(studio, &named, audio.path())?;
    let (path, title, tempo_bpm, sources) = match audio {
        Audio::File(_) => {
            let title = named.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
            (named.clone(), title, None, vec![own])
        }
        Audio::Document(_) => {
            let mixed = studio.look(&named)?;
            let folder = named.parent().unwrap_or(Path::new(""));
            let mut sources = vec![own];
            for source in &mixed.sources {
                let name = source.strip_prefix(folder).unwrap_or(source).to_string_lossy().into_owned();
                sources.push(hash_file(studio, source, &name)?);
            }
            let path = scratch.join(format!("mix-{}.wav", &together(&sources)[..32]));
            if !path.exists() {
                studio.mix(&named, &path)?;
            }
            (path, mixed.title, Some(mixed.tempo_bpm), sources)
        }
    };
    let probed = media::probe(&path).map_err(|e| Trouble::input(&named, e))?;
    // What has more than two channels is measured elsewhere, not mixed.
    let info = media::open(&path).map_err(|e| Trouble::input(&named, e))?.info;
    if info.frames == 0 {
        return Err(Trouble::input(&named, "holds no audio"));
    }
    let audio = text_of(&path)?;
    let hash = together(&sources);
    Ok(Input {
        named,
        audio,
        title,
        tempo_bpm,
        sample_rate: info.sample_rate,
        frames: info.frames,
        sources,
        hash,
        warnings: probed.warnings,
    })
}

/// An absolute path as documents hold it.
pub(crate) fn text_of(path: &Path) -> Result<String, Trouble> {
    let absolute = std::path::absolute(path).map_err(|e| Trouble::input(path, e))?;
    let text = absolute.to_str().map(str::to_owned);
    text.ok_or_else(|| Trouble::input(path, "the path is not UTF-8 text, which documents are made of; rename it"))
}

/// One hash of several files.
fn together(sources: &[Source]) -> String {
    let mut hasher = blake3::Hasher::new();
    for source in sources {
        hasher.update(source.blake3.as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

/// The hash of a file; `name` is how the lock calls it.
pub(crate) fn hash_file(studio: &mut dyn Studio, path: &Path, name: &str) -> Result<Source, Trouble> {
    let trouble = |e: std::io::Error| Trouble::input(path, e);
    let mut file = File::open(path).map_err(trouble)?;
    let (mut hasher, mut bytes, mut piece) = (blake3::Hasher::new(), 0, vec![0; 1 << 20]);
    loop {
        let read = file.read(&mut piece).map_err(trouble)?;
        if read == 0 {
            break;
        }
        studio.advance(0)?;
        hasher.update(&piece[..read]);
        bytes += read as u64;
    }
    let blake3 = hasher.finalize().to_hex().to_string();
    Ok(Source { path: name.replace('\\', "/"), bytes, blake3 })
}

/// Listens to a stretch of a song's audio, in seconds.
pub(crate) fn listen(
    studio: &mut dyn Studio,
    input: &Input,
    from_s: f64,
    to_s: Option<f64>,
) -> Result<Levels, Trouble> {
    let trouble = |message: String| Trouble::input(&input.named, message);
    let mut source = media::open(&input.audio).map_err(|e| trouble(e.to_string()))?.source;
    let info = source.info();
    let frame = |seconds: f64| tonmeister_core::Frames::from_seconds(seconds, info.sample_rate).0.min(info.frames);
    let (from, to) = (frame(from_s), to_s.map_or(info.frames, frame));
    let mut left = to.saturating_sub(from);
    let mut meter = meter(info.sample_rate, info.layout).map_err(trouble)?;
    source.skip(from).map_err(|e| trouble(e.to_string()))?;
    studio.begin("Listening", left);
    let mut buffer = Buffer::new(info.layout, 4096);
    while left > 0 {
        let mut block: Block<'_> = buffer.block(left.min(4096) as usize);
        let frames = source.read(&mut block).map_err(|e| trouble(e.to_string()))?;
        if frames == 0 {
            break;
        }
        meter.push(block.view().part(0, frames));
        left -= frames as u64;
        studio.advance(frames as u64)?;
    }
    Ok(Levels::from(&meter.finish()))
}
