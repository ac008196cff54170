//! What each stage of the mastering did: the sound before it and behind it, at the same loudness.
//!
//! Louder sounds better, so nothing is learned by switching a stage off while its gain goes with it. Here the sound that
//! enters a stage is turned to the integrated loudness of what leaves it; what then remains is the stage. Everything before
//! a stage is in both; nothing behind it is in either. The excerpt is the loudest 20 s of the song, where dynamics work
//! most, unless another is asked for.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tonmeister_core::{Buffer, Layout, View};
use tonmeister_dsp::dither::{Dither, Shaping};
use tonmeister_measure::loudness::LoudnessMeter;
use tonmeister_measure::spectrum::{Division, LongTermMeter};
use tonmeister_media as media;
use tonmeister_session::model::Song;

use super::balance::Session;
use super::crew;
use super::documents::run_chain;
use super::files::{DITHER_SEED, safe};
use super::levels::{Levels, meter};
use super::lock::{Solution, key, plain};
use super::studio::{Studio, Trouble};
use crate::chain::add_limiter;

/// How long an excerpt is, in seconds.
pub const EXCERPT_S: f64 = 20.0;
/// The longest that can be asked for.
pub const LONGEST_S: f64 = 120.0;
/// How near the two loudnesses of a pair come.
pub const MATCHED_LU: f64 = 0.1;
/// Both files of a pair are turned down together where they would peak above this.
const CEILING_DBTP: f64 = -1.0;
/// Stages that a song is expected to have, for whoever waits.
const STAGES: u64 = 6;
/// Frames at a time.
const BLOCK: usize = 4096;
/// Bands so far below the loudest are not compared, in dB.
const FAINT_DB: f64 = -60.0;

/// What is listened to of a song.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Excerpt {
    /// Which song, counted from 0.
    pub song: usize,
    /// Its title.
    pub title: String,
    /// Where it begins in the song, in seconds.
    pub from_s: f64,
    /// Where it ends.
    pub to_s: f64,
    /// Each stage, in the order of the signal.
    pub stages: Vec<Stage>,
}

/// What one stage did to the excerpt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// Its insert's id; `limiter` for the last one.
    pub id: String,
    /// The effect.
    pub effect: String,
    /// Why it is there.
    pub reason: String,
    /// It is bypassed in the document, and did nothing.
    pub bypassed: bool,
    /// What it did to the loudness, in LU: what the bypassed sound is turned by to match. `None` for silence.
    pub level_lu: Option<f64>,
    /// Peak-to-loudness ratio before and behind it, in dB.
    pub plr_db: [Option<f64>; 2],
    /// The most it took off, in dB, where it is a dynamics processor.
    pub reduction_db: Option<f64>,
    /// What is left when the matched sounds are taken off each other, against the sound behind it, in dB; `None` where
    /// nothing is left.
    pub residual_db: Option<f64>,
    /// What it did to each third of an octave at equal loudness: the band's middle in Hz, and dB.
    pub thirds: Vec<(f64, f64)>,
    /// The files of the pair, bypassed and in, from the folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<[String; 2]>,
    /// What both files were turned down by, to leave room for peaks, in dB.
    #[serde(default)]
    pub headroom_db: f64,
}

/// All stages of all songs, and what they follow from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stages {
    /// What it follows from.
    pub key: String,
    /// Each song.
    pub songs: Vec<Excerpt>,
}

impl Stages {
    /// What they follow from.
    pub(crate) fn key(session: &Session<'_>, solution: &Solution, studio: &dyn Studio) -> String {
        let gains = format!("{:?} {:?} {}", solution.staging_db, solution.runs_db, solution.gain_db);
        key(&["stages", &session.key(studio), &gains])
    }
}

/// What is asked for: an excerpt of its own, and a folder that the pairs are written into.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wanted<'a> {
    pub(crate) range_s: Option<(f64, f64)>,
    pub(crate) folder: Option<&'a Path>,
}

/// A sound held in memory: an excerpt.
struct Sound {
    left: Vec<f32>,
    right: Vec<f32>,
    /// The greatest reductions in it, by address.
    reductions: Vec<(String, f64)>,
}

