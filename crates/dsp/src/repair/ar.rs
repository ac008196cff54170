//! Sound as an autoregressive process: each sample foretold from those around it.
//!
//! [`Model`] learns the coefficients (autocorrelation method on a Hann window, Levinson–Durbin recursion), [`Gaps`]
//! fills missing samples with those that leave the least prediction error (Janssen, Veldhuis, Vries, *Adaptive
//! interpolation of discrete-time signals that can be modeled as autoregressive processes*, IEEE Trans. ASSP 34(2),
//! 1986; Godsill and Rayner, *Digital Audio Restoration*, 1998, chapter 5).

use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

/// Learns prediction coefficients from a frame.
pub(super) struct Model {
    order: usize,
    window: Vec<f64>,
    forward: Arc<dyn RealToComplex<f64>>,
    back: Arc<dyn ComplexToReal<f64>>,
    samples: Vec<f64>,
    spectrum: Vec<Complex<f64>>,
    scratch: Vec<Complex<f64>>,
    coefficients: Vec<f64>,
    reversed: Vec<f64>,
    /// The autocorrelation of the coefficients.
    shape: Vec<f64>,
}

impl Model {
    /// For frames of that length.
    pub(super) fn new(frames: usize, order: usize) -> Self {
        let size = (frames + order + 1).next_power_of_two();
        let mut planner = RealFftPlanner::new();
        let (forward, back) = (planner.plan_fft_forward(size), planner.plan_fft_inverse(size));
        let scratch = forward.get_scratch_len().max(back.get_scratch_len());
        let turn = std::f64::consts::TAU / frames as f64;
        Model {
            order,
            window: (0..frames).map(|n| 0.5 - 0.5 * (turn * (n as f64 + 0.5)).cos()).collect(),
            samples: vec![0.0; size],
            spectrum: vec![Complex::default(); size / 2 + 1],
            scratch: vec![Complex::default(); scratch],
            forward,
            back,
            coefficients: vec![0.0; order + 1],
            reversed: vec![0.0; order + 1],
            shape: vec![0.0; order + 1],
        }
    }

    /// Learns from a frame of the length it was built for; false when there is nothing to learn (silence).
    pub(super) fn learn(&mut self, frame: &[f64]) -> bool {
        for ((out, x), w) in self.samples.iter_mut().zip(frame).zip(&self.window) {
            *out = x * w;
        }
        self.samples[frame.len()..].fill(0.0);
        if self.forward.process_with_scratch(&mut self.samples, &mut self.spectrum, &mut self.scratch).is_err() {
            return false;
        }
        self.spectrum.iter_mut().for_each(|bin| *bin = Complex::new(bin.norm_sqr(), 0.0));
        if self.back.process_with_scratch(&mut self.spectrum, &mut self.samples, &mut self.scratch).is_err() {
            return false;
        }
        self.recur()
    }

    /// Levinson–Durbin on the autocorrelation in `samples`.
    fn recur(&mut self) -> bool {
        let r = &mut self.samples[..=self.order];
        // A hair of white noise keeps the recursion well-conditioned: 100 dB below the sound.
        r[0] *= 1.0 + 1e-10;
        let mut error = r[0];
        self.coefficients.fill(0.0);
        self.coefficients[0] = 1.0;
        if !error.is_normal() || error < 1e-20 {
            return false;
        }
        for m in 1..=self.order {
            self.reversed[..m].copy_from_slice(&r[1..=m]);
            self.reversed[..m].reverse();
            let reflection = -dot(&self.coefficients[..m], &self.reversed[..m]) / error;
            if reflection.is_nan() || reflection.abs() >= 1.0 {
                break;
            }
            self.reversed[..=m].copy_from_slice(&self.coefficients[..=m]);
            self.reversed[..=m].reverse();
            for (a, b) in self.coefficients[..=m].iter_mut().zip(&self.reversed) {
                *a += reflection * b;
            }
            error *= 1.0 - reflection * reflection;
        }
        for lag in 0..=self.order {
            self.shape[lag] = dot(&self.coefficients[..=self.order - lag], &self.coefficients[lag..]);
        }
        true
    }

    /// How far it looks.
    pub(super) fn order(&self) -> usize {
        self.order
    }

