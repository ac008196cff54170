//! The verb *disc*: a DDP fileset, whoever made it, is looked at, held against another, and taken apart into tracks.

use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::Serialize;
use tonmeister_core::{Buffer, Layout, Source};
use tonmeister_media as media;
use tonmeister_release::album::files::safe;
use tonmeister_release::cdtext::Texts;
use tonmeister_release::chain::{Material, bare};
use tonmeister_release::ddp::{self, Fileset};
use tonmeister_release::toc::Sectors;
use tonmeister_session::Document;

use crate::failure::{Failure, Finding};
use crate::output::refuse_to_replace;
use crate::progress::Progress;
use crate::world::{World, plain};

/// The sample rate of every disc.
const RATE: u32 = 44_100;
/// Frames at a time.
const STEP: usize = 16_384;

/// What to do with a disc besides looking at it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DiscOptions {
    /// Another fileset to hold it against.
    pub against: Option<PathBuf>,
    /// A folder that its tracks are written to, as WAV files of 16 bits, sample by sample what is on the disc.
    pub to: Option<PathBuf>,
    /// Only this track, counted from 1; 0 is what is hidden before the first.
    pub track: Option<usize>,
}

/// A disc as its fileset describes it, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DiscReport {
    /// The fileset's folder.
    pub folder: PathBuf,
    /// The version of the format, such as `DDP 2.00`.
    pub level: String,
    /// The master's name; empty for none.
    pub master_id: String,
    /// The release's EAN.
    pub ean: Option<String>,
    /// What the disc is called, by its CD-Text; empty for none.
    pub title: String,
    /// Whose it is, by its CD-Text; empty for none.
    pub performer: String,
    /// The length of the program, in seconds.
    pub seconds: f64,
    /// The length of what is hidden before the first track, in seconds.
    pub hidden_s: Option<f64>,
    /// The tracks.
    pub tracks: Vec<DiscTrack>,
    /// The files, as they were read.
    pub files: Vec<DiscFile>,
    /// What a plant would refuse (errors) or ask about (warnings).
    pub findings: Vec<Finding>,
    /// In what it differs from the other fileset, where one was named.
    pub differences: Option<Vec<DiscDifference>>,
    /// The files that were written.
    pub written: Vec<PathBuf>,
}

/// A track of a disc. Places are minutes, seconds and frames of a 75th, from the beginning of the program.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DiscTrack {
    /// Its number, from 1.
    pub number: usize,
    /// Where its pause begins, if it has one.
    pub pause: Option<String>,
    /// Where a player begins.
    pub start: String,
    /// How long it plays, in seconds.
    pub seconds: f64,
    /// Its recording's code.
    pub isrc: Option<String>,
    /// `PRE`, `DCP`, `4CH`, `SCMS`.
    pub flags: Vec<&'static str>,
    /// By its CD-Text; empty for none.
    pub title: String,
    /// By its CD-Text; empty for none.
    pub performer: String,
}

/// A file of a fileset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DiscFile {
    /// Its name.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// Its MD5 in hexadecimal digits.
    pub md5: String,
    /// Its CRC-32 in hexadecimal digits.
    pub crc32: String,
}

/// Something in which two discs differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DiscDifference {
    /// What: `EAN`, `track 3, index 1`, `audio of track 2`.
    pub what: String,
    /// What this one has.
    pub here: String,
    /// What the other has.
    pub there: String,
}

impl DiscReport {
    /// Whether a plant may have it: no finding is an error, and it is the other one, where one was named.
    pub fn is_sound(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity != "error")
            && self.differences.as_ref().is_none_or(Vec::is_empty)
    }
}

fn open(folder: &Path) -> Result<Fileset, Failure> {
    Fileset::open(folder).map_err(|e| Failure::input(folder, e))
}

fn seconds(length: Sectors) -> f64 {
    f64::from(length.0) / 75.0
}

/// The disc's own texts, and each track's, from track 1.
fn texts(disc: &Fileset) -> (Texts, Vec<Texts>) {
    let block = disc.text.as_ref().and_then(|text| text.first());
    let track = |number: usize| block.and_then(|b| b.tracks.get(number)).map(|t| t.texts.clone()).unwrap_or_default();
    (block.map(|b| b.disc.clone()).unwrap_or_default(), (0..disc.disc.tracks.len()).map(track).collect())
}

/// The files that a disc becomes.
struct Pieces {
    to: PathBuf,
    files: Vec<(PathBuf, Range<Sectors>)>,
}

impl Pieces {
    /// Each track ends where the next begins, so that together they are the program.
    fn plan(disc: &Fileset, to: &Path, only: Option<usize>) -> Result<Pieces, Failure> {
        let count = disc.disc.tracks.len();
        if let Some(number) = only.filter(|n| *n > count || (*n == 0 && disc.disc.hidden().is_none())) {
            let what = if number == 0 {
                "nothing is hidden before the first track".to_owned()
            } else {
                format!("the disc has {count} tracks, and no track {number}")
            };
            return Err(Failure::Usage(what));
        }
        if to.exists() && !to.is_dir() {
            return Err(Failure::output(to, "is no folder; name the folder that the tracks shall be written to"));
        }
        if to.canonicalize().is_ok_and(|to| disc.folder.canonicalize().is_ok_and(|from| from == to)) {
            let what = "is the fileset itself, which has to stay as it is; name another folder";
            return Err(Failure::output(to, what));
        }
        let own: Vec<PathBuf> = disc.files().iter().map(|name| disc.folder.join(name)).collect();
        let (_, texts) = texts(disc);
        let mut files = Vec::new();
        for number in (0..=count).filter(|number| only.is_none_or(|only| only == *number)) {
            let range = if number == 0 { disc.disc.hidden() } else { disc.disc.track_to_next(number) };
            let Some(range) = range else { continue };
            let title = number.checked_sub(1).map_or("hidden", |place| texts[place].title.as_str());
            let path = to.join(format!("{}.wav", safe(&format!("{number:02} {title}"))));
            refuse_to_replace(&path, &own)?;
            files.push((path, range));
        }
        Ok(Pieces { to: to.into(), files })
    }
}

