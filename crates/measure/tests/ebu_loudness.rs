//! EBU Tech 3341 (2023), minimum requirements 1–6 and 9–14, and Tech 3342, 1–4: signals made from their text, at five
//! sample rates. The standards allow ±0.1 LU and ±1 LU; held here to ±0.02 and ±0.05.

mod common;

use common::{RATES, tone};
use tonmeister_core::{Layout, View};
use tonmeister_measure::loudness::{Loudness, LoudnessMeter, Options, Peaks, Role};

const LU: f64 = 0.02;

fn meter(rate: u32) -> LoudnessMeter {
    let options = Options { peaks: Peaks::Sample, ..Options::default() };
    LoudnessMeter::with_options(rate, Layout::Stereo, options).expect("the rate is supported")
}

fn measure(rate: u32, stretches: &[(f64, Option<f64>)]) -> Loudness {
    let signal = tone(rate, stretches);
    let mut meter = meter(rate);
    meter.push(View::stereo(&signal, &signal));
    meter.finish()
}

fn assert_near(found: Option<f64>, expected: f64, tolerance: f64, what: &str) {
    let error = found.unwrap_or(f64::NEG_INFINITY) - expected;
    assert!(error.abs() <= tolerance, "{what}: {found:?}, expected {expected} ± {tolerance}");
}

#[test]
fn cases_1_and_2_steady_tones() {
    for rate in RATES {
        for level in [-23.0, -33.0] {
            let found = measure(rate, &[(20.0, Some(level))]);
            assert_near(found.integrated_lufs, level, LU, "I");
            assert_near(found.max_momentary_lufs, level, LU, "M");
            assert_near(found.max_short_term_lufs, level, LU, "S");
        }
    }
}

/// What gating by the letter gives for stretches of a tone, block by block on paper. For case 5 that is −22.98 and
/// not −23: the ends of a programme lie in fewer blocks than its middle.
fn by_hand(stretches: &[(f64, Option<f64>)]) -> f64 {
    let power = |db: f64| 10f64.powf(db / 10.0);
    let mut tenths: Vec<f64> = Vec::new();
    for (seconds, level) in stretches {
        tenths.resize(tenths.len() + (seconds * 10.0).round() as usize, level.map_or(0.0, power));
    }
    let blocks: Vec<f64> = tenths.windows(4).map(|w| w.iter().sum::<f64>() / 4.0).collect();
    let above = |gate: f64| {
        let passed: Vec<f64> = blocks.iter().copied().filter(|b| *b > gate).collect();
        passed.iter().sum::<f64>() / passed.len() as f64
    };
    10.0 * above(above(power(-70.0)) * power(-10.0)).log10()
}

#[test]
fn cases_3_to_5_gating() {
    let (quiet, quieter, loud) = (Some(-36.0), Some(-72.0), Some(-23.0));
    let cases: [&[(f64, Option<f64>)]; 3] = [
        &[(10.0, quiet), (60.0, loud), (10.0, quiet)],
        &[(10.0, quieter), (10.0, quiet), (60.0, loud), (10.0, quiet), (10.0, quieter)],
        &[(20.0, Some(-26.0)), (20.1, Some(-20.0)), (20.0, Some(-26.0))],
    ];
    for rate in RATES {
        for case in cases {
            let found = measure(rate, case).integrated_lufs;
            assert_near(found, -23.0, 0.1, "the standard's tolerance");
            assert_near(found, by_hand(case), LU, "gating by hand");
        }
    }
}

#[test]
fn case_6_five_channels() {
    let roles = [Role::Main, Role::Main, Role::Main, Role::Surround, Role::Surround, Role::Lfe];
    for rate in RATES {
        let signals: Vec<Vec<f32>> =
            [-28.0, -28.0, -24.0, -30.0, -30.0, 0.0].iter().map(|l| tone(rate, &[(20.0, Some(*l))])).collect();
        let slices: Vec<&[f32]> = signals.iter().map(Vec::as_slice).collect();
        for channels in [5, 6] {
            let mut meter = LoudnessMeter::with_roles(rate, &roles[..channels], Peaks::Sample).unwrap();
            meter.push_channels(&slices[..channels]);
            assert_near(meter.finish().integrated_lufs, -23.0, LU, "case 6");
        }
    }
}

