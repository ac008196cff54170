//! What the tests of files share: writers of headers by hand, and ways of reading a whole file.
#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::trivially_copy_pass_by_ref, reason = "names of chunks are written as byte strings")]

pub(crate) mod change;

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::process::Command;

use tonmeister_core::{Buffer, Layout, Source};
use tonmeister_media::{MediaError, NonFinite, OpenOptions, Opened, open_input};

/// Opens bytes as a file called `test`.
pub(crate) fn open_bytes(bytes: &[u8]) -> Result<Opened, MediaError> {
    open_input(Path::new("test"), Cursor::new(bytes.to_vec()), OpenOptions::default())
}

/// Opens bytes, silencing what is no number.
pub(crate) fn open_silencing(bytes: &[u8]) -> Opened {
    open_with_policy(bytes, NonFinite::Silence)
}

/// Opens bytes, doing that with what is no number.
pub(crate) fn open_with_policy(bytes: &[u8], non_finite: NonFinite) -> Opened {
    open_input(Path::new("test"), Cursor::new(bytes.to_vec()), OpenOptions { non_finite }).unwrap()
}

/// Everything a source has, read in blocks of the given sizes in turn.
pub(crate) fn read_all(source: &mut dyn Source, sizes: &[usize]) -> Buffer {
    let info = source.info();
    let mut all = Buffer::new(info.layout, 0);
    for size in sizes.iter().cycle() {
        let mut part = Buffer::new(info.layout, *size);
        let read = source.read(&mut part.block(*size)).unwrap();
        all.append(part.view(read));
        if read < *size {
            break;
        }
    }
    assert_eq!(all.frames() as u64, info.frames, "a source delivers exactly the frames that it announces");
    all
}

/// The text of the error, which must be one.
pub(crate) fn error_of(bytes: &[u8]) -> String {
    match open_bytes(bytes) {
        Ok(opened) => panic!("opened as {:?}", opened.info),
        Err(error) => error.to_string(),
    }
}

/// A chunk with little-endian size, padded to an even length.
pub(crate) fn chunk(id: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut out = id.to_vec();
    out.extend_from_slice(&(body.len() as u32).to_le_bytes());
    out.extend_from_slice(body);
    if body.len() % 2 == 1 {
        out.push(0);
    }
    out
}

/// The body of a `fmt ` chunk.
pub(crate) fn fmt(tag: u16, channels: u16, rate: u32, bytes: u16, bits: u16) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend_from_slice(&tag.to_le_bytes());
    out.extend_from_slice(&channels.to_le_bytes());
    out.extend_from_slice(&rate.to_le_bytes());
    out.extend_from_slice(&(rate.wrapping_mul(u32::from(channels)).wrapping_mul(u32::from(bytes))).to_le_bytes());
    out.extend_from_slice(&channels.wrapping_mul(bytes).to_le_bytes());
    out.extend_from_slice(&bits.to_le_bytes());
    out
}

/// A RIFF file of those chunks.
pub(crate) fn riff(chunks: &[Vec<u8>]) -> Vec<u8> {
    let body: Vec<u8> = chunks.concat();
    let mut out = b"RIFF".to_vec();
    out.extend_from_slice(&(body.len() as u32 + 4).to_le_bytes());
    out.extend_from_slice(b"WAVE");
    out.extend_from_slice(&body);
    out
}

/// A plain WAV.
pub(crate) fn wav(tag: u16, channels: u16, rate: u32, bits: u16, data: &[u8]) -> Vec<u8> {
    riff(&[chunk(b"fmt ", &fmt(tag, channels, rate, bits.div_ceil(8), bits)), chunk(b"data", data)])
}

/// An AIFF or AIFF-C chunk.
pub(crate) fn big_chunk(id: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut out = id.to_vec();
    out.extend_from_slice(&(body.len() as u32).to_be_bytes());
    out.extend_from_slice(body);
    if body.len() % 2 == 1 {
        out.push(0);
    }
    out
}

