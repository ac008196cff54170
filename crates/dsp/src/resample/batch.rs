//! Fourier transforms of several signals side by side.
//!
//! A converter has many blocks of one size to transform. Four of them are laid next to each other, so that each step of
//! the transform is the same four operations on neighboring numbers: every radix becomes vector code, none needs its
//! elements rearranged, and each lane does exactly the plain program's operations, so that the bits are the same on every
//! machine. (Vector FFT libraries fuse multiplications into additions where the machine can, and differ.)
//!
//! The algorithm is Stockham's autosort FFT with decimation in frequency (Van Loan, *Computational Frameworks for the
//! Fast Fourier Transform*, 1992, §1.7) with radices 4, 2, 3, 5 and 7. Sizes with other factors go lane by lane through
//! `rustfft`'s plain planner.

use std::f64::consts::TAU;
use std::sync::Arc;

use multiversion::multiversion;
use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlannerScalar};

/// Signals that are transformed together.
pub(crate) const LANES: usize = 4;

/// One complex number of each signal.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wide {
    pub(crate) re: [f64; LANES],
    pub(crate) im: [f64; LANES],
}

#[allow(clippy::inline_always, reason = "must take on the vector width of the pass it is used in")]
impl Wide {
    #[inline(always)]
    fn each(self, other: Wide, op: impl Fn(f64, f64) -> f64) -> Wide {
        let mut out = self;
        for lane in 0..LANES {
            out.re[lane] = op(self.re[lane], other.re[lane]);
            out.im[lane] = op(self.im[lane], other.im[lane]);
        }
        out
    }

    #[inline(always)]
    fn plus(self, other: Wide) -> Wide {
        self.each(other, |a, b| a + b)
    }

    #[inline(always)]
    fn minus(self, other: Wide) -> Wide {
        self.each(other, |a, b| a - b)
    }

    #[inline(always)]
    pub(crate) fn scaled(self, by: f64) -> Wide {
        self.each(self, |a, _| a * by)
    }

    /// Times −i.
    #[inline(always)]
    fn turned(self) -> Wide {
        let mut out = self;
        for lane in 0..LANES {
            out.re[lane] = self.im[lane];
            out.im[lane] = -self.re[lane];
        }
        out
    }

    /// Real and imaginary part exchanged: before and after a forward transform this makes an inverse one.
    #[inline(always)]
    pub(crate) fn exchanged(self) -> Wide {
        Wide { re: self.im, im: self.re }
    }

    #[inline(always)]
    fn times(self, by: Complex<f64>) -> Wide {
        let mut out = self;
        for lane in 0..LANES {
            out.re[lane] = self.re[lane] * by.re - self.im[lane] * by.im;
            out.im[lane] = self.re[lane] * by.im + self.im[lane] * by.re;
        }
        out
    }
}

/// A forward transform of one size, not normalized.
pub(crate) struct BatchFft {
    size: usize,
    passes: Vec<Pass>,
    /// For sizes that the passes cannot do.
    general: Option<Arc<dyn Fft<f64>>>,
    scratch: Vec<Wide>,
}

/// One pass over the data.
struct Pass {
    radix: usize,
    stride: usize,
    /// The factors of outputs 1 to radix − 1 of each butterfly.
    twiddles: Vec<Complex<f64>>,
}

impl BatchFft {
    pub(crate) fn new(size: usize) -> BatchFft {
        let scratch = vec![Wide::default(); size];
        let Some(radices) = radices(size) else {
            let general = FftPlannerScalar::new().plan_fft_forward(size);
            return BatchFft { size, passes: Vec::new(), general: Some(general), scratch };
        };
        let (mut rest, mut stride) = (size, 1);
        let mut passes = Vec::new();
        for radix in radices {
            let count = rest / radix;
            let twiddles = (0..count).flat_map(|p| (1..radix).map(move |j| unit(p * j, rest))).collect();
            passes.push(Pass { radix, stride, twiddles });
            rest = count;
            stride *= radix;
        }
        BatchFft { size, passes, general: None, scratch }
    }

