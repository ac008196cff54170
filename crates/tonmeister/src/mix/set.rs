//! A mix with its versions and stems, all in one pass, each a file of its own, and the proof that they add up.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use tonmeister_core::{Buffer, Diagnostic, Layout, View};
use tonmeister_engine::{Entry, Part, Plan, PlanOutput, Sink, Stem, StemPath, Wanted, indivisible};
use tonmeister_session::model::{BusDynamics, Destination, Send, Song, Strip, Tap, Ways};
use tonmeister_session::tables::SILENCE_DB;

use super::stretch::{Cut, Stretch, Unheard};
use super::sum::{Null, Summing};
use super::{Dynamics, Metered, Told, Trouble};
use crate::failure::{Failure, Finding};
use crate::output::{Depth, Ended, Output, Written, format_of, refuse_to_replace};
use crate::progress::Progress;
use crate::shelf::DiskShelf;
use crate::world::{Files, World, plain, sources};

/// How deep stems have to null against their mix before anything is said about it, in dB.
const ADDS_UP_DB: f64 = -100.0;

/// How many damaged renders in a row are taken away and made anew before it is told.
const MOST_DAMAGED: usize = 32;

/// Which versions of the song are made besides the mix itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Versions {
    /// None.
    #[default]
    None,
    /// Every one that the document holds.
    All,
    /// Those of these ids.
    Named(Vec<String>),
}

/// What to write.
#[derive(Clone, Debug)]
pub struct SetOptions {
    /// The file of the mix, `.wav` or `.flac`. Versions stand beside it (`mix-instrumental.wav`), stems in folders beside
    /// it (`mix-stems/drums.wav`).
    pub output: PathBuf,
    /// How samples are stored.
    pub depth: Depth,
    /// Which versions.
    pub versions: Versions,
    /// Whether stems of each are made, and where they are taken: those that the document chooses, else one for each strip
    /// that leads to the master.
    pub stems: Option<StemPath>,
    /// Whether versions keep what the mix's bus and master dynamics did, so that versions which complete each other add
    /// up to the mix; otherwise each version's dynamics hear that version alone. What the document says of a version
    /// ([`Song::bus_dynamics`]) holds only with this.
    pub replay: bool,
    /// Where renders are kept and found. Nothing of a stretch is.
    pub shelf: Option<Arc<DiskShelf>>,
    /// The stretch of the song to make; without it, all of it.
    pub stretch: Option<Stretch>,
}

/// What a set came to.
#[derive(Clone, Debug, Serialize)]
pub struct SetReport {
    /// The song's title.
    pub title: String,
    /// Raw tracks mixed.
    pub tracks: usize,
    /// Buses they went through.
    pub buses: usize,
    /// The mix first, then its versions.
    pub versions: Vec<VersionReport>,
    /// Versions that are each what the other lacks, and whether they add up to the mix.
    pub pairs: Vec<PairReport>,
    /// Parts of the desk that were processed, and parts that were found as an earlier render kept them.
    pub made: usize,
    /// See [`SetReport::made`].
    pub kept: usize,
    /// What played unheard before it, if it is a stretch that does not begin with the song.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unheard: Option<Unheard>,
    /// What each dynamics processor of the mix did; of a part that was kept, only those of the part itself are known.
    pub dynamics: Vec<Dynamics>,
    /// What each meter of the mix heard at its place; of a part that was kept, only those of the part itself are known.
    pub meters: Vec<Metered>,
    /// What was odd about the document and its files.
    pub warnings: Vec<Finding>,
}

/// One version of a set.
#[derive(Clone, Debug, Serialize)]
pub struct VersionReport {
    /// The version's id; nothing for the mix itself.
    pub version: Option<String>,
    /// Its title.
    pub title: String,
    /// Its file.
    pub written: Written,
    /// Its stems, but for those of which everything is muted. One that is the same in an earlier version is that
    /// version's file.
    pub stems: Vec<StemReport>,
    /// What is left of the version (of what enters its master, for stems before it) when its stems are taken off it.
    pub null: Option<Null>,
    /// The inserts that keep its stems from adding up, where they do not.
    pub indivisible: Vec<String>,
}