/// Listens to every stage of every song.
pub(crate) fn listen(
    studio: &mut dyn Studio,
    session: &Session<'_>,
    solution: &Solution,
    titles: &[String],
    wanted: Wanted<'_>,
) -> Result<Vec<Excerpt>, Trouble> {
    // Each song is gone through for its loudest stretch, and that for each stage.
    let excerpt = (EXCERPT_S * f64::from(session.timeline.rate)) as u64;
    let sizes: Vec<u64> = session.timeline.songs.iter().map(|song| song.length + STAGES * excerpt).collect();
    crew::each(studio, "Each stage in and out", &sizes, |studio, song| {
        one(studio, session, solution, (song, &titles[song]), wanted)
    })
}

fn one(
    studio: &mut dyn Studio,
    session: &Session<'_>,
    solution: &Solution,
    (song, title): (usize, &str),
    wanted: Wanted<'_>,
) -> Result<Excerpt, Trouble> {
    let placed = &session.timeline.songs[song];
    let (run, rate) = (placed.run, session.timeline.rate);
    let places = session.timeline.run(run);
    let before: u64 = session.timeline.songs[places.start..song].iter().map(|song| song.length).sum();
    let audio: Vec<String> = session.inputs.iter().map(|input| input.audio.clone()).collect();
    let chain = run_chain(session.album, session.timeline, run, &audio, solution.staging_db[run], studio.registry());
    let what = |stage: &str| format!("Song {}: {stage} in and out", song + 1);
    let (from, to) = match wanted.range_s {
        Some((from, to)) => {
            let frame = |seconds: f64| ((seconds * f64::from(rate)) as u64).min(placed.length);
            (frame(from), frame(to))
        }
        None => loudest(studio, &chain, (before, placed.length), rate, song)?,
    };
    let span = (before + from, before + to);
    let only = |stages: usize| {
        let mut song = chain.clone();
        for insert in &mut song.tracks[0].strip.inserts[stages..] {
            insert.bypass = true;
        }
        song
    };
    let seconds = |frame: u64| frame as f64 / f64::from(rate);
    let mut excerpt =
        Excerpt { song, title: title.to_owned(), from_s: seconds(from), to_s: seconds(to), stages: Vec::new() };
    if to <= from {
        let message =
            format!("song {} ends before the excerpt begins: it is {:.1} s long", song + 1, seconds(placed.length));
        return Err(Trouble::Target(message));
    }
    let folder = wanted.folder.map(|folder| (folder, safe(&format!("{:02} {title}", song + 1))));
    if let Some((folder, name)) = &folder {
        let folder = folder.join(name);
        std::fs::create_dir_all(&folder).map_err(|e| Trouble::output(&folder, plain(&e)))?;
    }
    let mut entering = sound(studio, &only(0), &what("staging"), span)?;
    let inserts = chain.tracks[0].strip.inserts.clone();
    for (place, insert) in inserts.iter().enumerate() {
        let effect = insert.settings.spec();
        let mut stage = Stage::named(&insert.id, effect.id, &reason(&insert.id, effect.summary));
        if insert.bypass {
            stage.bypassed = true;
            excerpt.stages.push(stage);
            continue;
        }
        let leaving = sound(studio, &only(place + 1), &what(&insert.id), span)?;
        let number = excerpt.stages.len() + 1;
        let files = folder.as_ref().map(|(folder, name)| (*folder, format!("{name}/{number} {}", insert.id)));
        stage.hear(&entering, &leaving, rate, files)?;
        excerpt.stages.push(stage);
        entering = leaving;
    }
    let mut limited = chain.clone();
    let drive = solution.runs_db[run] + session.album.songs[song].level_db + solution.gain_db;
    add_limiter(&mut limited, studio.registry(), drive, session.options.ceiling_dbtp);
    let leaving = sound(studio, &limited, &what("limiter"), span)?;
    let mut stage = Stage::named(
        "limiter",
        "limiter",
        "reaches the loudness under the ceiling, at each output rate; the gain into it was found on the finished chain",
    );
    let number = excerpt.stages.len() + 1;
    let files = folder.as_ref().map(|(folder, name)| (*folder, format!("{name}/{number} limiter")));
    stage.hear(&entering, &leaving, rate, files)?;
    excerpt.stages.push(stage);
    Ok(excerpt)
}

