//! K-weighting: the ear's rough frequency response, as ITU-R BS.1770-5 Annex 1 defines it, and its energy.
//!
//! Two second-order filters stand in series: a shelf of +4 dB above 1.7 kHz (the head) and a high-pass at 38 Hz (the
//! ear's loss of bass). The standard prints coefficients for 48 kHz only. For any other rate the analogue prototype
//! behind them is transformed again ([`Coefficients::at`]), and the high-pass' numerator is scaled by
//! a₀(48 kHz)/a₀(fs): the standard's `1, −2, 1` is not of unit gain in its pass-band, and copied to 96 kHz it would
//! read 0.022 LU low, to 192 kHz 0.033 LU.
//!
//! **How it runs.** The series is expanded into partial fractions, H = d + P/D₁ + Q/D₂, so that both sections hear
//! the same input and two channels × two sections fill four lanes without a skew. The state update is written so that
//! only one multiplication and one addition lie on the loop-carried path. The sums of squares are taken in the same
//! pass; the filtered signal itself is never stored. All of it in `f64`, one frame after another, so the result
//! does not depend on how the input is cut.

use std::f64::consts::PI;

/// A second-order filter b₀ b₁ b₂ / 1 a₁ a₂.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Section {
    /// Numerator.
    pub b: [f64; 3],
    /// Denominator without its leading one.
    pub a: [f64; 2],
}

/// The two filters of K-weighting at one sample rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coefficients {
    /// Stage 1, the shelf.
    pub shelf: Section,
    /// Stage 2, the high-pass.
    pub high_pass: Section,
}

// The analogue prototype that gives the standard's tables at 48 kHz.
const SHELF_HZ: f64 = 1681.974450955533;
const SHELF_GAIN_DB: f64 = 3.999843853973347;
const SHELF_Q: f64 = 0.7071752369554196;
const SHELF_BAND_EXPONENT: f64 = 0.4996667741545416;
const HIGH_PASS_HZ: f64 = 38.13547087602444;
const HIGH_PASS_Q: f64 = 0.5003270373238773;

impl Coefficients {
    /// The filters for a sample rate (above 3.4 kHz, or the shelf would lie beyond Nyquist).
    pub fn at(sample_rate: u32) -> Self {
        Coefficients { shelf: shelf(sample_rate), high_pass: high_pass(sample_rate) }
    }

    /// The magnitude of the series at a frequency, in decibels.
    pub fn gain_db(&self, hz: f64, sample_rate: u32) -> f64 {
        let w = 2.0 * PI * hz / f64::from(sample_rate);
        let power = |c0: f64, c1: f64, c2: f64| {
            let re = c0 + c1 * w.cos() + c2 * (2.0 * w).cos();
            let im = c1 * w.sin() + c2 * (2.0 * w).sin();
            re * re + im * im
        };
        [self.shelf, self.high_pass]
            .iter()
            .map(|s| 10.0 * (power(s.b[0], s.b[1], s.b[2]) / power(1.0, s.a[0], s.a[1])).log10())
            .sum()
    }
}

fn shelf(sample_rate: u32) -> Section {
    let k = (PI * SHELF_HZ / f64::from(sample_rate)).tan();
    let high = 10f64.powf(SHELF_GAIN_DB / 20.0);
    let band = high.powf(SHELF_BAND_EXPONENT);
    let a0 = 1.0 + k / SHELF_Q + k * k;
    Section {
        b: [
            (high + band * k / SHELF_Q + k * k) / a0,
            2.0 * (k * k - high) / a0,
            (high - band * k / SHELF_Q + k * k) / a0,
        ],
        a: [2.0 * (k * k - 1.0) / a0, (1.0 - k / SHELF_Q + k * k) / a0],
    }
}

fn high_pass(sample_rate: u32) -> Section {
    let warped = |rate: f64| (PI * HIGH_PASS_HZ / rate).tan();
    let leading = |k: f64| 1.0 + k / HIGH_PASS_Q + k * k;
    let k = warped(f64::from(sample_rate));
    let a0 = leading(k);
    let unit = leading(warped(48_000.0)) / a0;
    Section { b: [unit, -2.0 * unit, unit], a: [2.0 * (k * k - 1.0) / a0, (1.0 - k / HIGH_PASS_Q + k * k) / a0] }
}

/// Lanes of the kernel: left and right of the shelf's fraction, left and right of the high-pass' fraction.
const LANES: usize = 4;

