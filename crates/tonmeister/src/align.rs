//! The verb *align*: microphones that heard one source at two times, or upside down, brought together.
//!
//! Every track is measured against a reference ([`tonmeister_measure::align`]) on its bare audio, as its clips place it
//! in the song; what the strip does to it already does not count. The answer goes into the document as whole frames of
//! `delay_samples` and as `polarity`. A track cannot sound before it was recorded, so the early ones wait for the
//! latest. The reference stays where it is, unless a later microphone makes it wait; it is never turned.
//!
//! Nothing is moved on a guess: two sounds are one only when broad parts of their spectra agree on one delay and on no
//! other ([`Measured::trusted`]). A shared beat, or a part played twice, does not.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;
use tonmeister_measure::align::{AlignOptions as Search, Aligner, Polarity};
use tonmeister_measure::check::rules;
use tonmeister_media::NonFinite;
use tonmeister_session::model::{Clip, Destination, Master, Song, Strip, Track};
use tonmeister_session::{Document, Edit};

use crate::check::diff::unified;
use crate::check::{CheckOptions, answer, fix};
use crate::failure::{Failure, Finding};
use crate::mix::Trouble;
use crate::progress::Progress;
use crate::sound::Sound;
use crate::world::{Files, World};

/// The confidence below which a delay is not believed.
pub const CONFIDENCE: f64 = 0.3;
/// The fit below which it is not.
pub const FIT: f64 = 0.6;
/// The coherence below which it is not.
pub const COHERENCE: f64 = 0.1;

/// What to bring together, and how far apart it may be.
#[derive(Clone, Debug, PartialEq)]
pub struct AlignOptions {
    /// What the others are measured against; without it, the first that was named.
    pub reference: Option<String>,
    /// The greatest delay that is looked for, either way, in milliseconds; 1 to 2000. Ten meters are 29 ms.
    pub reach_ms: f64,
    /// Only say what would be done.
    pub dry_run: bool,
}

impl Default for AlignOptions {
    /// 50 ms.
    fn default() -> Self {
        AlignOptions { reference: None, reach_ms: 50.0, dry_run: false }
    }
}

/// How one recording lies to the reference.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measured {
    /// The track's id, or the file.
    pub name: String,
    /// How many frames of the song it comes later than the reference; negative: earlier.
    pub delay_frames: f64,
    /// The same in milliseconds.
    pub delay_ms: f64,
    /// Which way round it is.
    pub polarity: Polarity,
    /// 0 to 1: how far the agreement at this delay rises over that at any other.
    pub confidence: f64,
    /// 0 to 1: the share of what the two have in common that agrees on this delay.
    pub fit: f64,
    /// 0 to 1: how much of the band, in octaves, the two have in common.
    pub coherence: f64,
    /// Whether that is one sound: confidence, fit and coherence all reach what is asked of them.
    pub trusted: bool,
}

/// Files laid side by side.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AlignFilesReport {
    /// What the others are measured against.
    pub reference: PathBuf,
    /// The rate that frames are counted at: the reference's.
    pub sample_rate_hz: u32,
    /// The other files, in the order asked for.
    pub files: Vec<Measured>,
    /// What was odd about the files.
    pub warnings: Vec<Finding>,
}

/// What aligning came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AlignReport {
    /// The document.
    pub song: PathBuf,
    /// The rate that frames are counted at.
    pub sample_rate_hz: u32,
    /// Tracks that belong together.
    pub groups: Vec<Group>,
    /// The change of the text, as `diff -u` shows it; empty when there is none.
    pub diff: String,
    /// Whether the file was changed.
    pub written: bool,
    /// What was odd about the document and its files.
    pub warnings: Vec<Finding>,
}

/// A reference and what was brought in line with it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Group {
    /// The track that the others are measured against.
    pub reference: String,
    /// How the others lie to it.
    pub measured: Vec<Measured>,
    /// What was changed, and why.
    pub changes: Vec<Change>,
    /// What was left, and why.
    pub left: Vec<Left>,
}

/// One edit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What was changed: `kick-in/delay_samples`.
    pub address: String,
    /// What stood there.
    pub from: String,
    /// What stands there now.
    pub to: String,
    /// Why.
    pub why: String,
}

/// A track that was not brought in line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Left {
    /// The track.
    pub track: String,
    /// Why not.
    pub why: String,
}

impl AlignReport {
    /// Tracks that were left as they were, for want of certainty.
    pub fn left(&self) -> usize {
        self.groups.iter().map(|group| group.left.len()).sum()
    }
}

