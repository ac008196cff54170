//! The parts of [`Tags`] one by one, and where each lives in the three families of tags.
//!
//! The keys are those that Picard (of `MusicBrainz`), foobar2000, Mp3tag and `TagLib` share; where the standards have a frame of
//! their own (`TPRO` for ℗, `TSRC`, `©phg`) it is that.

use tonmeister_core::codes::{Barcode, Isrc, Language, ReleaseDate};

use super::credit::mains_of;
use super::gain::{gain_text, peak_text, read_gain, read_peak};
use super::{Advisory, Credit, MusicalKey, Position, Role, Tags};

/// One part of [`Tags`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Field {
    Title,
    Version,
    /// The artists as one line.
    Artist,
    /// Each main and featured artist.
    Artists,
    Credit(Role),
    Album,
    AlbumArtist,
    Isrc,
    Barcode,
    CatalogNumber,
    Label,
    Phonogram,
    Copyright,
    Genre,
    Language,
    Advisory,
    Lyrics,
    Track,
    TrackTotal,
    Disc,
    DiscTotal,
    Date,
    /// Whole beats per minute.
    Bpm,
    /// With decimals, where the container's own field holds whole numbers only.
    ExactBpm,
    Key,
    Comment,
    TrackGain,
    TrackPeak,
    AlbumGain,
    AlbumPeak,
    R128Track,
    R128Album,
    Encoder,
    Compilation,
    Gapless,
}

/// Where a field lives. The first of each list is written, all are read; an empty list means that the family has no
/// place for it.
pub(super) struct Home {
    pub(super) field: Field,
    /// Vorbis comments: FLAC, Ogg Vorbis, Opus.
    pub(super) vorbis: &'static [&'static str],
    /// A text frame's four letters, `TXXX:` and a description, `TIPL:` or `TMCL:` and a role, `COMM:` and a description,
    /// or `USLT`.
    pub(super) id3: &'static [&'static str],
    /// An atom's four letters, or more: the name of a `----:com.apple.iTunes:` atom.
    pub(super) mp4: &'static [&'static str],
}

const fn home(
    field: Field,
    vorbis: &'static [&'static str],
    id3: &'static [&'static str],
    mp4: &'static [&'static str],
) -> Home {
    Home { field, vorbis, id3, mp4 }
}

