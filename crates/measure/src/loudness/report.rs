//! What a loudness meter says, ready to be printed or serialised.

use serde::Serialize;

use super::blocks::{Blocks, Range};
use super::gain::{Gains, tag_peak_db};

/// The loudness and the levels of a programme. A value that does not exist (of silence, of a programme shorter than
/// the window, of a peak that was not asked for) is `None`, `null` in JSON. Times count from the first frame.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Loudness {
    /// Frames per second.
    pub sample_rate_hz: u32,
    /// Length.
    pub frames: u64,
    /// Integrated (programme) loudness, gated.
    pub integrated_lufs: Option<f64>,
    /// The relative gate under it.
    pub gate_lufs: Option<f64>,
    /// Loudness range.
    pub range: Option<Range>,
    /// Greatest loudness of any 400 ms.
    pub max_momentary_lufs: Option<f64>,
    /// Where those 400 ms begin.
    pub max_momentary_at_s: Option<f64>,
    /// Greatest loudness of any 3 s.
    pub max_short_term_lufs: Option<f64>,
    /// Where those 3 s begin.
    pub max_short_term_at_s: Option<f64>,
    /// Greatest true peak of all channels.
    pub true_peak_dbtp: Option<f64>,
    /// Where it stands.
    pub true_peak_at_s: Option<f64>,
    /// In which channel, counted from 0; the first of several alike.
    pub true_peak_channel: Option<usize>,
    /// Greatest sample of all channels.
    pub sample_peak_dbfs: Option<f64>,
    /// Where it stands.
    pub sample_peak_at_s: Option<f64>,
    /// In which channel, counted from 0; the first of several alike.
    pub sample_peak_channel: Option<usize>,
    /// Peak-to-loudness ratio: greatest true peak − integrated loudness.
    pub plr_db: Option<f64>,
    /// Smallest peak-to-short-term-loudness ratio: how far dynamics are pressed where they are pressed most.
    pub min_psr_db: Option<f64>,
    /// Where its 3 s begin.
    pub min_psr_at_s: Option<f64>,
    /// Root of the mean square of all channels over the whole length.
    pub rms_dbfs: Option<f64>,
    /// Sample peak − RMS.
    pub crest_db: Option<f64>,
    /// DR14: the mean of the channels. Databases show it rounded to a whole number.
    pub dr_db: Option<f64>,
    /// What players turn it by.
    pub gains: Option<Gains>,
    /// NaNs and infinities, which were heard as silence.
    pub non_finite_samples: u64,
    /// Each channel by itself.
    pub channels: Vec<ChannelLevels>,
}

impl Loudness {
    /// The length in seconds.
    pub fn seconds(&self) -> f64 {
        self.frames as f64 / f64::from(self.sample_rate_hz)
    }

    pub(super) fn with_gains(mut self) -> Self {
        self.gains = Gains::of(self.integrated_lufs, tag_peak_db(&self));
        self
    }
}

/// The levels of one channel.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ChannelLevels {
    /// Greatest true peak (8 places per sample and a parabola).
    pub true_peak_dbtp: Option<f64>,
    /// Where it stands.
    pub true_peak_at_s: Option<f64>,
    /// Greatest sample.
    pub sample_peak_dbfs: Option<f64>,
    /// Where it stands.
    pub sample_peak_at_s: Option<f64>,
    /// Integrated loudness of the channel as if it sounded alone, with gates of its own and without the weight of its
    /// place.
    pub integrated_lufs: Option<f64>,
    /// Root of the mean square over the whole length; a full-scale sine is −3.01.
    pub rms_dbfs: Option<f64>,
    /// Sample peak − RMS: 3.01 for a sine, 0 for a square.
    pub crest_db: Option<f64>,
    /// DR14 of the channel.
    pub dr_db: Option<f64>,
}

/// A programme over time, a value every 100 ms, for a graph.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct History {
    /// Momentary loudness of the 400 ms that end at 0.4 s, 0.5 s, …
    pub momentary_lufs: Vec<Option<f64>>,
    /// Short-term loudness of the 3 s that end at 3.0 s, 3.1 s, …
    pub short_term_lufs: Vec<Option<f64>>,
    /// The same of each channel as if it sounded alone, without the weight of its place.
    pub channel_short_term_lufs: Vec<Vec<Option<f64>>>,
    /// True peak − short-term loudness of the 3 s that end at 3.0 s, 3.1 s, …; `None` where they are not louder than
    /// −70 LUFS. Empty unless [`Peaks::TrueAndPsr`](super::Peaks::TrueAndPsr) was asked for.
    pub psr_db: Vec<Option<f64>>,
    /// True peak of each channel in the 100 ms that end at 0.1 s, 0.2 s, …; the last may be shorter. Empty unless
    /// [`Peaks::TrueAndPsr`](super::Peaks::TrueAndPsr) was asked for.
    pub true_peak_dbtp: Vec<Vec<Option<f64>>>,
    /// The same of the greatest sample, of whole 100 ms alone.
    pub sample_peak_dbfs: Vec<Vec<Option<f64>>>,
    /// The same of the root of the mean square.
    pub rms_dbfs: Vec<Vec<Option<f64>>>,
    /// Crest factor of each channel, sample peak − RMS of the 3 s that end at 3.0 s, 3.1 s, …
    pub crest_db: Vec<Vec<Option<f64>>>,
}

impl History {
    pub(super) fn of(blocks: &Blocks) -> Self {
        History {
            momentary_lufs: blocks.momentary_lufs().collect(),
            short_term_lufs: blocks.short_term_lufs().collect(),
            channel_short_term_lufs: (0..blocks.channels())
                .map(|c| blocks.channel_short_term_lufs(c).collect())
                .collect(),
            psr_db: blocks.psr_db().collect(),
            true_peak_dbtp: (0..blocks.channels()).map(|c| blocks.true_peaks_dbtp(c).collect()).collect(),
            sample_peak_dbfs: (0..blocks.channels()).map(|c| blocks.sample_peaks_dbfs(c).collect()).collect(),
            rms_dbfs: (0..blocks.channels()).map(|c| blocks.rms_dbfs(c).collect()).collect(),
            crest_db: (0..blocks.channels()).map(|c| blocks.crests_db(c).collect()).collect(),
        }
    }
}
