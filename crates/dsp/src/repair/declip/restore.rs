//! Finding the wave behind a clipped one.
//!
//! The sound is a sum of windowed sinusoids, few of them large, and large ones have company: the same partial in the
//! frames before and behind, its neighbors in frequency. Each iteration compares the sum with what is known (samples
//! that were not clipped, and that clipped ones lie beyond the level), hands the difference back to the coefficients,
//! and shrinks those whose neighborhood of three bins by seven frames is weak (the *persistent empirical Wiener* rule).
//! The threshold of the shrinking falls by and by.
//!
//! Instead of running through a recording twenty times, the window of frames slides: a frame comes in at the right with
//! a high threshold, has some iterations at every hop, and leaves at the left with a low one.

use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

/// How much of the last step is taken again.
const MOMENTUM: f32 = 0.9;
/// Frames on either side that count as neighbors.
const REACH: usize = 3;

/// How much work is done.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    /// Length of a frame; a hop is a quarter.
    pub size: usize,
    /// Frames in the window.
    pub frames: usize,
    /// Iterations per hop.
    pub iterations: usize,
    /// The threshold at first and at last, as parts of the clipping level.
    pub threshold: (f32, f32),
}

/// What is known of a sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Known {
    /// The sample as it came.
    pub sample: f32,
    /// 0 when the sample is right; otherwise the true one lies at this level or beyond, on this level's side.
    pub beyond: f32,
}

impl Known {
    pub(super) const SILENCE: Known = Known { sample: 0.0, beyond: 0.0 };

    /// The sample for computing with: nothing that would drown all else for as long as the window.
    fn tame(self) -> f32 {
        self.sample.clamp(-64.0, 64.0)
    }
}

struct Frame {
    /// The coefficients, and where momentum would carry them.
    now: Vec<Complex<f32>>,
    ahead: Vec<Complex<f32>>,
}

/// The tools that all channels share.
pub(super) struct Transform {
    pub shape: Shape,
    window: Vec<f32>,
    forward: Arc<dyn RealToComplex<f32>>,
    back: Arc<dyn ComplexToReal<f32>>,
    scratch: Vec<Complex<f32>>,
    samples: Vec<f32>,
    bins: Vec<Complex<f32>>,
    /// The sum of the frames, then how it differs from what is known.
    sum: Vec<f32>,
    /// Energies of the frames, three bins together.
    energy: Vec<f32>,
    /// How much of each sample of the span the window's frames hold.
    cover: Vec<f32>,
}

impl Transform {
    pub(super) fn new(shape: Shape) -> Self {
        let (size, hop) = (shape.size, shape.size / 4);
        let mut planner = RealFftPlanner::new();
        let (forward, back) = (planner.plan_fft_forward(size), planner.plan_fft_inverse(size));
        let scratch = forward.get_scratch_len().max(back.get_scratch_len());
        let turn = std::f64::consts::TAU / size as f64;
        // Squares of four windows, a quarter apart, add up to 1.
        let window: Vec<f32> =
            (0..size).map(|n| ((0.5 - 0.5 * (turn * (n as f64 + 0.5)).cos()) / 1.5_f64.sqrt()) as f32).collect();
        let mut cover = vec![0.0; (shape.frames + 3) * hop];
        for frame in 0..shape.frames {
            cover[frame * hop..][..size].iter_mut().zip(&window).for_each(|(c, w)| *c += w * w);
        }
        Transform {
            shape,
            window,
            forward,
            back,
            scratch: vec![Complex::default(); scratch],
            samples: vec![0.0; size],
            bins: vec![Complex::default(); size / 2 + 1],
            sum: vec![0.0; (shape.frames + 3) * hop],
            energy: vec![0.0; shape.frames * (size / 2 + 1)],
            cover,
        }
    }

    /// The coefficients of a frame of samples, into `bins`; the transform keeps the energy.
    fn analyze(&mut self, span: impl Iterator<Item = f32>) {
        for ((out, x), w) in self.samples.iter_mut().zip(span).zip(&self.window) {
            *out = x * w;
        }
        // Lengths fit: both were made for `size`.
        let _ = self.forward.process_with_scratch(&mut self.samples, &mut self.bins, &mut self.scratch);
        let scale = 1.0 / (self.shape.size as f32).sqrt();
        self.bins.iter_mut().for_each(|bin| *bin *= scale);
    }

