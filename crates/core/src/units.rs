//! Quantities with their unit in the type.

use std::fmt;

/// A level or a gain in decibels. Amplitude: +6.02 dB doubles it. `Db::SILENCE` is −∞ dB.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Db(pub f64);

impl Db {
    /// −∞ dB: a gain of exactly zero.
    pub const SILENCE: Db = Db(f64::NEG_INFINITY);
    /// 0 dB: a gain of exactly one.
    pub const UNITY: Db = Db(0.0);

    /// The amplitude factor, exactly 1 at 0 dB and exactly 0 at −∞ dB.
    #[inline]
    pub fn gain(self) -> f64 {
        if self.0 == 0.0 { 1.0 } else { 10f64.powf(self.0 / 20.0) }
    }

    /// The level of an amplitude (its magnitude; zero gives −∞ dB).
    #[inline]
    pub fn of_gain(amplitude: f64) -> Db {
        Db(20.0 * amplitude.abs().log10())
    }

    /// The level of a power (mean square).
    #[inline]
    pub fn of_power(power: f64) -> Db {
        Db(10.0 * power.log10())
    }
}

impl fmt::Display for Db {
    /// Two decimals, a true minus sign and the unit: `−3.50 dB`; silence is `−∞ dB`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == f64::NEG_INFINITY {
            return f.write_str("−∞ dB");
        }
        let places = f.precision().unwrap_or(2);
        let sign = if self.0 < 0.0 { "−" } else { "" };
        write!(f, "{sign}{:.places$} dB", self.0.abs())
    }
}

/// A count of frames (one sample on every channel): a duration or a place on the song's timeline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Frames(pub u64);

impl Frames {
    /// The nearest frame to a time in seconds (negative times give zero).
    pub fn from_seconds(seconds: f64, sample_rate: u32) -> Frames {
        Frames((seconds * f64::from(sample_rate)).round().max(0.0) as u64)
    }

    /// The time in seconds.
    pub fn seconds(self, sample_rate: u32) -> f64 {
        self.0 as f64 / f64::from(sample_rate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decibels_and_gains_agree() {
        assert_eq!(Db(0.0).gain(), 1.0);
        assert_eq!(Db::SILENCE.gain(), 0.0);
        assert!((Db(-6.0).gain() - 0.501_187_233_627_272).abs() < 1e-15);
        assert!((Db::of_gain(-0.5).0 + 6.020_599_913_279_624).abs() < 1e-12);
        assert_eq!(Db(-3.5).to_string(), "−3.50 dB");
        assert_eq!(Db::SILENCE.to_string(), "−∞ dB");
    }

    #[test]
    fn frames_round_to_the_nearest() {
        assert_eq!(Frames::from_seconds(0.5, 44_100), Frames(22_050));
        assert_eq!(Frames::from_seconds(-1.0, 48_000), Frames(0));
        assert_eq!(Frames(48_000).seconds(48_000), 1.0);
    }
}
