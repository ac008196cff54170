//! Spectra of two blocks in a row, for products that are convolutions.
//!
//! A stage of partition B needs the convolution of the last 2·B frames with B taps, of which the second half of the
//! result is good. For real signals of 2·B frames there is a transform of just B complex numbers whose products are such
//! convolutions: the first half becomes the real part, the second the imaginary part, frame n is turned by
//! e^(iπn/2B), and a complex Fourier transform of length B follows. (The polynomials modulo x^2B + 1 over the real numbers
//! are those modulo x^B − i over the complex ones: Nussbaumer's right-angle convolution.) What wraps around comes back
//! with its sign changed, into the first half only. So no bin is special, and nothing has to be untangled.
//!
//! The Fourier transform is Stockham's, as in the sample-rate converter, but of one signal in `f32`, with real and
//! imaginary parts apart: the lanes are neighboring numbers.

use std::f64::consts::{FRAC_PI_2, TAU};

use multiversion::multiversion;
use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlannerScalar};

/// Real and imaginary parts of as many numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct Planes {
    pub(super) re: Vec<f32>,
    pub(super) im: Vec<f32>,
}

impl Planes {
    pub(super) fn new(size: usize) -> Planes {
        Planes { re: vec![0.0; size], im: vec![0.0; size] }
    }
}

/// The transform of blocks of one size, in passes that may be taken one at a time.
pub(super) struct Transform {
    /// cos and sin of πn/2B.
    turn: Planes,
    passes: Vec<Pass>,
}

/// One pass over the data.
struct Pass {
    radix: usize,
    stride: usize,
    /// The factors of outputs 1 to radix − 1 of each butterfly, output by output: real parts, imaginary parts.
    twiddles: [Planes; 3],
}

impl Transform {
    /// For blocks of `size` frames, a power of two from 32 on.
    pub(super) fn new(size: usize) -> Transform {
        let step = FRAC_PI_2 / size as f64;
        let turns = || (0..size).map(|n| (step * n as f64).sin_cos());
        let turn = Planes { re: turns().map(|t| t.1 as f32).collect(), im: turns().map(|t| t.0 as f32).collect() };
        let (mut rest, mut stride, mut passes) = (size, 1, Vec::new());
        while rest > 1 {
            let radix = if rest.is_multiple_of(4) { 4 } else { 2 };
            let count = rest / radix;
            let factor = |j: usize| {
                let angles = (0..count).map(|p| TAU * ((p * j % rest) as f64 / rest as f64));
                let (im, re) = angles.map(|a| (-a.sin() as f32, a.cos() as f32)).unzip();
                Planes { re, im }
            };
            passes.push(Pass { radix, stride, twiddles: [factor(1), factor(2), factor(3)] });
            (rest, stride) = (count, stride * radix);
        }
        Transform { turn, passes }
    }

    pub(super) fn passes(&self) -> usize {
        self.passes.len()
    }

    /// The first step: two blocks in a row become complex numbers.
    pub(super) fn load(&self, before: &[f32], newest: &[f32], out: &mut Planes) {
        load(before, newest, &self.turn, out);
    }

    /// One pass of the transform, from one memory into the other and back in turn: pass 0 reads the first.
    pub(super) fn pass(&self, k: usize, [first, second]: &mut [Planes; 2]) {
        let (from, to) = if k.is_multiple_of(2) { (&*first, second) } else { (&*second, first) };
        run(&self.passes[k], (&from.re, &from.im), (&mut to.re, &mut to.im));
    }

    /// One pass of the way back: the same with real and imaginary parts exchanged.
    pub(super) fn pass_back(&self, k: usize, [first, second]: &mut [Planes; 2]) {
        let (from, to) = if k.is_multiple_of(2) { (&*first, second) } else { (&*second, first) };
        run(&self.passes[k], (&from.im, &from.re), (&mut to.im, &mut to.re));
    }

    /// Which memory holds the result.
    pub(super) fn last(&self) -> usize {
        self.passes.len() % 2
    }

    /// The last step: the second half of the convolution.
    pub(super) fn store(&self, from: &Planes, out: &mut [f32]) {
        store(from, &self.turn, out);
    }
}

/// The spectra of partitions, in `f64`, scaled for the way there and back.
pub(super) struct Analysis {
    fft: std::sync::Arc<dyn Fft<f64>>,
    work: Vec<Complex<f64>>,
}

