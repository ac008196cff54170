//! The late reverberation: sixteen delay lines that feed one another.
//!
//! Each line's output loses what its length asks for ([`super::decay`]), is turned a little against a partner's by a
//! slowly swinging angle, mixed with all others by a Hadamard matrix, and goes back in with the new sound on top.
//! Both mixings are orthogonal at every instant, so the losses alone decide how long the sound lasts.
//!
//! The swing is a time-varying feedback matrix (Schlecht and Habets, *Time-varying feedback matrices in feedback
//! delay networks and their application in artificial reverberation*, JASA 138(3), 2015). It spreads the resonances
//! as moving delay lines do, but needs no interpolation: the treble is not dulled, and the pitch stays.
//!
//! Left and right are two sums of all lines with signs that are orthogonal to each other and evenly spread over all
//! Walsh functions (bent sequences): no combination of lines is picked out on the way through the Hadamard matrix.

use std::f64::consts::TAU;

use super::LINES;
use super::decay::{BandLanes, Losses, ShelfLanes};
use super::ring::{CHUNK, Planes, Ring};

const PAIRS: usize = LINES / 2;
/// The first of four lines and how far apart they stand: a transform over sixteen lines goes through these in order,
/// two rounds of partners at a time.
pub(super) const QUADS: [(usize, usize); 8] = [(0, 1), (4, 1), (8, 1), (12, 1), (0, 4), (1, 4), (2, 4), (3, 4)];

type Lanes = [f64; LINES];

/// The network with its memory.
#[derive(Debug)]
pub(crate) struct Network {
    lengths: [usize; LINES],
    rings: Vec<Ring>,
    losses: Losses,
    shelf_states: Vec<Lanes>,
    band_states: Vec<[Lanes; 2]>,
    lanes: Box<[Lanes; CHUNK]>,
    planes: Box<Planes>,
    swing: Swing,
}

impl Network {
    pub(crate) fn new(lengths: [usize; LINES], losses: Losses, sample_rate: u32) -> Network {
        Network {
            lengths,
            rings: lengths.iter().map(|length| Ring::new(*length)).collect(),
            shelf_states: vec![[0.0; LINES]; losses.shelves.len()],
            band_states: vec![[[0.0; LINES]; 2]; losses.bands.len()],
            losses,
            lanes: Box::new([[0.0; LINES]; CHUNK]),
            planes: Box::new([[0.0; CHUNK]; LINES]),
            swing: Swing::new(sample_rate),
        }
    }

    /// The most frames that one [`Network::run`] can take.
    pub(crate) fn longest_run(&self) -> usize {
        self.lengths.iter().copied().min().unwrap_or(1).min(CHUNK)
    }

    /// The next grid line of the swing: `depth` in radians and `hz` are those of its start.
    pub(crate) fn swing(&mut self, depth: f64, hz: f64) {
        self.swing.next(depth, hz);
    }

    /// A run of frames: new sound for each line in, left and right out. `place` is the first frame's place between
    /// two grid lines of the swing.
    pub(crate) fn run(&mut self, input: &Planes, frames: usize, place: usize, out: &mut [[f32; CHUNK]; 2]) {
        let run = &mut self.lanes[..frames];
        gather(&self.rings, &self.lengths, &self.losses.gain, run);
        shelve(run, &self.losses.shelves, &mut self.shelf_states);
        equalize(run, &self.losses.bands, &mut self.band_states);
        scatter(run, &mut self.planes);
        if self.swing.moves() {
            turn(&mut self.planes, &self.swing, frames, place);
        }
        hadamard(&mut self.planes, frames);
        feed(&mut self.planes, input, frames, out);
        for (ring, plane) in self.rings.iter_mut().zip(self.planes.iter()) {
            ring.write(&plane[..frames]);
        }
    }

