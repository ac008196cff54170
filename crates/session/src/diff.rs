//! What differs between two songs, in a mixer's words and as values: two documents, two versions, two states of one.
//!
//! Tracks, buses, VCAs and inserts are matched by their ids, sends by the bus they go to. What is heard more comes
//! first: each difference has a weight, about the decibels by which it changes the sound of its strip, more on a bus and
//! most on the master, none where nothing is heard of it. The weights order a list; they are no measurement.

mod clips;
mod follow;
mod groups;
mod inserts;
mod lanes;
mod strips;
mod timeline;
mod words;

use crate::edit::Plain;
use crate::model::{Song, StripAt};
use crate::tables::{STRIP, place};
use words::{number, quantity};

/// What a difference is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum About {
    /// The song as a whole: tempo, rate, pan law, title.
    Song,
    /// A track, bus or VCA that came or went.
    Strip,
    /// A value of a strip, send or insert.
    Value,
    /// Moves over time.
    Automation,
    /// An insert that came, went, moved or was bypassed.
    Insert,
    /// A send that came or went, or its tap.
    Send,
    /// Where a strip or a side-chain leads.
    Routing,
    /// The audio of a track.
    Clips,
    /// Members of VCAs, link groups, stems, scenes.
    Group,
    /// A version of the song.
    Version,
}

impl About {
    /// A stable word for scripts.
    pub fn word(self) -> &'static str {
        match self {
            About::Song => "song",
            About::Strip => "strip",
            About::Value => "value",
            About::Automation => "automation",
            About::Insert => "insert",
            About::Send => "send",
            About::Routing => "routing",
            About::Clips => "clips",
            About::Group => "group",
            About::Version => "version",
        }
    }
}

/// One difference between two songs.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// What it is about.
    pub about: About,
    /// Where it is: `vocal/fader_db`, `kick/compressor`, `song/tempo_bpm`, `kick`.
    pub address: String,
    /// The value before, where it is one.
    pub before: Option<Plain>,
    /// The value after, where it is one.
    pub after: Option<Plain>,
    /// From when to when it is heard, in seconds, where it is not all of the song; without an end, to the song's.
    pub during_s: Option<(f64, Option<f64>)>,
    /// How much is heard of it, about, in decibels: see [the module](self).
    pub weight: f64,
    /// For a reader: "vocal +0.8 dB".
    pub sentence: String,
}

/// What differs between two songs, what is heard most first; nothing when they sound the same and are called the same.
pub fn diff(before: &Song, after: &Song) -> Vec<Difference> {
    let mut pair = Pair { before, after, found: Vec::new() };
    pair.song();
    pair.timeline();
    pair.strips();
    pair.groups();
    // The same weight: in the order of the document.
    pair.found.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    pair.found
}

/// Two songs and what differs between them so far.
struct Pair<'s> {
    before: &'s Song,
    after: &'s Song,
    found: Vec<Difference>,
}

/// One strip in both songs.
#[derive(Clone, Copy)]
struct Both<'s> {
    id: &'s str,
    before: StripAt,
    after: StripAt,
    /// How much more or less is heard of it than of a track.
    reach: f64,
}

