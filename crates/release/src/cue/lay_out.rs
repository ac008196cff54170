//! From a sheet to a disc, and back.

use std::ops::Range;

use tonmeister_core::Diagnostic;

use super::{CueFile, CueIndex, CueSheet, CueTrack, FirstPause};
use crate::cdtext::{Block, CdText, Texts, TrackText};
use crate::toc::{Disc, FIRST_PAUSE, Sectors, Track};

/// The remark that says whether the first file has the first two seconds.
const REMARK: &str = "FIRST_PAUSE";

/// A stretch of a disc's audio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Silence of so many frames.
    Silence(u64),
    /// Frames of a file.
    File {
        /// Which, by its place in the sheet.
        file: usize,
        /// The first frame.
        from: u64,
        /// How many.
        frames: u64,
    },
}

impl Piece {
    /// How long it is.
    pub fn frames(self) -> u64 {
        match self {
            Piece::Silence(frames) | Piece::File { frames, .. } => frames,
        }
    }
}

/// A sheet as a disc.
#[derive(Clone, Debug, PartialEq)]
pub struct LaidOut {
    /// What stands where.
    pub disc: Disc,
    /// The texts, if there are any.
    pub text: Option<CdText>,
    /// The audio of the disc from sector 0 on; together as long as the disc, but for a last sector that is not full.
    pub pieces: Vec<Piece>,
}

/// Where a file begins when each track has its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Gaps {
    /// At index 1: a pause stands at the end of the file before. Files then begin with music.
    #[default]
    After,
    /// At index 0: a pause stands at the start of its own track's file.
    Before,
}

/// How a disc is divided into files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// One file for all.
    Image(CueFile),
    /// One file for each track.
    Tracks(Vec<CueFile>, Gaps),
}

impl Form {
    /// What each file holds, from where the sheet begins. `None` when there are not as many files as tracks.
    pub fn ranges(&self, disc: &Disc, first: FirstPause) -> Option<Vec<Range<Sectors>>> {
        let begin = begin(first);
        match self {
            Form::Image(_) => Some(vec![begin..disc.end]),
            Form::Tracks(files, gaps) => {
                let start = |track: &Track| if *gaps == Gaps::After { track.start() } else { track.begin() };
                let mut starts: Vec<Sectors> = disc.tracks.iter().map(start).collect();
                *starts.first_mut()? = begin;
                let ends = starts.iter().skip(1).copied().chain([disc.end]);
                (files.len() == starts.len()).then(|| starts.iter().copied().zip(ends).map(|(a, b)| a..b).collect())
            }
        }
    }
}

/// Where on the disc a sheet's first file begins.
fn begin(first: FirstPause) -> Sectors {
    if first == FirstPause::Added { FIRST_PAUSE } else { Sectors(0) }
}

