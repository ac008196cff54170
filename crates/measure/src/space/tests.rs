//! Known mixes.

use tonmeister_core::{Layout, View};
use tonmeister_dsp::testing::{noise, sine};

use super::{CorrelationMeter, Goniometer, GoniometerMeter, Space};
use crate::portrait::PortraitMeter;

const RATE: u32 = 48_000;

fn space(left: &[f32], right: &[f32]) -> Space {
    let mut meter = PortraitMeter::new(RATE, Layout::Stereo);
    meter.push(View::stereo(left, right));
    meter.finish().space.unwrap()
}

/// `common` on both channels with gains, and unrelated noise of the same power on each.
fn mix(common: f32, apart: f32, frames: usize) -> (Vec<f32>, Vec<f32>) {
    let [c, l, r] = [1, 2, 3].map(|seed| noise(seed, 0.3, frames));
    let of = |own: &[f32]| c.iter().zip(own).map(|(c, o)| common * c + apart * o).collect();
    (of(&l), of(&r))
}

/// Two channels of power g² + h² with g² in common correlate by g² / (g² + h²). Over ten seconds chance is ±0.0015;
/// found within 0.01, by the overall figure and by a needle of 3 s.
#[test]
fn correlation_is_that_of_the_mix() {
    for (common, apart) in [(1.0f32, 0.0f32), (0.8, 0.6), (0.0, 1.0)] {
        let (left, right) = mix(common, apart, 480_000);
        let expected = f64::from(common * common / (common * common + apart * apart));
        let found = space(&left, &right);
        assert!((found.correlation.unwrap() - expected).abs() < 0.01, "{:?} {expected}", found.correlation);
        let turned: Vec<f32> = right.iter().map(|x| -x).collect();
        let mut needle = CorrelationMeter::new(RATE, 3.0);
        needle.push(View::stereo(&left, &turned));
        assert!((needle.correlation().unwrap() + expected).abs() < 0.01, "{:?}", needle.correlation());
        // Width: (1 − ρ) / (1 + ρ).
        if expected < 0.999 {
            let width = 10.0 * ((1.0 - expected) / (1.0 + expected)).log10();
            assert!((found.width_db.unwrap() - width).abs() < 0.15, "{:?} {width}", found.width_db);
            let loss = 10.0 * (2.0 / (1.0 + expected)).log10();
            assert!((found.mono_loss_db.unwrap() - loss).abs() < 0.05);
            let bands = found.bands.iter().filter(|b| b.band.nominal_hz > 300.0);
            for b in bands {
                assert!((b.correlation.unwrap() - expected).abs() < 0.08, "{b:?}");
            }
        }
    }
}

#[test]
fn balance_is_the_ratio_of_powers() {
    let tone = sine(440.0, 0.4, RATE, 96_000);
    let quiet: Vec<f32> = tone.iter().map(|x| 0.5 * x).collect();
    let found = space(&tone, &quiet);
    assert!((found.balance_db.unwrap() + 6.0206).abs() < 0.001);
    assert!(found.history.balance_db.iter().all(|b| (b.unwrap() + 6.02).abs() < 0.05));
    let alone = space(&tone, &vec![0.0; 96_000]);
    assert_eq!((alone.balance_db, alone.correlation), (None, None));
    assert!((alone.mono_loss_db.unwrap() - 3.01).abs() < 0.01);
}

/// A phase of 90° between the channels is found in its band: within 0.1°.
#[test]
fn the_phase_between_channels_is_found() {
    for degrees in [-150.0f64, 0.0, 90.0, 179.0] {
        let step = std::f64::consts::TAU * 1000.0 / f64::from(RATE);
        let tone = |lead: f64| -> Vec<f32> {
            (0..96_000).map(|n| (0.3 * (step * f64::from(n) + lead.to_radians()).sin()) as f32).collect()
        };
        let found = space(&tone(degrees), &tone(0.0));
        let band = found.bands.iter().find(|b| b.band.nominal_hz == 1000.0).unwrap();
        assert!((band.phase_degrees.unwrap() - degrees).abs() < 0.1, "{degrees} {:?}", band.phase_degrees);
        assert!((band.correlation.unwrap() - degrees.to_radians().cos()).abs() < 0.001);
    }
}

