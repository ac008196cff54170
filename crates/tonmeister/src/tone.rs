//! The tone of a file and how it lies in space: the closer look of *measure*.

use std::path::{Path, PathBuf};

use serde::Serialize;
use tonmeister_core::Layout;
use tonmeister_measure::portrait::{Portrait, PortraitMeter};
use tonmeister_measure::space::{Against, BandSpace, Space};
pub use tonmeister_measure::spectrum::Corridor;
use tonmeister_measure::spectrum::{Band, BandLevels, BandMeter, Curve, Fit, Smoothing};

use crate::failure::Failure;
use crate::measure::open_for_measuring;
use crate::progress::Progress;
use crate::world::World;

/// The tone of a file and how it lies in space, in figures.
#[derive(Clone, Debug, Serialize)]
pub struct Tone {
    /// The file.
    pub path: PathBuf,
    /// Levels in thirds of octaves.
    pub thirds: Vec<BandLevel>,
    /// Levels in octaves.
    pub octaves: Vec<BandLevel>,
    /// The long-term average spectrum, smoothed to a sixth of an octave: density per hertz.
    pub long_term: Curve,
    /// How the tone lies to a corridor; `None` for silence.
    pub fit: Option<Fit>,
    /// How it lies in space; `None` for mono.
    pub space: Option<Placement>,
}

/// The level in a band.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct BandLevel {
    /// The band.
    #[serde(flatten)]
    pub band: Band,
    /// Mean square over the whole length in dB (mean of the channels).
    pub level_db: f64,
}

/// How a stereo file lies in space: a [`Space`] without its pictures.
#[derive(Clone, Debug, Serialize)]
pub struct Placement {
    /// Correlation, −1 to 1.
    pub correlation: Option<f64>,
    /// Right over left in dB.
    pub balance_db: Option<f64>,
    /// Side over middle in dB.
    pub width_db: Option<f64>,
    /// What a mono sum loses in dB.
    pub mono_loss_db: Option<f64>,
    /// Side over middle below 120 Hz in dB.
    pub low_width_db: Option<f64>,
    /// The axis along which the sound extends most: 0° for mono, −45° for left, 45° for right.
    pub axis_degrees: Option<f64>,
    /// Each third of an octave.
    pub bands: Vec<BandSpace>,
    /// Where a band stays turned for two seconds or more.
    pub against: Vec<Against>,
}

impl Placement {
    fn of(space: &Space) -> Self {
        Placement {
            correlation: space.correlation,
            balance_db: space.balance_db,
            width_db: space.width_db,
            mono_loss_db: space.mono_loss_db,
            low_width_db: space.low_width_db,
            axis_degrees: space.goniometer.axis_degrees,
            bands: space.bands.clone(),
            against: space.against.clone(),
        }
    }
}

impl Tone {
    /// What a portrait of a file says of its tone, held against a corridor.
    pub fn of(path: &Path, portrait: &Portrait, corridor: &Corridor) -> Tone {
        Tone {
            path: path.into(),
            thirds: levels(&portrait.bands),
            octaves: levels(&portrait.bands.octaves()),
            long_term: portrait.long_term.both().curve(Smoothing::Sixth, 0.0),
            fit: corridor.fit(&portrait.bands),
            space: portrait.space.as_ref().map(Placement::of),
        }
    }
}

fn levels(levels: &BandLevels) -> Vec<BandLevel> {
    levels.bands.iter().zip(levels.both()).map(|(band, level_db)| BandLevel { band: *band, level_db }).collect()
}

impl World {
    /// The tone of files, as many at a time as there are cores; what came of each stands in the order given. Fails as a
    /// whole only where it was stopped.
    pub fn tones(
        &self,
        paths: &[PathBuf],
        corridor: &Corridor,
        progress: &mut dyn Progress,
    ) -> Result<Vec<Result<Tone, Failure>>, Failure> {
        self.each_file(paths, "Listening", progress, |path, progress| self.tone(path, corridor, progress))
    }

    /// The tone of a mono or stereo file, held against a corridor.
    pub fn tone(&self, path: &Path, corridor: &Corridor, progress: &mut dyn Progress) -> Result<Tone, Failure> {
        let mut opened = open_for_measuring(path)?;
        let (rate, layout): (u32, Layout) = (opened.info.sample_rate, opened.info.layout);
        let mut meter = PortraitMeter::new(rate, layout);
        progress.begin("Listening", opened.info.frames);
        let pass = self.each_block(path, &mut *opened.source, |block| {
            meter.push(block.view(block.frames()));
            progress.advance(block.frames() as u64);
        });
        progress.end();
        pass.map(|()| Tone::of(path, &meter.finish(), corridor))
    }

    /// The corridor of the tone of these files.
    pub fn corridor(&self, references: &[PathBuf], progress: &mut dyn Progress) -> Result<Corridor, Failure> {
        let heard = self.each_file(references, "Listening to references", progress, |path, progress| {
            let mut opened = open_for_measuring(path)?;
            let mut meter = BandMeter::new(opened.info.sample_rate, opened.info.layout);
            progress.begin("Listening to references", opened.info.frames);
            let pass = self.each_block(path, &mut *opened.source, |block| {
                meter.push(block.view(block.frames()));
                progress.advance(block.frames() as u64);
            });
            progress.end();
            pass.map(|()| meter.finish())
        })?;
        let all = heard.into_iter().collect::<Result<Vec<_>, Failure>>()?;
        let first = references.first().map_or_else(PathBuf::new, Clone::clone);
        Corridor::of_references("references", &all).ok_or_else(|| Failure::input(&first, "the references are silent"))
    }
}
