//! Every key of an album document, described once: reader, schema and reference read it here. An effect's keys stand in
//! its [`EffectSpec`](tonmeister_core::EffectSpec).

use tonmeister_core::{Choice, ParamSpec, Unit};

mod physical;

pub use physical::*;

use crate::keys::{FADE_SHAPES, Key, MAX_SECONDS, Sort, Takes, key, param, required};

/// The most songs of an album.
pub const MAX_SONGS: usize = 999;
/// The most sets of files.
pub const MAX_DELIVER: usize = 64;
/// The most names in a list of people.
pub const MAX_NAMES: usize = 256;

/// The ways of setting loudness, in the order of [`super::model::Mode`].
pub const MODES: &[Choice] = &[
    Choice {
        id: "album",
        doc: "the songs keep their levels to each other, and the loudest is brought to the loudness",
    },
    Choice { id: "song", doc: "each song is brought to the loudness" },
];
/// How loudness is set.
pub const MODE: ParamSpec = ParamSpec::choice("mode", "Mode", MODES, "How the songs' loudness is set.");
/// The loudness.
pub const LOUDNESS: ParamSpec = ParamSpec::number(
    "loudness_lufs",
    "Loudness",
    Unit::None,
    (-70.0, 0.0),
    -14.0,
    "Integrated loudness, over the target's: of the loudest song, or of each.",
);
/// The ceiling.
pub const CEILING: ParamSpec = ParamSpec::number(
    "ceiling_dbtp",
    "Ceiling",
    Unit::Dbtp,
    (-24.0, 0.0),
    -1.0,
    "True peak that no file exceeds, over the target's; after decoding, too.",
);
/// The rate that the album is put together at.
pub const SAMPLE_RATE: ParamSpec = ParamSpec::integer(
    "sample_rate_hz",
    "Sample rate",
    Unit::Hz,
    (8_000, 384_000),
    48_000,
    "The rate the songs are put together at; songs at other rates are converted.",
);
/// The most limiting.
pub const MAX_LIMITING: ParamSpec = ParamSpec::number(
    "max_limiting_db",
    "Most limiting",
    Unit::Db,
    (0.0, 60.0),
    6.0,
    "The most the limiter may take off any peak. A song that would need more stays quieter, and the report says so.",
);
/// The least peak-to-loudness ratio.
pub const MIN_PLR: ParamSpec = ParamSpec::number(
    "min_plr_db",
    "Least PLR",
    Unit::Db,
    (0.0, 40.0),
    0.0,
    "The smallest peak-to-loudness ratio a song may end with: its limiting stops there, and the report says so.",
);
/// The least peak-to-short-term-loudness ratio.
pub const MIN_PSR: ParamSpec = ParamSpec::number(
    "min_psr_db",
    "Least PSR",
    Unit::Db,
    (0.0, 40.0),
    0.0,
    "The smallest peak-to-short-term-loudness ratio any 3 s may end with: limiting stops there, and the report says so.",
);
/// The silence before a song.
pub const GAP: ParamSpec = time("gap_s", "Gap", 2.0, "Silence before a song that names none of its own.");

/// A song's own silence before it.
pub const SONG_GAP: ParamSpec = time(
    "gap_s",
    "Gap",
    2.0,
    "Silence after the song before; 0 joins both without a seam. Before the first song: none.",
);
/// The same in beats.
pub const GAP_BEATS: ParamSpec = ParamSpec::number(
    "gap_beats",
    "Gap in beats",
    Unit::None,
    (0.0, 1000.0),
    4.0,
    "Silence in beats of the song before, whose tempo has to be known.",
);
/// A song's tempo.
pub const TEMPO: ParamSpec = ParamSpec::number(
    "tempo_bpm",
    "Tempo",
    Unit::None,
    (10.0, 999.0),
    120.0,
    "Beats per minute, for a gap in beats after it.",
);
/// Where in the audio a song begins.
pub const START: ParamSpec = time("start_s", "Start", 0.0, "Where in the audio it begins.");
/// Where in the audio a song ends.
pub const END: ParamSpec = time("end_s", "End", 0.0, "Where in the audio it ends.");
/// Length of a fade in.
pub const FADE_IN: ParamSpec = time("fade_in_s", "Fade in", 0.0, "Length of the fade in.");
/// Length of a fade out.
pub const FADE_OUT: ParamSpec = time("fade_out_s", "Fade out", 0.0, "Length of the fade out.");
/// The curve of a fade in.
pub const FADE_IN_SHAPE: ParamSpec =
    ParamSpec::choice("fade_in_shape", "Fade-in shape", FADE_SHAPES, "The curve of the fade in.");
