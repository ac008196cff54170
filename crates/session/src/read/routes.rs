//! Signals that run in a circle: outputs, sends and side-chains must lead somewhere.

use std::collections::{HashMap, HashSet};

use tonmeister_core::Diagnostic;

use super::follow::Followed;
use super::{Place, Reader, Way, place_of};
use crate::model::{KeyTap, SideChain, Song, Tap, Target};
use crate::tables::STRIP;
use crate::tree::{Span, Table};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    New,
    OnTheWay,
    Done,
}

impl Reader<'_> {
    /// Reports every loop, by the names along it, where it closes.
    pub(super) fn find_loops(&mut self, song: &Song) {
        let follows = self.levels_followed(song);
        let (roads, owners) = self.roads(song, &follows);
        let tracks = song.tracks.len();
        let name = |node: usize| -> &str {
            let node = owners[node];
            let bus = || song.buses.get(node - tracks).map(|bus| bus.id.as_str());
            song.tracks.get(node).map(|track| track.id.as_str()).or_else(bus).unwrap_or("master")
        };
        for (circle, span) in circles(&roads) {
            let mut names: Vec<&str> = circle.iter().map(|node| name(*node)).collect();
            names.push(names[0]);
            // A strip that listens to what enters itself is told once.
            if names.len() > 2 {
                names.dedup();
            }
            if names.len() == 1 {
                names.push(names[0]);
            }
            // A long loop is named by its beginning and its end.
            let road = if names.len() > 12 {
                format!("{} → … → {}", names[..8].join(" → "), names[names.len() - 3..].join(" → "))
            } else {
                names.join(" → ")
            };
            let label = "expected a way to the master, found the loop closing here".to_string();
            let error = Diagnostic::error("routing-loop", format!("the signal runs in a circle: {road}"));
            let strips = names.iter().filter_map(|name| song.find(name));
            let keyed = strips.into_iter().any(|at| song.strip(at).inserts.iter().any(|insert| insert.key.is_some()));
            let help = if follows.is_empty() && keyed {
                "lead one of them elsewhere: an output, a send or a `key`, which hears with `key_tap = \"pre-inserts\"` what enters \
                 a strip, its own too"
            } else if follows.is_empty() {
                "lead one of them elsewhere: an output, a send or a `key`"
            } else {
                "lead one of them elsewhere: an output, a send or a `key`; what an automation follows must not be moved by it"
            };
            self.report.add(error.at(span, label).help(help));
        }
    }

    /// Every way of a signal as an edge between numbers, and the strip of each number.
    fn roads(&self, song: &Song, follows: &[Level]) -> (Vec<Vec<(usize, Span)>>, Vec<usize>) {
        let tracks = song.tracks.len();
        let node = |place: Place| match place {
            Place::Track(track) => track,
            Place::Bus(bus) => tracks + bus,
            // No signal runs to or from a VCA.
            Place::Master | Place::Vca(_) => tracks + song.buses.len(),
        };
        let count = tracks + song.buses.len() + 1;
        // Every strip twice: what leaves its inserts, and behind all of these what enters them, which is another thing
        // to listen to. What arrives at a strip arrives at both; a key arrives behind the inserts' beginning. What leaves
        // the fader, or a send, is a thing of its own only where something there follows a level.
        let mut roads: Vec<Vec<(usize, Span)>> = vec![Vec::new(); 2 * count];
        let mut owners: Vec<usize> = (0..2 * count).map(|node| node % count).collect();
        let mut behind: HashMap<(usize, Option<usize>), usize> = HashMap::new();
        let mut node_behind = |roads: &mut Vec<Vec<(usize, Span)>>, strip: usize, send: Option<usize>| {
            *behind.entry((strip, send)).or_insert_with(|| {
                roads.push(Vec::new());
                owners.push(strip);
                roads.len() - 1
            })
        };
        for (at, target, _, _) in follows {
            match target {
                Target::Strip(place) if !ENTERS.contains(&STRIP[*place].id) => {
                    node_behind(&mut roads, node(*at), None);
                }
                Target::Send { send, .. } => {
                    node_behind(&mut roads, node(*at), Some(*send));
                }
                Target::Strip(_) | Target::Insert { .. } => {}
            }
        }
        let post = |strip: usize| behind.get(&(strip, None)).copied().unwrap_or(strip);
        let tapped = |strip: usize, tap: KeyTap| match tap {
            KeyTap::Pre => strip,
            KeyTap::Post => post(strip),
            KeyTap::PreInserts => count + strip,
        };
        let sent = |strip: usize, number: usize, pre: bool| {
            let from = if pre { strip } else { post(strip) };
            (behind.get(&(strip, Some(number))).copied(), from)
        };
        for (at, target, of, span) in follows {
            let (strip, from) = (node(*at), tapped(node(place_of(of.from)), of.tap));
            let mut lead = |from: usize, to: usize| roads[from].push((to, span.clone()));
            match target {
                Target::Insert { .. } => lead(from, strip),
                Target::Strip(place) if ENTERS.contains(&STRIP[*place].id) => {
                    lead(from, strip);
                    lead(from, count + strip);
                }
                Target::Strip(_) => {
                    lead(strip, post(strip));
                    lead(from, post(strip));
                }
                Target::Send { send, .. } => {
                    let sends = sends_of(song, *at);
                    let pre = sends.get(*send).is_some_and(|send| send.tap == Tap::Pre);
                    if let (Some(own), before) = sent(strip, *send, pre) {
                        lead(before, own);
                        lead(from, own);
                    }
                }
            }
        }
        for edge in &self.edges {
            let (from, to) = (node(edge.from), node(edge.to));
            let from = match edge.way {
                Way::Send { number, pre } => {
                    let (own, before) = sent(from, number, pre);
                    own.unwrap_or(before)
                }
                Way::Key { pre_inserts: true, .. } => count + from,
                Way::Output | Way::Key { post: true, .. } => post(from),
                Way::Key { .. } => from,
            };
            roads[from].push((to, edge.span.clone()));
            if edge.heard() {
                roads[from].push((count + to, edge.span.clone()));
            }
        }
        (roads, owners)
    }

    /// Every lane that follows a level, on the strip that it moves: those of a VCA on all that it turns.
    fn levels_followed(&self, song: &Song) -> Vec<Level> {
        let mut all = Vec::new();
        for Followed { at, target, of, span } in &self.follows {
            let strips = match at {
                Place::Vca(vca) if *vca < song.vcas.len() => song.turned_by(*vca).into_iter().collect(),
                Place::Vca(_) => Vec::new(),
                at => vec![*at],
            };
            all.extend(strips.into_iter().map(|strip| (strip, *target, *of, span.clone())));
        }
        all
    }
}

