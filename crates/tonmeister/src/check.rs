//! The verb *check*: what is wrong with audio files, each alone and all against each other.

use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::Serialize;
use tonmeister_core::{Diagnostic, Severity};
use tonmeister_measure::check::{Config, Finding as AudioFinding, Inspection, Inspector, Member, Stats, compare_set};

use crate::failure::{Failure, Finding};
use crate::measure::open_for_measuring;
use crate::progress::Progress;
use crate::world::{World, recordings};

/// What a check found.
#[derive(Clone, Debug, Serialize)]
pub struct CheckReport {
    /// One entry per audio file, in the order asked for.
    pub files: Vec<FileReport>,
    /// What concerns several files: rates, lengths, polarity.
    pub together: Vec<AudioFinding>,
    /// What is odd about the document, when one was checked.
    pub document: Vec<Finding>,
    /// How many findings are errors.
    pub errors: usize,
    /// How many findings are warnings.
    pub warnings: usize,
}

/// What was found in one file.
#[derive(Clone, Debug, Serialize)]
pub struct FileReport {
    /// The file.
    pub path: PathBuf,
    /// Why it could not be read, if it could not.
    pub unreadable: Option<String>,
    /// Levels and the like, when it could.
    pub stats: Option<Stats>,
    /// What is wrong in the sound.
    pub findings: Vec<AudioFinding>,
    /// What is odd about the file itself (cut off, a length left open).
    pub remarks: Vec<Finding>,
}

struct Inspected {
    report: FileReport,
    inspection: Option<Inspection>,
}

impl World {
    /// Checks audio files, or the files of song documents. Unreadable files are findings; only a document that cannot
    /// be understood is a [`Failure`].
    pub fn check(&self, paths: &[PathBuf], progress: &mut dyn Progress) -> Result<CheckReport, Failure> {
        let (mut audio, mut document) = (Vec::new(), Vec::new());
        for path in paths {
            if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("toml")) {
                let (files, warnings) = self.files_of(path)?;
                audio.extend(files);
                document.extend(warnings);
            } else {
                audio.push(path.clone());
            }
        }
        let mut seen = std::collections::HashSet::new();
        audio.retain(|path| seen.insert(path.clone()));
        progress.begin("Checking", audio.len() as u64);
        let (sender, receiver) = std::sync::mpsc::channel();
        let inspected: Vec<Inspected> = std::thread::scope(|scope| {
            let audio = &audio;
            let work = scope.spawn(move || {
                let each = audio.par_iter().map_with(sender, |done, path| {
                    let inspected = self.inspect(path);
                    // Nobody listens any more only if the watcher panicked.
                    let _ = done.send(());
                    inspected
                });
                each.collect()
            });
            while receiver.recv().is_ok() {
                progress.advance(1);
            }
            work.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        progress.end();
        self.go_on()?;
        let names: Vec<String> = inspected.iter().map(|i| i.report.path.display().to_string()).collect();
        let members = inspected
            .iter()
            .zip(&names)
            .filter_map(|(i, name)| Some(Member { name, inspection: i.inspection.as_ref()? }));
        let config = Config::default();
        let together = compare_set(&members.collect::<Vec<_>>(), &config);
        let files: Vec<FileReport> = inspected.into_iter().map(|i| i.report).collect();
        let count = |severity: Severity| {
            let name = crate::failure::severity_name(severity);
            let alone: usize = files.iter().map(|f| f.findings.iter().filter(|x| x.severity == severity).count()).sum();
            let remarks: usize = files.iter().map(|f| f.remarks.iter().filter(|x| x.severity == name).count()).sum();
            let unreadable = files.iter().filter(|f| f.unreadable.is_some() && severity == Severity::Error).count();
            let set = together.iter().filter(|x| x.severity == severity).count();
            alone + remarks + unreadable + set + document.iter().filter(|x| x.severity == name).count()
        };
        let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
        Ok(CheckReport { files, together, document, errors, warnings })
    }

    /// The audio files that a document's tracks play, and what is odd about the document.
    fn files_of(&self, path: &Path) -> Result<(Vec<PathBuf>, Vec<Finding>), Failure> {
        let (document, mut findings) = self.open_document(path)?;
        let base = path.parent().unwrap_or(Path::new(""));
        let clips = document.song().tracks.iter().flat_map(|t| &t.clips);
        let files = clips.map(|clip| base.join(&clip.audio)).collect();
        // A room is no take: what is asked of it is only that it can be read.
        for (address, recording) in recordings(document.song()) {
            if let Err(error) = tonmeister_media::open(base.join(recording)) {
                let unreadable = Diagnostic::error("audio", error.to_string());
                let span = document.span_of(&address).unwrap_or_default();
                let unreadable = unreadable.at(span, "asked for here");
                findings.push(Finding::new(path, document.text(), &unreadable));
            }
        }
        Ok((files, findings))
    }

    fn inspect(&self, path: &Path) -> Inspected {
        let unreadable = |failure: Failure| {
            let message = match failure {
                Failure::Input { message, .. } => message,
                other => other.to_string(),
            };
            let report = FileReport {
                path: path.into(),
                unreadable: Some(message),
                stats: None,
                findings: Vec::new(),
                remarks: Vec::new(),
            };
            Inspected { report, inspection: None }
        };
        let mut opened = match open_for_measuring(path) {
            Ok(opened) => opened,
            Err(failure) => return unreadable(failure),
        };
        let mut inspector = Inspector::new(opened.source.info());
        if let Err(failure) =
            self.each_block(path, &mut *opened.source, |block| inspector.push(block.view(block.frames())))
        {
            return unreadable(failure);
        }
        let inspection = inspector.finish();
        let remarks = opened.warnings.iter().map(|d| Finding::new(path, "", d)).collect();
        let report = FileReport {
            path: path.into(),
            unreadable: None,
            stats: Some(inspection.stats.clone()),
            findings: inspection.findings.clone(),
            remarks,
        };
        Inspected { report, inspection: Some(inspection) }
    }
}
