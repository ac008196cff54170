//! A stretch of a song has the samples that the whole mix has there.
#![allow(missing_docs)]

mod material;

use std::path::Path;

use material::read;
use tempfile::TempDir;
use tonmeister::{Depth, Failure, MixOptions, SetOptions, Silent, StemPath, Stretch, Versions, World};
use tonmeister_core::Buffer;
use tonmeister_media::{Format, SampleFormat, Writer};

const RATE: u32 = 48_000;

const SONG: &str = "[song]\ntitle = \"Stretch\"\nsample_rate_hz = 48000\ntempo_bpm = 120.0\n\n\
    [[marker]]\nid = \"chorus\"\nat = \"4|1\"\n\n[[range]]\nid = \"bridge\"\nfrom = \"4|3\"\nto = \"5|1\"\n\n\
    [[track]]\nid = \"keys\"\naudio = \"keys.wav\"\n\n\
    [[track.insert]]\neffect = \"chorus\"\nrate_hz = 0.37\n\n\
    [[track.insert]]\neffect = \"tremolo\"\n\n\
    [[track.insert]]\neffect = \"compressor\"\nthreshold_db = -30.0\n\n\
    [[track.automation]]\ntarget = \"fader_db\"\npoints = [[\"1|1\", 0.0], [\"6|1\", -12.0]]\n\n\
    [master]\n[[master.insert]]\neffect = \"phaser\"\n[[master.insert]]\neffect = \"limiter\"\n";

fn song(folder: &Path) -> std::path::PathBuf {
    let samples: Vec<f32> = (0..11 * RATE as usize)
        .map(|n| {
            let time = n as f64 / f64::from(RATE);
            (0.4 * (1.0 - (time * 2.0).fract()) * (std::f64::consts::TAU * 220.0 * time).sin()) as f32
        })
        .collect();
    let buffer = Buffer::from_mono(samples);
    let mut writer =
        Writer::create(folder.join("keys.wav"), Format::Wav(SampleFormat::Float32), RATE, buffer.layout()).unwrap();
    writer.write(buffer.view(buffer.frames())).unwrap();
    writer.finish().unwrap();
    let path = folder.join("song.toml");
    std::fs::write(&path, SONG).unwrap();
    path
}

fn mix(song: &Path, from: Option<&str>, to: Option<&str>, pre_roll_s: Option<f64>) -> Result<Buffer, Failure> {
    let output = song.with_file_name("stretch.wav");
    let spot = |text: &str| text.parse().unwrap();
    let stretch = Stretch { from: from.map(spot), to: to.map(spot), pre_roll_s };
    let options = MixOptions { stretch: Some(stretch), ..MixOptions::whole(&output, Depth::Float32) };
    World::new().mix(song, &options, &mut Silent)?;
    Ok(read(&output))
}

#[test]
fn a_stretch_has_the_samples_of_the_whole() {
    let folder = TempDir::new().unwrap();
    let song = song(folder.path());
    let whole_path = folder.path().join("whole.wav");
    World::new().mix(&song, &MixOptions::whole(&whole_path, Depth::Float32), &mut Silent).unwrap();
    let whole = read(&whole_path);
    let end = whole.frames();
    for (from, to, a, b) in [
        (Some("chorus"), Some("bridge"), 6 * 48_000, 8 * 48_000),
        (Some("bridge"), None, 7 * 48_000, end),
        (Some("0:05.25"), Some("7.5"), 252_000, 360_000),
        (Some("3|2"), Some("1000"), 216_000, end),
        (None, Some("2|1"), 0, 96_000),
    ] {
        let part = mix(&song, from, to, None).unwrap();
        assert_eq!(part.frames(), b - a, "{from:?} to {to:?}");
        for channel in 0..2 {
            assert!(part.channel(channel) == &whole.channel(channel)[a..b], "{from:?} to {to:?}");
        }
    }
}

