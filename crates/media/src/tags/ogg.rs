//! Tags of Ogg Vorbis and Opus: the second packet of the stream (RFC 3533, RFC 7845 §5.2, *Vorbis I* §5).
//!
//! The pages of the header are made anew; when there are more or fewer of them, the audio's pages are numbered anew,
//! one by one, with their checksums.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use super::fields::Gathered;
use super::picture::Embedded;
use super::shift::splice;
use super::vorbis::{self, Comments};
use super::{MOST, New, refused};
use crate::error::MediaError;
use crate::input::{Bytes, array};

/// A page's header without its table of segments.
const HEADER: usize = 27;
const CONTINUED: u8 = 1;
const FIRST: u8 = 2;

struct Page {
    flags: u8,
    serial: [u8; 4],
    segments: Vec<u8>,
    /// Bytes of the header, and of the body.
    sizes: (u64, u64),
}

/// Reads the header of the page at a place; none at the end of the file.
fn page(file: &mut Bytes<'_>, at: u64) -> Result<Option<Page>, MediaError> {
    let head = file.read_some(at, (HEADER + 255) as u64, HEADER + 255)?;
    if head.is_empty() {
        return Ok(None);
    }
    let (Some(b"OggS\0"), Some(serial), Some(count)) = (head.get(..5), array::<4>(&head, 14), head.get(26)) else {
        return Err(MediaError::damaged(file.path, at, "no Ogg page where one should begin"));
    };
    let segments = head.get(HEADER..HEADER + usize::from(*count)).map(<[u8]>::to_vec);
    let body = segments.as_ref().map(|segments| segments.iter().map(|s| u64::from(*s)).sum::<u64>());
    let sizes = (HEADER as u64 + u64::from(*count), body.unwrap_or(u64::MAX));
    match segments {
        Some(segments) if sizes.1 <= file.len - at && at + sizes.0 + sizes.1 <= file.len => {
            Ok(Some(Page { flags: head[5], serial, segments, sizes }))
        }
        _ => Err(MediaError::damaged(file.path, at, "a page that goes on past the end of the file")),
    }
}

/// The packets before the audio.
struct Header {
    /// Identification, comments, and the books of Vorbis.
    packets: Vec<Vec<u8>>,
    serial: [u8; 4],
    /// The bytes of the first page, which holds the identification alone.
    first: u64,
    /// The byte of the first page of audio.
    audio: u64,
    pages: u32,
    opus: bool,
}

fn header(file: &mut Bytes<'_>) -> Result<Header, MediaError> {
    let mut found: Option<Header> = None;
    let (mut at, mut open, mut sum) = (0, false, 0);
    loop {
        let Some(page) = page(file, at)? else {
            return Err(MediaError::damaged(file.path, at, "the file ends inside its header"));
        };
        let body = file.read_some(at + page.sizes.0, page.sizes.1, 65_536)?;
        at += page.sizes.0 + page.sizes.1;
        sum += page.sizes.1;
        let header = found.get_or_insert_with(|| Header {
            packets: Vec::new(),
            serial: page.serial,
            first: at,
            audio: 0,
            pages: 0,
            opus: body.starts_with(b"OpusHead"),
        });
        if page.serial != header.serial {
            let found = "several streams in one Ogg file";
            return Err(MediaError::unsupported(file.path, found, "take the audio out of it first"));
        }
        if !header.opus && header.pages == 0 && !body.starts_with(b"\x01vorbis") {
            let found = "an Ogg stream that is neither Vorbis nor Opus";
            return Err(MediaError::unsupported(file.path, found, "only the tags of those are known"));
        }
        if sum > MOST {
            return Err(MediaError::damaged(file.path, at, "more than 64 MiB of header"));
        }
        header.pages += 1;
        let mut rest = body.as_slice();
        for segment in &page.segments {
            if !open {
                header.packets.push(Vec::new());
            }
            let (part, more) = rest.split_at(usize::from(*segment).min(rest.len()));
            rest = more;
            header.packets.last_mut().into_iter().for_each(|packet| packet.extend_from_slice(part));
            open = *segment == 255;
        }
        let expected = if header.opus { 2 } else { 3 };
        if header.packets.len() > expected || (header.pages == 1 && header.packets.len() != 1) {
            return Err(MediaError::damaged(file.path, at, "audio on a page of the header"));
        }
        if header.packets.len() == expected && !open {
            header.audio = at;
            break;
        }
    }
    let missing = || MediaError::damaged(file.path, 0, "no header");
    found.ok_or_else(missing)
}

const fn signature(opus: bool) -> &'static [u8] {
    if opus { b"OpusTags" } else { b"\x03vorbis" }
}

/// What the file says; comments that are none of ours are given back with the encoder's name.
pub(super) fn read(
    file: &mut Bytes<'_>,
    gathered: &mut Gathered,
    pictures: &mut Vec<Embedded>,
) -> Result<Comments, MediaError> {
    let header = header(file)?;
    let packet = header.packets.get(1).and_then(|packet| packet.strip_prefix(signature(header.opus)));
    let comments = packet.and_then(Comments::parse);
    let comments =
        comments.ok_or_else(|| MediaError::damaged(file.path, header.first, "comments that cannot be read"))?;
    let items = comments.gather(gathered, pictures);
    Ok(Comments { vendor: comments.vendor, items })
}

