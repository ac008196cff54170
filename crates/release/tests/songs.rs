//! Real songs become a disc and sides. The songs are found at `TONMEISTER_MATERIAL`, or `../shared/material` from the
//! workspace; without them these tests say that they were skipped.

use std::path::{Path, PathBuf};

use tonmeister_core::{Block, Buffer, Layout, Source, SourceError, SourceInfo, View};
use tonmeister_measure::loudness::LoudnessMeter;
use tonmeister_measure::portrait::PortraitMeter;
use tonmeister_release::ddp::{Fileset, Master, write};
use tonmeister_release::toc::{Disc, Sectors};
use tonmeister_release::vinyl::{self, Features, Song, Table};

const PIECE: usize = 1 << 14;

fn songs() -> Vec<(String, PathBuf)> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = std::env::var_os("TONMEISTER_MATERIAL").map_or(workspace.join("../shared/material"), PathBuf::from);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder.join("songs")).into_iter().flatten().flatten() {
        let path = entry.path().join("reference_mix.flac");
        let fits = |p: &PathBuf| tonmeister_media::probe(p).is_ok_and(|p| p.info.sample_rate == 44_100);
        if fits(&path) {
            found.push((entry.file_name().to_string_lossy().into_owned(), path));
        }
    }
    found.sort();
    found.truncate(3);
    if found.is_empty() {
        eprintln!("SKIPPED: no songs at {}; set TONMEISTER_MATERIAL", folder.display());
    }
    found
}

fn whole(path: &Path) -> Buffer {
    let mut source = tonmeister_media::open(path).unwrap().source;
    let mut buffer = Buffer::new(source.info().layout, source.info().frames as usize);
    let mut done = 0;
    while done < buffer.frames() {
        let to = buffer.frames().min(done + PIECE);
        done += source.read(&mut buffer.block_range(done, to)).unwrap();
    }
    buffer
}

/// Songs one behind another, rounded onto the 16-bit grid.
struct Album {
    songs: Vec<Buffer>,
    at: usize,
}

impl Album {
    fn frame(&self, mut at: usize, channel: usize) -> f32 {
        for song in &self.songs {
            // Each song fills whole sectors.
            let frames = song.frames().div_ceil(588) * 588;
            if at < frames {
                let sample = song.channel(channel).get(at).copied().unwrap_or(0.0);
                return (sample * 32_768.0).round_ties_even().clamp(-32_768.0, 32_767.0) / 32_768.0;
            }
            at -= frames;
        }
        0.0
    }

    fn frames(&self) -> usize {
        self.songs.iter().map(|s| s.frames().div_ceil(588) * 588).sum()
    }
}

impl Source for Album {
    fn info(&self) -> SourceInfo {
        SourceInfo { sample_rate: 44_100, layout: Layout::Stereo, frames: self.frames() as u64 }
    }

    fn read(&mut self, out: &mut Block<'_>) -> Result<usize, SourceError> {
        let frames = out.frames().min(self.frames() - self.at);
        for channel in 0..2 {
            for n in 0..frames {
                out.channel_mut(channel)[n] = self.frame(self.at + n, channel);
            }
        }
        self.at += frames;
        Ok(frames)
    }

    fn skip(&mut self, _: u64) -> Result<u64, SourceError> {
        unreachable!("filesets are written from their start")
    }
}

/// Every sample of every song stands where it belongs.
#[test]
fn songs_come_back_from_a_fileset() {
    let songs = songs();
    if songs.is_empty() {
        return;
    }
    let mut album = Album { songs: songs.iter().map(|(_, path)| whole(path)).collect(), at: 0 };
    let lengths: Vec<(Sectors, u64)> = album.songs.iter().map(|s| (Sectors(0), s.frames() as u64)).collect();
    let disc = Disc::of_lengths(&lengths);
    let folder = tempfile::tempdir().unwrap();
    let master = Master { disc: &disc, text: None, id: "songs" };
    write(folder.path().join("songs"), &master, Sectors(150), &mut album).unwrap();
    let read = Fileset::open(folder.path().join("songs")).unwrap();
    let mut begin = 0;
    for number in 1..=songs.len() {
        let mut track = read.track(number).unwrap();
        let frames = track.info().frames as usize;
        let mut buffer = Buffer::new(Layout::Stereo, frames);
        assert_eq!(track.read(&mut buffer.block(frames)), Ok(frames));
        for channel in 0..2 {
            for n in 0..frames {
                assert_eq!(buffer.channel(channel)[n], album.frame(begin + n, channel), "track {number}, frame {n}");
            }
        }
        begin += frames;
    }
    assert_eq!(begin, album.frames());
}

/// What is measured of real songs is a figure for each feature, and the findings name the songs.
#[test]
fn songs_are_looked_at_for_a_record() {
    let table = Table::built_in().unwrap();
    let mut all = Vec::new();
    for (title, path) in songs() {
        let audio = whole(&path);
        let mut portrait = PortraitMeter::new(44_100, Layout::Stereo);
        let mut loudness = LoudnessMeter::new(44_100, Layout::Stereo).unwrap();
        for from in (0..audio.frames()).step_by(PIECE) {
            let part: View<'_> = audio.view(audio.frames()).part(from, audio.frames().min(from + PIECE));
            portrait.push(part);
            loudness.push(part);
        }
        let features = Features::of(&portrait.finish(), &loudness.finish(), table.limits.mono_below_hz);
        let (rms, sharp) = (features.rms_dbfs.unwrap(), features.sibilance_db.unwrap());
        assert!((-40.0..0.0).contains(&rms) && (-60.0..-3.0).contains(&sharp), "{title}: {features:?}");
        assert!((-1.0..=1.0).contains(&features.lowest_correlation.unwrap().0), "{title}: {features:?}");
        all.push(Song {
            seconds: audio.frames() as f64 / 44_100.0,
            title,
            features: Some(features),
            ..Song::default()
        });
    }
    if all.is_empty() {
        return;
    }
    let medium = table.medium("12-inch 45").unwrap();
    let split = vinyl::split_to_fit(&all, medium).unwrap();
    for finding in vinyl::check(&all, &split, medium, &table.limits) {
        assert!(all.iter().any(|s| finding.message.contains(&s.title)), "{finding:?}");
        eprintln!("{}: {}", finding.code, finding.message);
    }
}
