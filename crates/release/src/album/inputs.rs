//! What a release is made from: every song's audio, looked at and hashed before any work is done.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tonmeister_core::diagnostic::nearest;
use tonmeister_core::{Block, Buffer, Diagnostic};
use tonmeister_measure::spectrum::LongTermMeter;
use tonmeister_media as media;
use tonmeister_session::album::AlbumDocument;
use tonmeister_session::album::keys::MONO;
use tonmeister_session::album::model::{AlbumSong, Audio};

use super::even::Tone;
use super::levels::{Levels, meter};
use super::studio::{Mixed, MixedVersion, Studio, Trouble, beside};

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
    /// Which version of its document it is, in words; nothing for the mix itself.
    pub version_title: Option<String>,
    /// Versions that are made besides it.
    pub versions: Vec<Version>,
}

/// A version of a song, mixed.
#[derive(Clone, Debug)]
pub struct Version {
    /// Its id.
    pub id: String,
    /// Something was cut out, so that its time is not the mix's.
    pub cut: bool,
    /// Its audio.
    pub input: Input,
}

/// A version in words: its title, or what its id says (`radio-edit` is a Radio Edit).
pub(crate) fn in_words(id: &str, title: Option<&str>) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    };
    let words = || id.split(['-', '_']).filter(|part| !part.is_empty()).map(word).collect::<Vec<_>>().join(" ");
    title.map_or_else(words, str::to_owned)
}

/// What is known of a song before a document is mixed.
#[derive(Clone, Debug)]
pub(crate) struct Foreseen {
    /// What to call it when the album does not say.
    pub(crate) title: String,
    /// Which version of it is taken, in words.
    pub(crate) version_title: Option<String>,
    /// Beats per minute, when known.
    pub(crate) tempo_bpm: Option<f64>,
    /// Frames per second.
    pub(crate) sample_rate: u32,
    /// How long it will be: at least, and at most.
    pub(crate) frames: (u64, u64),
}

/// What a file's name calls it.
fn named_by_file(path: &Path) -> String {
    path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned())
}

/// What is known of every song before any is mixed.
fn foresee(document: &AlbumDocument, looked: &[Option<Mixed>], base: &Path) -> Result<Vec<Foreseen>, Trouble> {
    let songs = document.album().songs.iter().zip(looked);
    let one = |(song, mixed): (&AlbumSong, &Option<Mixed>)| {
        let Some(mixed) = mixed else {
            let path = base.join(song.audio.path());
            let info = media::open(&path).map_err(|e| Trouble::input(&path, e))?.info;
            let (title, frames) = (named_by_file(&path), (info.frames, info.frames));
            return Ok(Foreseen { title, version_title: None, tempo_bpm: None, sample_rate: info.sample_rate, frames });
        };
        let own = mixed.versions.iter().find(|version| song.version.as_ref() == Some(&version.id));
        let frames = own.map_or(mixed.frames, |version| version.frames);
        Ok(Foreseen {
            title: mixed.title.clone(),
            version_title: own.map(|version| in_words(&version.id, version.title.as_deref())),
            tempo_bpm: Some(mixed.tempo_bpm),
            sample_rate: mixed.sample_rate,
            frames,
        })
    };
    songs.map(one).collect()
}

/// Looks at every song. `scratch` takes the mixes of documents. Versions that nobody has are refused, and before anything
/// is mixed `refuse` is asked.
pub(crate) fn gather(
    studio: &mut dyn Studio,
    document: &AlbumDocument,
    base: &Path,
    scratch: &Path,
    refuse: impl FnOnce(&[Foreseen]) -> Result<(), Trouble>,
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
    let mut wanted: Vec<String> = document.album().deliver.iter().flat_map(|set| set.versions.clone()).collect();
    wanted.retain(|id| id != MONO);
    wanted.sort();
    wanted.dedup();
    let looked: Vec<Option<Mixed>> = songs
        .iter()
        .map(|song| match &song.audio {
            Audio::File(_) => Ok(None),
            Audio::Document(path) => studio.look(&base.join(path)).map(Some),
        })
        .collect::<Result<_, Trouble>>()?;
    unknown_versions(document, &looked)?;
    if looked.iter().any(Option::is_some) {
        refuse(&foresee(document, &looked, base)?)?;
    }
    let pairs = songs.iter().zip(looked);
    pairs.map(|(song, mixed)| one(studio, song, (mixed, &wanted), base, scratch)).collect()
}

/// Refuses versions that do not exist: a song's own, and one of a set that no song has.
fn unknown_versions(document: &AlbumDocument, looked: &[Option<Mixed>]) -> Result<(), Trouble> {
    let album = document.album();
    let ids = |mixed: &Mixed| mixed.versions.iter().map(|version| version.id.clone()).collect::<Vec<_>>();
    let all: Vec<String> = looked.iter().flatten().flat_map(&ids).collect();
    let mut found = Vec::new();
    let mut tell = |id: &str, known: &[String], message: String, span: Option<std::ops::Range<usize>>| {
        let label = match known {
            [] => "expected a version that is there, and there are none".to_owned(),
            _ => format!("expected one of {}", known.join(", ")),
        };
        let told = Diagnostic::error("unknown-version", message).at(span.unwrap_or(0..0), label);
        let near = nearest(id, known.iter().map(String::as_str)).map(|near| format!("did you mean `{near}`?"));
        found.push(match near {
            Some(help) => told.help(help),
            None => told,
        });
    };
    for (place, (song, mixed)) in album.songs.iter().zip(looked).enumerate() {
        if let (Some(id), Some(mixed)) = (&song.version, mixed)
            && !ids(mixed).contains(id)
        {
            let message = format!("song {} has no version `{id}`", place + 1);
            tell(id, &ids(mixed), message, document.span_of_song(place));
        }
    }
    for (place, set) in album.deliver.iter().enumerate() {
        for id in set.versions.iter().filter(|id| *id != MONO && !all.contains(id)) {
            let mut known = all.clone();
            known.sort();
            known.dedup();
            known.push(MONO.into());
            let message = format!("no song of the album has a version `{id}`");
            tell(id, &known, message, document.span_of_deliver(place));
        }
    }
    if found.is_empty() { Ok(()) } else { Err(Trouble::Document(found)) }
}

