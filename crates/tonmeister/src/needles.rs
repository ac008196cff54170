//! The needles of *measure*: what the meters of desks and studios would have shown of a file.

use std::path::{Path, PathBuf};

use serde::Serialize;
use tonmeister_measure::ballistics;

use crate::failure::Failure;
use crate::measure::open_for_measuring;
use crate::progress::Progress;
use crate::world::World;

/// How often needles are looked at, in seconds: none falls by more than 0.012 dB in that time.
const LOOK_S: f64 = 0.001;

/// What each needle reached on a file.
#[derive(Clone, Debug, Serialize)]
pub struct Needles {
    /// The file.
    pub path: PathBuf,
    /// Each meter.
    pub meters: Vec<Needle>,
}

/// What one meter's needles reached.
#[derive(Clone, Debug, Serialize)]
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
#[derive(Clone, Copy, Debug, Default, Serialize)]
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
        progress: &mut dyn Progress,
    ) -> Result<Vec<Result<Needles, Failure>>, Failure> {
        self.each_file(paths, "Watching needles", progress, |path, progress| self.needles(path, progress))
    }

    /// What the needles of every standard meter reach on a mono or stereo file, to 0.012 dB, and for how long they stand in the red.
    /// Every needle begins at rest.
    pub fn needles(&self, path: &Path, progress: &mut dyn Progress) -> Result<Needles, Failure> {
        let mut opened = open_for_measuring(path)?;
        let (rate, layout) = (opened.info.sample_rate, opened.info.layout);
        let mut meters = ballistics::needles(rate, layout);
        let look = ((LOOK_S * f64::from(rate)) as usize).max(1);
        let mut highest = vec![vec![Highest::default(); layout.channels()]; meters.len()];
        let (mut over, mut frame) = (vec![0_usize; meters.len()], 0_u64);
        progress.begin("Watching needles", opened.info.frames);
        let pass = self.each_block(path, &mut *opened.source, |block| {
            let frames = block.frames();
            for from in (0..frames).step_by(look) {
                let to = frames.min(from + look);
                let at_s = (frame + to as u64) as f64 / f64::from(rate);
                for (((_, meter), highest), over) in meters.iter_mut().zip(&mut highest).zip(&mut over) {
                    meter.push(block.view(frames).part(from, to));
                    let mut red = false;
                    for (channel, highest) in highest.iter_mut().enumerate() {
                        let db = meter.read(channel).level_db;
                        if db.is_finite() && highest.db.is_none_or(|most| db > most) {
                            *highest = Highest { db: Some(db), mark: None, at_s };
                        }
                        red |= meter.scale().is_over(db);
                    }
                    *over += if red { to - from } else { 0 };
                }
            }
            frame += frames as u64;
            progress.advance(frames as u64);
        });
        progress.end();
        pass?;
        let told = meters.iter().zip(highest).zip(over).map(|(((id, meter), highest), over)| {
            let scale = meter.scale();
            let numbered = |high: Highest| Highest { mark: high.db.and_then(|db| scale.number(db)), ..high };
            Needle {
                id,
                title: scale.title,
                unit: scale.unit,
                highest: highest.into_iter().map(numbered).collect(),
                over_s: scale.marks.iter().any(|mark| scale.is_over(mark.at_db)).then(|| over as f64 / f64::from(rate)),
            }
        });
        Ok(Needles { path: path.into(), meters: told.collect() })
    }
}
