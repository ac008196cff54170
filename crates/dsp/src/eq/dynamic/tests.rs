use tonmeister_core::{Buffer, Context, Effect, Layout, Processor, Settings, Stream};

use super::DynamicEq;
use crate::eq::{Band, Shape};
use crate::testing::{run, sine, spread, stereo_noise};

const RATE: u32 = 48_000;

fn build(settings: &Settings, layout: Layout) -> Box<dyn Processor> {
    let stream = Stream { sample_rate: RATE, layout, max_block: 4096, seed: 0 };
    DynamicEq::from_settings(settings).build(&stream).unwrap()
}

fn with(group: &str, values: &[(&str, f64)]) -> Settings {
    Settings::new(DynamicEq::SPEC).with_item(group, values)
}

/// What a sine of that level gains after a second, in dB, by its power over whole periods.
fn gain(settings: &Settings, hz: f64, level_db: f64) -> f64 {
    let tone = sine(hz, 10f64.powf(level_db / 20.0), RATE, 96_000);
    let out = run(&mut *build(settings, Layout::Mono), &spread(&tone, Layout::Mono), &[512], &[]);
    let power = |x: &[f32]| x[48_000..].iter().map(|x| f64::from(*x).powi(2)).sum::<f64>();
    10.0 * (power(out.channel(0)) / power(&tone)).log10()
}

/// SOUND: static ±0.1 dB. All four laws (0 is above, 1 below), against the formula with a hard knee.
#[test]
fn the_static_law_is_held_within_0_1_db() {
    let mut worst = 0.0_f64;
    for hz in [100.0, 1000.0, 8000.0] {
        for (when, range) in [(0.0, -12.0), (0.0, 12.0), (1.0, -12.0), (1.0, 12.0)] {
            let values = [
                ("hz", hz),
                ("q", 2.0),
                ("range_db", range),
                ("threshold_db", -30.0),
                ("ratio", 3.0),
                ("knee_db", 0.0),
                ("when", when),
            ];
            let settings = with("bells", &values);
            for level in [-50.0, -35.0, -28.0, -20.0, -3.0] {
                let beyond = f64::max(if when == 0.0 { level + 30.0 } else { -30.0 - level }, 0.0);
                let evens_out = (range < 0.0) == (when == 0.0);
                let turned = (beyond * if evens_out { 2.0 / 3.0 } else { 2.0 }).min(12.0);
                let (got, meant) = (gain(&settings, hz, level), turned * f64::signum(range));
                worst = worst.max((got - meant).abs());
                assert!((got - meant).abs() < 0.1, "{hz} Hz, {when}, {range} dB at {level}: {got:.3}, not {meant:.3}");
            }
        }
    }
    println!("static law: {worst:.4} dB off at most");
}

/// Shelves hear what lies on their side, and move it: half the bandwidth away nothing is left of the corner.
#[test]
fn shelves_hold_the_law_too() {
    let law = [("range_db", -9.0), ("threshold_db", -30.0), ("ratio", 20.0), ("gain_db", 3.0)];
    for (group, at, near, far) in [("low_shelves", 1000.0, 50.0, 15_000.0), ("high_shelves", 1000.0, 15_000.0, 50.0)] {
        let settings = with(group, &[&law[..], &[("hz", at)]].concat());
        let (moved, idle, aside) =
            (gain(&settings, near, -6.0), gain(&settings, near, -60.0), gain(&settings, far, -6.0));
        assert!((moved + 6.0).abs() < 0.1 && (idle - 3.0).abs() < 0.1 && aside.abs() < 0.1, "{moved} {idle} {aside}");
    }
}

/// SOUND: depth 0 nulls below −140 dB. It is the input, bit for bit, whatever the detector hears.
#[test]
fn no_depth_is_no_change() {
    let noise = stereo_noise(1, 0.9, 48_000);
    for (range, ratio) in [(0.0, 20.0), (-12.0, 1.0)] {
        let law = [("range_db", range), ("ratio", ratio), ("threshold_db", -60.0), ("hz", 300.0), ("q", 2.0)];
        let settings = with("bells", &law).with_item("low_shelves", &law).with_item("high_shelves", &law);
        let out = run(&mut *build(&settings, Layout::Stereo), &noise, &[512], &[]);
        let apart = (0..2).flat_map(|c| out.channel(c).iter().zip(noise.channel(c))).map(|(a, b)| (a - b).abs());
        let apart = apart.fold(0.0, f32::max);
        assert!(apart < 6e-8, "{apart:e}");
    }
}

