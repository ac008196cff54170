//! Bars and beats as the document writes them: `17|1`, `5|2|240`.

use std::fmt;
use std::str::FromStr;

use super::TICKS;

/// A place of the music: bar and beat counted from 1, ticks of 1/960 of a quarter note from 0. A beat is what the lower
/// number of the time signature says: an eighth in 6/8, so a beat has 480 ticks there.
///
/// ```
/// use tonmeister_session::time::BarBeat;
///
/// let place: BarBeat = "5|2|240".parse().unwrap();
/// assert_eq!(place, BarBeat { bar: 5, beat: 2, tick: 240 });
/// assert_eq!(BarBeat { bar: 17, beat: 1, tick: 0 }.to_string(), "17|1");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BarBeat {
    /// The bar, from 1.
    pub bar: u32,
    /// The beat in it, from 1.
    pub beat: u16,
    /// Ticks behind the beat, from 0.
    pub tick: u16,
}

impl BarBeat {
    /// The last bar that can be named.
    pub const MAX_BAR: u32 = 999_999;
    /// What is understood, for messages.
    pub const EXPECTED: &'static str = "a bar and beat such as \"17|1\" or \"5|2|240\" (ticks, 960 a quarter)";
}

impl fmt::Display for BarBeat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}|{}", self.bar, self.beat)?;
        if self.tick > 0 { write!(f, "|{}", self.tick) } else { Ok(()) }
    }
}

/// Why a text is no bar and beat.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, found \"{found}\"", expected = BarBeat::EXPECTED)]
pub struct NoBarBeat {
    found: String,
}

impl FromStr for BarBeat {
    type Err = NoBarBeat;

    fn from_str(text: &str) -> Result<BarBeat, NoBarBeat> {
        let number = |digits: &str| {
            let plain = digits.len() <= 6 && digits.bytes().all(|b| b.is_ascii_digit());
            digits.parse::<u32>().ok().filter(|n| plain && (*n == 0 || !digits.starts_with('0')))
        };
        let read = || {
            let mut parts = text.split('|');
            let bar = number(parts.next()?).filter(|bar| *bar >= 1)?;
            let beat = number(parts.next()?).filter(|beat| (1..=999).contains(beat))?;
            let tick = parts.next().map_or(Some(0), number).filter(|tick| *tick < 4 * TICKS)?;
            let whole = parts.next().is_none();
            whole.then_some(BarBeat { bar, beat: beat as u16, tick: tick as u16 })
        };
        read().ok_or_else(|| NoBarBeat { found: text.chars().take(40).collect() })
    }
}

/// A time signature: so many beats, each of such a part of a whole note.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Signature {
    beats: u16,
    part: u16,
}

impl Signature {
    /// Four quarters: what holds where nothing is said.
    pub const COMMON: Signature = Signature { beats: 4, part: 4 };
    /// The most beats of a bar.
    pub const MAX_BEATS: u16 = 255;
    /// The parts of a whole note that are counted.
    pub const PARTS: [u16; 7] = [1, 2, 4, 8, 16, 32, 64];

    /// So many beats of such a part; `None` where there is no such signature.
    pub fn new(beats: u16, part: u16) -> Option<Signature> {
        let fits = (1..=Signature::MAX_BEATS).contains(&beats) && Signature::PARTS.contains(&part);
        fits.then_some(Signature { beats, part })
    }

    /// The beats of a bar.
    pub fn beats(self) -> u16 {
        self.beats
    }

    /// The ticks of one beat.
    pub fn beat_ticks(self) -> u32 {
        4 * TICKS / u32::from(self.part)
    }

    /// The ticks of a bar.
    pub fn bar_ticks(self) -> u32 {
        u32::from(self.beats) * self.beat_ticks()
    }

    /// The signature of a bar that long, in the fewest parts; `None` where no signature says it.
    pub fn of_ticks(ticks: u64) -> Option<Signature> {
        // Quarters come first: 3/4 is more usual than 3/4 written as 6/8.
        [4, 8, 16, 32, 64, 2, 1].into_iter().find_map(|part| {
            let beat = u64::from(4 * TICKS) / part;
            let beats = u16::try_from(ticks / beat).ok().filter(|_| ticks.is_multiple_of(beat))?;
            Signature::new(beats, part as u16)
        })
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.beats, self.part)
    }
}

impl FromStr for Signature {
    type Err = ();

    fn from_str(text: &str) -> Result<Signature, ()> {
        let number = |digits: &str| {
            let plain = !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit());
            digits.parse::<u16>().ok().filter(|_| plain)
        };
        let (beats, part) = text.split_once('/').ok_or(())?;
        number(beats).zip(number(part)).and_then(|(beats, part)| Signature::new(beats, part)).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::{BarBeat, Signature};

    #[test]
    fn bars_and_beats_have_one_form() {
        for text in ["1|1", "17|1", "5|2|240", "999999|255|3839"] {
            assert_eq!(text.parse::<BarBeat>().unwrap().to_string(), text);
        }
        for text in ["", "17", "17|", "17|0", "0|1", "17.1", "17:1", "17|1|", "1|1|1|1", " 1|1", "01|1", "1|1|3840"] {
            assert!(text.parse::<BarBeat>().is_err(), "{text}");
        }
        assert_eq!("1|1|0".parse::<BarBeat>().unwrap().to_string(), "1|1");
    }

    #[test]
    fn signatures_have_one_form() {
        for text in ["4/4", "6/8", "7/16", "255/64", "1/1"] {
            assert_eq!(text.parse::<Signature>().unwrap().to_string(), text);
        }
        for text in ["", "4", "4/", "0/4", "4/3", "256/4", "04/4", "4/4/4"] {
            assert!(text.parse::<Signature>().is_err(), "{text}");
        }
        assert_eq!(Signature::of_ticks(2880), Signature::new(3, 4));
        assert_eq!(Signature::of_ticks(1440), Signature::new(3, 8));
        assert_eq!(Signature::of_ticks(61), None);
    }
}
