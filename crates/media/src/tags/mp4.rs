//! Tags of MPEG-4 files: the atom `moov/udta/meta/ilst` (ISO/IEC 14496-12, Apple's *`QuickTime` File Format*).
//!
//! Only the index (`moov`) is held in memory. When it grows and stands before the audio, the audio moves and the places
//! of its chunks (`stco`, `co64`) are corrected.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use lofty::mp4::Atom;

use super::fields::Gathered;
use super::ilst::{self, boxed};
use super::picture::Embedded;
use super::shift::splice;
use super::{MOST, New, refused};
use crate::error::MediaError;
use crate::input::{Bytes, array};

/// An index of ten hours has some tens of MiB.
const MOST_INDEX: u64 = 512 << 20;
/// No sane file has more atoms side by side.
const MOST_ATOMS: usize = 65_536;

#[derive(Clone, Copy)]
struct Place {
    name: [u8; 4],
    /// The byte of the header.
    at: u64,
    /// The bytes of the header.
    head: u64,
    /// Header and body.
    size: u64,
}

impl Place {
    fn end(self) -> u64 {
        self.at + self.size
    }
}

/// The atoms side by side in a stretch of the file.
fn atoms(file: &mut Bytes<'_>, mut at: u64, end: u64) -> Result<Vec<Place>, MediaError> {
    let mut found = Vec::new();
    while at + 8 <= end && found.len() < MOST_ATOMS {
        let head = file.read_some(at, 16, 16)?;
        let (Some(size), Some(name)) = (array(&head, 0).map(u32::from_be_bytes), array::<4>(&head, 4)) else { break };
        let (head, size) = match size {
            0 => (8, end - at),
            1 => (16, array(&head, 8).map_or(0, u64::from_be_bytes)),
            size => (8, u64::from(size)),
        };
        if size < head || size > end - at {
            let found = format!("an atom `{}` that does not fit where it stands", crate::input::fourcc(name));
            return Err(MediaError::damaged(file.path, at, found));
        }
        found.push(Place { name, at, head, size });
        at += size;
    }
    Ok(found)
}

fn one(found: &[Place], name: [u8; 4]) -> Option<Place> {
    found.iter().find(|place| place.name == name).copied()
}

/// What the file says; atoms that are none of ours are given back.
pub(super) fn read(
    file: &mut Bytes<'_>,
    gathered: &mut Gathered,
    pictures: &mut Vec<Embedded>,
) -> Result<Vec<Atom<'static>>, MediaError> {
    let len = file.len;
    let mut inside = one(&atoms(file, 0, len)?, *b"moov");
    for name in [*b"udta", *b"meta", *b"ilst"] {
        let Some(outer) = inside else { return Ok(Vec::new()) };
        // `meta` begins with four bytes of version and flags, which `QuickTime` leaves out.
        let mut body = outer.at + outer.head;
        if &outer.name == b"meta" {
            body += meta_skip(&file.read_some(body, 8, 8)?);
        }
        inside = one(&atoms(file, body, outer.end())?, name);
    }
    let Some(list) = inside else { return Ok(Vec::new()) };
    if list.size > MOST {
        return Err(MediaError::damaged(file.path, list.at, "more than 64 MiB of tags"));
    }
    let bytes = file.read_some(list.at + list.head, list.size - list.head, MOST as usize)?;
    ilst::gather(&boxed(*b"ilst", &[&bytes]), gathered, pictures)
        .map_err(|found| MediaError::damaged(file.path, list.at, format!("tags that cannot be read: {found}")))
}

fn meta_skip(body: &[u8]) -> u64 {
    if body.get(4..8) == Some(b"hdlr") { 0 } else { 4 }
}

/// Writes tags; see the module.
pub(super) fn write(file: &mut File, path: &Path, new: &New<'_>, rest: Vec<Atom<'static>>) -> Result<(), MediaError> {
    let io = |e| MediaError::io(path, "written", e);
    let len = file.seek(SeekFrom::End(0)).map_err(io)?;
    let mut bytes = Bytes { path, input: &mut *file, len };
    let top = atoms(&mut bytes, 0, len)?;
    let Some(moov) = one(&top, *b"moov") else {
        return Err(MediaError::damaged(path, 0, "no index (`moov`); the file was never completed"));
    };
    if one(&top, *b"moof").is_some() {
        return Err(MediaError::unsupported(path, "a fragmented MPEG-4 file", "tag the file it was made from"));
    }
    if moov.size > MOST_INDEX {
        return Err(MediaError::damaged(path, moov.at, "an index of more than 512 MiB"));
    }
    let body = bytes.read_some(moov.at + moov.head, moov.size - moov.head, MOST_INDEX as usize)?;
    let list = ilst::atom(new.tags, new.pictures, rest).map_err(|found| refused(path, &found))?;
    let broken = || MediaError::damaged(path, moov.at, "an index whose atoms do not fit into each other");
    let mut index = boxed(*b"moov", &[&with_list(&body, &list).ok_or_else(broken)?]);
    if index.len() as u64 > MOST_INDEX {
        return Err(refused(path, "the tags are too large; make the picture smaller"));
    }
    // A free atom behind the index is room for it.
    let free = top.iter().find(|place| place.at == moov.end() && matches!(&place.name, b"free" | b"skip"));
    let room = moov.size + free.map_or(0, |place| place.size);
    let after = moov.at + room;
    let left = room.checked_sub(index.len() as u64);
    if after < len {
        match left {
            Some(0) => {}
            Some(left @ 8..) if u32::try_from(left).is_ok() => {
                index.extend_from_slice(&(left as u32).to_be_bytes());
                index.extend_from_slice(b"free");
                index.resize(room as usize, 0);
            }
            _ => {
                let by = index.len() as i64 - room as i64;
                move_chunks(&mut index[8..], 0, after, by).ok_or_else(|| {
                    refused(path, "its audio would move beyond 4 GiB, which its index cannot say; export it again")
                })?;
            }
        }
    }
    splice(file, moov.at, room, &index).map_err(io)?;
    file.flush().map_err(io)
}

