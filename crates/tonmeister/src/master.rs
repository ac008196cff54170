//! The verb *master*: a mix (or a song, mixed first) to a finished master at a loudness and under a ceiling.
//!
//! 1. The input is measured and staged to [`chain::STAGING_LUFS`].
//! 2. Equalizer and bus compressor run once, into a temporary file beside the output (of more than two hours: in every try).
//! 3. The drive into the true-peak limiter is *searched on the finished master*: each try renders, dithers and
//!    measures what would be written, until its loudness is within [`TOLERANCE_LU`] of what was asked for.
//! 4. A try that needs more limiting than allowed is taken back to just what is allowed, and the report says so.
//! 5. The true peak of the written samples is checked against the ceiling once more, with longer taps than the limiter
//!    has (content above 20 kHz peaks where shorter ones do not see it); an excess lowers the limiter.
//!
//! The whole chain is a document ([`chain`]): `mix` renders it to the same bits.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;
use tonmeister_core::Layout;
use tonmeister_engine::Library;
use tonmeister_measure::loudness::{Loudness, LoudnessMeter};
use tonmeister_release::album::KEPT_S;
use tonmeister_session::model::Song;

use crate::failure::{Failure, Finding};
use crate::fed::Fed;
use crate::measure::open_for_measuring;
use crate::mix::{Dynamics, MixOptions, MixReport, Trouble};
use crate::output::{Depth, Ended, Output, Written, format_of, meter, refuse_to_replace};
use crate::progress::Progress;
use crate::text_file::{self, Existing};
use crate::world::{Files, World, sources};

pub mod target;

pub use tonmeister_release::chain;

use chain::Material;
use target::Target;

/// How near the written loudness comes to what was asked for.
pub const TOLERANCE_LU: f64 = 0.03;

/// How far the true peak of the written file may lie above the ceiling: what dither and rounding add.
const PEAK_TOLERANCE_DB: f64 = 0.005;

/// What is louder than this is no sound whose scale is known: the gain staging could not bring it down either.
const LOUDEST_LUFS: f64 = 42.0;
/// What clips call a staged song that is not kept.
const STAGED: &str = "staged";

/// Tries of the search; it needs three or four.
const MAX_TRIES: usize = 12;

/// What to make.
#[derive(Clone, Debug)]
pub struct MasterOptions {
    /// The file; `.wav` or `.flac`.
    pub output: PathBuf,
    /// How its samples are stored.
    pub depth: Depth,
    /// A named target; without one, "streaming".
    pub target: Option<String>,
    /// A file of targets in place of the built-in one.
    pub targets: Option<PathBuf>,
    /// Integrated loudness, over the target's.
    pub loudness_lufs: Option<f64>,
    /// True-peak ceiling, over the target's.
    pub ceiling_dbtp: Option<f64>,
    /// The most the limiter may take off any peak, in dB.
    pub max_limiting_db: f64,
    /// Where to leave the chain as a document, if anywhere.
    pub document: Option<PathBuf>,
}

impl MasterOptions {
    /// The defaults: 24 bits, target "streaming", at most 6 dB of limiting.
    pub fn new(output: impl Into<PathBuf>) -> Self {
        MasterOptions {
            output: output.into(),
            depth: Depth::Int24,
            target: None,
            targets: None,
            loudness_lufs: None,
            ceiling_dbtp: None,
            max_limiting_db: 6.0,
            document: None,
        }
    }

    fn resolve(&self) -> Result<Target, Failure> {
        let mut target = target::target(self.target.as_deref().unwrap_or("streaming"), self.targets.as_deref())?;
        if let Some(loudness) = self.loudness_lufs {
            if !(-70.0..=0.0).contains(&loudness) {
                return Err(Failure::Usage(format!("a loudness is a number from -70 to 0 LUFS, not {loudness}")));
            }
            target.loudness_lufs = loudness;
        }
        if let Some(ceiling) = self.ceiling_dbtp {
            if !(-24.0..=0.0).contains(&ceiling) {
                return Err(Failure::Usage(format!("a ceiling is a number from -24 to 0 dBTP, not {ceiling}")));
            }
            target.ceiling_dbtp = ceiling;
        }
        if !(0.0..=60.0).contains(&self.max_limiting_db) {
            return Err(Failure::Usage(format!("the limiting allowed is 0 to 60 dB, not {}", self.max_limiting_db)));
        }
        Ok(target)
    }
}

