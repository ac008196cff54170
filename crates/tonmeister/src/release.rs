//! The verb *release*: an album document in, a verified folder of files out.
//!
//! What is done stands in [`tonmeister_release::album`]; here is what it asks of the house: documents are run, song files
//! read, progress told, targets looked up.

use std::path::{Path, PathBuf};

use tonmeister_core::{Frames, Registry, Source, View};
use tonmeister_engine::Span;
use tonmeister_release::album::studio::{MixedVersion, Sink, beside};
use tonmeister_release::album::{self, Mixed, Options, Share, Studio, Trouble};
use tonmeister_report::Subject;
use tonmeister_session::album::AlbumDocument;
use tonmeister_session::album::model::Audio;
use tonmeister_session::model::{Song, Version};

pub use tonmeister_release::album::Report as ReleaseReport;
pub use tonmeister_release::album::solve::Held;
pub use tonmeister_release::album::stages::{Excerpt, LONGEST_S, Stage};
pub use tonmeister_release::album::verify::{Checked, Verified};

use crate::failure::{Failure, Finding};
use crate::fed::Fed;
use crate::master::target::{service, target, targets};
use crate::mix::{self, MixOptions, Rendering, SetOptions, Versions};
use crate::output::Depth;
use crate::progress::Progress;
use crate::text_file::{self, Existing};
use crate::world::{Files, World, plain, read_text, sources};

mod held;
mod page;

/// The page of a release, beside its files.
const PAGE: &str = "release.html";
/// The same on paper.
const PAPER: &str = "release.pdf";

/// The table of an audition, beside its files.
const AUDITION_PAGE: &str = "audition.html";
/// How long before an excerpt its render begins, so that compressors hold what they would hold, in seconds.
const PRE_ROLL_S: u64 = 5;

/// How a release is made.
#[derive(Clone, Debug, Default)]
pub struct ReleaseOptions {
    /// A file of targets in place of the built-in one.
    pub targets: Option<PathBuf>,
    /// Looks, listens and reports, and makes nothing.
    pub dry_run: bool,
}

/// What is listened to of a mastering, stage by stage.
#[derive(Clone, Debug, Default)]
pub struct AuditionOptions {
    /// A file of targets in place of the built-in one.
    pub targets: Option<PathBuf>,
    /// From where to where in each song, in seconds; without it, its loudest 20 s.
    pub range_s: Option<(f64, f64)>,
    /// A release whose gains are taken.
    pub release: Option<PathBuf>,
}

/// Excerpts of every song, each stage in and out.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Audition {
    /// The folder.
    pub folder: PathBuf,
    /// The page that says what each stage did.
    pub page: PathBuf,
    /// The songs' titles.
    pub titles: Vec<String>,
    /// What each stage did to each song, and its files.
    pub songs: Vec<Excerpt>,
}

/// A release that was made, or its plan.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Release {
    /// The folder.
    pub folder: PathBuf,
    /// The page that shows and explains it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<PathBuf>,
    /// The same as PDF.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pdf: Option<PathBuf>,
    /// What it came to.
    #[serde(flatten)]
    pub report: ReleaseReport,
    /// What was odd about the document and its files.
    pub warnings: Vec<Finding>,
}

impl World {
    /// Makes the release that an album document describes, in a folder. Every file appears whole or not at all; what an
    /// earlier run has finished of the same things is kept.
    pub fn release(
        &self,
        album: &Path,
        folder: &Path,
        options: &ReleaseOptions,
        progress: &mut dyn Progress,
    ) -> Result<Release, Failure> {
        let text = read_text(album)?;
        let document = tonmeister_session::album::parse(&text, self.registry());
        let document = document.map_err(|diagnostics| Failure::Document {
            path: album.into(),
            text: text.clone(),
            diagnostics,
        })?;
        let mut warnings: Vec<Finding> = document.warnings().iter().map(|d| Finding::new(album, &text, d)).collect();
        let settings = settings(&document, options)?;
        let base = album.parent().unwrap_or(Path::new(""));
        let mut desk = Desk::new(self, &mut *progress);
        let made = if options.dry_run {
            let scratch = tempfile::tempdir().map_err(|e| Failure::output("a temporary folder", plain(&e)))?;
            album::plan(&mut desk, &document, base, scratch.path(), &settings)
        } else {
            album::make(&mut desk, &document, base, folder, &settings)
        };
        desk.end();
        let made = made.map_err(|trouble| failure(trouble, album, &text))?;
        warnings.extend(made.warnings.iter().map(|(path, diagnostic)| Finding::new(path, "", diagnostic)));
        let report = made.report;
        let (mut page, mut pdf) = (None, None);
        if !options.dry_run {
            (page, pdf) = (Some(folder.join(PAGE)), Some(folder.join(PAPER)));
            warnings.extend(self.release_page(&document, base, folder, &report, progress)?);
        }
        Ok(Release { folder: folder.into(), page, pdf, report, warnings })
    }

