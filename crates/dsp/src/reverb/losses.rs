//! The loss filters at work: all lines side by side, frame after frame.
//!
//! The filters always take a whole pass of the [network](super::network), which no line is shorter than. A recursion
//! cannot be spread over time, so the vector lanes lie across lines: the recursion of sixteen lines in one go.

// What is handed to a function that was not compiled for the same vector instructions leaves its registers: the
// kernels below must be inlined into the function that chooses between them, whatever the compiler thinks of it.
#![allow(clippy::inline_always)]

use super::LINES;
use super::decay::{BandLanes, Losses, ShelfLanes};
use super::ring::CHUNK;

type Lanes = [f64; LINES];
/// Two states of a band.
type BandState = [Lanes; 2];

/// States of all filters, in `f64`.
#[derive(Clone, Debug)]
pub(super) struct States {
    shelves: Vec<Lanes>,
    bands: Vec<BandState>,
    /// The sound between bands.
    run: Box<[Lanes; CHUNK]>,
}

impl States {
    pub(super) fn new(losses: &Losses) -> States {
        States {
            shelves: vec![[0.0; LINES]; losses.shelves.len()],
            bands: vec![[[0.0; LINES]; 2]; losses.bands.len()],
            run: Box::new([[0.0; LINES]; CHUNK]),
        }
    }

    /// Sets states too small to hear to zero, before they become denormal and slow.
    pub(super) fn flush(&mut self) {
        let bands = self.bands.as_flattened_mut().as_flattened_mut();
        for state in bands.iter_mut().chain(self.shelves.as_flattened_mut()) {
            if state.abs() < 1e-25 {
                *state = 0.0;
            }
        }
    }

    pub(super) fn reset(&mut self) {
        self.shelves.fill([0.0; LINES]);
        self.bands.fill([[0.0; LINES]; 2]);
    }
}

/// Takes from a pass of frames what the filters of each line take.
pub(super) fn lose(frames: &mut [[f32; LINES]], losses: &Losses, states: &mut States) {
    shelve(frames, &losses.shelves, &mut states.shelves);
    if !losses.bands.is_empty() {
        let run = &mut states.run[..frames.len()];
        widen(frames, run);
        equalize(run, &losses.bands, &mut states.bands);
        narrow(run, frames);
    }
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn shelve(frames: &mut [[f32; LINES]], shelves: &[ShelfLanes], states: &mut [Lanes]) {
    match shelves.len() {
        0 => {}
        1 => shelve_by::<1>(frames, shelves, states),
        2 => shelve_by::<2>(frames, shelves, states),
        3 => shelve_by::<3>(frames, shelves, states),
        4 => shelve_by::<4>(frames, shelves, states),
        5 => shelve_by::<5>(frames, shelves, states),
        _ => shelve_by::<6>(frames, shelves, states),
    }
}

/// So many shelves. The recursion is written as s ← c·x − a·s, so that a frame waits for the one before it no longer
/// than one product and one difference.
#[inline(always)]
fn shelve_by<const COUNT: usize>(frames: &mut [[f32; LINES]], shelves: &[ShelfLanes], states: &mut [Lanes]) {
    let (Some(shelves), Some(states)) = (shelves.first_chunk::<COUNT>(), states.first_chunk_mut::<COUNT>()) else {
        return;
    };
    let mut s = *states;
    for frame in frames {
        let mut x = [0.0; LINES];
        for l in 0..LINES {
            x[l] = f64::from(frame[l]);
        }
        for (shelf, s) in shelves.iter().zip(&mut s) {
            for l in 0..LINES {
                let y = x[l] + s[l];
                s[l] = shelf.c[l] * x[l] - shelf.a[l] * s[l];
                x[l] = y;
            }
        }
        for l in 0..LINES {
            frame[l] = x[l] as f32;
        }
    }
    *states = s;
}

/// To `f64`.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn widen(frames: &[[f32; LINES]], run: &mut [Lanes]) {
    for (lane, x) in run.as_flattened_mut().iter_mut().zip(frames.as_flattened()) {
        *lane = f64::from(*x);
    }
}

/// Every band in turn over the whole run, all lines side by side (transposed direct form II).
#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn equalize(run: &mut [Lanes], bands: &[BandLanes], states: &mut [BandState]) {
    for (band, state) in bands.iter().zip(states) {
        let BandLanes { b1, b2, a1, a2 } = band;
        let [mut s1, mut s2] = *state;
        for frame in run.iter_mut() {
            for l in 0..LINES {
                let x = frame[l];
                let y = x + s1[l];
                s1[l] = (b1[l] * x + s2[l]) - a1[l] * y;
                s2[l] = b2[l] * x - a2[l] * y;
                frame[l] = y;
            }
        }
        *state = [s1, s2];
    }
}

/// And back to `f32`.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn narrow(run: &[Lanes], frames: &mut [[f32; LINES]]) {
    for (x, lane) in frames.as_flattened_mut().iter_mut().zip(run.as_flattened()) {
        *x = *lane as f32;
    }
}
