use std::f64::consts::PI;

use tonmeister_core::{Buffer, Layout};
use tonmeister_dsp::biquad::{Biquad, Cascade};
use tonmeister_dsp::testing::{noise, sine};

use super::*;

const RATE: u32 = 48_000;

/// The sound so many frames later, by a windowed sinc of 96 taps.
fn delayed(sound: &[f32], delay: f64) -> Vec<f32> {
    let whole = delay.floor();
    let part = delay - whole;
    let taps: Vec<f64> = (-48..48)
        .map(|n| {
            let x = f64::from(n) - part;
            let sinc = if x.abs() < 1e-9 { 1.0 } else { (PI * x).sin() / (PI * x) };
            sinc * (0.5 + 0.5 * (PI * x / 49.0).cos())
        })
        .collect();
    let get = |n: isize| if n >= 0 { sound.get(n as usize).map_or(0.0, |x| f64::from(*x)) } else { 0.0 };
    (0..sound.len() as isize)
        .map(|n| {
            let from = n - whole as isize;
            taps.iter().enumerate().map(|(i, tap)| tap * get(from - (i as isize - 48))).sum::<f64>() as f32
        })
        .collect()
}

fn with_noise(sound: &[f32], gain: f32, seed: u64, noise_peak: f32) -> Vec<f32> {
    sound.iter().zip(noise(seed, noise_peak, sound.len())).map(|(x, n)| gain * x + n).collect()
}

fn filtered(sound: &[f32], sections: &[Biquad]) -> Vec<f32> {
    let mut audio = Buffer::from_mono(sound.to_vec());
    let frames = audio.frames();
    Cascade::new(sections, Layout::Mono).run(&mut audio.block(frames));
    audio.channel(0).to_vec()
}

/// A one-pole low-pass.
fn dull(part: f64) -> Biquad {
    Biquad { b0: part, b1: 0.0, b2: 0.0, a1: part - 1.0, a2: 0.0 }
}

#[test]
fn delays_are_right_to_a_tenth_of_a_frame_and_polarity_always() {
    // Asked: ±0.1 frames at 20 dB, polarity always. Reached: 0.003 frames.
    let mut worst = 0.0_f64;
    for (n, delay) in [0.0_f64, 0.5, -0.25, 7.3, -31.77, 144.0, 480.61, -1200.4].into_iter().enumerate() {
        let sound = noise(n as u64 + 1, 0.5, 40_000);
        let late = delayed(&sound, delay.max(0.0));
        let early = delayed(&sound, (-delay).max(0.0));
        for gain in [0.4, -0.4] {
            let first = with_noise(&early, 1.0, 80 + n as u64, 0.05);
            let second = with_noise(&late, gain, 90 + n as u64, 0.02);
            let found = align(&first, &second, RATE, AlignOptions::default());
            worst = worst.max((found.delay_frames - delay).abs());
            assert_eq!(found.polarity == Polarity::Turned, gain < 0.0, "{delay}: {found:?}");
            assert!(found.confidence > 0.6, "{delay}: {found:?}");
        }
    }
    println!("delay: {worst:.4} frames");
    assert!(worst < 0.1, "{worst}");
}

#[test]
fn other_microphones_are_no_other_delay() {
    // One dull and one with a presence peak, over a dark sound: the filters' own delays are all that is left,
    // 0.05 frames.
    let dark = filtered(&noise(4, 0.5, 96_000), &[dull(0.1)]);
    let peak = Biquad { b0: 1.3, b1: -1.5, b2: 0.6, a1: -1.5, a2: 0.9 };
    let first = with_noise(&filtered(&dark, &[dull(0.7)]), 1.0, 11, 0.002);
    let second = with_noise(&filtered(&delayed(&dark, 96.0), &[peak]), -0.5, 12, 0.002);
    let found = align(&first, &second, RATE, AlignOptions::default());
    println!("two microphones: {found:?}");
    assert!((found.delay_frames - 96.0).abs() < 1.5 && found.polarity == Polarity::Turned, "{found:?}");
    assert!(found.confidence > 0.4, "{found:?}");
}

#[test]
fn unrelated_sounds_held_notes_and_silence_are_not_believed() {
    let (a, b) = (noise(1, 0.5, 96_000), noise(2, 0.5, 96_000));
    let unrelated = align(&a, &b, RATE, AlignOptions::default());
    assert!(unrelated.confidence < 0.3, "{unrelated:?}");
    let note = with_noise(&sine(440.0, 0.5, RATE, 96_000), 1.0, 3, 1e-5);
    let later = with_noise(&sine(440.0, 0.5, RATE, 96_500)[500..], 1.0, 4, 1e-5);
    let held = align(&note, &later, RATE, AlignOptions::default());
    assert!(held.confidence < 0.3, "{held:?}");
    let silent = align(&a, &vec![0.0; 96_000], RATE, AlignOptions::default());
    assert_eq!(silent.confidence, 0.0);
    assert_eq!(align(&[], &[], RATE, AlignOptions::default()).confidence, 0.0);
}

#[test]
fn pieces_do_not_matter_and_what_is_no_number_is_nothing() {
    let mut sound = noise(8, 0.5, 60_000);
    let second = delayed(&sound, 40.5);
    sound[30_000] = f32::NAN;
    sound[30_001] = f32::INFINITY;
    let whole = align(&sound, &second, 44_100, AlignOptions::default());
    let mut aligner = Aligner::new(44_100, AlignOptions::default());
    for (a, b) in sound.chunks(777).zip(second.chunks(777)) {
        aligner.feed(a, b);
    }
    assert_eq!(aligner.finish(), whole);
    assert!((whole.delay_frames - 40.5).abs() < 0.1, "{whole:?}");
}

#[test]
fn short_strokes_between_silence_are_enough() {
    // A snare in two microphones: 200 ms of noise that dies away, once a second.
    let mut sound = vec![0.0; 3 * RATE as usize];
    for at in [0, 50_000, 99_000] {
        for (n, x) in noise(at as u64 + 3, 0.8, 9600).into_iter().enumerate() {
            sound[at + n] = x * (-(n as f32) / 1500.0).exp();
        }
    }
    let second = with_noise(&delayed(&sound, 212.4), -0.2, 5, 0.001);
    let found = align(&sound, &second, RATE, AlignOptions::default());
    assert!((found.delay_frames - 212.4).abs() < 0.1 && found.polarity == Polarity::Turned, "{found:?}");
}
