//! A text into a cue sheet, with every mistake in its line.

use std::ops::Range;

use tonmeister_core::Diagnostic;
use tonmeister_core::diagnostic::nearest;

use super::{CueFile, CueIndex, CueSheet, CueTrack, FileKind};
use crate::cdtext::{Field, Texts};
use crate::toc::{Copy, MOST_TRACKS, Sectors};

/// Findings kept; a file that is no cue sheet has one for every line.
const MOST_FINDINGS: usize = 32;
/// What a line may begin with.
const COMMANDS: [&str; 17] = [
    "REM",
    "CATALOG",
    "CDTEXTFILE",
    "FILE",
    "TRACK",
    "INDEX",
    "PREGAP",
    "POSTGAP",
    "FLAGS",
    "ISRC",
    "TITLE",
    "PERFORMER",
    "SONGWRITER",
    "COMPOSER",
    "ARRANGER",
    "MESSAGE",
    "DISC_ID",
];

/// A sheet that was understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    /// The sheet.
    pub sheet: CueSheet,
    /// What was read past.
    pub warnings: Vec<Diagnostic>,
}

/// The text of a sheet: UTF-8 or UTF-16 with or without its mark, else Windows-1252, as older programs write.
pub fn decode(bytes: &[u8]) -> String {
    let wide = |rest: &[u8], unit: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = rest.as_chunks::<2>().0.iter().map(|pair| unit(*pair)).collect();
        String::from_utf16_lossy(&units)
    };
    match bytes {
        [0xFF, 0xFE, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => wide(rest, u16::from_be_bytes),
        _ => {
            let body = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
            match std::str::from_utf8(body) {
                Ok(text) => text.to_owned(),
                Err(_) => body.iter().map(|b| windows(*b)).collect(),
            }
        }
    }
}

/// Windows-1252 is ISO 8859-1 with letters and signs where that has control characters.
fn windows(byte: u8) -> char {
    const SIGNS: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8D}', 'Ž', '\u{8F}', '\u{90}', '‘',
        '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9D}', 'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9F => SIGNS[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

/// Reads a cue sheet.
///
/// # Errors
/// Every line that cannot be understood, with its number, its bytes in the text and what to write instead.
pub fn parse(text: &str) -> Result<Parsed, Vec<Diagnostic>> {
    let text_begin = text.len() - text.trim_start_matches('\u{FEFF}').len();
    let mut reading = Reading::default();
    let mut at = text_begin;
    for (n, line) in text[text_begin..].split('\n').enumerate() {
        let trimmed = line.trim();
        // `trim` gives a part of the line, so that its place is known.
        let begin = at + (line.len() - line.trim_start().len());
        reading.line = Line { number: n + 1, span: begin..begin + trimmed.len() };
        if !trimmed.is_empty() {
            reading.line(trimmed);
        }
        at += line.len() + 1;
        if reading.errors.len() >= MOST_FINDINGS {
            break;
        }
    }
    reading.end()
}

#[derive(Clone, Debug, Default)]
struct Line {
    number: usize,
    span: Range<usize>,
}

#[derive(Default)]
struct Reading {
    sheet: CueSheet,
    line: Line,
    errors: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
    /// The number the sheet gives the last track, and its line.
    last: Option<(u64, Line)>,
    /// A track of data was met.
    data: bool,
}

impl Reading {
    fn finding(&self, finding: Diagnostic, help: &str) -> Diagnostic {
        let message = format!("line {}: {}", self.line.number, finding.message);
        let label = finding.message.clone();
        Diagnostic { message, ..finding }.at(self.line.span.clone(), label).help(help)
    }

    fn error(&mut self, code: &'static str, message: impl Into<String>, help: &str) {
        let finding = self.finding(Diagnostic::error(code, message), help);
        self.errors.push(finding);
    }

    fn warn(&mut self, code: &'static str, message: impl Into<String>, help: &str) {
        if self.warnings.len() < MOST_FINDINGS {
            let finding = self.finding(Diagnostic::warning(code, message), help);
            self.warnings.push(finding);
        }
    }

