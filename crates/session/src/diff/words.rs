//! Values as a mixer says them.

use tonmeister_core::{Automatable, ParamKind, ParamSpec, Taper, Unit};

use crate::edit::Plain;
use crate::tables::SILENCE_DB;
use crate::version::in_decibels;

/// Below this a level is not told from silence, in decibels.
const FLOOR_DB: f64 = -60.0;
/// The weight of a parameter's whole range.
const RANGE: f64 = 12.0;
/// The least that a change of the sound weighs.
pub(super) const LEAST: f64 = 0.5;

/// At most two decimals; −0 is 0.
pub(super) fn number(value: f64) -> String {
    let rounded = (value * 100.0).round() / 100.0;
    let rounded = if rounded == 0.0 { 0.0 } else { rounded };
    // What two decimals cannot tell apart is told as it is.
    if rounded == 0.0 && value != 0.0 { format!("{value}") } else { format!("{rounded}") }
}

/// With its sign.
pub(super) fn signed(value: f64) -> String {
    let text = number(value);
    if text.starts_with('-') { text } else { format!("+{text}") }
}

/// A value without its unit, and the unit.
fn parts(spec: &ParamSpec, value: f64) -> (String, &'static str) {
    match spec.kind {
        ParamKind::Switch => (if value == 0.0 { "off" } else { "on" }.into(), ""),
        ParamKind::Choice(choices) => (choices.get(value as usize).map_or("?", |choice| choice.id).into(), ""),
        _ if in_decibels(spec) && value <= SILENCE_DB => ("silence".into(), ""),
        _ => (number(value), spec.unit.symbol()),
    }
}

fn with_unit(text: &str, unit: &str) -> String {
    match unit {
        "" => text.into(),
        unit if unit.starts_with([':', '%']) => format!("{text}{unit}"),
        unit => format!("{text} {unit}"),
    }
}

/// A value with its unit: "-18 dB", "4:1", "silence".
pub(super) fn quantity(spec: &ParamSpec, value: f64) -> String {
    let (text, unit) = parts(spec, value);
    with_unit(&text, unit)
}

/// "4 → 3", "-18 → -16 dB".
pub(super) fn from_to(spec: &ParamSpec, before: f64, after: f64) -> String {
    let ((a, unit_a), (b, unit)) = (parts(spec, before), parts(spec, after));
    match spec.unit {
        Unit::Ratio => format!("{a} → {b}"),
        _ if unit_a == unit => with_unit(&format!("{a} → {b}"), unit),
        _ => format!("{} → {}", with_unit(&a, unit_a), with_unit(&b, unit)),
    }
}

/// A place between the speakers: "center", "30 L", "R".
pub(super) fn pan(value: f64) -> String {
    let percent = (value.abs() * 100.0).round();
    let side = if value < 0.0 { "L" } else { "R" };
    match percent {
        0.0 => "center".into(),
        100.0 => format!("hard {side}"),
        percent => format!("{percent} {side}"),
    }
}

/// A time on the timeline: "0:42", "1:03.5".
pub(super) fn clock(seconds: f64) -> String {
    let tenths = (seconds * 10.0).round();
    let (minutes, rest) = ((tenths / 600.0).floor(), tenths % 600.0);
    let (whole, tenth) = ((rest / 10.0).floor(), rest % 10.0);
    if tenth == 0.0 { format!("{minutes}:{whole:02}") } else { format!("{minutes}:{whole:02}.{tenth}") }
}

/// A parameter's name inside a sentence.
pub(super) fn name(spec: &ParamSpec) -> String {
    // "EQ", "Q", "LFO" stay as they are.
    let small = spec.name.chars().nth(1).is_some_and(char::is_lowercase);
    if small { spec.name.to_lowercase() } else { spec.name.into() }
}

/// A value as the document has it.
pub(super) fn plain(spec: &ParamSpec, value: f64) -> Plain {
    match spec.kind {
        ParamKind::Switch => Plain::Switch(value != 0.0),
        ParamKind::Choice(choices) => Plain::Text(choices.get(value as usize).map_or("?", |choice| choice.id).into()),
        _ => Plain::Number(value),
    }
}

/// How far two values are apart, about, in decibels of the sound.
pub(super) fn distance(spec: &ParamSpec, before: f64, after: f64) -> f64 {
    if in_decibels(spec) {
        return (after.max(FLOOR_DB) - before.max(FLOOR_DB)).abs();
    }
    let part = match spec.kind {
        ParamKind::Number { min, max, taper: Taper::Logarithmic } if min > 0.0 => {
            (after / before).ln() / (max / min).ln()
        }
        ParamKind::Number { min, max, .. } => (after - before) / (max - min),
        ParamKind::Integer { min, max } => (after - before) / (max - min) as f64,
        ParamKind::Steps(steps) => {
            let place = |value: f64| steps.iter().position(|step| *step == value).unwrap_or(0) as f64;
            (place(after) - place(before)) / steps.len().max(2) as f64
        }
        ParamKind::Switch | ParamKind::Choice(_) if spec.automatable == Automatable::Stepped => 0.5,
        ParamKind::Switch | ParamKind::Choice(_) => 0.25,
    };
    if before == after { 0.0 } else { part.abs() * RANGE }
}

/// By how many decibels a copy at a level makes a sound louder, where it ends up beside it.
pub(super) fn beside(db: f64) -> f64 {
    20.0 * (1.0 + if db <= SILENCE_DB { 0.0 } else { 10f64.powf(db / 20.0) }).log10()
}
