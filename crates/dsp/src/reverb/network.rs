//! The late reverberation: sixteen delay lines that feed one another.
//!
//! Each line's output loses what its length asks for ([`super::decay`]), is turned a little against a partner's by a
//! slowly swinging angle, mixed with all others by a Hadamard matrix, and goes back in with the new sound on top.
//! Both mixings are orthogonal at every instant, so the losses alone decide how long the sound lasts.
//!
//! Nothing that enters a line now leaves it within the next 64 frames. So the whole way back, from the ends of the lines
//! to their beginnings, is always computed for a pass of 64 frames at once (fewer if the lines are that short), on a
//! grid of the network's own, and waits there for the new sound: small blocks cost no more, and change no bit.
//!
//! The swing is a time-varying feedback matrix (Schlecht and Habets, *Time-varying feedback matrices in feedback
//! delay networks and their application in artificial reverberation*, JASA 138(3), 2015). It spreads the resonances
//! as moving delay lines do, but needs no interpolation: the treble is not dulled, and the pitch stays.
//!
//! Left and right are two sums of all lines with signs that are orthogonal to each other and evenly spread over all
//! Walsh functions (bent sequences): no combination of lines is picked out on the way through the Hadamard matrix.

use std::f64::consts::TAU;

use super::LINES;
use super::decay::Losses;
use super::losses::{States, lose};
use super::ring::{CHUNK, Planes, Ring};
use super::slowest::slowest;
use super::transpose::{Frames, to_frames, to_planes};

const PAIRS: usize = LINES / 2;
/// The first of four lines and how far apart they stand: a transform over sixteen lines goes through these in order,
/// two rounds of partners at a time.
const QUADS: [(usize, usize); 8] = [(0, 1), (4, 1), (8, 1), (12, 1), (0, 4), (1, 4), (2, 4), (3, 4)];

/// The network with its memory.
#[derive(Debug)]
pub(crate) struct Network {
    lengths: [usize; LINES],
    rings: Vec<Ring>,
    losses: Losses,
    states: States,
    frames: Box<Frames>,
    /// What comes back into the lines in this pass.
    back: Box<Planes>,
    pass: usize,
    swing: Swing,
}

impl Network {
    pub(crate) fn new(lengths: [usize; LINES], losses: Losses, sample_rate: u32) -> Network {
        let shortest = lengths.iter().copied().min().unwrap_or(1);
        Network {
            lengths,
            rings: lengths.iter().map(|length| Ring::new(*length)).collect(),
            states: States::new(&losses),
            losses,
            frames: Box::new([[0.0; LINES]; CHUNK]),
            back: Box::new([[0.0; CHUNK]; LINES]),
            // The greatest power of two that no line is shorter than.
            pass: CHUNK.min(1 << shortest.max(1).ilog2()),
            swing: Swing::new(sample_rate),
        }
    }

    /// How many frames come back at once: a part of [`CHUNK`] that every line is long enough for. No run may go
    /// beyond a multiple of it.
    pub(crate) fn pass(&self) -> usize {
        self.pass
    }

    /// The longest line in frames.
    pub(crate) fn longest(&self) -> usize {
        self.lengths.iter().copied().max().unwrap_or(0)
    }

    /// A T60 in seconds that nothing in the network outlasts, at least `first`.
    pub(crate) fn slowest(&self, first: f64) -> f64 {
        slowest(&self.losses, &self.lengths, self.swing.rate, first)
    }

    /// The next grid line of the swing: `depth` in radians and `hz` are those of its start.
    pub(crate) fn swing(&mut self, depth: f64, hz: f64) {
        self.swing.next(depth, hz);
    }

    /// A run of frames: new sound for each line in, left and right out. `place` is the first frame's place between
    /// two grid lines of the swing.
    pub(crate) fn run(&mut self, input: &Planes, frames: usize, place: usize, out: &mut [[f32; CHUNK]; 2]) {
        let at = place % self.pass;
        if at == 0 {
            self.come_back(place);
        }
        feed(&mut self.rings, &self.back, at, input, frames, out);
    }

