//! Notches, band-passes, tilts, all-passes, resonant passes and steep shelves against their analog models.

use std::f64::consts::{FRAC_1_SQRT_2, PI, TAU};

use tonmeister_core::{Effect, Settings};

use super::design::{Worst, deviation, level, sweep, worst_of};
use crate::biquad::Biquad;
use crate::eq::{Band, Eq, SLOPES, Shape, response};

const RATES: [f64; 4] = [8000.0, 44_100.0, 48_000.0, 192_000.0];

#[test]
fn a_notch_is_silent_at_its_frequency_and_keeps_its_shape() {
    let mut worst = Worst::none();
    for sample_rate in RATES {
        for hz in sweep(20.0, 0.4 * sample_rate, 40) {
            for q in [0.3, 1.0, 3.0, 10.0, 40.0] {
                let band = Band { shape: Shape::Notch, hz, gain_db: 0.0, q };
                deviation(&mut worst, &band, sample_rate, false, -40.0);
                for sections in [band.settled(sample_rate), band.moving(sample_rate)] {
                    let notch = sections.as_slice()[0];
                    // Of a symmetric numerator |B| = |2b₀cos ω + b₁|, without the cancellation of a sum of powers.
                    let w = TAU * hz / sample_rate;
                    let poles = Biquad { b0: 1.0, b1: 0.0, b2: 0.0, ..notch };
                    let left = (2.0 * notch.b0 * w.cos() + notch.b1).abs() * poles.magnitude(w);
                    assert!(
                        notch.b0 == notch.b2 && left < 1e-7,
                        "{left} at the frequency of {band:?} at {sample_rate}"
                    );
                }
            }
        }
    }
    println!("notches up to 0.4 of every rate, Q 0.3 to 40: {worst:?}");
    assert!(worst.db <= 0.3, "{worst:?}");
}

#[test]
fn a_bandpass_keeps_its_shape_and_passes_its_center() {
    let mut worst = Worst::none();
    for sample_rate in RATES {
        for hz in sweep(20.0, 0.36 * sample_rate, 40) {
            for q in [0.1, 0.4, FRAC_1_SQRT_2, 2.0, 5.0, 10.0] {
                deviation(&mut worst, &Band { shape: Shape::BandPass, hz, gain_db: 0.0, q }, sample_rate, false, -36.0);
            }
        }
    }
    println!("band-passes, every rate, Q 0.1 to 10: {worst:?}");
    assert!(worst.db <= 0.35, "{worst:?}");
}

#[test]
fn bands_without_gain_on_the_move_stay_close() {
    let (mut narrow, mut notch) = (Worst::none(), Worst::none());
    for hz in sweep(20.0, 18_000.0, 40) {
        for q in [0.7, 1.0, 4.0, 20.0] {
            deviation(&mut narrow, &Band { shape: Shape::BandPass, hz, gain_db: 0.0, q }, 44_100.0, true, -36.0);
            deviation(&mut notch, &Band { shape: Shape::Notch, hz, gain_db: 0.0, q }, 44_100.0, true, -40.0);
        }
    }
    let tilt = worst_of(&[Shape::Tilt], &[1.0], &[-6.0, -3.0, 1.0, 6.0], &RATES[1..2], true);
    println!("moving: band-pass {narrow:?}, notch {notch:?}, tilt {tilt:?}");
    assert!(narrow.db <= 2.5 && notch.db <= 1.2 && tilt.db <= 1.2, "{narrow:?} {notch:?} {tilt:?}");
}

/// SOUND: a straight line within 0.25 dB from 50 Hz to 16 kHz. Measured: 0.22 dB.
#[test]
fn a_tilt_is_a_straight_line() {
    let mut worst = Worst::none();
    for sample_rate in [44_100, 48_000, 88_200, 96_000, 192_000, 384_000] {
        for pivot in [100.0, 1000.0, 12_000.0] {
            for slope in [-6.0, -4.5, -3.0, -1.0, 0.1, 0.5, 2.0, 3.0, 5.0, 6.0] {
                let settings = Settings::new(Eq::SPEC).with_item("tilts", &[("hz", pivot), ("slope_db_oct", slope)]);
                let hz: Vec<f64> = sweep(50.0, 16_000.0, 200).collect();
                for (db, hz) in response(&settings, sample_rate, &hz).unwrap().into_iter().zip(hz) {
                    let line = slope * (hz / pivot).log2();
                    worst.take((db - line).abs(), || {
                        format!("{hz:.0} Hz, {slope} dB/oct through {pivot} at {sample_rate}")
                    });
                }
            }
        }
    }
    println!("tilt: {worst:?}");
    assert!(worst.db <= 0.25, "{worst:?}");
}

