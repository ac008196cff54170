//! Files of uncompressed samples: what the readers of WAV and AIFF headers find, and the stream over it.

use std::io::SeekFrom;
use std::path::PathBuf;

use tonmeister_core::{Diagnostic, SourceError};

use crate::error::MediaError;
use crate::finite::FinitePolicy;
use crate::info::{FileInfo, Speakers};
use crate::input::{Bytes, Input, read_full};
use crate::pcm::Pcm;
use crate::wide::{Lanes, part};

/// The lowest and the highest sample rate that is read, in Hz.
pub(crate) const RATES: std::ops::RangeInclusive<u32> = 8_000..=384_000;

/// A header that was understood.
#[derive(Debug)]
pub(crate) struct PcmFile {
    pub(crate) info: FileInfo<Speakers>,
    pub(crate) pcm: Pcm,
    /// The byte of the first sample.
    pub(crate) data_at: u64,
    pub(crate) warnings: Vec<Diagnostic>,
}

/// Checks a count of channels and a sample rate found in a header.
pub(crate) fn check_shape(file: &Bytes<'_>, channels: usize, rate: u64, at: u64) -> Result<u32, MediaError> {
    if channels == 0 {
        return Err(MediaError::damaged(file.path, at, "a header of 0 channels"));
    }
    if channels > Speakers::MOST {
        return Err(MediaError::Channels { path: file.path.to_owned(), channels });
    }
    match u32::try_from(rate) {
        Ok(rate) if RATES.contains(&rate) => Ok(rate),
        _ => Err(MediaError::Rate { path: file.path.to_owned(), rate }),
    }
}

/// How much audio there really is, against what the header claims.
pub(crate) struct Extent {
    /// Bytes of samples that the header claims; `None` when it leaves that open (a stream that was never closed).
    pub(crate) claimed: Option<u64>,
    /// Bytes from the first sample to the end of the file.
    pub(crate) available: u64,
    pub(crate) frame_bytes: u64,
    pub(crate) sample_rate: u32,
}

impl Extent {
    /// The frames that will be read, and a warning for whatever was not as claimed.
    pub(crate) fn settle(&self, name: &str) -> (u64, Vec<Diagnostic>) {
        let mut warnings = Vec::new();
        let seconds = |frames: u64| frames as f64 / f64::from(self.sample_rate);
        let there = self.available / self.frame_bytes;
        let frames = match self.claimed {
            None => {
                warnings.push(
                    Diagnostic::warning(
                        "open-length",
                        format!(
                            "{name}: the header leaves the length open; read to the end of the file: {there} frames, {:.3} s",
                            seconds(there)
                        ),
                    )
                    .help("the recording was streamed or never closed; check its end and export it again"),
                );
                there
            }
            Some(claimed) if claimed > self.available => {
                let missing = claimed / self.frame_bytes - there;
                warnings.push(
                    Diagnostic::warning(
                        "truncated",
                        format!(
                            "{name} is cut off: {missing} frames ({:.3} s) of {} are missing; the {there} frames \
                             ({:.3} s) that are there are read",
                            seconds(missing),
                            claimed / self.frame_bytes,
                            seconds(there)
                        ),
                    )
                    .help("copy or export the file again"),
                );
                there
            }
            Some(claimed) => claimed / self.frame_bytes,
        };
        if frames == 0 {
            warnings.push(
                Diagnostic::warning("no-audio", format!("{name} has a header but holds no audio (0 frames)"))
                    .help("export it again, or take it out of the song"),
            );
        }
        (frames, warnings)
    }
}

/// Bytes that are read at once: large enough that system calls cost nothing, small enough for the cache.
const BUFFER: usize = 96 * 1024;

/// The samples of a file as a stream. Holds one buffer of bounded size, whatever the file's length.
pub(crate) struct PcmLanes {
    input: Box<dyn Input>,
    path: PathBuf,
    sample_rate: u32,
    frames: u64,
    pcm: Pcm,
    policy: FinitePolicy,
    data_at: u64,
    frame_bytes: usize,
    /// The next frame to deliver.
    at: u64,
    buffer: Vec<u8>,
    scratch: Vec<f32>,
    /// The bytes of `buffer` not delivered yet.
    pending: std::ops::Range<usize>,
    /// Whether `input` must be placed before the next bytes are read.
    moved: bool,
}

impl PcmLanes {
    pub(crate) fn new(file: &PcmFile, input: Box<dyn Input>, policy: FinitePolicy) -> Self {
        let frame_bytes = file.pcm.encoding.bytes() * file.info.layout.places.len();
        PcmLanes {
            input,
            path: file.info.path.clone(),
            sample_rate: file.info.sample_rate,
            frames: file.info.frames,
            pcm: file.pcm,
            policy,
            data_at: file.data_at,
            frame_bytes,
            at: 0,
            buffer: Vec::new(),
            scratch: Vec::new(),
            pending: 0..0,
            moved: true,
        }
    }

    /// Fetches more bytes: at least one frame, at most a buffer full.
    fn refill(&mut self) -> Result<(), MediaError> {
        let left = (self.frames - self.at).saturating_mul(self.frame_bytes as u64);
        let wanted = left.min((BUFFER / self.frame_bytes * self.frame_bytes) as u64) as usize;
        if self.buffer.len() < wanted {
            self.buffer.resize(wanted, 0);
        }
        let io = |e| MediaError::io(&self.path, "read", e);
        if self.moved {
            let place = self.data_at + self.at * self.frame_bytes as u64;
            self.input.seek(SeekFrom::Start(place)).map_err(io)?;
            self.moved = false;
        }
        let read = read_full(&mut *self.input, &mut self.buffer[..wanted]).map_err(io)?;
        if read < wanted {
            return Err(MediaError::Damaged {
                path: self.path.clone(),
                place: format!("{:.3} s", self.at as f64 / f64::from(self.sample_rate)),
                found: "the file became shorter while it was read".into(),
            });
        }
        self.pending = 0..wanted;
        Ok(())
    }
}

impl Lanes for PcmLanes {
    fn read(&mut self, lanes: &mut [&mut [f32]]) -> Result<usize, SourceError> {
        let room = lanes.first().map_or(0, |lane| lane.len());
        let wanted = (room as u64).min(self.frames - self.at) as usize;
        let start = self.at;
        let mut done = 0;
        while done < wanted {
            if self.pending.is_empty() {
                self.refill()?;
            }
            let take = (wanted - done).min(self.pending.len() / self.frame_bytes);
            let from = self.pending.start;
            let bytes = &self.buffer[from..from + take * self.frame_bytes];
            part(lanes, done, done + take, |part| self.pcm.decode(bytes, part, &mut self.scratch));
            self.pending.start += take * self.frame_bytes;
            self.at += take as u64;
            done += take;
        }
        if self.pcm.encoding.float() {
            self.policy.apply(lanes, done, start, &self.path, self.sample_rate)?;
        }
        Ok(done)
    }

    fn skip(&mut self, frames: u64) -> Result<u64, SourceError> {
        let skipped = frames.min(self.frames - self.at);
        let buffered = (self.pending.len() / self.frame_bytes) as u64;
        if skipped < buffered {
            self.pending.start += skipped as usize * self.frame_bytes;
        } else {
            self.pending = 0..0;
            self.moved = true;
        }
        self.at += skipped;
        Ok(skipped)
    }
}