/// Writes tags; see the module.
pub(super) fn write(file: &mut File, path: &Path, new: &New<'_>, rest: Comments) -> Result<(), MediaError> {
    let io = |e| MediaError::io(path, "written", e);
    let len = file.seek(SeekFrom::End(0)).map_err(io)?;
    let old = header(&mut Bytes { path, input: file, len })?;
    let mut items = [vorbis::items(new.tags, old.opus), rest.items].concat();
    for picture in new.pictures {
        items.push(("METADATA_BLOCK_PICTURE".into(), data_encoding::BASE64.encode(&picture.flac_block())));
    }
    let mut comments = signature(old.opus).to_vec();
    comments.extend(Comments { vendor: rest.vendor, items }.body());
    if !old.opus {
        // The framing bit of Vorbis.
        comments.push(1);
    }
    if comments.len() as u64 > MOST {
        return Err(refused(path, "more than 64 MiB of tags; make the picture smaller"));
    }
    let mut packets = old.packets;
    packets.remove(0);
    packets[0] = comments;
    let (pages, bytes) = paged(&packets, old.serial, 1);
    let start = old.first;
    splice(file, start, old.audio - start, &bytes).map_err(io)?;
    let moved = start + bytes.len() as u64;
    if pages == old.pages { Ok(()) } else { number(file, path, moved, old.serial, pages) }
}

/// The pages that hold these packets, from that number on: how many there are then in all, and their bytes.
fn paged(packets: &[Vec<u8>], serial: [u8; 4], first: u32) -> (u32, Vec<u8>) {
    let (mut segments, mut body) = (Vec::new(), Vec::new());
    for packet in packets {
        segments.extend(std::iter::repeat_n(255_u8, packet.len() / 255));
        segments.push((packet.len() % 255) as u8);
        body.extend_from_slice(packet);
    }
    let (mut out, mut rest, mut number, mut open) = (Vec::new(), body.as_slice(), first, false);
    for table in segments.chunks(255) {
        let size: usize = table.iter().map(|s| usize::from(*s)).sum();
        let (part, more) = rest.split_at(size);
        rest = more;
        // Headers stand at position 0; a page on which no packet ends has none.
        let position = if table.iter().any(|s| *s < 255) { 0_u64 } else { u64::MAX };
        let mut page = b"OggS\0".to_vec();
        page.push(if open { CONTINUED } else { 0 });
        page.extend_from_slice(&position.to_le_bytes());
        page.extend_from_slice(&serial);
        page.extend_from_slice(&number.to_le_bytes());
        page.extend_from_slice(&[0; 4]);
        page.push(table.len() as u8);
        page.extend_from_slice(table);
        page.extend_from_slice(part);
        seal(&mut page);
        out.extend_from_slice(&page);
        number += 1;
        open = table.last() == Some(&255);
    }
    (number, out)
}

/// Numbers the stream's pages anew, from `at` to the stream's end.
fn number(file: &mut File, path: &Path, mut at: u64, serial: [u8; 4], mut number: u32) -> Result<(), MediaError> {
    let io = |e| MediaError::io(path, "written", e);
    let len = file.seek(SeekFrom::End(0)).map_err(io)?;
    loop {
        let mut bytes = Bytes { path, input: &mut *file, len };
        let Some(found) = page(&mut bytes, at)? else { return Ok(()) };
        // Another stream that is chained behind this one keeps its own numbers.
        if found.serial != serial || found.flags & FIRST != 0 {
            return Ok(());
        }
        let mut whole = bytes.read_some(at, found.sizes.0 + found.sizes.1, 70_000)?;
        whole[18..22].copy_from_slice(&number.to_le_bytes());
        seal(&mut whole);
        file.seek(SeekFrom::Start(at)).and_then(|_| file.write_all(&whole[..HEADER])).map_err(io)?;
        at += found.sizes.0 + found.sizes.1;
        number = number.wrapping_add(1);
    }
}

/// Writes a page's checksum.
fn seal(page: &mut [u8]) {
    page[22..26].fill(0);
    let sum = page.iter().fold(0_u32, |sum, byte| (sum << 8) ^ CRC[usize::from((sum >> 24) as u8 ^ byte)]);
    page[22..26].copy_from_slice(&sum.to_le_bytes());
}

/// The table of Ogg's CRC: polynomial 0x04C11DB7, not reflected.
const CRC: [u32; 256] = {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        let mut value = (at as u32) << 24;
        let mut bit = 0;
        while bit < 8 {
            value = (value << 1) ^ (if value >> 31 == 1 { 0x04C1_1DB7 } else { 0 });
            bit += 1;
        }
        table[at] = value;
        at += 1;
    }
    table
};
