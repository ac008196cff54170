//! Linear-phase bands: low-passes with the magnitude of a Linkwitz–Riley one, and the differences between them.
//!
//! The low-pass of a crossover is 1/(1 + (f/f₀)ⁿ) without phase, n being 2, 4 or 8: as an analog Linkwitz–Riley
//! low-pass of that order, up to half the sample rate. A band is the low-pass of its upper crossover minus that of
//! its lower one, and the topmost is the delayed input minus the last low-pass, so the bands add up to the delayed
//! input whatever the low-passes are: also while they move.
//!
//! Impulse responses reach 43 ms to either side, faded out over the outer half. A crossover of 48 dB per octave below
//! about 60 Hz would need more; there its slope is gentler at the foot, and the sum is exact all the same.
//!
//! Uniformly partitioned fast convolution (Gardner, "Efficient convolution without input-output delay", 1995, without
//! its first, delay-free part): a hop of 512 frames of latency besides the half response. When a crossover moves,
//! every hop is filtered by the response of its beginning and that of its end, and crossfaded in a raised cosine.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use tonmeister_core::{Layout, View};

use super::{Bands, MOST, Slope, finite};

/// Frames of a hop at 44.1 and 48 kHz.
const HOP: usize = 512;
/// Hops from the middle of a response to its end.
const HALF: usize = 4;
/// Partitions of a response.
const PARTS: usize = 2 * HALF;
const ZERO: Complex<f64> = Complex { re: 0.0, im: 0.0 };

/// One low-pass.
#[derive(Clone)]
struct LowPass {
    hz: f64,
    /// Spectra of the partitions, one after the other.
    spectra: Vec<Complex<f64>>,
    before: Vec<Complex<f64>>,
    /// Whether `before` still sounds in this hop.
    changed: bool,
}

#[derive(Clone)]
struct Channel {
    /// The last two hops of input, the second being filled.
    input: Vec<f64>,
    /// Spectra of the last inputs, in a ring.
    spectra: Vec<Complex<f64>>,
    /// The input as late as the bands.
    delayed: Vec<f64>,
    /// The low-passed hops that are being handed out.
    ready: Vec<f64>,
}

/// The bank of filters.
pub(super) struct Fir {
    slope: Slope,
    sample_rate: u32,
    hop: usize,
    lows: Vec<LowPass>,
    channels: Vec<Channel>,
    /// Frames of the current hop that have gone by.
    place: usize,
    /// The newest spectrum's place in the ring.
    newest: usize,
    /// The delayed input's place in its ring.
    at: usize,
    fade: Vec<f64>,
    target: [f64; MOST],
    forward: Arc<dyn RealToComplex<f64>>,
    inverse: Arc<dyn ComplexToReal<f64>>,
    design: Arc<dyn ComplexToReal<f64>>,
    room: Room,
}

/// What is needed for a moment.
struct Room {
    spectrum: Vec<Complex<f64>>,
    time: Vec<f64>,
    scratch: Vec<Complex<f64>>,
    response_spectrum: Vec<Complex<f64>>,
    response: Vec<f64>,
    window: Vec<f64>,
}

impl fmt::Debug for Fir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fir").field("slope", &self.slope).field("hop", &self.hop).finish_non_exhaustive()
    }
}

impl Fir {
    pub(super) fn new(slope: Slope, crossovers: usize, sample_rate: u32, layout: Layout) -> Self {
        let octaves = (f64::from(sample_rate) / 48_000.0).log2().round() as i32;
        let hop = if octaves < 0 { HOP >> octaves.unsigned_abs() } else { HOP << octaves };
        let mut planner = RealFftPlanner::new();
        let (forward, inverse) = (planner.plan_fft_forward(2 * hop), planner.plan_fft_inverse(2 * hop));
        let design = planner.plan_fft_inverse(PARTS * hop);
        let scratch = forward.get_scratch_len().max(inverse.get_scratch_len()).max(design.get_scratch_len());
        let half = HALF * hop;
        // By distance from the middle: 1 in the inner half, then a cosine down to 0.
        let window = |n: usize| {
            let outside = (2.0 * n as f64 / half as f64 - 1.0).max(0.0);
            0.5 + 0.5 * (std::f64::consts::PI * outside).cos()
        };
        let bins = hop + 1;
        let spectra = vec![ZERO; PARTS * bins];
        let low = LowPass { hz: 0.0, before: spectra.clone(), spectra: spectra.clone(), changed: false };
        let channel = Channel {
            input: vec![0.0; 2 * hop],
            spectra,
            delayed: vec![0.0; half + hop],
            ready: vec![0.0; crossovers * hop],
        };
        Fir {
            slope,
            sample_rate,
            hop,
            lows: vec![low; crossovers],
            channels: vec![channel; layout.channels()],
            place: 0,
            newest: 0,
            at: 0,
            fade: (0..hop).map(|n| 0.5 - 0.5 * (std::f64::consts::PI * (n as f64 + 0.5) / hop as f64).cos()).collect(),
            target: [0.0; MOST],
            room: Room {
                spectrum: vec![ZERO; bins],
                time: vec![0.0; 2 * hop],
                scratch: vec![ZERO; scratch],
                response_spectrum: vec![ZERO; half + 1],
                response: vec![0.0; PARTS * hop],
                window: (0..=half).map(window).collect(),
            },
            forward,
            inverse,
            design,
        }
    }

    pub(super) fn latency(&self) -> usize {
        (HALF + 1) * self.hop
    }

