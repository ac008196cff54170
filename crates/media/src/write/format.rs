//! Every kind of file that is written, its settings, and what each of them can hold.

use std::fmt;
use std::str::FromStr;

use tonmeister_core::Layout;

use crate::pcm_file::RATES;

/// The size of integer samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IntegerBits {
    /// 16 bits.
    Sixteen,
    /// 24 bits.
    TwentyFour,
}

impl IntegerBits {
    /// 16 or 24.
    pub const fn count(self) -> u16 {
        match self {
            IntegerBits::Sixteen => 16,
            IntegerBits::TwentyFour => 24,
        }
    }
}

/// How uncompressed samples are stored.
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

/// How an MP3 encoder spends its bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mp3Mode {
    /// Constant bit rate, in kbit/s: one of MPEG-1's (ISO/IEC 11172-3 §2.4.2.3), 32 to 320.
    Cbr(u16),
    /// Variable bit rate, by LAME's quality scale: 0 is the finest (about 245 kbit/s), 9 the smallest.
    Vbr(u8),
}

/// The bit rates of MPEG-1 layer III, in kbit/s.
const MP3_KBPS: [u16; 14] = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const MP3_RATES: [u32; 3] = [32_000, 44_100, 48_000];
const AAC_RATES: [u32; 3] = [32_000, 44_100, 48_000];
const OPUS_RATES: [u32; 1] = [48_000];
/// The rates that a compact disc's and a film's family of clocks give, which converters aim at.
const USUAL_RATES: [u32; 8] = [32_000, 44_100, 48_000, 88_200, 96_000, 176_400, 192_000, 384_000];

/// What kind of file is written, with the settings of its encoder.
///
/// Lossless formats store what they are handed: audio is dithered onto the grid of [`Format::bits`] before it is written.
/// Lossy ones take floating-point audio as it is, undithered; MP3 and AAC hold it at
/// full scale, because their encoders do. No format changes the sample rate, the layout or the depth:
/// [`Format::refusal`] says what does not fit, and what to do.
///
/// As text ([`fmt::Display`] and [`FromStr`]) a format is a short name: `wav-16`, `wav-24`, `wav-32f`, `aiff-16`,
/// `aiff-24`, `aiff-32f`, `flac-16`, `flac-24`, `alac-16`, `alac-24`, `mp3-320`, `mp3-v0`, `aac-256`, `vorbis-q8`,
/// `vorbis-q-0.5`, `opus-160`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// WAV, which becomes RF64 by itself past 4 GiB.
    Wav(SampleFormat),
    /// AIFF (big-endian integers) or AIFF-C `fl32` (floats). It ends at 4 GiB.
    Aiff(SampleFormat),
    /// FLAC.
    Flac(IntegerBits),
    /// Apple Lossless in MPEG-4 (`.m4a`).
    Alac(IntegerBits),
    /// MPEG-1 layer III with the LAME/Info header that makes it play without gaps. Encoded by the program `lame`, which
    /// has to be installed.
    Mp3(Mp3Mode),
    /// MPEG-4 AAC, low complexity, in MPEG-4 (`.m4a`), constant bit rate. Encoded by a library in builds with `--features
    /// aac`, else by the program `ffmpeg`, which has to be installed.
    Aac {
        /// kbit/s for all channels together: 32 for each to 320, and no more than 6 bits for each sample.
        kbps: u16,
    },
    /// Ogg Vorbis, variable bit rate by quality.
    Vorbis {
        /// The quality in tenths: −10 (`q-1`, about 45 kbit/s) to 100 (`q10`, about 500 kbit/s).
        tenths: i8,
    },
    /// Opus in Ogg (RFC 7845), variable bit rate, at 48 kHz only.
    Opus {
        /// kbit/s for all channels together: 6 to 256 for each channel (510 for stereo).
        kbps: u16,
    },
}

impl Format {
    /// The step of the integer grid is 2^(1 − bits); `None` for floats and for lossy formats, which take floats. Dither
    /// onto this grid before writing.
    pub const fn bits(self) -> Option<u16> {
        match self {
            Format::Wav(samples) | Format::Aiff(samples) => match samples {
                SampleFormat::Int16 => Some(16),
                SampleFormat::Int24 => Some(24),
                SampleFormat::Float32 => None,
            },
            Format::Flac(bits) | Format::Alac(bits) => Some(bits.count()),
            Format::Mp3(_) | Format::Aac { .. } | Format::Vorbis { .. } | Format::Opus { .. } => None,
        }
    }

