//! The verb *compare*: two renderings of one music held against each other, and heard blind.
//!
//! Files are read several times over and never held whole: first the place where one lies in the other, then its
//! fraction of a frame and the loudness of what they share, then the difference. [`abx`] prepares and scores a blind
//! test of the two.

pub mod abx;
mod pair;

use std::path::{Path, PathBuf};

use serde::Serialize;
use tonmeister_core::Layout;
use tonmeister_measure::align::{AlignOptions, Aligner, Polarity};
pub use tonmeister_measure::compare::BandDifference;
use tonmeister_measure::compare::{Comparer, Difference, Fine, Movement, Outline, movement};
use tonmeister_measure::loudness::{Loudness, LoudnessMeter, Options, Peaks};

use crate::failure::{Failure, Finding};
use crate::output::{Depth, Output, Written, format_of, refuse_to_replace};
use crate::progress::Progress;
use crate::world::World;
use pair::{Pair, Place, Shape};

/// Below this agreement of their outlines, or of their phases, two files do not hold one music.
const RELATED: f64 = 0.25;
/// Delays are taken anew for each stretch of so many seconds, to see whether they drift: short enough that a drift of
/// 50 millionths is a few frames within one.
const STRETCH_S: f64 = 3.0;
/// A stretch so short lies in one place even where clocks disagree.
const SHORT_S: f64 = 10.0;
/// Less than this between the first and the last stretch is too little to speak of drift.
const DRIFT_SEEN_S: f64 = 15.0;
/// How sure a delay must be to speak of drift.
const SURE: f64 = 0.3;
/// Less than this of a frame is no delay, nor is what may have come about by chance (so many standard deviations): files
/// that are alike to the frame are then compared bit for bit.
const NO_FRACTION: f64 = 1e-3;
const BY_CHANCE: f64 = 4.0;

/// How the second is brought to the level of the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LevelMatch {
    /// To the same integrated loudness over what both share.
    #[default]
    Loudness,
    /// To the gain at which least is left of the difference.
    Null,
    /// Not at all.
    Off,
}

/// How to compare.
#[derive(Clone, Debug)]
pub struct CompareOptions {
    /// How levels are matched.
    pub level: LevelMatch,
    /// Find out how far the two lie apart; otherwise they are taken to start together.
    pub align: bool,
    /// Where to write the difference: first − second.
    pub residual: Option<PathBuf>,
    /// How its samples are stored.
    pub depth: Depth,
}

impl Default for CompareOptions {
    /// Aligned, at equal loudness, no residual written.
    fn default() -> Self {
        CompareOptions { level: LevelMatch::default(), align: true, residual: None, depth: Depth::Float32 }
    }
}

/// How two files differ.
#[derive(Clone, Debug, Serialize)]
pub struct CompareReport {
    /// The first file, as far as both go.
    pub first: Compared,
    /// The second.
    pub second: Compared,
    /// How the second lies to the first; `None` when they do not hold one music (or it was not asked for), and then
    /// both were taken from their beginnings and the null means little.
    pub alignment: Option<Alignment>,
    /// The gain the second was given for the comparison.
    pub gain_db: f64,
    /// What that gain makes equal.
    pub level: LevelMatch,
    /// What is different, in total and per band.
    pub difference: Difference,
    /// How their loudness moves against each other.
    pub movement: Option<Movement>,
    /// The difference as a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub residual: Option<Written>,
    /// What was odd about the files.
    pub warnings: Vec<Finding>,
}

/// One of the two files.
#[derive(Clone, Debug, Serialize)]
pub struct Compared {
    /// The file.
    pub path: PathBuf,
    /// Its own sample rate.
    pub sample_rate_hz: u32,
    /// Loudness and peaks over the stretch that both share, before any gain.
    pub loudness: Loudness,
}

/// How the second file lies to the first.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Alignment {
    /// How many frames (of the first's rate) later.
    pub delay_frames: f64,
    /// The same as time.
    pub delay_s: f64,
    /// Whether it is turned. A turned file is turned back for the comparison.
    pub turned: bool,
    /// How much of its power follows the first in phase and level, 0 to 1.
    pub coherence: f64,
    /// How much faster (positive: slower) the second runs, in millionths, where that can be told. It is not mended.
    pub drift_ppm: Option<f64>,
}