/// Why a stage is there: of the standard chain and of consistency it is known, of others what the effect is for.
fn reason(id: &str, summary: &str) -> String {
    match id {
        "consistency-eq" => "brings the song's tone nearer to the album's".into(),
        "consistency-width" => "brings the song's width nearer to the album's".into(),
        _ => summary.to_owned(),
    }
}

/// The loudest stretch of a song in its run, in frames of the song.
fn loudest(
    studio: &mut dyn Studio,
    chain: &Song,
    (begin, length): (u64, u64),
    rate: u32,
    song: usize,
) -> Result<(u64, u64), Trouble> {
    let window = ((EXCERPT_S * f64::from(rate)) as u64).min(length);
    if window == length {
        return Ok((0, length));
    }
    let mut bare = chain.clone();
    for insert in &mut bare.tracks[0].strip.inserts {
        insert.bypass = true;
    }
    let mut meter = LoudnessMeter::new(rate, Layout::Stereo).map_err(|e| Trouble::Target(e.to_string()))?;
    let what = format!("Song {}: looking for its loudest {EXCERPT_S:.0} s", song + 1);
    studio.excerpt(&bare, &what, (begin, begin + length), &mut |view: View<'_>| {
        meter.push(view);
        Ok(())
    })?;
    let (_, history) = meter.finish_with_history();
    // Loudness of 400 ms, every 100 ms: a stretch is as loud as the power of all of them.
    let power = |lufs: &Option<f64>| lufs.map_or(0.0, |lufs| 10f64.powf(lufs / 10.0));
    let powers: Vec<f64> = history.momentary_lufs.iter().map(power).collect();
    let steps = ((EXCERPT_S * 10.0) as usize).min(powers.len());
    let mut best = (0, 0.0);
    for at in 0..=powers.len() - steps {
        let sum: f64 = powers[at..at + steps].iter().sum();
        if sum > best.1 * (1.0 + 1e-9) {
            best = (at, sum);
        }
    }
    let from = ((best.0 as f64 * 0.1 * f64::from(rate)) as u64).min(length - window);
    Ok((from, from + window))
}

fn sound(studio: &mut dyn Studio, song: &Song, what: &str, span: (u64, u64)) -> Result<Sound, Trouble> {
    let (mut left, mut right) = (Vec::new(), Vec::new());
    let reductions = studio.excerpt(song, what, span, &mut |view: View<'_>| {
        left.extend_from_slice(view.channel(0));
        right.extend_from_slice(view.channel(view.layout().channels() - 1));
        Ok(())
    })?;
    Ok(Sound { left, right, reductions })
}

impl Sound {
    fn view(&self) -> View<'_> {
        View::stereo(&self.left, &self.right)
    }

    fn levels(&self, rate: u32) -> Result<Levels, Trouble> {
        let mut meter = meter(rate, Layout::Stereo).map_err(Trouble::Target)?;
        meter.push(self.view());
        Ok(Levels::from(&meter.finish()))
    }

    fn thirds(&self, rate: u32) -> Vec<(f64, f64)> {
        let mut meter = LongTermMeter::new(rate, Layout::Stereo);
        meter.push(self.view());
        let both = meter.finish().both();
        let bands = Division::Thirds.bands(rate).into_iter();
        bands.map(|band| (band.nominal_hz, both.band(band.low_hz, band.high_hz))).collect()
    }
}

impl Stage {
    fn named(id: &str, effect: &str, reason: &str) -> Stage {
        Stage {
            id: id.into(),
            effect: effect.into(),
            reason: reason.into(),
            bypassed: false,
            level_lu: None,
            plr_db: [None; 2],
            reduction_db: None,
            residual_db: None,
            thirds: Vec::new(),
            files: None,
            headroom_db: 0.0,
        }
    }

