use tonmeister_core::{Effect, Layout, Processor, Settings, Stream};

use super::super::probe::{ratio_db, strings, through};
use super::{Ceiling, Declip};
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

/// The survey has published 21.1 dB for its ten recordings, after thousands of iterations; 20.8 was measured on the
/// same ten with this (`good`), 0.3 dB less. Here, on strings that are made up: 23.4.
#[test]
fn light_clipping_is_restored() {
    assert!(gain_db(15.0) > 22.8);
}

/// There 17.7, and 16.8 with this, 0.9 dB less; here 16.6.
#[test]
fn moderate_clipping_is_restored() {
    assert!(gain_db(7.0) > 16.0);
}

/// There 15.0, and 14.2 with this, 0.8 dB less; here 12.4.
#[test]
fn hard_clipping_is_lessened() {
    assert!(gain_db(3.0) > 11.8);
}

/// A take that ends in the middle of a clipped crest is restored to its end: what is silent because there is no more of it is not
/// known to be silent.
#[test]
fn a_sound_that_is_cut_off_is_restored_to_its_end() {
    let sound = strings(21, 48_000, 64_000);
    let (clipped, _) = clipped(&sound, 7.0);
    let from = 40_000;
    let crest = (50_000..56_000).max_by(|a, b| sound[*a].abs().total_cmp(&sound[*b].abs())).unwrap();
    let whole = through(&mut *declip(&[], Layout::Mono), &clipped);
    let alone = through(&mut *declip(&[], Layout::Mono), &clipped[..=crest]);
    let [whole, alone] = [&whole, &alone].map(|found| ratio_db(&sound[from..=crest], &found[from..=crest]));
    eprintln!("in the middle of its sound {whole:.1} dB, cut off {alone:.1} dB");
    assert!(alone > whole - 3.0, "{alone} instead of {whole}");
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

/// Whether a level is found anywhere in a sound.
pub(in super::super) fn has_level(sound: &[f32]) -> bool {
    let mut ceiling = Ceiling::new(super::MEMORY);
    sound.chunks_exact(2048).any(|hop| ceiling.hear(hop).iter().any(|level| level.is_found()))
}

/// Strokes on a bar of metal, each lower than the one before, which fade between them.
fn strokes(frames: usize) -> Vec<f32> {
    let mut sound = vec![0.0; frames];
    for (k, start) in (0..frames).step_by(48_000).enumerate() {
        for (n, out) in sound[start..].iter_mut().enumerate() {
            let seconds = n as f64 / 48_000.0;
            let part = |hz: f64, decay: f64| (-decay * seconds).exp() * (std::f64::consts::TAU * hz * seconds).sin();
            let stroke = part(1567.0, 5.0) + 0.5 * part(4301.0, 9.0) + 0.25 * part(7919.0, 14.0);
            *out += (0.5 * 0.8_f64.powi(k as i32) * stroke) as f32;
        }
    }
    sound
}

/// The found level restores as much as the true one (39.4 and 39.5 dB here), though it is lost and found again on
/// either side by itself.
#[test]
fn a_found_level_is_as_good_as_a_known_one() {
    let sound = strokes(240_000);
    let (clipped, level) = clipped(&sound, 15.0);
    let ratio = |settings: &[(&str, f64)]| {
        let settings = [settings, &[("quality", 2.0)]].concat();
        ratio_db(&sound, &through(&mut *declip(&settings, Layout::Mono), &clipped))
    };
    let level_db = 20.0 * f64::from(0.9999 * level).log10();
    let (found, known) = (ratio(&[]), ratio(&[("level", 1.0), ("level_db", level_db)]));
    eprintln!("level found {found:.2} dB, known {known:.2} dB");
    assert!(found > known - 0.1 && known > 38.0);
}

#[test]
fn a_level_stands_as_long_as_nothing_is_louder() {
    let top = |peak: f32, flat: bool| {
        let wave = sine(441.0, if flat { 1.5 * f64::from(peak) } else { 0.9 * f64::from(peak) }, 48_000, 2048);
        wave.iter().map(|x| x.clamp(-peak, peak)).collect::<Vec<f32>>()
    };
    let single = |peak: f32| {
        let mut wave = top(peak, false);
        wave[1000] = peak;
        wave
    };
    let far = |ceiling: &mut Ceiling| {
        for _ in 0..20 {
            ceiling.hear(&[0.001; 2048]);
        }
    };
    let mut ceiling = Ceiling::new(super::MEMORY);
    assert!(!ceiling.hear(&single(0.5))[0].is_found());
    let [above, below] = ceiling.hear(&top(0.5, true));
    assert!(above.is_found() && below.is_found() && (above.from - 0.5).abs() < 1e-4);
    // Long after, one sample is enough, on its side; a little less or more is not.
    far(&mut ceiling);
    let [above, below] = ceiling.hear(&single(0.5));
    assert!(above.is_found() && !below.is_found());
    far(&mut ceiling);
    assert!(!ceiling.hear(&single(0.4995))[0].is_found());
    far(&mut ceiling);
    assert!(!ceiling.hear(&single(0.6))[0].is_found());
}

/// Where flat tops are found, louder sound before them was not cut at their level.
#[test]
fn what_was_louder_before_stays() {
    let sound = strings(31, 8000, 34_000);
    let (mut clipped, level) = clipped(&sound, 7.0);
    clipped[..8000].copy_from_slice(&sound[..8000].iter().map(|x| 3.0 * x).collect::<Vec<_>>());
    let stream = Stream { sample_rate: 8000, layout: Layout::Mono, max_block: 4096, seed: 0 };
    let mut declip = Declip::from_settings(&Settings::new(Declip::SPEC).with("quality", 2.0)).build(&stream).unwrap();
    let out = through(&mut *declip, &clipped);
    let last = clipped.iter().rposition(|x| x.abs() > 1.01 * level).unwrap();
    assert!((6000..8000).contains(&last));
    assert!(out[..=last].iter().zip(&clipped).all(|(y, x)| y.to_bits() == x.to_bits()));
    assert!(out[20_000..].iter().zip(&clipped[20_000..]).any(|(y, x)| y.abs() > 1.2 * x.abs()));
}

/// In few bits the crest of a slow wave is flat, and was not clipped.
#[test]
fn coarse_crests_are_not_taken_for_flat_tops() {
    for (bits, hz) in [(8, 40.0), (8, 200.0), (12, 60.0), (16, 30.0)] {
        for peak in [0.02, 0.3] {
            let scale = 2_f32.powi(bits - 1);
            let sound: Vec<f32> = sine(hz, peak, 48_000, 96_000).iter().map(|x| (x * scale).round() / scale).collect();
            assert!(!has_level(&sound), "{bits} bits, {hz} Hz, {peak}");
        }
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

/// 60 iterations end at 13.4 dB, 300 at 14.7.
#[test]
fn more_iterations_come_nearer() {
    let sound = strings(21, 48_000, 48_000);
    let (clipped, _) = clipped(&sound, 3.0);
    let ratio = |quality| ratio_db(&sound, &through(&mut *declip(&[("quality", quality)], Layout::Mono), &clipped));
    let (draft, good) = (ratio(2.0), ratio(0.0));
    eprintln!("draft {draft:.1} dB, good {good:.1} dB");
    assert!(good > draft + 1.0);
}
