//! Times written as notes, which the tempo turns into seconds or cycles.

use std::fmt;
use std::str::FromStr;

use crate::param::Unit;

/// How a note's length is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Feel {
    /// As written.
    Straight,
    /// Half as long again: `1/8.`
    Dotted,
    /// Three in the time of two: `1/8t`
    Triplet,
}

/// A note value: `1/4` is a quarter (one beat), `1/8.` a dotted eighth, `1/16t` a sixteenth triplet, `2/1` two whole
/// notes, which are two bars of four beats.
///
/// ```
/// use tonmeister_core::{Note, Unit};
///
/// let dotted: Note = "1/8.".parse().unwrap();
/// assert_eq!(dotted.value(Unit::Ms, 112.5), Some(400.0));
/// assert_eq!(dotted.value(Unit::Hz, 112.5), Some(2.5)); // one cycle in each note
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Note {
    count: u8,
    part: u8,
    feel: Feel,
}

impl Note {
    /// The most parts that are counted: `64/1` is the longest note.
    pub const MAX_COUNT: u8 = 64;
    /// The parts of a whole note that are counted.
    pub const PARTS: [u8; 8] = [1, 2, 4, 8, 16, 32, 64, 128];
    /// What is understood, for messages.
    pub const EXPECTED: &'static str =
        "a note such as \"1/4\", \"1/8.\" (dotted), \"1/8t\" (triplet) or \"2/1\" (bars)";

    /// So many parts of a whole note; `None` where there is no such note.
    pub fn new(count: u8, part: u8, feel: Feel) -> Option<Note> {
        let fits = (1..=Note::MAX_COUNT).contains(&count) && Note::PARTS.contains(&part);
        fits.then_some(Note { count, part, feel })
    }

    /// Its length in beats (quarters), as a fraction.
    fn beats(self) -> (u32, u32) {
        let (more, less) = match self.feel {
            Feel::Straight => (1, 1),
            Feel::Dotted => (3, 2),
            Feel::Triplet => (2, 3),
        };
        (4 * u32::from(self.count) * more, u32::from(self.part) * less)
    }

    /// Its length in quarter notes.
    pub fn quarters(self) -> f64 {
        let (beats, parts) = self.beats();
        f64::from(beats) / f64::from(parts)
    }

    /// Its length in seconds at that many beats per minute.
    pub fn seconds(self, tempo_bpm: f64) -> f64 {
        let (beats, parts) = self.beats();
        60.0 * f64::from(beats) / (f64::from(parts) * tempo_bpm)
    }

    /// What it is in that unit: a length in seconds or milliseconds, or one cycle per note in hertz. `None` where a
    /// note means nothing.
    pub fn value(self, unit: Unit, tempo_bpm: f64) -> Option<f64> {
        let (beats, parts) = self.beats();
        match unit {
            Unit::Seconds => Some(self.seconds(tempo_bpm)),
            // One rounding, not two: a note of 400 ms is 400 and not nearly.
            Unit::Ms => Some(60_000.0 * f64::from(beats) / (f64::from(parts) * tempo_bpm)),
            Unit::Hz => Some(f64::from(parts) * tempo_bpm / (60.0 * f64::from(beats))),
            _ => None,
        }
    }
}

impl fmt::Display for Note {
    /// As the document writes it: `1/8`, `1/8.`, `1/8t`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let feel = match self.feel {
            Feel::Straight => "",
            Feel::Dotted => ".",
            Feel::Triplet => "t",
        };
        write!(f, "{}/{}{feel}", self.count, self.part)
    }
}

/// Why a text is no note, with what was meant if that can be told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, found \"{found}\"", expected = Note::EXPECTED)]
pub struct NoNote {
    found: String,
}

impl FromStr for Note {
    type Err = NoNote;

    fn from_str(text: &str) -> Result<Note, NoNote> {
        let (body, feel) = match text.strip_suffix(['.', 'd']) {
            Some(body) => (body, Feel::Dotted),
            None => text.strip_suffix('t').map_or((text, Feel::Straight), |body| (body, Feel::Triplet)),
        };
        let whole = |digits: &str| {
            let plain = !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit());
            digits.parse::<u8>().ok().filter(|_| plain)
        };
        let note = body.split_once('/').and_then(|(count, part)| Note::new(whole(count)?, whole(part)?, feel));
        note.ok_or_else(|| NoNote { found: text.chars().take(40).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(text: &str) -> Note {
        text.parse().unwrap()
    }

    #[test]
    fn notes_are_read_and_written() {
        for text in ["1/4", "1/8.", "1/8t", "2/1", "3/16", "64/128t", "1/1."] {
            assert_eq!(note(text).to_string(), text);
        }
        assert_eq!(note("1/8d"), note("1/8."));
        for none in [
            "",
            "/",
            "1",
            "1/",
            "/4",
            "0/4",
            "1/0",
            "1/3",
            "1/12",
            "65/4",
            "1/256",
            "-1/4",
            "+1/4",
            "1/4tt",
            "1/4..",
            " 1/4",
            "1 / 4",
            "1.5/4",
            "01/4",
            "1/04",
            "1/4x",
            "999999999999/4",
            "1/4/4",
            "½",
        ] {
            assert!(none.parse::<Note>().is_err(), "{none:?}");
        }
    }

    #[test]
    fn notes_last_as_long_as_the_tempo_says() {
        assert_eq!(note("1/4").value(Unit::Ms, 120.0), Some(500.0));
        assert_eq!(note("1/8").value(Unit::Seconds, 120.0), Some(0.25));
        assert_eq!(note("1/8.").value(Unit::Ms, 120.0), Some(375.0));
        assert_eq!(note("2/1").value(Unit::Seconds, 120.0), Some(4.0));
        assert_eq!(note("1/4").value(Unit::Hz, 90.0), Some(1.5));
        assert_eq!(note("1/4").value(Unit::Db, 90.0), None);
        // Three triplets are two straight notes, and a dot is half of the note, to the last bit but one.
        for tempo in [61.0, 93.7, 122.0, 174.3] {
            let (straight, triplet) = (note("1/8").seconds(tempo), note("1/8t").seconds(tempo));
            assert!((3.0 * triplet - 2.0 * straight).abs() < 1e-15);
            assert!((note("1/8.").seconds(tempo) - 1.5 * straight).abs() < 1e-15);
            let cycle = note("1/8t").value(Unit::Hz, tempo).unwrap();
            assert!((cycle * triplet - 1.0).abs() < 1e-15);
        }
    }
}