/// The curve of a fade out.
pub const FADE_OUT_SHAPE: ParamSpec =
    ParamSpec::choice("fade_out_shape", "Fade-out shape", FADE_SHAPES, "The curve of the fade out.");
/// Length of a crossfade.
pub const CROSSFADE: ParamSpec = time(
    "crossfade_s",
    "Crossfade",
    0.0,
    "The next song begins so long before this one ends, and both are faded over that time.",
);
/// The curve of a crossfade.
pub const CROSSFADE_SHAPE: ParamSpec =
    ParamSpec::choice("crossfade_shape", "Crossfade shape", FADE_SHAPES, "The curve of both fades of the crossfade.");
/// Length of a segue.
pub const SEGUE: ParamSpec =
    time("segue_s", "Segue", 0.0, "The next song begins so long before this one ends; neither is faded.");
/// A song's level against the others.
pub const LEVEL: ParamSpec =
    ParamSpec::number("level_db", "Level", Unit::Db, (-24.0, 24.0), 0.0, "Its level against the other songs.");
/// Whether a song stands in the pre-gap.
pub const HIDDEN: ParamSpec = ParamSpec::switch(
    "hidden",
    "Hidden",
    false,
    "Only for the first song: stands before track 1 on a CD, where a player comes only by winding back. Its files are \
     left out.",
);
/// Whether a song's words are explicit.
pub const EXPLICIT: ParamSpec = ParamSpec::switch("explicit", "Explicit", false, "Whether its words are explicit.");
/// Which chain a song goes through.
pub const CHAIN_WORDS: &[Choice] = &[
    Choice { id: "album", doc: "the album's chain" },
    Choice { id: "none", doc: "only its own inserts; then the limiter, as all songs" },
];
/// Which chain a song goes through.
pub const CHAIN: ParamSpec = ParamSpec::choice("chain", "Chain", CHAIN_WORDS, "What is done to it before the limiter.");

/// Kinds of files, in the order of [`super::model::Format`].
pub const FORMATS: &[Choice] = &[
    Choice { id: "wav", doc: "uncompressed" },
    Choice { id: "flac", doc: "compressed without loss" },
    Choice { id: "aiff", doc: "uncompressed" },
    Choice { id: "mp3", doc: "lossy; needs the program `lame`" },
    Choice { id: "vorbis", doc: "lossy, in Ogg" },
    Choice { id: "opus", doc: "lossy, in Ogg, at 48 kHz" },
    Choice { id: "alac", doc: "Apple Lossless, in M4A" },
    Choice { id: "aac", doc: "lossy, in M4A; needs the program `ffmpeg`, or a build with AAC" },
];
/// The kind of a file.
pub const FORMAT: ParamSpec = ParamSpec::choice("format", "Format", FORMATS, "What kind of files.");
/// How samples are stored, in the order of [`super::model::Depth`].
pub const DEPTHS: &[Choice] = &[
    Choice { id: "24", doc: "24-bit integers" },
    Choice { id: "16", doc: "16-bit integers" },
    Choice { id: "32f", doc: "32-bit floating point, WAV and AIFF only" },
];
/// How samples are stored.
pub const DEPTH: ParamSpec = ParamSpec::choice("depth", "Depth", DEPTHS, "How samples are stored.");
/// Dithers, in the order of [`super::model::Dither`].
pub const DITHERS: &[Choice] = &[
    Choice { id: "flat", doc: "triangular noise of ±1 LSB" },
    Choice { id: "lipshitz-5", doc: "the same, shaped by five taps; 44.1 kHz, 16 bits" },
    Choice { id: "f-9", doc: "the same, shaped by nine taps; 44.1 kHz, 16 bits" },
    Choice { id: "improved-e-9", doc: "the same, shaped by nine steeper taps; 44.1 kHz, 16 bits" },
];
/// The version that every song has: its fold-down.
pub const MONO: &str = "mono";
/// Whether a disc has texts.
pub const CD_TEXT: ParamSpec =
    ParamSpec::switch("text", "CD-Text", true, "Titles and artists for players that show them.");
