//! Every key that is not a processor's, described once: the parser, the printer, the schema and the reference read it
//! here. What a strip and a send can be set to stands in [`crate::tables`]; what an effect can be set to, in its
//! [`EffectSpec`](tonmeister_core::EffectSpec).

use tonmeister_core::{Choice, ParamSpec, Unit};

/// The longest text that is read, in bytes (32 MiB).
pub const MAX_BYTES: usize = 32 << 20;
/// The most tracks of a song.
pub const MAX_TRACKS: usize = 4096;
/// The most buses of a song.
pub const MAX_BUSES: usize = 1024;
/// The most clips of a track.
pub const MAX_CLIPS: usize = 65_536;
/// The most inserts of a strip.
pub const MAX_INSERTS: usize = 128;
/// The most sends of a strip.
pub const MAX_SENDS: usize = 256;
/// The most automation lanes of a strip.
pub const MAX_LANES: usize = 4096;
/// The most automation points of a song.
pub const MAX_POINTS: usize = 1_000_000;
/// The most VCAs of a song.
pub const MAX_VCAS: usize = 256;
/// The most link groups of a song.
pub const MAX_LINKS: usize = 256;
/// The most versions of a song.
pub const MAX_VERSIONS: usize = 128;
/// The most parameters that a version sets.
pub const MAX_SETTINGS: usize = 1024;
/// The longest id, in characters.
pub const MAX_ID: usize = 64;
/// The latest time on the timeline: ten days, in seconds.
pub const MAX_SECONDS: f64 = 864_000.0;

/// What a key takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Takes {
    /// Any text.
    Text,
    /// The path of an audio file, relative to the document's folder.
    Path,
    /// An id of its own: ASCII letters, digits, `-` and `_`.
    Id,
    /// The id of an effect.
    Effect,
    /// `"master"` or the id of a bus.
    Destination,
    /// The id of a bus.
    Bus,
    /// The id of a track or bus.
    Strip,
    /// A list of ids of tracks, buses and VCAs.
    Strips,
    /// A list of what a link group links.
    Links,
    /// A list of inserts: `vocal/deesser`.
    Inserts,
    /// The id of a version.
    Version,
    /// A table of addresses, each with what it is set to.
    Settings,
    /// An automation address.
    Address,
    /// A list of automation points.
    Points,
    /// What the parameter takes.
    Param(&'static ParamSpec),
    /// A table of rules, each with how it counts and from where on.
    Rules,
    /// The same for one track.
    TrackRules,
    /// A list of texts.
    Texts,
    /// A text of a form that is described here.
    Form(&'static str),
    /// The path of a file, relative to the document's folder.
    File,
    /// One table of that sort.
    Table(Sort),
    /// A list of tables of that sort.
    Tables(Sort),
}

/// A sort of table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sort {
    /// `[song]`.
    Song,
    /// `[[track]]`.
    Track,
    /// `[[bus]]`.
    Bus,
    /// `[master]`.
    Master,
    /// `[[track.clip]]`.
    Clip,
    /// `[[track.insert]]`, `[[bus.insert]]`, `[[master.insert]]`.
    Insert,
    /// `[[track.send]]`, `[[bus.send]]`.
    Send,
    /// `[[track.automation]]`, `[[bus.automation]]`, `[[master.automation]]`.
    Lane,
    /// `[album]` of an album document.
    Album,
    /// `[chain]` of an album document.
    Chain,
    /// `[[song]]` of an album document.
    AlbumSong,
    /// `[[deliver]]` of an album document.
    Deliver,
    /// `[[vca]]`.
    Vca,
    /// `[[link]]`.
    Link,
    /// `[[version]]`.
    Version,
}

/// One key of a table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Key {
    /// As it is written.
    pub id: &'static str,
    /// What it takes.
    pub takes: Takes,
    /// Whether it must be there.
    pub required: bool,
    /// What holds when it is left out.
    pub otherwise: &'static str,
    /// What it means.
    pub doc: &'static str,
}

pub(crate) const fn key(id: &'static str, takes: Takes, otherwise: &'static str, doc: &'static str) -> Key {
    Key { id, takes, required: false, otherwise, doc }
}

