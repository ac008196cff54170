//! Raw audio of discs as a stream: files of sectors without a header.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

use tonmeister_core::{Block, Diagnostic, Layout, Source, SourceError, SourceInfo};

use crate::error::ReleaseError;
use crate::toc::Sectors;

/// Frames that are read at a time.
const PIECE: usize = 8192;

/// A file of raw 16-bit stereo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) path: PathBuf,
    pub(crate) frames: u64,
    /// Bytes come high first.
    pub(crate) big_endian: bool,
}

/// Where the program's audio is: files in a row, behind silence that was left out of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Image {
    pub(crate) silence: u64,
    pub(crate) parts: Vec<Part>,
}

impl Image {
    /// Sectors of the whole program, so far as they are whole.
    pub(crate) fn frames(&self) -> u64 {
        self.silence + self.parts.iter().map(|p| p.frames).sum::<u64>()
    }

    /// That stretch of the program.
    pub(crate) fn source(&self, range: &Range<Sectors>) -> ImageSource {
        let at = range.start.frames();
        ImageSource {
            image: self.clone(),
            begin: at,
            at,
            end: range.end.frames().max(at),
            open: None,
            bytes: Vec::new(),
        }
    }
}

/// A stretch of a program: 44.1 kHz stereo on the 16-bit grid.
pub(crate) struct ImageSource {
    image: Image,
    begin: u64,
    at: u64,
    end: u64,
    /// The file that is open, and its frame that comes next.
    open: Option<(usize, File, u64)>,
    bytes: Vec<u8>,
}

impl ImageSource {
    /// Reads at most the whole of `out`, from one file; 0 only behind the last.
    fn piece(&mut self, out: &mut Block<'_>) -> Result<usize, SourceError> {
        let wanted = out.frames().min(PIECE);
        if self.at < self.image.silence {
            let frames = wanted.min((self.image.silence - self.at).min(PIECE as u64) as usize);
            out.part(0, frames).silence();
            return Ok(frames);
        }
        let mut begin = self.image.silence;
        let mut found = None;
        for (n, part) in self.image.parts.iter().enumerate() {
            if self.at < begin + part.frames {
                found = Some((n, part, self.at - begin));
                break;
            }
            begin += part.frames;
        }
        let Some((n, part, frame)) = found else { return Ok(0) };
        let fail = |e: std::io::Error| SourceError::new(format!("{} could not be read: {e}", part.path.display()));
        let mut file = match self.open.take() {
            Some((open, file, next)) if open == n && next == frame => file,
            _ => {
                let mut file = File::open(&part.path).map_err(fail)?;
                file.seek(SeekFrom::Start(frame * 4)).map_err(fail)?;
                file
            }
        };
        let frames = wanted.min((part.frames - frame).min(PIECE as u64) as usize);
        self.bytes.resize(frames * 4, 0);
        file.read_exact(&mut self.bytes).map_err(fail)?;
        self.open = Some((n, file, frame + frames as u64));
        let (pairs, _) = self.bytes.as_chunks::<4>();
        if let Some((left, right)) = out.part(0, frames).pair_mut() {
            let value = if part.big_endian { i16::from_be_bytes } else { i16::from_le_bytes };
            for ((l, r), [a, b, c, d]) in left.iter_mut().zip(right).zip(pairs) {
                *l = f32::from(value([*a, *b])) / 32_768.0;
                *r = f32::from(value([*c, *d])) / 32_768.0;
            }
        }
        Ok(frames)
    }

    fn file(&self) -> &Path {
        self.image.parts.last().map_or(Path::new("the image"), |p| &p.path)
    }
}

impl Source for ImageSource {
    fn info(&self) -> SourceInfo {
        SourceInfo { sample_rate: 44_100, layout: Layout::Stereo, frames: self.end - self.begin }
    }

    fn read(&mut self, out: &mut Block<'_>) -> Result<usize, SourceError> {
        let due = (out.frames() as u64).min(self.end - self.at) as usize;
        let mut done = 0;
        while done < due {
            let read = self.piece(&mut out.part(done, due))?;
            if read == 0 {
                let message = format!(
                    "{} ends at {} of the disc, before {} where its tracks end; copy the fileset again",
                    self.file().display(),
                    Sectors::covering(self.at),
                    Sectors::covering(self.end)
                );
                return Err(SourceError::new(message));
            }
            done += read;
            self.at += read as u64;
        }
        Ok(done)
    }

    fn skip(&mut self, frames: u64) -> Result<u64, SourceError> {
        let passed = frames.min(self.end - self.at);
        self.at += passed;
        Ok(passed)
    }
}

/// A sample that is a whole number of 1/32768.
pub(crate) fn on_grid(sample: f32) -> Option<i16> {
    let scaled = sample * 32_768.0;
    let fits = (-32_768.0..=32_767.0).contains(&scaled) && scaled.fract() == 0.0;
    fits.then_some(scaled as i16)
}

/// Why audio was refused at that frame.
pub(crate) fn off_grid(target: &Path, frame: u64) -> ReleaseError {
    let message = format!(
        "the sample at {:.6} s of the audio (frame {frame}) is not on the 16-bit grid, or beyond full scale",
        frame as f64 / 44_100.0
    );
    let finding =
        Diagnostic::error("cd-grid", message).help("dither the master to 16 bits; rounding it here would distort");
    ReleaseError::Refused { path: target.to_owned(), findings: vec![finding] }
}
