//! Short-time spectra of a stream: a window slides over the sound, and each place it stops gives the spectrum of what
//! lies under it.
//!
//! [`Stft`] takes sound in pieces of any size and hands each spectrum to a closure. Window *k* lies over the frames
//! from `k · hop` to `k · hop + size` of the whole stream, so spectra have the same bits however the sound was cut.
//! After building, nothing is allocated. Samples that are no numbers are heard as silence.
//!
//! ```
//! use tonmeister_measure::stft::{Shape, Stft, Window};
//!
//! // A sine of amplitude 0.5 that lies on bin 64 of 1024.
//! let tone: Vec<f32> = (0..4096).map(|n| 0.5 * (std::f32::consts::TAU * (n % 16) as f32 / 16.0).sin()).collect();
//! let mut stft = Stft::<f32>::new(Shape { window: Window::Hann, size: 1024, hop: 512 }, 1);
//! let mut starts = Vec::new();
//! stft.push(&tone, |start, bins| {
//!     starts.push(start);
//!     assert!((bins[64].norm() - 0.5).abs() < 1e-5);
//! });
//! assert_eq!(starts, [0, 512, 1024, 1536, 2048, 2560, 3072]);
//! ```
//!
//! # What the numbers mean
//!
//! Bin `k` of `size / 2 + 1` lies at `k · sample rate / size` ([`Shape::hz`]). Bins are scaled so that **a sine of
//! amplitude *a* on a bin reads |X| = *a*** (at 0 Hz and at half the rate an offset of *a* reads 2 *a*, because
//! there it has no mirror image). Of these come two readings, which must not be mixed up:
//!
//! * **A tone**: its mean square is |X|² / 2, its level 20 log₁₀ |X| dB under a full-scale sine; for a tone between two
//!   bins [`Window::tone`] reads place and level from the three highest bins, right to 0.01 dB.
//! * **A band of anything** (noise, music, several bins): the mean square of the sound in it is the sum of
//!   [`Stft::mean_square_of`] over its bins; over all bins it is that of the whole sound (Parseval), as the window
//!   weights it. A tone read like this comes out right too, once all bins that it smears into are counted.
//!
//! Per hertz: `mean_square_of(k, X) / bin width`. How wide a band of noise one bin hears, in bins, is
//! [`Window::noise_bandwidth`]: 1.5 and 2.0.
//!
//! # Which window, how long
//!
//! [`Window::Hann`] separates near tones and follows time best; beside a strong tone it smears −31 dB, falling 18 dB per
//! octave. [`Window::BlackmanHarris`] smears nothing above −92 dB but is twice as blunt: take it to see something faint
//! beside something loud (hum under music, the edge of a coder's low-pass). A hop of a quarter of the size (an eighth
//! at most) hears every frame of the sound nearly equally; half the size is enough for long-term means.
//! [`Shape::spanning`] takes the length in seconds, which keeps the view the same at every sample rate.
//!
//! `Stft<f32>` is quick, and its own rounding lies 140 dB below the loudest tone (measured: −141.1 dB); `Stft<f64>` has no such floor and
//! takes twice the time. More than one channel goes through [`Stft::push_channels`], which hands on the spectra of one
//! window side by side for cross-spectra.

use std::f64::consts::TAU;
use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{FftNum, RealFftPlanner, RealToComplex};
use serde::Serialize;

#[cfg(test)]
mod tests;

/// The shape a stretch of sound is faded in and out with before it is transformed. Both are periodic (the end joins the
/// beginning), as spectra want them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Window {
    /// A raised cosine. The main lobe is 4 bins wide, the first side lobe at −31 dB.
    Hann,
    /// Four cosine terms (Harris, *On the use of windows for harmonic analysis with the discrete Fourier transform*,
    /// Proc. IEEE 66(1), 1978). The main lobe is 8 bins wide, all side lobes are below −92 dB.
    BlackmanHarris,
}

