//! The verb *measure*: what a finished file is, in numbers.

use std::path::{Path, PathBuf};

use serde::Serialize;
use tonmeister_core::Speaker;
use tonmeister_measure::loudness::{Album, Blocks, History, Loudness, LoudnessMeter, Peaks, Role};
use tonmeister_media as media;

use crate::failure::{Failure, Finding};
use crate::progress::Progress;
use crate::sound::Sound;
use crate::world::World;

/// How a file is to be measured.
#[derive(Clone, Debug, Default)]
pub struct MeasureOptions {
    /// Where the loudspeaker of each channel stands, if the file is not to be believed.
    pub speakers: Option<Vec<Speaker>>,
}

/// What was measured of one file.
#[derive(Clone, Debug, Serialize)]
pub struct MeasureReport {
    /// The file.
    pub path: PathBuf,
    /// What kind of file it is ("WAV, 24-bit").
    pub format: String,
    /// Channels.
    pub channels: usize,
    /// The name of each channel: "left", "right", "mono"; "L", "R", "C", "LFE", "Ls", … where there are more than two.
    pub channel_names: Vec<String>,
    /// Length in seconds.
    pub seconds: f64,
    /// Loudness, peaks and dynamics.
    pub loudness: Loudness,
    /// Loudness and peaks over time: [`MeasureReport::history`] makes it readable.
    #[serde(skip)]
    pub course: Blocks,
    /// What was odd about the file.
    pub warnings: Vec<Finding>,
}

impl MeasureReport {
    /// Of a file of one or two channels that was read to its end.
    pub(crate) fn of(path: &Path, opened: &Sound, loudness: Loudness, course: Blocks) -> Self {
        let mut warnings: Vec<Finding> = opened.warnings.iter().map(|d| Finding::new(path, "", d)).collect();
        warnings.extend(silenced(path, opened.silenced.get()));
        let channels = opened.info.layout.channels();
        let names: &[&str] = if channels == 2 { &["left", "right"] } else { &["mono"] };
        MeasureReport {
            path: path.into(),
            format: opened.format.clone(),
            channels,
            channel_names: names.iter().map(|name| (*name).to_string()).collect(),
            seconds: opened.info.frames as f64 / f64::from(opened.info.sample_rate),
            loudness,
            course,
            warnings,
        }
    }

    /// Loudness, true peaks and peak-to-loudness ratio every 100 ms.
    pub fn history(&self) -> History {
        self.course.history()
    }
}

/// Several files that were measured, as one programme.
pub fn album(files: &[MeasureReport]) -> Album {
    Album::of(&files.iter().map(|file| (&file.loudness, &file.course)).collect::<Vec<_>>())
}

impl World {
    /// Measures files, as many at a time as there are cores. What came of each stands in the order given; one that cannot
    /// be read does not keep the others from being measured. Fails as a whole only where it was stopped.
    pub fn measure_all(
        &self,
        paths: &[PathBuf],
        options: &MeasureOptions,
        progress: &mut dyn Progress,
    ) -> Result<Vec<Result<MeasureReport, Failure>>, Failure> {
        self.each_file(paths, "Measuring", progress, |path, progress| self.measure(path, options, progress))
    }

    /// Measures one file of any number of channels. NaNs and infinities are counted, warned of, and heard as silence.
    pub fn measure(
        &self,
        path: &Path,
        options: &MeasureOptions,
        progress: &mut dyn Progress,
    ) -> Result<MeasureReport, Failure> {
        let read = media::OpenOptions { non_finite: media::NonFinite::Silence };
        let mut opened = media::open_wide(path, read).map_err(|e| Failure::input(path, e))?;
        let mut warnings: Vec<Finding> = opened.warnings.iter().map(|d| Finding::new(path, "", d)).collect();
        let speakers = speakers(path, options, &opened.info.layout, &mut warnings)?;
        let rate = opened.info.sample_rate;
        let mut meter = LoudnessMeter::with_roles(rate, &Role::of_speakers(&speakers), Peaks::TrueAndPsr)
            .map_err(|e| Failure::input(path, e))?;
        progress.begin("Measuring", opened.info.frames);
        let pass = self.each_stretch(path, &mut *opened.lanes, speakers.len(), |channels| {
            meter.push_channels(channels);
            progress.advance(channels.first().map_or(0, |c| c.len()) as u64);
        });
        progress.end();
        pass?;
        warnings.extend(silenced(path, opened.silenced.get()));
        let (loudness, course) = meter.finish_with_blocks();
        Ok(MeasureReport {
            path: path.into(),
            format: describe(&opened.info),
            channels: speakers.len(),
            channel_names: names(&speakers),
            seconds: opened.info.seconds(),
            loudness,
            course,
            warnings,
        })
    }
}

/// Where the channels stand: as was asked, as the file says, or as is customary, which is warned of.
pub(crate) fn speakers(
    path: &Path,
    options: &MeasureOptions,
    found: &media::Speakers,
    warnings: &mut Vec<Finding>,
) -> Result<Vec<Speaker>, Failure> {
    if let Some(asked) = &options.speakers {
        let (asked_for, has) = (asked.len(), found.places.len());
        if asked_for != has {
            let message = format!("has {has} channels, but places were given for {asked_for}");
            return Err(Failure::input(path, message));
        }
        return Ok(asked.clone());
    }
    if !found.stated {
        let places: Vec<String> = found.places.iter().map(ToString::to_string).collect();
        let message = if found.places.contains(&Speaker::Unknown) {
            format!("the file does not say where its {} channels stand; each counts once", places.len())
        } else {
            format!("the file does not say where its channels stand; taken as {}", places.join(", "))
        };
        warnings.push(Finding::warning(path, "channels-unnamed", message));
    }
    Ok(found.places.clone())
}

pub(crate) fn names(speakers: &[Speaker]) -> Vec<String> {
    match speakers {
        [_] => vec!["mono".into()],
        [Speaker::Left, Speaker::Right] => vec!["left".into(), "right".into()],
        many => many.iter().map(ToString::to_string).collect(),
    }
}

/// What is said of samples that are no numbers.
pub(crate) fn silenced(path: &Path, samples: u64) -> Option<Finding> {
    let message = format!("{samples} samples are no numbers (NaN or infinite); they were heard as silence");
    (samples > 0).then(|| Finding::warning(path, "non-finite", message))
}

/// "WAV, PCM, 24-bit", "Ogg, Vorbis".
pub(crate) fn describe<C>(info: &media::FileInfo<C>) -> String {
    let bits = info.bits.map_or_else(String::new, |bits| format!(", {bits}-bit"));
    // A container that is named like its only codec is named once.
    let (container, codec) = (info.container.to_string(), info.codec.to_string());
    if container == codec { format!("{codec}{bits}") } else { format!("{container}, {codec}{bits}") }
}

/// Opens sound that shall be read to its end whatever its samples are, for meters and the check: samples that are no
/// numbers reach them, and they tell where these lie.
pub(crate) fn open_for_measuring(path: &Path) -> Result<Sound, Failure> {
    Sound::open(path, media::NonFinite::Keep)
}

/// The same for what would be spoiled by them, such as a converter: they are silence, and counted.
pub(crate) fn open_silenced(path: &Path) -> Result<Sound, Failure> {
    Sound::open(path, media::NonFinite::Silence)
}
