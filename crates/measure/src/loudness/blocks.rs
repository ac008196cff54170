//! Gating: what is left of a programme when its silences and its quiet passages are taken out.

use serde::Serialize;

use super::report::History;
use super::{decibels, lufs, mean_square};

/// Steps of 100 ms in the window of momentary loudness and of a gating block.
pub(crate) const MOMENTARY_STEPS: usize = 4;
/// Steps of 100 ms in the window of short-term loudness.
pub(crate) const SHORT_TERM_STEPS: usize = 30;

pub(crate) const ABSOLUTE_GATE_LUFS: f64 = -70.0;
pub(crate) const INTEGRATED_GATE_LU: f64 = -10.0;
pub(crate) const RANGE_GATE_LU: f64 = -20.0;
pub(crate) const RANGE_PERCENTILES: (f64, f64) = (10.0, 95.0);

/// A programme over time, in steps of 100 ms: its energy, that of each channel, and their true peaks if those were asked
/// for. All that gating needs, and a history to draw.
///
/// Several programmes are gated as one with [`Blocks::together`]: the loudness of an album.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Blocks {
    /// Weighted mean square of each step, summed over the channels.
    steps: Vec<f64>,
    channels: Vec<ChannelBlocks>,
}

/// One channel over time.
#[derive(Clone, Debug, Default, PartialEq)]
struct ChannelBlocks {
    /// Mean square after K-weighting of each step, not weighted by the channel's place.
    steps: Vec<f64>,
    /// True peak of each step, as an amplitude; one more for an unfinished step.
    peaks: Vec<f32>,
    /// Mean square without any weighting and greatest magnitude of each step, if they were asked for.
    levels: Vec<(f32, f32)>,
}

/// Loudness range and its two ends (EBU Tech 3342).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Range {
    /// The distance of the ends.
    pub lu: f64,
    /// The 10th percentile of gated short-term loudness.
    pub low_lufs: f64,
    /// The 95th percentile.
    pub high_lufs: f64,
}

impl Blocks {
    pub(super) fn new(channels: usize) -> Self {
        Blocks { steps: Vec::new(), channels: vec![ChannelBlocks::default(); channels] }
    }

    pub(super) fn push(&mut self, step: f64) {
        self.steps.push(step);
    }

    pub(super) fn push_channel(&mut self, channel: usize, step: f64) {
        self.channels[channel].steps.push(step);
    }

    pub(super) fn push_levels(&mut self, channel: usize, square: f32, peak: f32) {
        self.channels[channel].levels.push((square, peak));
    }

    pub(super) fn set_peaks(&mut self, channel: usize, peaks: &[f32]) {
        self.channels[channel].peaks = peaks.to_vec();
    }

    /// How many channels.
    pub fn channels(&self) -> usize {
        self.channels.len()
    }

    /// Everything over time, spelled out.
    pub fn history(&self) -> History {
        History::of(self)
    }

    /// How many steps of 100 ms.
    pub fn steps(&self) -> usize {
        self.steps.len()
    }

    /// Integrated loudness; `None` when no block of 400 ms is louder than −70 LUFS.
    pub fn integrated_lufs(&self) -> Option<f64> {
        Blocks::together(&[self])
    }

    /// Integrated loudness of several programmes played one after another, each with blocks of its own.
    pub fn together(programmes: &[&Blocks]) -> Option<f64> {
        let steps: Vec<&[f64]> = programmes.iter().map(|p| &p.steps[..]).collect();
        gated_lufs(&steps)
    }

    /// Integrated loudness of one channel as if it sounded alone.
    ///
    /// # Panics
    /// When there is no such channel.
    pub fn channel_lufs(&self, channel: usize) -> Option<f64> {
        gated_lufs(&[&self.channels[channel].steps])
    }

    /// The level below which blocks were left out of the integrated loudness: 10 LU below the mean of all that
    /// passed −70 LUFS, and never lower than that.
    pub fn gate_lufs(&self) -> Option<f64> {
        relative_gate(self.windows(MOMENTARY_STEPS), INTEGRATED_GATE_LU).and_then(lufs)
    }

    /// Loudness range; `None` when no 3 s of the programme pass the gates.
    pub fn range(&self) -> Option<Range> {
        Blocks::range_together(&[self])
    }