/// How the last bit is rounded.
pub const DITHER: ParamSpec =
    ParamSpec::choice("dither", "Dither", DITHERS, "What is added before the last bit is rounded, once.");
/// The bit rate of a set of files.
pub const BITRATE: ParamSpec = ParamSpec::integer(
    "bitrate_kbps",
    "Bit rate",
    Unit::None,
    (6, 510),
    320,
    "Kilobits per second: of MP3 (320 without it), Opus (160) and AAC (256).",
);
/// The quality of a set of files.
pub const QUALITY: ParamSpec = ParamSpec::number(
    "quality",
    "Quality",
    Unit::None,
    (-1.0, 10.0),
    8.0,
    "The quality of Vorbis, −1 to 10, in tenths.",
);
/// Which disc of a release of several.
pub const DISC: ParamSpec =
    ParamSpec::integer("disc", "Disc", Unit::None, (1, 99), 1, "Which disc of the release this is.");
/// How many discs a release has.
pub const DISCS: ParamSpec =
    ParamSpec::integer("discs", "Discs", Unit::None, (1, 99), 1, "How many discs the release has.");
/// The variable bit rate of a set of files.
pub const VARIABLE: ParamSpec = ParamSpec::integer(
    "vbr",
    "Variable bit rate",
    Unit::None,
    (0, 9),
    0,
    "MP3 with as many bits as each moment needs, in place of `bitrate_kbps`: V0, the finest (about 245 kbit/s), to V9.",
);
/// The rate of a set of files.
pub const DELIVER_RATE: ParamSpec = ParamSpec::integer(
    "sample_rate_hz",
    "Sample rate",
    Unit::Hz,
    (8_000, 384_000),
    44_100,
    "Frames per second. Converted before the limiter, so that the ceiling holds at this rate.",
);

const fn time(id: &'static str, name: &'static str, default: f64, doc: &'static str) -> ParamSpec {
    ParamSpec::number(id, name, Unit::Seconds, (0.0, MAX_SECONDS), default, doc)
}

/// What is done about songs that sound unlike the others, in the order of [`super::model::Evening`].
pub const CONSISTENCY_WORDS: &[Choice] = &[
    Choice { id: "show", doc: "measured and shown, with the moves that would bring it nearer" },
    Choice { id: "correct", doc: "those moves are made" },
    Choice { id: "off", doc: "not measured" },
];
/// What is done about songs that sound unlike the others.
pub const CONSISTENCY: ParamSpec = ParamSpec::choice(
    "consistency",
    "Consistency",
    CONSISTENCY_WORDS,
    "What is done about a song whose tone, width or level lies apart from the album's.",
);
/// The most that consistency moves anything.
pub const MAX_CORRECTION: ParamSpec = ParamSpec::number(
    "max_correction_db",
    "Most correction",
    Unit::Db,
    (0.0, 6.0),
    1.5,
    "The most that consistency turns any frequency, the side, or a song's level.",
);
/// The song that the others are brought nearer to.
pub const REFERENCE_SONG: ParamSpec = ParamSpec::integer(
    "reference_song",
    "Reference song",
    Unit::None,
    (1, MAX_SONGS as i64),
    1,
    "The song whose sound is the measure for consistency, counted from 1 in the order of the document.",
);

/// What a UPC looks like.
pub const UPC_FORM: &str = "12 digits (UPC-A) or 13 (EAN), with a right check digit";
/// What an ISRC looks like.
pub const ISRC_FORM: &str = "an ISRC, such as `GBABC2600001` or `GB-ABC-26-00001`";
/// What a date looks like.
pub const DATE_FORM: &str = "a date in quotes: `2026-11-21`, `2026-11` or `2026`";
/// What a language looks like.
pub const LANGUAGE_FORM: &str =
    "a code of two or three letters (ISO 639), such as `en`; `zxx` where there are no words";