/// Held at the end of its range, it is the equalizer's band of that gain: 0.35 dB of the analog model.
#[test]
fn a_moved_band_keeps_the_shape_of_the_analog_model() {
    let mut worst = 0.0_f64;
    for (group, shape) in [("bells", Shape::Bell), ("high_shelves", Shape::HighShelf { order: 2 })] {
        for range in [-9.5, 6.3] {
            let law = [("range_db", range), ("ratio", 20.0), ("threshold_db", -80.0), ("hz", 9000.0), ("q", 0.7)];
            let settings = with(group, &[&law[..], &[("hears", 1.0)]].concat());
            let band = Band { shape, hz: 9000.0, gain_db: range, q: 0.7 };
            for hz in [300.0, 3000.0, 7000.0, 9000.0, 12_000.0, 19_000.0] {
                let off = gain(&settings, hz, -12.0) - 10.0 * band.analog_power(hz).log10();
                worst = worst.max(off.abs());
                assert!(off.abs() < 0.35, "{shape:?} of {range} dB at {hz} Hz: {off:.3} dB off");
            }
        }
    }
    println!("shape: {worst:.4} dB off at most");
}

/// 63 % of the way in the attack and in the release, within 3 % and what the detector takes.
#[test]
fn attack_and_release_take_their_time() {
    let law =
        [("range_db", -12.0), ("ratio", 20.0), ("threshold_db", -40.0), ("attack_ms", 40.0), ("release_ms", 200.0)];
    let settings = with("bells", &[&law[..], &[("hears", 1.0)]].concat());
    let mut eq = build(&settings, Layout::Mono);
    let tone = sine(1000.0, 0.5, RATE, 48_000);
    let mut passed = |sound: &[f32], reached: &dyn Fn(f64) -> bool| {
        sound.chunks(48).position(|part| {
            let mut part = Buffer::from_mono(part.to_vec());
            eq.process(&mut part.block(48), &Context::default());
            reached(eq.gain_reduction().unwrap().now_db)
        })
    };
    let whole = 12.0;
    let attack = passed(&tone, &|db| db >= 0.632 * whole).unwrap();
    passed(&tone, &|db| db >= 0.9999 * whole);
    let release = passed(&vec![0.0; 48_000], &|db| db <= 0.368 * whole).unwrap();
    assert!((39..=42).contains(&attack) && (193..=208).contains(&release), "{attack} ms, {release} ms");
    assert!((eq.gain_reduction().unwrap().max_db - 12.0).abs() < 0.01);
}

#[test]
fn a_band_does_not_hear_its_neighbors() {
    let law = [("hz", 5000.0), ("q", 2.0), ("range_db", -12.0), ("ratio", 20.0), ("threshold_db", -30.0)];
    assert!(gain(&with("bells", &law), 100.0, 0.0).abs() < 0.01);
    let mut eq = build(&with("bells", &law), Layout::Mono);
    run(&mut *eq, &spread(&sine(100.0, 1.0, RATE, 48_000), Layout::Mono), &[512], &[]);
    assert!(eq.gain_reduction().unwrap().now_db < 0.01);
}

/// A kick in the side-chain makes room in the bass; a hi-hat there does not.
#[test]
fn an_external_key_moves_it_through_the_band() {
    let law = [("hz", 80.0), ("range_db", -9.0), ("ratio", 20.0), ("threshold_db", -30.0)];
    for (hz, reduction) in [(80.0, 9.0), (8000.0, 0.0)] {
        for key_layout in [Layout::Mono, Layout::Stereo] {
            let mut eq = build(&with("bells", &law), Layout::Stereo);
            let mut sound = stereo_noise(3, 0.001, 48_000);
            let key = spread(&sine(hz, 0.7, RATE, 48_000), key_layout);
            eq.process(&mut sound.block(48_000), &Context { events: &[], key: Some(key.view(48_000)) });
            let found = eq.gain_reduction().unwrap().now_db;
            assert!((found - reduction).abs() < 0.05, "{hz} Hz: {found} dB");
        }
    }
}