impl Pair<'_> {
    fn add(
        &mut self,
        about: About,
        address: impl Into<String>,
        weight: f64,
        sentence: impl Into<String>,
    ) -> &mut Difference {
        self.found.push(Difference {
            about,
            address: address.into(),
            before: None,
            after: None,
            during_s: None,
            weight,
            sentence: sentence.into(),
        });
        let last = self.found.len() - 1;
        &mut self.found[last]
    }

    fn song(&mut self) {
        let (a, b) = (self.before, self.after);
        let mut of = |key: &str, weight: f64, before: Option<Plain>, after: Option<Plain>, sentence: String| {
            if before != after {
                let found = self.add(About::Song, format!("song/{key}"), weight, sentence);
                (found.before, found.after) = (before, after);
            }
        };
        let text = |text: &String| Some(Plain::Text(text.clone()));
        let value = |value: f64| Some(Plain::Number(value));
        let (rate_a, rate_b) = (f64::from(a.sample_rate_hz), f64::from(b.sample_rate_hz));
        of("sample_rate_hz", 1.0, value(rate_a), value(rate_b), format!("sample rate {rate_a} → {rate_b} Hz"));
        let tempo = format!("tempo {} → {} BPM", number(a.tempo_bpm), number(b.tempo_bpm));
        of("tempo_bpm", 6.0, value(a.tempo_bpm), value(b.tempo_bpm), tempo);
        let law = format!("pan law {} → {} dB", number(a.pan_law.db()), number(b.pan_law.db()));
        of("pan_law_db", 3.0, value(a.pan_law.db()), value(b.pan_law.db()), law);
        let length = |length: Option<f64>| length.map_or("as long as it sounds".into(), |s| format!("{} s", number(s)));
        let lengths = format!("length: {} → {}", length(a.length_s), length(b.length_s));
        of("length_s", 3.0, a.length_s.map(Plain::Number), b.length_s.map(Plain::Number), lengths);
        of("title", 0.0, text(&a.title), text(&b.title), format!("called \"{}\" (was \"{}\")", b.title, a.title));
        let (by_a, by_b) = (a.artist.as_ref(), b.artist.as_ref());
        let artist = |artist: Option<&String>| artist.map_or("nobody stated".into(), |name| format!("\"{name}\""));
        let artists = format!("artist: {} (was {})", artist(by_b), artist(by_a));
        of("artist", 0.0, by_a.and_then(text), by_b.and_then(text), artists);
        if a.check != b.check {
            self.add(About::Song, "song/check", 0.0, "what `check` makes of the song is set otherwise");
        }
    }

    fn strips(&mut self) {
        let (a, b) = (self.before, self.after);
        let all = |song: &Song| song.strips().chain((0..song.vcas.len()).map(StripAt::Vca)).collect::<Vec<_>>();
        let place = |song: &Song, at: StripAt| {
            let sort = match at {
                StripAt::Track(_) => "track",
                StripAt::Bus(_) => "bus",
                StripAt::Vca(_) => "VCA",
                StripAt::Master => "master",
            };
            (song.id(at).to_owned(), sort)
        };
        let before: std::collections::HashMap<(String, &str), StripAt> =
            all(a).into_iter().map(|at| (place(a, at), at)).collect();
        let after: std::collections::HashSet<(String, &str)> = all(b).into_iter().map(|at| place(b, at)).collect();
        for at in all(a) {
            let key = place(a, at);
            if !after.contains(&key) {
                let weight = if silent(a, at) { 0.0 } else { 60.0 };
                self.add(About::Strip, key.0.as_str(), weight, format!("{} {} taken out", key.1, key.0));
            }
        }
        for at in all(b) {
            let key = place(b, at);
            let Some(before) = before.get(&key) else {
                let weight = if silent(b, at) { 0.0 } else { 60.0 };
                let muted = if b.strip(at).is("mute") { ", muted" } else { "" };
                let level = quantity(&STRIP[self::place(STRIP, "fader_db")], b.strip(at).get("fader_db"));
                self.add(About::Strip, key.0.as_str(), weight, format!("{} {} added at {level}{muted}", key.1, key.0));
                continue;
            };
            let reach = match at {
                StripAt::Track(_) => 1.0,
                StripAt::Bus(_) | StripAt::Vca(_) => 1.5,
                StripAt::Master => 2.0,
            };
            // What is silent in both is not heard, whatever is done to it.
            let reach = if silent(a, *before) && silent(b, at) { 0.0 } else { reach };
            self.strip(Both { id: b.id(at), before: *before, after: at, reach });
        }
    }
}

/// Whether nothing is heard of a strip all through: muted, and no automation takes that back.
fn silent(song: &Song, at: StripAt) -> bool {
    let strip = song.strip(at);
    let target = crate::model::Target::Strip(place(STRIP, "mute"));
    let all = at == StripAt::Master || matches!(at, StripAt::Vca(_)) || strip.is("mute_main");
    let sends = strip.sends.iter().all(|send| match send.tap {
        crate::model::Tap::Post => strip.is("mute_post"),
        crate::model::Tap::Pre => strip.is("mute_pre"),
    });
    // What a VCA turns may be heard without its fader.
    strip.is("mute") && strip.lane(target).is_none() && all && sends && !matches!(at, StripAt::Vca(_))
}