    /// Replaces the signals by their transforms.
    pub(crate) fn process(&mut self, data: &mut [Wide]) {
        debug_assert_eq!(data.len(), self.size);
        if let Some(general) = &self.general {
            lane_by_lane(&**general, data);
            return;
        }
        let mut in_data = true;
        for pass in &self.passes {
            let (from, to) = if in_data { (&*data, &mut *self.scratch) } else { (&*self.scratch, &mut *data) };
            run(pass.radix, from, to, pass.stride, &pass.twiddles);
            in_data = !in_data;
        }
        if !in_data {
            data.copy_from_slice(&self.scratch);
        }
    }
}

/// e^(−2πi · k / n), exact in its argument.
fn unit(k: usize, n: usize) -> Complex<f64> {
    let angle = TAU * ((k % n) as f64 / n as f64);
    Complex::new(angle.cos(), -angle.sin())
}

/// The passes' radices, if there are no other prime factors than 2, 3, 5 and 7.
fn radices(size: usize) -> Option<Vec<usize>> {
    let mut rest = size;
    let mut out = Vec::new();
    for radix in [4, 2, 3, 5, 7] {
        while rest.is_multiple_of(radix) && rest > 1 {
            out.push(radix);
            rest /= radix;
        }
    }
    (rest == 1).then_some(out)
}

fn lane_by_lane(general: &dyn Fft<f64>, data: &mut [Wide]) {
    for lane in 0..LANES {
        let mut one: Vec<_> = data.iter().map(|wide| Complex::new(wide.re[lane], wide.im[lane])).collect();
        general.process(&mut one);
        for (wide, z) in data.iter_mut().zip(one) {
            (wide.re[lane], wide.im[lane]) = (z.re, z.im);
        }
    }
}

#[multiversion(targets("x86_64+avx2", "x86_64+avx512f+avx512dq+avx512vl+avx512bw"))]
fn run(radix: usize, from: &[Wide], to: &mut [Wide], stride: usize, twiddles: &[Complex<f64>]) {
    match radix {
        4 => butterflies(from, to, stride, twiddles, four),
        2 => butterflies(from, to, stride, twiddles, |[a, b]: [Wide; 2]| [a.plus(b), a.minus(b)]),
        3 => butterflies(from, to, stride, twiddles, odd::<3, 1>),
        5 => butterflies(from, to, stride, twiddles, odd::<5, 2>),
        _ => butterflies(from, to, stride, twiddles, odd::<7, 3>),
    }
}

#[allow(clippy::inline_always, reason = "must take on the vector width of the pass it is used in")]
#[inline(always)]
fn butterflies<const R: usize>(
    from: &[Wide],
    to: &mut [Wide],
    stride: usize,
    twiddles: &[Complex<f64>],
    combine: impl Fn([Wide; R]) -> [Wide; R],
) {
    let apart = from.len() / R;
    let inputs: [&[Wide]; R] = std::array::from_fn(|k| &from[k * apart..(k + 1) * apart]);
    for ((p, group), factors) in to.chunks_exact_mut(R * stride).enumerate().zip(twiddles.chunks_exact(R - 1)) {
        for q in 0..stride {
            let at = p * stride + q;
            let out = combine(std::array::from_fn(|k| inputs[k][at]));
            group[q] = out[0];
            for ((z, factor), j) in out[1..].iter().zip(factors).zip(1..) {
                group[j * stride + q] = z.times(*factor);
            }
        }
    }
}

#[allow(clippy::inline_always, reason = "must take on the vector width of the pass it is used in")]
#[inline(always)]
fn four([a, b, c, d]: [Wide; 4]) -> [Wide; 4] {
    let (even, odd) = (a.plus(c), b.plus(d));
    let (straight, turned) = (a.minus(c), b.minus(d).turned());
    [even.plus(odd), straight.plus(turned), even.minus(odd), straight.minus(turned)]
}