/// What a master came to.
#[derive(Clone, Debug, Serialize)]
pub struct MasterReport {
    /// What was asked for.
    pub target: Target,
    /// Whether the loudness was reached with the limiting allowed.
    pub reached: bool,
    /// What was mastered, before anything was done to it.
    pub input: Loudness,
    /// Gain into the chain, in dB.
    pub staging_db: f64,
    /// Gain into the limiter, in dB.
    pub drive_db: f64,
    /// What the compressor and the limiter did.
    pub dynamics: Vec<Dynamics>,
    /// The limiting that was allowed, in dB.
    pub max_limiting_db: f64,
    /// Renders of the limiter the search took.
    pub tries: usize,
    /// The file.
    pub written: Written,
    /// The mix that was made first, when the input was a song document.
    pub mix: Option<MixReport>,
    /// What was odd about the files.
    pub warnings: Vec<Finding>,
}

type Measured = (Loudness, Vec<Finding>, u32, u64);

impl World {
    /// Masters a mix, or a song document, to a file. The file appears whole or not at all.
    pub fn master(
        &self,
        input: &Path,
        options: &MasterOptions,
        progress: &mut dyn Progress,
    ) -> Result<MasterReport, Failure> {
        let target = options.resolve()?;
        format_of(&options.output, options.depth)?;
        refuse_to_replace(&options.output, &[input])?;
        let is_song = input.extension().is_some_and(|e| e.eq_ignore_ascii_case("toml"));
        if is_song {
            let (document, _) = self.open_document(input)?;
            let base = input.parent().unwrap_or(Path::new(""));
            refuse_to_replace(&options.output, &sources(document.song(), base))?;
        }
        if is_song && options.document.is_some() {
            let what = "the chain of a master is written down for a mix, not for a song document; mix the song to a file first";
            return Err(Failure::Usage(what.into()));
        }
        let folder = folder_of(&options.output);
        let scratch = tempfile::Builder::new()
            .prefix(".tonmeister-master-")
            .tempdir_in(&folder)
            .map_err(|e| Failure::output(&folder, crate::world::plain(&e)))?;
        self.master_in(scratch.path(), input, options, (target, is_song), progress)
            .map_err(|failure| failure.of_output(scratch.path(), &options.output))
    }

    /// Masters, with what is only a step on the way in `scratch`.
    fn master_in(
        &self,
        scratch: &Path,
        input: &Path,
        options: &MasterOptions,
        (target, is_song): (Target, bool),
        progress: &mut dyn Progress,
    ) -> Result<MasterReport, Failure> {
        let mix = if is_song {
            let output = scratch.join("mix.wav");
            Some(self.mix(input, &MixOptions::whole(output, Depth::Float32), progress)?)
        } else {
            None
        };
        let audio = mix.as_ref().map_or(input, |mix| mix.written.path.as_path());
        let (material, loudness, warnings) = self.material(input, audio, mix.as_ref(), progress)?;
        let session = Session { world: self, scratch, material, target: &target, options };
        let (won, staged) = session.run(progress)?;
        if let Some(path) = &options.document {
            session.save_document(path, input, &staged.song, &won)?;
        }
        let Attempt { output, drive_db, dynamics, reached, .. } = won;
        let mut report = MasterReport {
            reached,
            input: loudness,
            staging_db: staged.song.tracks[0].strip.get("trim_db"),
            drive_db,
            dynamics: staged.dynamics.into_iter().chain(dynamics).collect(),
            max_limiting_db: options.max_limiting_db,
            tries: staged.tries,
            written: output,
            target,
            warnings,
            mix,
        };
        if let Some(mix) = &mut report.mix {
            // The mix was a step on the way; its file is gone.
            mix.written.path = PathBuf::new();
        }
        Ok(report)
    }

    /// Measures what is to be mastered.
    fn material(
        &self,
        input: &Path,
        audio: &Path,
        mix: Option<&MixReport>,
        progress: &mut dyn Progress,
    ) -> Result<(Material, Loudness, Vec<Finding>), Failure> {
        let (loudness, warnings, sample_rate, frames) = match mix {
            Some(mix) => {
                (mix.written.loudness.clone(), mix.warnings.clone(), mix.written.sample_rate_hz, mix.written.frames)
            }
            None => self.measure_input(audio, input, progress)?,
        };
        let audio = std::path::absolute(audio).map_err(|e| Failure::input(audio, crate::world::plain(&e)))?;
        let Some(loudness_lufs) = loudness.integrated_lufs else {
            let what = "is silent (or shorter than 0.4 s): there is nothing that could be brought to a loudness";
            return Err(Failure::input(input, what));
        };
        if loudness_lufs > LOUDEST_LUFS {
            let what = format!(
                "is at {loudness_lufs:.1} LUFS, and a sound that fills the scale is near 0; if its samples are whole numbers \
                 written as floats, export it again with a full scale of 1.0"
            );
            return Err(Failure::input(input, what));
        }
        let title = match mix {
            Some(mix) => mix.title.clone(),
            None => input.file_stem().map_or_else(String::new, |s| s.to_string_lossy().into_owned()),
        };
        let audio = path_text(&audio)?;
        Ok((Material { audio, title, sample_rate, frames, loudness_lufs }, loudness, warnings))
    }

