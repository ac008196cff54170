//! `DDPMS`, the map stream: a packet of 128 bytes for each stream of the master, which names its file.

use std::path::Path;

use super::record::{Field, blank, number, put, put_number, text};
use crate::error::ReleaseError;
use crate::toc::Sectors;

pub(super) const BYTES: usize = 128;
const MARK: Field = Field(0, 4);
const STREAM: Field = Field(4, 2);
const LENGTH: Field = Field(14, 8);
const START: Field = Field(22, 8);
const SUBCODE: Field = Field(30, 8);
const MODE: Field = Field(38, 2);
const STORAGE: Field = Field(40, 1);
const SCRAMBLED: Field = Field(41, 1);
const PAUSE: Field = Field(46, 4);
const TRACK: Field = Field(55, 2);
const NAME_WIDTH: Field = Field(71, 3);
const NAME: Field = Field(74, 17);

/// One stream, as the map describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Packet {
    /// `D0` main data, `S0` subcode, and others that a CD of audio does not have.
    pub stream: String,
    /// Sectors of a data stream, bytes of others.
    pub length: u64,
    /// The sector where a data stream starts on the disc; `None` when it is left blank.
    pub start: Option<u64>,
    /// `PQ DESCR` or `CDTEXT` for subcode.
    pub subcode: String,
    /// `DA` for audio.
    pub mode: String,
    /// How sectors are stored: `7` and `0` both mean 2352 bytes of audio.
    pub storage: String,
    /// Sectors of the first track's pause at the beginning of the stream; `None` when it is left blank.
    pub pause: Option<u64>,
    /// The file that holds the stream.
    pub name: String,
}

impl Packet {
    /// The audio of a disc.
    pub(super) fn audio(name: &str, length: Sectors, pause: Sectors) -> Packet {
        Packet {
            stream: "D0".into(),
            length: u64::from(length.0),
            start: Some(0),
            mode: "DA".into(),
            storage: "7".into(),
            pause: Some(u64::from(pause.0)),
            name: name.into(),
            ..Packet::default()
        }
    }

    /// A stream of subcode.
    pub(super) fn subcode(name: &str, kind: &str, bytes: usize) -> Packet {
        Packet {
            stream: "S0".into(),
            length: bytes as u64,
            subcode: kind.into(),
            name: name.into(),
            ..Packet::default()
        }
    }

    pub(super) fn is_audio(&self) -> bool {
        self.stream == "D0" && self.mode == "DA"
    }

    /// Numbers are padded with zeros and the audio is marked as not scrambled, as Sonoris and HOFA do.
    pub(super) fn bytes(&self) -> [u8; BYTES] {
        let mut record = blank();
        put(&mut record, MARK, "VVVM");
        put(&mut record, STREAM, &self.stream);
        put_number(&mut record, LENGTH, self.length);
        if let Some(start) = self.start {
            put_number(&mut record, START, start);
        }
        put(&mut record, SUBCODE, &self.subcode);
        put(&mut record, MODE, &self.mode);
        put(&mut record, STORAGE, &self.storage);
        if self.is_audio() {
            put(&mut record, SCRAMBLED, "0");
        }
        if let Some(pause) = self.pause {
            // All writers that were seen pad this one with spaces.
            put(&mut record, PAUSE, &format!("{pause:4}"));
        }
        if self.subcode == "CDTEXT" {
            put(&mut record, TRACK, "00");
        }
        put_number(&mut record, NAME_WIDTH, NAME.1 as u64);
        put(&mut record, NAME, &self.name);
        record
    }
}

/// Reads a map stream.
///
/// # Errors
/// When it is no row of packets, or a number or a file name in it is none. `path` names it in messages.
pub fn parse(path: &Path, bytes: &[u8]) -> Result<Vec<Packet>, ReleaseError> {
    let (records, rest) = bytes.as_chunks::<BYTES>();
    if records.is_empty() || rest.iter().any(|b| !matches!(b, 0 | b' ' | b'\r' | b'\n' | 0x1A)) {
        let found = format!("expected packets of {BYTES} bytes, found {} bytes", bytes.len());
        return Err(ReleaseError::damaged(path, "its end", found));
    }
    records.iter().enumerate().map(|(n, record)| packet(path, n, record)).collect()
}

fn packet(path: &Path, n: usize, record: &[u8; BYTES]) -> Result<Packet, ReleaseError> {
    let damaged =
        |field: Field, found: String| ReleaseError::damaged(path, format!("byte {}", n * BYTES + field.0), found);
    let mark = text(record, MARK);
    if mark != "VVVM" {
        return Err(damaged(MARK, format!("expected the mark VVVM of a packet, found `{}`", mark.escape_debug())));
    }
    let read = |field, what: &str| {
        let wrong =
            |found: String| damaged(field, format!("expected {what}, a number, found `{}`", found.escape_debug()));
        number(record, field).map_err(wrong)
    };
    let name = text(record, NAME);
    // A name must stay in the folder, and be none that a terminal obeys: filesets come from anywhere.
    let foreign = |c: char| c.is_control() || ['/', '\\', ':'].contains(&c);
    let plain = !name.is_empty() && !name.contains(foreign) && name != "." && name != "..";
    if !plain {
        return Err(damaged(NAME, format!("expected a file's name, found `{}`", name.escape_debug())));
    }
    Ok(Packet {
        stream: text(record, STREAM),
        length: read(LENGTH, "the stream's length")?.unwrap_or(0),
        start: read(START, "the stream's first sector")?,
        subcode: text(record, SUBCODE),
        mode: text(record, MODE),
        storage: text(record, STORAGE),
        pause: read(PAUSE, "the pause's length")?,
        name,
    })
}
