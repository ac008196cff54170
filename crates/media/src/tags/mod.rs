//! What a file says about its music: [`Tags`], for every container in the words of that container.
//!
//! [`Tags`] is the release as people think of it; which field, frame, atom or chunk each part becomes is in the rooms
//! below. [`Tags::check`] says, before anything is written, what is wrong and what a container cannot hold.
//!
//! The codes ([`Isrc`], [`Barcode`], [`Language`], [`ReleaseDate`]) are checked when they are made and live in
//! [`tonmeister_core::codes`], so that documents can hold them too.

mod aiff;
mod check;
mod credit;
mod fields;
mod file;
mod flac;
mod gain;
mod id3;
mod ilst;
mod info_list;
mod key;
mod mp4;
mod ogg;
mod picture;
mod riff;
mod shift;
mod vorbis;

pub use credit::{Credit, Role, artist_line};
pub(crate) use file::guarded;
use file::{MOST, New, refused};
pub use file::{Tagged, rewrite, tags, tags_input, write_to};
pub use gain::{Loudness, R128_LUFS, R128Gains, REPLAY_GAIN_LUFS, ReplayGain, r128};
pub use key::MusicalKey;
pub use picture::Embedded;
pub use tonmeister_core::codes::{Barcode, CodeError, Isrc, Language, ReleaseDate};

use crate::info::Bext;

/// Everything a file of a release says about its music.
///
/// What is `None`, empty or `false` is not written. Texts are UTF-8; [`Tags::check`] holds them to the rules.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tags {
    /// The title, without the version: `Night Drive`.
    pub title: Option<String>,
    /// The version, as it stands in parentheses behind the title: `Radio Edit`, `Instrumental`, `2026 Remaster`.
    pub version: Option<String>,
    /// Who made it, and as what, in the order in which they are named.
    pub credits: Vec<Credit>,
    /// The title of the release.
    pub album: Option<String>,
    /// Whom the release is filed under; `Various Artists` for a sampler.
    pub album_artist: Option<String>,
    /// The code of this recording.
    pub isrc: Option<Isrc>,
    /// The barcode of the release.
    pub barcode: Option<Barcode>,
    /// The label's own number of the release: `TON 001`.
    pub catalog_number: Option<String>,
    /// The label.
    pub label: Option<String>,
    /// The owner of the recording, with the year: `2026 Example Records`. The sign ℗ is not part of it.
    pub phonogram_line: Option<String>,
    /// The owner of the work and the artwork, with the year. The sign © is not part of it.
    pub copyright_line: Option<String>,
    /// Genres, the main one first.
    pub genres: Vec<String>,
    /// The language of the words; [`Language::NONE`] for an instrumental.
    pub language: Option<Language>,
    /// Whether parents want to know about the words.
    pub advisory: Option<Advisory>,
    /// The words, lines apart.
    pub lyrics: Option<String>,
    /// Which track of the disc.
    pub track: Option<Position>,
    /// Which disc of the release.
    pub disc: Option<Position>,
    /// When the release is or was published.
    pub released: Option<ReleaseDate>,
    /// Beats per minute. Containers that hold only whole numbers get the nearest besides the exact one.
    pub bpm: Option<f64>,
    /// The musical key.
    pub key: Option<MusicalKey>,
    /// Anything else, for people.
    pub comment: Option<String>,
    /// How far a player of `ReplayGain` turns it up or down. Not written into Opus, which has [`R128Gains`].
    pub replay_gain: ReplayGain,
    /// The same for Opus, and only written there.
    pub r128: R128Gains,
    /// The program and the settings that encoded it.
    pub encoder: Option<String>,
    /// A release of several artists' recordings.
    pub compilation: bool,
    /// The tracks run into each other: iTunes' hint not to fade or pause. Written where there is such a hint (MP4, and
    /// ID3 by iTunes' custom); FLAC, Vorbis and Opus are exact in length and need none.
    pub gapless: bool,
    /// The broadcast extension. Only WAV holds it.
    pub broadcast: Option<Bext>,
    /// Places in the audio with names. Only WAV holds them.
    pub markers: Vec<Marker>,
}

/// Whether the words are for everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Advisory {
    /// Not for children.
    Explicit,
    /// An edited version of an explicit recording.
    Clean,
    /// Nothing to object to, and never was.
    NotExplicit,
}

/// Number n of N.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Position {
    /// From 1.
    pub number: u16,
    /// How many there are, if that is known.
    pub of: Option<u16>,
}

/// A place in the audio, or a stretch of it, with a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marker {
    /// The frame it stands at.
    pub frame: u64,
    /// How many frames it spans; 0 for a place.
    pub length: u64,
    /// Its name.
    pub label: String,
}

impl Tags {
    /// The title as it is shown: `Night Drive (Radio Edit)`.
    pub fn display_title(&self) -> Option<String> {
        match (&self.title, &self.version) {
            (Some(title), Some(version)) => Some(format!("{title} ({version})")),
            (title, _) => title.clone(),
        }
    }

    /// The artists as they are shown: `Ann & Bo feat. Cy`; none when nobody is credited as main or featured.
    pub fn display_artist(&self) -> Option<String> {
        let line = artist_line(&self.credited(Role::Main), &self.credited(Role::Featured));
        (!line.is_empty()).then_some(line)
    }

    /// Those who are credited so, in order.
    pub fn credited(&self, role: Role) -> Vec<&str> {
        self.credits.iter().filter(|credit| credit.role == role).map(|credit| credit.name.as_str()).collect()
    }

    /// Credits somebody. Empty names are left out.
    pub fn credit(&mut self, role: Role, name: impl Into<String>) {
        let name = name.into();
        if !name.is_empty() {
            self.credits.push(Credit { name, role });
        }
    }
}

#[cfg(test)]
mod tests;
