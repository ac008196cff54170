//! Small parts that every dynamics processor has: parameters on their way, the delay of a look-ahead,
//! the needle.

use tonmeister_core::{GainReduction, Glide};

/// A jump of a parameter that would click travels this long.
pub(crate) const JUMP_MS: f64 = 50.0;
/// The corners of a travel are rounded by a one-pole of this time constant; sharp ones would be heard as a tick.
const ROUNDING_MS: f64 = 1.0;

/// A parameter on its way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Control {
    glide: Glide,
    /// The way with its corners rounded.
    value: f64,
    /// How much of the distance is covered per frame; 1 does not round.
    part: f64,
}

impl Control {
    /// Goes in straight lines.
    pub(crate) fn plain(value: f64) -> Self {
        Control { glide: Glide::new(value), value, part: 1.0 }
    }

    /// Goes in straight lines with rounded corners.
    pub(crate) fn rounded(value: f64, sample_rate: u32) -> Self {
        let part = -(-1000.0 / (ROUNDING_MS * f64::from(sample_rate))).exp_m1();
        Control { part, ..Control::plain(value) }
    }

    /// Starts for `target`, to be there after `frames` frames.
    pub(crate) fn to(&mut self, target: f64, frames: u32) {
        self.glide.to(target, frames);
    }

    pub(crate) fn value(&self) -> f64 {
        self.value
    }

    pub(crate) fn moving(&self) -> bool {
        self.glide.moving() || self.value != self.glide.target()
    }

    /// One frame on.
    pub(crate) fn step(&mut self) -> f64 {
        let aim = self.glide.step();
        self.value += self.part * (aim - self.value);
        // The last hair of the way, far below anything audible, so that it arrives at all.
        if self.part == 1.0 || (aim == self.glide.target() && (self.value - aim).abs() < 1e-7) {
            self.value = aim;
        }
        self.value
    }
}

/// Delays one channel by a fixed number of frames.
#[derive(Clone, Debug)]
pub(crate) struct DelayLine {
    ring: Vec<f32>,
    at: usize,
}

impl DelayLine {
    pub(crate) fn new(frames: usize) -> Self {
        DelayLine { ring: vec![0.0; frames], at: 0 }
    }

    /// Exchanges the samples for those of so many frames ago.
    pub(crate) fn run(&mut self, mut x: &mut [f32]) {
        if self.ring.is_empty() {
            return;
        }
        while !x.is_empty() {
            let count = x.len().min(self.ring.len() - self.at);
            let (now, later) = x.split_at_mut(count);
            self.ring[self.at..][..count].swap_with_slice(now);
            self.at = (self.at + count) % self.ring.len();
            x = later;
        }
    }

    pub(crate) fn reset(&mut self) {
        self.ring.fill(0.0);
        self.at = 0;
    }
}

/// Remembers what was taken away.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Needle {
    now: f64,
    max: f64,
    sum: f64,
    frames: u64,
}

impl Needle {
    /// Reads reductions in dB, one per frame.
    pub(crate) fn read(&mut self, reductions: &[f64]) {
        // Eight sums side by side: one would make every addition wait for the last.
        let (mut sums, mut tops) = ([0.0_f64; 8], [self.max; 8]);
        let (rows, rest) = reductions.as_chunks::<8>();
        for row in rows {
            for l in 0..8 {
                sums[l] += row[l];
                tops[l] = if row[l] > tops[l] { row[l] } else { tops[l] };
            }
        }
        self.sum += sums.iter().sum::<f64>() + rest.iter().sum::<f64>();
        self.max = tops.iter().chain(rest).fold(self.max, |a, b| a.max(*b));
        self.now = reductions.last().copied().unwrap_or(self.now);
        self.frames += reductions.len() as u64;
    }

    /// So many frames without any reduction.
    pub(crate) fn rest(&mut self, frames: usize) {
        self.now = 0.0;
        self.frames += frames as u64;
    }

    pub(crate) fn reading(&self) -> GainReduction {
        let mean_db = if self.frames == 0 { 0.0 } else { self.sum / self.frames as f64 };
        GainReduction { now_db: self.now, max_db: self.max, mean_db }
    }
}
