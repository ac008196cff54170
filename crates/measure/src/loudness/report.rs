//! What a loudness meter says, ready to be printed or serialised.

use serde::Serialize;

use super::blocks::{Blocks, Range};

/// The loudness and the levels of a programme. A value that does not exist (of silence, of a programme shorter than
/// the window, of a peak that was not asked for) is `None`, `null` in JSON.
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
    /// Greatest loudness of any 3 s.
    pub max_short_term_lufs: Option<f64>,
    /// Greatest true peak of all channels.
    pub true_peak_dbtp: Option<f64>,
    /// Greatest sample of all channels.
    pub sample_peak_dbfs: Option<f64>,
    /// Peak-to-loudness ratio: greatest true peak − integrated loudness.
    pub plr_db: Option<f64>,
    /// Smallest peak-to-short-term-loudness ratio: how far dynamics are pressed where they are pressed most.
    pub min_psr_db: Option<f64>,
    /// NaNs and infinities, which were heard as silence.
    pub non_finite_samples: u64,
    /// Each channel by itself.
    pub channels: Vec<ChannelLevels>,
}

/// The levels of one channel.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ChannelLevels {
    /// Greatest true peak (8 places per sample and a parabola).
    pub true_peak_dbtp: Option<f64>,
    /// Greatest sample.
    pub sample_peak_dbfs: Option<f64>,
    /// Root of the mean square over the whole length; a full-scale sine is −3.01.
    pub rms_dbfs: Option<f64>,
    /// Sample peak − RMS: 3.01 for a sine, 0 for a square.
    pub crest_db: Option<f64>,
}

/// Loudness over time, a value every 100 ms, for a graph.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct History {
    /// Of the 400 ms that end at 0.4 s, 0.5 s, …
    pub momentary_lufs: Vec<Option<f64>>,
    /// Of the 3 s that end at 3.0 s, 3.1 s, …
    pub short_term_lufs: Vec<Option<f64>>,
}

impl History {
    pub(super) fn of(blocks: &Blocks) -> Self {
        History {
            momentary_lufs: blocks.momentary_lufs().collect(),
            short_term_lufs: blocks.short_term_lufs().collect(),
        }
    }
}