    /// Sets states too small to hear to zero, before they become denormal and slow.
    pub(crate) fn flush(&mut self) {
        let bands = self.band_states.as_flattened_mut().as_flattened_mut();
        for state in bands.iter_mut().chain(self.shelf_states.as_flattened_mut()) {
            if state.abs() < 1e-25 {
                *state = 0.0;
            }
        }
    }

    pub(crate) fn reset(&mut self) {
        self.rings.iter_mut().for_each(Ring::clear);
        self.shelf_states.fill([0.0; LINES]);
        self.band_states.fill([[0.0; LINES]; 2]);
        self.swing.reset();
    }
}

/// The lines' outputs, side by side for each frame.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn gather(rings: &[Ring], lengths: &[usize; LINES], gains: &Lanes, run: &mut [Lanes]) {
    let frames = run.len();
    for (line, ring) in rings.iter().enumerate().take(LINES) {
        for (lanes, sample) in run.iter_mut().zip(ring.run(lengths[line], frames)) {
            lanes[line] = f64::from(*sample) * gains[line];
        }
    }
}

/// And back to one run for each line.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn scatter(run: &[Lanes], planes: &mut Planes) {
    for (line, plane) in planes.iter_mut().enumerate() {
        for (sample, lanes) in plane.iter_mut().zip(run) {
            *sample = lanes[line] as f32;
        }
    }
}

/// Every shelf over the whole run, two at a time, all lines side by side. The recursion is written as
/// s ← c·x − a·s, so that a frame waits for the one before it no longer than one product and one difference.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn shelve(run: &mut [Lanes], shelves: &[ShelfLanes], states: &mut [Lanes]) {
    let (pairs, odd) = shelves.as_chunks::<2>();
    let (pair_states, odd_states) = states.as_chunks_mut::<2>();
    for ([first, second], [s, t]) in pairs.iter().zip(pair_states) {
        let (mut u, mut v) = (*s, *t);
        for frame in run.iter_mut() {
            for l in 0..LINES {
                let x = frame[l];
                let y = x + u[l];
                u[l] = first.c[l] * x - first.a[l] * u[l];
                frame[l] = y + v[l];
                v[l] = second.c[l] * y - second.a[l] * v[l];
            }
        }
        (*s, *t) = (u, v);
    }
    for (shelf, s) in odd.iter().zip(odd_states) {
        let mut u = *s;
        for frame in run.iter_mut() {
            for l in 0..LINES {
                let x = frame[l];
                frame[l] = x + u[l];
                u[l] = shelf.c[l] * x - shelf.a[l] * u[l];
            }
        }
        *s = u;
    }
}

/// Every section in turn over the whole run, all lines side by side (transposed direct form II).
#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn equalize(run: &mut [Lanes], bands: &[BandLanes], states: &mut [[Lanes; 2]]) {
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

/// Adds the new sound and takes the two sums that are heard. What is too small to hear becomes silence.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn feed(planes: &mut Planes, input: &Planes, frames: usize, out: &mut [[f32; CHUNK]; 2]) {
    let [mut left, mut right] = [[0.0_f32; CHUNK]; 2];
    for (line, (plane, fresh)) in planes.iter_mut().zip(input).enumerate() {
        let signs = (LEFT[line], RIGHT[line]);
        for (((x, fresh), l), r) in plane[..frames].iter_mut().zip(fresh).zip(&mut left).zip(&mut right) {
            let sum = *x * 0.25 + fresh;
            *x = if sum.abs() >= 1e-30 { sum } else { 0.0 };
            *l += signs.0 * *x;
            *r += signs.1 * *x;
        }
    }
    *out = [left, right];
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
        };
        swing.reset();
        swing
    }

    fn reset(&mut self) {
        for (k, phase) in self.phases.iter_mut().enumerate() {
            *phase = (k as f64 * 0.618_033_988_749_895).fract();
        }
        (self.from, self.to, self.started) = ([0.0; PAIRS], [0.0; PAIRS], false);
    }

    /// Sines of the angles at the next grid line.
    fn next(&mut self, depth: f64, hz: f64) {
        let depth = depth.sin();
        if !self.started {
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
