//! The International Standard Recording Code (ISO 3901).

use std::fmt;
use std::str::FromStr;

use super::{CodeError, ordinal, significant};

/// The code of one recording (ISO 3901): a prefix of two letters and three letters or digits that an agency has given
/// out, two digits of the year, five digits that the registrant counts.
///
/// Each version of a song (an instrumental, an edit) is a recording and has a code of its own; a remaster may keep it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Isrc([u8; 12]);

const SHAPE: &str = "an ISRC is two letters, three letters or digits, and seven digits, such as GB-AYE-69-00301";

impl Isrc {
    /// Reads a code with or without hyphens, in either case, with or without `ISRC` before it.
    ///
    /// # Errors
    /// When a character is not what its place asks for, or there are not twelve; a likely slip (`O` for `0`) is named.
    pub fn parse(text: &str) -> Result<Isrc, CodeError> {
        let mut characters = significant(text);
        let begins = |characters: &[(usize, char)]| {
            characters.iter().take(4).map(|(_, c)| c.to_ascii_uppercase()).eq("ISRC".chars())
        };
        if characters.len() > 12 && begins(&characters) {
            characters.drain(..4);
            if characters.first().is_some_and(|(_, c)| *c == ':') {
                characters.remove(0);
            }
        }
        let mut code = [0; 12];
        for (place, slot) in code.iter_mut().enumerate() {
            let Some((at, found)) = characters.get(place).copied() else {
                let problem = format!("{place} characters where twelve are expected");
                return Err(CodeError::new("ISRC", text, text.len()..text.len(), problem, SHAPE));
            };
            let upper = found.to_ascii_uppercase();
            let (fits, expected) = match place {
                0 | 1 => (upper.is_ascii_uppercase(), "a letter"),
                2..=4 => (upper.is_ascii_alphanumeric(), "a letter or a digit"),
                _ => (upper.is_ascii_digit(), "a digit"),
            };
            if !fits {
                let problem = format!("its {} character is `{found}`, where {expected} belongs", ordinal(place + 1));
                let remedy = match (place, upper) {
                    (5.., 'O' | 'Q' | 'D') => format!("perhaps the digit 0 is meant; {SHAPE}"),
                    (5.., 'I' | 'L') => format!("perhaps the digit 1 is meant; {SHAPE}"),
                    (0 | 1, '0') => format!("perhaps the letter O is meant; {SHAPE}"),
                    _ => SHAPE.to_owned(),
                };
                return Err(CodeError::new("ISRC", text, at..at + found.len_utf8(), problem, remedy));
            }
            *slot = upper as u8;
        }
        if let Some((at, _)) = characters.get(12) {
            let problem = format!("{} characters where twelve are expected", characters.len());
            return Err(CodeError::new("ISRC", text, *at..text.len(), problem, SHAPE));
        }
        Ok(Isrc(code))
    }

    /// The twelve characters, as files and discs carry them.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// `GB-AYE-69-00301`, as people read it.
    pub fn hyphenated(&self) -> String {
        let code = self.as_str();
        format!("{}-{}-{}-{}", &code[..2], &code[2..5], &code[5..7], &code[7..])
    }

    /// The twelve bytes, for Red Book sub-code and DDP.
    pub const fn bytes(&self) -> &[u8; 12] {
        &self.0
    }
}

impl FromStr for Isrc {
    type Err = CodeError;
    fn from_str(text: &str) -> Result<Isrc, CodeError> {
        Isrc::parse(text)
    }
}

impl fmt::Display for Isrc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Isrc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Isrc({})", self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Isrc;

    #[test]
    fn codes_are_read_as_people_write_them() {
        for text in ["GBAYE6900301", "gb-aye-69-00301", "ISRC GB-AYE-69-00301", "ISRC:GBAYE6900301", "GB‑AYE‑69‑00301"]
        {
            let isrc = Isrc::parse(text).unwrap();
            assert_eq!((isrc.as_str(), isrc.hyphenated().as_str()), ("GBAYE6900301", "GB-AYE-69-00301"), "{text}");
        }
    }

    #[test]
    fn an_error_shows_the_place_and_the_likely_slip() {
        let text = "GB-AYE-69-0O301";
        let error = Isrc::parse(text).unwrap_err();
        assert_eq!(&text[error.span.clone()], "O");
        assert_eq!(
            error.to_string(),
            "ISRC `GB-AYE-69-0O301`: its 9th character is `O`, where a digit belongs; perhaps the digit 0 is meant; an \
             ISRC is two letters, three letters or digits, and seven digits, such as GB-AYE-69-00301"
        );
        let short = Isrc::parse("GBAYE690030").unwrap_err();
        assert!(short.problem.starts_with("11 characters"), "{short}");
        assert_eq!(short.span, 11..11);
        let long = Isrc::parse("GBAYE69003012").unwrap_err();
        assert_eq!((&long.text[long.span.clone()], long.problem.contains("13 characters")), ("2", true));
        assert!(Isrc::parse("1BAYE6900301").unwrap_err().to_string().contains("1st character is `1`, where a letter"));
        assert!(Isrc::parse("").is_err());
        assert!(Isrc::parse("ÄÖAYE6900301").is_err(), "letters are ASCII");
    }
}
