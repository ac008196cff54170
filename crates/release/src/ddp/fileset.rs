//! A fileset that was opened, whoever made it.

use std::fs::{self, File};
use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};

use tonmeister_core::codes::Barcode;
use tonmeister_core::{Diagnostic, Source};

use super::id::Identifier;
use super::map::{self, Packet};
use super::verify::{self, Verified};
use super::{TEXT, pq};
use crate::cdtext::{self, CdText};
use crate::error::ReleaseError;
use crate::raw::{Image, Part};
use crate::toc::{Disc, Sectors};

/// Descriptions larger than this are none: 99 tracks of 99 indexes take 627 kB.
const LARGEST: u64 = 1 << 20;

/// A fileset.
#[derive(Clone, Debug)]
pub struct Fileset {
    /// Its folder.
    pub folder: PathBuf,
    /// What `DDPID` says.
    pub identifier: Identifier,
    /// The streams.
    pub map: Vec<Packet>,
    /// What stands where.
    pub disc: Disc,
    /// What players show.
    pub text: Option<CdText>,
    /// Everything that is not as it should be: errors are faults of the master, warnings are read past. The disc's rules
    /// ([`Disc::check`]) are among them; checksums are not ([`Fileset::verify`]).
    pub findings: Vec<Diagnostic>,
    /// Files of the fileset, by the names that they have in the folder.
    pub(super) files: Vec<String>,
    image: Image,
}

impl Fileset {
    /// Opens a fileset: reads its descriptions and the lengths of its files, not its audio.
    ///
    /// # Errors
    /// When there is no `DDPID`, or a description is missing or cannot be understood. What can be read in spite of a fault is
    /// read, and a finding says so.
    pub fn open(folder: impl AsRef<Path>) -> Result<Fileset, ReleaseError> {
        let folder = folder.as_ref();
        let names = names(folder)?;
        if !names.iter().any(|name| is_id(name)) {
            return Err(ReleaseError::NoFileset { path: folder.to_owned() });
        }
        let mut opening = Opening { folder, names, findings: Vec::new(), files: Vec::new() };
        let (path, bytes) = opening.read("DDPID")?;
        let identifier = Identifier::parse(&path, &bytes)?;
        let (path, bytes) = opening.read("DDPMS")?;
        let map = map::parse(&path, &bytes)?;
        let mut disc = opening.pq(&path, &map)?;
        opening.ean(&identifier, &mut disc);
        let text = opening.text(&map)?;
        let image = opening.image(&path, &map, &disc)?;
        let Opening { mut findings, files, .. } = opening;
        findings.extend(disc.check());
        Ok(Fileset { folder: folder.to_owned(), identifier, map, disc, text, findings, files, image })
    }

    /// The files that belong to it, by the names that they have in the folder.
    pub fn files(&self) -> &[String] {
        &self.files
    }

    /// Reads every file and compares its checksums with the lists that stand in the folder.
    pub fn verify(&self) -> Result<Verified, ReleaseError> {
        verify::verify(self)
    }

    /// That stretch of the program, at 44.1 kHz in stereo, on the 16-bit grid. Reading it fails where the image is shorter.
    pub fn audio(&self, range: Range<Sectors>) -> Box<dyn Source> {
        Box::new(self.image.source(&range))
    }

    /// A track, from its index 1 to where the next one's pause or index 1 begins. Numbers count from 1.
    pub fn track(&self, number: usize) -> Option<Box<dyn Source>> {
        self.disc.track(number).map(|range| self.audio(range))
    }

    /// Everything before the first track's index 1, when that is more than the two seconds it has to be.
    pub fn hidden(&self) -> Option<Box<dyn Source>> {
        self.disc.hidden().map(|range| self.audio(range))
    }

    /// The whole program, from sector 0 to the lead-out.
    pub fn program(&self) -> Box<dyn Source> {
        self.audio(Sectors(0)..self.disc.end)
    }
}

/// Whether a folder holds a fileset: a `DDPID`, in upper or lower case.
pub fn is_fileset(folder: impl AsRef<Path>) -> bool {
    names(folder.as_ref()).is_ok_and(|names| names.iter().any(|name| is_id(name)))
}

fn is_id(name: &str) -> bool {
    name.eq_ignore_ascii_case("DDPID")
}

