//! The verb *record*: moves of a hand on a control, written into the document as automation, as a desk would record them.

use std::path::{Path, PathBuf};

use serde::Serialize;
use tonmeister_core::diagnostic::nearest;
use tonmeister_core::{Automatable, ParamSpec, Unit};
use tonmeister_session::Edit;
use tonmeister_session::lane::{Reshape, reshape, straight};
use tonmeister_session::model::{Point, Song, StripAt, Target};
use tonmeister_session::record::{Mode, Move, read_moves, record};

use crate::failure::{Failure, Finding};
use crate::mix::Spot;
use crate::world::World;

/// What is recorded, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordOptions {
    /// The control: `vocal/fader_db`, `drums/compressor/threshold_db`.
    pub control: String,
    /// How moves are written.
    pub mode: Mode,
    /// Where the song begins to play; at the first move when nothing is said.
    pub from: Option<Spot>,
    /// Where it stops; at the last move when nothing is said.
    pub to: Option<Spot>,
    /// In which time the control returns to what was there after a release, in seconds, 0 to 60.
    pub return_s: f64,
    /// How far the drawn lane may be from the moves, in the parameter's unit; 0 thins nothing.
    pub error: f64,
    /// What the moves are called in messages: a file, or `-`.
    pub name: PathBuf,
}

/// What recording came to.
#[derive(Clone, Debug, Serialize)]
pub struct RecordReport {
    /// The document that was changed.
    pub song: PathBuf,
    /// What moves now: `vocal/fader_db`.
    pub lane: String,
    /// How many moves were made.
    pub moves: usize,
    /// How many points the lane had, and has.
    pub points: [usize; 2],
    /// From where to where something was written, in seconds.
    pub written_s: [f64; 2],
    /// The lowest and the highest value that was written, in the parameter's unit.
    pub range: [f64; 2],
    /// That unit's sign, or nothing.
    pub unit: &'static str,
    /// What was odd about the document.
    pub warnings: Vec<Finding>,
}

impl World {
    /// Records moves (`moves`: [their text](tonmeister_session::record::read_moves)) into the document. It changes as a
    /// whole or not at all; what the moves are not about keeps its bytes.
    pub fn record(&self, path: &Path, moves: &str, options: &RecordOptions) -> Result<RecordReport, Failure> {
        let (mut document, warnings) = self.open_document(path)?;
        let song = document.song();
        let (at, target) = control(song, &options.control)?;
        let strip = song.strip(at);
        let spec = strip.target_spec(target);
        if !(0.0..=60.0).contains(&options.return_s) || !(0.0..=1e6).contains(&options.error) {
            let message = "the return takes 0 to 60 s, and the error is no less than 0";
            return Err(Failure::Usage(message.into()));
        }
        let adds = matches!(options.mode, Mode::Trim | Mode::TrimLatch);
        if adds && spec.automatable == Automatable::Stepped {
            let message = format!(
                "`{}` is switched, so nothing can be added to it; record it with write, touch or latch",
                spec.id
            );
            return Err(Failure::Usage(message));
        }
        let read = read_moves(moves, spec, adds, &song.tempo_map()).map_err(|diagnostics| Failure::Document {
            path: options.name.clone(),
            text: moves.to_owned(),
            diagnostics,
        })?;
        let (from_s, to_s) = span(song, &read, options)?;
        let lane = strip.lane(target);
        if let Some(follow) = lane.and_then(|lane| lane.follow).filter(|follow| follow.depth == 1.0) {
            let leads = leader(song, follow.of.from);
            let message = format!(
                "{} follows `{leads}` all the way; take its `follow` out, or give it a `depth`",
                options.control
            );
            return Err(Failure::Usage(message));
        }
        let mut old = lane.map_or_else(Vec::new, |lane| lane.points.clone());
        let before = old.len();
        if old.is_empty() {
            old.push(Point::new(0.0, strip.value(target), straight(spec)));
        }
        let rate = song.sample_rate_hz;
        let new = record(&read, (spec, options.mode), &old, (from_s, to_s), options.return_s, rate);
        let Some(written_s) = written(&old, &new) else { return Err(nothing(options.mode)) };
        let new = drawn(&old, new, spec, (from_s, to_s + options.return_s), options.error, rate);
        let values = new.iter().filter(|point| !old.contains(point)).map(|point| point.value);
        let range = [values.clone().fold(f64::MAX, f64::min), values.fold(f64::MIN, f64::max)];
        let (strip, local) = (song.id(at).to_owned(), options.control.split_once('/').map_or("", |(_, local)| local));
        let edit = Edit::SetAutomation { strip, target: local.into(), points: new.clone() };
        World::change(path, &mut document, &edit)?;
        Ok(RecordReport {
            song: path.into(),
            lane: options.control.clone(),
            moves: read.len(),
            points: [before, new.len()],
            written_s,
            range,
            unit: spec.unit.symbol(),
            warnings,
        })
    }
}

