//! Meters in a mix: what the report says of a place in a chain is what `measure` would say of a file taken there.
#![allow(missing_docs)]

mod material;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use material::{folders, material, read};
use tonmeister::{
    Depth, DiskShelf, Loudness, MeasureOptions, Metered, MixOptions, SetOptions, SetReport, Silent, Versions, World,
};
use tonmeister_core::Buffer;
use tonmeister_dsp::testing::{noise, stereo_noise};
use tonmeister_media::{Format, SampleFormat, Writer};

fn write(path: &Path, audio: &Buffer) {
    let mut writer = Writer::create(path, Format::Wav(SampleFormat::Float32), 48_000, audio.layout()).unwrap();
    writer.write(audio.view(audio.frames())).unwrap();
    writer.finish().unwrap();
}

fn near(what: &str, a: Option<f64>, b: Option<f64>, within: f64) {
    let alike = a.zip(b).map_or(a == b, |(a, b)| (a - b).abs() <= within);
    assert!(alike, "{what}: {a:?} instead of {b:?}");
}

/// The meter heard what stands in the file, whose sound ends at that frame. Asked for: 0.01 dB and 0.02 LU.
fn agree(what: &str, meter: &Metered, file: &Loudness, end: u64) {
    near(&format!("{what}, loudness"), meter.integrated_lufs, file.integrated_lufs, 0.02);
    near(&format!("{what}, range"), meter.range_lu, file.range.map(|range| range.lu), 0.02);
    near(&format!("{what}, 3 s"), meter.max_short_term_lufs, file.max_short_term_lufs, 0.02);
    near(&format!("{what}, 400 ms"), meter.max_momentary_lufs, file.max_momentary_lufs, 0.02);
    near(&format!("{what}, true peak"), meter.true_peak_dbtp, file.true_peak_dbtp, 0.01);
    near(&format!("{what}, sample peak"), meter.sample_peak_dbfs, file.sample_peak_dbfs, 0.01);
    // Silence behind the programme, which a file counts, dilutes nothing in a meter.
    let silence_db = 10.0 * (file.frames as f64 / end as f64).log10();
    near(&format!("{what}, RMS"), meter.rms_dbfs, file.rms_dbfs.map(|rms| rms + silence_db), 0.01);
}

/// The frame behind the last sample above −120 dBFS.
fn end(path: &Path) -> u64 {
    let audio = read(path);
    let last = |channel: usize| audio.channel(channel).iter().rposition(|x| x.abs() > 1e-6).map_or(0, |n| n as u64 + 1);
    (0..audio.layout().channels()).map(last).max().unwrap_or(0)
}

fn measured(file: &Path) -> Loudness {
    World::new().measure(file, &MeasureOptions::default(), &mut Silent).unwrap().loudness
}

fn set(song: &Path, shelf: Option<Arc<DiskShelf>>) -> SetReport {
    let options = SetOptions {
        output: song.with_file_name("mix.wav"),
        depth: Depth::Float32,
        versions: Versions::Named(Vec::new()),
        stems: None,
        replay: true,
        shelf,
        stretch: None,
    };
    World::new().mix_set(song, &options, &mut Silent).unwrap()
}

fn song(folder: &Path) -> PathBuf {
    let swell = |audio: Vec<f32>| {
        let level = |n: usize| 0.2 + 0.8 * (n as f32 / 30_000.0).sin().abs();
        audio.into_iter().enumerate().map(|(n, x)| x * level(n)).collect::<Vec<f32>>()
    };
    let drums = stereo_noise(1, 0.9, 480_000);
    let [left, right] = [0, 1].map(|c| swell(drums.channel(c).to_vec()));
    write(&folder.join("drums.wav"), &Buffer::from_stereo(left, right));
    write(&folder.join("bass.wav"), &Buffer::from_mono(swell(noise(3, 0.3, 400_000))));
    let text = "\
[song]
sample_rate_hz = 48000
[[track]]
id = \"drums\"
audio = \"drums.wav\"
[[track.insert]]
effect = \"meter\"
[[track.insert]]
effect = \"compressor\"
threshold_db = -24.0
[[track.insert]]
effect = \"meter\"
id = \"after-the-compressor\"
[[track]]
id = \"bass\"
audio = \"bass.wav\"
[[track.insert]]
effect = \"meter\"
[master]
[[master.insert]]
effect = \"limiter\"
gain_db = 3.0
[[master.insert]]
effect = \"meter\"
id = \"end\"
";
    let path = folder.join("song.toml");
    std::fs::write(&path, text).unwrap();
    path
}

fn meter<'a>(meters: &'a [Metered], address: &str) -> &'a Metered {
    meters.iter().find(|meter| meter.address == address).unwrap_or_else(|| panic!("no {address} in {meters:?}"))
}

#[test]
fn a_mix_tells_what_its_meters_heard() {
    let folder = tempfile::tempdir().unwrap();
    let song = song(folder.path());
    let options = MixOptions::whole(folder.path().join("mix.wav"), Depth::Float32);
    let report = World::new().mix(&song, &options, &mut Silent).unwrap();
    let addresses: Vec<&str> = report.meters.iter().map(|meter| meter.address.as_str()).collect();
    assert_eq!(addresses.len(), 4, "{addresses:?}");
    agree("master", meter(&report.meters, "master/end"), &report.written.loudness, end(&folder.path().join("mix.wav")));
    let drums = measured(&folder.path().join("drums.wav"));
    agree("drums", meter(&report.meters, "drums/meter"), &drums, 480_000);
    let bass = measured(&folder.path().join("bass.wav"));
    agree("bass", meter(&report.meters, "bass/meter"), &bass, 400_000);
    assert_eq!(meter(&report.meters, "bass/meter").correlation, None);
    let after = meter(&report.meters, "drums/after-the-compressor");
    assert_ne!(after.integrated_lufs, meter(&report.meters, "drums/meter").integrated_lufs);
    near("correlation of two noises", after.correlation, Some(0.0), 0.02);
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["meters"][0]["address"], addresses[0]);
    // A kept render tells what it told when it was made: of the strip that is kept itself.
    let shelf = || Some(Arc::new(DiskShelf::open(&folder.path().join("kept"), 1 << 30).unwrap()));
    let (first, second) = (set(&song, shelf()), set(&song, shelf()));
    assert_eq!(first.meters, report.meters);
    assert_eq!(meter(&second.meters, "master/end"), meter(&first.meters, "master/end"));
}

#[test]
fn meters_in_real_songs_agree_with_measure() {
    let Some(material) = material("meters in real songs") else { return };
    for song in folders(&material.join("songs")).into_iter().take(3) {
        let folder = tempfile::tempdir().unwrap();
        let stem = song.join("reference_mix.flac");
        let rate = tonmeister_media::open(&stem).unwrap().info.sample_rate;
        let text = format!(
            "[song]\nsample_rate_hz = {rate}\n[[track]]\nid = \"one\"\naudio = '{}'\n[master]\n[[master.insert]]\neffect = \"meter\"\n",
            stem.display()
        );
        let path = folder.path().join("song.toml");
        std::fs::write(&path, text).unwrap();
        let options = MixOptions::whole(folder.path().join("mix.wav"), Depth::Float32);
        let report = World::new().mix(&path, &options, &mut Silent).unwrap();
        let (heard, end) = (meter(&report.meters, "master/meter"), end(&report.written.path));
        agree(&stem.display().to_string(), heard, &report.written.loudness, end);
    }
}
