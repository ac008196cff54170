use tonmeister_core::{Effect, Layout, Processor, Settings, Stream};

use super::super::probe::{ratio_db, strings, through};
use super::Declip;
use crate::testing::{assert_block_size_does_not_matter, sine, spread};

fn stream(layout: Layout) -> Stream {
    Stream { sample_rate: 48_000, layout, max_block: 4096, seed: 0 }
}

fn declip(settings: &[(&str, f64)], layout: Layout) -> Box<dyn Processor> {
    let settings = settings.iter().fold(Settings::new(Declip::SPEC), |all, (id, value)| all.with(id, *value));
    Declip::from_settings(&settings).build(&stream(layout)).unwrap()
}

/// Clipped so far that the sound stands that many decibels over what is lost; and the level.
pub(in super::super) fn clipped(sound: &[f32], ratio: f64) -> (Vec<f32>, f32) {
    let (mut low, mut high) = (0.0, sound.iter().fold(0.0_f32, |most, x| most.max(x.abs())));
    let at = |level: f32| sound.iter().map(|x| x.clamp(-level, level)).collect::<Vec<f32>>();
    for _ in 0..40 {
        let level = 0.5 * (low + high);
        if ratio_db(sound, &at(level)) > ratio { high = level } else { low = level }
    }
    (at(high), high)
}

/// By how much strings come nearer to the original.
fn gain_db(ratio: f64) -> f64 {
    let sound = strings(21, 48_000, 48_000);
    let (clipped, _) = clipped(&sound, ratio);
    let gain = ratio_db(&sound, &through(&mut *declip(&[], Layout::Mono), &clipped)) - ratio;
    eprintln!("from {ratio} dB: {gain:.1} dB nearer");
    gain
}

/// The survey has published 21.1 dB for its ten recordings, after thousands of iterations; 19.7 was measured on the
/// same ten with this (`good`), 1.4 dB less. Here, on strings that are made up: 23.6.
#[test]
fn light_clipping_is_restored() {
    assert!(gain_db(15.0) > 22.0);
}

/// There 17.7, and 16.5 with this, 1.2 dB less; here 16.0.
#[test]
fn moderate_clipping_is_restored() {
    assert!(gain_db(7.0) > 15.0);
}

/// There 15.0, and 13.5 with this, 1.5 dB less; here 10.9.
#[test]
fn hard_clipping_is_lessened() {
    assert!(gain_db(3.0) > 10.0);
}

#[test]
fn a_sine_gets_its_crest_back() {
    let clipped: Vec<f32> = sine(500.0, 1.2, 48_000, 48_000).iter().map(|x| x.clamp(-0.8, 0.8)).collect();
    let restored = through(&mut *declip(&[], Layout::Mono), &clipped);
    let peak = restored[10_000..20_000].iter().fold(0.0_f32, |peak, x| peak.max(x.abs()));
    eprintln!("sine: {peak}");
    assert!((peak - 1.2).abs() < 0.1, "{peak}");
}

#[test]
fn what_is_right_stays_and_what_was_clipped_lies_beyond() {
    let (clipped, level) = clipped(&strings(23, 48_000, 40_000), 7.0);
    let restored = through(&mut *declip(&[], Layout::Mono), &clipped);
    for (x, y) in clipped.iter().zip(&restored) {
        if x.abs() < 0.999 * level {
            assert_eq!(x.to_bits(), y.to_bits());
        } else {
            assert!(y.abs() >= 0.999 * level && y * x > 0.0, "{x} became {y}");
        }
    }
    assert!(clipped.iter().zip(&restored).any(|(x, y)| y.abs() > 1.5 * x.abs()));
}

/// Asked: no false positive on sines.
#[test]
fn what_was_not_clipped_comes_out_to_the_bit() {
    let mut sounds = vec![strings(25, 48_000, 48_000)];
    for hz in [20.0, 55.0, 997.0, 6000.0, 12_000.0] {
        sounds.push(sine(hz, 1.0, 48_000, 48_000));
        // In 16 bits.
        sounds.push(sine(hz, 0.9, 48_000, 48_000).iter().map(|x| (x * 32768.0).round() / 32768.0).collect());
    }
    for sound in sounds {
        let out = through(&mut *declip(&[], Layout::Mono), &sound);
        let changed = sound.iter().zip(&out).filter(|(a, b)| a.to_bits() != b.to_bits()).count();
        assert_eq!(changed, 0);
    }
}

#[test]
fn the_output_is_turned_down() {
    let sound = strings(27, 48_000, 24_000);
    let out = through(&mut *declip(&[("output_db", -6.0206)], Layout::Mono), &sound);
    assert!(sound.iter().zip(&out).all(|(a, b)| (0.5 * a - b).abs() < 1e-6));
}

#[test]
fn blocks_do_not_matter() {
    // At a low rate all is shorter.
    let (clipped, level) = clipped(&strings(29, 8000, 34_000), 10.0);
    let level_db = 20.0 * f64::from(0.9999 * level).log10();
    let settings = [("level", 1.0), ("level_db", level_db), ("quality", 2.0)];
    let settings = settings.iter().fold(Settings::new(Declip::SPEC), |all, (id, value)| all.with(id, *value));
    let stream = Stream { sample_rate: 8000, layout: Layout::Mono, max_block: 4096, seed: 0 };
    let make = || Declip::from_settings(&settings).build(&stream).unwrap();
    let heard = 34_000 - make().latency().0 as usize;
    let restored = through(&mut *make(), &clipped);
    assert!(restored[..heard].iter().zip(&clipped).any(|(y, x)| y.abs() > 1.2 * x.abs()));
    assert_block_size_does_not_matter(make, &spread(&clipped, Layout::Mono), &[]);
}

/// 60 iterations end at 12.3 dB, 300 at 13.9.
#[test]
fn more_iterations_come_nearer() {
    let sound = strings(21, 48_000, 48_000);
    let (clipped, _) = clipped(&sound, 3.0);
    let ratio = |quality| ratio_db(&sound, &through(&mut *declip(&[("quality", quality)], Layout::Mono), &clipped));
    let (draft, good) = (ratio(2.0), ratio(0.0));
    eprintln!("draft {draft:.1} dB, good {good:.1} dB");
    assert!(good > draft + 1.0);
}