impl Measured {
    /// Why this is not believed, in numbers.
    fn doubt(&self, reference: &str) -> String {
        let Measured { confidence, fit, coherence, .. } = self;
        if *coherence == 0.0 {
            return format!(
                "it has nothing in common with `{reference}`, or sounds together with it for less than a few seconds"
            );
        }
        format!(
            "not one sound with `{reference}` for certain: coherence {coherence:.2} (asked {COHERENCE}), fit {fit:.2} \
             (asked {FIT}), confidence {confidence:.2} (asked {CONFIDENCE})"
        )
    }
}

impl World {
    /// Measures files against the first of them, or against the one asked for. Nothing is written.
    pub fn align_files(
        &self,
        paths: &[PathBuf],
        options: &AlignOptions,
        progress: &mut dyn Progress,
    ) -> Result<AlignFilesReport, Failure> {
        verify(options)?;
        if options.dry_run {
            return Err(Failure::Usage("audio files are only measured; --dry-run belongs to a song document".into()));
        }
        let reference = options.reference.as_ref().map(PathBuf::from).or_else(|| paths.first().cloned());
        let reference = reference.ok_or_else(|| Failure::Usage("name two files to lay side by side".into()))?;
        let others: Vec<&PathBuf> = paths.iter().filter(|path| **path != reference).collect();
        if others.is_empty() {
            return Err(Failure::Usage(format!("name another file to lay beside {}", reference.display())));
        }
        let files = Files::new("");
        let sample_rate_hz = Sound::open(&reference, NonFinite::Refuse)?.info.sample_rate;
        let track = |id: &str, path: &Path| {
            let audio = path.to_str().ok_or_else(|| Failure::input(path, "has a name that is no text"))?;
            let strip = Strip::new(Some(Destination::Master));
            Ok::<_, Failure>(Track {
                id: id.into(),
                role: None,
                clips: vec![Clip::whole(audio)],
                check: Vec::new(),
                strip,
            })
        };
        let mut measured = Vec::new();
        for path in others {
            let tracks = vec![track("reference", &reference)?, track("other", path)?];
            let song = Song { tracks, ..Song::empty(sample_rate_hz) };
            let name = path.display().to_string();
            let found = self.measure_pair(&song, (0, 1), name, &files, options, progress);
            measured.push(found.map_err(|trouble| trouble.about(path))?);
        }
        Ok(AlignFilesReport { reference, sample_rate_hz, files: measured, warnings: files.warnings() })
    }

    /// Brings tracks of a song in line, in its document, which changes as a whole or not at all.
    ///
    /// With names, these are measured against the reference, or against the first of them. With a reference alone,
    /// every other track is. With neither, the tracks that a check finds to hold one sound at two times or upside down;
    /// in each such group the one that belongs to most others is the reference.
    pub fn align(
        &self,
        path: &Path,
        tracks: &[String],
        options: &AlignOptions,
        progress: &mut dyn Progress,
    ) -> Result<AlignReport, Failure> {
        verify(options)?;
        let (mut document, mut warnings) = self.open_document(path)?;
        let song = document.song();
        let asked: Vec<usize> = tracks.iter().map(|id| find(song, id)).collect::<Result<_, _>>()?;
        let reference = options.reference.as_deref().map(|id| find(song, id)).transpose()?;
        let groups = match (reference, asked.as_slice()) {
            (None, []) => self.together(path, &document, progress)?,
            (None, [first, others @ ..]) => vec![(*first, others.to_vec())],
            (Some(reference), []) => vec![(reference, (0..song.tracks.len()).collect())],
            (Some(reference), others) => vec![(reference, others.to_vec())],
        };
        let files = Files::new(path.parent().unwrap_or(Path::new("")));
        let before = document.to_text();
        let mut told = Vec::new();
        for (reference, mut others) in groups {
            let mut seen = vec![reference];
            others.retain(|other| !seen.contains(other) && (seen.push(*other), true).1);
            let name = document.song().tracks[reference].id.clone();
            if others.is_empty() {
                return Err(Failure::Usage(format!("name another track to bring in line with `{name}`")));
            }
            let mut measured = Vec::new();
            for other in others {
                let song = document.song();
                let id = song.tracks[other].id.clone();
                let found = self.measure_pair(&bare(song, reference, other), (0, 1), id, &files, options, progress);
                measured.push(found.map_err(|trouble| trouble.in_document(path, &document))?);
            }
            told.push(bring_in_line(&mut document, path, name, measured)?);
        }
        let diff = unified(&path.display().to_string(), &before, document.text());
        let written = !options.dry_run && !diff.is_empty();
        if written {
            fix::write(path, &before, document.text())?;
        }
        warnings.extend(files.warnings());
        let sample_rate_hz = document.song().sample_rate_hz;
        Ok(AlignReport { song: path.into(), sample_rate_hz, groups: told, diff, written, warnings })
    }