impl Window {
    fn terms(self) -> &'static [f64] {
        match self {
            Window::Hann => &[0.5, 0.5],
            Window::BlackmanHarris => &[0.35875, 0.48829, 0.14128, 0.01168],
        }
    }

    /// The window's value at a fraction (0 to 1) of its length; 1 in the middle.
    pub fn at(self, place: f64) -> f64 {
        self.terms().iter().enumerate().map(|(k, a)| alternating(k) * a * (TAU * k as f64 * place).cos()).sum()
    }

    /// How many bins of noise one bin hears (equivalent noise bandwidth): 1.5 for Hann, 2.004 for Blackman–Harris.
    pub fn noise_bandwidth(self) -> f64 {
        // Of a cosine sum: (a₀² + ½ Σ aₖ²) / a₀².
        let terms = self.terms();
        let rest: f64 = terms[1..].iter().map(|a| a * a).sum();
        1.0 + rest / (2.0 * terms[0] * terms[0])
    }

    /// What a bin reads of a tone that lies `offset` bins beside it, as a fraction of its amplitude: the shape of the
    /// main lobe, for offsets of less than a bin.
    pub fn lobe(self, offset: f64) -> f64 {
        if offset.abs() < 1e-6 {
            return 1.0;
        }
        let (x, squared) = (std::f64::consts::PI * offset, offset * offset);
        let terms = self.terms();
        let sum: f64 = terms
            .iter()
            .enumerate()
            .map(|(k, a)| if k == 0 { *a } else { alternating(k) * a * squared / (squared - (k * k) as f64) })
            .sum();
        x.sin() / x * sum / terms[0]
    }

    /// A tone between the bins: from the powers |X|² (of one spectrum or a mean of several) of a bin that is higher than
    /// both its neighbors and of those, how far from that bin the tone lies (−0.5 to 0.5 bins) and its power on its
    /// place. For a tone that nothing near disturbs, right to 0.003 bins and 0.01 dB.
    pub fn tone(self, below: f64, middle: f64, above: f64) -> (f64, f64) {
        if !(middle > 0.0 && below <= middle && above <= middle) {
            return (0.0, middle);
        }
        let offset = match self {
            // Of the Hann window the ratio of the two highest bins says it exactly.
            Window::Hann => {
                let (next, side) = if above >= below { (above, 1.0) } else { (below, -1.0) };
                let ratio = (next / middle).sqrt();
                side * (2.0 * ratio - 1.0) / (ratio + 1.0)
            }
            // Of this one the lobe in dB is very nearly a parabola.
            Window::BlackmanHarris => {
                let [below, middle, above] = [below, middle, above].map(|p| p.max(1e-300).ln());
                0.5 * (below - above) / (below - 2.0 * middle + above).min(-1e-12)
            }
        };
        let offset = offset.clamp(-0.5, 0.5);
        (offset, middle / self.lobe(offset).powi(2))
    }

    /// Half the width of the main lobe, in bins: a tone reaches so far to either side.
    pub fn reach(self) -> usize {
        self.terms().len()
    }
}

/// Window, length and step of a short-time transform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Shape {
    /// The window.
    pub window: Window,
    /// Its length in frames. Even, at least 16 (else made so); powers of two are quickest.
    pub size: usize,
    /// How far it moves at a time, in frames; at least 1. It may be greater than the size: the frames between are not
    /// heard.
    pub hop: usize,
}

impl Shape {
    /// The power of two nearest to a length in seconds, moving by a fraction `1 / overlap` of it.
    pub fn spanning(seconds: f64, overlap: usize, window: Window, sample_rate: u32) -> Self {
        let size = (seconds * f64::from(sample_rate)).clamp(16.0, 16_777_216.0);
        let size = 1 << size.log2().round() as u32;
        Shape { window, size, hop: (size / overlap.max(1)).max(1) }
    }

    /// How many bins a spectrum has: from 0 Hz to half the sample rate, both included.
    pub fn bins(&self) -> usize {
        self.size / 2 + 1
    }

    /// The frequency of a bin; a fraction of a bin is as good.
    pub fn hz(&self, bin: f64, sample_rate: u32) -> f64 {
        bin * f64::from(sample_rate) / self.size as f64
    }

    /// Where between the bins a frequency lies.
    pub fn bin(&self, hz: f64, sample_rate: u32) -> f64 {
        hz * self.size as f64 / f64::from(sample_rate)
    }

    fn mended(self) -> Self {
        Shape { window: self.window, size: self.size.max(16).next_multiple_of(2), hop: self.hop.max(1) }
    }
}

/// A streaming short-time Fourier transform of one or several channels. See [the module](self).
pub struct Stft<T: FftNum = f32> {
    shape: Shape,
    window: Vec<T>,
    transform: Arc<dyn RealToComplex<T>>,
    /// What |X|² of a bin is worth as mean square, within and at 0 Hz or half the rate.
    weight: T,
    edge_weight: T,
    scratch: Vec<Complex<T>>,
    windowed: Vec<T>,
    spectra: Vec<Vec<Complex<T>>>,
    /// Per channel: what may still be needed, from `kept_from` on up to `filled`.
    kept: Vec<Vec<f32>>,
    kept_from: usize,
    filled: usize,
    /// Frames of the stream so far.
    heard: u64,
    /// Where the next window begins.
    next: u64,
}

impl<T: FftNum> Stft<T> {
    /// Ready for the first frame of so many channels.
    pub fn new(shape: Shape, channels: usize) -> Self {
        let shape = shape.mended();
        let transform = RealFftPlanner::<T>::new().plan_fft_forward(shape.size);
        let values = || (0..shape.size).map(|n| shape.window.at(n as f64 / shape.size as f64));
        let scale = 2.0 / values().sum::<f64>();
        Stft {
            shape,
            window: values().map(|w| number(w * scale)).collect(),
            weight: number(0.5 / shape.window.noise_bandwidth()),
            edge_weight: number(0.25 / shape.window.noise_bandwidth()),
            scratch: transform.make_scratch_vec(),
            windowed: transform.make_input_vec(),
            spectra: vec![transform.make_output_vec(); channels],
            transform,
            kept: vec![vec![0.0; 2 * shape.size]; channels],
            kept_from: 0,
            filled: 0,
            heard: 0,
            next: 0,
        }
    }