pub(crate) const fn required(id: &'static str, takes: Takes, doc: &'static str) -> Key {
    Key { id, takes, required: true, otherwise: "", doc }
}

pub(crate) const fn param(spec: &'static ParamSpec, otherwise: &'static str) -> Key {
    Key { id: spec.id, takes: Takes::Param(spec), required: false, otherwise, doc: spec.doc }
}

/// The rate of the mix.
pub const SAMPLE_RATE: ParamSpec = ParamSpec::integer(
    "sample_rate_hz",
    "Sample rate",
    Unit::Hz,
    (8_000, 384_000),
    48_000,
    "The rate everything is mixed at; audio at other rates is converted.",
);
/// The tempo.
pub const TEMPO: ParamSpec = ParamSpec::number(
    "tempo_bpm",
    "Tempo",
    Unit::None,
    (10.0, 999.0),
    120.0,
    "Beats per minute, for effects that follow the beat.",
);
/// The pan laws, in the order of [`crate::model::PanLaw`].
pub const PAN_LAW: ParamSpec = ParamSpec::steps(
    "pan_law_db",
    "Pan law",
    Unit::Db,
    &[0.0, -2.5, -3.0, -4.5, -6.0],
    -3.0,
    "What a mono source loses at the center, against panned hard. −3 keeps its power, −6 its mono sum; 0 is a balance.",
);
/// The song's length.
pub const SONG_LENGTH: ParamSpec = ParamSpec::number(
    "length_s",
    "Length",
    Unit::Seconds,
    (0.00001, MAX_SECONDS),
    0.00001,
    "Renders exactly this long.",
);

/// How fades travel, in the order of [`crate::model::FadeShape`].
pub const FADE_SHAPES: &[Choice] = &[
    Choice { id: "equal-power", doc: "a quarter sine: crossing fades keep the power of unrelated sounds" },
    Choice { id: "linear", doc: "a straight line: crossing fades keep the level of like sounds" },
    Choice { id: "s", doc: "a raised cosine, gentle at both ends" },
    Choice { id: "exponential", doc: "a straight line in decibels over 60 dB, then to silence" },
];
/// The curve of a clip's fades.
pub const FADE_SHAPE: ParamSpec =
    ParamSpec::choice("fade_shape", "Fade shape", FADE_SHAPES, "The curve of both fades.");
/// What a clip is set to by numbers that have a default, in the order of the keys.
pub const CLIP_NUMBERS: [ParamSpec; 5] = [
    clip_time("start_s", "Start", "Where it starts on the timeline."),
    clip_time("offset_s", "Offset", "Where in the file it begins."),
    ParamSpec::number("gain_db", "Gain", Unit::Db, (-60.0, 36.0), 0.0, "The clip's own gain."),
    clip_time("fade_in_s", "Fade in", "Length of the fade in."),
    clip_time("fade_out_s", "Fade out", "Length of the fade out."),
];
/// How much of the file a clip plays.
pub const CLIP_LENGTH: ParamSpec = ParamSpec::number(
    "length_s",
    "Length",
    Unit::Seconds,
    (0.00001, MAX_SECONDS),
    0.00001,
    "How much of the file it plays.",
);

const fn clip_time(id: &'static str, name: &'static str, doc: &'static str) -> ParamSpec {
    ParamSpec::number(id, name, Unit::Seconds, (0.0, MAX_SECONDS), 0.0, doc)
}

/// Where a send takes its copy, in the order of [`crate::model::Tap`].
pub const TAPS: &[Choice] = &[
    Choice { id: "post", doc: "after fader, mute and pan: the send follows the track" },
    Choice { id: "pre", doc: "after the inserts, before fader, mute and pan" },
];
/// The tap of a send.
pub const TAP: ParamSpec = ParamSpec::choice("tap", "Tap", TAPS, "Where the copy is taken.");
/// Whether an insert is left out.
pub const BYPASS: ParamSpec =
    ParamSpec::switch("bypass", "Bypass", false, "Leaves the processor out of the sound, and of the latency.");