    /// Tracks that hold one sound, as a check finds them: each group with its reference.
    fn together(
        &self,
        path: &Path,
        document: &Document,
        progress: &mut dyn Progress,
    ) -> Result<Vec<(usize, Vec<usize>)>, Failure> {
        let all = |rule: &str| crate::RuleSetting { rule: rule.into(), level: Some(crate::Level::Note), limit: None };
        let rules = [rules::DELAY_PAIR.id, rules::POLARITY_PAIR.id];
        let options = CheckOptions { rules: rules.map(all).into(), deny_warnings: false };
        let checked = self.checked(&[path.to_path_buf()], &options, progress)?;
        let song = document.song();
        let answered = checked.report.answered.iter().map(|answered| &answered.finding);
        let mut pairs = Vec::new();
        for finding in checked.report.together.iter().chain(answered).filter(|f| rules.contains(&f.rule)) {
            let Some((a, b)) = checked.songs.first().and_then(|song| answer::pair(song, finding)) else { continue };
            let place = |track: &Track| song.tracks.iter().position(|t| t.id == track.id);
            pairs.extend(place(a).zip(place(b)));
        }
        Ok(grouped(&pairs))
    }

    /// Lays two tracks of a bare song side by side, one on each channel of its mix.
    fn measure_pair(
        &self,
        song: &Song,
        (reference, other): (usize, usize),
        name: String,
        files: &Arc<Files>,
        options: &AlignOptions,
        progress: &mut dyn Progress,
    ) -> Result<Measured, Trouble> {
        let mut song = song.clone();
        for (track, side) in [(reference, -1.0), (other, 1.0)] {
            // Both channels of a stereo track go to one side, so that their sum is measured.
            for (entry, value) in [("pan", side), ("pan_mode", 1.0), ("pan_left", side), ("pan_right", side)] {
                song.tracks[track].strip.set(entry, value);
            }
        }
        let rendering = self.prepare(&song, files)?;
        let rate = rendering.compiled.plan.sample_rate;
        let search = Search { reach_s: options.reach_ms / 1e3, ..Search::default() };
        let mut aligner = Aligner::new(rate, search);
        rendering.run(&format!("Measuring {name}"), progress, |view| {
            self.go_on()?;
            aligner.feed(view.channel(0), view.channel(1));
            Ok(())
        })?;
        let found = aligner.finish();
        Ok(Measured {
            name,
            delay_frames: found.delay_frames,
            delay_ms: 1e3 * found.delay_frames / f64::from(rate),
            polarity: found.polarity,
            confidence: found.confidence,
            fit: found.fit,
            coherence: found.coherence,
            trusted: found.confidence >= CONFIDENCE && found.fit >= FIT && found.coherence >= COHERENCE,
        })
    }
}

fn verify(options: &AlignOptions) -> Result<(), Failure> {
    if (1.0..=2000.0).contains(&options.reach_ms) {
        return Ok(());
    }
    Err(Failure::Usage(format!("a reach of {} ms is not looked for; it is from 1 to 2000 ms", options.reach_ms)))
}

fn find(song: &Song, id: &str) -> Result<usize, Failure> {
    song.tracks.iter().position(|track| track.id == id).ok_or_else(|| {
        let near = tonmeister_core::diagnostic::nearest(id, song.tracks.iter().map(|track| track.id.as_str()));
        let help = near.map_or("only tracks can be aligned".into(), |near| format!("did you mean `{near}`?"));
        Failure::Usage(format!("there is no track `{id}`; {help}"))
    })
}

/// What hangs together by pairs, each with the one that is in most pairs, and of several the first.
fn grouped(pairs: &[(usize, usize)]) -> Vec<(usize, Vec<usize>)> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (a, b) in pairs {
        let (mut whole, apart): (Vec<_>, Vec<_>) =
            groups.drain(..).partition(|group| group.contains(a) || group.contains(b));
        groups = apart;
        let mut joined: Vec<usize> = whole.drain(..).flatten().chain([*a, *b]).collect();
        joined.sort_unstable();
        joined.dedup();
        groups.push(joined);
    }
    groups.sort();
    let in_pairs = |track: usize| pairs.iter().filter(|(a, b)| *a == track || *b == track).count();
    let with_reference = |group: Vec<usize>| {
        let most = group.iter().copied().max_by_key(|track| (in_pairs(*track), std::cmp::Reverse(*track)));
        (most.unwrap_or_default(), group)
    };
    groups.into_iter().map(with_reference).collect()
}

