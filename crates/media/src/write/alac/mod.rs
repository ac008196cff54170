//! Writing Apple Lossless, in MPEG-4.
//!
//! The format is Apple's, published with its reference encoder under the Apache License 2.0 (*Apple Lossless Audio Codec*,
//! 2011: `ALACEncoder.cpp`, `dplib.c`, `aglib.c`, `matrixlib.c`, and *ALACMagicCookieDescription.txt*). This is an encoder of
//! our own for it. A packet holds 4096 frames:
//!
//! 1. stereo becomes a weighted mean and a difference;
//! 2. the low 8 of 24 bits are noise in music and stored as they are, unless it is soft;
//! 3. [`predict`]: a linear predictor that learns by the sign of its error, sample by sample, so that only its first
//!    coefficients are stored;
//! 4. [`golomb`]: what it missed, in Golomb codes whose parameter follows the mean.
//!
//! Several ways are tried for every packet, and the smallest is kept; noise that none makes smaller is stored as it is.

mod bits;
mod golomb;
mod lpc;
mod packet;
mod predict;

use std::io::{Read, Seek, Write};
use std::path::Path;

use tonmeister_core::View;

use self::packet::Encoder;
use super::m4a::{M4a, Track, full};
use super::quantize::{Quantized, to_integers};
use super::{IntegerBits, Sink};
use crate::error::MediaError;

/// Frames in a packet.
const PACKET: usize = 4096;

/// An ALAC file in the making.
pub(crate) struct AlacSink<W: Write> {
    encoder: Encoder,
    m4a: M4a<W>,
    bits: IntegerBits,
    channels: usize,
    sample_rate: u32,
    frames: u64,
    /// Interleaved samples that do not fill a packet yet.
    rest: Vec<i32>,
}

impl<W: Write + Read + Seek + Send> AlacSink<W> {
    pub(crate) fn new(
        path: &Path,
        out: W,
        bits: IntegerBits,
        channels: usize,
        sample_rate: u32,
    ) -> Result<AlacSink<W>, MediaError> {
        let m4a = M4a::new(out).map_err(|e| MediaError::io(path, "written", e))?;
        let encoder = Encoder::new(u32::from(bits.count()), channels);
        Ok(AlacSink { encoder, m4a, bits, channels, sample_rate, frames: 0, rest: Vec::new() })
    }

    fn packet(&mut self, target: &Path, from: usize, to: usize) -> Result<(), MediaError> {
        let packet = self.encoder.packet(&self.rest[from..to]);
        self.m4a.packet(packet).map_err(|e| MediaError::io(target, "written", e))
    }

    /// The encoder's settings as every decoder wants them (*ALACMagicCookieDescription.txt*).
    fn cookie(&self) -> Vec<u8> {
        let (_, bytes, largest) = self.m4a.sizes();
        let seconds = self.frames as f64 / f64::from(self.sample_rate);
        full(*b"alac", 0, 0, |out| {
            out.extend_from_slice(&(PACKET as u32).to_be_bytes());
            out.extend_from_slice(&[
                0,
                self.bits.count() as u8,
                golomb::PB,
                golomb::MB,
                golomb::KB,
                self.channels as u8,
            ]);
            out.extend_from_slice(&255_u16.to_be_bytes());
            out.extend_from_slice(&largest.to_be_bytes());
            out.extend_from_slice(&((bytes as f64 * 8.0 / seconds).round() as u32).to_be_bytes());
            out.extend_from_slice(&self.sample_rate.to_be_bytes());
        })
    }
}

impl<W: Write + Read + Seek + Send> Sink<W> for AlacSink<W> {
    fn write(&mut self, target: &Path, audio: View<'_>) -> Result<Quantized, MediaError> {
        let mut total = Quantized::default();
        let mut at = 0;
        while at < audio.frames() {
            let end = (at + 8192).min(audio.frames());
            total.add(to_integers(audio.part(at, end), u32::from(self.bits.count()), &mut self.rest), at as u64);
            if total.first_bad.is_some() {
                return Ok(total);
            }
            self.frames += (end - at) as u64;
            let samples = PACKET * self.channels;
            let whole = self.rest.len() / samples * samples;
            for from in (0..whole).step_by(samples) {
                self.packet(target, from, from + samples)?;
            }
            self.rest.drain(..whole);
            at = end;
        }
        Ok(total)
    }

    fn finish(mut self: Box<Self>, target: &Path) -> Result<W, MediaError> {
        if !self.rest.is_empty() {
            self.packet(target, 0, self.rest.len())?;
        }
        let track = Track {
            sample_rate: self.sample_rate,
            channels: self.channels as u16,
            bits: self.bits.count(),
            entry: *b"alac",
            setup: self.cookie(),
            packet_frames: PACKET as u32,
            delay: 0,
        };
        self.m4a.finish(&track, self.frames).map_err(|e| MediaError::io(target, "written", e))
    }
}
