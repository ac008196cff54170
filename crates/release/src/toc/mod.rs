//! A disc as sectors: where its tracks, indexes and pauses stand, and the rules of the Red Book (IEC 60908).
//!
//! Times are absolute: sector 0 is the first of the program area, where the first track's pause begins. A player's
//! display of the first track starts at its index 1, at least two seconds later.

mod check;
mod time;

use std::ops::Range;

pub use time::{Sectors, TimeError};

use tonmeister_core::codes::{Barcode, Isrc};

/// Tracks a disc can hold.
pub const MOST_TRACKS: usize = 99;
/// Indexes a track can have, from index 1.
pub const MOST_INDEXES: usize = 99;
/// The first track's pause is at least so long: two seconds.
pub const FIRST_PAUSE: Sectors = Sectors(150);
/// A track is at least so long, from its index 1 to the next track's: four seconds.
pub const SHORTEST_TRACK: Sectors = Sectors(300);
/// Addresses end here, at 99:59:74.
pub const LAST_ADDRESS: Sectors = Sectors(99 * 60 * 75 + 59 * 75 + 74);
/// What plants press without asking ends here: 79:57. A longer disc needs narrower pitch, which many refuse.
pub const PRACTICAL_END: Sectors = Sectors(79 * 60 * 75 + 57 * 75);

/// Whether a digital copy may be made of a track (IEC 60908, Q channel control; IEC 60958-3 for SCMS).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Copy {
    /// No copy: how nearly every disc is flagged.
    #[default]
    Prohibited,
    /// Copies without limit (`DCP`).
    Permitted,
    /// One generation of copies (`SCMS`). It excludes [`Copy::Permitted`].
    Once,
}

/// The control flags of a track.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Flags {
    /// The audio was recorded with 50/15 µs pre-emphasis; players cut its treble again.
    pub pre_emphasis: bool,
    /// Whether it may be copied.
    pub copy: Copy,
    /// Four channels. Stands in the standard; no player has them.
    pub four_channel: bool,
}

impl Flags {
    /// The control nibble of the Q channel: 1 pre-emphasis, 2 copy permitted, 8 four channels.
    pub fn control(self) -> u8 {
        u8::from(self.pre_emphasis) | u8::from(self.copy == Copy::Permitted) << 1 | u8::from(self.four_channel) << 3
    }

    /// As a cue sheet names them: `PRE DCP 4CH SCMS`.
    pub fn words(self) -> Vec<&'static str> {
        let all = [
            (self.pre_emphasis, "PRE"),
            (self.copy == Copy::Permitted, "DCP"),
            (self.four_channel, "4CH"),
            (self.copy == Copy::Once, "SCMS"),
        ];
        all.into_iter().filter_map(|(set, word)| set.then_some(word)).collect()
    }
}

/// A track's places on the disc.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Track {
    /// Where its pause begins (index 0), if it has one. The first track's begins at sector 0.
    pub pause: Option<Sectors>,
    /// Index 1, where a player begins, and those after it.
    pub indexes: Vec<Sectors>,
    /// Its control flags.
    pub flags: Flags,
    /// Its recording's code.
    pub isrc: Option<Isrc>,
}

impl Track {
    /// A track whose index 1 stands there, without a pause.
    pub fn at(start: Sectors) -> Track {
        Track { indexes: vec![start], ..Track::default() }
    }

    /// Where a player begins (index 1). Sector 0 for a track without any index, which [`Disc::check`] refuses.
    pub fn start(&self) -> Sectors {
        self.indexes.first().copied().unwrap_or_default()
    }

    /// Where it begins with its pause.
    pub fn begin(&self) -> Sectors {
        self.pause.unwrap_or_else(|| self.start())
    }
}

/// What stands where on a disc.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Disc {
    /// The release's EAN, in the Q channel as media catalog number.
    pub ean: Option<Barcode>,
    /// The tracks, numbered from 1 in this order.
    pub tracks: Vec<Track>,
    /// Where the lead-out begins: the length of the program.
    pub end: Sectors,
}

impl Disc {
    /// A disc of tracks of those lengths in frames at 44.1 kHz, each beginning on a sector, with a pause before each
    /// (the first one's at least two seconds). Lengths are rounded up to whole sectors.
    pub fn of_lengths(songs: &[(Sectors, u64)]) -> Disc {
        let mut at = Sectors(0);
        let mut tracks = Vec::new();
        for (number, (pause, frames)) in songs.iter().enumerate() {
            let pause = if number == 0 { (*pause).max(FIRST_PAUSE) } else { *pause };
            let start = at + pause;
            tracks.push(Track { pause: (pause.0 > 0).then_some(at), ..Track::at(start) });
            at = start + Sectors::covering(*frames);
        }
        Disc { ean: None, tracks, end: at }
    }

    /// What a player plays as that track, from its index 1 to where the next one's pause or index 1 begins. Numbers
    /// count from 1.
    pub fn track(&self, number: usize) -> Option<Range<Sectors>> {
        let track = self.tracks.get(number.checked_sub(1)?)?;
        let end = self.tracks.get(number).map_or(self.end, Track::begin);
        Some(track.start()..end)
    }

    /// The same with what sounds in the pause after it, to the next track's index 1: tracks in this sense play without a
    /// gap, and together with [`Disc::first_pause`] they are the whole program.
    pub fn track_to_next(&self, number: usize) -> Option<Range<Sectors>> {
        let track = self.tracks.get(number.checked_sub(1)?)?;
        let end = self.tracks.get(number).map_or(self.end, Track::start);
        Some(track.start()..end)
    }

    /// Everything before the first track's index 1.
    pub fn first_pause(&self) -> Range<Sectors> {
        Sectors(0)..self.tracks.first().map_or(Sectors(0), Track::start)
    }

    /// Where a hidden track may be: the first pause, where it is longer than the two seconds it has to have.
    pub fn hidden(&self) -> Option<Range<Sectors>> {
        let pause = self.first_pause();
        (pause.end > FIRST_PAUSE).then_some(pause)
    }

    /// How long that track is by the Red Book's count, from index 1 to the next track's index 1.
    pub fn length(&self, number: usize) -> Option<Sectors> {
        self.track_to_next(number).map(|range| range.end - range.start)
    }
}
