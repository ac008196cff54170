//! Files out: written beside the target, synced, renamed.
//!
//! `format` names every kind of file with its settings and says what each can hold. A kind is a [`Sink`]: frames in, a
//! complete file out. [`Writer`] is the door: it checks, counts, and puts the file in its place.

#[cfg(feature = "aac")]
pub(crate) mod aac;
pub(crate) mod alac;
pub(crate) mod aside;
pub(crate) mod beside;
pub(crate) mod extend;
#[cfg(not(feature = "aac"))]
pub(crate) mod ffmpeg;
pub(crate) mod flac;
pub(crate) mod format;
pub(crate) mod lame;
pub(crate) mod m4a;
pub(crate) mod opus;
pub(crate) mod program;
pub(crate) mod quantize;
mod staged;
pub(crate) mod vorbis;

use std::fs::File;
use std::io::Seek;
use std::path::{Path, PathBuf};

use tonmeister_core::{Diagnostic, Layout, View};

use self::alac::AlacSink;
use self::beside::Beside;
use self::flac::FlacSink;
pub use self::format::{Format, IntegerBits, Mp3Mode, SampleFormat, UnknownFormat};
use self::lame::LameSink;
use self::opus::OpusSink;
use self::quantize::Quantized;
pub use self::staged::Staged;
use self::vorbis::VorbisSink;
use crate::aiff::write::AiffSink;
use crate::error::MediaError;
use crate::pcm_file::RATES;
use crate::tags::{Embedded, Tags, write_to};
use crate::wav::write::WavSink;

/// One kind of file in the making, over the bytes `W`.
pub(crate) trait Sink<W>: Send {
    /// Appends frames. A sample that is infinite or not a number is reported in the account, not written.
    fn write(&mut self, target: &Path, audio: View<'_>) -> Result<Quantized, MediaError>;

    /// Writes what is left and the true header.
    fn finish(self: Box<Self>, target: &Path) -> Result<W, MediaError>;
}

/// A file that was written, synced and put in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The file.
    pub path: PathBuf,
    /// Its length.
    pub frames: u64,
    /// Samples that lay outside full scale and were clamped to it (integers, MP3 and AAC only). More than zero is audible.
    pub clipped: u64,
}

/// A file in the making.
///
/// Until [`Writer::finish`] nothing of that name appears or changes; a writer that is dropped leaves no trace. Integer
/// samples are the nearest step of the grid (ties to even), so audio that was dithered onto the grid is written exactly;
/// this crate does not dither.
pub struct Writer {
    sink: Box<dyn Sink<Beside>>,
    format: Format,
    target: PathBuf,
    layout: Layout,
    sample_rate: u32,
    frames: u64,
    clipped: u64,
}

impl Writer {
    /// Begins a file. Its length need not be known: the header is written for good at the end.
    ///
    /// # Errors
    /// When the folder is missing or not writable, the target is a folder, the format cannot hold that sample rate or
    /// layout ([`Format::refusal`]), or its encoder is not there.
    pub fn create(
        path: impl AsRef<Path>,
        format: Format,
        sample_rate: u32,
        layout: Layout,
    ) -> Result<Writer, MediaError> {
        Writer::create_with_room(path, format, sample_rate, layout, 0)
    }

    /// [`Writer::create`] with room for tags before the audio ([`Tags::room`](crate::Tags::room)), in bytes, so that the
    /// audio need not move when they are written at the end. WAV and FLAC can keep room; the others do without.
    pub fn create_with_room(
        path: impl AsRef<Path>,
        format: Format,
        sample_rate: u32,
        layout: Layout,
        room: u32,
    ) -> Result<Writer, MediaError> {
        let path = path.as_ref();
        possible(path, format, sample_rate, layout)?;
        let bounds = Bounds { room, ..Bounds::default() };
        Writer::over(path, Beside::create(path)?, format, (sample_rate, layout), bounds)
    }

    /// A WAV file whose sizes are stored in 64 bits (RF64, EBU Tech 3306) however small it is; `room` as in
    /// [`Writer::create_with_room`]. The other ways of creating make one only of a file that outgrows 32 bits.
    ///
    /// # Errors
    /// Those of [`Writer::create`].
    pub fn create_rf64(
        path: impl AsRef<Path>,
        samples: SampleFormat,
        sample_rate: u32,
        layout: Layout,
        room: u32,
    ) -> Result<Writer, MediaError> {
        let (path, format) = (path.as_ref(), Format::Wav(samples));
        possible(path, format, sample_rate, layout)?;
        Writer::over(path, Beside::create(path)?, format, (sample_rate, layout), Bounds { limit: 0, room })
    }

    /// [`Writer::create`] with another place where 32 bits end, so that tests need not write 4 GiB.
    #[cfg(test)]
    fn with_limit(
        path: &Path,
        format: Format,
        sample_rate: u32,
        layout: Layout,
        limit: u64,
    ) -> Result<Writer, MediaError> {
        possible(path, format, sample_rate, layout)?;
        let bounds = Bounds { limit, ..Bounds::default() };
        Writer::over(path, Beside::create(path)?, format, (sample_rate, layout), bounds)
    }

