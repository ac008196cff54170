//! Tags of WAV, RF64 and BW64: `bext` before the audio; LIST-INFO, markers, `axml` and `id3 ` behind it.
//!
//! Chunks that are none of ours stay as they are. The audio moves only when what stands before it grows past the room
//! there is; a `JUNK` chunk takes what is left over. A file that outgrows 32 bits becomes RF64.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use lofty::id3::v2::Frame;

use super::fields::{Field, Gathered};
use super::picture::Embedded;
use super::shift::shift;
use super::{MOST, New, Tags, id3, info_list, refused};
use crate::error::MediaError;
use crate::info::{Bext, Container};
use crate::input::{Bytes, array, fourcc};
use crate::wav::chunks::chunk;
use crate::wav::read::{MOST_CHUNKS, OPEN, chunk_at, chunks_to_the_end, claim, next_chunk};
use crate::wav::{axml, bext, labels};

/// The size of `ds64` without a table, and of the `JUNK` that keeps its place.
const DS64: u64 = 28;

struct Chunk {
    name: [u8; 4],
    /// The byte of its body.
    at: u64,
    size: u64,
}

struct Walked {
    container: Container,
    chunks: Vec<Chunk>,
    /// Which of them is the audio.
    data: usize,
    /// Whether `ds64`, or room for it, is the first chunk.
    slot: bool,
}

fn walk(file: &mut Bytes<'_>) -> Result<Walked, MediaError> {
    let container = match file.read_some(0, 4, 4)?.as_slice() {
        b"RF64" => Container::Rf64,
        b"BW64" => Container::Bw64,
        _ => Container::Wav,
    };
    let (mut at, mut chunks, mut data, mut wide, mut slot) = (12, Vec::new(), None, None, false);
    while let Some((name, size)) = chunk_at(file, at)? {
        let body = at + 8;
        let mut long = u64::from(size);
        if chunks.is_empty() {
            slot = matches!(&name, b"ds64" | b"JUNK") && long >= DS64;
        }
        match &name {
            b"ds64" => {
                let head = file.read_some(body, long, 28)?;
                wide = array(&head, 8).map(u64::from_le_bytes);
                if array(&head, 24).is_some_and(|count| u32::from_le_bytes(count) > 0) {
                    let found = "several chunks of more than 4 GiB";
                    return Err(MediaError::unsupported(file.path, found, "export it with one"));
                }
            }
            b"data" if data.is_none() => {
                let available = file.len - body.min(file.len);
                let empty = size == 0 && chunks_to_the_end(file, body)?;
                let claimed = if empty { Some(0) } else { claim(container, size, wide, available) };
                long = claimed.unwrap_or(available);
                data = Some(chunks.len());
                if long > available {
                    let found = "samples are missing at its end";
                    return Err(MediaError::damaged(file.path, file.len, found));
                }
            }
            _ => {}
        }
        chunks.push(Chunk { name, at: body, size: long.min(file.len - body) });
        let known = if long <= u64::from(OPEN) { long } else { long + long % 2 };
        match next_chunk(file, body, known)? {
            Some(next) if chunks.len() < MOST_CHUNKS => at = next,
            _ => break,
        }
    }
    match data {
        Some(data) => Ok(Walked { container, chunks, data, slot }),
        None => Err(MediaError::damaged(file.path, file.len, "no `data` chunk: there is no audio")),
    }
}

/// What of an older file stays: frames of its `id3 `, entries of LIST-INFO, an `axml` that says more than a code.
#[derive(Default)]
pub(super) struct Rest {
    frames: Vec<Frame<'static>>,
    info: Vec<([u8; 4], Vec<u8>)>,
    described: bool,
}

