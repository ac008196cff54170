//! Writing AAC (ISO/IEC 14496-3, low complexity) in MPEG-4, encoded by libxaac.
//!
//! The encoder takes 16 bits, so the sound is dithered first: a triangle of ±1 step, which is a pure function of the frame's
//! place and the channel. Its own noise lies far above that. It gets a beginning and an end that linear prediction makes up,
//! so that tracks which run into each other do not click; the file's marks take them off.

use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use tonmeister_core::View;
use xaac_rs::{EncoderConfig, OutputFormat, Profile};

use super::Sink;
use super::aside::{Aside, Encode};
use super::extend::Extended;
use super::m4a::{AAC_DELAY, AAC_PACKET as PACKET, M4a, aac_track};
use super::quantize::Quantized;
use crate::error::MediaError;

/// Frames that the encoder delays the sound by.
const ENCODER_DELAY: usize = 1600;

/// Interleaved 16-bit samples.
type Piece = Vec<i16>;

/// An AAC file in the making.
pub(crate) struct AacSink<W> {
    sound: Extended,
    grid: Grid<W>,
}

/// Dithered sound on its way into the encoder.
struct Grid<W> {
    aside: Aside<Piece, W>,
    channels: usize,
    /// Samples that do not fill a packet yet.
    rest: Piece,
    /// Samples so far.
    given: u64,
}

impl<W: Write + Read + Seek + Send + 'static> AacSink<W> {
    pub(crate) fn new(
        path: &Path,
        out: W,
        kbps: u16,
        channels: usize,
        sample_rate: u32,
    ) -> Result<AacSink<W>, MediaError> {
        let target = path.to_owned();
        let aside = Aside::start(path, move || Encoder::new(target, out, kbps, channels, sample_rate))?;
        let sound = Extended::new(channels, AAC_DELAY - ENCODER_DELAY);
        Ok(AacSink { sound, grid: Grid { aside, channels, rest: Vec::new(), given: 0 } })
    }
}

impl<W: Write + Read + Seek + Send + 'static> Grid<W> {
    /// Dithers, and sends the packets that are full. Returns what had to be clamped.
    fn give(&mut self, target: &Path, samples: &[f32]) -> Result<u64, MediaError> {
        let mut clipped = 0;
        for (sample, place) in samples.iter().zip(self.given..) {
            let exact = f64::from(*sample) * 32_768.0;
            let steps = (exact + triangle(place)).round_ties_even();
            let held = steps.clamp(-32_768.0, 32_767.0);
            // Dither alone may touch full scale; only what lies over it itself is lost.
            clipped += u64::from(!(-32_768.5..32_767.5).contains(&exact));
            self.rest.push(held as i16);
        }
        self.given += samples.len() as u64;
        let whole = PACKET * self.channels;
        while self.rest.len() >= whole {
            let mut piece = self.aside.used().unwrap_or_default();
            piece.clear();
            piece.extend(self.rest.drain(..whole));
            self.aside.send(target, piece)?;
        }
        Ok(clipped)
    }
}

impl<W: Write + Read + Seek + Send + 'static> Sink<W> for AacSink<W> {
    fn write(&mut self, target: &Path, audio: View<'_>) -> Result<Quantized, MediaError> {
        let AacSink { sound, grid } = self;
        sound.write(audio, |samples| grid.give(target, samples))
    }

    fn finish(self: Box<Self>, target: &Path) -> Result<W, MediaError> {
        let AacSink { mut sound, mut grid } = *self;
        let frames = sound.finish((PACKET, ENCODER_DELAY), |samples| grid.give(target, samples))?;
        grid.aside.finish(target, frames)
    }
}

/// Triangular noise of ±1 for a place in the stream: the difference of two even ones (`SplitMix64` of the place).
fn triangle(place: u64) -> f64 {
    let mut z = place.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^= z >> 31;
    (f64::from((z >> 32) as u32) - f64::from(z as u32)) / 4_294_967_296.0
}

/// Lives on a thread of its own, because the library's state may not change threads.
struct Encoder<W: Write> {
    library: xaac_rs::Encoder,
    m4a: M4a<W>,
    target: PathBuf,
    kbps: u16,
    channels: usize,
    sample_rate: u32,
    given: u64,
}

impl<W: Write + Read + Seek> Encoder<W> {
    fn new(target: PathBuf, out: W, kbps: u16, channels: usize, sample_rate: u32) -> Result<Self, MediaError> {
        let config = EncoderConfig {
            profile: Profile::AacLc,
            sample_rate,
            channels: channels as u16,
            bitrate: u32::from(kbps) * 1000,
            output_format: OutputFormat::Raw,
            ..EncoderConfig::default()
        };
        let library = xaac_rs::Encoder::new(config).map_err(|e| failed(&target, &e))?;
        if library.input_frame_bytes() != PACKET * channels * 2 {
            let found = format!("the AAC encoder wants packets of {} bytes", library.input_frame_bytes());
            return Err(MediaError::Refused { path: target, found });
        }
        let m4a = M4a::new(out).map_err(|e| MediaError::io(&target, "written", e))?;
        Ok(Encoder { library, m4a, target, kbps, channels, sample_rate, given: 0 })
    }
}

impl<W: Write + Read + Seek> Encode<Piece, W> for Encoder<W> {
    fn encode(&mut self, piece: &Piece) -> Result<(), MediaError> {
        let packet = self.library.encode_i16_interleaved(piece).map_err(|e| failed(&self.target, &e))?;
        self.given += PACKET as u64;
        self.m4a.packet(&packet.data).map_err(|e| MediaError::io(&self.target, "written", e))
    }

    fn finish(self, frames: u64) -> Result<W, MediaError> {
        let Encoder { m4a, target, .. } = self;
        let (_, bytes, largest) = m4a.sizes();
        let seconds = self.given as f64 / f64::from(self.sample_rate);
        let average = (bytes as f64 * 8.0 / seconds).round() as u32;
        let rates = [average, u32::from(self.kbps) * 1000, largest];
        let track = aac_track(self.sample_rate, self.channels as u16, rates);
        m4a.finish(&track, frames).map_err(|e| MediaError::io(&target, "written", e))
    }
}

fn failed(path: &Path, error: &xaac_rs::Error) -> MediaError {
    MediaError::io(path, "written", io::Error::other(error.to_string()))
}
