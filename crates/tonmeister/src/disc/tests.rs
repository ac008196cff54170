use std::path::Path;

use tempfile::TempDir;
use tonmeister_core::{Block, SourceError, SourceInfo};
use tonmeister_release::toc::Disc;

use super::*;
use crate::play::{Listener, PlayOptions};
use crate::progress::Silent;

/// Whole numbers of 16 bits that never repeat within a disc.
struct Counted {
    at: u64,
    frames: u64,
}

fn counted(frame: u64, channel: usize) -> f32 {
    let number = (frame * 7 + channel as u64 * 3) % 60_000;
    (number as f32 - 30_000.0) / 32_768.0
}

impl Source for Counted {
    fn info(&self) -> SourceInfo {
        SourceInfo { sample_rate: RATE, layout: Layout::Stereo, frames: self.frames }
    }

    fn read(&mut self, out: &mut Block<'_>) -> Result<usize, SourceError> {
        let count = (out.frames() as u64).min(self.frames - self.at) as usize;
        for channel in 0..2 {
            for (n, sample) in out.channel_mut(channel)[..count].iter_mut().enumerate() {
                *sample = counted(self.at + n as u64, channel);
            }
        }
        self.at += count as u64;
        Ok(count)
    }

    fn skip(&mut self, frames: u64) -> Result<u64, SourceError> {
        self.at += frames;
        Ok(frames)
    }
}

/// A disc of three tracks, the second after a pause of a second.
fn fileset(folder: &Path, id: &str) -> u64 {
    let songs = [(Sectors(0), 5 * 44_100), (Sectors(75), 6 * 44_100), (Sectors(0), 7 * 44_100)];
    let disc = Disc::of_lengths(&songs);
    let frames = u64::from(disc.end.0) * 588;
    let master = ddp::Master { disc: &disc, text: None, id };
    ddp::write(folder, &master, Sectors(0), &mut Counted { at: 0, frames }).unwrap();
    frames
}

fn read(path: &Path) -> Buffer {
    let mut source = media::open(path).unwrap().source;
    let mut all = Buffer::new(Layout::Stereo, source.info().frames as usize);
    let frames = all.frames();
    let mut at = 0;
    while at < frames {
        at += source.read(&mut all.block_range(at, frames)).unwrap();
    }
    all
}

#[test]
fn a_disc_is_read_and_taken_apart_to_the_bit() {
    let folder = TempDir::new().unwrap();
    let (ddp, out) = (folder.path().join("ddp"), folder.path().join("tracks"));
    let frames = fileset(&ddp, "ONE");
    let options = DiscOptions { to: Some(out.clone()), ..DiscOptions::default() };
    let report = World::new().disc(&ddp, &options, &mut Silent).unwrap();
    assert!(report.is_sound(), "{:?}", report.findings);
    assert_eq!((report.level.as_str(), report.master_id.as_str()), ("DDP 2.00", "ONE"));
    let starts: Vec<&str> = report.tracks.iter().map(|track| track.start.as_str()).collect();
    assert_eq!(starts, ["00:02:00", "00:08:00", "00:14:00"]);
    assert_eq!(report.written, ["01.wav", "02.wav", "03.wav"].map(|name| out.join(name)));
    // Together they are the program behind the first pause.
    let mut at = 2 * 44_100_u64;
    for path in &report.written {
        let track = read(path);
        for channel in 0..2 {
            let same = track.channel(channel).iter().enumerate();
            assert!(same.clone().all(|(n, x)| *x == counted(at + n as u64, channel)), "{}", path.display());
        }
        at += track.frames() as u64;
    }
    assert_eq!(at, frames);
}

#[test]
fn one_track_alone_and_none_that_is_not_there() {
    let folder = TempDir::new().unwrap();
    let (ddp, out) = (folder.path().join("ddp"), folder.path().join("tracks"));
    fileset(&ddp, "");
    let ask = |track: usize| {
        let options = DiscOptions { to: Some(out.clone()), track: Some(track), ..DiscOptions::default() };
        World::new().disc(&ddp, &options, &mut Silent)
    };
    assert_eq!(ask(2).unwrap().written, [out.join("02.wav")]);
    assert!(ask(4).unwrap_err().to_string().contains("3 tracks, and no track 4"));
    assert!(ask(0).unwrap_err().to_string().contains("nothing is hidden"));
    let inside = DiscOptions { to: Some(ddp.clone()), ..DiscOptions::default() };
    assert!(World::new().disc(&ddp, &inside, &mut Silent).unwrap_err().to_string().contains("the fileset itself"));
}

