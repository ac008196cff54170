//! The figures that the compressor's relatives must reach.

use std::f64::consts::TAU;

use tonmeister_core::{
    Buffer, BuildError, Context, Effect, EffectSpec, Event, Frames, Layout, ParamKind, Processor, Settings, Stream,
};

use super::compressor::tests::{any_settings, splatter_db};
use super::detector::DetectorKind;
use super::{Expander, Gate, TransientShaper, UpwardCompressor};
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

/// An upward compressor that hears the wave as it is: exact in time, where the level is put in by hand.
struct Rectified(UpwardCompressor);

impl Effect for Rectified {
    const SPEC: &'static EffectSpec = UpwardCompressor::SPEC;

    fn from_settings(settings: &Settings) -> Self {
        let mut effect = UpwardCompressor::from_settings(settings);
        effect.0.listening.kind = DetectorKind::Peak;
        Rectified(effect)
    }

    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        self.0.build(stream)
    }
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
        check::<Rectified>(&[], rate);
    }
}

#[test]
fn a_lift_leaves_silence_and_hiss_alone() {
    let values =
        [("threshold_db", -30.0), ("ratio", 4.0), ("range_db", 20.0), ("floor_db", -60.0), ("release_ms", 15.0)];
    assert!((settled::<UpwardCompressor>(&values, -55.0) + 18.75).abs() < 0.05);
    assert!(settled::<UpwardCompressor>(&values, -85.0).abs() < 0.01);
}

/// How often a gate starts to open over a sound, and its needle at the end.
fn openings(values: &[(&str, f64)], x: &[f32]) -> usize {
    let y = through::<Gate>(values, x, RATE);
    // Half open is where the gain crosses one half.
    let open: Vec<bool> = x.iter().zip(&y).filter(|(x, _)| x.abs() > 1e-4).map(|(x, y)| (y / x).abs() > 0.5).collect();
    open.windows(2).filter(|pair| pair[1] && !pair[0]).count() + usize::from(open[0])
}

/// A tone whose level swings by ±2 dB around the threshold opens the gate once. Without hysteresis and hold it
/// flutters, so the tone does test it.
#[test]
fn a_level_that_flutters_by_two_decibels_does_not_make_the_gate_chatter() {
    let flutter: Vec<f32> = sine(220.0, amplitude(-30.0), RATE, 4 * 48_000)
        .iter()
        .enumerate()
        .map(|(n, x)| {
            let seconds = n as f64 / 48_000.0;
            let wobble = (TAU * 7.0 * seconds).sin() + (TAU * 31.0 * seconds).sin();
            (f64::from(*x) * amplitude(wobble)) as f32
        })
        .collect();
    let common = [("threshold_db", -30.0), ("attack_ms", 1.0), ("release_ms", 5.0), ("range_db", 40.0)];
    for kind in ["envelope", "rms", "peak"] {
        let with = |hysteresis: f64, hold: f64| {
            let mut values = common.to_vec();
            let kind = ("detector", choice::<Gate>("detector", kind));
            values.extend([("hysteresis_db", hysteresis), ("hold_ms", hold), kind]);
            openings(&values, &flutter)
        };
        // The rectified wave needs a hold of half a period.
        let hold = if kind == "peak" { 5.0 } else { 0.0 };
        assert_eq!(with(5.0, hold), 1, "{kind}");
        assert_eq!(with(4.0, 30.0), 1, "{kind}, as a new gate is set");
        assert!(with(0.0, hold) > 8, "{kind}: {}", with(0.0, hold));
    }
}

/// What the edges of a gate put above 3 kHz of a steady tone, with a key that opens and shuts it.
fn edges_db(values: &[(&str, f64)], hz: f64, key: impl Fn(usize) -> f32) -> f64 {
    let frames = 24_576;
    let mut processor = build::<Gate>(values, Layout::Mono, RATE);
    let mut audio = Buffer::from_mono(sine(hz, 0.5, RATE, frames));
    let key = Buffer::from_mono((0..frames).map(key).collect());
    for at in (0..frames).step_by(512) {
        let context = Context { events: &[], key: Some(key.view(frames).part(at, at + 512)) };
        processor.process(&mut audio.block_range(at, at + 512), &context);
    }
    // What lies above 3 kHz, over what the untouched tone has in the same window.
    let tone = sine(hz, 0.5, RATE, frames);
    let power = |x: &[f32]| {
        let window = |n: usize| 0.5 - 0.5 * (TAU * n as f64 / x.len() as f64).cos();
        x.iter().enumerate().map(|(n, x)| (f64::from(*x) * window(n)).powi(2)).sum::<f64>()
    };
    let (edges, tone) = (&audio.channel(0)[4096..20_480], &tone[4096..20_480]);
    splatter_db(edges) + 10.0 * (power(edges) / power(tone)).log10()
}

/// Measured at 100 Hz over 60 dB, gating and ducking: edges of 2 ms −87 and −89 dB, those of a new gate −97 and −92 dB,
/// an edge of 8 ms that is called back halfway −100 and −95 dB.
#[test]
fn the_edges_of_a_gate_do_not_click() {
    for mode in ["gate", "duck"] {
        let edges = |attack: f64, release: f64, hold: f64, shut: usize| {
            let values = [
                ("mode", choice::<Gate>("mode", mode)),
                ("detector", choice::<Gate>("detector", "peak")),
                ("attack_ms", attack),
                ("release_ms", release),
                ("hold_ms", hold),
                ("range_db", 60.0),
            ];
            edges_db(&values, 100.0, |n| if (9000..9000 + shut).contains(&n) || n > 14_000 { 0.5 } else { 0.0 })
        };
        let (quick, default, turned) =
            (edges(2.0, 2.0, 0.0, 2000), edges(2.0, 120.0, 30.0, 2000), edges(4.0, 8.0, 0.0, 4800));
        println!("edges, {mode}: {quick:.1} dB, {default:.1} dB, called back {turned:.1} dB");
        assert!(quick < -80.0 && default < -80.0 && turned < -80.0, "{mode}: {quick} {default} {turned}");
    }
}

