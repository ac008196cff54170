//! What a listener's decoder makes of a signal: encoded and decoded again.
//!
//! A lossy encoder changes the waveform, and with it the peaks: a master that just fits under full scale can come out of a
//! decoder above it. The way through a format and back is therefore decoded to floats that are held nowhere, aligned with
//! the original to the sample, so that true peaks can be measured and levels be solved for.

use std::path::PathBuf;

use tonmeister_core::{Block, Buffer, Layout, Source, SourceError, SourceInfo, View};

use crate::error::MediaError;
use crate::finite::NonFinite;
use crate::open::{OpenOptions, open_input};
use crate::write::{Format, Writer};

/// Frames that go through at once.
const BLOCK: usize = 8192;

/// A signal on its way through a format; [`CodecLoop::decode`] turns it around.
///
/// It streams: the encoded file lies in the system's folder for temporary files, nameless, and is gone with the loop or with
/// the [`Heard`] made of it.
pub struct CodecLoop {
    writer: Writer,
    name: PathBuf,
}

/// A signal that went through a format.
pub struct Heard {
    source: Box<dyn Source>,
    bytes: u64,
    clipped: u64,
}

impl CodecLoop {
    /// Begins the way through `format` for a signal of that shape.
    ///
    /// # Errors
    /// As [`Writer::create`]: the format cannot hold such a signal ([`Format::refusal`]), its encoder is not there, or no
    /// temporary file can be made.
    pub fn new(format: Format, sample_rate: u32, layout: Layout) -> Result<CodecLoop, MediaError> {
        let name = PathBuf::from(format!("the test encoding as {}", format.title()));
        let writer = Writer::nameless(&name, format, sample_rate, layout)?;
        Ok(CodecLoop { writer, name })
    }

    /// Encodes the next frames. Samples over full scale go in as they are, except into integers, MP3 and AAC, whose
    /// encoders take integers: these hold them at full scale and count them ([`Heard::clipped`]).
    pub fn write(&mut self, audio: View<'_>) -> Result<(), MediaError> {
        self.writer.write(audio)
    }

    /// The signal as it comes out of a decoder: as many frames as went in, each where it was, values over full scale
    /// included.
    ///
    /// # Errors
    /// When the disk is full, nothing went in, or the encoder made something that is not as long as what went in.
    pub fn decode(self) -> Result<Heard, MediaError> {
        let CodecLoop { writer, name } = self;
        let (frames, clipped) = writer.so_far();
        let file = writer.complete()?.into_file();
        let bytes = file.metadata().map_err(|e| MediaError::io(&name, "read", e))?.len();
        let opened = open_input(&name, file, OpenOptions { non_finite: NonFinite::Refuse })?;
        if opened.info.frames != frames {
            let found = format!("{frames} frames went in and {} came out", opened.info.frames);
            return Err(MediaError::Refused { path: name, found });
        }
        Ok(Heard { source: opened.source, bytes, clipped })
    }
}

impl Heard {
    /// The size of the encoded file: an exact bit rate for the price of one encoding.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Samples that were held at full scale on the way into the encoder (integers, MP3 and AAC only).
    pub fn clipped(&self) -> u64 {
        self.clipped
    }
}

impl Source for Heard {
    fn info(&self) -> SourceInfo {
        self.source.info()
    }

    fn read(&mut self, out: &mut Block<'_>) -> Result<usize, SourceError> {
        self.source.read(out)
    }

    fn skip(&mut self, frames: u64) -> Result<u64, SourceError> {
        self.source.skip(frames)
    }
}

/// Sends a whole source through a format and back, see [`CodecLoop`].
///
/// # Errors
/// As [`CodecLoop`], and when the source cannot be read.
pub fn heard(format: Format, source: &mut dyn Source) -> Result<Heard, MediaError> {
    let SourceInfo { sample_rate, layout, .. } = source.info();
    let mut way = CodecLoop::new(format, sample_rate, layout)?;
    let mut block = Buffer::new(layout, BLOCK);
    loop {
        let read = source
            .read(&mut block.block(BLOCK))
            .map_err(|error| MediaError::Refused { path: way.name.clone(), found: error.to_string() })?;
        way.write(block.view(read))?;
        if read < BLOCK {
            return way.decode();
        }
    }
}
