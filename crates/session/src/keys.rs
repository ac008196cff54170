//! Every key that is not a processor's, described once: the parser, the printer, the schema and the reference read it
//! here. What a strip and a send can be set to stands in [`crate::tables`]; what an effect can be set to, in its
//! [`EffectSpec`](tonmeister_core::EffectSpec).

use tonmeister_core::{Choice, ParamSpec, Unit};

mod follow;

pub use follow::*;

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
/// The most scenes of a song.
pub const MAX_SCENES: usize = 64;
/// The most parameters that a scene holds.
pub const MAX_SCENE_SETTINGS: usize = 16_384;
/// The most VCAs of a song.
pub const MAX_VCAS: usize = 256;
/// The most link groups of a song.
pub const MAX_LINKS: usize = 256;
/// The most stems of a song.
pub const MAX_STEMS: usize = 256;
/// The most versions of a song.
pub const MAX_VERSIONS: usize = 128;
/// The most parameters that a version sets.
pub const MAX_SETTINGS: usize = 1024;
/// The most changes of the tempo, and of the meter.
pub const MAX_TEMPOS: usize = 65_536;
/// The most markers, and the most ranges.
pub const MAX_MARKERS: usize = 16_384;
/// The most generators of a lane.
pub const MAX_LFOS: usize = 64;
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
    /// What the automation's target takes.
    Value,
    /// A time signature: `"6/8"`.
    Signature,
    /// A time on the timeline: seconds within the parameter's range, or a bar and beat.
    Place(&'static ParamSpec),
    /// What the parameter takes, or a note that the tempo makes it.
    Timed(&'static ParamSpec),
    /// A list of ids of ranges.
    Ranges,
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
    /// `[cd]` of an album document.
    Cd,
    /// `[vinyl]` of an album document.
    Vinyl,
    /// `[cassette]` of an album document.
    Cassette,
    /// `[[vca]]`.
    Vca,
    /// `[[link]]`.
    Link,
    /// `[[stem]]`.
    Stem,
    /// `[[scene]]`.
    Scene,
    /// `[[version]]`.
    Version,
    /// `[[tempo]]`.
    Tempo,
    /// `[[meter]]`.
    Meter,
    /// `[[marker]]`.
    Marker,
    /// `[[range]]`.
    Range,
    /// `window` of a clip.
    Window,
    /// `[[track.automation.lfo]]`.
    Lfo,
    /// `follow` of `[[track.automation]]`.
    Follow,
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

const fn place(spec: &'static ParamSpec, otherwise: &'static str) -> Key {
    Key { id: spec.id, takes: Takes::Place(spec), required: false, otherwise, doc: spec.doc }
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
    "Quarter notes per minute at the song's start: bars are counted with it, and effects follow it.",
);
/// The tempo from a change on.
pub const BPM: ParamSpec =
    ParamSpec::number("bpm", "Tempo", Unit::None, (10.0, 999.0), 120.0, "Quarter notes per minute from here on.");
/// Where a ramp of the tempo leads.
pub const RAMP: ParamSpec = ParamSpec::number(
    "ramp_to_bpm",
    "Ramp to",
    Unit::None,
    (10.0, 999.0),
    120.0,
    "The tempo reached at the next change, in a straight line over time.",
);
/// Where a meter begins.
pub const METER_BAR: ParamSpec = ParamSpec::integer(
    "bar",
    "Bar",
    Unit::None,
    (1, crate::time::BarBeat::MAX_BAR as i64),
    1,
    "The first bar in that meter, counted from 1.",
);
/// Where something is on the timeline.
pub const AT: ParamSpec = timeline("at", "At", "Where it is.");
/// Where something begins.
pub const FROM: ParamSpec = timeline("from", "From", "Where it begins.");
/// Where something ends.
pub const TO: ParamSpec = timeline("to", "To", "Where it ends.");

const fn timeline(id: &'static str, name: &'static str, doc: &'static str) -> ParamSpec {
    ParamSpec::number(id, name, Unit::Seconds, (0.0, MAX_SECONDS), 0.0, doc)
}

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
/// The curve of both of a clip's fades.
pub const FADE_SHAPE: ParamSpec =
    ParamSpec::choice("fade_shape", "Fade shape", FADE_SHAPES, "The curve of both fades.");
/// The curve of a clip's fade in.
pub const FADE_IN_SHAPE: ParamSpec =
    ParamSpec::choice("fade_in_shape", "Shape of the fade in", FADE_SHAPES, "The curve of the fade in alone.");
/// The curve of a clip's fade out.
pub const FADE_OUT_SHAPE: ParamSpec =
    ParamSpec::choice("fade_out_shape", "Shape of the fade out", FADE_SHAPES, "The curve of the fade out alone.");
/// How clips take over from one another, in the order of [`crate::model::CrossfadeShape`].
pub const CROSSFADE_SHAPES: &[Choice] = &[
    Choice { id: "equal-power", doc: "keeps the power of unrelated sounds" },
    Choice { id: "linear", doc: "keeps the level of like sounds, as of two takes of the same file" },
];
/// The curve of a cross-fade.
pub const CROSSFADE_SHAPE: ParamSpec = ParamSpec::choice(
    "crossfade_shape",
    "Shape of the cross-fade",
    CROSSFADE_SHAPES,
    "The curve of the cross-fades, from the clip before and between the passes of a loop.",
);
/// How long a clip takes over from the one before.
pub const CROSSFADE: ParamSpec = clip_time(
    "crossfade_s",
    "Cross-fade",
    "From its start on it takes over from the clip that started before it on the track, in this time; that one is then \
     over. Without it they add.",
);
/// Whether a clip plays backwards.
pub const REVERSE: ParamSpec = ParamSpec::switch("reverse", "Reverse", false, "Plays the stretch backwards.");
/// Whether a clip is silent.
pub const CLIP_MUTE: ParamSpec = ParamSpec::switch("mute", "Mute", false, "Silent, though it keeps its time.");
/// How often a clip plays its stretch.
pub const LOOP_COUNT: ParamSpec = ParamSpec::integer(
    "loop_count",
    "Loop count",
    Unit::None,
    (2, 1_000_000),
    2,
    "Plays the stretch so many times in a row.",
);
/// How long a clip plays its stretch.
pub const LOOP_LENGTH: ParamSpec = ParamSpec::number(
    "loop_length_s",
    "Loop length",
    Unit::Seconds,
    (0.00001, MAX_SECONDS),
    0.00001,
    "Plays the stretch again and again until it has lasted this long.",
);
/// How the passes of a loop are joined.
pub const LOOP_CROSSFADE: ParamSpec = clip_time(
    "loop_crossfade_s",
    "Cross-fade of the loop",
    "Each further pass fades in this long before its time, from what comes before the stretch in the file (behind it, in \
     reverse). The loop keeps its length.",
);
/// A clip's own gain.
pub const CLIP_GAIN: ParamSpec =
    ParamSpec::number("gain_db", "Gain", Unit::Db, (-60.0, 36.0), 0.0, "The clip's own gain.");
/// What moves a clip's gain.
pub const CLIP_GAIN_MOVES: ParamSpec = ParamSpec::number(
    "gain_points",
    "Moves of the gain",
    Unit::Db,
    (crate::tables::SILENCE_DB, 36.0),
    0.0,
    "Automation of the gain, on top of `gain_db`.",
);
/// What `window` of a clip is set to, in the order of the keys.
pub const WINDOW_NUMBERS: [ParamSpec; 4] = [
    clip_time("from_s", "From", "The clip's own time that sounds at `start_s`."),
    clip_time("until_s", "Until", "The clip's own time until which it sounds; may be behind its end."),
    clip_time("fade_in_s", "Fade in", "Length of a fade at the beginning, on top of the clip's own."),
    clip_time("fade_out_s", "Fade out", "Length of a fade before `until_s`, on top of the clip's own."),
];
/// The curves of a window's fades, in the order of the keys.
pub const WINDOW_SHAPES: [ParamSpec; 2] = [
    ParamSpec::choice("fade_in_shape", "Shape of the fade in", CROSSFADE_SHAPES, "The curve of the fade in."),
    ParamSpec::choice("fade_out_shape", "Shape of the fade out", CROSSFADE_SHAPES, "The curve of the fade out."),
];
/// What a clip is set to by numbers that have a default, in the order of the keys.
pub const CLIP_NUMBERS: [ParamSpec; 5] = [
    clip_time("start_s", "Start", "Where it starts on the timeline."),
    clip_time("offset_s", "Offset", "Where in the file it begins."),
    CLIP_GAIN,
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
/// Where a side-chain takes its key, in the order of [`crate::model::KeyTap`].
pub const KEY_TAPS: &[Choice] = &[
    Choice { id: "pre", doc: "after the inserts, before fader, mute and pan" },
    Choice { id: "post", doc: "after fader, mute and pan: the key follows the track's level" },
    Choice { id: "pre-inserts", doc: "after trim, polarity and delay, before the inserts" },
];
/// The tap of a key.
pub const KEY_TAP: ParamSpec =
    ParamSpec::choice("key_tap", "Key tap", KEY_TAPS, "Where the key is taken from the track or bus.");
/// Whether a mute reaches a key.
pub const KEY_MUTED: ParamSpec = ParamSpec::switch(
    "key_muted",
    "Key while muted",
    false,
    "A key taken behind the fader goes on while its source is muted. Keys from the other taps always do.",
);
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

/// How a generator swings, in the order of [`crate::model::LfoShape`].
pub const LFO_SHAPES: &[Choice] = &[
    Choice { id: "sine", doc: "a sine, upwards first" },
    Choice { id: "triangle", doc: "straight lines, upwards first" },
    Choice { id: "square", doc: "half a cycle up, half a cycle down, with edges of 20 ms" },
    Choice { id: "random", doc: "a new value for each cycle, with edges of 20 ms" },
];
/// The shape of a generator.
pub const LFO_SHAPE: ParamSpec = ParamSpec::choice("shape", "Shape", LFO_SHAPES, "How it swings.");
/// The rate of a generator.
pub const LFO_RATE: ParamSpec = ParamSpec::number(
    "rate_hz",
    "Rate",
    Unit::Hz,
    (0.0001, crate::model::Lfo::MAX_HZ),
    1.0,
    "Cycles a second; as a note, a cycle in each, counted along the tempo map.",
);
/// The depth of a generator.
pub const LFO_DEPTH: ParamSpec = ParamSpec::number(
    "depth",
    "Depth",
    Unit::None,
    (0.0, 1e6),
    0.0,
    "How far to either side, in the parameter's own unit; its range is never left.",
);
/// The phase of a generator.
pub const LFO_PHASE: ParamSpec = ParamSpec::number(
    "phase",
    "Phase",
    Unit::None,
    (-1e9, 1e9),
    0.0,
    "Where in its cycle it is at the song's start: 0.25 is a quarter of a cycle on.",
);
/// The seed of a generator.
pub const LFO_SEED: ParamSpec =
    ParamSpec::integer("seed", "Seed", Unit::None, (0, u32::MAX as i64), 0, "Chooses the values of \"random\".");

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
    key("tempo", Takes::Tables(Sort::Tempo), "one tempo, `tempo_bpm`", "Changes of the tempo, in order."),
    key("meter", Takes::Tables(Sort::Meter), "4/4", "Changes of the meter, in order."),
    key("marker", Takes::Tables(Sort::Marker), "none", "Places with a name."),
    key("range", Takes::Tables(Sort::Range), "none", "Stretches with a name."),
    key("check", Takes::Rules, "every rule as it comes", "What `tonmeister check` makes of this song's audio."),
    key("track", Takes::Tables(Sort::Track), "none", "The raw tracks, each with its channel strip."),
    key("bus", Takes::Tables(Sort::Bus), "none", "Groups of tracks and returns of send effects."),
    key("master", Takes::Table(Sort::Master), "an empty strip at 0 dB", "The mix bus: the end of every road."),
    key("vca", Takes::Tables(Sort::Vca), "none", "Faders that turn several strips up and down together."),
    key("link", Takes::Tables(Sort::Link), "none", "Strips whose settings go together when one of them is changed."),
    key(
        "stem",
        Takes::Tables(Sort::Stem),
        "one for each strip that leads to the master",
        "The parts that `--stems` writes.",
    ),
    key("scene", Takes::Tables(Sort::Scene), "none", "States of the desk that were put by, to be recalled."),
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

/// `[[tempo]]`.
pub const TEMPO_CHANGE: &[Key] =
    &[Key { required: true, ..place(&AT, "") }, Key { required: true, ..param(&BPM, "") }, param(&RAMP, "it stays")];

/// `[[meter]]`.
pub const METER: &[Key] = &[
    Key { required: true, ..param(&METER_BAR, "") },
    required("signature", Takes::Signature, "Beats of a bar, and what part of a whole note each is."),
];

/// `[[marker]]`.
pub const MARKER: &[Key] = &[
    required("id", Takes::Id, "Its stable name; no other marker has it."),
    Key { required: true, ..place(&AT, "") },
    key("name", Takes::Text, "its id says enough", "What a reader calls it."),
];

/// `[[range]]`.
pub const RANGE: &[Key] = &[
    required("id", Takes::Id, "Its stable name; no other range has it."),
    Key { required: true, ..place(&FROM, "") },
    Key { required: true, ..place(&TO, "") },
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
    place(&CLIP_NUMBERS[0], "0"),
    param(&CLIP_NUMBERS[1], "0"),
    param(&CLIP_LENGTH, "to the file's end"),
    param(&REVERSE, "false"),
    param(&LOOP_COUNT, "once"),
    param(&LOOP_LENGTH, "once"),
    param(&LOOP_CROSSFADE, "0"),
    param(&CLIP_NUMBERS[2], "0"),
    key(
        "gain_points",
        Takes::Points,
        "none",
        "Automation of the gain, on top of `gain_db`: `[seconds, decibels]`, seconds from the clip's own start.",
    ),
    param(&CLIP_NUMBERS[3], "0"),
    param(&CLIP_NUMBERS[4], "0"),
    param(&FADE_SHAPE, "\"equal-power\""),
    param(&FADE_IN_SHAPE, "as `fade_shape`"),
    param(&FADE_OUT_SHAPE, "as `fade_shape`"),
    param(&CROSSFADE, "0"),
    param(&CROSSFADE_SHAPE, "\"equal-power\""),
    param(&CLIP_MUTE, "false"),
    key(
        "window",
        Takes::Table(Sort::Window),
        "all of it",
        "What of the clip sounds, in its own time: what a cut leaves.",
    ),
];

/// `window` of a clip.
pub const WINDOW: &[Key] = &[
    param(&WINDOW_NUMBERS[0], "0"),
    param(&WINDOW_NUMBERS[1], "to its end"),
    param(&WINDOW_NUMBERS[2], "0"),
    param(&WINDOW_NUMBERS[3], "0"),
    param(&WINDOW_SHAPES[0], "\"equal-power\""),
    param(&WINDOW_SHAPES[1], "\"equal-power\""),
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
    key("key", Takes::Strip, "the signal itself", "The track or bus whose signal drives the side-chain."),
    param(&KEY_TAP, "\"pre\""),
    param(&KEY_MUTED, "false"),
];

/// `[[track.send]]`, before [`crate::tables::SEND`].
pub const SEND: &[Key] =
    &[required("to", Takes::Bus, "The bus the copy goes to; one send to each."), param(&TAP, "\"post\"")];

/// `[[track.automation]]`.
pub const LANE: &[Key] = &[
    required("target", Takes::Address, "What moves: an address on this strip."),
    key(
        "points",
        Takes::Points,
        "the written value, with `lfo` or `follow`",
        "`[time, value]` or `[time, value, curve]`, times rising; a time is seconds or a bar and beat.",
    ),
    key("lfo", Takes::Tables(Sort::Lfo), "none", "What swings around the points, or around the written value."),
    key("follow", Takes::Table(Sort::Follow), "nothing", "A signal whose level the value follows."),
];

/// `[[track.automation.lfo]]`.
pub const LFO: &[Key] = &[
    param(&LFO_SHAPE, "\"sine\""),
    Key { required: true, takes: Takes::Timed(&LFO_RATE), ..param(&LFO_RATE, "") },
    Key { required: true, ..param(&LFO_DEPTH, "") },
    param(&LFO_PHASE, "0"),
    param(&LFO_SEED, "0"),
    place(&FROM, "the song's start"),
    place(&TO, "never"),
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

/// `[[stem]]`.
pub const STEM: &[Key] = &[
    required("id", Takes::Id, "Its stable name among the stems, and that of its file."),
    key("title", Takes::Text, "its id", "As a person reads it: \"Rhythm section\"."),
    required(
        "of",
        Takes::Strips,
        "Tracks, buses and VCAs that it holds. A bus brings along whoever leads to it; a bus of no stem is divided among \
         the stems by what they send into it.",
    ),
];

/// `[[scene]]`.
pub const SCENE: &[Key] = &[
    required("id", Takes::Id, "Its stable name among the scenes."),
    key("title", Takes::Text, "its id", "As a person reads it: \"Chorus\"."),
    key("bypass", Takes::Inserts, "none", "Inserts that it bypasses."),
    key("enable", Takes::Inserts, "none", "Inserts that it takes in."),
    key("set", Takes::Settings, "none", "What it sets: `{ \"vocal/fader_db\" = -2.0, \"vocal/mute\" = false }`."),
];

/// How a version's cuts join.
pub const CUT_CROSSFADE: ParamSpec = ParamSpec::number(
    "cut_crossfade_s",
    "Cross-fade of cuts",
    Unit::Seconds,
    (0.0, 10.0),
    0.03,
    "How long what was before a cut and what is behind it overlap; it ends at the joint.",
);
/// Whether a version's cuts fall on beats.
pub const CUT_SNAP: ParamSpec = ParamSpec::switch(
    "cut_snap",
    "Cuts on beats",
    false,
    "Moves both ends of a cut to the nearest beat of the tempo map.",
);

/// What bus dynamics follow in a version, in the order of [`crate::model::BusDynamics`].
pub const BUS_DYNAMICS: &[Choice] = &[
    Choice {
        id: "mix",
        doc: "they do to the version what they do to the mix, so that versions which complete each other sum to it",
    },
    Choice { id: "own", doc: "they hear the version alone" },
];
/// What bus dynamics follow in a version.
pub const DYNAMICS: ParamSpec = ParamSpec::choice(
    "dynamics",
    "Bus dynamics",
    BUS_DYNAMICS,
    "What compressors and the like follow on buses and on the master. In a version with cuts they always hear it alone.",
);

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
        "cut",
        Takes::Ranges,
        "none",
        "Ranges that are taken out of it, before the effects: tails ring over the joint.",
    ),
    param(&CUT_CROSSFADE, "0.03"),
    param(&CUT_SNAP, "false"),
    param(&DYNAMICS, "as in what it starts from, \"mix\" for the song"),
    key(
        "set",
        Takes::Settings,
        "none",
        "Parameters set otherwise: `{ \"drums/compressor/ratio\" = 3.0, \"vocal/fader_db\" = \"+0.5\" }`. A number \
         with its sign, in quotes, adds decibels, to all of the automation too; a value takes automation's place.",
    ),
];
