//! The waveform between the samples: eight phases, 48 taps each, and a parabola on top.
//!
//! Phase 0 is the samples. The other seven are symmetric in pairs (phase `p` is phase `8 − p` read backwards), so
//! each pair is computed from the sums and differences of mirrored samples at half the multiplications. The lanes of
//! a vector hold neighbouring cells, and every lane does the same operations in the same order: a cell's peak has
//! the same bits wherever it falls in a block.

use std::sync::LazyLock;

/// Places per sample at which the waveform is rebuilt.
pub const PHASES: usize = 8;
/// Taps of each phase.
pub const TAPS: usize = 48;
/// How many samples before and after a cell its peak depends on.
pub const REACH: usize = TAPS / 2;
/// How many cells are computed at a time.
pub const TILE: usize = 16;

/// Shape of the Kaiser window. Balances the ripple at 0.907 of half the sample rate (the transition is as wide as
/// the taps allow) against nothing else: below that frequency the error only falls.
const KAISER_BETA: f64 = 6.6;

/// sin(πp/8) for the phases 0 to 4, to all digits: the bits must not depend on a machine's `sin`.
const SINE_OF_EIGHTHS: [f64; 5] = [0.0, 0.38268343236508977, std::f64::consts::FRAC_1_SQRT_2, 0.9238795325112867, 1.0];

/// Phases 1 to 4 by their action on `x[n+1+j] + x[n−j]` and on `x[n+1+j] − x[n−j]`. Phase 4 is even.
#[derive(Debug)]
struct Taps {
    even: [[f32; 4]; REACH],
    odd: [[f32; 3]; REACH],
}

static KERNEL: LazyLock<Taps> = LazyLock::new(Taps::design);

/// The modified Bessel function of order zero, by its power series.
fn bessel_i0(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let (mut term, mut sum) = (1.0, 1.0);
    for k in 1..60 {
        term *= quarter / f64::from(k * k);
        sum += term;
    }
    sum
}

/// The taps of phase `p` in full precision, for the samples `n − 23` to `n + 24`; their sum is 1.
fn phase_in_f64(p: usize) -> [f64; TAPS] {
    let mut taps = [0.0; TAPS];
    if p == 0 {
        taps[REACH - 1] = 1.0;
        return taps;
    }
    let sine = SINE_OF_EIGHTHS[p.min(PHASES - p)];
    for (i, tap) in taps.iter_mut().enumerate() {
        let distance = p as f64 / PHASES as f64 - (i as f64 - (REACH - 1) as f64);
        let sign = if (i + REACH - 1).is_multiple_of(2) { 1.0 } else { -1.0 };
        let across = distance / REACH as f64;
        let window = bessel_i0(KAISER_BETA * (1.0 - across * across).max(0.0).sqrt()) / bessel_i0(KAISER_BETA);
        *tap = sign * sine / (std::f64::consts::PI * distance) * window;
    }
    let sum: f64 = taps.iter().sum();
    taps.iter_mut().for_each(|tap| *tap /= sum);
    taps
}

impl Taps {
    fn design() -> Taps {
        let mut kernel = Taps { even: [[0.0; 4]; REACH], odd: [[0.0; 3]; REACH] };
        for p in 1..=4 {
            let taps = phase_in_f64(p);
            for j in 0..REACH {
                let (right, left) = (taps[REACH + j], taps[REACH - 1 - j]);
                kernel.even[j][p - 1] = ((right + left) / 2.0) as f32;
                if p < 4 {
                    kernel.odd[j][p - 1] = ((right - left) / 2.0) as f32;
                }
            }
        }
        kernel
    }
}

/// The taps of a phase as the kernel applies them, for the samples `n − 23` to `n + 24`.
pub fn phase(p: usize) -> [f64; TAPS] {
    let mut taps = [0.0; TAPS];
    if p == 0 {
        return phase_in_f64(0);
    }
    let mirrored = p > 4;
    let q = p.min(PHASES - p) - 1;
    for j in 0..REACH {
        let even = f64::from(KERNEL.even[j][q]);
        let odd = if q < 3 { f64::from(KERNEL.odd[j][q]) } else { 0.0 };
        let odd = if mirrored { -odd } else { odd };
        taps[REACH + j] = even + odd;
        taps[REACH - 1 - j] = even - odd;
    }
    taps
}

type Lanes = [f32; TILE];

