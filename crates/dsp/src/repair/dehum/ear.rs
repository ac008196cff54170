//! The low end of the sound, in overlapping frames of half a second.
//!
//! The sound is brought to a rate of 8 kHz or somewhat more by a linear-phase low-pass (Kaiser window, −80 dB, flat to
//! 2.9 kHz). Every eighth of a second a frame of half a second is transformed under a Hann window, its middle being time
//! zero, so that a steady tone has its own phase in every bin of its lobe.

use std::f64::consts::PI;
use std::sync::Arc;

use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlannerScalar};

/// Frames begin this often in the length of one.
pub(super) const PER_FRAME: usize = 4;
/// Frames begin this often in a second (nearly: the hop is a whole number of samples).
pub(super) const PER_SECOND: f64 = 8.0;
/// Hum is looked for below, in hertz.
pub(super) const HIGHEST: f64 = 2900.0;
/// The lowest rate to which the sound is brought.
const LOW_RATE: u32 = 8000;
/// Half the taps of the low-pass, in samples of the low rate.
const HALF: usize = 10;
/// The shape of its window: −80 dB.
const BETA: f64 = 7.86;
/// How long the past is kept for those who look for hum, in frames.
pub(super) const PAST: usize = 64;
/// A frame is cut into so many pieces of 20 ms to hear how soft it becomes.
const PIECES: usize = 25;
/// Where beside a harmonic the music is measured, in bins of the frame's own width.
const BESIDE: [f64; 5] = [2.5, 3.0, 3.5, 4.0, 4.5];

/// What was heard at a harmonic in one frame.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tone {
    /// Amplitude and phase, at the frame's middle.
    pub value: Complex<f64>,
    /// The power beside it.
    pub beside: f64,
}

/// Hears the low end.
pub(super) struct Ear {
    channels: usize,
    /// Frames of the stream in a sample of the low rate.
    step: usize,
    rate: f64,
    taps: Vec<f64>,
    /// The last samples of the stream, twice as many as there are taps, per channel.
    heard: Vec<Vec<f64>>,
    at: usize,
    /// Samples until the next one of the low rate.
    wait: usize,
    /// The last frame's length of the low rate, a ring for each channel.
    low: Vec<Vec<f64>>,
    place: usize,
    /// From frame to frame, in samples of the low rate.
    hop: usize,
    window: Vec<f64>,
    fft: Arc<dyn Fft<f64>>,
    spectrum: Vec<Complex<f64>>,
    scratch: Vec<Complex<f64>>,
    bins: usize,
    /// Spectra of the past, a ring, channel by channel.
    past: Vec<Complex<f32>>,
    /// The power beside every bin, as the spectra.
    around: Vec<f64>,
    silent: [bool; PAST],
    /// The power of the softest piece of every frame, for each channel.
    softest: [[f64; 2]; PAST],
    /// How many frames there were.
    frames: u64,
    /// Samples of the low rate so far.
    count: u64,
    beside: [usize; BESIDE.len()],
}

impl Ear {
    pub(super) fn new(sample_rate: u32, channels: usize) -> Self {
        let step = (sample_rate / LOW_RATE).max(1) as usize;
        let rate = f64::from(sample_rate) / step as f64;
        let hop = (rate / PER_SECOND).round() as usize;
        let length = PER_FRAME * hop;
        let size = (4 * length).next_power_of_two();
        // The scalar transforms give the same bits on every machine.
        let fft = FftPlannerScalar::new().plan_fft_forward(size);
        let scratch = vec![Complex::default(); fft.get_inplace_scratch_len()];
        let sum = length as f64 / 2.0;
        let window = (0..length).map(|n| (0.5 - 0.5 * (2.0 * PI * n as f64 / length as f64).cos()) / sum).collect();
        let apart = size as f64 / length as f64;
        let bins = ((HIGHEST * size as f64 / rate) as usize + (6.0 * apart) as usize).min(size / 2);
        let taps = low_pass(step);
        Ear {
            channels,
            step,
            rate,
            heard: vec![vec![0.0; 2 * taps.len()]; channels],
            taps,
            at: 0,
            wait: 0,
            low: vec![vec![0.0; length]; channels],
            place: 0,
            hop,
            window,
            fft,
            spectrum: vec![Complex::default(); size],
            scratch,
            bins,
            past: vec![Complex::default(); PAST * channels * bins],
            around: vec![0.0; PAST * channels * bins],
            silent: [false; PAST],
            softest: [[0.0; 2]; PAST],
            frames: 0,
            count: 0,
            beside: BESIDE.map(|bin| (bin * apart).round() as usize),
        }
    }