/// The song with these two tracks alone, as their clips play them, in that order.
fn bare(song: &Song, reference: usize, other: usize) -> Song {
    let track = |at: usize| Track { strip: Strip::new(Some(Destination::Master)), ..song.tracks[at].clone() };
    Song {
        tracks: vec![track(reference), track(other)],
        buses: Vec::new(),
        master: Master { strip: Strip::new(None) },
        vcas: Vec::new(),
        ..song.clone()
    }
}

/// Writes what was measured into the document.
fn bring_in_line(
    document: &mut Document,
    path: &Path,
    reference: String,
    measured: Vec<Measured>,
) -> Result<Group, Failure> {
    let mut group = Group { reference, measured, changes: Vec::new(), left: Vec::new() };
    let song = document.song();
    let strip = |id: &str| song.tracks.iter().find(|track| track.id == id).map(|track| &track.strip);
    let Some(own) = strip(&group.reference) else { return Ok(group) };
    let (trusted, doubted): (Vec<&Measured>, Vec<&Measured>) = group.measured.iter().partition(|m| m.trusted);
    group.left.extend(doubted.iter().map(|m| Left { track: m.name.clone(), why: m.doubt(&group.reference) }));

    let latest = trusted.iter().map(|m| m.delay_frames.round()).fold(0.0, f64::max);
    let waits = own.get("delay_samples").max(latest);
    let mut edits = Vec::new();
    let mut change = |address: String, (from, to): (String, String), value: f64, why: String| {
        edits.push(Edit::SetParam { address: address.clone(), value });
        group.changes.push(Change { address, from, to, why });
    };
    if waits != own.get("delay_samples") {
        let late = trusted.iter().max_by(|a, b| a.delay_frames.total_cmp(&b.delay_frames));
        let why = late.map_or_else(String::new, |m| format!("it waits for `{}`, {}", m.name, apart(m)));
        let delays = (own.get("delay_samples").to_string(), waits.to_string());
        change(format!("{}/delay_samples", group.reference), delays, waits, why);
    }
    for found in trusted {
        let Some(strip) = strip(&found.name) else { continue };
        let numbers = format!("confidence {:.2}", found.confidence);
        let (from, to) = (strip.get("delay_samples"), waits - found.delay_frames.round());
        if from != to {
            let why = format!("{} than `{}`, {numbers}", apart(found), group.reference);
            change(format!("{}/delay_samples", found.name), (from.to_string(), to.to_string()), to, why);
        }
        let turned = found.polarity == Polarity::Turned;
        let (from, to) = (strip.get("polarity") != 0.0, (own.get("polarity") != 0.0) != turned);
        if let Some(why) = turned_elsewhere(strip).or_else(|| turned_elsewhere(own)) {
            group.left.push(Left { track: found.name.clone(), why: why.into() });
            continue;
        }
        if from == to {
            continue;
        }
        let word = |inverted: bool| String::from(if inverted { "inverted" } else { "normal" });
        let against = if turned { "upside down against" } else { "the same way round as" };
        let why = format!("{against} `{}`, {numbers}", group.reference);
        change(format!("{}/polarity", found.name), (word(from), word(to)), f64::from(u8::from(to)), why);
    }
    if !edits.is_empty() {
        document.apply(&Edit::Together(edits)).map_err(|diagnostic| Failure::Document {
            path: path.into(),
            text: document.to_text(),
            diagnostics: vec![diagnostic],
        })?;
    }
    Ok(group)
}

/// `2.10 ms (101 frames) later`.
fn apart(found: &Measured) -> String {
    let word = if found.delay_frames < 0.0 { "earlier" } else { "later" };
    format!("{:.2} ms ({:.1} frames) {word}", found.delay_ms.abs(), found.delay_frames.abs())
}

/// Why the polarity of a strip is not to be told from its switch.
fn turned_elsewhere(strip: &Strip) -> Option<&'static str> {
    if answer::moves(strip, "polarity") {
        return Some("its polarity, or the reference's, is automated; turn it by ear");
    }
    let turns = |insert: &tonmeister_session::model::Insert| {
        let settings = &insert.settings;
        let on = |key: &str| settings.get(key) != 0.0;
        !insert.bypass && settings.spec().id == "gain" && (on("invert_left") || on("invert_right"))
    };
    let found = strip.inserts.iter().any(turns);
    found.then_some("a `gain` among its inserts, or the reference's, turns it already; turn it by ear")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_become_groups_with_the_one_that_belongs_to_most() {
        assert_eq!(grouped(&[]), []);
        let found = grouped(&[(4, 2), (7, 1), (2, 5), (1, 7)]);
        assert_eq!(found, [(1, vec![1, 7]), (2, vec![2, 4, 5])]);
    }
}
