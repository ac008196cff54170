//! How wide text is, where it breaks, and which of its letters the typeface does not have.

use std::sync::LazyLock;

use rustybuzz::{Face, UnicodeBuffer, shape};

use crate::draw::{REGULAR, SEMIBOLD};

/// The typeface in its two weights.
pub(super) struct Letters {
    regular: Face<'static>,
    semibold: Face<'static>,
}

/// A stretch of text that the typeface has, or lacks.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Stretch<'a> {
    pub(super) text: &'a str,
    /// In parts of the size.
    pub(super) width: f64,
    pub(super) missing: bool,
}

/// The width of a box that stands for a letter, in parts of the size.
pub(super) const BOX: f64 = 0.82;

static LETTERS: LazyLock<Option<Letters>> = LazyLock::new(|| {
    Some(Letters { regular: Face::from_slice(REGULAR, 0)?, semibold: Face::from_slice(SEMIBOLD, 0)? })
});

impl Letters {
    /// The typeface that the program carries.
    ///
    /// # Panics
    /// Never: the typeface is part of the program, and a test reads it.
    pub(super) fn ours() -> &'static Letters {
        LETTERS.as_ref().expect("the program's own typeface can be read")
    }

    /// A text in stretches, in reading order.
    pub(super) fn stretches<'a>(&self, text: &'a str, bold: bool) -> Vec<Stretch<'a>> {
        let face = if bold { &self.semibold } else { &self.regular };
        let em = f64::from(face.units_per_em());
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(text);
        let shaped = shape(face, &[], buffer);
        // Where each cluster begins, how wide it is, and whether a glyph of it is missing.
        let mut clusters: Vec<(usize, f64, bool)> = Vec::new();
        for (glyph, at) in shaped.glyph_infos().iter().zip(shaped.glyph_positions()) {
            let (from, wide) = (glyph.cluster as usize, f64::from(at.x_advance) / em);
            match clusters.iter_mut().find(|(begins, ..)| *begins == from) {
                Some(known) => *known = (from, known.1 + wide, known.2 || glyph.glyph_id == 0),
                None => clusters.push((from, wide, glyph.glyph_id == 0)),
            }
        }
        clusters.sort_by_key(|(from, ..)| *from);
        match clusters.first_mut() {
            Some(first) => first.0 = 0,
            // Nothing to be seen, such as a joiner alone.
            None => clusters.push((0, 0.0, false)),
        }
        let mut out: Vec<(usize, usize, f64, bool)> = Vec::new();
        for (n, (from, wide, missing)) in clusters.iter().enumerate() {
            let to = clusters.get(n + 1).map_or(text.len(), |(next, ..)| *next);
            match out.last_mut() {
                Some(last) if last.3 == *missing && !missing => *last = (last.0, to, last.2 + wide, false),
                _ => {
                    let boxes = text[*from..to].chars().count() as f64 * BOX;
                    out.push((*from, to, if *missing { boxes } else { *wide }, *missing));
                }
            }
        }
        out.into_iter().map(|(from, to, width, missing)| Stretch { text: &text[from..to], width, missing }).collect()
    }

    /// How wide a text is, in parts of the size.
    pub(super) fn width(&self, text: &str, bold: bool) -> f64 {
        self.stretches(text, bold).iter().map(|stretch| stretch.width).sum()
    }

    /// A text in lines of at most `most` parts of the size. It breaks at spaces, behind hyphens and slashes, between
    /// ideographs, and where nothing else helps between any two letters.
    pub(super) fn lines(&self, text: &str, bold: bool, most: f64) -> Vec<String> {
        let mut lines = Vec::new();
        let (mut line, mut wide) = (String::new(), 0.0);
        for piece in pieces(text) {
            let (whole, bare) = (self.width(piece, bold), self.width(piece.trim_end(), bold));
            if wide + bare <= most {
                line.push_str(piece);
                wide += whole;
                continue;
            }
            if !line.trim_end().is_empty() {
                lines.push(std::mem::take(&mut line).trim_end().to_string());
            }
            (line, wide) = (String::new(), 0.0);
            if bare <= most {
                line.push_str(piece);
                wide = whole;
                continue;
            }
            for letter in piece.chars() {
                let with = self.width(letter.encode_utf8(&mut [0; 4]), bold);
                if wide + with > most && !line.is_empty() {
                    lines.push(std::mem::take(&mut line));
                    wide = 0.0;
                }
                line.push(letter);
                wide += with;
            }
        }
        if !line.trim_end().is_empty() || lines.is_empty() {
            lines.push(line.trim_end().to_string());
        }
        lines
    }

    /// The width of the longest part of a text that is not broken gladly.
    pub(super) fn longest(&self, text: &str, bold: bool) -> f64 {
        pieces(text).into_iter().map(|piece| self.width(piece.trim_end(), bold)).fold(0.0, f64::max)
    }

    /// A text that is cut, with an ellipsis, where it is wider than `most`.
    pub(super) fn cut(&self, text: &str, bold: bool, most: f64) -> String {
        if self.width(text, bold) <= most {
            return text.into();
        }
        let mut short = text.to_string();
        while short.pop().is_some() {
            let with = format!("{}…", short.trim_end());
            if self.width(&with, bold) <= most {
                return with;
            }
        }
        "…".into()
    }
}

