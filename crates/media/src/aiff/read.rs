//! Reading AIFF and AIFF-C: headers to where the samples lie and what they are.

use tonmeister_core::Diagnostic;

use crate::error::MediaError;
use crate::info::{Codec, Container, FileInfo, Speakers};
use crate::input::{Bytes, array, fourcc};
use crate::pcm::{ByteOrder, Encoding, Pcm};
use crate::pcm_file::{Extent, PcmFile, check_shape};

const MOST_CHUNKS: usize = 4096;

/// The `COMM` chunk.
struct Common {
    at: u64,
    channels: u16,
    frames: u32,
    bits: u16,
    rate: u64,
    kind: [u8; 4],
}

/// The `SSND` chunk: where the samples begin, and how many bytes of them are claimed.
struct Sound {
    at: u64,
    claimed: Option<u64>,
}

/// Reads the header of a file that begins with `FORM`.
pub(crate) fn header(file: &mut Bytes<'_>) -> Result<PcmFile, MediaError> {
    let head = file.read_some(0, 12, 12)?;
    let compressed = match array::<4>(&head, 8) {
        Some(form) if &form == b"AIFF" => false,
        Some(form) if &form == b"AIFC" => true,
        Some(form) => {
            let found = format!("an IFF file of the kind `{}`, not AIFF", fourcc(form));
            return Err(MediaError::unsupported(file.path, found, "name an audio file"));
        }
        None => return Err(MediaError::damaged(file.path, head.len() as u64, "the file ends inside its AIFF header")),
    };
    let (mut common, mut sound) = (None, None);
    let mut at = 12_u64;
    for _ in 0..MOST_CHUNKS {
        let chunk = file.read_some(at, 8, 8)?;
        let (Some(id), Some(size)) = (array::<4>(&chunk, 0), array(&chunk, 4).map(u32::from_be_bytes)) else {
            break;
        };
        match &id {
            b"COMM" => common = Some(parse_common(file, at + 8, size, compressed)?),
            b"SSND" if sound.is_none() => sound = Some(parse_sound(file, at + 8, size)?),
            _ => {}
        }
        at += 8 + u64::from(size) + u64::from(size % 2);
        if at >= file.len {
            break;
        }
    }
    let Some(common) = common else {
        return Err(MediaError::damaged(
            file.path,
            file.len.min(12),
            "no `COMM` chunk, which says what the samples are",
        ));
    };
    settle(file, &common, sound)
}

fn parse_common(file: &mut Bytes<'_>, at: u64, size: u32, compressed: bool) -> Result<Common, MediaError> {
    let body = file.read_some(at, u64::from(size), 64)?;
    let kind = if compressed { array::<4>(&body, 18) } else { Some(*b"NONE") };
    let short = |at| array(&body, at).map(u16::from_be_bytes);
    let (Some(channels), Some(frames), Some(bits), Some(rate), Some(kind)) =
        (short(0), array(&body, 2).map(u32::from_be_bytes), short(6), array::<10>(&body, 8), kind)
    else {
        return Err(MediaError::damaged(file.path, at, "a `COMM` chunk that is too short"));
    };
    Ok(Common { at, channels, frames, bits, rate: extended(rate), kind })
}

fn parse_sound(file: &mut Bytes<'_>, at: u64, size: u32) -> Result<Sound, MediaError> {
    let body = file.read_some(at, u64::from(size).max(8), 8)?;
    let Some(offset) = array(&body, 0).map(u32::from_be_bytes) else {
        return Err(MediaError::damaged(file.path, at, "the file ends before its samples: there is no audio"));
    };
    let claimed = match size {
        0 | u32::MAX => None,
        size => Some(u64::from(size).saturating_sub(8 + u64::from(offset))),
    };
    Ok(Sound { at: at + 8 + u64::from(offset), claimed })
}

/// The 80-bit extended float of a sample rate, to the nearest whole number of Hz (0 when it makes no sense).
fn extended(bytes: [u8; 10]) -> u64 {
    let exponent = i32::from(u16::from_be_bytes([bytes[0] & 0x7F, bytes[1]])) - 16_383;
    let mantissa = array(&bytes, 2).map_or(0, u64::from_be_bytes);
    if bytes[0] & 0x80 != 0 || !(0..=40).contains(&exponent) {
        return 0;
    }
    (mantissa as f64 * 2_f64.powi(exponent - 63)).round() as u64
}

