//! Cue sheets with their audio.

use std::fs::{self, File};
use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};

use tonmeister_core::{Block, Buffer, Diagnostic, Layout, Source, SourceError, SourceInfo};
use tonmeister_media::tags::Marker;
use tonmeister_media::{Format, SampleFormat, Tags, Writer};

use super::lay_out::{Form, LaidOut, Piece};
use super::{CueFile, CueSheet, FileKind, FirstPause, decode, parse, print};
use crate::beside::write_file;
use crate::cdtext::{self, CdText};
use crate::error::ReleaseError;
use crate::raw::{Image, Part, off_grid, on_grid};
use crate::toc::{Disc, FIRST_PAUSE, Sectors, Track};

/// Sheets and CD-Text larger than this are none.
const LARGEST: u64 = 1 << 20;
/// Frames that are carried at a time.
const CARRIED: usize = 32 * Sectors::FRAMES as usize;

/// A sheet that was opened with its audio.
#[derive(Clone, Debug)]
pub struct OpenedCue {
    /// The sheet.
    pub sheet: CueSheet,
    /// The disc it describes.
    pub disc: Disc,
    /// Its texts: those of its `CDTEXTFILE`, if it names one.
    pub text: Option<CdText>,
    /// What was read past, and what the disc's rules have to say; errors among them forbid to write the disc.
    pub findings: Vec<Diagnostic>,
    files: Vec<AudioFile>,
    pieces: Vec<Piece>,
}

/// A file of audio, whatever its kind.
#[derive(Clone, Debug)]
struct AudioFile {
    path: PathBuf,
    kind: FileKind,
    frames: u64,
}

impl AudioFile {
    fn raw(&self) -> bool {
        matches!(self.kind, FileKind::Binary | FileKind::Motorola)
    }

    fn open(&self) -> Result<Box<dyn Source>, SourceError> {
        if !self.raw() {
            return Ok(tonmeister_media::open(&self.path)?.source);
        }
        let big_endian = self.kind == FileKind::Motorola;
        let part = Part { path: self.path.clone(), frames: self.frames, big_endian };
        let image = Image { silence: 0, parts: vec![part] };
        Ok(Box::new(image.source(&(Sectors(0)..Sectors::covering(self.frames)))))
    }
}

/// Opens a cue sheet: reads it and the headers of its files.
///
/// # Errors
/// When the sheet cannot be understood, or one of its files is missing, no audio, or not 44.1 kHz stereo.
pub fn open(path: impl AsRef<Path>, first: FirstPause) -> Result<OpenedCue, ReleaseError> {
    let path = path.as_ref();
    let bytes = read_small(path)?;
    let unread = |findings: Vec<Diagnostic>| ReleaseError::Unread { path: path.to_owned(), findings };
    let parsed = parse(&decode(&bytes)).map_err(unread)?;
    let (sheet, mut findings) = (parsed.sheet, parsed.warnings);
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut files = Vec::new();
    for file in &sheet.files {
        files.push(audio_file(folder, file)?);
    }
    let lengths: Vec<u64> = files.iter().map(|f| f.frames).collect();
    let LaidOut { disc, mut text, pieces } = sheet.lay_out(&lengths, first).map_err(unread)?;
    if let Some(name) = &sheet.cdtext_file {
        let path = folder.join(name);
        let decoded = cdtext::decode(&read_small(&path)?);
        findings.extend(decoded.findings);
        text = (!decoded.text.blocks.is_empty()).then_some(decoded.text);
    }
    findings.extend(disc.check());
    Ok(OpenedCue { sheet, disc, text, findings, files, pieces })
}

/// A file that is to be small.
fn read_small(path: &Path) -> Result<Vec<u8>, ReleaseError> {
    let io = |e| ReleaseError::io(path, "read", e);
    let mut bytes = Vec::new();
    File::open(path).map_err(io)?.take(LARGEST + 1).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > LARGEST {
        let found = format!("it has more than {LARGEST} bytes, which no cue sheet and no CD-Text has");
        return Err(ReleaseError::damaged(path, "its length", found));
    }
    Ok(bytes)
}

