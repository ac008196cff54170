//! What the needles of standard meters reach on signals of which the standards say so.
#![allow(missing_docs)]

use std::path::Path;

use tonmeister::{MeasureOptions, Needles, Silent, World};
use tonmeister_core::Buffer;
use tonmeister_media::{Format, SampleFormat, Writer};

fn needles(sound: &Buffer, rate: u32) -> Needles {
    let folder = tempfile::tempdir().unwrap();
    let path: &Path = &folder.path().join("sound.wav");
    let mut writer = Writer::create(path, Format::Wav(SampleFormat::Float32), rate, sound.layout()).unwrap();
    writer.write(sound.view(sound.frames())).unwrap();
    writer.finish().unwrap();
    World::new().needles(path, &MeasureOptions::default(), &mut Silent).unwrap()
}

fn tone(level_db: f64, rate: u32, seconds: usize) -> Vec<f32> {
    let gain = 10f64.powf(level_db / 20.0);
    let turn = std::f64::consts::TAU * 1000.0 / f64::from(rate);
    (0..rate as usize * seconds).map(|n| (gain * (turn * n as f64).sin()) as f32).collect()
}

/// The line-up tone, 1 kHz at −18 dBFS: 0 VU, TEST on the meters of the EBU and the North, 4 on the British, −9 on the German.
#[test]
fn the_line_up_tone_reads_as_it_should() {
    for rate in [44_100, 48_000, 96_000] {
        let sound = Buffer::from_stereo(tone(-18.0, rate, 4), tone(-8.0, rate, 4));
        let told = needles(&sound, rate);
        let read = |id: &str, channel: usize| {
            told.meters.iter().find(|meter| meter.id == id).unwrap().highest[channel].db.unwrap()
        };
        // A needle with inertia overshoots by a hundredth and a half; the PPMs' standard allows 0.3 dB.
        for (id, wanted, within) in [
            ("rms", -18.0, 0.02),
            ("vu", 0.0, 0.15),
            ("ppm-din", -9.0, 0.3),
            ("ppm-nordic", 0.0, 0.3),
            ("ppm-bbc", 0.0, 0.3),
            ("ppm-ebu", 0.0, 0.3),
            ("k-20", 2.0, 0.05),
            ("k-14", -4.0, 0.05),
            ("k-12", -6.0, 0.05),
        ] {
            let (left, right) = (read(id, 0), read(id, 1));
            assert!((left - wanted).abs() <= within, "{id} at {rate} Hz: {left} instead of {wanted}");
            assert!((right - left - 10.0).abs() < 0.01, "{id}: {right} is not 10 dB more than {left}");
        }
        let bbc = told.meters.iter().find(|meter| meter.id == "ppm-bbc").unwrap();
        assert!((bbc.highest[0].mark.unwrap() - 4.0).abs() < 0.08 && (bbc.highest[1].mark.unwrap() - 6.5).abs() < 0.08);
        // The right one stands above 6 once it has risen; the scale of a VU meter forbids nothing.
        assert!((3.8..=4.0).contains(&bbc.over_s.unwrap()), "{:?}", bbc.over_s);
        assert_eq!(told.meters.iter().find(|meter| meter.id == "vu").unwrap().over_s, None);
    }
}

/// It says when, and how long the needle stood in the red: a burst of a second, and the fall behind it.
#[test]
fn a_burst_is_placed_in_time() {
    let rate = 48_000;
    let mut sound = vec![0.0; 6 * rate as usize];
    sound[2 * rate as usize..3 * rate as usize].copy_from_slice(&tone(-6.0, rate, 1));
    let told = needles(&Buffer::from_mono(sound), rate);
    let din = told.meters.iter().find(|meter| meter.id == "ppm-din").unwrap();
    let high = din.highest[0];
    assert!((2.0..=3.01).contains(&high.at_s) && (high.db.unwrap() - 3.0).abs() < 0.3, "{high:?}");
    // 3 dB over the permitted maximum take 0.26 s to fall at 20 dB in 1.7 s.
    assert!((din.over_s.unwrap() - 1.25).abs() < 0.05, "{:?}", din.over_s);
}

#[test]
fn silence_moves_no_needle() {
    let told = needles(&Buffer::from_mono(vec![0.0; 4800]), 48_000);
    assert_eq!(told.meters.len(), 9);
    for meter in &told.meters {
        assert!(meter.highest[0].db.is_none() && meter.highest[0].mark.is_none(), "{}", meter.id);
        assert!(meter.over_s.is_none_or(|over| over == 0.0));
    }
}
