//! `new` on files: what it writes can be read, sounds like the plain sum of the stems, and is never written over work.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tonmeister::new::{NewOptions, NewReport, create};
use tonmeister::{Depth, Failure, MixOptions, Silent, World};
use tonmeister_core::{Buffer, Layout};
use tonmeister_media::{Format, SampleFormat, Writer};

const RATE: u32 = 48_000;

/// Seeded noise, a different one for each name.
fn noise(name: &str, layout: Layout, frames: usize) -> Buffer {
    let mut state =
        name.bytes().fold(0x9e37_79b9_7f4a_7c15_u64, |s, b| (s ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 40) as f32 / (1 << 24) as f32 - 0.5) * 0.2
    };
    let mut channel = || (0..frames).map(|_| next()).collect::<Vec<f32>>();
    match layout {
        Layout::Mono => Buffer::from_mono(channel()),
        Layout::Stereo => Buffer::from_stereo(channel(), channel()),
    }
}

fn write(path: &Path, rate: u32, audio: &Buffer) {
    let format = Format::Wav(SampleFormat::Float32);
    let mut writer = Writer::create(path, format, rate, audio.layout()).expect("a file in a temporary folder");
    writer.write(audio.view(audio.frames())).expect("room for it");
    writer.finish().expect("room for it");
}

/// A folder of noise.
struct Stems {
    folder: TempDir,
    sum: [Vec<f64>; 2],
}