#[test]
fn a_tilt_follows_its_model_to_20_khz_at_every_rate() {
    let worst = worst_of(&[Shape::Tilt], &[1.0], &[-6.0, -3.0, 1.0, 6.0], &RATES, false);
    println!("tilt against the endless row: {worst:?}");
    assert!(worst.db <= 0.15, "{worst:?}");
}

#[test]
fn an_allpass_changes_no_level_and_turns_the_phase_as_the_analog_one() {
    let (mut level_off, mut phase_off) = (Worst::none(), Worst::none());
    for hz in sweep(20.0, 10_000.0, 30) {
        for q in [0.3, FRAC_1_SQRT_2, 2.0, 8.0] {
            let band = Band { shape: Shape::AllPass, hz, gain_db: 0.0, q };
            let section = band.settled(44_100.0).as_slice()[0];
            let at_center = section.phase(TAU * hz / 44_100.0).abs();
            assert!((at_center - PI).abs() < 1e-6, "{at_center} at the center of {band:?}");
            for at in sweep(20.0, 20_000.0, 100) {
                level_off.take(section.magnitude_db(at, 44_100.0).abs(), || format!("{at:.0} Hz of {band:?}"));
                let x = at / hz;
                let analog = -2.0 * (x / q).atan2(1.0 - x * x);
                let turn = section.phase(TAU * at / 44_100.0) - analog;
                let apart = (turn - TAU * (turn / TAU).round()).abs().to_degrees();
                if hz <= 2000.0 {
                    phase_off.take(apart, || format!("{at:.0} Hz of {band:?}"));
                }
            }
        }
    }
    println!("all-pass: level {level_off:?}, phase {phase_off:?}");
    assert!(level_off.db < 1e-9 && phase_off.db < 30.0, "{level_off:?} {phase_off:?}");
}

#[test]
fn resonant_passes_keep_their_peak() {
    let (mut high, mut low, mut corner) = (Worst::none(), Worst::none(), Worst::none());
    for order in SLOPES.iter().map(|slope| (slope / 6.0) as usize).filter(|order| *order > 1) {
        for hz in sweep(20.0, 18_000.0, 24) {
            for gain_db in [-6.0, 3.0, 12.0, 24.0] {
                let band = Band { shape: Shape::HighPass { order }, hz, gain_db, q: 0.7 };
                deviation(&mut high, &band, 44_100.0, false, -120.0);
                let db = level(&band, 44_100.0, false, hz);
                corner.take((db + 3.0103 - gain_db).abs(), || format!("{band:?}"));
                let band = Band { shape: Shape::LowPass { order }, ..band };
                deviation(&mut low, &band, 44_100.0, false, -90.0);
            }
        }
    }
    println!("resonant high-pass {high:?}, at the corner {corner:?}, low-pass {low:?}");
    assert!(high.db <= 0.15 && corner.db <= 0.15 && low.db <= 0.1, "{high:?} {corner:?} {low:?}");
}

/// SOUND: 0.15 dB to 20 kHz at 44.1 kHz; here at every rate. Measured: 0.072 dB; with steps fitted each alone 0.64 dB. A
/// boost and the same cut undo one another exactly, so that gains of one sign are all gains.
#[test]
fn steep_shelves_stay_within_0_15_db_of_the_analog_model() {
    let mut all = Worst::none();
    for order in [4, 6, 8] {
        let shapes = [Shape::LowShelf { order }, Shape::HighShelf { order }];
        let rates = [44_100.0, 48_000.0, 88_200.0, 96_000.0, 192_000.0];
        let worst =
            worst_of(&shapes, &[0.5, FRAC_1_SQRT_2, 1.0, 1.4], &[1.0, 3.0, 6.0, 12.0, 18.0, 24.0], &rates, false);
        println!("shelves of order {order}, every rate, Q 0.5 to 1.4, up to 24 dB: {worst:?}");
        all.take(worst.db, || worst.at.clone());
    }
    assert!(all.db <= 0.15, "{all:?}");
}

#[test]
fn steep_shelves_are_steep_and_do_not_overshoot() {
    for order in [4, 6, 8] {
        let band = Band { shape: Shape::HighShelf { order }, hz: 1000.0, gain_db: 24.0, q: FRAC_1_SQRT_2 };
        let at = |hz| level(&band, 48_000.0, false, hz);
        assert!((at(1000.0) - 12.0).abs() < 0.1, "half of the gain at the frequency");
        assert!(at(16_000.0) < 24.05 && at(30.0) > -0.05, "no overshoot");
        let slope = at(1000.0 * 2_f64.powf(0.25)) - at(1000.0 * 2_f64.powf(-0.25));
        println!("{slope:.1} dB in the middle half octave");
        assert!(slope > 4.0 * (order / 2) as f64, "{slope} dB in half an octave of order {order}");
    }
}