fn one(
    studio: &mut dyn Studio,
    song: &AlbumSong,
    (mixed, wanted): (Option<Mixed>, &[String]),
    base: &Path,
    scratch: &Path,
) -> Result<Input, Trouble> {
    let named = base.join(song.audio.path());
    let own = hash_file(studio, &named, song.audio.path())?;
    let Some(mixed) = mixed else {
        let about = About { named: &named, title: named_by_file(&named), tempo_bpm: None, sources: vec![own] };
        return about.input(&named, None);
    };
    let folder = named.parent().unwrap_or(Path::new(""));
    let mut sources = vec![own];
    for source in &mixed.sources {
        let name = source.strip_prefix(folder).unwrap_or(source).to_string_lossy().into_owned();
        sources.push(hash_file(studio, source, &name)?);
    }
    let mix = scratch.join(format!("mix-{}.wav", &together(&sources, None)[..32]));
    let made = |id: &String| song.version.as_ref() == Some(id) || wanted.contains(id);
    let versions: Vec<&MixedVersion> = mixed.versions.iter().filter(|version| made(&version.id)).collect();
    let ids: Vec<String> = versions.iter().map(|version| version.id.clone()).collect();
    if !mix.exists() || !ids.iter().all(|id| beside(&mix, id).exists()) {
        studio.mix(&named, &mix, &ids)?;
    }
    let about = About { named: &named, title: mixed.title, tempo_bpm: Some(mixed.tempo_bpm), sources };
    let version = |version: &MixedVersion| about.input(&beside(&mix, &version.id), Some(version));
    let own = versions.iter().find(|version| song.version.as_ref() == Some(&version.id));
    let mut input = own.map_or_else(|| about.input(&mix, None), |own| version(own))?;
    for other in versions.iter().filter(|version| wanted.contains(&version.id)) {
        input.versions.push(Version { id: other.id.clone(), cut: other.cut, input: version(other)? });
    }
    Ok(input)
}

/// What is known of a song beside its audio.
struct About<'a> {
    named: &'a Path,
    title: String,
    tempo_bpm: Option<f64>,
    sources: Vec<Source>,
}

impl About<'_> {
    /// With the audio at that path, which is the file itself or a mix of it.
    fn input(&self, path: &Path, version: Option<&MixedVersion>) -> Result<Input, Trouble> {
        let probed = media::probe(path).map_err(|e| Trouble::input(self.named, e))?;
        // What has more than two channels is measured elsewhere, not mixed.
        let info = media::open(path).map_err(|e| Trouble::input(self.named, e))?.info;
        if info.frames == 0 {
            return Err(Trouble::input(self.named, "holds no audio"));
        }
        Ok(Input {
            named: self.named.to_owned(),
            audio: text_of(path)?,
            title: self.title.clone(),
            tempo_bpm: self.tempo_bpm,
            sample_rate: info.sample_rate,
            frames: info.frames,
            hash: together(&self.sources, version.map(|version| version.id.as_str())),
            sources: self.sources.clone(),
            warnings: probed.warnings,
            version_title: version.map(|version| in_words(&version.id, version.title.as_deref())),
            versions: Vec::new(),
        })
    }
}

/// An absolute path as documents hold it.
pub(crate) fn text_of(path: &Path) -> Result<String, Trouble> {
    let absolute = std::path::absolute(path).map_err(|e| Trouble::input(path, e))?;
    let text = absolute.to_str().map(str::to_owned);
    text.ok_or_else(|| Trouble::input(path, "the path is not UTF-8 text, which documents are made of; rename it"))
}

/// One hash of several files, and of which version is made of them.
fn together(sources: &[Source], version: Option<&str>) -> String {
    let mut hasher = blake3::Hasher::new();
    for source in sources {
        hasher.update(source.blake3.as_bytes());
    }
    // Hashes of files are hexadecimal, so no list of them ends like this.
    if let Some(id) = version {
        hasher.update(b"version ");
        hasher.update(id.as_bytes());
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

/// Listens to a stretch of a song's audio, in seconds: its levels, and its tone where that is wanted.
pub(crate) fn listen(
    studio: &mut dyn Studio,
    input: &Input,
    (from_s, to_s): (f64, Option<f64>),
    tone: bool,
) -> Result<(Levels, Tone), Trouble> {
    let trouble = |message: String| Trouble::input(&input.named, message);
    let mut source = media::open(&input.audio).map_err(|e| trouble(e.to_string()))?.source;
    let info = source.info();
    let frame = |seconds: f64| tonmeister_core::Frames::from_seconds(seconds, info.sample_rate).0.min(info.frames);
    let (from, to) = (frame(from_s), to_s.map_or(info.frames, frame));
    let mut left = to.saturating_sub(from);
    let mut meter = meter(info.sample_rate, info.layout).map_err(trouble)?;
    let mut spectrum = tone.then(|| LongTermMeter::new(info.sample_rate, info.layout));
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
        if let Some(spectrum) = &mut spectrum {
            spectrum.push(block.view().part(0, frames));
        }
        left -= frames as u64;
        studio.advance(frames as u64)?;
    }
    Ok((Levels::from(&meter.finish()), spectrum.map_or_else(Tone::default, |spectrum| Tone::of(&spectrum.finish()))))
}