/// What a pattern of names looks like.
pub const NAME_FORM: &str = "a pattern of `{track}`, `{title}`, `{artist}`, `{album}`, `{isrc}`, `{upc}`";
/// The names of files, when nothing is said.
pub const NAME: &str = "{track} {title}";

/// The document's own tables.
pub const DOCUMENT: &[Key] = &[
    required("album", Takes::Table(Sort::Album), "What the album is called, and how loud it is to be."),
    key("chain", Takes::Table(Sort::Chain), "the standard chain", "What every song goes through before the limiter."),
    required("song", Takes::Tables(Sort::AlbumSong), "The songs, in the order in which they are heard."),
    key(
        "deliver",
        Takes::Tables(Sort::Deliver),
        "WAV and FLAC at 24 bits",
        "What is made, one table for each set of files.",
    ),
    key(
        "cd",
        Takes::Table(Sort::Cd),
        "no disc",
        "A compact disc, as a DDP fileset for the plant, in the folder `cd/ddp`.",
    ),
    key(
        "vinyl",
        Takes::Table(Sort::Vinyl),
        "no record",
        "A record, as one file for each side and its track sheet, in the folder `vinyl`.",
    ),
    key(
        "cassette",
        Takes::Table(Sort::Cassette),
        "no cassette",
        "A cassette, as one file for each side and its track sheet, in the folder `cassette`.",
    ),
];

/// `[cd]`.
pub const CD: &[Key] =
    &[param(&CD_TEXT, "true"), param(&DITHER, "\"flat\""), param(&CD_CUE, "false"), param(&CD_PQ, "true")];

/// `[album]`.
pub const ALBUM: &[Key] = &[
    required("title", Takes::Text, "Its name."),
    required("artist", Takes::Text, "Whose album it is."),
    key("label", Takes::Text, "not stated", "The label."),
    key("catalog_number", Takes::Text, "not stated", "The label's own number."),
    key("upc", Takes::Form(UPC_FORM), "not stated", "The release's number in trade."),
    key("release_date", Takes::Form(DATE_FORM), "not stated", "When it comes out."),
    key("recording_date", Takes::Form(DATE_FORM), "not stated", "When it was recorded."),
    key("phonogram", Takes::Text, "not stated", "The ℗ line without its sign: year and owner of the recording."),
    key("copyright", Takes::Text, "not stated", "The © line without its sign: year and owner of everything else."),
    key("genre", Takes::Text, "not stated", "Its genre."),
    key("language", Takes::Form(LANGUAGE_FORM), "not stated", "The language of its words."),
    param(&DISC, "not stated"),
    param(&DISCS, "not stated"),
    key("producers", Takes::Texts, "not stated", "Who produced the songs that name no producers of their own."),
    key("engineers", Takes::Texts, "not stated", "Who recorded the songs that name no engineers of their own."),
    key("mixers", Takes::Texts, "not stated", "Who mixed the songs that name no mixers of their own."),
    key("mastering", Takes::Texts, "not stated", "Who mastered the songs that name nobody of their own for it."),
    key("artwork", Takes::File, "none", "The picture of its cover."),
    key("comment", Takes::Text, "none", "Anything else that the files shall say."),
    param(&MODE, "\"album\""),
    key("target", Takes::Text, "\"streaming\"", "A named target of `tonmeister targets`."),
    param(&LOUDNESS, "the target's"),
    param(&CEILING, "the target's"),
    param(&SAMPLE_RATE, "the highest of the songs"),
    param(&MAX_LIMITING, "6"),
    param(&MIN_PLR, "0: no floor"),
    param(&MIN_PSR, "0: no floor"),
    param(&GAP, "2"),
    param(&CONSISTENCY, "\"show\""),
    param(&MAX_CORRECTION, "1.5"),
    param(&REFERENCE_SONG, "none: the middle of all songs is the measure"),
];

/// `[chain]`.
pub const CHAIN_TABLE: &[Key] = &[key(
    "insert",
    Takes::Tables(Sort::Insert),
    "the standard chain: a high-pass at 20 Hz, and a bus compressor that takes off one or two decibels",
    "Processors, in the order they are heard, in place of the standard chain. Each song meets them at −18 LUFS.",
)];

