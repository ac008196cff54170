//! Overlapping frames: sound to spectra and back.
//!
//! A frame is as long as 43 ms (2048 at 48 kHz), a new one begins every quarter of it. It is weighted with the root of a
//! Hann window before and after, whose squares overlap to a constant: what is not changed comes out as it went in. Left
//! and right travel as real and imaginary part of one transform; a gain that is the same for both is put on it directly.

use std::f64::consts::PI;
use std::sync::Arc;

use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlannerScalar};
use tonmeister_core::Block;

/// Frames begin this often in the length of one.
pub(crate) const PER_FRAME: usize = 4;
/// The length of a frame at 48 kHz.
const SIZE_AT_48: f64 = 2048.0;

/// The power of two next to 43 ms.
pub(crate) fn size_at(sample_rate: u32) -> usize {
    let octaves = (SIZE_AT_48 * f64::from(sample_rate) / 48_000.0).log2().round();
    1 << octaves.max(6.0) as usize
}

/// Cuts sound into frames and adds them up again, late by the length of a frame.
pub(crate) struct Overlap {
    channels: usize,
    window: Vec<f64>,
    /// The last frame's length of sound, a ring for each channel.
    heard: [Vec<f32>; 2],
    /// What is summed so far, a ring for each channel.
    sums: [Vec<f64>; 2],
    /// Where both rings stand.
    at: usize,
    spectrum: Vec<Complex<f64>>,
    scratch: Vec<Complex<f64>>,
    forward: Arc<dyn Fft<f64>>,
    inverse: Arc<dyn Fft<f64>>,
}

impl Overlap {
    /// Frames of `size`, a power of two.
    pub(crate) fn new(size: usize, channels: usize) -> Self {
        // The scalar transforms give the same bits on every machine.
        let mut planner = FftPlannerScalar::new();
        let (forward, inverse) = (planner.plan_fft_forward(size), planner.plan_fft_inverse(size));
        let scratch = forward.get_inplace_scratch_len().max(inverse.get_inplace_scratch_len());
        Overlap {
            channels,
            window: (0..size).map(|n| (PI * n as f64 / size as f64).sin()).collect(),
            heard: std::array::from_fn(|c| vec![0.0; if c < channels { size } else { 0 }]),
            sums: std::array::from_fn(|c| vec![0.0; if c < channels { size } else { 0 }]),
            at: 0,
            spectrum: vec![Complex::default(); size],
            scratch: vec![Complex::default(); scratch],
            forward,
            inverse,
        }
    }

    /// The length of a frame, which is also the latency.
    pub(crate) fn size(&self) -> usize {
        self.window.len()
    }

    /// The frames from one spectrum to the next.
    pub(crate) fn hop(&self) -> usize {
        self.size() / PER_FRAME
    }

    /// How many frames may be fed until the next spectrum is due.
    pub(crate) fn room(&self) -> usize {
        self.hop() - self.at % self.hop()
    }

    /// Exchanges at most [`Overlap::room`] frames for those of one frame's length ago. Says whether a spectrum is due.
    /// What is no number becomes zero.
    pub(crate) fn feed(&mut self, block: &mut Block<'_>) -> bool {
        let frames = block.frames();
        let size = self.size();
        for (c, samples) in block.channels_mut().enumerate() {
            let heard = &mut self.heard[c][self.at..][..frames];
            let sums = &mut self.sums[c][self.at..][..frames];
            for ((x, heard), sum) in samples.iter_mut().zip(heard).zip(sums) {
                *heard = if x.is_finite() { *x } else { 0.0 };
                *x = *sum as f32;
                *sum = 0.0;
            }
        }
        self.at = (self.at + frames) % size;
        self.at.is_multiple_of(self.hop())
    }

    /// The spectrum of what was heard last, left as the real part and right as the imaginary part of the sound.
    pub(crate) fn analyze(&mut self) -> &mut [Complex<f64>] {
        let size = self.size();
        for (n, (bin, window)) in self.spectrum.iter_mut().zip(&self.window).enumerate() {
            let place = (self.at + n) % size;
            let right = if self.channels == 2 { f64::from(self.heard[1][place]) } else { 0.0 };
            *bin = Complex::new(f64::from(self.heard[0][place]) * window, right * window);
        }
        self.forward.process_with_scratch(&mut self.spectrum, &mut self.scratch);
        &mut self.spectrum
    }

    /// The spectrum as it stands.
    pub(crate) fn analyzed(&mut self) -> &mut [Complex<f64>] {
        &mut self.spectrum
    }

    /// Adds the sound of the spectrum, as it stands now, to the output.
    pub(crate) fn synthesize(&mut self) {
        let size = self.size();
        self.inverse.process_with_scratch(&mut self.spectrum, &mut self.scratch);
        // Squared windows overlap to half the frames per length; the transform there and back multiplies by the length.
        let scale = 2.0 / (PER_FRAME as f64 * size as f64);
        for (n, (bin, window)) in self.spectrum.iter().zip(&self.window).enumerate() {
            let place = (self.at + n) % size;
            self.sums[0][place] += bin.re * window * scale;
            if self.channels == 2 {
                self.sums[1][place] += bin.im * window * scale;
            }
        }
    }

    /// Nothing was heard.
    pub(crate) fn reset(&mut self) {
        self.at = 0;
        self.heard.iter_mut().for_each(|ring| ring.fill(0.0));
        self.sums.iter_mut().for_each(|ring| ring.fill(0.0));
    }
}
