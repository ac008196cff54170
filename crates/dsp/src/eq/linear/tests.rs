use std::f64::consts::TAU;

use tonmeister_core::{Buffer, Context, Effect, Layout, Processor, Settings, Stream};

use super::{LinearEq, design, response};
use crate::eq::{Band, Shape};
use crate::testing::{impulse, run, stereo_noise};

const STREAM: Stream = Stream { sample_rate: 44_100, layout: Layout::Stereo, max_block: 4096, seed: 0 };

fn minimum(settings: Settings) -> Settings {
    settings.with("phase", 1.0)
}

fn build(settings: &Settings) -> Box<dyn Processor> {
    LinearEq::from_settings(settings).build(&STREAM).unwrap()
}

/// Left's answer to an impulse on the left, that many frames long.
fn answer(settings: &Settings, frames: usize) -> Vec<f32> {
    let mut sound = impulse(Layout::Stereo, 0, frames);
    sound.channel_mut(1).fill(0.0);
    run(&mut *build(settings), &sound, &[4096], &[]).channel(0).to_vec()
}

fn level(h: &[f32], hz: f64) -> f64 {
    let taps: Vec<f64> = h.iter().map(|x| f64::from(*x)).collect();
    20.0 * design::magnitude(&taps, hz, 44_100.0).log10()
}

fn sweep() -> impl Iterator<Item = f64> {
    (0..200).map(|i| 20.0 * 1000.0_f64.powf(f64::from(i) / 199.0))
}

/// Bells, shelves, passes and tilts of everyday music, each alone, and the band that each stands for.
fn everyday() -> Vec<(Settings, Band)> {
    let mut all = Vec::new();
    let plain = || Settings::new(LinearEq::SPEC);
    for gain_db in [-18.0, -3.0, 6.0, 12.0] {
        for (hz, q) in [(40.0, 0.7), (100.0, 2.0), (100.0, 8.0), (1000.0, 8.0), (3000.0, 0.4), (16_000.0, 1.0)] {
            let values = [("hz", hz), ("gain_db", gain_db), ("q", q)];
            all.push((plain().with_item("bells", &values), Band { shape: Shape::Bell, hz, gain_db, q }));
        }
        for (group, hz, order) in [
            ("low_shelves", 80.0, 2),
            ("low_shelves", 200.0, 8),
            ("high_shelves", 12_000.0, 2),
            ("high_shelves", 3000.0, 4),
        ] {
            let shape = if group == "low_shelves" { Shape::LowShelf { order } } else { Shape::HighShelf { order } };
            let values = [("hz", hz), ("gain_db", gain_db), ("slope_db_oct", 6.0 * order as f64)];
            let q = std::f64::consts::FRAC_1_SQRT_2;
            all.push((plain().with_item(group, &values), Band { shape, hz, gain_db, q }));
        }
        let gain_db = gain_db / 4.0;
        let values = [("hz", 1000.0), ("slope_db_oct", gain_db)];
        all.push((plain().with_item("tilts", &values), Band { shape: Shape::Tilt, hz: 1000.0, gain_db, q: 1.0 }));
    }
    for (group, hz, order) in [
        ("highpass", 30.0, 4),
        ("highpass", 80.0, 16),
        ("highpass", 200.0, 1),
        ("lowpass", 16_000.0, 16),
        ("lowpass", 5000.0, 2),
    ] {
        let shape = if group == "highpass" { Shape::HighPass { order } } else { Shape::LowPass { order } };
        let values = [("hz", hz), ("slope_db_oct", 6.0 * order as f64)];
        all.push((plain().with_item(group, &values), Band { shape, hz, gain_db: 0.0, q: 1.0 }));
    }
    all
}

/// SOUND: ≤ 0.1 dB of the analog prototype. Levels below −24 dB are held to what that is at −24 dB.
#[test]
fn every_band_is_within_0_1_db_of_its_analog_model() {
    for phase in [0.0, 1.0] {
        let (mut worst, mut place, mut longest) = (0.0, String::new(), 0);
        for (settings, band) in everyday() {
            let settings = settings.with("phase", phase);
            let taps = design::whole(&LinearEq::from_settings(&settings), 44_100.0);
            longest = longest.max(taps.len());
            for hz in sweep() {
                let (got, meant) = (design::magnitude(&taps, hz, 44_100.0), band.analog_power(hz).sqrt());
                let miss = 20.0 * (1.0 + (got - meant).abs() / meant.max(0.063)).log10();
                if miss > worst {
                    (worst, place) = (miss, format!("{hz:.0} Hz of {band:?}, {} taps", taps.len()));
                }
            }
        }
        println!("phase {phase}: {worst:.4} dB at {place}; up to {longest} taps");
        assert!(worst <= 0.1, "phase {phase}: {worst:.3} dB at {place}");
    }
}

