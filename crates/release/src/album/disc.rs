//! The album as a disc: its table of contents from the sequence, its texts, and the fileset for the plant.

use std::path::Path;

use tonmeister_core::{Block, Diagnostic, Layout, Severity, Source, SourceError, SourceInfo};
use tonmeister_dsp::dither::Dither;
use tonmeister_media::Tags;
use tonmeister_media::tags::Role;
use tonmeister_session::album::AlbumDocument;
use tonmeister_session::album::model::Dither as Word;

use super::files::{DITHER_SEED, shaping};
use super::levels::Levels;
use super::lock::{Locked, Work, hash_of, plain};
use super::sequence::Timeline;
use super::studio::Trouble;
use crate::cdtext::{self, CdText, Genre, TrackText};
use crate::ddp;
use crate::toc::{Disc, FIRST_PAUSE, Sectors, Track};

/// The rate of a disc.
pub(crate) const RATE: u32 = 44_100;
/// Where the fileset stands in a release.
pub(crate) const FOLDER: &str = "cd/ddp";
/// The file of it that there is not without texts.
pub(crate) const TEXTS: &str = "CDTEXT.BIN";
/// Its files.
pub(crate) const FILES: [&str; 6] = ["DDPID", "DDPMS", "PQDESCR", TEXTS, "IMAGE.DAT", "CHECKSUM.MD5"];

/// What stands where. A track begins on the sector in which its song begins, so that nothing of it is cut off; the gap
/// before a song is its pause. A hidden song lies in the first track's pause.
pub(crate) fn disc(document: &AlbumDocument, timeline: &Timeline) -> Disc {
    let album = document.album();
    let at = |frame: u64| Sectors((frame / Sectors::FRAMES) as u32);
    let cuts = timeline.cuts(RATE);
    let lengths: Vec<u64> = timeline
        .songs
        .iter()
        .map(|song| tonmeister_dsp::resample::resampled_frames(song.start + song.length, timeline.rate, RATE))
        .collect();
    let mut tracks = Vec::new();
    let mut silent_from = Sectors(0);
    for (place, song) in album.songs.iter().enumerate() {
        let ends = FIRST_PAUSE + Sectors::covering(lengths[place]);
        if song.hidden {
            continue;
        }
        let start = FIRST_PAUSE + at(cuts[place].0);
        let from = if tracks.is_empty() { Sectors(0) } else { silent_from };
        tracks.push(Track { pause: (from < start).then_some(from), isrc: song.isrc, ..Track::at(start) });
        silent_from = ends;
    }
    let end = FIRST_PAUSE + Sectors::covering(cuts.last().map_or(0, |cut| cut.1));
    Disc { ean: album.about.upc, tracks, end }
}

/// Whether CD-Text's machine-read parts have the character.
fn shown(character: char) -> bool {
    cdtext::Charset::Ascii.has(character)
}

/// What players show.
pub(crate) fn text(document: &AlbumDocument, tags: &[Tags]) -> CdText {
    let album = document.album();
    let mut block = cdtext::Block::default();
    block.disc.title.clone_from(&album.title);
    block.disc.performer.clone_from(&album.artist);
    for (_, tags) in album.songs.iter().zip(tags).filter(|(song, _)| !song.hidden) {
        let mut track = TrackText { isrc: tags.isrc, ..TrackText::default() };
        track.texts.title = tags.display_title().unwrap_or_default();
        track.texts.performer = tags.display_artist().unwrap_or_default();
        track.texts.composer = tags.credited(Role::Composer).join(", ");
        track.texts.songwriter = tags.credited(Role::Lyricist).join(", ");
        track.texts.arranger = tags.credited(Role::Arranger).join(", ");
        block.tracks.push(track);
    }
    block.genre = album.about.genre.as_deref().map(Genre::named);
    // Both are in ASCII, and there for machines: what they cannot say is left to the titles.
    block.disc_id = album.about.catalog_number.clone().filter(|number| number.chars().all(shown)).unwrap_or_default();
    block.ean = album.about.upc;
    CdText::of(block)
}

