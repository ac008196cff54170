//! A master is a document too: what `master` writes down renders to the same bits.
#![allow(missing_docs)]

use std::path::Path;

use tonmeister::{Depth, MasterOptions, MixOptions, Silent, World};
use tonmeister_core::{Buffer, Layout};
use tonmeister_dsp::testing::noise;
use tonmeister_media::{Format, SampleFormat, Writer};

/// Six seconds of noise that swells and falls, so that compressor and limiter have something to do.
fn write_mix(path: &Path) {
    let swell = |channel: u64| -> Vec<f32> {
        let level = |i: usize| 0.1 + 0.8 * (i as f32 / 48_000.0 * 2.0).sin().powi(6);
        noise(channel, 0.6, 6 * 48_000).iter().enumerate().map(|(i, x)| x * level(i)).collect()
    };
    let audio = Buffer::from_stereo(swell(1), swell(2));
    let mut writer = Writer::create(path, Format::Wav(SampleFormat::Float32), 48_000, Layout::Stereo).unwrap();
    writer.write(audio.view(audio.frames())).unwrap();
    writer.finish().unwrap();
}

#[test]
fn the_document_of_a_master_renders_to_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    write_mix(&at("mix.wav"));
    let world = World::new();
    let mut options = MasterOptions::new(at("master.wav"));
    options.document = Some(at("master.toml"));
    options.loudness_lufs = Some(-9.0);
    let report = world.master(&at("mix.wav"), &options, &mut Silent).unwrap();
    assert!(report.reached);
    let limiter = report.dynamics.iter().find(|d| d.address == "master/limiter").unwrap();
    assert!(limiter.max_reduction_db > 0.1, "the limiter had something to do");
    assert_eq!(report.written.frames, 6 * 48_000, "a master is exactly as long as its mix");
    let again = MixOptions::whole(at("again.wav"), Depth::Int24);
    world.mix(&at("master.toml"), &again, &mut Silent).unwrap();
    assert!(std::fs::read(at("master.wav")).unwrap() == std::fs::read(at("again.wav")).unwrap());
}

#[test]
fn what_cannot_be_reached_without_too_much_limiting_is_said_and_the_nearest_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    write_mix(&at("mix.wav"));
    let mut options = MasterOptions::new(at("master.wav"));
    options.loudness_lufs = Some(-3.0);
    let report = World::new().master(&at("mix.wav"), &options, &mut Silent).unwrap();
    assert!(!report.reached);
    let limiter = report.dynamics.iter().find(|d| d.address == "master/limiter").unwrap();
    assert!(limiter.max_reduction_db <= 6.0 && limiter.max_reduction_db > 5.9, "{}", limiter.max_reduction_db);
    assert!(report.written.loudness.integrated_lufs.unwrap() < -3.1);
    assert!(report.written.loudness.true_peak_dbtp.unwrap() <= -1.0 + 0.006);
    assert!(at("master.wav").exists());
}
