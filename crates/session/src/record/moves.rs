//! Moves of a hand as a text: one a line, `time, what`.
//!
//! | line | |
//! |---|---|
//! | `12.5, -3.0` | the control is moved there |
//! | `12.5, -3.0, touch` | a hand is laid on it, which puts it there |
//! | `12.5, touch` | a hand is laid on it where it stands |
//! | `14.0, release` | the hand is taken off |
//! | `14.0, -3.0, release` | it is moved there, and the hand is taken off |
//!
//! Times are those of the song, and never fall: seconds (`83.5`), minutes and seconds (`1:23.5`), or a bar and beat
//! (`17|1`). What stands behind `#` is a remark; a first line `time, …` is a heading.

use std::ops::Range;

use tonmeister_core::{Diagnostic, ParamKind, ParamSpec};

use super::{Mode, Recorder};
use crate::keys::{MAX_BYTES, MAX_POINTS, MAX_SECONDS};
use crate::model::{BarBeat, Point};
use crate::time::TempoMap;

/// Something that a hand does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Move {
    /// When, in seconds from the song's start.
    pub time_s: f64,
    /// Where it puts the control, in the parameter's unit (an offset in it, where moves are added); without it, it stays
    /// where it stands.
    pub value: Option<f64>,
    /// Whether the hand is laid on (`true`) or taken off (`false`).
    pub touch: Option<bool>,
}

/// Reads moves of a control. `adds`: values are offsets of the parameter.
///
/// # Errors
/// Every line that cannot be read, with its place in the text and what would be right.
pub fn read_moves(text: &str, spec: &ParamSpec, adds: bool, tempo: &TempoMap) -> Result<Vec<Move>, Vec<Diagnostic>> {
    if text.len() > MAX_BYTES {
        let message = format!("the moves are {} bytes long; at most {MAX_BYTES} are read", text.len());
        return Err(vec![Diagnostic::error("too-many", message).help("record them in parts")]);
    }
    let mut moves: Vec<Move> = Vec::new();
    let mut found = Vec::new();
    let mut first = true;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let place = start;
        start += line.len();
        let said = line.split('#').next().unwrap_or_default();
        if said.trim().is_empty() {
            continue;
        }
        let heading = first && said.split(',').next().is_some_and(|word| word.trim().eq_ignore_ascii_case("time"));
        first = false;
        if heading {
            continue;
        }
        if moves.len() == MAX_POINTS {
            let message = format!("there are more than {MAX_POINTS} moves");
            found
                .push(at("too-many", message, span(place, said), "expected the end here").help("record them in parts"));
            break;
        }
        match read(said, place, spec, adds, tempo) {
            Ok(next) => match moves.last().filter(|last| next.time_s < last.time_s) {
                Some(last) => {
                    let label = format!("expected {} s or later, found {} s", last.time_s, next.time_s);
                    let told = at("times", "the times of the moves fall".into(), span(place, said), &label);
                    found.push(told.help("moves stand in the order in which they were made"));
                }
                None => moves.push(next),
            },
            Err(told) => found.push(*told),
        }
        if found.len() >= crate::report::MOST {
            break;
        }
    }
    if found.is_empty() { Ok(moves) } else { Err(found) }
}

/// The words of a line, without the room around them.
fn span(place: usize, said: &str) -> Range<usize> {
    let before = said.len() - said.trim_start().len();
    place + before..place + before + said.trim().len()
}

fn at(code: &'static str, message: String, span: Range<usize>, label: &str) -> Diagnostic {
    Diagnostic::error(code, message).at(span, label)
}

