//! Time on a disc: whole sectors of 1/75 s.

use std::fmt;
use std::ops::{Add, Sub};
use std::str::FromStr;

/// A time or a place in sectors of 588 frames, 75 a second at 44.1 kHz. Shown as `MM:SS:FF`.
///
/// ```
/// use tonmeister_release::toc::Sectors;
///
/// let time: Sectors = "03:25:74".parse()?;
/// assert_eq!(time, Sectors(3 * 4500 + 25 * 75 + 74));
/// assert_eq!(time.to_string(), "03:25:74");
/// # Ok::<(), tonmeister_release::toc::TimeError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sectors(pub u32);

/// Why a text is not a time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is no time: expected minutes:seconds:frames, such as 03:25:74, with seconds to 59 and frames to 74", .found.escape_debug())]
pub struct TimeError {
    /// What stood there.
    pub found: String,
}

impl Sectors {
    /// Frames at 44.1 kHz in a sector.
    pub const FRAMES: u64 = 588;
    /// Bytes of a sector: 588 frames of two channels of two bytes.
    pub const BYTES: u64 = 2352;
    /// Sectors a second.
    pub const PER_SECOND: u32 = 75;

    /// As many sectors as hold so many frames: rounded up, and no more than can be counted.
    pub fn covering(frames: u64) -> Sectors {
        Sectors(u32::try_from(frames.div_ceil(Sectors::FRAMES)).unwrap_or(u32::MAX))
    }

    /// From minutes, seconds (to 59) and frames (to 74).
    pub fn from_msf(minutes: u32, seconds: u32, frames: u32) -> Option<Sectors> {
        let fits = minutes < 10_000 && seconds < 60 && frames < 75;
        fits.then(|| Sectors((minutes * 60 + seconds) * 75 + frames))
    }

    /// Minutes, seconds, frames.
    pub fn msf(self) -> (u32, u32, u32) {
        (self.0 / 75 / 60, self.0 / 75 % 60, self.0 % 75)
    }

    /// In seconds.
    pub fn seconds(self) -> f64 {
        f64::from(self.0) / 75.0
    }

    /// In frames at 44.1 kHz.
    pub fn frames(self) -> u64 {
        u64::from(self.0) * Sectors::FRAMES
    }

    /// The difference, none below zero.
    #[must_use]
    pub fn saturating_sub(self, other: Sectors) -> Sectors {
        Sectors(self.0.saturating_sub(other.0))
    }
}

impl Add for Sectors {
    type Output = Sectors;

    /// Ends at what can be counted, far behind the end of any disc.
    fn add(self, other: Sectors) -> Sectors {
        Sectors(self.0.saturating_add(other.0))
    }
}

impl Sub for Sectors {
    type Output = Sectors;

    /// Ends at zero.
    fn sub(self, other: Sectors) -> Sectors {
        self.saturating_sub(other)
    }
}

impl fmt::Display for Sectors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (m, s, frames) = self.msf();
        write!(f, "{m:02}:{s:02}:{frames:02}")
    }
}

impl FromStr for Sectors {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Sectors, TimeError> {
        let number = |part: &str| {
            let digits = !part.is_empty() && part.len() <= 4 && part.bytes().all(|b| b.is_ascii_digit());
            digits.then(|| part.parse::<u32>().ok()).flatten()
        };
        let mut parts = text.split(':');
        let mut next = || parts.next().and_then(number);
        let time = next().zip(next()).zip(next()).filter(|_| parts.next().is_none());
        time.and_then(|((m, s), f)| Sectors::from_msf(m, s, f)).ok_or_else(|| TimeError { found: text.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_they_are_written() {
        for sectors in [0, 74, 75, 4499, 4500, 449_999] {
            let time = Sectors(sectors);
            assert_eq!(time.to_string().parse(), Ok(time));
        }
        assert_eq!("99:59:74".parse(), Ok(super::super::LAST_ADDRESS));
        assert_eq!("1:2:3".parse(), Ok(Sectors(4500 + 150 + 3)));
        for wrong in ["", "1:2", "1:60:0", "1:0:75", "1:2:3:4", "-1:0:0", "+1:0:0", "99999:0:0", "a:b:c"] {
            assert!(wrong.parse::<Sectors>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_sector_holds_588_frames() {
        assert_eq!(Sectors::covering(0), Sectors(0));
        assert_eq!(Sectors::covering(1), Sectors(1));
        assert_eq!(Sectors::covering(588), Sectors(1));
        assert_eq!(Sectors::covering(589), Sectors(2));
        assert_eq!(Sectors(75).frames(), 44_100);
        assert_eq!(Sectors::FRAMES * 4, Sectors::BYTES);
    }
}
