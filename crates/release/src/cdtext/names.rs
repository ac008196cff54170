//! Numbers for languages (EBU Tech 3264, appendix 3) and for kinds of music, as libburn's `doc/cdtext.txt` lists them.

use std::fmt;

/// A language of a block, by its number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Language(pub u8);

impl Language {
    /// English, which is what nearly every disc says.
    pub const ENGLISH: Language = Language(0x09);

    /// Its English name, where the number has one.
    pub fn name(self) -> Option<&'static str> {
        let number = usize::from(self.0);
        match self.0 {
            0x00..=0x2B => LOW.get(number).copied(),
            0x45..=0x7F => HIGH.get(number - 0x45).copied(),
            _ => None,
        }
    }

    /// The language of that English name, upper or lower case.
    pub fn named(name: &str) -> Option<Language> {
        (0..=0x7F).map(Language).find(|l| l.name().is_some_and(|n| n.eq_ignore_ascii_case(name)))
    }
}

impl Default for Language {
    fn default() -> Self {
        Language::ENGLISH
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "language {:02X}", self.0),
        }
    }
}

impl fmt::Debug for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Numbers 00 to 2B.
#[rustfmt::skip]
const LOW: [&str; 0x2C] = [
    "Unknown", "Albanian", "Breton", "Catalan", "Croatian", "Welsh", "Czech", "Danish", "German", "English", "Spanish",
    "Esperanto", "Estonian", "Basque", "Faroese", "French", "Frisian", "Irish", "Gaelic", "Galician", "Icelandic",
    "Italian", "Lappish", "Latin", "Latvian", "Luxembourgian", "Lithuanian", "Hungarian", "Maltese", "Dutch",
    "Norwegian", "Occitan", "Polish", "Portuguese", "Romanian", "Romansh", "Serbian", "Slovak", "Slovenian", "Finnish",
    "Swedish", "Turkish", "Flemish", "Wallon",
];

/// Numbers 45 to 7F.
#[rustfmt::skip]
const HIGH: [&str; 0x80 - 0x45] = [
    "Zulu", "Vietnamese", "Uzbek", "Urdu", "Ukrainian", "Thai", "Telugu", "Tatar", "Tamil", "Tadzhik", "Swahili",
    "Sranan Tongo", "Somali", "Sinhalese", "Shona", "Serbo-Croat", "Ruthenian", "Russian", "Quechua", "Pushtu",
    "Punjabi", "Persian", "Papamiento", "Oriya", "Nepali", "Ndebele", "Marathi", "Moldavian", "Malaysian", "Malagasay",
    "Macedonian", "Laotian", "Korean", "Khmer", "Kazakh", "Kannada", "Japanese", "Indonesian", "Hindi", "Hebrew",
    "Hausa", "Gurani", "Gujurati", "Greek", "Georgian", "Fulani", "Dari", "Churash", "Chinese", "Burmese", "Bulgarian",
    "Bengali", "Belorussian", "Bambora", "Azerbaijani", "Assamese", "Armenian", "Arabic", "Amharic",
];

/// The kinds of music, by their number.
#[rustfmt::skip]
pub const GENRES: [&str; 28] = [
    "Not Used", "Not Defined", "Adult Contemporary", "Alternative Rock", "Childrens Music", "Classical",
    "Contemporary Christian", "Country", "Dance", "Easy Listening", "Erotic", "Folk", "Gospel", "Hip Hop", "Jazz",
    "Latin", "Musical", "New Age", "Opera", "Operetta", "Pop Music", "Rap", "Reggae", "Rock Music", "Rhythm & Blues",
    "Sound Effects", "Spoken Word", "World Music",
];

/// The number of that kind of music, upper or lower case.
pub fn genre_code(name: &str) -> Option<u16> {
    GENRES.iter().position(|g| g.eq_ignore_ascii_case(name)).map(|code| code as u16)
}

/// The kind of music with that number.
pub fn genre_name(code: u16) -> Option<&'static str> {
    GENRES.get(usize::from(code)).copied()
}
