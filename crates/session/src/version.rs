//! A version made a song: the chain of versions from the song on, laid over it.

use std::collections::{BTreeMap, HashMap};

use tonmeister_core::{Diagnostic, ParamSpec, Unit};

use crate::cut::Cut;
use crate::keys::CUT_CROSSFADE;
use crate::model::{BusDynamics, Change, Lane, Setting, Song, StripAt, Target, Version};
use crate::report::suggestion;
use crate::tables::{SILENCE_DB, STRIP, place};

/// Why a version is no song. The reader has checked every version of a document; a song built in code may meet these.
pub(crate) struct Fault {
    /// Which version, as its place in [`Song::versions`].
    pub(crate) version: usize,
    /// Which of its settings, when it is one.
    pub(crate) setting: Option<usize>,
    pub(crate) error: Box<Diagnostic>,
}

/// Everything that a chain of versions says, the last word on each thing.
#[derive(Default)]
struct Overlay<'s> {
    solo: Option<&'s [String]>,
    mutes: BTreeMap<&'s str, bool>,
    bypasses: BTreeMap<&'s str, bool>,
    /// By address: the last version that sets it, its place there, and what comes of all that set it.
    changes: BTreeMap<&'s str, (usize, usize, Change)>,
    /// Ranges that are taken out, each with its cross-fade in seconds and whether it moves to the beat.
    cuts: Vec<(&'s str, f64, bool)>,
}

impl Song {
    /// A version of the song as a song of its own: the same tracks, buses, inserts and routes, in which what the version
    /// is about is otherwise. A track that is muted in it is still there, muted on all of its ways out; its automation of
    /// `mute` gives way. Its cuts close the song up ([`Song::with_cuts`]). [`Song::versions`] of the result is empty.
    ///
    /// Errors say what is unknown, out of range or runs in a circle; [`crate::parse`] has found all of that beforehand.
    pub fn version(&self, id: &str) -> Result<Song, Diagnostic> {
        let (song, cuts) = self.version_before_cuts(id)?;
        let cuts: Vec<Cut> = cuts.into_iter().map(|(_, cut)| cut).collect();
        Ok(if cuts.is_empty() { song } else { song.with_cuts(&cuts) })
    }

    /// [`Song::version`] with its time as the song's, and what is cut out of it then: each range's id and the cut.
    pub fn version_before_cuts(&self, id: &str) -> Result<(Song, Vec<(String, Cut)>), Diagnostic> {
        let place = self.versions.iter().position(|version| version.id == id).ok_or_else(|| {
            let error = Diagnostic::error("unknown-version", format!("there is no version \"{id}\" of this song"));
            match suggestion(id, self.versions.iter().map(|version| version.id.as_str())) {
                Some(help) => error.help(help),
                None => error,
            }
        })?;
        let overlay = overlay(self, place).map_err(|fault| *fault.error)?;
        let mut song = self.clone();
        song.versions.clear();
        overlay.lay(self, &mut song).map_err(|fault| *fault.error)?;
        let mut cuts = Vec::new();
        for (range, crossfade_s, snap) in overlay.cuts {
            let cut = self.cut(range, crossfade_s, snap);
            let nothing = || Diagnostic::error("unknown-range", format!("there is no range \"{range}\""));
            cuts.push((range.to_owned(), cut.ok_or_else(nothing)?));
        }
        Ok((song, cuts))
    }
}

impl Song {
    /// What bus dynamics follow in a version: what it says, else what the versions say that it starts from, else the mix.
    /// A version that is not there says nothing.
    pub fn bus_dynamics(&self, id: &str) -> BusDynamics {
        let find = |id: &str| self.versions.iter().find(|version| version.id == id);
        let mut at = find(id);
        // A circle, which the reader refuses, ends when every version has been asked.
        for _ in 0..self.versions.len() {
            match at {
                Some(Version { dynamics: Some(said), .. }) => return *said,
                Some(version) => at = version.base.as_deref().and_then(find),
                None => break,
            }
        }
        BusDynamics::default()
    }
}

