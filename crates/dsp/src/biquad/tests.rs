//! The kernel against the plain program, and the response against what sounds.

use proptest::prelude::*;
use tonmeister_core::{Buffer, Layout};

use super::{Biquad, Cascade, tail_frames};
use crate::simd::Level;
use crate::testing::{noise, stereo_noise};

/// Stable sections with poles and zeros anywhere inside the unit circle.
fn sections(most: usize) -> impl Strategy<Value = Vec<Biquad>> {
    let root = (0.0..0.999_f64, 0.0..std::f64::consts::PI).prop_map(|(r, a)| (-2.0 * r * a.cos(), r * r));
    let section = (root.clone(), root).prop_map(|((b1, b2), (a1, a2))| {
        // Unity at the middle of the axis, so that long rows neither vanish nor explode.
        let free = Biquad { b0: 1.0, b1, b2, a1, a2 };
        let gain = 1.0 / free.magnitude(1.5).max(1e-3);
        Biquad { b0: gain, b1: b1 * gain, b2: b2 * gain, ..free }
    });
    prop::collection::vec(section, 1..most)
}

/// Direct form II, section by section, sample by sample.
fn plainly(sections: &[Biquad], audio: &[f32]) -> Vec<f64> {
    let mut wire: Vec<f64> = audio.iter().map(|x| f64::from(*x)).collect();
    for s in sections {
        let (mut w1, mut w2) = (0.0, 0.0);
        for x in &mut wire {
            let w = (*x - s.a2 * w2) - s.a1 * w1;
            *x = s.b0 * w + (s.b1 * w1 + s.b2 * w2);
            (w2, w1) = (w1, w);
        }
    }
    wire
}

