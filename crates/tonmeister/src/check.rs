//! The verb *check*: what is wrong with audio files, each alone and all against each other; and what of it can be
//! mended in a song's document.
//!
//! - [`settings`]: which rule counts how: the rule's own word, then the document's, the track's, the command's.
//! - [`answer`]: what a document does already about a finding. Such findings are told apart and not counted.
//! - [`fix`]: the edits that answer more of them, and never a byte of audio.
//! - [`sarif`]: a report for machines that collect findings. [`moment`]: the level around a finding.

pub mod answer;
pub(crate) mod diff;
pub mod fix;
pub mod moment;
pub mod sarif;
pub mod settings;

use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::Serialize;
use tonmeister_core::{Diagnostic, Severity};
use tonmeister_measure::check::{
    Config, Finding as AudioFinding, Inspection, Inspector, Member, Stats, compare_set, rules,
};
use tonmeister_media::NonFinite;
use tonmeister_session::Document;

pub use settings::{CheckOptions, RuleSetting, RuleState};

use crate::failure::{Failure, Finding};
use crate::measure::open_for_measuring;
use crate::progress::Progress;
use crate::sound::Sound;
use crate::world::{World, recordings};

/// What a check found.
#[derive(Clone, Debug, Serialize)]
pub struct CheckReport {
    /// One entry per audio file, in the order asked for.
    pub files: Vec<FileReport>,
    /// What concerns several files: rates, lengths, polarity.
    pub together: Vec<AudioFinding>,
    /// Of these, what a document answers already.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub answered: Vec<Answered>,
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
    /// Where a document names it, when one does.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub played_by: Vec<Player>,
    /// Why it could not be read, if it could not.
    pub unreadable: Option<String>,
    /// Levels and the like, when it could.
    pub stats: Option<Stats>,
    /// What is wrong in the sound.
    pub findings: Vec<AudioFinding>,
    /// What is wrong in it, and answered by the document.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub answered: Vec<Answered>,
    /// What is odd about the file itself (cut off, a length left open).
    pub remarks: Vec<Finding>,
}

/// A track that plays a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Player {
    /// The document.
    pub song: PathBuf,
    /// The track's id.
    pub track: String,
    /// Where the document names the file, when it can be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<crate::Place>,
}

/// A finding that a document answers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answered {
    /// What answers it: `kick/dc_blocker`.
    pub by: String,
    /// The finding.
    pub finding: AudioFinding,
}

/// A document that was checked.
pub(crate) struct Song {
    pub(crate) path: PathBuf,
    pub(crate) document: Document,
}

impl Song {
    /// The audio files of its clips, as they are opened.
    fn file(&self, audio: &str) -> PathBuf {
        self.path.parent().unwrap_or(Path::new("")).join(audio)
    }
}

/// A check, with what is needed to go on from it.
pub(crate) struct Checked {
    pub(crate) report: CheckReport,
    pub(crate) songs: Vec<Song>,
}

struct Inspected {
    report: FileReport,
    inspection: Option<Inspection>,
}

impl World {
    /// Checks audio files, or the files of song documents. Unreadable files are findings; only a document that cannot
    /// be understood, or a rule that is not there, is a [`Failure`].
    ///
    /// A file that several tracks play is checked as the first of them says.
    pub fn check(
        &self,
        paths: &[PathBuf],
        options: &CheckOptions,
        progress: &mut dyn Progress,
    ) -> Result<CheckReport, Failure> {
        Ok(self.checked(paths, options, progress)?.report)
    }