/// What the file says in all its chunks; the `id3 ` chunk comes first, because it says most exactly.
pub(super) fn read(
    file: &mut Bytes<'_>,
    gathered: &mut Gathered,
    pictures: &mut Vec<Embedded>,
    own: &mut Tags,
) -> Result<Rest, MediaError> {
    let walked = walk(file)?;
    let mut rest = Rest::default();
    let mut load = |chunk: &Chunk| {
        if chunk.size > MOST {
            let found = format!("a chunk `{}` of more than 64 MiB", fourcc(chunk.name));
            return Err(MediaError::damaged(file.path, chunk.at - 8, found));
        }
        file.read_some(chunk.at, chunk.size, MOST as usize)
    };
    let (mut cue, mut names, mut code) = (Vec::new(), Vec::new(), None);
    for chunk in walked.chunks.iter().filter(|chunk| matches!(&chunk.name, b"id3 " | b"ID3 ")) {
        let bytes = load(chunk)?;
        match id3::gather(&bytes, gathered, pictures) {
            Ok(frames) => rest.frames.extend(frames),
            Err(found) => gathered.leave("id3 ", format!("cannot be read: {found}")),
        }
    }
    for chunk in &walked.chunks {
        match &chunk.name {
            b"bext" => own.broadcast = bext::parse(&load(chunk)?),
            b"cue " => cue = load(chunk)?,
            b"axml" => {
                let body = load(chunk)?;
                code = code.or(axml::isrc(&body));
                rest.described |= !axml::only_isrc(&body);
            }
            b"LIST" => {
                let body = load(chunk)?;
                match body.get(..4) {
                    Some(b"INFO") => rest.info.extend(info_list::gather(&body[4..], gathered)),
                    Some(b"adtl") => names.extend_from_slice(&body[4..]),
                    _ => {}
                }
            }
            _ => {}
        }
    }
    own.markers = labels::markers(&cue, &names);
    if let Some(code) = code {
        gathered.fill(Field::Isrc, code.as_str());
    }
    Ok(rest)
}

/// Whether tags are written anew into this chunk, or room is made of it.
fn ours(name: [u8; 4], kind: Option<[u8; 4]>, described: bool) -> bool {
    match &name {
        b"bext" | b"id3 " | b"ID3 " | b"cue " | b"JUNK" | b"junk" | b"PAD " | b"FLLR" | b"ds64" => true,
        b"axml" => !described,
        b"LIST" => kind.is_some_and(|kind| matches!(&kind, b"INFO" | b"adtl")),
        _ => false,
    }
}

/// Writes tags; see the module. `limit` is the largest size that a plain WAV may state: 2³² − 1 but in tests.
pub(super) fn write(file: &mut File, path: &Path, new: &New<'_>, rest: Rest, limit: u64) -> Result<(), MediaError> {
    let io = |e| MediaError::io(path, "written", e);
    let len = file.seek(SeekFrom::End(0)).map_err(io)?;
    let mut bytes = Bytes { path, input: &mut *file, len };
    let walked = walk(&mut bytes)?;
    let described = rest.described;
    let tail_new = tail(path, new, rest)?;
    let (mut front, mut behind, mut align, mut sum) = (Vec::new(), Vec::new(), 1_u64, 0);
    if let Some(broadcast) = &new.tags.broadcast {
        front.extend(chunk(*b"bext", &bext::body(broadcast)));
    }
    for (place, found) in walked.chunks.iter().enumerate().filter(|(place, _)| *place != walked.data) {
        let kind = array::<4>(&bytes.read_some(found.at, found.size, 4)?, 0);
        if ours(found.name, kind, described) {
            continue;
        }
        sum += found.size;
        if sum > MOST {
            return Err(refused(path, "more than 64 MiB of other chunks, which cannot be carried along"));
        }
        let body = bytes.read_some(found.at, found.size, MOST as usize)?;
        if &found.name == b"fmt " {
            align = array(&body, 12).map_or(1, u16::from_le_bytes).max(1).into();
        }
        if place < walked.data { &mut front } else { &mut behind }.extend(chunk(found.name, &body));
    }
    behind.extend(tail_new);
    let data = &walked.chunks[walked.data];
    let sizes = Sizes { data: data.size, frames: data.size / align };
    lay_out(file, data.at - 8, &walked, &front, &behind, sizes, limit).map_err(io)
}