/// Every field's homes.
#[rustfmt::skip]
pub(super) const HOMES: &[Home] = &[
    home(Field::Title, &["TITLE"], &["TIT2"], &["©nam"]),
    home(Field::Version, &["VERSION"], &["TXXX:VERSION"], &["VERSION"]),
    home(Field::Artist, &["ARTIST"], &["TPE1"], &["©ART"]),
    home(Field::Artists, &["ARTISTS"], &["TXXX:ARTISTS"], &["ARTISTS"]),
    home(Field::Credit(Role::Remixer), &["REMIXER", "MIXARTIST"], &["TPE4"], &["REMIXER"]),
    home(Field::Credit(Role::Producer), &["PRODUCER"], &["TIPL:producer"], &["PRODUCER"]),
    home(Field::Credit(Role::Conductor), &["CONDUCTOR"], &["TPE3"], &["CONDUCTOR", "©con"]),
    home(Field::Credit(Role::Composer), &["COMPOSER"], &["TCOM"], &["©wrt"]),
    home(Field::Credit(Role::Lyricist), &["LYRICIST"], &["TEXT"], &["LYRICIST"]),
    home(Field::Credit(Role::Arranger), &["ARRANGER"], &["TIPL:arranger"], &["ARRANGER"]),
    home(Field::Credit(Role::Performer), &["PERFORMER"], &["TMCL:performer"], &["PERFORMER"]),
    home(Field::Credit(Role::Engineer), &["ENGINEER"], &["TIPL:engineer"], &["ENGINEER"]),
    home(Field::Credit(Role::Mixer), &["MIXER"], &["TIPL:mix"], &["MIXER"]),
    home(Field::Credit(Role::Mastering), &["MASTERINGENGINEER"], &["TIPL:mastering"], &["MASTERINGENGINEER"]),
    home(Field::Album, &["ALBUM"], &["TALB"], &["©alb"]),
    home(Field::AlbumArtist, &["ALBUMARTIST", "ALBUM ARTIST"], &["TPE2"], &["aART"]),
    home(Field::Isrc, &["ISRC"], &["TSRC"], &["ISRC"]),
    home(Field::Barcode, &["BARCODE", "UPC", "EAN"], &["TXXX:BARCODE", "TXXX:UPC"], &["BARCODE", "UPC"]),
    home(Field::CatalogNumber, &["CATALOGNUMBER"], &["TXXX:CATALOGNUMBER"], &["CATALOGNUMBER"]),
    home(Field::Label, &["LABEL", "ORGANIZATION"], &["TPUB"], &["LABEL"]),
    home(Field::Phonogram, &["PHONOGRAM"], &["TPRO"], &["©phg"]),
    home(Field::Copyright, &["COPYRIGHT"], &["TCOP"], &["cprt"]),
    home(Field::Genre, &["GENRE"], &["TCON"], &["©gen"]),
    home(Field::Language, &["LANGUAGE"], &["TLAN"], &["LANGUAGE"]),
    home(Field::Advisory, &["ITUNESADVISORY"], &["TXXX:ITUNESADVISORY"], &["rtng"]),
    home(Field::Lyrics, &["LYRICS", "UNSYNCEDLYRICS"], &["USLT"], &["©lyr"]),
    home(Field::Track, &["TRACKNUMBER"], &["TRCK"], &["trkn"]),
    home(Field::TrackTotal, &["TRACKTOTAL", "TOTALTRACKS"], &[], &[]),
    home(Field::Disc, &["DISCNUMBER"], &["TPOS"], &["disk"]),
    home(Field::DiscTotal, &["DISCTOTAL", "TOTALDISCS"], &[], &[]),
    home(Field::Date, &["DATE"], &["TDRC", "TDRL"], &["©day"]),
    home(Field::Bpm, &[], &["TBPM"], &["tmpo"]),
    home(Field::ExactBpm, &["BPM"], &["TXXX:BPM"], &["BPM"]),
    home(Field::Key, &["INITIALKEY", "KEY"], &["TKEY"], &["initialkey"]),
    home(Field::Comment, &["COMMENT", "DESCRIPTION"], &["COMM:"], &["©cmt"]),
    home(Field::TrackGain, &["REPLAYGAIN_TRACK_GAIN"], &["TXXX:REPLAYGAIN_TRACK_GAIN"], &["replaygain_track_gain"]),
    home(Field::TrackPeak, &["REPLAYGAIN_TRACK_PEAK"], &["TXXX:REPLAYGAIN_TRACK_PEAK"], &["replaygain_track_peak"]),
    home(Field::AlbumGain, &["REPLAYGAIN_ALBUM_GAIN"], &["TXXX:REPLAYGAIN_ALBUM_GAIN"], &["replaygain_album_gain"]),
    home(Field::AlbumPeak, &["REPLAYGAIN_ALBUM_PEAK"], &["TXXX:REPLAYGAIN_ALBUM_PEAK"], &["replaygain_album_peak"]),
    home(Field::R128Track, &["R128_TRACK_GAIN"], &[], &[]),
    home(Field::R128Album, &["R128_ALBUM_GAIN"], &[], &[]),
    home(Field::Encoder, &["ENCODER"], &["TSSE"], &["©too"]),
    home(Field::Compilation, &["COMPILATION"], &["TCMP"], &["cpil"]),
    home(Field::Gapless, &[], &["COMM:iTunPGAP"], &["pgap"]),
];