impl Stems {
    fn new(stems: &[(&str, Layout)]) -> Self {
        let (folder, frames) = (TempDir::new().expect("a temporary folder"), 24_000);
        let mut sum = [vec![0.0; frames], vec![0.0; frames]];
        for (name, layout) in stems {
            let audio = noise(name, *layout, frames);
            for (side, sum) in sum.iter_mut().enumerate() {
                let channel = audio.channel(side.min(layout.channels() - 1));
                sum.iter_mut().zip(channel).for_each(|(sum, sample)| *sum += f64::from(*sample));
            }
            write(&folder.path().join(format!("{name}.wav")), RATE, &audio);
        }
        Stems { folder, sum }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn make(&self, options: &NewOptions) -> Result<NewReport, Failure> {
        create(self.folder.path(), options, &mut Silent)
    }
}

/// The greatest difference of a document's mix from the plain sum.
fn residual(song: &Path, sum: &[Vec<f64>; 2]) -> f64 {
    let folder = TempDir::new().unwrap();
    let output = folder.path().join("mix.wav");
    let options = MixOptions::whole(output.clone(), Depth::Float32);
    World::new().mix(song, &options, &mut Silent).unwrap_or_else(|failure| panic!("{failure}"));
    let mut opened = tonmeister_media::open(&output).unwrap();
    let mut mix = Buffer::new(Layout::Stereo, sum[0].len() + 1);
    let frames = mix.frames();
    assert_eq!(opened.source.read(&mut mix.block(frames)).unwrap(), sum[0].len(), "the mix is as long as its stems");
    let worst = |side: usize| sum[side].iter().zip(mix.channel(side)).map(|(a, b)| (a - f64::from(*b)).abs());
    (0..2).flat_map(worst).fold(0.0, f64::max)
}

#[test]
fn the_new_document_is_the_plain_sum_of_its_stems() {
    let all_stereo = ["kick", "snare", "bass", "vox", "bv"].map(|name| (name, Layout::Stereo));
    let mixed = [("kick", Layout::Mono), ("snare", Layout::Mono), ("pad", Layout::Stereo), ("vox", Layout::Mono)];
    for (stems, pan_law_db) in [(&all_stereo[..], -3.0), (&mixed[..], 0.0)] {
        let stems = Stems::new(stems);
        let report = stems.make(&NewOptions::default()).unwrap();
        assert_eq!(report.pan_law_db, pan_law_db);
        // The sum is rounded to 32-bit floats once; half a step at ±2 is 1.2e-7.
        let residual = residual(&report.path, &stems.sum);
        assert!(residual <= 1.2e-7, "residual {:.1} dBFS", 20.0 * residual.log10());
    }
}

#[test]
fn a_mono_song_says_why_its_pan_law_is_another() {
    let stems = Stems::new(&[("kick", Layout::Mono), ("vox", Layout::Stereo)]);
    let report = stems.make(&NewOptions::default()).unwrap();
    let text = fs::read_to_string(&report.path).unwrap();
    let at = text.find("pan_law_db = 0.0").unwrap_or_else(|| panic!("{text}"));
    assert!(text[..at].trim_end().ends_with("by 3 dB."), "{text}");
    assert!(World::new().open_document(&report.path).is_ok());
}

#[test]
fn paths_lead_back_from_wherever_the_document_stands() {
    let stems = Stems::new(&[("kick", Layout::Stereo), ("vox", Layout::Stereo)]);
    let output = Some(stems.path("songs/first"));
    let report = stems.make(&NewOptions { output, title: Some("\"Ä\" \\ 1".into()), ..NewOptions::default() }).unwrap();
    assert_eq!(report.tracks[0].audio, "../../kick.wav");
    assert!(residual(&report.path, &stems.sum) <= 1.2e-7);
    let (document, _) = World::new().open_document(&report.path).unwrap();
    assert_eq!(document.song().title, "\"Ä\" \\ 1");
}

#[test]
fn work_is_never_written_over() {
    let stems = Stems::new(&[("kick", Layout::Stereo)]);
    fs::write(stems.path("song.toml"), "# a week of work").unwrap();
    let refused = stems.make(&NewOptions::default()).unwrap_err();
    assert!(matches!(refused, Failure::Output { .. }) && refused.to_string().contains("--force"), "{refused}");
    assert_eq!(fs::read_to_string(stems.path("song.toml")).unwrap(), "# a week of work");
    stems.make(&NewOptions { force: true, ..NewOptions::default() }).unwrap();
    assert!(fs::read_to_string(stems.path("song.toml")).unwrap().contains("kick"));
    assert_eq!(fs::read_dir(stems.folder.path()).unwrap().count(), 2, "nothing is left beside the document");
}

#[test]
fn what_is_no_stem_is_passed_over_and_what_cannot_be_read_is_named() {
    let stems = Stems::new(&[("kick", Layout::Stereo), ("vox", Layout::Stereo), ("reference_mix", Layout::Stereo)]);
    fs::write(stems.path("notes.txt"), "louder").unwrap();
    fs::write(stems.path("._kick.wav"), "left behind by another system").unwrap();
    fs::create_dir(stems.path("old")).unwrap();
    fs::copy(stems.path("kick.wav"), stems.path("old/kick.wav")).unwrap();
    let report = stems.make(&NewOptions::default()).unwrap();
    assert_eq!(report.tracks.len(), 2);
    let codes: Vec<&str> = report.notes.iter().map(|note| note.code).collect();
    assert_eq!(codes, ["folder-inside", "left-out"]);

    fs::write(stems.path("a.wav"), "").unwrap();
    fs::write(stems.path("b.flac"), "fLaC").unwrap();
    let refused = stems.make(&NewOptions { force: true, ..NewOptions::default() }).unwrap_err().to_string();
    assert!(refused.contains("a.wav") && refused.contains("b.flac") && refused.contains("2 files"), "{refused}");
    let told = NewOptions { force: true, skip_unreadable: true, ..NewOptions::default() };
    let report = stems.make(&told).unwrap();
    assert_eq!(report.notes.iter().filter(|note| note.code == "unreadable").count(), 2);
    assert_eq!(report.tracks.len(), 2);
}

#[test]
fn a_stem_at_another_rate_is_converted_and_named() {
    let stems = Stems::new(&[("kick", Layout::Stereo), ("vox", Layout::Stereo)]);
    write(&stems.path("pad.wav"), 44_100, &noise("pad", Layout::Stereo, 22_050));
    let report = stems.make(&NewOptions::default()).unwrap();
    assert_eq!(report.sample_rate_hz, RATE);
    assert!(report.notes[0].message.contains("`pad.wav` (44100 Hz)"), "{:?}", report.notes);
}

#[test]
fn a_folder_without_stems_is_no_song() {
    let empty = TempDir::new().unwrap();
    let refused = create(empty.path(), &NewOptions::default(), &mut Silent).unwrap_err();
    assert!(matches!(&refused, Failure::Input { .. }) && refused.to_string().contains("no audio file"), "{refused}");
    let refused = create(&empty.path().join("nowhere"), &NewOptions::default(), &mut Silent).unwrap_err();
    assert!(matches!(refused, Failure::Input { .. }));
    assert!(!empty.path().join("song.toml").exists());
}

/// Songs by other people, if they are on this machine.
fn songs() -> Vec<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/material");
    let material = std::env::var_os("TONMEISTER_MATERIAL").map_or(beside, PathBuf::from);
    let entries = fs::read_dir(material.join("songs")).into_iter().flatten().flatten();
    let mut songs: Vec<PathBuf> = entries.map(|e| e.path()).filter(|p| p.join("meta.json").exists()).collect();
    songs.sort();
    if songs.is_empty() {
        eprintln!("SKIPPED: no real songs here; set TONMEISTER_MATERIAL to a folder with songs/*/meta.json");
    }
    songs
}

#[test]
fn real_songs_are_understood() {
    let (mut right, mut wrong) = (0, Vec::new());
    for song in songs() {
        let output = TempDir::new().unwrap();
        let options = NewOptions { output: Some(output.path().into()), ..NewOptions::default() };
        let report = create(&song, &options, &mut Silent).unwrap_or_else(|failure| panic!("{failure}"));
        let meta = fs::read_to_string(song.join("meta.json")).unwrap();
        // Python's writer says "-Infinity" where JSON has no word.
        let meta: serde_json::Value = serde_json::from_str(&meta.replace("-Infinity", "null")).unwrap();
        let stems = meta["stems"].as_object().unwrap();
        assert_eq!(report.tracks.len(), stems.len(), "{}: references are no tracks", song.display());
        for track in &report.tracks {
            let name = Path::new(&track.audio).file_stem().unwrap().to_str().unwrap().to_owned();
            let told = stems[&name]["role"].as_str().unwrap();
            // Their table has one word for all vocals.
            let ours = track.role.as_deref().map(|role| if role == "backing" { "vocals" } else { role });
            if ours == Some(told) { right += 1 } else { wrong.push(format!("{name}: {ours:?}, not {told}")) }
        }
    }
    assert!(wrong.is_empty(), "{right} right, wrong: {wrong:?}");
}
