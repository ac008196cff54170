//! How often which loudness was met: gates and percentiles in memory that does not grow.

use crate::loudness::{ABSOLUTE_GATE_LUFS, RANGE_PERCENTILES, SHORT_TERM_STEPS, lufs, mean_square};

/// Bins of a hundredth of a LU.
const BINS_PER_LU: f64 = 100.0;
/// From the absolute gate up to here; what is louder counts in the last bin with its own energy.
const LOUDEST_LUFS: f64 = 30.0;

/// Blocks of one loudness.
#[derive(Clone, Copy, Debug, Default)]
struct Bin {
    count: u64,
    energy: f64,
}

impl Bin {
    /// The mean square of its blocks: inside a bin nothing is lost but their order.
    fn mean(self) -> f64 {
        self.energy / self.count as f64
    }
}

/// Blocks by loudness, those at or below −70 LUFS left out. 160 kB, whatever the length.
#[derive(Clone, Debug)]
pub(super) struct Histogram {
    bins: Vec<Bin>,
    all: Bin,
    /// Blocks that ended in silence, as loud as they may be: they count when something follows. More than fit into the
    /// longest window are not above the gate.
    held: [f64; SHORT_TERM_STEPS],
    holds: usize,
}

impl Histogram {
    pub(super) fn new() -> Self {
        let bins = (BINS_PER_LU * (LOUDEST_LUFS - ABSOLUTE_GATE_LUFS)) as usize;
        let held = [0.0; SHORT_TERM_STEPS];
        Histogram { bins: vec![Bin::default(); bins], all: Bin::default(), held, holds: 0 }
    }

    /// One more block, of that mean square; whether the programme may have been over before the block was.
    pub(super) fn add(&mut self, energy: f64, over: bool) {
        let loud = energy > mean_square(ABSOLUTE_GATE_LUFS);
        if over && self.holds < self.held.len() {
            if loud {
                self.held[self.holds] = energy;
                self.holds += 1;
            }
            return;
        }
        for held in 0..std::mem::take(&mut self.holds) {
            self.count(self.held[held]);
        }
        if loud {
            self.count(energy);
        }
    }

    fn count(&mut self, energy: f64) {
        let last = self.bins.len() - 1;
        let bin = &mut self.bins[place(energy).min(last)];
        for bin in [bin, &mut self.all] {
            bin.count += 1;
            bin.energy += energy;
        }
    }

    /// The bins whose blocks pass the absolute gate and the relative one. A bin passes as a whole.
    fn passed(&self, relative_lu: f64) -> impl Iterator<Item = Bin> + Clone + '_ {
        let gate = if self.all.count == 0 { 0.0 } else { self.all.mean() * 10_f64.powf(relative_lu / 10.0) };
        let from = place(gate).min(self.bins.len());
        self.bins[from..].iter().copied().filter(move |bin| bin.count > 0 && bin.mean() > gate)
    }

    /// The mean square of what passes the gates; `None` when nothing does.
    pub(super) fn mean_above(&self, relative_lu: f64) -> Option<f64> {
        let sum = |all: Bin, bin: Bin| Bin { count: all.count + bin.count, energy: all.energy + bin.energy };
        let passed = self.passed(relative_lu).fold(Bin::default(), sum);
        (passed.count > 0).then(|| passed.mean())
    }

    /// From the 10th to the 95th percentile of what passes the gates; `None` when nothing does.
    pub(super) fn range_lu(&self, relative_lu: f64) -> Option<f64> {
        let count: u64 = self.passed(relative_lu).map(|bin| bin.count).sum();
        let at = |percent: f64| {
            let rank = (count.checked_sub(1)? as f64 * percent / 100.0).round() as u64;
            let mut below = 0;
            let bin = self.passed(relative_lu).find(|bin| {
                below += bin.count;
                below > rank
            })?;
            lufs(bin.mean())
        };
        Some(at(RANGE_PERCENTILES.1)? - at(RANGE_PERCENTILES.0)?)
    }
}

/// The bin of a mean square above the absolute gate; 0 for what lies below.
fn place(energy: f64) -> usize {
    // The cast saturates at 0.
    lufs(energy).map_or(0, |lufs| (BINS_PER_LU * (lufs - ABSOLUTE_GATE_LUFS)) as usize)
}