#[test]
fn what_cannot_be_done_is_told_before_anything_is_read_or_written() {
    let folder = TempDir::new().unwrap();
    let (ddp, out) = (folder.path().join("ddp"), folder.path().join("tracks"));
    fileset(&ddp, "");
    // Hashing would fail on this; nothing gets that far.
    std::fs::remove_file(ddp.join("CHECKSUM.MD5")).unwrap();
    std::fs::create_dir(ddp.join("CHECKSUM.MD5")).unwrap();
    let whole = DiscOptions { to: Some(out.clone()), ..DiscOptions::default() };
    let ask = |options: &DiscOptions| World::new().disc(&ddp, options, &mut Silent).unwrap_err().to_string();
    assert!(ask(&whole).contains("CHECKSUM.MD5"));
    assert!(ask(&DiscOptions { track: Some(4), ..whole.clone() }).contains("no track 4"));
    assert!(ask(&DiscOptions { to: Some(ddp.clone()), ..whole.clone() }).contains("the fileset itself"));
    assert!(ask(&DiscOptions { to: Some(ddp.join("DDPMS")), ..whole.clone() }).contains("is no folder"));
    let other = |name: &str| DiscOptions { against: Some(folder.path().join(name)), ..whole.clone() };
    assert!(ask(&other("nothing")).contains("there is no"));
    assert!(ask(&other(".")).contains("holds no DDP fileset: there is no DDPID in it"));
    // A comparison that fails leaves nothing written either.
    std::fs::remove_dir(ddp.join("CHECKSUM.MD5")).unwrap();
    fileset(&folder.path().join("cut"), "");
    let image = folder.path().join("cut/IMAGE.DAT");
    std::fs::File::options().write(true).open(&image).unwrap().set_len(1_000_000).unwrap();
    assert!(ask(&other("cut")).contains("IMAGE.DAT"));
    assert!(!out.exists());
}

/// The type-80 packs of two titles, the second too long for a file's name, as CD-Text puts them on a disc.
fn titles(first: &str, second: &str) -> Vec<u8> {
    let bytes: Vec<u8> = ["Disc", first, second, "", ""].join("\0").chars().map(|c| c as u8).collect();
    let packs = bytes.chunks(12).enumerate().flat_map(|(n, text)| {
        let track = bytes[..12 * n].split(|byte| *byte == 0).count() - 1;
        let mut pack = vec![0x80, track as u8, n as u8, 0];
        pack.extend(text);
        pack.resize(18, 0);
        pack
    });
    packs.collect()
}

#[test]
fn a_hostile_text_names_no_file_that_is_not_a_wav() {
    let folder = TempDir::new().unwrap();
    let (ddp, out) = (folder.path().join("ddp"), folder.path().join("tracks"));
    fileset(&ddp, "");
    std::fs::write(ddp.join("CDTEXT.BIN"), titles("../\u{1b}]0;x\u{7}", &"é".repeat(300))).unwrap();
    let options = DiscOptions { to: Some(out.clone()), ..DiscOptions::default() };
    let report = World::new().disc(&ddp, &options, &mut Silent).unwrap();
    assert_eq!(report.tracks[0].title, "../\u{1b}]0;x\u{7}");
    let long = format!("02 {}.wav", "é".repeat(98));
    assert_eq!(report.written, ["01 ..__]0;x_.wav", &long, "03.wav"].map(|name| out.join(name)));
    assert!(report.written.iter().all(|path| path.is_file()));
}

