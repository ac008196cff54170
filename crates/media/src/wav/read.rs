//! Reading WAV headers: the walk over the chunks.

use tonmeister_core::Diagnostic;

use crate::error::MediaError;
use crate::info::{Bext, Codec, Container, FileInfo, Speakers};
use crate::input::{Bytes, array, fourcc};
use crate::pcm::{ByteOrder, Encoding, Pcm};
use crate::pcm_file::{Extent, PcmFile, check_shape};
use crate::wav::bext;

/// A size that a streaming writer left open, or that `ds64` replaces.
pub(crate) const OPEN: u32 = u32::MAX;
/// No sane file has more chunks; a damaged one must not be walked for ever.
pub(crate) const MOST_CHUNKS: usize = 4096;
/// `fmt ` and `ds64` are tens of bytes, `bext` is 602 and a coding history.
const MOST_HEADER: usize = 64 * 1024;

/// What the walk has gathered.
#[derive(Default)]
struct Found {
    format: Option<Format>,
    bext: Option<Bext>,
    /// Where the samples begin and the 32-bit size stated there.
    data: Option<(u64, u32)>,
    /// Whether `data` truly holds nothing, and is not one whose size was never filled in.
    empty: bool,
    /// The 64-bit size of the samples.
    wide_data: Option<u64>,
    warnings: Vec<Diagnostic>,
}

/// The `fmt ` chunk.
#[derive(Clone, Copy)]
struct Format {
    at: u64,
    tag: u16,
    channels: u16,
    rate: u32,
    frame_bytes: u16,
    bits: u16,
    /// Which loudspeakers the channels are for; 0 when that is not said.
    mask: u32,
}

const TAG_PCM: u16 = 1;
const TAG_FLOAT: u16 = 3;
const TAG_EXTENSIBLE: u16 = 0xFFFE;
/// The last 14 bytes of the sub-format that stands for an ordinary format tag.
const SUBFORMAT_TAIL: [u8; 14] = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71];

/// Reads the header of a file that begins with `RIFF`, `RF64` or `BW64`.
pub(crate) fn header(file: &mut Bytes<'_>) -> Result<PcmFile, MediaError> {
    let head = file.read_some(0, 12, 12)?;
    let container = match array::<4>(&head, 0).as_ref() {
        Some(b"RF64") => Container::Rf64,
        Some(b"BW64") => Container::Bw64,
        _ => Container::Wav,
    };
    match array::<4>(&head, 8) {
        Some(form) if &form == b"WAVE" => {}
        Some(form) => {
            let found = format!("a RIFF file of the kind `{}`, not WAVE", fourcc(form));
            return Err(MediaError::unsupported(file.path, found, "name an audio file"));
        }
        None => return Err(MediaError::damaged(file.path, head.len() as u64, "the file ends inside its WAV header")),
    }
    let found = walk(file)?;
    settle(file, container, found)
}

/// Walks the chunks until the file ends or nothing more can be made of it.
fn walk(file: &mut Bytes<'_>) -> Result<Found, MediaError> {
    let mut found = Found::default();
    let mut at = 12;
    for _ in 0..MOST_CHUNKS {
        let Some((id, size)) = chunk_at(file, at)? else {
            return Ok(found);
        };
        let body = at + 8;
        let mut long = u64::from(size);
        match &id {
            b"ds64" => found.wide_data = array(&file.read_some(body, long, 28)?, 8).map(u64::from_le_bytes),
            b"fmt " if found.format.is_none() => {
                found.format = Some(parse_format(file, body, long)?);
            }
            b"bext" => found.bext = bext::parse(&file.read_some(body, long, MOST_HEADER)?),
            b"data" if found.data.is_none() => {
                found.data = Some((body, size));
                if size == OPEN {
                    long = found.wide_data.unwrap_or(u64::MAX);
                } else if size == 0 {
                    found.empty = chunks_to_the_end(file, body)?;
                    if !found.empty {
                        return Ok(found);
                    }
                }
            }
            b"wavl" => {
                let remedy = "export it as one stretch of samples";
                return Err(MediaError::unsupported(file.path, "a WAV of scattered pieces (`wavl`)", remedy));
            }
            _ => {}
        }
        at = match next_chunk(file, body, long)? {
            Some(next) => next,
            None => return Ok(found),
        };
    }
    Ok(found)
}