    fn over(
        path: &Path,
        out: Beside,
        format: Format,
        (sample_rate, layout): (u32, Layout),
        Bounds { limit, room }: Bounds,
    ) -> Result<Writer, MediaError> {
        let target = out.target().to_owned();
        let io = |e| MediaError::io(path, "written", e);
        let channels = layout.channels();
        let sink: Box<dyn Sink<Beside>> = match format {
            Format::Wav(samples) => {
                Box::new(WavSink::new(out, samples, channels, sample_rate, (limit, room)).map_err(io)?)
            }
            Format::Aiff(samples) => Box::new(AiffSink::new(out, samples, channels, sample_rate, limit).map_err(io)?),
            Format::Flac(bits) => Box::new(FlacSink::new(path, out, bits, channels, sample_rate, room)?),
            Format::Mp3(mode) => Box::new(LameSink::new(path, out, mode, layout, sample_rate)?),
            Format::Vorbis { tenths } => Box::new(VorbisSink::new(path, out, tenths, channels, sample_rate)?),
            Format::Opus { kbps } => Box::new(OpusSink::new(path, out, kbps, channels)?),
            Format::Alac(bits) => Box::new(AlacSink::new(path, out, bits, channels, sample_rate)?),
            #[cfg(feature = "aac")]
            Format::Aac { kbps } => Box::new(aac::AacSink::new(path, out, kbps, channels, sample_rate)?),
            #[cfg(not(feature = "aac"))]
            Format::Aac { kbps } => Box::new(ffmpeg::FfmpegSink::new(path, out, kbps, channels, sample_rate)?),
        };
        Ok(Writer { sink, format, target, layout, sample_rate, frames: 0, clipped: 0 })
    }

    /// Appends frames.
    ///
    /// # Errors
    /// When the disk is full, the layout is not the file's, the file would outgrow its format, or a sample is infinite
    /// or not a number. The file is then lost, and what stood at its place stays.
    pub fn write(&mut self, audio: View<'_>) -> Result<(), MediaError> {
        if audio.layout() != self.layout {
            let found = format!("{:?} audio was handed to a {:?} file", audio.layout(), self.layout);
            return Err(MediaError::Refused { path: self.target.clone(), found });
        }
        let got: Quantized = self.sink.write(&self.target, audio)?;
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
    ///
    /// # Errors
    /// When the disk is full, or nothing was written to a compressed format: only WAV and AIFF can hold 0 frames.
    pub fn finish(self) -> Result<Written, MediaError> {
        self.finish_with(|_| Ok(()))
    }

    /// [`Writer::finish`] with a step between: `last` gets the complete file, open for reading and writing at its start,
    /// before it is synced and put in place. It may change and lengthen the file (tags, chunks); when it fails, what
    /// stood at the target stays.
    pub fn finish_with(self, last: impl FnOnce(&mut File) -> Result<(), MediaError>) -> Result<Written, MediaError> {
        let written = Written { path: self.target.clone(), frames: self.frames, clipped: self.clipped };
        let mut out = self.complete()?;
        last(out.file())?;
        out.put_in_place()?;
        Ok(written)
    }

    /// [`Writer::finish`] with tags, and a front cover if there is one. Gives back what the tags were warned of
    /// ([`Tags::check`](crate::Tags::check)).
    ///
    /// # Errors
    /// Those of [`Writer::finish`] and of [`tags::rewrite`](crate::tags::rewrite); what stood at the target stays.
    pub fn finish_tagged(
        self,
        tags: &Tags,
        cover: Option<&Embedded>,
    ) -> Result<(Written, Vec<Diagnostic>), MediaError> {
        let (mut warnings, target) = (Vec::new(), self.target.clone());
        let written = self.finish_with(|file| {
            warnings = write_to(file, &target, tags, cover)?;
            Ok(())
        })?;
        Ok((written, warnings))
    }

    /// Completes the file without putting it in its place: it can be heard first. Tags are written when it is put there.
    ///
    /// # Errors
    /// Those of [`Writer::finish`].
    pub fn stage(self) -> Result<Staged, MediaError> {
        let written = Written { path: self.target.clone(), frames: self.frames, clipped: self.clipped };
        Ok(Staged::new(self.complete()?, written))
    }

    /// The complete file, still beside its target and at its start.
    fn complete(self) -> Result<Beside, MediaError> {
        let Writer { sink, format, target, frames, .. } = self;
        if frames == 0 && !matches!(format, Format::Wav(_) | Format::Aiff(_)) {
            let found = format!("{} cannot hold 0 frames; write WAV or AIFF instead", format.title());
            return Err(MediaError::Refused { path: target, found });
        }
        let mut out = sink.finish(&target)?;
        out.file().rewind().map_err(|e| MediaError::io(&target, "written", e))?;
        Ok(out)
    }
}

/// What a file is held to beside its format.
#[derive(Clone, Copy)]
struct Bounds {
    /// The largest size that 32 bits may state.
    limit: u64,
    /// Bytes that are kept free for tags.
    room: u32,
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds { limit: u64::from(u32::MAX), room: 0 }
    }
}

/// Refuses what the format cannot hold, before anything is made.
fn possible(path: &Path, format: Format, sample_rate: u32, layout: Layout) -> Result<(), MediaError> {
    if !RATES.contains(&sample_rate) {
        return Err(MediaError::Rate { path: path.to_owned(), rate: u64::from(sample_rate) });
    }
    if let Some(found) = format.refusal(sample_rate, layout) {
        return Err(MediaError::Refused { path: path.to_owned(), found });
    }
    Ok(())
}

/// Syncs a folder, so that a rename in it survives a power cut.
pub(crate) fn sync_folder(folder: &Path) -> std::io::Result<()> {
    // Folders cannot be opened for syncing everywhere; where they can, a failure counts.
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests;