/// Letters between which lines break without a space: Han, kana, Hangul and their punctuation.
fn ideograph(c: char) -> bool {
    matches!(u32::from(c), 0x2E80..=0x9FFF | 0xAC00..=0xD7AF | 0xF900..=0xFAFF | 0xFF00..=0xFF60 | 0x2_0000..=0x3_FFFF)
}

/// A text in parts between which a line may end; spaces belong to what they follow.
fn pieces(text: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut from = 0;
    let mut before: Option<char> = None;
    for (at, c) in text.char_indices() {
        let breaks = before.is_some_and(|b| {
            let space = b == ' ' && c != ' ';
            let joint = matches!(b, '-' | '/' | '–' | '_') && c != ' ' && !c.is_ascii_digit();
            space || joint || (c != ' ' && (ideograph(b) || ideograph(c)))
        });
        if breaks && at > from {
            out.push(&text[from..at]);
            from = at;
        }
        before = Some(c);
    }
    if from < text.len() {
        out.push(&text[from..]);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::Letters;

    #[test]
    fn lines_break_where_they_may_and_fit() {
        let letters = Letters::ours();
        let text = "One gain for the whole album keeps its level to the other songs as it came.";
        let lines = letters.lines(text, false, 12.0);
        assert_eq!(lines.join(" "), text);
        for line in &lines {
            assert!(letters.width(line, false) <= 12.0, "{line}");
        }
        assert_eq!(letters.lines("wav/01 A.wav", false, 4.0), ["wav/01", "A.wav"]);
        assert_eq!(letters.lines("", false, 4.0), [""]);
        // What cannot be broken gladly is broken all the same.
        assert!(letters.lines(&"m".repeat(50), false, 10.0).len() > 4);
        assert_eq!(letters.cut("a very long title indeed", true, 6.0), "a very lon…");
    }

    #[test]
    fn letters_that_are_not_there_are_known() {
        let letters = Letters::ours();
        let missing = |text: &str| {
            let all = letters.stretches(text, false);
            assert_eq!(all.iter().map(|s| s.text).collect::<String>(), text);
            all.into_iter().filter(|s| s.missing).map(|s| s.text.to_string()).collect::<Vec<_>>()
        };
        for text in ["Größe", "Ночной паром", "Ελένη", "−14.2 dBTP · 3 songs → “quoted” …", "e\u{301}"]
        {
            assert!(missing(text).is_empty(), "{text}: {:?}", missing(text));
        }
        assert_eq!(missing("A 東京 B"), ["東", "京"]);
        assert!(!missing("العربية").is_empty());
    }
}
