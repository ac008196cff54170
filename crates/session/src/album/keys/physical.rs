//! Keys of what can be held: discs, records, tapes; and of how WAV files are wrapped.

use tonmeister_core::{Choice, ParamSpec, Unit};

use crate::keys::{Key, key, param};

/// Whether a disc is made as an image with a cue sheet, too.
pub const CD_CUE: ParamSpec = ParamSpec::switch(
    "cue",
    "Cue sheet",
    false,
    "The whole disc as one WAV file with a cue sheet beside it, in `cd/image`, for programs that burn discs.",
);
/// Whether a disc comes with its PQ sheet as a text.
pub const CD_PQ: ParamSpec = ParamSpec::switch(
    "pq",
    "PQ sheet",
    true,
    "What stands where on the disc, as a text to read and to sign: `cd/PQ sheet.txt`.",
);

/// Diameters of records, in the order of [`Diameter`](crate::album::model::Diameter).
pub const DIAMETERS: &[Choice] = &[
    Choice { id: "12-inch", doc: "an album" },
    Choice { id: "10-inch", doc: "a short one" },
    Choice { id: "7-inch", doc: "a single" },
];
/// The diameter of a record.
pub const DIAMETER: ParamSpec = ParamSpec::choice("size", "Size", DIAMETERS, "The record's diameter.");
/// Speeds of records, in the order of [`Speed`](crate::album::model::Speed).
pub const SPEEDS: &[Choice] = &[
    Choice { id: "33", doc: "33⅓ turns a minute: longer" },
    Choice { id: "45", doc: "45 turns a minute: shorter and clearer" },
];
/// The speed of a record.
pub const SPEED: ParamSpec = ParamSpec::choice("speed", "Speed", SPEEDS, "How fast it turns.");
/// The most sides of an album: eight records.
pub const MAX_SIDES: usize = 16;
/// How many sides there are.
pub const SIDES: ParamSpec = ParamSpec::integer(
    "sides",
    "Sides",
    Unit::None,
    (1, MAX_SIDES as i64),
    2,
    "How many sides the songs are put on, in their order and as even as can be.",
);
/// Kinds of tape, in the order of [`Tape`](crate::album::model::Tape).
pub const TAPES: &[Choice] =
    &[Choice { id: "C60", doc: "30 minutes a side" }, Choice { id: "C90", doc: "45 minutes a side, on thinner tape" }];
/// The kind of a tape.
pub const TAPE: ParamSpec = ParamSpec::choice("tape", "Tape", TAPES, "How much the cassette holds.");
/// The rate of side files.
pub const SIDE_RATE: ParamSpec = ParamSpec::integer(
    "sample_rate_hz",
    "Sample rate",
    Unit::Hz,
    (8_000, 384_000),
    96_000,
    "Frames per second of the side files, which have 24 bits.",
);
/// The peak of the sides.
pub const SIDE_PEAK: ParamSpec = ParamSpec::number(
    "peak_dbtp",
    "Peak",
    Unit::Dbtp,
    (-24.0, 0.0),
    -3.0,
    "The greatest true peak on any side. One gain for all sides brings it there; no limiter works on them.",
);
/// Below which bass is made mono.
pub const MONO_BELOW: ParamSpec = ParamSpec::number(
    "mono_below_hz",
    "Mono below",
    Unit::Hz,
    (20.0, 500.0),
    150.0,
    "Bass below this is brought to the middle, as the cutter otherwise would: the needle cannot follow it up and down.",
);

/// What a side looks like.
pub const SIDE_FORM: &str = "the letter of a side, such as `\"B\"`";

/// Wrappings of WAV, in the order of [`Wrapping`](crate::album::model::Wrapping).
pub const WRAPPINGS: &[Choice] = &[
    Choice { id: "auto", doc: "WAV, and RF64 where a file outgrows 4 GiB" },
    Choice { id: "wav", doc: "WAV only; what does not fit is refused" },
    Choice { id: "rf64", doc: "RF64 (EBU Tech 3306), whatever the size" },
];
/// How WAV files are wrapped.
pub const WRAPPING: ParamSpec =
    ParamSpec::choice("container", "Container", WRAPPINGS, "How sizes are stored; WAV only.");
/// Whether WAV files have a broadcast extension.
pub const BROADCAST: ParamSpec = ParamSpec::switch(
    "bext",
    "Broadcast extension",
    true,
    "The broadcast extension, version 2 (EBU Tech 3285): loudness as measured, description, originator, date, the place \
     on the album's timeline, coding history; WAV only.",
);

/// `[vinyl]`.
pub const VINYL: &[Key] = &[
    param(&DIAMETER, "\"12-inch\""),
    param(&SPEED, "\"33\""),
    param(&SIDES, "the fewest that are good, or those that the songs' `side` says"),
    param(&SIDE_RATE, "the album's"),
    param(&SIDE_PEAK, "-3"),
    param(&MONO_BELOW, "bass is left as it is, and checked"),
];
/// `[cassette]`.
pub const CASSETTE: &[Key] = &[param(&TAPE, "\"C60\""), param(&SIDE_RATE, "the album's"), param(&SIDE_PEAK, "-3")];
/// The key of a song that says where it stands.
pub const SIDE: Key = key(
    "side",
    crate::keys::Takes::Form(SIDE_FORM),
    "that of the song before; of all songs: shared out evenly",
    "The side of the record it stands on, where a new one begins. Of a cassette, where there is no record.",
);