    /// Everything on the way from the ends of the lines back to their beginnings, for a whole pass.
    fn come_back(&mut self, place: usize) {
        let runs = std::array::from_fn(|line| self.rings[line].run(self.lengths[line], self.pass));
        weaken(&runs, &self.losses.gain, &mut self.back);
        if !self.losses.is_flat() {
            to_frames(&self.back, &mut self.frames);
            lose(&mut self.frames[..self.pass], &self.losses, &mut self.states);
            to_planes(&self.frames, &mut self.back);
        }
        if self.swing.moves() {
            turn(&mut self.back, &self.swing, self.pass, place);
        }
        hadamard(&mut self.back, self.pass);
    }

    /// Begins to swing so many grid lines after the first: to a billionth of a turn where it would be there.
    pub(crate) fn begin_at(&mut self, lines: u64) {
        self.swing.skipped = lines;
    }

    /// Sets states too small to hear to zero, before they become denormal and slow.
    pub(crate) fn flush(&mut self) {
        self.states.flush();
    }

    pub(crate) fn reset(&mut self) {
        self.rings.iter_mut().for_each(Ring::clear);
        self.states.reset();
        self.back.fill([0.0; CHUNK]);
        self.swing.reset();
    }
}

/// The ends of the lines with each line's gain: all of the loss, if it has no filters.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn weaken(runs: &[&[f32]; LINES], gains: &[f64; LINES], planes: &mut Planes) {
    for ((plane, run), gain) in planes.iter_mut().zip(runs).zip(gains) {
        let gain = *gain as f32;
        plane.iter_mut().zip(*run).for_each(|(y, x)| *y = x * gain);
    }
}

/// Turns each line against the one eight further on by its present angle.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn turn(planes: &mut Planes, swing: &Swing, frames: usize, place: usize) {
    let (first, second) = planes.split_at_mut(PAIRS);
    for (k, (first, second)) in first.iter_mut().zip(second).enumerate() {
        let from = swing.from[k] as f32;
        let step = (swing.to[k] - swing.from[k]) as f32 * (1.0 / CHUNK as f32);
        for ((a, b), n) in first[..frames].iter_mut().zip(second).zip(place as i32..) {
            let sine = from + step * n as f32;
            let cosine = (1.0 - sine * sine).sqrt();
            (*a, *b) = (cosine * *a - sine * *b, sine * *a + cosine * *b);
        }
    }
}

/// The unscaled Hadamard transform across lines.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn hadamard(planes: &mut Planes, frames: usize) {
    for (first, apart) in QUADS {
        let Ok([a, b, c, d]) = planes.get_disjoint_mut([first, first + apart, first + 2 * apart, first + 3 * apart])
        else {
            continue;
        };
        for (((a, b), c), d) in a[..frames].iter_mut().zip(b).zip(c).zip(d) {
            let (p, q, r, s) = (*a + *b, *a - *b, *c + *d, *c - *d);
            (*a, *b, *c, *d) = (p + r, q + s, p - r, q - s);
        }
    }
}

/// Adds the new sound to what comes back from `at` on, and takes the two sums that are heard. What is too small to
/// hear becomes silence.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn feed(rings: &mut [Ring], back: &Planes, at: usize, input: &Planes, frames: usize, out: &mut [[f32; CHUNK]; 2]) {
    let [left, right] = out;
    left[..frames].fill(0.0);
    right[..frames].fill(0.0);
    for (line, ((ring, back), fresh)) in rings.iter_mut().zip(back).zip(input).enumerate() {
        let signs = (LEFT[line], RIGHT[line]);
        let room = ring.room(frames);
        for ((((room, x), fresh), l), r) in
            room.iter_mut().zip(&back[at..]).zip(fresh).zip(left.iter_mut()).zip(right.iter_mut())
        {
            let sum = *x * 0.25 + fresh;
            let heard = if sum.abs() >= 1e-30 { sum } else { 0.0 };
            *room = heard;
            *l += signs.0 * heard;
            *r += signs.1 * heard;
        }
        ring.written(frames);
    }
}

