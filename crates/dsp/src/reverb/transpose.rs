//! From one run for each line to one frame after another, and back.
//!
//! Delays, mixing and the swing go along a line; the loss filters go across lines, because a recursion cannot go
//! along. Sixteen runs of sixty-four frames are 1024 samples, numbered by four bits of the line and six of the frame.
//! A perfect shuffle of two halves turns that number around by one bit, one of four quarters by two: two of them make
//! frames out of runs. Interleaving is something compilers have vector instructions for, a transposition is not.

use super::LINES;
use super::ring::{CHUNK, Planes};

/// One frame of all lines after another.
pub(crate) type Frames = [[f32; LINES]; CHUNK];

const QUARTER: usize = LINES * CHUNK / 4;

/// Frames out of runs.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
pub(super) fn to_frames(planes: &Planes, frames: &mut Frames) {
    let mut half = [0.0; 4 * QUARTER];
    interleave(planes.as_flattened(), &mut half);
    interleave(&half, frames.as_flattened_mut());
}

/// Runs out of frames.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
pub(super) fn to_planes(frames: &Frames, planes: &mut Planes) {
    let mut half = [0.0; 4 * QUARTER];
    part(frames.as_flattened(), &mut half);
    part(&half, planes.as_flattened_mut());
}

/// One sample of each quarter in turn.
#[inline]
fn interleave(from: &[f32], to: &mut [f32]) {
    let (a, rest) = from.split_at(QUARTER);
    let (b, rest) = rest.split_at(QUARTER);
    let (c, d) = rest.split_at(QUARTER);
    for ((((to, a), b), c), d) in to.as_chunks_mut::<4>().0.iter_mut().zip(a).zip(b).zip(c).zip(d) {
        *to = [*a, *b, *c, *d];
    }
}

/// And back: each fourth sample to its quarter.
#[inline]
fn part(from: &[f32], to: &mut [f32]) {
    let (a, rest) = to.split_at_mut(QUARTER);
    let (b, rest) = rest.split_at_mut(QUARTER);
    let (c, d) = rest.split_at_mut(QUARTER);
    for ((((from, a), b), c), d) in from.as_chunks::<4>().0.iter().zip(a).zip(b).zip(c).zip(d) {
        [*a, *b, *c, *d] = *from;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_finds_its_frame_and_its_way_back() {
        let mut planes: Planes = [[0.0; CHUNK]; LINES];
        planes.as_flattened_mut().iter_mut().enumerate().for_each(|(i, x)| *x = i as f32);
        let mut frames: Frames = [[0.0; LINES]; CHUNK];
        to_frames(&planes, &mut frames);
        for (line, plane) in planes.iter().enumerate() {
            for (n, x) in plane.iter().enumerate() {
                assert_eq!(frames[n][line], *x);
            }
        }
        let mut back: Planes = [[0.0; CHUNK]; LINES];
        to_planes(&frames, &mut back);
        assert_eq!(back, planes);
    }
}
