//! The needles of *measure*: what the meters of desks and studios would have shown of a file.

use std::path::{Path, PathBuf};

use serde::Serialize;
use tonmeister_core::{Layout, View};
use tonmeister_measure::ballistics::{self, Fall, Meter, Scale};
use tonmeister_media as media;

use crate::failure::{Failure, Finding};
use crate::measure::{MeasureOptions, names, speakers};
use crate::progress::Progress;
use crate::world::World;

/// How often needles are looked at, in seconds: none falls by more than 0.012 dB in that time.
const LOOK_S: f64 = 0.001;

/// What each needle reached on a file.
#[derive(Clone, Debug, Serialize)]
pub struct Needles {
    /// The file.
    pub path: PathBuf,
    /// The name of each channel: "left", "right", "mono"; "L", "R", "C", "LFE", "Ls", … where there are more than two.
    pub channel_names: Vec<String>,
    /// Each meter.
    pub meters: Vec<Needle>,
}

/// What one meter's needles reached.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Needle {
    /// Its name for programs: `rms`, `vu`, `ppm-din`, `ppm-nordic`, `ppm-bbc`, `ppm-ebu`, `k-20`, `k-14`, `k-12`.
    pub id: &'static str,
    /// Its name.
    pub title: &'static str,
    /// The unit of its readings.
    pub unit: &'static str,
    /// Each channel; the highest reading of each.
    pub highest: Vec<Highest>,
    /// How long a needle of it stood where a programme should not be, in seconds; `None` where the scale has no such stretch.
    pub over_s: Option<f64>,
}

/// Where a needle stood highest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Highest {
    /// The reading in decibels of the meter's own scale; `None` for silence.
    pub db: Option<f64>,
    /// The number of the mark there, where marks are numbered (the British meter's 1 to 7).
    pub mark: Option<f64>,
    /// When, in seconds.
    pub at_s: f64,
}

impl World {
    /// What the needles show of files, as many at a time as there are cores; what came of each stands in the order given. Fails as
    /// a whole only where it was stopped.
    pub fn all_needles(
        &self,
        paths: &[PathBuf],
        options: &MeasureOptions,
        progress: &mut dyn Progress,
    ) -> Result<Vec<Result<Needles, Failure>>, Failure> {
        self.each_file(paths, "Watching needles", progress, |path, progress| self.needles(path, options, progress))
    }

    /// What the needles of every standard meter reach on a file of any number of channels, to 0.012 dB, and for how long they stand in
    /// the red. Every needle begins at rest, and each channel has its own.
    pub fn needles(
        &self,
        path: &Path,
        options: &MeasureOptions,
        progress: &mut dyn Progress,
    ) -> Result<Needles, Failure> {
        let read = media::OpenOptions { non_finite: media::NonFinite::Silence };
        let mut opened = media::open_wide(path, read).map_err(|e| Failure::input(path, e))?;
        // What is odd about the file is told with its loudness.
        let mut told: Vec<Finding> = Vec::new();
        let speakers = speakers(path, options, &opened.info.layout, &mut told)?;
        let rate = opened.info.sample_rate;
        let names_of_all: Vec<&str> = ballistics::needles(rate, Layout::Mono).iter().map(|(id, _)| *id).collect();
        let mut board = Board::new(rate, speakers.len(), &names_of_all);
        progress.begin("Watching needles", opened.info.frames);
        let pass = self.each_stretch(path, &mut *opened.lanes, speakers.len(), |channels| {
            board.push(channels);
            progress.advance(channels.first().map_or(0, |c| c.len()) as u64);
        });
        progress.end();
        pass?;
        Ok(Needles { path: path.into(), channel_names: names(&speakers), meters: board.told() })
    }
}

/// Meters side by side that hear the same: where their needles stand, and what they have reached. Needles are looked at every
/// millisecond of the sound, however it is cut into blocks.
pub(crate) struct Board {
    rate: u32,
    look: usize,
    /// Frames since the last look, and all of them.
    since: usize,
    frame: u64,
    /// Each kind of meter.
    kinds: Vec<Kind>,
}

/// One kind of meter, once for each channel.
struct Kind {
    id: &'static str,
    scale: &'static Scale,
    needles: Vec<Watched>,
    over: u64,
}

/// One channel's meter.
struct Watched {
    meter: Box<dyn Meter + Send>,
    highest: Highest,
    /// Where it stood when it was looked at last.
    level_db: f64,
    /// What it stood at highest of late, and how many looks that stays.
    held_db: f64,
    left: u64,
}

