//! What follows a level: `follow` of an automation.

use tonmeister_core::{Choice, ParamSpec, Unit};

use super::{KEY_MUTED, KEY_TAP, Key, Takes, param, required};

/// How a level is heard, in the order of [`crate::model::Detector`].
pub const DETECTORS: &[Choice] = &[
    Choice { id: "rms", doc: "the power of the last 40 ms, as the peak of a sine that has it" },
    Choice { id: "peak", doc: "the largest sample" },
];
/// How the level is heard.
pub const DETECTOR: ParamSpec = ParamSpec::choice(
    "detector",
    "Detector",
    DETECTORS,
    "How the level is heard; of two channels the louder one counts.",
);
/// How long the way up takes.
pub const ATTACK: ParamSpec = ParamSpec::number(
    "attack_ms",
    "Attack",
    Unit::Ms,
    (0.0, 10_000.0),
    10.0,
    "How long the whole way from `at_floor` to `at_ceiling` takes when it gets loud.",
);
/// How long the way back takes.
pub const RELEASE: ParamSpec = ParamSpec::number(
    "release_ms",
    "Release",
    Unit::Ms,
    (0.0, 10_000.0),
    200.0,
    "How long the whole way back takes when it gets quiet.",
);
/// The level that stands for one end.
pub const FLOOR: ParamSpec = ParamSpec::number(
    "floor_db",
    "Floor",
    Unit::Db,
    (-150.0, 24.0),
    -60.0,
    "The level, in dBFS, at which and below which the value is `at_floor`.",
);
/// The level that stands for the other end.
pub const CEILING: ParamSpec = ParamSpec::number(
    "ceiling_db",
    "Ceiling",
    Unit::Db,
    (-150.0, 24.0),
    0.0,
    "The level, in dBFS, at which and above which the value is `at_ceiling`.",
);
/// How much of the value follows.
pub const FOLLOW_DEPTH: ParamSpec = ParamSpec::number(
    "depth",
    "Depth",
    Unit::None,
    (0.0, 1.0),
    1.0,
    "How far it goes from the points, or from the written value, to what follows: 1 is all the way.",
);
/// The least distance of floor and ceiling, in decibels.
pub const LEAST_SPAN_DB: f64 = 0.1;

/// `follow` of `[[track.automation]]`.
pub const FOLLOW: &[Key] = &[
    required("key", Takes::Strip, "The track or bus whose level is followed."),
    param(&KEY_TAP, "\"pre\""),
    param(&KEY_MUTED, "false"),
    param(&DETECTOR, "\"rms\""),
    param(&ATTACK, "10"),
    param(&RELEASE, "200"),
    param(&FLOOR, "-60"),
    param(&CEILING, "0"),
    required(
        "at_floor",
        Takes::Value,
        "The value where the level is at the floor or below, in the parameter's own unit.",
    ),
    required(
        "at_ceiling",
        Takes::Value,
        "The value where it is at the ceiling or above; in between, a straight line over decibels.",
    ),
    param(&FOLLOW_DEPTH, "1"),
];
