//! Cue sheets: a disc as a text beside its audio, one file for all tracks or several.
//!
//! The commands are those of CDRWIN with the CD-Text ones that cuetools and cue2ddp know. A time counts from the start of
//! its `FILE`. How programs differ was looked up in ddp-reverse-eng's experiments (`spec/ddp2.md`, note N2) and is read
//! in every way: byte order marks, CRLF, lower case, several files, a file between the indexes of a track (as EAC writes),
//! `PREGAP` and `POSTGAP`, unquoted names.
//!
//! [`parse()`] reads, [`print()`] writes, [`CueSheet::lay_out`] makes a [`Disc`](crate::toc::Disc) of a sheet,
//! [`CueSheet::of_disc`] a sheet of a disc. [`open()`] opens a sheet with its audio, [`write_image`] writes both.
//!
//! # Two seconds
//! A disc begins with at least two seconds of pause, and programs disagree whether a sheet's first file has them: burning
//! programs count from behind them, mastering programs (and sheets of DDP images) include them. [`FirstPause`] says which;
//! sheets that are written here say so in a remark.

mod files;
mod lay_out;
mod parse;
mod print;
#[cfg(test)]
mod tests;

pub use files::{OpenedCue, WrittenImage, open, write_image};
pub use lay_out::{Form, Gaps, LaidOut, Piece};
pub use parse::{Parsed, decode, parse};
pub use print::print;

use tonmeister_core::codes::{Barcode, Isrc};

use crate::cdtext::Texts;
use crate::toc::{Flags, Sectors};

/// Whether a sheet's first file has the two seconds before the first track in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum FirstPause {
    /// As the sheet's remark `FIRST_PAUSE` says. Without one: included when the first track's index 1 stands two seconds or
    /// more into it, as mastering programs write; otherwise added.
    #[default]
    Told,
    /// It has them.
    Included,
    /// It has not; they are added as silence.
    Added,
}

/// How a file is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// `WAVE`: any audio file, told by its content.
    #[default]
    Wave,
    /// `AIFF`: the same.
    Aiff,
    /// `MP3`: the same.
    Mp3,
    /// `BINARY`: sectors without a header, little-endian.
    Binary,
    /// `MOTOROLA`: the same, big-endian.
    Motorola,
}

impl FileKind {
    /// All of them.
    pub const ALL: [FileKind; 5] =
        [FileKind::Wave, FileKind::Aiff, FileKind::Mp3, FileKind::Binary, FileKind::Motorola];

    /// The word in the sheet.
    pub fn word(self) -> &'static str {
        match self {
            FileKind::Wave => "WAVE",
            FileKind::Aiff => "AIFF",
            FileKind::Mp3 => "MP3",
            FileKind::Binary => "BINARY",
            FileKind::Motorola => "MOTOROLA",
        }
    }
}

/// A file of a sheet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct CueFile {
    /// Its name as the sheet has it, from the sheet's folder.
    pub name: String,
    /// How it is stored.
    pub kind: FileKind,
}

/// A place in a track.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct CueIndex {
    /// 0 for the pause, 1 for the track's beginning, and on.
    pub number: u8,
    /// The file it stands in, by its place in the sheet.
    pub file: usize,
    /// The time from that file's start.
    pub at: Sectors,
}

/// A track of a sheet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct CueTrack {
    /// Its texts.
    pub texts: Texts,
    /// Its recording's code.
    pub isrc: Option<Isrc>,
    /// Its control flags.
    pub flags: Flags,
    /// Silence before it that is in no file.
    pub pregap: Option<Sectors>,
    /// Silence behind it that is in no file.
    pub postgap: Option<Sectors>,
    /// Its places, in order.
    pub indexes: Vec<CueIndex>,
    /// What stands behind `REM`, line by line.
    pub remarks: Vec<String>,
}

/// A cue sheet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct CueSheet {
    /// The release's EAN.
    pub catalog: Option<Barcode>,
    /// A file of CD-Text packs that replaces the texts.
    pub cdtext_file: Option<String>,
    /// The disc's texts.
    pub texts: Texts,
    /// What stands behind `REM` before the first track, line by line.
    pub remarks: Vec<String>,
    /// The files, in order.
    pub files: Vec<CueFile>,
    /// The tracks, from track 1.
    pub tracks: Vec<CueTrack>,
}

impl CueSheet {
    /// What a remark of that key says, such as `DATE` or `GENRE`; quotes are taken off.
    pub fn remark(&self, key: &str) -> Option<&str> {
        self.remarks.iter().find_map(|remark| {
            let (word, rest) = remark.split_once([' ', '\t'])?;
            word.eq_ignore_ascii_case(key).then(|| rest.trim().trim_matches('"'))
        })
    }
}
