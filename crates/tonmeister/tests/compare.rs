//! Known differences between two files are found as they were made, wherever the one lies in the other.
#![allow(missing_docs)]

mod material;

use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tonmeister::compare::abx::Choice;
use tonmeister::{CompareOptions, CompareReport, Failure, LevelMatch, Silent, World};
use tonmeister_core::{Buffer, Layout};
use tonmeister_dsp::resample::resample;
use tonmeister_dsp::testing::noise;
use tonmeister_media::{Format, SampleFormat, Writer};

const RATE: u32 = 48_000;

/// Bursts of colored noise at random moments, with something to the sides: as much like music as a test needs.
fn music(seed: u64, seconds: usize) -> Buffer {
    let frames = seconds * RATE as usize;
    let (mid, side, when) = (noise(seed, 0.5, frames), noise(seed + 100, 0.2, frames), noise(seed + 200, 1.0, frames));
    let (mut level, mut low, mut buffer) = (0.0_f32, [[0.0_f32; 4]; 2], Buffer::new(Layout::Stereo, frames));
    for n in 0..frames {
        level = if when[n] > 0.9998 { 1.0 } else { level * 0.9998 };
        for (c, sign) in [1.0, -1.0].into_iter().enumerate() {
            // Four poles near 800 Hz: hardly anything is left where a resampler or a fraction's kernel ends.
            let mut x = level * (mid[n] + sign * side[n]);
            for pole in &mut low[c] {
                *pole += 0.1 * (x - *pole);
                x = *pole;
            }
            buffer.channel_mut(c)[n] = x;
        }
    }
    buffer
}

fn write(path: &Path, rate: u32, audio: &Buffer) -> PathBuf {
    let mut writer = Writer::create(path, Format::Wav(SampleFormat::Float32), rate, audio.layout()).unwrap();
    writer.write(audio.view(audio.frames())).unwrap();
    writer.finish().unwrap();
    path.into()
}

fn part(audio: &Buffer, from: usize, to: usize) -> Buffer {
    let mut part = Buffer::new(audio.layout(), 0);
    part.append(audio.view(audio.frames()).part(from, to));
    part
}

fn scaled(mut audio: Buffer, gain: f32) -> Buffer {
    (0..audio.layout().channels()).for_each(|c| audio.channel_mut(c).iter_mut().for_each(|x| *x *= gain));
    audio
}

fn compare(first: &Path, second: &Path) -> CompareReport {
    World::new().compare(first, second, &CompareOptions::default(), &mut Silent).unwrap()
}

/// A later start, another gain and a turned polarity are found to the frame and taken back: only rounding is left.
#[test]
fn moved_turned_and_turned_down() {
    let folder = TempDir::new().unwrap();
    let song = music(1, 30);
    let first = write(&folder.path().join("a.wav"), RATE, &song);
    let late = scaled(part(&song, 123_457, 30 * RATE as usize), -0.25);
    let second = write(&folder.path().join("b.wav"), RATE, &late);
    let report = compare(&first, &second);
    let found = report.alignment.unwrap();
    assert_eq!((found.delay_frames, found.turned, found.drift_ppm), (-123_457.0, true, None));
    assert!((report.gain_db - 12.041).abs() < 1e-3 && found.coherence > 0.999_999, "{report:?}");
    // A quarter is a power of two: the gain found is off by what loudness rounds. Measured: −167 dB.
    assert!(
        report.difference.identical || report.difference.null_db.unwrap() < -120.0,
        "{:?}",
        report.difference.null_db
    );
    assert_eq!(report.difference.frames, 30 * u64::from(RATE) - 123_457);
    let movement = report.movement.unwrap();
    assert!(movement.strays_db < 1e-6 && (movement.mean_db + 12.041).abs() < 1e-3);
}

/// Another sample rate, and with it a delay between two frames, costs little of the null.
#[test]
fn another_rate_and_a_fraction_of_a_frame() {
    let folder = TempDir::new().unwrap();
    let mut song = music(2, 20);
    // What is cut off the second is silent: a resampler and a kernel would miss what they reach for.
    (0..2).for_each(|c| song.channel_mut(c)[..3_000].fill(0.0));
    let first = write(&folder.path().join("a.wav"), RATE, &song);
    let fast = resample(song.view(song.frames()), RATE, 96_000);
    // An odd number of frames at twice the rate: half a frame at the first's.
    let second = write(&folder.path().join("b.wav"), 96_000, &part(&fast, 4_001, fast.frames()));
    let report = compare(&first, &second);
    let found = report.alignment.unwrap();
    assert!((found.delay_frames + 2_000.5).abs() < 1e-3, "{found:?}");
    assert!(report.difference.null_db.unwrap() < -75.0, "{:?}", report.difference.null_db);
    assert!(report.warnings.iter().any(|w| w.code == "converted"));
}

