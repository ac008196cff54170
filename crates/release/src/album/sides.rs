//! Records and cassettes: the songs on sides, one file for each side and a sheet of what stands on it.
//!
//! A side is the program before its limiter. A record is cut at the level that its length allows, whatever the file's, and
//! peaks that were cut off distort in the groove; so all sides get one gain, to a peak that is asked for, and nothing else
//! but, where that is wanted, bass in mono. Songs keep the levels and pauses that they have on the album.

mod sheet;
#[cfg(test)]
mod tests;
mod write;

use std::ops::Range;

use serde::{Deserialize, Serialize};
use tonmeister_core::{Diagnostic, Layout, Severity};
use tonmeister_dsp::resample::resampled_frames;
use tonmeister_media::{Format, SampleFormat};
use tonmeister_session::album::model::{Gap, IntoNext};
use tonmeister_session::album::{Album, AlbumDocument};

use super::levels::Levels;
use super::sequence::Timeline;
use crate::vinyl::{self, Medium, Side, Song, Split, Table};

pub(crate) use write::{Work as SidesWork, write};

/// How side files are stored.
const SAMPLES: SampleFormat = SampleFormat::Int24;

/// A record or a cassette as a page shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MediumReport {
    /// `12-inch 33`, `C60`.
    pub medium: String,
    /// The folder inside the release.
    pub folder: String,
    /// Frames per second of its files, which have 24 bits.
    pub sample_rate_hz: u32,
    /// The peak that was asked for.
    pub peak_dbtp: f64,
    /// Below which bass was made mono.
    pub mono_below_hz: Option<f64>,
    /// The gain of all sides behind the songs' chains; known once it is made.
    pub gain_db: Option<f64>,
    /// Up to here a side is good.
    pub good_s: f64,
    /// Longer than this a side cannot be.
    pub longest_s: f64,
    /// The sides, from A.
    pub sides: Vec<SideReport>,
    /// What the plant may ask about.
    pub findings: Vec<Finding>,
}

/// A side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SideReport {
    /// A, B, C, …
    pub letter: char,
    /// Its file, from the release's folder.
    pub file: String,
    /// Its length.
    pub seconds: f64,
    /// Its levels; known once it is made.
    pub levels: Option<Levels>,
    /// The songs on it.
    pub songs: Vec<SideSong>,
}

/// A song on a side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SideSong {
    /// Which song of the album, counted from 0.
    pub song: usize,
    /// Its title.
    pub title: String,
    /// Where on the side it begins.
    pub start_s: f64,
    /// How long it sounds.
    pub seconds: f64,
}

/// Something that a plant may ask about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// `warning` or `note`.
    pub severity: String,
    /// The name of the rule.
    pub code: String,
    /// What was found.
    pub message: String,
    /// What to do.
    pub remedy: String,
}

impl From<&Diagnostic> for Finding {
    fn from(found: &Diagnostic) -> Self {
        let severity = if found.severity == Severity::Note { "note" } else { "warning" };
        Finding {
            severity: severity.into(),
            code: found.code.to_owned(),
            message: found.message.clone(),
            remedy: found.help.clone().unwrap_or_default(),
        }
    }
}

impl From<&Finding> for Diagnostic {
    fn from(found: &Finding) -> Self {
        let severity = if found.severity == "note" { Severity::Note } else { Severity::Warning };
        Diagnostic { severity, ..Diagnostic::warning("sides", found.message.clone()) }.help(found.remedy.clone())
    }
}

/// A record or a cassette with everything decided.
#[derive(Clone, Debug)]
pub(crate) struct Sides {
    medium: Medium,
    limits: vinyl::Limits,
    folder: &'static str,
    /// Frames per second.
    pub(crate) rate: u32,
    peak_dbtp: f64,
    mono_below_hz: Option<f64>,
    /// The songs on sides, counted without a hidden one.
    songs: Vec<Song>,
    split: Split,
    /// Places of the songs on the album, and where they stand in the program, in frames of `rate`.
    placed: Vec<Placed>,
}

/// Where a song stands in the program.
#[derive(Clone, Debug)]
struct Placed {
    song: usize,
    from: u64,
    to: u64,
}

