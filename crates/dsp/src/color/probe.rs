//! What the tests of everything nonlinear measure with.

use realfft::RealFftPlanner;
use tonmeister_core::{Buffer, Effect, Layout, Processor, Settings, Stream};

use crate::testing::{run, sine};

/// The rate of most tests.
pub(crate) const RATE: u32 = 48_000;
/// Length of the spectra; one bin is 1.46 Hz at 48 kHz.
pub(crate) const SIZE: usize = 32_768;

/// Decibels of a ratio of amplitudes.
pub(crate) fn db(ratio: f64) -> f64 {
    20.0 * ratio.max(1e-20).log10()
}

/// A processor with these settings at [`RATE`].
pub(crate) fn build<E: Effect>(values: &[(&str, f64)], layout: Layout) -> Box<dyn Processor> {
    let mut settings = Settings::new(E::SPEC);
    for (id, value) in values {
        settings.set(id, *value).unwrap();
    }
    let stream = Stream { sample_rate: RATE, layout, max_block: 4096, seed: 1 };
    E::from_settings(&settings).build(&stream).unwrap()
}

/// What the effect makes of one channel.
pub(crate) fn through<E: Effect>(values: &[(&str, f64)], x: &[f32]) -> Vec<f32> {
    let input = Buffer::from_mono(x.to_vec());
    run(&mut *build::<E>(values, Layout::Mono), &input, &[480], &[]).channel(0).to_vec()
}

/// The frequency of a bin that is odd and so divides no rate, nearest to `hz`.
pub(crate) fn bin_near(hz: f64) -> usize {
    (hz * SIZE as f64 / f64::from(RATE)).round() as usize | 1
}

/// Amplitudes of the last [`SIZE`] samples, per bin: a full-scale sine on a bin reads 1.
pub(crate) fn spectrum(x: &[f32]) -> Vec<f64> {
    let mut planner = RealFftPlanner::<f64>::new();
    let fft = planner.plan_fft_forward(SIZE);
    let mut time: Vec<f64> = x[x.len() - SIZE..].iter().map(|x| f64::from(*x)).collect();
    let mut bins = fft.make_output_vec();
    fft.process(&mut time, &mut bins).unwrap();
    let scale = |i: usize| if i == 0 { 1.0 } else { 2.0 } / SIZE as f64;
    bins.iter().enumerate().map(|(i, bin)| bin.norm() * scale(i)).collect()
}

/// The strongest line up to 20 kHz that is neither harmonic of bin `tone` nor standing still, relative to the
/// fundamental.
pub(crate) fn inharmonic_db(bins: &[f64], tone: usize) -> f64 {
    let top = (20_000.0 * SIZE as f64 / f64::from(RATE)) as usize;
    let alien = (1..top).filter(|i| i % tone != 0).map(|i| bins[i]).fold(0.0, f64::max);
    db(alien / bins[tone])
}

/// SOUND's torture: a 5 kHz sine of full scale through `f`, after a second of settling.
pub(crate) fn aliasing_db(f: impl FnOnce(&[f32]) -> Vec<f32>) -> f64 {
    let tone = bin_near(5000.0);
    let hz = tone as f64 * f64::from(RATE) / SIZE as f64;
    inharmonic_db(&spectrum(&f(&sine(hz, 1.0, RATE, 2 * SIZE))), tone)
}
