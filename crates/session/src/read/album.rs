//! From the tree to the [`Album`], by the same reader as a song.

use tonmeister_core::codes::{Barcode, CodeError, Language, ReleaseDate};
use tonmeister_core::{Diagnostic, ParamSpec, Registry};

use super::{Place, Reader};
use crate::album::keys::{
    ALBUM, BITRATE, CEILING, CHAIN, CHAIN_TABLE, CONSISTENCY, DELIVER, DELIVER_RATE, DEPTH, DISC, DISCS, DITHER,
    DOCUMENT, FORMAT, GAP, LOUDNESS, MAX_CORRECTION, MAX_DELIVER, MAX_LIMITING, MAX_NAMES, MAX_SONGS, MIN_PLR, MIN_PSR,
    MODE, NAME, QUALITY, REFERENCE_SONG, SAMPLE_RATE, SONG, VARIABLE,
};
use crate::album::model::{
    About, Album, Consistency, Credits, Deliver, Depth, Dither, Evening, Format, Mode, Part, Sound, Wrapping,
};
use crate::keys::{Key, MAX_VERSIONS};
use crate::model::Insert;
use crate::report::suggestion;
use crate::tree::{Kind, Node, Span, Table, shortened};

mod physical;
mod song;

/// The words that a pattern of names may hold in braces.
pub(crate) const NAME_WORDS: &[&str] = &["track", "title", "artist", "album", "isrc", "upc"];

/// Where things stand in the text, for findings that come later.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    pub(crate) album: Span,
    pub(crate) songs: Vec<Span>,
    pub(crate) deliver: Vec<Span>,
    pub(crate) cd: Option<Span>,
    pub(crate) vinyl: Option<Span>,
    pub(crate) cassette: Option<Span>,
}

/// An album, where its parts stand, and what is odd about it.
type Read = (Album, Places, Vec<Diagnostic>);

/// The album that a tree describes, with warnings; or everything that is wrong with it.
pub(crate) fn album(tree: &Table, registry: &Registry) -> Result<Read, Vec<Diagnostic>> {
    let mut reader = Reader::new(registry);
    let (album, places) = reader.album_document(tree);
    match reader.report.finish() {
        (false, warnings) => Ok((album, places, warnings)),
        (true, found) => Err(found),
    }
}

fn ids(keys: &[Key]) -> Vec<&'static str> {
    keys.iter().map(|key| key.id).collect()
}

