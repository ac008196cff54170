//! Who is heard where.

use tonmeister_session::model::{Destination, KeySource, KeyTap, SideChain, Song, Strip};

use super::EngineError;
use crate::plan::Path;

/// Edges and keys of a song. Strips are numbered in *song order*: tracks, then buses, then the master.
pub(super) struct Routes {
    /// Per strip: the signals summed there, in song order, outputs before sends.
    pub(super) inputs: Vec<Vec<(usize, Path)>>,
    /// Per strip: which of its inserts listen to others.
    pub(super) keys: Vec<Vec<Keyed>>,
    /// Per strip: whether somebody listens to what enters its inserts.
    pub(super) tapped: Vec<bool>,
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

impl Routes {
    /// Outputs and sends become edges, written down where they arrive.
    pub(super) fn of(song: &Song) -> Self {
        let (tracks, master) = (song.tracks.len(), song.tracks.len() + song.buses.len());
        let mut routes = Routes {
            inputs: vec![Vec::new(); master + 1],
            keys: vec![Vec::new(); master + 1],
            tapped: vec![false; master + 1],
        };
        for (from, (_, strip)) in strips(song).enumerate() {
            match strip.output {
                Some(Destination::Master) => routes.inputs[master].push((from, Path::Output)),
                Some(Destination::Bus(bus)) => routes.inputs[tracks + bus].push((from, Path::Output)),
                None => {}
            }
            for (place, send) in strip.sends.iter().enumerate() {
                routes.inputs[tracks + send.to].push((from, Path::Send(place, send.tap)));
            }
            for (place, insert) in strip.inserts.iter().enumerate().filter(|(_, i)| !i.bypass) {
                let Some(SideChain { from: source, tap, muted }) = insert.key else { continue };
                let source = match source {
                    KeySource::Track(track) => track,
                    KeySource::Bus(bus) => tracks + bus,
                };
                routes.keys[from].push(Keyed { place, from: source, tap, muted });
                routes.tapped[source] |= tap == KeyTap::PreInserts;
            }
        }
        routes
    }

    /// The master's number.
    pub(super) fn master(&self) -> usize {
        self.inputs.len() - 1
    }

    /// Refuses signals that run in a circle, and names it.
    pub(super) fn refuse_loops(&self, song: &Song) -> Result<(), EngineError> {
        let strips_count = self.inputs.len();
        // Every strip twice: what leaves its inserts, and behind all of these what enters them, which its keys are no
        // part of.
        let count = 2 * strips_count;
        let listens = |node: usize| {
            let inputs = self.inputs[node % strips_count].iter().map(|(from, _)| *from);
            let keys = if node < strips_count { self.keys[node].as_slice() } else { &[] };
            let heard = |key: &Keyed| key.from + if key.tap == KeyTap::PreInserts { strips_count } else { 0 };
            inputs.chain(keys.iter().map(heard))
        };
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
        let mut circle: Vec<&str> = circle.iter().rev().map(|node| names[*node % strips_count]).collect();
        if circle.len() > 1 {
            // A strip that listens to what enters itself is told once.
            circle.dedup();
        }
        // From the strip that stands first in the song, so that the same circle is always told alike.
        let first = (0..circle.len()).min_by_key(|at| names.iter().position(|n| n == &circle[*at])).unwrap_or(0);
        let told: Vec<&str> = (0..=circle.len()).map(|i| circle[(first + i) % circle.len()]).collect();
        let message = format!("the signal runs in a circle, {}; take one of these paths out", told.join(" → "));
        Err(EngineError::new(format!("song `{}`", song.title), message))
    }
}