impl CueSheet {
    /// The disc that the sheet describes, given how long its files are in frames at 44.1 kHz.
    ///
    /// # Errors
    /// When an index stands behind the end of its file, a file that is not the last ends inside a sector, or a track has
    /// both a `PREGAP` and an index 0.
    pub fn lay_out(&self, lengths: &[u64], first: FirstPause) -> Result<LaidOut, Vec<Diagnostic>> {
        let mut errors = Vec::new();
        let mut starts = vec![Sectors(0)];
        let lengths: Vec<u64> = (0..self.files.len()).map(|n| lengths.get(n).copied().unwrap_or(0)).collect();
        for (n, (file, frames)) in self.files.iter().zip(lengths.iter().copied()).enumerate() {
            if n + 1 < self.files.len() && frames % Sectors::FRAMES != 0 {
                let message =
                    format!("{} ends inside a sector: its {frames} frames are not a multiple of 588", file.name);
                let help = "cut the files at whole sectors of 1/75 s, or join them into one file";
                errors.push(Diagnostic::error("cue-sector", message).help(help));
            }
            starts.push(*starts.last().unwrap_or(&Sectors(0)) + Sectors::covering(frames));
        }
        // Where an index stands in all files one behind another.
        let place = |index: &CueIndex| starts.get(index.file).copied().unwrap_or_default() + index.at;
        for (n, track) in self.tracks.iter().enumerate() {
            let number = n + 1;
            for index in &track.indexes {
                if starts.get(index.file + 1).is_none_or(|end| place(index) >= *end) {
                    let name = self.files.get(index.file).map_or("its file", |f| f.name.as_str());
                    let message = format!(
                        "index {} of track {number} stands at {}, behind the end of {name}",
                        index.number, index.at
                    );
                    errors
                        .push(Diagnostic::error("cue-index", message).help("compare the sheet with the file's length"));
                }
            }
            if track.pregap.is_some() && track.indexes.first().is_some_and(|i| i.number == 0) {
                let message = format!("track {number} has both a PREGAP and an INDEX 00");
                errors.push(
                    Diagnostic::error("cue-gap", message)
                        .help("keep INDEX 00 if the pause is in the file, else PREGAP"),
                );
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let silence = match self.first_pause(first) {
            FirstPause::Added => FIRST_PAUSE,
            _ => Sectors(0),
        };
        let mut laid = Laying { inserted: silence, silences: vec![(Sectors(0), silence)], tracks: Vec::new() };
        for (n, track) in self.tracks.iter().enumerate() {
            // Silence behind a track stands before whatever comes next.
            let behind = n.checked_sub(1).and_then(|before| self.tracks[before].postgap);
            if let (Some(gap), Some(first)) = (behind, track.indexes.first()) {
                laid.insert(place(first), gap);
            }
            laid.track(n, track, place);
        }
        let end = *starts.last().unwrap_or(&Sectors(0));
        if let Some(gap) = self.tracks.last().and_then(|t| t.postgap) {
            laid.insert(end, gap);
        }
        let disc = Disc { ean: self.catalog, end: end + laid.inserted, tracks: laid.tracks };
        Ok(LaidOut { disc, text: self.text(), pieces: pieces(&lengths, &laid.silences) })
    }

    fn first_pause(&self, first: FirstPause) -> FirstPause {
        if first != FirstPause::Told {
            return first;
        }
        match self.remark(REMARK) {
            Some(word) if word.eq_ignore_ascii_case("INCLUDED") => return FirstPause::Included,
            Some(word) if word.eq_ignore_ascii_case("ADDED") => return FirstPause::Added,
            _ => {}
        }
        let start = self.tracks.first().map_or(Sectors(0), |track| {
            let one = track.indexes.iter().find(|i| i.number == 1).map_or(Sectors(0), |i| i.at);
            one + track.pregap.unwrap_or_default()
        });
        if start >= FIRST_PAUSE { FirstPause::Included } else { FirstPause::Added }
    }

    /// The texts as one block, when there are any.
    fn text(&self) -> Option<CdText> {
        let any = !self.texts.is_empty() || self.tracks.iter().any(|t| !t.texts.is_empty());
        any.then(|| {
            let tracks = self.tracks.iter().map(|t| TrackText { texts: t.texts.clone(), isrc: None }).collect();
            CdText::of(Block { disc: self.texts.clone(), tracks, ..Block::default() })
        })
    }

    /// A sheet for that disc. `first` says whether the first file has the first two seconds (told apart by a remark;
    /// [`FirstPause::Told`] includes them).
    ///
    /// # Errors
    /// When there are not as many files as the form and the disc need.
    pub fn of_disc(disc: &Disc, text: Option<&Block>, form: &Form, first: FirstPause) -> Result<CueSheet, Diagnostic> {
        let ranges = form.ranges(disc, first).ok_or_else(|| {
            let message = format!("the disc has {} tracks, and not as many files", disc.tracks.len());
            Diagnostic::error("cue-files", message).help("name a file for each track")
        })?;
        let files = match form {
            Form::Image(file) => vec![file.clone()],
            Form::Tracks(files, _) => files.clone(),
        };
        let place = |number: u8, at: Sectors| {
            let at = at.max(begin(first));
            let file = ranges.iter().rposition(|range| range.start <= at).unwrap_or(0);
            CueIndex { number, file, at: at - ranges.get(file).map_or(Sectors(0), |range| range.start) }
        };
        let tracks = disc.tracks.iter().enumerate().map(|(n, track)| {
            // A first pause that the file does not have, or has nothing of, needs no index 0.
            let pause = track.pause.filter(|pause| (*pause).max(begin(first)) < track.start());
            let indexes = pause.map(|pause| place(0, pause)).into_iter();
            let others = track.indexes.iter().enumerate().map(|(i, at)| place(i as u8 + 1, *at));
            CueTrack {
                texts: text.and_then(|t| t.tracks.get(n)).map_or_else(Texts::default, |t| t.texts.clone()),
                isrc: track.isrc,
                flags: track.flags,
                indexes: indexes.chain(others).collect(),
                ..CueTrack::default()
            }
        });
        let word = if first == FirstPause::Added { "ADDED" } else { "INCLUDED" };
        Ok(CueSheet {
            catalog: disc.ean,
            cdtext_file: None,
            texts: text.map_or_else(Texts::default, |t| t.disc.clone()),
            remarks: vec![format!("{REMARK} {word}")],
            files,
            tracks: tracks.collect(),
        })
    }
}

struct Laying {
    /// All silence put in so far.
    inserted: Sectors,
    /// Where in the files silence is put in, and how much.
    silences: Vec<(Sectors, Sectors)>,
    tracks: Vec<Track>,
}

impl Laying {
    fn insert(&mut self, at: Sectors, gap: Sectors) {
        self.silences.push((at, gap));
        self.inserted = self.inserted + gap;
    }

    fn track(&mut self, n: usize, track: &CueTrack, place: impl Fn(&CueIndex) -> Sectors) {
        let first = track.indexes.first().map_or(Sectors(0), &place);
        let mut pause = None;
        if let Some(gap) = track.pregap.filter(|gap| gap.0 > 0) {
            pause = Some(first + self.inserted);
            self.insert(first, gap);
        }
        let mut out = Track { flags: track.flags, isrc: track.isrc, ..Track::default() };
        for index in &track.indexes {
            let at = place(index) + self.inserted;
            if index.number == 0 {
                pause = Some(at);
            } else {
                out.indexes.push(at);
            }
        }
        // Everything before the first track's index 1 is its pause; a pause of no length is none.
        out.pause = if n == 0 { Some(Sectors(0)) } else { pause.filter(|pause| *pause < out.start()) };
        self.tracks.push(out);
    }
}

/// The files one behind another, cut where silence is put in.
fn pieces(lengths: &[u64], silences: &[(Sectors, Sectors)]) -> Vec<Piece> {
    let mut out = Vec::new();
    let mut due = silences.iter().filter(|(_, gap)| gap.0 > 0).peekable();
    let mut start = 0;
    for (file, length) in lengths.iter().enumerate() {
        let mut from = 0;
        while let Some((at, gap)) = due.next_if(|(at, _)| at.frames() < start + length) {
            let until = at.frames() - start;
            if until > from {
                out.push(Piece::File { file, from, frames: until - from });
            }
            out.push(Piece::Silence(gap.frames()));
            from = until.max(from);
        }
        if *length > from {
            out.push(Piece::File { file, from, frames: length - from });
        }
        // Files but the last are whole sectors long.
        start += Sectors::covering(*length).frames();
    }
    out.extend(due.map(|(_, gap)| Piece::Silence(gap.frames())));
    out
}
