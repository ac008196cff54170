//! Writing Ogg Vorbis, encoded by libvorbis with the aoTuV and Lancer patches.

use std::io::{self, BufWriter, Write};
use std::num::{NonZeroU8, NonZeroU32};
use std::path::{Path, PathBuf};

use tonmeister_core::View;
use vorbis_rs::{VorbisBitrateManagementStrategy, VorbisEncoder, VorbisEncoderBuilder, VorbisError};

use super::Sink;
use super::aside::{Aside, Encode};
use super::quantize::{Quantized, check};
use crate::error::MediaError;

/// Frames that the encoder gets at once. It extrapolates the beginning from its first piece, so the size is fixed, whatever
/// comes from outside.
const PIECE: usize = 1024;
/// Players tell the streams of one file by this number; a file made here has one stream, and the same sound gives the same
/// bytes.
const SERIAL: i32 = i32::from_be_bytes(*b"Tonm");

/// Planar audio.
type Piece = Vec<Vec<f32>>;

/// An Ogg Vorbis file in the making.
pub(crate) struct VorbisSink<W> {
    aside: Aside<Piece, W>,
    piece: Piece,
    channels: usize,
    frames: u64,
}

impl<W: Write + Send + 'static> VorbisSink<W> {
    /// `tenths` is ten times the quality of the field's scale, −10 to 100.
    pub(crate) fn new(
        path: &Path,
        out: W,
        tenths: i8,
        channels: usize,
        sample_rate: u32,
    ) -> Result<VorbisSink<W>, MediaError> {
        let target = path.to_owned();
        let make = move || Encoder::new(target, out, tenths, channels, sample_rate);
        Ok(VorbisSink { aside: Aside::start(path, make)?, piece: vec![Vec::new(); channels], channels, frames: 0 })
    }

    fn send(&mut self, target: &Path) -> Result<(), MediaError> {
        let mut next = self.aside.used().unwrap_or_else(|| vec![Vec::with_capacity(PIECE); self.channels]);
        next.iter_mut().for_each(Vec::clear);
        self.aside.send(target, std::mem::replace(&mut self.piece, next))
    }
}

impl<W: Write + Send + 'static> Sink<W> for VorbisSink<W> {
    fn write(&mut self, target: &Path, audio: View<'_>) -> Result<Quantized, MediaError> {
        let got = check(audio);
        if got.first_bad.is_some() {
            return Ok(got);
        }
        self.frames += audio.frames() as u64;
        let mut at = 0;
        while at < audio.frames() {
            let end = (at + PIECE - self.piece[0].len()).min(audio.frames());
            for (lane, channel) in self.piece.iter_mut().zip(audio.part(at, end).channels()) {
                lane.extend_from_slice(channel);
            }
            if self.piece[0].len() == PIECE {
                self.send(target)?;
            }
            at = end;
        }
        Ok(got)
    }

    fn finish(mut self: Box<Self>, target: &Path) -> Result<W, MediaError> {
        if !self.piece[0].is_empty() {
            self.send(target)?;
        }
        self.aside.finish(target, self.frames)
    }
}

struct Encoder<W: Write> {
    encoder: VorbisEncoder<BufWriter<W>>,
    target: PathBuf,
}

impl<W: Write> Encoder<W> {
    fn new(target: PathBuf, out: W, tenths: i8, channels: usize, sample_rate: u32) -> Result<Self, MediaError> {
        let rate = NonZeroU32::new(sample_rate);
        let count = u8::try_from(channels).ok().and_then(NonZeroU8::new);
        let (Some(rate), Some(count)) = (rate, count) else {
            return Err(MediaError::Rate { path: target, rate: u64::from(sample_rate) });
        };
        let out = BufWriter::with_capacity(64 * 1024, out);
        let quality = VorbisBitrateManagementStrategy::QualityVbr { target_quality: f32::from(tenths) / 100.0 };
        let encoder = VorbisEncoderBuilder::new_with_serial(rate, count, out, SERIAL)
            .bitrate_management_strategy(quality)
            .build()
            .map_err(|e| failed(&target, e))?;
        Ok(Encoder { encoder, target })
    }
}

impl<W: Write> Encode<Piece, W> for Encoder<W> {
    fn encode(&mut self, piece: &Piece) -> Result<(), MediaError> {
        self.encoder.encode_audio_block(piece).map_err(|e| failed(&self.target, e))
    }

    fn finish(self, _frames: u64) -> Result<W, MediaError> {
        let out = self.encoder.finish().map_err(|e| failed(&self.target, e))?;
        out.into_inner().map_err(|e| MediaError::io(&self.target, "written", e.into_error()))
    }
}

fn failed(path: &Path, error: VorbisError) -> MediaError {
    match error {
        VorbisError::Io(error) => MediaError::io(path, "written", error),
        error => MediaError::io(path, "written", io::Error::other(error)),
    }
}