/// The chunk header at that place, if the file reaches so far.
pub(crate) fn chunk_at(file: &mut Bytes<'_>, at: u64) -> Result<Option<([u8; 4], u32)>, MediaError> {
    let head = file.read_some(at, 8, 8)?;
    Ok(array(&head, 0).zip(array(&head, 4).map(u32::from_le_bytes)))
}

/// Where the chunk after this one begins. Chunks are padded to an even size, which some writers forget.
pub(crate) fn next_chunk(file: &mut Bytes<'_>, body: u64, size: u64) -> Result<Option<u64>, MediaError> {
    let Some(end) = body.checked_add(size).filter(|end| *end < file.len) else {
        return Ok(None);
    };
    if size.is_multiple_of(2) {
        return Ok(Some(end));
    }
    let chunk_begins = |file: &mut Bytes<'_>, at: u64| -> Result<bool, MediaError> {
        let len = file.len;
        let fits = |size| at + 8 + u64::from(size) <= len + 1;
        Ok(chunk_at(file, at)?.is_some_and(|(id, size)| is_name(id) && fits(size)))
    };
    let unpadded = !chunk_begins(file, end + 1)? && chunk_begins(file, end)?;
    Ok(Some(if unpadded { end } else { end + 1 }))
}

fn is_name(id: [u8; 4]) -> bool {
    id.iter().all(|b| b.is_ascii_graphic() || *b == b' ')
}

/// Whether everything from here to the end of the file is a chain of chunks that fits exactly: then a `data` chunk of
/// size 0 before it is truly empty, and not one whose writer never came back to state the size.
pub(crate) fn chunks_to_the_end(file: &mut Bytes<'_>, mut at: u64) -> Result<bool, MediaError> {
    for _ in 0..MOST_CHUNKS {
        if at >= file.len {
            return Ok(at <= file.len + 1);
        }
        match chunk_at(file, at)? {
            Some((id, size)) if is_name(id) => at += 8 + u64::from(size) + u64::from(size % 2),
            _ => return Ok(false),
        }
    }
    Ok(false)
}

fn parse_format(file: &mut Bytes<'_>, at: u64, size: u64) -> Result<Format, MediaError> {
    let body = file.read_some(at, size, 64)?;
    let short = |at| array(&body, at).map(u16::from_le_bytes);
    let (Some(tag), Some(channels), Some(rate), Some(frame_bytes), Some(bits)) =
        (short(0), short(2), array(&body, 4).map(u32::from_le_bytes), short(12), short(14))
    else {
        return Err(MediaError::damaged(file.path, at, "a `fmt ` chunk of fewer than 16 bytes"));
    };
    let mut format = Format { at, tag, channels, rate, frame_bytes, bits, mask: 0 };
    if tag == TAG_EXTENSIBLE {
        let tail = array::<14>(&body, 26);
        match (short(24), tail) {
            (Some(sub), Some(SUBFORMAT_TAIL)) => format.tag = sub,
            (Some(_), Some(_)) => {
                let remedy = "export it as linear PCM";
                return Err(MediaError::unsupported(file.path, "samples of an unknown extensible format", remedy));
            }
            _ => return Err(MediaError::damaged(file.path, at, "an extensible `fmt ` chunk without its extension")),
        }
        format.mask = array(&body, 20).map_or(0, u32::from_le_bytes);
        // The valid bits stand at the upper end of their bytes, so they only matter to whoever shows them.
        if let Some(valid) = short(18).filter(|valid| (1..=bits).contains(valid)) {
            format.bits = valid;
        }
    }
    Ok(format)
}

