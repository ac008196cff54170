//! The whole way, from the document to the files.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use tonmeister_core::{Diagnostic, Layout};
use tonmeister_dsp::resample::resampled_frames;
use tonmeister_media::{Format, IntegerBits, Tags};
use tonmeister_session::album::model::{Audio, Deliver};
use tonmeister_session::album::{Album, AlbumDocument};

use super::balance::Session;
use super::deliver::{self, deliver};
use super::disc;
use super::editions::{Edition, Remark, editions};
use super::even::{self, Lie, Tone};
use super::files::Set;
use super::image::{self, DiscReport};
use super::inputs::{Foreseen, Input, gather};
use super::levels::Levels;
use super::lock::{Folds, Heard, Lock, Locked, NAME, Solution, Work, keep, key, plain, recall};
use super::lossy::Looped;
use super::manifest;
use super::mono;
use super::report::{Report, report};
use super::sequence::{Length, Timeline, place};
use super::services::Service;
use super::sides::{self, Sides, SidesWork};
use super::sound::{Lost, sound_key};
use super::space::{Held, Need};
use super::stages::{self, Excerpt, Stages, Wanted};
use super::studio::{Studio, Trouble};
use super::texts::{COVER, Cover, cover, tags};
use crate::cdtext::CdText;
use crate::pq::PqSheet;
use crate::toc::Disc;

/// The table beside the excerpts of an audition.
const AUDITION: &str = "audition.json";

/// Two hours: 2.5 GB of floats for each step at 44.1 kHz. Ten hours would be 13.
pub const KEPT_S: u64 = 7200;

/// What the album is made to, with targets looked up.
#[derive(Clone, Debug)]
pub struct Options {
    /// Integrated loudness of the loudest song, or of each.
    pub loudness_lufs: f64,
    /// True peak that no file exceeds.
    pub ceiling_dbtp: f64,
    /// The program and its version: what it makes of the same things may change with it.
    pub program: String,
    /// The services to preview.
    pub services: Vec<Service>,
    /// How many seconds a programme may have whose steps on the way are kept as files of floats ([`KEPT_S`]). Of a longer
    /// one every step is made again by whoever reads it, from the songs on: that takes longer, and no room. The bytes of
    /// what is made are the same.
    pub kept_s: u64,
}

/// A release that was made.
#[derive(Clone, Debug)]
pub struct Made {
    /// What it came to.
    pub report: Report,
    /// What was odd about the songs' files, each with its file.
    pub warnings: Vec<(PathBuf, Diagnostic)>,
}

/// Everything that is known before work begins.
struct Known {
    inputs: Vec<Input>,
    timeline: Timeline,
    titles: Vec<String>,
    sets: Vec<Set>,
    tags: Vec<Tags>,
    cover: Option<Cover>,
    disc: Option<(Disc, Option<CdText>)>,
    /// The disc's sheet, which has its titles whatever stands on it.
    sheet: Option<PqSheet>,
    /// A record, a cassette.
    sides: Vec<Sides>,
    /// What a plant may ask about.
    remarks: Vec<Diagnostic>,
    /// Versions of the album.
    editions: Vec<Edition>,
    /// What is to be told of songs in them.
    versions: Vec<Remark>,
}

impl Known {
    /// What stays the same while the album itself is made.
    fn session<'a>(&'a self, album: &'a Album, options: &'a Options) -> Session<'a> {
        Session { album, timeline: &self.timeline, inputs: &self.inputs, options }
    }

    /// How the songs lie to each other, and the album with what is done about it.
    fn even(&self, album: &Album, heard: &[(Levels, Tone)], studio: &dyn Studio) -> (Album, Vec<Lie>) {
        if !even::measures(&album.consistency) {
            return (album.clone(), Vec::new());
        }
        let lies = even::lies(album, &self.timeline, heard, studio.registry());
        (even::corrected(album, &lies, studio.registry()), lies)
    }
}

/// The songs in their places, and everything that has rules of its own about their lengths.
struct LaidOut {
    timeline: Timeline,
    /// What the songs' files say, without gains.
    tags: Vec<Tags>,
    /// The songs' titles as they are shown, with what version they are.
    titles: Vec<String>,
    disc: Option<(Disc, Option<CdText>)>,
    sheet: Option<PqSheet>,
    sides: Vec<Sides>,
    remarks: Vec<Diagnostic>,
}

/// What is known of a song before it is laid out.
struct Arriving<'a> {
    sample_rate: u32,
    frames: u64,
    tempo_bpm: Option<f64>,
    title: &'a str,
    version_title: Option<&'a str>,
}

