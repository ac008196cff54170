//! Tags of native FLAC: metadata blocks before the audio (RFC 9639 §8).
//!
//! The tags go where the old ones and the padding were, if they fit; otherwise the audio moves once and padding is left
//! for the next time.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use super::fields::Gathered;
use super::picture::Embedded;
use super::shift::splice;
use super::vorbis::{self, Comments};
use super::{MOST, New, Tags, refused};
use crate::error::MediaError;
use crate::input::{Bytes, array};

const PADDING: u8 = 1;
const COMMENT: u8 = 4;
const PICTURE: u8 = 6;
/// What a block's 24 bits of length can say.
const LARGEST: usize = (1 << 24) - 1;
/// Left free when the audio has to move.
const SPARE: usize = 8192;

struct Blocks {
    /// Kinds and bodies, but for padding.
    found: Vec<(u8, Vec<u8>)>,
    /// The byte of the first block.
    start: u64,
    /// The byte of the first frame.
    audio: u64,
}

/// Reads the blocks of a file whose `fLaC` stands at `at`.
fn blocks(file: &mut Bytes<'_>, at: u64) -> Result<Blocks, MediaError> {
    let start = at + 4;
    let (mut place, mut sum) = (start, 0);
    let mut found = Vec::new();
    loop {
        let head = file.read_some(place, 4, 4)?;
        let Some([kind, a, b, c]) = array::<4>(&head, 0) else {
            return Err(MediaError::damaged(file.path, place, "the file ends inside its metadata"));
        };
        let size = u64::from(u32::from_be_bytes([0, a, b, c]));
        if place + 4 + size > file.len {
            return Err(MediaError::damaged(
                file.path,
                place,
                "a metadata block that goes on past the end of the file",
            ));
        }
        sum += size;
        if kind & 0x7F != PADDING {
            if sum > MOST {
                return Err(MediaError::damaged(file.path, place, "more than 64 MiB of metadata"));
            }
            found.push((kind & 0x7F, file.read_some(place + 4, size, LARGEST)?));
        }
        place += 4 + size;
        if kind & 0x80 != 0 {
            return Ok(Blocks { found, start, audio: place });
        }
    }
}

/// What the file says; comments that are none of ours are given back with the encoder's name.
pub(super) fn read(
    file: &mut Bytes<'_>,
    at: u64,
    gathered: &mut Gathered,
    pictures: &mut Vec<Embedded>,
) -> Result<Comments, MediaError> {
    let mut rest = Comments::default();
    for (kind, body) in blocks(file, at)?.found {
        match kind {
            COMMENT => {
                let comments = Comments::parse(&body).unwrap_or_default();
                rest.vendor.clone_from(&comments.vendor);
                rest.items.extend(comments.gather(gathered, pictures));
            }
            PICTURE => pictures.extend(Embedded::of_flac_block(&body)),
            _ => {}
        }
    }
    Ok(rest)
}

/// Writes tags; see the module.
pub(super) fn write(file: &mut File, path: &Path, at: u64, new: &New<'_>, rest: Comments) -> Result<(), MediaError> {
    let io = |e| MediaError::io(path, "written", e);
    let len = file.seek(SeekFrom::End(0)).map_err(io)?;
    let old = blocks(&mut Bytes { path, input: file, len }, at)?;
    let mut kept: Vec<(u8, Vec<u8>)> =
        old.found.into_iter().filter(|(kind, _)| !matches!(*kind, COMMENT | PICTURE)).collect();
    let comments = Comments { vendor: rest.vendor, items: vorbis::items(new.tags, false) };
    let items = [comments.items, rest.items].concat();
    kept.push((COMMENT, Comments { vendor: comments.vendor, items }.body()));
    kept.extend(new.pictures.iter().map(|picture| (PICTURE, picture.flac_block())));
    let mut out = Vec::new();
    for (kind, body) in &kept {
        if body.len() > LARGEST {
            return Err(refused(
                path,
                "a picture or a text of more than 16 MiB does not fit into FLAC; make it smaller",
            ));
        }
        out.push(*kind);
        out.extend_from_slice(&(body.len() as u32).to_be_bytes()[1..]);
        out.extend_from_slice(body);
    }
    let room = (old.audio - old.start) as usize;
    // The room is filled by padding, which takes four bytes at least; a block of padding may be too large for one.
    let spare = match room.checked_sub(out.len()) {
        Some(0) => None,
        Some(left @ 4..) if left - 4 <= LARGEST => Some(left - 4),
        _ => Some(SPARE),
    };
    match spare {
        Some(spare) => {
            out.push(PADDING | 0x80);
            out.extend_from_slice(&(spare as u32).to_be_bytes()[1..]);
            out.resize(out.len() + spare, 0);
        }
        None => mark_last(&mut out, &kept),
    }
    if out.len() == room {
        file.seek(SeekFrom::Start(old.start)).and_then(|_| file.write_all(&out)).map_err(io)
    } else {
        splice(file, old.start, room as u64, &out).map_err(io)
    }
}

/// Sets the bit that says that no block follows.
fn mark_last(out: &mut [u8], blocks: &[(u8, Vec<u8>)]) {
    let last = blocks.last().map_or(0, |(_, body)| body.len() + 4);
    let at = out.len() - last;
    if let Some(kind) = out.get_mut(at) {
        *kind |= 0x80;
    }
}

/// What the tags and a cover take before the audio, and something for figures that are known only at the end.
pub(super) fn room(tags: &Tags, cover: Option<&Embedded>) -> u32 {
    let items = vorbis::items(tags, false);
    let comments = Comments { vendor: String::new(), items }.body().len() + 4;
    let picture = cover.map_or(0, |cover| cover.flac_block().len() + 4);
    u32::try_from(comments + picture + SPARE).unwrap_or(u32::MAX)
}