/// Whether a version can be laid over the song, for the reader: its names have been checked, `find` knows the strips,
/// and what its bases set is checked where they are.
pub(crate) fn check(song: &Song, place: usize, find: impl Fn(&str) -> Option<StripAt>) -> Result<(), Fault> {
    // Values were in range when they were read; only sums come out otherwise.
    if song.versions[place].set.iter().all(|setting| !matches!(setting.change, Change::By(_))) {
        return Ok(());
    }
    let overlay = overlay(song, place)?;
    for (address, (version, setting, change)) in overlay.changes.iter().filter(|(_, (version, ..))| *version == place) {
        let found = address.split_once('/').and_then(|(id, local)| Some((find(id)?, local)));
        let Some((at, target)) = found.and_then(|(at, local)| Some((at, song.target_on(at, local)?))) else { continue };
        let strip = song.strip(at);
        let spec = strip.target_spec(target);
        let checked = match change {
            Change::By(by) => {
                let lane = strip.lane(target);
                let points = lane.map_or(&[][..], |lane| &lane.points);
                let written = [strip.value(target)];
                let written = written.iter().filter(|_| points.is_empty()).copied();
                let follow = lane.and_then(|lane| lane.follow).map(|follow| [follow.at_floor, follow.at_ceiling]);
                let all = points.iter().map(|point| point.value).chain(written).chain(follow.into_iter().flatten());
                all.into_iter().try_for_each(|v| moved(spec, v, *by).map(drop))
            }
            // What was read was in range; a sum that ends in a value may not be.
            Change::To(value) => moved(spec, *value, 0.0).map(drop),
            Change::Note(_) => Ok(()),
        };
        checked.map_err(|error| Fault { version: *version, setting: Some(*setting), error: error.into() })?;
    }
    Ok(())
}

/// The versions from the song on to this one.
fn chain(song: &Song, place: usize) -> Result<Vec<usize>, Fault> {
    let ids: HashMap<&str, usize> =
        song.versions.iter().enumerate().rev().map(|(place, version)| (version.id.as_str(), place)).collect();
    let mut chain = vec![place];
    while let Some(base) = &song.versions[chain[chain.len() - 1]].base {
        let last = chain[chain.len() - 1];
        let fault = |error: Diagnostic| Fault { version: last, setting: None, error: error.into() };
        let Some(next) = ids.get(base.as_str()).copied() else {
            return Err(fault(Diagnostic::error("unknown-version", format!("there is no version \"{base}\""))));
        };
        if let Some(begin) = chain.iter().position(|place| *place == next) {
            let mut names: Vec<&str> = chain[begin..].iter().map(|place| song.versions[*place].id.as_str()).collect();
            names.push(base);
            let message = format!("the versions start from each other in a circle: {}", names.join(" → "));
            return Err(fault(Diagnostic::error("version-loop", message)));
        }
        chain.push(next);
    }
    chain.reverse();
    Ok(chain)
}

fn overlay(song: &Song, place: usize) -> Result<Overlay<'_>, Fault> {
    let mut overlay = Overlay::default();
    for place in chain(song, place)? {
        overlay.take(place, &song.versions[place]);
    }
    Ok(overlay)
}

impl<'s> Overlay<'s> {
    fn take(&mut self, place: usize, version: &'s Version) {
        if !version.solo.is_empty() {
            self.solo = Some(&version.solo);
        }
        self.mutes.extend(version.mute.iter().map(|id| (id.as_str(), true)));
        self.mutes.extend(version.unmute.iter().map(|id| (id.as_str(), false)));
        self.bypasses.extend(version.bypass.iter().map(|id| (id.as_str(), true)));
        self.bypasses.extend(version.enable.iter().map(|id| (id.as_str(), false)));
        let crossfade_s = version.cut_crossfade_s.unwrap_or(CUT_CROSSFADE.default);
        self.cuts.extend(version.cut.iter().map(|range| (range.as_str(), crossfade_s, version.cut_snap)));
        for (at, Setting { address, change }) in version.set.iter().enumerate() {
            let before = self.changes.get(address.as_str()).map(|(_, _, change)| *change);
            let change = match (before, *change) {
                (Some(Change::By(before)), Change::By(by)) => Change::By(before + by),
                // Of a value that came from a version, not of the song's.
                (Some(Change::To(value)), Change::By(by)) => Change::To(silent_below(value, by)),
                (_, change) => change,
            };
            self.changes.insert(address, (place, at, change));
        }
    }