    /// Window, length and step.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// What a bin adds to the mean square of the sound under the window.
    pub fn mean_square_of(&self, bin: usize, value: Complex<T>) -> T {
        let edge = bin == 0 || bin == self.shape.size / 2;
        (value.re * value.re + value.im * value.im) * if edge { self.edge_weight } else { self.weight }
    }

    /// Hears more of one channel. For each window that is now full, `each` gets its first frame and its spectrum.
    ///
    /// # Panics
    /// When built for more or fewer channels than one: a fault of the caller.
    pub fn push(&mut self, sound: &[f32], mut each: impl FnMut(u64, &[Complex<T>])) {
        self.push_channels(&[sound], |start, spectra| each(start, &spectra[0]));
    }

    /// Hears more of all channels: one slice each, all of one length. For each window that is now full, `each` gets its
    /// first frame and one spectrum per channel.
    ///
    /// # Panics
    /// When the slices are not as many as the channels it was built for, or differ in length: faults of the caller.
    pub fn push_channels(&mut self, channels: &[&[f32]], mut each: impl FnMut(u64, &[Vec<Complex<T>>])) {
        assert_eq!(channels.len(), self.kept.len(), "a slice for every channel");
        let frames = channels.first().map_or(0, |c| c.len());
        assert!(channels.iter().all(|c| c.len() == frames), "channels of one push have one length");
        let mut at = 0;
        while at < frames {
            // Between windows, when they lie further apart than they are long.
            let between = usize::try_from(self.next.saturating_sub(self.heard)).unwrap_or(usize::MAX);
            if between > 0 {
                let skipped = between.min(frames - at);
                at += skipped;
                self.heard += skipped as u64;
                continue;
            }
            let wanted = (self.next + self.shape.size as u64 - self.heard) as usize;
            let taken = wanted.min(frames - at);
            self.keep(channels, at, taken);
            at += taken;
            self.heard += taken as u64;
            if taken == wanted {
                self.transform(&mut each);
            }
        }
    }

    /// Hears silence behind the end, until every frame of the stream has been under a window: without this, up to a
    /// window's length at the end (or a whole sound shorter than a window) is in no spectrum. The transform is then
    /// ready for another stream.
    pub fn finish(&mut self, mut each: impl FnMut(u64, &[Vec<Complex<T>>])) {
        let end = self.heard;
        // Windows that lie wholly within the stream have been handed out: what is left begins before the end but was
        // not covered to it. The last window that was handed out ends at `next − hop + size`.
        let covered = |stft: &Self| match stft.next.checked_sub(stft.shape.hop as u64) {
            Some(last) => last + stft.shape.size as u64 >= end,
            None => false,
        };
        while self.next < end && !covered(self) {
            let wanted = (self.next + self.shape.size as u64 - self.heard) as usize;
            self.make_room(wanted);
            for kept in &mut self.kept {
                kept[self.filled..self.filled + wanted].fill(0.0);
            }
            self.filled += wanted;
            self.heard += wanted as u64;
            self.transform(&mut each);
        }
        self.reset();
    }

    /// As newly built.
    pub fn reset(&mut self) {
        (self.kept_from, self.filled, self.heard, self.next) = (0, 0, 0, 0);
    }

    fn make_room(&mut self, frames: usize) {
        if self.filled + frames > 2 * self.shape.size {
            for kept in &mut self.kept {
                kept.copy_within(self.kept_from..self.filled, 0);
            }
            self.filled -= self.kept_from;
            self.kept_from = 0;
        }
    }

    fn keep(&mut self, channels: &[&[f32]], at: usize, frames: usize) {
        self.make_room(frames);
        let to = self.filled..self.filled + frames;
        for (kept, heard) in self.kept.iter_mut().zip(channels) {
            for (k, h) in kept[to.clone()].iter_mut().zip(&heard[at..at + frames]) {
                *k = if h.is_finite() { *h } else { 0.0 };
            }
        }
        self.filled += frames;
    }

    fn transform(&mut self, each: &mut impl FnMut(u64, &[Vec<Complex<T>>])) {
        for (kept, spectrum) in self.kept.iter().zip(&mut self.spectra) {
            let under = &kept[self.kept_from..self.kept_from + self.shape.size];
            for ((y, x), w) in self.windowed.iter_mut().zip(under).zip(&self.window) {
                *y = number::<T>(f64::from(*x)) * *w;
            }
            // Lengths fit: the vectors were made by the plan itself.
            let _ = self.transform.process_with_scratch(&mut self.windowed, spectrum, &mut self.scratch);
        }
        each(self.next, &self.spectra);
        self.next += self.shape.hop as u64;
        self.kept_from = (self.kept_from + self.shape.hop).min(self.filled);
    }
}

/// A number as precise as it can be said.
fn number<T: FftNum>(value: f64) -> T {
    T::from_f64(value).unwrap_or_else(T::zero)
}

/// 1, −1, 1, …
fn alternating(k: usize) -> f64 {
    if k.is_multiple_of(2) { 1.0 } else { -1.0 }
}