/// The names in a folder.
fn names(folder: &Path) -> Result<Vec<String>, ReleaseError> {
    let io = |e: io::Error| match e.kind() {
        io::ErrorKind::NotADirectory => ReleaseError::NoFileset { path: folder.to_owned() },
        _ => ReleaseError::io(folder, "read", e),
    };
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(io)? {
        names.extend(entry.map_err(io)?.file_name().into_string());
    }
    names.sort();
    Ok(names)
}

struct Opening<'a> {
    folder: &'a Path,
    names: Vec<String>,
    findings: Vec<Diagnostic>,
    files: Vec<String>,
}

impl Opening<'_> {
    fn warn(&mut self, code: &'static str, message: String, help: &str) {
        self.findings.push(Diagnostic::warning(code, message).help(help));
    }

    fn fault(&mut self, code: &'static str, message: String, help: &str) {
        self.findings.push(Diagnostic::error(code, message).help(help));
    }

    /// The file of that name, in upper or lower case: filesets travel through systems that do not tell them apart.
    fn find(&mut self, name: &str) -> PathBuf {
        let exact = self.names.iter().find(|n| *n == name);
        let alike = || self.names.iter().find(|n| n.eq_ignore_ascii_case(name));
        let Some(there) = exact.or_else(alike).cloned() else { return self.folder.join(name) };
        if there != name {
            let message = format!("the file {name} is named {there} in the folder");
            self.warn("ddp-case", message, "rename it as the map says, for plants that tell upper from lower case");
        }
        let path = self.folder.join(&there);
        if !self.files.contains(&there) {
            self.files.push(there);
        }
        path
    }

    fn read(&mut self, name: &str) -> Result<(PathBuf, Vec<u8>), ReleaseError> {
        let path = self.find(name);
        let io = |e| ReleaseError::io(&path, "read", e);
        let mut bytes = Vec::new();
        File::open(&path).map_err(io)?.take(LARGEST + 1).read_to_end(&mut bytes).map_err(io)?;
        if bytes.len() as u64 > LARGEST {
            return Err(ReleaseError::damaged(&path, "its length", format!("it is longer than {LARGEST} bytes")));
        }
        Ok((path, bytes))
    }

    fn pq(&mut self, map_path: &Path, map: &[Packet]) -> Result<Disc, ReleaseError> {
        let mut all = map.iter().filter(|p| p.stream == "S0" && p.subcode == "PQ DESCR");
        let Some(packet) = all.next() else {
            let found = "expected a stream PQ DESCR, found none";
            return Err(ReleaseError::damaged(map_path, "its packets", found));
        };
        if all.next().is_some() {
            let message = "the map names more than one PQ descriptor; the first is read".to_owned();
            self.warn("ddp-streams", message, "write the fileset again");
        }
        let (path, bytes) = self.read(&packet.name)?;
        self.length(packet, bytes.len() as u64);
        let pq::Described { disc, findings } = pq::parse(&path, &bytes)?;
        self.findings.extend(findings);
        Ok(disc)
    }

    /// The length of a description against the map's word.
    fn length(&mut self, packet: &Packet, bytes: u64) {
        if packet.length != bytes {
            let message = format!("{} has {bytes} bytes; the map says {}", packet.name, packet.length);
            self.fault("ddp-length", message, "copy the fileset again");
        }
    }

    fn ean(&mut self, identifier: &Identifier, disc: &mut Disc) {
        if identifier.upc.is_empty() {
            return;
        }
        let help = "write the fileset again with the code in both places";
        match (identifier.upc.parse::<Barcode>(), disc.ean) {
            (Ok(code), None) => {
                let message = format!("the EAN {code} stands in DDPID only: a plant may press the disc without it");
                self.warn("ddp-ean-one-place", message, help);
                disc.ean = Some(code);
            }
            (Ok(code), Some(other)) if code != other => {
                self.fault("ddp-ean", format!("DDPID has the EAN {code}, the PQ descriptor {other}"), help);
            }
            (Ok(_), Some(_)) => {}
            (Err(wrong), _) => self.fault("ddp-ean", format!("in DDPID, {wrong}"), help),
        }
    }

    fn text(&mut self, map: &[Packet]) -> Result<Option<CdText>, ReleaseError> {
        let packet = map.iter().find(|p| p.stream == "S0" && p.subcode == "CDTEXT");
        let name = match packet {
            Some(packet) => packet.name.clone(),
            None if self.names.iter().any(|n| n == TEXT) => {
                let message =
                    format!("{TEXT} is there, and the map does not name it: a plant will leave the texts out");
                self.warn("ddp-text-unnamed", message, "write the fileset again");
                TEXT.to_owned()
            }
            None => return Ok(None),
        };
        let (_, bytes) = self.read(&name)?;
        if let Some(packet) = packet {
            self.length(packet, bytes.len() as u64);
        }
        let cdtext::Decoded { text, findings } = cdtext::decode(&bytes);
        self.findings.extend(findings);
        Ok((!text.blocks.is_empty()).then_some(text))
    }

    fn image(&mut self, map_path: &Path, map: &[Packet], disc: &Disc) -> Result<Image, ReleaseError> {
        let mut parts = Vec::new();
        let mut first = None;
        for packet in map.iter().filter(|p| p.stream.starts_with('D')) {
            if !packet.is_audio() {
                let message = format!("{} holds `{}` data, which is left out", packet.name, packet.mode);
                self.warn("ddp-data", message, "only the audio of a CD Extra is read");
                continue;
            }
            if !matches!(packet.storage.as_str(), "7" | "0" | "") {
                let found = format!(
                    "{} is stored in mode {}; expected 7 or 0, sectors of 2352 bytes",
                    packet.name,
                    packet.storage.escape_debug()
                );
                return Err(ReleaseError::damaged(map_path, "its packets", found));
            }
            first.get_or_insert((packet.start, packet.pause));
            parts.push(self.part(packet)?);
        }
        let Some((start, pause)) = first else {
            let found = "expected a stream of audio (D0, DA), found none";
            return Err(ReleaseError::damaged(map_path, "its packets", found));
        };
        if parts.len() > 1 {
            let message = format!("the audio is in {} files; they are joined in the map's order", parts.len());
            self.warn("ddp-streams", message, "listen to the places where they join");
        }
        let mut image = Image { silence: 0, parts };
        let there = image.frames();
        let missing = disc.end.frames().saturating_sub(there);
        // An image may begin behind the first pause: its packet says so, or its length does.
        let pause_frames = disc.first_pause().end.frames();
        let stated =
            start.map(|s| s.min(u64::from(u32::MAX)) * Sectors::FRAMES).filter(|s| *s > 0 && *s <= pause_frames);
        let left_out = pause.unwrap_or(0) == 0 && missing == pause_frames && missing > 0;
        if let Some(silence) = stated.or(left_out.then_some(pause_frames)) {
            image.silence = silence;
            let message = format!("the image begins at {}, without what is before", Sectors::covering(silence));
            self.warn("ddp-pause-left-out", message, "silence is put there");
        }
        if image.frames() != disc.end.frames() {
            let message =
                format!("the audio lasts {}; the lead-out stands at {}", Sectors::covering(image.frames()), disc.end);
            self.fault("ddp-audio-length", message, "copy the fileset again, or have it made again");
        }
        if let Some(pause) = pause.filter(|p| *p != 0 && *p != u64::from(disc.first_pause().end.0)) {
            let message = format!(
                "the map says that the first pause lasts {} sectors; the PQ descriptor says {}",
                pause,
                disc.first_pause().end.0
            );
            self.warn("ddp-pause", message, "the PQ descriptor is followed");
        }
        Ok(image)
    }

    fn part(&mut self, packet: &Packet) -> Result<Part, ReleaseError> {
        let path = self.find(&packet.name);
        let bytes = fs::metadata(&path).map_err(|e| ReleaseError::io(&path, "read", e))?.len();
        let stated = packet.length.saturating_mul(Sectors::BYTES);
        if bytes < stated {
            let message = format!("{} is cut off: it has {bytes} bytes of {stated}", packet.name);
            self.fault("ddp-cut-off", message, "copy it again");
        } else if bytes > stated {
            let message = format!("{} has {bytes} bytes; the map says {stated}, and no more is read", packet.name);
            self.warn("ddp-length", message, "copy the fileset again, or have it made again");
        }
        Ok(Part { path, frames: bytes.min(stated) / 4, big_endian: false })
    }
}
