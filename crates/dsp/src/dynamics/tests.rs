//! The figures that the compressor's relatives must reach.

use tonmeister_core::{Buffer, Effect, Event, Layout, ParamKind, Processor, Settings, Stream};

use super::compressor::tests::{any_settings, splatter_db};
use super::{Expander, UpwardCompressor};
use crate::testing::{assert_block_size_does_not_matter, noise, run, sine, stereo_noise};

const RATE: u32 = 48_000;

fn settings<E: Effect>(values: &[(&str, f64)]) -> Settings {
    let mut settings = Settings::new(E::SPEC);
    for (id, value) in values {
        settings.set(id, *value).unwrap();
    }
    settings
}

fn build<E: Effect>(values: &[(&str, f64)], layout: Layout, sample_rate: u32) -> Box<dyn Processor> {
    let stream = Stream { sample_rate, layout, max_block: 4096, seed: 1 };
    E::from_settings(&settings::<E>(values)).build(&stream).unwrap()
}

fn choice<E: Effect>(param: &str, word: &str) -> f64 {
    let spec = E::SPEC.params.iter().find(|p| p.id == param).unwrap();
    let ParamKind::Choice(choices) = spec.kind else { panic!("{param} is no choice") };
    choices.iter().position(|c| c.id == word).unwrap() as f64
}

fn event<E: Effect>(param: &str, at: u32, value: f64, glide: u32) -> Event {
    Event { at, param: Settings::new(E::SPEC).index_of(param).unwrap(), value, glide }
}

fn through<E: Effect>(values: &[(&str, f64)], x: &[f32], sample_rate: u32) -> Vec<f32> {
    let input = Buffer::from_mono(x.to_vec());
    run(&mut *build::<E>(values, Layout::Mono, sample_rate), &input, &[512], &[]).channel(0).to_vec()
}

fn db(ratio: f64) -> f64 {
    20.0 * ratio.abs().log10()
}

fn amplitude(level: f64) -> f64 {
    10_f64.powf(level / 20.0)
}

/// The reduction at each frame, read off a constant of that level.
fn reductions<E: Effect>(values: &[(&str, f64)], levels: &[f64], sample_rate: u32) -> Vec<f64> {
    let x: Vec<f32> = levels.iter().map(|level| amplitude(*level) as f32).collect();
    let y = through::<E>(values, &x, sample_rate);
    x.iter().zip(&y).map(|(x, y)| -db(f64::from(*y) / f64::from(*x))).collect()
}

/// What the law below a threshold turns: its slope, and how far a level lies below.
fn turned(below: f64, slope: f64, knee: f64, range: f64) -> f64 {
    let turned = if 2.0 * below < -knee {
        0.0
    } else if 2.0 * below.abs() <= knee && knee > 0.0 {
        slope * (below + knee / 2.0).powi(2) / (2.0 * knee)
    } else {
        slope * below
    };
    turned.min(range)
}

/// The reduction of a sine at 1 kHz when everything has settled.
fn settled<E: Effect>(values: &[(&str, f64)], level: f64) -> f64 {
    let x = sine(1000.0, amplitude(level), RATE, 14_400);
    let y = through::<E>(values, &x, RATE);
    let power = |x: &[f32]| x[13_440..].iter().map(|x| f64::from(*x).powi(2)).sum::<f64>();
    -db((power(&y) / power(&x)).sqrt())
}

#[test]
fn the_laws_below_the_threshold_are_kept() {
    let mut worst = 0.0_f64;
    for threshold in [-60.0, -31.0, -12.0] {
        for ratio in [1.1, 2.0, 4.0, 20.0] {
            for knee in [0.0, 6.0, 24.0] {
                for below in [-20.0, -1.0, 9.0] {
                    let values = [
                        ("threshold_db", threshold),
                        ("ratio", ratio),
                        ("knee_db", knee),
                        ("attack_ms", 1.0),
                        ("release_ms", 15.0),
                        ("range_db", 30.0),
                    ];
                    let level = f64::min(threshold - below, 0.0);
                    let (down, up) =
                        (settled::<Expander>(&values, level), -settled::<UpwardCompressor>(&values, level));
                    let down_asked = turned(threshold - level, ratio - 1.0, knee, 30.0);
                    let up_asked = turned(threshold - level, 1.0 - 1.0 / ratio, knee, 30.0);
                    for (name, found, asked) in [("down", down, down_asked), ("up", up, up_asked)] {
                        worst = worst.max((found - asked).abs());
                        let at = format!("{name} T {threshold} R {ratio} W {knee} at {level}");
                        assert!((found - asked).abs() <= 0.05, "{at}: {found:.3} for {asked:.3} dB");
                    }
                }
            }
        }
    }
    println!("laws below the threshold: within {worst:.4} dB");
}

