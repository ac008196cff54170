//! A fileset, written whole or not at all.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use tonmeister_core::{Block, Buffer, Diagnostic, Layout, Severity, Source};

use super::fileset::Fileset;
use super::id::{Identifier, LONGEST_MASTER_ID};
use super::map::Packet;
use super::{CHECKSUMS, IMAGE, PQ, TEXT, pq};
use crate::beside::FolderBeside;
use crate::cdtext::{self, CdText};
use crate::error::ReleaseError;
use crate::raw::{off_grid, on_grid};
use crate::toc::{Disc, Sectors};

/// Frames that are carried at a time.
const CARRIED: usize = 64 * Sectors::FRAMES as usize;

/// What a fileset is made of, besides its audio.
#[derive(Clone, Debug)]
pub struct Master<'a> {
    /// What stands where.
    pub disc: &'a Disc,
    /// What players show, if anything.
    pub text: Option<&'a CdText>,
    /// The master's name for the plant, at most 48 ASCII characters; it does not get onto the disc. May be empty.
    pub id: &'a str,
}

/// A fileset that was written, read back, compared, and put in its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// The folder.
    pub folder: PathBuf,
    /// Each file and its MD5 in hexadecimal digits, as in `CHECKSUM.MD5`.
    pub checksums: Vec<(String, String)>,
    /// What the disc's rules have to say, short of errors.
    pub warnings: Vec<Diagnostic>,
}

/// Writes a fileset into a new folder.
///
/// `audio` is 44.1 kHz stereo on the 16-bit grid (dithered, so that each sample is a whole number of 1/32768). It fills the
/// program from the end of `silence_before` on, which is two seconds for an album that begins with its first song, and
/// nothing for audio that has the first pause in it. A last sector that is not full is filled with silence.
///
/// Memory is bounded by a few hundred kilobytes whatever the length.
///
/// # Errors
/// When the disc breaks a rule ([`Disc::check`]), a text does not fit, the audio is of another rate, layout, length or
/// grid, or something of the folder's name is there. Nothing is left behind then.
pub fn write(
    folder: impl AsRef<Path>,
    master: &Master<'_>,
    silence_before: Sectors,
    audio: &mut dyn Source,
) -> Result<Written, ReleaseError> {
    let target = folder.as_ref();
    let mut findings = master.disc.check();
    let text = check_text(master, &mut findings);
    check_master_id(master.id, &mut findings);
    check_audio(master.disc, silence_before, audio, &mut findings);
    let (errors, warnings): (Vec<_>, Vec<_>) = findings.into_iter().partition(|f| f.severity == Severity::Error);
    if !errors.is_empty() {
        return Err(ReleaseError::Refused { path: target.to_owned(), findings: errors });
    }
    let beside = FolderBeside::create(target)?;
    let image_sum = image(&beside, target, master.disc, silence_before, audio)?;
    let pq = pq::bytes(master.disc);
    let mut map = Vec::new();
    if !text.is_empty() {
        map.extend(Packet::subcode(TEXT, "CDTEXT", text.len()).bytes());
    }
    map.extend(Packet::subcode(PQ, "PQ DESCR", pq.len()).bytes());
    let pause = master.disc.first_pause().end;
    map.extend(Packet::audio(IMAGE, master.disc.end, pause).bytes());
    let id = Identifier::new(master.disc.ean, master.id).bytes();
    let mut checksums = Vec::new();
    for (name, bytes) in [("DDPID", &id[..]), ("DDPMS", &map), (TEXT, &text), (PQ, &pq)] {
        if !bytes.is_empty() {
            beside.write(name, bytes)?;
            checksums.push((name.to_owned(), format!("{:x}", md5::compute(bytes))));
        }
    }
    checksums.push((IMAGE.to_owned(), image_sum));
    let lines: Vec<String> = checksums.iter().map(|(name, sum)| format!("{sum} *{name}\n")).collect();
    beside.write(CHECKSUMS, lines.concat().as_bytes())?;
    read_back(&beside, target, master)?;
    beside.put_in_place()?;
    Ok(Written { folder: target.to_owned(), checksums, warnings })
}

fn check_text(master: &Master<'_>, findings: &mut Vec<Diagnostic>) -> Vec<u8> {
    let Some(text) = master.text else { return Vec::new() };
    let tracks = master.disc.tracks.len();
    if let Some(block) = text.blocks.iter().find(|b| b.tracks.len() != tracks) {
        let message = format!("the CD-Text is of {} tracks, the disc of {tracks}", block.tracks.len());
        findings.push(Diagnostic::error("cdtext-tracks", message).help("give every track of the disc its texts"));
        return Vec::new();
    }
    cdtext::encode(text).unwrap_or_else(|found| {
        findings.extend(found);
        Vec::new()
    })
}

