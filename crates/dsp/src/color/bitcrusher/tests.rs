use tonmeister_core::{Event, Layout, ParamIndex};

use super::Bitcrusher;
use crate::color::probe::{RATE, SIZE, bin_near, build, db, spectrum, through};
use crate::testing::{assert_block_size_does_not_matter, sine, stereo_noise};

#[test]
fn bits_leave_the_noise_that_theory_says() {
    // Rounding to steps of 2^(1−bits) leaves −6.02·bits − 1.76 dB below a full-scale sine, the dither 4.77 dB more.
    // Measured: within 0.1 dB.
    let tone = bin_near(997.0);
    let x = sine(tone as f64 * 48_000.0 / SIZE as f64, 0.999, RATE, 2 * SIZE);
    for (bits, dither) in [(8.0, 0.0), (12.0, 0.0), (8.0, 1.0), (12.0, 1.0)] {
        let values = [("bits", bits), ("rate_hz", 48_000.0), ("steps", 1.0), ("dither", dither)];
        let bins = spectrum(&through::<Bitcrusher>(&values, &x));
        let noise = bins.iter().enumerate().filter(|(i, _)| *i != tone).map(|(_, a)| a * a).sum::<f64>().sqrt();
        let (found, theory) = (db(noise / bins[tone]), -6.0206 * bits - 1.76 + 4.77 * dither);
        println!("{bits} bit, dither {dither}: {found:.2} dB, theory {theory:.2}");
        assert!((found - theory).abs() < 0.5);
    }
}

#[test]
fn band_limited_steps_alias_to_nothing() {
    // A 1 kHz tone held at 7919 Hz: only the images at ±1 kHz around multiples of 7919 Hz may sound. Raw steps fill
    // the room between them. Measured: −90.6 against −29.9 dB.
    let tone = bin_near(1000.0);
    let hz = tone as f64 * 48_000.0 / SIZE as f64;
    let held = bin_near(7919.0);
    let rate = held as f64 * 48_000.0 / SIZE as f64;
    let x = sine(hz, 0.9, RATE, 2 * SIZE);
    let alien = |steps: f64| {
        let values = [("bits", 16.0), ("rate_hz", rate), ("steps", steps)];
        let bins = spectrum(&through::<Bitcrusher>(&values, &x));
        let mut wrong = 0.0_f64;
        for (i, a) in bins.iter().enumerate().take(13_653).skip(1) {
            let image = (0..4_usize).any(|k| i.abs_diff(k * held) == tone);
            wrong = wrong.max(if image { 0.0 } else { *a });
        }
        db(wrong / bins[tone])
    };
    let (exact, raw) = (alien(0.0), alien(1.0));
    println!("band-limited {exact:.1} dB, raw {raw:.1} dB");
    assert!(exact < -85.0 && raw > -40.0, "{exact} {raw}");
}

#[test]
fn at_the_stream_s_rate_every_frame_is_taken() {
    let x = sine(440.0, 0.8, RATE, 2000);
    let y = through::<Bitcrusher>(&[("bits", 16.0), ("rate_hz", 48_000.0), ("steps", 1.0)], &x);
    assert!(x.iter().zip(&y).all(|(x, y)| (x - y).abs() <= 1.0 / 65_536.0));
}

#[test]
fn blocks_do_not_matter() {
    let input = stereo_noise(3, 1.0, 6000);
    let at = |at, param, value, glide| Event { at, param: ParamIndex(param), value, glide };
    let events = [at(100, 0, 3.0, 800), at(1500, 1, 900.0, 0), at(2000, 4, 40.0, 500), at(4000, 1, 30_000.0, 300)];
    for steps in [0.0, 1.0] {
        let make = || build::<Bitcrusher>(&[("steps", steps), ("dither", 1.0)], Layout::Stereo);
        assert_block_size_does_not_matter(make, &input, &events);
    }
}
