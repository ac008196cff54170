//! The album as typed values: what the text says, checked and with every default filled in.

mod people;
mod physical;

pub use people::{Credits, Part};
pub use physical::{Cassette, Diameter, Speed, Tape, Vinyl, Wrapping};

use tonmeister_core::codes::{Barcode, Isrc, Language, ReleaseDate};

use crate::model::{FadeShape, Insert, Lane};

/// A release.
#[derive(Clone, Debug, PartialEq)]
pub struct Album {
    /// Its name.
    pub title: String,
    /// Whose album it is.
    pub artist: String,
    /// What is told about it besides, as texts.
    pub about: About,
    /// How loud, and by which rules.
    pub sound: Sound,
    /// What is done about songs that sound unlike the others.
    pub consistency: Consistency,
    /// Seconds of silence before a song that says nothing of its own.
    pub gap_s: f64,
    /// Every song's processors, in order; `None`: the standard chain.
    pub chain: Option<Vec<Insert>>,
    /// The songs in the order in which they are heard.
    pub songs: Vec<AlbumSong>,
    /// What is made.
    pub deliver: Vec<Deliver>,
    /// The disc that is made, if any.
    pub cd: Option<Cd>,
    /// The record that is made, if any.
    pub vinyl: Option<Vinyl>,
    /// The cassette that is made, if any.
    pub cassette: Option<Cassette>,
}

/// What is told about an album, all of it optional.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct About {
    /// The label.
    pub label: Option<String>,
    /// The label's own number.
    pub catalog_number: Option<String>,
    /// UPC-A or EAN-13.
    pub upc: Option<Barcode>,
    /// When it comes out: a year, a month or a day.
    pub release_date: Option<ReleaseDate>,
    /// When it was recorded: a year, a month or a day.
    pub recording_date: Option<ReleaseDate>,
    /// The ℗ line, without the sign.
    pub phonogram: Option<String>,
    /// The © line, without the sign.
    pub copyright: Option<String>,
    /// Its genre.
    pub genre: Option<String>,
    /// The language of its words.
    pub language: Option<Language>,
    /// Which disc of the release it is, and how many there are.
    pub disc: Option<(u16, Option<u16>)>,
    /// Who made all of it: for songs that name nobody in that part.
    pub credits: Credits,
    /// The path of its picture.
    pub artwork: Option<String>,
    /// Anything else.
    pub comment: Option<String>,
}

/// How loud an album is to be, and what is not given up for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Sound {
    /// One gain for all songs, or each to the loudness.
    pub mode: Mode,
    /// A named target.
    pub target: Option<String>,
    /// Integrated loudness, over the target's.
    pub loudness_lufs: Option<f64>,
    /// True-peak ceiling, over the target's.
    pub ceiling_dbtp: Option<f64>,
    /// The rate it is put together at; without it, the highest of the songs.
    pub sample_rate_hz: Option<u32>,
    /// The most the limiter may take off any peak.
    pub max_limiting_db: f64,
    /// The smallest peak-to-loudness ratio that a song may end with.
    pub min_plr_db: f64,
    /// The smallest peak-to-short-term-loudness ratio that any 3 s may end with.
    pub min_psr_db: f64,
}

/// What is done about songs that sound unlike the others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Consistency {
    /// Whether it is measured, and whether anything is moved.
    pub evening: Evening,
    /// The most that anything is moved, in dB.
    pub max_correction_db: f64,
    /// The song that is the measure, counted from 0; without one, the middle of all.
    pub reference: Option<usize>,
}

/// How far consistency goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Evening {
    /// Measured and shown, with the moves that would be made.
    Show,
    /// The moves are made.
    Correct,
    /// Not measured.
    Off,
}

impl Evening {
    /// In the order of [`super::keys::CONSISTENCY_WORDS`].
    pub const ALL: [Evening; 3] = [Evening::Show, Evening::Correct, Evening::Off];
}

