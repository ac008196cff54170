//! Who is heard where.

use tonmeister_session::model::{Destination, Follower, KeySource, KeyTap, SideChain, Song, Strip, Tap, Target};
use tonmeister_session::tables::STRIP;

use super::EngineError;
use crate::follow::Moved;
use crate::name::ENTRY;
use crate::plan::Path;

/// Edges and keys of a song. Strips are numbered in *song order*: tracks, then buses, then the master.
pub(super) struct Routes {
    /// Per strip: the signals summed there, in song order, outputs before sends.
    pub(super) inputs: Vec<Vec<(usize, Path)>>,
    /// Per strip: which of its inserts listen to others.
    pub(super) keys: Vec<Vec<Keyed>>,
    /// Per strip: whether somebody listens to what enters its inserts.
    pub(super) tapped: Vec<bool>,
    /// Per strip: the levels that its lanes follow.
    pub(super) followed: Vec<Vec<Followed>>,
    /// Per strip: the strips that its sends go to, before the fader or not.
    sends: Vec<Vec<(usize, bool)>>,
}

/// A lane that follows a level.
#[derive(Clone, Copy)]
pub(super) struct Followed {
    pub(super) moved: Moved,
    pub(super) follow: Follower,
    /// The strip whose level it is.
    pub(super) from: usize,
}

/// An insert that listens to another strip.
#[derive(Clone, Copy)]
pub(super) struct Keyed {
    /// Its place in the document.
    pub(super) place: usize,
    /// The strip.
    pub(super) from: usize,
    pub(super) tap: KeyTap,
    /// Although that one is muted.
    pub(super) muted: bool,
}

/// Every strip with its id, in song order.
pub(super) fn strips(song: &Song) -> impl Iterator<Item = (&str, &Strip)> {
    let tracks = song.tracks.iter().map(|t| (t.id.as_str(), &t.strip));
    let buses = song.buses.iter().map(|b| (b.id.as_str(), &b.strip));
    tracks.chain(buses).chain([("master", &song.master.strip)])
}

/// The lanes of a strip that follow a level; those of inserts that are left out do not.
fn lanes(strip: &Strip) -> impl Iterator<Item = (Moved, Follower)> + '_ {
    let sounds = |target: Target| match target {
        Target::Insert { insert, .. } => !strip.inserts[insert].bypass,
        Target::Strip(_) | Target::Send { .. } => true,
    };
    let own = strip.automation.iter().filter(move |lane| sounds(lane.target));
    let own = own.filter_map(|lane| Some((Moved::Lane(lane.target), lane.follow?)));
    let above = strip.followed.iter().enumerate();
    own.chain(above.filter_map(|(at, follow)| Some((Moved::Above(at), follow.lane.as_ref()?.follow?))))
}

impl Routes {
    /// Outputs and sends become edges, written down where they arrive.
    pub(super) fn of(song: &Song) -> Self {
        let (tracks, master) = (song.tracks.len(), song.tracks.len() + song.buses.len());
        let mut routes = Routes {
            inputs: vec![Vec::new(); master + 1],
            keys: vec![Vec::new(); master + 1],
            tapped: vec![false; master + 1],
            followed: vec![Vec::new(); master + 1],
            sends: vec![Vec::new(); master + 1],
        };
        let source = |source: KeySource| match source {
            KeySource::Track(track) => track,
            KeySource::Bus(bus) => tracks + bus,
        };
        for (from, (_, strip)) in strips(song).enumerate() {
            match strip.output {
                Some(Destination::Master) => routes.inputs[master].push((from, Path::Output)),
                Some(Destination::Bus(bus)) => routes.inputs[tracks + bus].push((from, Path::Output)),
                None => {}
            }
            for (place, send) in strip.sends.iter().enumerate() {
                routes.inputs[tracks + send.to].push((from, Path::Send(place, send.tap)));
                routes.sends[from].push((tracks + send.to, send.tap == Tap::Pre));
            }
            for (moved, follow) in lanes(strip) {
                let source = source(follow.of.from);
                routes.followed[from].push(Followed { moved, follow, from: source });
                routes.tapped[source] |= follow.of.tap == KeyTap::PreInserts;
            }
            for (place, insert) in strip.inserts.iter().enumerate().filter(|(_, i)| !i.bypass) {
                let Some(SideChain { from: key, tap, muted }) = insert.key else { continue };
                let source = source(key);
                routes.keys[from].push(Keyed { place, from: source, tap, muted });
                routes.tapped[source] |= tap == KeyTap::PreInserts;
            }
        }
        routes
    }