/// `[[song]]`.
pub const SONG: &[Key] = &[
    key("audio", Takes::Path, "see `document`", "The mix. Each song has either this or a `document`."),
    key("document", Takes::Path, "see `audio`", "The song document, which is mixed first."),
    key(
        "version",
        Takes::Version,
        "the mix itself",
        "The version of the song document that the album has in its place.",
    ),
    key("title", Takes::Text, "the document's title, or the file's name", "Its name."),
    key(
        "version_title",
        Takes::Text,
        "the name of its `version`, if it has one",
        "Which version it is, as it stands in parentheses behind the title: `Live`, `2026 Remaster`.",
    ),
    key("artists", Takes::Texts, "the album's artist", "Who plays it."),
    key("composers", Takes::Texts, "not stated", "Who wrote the music."),
    key("lyricists", Takes::Texts, "not stated", "Who wrote the words."),
    key("featured", Takes::Texts, "nobody", "Its guests, named behind the artists: `feat.`"),
    key("remixers", Takes::Texts, "not stated", "Who made this version of somebody else's recording."),
    key("producers", Takes::Texts, "the album's", "Who produced it."),
    key("conductors", Takes::Texts, "not stated", "Who conducted it."),
    key("arrangers", Takes::Texts, "not stated", "Who set it for these voices or instruments."),
    key("performers", Takes::Texts, "not stated", "Who plays or sings without being one of its artists."),
    key("engineers", Takes::Texts, "the album's", "Who recorded it."),
    key("mixers", Takes::Texts, "the album's", "Who mixed it."),
    key("mastering", Takes::Texts, "the album's", "Who mastered it."),
    key("genre", Takes::Text, "the album's", "Its genre."),
    key("language", Takes::Form(LANGUAGE_FORM), "the album's", "The language of its words."),
    key("isrc", Takes::Form(ISRC_FORM), "not stated", "The recording's own code."),
    key("lyrics", Takes::Text, "not stated", "Its words."),
    param(&EXPLICIT, "not stated"),
    param(&START, "0"),
    param(&END, "the end of the audio"),
    param(&SONG_GAP, "the album's"),
    param(&GAP_BEATS, "see `gap_s`"),
    param(&TEMPO, "the document's"),
    param(&FADE_IN, "0"),
    param(&FADE_IN_SHAPE, "\"equal-power\""),
    param(&FADE_OUT, "0"),
    param(&FADE_OUT_SHAPE, "\"equal-power\""),
    param(&CROSSFADE, "none"),
    param(&CROSSFADE_SHAPE, "\"equal-power\""),
    param(&SEGUE, "none"),
    param(&HIDDEN, "false"),
    SIDE,
    param(&LEVEL, "0"),
    param(&CHAIN, "\"album\""),
    key("insert", Takes::Tables(Sort::Insert), "none", "Processors of its own, before the album's chain."),
    key(
        "automation",
        Takes::Tables(Sort::Lane),
        "none",
        "Moves of its inserts, of the album's where `[[chain.insert]]` names them, and of `fader_db`, its level into the \
         limiter. Times count from where the song begins.",
    ),
];

/// `[[deliver]]`.
pub const DELIVER: &[Key] = &[
    Key { required: true, ..param(&FORMAT, "") },
    param(&DELIVER_RATE, "the album's, where the format takes it"),
    param(&DEPTH, "\"24\""),
    param(&BITRATE, "the format's"),
    param(&VARIABLE, "a constant bit rate"),
    param(&QUALITY, "8"),
    param(&DITHER, "\"flat\""),
    param(&WRAPPING, "\"auto\""),
    param(&BROADCAST, "true"),
    key("folder", Takes::Text, "one by format and rate", "Its folder inside the release."),
    key(
        "name",
        Takes::Form(NAME_FORM),
        "\"{track} {title}\"",
        "The files' names, without extension; `{title}` with its version in parentheses.",
    ),
    key(
        "versions",
        Takes::Texts,
        "none",
        "Ids of versions that are made as well, in folders of these names: of each song whose document has them, and \
         \"mono\", the fold-down (L + R) / 2, of each song.",
    ),
];