/// K-weighting of one or two channels that keeps only the sums of squares.
#[derive(Clone, Debug)]
pub(crate) struct PairEnergy {
    rule: Rule,
    state: State,
}

/// The recurrences' constants, one per lane.
#[derive(Clone, Copy, Debug)]
struct Rule {
    direct: f64,
    from_input: [[f64; LANES]; 2],
    from_state: [[f64; LANES]; 2],
}

#[derive(Clone, Copy, Debug, Default)]
struct State {
    first: [f64; LANES],
    second: [f64; LANES],
    weighted: [f64; 2],
    plain: [f64; 2],
}

/// Sums of squares of up to two channels since they were last taken.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Energy {
    /// After K-weighting.
    pub(crate) weighted: [f64; 2],
    /// As they came.
    pub(crate) plain: [f64; 2],
}

/// Below this a state is nothing: it is set to zero before it becomes a denormal number.
const NOTHING: f64 = 1e-25;

impl PairEnergy {
    /// At rest, for that sample rate.
    pub(crate) fn new(sample_rate: u32) -> Self {
        PairEnergy { rule: Rule::expand(&Coefficients::at(sample_rate)), state: State::default() }
    }

    /// Hears the same stretch of two channels (one channel twice for a channel without a partner).
    pub(crate) fn push(&mut self, left: &[f32], right: &[f32]) {
        accumulate(&self.rule, &mut self.state, left, right);
    }

    /// The sums so far, which start again from zero. To be called on a fixed grid of the signal's own frames: states
    /// that have died away are flushed here.
    pub(crate) fn take(&mut self) -> Energy {
        let sums = Energy { weighted: self.state.weighted, plain: self.state.plain };
        self.state.weighted = [0.0; 2];
        self.state.plain = [0.0; 2];
        for s in self.state.first.iter_mut().chain(&mut self.state.second) {
            if s.abs() < NOTHING {
                *s = 0.0;
            }
        }
        sums
    }
}

impl Rule {
    /// Partial fractions of the series: N₁N₂ = d·D₁D₂ + P·D₂ + Q·D₁, with P and Q of first order.
    fn expand(k: &Coefficients) -> Rule {
        let whole = |s: &Section| [1.0, s.a[0], s.a[1]];
        let (d1, d2) = (whole(&k.shelf), whole(&k.high_pass));
        let mut numerator = product(&k.shelf.b, &k.high_pass.b);
        let denominator = product(&d1, &d2);
        let constant = numerator[4] / denominator[4];
        for (n, d) in numerator.iter_mut().zip(denominator) {
            *n -= constant * d;
        }
        // Unknowns p0 p1 q0 q1; row i is the coefficient of z^−i.
        let mut rows = [[0.0; 5]; 4];
        for (i, row) in rows.iter_mut().enumerate() {
            let tap = |d: &[f64; 3], shift: usize| i.checked_sub(shift).and_then(|j| d.get(j)).copied().unwrap_or(0.0);
            *row = [tap(&d2, 0), tap(&d2, 1), tap(&d1, 0), tap(&d1, 1), numerator[i]];
        }
        let [p0, p1, q0, q1] = solve(rows);
        let lanes = |shelf: f64, high_pass: f64| [shelf, shelf, high_pass, high_pass];
        let [s1, s2] = k.shelf.a;
        let [h1, h2] = k.high_pass.a;
        Rule {
            direct: constant + p0 + q0,
            from_input: [lanes(p1 - s1 * p0, q1 - h1 * q0), lanes(-s2 * p0, -h2 * q0)],
            from_state: [lanes(s1, h1), lanes(s2, h2)],
        }
    }
}

fn product(a: &[f64; 3], b: &[f64; 3]) -> [f64; 5] {
    let mut out = [0.0; 5];
    for (i, x) in a.iter().enumerate() {
        for (j, y) in b.iter().enumerate() {
            out[i + j] += x * y;
        }
    }
    out
}

/// Gauss–Jordan with partial pivoting.
fn solve(mut rows: [[f64; 5]; 4]) -> [f64; 4] {
    for column in 0..4 {
        let pivot =
            (column..4).max_by(|a, b| rows[*a][column].abs().total_cmp(&rows[*b][column].abs())).unwrap_or(column);
        rows.swap(column, pivot);
        let lead = rows[column];
        for (i, row) in rows.iter_mut().enumerate() {
            if i != column {
                let factor = row[column] / lead[column];
                for (cell, from) in row.iter_mut().zip(lead) {
                    *cell -= factor * from;
                }
            }
        }
    }
    std::array::from_fn(|i| rows[i][4] / rows[i][i])
}