impl Sides {
    /// What there is to say before anything is heard.
    pub(crate) fn report(&self) -> MediumReport {
        let findings = vinyl::check(&self.songs, &self.split, &self.medium, &self.limits);
        let seconds = |frames: u64| frames as f64 / f64::from(self.rate);
        let side = |side: &Side| {
            let placed = &self.placed[side.songs.clone()];
            let begin = placed.first().map_or(0, |song| song.from);
            let songs = placed.iter().zip(&self.songs[side.songs.clone()]).map(|(placed, song)| SideSong {
                song: placed.song,
                title: song.title.clone(),
                start_s: seconds(placed.from - begin),
                seconds: seconds(placed.to - placed.from),
            });
            SideReport {
                letter: side.letter,
                file: self.file(side.letter, "wav"),
                seconds: side.seconds,
                levels: None,
                songs: songs.collect(),
            }
        };
        MediumReport {
            medium: self.medium.name.clone(),
            folder: self.folder.into(),
            sample_rate_hz: self.rate,
            peak_dbtp: self.peak_dbtp,
            mono_below_hz: self.mono_below_hz,
            gain_db: None,
            good_s: self.medium.good_s,
            longest_s: self.medium.longest_s,
            sides: self.split.sides.iter().map(side).collect(),
            findings: findings.iter().map(Finding::from).collect(),
        }
    }

    /// Every file it becomes, from the release's folder.
    pub(crate) fn paths(&self) -> Vec<String> {
        let each = self.split.sides.iter().flat_map(|side| ["wav", "cue"].map(|end| self.file(side.letter, end)));
        each.chain([format!("{}/sides.txt", self.folder)]).collect()
    }

    fn file(&self, letter: char, extension: &str) -> String {
        format!("{}/Side {letter}.{extension}", self.folder)
    }

    /// The sides in the program: from the beginning of the first song to the end of the last.
    fn stretches(&self) -> Vec<Range<u64>> {
        let side = |side: &Side| {
            let songs = &self.placed[side.songs.clone()];
            songs.first().map_or(0, |song| song.from)..songs.last().map_or(0, |song| song.to)
        };
        self.split.sides.iter().map(side).collect()
    }

    /// What its files follow from besides the sound of the program.
    fn follows(&self) -> String {
        let (peak, mono) = (self.peak_dbtp, self.mono_below_hz);
        format!(
            "{} {} {peak} {mono:?} {:?} {:?} {:?}",
            self.medium.name, self.rate, self.split, self.placed, self.limits
        )
    }
}

/// The record and the cassette that an album asks for. What a plant would refuse is told before any work.
pub(crate) fn sides(
    document: &AlbumDocument,
    timeline: &Timeline,
    titles: &[String],
) -> Result<Vec<Sides>, Vec<Diagnostic>> {
    let album = document.album();
    let (mut all, mut found) = (Vec::new(), Vec::new());
    let mut add = |asked: &Asked, span: Option<Range<usize>>| match put(album, timeline, titles, asked) {
        Ok(sides) => all.push(sides),
        Err(errors) => {
            let span = span.unwrap_or(0..0);
            found.extend(errors.into_iter().map(|e| e.at(span.clone(), format!("for the {}", asked.what))));
        }
    };
    if let Some(vinyl) = album.vinyl {
        let asked = Asked {
            what: "record",
            medium: vinyl.medium(),
            folder: "vinyl",
            sides: vinyl.sides,
            stated: true,
            rate: vinyl.sample_rate_hz,
            peak_dbtp: vinyl.peak_dbtp,
            mono_below_hz: vinyl.mono_below_hz,
        };
        add(&asked, document.span_of_vinyl());
    }
    if let Some(cassette) = album.cassette {
        let asked = Asked {
            what: "cassette",
            medium: cassette.tape.word().to_owned(),
            folder: "cassette",
            sides: Some(2),
            // With a record beside it, the songs' sides are the record's.
            stated: album.vinyl.is_none(),
            rate: cassette.sample_rate_hz,
            peak_dbtp: cassette.peak_dbtp,
            mono_below_hz: None,
        };
        add(&asked, document.span_of_cassette());
    }
    if found.is_empty() { Ok(all) } else { Err(found) }
}

/// What is asked for.
struct Asked {
    what: &'static str,
    medium: String,
    folder: &'static str,
    sides: Option<usize>,
    /// Whether the songs' own sides are meant.
    stated: bool,
    rate: Option<u32>,
    peak_dbtp: f64,
    mono_below_hz: Option<f64>,
}

