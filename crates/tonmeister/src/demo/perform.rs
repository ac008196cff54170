//! The verb *demo*: the songs are played, their stems and documents are written, and the album is mixed, mastered, released
//! and verified.

use std::path::{Path, PathBuf};

use serde::Serialize;
use tonmeister_core::Layout;
use tonmeister_dsp::dither::{Dither, Shaping};
use tonmeister_media as media;

use super::{ALBUM_TOML, Part, SAMPLE_RATE, SONGS, Song, Stem, TITLE, cover};
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
    /// The album's title.
    pub title: &'static str,
    /// The folder.
    pub folder: PathBuf,
    /// The songs, in order.
    pub songs: Vec<DemoSong>,
    /// Formats that are left out here, each with the reason.
    pub left_out: Vec<String>,
    /// The release, in `release/`.
    pub release: Release,
    /// The release, looked at again: every file there and unchanged.
    pub verified: Verified,
}

/// A song of the demo, on disk.
#[derive(Clone, Debug, Serialize)]
pub struct DemoSong {
    /// Its short name.
    pub id: &'static str,
    /// Its name.
    pub title: &'static str,
    /// The document.
    pub document: PathBuf,
    /// The stems, in the order of the song.
    pub stems: Vec<DemoStem>,
}

/// One song of the demo by itself.
#[derive(Clone, Debug, Serialize)]
pub struct DemoSongReport {
    /// What was written of it.
    #[serde(flatten)]
    pub song: DemoSong,
    /// Its mix, `mix.wav`.
    pub mix: MixReport,
    /// Its master, `master.wav`.
    pub master: MasterReport,
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
    /// Composes the demo album into a folder: for each song a folder with `stems/` and `song.toml`; `album.toml`,
    /// `cover.png` and `release/`.
    ///
    /// Documents in that folder that somebody has changed are not touched: the demo refuses instead.
    pub fn demo(&self, folder: &Path, progress: &mut dyn Progress) -> Result<DemoReport, Failure> {
        let (text, left_out) = album();
        let album = folder.join("album.toml");
        own(&album, &text)?;
        for song in SONGS {
            own(&folder.join(song.id).join("song.toml"), song.document)?;
        }
        let songs: Result<Vec<_>, _> =
            SONGS.iter().map(|song| write_song(song, &folder.join(song.id), progress)).collect();
        let songs = songs?;
        progress.begin("Drawing the cover", 1);
        let picture = folder.join("cover.png");
        let drawn = cover::png().map_err(|e| Failure::output(&picture, e))?;
        std::fs::write(&picture, drawn).map_err(|e| Failure::output(&picture, plain(&e)))?;
        progress.advance(1);
        progress.end();
        text_file::write(&album, &text, Existing::Replace).map_err(|e| Failure::output(&album, plain(&e)))?;
        let place = folder.join("release");
        let release = self.release(&album, &place, &ReleaseOptions::default(), progress)?;
        let verified = self.verify_release(&place)?;
        Ok(DemoReport { title: TITLE, folder: folder.into(), songs, left_out, release, verified })
    }

    /// Composes one song of the demo into a folder: `stems/`, `song.toml`, `mix.wav` and `master.wav`.
    ///
    /// A document in that folder that somebody has changed is not touched: the demo refuses instead.
    pub fn demo_song(
        &self,
        song: &'static Song,
        folder: &Path,
        progress: &mut dyn Progress,
    ) -> Result<DemoSongReport, Failure> {
        own(&folder.join("song.toml"), song.document)?;
        let song = write_song(song, folder, progress)?;
        let output = folder.join("mix.wav");
        let mix = self.mix(&song.document, &MixOptions::whole(output.clone(), Depth::Float32), progress)?;
        let master = self.master(&output, &MasterOptions::new(folder.join("master.wav")), progress)?;
        Ok(DemoSongReport { song, mix, master })
    }
}

/// That a document is not there, or is as the demo writes it.
fn own(path: &Path, text: &str) -> Result<(), Failure> {
    if std::fs::read_to_string(path).is_ok_and(|found| found != text) {
        let what = "is there already and is not the demo's own; name another folder, or move it away";
        return Err(Failure::output(path, what));
    }
    Ok(())
}

/// The album's document, without the formats that cannot be encoded here; and why not.
fn album() -> (String, Vec<String>) {
    let can = |format: media::Format| {
        let folder = tempfile::tempdir().map_err(|e| plain(&e))?;
        let name = folder.path().join("try");
        media::Writer::create(&name, format, 44_100, Layout::Stereo).map(|_| ()).map_err(|e| e.to_string())
    };
    let mut text = ALBUM_TOML.to_owned();
    let mut left_out = Vec::new();
    let formats = [
        ("mp3", media::Format::Mp3(media::Mp3Mode::Cbr(320)), "the program `lame` is not installed"),
        (
            "aac",
            media::Format::Aac { kbps: 256 },
            "the program `ffmpeg` is not installed, and this one was built without `--features aac`",
        ),
    ];
    for (name, format, why) in formats {
        if can(format).is_err() {
            text = without(&text, name);
            left_out.push(format!("{}: {why}", name.to_uppercase()));
        }
    }
    (text, left_out)
}

/// The document without its table for a format; the comment before a table goes with it.
fn without(text: &str, format: &str) -> String {
    let tables = text.split_inclusive("\n\n");
    let key = format!("format = \"{format}\"\n");
    tables.filter(|table| !table.contains(&key)).collect()
}

/// Plays a song and writes its stems, rooms and document.
pub fn write_song(song: &'static Song, folder: &Path, progress: &mut dyn Progress) -> Result<DemoSong, Failure> {
    let stems = write_parts(song.stems, &folder.join("stems"), song.title, progress)?;
    if !song.rooms.is_empty() {
        write_parts(song.rooms, &folder.join("rooms"), song.title, progress)?;
    }
    let document = folder.join("song.toml");
    text_file::write(&document, song.document, Existing::Replace).map_err(|e| Failure::output(&document, plain(&e)))?;
    Ok(DemoSong { id: song.id, title: song.title, document, stems })
}

fn write_parts(
    parts: &'static [Part],
    folder: &Path,
    title: &str,
    progress: &mut dyn Progress,
) -> Result<Vec<DemoStem>, Failure> {
    std::fs::create_dir_all(folder).map_err(|e| Failure::output(folder, plain(&e)))?;
    progress.begin(&format!("Playing {title}"), 1);
    let played = super::play(parts);
    progress.advance(1);
    progress.end();
    progress.begin("Writing stems", played.len() as u64);
    let written = played.into_iter().map(|stem| {
        progress.advance(1);
        write_stem(stem, folder)
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

#[cfg(test)]
mod tests {
    use super::without;
    use crate::demo::ALBUM_TOML;

    /// What cannot be encoded here leaves the album's text, its comment with it, and nothing else does.
    #[test]
    fn a_format_is_left_out_with_its_comment() {
        let text = without(&without(ALBUM_TOML, "mp3"), "aac");
        assert!(!text.contains("\"mp3\"") && !text.contains("\"aac\""), "{text}");
        let count = |text: &str| text.matches("[[deliver]]").count();
        assert_eq!(count(ALBUM_TOML), count(&text) + 2);
        assert!(tonmeister_session::album::parse(&text, &tonmeister_dsp::rack()).is_ok());
    }
}
