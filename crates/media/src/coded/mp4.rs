//! The gapless marks of MP4 audio, which Symphonia does not read, and how much of a file is there.
//!
//! An AAC encoder delays the sound (by 1024 to 2112 frames) and pads the last packet. Two marks say so: the edit list
//! (`elst`, ISO/IEC 14496-12 §8.6.6), and iTunes' `iTunSMPB` comment, which counts in samples and wins where it exists.

use std::path::Path;

use crate::error::MediaError;
use crate::input::{Bytes, Input, array};

/// The movie header of an hour of audio is about a megabyte; more than this is no audio file.
const MOST_MOOV: usize = 64 << 20;
const MOST_BOXES: usize = 100_000;

/// What to take off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Trim {
    /// Frames before the sound begins.
    pub(crate) delay: u64,
    /// The length of the sound, if it is stated.
    pub(crate) frames: Option<u64>,
    /// The frames, delay included, whose packets lie inside the file; `None` when the tables do not tell.
    pub(crate) present: Option<u64>,
    /// Where the last packet ends, which in a file that is cut off lies behind its end.
    pub(crate) data_end: u64,
}

/// Finds the marks of the first audio track.
pub(crate) fn trim(path: &Path, input: &mut dyn Input, len: u64) -> Result<Trim, MediaError> {
    let mut file = Bytes { path, input, len };
    let moov = find_moov(&mut file)?;
    file.input.rewind().map_err(|e| MediaError::io(path, "read", e))?;
    Ok(marks(&moov, len).unwrap_or_default())
}

fn find_moov(file: &mut Bytes<'_>) -> Result<Vec<u8>, MediaError> {
    let mut at = 0;
    for _ in 0..MOST_BOXES {
        let head = file.read_some(at, 16, 16)?;
        let Some((kind, header, size)) = box_header(&head, file.len - at) else { break };
        if &kind == b"moov" {
            let body = size - header;
            if body > MOST_MOOV as u64 {
                return Err(MediaError::damaged(file.path, at, format!("an MP4 header of {body} bytes")));
            }
            return file.read_some(at + header, body, MOST_MOOV);
        }
        at += size;
        if at >= file.len {
            break;
        }
    }
    Err(MediaError::damaged(file.path, file.len, "the file ends before its MP4 header (`moov`)"))
}

/// Kind, bytes of header and bytes in all of the box at the start of `head`, when `left` bytes remain.
fn box_header(head: &[u8], left: u64) -> Option<([u8; 4], u64, u64)> {
    let kind = array::<4>(head, 4)?;
    let (header, size) = match array(head, 0).map(u32::from_be_bytes)? {
        0 => (8, left),
        1 => (16, array(head, 8).map(u64::from_be_bytes)?),
        size => (8, u64::from(size)),
    };
    (size >= header).then_some((kind, header, size))
}

/// The boxes in a body, each as its kind and its own body.
fn boxes(mut body: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    std::iter::from_fn(move || {
        let (kind, header, size) = box_header(body, body.len() as u64)?;
        let end = (size.min(body.len() as u64)) as usize;
        let inner = body.get(header as usize..end)?;
        body = &body[end..];
        Some((kind, inner))
    })
}

/// The body of the box reached by that path of kinds.
fn find<'a>(body: &'a [u8], path: &[&[u8; 4]]) -> Option<&'a [u8]> {
    path.iter().try_fold(body, |body, wanted| boxes(body).find(|(kind, _)| kind == *wanted).map(|(_, inner)| inner))
}

fn marks(moov: &[u8], len: u64) -> Option<Trim> {
    let movie_scale = timescale(find(moov, &[b"mvhd"])?)?;
    let track = boxes(moov)
        .filter(|(kind, _)| kind == b"trak")
        .map(|(_, track)| track)
        .find(|track| find(track, &[b"mdia", b"hdlr"]).is_some_and(|handler| array(handler, 8) == Some(*b"soun")))?;
    let scale = timescale(find(track, &[b"mdia", b"mdhd"])?)?;
    let rate = u64::from(sample_rate(track).unwrap_or(scale));
    let tables = find(track, &[b"mdia", b"minf", b"stbl"])?;
    let total = find(tables, &[b"stts"]).map(|table| durations(table, u64::MAX)).filter(|total| *total > 0);
    let to_frames = |time: u64| (u128::from(time) * u128::from(rate) / u128::from(scale)) as u64;
    let (packets, data_end) = packets_inside(tables, len).unwrap_or_default();
    let present = total.and(find(tables, &[b"stts"])).map(|table| to_frames(durations(table, packets)));
    let base = Trim { delay: 0, frames: total.map(to_frames), present, data_end };
    if let Some((delay, frames)) = itunes(moov).or_else(|| itunes(track)) {
        return Some(Trim { delay, frames, ..base });
    }
    let Some((length, start)) = find(track, &[b"edts", b"elst"]).and_then(edit) else {
        return Some(base);
    };
    // The edit counts in the movie's scale, often milliseconds; the sample table's total is finer where both agree.
    let edited = u128::from(length) * u128::from(scale) / u128::from(movie_scale);
    let edited = u64::try_from(edited).unwrap_or(u64::MAX);
    let grain = u64::from(scale).div_ceil(u64::from(movie_scale));
    let frames = match total.map(|total| total.saturating_sub(start)) {
        Some(rest) if length == 0 || rest.abs_diff(edited) <= grain => rest,
        Some(rest) => rest.min(edited),
        None => edited,
    };
    Some(Trim { delay: to_frames(start), frames: Some(to_frames(frames)).filter(|frames| *frames > 0), ..base })
}