    fn lay(&self, before: &Song, song: &mut Song) -> Result<(), Fault> {
        let named = |error: Diagnostic| Fault { version: 0, setting: None, error: error.into() };
        for (address, (version, setting, change)) in &self.changes {
            let fault = |error: Diagnostic| Fault { version: *version, setting: Some(*setting), error: error.into() };
            let (at, target) = before.target(address).ok_or_else(|| fault(nothing(address)))?;
            set(song, at, target, *change).map_err(fault)?;
        }
        for (address, bypass) in &self.bypasses {
            let (at, insert) = insert(before, address).ok_or_else(|| named(nothing(address)))?;
            song.strip_mut(at).inserts[insert].bypass = *bypass;
        }
        let find = |id: &str| before.find(id).filter(|at| *at != StripAt::Master).ok_or_else(|| named(nothing(id)));
        if let Some(solo) = self.solo {
            for at in before.strips() {
                song.strip_mut(at).set("solo", 0.0);
            }
            for id in solo {
                match find(id)? {
                    StripAt::Vca(vca) => {
                        for at in before.turned_by(vca) {
                            song.strip_mut(at).set("solo", 1.0);
                        }
                    }
                    at => song.strip_mut(at).set("solo", 1.0),
                }
            }
        }
        for (id, mute) in &self.mutes {
            let strip = song.strip_mut(find(id)?);
            let target = Target::Strip(place(STRIP, "mute"));
            strip.automation.retain(|lane| lane.target != target);
            strip.set("mute", f64::from(u8::from(*mute)));
            if *mute {
                for point in ["mute_main", "mute_post", "mute_pre"] {
                    strip.set(point, 1.0);
                }
            }
        }
        Ok(())
    }
}

/// The insert that `vocal/deesser` names.
pub(crate) fn insert(song: &Song, address: &str) -> Option<(StripAt, usize)> {
    let (id, insert) = address.split_once('/')?;
    let at = song.find(id)?;
    Some((at, song.strip(at).inserts.iter().position(|other| other.id == insert)?))
}

fn nothing(address: &str) -> Diagnostic {
    Diagnostic::error("unknown-address", format!("there is no \"{address}\" in this song"))
}

/// Sets a parameter and what moves it.
pub(crate) fn set(song: &mut Song, at: StripAt, target: Target, change: Change) -> Result<(), Diagnostic> {
    let tempo_bpm = song.tempo_bpm;
    let strip = song.strip_mut(at);
    let spec = strip.target_spec(target);
    let refuse = |error: tonmeister_core::ParamError| Diagnostic::error("out-of-range", error.to_string());
    let value = match change {
        Change::To(value) => {
            spec.check(value).map_err(refuse)?;
            value
        }
        Change::By(by) => {
            if !in_decibels(spec) {
                return Err(Diagnostic::error("no-decibels", format!("`{}` is no number of decibels", spec.id)));
            }
            let own = |lane: &&mut Lane| lane.target == target;
            if let Some(lane) = strip.automation.iter_mut().find(own) {
                if let Some(follow) = &mut lane.follow {
                    follow.at_floor = moved(spec, follow.at_floor, by)?;
                    follow.at_ceiling = moved(spec, follow.at_ceiling, by)?;
                }
                for point in &mut lane.points {
                    point.value = moved(spec, point.value, by)?;
                }
                if !lane.points.is_empty() {
                    return Ok(());
                }
            }
            moved(spec, strip.value(target), by)?
        }
        Change::Note(note) => {
            let Target::Insert { insert, param } = target else {
                return Err(refuse(tonmeister_core::ParamError::NoNote(spec.id)));
            };
            strip.inserts[insert].settings.set_note(param, note, tempo_bpm).map_err(refuse)?;
            strip.automation.retain(|lane| lane.target != target);
            return Ok(());
        }
    };
    if matches!(change, Change::To(_)) {
        strip.automation.retain(|lane| lane.target != target);
    }
    match target {
        Target::Strip(place) => strip.values[place] = value,
        Target::Send { send, param } => strip.sends[send].values[param] = value,
        Target::Insert { insert, param } => {
            strip.inserts[insert].settings.set_at(param, value).map_err(refuse)?;
        }
    }
    Ok(())
}

/// Whether a parameter is a level.
pub(crate) fn in_decibels(spec: &ParamSpec) -> bool {
    matches!(spec.unit, Unit::Db | Unit::Dbtp)
}

/// A level turned up or down. Silence stays silence, and what falls below it is silence.
fn silent_below(value: f64, by: f64) -> f64 {
    if value <= SILENCE_DB { value } else { (value + by).max(SILENCE_DB) }
}

fn moved(spec: &ParamSpec, value: f64, by: f64) -> Result<f64, Diagnostic> {
    let moved = if in_decibels(spec) { silent_below(value, by) } else { value };
    spec.check(moved).map_err(|_| {
        let message = match by {
            0.0 => format!("`{}` cannot be {moved}", spec.id),
            _ => format!("`{}` cannot be {moved} dB: it is {value} dB, and {by:+} dB are added", spec.id),
        };
        Diagnostic::error("version-sum", message).help(format!("it takes {}", spec.expected()))
    })?;
    Ok(moved)
}