/// How the songs' loudness is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// The songs keep their levels to each other; the loudest is brought to the loudness.
    Album,
    /// Each song is brought to the loudness.
    Song,
}

/// A song of an album.
#[derive(Clone, Debug, PartialEq)]
pub struct AlbumSong {
    /// What it is made from.
    pub audio: Audio,
    /// The version of its document that stands in its place, by id.
    pub version: Option<String>,
    /// Its name; without one, the document's title or the file's name.
    pub title: Option<String>,
    /// Which version it is, as it stands behind the title; without one, the name of its `version`.
    pub version_title: Option<String>,
    /// Who plays it, when that is not the album's artist.
    pub artists: Vec<String>,
    /// Who wrote the music.
    pub composers: Vec<String>,
    /// Who wrote the words.
    pub lyricists: Vec<String>,
    /// Who made it besides.
    pub credits: Credits,
    /// Its genre, when that is not the album's.
    pub genre: Option<String>,
    /// The language of its words, when that is not the album's.
    pub language: Option<Language>,
    /// The recording's code.
    pub isrc: Option<Isrc>,
    /// Its words.
    pub lyrics: Option<String>,
    /// Whether its words are explicit, when stated.
    pub explicit: Option<bool>,
    /// Where in the audio it begins, in seconds.
    pub start_s: f64,
    /// Where in the audio it ends, in seconds; without it, at the end.
    pub end_s: Option<f64>,
    /// How it follows the song before.
    pub gap: Gap,
    /// Its tempo, for a gap in beats after it.
    pub tempo_bpm: Option<f64>,
    /// Length of the fade in, in seconds.
    pub fade_in_s: f64,
    /// Its curve.
    pub fade_in_shape: FadeShape,
    /// Length of the fade out, in seconds.
    pub fade_out_s: f64,
    /// Its curve.
    pub fade_out_shape: FadeShape,
    /// How it goes over into the next song.
    pub into_next: IntoNext,
    /// Heard before the first song on a CD only, where a player does not begin by itself.
    pub hidden: bool,
    /// The side it stands on, where one is stated.
    pub side: Option<char>,
    /// Its level against the others.
    pub level_db: f64,
    /// Whether it goes through the album's chain.
    pub chain: bool,
    /// Processors of its own, before the chain.
    pub inserts: Vec<Insert>,
    /// Moves on its strip ([`AlbumSong::strip_inserts`] and `fader_db`), counted from where the song begins.
    pub automation: Vec<Lane>,
}

impl AlbumSong {
    /// Everything it goes through before the limiter: its own processors, then the chain it is given, inserts of one id
    /// with a number each.
    pub fn strip_inserts(&self, chain: &[Insert]) -> Vec<Insert> {
        let mut inserts = self.inserts.clone();
        if self.chain {
            inserts.extend_from_slice(chain);
        }
        for place in 0..inserts.len() {
            let id = inserts[place].id.clone();
            let mut number = 2;
            while inserts[..place].iter().any(|insert| insert.id == inserts[place].id) {
                inserts[place].id = format!("{id}-{number}");
                number += 1;
            }
        }
        inserts
    }
}

/// What a song is made from; paths are relative to the document's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audio {
    /// A mix.
    File(String),
    /// A song document, which is mixed first.
    Document(String),
}

impl Audio {
    /// The file's path.
    pub fn path(&self) -> &str {
        match self {
            Audio::File(path) | Audio::Document(path) => path,
        }
    }
}

/// What lies between the end of one song and the beginning of the next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Gap {
    /// Silence, in seconds; 0 joins both without a seam.
    Seconds(f64),
    /// Silence, in beats of the song before.
    Beats(f64),
}

/// How a song goes over into the next one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum IntoNext {
    /// It ends; then comes the next song's gap.
    Ends,
    /// The next one begins so many seconds before it ends, and both are faded over that time.
    Crossfade {
        /// Seconds.
        seconds: f64,
        /// The curve of both fades.
        shape: FadeShape,
    },
    /// The next one begins so many seconds before it ends; neither is faded.
    Segue {
        /// Seconds.
        seconds: f64,
    },
}

