use std::f64::consts::TAU;
use std::time::Instant;

use realfft::RealFftPlanner;
use tonmeister_core::{Buffer, Layout};

use super::{Dither, DitherError, Shaping};
use crate::testing::{noise, sine, stereo_noise};

fn dithered(input: &[f32], bits: u32, shaping: Shaping, rate: u32) -> Vec<f32> {
    let mut buffer = Buffer::from_mono(input.to_vec());
    let mut dither = Dither::new(bits, shaping, rate, Layout::Mono, 3).unwrap();
    dither.process(&mut buffer.block(input.len()));
    buffer.channel(0).to_vec()
}

fn errors(input: &[f32], output: &[f32]) -> Vec<f64> {
    input.iter().zip(output).map(|(x, y)| f64::from(*y) - f64::from(*x)).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn power(values: &[f64]) -> f64 {
    values.iter().map(|x| x * x).sum::<f64>() / values.len() as f64
}

fn db(power: f64) -> f64 {
    10.0 * power.log10()
}

#[test]
fn the_total_error_is_what_theory_says() {
    let input = noise(1, 0.5, 200_000);
    for (bits, expected) in [(16, -96.33), (24, -144.49), (8, -48.16), (20, -120.41)] {
        let total = db(power(&errors(&input, &dithered(&input, bits, Shaping::Flat, 48_000))));
        assert!((total - expected).abs() < 0.1, "{bits} bits: {total:.3} dBFS");
    }
}

#[test]
fn shapers_raise_the_total_as_published() {
    let input = noise(1, 0.5, 400_000);
    for (shaping, rise) in [(Shaping::Lipshitz5, 12.2), (Shaping::F9, 18.4), (Shaping::ImprovedE9, 23.1)] {
        let total = db(power(&errors(&input, &dithered(&input, 16, shaping, 44_100))));
        assert!((total + 96.33 - rise).abs() < 0.3, "{shaping:?}: {:+.2} dB", total + 96.33);
    }
}

#[test]
fn shapers_clear_the_band_where_hearing_is_keenest() {
    // Energy of the error from 2 to 5 kHz, against flat dither: each published curve lies at least 15 dB below it.
    let input = vec![0.0_f32; 1 << 17];
    let band = |shaping| {
        let error = errors(&input, &dithered(&input, 16, shaping, 44_100));
        let mut spectrum = averaged_spectrum(&error, 4096);
        let bin = |hz: f64| (hz / 44_100.0 * 4096.0) as usize;
        db(spectrum.drain(bin(2000.0)..bin(5000.0)).sum())
    };
    let flat = band(Shaping::Flat);
    for shaping in [Shaping::Lipshitz5, Shaping::F9, Shaping::ImprovedE9] {
        assert!(band(shaping) < flat - 15.0, "{shaping:?}: {:.1} dB", band(shaping) - flat);
    }
}

fn averaged_spectrum(signal: &[f64], size: usize) -> Vec<f64> {
    let fft = RealFftPlanner::<f64>::new().plan_fft_forward(size);
    let mut sum = vec![0.0; size / 2 + 1];
    for part in signal.chunks_exact(size) {
        let window = |n: usize| 0.5 - 0.5 * (TAU * n as f64 / size as f64).cos();
        let mut input: Vec<f64> = part.iter().enumerate().map(|(n, x)| x * window(n)).collect();
        let mut output = fft.make_output_vec();
        fft.process(&mut input, &mut output).unwrap();
        sum.iter_mut().zip(&output).for_each(|(s, bin)| *s += bin.norm_sqr());
    }
    sum
}

#[test]
fn a_tone_below_the_last_bit_has_no_harmonics() {
    // −110 dB at 16 bits. Periods are averaged over 64 stretches first: noise falls by 18 dB, harmonics would stay.
    let (size, stretches, cycles) = (8192, 64, 101);
    let amplitude = 10f64.powf(-110.0 / 20.0);
    let tone = |n: usize| (amplitude * (TAU * (cycles * n % size) as f64 / size as f64).sin()) as f32;
    let input: Vec<f32> = (0..size * stretches).map(tone).collect();
    let output = dithered(&input, 16, Shaping::Flat, 48_000);
    let mut mean = vec![0.0; size];
    for (n, y) in output.iter().enumerate() {
        mean[n % size] += f64::from(*y) / stretches as f64;
    }
    let fft = RealFftPlanner::<f64>::new().plan_fft_forward(size);
    let mut spectrum = fft.make_output_vec();
    fft.process(&mut mean, &mut spectrum).unwrap();
    let powers: Vec<f64> = spectrum.iter().map(|b| b.norm_sqr() / (size as f64 / 2.0).powi(2)).collect();
    assert!((db(powers[cycles]) + 110.0).abs() < 0.5, "the tone is at {:.2} dB", db(powers[cycles]));
    let floor = powers[1..].iter().sum::<f64>() / powers.len() as f64;
    for harmonic in 2..=20 {
        // A bin of noise is exponentially spread: nine times its mean happens once in eight thousand.
        let over = powers[cycles * harmonic] / floor;
        assert!(over < 9.0, "harmonic {harmonic} stands {:.1} dB above the noise", db(over));
    }
}

#[test]
fn mean_and_variance_of_the_error_do_not_depend_on_the_signal() {
    // Constants at every eighth of a step: undithered rounding would leave means up to half a step and no variance.
    let step = 1.0 / 32_768.0;
    for eighth in 0..8 {
        let input = vec![(step * (5.0 + f64::from(eighth) / 8.0)) as f32; 400_000];
        let error: Vec<f64> = errors(&input, &dithered(&input, 16, Shaping::Flat, 48_000));
        let (mean, variance) = (mean(&error) / step, power(&error) / (step * step));
        assert!(mean.abs() < 0.004, "{eighth}/8: mean {mean}");
        assert!((variance - 0.25).abs() < 0.0025, "{eighth}/8: variance {variance}");
    }
}

#[test]
fn channels_and_samples_are_independent() {
    let mut buffer = Buffer::new(Layout::Stereo, 400_000);
    let mut dither = Dither::new(16, Shaping::Flat, 48_000, Layout::Stereo, 9).unwrap();
    dither.process(&mut buffer.block(400_000));
    let [left, right]: [Vec<f64>; 2] =
        [0, 1].map(|c| buffer.channel(c).iter().map(|x| f64::from(*x) * 32_768.0).collect());
    let correlation = |a: &[f64], b: &[f64]| {
        let cross = a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
        cross / (power(a) * power(b)).sqrt() / a.len() as f64
    };
    for lag in 0..50 {
        let end = left.len() - lag;
        // Five times the deviation that chance gives at this length.
        assert!(correlation(&left[lag..], &right[..end]).abs() < 0.008, "channels at lag {lag}");
        assert!(lag == 0 || correlation(&left[lag..], &left[..end]).abs() < 0.008, "samples at lag {lag}");
    }
}

#[test]
fn the_output_lies_on_the_grid_and_clipping_is_counted() {
    for (bits, scale) in [(8, 128.0), (16, 32_768.0), (24, 8_388_608.0)] {
        let mut buffer = Buffer::from_mono(vec![1.5, -1.5, 0.25, f32::NAN, f32::INFINITY, -1.0 + 3.0 / scale]);
        let mut dither = Dither::new(bits, Shaping::Flat, 44_100, Layout::Mono, 1).unwrap();
        dither.process(&mut buffer.block(6));
        let out = buffer.channel(0);
        assert_eq!([out[0], out[1], out[4]], [1.0 - 1.0 / scale, -1.0, 1.0 - 1.0 / scale]);
        assert!(out[3].abs() <= 2.0 / scale);
        assert!(out.iter().all(|x| (f64::from(*x) * f64::from(scale)).fract() == 0.0));
        assert_eq!(dither.clipped(), 3, "{bits} bits");
    }
}

#[test]
fn a_shaper_recovers_from_overload_at_once() {
    let mut input = vec![4.0_f32; 1000];
    input.extend(vec![0.0; 1000]);
    let output = dithered(&input, 16, Shaping::ImprovedE9, 44_100);
    // Undisturbed, the error stays within the sum of its taps times 1.5 steps.
    assert!(output[1000..].iter().all(|y| y.abs() < 60.0 / 32_768.0));
}

#[test]
fn blocks_and_seeds() {
    let input = stereo_noise(4, 0.9, 5000);
    for shaping in [Shaping::Flat, Shaping::Lipshitz5, Shaping::F9] {
        let run = |sizes: &[usize], seed| {
            let mut buffer = input.clone();
            let mut dither = Dither::new(16, shaping, 44_100, Layout::Stereo, seed).unwrap();
            let mut at = 0;
            for size in sizes.iter().cycle() {
                let end = (at + size).min(5000);
                dither.process(&mut buffer.block_range(at, end));
                at = end;
                if at == 5000 {
                    break;
                }
            }
            buffer
        };
        let whole = run(&[5000], 1);
        assert_eq!(whole, run(&[1], 1));
        assert_eq!(whole, run(&[7, 64, 333], 1));
        assert_ne!(whole, run(&[5000], 2));
    }
}

#[test]
fn the_noise_runs_on_past_the_generators_32_bits() {
    let mut buffer = Buffer::new(Layout::Mono, 64);
    let mut dither = Dither::new(8, Shaping::Flat, 48_000, Layout::Mono, 1).unwrap();
    dither.position = (1 << 32) - 32;
    dither.process(&mut buffer.block(64));
    assert_eq!(dither.position, (1 << 32) + 32);
    let mut fresh = Buffer::new(Layout::Mono, 32);
    Dither::new(8, Shaping::Flat, 48_000, Layout::Mono, 1).unwrap().process(&mut fresh.block(32));
    assert_ne!(buffer.channel(0)[32..], *fresh.channel(0), "the same noise must not come again");
}

#[test]
fn what_cannot_be_made_is_refused_in_words() {
    let make = |bits, shaping, rate| Dither::new(bits, shaping, rate, Layout::Mono, 0).err();
    assert_eq!(make(7, Shaping::Flat, 48_000), Some(DitherError::Bits(7)));
    assert_eq!(make(25, Shaping::Flat, 48_000).unwrap().to_string(), "dither goes to 8 to 24 bits, not to 25");
    assert!(make(16, Shaping::F9, 48_000).unwrap().to_string().contains("use flat dither"));
    assert!(make(24, Shaping::F9, 44_100).is_some());
    assert_eq!(Shaping::F9.or_flat(16, 48_000), Shaping::Flat);
    assert_eq!(Shaping::F9.or_flat(16, 44_100), Shaping::F9);
}

#[test]
#[ignore = "a measurement of speed, for a quiet machine"]
fn speed() {
    let tone = sine(997.0, 0.5, 48_000, 48_000);
    for (bits, shaping) in [(24, Shaping::Flat), (16, Shaping::Flat), (16, Shaping::Lipshitz5), (16, Shaping::F9)] {
        let mut buffer = Buffer::from_stereo(tone.clone(), tone.clone());
        let mut dither = Dither::new(bits, shaping, 44_100, Layout::Stereo, 1).unwrap();
        let start = Instant::now();
        for _ in 0..100 {
            for at in (0..48_000).step_by(480) {
                dither.process(&mut buffer.block_range(at, at + 480));
            }
        }
        let ns = start.elapsed().as_nanos() as f64 / (100.0 * 2.0 * 48_000.0);
        println!("{bits} bits {shaping:?}: {ns:.2} ns per sample, {:.2} s per stereo hour", ns * 0.3456);
    }
}
