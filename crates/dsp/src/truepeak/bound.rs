//! How high the waveform could possibly be, without rebuilding it.
//!
//! A stretch of 32 samples is summed up by two numbers: its sample peak and the peak of its second differences. Two
//! bounds on every height that [`kernel`](super::kernel) can find there follow from them, and the lower one holds:
//!
//! - *Any signal*: no weighted sum exceeds the greatest sample times the sum of the weights' magnitudes.
//! - *Smooth signal*: an interpolating phase is a straight line between two samples plus a rest. The rest has a
//!   double zero at frequency 0, so it can be written as weights on second differences; those are small in music,
//!   whose energy lies low. The waveform stays that close to the greatest sample.
//!
//! The parabola adds at most an eighth of the second difference of the *interpolated* points, which is bounded the
//! same two ways. The constants are computed from the very taps in use, and rounding is allowed for.

use std::sync::LazyLock;

use super::kernel::{PHASES, REACH, TAPS, TILE, phase};

/// How many samples a stretch holds. A cell reaches 24 samples to either side, and so never past the next stretch.
pub const STRETCH: usize = 32;

/// Room for the rounding of a 48-tap sum in `f32`, relative to the greatest sample (a sum of n products errs by at
/// most n·2⁻²⁴ times the sum of their magnitudes; the parabola and these bounds' own arithmetic add less).
const ROUNDING: f32 = 4e-5;

/// What a stretch is summed up by.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Extremes {
    /// The greatest magnitude of a sample.
    pub sample: f32,
    /// The greatest magnitude of a second difference centered on one of the samples.
    pub bend: f32,
}

#[derive(Debug)]
struct Constants {
    /// Height over greatest sample, for any signal.
    any: f32,
    /// Height above the greatest sample, over the greatest second difference.
    bend: f32,
    /// What the straight line and the second differences leave over, times the greatest sample.
    rest: f32,
}

static CONSTANTS: LazyLock<Constants> = LazyLock::new(Constants::of_the_kernel);

/// A grid point's weights on the samples `n − 24 … n + 25`, one more on either side than a phase has.
type Weights = [f64; TAPS + 2];

/// The weights of point `p` of the grid, which may lie one before the cell (−1) or on its end (8).
fn weights(p: isize) -> Weights {
    let cell = p.div_euclid(PHASES as isize);
    let taps = phase(p.rem_euclid(PHASES as isize) as usize);
    let mut weights = [0.0; TAPS + 2];
    for (i, tap) in taps.iter().enumerate() {
        weights[(i as isize + 1 + cell) as usize] = *tap;
    }
    weights
}

fn magnitude(weights: &[f64]) -> f64 {
    weights.iter().map(|w| w.abs()).sum()
}

/// Running sums: the weights on the differences of neighbors that do the same. Returns what is left over on the
/// last value.
fn summed(weights: &mut [f64]) -> f64 {
    let mut sum = 0.0;
    for w in weights {
        sum += *w;
        *w = sum;
    }
    sum
}

/// As weights on second differences: their magnitude, and the magnitude of the rest on the samples.
fn on_second_differences(mut weights: Weights) -> (f64, f64) {
    let on_value = summed(&mut weights);
    let first = &mut weights[..=TAPS];
    let on_slope = summed(first);
    // A slope is at most twice the greatest sample.
    (magnitude(&weights[..TAPS]), on_value.abs() + 2.0 * on_slope.abs())
}