/// One stem.
#[derive(Clone, Debug, Serialize)]
pub struct StemReport {
    /// Its id.
    pub id: String,
    /// Its title, when the document states one.
    pub title: Option<String>,
    /// Its file.
    pub written: Written,
}

/// Two versions that complete each other.
#[derive(Clone, Debug, Serialize)]
pub struct PairReport {
    /// Their ids.
    pub versions: [String; 2],
    /// What is left of the mix when both are taken off it.
    pub null: Null,
}

/// A version on its way.
struct Version {
    id: Option<String>,
    title: String,
    song: Song,
    /// Whether its timeline is another than the mix's.
    is_cut: bool,
    /// Whether its bus dynamics do what they do to the mix.
    replays: bool,
    stems: Vec<Stem>,
}

/// A signal that is summed: which sum, and as which part of it.
type Share = (usize, usize);

impl World {
    /// Mixes a song document to a file, and with it versions of it and the stems of each: one pass, in which what they
    /// share is made once. Every file appears whole; when one cannot be made, none does.
    ///
    /// # Errors
    /// Besides those of [`World::mix`]: a version that the document does not hold, a stretch of one that is cut.
    pub fn mix_set(
        &self,
        song: &Path,
        options: &SetOptions,
        progress: &mut dyn Progress,
    ) -> Result<SetReport, Failure> {
        format_of(&options.output, options.depth)?;
        let (document, mut warnings) = self.open_document(song)?;
        let base = song.parent().unwrap_or(Path::new(""));
        let versions = chosen(document.song(), options)?;
        let files = Files::kept_on(base, options.shelf.clone());
        let mut result = self.render_set(&versions, &files, base, options, progress);
        for _ in 0..MOST_DAMAGED {
            if result.is_ok() || !options.shelf.as_ref().is_some_and(|shelf| shelf.take_damage()) {
                break;
            }
            // What the disk had damaged is out of the way now; what it stood for may have been made of more.
            result = self.render_set(&versions, &files, base, options, progress);
        }
        let mut report = result.map_err(|e| e.in_document(song, &document))?;
        warnings.extend(files.warnings());
        warnings.append(&mut report.warnings);
        let held = document.song().stems_held();
        for version in &report.versions {
            // Stems that the document leaves tracks out of, or holds them twice in, were told when it was read.
            if document.song().stems.is_empty() || held.is_whole() {
                warnings.extend(doubt(song, version));
            }
        }
        Ok(SetReport {
            title: document.song().title.clone(),
            tracks: document.song().tracks.len(),
            buses: document.song().buses.len(),
            warnings,
            ..report
        })
    }

    /// The files of all outputs that have one, and the folders that had to be made for stems.
    fn begin_files(
        &self,
        versions: &[Version],
        plan: &Plan,
        base: &Path,
        options: &SetOptions,
    ) -> Result<(Vec<Option<Output>>, Folders), Failure> {
        let paths: Vec<Option<PathBuf>> =
            (0..plan.outputs.len()).map(|at| file_of(&options.output, plan, at)).collect();
        let mut folders = Folders::default();
        for (path, output) in paths.iter().zip(&plan.outputs) {
            let Some(path) = path else { continue };
            for version in versions {
                refuse_to_replace(path, &sources(&version.song, base))?;
            }
            if matches!(output.part, Part::Stem(_)) {
                folders.make(path.parent().unwrap_or(Path::new("")))?;
            }
        }
        let begin = |path: &PathBuf| Output::create(self, path, options.depth, (plan.sample_rate, Layout::Stereo));
        let outputs = paths.iter().map(|path| path.as_ref().map(begin).transpose()).collect::<Result<_, _>>()?;
        Ok((outputs, folders))
    }

