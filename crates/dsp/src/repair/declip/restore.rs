//! Finding the wave behind a clipped one.
//!
//! The sound is a sum of windowed sinusoids, few of them large, and large ones have company: the same partial in the
//! frames before and behind, its neighbors in frequency. Two demands are made in turn: that the sum agrees with what is
//! known (samples that were not clipped stay, clipped ones lie beyond the level), and that coefficients whose
//! neighborhood of three bins by seven frames is weak are small (the *persistent empirical Wiener* rule, somewhat more
//! decided, with a threshold that falls by and by). The state is reflected at both (Douglas–Rachford splitting), which agrees with
//! both after some hundred iterations; going down the gradient, as the paper does, takes some thousand.
//!
//! A recording is restored section by section, and the same threshold holds for all frames of a section. A section
//! looks some frames farther than what it gives out, and holds to what the section before has given out. The
//! iterations are spread over the time in which the next section is heard.

use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

/// How much farther than asked each step goes. (Against 1.4, on stretches of five of the survey's recordings: 0.3 dB
/// nearer from 15 dB, 0.2 from 3; 1.85 gains nothing more.)
const RELAXATION: f32 = 1.7;
/// How much of the step before is taken once more. (Against none, on two seconds of five of the survey's recordings,
/// level known: 0.3 dB nearer from 3 dB, 0.2 from 7, 0.1 from 15; 0.5 gains less.)
const MOMENTUM: f32 = 0.3;
/// How much the rule tends to keep or drop a coefficient, from 0, where it is the empirical Wiener rule, which lowers also
/// what is well above the threshold, and the restored peaks with it. (Against 0, on the same: 0.7 dB nearer from 3 dB, 0.2
/// from 7, 0.1 from 15; at 1 0.7, −0.2 and −0.1. On five stems 0.3 dB and more nearer than at 0.2 from 3 and 7 dB; strings
/// that are made up from many faint partials prefer 0, from 15 dB by 1.2.)
const DECISION: f32 = 0.5;
/// The threshold at first, as part of the clipping level, where a tenth is clipped or less; and at most, where nearly all
/// is, and the sound stands far out.
const FIRST: (f32, f32) = (2.0, 10.0);
/// The same at last, where a tenth is clipped or less: low enough for the faintest partials. Where more is, they cannot be
/// found any more, and the iterations are needed above. (Against 0.005, on three seconds of five of the survey's
/// recordings, level known, in one section: 1.6 dB nearer from 15 dB.)
const LAST: f32 = 1e-4;
/// Frames on either side that count as neighbors.
const REACH: usize = 3;
/// As many samples of nothing as this part of a frame are no sound: what was cut off there, or has not begun, is not known to be
/// silent. (A guitar that ends in the middle of a note comes 26 dB nearer instead of 12, from 15 dB.)
const NOTHING: usize = 8;

/// How much work is done.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    /// Length of a frame; a hop is a quarter.
    pub size: usize,
    /// Frames of a section that are given out.
    pub advance: usize,
    /// Frames that it looks farther.
    pub ahead: usize,
    /// Iterations on each section.
    pub iterations: usize,
}

impl Shape {
    /// Frames of a section.
    fn frames(&self) -> usize {
        self.advance + self.ahead
    }

    /// By how many hops what is given lies behind what is taken.
    pub(super) fn delay(&self) -> usize {
        self.frames() + self.advance + 1
    }
}

/// What is known of a sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Known {
    /// The sample as it came.
    pub sample: f32,
    /// 0 when the sample is right; otherwise the true one lies at this level or beyond, on this level's side.
    pub beyond: f32,
    /// It is outside of the sound: it stays as it is, and nothing is asked of what is found there.
    pub outside: bool,
}

impl Known {
    /// Before everything.
    const SILENCE: Known = Known { sample: 0.0, beyond: 0.0, outside: true };

