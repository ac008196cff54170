//! Tags of AIFF and AIFF-C: an `ID3 ` chunk, and the old text chunks (`NAME`, `AUTH`, `(c) `, `ANNO`) for programs that
//! know no other (Apple, *Audio Interchange File Format* 1.3, §"Text chunks"; written as UTF-8).

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use lofty::id3::v2::Frame;

use super::fields::{Field, Gathered};
use super::picture::Embedded;
use super::shift::shift;
use super::{MOST, New, id3, refused};
use crate::error::MediaError;
use crate::input::{Bytes, array, text};

/// No sane file has more chunks; a damaged one must not be walked for ever.
const MOST_CHUNKS: usize = 4096;

const TEXTS: [([u8; 4], Field); 4] =
    [(*b"NAME", Field::Title), (*b"AUTH", Field::Artist), (*b"(c) ", Field::Copyright), (*b"ANNO", Field::Comment)];

/// Names, places and sizes of the chunks, headers not counted.
fn walk(file: &mut Bytes<'_>) -> Result<Vec<([u8; 4], u64, u64)>, MediaError> {
    let mut found = Vec::new();
    let mut at = 12;
    while found.len() < MOST_CHUNKS {
        let head = file.read_some(at, 8, 8)?;
        let (Some(name), Some(size)) = (array::<4>(&head, 0), array(&head, 4).map(u32::from_be_bytes)) else { break };
        found.push((name, at + 8, u64::from(size)));
        at += 8 + u64::from(size) + u64::from(size % 2);
    }
    Ok(found)
}

fn is_text(name: [u8; 4]) -> bool {
    TEXTS.iter().any(|(text, _)| *text == name)
}

fn is_id3(name: [u8; 4]) -> bool {
    matches!(&name, b"ID3 " | b"id3 ")
}

/// What the file says; frames that are none of ours are given back.
pub(super) fn read(
    file: &mut Bytes<'_>,
    gathered: &mut Gathered,
    pictures: &mut Vec<Embedded>,
) -> Result<Vec<Frame<'static>>, MediaError> {
    let chunks = walk(file)?;
    let mut rest = Vec::new();
    for (_, at, size) in chunks.iter().filter(|(name, ..)| is_id3(*name)) {
        if *size > MOST {
            return Err(MediaError::damaged(file.path, at - 8, "more than 64 MiB of tags"));
        }
        let bytes = file.read_some(*at, *size, MOST as usize)?;
        match id3::gather(&bytes, gathered, pictures) {
            Ok(frames) => rest.extend(frames),
            Err(found) => gathered.leave("ID3 ", format!("cannot be read: {found}")),
        }
    }
    for (name, at, size) in chunks {
        if let Some((_, field)) = TEXTS.iter().find(|(text, _)| *text == name) {
            gathered.fill(*field, &text(&file.read_some(at, size, 1 << 20)?));
        }
    }
    Ok(rest)
}

/// Writes tags; see the module.
pub(super) fn write(file: &mut File, path: &Path, new: &New<'_>, rest: Vec<Frame<'static>>) -> Result<(), MediaError> {
    let io = |e| MediaError::io(path, "written", e);
    let mut len = file.seek(SeekFrom::End(0)).map_err(io)?;
    let chunks = walk(&mut Bytes { path, input: &mut *file, len })?;
    if !chunks.iter().any(|(name, ..)| name == b"COMM") {
        return Err(MediaError::damaged(path, len.min(12), "no `COMM` chunk, which says what the samples are"));
    }
    if let Some((name, at, size)) = chunks.iter().find(|(_, at, size)| at + size > len) {
        let found =
            format!("a chunk `{}` of {size} bytes that goes on past the end of the file", crate::input::fourcc(*name));
        return Err(MediaError::damaged(path, *at, found));
    }
    let mut out = Vec::new();
    let texts = [
        new.tags.display_title(),
        new.tags.display_artist(),
        new.tags.copyright_line.clone(),
        new.tags.comment.clone(),
    ];
    for ((name, _), text) in TEXTS.iter().zip(texts) {
        out.extend(text.into_iter().flat_map(|text| chunk(*name, text.as_bytes())));
    }
    let tag = id3::body(new.tags, new.pictures, rest).map_err(|found| refused(path, &found))?;
    if !tag.is_empty() {
        out.extend(chunk(*b"ID3 ", &tag));
    }
    let gone = chunks.iter().filter(|(name, ..)| is_text(*name) || is_id3(*name));
    let freed: u64 = gone.clone().map(|(_, _, size)| 8 + size + size % 2).sum();
    if len.saturating_sub(freed) + out.len() as u64 + 1 > u64::from(u32::MAX) {
        return Err(refused(path, "an AIFF file ends at 4 GiB and this one has no room for tags; write WAV or FLAC"));
    }
    // Fewer bytes than a chunk's header may be left at the end; nothing could be found behind them.
    let end = chunks.last().map_or(len, |(_, at, size)| (at + size + size % 2).min(len));
    file.set_len(end).map_err(io)?;
    len = end;
    // From the last to the first, so that the places of those that are left stay right.
    for (_, at, size) in gone.rev() {
        let end = (at + size + size % 2).min(len);
        shift(file, end, at - 8).map_err(io)?;
        len = file.seek(SeekFrom::End(0)).map_err(io)?;
    }
    let write = |file: &mut File| {
        file.seek(SeekFrom::End(0))?;
        file.write_all(if len % 2 == 1 { &[0] } else { &[] })?;
        file.write_all(&out)?;
        let form = (len + len % 2 + out.len() as u64 - 8) as u32;
        file.seek(SeekFrom::Start(4))?;
        file.write_all(&form.to_be_bytes())?;
        file.flush()
    };
    write(file).map_err(io)
}

/// A chunk with its header, padded to an even size.
fn chunk(name: [u8; 4], body: &[u8]) -> Vec<u8> {
    let mut out = name.to_vec();
    out.extend_from_slice(&(body.len() as u32).to_be_bytes());
    out.extend_from_slice(body);
    out.resize(out.len() + body.len() % 2, 0);
    out
}
