//! A studio for tests: the engine, the rack, and files; and songs that are made up.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tonmeister_core::{Layout, Registry, Source, SourceError, SourceInfo, View};
use tonmeister_dsp::resample::{Resampled, resampled_frames};
use tonmeister_engine::{Executor, Library, Played, Span, compile};
use tonmeister_media as media;
use tonmeister_release::album::studio::{MixedVersion, Sink, beside};
use tonmeister_release::album::{KEPT_S, Mixed, Options, Share, Studio, Trouble};
use tonmeister_session::album::{AlbumDocument, parse};
use tonmeister_session::model::Song;

/// Files, and documents by their names.
#[derive(Clone, Default)]
pub(crate) struct Disk {
    registry: Arc<Registry>,
    fed: HashMap<String, Song>,
}

impl Disk {
    fn song(&self, song: &Song) -> Result<Played, SourceError> {
        let library: Arc<dyn Library> = Arc::new(self.clone());
        let compiled = compile(song, &self.registry, self).map_err(|e| SourceError::new(e.to_string()))?;
        Ok(Played::new(compiled, &library, 1000))
    }
}

impl Library for Disk {
    fn info(&self, audio: &str, sample_rate: u32) -> Result<SourceInfo, SourceError> {
        if let Some(song) = self.fed.get(audio) {
            let info = self.song(song)?.info();
            return Ok(SourceInfo {
                frames: resampled_frames(info.frames, info.sample_rate, sample_rate),
                sample_rate,
                ..info
            });
        }
        let info = media::open(audio).map_err(|e| SourceError::new(e.to_string()))?.source.info();
        let frames = resampled_frames(info.frames, info.sample_rate, sample_rate);
        Ok(SourceInfo { sample_rate, layout: info.layout, frames })
    }

    fn open(&self, audio: &str, sample_rate: u32) -> Result<Box<dyn Source>, SourceError> {
        let source: Box<dyn Source> = match self.fed.get(audio) {
            Some(song) => Box::new(self.song(song)?),
            None => media::open(audio).map_err(|e| SourceError::new(e.to_string()))?.source,
        };
        if source.info().sample_rate == sample_rate {
            return Ok(source);
        }
        Ok(Box::new(Resampled::new(source, sample_rate)))
    }
}

/// Counts renders, and stops before one of them when told to.
pub(crate) struct Desk {
    pub(crate) registry: Registry,
    pub(crate) renders: Vec<String>,
    pub(crate) stop_before: Option<&'static str>,
    pub(crate) block: usize,
    pub(crate) disk: Disk,
    /// A folder, and the most that was in it whenever something began.
    pub(crate) watched: Option<PathBuf>,
    pub(crate) most: u64,
}

impl Default for Desk {
    fn default() -> Self {
        let disk = Disk { registry: Arc::new(tonmeister_dsp::rack()), ..Disk::default() };
        Desk {
            registry: tonmeister_dsp::rack(),
            renders: Vec::new(),
            stop_before: None,
            block: 4096,
            disk,
            watched: None,
            most: 0,
        }
    }
}

/// Why a render stopped.
struct Stopped(Trouble);

impl From<tonmeister_engine::EngineError> for Stopped {
    fn from(error: tonmeister_engine::EngineError) -> Self {
        Stopped(trouble(error))
    }
}

fn trouble(error: impl std::error::Error + Send + Sync + 'static) -> Trouble {
    Trouble::Studio(Box::new(error))
}

impl Studio for Desk {
    fn registry(&self) -> &Registry {
        &self.registry
    }