    /// From one frame to the next, in frames of the stream.
    pub(super) fn hop(&self) -> usize {
        self.hop * self.step
    }

    /// From one frame to the next, in seconds.
    pub(super) fn hop_seconds(&self) -> f64 {
        self.hop as f64 / self.rate
    }

    /// From the middle of a frame to the sample of the stream that completes it.
    pub(super) fn late(&self) -> usize {
        (PER_FRAME / 2 * self.hop - 1) * self.step + self.taps.len() / 2
    }

    /// How many frames were heard, those included that began before the sound.
    pub(super) fn frames(&self) -> u64 {
        self.frames
    }

    /// One frame of the stream; true when a frame of half a second is complete.
    #[inline]
    pub(super) fn hear(&mut self, samples: [f64; 2]) -> bool {
        let taps = self.taps.len();
        self.at = if self.at == 0 { taps - 1 } else { self.at - 1 };
        for (ring, x) in self.heard.iter_mut().zip(samples) {
            ring[self.at] = x;
            ring[self.at + taps] = x;
        }
        if self.wait > 0 {
            self.wait -= 1;
            return false;
        }
        self.wait = self.step - 1;
        self.count += 1;
        // The low-pass looks half its length ahead: its first outputs lie before the sound.
        for (ring, low) in self.heard.iter().zip(&mut self.low) {
            low[self.place] = if taps == 1 {
                ring[self.at]
            } else {
                ring[self.at..self.at + taps].iter().zip(&self.taps).map(|(x, tap)| x * tap).sum()
            };
        }
        self.place = (self.place + 1) % self.low[0].len();
        if self.count.is_multiple_of(self.hop as u64) {
            self.transform();
            return true;
        }
        false
    }

    fn transform(&mut self) {
        let (length, size, half) = (self.window.len(), self.spectrum.len(), self.window.len() / 2);
        self.spectrum.fill(Complex::default());
        let mut nothing = 0;
        for (n, window) in self.window.iter().enumerate() {
            let from = (self.place + n) % length;
            let right = if self.channels == 2 { self.low[1][from] } else { 0.0 };
            let left = self.low[0][from];
            nothing += usize::from(left == 0.0 && right == 0.0);
            self.spectrum[(n + size - half) % size] = Complex::new(left * window, right * window);
        }
        self.fft.process_with_scratch(&mut self.spectrum, &mut self.scratch);
        let slot = (self.frames % PAST as u64) as usize;
        self.silent[slot] = nothing > length / 8 || self.frames + 1 < PER_FRAME as u64;
        for (channel, low) in self.low.iter().enumerate() {
            let piece = |piece: usize| {
                let (from, to) = (length * piece / PIECES, length * (piece + 1) / PIECES);
                let sum: f64 = (from..to).map(|n| low[(self.place + n) % length].powi(2)).sum();
                sum / (to - from) as f64
            };
            self.softest[slot][channel] = (0..PIECES).map(piece).fold(f64::INFINITY, f64::min);
        }
        let place = slot * self.channels * self.bins;
        for k in 0..self.bins {
            let (z, mirror) = (self.spectrum[k], self.spectrum[(size - k) % size].conj());
            // Twice the half of a real tone's amplitude.
            let pair = [z + mirror, (z - mirror) * Complex::new(0.0, -1.0)];
            for (channel, value) in pair.iter().enumerate().take(self.channels) {
                self.past[place + channel * self.bins + k] = Complex::new(value.re as f32, value.im as f32);
            }
        }
        for channel in 0..self.channels {
            let spectrum = &self.past[place + channel * self.bins..][..self.bins];
            let power = |k: usize| f64::from(spectrum[k].re).powi(2) + f64::from(spectrum[k].im).powi(2);
            let around = &mut self.around[place + channel * self.bins..][..self.bins];
            for (k, around) in around.iter_mut().enumerate() {
                let pair = |apart: &usize| power(k.saturating_sub(*apart)) + power((k + apart).min(spectrum.len() - 1));
                *around = self.beside.iter().map(pair).sum::<f64>() / (2 * BESIDE.len()) as f64;
            }
        }
        self.frames += 1;
    }

