//! What can be set on a strip and on a send, described once: parser, printer, schema and automation read it here.

use tonmeister_core::{Automatable, Choice, ParamSpec, Unit};

/// At and below this a fader or send is silent: a gain of exactly zero.
pub const SILENCE_DB: f64 = -150.0;

/// How a stereo signal is panned.
pub const PAN_MODES: &[Choice] = &[
    Choice { id: "balance", doc: "`pan` turns the far side down; both channels stay where they are" },
    Choice { id: "dual", doc: "left and right are panned apart from each other, by `pan_left` and `pan_right`" },
];

/// Polarity.
pub const POLARITIES: &[Choice] =
    &[Choice { id: "normal", doc: "as recorded" }, Choice { id: "inverted", doc: "the waveform turned upside down" }];

/// A channel strip's own parameters, in the order of the signal.
pub const STRIP: &[ParamSpec] = &[
    ParamSpec::number("trim_db", "Trim", Unit::Db, (-60.0, 36.0), 0.0, "Gain before the inserts."),
    ParamSpec::choice("polarity", "Polarity", POLARITIES, "Turns the waveform upside down.")
        .automatable(Automatable::Stepped),
    ParamSpec::integer(
        "delay_samples",
        "Sample delay",
        Unit::Frames,
        (0, 480_000),
        0,
        "Delays the track, before the inserts; delay compensation does not take it back.",
    ),
    ParamSpec::number(
        "fader_db",
        "Fader",
        Unit::Db,
        (SILENCE_DB, 12.0),
        0.0,
        "Level after the inserts. −150 dB is silence.",
    ),
    ParamSpec::number(
        "fader_trim_db",
        "Fader trim",
        Unit::Db,
        (SILENCE_DB, 12.0),
        0.0,
        "Added to the fader and to all of its automation: a ride over a ride.",
    ),
    ParamSpec::switch(
        "mute",
        "Mute",
        false,
        "Silences what the mute points name: the output and the post-fader sends.",
    )
    .automatable(Automatable::Stepped),
    ParamSpec::switch("mute_main", "Mute point: output", true, "Whether `mute` silences the output."),
    ParamSpec::switch("mute_post", "Mute point: post sends", true, "Whether `mute` silences the post-fader sends."),
    ParamSpec::switch("mute_pre", "Mute point: pre sends", false, "Whether `mute` silences the pre-fader sends."),
    ParamSpec::switch(
        "solo",
        "Solo",
        false,
        "Only strips with it are heard, with the buses behind them and the sources before them.",
    ),
    ParamSpec::switch("solo_safe", "Solo safe", false, "Stays heard whatever else is soloed."),
    ParamSpec::number("pan", "Pan", Unit::None, (-1.0, 1.0), 0.0, "−1 is hard left, 0 the centre, 1 hard right."),
    ParamSpec::choice("pan_mode", "Pan mode", PAN_MODES, "How a stereo signal is panned; mono follows the pan law."),
    ParamSpec::number(
        "pan_left",
        "Pan of left",
        Unit::None,
        (-1.0, 1.0),
        -1.0,
        "Dual mode: place of the left channel.",
    ),
    ParamSpec::number(
        "pan_right",
        "Pan of right",
        Unit::None,
        (-1.0, 1.0),
        1.0,
        "Dual mode: place of the right channel.",
    ),
    ParamSpec::number(
        "width",
        "Width",
        Unit::None,
        (0.0, 2.0),
        1.0,
        "Stereo only: gain of the side signal. 0 is mono, 1 as recorded, 2 twice the side.",
    ),
];

/// What of [`STRIP`] means nothing on the master: it has no sends, and nothing is heard without it.
pub const NOT_ON_MASTER: &[&str] = &["mute_main", "mute_post", "mute_pre", "solo", "solo_safe"];

/// What of [`STRIP`] a VCA has.
pub const ON_VCA: &[&str] = &["fader_db", "fader_trim_db", "mute", "mute_main", "mute_post", "mute_pre"];

/// A send's parameters.
pub const SEND: &[ParamSpec] = &[
    ParamSpec::number("level_db", "Level", Unit::Db, (SILENCE_DB, 12.0), 0.0, "Level of the copy. −150 dB is silence."),
    ParamSpec::number("pan", "Pan", Unit::None, (-1.0, 1.0), 0.0, "Balance of the copy."),
    ParamSpec::switch("mute", "Mute", false, "Silences the send.").automatable(Automatable::Stepped),
];

/// The place of an entry in one of these tables.
///
/// # Panics
/// When there is none of that id.
pub fn place(table: &[ParamSpec], id: &str) -> usize {
    match table.iter().position(|p| p.id == id) {
        Some(place) => place,
        None => panic!("no entry `{id}`"),
    }
}
