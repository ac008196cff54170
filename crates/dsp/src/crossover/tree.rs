//! Linkwitz–Riley filters in a row, every band in a lane.
//!
//! With B(s) the Butterworth polynomial of half the order, a low-pass 1/B² and the all-pass B(−s)/B(s) differ by the
//! high-pass of the same order (for order 2, by its negative). So each crossover computes low-pass and all-pass from
//! shared sections, and the upper band is all-pass minus low-pass: the two add up to the all-pass whatever the
//! frequency does in the meantime.
//!
//! Stage j carries j finished bands through its all-pass and splits the topmost signal. All of them go through the
//! same coefficients, so they are lanes of one vector, two channels side by side. Sections are trapezoidal
//! state-variable filters (Simper 2013): their states mean the same whatever the coefficients.

#![allow(clippy::inline_always, reason = "a section must be inlined into the stage that runs it to be vectorized")]

use std::ops::Range;

use tonmeister_core::{Layout, View};

use super::{Bands, MOST, MOST_BANDS, Slope, TICK, finite};
use crate::biquad::Biquad;

/// Two channels of every band.
const LANES: usize = 2 * MOST_BANDS;
/// States below this are put to rest (−500 dB).
const TINY: f64 = 1e-25;
/// Dampings of the Butterworth sections: of order 2, and the two of order 4 (2·sin of the pole's angle).
const K4: f64 = std::f64::consts::SQRT_2;
const K8: [f64; 2] = [1.847_759_065_022_573_5, 0.765_366_864_730_179_6];

type Frame = [f64; LANES];

/// The states of one crossover.
#[derive(Clone, Copy, Debug)]
struct Stage {
    /// Of the all-passes: two states each of up to two sections.
    lanes: [[f64; LANES]; 4],
    /// Of the further low-passes of the topmost signal.
    top: [[f64; 2]; 6],
}

const REST: Stage = Stage { lanes: [[0.0; LANES]; 4], top: [[0.0; 2]; 6] };

/// A coefficient's straight line through one tick.
#[derive(Clone, Copy, Debug)]
struct Line {
    from: f64,
    step: f64,
    to: f64,
}

/// The bank of filters.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    slope: Slope,
    stages: Vec<Stage>,
    lines: [Line; MOST],
    /// The frequencies that the lines end at.
    hz: [f64; MOST],
    wire: [Frame; TICK],
}

impl Tree {
    pub(super) fn new(slope: Slope, crossovers: usize) -> Self {
        let lines = [Line { from: 0.0, step: 0.0, to: 0.0 }; MOST];
        Tree { slope, stages: vec![REST; crossovers], lines, hz: [0.0; MOST], wire: [[0.0; LANES]; TICK] }
    }

    pub(super) fn reset(&mut self, gains: [f64; MOST]) {
        self.stages.fill(REST);
        self.lines = gains.map(|g| Line { from: g, step: 0.0, to: g });
        self.hz = [0.0; MOST];
    }

    /// Whether the lines are level and end at these frequencies.
    pub(super) fn stands_at(&self, hz: &[f64; MOST]) -> bool {
        self.hz == *hz && self.lines.iter().all(|line| line.step == 0.0)
    }

    /// Draws lines through the next tick.
    pub(super) fn aim(&mut self, hz: &[f64; MOST], gains: [f64; MOST]) {
        self.hz = *hz;
        for (line, g) in self.lines.iter_mut().zip(gains) {
            *line = Line { from: line.to, step: (g - line.to) / TICK as f64, to: g };
        }
    }

    pub(super) fn flush(&mut self) {
        for stage in &mut self.stages {
            for state in stage.lanes.as_flattened_mut().iter_mut().chain(stage.top.as_flattened_mut()) {
                if state.abs() < TINY {
                    *state = 0.0;
                }
            }
        }
    }

    /// Splits frames inside one tick, of which `passed` have gone by.
    pub(super) fn run(&mut self, input: View<'_>, range: Range<usize>, passed: usize, out: &mut Bands) {
        let wire = &mut self.wire[..range.len()];
        let left = &input.channel(0)[range.clone()];
        let stereo = input.layout() == Layout::Stereo;
        let right = if stereo { &input.channel(1)[range.clone()] } else { left };
        for (frame, (l, r)) in wire.iter_mut().zip(left.iter().zip(right)) {
            frame[0] = finite(*l);
            frame[1] = finite(*r);
        }
        for (j, (stage, line)) in self.stages.iter_mut().zip(&self.lines).enumerate() {
            run_stage(self.slope, j, stage, *line, passed, wire);
        }
        for band in 0..=self.stages.len() {
            for c in 0..=usize::from(stereo) {
                let out = &mut out.channel_mut(band, c)[range.clone()];
                for (out, frame) in out.iter_mut().zip(wire.iter()) {
                    *out = frame[2 * band + c];
                }
            }
        }
    }
}

/// The sections whose poles one crossover has, as low-passes.
pub(super) fn poles(slope: Slope, g: f64) -> [Option<Biquad>; 2] {
    let second = |k: f64| {
        let scale = 1.0 / (1.0 + g * (g + k));
        let b0 = g * g * scale;
        Biquad { b0, b1: 2.0 * b0, b2: b0, a1: 2.0 * (g * g - 1.0) * scale, a2: (1.0 + g * (g - k)) * scale }
    };
    match slope {
        Slope::Db12 => {
            let b0 = g / (1.0 + g);
            [Some(Biquad { b0, b1: b0, b2: 0.0, a1: (g - 1.0) / (g + 1.0), a2: 0.0 }), None]
        }
        Slope::Db24 => [Some(second(K4)), None],
        Slope::Db48 => K8.map(|k| Some(second(k))),
    }
}

