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
use super::extend::{self, Ending, SEEN};
use super::m4a::{M4a, Track, full};
use super::quantize::{Quantized, to_floats};
use crate::error::MediaError;

/// Frames in a packet.
const PACKET: usize = 1024;
/// Frames that the encoder delays the sound by.
const ENCODER_DELAY: usize = 1600;
/// Frames that are made up before the sound. With the encoder's delay they are three packets and what AAC usually has.
const LEAD: usize = 512;
/// What the file says is to be taken off.
const DELAY: usize = ENCODER_DELAY + LEAD;

/// Interleaved 16-bit samples.
type Piece = Vec<i16>;

/// An AAC file in the making.
pub(crate) struct AacSink<W> {
    aside: Aside<Piece, W>,
    channels: usize,
    /// The first frames, until there are enough to make up a beginning; later, those at hand.
    floats: Vec<f32>,
    led: bool,
    ending: Ending,
    /// Samples that do not fill a packet yet.
    rest: Piece,
    /// Frames of sound, and frames given to the encoder so far.
    frames: u64,
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
        let ending = Ending::new(channels);
        let (floats, rest) = (Vec::new(), Vec::new());
        Ok(AacSink { aside, channels, floats, led: false, ending, rest, frames: 0, given: 0 })
    }

    /// Gives the frames at hand, and before the first of them the made-up beginning.
    fn give(&mut self, target: &Path) -> Result<u64, MediaError> {
        if !self.led {
            self.led = true;
            let lead = extend::before(&self.floats, self.channels, LEAD);
            self.give_these(target, &lead)?;
        }
        let floats = std::mem::take(&mut self.floats);
        let clipped = self.give_these(target, &floats)?;
        self.floats = floats;
        self.floats.clear();
        Ok(clipped)
    }

    /// Dithers, and sends the packets that are full. Returns what had to be clamped.
    fn give_these(&mut self, target: &Path, samples: &[f32]) -> Result<u64, MediaError> {
        let mut clipped = 0;
        for (n, sample) in samples.iter().enumerate() {
            let place = self.given * self.channels as u64 + n as u64;
            let exact = f64::from(*sample) * 32_768.0;
            let steps = (exact + triangle(place)).round_ties_even();
            let held = steps.clamp(-32_768.0, 32_767.0);
            // Dither alone may touch full scale; only what lies over it itself is lost.
            clipped += u64::from(!(-32_768.5..32_767.5).contains(&exact));
            self.rest.push(held as i16);
        }
        self.given += (samples.len() / self.channels) as u64;
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
        let mut total = Quantized::default();
        let mut at = 0;
        while at < audio.frames() {
            let end = (at + 8192).min(audio.frames());
            let before = self.floats.len();
            let mut got = to_floats(audio.part(at, end), &mut self.floats);
            if got.first_bad.is_none() {
                self.ending.saw(&self.floats[before..]);
                self.frames += (end - at) as u64;
                if self.led || self.floats.len() >= SEEN * self.channels {
                    got.clipped += self.give(target)?;
                }
            }
            total.add(got, at as u64);
            if total.first_bad.is_some() {
                break;
            }
            at = end;
        }
        Ok(total)
    }

    fn finish(mut self: Box<Self>, target: &Path) -> Result<W, MediaError> {
        self.give(target)?;
        let packets = (DELAY as u64 + self.frames).div_ceil(PACKET as u64);
        let more = packets * PACKET as u64 - self.given;
        let tail = self.ending.onwards(more as usize);
        self.give_these(target, &tail)?;
        let AacSink { aside, frames, .. } = *self;
        aside.finish(target, frames)
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

    /// What a decoder has to know: object type 2 (low complexity), the rate's number, the channels (ISO/IEC 14496-3
    /// §1.6.2.1), wrapped in the descriptors of ISO/IEC 14496-1 §7.2.6.
    fn setup(&self) -> Vec<u8> {
        let rate = match self.sample_rate {
            48_000 => 3_u16,
            44_100 => 4,
            _ => 5,
        };
        let config = (2 << 11 | rate << 7 | (self.channels as u16) << 3).to_be_bytes();
        let (_, bytes, largest) = self.m4a.sizes();
        let seconds = self.given as f64 / f64::from(self.sample_rate);
        let average = (bytes as f64 * 8.0 / seconds).round() as u32;
        let most = u32::from(self.kbps) * 1000;
        full(*b"esds", 0, 0, |out| {
            // The stream, without dependencies.
            out.extend_from_slice(&[3, 3 + 15 + 4 + 3, 0, 0, 0]);
            // The decoder: MPEG-4 audio, an audio stream, the buffer it needs.
            out.extend_from_slice(&[4, 13 + 4, 0x40, 0x15]);
            out.extend_from_slice(&largest.to_be_bytes()[1..]);
            out.extend_from_slice(&most.max(average).to_be_bytes());
            out.extend_from_slice(&average.to_be_bytes());
            out.extend_from_slice(&[5, 2, config[0], config[1]]);
            // The layer below is MP4.
            out.extend_from_slice(&[6, 1, 2]);
        })
    }
}

impl<W: Write + Read + Seek> Encode<Piece, W> for Encoder<W> {
    fn encode(&mut self, piece: &Piece) -> Result<(), MediaError> {
        let packet = self.library.encode_i16_interleaved(piece).map_err(|e| failed(&self.target, &e))?;
        self.given += PACKET as u64;
        self.m4a.packet(&packet.data).map_err(|e| MediaError::io(&self.target, "written", e))
    }

    fn finish(self, frames: u64) -> Result<W, MediaError> {
        let track = Track {
            sample_rate: self.sample_rate,
            channels: self.channels as u16,
            bits: 16,
            entry: *b"mp4a",
            setup: self.setup(),
            packet_frames: PACKET as u32,
            delay: DELAY as u32,
        };
        let Encoder { m4a, target, .. } = self;
        m4a.finish(&track, frames).map_err(|e| MediaError::io(&target, "written", e))
    }
}

fn failed(path: &Path, error: &xaac_rs::Error) -> MediaError {
    MediaError::io(path, "written", io::Error::other(error.to_string()))
}
