//! What a file says about itself.

use std::fmt;
use std::path::PathBuf;

use tonmeister_core::{Layout, SourceInfo, Speaker};

use crate::error::MediaError;

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
#[derive(Clone, Debug, Default, PartialEq)]
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
    /// 0, 1 or 2. What is written is 2, whatever stands here.
    pub version: u16,
    /// The unique identifier of the material (SMPTE ST 330), basic (32 bytes and zeros) or extended; none when it is all
    /// zeros or the version is 0.
    pub umid: Option<[u8; 64]>,
    /// Loudness (version 2).
    pub loudness: BextLoudness,
    /// What was done to the sound, a line for each coding: `A=PCM,F=48000,W=24,M=stereo,T=Tonmeister` (EBU R 98).
    pub coding_history: String,
}

impl Bext {
    /// Adds a line to the coding history (EBU R 98): what the sound was coded as, at which rate and word length, in how
    /// many channels, and by what (`text`; commas in it become semicolons, which the line's grammar asks for).
    pub fn add_history(&mut self, codec: Codec, sample_rate: u32, bits: Option<u16>, channels: usize, text: &str) {
        let algorithm = match codec {
            Codec::Integer | Codec::Float => "PCM",
            Codec::Mp3 => "MPEG1L3",
            Codec::Aac => "AAC",
            Codec::Flac => "FLAC",
            Codec::Alac => "ALAC",
            Codec::Vorbis => "Vorbis",
            Codec::Opus => "Opus",
        };
        let word = bits.map(|bits| format!(",W={bits}")).unwrap_or_default();
        let mode = match channels {
            1 => "mono",
            2 => "stereo",
            _ => "multi-channel",
        };
        let text: String = text.chars().map(|c| if c == ',' { ';' } else { c }).filter(|c| !c.is_control()).collect();
        if !self.coding_history.is_empty() && !self.coding_history.ends_with('\n') {
            self.coding_history.push('\n');
        }
        let line = format!("A={algorithm},F={sample_rate}{word},M={mode},T={text}");
        self.coding_history.push_str(&line);
    }
}

/// What version 2 of the broadcast extension says of loudness, to a hundredth; none where it is not said.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct BextLoudness {
    /// Integrated, in LUFS.
    pub integrated_lufs: Option<f64>,
    /// Loudness range, in LU.
    pub range_lu: Option<f64>,
    /// Highest true peak, in dBTP.
    pub max_true_peak_dbtp: Option<f64>,
    /// Highest momentary loudness (400 ms), in LUFS.
    pub max_momentary_lufs: Option<f64>,
    /// Highest short-term loudness (3 s), in LUFS.
    pub max_short_term_lufs: Option<f64>,
}

/// Which channels a file has, in the order in which it stores them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Speakers {
    /// Where each channel's loudspeaker stands.
    pub places: Vec<Speaker>,
    /// Whether the file says so. If not, the places are the customary ones.
    pub stated: bool,
}

impl Speakers {
    /// The most channels that are read.
    pub(crate) const MOST: usize = 64;

    /// So many channels of a file that does not say where they stand.
    pub(crate) fn customary(channels: usize) -> Speakers {
        let places = Speaker::customary(channels).map_or_else(|| vec![Speaker::Unknown; channels], <[_]>::to_vec);
        Speakers { places, stated: channels <= 2 }
    }

    /// The channels that a mask of WAV's bits names.
    pub(crate) fn of_mask(mask: u32, channels: usize) -> Speakers {
        let known = mask & 0x3_FFFF;
        if known.count_ones() as usize == channels {
            Speakers { places: Speaker::of_mask(known, channels), stated: true }
        } else {
            Speakers::customary(channels)
        }
    }
}

/// What a file holds. Read from its header, checked against its bytes.
///
/// Its channels are a [`Layout`] where it is to be mixed, and [`Speakers`] where it is only measured.
#[derive(Clone, Debug, PartialEq)]
pub struct FileInfo<C = Layout> {
    /// The file.
    pub path: PathBuf,
    /// The wrapping.
    pub container: Container,
    /// The coding.
    pub codec: Codec,
    /// Frames per second, 8 000 to 384 000.
    pub sample_rate: u32,
    /// Mono or stereo, or whichever channels there are.
    pub layout: C,
    /// The exact length that will be read: encoder delay and padding trimmed, missing data not counted.
    pub frames: u64,
    /// Significant bits per sample; `None` for lossy codecs.
    pub bits: Option<u16>,
    /// The broadcast time stamp, where there is one.
    pub bext: Option<Bext>,
}

impl<C> FileInfo<C> {
    /// The length in seconds.
    pub fn seconds(&self) -> f64 {
        self.frames as f64 / f64::from(self.sample_rate)
    }
}

impl FileInfo<Speakers> {
    /// The same file as mono or stereo; an error when it has more channels.
    pub(crate) fn narrow(self) -> Result<FileInfo, MediaError> {
        let channels = self.layout.places.len();
        let layout =
            Layout::of_channels(channels).ok_or_else(|| MediaError::Channels { path: self.path.clone(), channels })?;
        let FileInfo { path, container, codec, sample_rate, layout: _, frames, bits, bext } = self;
        Ok(FileInfo { path, container, codec, sample_rate, layout, frames, bits, bext })
    }
}

impl FileInfo {
    /// The shape as a source of audio.
    pub fn source_info(&self) -> SourceInfo {
        SourceInfo { sample_rate: self.sample_rate, layout: self.layout, frames: self.frames }
    }
}