/// How the samples of a compression type are stored.
fn pcm(file: &Bytes<'_>, common: &Common) -> Result<Pcm, MediaError> {
    let remedy = "export it as linear PCM: 16 or 24 bits, or 32-bit float";
    let bits = usize::from(common.bits);
    let signed = |bytes| if bytes == 1 { Some(Encoding::I8) } else { Encoding::integer(bytes) };
    let (encoding, order) = match &common.kind {
        b"NONE" | b"none" | b"twos" => (signed(bits.div_ceil(8)), ByteOrder::Big),
        b"sowt" => (signed(bits.div_ceil(8)), ByteOrder::Little),
        b"raw " if bits <= 8 => (Some(Encoding::U8), ByteOrder::Big),
        b"in24" => (Some(Encoding::I24), ByteOrder::Big),
        b"42ni" => (Some(Encoding::I24), ByteOrder::Little),
        b"in32" => (Some(Encoding::I32), ByteOrder::Big),
        b"23ni" => (Some(Encoding::I32), ByteOrder::Little),
        b"fl32" | b"FL32" => (Some(Encoding::F32), ByteOrder::Big),
        b"fl64" | b"FL64" => (Some(Encoding::F64), ByteOrder::Big),
        kind => {
            let found = format!("AIFF-C samples coded as `{}`", fourcc(*kind));
            return Err(MediaError::unsupported(file.path, found, remedy));
        }
    };
    match encoding {
        Some(encoding) => Ok(Pcm { encoding, order }),
        None => Err(MediaError::unsupported(file.path, format!("integer samples of {bits} bits"), remedy)),
    }
}

fn settle(file: &Bytes<'_>, common: &Common, sound: Option<Sound>) -> Result<PcmFile, MediaError> {
    let channels = usize::from(common.channels);
    let sample_rate = check_shape(file, channels, common.rate, common.at)?;
    let layout = Speakers::customary(channels);
    let pcm = pcm(file, common)?;
    let frame_bytes = (pcm.encoding.bytes() * channels) as u64;
    let sound = match sound {
        Some(sound) => sound,
        // The standard lets a file of no frames leave the samples out.
        None if common.frames == 0 => Sound { at: file.len, claimed: Some(0) },
        None => return Err(MediaError::damaged(file.path, file.len, "no `SSND` chunk: there is no audio")),
    };
    let available = file.len.saturating_sub(sound.at);
    let by_frames = u64::from(common.frames) * frame_bytes;
    let mut warnings = Vec::new();
    let claimed = match (sound.claimed, common.frames) {
        (None | Some(0), 0) if available > 0 => None,
        (None, 0 | u32::MAX) => None,
        (None, _) => Some(by_frames),
        (Some(bytes), 0) => Some(bytes),
        (Some(bytes), _) => {
            if by_frames > bytes && bytes <= available {
                let message = format!(
                    "{}: {} frames are announced but the samples' chunk holds {}; those are read",
                    file.path.display(),
                    common.frames,
                    bytes / frame_bytes
                );
                warnings.push(Diagnostic::warning("length-mismatch", message).help("export the file again"));
            }
            Some(by_frames.min(bytes))
        }
    };
    let (frames, more) =
        Extent { claimed, available, frame_bytes, sample_rate }.settle(&file.path.display().to_string());
    warnings.extend(more);
    let codec = if pcm.encoding.float() { Codec::Float } else { Codec::Integer };
    let whole = pcm.encoding.bytes() as u16 * 8;
    let bits = Some(if codec == Codec::Float || common.bits == 0 { whole } else { common.bits.min(whole) });
    let info = FileInfo {
        path: file.path.to_owned(),
        container: Container::Aiff,
        codec,
        sample_rate,
        layout,
        frames,
        bits,
        bext: None,
    };
    Ok(PcmFile { info, pcm, data_at: sound.at, warnings })
}