    /// Listens to a mix.
    fn measure_input(&self, audio: &Path, input: &Path, progress: &mut dyn Progress) -> Result<Measured, Failure> {
        let mut opened = open_for_measuring(audio)?;
        let (rate, layout) = (opened.info.sample_rate, opened.info.layout);
        let mut meter = meter((rate, layout)).map_err(|e| Failure::input(input, e))?;
        progress.begin("Listening", opened.info.frames);
        let mut frames = 0;
        let pass = self.each_block(input, &mut *opened.source, |block| {
            meter.push(block.view(block.frames()));
            frames += block.frames() as u64;
            progress.advance(block.frames() as u64);
        });
        progress.end();
        pass?;
        let loudness = meter.finish();
        let count = opened.silenced.get();
        if count > 0 {
            let what =
                format!("{count} samples are no numbers (NaN or infinite); render the mix again or repair it first");
            return Err(Failure::input(input, what));
        }
        let warnings = opened.warnings.iter().map(|d| Finding::new(input, "", d)).collect();
        Ok((loudness, warnings, rate, frames))
    }
}

fn path_text(path: &Path) -> Result<String, Failure> {
    let text = path.to_str().map(str::to_owned);
    text.ok_or_else(|| Failure::input(path, "the path is not UTF-8 text, which documents are made of; rename it"))
}

fn folder_of(output: &Path) -> PathBuf {
    match output.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.into(),
        _ => PathBuf::from("."),
    }
}

/// One mastering: everything that stays the same from try to try.
struct Session<'a> {
    world: &'a World,
    scratch: &'a Path,
    material: Material,
    target: &'a Target,
    options: &'a MasterOptions,
}

/// What was done before the limiter.
struct Staged {
    song: Song,
    dynamics: Vec<Dynamics>,
    tries: usize,
}

/// A try that was written.
struct Attempt<W> {
    output: W,
    drive_db: f64,
    ceiling_dbtp: f64,
    dynamics: Vec<Dynamics>,
    reached: bool,
}

/// A try that could still be kept.
struct Tried {
    ended: Ended,
    limiting_db: f64,
    dynamics: Vec<Dynamics>,
}