fn bits(samples: &[f32]) -> Vec<u32> {
    samples.iter().map(|s| s.to_bits()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_level_and_every_block_length_gives_the_bits_of_the_plain_program(
        sections in sections(22),
        sizes in prop::collection::vec(1_usize..700, 1..6),
        seed in 0_u64..1000,
    ) {
        let input = stereo_noise(seed, 0.5, 1500);
        let expected: Vec<Vec<u32>> = (0..2)
            .map(|c| bits(&plainly(&sections, input.channel(c)).iter().map(|y| (y + 0.0) as f32).collect::<Vec<_>>()))
            .collect();
        for level in Level::all() {
            for layout in [Layout::Mono, Layout::Stereo] {
                let mut audio = match layout {
                    Layout::Mono => Buffer::from_mono(input.channel(0).to_vec()),
                    Layout::Stereo => input.clone(),
                };
                let mut cascade = Cascade::at_level(&sections, layout, level);
                let (mut at, mut sizes) = (0, sizes.iter().cycle());
                while at < 1500 {
                    let end = (at + sizes.next().unwrap()).min(1500);
                    cascade.run(&mut audio.block_range(at, end));
                    at = end;
                }
                for (channel, expected) in expected.iter().enumerate().take(layout.channels()) {
                    prop_assert_eq!(&bits(audio.channel(channel)), expected, "{:?} {:?}", level, layout);
                }
            }
        }
    }
}

fn resonance() -> Biquad {
    Biquad { b0: 0.5, b1: 0.1, b2: -0.3, a1: -1.2, a2: 0.81 }
}

#[test]
fn the_ways_to_run_agree() {
    let sections = [resonance(), resonance().inverse(), resonance()];
    let input = stereo_noise(3, 0.5, 3000);
    let mut played = input.clone();
    Cascade::new(&sections, Layout::Stereo).run(&mut played.block(3000));
    let mut wide = [vec![0.0; 3000], vec![0.0; 3000]];
    let [left, right] = &mut wide;
    Cascade::new(&sections, Layout::Stereo).run_to_f64(input.view(3000), &mut [left, right]);
    let mut sums = [0.0; 2];
    let mut meter = Cascade::new(&sections, Layout::Stereo);
    meter.add_squares(input.view(3000).part(0, 1234), &mut sums);
    meter.add_squares(input.view(3000).part(1234, 3000), &mut sums);
    for (channel, wide) in wide.iter().enumerate() {
        let narrow: Vec<f32> = wide.iter().map(|y| *y as f32).collect();
        assert_eq!(bits(&narrow), bits(played.channel(channel)));
        assert_eq!(sums[channel], wide.iter().map(|y| y * y).sum::<f64>());
    }
}

#[test]
fn a_reset_cascade_sounds_as_new() {
    let input = stereo_noise(5, 0.5, 777);
    let mut cascade = Cascade::new(&[resonance()], Layout::Stereo);
    let (mut first, mut second) = (input.clone(), input);
    cascade.run(&mut first.block(777));
    cascade.reset();
    cascade.run(&mut second.block(777));
    assert_eq!(first, second);
}

#[test]
fn magnitude_and_phase_are_those_of_the_impulse_response() {
    let section = resonance();
    let mut impulse = vec![0.0_f32; 600];
    impulse[0] = 1.0;
    let response = plainly(&[section], &impulse);
    for radians in [0.0, 0.001, 0.3, 1.0, 2.0, 3.1] {
        let sum = |f: fn(f64) -> f64| response.iter().enumerate().map(|(n, y)| y * f(radians * n as f64)).sum::<f64>();
        let (real, imaginary) = (sum(f64::cos), -sum(f64::sin));
        assert!((section.magnitude(radians) - real.hypot(imaginary)).abs() < 1e-12);
        let apart = (section.phase(radians) - imaginary.atan2(real)).rem_euclid(std::f64::consts::TAU);
        assert!(apart.min(std::f64::consts::TAU - apart) < 1e-12, "at {radians}: {apart}");
    }
}

#[test]
fn stability_is_told_by_the_poles() {
    assert!(resonance().is_stable());
    assert!(!Biquad { a2: 1.0, ..resonance() }.is_stable());
    assert!(!Biquad { a1: -2.0, ..resonance() }.is_stable());
    assert!(!Biquad { b0: f64::NAN, ..resonance() }.is_stable());
    assert!((resonance().pole_radius() - 0.9).abs() < 1e-12);
    assert!((Biquad { a1: -1.3, a2: 0.4, ..resonance() }.pole_radius() - 0.8).abs() < 1e-12);
}

#[test]
fn the_tail_is_long_enough_and_not_three_times_too_long() {
    let sharp = Biquad { b0: 0.01, b1: 0.0, b2: 0.0, a1: -1.98, a2: 0.9802 };
    for sections in [vec![resonance()], vec![sharp], vec![sharp; 6], vec![resonance(), sharp, resonance().inverse()]] {
        let mut impulse = vec![0.0_f32; 40_000];
        impulse[0] = 1.0;
        let response = plainly(&sections, &impulse);
        let last = response.iter().rposition(|y| y.abs() > 1e-6).unwrap() as u64;
        let tail = tail_frames(&sections);
        assert!(tail > last && tail < 3 * last + 20, "{tail} for {last}");
    }
    assert_eq!(tail_frames(&[Biquad::IDENTITY]), 0);
}

#[test]
fn silence_after_sound_does_not_end_in_denormals() {
    let mut cascade = Cascade::new(&[Biquad { a1: -1.9, a2: 0.903, ..resonance() }], Layout::Mono);
    let mut audio = Buffer::from_mono(noise(1, 0.5, 1000));
    cascade.run(&mut audio.block(1000));
    let mut silence = Buffer::new(Layout::Mono, 20_000);
    cascade.run(&mut silence.block(20_000));
    assert!(silence.channel(0)[19_000..].iter().all(|y| *y == 0.0));
    let mut states = [0.0; 2];
    cascade.add_squares(Buffer::new(Layout::Mono, 512).view(512), &mut states);
    assert_eq!(states[0], 0.0);
}