#[multiversion::multiversion(targets("x86_64+avx2", "x86_64+avx512f+avx512dq+avx512vl+avx512bw"))]
fn accumulate(rule: &Rule, state: &mut State, left: &[f32], right: &[f32]) {
    let Rule { direct, from_input: [in1, in2], from_state: [st1, st2] } = *rule;
    let State { mut first, mut second, mut weighted, mut plain } = *state;
    for (l, r) in left.iter().zip(right) {
        let (l, r) = (f64::from(*l), f64::from(*r));
        let x = [l, r, l, r];
        for c in 0..2 {
            let y = direct * x[c] + (first[c] + first[c + 2]);
            weighted[c] += y * y;
            plain[c] += x[c] * x[c];
        }
        let before = first;
        for i in 0..LANES {
            first[i] = (in1[i] * x[i] + second[i]) - st1[i] * before[i];
        }
        for i in 0..LANES {
            second[i] = in2[i] * x[i] - st2[i] * before[i];
        }
    }
    *state = State { first, second, weighted, plain };
}

#[cfg(test)]
mod tests {
    use super::{Coefficients, PairEnergy, Section};
    use tonmeister_dsp::testing::noise;

    /// The plain series in direct form I, as one would write it from the standard.
    fn reference(section: &Section, x: &[f64]) -> Vec<f64> {
        let mut y = vec![0.0; x.len()];
        let back = |v: &[f64], n: usize, k: usize| if n >= k { v[n - k] } else { 0.0 };
        for n in 0..x.len() {
            y[n] = section.b[0] * x[n] + section.b[1] * back(x, n, 1) + section.b[2] * back(x, n, 2)
                - section.a[0] * back(&y, n, 1)
                - section.a[1] * back(&y, n, 2);
        }
        y
    }

    #[test]
    fn the_formula_gives_the_tables_of_the_standard() {
        let k = Coefficients::at(48_000);
        let shelf = [1.53512485958697, -2.69169618940638, 1.19839281085285, -1.69065929318241, 0.73248077421585];
        let high_pass = [1.0, -2.0, 1.0, -1.99004745483398, 0.99007225036621];
        for (section, table) in [(k.shelf, shelf), (k.high_pass, high_pass)] {
            let found = [section.b[0], section.b[1], section.b[2], section.a[0], section.a[1]];
            for (f, t) in found.iter().zip(table) {
                assert!((f - t).abs() < 1e-8, "{f} is not {t}");
            }
        }
    }

    #[test]
    fn every_rate_weighs_a_thousand_hertz_alike() {
        let at_48k = Coefficients::at(48_000).gain_db(1000.0, 48_000);
        for rate in [44_100, 88_200, 96_000, 176_400, 192_000, 384_000] {
            let gain = Coefficients::at(rate).gain_db(1000.0, rate);
            assert!((gain - at_48k).abs() < 0.006, "{rate}: {gain} against {at_48k}");
        }
    }

    #[test]
    fn the_parallel_form_is_the_series() {
        for rate in [8_000, 44_100, 48_000, 96_000, 192_000, 768_000] {
            let (left, right) = (noise(1, 0.5, 20_000), noise(2, 0.7, 20_000));
            let mut pair = PairEnergy::new(rate);
            pair.push(&left, &right);
            let energy = pair.take();
            let k = Coefficients::at(rate);
            for (c, channel) in [left, right].iter().enumerate() {
                let x: Vec<f64> = channel.iter().map(|s| f64::from(*s)).collect();
                let y = reference(&k.high_pass, &reference(&k.shelf, &x));
                let expected: f64 = y.iter().map(|s| s * s).sum();
                let error = energy.weighted[c] / expected - 1.0;
                // Poles close to one amplify the rounding of either form: 4e-9 at 768 kHz, far less below.
                assert!(error.abs() < 1e-8, "{rate} Hz, channel {c}: {error:e}");
                let plain: f64 = x.iter().map(|s| s * s).sum();
                assert!((energy.plain[c] / plain - 1.0).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn silence_after_sound_comes_to_rest() {
        let mut pair = PairEnergy::new(48_000);
        pair.push(&[1.0], &[-1.0]);
        for _ in 0..100 {
            pair.push(&[0.0; 480], &[0.0; 480]);
            pair.take();
        }
        assert_eq!(pair.state.first, [0.0; 4]);
        assert_eq!(pair.state.second, [0.0; 4]);
    }
}