    pub(crate) fn checked(
        &self,
        paths: &[PathBuf],
        options: &CheckOptions,
        progress: &mut dyn Progress,
    ) -> Result<Checked, Failure> {
        options.verify()?;
        let mut asked: Vec<(PathBuf, Config)> = Vec::new();
        let (mut songs, mut odd) = (Vec::new(), Vec::new());
        for path in paths {
            if songs.iter().any(|song: &Song| song.path == *path) {
                continue;
            }
            if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("toml")) {
                let (document, warnings) = self.open_for_checking(path)?;
                odd.extend(warnings);
                let song = Song { path: path.clone(), document };
                let all = song.document.song();
                for track in &all.tracks {
                    let config = settings::config(&[&all.check, &track.check], options);
                    asked.extend(track.clips.iter().map(|clip| (song.file(&clip.audio), config.clone())));
                }
                songs.push(song);
            } else {
                asked.push((path.clone(), settings::config(&[], options)));
            }
        }
        let mut seen = std::collections::HashSet::new();
        asked.retain(|(path, _)| seen.insert(path.clone()));
        let inspected = self.inspect_all(&asked, progress)?;
        let mut together = compare(&inspected, songs.first(), options);
        let mut files: Vec<FileReport> = inspected.into_iter().map(|i| i.report).collect();
        for file in &mut files {
            file.played_by = songs.iter().flat_map(|song| players(song, &file.path)).collect();
        }
        if options.deny_warnings {
            deny_warnings(&mut files, &mut together, &mut odd);
        }
        let mut report = CheckReport { files, together, answered: Vec::new(), document: odd, errors: 0, warnings: 0 };
        report.settle(&songs);
        Ok(Checked { report, songs })
    }

    fn inspect_all(&self, asked: &[(PathBuf, Config)], progress: &mut dyn Progress) -> Result<Vec<Inspected>, Failure> {
        progress.begin("Checking", asked.len() as u64);
        let (sender, receiver) = std::sync::mpsc::channel();
        let inspected: Vec<Inspected> = std::thread::scope(|scope| {
            let work = scope.spawn(move || {
                let each = asked.par_iter().map_with(sender, |done, (path, config)| {
                    let inspected = self.inspect(path, config);
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
        Ok(inspected)
    }

    /// A document, and what is odd about it.
    fn open_for_checking(&self, path: &Path) -> Result<(Document, Vec<Finding>), Failure> {
        let (document, mut findings) = self.open_document(path)?;
        let base = path.parent().unwrap_or(Path::new(""));
        // A room is no take: what is asked of it is only that it can be read.
        for (address, recording) in recordings(document.song()) {
            if let Err(error) = Sound::open(&base.join(recording), NonFinite::Refuse) {
                let unreadable = Diagnostic::error("audio", error.to_string());
                let span = document.span_of(&address).unwrap_or_default();
                let unreadable = unreadable.at(span, "asked for here");
                findings.push(Finding::new(path, document.text(), &unreadable));
            }
        }
        Ok((document, findings))
    }

    fn inspect(&self, path: &Path, config: &Config) -> Inspected {
        let report = FileReport {
            path: path.into(),
            played_by: Vec::new(),
            unreadable: None,
            stats: None,
            findings: Vec::new(),
            answered: Vec::new(),
            remarks: Vec::new(),
        };
        let unreadable = |failure: Failure| {
            let message = match failure {
                Failure::Input { message, .. } => message,
                other => other.to_string(),
            };
            Inspected { report: FileReport { unreadable: Some(message), ..report.clone() }, inspection: None }
        };
        let mut opened = match open_for_measuring(path) {
            Ok(opened) => opened,
            Err(failure) => return unreadable(failure),
        };
        let mut inspector = Inspector::with_config(opened.source.info(), config).with_bits(opened.bits);
        if let Err(failure) =
            self.each_block(path, &mut *opened.source, |block| inspector.push(block.view(block.frames())))
        {
            return unreadable(failure);
        }
        let inspection = inspector.finish();
        let report = FileReport {
            stats: Some(inspection.stats.clone()),
            findings: inspection.findings.clone(),
            remarks: opened.warnings.iter().map(|d| Finding::new(path, "", d)).collect(),
            ..report
        };
        Inspected { report, inspection: Some(inspection) }
    }
}

/// The files against each other, under what the song says.
fn compare(inspected: &[Inspected], song: Option<&Song>, options: &CheckOptions) -> Vec<AudioFinding> {
    let names: Vec<String> = inspected.iter().map(|i| i.report.path.display().to_string()).collect();
    let members =
        inspected.iter().zip(&names).filter_map(|(i, name)| Some(Member { name, inspection: i.inspection.as_ref()? }));
    let whole = song.map_or(&[][..], |song| &song.document.song().check);
    // Limits first; how a finding counts depends on whose it is.
    let found = compare_set(&members.collect::<Vec<_>>(), &settings::limits(whole, options));
    let all = settings::config(&[whole], options);
    let counted = |mut finding: AudioFinding| {
        let rule = rules::rule(finding.rule)?;
        let of_tracks = song.and_then(|song| settings::mildest(song, &finding));
        let level = options.level(rule).or(of_tracks).or_else(|| all.level(rule));
        if let Some(level) = level {
            finding.severity = level.severity()?;
        }
        Some(finding)
    };
    found.into_iter().filter_map(counted).collect()
}

/// The tracks of a song that play a file.
fn players<'s>(song: &'s Song, path: &'s Path) -> impl Iterator<Item = Player> + 's {
    let document = &song.document;
    document.song().tracks.iter().filter_map(move |track| {
        let place = track.clips.iter().position(|clip| song.file(&clip.audio) == path)?;
        let number = document.clip_numbers(&track.id).get(place).copied().unwrap_or(1);
        let span = document
            .span_of(&format!("{}/clip/{number}/audio", track.id))
            .or_else(|| document.span_of(&format!("{}/audio", track.id)));
        let place = span.map(|span| crate::Place::of(document.text(), span));
        Some(Player { song: song.path.clone(), track: track.id.clone(), place })
    })
}

fn deny_warnings(files: &mut [FileReport], together: &mut [AudioFinding], odd: &mut [Finding]) {
    let alone = files.iter_mut().flat_map(|file| &mut file.findings);
    for finding in alone.chain(together).filter(|finding| finding.severity == Severity::Warning) {
        finding.severity = Severity::Error;
    }
    let remarks = files.iter_mut().flat_map(|file| &mut file.remarks);
    for finding in remarks.chain(odd).filter(|finding| finding.severity == "warning") {
        finding.severity = "error";
    }
}

impl CheckReport {
    /// Puts aside what the songs answer, and counts the rest.
    pub(crate) fn settle(&mut self, songs: &[Song]) {
        for file in &mut self.files {
            let FileReport { findings, answered, path, .. } = file;
            put_aside(findings, answered, |finding| answer::alone(songs, path, finding));
        }
        put_aside(&mut self.together, &mut self.answered, |finding| answer::together(songs, finding));
        self.errors = self.count(Severity::Error);
        self.warnings = self.count(Severity::Warning);
    }

    fn count(&self, severity: Severity) -> usize {
        let name = crate::failure::severity_name(severity);
        let alone: usize =
            self.files.iter().map(|f| f.findings.iter().filter(|x| x.severity == severity).count()).sum();
        let remarks: usize = self.files.iter().map(|f| f.remarks.iter().filter(|x| x.severity == name).count()).sum();
        let unreadable = self.files.iter().filter(|f| f.unreadable.is_some() && severity == Severity::Error).count();
        let set = self.together.iter().filter(|x| x.severity == severity).count();
        alone + remarks + unreadable + set + self.document.iter().filter(|x| x.severity == name).count()
    }
}

fn put_aside(
    findings: &mut Vec<AudioFinding>,
    answered: &mut Vec<Answered>,
    by: impl Fn(&AudioFinding) -> Option<String>,
) {
    let mut open = Vec::with_capacity(findings.len());
    for finding in findings.drain(..) {
        match by(&finding) {
            Some(by) => answered.push(Answered { by, finding }),
            None => open.push(finding),
        }
    }
    *findings = open;
}
