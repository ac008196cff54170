//! Opus in Ogg (RFC 6716, RFC 7845), decoded at 48 kHz whatever rate was encoded.
//!
//! The length is found by walking the packets once: pre-skip comes off the front, and the last page's granule position
//! says where the sound ends (RFC 7845 §4).

use std::io::{BufReader, Seek, SeekFrom};
use std::path::Path;

use opus_pure::{Error, MAX_PACKET_SAMPLES, OggOpusReader, OggPacket, OpusDecoder};
use tonmeister_core::Diagnostic;

use super::demuxed::truncated;
use super::{Fault, Packets, Stretch};
use crate::error::MediaError;
use crate::info::{Codec, Container, FileInfo, Speakers};
use crate::input::Input;

/// Opus decodes to this rate.
const RATE: u32 = 48_000;

/// An Opus file that was understood.
pub(crate) struct OpusFile {
    pub(crate) info: FileInfo<Speakers>,
    pub(crate) packets: OpusPackets,
    /// The pre-skip.
    pub(crate) delay: u64,
    pub(crate) warnings: Vec<Diagnostic>,
}

type Reader = OggOpusReader<BufReader<Box<dyn Input>>>;

/// Opens an Ogg file whose first packet is an `OpusHead`.
pub(crate) fn open(path: &Path, input: Box<dyn Input>) -> Result<OpusFile, MediaError> {
    let mut reader = reader(path, input)?;
    let channels = usize::from(reader.head().channel_count);
    if channels > 2 {
        return Err(MediaError::Channels { path: path.to_owned(), channels });
    }
    let layout = Speakers::customary(channels);
    let delay = u64::from(reader.head().pre_skip);
    let (frames, closed) = length(&mut reader, delay);
    let mut input = reader.into_inner();
    input.seek(SeekFrom::Start(0)).map_err(|e| MediaError::io(path, "read", e))?;
    let reader = self::reader(path, input.into_inner())?;
    let decoder = reader.head().decoder(RATE as i32).map_err(|e| sorted(path, &e))?;
    let info = FileInfo {
        path: path.to_owned(),
        container: Container::Ogg,
        codec: Codec::Opus,
        sample_rate: RATE,
        layout,
        frames,
        bits: None,
        bext: None,
    };
    let mut warnings = Vec::new();
    if !closed {
        warnings.push(unclosed(path, &info));
    }
    if frames == 0 {
        warnings.push(truncated(path, &info, 0));
    }
    let packet = OggPacket::new(Vec::new(), -1, false);
    let block = vec![0.0; MAX_PACKET_SAMPLES * channels];
    Ok(OpusFile { info, packets: OpusPackets { reader, decoder, packet, block, channels }, delay, warnings })
}

/// The warning for an Ogg stream without its end mark: how much is missing is not known.
pub(crate) fn unclosed(path: &Path, info: &FileInfo<Speakers>) -> Diagnostic {
    let message = format!(
        "{} has no end-of-stream mark and may be cut off; the {} frames ({:.3} s) that are there are read",
        path.display(),
        info.frames,
        info.seconds()
    );
    Diagnostic::warning("truncated", message).help("compare its length with the original, or export it again")
}

fn reader(path: &Path, input: Box<dyn Input>) -> Result<Reader, MediaError> {
    OggOpusReader::new(BufReader::with_capacity(64 * 1024, input)).map_err(|e| sorted(path, &e))
}

fn sorted(path: &Path, error: &Error) -> MediaError {
    MediaError::Damaged { path: path.to_owned(), place: "its Opus header".into(), found: error.to_string() }
}

/// Frames after trimming, and whether the stream was closed properly.
fn length(reader: &mut Reader, delay: u64) -> (u64, bool) {
    let mut packet = OggPacket::new(Vec::new(), -1, false);
    let (mut decoded, mut granule, mut closed) = (0_u64, None, false);
    while let Ok(true) = reader.read_packet_into(&mut packet) {
        decoded += duration(&packet.data);
        closed |= packet.end_of_stream;
        granule = u64::try_from(packet.page_granule).ok().or(granule);
    }
    // Only a closed stream's last granule trims; that of a stream that breaks off may lie behind its packets.
    let end = match granule {
        Some(granule) if closed => decoded.min(granule),
        _ => decoded,
    };
    (end.saturating_sub(delay), closed)
}

/// The frames a packet decodes to at 48 kHz (RFC 6716 §3.1).
fn duration(packet: &[u8]) -> u64 {
    let Some(toc) = packet.first() else { return 0 };
    let config = toc >> 3;
    let frame = match config {
        0..=11 => [480, 960, 1920, 2880][usize::from(config % 4)],
        12..=15 => [480, 960][usize::from(config % 2)],
        _ => [120, 240, 480, 960][usize::from(config % 4)],
    };
    let count = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u64::from(packet.get(1).map_or(0, |b| b & 63)),
    };
    frame * count
}

/// The packets of an Opus file and their decoder.
pub(crate) struct OpusPackets {
    reader: Reader,
    decoder: OpusDecoder,
    packet: OggPacket,
    block: Vec<f32>,
    channels: usize,
}

impl Packets for OpusPackets {
    fn next(&mut self, out: &mut Stretch) -> Result<bool, Fault> {
        out.clear();
        match self.reader.read_packet_into(&mut self.packet) {
            Ok(true) => {}
            Ok(false) => return Ok(false),
            Err(error) => return Err(Fault::Damaged(error.to_string())),
        }
        let frames = self
            .decoder
            .decode(&self.packet.data, MAX_PACKET_SAMPLES, &mut self.block)
            .map_err(|error| Fault::Damaged(error.to_string()))?;
        let samples = &self.block[..frames * self.channels];
        for (index, lane) in out.lanes.iter_mut().take(self.channels).enumerate() {
            lane.extend(samples.iter().skip(index).step_by(self.channels));
        }
        Ok(true)
    }
}