#[test]
fn a_stretch_that_is_none_is_refused() {
    let folder = TempDir::new().unwrap();
    let song = song(folder.path());
    let refused = |from, to, pre_roll| mix(&song, from, to, Some(pre_roll)).unwrap_err().to_string();
    assert!(refused(Some("chorsu"), None, 1.0).contains("did you mean `chorus`?"));
    assert!(refused(Some("5"), Some("3|1"), 1.0).contains("nothing lies between 5.000 s and 4.000 s"));
    assert!(refused(Some("100"), None, 1.0).contains("nothing lies between 100.000 s and"));
    assert!(refused(Some("100"), Some("200"), 1.0).contains("the song is over at"));
    assert!(refused(Some("-1"), None, 1.0).contains("no place in a song"));
    assert!(refused(Some("1"), None, -1.0).contains("a pre-roll is 0 to 3600 s long"));
    assert!(!folder.path().join("stretch.wav").exists());
}

const SET: &str = "\n[[track]]\nid = \"voice\"\naudio = \"keys.wav\"\ntrim_db = -6.0\n\n\
    [[track.send]]\nto = \"hall\"\nlevel_db = -9.0\n\n[[bus]]\nid = \"hall\"\n\n\
    [[bus.insert]]\neffect = \"reverb\"\n\n[[version]]\nid = \"instrumental\"\nmute = [\"voice\"]\n\n\
    [[version]]\nid = \"a-cappella\"\nmute = [\"keys\"]\n\n\
    [[version]]\nid = \"radio\"\ncut = [\"bridge\"]\n";

/// Versions and stems of a stretch are that stretch of versions and stems, and add up as they do.
#[test]
fn a_stretch_of_versions_and_stems() {
    let folder = TempDir::new().unwrap();
    let song = song(folder.path());
    let at = SONG.find("[master]").unwrap();
    std::fs::write(&song, [&SONG[..at], &SET[1..], "\n", &SONG[at..]].concat()).unwrap();
    let set = |name: &str, versions: &[&str], stretch: Option<Stretch>| {
        let output = folder.path().join(name).join("mix.wav");
        std::fs::create_dir(output.parent().unwrap()).unwrap();
        let options = SetOptions {
            output,
            depth: Depth::Float32,
            versions: Versions::Named(versions.iter().map(|id| (*id).to_owned()).collect()),
            stems: Some(StemPath::Through),
            replay: true,
            shelf: None,
            stretch,
        };
        World::new().mix_set(&song, &options, &mut Silent)
    };
    let spot = |text: &str| Some(text.parse().unwrap());
    let both = ["instrumental", "a-cappella"];
    let whole = set("whole", &both, None).unwrap();
    let (from, to) = (6 * 48_000, 8 * 48_000);
    let part = set("part", &both, Some(Stretch { from: spot("6"), to: spot("8"), pre_roll_s: None })).unwrap();
    // The hall never forgets.
    assert_eq!(part.unheard.map(|unheard| (unheard.from_s, unheard.exact)), Some((0.0, true)));
    assert_eq!(part.versions.len(), 3);
    for (whole, part) in whole.versions.iter().zip(&part.versions) {
        let stems = whole.stems.iter().zip(&part.stems).map(|(whole, part)| (&whole.written, &part.written));
        for (whole, part) in stems.chain([(&whole.written, &part.written)]) {
            let (all, some) = (read(&whole.path), read(&part.path));
            assert_eq!(some.frames(), to - from);
            for channel in 0..2 {
                assert!(all.channel(channel)[from..to] == *some.channel(channel), "{}", part.path.display());
            }
        }
        assert_eq!(whole.stems.len(), part.stems.len());
        assert_eq!(whole.null.is_some(), part.null.is_some());
    }
    assert_eq!(part.pairs.len(), 1);
    // To the end all are as long as the longest, as they are in the whole.
    let end = set("end", &both, Some(Stretch { from: spot("6"), to: None, pre_roll_s: None })).unwrap();
    for (whole, end) in whole.versions.iter().zip(&end.versions) {
        assert_eq!(end.written.frames as usize, whole.written.frames as usize - from);
        assert!(end.stems.iter().all(|stem| stem.written.frames == end.written.frames));
    }
    let refused = set("cut", &["radio"], Some(Stretch { from: spot("6"), to: None, pre_roll_s: None })).unwrap_err();
    assert!(refused.to_string().contains("`radio` has cuts"), "{refused}");
}