/// The parts of a signal, in the order of [`crate::model::Channels`].
pub const CHANNEL_WORDS: &[Choice] = &[
    Choice { id: "stereo", doc: "all of it" },
    Choice { id: "left", doc: "the left channel only" },
    Choice { id: "right", doc: "the right channel only" },
    Choice { id: "mid", doc: "what both channels share, half their sum" },
    Choice { id: "side", doc: "what they do not share, half their difference" },
];
/// The part of the signal that an insert works on.
pub const CHANNELS: ParamSpec = ParamSpec::choice(
    "channels",
    "Channels",
    CHANNEL_WORDS,
    "The part of the signal that the processor works on; the other part passes untouched, as late as this one.",
);

/// How automation travels, in the order of [`crate::model::Curve`].
pub const CURVES: &[Choice] = &[
    Choice { id: "hold", doc: "stays on the value before, then jumps" },
    Choice { id: "linear", doc: "a straight line in the parameter's own quantity; for decibels, of amplitude" },
    Choice { id: "db", doc: "a straight line in decibels; only for parameters in decibels, and their default" },
    Choice { id: "s", doc: "a raised cosine, gentle at both ends; over decibels for parameters in decibels" },
];

/// How a rule of `check` counts, in the order of [`tonmeister_core::Level`].
pub const LEVEL: ParamSpec =
    ParamSpec::choice("level", "Level", tonmeister_core::rule::LEVELS, "How a finding counts.");
/// From where on a rule of `check` counts.
pub const LIMIT: ParamSpec = ParamSpec::number(
    "limit",
    "Limit",
    Unit::None,
    (-1e12, 1e12),
    0.0,
    "From where on it counts, in the rule's own unit.",
);

/// What stands behind a rule in `[check]`, when it is more than its level.
pub const RULE: &[Key] = &[param(&LEVEL, "the rule's own"), param(&LIMIT, "the rule's own")];

/// The document's own tables.
pub const DOCUMENT: &[Key] = &[
    required("song", Takes::Table(Sort::Song), "What the song is called, its rate and its tempo."),
    key("check", Takes::Rules, "every rule as it comes", "What `tonmeister check` makes of this song's audio."),
    key("track", Takes::Tables(Sort::Track), "none", "The raw tracks, each with its channel strip."),
    key("bus", Takes::Tables(Sort::Bus), "none", "Groups of tracks and returns of send effects."),
    key("master", Takes::Table(Sort::Master), "an empty strip at 0 dB", "The mix bus: the end of every road."),
    key("vca", Takes::Tables(Sort::Vca), "none", "Faders that turn several strips up and down together."),
    key("link", Takes::Tables(Sort::Link), "none", "Strips whose settings go together when one of them is changed."),
    key("version", Takes::Tables(Sort::Version), "none", "Other mixes of the same song, as what they change in it."),
];

/// `[song]`.
pub const SONG: &[Key] = &[
    key("title", Takes::Text, "\"Untitled\"", "Its name."),
    key("artist", Takes::Text, "not stated", "Who plays it."),
    Key { required: true, ..param(&SAMPLE_RATE, "") },
    param(&TEMPO, "120"),
    param(&PAN_LAW, "-3"),
    param(&SONG_LENGTH, "until the last clip ends, and then the tails"),
];

/// `[[track]]`, before its strip.
pub const TRACK: &[Key] = &[
    required("id", Takes::Id, "Its stable name in addresses; no other track or bus has it."),
    key("role", Takes::Text, "not stated", "What it plays: \"kick\", \"vocal\"."),
    key("audio", Takes::Path, "see `clip`", "The audio file, the whole of it from the song's start."),
    key(
        "clip",
        Takes::Tables(Sort::Clip),
        "see `audio`",
        "Stretches of audio files, placed on the timeline. They add.",
    ),
    key("check", Takes::TrackRules, "as for the song", "What `tonmeister check` makes of this track's audio."),
];

/// `[[bus]]`, before its strip.
pub const BUS: &[Key] =
    &[required("id", Takes::Id, "Its stable name in addresses and routes; no other track or bus has it.")];

/// What a strip holds besides [`crate::tables::STRIP`].
pub const STRIP: &[Key] = &[
    key("insert", Takes::Tables(Sort::Insert), "none", "Processors, in the order they are heard."),
    key("automation", Takes::Tables(Sort::Lane), "none", "Moves over time, one table for each thing that moves."),
];

/// What only the strip of a track or bus holds.
pub const ROUTE: &[Key] = &[
    key("output", Takes::Destination, "\"master\"", "Where the signal goes."),
    key("send", Takes::Tables(Sort::Send), "none", "Copies of the signal, to buses."),
];