    /// Loudness range of several programmes played one after another, each with windows of its own.
    pub fn range_together(programmes: &[&Blocks]) -> Option<Range> {
        let blocks = || programmes.iter().flat_map(|p| windows(&p.steps, SHORT_TERM_STEPS));
        let gate = relative_gate(blocks(), RANGE_GATE_LU)?;
        let mut passed: Vec<f64> = blocks().filter(|e| *e > gate).collect();
        passed.sort_unstable_by(f64::total_cmp);
        // The percentile of Tech 3342's reference program: the nearest value, not an interpolation.
        let percentile = |p: f64| passed.get((((passed.len().max(1) - 1) as f64) * p / 100.0).round() as usize);
        let low_lufs = lufs(*percentile(RANGE_PERCENTILES.0)?)?;
        let high_lufs = lufs(*percentile(RANGE_PERCENTILES.1)?)?;
        Some(Range { lu: high_lufs - low_lufs, low_lufs, high_lufs })
    }

    /// Momentary loudness every 100 ms, the first value at 400 ms; `None` in silence.
    pub fn momentary_lufs(&self) -> impl Iterator<Item = Option<f64>> + '_ {
        self.windows(MOMENTARY_STEPS).map(lufs)
    }

    /// Short-term loudness every 100 ms, the first value at 3 s; `None` in silence.
    pub fn short_term_lufs(&self) -> impl Iterator<Item = Option<f64>> + '_ {
        self.windows(SHORT_TERM_STEPS).map(lufs)
    }

    /// Short-term loudness of one channel as if it sounded alone, every 100 ms, the first value at 3 s.
    ///
    /// # Panics
    /// When there is no such channel.
    pub fn channel_short_term_lufs(&self, channel: usize) -> impl Iterator<Item = Option<f64>> + '_ {
        windows(&self.channels[channel].steps, SHORT_TERM_STEPS).map(lufs)
    }

    /// True peak of one channel in each 100 ms, the last of which may be shorter; `None` in silence. Nothing comes when
    /// true peaks over time were not asked for.
    ///
    /// # Panics
    /// When there is no such channel.
    pub fn true_peaks_dbtp(&self, channel: usize) -> impl Iterator<Item = Option<f64>> + '_ {
        self.channels[channel].peaks.iter().map(|peak| decibels(f64::from(*peak)))
    }

    /// Sample peak of one channel in each whole 100 ms; `None` in silence. Nothing comes when levels over time were not asked for.
    ///
    /// # Panics
    /// When there is no such channel.
    pub fn sample_peaks_dbfs(&self, channel: usize) -> impl Iterator<Item = Option<f64>> + '_ {
        self.channels[channel].levels.iter().map(|(_, peak)| decibels(f64::from(*peak)))
    }

    /// The same, the root of the mean square.
    ///
    /// # Panics
    /// When there is no such channel.
    pub fn rms_dbfs(&self, channel: usize) -> impl Iterator<Item = Option<f64>> + '_ {
        self.channels[channel].levels.iter().map(|(square, _)| decibels(f64::from(*square).sqrt()))
    }

    /// Crest factor of one channel, sample peak − RMS of the same 3 s, every 100 ms, the first value at 3 s.
    ///
    /// # Panics
    /// When there is no such channel.
    pub fn crests_db(&self, channel: usize) -> impl Iterator<Item = Option<f64>> + '_ {
        self.channels[channel].levels.windows(SHORT_TERM_STEPS).map(|window| {
            let peak = window.iter().fold(0.0_f32, |most, (_, peak)| most.max(*peak));
            let square = window.iter().map(|(square, _)| f64::from(*square)).sum::<f64>() / window.len() as f64;
            decibels(f64::from(peak)).zip(decibels(square.sqrt())).map(|(peak, rms)| peak - rms)
        })
    }

    /// True peak − short-term loudness of the same 3 s, every 100 ms, the first value at 3 s; `None` where they are
    /// not louder than −70 LUFS. Nothing comes when true peaks over time were not asked for.
    pub fn psr_db(&self) -> impl Iterator<Item = Option<f64>> + '_ {
        let known = !self.channels.is_empty() && self.channels.iter().all(|c| c.peaks.len() >= self.steps.len());
        let count = if known { usize::MAX } else { 0 };
        self.short_term_lufs().take(count).enumerate().map(|(step, loudness)| {
            let loudness = loudness.filter(|l| *l > ABSOLUTE_GATE_LUFS)?;
            let peaks = self.channels.iter().flat_map(|c| &c.peaks[step..step + SHORT_TERM_STEPS]);
            let peak = peaks.fold(0.0_f32, |a, b| a.max(*b));
            decibels(f64::from(peak)).map(|peak| peak - loudness)
        })
    }

    /// Mean squares over windows of that many steps, one step apart.
    fn windows(&self, steps: usize) -> impl Iterator<Item = f64> + '_ {
        windows(&self.steps, steps)
    }
}