/// A transform of odd size: cosines weigh the sums of the elements that mirror each other, sines their differences.
#[allow(clippy::inline_always, reason = "must take on the vector width of the pass it is used in")]
#[inline(always)]
fn odd<const R: usize, const HALF: usize>(x: [Wide; R]) -> [Wide; R] {
    let table = angles::<R>();
    let sums: [Wide; HALF] = std::array::from_fn(|k| x[k + 1].plus(x[R - 1 - k]));
    let differences: [Wide; HALF] = std::array::from_fn(|k| x[k + 1].minus(x[R - 1 - k]));
    let mut out = [x[0]; R];
    out[0] = sums.iter().fold(x[0], |sum, pair| sum.plus(*pair));
    for j in 1..=HALF {
        let (mut even, mut uneven) = (x[0], Wide::default());
        for ((sum, difference), k) in sums.iter().zip(&differences).zip(1..) {
            let (cos, sin) = table[(j * k) % R];
            even = even.plus(sum.scaled(cos));
            uneven = uneven.plus(difference.scaled(sin));
        }
        let uneven = uneven.turned();
        out[j] = even.plus(uneven);
        out[R - j] = even.minus(uneven);
    }
    out
}

/// Cosine and sine of 2πk / R.
#[inline(always)]
fn angles<const R: usize>() -> [(f64, f64); R] {
    const SIN3: f64 = 0.866_025_403_784_438_646_76;
    const C5: [f64; 2] = [0.309_016_994_374_947_424_10, -0.809_016_994_374_947_424_10];
    const S5: [f64; 2] = [0.951_056_516_295_153_572_12, 0.587_785_252_292_473_129_17];
    const C7: [f64; 3] = [0.623_489_801_858_733_530_53, -0.222_520_933_956_314_404_29, -0.900_968_867_902_419_126_24];
    const S7: [f64; 3] = [0.781_831_482_468_029_808_71, 0.974_927_912_181_823_607_02, 0.433_883_739_117_558_120_48];
    std::array::from_fn(|k| {
        let (mirrored, sign) = if 2 * k > R { (R - k, -1.0) } else { (k, 1.0) };
        match (R, mirrored) {
            (_, 0) => (1.0, 0.0),
            (3, _) => (-0.5, sign * SIN3),
            (5, k) => (C5[k - 1], sign * S5[k - 1]),
            (_, k) => (C7[k - 1], sign * S7[k - 1]),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::{BatchFft, LANES, Wide, unit};
    use crate::testing::noise;

    #[test]
    fn it_is_the_defining_sum_at_every_kind_of_size() {
        for size in [1, 2, 3, 4, 5, 7, 8, 12, 15, 21, 22, 30, 35, 49, 64, 120, 147, 160, 210, 441, 37] {
            let samples = noise(size as u64, 1.0, size * 2 * LANES);
            let pick = |at: usize, lane: usize| f64::from(samples[at * LANES + lane]);
            let mut data: Vec<Wide> = (0..size)
                .map(|n| Wide {
                    re: std::array::from_fn(|lane| pick(2 * n, lane)),
                    im: std::array::from_fn(|lane| pick(2 * n + 1, lane)),
                })
                .collect();
            let original = data.clone();
            BatchFft::new(size).process(&mut data);
            for (k, got) in data.iter().enumerate() {
                for lane in 0..LANES {
                    let sum = (0..size).fold((0.0, 0.0), |(re, im), n| {
                        let (w, x) = (unit(n * k, size), &original[n]);
                        (re + x.re[lane] * w.re - x.im[lane] * w.im, im + x.re[lane] * w.im + x.im[lane] * w.re)
                    });
                    let error = (sum.0 - got.re[lane]).abs().max((sum.1 - got.im[lane]).abs());
                    assert!(error < 1e-12 * size as f64, "bin {k} of {size}, lane {lane}: off by {error:e}");
                }
            }
        }
    }
}