fn encoding(file: &Bytes<'_>, format: Format) -> Result<Encoding, MediaError> {
    let channels = usize::from(format.channels.max(1));
    let from_bits = usize::from(format.bits).div_ceil(8);
    let from_frame = usize::from(format.frame_bytes) / channels;
    // Padded containers (20 bits in 4 bytes) state it in the frame size alone.
    let bytes =
        if from_frame >= from_bits && usize::from(format.frame_bytes) % channels == 0 { from_frame } else { from_bits };
    let remedy = "export it as linear PCM: 16 or 24 bits, or 32-bit float";
    match (format.tag, bytes) {
        (_, 0) => Err(MediaError::damaged(file.path, format.at, "samples of 0 bits")),
        (TAG_PCM, bytes) => Encoding::integer(bytes).ok_or_else(|| {
            MediaError::unsupported(file.path, format!("integer samples of {} bits", format.bits), remedy)
        }),
        (TAG_FLOAT, 4) => Ok(Encoding::F32),
        (TAG_FLOAT, 8) => Ok(Encoding::F64),
        (TAG_FLOAT, _) => {
            Err(MediaError::unsupported(file.path, format!("floating-point samples of {} bits", format.bits), remedy))
        }
        (tag, _) => Err(MediaError::unsupported(file.path, codec_name(tag), remedy)),
    }
}

fn codec_name(tag: u16) -> String {
    let name = match tag {
        2 | 0x11 => "ADPCM",
        6 => "A-law",
        7 => "µ-law",
        0x31 => "GSM 6.10",
        0x50 => "MPEG layer 2",
        0x55 => "MP3",
        0xFF => "AAC",
        _ => return format!("WAV samples of the format 0x{tag:04X}"),
    };
    format!("WAV samples coded as {name}")
}

/// Puts together what the walk has found.
fn settle(file: &Bytes<'_>, container: Container, found: Found) -> Result<PcmFile, MediaError> {
    let Some(format) = found.format else {
        return Err(MediaError::damaged(
            file.path,
            file.len.min(12),
            "no `fmt ` chunk, which says what the samples are",
        ));
    };
    let Some((data_at, size)) = found.data else {
        return Err(MediaError::damaged(
            file.path,
            file.len,
            "the file ends before its `data` chunk: there is no audio",
        ));
    };
    let channels = usize::from(format.channels);
    let sample_rate = check_shape(file, channels, u64::from(format.rate), format.at)?;
    let layout = Speakers::of_mask(format.mask, channels);
    let encoding = encoding(file, format)?;
    let frame_bytes = (encoding.bytes() * channels) as u64;
    let available = file.len.saturating_sub(data_at);
    let claimed = if found.empty { Some(0) } else { claim(container, size, found.wide_data, available) };
    let extent = Extent { claimed, available, frame_bytes, sample_rate };
    let (frames, more) = extent.settle(&file.path.display().to_string());
    let mut warnings = found.warnings;
    warnings.extend(more);
    let codec = if encoding.float() { Codec::Float } else { Codec::Integer };
    let bits = Some(format.bits.min(encoding.bytes() as u16 * 8));
    let info =
        FileInfo { path: file.path.to_owned(), container, codec, sample_rate, layout, frames, bits, bext: found.bext };
    Ok(PcmFile { info, pcm: Pcm { encoding, order: ByteOrder::Little }, data_at, warnings })
}

/// The bytes of samples that the header claims, `None` when it leaves that open.
pub(crate) fn claim(container: Container, size: u32, wide: Option<u64>, available: u64) -> Option<u64> {
    match (size, wide) {
        (OPEN, Some(wide)) if wide > 0 && container != Container::Wav => Some(wide),
        (OPEN | 0, _) => None,
        // Past 4 GiB some writers let the size wrap around; the file's own length tells.
        (size, _) if container == Container::Wav && available >> 32 > 0 => {
            let wraps = (available - u64::from(size)) >> 32;
            Some(u64::from(size) + (wraps << 32))
        }
        (size, _) => Some(u64::from(size)),
    }
}