/// What keeps the album from becoming this disc, and what a plant may ask about.
pub(crate) fn check(
    document: &AlbumDocument,
    disc: &Disc,
    text: Option<&CdText>,
) -> (Vec<Diagnostic>, Vec<Diagnostic>) {
    let mut found = disc.check();
    if let Some(text) = text {
        found.extend(cdtext::encode(text).err().unwrap_or_default());
    }
    let span = document.span_of_cd().unwrap_or(0..0);
    let placed =
        found.into_iter().map(|d| Diagnostic { span: Some(span.clone()), label: Some("for the disc".into()), ..d });
    placed.partition(|d| d.severity == Severity::Error)
}

/// The master at 44.1 kHz, dithered onto 16 bits as it is read.
struct Dithered {
    source: Box<dyn Source>,
    dither: Dither,
}

impl Source for Dithered {
    fn info(&self) -> SourceInfo {
        self.source.info()
    }

    fn read(&mut self, out: &mut Block<'_>) -> Result<usize, SourceError> {
        let frames = self.source.read(out)?;
        self.dither.process(&mut out.part(0, frames));
        Ok(frames)
    }

    fn skip(&mut self, _frames: u64) -> Result<u64, SourceError> {
        // What is skipped would not be dithered, and everything after it would be dithered differently.
        Err(SourceError::new("a dithered master is read from its beginning"))
    }
}

/// The fileset of an earlier run, if it is whole and from the same things.
pub(crate) fn finished(work: &Work, out: &Path, key: &str) -> Option<Vec<Locked>> {
    let all: Vec<Locked> =
        FILES.iter().filter_map(|name| work.finished(out, &format!("{FOLDER}/{name}"), key)).collect();
    // Without texts there is no `CDTEXT.BIN`.
    let known = FILES.iter().filter(|name| out.join(FOLDER).join(name).exists()).count();
    (known >= FILES.len() - 1 && all.len() == known).then_some(all)
}

/// Writes the fileset of a master, reads it back and compares it.
pub(crate) fn write(
    source: Box<dyn Source>,
    (disc, text): (&Disc, Option<&CdText>),
    word: Word,
    key: &str,
    (out, work): (&Path, &Work),
) -> Result<Vec<Locked>, Trouble> {
    let folder = out.join(FOLDER);
    // Only what an earlier run made is replaced. It loses its name at once: a fileset is there whole or not at all.
    let old = out.join("cd/.ddp.old.part");
    if folder.exists() && work.made(&format!("{FOLDER}/DDPID")) {
        let away = std::fs::rename(&folder, &old).and_then(|()| std::fs::remove_dir_all(&old));
        away.map_err(|e| Trouble::output(&folder, plain(&e)))?;
    }
    let parent = folder.parent().unwrap_or(out);
    std::fs::create_dir_all(parent).map_err(|e| Trouble::output(parent, plain(&e)))?;
    let frames = source.info().frames;
    let dither = Dither::new(16, shaping(word), RATE, Layout::Stereo, DITHER_SEED);
    let mut audio = Dithered { source, dither: dither.map_err(|e| Trouble::Target(e.to_string()))? };
    let fileset = ddp::Master { disc, text, id: "" };
    ddp::write(&folder, &fileset, FIRST_PAUSE, &mut audio).map_err(|e| Trouble::output(&folder, e))?;
    let mut all = Vec::new();
    for name in FILES.iter().filter(|name| folder.join(name).exists()) {
        let path = folder.join(name);
        let (bytes, blake3) = hash_of(&path).map_err(|e| Trouble::output(&path, plain(&e)))?;
        let file = Locked {
            path: format!("{FOLDER}/{name}"),
            key: key.to_owned(),
            bytes,
            blake3,
            format: "DDP 2.00".into(),
            song: None,
            version: None,
            sample_rate_hz: RATE,
            frames,
            clipped_samples: audio.dither.clipped(),
            levels: Levels::default(),
        };
        work.finish(&file)?;
        all.push(file);
    }
    Ok(all)
}