#[test]
fn gate_edges_and_hold_are_as_long_as_written_and_ahead_by_the_look_ahead() {
    for rate in [8000_u32, 44_100, 192_000] {
        let frames = |ms: f64| (ms * f64::from(rate) / 1000.0).round() as usize;
        let (loud, shut) = (frames(100.0), frames(100.0));
        for ahead in [0.0, 5.0] {
            let values = [
                ("detector", choice::<Gate>("detector", "peak")),
                ("attack_ms", 5.0),
                ("hold_ms", 20.0),
                ("release_ms", 40.0),
                ("range_db", 20.0),
                ("lookahead_ms", ahead),
            ];
            let levels = [vec![-60.0; shut], vec![-6.0; loud], vec![-60.0; 2 * loud]].concat();
            let x: Vec<f32> = levels.iter().map(|level| amplitude(*level) as f32).collect();
            let y = through::<Gate>(&values, &x, rate);
            let late = Frames::from_seconds(ahead / 1000.0, rate).0 as usize;
            // Seen in the audio's own time.
            let gain: Vec<f32> = x.iter().zip(&y[late..]).map(|(x, y)| y / x).collect();
            assert!((gain[0] - 0.1).abs() < 1e-5);
            let began = gain.iter().position(|g| *g > 0.1001).unwrap();
            let up = gain.iter().position(|g| *g == 1.0).unwrap();
            let down = shut + gain[shut..].iter().rposition(|g| *g == 1.0).unwrap();
            let closed = down + gain[down..].iter().position(|g| *g < 0.1001).unwrap();
            assert!(began + late >= shut && began + late <= shut + frames(0.3), "{rate}: {began} for {shut}");
            assert_eq!(up + 1 + late, shut + frames(5.0), "attack at {rate}");
            assert!((down + 1).abs_diff(shut + loud + frames(20.0)) <= 1 + frames(0.3), "hold at {rate}: {down}");
            assert!(closed.abs_diff(down + frames(40.0)) <= 2 + frames(0.7), "release at {rate}");
        }
    }
}

#[test]
fn ducking_is_the_gate_turned_round() {
    let values = |mode: &str| {
        [("mode", choice::<Gate>("mode", mode)), ("detector", choice::<Gate>("detector", "peak")), ("range_db", 20.0)]
    };
    let levels = [vec![-60.0; 4800], vec![-6.0; 4800], vec![-60.0; 14_400]].concat();
    let (gate, duck) =
        (reductions::<Gate>(&values("gate"), &levels, RATE), reductions::<Gate>(&values("duck"), &levels, RATE));
    for (a, b) in gate.iter().zip(&duck) {
        assert!((amplitude(-a) + amplitude(-b) - 1.1).abs() < 1e-4);
    }
    assert!((duck[9599] - 20.0).abs() < 1e-3 && duck[0].abs() < 1e-6);
}

/// Measured: within 0.0002 dB from 40 Hz to 10 kHz.
#[test]
fn a_steady_tone_is_not_shaped() {
    let values = [("attack_db", 24.0), ("sustain_db", -24.0)];
    for hz in [40.0, 100.0, 1000.0, 10_000.0] {
        for level in [-50.0, -6.0] {
            let x = sine(hz, amplitude(level), RATE, 96_000);
            let y = through::<TransientShaper>(&values, &x, RATE);
            let worst =
                x[72_000..].iter().zip(&y[72_000..]).filter(|(x, _)| f64::from(x.abs()) > amplitude(level - 6.0));
            let worst = worst.map(|(x, y)| db(f64::from(y / x)).abs()).fold(0.0, f64::max);
            println!("{hz} Hz at {level} dB: {worst:.4} dB");
            assert!(worst < 0.1, "{hz} Hz at {level} dB: {worst:.3} dB");
        }
    }
}

#[test]
fn a_hit_is_shaped_alike_at_every_level() {
    let hit = |peak: f64| -> Vec<f32> {
        let x = sine(400.0, peak, RATE, 48_000);
        let fall = |(n, x): (usize, &f32)| if n < 4800 { 0.0 } else { x * (-(n as f32 - 4800.0) / 4800.0).exp() };
        x.iter().enumerate().map(fall).collect()
    };
    let gains = |values: &[(&str, f64)], peak: f64| -> [f64; 2] {
        let x = hit(peak);
        let y = through::<TransientShaper>(values, &x, RATE);
        let power = |x: &[f32]| x.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>();
        // The first ten milliseconds, and from 100 to 200.
        [4800..5280, 9600..14_400].map(|part| db((power(&y[part.clone()]) / power(&x[part])).sqrt()))
    };
    for (id, sign) in [("attack_db", 1.0), ("attack_db", -1.0), ("sustain_db", 1.0), ("sustain_db", -1.0)] {
        let (loud, soft) = (gains(&[(id, 9.0 * sign)], 0.5), gains(&[(id, 9.0 * sign)], 0.05));
        println!("{id} {sign}: beginning {:.2} dB, ending {:.2} dB", loud[0], loud[1]);
        let (meant, other) = if id == "attack_db" { (loud[0], loud[1]) } else { (loud[1], loud[0]) };
        assert!(sign * meant > 5.0 && sign * meant < 9.0 && other.abs() < 1.0, "{id}: {meant} {other}");
        assert!(loud.iter().zip(soft).all(|(a, b)| (a - b).abs() < 0.5), "{loud:?} {soft:?}");
    }
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