/// The parts of a body, as names and whole atoms; none when they do not fit.
fn parts(mut body: &[u8]) -> Option<Vec<([u8; 4], &[u8])>> {
    let mut found = Vec::new();
    while body.len() >= 8 {
        let size = match u32::from_be_bytes(array(body, 0)?) {
            // "To the end" is for the file's last atom; inside an index it would swallow what is put behind it.
            0 => return None,
            1 => usize::try_from(u64::from_be_bytes(array(body, 8)?)).ok().filter(|size| *size >= 16)?,
            size => (size as usize).max(8),
        };
        found.push((array(body, 4)?, body.get(..size)?));
        body = &body[size..];
    }
    Some(found)
}

/// The bytes of an atom's header.
fn head(atom: &[u8]) -> usize {
    if atom.get(..4) == Some(&[0, 0, 0, 1]) { 16 } else { 8 }
}

/// The body of `moov` with this list in `udta/meta`; what else is there stays.
fn with_list(moov: &[u8], list: &[u8]) -> Option<Vec<u8>> {
    replaced(moov, *b"udta", |udta| {
        replaced(udta.unwrap_or_default(), *b"meta", |meta| {
            let Some(meta) = meta else {
                let handler = boxed(*b"hdlr", &[b"\0\0\0\0\0\0\0\0mdirappl\0\0\0\0\0\0\0\0\0"]);
                return Some([&[0; 4], handler.as_slice(), list].concat());
            };
            let (flags, body) = meta.split_at_checked(meta_skip(meta) as usize)?;
            let kept: Vec<&[u8]> = parts(body)?
                .into_iter()
                .filter(|(name, _)| !matches!(name, b"ilst" | b"free" | b"skip"))
                .map(|(_, atom)| atom)
                .collect();
            Some([flags, &kept.concat(), list].concat())
        })
    })
}

/// A body whose first atom of that name has another body, made of the old one; it is put at the end if there was none.
fn replaced(body: &[u8], name: [u8; 4], new: impl FnOnce(Option<&[u8]>) -> Option<Vec<u8>>) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(body.len() + 4096);
    let mut new = Some(new);
    for (found, atom) in parts(body)? {
        match new.take_if(|_| found == name) {
            Some(new) => out.extend(boxed(name, &[&new(Some(atom.get(head(atom)..)?))?])),
            None => out.extend_from_slice(atom),
        }
    }
    if let Some(new) = new {
        out.extend(boxed(name, &[&new(None)?]));
    }
    Some(out)
}

/// Adds to every chunk's place that is not before `after`. None when one leaves its 32 bits or nothing fits.
fn move_chunks(body: &mut [u8], depth: usize, after: u64, by: i64) -> Option<()> {
    const PATH: [&[u8; 4]; 4] = [b"trak", b"mdia", b"minf", b"stbl"];
    let ranges: Vec<([u8; 4], usize, usize)> = {
        let mut at = 0;
        parts(body)?
            .into_iter()
            .map(|(name, atom)| {
                at += atom.len();
                (name, at - atom.len() + head(atom), at)
            })
            .collect()
    };
    for (name, start, end) in ranges {
        let inner = body.get_mut(start..end)?;
        if depth < PATH.len() && &name == PATH[depth] {
            move_chunks(inner, depth + 1, after, by)?;
        } else if depth == PATH.len() && matches!(&name, b"stco" | b"co64") {
            let count = u32::from_be_bytes(array(inner, 4)?) as usize;
            let table = inner.get_mut(8..)?;
            if &name == b"stco" {
                for entry in table.chunks_exact_mut(4).take(count) {
                    let place = u64::from(u32::from_be_bytes(array(entry, 0)?));
                    let moved = if place >= after { place.checked_add_signed(by)? } else { place };
                    entry.copy_from_slice(&u32::try_from(moved).ok()?.to_be_bytes());
                }
            } else {
                for entry in table.chunks_exact_mut(8).take(count) {
                    let place = u64::from_be_bytes(array(entry, 0)?);
                    let moved = if place >= after { place.checked_add_signed(by)? } else { place };
                    entry.copy_from_slice(&moved.to_be_bytes());
                }
            }
        }
    }
    Some(())
}