/// The least length that the rule allows, 4·fs/bandwidth, is enough for 0.1 dB up to 12 dB, and for 0.2 dB where a
/// boost makes the resonance narrower than that: a bell 25 Hz wide (its resonance 12.5 Hz at 12 dB), and 16 385 taps.
#[test]
fn the_rule_of_thumb_is_enough() {
    for (gain_db, limit) in [(-18.0, 0.2), (-12.0, 0.1), (12.0, 0.1), (18.0, 0.2)] {
        let band = Band { shape: Shape::Bell, hz: 200.0, gain_db, q: 8.0 };
        let values = [("hz", 200.0), ("gain_db", gain_db), ("q", 8.0)];
        let settings = Settings::new(LinearEq::SPEC).with("length", 3.0).with_item("bells", &values);
        let meant: Vec<f64> = sweep().map(|hz| 10.0 * band.analog_power(hz).log10()).collect();
        let got = response(&settings, 44_100, &sweep().collect::<Vec<_>>()).unwrap();
        let worst = got.iter().zip(&meant).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        println!("{gain_db} dB: {worst:.4} dB");
        assert!(worst < limit, "{gain_db} dB: {worst:.3} dB off");
    }
}

#[test]
fn what_sounds_is_what_the_response_says() {
    let values = [("hz", 300.0), ("gain_db", 9.0), ("q", 2.0)];
    let settings = Settings::new(LinearEq::SPEC).with("output_db", -4.0).with_item("bells", &values);
    for settings in [settings.clone(), minimum(settings)] {
        let hz = [50.0, 300.0, 1000.0, 15_000.0];
        let told = response(&settings, 44_100, &hz).unwrap();
        let h = answer(&settings, 40_000);
        for (hz, told) in hz.iter().zip(told) {
            assert!((level(&h, *hz) - told).abs() < 1e-4, "{hz} Hz: {} is not {told}", level(&h, *hz));
        }
    }
}

/// Symmetric around (N − 1)/2 frames and the convolver's own latency, to 1e-7 of the highest tap.
#[test]
fn linear_phase_is_symmetric_around_its_latency() {
    let shelf = [("hz", 100.0), ("gain_db", 6.0)];
    for length in 0..6 {
        let settings = Settings::new(LinearEq::SPEC)
            .with("length", f64::from(length))
            .with_item("highpass", &[("hz", 40.0), ("slope_db_oct", 24.0)])
            .with_item("low_shelves", &shelf);
        let eq = LinearEq::from_settings(&settings);
        let taps = design::whole(&eq, 44_100.0).len();
        let late = build(&settings).latency().0 as usize;
        assert_eq!(late, (taps - 1) / 2 + ((taps - 1) / 16).clamp(64, 1024));
        let h = answer(&settings, 2 * late + 1);
        let worst = (0..late).map(|n| (h[n] - h[2 * late - n]).abs()).fold(0.0, f32::max);
        assert!(worst < 2e-7, "{length}: {worst:e}");
    }
}

/// The phase of the minimum-phase filter against that of the analog bell, (1 + sA/Q + s²)/(1 + s/(AQ) + s²).
#[test]
fn minimum_phase_has_the_phase_of_the_analog_filter_and_no_latency() {
    let settings =
        minimum(Settings::new(LinearEq::SPEC)).with_item("bells", &[("hz", 500.0), ("gain_db", 12.0), ("q", 2.0)]);
    assert_eq!(build(&settings).latency().0, 0);
    let h = answer(&settings, 20_000);
    let a = 10f64.powf(12.0 / 40.0);
    for hz in [50.0, 250.0, 400.0, 500.0, 700.0, 2000.0] {
        let (mut re, mut im) = (0.0, 0.0);
        for (n, x) in h.iter().enumerate() {
            let turn = TAU * hz * n as f64 / 44_100.0;
            re += f64::from(*x) * turn.cos();
            im -= f64::from(*x) * turn.sin();
        }
        let w: f64 = hz / 500.0;
        let meant = (w * a / 2.0).atan2(1.0 - w * w) - (w / (2.0 * a)).atan2(1.0 - w * w);
        let off = im.atan2(re) - meant;
        assert!(off.abs() < 0.02, "{hz} Hz: {off} radians off");
    }
}

