//! What must hold of tags before they are written, and what a container cannot hold.

use tonmeister_core::Diagnostic;

use super::Tags;
use crate::info::Container;

/// `bext` keeps so many characters of its description (EBU Tech 3285 §2.3).
const BEXT_DESCRIPTION: usize = 256;
/// And of the originator and its reference.
const BEXT_NAME: usize = 32;
/// Lines longer than this are cut by players' displays, by car radios, and by readers of LIST-INFO with a fixed buffer.
const LONG_LINE: usize = 255;
/// A frame of `ID3v2`, an atom and a FLAC block hold 16 MiB at least; a text of that size is no text.
const LONG_TEXT: usize = 1 << 20;

impl Tags {
    /// Everything that is wrong (errors: it is not written) and everything that this container would lose or show badly
    /// (warnings). Each names the field, the place in it and the remedy.
    pub fn check(&self, container: Container) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for (field, text, lines) in self.texts() {
            check_text(&field, text, lines, &mut found);
        }
        self.check_numbers(&mut found);
        if matches!(container, Container::Wav | Container::Rf64 | Container::Bw64) {
            self.check_broadcast(&mut found);
        } else {
            if self.broadcast.is_some() {
                found.push(lost("broadcast", "the broadcast extension", container));
            }
            if !self.markers.is_empty() {
                found.push(lost("markers", "markers", container));
            }
        }
        found
    }

    /// Every text with its field's name, and whether it may have several lines.
    fn texts(&self) -> Vec<(String, &str, bool)> {
        let lines = [
            ("title", &self.title),
            ("version", &self.version),
            ("album", &self.album),
            ("album artist", &self.album_artist),
            ("catalog number", &self.catalog_number),
            ("label", &self.label),
            ("℗ line", &self.phonogram_line),
            ("© line", &self.copyright_line),
            ("encoder", &self.encoder),
        ];
        let mut texts: Vec<(String, &str, bool)> = Vec::new();
        for (field, text) in lines {
            texts.extend(text.as_deref().map(|text| (field.to_owned(), text, false)));
        }
        for (field, text) in [("lyrics", &self.lyrics), ("comment", &self.comment)] {
            texts.extend(text.as_deref().map(|text| (field.to_owned(), text, true)));
        }
        texts.extend(self.credits.iter().map(|credit| (credit.role.to_string(), credit.name.as_str(), false)));
        texts.extend(self.genres.iter().map(|genre| ("genre".to_owned(), genre.as_str(), false)));
        // A place may go without a name.
        let named = self.markers.iter().filter(|marker| !marker.label.is_empty());
        texts.extend(named.map(|marker| ("marker".to_owned(), marker.label.as_str(), false)));
        texts
    }

    fn check_numbers(&self, found: &mut Vec<Diagnostic>) {
        for (name, position) in [("track", self.track), ("disc", self.disc)] {
            let Some(position) = position else { continue };
            let of = position.of.unwrap_or(position.number);
            if position.number == 0 || position.number > of {
                let message = format!("{name} {} of {of} cannot be", position.number);
                found.push(Diagnostic::error("tag-number", message).help("count from 1 up to the whole number"));
            }
        }
        if let Some(bpm) = self.bpm.filter(|bpm| !(bpm.is_finite() && *bpm > 0.0 && *bpm < 1000.0)) {
            let message = format!("a tempo of {bpm} beats per minute cannot be");
            found.push(
                Diagnostic::error("tag-number", message).help("give it in beats per minute, above 0 and below 1000"),
            );
        }
        let gains = [
            ("track gain", self.replay_gain.track_gain_db, -150.0..=150.0),
            ("album gain", self.replay_gain.album_gain_db, -150.0..=150.0),
            ("track peak", self.replay_gain.track_peak, 0.0..=1e6),
            ("album peak", self.replay_gain.album_peak, 0.0..=1e6),
        ];
        for (name, value, range) in gains {
            if let Some(value) = value.filter(|value| !range.contains(value)) {
                let message = format!("a ReplayGain {name} of {value} cannot be");
                found.push(Diagnostic::error("tag-number", message).help("measure the file again"));
            }
        }
    }

    fn check_broadcast(&self, found: &mut Vec<Diagnostic>) {
        if let Some(marker) = self.markers.iter().find(|marker| u32::try_from(marker.frame).is_err()) {
            let message =
                format!("marker `{}`: frame {} is beyond what WAV can mark (4294967295)", marker.label, marker.frame);
            found.push(Diagnostic::error("tag-number", message).help("split the file, or leave the marker out"));
        }
        let Some(bext) = &self.broadcast else { return };
        let fields = [
            ("broadcast description", &bext.description, BEXT_DESCRIPTION),
            ("broadcast originator", &bext.originator, BEXT_NAME),
            ("broadcast originator reference", &bext.originator_reference, BEXT_NAME),
        ];
        for (field, text, most) in fields {
            check_control(field, text, false, found);
            let count = text.chars().count();
            if count > most {
                let message = format!("{field}: {count} characters; `bext` keeps the first {most}");
                found.push(Diagnostic::warning("tag-cut", message).help(format!("shorten it to {most} characters")));
            }
            if let Some((at, c)) = text.chars().enumerate().find(|(_, c)| !c.is_ascii()) {
                let message = format!("{field}: `bext` is ASCII; `{c}` (character {}) becomes `?` there", at + 1);
                found.push(Diagnostic::warning("tag-ascii", message).help("the other chunks keep the text as it is"));
            }
        }
        check_control("coding history", &bext.coding_history, true, found);
    }
}

