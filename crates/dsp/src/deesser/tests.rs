//! The figures that a de-esser must reach.

use std::f64::consts::TAU;

use tonmeister_core::{Buffer, Effect, Event, Layout, Processor, Settings, Stream, View};

use super::DeEsser;
use crate::crossover::{Bands, Crossover, Phase, Slope};
use crate::testing::{assert_block_size_does_not_matter, noise, run, sine, stereo_noise};

const RATE: u32 = 48_000;
/// A syllable: a vowel, an s, a vowel.
const VOWEL: usize = 14_400;
const HISS: usize = 7200;
const FRAMES: usize = 2 * VOWEL + HISS;

fn settings(values: &[(&str, f64)]) -> Settings {
    values.iter().fold(Settings::new(DeEsser::SPEC), |settings, (id, value)| settings.with(id, *value))
}

fn build(settings: &Settings, layout: Layout) -> Box<dyn Processor> {
    let stream = Stream { sample_rate: RATE, layout, max_block: 4096, seed: 1 };
    DeEsser::from_settings(settings).build(&stream).unwrap()
}

/// Through the effect, the latency taken off.
fn through(settings: &Settings, x: &[f32]) -> Vec<f32> {
    let mut processor = build(settings, Layout::Mono);
    let late = processor.latency().0 as usize;
    let mut input = x.to_vec();
    input.extend(vec![0.0; late]);
    run(&mut *processor, &Buffer::from_mono(input), &[512], &[]).channel(0)[late..].to_vec()
}

/// Harmonics of 150 Hz that fall by 12 dB per octave, with a hissing stretch of 5 to 9 kHz instead in the middle.
fn syllable(level: f32) -> Vec<f32> {
    let mut crossover = Crossover::new(&[5000.0, 9000.0], Slope::Db48, Phase::Minimum, RATE, Layout::Mono);
    let mut bands = Bands::new(3, FRAMES);
    crossover.split(View::mono(&noise(7, 0.6, FRAMES)), &mut bands);
    let vowel = |n: usize| {
        let harmonic = |h: u32| (TAU * 150.0 * f64::from(h) * n as f64 / f64::from(RATE)).sin() / f64::from(h * h);
        (1..60).map(harmonic).sum::<f64>() * 0.3
    };
    let hiss = |n: usize| {
        // In and out within 10 ms.
        let edge = |n: usize| 0.5 - 0.5 * (std::f64::consts::PI * (n as f64 / 480.0).min(1.0)).cos();
        if (VOWEL..VOWEL + HISS).contains(&n) { edge(n - VOWEL) * edge(VOWEL + HISS - n) } else { 0.0 }
    };
    (0..FRAMES).map(|n| level * (vowel(n) * (1.0 - hiss(n)) + bands.channel(1, 0)[n] * hiss(n)) as f32).collect()
}

fn change_db(x: &[f32], y: &[f32], from: usize, to: usize) -> f64 {
    let power = |x: &[f32]| x[from..to].iter().map(|x| f64::from(*x).powi(2)).sum::<f64>();
    10.0 * (power(y) / power(x)).log10()
}

#[test]
fn sibilants_go_down_alike_at_every_level_and_vowels_stay() {
    // Asked: the same within ±0.5 dB over 20 dB, the rest within ±0.2 dB. Measured: within 0.01 dB, and 0.001 dB.
    for mode in [0.0, 1.0] {
        let settings = settings(&[("mode", mode)]);
        let measured = [1.0, 0.3, 0.1].map(|level| {
            let x = syllable(level);
            let y = through(&settings, &x);
            let hiss = change_db(&x, &y, VOWEL + 480, VOWEL + HISS - 480);
            // The vowels, 10 ms off the s before and 100 ms behind it.
            let before = change_db(&x, &y, 4800, VOWEL - 480);
            let behind = change_db(&x, &y, VOWEL + HISS + 4800, FRAMES);
            println!("mode {mode} at {level}: s {hiss:.2} dB, vowels {before:+.3} and {behind:+.3} dB");
            assert!(hiss < -5.0 && before.abs() < 0.2 && behind.abs() < 0.2);
            hiss
        });
        assert!(measured.iter().all(|hiss| (hiss - measured[0]).abs() < 0.5), "{measured:?}");
    }
}

#[test]
fn what_exceeds_the_threshold_is_taken_away() {
    // A tone in the band beside a hum: the level of the band against the whole is known. Asked: 0.3 dB.
    for (ratio, threshold) in [(1.0_f64, -10.0), (0.5, -12.0), (0.1, -12.0), (3.0, -20.0)] {
        // What the crossover's two flanks leave of the tone, in closed form.
        let tan = |hz: f64| (std::f64::consts::PI * hz / f64::from(RATE)).tan();
        let kept = |below: f64, above: f64| 1.0 / (1.0 + (tan(below) / tan(above)).powi(8));
        let band = kept(4500.0, 7070.0) * kept(7070.0, 11_000.0);
        let over = 10.0 * ((ratio * band).powi(2) / (1.0 + ratio * ratio)).log10() - threshold;
        let asked = if over < -2.0 { 0.0 } else { over.min(12.0) };
        let expected = -20.0 * (1.0 - (1.0 - 10_f64.powf(-asked / 20.0)) * band).log10();
        let settings = settings(&[("threshold_db", threshold), ("range_db", 12.0), ("attack_ms", 5.0)]);
        let hum = sine(300.0, 0.1, RATE, 48_000);
        let tone = sine(7070.0, 0.1 * ratio, RATE, 48_000);
        let x: Vec<f32> = hum.iter().zip(&tone).map(|(a, b)| a + b).collect();
        let y = through(&settings, &x);
        let line = |x: &[f32]| {
            let (mut re, mut im) = (0.0, 0.0);
            for (n, x) in x[24_000..].iter().enumerate() {
                let (sin, cos) = (TAU * 7070.0 * n as f64 / f64::from(RATE)).sin_cos();
                re += f64::from(*x) * cos;
                im += f64::from(*x) * sin;
            }
            re.hypot(im)
        };
        let taken = -20.0 * (line(&y) / line(&x)).log10();
        assert!((taken - expected).abs() < 0.3, "{ratio} over {threshold} dB: {taken:.2} dB, not {expected}");
    }
}