impl Reader<'_> {
    fn album_document(&mut self, tree: &Table) -> (Album, Places) {
        self.known("an album", tree, &ids(DOCUMENT));
        let mut places = Places::default();
        let mut album = Album {
            title: String::new(),
            artist: String::new(),
            about: About::default(),
            sound: Sound {
                mode: Mode::Album,
                target: None,
                loudness_lufs: None,
                ceiling_dbtp: None,
                sample_rate_hz: None,
                max_limiting_db: MAX_LIMITING.default,
                min_plr_db: MIN_PLR.default,
                min_psr_db: MIN_PSR.default,
            },
            consistency: Consistency {
                evening: Evening::Show,
                max_correction_db: MAX_CORRECTION.default,
                reference: None,
            },
            gap_s: GAP.default,
            chain: None,
            songs: Vec::new(),
            deliver: Vec::new(),
            cd: None,
            vinyl: None,
            cassette: None,
        };
        match tree.get("album") {
            None => {
                let help = Some("begin with `[album]`, its `title` and its `artist`".to_string());
                let label = "expected `[album]`, found none".to_string();
                self.error_with_help("missing-key", "there is no `[album]`".into(), (&(0..0), label), help);
            }
            Some(node) => {
                places.album = node.span.clone();
                if let Some(table) = self.table("album", node) {
                    self.album_table(table, &mut album);
                }
            }
        }
        album.chain = tree.get("chain").and_then(|node| self.chain(node));
        if let Some(node) = tree.get("song") {
            let tables = self.tables("song", node, MAX_SONGS);
            places.songs = tables.iter().map(|table| table.span.clone()).collect();
            album.songs = self.album_songs(&tables, album.gap_s, album.chain.as_deref().unwrap_or_default());
        }
        self.reference_song(tree, &album);
        if album.songs.is_empty() && self.report.errors() == 0 {
            let label = "expected `[[song]]`, found none".to_string();
            let help = Some("add a `[[song]]` with its `audio` for each song".to_string());
            self.error_with_help("missing-key", "the album has no songs".into(), (&places.album, label), help);
        }
        if let Some(node) = tree.get("deliver") {
            for table in self.tables("deliver", node, MAX_DELIVER) {
                places.deliver.push(table.span.clone());
                let deliver = self.deliver(table);
                album.deliver.push(deliver);
            }
        } else {
            album.deliver = [Format::Wav, Format::Flac].map(Deliver::of).to_vec();
            places.deliver = vec![places.album.clone(); album.deliver.len()];
        }
        if let Some(node) = tree.get("cd") {
            places.cd = Some(node.span.clone());
            album.cd = self.table("cd", node).map(|table| self.cd(table));
        }
        if let Some(node) = tree.get("vinyl") {
            places.vinyl = Some(node.span.clone());
            album.vinyl = self.table("vinyl", node).map(|table| self.vinyl(table));
        }
        if let Some(node) = tree.get("cassette") {
            places.cassette = Some(node.span.clone());
            album.cassette = self.table("cassette", node).map(|table| self.cassette(table));
        }
        self.stated_sides(tree, &album);
        (album, places)
    }

    fn album_table(&mut self, table: &Table, album: &mut Album) {
        self.known("`[album]`", table, &ids(ALBUM));
        for (key, into) in [(&ALBUM[0], &mut album.title), (&ALBUM[1], &mut album.artist)] {
            let text = self.required("`[album]`", table, key).and_then(|node| self.filled(key.id, node));
            *into = text.unwrap_or_default();
        }
        let about = &mut album.about;
        about.label = self.optional_text(table, "label");
        about.catalog_number = self.optional_text(table, "catalog_number");
        about.upc = self.coded(table, "upc", Barcode::parse);
        about.release_date = self.coded(table, "release_date", ReleaseDate::parse);
        about.recording_date = self.coded(table, "recording_date", ReleaseDate::parse);
        about.phonogram = self.optional_text(table, "phonogram");
        about.copyright = self.optional_text(table, "copyright");
        about.genre = self.optional_text(table, "genre");
        about.language = self.coded(table, "language", Language::parse);
        about.disc = self.disc(table);
        about.credits = self.credits(table, &Part::OF_ALBUM);
        about.artwork = table.get("artwork").and_then(|node| self.path("artwork", node));
        about.comment = self.optional_text(table, "comment");
        let sound = &mut album.sound;
        sound.mode = self.choice(table, &MODE, [Mode::Album, Mode::Song]);
        sound.target = self.optional_text(table, "target");
        sound.loudness_lufs = self.number_of(table, &LOUDNESS);
        sound.ceiling_dbtp = self.number_of(table, &CEILING);
        sound.sample_rate_hz = self.number_of(table, &SAMPLE_RATE).map(|rate| rate as u32);
        let with_default = |reader: &mut Self, spec: &ParamSpec| reader.number_of(table, spec).unwrap_or(spec.default);
        sound.max_limiting_db = with_default(self, &MAX_LIMITING);
        sound.min_plr_db = with_default(self, &MIN_PLR);
        sound.min_psr_db = with_default(self, &MIN_PSR);
        album.gap_s = with_default(self, &GAP);
        album.consistency.evening = self.choice(table, &CONSISTENCY, Evening::ALL);
        album.consistency.max_correction_db = with_default(self, &MAX_CORRECTION);
        album.consistency.reference = self.number_of(table, &REFERENCE_SONG).map(|song| song as usize - 1);
    }

    /// The song that is the measure has to be there.
    fn reference_song(&mut self, tree: &Table, album: &Album) {
        let Some(place) = album.consistency.reference.filter(|place| *place >= album.songs.len()) else { return };
        let table = tree.get("album").and_then(|node| match &node.kind {
            Kind::Table(table) => Some(table),
            _ => None,
        });
        if let Some(node) = table.and_then(|table| table.get(REFERENCE_SONG.id)).filter(|_| !album.songs.is_empty()) {
            let label = format!("expected a song from 1 to {}, found {}", album.songs.len(), place + 1);
            self.error("out-of-range", "there is no such song on the album".into(), &node.span, label);
        }
    }

    fn chain(&mut self, node: &Node) -> Option<Vec<Insert>> {
        let table = self.table("chain", node)?;
        self.known("`[chain]`", table, &ids(CHAIN_TABLE));
        table.get("insert").map(|_| self.inserts(table, "chain", Place::Master))
    }

    fn deliver(&mut self, table: &Table) -> Deliver {
        self.known("a `[[deliver]]`", table, &ids(DELIVER));
        let format = self.required("this `[[deliver]]`", table, &DELIVER[0]).and_then(|node| self.param(&FORMAT, node));
        let mut deliver = Deliver::of(Format::ALL[format.unwrap_or(0.0) as usize]);
        deliver.sample_rate_hz = self.number_of(table, &DELIVER_RATE).map(|rate| rate as u32);
        deliver.bitrate_kbps = self.number_of(table, &BITRATE).map(|kbps| kbps as u32);
        deliver.quality = self.number_of(table, &QUALITY);
        deliver.vbr = self.number_of(table, &VARIABLE).map(|quality| quality as u8);
        self.idle(table, &deliver);
        deliver.depth = self.choice(table, &DEPTH, Depth::ALL);
        deliver.dither = self.choice(table, &DITHER, Dither::ALL);
        deliver.folder = table.get("folder").and_then(|node| self.folder(node));
        if let Some(name) = table.get("name").and_then(|node| self.pattern(node)) {
            deliver.name = name;
        }
        if matches!(deliver.format, Format::Flac | Format::Alac)
            && deliver.depth == Depth::Float32
            && let Some(node) = table.get(DEPTH.id)
        {
            let name = if deliver.format == Format::Flac { "FLAC" } else { "Apple Lossless" };
            let label = format!("expected \"24\" or \"16\" for {name}, found \"32f\"");
            self.error("out-of-range", format!("{name} stores whole numbers"), &node.span, label);
        }
        self.shaping(table, &deliver);
        self.wrapping(table, &mut deliver);
        deliver.versions = self.version_ids(table);
        deliver
    }

    /// The versions of a set: each once, and each a name that a folder can have.
    fn version_ids(&mut self, table: &Table) -> Vec<String> {
        let Some(node) = table.get("versions") else { return Vec::new() };
        let Kind::List(items) = &node.kind else {
            self.wrong_type("versions", node, "a list of ids", Some("write `versions = [\"instrumental\"]`".into()));
            return Vec::new();
        };
        let mut ids: Vec<String> = Vec::new();
        for item in items.iter().take(MAX_VERSIONS) {
            let Some(id) = self.id(item, &[]) else { continue };
            if ids.iter().any(|known| known.eq_ignore_ascii_case(id)) {
                let label = "expected each version once, found it a second time".to_string();
                self.error("duplicate-id", format!("the version \"{id}\" is asked for twice"), &item.span, label);
                continue;
            }
            ids.push(id.to_owned());
        }
        ids
    }

    /// Keys that do nothing for a format, or beside another.
    fn idle(&mut self, table: &Table, deliver: &Deliver) {
        let format = deliver.format;
        let idle: &[&str] = match format {
            Format::Wav | Format::Flac | Format::Aiff | Format::Alac => &[BITRATE.id, VARIABLE.id, QUALITY.id],
            Format::Mp3 => &[QUALITY.id, DEPTH.id, DITHER.id],
            Format::Opus | Format::Aac => &[VARIABLE.id, QUALITY.id, DEPTH.id, DITHER.id],
            Format::Vorbis => &[BITRATE.id, VARIABLE.id, DEPTH.id, DITHER.id],
        };
        if format == Format::Mp3
            && deliver.vbr.is_some()
            && let Some(entry) = table.entries.iter().find(|entry| entry.key == BITRATE.id)
        {
            let message = format!("`{}` does nothing beside `{}`", BITRATE.id, VARIABLE.id);
            let label = "expected a constant bit rate or a variable one, found both".to_string();
            self.error("no-effect", message, &entry.key_span, label);
        }
        for entry in table.entries.iter().filter(|entry| idle.contains(&entry.key.as_str())) {
            let message = format!("`{}` does nothing for \"{}\"", entry.key, format.word());
            let label = "expected only what the format knows".to_string();
            self.error("no-effect", message, &entry.key_span, label);
        }
    }

    /// Shaped dither is made for one rate and few bits.
    fn shaping(&mut self, table: &Table, deliver: &Deliver) {
        let Some(node) = table.get(DITHER.id).filter(|_| deliver.dither != Dither::Flat) else { return };
        if deliver.depth == Depth::Bits16 && deliver.sample_rate_hz == Some(44_100) {
            return;
        }
        let label = "expected `sample_rate_hz = 44100` and `depth = \"16\"` beside it".to_string();
        let help = Some("the curve of hearing it follows is bound to that rate; elsewhere `\"flat\"` is right".into());
        let message = format!("the dither \"{}\" is made for 44.1 kHz and 16 bits only", deliver.dither.word());
        self.error_with_help("out-of-range", message, (&node.span, label), help);
    }

    /// A folder inside the release.
    fn folder(&mut self, node: &Node) -> Option<String> {
        let folder = self.filled("folder", node)?;
        let parts = || folder.split(['/', '\\']);
        if folder.starts_with(['/', '\\'])
            || folder.contains([':', '\0'])
            || parts().any(|part| part == ".." || part.is_empty())
        {
            let label = format!("expected a folder inside the release, found {}", node.describe());
            self.error("folder", "`folder` leads out of the release".into(), &node.span, label);
            return None;
        }
        Some(folder)
    }

    /// A pattern of names, its braces checked.
    fn pattern(&mut self, node: &Node) -> Option<String> {
        let pattern = self.filled("name", node)?;
        for part in pattern.split('{').skip(1) {
            let word = part.split_once('}').map(|(word, _)| word);
            if word.is_some_and(|word| NAME_WORDS.contains(&word)) {
                continue;
            }
            let found = word.map_or("a brace that is not closed".into(), |word| format!("`{{{}}}`", shortened(word)));
            let help = suggestion(word.unwrap_or_default(), NAME_WORDS.iter().copied());
            let label = format!("expected {}, found {found}", crate::album::keys::NAME_FORM);
            self.error_with_help("pattern", "`name` is no pattern of names".into(), (&node.span, label), help);
            return None;
        }
        if !pattern.contains("{track}") && !pattern.contains("{title}") && !pattern.contains("{isrc}") {
            let label = "expected `{track}`, `{title}` or `{isrc}` in it".to_string();
            self.error("pattern", "`name` would give every song the same name".into(), &node.span, label);
            return None;
        }
        Some(pattern)
    }

    /// A number that has no default of its own here.
    fn number_of(&mut self, table: &Table, spec: &ParamSpec) -> Option<f64> {
        table.get(spec.id).and_then(|node| self.param(spec, node))
    }

    /// The one of these that is written; the first when nothing is.
    fn choice<T: Copy, const N: usize>(&mut self, table: &Table, spec: &ParamSpec, all: [T; N]) -> T {
        all[self.number_of(table, spec).unwrap_or(0.0) as usize]
    }

    /// A text that says something.
    fn filled(&mut self, what: &str, node: &Node) -> Option<String> {
        let text = self.text(what, node)?;
        if text.trim().is_empty() || text.contains('\0') {
            let label = "expected a text that says something".to_string();
            self.error("empty", format!("`{what}` is empty"), &node.span, label);
            return None;
        }
        Some(text.to_owned())
    }

    fn optional_text(&mut self, table: &Table, key: &str) -> Option<String> {
        table.get(key).and_then(|node| self.filled(key, node))
    }

    /// Which disc of how many.
    fn disc(&mut self, table: &Table) -> Option<(u16, Option<u16>)> {
        let number = self.number_of(table, &DISC).map(|disc| disc as u16);
        let of = self.number_of(table, &DISCS).map(|discs| discs as u16);
        if let (Some(node), Some(of)) = (table.get(DISC.id), of)
            && number.is_some_and(|number| number > of)
        {
            let label = format!("expected a disc from 1 to {of}, the `discs`");
            self.error("out-of-range", "there is no such disc of the release".into(), &node.span, label);
        }
        (number.is_some() || of.is_some()).then_some((number.unwrap_or(1), of))
    }

    /// Who did what.
    fn credits(&mut self, table: &Table, parts: &[Part]) -> Credits {
        let mut all = Credits::new();
        for part in parts {
            all.extend(self.people(table, part.key()).into_iter().map(|name| (*part, name)));
        }
        all
    }

    /// A text of a form that can be wrong.
    fn coded<T>(&mut self, table: &Table, key: &str, parse: fn(&str) -> Result<T, CodeError>) -> Option<T> {
        let node = table.get(key)?;
        if matches!(node.kind, Kind::Time | Kind::Integer(_)) {
            let help = Some(format!("write it in quotes: `{key} = \"…\"`"));
            self.wrong_type(key, node, "text in quotes", help);
            return None;
        }
        match parse(self.text(key, node)?) {
            Ok(code) => Some(code),
            Err(error) => {
                let message = format!("`{key}` is no right {}", error.kind);
                self.error_with_help("bad-code", message, (&node.span, error.problem), Some(error.remedy));
                None
            }
        }
    }

    /// A list of people; a single text is a list of one.
    fn people(&mut self, table: &Table, key: &str) -> Vec<String> {
        let Some(node) = table.get(key) else { return Vec::new() };
        let Kind::List(items) = &node.kind else {
            if node.text().is_some() {
                return self.filled(key, node).into_iter().collect();
            }
            self.wrong_type(key, node, "a list of texts", Some(format!("write `{key} = [\"…\", \"…\"]`")));
            return Vec::new();
        };
        if let Some(surplus) = items.get(MAX_NAMES) {
            self.too_many(&format!("{} names", items.len()), MAX_NAMES, &surplus.span);
        }
        items.iter().take(MAX_NAMES).filter_map(|item| self.filled(key, item)).collect()
    }
}

impl Deliver {
    /// Files of that kind, everything else by default.
    pub fn of(format: Format) -> Self {
        Deliver {
            format,
            sample_rate_hz: None,
            bitrate_kbps: None,
            quality: None,
            vbr: None,
            depth: Depth::Bits24,
            dither: Dither::Flat,
            container: Wrapping::Auto,
            bext: true,
            folder: None,
            name: NAME.into(),
            versions: Vec::new(),
        }
    }
}

/// What a song's keys are, for the reader of songs.
fn song_keys() -> Vec<&'static str> {
    ids(SONG)
}

/// Which chain a song goes through: the album's unless it says "none".
fn uses_chain(reader: &mut Reader<'_>, table: &Table) -> bool {
    reader.choice(table, &CHAIN, [true, false])
}