    /// The power of the coefficients: how much better than forward prediction interpolation is.
    pub(super) fn power(&self) -> f64 {
        self.shape[0]
    }

    /// What forward prediction leaves, from sample `order` on; zeros before.
    pub(super) fn forward_error(&self, x: &[f64], error: &mut [f64]) {
        error[..self.order].fill(0.0);
        self.forward_error_within(x, error, self.order, x.len());
    }

    /// The same for a part of the samples, none of the first `order` among them.
    pub(super) fn forward_error_within(&self, x: &[f64], error: &mut [f64], from: usize, to: usize) {
        filter(&self.coefficients, error, from, to, |from, to, k| &x[from - k..to - k]);
    }

    /// What backward prediction leaves, but for the last `order` samples, where it is zero.
    pub(super) fn backward_error(&self, x: &[f64], error: &mut [f64]) {
        let end = x.len() - self.order;
        error[end..].fill(0.0);
        self.backward_error_within(x, error, 0, end);
    }

    /// The same for a part of the samples, none of the last `order` among them.
    pub(super) fn backward_error_within(&self, x: &[f64], error: &mut [f64], from: usize, to: usize) {
        filter(&self.coefficients, error, from, to, |from, to, k| &x[from + k..to + k]);
    }
}

/// `out[from..to]` as the sum of slices weighted by the coefficients, in stretches that stay in the cache.
fn filter<'a>(
    coefficients: &[f64],
    out: &mut [f64],
    from: usize,
    to: usize,
    slice: impl Fn(usize, usize, usize) -> &'a [f64],
) {
    for at in (from..to).step_by(512) {
        let end = to.min(at + 512);
        let out = &mut out[at..end];
        out.fill(0.0);
        for (k, a) in coefficients.iter().enumerate() {
            add_scaled(out, *a, slice(at, end, k));
        }
    }
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn add_scaled(out: &mut [f64], by: f64, x: &[f64]) {
    for (out, x) in out.iter_mut().zip(x) {
        *out += by * x;
    }
}

/// A sum in eight lanes, in a fixed order.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let n = a.len().min(b.len());
    let (a, b) = (&a[..n], &b[..n]);
    let mut lanes = [0.0; 8];
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    for (a, b) in a.iter().zip(b) {
        for lane in 0..8 {
            lanes[lane] += a[lane] * b[lane];
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    lanes.iter().sum::<f64>() + rest
}

/// Fills gaps; all memory is held from the start.
pub(super) struct Gaps {
    most: usize,
    /// Where samples are missing, in rising order.
    at: Vec<usize>,
    /// The lower triangle of the equations, row after row, each `most` long.
    rows: Vec<f64>,
    /// The first column of each row that is not zero: samples farther apart than the order do not know each other.
    first: Vec<usize>,
    values: Vec<f64>,
    /// By how much what was seen differs from the filling.
    apart: Vec<f64>,
}

/// Clicks are smoother than white, and what is smooth in them adds little to the prediction error: so many times their
/// variance is as much as it tells of.
const SMOOTHER: f64 = 3.0;

impl Gaps {
    /// For at most so many missing samples at a time.
    pub(super) fn new(most: usize) -> Self {
        Gaps {
            most,
            at: Vec::with_capacity(most),
            rows: vec![0.0; most * most],
            first: vec![0; most],
            values: vec![0.0; most],
            apart: vec![0.0; most],
        }
    }

    /// Fills the spans (begin and end, rising, apart) of `x`; each is at most `most` long. Spans closer to each other
    /// than the model's order are filled together as far as there is room.
    pub(super) fn fill(&mut self, model: &Model, x: &mut [f64], spans: &[(usize, usize)]) {
        let mut next = 0;
        while next < spans.len() {
            self.at.clear();
            let mut end = spans[next].0;
            while let Some((from, to)) = spans.get(next).copied() {
                let alone = self.at.is_empty();
                if !alone && (from > end + model.order || self.at.len() + to - from > self.most) {
                    break;
                }
                self.at.extend((from..to).take(self.most - self.at.len()));
                end = to;
                next += 1;
            }
            self.solve(model, x);
        }
    }

    /// The least squares of the prediction error over the missing samples.
    fn solve(&mut self, model: &Model, x: &mut [f64]) {
        let (count, order) = (self.at.len(), model.order);
        for i in 0..count {
            x[self.at[i]] = 0.0;
        }
        for i in 0..count {
            let here = self.at[i];
            // The missing ones stand at zero, so that the sum runs over all.
            let before = here.min(order);
            let after = (x.len() - 1 - here).min(order);
            let mut sum = dot(&model.shape[1..=after], &x[here + 1..=here + after]);
            for lag in 1..=before {
                sum += model.shape[lag] * x[here - lag];
            }
            self.values[i] = -sum;
            let first = self.at[..i].partition_point(|there| here - there > order);
            self.first[i] = first;
            for j in first..i {
                self.rows[i * self.most + j] = model.shape[here - self.at[j]];
            }
            self.rows[i * self.most + i] = model.shape[0] * (1.0 + 1e-12);
        }
        self.eliminate(count, model.shape[0]);
        for (at, value) in self.at.iter().zip(&self.values) {
            x[*at] = if value.is_finite() { *value } else { 0.0 };
        }
    }

    /// Where a click was only added to the sound, what was seen there still tells of it: moves a filled span of `x` from the
    /// least prediction error toward `seen`, as far as is likely. `spread` is the standard deviation of what the model
    /// cannot foretell of the sound there.
    ///
    /// The click is taken for normally distributed and white, its variance from what it adds to the prediction error
    /// (Godsill, Rayner, *A Bayesian approach to the restoration of degraded audio signals*, IEEE Trans. SAP 3(4),
    /// 1995). A loud one is filled as before; where the filling is less certain than the click is loud, hardly
    /// anything moves.
    pub(super) fn believe(
        &mut self,
        model: &Model,
        x: &mut [f64],
        seen: &[f64],
        (from, to): (usize, usize),
        spread: f64,
    ) {
        let count = to - from;
        let (apart, power) = (&mut self.apart[..count], model.shape[0]);
        for ((apart, seen), x) in apart.iter_mut().zip(&seen[from..to]).zip(&x[from..to]) {
            *apart = seen - x;
        }
        let mut added = 0.0;
        for (i, here) in apart.iter().enumerate() {
            let first = i.saturating_sub(model.order);
            self.first[i] = first;
            for (j, there) in apart[..i].iter().enumerate().skip(first) {
                let shape = model.shape[i - j];
                self.rows[i * self.most + j] = shape;
                added += 2.0 * shape * here * there;
            }
            added += power * here * here;
        }
        let over = SMOOTHER * (added / (count as f64 * spread * spread).max(1e-30) - 1.0).max(1e-3);
        let weight = power / over;
        for (i, apart) in apart.iter().enumerate() {
            self.rows[i * self.most + i] = power + weight;
            self.values[i] = weight * apart;
        }
        self.eliminate(count, power);
        for (x, back) in x[from..to].iter_mut().zip(&self.values) {
            *x += if back.is_finite() { *back } else { 0.0 };
        }
    }

    /// Solves the equations in `rows` for the right side in `values`, which becomes the solution: a positive definite band,
    /// factored after Cholesky inside its envelope.
    fn eliminate(&mut self, count: usize, power: f64) {
        for i in 0..count {
            let (above, row) = self.rows.split_at_mut(i * self.most);
            let mut pivot = row[i];
            for j in self.first[i]..i {
                let from = self.first[i].max(self.first[j]);
                let other = &above[j * self.most..=j * self.most + j];
                let value = (row[j] - dot(&row[from..j], &other[from..j])) / other[j];
                row[j] = value;
                pivot -= value * value;
            }
            row[i] = pivot.max(1e-12 * power).sqrt();
        }
        for i in 0..count {
            let row = &self.rows[i * self.most..=i * self.most + i];
            let from = self.first[i];
            self.values[i] = (self.values[i] - dot(&row[from..i], &self.values[from..i])) / row[i];
        }
        for i in (0..count).rev() {
            let row = &self.rows[i * self.most..=i * self.most + i];
            let value = self.values[i] / row[i];
            self.values[i] = value;
            let from = self.first[i];
            for (other, part) in self.values[from..i].iter_mut().zip(&row[from..i]) {
                *other -= part * value;
            }
        }
    }
}