    fn line(&mut self, line: &str) {
        let (word, rest) = line.split_once([' ', '\t']).unwrap_or((line, ""));
        let (command, rest) = (word.to_ascii_uppercase(), rest.trim());
        match command.as_str() {
            "REM" => match self.sheet.tracks.last_mut() {
                Some(track) => track.remarks.push(rest.to_owned()),
                None => self.sheet.remarks.push(rest.to_owned()),
            },
            "CATALOG" => match unquoted(rest).parse() {
                Ok(code) => self.sheet.catalog = Some(code),
                Err(wrong) => {
                    let message = format!("{wrong}");
                    self.warn("cue-catalog", message, "the disc is read without it");
                }
            },
            "CDTEXTFILE" => self.sheet.cdtext_file = Some(unquoted(rest).to_owned()),
            "FILE" => self.file(rest),
            "TRACK" => self.track(rest),
            "INDEX" => self.index(rest),
            "PREGAP" | "POSTGAP" => self.gap(&command, rest),
            "FLAGS" => self.flags(rest),
            "ISRC" => self.isrc(rest),
            // Its text is read by few and written to no place that a player shows; it is kept as a remark.
            "DISC_ID" => self.sheet.remarks.push(format!("DISC_ID {rest}")),
            _ => match Field::ALL.into_iter().find(|field| field.command() == command) {
                Some(field) => unquoted(rest).clone_into(self.texts().get_mut(field)),
                None => self.unknown(word, &command),
            },
        }
    }

    fn unknown(&mut self, word: &str, command: &str) {
        let word: String = word.chars().take(24).collect();
        let message = format!("the command `{}` is not known", word.escape_debug());
        let help = match nearest(command, COMMANDS) {
            Some(near) => format!("did you mean {near}? The line is passed over"),
            None => "the line is passed over".to_owned(),
        };
        self.warn("cue-command", message, &help);
    }

    fn texts(&mut self) -> &mut Texts {
        match self.sheet.tracks.last_mut() {
            Some(track) => &mut track.texts,
            None => &mut self.sheet.texts,
        }
    }

    fn file(&mut self, rest: &str) {
        let (name, word) = match quoted(rest) {
            Some((name, behind)) => (name, behind.trim()),
            None => rest.rsplit_once([' ', '\t']).map_or((rest, ""), |(name, word)| (name.trim(), word)),
        };
        let kind = FileKind::ALL.into_iter().find(|kind| kind.word().eq_ignore_ascii_case(word));
        if name.is_empty() {
            self.error("cue-file", "FILE without a name", "write FILE \"name.wav\" WAVE");
        }
        if kind.is_none() {
            let message = format!("`{}` is no kind of file", word.escape_debug());
            self.error("cue-file", message, "write WAVE, AIFF, MP3, BINARY or MOTOROLA behind the name");
        }
        self.sheet.files.push(CueFile { name: name.to_owned(), kind: kind.unwrap_or_default() });
    }

    fn track(&mut self, rest: &str) {
        self.close_track();
        let (number, mode) = rest.split_once([' ', '\t']).unwrap_or((rest, ""));
        let Some(number) = number_of(number) else {
            let message = format!("TRACK is followed by `{}`", number.escape_debug());
            self.error("cue-track", message, "write TRACK 01 AUDIO");
            return;
        };
        if !mode.trim().eq_ignore_ascii_case("AUDIO") {
            self.data = true;
            let message = format!("track {number} is not AUDIO but `{}`", mode.trim().escape_debug());
            self.error("cue-data", message, "only discs of audio are read");
        }
        match &self.last {
            None if number != 1 => {
                let message = format!("the first track is numbered {number}");
                self.warn("cue-numbers", message, "tracks are counted from 1");
            }
            Some((before, _)) if number != before + 1 => {
                let message = format!("track {number} follows track {before}");
                self.error("cue-numbers", message, "number tracks one after another");
            }
            _ => {}
        }
        if self.sheet.tracks.len() >= MOST_TRACKS {
            self.error("cue-numbers", "more than 99 tracks", "a disc has 1 to 99 tracks");
            return;
        }
        self.last = Some((number, self.line.clone()));
        self.sheet.tracks.push(CueTrack::default());
    }

    /// The track that lines belong to now; without one, an error.
    fn current(&mut self, command: &str) -> Option<&mut CueTrack> {
        if self.sheet.tracks.is_empty() {
            let message = format!("{command} before the first TRACK");
            self.error("cue-order", message, "put it behind its TRACK");
        }
        self.sheet.tracks.last_mut()
    }