/// Two clocks that disagree by 50 millionths are told apart from an edit and from nothing.
#[test]
fn drift_is_told() {
    let folder = TempDir::new().unwrap();
    let song = music(3, 90);
    let first = write(&folder.path().join("a.wav"), RATE, &song);
    // 20000 to 20001: 50 millionths more samples for the same music.
    let slower = resample(song.view(song.frames()), 20_000, 20_001);
    let second = write(&folder.path().join("b.wav"), RATE, &slower);
    let drift = compare(&first, &second).alignment.unwrap().drift_ppm.unwrap();
    // Measured: 50.0.
    assert!((drift - 50.0).abs() < 1.0, "{drift}");
}

#[test]
fn other_music_silence_and_nonsense_are_told_as_such() {
    let folder = TempDir::new().unwrap();
    let first = write(&folder.path().join("a.wav"), RATE, &music(4, 10));
    let other = write(&folder.path().join("b.wav"), RATE, &music(50, 12));
    let report = compare(&first, &other);
    assert!(report.alignment.is_none() && report.warnings.iter().any(|w| w.code == "unrelated"), "{report:?}");

    let silence = write(&folder.path().join("c.wav"), RATE, &Buffer::new(Layout::Mono, 96_000));
    let refused = World::new().compare(&first, &silence, &CompareOptions::default(), &mut Silent);
    assert!(matches!(&refused, Err(Failure::Input { path, .. }) if *path == silence), "{refused:?}");
    let as_it_is = CompareOptions { level: LevelMatch::Off, align: false, ..CompareOptions::default() };
    let report = World::new().compare(&first, &silence, &as_it_is, &mut Silent).unwrap();
    assert!(report.difference.null_db.unwrap().abs() < 1e-6, "all of the first is left");

    // A blind test of two musics would be won by their tune.
    let refused = World::new().excerpts(&first, &other, (0.0, 5.0), &mut Silent);
    assert!(matches!(&refused, Err(Failure::Input { path, .. }) if *path == other), "{refused:?}");

    let residual = CompareOptions { residual: Some(first.clone()), ..CompareOptions::default() };
    assert!(matches!(World::new().compare(&first, &other, &residual, &mut Silent), Err(Failure::Output { .. })));
}

/// The residual is what is reported, and with the second it makes the first again.
#[test]
fn the_residual_adds_up() {
    let folder = TempDir::new().unwrap();
    let song = music(6, 10);
    let hiss = noise(9, 0.001, song.frames());
    let mut noisy = song.clone();
    noisy.channel_mut(0).iter_mut().zip(&hiss).for_each(|(x, n)| *x += n);
    let first = write(&folder.path().join("a.wav"), RATE, &song);
    let second = write(&folder.path().join("b.wav"), RATE, &noisy);
    let path = folder.path().join("rest.wav");
    let options = CompareOptions { residual: Some(path.clone()), level: LevelMatch::Off, ..CompareOptions::default() };
    let report = World::new().compare(&first, &second, &options, &mut Silent).unwrap();
    assert_eq!(report.alignment.unwrap().delay_frames, 0.0);
    let rest = material::read(&path);
    assert_eq!(rest.frames(), song.frames());
    for (n, expected) in hiss.iter().enumerate() {
        assert!((rest.channel(0)[n] + expected).abs() < 1e-6 && rest.channel(1)[n] == 0.0);
    }
    assert_eq!(report.residual.unwrap().path, path);
}

/// A blind test is prepared: both excerpts hold the same moment at one loudness.
#[test]
fn excerpts_are_lined_up_and_equally_loud() {
    let folder = TempDir::new().unwrap();
    let song = music(7, 20);
    let first = write(&folder.path().join("a.wav"), RATE, &song);
    let second = write(&folder.path().join("b.wav"), RATE, &scaled(part(&song, 5_000, song.frames()), 0.5));
    let excerpts = World::new().excerpts(&first, &second, (2.0, 5.0), &mut Silent).unwrap();
    assert!((excerpts.louder_lu + 6.02).abs() < 0.01 && (excerpts.seconds - 5.0).abs() < 1e-9);
    let report = compare(&excerpts.file(Choice::A), &excerpts.file(Choice::B));
    assert_eq!(report.alignment.unwrap().delay_frames, 0.0);
    assert!(report.gain_db.abs() < 0.01 && report.difference.null_db.is_none_or(|null| null < -80.0));
}

/// A sample that is no number is silence to a comparison, and never silently so.
#[test]
fn samples_that_are_no_numbers_are_told() {
    let folder = TempDir::new().unwrap();
    let audio = music(9, 5);
    let sound = write(&folder.path().join("sound.wav"), RATE, &audio);
    let broken = folder.path().join("broken.wav");
    let mut bytes = std::fs::read(&sound).unwrap();
    let data = bytes.windows(4).position(|w| w == b"data").unwrap() + 8;
    bytes[data + 8 * 90_000..][..4].copy_from_slice(&f32::NAN.to_le_bytes());
    std::fs::write(&broken, bytes).unwrap();
    let report = compare(&sound, &broken);
    let told: Vec<_> = report.warnings.iter().filter(|w| w.code == "non-finite").collect();
    assert!(told.len() == 1 && told[0].path == broken, "{:?}", report.warnings);
}
