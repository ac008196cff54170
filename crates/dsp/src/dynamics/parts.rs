//! Small parts that every dynamics processor has: the delay of a look-ahead, the needle.

use tonmeister_core::GainReduction;

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