    pub(super) fn tail(&self) -> usize {
        HALF * self.hop
    }

    /// Where the crossovers shall be at the next hop.
    pub(super) fn aim(&mut self, hz: &[f64; MOST]) {
        self.target = *hz;
    }

    pub(super) fn reset(&mut self, hz: &[f64; MOST]) {
        for channel in &mut self.channels {
            channel.input.fill(0.0);
            channel.spectra.fill(ZERO);
            channel.delayed.fill(0.0);
            channel.ready.fill(0.0);
        }
        (self.place, self.newest, self.at) = (0, 0, 0);
        self.target = *hz;
        for (k, hz) in hz.iter().enumerate().take(self.lows.len()) {
            self.draw(k, *hz);
            self.lows[k].changed = false;
        }
    }

    /// Designs the low-pass of a crossover anew. Does not allocate.
    fn draw(&mut self, crossover: usize, hz: f64) {
        let Room { time, scratch, response_spectrum, response, window, .. } = &mut self.room;
        let half = HALF * self.hop;
        let low = &mut self.lows[crossover];
        low.hz = hz;
        std::mem::swap(&mut low.spectra, &mut low.before);
        let per_bin = f64::from(self.sample_rate) / (2 * half) as f64 / hz;
        for (bin, value) in response_spectrum.iter_mut().enumerate() {
            *value = Complex::new(1.0 / (1.0 + (per_bin * bin as f64).powi(self.slope.order())), 0.0);
        }
        // Lengths are those of the plan, so these transforms cannot fail.
        let _ = self.design.process_with_scratch(response_spectrum, response, scratch);
        // Around the middle it is symmetric; the transform begins in the middle. Its steady gain shall be 1.
        let tap = |n: usize| response[n] * window[n];
        let sum = tap(0) + 2.0 * (1..half).map(tap).sum::<f64>();
        // Both transforms are unscaled: so much comes out too large in filtering.
        let scale = 1.0 / (sum * (2 * self.hop) as f64);
        for part in 0..PARTS {
            time.fill(0.0);
            for (n, time) in time[..self.hop].iter_mut().enumerate() {
                *time = tap((part * self.hop + n).abs_diff(half)) * scale;
            }
            let spectrum = &mut low.spectra[part * (self.hop + 1)..][..=self.hop];
            let _ = self.forward.process_with_scratch(time, spectrum, scratch);
        }
    }

    /// Splits some frames.
    pub(super) fn run(&mut self, input: View<'_>, range: Range<usize>, out: &mut Bands) {
        let mut at = range.start;
        while at < range.end {
            let count = (range.end - at).min(self.hop - self.place);
            for (c, channel) in self.channels.iter_mut().enumerate() {
                let length = channel.delayed.len();
                for (n, x) in input.channel(c)[at..at + count].iter().enumerate() {
                    let x = finite(*x);
                    channel.input[self.hop + self.place + n] = x;
                    let top = std::mem::replace(&mut channel.delayed[(self.at + n) % length], x);
                    let mut below = 0.0;
                    for k in 0..self.lows.len() {
                        let low = channel.ready[k * self.hop + self.place + n];
                        out.channel_mut(k, c)[at + n] = low - below;
                        below = low;
                    }
                    out.channel_mut(self.lows.len(), c)[at + n] = top - below;
                }
            }
            self.at = (self.at + count) % self.channels[0].delayed.len();
            self.place += count;
            at += count;
            if self.place == self.hop {
                self.place = 0;
                self.turn();
            }
        }
    }

    /// A hop has come in: filters it.
    fn turn(&mut self) {
        for k in 0..self.lows.len() {
            self.lows[k].changed = self.lows[k].hz != self.target[k];
            if self.lows[k].changed {
                self.draw(k, self.target[k]);
            }
        }
        self.newest = (self.newest + PARTS - 1) % PARTS;
        let bins = self.hop + 1;
        for channel in &mut self.channels {
            let Room { spectrum, time, scratch, .. } = &mut self.room;
            time.copy_from_slice(&channel.input);
            let newest = &mut channel.spectra[self.newest * bins..][..bins];
            let _ = self.forward.process_with_scratch(time, newest, scratch);
            channel.input.copy_within(self.hop.., 0);
            for (k, low) in self.lows.iter().enumerate() {
                let ready = &mut channel.ready[k * self.hop..][..self.hop];
                let mut filter = |filter: &[Complex<f64>], time: &mut [f64]| {
                    spectrum.fill(ZERO);
                    for part in 0..PARTS {
                        let heard = &channel.spectra[(self.newest + part) % PARTS * bins..][..bins];
                        multiply_add(spectrum, heard, &filter[part * bins..][..bins]);
                    }
                    // Rounding leaves hairs of imaginary parts where a real signal has none.
                    (spectrum[0].im, spectrum[bins - 1].im) = (0.0, 0.0);
                    let _ = self.inverse.process_with_scratch(spectrum, time, scratch);
                };
                filter(&low.spectra, time);
                ready.copy_from_slice(&time[self.hop..]);
                if low.changed {
                    filter(&low.before, time);
                    for ((new, old), fade) in ready.iter_mut().zip(&time[self.hop..]).zip(&self.fade) {
                        *new = old + fade * (*new - old);
                    }
                }
            }
        }
    }
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn multiply_add(sums: &mut [Complex<f64>], a: &[Complex<f64>], b: &[Complex<f64>]) {
    for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
        sum.re += a.re * b.re - a.im * b.im;
        sum.im += a.re * b.im + a.im * b.re;
    }
}
