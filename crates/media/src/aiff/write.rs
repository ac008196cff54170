//! Writing AIFF (big-endian integers) and AIFF-C (`fl32`).
//!
//! All sizes have 32 bits and there is no larger sister, so a file ends at 4 GiB: the writer refuses to go on there.

use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

use tonmeister_core::View;

use crate::error::MediaError;
use crate::pcm::ByteOrder;
use crate::write::quantize::{Quantized, to_f32_bytes, to_i16_bytes, to_i24_bytes};
use crate::write::{SampleFormat, Sink};

/// Bytes that are collected before they are written.
const BUFFER: usize = 256 * 1024;
/// The version of AIFF-C that all readers expect in `FVER` (2726318400 s after 1904: 23 May 1990, 2:40 pm).
const AIFC_VERSION: u32 = 0xA280_5140;
/// `fl32` and the name of the compression as a Pascal string, padded to an even length.
const FL32: &[u8] = b"fl32\x0E32-bit IEEE fp\0";

/// An AIFF file in the making.
pub(crate) struct AiffSink<W> {
    out: W,
    samples: SampleFormat,
    channels: u16,
    sample_rate: u32,
    /// The largest size that `FORM` may state.
    limit: u64,
    buffer: Vec<u8>,
    data_bytes: u64,
}

impl<W: Write + Seek> AiffSink<W> {
    /// Writes a provisional header. `limit` is 2³² − 1 except in tests.
    pub(crate) fn new(
        mut out: W,
        samples: SampleFormat,
        channels: usize,
        sample_rate: u32,
        limit: u64,
    ) -> io::Result<Self> {
        out.rewind()?;
        let buffer = Vec::with_capacity(BUFFER + 64 * 1024);
        let mut sink = AiffSink { out, samples, channels: channels as u16, sample_rate, limit, buffer, data_bytes: 0 };
        let header = sink.header();
        sink.out.write_all(&header)?;
        Ok(sink)
    }

    fn header_bytes(&self) -> u64 {
        // FORM, [FVER,] COMM, SSND with offset and block size.
        12 + if self.samples == SampleFormat::Float32 { 12 + 8 + 18 + FL32.len() as u64 } else { 8 + 18 } + 16
    }

    fn form_size(&self) -> u64 {
        self.header_bytes() - 8 + self.data_bytes + self.data_bytes % 2
    }

    /// The header for the bytes written so far; its length does not depend on them.
    fn header(&self) -> Vec<u8> {
        let float = self.samples == SampleFormat::Float32;
        let frames = self.data_bytes / (self.samples.bytes() as u64 * u64::from(self.channels));
        let mut header = Vec::with_capacity(128);
        header.extend_from_slice(b"FORM");
        header.extend_from_slice(&(self.form_size() as u32).to_be_bytes());
        header.extend_from_slice(if float { b"AIFC" } else { b"AIFF" });
        if float {
            header.extend_from_slice(b"FVER");
            header.extend_from_slice(&4_u32.to_be_bytes());
            header.extend_from_slice(&AIFC_VERSION.to_be_bytes());
        }
        header.extend_from_slice(b"COMM");
        let size = 18 + if float { FL32.len() as u32 } else { 0 };
        header.extend_from_slice(&size.to_be_bytes());
        header.extend_from_slice(&self.channels.to_be_bytes());
        header.extend_from_slice(&(frames as u32).to_be_bytes());
        header.extend_from_slice(&(self.samples.bytes() as u16 * 8).to_be_bytes());
        header.extend_from_slice(&extended(self.sample_rate));
        if float {
            header.extend_from_slice(FL32);
        }
        header.extend_from_slice(b"SSND");
        header.extend_from_slice(&((8 + self.data_bytes) as u32).to_be_bytes());
        header.extend_from_slice(&[0; 8]);
        debug_assert_eq!(header.len() as u64, self.header_bytes());
        header
    }
}

impl<W: Write + Seek + Send> Sink<W> for AiffSink<W> {
    fn write(&mut self, target: &Path, audio: View<'_>) -> Result<Quantized, MediaError> {
        let more = (audio.frames() * audio.layout().channels() * self.samples.bytes()) as u64;
        if self.form_size() + more + 1 > self.limit {
            let found = "AIFF ends at 4 GiB; write WAV, which becomes RF64 by itself, or FLAC".into();
            return Err(MediaError::Refused { path: target.to_owned(), found });
        }
        let mut total = Quantized::default();
        let mut at = 0;
        while at < audio.frames() {
            let end = (at + 8192).min(audio.frames());
            let part = audio.part(at, end);
            let before = self.buffer.len();
            let got = match self.samples {
                SampleFormat::Int16 => to_i16_bytes(part, ByteOrder::Big, &mut self.buffer),
                SampleFormat::Int24 => to_i24_bytes(part, ByteOrder::Big, &mut self.buffer),
                SampleFormat::Float32 => to_f32_bytes(part, ByteOrder::Big, &mut self.buffer),
            };
            total.add(got, at as u64);
            self.data_bytes += (self.buffer.len() - before) as u64;
            if self.buffer.len() >= BUFFER {
                self.out.write_all(&self.buffer).map_err(|e| MediaError::io(target, "written", e))?;
                self.buffer.clear();
            }
            at = end;
        }
        Ok(total)
    }

    fn finish(mut self: Box<Self>, target: &Path) -> Result<W, MediaError> {
        if self.data_bytes % 2 == 1 {
            self.buffer.push(0);
        }
        let header = self.header();
        let mut end = || {
            self.out.write_all(&self.buffer)?;
            self.out.seek(SeekFrom::Start(0))?;
            self.out.write_all(&header)?;
            self.out.flush()
        };
        end().map_err(|e| MediaError::io(target, "written", e))?;
        Ok(self.out)
    }
}

/// A whole number as an 80-bit extended float: sign and exponent, then the mantissa with its leading one.
fn extended(value: u32) -> [u8; 10] {
    let shift = value.leading_zeros();
    let exponent = (16_383 + 31 - shift) as u16;
    let mantissa = u64::from(value) << (32 + shift);
    let mut out = [0; 10];
    out[..2].copy_from_slice(&exponent.to_be_bytes());
    out[2..].copy_from_slice(&mantissa.to_be_bytes());
    out
}