    /// Adds the samples of a frame.
    fn synthesize(&mut self, coefficients: &[Complex<f32>], onto: Onto<'_>) {
        self.bins.copy_from_slice(coefficients);
        let last = self.bins.len() - 1;
        self.bins[0].im = 0.0;
        self.bins[last].im = 0.0;
        let _ = self.back.process_with_scratch(&mut self.bins, &mut self.samples, &mut self.scratch);
        let scale = 1.0 / (self.shape.size as f32).sqrt();
        let out = match onto {
            Onto::Sum(at) => &mut self.sum[at..at + self.shape.size],
            Onto::Slice(out) => out,
        };
        for ((out, x), w) in out.iter_mut().zip(&self.samples).zip(&self.window) {
            *out += x * w * scale;
        }
    }
}

/// Where the samples of a frame are added: to the sum from a place on, or to a slice.
enum Onto<'a> {
    Sum(usize),
    Slice(&'a mut [f32]),
}

/// One channel's window of frames.
pub(super) struct Restorer {
    known: Vec<Known>,
    frames: Vec<Frame>,
    /// What the frames that have left hold of the beginning of the span; and a fourth hop to work in.
    left: Vec<f32>,
    /// Energies of the frames that left last, the newest last.
    gone: Vec<f32>,
    /// Whether anything in the span is clipped, and the frames are kept.
    awake: bool,
}

impl Restorer {
    pub(super) fn new(shape: &Shape) -> Self {
        let (bins, hop) = (shape.size / 2 + 1, shape.size / 4);
        let frame = || Frame { now: vec![Complex::default(); bins], ahead: vec![Complex::default(); bins] };
        Restorer {
            known: vec![Known::SILENCE; (shape.frames + 3) * hop],
            frames: (0..shape.frames).map(|_| frame()).collect(),
            left: vec![0.0; shape.size],
            gone: vec![0.0; REACH * bins],
            awake: false,
        }
    }

    pub(super) fn reset(&mut self) {
        self.known.fill(Known::SILENCE);
        self.awake = false;
    }

    /// What is known of the span, to be marked.
    pub(super) fn known_mut(&mut self) -> &mut [Known] {
        &mut self.known
    }

    /// Takes the newest hop; `known` has been called upon to mark it. Gives the oldest.
    pub(super) fn hop(&mut self, tools: &mut Transform, output: &mut [f32]) {
        let clipped = self.known.iter().any(|known| known.beyond != 0.0);
        if clipped && !self.awake {
            self.wake(tools);
        }
        self.awake = clipped;
        if !clipped {
            output.iter_mut().zip(&self.known).for_each(|(out, known)| *out = known.sample);
            return;
        }
        for iteration in 0..tools.shape.iterations {
            self.iterate(tools, iteration);
        }
        // The oldest frame leaves; nothing that comes can change the samples of its first hop any more.
        let bins = tools.bins.len();
        self.gone.copy_within(bins.., 0);
        let from = (REACH - 1) * bins;
        energies(&self.frames[0].now, &mut self.gone[from..]);
        tools.synthesize(&self.frames[0].now, Onto::Slice(&mut self.left));
        for ((out, known), found) in output.iter_mut().zip(&self.known).zip(&self.left) {
            *out = if known.beyond == 0.0 {
                known.sample
            } else if found.is_finite() && (found.abs() > known.beyond.abs()) && (found * known.beyond > 0.0) {
                *found
            } else {
                known.sample
            };
        }
    }

    /// Makes room for a hop, which is to be written at the end of `known`.
    pub(super) fn shift(&mut self, tools: &mut Transform) {
        let hop = tools.shape.size / 4;
        self.known.copy_within(hop.., 0);
        if self.awake {
            self.left.copy_within(hop.., 0);
            let kept = self.left.len() - hop;
            self.left[kept..].fill(0.0);
            self.frames.rotate_left(1);
        }
    }

    /// The newest frame begins as it is heard.
    pub(super) fn begin(&mut self, tools: &mut Transform) {
        if self.awake {
            let last = self.frames.len() - 1;
            self.start(last, tools);
        }
    }

    fn start(&mut self, frame: usize, tools: &mut Transform) {
        let hop = tools.shape.size / 4;
        tools.analyze(self.known[frame * hop..].iter().map(|known| known.tame()));
        self.frames[frame].now.copy_from_slice(&tools.bins);
        self.frames[frame].ahead.copy_from_slice(&tools.bins);
    }

