//! Stems: the parts that a mix is the sum of.
//!
//! A stem names strips. A track belongs to the stem that names it, to two if two name it; then it is in their sum twice.
//! A bus that a stem names belongs to it whole, with whatever enters it; a bus that no stem names is divided among the stems by what they send into it, and so is the
//! master. A divided bus is one instance per stem; an insert on it that works by level (anything that takes a
//! side-chain) is handed what the same insert hears in the whole mix, so that it does to the part what it does to the
//! whole, and the parts still add up. Stages that distort cannot be divided so.

use std::collections::{BTreeSet, HashMap};

use tonmeister_core::{Family, KeyUse};
use tonmeister_session::model::{Channels, Destination, Song};

use super::body::Body;
use super::routes::{Keyed, Routes, strips};
use super::{EngineError, Wanted};

/// A part of a mix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stem {
    /// Its name.
    pub id: String,
    /// The ids of the tracks and buses that belong to it.
    pub strips: Vec<String>,
}

/// Where stems are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StemPath {
    /// Behind the master: its processors and its fader work on every stem as they work on the mix.
    #[default]
    Through,
    /// Before the master's processors and fader: for a mix to be made anew from the stems.
    Before,
}

impl Stem {
    /// A stem for each strip that leads straight to the master: groups, lonely tracks, effect returns. Nothing is
    /// processed twice for such a set but the master.
    pub fn of_groups(song: &Song) -> Vec<Stem> {
        let leads = |(id, strip): (&str, &tonmeister_session::model::Strip)| {
            (strip.output == Some(Destination::Master)).then(|| Stem { id: id.to_owned(), strips: vec![id.to_owned()] })
        };
        strips(song).filter_map(leads).collect()
    }

    /// The stems that a document chooses, with what its VCAs and buses bring along: [`Song::stems_held`].
    pub fn of_document(song: &Song) -> Vec<Stem> {
        let ids = |strips: &BTreeSet<_>| strips.iter().map(|at| song.id(*at).to_owned()).collect();
        let held = song.stems_held().strips;
        song.stems.iter().zip(&held).map(|(stem, strips)| Stem { id: stem.id.clone(), strips: ids(strips) }).collect()
    }

    /// The set with one more stem, `rest`, where there are tracks that would otherwise be missing from the sum.
    pub fn completed(song: &Song, mut stems: Vec<Stem>) -> Vec<Stem> {
        let owned = |id: &str| stems.iter().any(|stem| stem.strips.iter().any(|strip| strip == id));
        // A bus that belongs to a stem takes what enters it with it.
        let leaves = |destination: &Destination, seen: &mut Vec<usize>| {
            let mut todo = vec![destination.clone()];
            while let Some(destination) = todo.pop() {
                match destination {
                    Destination::Master => return true,
                    Destination::Bus(bus) if owned(&song.buses[bus].id) || seen.contains(&bus) => {}
                    Destination::Bus(bus) => {
                        seen.push(bus);
                        let strip = &song.buses[bus].strip;
                        todo.extend(strip.output.clone());
                        todo.extend(strip.sends.iter().map(|send| Destination::Bus(send.to)));
                    }
                }
            }
            false
        };
        let missing = song.tracks.iter().filter(|track| {
            let ways = track.strip.output.iter().cloned();
            let mut ways = ways.chain(track.strip.sends.iter().map(|send| Destination::Bus(send.to)));
            !owned(&track.id) && ways.any(|way| leaves(&way, &mut Vec::new()))
        });
        let missing: Vec<String> = missing.map(|track| track.id.clone()).collect();
        if !missing.is_empty() {
            let taken = |id: &str| stems.iter().any(|stem| stem.id == id);
            let id = if taken("rest") { "rest-of-the-mix" } else { "rest" };
            stems.push(Stem { id: id.to_owned(), strips: missing });
        }
        stems
    }
}

/// Who belongs to which stem.
pub(super) struct Division {
    /// Per stem, and for all of them together, per strip: whether something of it is in the stem, and whether all of it is.
    parts: Vec<Vec<(bool, bool)>>,
    /// Per strip: whether some stem has only a part of it, and its inserts are cut for that.
    divided: Vec<bool>,
}