#[test]
fn opening_and_closing_take_their_time_at_any_rate() {
    fn check<E: Effect>(values: &[(&str, f64)], rate: u32) {
        for (attack, release) in [(0.1, 10.0), (1.0, 50.0), (10.0, 100.0), (30.0, 40.0)] {
            let frames = |ms: f64| (ms * f64::from(rate) / 1000.0) as usize;
            let (soft, loud) = (frames(release * 12.0) + 100, frames(attack * 12.0) + 100);
            let mut levels = vec![-46.0; soft];
            levels.extend(vec![-10.0; loud]);
            levels.extend(vec![-46.0; frames((attack + release) * 8.0)]);
            let mut all =
                vec![("threshold_db", -40.0), ("knee_db", 0.0), ("attack_ms", attack), ("release_ms", release)];
            all.extend_from_slice(values);
            let taken = reductions::<E>(&all, &levels, rate);
            // Between what is turned at −46 dB and nothing.
            let full = taken[soft - 1];
            assert!(full.abs() > 1.0);
            let left = (-1.0_f64).exp();
            let came = taken[soft..].iter().position(|r| r / full <= left).unwrap() + 1;
            let went = taken[soft + loud..].iter().position(|r| r / full >= 1.0 - left).unwrap() + 1;
            for (name, found, ms) in [("attack", came, attack), ("release", went, release)] {
                let asked = ms * f64::from(rate) / 1000.0;
                let at = format!("{}: {name} {attack}/{release} ms at {rate}", E::SPEC.id);
                assert!((found as f64 - asked).abs() <= (0.02 * asked).max(1.0), "{at}: {found} for {asked:.1}");
            }
        }
    }
    for rate in [44_100, 48_000, 192_000] {
        check::<Expander>(&[("detector", choice::<Expander>("detector", "peak"))], rate);
        check::<UpwardCompressor>(&[("detector", choice::<UpwardCompressor>("detector", "peak"))], rate);
    }
}

#[test]
fn a_lift_leaves_silence_and_hiss_alone() {
    let values =
        [("threshold_db", -30.0), ("ratio", 4.0), ("range_db", 20.0), ("floor_db", -60.0), ("release_ms", 15.0)];
    assert!((settled::<UpwardCompressor>(&values, -55.0) + 18.75).abs() < 0.05);
    assert!(settled::<UpwardCompressor>(&values, -85.0).abs() < 0.01);
}

/// Bits, resets and numbers, for every effect of this room.
#[test]
fn block_sizes_and_resets_do_not_matter() {
    fn check<E: Effect>(moves: &[(&str, f64)]) {
        let swell = |mut buffer: Buffer| {
            for c in 0..buffer.layout().channels() {
                for (n, x) in buffer.channel_mut(c).iter_mut().enumerate() {
                    *x *= [0.0, 0.02, 1.0, 0.3, 0.001][n / 800 % 5];
                }
            }
            buffer
        };
        let events: Vec<Event> = moves
            .iter()
            .enumerate()
            .map(|(i, (id, value))| event::<E>(id, 300 + 777 * i as u32, *value, [0, 700][i % 2]))
            .collect();
        for seed in 0..12 {
            let settings = if seed == 0 { Settings::new(E::SPEC) } else { any_settings(E::SPEC, seed) };
            let layout = [Layout::Stereo, Layout::Mono][seed as usize % 2];
            let stream =
                Stream { sample_rate: [RATE, 8000, 384_000][seed as usize % 3], layout, max_block: 4096, seed };
            let input = match layout {
                Layout::Stereo => swell(stereo_noise(4, 1.0, 9000)),
                Layout::Mono => swell(Buffer::from_mono(noise(7, 1.0, 9000))),
            };
            let make = || E::from_settings(&settings).build(&stream).unwrap();
            assert_block_size_does_not_matter(make, &input, &events);
            assert_block_size_does_not_matter(make, &input, &[]);
            let mut processor = make();
            let first = run(&mut *processor, &input, &[512], &events);
            assert!(first.view(9000).channels().all(|y| y.iter().all(|y| y.is_finite())));
            assert!(processor.gain_reduction().unwrap().mean_db.is_finite());
            processor.reset();
            assert!(first == run(&mut *processor, &input, &[512], &events), "{} after a reset", E::SPEC.id);
        }
    }
    check::<Expander>(&[("threshold_db", -20.0), ("range_db", 60.0), ("link_percent", 20.0), ("ratio", 9.0)]);
    check::<UpwardCompressor>(&[
        ("threshold_db", -20.0),
        ("floor_db", -90.0),
        ("link_percent", 20.0),
        ("range_db", 3.0),
    ]);
}

#[test]
fn moving_parameters_do_not_splatter() {
    fn check<E: Effect>(values: &[(&str, f64)], moves: &[(&str, f64)]) {
        let input = Buffer::from_mono(sine(1000.0, 0.05, RATE, 32_768));
        for (param, value) in moves {
            for glide in [0, 2400] {
                let mut processor = build::<E>(values, Layout::Mono, RATE);
                let output = run(&mut *processor, &input, &[512], &[event::<E>(param, 16_000, *value, glide)]);
                let splatter = splatter_db(&output.channel(0)[8192..24_576]);
                let name = format!("{}: {param} in {glide} frames", E::SPEC.id);
                println!("{name}: {splatter:.1} dB");
                assert!(splatter <= -100.0, "{name}: {splatter:.1} dB");
            }
        }
    }
    let moves = [("threshold_db", -40.0), ("ratio", 10.0), ("knee_db", 24.0), ("range_db", 2.0), ("attack_ms", 50.0)];
    check::<Expander>(&[("threshold_db", -20.0)], &moves);
    check::<UpwardCompressor>(&[("threshold_db", -20.0)], &moves);
    check::<UpwardCompressor>(
        &[("threshold_db", -20.0)],
        &[("makeup_db", -12.0), ("mix_percent", 0.0), ("floor_db", -20.0)],
    );
}
