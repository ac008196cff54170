//! The one way out: dither, measuring and writing in a single pass, so that what is reported is what is in the file.

use std::path::{Path, PathBuf};

use serde::Serialize;
use tonmeister_core::{Buffer, Layout, View};
use tonmeister_dsp::dither::{Dither, Shaping};
use tonmeister_measure::loudness::{Loudness, LoudnessMeter, Options, Peaks, UnsupportedRate};
use tonmeister_media as media;

use crate::failure::Failure;
use crate::world::World;

/// How samples are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Depth {
    /// 16-bit integers, dithered.
    #[serde(rename = "16")]
    Int16,
    /// 24-bit integers, dithered.
    #[serde(rename = "24")]
    Int24,
    /// 32-bit floating point, as computed.
    #[serde(rename = "32f")]
    Float32,
}

impl Depth {
    fn integer_bits(self) -> Option<u32> {
        match self {
            Depth::Int16 => Some(16),
            Depth::Int24 => Some(24),
            Depth::Float32 => None,
        }
    }
}

/// The seed of the dither: fixed, so that the same song gives the same file.
const DITHER_SEED: u64 = 0x746f_6e6d_6569_7374;

/// What a finished file came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Written {
    /// The file.
    pub path: PathBuf,
    /// How its samples are stored.
    pub depth: Depth,
    /// Frames per second.
    pub sample_rate_hz: u32,
    /// Length in frames.
    pub frames: u64,
    /// Samples that did not fit and were held at full scale.
    pub clipped_samples: u64,
    /// Measured on the very samples that were written.
    pub loudness: Loudness,
}

/// The meter of every verb that reads or writes a file: peaks are looked at closely, so that what one verb writes
/// another measures alike.
pub(crate) fn meter((sample_rate, layout): (u32, Layout)) -> Result<LoudnessMeter, UnsupportedRate> {
    let options = Options { peaks: Peaks::TrueClosely, ..Options::default() };
    LoudnessMeter::with_options(sample_rate, layout, options)
}

/// A file being written.
pub(crate) struct Output {
    path: PathBuf,
    depth: Depth,
    writer: media::Writer,
    dither: Option<Dither>,
    meter: LoudnessMeter,
    world: World,
    quantised: Buffer,
    sample_rate: u32,
    frames: u64,
}

impl Output {
    /// Begins a file; its format follows the name's extension. Nothing stands under the name until
    /// [`Ended::keep`].
    pub(crate) fn create(
        world: &World,
        path: &Path,
        depth: Depth,
        (sample_rate, layout): (u32, Layout),
    ) -> Result<Self, Failure> {
        let format = format_of(path, depth)?;
        let writer = media::Writer::create(path, format, sample_rate, layout).map_err(|e| Failure::output(path, e))?;
        let dither = depth.integer_bits().map(|bits| {
            Dither::new(bits, Shaping::Flat, sample_rate, layout, DITHER_SEED)
                .map_err(|e| Failure::Usage(e.to_string()))
        });
        let meter = meter((sample_rate, layout)).map_err(|e| Failure::output(path, e))?;
        let quantised = Buffer::new(layout, tonmeister_engine::MAX_BLOCK);
        let dither = dither.transpose()?;
        Ok(Output {
            path: path.into(),
            depth,
            writer,
            dither,
            meter,
            world: world.clone(),
            quantised,
            sample_rate,
            frames: 0,
        })
    }

    /// Dithers, measures and writes the next frames.
    pub(crate) fn write(&mut self, view: View<'_>) -> Result<(), Failure> {
        self.world.go_on()?;
        let step = self.quantised.frames();
        for from in (0..view.frames()).step_by(step) {
            let part = view.part(from, (from + step).min(view.frames()));
            let mut block = self.quantised.block(part.frames());
            for channel in 0..part.layout().channels() {
                block.channel_mut(channel).copy_from_slice(part.channel(channel));
            }
            if let Some(dither) = &mut self.dither {
                dither.process(&mut block);
            }
            self.meter.push(block.view());
            self.writer.write(block.view()).map_err(|e| Failure::output(&self.path, e))?;
        }
        self.frames += view.frames() as u64;
        Ok(())
    }

    /// How many frames it has.
    pub(crate) fn frames(&self) -> u64 {
        self.frames
    }

    /// All frames are in: what the file is, before it stands anywhere.
    pub(crate) fn end(self) -> Ended {
        let written = Written {
            path: self.path,
            depth: self.depth,
            sample_rate_hz: self.sample_rate,
            frames: self.frames,
            clipped_samples: self.dither.as_ref().map_or(0, Dither::clipped),
            loudness: self.meter.finish(),
        };
        Ended { written, writer: self.writer }
    }
}

/// A file that is complete but does not stand under its name yet. Dropped, it leaves no trace.
pub(crate) struct Ended {
    pub(crate) written: Written,
    writer: media::Writer,
}

impl Ended {
    /// Puts the file in its place.
    pub(crate) fn keep(self) -> Result<Written, Failure> {
        self.writer.finish().map_err(|e| Failure::output(&self.written.path, e))?;
        Ok(self.written)
    }
}

/// Refuses to put a file where one of its own sources stands: that would be the end of the source.
pub(crate) fn refuse_to_replace(output: &Path, sources: &[impl AsRef<Path>]) -> Result<(), Failure> {
    // What does not exist yet can be nobody's source.
    let Ok(target) = output.canonicalize() else { return Ok(()) };
    match sources.iter().find(|source| source.as_ref().canonicalize().is_ok_and(|s| s == target)) {
        Some(_) => Err(Failure::output(output, "is what this is made from, and would be lost; name another file")),
        None => Ok(()),
    }
}

/// The container by the name's extension; anything but WAV and FLAC is refused before any work is done.
pub(crate) fn format_of(path: &Path, depth: Depth) -> Result<media::Format, Failure> {
    let extension = path.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase);
    match (extension.as_deref(), depth) {
        (Some("wav" | "wave"), Depth::Int16) => Ok(media::Format::Wav(media::SampleFormat::Int16)),
        (Some("wav" | "wave"), Depth::Int24) => Ok(media::Format::Wav(media::SampleFormat::Int24)),
        (Some("wav" | "wave"), Depth::Float32) => Ok(media::Format::Wav(media::SampleFormat::Float32)),
        (Some("flac"), Depth::Int16) => Ok(media::Format::Flac(media::IntegerBits::Sixteen)),
        (Some("flac"), Depth::Int24) => Ok(media::Format::Flac(media::IntegerBits::TwentyFour)),
        (Some("flac"), Depth::Float32) => {
            Err(Failure::Usage("FLAC stores whole numbers: ask for 16 or 24 bits, or for a .wav file".into()))
        }
        _ => Err(Failure::output(path, "the name should end in .wav or .flac, which decides the format")),
    }
}
