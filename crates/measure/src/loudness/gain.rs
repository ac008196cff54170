//! What players turn a file by: `ReplayGain` 2.0 and the gain of RFC 7845 (Opus), for a track and for an album.

use serde::Serialize;

use super::amplitude;
use super::blocks::{Blocks, Range};
use super::report::Loudness;

/// The loudness that `ReplayGain` 2.0 brings everything to.
pub const REPLAY_GAIN_LUFS: f64 = -18.0;
/// The loudness that the gain tags of Opus bring everything to.
pub const R128_LUFS: f64 = -23.0;

/// Gains for the tags of a file.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Gains {
    /// `REPLAYGAIN_TRACK_GAIN`, `REPLAYGAIN_ALBUM_GAIN`: what to turn it by to be −18 LUFS.
    pub replay_gain_db: f64,
    /// `REPLAYGAIN_TRACK_PEAK`, `REPLAYGAIN_ALBUM_PEAK`: the greatest true peak where it was read, else the greatest
    /// sample, as an amplitude; above 1 where decoded peaks pass full scale.
    pub replay_gain_peak: f64,
    /// `R128_TRACK_GAIN`, `R128_ALBUM_GAIN` (RFC 7845 §5.2.1): what to turn it by to be −23 LUFS, in 256ths of a decibel.
    /// A player adds it to the output gain in the file's header.
    pub r128_gain: i16,
}

impl Gains {
    /// From an integrated loudness and a peak in dB; `None` for silence, which no gain makes loud.
    pub fn of(integrated_lufs: Option<f64>, peak_db: Option<f64>) -> Option<Gains> {
        let integrated = integrated_lufs?;
        let q7_8 = ((R128_LUFS - integrated) * 256.0).round();
        Some(Gains {
            replay_gain_db: REPLAY_GAIN_LUFS - integrated,
            replay_gain_peak: peak_db.map_or(0.0, amplitude),
            r128_gain: q7_8.clamp(f64::from(i16::MIN), f64::from(i16::MAX)) as i16,
        })
    }
}

/// Several programmes as one, played one after another.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Album {
    /// How many.
    pub programmes: usize,
    /// Together, in seconds.
    pub seconds: f64,
    /// Integrated loudness of all, gated as one.
    pub integrated_lufs: Option<f64>,
    /// Loudness range of all, gated as one.
    pub range: Option<Range>,
    /// Greatest loudness of any 400 ms.
    pub max_momentary_lufs: Option<f64>,
    /// Greatest loudness of any 3 s.
    pub max_short_term_lufs: Option<f64>,
    /// Greatest true peak.
    pub true_peak_dbtp: Option<f64>,
    /// Greatest sample.
    pub sample_peak_dbfs: Option<f64>,
    /// Greatest true peak − integrated loudness.
    pub plr_db: Option<f64>,
    /// The mean of the programmes' DR14 values, as the database of records has it.
    pub dr_db: Option<f64>,
    /// How far the loudest programme lies above the quietest.
    pub spread_lu: Option<f64>,
    /// The gains of the album.
    pub gains: Option<Gains>,
}

impl Album {
    /// Of programmes that were measured one by one; their sample rates and channels may differ.
    pub fn of(programmes: &[(&Loudness, &Blocks)]) -> Album {
        let blocks: Vec<&Blocks> = programmes.iter().map(|p| p.1).collect();
        let greatest =
            |value: fn(&Loudness) -> Option<f64>| programmes.iter().filter_map(|p| value(p.0)).max_by(f64::total_cmp);
        let integrated_lufs = Blocks::together(&blocks);
        // One programme without a reading leaves the greatest of all unknown.
        let every_peak = programmes.iter().all(|p| p.0.true_peak_dbtp.is_some() || p.0.sample_peak_dbfs.is_none());
        let true_peak_dbtp = greatest(|l| l.true_peak_dbtp).filter(|_| every_peak);
        let sample_peak_dbfs = greatest(|l| l.sample_peak_dbfs);
        // The database rounds each track before it takes the mean.
        let ranges: Vec<f64> = programmes.iter().filter_map(|p| p.0.dr_db).map(f64::round).collect();
        let quietest = programmes.iter().filter_map(|p| p.0.integrated_lufs).min_by(f64::total_cmp);
        Album {
            programmes: programmes.len(),
            seconds: programmes.iter().map(|p| p.0.seconds()).sum(),
            integrated_lufs,
            range: Blocks::range_together(&blocks),
            max_momentary_lufs: greatest(|l| l.max_momentary_lufs),
            max_short_term_lufs: greatest(|l| l.max_short_term_lufs),
            true_peak_dbtp,
            sample_peak_dbfs,
            plr_db: true_peak_dbtp.zip(integrated_lufs).map(|(peak, loudness)| peak - loudness),
            dr_db: (!ranges.is_empty()).then(|| ranges.iter().sum::<f64>() / ranges.len() as f64),
            spread_lu: greatest(|l| l.integrated_lufs).zip(quietest).map(|(loud, quiet)| loud - quiet),
            gains: Gains::of(integrated_lufs, true_peak_dbtp.or(sample_peak_dbfs)),
        }
    }
}

/// What a tag of peaks should hold.
pub(super) fn tag_peak_db(loudness: &Loudness) -> Option<f64> {
    loudness.true_peak_dbtp.or(loudness.sample_peak_dbfs)
}

#[cfg(test)]
mod tests {
    use super::Gains;
    use crate::loudness::decibels;

    #[test]
    fn gains_are_those_of_their_standards() {
        let gains = Gains::of(Some(-11.22), Some(0.5)).unwrap();
        assert!((gains.replay_gain_db + 6.78).abs() < 1e-9);
        assert!((decibels(gains.replay_gain_peak).unwrap() - 0.5).abs() < 1e-9);
        // RFC 7845's own example: −573 stands for −2.24 dB.
        assert_eq!(Gains::of(Some(-23.0 + 2.238_281_25), None).unwrap().r128_gain, -573);
        assert_eq!(Gains::of(None, Some(0.0)), None);
        assert_eq!(Gains::of(Some(-300.0), None).unwrap().r128_gain, i16::MAX);
    }
}