#[derive(Clone, Copy)]
struct Sizes {
    data: u64,
    frames: u64,
}

/// Puts the parts in their places around the audio, which stands (with its header) at `old`.
fn lay_out(
    file: &mut File,
    old: u64,
    walked: &Walked,
    front: &[u8],
    behind: &[u8],
    sizes: Sizes,
    limit: u64,
) -> std::io::Result<()> {
    let padded = sizes.data + sizes.data % 2;
    let plain = 12 + front.len() as u64 + 8 + padded + behind.len() as u64;
    let wide = walked.container != Container::Wav || plain + 8 + DS64 > limit;
    let slot = if wide || walked.slot { 8 + DS64 } else { 0 };
    let need = 12 + slot + front.len() as u64;
    // What is left over of the old room is one chunk of its own, which takes eight bytes at least.
    let place = if old == need || old >= need + 8 { old } else { need };
    shift(file, old, place)?;
    // The padding byte may be missing at the end of a file.
    file.set_len(place + 8 + sizes.data)?;
    file.seek(SeekFrom::End(0))?;
    file.write_all(if padded > sizes.data { &[0] } else { &[] })?;
    file.write_all(behind)?;
    let riff = place + padded + behind.len() as u64;
    let narrow = |size: u64| if wide { OPEN } else { size as u32 };
    let mut head = match walked.container {
        Container::Bw64 => b"BW64".to_vec(),
        _ if wide => b"RF64".to_vec(),
        _ => b"RIFF".to_vec(),
    };
    head.extend_from_slice(&narrow(riff).to_le_bytes());
    head.extend_from_slice(b"WAVE");
    if wide {
        let body: Vec<u8> = [riff, sizes.data, sizes.frames].iter().flat_map(|size| size.to_le_bytes()).collect();
        head.extend(chunk(*b"ds64", &[body.as_slice(), &[0; 4]].concat()));
    } else if slot > 0 {
        head.extend(chunk(*b"JUNK", &[0; DS64 as usize]));
    }
    head.extend_from_slice(front);
    if place > need {
        head.extend(chunk(*b"JUNK", &vec![0; (place - need - 8) as usize]));
    }
    head.extend_from_slice(b"data");
    head.extend_from_slice(&narrow(sizes.data).to_le_bytes());
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&head)?;
    file.flush()
}

/// The chunks of tags behind the audio.
fn tail(path: &Path, new: &New<'_>, rest: Rest) -> Result<Vec<u8>, MediaError> {
    let mut out = Vec::new();
    let mut info = info_list::body(new.tags);
    if !rest.info.is_empty() {
        let list = info.get_or_insert_with(|| b"INFO".to_vec());
        rest.info.iter().for_each(|(name, body)| list.extend(chunk(*name, body)));
    }
    out.extend(info.into_iter().flat_map(|list| chunk(*b"LIST", &list)));
    if !new.tags.markers.is_empty() {
        out.extend(chunk(*b"cue ", &labels::cue(&new.tags.markers)));
        out.extend(chunk(*b"LIST", &labels::adtl(&new.tags.markers)));
    }
    if let Some(isrc) = new.tags.isrc.filter(|_| !rest.described) {
        out.extend(chunk(*b"axml", axml::body(isrc).as_bytes()));
    }
    let tag = id3::body(new.tags, new.pictures, rest.frames).map_err(|found| refused(path, &found))?;
    if !tag.is_empty() {
        out.extend(chunk(*b"id3 ", &tag));
    }
    Ok(out)
}

/// The size of a `bext` chunk with its header: the room that a writer keeps for it before the audio.
pub(super) fn room(broadcast: &Bext) -> u32 {
    chunk(*b"bext", &bext::body(broadcast)).len() as u32
}