/// Lays the songs out; refuses what a plant would refuse.
fn lay_out(document: &AlbumDocument, songs: &[Arriving<'_>]) -> Result<LaidOut, Trouble> {
    let album = document.album();
    let highest = songs.iter().map(|song| song.sample_rate).max().unwrap_or(48_000);
    let rate = album.sound.sample_rate_hz.unwrap_or(highest);
    let length = |song: &Arriving<'_>| Length {
        frames: resampled_frames(song.frames, song.sample_rate, rate),
        tempo_bpm: song.tempo_bpm,
    };
    let lengths: Vec<Length> = songs.iter().map(length).collect();
    let timeline = place(document, &lengths, rate).map_err(Trouble::Document)?;
    let own: Vec<(&str, Option<&str>)> = songs.iter().map(|song| (song.title, song.version_title)).collect();
    let tags = tags(document, &own)?;
    let titles: Vec<String> = tags.iter().map(|tags| tags.display_title().unwrap_or_default()).collect();
    let sides = sides::sides(document, &timeline, &titles).map_err(Trouble::Document)?;
    let (mut disc, mut sheet, mut remarks) = (None, None, Vec::new());
    if let Some(cd) = album.cd {
        let contents = disc::disc(document, &timeline);
        let text = cd.text.then(|| disc::text(document, &tags));
        let (errors, warnings) = disc::check(document, &contents, text.as_ref());
        if !errors.is_empty() {
            return Err(Trouble::Document(errors));
        }
        sheet = Some(image::sheet(&contents, &disc::text(document, &tags)));
        (disc, remarks) = (Some((contents, text)), warnings);
    }
    Ok(LaidOut { timeline, tags, titles, disc, sheet, sides, remarks })
}

/// Refuses what no mix of the documents can make good: formats, and lengths that are wrong at the least and at the most.
fn foresee(document: &AlbumDocument, songs: &[Foreseen]) -> Result<(), Trouble> {
    let with = |most: bool| {
        let frames = |song: &Foreseen| if most { song.frames.1 } else { song.frames.0 };
        let songs = songs.iter().map(|song| Arriving {
            sample_rate: song.sample_rate,
            frames: frames(song),
            tempo_bpm: song.tempo_bpm,
            title: &song.title,
            version_title: song.version_title.as_deref(),
        });
        lay_out(document, &songs.collect::<Vec<_>>())
    };
    let laid = match (with(true), with(false)) {
        (Err(Trouble::Document(mut most)), Err(Trouble::Document(least))) => {
            // What is wrong both ways will be wrong.
            most.retain(|found| least.iter().any(|other| other.code == found.code));
            return if most.is_empty() { Ok(()) } else { Err(Trouble::Document(most)) };
        }
        (Ok(laid), _) | (_, Ok(laid)) => laid,
        (Err(found), Err(_)) => return Err(found),
    };
    let album = document.album();
    let set = |deliver: &Deliver| vec![Set::of(album, deliver, laid.timeline.rate, &laid.titles)];
    let sets: Vec<Vec<Set>> = album.deliver.iter().map(set).collect();
    refuse(document, &sets, &laid.timeline)
}

/// Looks at everything and refuses what cannot become a release.
fn know(studio: &mut dyn Studio, document: &AlbumDocument, base: &Path, scratch: &Path) -> Result<Known, Trouble> {
    let album = document.album();
    let cover = cover(document, base)?;
    let inputs = gather(studio, document, base, scratch, |songs| foresee(document, songs))?;
    let songs = inputs.iter().map(|input| Arriving {
        sample_rate: input.sample_rate,
        frames: input.frames,
        tempo_bpm: input.tempo_bpm,
        title: &input.title,
        version_title: input.version_title.as_deref(),
    });
    let LaidOut { timeline, tags, titles, disc, sheet, sides, remarks } =
        lay_out(document, &songs.collect::<Vec<_>>())?;
    let (editions, versions) = editions(document, &inputs, &timeline).map_err(Trouble::Document)?;
    let of_album = |deliver: &Deliver| Set::of(album, deliver, timeline.rate, &titles);
    let sets: Vec<Vec<Set>> =
        album.deliver.iter().map(|deliver| with_versions(&of_album(deliver), deliver, &editions)).collect();
    refuse(document, &sets, &timeline)?;
    let sets: Vec<Set> = sets.into_iter().flatten().collect();
    Ok(Known { inputs, timeline, titles, sets, tags, cover, disc, sheet, sides, remarks, editions, versions })
}

