//! Records, tapes, and the wrapping of WAV files.

use crate::album::keys::{DIAMETERS, SPEEDS, TAPES};

/// A record.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Vinyl {
    /// How large it is.
    pub size: Diameter,
    /// How fast it turns.
    pub speed: Speed,
    /// How many sides; without it, the fewest that are good.
    pub sides: Option<usize>,
    /// Frames per second of the side files; without it, the album's.
    pub sample_rate_hz: Option<u32>,
    /// The greatest true peak on any side.
    pub peak_dbtp: f64,
    /// Bass below this is made mono, if it is.
    pub mono_below_hz: Option<f64>,
}

impl Vinyl {
    /// The name of the medium: `12-inch 33`.
    pub fn medium(&self) -> String {
        format!("{} {}", self.size.word(), self.speed.word())
    }
}

/// A cassette.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cassette {
    /// How much it holds.
    pub tape: Tape,
    /// Frames per second of the side files; without it, the album's.
    pub sample_rate_hz: Option<u32>,
    /// The greatest true peak on any side.
    pub peak_dbtp: f64,
}

/// How large a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Diameter {
    /// Twelve inches.
    Twelve,
    /// Ten inches.
    Ten,
    /// Seven inches.
    Seven,
}

impl Diameter {
    /// In the order of [`DIAMETERS`].
    pub const ALL: [Diameter; 3] = [Diameter::Twelve, Diameter::Ten, Diameter::Seven];

    /// As the document writes it.
    pub fn word(self) -> &'static str {
        DIAMETERS[self as usize].id
    }
}

/// How fast a record turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Speed {
    /// 33⅓ turns a minute.
    Rpm33,
    /// 45 turns a minute.
    Rpm45,
}

impl Speed {
    /// In the order of [`SPEEDS`].
    pub const ALL: [Speed; 2] = [Speed::Rpm33, Speed::Rpm45];

    /// As the document writes it.
    pub fn word(self) -> &'static str {
        SPEEDS[self as usize].id
    }
}

/// How much a cassette holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tape {
    /// An hour.
    C60,
    /// An hour and a half.
    C90,
}

impl Tape {
    /// In the order of [`TAPES`].
    pub const ALL: [Tape; 2] = [Tape::C60, Tape::C90];

    /// As the document writes it.
    pub fn word(self) -> &'static str {
        TAPES[self as usize].id
    }
}

/// How the sizes of a WAV file are stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Wrapping {
    /// In 32 bits, and in 64 where they have to be.
    #[default]
    Auto,
    /// In 32 bits only.
    Wav,
    /// In 64 bits (RF64).
    Rf64,
}

impl Wrapping {
    /// In the order of [`WRAPPINGS`](crate::album::keys::WRAPPINGS).
    pub const ALL: [Wrapping; 3] = [Wrapping::Auto, Wrapping::Wav, Wrapping::Rf64];
}
