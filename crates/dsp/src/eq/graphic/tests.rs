use tonmeister_core::{Event, Layout, ParamIndex};

use super::*;
use crate::eq::row::Design;
use crate::modulation::bench::{assert_house_rules, assert_no_zipper};
use crate::testing::{run, stereo_noise};

fn centers(spec: &'static EffectSpec) -> Vec<f64> {
    if spec.id == "graphic" {
        (-5..=4).map(|n| 1000.0 * 10f64.powf(0.3 * f64::from(n))).collect()
    } else {
        (-17..=13).map(|n| 1000.0 * 10f64.powf(0.1 * f64::from(n))).collect()
    }
}

fn set(spec: &'static EffectSpec, levels: &[f64]) -> Settings {
    let mut settings = Settings::new(spec);
    for (n, level) in levels.iter().enumerate() {
        settings.set_at(ParamIndex(n as u32), *level).unwrap();
    }
    settings
}

/// Alternating, all up, one alone, one of every kind of ramp, and a hundred at random: half of them all or nothing.
fn patterns(count: usize) -> Vec<Vec<f64>> {
    let of = |level: &dyn Fn(usize) -> f64| (0..count).map(level).collect::<Vec<_>>();
    let mut patterns = vec![
        of(&|n| if n % 2 == 0 { 12.0 } else { -12.0 }),
        of(&|n| if n % 2 == 1 { 12.0 } else { -12.0 }),
        of(&|n| if n % 4 < 2 { 12.0 } else { -12.0 }),
        of(&|_| 12.0),
        of(&|_| -12.0),
        of(&|n| if n == count / 2 { 12.0 } else { 0.0 }),
        of(&|n| if n + 1 == count { -12.0 } else { 0.0 }),
        of(&|n| 24.0 * n as f64 / (count - 1) as f64 - 12.0),
    ];
    let random = stereo_noise(11, 1.0, 100 * count);
    for (n, draw) in random.channel(0).chunks_exact(count).enumerate() {
        let level = |x: f32| if n % 2 == 0 { 12.0 * f64::from(x) } else { 12_f64.copysign(f64::from(x)) };
        patterns.push(draw.iter().map(|x| level(*x)).collect());
    }
    patterns
}

#[test]
fn the_response_goes_through_every_fader() {
    // Asked: 0.3 dB for ten bands, 0.5 dB for thirty-one. Reached: 0.004 and 0.006 dB at every rate. Between two
    // centers it strays from their mean by 1.1 and 1.5 dB at most (it passes through in a curve).
    for (spec, limit, strays) in [(&OCTAVES, 0.01, 1.2), (&THIRDS, 0.01, 1.7)] {
        let centers = centers(spec);
        let between: Vec<f64> = centers.windows(2).map(|pair| (pair[0] * pair[1]).sqrt()).collect();
        for rate in [44_100, 48_000, 96_000, 192_000] {
            let (mut worst, mut strayed) = (0.0_f64, 0.0_f64);
            let mut bank = bank(spec, f64::from(rate));
            for levels in patterns(centers.len()) {
                let sections = row::sections(&mut bank, &levels);
                let miss = row::response(&sections, 0.0, f64::from(rate), &centers);
                let miss = miss.iter().zip(&levels).map(|(got, level)| (got - level).abs());
                worst = miss.fold(worst, f64::max);
                let middles = row::response(&sections, 0.0, f64::from(rate), &between);
                let means = levels.windows(2).map(|pair| 0.5 * (pair[0] + pair[1]));
                strayed = middles.iter().zip(means).map(|(got, mean)| (got - mean).abs()).fold(strayed, f64::max);
            }
            println!("{} at {rate} Hz: {worst:.4} dB at the centers, {strayed:.2} dB between", spec.id);
            assert!(worst <= limit && strayed <= strays, "{} at {rate} Hz: {worst} dB, {strayed} dB", spec.id);
        }
    }
}

