use tonmeister_core::{Buffer, Layout};

use super::*;
use crate::biquad::{Biquad, Cascade};
use crate::testing::{noise, run};

const RATE: u32 = 48_000;

fn build(settings: &Settings) -> Box<dyn Processor> {
    let stream = Stream { sample_rate: RATE, layout: Layout::Mono, max_block: 4096, seed: 0 };
    Breath::from_settings(settings).build(&stream).unwrap()
}

fn frames(seconds: f64) -> usize {
    (seconds * f64::from(RATE)) as usize
}

/// A sung vowel that swells and falls away.
fn sung(out: &mut [f32], hz: f64, level: f64) {
    let length = out.len() as f64;
    for (n, x) in out.iter_mut().enumerate() {
        let t = n as f64 / f64::from(RATE);
        let partial = |h: i32| {
            let f = hz * f64::from(h);
            (2.0 * PI * f * t + f64::from(h * h)).sin() / (1.0 + ((f - 600.0) / 500.0).powi(2))
        };
        let rise = (n as f64 / 1500.0).min(1.0);
        let fall = ((length - n as f64) / 9600.0).min(1.0).powi(2);
        *x += (level * rise * fall * (1..25).map(partial).sum::<f64>()) as f32;
    }
}

/// Noise between 700 Hz and 5 kHz or so, fading in and out.
fn hiss(out: &mut [f32], seed: u64, level: f32) {
    let high = Biquad { b0: 0.95, b1: -0.95, b2: 0.0, a1: -0.9, a2: 0.0 };
    let low = Biquad { b0: 0.4, b1: 0.0, b2: 0.0, a1: -0.6, a2: 0.0 };
    let mut audio = Buffer::from_mono(noise(seed, level, out.len()));
    let count = out.len();
    Cascade::new(&[high, low], Layout::Mono).run(&mut audio.block(count));
    for (n, (x, y)) in out.iter_mut().zip(audio.channel(0)).enumerate() {
        let edge = (n.min(count - n) as f32 / 1500.0).min(1.0);
        *x += edge * y;
    }
}

/// Two phrases with an "s" in each, a breath between them over the noise of a room; where phrases and breath lie.
fn take(hz: f64, level: f64) -> (Vec<f32>, [usize; 4]) {
    let places = [frames(1.5), frames(1.7), frames(2.1), frames(2.3)];
    let mut sound: Vec<f32> = noise(4, 0.0008 * level as f32, frames(3.8));
    for phrase in [0, places[3]] {
        sung(&mut sound[phrase..phrase + frames(0.7)], hz, level);
        hiss(&mut sound[phrase + frames(0.69)..phrase + frames(0.78)], 3, level as f32);
        sung(&mut sound[phrase + frames(0.77)..phrase + frames(1.5)], hz * 1.2, level);
    }
    hiss(&mut sound[places[1]..places[2]], 8, 0.15 * level as f32);
    (sound, places)
}

fn power_db(samples: &[f32]) -> f64 {
    10.0 * (samples.iter().map(|x| f64::from(x * x)).sum::<f64>() / samples.len() as f64).log10()
}

#[test]
fn breaths_fall_and_phrases_pass_bit_for_bit() {
    // High and low voices, loud and soft takes: a breath falls by the range (15.00 dB measured),
    // and of the phrases nothing changes.
    for hz in [110.0, 220.0, 440.0] {
        for level in [0.3, 0.02] {
            let (sound, places) = take(hz, level);
            let settings = Settings::new(&SPEC).with("range_db", 15.0);
            let mut processor = build(&settings);
            let late = processor.latency().0 as usize;
            let out = run(&mut *processor, &Buffer::from_mono(sound.clone()), &[512], &[]);
            let out = &out.channel(0)[late..];
            let breath = places[1]..places[2];
            let fallen = power_db(&sound[breath.clone()]) - power_db(&out[breath]);
            println!("{hz} Hz at {level}: the breath falls by {fallen:.2} dB");
            assert!((fallen - 15.0).abs() < 0.3, "{hz} Hz at {level}: {fallen}");
            // The last 100 ms of a phrase lie 12 dB or more below it, and come to nothing.
            for phrase in [frames(0.01)..places[0] - frames(0.1), places[3]..places[3] + frames(1.3)] {
                let differs = phrase.clone().find(|n| sound[*n].to_bits() != out[*n].to_bits());
                assert_eq!(differs, None, "{hz} Hz at {level}, of {phrase:?}");
            }
        }
    }
}

#[test]
fn the_hold_leaves_the_beginning_of_a_gap() {
    let (sound, places) = take(220.0, 0.3);
    let settings = Settings::new(&SPEC).with("range_db", 60.0).with("gap_range_db", 60.0).with("hold_ms", 300.0);
    let mut processor = build(&settings);
    let late = processor.latency().0 as usize;
    let out = run(&mut *processor, &Buffer::from_mono(sound.clone()), &[512], &[]);
    let out = &out.channel(0)[late..];
    let early = places[0]..places[0] + frames(0.2);
    assert_eq!(out[early.clone()], sound[early]);
    let breath = places[1] + frames(0.25)..places[2];
    assert!(power_db(&out[breath.clone()]) < power_db(&sound[breath]) - 50.0);
}

#[test]
fn breaths_and_gaps_have_a_depth_each() {
    // A breath of 0.4 s between two gaps of half a second over the noise of a room.
    let mut sound: Vec<f32> = noise(4, 0.0003, frames(4.4));
    for phrase in [0.0, 2.9] {
        sung(&mut sound[frames(phrase)..frames(phrase + 1.5)], 220.0, 0.3);
    }
    hiss(&mut sound[frames(2.0)..frames(2.4)], 8, 0.05);
    for (range, gap_range) in [(6.0, 20.0), (0.0, 24.0), (18.0, 3.0), (10.0, 10.0)] {
        let settings = Settings::new(&SPEC).with("range_db", range).with("gap_range_db", gap_range);
        let mut processor = build(&settings);
        let late = processor.latency().0 as usize;
        let mut out = run(&mut *processor, &Buffer::from_mono([&sound[..], &vec![0.0; late]].concat()), &[512], &[]);
        let out = &out.channel_mut(0)[late..];
        let fallen = |from: f64, to: f64| {
            let part = frames(from)..frames(to);
            power_db(&sound[part.clone()]) - power_db(&out[part])
        };
        let (first, breath, second) = (fallen(1.7, 1.9), fallen(2.05, 2.35), fallen(2.55, 2.8));
        println!("{range} and {gap_range} dB: gap {first:.2}, breath {breath:.2}, gap {second:.2}");
        for (found, asked) in [(first, gap_range), (breath, range), (second, gap_range)] {
            assert!((found - asked).abs() < 0.3, "{found} dB for {asked}");
        }
        for phrase in [frames(0.01)..frames(1.3), frames(2.91)..frames(4.2)] {
            assert_eq!(sound[phrase.clone()], out[phrase], "{range} and {gap_range} dB");
        }
    }
}
