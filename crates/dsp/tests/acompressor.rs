//! The compressor against an independent one: `acompressor` of `ffmpeg`. Run with `--ignored`; wants `ffmpeg` in the path.
//!
//! What agrees, and what differs (measured against `ffmpeg` 5.1):
//!
//! - **The static law agrees**, hard and with a knee, to less than 0.001 dB on a square wave, whose rectified wave is
//!   a constant for both. (Its `knee` is the factor from one end of the bend to the other: 6 dB is 1.995.)
//! - **Its times are other times.** It smooths the rectified wave itself, in amplitude and not in decibels, with a
//!   constant of a *quarter* of the written attack or release; the law comes behind. So its reduction has no constant
//!   of its own: from −46 to −6 dB at a threshold of −30 dB and 4:1, 63 % have come after 1.1 ms of a written 10, and
//!   63 % have gone after 45 ms of a written 100, and other steps take other times. The formula of that smoothing
//!   predicts both to the frame, so the difference is understood. Here every step of the reduction passes 63 % in the
//!   written time.

use std::io::Write;
use std::process::{Command, Stdio};

use tonmeister_core::{Buffer, Effect, Layout, Settings, Stream};
use tonmeister_dsp::dynamics::Compressor;
use tonmeister_dsp::testing::run;

const RATE: u32 = 48_000;

fn db(ratio: f64) -> f64 {
    20.0 * ratio.abs().log10()
}

fn amplitude(level_db: f64) -> f64 {
    10_f64.powf(level_db / 20.0)
}

/// What `acompressor` makes of it.
fn theirs(options: &str, x: &[f32]) -> Vec<f32> {
    let format = ["-f", "f32le", "-ar", "48000", "-ac", "1"];
    let mut child = Command::new("ffmpeg")
        .args(["-v", "error"])
        .args(format)
        .args(["-i", "-", "-af", &format!("acompressor={options}")])
        .args(format)
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("ffmpeg is in the path");
    let bytes: Vec<u8> = x.iter().flat_map(|x| x.to_le_bytes()).collect();
    let mut pipe = child.stdin.take().expect("was asked for");
    let feeder = std::thread::spawn(move || pipe.write_all(&bytes));
    let output = child.wait_with_output().expect("ffmpeg ends");
    feeder.join().expect("does not panic").expect("ffmpeg reads");
    output.stdout.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

fn ours(values: &[(&str, f64)], x: &[f32]) -> Vec<f32> {
    let settings = values.iter().fold(Settings::new(Compressor::SPEC), |all, (id, value)| all.with(id, *value));
    let stream = Stream { sample_rate: RATE, layout: Layout::Mono, max_block: 4096, seed: 0 };
    let mut processor = Compressor::from_settings(&settings).build(&stream).expect("it builds");
    run(&mut *processor, &Buffer::from_mono(x.to_vec()), &[512], &[]).channel(0).to_vec()
}

#[test]
#[ignore = "wants ffmpeg"]
fn the_static_law_is_ffmpegs() {
    let mut worst = 0.0_f64;
    for (knee, ratio) in [(0.0, 2.0), (0.0, 4.0), (6.0, 4.0), (12.0, 20.0)] {
        for level in (-40..=0).step_by(4).map(f64::from) {
            let x: Vec<f32> = (0..9600).map(|n| amplitude(level) as f32 * [1.0, -1.0][n / 24 % 2]).collect();
            let options = format!(
                "threshold={}:ratio={ratio}:knee={}:attack=1:release=20:detection=peak:makeup=1",
                amplitude(-20.0),
                amplitude(knee)
            );
            let values = [
                ("threshold_db", -20.0),
                ("ratio", ratio),
                ("knee_db", knee),
                ("attack_ms", 1.0),
                ("release_ms", 20.0),
            ];
            let (theirs, ours) = (theirs(&options, &x), ours(&values, &x));
            worst = worst.max(db(f64::from(theirs[9590] / ours[9590])).abs());
        }
    }
    println!("static law against acompressor: within {worst:.5} dB");
    assert!(worst < 0.001, "{worst} dB");
}

#[test]
#[ignore = "wants ffmpeg"]
fn the_times_differ_from_ffmpegs_as_explained() {
    let (soft, loud, threshold, slope) = (-46.0, -6.0, -30.0, 0.75);
    let part = 1.0 - (-1.0_f64).exp();
    for (attack, release) in [(10.0, 100.0), (40.0, 400.0)] {
        let length = 2 * RATE as usize;
        let levels = [vec![soft; 4800], vec![loud; length], vec![soft; length]].concat();
        let x: Vec<f32> = levels.iter().map(|level| amplitude(*level) as f32).collect();
        let steps = |y: &[f32]| {
            let taken: Vec<f64> = x.iter().zip(y).map(|(x, y)| -db(f64::from(y / x))).collect();
            let full = taken[4800 + length - 1];
            assert!((full - 18.0).abs() < 0.01, "{full}");
            let came = taken[4800..].iter().position(|r| *r >= part * full).expect("it comes");
            let went = taken[4800 + length..].iter().position(|r| *r <= (1.0 - part) * full).expect("it goes");
            [came + 1, went + 1]
        };
        let options = format!(
            "threshold={}:ratio=4:knee=1:attack={attack}:release={release}:detection=peak:makeup=1",
            amplitude(threshold)
        );
        let values = [
            ("threshold_db", threshold),
            ("ratio", 4.0),
            ("knee_db", 0.0),
            ("attack_ms", attack),
            ("release_ms", release),
        ];
        // A one-pole on the amplitude, of a quarter of the time, and the law behind it.
        let predicted = |from: f64, to: f64, ms: f64, there: &dyn Fn(f64) -> bool| {
            let mut level = amplitude(from);
            let step = 4000.0 / (ms * f64::from(RATE));
            (1..usize::MAX).find(|_| {
                level += (amplitude(to) - level) * step;
                there((slope * (db(level) - threshold)).max(0.0))
            })
        };
        let up = predicted(soft, loud, attack, &|r| r >= part * 18.0);
        let down = predicted(loud, soft, release, &|r| r <= (1.0 - part) * 18.0);
        let (theirs, ours) = (steps(&theirs(&options, &x)), steps(&ours(&values, &x)));
        println!("{attack}/{release} ms: theirs {theirs:?} frames, predicted {up:?} {down:?}; ours {ours:?}");
        for (found, predicted) in theirs.iter().zip([up, down]) {
            assert!(predicted.is_some_and(|frames: usize| frames.abs_diff(*found) <= 2), "{found} for {predicted:?}");
        }
        for (found, ms) in ours.iter().zip([attack, release]) {
            assert!((*found as f64 / 48.0 / ms - 1.0).abs() <= 0.02, "{found} for {ms} ms");
        }
    }
}