    fn index(&mut self, rest: &str) {
        let (number, time) = rest.split_once([' ', '\t']).unwrap_or((rest, ""));
        let place = number_of(number).and_then(|n| u8::try_from(n).ok()).filter(|n| *n <= 99);
        let (Some(number), Ok(at)) = (place, time.trim().parse::<Sectors>()) else {
            let message = format!("INDEX is followed by `{}`", rest.escape_debug());
            self.error("cue-index", message, "write INDEX 01 MM:SS:FF, with seconds to 59 and frames to 74");
            return;
        };
        let Some(file) = self.sheet.files.len().checked_sub(1) else {
            self.error("cue-order", "INDEX before the first FILE", "name the file first: FILE \"name.wav\" WAVE");
            return;
        };
        let Some(track) = self.current("INDEX") else { return };
        let due = match track.indexes.last() {
            None => 0..=1,
            Some(last) => last.number + 1..=last.number + 1,
        };
        track.indexes.push(CueIndex { number, file, at });
        if !due.contains(&number) {
            let message = format!("index {number} stands where index {} is due", due.end());
            self.error("cue-index", message, "number indexes one after another, from 0 or 1");
        }
        let mut before = self.sheet.tracks.iter().rev().flat_map(|t| t.indexes.iter().rev()).skip(1);
        if let Some(other) = before.next().filter(|i| i.file == file && i.at > at) {
            let message = format!("the index at {at} stands before the one at {} above it", other.at);
            self.error("cue-index", message, "put the times of a file in rising order");
        }
    }

    fn gap(&mut self, command: &str, rest: &str) {
        let Ok(time) = rest.parse::<Sectors>() else {
            let message = format!("{command} is followed by `{}`", rest.escape_debug());
            self.error("cue-gap", message, "write the length of the silence as MM:SS:FF");
            return;
        };
        let Some(track) = self.current(command) else { return };
        let late = command == "PREGAP" && !track.indexes.is_empty();
        if command == "PREGAP" {
            track.pregap = Some(time);
        } else {
            track.postgap = Some(time);
        }
        if late {
            self.error(
                "cue-gap",
                "PREGAP behind an INDEX",
                "put PREGAP before the track's indexes, without an INDEX 00",
            );
        }
    }

    fn flags(&mut self, rest: &str) {
        let words: Vec<String> = rest.split_whitespace().map(str::to_ascii_uppercase).collect();
        let Some(track) = self.current("FLAGS") else { return };
        for word in &words {
            match word.as_str() {
                "PRE" => track.flags.pre_emphasis = true,
                "4CH" => track.flags.four_channel = true,
                "DCP" => track.flags.copy = Copy::Permitted,
                "SCMS" => track.flags.copy = Copy::Once,
                _ => {}
            }
        }
        if words.iter().any(|w| w == "DCP") && words.iter().any(|w| w == "SCMS") {
            let help = "choose DCP for copies without limit or SCMS for one generation";
            self.error("cue-flags", "DCP and SCMS exclude each other", help);
        }
        for word in words.iter().filter(|w| !["PRE", "4CH", "DCP", "SCMS", "DATA"].contains(&w.as_str())) {
            let message = format!("the flag `{}` is not known", word.escape_debug());
            self.warn("cue-flags", message, "flags are PRE, DCP, 4CH and SCMS; it is passed over");
        }
    }

    fn isrc(&mut self, rest: &str) {
        let code = unquoted(rest).parse();
        let Some(track) = self.current("ISRC") else { return };
        match code {
            Ok(code) => track.isrc = Some(code),
            Err(wrong) => {
                let message = format!("{wrong}");
                self.warn("cue-isrc", message, "the track is read without it");
            }
        }
    }

    /// What must be true of a track when the next one begins.
    fn close_track(&mut self) {
        let (Some(track), Some((number, line))) = (self.sheet.tracks.last(), self.last.clone()) else { return };
        if track.indexes.iter().all(|i| i.number != 1) && !self.data {
            let now = std::mem::replace(&mut self.line, line);
            self.error(
                "cue-index",
                format!("track {number} has no INDEX 01"),
                "say where it begins: INDEX 01 MM:SS:FF",
            );
            self.line = now;
        }
    }

    fn end(mut self) -> Result<Parsed, Vec<Diagnostic>> {
        self.close_track();
        if self.sheet.tracks.is_empty() && self.errors.is_empty() {
            let message = "there is no TRACK in the cue sheet";
            let help = "a cue sheet has lines such as FILE \"name.wav\" WAVE, TRACK 01 AUDIO and INDEX 01 00:00:00";
            self.errors.push(Diagnostic::error("cue-empty", message).help(help));
        }
        if self.errors.is_empty() {
            Ok(Parsed { sheet: self.sheet, warnings: self.warnings })
        } else {
            Err(self.errors)
        }
    }
}

/// A number of one to four digits.
fn number_of(text: &str) -> Option<u64> {
    let digits = (1..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// What stands between the first quote and the last of a line, and what is behind it.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('"')?;
    let end = inner.rfind('"')?;
    Some((&inner[..end], &inner[end + 1..]))
}

/// The text without its quotes, if it has any.
fn unquoted(text: &str) -> &str {
    quoted(text).map_or(text.trim_matches('"'), |(inner, _)| inner)
}