/// The files of a set, and those of each version that it asks for.
fn with_versions(set: &Set, deliver: &Deliver, editions: &[Edition]) -> Vec<Set> {
    let known = deliver.versions.iter().filter_map(|id| editions.iter().find(|edition| edition.id == *id));
    std::iter::once(set.clone()).chain(known.map(|edition| set.of_version(&edition.id, &edition.places))).collect()
}

/// Refuses formats that do not take what they would be given, and two files of one name.
fn refuse(document: &AlbumDocument, sets: &[Vec<Set>], timeline: &Timeline) -> Result<(), Trouble> {
    let mut found = Vec::new();
    let mut taken: HashMap<String, String> = HashMap::new();
    for (place, set) in sets.iter().enumerate().flat_map(|(place, all)| all.iter().map(move |set| (place, set))) {
        let span = document.span_of_deliver(place).unwrap_or(0..0);
        if let Some(why) = set.format.refusal(set.rate, Layout::Stereo) {
            found.push(Diagnostic::error("format", why).at(span.clone(), "asked for here"));
        }
        let longest = timeline.cuts(set.rate).iter().map(|(from, to)| to - from).max().unwrap_or(0);
        if let Some(why) = set.too_large(longest) {
            let told = Diagnostic::error("too-large", why).at(span.clone(), "plain WAV asked for here");
            found.push(told.help("leave `container` out, or write `container = \"rf64\"`"));
        }
        for path in set.paths.iter().flatten() {
            // Many file systems do not tell case apart.
            if let Some(other) = taken.insert(path.to_lowercase(), path.clone()) {
                let message = format!("two files would be called {other}");
                let told = Diagnostic::error("duplicate-name", message).at(span.clone(), "the second one");
                found.push(told.help("put `{track}` into `name`, or give the sets a `folder` each"));
                break;
            }
        }
    }
    if found.is_empty() { Ok(()) } else { Err(Trouble::Document(found)) }
}

/// Looks, listens and says what would be made, and what players will make of it. Writes nothing but into `scratch`.
pub fn plan(
    studio: &mut dyn Studio,
    document: &AlbumDocument,
    base: &Path,
    scratch: &Path,
    options: &Options,
) -> Result<Made, Trouble> {
    let known = know(studio, document, base, scratch)?;
    let heard = known.session(document.album(), options).listen(studio)?;
    let (album, lies) = known.even(document.album(), &heard, studio);
    let session = known.session(&album, options);
    let media = known.sides.iter().map(Sides::report).collect();
    let report = report(&session, &known.titles, &levels(&heard), None, &known.sets, &[])
        .remarked(&known.versions)
        .evened(&album, lies, &[])
        .with_physical(known.sheet.as_ref().map(DiscReport::from), media, &physical(&known, document.album()));
    let warnings = warnings(&known, &report, album.about.artwork.as_deref());
    Ok(Made { report, warnings })
}