fn check_master_id(id: &str, findings: &mut Vec<Diagnostic>) {
    if let Some(c) = id.chars().find(|c| !matches!(c, ' '..='~')) {
        let message = format!("the master's name `{}` has the character `{}`", id.escape_debug(), c.escape_debug());
        findings.push(Diagnostic::error("ddp-master-id", message).help("use letters, digits and signs of ASCII"));
    }
    let length = id.chars().count();
    if length > LONGEST_MASTER_ID {
        let message = format!("the master's name has {length} characters; {LONGEST_MASTER_ID} fit");
        findings.push(Diagnostic::error("ddp-master-id", message).help("shorten it"));
    }
}

fn check_audio(disc: &Disc, silence_before: Sectors, audio: &dyn Source, findings: &mut Vec<Diagnostic>) {
    let info = audio.info();
    if info.sample_rate != 44_100 {
        let message = format!("the audio is at {} Hz; a CD is at 44100 Hz", info.sample_rate);
        findings.push(Diagnostic::error("cd-rate", message).help("convert it, then limit and dither it again"));
    }
    if info.layout != Layout::Stereo {
        let message = "the audio is mono; a CD has two channels".to_owned();
        findings.push(Diagnostic::error("cd-layout", message).help("put it on both channels"));
    }
    let length = silence_before + Sectors::covering(info.frames);
    if length != disc.end {
        let message = format!(
            "the audio ends at {length} ({silence_before} of silence and {} frames), the disc at {}",
            info.frames, disc.end
        );
        findings.push(Diagnostic::error("cd-length", message).help("make the track list from the audio's own lengths"));
    }
}

/// Writes the image and returns its MD5.
fn image(
    beside: &FolderBeside,
    target: &Path,
    disc: &Disc,
    silence_before: Sectors,
    audio: &mut dyn Source,
) -> Result<String, ReleaseError> {
    let name = target.join(IMAGE);
    let io = |e| ReleaseError::io(&name, "written", e);
    let mut out = Image { file: File::create_new(beside.path().join(IMAGE)).map_err(io)?, sum: md5::Context::new() };
    let mut bytes = vec![0; CARRIED * 4];
    out.silence(silence_before.frames(), &mut bytes).map_err(io)?;
    let mut buffer = Buffer::new(Layout::Stereo, CARRIED);
    let frames = audio.info().frames;
    let mut done = 0;
    while done < frames {
        let due = (frames - done).min(CARRIED as u64) as usize;
        let read = audio.read(&mut buffer.block(due))?;
        if read == 0 {
            let found = format!("the audio ends after {done} of {frames} frames");
            return Err(ReleaseError::damaged(&name, "its end", found));
        }
        let taken = &mut bytes[..read * 4];
        if let Err(frame) = to_bytes(&buffer.block(read), taken) {
            return Err(off_grid(target, done + frame as u64));
        }
        out.put(taken).map_err(io)?;
        done += read as u64;
    }
    let rest = disc.end.frames() - silence_before.frames() - frames;
    out.silence(rest, &mut bytes).map_err(io)?;
    out.file.sync_all().map_err(io)?;
    Ok(format!("{:x}", out.sum.finalize()))
}

struct Image {
    file: File,
    sum: md5::Context,
}

impl Image {
    fn put(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.sum.consume(bytes);
        self.file.write_all(bytes)
    }

    fn silence(&mut self, frames: u64, bytes: &mut [u8]) -> std::io::Result<()> {
        bytes.fill(0);
        let mut left = frames * 4;
        while left > 0 {
            let now = left.min(bytes.len() as u64);
            self.put(&bytes[..now as usize])?;
            left -= now;
        }
        Ok(())
    }
}

/// Samples as 16-bit integers; the first frame that is none.
fn to_bytes(audio: &Block<'_>, out: &mut [u8]) -> Result<(), usize> {
    let (frames, _) = out.as_chunks_mut::<4>();
    let pairs = audio.channel(0).iter().zip(audio.channel(1));
    for (n, (out, (left, right))) in frames.iter_mut().zip(pairs).enumerate() {
        let ([a, b], [c, d]) = (on_grid(*left).ok_or(n)?.to_le_bytes(), on_grid(*right).ok_or(n)?.to_le_bytes());
        *out = [a, b, c, d];
    }
    Ok(())
}

/// What stands on the disk now must say what was meant.
fn read_back(beside: &FolderBeside, target: &Path, master: &Master<'_>) -> Result<(), ReleaseError> {
    let read = Fileset::open(beside.path())?;
    let verified = read.verify()?;
    let mut wrong: Vec<Diagnostic> = read.findings.iter().chain(&verified.findings).cloned().collect();
    wrong.retain(|f| f.severity == Severity::Error);
    let text = master.text.filter(|t| !cdtext::encode(t).is_ok_and(|bytes| bytes.is_empty()));
    let same = read.disc == *master.disc && read.text.as_ref() == text && read.identifier.master_id == master.id.trim();
    if !same {
        let message = "what was written reads back as another disc".to_owned();
        wrong.push(Diagnostic::error("ddp-read-back", message).help("check the disk, and write it again"));
    }
    if wrong.is_empty() { Ok(()) } else { Err(ReleaseError::Refused { path: target.to_owned(), findings: wrong }) }
}