impl Division {
    /// Of a song's stems. Where other versions replay what its dynamics do, every bus is cut as a divided one is.
    pub(super) fn of(wanted: &Wanted<'_>, routes: &Routes, is_replayed: bool) -> Result<Self, EngineError> {
        let song = wanted.song;
        let names: Vec<&str> = strips(song).map(|(id, _)| id).collect();
        let places: HashMap<&str, usize> =
            names[..routes.master()].iter().enumerate().map(|(place, name)| (*name, place)).collect();
        let mut owners: Vec<Vec<usize>> = vec![Vec::new(); names.len()];
        for (number, stem) in wanted.stems.iter().enumerate() {
            let refuse = |message: String| EngineError::new(format!("stem `{}`", stem.id), message);
            for id in &stem.strips {
                let Some(&strip) = places.get(id.as_str()) else {
                    return Err(refuse(format!(
                        "there is no track or bus `{id}`; name one of: {}",
                        names[..routes.master()].join(", ")
                    )));
                };
                owners[strip].push(number);
            }
        }
        let tracks = song.tracks.len();
        let mut parts = Vec::new();
        for stem in 0..wanted.stems.len() {
            let mut part: Vec<Option<(bool, bool)>> = vec![None; names.len()];
            // Sources settle before those who listen to them; loops were refused.
            while part.iter().any(Option::is_none) {
                for strip in 0..names.len() {
                    let inputs = &routes.inputs[strip];
                    if part[strip].is_none() && inputs.iter().all(|(from, _)| part[*from].is_some()) {
                        let of = |from: usize| part[from].unwrap_or_default();
                        part[strip] = Some(match owners[strip].as_slice() {
                            [] if strip < tracks => (false, false),
                            [] => {
                                let some = inputs.iter().any(|(from, _)| of(*from).0);
                                (some, some && inputs.iter().all(|(from, _)| of(*from).1))
                            }
                            owners => (owners.contains(&stem), owners.contains(&stem)),
                        });
                    }
                }
            }
            parts.push(part.into_iter().map(Option::unwrap_or_default).collect::<Vec<_>>());
        }
        // One more that has everything: the sum that stems before the master are measured against.
        parts.push(vec![(true, true); names.len()]);
        let master = routes.master();
        let mut divided: Vec<bool> =
            (0..names.len()).map(|strip| parts.iter().any(|p| p[strip].0 && !p[strip].1)).collect();
        if wanted.path == StemPath::Before {
            divided[master] = false;
        }
        if is_replayed {
            divided[tracks..].fill(true);
        }
        Ok(Division { parts, divided })
    }

    /// Whether something of a strip is in a stem.
    pub(super) fn contributes(&self, stem: usize, strip: usize) -> bool {
        self.parts[stem][strip].0
    }

    /// Whether all of a strip is in the stem, so that the whole mix's own node serves.
    pub(super) fn is_whole(&self, stem: usize, strip: usize, path: StemPath) -> bool {
        let is_master = strip == self.divided.len() - 1;
        self.parts[stem][strip].1 && !(is_master && path == StemPath::Before)
    }

    /// Before which inserts (by number in the body) the whole mix is tapped, so that parts can hear it there.
    pub(super) fn taps(&self, strip: usize, body: &Body, keys: &[Keyed]) -> Vec<usize> {
        if !self.divided[strip] {
            return Vec::new();
        }
        let replays = |at: &usize| {
            let insert = &body.inserts[*at];
            let keyed = keys.iter().any(|key| key.place == insert.place);
            insert.replays && !keyed
        };
        (0..body.inserts.len()).filter(replays).collect()
    }
}

/// The inserts that keep a song's stems from adding up exactly, if any do: processors that distort, repair or work by
/// level, on strips that are divided, and cannot be steered by the whole mix. As addresses: `master/saturator`.
///
/// Filters, delays and reverbs divide well; one that ducks itself or saturates in its loop does not, which only the
/// measured sum of the stems shows.
pub fn indivisible(wanted: &Wanted<'_>) -> Result<Vec<String>, EngineError> {
    let routes = Routes::of(wanted.song);
    routes.refuse_loops(wanted.song)?;
    let division = Division::of(wanted, &routes, false)?;
    let mut found = Vec::new();
    for (number, (id, strip)) in strips(wanted.song).enumerate().filter(|(number, _)| division.divided[*number]) {
        for (place, insert) in strip.inserts.iter().enumerate().filter(|(_, insert)| !insert.bypass) {
            let spec = insert.settings.spec();
            let keyed = routes.keys[number].iter().any(|key| key.place == place);
            let replayed = spec.key == KeyUse::Detector && (keyed || insert.channels == Channels::Stereo);
            if !replayed && matches!(spec.family, Family::Dynamics | Family::Color | Family::Repair) {
                found.push(format!("{id}/{}", insert.id));
            }
        }
    }
    Ok(found)
}
