//! Opening: what kind of file it is, by its content and never by its name.

use std::fs::File;
use std::io::Seek;
use std::path::Path;

use tonmeister_core::{Diagnostic, Source};

use crate::coded::{CodedLanes, demuxed, opus};
use crate::error::MediaError;
use crate::finite::{FinitePolicy, NonFinite, NonFiniteCount};
use crate::info::{Container, FileInfo, Speakers};
use crate::input::{Bytes, Input, array};
use crate::pcm_file::{PcmFile, PcmLanes};
use crate::wide::{Lanes, Narrow, OpenedWide};
use crate::{aiff, wav};

/// How a file is to be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenOptions {
    /// What happens to samples that are infinite or not a number.
    pub non_finite: NonFinite,
}

/// A file that is open.
pub struct Opened {
    /// Its audio, from the first frame.
    pub source: Box<dyn Source>,
    /// What it is.
    pub info: FileInfo,
    /// What was not as it should be, and what was done about it.
    pub warnings: Vec<Diagnostic>,
    /// How many samples that are no numbers [`NonFinite::Silence`] or [`NonFinite::Keep`] has met so far.
    pub silenced: NonFiniteCount,
}

/// What a file is, without its audio.
#[derive(Clone, Debug, PartialEq)]
pub struct Probed {
    /// What it is.
    pub info: FileInfo,
    /// What was not as it should be.
    pub warnings: Vec<Diagnostic>,
}

/// Opens an audio file of any kind that is read, refusing samples that are infinite or not a number.
pub fn open(path: impl AsRef<Path>) -> Result<Opened, MediaError> {
    open_with(path, OpenOptions::default())
}

/// Opens an audio file of any kind that is read.
pub fn open_with(path: impl AsRef<Path>, options: OpenOptions) -> Result<Opened, MediaError> {
    narrow(open_wide(path, options)?)
}

/// Opens an audio file of any kind that is read, with all its channels (up to 64): for measuring.
pub fn open_wide(path: impl AsRef<Path>, options: OpenOptions) -> Result<OpenedWide, MediaError> {
    let path = path.as_ref();
    let (input, len) = file(path)?;
    Ok(understand(path, input, len)?.open(options))
}

fn narrow(wide: OpenedWide) -> Result<Opened, MediaError> {
    let OpenedWide { lanes, info, warnings, silenced } = wide;
    let info = info.narrow()?;
    let source = Box::new(Narrow { lanes, info: info.source_info() });
    Ok(Opened { source, info, warnings, silenced })
}

/// Opens audio from bytes that are anywhere; `name` stands for them in messages.
pub fn open_input(name: &Path, input: impl Input + 'static, options: OpenOptions) -> Result<Opened, MediaError> {
    let mut input: Box<dyn Input> = Box::new(input);
    let len = input.seek(std::io::SeekFrom::End(0)).map_err(|e| MediaError::io(name, "read", e))?;
    narrow(understand(name, input, len)?.open(options))
}

/// Says what a file is. For uncompressed files and FLAC only the header is read; the packets of the others are walked,
/// because their headers do not tell the exact length.
pub fn probe(path: impl AsRef<Path>) -> Result<Probed, MediaError> {
    let path = path.as_ref();
    let (input, len) = file(path)?;
    understand(path, input, len)?.probed()
}

pub(crate) fn file(path: &Path) -> Result<(Box<dyn Input>, u64), MediaError> {
    let io = |e| MediaError::io(path, "read", e);
    let file = File::open(path).map_err(io)?;
    let data = file.metadata().map_err(io)?;
    if data.is_dir() {
        return Err(MediaError::Folder { path: path.to_owned() });
    }
    if !data.is_file() {
        return Err(MediaError::unsupported(
            path,
            "a pipe or a device, which has no length",
            "save it to a file first",
        ));
    }
    Ok((Box::new(file), data.len()))
}

/// A file whose header was understood.
enum Understood {
    Pcm(Box<PcmFile>, Box<dyn Input>),
    Demuxed(Box<demuxed::Demuxed>),
    Opus(Box<opus::OpusFile>),
}

impl Understood {
    fn probed(self) -> Result<Probed, MediaError> {
        let (info, warnings) = match self {
            Understood::Pcm(file, _) => (file.info, file.warnings),
            Understood::Demuxed(file) => (file.info, file.warnings),
            Understood::Opus(file) => (file.info, file.warnings),
        };
        Ok(Probed { info: info.narrow()?, warnings })
    }

    fn open(self, options: OpenOptions) -> OpenedWide {
        let silenced = NonFiniteCount::default();
        let policy = FinitePolicy { policy: options.non_finite, count: silenced.clone() };
        let coded = |info: &FileInfo<Speakers>, packets, delay| -> Box<dyn Lanes> {
            Box::new(CodedLanes::new(packets, info, delay, policy.clone()))
        };
        let (lanes, info, warnings): (Box<dyn Lanes>, _, _) = match self {
            Understood::Pcm(file, input) => {
                let lanes = PcmLanes::new(&file, input, policy);
                (Box::new(lanes), file.info, file.warnings)
            }
            Understood::Demuxed(file) => {
                (coded(&file.info, Box::new(file.packets), file.delay), file.info, file.warnings)
            }
            Understood::Opus(file) => (coded(&file.info, Box::new(file.packets), file.delay), file.info, file.warnings),
        };
        OpenedWide { lanes, info, warnings, silenced }
    }
}

