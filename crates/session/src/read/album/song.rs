//! `[[song]]`: its audio, its texts, its place in the sequence.

use std::collections::HashMap;

use tonmeister_core::codes::{Isrc, Language};
use tonmeister_core::{Diagnostic, ParamSpec};

use super::super::lanes::Addresses;
use super::{Place, Reader, song_keys, uses_chain};
use crate::album::keys::{
    CROSSFADE, CROSSFADE_SHAPE, END, EXPLICIT, FADE_IN, FADE_IN_SHAPE, FADE_OUT, FADE_OUT_SHAPE, GAP_BEATS, HIDDEN,
    LEVEL, SEGUE, SONG_GAP, START, TEMPO,
};
use crate::album::model::{AlbumSong, Audio, Gap, IntoNext, Part};
use crate::model::{FadeShape, Insert, Lane, Lfo, Rate, Strip};
use crate::time::TempoMap;
use crate::tree::{Node, Table};

impl Reader<'_> {
    /// All songs, and what concerns two of them.
    pub(super) fn album_songs(&mut self, tables: &[&Table], gap_s: f64, chain: &[Insert]) -> Vec<AlbumSong> {
        let mut songs: Vec<AlbumSong> = Vec::new();
        let mut codes: HashMap<Isrc, usize> = HashMap::new();
        for (place, table) in tables.iter().enumerate() {
            let song = self.album_song(table, (place, gap_s), chain);
            if let (Some(isrc), Some(node)) = (song.isrc, table.get("isrc")) {
                if let Some(earlier) = codes.get(&isrc) {
                    let label = format!("expected a code of its own, found that of song {}", earlier + 1);
                    self.error("duplicate-isrc", format!("the ISRC {} is taken", isrc.as_str()), &node.span, label);
                } else {
                    codes.insert(isrc, place);
                }
            }
            match songs.last() {
                Some(last) => self.overlap(table, last.into_next),
                None => self.gap_before_the_first(table, song.gap),
            }
            songs.push(song);
        }
        if let (Some(song), Some(table)) = (songs.last(), tables.last())
            && song.into_next != IntoNext::Ends
            && let Some(node) = table.get(CROSSFADE.id).or_else(|| table.get(SEGUE.id))
        {
            let label = "expected a song after this one".to_string();
            self.error("no-next", "the last song goes over into nothing".into(), &node.span, label);
        }
        songs
    }

    /// A gap lies before its song; who writes one for the first song most likely means the one behind it.
    fn gap_before_the_first(&mut self, table: &Table, gap: Gap) {
        if let Gap::Seconds(0.0) | Gap::Beats(0.0) = gap {
            return;
        }
        let (key, node) = match (table.get(SONG_GAP.id), table.get(GAP_BEATS.id)) {
            (Some(node), None) => (SONG_GAP.id, node),
            (None, Some(node)) => (GAP_BEATS.id, node),
            _ => return,
        };
        let warning = Diagnostic::warning("no-effect", format!("`{key}` of the first song does nothing"));
        let help =
            format!("a gap lies before its song: write `{key}` for the second one; `start_s` is where a song begins");
        self.report.add(warning.at(node.span.clone(), "nothing sounds before it").help(help));
    }

    /// A gap and an overlap exclude each other.
    fn overlap(&mut self, table: &Table, before: IntoNext) {
        let gap = table.get(SONG_GAP.id).or_else(|| table.get(GAP_BEATS.id));
        let Some(node) = gap.filter(|_| before != IntoNext::Ends) else { return };
        let label = format!("expected no gap: the song before overlaps this one by {} s", before.overlap_s());
        let help = Some("keep either the gap or the song before's `crossfade_s` or `segue_s`".to_string());
        self.error_with_help("gap", "a gap and an overlap exclude each other".into(), (&node.span, label), help);
    }

    fn album_song(&mut self, table: &Table, (place, gap_s): (usize, f64), chain: &[Insert]) -> AlbumSong {
        self.known("a song of an album", table, &song_keys());
        let number = |reader: &mut Self, spec: &ParamSpec| reader.number_of(table, spec).unwrap_or(spec.default);
        let shape = |reader: &mut Self, spec: &ParamSpec| reader.choice(table, spec, FadeShape::ALL);
        let tempo_bpm = self.number_of(table, &TEMPO);
        // Notes and bars follow the song's own tempo; where it says none, they are refused below.
        self.tempo_bpm = tempo_bpm.unwrap_or(TEMPO.default);
        self.tempo = TempoMap::constant(self.tempo_bpm);
        let mut song = AlbumSong {
            audio: self.song_audio(table),
            version: self.song_version(table),
            title: self.optional_text(table, "title"),
            artists: self.people(table, "artists"),
            composers: self.people(table, "composers"),
            lyricists: self.people(table, "lyricists"),
            version_title: self.optional_text(table, "version_title"),
            credits: self.credits(table, &Part::ALL),
            genre: self.optional_text(table, "genre"),
            language: self.coded(table, "language", Language::parse),
            isrc: self.coded(table, "isrc", Isrc::parse),
            lyrics: self.optional_text(table, "lyrics"),
            explicit: self.number_of(table, &EXPLICIT).map(|on| on != 0.0),
            start_s: number(self, &START),
            end_s: self.number_of(table, &END),
            gap: self.gap(table, gap_s),
            tempo_bpm,
            fade_in_s: number(self, &FADE_IN),
            fade_in_shape: shape(self, &FADE_IN_SHAPE),
            fade_out_s: number(self, &FADE_OUT),
            fade_out_shape: shape(self, &FADE_OUT_SHAPE),
            into_next: self.way_on(table),
            hidden: self.number_of(table, &HIDDEN) == Some(1.0),
            side: self.side(table),
            level_db: number(self, &LEVEL),
            chain: uses_chain(self, table),
            inserts: self.inserts(table, "song", Place::Master),
            automation: Vec::new(),
        };
        song.automation = self.song_automation(table, &song, chain);
        self.stretch(table, &song);
        if let Some(node) = table.get(HIDDEN.id).filter(|_| song.hidden && place > 0) {
            let label = "expected only at the first song".to_string();
            let help = Some("there is one place before track 1; put this song first".to_string());
            let message = "only the first song can be hidden".to_string();
            self.error_with_help("hidden", message, (&node.span, label), help);
        }
        song
    }

    /// The version that stands in its place: only a document has any.
    fn song_version(&mut self, table: &Table) -> Option<String> {
        let node = table.get("version")?;
        if table.get("document").is_none() {
            let label = "expected a song document beside it, found a mix".to_string();
            let help = Some("name the song's `document` in place of its `audio`, or the file of that version".into());
            self.error_with_help("version", "only a document has versions".into(), (&node.span, label), help);
            return None;
        }
        self.id(node, &[]).map(str::to_owned)
    }

    /// Moves of what the song goes through before the limiter.
    fn song_automation(&mut self, table: &Table, song: &AlbumSong, chain: &[Insert]) -> Vec<Lane> {
        let Some(node) = table.get("automation") else { return Vec::new() };
        let whole = self.report.errors() == 0;
        let mut strip = Strip::new(None);
        strip.inserts = song.strip_inserts(chain);
        let lanes = self.lanes(node, "song", "song", &Addresses::of_inserts(&strip), whole);
        let by_tempo = |lane: &&Lane| {
            let note = |lfo: &Lfo| {
                matches!(lfo.rate, Rate::Note { .. }) || lfo.from_written.is_some() || lfo.to_written.is_some()
            };
            lane.points.iter().any(|point| point.written.is_some()) || lane.lfos.iter().any(note)
        };
        if song.tempo_bpm.is_none() && lanes.iter().any(|lane| by_tempo(&lane)) {
            let label = "expected seconds and hertz, found bars or notes".to_string();
            let help = Some("write the song's `tempo_bpm` beside its automation".to_string());
            let message = "nobody knows how long a beat of this song is".to_string();
            self.error_with_help("tempo", message, (&node.span, label), help);
        }
        lanes
    }

    fn song_audio(&mut self, table: &Table) -> Audio {
        match (table.get("audio"), table.get("document")) {
            (Some(node), None) => Audio::File(self.path("audio", node).unwrap_or_default()),
            (None, Some(node)) => Audio::Document(self.path("document", node).unwrap_or_default()),
            (audio, _) => {
                let (span, found) = audio.map_or((&table.span, "neither"), |node| (&node.span, "both"));
                let label = format!("expected either `audio` or `document`, found {found}");
                let help = Some("name its mix: `audio = \"mixes/one.wav\"`".to_string());
                self.error_with_help("audio", "what is this song made from?".into(), (span, label), help);
                Audio::File(String::new())
            }
        }
    }

    fn gap(&mut self, table: &Table, gap_s: f64) -> Gap {
        match (table.get(SONG_GAP.id), table.get(GAP_BEATS.id)) {
            (Some(_), Some(node)) => {
                let label = "expected either `gap_s` or `gap_beats`, found both".to_string();
                self.error("gap", "there are two gaps".into(), &node.span, label);
                Gap::Seconds(gap_s)
            }
            (None, Some(node)) => self.param(&GAP_BEATS, node).map_or(Gap::Seconds(gap_s), Gap::Beats),
            (node, None) => Gap::Seconds(node.and_then(|node| self.param(&SONG_GAP, node)).unwrap_or(gap_s)),
        }
    }

    fn way_on(&mut self, table: &Table) -> IntoNext {
        match (table.get(CROSSFADE.id), table.get(SEGUE.id)) {
            (Some(_), Some(node)) => {
                let label = "expected either `crossfade_s` or `segue_s`, found both".to_string();
                self.error("gap", "there are two ways into the next song".into(), &node.span, label);
                IntoNext::Ends
            }
            (Some(node), None) => {
                let shape = self.choice(table, &CROSSFADE_SHAPE, FadeShape::ALL);
                self.param(&CROSSFADE, node)
                    .filter(|s| *s > 0.0)
                    .map_or(IntoNext::Ends, |seconds| IntoNext::Crossfade { seconds, shape })
            }
            (None, Some(node)) => self
                .param(&SEGUE, node)
                .filter(|s| *s > 0.0)
                .map_or(IntoNext::Ends, |seconds| IntoNext::Segue { seconds }),
            (None, None) => IntoNext::Ends,
        }
    }

    /// What does not fit inside a stretch whose end is named.
    fn stretch(&mut self, table: &Table, song: &AlbumSong) {
        let Some((end, node)) = song.end_s.zip(table.get(END.id)) else { return };
        let length = end - song.start_s;
        if length <= 0.0 {
            let label = format!("expected more than `start_s`, {} s, found {end}", song.start_s);
            self.error("out-of-range", "the song ends before it begins".into(), &node.span, label);
            return;
        }
        let fades = song.fade_in_s + song.fade_out_s;
        let longest = if song.fade_in_s > song.fade_out_s { FADE_IN.id } else { FADE_OUT.id };
        let told: Option<(&Node, f64, &str)> = if fades > length {
            table.get(longest).map(|node| (node, fades, "the fades are longer than their song"))
        } else if song.into_next.overlap_s() > length {
            let node = table.get(CROSSFADE.id).or_else(|| table.get(SEGUE.id));
            node.map(|node| (node, song.into_next.overlap_s(), "the overlap is longer than its song"))
        } else {
            None
        };
        if let Some((node, found, message)) = told {
            let label = format!("expected at most {length} s, found {found} s");
            self.error("fades", message.into(), &node.span, label);
        }
    }
}