/// The fields of the tags as texts, in the order in which they are written; several of a kind one after the other.
pub(super) fn values(tags: &Tags) -> Vec<(Field, String)> {
    let mut out = Vec::new();
    let mut put = |field, text: Option<String>| out.extend(text.map(|text| (field, text)));
    put(Field::Title, tags.display_title());
    put(Field::Version, tags.version.clone().filter(|_| tags.title.is_some()));
    put(Field::Artist, tags.display_artist());
    let artists: Vec<&str> = [Role::Main, Role::Featured].into_iter().flat_map(|role| tags.credited(role)).collect();
    if artists.len() > 1 || !tags.credited(Role::Featured).is_empty() {
        for name in artists {
            put(Field::Artists, Some(name.to_owned()));
        }
    }
    for role in Role::ALL.into_iter().filter(|role| !matches!(role, Role::Main | Role::Featured)) {
        tags.credited(role).into_iter().for_each(|name| put(Field::Credit(role), Some(name.to_owned())));
    }
    put(Field::Album, tags.album.clone());
    put(Field::AlbumArtist, tags.album_artist.clone());
    put(Field::Isrc, tags.isrc.map(|code| code.to_string()));
    put(Field::Barcode, tags.barcode.map(|code| code.to_string()));
    put(Field::CatalogNumber, tags.catalog_number.clone());
    put(Field::Label, tags.label.clone());
    put(Field::Phonogram, tags.phonogram_line.clone());
    put(Field::Copyright, tags.copyright_line.clone());
    tags.genres.iter().for_each(|genre| put(Field::Genre, Some(genre.clone())));
    put(Field::Language, tags.language.map(|language| language.three().to_owned()));
    put(Field::Advisory, tags.advisory.map(|advisory| advisory_number(advisory).to_string()));
    put(Field::Lyrics, tags.lyrics.clone());
    put(Field::Track, tags.track.map(|track| track.number.to_string()));
    put(Field::TrackTotal, tags.track.and_then(|track| track.of).map(|of| of.to_string()));
    put(Field::Disc, tags.disc.map(|disc| disc.number.to_string()));
    put(Field::DiscTotal, tags.disc.and_then(|disc| disc.of).map(|of| of.to_string()));
    put(Field::Date, tags.released.map(|date| date.to_string()));
    put(Field::Bpm, tags.bpm.map(|bpm| (bpm.round().max(1.0)).to_string()));
    put(Field::ExactBpm, tags.bpm.map(|bpm| bpm.to_string()));
    put(Field::Key, tags.key.map(|key| key.to_string()));
    put(Field::Comment, tags.comment.clone());
    put(Field::TrackGain, tags.replay_gain.track_gain_db.map(gain_text));
    put(Field::TrackPeak, tags.replay_gain.track_peak.map(peak_text));
    put(Field::AlbumGain, tags.replay_gain.album_gain_db.map(gain_text));
    put(Field::AlbumPeak, tags.replay_gain.album_peak.map(peak_text));
    put(Field::R128Track, tags.r128.track.map(|gain| gain.to_string()));
    put(Field::R128Album, tags.r128.album.map(|gain| gain.to_string()));
    put(Field::Encoder, tags.encoder.clone());
    put(Field::Compilation, tags.compilation.then(|| "1".to_owned()));
    put(Field::Gapless, tags.gapless.then(|| "1".to_owned()));
    out
}

/// iTunes' numbers: 1 explicit, 2 clean, 0 neither.
pub(super) fn advisory_number(advisory: Advisory) -> u8 {
    match advisory {
        Advisory::NotExplicit => 0,
        Advisory::Explicit => 1,
        Advisory::Clean => 2,
    }
}

/// What was read of a file, field by field, to be put together as [`Tags`].
#[derive(Default)]
pub(super) struct Gathered {
    found: Vec<(Field, String, String)>,
    /// What no field of ours holds: keys and texts as they stand.
    pub(super) unknown: Vec<(String, String)>,
}

impl Gathered {
    /// A text at the place `key` of the file.
    pub(super) fn add(&mut self, field: Field, key: &str, text: &str) {
        let text = text.trim_matches(['\0', ' ', '\n', '\r', '\t']);
        if !text.is_empty() && !self.found.iter().any(|(f, _, t)| *f == field && t == text) {
            self.found.push((field, key.to_owned(), text.to_owned()));
        }
    }

    /// A text that another place of the file says better, if it says it at all. Lists there are cut at `; `.
    pub(super) fn fill(&mut self, field: Field, text: &str) {
        if !self.found.iter().any(|(found, ..)| *found == field) {
            let list = matches!(field, Field::Genre | Field::Credit(_));
            let parts: Vec<&str> = if list { text.split("; ").collect() } else { vec![text] };
            for part in parts {
                self.add(field, "", part);
            }
        }
    }

    /// A text that belongs to no field. Encoders' own marks (where the sound begins and ends) are no news to anybody.
    pub(super) fn leave(&mut self, key: impl Into<String>, text: impl Into<String>) {
        let key = key.into();
        if !key.ends_with("iTunSMPB") {
            self.unknown.push((key, text.into()));
        }
    }

    /// The first text of a field; further ones are told as unknown.
    fn text(&mut self, field: Field) -> Option<String> {
        self.code(field, |text| Some(text.to_owned()))
    }

    /// The first text of a field that can be read as what it should be; the others are told as unknown.
    fn code<T>(&mut self, field: Field, read: impl Fn(&str) -> Option<T>) -> Option<T> {
        let mut first = None;
        for (_, key, text) in self.found.extract_if(.., |(found, ..)| *found == field) {
            match read(&text) {
                Some(value) if first.is_none() => first = Some(value),
                _ => self.unknown.push((key, text)),
            }
        }
        first
    }

    fn all(&mut self, field: Field) -> Vec<String> {
        self.found.extract_if(.., |(found, ..)| *found == field).map(|(_, _, text)| text).collect()
    }