fn sends_of(song: &Song, at: Place) -> &[crate::model::Send] {
    match at {
        Place::Track(track) => song.tracks.get(track).map_or(&[], |track| &track.strip.sends),
        Place::Bus(bus) => song.buses.get(bus).map_or(&[], |bus| &bus.strip.sends),
        Place::Master | Place::Vca(_) => &[],
    }
}

/// A lane that follows a level: whose, what moves, what it follows, and where the document says so.
type Level = (Place, Target, SideChain, Span);

/// What of a strip works before its inserts.
const ENTERS: [&str; 2] = ["trim_db", "polarity"];

impl Reader<'_> {
    /// Warns of buses that nothing leads to.
    pub(super) fn find_idle_buses(&mut self, tree: &Table, song: &Song) {
        if self.report.errors() > 0 {
            return;
        }
        let fed: HashSet<Place> = self.edges.iter().filter(|edge| edge.heard()).map(|edge| edge.to).collect();
        for (place, (bus, table)) in song.buses.iter().zip(tree.tables("bus")).enumerate() {
            if fed.contains(&Place::Bus(place)) {
                continue;
            }
            let warning =
                Diagnostic::warning("idle-bus", format!("nothing leads to the bus `{}`, so it is silent", bus.id));
            let label = "expected an output or a send to it somewhere, found none".to_string();
            let help = format!("lead a track there with `output = \"{0}\"` or a send `to = \"{0}\"`", bus.id);
            self.report.add(warning.at(table.span.clone(), label).help(help));
        }
    }
}

/// Each circle that a walk in depth closes, in order of the walk, with the place of the edge that closes it.
pub(super) fn circles(roads: &[Vec<(usize, Span)>]) -> Vec<(Vec<usize>, Span)> {
    let mut marks = vec![Mark::New; roads.len()];
    let mut found = Vec::new();
    for start in 0..roads.len() {
        if marks[start] != Mark::New {
            continue;
        }
        // Node and the next of its roads to walk; a stack of our own, for chains may be a thousand buses long.
        let mut way: Vec<(usize, usize)> = vec![(start, 0)];
        marks[start] = Mark::OnTheWay;
        while let Some((node, next)) = way.last_mut() {
            let Some((to, span)) = roads[*node].get(*next) else {
                marks[*node] = Mark::Done;
                way.pop();
                continue;
            };
            *next += 1;
            match marks[*to] {
                Mark::New => {
                    marks[*to] = Mark::OnTheWay;
                    way.push((*to, 0));
                }
                Mark::OnTheWay if found.len() < crate::report::MOST => {
                    let from = way.iter().position(|(n, _)| n == to).unwrap_or(0);
                    found.push((way[from..].iter().map(|(n, _)| *n).collect(), span.clone()));
                }
                Mark::OnTheWay | Mark::Done => {}
            }
        }
    }
    found
}
