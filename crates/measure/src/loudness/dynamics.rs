//! DR14: the "dynamic range" of the Pleasurize Music Foundation, which databases of records list.
//!
//! The programme is cut into blocks of 3 s. Of each block and channel the RMS (plus 3.01 dB, so that a sine's equals its
//! peak) and the greatest sample are taken. DR of a channel is the distance of the second-highest block peak from the
//! RMS of the loudest fifth of the blocks; DR of a programme is the mean of the channels, shown as a whole number.
//!
//! Method: the open implementation `dr14_t.meter` (S. Riva), whose figures are the published ones: blocks are
//! 3 × 44 160 frames at 44.1 kHz, the rest at the end is a block too (an empty one where nothing is left), and a channel
//! without sound counts as DR 0 in the mean.

use super::decibels;

const BLOCK_SECONDS: u64 = 3;
const LOUDEST_PART: f64 = 0.2;
/// Below this sum of squares a channel counts as silent: the square of 72 dB below full scale.
const SILENCE: f64 = 1.0 / 16_777_216.0;
/// More than 24 bits can hold is no dynamic range.
const MOST_DB: f64 = 144.494_397_909_934_26;

/// How many frames a block has at a sample rate.
pub(super) fn block_frames(sample_rate: u32) -> u64 {
    // The original took 44 160 for 44 100, and every published value has it inside.
    BLOCK_SECONDS * u64::from(if sample_rate == 44_100 { 44_160 } else { sample_rate })
}

/// One block of one channel.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Block {
    /// Twice the mean square.
    energy: f64,
    peak: f64,
}

/// The blocks of one channel: 16 bytes for every 3 s.
#[derive(Clone, Debug, Default)]
pub(super) struct Dynamics {
    blocks: Vec<Block>,
}

impl Dynamics {
    /// A block has ended: its sum of squares, its frames, its greatest sample.
    pub(super) fn push(&mut self, squares: f64, frames: u64, peak: f64) {
        self.blocks.push(Block { energy: 2.0 * squares / frames.max(1) as f64, peak });
    }

    /// The channel's DR, and `None` when it is silent. The last block pushed is the rest at the end, empty or not.
    pub(super) fn dr_db(&self) -> Option<f64> {
        let count = self.blocks.len();
        let mut energies: Vec<f64> = self.blocks.iter().map(|b| b.energy).collect();
        let mut peaks: Vec<f64> = self.blocks.iter().map(|b| b.peak).collect();
        energies.sort_unstable_by(f64::total_cmp);
        peaks.sort_unstable_by(f64::total_cmp);
        let loudest = ((count as f64 * LOUDEST_PART) as usize).max(1).min(count);
        let sum: f64 = energies[count - loudest..].iter().sum();
        let peak = *peaks.get(count.saturating_sub(2))?;
        if sum < SILENCE {
            return None;
        }
        let dr = decibels(peak)? - decibels((sum / loudest as f64).sqrt())?;
        (dr.abs() <= MOST_DB).then_some(dr)
    }
}

/// The programme's DR: the mean over its channels, silent ones as 0; `None` when all are silent.
pub(super) fn programme_dr_db(channels: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let (sum, count, any) = channels
        .fold((0.0, 0_u32, false), |(sum, count, any), dr| (sum + dr.unwrap_or(0.0), count + 1, any || dr.is_some()));
    any.then(|| sum / f64::from(count))
}

#[cfg(test)]
mod tests {
    use super::{Dynamics, block_frames, programme_dr_db};

    #[test]
    fn the_second_peak_over_the_loudest_fifth() {
        let mut dynamics = Dynamics::default();
        // Ten blocks of mean square 0.005 (energy 0.01), two of them of 0.02 (energy 0.04): the loudest fifth.
        for n in 0..10 {
            let square = if n < 2 { 0.02 } else { 0.005 };
            let peak = [1.0, 0.8][usize::from(n > 0)];
            dynamics.push(square * 1000.0, 1000, peak);
        }
        let expected = 20.0 * (0.8_f64 / 0.2).log10();
        assert!((dynamics.dr_db().unwrap() - expected).abs() < 1e-12);
        assert_eq!(block_frames(44_100), 132_480);
        assert_eq!(block_frames(48_000), 144_000);
    }

    #[test]
    fn short_silent_and_one_sided() {
        let mut short = Dynamics::default();
        short.push(0.125 * 500.0, 500, 0.5);
        assert!((short.dr_db().unwrap()).abs() < 1e-12, "a sine of half full scale has its RMS at its peak");
        let mut silent = Dynamics::default();
        silent.push(0.0, 500, 0.0);
        assert_eq!(silent.dr_db(), None);
        assert_eq!(Dynamics::default().dr_db(), None);
        assert_eq!(programme_dr_db([Some(14.0), None].into_iter()), Some(7.0));
        assert_eq!(programme_dr_db([None, None].into_iter()), None);
    }
}