impl Analysis {
    pub(super) fn new(size: usize) -> Analysis {
        let fft = FftPlannerScalar::new().plan_fft_forward(size);
        Analysis { fft, work: vec![Complex::default(); size] }
    }

    /// The spectrum of at most as many taps as the size, behind which is silence.
    pub(super) fn spectrum(&mut self, taps: &[f64]) -> &[Complex<f64>] {
        let size = self.work.len();
        let step = FRAC_PI_2 / size as f64;
        self.work.fill(Complex::default());
        for (n, (z, h)) in self.work.iter_mut().zip(taps).enumerate() {
            *z = Complex::from_polar(h / size as f64, step * n as f64);
        }
        self.fft.process(&mut self.work);
        &self.work
    }
}

#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn load(before: &[f32], newest: &[f32], turn: &Planes, out: &mut Planes) {
    let turns = turn.re.iter().zip(&turn.im);
    let outs = out.re.iter_mut().zip(&mut out.im);
    for (((re, im), (cos, sin)), (a, b)) in outs.zip(turns).zip(before.iter().zip(newest)) {
        *re = a * cos - b * sin;
        *im = a * sin + b * cos;
    }
}

#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn store(from: &Planes, turn: &Planes, out: &mut [f32]) {
    let turns = turn.re.iter().zip(&turn.im);
    for ((y, (cos, sin)), (re, im)) in out.iter_mut().zip(turns).zip(from.re.iter().zip(&from.im)) {
        *y = im * cos - re * sin;
    }
}

type From<'a> = (&'a [f32], &'a [f32]);
type To<'a> = (&'a mut [f32], &'a mut [f32]);

#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn run(pass: &Pass, from: From<'_>, to: To<'_>) {
    match (pass.radix, pass.stride) {
        (4, 1) => first::<4>(&pass.twiddles, from, to),
        (4, 4) => strided::<4>(pass, from, to),
        (4, _) => strided::<16>(pass, from, to),
        _ => halves::<16>(from, to),
    }
}

/// As many complex numbers side by side as there are lanes.
#[derive(Clone, Copy)]
struct Wide<const W: usize> {
    re: [f32; W],
    im: [f32; W],
}

#[allow(clippy::inline_always, reason = "must take on the vector width of the pass it is used in")]
impl<const W: usize> Wide<W> {
    /// The numbers from this place on.
    #[inline(always)]
    fn load((re, im): From<'_>, at: usize) -> Self {
        let mut out = Wide { re: [0.0; W], im: [0.0; W] };
        out.re.copy_from_slice(&re[at..at + W]);
        out.im.copy_from_slice(&im[at..at + W]);
        out
    }

    #[inline(always)]
    fn store(self, (re, im): &mut To<'_>, at: usize) {
        re[at..at + W].copy_from_slice(&self.re);
        im[at..at + W].copy_from_slice(&self.im);
    }

    #[inline(always)]
    fn each(self, other: Self, op: impl Fn((f32, f32), (f32, f32)) -> (f32, f32)) -> Self {
        let mut out = self;
        for lane in 0..W {
            (out.re[lane], out.im[lane]) = op((self.re[lane], self.im[lane]), (other.re[lane], other.im[lane]));
        }
        out
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        self.each(other, |a, b| (a.0 + b.0, a.1 + b.1))
    }

    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        self.each(other, |a, b| (a.0 - b.0, a.1 - b.1))
    }

    #[inline(always)]
    fn times(self, by: Self) -> Self {
        self.each(by, |a, b| (a.0 * b.0 - a.1 * b.1, a.0 * b.1 + a.1 * b.0))
    }

    /// The same number in every lane.
    #[inline(always)]
    fn splat(planes: &Planes, at: usize) -> Self {
        Wide { re: [planes.re[at]; W], im: [planes.im[at]; W] }
    }
}

#[allow(clippy::inline_always, reason = "must take on the vector width of the pass it is used in")]
#[inline(always)]
fn four<const W: usize>([a, b, c, d]: [Wide<W>; 4]) -> [Wide<W>; 4] {
    let (even, odd) = (a.plus(c), b.plus(d));
    let straight = a.minus(c);
    // The other difference times −i.
    let turned = b.each(d, |b, d| (b.1 - d.1, d.0 - b.0));
    [even.plus(odd), straight.plus(turned), even.minus(odd), straight.minus(turned)]
}

