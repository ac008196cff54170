mod known;
mod others;
mod writing;

use std::path::Path;

use tonmeister_core::{Block, Buffer, Layout, Source, SourceError, SourceInfo};

use super::{Fileset, Master, Written, write};
use crate::cdtext::{Block as TextBlock, CdText, Texts, TrackText};
use crate::error::ReleaseError;
use crate::toc::{Copy, Disc, Flags, Sectors, Track};

/// Noise on the 16-bit grid that is a function of its frame, so that every place is known by its sound.
pub(super) struct Noise {
    pub(super) frames: u64,
    pub(super) at: u64,
    pub(super) seed: u64,
    /// Reading fails here.
    pub(super) fails_at: u64,
}

impl Noise {
    pub(super) fn new(frames: u64) -> Noise {
        Noise { frames, at: 0, seed: 1, fails_at: u64::MAX }
    }
}

/// One step of splitmix64.
pub(super) fn sample(frame: u64, channel: u64, seed: u64) -> f32 {
    let mut z = (frame * 2 + channel + (seed << 40)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    f32::from((z >> 48) as u16 as i16) / 32_768.0
}

impl Source for Noise {
    fn info(&self) -> SourceInfo {
        SourceInfo { sample_rate: 44_100, layout: Layout::Stereo, frames: self.frames }
    }

    fn read(&mut self, out: &mut Block<'_>) -> Result<usize, SourceError> {
        if self.at >= self.fails_at {
            return Err(SourceError::new("the disk was pulled out"));
        }
        // Never as much as is asked for, as a decoder would.
        let frames = (out.frames() as u64).min(self.frames - self.at).min(10_007) as usize;
        for channel in 0..2 {
            for (n, s) in out.channel_mut(channel)[..frames].iter_mut().enumerate() {
                *s = sample(self.at + n as u64, channel as u64, self.seed);
            }
        }
        self.at += frames as u64;
        Ok(frames)
    }

    fn skip(&mut self, frames: u64) -> Result<u64, SourceError> {
        let passed = frames.min(self.frames - self.at);
        self.at += passed;
        Ok(passed)
    }
}

/// Three tracks, one behind a pause, with codes, flags and an index 2; 12 s of program, the last sector not full.
pub(super) fn disc() -> Disc {
    let mut disc =
        Disc::of_lengths(&[(Sectors(150), 300 * 588), (Sectors(75), 310 * 588), (Sectors(0), 320 * 588 - 100)]);
    disc.ean = "4006381333931".parse().ok();
    disc.tracks[0].isrc = "USABC2600001".parse().ok();
    disc.tracks[1].isrc = "USABC2600002".parse().ok();
    disc.tracks[2].isrc = "USABC2600003".parse().ok();
    disc.tracks[1].flags = Flags { copy: Copy::Permitted, ..Flags::default() };
    disc.tracks[2].flags = Flags { copy: Copy::Once, ..Flags::default() };
    let second = disc.tracks[2].start() + Sectors(100);
    disc.tracks[2].indexes.push(second);
    disc
}

pub(super) fn text() -> CdText {
    let texts = |title: &str| Texts { title: title.into(), performer: "Jalal".into(), ..Texts::default() };
    let track = |title: &str, n: u8| TrackText { texts: texts(title), isrc: format!("USABC260000{n}").parse().ok() };
    CdText::of(TextBlock {
        disc: texts("Träume"),
        tracks: vec![track("Eins", 1), track("Zwei", 2), track("Drei", 3)],
        ean: "4006381333931".parse().ok(),
        ..TextBlock::default()
    })
}

pub(super) fn frames_of(disc: &Disc) -> u64 {
    disc.end.frames() - 150 * 588
}

/// Writes the test's disc there.
pub(super) fn written(folder: &Path) -> Result<Written, ReleaseError> {
    let (disc, text) = (disc(), text());
    let master = Master { disc: &disc, text: Some(&text), id: "TM-0001 side of the plant" };
    write(folder, &master, Sectors(150), &mut Noise::new(frames_of(&disc) - 100))
}

/// All of a source.
pub(super) fn all(source: &mut dyn Source) -> Result<Buffer, SourceError> {
    let frames = source.info().frames as usize;
    let mut buffer = Buffer::new(Layout::Stereo, frames);
    let mut done = 0;
    while done < frames {
        let read = source.read(&mut buffer.block_range(done, frames.min(done + 4_321)))?;
        assert_ne!(read, 0);
        done += read;
    }
    Ok(buffer)
}

#[test]
fn what_was_written_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("TM-0001");
    let done = written(&path).unwrap();
    assert_eq!(
        done.checksums.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
        ["DDPID", "DDPMS", "CDTEXT.BIN", "PQDESCR", "IMAGE.DAT"]
    );
    let read = Fileset::open(&path).unwrap();
    assert_eq!((read.findings.as_slice(), &read.disc, read.text.as_ref()), (&[][..], &disc(), Some(&text())));
    assert_eq!(read.verify().unwrap().findings, []);
    assert_eq!(read.identifier.master_id, "TM-0001 side of the plant");
    // The audio begins behind two seconds of silence and ends in 100 frames of it, and every track is its stretch.
    let program = all(&mut *read.program()).unwrap();
    let frames = frames_of(&disc()) as usize;
    for n in 0..program.frames() {
        let heard = n >= 88_200 && n < 88_200 + frames - 100;
        let expected = if heard { sample(n as u64 - 88_200, 1, 1) } else { 0.0 };
        assert_eq!(program.channel(1)[n], expected, "frame {n}");
    }
    let mut second = read.track(2).unwrap();
    assert_eq!(second.skip(1000), Ok(1000));
    let mut buffer = Buffer::new(Layout::Stereo, 3);
    assert_eq!(second.read(&mut buffer.block(3)), Ok(3));
    let begin = disc().tracks[1].start().frames() as usize + 1000;
    assert_eq!(buffer.channel(0), &program.channel(0)[begin..begin + 3]);
    assert!(read.hidden().is_none() && read.track(4).is_none());
    assert!(super::compare(&read, &read).unwrap().is_empty());
}

#[test]
fn a_track_without_its_own_text_and_a_hidden_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hidden");
    let disc = Disc {
        end: Sectors(1000),
        tracks: vec![Track { pause: Some(Sectors(0)), ..Track::at(Sectors(600)) }],
        ean: None,
    };
    let master = Master { disc: &disc, text: None, id: "" };
    // The source has its first pause in it.
    write(&path, &master, Sectors(0), &mut Noise::new(1000 * 588)).unwrap();
    let read = Fileset::open(&path).unwrap();
    assert_eq!(read.text, None);
    let hidden = all(&mut *read.hidden().unwrap()).unwrap();
    assert_eq!(hidden.frames(), 600 * 588);
    assert_eq!(hidden.channel(0)[77], sample(77, 0, 1));
}