/// The songs on the sides of a medium.
fn put(album: &Album, timeline: &Timeline, titles: &[String], asked: &Asked) -> Result<Sides, Vec<Diagnostic>> {
    let one = |code: &'static str, message: String| vec![Diagnostic::error(code, message)];
    let table = Table::built_in().map_err(|e| one("side-table", e.to_string()))?;
    let medium = table.medium(&asked.medium).map_err(|e| one("side-table", e.to_string()))?.clone();
    let rate = asked.rate.unwrap_or_else(|| Format::Wav(SAMPLES).rate_for(timeline.rate));
    if let Some(why) = Format::Wav(SAMPLES).refusal(rate, Layout::Stereo) {
        return Err(one("format", why));
    }
    let shown: Vec<usize> = (0..album.songs.len()).filter(|place| !album.songs[*place].hidden).collect();
    let seconds = |frames: u64| frames as f64 / f64::from(timeline.rate);
    let song = |place: &usize| {
        let song = &timeline.songs[*place];
        let sounds = song.length.min(song.end - song.start);
        Song {
            title: titles[*place].clone(),
            seconds: seconds(sounds),
            pause_s: seconds(song.end - song.start - sounds),
            features: None,
        }
    };
    let songs: Vec<Song> = shown.iter().map(song).collect();
    let ends = if asked.stated && shown.iter().any(|place| album.songs[*place].side.is_some()) {
        stated(album, &shown)
    } else {
        shared(album, &shown, &songs, &medium, asked.sides)?
    };
    let split = laid(&songs, &ends);
    let mut errors = vinyl::check(&songs, &split, &medium, &table.limits);
    errors.retain(|finding| finding.severity == Severity::Error);
    if !errors.is_empty() {
        return Err(errors);
    }
    let at = |frame: u64| resampled_frames(frame, timeline.rate, rate);
    let placed = shown.iter().map(|place| {
        let song = &timeline.songs[*place];
        // Where a song runs into the next, the next begins before this one ends.
        Placed { song: *place, from: at(song.start), to: at((song.start + song.length).min(song.end)) }
    });
    let placed = placed.collect();
    let (peak_dbtp, mono_below_hz) = (asked.peak_dbtp, asked.mono_below_hz);
    let limits = table.limits;
    Ok(Sides { medium, limits, folder: asked.folder, rate, peak_dbtp, mono_below_hz, songs, split, placed })
}

/// Where the sides end that the songs state.
fn stated(album: &Album, shown: &[usize]) -> Vec<usize> {
    let mut now = 'A';
    let mut ends = Vec::new();
    for (n, place) in shown.iter().enumerate() {
        if let Some(letter) = album.songs[*place].side.filter(|letter| *letter != now) {
            ends.push(n);
            now = letter;
        }
    }
    ends.push(shown.len());
    ends
}

/// Where the sides end when the songs are shared out: never inside what plays without a seam.
fn shared(
    album: &Album,
    shown: &[usize],
    songs: &[Song],
    medium: &Medium,
    sides: Option<usize>,
) -> Result<Vec<usize>, Vec<Diagnostic>> {
    let mut blocks: Vec<(Song, usize)> = Vec::new();
    for (n, (place, song)) in shown.iter().zip(songs).enumerate() {
        let before = n.checked_sub(1).map(|before| album.songs[shown[before]].into_next);
        let seamless = album.songs[*place].gap == Gap::Seconds(0.0);
        match blocks.last_mut() {
            Some((block, end)) if before != Some(IntoNext::Ends) || seamless => {
                block.seconds += block.pause_s + song.seconds;
                block.pause_s = song.pause_s;
                *end = n + 1;
            }
            _ => blocks.push((song.clone(), n + 1)),
        }
    }
    let whole: Vec<Song> = blocks.iter().map(|(block, _)| block.clone()).collect();
    let split = match (sides, medium.kind) {
        // What fits on one side of a tape is on one side.
        (Some(_), vinyl::Kind::Cassette) => vinyl::split(&whole, 2.min(whole.len())),
        (Some(sides), _) => vinyl::split(&whole, sides),
        (None, _) => vinyl::split_to_fit(&whole, medium),
    };
    let split = split.map_err(|e| {
        let (code, help) = match e {
            vinyl::TooLong::Empty { .. } => {
                ("sides", "songs that run into each other count as one; ask for fewer sides")
            }
            _ => {
                ("side-too-long", "songs that run into each other count as one; choose another medium, or shorten them")
            }
        };
        vec![Diagnostic::error(code, e.to_string()).help(help)]
    })?;
    Ok(split.sides.iter().map(|side| blocks[side.songs.end - 1].1).collect())
}

/// The songs on sides that end there.
fn laid(songs: &[Song], ends: &[usize]) -> Split {
    let mut from = 0;
    let sides = ends.iter().enumerate().map(|(n, end)| {
        let range = from..*end;
        from = *end;
        let own = &songs[range.clone()];
        let whole: f64 = own.iter().map(|song| song.seconds + song.pause_s).sum();
        let seconds = whole - own.last().map_or(0.0, |song| song.pause_s);
        Side { letter: char::from(b'A' + (n % 26) as u8), songs: range, seconds }
    });
    Split { sides: sides.collect() }
}
