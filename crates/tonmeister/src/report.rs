//! Reports people look at: *measure* with pictures, as one page of HTML and as files of SVG and PNG.
//!
//! [`World::portray`] measures, checks and portrays a file in one pass; [`World::write_report`] draws what several such
//! passes found. What is drawn and said is [`tonmeister_report`]'s; here files are read and written.

use std::path::{Path, PathBuf};

use serde::Serialize;
use tonmeister_core::{Block, Frames, Source, SourceError, SourceInfo};
use tonmeister_measure::check::Inspector;
use tonmeister_measure::loudness::{LoudnessMeter, Options, Peaks};
use tonmeister_measure::portrait::PortraitMeter;
use tonmeister_report::{Report, Service, Story, Subject};

use crate::failure::Failure;
use crate::master::target;
use crate::measure::{MeasureReport, open_for_measuring};
use crate::progress::Progress;
use crate::text_file::{self, Existing};
use crate::world::{World, plain};

/// Everything about one file: its numbers, and what is needed to draw it.
#[derive(Clone, Debug)]
pub struct Portrayed {
    /// As [`World::measure`] says it.
    pub report: MeasureReport,
    /// As a report draws it.
    pub subject: Subject,
}

/// What a report is to be, and where it goes.
#[derive(Clone, Debug, Default)]
pub struct ReportOptions {
    /// The page, as PDF where its name ends so and else as HTML; a file that is there is replaced.
    pub page: Option<PathBuf>,
    /// A folder for the pictures; it is made where it is missing.
    pub pictures: Option<PathBuf>,
    /// Two files are one before and after, not two side by side.
    pub before_after: bool,
    /// A file of targets in place of the built-in ones.
    pub targets: Option<PathBuf>,
}

/// What was written.
#[derive(Clone, Debug, Serialize)]
pub struct ReportFiles {
    /// The page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<PathBuf>,
    /// The pictures, each as SVG and as PNG.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pictures: Vec<PathBuf>,
}

impl World {
    /// Measures, checks and portrays one file in one pass.
    pub fn portray(&self, path: &Path, progress: &mut dyn Progress) -> Result<Portrayed, Failure> {
        self.portray_stretch(path, (0.0, None), progress)
    }

    /// The same of a stretch of it, from a second on and so many seconds long.
    pub(crate) fn portray_stretch(
        &self,
        path: &Path,
        (from_s, seconds): (f64, Option<f64>),
        progress: &mut dyn Progress,
    ) -> Result<Portrayed, Failure> {
        let mut opened = open_for_measuring(path)?;
        let frames = |seconds: f64| Frames::from_seconds(seconds, opened.info.sample_rate).0;
        let (skipped, most) = (frames(from_s), seconds.map_or(u64::MAX, frames));
        if skipped > 0 {
            opened.source.skip(skipped).map_err(|e| Failure::input(path, e))?;
        }
        let (rate, layout) = (opened.info.sample_rate, opened.info.layout);
        let options = Options { peaks: Peaks::TrueAndPsr, ..Options::default() };
        let meter = LoudnessMeter::with_options(rate, layout, options).map_err(|e| Failure::input(path, e))?;
        let heard = opened.info.frames.saturating_sub(skipped).min(most);
        let (mut meter, mut inspector) = (meter, Inspector::new(SourceInfo { frames: heard, ..opened.source.info() }));
        let mut portrait = PortraitMeter::new(rate, layout);
        progress.begin("Measuring", heard);
        let mut stretch = Stretch { source: &mut *opened.source, left: most };
        let pass = self.each_block(path, &mut stretch, |block| {
            let view = block.view(block.frames());
            // Each of the three hears by itself: none of them waits for another's core.
            rayon::join(|| portrait.push(view), || rayon::join(|| meter.push(view), || inspector.push(view)));
            progress.advance(block.frames() as u64);
        });
        progress.end();
        pass?;
        let (loudness, course) = meter.finish_with_blocks();
        let history = course.history();
        let report = MeasureReport::of(path, &opened, loudness.clone(), course);
        let subject = Subject {
            name: path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
            format: report.format.clone(),
            loudness,
            history,
            portrait: portrait.finish(),
            findings: inspector.finish().findings,
            remarks: report.warnings.iter().map(|warning| warning.message.clone()).collect(),
        };
        Ok(Portrayed { report, subject })
    }

    /// Draws a report of files and writes it.
    pub fn write_report(&self, files: &[Portrayed], options: &ReportOptions) -> Result<ReportFiles, Failure> {
        let subjects: Vec<Subject> = files.iter().map(|file| file.subject.clone()).collect();
        let services = services(options.targets.as_deref())?;
        let story = if options.before_after { Story::BeforeAfter } else { Story::SideBySide };
        let report = Report::new(&subjects, &services, story);
        let mut written = ReportFiles { page: None, pictures: Vec::new() };
        if let Some(page) = &options.page {
            if page.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("pdf")) {
                write(page, &report.pdf().map_err(|e| Failure::output(page, e))?.bytes)?;
            } else {
                write(page, report.html().as_bytes())?;
            }
            written.page = Some(page.clone());
        }
        if let Some(folder) = &options.pictures {
            std::fs::create_dir_all(folder).map_err(|e| Failure::output(folder, plain(&e)))?;
            for picture in report.pictures().map_err(|e| Failure::output(folder, e))? {
                self.go_on()?;
                for (ending, bytes) in [("svg", picture.svg.as_bytes()), ("png", &picture.png)] {
                    let path = folder.join(format!("{}.{ending}", picture.name));
                    write(&path, bytes)?;
                    written.pictures.push(path);
                }
            }
        }
        Ok(written)
    }
}

/// The beginning of a source.
struct Stretch<'a> {
    source: &'a mut dyn Source,
    left: u64,
}

impl Source for Stretch<'_> {
    fn info(&self) -> SourceInfo {
        let info = self.source.info();
        SourceInfo { frames: info.frames.min(self.left), ..info }
    }

    fn read(&mut self, out: &mut Block<'_>) -> Result<usize, SourceError> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(out.frames());
        let frames = self.source.read(&mut out.part(0, most))?;
        self.left -= frames as u64;
        Ok(frames)
    }

    fn skip(&mut self, frames: u64) -> Result<u64, SourceError> {
        let skipped = self.source.skip(frames.min(self.left))?;
        self.left -= skipped;
        Ok(skipped)
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    text_file::write_bytes(path, bytes, Existing::Replace).map_err(|e| Failure::output(path, plain(&e)))
}

/// The targets as a report speaks of them; a mere level that nobody plays at and nobody asks for is left out.
fn services(file: Option<&Path>) -> Result<Vec<Service>, Failure> {
    let service = |target: target::Target| {
        Some(Service {
            plays: target.plays_as.is_some(),
            name: target.plays_as.or(target.asked_by)?,
            loudness_lufs: target.loudness_lufs,
            ceiling_dbtp: target.ceiling_dbtp,
            raises: target.raises,
            source: target.source,
            date: target.date,
        })
    };
    Ok(target::targets(file)?.into_iter().filter_map(service).collect())
}