impl Session<'_> {
    fn run(&self, progress: &mut dyn Progress) -> Result<(Attempt<Written>, Staged), Failure> {
        let song = chain::before_limiter(&self.material, self.world.registry());
        let mut fed = Fed::new(self.world);
        let (audio, loudness, dynamics) = self.stage(&song, &mut fed, progress)?;
        let Some(loudness) = loudness.integrated_lufs else {
            return Err(Failure::input(&self.material.audio, "is silent once rumble is taken away"));
        };
        let staged = Material { audio, loudness_lufs: loudness, ..self.material.clone() };
        let (attempt, tries) = self.search(&staged, &fed.library(), progress)?;
        let attempt = Attempt {
            output: attempt.output.keep()?,
            drive_db: attempt.drive_db,
            ceiling_dbtp: attempt.ceiling_dbtp,
            dynamics: attempt.dynamics,
            reached: attempt.reached,
        };
        Ok((attempt, Staged { song, dynamics, tries }))
    }

    /// Runs the chain as far as the limiter: what clips call it, its loudness, and what its compressor did. It becomes a
    /// temporary file beside the output; of more than two hours it is only heard, and made again in each try.
    fn stage(
        &self,
        song: &Song,
        fed: &mut Fed,
        progress: &mut dyn Progress,
    ) -> Result<(String, Loudness, Vec<Dynamics>), Failure> {
        let about = |e: Trouble| e.about(&self.options.output);
        let what = "Equalizing and compressing";
        let (files, rate) = (Files::new(""), self.material.sample_rate);
        if self.material.frames <= KEPT_S * u64::from(rate) {
            let path = self.scratch.join("staged.wav");
            let options = MixOptions::whole(path.clone(), Depth::Float32);
            let render = self.world.render(song, &files, &options, what, progress).map_err(about)?;
            return Ok((path_text(&path)?, render.written.loudness, render.told.dynamics));
        }
        let mut meter =
            LoudnessMeter::new(rate, Layout::Stereo).map_err(|e| Failure::input(&self.material.audio, e))?;
        let rendering = self.world.prepare(song, &files).map_err(about)?;
        let heard = rendering.run(what, progress, |view| {
            self.world.go_on()?;
            meter.push(view);
            Ok(())
        });
        let dynamics = heard.map_err(about)?.dynamics;
        fed.feed(STAGED, song.clone());
        Ok((STAGED.to_owned(), meter.finish(), dynamics))
    }

    /// Finds the drive, by the secant through the last two tries, inside what limiting is allowed.
    fn search(
        &self,
        staged: &Material,
        library: &Arc<dyn Library>,
        progress: &mut dyn Progress,
    ) -> Result<(Attempt<Ended>, usize), Failure> {
        let allowed = self.options.max_limiting_db;
        let (wanted, mut ceiling) = (self.target.loudness_lufs, self.target.ceiling_dbtp);
        let mut drive = (wanted - staged.loudness_lufs).clamp(-60.0, 36.0);
        // The highest drive whose limiting is known to be allowed-or-just-so, once some try went beyond.
        let mut most = 36.0_f64;
        let mut last: Option<(f64, f64)> = None;
        for number in 1..=MAX_TRIES {
            let tried = self.attempt((staged, library), (drive, ceiling), number, progress)?;
            let measured = &tried.ended.written.loudness;
            let loudness = measured.integrated_lufs.unwrap_or(f64::NEG_INFINITY);
            let excess = measured.true_peak_dbtp.unwrap_or(f64::NEG_INFINITY) - self.target.ceiling_dbtp;
            let (error, over) = (wanted - loudness, tried.limiting_db - allowed);
            let on_target = error.abs() <= TOLERANCE_LU;
            let capped = drive >= most && error > 0.0;
            if over > 0.0 {
                // The deepest reduction grows decibel by decibel with the drive.
                most = most.min(drive - over - 0.005);
            }
            if excess > PEAK_TOLERANCE_DB {
                ceiling -= excess;
            } else if over <= 0.0 && (on_target || capped || number == MAX_TRIES) {
                let Tried { ended: output, dynamics, .. } = tried;
                // Within 0.1 LU counts as reached: no listener and no service tells the difference.
                let reached = error.abs() <= 0.1;
                return Ok((Attempt { output, drive_db: drive, ceiling_dbtp: ceiling, dynamics, reached }, number));
            }
            let slope = match last {
                Some((d, l)) if (drive - d).abs() > 1e-6 => ((loudness - l) / (drive - d)).clamp(0.25, 1.5),
                _ => 1.0,
            };
            last = Some((drive, loudness));
            drive = if on_target && over <= 0.0 { drive } else { drive + error / slope };
            drive = drive.clamp(-60.0, most);
        }
        let what = format!(
            "no setting was found within {MAX_TRIES} tries that keeps {:.1} dBTP with at most {allowed:.1} dB of limiting; \
             ask for less loudness",
            self.target.ceiling_dbtp
        );
        Err(Failure::Target(what))
    }

    fn attempt(
        &self,
        (staged, library): (&Material, &Arc<dyn Library>),
        (drive, ceiling): (f64, f64),
        number: usize,
        progress: &mut dyn Progress,
    ) -> Result<Tried, Failure> {
        let about = |e: Trouble| e.about(&self.options.output);
        let mut song = chain::bare(staged);
        chain::add_limiter(&mut song, self.world.registry(), drive, ceiling);
        let rendering = self.world.prepare_in(&song, Arc::clone(library)).map_err(about)?;
        let mut output = Output::create(
            self.world,
            &self.options.output,
            self.options.depth,
            (self.material.sample_rate, Layout::Stereo),
        )?;
        let what = format!("Limiting, try {number}");
        let dynamics = rendering.run(&what, progress, |view| output.write(view)).map_err(about)?.dynamics;
        let limiting_db = dynamics.iter().map(|d| d.max_reduction_db).fold(0.0, f64::max);
        Ok(Tried { ended: output.end(), limiting_db, dynamics })
    }

    /// Leaves the chain as a document that renders to the same master.
    fn save_document(&self, path: &Path, input: &Path, staged: &Song, won: &Attempt<Written>) -> Result<(), Failure> {
        let mut song = staged.clone();
        let input = std::path::absolute(input).map_err(|e| Failure::input(input, crate::world::plain(&e)))?;
        song.tracks[0].clips[0].audio = path_text(&input)?;
        chain::add_limiter(&mut song, self.world.registry(), won.drive_db, won.ceiling_dbtp);
        let text = tonmeister_session::print(&song);
        text_file::write(path, &text, Existing::Replace).map_err(|e| Failure::output(path, crate::world::plain(&e)))
    }
}