    /// Whether there was too little sound in the frame so many frames ago (0: the newest).
    pub(super) fn silent(&self, ago: usize) -> bool {
        ago as u64 >= self.frames || self.silent[((self.frames - 1 - ago as u64) % PAST as u64) as usize]
    }

    /// The power of the softest 20 ms in the frame so many frames ago.
    pub(super) fn softest(&self, ago: usize, channel: usize) -> f64 {
        self.softest[((self.frames - 1 - ago as u64) % PAST as u64) as usize][channel]
    }

    /// The harmonics of `hz`, so many frames ago, into `tones`.
    pub(super) fn read(&self, ago: usize, channel: usize, hz: f64, tones: &mut [Tone]) {
        let slot = ((self.frames - 1 - ago as u64) % PAST as u64) as usize;
        let place = (slot * self.channels + channel) * self.bins;
        let (spectrum, around) = (&self.past[place..][..self.bins], &self.around[place..][..self.bins]);
        let per_hz = self.spectrum.len() as f64 / self.rate;
        for (h, tone) in tones.iter_mut().enumerate() {
            let bin = ((hz * (h + 1) as f64 * per_hz).round() as usize).min(self.bins - 1);
            tone.value = Complex::new(f64::from(spectrum[bin].re), f64::from(spectrum[bin].im));
            tone.beside = around[bin];
        }
    }

    /// What [`Ear::read`] reads of a harmonic of height one, since its frequency lies beside the middle of a bin.
    pub(super) fn lobe(&self, hz: f64) -> f64 {
        let exact = hz * self.spectrum.len() as f64 / self.rate;
        let off = (exact - exact.round()) * self.window.len() as f64 / self.spectrum.len() as f64;
        // The Hann window's own transform.
        if off == 0.0 { 1.0 } else { (PI * off).sin() / (PI * off) / (1.0 - off * off) }
    }

    pub(super) fn reset(&mut self) {
        self.heard.iter_mut().chain(&mut self.low).for_each(|ring| ring.fill(0.0));
        self.past.fill(Complex::default());
        self.around.fill(0.0);
        self.silent = [false; PAST];
        self.softest = [[0.0; 2]; PAST];
        (self.at, self.wait, self.place, self.frames, self.count) = (0, 0, 0, 0, 0);
    }
}

/// A sinc under a Kaiser window, its edge at half the low rate of 8 kHz; one tap where nothing is left out.
fn low_pass(step: usize) -> Vec<f64> {
    if step == 1 {
        return vec![1.0];
    }
    let half = (HALF * step) as i64;
    let tap = |n: i64| {
        let (x, part) = (n as f64 / step as f64, n as f64 / (half + 1) as f64);
        let sinc = if n == 0 { 1.0 } else { (PI * x).sin() / (PI * x) };
        sinc * bessel(BETA * (1.0 - part * part).sqrt())
    };
    let taps: Vec<f64> = (-half..=half).map(tap).collect();
    let sum: f64 = taps.iter().sum();
    taps.iter().map(|tap| tap / sum).collect()
}

/// I₀, by its series.
fn bessel(x: f64) -> f64 {
    let (mut term, mut sum) = (1.0, 1.0);
    for k in 1..40 {
        term *= (0.5 * x / f64::from(k)).powi(2);
        sum += term;
    }
    sum
}