/// Middle and sides are worked on apart: a sound of the other kind passes untouched (−114 dB), late by the latency.
#[test]
fn a_band_for_a_part_of_the_picture_leaves_the_rest_alone() {
    let noise = stereo_noise(5, 0.5, 30_000);
    let alike = Buffer::from_stereo(noise.channel(0).to_vec(), noise.channel(0).to_vec());
    let opposed = Buffer::from_stereo(noise.channel(0).to_vec(), noise.channel(0).iter().map(|x| -x).collect());
    for phase in [0.0, 1.0] {
        for (channel, untouched, touched) in [(4.0, &alike, &opposed), (3.0, &opposed, &alike)] {
            let values = [("hz", 1000.0), ("gain_db", 12.0), ("q", 1.0), ("channel", channel)];
            let settings = Settings::new(LinearEq::SPEC).with("phase", phase).with_item("bells", &values);
            let late = build(&settings).latency().0 as usize;
            let apart = |sound: &Buffer| {
                let out = run(&mut *build(&settings), sound, &[4096], &[]);
                let pairs = (0..2).flat_map(|c| out.channel(c)[late..].iter().zip(sound.channel(c)));
                pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
            };
            assert!(apart(untouched) < 2e-6, "{}", apart(untouched));
            assert!(apart(touched) > 0.1);
        }
    }
    // Left, then middle, is not middle, then left: the order is that of the signal.
    let settings = Settings::new(LinearEq::SPEC)
        .with_item("bells", &[("hz", 1000.0), ("gain_db", 6.0), ("channel", 1.0)])
        .with_item("bells", &[("hz", 1000.0), ("gain_db", 6.0), ("channel", 3.0)]);
    let late = build(&settings).latency().0 as usize;
    let out = run(&mut *build(&settings), &impulse(Layout::Stereo, 0, 2 * late + 1), &[4096], &[]);
    let gain = |c: usize| 10f64.powf(level(out.channel(c), 1000.0) / 20.0);
    let g = 10f64.powf(6.0 / 20.0);
    // Both channels hear 1: left becomes g, the middle (g + 1)/2 becomes g times itself.
    let lift = (g - 1.0) * (g + 1.0) / 2.0;
    assert!((gain(0) - (g + lift)).abs() < 0.01 && (gain(1) - (1.0 + lift)).abs() < 0.01, "{} {}", gain(0), gain(1));
}

#[test]
fn auto_is_as_long_as_the_bands_need() {
    let taps = |settings: Settings| design::whole(&LinearEq::from_settings(&settings), 48_000.0).len();
    let bell = |hz, q| Settings::new(LinearEq::SPEC).with_item("bells", &[("hz", hz), ("gain_db", 6.0), ("q", q)]);
    assert_eq!(taps(Settings::new(LinearEq::SPEC)), 1025);
    assert_eq!(taps(bell(5000.0, 1.0)), 1025);
    assert!((4097..=8193).contains(&taps(bell(100.0, 2.0))), "{}", taps(bell(100.0, 2.0)));
    assert_eq!(taps(bell(20.0, 40.0)), 32_769);
}

#[test]
fn a_notch_silences_its_hum() {
    let settings = Settings::new(LinearEq::SPEC).with_item("notches", &[("hz", 1000.0), ("q", 10.0)]);
    let db = response(&settings, 44_100, &[1000.0, 950.0, 500.0]).unwrap();
    println!("notch: {db:?}");
    assert!(db[0] < -30.0 && (db[1] + 3.2).abs() < 0.5 && db[2].abs() < 0.1, "{db:?}");
}

#[test]
fn the_gain_meets_the_sound_that_it_is_meant_for() {
    let settings = Settings::new(LinearEq::SPEC);
    let mut eq = build(&settings);
    let late = eq.latency().0 as usize;
    let jump =
        tonmeister_core::Event { at: 3000, param: settings.index_of("output_db").unwrap(), value: -24.0, glide: 0 };
    let input = Buffer::from_stereo(vec![0.5; 8000], vec![0.5; 8000]);
    let out = run(&mut *eq, &input, &[512], &[jump]);
    let x = out.channel(0);
    assert!((x[late + 2900] - 0.5).abs() < 1e-4 && (x[late + 4200] - 0.5 * 0.0631).abs() < 1e-3);
    eq.process(&mut impulse(Layout::Stereo, 0, 1).block(1), &Context::default());
}
