//! CD-Text: what a player shows while a disc turns, stored in packs of 18 bytes in the lead-in.
//!
//! The layout follows libburn's description (`doc/cdtext.txt`, from MMC-3 annex J and Sony's own notes) and the black-box
//! experiments of ddp-reverse-eng (`spec/ddp2.md`, section 7). One to eight blocks, each a language of its own; each holds
//! at most 256 packs of 12 bytes, three of which are its size information.
//!
//! Written are ISO 8859-1 and ASCII. Characters that do not fit are refused, never replaced behind the user's back;
//! the finding names track, field and character, and what could stand instead. MS-JIS blocks are read past.

mod charset;
mod decode;
mod encode;
mod names;
mod pack;

pub use charset::{Charset, plain};
pub use decode::{Decoded, decode};
pub use encode::encode;
pub use names::{GENRES, Language, genre_code, genre_name};

use tonmeister_core::codes::{Barcode, Isrc};

/// Bytes of a pack.
pub const PACK: usize = 18;
/// Packs a block can hold, its three of size information included: the sequence number is one byte.
pub const MOST_PACKS: usize = 256;

/// A text that the disc and each track can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// Album title, track title (pack type 80).
    Title,
    /// Performers (81).
    Performer,
    /// Songwriters (82).
    Songwriter,
    /// Composers (83).
    Composer,
    /// Arrangers (84).
    Arranger,
    /// A message (85).
    Message,
}

impl Field {
    /// All of them, in the order of their pack types.
    pub const ALL: [Field; 6] =
        [Field::Title, Field::Performer, Field::Songwriter, Field::Composer, Field::Arranger, Field::Message];

    /// The pack type.
    pub fn pack_type(self) -> u8 {
        0x80 + self as u8
    }

    /// The word for messages.
    pub fn name(self) -> &'static str {
        match self {
            Field::Title => "title",
            Field::Performer => "performer",
            Field::Songwriter => "songwriter",
            Field::Composer => "composer",
            Field::Arranger => "arranger",
            Field::Message => "message",
        }
    }

    /// The command of a cue sheet.
    pub fn command(self) -> &'static str {
        match self {
            Field::Title => "TITLE",
            Field::Performer => "PERFORMER",
            Field::Songwriter => "SONGWRITER",
            Field::Composer => "COMPOSER",
            Field::Arranger => "ARRANGER",
            Field::Message => "MESSAGE",
        }
    }
}

/// The texts of a disc or of a track. An empty one is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Texts {
    /// What it is called.
    pub title: String,
    /// Who plays.
    pub performer: String,
    /// Who wrote the song.
    pub songwriter: String,
    /// Who composed the music.
    pub composer: String,
    /// Who arranged it.
    pub arranger: String,
    /// A message to the listener.
    pub message: String,
}

impl Texts {
    /// That text.
    pub fn get(&self, field: Field) -> &str {
        match field {
            Field::Title => &self.title,
            Field::Performer => &self.performer,
            Field::Songwriter => &self.songwriter,
            Field::Composer => &self.composer,
            Field::Arranger => &self.arranger,
            Field::Message => &self.message,
        }
    }

    /// That text, to change.
    pub fn get_mut(&mut self, field: Field) -> &mut String {
        match field {
            Field::Title => &mut self.title,
            Field::Performer => &mut self.performer,
            Field::Songwriter => &mut self.songwriter,
            Field::Composer => &mut self.composer,
            Field::Arranger => &mut self.arranger,
            Field::Message => &mut self.message,
        }
    }

    /// Whether there is no text at all.
    pub fn is_empty(&self) -> bool {
        Field::ALL.iter().all(|field| self.get(*field).is_empty())
    }
}

/// What kind of music it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Genre {
    /// One of [`GENRES`], by its place.
    pub code: u16,
    /// More about it, in ASCII.
    pub text: String,
}

impl Genre {
    /// The kind of music that somebody calls so: one of [`GENRES`], also without their "Music", or as it is often written
    /// (`Hip-Hop`, `R&B`). Where there is none ("Not Defined") the word itself stands beside it, if it is in ASCII.
    pub fn named(word: &str) -> Genre {
        let letters = |text: &str| {
            let text = text.to_lowercase().replace('&', "and");
            let text: String = text.chars().filter(|c| c.is_alphanumeric()).collect();
            text.strip_suffix("music").map_or_else(|| text.clone(), str::to_owned)
        };
        let plain = match letters(word).as_str() {
            "rnb" | "randb" | "rhythmnblues" => "rhythmandblues".to_owned(),
            "alternative" => "alternativerock".to_owned(),
            "children" => "childrens".to_owned(),
            "spoken" => "spokenword".to_owned(),
            other => other.to_owned(),
        };
        let code = GENRES.iter().skip(2).position(|genre| letters(genre) == plain).map_or(1, |place| place as u16 + 2);
        let alone = code == 1 && word.chars().all(|c| Charset::Ascii.has(c));
        Genre { code, text: if alone { word.to_owned() } else { String::new() } }
    }
}

/// A track's part of a block.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct TrackText {
    /// Its texts.
    pub texts: Texts,
    /// Its recording's code.
    pub isrc: Option<Isrc>,
}

/// The texts in one language.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Block {
    /// The language.
    pub language: Language,
    /// The characters that the six texts are written in.
    pub charset: Charset,
    /// Whether the texts are marked as protected by copyright.
    pub copyrighted: bool,
    /// The disc's own texts.
    pub disc: Texts,
    /// Each track's, from track 1.
    pub tracks: Vec<TrackText>,
    /// The label's catalog number (pack type 86), in ASCII. Empty for none.
    pub disc_id: String,
    /// The kind of music (87).
    pub genre: Option<Genre>,
    /// A note that players do not show (8D). Empty for none.
    pub closed: String,
    /// The release's EAN (8E).
    pub ean: Option<Barcode>,
}

/// The texts of a disc, in one to eight languages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct CdText {
    /// One language each.
    pub blocks: Vec<Block>,
}

impl CdText {
    /// With one block.
    pub fn of(block: Block) -> CdText {
        CdText { blocks: vec![block] }
    }

    /// The first block, which players show unless told otherwise.
    pub fn first(&self) -> Option<&Block> {
        self.blocks.first()
    }
}

#[cfg(test)]
mod tests;