/// The control of that address, if it can be moved.
pub(crate) fn control(song: &Song, address: &str) -> Result<(StripAt, Target), Failure> {
    let Some((at, target)) = song.target(address) else {
        let ids: Vec<String> =
            song.strips().map(|at| song.id(at).to_owned()).chain(song.vcas.iter().map(|v| v.id.clone())).collect();
        let strip = address.split('/').next().unwrap_or_default();
        let help = if ids.iter().any(|id| id == strip) {
            format!("name one of its controls: `{strip}/fader_db`, `{strip}/pan`, or a parameter of an insert")
        } else {
            let near = nearest(strip, ids.iter().map(String::as_str));
            near.map_or("name a strip and its control: `vocal/fader_db`".into(), |near| {
                format!("did you mean `{near}`?")
            })
        };
        return Err(Failure::Usage(format!("there is no control `{address}`; {help}")));
    };
    let spec = song.strip(at).target_spec(target);
    if spec.automatable == Automatable::Fixed {
        return Err(Failure::Usage(format!("`{address}` is fixed while it sounds; set it in the document")));
    }
    Ok((at, target))
}

fn leader(song: &Song, of: tonmeister_session::model::KeySource) -> &str {
    use tonmeister_session::model::KeySource;
    match of {
        KeySource::Track(track) => &song.tracks[track].id,
        KeySource::Bus(bus) => &song.buses[bus].id,
    }
}

/// From where to where the song plays.
fn span(song: &Song, moves: &[Move], options: &RecordOptions) -> Result<(f64, f64), Failure> {
    let (Some(first), Some(last)) = (moves.first(), moves.last()) else {
        return Err(Failure::Usage(format!("{} holds no moves; there is nothing to record", options.name.display())));
    };
    let place = |spot: &Option<Spot>, ends| spot.as_ref().map(|spot| spot.seconds(song, ends)).transpose();
    let from_s = place(&options.from, false)?.unwrap_or(first.time_s);
    let to_s = place(&options.to, true)?.unwrap_or(last.time_s);
    if to_s <= from_s {
        let message = format!("nothing lies between {from_s:.3} s and {to_s:.3} s; say with --to where the song stops");
        return Err(Failure::Usage(message));
    }
    if let Some(outside) = moves.iter().find(|made| !(from_s..=to_s).contains(&made.time_s)) {
        let message = format!(
            "a move at {} s lies outside of what is recorded, {from_s:.3} s to {to_s:.3} s; take it out, or record more",
            outside.time_s
        );
        return Err(Failure::Usage(message));
    }
    Ok((from_s, to_s))
}

/// From where to where a lane is another than it was.
fn written(old: &[Point], new: &[Point]) -> Option<[f64; 2]> {
    let mut changed = new.iter().filter(|point| !old.contains(point)).map(|point| point.time_s);
    let first = changed.next()?;
    Some([first, changed.next_back().unwrap_or(first)])
}

fn nothing(mode: Mode) -> Failure {
    let message = if mode == Mode::Write {
        "the moves leave the lane as it is; nothing was written"
    } else {
        "nothing was written: no move lays a hand on the control and moves it; write `touch` behind the first value \
         (`12.0, -3.0, touch`), or use --mode write"
    };
    Failure::Usage(message.into())
}

/// The lane thinned where something was written, its new points as a person reads them.
fn drawn(
    old: &[Point],
    new: Vec<Point>,
    spec: &ParamSpec,
    (from_s, to_s): (f64, f64),
    error: f64,
    rate: u32,
) -> Vec<Point> {
    let mut new = new;
    if error > 0.0 && spec.automatable == Automatable::Smooth {
        new = reshape(&new, spec, from_s, to_s, Reshape::Thin { max_error: error }, 1.0 / f64::from(rate));
    }
    let fine = if spec.unit == Unit::Db { 1e3 } else { 1e6 };
    for point in new.iter_mut().filter(|point| !old.contains(point)) {
        let value = (point.value * fine).round() / fine;
        // Rounding must not leave the range.
        if spec.check(value).is_ok() {
            point.value = value;
        }
        if point.written.is_none() {
            point.time_s = (point.time_s * 1e6).round() / 1e6;
        }
    }
    new.dedup_by(|later, earlier| later.time_s <= earlier.time_s);
    new
}
