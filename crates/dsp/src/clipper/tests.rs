use tonmeister_core::{Buffer, Event, Layout, ParamIndex};

use super::Clipper;
use crate::color::probe::{RATE, SIZE, aliasing_db, bin_near, build, db, spectrum, through};
use crate::testing::{assert_block_size_does_not_matter, noise, run, sine, stereo_noise};
use crate::truepeak::ideal;

#[test]
fn aliases_are_inaudible() {
    // Asked: at most −80 dB. Measured at 20 dB of drive: hard −91.6 (normal), −108 (high); knee 25: −92.8, knee 100: −108.
    for (quality, knee, bound) in [(0.0, 0.0, -85.0), (1.0, 0.0, -100.0), (0.0, 25.0, -88.0), (0.0, 100.0, -88.0)] {
        let values = [("gain_db", 20.0), ("ceiling_db", 0.0), ("knee_percent", knee), ("quality", quality)];
        let alias = aliasing_db(|x| through::<Clipper>(&values, x));
        println!("quality {quality}, knee {knee}: {alias:.1} dB");
        assert!(alias < bound, "{alias}");
    }
}

#[test]
fn nothing_stands_still_and_only_odd_harmonics_sound() {
    // Measured: 0 Hz (asked for −90) and second harmonic under −300 dB, third −9.6 dB as of a square wave.
    let tone = bin_near(200.0);
    let x = sine(tone as f64 * 48_000.0 / SIZE as f64, 1.0, RATE, 2 * SIZE);
    let bins = spectrum(&through::<Clipper>(&[("gain_db", 30.0), ("knee_percent", 0.0)], &x));
    let [dc, second, third] = [0, 2, 3].map(|h| db(bins[h * tone] / bins[tone]));
    println!("0 Hz {dc:.1} dB, second {second:.1}, third {third:.2}");
    assert!(dc < -110.0 && second < -110.0 && (third + 9.55).abs() < 0.1);
}

#[test]
fn below_the_knee_every_bit_passes() {
    let x = noise(1, 0.7, 5000);
    for quality in [0.0, 1.0] {
        let values = [("ceiling_db", 0.0), ("knee_percent", 5.0), ("quality", quality)];
        let late = build::<Clipper>(&values, Layout::Mono).latency().0 as usize;
        let quiet: Vec<f32> = x.iter().map(|x| x * 0.4).collect();
        let y = through::<Clipper>(&values, &quiet);
        assert!(y[late..].iter().zip(&quiet).all(|(y, x)| y.to_bits() == x.to_bits()), "{quality}");
    }
}

#[test]
fn the_overshoot_is_what_the_description_says() {
    // Measured, true peak over the ceiling at 16 times: 100 Hz driven 12 dB over +1.14 dB; noise up to 20.5 kHz whose
    // peaks are driven 6 dB over: +4.2 dB.
    let tone = sine(100.0, 1.0, RATE, 9600);
    let hiss = ideal::band_limited(&noise(1, 1.0, 9600), 20_500.0 / 48_000.0);
    for (name, x, gain, bound) in [("tone", tone, 12.0, 1.2), ("noise", hiss, 6.0, 4.5)] {
        for knee in [0.0, 25.0, 100.0] {
            let y = through::<Clipper>(&[("gain_db", gain), ("ceiling_db", 0.0), ("knee_percent", knee)], &x);
            let over = db(ideal::peak(&y[2400..7200], 16));
            println!("{name}, knee {knee}: {over:+.2} dB");
            assert!(over < bound, "{knee}: {over}");
        }
    }
}

#[test]
fn the_curve_is_the_knee() {
    // A slow tone follows the static curve: measured within 4·10⁻⁷.
    let x = sine(20.0, 1.0, RATE, 9600);
    let y = through::<Clipper>(&[("gain_db", 6.0), ("ceiling_db", -6.0), ("knee_percent", 100.0)], &x);
    let (ceiling, gain) = (10_f64.powf(-0.3), 10_f64.powf(0.3));
    let worst = (2400..9500).map(|n| {
        let u = f64::from(x[n - 87]) * gain / ceiling;
        let v = if u.abs() >= 2.0 { u.signum() } else { u - u * u.abs() / 4.0 };
        (f64::from(y[n]) - ceiling * v).abs()
    });
    let worst = worst.fold(0.0, f64::max);
    println!("{worst:.2e}");
    assert!(worst < 2e-6, "{worst:e}");
}

#[test]
fn the_needle_shows_what_was_cut() {
    let mut clipper = build::<Clipper>(&[("gain_db", 6.0), ("ceiling_db", 0.0), ("knee_percent", 0.0)], Layout::Mono);
    run(&mut *clipper, &Buffer::from_mono(sine(100.0, 1.0, RATE, 9600)), &[480], &[]);
    let reading = clipper.gain_reduction().unwrap();
    assert!((reading.max_db - 6.0).abs() < 0.05, "{reading:?}");
    assert!(reading.mean_db > 1.0 && reading.mean_db < 5.0);
}

#[test]
fn blocks_and_bad_numbers() {
    let mut input = stereo_noise(3, 1.0, 6000);
    let events = [(100, 0, 20.0, 800), (1500, 1, -9.0, 0), (2000, 2, 80.0, 500), (4000, 0, 3.0, 0)]
        .map(|(at, param, value, glide)| Event { at, param: ParamIndex(param), value, glide });
    assert_block_size_does_not_matter(|| build::<Clipper>(&[], Layout::Stereo), &input, &events);
    input.channel_mut(0)[500] = f32::NAN;
    input.channel_mut(1)[600] = f32::INFINITY;
    input.channel_mut(1)[700] = -3e38;
    let y = run(&mut *build::<Clipper>(&[], Layout::Stereo), &input, &[64], &[]);
    assert!((0..2).all(|c| y.channel(c).iter().all(|y| y.is_finite())));
    assert!((0..2).all(|c| y.channel(c)[1000..].iter().all(|y| y.abs() < 1.5)));
}

#[test]
#[ignore = "a stopwatch, not a check"]
fn stopwatch() {
    use crate::oversample::tests::quickest;
    for (quality, gain) in [(0.0, 0.0), (0.0, 12.0), (1.0, 12.0)] {
        let mut clipper = build::<Clipper>(&[("gain_db", gain), ("quality", quality)], Layout::Stereo);
        let x = stereo_noise(1, 0.5, 512);
        let mut y = x.clone();
        let ns = quickest(512, || {
            y.clone_from(&x);
            clipper.process(&mut y.block(512), &tonmeister_core::Context::default());
        });
        println!("quality {quality}, {gain} dB: {ns:.1} ns per stereo frame");
    }
}
