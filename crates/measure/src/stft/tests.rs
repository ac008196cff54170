//! The readings that the module promises.

use super::*;
use tonmeister_dsp::testing::{noise, sine};

const RATE: u32 = 48_000;

fn spectra(shape: Shape, sound: &[f32], cut: usize) -> Vec<(u64, Vec<Complex<f64>>)> {
    let mut stft = Stft::<f64>::new(shape, 1);
    let mut found = Vec::new();
    for piece in sound.chunks(cut) {
        stft.push(piece, |start, bins| found.push((start, bins.to_vec())));
    }
    stft.finish(|start, bins| found.push((start, bins[0].clone())));
    found
}

#[test]
fn cuts_do_not_matter() {
    let sound = noise(3, 0.5, 10_000);
    for (size, hop) in [(1024, 256), (1000, 333), (512, 1500), (64, 64)] {
        let shape = Shape { window: Window::Hann, size, hop };
        let whole = spectra(shape, &sound, 10_000);
        for cut in [1, 7, 100, 1024, 4096] {
            assert!(spectra(shape, &sound, cut) == whole, "{size} {hop} {cut}");
        }
        assert!(whole.iter().enumerate().all(|(k, (start, _))| *start == (k * hop) as u64));
        // The last window reaches over the end, unless the end lies between windows.
        let last = whole.last().unwrap().0 as usize;
        assert!(last + size >= sound.len() || last + hop >= sound.len());
    }
}

#[test]
fn a_short_sound_has_one_spectrum() {
    let shape = Shape { window: Window::Hann, size: 1024, hop: 256 };
    assert_eq!(spectra(shape, &[0.5; 100], 10).len(), 1);
    assert_eq!(spectra(shape, &[], 10).len(), 0);
    assert_eq!(spectra(shape, &[0.5; 1024], 10).len(), 1);
    assert_eq!(spectra(shape, &[0.5; 1025], 10).len(), 2);
}

/// Greatest error of a tone between bins: Hann less than 0.0001 dB and bins, Blackman–Harris 0.007 dB and 0.003 bins.
#[test]
fn a_tone_reads_its_amplitude() {
    for window in [Window::Hann, Window::BlackmanHarris] {
        let shape = Shape { window, size: 4096, hop: 4096 };
        let mut worst = (0.0f64, 0.0f64);
        for step in 0..=20 {
            let bin = 100.0 + f64::from(step) / 20.0;
            let tone = sine(shape.hz(bin, RATE), 0.25, RATE, 4096);
            let (_, bins) = spectra(shape, &tone, 4096).swap_remove(0);
            let power: Vec<f64> = bins.iter().map(Complex::norm_sqr).collect();
            let top = (1..2000).max_by(|a, b| power[*a].total_cmp(&power[*b])).unwrap();
            let (offset, found) = window.tone(power[top - 1], power[top], power[top + 1]);
            let error = 10.0 * (found / 0.0625).log10();
            worst = (worst.0.max(error.abs()), worst.1.max((top as f64 + offset - bin).abs()));
        }
        assert!(worst.0 < 0.01 && worst.1 < 0.004, "{window:?}: {worst:?}");
    }
}

/// Parseval: the mean square of all bins is that of the windowed sound over that of the window. Error 1e-12.
#[test]
fn the_mean_square_is_that_of_the_sound() {
    let sound = noise(9, 0.5, 2048);
    for window in [Window::Hann, Window::BlackmanHarris] {
        let shape = Shape { window, size: 2048, hop: 2048 };
        let stft = Stft::<f64>::new(shape, 1);
        let (_, bins) = spectra(shape, &sound, 2048).swap_remove(0);
        let found: f64 = bins.iter().enumerate().map(|(k, b)| stft.mean_square_of(k, *b)).sum();
        let weights: Vec<f64> = (0..2048).map(|n| window.at(n as f64 / 2048.0).powi(2)).collect();
        let heard: f64 = sound.iter().zip(&weights).map(|(x, w)| f64::from(*x).powi(2) * w).sum();
        let meant = heard / weights.iter().sum::<f64>();
        assert!((found / meant - 1.0).abs() < 1e-9, "{window:?} {found} {meant}");
    }
}

/// Side lobes of Blackman–Harris: −92.0 dB at most.
#[test]
fn blackman_harris_smears_nothing() {
    let shape = Shape { window: Window::BlackmanHarris, size: 4096, hop: 4096 };
    let tone: Vec<f64> = (0..4096).map(|n| (TAU * 500.5 * n as f64 / 4096.0).sin()).collect();
    let tone: Vec<f32> = tone.iter().map(|x| *x as f32).collect();
    let (_, bins) = spectra(shape, &tone, 4096).swap_remove(0);
    let far = bins.iter().enumerate().filter(|(k, _)| k.abs_diff(500) > 5);
    let worst = far.map(|(_, b)| 20.0 * b.norm().log10()).fold(f64::NEG_INFINITY, f64::max);
    assert!(worst < -92.0, "{worst}");
}

#[test]
fn what_is_no_number_is_silence() {
    let shape = Shape { window: Window::Hann, size: 64, hop: 32 };
    let mut sound = vec![0.0; 640];
    sound[100] = f32::NAN;
    sound[200] = f32::INFINITY;
    assert!(spectra(shape, &sound, 50).iter().all(|(_, bins)| bins.iter().all(|b| b.norm() == 0.0)));
}

#[test]
fn single_precision_is_good_to_140_db() {
    let tone = sine(1000.0, 1.0, RATE, 8192);
    let shape = Shape { window: Window::BlackmanHarris, size: 8192, hop: 8192 };
    let (_, fine) = spectra(shape, &tone, 8192).swap_remove(0);
    let mut quick = Vec::new();
    Stft::<f32>::new(shape, 1).push(&tone, |_, bins| quick = bins.to_vec());
    let off = fine.iter().zip(&quick).map(|(a, b)| (a.re - f64::from(b.re)).hypot(a.im - f64::from(b.im)));
    let worst = 20.0 * off.fold(0.0, f64::max).log10();
    assert!(worst < -140.0, "{worst}");
}