    fn render(&mut self, song: &Song, what: &str, sink: Sink<'_>) -> Result<Vec<(String, f64)>, Trouble> {
        if self.stop_before.is_some_and(|stop| what.starts_with(stop)) {
            return Err(Trouble::Target("killed".into()));
        }
        self.renders.push(what.to_owned());
        self.look_at_the_folder();
        let library: Arc<dyn Library> = Arc::new(self.disk.clone());
        let compiled = compile(song, &self.registry, &*library).map_err(trouble)?;
        let executor = Executor::new(compiled, &library, self.block);
        let take: tonmeister_engine::Sink<'_, Stopped> = Box::new(|view: View<'_>| sink(view).map_err(Stopped));
        let rendered = executor.render(1, vec![take]).map_err(|stopped| stopped.0)?;
        Ok(rendered.gain_reductions.into_iter().map(|(address, gain)| (address, gain.max_db)).collect())
    }

    fn excerpt(
        &mut self,
        song: &Song,
        what: &str,
        (from, to): (u64, u64),
        sink: Sink<'_>,
    ) -> Result<Vec<(String, f64)>, Trouble> {
        self.renders.push(what.to_owned());
        let library: Arc<dyn Library> = Arc::new(self.disk.clone());
        let compiled = compile(song, &self.registry, &*library).map_err(trouble)?;
        let executor = Executor::new(compiled, &library, self.block);
        let take: tonmeister_engine::Sink<'_, Stopped> = Box::new(|view: View<'_>| sink(view).map_err(Stopped));
        let span = Span { from, to, pre_roll: 5 * u64::from(song.sample_rate_hz) };
        let rendered = executor.render_span(1, span, vec![take]).map_err(|stopped| stopped.0)?;
        Ok(rendered.gain_reductions.into_iter().map(|(address, gain)| (address, gain.max_db)).collect())
    }

    fn feed(&mut self, name: &str, song: Song) {
        self.disk.fed.insert(name.to_owned(), song);
    }

    fn open(&mut self, song: &Song) -> Result<Box<dyn Source>, Trouble> {
        Ok(Box::new(self.disk.song(song).map_err(trouble)?))
    }

    fn look(&mut self, document: &Path) -> Result<Mixed, Trouble> {
        let song = self.song(document)?;
        let folder = document.parent().unwrap_or(Path::new(""));
        let sources = song.tracks.iter().flat_map(|t| &t.clips).map(|clip| folder.join(&clip.audio)).collect();
        let clips = song.tracks.iter().flat_map(|t| &t.clips);
        let longest = clips.map(|clip| media::open(folder.join(&clip.audio)).map_or(0, |file| file.info.frames)).max();
        let longest = longest.unwrap_or(0);
        let versions = song.versions.iter().map(|version| MixedVersion {
            id: version.id.clone(),
            title: version.title.clone(),
            cut: !version.cut.is_empty(),
            frames: (1, longest),
        });
        let versions = versions.collect();
        let frames = song.length_s.map(|s| (s * f64::from(song.sample_rate_hz)) as u64);
        let frames = frames.map_or((longest, longest), |frames| (frames, frames));
        let Song { title, tempo_bpm, sample_rate_hz: sample_rate, .. } = song;
        Ok(Mixed { title, tempo_bpm, sample_rate, frames, sources, versions })
    }

    fn mix(&mut self, document: &Path, output: &Path, versions: &[String]) -> Result<(), Trouble> {
        let song = self.song(document)?;
        self.mix_to(song.clone(), document, output)?;
        for id in versions {
            let version = song.version(id).map_err(|d| Trouble::Document(vec![d]))?;
            self.mix_to(version, document, &beside(output, id))?;
        }
        Ok(())
    }

    fn begin(&mut self, _what: &str, _frames: u64) {
        self.look_at_the_folder();
    }

    fn advance(&mut self, _frames: u64) -> Result<(), Trouble> {
        Ok(())
    }

    fn cores(&self) -> usize {
        1
    }

    fn hand(&self, _share: &Share) -> Box<dyn Studio + Send> {
        unreachable!("it does one thing after another")
    }

    fn share(&self) -> Option<&Share> {
        None
    }
}

impl Desk {
    fn look_at_the_folder(&mut self) {
        let Some(folder) = &self.watched else { return };
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        self.most = self.most.max(entries.map(|entry| entry.metadata().map_or(0, |data| data.len())).sum());
    }

