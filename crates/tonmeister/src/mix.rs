//! The verb *mix*: a document in, one stereo file out.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::Serialize;
use tonmeister_core::{Diagnostic, GainReduction, Layout, Levels, View};
use tonmeister_engine::{
    Compiled, EngineError, Executor, Library, PlanOutput, Rendered, Shelf, Sink, Span, Wanted, compile_all,
};
use tonmeister_session::Document;
use tonmeister_session::model::Song;

use crate::ear::Ear;
use crate::failure::{Failure, Finding};
use crate::output::{Depth, Output, Written, format_of, refuse_to_replace};
use crate::progress::Progress;
use crate::shelf::DiskShelf;
use crate::world::{Files, World, sources};

mod set;
mod stretch;
mod sum;

pub(crate) use set::no_version;
pub use set::{PairReport, SetOptions, SetReport, StemReport, VersionReport, Versions};
pub use stretch::{Spot, Stretch, Unheard};
pub use sum::Null;

/// How often a render's progress is looked at.
const LOOK: Duration = Duration::from_millis(40);

/// What to write.
#[derive(Clone, Debug)]
pub struct MixOptions {
    /// The file; `.wav` or `.flac`.
    pub output: PathBuf,
    /// How its samples are stored.
    pub depth: Depth,
    /// The stretch of the song to make; without it, all of it.
    pub stretch: Option<Stretch>,
    /// How it is listened to.
    pub ear: Ear,
}

impl MixOptions {
    /// All of the song, into that file.
    pub fn whole(output: impl Into<PathBuf>, depth: Depth) -> Self {
        MixOptions { output: output.into(), depth, stretch: None, ear: Ear::default() }
    }
}

/// What a mix came to.
#[derive(Clone, Debug, Serialize)]
pub struct MixReport {
    /// The song's title.
    pub title: String,
    /// Raw tracks mixed.
    pub tracks: usize,
    /// Buses they went through.
    pub buses: usize,
    /// What delay compensation took off, in frames.
    pub latency_frames: u64,
    /// The file.
    pub written: Written,
    /// What played unheard before it, if it is a stretch that does not begin with the song.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unheard: Option<Unheard>,
    /// What each dynamics processor did.
    pub dynamics: Vec<Dynamics>,
    /// What each meter in the song heard at its place.
    pub meters: Vec<Metered>,
    /// What was odd about the document and its files.
    pub warnings: Vec<Finding>,
}

/// What one dynamics processor did to the level.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Dynamics {
    /// Its address: `drums/compressor`.
    pub address: String,
    /// The most it took off, in dB.
    pub max_reduction_db: f64,
    /// What it took off on average, in dB.
    pub mean_reduction_db: f64,
}

/// What one meter (the effect `meter`) heard at its place in a chain. `None`, `null` in JSON, is what does not exist.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Metered {
    /// Its address: `drums/after-the-compressor`.
    pub address: String,
    /// Integrated loudness.
    pub integrated_lufs: Option<f64>,
    /// Loudness range.
    pub range_lu: Option<f64>,
    /// Greatest loudness of any 3 s.
    pub max_short_term_lufs: Option<f64>,
    /// Greatest loudness of any 400 ms.
    pub max_momentary_lufs: Option<f64>,
    /// Greatest true peak.
    pub true_peak_dbtp: Option<f64>,
    /// Greatest sample.
    pub sample_peak_dbfs: Option<f64>,
    /// Root of the mean square up to the last sample above −120 dBFS; a full-scale sine is −3.01.
    pub rms_dbfs: Option<f64>,
    /// How alike the sides are, −1 to 1; nothing where there is only one.
    pub correlation: Option<f64>,
}

impl Metered {
    pub(crate) fn new(address: impl Into<String>, levels: &Levels) -> Self {
        Metered {
            address: address.into(),
            integrated_lufs: levels.integrated_lufs,
            range_lu: levels.range_lu,
            max_short_term_lufs: levels.max_short_term_lufs,
            max_momentary_lufs: levels.max_momentary_lufs,
            true_peak_dbtp: levels.true_peak_dbtp,
            sample_peak_dbfs: levels.sample_peak_dbfs,
            rms_dbfs: levels.rms_dbfs,
            correlation: levels.correlation,
        }
    }
}

/// What processors told on the way to the first output of a render.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Told {
    pub(crate) dynamics: Vec<Dynamics>,
    pub(crate) meters: Vec<Metered>,
}