    /// Who is heard by whom: first what leaves the inserts of each strip; then what enters them, which its keys are no
    /// part of; then what leaves its fader; then what leaves each of its sends.
    fn heard_by(&self, song: &Song) -> Vec<Vec<usize>> {
        let count = self.inputs.len();
        let first: Vec<usize> = self
            .sends
            .iter()
            .scan(3 * count, |next, sends| {
                let first = *next;
                *next += sends.len();
                Some(first)
            })
            .collect();
        let total = 3 * count + self.sends.iter().map(Vec::len).sum::<usize>();
        let tapped = |strip: usize, tap: KeyTap| match tap {
            KeyTap::Pre => strip,
            KeyTap::PreInserts => count + strip,
            KeyTap::Post => 2 * count + strip,
        };
        let mut heard: Vec<Vec<usize>> = vec![Vec::new(); total];
        for (strip, (_, values)) in strips(song).enumerate() {
            for (from, path) in &self.inputs[strip] {
                let from = match path {
                    Path::Send(send, _) => first[*from] + send,
                    _ => 2 * count + from,
                };
                heard[strip].push(from);
                heard[count + strip].push(from);
            }
            heard[strip].extend(self.keys[strip].iter().map(|key| tapped(key.from, key.tap)));
            heard[2 * count + strip].push(strip);
            for (send, (_, pre)) in self.sends[strip].iter().enumerate() {
                heard[first[strip] + send].push(if *pre { strip } else { 2 * count + strip });
            }
            for Followed { moved, follow, from } in &self.followed[strip] {
                let from = tapped(*from, follow.of.tap);
                match moved {
                    Moved::Lane(Target::Insert { .. }) => heard[strip].push(from),
                    Moved::Lane(Target::Send { send, .. }) => heard[first[strip] + send].push(from),
                    Moved::Lane(Target::Strip(at)) if ENTRY.contains(&STRIP[*at].id) => {
                        heard[strip].push(from);
                        heard[count + strip].push(from);
                    }
                    Moved::Lane(Target::Strip(_)) => heard[2 * count + strip].push(from),
                    Moved::Above(at) => {
                        heard[2 * count + strip].push(from);
                        // A fader above may reach the sends before the fader, too.
                        let pre = values.followed[*at].ways.pre;
                        for (send, _) in self.sends[strip].iter().enumerate().filter(|(_, (_, own))| *own && pre) {
                            heard[first[strip] + send].push(from);
                        }
                    }
                }
            }
        }
        heard
    }

    /// The master's number.
    pub(super) fn master(&self) -> usize {
        self.inputs.len() - 1
    }

    /// Refuses signals that run in a circle, and names it.
    pub(super) fn refuse_loops(&self, song: &Song) -> Result<(), EngineError> {
        let roads = self.heard_by(song);
        let (strips_count, count) = (self.inputs.len(), roads.len());
        let owner = |node: usize| {
            let send = |node: usize| {
                let sends = (0..strips_count).flat_map(|strip| self.sends[strip].iter().map(move |_| strip));
                sends.into_iter().nth(node).unwrap_or_default()
            };
            if node < 3 * strips_count { node % strips_count } else { send(node - 3 * strips_count) }
        };
        let listens = |node: usize| roads[node].iter().copied();
        let mut settled = vec![false; count];
        loop {
            let before = settled.iter().filter(|s| **s).count();
            for strip in 0..count {
                settled[strip] = settled[strip] || listens(strip).all(|from| settled[from]);
            }
            let after = settled.iter().filter(|s| **s).count();
            if after == count {
                return Ok(());
            }
            if after == before {
                break;
            }
        }
        // Whoever is not settled listens to somebody who is not: walking backward must come round to the circle.
        let mut walk = vec![settled.iter().position(|s| !s).unwrap_or_default()];
        let circle = loop {
            let last = walk[walk.len() - 1];
            let Some(next) = listens(last).find(|from| !settled[*from]) else { break walk };
            match walk.iter().position(|strip| *strip == next) {
                Some(start) => break walk.split_off(start),
                None => walk.push(next),
            }
        };
        let names: Vec<&str> = strips(song).map(|(id, _)| id).collect();
        let mut circle: Vec<&str> = circle.iter().rev().map(|node| names[owner(*node)]).collect();
        if circle.len() > 1 {
            // A strip that listens to what enters itself is told once.
            circle.dedup();
            if circle.len() > 1 && circle.first() == circle.last() {
                circle.pop();
            }
        }
        // From the strip that stands first in the song, so that the same circle is always told alike.
        let first = (0..circle.len()).min_by_key(|at| names.iter().position(|n| n == &circle[*at])).unwrap_or(0);
        let told: Vec<&str> = (0..=circle.len()).map(|i| circle[(first + i) % circle.len()]).collect();
        let message = format!("the signal runs in a circle, {}; take one of these paths out", told.join(" → "));
        Err(EngineError::new(format!("song `{}`", song.title), message))
    }
}
