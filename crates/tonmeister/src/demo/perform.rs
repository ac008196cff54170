//! The verb *demo*: the song is played, its stems and documents are written, and it is mixed, mastered, released and
//! verified.

use std::path::{Path, PathBuf};

use serde::Serialize;
use tonmeister_dsp::dither::{Dither, Shaping};
use tonmeister_media as media;

use super::{ALBUM_TOML, SAMPLE_RATE, SONG_TOML, Stem, TITLE};
use crate::failure::Failure;
use crate::master::{MasterOptions, MasterReport};
use crate::mix::{MixOptions, MixReport};
use crate::output::Depth;
use crate::progress::Progress;
use crate::release::{Release, ReleaseOptions, Verified};
use crate::text_file::{self, Existing};
use crate::world::{World, plain};

/// What the demo left in its folder.
#[derive(Clone, Debug, Serialize)]
pub struct DemoReport {
    /// The song's title.
    pub title: &'static str,
    /// The folder.
    pub folder: PathBuf,
    /// The document.
    pub document: PathBuf,
    /// The stems, in the order of the song.
    pub stems: Vec<DemoStem>,
    /// The mix.
    pub mix: MixReport,
    /// The master.
    pub master: MasterReport,
    /// The release, in `release/`.
    pub release: Release,
    /// The release, looked at again: every file there and unchanged.
    pub verified: Verified,
}

/// A stem that was written.
#[derive(Clone, Debug, Serialize)]
pub struct DemoStem {
    /// Its track's id.
    pub id: &'static str,
    /// What it plays.
    pub role: &'static str,
    /// Its file.
    pub path: PathBuf,
    /// 1 or 2.
    pub channels: usize,
}

impl World {
    /// Composes the demo song into a folder: `stems/`, `song.toml`, `mix.wav`, `master.wav`, `album.toml`, `release/`.
    ///
    /// Documents in that folder that somebody has changed are not touched: the demo refuses instead.
    pub fn demo(&self, folder: &Path, progress: &mut dyn Progress) -> Result<DemoReport, Failure> {
        let (document, album) = (folder.join("song.toml"), folder.join("album.toml"));
        for (path, own) in [(&document, SONG_TOML), (&album, ALBUM_TOML)] {
            if std::fs::read_to_string(path).is_ok_and(|text| text != own) {
                let what = "is there already and is not the demo's own; name another folder, or move it away";
                return Err(Failure::output(path, what));
            }
        }
        let stems = write_stems(folder, progress)?;
        for (path, text) in [(&document, SONG_TOML), (&album, ALBUM_TOML)] {
            text_file::write(path, text, Existing::Replace).map_err(|e| Failure::output(path, plain(&e)))?;
        }
        let mix_path = folder.join("mix.wav");
        let mix = self.mix(&document, &MixOptions { output: mix_path.clone(), depth: Depth::Float32 }, progress)?;
        let master = self.master(&mix_path, &MasterOptions::new(folder.join("master.wav")), progress)?;
        let place = folder.join("release");
        let release = self.release(&album, &place, &ReleaseOptions::default(), progress)?;
        let verified = self.verify_release(&place)?;
        Ok(DemoReport { title: TITLE, folder: folder.into(), document, stems, mix, master, release, verified })
    }
}

/// Plays the song and writes its stems into `folder/stems`.
pub fn write_stems(folder: &Path, progress: &mut dyn Progress) -> Result<Vec<DemoStem>, Failure> {
    let folder = folder.join("stems");
    std::fs::create_dir_all(&folder).map_err(|e| Failure::output(&folder, plain(&e)))?;
    progress.begin("Composing", 1);
    let played = super::stems();
    progress.advance(1);
    progress.end();
    progress.begin("Writing stems", played.len() as u64);
    let written = played.into_iter().map(|stem| {
        progress.advance(1);
        write_stem(stem, &folder)
    });
    let written = written.collect();
    progress.end();
    written
}

/// As a studio would deliver it: 24 bits, dithered.
fn write_stem(mut stem: Stem, folder: &Path) -> Result<DemoStem, Failure> {
    let path = folder.join(format!("{}.wav", stem.id));
    let failed = |e: media::MediaError| Failure::output(&path, e);
    let layout = stem.audio.layout();
    let frames = stem.audio.frames();
    let seed = stem.id.bytes().fold(1, |seed: u64, byte| seed.wrapping_mul(31).wrapping_add(u64::from(byte)));
    let mut dither =
        Dither::new(24, Shaping::Flat, SAMPLE_RATE, layout, seed).map_err(|e| Failure::output(&path, e))?;
    dither.process(&mut stem.audio.block(frames));
    let format = media::Format::Wav(media::SampleFormat::Int24);
    let mut writer = media::Writer::create(&path, format, SAMPLE_RATE, layout).map_err(failed)?;
    writer.write(stem.audio.view(frames)).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(DemoStem { id: stem.id, role: stem.role, path, channels: layout.channels() })
}
