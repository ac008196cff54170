use tonmeister_core::{Event, Layout, ParamIndex};

use super::{BassEnhancer, HARMONICS, harmonics};
use crate::color::probe::{RATE, SIZE, bin_near, build, db, spectrum, through};
use crate::testing::{assert_block_size_does_not_matter, sine, stereo_noise};

/// A tone on a bin, long enough to settle.
fn tone(bin: usize, peak: f64) -> Vec<f32> {
    sine(bin as f64 * f64::from(RATE) / SIZE as f64, peak, RATE, 3 * SIZE)
}

/// The harmonics alone, from the first, in decibels of the tone.
fn harmonics_of(values: &[(&str, f64)], bin: usize, peak: f64) -> [f64; 12] {
    let bins = spectrum(&through::<BassEnhancer>(values, &tone(bin, peak)));
    std::array::from_fn(|h| db(bins.get((h + 1) * bin).copied().unwrap_or(0.0) / peak))
}

#[test]
fn polynomials_are_cosines_of_multiples() {
    for n in 0..HARMONICS {
        let mut weights = [0.0; HARMONICS];
        weights[n] = 1.0;
        for k in 0..=20 {
            let phase = 0.157 * f64::from(k);
            let wanted = ((n + 2) as f64 * phase).cos();
            assert!((harmonics(phase.cos(), &weights) - wanted).abs() < 1e-12, "T{} at {phase}", n + 2);
        }
    }
}

#[test]
fn a_note_below_the_cutoff_has_its_harmonics_above_and_nothing_else() {
    // 50 Hz, cutoff 100 Hz, asked for −9 dB of harmonics; measured −9.8 (odd), −11.1 and −11.8 (even): the second lies on
    // the cutoff, where half its power passes. Above the band −177 dB.
    let bin = bin_near(50.0);
    for even in [0.0, 50.0, 100.0] {
        let values = [("even_percent", even), ("brightness_percent", 60.0)];
        let all = harmonics_of(&values, bin, 0.25);
        println!("even {even}: {all:.1?}");
        let sum = all[1..8].iter().map(|db| 10_f64.powf(0.1 * db)).sum::<f64>();
        println!("together {:.2} dB", 10.0 * sum.log10());
        assert!(all[0].abs() < 0.3 && (10.0 * sum.log10() + 9.0).abs() < 2.8);
        // Odd or even alone: the others are under −60 dB.
        let (evens, odds) = ([all[1], all[3], all[5]], [all[2], all[4], all[6]]);
        assert_eq!(evens.iter().all(|db| *db > -50.0), even > 0.0);
        assert_eq!(odds.iter().all(|db| *db > -50.0), even < 100.0);
        assert!(even != 0.0 || evens.iter().all(|db| *db < -60.0));
        assert!(even != 100.0 || odds.iter().all(|db| *db < -60.0));
        // Above the band (eight times the cutoff): asked for −60 dB.
        let bins = spectrum(&through::<BassEnhancer>(&values, &tone(bin, 0.25)));
        let top = 850 * SIZE / RATE as usize;
        let above = bins[top..].iter().fold(0.0_f64, |most, x| most.max(*x));
        println!("above the band {:.1} dB", db(above / 0.25));
        assert!(db(above / 0.25) < -60.0);
    }
}

#[test]
fn harmonics_follow_the_level() {
    // Asked for ±1 dB over 20 dB; measured under 0.0001 dB over 40.
    let bin = bin_near(50.0);
    let loud = harmonics_of(&[("brightness_percent", 60.0)], bin, 0.5);
    for peak in [0.05, 0.005] {
        let soft = harmonics_of(&[("brightness_percent", 60.0)], bin, peak);
        let worst = loud[1..8].iter().zip(&soft[1..8]).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        println!("at {peak}: {worst:.4} dB");
        assert!(worst < 0.05, "{worst}");
    }
}

#[test]
fn two_notes_make_sums_and_differences() {
    // Stated, not asked: 41 and 62 Hz of equal level; power of everything that is harmonic of neither, against that of
    // the harmonics: +2.2 and +1.9 dB.
    let (one, two) = (bin_near(41.0), bin_near(62.0));
    let both: Vec<f32> = tone(one, 0.2).iter().zip(tone(two, 0.2)).map(|(a, b)| a + b).collect();
    for brightness in [0.0, 40.0] {
        let values = [("brightness_percent", brightness), ("remove_fundamental", 1.0)];
        let bins = spectrum(&through::<BassEnhancer>(&values, &both));
        let (mut good, mut bad) = (0.0_f64, 0.0_f64);
        for (i, x) in bins.iter().enumerate().skip(10) {
            let power = x * x;
            if i % one == 0 || i % two == 0 { good += power } else { bad += power }
        }
        let ratio = 10.0 * (bad / good).log10();
        println!("brightness {brightness}: {ratio:.1} dB");
        assert!(ratio < 6.0);
    }
}

#[test]
fn the_fundamental_goes_when_asked_and_the_rest_passes() {
    let bin = bin_near(50.0);
    let kept = harmonics_of(&[("sub_db", 6.0)], bin, 0.25)[0];
    let gone = harmonics_of(&[("remove_fundamental", 1.0)], bin, 0.25)[0];
    println!("sub 6: {kept:.2} dB; removed: {gone:.1} dB");
    assert!((kept - 6.0).abs() < 0.5 && gone < -20.0);
    // 3 kHz: nothing happens to it.
    let treble = harmonics_of(&[("remove_fundamental", 1.0), ("amount_db", 12.0)], bin_near(3000.0), 0.25);
    println!("{treble:.1?}");
    assert!(treble[0].abs() < 0.01 && treble[1] < -90.0 && treble[2] < -90.0);
}

#[test]
fn blocks_do_not_matter() {
    let input = stereo_noise(3, 1.0, 6000);
    let at = |at, param, value, glide| Event { at, param: ParamIndex(param), value, glide };
    let events = [at(100, 0, 200.0, 800), at(1500, 1, 6.0, 0), at(2000, 2, 90.0, 500), at(4000, 4, 3.0, 0)];
    assert_block_size_does_not_matter(|| build::<BassEnhancer>(&[], Layout::Stereo), &input, &events);
}

#[test]
#[ignore = "a stopwatch, not a check"]
fn stopwatch() {
    let mut enhancer = build::<BassEnhancer>(&[], Layout::Stereo);
    let x = stereo_noise(1, 0.5, 512);
    let mut y = x.clone();
    let ns = crate::oversample::tests::quickest(512, || {
        y.clone_from(&x);
        enhancer.process(&mut y.block(512), &tonmeister_core::Context::default());
    });
    println!("{ns:.1} ns per stereo frame");
}