#[test]
fn the_top_sounds_alike_at_every_rate() {
    // Matched bells: from 5 to 20 kHz, beyond the highest center, 44.1 kHz does what 192 kHz does within 0.85 dB
    // (bilinear bells would end at 0 dB at half the rate).
    let hz: Vec<f64> = (0..=40).map(|n| 5000.0 * 4f64.powf(f64::from(n) / 40.0)).collect();
    let mut worst = 0.0_f64;
    for levels in patterns(10) {
        let settings = set(&OCTAVES, &levels);
        let (low, high) = (response(&settings, 44_100, &hz), response(&settings, 192_000, &hz));
        worst = low.iter().zip(&high).map(|(a, b)| (a - b).abs()).fold(worst, f64::max);
    }
    println!("44.1 against 192 kHz, 5 to 20 kHz: {worst:.2} dB");
    assert!(worst <= 1.0, "{worst} dB");
}

#[test]
fn flat_it_is_not_there() {
    for spec in [&OCTAVES, &THIRDS] {
        let input = stereo_noise(1, 0.9, 5000);
        let stream = Stream { sample_rate: 48_000, layout: Layout::Stereo, max_block: 512, seed: 0 };
        let out = run(&mut *build(&Settings::new(spec), &stream), &input, &[512], &[]);
        assert!(out == input);
    }
}

#[test]
fn what_was_moved_comes_to_rest_where_it_would_have_been_built() {
    let goal = patterns(10)[9].clone();
    let input = stereo_noise(4, 0.3, 40_000);
    let stream = Stream { sample_rate: 48_000, layout: Layout::Stereo, max_block: 512, seed: 0 };
    let event = |n: usize| Event {
        at: 500 + 77 * n as u32,
        param: ParamIndex(n as u32),
        value: goal[n],
        glide: if n.is_multiple_of(2) { 0 } else { 2400 },
    };
    let events: Vec<Event> = (0..10).map(event).collect();
    let moved = run(&mut *build(&Settings::new(&OCTAVES), &stream), &input, &[512], &events);
    let rest = run(&mut *build(&set(&OCTAVES, &goal), &stream), &input, &[512], &[]);
    let apart = |range: std::ops::Range<usize>| {
        let pairs = moved.channel(1)[range.clone()].iter().zip(&rest.channel(1)[range]);
        pairs.map(|(a, b)| f64::from((a - b).abs())).fold(0.0, f64::max)
    };
    assert!(apart(0..500) > 0.05, "nothing moved");
    let left = 20.0 * apart(35_000..40_000).log10();
    println!("moved against built there: {left:.1} dB");
    assert!(left < -130.0, "{left} dB");
}

#[test]
fn faders_move_without_a_zip() {
    // Asked: −100 dB, over the whole travel of a fader. Reached: −108 dB or less.
    let settings = Settings::new(&OCTAVES).with("gain_2k_db", -6.0);
    let moves = [("gain_1k_db", -12.0, 12.0), ("gain_31_db", 12.0, -12.0), ("gain_4k_db", -12.0, 12.0)];
    assert_no_zipper::<Graphic>(&settings, &moves, -100.0);
    assert_no_zipper::<Graphic>(&settings, &[("gain_16k_db", 12.0, -12.0), ("output_db", -12.0, 6.0)], -100.0);
    let moves = [("gain_1k_db", -12.0, 12.0), ("gain_1k25_db", -12.0, 12.0), ("gain_5k_db", 12.0, -12.0)];
    assert_no_zipper::<Graphic31>(&Settings::new(&THIRDS), &moves, -100.0);
}

#[test]
fn house_rules() {
    assert_house_rules::<Graphic>(&set(&OCTAVES, &patterns(10)[9]));
    assert_house_rules::<Graphic31>(&set(&THIRDS, &patterns(31)[9]));
}

#[test]
#[ignore = "measures the machine"]
fn how_long_a_design_takes() {
    for spec in [&OCTAVES, &THIRDS] {
        let mut bank = bank(spec, 48_000.0);
        let patterns = patterns(spec.params.len() - 1);
        let mut sections = vec![crate::biquad::Biquad::IDENTITY; bank.count()];
        let start = std::time::Instant::now();
        for levels in &patterns {
            bank.design(levels, &mut sections);
        }
        println!("{}: {:.1} µs per design", spec.id, start.elapsed().as_secs_f64() * 1e6 / patterns.len() as f64);
    }
}
