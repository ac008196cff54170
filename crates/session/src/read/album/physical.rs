//! `[vinyl]`, `[cassette]`, the songs' sides, and how WAV files are wrapped.

use super::{Reader, ids};
use crate::album::keys::{
    BROADCAST, CASSETTE, CD, CD_CUE, CD_PQ, CD_TEXT, DIAMETER, DITHER, MAX_SIDES, MONO_BELOW, SIDE, SIDE_FORM,
    SIDE_PEAK, SIDE_RATE, SIDES, SPEED, TAPE, VINYL, WRAPPING,
};
use crate::album::model::{
    Album, Cassette, Cd, Deliver, Diameter, Dither, Format, IntoNext, Speed, Tape, Vinyl, Wrapping,
};
use crate::tree::{Kind, Node, Table};

impl Reader<'_> {
    pub(super) fn cd(&mut self, table: &Table) -> Cd {
        self.known("`[cd]`", table, &ids(CD));
        let on = |reader: &mut Self, spec| reader.number_of(table, spec).map(|on| on != 0.0);
        Cd {
            text: on(self, &CD_TEXT).unwrap_or(true),
            dither: self.choice(table, &DITHER, Dither::ALL),
            cue: on(self, &CD_CUE).unwrap_or(false),
            pq: on(self, &CD_PQ).unwrap_or(true),
        }
    }

    pub(super) fn vinyl(&mut self, table: &Table) -> Vinyl {
        self.known("`[vinyl]`", table, &ids(VINYL));
        Vinyl {
            size: self.choice(table, &DIAMETER, Diameter::ALL),
            speed: self.choice(table, &SPEED, Speed::ALL),
            sides: self.number_of(table, &SIDES).map(|sides| sides as usize),
            sample_rate_hz: self.number_of(table, &SIDE_RATE).map(|rate| rate as u32),
            peak_dbtp: self.number_of(table, &SIDE_PEAK).unwrap_or(SIDE_PEAK.default),
            mono_below_hz: self.number_of(table, &MONO_BELOW),
        }
    }

    pub(super) fn cassette(&mut self, table: &Table) -> Cassette {
        self.known("`[cassette]`", table, &ids(CASSETTE));
        Cassette {
            tape: self.choice(table, &TAPE, Tape::ALL),
            sample_rate_hz: self.number_of(table, &SIDE_RATE).map(|rate| rate as u32),
            peak_dbtp: self.number_of(table, &SIDE_PEAK).unwrap_or(SIDE_PEAK.default),
        }
    }

    /// How the files of a set are wrapped, which concerns WAV alone.
    pub(super) fn wrapping(&mut self, table: &Table, deliver: &mut Deliver) {
        deliver.container = self.choice(table, &WRAPPING, Wrapping::ALL);
        deliver.bext = self.number_of(table, &BROADCAST).is_none_or(|on| on != 0.0);
        if deliver.format == Format::Wav {
            return;
        }
        for entry in table.entries.iter().filter(|e| [WRAPPING.id, BROADCAST.id].contains(&e.key.as_str())) {
            let message = format!("`{}` does nothing for \"{}\"", entry.key, deliver.format.word());
            let label = "expected only what the format knows".to_string();
            self.error("no-effect", message, &entry.key_span, label);
        }
    }

    /// The letter of a song's side.
    pub(super) fn side(&mut self, table: &Table) -> Option<char> {
        let node = table.get(SIDE.id)?;
        let text = self.text(SIDE.id, node)?;
        let mut letters = text.chars();
        let letter = letters.next().map(|c| c.to_ascii_uppercase());
        let last = char::from(b'A' + (MAX_SIDES - 1) as u8);
        if let (Some(letter), None) = (letter.filter(|c| ('A'..=last).contains(c)), letters.next()) {
            return Some(letter);
        }
        let label = format!("expected {SIDE_FORM}, from A to {last}, found {}", node.describe());
        self.error("side", "there is no such side".into(), &node.span, label);
        None
    }

    /// Sides that songs state: there is something that has sides, they come in order, and none begins inside music.
    pub(super) fn stated_sides(&mut self, tree: &Table, album: &Album) {
        let tables: Vec<&Table> = match tree.get("song").map(|node| &node.kind) {
            Some(Kind::List(items) | Kind::Headers(items)) => items.iter().filter_map(Node::table).collect(),
            _ => return,
        };
        let mut now = 'A';
        let mut begun = false;
        let mut stated: Option<&Node> = None;
        for (place, (song, table)) in album.songs.iter().zip(&tables).enumerate() {
            let Some((letter, node)) = song.side.zip(table.get(SIDE.id)) else {
                begun |= !song.hidden;
                continue;
            };
            if album.vinyl.is_none() && album.cassette.is_none() {
                let help = Some("add a `[vinyl]` table, or take `side` away".to_string());
                let label = "expected `[vinyl]` or `[cassette]` in the document".to_string();
                self.error_with_help("no-effect", "`side` does nothing here".into(), (&node.span, label), help);
                return;
            }
            if song.hidden {
                let label = "expected no side: a hidden song stands on the CD alone".to_string();
                self.error("hidden", "a hidden song is on no side".into(), &node.span, label);
                continue;
            }
            let next = char::from(now as u8 + 1);
            if letter != now && (letter != next || !begun) {
                let expected = if begun { format!("{now:?} or {next:?}") } else { format!("{now:?}") };
                let label = format!("expected {expected}, found {letter:?}");
                let help = Some("songs stand on sides in their order; each side begins with a song".to_string());
                self.error_with_help("side", "the sides are out of order".into(), (&node.span, label), help);
                return;
            }
            let before = place.checked_sub(1).map(|before| album.songs[before].into_next);
            if letter == next && before.is_some_and(|into| into != IntoNext::Ends) {
                let label = "expected a song that begins when the one before has ended".to_string();
                let help =
                    Some("take the crossfade or segue of the song before away, or begin the side elsewhere".into());
                self.error_with_help("side", "a side cannot begin inside an overlap".into(), (&node.span, label), help);
            }
            (now, begun, stated) = (letter, true, Some(node));
        }
        let Some(node) = stated else { return };
        let sides = usize::from(now as u8 - b'A') + 1;
        let (limit, who) = match album.vinyl {
            Some(vinyl) => (vinyl.sides, "`sides` of `[vinyl]`"),
            None => (Some(2), "a cassette"),
        };
        if let Some(limit) = limit.filter(|limit| sides != *limit && (album.vinyl.is_some() || sides > 2)) {
            let label = format!("expected {limit}, as many as {who} has, found {sides}");
            self.error("side", "the songs' sides are not as many as there are".into(), &node.span, label);
        }
    }
}
