//! Files out: written beside the target, synced, renamed.

pub(crate) mod beside;
pub(crate) mod flac;
pub(crate) mod quantize;

use std::fs::File;
use std::path::{Path, PathBuf};

use tonmeister_core::{Layout, View};

use self::beside::Beside;
use self::flac::FlacSink;
use self::quantize::Quantized;
use crate::error::MediaError;
use crate::pcm_file::RATES;
use crate::wav::write::WavSink;

/// The size of integer samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IntegerBits {
    /// 16 bits.
    Sixteen,
    /// 24 bits.
    TwentyFour,
}

/// How WAV samples are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SampleFormat {
    /// 16-bit integers.
    Int16,
    /// 24-bit integers.
    Int24,
    /// 32-bit floats: written bit for bit as they come, over full scale too.
    Float32,
}

impl SampleFormat {
    /// Bytes per sample.
    pub const fn bytes(self) -> usize {
        match self {
            SampleFormat::Int16 => 2,
            SampleFormat::Int24 => 3,
            SampleFormat::Float32 => 4,
        }
    }
}

/// What kind of file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// WAV, which becomes RF64 by itself past 4 GiB.
    Wav(SampleFormat),
    /// FLAC.
    Flac(IntegerBits),
}

impl Format {
    /// The step of the integer grid is 2^(1 − bits); `None` for floats. Dither onto this grid before writing.
    pub const fn bits(self) -> Option<u16> {
        match self {
            Format::Wav(SampleFormat::Int16) | Format::Flac(IntegerBits::Sixteen) => Some(16),
            Format::Wav(SampleFormat::Int24) | Format::Flac(IntegerBits::TwentyFour) => Some(24),
            Format::Wav(SampleFormat::Float32) => None,
        }
    }
}

/// A file that was written, synced and put in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The file.
    pub path: PathBuf,
    /// Its length.
    pub frames: u64,
    /// Samples that lay outside full scale and were clamped to it (integers only). More than zero is audible.
    pub clipped: u64,
}

/// A file in the making.
///
/// Until [`Writer::finish`] nothing of that name appears or changes; a writer that is dropped leaves no trace. Integer
/// samples are the nearest step of the grid (ties to even), so audio that was dithered onto the grid is written exactly;
/// this crate does not dither.
pub struct Writer {
    sink: Sink,
    target: PathBuf,
    layout: Layout,
    sample_rate: u32,
    frames: u64,
    clipped: u64,
}

enum Sink {
    Wav(Box<WavSink<Beside>>),
    Flac(Box<FlacSink<Beside>>),
}

impl Writer {
    /// Begins a file. Its length need not be known: the header is written for good at the end.
    ///
    /// # Errors
    /// When the folder is missing or not writable, the target is a folder, or the sample rate is outside 8 to 384 kHz.
    pub fn create(
        path: impl AsRef<Path>,
        format: Format,
        sample_rate: u32,
        layout: Layout,
    ) -> Result<Writer, MediaError> {
        Writer::with_limit(path.as_ref(), format, sample_rate, layout, u64::from(u32::MAX))
    }

    /// [`Writer::create`] with another place where RIFF becomes RF64, so that tests need not write 4 GiB.
    fn with_limit(
        path: &Path,
        format: Format,
        sample_rate: u32,
        layout: Layout,
        limit: u64,
    ) -> Result<Writer, MediaError> {
        if !RATES.contains(&sample_rate) {
            return Err(MediaError::Rate { path: path.to_owned(), rate: u64::from(sample_rate) });
        }
        let out = Beside::create(path)?;
        let target = out.target().to_owned();
        let io = |e| MediaError::io(path, "written", e);
        let channels = layout.channels();
        let sink = match format {
            Format::Wav(samples) => {
                Sink::Wav(Box::new(WavSink::new(out, samples, channels, sample_rate, limit).map_err(io)?))
            }
            Format::Flac(bits) => Sink::Flac(Box::new(FlacSink::new(path, out, bits, channels, sample_rate)?)),
        };
        Ok(Writer { sink, target, layout, sample_rate, frames: 0, clipped: 0 })
    }

    /// Appends frames.
    ///
    /// # Errors
    /// When the disk is full, the layout is not the file's, or a sample is infinite or not a number. The file is then
    /// lost, and what stood at its place stays.
    pub fn write(&mut self, audio: View<'_>) -> Result<(), MediaError> {
        if audio.layout() != self.layout {
            let found = format!("{:?} audio was handed to a {:?} file", audio.layout(), self.layout);
            return Err(MediaError::Refused { path: self.target.clone(), found });
        }
        let got: Quantized = match &mut self.sink {
            Sink::Wav(sink) => sink.write(audio).map_err(|e| MediaError::io(&self.target, "written", e))?,
            Sink::Flac(sink) => sink.write(&self.target, audio)?,
        };
        if let Some(frame) = got.first_bad {
            let frame = self.frames + frame;
            let seconds = frame as f64 / f64::from(self.sample_rate);
            let found = format!("a sample at {seconds:.6} s (frame {frame}) is infinite or not a number");
            return Err(MediaError::Refused { path: self.target.clone(), found });
        }
        self.frames += audio.frames() as u64;
        self.clipped += got.clipped;
        Ok(())
    }

    /// Completes the file, syncs it to the disk and puts it in its place.
    pub fn finish(self) -> Result<Written, MediaError> {
        let Writer { sink, target, frames, clipped, .. } = self;
        let out = match sink {
            Sink::Wav(sink) => sink.finish().map_err(|e| MediaError::io(&target, "written", e))?,
            Sink::Flac(sink) => sink.finish(&target)?,
        };
        out.put_in_place()?;
        Ok(Written { path: target, frames, clipped })
    }
}

/// Syncs a folder, so that a rename in it survives a power cut.
pub(crate) fn sync_folder(folder: &Path) -> std::io::Result<()> {
    // Folders cannot be opened for syncing everywhere; where they can, a failure counts.
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests;
