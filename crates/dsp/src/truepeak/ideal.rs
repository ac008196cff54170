//! The ruler of the tests: ideal reconstruction by zero-padding the spectrum.

use realfft::RealFftPlanner;
use realfft::num_complex::Complex;

/// The greatest magnitude of the band-limited waveform through these samples, read at `factor` points per sample.
/// Silence surrounds the samples.
pub(crate) fn peak(x: &[f32], factor: usize) -> f64 {
    let margin = 1024;
    let padded = (x.len() + 2 * margin).next_power_of_two();
    let mut samples = vec![0.0_f64; padded];
    for (to, from) in samples[margin..].iter_mut().zip(x) {
        *to = f64::from(*from);
    }
    let mut planner = RealFftPlanner::<f64>::new();
    let forward = planner.plan_fft_forward(padded);
    let mut narrow = forward.make_output_vec();
    forward.process(&mut samples, &mut narrow).unwrap();
    let inverse = planner.plan_fft_inverse(padded * factor);
    let mut wide = inverse.make_input_vec();
    wide[..narrow.len()].copy_from_slice(&narrow);
    // The Nyquist line stands for two mirrored halves once there is room above it.
    wide[padded / 2] = Complex::new(narrow[padded / 2].re / 2.0, 0.0);
    let mut fine = inverse.make_output_vec();
    inverse.process(&mut wide, &mut fine).unwrap();
    fine.iter().fold(0.0_f64, |a, b| a.max(b.abs())) / padded as f64
}

/// The samples without anything above `edge` (a fraction of the sample rate), by removing it from the spectrum.
pub(crate) fn band_limited(x: &[f32], edge: f64) -> Vec<f32> {
    let padded = (x.len() + 2048).next_power_of_two();
    let mut samples = vec![0.0_f64; padded];
    for (to, from) in samples[1024..].iter_mut().zip(x) {
        *to = f64::from(*from);
    }
    let mut planner = RealFftPlanner::<f64>::new();
    let mut spectrum = planner.plan_fft_forward(padded).make_output_vec();
    planner.plan_fft_forward(padded).process(&mut samples, &mut spectrum).unwrap();
    // A cosine slope of 3 % below the edge keeps the ringing short enough for the padding.
    let (top, slope) = (edge * padded as f64, 0.03 * padded as f64);
    for (i, line) in spectrum.iter_mut().enumerate() {
        let part = ((top - i as f64) / slope).clamp(0.0, 1.0);
        *line *= 0.5 - 0.5 * (std::f64::consts::PI * part).cos();
    }
    planner.plan_fft_inverse(padded).process(&mut spectrum, &mut samples).unwrap();
    samples[1024 - 512..1024 + x.len() + 512].iter().map(|s| (s / padded as f64) as f32).collect()
}