impl IntoNext {
    /// Seconds in which both songs sound.
    pub fn overlap_s(self) -> f64 {
        match self {
            IntoNext::Ends => 0.0,
            IntoNext::Crossfade { seconds, .. } | IntoNext::Segue { seconds } => seconds,
        }
    }
}

/// A compact disc.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cd {
    /// Whether it has titles and artists on it.
    pub text: bool,
    /// How its last bit is rounded.
    pub dither: Dither,
    /// Whether it is made as one WAV file with a cue sheet, too.
    pub cue: bool,
    /// Whether its PQ sheet is written as a text.
    pub pq: bool,
}

/// One set of files.
#[derive(Clone, Debug, PartialEq)]
pub struct Deliver {
    /// What kind of file.
    pub format: Format,
    /// Frames per second; without it, the album's rate where the format takes it.
    pub sample_rate_hz: Option<u32>,
    /// How samples are stored, for formats that keep them.
    pub depth: Depth,
    /// Kilobits per second, of MP3 (320 without it) and Opus (160 without it).
    pub bitrate_kbps: Option<u32>,
    /// The quality of Vorbis (8 without it).
    pub quality: Option<f64>,
    /// The quality of MP3 of a variable bit rate: 0, the finest, to 9; without it, its bit rate is constant.
    pub vbr: Option<u8>,
    /// How the last bit is rounded.
    pub dither: Dither,
    /// How a WAV file's sizes are stored.
    pub container: Wrapping,
    /// Whether a WAV file has a broadcast extension.
    pub bext: bool,
    /// Folder inside the release; without it, one by format.
    pub folder: Option<String>,
    /// The pattern of the files' names, without extension.
    pub name: String,
    /// Versions that are made as well, by id.
    pub versions: Vec<String>,
}

/// Kinds of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// WAV.
    Wav,
    /// FLAC.
    Flac,
    /// AIFF.
    Aiff,
    /// MP3.
    Mp3,
    /// Ogg Vorbis.
    Vorbis,
    /// Opus.
    Opus,
    /// Apple Lossless.
    Alac,
    /// AAC.
    Aac,
}

impl Format {
    /// In the order of [`super::keys::FORMATS`].
    pub const ALL: [Format; 8] =
        [Format::Wav, Format::Flac, Format::Aiff, Format::Mp3, Format::Vorbis, Format::Opus, Format::Alac, Format::Aac];

    /// Whether something is lost.
    pub fn lossy(self) -> bool {
        matches!(self, Format::Mp3 | Format::Vorbis | Format::Opus | Format::Aac)
    }

    /// As the document writes it.
    pub fn word(self) -> &'static str {
        super::keys::FORMATS[self as usize].id
    }
}

/// How samples are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Depth {
    /// 24-bit integers.
    Bits24,
    /// 16-bit integers.
    Bits16,
    /// 32-bit floating point.
    Float32,
}

impl Depth {
    /// In the order of [`super::keys::DEPTHS`].
    pub const ALL: [Depth; 3] = [Depth::Bits24, Depth::Bits16, Depth::Float32];

    /// As the document writes it.
    pub fn word(self) -> &'static str {
        super::keys::DEPTHS[self as usize].id
    }
}

/// What is added before the last bit is rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dither {
    /// Triangular noise of ±1 LSB, white.
    Flat,
    /// The same, shaped by five taps.
    Lipshitz5,
    /// The same, shaped by nine taps.
    F9,
    /// The same, shaped by nine steeper taps.
    ImprovedE9,
}

impl Dither {
    /// In the order of [`super::keys::DITHERS`].
    pub const ALL: [Dither; 4] = [Dither::Flat, Dither::Lipshitz5, Dither::F9, Dither::ImprovedE9];

    /// As the document writes it.
    pub fn word(self) -> &'static str {
        super::keys::DITHERS[self as usize].id
    }
}