fn read(said: &str, place: usize, spec: &ParamSpec, adds: bool, tempo: &TempoMap) -> Result<Move, Box<Diagnostic>> {
    let mut fields: Vec<(&str, Range<usize>)> = Vec::new();
    let mut start = place;
    for field in said.split(',') {
        fields.push((field.trim(), span(start, field)));
        start += field.len() + 1;
    }
    let shape = "expected `time, value`, `time, touch`, `time, release` or `time, value, touch`";
    let (time, value, hand) = match fields.as_slice() {
        [time, (word, _)] if hand(word).is_some() => (time, None, hand(word)),
        [time, value] => (time, Some(value), None),
        [time, value, (word, span)] => {
            let Some(touch) = hand(word) else {
                let label = format!("expected `touch` or `release`, found \"{word}\"");
                return Err(at("moves", "a hand touches or releases".into(), span.clone(), &label).into());
            };
            (time, Some(value), Some(touch))
        }
        _ => {
            let message = format!("a move has a time and what happens then, not {} parts", fields.len());
            return Err(at("moves", message, span(place, said), shape).into());
        }
    };
    let time_s = seconds(time.0, tempo).map_err(|why| {
        let told = at("moves", format!("\"{}\" is no time of the song", time.0), time.1.clone(), &why);
        Box::new(told.help("write seconds (83.5), minutes and seconds (1:23.5), or a bar and beat (17|1)"))
    })?;
    let value = value.map(|(text, span)| {
        number(text, spec, adds)
            .map_err(|why| Box::new(at("moves", format!("`{}` cannot be \"{text}\"", spec.id), span.clone(), &why)))
    });
    Ok(Move { time_s, value: value.transpose()?, touch: hand })
}

fn hand(word: &str) -> Option<bool> {
    match word.to_ascii_lowercase().as_str() {
        "touch" => Some(true),
        "release" => Some(false),
        _ => None,
    }
}

fn seconds(text: &str, tempo: &TempoMap) -> Result<f64, String> {
    let clock = || {
        let (minutes, seconds) = text.split_once(':')?;
        let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let seconds = seconds.parse::<f64>().ok().filter(|s| plain(seconds) && *s < 60.0)?;
        Some(60.0 * f64::from(minutes.parse::<u32>().ok()?) + seconds)
    };
    let seconds = match (text.parse::<f64>().ok().or_else(clock), text.parse::<BarBeat>()) {
        (Some(seconds), _) => seconds,
        (None, Ok(bar)) => tempo.seconds_of(bar)?,
        _ => return Err("expected a time".into()),
    };
    if !(0.0..=MAX_SECONDS).contains(&seconds) {
        return Err(format!("expected 0 to {MAX_SECONDS} s, found {seconds}"));
    }
    Ok(seconds)
}

fn number(text: &str, spec: &ParamSpec, adds: bool) -> Result<f64, String> {
    let word = match spec.kind {
        ParamKind::Switch => match text.to_ascii_lowercase().as_str() {
            "true" | "on" => Some(1.0),
            "false" | "off" => Some(0.0),
            _ => None,
        },
        ParamKind::Choice(choices) => choices.iter().position(|choice| choice.id == text).map(|at| at as f64),
        _ => None,
    };
    if let Some(value) = word {
        return Ok(value);
    }
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
    let Some(value) = number else { return Err(format!("expected {}", spec.expected())) };
    if adds {
        // What it is added to decides how far it goes; it stops at the ends of the range.
        return if value.abs() <= 1e6 { Ok(value) } else { Err(format!("expected an offset, found {value}")) };
    }
    spec.check(value).map_err(|_| format!("expected {}, found {value}", spec.expected()))?;
    Ok(value)
}

/// The lane that moves leave of one: recorded from `from_s` to `to_s`, as a [`Recorder`] does it while a song plays.
/// `old` are the lane's points, or one with the written value; `return_s` and `sample_rate_hz` as for [`Recorder::new`].
pub fn record(
    moves: &[Move],
    (spec, mode): (&ParamSpec, Mode),
    old: &[Point],
    (from_s, to_s): (f64, f64),
    return_s: f64,
    sample_rate_hz: u32,
) -> Vec<Point> {
    let stands = if mode.adds() { 0.0 } else { crate::lane::value_at(old, spec, from_s).unwrap_or(spec.default) };
    let mut recorder = Recorder::new(spec, mode, old, (from_s, stands), return_s, sample_rate_hz);
    for Move { time_s, value, touch } in moves.iter().copied().filter(|m| (from_s..=to_s).contains(&m.time_s)) {
        match (touch, value) {
            (Some(true), value) => recorder.touch(time_s, value.unwrap_or_else(|| recorder.stands(time_s))),
            (_, Some(value)) => recorder.moved(time_s, value),
            _ => {}
        }
        if touch == Some(false) {
            recorder.release(time_s);
        }
    }
    recorder.stop(to_s)
}