/// An AIFF (`kind` none) or AIFF-C file.
pub(crate) fn aiff(kind: Option<&[u8; 4]>, channels: u16, rate: u16, bits: u16, data: &[u8]) -> Vec<u8> {
    let bytes = usize::from(bits.div_ceil(8)) * usize::from(channels);
    let mut common = channels.to_be_bytes().to_vec();
    common.extend_from_slice(&((data.len() / bytes.max(1)) as u32).to_be_bytes());
    common.extend_from_slice(&bits.to_be_bytes());
    // The 80-bit float of a whole number below 2^16.
    let shift = rate.leading_zeros();
    common.extend_from_slice(&(16_383 + 15 - shift as u16).to_be_bytes());
    common.extend_from_slice(&(u64::from(rate) << (48 + shift)).to_be_bytes());
    if let Some(kind) = kind {
        common.extend_from_slice(kind);
        common.extend_from_slice(&[0, 0]);
    }
    let mut sound = vec![0; 8];
    sound.extend_from_slice(data);
    let body = [big_chunk(b"COMM", &common), big_chunk(b"SSND", &sound)].concat();
    let mut out = b"FORM".to_vec();
    out.extend_from_slice(&(body.len() as u32 + 4).to_be_bytes());
    out.extend_from_slice(if kind.is_some() { b"AIFC" } else { b"AIFF" });
    out.extend_from_slice(&body);
    out
}

/// Deterministic noise of that peak (a 64-bit linear congruence).
pub(crate) fn noise(seed: u64, peak: f32, frames: usize) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    (0..frames)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((state >> 40) as f32 / 8_388_608.0 - 1.0) * peak
        })
        .collect()
}

/// Runs a program; `false` (said loudly) when it is not installed.
pub(crate) fn run(program: &str, arguments: &[&str]) -> bool {
    let Ok(output) = Command::new(program).args(arguments).output() else {
        eprintln!("SKIPPED: `{program}` is not installed");
        return false;
    };
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    true
}

/// A folder of the developer's own recordings, if there is one.
pub(crate) fn material() -> Option<PathBuf> {
    let folder = std::env::var_os("TONMEISTER_MATERIAL")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/material"), PathBuf::from);
    if !folder.is_dir() {
        eprintln!("SKIPPED: no material; set TONMEISTER_MATERIAL to a folder of recordings");
        return None;
    }
    Some(folder)
}

/// A WAV file of integers whose extensible header says where its channels stand.
pub(crate) fn wav_of_speakers(channels: u16, rate: u32, bits: u16, mask: u32, data: &[u8]) -> Vec<u8> {
    let mut format = fmt(0xFFFE, channels, rate, bits / 8, bits);
    format.extend_from_slice(&22_u16.to_le_bytes());
    format.extend_from_slice(&bits.to_le_bytes());
    format.extend_from_slice(&mask.to_le_bytes());
    format.extend_from_slice(&[1, 0, 0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71]);
    riff(&[chunk(b"fmt ", &format), chunk(b"data", data)])
}

/// A whole file as ffmpeg decodes it, in floats; `None` (said loudly) when it is not installed.
pub(crate) fn decoded_by_ffmpeg(path: &Path, layout: Layout) -> Option<Buffer> {
    let channels = if layout == Layout::Mono { "1" } else { "2" };
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-nostdin", "-i"]).arg(path);
    command.args(["-ac", channels, "-f", "f32le", "-c:a", "pcm_f32le", "-"]);
    decoded_by(command, layout)
}

/// A whole file as `sox` decodes it (Vorbis by libvorbisfile); `None` (said loudly) when it is not installed.
pub(crate) fn decoded_by_sox(path: &Path, layout: Layout) -> Option<Buffer> {
    let mut command = Command::new("sox");
    command.arg(path).args(["-t", "raw", "-e", "floating-point", "-b", "32", "-L", "-"]);
    decoded_by(command, layout)
}

fn decoded_by(mut command: Command, layout: Layout) -> Option<Buffer> {
    let Ok(output) = command.output() else {
        eprintln!("SKIPPED: `{}` is not installed", command.get_program().to_string_lossy());
        return None;
    };
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    let (samples, _) = output.stdout.as_chunks::<4>();
    let lane = |c: usize| -> Vec<f32> {
        samples.iter().skip(c).step_by(layout.channels()).map(|s| f32::from_le_bytes(*s)).collect()
    };
    Some(match layout {
        Layout::Mono => Buffer::from_mono(lane(0)),
        Layout::Stereo => Buffer::from_stereo(lane(0), lane(1)),
    })
}