    /// The sample for computing with: nothing that would drown all else for as long as the window.
    fn tame(self) -> f32 {
        self.sample.clamp(-64.0, 64.0)
    }
}

struct Frame {
    /// The coefficients after shrinking.
    now: Vec<Complex<f32>>,
    /// The coefficients that are shrunk.
    state: Vec<Complex<f32>>,
    /// By what they have changed last.
    moved: Vec<Complex<f32>>,
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
        // Squares of four windows, a quarter apart, add up to 1; and the transform neither adds energy nor takes any.
        let window: Vec<f32> = (0..size)
            .map(|n| ((0.5 - 0.5 * (turn * (n as f64 + 0.5)).cos()) / (1.5 * size as f64).sqrt()) as f32)
            .collect();
        let mut cover = vec![0.0; (shape.frames() + 3) * hop];
        for frame in 0..shape.frames() {
            cover[frame * hop..][..size].iter_mut().zip(&window).for_each(|(c, w)| *c += w * w * size as f32);
        }
        Transform {
            shape,
            window,
            forward,
            back,
            scratch: vec![Complex::default(); scratch],
            samples: vec![0.0; size],
            bins: vec![Complex::default(); size / 2 + 1],
            sum: vec![0.0; (shape.frames() + 3) * hop],
            energy: vec![0.0; shape.frames() * (size / 2 + 1)],
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
    }

    /// Adds the samples of the frame that is in `bins`.
    fn synthesize(&mut self, onto: &mut [f32]) {
        let last = self.bins.len() - 1;
        self.bins[0].im = 0.0;
        self.bins[last].im = 0.0;
        let _ = self.back.process_with_scratch(&mut self.bins, &mut self.samples, &mut self.scratch);
        for ((out, x), w) in onto.iter_mut().zip(&self.samples).zip(&self.window) {
            *out += x * w;
        }
    }
}

/// One channel's sections.
pub(super) struct Restorer {
    /// What is known, from the hop that is given out next to the newest.
    known: Vec<Known>,
    frames: Vec<Frame>,
    /// What the frames of the last section hold, and have left to the next.
    found: Vec<f32>,
    /// What their reflections hold of the next.
    reflected: Vec<f32>,
    /// Energies of its last frames.
    gone: Vec<f32>,
    /// How many samples of nothing came last, and of how many on they are outside of the sound.
    nothing: (usize, usize),
    /// Hops since the section began.
    phase: usize,
    /// By how much the thresholds are higher, because more is clipped.
    depth: f32,
    /// There is something clipped in this section, and was in the last one.
    awake: bool,
    restored: bool,
}

impl Restorer {
    pub(super) fn new(shape: &Shape) -> Self {
        let (bins, hop) = (shape.size / 2 + 1, shape.size / 4);
        let none = || vec![Complex::default(); bins];
        let frame = || Frame { now: none(), state: none(), moved: none() };
        Restorer {
            known: vec![Known::SILENCE; (shape.delay() + 1) * hop],
            frames: (0..shape.frames()).map(|_| frame()).collect(),
            found: vec![0.0; (shape.advance + 3) * hop],
            reflected: vec![0.0; (shape.advance + 3) * hop],
            gone: vec![0.0; REACH * bins],
            nothing: (shape.size / NOTHING, shape.size / NOTHING),
            phase: 0,
            depth: 1.0,
            awake: false,
            restored: false,
        }
    }

    pub(super) fn reset(&mut self) {
        self.known.fill(Known::SILENCE);
        self.nothing.0 = self.nothing.1;
        self.phase = 0;
        self.awake = false;
        self.restored = false;
    }

