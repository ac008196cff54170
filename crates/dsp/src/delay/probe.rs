//! Spectra for the tests of delay and reverb.

use std::f64::consts::TAU;

use realfft::RealFftPlanner;

/// Powers of the bins 0..=size/2 under a Blackman–Harris window, scaled so that a sine of peak 1 reads 1.
pub(crate) fn powers(samples: &[f32]) -> Vec<f64> {
    let size = samples.len();
    let window = |n: usize| {
        let x = TAU * n as f64 / size as f64;
        0.35875 - 0.48829 * x.cos() + 0.14128 * (2.0 * x).cos() - 0.01168 * (3.0 * x).cos()
    };
    let mut input: Vec<f64> = samples.iter().enumerate().map(|(n, x)| f64::from(*x) * window(n)).collect();
    let fft = RealFftPlanner::<f64>::new().plan_fft_forward(size);
    let mut output = fft.make_output_vec();
    fft.process(&mut input, &mut output).expect("lengths agree");
    let scale = (0.35875 * size as f64 / 2.0).powi(-2);
    output.iter().map(|bin| bin.norm_sqr() * scale).collect()
}

/// Energy between two frequencies against the strongest bin, in decibels.
pub(crate) fn band_energy_db(samples: &[f32], sample_rate: u32, from_hz: f64, to_hz: f64) -> f64 {
    let powers = powers(samples);
    let bin = |hz: f64| (hz * samples.len() as f64 / f64::from(sample_rate)) as usize;
    let band: f64 = powers[bin(from_hz)..bin(to_hz)].iter().sum();
    10.0 * (band / powers.iter().copied().fold(0.0, f64::max)).log10()
}