/// How many packets, from the first on, lie inside the file, and where the last of all ends (ISO/IEC 14496-12 §8.7).
fn packets_inside(tables: &[u8], len: u64) -> Option<(u64, u64)> {
    let word = |table: &[u8], at: usize| array(table, at).map(u32::from_be_bytes);
    let sizes = find(tables, &[b"stsz"])?;
    let (same, count) = (word(sizes, 4)?, u64::from(word(sizes, 8)?));
    let runs = find(tables, &[b"stsc"])?.get(8..)?;
    let (runs, _) = runs.as_chunks::<12>();
    let (chunks, wide) = match find(tables, &[b"co64"]) {
        Some(table) => (table.get(8..)?, true),
        None => (find(tables, &[b"stco"])?.get(8..)?, false),
    };
    let (mut packet, mut inside, mut data_end, mut run) = (0_u64, None, 0_u64, 0_usize);
    for (index, entry) in chunks.chunks_exact(if wide { 8 } else { 4 }).enumerate() {
        let mut at = if wide { u64::from_be_bytes(array(entry, 0)?) } else { u64::from(word(entry, 0)?) };
        while runs.get(run + 1).and_then(|next| word(next, 0)).is_some_and(|first| index + 1 >= first as usize) {
            run += 1;
        }
        for _ in 0..word(runs.get(run)?, 4)? {
            if packet == count {
                break;
            }
            let size = if same > 0 { same } else { word(sizes, 12 + packet as usize * 4)? };
            at = at.saturating_add(u64::from(size));
            if at > len && inside.is_none() {
                inside = Some(packet);
            }
            packet += 1;
        }
        data_end = data_end.max(at);
    }
    Some((inside.unwrap_or(packet), data_end))
}

/// The time scale in `mvhd` or `mdhd`.
fn timescale(header: &[u8]) -> Option<u32> {
    let at = if header.first() == Some(&1) { 20 } else { 12 };
    array(header, at).map(u32::from_be_bytes).filter(|scale| *scale > 0)
}

/// The sample rate in the first sample description (16.16 fixed point; 0 for rates that do not fit).
fn sample_rate(track: &[u8]) -> Option<u32> {
    let description = find(track, &[b"mdia", b"minf", b"stbl", b"stsd"])?.get(8..)?;
    let (_, entry) = boxes(description).next()?;
    array(entry, 24).map(|fixed| u32::from_be_bytes(fixed) >> 16).filter(|rate| *rate > 0)
}

/// The sum of the durations of the first `packets` packets in `stts`.
fn durations(table: &[u8], mut packets: u64) -> u64 {
    let (entries, _) = table.get(8..).unwrap_or_default().as_chunks::<8>();
    entries.iter().fold(0_u64, |sum, entry| {
        let word = |at: usize| u64::from(u32::from_be_bytes([entry[at], entry[at + 1], entry[at + 2], entry[at + 3]]));
        let count = word(0).min(packets);
        packets -= count;
        sum.saturating_add(count * word(4))
    })
}

/// Length (movie scale) and start (media scale) of the first edit that is not empty.
fn edit(list: &[u8]) -> Option<(u64, u64)> {
    let wide = list.first() == Some(&1);
    let entries = list.get(8..)?;
    entries.chunks_exact(if wide { 20 } else { 12 }).find_map(|entry| {
        let (length, start) = if wide {
            (u64::from_be_bytes(array(entry, 0)?), i64::from_be_bytes(array(entry, 8)?))
        } else {
            (u64::from(u32::from_be_bytes(array(entry, 0)?)), i64::from(i32::from_be_bytes(array(entry, 4)?)))
        };
        Some((length, u64::try_from(start).ok()?))
    })
}

/// iTunes' comment: delay, padding and length in samples, in hexadecimal.
fn itunes(holder: &[u8]) -> Option<(u64, Option<u64>)> {
    let meta = find(holder, &[b"udta", b"meta"])?;
    let list = find(meta.get(4..)?, &[b"ilst"])?;
    let comment = boxes(list).filter(|(kind, _)| kind == b"----").find_map(|(_, item)| {
        let name = find(item, &[b"name"])?.get(4..)?;
        (name == b"iTunSMPB").then(|| find(item, &[b"data"])?.get(8..)).flatten()
    })?;
    let text = std::str::from_utf8(comment).ok()?;
    let mut words = text.split_ascii_whitespace().skip(1).map(|word| u64::from_str_radix(word, 16));
    let delay = words.next()?.ok()?;
    let _padding = words.next()?.ok()?;
    let frames = words.next()?.ok()?;
    Some((delay, Some(frames).filter(|frames| *frames > 0)))
}