fn audio_file(folder: &Path, file: &CueFile) -> Result<AudioFile, ReleaseError> {
    // Sheets from Windows part folders by backslashes.
    let mut path = folder.join(&file.name);
    if !path.exists() && file.name.contains('\\') {
        path = folder.join(file.name.replace('\\', "/"));
    }
    if matches!(file.kind, FileKind::Binary | FileKind::Motorola) {
        let bytes = fs::metadata(&path).map_err(|e| ReleaseError::io(&path, "read", e))?.len();
        return Ok(AudioFile { path, kind: file.kind, frames: bytes / 4 });
    }
    let info = tonmeister_media::probe(&path)?.info;
    let refuse = |found: String| Err(ReleaseError::damaged(&path, "its header", found));
    if info.sample_rate != 44_100 {
        return refuse(format!("a CD is at 44100 Hz; this file is at {} Hz", info.sample_rate));
    }
    if info.layout != Layout::Stereo {
        return refuse("a CD is stereo; this file is mono".to_owned());
    }
    Ok(AudioFile { path, kind: file.kind, frames: info.frames })
}

impl OpenedCue {
    /// That stretch of the disc as a stream. A last sector that is not full ends in silence.
    pub fn audio(&self, range: Range<Sectors>) -> Box<dyn Source> {
        let at = range.start.frames();
        let end = range.end.frames().max(at);
        Box::new(Pieces { files: self.files.clone(), row: self.pieces.clone(), begin: at, at, end, open: None })
    }

    /// The whole program, from sector 0 to the lead-out.
    pub fn program(&self) -> Box<dyn Source> {
        self.audio(Sectors(0)..self.disc.end)
    }

    /// A track, from its index 1 to where the next one's pause or index 1 begins. Numbers count from 1.
    pub fn track(&self, number: usize) -> Option<Box<dyn Source>> {
        self.disc.track(number).map(|range| self.audio(range))
    }
}

struct Pieces {
    files: Vec<AudioFile>,
    row: Vec<Piece>,
    begin: u64,
    at: u64,
    end: u64,
    /// The file that is open, and its frame that comes next.
    open: Option<(usize, Box<dyn Source>, u64)>,
}

impl Pieces {
    /// Reads from one piece; silence behind the last.
    fn piece(&mut self, out: &mut Block<'_>) -> Result<usize, SourceError> {
        let mut start = 0;
        let at = self.at;
        let found = self.row.iter().copied().find_map(|piece| {
            let begin = start;
            start += piece.frames();
            (at < start).then_some((piece, at - begin))
        });
        let Some((piece, into)) = found else {
            out.silence();
            return Ok(out.frames());
        };
        let frames = (out.frames() as u64).min(piece.frames() - into) as usize;
        let Piece::File { file, from, .. } = piece else {
            out.part(0, frames).silence();
            return Ok(frames);
        };
        let frame = from + into;
        let mut source = match self.open.take() {
            Some((open, source, next)) if open == file && next == frame => source,
            _ => {
                let mut source = self.files[file].open()?;
                source.skip(frame)?;
                source
            }
        };
        let read = source.read(&mut out.part(0, frames))?;
        if read == 0 {
            let message = format!("{} ends before its header says", self.files[file].path.display());
            return Err(SourceError::new(message));
        }
        self.open = Some((file, source, frame + read as u64));
        Ok(read)
    }
}

impl Source for Pieces {
    fn info(&self) -> SourceInfo {
        SourceInfo { sample_rate: 44_100, layout: Layout::Stereo, frames: self.end - self.begin }
    }

