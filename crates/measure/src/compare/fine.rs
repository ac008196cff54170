//! The fraction of a frame by which two recordings lie apart, and a move by it.

use std::f64::consts::PI;

use realfft::num_complex::Complex64;
use tonmeister_core::{Buffer, Layout, View};
use tonmeister_dsp::math::bessel_i0;

use crate::stft::{Shape, Stft, Window};

/// Transforms so long that a delay of a few frames is nothing beside them.
const SHAPE: Shape = Shape { window: Window::Hann, size: 8192, hop: 4096 };
/// Coherence beyond this is not told from 1: the phase of one bin must not outvote all others.
const SURE: f64 = 1.0 - 1e-9;
/// Bins this far below the strongest, in power, hold the window's flanks.
const CARRIES: f64 = 1e-10;
/// Coherence of unrelated noise is about one over the number of windows, and hardly ever this many times as much.
const CHANCE: f64 = 6.0;
/// What one bin may weigh, against the mean.
const LOUDEST_VOICE: f64 = 30.0;

/// Hears two recordings that are aligned to the frame and says what is left between them.
pub struct Fine {
    layout: Layout,
    transform: Stft<f64>,
    cross: Vec<Complex64>,
    powers: [Vec<f64>; 2],
    windows: u64,
}

/// What is left between two recordings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rest {
    /// How many frames the second comes later; a fraction mostly. Right to 0.001 frames where what differs between the
    /// two lies 40 dB below what they share, and far better where they differ by gain and time alone.
    pub delay_frames: f64,
    /// How far that may be off by chance (standard deviation), for what the two do not share.
    pub uncertainty_frames: f64,
    /// How much of the second's power follows the first in phase and level, 0 to 1.
    pub coherence: f64,
}

impl Fine {
    /// Ready for the first frames of two recordings of that layout.
    pub fn new(layout: Layout) -> Self {
        let (channels, bins) = (layout.channels(), SHAPE.bins());
        Fine {
            layout,
            transform: Stft::new(SHAPE, 2 * channels),
            cross: vec![Complex64::default(); bins],
            powers: [vec![0.0; bins], vec![0.0; bins]],
            windows: 0,
        }
    }

    /// The next frames of both.
    ///
    /// # Panics
    /// When the two differ in length or in layout: faults of the caller.
    pub fn push(&mut self, first: View<'_>, second: View<'_>) {
        let channels = self.layout.channels();
        let all: Vec<&[f32]> = first.channels().chain(second.channels()).collect();
        let (cross, powers, windows) = (&mut self.cross, &mut self.powers, &mut self.windows);
        self.transform.push_channels(&all, |_, spectra| {
            *windows += 1;
            for channel in 0..channels {
                let pair = spectra[channel].iter().zip(&spectra[channels + channel]);
                for (k, (a, b)) in pair.enumerate() {
                    cross[k] += a.conj() * b;
                    powers[0][k] += a.norm_sqr();
                    powers[1][k] += b.norm_sqr();
                }
            }
        });
    }

