//! A stretch of a song, and the places between which it lies.

use std::convert::Infallible;
use std::str::FromStr;

use serde::Serialize;
use tonmeister_core::diagnostic::nearest;
use tonmeister_core::{Frames, Memory};
use tonmeister_engine::{Plan, Span};
use tonmeister_session::model::{BarBeat, Song};

use crate::failure::Failure;

/// Renders begin on multiples of this many frames, where every effect begins a block of its own: none of them works on
/// longer ones.
const GRID: u64 = 65_536;
/// The longest pre-roll, in seconds.
const MOST_PRE_ROLL_S: f64 = 3600.0;
/// Behind this no song goes on, in seconds.
const MOST_S: f64 = 1e6;

/// A place of a song, as a person names it.
///
/// ```
/// use tonmeister::mix::Spot;
///
/// assert_eq!("83.5".parse(), Ok(Spot::Seconds(83.5)));
/// assert_eq!("1:23.5".parse(), Ok(Spot::Seconds(83.5)));
/// assert_eq!("chorus".parse(), Ok(Spot::Named("chorus".into())));
/// assert!(matches!("17|1".parse(), Ok(Spot::Bar(_))));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Spot {
    /// Seconds from the song's start.
    Seconds(f64),
    /// A bar and beat.
    Bar(BarBeat),
    /// A marker, or the beginning or end of a range, by its id.
    Named(String),
}

impl FromStr for Spot {
    type Err = Infallible;

    /// Whatever is neither a number nor a bar and beat is a name: only the song knows whether it has it.
    fn from_str(text: &str) -> Result<Self, Infallible> {
        let clock = || {
            let (minutes, seconds) = text.split_once(':')?;
            let plain = |digits: &str| digits.bytes().all(|b| b.is_ascii_digit() || b == b'.');
            let (minutes, seconds) =
                (minutes.parse::<u32>().ok()?, seconds.parse::<f64>().ok().filter(|_| plain(seconds))?);
            (seconds < 60.0).then_some(60.0 * f64::from(minutes) + seconds)
        };
        let seconds = || text.parse::<f64>().ok().filter(|seconds| seconds.is_finite());
        Ok(match (seconds().or_else(clock), text.parse()) {
            (Some(seconds), _) => Spot::Seconds(seconds),
            (None, Ok(bar)) => Spot::Bar(bar),
            _ => Spot::Named(text.to_owned()),
        })
    }
}

impl Spot {
    /// Its time in a song, in seconds. Of a range, its end where `ends`.
    pub fn seconds(&self, song: &Song, ends: bool) -> Result<f64, Failure> {
        let usage = |message: String| Failure::Usage(message);
        match self {
            Spot::Seconds(seconds) if (0.0..=MOST_S).contains(seconds) => Ok(*seconds),
            Spot::Seconds(seconds) => Err(usage(format!("{seconds} s is no place in a song; it is from 0 s on"))),
            Spot::Bar(bar) => song.tempo_map().seconds_of(*bar).map_err(usage),
            Spot::Named(name) => {
                let marker = song.markers.iter().find(|marker| marker.id == *name).map(|marker| marker.at_s);
                let range = song.ranges.iter().find(|range| range.id == *name);
                let range = range.map(|range| if ends { range.to_s } else { range.from_s });
                marker.or(range).ok_or_else(|| {
                    let markers = song.markers.iter().map(|marker| marker.id.as_str());
                    let near = nearest(name, markers.chain(song.ranges.iter().map(|range| range.id.as_str())));
                    let help = near.map_or_else(
                        || "name seconds (83.5), a bar and beat (17|1), a marker or a range".to_owned(),
                        |near| format!("did you mean `{near}`?"),
                    );
                    usage(format!("the song has no marker and no range `{name}`; {help}"))
                })
            }
        }
    }
}

/// A stretch of a song.
#[derive(Clone, Debug, PartialEq)]
pub struct Stretch {
    /// Where it begins; the song's start when nothing is said.
    pub from: Option<Spot>,
    /// Where it ends; the song's end, its tail included, when nothing is said.
    pub to: Option<Spot>,
    /// How long before that the song plays unheard, in seconds, 0 to 3600, and up to 65 535 frames longer, so that every
    /// effect begins on its own grid, and as much longer as automation looks back that follows levels. When nothing is said,
    /// as long as the song [remembers](tonmeister_engine::Plan::memory), from its start where something in it never
    /// forgets: then the stretch has the very samples of the whole mix.
    pub pre_roll_s: Option<f64>,
}

/// A stretch in frames.
pub(super) struct Cut {
    pub(super) span: Span,
    pub(super) unheard: Option<Unheard>,
}

/// What plays before a stretch and is not heard.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Unheard {
    /// Where it begins, in seconds of the song.
    pub from_s: f64,
    /// Whether that is so far back that the stretch has the very samples that the whole mix has there.
    pub exact: bool,
}

impl Stretch {
    /// The frames of the plan's first output that it is.
    pub(super) fn in_song(&self, song: &Song, plan: &Plan) -> Result<Cut, Failure> {
        let (rate, output) = (song.sample_rate_hz, &plan.outputs[0]);
        let place = |spot: &Option<Spot>, ends: bool| -> Result<Option<f64>, Failure> {
            spot.as_ref().map(|spot| spot.seconds(song, ends)).transpose()
        };
        if let Some(pre_roll_s) = self.pre_roll_s.filter(|seconds| !(0.0..=MOST_PRE_ROLL_S).contains(seconds)) {
            let what = format!("a pre-roll is 0 to {MOST_PRE_ROLL_S} s long, not {pre_roll_s} s");
            return Err(Failure::Usage(what));
        }
        let (from_s, to_s) = (place(&self.from, false)?.unwrap_or(0.0), place(&self.to, true)?);
        let end = output.frames + output.tail;
        let from = Frames::from_seconds(from_s, rate).0;
        let to = to_s.map_or(end, |to| Frames::from_seconds(to, rate).0);
        if to <= from {
            let to_s = to as f64 / f64::from(rate);
            return Err(Failure::Usage(format!(
                "nothing lies between {from_s:.3} s and {to_s:.3} s; a stretch ends behind its beginning"
            )));
        }
        // What the whole would not have, the stretch has not either.
        let to = to.min(end);
        if from >= to {
            let end_s = end as f64 / f64::from(rate);
            return Err(Failure::Usage(format!("the song is over at {end_s:.3} s, before {from_s:.3} s")));
        }
        let remembered = match plan.memory() {
            Memory::Frames(frames) => frames,
            Memory::Endless => u64::MAX,
        };
        let asked =
            self.pre_roll_s.map(|seconds| Frames::from_seconds(seconds, rate).0.saturating_add(plan.looks_back()));
        let start = from.saturating_sub(asked.unwrap_or(remembered)) / GRID * GRID;
        let exact = start <= from.saturating_sub(remembered);
        let unheard = (start < from).then(|| Unheard { from_s: start as f64 / f64::from(rate), exact });
        Ok(Cut { span: Span { from, to, pre_roll: from - start }, unheard })
    }
}