impl World {
    /// Mixes a song document to a file. The file appears whole or not at all.
    pub fn mix(&self, song: &Path, options: &MixOptions, progress: &mut dyn Progress) -> Result<MixReport, Failure> {
        format_of(&options.output, options.depth)?;
        let (document, mut warnings) = self.open_document(song)?;
        let base = song.parent().unwrap_or(Path::new(""));
        refuse_to_replace(&options.output, &sources(document.song(), base))?;
        let files = Files::new(base);
        let heard = options.ear.hears(document.song())?;
        let render =
            self.render(&heard, &files, options, "Mixing", progress).map_err(|e| e.in_document(song, &document))?;
        warnings.extend(files.warnings());
        if render.endless {
            warnings.push(Finding::warning(
                song,
                "endless-tail",
                "an effect never falls silent; its tail was cut after 60 s",
            ));
        }
        Ok(MixReport {
            title: document.song().title.clone(),
            tracks: document.song().tracks.len(),
            buses: document.song().buses.len(),
            latency_frames: render.latency,
            written: render.written,
            unheard: render.unheard,
            dynamics: render.told.dynamics,
            meters: render.told.meters,
            warnings,
        })
    }

    /// Compiles and renders a song into a file.
    pub(crate) fn render(
        &self,
        song: &Song,
        files: &Arc<Files>,
        options: &MixOptions,
        what: &str,
        progress: &mut dyn Progress,
    ) -> Result<Render, Trouble> {
        let rendering = self.prepare(song, files)?;
        let plan = Arc::clone(&rendering.compiled.plan);
        let cut = options.stretch.as_ref().map(|stretch| stretch.in_song(song, &plan)).transpose()?;
        let mut output = Output::create(self, &options.output, options.depth, (plan.sample_rate, Layout::Stereo))?;
        let unheard = cut.as_ref().and_then(|cut| cut.unheard);
        let told = match cut {
            None => rendering.run(what, progress, |view| output.write(view))?,
            Some(cut) => {
                let sink: Sink<'_, Trouble> = Box::new(|view| output.write(view).map_err(Trouble::from));
                rendering.drive(what, progress, vec![sink], Some(cut.span))?
            }
        };
        let PlanOutput { latency, endless, .. } = plan.outputs[0];
        Ok(Render { written: output.end().keep()?, told, latency, endless, unheard })
    }

    /// Compiles a song.
    pub(crate) fn prepare(&self, song: &Song, files: &Arc<Files>) -> Result<Rendering, Trouble> {
        self.prepare_set(&[Wanted::mix(song)], files, None)
    }

    /// Compiles a song whose audio comes from that library.
    pub(crate) fn prepare_in(&self, song: &Song, library: Arc<dyn Library>) -> Result<Rendering, Trouble> {
        let compiled = compile_all(&[Wanted::mix(song)], self.registry(), &*library, None)?;
        Ok(Rendering { compiled, library, shelf: None, threads: self.threads, block: self.block })
    }