    /// Puts the tags together.
    pub(super) fn tags(mut self) -> (Tags, Vec<(String, String)>) {
        let version = self.text(Field::Version);
        let mut title = self.text(Field::Title);
        let behind = version.as_ref().map(|version| format!(" ({version})"));
        if let Some(plain) = title.as_ref().zip(behind).and_then(|(shown, behind)| shown.strip_suffix(&behind)) {
            title = Some(plain.to_owned());
        }
        let mut tags = Tags { title, version, ..Tags::default() };
        self.artists(&mut tags);
        for role in Role::ALL {
            for name in self.all(Field::Credit(role)) {
                tags.credits.push(Credit { name, role });
            }
        }
        tags.album = self.text(Field::Album);
        tags.album_artist = self.text(Field::AlbumArtist);
        tags.isrc = self.code(Field::Isrc, |text| Isrc::parse(text).ok());
        tags.barcode = self.code(Field::Barcode, |text| Barcode::parse(text).ok());
        tags.catalog_number = self.text(Field::CatalogNumber);
        tags.label = self.text(Field::Label);
        tags.phonogram_line = self.text(Field::Phonogram);
        tags.copyright_line = self.text(Field::Copyright);
        tags.genres = self.all(Field::Genre);
        tags.language = self.code(Field::Language, |text| Language::parse(text).ok());
        tags.advisory = self.code(Field::Advisory, read_advisory);
        tags.lyrics = self.text(Field::Lyrics);
        tags.track = self.position(Field::Track, Field::TrackTotal);
        tags.disc = self.position(Field::Disc, Field::DiscTotal);
        tags.released = self.code(Field::Date, |text| ReleaseDate::parse(text).ok());
        let bpm = |text: &str| text.parse().ok().filter(|bpm: &f64| bpm.is_finite() && *bpm > 0.0);
        let whole = self.code(Field::Bpm, bpm);
        tags.bpm = self.code(Field::ExactBpm, bpm).or(whole);
        tags.key = self.code(Field::Key, |text| MusicalKey::parse(text).ok());
        tags.comment = self.text(Field::Comment);
        tags.replay_gain.track_gain_db = self.code(Field::TrackGain, read_gain);
        tags.replay_gain.track_peak = self.code(Field::TrackPeak, read_peak);
        tags.replay_gain.album_gain_db = self.code(Field::AlbumGain, read_gain);
        tags.replay_gain.album_peak = self.code(Field::AlbumPeak, read_peak);
        tags.r128.track = self.code(Field::R128Track, |text| text.parse().ok());
        tags.r128.album = self.code(Field::R128Album, |text| text.parse().ok());
        tags.encoder = self.text(Field::Encoder);
        let flag = |text: &str| matches!(text, "0" | "1").then_some(text == "1");
        tags.compilation = self.code(Field::Compilation, flag).unwrap_or(false);
        tags.gapless = self.code(Field::Gapless, flag).unwrap_or(false);
        (tags, self.unknown)
    }

    /// Main artists and guests: the line says who is which of the names, if it is a line as ours. Otherwise the names
    /// are taken from the line's field, which may hold several, and `ARTISTS` is left where it contradicts.
    fn artists(&mut self, tags: &mut Tags) {
        let names = self.all(Field::Artists);
        let lines = self.all(Field::Artist);
        let split: Vec<&str> = names.iter().map(String::as_str).collect();
        match (lines.as_slice(), names.len()) {
            (_, 0) => {
                for name in lines {
                    tags.credit(Role::Main, name);
                }
            }
            ([line], 1..) if mains_of(line, &split).is_some() => {
                let mains = mains_of(line, &split).unwrap_or(0);
                for (place, name) in names.into_iter().enumerate() {
                    tags.credit(if place < mains { Role::Main } else { Role::Featured }, name);
                }
            }
            ([], _) => {
                for name in names {
                    tags.credit(Role::Main, name);
                }
            }
            _ => {
                for name in lines {
                    tags.credit(Role::Main, name);
                }
                self.unknown.extend(names.into_iter().map(|name| ("ARTISTS".to_owned(), name)));
            }
        }
    }

    /// `3`, `3/12`, or a number and a whole number of their own.
    fn position(&mut self, number: Field, total: Field) -> Option<Position> {
        let of = self.code(total, |text| text.parse().ok().filter(|of| *of > 0));
        let read = |text: &str| {
            let (number, total) = text.split_once(['/', '\0']).map_or((text, None), |(n, of)| (n, Some(of)));
            let number = number.trim().parse().ok().filter(|number| *number > 0)?;
            let total = total.and_then(|of| of.trim().parse().ok()).filter(|of| *of > 0);
            Some(Position { number, of: total })
        };
        let position = self.code(number, read)?;
        Some(Position { of: position.of.or(of), ..position })
    }
}

fn read_advisory(text: &str) -> Option<Advisory> {
    match text {
        "0" => Some(Advisory::NotExplicit),
        // iTunes wrote 4 for explicit once.
        "1" | "4" => Some(Advisory::Explicit),
        "2" => Some(Advisory::Clean),
        _ => None,
    }
}