/// The seven inner phases of one tile. `x[l + REACH]` is the sample that lane `l` starts from.
#[inline(always)]
fn inner_phases(kernel: &Taps, x: &[f32; TILE + TAPS]) -> [Lanes; PHASES - 1] {
    let mut even = [[0.0_f32; TILE]; 4];
    let mut odd = [[0.0_f32; TILE]; 3];
    for j in 0..REACH {
        let mut sum = [0.0_f32; TILE];
        let mut difference = [0.0_f32; TILE];
        for l in 0..TILE {
            let (right, left) = (x[l + REACH + 1 + j], x[l + REACH - j]);
            sum[l] = right + left;
            difference[l] = right - left;
        }
        for p in 0..4 {
            let tap = kernel.even[j][p];
            for l in 0..TILE {
                even[p][l] += tap * sum[l];
            }
        }
        for p in 0..3 {
            let tap = kernel.odd[j][p];
            for l in 0..TILE {
                odd[p][l] += tap * difference[l];
            }
        }
    }
    let mut phases = [[0.0_f32; TILE]; PHASES - 1];
    for p in 0..3 {
        for l in 0..TILE {
            phases[p][l] = even[p][l] + odd[p][l];
            phases[PHASES - 2 - p][l] = even[p][l] - odd[p][l];
        }
    }
    phases[3] = even[3];
    phases
}

/// Height of the waveform around a grid point, given its neighbours: the vertex of the parabola when the point is a
/// local maximum of the magnitude, else the point itself.
#[inline(always)]
fn crest(before: f32, at: f32, after: f32) -> f32 {
    let slope = after - before;
    let curvature = (at - before) + (at - after);
    // |slope| ≤ |curvature| says that neither neighbour lies beyond the point; the signs, that it is a crest and
    // not a trough. A flat stretch has no curvature and needs no parabola.
    let peaked = slope.abs() <= curvature.abs() && curvature * at > 0.0;
    let rise = if peaked { slope * slope / (8.0 * curvature.abs()) } else { 0.0 };
    at.abs() + rise
}

/// The peaks of one tile; `last` is phase 7 of the cell before and becomes that of the tile's last cell.
#[inline(always)]
fn tile(kernel: &Taps, x: &[f32; TILE + TAPS], last: &mut f32, out: &mut Lanes) {
    let phases = inner_phases(kernel, x);
    let mut before = [0.0_f32; TILE];
    before[0] = *last;
    before[1..].copy_from_slice(&phases[PHASES - 2][..TILE - 1]);
    *last = phases[PHASES - 2][TILE - 1];
    let mut best = [0.0_f32; TILE];
    for p in 0..PHASES {
        for l in 0..TILE {
            let left = match p {
                0 => before[l],
                1 => x[l + REACH],
                _ => phases[p - 2][l],
            };
            let at = if p == 0 { x[l + REACH] } else { phases[p - 1][l] };
            let right = if p == PHASES - 1 { x[l + REACH + 1] } else { phases[p][l] };
            let height = crest(left, at, right);
            best[l] = if height > best[l] { height } else { best[l] };
        }
    }
    *out = best;
}

/// Phase 7 of one cell, by the same operations in the same order as [`inner_phases`].
fn last_phase(kernel: &Taps, x: &[f32; TAPS + 1]) -> f32 {
    let (mut even, mut odd) = (0.0_f32, 0.0_f32);
    for j in 0..REACH {
        let (right, left) = (x[REACH + j], x[REACH - 1 - j]);
        even += kernel.even[j][0] * (right + left);
        odd += kernel.odd[j][0] * (right - left);
    }
    even - odd
}

/// The peak of each cell. Cell `i` starts from sample `x[i + 24]`, so `x` holds 24 samples before the first cell and
/// 24 after the last: `x.len() == peaks.len() + 48`, and the number of cells is a multiple of 16.
///
/// # Panics
/// When the lengths do not fit.
pub fn cell_peaks(x: &[f32], peaks: &mut [f32]) {
    assert!(peaks.len().is_multiple_of(TILE), "cells come in tiles of {TILE}");
    assert_eq!(x.len(), peaks.len() + TAPS, "a cell needs {REACH} samples on either side");
    tiles(&KERNEL, x, peaks);
}

#[multiversion::multiversion(targets("x86_64+avx2", "x86_64+avx512f+avx512dq+avx512vl+avx512bw"))]
fn tiles(kernel: &Taps, x: &[f32], peaks: &mut [f32]) {
    let Some(head) = x.first_chunk::<{ TAPS + 1 }>() else { return };
    let mut last = last_phase(kernel, head);
    for (i, out) in peaks.chunks_exact_mut(TILE).enumerate() {
        if let (Some(x), Some(out)) = (x[i * TILE..].first_chunk(), out.first_chunk_mut()) {
            tile(kernel, x, &mut last, out);
        }
    }
}
