//! What players turn up or down: `ReplayGain` 2.0 and the R128 gains of Opus.
//!
//! Both say "add so much" to reach a reference: −18 LUFS for `ReplayGain` 2.0 (which is where version 1's 89 dB SPL came
//! to lie), −23 LUFS for Opus (RFC 7845 §5.2.1, after EBU R 128). `ReplayGain` also keeps the peak, so that a player can
//! avoid clipping; Opus has no place for it.

/// The loudness that `ReplayGain` 2.0 leads to, in LUFS.
pub const REPLAY_GAIN_LUFS: f64 = -18.0;

/// The loudness that the gains of Opus lead to, in LUFS.
pub const R128_LUFS: f64 = -23.0;

/// What was measured of a track, or of an album as one programme.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Loudness {
    /// Integrated loudness (ITU-R BS.1770), in LUFS. For Opus: as decoded, with the output gain of its header applied,
    /// because players add the R128 gains to that.
    pub integrated_lufs: f64,
    /// The highest peak, linear: 1.0 is full scale. It may be more.
    pub peak: f64,
}

/// Gains and peaks of `ReplayGain` 2.0.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ReplayGain {
    /// To be added to this track alone, in dB.
    pub track_gain_db: Option<f64>,
    /// The track's peak, linear.
    pub track_peak: Option<f64>,
    /// To be added to each track of the album, in dB.
    pub album_gain_db: Option<f64>,
    /// The album's peak, linear.
    pub album_peak: Option<f64>,
}

/// Gains of Opus, in 1/256 dB as the file holds them (Q7.8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct R128Gains {
    /// To be added to this track alone.
    pub track: Option<i16>,
    /// To be added to each track of the album.
    pub album: Option<i16>,
}

impl ReplayGain {
    /// The gains that lead from what was measured to −18 LUFS. What is silent (no loudness) gets none.
    pub fn of(track: Loudness, album: Option<Loudness>) -> ReplayGain {
        let gain = |measured: Loudness| difference(REPLAY_GAIN_LUFS, measured);
        ReplayGain {
            track_gain_db: gain(track),
            track_peak: peak(track),
            album_gain_db: album.and_then(gain),
            album_peak: album.and_then(peak),
        }
    }
}

impl R128Gains {
    /// The gains that lead from what was measured to −23 LUFS. What is silent, or beyond ±128 dB, gets none.
    pub fn of(track: Loudness, album: Option<Loudness>) -> R128Gains {
        let gain = |measured: Loudness| difference(R128_LUFS, measured).and_then(r128);
        R128Gains { track: gain(track), album: album.and_then(gain) }
    }
}

fn difference(reference: f64, measured: Loudness) -> Option<f64> {
    measured.integrated_lufs.is_finite().then_some(reference - measured.integrated_lufs)
}

fn peak(measured: Loudness) -> Option<f64> {
    (measured.peak.is_finite() && measured.peak >= 0.0).then_some(measured.peak)
}

/// A gain in decibels as Opus keeps it: the nearest 1/256 dB, halves away from zero. None beyond 16 bits.
pub fn r128(gain_db: f64) -> Option<i16> {
    let steps = (gain_db * 256.0).round();
    (f64::from(i16::MIN)..=f64::from(i16::MAX)).contains(&steps).then_some(steps as i16)
}

/// `-6.78 dB`: two decimals, a hyphen for the minus, no plus, and no minus before zero.
pub(crate) fn gain_text(gain_db: f64) -> String {
    let text = format!("{:.2}", rounded(gain_db, 100.0));
    let text = if text == "-0.00" { "0.00" } else { &text };
    format!("{text} dB")
}

/// `0.988553`: six decimals.
pub(crate) fn peak_text(peak: f64) -> String {
    format!("{:.6}", rounded(peak, 1e6))
}

/// The nearest step, halves away from zero: `format!` would round halves of the binary value to even.
fn rounded(value: f64, steps: f64) -> f64 {
    (value * steps).round() / steps
}

/// Reads a gain: a number with or without `dB`.
pub(crate) fn read_gain(text: &str) -> Option<f64> {
    let text = text.trim();
    let number = if text.len() >= 2 && text.is_char_boundary(text.len() - 2) {
        let (number, unit) = text.split_at(text.len() - 2);
        if unit.eq_ignore_ascii_case("db") { number } else { text }
    } else {
        text
    };
    number.trim().replace('\u{2212}', "-").parse().ok().filter(|gain: &f64| gain.is_finite())
}

/// Reads a peak, which is not negative.
pub(crate) fn read_peak(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|peak: &f64| peak.is_finite() && *peak >= 0.0)
}

#[cfg(test)]
mod tests {
    use super::{Loudness, R128Gains, ReplayGain, gain_text, peak_text, r128, read_gain};

    #[test]
    fn gains_lead_to_their_references() {
        let track = Loudness { integrated_lufs: -11.22, peak: 1.0123456 };
        let album = Loudness { integrated_lufs: -10.0, peak: 1.2 };
        let gains = ReplayGain::of(track, Some(album));
        assert_eq!(gain_text(gains.track_gain_db.unwrap()), "-6.78 dB");
        assert_eq!(peak_text(gains.track_peak.unwrap()), "1.012346");
        assert_eq!(gain_text(gains.album_gain_db.unwrap()), "-8.00 dB");
        // RFC 7845's own example: -573 is -2.24 dB.
        assert_eq!(R128Gains::of(Loudness { integrated_lufs: -20.76, peak: 1.0 }, None).track, Some(-573));
        let silent = Loudness { integrated_lufs: f64::NEG_INFINITY, peak: 0.0 };
        assert_eq!((ReplayGain::of(silent, None).track_gain_db, R128Gains::of(silent, None).track), (None, None));
    }

    #[test]
    fn figures_are_rounded_exactly_and_read_again() {
        for (gain, text) in
            [(0.0, "0.00 dB"), (-0.004, "0.00 dB"), (1.125, "1.13 dB"), (-1.125, "-1.13 dB"), (20.0, "20.00 dB")]
        {
            assert_eq!(gain_text(gain), text);
        }
        assert_eq!((r128(1.0 / 512.0), r128(-1.0 / 512.0), r128(0.0019)), (Some(1), Some(-1), Some(0)));
        assert_eq!(
            (r128(127.99609375), r128(128.0), r128(-128.0), r128(f64::NAN)),
            (Some(i16::MAX), None, Some(i16::MIN), None)
        );
        for (text, gain) in [("-6.78 dB", -6.78), ("+3.1dB", 3.1), (" 2.5 ", 2.5), ("\u{2212}1 DB", -1.0)] {
            assert_eq!(read_gain(text), Some(gain), "{text}");
        }
        for text in ["", "dB", "loud", "nan", "日本"] {
            assert_eq!(read_gain(text), None, "{text}");
        }
    }
}