/// `[[track.clip]]`.
pub const CLIP: &[Key] = &[
    required("audio", Takes::Path, "The audio file."),
    param(&CLIP_NUMBERS[0], "0"),
    param(&CLIP_NUMBERS[1], "0"),
    param(&CLIP_LENGTH, "to the file's end"),
    param(&CLIP_NUMBERS[2], "0"),
    param(&CLIP_NUMBERS[3], "0"),
    param(&CLIP_NUMBERS[4], "0"),
    param(&FADE_SHAPE, "\"equal-power\""),
];

/// `[[track.insert]]`, before the effect's own parameters.
pub const INSERT: &[Key] = &[
    required("effect", Takes::Effect, "Which processor."),
    key(
        "id",
        Takes::Id,
        "the effect's name; the second of a kind is `compressor-2`",
        "Its stable name inside the strip, as automation addresses it.",
    ),
    param(&BYPASS, "false"),
    param(&CHANNELS, "\"stereo\""),
    key(
        "key",
        Takes::Strip,
        "the signal itself",
        "The track or bus whose signal (before its fader) drives the side-chain.",
    ),
];

/// `[[track.send]]`, before [`crate::tables::SEND`].
pub const SEND: &[Key] =
    &[required("to", Takes::Bus, "The bus the copy goes to; one send to each."), param(&TAP, "\"post\"")];

/// `[[track.automation]]`.
pub const LANE: &[Key] = &[
    required("target", Takes::Address, "What moves: an address on this strip."),
    required("points", Takes::Points, "`[seconds, value]` or `[seconds, value, curve]`, times rising."),
];

/// `[[vca]]`, before its fader and mute.
pub const VCA: &[Key] = &[
    required("id", Takes::Id, "Its stable name in addresses; no track, bus or other VCA has it."),
    required("members", Takes::Strips, "What it turns: tracks, buses, other VCAs. Each is turned once."),
    key("automation", Takes::Tables(Sort::Lane), "none", "Moves of its fader and mute, on top of the members' own."),
];

/// What a link group links, in the order of [`crate::model::Linked`].
pub const LINKED: &[Choice] = &[
    Choice { id: "fader", doc: "`fader_db`, by the same number of decibels" },
    Choice { id: "mute", doc: "`mute`, to the same" },
    Choice { id: "solo", doc: "`solo`, to the same" },
    Choice { id: "pan", doc: "`pan`, by the same way" },
    Choice { id: "sends", doc: "level, pan and mute of sends to the same bus" },
];
/// What a link group links.
pub const LINKS: ParamSpec = ParamSpec::choice("properties", "Properties", LINKED, "What goes together.");

/// `[[link]]`.
pub const LINK: &[Key] = &[
    required("id", Takes::Id, "Its stable name among the link groups."),
    required("members", Takes::Strips, "Tracks, buses and VCAs, at least two."),
    required("properties", Takes::Links, "What goes together: `[\"fader\", \"mute\"]`."),
];

/// `[[version]]`.
pub const VERSION: &[Key] = &[
    required("id", Takes::Id, "Its stable name among the versions."),
    key("title", Takes::Text, "its id", "As a person reads it: \"Radio edit\"."),
    key("base", Takes::Version, "the song itself", "The version it starts from."),
    key("mute", Takes::Strips, "none", "Silent in it, on every way out, whatever their mute automation says."),
    key("unmute", Takes::Strips, "none", "Sound in it although they are muted in what it starts from."),
    key("solo", Takes::Strips, "as in what it starts from", "Only these are soloed."),
    key("bypass", Takes::Inserts, "none", "Inserts that are left out: `[\"vocal/deesser\"]`."),
    key(
        "enable",
        Takes::Inserts,
        "none",
        "Inserts that are taken in although they are bypassed in what it starts from.",
    ),
    key(
        "set",
        Takes::Settings,
        "none",
        "Parameters set otherwise: `{ \"drums/compressor/ratio\" = 3.0, \"vocal/fader_db\" = \"+0.5\" }`. A number \
         with its sign, in quotes, adds decibels, to all of the automation too; a value takes automation's place.",
    ),
];