    /// Compiles several songs at once, with what a shelf holds of them.
    pub(crate) fn prepare_set(
        &self,
        wanted: &[Wanted<'_>],
        files: &Arc<Files>,
        shelf: Option<Arc<DiskShelf>>,
    ) -> Result<Rendering, Trouble> {
        let library: Arc<dyn Library> = Arc::clone(files) as Arc<dyn Library>;
        let found = shelf.as_deref().map(|shelf| shelf as &dyn Shelf);
        let compiled = compile_all(wanted, self.registry(), &*library, found)?;
        Ok(Rendering { compiled, library, shelf, threads: self.threads, block: self.block })
    }
}

/// A song ready to be rendered.
pub(crate) struct Rendering {
    pub(crate) compiled: Compiled,
    library: Arc<dyn Library>,
    shelf: Option<Arc<DiskShelf>>,
    threads: usize,
    block: usize,
}

impl Rendering {
    /// Renders its one mix into `sink`.
    pub(crate) fn run(
        self,
        what: &str,
        progress: &mut dyn Progress,
        mut sink: impl FnMut(View<'_>) -> Result<(), Failure> + Send,
    ) -> Result<Told, Trouble> {
        self.run_all(what, progress, vec![Box::new(move |view| sink(view).map_err(Trouble::from))])
    }

    /// Renders a stretch of its one mix into `sink`.
    pub(crate) fn run_span(
        self,
        span: Span,
        mut sink: impl FnMut(View<'_>) -> Result<(), Failure> + Send,
    ) -> Result<Told, Trouble> {
        let executor = Executor::new(self.compiled, &self.library, self.block);
        let sink: Sink<'_, Trouble> = Box::new(move |view| sink(view).map_err(Trouble::from));
        Ok(told(executor.render_span(self.threads, span, vec![sink])?))
    }

    /// Renders every output into its sink, in one pass.
    pub(crate) fn run_all(
        self,
        what: &str,
        progress: &mut dyn Progress,
        sinks: Vec<Sink<'_, Trouble>>,
    ) -> Result<Told, Trouble> {
        self.drive(what, progress, sinks, None)
    }

    /// Renders all of it, or a stretch of which nothing is kept.
    fn drive(
        self,
        what: &str,
        progress: &mut dyn Progress,
        mut sinks: Vec<Sink<'_, Trouble>>,
        span: Option<Span>,
    ) -> Result<Told, Trouble> {
        let first = &self.compiled.plan.outputs[0];
        let total = span.map_or(first.frames + first.tail, |span| span.to - span.from);
        let mut executor = Executor::new(self.compiled, &self.library, self.block);
        if let Some(shelf) = self.shelf.as_ref().filter(|_| span.is_none()) {
            shelf.tidy();
            executor.keep_on(&**shelf);
        }
        progress.begin(what, total);
        // The sink runs on a worker; whoever draws progress stays on this thread and looks at a counter now and then.
        let done = AtomicU64::new(0);
        let threads = self.threads;
        let result = std::thread::scope(|scope| {
            let watcher = std::thread::current();
            let done = &done;
            // The first output is a mix: how far it is, so far are the others, but for a few blocks.
            let mut first = sinks.remove(0);
            let counted: Sink<'_, Trouble> = Box::new(move |view| {
                first(view)?;
                done.fetch_add(view.frames() as u64, Ordering::Relaxed);
                Ok(())
            });
            sinks.insert(0, counted);
            let render = scope.spawn(move || {
                let result = match span {
                    None => executor.render(threads, sinks),
                    Some(span) => executor.render_stretch(threads, span, sinks),
                };
                watcher.unpark();
                result
            });
            let mut told = 0;
            while !render.is_finished() {
                std::thread::park_timeout(LOOK);
                let now = done.load(Ordering::Relaxed);
                progress.advance(now - told);
                told = now;
            }
            render.join()
        });
        progress.end();
        Ok(told(result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?))
    }
}

/// What the processors of a render told.
fn told(rendered: Rendered) -> Told {
    let one = |(address, reduction): (String, GainReduction)| Dynamics {
        address,
        max_reduction_db: reduction.max_db,
        mean_reduction_db: reduction.mean_db,
    };
    Told {
        dynamics: rendered.gain_reductions.into_iter().map(one).collect(),
        meters: rendered.levels.iter().map(|(address, levels)| Metered::new(address, levels)).collect(),
    }
}

/// What a render came to.
pub(crate) struct Render {
    pub(crate) written: Written,
    pub(crate) told: Told,
    pub(crate) latency: u64,
    pub(crate) endless: bool,
    pub(crate) unheard: Option<Unheard>,
}

/// Why a render stopped: the song, or the file it went into.
#[derive(Debug)]
pub(crate) enum Trouble {
    Engine(EngineError),
    Failure(Failure),
}

impl Trouble {
    /// As a failure that points at its place in the document, where it has one.
    pub(crate) fn in_document(self, path: &Path, document: &Document) -> Failure {
        let Trouble::Engine(error) = self else { return self.about(path) };
        let mut diagnostic = Diagnostic::error("cannot-render", error.to_string());
        let place = |address: &str| {
            // Clips come in order of time, and stand in the text as they were written; a track may have its audio itself.
            let clip = address.split_once("/clip/").and_then(|(track, number)| {
                let written = document.clip_numbers(track);
                let number = written.get(number.parse::<usize>().ok()?.checked_sub(1)?);
                Some(number.map_or_else(|| track.to_owned(), |number| format!("{track}/clip/{number}")))
            });
            let address = clip.as_deref().unwrap_or(address);
            // What is wrong with a track or clip as a whole is mostly its audio.
            document.span_of(&format!("{address}/audio")).or_else(|| document.span_of(address))
        };
        if let Some(span) = error.address.as_deref().and_then(place) {
            diagnostic = diagnostic.at(span, "asked for here");
        }
        Failure::Render { path: path.into(), text: document.to_text(), diagnostic: diagnostic.into() }
    }

    /// As a failure of the verb that works on that file.
    pub(crate) fn about(self, path: &Path) -> Failure {
        match self {
            Trouble::Engine(error) => Failure::input(path, error),
            Trouble::Failure(failure) => failure,
        }
    }
}

impl From<EngineError> for Trouble {
    fn from(error: EngineError) -> Self {
        Trouble::Engine(error)
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Trouble::Failure(failure)
    }
}