/// The greatest deviation of a needle from −23, looked at after every hop from `after` seconds on.
fn needle(rate: u32, signal: &[f32], after: f64, read: fn(&LoudnessMeter) -> Option<f64>) -> f64 {
    let mut meter = meter(rate);
    let mut worst = 0.0_f64;
    for (hop, part) in signal.chunks(meter.hop_frames()).enumerate() {
        meter.push(View::stereo(part, part));
        if ((hop + 1) * meter.hop_frames()) as f64 > after * f64::from(rate) {
            worst = worst.max((read(&meter).unwrap_or(f64::NEG_INFINITY) + 23.0).abs());
        }
    }
    worst
}

#[test]
fn cases_9_and_12_constant_needles() {
    for rate in RATES {
        let nine = tone(rate, &[(1.34, Some(-20.0)), (1.66, Some(-30.0))].repeat(5));
        let worst = needle(rate, &nine, 3.0, LoudnessMeter::short_term_lufs);
        assert!(worst <= 0.05, "case 9 at {rate}: off by {worst}");
        let twelve = tone(rate, &[(0.18, Some(-20.0)), (0.22, Some(-30.0))].repeat(25));
        let worst = needle(rate, &twelve, 1.0, LoudnessMeter::momentary_lufs);
        assert!(worst <= 0.1, "case 12 at {rate}: off by {worst}");
    }
}

#[test]
fn cases_10_and_13_bursts_anywhere() {
    for rate in RATES {
        for i in 0..20 {
            let i = f64::from(i);
            let ten = measure(rate, &[(0.15 * i, None), (3.0, Some(-23.0)), (1.0, None)]);
            assert_near(ten.max_short_term_lufs, -23.0, LU, "case 10");
            let thirteen = measure(rate, &[(0.02 * i, None), (0.4, Some(-23.0)), (1.0, None)]);
            assert_near(thirteen.max_momentary_lufs, -23.0, LU, "case 13");
        }
    }
}

/// The greatest reading of a needle within each stretch.
fn greatest_per(rate: u32, signal: &[f32], frames: usize, read: fn(&LoudnessMeter) -> Option<f64>) -> Vec<f64> {
    let mut meter = meter(rate);
    let mut greatest = vec![f64::NEG_INFINITY; signal.len() / frames];
    for (hop, part) in signal.chunks(meter.hop_frames()).enumerate() {
        meter.push(View::stereo(part, part));
        let last = (hop + 1) * meter.hop_frames() - 1;
        if let (Some(reading), Some(best)) = (read(&meter), greatest.get_mut(last / frames)) {
            *best = best.max(reading);
        }
    }
    greatest
}

#[test]
fn cases_11_and_14_successive_bursts() {
    for rate in RATES {
        let stretches = |unit: f64, burst: f64| {
            let one = |i: i32| {
                let lead = unit * f64::from(i);
                [(lead, None), (burst, Some(f64::from(i) - 38.0)), (burst - lead, None)]
            };
            (0..20).flat_map(one).collect::<Vec<_>>()
        };
        let eleven = tone(rate, &stretches(0.15, 3.0));
        let fourteen = tone(rate, &stretches(0.02, 0.4));
        let s = greatest_per(rate, &eleven, 6 * rate as usize, LoudnessMeter::short_term_lufs);
        let m = greatest_per(rate, &fourteen, rate as usize * 8 / 10, LoudnessMeter::momentary_lufs);
        for i in 0..20 {
            let expected = i as f64 - 38.0;
            assert_near(Some(s[i]), expected, LU, "case 11");
            assert_near(Some(m[i]), expected, LU, "case 14");
        }
    }
}

#[test]
fn loudness_ranges_of_tech_3342() {
    let cases: [(&[f64], f64); 4] = [
        (&[-20.0, -30.0], 10.0),
        (&[-20.0, -15.0], 5.0),
        (&[-40.0, -20.0], 20.0),
        (&[-50.0, -35.0, -20.0, -35.0, -50.0], 15.0),
    ];
    for rate in RATES {
        for (levels, expected) in cases {
            let stretches: Vec<_> = levels.iter().map(|l| (20.0, Some(*l))).collect();
            assert_near(measure(rate, &stretches).range.map(|r| r.lu), expected, 0.05, "LRA");
        }
    }
}