/// Signs of the lines in the left sum: (−1)^(x0·x1 + x2·x3) of the bits of the line's number.
const LEFT: [f32; LINES] = signs(false);
/// And in the right sum: the same times (−1)^(x0 + x3).
const RIGHT: [f32; LINES] = signs(true);

const fn signs(right: bool) -> [f32; LINES] {
    let mut out = [1.0; LINES];
    let mut l = 0;
    while l < LINES {
        let bent = (l & (l >> 1) & 1) + ((l >> 2) & (l >> 3) & 1);
        let other = if right { (l & 1) + (l >> 3) } else { 0 };
        if (bent + other) % 2 == 1 {
            out[l] = -1.0;
        }
        l += 1;
    }
    out
}

/// Eight angles that swing at rates of their own.
#[derive(Clone, Debug)]
struct Swing {
    rate: f64,
    phases: [f64; PAIRS],
    from: [f64; PAIRS],
    to: [f64; PAIRS],
    started: bool,
    /// Grid lines that lie before its first.
    skipped: u64,
}

/// Rates against the one that is set: spread over an octave so that they never meet again.
const PACES: [f64; PAIRS] = [0.707, 0.783, 0.871, 0.953, 1.051, 1.149, 1.277, 1.409];

impl Swing {
    fn new(sample_rate: u32) -> Swing {
        let mut swing = Swing {
            rate: f64::from(sample_rate),
            phases: [0.0; PAIRS],
            from: [0.0; PAIRS],
            to: [0.0; PAIRS],
            started: false,
            skipped: 0,
        };
        swing.reset();
        swing
    }

    fn reset(&mut self) {
        for (k, phase) in self.phases.iter_mut().enumerate() {
            *phase = (k as f64 * 0.618_033_988_749_895).fract();
        }
        (self.from, self.to, self.started) = ([0.0; PAIRS], [0.0; PAIRS], false);
        self.skipped = 0;
    }

    /// Sines of the angles at the next grid line.
    fn next(&mut self, depth: f64, hz: f64) {
        let depth = depth.sin();
        if !self.started {
            for (phase, pace) in self.phases.iter_mut().zip(PACES) {
                *phase = (*phase + hz * pace * (self.skipped * CHUNK as u64) as f64 / self.rate).fract();
            }
            self.to = self.phases.map(|phase| depth * (TAU * phase).sin());
            self.started = true;
        }
        self.from = self.to;
        for (phase, pace) in self.phases.iter_mut().zip(PACES) {
            *phase = (*phase + hz * pace * CHUNK as f64 / self.rate).fract();
        }
        self.to = self.phases.map(|phase| depth * (TAU * phase).sin());
    }

    fn moves(&self) -> bool {
        self.from.iter().chain(&self.to).any(|s| *s != 0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_sums_are_orthogonal_and_weigh_every_line_alike() {
        let cross: f32 = LEFT.iter().zip(&RIGHT).map(|(a, b)| a * b).sum();
        assert_eq!(cross, 0.0);
        for signs in [LEFT, RIGHT] {
            let mut v = signs.map(|s| [s; CHUNK]);
            hadamard(&mut v, 1);
            assert!(v.iter().all(|v| v[0].abs() == 4.0));
        }
    }

    #[test]
    fn mixing_keeps_the_energy() {
        let mut v = [[0.0_f32; CHUNK]; LINES];
        v.iter_mut().enumerate().for_each(|(l, v)| v[0] = (l as f32 * 1.7).sin());
        let before: f32 = v.iter().map(|v| v[0] * v[0]).sum();
        hadamard(&mut v, 1);
        let after: f32 = v.iter().map(|v| v[0] * v[0]).sum();
        assert!((after / before - 16.0).abs() < 1e-4);
    }
}
