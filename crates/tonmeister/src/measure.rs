//! The verb *measure*: what a finished file is, in numbers.

use std::path::{Path, PathBuf};

use serde::Serialize;
use tonmeister_core::{Buffer, Layout, Source};
use tonmeister_measure::loudness::{Loudness, LoudnessMeter};
use tonmeister_media as media;

use crate::failure::{Failure, Finding};
use crate::progress::Progress;
use crate::world::World;

/// Frames read at a time: some tenths of a second.
const STEP: usize = 16_384;

/// What was measured of one file.
#[derive(Clone, Debug, Serialize)]
pub struct MeasureReport {
    /// The file.
    pub path: PathBuf,
    /// What kind of file it is ("WAV, 24-bit").
    pub format: String,
    /// Channels.
    pub channels: usize,
    /// Length in seconds.
    pub seconds: f64,
    /// Loudness, peaks and dynamics.
    pub loudness: Loudness,
    /// What was odd about the file.
    pub warnings: Vec<Finding>,
}

impl World {
    /// Measures one file. NaNs and infinities are counted, warned of, and heard as silence.
    pub fn measure(&self, path: &Path, progress: &mut dyn Progress) -> Result<MeasureReport, Failure> {
        let mut opened = open_for_measuring(path)?;
        let mut meter =
            LoudnessMeter::new(opened.info.sample_rate, opened.info.layout).map_err(|e| Failure::input(path, e))?;
        progress.begin("Measuring", opened.info.frames);
        let pass = self.each_block(path, &mut *opened.source, |block| {
            meter.push(block.view(block.frames()));
            progress.advance(block.frames() as u64);
        });
        progress.end();
        pass?;
        let mut warnings: Vec<Finding> = opened.warnings.iter().map(|d| Finding::new(path, "", d)).collect();
        if opened.silenced.get() > 0 {
            let message = format!(
                "{} samples are no numbers (NaN or infinite); they were heard as silence",
                opened.silenced.get()
            );
            warnings.push(Finding::warning(path, "non-finite", message));
        }
        Ok(MeasureReport {
            path: path.into(),
            format: describe(&opened.info),
            channels: opened.info.layout.channels(),
            seconds: opened.info.seconds(),
            loudness: meter.finish(),
            warnings,
        })
    }

    /// Reads a source to its end. The buffer handed on holds just the frames that were read.
    pub(crate) fn each_block(
        &self,
        path: &Path,
        source: &mut dyn Source,
        mut each: impl FnMut(&Buffer),
    ) -> Result<(), Failure> {
        let layout: Layout = source.info().layout;
        let mut buffer = Buffer::new(layout, STEP);
        loop {
            self.go_on()?;
            let frames = source.read(&mut buffer.block(STEP)).map_err(|e| Failure::input(path, e))?;
            match frames {
                0 => return Ok(()),
                STEP => each(&buffer),
                _ => {
                    let mut part = Buffer::new(layout, 0);
                    part.append(buffer.view(frames));
                    each(&part);
                }
            }
        }
    }
}

/// "WAV, PCM, 24-bit", "Ogg, Vorbis".
fn describe(info: &media::FileInfo) -> String {
    let bits = info.bits.map_or_else(String::new, |bits| format!(", {bits}-bit"));
    // A container that is named like its only codec is named once.
    let (container, codec) = (info.container.to_string(), info.codec.to_string());
    if container == codec { format!("{codec}{bits}") } else { format!("{container}, {codec}{bits}") }
}

/// Opens a file that shall be read to its end whatever its samples are.
pub(crate) fn open_for_measuring(path: &Path) -> Result<media::Opened, Failure> {
    let options = media::OpenOptions { non_finite: media::NonFinite::Silence };
    media::open_with(path, options).map_err(|e| Failure::input(path, e))
}