    /// Compares both sides of the stage, and writes them where that is wanted.
    fn hear(
        &mut self,
        entering: &Sound,
        leaving: &Sound,
        rate: u32,
        files: Option<(&Path, String)>,
    ) -> Result<(), Trouble> {
        let (before, after) = (entering.levels(rate)?, leaving.levels(rate)?);
        self.plr_db = [before.plr_db, after.plr_db];
        let peaks = (before.true_peak_dbtp, after.true_peak_dbtp);
        let own = format!("/{}", self.id);
        let found = leaving.reductions.iter().filter(|(address, _)| address.ends_with(&own));
        self.reduction_db = found.map(|(_, db)| *db).reduce(f64::max);
        let Some((before, after)) = before.integrated_lufs.zip(after.integrated_lufs) else { return Ok(()) };
        let level = after - before;
        self.level_lu = Some(level);
        let gain = 10f64.powf(level / 20.0);
        let (mut rest, mut whole) = (0.0, 0.0);
        for (a, b) in [(&entering.left, &leaving.left), (&entering.right, &leaving.right)] {
            for (a, b) in a.iter().zip(b) {
                rest += (f64::from(*b) - gain * f64::from(*a)).powi(2);
                whole += f64::from(*b).powi(2);
            }
        }
        // Below −140 dB is the rounding of floats.
        self.residual_db = Some(10.0 * (rest / whole).log10()).filter(|db| *db > -140.0);
        let (a, b) = (entering.thirds(rate), leaving.thirds(rate));
        let loudest = b.iter().map(|(_, power)| *power).fold(0.0, f64::max);
        let faint = loudest * 10f64.powf(FAINT_DB / 10.0);
        let heard = a.iter().zip(&b).filter(|((_, a), (_, b))| a * gain * gain > faint && *b > faint);
        self.thirds = heard.map(|((hz, a), (_, b))| (*hz, 10.0 * (b / a).log10() - level)).collect();
        if let Some((folder, name)) = files {
            let highest = [peaks.0.map(|peak| peak + level), peaks.1].into_iter().flatten().fold(-200.0, f64::max);
            // In tenths, so that it can be read.
            self.headroom_db = (((highest - CEILING_DBTP).max(0.0) * 10.0).ceil()) / 10.0;
            let down = 10f64.powf(-self.headroom_db / 20.0);
            let names = [format!("{name} out.wav"), format!("{name} in.wav")];
            write(&folder.join(&names[0]), entering, gain * down, rate)?;
            write(&folder.join(&names[1]), leaving, down, rate)?;
            self.files = Some(names);
        }
        Ok(())
    }
}

/// Writes an excerpt as 24 bits, dithered, whole or not at all.
fn write(path: &PathBuf, sound: &Sound, gain: f64, rate: u32) -> Result<(), Trouble> {
    let format = media::Format::Wav(media::SampleFormat::Int24);
    let mut writer = media::Writer::create(path, format, rate, Layout::Stereo).map_err(|e| Trouble::output(path, e))?;
    let dither = Dither::new(24, Shaping::Flat, rate, Layout::Stereo, DITHER_SEED);
    let mut dither = dither.map_err(|e| Trouble::Target(e.to_string()))?;
    let mut buffer = Buffer::new(Layout::Stereo, BLOCK);
    for from in (0..sound.left.len()).step_by(BLOCK) {
        let frames = BLOCK.min(sound.left.len() - from);
        let mut block = buffer.block(frames);
        for (channel, lane) in [&sound.left, &sound.right].into_iter().enumerate() {
            for (out, x) in block.channel_mut(channel).iter_mut().zip(&lane[from..from + frames]) {
                *out = (f64::from(*x) * gain) as f32;
            }
        }
        dither.process(&mut block);
        writer.write(block.view()).map_err(|e| Trouble::output(path, e))?;
    }
    writer.finish().map_err(|e| Trouble::output(path, e))?;
    Ok(())
}