#[test]
fn a_folder_that_is_no_disc_is_told_so() {
    let folder = TempDir::new().unwrap();
    let of_disc = World::new().disc(folder.path(), &DiscOptions::default(), &mut Silent).unwrap_err().to_string();
    assert!(of_disc.contains("holds no DDP fileset: there is no DDPID in it"), "{of_disc}");
    let play = PlayOptions {
        listener: Listener::Nobody(1.0),
        version: None,
        ear: crate::Ear::default(),
        from: "0".parse().unwrap(),
        loop_s: None,
        for_s: None,
        block: 256,
        periods: 2,
        watch: false,
        meters: Vec::new(),
    };
    let played = World::new().play(folder.path(), &play, &mut Silent, &mut |_| {}).unwrap_err().to_string();
    assert!(played.contains("is a folder; name the document inside it"), "{played}");
    let song = folder.path().join("song.toml");
    std::fs::write(&song, "[song]\nsample_rate_hz = 44100\n\n[[track]]\nid = \"disc\"\naudio = \".\"\n").unwrap();
    let options = crate::MixOptions::whole(folder.path().join("mix.wav"), crate::Depth::Float32);
    let mixed = World::new().mix(&song, &options, &mut Silent).unwrap_err().to_string();
    assert!(mixed.contains("is a folder, not an audio file"), "{mixed}");
}

#[test]
fn a_changed_byte_and_another_master_are_told() {
    let folder = TempDir::new().unwrap();
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    fileset(&one, "ONE");
    fileset(&two, "TWO");
    let against = DiscOptions { against: Some(two.clone()), ..DiscOptions::default() };
    let report = World::new().disc(&one, &against, &mut Silent).unwrap();
    let differences = report.differences.clone().unwrap();
    assert_eq!(differences.iter().map(|d| d.what.as_str()).collect::<Vec<_>>(), ["name of the master"]);
    assert!(!report.is_sound());
    let image = two.join("IMAGE.DAT");
    let mut bytes = std::fs::read(&image).unwrap();
    bytes[500_000] ^= 1;
    std::fs::write(&image, bytes).unwrap();
    let report = World::new().disc(&two, &DiscOptions::default(), &mut Silent).unwrap();
    assert!(!report.is_sound());
    assert!(report.findings.iter().any(|f| f.message.contains("IMAGE.DAT")), "{:?}", report.findings);
}

#[test]
fn a_disc_is_played_like_a_song_and_may_be_a_track_of_one() {
    let folder = TempDir::new().unwrap();
    let ddp = folder.path().join("ddp");
    let frames = fileset(&ddp, "");
    let to = folder.path().join("played.wav");
    let options = PlayOptions {
        listener: Listener::File(to.clone(), crate::Depth::Float32),
        version: None,
        ear: crate::Ear::default(),
        from: "3".parse().unwrap(),
        loop_s: None,
        for_s: Some(4.0),
        block: 256,
        periods: 2,
        watch: false,
        meters: Vec::new(),
    };
    World::new().play(&ddp, &options, &mut Silent, &mut |_| {}).unwrap();
    let played = read(&to);
    assert_eq!(played.frames(), 4 * 44_100);
    // Playing begins without a click; what follows is the disc.
    let from = 3 * 44_100;
    assert!((4410..played.frames()).all(|n| played.channel(1)[n] == counted(from + n as u64, 1)));
    let song = folder.path().join("song.toml");
    let text = "[song]\nsample_rate_hz = 44100\n\n[[track]]\nid = \"disc\"\naudio = \"ddp\"\n";
    std::fs::write(&song, text).unwrap();
    let mixed = folder.path().join("mix.wav");
    let options = crate::MixOptions::whole(&mixed, crate::Depth::Float32);
    World::new().mix(&song, &options, &mut Silent).unwrap();
    assert_eq!(read(&mixed).frames() as u64, frames);
    // What can be mixed can be checked.
    let checked = World::new().check(&[song], &crate::CheckOptions::default(), &mut Silent).unwrap();
    let [file] = checked.files.as_slice() else { panic!("{} files", checked.files.len()) };
    assert_eq!((file.unreadable.as_deref(), file.played_by.len()), (None, 1));
    let stats = file.stats.as_ref().unwrap();
    assert_eq!((stats.sample_rate_hz, stats.frames), (RATE, frames));
}