impl World {
    /// Looks at a disc: what stands where, every file's checksum, the rules that plants hold it to.
    pub fn disc(
        &self,
        folder: &Path,
        options: &DiscOptions,
        progress: &mut dyn Progress,
    ) -> Result<DiscReport, Failure> {
        // What cannot be done is told before a gigabyte is read, and everything is read before anything is written.
        let disc = open(folder)?;
        let other = options.against.as_deref().map(open).transpose()?;
        let pieces = options.to.as_deref().map(|to| Pieces::plan(&disc, to, options.track)).transpose()?;
        let verified = disc.verify().map_err(|e| Failure::input(folder, e))?;
        let findings = disc.findings.iter().chain(&verified.findings);
        let findings = findings.map(|diagnostic| Finding::new(folder, "", diagnostic)).collect();
        let differences = other.map(|other| {
            let found = ddp::compare(&disc, &other).map_err(|e| Failure::input(folder, e))?;
            let told = |d: ddp::Difference| DiscDifference { what: d.what, here: d.first, there: d.second };
            Ok(found.into_iter().map(told).collect())
        });
        let differences = differences.transpose()?;
        let written = pieces.map(|pieces| self.take_apart(&disc, pieces, progress)).transpose()?;
        let (own, texts) = texts(&disc);
        let tracks = disc.disc.tracks.iter().zip(texts).enumerate().map(|(place, (track, texts))| DiscTrack {
            number: place + 1,
            pause: track.pause.map(|at| at.to_string()),
            start: track.start().to_string(),
            seconds: disc.disc.length(place + 1).map_or(0.0, seconds),
            isrc: track.isrc.map(|code| code.to_string()),
            flags: track.flags.words(),
            title: texts.title,
            performer: texts.performer,
        });
        Ok(DiscReport {
            folder: folder.into(),
            level: disc.identifier.level.clone(),
            master_id: disc.identifier.master_id.clone(),
            ean: disc.disc.ean.map(|code| code.ean().to_owned()),
            title: own.title,
            performer: own.performer,
            seconds: seconds(disc.disc.end),
            hidden_s: disc.disc.hidden().map(|range| seconds(range.end - range.start)),
            tracks: tracks.collect(),
            files: verified
                .files
                .into_iter()
                .map(|f| DiscFile { name: f.name, bytes: f.bytes, md5: f.md5, crc32: format!("{:08x}", f.crc32) })
                .collect(),
            findings,
            differences,
            written: written.unwrap_or_default(),
        })
    }

    fn take_apart(&self, disc: &Fileset, pieces: Pieces, progress: &mut dyn Progress) -> Result<Vec<PathBuf>, Failure> {
        std::fs::create_dir_all(&pieces.to).map_err(|e| Failure::output(&pieces.to, plain(&e)))?;
        let mut written = Vec::new();
        for (path, range) in pieces.files {
            self.write_exactly(&mut *disc.audio(range), &path, &disc.folder, progress)?;
            written.push(path);
        }
        Ok(written)
    }

    /// A source on the 16-bit grid as a WAV file of 16 bits, to the bit.
    fn write_exactly(
        &self,
        source: &mut dyn Source,
        path: &Path,
        from: &Path,
        progress: &mut dyn Progress,
    ) -> Result<(), Failure> {
        let format = media::Format::Wav(media::SampleFormat::Int16);
        let failed = |e: media::MediaError| Failure::output(path, e);
        let mut writer = media::Writer::create(path, format, RATE, Layout::Stereo).map_err(failed)?;
        let mut buffer = Buffer::new(Layout::Stereo, STEP);
        progress.begin(&format!("Writing {}", path.display()), source.info().frames);
        loop {
            self.go_on()?;
            let frames = source.read(&mut buffer.block(STEP)).map_err(|e| Failure::input(from, e))?;
            if frames == 0 {
                break;
            }
            writer.write(buffer.view(frames)).map_err(failed)?;
            progress.advance(frames as u64);
        }
        progress.end();
        writer.finish().map_err(failed).map(|_| ())
    }

    /// A song that is a disc's program, to be played.
    pub(crate) fn document_of_disc(&self, folder: &Path) -> Result<(Document, Vec<Finding>), Failure> {
        let disc = open(folder)?;
        let name = folder.canonicalize().ok().and_then(|full| full.to_str().map(str::to_owned));
        let Some(name) = name else {
            return Err(Failure::input(folder, "has a name that no document can hold; give it one in UTF-8"));
        };
        let (own, _) = texts(&disc);
        let song = bare(&Material {
            audio: name,
            title: if own.title.is_empty() { "Disc".into() } else { own.title },
            sample_rate: RATE,
            frames: disc.program().info().frames,
            loudness_lufs: 0.0,
        });
        self.document_of(folder, tonmeister_session::print(&song))
    }
}

#[cfg(test)]
mod tests;
