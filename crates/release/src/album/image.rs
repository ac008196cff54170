//! What goes with the fileset for the plant: the PQ sheet for people, and the disc as one WAV file with a cue sheet.

use std::path::Path;

use serde::{Deserialize, Serialize};
use tonmeister_core::{Buffer, Layout};

use super::disc::RATE;
use super::files::safe;
use super::levels::Levels;
use super::lock::{Locked, Work, plain, put};
use super::studio::{Studio, Trouble};
use crate::cdtext::CdText;
use crate::cue::{self, FirstPause};
use crate::ddp::Fileset;
use crate::pq::PqSheet;
use crate::toc::{Disc, FIRST_PAUSE};

/// Where the PQ sheet stands in a release.
const SHEET: &str = "cd/PQ sheet.txt";
/// Where the image stands.
const FOLDER: &str = "cd/image";
/// Frames that are compared at a time.
const PIECE: usize = 8192;

/// A disc as a page shows it: its PQ sheet, times as `MM:SS:FF`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscReport {
    /// The release's number in trade, thirteen digits.
    pub ean: Option<String>,
    /// Where the lead-out begins.
    pub end: String,
    /// Its tracks.
    pub tracks: Vec<DiscTrack>,
}

/// A track of a disc.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscTrack {
    /// From 1.
    pub number: usize,
    /// Its title.
    pub title: String,
    /// Its recording's code, with hyphens.
    pub isrc: Option<String>,
    /// The pause before it.
    pub pause: String,
    /// Where it begins.
    pub start: String,
    /// What a player plays of it.
    pub length: String,
}

/// The sheet of a disc. Without CD-Text it has the titles all the same: it is for people.
pub(crate) fn sheet(disc: &Disc, text: &CdText) -> PqSheet {
    PqSheet::new(disc, text.blocks.first(), "")
}

impl From<&PqSheet> for DiscReport {
    fn from(sheet: &PqSheet) -> Self {
        let track = |track: &crate::pq::TrackLine| DiscTrack {
            number: track.number,
            title: track.title.clone(),
            isrc: track.isrc.map(|code| code.hyphenated()),
            pause: track.pause.to_string(),
            start: track.start.to_string(),
            length: track.length.to_string(),
        };
        DiscReport {
            ean: sheet.ean.map(|code| code.ean().to_owned()),
            end: sheet.end.to_string(),
            tracks: sheet.tracks.iter().map(track).collect(),
        }
    }
}

/// The files that an album asks for beside the fileset, from the release's folder.
pub(crate) fn paths(title: &str, (cue, pq): (bool, bool)) -> Vec<String> {
    let stem = safe(title);
    let image = [format!("{FOLDER}/{stem}.wav"), format!("{FOLDER}/{stem}.cue")];
    let sheet = pq.then(|| SHEET.to_owned());
    sheet.into_iter().chain(image.into_iter().filter(|_| cue)).collect()
}

/// Writes the PQ sheet as a text.
pub(crate) fn write_sheet(sheet: &PqSheet, key: &str, (out, work): (&Path, &Work)) -> Result<Locked, Trouble> {
    if let Some(done) = work.finished(out, SHEET, key) {
        return Ok(done);
    }
    put(&out.join(SHEET), sheet.to_string().as_bytes())?;
    work.finish_apart((out, SHEET), "PQ sheet", key, (RATE, 0, 0, Levels::default()))
}

/// Writes the disc of a fileset as one WAV file with a cue sheet, opens both again, and compares them with the fileset. The
/// two seconds before the first track are left out of the file, as programs that burn discs expect; a hidden song is in it.
pub(crate) fn write_image(
    studio: &mut dyn Studio,
    title: &str,
    text: Option<&CdText>,
    key: &str,
    (out, work): (&Path, &Work),
) -> Result<Vec<Locked>, Trouble> {
    let paths = paths(title, (true, false));
    let done: Vec<Locked> = paths.iter().filter_map(|path| work.finished(out, path, key)).collect();
    if done.len() == paths.len() {
        return Ok(done);
    }
    let folder = out.join(FOLDER);
    std::fs::create_dir_all(&folder).map_err(|e| Trouble::output(&folder, plain(&e)))?;
    let ddp = out.join(super::disc::FOLDER);
    let fileset = Fileset::open(&ddp).map_err(|e| Trouble::output(&ddp, e))?;
    studio.begin("Writing the disc's image", fileset.disc.end.frames());
    let block = text.and_then(|text| text.blocks.first());
    let (disc, first) = (&fileset.disc, FirstPause::Added);
    let written = cue::write_image(&folder, &safe(title), disc, block, first, &mut *fileset.program());
    let written = written.map_err(|e| Trouble::output(&folder, e))?;
    let differs = |what: &str| Trouble::output(&written.cue, format!("was read back and differs in {what}"));
    let opened = cue::open(&written.cue, FirstPause::Told).map_err(|e| Trouble::output(&written.cue, e))?;
    if opened.disc != fileset.disc {
        return Err(differs("its tracks"));
    }
    let (mut a, mut b) = (fileset.program(), opened.program());
    let (mut x, mut y) = (Buffer::new(Layout::Stereo, PIECE), Buffer::new(Layout::Stereo, PIECE));
    loop {
        let read = a.read(&mut x.block(PIECE)).map_err(|e| Trouble::output(&ddp, e))?;
        let same = b.read(&mut y.block(PIECE)).map_err(|e| Trouble::output(&written.wav, e))? == read;
        if !same || (0..2).any(|c| x.channel(c)[..read] != y.channel(c)[..read]) {
            return Err(differs("its audio"));
        }
        if read == 0 {
            break;
        }
        studio.advance(read as u64)?;
    }
    let frames = fileset.disc.end.frames() - FIRST_PAUSE.frames();
    let formats = [("CD image, WAV 16-bit", frames), ("cue sheet", 0)];
    let all = paths.iter().zip(formats).map(|(path, (format, frames))| {
        work.finish_apart((out, path), format, key, (RATE, frames, 0, Levels::default()))
    });
    all.collect()
}
