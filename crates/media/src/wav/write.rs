//! Writing WAV: RIFF that becomes RF64 when it outgrows 32 bits.
//!
//! A `JUNK` chunk is kept where RF64 wants its `ds64` (EBU Tech 3306 §4), so that the header's size never changes and
//! the switch costs nothing.

use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

use tonmeister_core::View;

use crate::error::MediaError;
use crate::pcm::ByteOrder;
use crate::write::quantize::{Quantized, to_f32_bytes, to_i16_bytes, to_i24_bytes};
use crate::write::{SampleFormat, Sink};

/// Bytes that are collected before they are written.
const BUFFER: usize = 256 * 1024;
/// `ds64` without a table.
const DS64: u32 = 28;

/// A WAV file in the making.
pub(crate) struct WavSink<W> {
    out: W,
    samples: SampleFormat,
    channels: u16,
    sample_rate: u32,
    /// The largest RIFF size that plain WAV may state.
    limit: u64,
    /// The size of a chunk that is kept free for `bext`, header included; 0 for none.
    room: usize,
    buffer: Vec<u8>,
    data_bytes: u64,
}

impl<W: Write + Seek> WavSink<W> {
    /// Writes a provisional header. `limit` is 2³² − 1 except in tests; `room` is kept free before the audio.
    pub(crate) fn new(
        mut out: W,
        samples: SampleFormat,
        channels: usize,
        sample_rate: u32,
        (limit, room): (u64, u32),
    ) -> io::Result<Self> {
        let mut sink = WavSink {
            room: if room < 8 { 0 } else { room as usize + room as usize % 2 },
            samples,
            channels: channels as u16,
            sample_rate,
            limit,
            buffer: Vec::with_capacity(BUFFER + 64 * 1024),
            data_bytes: 0,
            out: {
                out.rewind()?;
                out
            },
        };
        let header = sink.header();
        sink.out.write_all(&header)?;
        Ok(sink)
    }

    fn frame_bytes(&self) -> u16 {
        self.channels * self.samples.bytes() as u16
    }

    /// The header for the bytes written so far; its length does not depend on them.
    fn header(&self) -> Vec<u8> {
        let float = self.samples == SampleFormat::Float32;
        let frames = self.data_bytes / u64::from(self.frame_bytes());
        let mut chunks = Vec::with_capacity(128);
        if self.room > 0 {
            chunks.extend_from_slice(b"JUNK");
            chunks.extend_from_slice(&(self.room as u32 - 8).to_le_bytes());
            chunks.resize(self.room, 0);
        }
        let fmt_size: u32 = if float { 18 } else { 16 };
        chunks.extend_from_slice(b"fmt ");
        chunks.extend_from_slice(&fmt_size.to_le_bytes());
        chunks.extend_from_slice(&(if float { 3_u16 } else { 1 }).to_le_bytes());
        chunks.extend_from_slice(&self.channels.to_le_bytes());
        chunks.extend_from_slice(&self.sample_rate.to_le_bytes());
        chunks.extend_from_slice(&(self.sample_rate * u32::from(self.frame_bytes())).to_le_bytes());
        chunks.extend_from_slice(&self.frame_bytes().to_le_bytes());
        chunks.extend_from_slice(&(self.samples.bytes() as u16 * 8).to_le_bytes());
        if float {
            chunks.extend_from_slice(&[0, 0]);
            chunks.extend_from_slice(b"fact");
            chunks.extend_from_slice(&4_u32.to_le_bytes());
            chunks.extend_from_slice(&u32::try_from(frames).unwrap_or(u32::MAX).to_le_bytes());
        }
        let padded = self.data_bytes + self.data_bytes % 2;
        let riff = 4 + 8 + u64::from(DS64) + chunks.len() as u64 + 8 + padded;
        let narrow = u32::try_from(riff).ok().filter(|riff| u64::from(*riff) <= self.limit);
        let mut header = Vec::with_capacity(160);
        header.extend_from_slice(if narrow.is_some() { b"RIFF" } else { b"RF64" });
        header.extend_from_slice(&narrow.unwrap_or(u32::MAX).to_le_bytes());
        header.extend_from_slice(b"WAVE");
        header.extend_from_slice(if narrow.is_some() { b"JUNK" } else { b"ds64" });
        header.extend_from_slice(&DS64.to_le_bytes());
        let wide = if narrow.is_some() { [0; 3] } else { [riff, self.data_bytes, frames] };
        for size in wide {
            header.extend_from_slice(&size.to_le_bytes());
        }
        header.extend_from_slice(&0_u32.to_le_bytes());
        header.extend_from_slice(&chunks);
        header.extend_from_slice(b"data");
        let data = if narrow.is_some() { self.data_bytes as u32 } else { u32::MAX };
        header.extend_from_slice(&data.to_le_bytes());
        header
    }
}

impl<W: Write + Seek + Send> Sink<W> for WavSink<W> {
    fn write(&mut self, target: &Path, audio: View<'_>) -> Result<Quantized, MediaError> {
        let mut total = Quantized::default();
        let mut at = 0;
        while at < audio.frames() {
            let end = (at + 8192).min(audio.frames());
            let part = audio.part(at, end);
            let before = self.buffer.len();
            let got = match self.samples {
                SampleFormat::Int16 => to_i16_bytes(part, ByteOrder::Little, &mut self.buffer),
                SampleFormat::Int24 => to_i24_bytes(part, ByteOrder::Little, &mut self.buffer),
                SampleFormat::Float32 => to_f32_bytes(part, ByteOrder::Little, &mut self.buffer),
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