    /// Whether a decoder gives back something else than what was written. The difference can raise the peaks:
    /// a [`Staged`](crate::Staged) file says what comes out.
    pub const fn lossy(self) -> bool {
        matches!(self, Format::Mp3(_) | Format::Aac { .. } | Format::Vorbis { .. } | Format::Opus { .. })
    }

    /// The extension that players expect, without a dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Format::Wav(_) => "wav",
            Format::Aiff(SampleFormat::Float32) => "aifc",
            Format::Aiff(_) => "aiff",
            Format::Flac(_) => "flac",
            Format::Alac(_) | Format::Aac { .. } => "m4a",
            Format::Mp3(_) => "mp3",
            Format::Vorbis { .. } => "ogg",
            Format::Opus { .. } => "opus",
        }
    }

    /// What the field calls it: `MP3 320 kbit/s`, `24-bit FLAC`.
    pub fn title(self) -> String {
        let samples = |samples| match samples {
            SampleFormat::Int16 => "16-bit",
            SampleFormat::Int24 => "24-bit",
            SampleFormat::Float32 => "32-bit float",
        };
        match self {
            Format::Wav(format) => format!("{} WAV", samples(format)),
            Format::Aiff(format) => format!("{} AIFF", samples(format)),
            Format::Flac(bits) => format!("{}-bit FLAC", bits.count()),
            Format::Alac(bits) => format!("{}-bit ALAC", bits.count()),
            Format::Mp3(Mp3Mode::Cbr(kbps)) => format!("MP3 {kbps} kbit/s"),
            Format::Mp3(Mp3Mode::Vbr(quality)) => format!("MP3 V{quality}"),
            Format::Aac { kbps } => format!("AAC {kbps} kbit/s"),
            Format::Vorbis { tenths } => format!("Ogg Vorbis q{}", Tenths(tenths)),
            Format::Opus { kbps } => format!("Opus {kbps} kbit/s"),
        }
    }

    /// Whether the format can hold that sample rate (in Hz).
    pub fn takes_rate(self, sample_rate: u32) -> bool {
        match self {
            Format::Wav(_) | Format::Aiff(_) | Format::Flac(_) | Format::Alac(_) => RATES.contains(&sample_rate),
            Format::Mp3(_) => MP3_RATES.contains(&sample_rate),
            Format::Aac { .. } => AAC_RATES.contains(&sample_rate),
            Format::Vorbis { .. } => (8_000..=192_000).contains(&sample_rate),
            Format::Opus { .. } => OPUS_RATES.contains(&sample_rate),
        }
    }

    /// The rate to convert audio of that rate to for this format: the rate itself where it can be held; else the highest
    /// that divides it (88.2 kHz becomes 44.1 kHz in an MP3); else the highest that is held, or the lowest above it.
    pub fn rate_for(self, sample_rate: u32) -> u32 {
        if self.takes_rate(sample_rate) {
            return sample_rate;
        }
        let held = || USUAL_RATES.into_iter().filter(|rate| self.takes_rate(*rate));
        let divides = held().filter(|rate| sample_rate.is_multiple_of(*rate)).max();
        let above = || held().filter(|rate| *rate >= sample_rate).min();
        divides.or_else(above).or_else(|| held().max()).unwrap_or(48_000)
    }

    /// Why this format cannot hold audio of that shape, and the remedy; `None` when it can.
    pub fn refusal(self, sample_rate: u32, layout: Layout) -> Option<String> {
        let title = self.title();
        if !self.takes_rate(sample_rate) {
            let rates = match self {
                Format::Mp3(_) | Format::Aac { .. } => "32000, 44100 and 48000 Hz",
                Format::Vorbis { .. } => "8000 to 192000 Hz",
                Format::Opus { .. } => "48000 Hz",
                _ => "8000 to 384000 Hz",
            };
            let to = self.rate_for(sample_rate);
            return Some(format!("{title} holds {rates}, not {sample_rate} Hz; convert to {to} Hz first"));
        }
        let channels = layout.channels() as u16;
        let shape = if channels == 1 { "mono" } else { "stereo" };
        match self {
            Format::Mp3(Mp3Mode::Cbr(kbps)) if !MP3_KBPS.contains(&kbps) => {
                let nearest = MP3_KBPS.into_iter().min_by_key(|held| held.abs_diff(kbps)).unwrap_or(320);
                Some(format!("MP3 has no bit rate of {kbps} kbit/s; the nearest is {nearest}"))
            }
            Format::Mp3(Mp3Mode::Vbr(quality)) if quality > 9 => {
                Some(format!("MP3 has the qualities V0 (finest) to V9, not V{quality}"))
            }
            Format::Aac { kbps } if !(32 * channels..=most_aac(sample_rate, channels)).contains(&kbps) => {
                Some(format!(
                    "{shape} AAC at {sample_rate} Hz takes {} to {} kbit/s, not {kbps}; choose one of these",
                    32 * channels,
                    most_aac(sample_rate, channels)
                ))
            }
            Format::Vorbis { tenths } if !(-10..=100).contains(&tenths) => {
                Some(format!("Ogg Vorbis has the qualities -1 to 10, not {}", Tenths(tenths)))
            }
            Format::Opus { kbps } if !(6 * channels..=[256, 510][usize::from(channels == 2)]).contains(&kbps) => {
                Some(format!(
                    "{shape} Opus takes {} to {} kbit/s, not {kbps}; choose one of these",
                    6 * channels,
                    [256, 510][usize::from(channels == 2)]
                ))
            }
            _ => None,
        }
    }
}

