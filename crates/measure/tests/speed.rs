//! How fast the meters are. Run with `cargo test --release -p tonmeister-measure --test speed -- --ignored --nocapture`.

mod common;

use std::time::Instant;

use tonmeister_core::{Layout, SourceInfo, View};
use tonmeister_dsp::testing::{noise, sine};
use tonmeister_measure::check::Inspector;
use tonmeister_measure::loudness::{LoudnessMeter, Options, Peaks};
use tonmeister_measure::portrait::PortraitMeter;
use tonmeister_measure::space::GoniometerMeter;
use tonmeister_measure::spectrum::BandMeter;

const RATE: u32 = 48_000;
const SECONDS: usize = 60;

/// Something like music for a meter: two tones that swell, and noise.
fn signal(seed: u64) -> Vec<f32> {
    let frames = RATE as usize * SECONDS;
    let parts = [sine(97.0, 0.3, RATE, frames), sine(1234.5, 0.1, RATE, frames), noise(seed, 0.2, frames)];
    let swell = sine(0.31, 0.4, RATE, frames);
    (0..frames).map(|n| parts.iter().map(|p| p[n]).sum::<f32>() * (0.55 + swell[n])).collect()
}

/// The quickest of several runs, reported as a multiple of real time and as time per stereo frame.
fn time(what: &str, mut run: impl FnMut()) -> f64 {
    let quickest = (0..5).map(|_| {
        let start = Instant::now();
        run();
        start.elapsed().as_secs_f64()
    });
    let seconds = quickest.fold(f64::INFINITY, f64::min);
    let frame = seconds * 1e9 / (RATE as usize * SECONDS) as f64;
    let hour = seconds * 3600.0 / SECONDS as f64;
    eprintln!(
        "{what:28} {:7.0} x real time, {frame:6.2} ns per frame, {hour:5.2} s per hour",
        SECONDS as f64 / seconds
    );
    seconds
}

fn measure(peaks: Peaks, left: &[f32], right: &[f32]) {
    let mut meter = LoudnessMeter::with_options(RATE, Layout::Stereo, Options { peaks, ..Options::default() }).unwrap();
    for (l, r) in left.chunks(4096).zip(right.chunks(4096)) {
        meter.push(View::stereo(l, r));
    }
    assert!(meter.finish().integrated_lufs.is_some());
}

#[test]
#[ignore = "a timing, to be read by a person"]
fn how_fast_loudness_is() {
    let (left, right) = (signal(1), signal(2));
    time("I, M, S, LRA, sample peak", || measure(Peaks::Sample, &left, &right));
    time("with true peak", || measure(Peaks::True, &left, &right));
    time("looked at closely", || measure(Peaks::TrueClosely, &left, &right));
    time("with true peak and PSR", || measure(Peaks::TrueAndPsr, &left, &right));
}

#[test]
#[ignore = "a timing, to be read by a person"]
fn how_fast_inspection_is() {
    let (left, right) = (signal(1), signal(2));
    let info = SourceInfo { sample_rate: RATE, layout: Layout::Stereo, frames: left.len() as u64 };
    time("faults", || {
        let mut inspector = Inspector::new(info);
        for (l, r) in left.chunks(4096).zip(right.chunks(4096)) {
            inspector.push(View::stereo(l, r));
        }
        assert!(inspector.finish().stats.frames > 0);
    });
}

#[test]
#[ignore = "a timing, to be read by a person"]
fn how_fast_portraits_are() {
    let (left, right) = (signal(1), signal(2));
    time("portrait", || {
        let mut meter = PortraitMeter::new(RATE, Layout::Stereo);
        for (l, r) in left.chunks(4096).zip(right.chunks(4096)) {
            meter.push(View::stereo(l, r));
        }
        assert!(meter.finish().space.is_some());
    });
    time("bands alone", || {
        let mut meter = BandMeter::new(RATE, Layout::Stereo);
        for (l, r) in left.chunks(4096).zip(right.chunks(4096)) {
            meter.push(View::stereo(l, r));
        }
        assert!(meter.finish().bands.len() == 31);
    });
    time("goniometer alone", || {
        let mut meter = GoniometerMeter::new();
        meter.push(&left, &right);
        assert!(meter.picture().reach > 0.0);
    });
}
