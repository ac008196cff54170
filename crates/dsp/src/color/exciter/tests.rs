use tonmeister_core::{Event, Layout, ParamIndex};

use super::Exciter;
use crate::color::level::energy;
use crate::color::probe::{RATE, SIZE, aliasing_db, bin_near, build, db, spectrum, through};
use crate::testing::{assert_block_size_does_not_matter, noise, sine, stereo_noise};

#[test]
fn aliases_are_inaudible() {
    // Asked: 20 dB of drive, at most −80 dB. Measured: odd alone −102.4, half even −101.3, even −99.3.
    for even in [0.0, 50.0, 100.0] {
        let values = [("drive_db", 20.0), ("even_percent", even), ("amount_percent", 100.0)];
        let alias = aliasing_db(|x| through::<Exciter>(&values, x));
        println!("even {even}: {alias:.1} dB");
        assert!(alias < -80.0, "{alias}");
    }
}

#[test]
fn overtones_are_odd_or_even_as_wanted_and_nothing_stands_still() {
    let tone = bin_near(4500.0);
    let x = sine(tone as f64 * 48_000.0 / SIZE as f64, 0.3, RATE, 2 * SIZE);
    for even in [0.0, 100.0] {
        let bins = spectrum(&through::<Exciter>(&[("even_percent", even), ("amount_percent", 100.0)], &x));
        let [dc, second, third] = [0, 2, 3].map(|h| db(bins[h * tone] / bins[tone]));
        println!("even {even}: 0 Hz {dc:.1} dB, second {second:.1}, third {third:.1}");
        assert!(dc < -90.0 && third > -45.0);
        assert_eq!(second > -45.0, even > 0.0, "{second}");
    }
}

#[test]
fn lows_pass_and_loudness_stays() {
    // Asked for ±0.2 LU; measured 0.005.
    let x = noise(1, 0.5, 8 * 48_000);
    for (drive, amount) in [(12.0, 50.0), (30.0, 100.0)] {
        let y = through::<Exciter>(&[("drive_db", drive), ("amount_percent", amount)], &x);
        let change = 10.0 * (energy(&y[96_000..], RATE) / energy(&x[96_000..], RATE)).log10();
        println!("drive {drive}: {change:+.3} LU");
        assert!(change.abs() < 0.2);
    }
    // A bass tone makes no overtones: measured under −100 dB.
    let tone = bin_near(100.0);
    let x = sine(tone as f64 * 48_000.0 / SIZE as f64, 0.5, RATE, 2 * SIZE);
    let bins = spectrum(&through::<Exciter>(&[("amount_percent", 100.0)], &x));
    let third = db(bins[3 * tone] / bins[tone]);
    assert!(third < -80.0, "{third}");
}

#[test]
fn blocks_do_not_matter() {
    let input = stereo_noise(3, 1.0, 6000);
    let at = |at, param, value, glide| Event { at, param: ParamIndex(param), value, glide };
    let events = [at(100, 0, 900.0, 800), at(1500, 1, 30.0, 0), at(2000, 2, 90.0, 500), at(4000, 3, 80.0, 0)];
    assert_block_size_does_not_matter(|| build::<Exciter>(&[], Layout::Stereo), &input, &events);
}

#[test]
#[ignore = "a stopwatch, not a check"]
fn stopwatch() {
    let mut exciter = build::<Exciter>(&[], Layout::Stereo);
    let x = stereo_noise(1, 0.5, 512);
    let mut y = x.clone();
    let ns = crate::oversample::tests::quickest(512, || {
        y.clone_from(&x);
        exciter.process(&mut y.block(512), &tonmeister_core::Context::default());
    });
    println!("exciter: {ns:.1} ns per stereo frame");
}