/// The most kbit/s of AAC: its decoders have room for 6 bits a sample (ISO/IEC 14496-3 §4.5.3), and more than 320 is wasted.
fn most_aac(sample_rate: u32, channels: u16) -> u16 {
    ((6 * sample_rate * u32::from(channels) / 1000) as u16).min(320)
}

/// Tenths as a decimal number.
struct Tenths(i8);

impl fmt::Display for Tenths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let size = self.0.unsigned_abs();
        match size % 10 {
            0 => write!(f, "{sign}{}", size / 10),
            tenth => write!(f, "{sign}{}.{tenth}", size / 10),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let samples = |samples: &SampleFormat| match samples {
            SampleFormat::Int16 => "16",
            SampleFormat::Int24 => "24",
            SampleFormat::Float32 => "32f",
        };
        match self {
            Format::Wav(format) => write!(f, "wav-{}", samples(format)),
            Format::Aiff(format) => write!(f, "aiff-{}", samples(format)),
            Format::Flac(bits) => write!(f, "flac-{}", bits.count()),
            Format::Alac(bits) => write!(f, "alac-{}", bits.count()),
            Format::Mp3(Mp3Mode::Cbr(kbps)) => write!(f, "mp3-{kbps}"),
            Format::Mp3(Mp3Mode::Vbr(quality)) => write!(f, "mp3-v{quality}"),
            Format::Aac { kbps } => write!(f, "aac-{kbps}"),
            Format::Vorbis { tenths } => write!(f, "vorbis-q{}", Tenths(*tenths)),
            Format::Opus { kbps } => write!(f, "opus-{kbps}"),
        }
    }
}

/// A format's short name that is not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no format; one looks like wav-24, wav-32f, aiff-24, flac-24, alac-24, mp3-320, mp3-v0, aac-256, vorbis-q8 or \
     opus-160"
)]
pub struct UnknownFormat(String);

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(&text.to_ascii_lowercase()).ok_or_else(|| UnknownFormat(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<Format> {
    let (kind, setting) = text.split_once('-')?;
    let samples = match setting {
        "16" => Some(SampleFormat::Int16),
        "24" => Some(SampleFormat::Int24),
        "32f" => Some(SampleFormat::Float32),
        _ => None,
    };
    let bits = match setting {
        "16" => Some(IntegerBits::Sixteen),
        "24" => Some(IntegerBits::TwentyFour),
        _ => None,
    };
    let format = match kind {
        "wav" => Format::Wav(samples?),
        "aiff" => Format::Aiff(samples?),
        "flac" => Format::Flac(bits?),
        "alac" => Format::Alac(bits?),
        "mp3" => Format::Mp3(match setting.strip_prefix('v') {
            Some(quality) => Mp3Mode::Vbr(quality.parse().ok()?),
            None => Mp3Mode::Cbr(setting.parse().ok()?),
        }),
        "aac" => Format::Aac { kbps: setting.parse().ok()? },
        "vorbis" => {
            let quality: f64 = setting.strip_prefix('q')?.parse().ok()?;
            let tenths = (quality * 10.0).round();
            if !(-10.0..=100.0).contains(&tenths) || (tenths - quality * 10.0).abs() > 1e-6 {
                return None;
            }
            Format::Vorbis { tenths: tenths as i8 }
        }
        "opus" => Format::Opus { kbps: setting.parse().ok()? },
        _ => return None,
    };
    // A bit rate that no shape allows is a slip of the pen, not a format.
    let fits = |layout| format.refusal(format.rate_for(48_000), layout).is_none();
    (fits(Layout::Mono) || fits(Layout::Stereo)).then_some(format)
}

#[cfg(test)]
mod tests;