/// Makes the release in `out`. What an earlier run has finished of the same things is kept.
pub fn make(
    studio: &mut dyn Studio,
    document: &AlbumDocument,
    base: &Path,
    out: &Path,
    options: &Options,
) -> Result<Made, Trouble> {
    let album = document.album();
    // How long a document is, its mix tells; files are refused before anything is written.
    let mixes = album.songs.iter().any(|song| matches!(song.audio, Audio::Document(_)));
    let known = if mixes { None } else { Some(fit(studio, document, base, (out, out), options)?) };
    let work = Work::open(out)?;
    let known = known.map_or_else(|| fit(studio, document, base, (&work.folder, out), options), Ok)?;
    work.sweep(out, &paths(&known, album));
    let sources = known.inputs.iter().flat_map(|input| &input.sources);
    let heard = heard(&known.session(album, options), studio, &work, out)?;
    let (album, lies) = known.even(album, &heard.songs, studio);
    let album = &album;
    let session = known.session(album, options);
    let solution = solution(&session, studio, (&work, out), levels(&heard.songs))?;
    let stages = stages(&session, studio, &solution, &known.titles, (&work, out))?;
    let albums: Vec<Album> = known.editions.iter().map(|edition| edition.corrected(&lies, studio.registry())).collect();
    let editions = known.editions.iter().zip(&albums).map(|(edition, album)| {
        let session = Session { album, timeline: &edition.timeline, inputs: &edition.inputs, options };
        (session, edition.solution(&solution, &known.timeline), edition)
    });
    let editions: Vec<(Session<'_>, Solution, &Edition)> = editions.collect();
    let others = editions.iter().map(|(session, solution, edition)| Lost::new(session, solution, Some(edition)));
    let mut lost: Vec<Lost<'_>> = std::iter::once(Lost::new(&session, &solution, None)).chain(others).collect();
    let wanted = deliver::Wanted {
        sets: &known.sets,
        tags: &known.tags,
        cover: known.cover.as_ref(),
        timeline: &known.timeline,
        disc: known.disc.is_some(),
    };
    let sets = deliver(studio, &wanted, &mut lost, (out, &work))?;
    let mut kept: Vec<String> = sets.iter().flat_map(|set| set.kept.iter().cloned()).collect();
    let looped: Vec<Looped> = sets.iter().flat_map(|set| set.loops.iter().cloned()).collect();
    let mut files: Vec<Locked> = sets.into_iter().flat_map(|set| set.files).flatten().collect();
    let lost = &mut lost[0];
    let folds = if known.editions.iter().any(Edition::is_mono) { Some(folds(studio, lost, &work, out)?) } else { None };
    if let (Some((contents, text)), Some(cd)) = (&known.disc, album.cd) {
        let follows = format!("{contents:?} {text:?} {:?}", cd.dither);
        let key = key(&["ddp", &sound_key(&session, &solution, studio), &follows]);
        let fileset = if let Some(fileset) = disc::finished(&work, out, &key) {
            kept.extend(fileset.iter().map(|file| file.path.clone()));
            fileset
        } else {
            lost.prepare(studio, &work, disc::RATE)?;
            let (audio, _) = lost.master(studio, &work, disc::RATE)?;
            let source = studio.open(&lost.as_it_is(&audio, disc::RATE, &[]))?;
            disc::write(source, (contents, text.as_ref()), cd.dither, &key, (out, &work))?
        };
        lost.forget_master(studio, &work, disc::RATE);
        files.extend(fileset);
        if let Some(sheet) = known.sheet.as_ref().filter(|_| cd.pq) {
            files.push(image::write_sheet(sheet, &key, (out, &work))?);
        }
        if cd.cue {
            files.extend(image::write_image(studio, &album.title, text.as_ref(), &key, (out, &work))?);
        }
    }
    files.extend(known.cover.as_ref().map(|cover| cover.deliver((out, &work))).transpose()?);
    let mut media = Vec::new();
    for sides in &known.sides {
        let sound = sound_key(&session, &solution, studio);
        let with = SidesWork { album, sound: &sound, tags: &known.tags, out, steps: &work };
        let Timeline { rate, frames, .. } = known.timeline;
        let programme = |studio: &mut dyn Studio, work: &Work| Ok((lost.programme(studio, work)?, rate, frames));
        let (made, report, whole) = sides::write(studio, sides, programme, with)?;
        kept.extend(made.iter().filter(|_| whole).map(|file| file.path.clone()));
        files.extend(made);
        media.push(report);
    }
    let report = report(&session, &known.titles, &solution.inputs, Some(&solution), &known.sets, &files)
        .kept(&kept)
        .looped(&looped)
        .remarked(&known.versions)
        .evened(album, lies, &even::distances(album, &known.timeline, &solution.tones))
        .staged(&stages.songs)
        .folded(folds.as_ref().map_or(&[], |folds| &folds.songs))
        .with_physical(known.sheet.as_ref().map(DiscReport::from), media, &[]);
    let (loops, sides) = work.remembered();
    let lock = Lock {
        program: options.program.clone(),
        title: album.title.clone(),
        sources: sources.cloned().collect(),
        heard: Some(heard),
        solution: solution.clone(),
        loops,
        sides,
        stages: Some(stages),
        folds,
        files,
    };
    manifest::write(studio, &manifest::Told { album, tags: &known.tags, editions: &known.editions }, &lock.files, out)?;
    keep(&out.join("release.json"), &report)?;
    keep(&out.join(NAME), &lock)?;
    work.close()?;
    let warnings = warnings(&known, &report, album.about.artwork.as_deref());
    Ok(Made { report, warnings })
}

/// What is known of an album that can be made in `out`: it spares its sources, and its disk has room.
fn fit(
    studio: &mut dyn Studio,
    document: &AlbumDocument,
    base: &Path,
    (scratch, out): (&Path, &Path),
    options: &Options,
) -> Result<Known, Trouble> {
    let known = know(studio, document, base, scratch)?;
    let album = document.album();
    protect(out, base, &known, album)?;
    let lossless = Format::Flac(IntegerBits::TwentyFour);
    let picture = known.cover.as_ref().map_or(0, |cover| cover.of(lossless).bytes.len() as u64);
    // Each of these holds the whole program once more: so many bytes for each frame.
    let disc = album.cd.map(|cd| Held { rate: disc::RATE, bytes: if cd.cue { 8 } else { 4 }, premade: false });
    let sides = known.sides.iter().map(|sides| Held { rate: sides.rate, bytes: 6, premade: true });
    let held: Vec<Held> = disc.into_iter().chain(sides).collect();
    let keeps = known.session(album, options).keeps();
    let need = Need::of(&known.timeline, &known.sets, picture, &held, keeps.then(|| studio.cores()));
    need.refuse(out, &paths(&known, album))?;
    Ok(known)
}

/// Every file that it becomes, from its folder.
fn paths(known: &Known, album: &Album) -> Vec<String> {
    let sets = known.sets.iter().flat_map(|set| set.paths.iter().flatten().cloned());
    sets.chain(physical(known, album).into_iter().map(|(path, _)| path)).collect()
}

/// The files of what can be held, and the picture, as a plan lists them, each with its rate.
fn physical(known: &Known, album: &Album) -> Vec<(String, u32)> {
    let mut all: Vec<(String, u32)> = Vec::new();
    if let Some(cd) = album.cd {
        let fileset = disc::FILES.iter().filter(|name| cd.text || **name != disc::TEXTS);
        all.extend(fileset.map(|name| (format!("{}/{name}", disc::FOLDER), disc::RATE)));
        all.extend(image::paths(&album.title, (cd.cue, cd.pq)).into_iter().map(|path| (path, disc::RATE)));
    }
    for sides in &known.sides {
        all.extend(sides.paths().into_iter().map(|path| (path, sides.rate)));
    }
    // A picture has no rate.
    all.extend(known.cover.is_some().then(|| (COVER.to_owned(), 0)));
    all
}

/// What each stage did: as an earlier run with the same sound has heard it, else heard.
fn stages(
    session: &Session<'_>,
    studio: &mut dyn Studio,
    solution: &Solution,
    titles: &[String],
    (work, out): (&Work, &Path),
) -> Result<Stages, Trouble> {
    let key = Stages::key(session, solution, studio);
    let path = work.path(&format!("stages-{key}.json"));
    let known = recall::<Stages>(&path).or_else(|| recall::<Lock>(&out.join(NAME))?.stages);
    if let Some(stages) = known.filter(|stages| stages.key == key) {
        return Ok(stages);
    }
    let songs = stages::listen(studio, session, solution, titles, Wanted::default())?;
    let stages = Stages { key, songs };
    keep(&path, &stages)?;
    // As an interrupted run would read it.
    Ok(recall(&path).unwrap_or(stages))
}

/// Writes, of each song, an excerpt before and behind each stage of its mastering into a folder, both at the same loudness,
/// and tells what the stage did. Without a range in seconds it is the loudest 20 s. The gains are those of the release in
/// `release`, where it was made from the same things, else they are searched.
pub fn audition(
    studio: &mut dyn Studio,
    document: &AlbumDocument,
    base: &Path,
    (out, release): (&Path, Option<&Path>),
    range_s: Option<(f64, f64)>,
    options: &Options,
) -> Result<Vec<Excerpt>, Trouble> {
    fs::create_dir_all(out).map_err(|e| Trouble::output(out, plain(&e)))?;
    let work = Work::open(out)?;
    let scratch = work.folder.clone();
    let known = know(studio, document, base, &scratch)?;
    let release = release.unwrap_or(out);
    let heard = heard(&known.session(document.album(), options), studio, &work, release)?;
    let (album, _) = known.even(document.album(), &heard.songs, studio);
    let session = known.session(&album, options);
    let solution = solution(&session, studio, (&work, release), levels(&heard.songs))?;
    let wanted = Wanted { range_s, folder: Some(out) };
    let songs = stages::listen(studio, &session, &solution, &known.titles, wanted)?;
    keep(&out.join(AUDITION), &songs)?;
    work.close()?;
    Ok(songs)
}

/// What the songs lose in mono: as an earlier run with the same sound has heard it, else heard.
fn folds(studio: &mut dyn Studio, lost: &mut Lost<'_>, work: &Work, out: &Path) -> Result<Folds, Trouble> {
    let key = key(&["folds", &sound_key(lost.session, lost.solution, studio)]);
    let path = work.path(&format!("folds-{key}.json"));
    let known = recall::<Folds>(&path).or_else(|| recall::<Lock>(&out.join(NAME))?.folds);
    if let Some(folds) = known.filter(|folds| folds.key == key) {
        return Ok(folds);
    }
    let programme = lost.programme(studio, work)?;
    let programme = lost.as_it_is(&programme, lost.session.timeline.rate, &[]);
    let folds = Folds { key, songs: mono::folds(studio, &programme, lost.session.timeline)? };
    keep(&path, &folds)?;
    // As an interrupted run would read it.
    Ok(recall(&path).unwrap_or(folds))
}

/// What was odd about the songs' files, about the disc, about sides, and about the picture.
fn warnings(known: &Known, report: &Report, artwork: Option<&str>) -> Vec<(PathBuf, Diagnostic)> {
    let files = known.inputs.iter().flat_map(|input| input.warnings.iter().map(|w| (input.named.clone(), w.clone())));
    // The place in the document is the caller's to know; these speak of the disc as a whole.
    let disc =
        known.remarks.iter().map(|d| (PathBuf::from("[cd]"), Diagnostic { span: None, label: None, ..d.clone() }));
    let sides = report.media.iter().flat_map(|medium| medium.findings.iter().map(move |f| (medium, f)));
    let sides = sides.map(|(medium, f)| (PathBuf::from(format!("[{}]", medium.folder)), f.into()));
    let artwork = PathBuf::from(artwork.unwrap_or_default());
    let cover = known.cover.iter().flat_map(|cover| &cover.remarks).map(|d| (artwork.clone(), d.clone()));
    files.chain(disc).chain(sides).chain(cover).collect()
}

/// Refuses to write a file where one of the sources stands.
fn protect(out: &Path, base: &Path, known: &Known, album: &Album) -> Result<(), Trouble> {
    let mut sources: Vec<PathBuf> =
        known.inputs.iter().filter_map(|input| base.join(&input.named).canonicalize().ok()).collect();
    let physical = physical(known, album).into_iter().map(|(path, _)| path);
    // A picture that is what it would become is no loss.
    let differs = |cover: &&Cover| fs::read(out.join(COVER)).is_ok_and(|there| there != cover.bytes());
    let artwork = album.about.artwork.as_ref().filter(|_| known.cover.as_ref().is_some_and(|cover| differs(&cover)));
    sources.extend(artwork.and_then(|path| base.join(path).canonicalize().ok()));
    for path in known.sets.iter().flat_map(|set| set.paths.iter().flatten().cloned()).chain(physical) {
        let at = out.join(&path);
        if at.canonicalize().is_ok_and(|at| sources.contains(&at)) {
            return Err(Trouble::output(at, "is what this is made from, and would be lost; name another folder"));
        }
    }
    Ok(())
}

fn levels(heard: &[(Levels, Tone)]) -> Vec<Levels> {
    heard.iter().map(|(levels, _)| *levels).collect()
}

/// The songs as they came: as an earlier run has heard them, else heard.
fn heard(session: &Session<'_>, studio: &mut dyn Studio, work: &Work, out: &Path) -> Result<Heard, Trouble> {
    let key = session.heard_key();
    let path = work.path(&format!("heard-{key}.json"));
    let known = recall::<Heard>(&path).or_else(|| recall::<Lock>(&out.join(NAME))?.heard);
    if let Some(heard) = known.filter(|heard| heard.key == key) {
        return Ok(heard);
    }
    let heard = Heard { key, songs: session.listen(studio)? };
    keep(&path, &heard)?;
    // As an interrupted run would read it.
    Ok(recall(&path).unwrap_or(heard))
}

/// The gains: those of an earlier run with the same key, else searched.
fn solution(
    session: &Session<'_>,
    studio: &mut dyn Studio,
    (work, out): (&Work, &Path),
    inputs: Vec<Levels>,
) -> Result<Solution, Trouble> {
    let key = session.key(studio);
    let path = work.path(&format!("solution-{key}.json"));
    let known = recall::<Solution>(&path).or_else(|| Some(recall::<Lock>(&out.join(NAME))?.solution));
    if let Some(solution) = known.filter(|solution| solution.key == key) {
        return Ok(solution);
    }
    let solution = session.solve(studio, work, inputs)?;
    keep(&path, &solution)?;
    // As an interrupted run would read it.
    Ok(recall(&path).unwrap_or(solution))
}
