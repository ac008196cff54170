//! The characters a CD player knows.

use tonmeister_core::Diagnostic;

/// The characters of a block's six texts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Charset {
    /// ISO 8859-1: the letters of western Europe.
    #[default]
    Latin1,
    /// 7-bit ASCII.
    Ascii,
}

impl Charset {
    /// Its number in the size information.
    pub(super) fn number(self) -> u8 {
        match self {
            Charset::Latin1 => 0,
            Charset::Ascii => 1,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Charset::Latin1 => "ISO 8859-1",
            Charset::Ascii => "ASCII",
        }
    }

    /// Whether it has the character. Control characters are in none: a NUL would end the text, and a TAB stands for the
    /// text of the track before.
    pub fn has(self, character: char) -> bool {
        match self {
            Charset::Latin1 => matches!(character, ' '..='~' | '\u{A0}'..='\u{FF}'),
            Charset::Ascii => matches!(character, ' '..='~'),
        }
    }

    /// The bytes of the text, when it has every character; else the first it does not have, with its place.
    pub(super) fn bytes(self, text: &str) -> Result<Vec<u8>, (usize, char)> {
        let byte = |(place, c): (usize, char)| if self.has(c) { Ok(c as u32 as u8) } else { Err((place, c)) };
        text.chars().enumerate().map(byte).collect()
    }

    /// The bytes of the text, or what is wrong with it. `place` says whose text it is, such as `track 3, title`.
    pub(super) fn encode(self, text: &str, place: &str, found: &mut Vec<Diagnostic>) -> Vec<u8> {
        let (at, character) = match self.bytes(text) {
            Ok(bytes) => return bytes,
            Err(wrong) => wrong,
        };
        let message = format!(
            "{place}: the character `{}` (U+{:04X}, the {} of `{}`) is not in {}",
            character.escape_debug(),
            character as u32,
            ordinal(at + 1),
            text.escape_debug(),
            self.name()
        );
        let instead = plain(text, self);
        let help = match &instead {
            Some(text) => format!("write `{text}` for the CD"),
            None => "write it in letters that CD players have".to_owned(),
        };
        found.push(Diagnostic::error("cdtext-character", message).help(help));
        Vec::new()
    }
}

/// 1st, 2nd, 3rd, 4th, …
fn ordinal(n: usize) -> String {
    let ending = match (n % 10, n % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{n}{ending}")
}

/// The text with look-alikes for what the character set does not have (curly quotes become straight ones, ő becomes o):
/// a proposal for a person to accept. `None` when a character has no look-alike.
pub fn plain(text: &str, charset: Charset) -> Option<String> {
    let mut out = String::new();
    for character in text.chars() {
        if charset.has(character) {
            out.push(character);
            continue;
        }
        let instead = alike(character)?;
        // A look-alike may itself need one: š becomes s in either set, œ becomes oe.
        if !instead.chars().all(|c| charset.has(c)) {
            return None;
        }
        out.push_str(instead);
    }
    Some(out)
}

fn alike(character: char) -> Option<&'static str> {
    Some(match character {
        '\u{2018}' | '\u{2019}' | '\u{201B}' | '\u{2032}' | '\u{02BC}' | '´' => "'",
        '\u{201C}' | '\u{201D}' | '\u{201E}' | '\u{2033}' | '«' | '»' => "\"",
        '\u{201A}' => ",",
        '\u{2010}'..='\u{2015}' | '\u{2212}' => "-",
        '\u{2026}' => "...",
        '\u{2022}' | '·' | '×' => "*",
        '\u{20AC}' => "EUR",
        '\u{2122}' => "(TM)",
        '©' => "(C)",
        '®' => "(R)",
        '\t' | '\u{A0}' | '\u{2002}'..='\u{200A}' | '\u{202F}' => " ",
        'À'..='Å' | 'Ā' | 'Ă' | 'Ą' => "A",
        'à'..='å' | 'ā' | 'ă' | 'ą' | 'ª' => "a",
        'Æ' => "AE",
        'æ' => "ae",
        'Ç' | 'Ć' | 'Ĉ' | 'Ċ' | 'Č' => "C",
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => "c",
        'Ð' | 'Ď' | 'Đ' => "D",
        'ð' | 'ď' | 'đ' => "d",
        'È'..='Ë' | 'Ē' | 'Ĕ' | 'Ė' | 'Ę' | 'Ě' => "E",
        'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => "e",
        'Ĝ' | 'Ğ' | 'Ġ' | 'Ģ' => "G",
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => "g",
        'Ĥ' | 'Ħ' => "H",
        'ĥ' | 'ħ' => "h",
        'Ì'..='Ï' | 'Ĩ' | 'Ī' | 'Ĭ' | 'Į' | 'İ' => "I",
        'ì'..='ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' => "i",
        'Ĵ' => "J",
        'ĵ' => "j",
        'Ķ' => "K",
        'ķ' => "k",
        'Ĺ' | 'Ļ' | 'Ľ' | 'Ł' => "L",
        'ĺ' | 'ļ' | 'ľ' | 'ł' => "l",
        'Ñ' | 'Ń' | 'Ņ' | 'Ň' => "N",
        'ñ' | 'ń' | 'ņ' | 'ň' => "n",
        'Ò'..='Ö' | 'Ø' | 'Ō' | 'Ŏ' | 'Ő' => "O",
        'ò'..='ö' | 'ø' | 'ō' | 'ŏ' | 'ő' | 'º' => "o",
        'Œ' => "OE",
        'œ' => "oe",
        'Ŕ' | 'Ŗ' | 'Ř' => "R",
        'ŕ' | 'ŗ' | 'ř' => "r",
        'Ś' | 'Ŝ' | 'Ş' | 'Š' | 'Ș' => "S",
        'ś' | 'ŝ' | 'ş' | 'š' | 'ș' => "s",
        'ß' => "ss",
        'Ţ' | 'Ť' | 'Ț' => "T",
        'ţ' | 'ť' | 'ț' => "t",
        'Þ' => "Th",
        'þ' => "th",
        'Ù'..='Ü' | 'Ũ' | 'Ū' | 'Ŭ' | 'Ů' | 'Ű' | 'Ų' => "U",
        'ù'..='ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => "u",
        'Ŵ' => "W",
        'ŵ' => "w",
        'Ý' | 'Ŷ' | 'Ÿ' => "Y",
        'ý' | 'ÿ' | 'ŷ' => "y",
        'Ź' | 'Ż' | 'Ž' => "Z",
        'ź' | 'ż' | 'ž' => "z",
        _ => return None,
    })
}
