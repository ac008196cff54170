//! The loss filters at work: all lines side by side, frame after frame.
//!
//! What a pass of 64 frames loses depends on what left the lines, and every line is longer than that: so the filters
//! always take a whole pass at once, however the audio is cut into blocks.

// What is handed to a function that was not compiled for the same vector instructions leaves its registers: the
// kernels below must be inlined into the function that chooses between them, whatever the compiler thinks of it.
#![allow(clippy::inline_always)]

use super::LINES;
use super::decay::{BandLanes, Losses, ShelfLanes};
use super::transpose::Frames;

type Lanes = [f64; LINES];
/// Coefficients b1, b2, a1, a2 and two states of a band.
type BandState = [Lanes; 2];

/// States of all filters, in `f64`.
#[derive(Clone, Debug)]
pub(super) struct States {
    shelves: Vec<Lanes>,
    bands: Vec<BandState>,
}

impl States {
    pub(super) fn new(losses: &Losses) -> States {
        States { shelves: vec![[0.0; LINES]; losses.shelves.len()], bands: vec![[[0.0; LINES]; 2]; losses.bands.len()] }
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

/// Takes from the first `count` frames what each line loses on one pass.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
pub(super) fn lose(frames: &mut Frames, count: usize, losses: &Losses, states: &mut States) {
    let frames = &mut frames[..count];
    let Losses { gain, shelves, bands } = losses;
    match shelves.len() {
        0 => shelve::<0>(frames, gain, shelves, &mut states.shelves),
        1 => shelve::<1>(frames, gain, shelves, &mut states.shelves),
        2 => shelve::<2>(frames, gain, shelves, &mut states.shelves),
        3 => shelve::<3>(frames, gain, shelves, &mut states.shelves),
        4 => shelve::<4>(frames, gain, shelves, &mut states.shelves),
        5 => shelve::<5>(frames, gain, shelves, &mut states.shelves),
        _ => shelve::<6>(frames, gain, shelves, &mut states.shelves),
    }
    equalize(frames, bands, &mut states.bands);
}

/// Gain and shelves. The recursion is written as s ← c·x − a·s, so that a frame waits for the one before it no longer
/// than one product and one difference.
#[inline(always)]
fn shelve<const COUNT: usize>(frames: &mut [[f32; LINES]], gain: &Lanes, shelves: &[ShelfLanes], states: &mut [Lanes]) {
    let (Some(shelves), Some(states)) = (shelves.first_chunk::<COUNT>(), states.first_chunk_mut::<COUNT>()) else {
        return;
    };
    let mut s = *states;
    for frame in frames {
        let mut x = [0.0; LINES];
        for l in 0..LINES {
            x[l] = f64::from(frame[l]) * gain[l];
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

/// Octave bands, each over the whole run (transposed direct form II); between them the sound is `f64`.
#[inline(always)]
fn equalize(frames: &mut [[f32; LINES]], bands: &[BandLanes], states: &mut [BandState]) {
    if bands.is_empty() {
        return;
    }
    let mut run = [[0.0; LINES]; super::ring::CHUNK];
    let run = &mut run[..frames.len()];
    for (lanes, frame) in run.iter_mut().zip(frames.iter()) {
        for l in 0..LINES {
            lanes[l] = f64::from(frame[l]);
        }
    }
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
    for (lanes, frame) in run.iter().zip(frames) {
        for l in 0..LINES {
            frame[l] = lanes[l] as f32;
        }
    }
}
