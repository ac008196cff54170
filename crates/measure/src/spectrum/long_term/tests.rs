//! Tones read right, pink noise lies level, pauses do not count.

use super::*;
use tonmeister_dsp::testing::{noise, sine};

fn heard(sound: &[f32], rate: u32) -> LongTerm {
    let mut meter = LongTermMeter::new(rate, Layout::Mono);
    sound.chunks(1000).for_each(|piece| meter.push(View::mono(piece)));
    meter.finish()
}

/// White noise through Kellet's filter (−3 dB per octave within ±0.05 dB above 10 Hz at 44.1 kHz).
fn pink(seed: u64, frames: usize) -> Vec<f32> {
    let mut b = [0.0f64; 7];
    let poles = [0.99886, 0.99332, 0.96900, 0.86650, 0.55000, -0.7616];
    let gains = [0.0555179, 0.0750759, 0.1538520, 0.3104856, 0.5329522, -0.0168980];
    noise(seed, 0.5, frames)
        .iter()
        .map(|white| {
            let white = f64::from(*white);
            for k in 0..6 {
                b[k] = poles[k] * b[k] + white * gains[k];
            }
            let sum: f64 = b[..6].iter().sum::<f64>() + b[6] + white * 0.5362;
            b[6] = white * 0.115926;
            (0.11 * sum) as f32
        })
        .collect()
}

/// Level of tones anywhere: greatest error 0.000002 dB; of the frequency 0.00002 Hz.
#[test]
fn a_tone_reads_its_level() {
    let mut worst = (0.0f64, 0.0f64);
    for rate in [44_100, 96_000] {
        for hz in [31.0, 61.7, 440.0, 997.3, 3333.3, 12_345.6] {
            let (found, db) = heard(&sine(hz, 0.25, rate, rate as usize), rate).left.tone_near(hz * 1.01).unwrap();
            worst = (worst.0.max((db + 12.0412).abs()), worst.1.max((found - hz).abs()));
        }
    }
    assert!(worst.0 < 0.1 && worst.1 < 0.1, "{worst:?}");
}

/// A tilt of 3 dB per octave lays pink noise level: within ±0.5 dB from 40 Hz to 18 kHz, smoothed to thirds, of one
/// minute (two: 0.30 dB); the rest is chance in the lowest bands.
#[test]
fn pink_noise_is_level_when_tilted() {
    let long_term = heard(&pink(3, 44_100 * 60), 44_100);
    let curve = long_term.left.curve(Smoothing::Third, 3.0);
    let inside = |hz: f64| (40.0..18_000.0).contains(&hz);
    let points: Vec<f64> = curve.hz.iter().zip(&curve.db).filter(|(hz, _)| inside(**hz)).map(|(_, db)| *db).collect();
    let mean = points.iter().sum::<f64>() / points.len() as f64;
    let worst = points.iter().map(|db| (db - mean).abs()).fold(0.0, f64::max);
    eprintln!("pink: {worst}");
    assert!(worst < 0.5, "{worst}");
}

#[test]
fn a_density_is_per_hertz() {
    let white = noise(11, 0.5, 48_000 * 4);
    let power = white.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / white.len() as f64;
    let curve = heard(&white, 48_000).left.curve(Smoothing::Octave, 0.0);
    let at = curve.hz.iter().position(|hz| *hz > 2000.0).unwrap();
    assert!((curve.db[at] - db(power / 24_000.0)).abs() < 0.3);
}

#[test]
fn pauses_do_not_count() {
    let tone = sine(1000.0, 0.1, 48_000, 480_000);
    let mut paused = tone.clone();
    paused.extend(vec![0.0; 960_000]);
    let (loud, with) = (heard(&tone, 48_000), heard(&paused, 48_000));
    let level = |l: &LongTerm| l.left.tone_near(1000.0).unwrap().1;
    assert!((level(&loud) - level(&with)).abs() < 0.2, "{} {}", level(&loud), level(&with));
    assert!(with.counted < 0.36);
    // Shorter than a window: still there.
    let (_, short) = heard(&tone[..4800], 48_000).left.tone_near(1000.0).unwrap();
    assert!((short + 20.0).abs() < 12.0, "{short}");
}