impl World {
    /// Compares two audio files. A residual appears whole or not at all.
    pub fn compare(
        &self,
        first: &Path,
        second: &Path,
        options: &CompareOptions,
        progress: &mut dyn Progress,
    ) -> Result<CompareReport, Failure> {
        if let Some(path) = &options.residual {
            format_of(path, options.depth)?;
            refuse_to_replace(path, &[first, second])?;
        }
        let (shape, mut warnings) = Shape::of(first, second)?;
        let mut place = Place::default();
        let mut alignment = None;
        progress.begin("Comparing", 3 * shape.frames());
        if options.align {
            alignment = self.place(&shape, progress)?;
            match alignment {
                Some(found) => place = Place::at(&found),
                None => warnings.push(Finding::note(
                    second,
                    "unrelated",
                    "does not hold the same music, as far as can be heard: levels, tone, dynamics and width are \
                     compared from the beginnings, but nothing cancels",
                )),
            }
        } else {
            progress.advance(2 * shape.frames());
        }
        let levels = self.levels(&shape, place)?;
        let [first_lufs, second_lufs] = levels.each_ref().map(|(loudness, _)| loudness.integrated_lufs);
        place.gain_db = match (options.level, first_lufs, second_lufs) {
            (LevelMatch::Off, ..) => 0.0,
            (_, Some(first), Some(second)) => first - second,
            (_, None, _) => return Err(silent(first)),
            (_, _, None) => return Err(silent(second)),
        };
        if options.level == LevelMatch::Null {
            let difference = self.difference(&shape, place, None, &mut crate::Silent)?.0;
            place.gain_db += difference.deepest_gain_db.unwrap_or(0.0);
        }
        let mut output = match &options.residual {
            Some(path) => Some(Output::create(self, path, options.depth, (shape.rate, shape.layout))?),
            None => None,
        };
        let (difference, silenced) = self.difference(&shape, place, output.as_mut(), progress)?;
        progress.end();
        warnings.extend(silenced);
        if let Some(ppm) = alignment.and_then(|a| a.drift_ppm) {
            let message = format!(
                "runs {:.1} millionths {} than the first: the two were converted by different clocks, and the \
                 difference holds that",
                ppm.abs(),
                if ppm > 0.0 { "slower" } else { "faster" }
            );
            warnings.push(Finding::warning(second, "drift", message));
        }
        let movement = movement(&levels[0].1, &levels[1].1);
        let [(first_loudness, _), (second_loudness, _)] = levels;
        Ok(CompareReport {
            first: Compared { path: first.into(), sample_rate_hz: shape.rates[0], loudness: first_loudness },
            second: Compared { path: second.into(), sample_rate_hz: shape.rates[1], loudness: second_loudness },
            alignment,
            gain_db: place.gain_db,
            level: options.level,
            difference,
            movement,
            residual: output.map(|output| output.end().keep()).transpose()?,
            warnings,
        })
    }

    /// Where the second lies to the first, if they hold one music.
    fn place(&self, shape: &Shape, progress: &mut dyn Progress) -> Result<Option<Alignment>, Failure> {
        let rate = shape.rate;
        let mut outlines = [Outline::new(rate), Outline::new(rate)];
        for (side, outline) in outlines.iter_mut().enumerate() {
            let mut reader = shape.reader(side)?;
            while let Some(view) = reader.next()? {
                self.go_on()?;
                outline.push(view);
                if outline.is_full() {
                    break;
                }
            }
        }
        progress.advance(shape.frames());
        let [first, second] = &outlines;
        let found = first.find(second).filter(|offset| offset.agreement >= RELATED).map(|offset| offset.seconds);
        let found = found.or_else(|| {
            // Two that drift apart agree nowhere as wholes; a stretch from the middle lies where it lies.
            let (stretch, from_s) = second.stretch(0.5 * (second.seconds() - SHORT_S), SHORT_S);
            let offset = first.find(&stretch).filter(|offset| offset.agreement >= RELATED)?;
            Some(offset.seconds + from_s)
        });
        let Some(seconds) = found else {
            progress.advance(shape.frames());
            return Ok(None);
        };
        let coarse = (seconds * f64::from(rate)).round() as i64;
        let (delays, turned) = self.delays(shape, coarse)?;
        let first = delays.first().map_or(0.0, |(_, delay)| *delay);
        let whole = (coarse as f64 + first).round();
        let mut place = Place::whole(whole as i64);
        let drift_ppm = drift(&delays, rate);
        // Of two that drift only the beginning lies together.
        let mut left = if drift_ppm.is_some() { (STRETCH_S * f64::from(rate)) as u64 } else { u64::MAX };
        let mut fine = Fine::new(shape.layout);
        let mut pair = Pair::open(shape, place)?;
        while let Some((a, b)) = pair.next()? {
            self.go_on()?;
            fine.push(a, b);
            left = left.saturating_sub(a.frames() as u64);
            if left == 0 {
                break;
            }
        }
        progress.advance(shape.frames());
        let Some(rest) = fine.finish(coarse as f64 + first - whole).filter(|rest| rest.coherence >= RELATED) else {
            return Ok(None);
        };
        let nothing = NO_FRACTION.max(BY_CHANCE * rest.uncertainty_frames);
        let fraction = if rest.delay_frames.abs() < nothing { 0.0 } else { rest.delay_frames };
        place.later += fraction.round() as i64;
        let delay_frames = place.later as f64 + fraction - fraction.round();
        Ok(Some(Alignment {
            delay_frames,
            delay_s: delay_frames / f64::from(rate),
            turned,
            coherence: rest.coherence,
            drift_ppm,
        }))
    }