impl Constants {
    fn of_the_kernel() -> Constants {
        let (mut any, mut bend, mut rest) = (0.0_f64, 0.0_f64, 0.0_f64);
        for p in 0..PHASES as isize {
            let (before, at, after) = (weights(p - 1), weights(p), weights(p + 1));
            let mut curvature = [0.0; TAPS + 2];
            let mut beyond_line = at;
            for i in 0..TAPS + 2 {
                curvature[i] = 2.0 * at[i] - before[i] - after[i];
            }
            let part = p as f64 / PHASES as f64;
            beyond_line[REACH] -= 1.0 - part;
            beyond_line[REACH + 1] -= part;
            any = any.max(magnitude(&at) + magnitude(&curvature) / 8.0);
            let (line_bend, line_rest) = on_second_differences(beyond_line);
            let (parabola_bend, parabola_rest) = on_second_differences(curvature);
            bend = bend.max(line_bend + parabola_bend / 8.0);
            rest = rest.max(line_rest + parabola_rest / 8.0);
        }
        let up = |value: f64| (value * (1.0 + 1e-6)) as f32;
        Constants { any: up(any), bend: up(bend), rest: up(rest) }
    }
}

/// The greatest height that the cells of a stretch can have. `before`, `here`, `after` are three stretches in a row;
/// `next` is the sample that follows the middle one.
#[inline]
pub fn highest(before: Extremes, here: Extremes, after: Extremes, next: f32) -> f32 {
    highest_with(&CONSTANTS, before, here, after, next)
}

/// The greatest height that one tile of cells can have, from the samples that [`cell_peaks`](super::kernel::cell_peaks)
/// would look at: for who has no neighboring stretches at hand.
pub fn highest_in_tile(x: &[f32; TILE + TAPS]) -> f32 {
    let mut all = [Extremes::default(); 1];
    let mut middle = Extremes::default();
    // Every second difference inside the window; the samples of the cells themselves; then the window's.
    for at in [0, 14, 2 * STRETCH - 18] {
        scan(&x[at..at + STRETCH + 2], &mut all);
        middle.bend = middle.bend.max(all[0].bend);
        middle.sample = middle.sample.max(all[0].sample);
    }
    middle.sample = middle.sample.max(x[0].abs()).max(x[TILE + TAPS - 1].abs());
    let own = x[REACH..REACH + TILE].iter().fold(0.0_f32, |a, x| if x.abs() > a { x.abs() } else { a });
    highest(middle, Extremes { sample: own, bend: 0.0 }, middle, x[REACH + TILE])
}

#[inline]
fn highest_with(constants: &Constants, before: Extremes, here: Extremes, after: Extremes, next: f32) -> f32 {
    let sample = here.sample.max(before.sample).max(after.sample);
    let bend = here.bend.max(before.bend).max(after.bend);
    let smooth = here.sample.max(next.abs()) + constants.bend * bend + constants.rest * sample;
    (constants.any * sample).min(smooth) + ROUNDING * sample
}

/// The extremes of consecutive stretches. `x[0]` is the sample before the first stretch, and one sample follows the
/// last: `x.len() == extremes.len() · 32 + 2`.
///
/// # Panics
/// When the lengths do not fit.
pub fn extremes(x: &[f32], extremes: &mut [Extremes]) {
    assert_eq!(x.len(), extremes.len() * STRETCH + 2, "a stretch needs one sample on either side");
    scan(x, extremes);
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn scan(x: &[f32], extremes: &mut [Extremes]) {
    const LANES: usize = 16;
    for (i, out) in extremes.iter_mut().enumerate() {
        let Some(x) = x[i * STRETCH..].first_chunk::<{ STRETCH + 2 }>() else { return };
        let mut sample = [0.0_f32; LANES];
        let mut bend = [0.0_f32; LANES];
        for k in (0..STRETCH).step_by(LANES) {
            for l in 0..LANES {
                let (before, at, after) = (x[k + l], x[k + l + 1], x[k + l + 2]);
                let height = at.abs();
                let second = ((before - at) + (after - at)).abs();
                sample[l] = if height > sample[l] { height } else { sample[l] };
                bend[l] = if second > bend[l] { second } else { bend[l] };
            }
        }
        let mut width = LANES;
        while width > 1 {
            width /= 2;
            for l in 0..width {
                sample[l] = if sample[l + width] > sample[l] { sample[l + width] } else { sample[l] };
                bend[l] = if bend[l + width] > bend[l] { bend[l + width] } else { bend[l] };
            }
        }
        *out = Extremes { sample: sample[0], bend: bend[0] };
    }
}
