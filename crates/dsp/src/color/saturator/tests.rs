use tonmeister_core::{Buffer, Event, Layout, ParamIndex};

use super::Saturator;
use crate::color::probe::{RATE, SIZE, aliasing_db, bin_near, build, db, spectrum, through};
use crate::testing::{assert_block_size_does_not_matter, noise, sine, stereo_noise};

#[test]
fn aliases_are_inaudible() {
    // Asked: 20 dB of drive, at most −80 dB. Measured, normal and high: tape −81.4 and −136.8, tube −109.5 and
    // −143.2, transformer −81.7 and −128.6, console −92.6 and −142.3.
    for (kind, name) in ["tape", "tube", "transformer", "console"].into_iter().enumerate() {
        for quality in [0.0, 1.0] {
            let values = [("drive_db", 20.0), ("auto_gain", 0.0), ("kind", kind as f64), ("quality", quality)];
            let alias = aliasing_db(|x| through::<Saturator>(&values, x));
            println!("{name}, quality {quality}: {alias:.1} dB");
            assert!(alias < -80.0, "{name}: {alias}");
        }
    }
}

#[test]
fn nothing_stands_still_and_kinds_have_their_overtones() {
    // DC: asked for −90 dB; measured at most −94.3. Second harmonic with no bias: tape and transformer under −130 dB.
    let tone = bin_near(300.0);
    let x = sine(tone as f64 * 48_000.0 / SIZE as f64, 0.5, RATE, 3 * SIZE);
    for (kind, name) in ["tape", "tube", "transformer", "console"].into_iter().enumerate() {
        for bias in [0.0, 60.0] {
            let values = [("drive_db", 9.0), ("bias_percent", bias), ("kind", kind as f64)];
            let bins = spectrum(&through::<Saturator>(&values, &x));
            let [dc, second, third] = [0, 2, 3].map(|h| db(bins[h * tone] / bins[tone]));
            println!("{name}, bias {bias}: 0 Hz {dc:.1} dB, second {second:.1}, third {third:.1}");
            assert!(dc < -90.0 && (third > -40.0 || bias > 0.0), "{name}");
            let even = bias > 0.0 || matches!(name, "tube" | "console");
            assert_eq!(second > -60.0, even, "{name}: {second}");
        }
    }
}

/// Pink noise: white through a row of shelves (−3 dB per octave from 10 Hz), by sums of one-poles an octave apart.
fn pink(seed: u64, frames: usize) -> Vec<f32> {
    let mut states = [0.0_f64; 10];
    let white = noise(seed, 1.0, frames);
    let step = |x: f32| {
        let mut sum = 0.0;
        for (i, state) in states.iter_mut().enumerate() {
            let part = (0.002 * f64::from(1 << i)).min(1.0);
            *state += part * (f64::from(x) - *state);
            sum += *state * 0.707_f64.powi(i as i32);
        }
        (0.5 * sum) as f32
    };
    white.into_iter().map(step).collect()
}

/// The K-weighted level.
fn loudness(x: &[f32]) -> f64 {
    10.0 * crate::color::level::energy(x, RATE).log10()
}

#[test]
fn auto_gain_keeps_the_loudness() {
    // Asked for ±0.2 LU; measured on pink noise within 0.05.
    let x = pink(1, 10 * 48_000);
    for kind in 0..4 {
        for drive in [6.0, 20.0, 36.0] {
            let y = through::<Saturator>(&[("drive_db", drive), ("kind", f64::from(kind))], &x);
            let change = loudness(&y[2 * 48_000..]) - loudness(&x[2 * 48_000..]);
            println!("kind {kind}, drive {drive}: {change:+.3} LU");
            assert!(change.abs() < 0.2, "{kind} {drive}: {change}");
        }
    }
}

#[test]
fn blocks_do_not_matter() {
    let input = stereo_noise(3, 1.0, 6000);
    let at = |at, param, value, glide| Event { at, param: ParamIndex(param), value, glide };
    let events = [at(100, 1, 20.0, 800), at(1500, 2, -50.0, 0), at(2000, 5, 40.0, 500), at(4000, 3, 3.0, 0)];
    for kind in 0..4 {
        let make = || build::<Saturator>(&[("kind", f64::from(kind))], Layout::Stereo);
        assert_block_size_does_not_matter(make, &input, &events);
    }
}

#[test]
#[ignore = "a stopwatch, not a check"]
fn stopwatch() {
    use crate::oversample::tests::quickest;
    for (kind, quality) in [(0.0, 0.0), (1.0, 0.0), (2.0, 0.0), (3.0, 0.0), (3.0, 1.0)] {
        let mut saturator = build::<Saturator>(&[("kind", kind), ("quality", quality)], Layout::Stereo);
        let x = stereo_noise(1, 0.5, 512);
        let mut y: Buffer = x.clone();
        let ns = quickest(512, || {
            y.clone_from(&x);
            saturator.process(&mut y.block(512), &tonmeister_core::Context::default());
        });
        println!("kind {kind}, quality {quality}: {ns:.1} ns per stereo frame");
    }
}

#[test]
fn single_precision_is_enough_for_the_curves() {
    use super::{Kind, Now, TILE};
    // Every curve against itself in double precision, over all of the way up. Measured at the high rate, nine dB of which
    // go with the way down: −146.1 dB without a bias, −134.5 with −0.8, where the curve is 1.7 high.
    let fields: Vec<f32> = (0..TILE * 8).map(|n| (n as f32 / 256.0 - 1.0).powi(3) * 12.0).collect();
    for (kind, bias) in [(Kind::Tape, 0.0), (Kind::Tape, -0.8), (Kind::Tube, 1.25), (Kind::Transformer, 0.8)]
        .into_iter()
        .chain([(Kind::Console, 0.12), (Kind::Console, -0.68)])
    {
        let exact = |x: f64| match kind {
            Kind::Tape | Kind::Tube => x.tanh(),
            Kind::Transformer => x / (1.0 + x.powi(4)).powf(0.25),
            Kind::Console => x / (1.0 + x * x).sqrt(),
        };
        for moves in [false, true] {
            let now = Now {
                moves,
                drive: [1.0; TILE],
                bias: [bias; TILE],
                still: [f64::tanh(bias); TILE],
                after: [1.0; TILE],
                tilt: [[1.0; 2]; TILE],
                output: [1.0; TILE],
                mix: [1.0; TILE],
            };
            let mut bent = fields.clone();
            kind.bend(&mut bent, 8, &now);
            let wrong = bent.iter().zip(&fields).map(|(y, x)| {
                let x = f64::from(*x);
                (f64::from(*y) - (exact(x + bias) - exact(bias))).powi(2)
            });
            let wrong = 10.0 * (wrong.sum::<f64>() / fields.len() as f64).log10();
            println!("{kind:?}, bias {bias}: {wrong:.1} dB");
            assert!(wrong < -120.0, "{kind:?}, bias {bias}: {wrong:.1} dB");
            let mut nothing = [0.0_f32; 8];
            kind.bend(&mut nothing, 8, &now);
            assert_eq!(nothing, [0.0; 8], "silence stays silent");
        }
    }
}