/// The first pass: the butterflies are neighbors, and each one's four results too.
#[allow(clippy::inline_always, reason = "must take on the vector width of the pass it is used in")]
#[inline(always)]
fn first<const W: usize>(twiddles: &[Planes; 3], from: From<'_>, (to_re, to_im): To<'_>) {
    let count = from.0.len() / 4;
    for at in (0..count).step_by(W) {
        let mut y = four::<W>(std::array::from_fn(|k| Wide::load(from, k * count + at)));
        for (y, w) in y[1..].iter_mut().zip(twiddles) {
            *y = y.times(Wide::load((&w.re, &w.im), at));
        }
        let (re, im) = (&mut to_re[4 * at..4 * (at + W)], &mut to_im[4 * at..4 * (at + W)]);
        for (lane, (re, im)) in re.as_chunks_mut::<4>().0.iter_mut().zip(im.as_chunks_mut::<4>().0).enumerate() {
            *re = [y[0].re[lane], y[1].re[lane], y[2].re[lane], y[3].re[lane]];
            *im = [y[0].im[lane], y[1].im[lane], y[2].im[lane], y[3].im[lane]];
        }
    }
}

/// A later pass: `stride` butterflies in a row share their factors.
#[allow(clippy::inline_always, reason = "must take on the vector width of the pass it is used in")]
#[inline(always)]
fn strided<const W: usize>(pass: &Pass, from: From<'_>, mut to: To<'_>) {
    let apart = from.0.len() / 4;
    let stride = pass.stride;
    for p in 0..apart / stride {
        let factors: [Wide<W>; 3] = std::array::from_fn(|j| Wide::splat(&pass.twiddles[j], p));
        for q in (0..stride).step_by(W) {
            let y = four::<W>(std::array::from_fn(|k| Wide::load(from, k * apart + p * stride + q)));
            let at = 4 * p * stride + q;
            y[0].store(&mut to, at);
            for (j, (y, w)) in y[1..].iter().zip(&factors).enumerate() {
                y.times(*w).store(&mut to, at + (j + 1) * stride);
            }
        }
    }
}

/// The last pass of sizes that are no power of four.
#[allow(clippy::inline_always, reason = "must take on the vector width of the pass it is used in")]
#[inline(always)]
fn halves<const W: usize>(from: From<'_>, mut to: To<'_>) {
    let half = from.0.len() / 2;
    for at in (0..half).step_by(W) {
        let (a, b) = (Wide::<W>::load(from, at), Wide::load(from, half + at));
        a.plus(b).store(&mut to, at);
        a.minus(b).store(&mut to, half + at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::noise;

    #[test]
    fn products_of_spectra_are_convolutions_with_a_good_second_half() {
        for size in [32, 64, 128, 256, 1024] {
            let (sound, taps) = (noise(1, 1.0, 2 * size), noise(2, 1.0, size));
            let taps: Vec<f64> = taps.into_iter().map(f64::from).collect();
            let transform = Transform::new(size);
            let mut work = [Planes::new(size), Planes::new(size)];
            transform.load(&sound[..size], &sound[size..], &mut work[0]);
            (0..transform.passes()).for_each(|k| transform.pass(k, &mut work));
            let mut product = Planes::new(size);
            let spectrum = &work[transform.last()];
            for (k, h) in Analysis::new(size).spectrum(&taps).iter().enumerate() {
                let y = h * Complex::new(f64::from(spectrum.re[k]), f64::from(spectrum.im[k]));
                (product.re[k], product.im[k]) = (y.re as f32, y.im as f32);
            }
            work[0] = product;
            (0..transform.passes()).for_each(|k| transform.pass_back(k, &mut work));
            let mut out = vec![0.0; size];
            transform.store(&work[transform.last()], &mut out);
            for (n, y) in out.iter().enumerate() {
                let wanted: f64 = taps.iter().enumerate().map(|(k, h)| h * f64::from(sound[size + n - k])).sum();
                assert!((f64::from(*y) - wanted).abs() < 1e-5 * (size as f64).sqrt(), "{size}, {n}: {y}, not {wanted}");
            }
        }
    }
}