    /// Takes the newest hop, and gives all that is known, to be marked.
    pub(super) fn take(&mut self, input: &[f32]) -> &mut [Known] {
        self.known.copy_within(input.len().., 0);
        let old = self.known.len() - input.len();
        let (run, least) = &mut self.nothing;
        for (n, x) in input.iter().enumerate() {
            *run = if *x == 0.0 { (*run + 1).min(*least + 1) } else { 0 };
            self.known[old + n] = Known { sample: *x, beyond: 0.0, outside: *run > *least };
            if *run == *least {
                self.known[old + n + 1 - *least..=old + n].iter_mut().for_each(|known| known.outside = true);
            }
        }
        &mut self.known
    }

    /// Gives the oldest hop.
    pub(super) fn give(&mut self, tools: &mut Transform, output: &mut [f32]) {
        let Shape { advance, iterations, .. } = tools.shape;
        let hop = output.len();
        // Where the section begins.
        let base = (advance - 1 - self.phase) * hop;
        if self.phase == 0 {
            // The last three hops are those that the next section finds begun.
            self.awake = self.known[base..base + (advance + 3) * hop].iter().any(|known| known.beyond != 0.0);
            if self.awake {
                self.begin(tools, base);
            }
        }
        if self.awake {
            for iteration in iterations * self.phase / advance..iterations * (self.phase + 1) / advance {
                self.iterate(tools, base, iteration);
            }
        }
        self.phase += 1;
        if self.phase == advance {
            self.phase = 0;
            if self.awake {
                self.finish(tools);
            }
            self.restored = self.awake;
        }
        let found = &self.found[self.phase * hop..];
        for ((out, known), found) in output.iter_mut().zip(&self.known).zip(found) {
            let beyond = found.is_finite() && found.abs() > known.beyond.abs() && found * known.beyond > 0.0;
            *out = if self.restored && beyond { *found } else { known.sample };
        }
    }

    /// All frames as they are heard.
    fn begin(&mut self, tools: &mut Transform, base: usize) {
        let hop = tools.shape.size / 4;
        let mut most = 0;
        for (k, frame) in self.frames.iter_mut().enumerate() {
            let heard = &self.known[base + k * hop..][..tools.shape.size];
            most = most.max(heard.iter().filter(|known| known.beyond != 0.0).count());
            tools.analyze(heard.iter().map(|known| known.tame()));
            frame.now.copy_from_slice(&tools.bins);
            frame.state.copy_from_slice(&tools.bins);
            frame.moved.fill(Complex::default());
        }
        let part = most as f32 / tools.shape.size as f32;
        self.depth = (part / 0.1).powf(1.5).max(1.0);
        if self.restored {
            return;
        }
        // What was before needed no repair.
        let (three, tail) = (3 * hop, tools.shape.advance * hop);
        for (n, (known, cover)) in self.known[base..base + three].iter().zip(&tools.cover).enumerate() {
            self.found[tail + n] = known.tame() * (1.0 - cover);
        }
        self.reflected[tail..].copy_from_slice(&self.found[tail..]);
        let bins = tools.bins.len();
        for gone in self.gone.chunks_exact_mut(bins) {
            energies(&self.frames[0].now, gone);
        }
    }

    /// The section is restored. What its frames hold of the next is kept.
    fn finish(&mut self, tools: &mut Transform) {
        let Shape { size, advance, .. } = tools.shape;
        let (hop, bins) = (size / 4, tools.bins.len());
        for kept in [&mut self.found, &mut self.reflected] {
            kept.copy_within(advance * hop.., 0);
            kept[3 * hop..].fill(0.0);
        }
        for k in 0..advance {
            tools.bins.copy_from_slice(&self.frames[k].now);
            tools.synthesize(&mut self.found[k * hop..]);
            reflect(&self.frames[k], &mut tools.bins);
            tools.synthesize(&mut self.reflected[k * hop..]);
        }
        for (k, gone) in self.gone.chunks_exact_mut(bins).enumerate() {
            energies(&self.frames[advance - REACH + k].now, gone);
        }
    }

