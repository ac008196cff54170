//! EBU Tech 3341 (2023), minimum requirements 15–23: true peaks. The standard allows +0.2/−0.4 dB; held to ±0.05.

mod common;

use std::f64::consts::{PI, TAU};

use common::RATES;
use tonmeister_core::{Layout, View};
use tonmeister_measure::loudness::LoudnessMeter;

const DB: f64 = 0.05;

fn assert_true_peak(rate: u32, signal: &[f32], expected: f64, case: &str) {
    let mut meter = LoudnessMeter::new(rate, Layout::Stereo).unwrap();
    meter.push(View::stereo(signal, signal));
    let found = meter.finish();
    for level in found.channels.iter().map(|c| c.true_peak_dbtp).chain([found.true_peak_dbtp]) {
        let level = level.unwrap();
        let standard = (expected.round() - 0.4..=expected.round() + 0.2).contains(&level);
        assert!(standard, "case {case} at {rate}: {level} dBTP is outside the standard's tolerance");
        assert!((level - expected).abs() <= DB, "case {case} at {rate}: {level} dBTP, expected {expected} ± {DB}");
    }
}

/// Fades a signal in and out over 10 ms, as the standard asks.
fn fade(signal: &mut [f64], rate: f64) {
    let length = (0.01 * rate) as usize;
    let end = signal.len();
    for n in 0..length {
        let gain = n as f64 / length as f64;
        signal[n] *= gain;
        signal[end - 1 - n] *= gain;
    }
}

#[test]
fn cases_15_to_19_steady_tones() {
    let cases = [
        ("15", 4.0, 0.50, 0.0, -6.0),
        ("16", 4.0, 0.50, 45.0, -6.0),
        ("17", 6.0, 0.50, 60.0, -6.0),
        ("18", 8.0, 0.50, 67.5, -6.0),
        ("19", 4.0, 1.41, 45.0, 3.0),
    ];
    for rate in RATES {
        for (case, divisor, amplitude, degrees, expected) in cases {
            let frames = rate as usize;
            let phase = f64::to_radians(degrees);
            let mut signal: Vec<f64> =
                (0..frames).map(|n| amplitude * (TAU * n as f64 / divisor + phase).sin()).collect();
            fade(&mut signal, f64::from(rate));
            let signal: Vec<f32> = signal.iter().map(|s| *s as f32).collect();
            assert_true_peak(rate, &signal, expected, case);
        }
    }
}

/// The reading of tones up to 20 kHz against their height: −0.0001 to +0.0092 dB at 44.1 kHz, where 20 kHz lie nearest to
/// half the rate; +0.0058 dB at 48 kHz, +0.0026 dB and less at the others.
#[test]
fn tones_up_to_20_khz_read_within_a_hundredth_of_a_decibel_at_every_rate() {
    for rate in RATES {
        let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
        for hz in [997.0, 5000.0, 8000.0, f64::from(rate) / 6.0, 12_345.0, f64::from(rate) / 4.0, 18_000.0, 20_000.0] {
            for step in 0..if hz > 20_000.0 { 0 } else { 12 } {
                let phase = TAU * f64::from(step) / 24.0;
                let frames = rate as usize / 10;
                let mut tone: Vec<f64> =
                    (0..frames).map(|n| 0.5 * (TAU * hz * n as f64 / f64::from(rate) + phase).sin()).collect();
                fade(&mut tone, f64::from(rate));
                let tone: Vec<f32> = tone.iter().map(|s| *s as f32).collect();
                let mut meter = LoudnessMeter::new(rate, Layout::Mono).unwrap();
                meter.push(View::mono(&tone));
                let error = meter.finish().true_peak_dbtp.unwrap() - 20.0 * 0.5_f64.log10();
                (least, most) = (least.min(error), most.max(error));
            }
        }
        println!("{rate} Hz: {least:+.4} to {most:+.4} dB");
        assert!(least >= -0.01 && most <= 0.01, "{rate} Hz: {least} to {most} dB");
    }
}

/// fs/6 at 0.5 with one period of fs/4 at 1.0 in it, made at four times the rate.
fn burst(rate: u32) -> Vec<f64> {
    const TIMES: usize = 4;
    let (slow, fast) = (6 * TIMES, 4 * TIMES);
    let half = (rate as usize * TIMES / 4) / slow * slow;
    let sine = |amplitude: f64, period: usize| move |n: usize| amplitude * (TAU * n as f64 / period as f64).sin();
    let mut signal: Vec<f64> = (0..half).map(sine(0.5, slow)).collect();
    signal.extend((0..fast).map(sine(1.0, fast)));
    signal.extend((0..half).map(sine(0.5, slow)));
    fade(&mut signal, f64::from(rate) * TIMES as f64);
    signal
}

/// Low-passes at just under half of the lower rate (windowed sinc).
fn low_pass(signal: &[f64]) -> Vec<f64> {
    const REACH: isize = 512;
    let cutoff = 0.98 / 4.0;
    let tap = |k: isize| {
        let t = k as f64 * cutoff;
        let sinc = if k == 0 { 1.0 } else { (PI * t).sin() / (PI * t) };
        let w = PI * (k as f64 / REACH as f64 + 1.0);
        cutoff * sinc * (0.42 - 0.5 * w.cos() + 0.08 * (2.0 * w).cos())
    };
    let taps: Vec<f64> = (-REACH..=REACH).map(tap).collect();
    let at = |n: isize| usize::try_from(n).ok().and_then(|n| signal.get(n)).copied().unwrap_or(0.0);
    let value = |n: usize| taps.iter().enumerate().map(|(k, t)| t * at(n as isize + k as isize - REACH)).sum::<f64>();
    (0..signal.len()).map(value).collect()
}

/// The crest of a signal that is oversampled four times already, by a parabola through its greatest sample.
fn crest_db(signal: &[f64]) -> f64 {
    let top = (1..signal.len() - 1).max_by(|a, b| signal[*a].abs().total_cmp(&signal[*b].abs())).unwrap();
    let [a, b, c] = [signal[top - 1].abs(), signal[top].abs(), signal[top + 1].abs()];
    let shift = 0.5 * (a - c) / (a - 2.0 * b + c);
    20.0 * (b - 0.25 * (a - c) * shift).log10()
}

#[test]
fn cases_20_to_23_a_burst_between_the_samples() {
    // Relative to the sample rate the signal is always the same, so one short one serves all rates.
    let signal = low_pass(&burst(8_000));
    // The low-pass takes a little off the burst's crest. What is left before decimation is what must be read.
    let crest = crest_db(&signal);
    for offset in 0..4 {
        let decimated: Vec<f32> = signal.iter().skip(offset).step_by(4).map(|s| *s as f32).collect();
        for rate in RATES {
            assert_true_peak(rate, &decimated, crest, &format!("{}", 20 + offset));
        }
    }
}
