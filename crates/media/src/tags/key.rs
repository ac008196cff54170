//! The musical key, as files name it.

use std::fmt;
use std::str::FromStr;

use tonmeister_core::codes::CodeError;

/// A major or minor key: `C`, `F#m`, `Bb` (the spelling of ID3's `TKEY`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MusicalKey {
    /// `A` to `G`.
    tonic: char,
    /// −1 flat, 0 natural, 1 sharp.
    accidental: i8,
    minor: bool,
}

impl MusicalKey {
    /// Reads `F#m`, `F♯ minor`, `Bb`, `B flat major`.
    ///
    /// # Errors
    /// When it is none of these.
    pub fn parse(text: &str) -> Result<MusicalKey, CodeError> {
        let error = |at: usize| CodeError {
            kind: "key",
            text: text.to_owned(),
            span: at..text.len(),
            problem: "not a key".into(),
            remedy: "write the tonic, `#` or `b`, and `m` when it is minor: `C`, `F#m`, `Bb`".into(),
        };
        let mut characters = text.chars();
        let tonic = characters.next().map(|c| c.to_ascii_uppercase()).filter(|c| ('A'..='G').contains(c));
        let tonic = tonic.ok_or_else(|| error(0))?;
        let rest = characters.as_str();
        let trimmed = rest.trim_start();
        let signs = [("#", 1), ("♯", 1), ("sharp", 1), ("♭", -1), ("flat", -1), ("b", -1)];
        let sign = signs.into_iter().find_map(|(sign, by)| Some((trimmed.strip_prefix(sign)?, by)));
        let (mode, accidental) = sign.unwrap_or((trimmed, 0));
        let mode = mode.trim_start_matches([' ', '-']).trim_end();
        let minor = match mode {
            "" | "M" => false,
            "m" => true,
            _ => match mode.to_ascii_lowercase().as_str() {
                "maj" | "major" | "dur" => false,
                "min" | "minor" | "moll" => true,
                _ => return Err(error(text.len() - rest.len())),
            },
        };
        Ok(MusicalKey { tonic, accidental, minor })
    }

    /// Whether it is minor.
    pub const fn minor(self) -> bool {
        self.minor
    }
}

impl fmt::Display for MusicalKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let accidental = ["b", "", "#"][(self.accidental + 1) as usize];
        write!(f, "{}{accidental}{}", self.tonic, if self.minor { "m" } else { "" })
    }
}

impl FromStr for MusicalKey {
    type Err = CodeError;
    fn from_str(text: &str) -> Result<MusicalKey, CodeError> {
        MusicalKey::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::MusicalKey;

    #[test]
    fn keys_are_read_as_people_write_them() {
        for (text, kept) in [
            ("C", "C"),
            ("f#m", "F#m"),
            ("F♯ minor", "F#m"),
            ("Bb", "Bb"),
            ("B flat major", "Bb"),
            ("bbm", "Bbm"),
            ("A min", "Am"),
            ("E-moll", "Em"),
        ] {
            assert_eq!(MusicalKey::parse(text).unwrap().to_string(), kept, "{text}");
        }
        for text in ["", "H", "8A", "Cmm", "C# lydian", "日"] {
            assert!(MusicalKey::parse(text).is_err(), "{text}");
        }
    }
}