/// Where a needle stands, for a display.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stand {
    /// The needle, in decibels of its scale; −∞ in silence.
    pub level_db: f64,
    /// The highest of the last 1.5 s, falling like a peak meter behind that.
    pub held_db: f64,
    /// The highest of all; −∞ in silence.
    pub highest_db: f64,
}

impl Board {
    /// Meters at rest: those of [`ballistics::needles`] by name, and `peak` and `true-peak`. Names that are none are left out.
    pub(crate) fn new(rate: u32, channels: usize, ids: &[&str]) -> Board {
        let all = |layout| {
            let peak: Box<dyn Meter + Send> = Box::new(ballistics::PeakMeter::new(rate, layout));
            let true_peak: Box<dyn Meter + Send> = Box::new(ballistics::TruePeakMeter::new(rate, layout));
            [("peak", peak), ("true-peak", true_peak)].into_iter().chain(ballistics::needles(rate, layout))
        };
        let silent = f64::NEG_INFINITY;
        let mut kinds: Vec<Kind> = Vec::new();
        for _ in 0..channels {
            for (id, meter) in all(Layout::Mono).filter(|(id, _)| ids.contains(id)) {
                let scale = meter.scale();
                let watched =
                    Watched { meter, highest: Highest::default(), level_db: silent, held_db: silent, left: 0 };
                match kinds.iter_mut().find(|kind| kind.id == id) {
                    Some(kind) => kind.needles.push(watched),
                    None => kinds.push(Kind { id, scale, needles: vec![watched], over: 0 }),
                }
            }
        }
        let look = ((LOOK_S * f64::from(rate)) as usize).max(1);
        Board { rate, look, since: 0, frame: 0, kinds }
    }

    /// Hears on: as many slices as there are channels, all of one length.
    pub(crate) fn push(&mut self, channels: &[&[f32]]) {
        let frames = channels.first().map_or(0, |c| c.len());
        let mut from = 0;
        while from < frames {
            let to = frames.min(from + self.look - self.since);
            for watched in self.kinds.iter_mut().map(|kind| &mut kind.needles) {
                for (watched, samples) in watched.iter_mut().zip(channels) {
                    watched.meter.push(View::mono(&samples[from..to]));
                }
            }
            self.since += to - from;
            self.frame += (to - from) as u64;
            if self.since == self.look {
                self.look();
            }
            from = to;
        }
    }

    fn look(&mut self) {
        let at_s = self.frame as f64 / f64::from(self.rate);
        let since = std::mem::take(&mut self.since);
        let fall = Fall::default();
        let hold = (fall.hold_s / LOOK_S) as u64;
        for kind in &mut self.kinds {
            let mut red = false;
            for watched in &mut kind.needles {
                let db = watched.meter.read(0).level_db;
                watched.level_db = db;
                if db.is_finite() && watched.highest.db.is_none_or(|most| db > most) {
                    watched.highest = Highest { db: Some(db), mark: None, at_s };
                }
                red |= kind.scale.is_over(db);
                if db >= watched.held_db {
                    (watched.held_db, watched.left) = (db, hold);
                } else if watched.left > 0 {
                    watched.left -= 1;
                } else {
                    watched.held_db = db.max(watched.held_db - fall.db_per_s * LOOK_S);
                }
            }
            kind.over += if red { since as u64 } else { 0 };
        }
    }

    /// Where the needles of a kind of meter stand, each channel's, and what is printed behind them.
    pub(crate) fn stands(&self, id: &str) -> Option<(&'static Scale, Vec<Stand>)> {
        let kind = self.kinds.iter().find(|kind| kind.id == id)?;
        let stand = |watched: &Watched| Stand {
            level_db: watched.level_db,
            held_db: watched.held_db,
            highest_db: watched.highest.db.unwrap_or(f64::NEG_INFINITY),
        };
        Some((kind.scale, kind.needles.iter().map(stand).collect()))
    }

    /// What they have reached.
    pub(crate) fn told(mut self) -> Vec<Needle> {
        if self.since > 0 {
            self.look();
        }
        let rate = f64::from(self.rate);
        let told = self.kinds.into_iter().map(|kind| {
            let numbered = |high: Highest| Highest { mark: high.db.and_then(|db| kind.scale.number(db)), ..high };
            let red = kind.scale.marks.iter().any(|mark| kind.scale.is_over(mark.at_db));
            Needle {
                id: kind.id,
                title: kind.scale.title,
                unit: kind.scale.unit,
                highest: kind.needles.into_iter().map(|watched| numbered(watched.highest)).collect(),
                over_s: red.then(|| kind.over as f64 / rate),
            }
        });
        told.collect()
    }
}
