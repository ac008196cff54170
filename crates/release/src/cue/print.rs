//! A cue sheet as text.

use std::fmt::Write;

use tonmeister_core::Diagnostic;

use super::CueSheet;
use crate::cdtext::{Field, Texts};

/// The sheet as text: UTF-8, one command a line, indented as is customary. Quotation marks in texts become apostrophes.
///
/// # Errors
/// When a text has a line break or another control character in it, or indexes go back to an earlier file: a cue sheet has
/// no way to write that.
pub fn print(sheet: &CueSheet) -> Result<String, Vec<Diagnostic>> {
    let mut out = Printed::default();
    out.texts_of("the disc", &sheet.texts);
    for remark in &sheet.remarks {
        out.line(0, "REM", remark);
    }
    if let Some(code) = sheet.catalog {
        out.line(0, "CATALOG", code.ean());
    }
    if let Some(name) = &sheet.cdtext_file {
        out.line(0, "CDTEXTFILE", &format!("\"{name}\""));
    }
    out.texts(0, &sheet.texts);
    // Files are printed in their order, up to the one that an index stands in.
    let mut printed = 0;
    let mut file = |out: &mut Printed, n: usize| {
        if n + 1 < printed || n >= sheet.files.len() {
            let message = format!("an index stands in file {} of the sheet, behind one in a later file", n + 1);
            out.errors.push(Diagnostic::error("cue-files", message).help("put the tracks in the order of their files"));
        }
        for file in sheet.files.iter().take(n + 1).skip(printed) {
            out.line(0, "FILE", &format!("\"{}\" {}", file.name, file.kind.word()));
        }
        printed = printed.max(n + 1);
    };
    for (n, track) in sheet.tracks.iter().enumerate() {
        if let Some(first) = track.indexes.first() {
            file(&mut out, first.file);
        }
        out.line(2, "TRACK", &format!("{:02} AUDIO", n + 1));
        out.texts_of(&format!("track {}", n + 1), &track.texts);
        for remark in &track.remarks {
            out.line(4, "REM", remark);
        }
        out.texts(4, &track.texts);
        let words = track.flags.words();
        if !words.is_empty() {
            out.line(4, "FLAGS", &words.join(" "));
        }
        if let Some(code) = track.isrc {
            out.line(4, "ISRC", code.as_str());
        }
        if let Some(gap) = track.pregap {
            out.line(4, "PREGAP", &gap.to_string());
        }
        for index in &track.indexes {
            file(&mut out, index.file);
            out.line(4, "INDEX", &format!("{:02} {}", index.number, index.at));
        }
        if let Some(gap) = track.postgap {
            out.line(4, "POSTGAP", &gap.to_string());
        }
    }
    if let Some(last) = sheet.files.len().checked_sub(1) {
        file(&mut out, last);
    }
    if out.errors.is_empty() { Ok(out.text) } else { Err(out.errors) }
}

#[derive(Default)]
struct Printed {
    text: String,
    errors: Vec<Diagnostic>,
}

impl Printed {
    fn line(&mut self, indent: usize, command: &str, rest: &str) {
        if rest.chars().any(|c| c.is_control() && c != '\t') {
            let message = format!("a cue sheet cannot hold `{}`", rest.escape_debug());
            self.errors.push(Diagnostic::error("cue-control", message).help("take the line breaks out"));
        }
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "{:indent$}{command} {rest}", "");
    }

    fn texts(&mut self, indent: usize, texts: &Texts) {
        for field in Field::ALL.into_iter().filter(|f| !texts.get(*f).is_empty()) {
            // Quotation marks end a text, and most readers end it at the first; nothing stands for them but apostrophes.
            self.line(indent, field.command(), &format!("\"{}\"", texts.get(field).replace('"', "'")));
        }
    }

    /// Says whose text it is that a cue sheet cannot hold.
    fn texts_of(&mut self, whose: &str, texts: &Texts) {
        for field in Field::ALL.into_iter().filter(|f| texts.get(*f).chars().any(char::is_control)) {
            let message = format!("the {} of {whose} has a line break or another control character", field.name());
            self.errors.push(Diagnostic::error("cue-control", message).help("take it out"));
        }
    }
}