    /// All frames as they are heard: so far there was nothing to repair.
    fn wake(&mut self, tools: &mut Transform) {
        for frame in 0..self.frames.len() {
            self.start(frame, tools);
        }
        self.left.fill(0.0);
        let three = tools.shape.size / 4 * 3;
        for ((left, known), cover) in self.left[..three].iter_mut().zip(&self.known).zip(&tools.cover) {
            *left = known.tame() * (1.0 - cover);
        }
        let bins = tools.bins.len();
        for gone in self.gone.chunks_exact_mut(bins) {
            energies(&self.frames[0].now, gone);
        }
    }

    fn iterate(&mut self, tools: &mut Transform, iteration: usize) {
        let Shape { size, frames, iterations, threshold } = tools.shape;
        let (hop, bins) = (size / 4, size / 2 + 1);
        let three = 3 * hop;
        tools.sum[..three].copy_from_slice(&self.left[..three]);
        tools.sum[three..].fill(0.0);
        for (k, frame) in self.frames.iter().enumerate() {
            tools.synthesize(&frame.ahead, Onto::Sum(k * hop));
        }
        let mut level = 0.0_f32;
        for (n, (sum, known)) in tools.sum.iter_mut().zip(&self.known).enumerate() {
            // The last three hops lack the frames that are yet to come.
            let cover = if n < three { 1.0 } else { tools.cover[n] };
            let (sample, beyond) = (known.tame() * cover, known.beyond * cover);
            level = level.max(known.beyond.abs());
            *sum = if beyond == 0.0 {
                sample - *sum
            } else if beyond > 0.0 {
                (beyond - *sum).max(0.0)
            } else {
                (beyond - *sum).min(0.0)
            };
        }
        for k in 0..frames {
            let difference = std::mem::take(&mut tools.sum);
            tools.analyze(difference[k * hop..].iter().copied());
            tools.sum = difference;
            let ahead = &mut self.frames[k].ahead;
            ahead.iter_mut().zip(&tools.bins).for_each(|(ahead, bin)| *ahead += bin);
            energies(ahead, &mut tools.energy[k * bins..(k + 1) * bins]);
        }
        for k in 0..frames {
            // The frame's age, from 0 to 1.
            let passed = ((frames - 1 - k) * iterations + iteration) as f32 / (frames * iterations - 1) as f32;
            let part = threshold.0 * (threshold.1 / threshold.0).powf(passed) * level;
            // The sum over the neighborhood, in the window and among those that left.
            let around = &mut tools.samples[..bins];
            around.fill(0.0);
            let mut count = 0;
            for there in k as isize - REACH as isize..=(k + REACH) as isize {
                let row = if there < 0 {
                    let row = (there + REACH as isize) as usize;
                    &self.gone[row * bins..(row + 1) * bins]
                } else if (there as usize) < frames {
                    &tools.energy[there as usize * bins..(there as usize + 1) * bins]
                } else {
                    continue;
                };
                count += 1;
                add(around, row);
            }
            let Frame { now, ahead } = &mut self.frames[k];
            shrink(now, ahead, around, part * part * (3 * count) as f32);
        }
    }
}

/// The energy around each bin, of three bins together.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn energies(bins: &[Complex<f32>], out: &mut [f32]) {
    let energy = |bin: &Complex<f32>| bin.re * bin.re + bin.im * bin.im;
    let last = bins.len() - 1;
    for (out, three) in out[1..last].iter_mut().zip(bins.windows(3)) {
        *out = energy(&three[0]) + energy(&three[1]) + energy(&three[2]);
    }
    out[0] = energy(&bins[0]) + 2.0 * energy(&bins[1]);
    out[last] = energy(&bins[last]) + 2.0 * energy(&bins[last - 1]);
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn add(out: &mut [f32], more: &[f32]) {
    for (out, x) in out.iter_mut().zip(more) {
        *out += x;
    }
}

/// Shrinks the coefficients by their neighborhood's energy, and carries them on.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn shrink(now: &mut [Complex<f32>], ahead: &mut [Complex<f32>], around: &[f32], threshold: f32) {
    for ((now, ahead), around) in now.iter_mut().zip(ahead).zip(around) {
        let gain = (1.0 - threshold / (around + 1e-30)).max(0.0);
        let new = Complex::new(ahead.re * gain, ahead.im * gain);
        *ahead = Complex::new(new.re + MOMENTUM * (new.re - now.re), new.im + MOMENTUM * (new.im - now.im));
        *now = new;
    }
}
