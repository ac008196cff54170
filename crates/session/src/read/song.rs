//! The document itself: `[song]`, the tracks with their clips, the buses, the master.

use tonmeister_core::Diagnostic;

use super::values::RESERVED;
use super::{Place, Reader};
use crate::keys::{
    BUS, DOCUMENT, Key, MAX_BUSES, MAX_CLIPS, MAX_TRACKS, MAX_VCAS, PAN_LAW, ROUTE, SAMPLE_RATE, SONG, SONG_LENGTH,
    STRIP, TEMPO, TRACK, VCA,
};
use crate::model::{Bus, Clip, PanLaw, Song, Strip, Track};
use crate::tables;
use crate::tree::{Table, shortened};

/// The ids of some keys.
fn ids(keys: &[Key]) -> impl Iterator<Item = &'static str> + '_ {
    keys.iter().map(|key| key.id)
}

/// The keys of a strip that may go somewhere.
fn routed(own: &[Key]) -> Vec<&'static str> {
    ids(own).chain(tables::STRIP.iter().map(|p| p.id)).chain(ids(STRIP)).chain(ids(ROUTE)).collect()
}

impl Reader<'_> {
    pub(super) fn document(&mut self, tree: &Table) -> Song {
        self.known("a song", tree, &ids(DOCUMENT).collect::<Vec<_>>());
        let mut song = self.song_table(tree);
        self.timeline(tree, &mut song);
        song.check = tree.get("check").map_or_else(Vec::new, |node| self.checks(node, false));
        let tracks = tree.get("track").map_or_else(Vec::new, |node| self.tables("track", node, MAX_TRACKS));
        let buses = tree.get("bus").map_or_else(Vec::new, |node| self.tables("bus", node, MAX_BUSES));
        let track_ids: Vec<String> =
            tracks.iter().enumerate().map(|(i, t)| self.name("track", t, &TRACK[0], Place::Track(i))).collect();
        self.buses = buses.iter().enumerate().map(|(i, b)| self.name("bus", b, &BUS[0], Place::Bus(i))).collect();
        let vcas = tree.get("vca").map_or_else(Vec::new, |node| self.tables("vca", node, MAX_VCAS));
        let vca_ids: Vec<String> =
            vcas.iter().enumerate().map(|(i, v)| self.name("VCA", v, &VCA[0], Place::Vca(i))).collect();
        for (place, (table, id)) in tracks.into_iter().zip(track_ids).enumerate() {
            let track = self.track(table, id, place);
            song.tracks.push(track);
        }
        for (place, (table, id)) in buses.into_iter().zip(self.buses.clone()).enumerate() {
            self.known("a bus", table, &routed(BUS));
            let strip = self.strip(table, Place::Bus(place), &id);
            song.buses.push(Bus { id, strip });
        }
        if let Some(table) = tree.get("master").and_then(|node| self.table("master", node)) {
            song.master.strip = self.master(table);
        }
        self.vcas(&vcas, vca_ids, &mut song);
        if let Some(node) = tree.get("link") {
            self.links(node, &mut song);
        }
        if let Some(node) = tree.get("stem") {
            self.stems(node, &mut song);
        }
        if let Some(node) = tree.get("scene") {
            self.scenes(node, &mut song);
        }
        if let Some(node) = tree.get("version") {
            self.versions(node, &mut song);
        }
        if song.tracks.is_empty() && self.report.errors() == 0 {
            let warning = Diagnostic::warning("no-tracks", "the song has no tracks, so it is silent");
            self.report.add(warning.help("add a `[[track]]` with an `id` and its `audio`"));
        }
        song
    }

    fn song_table(&mut self, tree: &Table) -> Song {
        let mut song = Song::empty(SAMPLE_RATE.default as u32);
        let Some(node) = tree.get("song") else {
            let help = "begin with `[song]` and its `sample_rate_hz`".to_string();
            let label = "expected `[song]`, found none".to_string();
            self.error_with_help("missing-key", "there is no `[song]`".into(), (&(0..0), label), Some(help));
            return song;
        };
        let Some(table) = self.table("song", node) else { return song };
        self.known("`[song]`", table, &ids(SONG).collect::<Vec<_>>());
        if let Some(title) = table.get("title").and_then(|node| self.text("title", node)) {
            song.title = title.into();
        }
        song.artist = table.get("artist").and_then(|node| self.text("artist", node)).map(Into::into);
        if let Some(node) = self.required("`[song]`", table, &SONG[2]) {
            song.sample_rate_hz = self.param(&SAMPLE_RATE, node).unwrap_or(SAMPLE_RATE.default) as u32;
        }
        song.tempo_bpm = table.get(TEMPO.id).and_then(|n| self.param(&TEMPO, n)).unwrap_or(TEMPO.default);
        self.tempo_bpm = song.tempo_bpm;
        if let Some(db) = table.get(PAN_LAW.id).and_then(|node| self.param(&PAN_LAW, node)) {
            song.pan_law = PanLaw::of_db(db).unwrap_or(PanLaw::Minus3);
        }
        song.length_s = table.get(SONG_LENGTH.id).and_then(|node| self.param(&SONG_LENGTH, node));
        song
    }

    /// The id of a track or bus, entered among the names.
    fn name(&mut self, what: &str, table: &Table, key: &Key, place: Place) -> String {
        let Some(node) = self.required(&format!("this {what}"), table, key) else { return String::new() };
        let Some(id) = self.id(node, RESERVED) else { return String::new() };
        if let Some(earlier) = self.names.get(id) {
            let kind = match earlier {
                Place::Track(_) => "track",
                Place::Vca(_) => "VCA",
                Place::Bus(_) | Place::Master => "bus",
            };
            let label = format!("expected an id of its own, found that of a {kind} above");
            let help = Some(format!("tracks, buses and VCAs share one set of ids: try \"{id}-2\""));
            self.error_with_help("duplicate-id", format!("the id \"{id}\" is taken"), (&node.span, label), help);
            return String::new();
        }
        self.names.insert(id.to_owned(), place);
        id.to_owned()
    }

    fn track(&mut self, table: &Table, id: String, place: usize) -> Track {
        self.known("a track", table, &routed(TRACK));
        let role = table.get("role").and_then(|node| self.text("role", node)).map(Into::into);
        let clips = self.clips(table, &id);
        let check = table.get("check").map_or_else(Vec::new, |node| self.checks(node, true));
        let strip = self.strip(table, Place::Track(place), &id);
        Track { id, role, clips, check, strip }
    }

    fn clips(&mut self, table: &Table, id: &str) -> Vec<Clip> {
        match (table.get("audio"), table.get("clip")) {
            (Some(audio), Some(_)) => {
                let label = "expected either `audio` or `[[track.clip]]`, found both".to_string();
                let help = Some("make the audio a clip of its own, or take the clips out".to_string());
                let message = format!("the track `{}` has both audio and clips", shortened(id));
                self.error_with_help("audio", message, (&audio.span, label), help);
                Vec::new()
            }
            (Some(audio), None) => self.path("audio", audio).map(Clip::whole).into_iter().collect(),
            (None, Some(node)) => {
                let tables = self.tables("track.clip", node, MAX_CLIPS);
                if tables.is_empty() {
                    self.no_audio(&node.span.clone(), id);
                }
                let mut clips: Vec<(Clip, &Table)> =
                    tables.into_iter().filter_map(|table| Some((self.clip(table)?, table))).collect();
                clips.sort_by(|a, b| a.0.start_s.total_cmp(&b.0.start_s));
                self.check_crossfades(&clips);
                clips.into_iter().map(|(clip, _)| clip).collect()
            }
            (None, None) => {
                self.no_audio(&table.span.clone(), id);
                Vec::new()
            }
        }
    }

    fn no_audio(&mut self, span: &crate::tree::Span, id: &str) {
        let label = "expected `audio` or `[[track.clip]]`, found neither".to_string();
        let help =
            Some("name its file: `audio = \"stems/kick.wav\"`; a strip without audio is a `[[bus]]`".to_string());
        let message = format!("the track `{}` has no audio", shortened(id));
        self.error_with_help("audio", message, (span, label), help);
    }

    fn master(&mut self, table: &Table) -> Strip {
        let solo = |key: &str| tables::NOT_ON_MASTER.contains(&key);
        let foreign = |key: &str| ROUTE.iter().any(|route| route.id == key) || solo(key);
        for entry in table.entries.iter().filter(|entry| foreign(&entry.key)) {
            let label = format!("expected a key of the master, found `{}`", entry.key);
            let message = format!("the master has no `{}`", entry.key);
            let why = if solo(&entry.key) {
                "the master has no sends, and nothing is heard without it"
            } else {
                "the master is the end of every road: nothing goes on from it"
            };
            let help = Some(why.to_string());
            self.error_with_help("unknown-key", message, (&entry.key_span, label), help);
        }
        // Routes were just told with a reason of their own.
        self.known("the master", table, &routed(&[]));
        self.strip(table, Place::Master, "master")
    }
}