    /// Draws the page, for a screen and for paper; where every file was there already, so are they. What is odd about it
    /// is given back.
    fn release_page(
        &self,
        document: &AlbumDocument,
        base: &Path,
        folder: &Path,
        report: &ReleaseReport,
        progress: &mut dyn Progress,
    ) -> Result<Option<Finding>, Failure> {
        let (path, paper) = (folder.join(PAGE), folder.join(PAPER));
        if path.exists() && paper.exists() && report.files.iter().all(|file| file.kept) {
            return Ok(None);
        }
        let mut drawn = Vec::new();
        for (place, song) in document.album().songs.iter().enumerate() {
            let mut portray = |path: &Path, stretch: (f64, Option<f64>)| {
                self.portray_stretch(path, stretch, progress).map(|one| one.subject)
            };
            let named = |subject: Subject| Subject { name: report.songs[place].title.clone(), ..subject };
            // Only the stretch that the album takes: before and after begin with the same sound.
            let stretch = (report.songs[place].from_s, Some(report.songs[place].sounds_s));
            let before = match &song.audio {
                Audio::File(path) => Some(portray(&base.join(path), stretch)?),
                Audio::Document(_) => None,
            };
            let after = page::shown(report, folder, place).map(|path| portray(&path, (0.0, None))).transpose()?;
            drawn.push(page::Drawn { before: before.map(named), after: after.map(named) });
        }
        progress.begin("Reading every file back", 1);
        let verified = self.verify_release(folder);
        progress.end();
        let told = page::Told { document, registry: self.registry(), report, verified: &verified?, drawn: &drawn };
        let page = page::page(&told);
        let printed = page.pdf().map_err(|e| Failure::output(&paper, e))?;
        text_file::write(&path, &page.html(), Existing::Replace).map_err(|e| Failure::output(&path, plain(&e)))?;
        let written = text_file::write_bytes(&paper, &printed.bytes, Existing::Replace);
        written.map_err(|e| Failure::output(&paper, plain(&e)))?;
        let letters: Vec<String> = printed.missing.keys().map(char::to_string).collect();
        Ok((!letters.is_empty()).then(|| {
            let message = format!(
                "its typeface does not have {}; boxes with their numbers stand for them, which are searched for and copied \
                 as the letters (release.html shows them)",
                letters.join(" ")
            );
            Finding::note(&paper, "letters", message)
        }))
    }

    /// Writes, of each song, an excerpt before and behind each stage of its mastering, both at the same loudness, and a
    /// page that says what each stage did. Without a range in seconds it is the loudest 20 s of each song; the gains are
    /// those of a release that was made of the same things, where one is named.
    pub fn audition(
        &self,
        album: &Path,
        folder: &Path,
        options: &AuditionOptions,
        progress: &mut dyn Progress,
    ) -> Result<Audition, Failure> {
        if let Some((from, to)) =
            options.range_s.filter(|(from, to)| !(*from >= 0.0 && from < to && to - from <= LONGEST_S))
        {
            let message =
                format!("an excerpt runs from a time to a later one, at most {LONGEST_S:.0} s on, not {from} to {to}");
            return Err(Failure::Usage(message));
        }
        let text = read_text(album)?;
        let document = tonmeister_session::album::parse(&text, self.registry());
        let document = document.map_err(|diagnostics| Failure::Document {
            path: album.into(),
            text: text.clone(),
            diagnostics,
        })?;
        let settings = settings(&document, &ReleaseOptions { targets: options.targets.clone(), dry_run: false })?;
        let base = album.parent().unwrap_or(Path::new(""));
        let mut desk = Desk::new(self, &mut *progress);
        let places = (folder, options.release.as_deref());
        let made = album::audition(&mut desk, &document, base, places, options.range_s, &settings);
        desk.end();
        let songs = made.map_err(|trouble| failure(trouble, album, &text))?;
        let titles: Vec<String> = songs.iter().map(|excerpt| excerpt.title.clone()).collect();
        let page = folder.join(AUDITION_PAGE);
        let html = page::stages::page(&document.album().title, &songs);
        text_file::write(&page, &html, Existing::Replace).map_err(|e| Failure::output(&page, plain(&e)))?;
        Ok(Audition { folder: folder.into(), page, titles, songs })
    }

