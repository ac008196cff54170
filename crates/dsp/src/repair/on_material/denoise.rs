//! Denoise.

use super::super::Denoise;
use super::super::probe::ratio_db;
use super::{RATE, mean, repaired, stem};
use crate::testing::noise;

/// White noise, alone for a second (and learned there), then so many dB below the sound: how near it comes.
fn mended_db(name: &str, from: f64, snr_db: f64) -> Option<f64> {
    let lead = RATE as usize;
    let sound = [vec![0.0; lead], stem(name, from, 5.0)?].concat();
    let power = sound.iter().map(|x| f64::from(x * x)).sum::<f64>() / (sound.len() - lead) as f64;
    let peak = (3.0 * power * 10f64.powf(-snr_db / 10.0)).sqrt() as f32;
    let noisy: Vec<f32> = sound.iter().zip(noise(9, 1.0, sound.len())).map(|(s, n)| s + peak * n).collect();
    let mended = repaired::<Denoise>(&[("lead_in_seconds", 1.0), ("reduction_db", 20.0)], &noisy);
    Some(ratio_db(&sound[lead..], &mended[lead..]))
}

const SOUNDS: [(&str, f64); 6] = [
    ("dear_jon_doe_hiphop/latin_guitar", 24.0),
    ("freedoom_orchestral_e1m5/harp", 0.0),
    ("freedoom_orchestral_e1m5/strings", 32.0),
    ("freedoom_rock_e2m3/epiano", 8.0),
    ("freedoom_orchestral_e1m5/reference_mix", 32.0),
    ("sectoid_feelings/reference_mix", 20.0),
];

/// Measured at 10, 20, 30, 40 dB: 21.0, 29.2, 37.7, 46.2 dB in the mean; the least of the six 18.0, 25.7, 33.7, 42.3 (the mixes).
#[test]
fn white_noise_under_real_sound_goes() {
    for (snr, wanted) in [(10.0, 20.0), (20.0, 27.0), (30.0, 34.0), (40.0, 42.0)] {
        let mut all = Vec::new();
        for (name, from) in SOUNDS {
            let Some(mended) = mended_db(name, from, snr) else { return };
            eprintln!("{name}, noise {snr} dB below: {mended:.1} dB");
            assert!(mended > snr, "{name}: {mended}");
            all.push(mended);
        }
        eprintln!("noise {snr} dB below: {:.1} dB", mean(&all));
        assert!(mean(&all) >= wanted, "{snr}: {}", mean(&all));
    }
}