    fn mix_to(&mut self, mut song: Song, document: &Path, output: &Path) -> Result<(), Trouble> {
        let folder = document.parent().unwrap_or(Path::new(""));
        for clip in song.tracks.iter_mut().flat_map(|t| &mut t.clips) {
            clip.audio = folder.join(&clip.audio).to_str().unwrap().into();
        }
        let format = media::Format::Wav(media::SampleFormat::Float32);
        let mut writer = media::Writer::create(output, format, song.sample_rate_hz, Layout::Stereo).map_err(trouble)?;
        self.render(&song, "Mixing", &mut |view| writer.write(view).map_err(trouble))?;
        writer.finish().map_err(trouble)?;
        Ok(())
    }

    fn song(&self, document: &Path) -> Result<Song, Trouble> {
        let text = std::fs::read_to_string(document).map_err(trouble)?;
        let document = tonmeister_session::parse(&text, &self.registry).map_err(Trouble::Document)?;
        Ok(document.song().clone())
    }
}

pub(crate) fn options() -> Options {
    Options {
        loudness_lufs: -14.0,
        ceiling_dbtp: -1.0,
        program: "tonmeister test".into(),
        services: Vec::new(),
        kept_s: KEPT_S,
    }
}

pub(crate) fn read(text: &str) -> AlbumDocument {
    parse(text, &tonmeister_dsp::rack()).unwrap_or_else(|found| panic!("{found:?}"))
}

/// A song of seeded noise with beats in it, `seconds` long: loud at the beats, quiet between them.
pub(crate) fn beats(seed: u32, seconds: f64, rate: u32, level_db: f64) -> (Vec<f32>, Vec<f32>) {
    let frames = (seconds * f64::from(rate)) as usize;
    let gain = 10f64.powf(level_db / 20.0);
    let mut state = seed.wrapping_mul(2_654_435_761).max(1);
    let mut noise = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        f64::from(state) / f64::from(u32::MAX) * 2.0 - 1.0
    };
    let (mut left, mut right) = (Vec::new(), Vec::new());
    let mut low = [0.0; 2];
    for n in 0..frames {
        let t = n as f64 / f64::from(rate);
        let beat = (-((t * 2.0).fract()) * 9.0).exp();
        for (lane, low) in [&mut left, &mut right].into_iter().zip(&mut low) {
            *low += 0.25 * (noise() - *low);
            lane.push((gain * *low * (0.12 + beat)) as f32);
        }
    }
    (left, right)
}

/// Writes samples as a WAV file of floats.
pub(crate) fn write(path: &Path, rate: u32, (left, right): &(Vec<f32>, Vec<f32>)) {
    let format = media::Format::Wav(media::SampleFormat::Float32);
    let mut writer = media::Writer::create(path, format, rate, Layout::Stereo).unwrap();
    writer.write(View::stereo(left, right)).unwrap();
    writer.finish().unwrap();
}

/// All samples of a file.
pub(crate) fn samples(path: &Path) -> (u32, Vec<f32>, Vec<f32>) {
    let mut source = media::open(path).unwrap_or_else(|e| panic!("{e}")).source;
    let info = source.info();
    let mut buffer = tonmeister_core::Buffer::new(info.layout, 4096);
    let (mut left, mut right) = (Vec::new(), Vec::new());
    loop {
        let frames = source.read(&mut buffer.block(4096)).unwrap();
        if frames == 0 {
            return (info.sample_rate, left, right);
        }
        left.extend_from_slice(&buffer.channel(0)[..frames]);
        right.extend_from_slice(&buffer.channel(info.layout.channels() - 1)[..frames]);
    }
}

/// Every file of a folder with its bytes, by its path.
pub(crate) fn everything(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { open.push(path) } else { all.push((path.clone(), std::fs::read(&path).unwrap())) }
        }
    }
    all.sort();
    all
}
