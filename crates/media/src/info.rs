//! What a file says about itself.

use std::fmt;
use std::path::PathBuf;

use tonmeister_core::{Layout, SourceInfo};

/// The wrapping of the audio.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Container {
    /// RIFF WAVE, up to 4 GiB.
    Wav,
    /// EBU Tech 3306: WAVE with 64-bit sizes.
    Rf64,
    /// ITU-R BS.2088: WAVE with 64-bit sizes and room for object metadata.
    Bw64,
    /// AIFF or AIFF-C.
    Aiff,
    /// Apple's Core Audio Format.
    Caf,
    /// Native FLAC.
    Flac,
    /// An MPEG audio stream (MP3).
    Mpeg,
    /// A bare AAC stream in ADTS frames.
    Adts,
    /// MPEG-4 part 14 (`.m4a`, `.mp4`).
    Mp4,
    /// Ogg.
    Ogg,
}

impl fmt::Display for Container {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Container::Wav => "WAV",
            Container::Rf64 => "RF64",
            Container::Bw64 => "BW64",
            Container::Aiff => "AIFF",
            Container::Caf => "CAF",
            Container::Flac => "FLAC",
            Container::Mpeg => "MPEG",
            Container::Adts => "ADTS",
            Container::Mp4 => "MP4",
            Container::Ogg => "Ogg",
        })
    }
}

/// How the samples are coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Codec {
    /// Uncompressed integers.
    Integer,
    /// Uncompressed floating point.
    Float,
    /// FLAC, lossless.
    Flac,
    /// Apple Lossless.
    Alac,
    /// MPEG layer 3.
    Mp3,
    /// MPEG-4 AAC, low complexity.
    Aac,
    /// Vorbis.
    Vorbis,
    /// Opus.
    Opus,
}

impl Codec {
    /// Whether the samples come back exactly as they went in.
    pub fn lossless(self) -> bool {
        matches!(self, Codec::Integer | Codec::Float | Codec::Flac | Codec::Alac)
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Codec::Integer => "PCM",
            Codec::Float => "float PCM",
            Codec::Flac => "FLAC",
            Codec::Alac => "ALAC",
            Codec::Mp3 => "MP3",
            Codec::Aac => "AAC",
            Codec::Vorbis => "Vorbis",
            Codec::Opus => "Opus",
        })
    }
}

/// The broadcast extension of a WAV file (EBU Tech 3285).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bext {
    /// Where the first sample stands on the recorder's timeline, in frames since midnight.
    pub time_reference: u64,
    /// What the recording is, at most 256 characters.
    pub description: String,
    /// Who or what made it, at most 32 characters.
    pub originator: String,
    /// The originator's own name for it, at most 32 characters.
    pub originator_reference: String,
    /// `yyyy-mm-dd`.
    pub date: String,
    /// `hh:mm:ss`.
    pub time: String,
    /// 0, 1 or 2.
    pub version: u16,
}

/// What a file holds. Read from its header, checked against its bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct FileInfo {
    /// The file.
    pub path: PathBuf,
    /// The wrapping.
    pub container: Container,
    /// The coding.
    pub codec: Codec,
    /// Frames per second, 8 000 to 384 000.
    pub sample_rate: u32,
    /// Mono or stereo.
    pub layout: Layout,
    /// The exact length that will be read: encoder delay and padding trimmed, missing data not counted.
    pub frames: u64,
    /// Significant bits per sample; `None` for lossy codecs.
    pub bits: Option<u16>,
    /// The broadcast time stamp, where there is one.
    pub bext: Option<Bext>,
}

impl FileInfo {
    /// The length in seconds.
    pub fn seconds(&self) -> f64 {
        self.frames as f64 / f64::from(self.sample_rate)
    }

    /// The shape as a source of audio.
    pub fn source_info(&self) -> SourceInfo {
        SourceInfo { sample_rate: self.sample_rate, layout: self.layout, frames: self.frames }
    }
}