    /// What was found, near `expected` frames; `None` for less than two windows (0.3 s) of sound.
    pub fn finish(&self, expected: f64) -> Option<Rest> {
        if self.windows < 2 {
            return None;
        }
        let strongest = self.powers.each_ref().map(|p| p.iter().copied().fold(0.0, f64::max));
        let (mut shared, mut total) = (0.0, 0.0);
        // Per bin: its frequency in radians per frame, its phase, its weight. The highest bins lie where converters
        // and coders end.
        let mut lines = Vec::new();
        for k in 1..(0.9 * SHAPE.size as f64 / 2.0) as usize {
            let [a, b] = self.powers.each_ref().map(|p| p[k]);
            if a <= CARRIES * strongest[0] || b <= CARRIES * strongest[1] {
                continue;
            }
            let coherence = (self.cross[k].norm_sqr() / (a * b)).min(SURE);
            shared += coherence * b;
            total += b;
            // So few windows make unrelated noise look a little alike; its phases say nothing.
            if coherence * self.windows as f64 > CHANCE {
                let radians = 2.0 * PI * k as f64 / SHAPE.size as f64;
                lines.push((radians, self.cross[k].arg(), coherence / (1.0 - coherence)));
            }
        }
        let mean = lines.iter().map(|(_, _, weight)| weight.sqrt()).sum::<f64>() / lines.len().max(1) as f64;
        let (mut delay, mut variance) = (expected, 0.0);
        for _ in 0..4 {
            let (mut up, mut down, mut scatter) = (0.0, 0.0, 0.0);
            for &(radians, phase, worth) in &lines {
                let weight = worth.sqrt().min(LOUDEST_VOICE * mean).powi(2);
                // The phase of a bin scatters by one over twice the number of windows and its worth.
                scatter += (weight * radians).powi(2) / (2.0 * self.windows as f64 * worth);
                // A turned recording has every phase half a turn off: both are taken for the nearer one.
                let off = phase + radians * delay;
                let off = off - PI * (off / PI).round();
                up += weight * radians * off;
                down += weight * radians * radians;
            }
            if down > 0.0 {
                delay -= up / down;
                variance = scatter / (down * down);
            }
        }
        let coherence = shared / total;
        (total > 0.0).then(|| Rest { delay_frames: delay, uncertainty_frames: variance.sqrt(), coherence })
    }
}

/// Half the reach of the kernel.
const HALF: isize = 64;
/// Shape of the Kaiser window over it: −118 dB beside the pass-band, which reaches 0.44 of the sample rate.
const BETA: f64 = 12.0;

/// Moves a signal earlier by a fraction of a frame (128-point Kaiser-windowed sinc, unity at 0 Hz). By 0 it hands the
/// samples on as they are.
pub struct Fraction {
    kernel: Vec<f64>,
    channels: Vec<Vec<f32>>,
    /// Of what is held, how much lies before the next frame to come out.
    before: usize,
}

impl Fraction {
    /// Earlier by −1 to 1 frames.
    pub fn new(layout: Layout, earlier: f64) -> Self {
        let earlier = earlier.clamp(-1.0, 1.0);
        let mut kernel: Vec<f64> = (-HALF..=HALF)
            .map(|k| {
                let x = k as f64 - earlier;
                let inside = 1.0 - (x / (HALF as f64 + 1.0)).powi(2);
                let sinc = if x == 0.0 { 1.0 } else { (PI * x).sin() / (PI * x) };
                sinc * bessel_i0(BETA * inside.max(0.0).sqrt()) / bessel_i0(BETA)
            })
            .collect();
        let sum: f64 = kernel.iter().sum();
        for k in &mut kernel {
            *k /= sum;
        }
        if earlier == 0.0 {
            kernel.clear();
        }
        // Silence precedes the recording.
        let channels = vec![vec![0.0; HALF as usize]; layout.channels()];
        Fraction { kernel, channels, before: HALF as usize }
    }

    /// The next frames; what is ready of the moved signal is appended to `out`, 64 frames late.
    pub fn push(&mut self, view: View<'_>, out: &mut Buffer) {
        for (held, channel) in self.channels.iter_mut().zip(view.channels()) {
            held.extend_from_slice(channel);
        }
        self.give(out);
    }

    /// The last frames: as many come out in all as went in.
    pub fn finish(mut self, out: &mut Buffer) {
        for held in &mut self.channels {
            held.extend([0.0; HALF as usize]);
        }
        self.give(out);
    }

    fn give(&mut self, out: &mut Buffer) {
        let half = HALF as usize;
        let ready = self.channels[0].len().saturating_sub(self.before + half);
        let mut made = Buffer::new(out.layout(), ready);
        for (c, held) in self.channels.iter_mut().enumerate() {
            let to = made.channel_mut(c);
            if self.kernel.is_empty() {
                to.copy_from_slice(&held[half..half + ready]);
            } else {
                for (n, y) in to.iter_mut().enumerate() {
                    let under = &held[n..n + self.kernel.len()];
                    *y = under.iter().zip(&self.kernel).map(|(x, k)| f64::from(*x) * k).sum::<f64>() as f32;
                }
            }
            held.drain(..ready);
        }
        out.append(made.view(ready));
    }
}
