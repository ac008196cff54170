//! Effects that make no sound, to test documents with: every kind of parameter, group and permission.
#![allow(dead_code, reason = "each test file uses a part of it")]

pub(crate) mod draw;

use std::fmt::Write as _;

use tonmeister_core::{
    Automatable, BuildError, Choice, Diagnostic, Effect, EffectSpec, Family, FileSpec, GroupSpec, Level, ParamSpec,
    Processor, Registry, RuleSpec, Settings, Severity, Stream, Unit,
};
use tonmeister_session::LineIndex;

const MODES: &[Choice] = &[Choice { id: "peak", doc: "follows peaks" }, Choice { id: "rms", doc: "follows power" }];

const COMPRESSOR: EffectSpec = EffectSpec {
    id: "compressor",
    name: "Compressor",
    family: Family::Utility,
    summary: "Turns loud passages down.",
    doc: "",
    params: &[
        ParamSpec::number("threshold_db", "Threshold", Unit::Db, (-60.0, 0.0), -18.0, "Where it begins."),
        ParamSpec::number("ratio", "Ratio", Unit::Ratio, (1.0, 20.0), 4.0, "How strongly."),
        ParamSpec::number("attack_ms", "Attack", Unit::Ms, (0.05, 500.0), 10.0, "How fast.").logarithmic(),
        ParamSpec::choice("detector", "Detector", MODES, "What it follows."),
        ParamSpec::switch("auto_release", "Auto release", false, "").automatable(Automatable::Stepped),
        ParamSpec::integer("lookahead", "Look-ahead", Unit::Frames, (0, 4096), 0, "Sees ahead."),
    ],
    groups: &[GroupSpec { id: "sidechain", name: "Side-chain filter", max: 1, params: HIGHPASS, doc: "" }],
    files: &[],
    stereo_only: false,
    key: tonmeister_core::KeyUse::Detector,
    sources: &[],
};

const HIGHPASS: &[ParamSpec] = &[
    ParamSpec::number("hz", "Frequency", Unit::Hz, (10.0, 20_000.0), 30.0, "Corner.").logarithmic(),
    ParamSpec::steps("slope_db_oct", "Slope", Unit::DbPerOctave, &[6.0, 12.0, 24.0, 48.0], 12.0, "Steepness."),
];

const EQ: EffectSpec = EffectSpec {
    id: "eq",
    name: "Equalizer",
    family: Family::Utility,
    summary: "Changes the balance of the spectrum.",
    doc: "",
    params: &[ParamSpec::switch("linear_phase", "Linear phase", false, "")],
    groups: &[
        GroupSpec { id: "highpass", name: "High-pass", max: 1, params: HIGHPASS, doc: "Cuts below." },
        GroupSpec {
            id: "bells",
            name: "Bell",
            max: 4,
            params: &[
                ParamSpec::number("hz", "Frequency", Unit::Hz, (10.0, 20_000.0), 1000.0, "Center.").logarithmic(),
                ParamSpec::number("gain_db", "Gain", Unit::Db, (-24.0, 24.0), 0.0, "Lift or cut."),
                ParamSpec::number("q", "Q", Unit::None, (0.1, 30.0), 1.0, "Narrowness."),
            ],
            doc: "Lifts and cuts.",
        },
    ],
    files: &[],
    stereo_only: false,
    key: tonmeister_core::KeyUse::None,
    sources: &[],
};

const ROOM: EffectSpec = EffectSpec {
    id: "room",
    name: "Room",
    family: Family::Space,
    summary: "Puts the sound into a recorded room.",
    doc: "",
    params: &[ParamSpec::number("pre_delay_ms", "Pre-delay", Unit::Ms, (0.0, 1000.0), 0.0, "Waits.")],
    groups: &[],
    files: &[
        FileSpec { id: "ir", name: "Impulse response", required: true, max_seconds: 20.0, doc: "The room." },
        FileSpec { id: "early", name: "Early part", required: false, max_seconds: 0.5, doc: "Its first steps." },
    ],
    stereo_only: true,
    key: tonmeister_core::KeyUse::None,
    sources: &[],
};

macro_rules! effect {
    ($name:ident, $spec:ident) => {
        struct $name;
        impl Effect for $name {
            const SPEC: &'static EffectSpec = &$spec;
            fn from_settings(_: &Settings) -> Self {
                $name
            }
            fn build(&self, _: &Stream) -> Result<Box<dyn Processor>, BuildError> {
                Err(BuildError("it is only described".into()))
            }
        }
    };
}
effect!(Compressor, COMPRESSOR);
effect!(Eq, EQ);
effect!(Room, ROOM);

const RULES: [RuleSpec; 3] = [
    RuleSpec {
        id: "dc-offset",
        title: "The waveform leans",
        level: Level::Warn,
        limit: 0.001,
        unit: "of full scale",
        doc: "The mean is not zero.",
        together: false,
    },
    RuleSpec {
        id: "clipped",
        title: "Tops cut flat",
        level: Level::Note,
        limit: 1.0,
        unit: "tops",
        doc: "Flat tops.",
        together: false,
    },
    RuleSpec {
        id: "polarity-pair",
        title: "Turned against each other",
        level: Level::Warn,
        limit: 0.5,
        unit: "",
        doc: "Two files.",
        together: true,
    },
];

/// A registry of three effects and three rules.
pub(crate) fn registry() -> Registry {
    Registry::new().with::<Compressor>().with::<Eq>().with::<Room>().with_rules(RULES)
}

/// Findings as plain text, with the line they point at.
pub(crate) fn rendered(text: &str, found: &[Diagnostic]) -> String {
    let index = LineIndex::new(text);
    let mut out = String::new();
    for d in found {
        let severity = match d.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        let _ = writeln!(out, "{severity}[{}]: {}", d.code, d.message);
        if let Some(span) = &d.span {
            let (line, column) = index.line_col(text, span.start);
            let source = text.lines().nth(line - 1).unwrap_or_default().trim_start_matches('\u{feff}');
            let width = text[span.clone()].lines().next().unwrap_or_default().chars().count().max(1);
            let _ = writeln!(out, "  {line}:{column} | {source}");
            let pad = format!("  {line}:{column} | ").chars().count() + column - 1;
            let _ = writeln!(out, "{:pad$}{} {}", "", "^".repeat(width), d.label.as_deref().unwrap_or_default());
        }
        if let Some(help) = &d.help {
            let _ = writeln!(out, "  help: {help}");
        }
        out.push('\n');
    }
    out
}

/// A song that uses everything, by hand.
pub(crate) const EVERYTHING: &str = include_str!("../songs/everything.toml");