    fn render_set(
        &self,
        versions: &[Version],
        files: &Arc<Files>,
        base: &Path,
        options: &SetOptions,
        progress: &mut dyn Progress,
    ) -> Result<SetReport, Trouble> {
        let path = options.stems.unwrap_or_default();
        let wanted: Vec<Wanted<'_>> = versions.iter().map(|version| version.wanted(path)).collect();
        let shelf = options.shelf.clone().filter(|_| options.stretch.is_none());
        let rendering = self.prepare_set(&wanted, files, shelf)?;
        let plan = Arc::clone(&rendering.compiled.plan);
        let cut = options.stretch.as_ref().map(|stretch| stretch_of(stretch, versions, &plan)).transpose()?;
        let (mut outputs, mut folders) = self.begin_files(versions, &plan, base, options)?;
        let (sums, shares, pairs) = sums(versions, &plan);
        let sums: Vec<Mutex<Summing>> = sums.into_iter().map(|parts| Mutex::new(Summing::new(parts))).collect();
        let sinks = outputs.iter_mut().zip(&shares).map(|(output, shares)| -> Sink<'_, Trouble> {
            let sums = &sums;
            Box::new(move |view: View<'_>| {
                for &(sum, part) in shares {
                    sums[sum].lock().unwrap_or_else(PoisonError::into_inner).push(part, view);
                }
                match output {
                    Some(output) => Ok(output.write(view)?),
                    None => Ok(self.go_on()?),
                }
            })
        });
        let Told { dynamics, meters } = match &cut {
            None => rendering.run_all("Mixing", progress, sinks.collect())?,
            Some(cut) => rendering.drive("Mixing", progress, sinks.collect(), Some(cut.span))?,
        };
        let nulls: Vec<Null> =
            sums.into_iter().map(|sum| sum.into_inner().unwrap_or_else(PoisonError::into_inner).finish()).collect();

        let files = end(&plan, outputs)?;
        folders.made.clear();
        // What is the same as another is that other's file.
        let mut written = (0..plan.outputs.len()).map(|at| files[first_alike(&plan, at)].clone());
        let mut reports = Vec::new();
        let mut warnings = Vec::new();
        for (number, (version, wanted)) in versions.iter().zip(&wanted).enumerate() {
            let Some(Some(mix)) = written.next() else { break };
            let stems = version.stems.iter().zip(&mut written);
            let title = |id: &str| version.song.stems.iter().find(|stem| stem.id == id)?.title.clone();
            let report = |(stem, file): (&Stem, Option<Written>)| {
                Some(StemReport { id: stem.id.clone(), title: title(&stem.id), written: file? })
            };
            let stems: Vec<StemReport> = stems.filter_map(report).collect();
            if path == StemPath::Before && !version.stems.is_empty() {
                // The sum that they were measured against.
                written.next();
            }
            let null = (!version.stems.is_empty()).then(|| nulls[number].clone());
            let deep = null.as_ref().is_none_or(adds_up);
            reports.push(VersionReport {
                version: version.id.clone(),
                title: version.title.clone(),
                written: mix,
                stems,
                null,
                indivisible: if deep { Vec::new() } else { indivisible(wanted)? },
            });
        }
        if plan.outputs.iter().any(|output| output.endless) {
            let what = "an effect never falls silent; its tail was cut after 60 s";
            warnings.push(Finding::warning(&options.output, "endless-tail", what));
        }
        let pairs = pairs.into_iter().zip(nulls.into_iter().skip(versions.len()));
        let pairs = pairs.map(|(versions, null)| PairReport { versions, null }).collect();
        let kept = plan.nodes.iter().filter(|node| node.entry == Entry::Kept).count();
        let made = plan.nodes.len() - kept;
        Ok(SetReport {
            title: String::new(),
            tracks: 0,
            buses: 0,
            versions: reports,
            pairs,
            made,
            kept,
            unheard: cut.and_then(|cut| cut.unheard),
            dynamics,
            meters,
            warnings,
        })
    }
}