/// Bass turned for five seconds of twelve: found in its bands and nowhere else, within a second.
#[test]
fn a_band_that_stays_turned_is_found() {
    let frames = 12 * RATE as usize;
    let (mut left, mut right) = mix(0.9, 0.4, frames);
    let bass = sine(100.0, 0.3, RATE, frames);
    for n in 0..frames {
        let turned = (3 * RATE as usize..8 * RATE as usize).contains(&n);
        left[n] += bass[n];
        right[n] += if turned { -bass[n] } else { bass[n] };
    }
    let found = space(&left, &right);
    assert!(!found.against.is_empty());
    for against in &found.against {
        assert!((80.0..=125.0).contains(&against.band.nominal_hz), "{against:?}");
        assert!((against.from_s - 3.0).abs() < 2.7 && (against.to_s - 8.0).abs() < 2.7, "{against:?}");
    }
    assert!(space(&mix(0.7, 0.7, frames).0, &mix(0.7, 0.7, frames).1).against.is_empty());
}

#[test]
fn unrelated_noise_is_never_turned() {
    let (left, right) = mix(0.0, 1.0, 25 * RATE as usize);
    assert_eq!(space(&left, &right).against, []);
}

fn picture(gain: (f32, f32)) -> Goniometer {
    let tone = sine(330.0, 0.5, RATE, 48_000);
    let [left, right] = [gain.0, gain.1].map(|g| tone.iter().map(|x| g * x).collect::<Vec<f32>>());
    let mut meter = GoniometerMeter::new();
    meter.push(&left, &right);
    meter.picture()
}

/// Mono upright within 0.001° (axis) and in the middle column alone; left at −45°, right at 45°, turned flat.
#[test]
fn mono_stands_upright() {
    for (gain, degrees) in [((1.0, 1.0), 0.0), ((1.0, 0.0), -45.0), ((0.0, 1.0), 45.0), ((0.6, 0.8), 8.13)] {
        let found = picture(gain);
        assert!((found.axis_degrees.unwrap() - degrees).abs() < 0.5, "{gain:?} {found:?}");
        let loudest = found.polar.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).unwrap().0;
        assert!((found.directions().nth(loudest).unwrap() - degrees).abs() < 1.6);
        // The same, out of the picture itself.
        let half = (found.side / 2) as i32;
        let (mut xx, mut yy, mut xy, mut all) = (0.0f64, 0.0, 0.0, 0.0);
        for y in -half..=half {
            for x in -half..=half {
                let share = f64::from(found.at(x, y));
                xx += share * f64::from(x * x);
                yy += share * f64::from(y * y);
                xy += share * f64::from(x * y);
                all += share;
            }
        }
        assert!((all - 1.0).abs() < 1e-4, "{all}");
        let drawn = 0.5 * (2.0 * xy).atan2(yy - xx).to_degrees();
        assert!((drawn - degrees).abs() < 0.5, "{gain:?}: drawn at {drawn}°");
    }
    let turned = picture((1.0, -1.0)).axis_degrees.unwrap();
    assert!((turned.abs() - 90.0).abs() < 0.5, "{turned}");
}

#[test]
fn a_fading_picture_forgets() {
    let tone = sine(330.0, 0.5, RATE, 96_000);
    let silence = vec![0.0; 96_000];
    let mut meter = GoniometerMeter::fading(RATE, 0.2);
    meter.push(&tone, &silence);
    meter.push(&silence, &tone);
    let found = meter.picture();
    assert!((found.axis_degrees.unwrap() - 45.0).abs() < 0.1, "{found:?}");
}

/// A wide bass is seen below 120 Hz alone.
#[test]
fn low_width_hears_the_bass_alone() {
    let (left, right) = mix(1.0, 0.0, 96_000);
    let bass = sine(60.0, 0.2, RATE, 96_000);
    let narrow = space(&left, &right);
    assert_eq!(narrow.low_width_db, None);
    let left: Vec<f32> = left.iter().zip(&bass).map(|(l, b)| 0.1 * l + b).collect();
    let right: Vec<f32> = right.iter().zip(&bass).map(|(r, b)| 0.1 * r - b).collect();
    assert!(space(&left, &right).low_width_db.unwrap() > 20.0);
}