    /// The delay of each stretch, on top of `coarse` frames, with the frame in its middle; and whether the second is
    /// turned.
    fn delays(&self, shape: &Shape, coarse: i64) -> Result<(Vec<(f64, f64)>, bool), Failure> {
        let options = AlignOptions { reach_s: 0.02, ..AlignOptions::default() };
        let stretch = (STRETCH_S * f64::from(shape.rate)) as u64;
        let mut pair = Pair::open(shape, Place::whole(coarse))?;
        let (mut delays, mut turns) = (Vec::new(), 0_i64);
        let (mut at, mut aligner, mut heard) = (0, Aligner::new(shape.rate, options), 0);
        let (mut left, mut right) = (Vec::new(), Vec::new());
        loop {
            self.go_on()?;
            let next = pair.next()?;
            let ended = next.is_none();
            if let Some((a, b)) = next {
                for (sum, view) in [(&mut left, a), (&mut right, b)] {
                    sum.clear();
                    sum.extend_from_slice(view.channel(0));
                    if view.layout() == Layout::Stereo {
                        sum.iter_mut().zip(view.channel(1)).for_each(|(x, y)| *x += *y);
                    }
                }
                aligner.feed(&left, &right);
                heard += left.len() as u64;
            }
            if heard >= stretch || (ended && (heard >= stretch / 4 || delays.is_empty()) && heard > 0) {
                let found = std::mem::replace(&mut aligner, Aligner::new(shape.rate, options)).finish();
                if found.confidence >= SURE || delays.is_empty() {
                    delays.push((at as f64 + heard as f64 / 2.0, found.delay_frames));
                    turns += if found.polarity == Polarity::Turned { 1 } else { -1 };
                }
                at += heard;
                heard = 0;
            }
            if ended {
                return Ok((delays, turns > 0));
            }
        }
    }

    /// Loudness and its history, of the stretch that both share.
    fn levels(&self, shape: &Shape, place: Place) -> Result<[Levels; 2], Failure> {
        let options = Options { peaks: Peaks::TrueAndPsr, ..Options::default() };
        let meter = |path: &Path| {
            LoudnessMeter::with_options(shape.rate, shape.layout, options).map_err(|e| Failure::input(path, e))
        };
        let (mut first, mut second) = (meter(shape.paths[0])?, meter(shape.paths[1])?);
        let mut pair = Pair::open(shape, Place::whole(place.later))?;
        while let Some((a, b)) = pair.next()? {
            self.go_on()?;
            first.push(a);
            second.push(b);
        }
        Ok([first.finish_with_history(), second.finish_with_history()])
    }

    /// What is left of the first without the second, and what is said of samples that are no numbers.
    fn difference(
        &self,
        shape: &Shape,
        place: Place,
        mut residual: Option<&mut Output>,
        progress: &mut dyn Progress,
    ) -> Result<(Difference, Vec<Finding>), Failure> {
        let mut comparer = Comparer::new(shape.rate, shape.layout);
        let mut pair = Pair::open(shape, place)?;
        while let Some((a, b)) = pair.next()? {
            self.go_on()?;
            progress.advance(a.frames() as u64);
            let mut written = Ok(());
            comparer.push(a, b, |left| {
                if let Some(output) = &mut residual {
                    written = output.write(left);
                }
            });
            written?;
        }
        Ok((comparer.finish(), pair.silenced().collect()))
    }
}

/// A programme's loudness and how it went.
type Levels = (Loudness, tonmeister_measure::loudness::History);

fn silent(path: &Path) -> Failure {
    Failure::input(
        path,
        "has no loudness where the two are compared (it is silent there, or shorter than 0.4 s), so levels cannot be \
         matched by it; compare them as they are (--level off)",
    )
}

/// A straight line through the delays, in millionths; `None` where there are too few, or the line explains less than
/// half a frame.
fn drift(delays: &[(f64, f64)], rate: u32) -> Option<f64> {
    let (first, last) = (delays.first()?, delays.last()?);
    if delays.len() < 3 || last.0 - first.0 < f64::from(rate) * DRIFT_SEEN_S {
        return None;
    }
    let count = delays.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| delays.iter().map(of).sum::<f64>() / count;
    let (at, delay) = (mean(|d| d.0), mean(|d| d.1));
    let slope = delays.iter().map(|d| (d.0 - at) * (d.1 - delay)).sum::<f64>()
        / delays.iter().map(|d| (d.0 - at).powi(2)).sum::<f64>();
    // The line has to explain what the delays do: scattered ones are no drift.
    let strays = (delays.iter().map(|d| (d.1 - delay - slope * (d.0 - at)).powi(2)).sum::<f64>() / count).sqrt();
    let travel = (slope * (last.0 - first.0)).abs();
    (travel > 0.5 && travel > 4.0 * strays).then_some(slope * 1e6)
}