/// One crossover over some frames.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn run_stage(slope: Slope, below: usize, stage: &mut Stage, line: Line, passed: usize, wire: &mut [Frame]) {
    match (slope, below) {
        (Slope::Db12, 0) => run::<2, 2>(stage, line, passed, wire),
        (Slope::Db12, 1) => run::<2, 4>(stage, line, passed, wire),
        (Slope::Db12, 2) => run::<2, 6>(stage, line, passed, wire),
        (Slope::Db12, 3) => run::<2, 8>(stage, line, passed, wire),
        (Slope::Db12, _) => run::<2, 10>(stage, line, passed, wire),
        (Slope::Db24, 0) => run::<4, 2>(stage, line, passed, wire),
        (Slope::Db24, 1) => run::<4, 4>(stage, line, passed, wire),
        (Slope::Db24, 2) => run::<4, 6>(stage, line, passed, wire),
        (Slope::Db24, 3) => run::<4, 8>(stage, line, passed, wire),
        (Slope::Db24, _) => run::<4, 10>(stage, line, passed, wire),
        (Slope::Db48, 0) => run::<8, 2>(stage, line, passed, wire),
        (Slope::Db48, 1) => run::<8, 4>(stage, line, passed, wire),
        (Slope::Db48, 2) => run::<8, 6>(stage, line, passed, wire),
        (Slope::Db48, 3) => run::<8, 8>(stage, line, passed, wire),
        (Slope::Db48, _) => run::<8, 10>(stage, line, passed, wire),
    }
}

/// `L` lanes through the all-pass; the last two are split into low, in their place, and high, in the next two.
#[inline(always)]
fn run<const ORDER: usize, const L: usize>(stage: &mut Stage, line: Line, passed: usize, wire: &mut [Frame]) {
    let mut s: [[f64; L]; 4] = std::array::from_fn(|i| std::array::from_fn(|l| stage.lanes[i][l]));
    let mut t = stage.top;
    for (n, frame) in wire.iter_mut().enumerate() {
        let g = line.from + line.step * (passed + n) as f64;
        let mut x: [f64; L] = std::array::from_fn(|l| frame[l]);
        let [s0, s1, s2, s3] = &mut s;
        let [t0, t1, t2, t3, t4, t5] = &mut t;
        let low = match ORDER {
            2 => {
                let part = g / (1.0 + g);
                let low = one_pole(&x, s0, part);
                for l in 0..L {
                    x[l] = 2.0 * low[l] - x[l];
                }
                one_pole(&[low[L - 2], low[L - 1]], t0, part)
            }
            4 => {
                let section = Section::new(g, K4);
                let low = section.all_pass(&mut x, s0, s1);
                section.low_pass([low[L - 2], low[L - 1]], t0, t1)
            }
            _ => {
                let (first, second) = (Section::new(g, K8[0]), Section::new(g, K8[1]));
                let low = first.all_pass(&mut x, s0, s1);
                second.all_pass(&mut x, s2, s3);
                let low = second.low_pass([low[L - 2], low[L - 1]], t0, t1);
                let low = first.low_pass(low, t2, t3);
                second.low_pass(low, t4, t5)
            }
        };
        frame[L] = x[L - 2] - low[0];
        frame[L + 1] = x[L - 1] - low[1];
        x[L - 2] = low[0];
        x[L - 1] = low[1];
        frame[..L].copy_from_slice(&x);
    }
    for (to, from) in stage.lanes.iter_mut().zip(&s) {
        to[..L].copy_from_slice(from);
    }
    stage.top = t;
}

/// A trapezoidal one-pole low-pass.
#[inline(always)]
fn one_pole<const L: usize>(x: &[f64; L], s: &mut [f64; L], part: f64) -> [f64; L] {
    let mut low = [0.0; L];
    for l in 0..L {
        let v = (x[l] - s[l]) * part;
        low[l] = v + s[l];
        s[l] = low[l] + v;
    }
    low
}

/// A trapezoidal section of second order.
#[derive(Clone, Copy)]
struct Section {
    k: f64,
    a1: f64,
    a2: f64,
    a3: f64,
}

impl Section {
    #[inline(always)]
    fn new(g: f64, k: f64) -> Self {
        let a1 = 1.0 / (1.0 + g * (g + k));
        let a2 = g * a1;
        Section { k, a1, a2, a3: g * a2 }
    }

    /// Turns the phase of `x`; gives its low-pass.
    #[inline(always)]
    fn all_pass<const L: usize>(self, x: &mut [f64; L], s1: &mut [f64; L], s2: &mut [f64; L]) -> [f64; L] {
        let mut low = [0.0; L];
        let twice = 2.0 * self.k;
        for l in 0..L {
            let v3 = x[l] - s2[l];
            let v1 = self.a1 * s1[l] + self.a2 * v3;
            low[l] = s2[l] + (self.a2 * s1[l] + self.a3 * v3);
            s1[l] = 2.0 * v1 - s1[l];
            s2[l] = 2.0 * low[l] - s2[l];
            x[l] -= twice * v1;
        }
        low
    }

    #[inline(always)]
    fn low_pass(self, mut x: [f64; 2], s1: &mut [f64; 2], s2: &mut [f64; 2]) -> [f64; 2] {
        self.all_pass(&mut x, s1, s2)
    }
}