#[test]
fn looking_ahead_catches_the_beginning() {
    let onset = |lookahead: f64| {
        let mut x = sine(200.0, 0.3, RATE, FRAMES);
        x[VOWEL..].copy_from_slice(&sine(7000.0, 0.3, RATE, FRAMES - VOWEL));
        let y = through(&settings(&[("lookahead_ms", lookahead), ("mode", 1.0)]), &x);
        change_db(&x, &y, VOWEL, VOWEL + 96)
    };
    let (blind, ahead) = (onset(0.0), onset(8.0));
    assert!(blind > -3.0 && ahead < blind - 3.0, "{blind:.1} and {ahead:.1} dB");
}

#[test]
fn an_idle_bell_is_the_input() {
    let mut x = noise(3, 0.5, 20_000);
    x.iter_mut().enumerate().for_each(|(n, x)| *x *= 0.01 * (n % 7) as f32);
    assert!(through(&settings(&[("mode", 1.0), ("range_db", 0.0)]), &x) == x);
}

#[test]
fn a_bell_is_as_deep_and_as_wide_as_its_band() {
    // The same reduction of 12 dB throughout, by a threshold that white noise always exceeds.
    let values = [("mode", 1.0), ("range_db", 12.0), ("threshold_db", -40.0), ("low_hz", 5000.0), ("high_hz", 9000.0)];
    let x = noise(4, 0.5, 1 << 16);
    let y = through(&settings(&values), &x);
    let level = |hz: f64| {
        // Power in a narrow band about it, by three hundred lines.
        let power = |x: &[f32]| {
            (0..60)
                .map(|k| {
                    let turn = TAU * (hz + f64::from(k) * 3.0 - 90.0) / f64::from(RATE);
                    let sum = x[8000..].iter().enumerate().fold((0.0, 0.0), |(re, im), (n, x)| {
                        let (sin, cos) = (turn * n as f64).sin_cos();
                        (re + f64::from(*x) * cos, im + f64::from(*x) * sin)
                    });
                    sum.0 * sum.0 + sum.1 * sum.1
                })
                .sum::<f64>()
        };
        10.0 * (power(&y) / power(&x)).log10()
    };
    let (middle, edge, far) = (level(6708.0), level(5000.0), level(500.0));
    // At the edge the band-pass is 0.5 + 0.5j: |1 + (0.251 − 1)(0.5 + 0.5j)| is −2.8 dB.
    assert!((middle + 12.0).abs() < 0.3 && (edge + 2.8).abs() < 0.5 && far.abs() < 0.1, "{middle} {edge} {far}");
}

#[test]
fn the_link_joins_the_sides() {
    let (hum, whistle) = (sine(300.0, 0.3, RATE, 48_000), sine(7000.0, 0.3, RATE, 48_000));
    let quiet: Vec<f32> = hum.iter().zip(&whistle).map(|(a, b)| a + 0.05 * b).collect();
    for (link, expected) in [(100.0, -8.0), (0.0, 0.0)] {
        let settings = settings(&[("link_percent", link), ("mode", 1.0)]);
        let input = Buffer::from_stereo(quiet.clone(), whistle.clone());
        let mut processor = build(&settings, Layout::Stereo);
        let out = run(&mut *processor, &input, &[512], &[]);
        // The second difference hears only the whistle.
        let high = |x: &[f32]| x[24_000..].windows(3).map(|w| f64::from(w[2] - 2.0 * w[1] + w[0]).powi(2)).sum::<f64>();
        let change = 10.0 * (high(out.channel(0)) / high(&quiet)).log10();
        assert!((change - expected).abs() < 0.6, "link {link}: {change:.2} dB");
        assert!((processor.gain_reduction().unwrap().now_db - 8.0).abs() < 0.01);
    }
}

#[test]
fn listening_is_the_band() {
    let x = noise(5, 0.5, 9600);
    let listened = through(&settings(&[("listen", 1.0)]), &x);
    let mut bands = Bands::new(3, 9600);
    Crossover::new(&[4500.0, 11_000.0], Slope::Db48, Phase::Minimum, RATE, Layout::Mono)
        .split(View::mono(&x), &mut bands);
    assert!(listened.iter().zip(bands.channel(1, 0)).all(|(a, b)| (f64::from(*a) - b).abs() < 1e-6));
}

#[test]
fn block_sizes_do_not_matter() {
    let input = stereo_noise(8, 0.5, 9000);
    for mode in [0.0, 1.0] {
        let settings = settings(&[("mode", mode), ("link_percent", 40.0)]);
        let event = |param: &str, at: u32, value: f64, glide: u32| Event {
            at,
            param: settings.index_of(param).unwrap(),
            value,
            glide,
        };
        let events = [
            event("threshold_db", 100, -30.0, 1000),
            event("low_hz", 1501, 3000.0, 0),
            event("listen", 2000, 1.0, 0),
            event("release_ms", 2500, 200.0, 777),
            event("listen", 4000, 0.0, 0),
            event("range_db", 5000, 20.0, 0),
            event("link_percent", 5003, 100.0, 0),
        ];
        assert_block_size_does_not_matter(|| build(&settings, Layout::Stereo), &input, &events);
    }
}