fn lost(field: &'static str, what: &str, container: Container) -> Diagnostic {
    Diagnostic::warning("tag-lost", format!("{field}: {container} has no place for {what}")).help("only WAV has")
}

/// The rules of plain text.
fn check_text(field: &str, text: &str, lines: bool, found: &mut Vec<Diagnostic>) {
    check_control(field, text, lines, found);
    if text.trim().is_empty() {
        found.push(Diagnostic::error("tag-text", format!("{field}: nothing but space")).help("leave it out"));
    } else if text.trim() != text {
        let message = format!("{field}: `{text}` begins or ends with space");
        found.push(Diagnostic::warning("tag-text", message).help("take the space away; shops file it as another name"));
    }
    let count = text.chars().count();
    if text.len() > LONG_TEXT {
        let message = format!("{field}: {} bytes of text", text.len());
        found.push(Diagnostic::error("tag-text", message).help("at most 1 MiB is written"));
    } else if !lines && count > LONG_LINE {
        let message = format!("{field}: {count} characters; players that read ID3 or LIST-INFO cut at {LONG_LINE}");
        found.push(Diagnostic::warning("tag-long", message).help("shorten it, or put the rest into the comment"));
    }
}

/// No control characters but line breaks and tabs where there may be several lines.
fn check_control(field: &str, text: &str, lines: bool, found: &mut Vec<Diagnostic>) {
    let allowed = |c: char| lines && matches!(c, '\n' | '\r' | '\t');
    let bad =
        text.chars().enumerate().find(|(_, c)| (c.is_control() && !allowed(*c)) || *c == char::REPLACEMENT_CHARACTER);
    if let Some((at, c)) = bad {
        let what = match c {
            '\n' | '\r' => "a line break".to_owned(),
            '\t' => "a tab".to_owned(),
            char::REPLACEMENT_CHARACTER => "U+FFFD, the mark of text that was read in the wrong encoding".to_owned(),
            c => format!("the control character U+{:04X}", u32::from(c)),
        };
        let message = format!("{field}: character {} is {what}", at + 1);
        found.push(Diagnostic::error("tag-text", message).help("type the text again on one line, in UTF-8"));
    }
}

#[cfg(test)]
mod tests {
    use tonmeister_core::Severity;

    use super::super::{Position, Role, Tags};
    use crate::info::{Bext, Container};

    fn codes(tags: &Tags, container: Container) -> Vec<(Severity, &'static str, String)> {
        tags.check(container).into_iter().map(|d| (d.severity, d.code, d.message)).collect()
    }

    #[test]
    fn plain_text_passes_in_any_script() {
        let mut tags =
            Tags {
                title: Some("夜のドライブ 🎧".into()), lyrics: Some("Zeile\n\tЀчо".into()), ..Tags::default()
            };
        tags.credit(Role::Main, "Björk Guðmundsdóttir");
        tags.track = Some(Position { number: 3, of: Some(12) });
        assert_eq!(codes(&tags, Container::Flac), []);
    }

    #[test]
    fn what_is_wrong_names_field_and_place() {
        let mut tags = Tags { title: Some("Night\nDrive".into()), album: Some("  ".into()), ..Tags::default() };
        tags.credit(Role::Producer, "caf\u{FFFD}");
        tags.disc = Some(Position { number: 3, of: Some(2) });
        tags.bpm = Some(f64::NAN);
        tags.replay_gain.album_peak = Some(-0.5);
        tags.label = Some("x".repeat(300));
        let found = codes(&tags, Container::Mpeg);
        let messages: Vec<&str> = found.iter().map(|(_, _, message)| message.as_str()).collect();
        assert_eq!(
            messages,
            [
                "title: character 6 is a line break",
                "album: nothing but space",
                "label: 300 characters; players that read ID3 or LIST-INFO cut at 255",
                "producer: character 4 is U+FFFD, the mark of text that was read in the wrong encoding",
                "disc 3 of 2 cannot be",
                "a tempo of NaN beats per minute cannot be",
                "a ReplayGain album peak of -0.5 cannot be",
            ]
        );
        assert_eq!(found.iter().filter(|(severity, ..)| *severity == Severity::Warning).count(), 1);
    }

    #[test]
    fn what_a_container_cannot_hold_is_told() {
        let bext = Bext { description: "é".repeat(300), ..Bext::default() };
        let tags = Tags { broadcast: Some(bext), ..Tags::default() };
        let lost = codes(&tags, Container::Flac);
        assert_eq!(lost.iter().map(|(_, code, _)| *code).collect::<Vec<_>>(), ["tag-lost"]);
        let cut = codes(&tags, Container::Rf64);
        assert_eq!(cut.iter().map(|(_, code, _)| *code).collect::<Vec<_>>(), ["tag-cut", "tag-ascii"]);
    }
}