/// A stretch of the mix and of versions that run with it.
fn stretch_of(stretch: &Stretch, versions: &[Version], plan: &Plan) -> Result<Cut, Failure> {
    if let Some(version) = versions.iter().find(|version| version.is_cut) {
        return Err(Failure::Usage(format!(
            "`{}` has cuts, so its time is not the mix's; name versions without cuts, or make it whole",
            version.name()
        )));
    }
    stretch.in_song(&versions[0].song, plan)
}

/// Folders of stems that were made on the way; those that stay empty are taken away again.
#[derive(Default)]
struct Folders {
    made: Vec<PathBuf>,
}

impl Folders {
    fn make(&mut self, folder: &Path) -> Result<(), Failure> {
        if !folder.is_dir() {
            std::fs::create_dir(folder).map_err(|e| Failure::output(folder, plain(&e)))?;
            self.made.push(folder.into());
        }
        Ok(())
    }
}

impl Drop for Folders {
    fn drop(&mut self) {
        for folder in &self.made {
            // One that holds something is somebody's.
            let _ = std::fs::remove_dir(folder);
        }
    }
}

impl Version {
    /// As the engine is asked for it.
    fn wanted(&self, path: StemPath) -> Wanted<'_> {
        Wanted {
            version: self.name(),
            song: &self.song,
            stems: self.stems.clone(),
            path,
            replays: self.replays.then_some(0),
            beside: (self.id.is_some() && !self.is_cut).then_some(0),
        }
    }

    /// Its name among the outputs.
    fn name(&self) -> String {
        self.id.clone().unwrap_or_default()
    }
}

/// The mix and the versions that were asked for, each as a song with its stems.
fn chosen(base: &Song, options: &SetOptions) -> Result<Vec<Version>, Failure> {
    let all = || base.versions.iter().map(|version| version.id.clone()).collect();
    let ids: Vec<String> = match &options.versions {
        Versions::None => Vec::new(),
        Versions::All => all(),
        Versions::Named(ids) => ids.clone(),
    };
    // Cuts leave their mark on where clips lie.
    let clips = |song: &Song| song.tracks.iter().map(|track| track.clips.clone()).collect::<Vec<_>>();
    let whole = clips(base);
    let mut versions = vec![(None, base.title.clone(), base.clone())];
    for id in ids {
        let made = base.version(&id).map_err(no_version)?;
        let title = base.versions.iter().find(|v| v.id == id).and_then(|v| v.title.clone());
        versions.push((Some(id.clone()), title.unwrap_or(id), made));
    }
    let stems = |song: &Song| match options.stems {
        Some(_) if song.stems.is_empty() => Stem::completed(song, Stem::of_groups(song)),
        Some(_) => Stem::of_document(song),
        None => Vec::new(),
    };
    let version = |(id, title, song): (Option<String>, String, Song)| {
        let is_cut = clips(&song) != whole;
        // What was done to the mix at a time says nothing of a version whose time runs otherwise.
        let follows = |id: &String| options.replay && !is_cut && base.bus_dynamics(id) == BusDynamics::Mix;
        let replays = id.as_ref().is_some_and(follows);
        Version { id, title, is_cut, replays, stems: stems(&song), song }
    };
    Ok(versions.into_iter().map(version).collect())
}

/// A version that cannot be made, as a mistake of whoever asked for it.
pub(crate) fn no_version(error: Diagnostic) -> Failure {
    let help = error.help.map(|help| format!("; {help}")).unwrap_or_default();
    Failure::Usage(format!("{}{help}", error.message))
}

