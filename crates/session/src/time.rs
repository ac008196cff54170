//! The song's clock: bars and beats, the tempo map between them and seconds, and places that may be written as either.

mod bars;
mod tempo;

pub use bars::{BarBeat, NoBarBeat, Signature};
pub use tempo::TempoMap;

/// Ticks of a quarter note: what the last part of a [`BarBeat`] counts.
pub const TICKS: u32 = 960;

/// A change of the tempo.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tempo {
    /// Where, in seconds from the song's start.
    pub at_s: f64,
    /// The bar and beat that the place was written as.
    pub written: Option<BarBeat>,
    /// Quarter notes per minute from here on.
    pub bpm: f64,
    /// What the tempo reaches at the next change, moving there in a straight line of time. `None`: it stays.
    pub ramp_to_bpm: Option<f64>,
}

/// A change of the meter, at the start of a bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meter {
    /// The bar, counted from 1.
    pub bar: u32,
    /// Its time signature, and that of the bars behind it.
    pub signature: Signature,
}

/// A place with a name: a verse begins, a word is wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Marker {
    /// Its stable name.
    pub id: String,
    /// Where, in seconds from the song's start.
    pub at_s: f64,
    /// The bar and beat that the place was written as.
    pub written: Option<BarBeat>,
    /// What a reader calls it; empty where the id says enough.
    pub name: String,
}

/// A stretch with a name: what a cut takes out, what a loop plays.
#[derive(Clone, Debug, PartialEq)]
pub struct Range {
    /// Its stable name.
    pub id: String,
    /// Its start, in seconds from the song's start.
    pub from_s: f64,
    /// The bar and beat that the start was written as.
    pub from_written: Option<BarBeat>,
    /// Its end, in seconds from the song's start; after its start.
    pub to_s: f64,
    /// The bar and beat that the end was written as.
    pub to_written: Option<BarBeat>,
}
