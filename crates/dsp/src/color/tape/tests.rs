use tonmeister_core::{Buffer, Event, Layout, ParamIndex};

use super::Tape;
use super::head::{bump_hz, loss};
use crate::color::level::energy;
use crate::color::probe::{RATE, SIZE, aliasing_db, bin_near, build, db, spectrum, through};
use crate::testing::{assert_block_size_does_not_matter, noise, sine, stereo_noise};

fn tone(bin: usize, peak: f64) -> Vec<f32> {
    sine(bin as f64 * f64::from(RATE) / SIZE as f64, peak, RATE, 3 * SIZE)
}

/// Gain at a frequency, in dB.
fn gain_db(values: &[(&str, f64)], hz: f64, peak: f64) -> f64 {
    let bin = bin_near(hz);
    db(spectrum(&through::<Tape>(values, &tone(bin, peak)))[bin] / peak)
}

#[test]
fn aliases_are_inaudible() {
    // Asked: 20 dB of drive, at most −80 dB. Measured −87.6 (normal) and −141.9 (high).
    for quality in [0.0, 1.0] {
        for bias in [75.0, 0.0] {
            let values = [("drive_db", 20.0), ("bias_percent", bias), ("auto_gain", 0.0), ("quality", quality)];
            let alias = aliasing_db(|x| through::<Tape>(&values, x));
            println!("quality {quality}, bias {bias}: {alias:.1} dB");
            assert!(alias < -80.0, "{alias}");
        }
    }
}

#[test]
fn quiet_sounds_keep_their_level() {
    // Unity at 1 kHz and −70 dB within 0.1 dB, whatever the settings.
    for (drive, bias) in [(-12.0, 75.0), (0.0, 75.0), (0.0, 0.0), (0.0, 100.0), (18.0, 75.0)] {
        let values = [("drive_db", drive), ("bias_percent", bias), ("auto_gain", 0.0), ("bump_db", 0.0)];
        let gain = gain_db(&values, 1000.0, 0.000_3);
        println!("drive {drive}, bias {bias}: {gain:+.3} dB");
        assert!((gain - db(loss(1000.0, 15.0))).abs() < 0.1, "{gain}");
    }
}

#[test]
fn distortion_grows_with_drive_and_is_odd() {
    // THD of a 1 kHz sine 15 dB under full scale against drive: 0.08 % at −12 dB, 0.14 at −6, 0.40 at 0, 1.6 at 6,
    // 5.6 at 12, 14 at 18, 23 at 24; nothing even and nothing at 0 Hz (asked for −90 dB) over −130 dB.
    let bin = bin_near(1000.0);
    let mut before = -200.0;
    for drive in [-12.0, -6.0, 0.0, 6.0, 12.0, 18.0, 24.0] {
        let values = [("drive_db", drive), ("auto_gain", 0.0)];
        let bins = spectrum(&through::<Tape>(&values, &tone(bin, 0.178)));
        let total = (2..15).map(|h| bins[h * bin].powi(2)).sum::<f64>().sqrt() / bins[bin];
        let [dc, second, third] = [0, 2, 3].map(|h| db(bins[h * bin] / bins[bin]));
        println!("drive {drive}: THD {:.3} %, third {third:.1} dB, second {second:.1}, 0 Hz {dc:.1}", 100.0 * total);
        assert!(third > before && second < -80.0 && dc < -90.0);
        before = third;
    }
}

#[test]
fn speed_sets_bump_and_losses() {
    let quiet = 0.000_3;
    for ips in [7.5, 15.0, 30.0] {
        let values = [("speed_ips", ips), ("bump_db", 3.0), ("auto_gain", 0.0)];
        let [bump, high] = [bump_hz(ips), 15_000.0].map(|hz| gain_db(&values, hz, quiet));
        println!("{ips} ips: {bump:+.2} dB at {} Hz, {high:+.2} dB at 15 kHz", bump_hz(ips));
        assert!((bump - 3.0).abs() < 0.3 && (high - db(loss(15_000.0, ips))).abs() < 0.2);
    }
}

#[test]
fn wow_bends_the_pitch_as_far_as_it_says() {
    // 1 % of wow: the distance of two upward crossings of a 1 kHz sine sways by 1 %.
    let x = sine(1000.0, 0.1, RATE, 4 * 48_000);
    let y = through::<Tape>(&[("wow_percent", 1.0), ("auto_gain", 0.0)], &x);
    let mut crossings = Vec::new();
    for n in 4800..y.len() - 1 {
        let (a, b) = (f64::from(y[n]), f64::from(y[n + 1]));
        if a < 0.0 && b >= 0.0 {
            crossings.push(n as f64 - a / (b - a));
        }
    }
    let (mut least, mut most) = (f64::MAX, 0.0_f64);
    for w in crossings.windows(21) {
        let period = (w[20] - w[0]) / 20.0 / 48.0;
        (least, most) = (least.min(period), most.max(period));
    }
    println!("periods from {least:.4} to {most:.4} ms");
    assert!((most - 1.01).abs() < 0.001 && (least - 0.99).abs() < 0.001);
}

#[test]
fn it_is_stable_at_any_drive_and_keeps_the_loudness() {
    let x = noise(5, 4.0, 24_000);
    for (saturation, bias, width) in [(0.0, 0.0, 0.0), (100.0, 0.0, 0.0), (100.0, 100.0, 100.0), (100.0, 0.0, 100.0)] {
        let values = [
            ("drive_db", 24.0),
            ("saturation_percent", saturation),
            ("bias_percent", bias),
            ("width_percent", width),
            ("auto_gain", 0.0),
        ];
        let peak = through::<Tape>(&values, &x).iter().fold(0.0_f32, |peak, y| peak.max(y.abs()));
        println!("{saturation} {bias} {width}: {peak}");
        assert!(peak < 1.0);
    }
    // Asked for ±0.2 LU.
    let x = noise(1, 0.5, 8 * 48_000);
    for drive in [0.0, 12.0, 24.0] {
        let y = through::<Tape>(&[("drive_db", drive)], &x);
        let change = 10.0 * (energy(&y[96_000..], RATE) / energy(&x[96_000..], RATE)).log10();
        println!("drive {drive}: {change:+.3} LU");
        assert!(change.abs() < 0.2);
    }
}

#[test]
fn blocks_do_not_matter() {
    let input = stereo_noise(3, 1.0, 6000);
    let at = |at, param, value, glide| Event { at, param: ParamIndex(param), value, glide };
    let events = [at(100, 1, 20.0, 800), at(1500, 2, 80.0, 0), at(2000, 6, 0.7, 500), at(4000, 3, 10.0, 0)];
    assert_block_size_does_not_matter(|| build::<Tape>(&[], Layout::Stereo), &input, &events);
}

#[test]
#[ignore = "a stopwatch, not a check"]
fn stopwatch() {
    for quality in [0.0, 1.0] {
        let mut tape = build::<Tape>(&[("quality", quality)], Layout::Stereo);
        let x = stereo_noise(1, 0.5, 512);
        let mut y: Buffer = x.clone();
        let ns = crate::oversample::tests::quickest(512, || {
            y.clone_from(&x);
            tape.process(&mut y.block(512), &tonmeister_core::Context::default());
        });
        println!("quality {quality}: {ns:.1} ns per stereo frame");
    }
}