/// Mean squares over windows of that many steps, one step apart.
fn windows(energies: &[f64], steps: usize) -> impl Iterator<Item = f64> + '_ {
    energies.windows(steps).map(move |w| w.iter().sum::<f64>() / steps as f64)
}

/// Integrated loudness of programmes one after another, each with blocks of its own.
fn gated_lufs(programmes: &[&[f64]]) -> Option<f64> {
    let blocks = || programmes.iter().flat_map(|steps| windows(steps, MOMENTARY_STEPS));
    let gate = relative_gate(blocks(), INTEGRATED_GATE_LU)?;
    mean(blocks().filter(|e| *e > gate)).and_then(lufs)
}

/// The absolute gate, or the relative one where that is higher, as a mean square.
fn relative_gate(blocks: impl Iterator<Item = f64>, relative_lu: f64) -> Option<f64> {
    let absolute = mean_square(ABSOLUTE_GATE_LUFS);
    let relative = mean(blocks.filter(|e| *e > absolute))? * 10f64.powf(relative_lu / 10.0);
    Some(relative.max(absolute))
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0_u64), |(sum, count), v| (sum + v, count + 1));
    (count > 0).then(|| sum / count as f64)
}

#[cfg(test)]
mod tests {
    use super::{Blocks, lufs, mean_square};

    fn programme(parts: &[(usize, f64)]) -> Blocks {
        let steps = parts.iter().flat_map(|(n, l)| std::iter::repeat_n(mean_square(*l), *n)).collect();
        Blocks { steps, channels: Vec::new() }
    }

    #[test]
    fn loudness_and_energy_are_inverse() {
        assert!((lufs(mean_square(-23.0)).unwrap() + 23.0).abs() < 1e-12);
        assert_eq!(lufs(0.0), None);
    }

    #[test]
    fn the_relative_gate_takes_out_what_is_ten_below() {
        let even = programme(&[(1000, -20.0)]);
        assert!((even.integrated_lufs().unwrap() + 20.0).abs() < 1e-9);
        assert!((even.gate_lufs().unwrap() + 30.0).abs() < 1e-9);
        let with_pause = programme(&[(1000, -20.0), (1000, -35.0)]);
        assert!((with_pause.integrated_lufs().unwrap() + 20.0).abs() < 0.01);
        assert_eq!(programme(&[(100, -71.0)]).integrated_lufs(), None);
        assert_eq!(programme(&[(3, -20.0)]).integrated_lufs(), None, "shorter than one block");
    }

    #[test]
    fn an_album_is_gated_as_one() {
        let (loud, quiet) = (programme(&[(1000, -10.0)]), programme(&[(1000, -25.0)]));
        // The quiet song lies more than 10 LU below the mean of both and does not count.
        assert!((Blocks::together(&[&loud, &quiet]).unwrap() + 10.0).abs() < 1e-9);
        let near = programme(&[(1000, -13.0)]);
        let expected = lufs(f64::midpoint(mean_square(-10.0), mean_square(-13.0))).unwrap();
        assert!((Blocks::together(&[&loud, &near]).unwrap() - expected).abs() < 1e-9);
    }

    #[test]
    fn the_range_needs_three_seconds() {
        assert_eq!(programme(&[(29, -20.0)]).range(), None);
        assert_eq!(programme(&[(30, -20.0)]).range().unwrap().lu, 0.0);
    }
}