fn understand(path: &Path, mut input: Box<dyn Input>, len: u64) -> Result<Understood, MediaError> {
    if len == 0 {
        return Err(MediaError::Empty { path: path.to_owned() });
    }
    let mut file = Bytes { path, input: &mut *input, len };
    let kind = sniff(&mut file)?;
    let closed = kind != Kind::Coded(Container::Ogg) || ogg_closed(&mut file)?;
    match kind {
        Kind::Wav => Ok(Understood::Pcm(Box::new(wav::read::header(&mut file)?), input)),
        Kind::Aiff => Ok(Understood::Pcm(Box::new(aiff::read::header(&mut file)?), input)),
        Kind::Opus => {
            rewind(path, &mut *input)?;
            Ok(Understood::Opus(Box::new(opus::open(path, input)?)))
        }
        Kind::Coded(container) => {
            rewind(path, &mut *input)?;
            let mut file = demuxed::open(path, input, len, container)?;
            if !closed {
                file.warnings.push(opus::unclosed(path, &file.info));
            }
            Ok(Understood::Demuxed(Box::new(file)))
        }
    }
}

fn rewind(path: &Path, input: &mut dyn Input) -> Result<(), MediaError> {
    input.rewind().map_err(|e| MediaError::io(path, "read", e))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Wav,
    Aiff,
    Opus,
    Coded(Container),
}

/// Tells the kind by the first bytes.
pub(crate) fn sniff(file: &mut Bytes<'_>) -> Result<Kind, MediaError> {
    let head = file.read_some(0, 4096, 4096)?;
    // MP3, bare AAC and even FLAC may stand behind an ID3v2 tag.
    let tag = id3_length(&head);
    let body = if tag == 0 { head.clone() } else { file.read_some(tag, 64, 64)? };
    let four = array::<4>(&body, 0).unwrap_or_default();
    match &four {
        b"RIFF" | b"RF64" | b"BW64" => return Ok(Kind::Wav),
        b"FORM" => return Ok(Kind::Aiff),
        b"fLaC" => return Ok(Kind::Coded(Container::Flac)),
        b"caff" => return Ok(Kind::Coded(Container::Caf)),
        b"OggS" => {
            let payload = 27 + usize::from(body.get(26).copied().unwrap_or(0));
            let opus = array::<8>(&body, payload).is_some_and(|magic| &magic == b"OpusHead");
            return Ok(if opus { Kind::Opus } else { Kind::Coded(Container::Ogg) });
        }
        b"RIFX" | b"riff" | b"wvpk" | b"MAC " | b"DSD " | b"FRM8" | b"TTA1" => {
            let name = match &four {
                b"RIFX" => "a big-endian WAV (RIFX)",
                b"riff" => "a Wave64 file",
                b"wvpk" => "WavPack",
                b"MAC " => "Monkey's Audio",
                b"TTA1" => "True Audio",
                _ => "DSD",
            };
            return Err(MediaError::unsupported(file.path, name, "export it as WAV or FLAC"));
        }
        _ => {}
    }
    if array::<4>(&body, 4).is_some_and(|kind| &kind == b"ftyp") {
        return Ok(Kind::Coded(Container::Mp4));
    }
    if four[0] == 0xFF && four[1] & 0xE0 == 0xE0 && four[1] & 0x18 != 0x08 {
        return Ok(Kind::Coded(if four[1] & 0x06 == 0 { Container::Adts } else { Container::Mpeg }));
    }
    if tag > 0 {
        return Ok(Kind::Coded(Container::Mpeg));
    }
    let shown: Vec<String> = head.iter().take(8).map(|b| format!("{b:02x}")).collect();
    let found = format!("the bytes {}", shown.join(" "));
    Err(MediaError::NotAudio { path: file.path.to_owned(), found })
}

/// The bytes of an `ID3v2` tag, header and footer included; 0 when there is none.
pub(crate) fn id3_length(head: &[u8]) -> u64 {
    let (Some(b"ID3"), Some(size)) = (head.get(..3), array::<4>(head, 6)) else { return 0 };
    let footer = if head.get(5).is_some_and(|flags| flags & 0x10 != 0) { 10 } else { 0 };
    size.iter().fold(0_u64, |sum, b| (sum << 7) | u64::from(b & 0x7F)) + 10 + footer
}

/// Whether the last page of an Ogg file carries the end-of-stream mark.
fn ogg_closed(file: &mut Bytes<'_>) -> Result<bool, MediaError> {
    // A page is at most 65 307 bytes.
    let span = file.len.min(66_000);
    let tail = file.read_some(file.len - span, span, 66_000)?;
    let last = (0..tail.len()).rev().find(|at| tail[*at..].starts_with(b"OggS"));
    Ok(last.and_then(|at| tail.get(at + 5)).is_some_and(|flags| flags & 4 != 0))
}