/// The first output of which that one has every bit: a stem that a version shares with the mix.
fn first_alike(plan: &Plan, at: usize) -> usize {
    let alike = |o: &PlanOutput| {
        let this = &plan.outputs[at];
        (o.node, o.frames, o.tail) == (this.node, this.frames, this.tail) && matches!(this.part, Part::Stem(_))
    };
    let beside = |other: &usize| plan.lies_beside(*other) == plan.lies_beside(at);
    (0..at).filter(beside).find(|other| alike(&plan.outputs[*other])).unwrap_or(at)
}

/// Where an output is written. Nowhere, when it is the sum that stems before the master are measured against, a stem of
/// which everything is muted, or what another output is as well.
fn file_of(mix: &Path, plan: &Plan, at: usize) -> Option<PathBuf> {
    let PlanOutput { version, part, silent, .. } = &plan.outputs[at];
    let name = mix.file_stem().unwrap_or_default().to_string_lossy();
    let extension = mix.extension().unwrap_or_default().to_string_lossy();
    let name = if version.is_empty() { name.into_owned() } else { format!("{name}-{version}") };
    match part {
        Part::Mix if version.is_empty() => Some(mix.into()),
        Part::Mix => Some(mix.with_file_name(format!("{name}.{extension}"))),
        Part::Stem(_) if *silent || first_alike(plan, at) != at => None,
        Part::Stem(stem) => Some(mix.with_file_name(format!("{name}-stems")).join(format!("{stem}.{extension}"))),
        Part::Sum => None,
    }
}

/// What is added up: per sum how many parts are taken off a whole, per output its shares. First a sum for each version,
/// of its stems; then one for each pair of versions that complete each other, which are named.
fn sums(versions: &[Version], plan: &Plan) -> (Vec<usize>, Vec<Vec<Share>>, Vec<[String; 2]>) {
    let mut parts: Vec<usize> = versions.iter().map(|version| version.stems.len()).collect();
    let mut shares: Vec<Vec<Share>> = vec![Vec::new(); plan.outputs.len()];
    let place = |name: &str| versions.iter().position(|version| version.name() == name).unwrap_or_default();
    for (output, shares) in plan.outputs.iter().zip(&mut shares) {
        let version = place(&output.version);
        let before = plan.outputs.iter().any(|o| o.version == output.version && o.part == Part::Sum);
        let stem = |id: &str| versions[version].stems.iter().position(|stem| stem.id == id);
        match &output.part {
            Part::Mix if before || versions[version].stems.is_empty() => {}
            Part::Mix | Part::Sum => shares.push((version, 0)),
            Part::Stem(id) => shares.extend(stem(id).map(|at| (version, at + 1))),
        }
    }
    let mut pairs = Vec::new();
    let heard: Vec<Vec<bool>> = versions.iter().map(|version| heard(&version.song)).collect();
    for first in 1..versions.len() {
        for second in first + 1..versions.len() {
            let both = heard[first].iter().zip(&heard[second]).zip(&heard[0]);
            let whole = !versions[first].is_cut && !versions[second].is_cut;
            let complete = whole && both.clone().all(|((a, b), mix)| !(*a && *b) && (*a || *b) == *mix);
            if complete && heard[first].contains(&true) && heard[second].contains(&true) {
                let sum = parts.len();
                parts.push(2);
                for (part, version) in [0, first, second].into_iter().enumerate() {
                    let name = versions[version].name();
                    let mix = plan.outputs.iter().position(|o| o.version == name && o.part == Part::Mix);
                    shares[mix.unwrap_or_default()].push((sum, part));
                }
                pairs.push([versions[first].name(), versions[second].name()]);
            }
        }
    }
    (parts, shares, pairs)
}

/// Per track, whether any way leads from it to the master that is not silenced.
fn heard(song: &Song) -> Vec<bool> {
    let song = song.lowered();
    // From the master backward: a bus that is heard makes heard what leads into it. Loops are refused before this.
    let mut buses = vec![false; song.buses.len()];
    loop {
        let now: Vec<bool> = song.buses.iter().map(|bus| leads_on(&bus.strip, &buses)).collect();
        if now == buses {
            return song.tracks.iter().map(|track| leads_on(&track.strip, &buses)).collect();
        }
        buses = now;
    }
}