    /// Looks at a finished release again: every file there, unchanged, and playable to its end.
    pub fn verify_release(&self, folder: &Path) -> Result<Verified, Failure> {
        album::verify(folder).map_err(|trouble| failure(trouble, folder, ""))
    }
}

/// The document's targets, looked up.
fn settings(document: &AlbumDocument, options: &ReleaseOptions) -> Result<Options, Failure> {
    let sound = &document.album().sound;
    let file = options.targets.as_deref();
    let target = target(sound.target.as_deref().unwrap_or("streaming"), file)?;
    Ok(Options {
        loudness_lufs: sound.loudness_lufs.unwrap_or(target.loudness_lufs),
        ceiling_dbtp: sound.ceiling_dbtp.unwrap_or(target.ceiling_dbtp),
        program: format!("tonmeister {}", env!("CARGO_PKG_VERSION")),
        services: targets(file)?.iter().filter_map(service).collect(),
        kept_s: album::KEPT_S,
    })
}

/// More jobs than this are not done at the same time: what is in memory grows with them.
const MOST_AT_ONCE: usize = 8;

/// The house, as the room of releases sees it.
struct Desk<P> {
    world: World,
    /// What documents name beside files.
    fed: Fed,
    progress: P,
    /// A step of the room's own is under way.
    open: bool,
    /// How many jobs are done at the same time.
    cores: usize,
    /// Whom a hand tells.
    share: Option<Share>,
}

/// A hand's progress: its steps are parts of a greater one.
struct Beside(Share);

impl Progress for Beside {
    fn begin(&mut self, _what: &str, _total: u64) {}

    fn advance(&mut self, units: u64) {
        self.0.advance(units);
    }

    fn end(&mut self) {}
}