    fn iterate(&mut self, tools: &mut Transform, base: usize, iteration: usize) {
        let Shape { size, iterations, .. } = tools.shape;
        let (hop, bins, frames) = (size / 4, size / 2 + 1, self.frames.len());
        let three = 3 * hop;
        tools.sum[..three].copy_from_slice(&self.reflected[tools.shape.advance * hop..]);
        tools.sum[three..].fill(0.0);
        let mut sum = std::mem::take(&mut tools.sum);
        for (k, frame) in self.frames.iter().enumerate() {
            reflect(frame, &mut tools.bins);
            tools.synthesize(&mut sum[k * hop..]);
        }
        let mut level = 0.0_f32;
        for (n, (sum, known)) in sum.iter_mut().zip(&self.known[base..]).enumerate() {
            // The last three hops lack the frames that are yet to come.
            let cover = if n < three { 1.0 } else { tools.cover[n] };
            let (sample, beyond) = (known.tame() * cover, known.beyond * cover);
            level = level.max(known.beyond.abs());
            *sum = if known.outside {
                0.0
            } else if beyond == 0.0 {
                sample - *sum
            } else if beyond > 0.0 {
                (beyond - *sum).max(0.0)
            } else {
                (beyond - *sum).min(0.0)
            };
        }
        for (k, Frame { now, state, moved }) in self.frames.iter_mut().enumerate() {
            tools.analyze(sum[k * hop..].iter().copied());
            step(state, moved, now, &tools.bins);
            energies(state, &mut tools.energy[k * bins..(k + 1) * bins]);
        }
        tools.sum = sum;
        let passed = iteration as f32 / (iterations - 1) as f32;
        let (first, last) = ((FIRST.0 * self.depth).min(FIRST.1), LAST * self.depth.powf(1.5));
        let part = first * (last / first).powf(passed) * level;
        for k in 0..frames {
            // The sum over the neighborhood, in the section and at the end of the last one.
            let around = &mut tools.samples[..bins];
            around.fill(0.0);
            let mut count = 0;
            for there in (k + REACH).saturating_sub(2 * REACH)..=k + 2 * REACH {
                // Counted from the first that is kept of the last section.
                let row = if there < REACH {
                    &self.gone[there * bins..(there + 1) * bins]
                } else if there - REACH < frames {
                    &tools.energy[(there - REACH) * bins..(there - REACH + 1) * bins]
                } else {
                    continue;
                };
                count += 1;
                add(around, row);
            }
            let Frame { now, state, .. } = &mut self.frames[k];
            shrink(now, state, around, part * part * (3 * count) as f32);
        }
    }
}

/// A frame mirrored at what shrinking has made of it.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn reflect(frame: &Frame, out: &mut [Complex<f32>]) {
    for ((out, now), state) in out.iter_mut().zip(&frame.now).zip(&frame.state) {
        *out = Complex::new(2.0 * now.re - state.re, 2.0 * now.im - state.im);
    }
}

/// Towards the coefficients that agree with what is known.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn step(state: &mut [Complex<f32>], moved: &mut [Complex<f32>], now: &[Complex<f32>], difference: &[Complex<f32>]) {
    for (((state, moved), now), difference) in state.iter_mut().zip(moved).zip(now).zip(difference) {
        moved.re = RELAXATION * (now.re + difference.re - state.re) + MOMENTUM * moved.re;
        moved.im = RELAXATION * (now.im + difference.im - state.im) + MOMENTUM * moved.im;
        state.re += moved.re;
        state.im += moved.im;
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

/// Shrinks the coefficients by their neighborhood's energy.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn shrink(now: &mut [Complex<f32>], state: &[Complex<f32>], around: &[f32], threshold: f32) {
    for ((now, state), around) in now.iter_mut().zip(state).zip(around) {
        let part = threshold / (around + 1e-30);
        let gain = (1.0 - part * (1.0 - DECISION + DECISION * part.sqrt())).max(0.0);
        *now = Complex::new(state.re * gain, state.im * gain);
    }
}