/// Whether a strip leads to the master, or to a bus that does.
fn leads_on(strip: &Strip, buses: &[bool]) -> bool {
    let passes = |way: &dyn Fn(&Ways) -> bool, point: &str| {
        let muted = strip.is("mute") && strip.is(point);
        !muted && !strip.followed.iter().any(|f| way(&f.ways) && f.lane.is_none() && f.db <= SILENCE_DB)
    };
    let output = match &strip.output {
        Some(Destination::Bus(bus)) => buses[*bus],
        Some(Destination::Master) => true,
        None => false,
    };
    let sends = |tap: Tap| strip.sends.iter().any(|send| send.tap == tap && !is_off(send) && buses[send.to]);
    (output && passes(&|ways| ways.main, "mute_main"))
        || (sends(Tap::Post) && passes(&|ways| ways.post, "mute_post"))
        || (sends(Tap::Pre) && passes(&|ways| ways.pre, "mute_pre"))
}

fn is_off(send: &Send) -> bool {
    send.get("mute") == 1.0 || send.get("level_db") <= SILENCE_DB
}

/// Ends the files, one for each output that has one. Stems and versions that fell silent earlier are as long as the longest
/// of them and as the mix, so that they lie beside each other.
fn end(plan: &Plan, outputs: Vec<Option<Output>>) -> Result<Vec<Option<Written>>, Failure> {
    let frames = |output: &Option<Output>| output.as_ref().map_or(0, Output::frames);
    let lengths: Vec<u64> = (0..outputs.len())
        .map(|at| {
            let beside = (0..outputs.len()).filter(|other| plan.lies_beside(*other) == plan.lies_beside(at));
            beside.map(|other| frames(&outputs[other])).max().unwrap_or(0)
        })
        .collect();
    let silence = Buffer::new(Layout::Stereo, tonmeister_engine::MAX_BLOCK);
    let mut ended: Vec<Option<Ended>> = Vec::new();
    for ((mut output, length), planned) in outputs.into_iter().zip(lengths).zip(&plan.outputs) {
        if let Some(output) = output.as_mut().filter(|_| planned.beside.is_some()) {
            while output.frames() < length {
                let step = (length - output.frames()).min(silence.frames() as u64) as usize;
                output.write(silence.view(step))?;
            }
        }
        ended.push(output.map(Output::end));
    }
    ended.into_iter().map(|ended| ended.map(Ended::keep).transpose()).collect()
}

impl VersionReport {
    /// Whether its stems add up to it: what they miss is below −100 dB, or there are none.
    pub fn adds_up(&self) -> bool {
        self.null.as_ref().is_none_or(adds_up)
    }
}

/// Whether so little is left that parts add up.
fn adds_up(null: &Null) -> bool {
    null.peak_db.is_none_or(|db| db <= ADDS_UP_DB)
}

/// Says it when stems do not add up.
fn doubt(song: &Path, version: &VersionReport) -> Option<Finding> {
    let left = version.null.as_ref()?.peak_db.filter(|db| *db > ADDS_UP_DB)?;
    let why = match version.indivisible.as_slice() {
        [] => "an effect on a shared bus works by level (a delay or reverb that ducks, say)".to_owned(),
        inserts => format!("{} cannot be divided", inserts.join(", ")),
    };
    let message = format!(
        "the stems of {} miss it by {left:.1} dB: {why}; take the stems before the master (--stems dry), or bypass it",
        version.version.as_ref().map_or_else(|| "the mix".to_owned(), |id| format!("`{id}`"))
    );
    Some(Finding::warning(song, "stems-do-not-add-up", &message))
}
