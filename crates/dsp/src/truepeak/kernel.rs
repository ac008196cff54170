//! The waveform between the samples: eight phases, 48 taps each, and a parabola on top.
//!
//! Phase 0 is the samples. The other seven are symmetric in pairs (phase `p` is phase `8 − p` read backwards), so
//! each pair is computed from the sums and differences of mirrored samples at half the multiplications. The lanes of
//! a vector hold neighbouring cells, and every lane does the same operations in the same order: a cell's peak has
//! the same bits wherever it falls in a block.

#![allow(
    clippy::inline_always,
    reason = "a helper left out of line would be compiled without its caller's vector instructions"
)]

use std::sync::LazyLock;

use super::sinc::{self, crest};

/// Places per sample at which the waveform is rebuilt.
pub const PHASES: usize = 8;
/// Taps of each phase.
pub const TAPS: usize = 48;
/// How many samples before and after a cell its peak depends on.
pub const REACH: usize = TAPS / 2;
/// How many cells are computed at a time.
pub const TILE: usize = 32;

/// Shape of the Kaiser window. Balances the ripple at 0.907 of half the sample rate (the transition is as wide as
/// the taps allow) against nothing else: below that frequency the error only falls.
const KAISER_BETA: f64 = 6.6;

/// Phases 1 to 4 by their action on `x[n+1+j] + x[n−j]` and on `x[n+1+j] − x[n−j]`. Phase 4 is even.
#[derive(Debug)]
struct Taps {
    even: [[f32; 4]; REACH],
    odd: [[f32; 3]; REACH],
}

static KERNEL: LazyLock<Taps> = LazyLock::new(Taps::design);

impl Taps {
    fn design() -> Taps {
        let mut kernel = Taps { even: [[0.0; 4]; REACH], odd: [[0.0; 3]; REACH] };
        for p in 1..=4 {
            let taps = sinc::phase::<TAPS>(p, PHASES, KAISER_BETA);
            for j in 0..REACH {
                let (right, left) = (taps[REACH + j], taps[REACH - 1 - j]);
                kernel.even[j][p - 1] = right.midpoint(left) as f32;
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
        return sinc::phase(0, PHASES, KAISER_BETA);
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

/// Adds tap pair `J` to the running sums of one cell: the even ones of phases 1 to 4, the odd ones of 1 to 3.
#[inline(always)]
fn pair<const J: usize>(kernel: &Taps, right: f32, left: f32, s: [f32; 7]) -> [f32; 7] {
    let (sum, difference) = (right + left, right - left);
    let (e, o) = (&kernel.even[J], &kernel.odd[J]);
    [
        s[0] + e[0] * sum,
        s[1] + e[1] * sum,
        s[2] + e[2] * sum,
        s[3] + e[3] * sum,
        s[4] + o[0] * difference,
        s[5] + o[1] * difference,
        s[6] + o[2] * difference,
    ]
}

/// Adds eight tap pairs to the running sums of every cell of a tile. Written out, because the compiler turns cells
/// into lanes only where nothing but the cells is left to loop over.
macro_rules! add_pairs {
    ($kernel:ident, $x:ident, $sums:ident, $($j:literal)*) => {
        let [s0, s1, s2, s3, s4, s5, s6] = &mut $sums;
        for l in 0..TILE {
            let mut s = [s0[l], s1[l], s2[l], s3[l], s4[l], s5[l], s6[l]];
            $(s = pair::<$j>($kernel, $x[l + REACH + 1 + $j], $x[l + REACH - $j], s);)*
            [s0[l], s1[l], s2[l], s3[l], s4[l], s5[l], s6[l]] = s;
        }
    };
}

/// The grid of one tile, row by row: phase 7 of the cell before, the samples, phases 1 to 7, the next samples.
/// `x[l + REACH]` is the sample that lane `l` starts from; `last` is phase 7 of the cell before the tile.
#[inline(always)]
fn grid(kernel: &Taps, x: &[f32; TILE + TAPS], last: f32) -> [Lanes; PHASES + 2] {
    let mut sums = [[0.0_f32; TILE]; 7];
    add_pairs!(kernel, x, sums, 0 1 2 3 4 5 6 7);
    add_pairs!(kernel, x, sums, 8 9 10 11 12 13 14 15);
    add_pairs!(kernel, x, sums, 16 17 18 19 20 21 22 23);
    let mut grid = [[0.0_f32; TILE]; PHASES + 2];
    for p in 0..3 {
        for l in 0..TILE {
            grid[2 + p][l] = sums[p][l] + sums[4 + p][l];
            grid[PHASES - p][l] = sums[p][l] - sums[4 + p][l];
        }
    }
    grid[5] = sums[3];
    grid[1].copy_from_slice(&x[REACH..REACH + TILE]);
    grid[PHASES + 1].copy_from_slice(&x[REACH + 1..REACH + 1 + TILE]);
    let [before, .., last_phase, _] = &mut grid;
    before[0] = last;
    before[1..].copy_from_slice(&last_phase[..TILE - 1]);
    grid
}

/// The peaks of one tile; `last` is phase 7 of the cell before and becomes that of the tile's last cell.
#[inline(always)]
fn tile(kernel: &Taps, x: &[f32; TILE + TAPS], last: &mut f32, out: &mut Lanes) {
    let grid = grid(kernel, x, *last);
    *last = grid[PHASES][TILE - 1];
    *out = [0.0; TILE];
    for p in 0..PHASES {
        let (before, at, after) = (&grid[p], &grid[p + 1], &grid[p + 2]);
        for l in 0..TILE {
            let height = crest(before[l], at[l], after[l]);
            out[l] = if height > out[l] { height } else { out[l] };
        }
    }
}

/// Phase 7 of one cell, by the same operations in the same order as [`pair`].
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
/// 24 after the last: `x.len() == peaks.len() + 48`, and the number of cells is a multiple of 32.
///
/// # Panics
/// When the lengths do not fit.
pub fn cell_peaks(x: &[f32], peaks: &mut [f32]) {
    assert!(peaks.len().is_multiple_of(TILE), "cells come in tiles of {TILE}");
    assert_eq!(x.len(), peaks.len() + TAPS, "a cell needs {REACH} samples on either side");
    tiles(&KERNEL, x, peaks);
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn tiles(kernel: &Taps, x: &[f32], peaks: &mut [f32]) {
    let Some(head) = x.first_chunk::<{ TAPS + 1 }>() else { return };
    let mut last = last_phase(kernel, head);
    for (i, out) in peaks.chunks_exact_mut(TILE).enumerate() {
        if let (Some(x), Some(out)) = (x[i * TILE..].first_chunk(), out.first_chunk_mut()) {
            tile(kernel, x, &mut last, out);
        }
    }
}