/// What a rendering is run into.
type Heard<'s> = &'s mut (dyn FnMut(View<'_>) -> Result<(), Failure> + Send);

impl<P: Progress> Desk<P> {
    fn new(world: &World, progress: P) -> Self {
        let all = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let cores = if world.threads == 0 { all() } else { world.threads };
        let (world, fed) = (world.clone(), Fed::new(world));
        Desk { world, fed, progress, open: false, cores: cores.min(MOST_AT_ONCE), share: None }
    }

    /// Prepares a song and has `go` run it into the sink; which inserts took how much off.
    fn run(
        &mut self,
        song: &Song,
        sink: Sink<'_>,
        go: impl FnOnce(Rendering, &mut dyn Progress, Heard<'_>) -> Result<mix::Told, mix::Trouble>,
    ) -> Result<Vec<(String, f64)>, Trouble> {
        let about = Path::new(song.tracks.first().and_then(|t| t.clips.first()).map_or("", |clip| &clip.audio));
        let rendering = self.world.prepare_in(song, self.fed.library()).map_err(|e| studio(e.about(about)))?;
        // The engine's own error says only that the sink stopped it; why is kept beside it.
        let mut why = None;
        let world = &self.world;
        let rendered = go(rendering, &mut self.progress, &mut |view: View<'_>| {
            world.go_on()?;
            sink(view).map_err(|trouble| {
                why = Some(trouble);
                Failure::Interrupted
            })
        });
        if let Some(trouble) = why {
            return Err(trouble);
        }
        let dynamics = rendered.map_err(|e| studio(e.about(about)))?.dynamics;
        Ok(dynamics.into_iter().map(|d| (d.address, d.max_reduction_db)).collect())
    }

    /// How long a song of that document will be when it is mixed: at least, and at most.
    fn length(&self, song: &Song, document: &Path) -> Result<(u64, u64), Trouble> {
        if let Some(seconds) = song.length_s {
            let frames = Frames::from_seconds(seconds, song.sample_rate_hz).0;
            return Ok((frames, frames));
        }
        let files = Files::new(document.parent().unwrap_or(Path::new("")));
        let rendering = self.world.prepare(song, &files).map_err(|e| studio(e.about(document)))?;
        let mix = &rendering.compiled.plan.outputs[0];
        Ok((mix.frames, mix.frames + mix.tail))
    }

    fn end(&mut self) {
        if std::mem::take(&mut self.open) {
            self.progress.end();
        }
    }
}

fn studio(failure: Failure) -> Trouble {
    Trouble::Studio(Box::new(failure))
}

impl<P: Progress> Studio for Desk<P> {
    fn registry(&self) -> &Registry {
        self.world.registry()
    }

    fn excerpt(
        &mut self,
        song: &Song,
        what: &str,
        (from, to): (u64, u64),
        sink: Sink<'_>,
    ) -> Result<Vec<(String, f64)>, Trouble> {
        self.begin(what, to - from);
        let span = Span { from, to, pre_roll: PRE_ROLL_S * u64::from(song.sample_rate_hz) };
        self.run(song, sink, |rendering, _, sink| rendering.run_span(span, sink))
    }

    fn render(&mut self, song: &Song, what: &str, sink: Sink<'_>) -> Result<Vec<(String, f64)>, Trouble> {
        self.end();
        self.run(song, sink, |rendering, progress, sink| rendering.run(what, progress, sink))
    }

    fn feed(&mut self, name: &str, song: Song) {
        self.fed.feed(name, song);
    }

    fn open(&mut self, song: &Song) -> Result<Box<dyn Source>, Trouble> {
        let played = self.fed.play(song).map_err(|e| Trouble::Target(e.to_string()))?;
        Ok(Box::new(played))
    }

    fn look(&mut self, document: &Path) -> Result<Mixed, Trouble> {
        let (document_of, _) = self.world.open_document(document).map_err(studio)?;
        let song = document_of.song();
        let sources = sources(song, document.parent().unwrap_or(Path::new("")));
        let frames = self.length(song, document)?;
        let version = |version: &Version| -> Result<MixedVersion, Trouble> {
            let made = song.version(&version.id).map_err(|d| Trouble::input(document, d.message))?;
            // Cuts leave their mark on where clips lie.
            let cut = made.tracks.iter().zip(&song.tracks).any(|(a, b)| a.clips != b.clips);
            let frames = if cut { self.length(&made, document)? } else { frames };
            Ok(MixedVersion { id: version.id.clone(), title: version.title.clone(), cut, frames })
        };
        let versions = song.versions.iter().map(version).collect::<Result<_, Trouble>>()?;
        let (title, tempo_bpm, sample_rate) = (song.title.clone(), song.tempo_bpm, song.sample_rate_hz);
        Ok(Mixed { title, tempo_bpm, sample_rate, frames, sources, versions })
    }

    fn mix(&mut self, document: &Path, output: &Path, versions: &[String]) -> Result<(), Trouble> {
        self.end();
        if versions.is_empty() {
            let options = MixOptions::whole(output, Depth::Float32);
            return self.world.mix(document, &options, &mut self.progress).map(|_| ()).map_err(studio);
        }
        // As `mix --versions` makes them: bus dynamics do to a version what they do to the mix.
        let options = SetOptions {
            output: output.into(),
            depth: Depth::Float32,
            versions: Versions::Named(versions.to_vec()),
            stems: None,
            replay: true,
            shelf: None,
            stretch: None,
        };
        let set = self.world.mix_set(document, &options, &mut self.progress).map_err(studio)?;
        debug_assert!(
            set.versions.iter().skip(1).zip(versions).all(|(made, id)| made.written.path == beside(output, id))
        );
        Ok(())
    }

    fn begin(&mut self, what: &str, frames: u64) {
        self.end();
        self.progress.begin(what, frames);
        self.open = true;
    }

    fn advance(&mut self, frames: u64) -> Result<(), Trouble> {
        self.world.go_on().map_err(studio)?;
        if self.open {
            self.progress.advance(frames);
        }
        Ok(())
    }

    fn cores(&self) -> usize {
        self.cores
    }

    fn hand(&self, share: &Share) -> Box<dyn Studio + Send> {
        // The cores are shared out by now: a hand has one.
        let (world, fed) = (self.world.with_threads(1), self.fed.with_threads(1));
        let (progress, share) = (Beside(share.clone()), Some(share.clone()));
        Box::new(Desk { world, fed, progress, open: false, cores: self.cores, share })
    }

    fn share(&self) -> Option<&Share> {
        self.share.as_ref()
    }
}

/// What a release met, as a failure of the verb.
fn failure(trouble: Trouble, album: &Path, text: &str) -> Failure {
    match trouble {
        Trouble::Document(diagnostics) => Failure::Document { path: album.into(), text: text.into(), diagnostics },
        Trouble::Input { path, message } => Failure::Input { path, message },
        Trouble::Output { path, message } => Failure::Output { path, message },
        Trouble::Target(message) => Failure::Target(message),
        Trouble::Studio(error) => match error.downcast::<Failure>() {
            Ok(failure) => *failure,
            Err(error) => Failure::input(album, error),
        },
    }
}
