//! Real songs, from their stems to a master, without a hand on them.
#![allow(missing_docs)]

mod material;

use std::path::Path;

use material::{ffmpeg, files, folders, material, read, side};
use tonmeister::new::{NewOptions, create};
use tonmeister::{Depth, MasterOptions, MasterReport, MixOptions, Silent, World};

/// How deep the stored stems null against the composer's mix, where the song's own notes say so.
const NULLS: &[(&str, f64)] = &[
    ("beyond_the_horizon", -78.0),
    ("dear_jon_doe_hiphop", -33.0),
    ("evr_caesium", -67.0),
    ("freedoom_orchestral_e1m5", -21.0),
    ("freedoom_rock_e2m3", -0.5),
    ("sectoid_feelings", -75.0),
];

fn stems(song: &Path) -> Vec<std::path::PathBuf> {
    let is_stem = |p: &std::path::PathBuf| !p.file_name().unwrap().to_string_lossy().starts_with("reference_");
    files(song, "flac").into_iter().filter(is_stem).collect()
}

/// `new` and `mix`: the document as it comes, at full precision.
fn mix(song: &Path, folder: &Path) -> std::path::PathBuf {
    let options = NewOptions { output: Some(folder.into()), ..NewOptions::default() };
    let report = create(song, &options, &mut Silent).unwrap();
    assert_eq!(report.tracks.len(), stems(song).len(), "every stem and nothing else");
    let output = folder.join("mix.wav");
    World::new().mix(&report.path, &MixOptions::whole(output.clone(), Depth::Float32), &mut Silent).unwrap();
    output
}

fn rms_db(difference: &[f64], reference: &[f64]) -> f64 {
    let power = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>();
    10.0 * (power(difference) / power(reference)).log10()
}

#[test]
fn at_unity_the_mix_of_every_song_is_the_sum_of_its_stems_and_nulls_with_its_reference() {
    let Some(material) = material("the null test of real songs") else { return };
    for song in folders(&material.join("songs")) {
        let name = song.file_name().unwrap().to_string_lossy().into_owned();
        let folder = tempfile::tempdir().unwrap();
        let mixed = read(&mix(&song, folder.path()));
        let stems: Vec<_> = stems(&song).iter().map(|p| read(p)).collect();
        let reference = read(&song.join("reference_mix.flac"));
        let (mut worst, mut differences, mut references) = (0.0_f64, Vec::new(), Vec::new());
        for channel in 0..2 {
            for (i, y) in side(&mixed, channel).iter().enumerate() {
                let sum: f64 = stems.iter().filter_map(|s| side(s, channel).get(i)).map(|x| f64::from(*x)).sum();
                worst = worst.max((f64::from(*y) - sum).abs());
                let wanted = side(&reference, channel).get(i).map_or(0.0, |x| f64::from(*x));
                differences.push(f64::from(*y) - wanted);
                references.push(wanted);
            }
        }
        let sum_db = 20.0 * worst.log10();
        let null_db = rms_db(&differences, &references);
        println!("{name}: {sum_db:.1} dBFS from the plain sum, {null_db:.1} dB from the reference mix");
        // The 32-bit float file itself rounds at 2⁻²⁵ of the sample: −150 dB and below for a full-scale peak.
        assert!(sum_db < -140.0, "{name}: {sum_db} dB");
        if let Some((_, expected)) = NULLS.iter().find(|(n, _)| *n == name) {
            assert!(null_db < expected + 1.0, "{name}: {null_db} dB, the stems themselves null to {expected} dB");
        }
    }
}

/// Checks a master at −14 LUFS and −1 dBTP, by our meter and by two that are not ours.
fn assert_master(name: &str, report: &MasterReport) {
    let loudness = &report.written.loudness;
    let (lufs, peak) = (loudness.integrated_lufs.unwrap(), loudness.true_peak_dbtp.unwrap());
    let limiter = report.dynamics.iter().find(|d| d.address == "master/limiter").unwrap();
    println!(
        "{name}: {lufs:.2} LUFS, {peak:.2} dBTP, limiter {:.1} dB at most, {} tries{}",
        limiter.max_reduction_db,
        report.tries,
        if report.reached { "" } else { " (not reached)" }
    );
    assert!(limiter.max_reduction_db <= 6.0, "{name}: {} dB of limiting", limiter.max_reduction_db);
    assert!(report.reached == ((lufs + 14.0).abs() <= 0.1), "{name}");
    assert!(report.reached || lufs < -14.0, "{name}: a target is missed from below only");
    assert!(peak <= -1.0 + 0.01, "{name}: {peak} dBTP");
    match ffmpeg(&report.written.path) {
        Some((lufs, peak)) => {
            assert!(!report.reached || (lufs + 14.0).abs() <= 0.1, "{name}: ffmpeg reads {lufs} LUFS");
            assert!(peak <= -1.0 + 0.05, "{name}: ffmpeg reads {peak} dBTP");
        }
        None => eprintln!("*** ffmpeg is not installed: {name} was measured by our own meter only ***"),
    }
}

fn master(input: &Path, folder: &Path) -> MasterReport {
    let mut options = MasterOptions::new(folder.join("master.wav"));
    options.loudness_lufs = Some(-14.0);
    options.ceiling_dbtp = Some(-1.0);
    World::new().master(input, &options, &mut Silent).unwrap()
}

#[test]
fn every_song_becomes_a_master_by_itself() {
    let Some(material) = material("mastering real songs") else { return };
    for song in folders(&material.join("songs")) {
        let folder = tempfile::tempdir().unwrap();
        let mix = mix(&song, folder.path());
        assert_master(&song.file_name().unwrap().to_string_lossy(), &master(&mix, folder.path()));
    }
}

#[test]
fn every_finished_track_becomes_a_master_by_itself() {
    let Some(material) = material("mastering finished tracks") else { return };
    for track in files(&material.join("finished"), "ogg") {
        let folder = tempfile::tempdir().unwrap();
        assert_master(&track.file_name().unwrap().to_string_lossy(), &master(&track, folder.path()));
    }
}