    fn read(&mut self, out: &mut Block<'_>) -> Result<usize, SourceError> {
        let due = (out.frames() as u64).min(self.end - self.at) as usize;
        let mut done = 0;
        while done < due {
            let read = self.piece(&mut out.part(done, due))?;
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

/// A disc image that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenImage {
    /// The audio.
    pub wav: PathBuf,
    /// The sheet beside it.
    pub cue: PathBuf,
    /// Frames of audio.
    pub frames: u64,
}

/// Writes a disc image: `stem.wav` (16 bits, 44.1 kHz) and `stem.cue` in the folder.
///
/// `program` is the whole program from sector 0 on. With [`FirstPause::Added`] the first two seconds are left out of the
/// file, as burning programs expect; they must be silent then. The sheet is written when the audio is whole.
///
/// # Errors
/// When the disc breaks a rule, the audio is not the disc's, two seconds to be left out are not silent, a sample is not on
/// the 16-bit grid, or a text has a line break.
pub fn write_image(
    folder: &Path,
    stem: &str,
    disc: &Disc,
    text: Option<&cdtext::Block>,
    first: FirstPause,
    program: &mut dyn Source,
) -> Result<WrittenImage, ReleaseError> {
    let (wav, cue) = (folder.join(format!("{stem}.wav")), folder.join(format!("{stem}.cue")));
    let refuse = |findings| ReleaseError::Refused { path: cue.clone(), findings };
    let info = program.info();
    let mut findings: Vec<Diagnostic> = disc.check();
    findings.retain(|f| f.severity == tonmeister_core::Severity::Error);
    if (info.sample_rate, info.layout) != (44_100, Layout::Stereo) || Sectors::covering(info.frames) != disc.end {
        let message = format!(
            "the audio is {} frames of {:?} at {} Hz; the disc is {} frames of stereo at 44100 Hz",
            info.frames,
            info.layout,
            info.sample_rate,
            disc.end.frames()
        );
        findings.push(Diagnostic::error("cd-length", message).help("make the disc from the audio's own length"));
    }
    if !findings.is_empty() {
        return Err(refuse(findings));
    }
    let file = CueFile { name: format!("{stem}.wav"), kind: FileKind::Wave };
    let sheet = CueSheet::of_disc(disc, text, &Form::Image(file), first).map_err(|finding| refuse(vec![finding]))?;
    let sheet = print(&sheet).map_err(refuse)?;
    let mut buffer = Buffer::new(Layout::Stereo, CARRIED);
    let mut left_out = if first == FirstPause::Added { FIRST_PAUSE.frames() } else { 0 };
    let mut writer = Writer::create(&wav, Format::Wav(SampleFormat::Int16), 44_100, Layout::Stereo)?;
    let mut left = info.frames;
    while left > 0 {
        let most = if left_out > 0 { left_out.min(left) } else { left };
        let due = most.min(CARRIED as u64) as usize;
        let read = program.read(&mut buffer.block(due))?;
        if read == 0 {
            return Err(ReleaseError::damaged(&wav, "its end", format!("the audio ends {left} frames early")));
        }
        if left_out > 0 {
            if (0..2).any(|c| buffer.channel(c)[..read].iter().any(|s| *s != 0.0)) {
                let message = "the first two seconds are not silent, and would be left out".to_owned();
                let help = "include them in the image, or begin the disc with two seconds of silence";
                return Err(refuse(vec![Diagnostic::error("cue-first-pause", message).help(help)]));
            }
            left_out -= read as u64;
        } else {
            let off = |n: &usize| (0..2).any(|c| on_grid(buffer.channel(c)[*n]).is_none());
            if let Some(n) = (0..read).find(off) {
                return Err(off_grid(&wav, info.frames - left + n as u64));
            }
            writer.write(buffer.view(read))?;
        }
        left -= read as u64;
    }
    // Editors show where tracks begin, too.
    let offset = if first == FirstPause::Added { FIRST_PAUSE } else { Sectors(0) };
    let ends = disc.tracks.iter().skip(1).map(Track::start).chain([disc.end]);
    let markers = disc.tracks.iter().zip(ends).enumerate().map(|(n, (track, end))| {
        let title = text.and_then(|text| text.tracks.get(n)).map_or("", |track| track.texts.title.as_str());
        let label = format!("{:02} {title}", n + 1).trim_end().to_owned();
        Marker { frame: (track.start() - offset).frames(), length: (end - track.start()).frames(), label }
    });
    let title = text.map(|text| text.disc.title.clone()).filter(|title| !title.is_empty());
    let tags = Tags { title, markers: markers.collect(), ..Tags::default() };
    let (written, _) = writer.finish_tagged(&tags, None)?;
    write_file(&cue, sheet.as_bytes())?;
    Ok(WrittenImage { wav, cue, frames: written.frames })
}
